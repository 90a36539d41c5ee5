#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# drydock refine: the branch of an earlier run, adjusted by the stand-in with what a person says of it.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/agents/authors.sh"
. "$root/tests/agents/harbour.sh"

cat >>"$app/Makefile" <<'M'
	@test -n "$$BERTH" || { echo "BERTH is not set"; exit 1; }
	@echo "# at $$BERTH"
M
echo north-quay-41 >"$tmp/berth"
echo "{\"env:BERTH\": {\"file\": \"$tmp/berth\"}}" >"$tmp/answers.json"
commit first
refine() { run "$drydock" refine --json --quiet --state "$state" --author Ada "$@"; }
says() { printf '%s\n' "$2" >"$tmp/$1.md"; }
# told NAME ID: standard input, and what the author of a refinement needs
told() { jq -c --arg id "holds:
$2" '. + {id: $id, window: 12000, requirements: ["R2", "R3"]}' >"$tmp/tasks/$1.json"; }
judge_accepts "it does what is asked"

# --- the run that is refined: its goal is a case of its own
pilot_task
fix --models "$tmp/first.models" --answers "$tmp/answers.json" --goal "$GOAL" "$app"
first=$(json .run) branch=$(json .branch)
tip=$(git -C "$app" rev-parse "$branch")
is "there is a branch to refine" "$status $(json .outcome) $branch" "0 fixed drydock/$first"

# --- what cannot be begun
models "$tmp/more.models" more judge '[{"context": 100}]'
says rate '- `rate_of` in rate.c must give 2.5 for a flag of three letters.'
refine "$first"
is "without guidance it is not begun" "$status $(grep -c -e '--guidance FILE says' "$tmp/err")" "2 1"
says empty '# Nothing but a title'
refine --models "$tmp/more.models" --guidance "$tmp/empty.md" "$first"
is "nor with guidance that says nothing" "$status $(grep -c 'says nothing' "$tmp/err")" "2 1"
run env -u DRYDOCK_MODELS "$drydock" refine --state "$state" --guidance "$tmp/rate.md" "$first"
is "nor where no model can be asked" "$status $(grep -c 'a refinement needs a model that may write' "$tmp/err")" "2 1"
git -C "$app" update-ref "refs/heads/$branch" main
refine --models "$tmp/more.models" --guidance "$tmp/rate.md" "$first"
is "nor on a branch that moved" "$status $(grep -c "the branch $branch is another commit than" "$tmp/err")" "2 1"
git -C "$app" update-ref "refs/heads/$branch" "$tip"
mv "$tmp/answers.json" "$tmp/kept.json"
refine --models "$tmp/more.models" --guidance "$tmp/rate.md" "$first"
is "nor where its answers are gone" "$status $(grep -c "answers.json" "$tmp/err")" "2 1"
echo '{' >"$tmp/answers.json"
refine --models "$tmp/more.models" --guidance "$tmp/rate.md" "$first"
is "or are none any more" "$status $(grep -c "answers.json" "$tmp/err")" "2 1"
mv "$tmp/kept.json" "$tmp/answers.json"
is "of all that no run is left" "$(newest_run "$app")" "$first"

# --- one file is changed, the rest stays
RATE='- `rate_of` in rate.c must give 2.5 for a flag of three letters.'
told more-rate "$RATE" <<'END'
{"needs": ["return flag[0] ? 2.0 : 3.0;"], "rules": ["These files are yours to change, and no other: fee.h, rate.c, fee.c."], "answers": [
	{"unless": ["is not among the files of this task"], "edits": [{"path": "tests/fees.sh", "find": "35.00", "replace": "36.00"}]},
	{"summary": "Give a rate for three letters", "edits": [
		{"path": "rate.c", "find": "#include \"fee.h\"", "replace": "#include \"fee.h\"\n\n#include <string.h>"},
		{"like": "return flag.0. . 2", "replace": "\treturn strlen(flag) == 3 ? 2.5 : flag[0] ? 2.0 : 3.0;"}]}]}
END
refine --models "$tmp/more.models" --guidance "$tmp/rate.md" "$first"
cp "$tmp/out" "$tmp/second"
second=$(json .run) new=$(json .branch)
is "the guidance is followed" "$status $(json '.outcome + " " + .refines + " " + .onto + " " + .by')" "0 fixed $first $branch Ada"
is "on a branch of its own" "$new" "$branch-2"
is "whose commit is on the tip of the first" "$(git -C "$app" rev-parse "$new^")" "$tip"
is "which is where it was" "$(git -C "$app" rev-parse "$branch")" "$tip"
is "only the file that was named is changed" "$(git -C "$app" diff --name-only "$branch" "$new")" rate.c
is "what the first wrote is there to the byte" "$(git -C "$app" diff main "$branch" | git -C "$app" patch-id --stable)" "$(git -C "$app" diff main "$new" -- fee.c tests/fees.sh | git -C "$app" patch-id --stable)"
is "the write set is told: what is named, what holds it, and what the map ranks beside it" "$(json '.writes | join(" ")')" "fee.h rate.c fee.c"
is "what was refused was said back" "$(json '[.attempts[] | select(.model) | .refused[]] | join(" ")')" tests/fees.sh
is "through all gates there is something for" "$(json '[.attempts[-1].gates[] | select(.result != "passed") | .gate + "=" + .result] | join(" ")')" \
	"lint=not-run integration=not-run e2e=not-run screens=not-run parity=not-run"
is "its tests are those of the branch" "$(json '.before.cases | length') $(json '[.before.cases[]] | unique | join(" ")')" "3 passed"
has "the pull request says what it is" "$state/runs/$second/pr.md" "# Refinement of run $first: fixed"
is "it was stood up with the answers of the first" "$(json .before.outcome)" up
ok "which are in nothing that was written" sh -c '! grep -raF north-quay-41 "$1" "$2"' sh "$tmp/out" "$state/runs/$second"
is "what is checked out is as it was" "$(git -C "$app" -c core.hooksPath=/dev/null status --porcelain | wc -l) $(git -C "$app" rev-parse --abbrev-ref HEAD)" "0 main"

# --- what it leaves is attested and evaluated, and can be offered
verify() { run "$drydock" verify --json --state "$state" "$1"; }
attested() { jq -r .payload "$state/runs/$second/attestation.json" | base64 -d | jq -r "$1"; }
verify "$second"
is "it is what it was, with its branch" "$(json '[(.problems | length), (.unlisted | length), .branches[0]] | join(" ")')" "0 0 refs/heads/$new $(git -C "$app" rev-parse "$new")"
is "its attestation says what it refines" "$(attested '.predicate.buildDefinition | [.buildType, (.internalParameters.repair | .outcome, .refines)] | join(" ")')" "urn:drydock:fix:1 fixed $first"
verify "$first"
is "the first is as it was attested" "$(json '.problems | length')" 0
run "$drydock" guide --json --state "$state" "$second"
is "its guide says what was asked, and what is left" "$(json '[.asked, .outcome, (.items | map(.id) | sort | join(","))] | join("|")')" "${RATE#- }|fixed|review:application,review:branch"
mkdir -p "$tmp/forge" "$tmp/served/acme"
git clone -q --bare --single-branch "$app" "$tmp/served/acme/tide.git"
perl tests/runner/forge.pl "$tmp/forge" "$tmp/served" 300 >"$tmp/port" &
on_exit="kill $!; $on_exit"
eventually grep -qs http "$tmp/port"
hub=http://127.0.0.1:$(sed 's/http //' "$tmp/port")/hub
run env GITHUB_TOKEN=forge-token-5511 "$drydock" pr --json --state "$state" --remote "$hub/acme/tide.git" --api "$hub/api/v3" "$second"
is "a request is opened for it" "$status $(json '[.done, .pushed, .branch] | join(" ")')" "0 opened true $new"
is "with the commits of both" "$(git --git-dir "$tmp/served/acme/tide.git" log --format=%H "main..$new" | wc -l)" "$(git -C "$app" log --format=%H "main..$new" | wc -l)"

# --- the guidance is a memory of the part that it is about
"$drydock" graph ingest --quiet --state "$state" "$app" >/dev/null
memories() { "$drydock" memory list --json --state "$state" --dir "$app" --at "$1"; }
is "it is a memory of that part" "$(memories rate.c | jq -r '.[] | [.source, (.confidence | tostring), .evidence, .text] | join("|")')" "person|80|$second|${RATE#- }"
is "with an end" "$("$drydock" memory list --json --state "$state" --dir "$app" | jq -r '.[0] | (.ends_s - .created_s) / 86400')" 365
is "and of no other" "$(memories journal/entry.c | jq length)" 0

# --- killed, and resumed: the same tree
run env DRYDOCK_FAULT=db.commit.before:25 "$drydock" refine --json --quiet --state "$state" --author Ada --models "$tmp/more.models" --guidance "$tmp/rate.md" "$first"
kills=0 id=$(newest_run "$app")
while [ "$status" = 137 ] && [ $kills -lt 30 ]; do
	kills=$((kills + 1))
	run env DRYDOCK_FAULT="db.commit.$([ $((kills % 2)) = 0 ] && echo before || echo after):25" "$drydock" resume --json --quiet --state "$state" "$id"
done
is "killed $kills times, it ends the same" "$status $(json .outcome) $([ $kills -gt 1 ] && [ "$id" != "$second" ] && echo killed)" "0 fixed killed"
is "with the same tree, on the next branch" "$(json .branch) $(git -C "$app" rev-parse "$(json .branch)^{tree}")" "$branch-3 $(git -C "$app" rev-parse "$new^{tree}")"
is "and the memory is there once" "$(memories rate.c | jq length)" 1

# --- guidance that contradicts what the run was asked for
before=$(asked more)
says seven '- `fee` in fee.c must add 7 crowns for the pilot, and tests/fees.sh must say so.'
refine --models "$tmp/more.models" --guidance "$tmp/seven.md" "$second"
is "an earlier requirement is not written over" "$status $(json '.outcome + " " + (.branch | tostring) + ": " + .contradictions[0].why')" "1 contradictory null: one says 7, the other 5"
is "both are told" "$(json '.contradictions[0] | .guidance + "|" + .against')" "$(sed 's/^- //' "$tmp/seven.md")|$GOAL"
is "and nobody was asked" "$(asked more)" "$before"
id=$(json .run)
verify "$id"
is "it is attested, too" "$(json '.problems | length')" 0
run "$drydock" guide --json --state "$state" "$id"
is "its guide says between what to decide" "$(json '[.items[] | .gap + " " + .id] | join("|")')" "critical decide:$GOAL"

# --- guidance that asks for what tests forbid
DASH='- `put_entry` in journal/entry.c must begin each line with a dash.'
says dash "$DASH"
told more-dash "$DASH" <<'END'
{"needs": ["printf(\"%s"], "answers": [
	{"unless": ["cases ended worse with it"], "summary": "Begin with a dash", "edits": [{"path": "journal/entry.c", "find": "printf(\"%s", "replace": "printf(\"- %s"}]},
	{"summary": "Begin with another", "edits": [{"path": "journal/entry.c", "find": "printf(\"%s", "replace": "printf(\"-%s"}]}]}
END
models "$tmp/twice.models" more judge '[{"context": 100}, {"context": 90}]'
refine --models "$tmp/twice.models" --guidance "$tmp/dash.md" "$first"
is "what tests forbid is told as contradictory" "$status $(json '.outcome + " " + (.branch | tostring) + " " + (.forbidden_by | join(" "))')" "1 contradictory null test/tests/a ship is written down"
is "each attempt broke it" "$(json '[.attempts[] | .verdict + " " + (.worse | join(","))] | unique | join("|")')" "dropped test/tests/a ship is written down"
run "$drydock" guide --json --state "$state" "$(json .run)"
has "its guide names the case" "$tmp/out" '"id": "decide:test/tests/a ship is written down"'
is "it is no memory" "$(memories journal/entry.c | jq length)" 0
is "who works there is not told of other parts" "$(requests more | grep 'begin each line with a dash' | grep -c 'must give 2.5')" 0

# --- a refinement is refined: nothing is to be done
NONE='- `rate_of` in rate.c must give 3 without a flag.'
says none "$NONE"
told more-none "$NONE" <<'END'
{"needs": ["strlen(flag) == 3", "+ 5;"], "rules": ["true of it alone: `rate_of` in rate.c must give 2.5"], "answers": [{"summary": "It is so already", "edits": []}]}
END
refine --models "$tmp/twice.models" --guidance "$tmp/none.md" "$second"
is "where it is so already, nothing is written" "$status $(json '.outcome + " " + (.branch | tostring) + " " + .onto')" "0 clean null $new"
ok "by every author that was asked" [ "$(json '[.attempts[] | select(.model) | .verdict] | unique | join(" ")')" = nothing-proposed ]
models "$tmp/lost.models" lost judge '[{"context": 100}]'
refine --models "$tmp/lost.models" --guidance "$tmp/none.md" "$second"
ok "who does not answer does not say so" [ "$(json .outcome)" != clean ]

# --- a run that kept nothing
refine --models "$tmp/more.models" --guidance "$tmp/rate.md" "$(newest_run "$app")"
is "a run that kept nothing has no branch to adjust" "$status $(grep -c 'kept no change that could be adjusted' "$tmp/err")" "2 1"
done_testing
