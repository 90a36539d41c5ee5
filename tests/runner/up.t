#!/bin/sh
# The bundled application, from nothing to a recipe that others can carry out: without answers, with them,
# resumed, replayed, and its Dockerfile executed.
. "$(dirname "$0")/../tap.sh"
app=$apps/harbourbook
answers=$apps/harbourbook.answers.json
secret=s3cr3t-anchor-79

# counts FILE: "passed failed" of what automake printed
counts() {
	awk '/^Testsuite summary/ { on = 1 } on && /^# PASS:/ { p += $3 } on && /^# FAIL:/ { f += $3 }
		END { print p + 0, f + 0 }' "$1"
}

# --- without answers it ends blocked, and says on what
before=$(digest "$app")
up "$app"
is "without answers: outcome" "$(json .outcome)" blocked
is "without answers: exit status" "$status" 1
is "the question that blocks" "$(json '[.questions[] | select(.blocking) | .id] | join(" ")')" \
	prompt:administrator-e-mail-address
is "the variable is asked for, too" "$(json '.questions[] | select(.id == "env:HARBOUR_SITE") | .where')" src/main.c:17
run=$(json .run)

# --- resumed with the answers it goes on from there
run "$drydock" resume --json --quiet --state "$state" --answers "$answers" "$run"
is "resumed with answers: outcome" "$(json .outcome)" tests-failed
is "the same run" "$(json .run)" "$run"

# --- with answers
up --answers "$answers" "$app"
cp "$tmp/out" "$tmp/first"
is "with answers: outcome" "$(json .outcome)" tests-failed
is "with answers: exit status" "$status" 1
is "one case fails, by name" "$(jq -r 'select(.status == "failed") | .name' "$(json .tests.cases)")" "so had 2000"
is "cases passed and failed" "$(json '[.tests.passed, .tests.failed] | join(" ")')" "45 1"
is "the libraries nobody wrote down" "$(json '[.packages[].name | select(test("sqlite|expat"))] | join(" ")')" \
	"libexpat1-dev libsqlite3-dev"
is "unit, integration and end-to-end cases" \
	"$(jq -rs 'map(.level) | unique | join(" ")' "$(json .tests.cases)")" "e2e integration unit"
is "no blocking question is left" "$(json '[.questions[] | select(.blocking)] | length')" 0
is "the keys of the result" "$(json 'keys_unsorted | join(" ")')" \
	"run outcome diagnosis build tests attempts packages start starts_tried screens questions features_off recipe report seconds"
is "the keys of a case" "$(jq -rs '.[0] | keys_unsorted | sort | join(" ")' "$(json .tests.cases)")" \
	"file id level message ms name status suite"
