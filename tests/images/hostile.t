#!/bin/sh
# Images that mean harm, through every step of an import.  What a layer may say is tried out in
# tests/base/test_layer_hostile.c; here it is that nothing of it reaches this machine.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/lib.sh"
own_state # of which it looks at all layers and pods
mkdir "$tmp/outside" "$tmp/w"
echo untouched >"$tmp/outside/precious"
chmod 755 "$tmp"
out=$tmp/outside
ls "$state/layers" >"$tmp/layers"
cd "$tmp/w" || exit 99

# refused NAME WORDS: import of the layout $tmp/lay fails, says so, and leaves nothing
refused() {
	image import "${source:-$tmp/lay}" bad
	case $status in 2 | 3) verdict=refused ;; *) verdict="exit $status" ;; esac
	is "$1" "$verdict $(why | grep -c "$2") $(ls "$state/images" | grep -c '^bad.ref')" "refused 1 0"
	why | grep -q "$2" || why | sed 's/^/# said: /'
}

# --- layers
echo bad >x
ln -s "$out" link
tar -cPf a.tar --transform "s|^x|$out/x|" x
layout "$tmp/lay" a.tar
refused "an absolute path" "absolute path"
tar -cPf a.tar --transform 's|^x|../../../x|' x
layout "$tmp/lay" a.tar
refused "a path that climbs" "'\.\.'"
tar -cf a.tar link && tar -rf a.tar --transform 's|^x|link/new|' x
layout "$tmp/lay" a.tar
refused "a link, then a file behind it" "symbolic link"
tar -cf b.tar link
layout "$tmp/lay" b.tar a.tar
refused "a link of a layer below, then both" "layer 2: .*symbolic link"
cp x y && ln y z
tar -cPf a.tar y z --transform "flags=h;s|^y|$out/precious|" && layout "$tmp/lay" a.tar
refused "a hard link to a file of this machine" "hard link 'z' to: .*absolute"
is "which has one name" "$(stat -c %h "$out/precious")" 1
tar -cf a.tar x x
layout "$tmp/lay" a.tar
refused "a name that is there twice" "twice\|hard link"
mkdir -p d && setfattr -n user.overlay.opaque -v y d
tar --xattrs --xattrs-include='user.*' --format=posix -cf a.tar d
layout "$tmp/lay" a.tar
refused "an attribute of overlayfs's own" "overlayfs's own"
mkfifo fifo
tar -cf a.tar fifo x
layout "$tmp/lay" a.tar
refused "a FIFO" "device node or FIFO"
image import "$tmp/lay" bad --skip-special
is "which can be left out" "$status $(json .skipped)" "0 1"
run "$drydock" image rm --state "$state" bad
tar -cf a.tar x && gzip -f a.tar
head -c 60 a.tar.gz >b.tar.gz
layout "$tmp/lay" b.tar.gz 2>/dev/null
refused "a layer cut short" "truncated\|not what was promised"
layout "$tmp/lay" a.tar.gz
d=$(jq -r '.layers[0].digest' "$tmp/lay/blobs/sha256/$(jq -r '.manifests[0].digest' "$tmp/lay/index.json" | cut -d: -f2)" | cut -d: -f2)
tar -czf "$tmp/lay/blobs/sha256/$d" --transform 's|x|other|' x
refused "a layer that is another" "not what was promised\|not the promised"
layout "$tmp/lay" a.tar.gz
document "$tmp/lay" "$(jq -nc --arg arch "$(dpkg --print-architecture)" --arg d "sha256:$(printf '%064d' 1)" \
	'{os: "linux", architecture: $arch, rootfs: {type: "layers", diff_ids: [$d]}}')" "$layers"
refused "a layer whose content is another" "uncompressed digest"

# --- bombs
truncate -s 400M zeros && tar -cf - zeros | gzip -9 >a.tar.gz && rm zeros
layout "$tmp/lay" a.tar.gz
refused "a bomb" "times its size"
head -c 3000000 /dev/urandom >noise
tar -cf a.tar noise
layout "$tmp/lay" a.tar
image import "$tmp/lay" bad --max-bytes 1M
is "more bytes than allowed" "$status $(why | grep -c 'more than 1048576 bytes')" "3 1"
{ tar -cf - x; head -c 400000000 /dev/zero; } | gzip -9 >a.tar.gz
layout "$tmp/lay" a.tar.gz
refused "a bomb behind the end" "times its size"
head -c 5000000 /dev/zero | tr '\0' '[' >"$tmp/lay/index.json"
refused "an index of five million brackets" "larger than"
head -c 1000000 /dev/zero | tr '\0' '[' >"$tmp/lay/index.json"
refused "of one million" "manifest: "

