#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# drydock work, killed and resumed: ends with the branch, the journal and the spend of the undisturbed run.
# And a task that waits for an answer, alone.  DD_WORK_KILLS=N: at so many points (make bench-intent KILLS=50), DD_WORK_FROM=N: from this one on.
# The same with two tasks side by side, at DD_WORK_BESIDE=N points.
. "$(dirname "$0")/../tap.sh"
. tests/agents/works.sh
kills=${DD_WORK_KILLS:-2}

plan_harbour "$tmp/p"
approve "$tmp/p"
models "$tmp/both.json" plan judge '[{"context": 100}]'
export DRYDOCK_FAULT_LOG="$tmp/commits"
run env DRYDOCK_FAULT=db.commit.before:1+:log "$drydock" work --json --quiet --state "$state" --models "$tmp/both.json" "$tmp/p"
unset DRYDOCK_FAULT_LOG
first=$(json .run)
commits=$(grep -c . "$tmp/commits")
essence_of "$first" >"$tmp/want" 2>&1
is "undisturbed, it is done" "$status $(json .outcome)" "0 done"
ok "what is compared is there: steps, commits, calls" sh -c '[ "$(grep -c "^fix/" "$1")" -gt 15 ] && [ "$(grep -cE "^[0-9a-f]{40} " "$1")" = 3 ] && [ "$(grep -c "|done|" "$1")" -gt 5 ]' sh "$tmp/want"
i=${DD_WORK_FROM:-0}
since=$(date +%s)
while [ $i -lt "$kills" ] && [ $(($(date +%s) - since)) -lt "${DD_WORK_SECONDS:-1800}" ]; do
	kill_and_resume "db.commit.$([ $((i % 2)) = 0 ] && echo before || echo after)" $((1 + (commits - 1) * (2 * i + 1) / (2 * kills))) \
		--models "$tmp/both.json" "$tmp/p" >>"$tmp/bad"
	i=$((i + 1))
done
is "killed at $((i - ${DD_WORK_FROM:-0})) of $commits commits, to the ${i}th of $kills, it ends the same" "$(cat "$tmp/bad")" ""
echo "# $(cat "$tmp/doubts" | awk '{ n += $1 } END { print n + 0 }') calls were in doubt"
is "and the branch is written once a run" "$(git -C "$app" for-each-ref --format='%(refname)' refs/heads/drydock | grep -c .)" $((i - ${DD_WORK_FROM:-0} + 1))

# --- two tasks side by side: the process of either is killed, or who made them, before, while and after they are
export DRYDOCK_FAULT_LOG="$tmp/commits.2"
run env DRYDOCK_FAULT=db.commit.before:1+:log "$drydock" work --json --quiet --state "$state" --jobs 2 --models "$tmp/both.json" "$tmp/p"
unset DRYDOCK_FAULT_LOG
second=$(json .run)
commits=$(awk '$2 > most { most = $2 } END { print most }' "$tmp/commits.2") # each process counts its own
in_any_order=1 # calls, which are told in the order they were sent
essence_of "$second" 2>&1 | sort >"$tmp/want"
is "undisturbed, two at a time, it is done" "$status $(json .outcome) $(json '[.attempts[] | .verdict] | join(" ")')" "0 done kept kept apart kept"
kills=${DD_WORK_BESIDE:-1} i=0
: >"$tmp/doubts"
while [ $i -lt "$kills" ] && [ $(($(date +%s) - since)) -lt "${DD_WORK_SECONDS:-1800}" ]; do
	kill_and_resume "db.commit.$([ $((i % 2)) = 0 ] && echo before || echo after)" $((1 + (commits - 1) * (2 * i + 1) / (2 * kills))) \
		--jobs 2 --models "$tmp/both.json" "$tmp/p" >>"$tmp/bad.2"
	i=$((i + 1))
done
is "killed at $i of $commits commits of a process, it ends the same" "$(cat "$tmp/bad.2")" ""
echo "# $(cat "$tmp/doubts" | awk '{ n += $1 } END { print n + 0 }') calls were in doubt"
# all at once, while both have sent a call that is not answered
for task in "$FEE" "$LINE"; do jq -c '. + {meet: {n: 3, s: 60}}' "$tmp/tasks/plan-$task.json" >"$tmp/changed" && mv "$tmp/changed" "$tmp/tasks/plan-$task.json"; done
"$drydock" work --json --quiet --state "$state" --jobs 2 --models "$tmp/both.json" "$tmp/p" >/dev/null 2>&1 &
working=$!
eventually sh -c '[ "$(ls "$1"/meet.* 2>/dev/null | wc -l)" = 2 ]' sh "$tmp"
kill -9 $working
wait $working 2>/dev/null
id=$(newest_run "$app")
run "$drydock" resume --json --quiet --state "$state" "$id"
essence_of "$id" 2>&1 | sort >"$tmp/got"
is "killed while both wait for a model, it ends the same" "$status $(diff "$tmp/want" "$tmp/got" | cut -c1-200 | head -n 6)" "0 "
is "each call in doubt is charged once, and made again once" "$(sqlite3 "$state/runs/$id/calls.db" "select key || ' ' || group_concat(state, ' ') from call group by key having count(*) > 1" | tr '\n' '|') $(json .cost.tokens)" \
	"fix/1/write/1 doubt done|fix/201/write/1 doubt done| $(sqlite3 "$state/runs/$id/calls.db" "select sum(tokens) from call where state in ('done', 'doubt')")"
