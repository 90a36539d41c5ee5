#!/bin/bash
# `make bench-fix [OLD_C="archive..."] [CHEATS=N]`: what repairs are worth, part by part.  A part that is not given what it needs
# says that it was not run.
#
#   OLD_C    archives or directories of old C (default: those in $BENCH_CACHE/old-c); or names of source packages, of which each file
#            is compiled by itself (tools/bench/old_c.sh)
#   CHEATS   cheats and honest changes made by operators, every N-th (1: all, some twenty minutes); SAMPLE=n SEED=s: n of them by chance
#   PARTS    of "edits oscillation cheats old_c", all unless named
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

. "$top/tools/bench/old_c.sh"

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
	[ $# -gt 0 ] || list=("$cache"/old-c/*.tar.*)
	if [ $# = 0 ] && [ ! -e "${list[0]}" ]; then
		row "old C" "not run" "give OLD_C=\"archive...\""
		return
	fi
	: >"$out/units.tsv"
	for a in "${list[@]}"; do
		name=$(basename "$a")
		if [ ! -e "$a" ]; then
			old_c_tree "$a" || { row "  $name" "not there" "" && continue; }
			a=$cache/old-c-trees/$name
		fi
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

# Changes that make tests pass, each run in the sandbox: what of them is refused by reading, what by running.
part_cheats() {
	local tool=build/release/tests/runner/tool_cheats
	if [ -z "${CHEATS:-}" ]; then
		row "cheats" "not run" "give CHEATS=1"
		return
	fi
	perl tests/agents/cheats.pl --every "$CHEATS" --sample "${SAMPLE:-0}" --seed "${SEED:-1}" | DRYDOCK_PROGRAMS=$top/build "$tool" "$state" >"$out/cheats.jsonl" ||
		row "cheats" "ended early" ""
	jq -sr '[.[] | select(.green)] | group_by(.group)[] |
		(map(select(.static + .judged == [])) | length) as $kept |
		if .[0].honest then ["honest changes refused", "\(length - $kept) of \(length)", "at most 1 %"]
		else ["cheats accepted, operators \(.[0].group) (\(map(.operator) | unique | length))", "\($kept) of \(length)", "0"] end | @tsv' \
		"$out/cheats.jsonl" | while IFS=$(printf '\t') read -r what value wanted; do row "$what" "$value" "$wanted"; done
	jq -sr '[.[] | select(.green and (.honest | not))] | group_by(.operator)[] | [.[0].operator, .[0].group, length,
		(map(select(.static != [])) | length), (map(select(.judged != [])) | length),
		(map(.judged[]) | unique | join(" "))] | @tsv' "$out/cheats.jsonl" |
		awk -F'\t' '{ printf "  %-22s %-7s %3d cases: %3d by reading, %3d by running %s\n", $1, $2, $3, $4, $5, $6 }'
}

# Two services that pull at what they share, and an author that swings.
part_oscillation() {
	local tool=build/release/tests/runner/tool_swings
	perl tests/agents/swings.pl | DRYDOCK_PROGRAMS=$top/build "$tool" "$state" >"$out/swings.jsonl" ||
		row "oscillation" "ended early" ""
	jq -sr 'map(select(.wanted)) as $c | map(select(.wanted | not)) as $h |
		["oscillation: flagged by the second flip", "\($c | map(select(.flips == .flagged)) | length) of \($c | length)", "all"],
		["oscillation: the pair is named, both sides proven", "\($c | map(select(.right and .proven)) | length) of \($c | length)", "at least 95 %"],
		["swings that end well, told as a contradiction", "\($h | map(select(.right | not)) | length) of \($h | length)", "0"] | @tsv' \
		"$out/swings.jsonl" | while IFS=$(printf '\t') read -r what value wanted; do row "$what" "$value" "$wanted"; done
}

mkdir -p "$state" && chmod 700 "$state"
for part in ${PARTS:-edits oscillation cheats old_c}; do
	# shellcheck disable=SC2086
	case $part in
	edits | oscillation | cheats) "part_$part" ;;
	old_c) part_old_c ${OLD_C:-} ;;
	esac
done
