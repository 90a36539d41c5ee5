#!/bin/bash
# A port against its original: the true one, and each of its planted changes in a tree of its own, stood up and compared.
#
#   bench_parity.sh all|"NAME..." [CASES] [SECONDS]
#
# A row a change: found or not, cases and calls until then, the first channel, the steps of the smallest case, seconds.
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
# compare RUN CASES ARGS...: the result to $tmp/result
compare() {
	port=$1 of=$2
	shift 2
	"$drydock" qa parity --json --quiet --state "$state" --cases "$of" --time "$seconds" "$@" "$original" "$port" >"$tmp/result" 2>"$tmp/said"
}
original=$(stand_up "$apps/cargobook")
true_port=$(stand_up "$apps/cargobook-perl")
[ "$original" ] && [ "$true_port" ] || { echo "original or port was not stood up" >&2; exit 1; }

echo "| change | found | cases | calls | channel | steps | seconds |"
echo "|---|---|---|---|---|---|---|"
found=0 all=0
for name in $names; do
	tree=$tmp/$name
	cp -R "$apps/cargobook-perl" "$tree"
	rm "$tree/planted.tsv"
	perl "$apps/plant.pl" "$table" "$name" <"$apps/cargobook-perl/cargobook.pl" >"$tree/cargobook.pl" || exit 1
	port=$(stand_up "$tree")
	[ "$port" ] || { echo "| $name | was not stood up | | | | | |"; all=$((all + 1)); continue; }
	start=$(date +%s)
	compare "$port" "$cases" --differences 1
	all=$((all + 1))
	[ "$(jq '.differences | length' "$tmp/result")" = 0 ] || found=$((found + 1))
	jq -r --arg n "$name" --arg s $(($(date +%s) - start)) '"| \($n) | \(if .differences | length > 0 then "yes" else "no" end) | \(.cases) | \(.steps) | \(.differences[0].channels[0] // "") | \(.differences[0].case.steps // [] | length) | \($s) |"' "$tmp/result" ||
		head -n 1 "$tmp/said"
done
echo "found $found of $all"
compare "$true_port" "$cases"
jq -r '"the true port: \(.differences | length) differences in \(.cases) cases of \(.steps) calls, \(.unsteady) unsteady, ended by \(.ended)"' "$tmp/result"
