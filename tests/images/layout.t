#!/bin/sh
# Images in and out as OCI layouts and archives of docker save, against umoci and skopeo.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/lib.sh"
own_state # of which it looks at all layers and pods
export DOCKER_CONFIG="$tmp/no-login" XDG_RUNTIME_DIR="$tmp/run"
mkdir -p "$tmp/run"

# --- an image of three layers, made by umoci: links, long names, set-id bits, attributes, whiteouts of each kind
long=$(printf '%0200d' 0)
umoci init --layout "$tmp/lay" 2>/dev/null
umoci new --image "$tmp/lay:one"
bundle "$tmp/lay" one "$tmp/b1"
fs=$tmp/b1/rootfs
mkdir -p "$fs/etc" "$fs/usr/bin" "$fs/d/$long/$long" "$fs/gone" "$fs/opaque" "$fs/var/mail" "$fs/turned"
echo one >"$fs/etc/conf"
printf 'ID=harbour\nVERSION_CODENAME=low_tide\n' >"$fs/etc/os-release"
echo '#!/bin/sh' >"$fs/usr/bin/tool"
ln "$fs/usr/bin/tool" "$fs/usr/bin/a-tool"
ln "$fs/usr/bin/tool" "$fs/usr/bin/tool-too"
chmod 4755 "$fs/usr/bin/tool"
ln -s ../../etc/conf "$fs/usr/bin/link"
ln -s /absolute "$fs/abs"
echo deep >"$fs/d/$long/$long/$long"
echo x >"$fs/gone/x"
echo x >"$fs/opaque/x"
echo x >"$fs/turned/x"
printf 'caf\303\251' >"$fs/caf$(printf '\303\251')"
printf latin >"$fs/caf$(printf '\351')"
chmod 3775 "$fs/var/mail"
setfattr -n user.note -v hello "$fs/etc/conf" 2>/dev/null || attr=none
root_mode && chown 1234:70000 "$fs/var/mail" && chown -h 5:6 "$fs/abs" &&
	setfattr -n security.capability -v 0x0100000202040000000000000000000000000000 "$fs/usr/bin/a-tool"
umoci repack --refresh-bundle --image "$tmp/lay:two" "$tmp/b1" >/dev/null 2>&1
rm -r "$fs/gone" "$fs/opaque" "$fs/turned"
mkdir "$fs/opaque"
echo y >"$fs/opaque/y"
echo file now >"$fs/turned"
umoci repack --refresh-bundle --image "$tmp/lay:three" "$tmp/b1" >/dev/null 2>&1
echo three >>"$fs/etc/conf"
umoci repack --refresh-bundle --image "$tmp/lay:img" "$tmp/b1" >/dev/null 2>&1
umoci config --image "$tmp/lay:img" --config.env PATH=/opt/pier/bin:/usr/bin --config.env "GREETING=a hoy%" \
	--config.label harbour=north
bundle "$tmp/lay" img "$tmp/want"
tree "$tmp/want/rootfs" >"$tmp/want.tree"
ok "umoci made something to compare with" test "$(wc -l <"$tmp/want.tree")" -gt 20

image import "$tmp/lay" x
is "several images want a choice" "$status" 3
ok "which the message lists" sh -c 'echo "$1" | grep -q "two.*three.*img"' sh "$(why)"
image import "$tmp/lay" x --ref nothing
ok "a name that is not there" sh -c 'echo "$1" | grep -q "no image for .*nothing"' sh "$(why)"
image import "$tmp/lay" x --ref img
is "an OCI layout is imported" "$status $(json '[.layers, .reused, .suite] | join(" ")')" "0 3 0 low_tide"
tree_digest=$(json .tree)
image list
is "and listed" "$(json '.[] | select(.name == "x") | .layers')" 3

