#!/bin/bash
# Files that real commits changed, found from subject and one of the files: bench_intent.sh HISTORY [COMMITS [SKIP [BATCH]]].
#
# HISTORY is a git repository.  The newest COMMITS (default 120) first-parent commits, behind SKIP ones, that are no merges
# and changed 2 to 20 files are asked for, BATCH (default: all) to a map.  A map is made of the tree below the oldest commit
# of its batch, with the history up to there and nothing of what came after.  The seed is one of the files that the commit
# changed, drawn by the commit's id; files that the map does not have are missed.
set -eu
history=${1:?HISTORY=DIR}
want=${2:-120}
skip=${3:-0}
batch=${4:-$want}
drydock=$PWD/build/drydock
tmp=$(mktemp -d "${TMPDIR:-/tmp}/drydock-intent.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
git clone --quiet --no-checkout "$history" "$tmp/tree"
cd "$tmp/tree"
git log --first-parent --no-merges --skip="$skip" --max-count=$((want * 4)) --no-renames --diff-filter=M --name-only \
	--format='%x01%H%x02%s' >"$tmp/log"
# one line a commit: id, subject, files; only those of 2 to 20 files
awk -v want="$want" 'BEGIN { RS = "\1"; FS = "\n" }
	NR > 1 { n = 0; files = ""
		for (i = 2; i <= NF; i++) if ($i != "") { n++; files = files "\t" $i }
		if (n >= 2 && n <= 20 && got < want) { got++; split($1, head, "\2"); print head[1] "\t" head[2] files } }' "$tmp/log" >"$tmp/commits"
git for-each-ref --format='%(refname)' >"$tmp/refs"
git checkout --quiet --detach "$(tail -n 1 "$tmp/commits" | cut -f1)^"
while read -r ref; do git update-ref -d "$ref"; done <"$tmp/refs"
cd - >/dev/null

map_of() { # the commits in $tmp/batch
	git -C "$tmp/tree" checkout --quiet --detach "$(tail -n 1 "$tmp/batch" | cut -f1)^"
	"$drydock" graph ingest --quiet --threads 2 --db "$tmp/map.db" "$tmp/tree"
	"$drydock" graph sql --db "$tmp/map.db" 'SELECT path FROM files' >"$tmp/have"
}
ask() { # LINE
	id=${1%%$'\t'*}
	printf '%s\n' "$1" | cut -f3- | tr '\t' '\n' | sort >"$tmp/changed"
	grep -Fxf "$tmp/have" "$tmp/changed" >"$tmp/truth" || return 0
	seed=$(sed -n "$((0x${id:0:6} % $(wc -l <"$tmp/truth") + 1))p" "$tmp/truth")
	"$drydock" graph likely --db "$tmp/map.db" --max 20 --seed "$seed" --json "$(printf '%s\n' "$1" | cut -f2)" |
		jq -r '.files[].file' | sort >"$tmp/found"
	printf '%s\t%s\t%s\t%s\n' "$id" "$(wc -l <"$tmp/changed")" "$(comm -12 "$tmp/truth" "$tmp/found" | wc -l)" "$seed"
}
split -l "$batch" "$tmp/commits" "$tmp/part."
for part in "$tmp"/part.*; do
	cp "$part" "$tmp/batch"
	map_of >/dev/null
	while IFS= read -r line; do ask "$line"; done <"$tmp/batch"
done >"$tmp/result"
awk -F'\t' '{ with += $3 / $2; without += ($3 - 1) / ($2 - 1); hits += $3 - 1; of += $2 - 1 }
	END { printf "%d commits; R@20 of the files beside the seed: %.3f (mean of commits), %.3f (of all files); with the seed: %.3f\n",
		NR, without / NR, hits / of, with / NR }' "$tmp/result"
[ -z "${KEEP:-}" ] || cp "$tmp/result" "$KEEP"
