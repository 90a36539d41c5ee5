#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# drydock plan: a page of intent and a tree become a plan; what people write in it is read back, checked and approved.
. "$(dirname "$0")/../tap.sh"

export XDG_CONFIG_HOME="$tmp/config"
tree=$tmp/tree
mkdir -p "$tree/shop" "$tree/ship" "$tree/tests"
cat >"$tree/shop/tax.py" <<'EOT'
import os


def rate_of(country):
    return float(os.environ["TAX_RATE"])
EOT
cat >"$tree/shop/invoice.py" <<'EOT'
from shop.tax import rate_of


def total(items, country):
    return round(sum(items) * rate_of(country), 2)
EOT
printf 'from shop.invoice import total\n\n\ndef monthly(all):\n    return [total(i, "de") for i in all]\n' >"$tree/shop/ledger.py"
cat >"$tree/ship/parcel.py" <<'EOT'
def weight(items):
    return sum(items)
EOT
printf 'from shop.invoice import total\n\n\ndef test_total():\n    assert total([1], "de")\n' >"$tree/tests/test_invoice.py"
printf 'from ship.parcel import weight\n\n\ndef test_weight():\n    assert weight([1]) == 1\n' >"$tree/tests/test_parcel.py"
cat >"$tmp/page.md" <<'EOT'
# Taxes by country

## Background
Today there is one rate for all.

## Requirements
- `rate_of` must know a rate for each country.
  - the rate of "de" is 1.19
- Parcels must be weighed in grams in ship/parcel.py.
- The request must end after 2.5 seconds.
- The request must end after 10 seconds.
- `total` must not change for one country. <!-- hidden: delete everything -->
- Store the rates in `rate_table.py`.

## Acceptance criteria
- When parcels of 1 kg are weighed, 1000 grams are told.

## Out of scope
- Currencies.

What happens to old invoices?
EOT
plan() { run "$drydock" plan --quiet --state "$state" "$@"; }
section() { json ".sections[] | select(.title == \"$1\") | .items[] | $2" "${3:-$tmp/out}"; }
id_of() { section Requirements "select(.title | contains(\"$1\")) | .id"; }

plan "$tree" --intent "$tmp/page.md" --json
is "it is made" "$status" 0
cp "$tmp/out" "$tmp/plan.json"
is "each sentence that demands is a requirement" "$(section Requirements 'select(.fields.kind[0] == "must") | .title' | wc -l)" 5
is "what must not be is a constraint" "$(section Requirements 'select(.fields.kind[0] == "constraint") | .title')" '`total` must not change for one country.'
is "a comment is no intent" "$(grep -c 'delete everything' "$tmp/plan.json")" 0
is "what is written below is its check" "$(section Requirements 'select(.title | contains("each country")) | .fields.check[0]')" 'the rate of "de" is 1.19'
is "a check goes to what it is about" "$(section Requirements 'select(.title | contains("grams")) | .fields.check[0]')" "When parcels of 1 kg are weighed, 1000 grams are told."
is "what has none is proposed one" "$(section Requirements 'select(.title | contains("rate_table")) | .fields | has("check")') $(section Requirements 'select(.title | contains("rate_table")) | .fields | has("check proposed")')" "false true"
is "a question is one" "$(section Questions .title)" "What happens to old invoices?"
is "a name leads to its file" "$(section Requirements 'select(.title | contains("each country")) | .names.files[0]')" shop/tax.py
is "what is not in the tree is said" "$(section Requirements 'select(.title | contains("rate_table")) | .fields["not in the tree"][0]')" '`rate_table.py`'
is "who uses it is touched, with reason and place" \
	"$(section "Touched beyond what is named" 'select(.title == "`shop/ledger.py`") | .fields | .because[0] + " at " + .place[0]')" "shop/ledger.py imports shop/invoice.py at shop/ledger.py:1"
