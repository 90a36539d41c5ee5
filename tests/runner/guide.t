#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# The guide says what is proven and what is left, by rules that anybody can compute again.
. "$(dirname "$0")/../tap.sh"

# guide: of the last run, to $tmp/guide.json and $tmp/guide.md
guide() {
	id=$(json .run)
	"$drydock" guide --json --state "$state" "$id" >"$tmp/guide.json"
	"$drydock" guide --state "$state" "$id" >"$tmp/guide.md"
}
of() { jq -r "$1" "$tmp/guide.json"; }
whole='all(.items[]; .hours_low > 0 and .hours_high >= .hours_low and (.basis | length > 0) and (.skill | length > 0)
	and (.why | length > 0) and (.first_step | length > 0) and (.path | length > 0) and (.id | length > 0))
	and ((.items | length) > 0)'
computed='(.percent - ([.parts[] | .weight * .done] | add) | fabs) < 0.001 and ([.parts[].weight] | add) == 100
	and (.hours_low - ([.items[].hours_low] | add) | fabs) < 0.001 and (.hours_high - ([.items[].hours_high] | add) | fabs) < 0.001'
sound() { is "$1: every item is whole, every sum is right" "$(of "$whole") $(of "$computed")" "true true"; }

# --- one test of many fails
up --answers "$apps/harbourbook.answers.json" "$apps/harbourbook"
passed=$(json .tests.passed) total=$(json '.tests | .passed + .failed + .skipped')
guide
sound "tests-failed"
is "asked and outcome" "$(of '[.asked, .outcome] | join("; ")')" "find out what harbourbook needs, build it and run its tests; tests-failed"
is "the percentage is that of its parts" "$(of '.percent | . * 1000 | round')" "$(awk "BEGIN { printf \"%.0f\", (65 + 35 * $passed / $total) * 1000 }")"
is "the failing test is left" "$(of '[.items[] | select(.gap == "major")] | map(.id) | join(" ")')" "test:$(jq -r 'select(.status == "failed") | .id' "$(json .tests.cases)")"
is "what was answered is not" "$(of '[.items[] | select(.id | startswith("question:"))] | length')" 0
is "a person has to review" "$(of '[.items[] | select(.gap == "review") | .id] | join(" ")')" "review:application review:recipe"
has "the same in words" "$tmp/guide.md" "$(of '.items[0].task')"
page=$state/runs/$id/guide.html
has "and as a page" "$page" "Proven:"
hasnt "that needs no script" "$page" "<script"
has "and loads nothing" "$page" "default-src 'none'"
of '.items | map(.id)' >"$tmp/first"
up --answers "$apps/harbourbook.answers.json" "$apps/harbourbook"
guide
is "the same thing has the same id in another run" "$(of '.items | map(.id)')" "$(cat "$tmp/first")"

# --- something blocks
up "$apps/legacy-licence"
guide
sound "blocked"
is "the question comes first" "$(of '.items[0] | [.gap, .id] | join(" ")')" "critical question:env:HARBOUR_PORT"
is "inputs are not proven" "$(of '.parts[] | select(.name == "inputs") | .done')" 0
ok "and it says how to go on" sh -c 'grep -q "drydock resume $1 --answers" "$2"' sh "$id" "$tmp/guide.md"

# --- nothing can be done here
up "$apps/legacy-python2"
guide
sound "unsatisfiable"
is "it is work for a developer" "$(of '.items[0] | [.gap, .id, .skill] | join("; ")')" "critical; build:toolchain-too-new; developer of the language"
is "nothing of build and tests is proven" "$(of '[.parts[] | select(.name != "inputs") | .done] | add')" 0

# --- all is well, and no test ran
up "$apps/tiny-make"
guide
sound "up"
is "all is proven" "$(of '.percent == 100')" true
is "what is left is to look" "$(of '[.items[].gap] | unique | join(" ")')" review
up "$apps/tiny-notests"
guide
sound "built"
is "without tests a part is not proven" "$(of '[.percent == 65, .items[0].id] | join(" ")')" "true untested:all"

# --- many cases of one cause, and names that are attacks
mkdir "$tmp/many"
cat >"$tmp/many/Makefile" <<'X'
all:
check:
	@sh cases.sh
X
cat >"$tmp/many/cases.sh" <<'X'
echo 1..12
for i in 1 2 3 4 5 6 7 8 9 10; do echo "not ok $i - pier $i"; done
echo 'not ok 11 - <script>alert(1)</script> [x](http://evil.invalid) `id` | mole'
echo 'ok 12 - quay'
exit 1
X
up "$tmp/many"
guide
sound "many"
is "a cause is told once" "$(of '[.items[] | select(.gap == "major")] | length < 5')" true
hasnt "no markup of the target's in the page" "$state/runs/$id/guide.html" "<script"
ok "nor in Markdown" sh -c '! grep -E "(^|[^\\\\])(<script|\[x\]|\| mole)" "$1"' sh "$tmp/guide.md"

run "$drydock" guide --state "$state" nothing
is "a run that is not there" "$status" 2
done_testing
