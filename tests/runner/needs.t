#!/bin/sh
# Any mode: what is found out, fetched and kept is the same whoever starts drydock.
# What a run finds out about connections, files and choices: reported, asked for, answered, replayed.
. "$(dirname "$0")/../tap.sh"

# --- connections that nobody took, in builds and in tests
mkdir "$tmp/calls"
cat >"$tmp/calls/Makefile" <<'M'
hull: ; -bash -c 'exec 3<>/dev/tcp/10.9.8.7/80'
	touch hull
check:
	@-bash -c 'exec 3<>/dev/tcp/127.0.0.1/4' 2>/dev/null
	@-bash -c 'exec 3<>/dev/tcp/127.0.0.1/4' 2>/dev/null
	@-perl -MSocket -e 'socket($$s, PF_UNIX, SOCK_STREAM, 0); connect($$s, pack_sockaddr_un("/run/harbour.sock"))'
	@echo "1..1"; echo "ok 1 - floats"
M
# refused FILE: "what by times when" of each
refused() {
	jq -r '.refused[] | [.target, (.program | sub(".*/"; "")), .count, .step, .attempt] | join(" ")' "$1" | sort
}
up "$tmp/calls"
is "calls: outcome" "$(json .outcome)" up
page=$(json .report)
dir=$(dirname "$(json .recipe)")
is "refused connections of builds and tests" "$(refused "${page%.html}.json")" "10.9.8.7:80 bash 1 build 1
127.0.0.1:4 bash 2 tests 1
unix:/run/harbour.sock perl 1 tests 1"
has "the page names where to" "$page" "<td>127.0.0.1:4</td>"
has "and when" "$page" "<td>attempt 1, tests</td>"
run "$drydock" replay --json --quiet --state "$state" --offline "$dir" "$tmp/calls"
page=$(json .report)
is "a replay reports its own" "$(refused "${page%.html}.json")" "10.9.8.7:80 bash 1 build 0
127.0.0.1:4 bash 2 tests 0
unix:/run/harbour.sock perl 1 tests 0"

# --- files that only a person can supply
# ask: the questions about files: "id blocking" of each
ask() { json '[.questions[] | select(.kind == "file") | .id + (if .blocking then "!" else "" end)] | join(" ")'; }

mkdir -p "$tmp/pilot/data"
cat >"$tmp/pilot/pilot.c" <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define LICENCE "/etc/pilot/licence.dat"
int
main(void)
{
	char line[80] = "";
	FILE *own = fopen("pilot.conf", "r"); /* optional */
	if (own)
		fclose(own);
	FILE *f = fopen(LICENCE, "r");
	if (!f) {
		fprintf(stderr, "pilot: cannot open the licence file %s\n", LICENCE);
		exit(3);
	}
	printf("1..2\n");
	if (fgets(line, sizeof(line), f))
		printf("# licence %s", line);
	printf("%s 1 - licensed\n", strncmp(line, "PILOT-", 6) ? "not ok" : "ok");
	printf("%s 2 - ports are known\n", PORTS == 2 ? "ok" : "not ok");
	FILE *log = fopen("pilot.out", "w");
	return log == NULL;
}
C
cat >"$tmp/pilot/Makefile" <<'M'
pilot: pilot.c ports.h
	cc -include ports.h -o $@ pilot.c
ports.h: data/ports.csv
	echo "#define PORTS $$(wc -l <data/ports.csv)" >$@
check: pilot
	@./pilot
M
before=$(digest "$tmp/pilot")
up "$tmp/pilot"
is "a data file that the build needs is asked for" "$(json .outcome) $(ask)" "blocked file:data/ports.csv!"
is "with the place that refers to it" "$(json '.questions[0].where')" "Makefile:3"
printf '{"file:data/ports.csv": "dover,51\\nbrest,48\\n"}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$tmp/pilot"
is "then the licence that the tests need, and nothing optional, nothing made" "$(json .outcome) $(ask)" \
	"blocked file:data/ports.csv file:/etc/pilot/licence.dat!"
is "which is a secret, and cited" \
	"$(json '.questions[] | select(.id == "file:/etc/pilot/licence.dat") | [.where, .secret] | join(" ")')" "pilot.c:4 true"
