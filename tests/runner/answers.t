#!/bin/sh
# What a person answers: where it goes, and where it must not.
. "$(dirname "$0")/../tap.sh"

# app NAME: a directory of that name with a Makefile from standard input
app() {
	mkdir "$tmp/$1"
	cat >"$tmp/$1/Makefile"
}
# blocking: ids of the questions that block
blocking() { json '[.questions[] | select(.blocking) | .id] | join(" ")'; }
# kept SECRET: nothing that the last run wrote has it, but the layers (what the application wrote itself)
kept() {
	[ -e "$(json .report)" ] || return 1
	! grep -raF -e "$1" "$tmp/out" "$(dirname "$(json .report)")"
}

# --- an answer is a secret by its id, by where it comes from, or by what it contains
app vault <<'M'
vault: ; test -n "$$DOOR" || { echo "DOOR is not set"; exit 1; }
	test -n "$$DB_URL" || { echo "DB_URL is not set"; exit 1; }
	touch $@
check: ; @echo "1..1"; echo "ok 1 - opened $$DOOR by $$DB_URL"
M
printf 'oak-and-iron-77\n' >"$tmp/door"
echo 'getenv("SITE");' >"$tmp/vault/pitch-pine-53.c"
cat >"$tmp/answers.json" <<J
{"env:DOOR": {"file": "$tmp/door"}, "env:DB_URL": "db://me:brass-key-31@db", "secret:VAULT_TOKEN": "brass-key-31",
 "env:SITE": "north", "secret:HULL": "pitch-pine-53"}
J
up --answers "$tmp/answers.json" "$tmp/vault"
is "an answer from a file" "$(json .outcome)" up
ok "is in nothing that was written" kept oak-and-iron-77
ok "nor is a secret inside another answer" kept brass-key-31
recipe=$(json .recipe)
is "the recipe names them, without values" "$(json '.environment[] | select(.name == "DOOR" or .name == "DB_URL") | [.name, .question, .value] | join(" ")' "$recipe" | sort)" \
	"DB_URL env:DB_URL 
DOOR env:DOOR "
hasnt "nor what the source gives away" "$(dirname "$recipe")" pitch-pine-53
has "the Dockerfile mounts them" "$(dirname "$recipe")/Dockerfile" "--mount=type=secret,id=DOOR,env=DOOR"
run "$drydock" replay --json --quiet --state "$state" --offline --answers "$tmp/answers.json" "$recipe" "$tmp/vault"
is "a replay takes them from the answers" "$(json .outcome)" up
ok "and does not write them either" kept oak-and-iron-77

# --- nor is one that comes from the environment or a file in the environment or the words of other processes
app watch <<'M'
watch: ; test -n "$$LAMP" && test -n "$$BELL" && sleep 4 && touch $@
check: ; @echo 1..1; echo "ok 1 - $$LAMP $$BELL"
M
printf 'tarred-line-28\n' >"$tmp/bell"
printf '{"env:LAMP": {"env": "MY_LAMP"}, "env:BELL": {"file": "%s"}}\n' "$tmp/bell" >"$tmp/answers.json"
MY_LAMP=whale-oil-64 "$drydock" up --no-learnt --json --quiet --state "$state" --answers "$tmp/answers.json" "$tmp/watch" \
	>"$tmp/out" 2>"$tmp/err" &
pid=$!
: >"$tmp/seen"
while kill -0 "$pid" 2>/dev/null; do
	for p in $(grep -laE 'whale-oil-64|tarred-line-28' /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3 | sort -u); do
		[ "$p" != "$pid" ] || continue
		comm=$(cat "/proc/$p/comm" 2>/dev/null)
		for turn in $(seq 40); do
			sleep 0.05
			[ "$comm" = "$(cat "/proc/$p/comm" 2>/dev/null)" ] &&
				grep -qsaE 'whale-oil-64|tarred-line-28' "/proc/$p/environ" "/proc/$p/cmdline" || continue 2
			# What is between fork and exec, however long a busy machine takes for that, is drydock in all but its id.
			cmp -s "/proc/$p/cmdline" "/proc/$pid/cmdline" || break
		done
		echo "$comm"
	done >>"$tmp/seen"
	sleep 0.2
