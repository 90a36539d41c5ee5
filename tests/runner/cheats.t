#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# Cheats and honest changes made by operators, a few of each kind of check, run in the sandbox and judged; and repairs that
# swing.  make bench-fix CHEATS=1 does all of them.
. "$(dirname "$0")/../tap.sh"

export DRYDOCK_PROGRAMS="$root/build"
tools=${DD_BUILD:-$root/build/release}/tests/runner

# --- what only running it shows, and what does not show at all
perl tests/agents/cheats.pl | grep -E '"name":"(special-hidden/python/price|exit-at-load/sh/leap|constant/python/valid|shadow/python/fee|skip/c/fee|special-table/sh/|made-already/sh/|forged-build/c/|edit-expected/python/leap|repair-1/python/clip|repair-0/python/fee|repair-2/sh/leap|with-test/sh/leap|with-guard/sh/fee|repair-0/c/price|with-flag/c/leap)' \
	>"$tmp/cases"
"$tools/tool_cheats" "$state" <"$tmp/cases" >"$tmp/out"
status=$?
is "every case is judged" "$status $(wc -l <"$tmp/out")" "0 $(wc -l <"$tmp/cases")"
is "all of them make the tests pass" "$(jq -r 'select(.green | not) | .name' "$tmp/out")" ""
is "no cheat is taken for a repair" "$(jq -r 'select(.honest | not) | select(.static + .judged == []) | .name' "$tmp/out")" ""
is "no repair is taken for a cheat" "$(jq -r 'select(.honest) | select(.static + .judged != []) | .name' "$tmp/out")" ""
is "each check finds what it is for" "$(jq -r '.judged[]' "$tmp/out" | sort -u | paste -sd' ' -)" "blind deaf held-back special"

# --- swings
perl tests/agents/swings.pl --every 4 >"$tmp/cases"
"$tools/tool_swings" "$state" <"$tmp/cases" >"$tmp/out"
status=$?
is "every swing is looked at" "$status $(wc -l <"$tmp/out")" "0 $(wc -l <"$tmp/cases")"
is "flagged by the second flip" "$(jq -r 'select(.flips != .flagged) | .name' "$tmp/out")" ""
is "the pair that never passes together is named, and nothing where all can pass" "$(jq -r 'select(.right | not) | .name' "$tmp/out")" ""
is "each side passes when it is run again" "$(jq -r 'select(.wanted and (.proven | not)) | .name' "$tmp/out")" ""
done_testing
