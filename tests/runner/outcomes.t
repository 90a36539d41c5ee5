#!/bin/sh
# Every small application ends as it should, with its tests counted case by case and its source untouched.
. "$(dirname "$0")/../tap.sh"

tab=$(printf '\t')
while IFS=$tab read -r app outcome passed failures skipped package; do
	before=$(digest "$apps/$app")
	up "$apps/$app"
	is "$app: outcome, passed, failed, skipped, listed cases" \
		"$(json '[.outcome, .tests.passed, .tests.failed, .tests.skipped] | join(" ")') $(json .tests.cases | xargs cat | jq -s length)" \
		"$outcome $passed $failures $skipped $((passed + failures + skipped))"
	case $outcome in up | built) want=0 ;; *) want=1 ;; esac
	is "$app: exit status" "$status" "$want"
	is "$app: the source is as it was" "$(digest "$apps/$app")" "$before"
	[ "$app" != tiny-php ] || is "$app: another version of a library than is asked for is a question" \
		"$(json '.questions[] | [.id, .default, .blocking] | join(" ")')" "decision:version-psr/log use it false"
	[ "$app" != tiny-bench ] || is "$app: what is left out of the tests, and why, is told three times" \
		"$(json '(.features_off[].input), .questions[].id'; jq -r '.options[]' "$(json .recipe)" | grep '^tests=')" \
		"the Java package com.example.gauge
the Java package com.example.gauge.report
decision:test-sources
tests=without the sources that import com.example.gauge, which cannot be had (src/test/java/harbour/TideBenchmark.java:3)
tests=without the sources that import com.example.gauge.report, which cannot be had (src/test/java/harbour/TideBenchmark.java:4)"
	[ "$app" != tiny-benches ] || is "$app: no test is left, and that is the diagnosis" \
		"$(json '.diagnosis | .class, .where')" "no-provider
src/test/java/harbour/TideBenchmark.java:3"
	[ -z "$package" ] || is "$app: found $package, with its reason and a proof" \
		"$(json ".packages[] | select(.name == \"$package\") | [(.why | length > 0), (.proof | length > 0)] | join(\" \")")" "true true"
	case $outcome in
	*failed | unsatisfiable) ok "$app: the diagnosis says what and what to do" \
		jq -e '.diagnosis | (.class | length > 0) and (.text | length > 0) and (.way_out | length > 0)' "$tmp/out" ;;
	*) is "$app: no diagnosis" "$(json '.diagnosis.class // ""')" "" ;;
	esac
done <"$apps/outcomes.tsv"
done_testing
