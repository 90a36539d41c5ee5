#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# The gates of a repair behind its unit tests: what the project's own linters say, and tests of other levels.  Each refuses a
# change that the gates before it let through.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/agents/authors.sh"

# gate ATTEMPT NAME: its result in an attempt of a model, of the last output
gate() { written ".by[$1].gates[] | select(.gate == \"$2\") | .result"; }
# refused ATTEMPT: its verdict, and the gates that failed
refused() { written ".by[$1] | .verdict + \" \" + ([.gates[] | select(.result == \"failed\") | .gate] | join(\"+\"))"; }

# --- linters that the tree asks for in three ways, with a finding of old; and a case from end to end
toll=$tmp/toll
mkdir -p "$toll/tests"
cat >"$toll/Makefile" <<'M'
all: ; touch all
check: ; @sh tests/run.sh
check-style: ; @yes toll.sh:1: long | head -c 9000000; false
lint: ; @awk '/[ \t]$$/ {print FILENAME ":" FNR ": blanks at its end"; bad = 1} END {exit bad}' *.sh
M
printf '%s\n' 'half() { echo $(($1 / 2)); }' '# The sign of it ' 'sign() { echo toll; }' >"$toll/half.sh"
printf '. ./half.sh\necho "$(sign) of $(half $1)"\n' >"$toll/toll.sh"
printf '[codespell]\nskip = none\n' >"$toll/.codespellrc"
printf 'repos:\n- repo: local\n  hooks:\n  - id: codespell\n    args: [--quiet-level=2]\n  - id: harbour-check\n' >"$toll/.pre-commit-config.yaml"
printf '{}\n' >"$toll/.prettierrc"
cat >"$toll/tests/run.sh" <<'S'
. ./half.sh
check() { n=$((n + 1)); [ "$2" = "$3" ] && echo "ok $n - $1" || printf 'not ok %d - %s\n# got %s, wanted %s\n' $n "$1" "$2" "$3"; }
echo 1..3
check "half of an even toll" "$(half 8)" 4
check "half of an odd toll" "$(half 7)" 4
check "e2e: a toll is paid" "$(sh toll.sh 8)" "toll of 4"
S
UP='{"path": "half.sh", "find": "echo $(($1 / 2)); }", "replace": "echo $((($1 + 1) / 2)); }'
task toll <<END
{"needs": ["half of an odd toll"], "answers": [
	{"unless": ["earlier attempts"], "summary": "With a blank", "edits": [$UP "}]},
	{"if": ["make lint in half.sh:1 (blanks at its end)"], "unless": ["codespell in"], "summary": "With a slip", "edits": [
		{"path": ".codespellrc", "find": "skip = none", "replace": "ignore-words-list = teh"}, $UP # round teh half up"}]},
	{"if": ["codespell in half.sh:1 (teh ==> the)"], "unless": ["end-to-end", "suppression in"], "summary": "With a mark", "edits": [$UP # shellcheck disable=all"}]},
	{"if": ["suppression in half.sh:1"], "unless": ["end-to-end"], "summary": "With another sign", "edits": [
		$UP"}, {"path": "half.sh", "find": "echo toll", "replace": "echo dues"}]},
	{"if": ["end-to-end cases ended worse with it: test/tests/e2e: a toll is paid"], "summary": "Round up", "edits": [$UP"}]}]}
END
models "$tmp/toll.json" toll "" '[{"context": 100, "candidates": 7}]'
fix --no-branch --models "$tmp/toll.json" "$toll"
id=$(json .run)
is "it is repaired, at last" "$status $(written '[.outcome, (.by | length)] | join(" ")')" "0 fixed 5"
is "what the lint target finds in a line that was touched is refused" "$(refused 0)" "dropped lint"
is "and that alone: what was there is no reason" "$(written '.by[0].lint.findings | map(.path + ":" + (.line | tostring) + " " + .kind) | join(", ")')" "half.sh:1 make lint"
is "a linter that is not there is installed for the look, and its settings are those from before" "$(refused 1)" "dropped lint"
is "a mark that tells a linter not to look is refused" "$(refused 2) $(written '.by[2].lint.findings | map(.path + ":" + (.line | tostring) + " " + .kind) | join(", ")')" "dropped lint half.sh:1 suppression"
is "a case of another level fails the gate of its level" "$(refused 3) $(gate 3 tests) $(gate 3 lint)" "dropped e2e passed not-run"
is "and is named there" "$(written '.by[3].gates[] | select(.worse) | .gate + ": " + (.worse | join(","))')" "e2e: test/tests/e2e: a toll is paid"
is "a change without any of it passes both" "$(written '.by[4].verdict') $(gate 4 lint) $(gate 4 e2e) $(gate 4 integration)" "kept passed passed not-run"
is "what is found by whom is told" "$(written '.by[4].lint.linters | map(.linter + "=" + .result) | sort | join(" ")')" \
	"codespell=passed harbour-check=not-run make check-style=not-run make lint=passed"
is "one that prints more than is read is not read by half" "$(written '.by[4].lint.linters[] | select(.linter == "make check-style") | .note | contains("printed too much")')" true
is "what cannot be run is told as not run, and why" "$(written '.by[4].lint.linters[] | select(.linter == "harbour-check") | .asked_by + ": " + .note')" \
	".pre-commit-config.yaml: no way is known to run it here"
has "in the pull request, too" "$state/runs/$id/pr.md" '- attempt 6, lint: `harbour-check (asked for by .pre-commit-config.yaml): not-run, no way is known to run it here`'
has "with what was refused" "$state/runs/$id/pr.md" '- attempt 2, lint: `half.sh:1: blanks at its end (make lint)`'
hasnt "what it needs is not installed where the application is" "$state/runs/$id/attempt-6/recipe/drydock.lock.json" codespell

# --- a change of so many files that a script which names them all is no word of a command line; a rule's
many=$tmp/many
cp -r "$apps/legacy-python2" "$many"
printf '[codespell]\nskip = none\n' >"$many/.codespellrc"
long=$(printf '%0220d' 0)
for i in $(seq 190); do echo 'print "a buoy"' >"$many/$long$i.py"; done
fix --no-branch "$many"
is "a change of many files is looked at" \
	"$status $(json '.outcome + " " + ([.attempts[] | select(.verdict == "kept") | (.fixes | length | tostring) + " " + (.gates[] | select(.gate == "lint") | .result)] | join(" "))')" "0 fixed 192 passed"

# --- lines that no test executes any more: C, which is built anew with counters
lock=$tmp/lock
mkdir -p "$lock/lib" "$lock/tests"
printf 'all: ; cc -O1 -o lock main.c lib/half.c\ncheck: ; @sh tests/run.sh ./lock\n' >"$lock/Makefile"
printf 'int half(int n);\n' >"$lock/lib/half.h"
printf '#include "half.h"\n\nint half(int n)\n{\n\treturn n / 2;\n}\n' >"$lock/lib/half.c"
printf '#include "lib/half.h"\n#include <stdio.h>\n#include <stdlib.h>\n\nint main(int argc, char **argv)\n{\n\tprintf("%%d\\n", half(atoi(argv[argc - 1])));\n\treturn 0;\n}\n' >"$lock/main.c"
cat >"$lock/tests/run.sh" <<'S'
check() { n=$((n + 1)); [ "$2" = "$3" ] && echo "ok $n - $1" || printf 'not ok %d - %s\n# got %s, wanted %s\n' $n "$1" "$2" "$3"; }
echo 1..3
check "half of an even gate" "$($1 8)" 4
check "half of an odd gate" "$($1 7)" 4
check "half of a large one" "$($1 2001)" 1001
S
task lock <<'END'
{"needs": ["half of an odd gate"], "answers": [
	{"unless": ["earlier attempts"], "summary": "With more than is asked", "edits": [{"path": "lib/half.c", "find": "\treturn n / 2;",
		"replace": "\tint up = (n + 1) / 2;\n\tif (n < -4)\n\t\tup = n / 2 - 1;\n\treturn up;"}]},
	{"if": ["tests execute less of what it touches than before: uncovered in lib/half.c:7 (no test executes it)"], "summary": "Round up", "edits": [
		{"path": "lib/half.c", "find": "\treturn n / 2;", "replace": "\treturn (n + 1) / 2;"}]}]}
END
models "$tmp/lock.json" lock "" '[{"context": 100, "candidates": 3}]'
fix --no-branch --models "$tmp/lock.json" "$lock"
is "a line that no test executes is refused where all were executed" "$status $(refused 0)" "0 dropped coverage"
is "by its number" "$(written '.by[0].coverage | [(.was | tojson), (.is | tojson), .findings[0].path, .findings[0].line] | map(tostring) | join(" ")')" "[1,1] [3,4] lib/half.c 7"
is "what is executed passes" "$(written '.by[1].verdict') $(gate 1 coverage) $(written '.by[1].coverage.is | tojson')" "kept passed [1,1]"
has "and is told" "$state/runs/$(json .run)/pr.md" ', coverage: `tests execute 1 of 1 touched lines, 1 of 1 before`'

# --- the same where tests took longer before than anybody waits for the change's: its journal says so
id=$(json .run)
# measured: the last gate of coverage, from there on once more
measured() {
	sqlite3 "$state/runs/$id/journal.db" "delete from step where id >= (select max(id) from step where key like 'fix/%/cover')"
	run "$drydock" resume --json --quiet --state "$state" "$id"
	echo "$status $(written '.by[1].verdict') $(gate 1 coverage) $(written '.by[1].coverage | [.is, .compared] | map(tojson) | join(" ")')"
}
is "what is forgotten is measured again" "$(measured)" "0 kept passed [1,1] true"
sqlite3 "$state/runs/$id/before/journal.db" "update step set result = json_set(result, '$.seconds', 5000.5) where key like 'attempt/%/tests'"
is "tests that hung before are not waited for again" "$(measured)" "0 kept not-run [1,1] false"

# --- Python, and a file of which nobody counts lines
mole=$tmp/mole
mkdir -p "$mole/tests"
printf 'all: ; touch all\ncheck: ; @sh tests/run.sh "python3 mole.py"\n' >"$mole/Makefile"
printf 'import half\nimport sys\n\nprint(half.half(int(sys.argv[1])))\n' >"$mole/mole.py"
printf 'def half(n):\n    return n // 2\n' >"$mole/half.py"
echo 'Rounds down.' >"$mole/NOTES"
{ # which would say itself what it executes
	cat "$lock/tests/run.sh"
	printf '%s\n' '(printf "L\t$PWD/half.py\t3\t1\n" >&3) 2>/dev/null || :'
} >"$mole/tests/run.sh"
task mole <<'END'
{"needs": ["half of an odd gate"], "answers": [
	{"unless": ["earlier attempts"], "summary": "With more than is asked", "edits": [{"path": "half.py", "find": "    return n // 2",
		"replace": "    if n < -4:\n        return n // 2 - 1\n    return (n + 1) // 2"}]},
	{"if": ["uncovered in half.py:3 (no test executes it)"], "summary": "Round up", "edits": [
		{"path": "half.py", "find": "return n // 2", "replace": "return (n + 1) // 2"},
		{"path": "NOTES", "find": "down", "replace": "up"}]}]}
END
models "$tmp/mole.json" mole "" '[{"context": 100, "candidates": 3}]'
fix --no-branch --models "$tmp/mole.json" "$mole"
is "the same of Python" "$status $(refused 0)" "0 dropped coverage"
is "and what nobody counts is told as not measured" "$(gate 1 coverage) $(written '.by[1].coverage | [(.is | tojson), .not_measured[0]] | join(" ")')" "passed [1,1] NOTES"

# --- nothing that was built before: there is nothing to compare with
bolt=$tmp/bolt
cp -r "$lock" "$bolt"
sed -i 's|n / 2;|(n + 1) / 2|' "$bolt/lib/half.c"
for how in told not-run; do
	[ $how = told ] && more='if (n < -4)\n\t\treturn n / 2 - 1;\n\t' || more=
	task bolt <<-END
	{"needs": ["half.c"], "answers": [{"summary": "End the line", "edits": [{"path": "lib/half.c", "find": "\treturn (n + 1) / 2", "replace": "\t${more}return (n + 1) / 2;"}]}]}
	END
	models "$tmp/bolt.json" bolt "" '[{"context": 100}]'
	fix --no-branch --models "$tmp/bolt.json" "$bolt"
	is "where nothing was built before, coverage is $how" "$status $(written '.by[0].verdict') $(gate 0 coverage) $(written '.by[0].coverage.compared')" "0 kept $how false"
done
has "and it is said that there is no before" "$state/runs/$(json .run)/pr.md" 'tests execute 1 of 1 touched lines, not measured before'

# --- and JavaScript
winch=$tmp/winch
mkdir -p "$winch/tests"
printf 'all: ; touch all\ncheck: ; @sh tests/run.sh "node winch.js"\n' >"$winch/Makefile"
printf 'console.log(require("./half.js")(Number(process.argv[2])));\n' >"$winch/winch.js"
printf 'module.exports = (n) => {\n\tif (n < -4)\n\t\tn += 4;\n\treturn n >> 1;\n};\n' >"$winch/half.js"
cp "$lock/tests/run.sh" "$winch/tests/run.sh"
task winch <<'END'
{"needs": ["half of an odd gate"], "answers": [{"summary": "Round up", "edits": [
	{"path": "half.js", "find": "\t\tn += 4;\n\treturn n >> 1;", "replace": "\t\tn += 2 + 2;\n\treturn (n + 1) >> 1;"}]}]}
END
models "$tmp/winch.json" winch "" '[{"context": 100}]'
fix --no-branch --models "$tmp/winch.json" "$winch"
is "of JavaScript, what was not executed before need not be now" "$status $(gate 0 coverage) $(written '.by[0].coverage | [.was, .is, [.findings[].line]] | map(tojson) | join(" ")')" \
	"0 passed [1,2] [1,2] [3]"
done_testing
