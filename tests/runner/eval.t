#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# drydock eval: cases with known answers, a configuration without a model and one with the stand-in, side by side; killed, it goes on.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/agents/authors.sh"
mkdir -p "$tmp/config/drydock"
# What an earlier evaluation kept is of other cases: their budget differs.
suite=$tmp/cases
cp -r tests/runner/suite "$suite"
sed -i "s|\.\./\.\./\.\./apps|$apps|; s/\"seconds\": 600/\"seconds\": $((600 + $$ % 10000))/" "$suite"/*/case.json

cat >"$tmp/tasks/right.json" <<'END'
{"needs": ["return sorted[n / 2];", "double most = 0;"], "answers": [{"summary": "Take the mean, begin with the first", "edits": [
	{"like": "return sorted.n / 2.;", "replace": "\treturn n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;"},
	{"like": "double most = 0;", "replace": "\tdouble most = readings[0];"}]}]}
END
models "$tmp/models.json" right "" '[{"context": 100}]'
echo '{"name": "rules"}' >"$tmp/rules.json"
echo '{"name": "with a model", "models": "models.json"}' >"$tmp/model.json"
evaluate() { run "$drydock" eval --quiet --state "$state" "$@"; }
# of CONFIG CASE EXPRESSION
of() { json ".configs[$1].results[] | select(.case == \"$2\") | $3"; }
VERDICT='[.solved, .outcome, .built, .visible_passed, .visible_failed, .hidden_passed, .hidden_failed] | map(tostring) | join(" ")'

before=$(digest "$apps/fix-readings")
# --- begun, and killed on the way: with all it began
evaluate --anew "$suite" --config "$tmp/none.json"
is "a configuration that is not there" "$status $(wc -l <"$tmp/err")" "2 1"
setsid "$drydock" eval --quiet --state "$state" --config "$tmp/rules.json" "$suite" >/dev/null 2>&1 &
evaluation=$!
begun() { id=$(newest_run "$suite/gauge/source") && [ -n "$id" ] && cat "$state"/evals/* | grep -q "$id"; }
eventually begun
kill -9 "$evaluation" 2>/dev/null
wait "$evaluation" 2>/dev/null
evaluate --json --config "$tmp/rules.json" --config "$tmp/model.json" "$suite"
cp "$tmp/out" "$tmp/first"
is "the run that was under way is the one that is judged" "$status $(of 0 gauge .run)" "0 $id"
is "what the rules repair: hidden tests pass, too" "$(of 0 tidebook "$VERDICT")" "true fixed true 1 0 2 0"
is "what they do not" "$(of 0 readings "$VERDICT")" "false stuck true 2 2 0 2"
is "a model does" "$(of 1 readings "$VERDICT")" "true fixed true 4 0 2 0"
is "what was never broken has hidden tests that fail all the same" "$(of 0 gauge "$VERDICT")" "false clean true 1 0 0 1"
is "what it cost" "$(of 0 readings '.usd == 0 and .tokens == 0') $(of 1 readings '.usd > 0 and .tokens > 0 and .seconds > 0')" "true true"
is "shares, with Wilson's interval" "$(json '.configs | map([.solved, .cases, (.solved_95[] * 1000 | round)] | map(tostring) | join(" ")) | join(", ")')" "1 3 61 792, 2 3 208 939"
is "side by side: one more, which says little" "$(json '.compared | [.only_first, .only_second, .sign_test_p] | map(tostring) | join(" ")')" "0 1 1"
is "the source is as it was, and what was hidden is not in it" "$(digest "$apps/fix-readings")" "$before"
hidden=$state/runs/$(of 1 readings .run)
ok "no author had the hidden tests in reach" sh -c '! grep -q "middle of six" "$1/requests.jsonl" "$2"/attempt-*/tests.jsonl "$2"/before/tests.jsonl' sh "$tmp" "$hidden"
has "they ran in the part that came after" "$hidden/later/hidden/tests.jsonl" "middle of six"
evaluate --json --config "$tmp/rules.json" --config "$tmp/model.json" "$suite"
is "what is done is not done again" "$(json 'del(.interval)' | sha256sum)" "$(json 'del(.interval)' "$tmp/first" | sha256sum)"
evaluate --config "$tmp/rules.json" "$suite"
has "as text" "$tmp/out" "rules: 1 of 3 solved, 95 % from 6 % to 79 % (Wilson)"

ok "nothing of it is left for later runs" sh -c 'ls "$2"/learnt/* >/dev/null && ! grep -q -F "$(jq -r ".configs[].results[].run" "$1")" "$2"/learnt/*' sh "$tmp/first" "$state"
mkdir "$tmp/one"
cp -r "$suite/readings" "$tmp/one"
cp "$tmp/models.json" "$tmp/config/drydock/models.json"
evaluate --json --config "$tmp/rules.json" "$tmp/one"
is "what was done with other models of the user's own is done again" "$(of 0 readings .solved)" "true"
rm "$tmp/config/drydock/models.json"

# --- hidden tests that do not run have failed; suites that are none
mkdir -p "$tmp/suite/a/hidden" "$tmp/suite/a/source" "$tmp/bare"
cp "$suite/gauge/source/Makefile" "$tmp/suite/a/source/"
printf 'all:\n\t@:\ncheck:\n\t@echo "ok 1 - it is there"; echo 1..1\n' >"$tmp/suite/a/hidden/Makefile"
echo '{"source": "source", "hidden": "hidden", "hidden_cases": 3, "budget": {"seconds": 60}}' >"$tmp/suite/a/case.json"
mkdir -p "$tmp/suite/b/hidden" "$tmp/suite/b/source"
printf 'all:\n\t@:\ncheck:\n\t@echo "PASS: quay"; echo "ERROR: pier"; echo "# TOTAL: 2"\n' >"$tmp/suite/b/source/Makefile"
printf 'all:\n\t@:\ncheck:\n\t@echo "PASS: quay"; echo "ERROR: pier"; echo "PASS: mole"; echo "# TOTAL: 3"\n' >"$tmp/suite/b/hidden/Makefile"
echo '{"source": "source", "hidden": "hidden", "hidden_cases": 1, "budget": {"seconds": 60}}' >"$tmp/suite/b/case.json"
evaluate --json "$tmp/suite"
is "a visible case that ends in an error has failed" "$(of 0 b '[.solved, .visible_passed, .visible_failed, .hidden_passed] | map(tostring) | join(" ")')" "false 1 1 1"
rm -r "$tmp/suite/b"
is "hidden tests that do not run have failed" "$(of 0 a '[.solved, .hidden_passed, .hidden_failed, .why] | map(tostring) | join(" ")')" "false 0 3 0 of the 3 hidden cases ran"
refused() { # NAME CASE.JSON MESSAGE
	echo "$2" >"$tmp/suite/a/case.json"
	evaluate "$tmp/suite"
	is "refused: $1" "$status $(wc -l <"$tmp/err") $(grep -c -e "$3" "$tmp/err")" "2 1 1"
}
refused "hidden tests within the source" '{"source": ".", "hidden": "hidden", "hidden_cases": 1, "budget": {"seconds": 60}}' 'within the source'
refused "no budget" '{"source": "source", "hidden": "hidden", "hidden_cases": 1}' 'budget'
refused "a key that means nothing" '{"source": "source", "hidden": "hidden", "hidden_cases": 1, "budget": {"seconds": 60}, "hiden": 1}' 'hiden'
evaluate "$tmp/bare"
is "refused: a directory without a case" "$status $(wc -l <"$tmp/err")" "2 1"
done_testing
