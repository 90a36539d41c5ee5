# For scripts that execute a plan: a harbour's fees and journal in a repository, a plan of it, and the stand-in with what it knows
# of each task.  Sourced after tap.sh.  RATE, FEE and LINE are the ids of the tasks: RATE is after FEE, LINE beside them.
. "$root/tests/agents/authors.sh"

# work_task NAME: standard input, and what the author of a task of the plan needs
work_task() { jq -c ". + {tools: [\"read\", \"find\", \"callers\", \"search\", \"run\", \"test\"], window: 12000}" >"$tmp/tasks/$1.json"; }
work() { run "$drydock" work --json --quiet --state "$state" "$@"; }
approve() { run "$drydock" plan approve --state "$state" --author Ada "$1"; }

app=$tmp/harbour
cp -r "$apps/work-harbour" "$app"
git -C "$app" init -q -b main
git -C "$app" add -A
git -C "$app" -c user.name=a -c user.email=a@example.org commit -q -m first

# plan_harbour DIR: the plan, as a person made it ready: what a task needs of tests is among its writes
plan_harbour() {
	"$drydock" plan --quiet --state "$state" "$app" --intent "$app/intent.md" -o "$1" 2>/dev/null
	_id() { jq -r ".sections[] | select(.title == \"Tasks\") | .items[] | select(.title | contains(\"$1\")) | .id" "$2/plan.json"; }
	RATE=$(_id rate_of "$1") FEE=$(_id 'the pilot' "$1") LINE=$(_id 'a dash' "$1")
	sed -i "/^### $RATE/,/^### /s/^- writes:.*/- writes: \`rate.c\`, \`tests\/fees.sh\`/
		/^### $FEE/,/^### /s/^- writes:.*/- writes: \`fee.c\`, \`tests\/fees.sh\`/
		/^### $LINE/,/^## /s/^- writes:.*/- writes: \`journal\/entry.c\`, \`tests\/journal.sh\`/" "$1/plan.md"
	tell_of_harbour
}
# The case of FEE.
DUE='{"path": "tests/fees.sh", "find": "\"\" 30.00", "replace": "\"\" 35.00"}'
requirement_of() { echo "$1" | sed s/^T/R/; }
# What the stand-in knows: it answers if its request has the requirement's id and check, the files, and what was decided.
tell_of_harbour() {
	work_task "plan-$RATE" <<-END
	{"id": "holds:\n$RATE", "needs": ["a ship of 10 metres under \"dan\" pays 2.50 a metre", "return flag[0] ? 2.0 : 3.0;", "Only whole metres count."], "requirements": ["$(requirement_of "$RATE")"],
	"rules": ["These files are yours to change, and no other: rate.c, tests/fees.sh"], "answers": [
		{"unless": ["is not among the files of this task"], "edits": [{"path": "fee.h", "find": "double fee(", "replace": "double  fee("}]},
		{"summary": "Give a rate for three letters", "edits": [
			{"path": "rate.c", "find": "#include \"fee.h\"", "replace": "#include \"fee.h\"\n\n#include <string.h>"},
			{"like": "return flag.0. . 2", "replace": "\treturn strlen(flag) == 3 ? 2.5 : flag[0] ? 2.0 : 3.0;"},
			{"path": "tests/fees.sh", "find": "echo 1..1", "replace": "echo 1..2"},
			{"path": "tests/fees.sh", "find": "\"\" 35.00", "replace": "\"\" 35.00\ncheck \"a flag of three letters\" 10 dan 30.00"}]}]}
	END
	work_task "plan-$FEE" <<-END
	{"id": "holds:\n$FEE", "needs": ["pays 35.00", "return length * rate_of(flag);"], "requirements": ["$(requirement_of "$FEE")"], "answers": [
		{"summary": "Add five crowns for the pilot", "edits": [$DUE,
			{"like": "return length . rate_of", "replace": "\treturn length * rate_of(flag) + 5;"}]}]}
	END
	work_task "plan-$LINE" <<-END
	{"id": "holds:\n$LINE", "needs": ["printf(\"%s", "prints \"- gull\""], "requirements": ["$(requirement_of "$LINE")"], "answers": [
		{"summary": "Begin with a dash", "edits": [
			{"path": "journal/entry.c", "find": "printf(\"%s", "replace": "printf(\"- %s"},
			{"path": "tests/journal.sh", "find": "= gull ]", "replace": "= \"- gull\" ]"}]}]}
	END
	cat >"$tmp/tasks/judge.json" <<-'END'
	{"id": "You review a change", "needs": ["C1", "C2", "C3", "Check: "], "answers": [
		{"answer": "{\"verdict\": \"accept\", \"reason\": \"it does what is asked\", \"defects\": []}"}]}
	END
}
mkdir -p "$tmp/config/drydock"
printf -- '- Only whole metres count.\n' >"$tmp/config/drydock/rules.md"

