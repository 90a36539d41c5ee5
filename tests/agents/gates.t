#!/bin/sh
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
	{"if": ["codespell in half.sh:1 (teh ==> the)"], "unless": ["end-to-end"], "summary": "With another sign", "edits": [
		$UP"}, {"path": "half.sh", "find": "echo toll", "replace": "echo dues"}]},
	{"if": ["end-to-end cases ended worse with it: test/tests/e2e: a toll is paid"], "summary": "Round up", "edits": [$UP"}]}]}
END
models "$tmp/toll.json" toll "" '[{"context": 100, "candidates": 6}]'
fix --no-branch --models "$tmp/toll.json" "$toll"
id=$(json .run)
is "it is repaired, at last" "$status $(written '[.outcome, (.by | length)] | join(" ")')" "0 fixed 4"
is "what the lint target finds in a line that was touched is refused" "$(refused 0)" "dropped lint"
is "and that alone: what was there is no reason" "$(written '.by[0].lint.findings | map(.path + ":" + (.line | tostring) + " " + .kind) | join(", ")')" "half.sh:1 make lint"
is "a linter that is not there is installed for the look, and its settings are those from before" "$(refused 1)" "dropped lint"
is "a case of another level fails the gate of its level" "$(refused 2) $(gate 2 tests) $(gate 2 lint)" "dropped e2e passed not-run"
is "and is named there" "$(written '.by[2].gates[] | select(.worse) | .gate + ": " + (.worse | join(","))')" "e2e: test/tests/e2e: a toll is paid"
is "a change without any of it passes both" "$(written '.by[3].verdict') $(gate 3 lint) $(gate 3 e2e) $(gate 3 integration)" "kept passed passed not-run"
is "what is found by whom is told" "$(written '.by[3].lint.linters | map(.linter + "=" + .result) | sort | join(" ")')" \
	"codespell=passed harbour-check=not-run make lint=passed"
is "what cannot be run is told as not run, and why" "$(written '.by[3].lint.linters[] | select(.linter == "harbour-check") | .asked_by + ": " + .note')" \
	".pre-commit-config.yaml: no way is known to run it here"
has "in the pull request, too" "$state/runs/$id/pr.md" '- attempt 5, lint: `harbour-check (asked for by .pre-commit-config.yaml): not-run, no way is known to run it here`'
has "with what was refused" "$state/runs/$id/pr.md" '- attempt 2, lint: `half.sh:1: blanks at its end (make lint)`'
hasnt "what it needs is not installed where the application is" "$state/runs/$id/attempt-5/recipe/drydock.lock.json" codespell
done_testing