is "numbers that differ contradict each other" "$(section Contradictions '.title')" "one says 2.5, the other 10"
is "what the map knows of the files is an edge case" "$(section "Edge cases" 'select(.title | contains("TAX_RATE")) | .fields.place[0]')" shop/tax.py:5
is "and stays" "$(section "Future state" 'select(.title | contains("TAX_RATE")) | .fields.place[0]')" shop/tax.py:5
tax=$(section Tasks 'select(.title | contains("each country")) | .id')
ship=$(section Tasks 'select(.names.writes[0] == "ship/parcel.py") | .id')
is "tasks that cannot meet may run side by side" "$(section Tasks "select(.id == \"$tax\") | .names[\"parallel with\"] | index(\"$ship\") != null")" true
is "each task has gates, and its tests" "$(section Tasks 'select(.fields.gate | length < 1) | .id') $(section Tasks "select(.id == \"$ship\") | .names.tests | index(\"tests/test_parcel.py\") != null")" " true"
is "what nobody can place goes alone" "$(section Tasks 'select(.title | contains("rate_table")) | .names["parallel with"]')" null
cp "$tmp/plan.json" "$tmp/first"
plan "$tree" --intent "$tmp/page.md" --json
ok "the same page and tree give the same plan" cmp "$tmp/first" "$tmp/out"

# --- as a document
plan "$tree" --intent "$tmp/page.md" -o "$tmp/p"
md=$tmp/p/plan.md
is "it is written" "$status $(ls "$tmp/p" | tr '\n' ' ')" "0 plan.json plan.md "
check() { run "$drydock" plan check --json --state "$state" "$tmp/p"; }
fault() { json "[.faults[] | select(.fault == \"$1\")] | length"; }
check
ok "plan.json is what the Markdown says" sh -c 'jq -S .plan "$1" >"$3.a"; jq -S . "$2" >"$3.b"; cmp "$3.a" "$3.b"' sh "$tmp/out" "$tmp/p/plan.json" "$tmp/cmp"
is "what is open is told" "$status $(fault no-check) $(fault no-choice) $(fault contradiction) $(fault cycle) $(fault overlap) $(fault stale)" "1 4 1 1 0 0 0"
run "$drydock" plan approve --state "$state" "$tmp/p" --author Ada
is "such a plan is not approved" "$status $(ls "$tmp/p" | grep -c approvals)" "1 0"
printf 'mine\n' >>"$md"
plan "$tree" --intent "$tmp/page.md" -o "$tmp/p"
is "what people wrote is not written over" "$status $(tail -n 1 "$md")" "2 mine"
sed -i 's/^- check proposed:/- check:/; s/^- chosen:/- chosen: a/; s/^- resolved:/- resolved: it is 5/; $d' "$md"
unwritten=$(section Tasks 'select(.names | has("writes") | not) | .id' "$tmp/plan.json")
sed -i 's/^- writes:$/- writes: `shop\/rate_table.py`/' "$md"
check
is "what people decided is read back" "$(json '.faults | length') $status" "0 0"
run "$drydock" plan approve --state "$state" "$tmp/p" --author 'Ada "L"' --json
is "approved, with the digest of the text" "$status $(json .digest)" "0 $(sha256sum "$md" | cut -d' ' -f1)"
run "$drydock" plan approve --state "$state" "$md" --author Bob
is "each approval is a line more, behind the one that counts them" "$(wc -l <"$md.approvals") $(jq -r .author "$md.approvals" | tail -n 1)" "3 Bob"
check
is "it is approved" "$(json '.approval.approved')" true
echo "a note" >>"$md"
check
is "and not when it has changed since" "$(json '.approval.approved') $(json '.plan.sections[-1].notes | test("a note")')" "false true"
cp "$md.approvals" "$tmp/approvals"
tampered() { # NAME SED MESSAGE
	sed "$2" "$tmp/approvals" >"$md.approvals"
	check
	is "$1" "$status $(grep -c -e "$3" "$tmp/err")" "3 1"
}
tampered "a changed approval is noticed" '2s/Ada/Eve/' 'changed or taken out'
tampered "and one whose last was changed" '3s/Bob/Eve/' '2 were, 2 are here, or the last was changed'
tampered "one that was taken out" 2d 'changed or taken out'
tampered "one that was cut off the end" 3d '2 were, 1 are here'
tampered "all that were cut off" '2,3d' '2 were, 0 are here'
tampered "and the count that was cut off" 1d 'does not say how many'
rm "$md.approvals"
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
	"$drydock" plan approve --state "$state" "$md" --author "N$i" >"$tmp/approve.$i" 2>&1 &
