#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# drydock work --jobs: tasks of a plan that may run side by side do, and what comes of them is joined in the plan's order.
. "$(dirname "$0")/../tap.sh"
. tests/agents/works.sh

# with TASK JQ: what the stand-in knows of the task, changed
with() {
	jq -c "$2" "$tmp/tasks/$1.json" >"$tmp/changed" && mv "$tmp/changed" "$tmp/tasks/$1.json"
}
# commits RUN: trees, subjects and what they are for
commits() { git -C "$app" log --reverse --format='%T %s %(trailers:key=Drydock-Task,valueonly,separator=%x2C) %(trailers:key=Drydock-Requirements,valueonly,separator=%x2C)' "main..drydock/$1"; }

plan_harbour "$tmp/p"
approve "$tmp/p"
models "$tmp/both.json" plan judge '[{"context": 100}]'
work --models "$tmp/both.json" --jobs 17 "$tmp/p"
is "so many jobs are refused" "$status $(grep -c 'jobs: at most 16' "$tmp/err")" "2 1"
work --models "$tmp/both.json" "$tmp/p"
cp "$tmp/out" "$tmp/one.out"
one=$(json .run)
is "one after the other, it is done" "$status $(json '.outcome + ": " + ([.tasks[].outcome] | join(" "))')" "0 done: done done done"

# --- at the same time; the first ends first
for task in "$FEE" "$LINE"; do with "plan-$task" '. + {meet: {n: 2, s: 60}}'; done
with "plan-$LINE" '. + {late: 5}'
work --jobs 2 --models "$tmp/both.json" "$tmp/p"
cp "$tmp/out" "$tmp/two.out"
two=$(json .run)
is "so it is side by side" "$status $(json '.outcome + ": " + ([.tasks[].outcome] | join(" "))')" "0 done: done done done"
is "each of two was asked before the other was answered" "$(sort "$tmp/met" | tr '\n' '|')" "$(printf '%s met\n' "$FEE" "$LINE" | sort | tr '\n' '|')"
is "the branch is that of one job" "$(commits "$two")" "$(commits "$one")"
is "what was judged without the others is judged on what they left, and nobody is asked twice" \
	"$(json '[.attempts[] | [.attempt, .verdict, (.tokens > 0)] | map(tostring) | join("=")] | join(" ")')" "1=kept=true 101=kept=true 201=apart=true 202=kept=false"
is "each attempt tells what its own calls cost" "$(json '[.attempts[].tokens] | add') $(json .cost.tokens)" "$(sqlite3 "$state/runs/$two/calls.db" "select sum(tokens) || ' ' || sum(tokens) from call")"
"$drydock" guide --json --state "$state" "$two" | jq -c '[.percent, [.items[] | .id, .gap]]' >"$tmp/two.guide"
is "and the guide has the same left" "$(cat "$tmp/two.guide")" "$("$drydock" guide --json --state "$state" "$one" | jq -c '[.percent, [.items[] | .id, .gap]]')"
run "$drydock" blame --json --state "$state" "$two" "journal/entry.c:$(git -C "$app" show "drydock/$two:journal/entry.c" | grep -n 'printf("- ' | cut -d: -f1)"
is "a line of what was joined is of the call that wrote it, and the one that reviewed it" "$(json '.call.key + " " + .review_call.key')" "fix/201/write/1 fix/201/review/1"

# --- the second ends first, and it is the same
steps_of() { essence_of "$1" 2>&1 | grep -v '^fix/[0-9]*/[a-z]*/[0-9]*|'; } # but for the order of calls
steps_of "$two" >"$tmp/want"
with "plan-$FEE" '. + {late: 5}'
with "plan-$LINE" 'del(.late)'
rm -f "$tmp"/meet.* "$tmp/met"
work --jobs 2 --models "$tmp/both.json" "$tmp/p"
ended() { sqlite3 "$state/runs/$1/calls.db" "select key from call join span using (span) where key like '%/write/1' order by ended_ns" | sed 's,fix/\([0-9]*\)/.*,\1,' | head -n 2 | tr '\n' ' '; }
is "whichever task ends first" "$(ended "$two"), $(ended "$(json .run)")" "1 201 , 201 1 "
steps_of "$(json .run)" >"$tmp/got"
is "steps, branch, guide and result are the same" "$(diff "$tmp/want" "$tmp/got" | grep '^[<>]' | cut -c1-200)" ""

