#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# drydock rebase: the branch of an earlier run, put onto what is checked out now.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/agents/authors.sh"
. "$root/tests/agents/harbour.sh"

commit first
rebase() { run "$drydock" rebase --json --quiet --state "$state" "$@"; }
patch_of() { git -C "$app" diff "$1" "$2" | git -C "$app" patch-id --stable | cut -d' ' -f1; }
judge_accepts "it does what is asked"

# --- a branch, while whose run somebody commits
pilot_task
run env DRYDOCK_FAULT=db.commit.after:25 "$drydock" fix --json --quiet --state "$state" --models "$tmp/first.models" --goal "$GOAL" "$app"
first=$(newest_run "$app") base=$(git -C "$app" rev-parse main)
is "it is killed under way" "$status" 137
sed -i '1s/^/\/* What a ship pays. *\/\n/' "$app/fee.c"
sed -i 's/^void$/extern int lines;\nint lines;\n\nvoid/; s/^{$/{\n\tlines++;/' "$app/journal/entry.c"
commit "count the lines"
run "$drydock" resume --json --quiet --state "$state" "$first"
branch=$(json .branch) tip=$(git -C "$app" rev-parse "drydock/$first")
is "its branch is on the commit that was tested, not on what came since" "$status $(json .outcome) $(git -C "$app" rev-parse "$tip^")" "0 fixed $base"
is "that it moved is told, with what to do" "$(json '.moved | .branch + " " + .from + " " + .to + " " + .then')" "main $base $(git -C "$app" rev-parse main) drydock rebase $first"
has "in the request, too" "$state/runs/$first/pr.md" "drydock rebase $first"

# --- moved, without a conflict: in other lines of the same file, too
now=$(git -C "$app" rev-parse main)
rebase "$first"
second=$(json .run) new=$(json .branch)
is "it is put there without a model" "$status $(json '.outcome + " " + .rebases + " " + .commits[0].result')" "0 fixed $first merged"
is "on a branch of its own, on what is checked out" "$new $(git -C "$app" rev-parse "$new^")" "$branch-2 $now"
is "the same change" "$(patch_of main "$new")" "$(patch_of "$tip^" "$tip")"
is "with its message, and who put it there" "$(git -C "$app" log -1 --format='%s %(trailers:key=Drydock-Run,valueonly,separator=%x2C) %(trailers:key=Drydock-Rebased-By,valueonly,separator=%x2C)' "$new")" \
	"Add five crowns for the pilot $first $second"
is "the other branches are where they were" "$(git -C "$app" rev-parse main "$branch" | tr '\n' ' ')" "$now $tip "
is "what is checked out is as it was" "$(git -C "$app" -c core.hooksPath=/dev/null status --porcelain | wc -l) $(git -C "$app" rev-parse --abbrev-ref HEAD)" "0 main"
is "through the gates of any change" "$(json '[.attempts[0].gates[] | select(.result == "passed") | .gate] | join(" ")')" \
	"parses writes untampered symbols builds tests coverage judged secure"
is "its cases are those of before, set against those of now" "$(json '.before.cases | length') $(json '[.before.cases[], .after.cases[]] | unique | join(" ")')" "3 passed"
has "the request says what it is" "$state/runs/$second/pr.md" "# Rebase of $branch: fixed"
run "$drydock" verify --json --state "$state" "$second"
is "it is attested, with its branch" "$(json '[(.problems | length), (.unlisted | length), .branches[0]] | join(" ")')" "0 0 refs/heads/$new $(git -C "$app" rev-parse "$new")"
rebase "$second"
is "there is nothing to do where nothing moved" "$status $(grep -c 'main has not moved' "$tmp/err")" "2 1"

# --- killed at any step, it ends the same
kills=0
run env DRYDOCK_FAULT=db.commit.before:12 "$drydock" rebase --json --quiet --state "$state" "$first"
id=$(newest_run "$app")
while [ "$status" = 137 ] && [ $kills -lt 30 ]; do
	kills=$((kills + 1))
	run env DRYDOCK_FAULT="db.commit.$([ $((kills % 2)) = 0 ] && echo before || echo after):12" "$drydock" resume --json --quiet --state "$state" "$id"
done
is "killed and resumed, it ends the same" "$status $([ $kills -gt 1 ] && [ "$id" != "$second" ] && echo killed) $(json '.outcome + " " + .branch')" "0 killed fixed $branch-3"
is "with the same tree" "$(git -C "$app" rev-parse "$(json .branch)^{tree}")" "$(git -C "$app" rev-parse "$new^{tree}")"

