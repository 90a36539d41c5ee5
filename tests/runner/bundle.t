#!/bin/sh
# A bundle is all that a replay needs, with a state directory that has nothing and without a network; and nothing
# of one that is not as drydock writes it gets further than its unpacking.
. "$(dirname "$0")/../tap.sh"

app=$apps/npm-tides
up "$app"
is "outcome" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 3"
id=$(json .run)
cp "$(json .recipe)" "$tmp/lock.json"
run "$drydock" bundle --quiet --json --state "$state" "$id" "$tmp/b.tar"
is "bundle says where it is" "$status $(json '[.run, .bundle] | join(" ")')" "0 $id $tmp/b.tar"
"$drydock" bundle --quiet --state "$state" "$id" - >"$tmp/again.tar"
ok "the same run gives the same bytes" cmp "$tmp/b.tar" "$tmp/again.tar"
rm "$tmp/again.tar"
tar -tf "$tmp/b.tar" >"$tmp/names"
is "it has recipe, evidence, base and every archive" \
	"$(grep -cxE 'recipe/(drydock.lock.json|evidence.jsonl|Dockerfile|sbom.cdx.json)|evidence/tests.jsonl|image.tar|bundle.json' "$tmp/names") $(grep '^objects/' "$tmp/names")" \
	"7 $(jq -r '[.batches[].artefacts[].sha256, .modules[].artefacts[].sha256] | unique[] | "objects/" + .' "$tmp/lock.json")"

# --- elsewhere: no package lists, no archives, no image, no network
fresh=$tmp/fresh
replay() { run env HTTP_PROXY=http://127.0.0.1:9 http_proxy=http://127.0.0.1:9 "$drydock" replay --json --quiet --offline --state "$fresh" "$@"; }
replay "$tmp/b.tar" "$app"
is "replayed with a new state directory" "$status $(json '[.outcome, .tests.passed] | join(" ")')" "0 up 3"
[ "$status" = 0 ] || sed 's/^/# /' "$tmp/err"
is "with the same packages" "$(jq -S '[.packages, .batches, .modules, .base.digest]' "$(json .recipe)" | sha256sum)" \
	"$(jq -S '[.packages, .batches, .modules, .base.digest]' "$tmp/lock.json" | sha256sum)"
is "nothing came from a network" "$(jq -r 'select(.from_cache | not)' "$fresh/runs/$(json .run)/egress.jsonl" 2>/dev/null)" ""
second=$(json .run)
run "$drydock" bundle --quiet --state "$fresh" "$second" "$tmp/second.tar"
is "from there it can be bundled again" "$status" 0
rm -f "$tmp/second.tar"
run "$drydock" gc --keep 1 --state "$fresh"
replay "$tmp/b.tar" "$app"
is "and a second time" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 3"

# --- what is wrong with a bundle is said, and is a usage error
mkdir "$tmp/x"
tar -xf "$tmp/b.tar" -C "$tmp/x"
object=$(cd "$tmp/x/objects" && ls | head -n 1)
pack() { tar --format=ustar -cf "$tmp/bad.tar" -C "$tmp/x" "$@"; }
refused() { # NAME TEXT
	replay "$tmp/bad.tar" "$app"
	is "$1: a usage error that says so" "$status $(grep -c "$2" "$tmp/err")" "2 1"
	[ "$status" = 2 ] || sed 's/^/# /' "$tmp/err"
}
rm -rf "$fresh"
mv "$tmp/x/objects/$object" "$tmp/kept"
pack bundle.json recipe evidence image.tar objects
refused "an archive that is not there" "it has no file objects/$object"
echo other >"$tmp/x/objects/$object"
pack bundle.json recipe evidence image.tar objects
refused "an archive of another content" "objects/$object"
ln -s /etc/passwd "$tmp/link" && rm "$tmp/x/objects/$object" && mv "$tmp/link" "$tmp/x/objects/$object"
pack bundle.json recipe evidence image.tar objects
refused "a link in the place of an archive" "it has no file objects/$object"
rm "$tmp/x/objects/$object" && mv "$tmp/kept" "$tmp/x/objects/$object"
mv "$tmp/x/image.tar" "$tmp/kept" && ln -s /etc/passwd "$tmp/x/image.tar"
pack bundle.json recipe evidence image.tar objects
refused "a link in the place of the image" "it has no file image.tar"
rm "$tmp/x/image.tar" && echo nonsense >"$tmp/x/image.tar"
pack bundle.json recipe evidence image.tar objects
refused "an image that is none" "image "
mv "$tmp/kept" "$tmp/x/image.tar"
echo '{"version": 2, "batches": {}' >"$tmp/x/recipe/drydock.lock.json"
pack bundle.json recipe evidence
refused "a recipe that is none" "its recipe: "
jq '.batches[0].artefacts[0].sha256 = "../../../etc/passwd"' "$tmp/lock.json" >"$tmp/x/recipe/drydock.lock.json"
pack bundle.json recipe evidence image.tar objects
replay "$tmp/bad.tar" "$app"
is "a digest that is a path" "$status" 2
cp "$tmp/lock.json" "$tmp/x/recipe/drydock.lock.json"
tar --format=ustar -cPf "$tmp/bad.tar" -C "$tmp/x" --transform 's|^bundle.json|../bundle.json|' bundle.json recipe
refused "a name that leads out" '\.\./bundle.json'
head -c 3000000 "$tmp/b.tar" >"$tmp/bad.tar"
replay "$tmp/bad.tar" "$app"
is "one that is cut short" "$status" 2
is "none of them left a run" "$(ls "$fresh/runs")" ""
run "$drydock" bundle --state "$state" nosuch
is "no such run" "$status" 2
up "$apps/tiny-none"
run "$drydock" bundle --state "$state" "$(json .run)" "$tmp/none.tar"
is "a run without a recipe" "$status $(grep -c 'has no recipe' "$tmp/err") $(ls "$tmp/none.tar" 2>/dev/null)" "2 1 "
done_testing