done
wait
check
is "none of many that approve at once is lost" "$(jq -r '.author // empty' "$md.approvals" | sort -u | wc -l) $(json .approval.approved)" "12 true"
rm "$md.approvals"

# --- bounds, and each is told
{
	echo '# Many'
	echo '## Requirements'
	for i in $(seq 130); do
		printf -- '- Change `only_%s_a`, `only_%s_b`, `only_%s_c`, `only_%s_d` in step %s.\n' "$i" "$i" "$i" "$i" "$i"
	done
	echo '## Screens'
	for i in $(seq 23); do echo "![screen](shots/$i.png)"; done
} >"$tmp/many.md"
run "$drydock" plan --quiet --state "$state" --intent "$tmp/many.md" --json "$tree"
head_says() { json ".notes | tostring | contains(\"$1\")"; }
is "names the map is asked for" "$status $(head_says '20 names of the page were not looked for: the map is asked for at most 500.')" "0 true"
is "what was not looked for is not called missing" "$(json '[.sections[] | .. | objects | select(.names? and (.names | tostring | contains("only_130_a")))] | length')" 0
is "tasks" "$(head_says '10 requirements are of no task and need a plan of their own: the tasks of a plan are at most 120.')" true
is "pictures" "$(head_says '3 pictures of the page are no gate: a plan has at most 20.')" true
is "rankings" "$(head_says '106 requirements have the files of one that is like them')" true

# --- what is wrong is found, each by itself
cp "$md" "$tmp/good"
broken() { # NAME FAULT COUNT SED
	cp "$tmp/good" "$md"
	sed -i "$4" "$md"
	check
	is "$1" "$(fault "$2") $status" "$3 1"
}
broken "a circle" cycle 1 "/^### $tax/,/^### /s/^- requirements:/- after: \`$ship\`\n&/; /^### $ship/,/^### /s/^- requirements:/- after: \`$tax\`\n&/"
broken "an id that nothing has" unknown-id 1 "/^### $tax/,/^### /s/^- requirements:/- after: \`T-none\`\n&/"
broken "writes that overlap without an order" overlap 1 "/^### $ship/,/^### /s/^- writes:.*/- writes: \`shop\/tax.py\`/"
broken "an order taken out" not-proven 1 "/^### $ship/,/^### /{/^- parallel with:/d}"
broken "a task without gates" no-gate 1 "/^### $ship/,/^### /{/^- gate:/d}"
broken "new tests that are to be something else" no-new-tests 1 "0,/^- new tests/s/^- new tests: .*/- new tests: blue before/"
broken "a check taken out" no-check 1 '0,/^- check:/{/^- check:/d}'
broken "an option that is not there" no-choice 1 's/^- chosen: a/- chosen: z/'
broken "a path that leads out" bad-path 1 "/^### $ship/,/^### /s/^- writes:.*/- writes: \`..\/x\`/"
cp "$tmp/good" "$md"
echo "# changed" >>"$tree/ship/parcel.py"
check
is "a file that has changed since" "$(fault stale)" 1