# --- what is in the store
keys=$(sed -n 's/^layer //p' "$state/images/x.ref")
in_store() { for k in $keys; do [ ! -e "$state/layers/$k/fs/$1" ] && [ ! -L "$state/layers/$k/fs/$1" ] || echo "$state/layers/$k/fs/$1"; done; }
is "whiteouts are overlay's nodes" "$(stat -c '%F %t,%T' "$(in_store gone | tail -n 1)")" "character special file 0,0"
is "no set-id file is on the disk" "$(for k in $keys; do find "$state/layers/$k/fs" -type f -perm /6000; done)" ""
is "but in the manifest" "$(cat $(for k in $keys; do echo "$state/layers/$k/manifest"; done) | grep -c '^f 4755 .*usr/bin/a-tool')" 1
if root_mode; then
	is "file capabilities are in the manifest only" \
		"$(cat $(for k in $keys; do echo "$state/layers/$k/manifest"; done) | grep -c 'usr/bin/a-tool security.capability=01000002020400' || getcap -r "$state/layers")" 1
	is "owners are on the disk, in the sandbox's range" "$(($(stat -c %u "$(in_store var/mail)") - $(sed -n 's/^root //p' "$state/mode")))" 1234
fi
is "intended owners are in the manifest" \
	"$(cat $(for k in $keys; do echo "$state/layers/$k/manifest"; done) | sed -n 's/^d [0-7]* \([0-9]* [0-9]*\) .* var\/mail$/\1/p' | head -n 1)" \
	"$(root_mode && echo '1234 70000' || echo '0 0')"

# --- out again
image export x "$tmp/x.tar"
is "export has the same content" "$status $(json .tree)" "0 $tree_digest"
image export x "$tmp/x2.tar"
ok "and is the same twice" cmp "$tmp/x.tar" "$tmp/x2.tar"
run "$drydock" image export --quiet --state "$state" x - && cp "$tmp/out" "$tmp/x3.tar"
ok "also to standard output" cmp "$tmp/x.tar" "$tmp/x3.tar"
mkdir "$tmp/out1" && tar -C "$tmp/out1" -xf "$tmp/x.tar"
bundle "$tmp/out1" latest "$tmp/got"
tree "$tmp/got/rootfs" >"$tmp/got.tree"
ok "umoci unpacks it to the same tree" diff "$tmp/want.tree" "$tmp/got.tree"
is "with its attributes" "$(getfattr --absolute-names -dm user. "$tmp/got/rootfs/etc/conf" | grep note)" \
	"$(getfattr --absolute-names -dm user. "$tmp/want/rootfs/etc/conf" | grep note)"
root_mode && is "and capabilities" "$(getcap "$tmp/got/rootfs/usr/bin/tool" | sed 's/.* //')" "$(getcap "$tmp/want/rootfs/usr/bin/tool" | sed 's/.* //')"
is "and its configuration" "$(skopeo inspect --config "oci:$tmp/out1" | jq -c '[.config.Labels.harbour, .config.Env]')" \
	'["north",["PATH=/opt/pier/bin:/usr/bin","GREETING=a hoy%"]]'
is "skopeo finds the layers" "$(skopeo inspect "oci-archive:$tmp/x.tar" | jq '.Layers | length')" 3

# --- every way gives the same tree, and the layers that are there are not made again
for way in oci-archive docker-archive dir-of-docker; do
	case $way in
	oci-archive) copy "oci:$tmp/lay:img" "oci-archive:$tmp/way" ;;
	docker-archive) copy "oci:$tmp/lay:img" "docker-archive:$tmp/way:harbour/img:1" ;;
	dir-of-docker) mkdir "$tmp/dir" && tar -C "$tmp/dir" -xf "$tmp/was" && mv "$tmp/dir" "$tmp/way" ;;
	esac
	image import "$tmp/way" "way"
	is "import of $way" "$status $(json '[.tree, .reused] | join(" ")')" "0 $tree_digest 3"
	rm -rf "$tmp/was" && mv "$tmp/way" "$tmp/was"