key=PILOT-77-anchor-8841
echo "$key" >"$tmp/licence"
printf '{"file:data/ports.csv": "dover,51\\nbrest,48\\n", "file:/etc/pilot/licence.dat": {"file": "licence"}}\n' \
	>"$tmp/answers.json"
run "$drydock" resume --json --quiet --state "$state" --answers "$tmp/answers.json" "$(json .run)"
is "with both it is up" "$(json '[.outcome, .tests.passed, .tests.failed] | join(" ")')" "up 2 0"
is "the attempts say what they were given" "$(json '[.attempts[].decisions[]] | join(", ")')" \
	"data/ports.csv: supplied, /etc/pilot/licence.dat: supplied"
is "no question blocks any more" "$(json '[.questions[] | select(.blocking)] | length')" 0
is "the source is as it was" "$(digest "$tmp/pilot")" "$before"
recipe=$(json .recipe)
run_dir=$(dirname "$(json .report)")
echo 'cat data/ports.csv /etc/pilot/licence.dat; exit' >"$tmp/typed"
"$drydock" shell --state "$state" "$(json .run)" <"$tmp/typed" >"$tmp/shell" 2>&1
is "a shell of the run has them" "$(grep -cE "^(dover,51|brest,48|$key)\$" "$tmp/shell")" 3
ok "the licence is in nothing that was written down" sh -c '! grep -raqF "$1" "$2"' sh "$key" "$run_dir"
ok "where it was printed, it is marked" grep -rq "licence \[redacted\]" "$run_dir/logs"
is "the recipe names the files, and no content" "$(jq -r '.files | map(.path + " " + .question) | join(", ")' "$recipe")" \
	"data/ports.csv file:data/ports.csv, /etc/pilot/licence.dat file:/etc/pilot/licence.dat"
has "BUILD.md asks for them" "$(dirname "$recipe")/BUILD.md" "/etc/pilot/licence.dat"
has "the Dockerfile mounts them" "$(dirname "$recipe")/Dockerfile" "target=/etc/pilot/licence.dat"
run "$drydock" replay --json --quiet --state "$state" --offline --answers "$tmp/answers.json" "$recipe" "$tmp/pilot"
is "a replay takes the same answers" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 2"
run "$drydock" replay --json --quiet --state "$state" --offline "$recipe" "$tmp/pilot"
is "and is blocked without" "$(json .outcome)" blocked
has "naming what it lacks" "$tmp/out" "file:/etc/pilot/licence.dat"
printf '{"file:data/ports.csv": "dover,51\\nbrest,48\\n", "file:/etc/pilot/licence.dat": null}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$tmp/pilot"
is "declined, its tests fail" "$(json '[.outcome, .tests.failed] | join(" ")') $(ask)" \
	"tests-failed 1 file:data/ports.csv file:/etc/pilot/licence.dat"
for wrong in '{"file": "."}' '{"file": "not-there"}'; do
	printf '{"file:data/ports.csv": %s}\n' "$wrong" >"$tmp/answers.json"
	up --answers "$tmp/answers.json" "$tmp/pilot"
	is "$wrong is a usage error" "$status" 2
done

# --- what a package has is no question
mkdir "$tmp/words"
cat >"$tmp/words/Makefile" <<'M'
all: ; touch all
check:
	@test -n "$$(head -c 1 </usr/share/misc/pci.ids)" || exit 2
	@test -n "$$(head -c 1 </usr/share/dict/words)" || exit 2
	@echo "1..1"; echo "ok 1 - known"
M
up "$tmp/words"
is "files of packages are installed" "$(json .outcome) $(ask) $(json '[.packages[].name] | sort | join(" ")')" \
	"up  make pci.ids wamerican"

# --- tests that say what stopped them are listened to, also when they get no further
mkdir "$tmp/crew"
printf 'all: ; touch all\ncheck: ; @perl crew.pl\n' >"$tmp/crew/Makefile"
printf 'use IPC::Run3;\nuse Try::Tiny;\nprint "1..1\\nok 1 - aboard\\n";\n' >"$tmp/crew/crew.pl"
up "$tmp/crew"
is "one missing module after the other" "$(json '[.outcome, (.attempts | length)] | join(" ")')" "up 3"

