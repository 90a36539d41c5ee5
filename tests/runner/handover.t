#!/bin/sh
# What a run hands over for other tools: whole, the same each time, and without secrets and paths of this machine.
. "$(dirname "$0")/../tap.sh"

mkdir "$tmp/app"
cat >"$tmp/app/Makefile" <<'M'
all: ; @test -n "$$SITE" && printf 'Rig? ' && read rig && printf 'Password? ' && read password && test "$$rig" = ketch && cc -o hull hull.c
check: ; @echo 1..1; ./hull && echo ok 1
M
echo 'int main(void) { return 0; }' >"$tmp/app/hull.c"
printf '{"env:SITE": "north", "prompt:rig": "ketch", "prompt:password": "long-splice-5", "secret:DECK_KEY": "oakum-and-pitch"}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$tmp/app"
is "outcome" "$(json .outcome)" up
cp "$tmp/out" "$tmp/up"
dir=$(dirname "$(json .recipe)")

# --- the files that there are
is "the folder of the recipe" "$(cd "$dir" && find . -type f | sort | tr '\n' ' ')" \
	"./.devcontainer/devcontainer.json ./.env.example ./BUILD.md ./Dockerfile ./NEEDS.md ./compose.yaml ./drydock.buildinfo ./drydock.lock.json ./drydock.yaml ./evidence.jsonl ./needs.json ./sbom.cdx.json ./sbom.spdx.json "
for word in long-splice-5 oakum-and-pitch "$tmp" "$state" "$root/"; do
	hasnt "no file has $word" "$dir" "$word"
done

# --- bills of materials
cdx=$dir/sbom.cdx.json
ok "CycloneDX has what it must" jq -e '.bomFormat == "CycloneDX" and .specVersion == "1.6" and .version == 1
	and (.serialNumber | test("^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$"))
	and (.metadata.timestamp | fromdate > 0) and (.components | all(.type and .name and .["bom-ref"]))' "$cdx"
ok "its references lead somewhere, and are of one kind" jq -e '([.metadata.component] + .components | map(.["bom-ref"])) as $refs
	| ($refs | length) == ($refs | unique | length)
	and ([.dependencies[] | .ref, .dependsOn[]] - $refs) == [] and (.dependencies | map(.ref) | sort) == ($refs | sort)' "$cdx"
ok "every package has a purl" jq -e '[.components[] | select(.type == "library") | .purl] | length > 60
	and all(test("^pkg:deb/debian/[a-z0-9.%B-]+@[^?]+\\?arch=(all|amd64|arm64)&distro=debian-[0-9]+$"))' "$cdx"
is "what the application needs is in the graph, with what that needs" "$(jq -r '[.dependencies[] | {(.ref): .dependsOn}] | add as $g
	| [$g.application[] | select(test("/gcc@")) | $g[.][] | select(test("/gcc-[0-9]+@"))] | length' "$cdx")" 1
is "an archive that was installed has its digest" \
	"$(jq -r '.components[] | select(.name == "gcc") | .hashes[0].content' "$cdx")" \
	"$(jq -r '.packages[] | select(.name == "gcc") | .sha256' "$dir/drydock.lock.json")"
spdx=$dir/sbom.spdx.json
ok "SPDX has what it must" jq -e '.spdxVersion == "SPDX-2.3" and .dataLicense == "CC0-1.0" and .SPDXID == "SPDXRef-DOCUMENT"
	and .name == "app" and (.documentNamespace | test("^urn:uuid:")) and (.creationInfo.created | fromdate > 0)
	and (.creationInfo.creators[0] | startswith("Tool: drydock-"))
	and (.packages | all(.SPDXID and .name and .downloadLocation and (.SPDXID | test("^SPDXRef-[A-Za-z0-9.-]+$"))))' "$spdx"
ok "its references lead somewhere, too" jq -e '(["SPDXRef-DOCUMENT"] + [.packages[].SPDXID]) as $ids
	| ($ids | length) == ($ids | unique | length) and ([.relationships[] | .spdxElementId, .relatedSpdxElement] - $ids) == []
	and ([.relationships[] | select(.relationshipType == "DESCRIBES")] | length) == 1
	and ([.relationships[] | select(.relationshipType == "BUILD_DEPENDENCY_OF")] | length) > 0' "$spdx"
is "both list the same packages" "$(jq -r '.packages[].externalRefs[0].referenceLocator | select(.)' "$spdx" | sort | sha256sum)" \
	"$(jq -r '.components[].purl | select(.)' "$cdx" | sort | sha256sum)"

