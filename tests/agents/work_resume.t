#!/bin/sh
# drydock work, killed and resumed: ends with the branch, the journal and the spend of the undisturbed run.
# DD_WORK_KILLS=N: at so many points (make bench-intent KILLS=50).
. "$(dirname "$0")/../tap.sh"
. tests/agents/works.sh
kills=${DD_WORK_KILLS:-3}

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
i=0
while [ $i -lt "$kills" ]; do
	kill_and_resume "db.commit.$([ $((i % 2)) = 0 ] && echo before || echo after)" $((1 + (commits - 1) * (2 * i + 1) / (2 * kills))) \
		--models "$tmp/both.json" "$tmp/p" >>"$tmp/bad"
	i=$((i + 1))
done
is "killed at $kills of $commits commits, it ends the same" "$(cat "$tmp/bad")" ""
echo "# $(cat "$tmp/doubts" | awk '{ n += $1 } END { print n + 0 }') calls were in doubt"
is "and the branch is written once a run" "$(git -C "$app" for-each-ref --format='%(refname)' refs/heads/drydock | grep -c .)" $((kills + 1))
done_testing