done
wait "$pid"
is "secrets by --answers from both: outcome" "$? $(json .outcome)" "0 up"
ok "the build has them" grep -qxE 'make|sh|sleep|touch' "$tmp/seen"
is "and no other process has" "$(grep -vxE 'make|sh|sleep|touch|test|grep' "$tmp/seen" | sort -u)" ""
for secret in whale-oil-64 tarred-line-28; do
	ok "$secret is in nothing that was written" kept "$secret"
	hasnt "$secret is not in the recipe or BUILD.md" "$(dirname "$(json .recipe)")" "$secret"
	ok "$secret is not in the journal" sh -c '! sqlite3 "$1" .dump | grep -qF "$2"' sh "$(dirname "$(json .report)")/journal.db" "$secret"
done
ok "the log has them marked" grep -rq "ok 1 - \[redacted\] \[redacted\]" "$(dirname "$(json .report)")/logs"

# --- nor do cases have one that a file of results had
mkdir "$tmp/buoy"
cat >"$tmp/buoy/Makefile" <<'M'
all: ; touch all
check: ; @printf '<testsuite name="s"><testcase name="t"><failure message="%s"/></testcase></testsuite>' "$$LAMP" >r.xml; false
M
echo '{"secret:LAMP": {"env": "MY_LAMP"}}' >"$tmp/answers.json"
export MY_LAMP=signal-flare-73
up --answers "$tmp/answers.json" "$tmp/buoy"
jq '.commands.test[0] += {format: "junit", results: "r.xml"}' "$(json .recipe)" >"$tmp/buoy.json"
run "$drydock" replay --json --quiet --offline --state "$state" --answers "$tmp/answers.json" "$tmp/buoy.json" "$tmp/buoy"
unset MY_LAMP
is "of a file of results: outcome" "$(json .outcome) $(jq -r '.id + " " + .message' "$(json .tests.cases)")" "tests-failed s/t [redacted]"
ok "the secret is in nothing that was written" kept signal-flare-73

# --- nor does the journal keep one that the application calls, looks for or asks with
app leak <<'M'
hull: ; printf 'Keep %s [y/n]? ' "$$KEY_TOKEN"; read -r keep; test "$$keep" = y
	perl -e 'use IO::Socket::UNIX; IO::Socket::UNIX->new("/tmp/$$ENV{KEY_TOKEN}.sock")'
	-perl -I "/opt/$$KEY_TOKEN/perl5" -e 'use Try::Tiny'
	perl open.pl
M
echo 'open(F, "<", "/opt/$ENV{KEY_TOKEN}/site.conf") or die "cannot go on";' >"$tmp/leak/open.pl"
echo '{"secret:KEY_TOKEN": "amber-lamp-19", "prompt:keep": "y"}' >"$tmp/answers.json"
echo 'getenv("KEY_TOKEN");' >"$tmp/leak/a.h"
up --answers "$tmp/answers.json" "$tmp/leak"
journal=$(dirname "$(json .report)")/journal.db
is "leak: outcome" "$(json .outcome)" build-failed
ok "leak: the secret is in nothing that was written" kept amber-lamp-19
ok "leak: what was called is told" sh -c 'sqlite3 "$1" "select result from step" | grep -qF "/tmp/[redacted].sock"' sh "$journal"

# --- variables that a shell script insists on are asked for in one round, where the script says so
app pier <<'M'
pier: ; touch $@
check: ; sh t.sh
M
cat >"$tmp/pier/t.sh" <<'S'
#!/bin/sh
# "${BERTH:?}" in a comment is nothing
: "${PIER:?must be set}"
: "${PIER_TOKEN?ask the harbour master for one}"
DEPTH=7
: "${DEPTH:?}"
echo 1..1
[ "$PIER-$PIER_TOKEN" = 4-rope ] && echo ok 1
S
up "$tmp/pier"
is "both block, at once" "$(json .outcome) $(blocking)" "blocked env:PIER secret:PIER_TOKEN"
is "each at its place" "$(json '[.questions[] | select(.blocking) | .where] | join(" ")')" "t.sh:3 t.sh:4"
is "with what the script says of the first" "$(json '.questions[] | select(.id == "env:PIER") | .why')" \
	"t.sh: 3: PIER: must be set"
