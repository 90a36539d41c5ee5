#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# Evidence that was signed is known again, here and elsewhere; whatever of it was changed is named.
. "$(dirname "$0")/../tap.sh"

verify() { run "$drydock" verify --json --state "$state" "$@"; }
verdict() { printf '%s %s' "$status" "$(json .verdict)"; }
problems() { json '[.problems[] | .name + ": " + .what] | join(", ")'; }

# --- nobody signed
rm -rf "$state/keys"
up "$apps/tiny-make"
unsigned=$(json .run)
verify "$unsigned"
is "a run that nobody signed is unverified" "$(verdict) $(json .key) $(json '.problems | length')" "1 unverified null 0"
has "and it says how one signs" "$tmp/out" "drydock key init"
run "$drydock" key show --state "$state"
is "there is no key to show" "$status $(grep -c 'key init' "$tmp/err")" "2 1"
run "$drydock" key rotate --state "$state"
is "and none to rotate" "$status" 2

# --- a key
run "$drydock" key init --json --state "$state"
key=$(json .key)
is "a key is made" "$status $(printf %s "$key" | wc -c)" "0 64"
is "nobody else may read it" "$(stat -c %a "$state/keys/signing.pem")" 600
run "$drydock" key init --state "$state"
is "a second one takes no first one's place" "$status" 2
"$drydock" key show --state "$state" >"$tmp/public.pem"
is "its id is the digest of its public half" \
	"$(openssl pkey -pubin -in "$tmp/public.pem" -outform DER | tail -c 32 | sha256sum | cut -d' ' -f1)" "$key"

up "$apps/tiny-make"
id=$(json .run)
dir=$state/runs/$id
verify "$id"
is "a signed run is ok" "$(verdict) $(json .key)" "0 ok $key"
is "all its files were looked at" "$(json .files)" \
	"$(cd "$dir" && find . -type f ! -name 'journal.db*' ! -name lock ! -name attestation.json | wc -l)"
ok "and its steps" [ "$(json .steps)" -gt 4 ]

mkdir "$dir/screens"
echo '{"title": "ok"}' >"$dir/screens/01-shoot.jsonl"
verify "$id"
is "until there is evidence beside it that nobody attested" "$(verdict) $(json .note) $(json '.unlisted | tostring')" \
	'1 unverified screens: attestation.json is missing ["screens/01-shoot.jsonl"]'
rm -r "$dir/screens"

# --- another program finds the same
jq -r .payload "$dir/attestation.json" | base64 -d >"$tmp/payload"
jq -r '.signatures[0].sig' "$dir/attestation.json" | base64 -d >"$tmp/signature"
{
	printf 'DSSEv1 28 application/vnd.in-toto+json %s ' "$(wc -c <"$tmp/payload")"
	cat "$tmp/payload"
} >"$tmp/signed"
ok "openssl knows the signature" openssl pkeyutl -verify -pubin -inkey "$tmp/public.pem" -rawin \
	-in "$tmp/signed" -sigfile "$tmp/signature"
is "it is a statement of provenance" "$(jq -r '[._type, .predicateType, .predicate.runDetails.metadata.invocationId] | join(" ")' "$tmp/payload")" \
	"https://in-toto.io/Statement/v1 https://slsa.dev/provenance/v1 $id"
is "of files as sha256sum finds them" \
	"$(jq -r '.subject[] | .digest.sha256 + "  " + .name' "$tmp/payload" | (cd "$dir" && sha256sum -c --quiet 2>&1))" ""
is "that names the source" "$(jq -r '.predicate.buildDefinition.resolvedDependencies[0].name' "$tmp/payload")" "source tree"

# --- what was changed is named
flip() { # FILE: another last byte, of the same size
	size=$(stat -c %s "$1")
	printf "\\$(printf %o $((($(tail -c 1 "$1" | od -An -tu1) + 1) % 256)))" | dd of="$1" bs=1 seek=$((size - 1)) conv=notrunc status=none
}
for name in $(jq -r '.subject[].name' "$tmp/payload"); do
	[ -s "$dir/$name" ] || continue
	cp -p "$dir/$name" "$tmp/kept"
	flip "$dir/$name"
	verify "$id"
	echo "$(verdict) $(problems)" >>"$tmp/got"
	echo "1 changed $name: changed" >>"$tmp/wanted"
	cp -p "$tmp/kept" "$dir/$name"
