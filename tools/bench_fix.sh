#!/bin/bash
# `make bench-fix [OLD_C="archive..."]`: what repairs are worth, part by part.  A part that is not given what it needs
# says that it was not run.
#
#   OLD_C    archives or directories of old C (default: those in $BENCH_CACHE/old-c)
#   STATE    state directory, kept for the next time; OUT: results
set -u
export LC_ALL=C.UTF-8
top=$(cd "$(dirname "$0")/.." && pwd)
out=${OUT:-$top/build/bench-fix}
state=${STATE:-$out/state}
cache=${BENCH_CACHE:-$HOME/.cache/drydock-bench}
limit=${LIMIT:-1200}
mkdir -p "$out"
cd "$top" || exit 2

# row WHAT VALUE WANTED
row() { printf '%-64s %-24s %s\n' "$1" "$2" "$3"; }

# Edits at random, ten thousand of them.
part_edits() {
	local said
	said=$(DD_FUZZ_EDITS=${EDITS:-10000} build/release/tests/agents/test_edit 2>&1 | sed -n 's/^# \(.*corrupted\)$/\1/p')
	row "fuzzed edits" "${said:-failed}" "0 corrupted"
}

# Units that compile as they are and fail under what compilers of today refuse, of whole packages; at most $FILES of them (0: all),
# in the order of their paths.
part_old_c() {
	local list=("$@") a name
	[ ${#list[@]} -gt 0 ] || list=("$cache"/old-c/*.tar.*)
	if [ ! -e "${list[0]}" ]; then
		row "old C" "not run" "give OLD_C=\"archive...\""
		return
	fi
	: >"$out/units.tsv"
	for a in "${list[@]}"; do
		name=$(basename "$a")
		timeout -k 10 "$limit" build/drydock fix --strict --json --quiet --no-branch --state "$state" "$a" \
			>"$out/$name.json" 2>"$out/$name.err"
		# The first look at a unit has its errors as they were, the last what is left.
		jq -r --arg name "$name" '[.attempts[] | . as $a | .units[]? | . + {kept: ($a.verdict == "kept")}]
			| group_by(.path)[] | [$name, .[0].path, .[0].before,
				(if ([.[] | select(.kept)] | length) > 0 then ([.[] | select(.kept)] | last.after) else .[0].before end),
				(map(.symbols) | if index("changed") then "changed" elif .[0] == "unknown" then "unknown" else "same" end)]
			| @tsv' "$out/$name.json" >>"$out/units.tsv" 2>/dev/null
		row "  $name" "$(jq -r '[.before.outcome, .after.outcome, .outcome] | join(" ")' "$out/$name.json" 2>/dev/null || echo "no result")" ""
	done
	# Those that did not compile before fail for other reasons.
	awk -F'\t' '$5 != "unknown"' "$out/units.tsv" | awk -v n="${FILES:-0}" '!n || NR <= n' >"$out/counted.tsv"
	awk -F'\t' '
		{ files++; before += $3; after += $4; clean += !$4; changed += $5 == "changed" }
		END {
			if (!files) exit 1
			printf "old C: files clean\t%d of %d (%d %%)\tat least 80 %%\n", clean, files, 100 * clean / files
			printf "old C: errors gone\t%d of %d (%d %%)\tat least 92 %%\n", before - after, before, 100 * (before - after) / before
			printf "old C: objects whose undefined symbols changed\t%d\t0\n", changed
		}' "$out/counted.tsv" | while IFS=$(printf '\t') read -r what value wanted; do row "$what" "$value" "$wanted"; done
}

part_edits
# shellcheck disable=SC2086
part_old_c ${OLD_C:-}