# --- a budget is of both: what one reserved is not the other's, and comes free
# over RUN BUDGET: calls that were sent while with them more could be spent than that
over() {
	sqlite3 "$state/runs/$1/calls.db" "with one as (select c.id, c.tokens, s.started_ns as since, s.ended_ns as until, json_extract(s.attributes, '\$.\"drydock.reserve.tokens\"') as held from call c join span s using (span))
		select count(*) from one where $2 < (select sum(case when o.until <= one.since then o.tokens else o.held end) from one o where o.since <= one.since)"
}
for task in "$FEE" "$LINE"; do with "plan-$task" 'del(.late) + {meet: {n: 2, s: 4}}'; done
rm -f "$tmp"/meet.* "$tmp/met"
work --no-branch --jobs 2 --models "$tmp/both.json" --budget-tokens 17000 "$tmp/p"
is "who has no room waits for what the other does not need" "$status $(json .outcome) $(cut -d' ' -f2 "$tmp/met" | tr '\n' ' ')" "0 done alone met "
is "and no call was sent for which both had no room" "$(over "$(json .run)" 17000)" 0
ok "while the calls of two would have had none" [ "$(over "$two" 17000)" -gt 0 ]
work --no-branch --jobs 2 --models "$tmp/both.json" --budget-tokens 4000 "$tmp/p"
is "a budget that holds no call ends it" "$status $(json '.outcome + ": " + ([.tasks[].outcome] | join(" "))') $(json .cost.tokens)" "4 budget: left not-started left 0"

# --- a task that asks waits alone
pilot_is_asked_for
work --jobs 2 --models "$tmp/both.json" --notify "$tmp/tell $tmp/told" "$tmp/p"
id=$(json .run)
is "a task waits, the one beside it is done, the one behind it does not begin" "$status $(json '.outcome + ": " + ([.tasks[].outcome] | join(" ")) + " " + ([.tasks[0].questions[].id] | join(" "))')" "1 blocked: waiting not-started done env:PILOT_FEE"
is "somebody is told once of the task, and at the end" "$(jq -r '[.event, .task // "-"] | join(" ")' "$tmp/told" | tr '\n' '|')" "blocked $FEE|blocked -|"
echo '{"env:PILOT_FEE": "5"}' >"$tmp/answers.json"
run "$drydock" resume --json --quiet --state "$state" --answers "$tmp/answers.json" "$id"
is "answered, it goes on" "$status $(json '.outcome + ": " + ([.tasks[].outcome] | join(" "))') $(git -C "$app" log --format=%s "main..drydock/$id" | tr '\n' '|')" "0 done: done done done Give a rate for three letters|Add what is set for the pilot|Begin with a dash|"

# --- the plan is wrong: functions that are called by names that are put together, which no map sees
tree=$tmp/tree
mkdir -p "$tree/tests"
: >"$tree/tests/__init__.py"
printf 'def f0(x):\n    return x + 0\n' >"$tree/m0.py"
printf 'from importlib import import_module\n\n\ndef f1(x):\n    return x + 1 + getattr(import_module("m%%d" %% 0), "f%%d" %% 0)(x)\n' >"$tree/m1.py"
for i in 0 1; do
	printf 'import unittest\n\nfrom m%s import f%s\n\n\nclass M%s(unittest.TestCase):\n    def test_f%s(self):\n        self.assertIsNotNone(f%s(5))\n' $i $i $i $i $i >"$tree/tests/test_m$i.py"