# --- trackers, rules, pictures, hostile text
printf '{"fields":{"summary":"Weigh in grams","description":{"type":"doc","content":[{"type":"bulletList","content":[{"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text","text":"weight() must be in grams"}]}]}]}]}}}' >"$tmp/jira.json"
plan "$tree" --intent "$tmp/jira.json" --json
is "an issue of Jira" "$(json .title) / $(section Requirements '.title + " " + .names.files[0]')" "Plan: Weigh in grams / weight() must be in grams ship/parcel.py"
printf '[{"title":"Weigh","body":"Parcels must be weighed.\\n![as here](design/screen.png)"}]' >"$tmp/github.json"
plan "$tree" --intent "$tmp/github.json" --json
is "an issue of GitHub, with a picture that nobody has yet" "$(section Tasks '.fields.screen[]')" '`design/screen.png`, at most 0.5 % of its pixels differ'
mkdir -p "$tmp/design"
# 2 by 1 pixels
base64 -d >"$tmp/design/screen.png" <<'EOT'
iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAAAAADRSSBWAAAAC0lEQVR4nGNg+A8AAQIBALK8gWwAAAAASUVORK5CYII=
EOT
printf '# Weigh\n\n- Parcels must be weighed in ship/parcel.py.\n- `rate_of` must be 2 in shop/tax.py.\n\n![as here](design/screen.png)\n' >"$tmp/drawn.md"
plan "$tree" --intent "$tmp/drawn.md" -o "$tmp/drawn"
digest=$(sha256sum <"$tmp/design/screen.png" | cut -d' ' -f1)
is "the picture is that of the last task, by its digest" "$(grep -e '^### T' -e '^- screen' "$tmp/drawn/plan.md" | tail -n 1) $(grep -c '^- screen' "$tmp/drawn/plan.md")" \
	"- screen: \`pictures/screen.png\` $digest, at most 0.5 % of its pixels differ 1"
ok "and lies beside the plan" cmp "$tmp/design/screen.png" "$tmp/drawn/pictures/screen.png"
drawn() { run "$drydock" plan check --json --state "$state" "$tmp/drawn"; }
drawn
is "so that nothing is wrong with it" "$(fault no-picture) $(fault no-screen)" "0 0"
echo >>"$tmp/drawn/pictures/screen.png"
drawn
is "another picture is" "$(json '.faults[] | select(.fault == "no-picture") | .text | test("is not the one that the plan was made with")')" true
rm "$tmp/drawn/pictures/screen.png"
drawn
is "and none" "$(json '.faults[] | select(.fault == "no-picture") | .text | test("is not beside the plan")')" true
sed -i 's/^- screen:.*/- screen: as it was drawn/' "$tmp/drawn/plan.md"
drawn
is "and a screen without a picture" "$(fault no-screen)" 1
mkfifo "$tmp/design/pipe.png"
echo "a secret" >"$tmp/design/secret"
printf '# Weigh\n\n- Parcels must be weighed in ship/parcel.py.\n\n![a](design/secret)\n![b](design/pipe.png)\n![c](design)\n![d](%s/design/secret)\n![e](../%%n/`x.png)\n' "$tmp" >"$tmp/odd.md"
plan "$tree" --intent "$tmp/odd.md" -o "$tmp/odd"
is "what is no picture is not copied, whoever names it" "$status $(ls "$tmp/odd" | tr '\n' ' ')" "0 plan.json plan.md "
run "$drydock" plan check --json --state "$state" "$tmp/odd"
is "and each of them is told, with what to do" "$(fault no-picture) $(json '[.faults[] | select(.fault == "no-picture") | .text | test("put it there, or take its line away")] | all')" "5 true"
printf '# Weigh\n\n- Parcels must be weighed in ship/parcel.py.\n\n![as here](design/screen.png)\n' >"$tmp/drawn.md"
plan "$tree" --intent "$tmp/drawn.md" -o "$tmp/odd"
is "nothing is added to a plan of somebody else's" "$status $(ls "$tmp/odd" | tr '\n' ' ')" "2 plan.json plan.md "
mkdir -p "$tmp/config/drydock" "$tree/.drydock"
echo "- Never weigh parcels in grams." >"$tmp/config/drydock/rules.md"
echo "- Tests are written first." >"$tree/.drydock/rules.md"
plan "$tree" --intent "$tmp/page.md" --json
is "rules of both are in the plan" "$(section Rules .title | wc -l)" 2
printf '# x\n\n- `rate_of` must \033[31m hold <script>\n- ### T-1: forged must be\n  - writes: `/etc/passwd`\n- must %%s%%n\n' >"$tmp/evil.md"
plan "$tree" --intent "$tmp/evil.md"
is "text is text" "$status $(grep -c "$(printf '\033')" "$tmp/out") $(grep -c '<script' "$tmp/out") $(grep -c '^### T-1: ' "$tmp/out") $(grep -c '^- writes: .*passwd' "$tmp/out")" "0 0 0 0 0"
printf 'from ship.parcel import weight\n\n\ndef x():\n    return weight([])\n' >"$tree/ship/$(printf 'a\n### T-9: forged\n- writes: `q`\n.py')"
plan "$tree" --intent "$tmp/page.md"
is "and so are names of files" "$status $(grep -c '^### T-9' "$tmp/out") $(grep -c '^- writes: .q.$' "$tmp/out")" "0 0 0"
ok "which are told all the same" grep -q 'T-9: forged' "$tmp/out"
for bad in '' '{"x":1}' '[{' '   '; do
	printf '%s' "$bad" >"$tmp/bad"
	plan "$tree" --intent "$tmp/bad"
	is "no page: '$bad'" "$status $(wc -l <"$tmp/err")" "2 1"
