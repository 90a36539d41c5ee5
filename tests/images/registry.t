#!/bin/sh
# Images to and from registries: docker-registry as it is, and one of ours that lies, breaks off and wants logins.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/lib.sh"
export DOCKER_CONFIG="$tmp/login" XDG_RUNTIME_DIR="$tmp/run" HOME="$tmp/home"
mkdir -p "$tmp/login" "$tmp/run" "$tmp/home"
user=$(printf 'captain:hook line' | base64)
forget() {
	for name in "$@"; do
		run "$drydock" image rm --state "$state" "$name"
	done
	run "$drydock" gc --keep 1000 --state "$state" # other scripts have runs there, too
}
login() { printf '%s\n' "$1" >"$tmp/login/config.json"; }

# --- an image of two layers, the upper one of some size
umoci init --layout "$tmp/lay" 2>/dev/null
umoci new --image "$tmp/lay:img"
bundle "$tmp/lay" img "$tmp/b"
mkdir "$tmp/b/rootfs/etc"
echo one >"$tmp/b/rootfs/etc/conf"
umoci repack --refresh-bundle --image "$tmp/lay:img" "$tmp/b" >/dev/null 2>&1
head -c 3000000 /dev/urandom >"$tmp/b/rootfs/etc/noise"
umoci repack --refresh-bundle --image "$tmp/lay:img" "$tmp/b" >/dev/null 2>&1
image import "$tmp/lay" dock
tree_digest=$(json .tree)
is "an image to send" "$status" 0

# --- docker-registry, on a port of the kernel's choice
mkdir "$tmp/store"
cat >"$tmp/registry.yml" <<-END
	version: 0.1
	log: {level: info, accesslog: {disabled: true}}
	storage: {filesystem: {rootdirectory: $tmp/store}}
	http: {addr: "127.0.0.1:0"}
END
docker-registry serve "$tmp/registry.yml" >"$tmp/docker-registry.log" 2>&1 &
registry_pid=$!
eventually grep -q 'listening on 127.0.0.1:[0-9]' "$tmp/docker-registry.log"
port=$(sed -n 's/.*listening on 127.0.0.1:\([0-9]*\).*/\1/p' "$tmp/docker-registry.log")
real=localhost:$port
image push dock "$real/team/dock:1"
is "push" "$status $(json '[.layers, .reused] | join(" ")')" "0 2 0"
pushed=$(json .manifest)
is "skopeo sees it" "$(skopeo inspect --tls-verify=false "docker://$real/team/dock:1" | jq -r .Digest)" "sha256:$pushed"
image push dock "$real/team/dock:2"
is "what is there is not sent again" "$status $(json '[.reused, .bytes] | join(" ")')" "0 2 0"
image push --format docker dock "$real/team/dock:3"
is "a manifest of docker's kind" \
	"$status $(skopeo inspect --raw --tls-verify=false "docker://$real/team/dock:3" | jq -r .mediaType)" \
	"0 application/vnd.docker.distribution.manifest.v2+json"
forget dock
image pull "$real/team/dock:1"
is "pull" "$status $(json '[.name, .tree, .reused] | join(" ")')" "0 dock $tree_digest 0"
has "where it came from is noted" "$state/images/dock.ref" "source $real/team/dock:1@sha256:$pushed"
blobs=$(skopeo inspect --raw --tls-verify=false "docker://$real/team/dock:1" | jq -r '.layers[].digest | sub("sha256:"; "") | .[0:2] + "/" + .[2:]')
is "the blobs are not kept twice" "$(echo "$blobs" | wc -l) $(cd "$state/cas" && ls -d $blobs 2>/dev/null)" "2 "
image pull "$real/team/dock@sha256:$pushed" other
is "pull by digest, of what is there" "$status $(json '[.tree, .reused] | join(" ")')" "0 $tree_digest 2"
copy --dest-tls-verify=false "oci:$tmp/lay:img" "docker://$real/team/theirs:1"
image pull "$real/team/theirs:1" other
is "pull what skopeo pushed" "$status $(json .tree)" "0 $tree_digest"
copy --src-tls-verify=false "docker://$real/team/dock:3" "oci:$tmp/back:img"
bundle "$tmp/back" img "$tmp/got" && bundle "$tmp/lay" img "$tmp/want"
tree "$tmp/got/rootfs" >"$tmp/got.tree"
tree "$tmp/want/rootfs" >"$tmp/want.tree"
ok "skopeo pulls what was pushed, umoci unpacks it" diff "$tmp/want.tree" "$tmp/got.tree"
image pull "$real/team/dock:none" x
is "a tag that is not there" "$status $(why | sed 's/.*: the/the/')" "3 the registry has no manifest none"

