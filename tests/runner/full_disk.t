#!/bin/sh
# A disk that is really full: a small file system of its own is filled to the last byte at a spread of the
# moments of a run (more of them with `make faults`), and there is room again for the run to go on.  In a mount
# namespace; an ordinary user makes one in a user namespace and gets its own id back in another.
if [ -z "${DD_FULL_DISK:-}" ]; then
	export DD_FULL_DISK=1
	if [ "$(id -u)" = 0 ]; then
		exec unshare --mount sh "$0"
	elif ! unshare --user --map-root-user --mount true 2>/dev/null; then
		echo 'ok 1 - a full disk # SKIP this user cannot make a mount namespace'
		echo 1..1
		exit 0
	fi
	DD_FULL_UID=$(id -u) DD_FULL_GID=$(id -g) exec unshare --user --map-root-user --mount sh "$0"
fi
if [ -z "${DD_FULL_DIR:-}" ]; then
	DD_FULL_DIR=$(mktemp -d "${TMPDIR:-/tmp}/drydock-full.XXXXXX") && export DD_FULL_DIR &&
		mount -t tmpfs -o size=24m,mode=700 tmpfs "$DD_FULL_DIR" && mkdir "$DD_FULL_DIR/large" &&
		mount -t tmpfs -o size=400m,mode=700 tmpfs "$DD_FULL_DIR/large" || exit 99
	# Without the id of root: who is root of a user namespace is not root for drydock.
	if [ -n "${DD_FULL_UID:-}" ]; then
		unshare --user --map-user="$DD_FULL_UID" --map-group="$DD_FULL_GID" sh "$0"
	else
		sh "$0"
	fi
	status=$?
	umount "$DD_FULL_DIR/large" && umount "$DD_FULL_DIR" && rmdir "$DD_FULL_DIR"
	exit $status
fi
. "$(dirname "$0")/../tap.sh"
. "$root/tests/runner/resumed.sh"
app=$apps/tiny-missing
POINTS=${DD_FULL_POINTS:-20}
s=$DD_FULL_DIR/state
ballast=$DD_FULL_DIR/ballast

up "$app" # so that there are a base image and the layer of the packages
ok "a run with room" [ "$(json .outcome)" = up ]
packages=$(sqlite3 "$state/runs/$(json .run)/journal.db" "select json_extract(result, '\$.root[#-1]') from step where key = 'attempt/1/install'")
base_layers=$(sed -n 's/^layer //p' "$state/images/base.ref")

# A state directory on the small disk; what is large is used where it is.
small_state() {
	rm -rf "$s" && mkdir -m 700 "$s" "$s/layers" "$s/leases" "$s/index" "$s/cas" || return 1
	cp -p "$state/mode" "$s/mode"
	cp -a "$state/images" "$s"
	cp -a "$state/leases/image-base" "$s/leases"
	cp -p "$state/index/current" "$s/index"
	ln -s "$state"/index/*/ "$s/index"
	ln -s "$state"/cas/?? "$s/cas"
	for key in $base_layers $packages; do
		ln -s "$state/layers/$key" "$s/layers" || return 1
	done
}
# fill [KIB]: until so much is left; nothing
fill() {
	left_=$(($(df -k --output=avail "${ballast%/*}" | tail -n 1) - ${1:-0}))
	[ "${1:-0}" = 0 ] || { head -c "${left_}k" /dev/zero >>"$ballast" && return; }
	cat /dev/zero >>"$ballast" 2>/dev/null
}
disk_up() { # NAME=VALUE...
	run env "$@" "$drydock" up --no-learnt --quiet --json --state "$s" "$app"
}

small_state
for round in warm want; do
	disk_up DRYDOCK_FAULT=io:1+:log DRYDOCK_FAULT_LOG="$tmp/calls"
	is "on the small disk: outcome" "$(json .outcome)" up
	essence "$s" "$(json .run)" >"$tmp/$round"
	mv "$tmp/calls" "$tmp/$round.calls"
	rm -rf "$s/runs/"*
done

# stopped_at CALL: the run, stopped before that call, when the disk is filled
stopped_at() {
	rm -f "$tmp/injected"
	env DRYDOCK_FAULT="io:$1:stop" DRYDOCK_FAULT_LOG="$tmp/injected" \
		"$drydock" up --no-learnt --quiet --json --state "$s" "$app" >"$tmp/out" 2>"$tmp/err" </dev/null &
	pid=$!
	eventually has_stopped $pid
	fill
	kill -CONT $pid 2>/dev/null
	wait $pid
	status=$?
	rm -f "$ballast"
}

# A spread of: the first call on each kind of file: run directory, journal, lease, log, layer, report, ...
awk '{ sub(/^.*\/(runs|pods|layers)\/[^\/]*/, "", $4); gsub(/[0-9a-f]{8,}/, "", $4) } !seen[$1 " " $4]++ { print NR }' \
	"$tmp/want.calls" >"$tmp/points"
