#!/usr/bin/env bash
# `make bench-sandbox`: what the sandbox costs, beside a floor and what is installed of its peers, as a table.
#
#   tools/bench_sandbox.sh PROGRAMS [ROUNDS] [ZLIB]     PROGRAMS: directory of the built tools/bench/*.c
#
# Each command is measured as a user types it, one of each a round, so that a machine that drifts drifts for all of
# them. The floor (tools/bench/floor.c, static) makes the same namespaces, overlay, /proc and devices, and nothing for
# safety; the peers get the same root file system as a directory, without an overlay (firejail, whose default allows no
# other root, this machine's). CPU time is that of all processes, those that are still at work when the command has
# returned included; work of the kernel's own threads is not.
#
# ZLIB: an archive of zlib's source, for the traced build. Rows that need what is not there are left out and named.
set -u
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/.." || exit 2
bench=$(cd "$1" && pwd)
rounds=${2:-60}
zlib=${3:+$(realpath "$3")}
state=${DD_TEST_STATE:-$PWD/build/test-state}
drydock=$PWD/build/drydock
export DRYDOCK_STATE=$state DRYDOCK_PROGRAMS=$PWD/build
tmp=$(mktemp -d "${TMPDIR:-/tmp}/drydock-bench.XXXXXX")
trap 'rm -rf "$tmp" "$state/bench-uppers"' EXIT

# crun refuses machines with both versions of control groups: everything runs without a view of the second.
if [ "$(id -u)" = 0 ] && [ -d /sys/fs/cgroup/unified ] && [ -z "${BENCH_PRIVATE:-}" ]; then
	trap - EXIT
	rm -rf "$tmp"
	exec env BENCH_PRIVATE=1 unshare --mount sh -c 'umount /sys/fs/cgroup/unified; exec bash "$@"' sh "$0" "$bench" "$rounds" "$zlib"
fi

# --- the root file system: layers for the floor, a directory for the peers
"$drydock" image build --quiet --state "$state" >/dev/null || exit 1
mkdir -p "$tmp/rootfs" "$state/bench-uppers"
"$drydock" sandbox run --quiet -- tar --one-file-system --ignore-failed-read -C / -cf - bin etc home lib lib64 mnt opt root sbin srv usr var \
	2>/dev/null | tar -C "$tmp/rootfs" -xf -
mkdir -p "$tmp"/rootfs/{proc,dev,sys,tmp,run}
layers=$(sed -n 's/^layer //p' "$state/images/base.ref" | tac | sed "s|.*|$state/layers/&/fs|" | paste -sd:)
base_id=$(sed -n 's/^root //p' "$state/mode")
floor="$bench/floor $state/bench-uppers ${base_id:-0} $layers"

commands=() absent=()
# peer NAME COMMAND: it takes part when it is there and works
peer() {
	if ! command -v "$1" >/dev/null; then
		absent+=("$1 (not installed)")
	elif ! sh -c "exec $2" >/dev/null 2>"$tmp/why"; then
		absent+=("$1 ($(tail -n 1 "$tmp/why" | cut -c1-100))")
	else
		commands+=("$1" "$2")
	fi
}
# bundle TOOL: an OCI bundle that runs /bin/true with the tool's own default specification
bundle() {
	mkdir -p "$tmp/$1"
	command -v "$1" >/dev/null && (cd "$tmp/$1" && "$1" spec $([ "$(id -u)" = 0 ] || echo --rootless)) &&
		sed -i -e 's/"terminal": true/"terminal": false/' -e 's|"sh"|"/bin/true"|' -e "s|\"path\": \"rootfs\"|\"path\": \"$tmp/rootfs\"|" "$tmp/$1/config.json"
}
bundle crun
bundle runc
commands+=("fork and exec" /bin/true)
commands+=(floor "$floor /bin/true" drydock "$drydock sandbox run -- /bin/true")
peer bwrap "bwrap --unshare-all --ro-bind $tmp/rootfs / --proc /proc --dev /dev /bin/true"
peer crun "crun --root $tmp/crun/state run --bundle $tmp/crun drydock-bench-crun"
peer runc "runc --root $tmp/runc/state run --bundle $tmp/runc drydock-bench-runc"
peer firejail "firejail --quiet --noprofile --net=none --private /bin/true"