done
is "one byte of any file" "$(cat "$tmp/got")" "$(cat "$tmp/wanted")"
mv "$dir/report.html" "$tmp/kept"
verify "$id"
is "a file that is gone" "$(verdict) $(problems)" "1 changed report.html: missing"
run "$drydock" bundle --quiet --state "$state" "$id" "$tmp/no.tar"
is "of such a run no bundle is made" "$status $(grep -c 'report.html: missing' "$tmp/err")" "2 1"
ln -s /etc/passwd "$dir/report.html"
verify "$id"
is "a link in its place" "$(verdict) $(problems)" "1 changed report.html: missing"
rm "$dir/report.html"
mv "$tmp/kept" "$dir/report.html"
echo more >"$dir/more"
verify "$id"
is "a file of which nothing was said is told of" "$(verdict) $(json '.unlisted | join(" ")')" "0 ok more"
rm "$dir/more"
cp "$dir/journal.db" "$tmp/kept"
sqlite3 "$dir/journal.db" "UPDATE step SET result = '{}' WHERE key = 'source'"
verify "$id"
is "a step of the journal" "$(verdict) $(problems)" "1 changed step source: the journal says something else"
cp "$tmp/kept" "$dir/journal.db"
rm -f "$dir/journal.db-wal" "$dir/journal.db-shm"
cp "$dir/attestation.json" "$tmp/kept"
forge() { # FILTER: of the payload, under the signature that was there
	jq -c "$1" "$tmp/payload" | tr -d '\n' | base64 -w 0 >"$tmp/forged"
	jq -c --rawfile p "$tmp/forged" '.payload = $p' "$tmp/kept" >"$dir/attestation.json"
	verify "$id"
}
forge '.predicate.runDetails.builder.version.drydock = "9"'
is "what was signed" "$(verdict) $(problems)" "1 changed attestation.json: its key did not sign this"
jq -c '.signatures = []' "$tmp/kept" >"$dir/attestation.json"
verify "$id"
is "a signature that was taken away" "$(verdict)" "1 unverified"
forge '.predicate.buildDefinition.internalParameters.steps[1].result = ("0" * 64)'
is "a link of the chain" "$(problems | grep -o 'step base: breaks the chain')" "step base: breaks the chain"
echo '{}' >"$dir/attestation.json"
verify "$id"
is "an attestation that is none" "$(verdict) $(problems)" "1 changed attestation.json: is none, or is damaged"
rm "$dir/attestation.json"
verify "$id"
is "and one that is gone" "$(verdict) $(problems)" "1 changed attestation.json: missing"
cp "$tmp/kept" "$dir/attestation.json"
verify "$id"
is "all as it was is ok again" "$(verdict)" "0 ok"

# --- other keys
openssl genpkey -algorithm ed25519 -out "$tmp/other.pem" 2>/dev/null
openssl pkey -in "$tmp/other.pem" -pubout -out "$tmp/other.pub"
verify --key "$tmp/other.pub" "$id"
is "somebody else's key vouches for nothing" "$(verdict)" "1 unverified"
verify --key "$tmp/other.pub" --key "$tmp/public.pem" "$id"
is "the right one among several" "$(verdict)" "0 ok"
openssl genpkey -algorithm RSA -out "$tmp/rsa.pem" 2>/dev/null
verify --key "$tmp/rsa.pem" "$id"
is "a key of another kind is refused" "$status $(grep -c 'no Ed25519 key' "$tmp/err")" "2 1"
verify --key "$tmp/nothing.pem" "$id"
is "and one that is not there" "$status" 2
run "$drydock" key rotate --json --state "$state"
second=$(json .key)
ok "a new key is another one" [ "$second" != "$key" ]
verify "$id"
is "what the old one signed is known still" "$(verdict) $(json .key)" "0 ok $key"

# --- elsewhere
run "$drydock" bundle --quiet --state "$state" "$id" "$tmp/b.tar"
is "a bundle of it" "$status" 0
"$drydock" key show --state "$state" >"$tmp/second.pem"
fresh=$tmp/fresh
elsewhere() { run "$drydock" verify --json --quiet --state "$fresh" "$@"; }
elsewhere --key "$tmp/second.pem" "$tmp/b.tar"
is "is known without the state it comes from" "$(verdict) $(json .run)" "0 ok $id"
[ "$status" = 0 ] || sed 's/^/# /' "$tmp/err" "$tmp/out"
elsewhere "$tmp/b.tar"
is "but not without the key" "$(verdict) $(json .key)" "1 unverified $second"
mkdir "$tmp/x"
tar -xf "$tmp/b.tar" -C "$tmp/x"
for name in bundle.json recipe/BUILD.md evidence/report.html evidence/attestation.json image.tar \
	$(cd "$tmp/x" && find objects -type f | head -n 1); do
	[ -e "$tmp/x/$name" ] || continue
	cp "$tmp/x/$name" "$tmp/kept"
	flip "$tmp/x/$name"
	tar --format=ustar -cf "$tmp/bad.tar" -C "$tmp/x" $(ls "$tmp/x")
	elsewhere --key "$tmp/second.pem" "$tmp/bad.tar"
	is "of a bundle: $name" "$(verdict) $(problems)" "1 changed $name: changed"
	cp "$tmp/kept" "$tmp/x/$name"
done
dd if="$tmp/b.tar" of="$tmp/half.tar" bs=1024 count=$(($(stat -c %s "$tmp/b.tar") / 2048)) status=none
elsewhere --key "$tmp/second.pem" "$tmp/half.tar"
ok "half a bundle is never ok" [ "$status" -ne 0 ]

# --- the private half stays where it is
body=$(sed -n 2p "$state/keys/signing.pem")
is "it is in no run and in no bundle" "$(grep -rlaF -e "$body" "$state/runs" "$tmp/b.tar" "$state/cas")" ""
rm -rf "$state/keys"
done_testing
