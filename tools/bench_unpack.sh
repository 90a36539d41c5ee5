#!/usr/bin/env bash
# CPU time of unpacking one layer, digest check included: drydock, umoci, and gzip | tar for scale.
#
#   tools/bench_unpack.sh [ROUNDS] [STATE]
#
# The layer is the base image of STATE (built if it is absent) as one gzip blob. Each tool is measured as the whole
# command a user types; drydock starts with an empty store every time. The tools take turns, and nothing is deleted before
# the end: ext4 searches long for inodes right after a removal, which would be charged to whoever comes next.
set -eu
cd "$(dirname "$0")/.."
rounds=${1:-7}
state=${2:-${DD_TEST_STATE:-$PWD/build/test-state}}
drydock=$PWD/build/drydock
rootless=$([ "$(id -u)" = 0 ] || echo --rootless)
tmp=$(mktemp -d "${TMPDIR:-/tmp}/drydock-bench.XXXXXX")
trap 'chmod -R u+rwX "$tmp" && rm -rf "$tmp"' EXIT
for tool in umoci gzip tar; do
	command -v "$tool" >/dev/null || { echo "bench_unpack: $tool is not installed" >&2; exit 3; }
done

# --- one layer of the base image
"$drydock" image build --quiet --state "$state" >/dev/null
"$drydock" image export --quiet --compress none --state "$state" base "$tmp/base.tar" >/dev/null
mkdir "$tmp/base"
tar -C "$tmp/base" -xf "$tmp/base.tar"
# shellcheck disable=SC2086
umoci raw unpack $rootless --image "$tmp/base:latest" "$tmp/rootfs" >/dev/null 2>&1
tar --numeric-owner -C "$tmp/rootfs" -cf "$tmp/layer.tar" .
{ umoci init --layout "$tmp/lay" && umoci new --image "$tmp/lay:one" && umoci raw add-layer --image "$tmp/lay:one" "$tmp/layer.tar"; } >/dev/null 2>&1
rm "$tmp/base.tar" "$tmp/layer.tar"
blob=$(find "$tmp/lay/blobs/sha256" -type f -size +1M)
entries=$(gzip -dc "$blob" | tar -tf - | wc -l)
bytes=$(gzip -dc "$blob" | wc -c)
sleep 6 # what ext4 takes for a removal just now

# --- rounds
measure() { # NAME COMMAND...: adds "user sys" seconds to its list
	local name=$1 TIMEFORMAT='%U %S'
	shift
	{ time "$@" >"$tmp/log" 2>&1; } 2>>"$tmp/$name.times" || { cat "$tmp/log" >&2; exit 1; }
}
by_tar() { mkdir "$1" && gzip -dc "$blob" | tar -C "$1" -xf -; }
for ((i = 0; i <= rounds; i++)); do
	measure drydock "$drydock" image import --quiet --state "$tmp/state-$i" "$tmp/lay" one
	# shellcheck disable=SC2086
	measure umoci umoci unpack $rootless --image "$tmp/lay:one" "$tmp/umoci-$i"
	measure tar by_tar "$tmp/tar-$i"
done

# --- medians, without the first round, which warms the caches
median() { # FILE COLUMN (3: the sum)
	tail -n +2 "$1" | awk -v c="$2" '{ print c == 3 ? $1 + $2 : $c }' | sort -n |
		awk '{ v[NR] = $1 } END { printf "%.3f", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}
echo "one layer, $entries entries, $((bytes >> 20)) MiB ($(($(wc -c <"$blob") >> 20)) MiB as gzip), median of $rounds rounds, seconds of CPU"
echo
echo "| tool | user | sys | CPU | of umoci's |"
echo "|---|---|---|---|---|"
theirs=$(median "$tmp/umoci.times" 3)
for name in drydock umoci tar; do
	case $name in tar) label='gzip \| tar (no digest)' ;; *) label=$name ;; esac
	ours=$(median "$tmp/$name.times" 3)
	echo "| $label | $(median "$tmp/$name.times" 1) | $(median "$tmp/$name.times" 2) | $ours | $(awk "BEGIN { printf \"%.2f\", $ours / $theirs }") |"
done
awk "BEGIN { exit !($(median "$tmp/drydock.times" 3) <= 0.5 * $theirs) }" || {
	echo "drydock takes more than half of umoci's CPU time" >&2
	exit 1
}
