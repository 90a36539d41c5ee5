#!/bin/sh
# A replay ends as the run did that made the recipe: with its answers, without them, and on another tree.
. "$(dirname "$0")/../tap.sh"

replay() { run "$drydock" replay --json --quiet --state "$state" --offline "$@"; }
# facts: what must be the same in both
facts() { json '[.outcome, .diagnosis.class, .diagnosis.text, .diagnosis.where, .diagnosis.way_out, .tests.passed, .tests.failed,
	.build.system, (.features_off | length), (.questions[] | .id, .blocking)] | map(tostring) | join(" ")'; }

# --- tests that fail, and a question on the terminal in build and tests
mkdir "$tmp/ask"
cat >"$tmp/ask/Makefile" <<'M'
ask: ; @printf 'Name of the ship? ' && read name && echo "$$name" >ask
check: ; @printf 'Depth here? ' && read depth && echo 1..2 && echo ok 1 && test "$$depth" = 9 && echo ok 2 || echo not ok 2
M
printf '{"prompt:name-of-the-ship": "Gull", "prompt:depth-here": "7"}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$tmp/ask"
is "up: outcome" "$(json '[.outcome, .diagnosis.class] | join(" ")')" "tests-failed test-failure"
recipe=$(json .recipe)
want=$(facts)
replay --answers "$tmp/answers.json" "$recipe" "$tmp/ask"
is "the replay's outcome, diagnosis, counts and questions" "$(facts)" "$want"
is "it has one attempt, with its log" "$(json '.attempts | length') $(ls "$(json '.attempts[0].log')" >/dev/null && echo there)" \
	"1 there"
is "its recipe is the same" "$(jq -S 'del(.created)' "$(json .recipe)")" "$(jq -S 'del(.created)' "$recipe")"

# --- without answers it waits, as up does
replay "$recipe" "$tmp/ask"
is "no answer for the build" "$status $(json '[.outcome, .diagnosis.class, (.questions[] | select(.blocking) | .id, .where)] | join(" ")')" \
	"1 blocked needs-answer prompt:name-of-the-ship Makefile:1"
id=$(json .run)
printf '{"prompt:name-of-the-ship": "Gull"}\n' >"$tmp/half.json"
run "$drydock" resume --json --quiet --state "$state" --answers "$tmp/half.json" "$id"
is "resumed with it, none for the tests" "$status $(json '[.run, .outcome, (.questions[] | select(.blocking) | .id)] | join(" ")')" \
	"1 $id blocked prompt:depth-here"
printf '{"prompt:name-of-the-ship": "Gull", "prompt:depth-here": "9"}\n' >"$tmp/all.json"
run "$drydock" resume --json --quiet --state "$state" --answers "$tmp/all.json" "$id"
is "resumed with all" "$status $(json '[.run, .outcome] | join(" ")')" "0 $id up"

# --- what a replay makes is compared with what the run made
mkdir "$tmp/keel"
cat >"$tmp/keel/Makefile" <<'M'
keel: ; echo 'int main(void) { return 0; }' >k.c && cc -o keel k.c && echo "built $$(date +%s%N)" >stamp && echo knot >rope
check: ; @echo 1..2 && echo ok 1 - floats && echo "ok 2 - launched in /tmp/$$(date +%N)x after $$(date +%s%N)"
M
up "$tmp/keel"
made=$(json .recipe)
replay "$made" "$tmp/keel"
is "the same but for a time" "$(json '[.outcome, (.differences | to_entries[] | .key, (.value | length))] | join(" ")')" \
	"up missing 0 added 0 linked 0 text 0 bytes 1 tests 0 renamed 1"
is "which is named" "$(json '.differences.bytes[0]')" stamp
sed -i 's/cc -o keel k.c/cc -o keel k.c -Wl,--no-as-needed -lm/; s/>rope/>line/; s/floats/sinks/; s/"built/"made/' "$tmp/keel/Makefile"
replay "$made" "$tmp/keel"
is "of another tree everything" "$(json '[.differences | .missing[], .added[], .linked[], .text[]] | join(" ")')" \
	"rope line keel stamp"
is "and the tests" "$(json '[.differences.tests[] | .was, .is] | tostring')" '["passed",null,null,"passed"]'
run "$drydock" replay --quiet --state "$state" --offline "$made" "$tmp/keel"
has "people are told how many" "$tmp/out" "1 missing, 1 added, 1 linked, 1 text, 2 tests"

# --- without a package: what it is for; and installed anew
printf 'packages: [bc]\n' >"$tmp/more.yaml"
up --no-prune --facts "$tmp/more.yaml" "$apps/tiny-missing"
made=$(json .recipe)
layers() { sqlite3 "$state/runs/$(json .run)/journal.db" "select json_extract(result, '\$.layer') from step where key like 'replay/install/%'"; }
replay "$made" "$apps/tiny-missing"
stored=$(layers)
replay --install-anew "$made" "$apps/tiny-missing"
is "installed anew: outcome" "$(json .outcome)" up
ok "which is another layer" test "$(layers | head -n 1)" != "$(echo "$stored" | head -n 1)"
replay --without zlib1g-dev "$made" "$apps/tiny-missing"
is "without what it needs it does not build" "$(json '[.outcome, .recipe] | map(tostring) | join(" ")')" "build-failed null"
replay --without bc "$made" "$apps/tiny-missing"
is "without what it does not, all is the same" "$(json '[.outcome, .recipe, ([.differences[] | length] | add)] | map(tostring) | join(" ")')" \
	"up null 0"
replay --without gcc "$made" "$apps/tiny-missing"
is "what only it brings along goes with it" "$(json .outcome) $(grep -c 'cc: not found\|cc: No such file' "$state/runs/$(json .run)/logs/build.log")" "build-failed 1"
replay --without cargo "$made" "$apps/tiny-missing"
is "what the recipe does not install" "$status $(grep -c 'installs no package "cargo"' "$tmp/err")" "2 1"

# --- another tree
cp -R "$tmp/ask" "$tmp/other"
echo more >"$tmp/other/more"
replay --answers "$tmp/answers.json" "$recipe" "$tmp/other"
is "a replay on another tree works" "$(json .outcome)" tests-failed
has "and says so" "$tmp/err" "the source is not the one that the recipe was made of"
has "also in the report" "$(json .report)" "the source is not the one that the recipe was made of"
replay --answers "$tmp/answers.json" "$recipe" "$tmp/ask"
hasnt "on its own tree it says nothing" "$tmp/err" "the source is not"

# --- what is switched off stays told
jq '.features_off = [{feature: "sounding", input: "a lead line"}]' "$recipe" >"$tmp/off.json"
replay --answers "$tmp/answers.json" "$tmp/off.json" "$tmp/ask"
is "features that are off" "$(json '.features_off[0].feature')" sounding

# --- a lock that is not whole
refused() { # NAME JQ-FILTER TEXT
	jq "$2" "$recipe" >"$tmp/bad.json"
	replay --answers "$tmp/answers.json" "$tmp/bad.json" "$tmp/ask"
	is "$1 is a usage error" "$status" 2
	has "$1: which says what" "$tmp/err" "$3"
}
refused "a lock without archives" 'del(.batches)' "have no archive of"
refused "a package of another digest" '.packages[0].sha256 |= sub("^."; "x")' "have no archive of"
refused "a lock of another version" '.version = 99' "version 99"
printf '{}' >"$tmp/bad.json"
replay "$tmp/bad.json" "$tmp/ask"
is "no lock at all" "$status" 2
has "which is named" "$tmp/err" "$tmp/bad.json: recipe.commands"
done_testing