# What a finished run is, without what differs from run to run: its id, keys of layers, commits, and what calls in doubt cost.
essence_of() { # RUN
	_dir=$state/runs/$1
	_mask="s/$1/RUN/g; s/[0-9a-f]\{64\}/KEY/g; s/[0-9a-f]\{40\}/COMMIT/g"
	sqlite3 "$_dir/journal.db" "select key || ' ' || result from step order by id" | while read -r _key _result; do
		printf '%s %s\n' "$_key" "$(printf '%s\n' "$_result" | jq -Sc 'if type == "object" then del(.spent) else . end')"
	done | sed "$_mask"
	sqlite3 "$_dir/journal.db" "select key from step where ended_ns = 0"
	jq -S '[.outcome, .tasks, .after, .left, [.attempts[] | del(.cost, .tokens, .review.spent)]]' "$_dir/result.json" | sed "$_mask"
	git -C "$app" log --format='%T %s %(trailers:key=Drydock-Task,valueonly)%(trailers:key=Drydock-Requirements,valueonly)' "main..drydock/$1"
	sqlite3 "$_dir/calls.db" "select key, state, tokens, nano_usd from call where state = 'done' order by id"
	for _file in guide.json guide.md; do
		[ ! -e "$_dir/$_file" ] || sed "$_mask" "$_dir/$_file"
	done
}
# What is wrong with a run that was killed at the N-th pass of a point and resumed, a line each; $tmp/want is the essence of the undisturbed one.
kill_and_resume() { # POINT N PLAN ARGS...
	_point=$1 _n=$2
	shift 2
	_before=$(newest_run "$app")
	run env DRYDOCK_FAULT="$_point:$_n" "$drydock" work --json --quiet --state "$state" "$@"
	# with jobs it may be the process of a task that is killed: then who made it ends, and says so
	[ "$status" = 137 ] || { [ "$status" = 3 ] && grep -q 'the process of task .* died of signal 9' "$tmp/err"; } ||
		echo "$_point $_n: was not killed (status $status)"
	_id=$(newest_run "$app")
	if [ "$_id" = "$_before" ]; then # killed before there was a run
		work "$@"
		_id=$(json .run)
	else
		run "$drydock" resume --json --quiet --state "$state" "$_id"
	fi
	essence_of "$_id" >"$tmp/got" 2>&1
	[ -z "${in_any_order:-}" ] || sort -o "$tmp/got" "$tmp/got"
	cmp -s "$tmp/want" "$tmp/got" || {
		echo "$_point $_n: ends otherwise (status $status)"
		diff "$tmp/want" "$tmp/got" | cut -c1-300 | head -n 6
		head -n 3 "$tmp/err"
	}
	_spent=$(sqlite3 "$state/runs/$_id/calls.db" "select sum(tokens) from call where state in ('done', 'doubt')")
	sqlite3 "$state/runs/$_id/calls.db" "select count(*) from call where state = 'doubt'" >>"$tmp/doubts"
	[ "$(json .cost.tokens)" = "$_spent" ] || echo "$_point $_n: tells of $(json .cost.tokens) tokens, not of $_spent"
}

# The author of the fee needs a variable that nobody set; and $tmp/tell, which appends what it is told to a file.
pilot_is_asked_for() {
	work_task "plan-$FEE" <<END
{"id": "holds:\n$FEE", "needs": ["pays 35.00", "return length * rate_of(flag);"], "answers": [
	{"summary": "Add what is set for the pilot", "edits": [$DUE,
		{"path": "fee.c", "find": "#include \"fee.h\"", "replace": "#include \"fee.h\"\n\n#include <stdio.h>\n#include <stdlib.h>"},
		{"like": "return length . rate_of", "replace": "\tconst char *pilot = getenv(\"PILOT_FEE\");\n\treturn length * rate_of(flag) + (pilot ? atof(pilot) : (fputs(\"PILOT_FEE is not set\", stderr), exit(1), 0));"}]}]}
END
	cat >"$tmp/tell" <<'END'
#!/bin/sh
cat >>"$1"
END
	chmod +x "$tmp/tell"
}