done
gzip -c "$tmp/x.tar" >"$tmp/x.tar.gz"
image import "$tmp/x.tar.gz" way
is "import of a compressed archive" "$status $(json .tree)" "0 $tree_digest"
copy --dest-compress-format zstd --dest-compress --format oci "oci:$tmp/lay:img" "oci:$tmp/zstd:img"
image import "$tmp/zstd" way
is "import of layers in zstd" "$status $(json .tree)" "0 $tree_digest"
for how in none zstd; do
	image export --compress $how x "$tmp/how.tar"
	image import "$tmp/how.tar" way
	is "export without loss: $how" "$status $(json .tree)" "0 $tree_digest"
done
image export --format docker x "$tmp/docker.tar"
is "export as docker save" "$status" 0
copy "docker-archive:$tmp/docker.tar" "oci:$tmp/from-docker:img"
bundle "$tmp/from-docker" img "$tmp/got2"
tree "$tmp/got2/rootfs" >"$tmp/got2.tree"
ok "which skopeo and umoci unpack to the same tree" diff "$tmp/want.tree" "$tmp/got2.tree"
is "named as it is here" "$(tar -xOf "$tmp/docker.tar" manifest.json | jq -r '.[0].RepoTags[0]')" x:latest

# --- the base image, there and back, in use
image export base "$tmp/base.tar"
base_tree=$(json .tree)
image import "$tmp/base.tar" again
is "the base image comes back" "$status $(json '[.tree, .suite] | join(" ")')" "0 $base_tree $(sed -n 's/^suite //p' "$state/images/base.ref")"
mkdir "$tmp/out3" && tar -C "$tmp/out3" -xf "$tmp/base.tar"
bundle "$tmp/out3" latest "$tmp/got3"
listing='cd "$1" && find . -xdev -path ./proc -prune -o -path ./dev -prune -o -path ./tmp -prune -o -path ./run -prune -o -path ./home -prune -o \
	-path ./work -prune -o -path ./sys -prune -o -path ./etc/hosts -prune -o -path ./etc/resolv.conf -prune -o -path ./etc/hostname -prune -o \
	-path ./root -prune -o -path ./etc/apt -prune -o -path ./etc/npmrc -prune -o ! -type l -printf "%P %y %m %s\n" -o -printf "%P l %l\n" | grep -v " d " | sort'
run "$drydock" sandbox run --image base --state "$state" --net provision -- sh -c "$listing" sh /
cp "$tmp/out" "$tmp/inside"
run sh -c "$listing" sh "$tmp/got3/rootfs"
ok "umoci unpacks the base image to what is seen inside" diff "$tmp/inside" "$tmp/out"
ok "which is not nothing" test "$(wc -l <"$tmp/inside")" -gt 5000
run "$drydock" sandbox run --image again --state "$state" -- sh -c 'cat /etc/os-release; ls -ld /etc/shadow'
has "sandbox run --image works" "$tmp/out" VERSION_CODENAME
up --image again "$apps/tiny-make"
is "up --image works" "$status $(json '[.outcome, .tests.passed] | join(" ")')" "0 up 2"
copy "oci-archive:$tmp/base.tar" "oci:$tmp/env:img"
umoci config --image "$tmp/env:img" --config.env "PATH=/opt/pier/bin:/usr/bin:/bin" --config.env "GREETING=a hoy%"
image import "$tmp/env" env
run "$drydock" sandbox run --image env --state "$state" -- sh -c 'echo "$PATH|$GREETING|$HOME"'
is "with the image's environment" "$(cat "$tmp/out")" "/opt/pier/bin:/usr/bin:/bin|a hoy%|/home/builder"

