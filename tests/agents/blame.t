#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# drydock blame: from a line of a result to the call, the rule, the earlier run or the commit that wrote it.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/agents/authors.sh"

blame() { run "$drydock" blame --json --state "$state" "$@"; }
# line FILE TEXT REV: the number of the first line with that text
line() { git -C "$app" show "$3:$1" | grep -nF -e "$2" | head -1 | cut -d: -f1; }

app=$tmp/toll
mkdir -p "$app/tests"
printf '%s\n' 'all: ; touch all' 'check: ; @test -n "$$KEY" && sh tests/run.sh' >"$app/Makefile"
printf '# tolls\nhalf() { echo $(($1 / 2)); }\n' >"$app/half.sh"
printf '. ./half.sh\nfair() { half $(($1 - 1)); }\n' >"$app/fair.sh"
cat >"$app/tests/run.sh" <<'S'
. ./fair.sh
check() { n=$((n + 1)); [ "$2" = "$3" ] && echo "ok $n - $1" || printf 'not ok %d - %s\n# got %s, wanted %s\n' $n "$1" "$2" "$3"; }
echo 1..4
check "half of an even toll" "$(half 8)" 4
check "half of an odd toll" "$(half 7)" 4
check "half of another odd toll" "$(half 9)" 5
check "a fair toll" "$(fair 8)" 4
S
git -C "$app" init -q -b main
by() { # NAME SUBJECT
	git -C "$app" add -A
	git -C "$app" -c user.name="$1" -c user.email=a@example.org commit -q -m "$2"
}
by Ada first
sed -i '1s/.*/# Tolls, of all ships; secret-toll-4711/' "$app/half.sh"
by Bo "Say of what"
echo secret-toll-4711 >"$tmp/key.txt"
echo "{\"env:KEY\": {\"file\": \"$tmp/key.txt\"}}" >"$tmp/answers.json"

# --- a repair by a model, which is killed on the way
task toll <<'END'
{"needs": ["half of an odd toll"], "answers": [{"summary": "Round up", "edits": [
	{"path": "half.sh", "find": "half() { echo $(($1 / 2)); }", "replace": "# half TOLL: rounded up\nhalf() { echo $((($1 + 1) / 2)); }"}]}]}
END
judge_accepts "it rounds up"
models "$tmp/toll.json" toll judge '[{"context": 100}]'
run env DRYDOCK_FAULT=db.commit.after:45 "$drydock" fix --json --quiet --state "$state" --models "$tmp/toll.json" --answers "$tmp/answers.json" "$app"
killed=$status
first=$(newest_run "$app")
blame "$first" half.sh:3
is "of a run that was killed it says how to go on" "$killed $status $(grep -c "run $first has no result yet (drydock resume $first)" "$tmp/err")" "137 2 1"
run "$drydock" resume --json --quiet --state "$state" "$first"
branch=$(json .branch)
is "then it is fixed" "$status $(json .outcome)" "0 fixed"
which=$(json '[.attempts[] | select(.verdict == "kept")][0].attempt')
at_=$(line half.sh '+ 1)' "$branch")
blame "$first" "half.sh:$at_"
cp "$tmp/out" "$tmp/blamed"
is "a line that a model wrote is its attempt's" "$status $(json '[.by, .attempt.run, .attempt.attempt, .attempt.model, .attempt.author, .text] | map(tostring) | join("|")')" \
	"0 model|$first|$which|writer|model|half() { echo \$(((\$1 + 1) / 2)); }"
"$drydock" trace --json --content --state "$state" "$first" >"$tmp/trace"
is "with the call, which is a span of the trace" \
	"$(jq -r --arg s "$(json .call.span)" '.[] | select(.span == $s) | [.key, .digest, (.answer | tostring | contains("rounded up"))] | map(tostring) | join(" ")' "$tmp/trace")" \
	"fix/$which/write/$(json '.call.key | split("/")[-1]') $(json .call.digest) true"
is "and what it cost" "$(json '[.call.usd > 0, .call.input_tokens > 0, (.attempt.cost >= .call.usd)] | map(tostring) | join(" ")')" "true true true"
is "what it read is told by digest, which is that of the file" "$(json '.call.files[] | select(.path == "half.sh") | .sha256' | head -1)" \
	"$(git -C "$app" show main:half.sh | sha256sum | cut -d' ' -f1)"
is "its requirements" "$(json '.attempt.requirements | join(" ")')" "R1 R2 R3"
is "the evidence that it mended" "$(json '.attempt.better | sort | join(", ")')" "test/tests/a fair toll, test/tests/half of an odd toll, test/tests/half of another odd toll"
is "the review, with its call" "$(json '[.attempt.review.verdict, .attempt.review.model, (.review_call.key | startswith("fix/'"$which"'/review/"))] | map(tostring) | join(" ")')" "accepted reader true"
run "$drydock" blame --state "$state" "$first" "half.sh:$at_"
has "people read it, too" "$tmp/out" "written by model writer, attempt $which of run $first"