ok "nothing is left of what they wrote apart" [ ! -e "$state/runs/$id/beside" ]
unset in_any_order

# --- what a task first needs is asked for; it waits alone, and what it is after with it
pilot_is_asked_for
run "$drydock" work --json --quiet --state "$state" --models "$tmp/both.json" --notify "$tmp/tell $tmp/told" "$tmp/p"
id=$(json .run)
is "a task waits, who is after it does not begin, the others go on" "$status $(json '.outcome + ": " + ([.tasks[].outcome] | join(" ")) + " " + (.tasks[1].because_of | join(" "))')" \
	"1 blocked: waiting not-started done $FEE"
is "with the question" "$(json '[.tasks[0].questions[] | .id, (.why | test("PILOT_FEE is not set") | tostring)] | join(" ")')" "env:PILOT_FEE true"
is "what is done is on the branch" "$(git -C "$app" log --format=%s "main..drydock/$id")" "Begin with a dash"
is "somebody is told, of the task and at the end" "$(jq -r '[.event, .task // "-", .outcome // "-", (.tasks[0].questions[0].id // "-"), .run] | join(" ")' "$tmp/told" | tr '\n' '|')" \
	"blocked $FEE - env:PILOT_FEE $id|blocked - blocked env:PILOT_FEE $id|"
is "in the guide the question is first" "$("$drydock" guide --json --state "$state" "$id" | jq -r '.items[0] | .gap + " " + .id')" "critical question:env:PILOT_FEE"
writes=$(asked plan)
echo '{"env:PILOT_FEE": "5"}' >"$tmp/answers.json"
run env DRYDOCK_FAULT=db.commit.after:12 "$drydock" resume --json --quiet --state "$state" --answers "$tmp/answers.json" "$id"
is "killed while it goes on" "$status" 137
run "$drydock" resume --json --quiet --state "$state" "$id"
is "answered, it goes on" "$status $(json '.outcome + ": " + ([.tasks[].outcome] | join(" "))')" "0 done: done done done"
is "with the change that waited: only who was after it is asked" "$(($(asked plan) - writes)) $(json '[.attempts[] | select(.model) | .task + "=" + .verdict] | join(" ")')" \
	"2 $FEE=waiting $LINE=kept $FEE=kept $RATE=kept"
is "on the same branch" "$(git -C "$app" log --format=%s "main..drydock/$id" | tr '\n' '|')" "Give a rate for three letters|Add what is set for the pilot|Begin with a dash|"
is "and who is told knows" "$(jq -r '[.event, .outcome, .branch] | join(" ")' "$tmp/told" | tail -n 1)" "done done drydock/$id"

# --- told by a URL; stopped
perl -MIO::Socket::INET -e '$l = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 5) or die; $| = 1; print $l->sockport, "\n"; alarm 900;
	while ($c = $l->accept) { $all = ""; while (sysread $c, $all, 65536, length $all) { last if $all =~ /\r\n\r\n.*\n\z/s }
	$all =~ s/.*?\r\n\r\n//s;
	open $f, ">>", $ARGV[0]; print $f $all; close $f; print $c "HTTP/1.1 204 No\r\nConnection: close\r\n\r\n"; close $c }' "$tmp/posted" >"$tmp/sink" &
sink=$!
on_exit="kill $sink; $on_exit"
eventually test -s "$tmp/sink"
run "$drydock" work --json --quiet --no-branch --state "$state" --models "$tmp/both.json" --budget-tokens 4000 --notify "http://127.0.0.1:$(cat "$tmp/sink")/hook" "$tmp/p"
is "a budget that is spent stops it, and a URL is told" "$status $(json '.outcome + ": " + ([.tasks[].outcome] | join(" "))') $(jq -r '.event + " " + .outcome + " " + .next' "$tmp/posted")" \
	"4 budget: left not-started not-started stopped budget drydock resume $(json .run)"
id=$(json .run)
run "$drydock" resume --json --quiet --state "$state" --answers "$tmp/answers.json" "$id"
is "answers that nobody would read are refused, with the way on" "$status $(wc -l <"$tmp/err") $(grep -c "budget or the time of run $id is spent.*drydock work PLAN --answers" "$tmp/err")" "2 1 1"
done_testing