is "nothing else is asked" "$(json '.questions | length')" 2
printf '{"env:PIER": "4", "secret:PIER_TOKEN": "rope"}\n' >"$tmp/answers.json"
run "$drydock" resume --json --quiet --state "$state" --answers "$tmp/answers.json" "$(json .run)"
is "answered, it is up in the first attempt" "$status $(json '[.outcome, (.attempts | length)] | join(" ")')" "0 up 1"

# --- what is given is in the environment, also where nothing was seen that reads it
app quiet <<'M'
quiet: ; touch $@
check: ; @test "$$QUAY" = north && echo 1..1 && echo ok 1
M
up "$tmp/quiet"
is "without it" "$(json .outcome)" tests-failed
printf '{"env:QUAY": "north", "service:moon": "moond"}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$tmp/quiet"
is "with it, and the outcome decides the status" "$status $(json .outcome)" "0 up"
has "what answers no question is named" "$tmp/err" "service:moon answers no question"
is "the recipe needs it" "$(json '.environment[] | select(.question) | [.name, .value, .question] | join(" ")' "$(json .recipe)")" \
	"QUAY north env:QUAY"
printf '{"env:QUAY": "south", "service:moon": "moond"}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$tmp/quiet"
is "tests that failed stay that" "$status $(json .outcome)" "1 tests-failed"

# --- a variable is asked for where the source names it, whatever the message
app lock <<'M'
lock: ; @gate=$$(printenv GATE_KEEPER) || { echo 'build: GATE_KEEPER is not set'; exit 1; }
M
up "$tmp/lock"
is "a place of the source" "$(json '.questions[] | select(.id == "env:GATE_KEEPER") | .where')" "Makefile:1"

# --- a message that names what the source reads, in words of its own
app own <<'M'
own: ; touch $@
check: ; @perl own.pl
M
echo 'print STDERR "this needs TIDE_TABLE and LUNAR_TABLE\n" and exit 1 unless $ENV{TIDE_TABLE}; print "1..1\nok 1\n";' >"$tmp/own/own.pl"
up "$tmp/own"
is "a variable that is read and named" "$(json .outcome) $(blocking)" "blocked env:TIDE_TABLE"

# --- prompts: a menu is known by its question, a password is a secret, both by where they are asked
app chandler <<'M'
rope: ; sh ask.sh
	touch $@
check: ; @echo 1..1; echo ok 1
M
cat >"$tmp/chandler/ask.sh" <<'S'
echo "Select a rope:"
echo " 1) hemp"
echo " 2) manila"
read rope
echo "rope $rope" >rope.txt
printf 'Password of the store: '
read password
test "$rope-$password" = 2-tarred-twine-88
S
up "$tmp/chandler"
is "a menu has the id of its question" "$(json .outcome) $(blocking)" "blocked prompt:select-a-rope"
is "and its place" "$(json '.questions[0].where')" "ask.sh:1"
is "and all its text" "$(json '.questions[0].text')" "A step asks: Select a rope: / 1) hemp / 2) manila"
printf '{"prompt:select-a-rope": "2"}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$tmp/chandler"
is "a password is asked for as a secret" "$(json '.questions[] | select(.blocking) | [.id, .secret, .where] | join(" ")')" \
	"prompt:password-of-the-store true ask.sh:6"