# --- names
for bad in alpine library/alpine localhost:1 "$real/UP:1" "$real/a/../b" "$real/a//b" "$real/a:b/c" "$real/a@sha256:12" \
	"http://192.0.2.1/a/b"; do
	image pull "$bad" x
	is "no reference: $(echo "$bad" | sed 's/:[0-9]\{4,\}/:PORT/')" "$status" 2
done
image pull "$real/team/dock:1" base
is "the base image's name is taken" "$status" 2

# --- an index of several platforms
cp -R "$tmp/lay" "$tmp/many"
manifest=$(jq -c '.manifests[0] | {mediaType, digest, size}' "$tmp/lay/index.json")
jq -nc --argjson m "$manifest" --arg arch "$(dpkg --print-architecture)" '{schemaVersion: 2,
	mediaType: "application/vnd.oci.image.index.v1+json", manifests: [
	{mediaType: $m.mediaType, digest: ("sha256:" + "7" * 64), size: 5, platform: {os: "linux", architecture: "s390x"}},
	($m + {platform: {os: "linux", architecture: $arch}})]}' >"$tmp/index.json"
digest=$(sha256sum <"$tmp/index.json" | cut -c 1-64)
cp "$tmp/index.json" "$tmp/many/blobs/sha256/$digest"
jq -nc --arg d "sha256:$digest" --argjson size "$(wc -c <"$tmp/index.json")" '{schemaVersion: 2, manifests: [
	{mediaType: "application/vnd.oci.image.index.v1+json", digest: $d, size: $size}]}' >"$tmp/many/index.json"
start_registry "$tmp/many"
image pull "$registry/team/many" other
is "of several platforms this machine's" "$status $(json .tree)" "0 $tree_digest"
image pull --platform linux/s390x "$registry/team/many" x
ok "another one only if it is there" sh -c 'echo "$1" | grep -q "has no manifest"' sh "$(why)"
image pull --platform plan9/mips "$registry/team/many" x
ok "and there is a list of what is" sh -c 'echo "$1" | grep -q "linux/s390x"' sh "$(why)"

# --- logins
start_registry "$tmp/lay" "basic=$user"
image pull "$registry/team/x" x
is "without a login" "$status" 3
ok "it says where one would be looked for" sh -c 'echo "$1" | grep -q "docker login"' sh "$(why)"
login "{\"auths\": {\"elsewhere.example\": {\"auth\": \"$(printf a:b | base64)\"}, \"http://$registry/v2/\": {\"auth\": \"$user\"}}}"
forget dock other
image pull "$registry/team/x" x
is "with docker's" "$status $(json .tree)" "0 $tree_digest"
hasnt "which is shown nowhere" "$tmp/err" "$user"
start_registry "$tmp/lay" "token=$user"
login "{\"auths\": {\"$registry\": {\"auth\": \"$(printf wrong:one | base64)\"}}}"
image pull "$registry/team/x" x
is "a wrong login at the token service" "$status" 3
login "{\"auths\": {\"$registry\": {\"auth\": \"$(printf wrong:one | base64)\"},
	\"$registry/team\": {\"username\": \"captain\", \"password\": \"hook line\"}}}"
image pull "$registry/team/x" x
is "a token for a login; the closest entry counts" "$status $(json .tree)" "0 $tree_digest"
has "which is what the registry saw" "$requests" "auth=Bearer"
is "and nothing else" "$(grep '/v2/' "$requests" | grep -c auth=Basic)" 0
mkdir "$tmp/bin"
cat >"$tmp/bin/docker-credential-parrot" <<-END
	#!/bin/sh
	read -r host
	echo "\$1 \$host" >>"$tmp/asked"
	echo '{"Username": "captain", "Secret": "hook line"}'
