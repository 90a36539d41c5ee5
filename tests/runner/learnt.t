#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# What a run learnt is where the next one of the same source begins; a drydock.yaml corrects it, and forbids.
. "$(dirname "$0")/../tap.sh"

again() { run "$drydock" up --json --quiet --state "$state" "$@"; }
packages() { json '[.packages[].name] | sort | join(" ")'; }
# steps PREFIX: of the last run
steps() { sqlite3 "$state/runs/$(json .run)/journal.db" "select count(*) from step where key like '$1%'"; }

# --- a tree of its own, so that nothing was learnt of it before
cp -R "$apps/tiny-missing" "$tmp/app"
date +%s%N >"$tmp/app/stamp"
again "$tmp/app"
is "the first run finds out" "$(json .outcome) $(steps index)" "up 1"
first=$(json .run)
wanted=$(packages)
again "$tmp/app"
is "the second has it: one attempt, no index, nothing looked for" \
	"$(json '[.outcome, (.attempts | length)] | join(" ")') $(steps index) $(steps attempt/)" "up 1 0 0"
is "the same packages, with their reasons" "$(packages) $(json '[.packages[].why] | sort | .[0]' | grep -c 'drydock\.yaml')" "$wanted 0"
has "which says whose" "$(json .report)" "what run $first learnt of this source was used"
ok "and has a recipe" test -s "$(json .recipe)"
again --no-prune "$tmp/app"
is "one that is to keep every package looks again, and so does the next" "$(json .outcome) $(steps index)" "up 1"
again "$tmp/app"
is "which is to keep only what is used" "$(json .outcome) $(steps index)" "up 1"
up "$tmp/app"
is "--no-learnt looks again" "$(json .outcome) $(steps index)" "up 1"

# --- the same tree elsewhere; a changed one where it was
mv "$tmp/app" "$tmp/moved"
again "$tmp/moved"
is "the same tree at another place" "$(json .outcome) $(steps index)" "up 0"
for f in $(grep -l "\"run\":\"$(json .run)\"" "$state"/learnt/*); do echo '{' >"$f"; done
again "$tmp/moved"
is "what is damaged is found out again" "$(json .outcome) $(steps index) $(grep -c "$state/learnt/" "$tmp/err")" "up 1 2"
echo '/* afloat */' >>"$tmp/moved/squash.c"
again "$tmp/moved"
is "a changed tree is looked at, with the packages from the start" \
	"$(json '[.outcome, (.attempts[0].added | index("zlib1g-dev") != null)] | map(tostring) | join(" ")') $(steps index)" "up true 1"

# --- what a run tells is written down as a person would give it
facts=$(dirname "$(json .recipe)")/drydock.yaml
is "drydock.yaml has the packages" "$(sed -n 's/^- name: //p' "$facts" | sort | tr '\n' ' ')" "$wanted "
has "and why" "$facts" "header zlib.h"
again --facts "$facts" --no-prune "$tmp/moved"
is "given back, it leads to the same" "$(json .outcome) $(packages)" "up $wanted"

# --- corrected: what is banned is not installed, and what that switches off is told
printf 'packages: [bc]\nban: [zlib1g-dev]\nenvironment:\n- name: DEPTH\n  value: 9\n  why: of the harbour\n' >"$tmp/moved/drydock.yaml"
again --no-prune "$tmp/moved"
is "with the source's own, zlib banned: it lacks the file" \
	"$(json '[.outcome, (.questions[] | select(.blocking) | .id | sub(".*/"; ""))] | join(" ")')" "blocked zlib.h"
is "it is not installed; what is named, is" "$(packages | tr ' ' '\n' | grep -cx 'zlib1g-dev') $(packages | tr ' ' '\n' | grep -cx bc)" "0 1"
is "what is off for want of it" "$(json '[.features_off[] | select(.input | test("zlib1g-dev, which drydock.yaml bans"))] | length > 0')" true
run "$drydock" explain --state "$state" "$(json .run)" bc
has "explain names the file" "$tmp/out" "because: drydock.yaml"
sed -i 's/zlib1g-dev/bc/; s/^packages.*//' "$tmp/moved/drydock.yaml"
sed -i 's/^\t@echo 1..1/\t@test "$$DEPTH" = 9 \&\& echo 1..1/' "$tmp/moved/Makefile"
again "$tmp/moved"
is "its variable is set for the tests" "$(json .outcome)" up
is "and is in the recipe" "$(jq -r '.environment[] | select(.name == "DEPTH") | .value + ", " + .why' "$(json .recipe)")" "9, of the harbour"

# --- a provider, in a file that goes before it
printf 'providers:\n- need: header zlib.h\n  package: libz-mingw-w64-dev\n' >"$tmp/odd.yaml"
again --no-prune --facts "$tmp/odd.yaml" "$tmp/moved"
is "the package of a need is the one that is named" "$(packages | tr ' ' '\n' | grep -cx libz-mingw-w64-dev)" 1
is "and the source's own file is not used" "$(jq -r '.environment[] | select(.name == "DEPTH") | .name' "$(dirname "$(json .report)")/recipe/drydock.lock.json" 2>/dev/null)" ""
has "which is a decision" "$(dirname "$(json .report)")/recipe/evidence.jsonl" "provider=libz-mingw-w64-dev of the header zlib.h"

# --- what is none
printf 'pakages: [bc]\n' >"$tmp/bad.yaml"
before=$(newest_run "$tmp/moved")
again --facts "$tmp/bad.yaml" "$tmp/moved"
is "an unknown word is a usage error, before a run" "$status $(newest_run "$tmp/moved")" "2 $before"
has "and is named" "$tmp/err" pakages
cp "$tmp/bad.yaml" "$tmp/moved/drydock.yaml"
sed -i 's/test "$$DEPTH" = 9 && //' "$tmp/moved/Makefile"
again "$tmp/moved"
is "in the source it is passed over" "$(json .outcome)" up
has "with a word about it" "$tmp/err" "what drydock.yaml says is not used"
printf 'packages: [no-such-package-anywhere]\n' >"$tmp/none.yaml"
again --facts "$tmp/none.yaml" "$tmp/moved"
is "a package that nobody has" "$status $(grep -c 'no source of this machine has a package no-such-package-anywhere' "$tmp/err")" "2 1"
done_testing