# --- .buildinfo: what dpkg reads
info=$dir/drydock.buildinfo
if command -v perl >/dev/null && perl -MDpkg::Control -e 1 2>/dev/null; then
	is "dpkg reads the buildinfo" "$(perl -MDpkg::Control -MDpkg::Deps -e '
		my $c = Dpkg::Control->new(type => CTRL_FILE_BUILDINFO); $c->load($ARGV[0]);
		my $d = deps_parse($c->{"Installed-Build-Depends"}, reduce_arch => 0) or die;
		print join(" ", $c->{Source}, $c->{Format}, scalar(grep { "$_" =~ /^(gcc|make|dpkg) \(= / } $d->get_deps)), "\n"' "$info" 2>&1)" "app 1.0 3"
else
	skip "dpkg reads the buildinfo" "no Dpkg::Control here"
fi
is "its checksums are those of the files" \
	"$(sed -n '/^Checksums-Sha256:/,/^[A-Z]/s/^ \([0-9a-f]*\) [0-9]* \(.*\)/\1  \2/p' "$info" | (cd "$dir" && sha256sum -c --quiet 2>&1) && echo right)" right
has "its environment has the answer" "$info" ' SITE="north"'
hasnt "and no secret" "$info" DECK_KEY

# --- needs, evidence
is "needs.json has each question, with its place" \
	"$(jq -r '.needs[] | [.id, .class, .state, .where] | join(" ")' "$dir/needs.json" | sort)" \
	"env:SITE env answered 
prompt:password prompt answered Makefile:1
prompt:rig prompt answered Makefile:1
secret:DECK_KEY secret answered "
ok "every line of the evidence is a decision" jq -es 'length > 5 and all(.decision and .what and has("why") and has("result") and has("attempt"))' "$dir/evidence.jsonl"
is "it says why gcc is there, and what was seen" \
	"$(jq -r 'select(.decision == "package" and .what == "gcc") | [.attempt, .why, .proof, .result] | join("; ")' "$dir/evidence.jsonl")" \
	"1; $(jq -r '.packages[] | select(.name == "gcc") | [.why, .proof] | join("; ")' "$dir/drydock.lock.json"); used"

# --- variables
is "the example of variables has no value" "$(grep -v '^#' "$dir/.env.example" | sed '/^$/d' | sort | tr '\n' ' ')" "DECK_KEY= PROMPT_PASSWORD= PROMPT_RIG= SITE= "
if perl -MYAML::XS -e 1 2>/dev/null; then to_json='perl -MYAML::XS -MJSON::PP -e "print JSON::PP->new->encode(YAML::XS::LoadFile(shift))"'
elif python3 -c 'import yaml' 2>/dev/null; then to_json='python3 -c "import sys, yaml, json; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)"'
else to_json=; fi
if [ -n "$to_json" ]; then
	eval "$to_json" '"$dir/compose.yaml"' >"$tmp/compose.json"
	ok "compose.yaml is YAML, and its secrets are declared" jq -e '.services.tests.build.target == "test"
		and (.services.tests.build.secrets - (.secrets | keys)) == [] and .services.tests.build.args.SITE == "${SITE}"' "$tmp/compose.json"
else
	skip "compose.yaml is YAML, and its secrets are declared" "no reader of YAML here"
fi
is "devcontainer.json names the secrets" "$(jq -r '.secrets | keys | join(" ")' "$dir/.devcontainer/devcontainer.json")" "DECK_KEY PROMPT_PASSWORD"

# --- again: the same but for the day
cp -R "$dir" "$tmp/first"
run "$drydock" replay --json --quiet --state "$state" --offline --answers "$tmp/answers.json" "$dir" "$tmp/app"
again=$(dirname "$(json .recipe)")
is "a replay's outcome" "$(json .outcome)" up
for f in sbom.cdx.json sbom.spdx.json drydock.buildinfo Dockerfile compose.yaml .env.example needs.json; do
	for d in "$tmp/first" "$again"; do
		sed -E 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z/DAY/; s/urn:uuid:[0-9a-f-]{36}/SERIAL/; s/^Build-Date: .*/DAY/; s/^ [0-9a-f]{64} .* drydock.lock.json/LOCK/' "$d/$f" | sha256sum
	done >"$tmp/sums"
	is "a replay gives the same $f" "$(sed -n 1p "$tmp/sums")" "$(sed -n 2p "$tmp/sums")"
done
id=$(jq -r .run "$tmp/up")
rm -rf "$dir"
run "$drydock" resume --json --quiet --state "$state" "$id"
is "lost files are made again, byte for byte" "$(diff -r "$tmp/first" "$dir" && echo same)" same

# --- nothing to hand over but the questions
printf 'all: ; @test -n "$${HARBOUR:?not set}"\n' >"$tmp/app/Makefile"
up "$tmp/app"
dir=$(dirname "$(json .report)")/recipe
is "a run that is blocked has its questions in a file" \
	"$(json .outcome) $(jq -r '.needs[0] | [.id, .blocking, .state, .where] | map(tostring) | join(" ")' "$dir/needs.json") $(ls "$dir" | tr '\n' ' ')" \
	"blocked env:HARBOUR true open Makefile:1 NEEDS.md drydock.yaml evidence.jsonl needs.json "
has "and says what waits for it" "$dir/NEEDS.md" "untested without it: everything"

# --- no compose.yaml where there is nothing to compose
up "$apps/tiny-make"
ok "no variables, no compose.yaml" sh -c '[ ! -e "$1/compose.yaml" ] && [ ! -e "$1/.env.example" ]' sh "$(dirname "$(json .recipe)")"
done_testing