# --- the start of a sandbox
sleep 6 # ext4 searches long for inodes right after a removal
"$bench/rounds" "$rounds" "${commands[@]}" >"$tmp/starts" </dev/null || exit 1
echo "\`/bin/true\`, $rounds interleaved rounds, milliseconds; load $(cut -d' ' -f1-2 /proc/loadavg):"
echo
echo "| command | median | fastest tenth | CPU | failed |"
echo "|---|---|---|---|---|"
sed 's/\t/ | /g; s/^/| /; s/$/ |/' "$tmp/starts"

# --- the table
declare -a rows=()
of() { awk -F'\t' -v n="$1" -v c="$2" '$1 == n { print $c }' "$tmp/starts"; }
# row WHAT VALUE MOST [least]: does the value keep to what is asked for?
row() {
	local kept
	kept=$(awk -v v="$2" -v m="$3" -v s="${4:-most}" 'BEGIN { print (s == "least" ? v + 0 >= m : v + 0 <= m) ? "yes" : "no" }')
	rows+=("| $1 | $2 | at ${4:-most} $3 | $kept |")
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
for other in floor:1.25 bwrap:1.0 crun:0.5; do
	name=${other%:*}
	[ -n "$(of "$name" 2)" ] || continue
	row "\`/bin/true\` in the full sandbox, times $name (medians)" "$(ratio "$(of drydock 2)" "$(of "$name" 2)")" "${other#*:}"
	row "the same, fastest tenth" "$(ratio "$(of drydock 3)" "$(of "$name" 3)")" "${other#*:}"
done
value() { awk -F'\t' -v n="$1" '$1 == n { print $2 }' "$tmp/pod"; }
if "$bench/pod" "$state" exec 300 >"$tmp/pod"; then
	row "command in an open pod, times fork and exec (medians)" "$(value ratio)" 1.5
	row "the same, fastest tenth" "$(value fastest)" 1.5
fi
if "$bench/pod" "$state" freeze 30 >"$tmp/pod"; then
	row "freeze at 20 layers: what becomes a layer, ms" "$(value "its rename")" 1
	row "drop at 20 layers: processes, mounts and directories, ms" "$(value "drop at 20 layers: processes, mounts, directories")" 3
	row "close, freeze and open at 20 layers, ms" "$(value "close, freeze, open at 20 layers")" 15
fi
if "$bench/pod" "$state" output 2000 >"$tmp/pod"; then
	row "output through the supervisor, MB/s" "$(value output)" 300 least
	row "its resident memory, MB" "$(value resident)" 64
fi

# --- build-essential: archives once, through the broker
archives=$state/bench-archives
if ! [ -e "$archives/done" ] && mkdir -p "$archives" && chmod 777 "$archives"; then
	"$drydock" sandbox run --quiet --net provision --bind "$archives:/mnt" -- sh -c '
		apt-get -qq update && apt-get -qq -y --download-only --no-install-recommends install build-essential && cp /var/cache/apt/archives/*.deb /mnt' &&
		touch "$archives/done"
fi >&2
if [ -e "$archives/done" ] && [ "$(id -u)" = 0 ]; then
	chmod 755 "$archives"
	"$bench/rounds" 3 drydock "$bench/pod $state install $archives" \
		plain "env FLOOR_PLAIN=1 FLOOR_BIND=$archives DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin $floor /bin/sh -c 'dpkg --install /mnt/*.deb >/dev/null'" \
		>"$tmp/starts" && row "install of build-essential, of a plain overlay's time" "$(ratio "$(of drydock 2)" "$(of plain 2)")" 0.35
else
	absent+=("install of build-essential (needs root, and the archives)")
fi
if [ -e "$archives/done" ] && [ -n "$zlib" ]; then
	"$bench/pod" "$state" trace 7 "$archives" "$zlib" >"$tmp/pod" &&
		row "traced build of zlib, CPU time of an untraced one" "$(value traced)" 1.05
else
	absent+=("traced build of zlib (ZLIB=ARCHIVE)")
fi
echo
echo "| what | measured | asked for | reached |"
echo "|---|---|---|---|"
printf '%s\n' "${rows[@]}"
[ ${#absent[@]} = 0 ] || printf '\nNot measured: %s\n' "$(IFS=';' && echo "${absent[*]}")"
