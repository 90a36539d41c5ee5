#!/bin/bash
# Call edges of small Python programs against the call graphs that come with them: the layout of the PyCG micro-benchmark,
# DIR/**/callgraph.json ({"caller": ["callee", ...]}, dotted names) beside the program's files.  Counted are edges that end
# in a file of the program; what ends elsewhere has no name of ours.  With VERBOSE=1 each edge that differs is told.
#
#   bench_pycg.sh DRYDOCK STATE DIR
set -u
drydock=$1 state=$2 dir=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Pairs of which the second is below a module of the program: "main", "package.module", of package/__init__.py "package".
inside() {
	awk 'NR == FNR { m[$1] = 1; next }
		{ n = $2; while (!(n in m) && sub(/\.[^.]*$/, "", n)); if (n in m && $1 != "") print $1, $2 }' "$work/modules" - | LC_ALL=C sort -u
}

find "$dir" -name callgraph.json -printf '%h\n' | LC_ALL=C sort >"$work/cases"
while read -r case; do
	rm -rf "$work/tree"
	mkdir "$work/tree"
	(cd "$case" && find . -name '*.py' -type f | tar -cf - -T -) | tar -xf - -C "$work/tree"
	(cd "$work/tree" && find . -name '*.py' | sed -e 's|^\./||' -e 's|\.py$||' -e 's|/__init__$||' -e 's|/|.|g') >"$work/modules"
	jq -r 'to_entries[] | .key as $k | .value[] | "\($k) \(.)"' "$case/callgraph.json" | inside >"$work/truth"
	"$drydock" graph ingest --anew --quiet --no-history --state "$state" --db "$work/map.db" "$work/tree" >/dev/null
	"$drydock" graph export --state "$state" --db "$work/map.db" |
		jq -r 'select((.kind == "calls" or .kind == "may-call") and .dst.file != null) | "\(.src.name) \(.dst.name)"' |
		sed -e 's|^\([^ ]*\)\.py |\1 |' -e 's|^\([^ ]*\)/__init__ |\1 |' | awk '{ gsub("/", ".", $1); print }' | inside >"$work/ours"
	printf '%s %s %s %s\n' "${case#"$dir"/}" "$(LC_ALL=C comm -12 "$work/truth" "$work/ours" | wc -l)" \
		"$(LC_ALL=C comm -13 "$work/truth" "$work/ours" | wc -l)" "$(LC_ALL=C comm -23 "$work/truth" "$work/ours" | wc -l)"
	if [ -n "${VERBOSE:-}" ]; then
		LC_ALL=C comm -13 "$work/truth" "$work/ours" | sed "s|^|# ${case#"$dir"/} too many: |"
		LC_ALL=C comm -23 "$work/truth" "$work/ours" | sed "s|^|# ${case#"$dir"/} missing: |"
	fi
done <"$work/cases" >"$work/counts"
grep '^#' "$work/counts"
grep -v '^#' "$work/counts" | awk '{ n++; right += $2; wrong += $3; missed += $4; exact += !$3 && !$4; sound += !$4; complete += !$3 }
	END { printf "PyCG     %d of %d exact (%d without one too many, %d without one missing), precision %.3f, recall %.3f\n", exact, n, complete, sound,
		right / (right + wrong), right / (right + missed) }'
