#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# Baselines: what is new, approved, rejected, undone; decisions from a file; and kill -9 at every step of it.
. "$(dirname "$0")/../tap.sh"
draw() { "$DD_BUILD/tests/qa/tool_picture" "$@"; }
state=$tmp/state
check() { run "$drydock" qa check --json --state "$state" --browser "B 1" "$@"; }
qa() {
	verb=$1
	shift
	run "$drydock" qa "$verb" --json --state "$state" "$@"
}
verdict() { json '.[0].verdict'; }
draw page 320 240 1 "$tmp/a.png"
draw changed 320 240 1 2 "$tmp/b.png" >/dev/null
draw page 320 240 3 "$tmp/c.png"

# --- new, approved, different
check "shop/1 open=$tmp/a.png" --run r1
is "a first picture is new, and no pass" "$status $(verdict)" "1 new"
check "shop/1 open=$tmp/a.png" --run r2
is "seen again it is still new" "$status $(verdict)" "1 new"
qa approve "shop/1 open"
is "no decision without a reason" "$status" 2
qa approve "shop/1 open" --reason "   "
is "nor with an empty one" "$status" 2
qa approve "shop/2" --reason ok
is "nor about what is not there" "$status" 2
qa approve "shop/1 open" --reason "looks right" --author Ada
is "it is approved" "$status $(json '.[0] | "\(.action) \(.author) \(.reason)"')" "0 approve Ada looks right"
check "shop/1 open=$tmp/a.png" --run r3
is "now it passes" "$status $(verdict)" "0 passed"
check "shop/1 open=$tmp/b.png" --run r4
is "another picture does not" "$status $(verdict) $(json '.[0].differing > 0 and (.[0].regions | length) > 0')" "1 different true"
run "$drydock" qa check --json --state "$state" --browser "B 2" "shop/1 open=$tmp/a.png" --run r4
is "another browser has baselines of its own" "$status $(verdict)" "1 new"
qa approve "shop/1 open" --reason "looks right" --author Ada
is "a name means the case in every environment" "$(json 'length')" 2
qa approve "shop/1 open" --reason again
is "what is approved already adds nothing" "$status $(json length)" "0 0"

# --- rejected, undone
check "shop/1 open=$tmp/c.png" --run r5
qa reject "shop/1 open" --reason "wrong colours" --author Bob
check "shop/1 open=$tmp/c.png" --run r6
is "what was rejected is known again" "$status $(verdict)" "1 rejected"
qa undo "shop/1 open" --reason "was right" --author Bob
check "shop/1 open=$tmp/c.png" --run r7
is "undone, it is only different" "$status $(verdict)" "1 different"
run "$drydock" qa check --json --state "$state" --browser "B 2" "shop/1 open=$tmp/a.png" --run r7
is "and what was approved elsewhere holds" "$(verdict)" passed
qa undo "shop/1 open" --reason "before that"
check "shop/1 open=$tmp/a.png" --run r8
is "undone once more, the baseline before holds" "$status $(verdict)" "0 passed"

# --- what is never a pass
draw blank 64 48 1 "$tmp/blank.png"
check "shop/blank=$tmp/blank.png" --run r1
is "a blank page is told as blank" "$status $(verdict)" "1 blank"
qa approve shop/blank --reason "I like it"
is "and cannot be approved" "$status" 2
check "shop/blank=$tmp/blank.png" --run r2
is "seen again it is still blank" "$status $(verdict)" "1 blank"
head -c 500 "$tmp/a.png" >"$tmp/cut.png"
check "shop/cut=$tmp/cut.png"
is "a broken picture is refused" "$status" 2
qa history shop/cut
is "and not kept" "$status" 2

# --- masks
check "shop/masked=$tmp/a.png" --run r1
qa approve shop/masked --reason ok
check "shop/masked=$tmp/b.png" --run r2
is "without a mask it differs" "$status" 1
check "shop/masked=$tmp/b.png" --run r3 --mask 0,0,320,240
is "all of it masked is blank, not equal" "$status $(verdict) $(json '.[0].masked == 1')" "1 blank true"
place=$(draw changed 320 240 1 2 "$tmp/b.png")
# shellcheck disable=SC2086
set -- $place
check "shop/masked=$tmp/b.png" --run r4 --mask "$(($1 - 1)),$(($2 - 1)),$(($3 + 2)),$(($4 + 2))" --mask 0,0,10,10
is "the change masked, it passes, and the share is told" "$status $(verdict) $(json "(.[0].masked * 76800 | round) == $((($3 + 2) * ($4 + 2) + 100))")" "0 passed true"
check "shop/masked=$tmp/b.png" --mask 1,2,3
is "a mask that is none" "$status" 2