# --- an image of one static program, without a directory of its own
mkdir -p "$tmp/tiny/fs"
printf '#include <unistd.h>\n#include <stdio.h>\nint main(void) { printf("%%d ahoy\\n", (int)getuid()); return 7; }\n' >"$tmp/tiny/a.c"
gcc -static -o "$tmp/tiny/fs/ahoy" "$tmp/tiny/a.c"
tar -C "$tmp/tiny/fs" -cf "$tmp/tiny.tar" ahoy
layout "$tmp/tiny/lay" "$tmp/tiny.tar"
image import "$tmp/tiny/lay" tiny
run "$drydock" sandbox run --image tiny --state "$state" -- /ahoy
is "runs, as the ordinary user" "$status $(cat "$tmp/out")" "7 1000 ahoy"

# --- an image of many layers: mounted with fewer, and the same
cat >"$tmp/tiny/b.c" <<'C'
#include <stdio.h>
#include <string.h>
int main(void)
{
	char line[65536], *at;
	int names, layers = 0;
	FILE *f = fopen("/proc/self/mountinfo", "r");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %*s %*s %*s / %n", &names) == 0 && strstr(line, " - overlay "))
			for (at = line; (at = strstr(at, "lowerdir")); at++)
				layers++;
	printf("%d layers\n", layers);
	for (int i = 1; i <= 25; i++) {
		sprintf(line, "/in/%d", i);
		if (!(f = fopen(line, "r")))
			printf("no %d\n", i);
		else if (!fgets(line, sizeof(line), f) || line[0] != 'o')
			printf("%d is %s", i, line);
	}
	return 0;
}
C
mkdir -p "$tmp/many/in" && gcc -static -o "$tmp/many/look" "$tmp/tiny/b.c"
set --
for i in $(seq 25); do
	echo "of $i" >"$tmp/many/in/$i"
	[ "$i" != 1 ] || echo "of another" >"$tmp/many/in/2"
	tar -C "$tmp/many" -cf "$tmp/many-$i.tar" look $(cd "$tmp/many" && find in -type f)
	rm -f "$tmp/many/in"/*
	[ "$i" = 3 ] && : >"$tmp/many/in/.wh.1"
	set -- "$@" "$tmp/many-$i.tar"
done
layout "$tmp/many/lay" "$@"
image import "$tmp/many/lay" many
is "an image of many layers is imported" "$status $(json .layers)" "0 25"
run "$drydock" sandbox run --image many --state "$state" -- /look
is "it is mounted with fewer, and is what it was" "$(cat "$tmp/out")" "10 layers
no 1"
image export many "$tmp/many.tar"
is "and is exported with all" "$(skopeo inspect "oci-archive:$tmp/many.tar" | jq '.Layers | length')" 25
run "$drydock" image rm --state "$state" many

# --- killed in the middle
run "$drydock" image rm --state "$state" again
run "$drydock" image rm --state "$state" env
run "$drydock" gc --state "$state"
for pause in 0.1 0.2 0.3 0.4; do
	"$drydock" image import --quiet --state "$state" "$tmp/base.tar" again >/dev/null 2>&1 &
	pid=$!
	sleep $pause
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
done
image import "$tmp/base.tar" again
is "the import after those that were killed is whole" "$status $(json .tree)" "0 $base_tree"
nothing_left() { [ -z "$(ls "$state/pods")" ]; }
ok "nothing of the killed ones is left" eventually nothing_left

# --- housekeeping
layer=$(sed -n 's/^layer //p' "$state/images/x.ref" | head -n 1)
for name in x way; do
	run "$drydock" image rm --state "$state" $name
done
run "$drydock" gc --state "$state"
ok "gc removes what no image needs any more" test ! -e "$state/layers/$layer"
ok "and keeps what one does" test -d "$state/layers/$(sed -n 's/^layer //p' "$state/images/again.ref" | head -n 1)"
run "$drydock" image rm --state "$state" again
run "$drydock" image rm --state "$state" tiny
ok "nothing of a transfer is left" eventually nothing_left
done_testing