# --- documents
layout "$tmp/lay" a.tar
for text in '' '{}' '[]' 'null' '[1]' '{"manifests": 7}' '{"manifests": [{}]}' '{"schemaVersion": 2, "manifests": [], "manifests": []}' \
	'{"schemaVersion": 1, "fsLayers": []}' '{"manifests": [{"digest": "sha256:../../../../etc/passwd", "size": 7}]}' \
	'{"manifests": [{"digest": "md5:0", "size": 7}]}' '[{"Config": "../../../etc/passwd", "Layers": ["../../x"]}]' \
	'[{"Config": "/etc/passwd", "Layers": ["/etc/passwd"]}]' '[{"Config": "c", "Layers": []}]' \
	'{"config": {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": "sha256:0", "size": 1}, "layers": []}'; do
	printf %s "$text" >"$tmp/lay/index.json"
	refused "index: $text" .
done
layout "$tmp/lay" a.tar
digest=$(jq -r '.manifests[0].digest' "$tmp/lay/index.json")
jq -nc --arg d "$digest" '{manifests: [range(0; 1000) | {mediaType: "application/vnd.oci.image.index.v1+json", digest: $d, size: 1}]}' \
	>"$tmp/index.json"
self=$(sha256sum <"$tmp/index.json" | cut -c 1-64)
cp "$tmp/index.json" "$tmp/lay/index.json"
cp "$tmp/index.json" "$tmp/lay/blobs/sha256/$self"
jq -nc --arg d "sha256:$self" '{manifests: [{mediaType: "application/vnd.oci.image.index.v1+json", digest: $d, size: 1}]}' >"$tmp/lay/index.json"
for i in 1 2 3 4 5; do
	inner=$(blob "$tmp/lay" <"$tmp/lay/index.json")
	jq -nc --arg d "sha256:$inner" '{manifests: [{mediaType: "application/vnd.oci.image.index.v1+json", digest: $d, size: 1}]}' \
		>"$tmp/lay/index.json"
done
refused "indices in indices" "nested too deeply"
layout "$tmp/lay" $(for i in $(seq 60); do echo a.tar; done)
refused "too many layers" "60 layers"
layout "$tmp/lay" a.tar
document "$tmp/lay" '{"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": []}}' "$layers"
refused "fewer diff ids than layers" "configuration 0"
layout "$tmp/lay" a.tar
document "$tmp/lay" "$(jq -nc --argjson ids "$ids" '{os: "plan9", architecture: "mips", rootfs: {type: "layers", diff_ids: $ids}}')" "$layers"
image import "$tmp/lay" bad
is "another machine's image" "$status $(why | grep -c 'plan9/mips')" "2 1"

# --- the layout itself
layout "$tmp/lay" a.tar
rm "$tmp/lay/index.json" && ln -s "$out/precious" "$tmp/lay/index.json"
refused "links that lead out of the layout" "neither an OCI layout"
layout "$tmp/lay" a.tar
d=$(jq -r '.manifests[0].digest' "$tmp/lay/index.json" | cut -d: -f2)
rm "$tmp/lay/blobs/sha256/$d" && mkfifo "$tmp/lay/blobs/sha256/$d"
refused "a FIFO where a blob should be" "is not a file"
rm "$tmp/lay/blobs/sha256/$d" && ln -s /etc/passwd "$tmp/lay/blobs/sha256/$d"
refused "a link where a blob should be" .
tar -cPf a.tar --transform "s|^x|$out/x|" x
source=$tmp/w/a.tar
refused "an archive with an absolute path" "absolute path"
tar -cf a.tar link && tar -rf a.tar --transform 's|^x|link/new|' x
refused "an archive with a way through a link" "symbolic link"
printf 'no archive' >a.tar
refused "no archive at all" "not a tar or zip archive"
source=

# --- what an image asks for is shown and does no harm
tar -cf a.tar x
layout "$tmp/lay" a.tar
document "$tmp/lay" "$(jq -nc --argjson ids "$ids" --arg arch "$(dpkg --print-architecture)" --arg esc "$(printf 'X=\033]0;title\007\n')" \
	'{os: "linux", architecture: $arch, config: {Env: [$esc, "nothing", "LD_PRELOAD=/x"], User: "0:0", Entrypoint: ["/x"]},
	rootfs: {type: "layers", diff_ids: $ids}}')" "$layers"
image import "$tmp/lay" bad
is "an environment of control characters is taken as it is" "$status" 0
hasnt "and not written as such" "$state/images/bad.ref" "$(printf '\033')"
run "$drydock" image list --state "$state"
hasnt "nor shown" "$tmp/out" "$(printf '\033')"
run "$drydock" image rm --state "$state" bad

is "outside is as it was" "$(ls "$out") $(cat "$out/precious") $(stat -c %h "$out/precious")" "precious untouched 1"
run "$drydock" gc --state "$state"
is "no layer of a refused image is left" "$(ls "$state/layers" | comm -13 "$tmp/layers" -)" ""
nothing_left() { [ -z "$(ls "$state/pods")" ]; }
ok "nothing of a transfer is left" eventually nothing_left
done_testing