# ... and each commit of the journal.
grep -n 'sync .*(database)' "$tmp/want.calls" | cut -d: -f1 >>"$tmp/points"
sort -nu "$tmp/points" | awk -v n="$POINTS" '{ at[NR] = $1 } END { for (i = 0; i < n && i < NR; i++) print at[int(i * NR / (n < NR ? n : NR)) + 1] }' \
	>"$tmp/chosen"
: >"$tmp/bad"
: >"$tmp/absorbed"
for i in $(cat "$tmp/chosen"); do
	stopped_at "$i"
	{ judge_end && judge_rest "$s" "$drydock" up --no-learnt --quiet --json --state "$s" "$app"; } >"$tmp/wrong"
	[ ! -s "$tmp/wrong" ] || { echo "call $i ($(cat "$tmp/injected")):" && cat "$tmp/wrong"; } >>"$tmp/bad"
done
is "full at $(wc -l <"$tmp/chosen") moments ($(wc -l <"$tmp/absorbed") of them too late to matter)" "$(cat "$tmp/bad")" ""

# --- what is there can be read, and room can be made
rm -rf "$s/runs/"*
disk_up
disk_up DRYDOCK_FAULT=db.commit.after:9
fill
run "$drydock" runs --state "$s" --json
is "a full disk: the runs are listed" "$(json '[.[].state] | join(" ")')" "interrupted up"
run "$drydock" report --state "$s" "$(json '.[1].run')"
is "a full disk: there is the report" "$status" 0
run "$drydock" gc --state "$s" --keep 0 --json
is "a full disk: gc removes runs" "$(json '.runs | length')" 2
is "and they are gone" "$(ls "$s/runs")" ""
rm "$ballast"
small_state
disk_up
rm -rf "$s/runs/"*

# --- the target fills it: that is no result of its build
cp -r "$app" "$tmp/filler"
sed -i 's|^\t$(CC)|\thead -c 10000000 /dev/zero >ballast \&\& sleep 3 \&\& rm ballast\n&|' "$tmp/filler/Makefile"
fill 12288
run "$drydock" up --no-learnt --quiet --json --state "$s" "$tmp/filler"
is "a build that fills the disk is no failed build" "$status" 3
ok "and says so" grep -qE "^drydock: state directory $s: [0-9]+ KiB are left .*: No space left on device\$" "$tmp/err"
is "what it wrote is gone" "$(ls "$s/pods")" ""
run "$drydock" resume --quiet --json --state "$s"
is "as long as there is no room, it stops there again" "$status" 3
rm "$ballast"
run "$drydock" resume --quiet --json --state "$s"
is "and with room it goes on" "$(json .outcome)" up
is "with the steps it had" "$(sqlite3 "$s/runs/$(json .run)/journal.db" "select group_concat(key || tries) from (select * from step where key in ('source', 'attempt/1/build') order by id)")" \
	source1,attempt/1/build3
rm -rf "$s/runs/"*

# --- while the package lists are fetched
s=$DD_FULL_DIR/large/state
ballast=$DD_FULL_DIR/large/ballast
small_state
rm -r "$s/index" "$s/cas"
fill 30720
run "$drydock" up --no-learnt --quiet --json --state "$s" "$apps/tiny-none"
is "full while the lists are fetched" "$status" 3
ok "and says so" grep -qE "^drydock: ($rooms)[: ].*: No space left on device\$" "$tmp/err"
is "no index is half there" "$(ls "$s/index" | grep -v lock)$(settled "$s")" ""
rm "$ballast"
run "$drydock" resume --quiet --json --state "$s"
is "with room it goes on" "$(json .outcome)" build-failed
is "and leaves nothing" "$(settled "$s")" ""
done_testing
