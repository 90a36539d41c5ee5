#!/bin/bash
# How many flakes of tests/apps/flaky are found and their cause named right, and how many stable tests are called flaky.
# A test is named for its cause: test_order_..., test_time_...; test_stable_... are none.
set -eu
cd "$(dirname "$0")/.."
repeats=${1:-20}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
build/drydock up --quiet --json ${STATE:+--state "$STATE"} tests/apps/flaky >"$out/up.json" || [ $? -eq 1 ]
start=$(date +%s)
build/drydock qa test --quiet --json ${STATE:+--state "$STATE"} --run "$(jq -r .run "$out/up.json")" --repeat "$repeats" >"$out/found.json" || [ $? -eq 1 ]
jq -r '
	[.cases[].name | select(test("^test_(order|time|random|network|resource)_"))] as $seeded |
	[.flakes[] | {id, cause, name: (.id | sub(".*/"; ""))}] as $found |
	[$found[] | select(.name as $n | .cause as $c | $n | startswith("test_" + $c + "_"))] as $right |
	($seeded[] as $n | ([$found[] | select(.name == $n)][0].cause // "not found") as $c | "\($n)\t\($c)"),
	"cause named right: \($right | length) of \($seeded | length)",
	"stable tests called flaky: \([$found[] | select(.name | startswith("test_stable_"))] | length) of \([.cases[] | select(.name | startswith("test_stable_"))] | length)"
' "$out/found.json"
echo "repeats: $repeats, $(($(date +%s) - start)) s"
