# Functions for the scripts of this folder; behind tap.sh.

root_mode() { [ "$(id -u)" = 0 ]; }
rootless=$(root_mode || echo --rootless)

# image COMMAND ARGS...: drydock image COMMAND, as JSON
image() {
	command=$1
	shift
	run "$drydock" image "$command" --json --quiet --state "$state" "$@"
}

# why: the last message
why() { sed -n '$s/^drydock: //p' "$tmp/err"; }

# copy ARGS...: skopeo copy, whatever this machine's policy says
copy() { skopeo --insecure-policy copy -q "$@" >"$tmp/skopeo" 2>&1 || { cat "$tmp/skopeo" >&2; return 1; }; }

# tree DIR: a line an entry: path, type, mode, owner, target of a link, size and content of a file.  As an ordinary user
# nobody can give files away, so that their owners say nothing.
tree() {
	(cd "$1" && {
		if root_mode; then owner=%U:%G; else owner=-; fi
		find . -mindepth 1 ! -type l -printf "%P %y %m $owner %n\n" | sed 's/\( d .*\) [0-9]*$/\1/'
		find . -type l -printf "%P l %l\n"
		find . -type f -print0 | sort -z | xargs -0r sha256sum
	} | sort)
}

# bundle NAME REF DIR: the tree of an image in an OCI layout, unpacked by umoci, at DIR/rootfs
bundle() { umoci unpack $rootless --image "$1:$2" "$3" >"$tmp/umoci" 2>&1 || { cat "$tmp/umoci" >&2; return 1; }; }

# start_registry LAYOUT FAULT...: a registry of ours; $registry is its address, $requests what it was asked
start_registry() {
	stop_registry
	requests=$tmp/requests
	: >"$requests"
	"${DD_BUILD:-$root/build/release}/tests/images/tool_registry" "$@" >"$requests" 2>"$tmp/registry.err" &
	registry_pid=$!
	for i in $(seq 100); do
		[ -s "$requests" ] && break
		sleep 0.05
	done
	registry=127.0.0.1:$(sed -n 1p "$requests")
}
registry_pid=
stop_registry() {
	[ -z "$registry_pid" ] || { kill "$registry_pid"; wait "$registry_pid"; } 2>/dev/null
	registry_pid=
}
on_exit="stop_registry; $on_exit"
