#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# A repair that mends what is unsafe: a test of it is asked for, and kept if it is red on the source as it was.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/agents/authors.sh"

app=$tmp/greet
mkdir -p "$app/tests"
printf 'greet: greet.c\n\t$(CC) -o $@ greet.c\ncheck: greet\n\tsh tests/greet.sh\n' >"$app/Makefile"
cat >"$app/greet.c" <<'C'
#include <stdio.h>
#include <stdlib.h>

int
main(int argc, char **argv)
{
	char line[200];
	if (argc < 2)
		return 2;
	snprintf(line, sizeof(line), "echo Hello, %s", argv[1]);
	return system(line);
}
C
cat >"$app/tests/greet.sh" <<'T'
n=0
check() {
	n=$((n + 1))
	got=$(./greet "$2")
	[ "$got" = "$3" ] && echo "ok $n - $1" || echo "not ok $n - $1"
}
check "a name" Ada "Hello, Ada"
echo "1..$n"
T
git -C "$app" init -q -b main
git -C "$app" add -A
git -C "$app" -c user.name=a -c user.email=a@example.org commit -q -m first
judge_accepts "it does what is asked"
GOAL='greet.c must write its greeting without a shell.'
jq -n --arg id "holds:
$GOAL" '{id: $id, needs: ["return system(line);"], answers: [
	{summary: "Print it", edits: [{path: "greet.c", find: "\tsnprintf(line, sizeof(line), \"echo Hello, %s\", argv[1]);\n\treturn system(line);", replace: "\treturn printf(\"Hello, %s\\n\", argv[1]) < 0;"},
		{path: "greet.c", find: "\tchar line[200];\n", replace: ""}]}]}' >"$tmp/tasks/safe-goal.json"
# attack NAME STANDARD-INPUT: answers of who is asked for the test
attack() { jq -c '. + {id: "What the context calls unsafe", window: 12000, needs: ["greet.c:11: A command of the shell", "unsafe/c-shell"], rules: ["Tests alone are yours to change"]}' >"$tmp/tasks/$1-attack.json"; }
models "$tmp/safe.models" safe judge '[{"context": 100}, {"context": 100}]'

# --- a test that is green on the source as it was is refused, and said back; one that is red is kept
attack safe <<'END'
{"answers": [
	{"unless": ["no case that it brings fails on the source as it was"], "summary": "Greet another", "edits": [{"path": "tests/greet.sh", "find": "check \"a name\" Ada \"Hello, Ada\"", "replace": "check \"a name\" Ada \"Hello, Ada\"\ncheck \"another name\" Bob \"Hello, Bob\""}]},
	{"summary": "Greet who brings a command", "edits": [{"path": "tests/greet.sh", "find": "check \"a name\" Ada \"Hello, Ada\"", "replace": "check \"a name\" Ada \"Hello, Ada\"\ncheck \"a command in a name\" \"Ada; echo in\" \"Hello, Ada; echo in\""}]}]}
END
fix --models "$tmp/safe.models" --goal "$GOAL" "$app"
id=$(json .run)
is "what is unsafe is mended, and a test of it kept" "$status $(json '.outcome + ": " + ([.attempts[].verdict] | join(" "))')" "0 fixed: kept dropped kept"
is "it is told what it is of, and that it was red" "$(json '.attacks[0] | .mended[0].kind + " " + .mended[0].path + " " + (.attempt | tostring) + " " + (.red_before | map(split("/")[-1]) | join(",")) + " " + (.why | tostring)')" \
	"unsafe/c-shell greet.c 3 a command in a name null"
is "in the branch, as a commit of its own" "$(git -C "$app" log --format=%s "main..$(json .branch)" | tr '\n' '|')" "Greet who brings a command|Print it|"
ok "the request says so" grep -q 'shown by .*a command in a name.*which fails on the source as it was' "$state/runs/$id/pr.md"
has "with the source as it was, it is red" "$state/runs/$id/attack-3/tests.jsonl" '"failed"'

# --- no test that is red: the repair stays, and what is missing is told
attack safe <<'END'
{"answers": [{"summary": "Greet another", "edits": [{"path": "tests/greet.sh", "find": "check \"a name\" Ada \"Hello, Ada\"", "replace": "check \"a name\" Ada \"Hello, Ada\"\ncheck \"another name\" Bob \"Hello, Bob\""}]}]}
END
fix --no-branch --models "$tmp/safe.models" --goal "$GOAL" "$app"
is "without one the repair stays" "$status $(json '.outcome + ": " + (.attempts[0].verdict) + " " + (.attacks[0].attempt | tostring)')" "0 fixed: kept null"
is "and why there is none is told" "$(json '.attacks[0].why')" "no case that it brings fails on the source as it was before the repair"
has "in the request" "$state/runs/$(json .run)/pr.md" "**no test shows it**"

# --- what mends nothing unsafe asks for none
GOAL='greet.c must say Hail instead of Hello, and tests/greet.sh must say so.'
jq -n --arg id "holds:
$GOAL" '{id: $id, answers: [{summary: "Hail", edits: [{path: "greet.c", find: "echo Hello", replace: "echo Hail"}, {path: "tests/greet.sh", find: "\"Hello, Ada\"", replace: "\"Hail, Ada\""}]}]}' >"$tmp/tasks/safe-goal.json"
before=$(asked safe)
fix --no-branch --models "$tmp/safe.models" --goal "$GOAL" "$app"
is "what mends nothing unsafe asks for no test" "$status $(json '.outcome + " " + (.attacks | tostring)') $(($(asked safe) - before))" "0 fixed null 1"
done_testing