# --- what it did not write
blame "$first" half.sh:1
is "a line of the source is its author's" "$(json '[.by, .origin.author, .origin.subject, (.origin.line | tostring)] | join("|")')" "source|Bo|Say of what|1"
is "at its commit" "$(json .origin.commit)" "$(git -C "$app" rev-parse main)"
is "and what is secret is not shown" "$(json .text) $(grep -c 4711 "$tmp/out" "$tmp/blamed" | tr '\n' ' ')" "# Tolls, of all ships; [redacted] $tmp/out:0 $tmp/blamed:0 "
blame "$first" fair.sh:2
is "so is that of another file" "$(json '[.by, .origin.author] | join("|")')" "source|Ada"
for place in half.sh:99 nowhere.sh:1 ../half.sh:1; do
	blame "$first" "$place"
	is "what is not there is told: $place" "$status $(grep -cE 'half.sh has 3 lines in the result|there is no file (nowhere.sh|../half.sh) in the result' "$tmp/err")" "2 1"
done
blame "$first" half.sh
is "so is what names no line" "$status $(grep -c FILE:LINE "$tmp/err")" "2 1"
blame 20000101 half.sh:1
is "and a run that is none" "$status $(grep -c 20000101 "$tmp/err")" "2 1"

# --- a refinement on top of it
printf '%s\n' '- `fair` in fair.sh must tell what it is of.' >"$tmp/fair.md"
jq -n '{id: "holds:\n- `fair` in fair.sh must tell what it is of.", answers: [{summary: "Tell it", edits: [
	{path: "fair.sh", find: ". ./half.sh", replace: "# fair tolls\n. ./half.sh"}]}]}' | jq -c '.id = "You change the source" | . + {needs: ["fair.sh"]}' >"$tmp/tasks/more.json"
models "$tmp/more.json" more judge '[{"context": 100}]'
run "$drydock" refine --json --quiet --state "$state" --author Ada --models "$tmp/more.json" --guidance "$tmp/fair.md" "$first"
second=$(json .run) new=$(json .branch)
is "it is refined" "$status $(json .outcome)" "0 fixed"
blame "$second" fair.sh:1
is "what the refinement wrote is its own" "$(json '[.by, .attempt.run] | join(" ")')" "model $second"
blame "$second" "half.sh:$(line half.sh '+ 1)' "$new")"
is "what the first wrote is the first's, with its call" "$(json '[.by, .attempt.run, .call.span] | join(" ")')" "model $first $(json .call.span "$tmp/blamed")"
blame "$second" fair.sh:3
is "and a line that was moved is its author's" "$(json '[.by, .origin.author, (.origin.line | tostring)] | join(" ")')" "source Ada 2"

# --- the branch is rebased by its user
git -C "$app" checkout -q main
printf '# one\n# two\n' | cat - "$app/half.sh" >"$tmp/longer" && cp "$tmp/longer" "$app/half.sh"
by Cy "Two lines more"
git -C "$app" -c user.name=Cy -c user.email=c@example.org rebase -q main "$branch" >/dev/null 2>&1
git -C "$app" checkout -q main
is "after a rebase the line is elsewhere" "$(line half.sh '+ 1)' "$branch")" $((at_ + 2))
blame --at "$branch" "$first" "half.sh:$((at_ + 2))"
is "and is still that of its call" "$status $(json '[.by, .attempt.run, (.attempt.attempt | tostring), .call.span] | join(" ")')" "0 model $first $which $(json .call.span "$tmp/blamed")"
blame --at "$branch" "$first" half.sh:1
is "the others are of who wrote them" "$(json '[.by, .origin.author] | join(" ")')" "source Cy"
blame --at nowhere "$first" half.sh:1
is "a revision that is none is told" "$status $(grep -c 'no revision nowhere' "$tmp/err")" "2 1"

# --- somebody adds to a commit of ours, whose message still says whose it was
git -C "$app" checkout -q "$branch"
echo '# by hand' >>"$app/half.sh"
git -C "$app" -c user.name=Dee -c user.email=d@example.org commit -q -a --amend --no-edit
git -C "$app" checkout -q main
blame --at "$branch" "$first" "half.sh:$(line half.sh 'by hand' "$branch")"
is "a line that the attempt did not write is not its own" "$status $(json '[.by, (.attempt | tostring), .origin.text] | join("|")')" "0 source|null|# by hand"
blame --at "$branch" "$first" "half.sh:$((at_ + 2))"
is "and what it wrote still is" "$status $(json '[.by, .attempt.run] | join(" ")')" "0 model $first"

# --- the run that was refined is removed
mv "$state/runs/$first" "$tmp/gone"
blame "$second" "half.sh:$(line half.sh '+ 1)' "$new")"
is "without the first run, it is known to be of it" "$status $(json '[.by, .attempt.run] | join(" ")')" "0 lost $first"
mv "$tmp/gone" "$state/runs/$first"

# --- a run that wrote nothing
up "$apps/tiny-none"
blame "$(json .run)" README:1
is "a run that wrote nothing is told" "$status $(grep -c 'wrote no change' "$tmp/err")" "2 1"
done_testing
