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
	eventually test -s "$requests"
	registry=127.0.0.1:$(sed -n 1p "$requests")
}
registry_pid=
stop_registry() {
	[ -z "$registry_pid" ] || { kill "$registry_pid"; wait "$registry_pid"; } 2>/dev/null
	registry_pid=
}
on_exit="stop_registry; $on_exit"

# layout DIR LAYER...: an OCI layout at DIR with these files as layers (gzip, as they are)
layout() {
	dir=$1
	shift
	rm -rf "$dir"
	mkdir -p "$dir/blobs/sha256"
	echo '{"imageLayoutVersion":"1.0.0"}' >"$dir/oci-layout"
	layers='[]' ids='[]'
	for layer in "$@"; do
		digest=$(blob "$dir" <"$layer")
		id=$(gzip -dcf <"$layer" | sha256sum | cut -c 1-64)
		layers=$(jq -nc --argjson l "$layers" --arg d "sha256:$digest" --argjson n "$(wc -c <"$layer")" \
			'$l + [{mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: $d, size: $n}]')
		ids=$(jq -nc --argjson l "$ids" --arg d "sha256:$id" '$l + [$d]')
	done
	document "$dir" "$(jq -nc --argjson ids "$ids" --arg arch "$(dpkg --print-architecture)" \
		'{os: "linux", architecture: $arch, rootfs: {type: "layers", diff_ids: $ids}}')" "$layers"
}

# blob DIR: standard input becomes a blob; its digest
blob() {
	cat >"$1/blobs/new"
	sha256sum <"$1/blobs/new" | cut -c 1-64 >"$1/blobs/digest"
	mv "$1/blobs/new" "$1/blobs/sha256/$(cat "$1/blobs/digest")"
	cat "$1/blobs/digest"
	rm "$1/blobs/digest"
}

# document DIR CONFIG LAYERS: manifest and index for a configuration and a list of descriptors
document() {
	config=$(printf %s "$2" | blob "$1")
	m=$(jq -nc --arg d "sha256:$config" --argjson n "$(printf %s "$2" | wc -c)" --argjson l "$3" '{schemaVersion: 2,
		mediaType: "application/vnd.oci.image.manifest.v1+json",
		config: {mediaType: "application/vnd.oci.image.config.v1+json", digest: $d, size: $n}, layers: $l}')
	manifest=$(printf %s "$m" | blob "$1")
	jq -nc --arg d "sha256:$manifest" --argjson n "$(printf %s "$m" | wc -c)" '{schemaVersion: 2, manifests: [
		{mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $d, size: $n}]}' >"$1/index.json"
}