# --- decisions from a file
check "file/1=$tmp/a.png" --run r1
key=$(run "$drydock" qa history --json --state "$state" file/1 && json '.[0].environment.key')
picture=$(json '.[0].picture')
check "file/2=$tmp/b.png" --run r1
second=$(json '.[0].picture')
decisions() { # DECISION1 PICTURE1 DECISION2 PICTURE2
	printf '{"drydock_decisions": 1, "author": "Cyd", "decisions": [
	  {"case": "file/1", "environment": "%s", "picture": "%s", "decision": "%s", "reason": "one"},
	  {"case": "file/2", "environment": "%s", "picture": "%s", "decision": "%s", "reason": "two"}]}' \
		"$key" "$2" "$1" "$key" "$4" "$3" >"$tmp/decisions.json"
}
decisions approve "$picture" approve "$picture"
qa decide "$tmp/decisions.json"
is "a decision about an older picture is refused" "$status" 2
has "and named" "$tmp/err" "decisions[1]: file/2: there is a newer picture"
qa history file/1
is "and nothing of the file is done" "$(json '.[0].log | length')" 1
decisions approve "$picture" reject "$second"
qa decide "$tmp/decisions.json"
is "a file is applied" "$status $(json '[.[] | "\(.action) \(.author)"] | join(", ")')" "0 approve Cyd, reject Cyd"
qa decide "$tmp/decisions.json"
is "again, it adds nothing" "$status $(json length)" "0 0"
decisions undo "$picture" undo "$second"
qa decide "$tmp/decisions.json"
is "a file can undo" "$status $(json length)" "0 2"
qa decide "$tmp/decisions.json"
is "and undoes nothing twice" "$status $(json length)" "0 0"
bad=
for text in '' '{' '[]' '{}' '{"drydock_decisions": 2, "decisions": []}' '{"drydock_decisions": 1, "decisions": [{"case": 1}]}' \
	'{"drydock_decisions": 1, "decisions": [{"case": "file/1", "environment": "k", "picture": "p", "decision": "burn", "reason": "r"}]}' \
	"{\"drydock_decisions\": 1, \"decisions\": [{\"case\": \"file/1\", \"environment\": \"$key\", \"picture\": \"$picture\", \"decision\": \"approve\", \"reason\": \"r\"}]}"; do
	printf %s "$text" >"$tmp/decisions.json"
	qa decide "$tmp/decisions.json"
	[ "$status" = 2 ] || [ "$status" = 3 ] || bad="$bad $text"
done
is "a file that is none, or has no author, changes nothing" "$bad" ""

# --- history
for i in $(seq 1 32); do "$drydock" qa check --quiet --state "$state" --run "h$i" "many=$tmp/a.png" >/dev/null; done
qa history many
is "the last 30 runs, newest first" "$(json '.[0].results | "\(length) \(.[0].run) \(.[29].run)"')" "30 h32 h3"
is "unreviewed says so" "$(json '.[0].reviewed')" false
qa history "shop/1 open"
is "the log has all of it" "$(json '[.[0].log[].action] | sort | unique | join(" ")')" "approve new reject undo"
sqlite3 "$state/baselines/baselines.db" "DELETE FROM log" >"$tmp/out" 2>&1
has "nothing is taken from the log" "$tmp/out" "only added to"
name=$(printf 'n\033[31m\342\200\256x')
"$drydock" qa check --state "$state" "$name=$tmp/a.png" >"$tmp/out" 2>&1
is "a name cannot speak to the terminal" "$(LC_ALL=C tr -d '[:print:]\n' <"$tmp/out" | wc -c)" 0

# --- collection keeps what the history shows
run "$drydock" gc --state "$state" --json
check "shop/1 open=$tmp/a.png" --run r9
is "gc takes no baseline" "$status $(verdict)" "0 passed"

# --- kill -9 at every change of the disk: before or after, never half
check "kill=$tmp/a.png" --run r1
old=$(json '.[0].picture')
bad=
steps=0
for i in $(seq 1 100); do
	run env DRYDOCK_FAULT="io:$i:kill" "$drydock" qa approve --json --state "$state" kill --reason "try $i"
	[ "$status" = 137 ] || break
	steps=$i
	qa history kill
	now=$(json '.[0].baseline')
	[ "$status" = 0 ] && { [ "$now" = "$old" ] || [ -z "$now" ]; } || bad="$bad $i:$status"
	[ -z "$now" ] || { qa undo kill --reason back && [ "$status" = 0 ] || bad="$bad undo $i"; }
done
is "approve, killed anywhere" "$bad" ""
ok "it was killed, and then not" test "$steps" -gt 2 -a "$status" = 0
bad=
for i in $(seq 1 200); do
	run env DRYDOCK_FAULT="io:$i:kill" "$drydock" qa check --json --state "$state" "kill $i=$tmp/c.png" --run r2
	[ "$status" = 137 ] || break
	qa history
	[ "$status" = 0 ] || bad="$bad $i"
	check "kill $i=$tmp/c.png" --run r2
	[ "$(verdict)" = new ] || bad="$bad again $i"
done
is "check, killed anywhere, then done again" "$bad" ""
ok "it was killed, and then not" test "$i" -gt 4 -a "$status" = 1
done_testing