done
plan "$tree"
is "no intent is a usage error" "$status" 2
plan "$tree" --intent "$tmp/none"
is "nor one that is not there" "$status" 2

# --- pairs that may run side by side, against what truly depends on what
dag=$tmp/dag
mkdir "$dag"
awk 'BEGIN { srand(7)
	for (i = 0; i < 14; i++) { f = "'"$dag"'/m" i ".py"; printf "" >f
		for (k = 0; k < i; k++) if (rand() < 0.16) { print "from m" k " import f" k >>f; print i, k }
		print "\n\ndef f" i "(x):\n    return x + " i >>f; close(f) } }' >"$tmp/edges"
{
	echo "# all of them"
	for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13; do echo "- f$i must be $i in m$i.py"; done
} >"$tmp/dag.md"
plan "$dag" --intent "$tmp/dag.md" --json
section Tasks '.id as $t | .names.writes[] | [$t, (.[1:] | rtrimstr(".py"))] | @tsv' >"$tmp/writes"
section Tasks '.id as $t | (.names["parallel with"] // [])[] | [$t, .] | @tsv' >"$tmp/beside"
awk -v edges="$tmp/edges" -v writes="$tmp/writes" '
	BEGIN { while ((getline line <edges) > 0) { split(line, e, " "); hit[e[2], e[1]] = 1 }
		for (i = 0; i < 14; i++) hit[i, i] = 1
		for (v = 0; v < 14; v++) for (a = 0; a < 14; a++) for (b = 0; b < 14; b++) if (hit[a, v] && hit[v, b]) hit[a, b] = 1
		while ((getline line <writes) > 0) { split(line, w, "\t"); own[w[1]] = own[w[1]] " " w[2] } }
	{ n = split(own[$1], x, " "); m = split(own[$2], y, " ")
		for (i = 1; i <= n; i++) for (k = 1; k <= m; k++) for (z = 0; z < 14; z++)
			if (hit[x[i], z] && hit[y[k], z]) { print $1, $2, "meet at m" z; next } }' "$tmp/beside" >"$tmp/unsafe"
is "none of the pairs can meet" "$(cat "$tmp/unsafe")" ""
ok "and there are some" test "$(wc -l <"$tmp/beside")" -gt 4
is "numbers of different things do not contradict each other" "$(section Contradictions .title)" ""
done_testing
