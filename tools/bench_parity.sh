#!/bin/bash
# A port against its original: the true one, and each of its planted changes, all in one tree that is stood up once.
#
#   bench_parity.sh all|"NAME..." [CASES] [SECONDS]
#
# A row a change: found or not, cases, calls, and calls that were known, until then, the first channel, the steps of the smallest case, seconds.
set -u
cd "$(dirname "$0")/.." || exit 1
root=$PWD drydock=$PWD/build/drydock
state=${DD_TEST_STATE:-$root/build/test-state}
apps=tests/apps table=tests/apps/cargobook-perl/planted.tsv
names=$1 cases=${2:-3000} seconds=${3:-600}
[ "$names" != all ] || names=$(cut -f1 "$table")
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
stand_up() { "$drydock" up --json --quiet --no-screens --state "$state" "$1" 2>/dev/null | jq -r 'select(.outcome == "up") | .run'; }
# compare PROGRAM ARGS...: the result to $tmp/result
compare() {
	"$drydock" qa parity --json --quiet --state "$state" --cases "$cases" --time "$seconds" --port "$@" "$original" "$port" >"$tmp/result" 2>"$tmp/said"
}
tree=$tmp/tree
cp -R "$apps/cargobook-perl" "$tree"
rm "$tree/planted.tsv"
for name in $names; do
	mkdir -p "$tree/changed/$name"
	perl "$apps/plant.pl" "$table" "$name" <"$apps/cargobook-perl/cargobook.pl" >"$tree/changed/$name/cargobook.pl" || exit 1
	chmod 755 "$tree/changed/$name/cargobook.pl"
done
original=$(stand_up "$apps/cargobook")
port=$(stand_up "$tree")
[ "$original" ] && [ "$port" ] || { echo "original or port was not stood up" >&2; exit 1; }

echo "| change | found | cases | calls | known | channel | steps | seconds |"
echo "|---|---|---|---|---|---|---|---|"
found=0 all=0
for name in $names; do
	start=$(date +%s)
	compare "./changed/$name/cargobook.pl" --differences 1
	all=$((all + 1))
	[ "$(jq '.differences | length' "$tmp/result")" = 0 ] || found=$((found + 1))
	jq -r --arg n "$name" --arg s $(($(date +%s) - start)) '"| \($n) | \(if .differences | length > 0 then "yes" else "no" end) | \(.cases) | \(.steps) | \(.remembered) | \(.differences[0].channels[0] // "") | \(.differences[0].case.steps // [] | length) | \($s) |"' "$tmp/result" ||
		head -n 1 "$tmp/said"
done
echo "found $found of $all"
compare ./cargobook.pl
jq -r '"the true port: \(.differences | length) differences in \(.cases) cases of \(.steps) calls, \(.remembered) of them known, \(.unsteady) unsteady, ended by \(.ended)"' "$tmp/result"
