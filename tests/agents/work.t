#!/bin/sh
# drydock work: an approved plan is executed task by task, by the stand-in, which solves only what its request tells of.
. "$(dirname "$0")/../tap.sh"
. tests/agents/works.sh

# --- what is not begun
plan_harbour "$tmp/p"
models "$tmp/both.json" plan judge '[{"context": 100}]'
work --models "$tmp/both.json" "$tmp/p"
is "a plan that nobody approved is refused, with the command that approves" "$status $(grep -c 'is not approved: drydock plan approve ' "$tmp/err")" "2 1"
approve "$tmp/p"
echo "One more word." >>"$tmp/p/plan.md"
work --models "$tmp/both.json" "$tmp/p"
is "and one that was changed since" "$status $(grep -c 'has changed since it was approved: drydock plan approve ' "$tmp/err")" "2 1"
cp "$tmp/p/plan.md" "$tmp/kept.md"
sed -i "/^### $FEE/,/^### /s/^- writes:.*/- writes: \`..\/fee.c\`/" "$tmp/p/plan.md"
# as who can write the file can write it
jq -c --arg d "$(sha256sum <"$tmp/p/plan.md" | cut -d' ' -f1)" 'select(.digest) | .digest = $d' "$tmp/p/plan.md.approvals" >"$tmp/line"
printf '{"approvals":1,"last":"%s"}\n' "$(tr -d '\n' <"$tmp/line" | sha256sum | cut -d' ' -f1)" | cat - "$tmp/line" >"$tmp/p/plan.md.approvals"
work --models "$tmp/both.json" "$tmp/p"
is "and one with faults, whoever approved it" "$status $(grep -c 'has 1 faults, the first: .*drydock plan check' "$tmp/err")" "2 1"
is "of all that no run is left" "$(newest_run "$app")" ""
rm "$tmp/p/plan.md.approvals"
cp "$tmp/kept.md" "$tmp/p/plan.md"
approve "$tmp/p"

