#!/bin/sh
# Several repositories that form one application: each stood up by itself, what it needs beside its tests, then all together.
. "$(dirname "$0")/../tap.sh"

fleet=$apps/fleet
# members: how each ended, in order
members() { json '[.members[] | "\(.name) \(.outcome // "left") \(.tests.passed) \(.tests.failed)"] | join(", ")'; }
# refused NAME WORDS < FILE: a workspace that is none, and why
refused() {
	cat >"$tmp/bad.yaml"
	run "$drydock" up --quiet --state "$state" "$tmp/bad.yaml"
	is "$1" "$status $(grep -cF -e "$2" "$tmp/err")" "2 1"
}

before=$(digest "$fleet")
up --no-prune "$fleet/fleet.yaml"
id=$(json .run)
is "what others need is stood up first, and runs beside their tests" "$(json .outcome): $(members)" "up: tides up 2 0, winch up 2 0"
is "all of them run together" "$(json '.together | "\(.ready) " + (.members | map("\(.name) \(.ports | map(.port) | join(","))") | join("; "))')" \
	"true tides 8080; winch "
is "their sources are as they were" "$(digest "$fleet")" "$before"
lock=$(json .recipe)
is "there is one lock of all" "$(jq -r '.members | join(" ")' "$lock") $(ls "${lock%/*}")" \
	"tides winch NEEDS.md
drydock.workspace.lock.json
needs.json
tides
winch"
is "what only a person can say is told by member" "$(jq -r '.tides | (.needs // .questions // .)[] | .id' "${lock%/*}/needs.json" | sort | tr '\n' ' ')" \
	"env:PORT service:redis "
run "$drydock" guide --state "$state" "$id"
is "the guide is of all" "$status $(grep -c 'tides: build' "$tmp/out") $(grep -c 'winch: build' "$tmp/out")" "0 1 1"
run "$drydock" verify --json --state "$state" "$id"
is "all that was left is attested" "$(json '[.problems, .unlisted] | tostring')" "[[],[]]"
run "$drydock" report --state "$state" "$id/winch"
is "a member is looked at by its name" "$status $(basename "$(dirname "$(cat "$tmp/out")")")" "0 winch"
run "$drydock" qa test --run "$id/winch" --state "$state"
is "and tested again, with what it needs" "$status $(tail -1 "$tmp/out")" "0 2 passed, 0 failed, 0 skipped, 0 flaky"
run "$drydock" explain --state "$state" "$id"
is "what is about one has to name it" "$status $(grep -cF "name one of its members" "$tmp/err")" "2 1"

run "$drydock" replay --json --quiet --offline --state "$state" "$lock" "$fleet/fleet.yaml"
is "the lock gives the same again, without a network" "$status $(json .outcome): $(members) $(json '[.members[].differences[]? | arrays | length] | add')" \
	"0 up: tides up 2 0, winch up 2 0 0"

# --- it runs
port=$(perl -MIO::Socket::INET -e 'for (1 .. 1000) { my $p = 10000 + int rand 20000;
	IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $p, Listen => 1) and print($p), last }')
"$drydock" start --quiet --state "$state" "$id" --publish "$port" >"$tmp/started" 2>"$tmp/start.err" &
pid=$!
on_exit="kill -9 $pid 2>/dev/null; rm -rf $tmp"
ok "it is started as one" eventually sh -c "[ -s '$tmp/started' ] || ! kill -0 $pid"
is "and answers" "$(timeout 20 curl --noproxy '*' -s -m 10 "http://127.0.0.1:$port/height")" 412
run "$drydock" stop --state "$state" "$id"
is "until it is stopped" "$status" 0
wait $pid

# --- one that does not come up
cp -r "$fleet" "$tmp/fleet"
printf 'all:\n\tfalse\n' >"$tmp/fleet/tides/Makefile"
up --no-prune "$tmp/fleet/fleet.yaml"
is "what needs a member that did not come up is left" "$status $(json .outcome): $(members) $(json '.members[1].left')" \
	"1 build-failed: tides build-failed 0 0, winch left 0 0 it needs tides, which did not come up"
is "and is no part of a recipe" "$(json '.recipe, .together' | tr '\n' ' ')" "null null "
sed 's/412/413/' "$fleet/tides/server.pl" >"$tmp/fleet/tides/server.pl"
cp "$fleet/tides/Makefile" "$tmp/fleet/tides"
up --no-prune "$tmp/fleet/fleet.yaml"
is "tests are against what the member serves now" "$status $(json .outcome): $(members)" "1 tests-failed: tides up 2 0, winch tests-failed 1 1"

# --- killed, and gone on with
cp -r "$fleet" "$tmp/killed"
(exec "$drydock" up --quiet --no-learnt --no-screens --no-prune --state "$state" "$tmp/killed/fleet.yaml") >/dev/null 2>&1 &
pid=$!
on_exit="kill -9 $pid 2>/dev/null; rm -rf $tmp"
half() { id=$(newest_run "$(readlink -f "$tmp/killed/fleet.yaml")"); [ -n "$id" ] && [ -d "$state/runs/$id/members/winch" ]; }
eventually half
kill -9 $pid
wait $pid 2>/dev/null
done_at() { stat -c %y "$state/runs/$id/members/tides/logs/attempt-1-tests.log"; }
was=$(done_at)
run "$drydock" resume --json --quiet --state "$state" "$id"
is "what was done before a kill is not done again" "${was:-it was not done} $(done_at)" "$was $was"
is "and the rest goes on" "$status $(json .outcome): $(members)" "0 up: tides up 2 0, winch up 2 0"

# --- blocked, and answered
mkdir "$tmp/pier"
printf 'all: ; touch all\ncheck: ; @sh t.sh\n' >"$tmp/pier/Makefile"
printf ': "${PIER:?must be set}"\necho 1..1; [ "$PIER" = 4 ] && echo ok 1\n' >"$tmp/pier/t.sh"
printf 'members: [{name: pier, source: pier}]\n' >"$tmp/asks.yaml"
up --no-prune "$tmp/asks.yaml"
is "one that asks blocks all" "$(json '.outcome + " " + ([.members[].questions[] | select(.blocking) | .id] | join(" "))')" "blocked env:PIER"
printf '{"env:PIER": "4"}\n' >"$tmp/answers.json"
run "$drydock" resume --json --quiet --state "$state" --answers "$tmp/answers.json" "$(json .run)"
id=$(json .run)
is "answered, it goes on" "$status $(json .outcome): $(members)" "0 up: pier up 1 0"
for command in resume "runs --pin"; do
	# shellcheck disable=SC2086
	run "$drydock" $command "$id/pier" --state "$state"
	is "$command is of the whole" "$status $(grep -cF "name its run alone, $id" "$tmp/err")" "2 1"
done

# --- what is no workspace
refused "members may not need each other" "need each other" <<'Y'
members:
- {name: a, source: /, needs: [b]}
- {name: b, source: /, needs: [a]}
Y
refused "what is needed has to be a member" 'needs "c", which is no member' <<'Y'
members: [{name: a, source: /, needs: [c]}]
Y
refused "a name is a host name" 'member "A_b"' <<'Y'
members: [{name: A_b, source: /}]
Y
refused "and stands once" "two members a" <<'Y'
members: [{name: a, source: /}, {name: a, source: /}]
Y
refused "a source has to be there" "member a: source" <<'Y'
members: [{name: a, source: nowhere}]
Y
refused "what is not known is not passed over" "member" <<'Y'
members: [{name: a, source: /, recipe: /etc/passwd}]
Y
refused "nor taken for another file" "workspace" <<'Y'
packages: [make]
Y
refused "one without members is none" "1 to 20 members" <<'Y'
members: []
Y
done_testing
