#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# Why something is there, what changed between two runs, and discovery that begins with a recipe or ends before the tests.
. "$(dirname "$0")/../tap.sh"

# --- a recipe that still fits is replayed and nothing else
mkdir "$tmp/app"
cat >"$tmp/app/Makefile" <<'M'
all: ; cc -o hull hull.c $(LIBS)
check: ; @echo 1..1; ./hull && echo ok 1 - floats
M
echo 'int main(void) { return 0; }' >"$tmp/app/hull.c"
up "$tmp/app"
is "outcome" "$(json .outcome)" up
first=$(json .run)
recipe=$(json .recipe)
steps() { sqlite3 "$state/runs/$1/journal.db" "select count(*) from step where key like '$2%'"; }
up --recipe "$recipe" "$tmp/app"
is "a recipe that fits: outcome" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 1"
is "it was replayed, and nothing was looked for" "$(steps "$(json .run)" replay/build) $(steps "$(json .run)" attempt/) $(steps "$(json .run)" index)" "1 0 0"

# --- one that does not fit any more: its packages, and what is new
printf '#include <zlib.h>\nint main(void) { return zlibVersion()[0] == 0; }\n' >"$tmp/app/hull.c"
sed -i 's/\$(LIBS)/-lz/; s/^check.*/check: ; @echo 1..2; .\/hull \&\& echo ok 1 - floats \&\& echo ok 2 - squashes/' "$tmp/app/Makefile"
run "$drydock" replay --json --quiet --state "$state" --offline "$recipe" "$tmp/app"
is "the recipe alone does not build it" "$(json .outcome)" build-failed
jq '(.packages[] | select(.name == "libc-dev-bin")) |= (.requested = true | .why = "somebody knew")' "$recipe" >"$tmp/lock.json"
up --no-prune --recipe "$tmp/lock.json" "$tmp/app"
second=$(json .run)
is "with discovery it is mended" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 2"
is "which began with a replay" "$(steps "$second" replay/build)" 1
has "and says what was broken" "$tmp/err" "the recipe was replayed first, and it is broken: build-failed"
is "the packages are those of the recipe, and the new one" "$(json '[.packages[].name] | sort | join(" ")')" "gcc libc-dev-bin libc6-dev make zlib1g-dev"
has "whose reasons are kept" "$(json .recipe)" "the recipe: somebody knew"
"$drydock" resume --quiet --json --state "$state" "$second" >"$tmp/out" 2>"$tmp/err"
is "resumed, it is the same" "$(json '[.run, .outcome] | join(" ")')" "$second up"
printf '{}' >"$tmp/bad.json"
before=$(newest_run "$tmp/app")
up --recipe "$tmp/bad.json" "$tmp/app"
is "what is no recipe is a usage error" "$status $(newest_run "$tmp/app")" "2 $before"

# --- explain
run "$drydock" explain --state "$state" "$second" zlib1g-dev
has "a package the application needs" "$tmp/out" "the application needs zlib1g-dev"
has "what asked for it" "$tmp/out" "because: header zlib.h (hull.c"
has "what was seen of it" "$tmp/out" "seen: /usr/include/z"
run "$drydock" explain --json --state "$state" "$second" gcc-12
is "one that another needs is led back to that" "$(json '[.chain[] | sub(".*/"; "") | sub("@.*"; "")] | join(" ")')" "gcc gcc-12"
run "$drydock" explain --state "$state" "$second" gcc-12
is "in words" "$(grep -E '^(the application|gcc) needs|seen: ' "$tmp/out" | tr '\n' '|')" "the application needs gcc|  seen: /usr/bin/gcc|gcc needs gcc-12|"
run "$drydock" explain --state "$state" "$second"
is "without a name, every decision" "$(grep -c '^package ' "$tmp/out")" 5
run "$drydock" explain --state "$state" "$second" no-such-thing
is "a name that is nowhere" "$status $(grep -c 'knows no package, question or decision "no-such-thing"' "$tmp/err")" "2 1"

# --- a question
printf 'all: ; @test -n "$${HARBOUR:?not set}"\n' >"$tmp/app/Makefile"
up "$tmp/app"
run "$drydock" explain --state "$state" "$(json .run)" env:HARBOUR
is "a question, its place, and that the run waits for it" "$(grep -E '^  (at|state): ' "$tmp/out" | tr '\n' '|')" \
	"  at: Makefile:1|  state: open; the run waits for it|"

# --- diff
run "$drydock" diff --json --state "$state" "$first" "$second"
is "needs that are new" "$(json '[.needs[] | .name, .from, .to] | map(tostring) | join(" ")')" "libc-dev-bin null build zlib1g-dev null build"
is "versions" "$(json '[.versions[] | select(.from == null) | .name] | join(" ")')" zlib1g-dev
is "tests that are new" "$(json '[.tests[] | .to] | join(" ")') $(json '.outcome | length')" "passed 0"
run "$drydock" diff --state "$state" "$second" "$first"
has "the other way round it is gone" "$tmp/out" "- need zlib1g-dev: build"
run "$drydock" diff --state "$state" "$first" "$first"
is "a run and itself" "$(cat "$tmp/out")" "no difference"
run "$drydock" diff --state "$state" "$first" nosuch
is "no such run" "$status" 2

# --- probe
run "$drydock" probe --json --quiet --state "$state" "$apps/tiny-make"
id=$(json .run)
is "probe builds" "$status $(json '[.outcome, .tests.passed] | map(tostring) | join(" ")')" "0 built 0"
is "and runs no test" "$(ls "$state/runs/$id/logs" | grep -c tests) $(steps "$id" %tests)" "0 0"
has "which its instructions say" "$(dirname "$(json .recipe)")/BUILD.md" "They were not run"
run "$drydock" replay --json --quiet --state "$state" --offline "$(json .recipe)" "$apps/tiny-make"
is "its recipe has the tests" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 2"
done_testing