END
chmod 755 "$tmp/bin/docker-credential-parrot"
login '{"credsStore": "parrot"}'
run env PATH="$tmp/bin:$PATH" "$drydock" image pull --quiet --state "$state" "$registry/team/x" x
is "a credential helper is asked" "$status $(cat "$tmp/asked")" "0 get $registry"
login '{"credsStore": "../../bin/sh"}'
image pull "$registry/team/x" x
ok "of a proper name" sh -c 'echo "$1" | grep -q "credential helper"' sh "$(why)"
login '{"auths": {"x": {"auth": "c2VjcmV0OnNlY3JldA=="}'
image pull "$registry/team/x" x
ok "a file that is not JSON is not quoted" sh -c 'echo "$1" | grep -q "not JSON" && ! echo "$1" | grep -q c2Vj' sh "$(why)"
echo "{\"auths\": {\"$registry\": {\"auth\": \"$user\"}}}" >"$tmp/other.json"
image pull --authfile "$tmp/other.json" "$registry/team/x" x
is "--authfile" "$status" 0
start_registry "$tmp/lay" "token=$user" away
login "{\"auths\": {\"$registry\": {\"auth\": \"$user\"}}}"
forget x
image pull "$registry/team/x" x
is "blobs that lie elsewhere" "$status $(json .tree)" "0 $tree_digest"
is "get no login of ours" "$(grep 'away' "$requests" | sed 's/.* auth=\([^ ]*\).*/\1/' | sort -u)" none
rm "$tmp/login/config.json"

# --- what breaks, and what lies
fresh() {
	forget x
	start_registry "$tmp/lay" "$@"
	image pull "$registry/team/x" x
}
fresh break
is "a transfer that breaks is taken up where it broke" "$status $(json .tree)" "0 $tree_digest"
ok "by the rest only" grep -q 'blobs.*range=[1-9]' "$requests"
refused() { # FAULT WORDS
	fresh "$1"
	is "refused: $1" "$status" 3
	ok "with a word why: $2" sh -c 'echo "$1" | grep -q "$2"' sh "$(why)" "$2"
}
refused wrong 'blob sha256:[0-9a-f]*: its digest is'
refused cut 'blob sha256:'
refused short 'the manifest says'
refused long 'larger than'
refused forged 'something else'
refused endless 'larger than'
is "nothing of the name came to be" "$(ls "$state/images" | grep -c '^x.ref')" 0
is "and nothing in the store is wrong" "$(cd "$state/cas" && find . -type f | while read -r f; do
	[ "$(sha256sum <"$f" | cut -c 1-64)" = "$(echo "$f" | tr -d ./)" ] || [ ! -e "$f" ] || echo "$f" # or other scripts' that is gone
done 2>/dev/null)" ""
start_registry "$tmp/lay" "realm=ftp://192.0.2.1/token"
image pull "$registry/team/x" x
is "a token service of another kind is not asked" "$status" 3
image pull "https://$registry/team/x" x
is "where TLS is said, nothing else will do" "$status" 3
stop_registry
image pull "$registry/team/x" x
is "no registry at all" "$status" 3

# --- who it runs as
if root_mode; then
	start_registry "$tmp/lay" slow
	"$drydock" image pull --quiet --state "$state" "$registry/team/x" x >/dev/null 2>&1 &
	pull=$!
	uid=
	for i in $(seq 600); do
		pid=$(cat "/proc/$pull/task/$pull/children" 2>/dev/null)
		for p in $pid; do
			tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null | grep -q 'drydock-core courier' && uid=$(stat -c %u "/proc/$p")
		done
		[ -n "$uid" ] && [ "$uid" != 0 ] && break
		sleep 0.02
	done
	is "the process that talks to the registry is not root" "$((${uid:-0} - $(sed -n 's/^root //p' "$state/mode")))" 65533
	kill "$pull"
	wait "$pull"
fi
forget x
unheld() { for d in "$state"/pods/*; do [ -e "$d/lock" ] && flock -n "$d/lock" echo "$d"; done; }
nothing_left() { [ -z "$(unheld)" ]; }
ok "nothing of a transfer is left" eventually nothing_left
done_testing