for f in .recipe .report .tests.cases '.attempts[0].log'; do
	case $(json "$f") in /*) found=yes ;; *) found=no ;; esac
	is "$f is an absolute path of a file" "$found $([ -f "$(json "$f")" ] && echo there)" "yes there"
done
is "the source is as it was" "$(digest "$app")" "$before"
recipe=$(json .recipe)
dir=$(dirname "$recipe")

# --- the report
page=$(json .report)
ok "the report loads nothing" sh -c '! grep -qiE "(src|href)=.?(https?:)?//|@import|<script[^>]+src" "$1"' sh "$page"
has "the report names the failed case" "$page" "so had 2000"
has "the report has the verdict" "$page" tests-failed
is "report.json tells the same" "$(jq -r '[.outcome, .tests.passed, .tests.failed] | join(" ")' "${page%.html}.json")" \
	"tests-failed 45 1"
ok "report.json lists every download with its digest" jq -e \
	'.downloads | type == "array" and all(.sha256 == null or (.sha256 | length == 64))' "${page%.html}.json"

# --- the recipe's files
is "the lock has what the contract says" "$(jq -r '[has("version", "base", "packages", "environment", "options", "services", "commands")] | all' "$recipe" 2>&1)" \
	"$(jq -rn true)"
is "its base" "$(jq -r '.base | [(.digest | length), .name, .suite, .arch, (.index | length)] | join(" ")' "$recipe")" "64 base bookworm $(dpkg --print-architecture) 64"
is "its packages" "$(jq -r '.packages[] | select(.requested) | [.name, .version, .sha256, .scope, .why, .proof] | all' "$recipe" | sort -u)" true
is "its commands" "$(jq -c '.commands | [(.configure, .build | map(.run)), (.test | map([.level, .run, .format])), .start.why, .ready.protocol, (.ports | map(.port)), .stop]' "$recipe")" \
	'[["autoreconf -fi","./configure"],["make -j2"],[["unit","make check VERBOSE=1","automake"]],"the tests: /work/harbourd waited for connections there","http",[8080],null]'
ok "every package is pinned by digest" jq -e '[.batches[].artefacts[].sha256 | test("^[0-9a-f]{64}$")] | length > 20 and all' "$recipe"
ok "devcontainer.json is JSON" jq -e '.build.dockerfile and .remoteUser' "$dir/.devcontainer/devcontainer.json"
has "BUILD.md says what it needs" "$dir/BUILD.md" libsqlite3-dev
has "BUILD.md says how to test" "$dir/BUILD.md" "make check"
hasnt "no path of this machine in the recipe" "$dir" "$root"
hasnt "no registry's name in the recipe" "$dir" deb.debian.org

# --- replay: offline, twice, without discovery
for time in 1 2; do
	run "$drydock" replay --json --quiet --state "$state" --offline --answers "$answers" "$dir" "$app"
	is "replay $time: outcome and counts" "$(json '[.outcome, .tests.passed, .tests.failed] | join(" ")')" "tests-failed 45 1"
	is "replay $time: exit status" "$status" 1
done

# --- the Dockerfile, carried out in the sandbox with the machine's package sources
mkdir "$tmp/context" "$tmp/docker" "$tmp/stages"
cp -R "$app/." "$tmp/context"
awk -f tests/dockerfile.awk -v args="HARBOUR_SITE=north-basin;PROMPT_ADMINISTRATOR_E_MAIL_ADDRESS=harbour@example.org" \
	-v export=/stages/build "$dir/Dockerfile" >"$tmp/docker/script"
is "the Dockerfile has only what the runner knows" "$?" 0
chmod -R a+rX "$tmp"
chmod a+w "$tmp/stages"
run "$drydock" sandbox run --state "$state" --net provision --bind "$tmp/context:/context:ro" \
	--bind "$tmp/docker:/docker:ro" --bind "$tmp/stages:/stages" -- /bin/bash /docker/script
is "the Dockerfile's tests: passed and failed" "$(counts "$tmp/out")" "45 1"
[ "$(counts "$tmp/out")" = "45 1" ] || tail -n 30 "$tmp/err" | sed 's/^/# /'
awk -f tests/dockerfile.awk -v target=runtime -v behind=1 -v args="HARBOUR_SITE=north-basin" "$dir/Dockerfile" >"$tmp/docker/script"
cat >>"$tmp/docker/script" <<'S'
cd /work; ldd harbourd; command -v gcc make || :
for i in $(seq 600); do (: </dev/tcp/127.0.0.1/8080) 2>/dev/null && break; sleep 0.1; done
exec 3<>/dev/tcp/127.0.0.1/8080
printf 'GET / HTTP/1.0\r\n\r\n' >&3
grep -o '<title>.*</title>' <&3
S
chmod -R a+rX "$tmp/docker"
run "$drydock" sandbox run --state "$state" --net provision --bind "$tmp/docker:/docker:ro" --bind "$tmp/stages:/stages:ro" -- \
	/bin/bash /docker/script
is "its last stage has the libraries of what was built, and not what it was built with" \
	"$(grep -c '=> /.*libsqlite3\|=> /.*libexpat' "$tmp/out") $(grep -c 'not found\|/gcc$\|/make$' "$tmp/out")" "2 0"
has "in it the application runs" "$tmp/out" "<title>Berths - north-basin</title>"
is "and ends as an ordinary user" "$(sed -n 's/^USER //p' "$dir/Dockerfile" | tail -n 1)" builder

# --- secrets
mkdir "$tmp/vault"
cat >"$tmp/vault/Makefile" <<'M'
vault: ; touch $@
check:
	@test -n "$$VAULT_TOKEN" || { echo "VAULT_TOKEN is not set"; exit 1; }
	@echo "1..1"; echo "ok 1 - opened with $$VAULT_TOKEN"
M
echo 'int main(void) { return getenv("VAULT_TOKEN") == 0; }' >"$tmp/vault/use.c"
up "$tmp/vault"
is "a secret that is missing blocks" "$(json '[.outcome, (.questions[] | select(.blocking) | .id)] | join(" ")')" \
	"blocked secret:VAULT_TOKEN"
ok "and is marked as one" jq -e '.questions[] | select(.id == "secret:VAULT_TOKEN") | .secret' "$tmp/out"
printf '{"secret:VAULT_TOKEN": {"env": "ANCHOR"}}\n' >"$tmp/answers.json"
ANCHOR=$secret up --answers "$tmp/answers.json" "$tmp/vault"
is "with the secret from the environment" "$(json .outcome)" up
run_dir=$(dirname "$(json .report)")
cp "$tmp/out" "$run_dir/stdout.copy"
ok "the secret is in nothing that was written" sh -c '! grep -raqF "$1" "$2"' sh "$secret" "$run_dir"
ok "where it was printed, it is marked" grep -rq "opened with \[redacted\]\|opened with \*\*\*" "$run_dir"
rm -f "$run_dir/stdout.copy"

# --- a service that the tests need
up "$apps/tiny-service"
is "a service that is missing is started by default, and asked about" \
	"$(json '[.outcome, .tests.passed, (.questions[] | select(.default) | .id)] | join(" ")')" "up 1 service:memcached"
printf '{"service:memcached": "memcached -l 127.0.0.1"}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$apps/tiny-service"
is "and is started by the answer" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 1"
is "the recipe starts it, too" "$(json '.services[0].start' "$(json .recipe)")" "memcached -l 127.0.0.1"
printf '{"service:memcached": null}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$apps/tiny-service"
is "declined, its tests fail" "$(json .outcome)" tests-failed

# --- bad answers
printf '{"env:HARBOUR_SITE": "x", "colour:SAIL": "red"}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$app"
is "an unknown kind of id is a usage error" "$status" 2
has "which names it" "$tmp/err" "colour:SAIL"
printf '{"env:HARBOUR_SITE": ' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$app"
is "answers that are no JSON are a usage error" "$status" 2
printf '{"prompt:administrator-e-mail-address": null, "env:HARBOUR_SITE": "x"}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$app"
is "a declined answer is not asked for again" "$(json '[.questions[] | select(.blocking)] | length')" 0
done_testing