done
git -C "$tree" init -q -b main
git -C "$tree" add -A
git -C "$tree" -c user.name=a -c user.email=a@example.org commit -q -m first
printf '# Other sums\n- `f0` must add 100 in m0.py.\n  - f0(5) is 105\n- `f1` must add 101 in m1.py.\n  - f1(5) is more\n' >"$tmp/tree.md"
"$drydock" plan --quiet --state "$state" --intent "$tmp/tree.md" -o "$tmp/t" "$tree" 2>/dev/null
sed -i 's/^- writes: `m\([01]\)\.py`.*/- writes: `m\1.py`, `tests\/test_m\1.py`/' "$tmp/t/plan.md"
approve "$tmp/t"
of() { jq -r ".sections[] | select(.title == \"Tasks\") | .items[] | select(.title | contains(\"$1\")) | .id" "$tmp/t/plan.json"; }
T0=$(of f0) T1=$(of f1)
is "the plan says that they cannot meet" "$(grep -c '^- parallel with: ' "$tmp/t/plan.md")" 2
# change OF SUM: edits
change() { jq -n --argjson i "$1" --argjson sum "$2" '("        self.assertIsNotNone(f\($i)(5))") as $line | [
	{path: "m\($i).py", find: "return x + \($i)", replace: "return x + 10\($i)"},
	{path: "tests/test_m\($i).py", find: $line, replace: "\($line)\n\n    def test_f\($i)_of_now(self):\n        self.assertEqual(f\($i)(1000), \($sum))"}]'; }
jq -n --arg id "$T0" --argjson edits "$(change 0 1100)" '{id: "holds:\n\($id)", meet: {n: 2, s: 60}, answers: [{summary: "Add 100", edits: $edits}]}' | work_task "plan-$T0"
# who does the other sees what the first changed, if that is there
jq -n --arg id "$T1" --argjson alone "$(change 1 2101)" --argjson behind "$(change 1 2201)" '{id: "holds:\n\($id)", meet: {n: 2, s: 60}, answers: [
	{if: ["return x + 100"], summary: "Add 101", edits: $behind}, {summary: "Add 101", edits: $alone}]}' | work_task "plan-$T1"
app=$tree
rm -f "$tmp"/meet.* "$tmp/met"
"$drydock" work --json --quiet --state "$state" --jobs 2 --models "$tmp/both.json" "$tmp/t" >"$tmp/out" 2>"$tmp/err" &
working=$!
eventually grep -qs . "$tmp/met"
kill -INT $working
wait $working
is "told to stop, it stops cleanly, once, with what they did" "$? $(json .outcome) $(grep -c 'drydock: stopped; go on with: drydock resume' "$tmp/err") $(grep -c stopping "$tmp/err")" "4 stopped 1 1"
stopped=$(json .run)
rm -f "$tmp"/meet.* "$tmp/met"
work --models "$tmp/both.json" "$tmp/t"
one=$(json .run)
is "one behind the other, both are done" "$status $(json '.outcome + ": " + ([.tasks[].outcome] | join(" "))')" "0 done: done done"
run "$drydock" resume --json --quiet --state "$state" "$stopped"
is "resumed, it ends as the others" "$status $(json .outcome) $(commits "$stopped")" "0 done $(commits "$one")"
rm -f "$tmp"/meet.* "$tmp/met"
work --jobs 2 --models "$tmp/both.json" "$tmp/t"
two=$(json .run)
is "and side by side" "$status $(json '.outcome + ": " + ([.tasks[].outcome] | join(" "))') $(grep -c ' met$' "$tmp/met")" "0 done: done done 2"
is "what does not hold on what the other left is not taken, and done again behind it" "$(json '[.attempts[] | [.attempt, .verdict] | map(tostring) | join("=")] | join(" ")')" "1=kept 101=apart 102=dropped 103=kept"
is "because of the case that it was for" "$(json '.attempts[] | select(.attempt == 102) | .worse | join(" ")')" "test/tests.test_m1.M1.test_f1_of_now/test_f1_of_now"
is "to the same branch" "$(commits "$two")" "$(commits "$one")"
is "the task says it" "$(json '.tasks[] | select(.clash) | .id + " " + .clash')" "$T1 attempt 102: what was made beside other tasks does not hold on what they left: cases ended worse with it: test/tests.test_m1.M1.test_f1_of_now/test_f1_of_now;"
has "and the pull request" "$state/runs/$two/pr.md" "$T1 was executed again behind others"
"$drydock" guide --json --state "$state" "$two" >"$tmp/guide"
is "and the guide, as the word of the plan was wrong" "$(json ".items[] | select(.id == \"beside:$T1\") | .gap + \" \" + .task" "$tmp/guide")" "minor Find out what $T1 has to do with the tasks that \`parallel with\` names"
done_testing