# --- parts of the source that are somewhere else
mkdir -p "$tmp/parts/vendor/knots" "$tmp/parts/vendor/flags" "$tmp/parts/img" "$tmp/knots-1.0"
cat >"$tmp/parts/.gitmodules" <<'M'
[submodule "flags"]
	path = vendor/flags
	url = https://example.org/flags.git
[submodule "knots"]
	path = vendor/knots
	url = https://example.org/knots.git
M
cat >"$tmp/parts/img/chart.dat" <<'M'
version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 12345
M
cat >"$tmp/parts/Makefile" <<'M'
all: ; $(MAKE) -C vendor/knots
check:
	@test "$$(head -n 1 img/chart.dat)" = CHART || { echo "img/chart.dat is no chart"; exit 1; }
	@vendor/knots/knot
M
printf '#!/bin/sh\necho 1..1; echo "ok 1 - tied"\n' >"$tmp/knots-1.0/knot"
printf 'all: ; chmod +x knot\n' >"$tmp/knots-1.0/Makefile"
tar -C "$tmp" -czf "$tmp/knots.tar.gz" knots-1.0
up "$tmp/parts"
is "an empty submodule that the build looks into blocks" "$(json .outcome) $(ask)" \
	"blocked file:vendor/flags file:vendor/knots! file:img/chart.dat"