# --- done
work --models "$tmp/both.json" "$tmp/p"
cp "$tmp/out" "$tmp/first"
cp "$tmp/err" "$tmp/first.err"
run=$(json .run)
is "every task is done" "$status $(json '.outcome + ": " + ([.tasks[].outcome] | join(" "))')" "0 done: done done done"
is "in the order of the plan" "$(json '[.attempts[] | select(.model) | .task] | join(" ")')" "$FEE $RATE $LINE"
is "what was refused was said back in the same turn" "$(json "[.tasks[] | select(.id == \"$RATE\") | .refused[]] | join(\" \")") $(json "[.attempts[] | select(.task == \"$RATE\")] | length")" "fee.h 1"
ok "in words" sh -c 'jq -r "select(.profile == \"oracle+task=plan\") | .body | tostring" "$1" | grep -q "fee.h is not among the files of this task, which are rate.c, tests/fees.sh"' sh "$tmp/requests.jsonl"
is "through all gates, that of the files, too" "$(json '[.attempts[0].gates[] | .gate + "=" + .result] | join(" ")')" \
	"parses=passed writes=passed untampered=passed symbols=passed builds=passed tests=passed lint=not-run coverage=passed integration=not-run e2e=not-run screens=not-run parity=not-run judged=passed secure=passed review=passed"
branch=$(json .branch)
is "one branch, a commit a change" "$(git -C "$app" log --format=%s main.."$branch" | tr '\n' '|')" "Begin with a dash|Give a rate for three letters|Add five crowns for the pilot|"
is "with its task and its requirements" \
	"$(git -C "$app" log -1 --format='%(trailers:key=Drydock-Task,valueonly,separator=%x2C) %(trailers:key=Drydock-Requirements,valueonly,separator=%x2C) %(trailers:key=Drydock-Run,valueonly,separator=%x2C)' "$branch")" \
	"$LINE $(echo "$LINE" | sed s/T/R/) $run"
is "only what the tasks write is changed" "$(git -C "$app" diff --name-only main "$branch" | tr '\n' ' ')" "fee.c journal/entry.c rate.c tests/fees.sh tests/journal.sh "
is "what is checked out is as it was" "$(git -C "$app" -c core.hooksPath=/dev/null status --porcelain | wc -l) $(git -C "$app" rev-parse --abbrev-ref HEAD)" "0 main"
is "the tests that the plan names may be changed, and are told" "$(json '.tests_changed | join(" ")') $(json '[.after.cases | .["test/tests/a flag of three letters"], .["test/tests/fees/a flag of three letters"]] | map(select(.)) | join(" ")')" "tests/fees.sh tests/journal.sh passed"
has "the pull request tells of each task" "$state/runs/$run/pr.md" "| $FEE | done |"
is "it says who approved what" "$(json '.plan | .by + " " + .digest')" "Ada $(sha256sum "$tmp/p/plan.md" | cut -d' ' -f1)"
ok "the reviewer is told of the requirements" sh -c 'jq -r "select(.profile == \"oracle+task=judge\") | .body | tostring" "$1" | grep -q "R-.*pays 2.50 a metre"' sh "$tmp/requests.jsonl"
guide() { "$drydock" guide --json --state "$state" "$1" >"$tmp/guide"; }
whole() { json '[.items[] | select((.task and .why and .first_step and .path and .basis and .skill and .hours_low > 0 and .hours_high >= .hours_low) | not) | .id] | join(" ")' "$tmp/guide"; }
guide "$run"
is "the guide: a requirement that no case shows is half proven, and what shows the other is named" \
	"$(json '[(.percent * 10 | round), (.parts[] | .done)] | join(" ")' "$tmp/guide") $(json ".parts[] | select(.name == \"$(requirement_of "$RATE")\") | .evidence" "$tmp/guide")" "733 0.5 1 0.5 1 1 attempt-2/tests.jsonl"
ok "which is there" test -s "$state/runs/$run/attempt-2/tests.jsonl"
is "the weights are all of it" "$(json '[.parts[].weight] | add | round' "$tmp/guide")" 100
is "what is left is a test of each, and to look" "$(json '[.items[].id] | join(" ")' "$tmp/guide")" "$(printf '%s\n' "unshown:$LINE" "unshown:$FEE" | sort | paste -sd" " -) review:application review:branch"
is "each with hours, basis, skill, reason, first step and way" "$(whole)" ""
is "what an author says of its work is not in it" "$(grep -c 'Begin with a dash' "$tmp/guide")" 0
jq -r .payload "$state/runs/$run/attestation.json" | base64 -d >"$tmp/payload"
is "it is attested as the execution of the plan that was approved, with the commit of its branch" \
	"$(jq -r '[.predicate.buildDefinition.buildType, .predicate.buildDefinition.internalParameters.repair.plan, (.subject[] | select(.digest.gitCommit) | .name)] | join(" ")' "$tmp/payload")" \
	"urn:drydock:work:1 $(json .plan.digest "$state/runs/$run/result.json") refs/heads/drydock/$run"

# --- its branch is refined: not against what the plan asks for
echo '- `fee` in fee.c must add 7 crowns for the pilot.' >"$tmp/seven.md"
before=$(asked plan)
run "$drydock" refine --json --quiet --state "$state" --models "$tmp/both.json" --guidance "$tmp/seven.md" "$run"
is "guidance against a requirement of the plan is told, and nobody asked" "$status $(json '.outcome + ": " + .contradictions[0].why + ", " + .onto') $(($(asked plan) - before))" "1 contradictory: one says 7, the other 5, drydock/$run 0"
is "on what the plan left, as it stands" "$(json '[.before.cases[]] | unique | join(" ")') $(json '.before.cases | length')" "passed 4"

# --- what an author does all the same is refused by the gate: a task fails, and who is after it does not begin
work_task plan-$FEE <<END
{"id": "holds:\n$FEE", "answers": [{"edits": [{"path": "rate.c", "find": "2.5", "replace": "5"}]}]}
END
models "$tmp/one.json" plan "" '[{"context": 100}]'
work --no-branch --models "$tmp/one.json" "$tmp/p"
is "a task fails, the next does not begin, and says because of which" "$status $(json '.outcome + ": " + ([.tasks[].outcome] | join(" ")) + " " + (.tasks[1].because_of | join(" "))')" \
	"1 improved: failed not-started done $FEE"
ok "why it failed is told" sh -c 'jq -r ".tasks[0].because" "$1" | grep -q "^attempt 1: .*rate.c is not among the files of this task, which are fee.c, tests/fees.sh\."' sh "$tmp/out"
guide "$(json .run)"
is "in the guide, with the file that it wanted" "$(json ".items[] | select(.id == \"task:$FEE\") | .gap + \" \" + (.files | join(\",\")) + \" \" + (.path | test(\"it was tried to change rate.c, too\") | tostring)" "$tmp/guide")" "major fee.c,tests/fees.sh true"
is "and who did not begin, because of which" "$(json ".items[] | select(.id == \"task:$RATE\") | .first_step" "$tmp/guide") $(whole)" "see to $FEE "
is "without a second family it says so" "$(json '.review | startswith("not cross-reviewed: ")')" true

# --- a new test that passes without the change shows nothing of it
tell_of_harbour
jq -c '(.answers[1] | .edits[3].replace |= sub("10 dan 30.00"; "10 d 25.00")) as $easy
	| .answers = [$easy + {unless: ["no case that it brings fails"]}, .answers[1] + {if: ["no case that it brings fails on the source as it was before"]}]' \
	"$tmp/tasks/plan-$RATE.json" >"$tmp/told.json" && mv "$tmp/told.json" "$tmp/tasks/plan-$RATE.json"
models "$tmp/twice.json" plan judge '[{"context": 100}, {"context": 100}]'
sed -i "/^### $RATE/,/^### /s/^- writes:.*/&\n- new tests: red before/" "$tmp/p/plan.md"
approve "$tmp/p"
work --no-branch --models "$tmp/twice.json" "$tmp/p"
red() { json "[.attempts[] | select(.task == \"$RATE\") | .verdict + \": \" + (.red_before | map(split(\"/\")[-1]) | join(\" \"))] | join(\", \")"; }
is "a new test that is green before is refused, one that is red before is kept" "$(red)" "dropped: , kept: a flag of three letters"

# --- every task is done, and a case that is none's fails as it did before
tell_of_harbour
cp "$app/Makefile" "$tmp/Makefile"
printf '\t@echo "not ok 1 - the tide is told"; echo 1..1\n' >>"$app/Makefile"
work --no-branch --models "$tmp/both.json" "$tmp/p"
is "while a case fails, the plan is not done" "$status $(json '.outcome + ": " + ([.tasks[].outcome] | join(" ")) + ", " + .after.outcome')" "1 improved: done done done, tests-failed"
guide "$(json .run)"
is "the case is in the guide" "$(json '[.items[] | select(.gap == "major") | .id] | join(" ")' "$tmp/guide" | grep -c '^test/.*the tide is told$')" 1
cp "$tmp/Makefile" "$app/Makefile"

# --- without a model
run env -u DRYDOCK_MODELS "$drydock" work --json --quiet --no-branch --state "$state" "$tmp/p"
is "what no rule does is left" "$status $(json '.outcome + ": " + ([.tasks[].outcome] | join(" ")) + " " + (.tasks[0].because[0:12])')" "1 stuck: left not-started left no rule does"

# --- what a rule does is done where a case that the task names shows it
mkdir "$tmp/knots"
printf 'CFLAGS = -Werror=implicit-function-declaration -Werror=implicit-int\nknots: knots.c\n\t$(CC) $(CFLAGS) -o $@ knots.c\ncheck: knots\n\t@echo 1..1; ./knots eight && echo ok 1 - knots\n' >"$tmp/knots/Makefile"
printf 'main(int argc, char **argv)\n{\n\treturn argc > 1 && strlen(argv[1]) == 5 ? 0 : 1;\n}\n' >"$tmp/knots/knots.c"
printf '# Knots\n\n- knots.c must build with the compiler of today.\n  - it builds\n' >"$tmp/knots.md"
"$drydock" plan --quiet --state "$state" "$tmp/knots" --intent "$tmp/knots.md" -o "$tmp/k" 2>/dev/null
sed -i 's/^- chosen:/- chosen: a/; s/^- writes:.*/- writes: `knots.c`/' "$tmp/k/plan.md"
approve "$tmp/k"
before=$(asked plan)
work --no-branch --models "$tmp/one.json" "$tmp/k"
is "that it builds again says nothing of a task that names no case: a model is asked" "$(json '.tasks[0].outcome + " " + ([.attempts[] | select(.verdict == "kept") | .author] | join("+"))') $(($(asked plan) > before))" "failed c 1"
run env -u DRYDOCK_MODELS "$drydock" work --json --quiet --no-branch --state "$state" "$tmp/k"
is "and without a model it is not done" "$status $(json '.outcome + ": " + .tasks[0].outcome + ", " + .tasks[0].because')" "1 improved: failed, a part of it is done, and nothing shows that it is all of it"
sed -i 's/^- tests:.*//; s/^- writes:.*/&\n- tests: `tests\/knots`/' "$tmp/k/plan.md"
approve "$tmp/k"
run env -u DRYDOCK_MODELS "$drydock" work --json --quiet --state "$state" "$tmp/k"
is "a rule does a task" "$status $(json '.outcome + ": " + ([.tasks[].outcome] | join(" ")) + " " + .before.outcome + " " + .after.outcome')" "0 done: done build-failed up"
sed -i 's/@echo 1\.\.1/@test ! -f \/dev\/stdout \&\& echo 1..1/; s/; \.\/knots/ \&\& .\/knots/' "$tmp/knots/Makefile"
run env -u DRYDOCK_MODELS "$drydock" work --json --quiet --no-branch --state "$state" "$tmp/k"
guide "$(json .run)"
is "with a change that could not be judged the plan is not done, and the guide says it" "$status $(json '.outcome + ": " + .tasks[0].outcome + " " + .after.outcome') $(json '[.items[].id | select(startswith("unjudged:"))] | join(" ")' "$tmp/guide") $(whole)" "1 improved: done up unjudged:2 "
sed -i 's/^- writes:.*/- writes: `Makefile`/' "$tmp/k/plan.md"
approve "$tmp/k"
run env -u DRYDOCK_MODELS "$drydock" work --json --quiet --state "$state" "$tmp/k"
is "but not outside of what the task writes" "$status $(json '.outcome + ": " + ([.tasks[].outcome] | join(" ")) + " " + ([.attempts[] | select(.verdict == "dropped") | .gates[] | select(.result == "failed") | .gate] | join("+"))')" "1 stuck: failed writes"
done_testing