printf '{"prompt:select-a-rope": "2", "prompt:password-of-the-store": "tarred-twine-88"}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$tmp/chandler"
is "both answered" "$(json .outcome)" up
is "and both of use" "$(cat "$tmp/err")" ""
run "$drydock" resume --json --quiet --state "$state" --answers "$tmp/answers.json" "$(json .run)"
is "also to who resumes it, though nothing asks any more" "$(json .outcome) $(cat "$tmp/err")" "up "
ok "the password is in nothing that was written" kept tarred-twine-88
docker=$(dirname "$(json .recipe)")/Dockerfile
ok "nor is it an argument or in the environment of the image" sh -c '! grep -E "^(ARG|ENV) .*PASSWORD" "$1"' sh "$docker"
has "but mounted where it is typed" "$docker" "RUN --mount=type=secret,id=PROMPT_PASSWORD_OF_THE_STORE,env=PROMPT_PASSWORD_OF_THE_STORE "

# --- the Dockerfile takes both
mkdir "$tmp/docker"
awk -f tests/dockerfile.awk -v args="PROMPT_SELECT_A_ROPE=2;PROMPT_PASSWORD_OF_THE_STORE=tarred-twine-88" "$docker" >"$tmp/docker/script"
is "the Dockerfile has only what the runner knows" "$?" 0
chmod -R a+rX "$tmp"
run "$drydock" sandbox run --state "$state" --net provision --bind "$tmp/chandler:/context:ro" \
	--bind "$tmp/docker:/docker:ro" -- /bin/bash /docker/script
is "carried out, its tests pass" "$status $(tail -n 1 "$tmp/out")" "0 ok 1"

# --- services at any address, by any name
app store <<'M'
store: ; touch $@
check: ; @perl client.pl
M
cat >"$tmp/store/client.pl" <<'S'
use IO::Socket::INET;
my @at = ("127.0.0.1", 15432);
my $s = IO::Socket::INET->new(PeerAddr => $at[0], PeerPort => $at[1]) or die "no store: $@\n";
print "1..1\nok 1 - ", scalar <$s>;
S
cat >"$tmp/store/server.pl" <<'S'
use IO::Socket::INET;
my $l = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => shift, Listen => 5, ReuseAddr => 1) or die;
while (my $c = $l->accept) { print $c "rope and tar\n"; close $c }
S
up "$tmp/store"
is "a port that says nothing" "$(json .outcome) $(blocking)" "blocked service:localhost:15432"
is "where the source has it" "$(json '.questions[0].where')" client.pl:2
printf '{"service:localhost:15432": "perl server.pl 15432"}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$tmp/store"
is "is served by the answer" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 1"
is "nothing of it is left in the guide" "$(json '[.items[] | select(.id | startswith("question:"))] | length' "$state/runs/$(json .run)/guide.json")" 0
is "the test's own command stays what it was" "$(json '.commands | .. | .run? | select(. == "make check")' "$(json .recipe)")" "make check"

sed -i 's/"127.0.0.1", 15432/"db.internal.example", 5672/' "$tmp/store/client.pl"
up "$tmp/store"
is "a name that does not resolve" "$(json .outcome) $(blocking)" "blocked service:rabbitmq"
is "where the source names it" "$(json '.questions[0].where')" client.pl:2
printf '%s' 'perl server.pl 5672' >"$tmp/start"
printf '{"service:rabbitmq": {"file": "start"}}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$tmp/store"
is "leads to the service of the answer" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 1"
recipe=$(json .recipe)
is "the recipe knows the name, and the command is a secret" \
	"$(json '.services[0] | [.name, .hosts[0], .start] | join(" ")' "$recipe")" "rabbitmq db.internal.example "
has "the Dockerfile says what to run with" "$(dirname "$recipe")/Dockerfile" \
	"docker run --add-host db.internal.example:127.0.0.1 -e SERVICE_RABBITMQ IMAGE"
run "$drydock" replay --json --quiet --state "$state" --offline "$recipe" "$tmp/store"
is "a replay needs the answer" "$(json .outcome)" blocked
run "$drydock" replay --json --quiet --state "$state" --offline --answers "$tmp/answers.json" "$recipe" "$tmp/store"
is "and serves it under its name" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 1"
done_testing