is "where and what it is" "$(json '.questions[] | select(.id == "file:vendor/knots") | .where, .text')" ".gitmodules:5
Which archive holds the submodule vendor/knots (https://example.org/knots.git)? Its directory is empty"
printf '{"file:vendor/knots": {"file": "knots.tar.gz"}}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$tmp/parts"
is "a pointer that the tests read blocks" "$(json .outcome) $(ask)" "blocked file:vendor/flags file:vendor/knots file:img/chart.dat!"
printf '{"file:vendor/knots": {"file": "knots.tar.gz"}, "file:img/chart.dat": "CHART\\n"}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$tmp/parts"
is "with both it is up" "$(json '[.outcome, .tests.passed] | join(" ")') $(ask)" \
	"up 1 file:vendor/flags file:vendor/knots file:img/chart.dat"
printf '{"file:vendor/knots": "no archive"}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$tmp/parts"
is "what is no archive is a usage error" "$status" 2

# --- a sample is taken, and said
mkdir "$tmp/site"
printf 'port = 7\n' >"$tmp/site/site.ini.sample"
cat >"$tmp/site/Makefile" <<'M'
all: ; @test -f site.ini || { echo "site.ini is missing" >&2; exit 1; }
check:
	@grep -q 7 site.ini && echo 1..1 && echo "ok 1 - port"
M
up "$tmp/site"
is "a sample stands for the file" "$(json .outcome) $(json '.questions[] | [.id, .default, .blocking] | join(" ")')" \
	"up file:site.ini a copy of site.ini.sample false"
recipe=$(json .recipe)
run "$drydock" replay --json --quiet --state "$state" --offline "$recipe" "$tmp/site"
is "and in a replay" "$(json .outcome)" up
printf '{"file:site.ini": "port = 8\\n"}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$tmp/site"
is "the answer goes first" "$(json .outcome)" tests-failed

# --- choices
# decisions: "id default" of each
decisions() { json '[.questions[] | select(.kind == "decision") | .id + " " + .default] | join(", ")'; }

mkdir "$tmp/both"
cat >"$tmp/both/CMakeLists.txt" <<'M'
cmake_minimum_required(VERSION 3.5)
project(both C)
enable_testing()
add_executable(oar oar.c)
add_test(NAME row COMMAND oar)
M
printf 'oar: oar.c\n\tcc -o oar oar.c\ncheck: oar\n\t./oar && echo 1..1 && echo "ok 1 - row by make"\n' >"$tmp/both/Makefile"
echo 'int main(void) { return 0; }' >"$tmp/both/oar.c"
up "$tmp/both"
is "of two build systems one is used, and asked about" "$(json '[.outcome, .build.system] | join(" ")') $(decisions)" \
	"up cmake decision:build-system cmake"
is "with what else there is" "$(json '.questions[0] | [(.alternatives | join(" ")), .blocking, .where] | join(", ")')" \
	"cmake make, false, CMakeLists.txt"
printf '{"decision:build-system": "make"}\n' >"$tmp/answers.json"
run "$drydock" resume --json --quiet --state "$state" --answers "$tmp/answers.json" "$(json .run)"
is "an answer changes it" "$(json '[.outcome, .build.system] | join(" ")')" "up make"
is "the tests are the other's" "$(jq -r .name "$(json .tests.cases)")" "row by make"
is "the recipe says so" "$(jq -r '.options | join(" ")' "$(json .recipe)")" "decision:build-system=make"
printf '{"decision:build-system": "ninja"}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$tmp/both"
is "what is no alternative is a usage error" "$status" 2
has "which names them" "$tmp/err" "cmake or make"
mkdir -p "$tmp/fleet/docs" "$tmp/fleet/server" "$tmp/fleet/tender"
printf 'all:; false\n' >"$tmp/fleet/docs/Makefile"
printf 'all:; touch all\n' | tee "$tmp/fleet/server/Makefile" >"$tmp/fleet/tender/Makefile"
up "$tmp/fleet"
is "of two directories, too, and documentation is none of them" "$(json .outcome) $(decisions) $(json '.questions[0].alternatives[1]')" \
	"built decision:build-system make:server make:tender"

mkdir "$tmp/fetch"
cat >"$tmp/fetch/Makefile" <<'M'
fetch: fetch.c
	cc -o fetch fetch.c -lcurl
M
printf '#include <curl/curl.h>\nint main(void) { return curl_version() == 0; }\n' >"$tmp/fetch/fetch.c"
up "$tmp/fetch"
is "of packages that replace each other one is taken" "$(json .outcome) $(json '[.questions[] | select(.kind == "decision")] | length')" "built 1"
id=$(json '.questions[0].id')
other=$(json '.questions[0].alternatives[-1]')
is "the question names it" "$(json '.questions[0].default')" "${id#decision:package-}"
ok "it was installed" jq -e '.questions[0].default as $p | .packages | any(.name == $p)' "$tmp/out"
printf '{"%s": "%s"}\n' "$id" "$other" >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$tmp/fetch"
is "the answer is taken in its place" "$(json '[.packages[].name | select(test("curl"))] | join(" ")')" "$other"
# --- tests that trace processes of their own
mkdir "$tmp/probe"
cat >"$tmp/probe/probe.c" <<'C'
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>
int
main(int n, char **v)
{
	int s = 1;
	pid_t p = fork();
	(void)v;
	if (p == 0)
		for (;;)
			pause();
	if (ptrace(PTRACE_ATTACH, p, 0, 0) == 0 && waitpid(p, &s, 0) == p)
		s = ptrace(PTRACE_DETACH, p, 0, 0) != 0;
	kill(p, 9);
	printf("1..1\n%s 1 - attaches\n", s || n > 1 ? "not ok" : "ok");
	return 0;
}
C
sed -i 's/^#include <stdio/#include <signal.h>\n&/' "$tmp/probe/probe.c"
printf 'probe: probe.c\n\tcc -o $@ probe.c\ncheck: probe\n\t@./probe\n' >"$tmp/probe/Makefile"
up "$tmp/probe"
is "are given what that needs" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 1"
is "which an attempt says" "$(json '[.attempts[].decisions[]] | join(", ")')" "from now on tests may trace processes of their own"
is "and the recipe" "$(jq -c '[.commands.test[].debug]' "$(json .recipe)")" "[true]"
run "$drydock" replay --json --quiet --state "$state" --offline "$(json .recipe)" "$tmp/probe"
is "a replay gives it, too" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 1"
sed -i 's/@.\/probe/& down/' "$tmp/probe/Makefile"
up "$tmp/probe"
is "not where it does not help" "$(json '[.outcome, .tests.failed] | join(" ")') $(jq -c '[.commands.test[].debug]' "$(json .recipe)")" \
	"tests-failed 1 [null]"
done_testing