# --- moved, and the same line: named without a model
sed -i 's/return length \* rate_of(flag);/return rate_of(flag) * length;/' "$app/fee.c"
commit "turn it round"
theirs=$(git -C "$app" rev-parse main)
run env -u DRYDOCK_MODELS "$drydock" rebase --json --quiet --state "$state" "$first"
id=$(json .run)
is "without a model the conflict is named" "$status $(json '.outcome + " " + .commits[0].result + " " + (.branch | tostring)')" "1 stuck conflict null"
is "file, lines, both commits" "$(json '.commits[0] | .conflicts[0].path + " " + (.conflicts[0].places[0] | (.now | tostring) + (.change | tostring) + " " + .by) + " " + .commit')" "fee.c [7,1][6,1] $theirs $tip"
ok "in words" sh -c 'jq -r .why "$1" | grep -q "fee.c: line 7 of ${2%????????????????????????????}, against line 6 of ${3%????????????????????????????}"' sh "$tmp/out" "$theirs" "$tip"
is "every branch stays" "$(git -C "$app" rev-parse main "$branch" | tr '\n' ' ') $(git -C "$app" branch --list | wc -l)" "$theirs $tip  4"
run "$drydock" guide --json --state "$state" "$id"
is "its guide says what to decide" "$(json '[.items[] | select(.id | startswith("conflict:")) | .id + " " + .gap] | join("|")')" "conflict:fee.c critical"

# --- and resolved by one, who gets both sides, under the same gates
cat >"$tmp/tasks/solve.json" <<'END'
{"id": "touch the same lines", "needs": ["== what clashes ==\nfee.c: line 7", "return rate_of(flag) * length;", "return length * rate_of(flag) + 5;"], "window": 12000, "requirements": ["R1", "R2", "R3"],
"rules": ["These files are yours to change, and no other: fee.c, tests/fees.sh"], "answers": [
	{"unless": ["lines of conflict are left in fee.c"], "summary": "Half of it", "edits": [{"path": "fee.c", "find": "||||||| what both began from\n\treturn length * rate_of(flag);\n=======\n\treturn length * rate_of(flag) + 5;\n>>>>>>> the change", "replace": ""}]},
	{"summary": "Turn it round and add five crowns", "edits": [{"path": "fee.c",
		"find": "<<<<<<< as it is now\n\treturn rate_of(flag) * length;\n||||||| what both began from\n\treturn length * rate_of(flag);\n=======\n\treturn length * rate_of(flag) + 5;\n>>>>>>> the change",
		"replace": "\treturn rate_of(flag) * length + 5;"}]}]}
END
models "$tmp/solve.models" solve judge '[{"context": 100}, {"context": 100}]'
rebase --models "$tmp/solve.models" "$first"
new=$(json .branch)
is "a model resolves it" "$status $(json '.outcome + " " + .commits[0].result + " " + ([.attempts[].verdict] | join(" "))')" "0 fixed resolved dropped kept"
is "what it wrote is there, and what merged by itself" "$(git -C "$app" diff main "$new" | grep '^[-+][^-+]' | tr -d '\t' | tr '\n' '|')" '-return rate_of(flag) * length;|+return rate_of(flag) * length + 5;|-check "a ship without a flag" 10 "" 30.00|+check "a ship without a flag" 10 "" 35.00|'
is "it is reviewed" "$(json '.attempts[-1].gates[] | select(.gate == "review") | .result')" passed
is "and says who resolved it" "$(git -C "$app" log -1 --format='%s %(trailers:key=Drydock-Resolved-By,valueonly,separator=%x2C)' "$new")" "Add five crowns for the pilot models/writer"

# --- moved so that a case fails with it: refused, though no line clashes
git -C "$app" revert --no-edit -q HEAD 2>/dev/null || git -C "$app" -c user.name=a -c user.email=a@example.org revert --no-edit HEAD >/dev/null
printf 'echo 1..1\n[ "$(./fees 20 "")" = 60.00 ] && echo "ok 1 - twenty metres" || echo "not ok 1 - twenty metres"\n' >"$app/tests/long.sh"
printf '\tsh tests/long.sh\n' >>"$app/Makefile"
commit "test longer ships"
rebase "$first"
is "what breaks a case of now is refused" "$status $(json '.outcome + " " + .commits[0].result + " " + .attempts[0].verdict + " " + (.branch | tostring)')" "1 stuck refused dropped null"
is "by the gate of tests, which says why" "$(json '.attempts[0].gates[] | select(.gate == "tests") | .result') $(json .why | grep -c 'twenty metres')" "failed 1"
is "and every branch is where it was" "$(git -C "$app" rev-parse "$branch")" "$tip"

# --- what cannot be begun
git -C "$app" update-ref "refs/heads/$branch" main
rebase "$first"
is "a branch that somebody moved is refused" "$status $(grep -c "the branch $branch is another commit than" "$tmp/err")" "2 1"
done_testing
