#!/bin/sh
# Programs in terminals: typed into, looked at, their evidence attested; what attacks the terminal ends in time and does nothing.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/qa/played.sh"

up --no-prune tests/qa/terminal
run_id=$(json .run)
is "the programs are there" "$(json .outcome)" up

cat >"$tmp/terminal.json" <<'EOF'
{"scenarios": [
 {"name": "menu", "terminal": {"run": "./berths", "columns": 60, "rows": 12}, "steps": [
  {"expect": {"text": "Berths 60x12", "row": 1}}, {"press": "Down"}, {"press": "Enter"}, {"expect": {"text": "taken: South"}},
  {"press": "Ctrl-A"}, {"expect": {"text": "key of 1 bytes, the last 1"}}, {"resize": "70x15"}, {"expect": {"text": "70x15"}},
  {"press": "F1"}, {"expect": {"text": "key of 3 bytes, the last 80"}}, {"press": "q"}, {"exit": 1}]},
 {"name": "mouse", "terminal": {"run": "./berths mouse"}, "steps": [{"click": {"name": "East"}}, {"expect": {"text": "clicked at 4,3"}}]},
 {"name": "sign in", "terminal": {"run": "SHOW=1 ./berths sign-in"}, "steps": [
  {"type": {"text": "anna\n"}}, {"expect": {"text": "Password:"}}, {"type": {"answer": "secret:pass"}}, {"press": "Enter"},
  {"expect": {"text": "Welcome anna, 11 letters"}}, {"exit": 0}]},
 {"name": "asked", "terminal": {"run": "./berths sign-in"}, "steps": [{"expect": {"text": "Welcome bert, 6 letters"}}, {"exit": 0}]},
 {"name": "less", "terminal": {"run": "less harbour.txt"}, "steps": [
  {"expect": {"text": "Harbour of Seven Piers", "row": 1}}, {"type": {"text": "/berth 20\n"}}, {"expect": {"text": "berth 20", "row": 1}},
  {"expect": {"text": "Harbour", "absent": true}}, {"press": "q"}, {"exit": 0}]},
 {"name": "nano", "terminal": {"run": "nano harbour.txt"}, "steps": [
  {"expect": {"text": "Seven Piers"}}, {"type": {"text": "Old "}}, {"press": "Ctrl-X"}, {"press": "y"}, {"press": "Enter"}, {"exit": 0}]},
 {"name": "saved", "terminal": {"run": "head -3 harbour.txt; cat"}, "steps": [{"expect": {"text": "Old Harbour of Seven Piers"}}, {"press": "Ctrl-D"}, {"exit": 0}]},
 {"name": "dialog", "terminal": {"run": "dialog --yesno 'Cast off?' 6 30"}, "steps": [
  {"expect": {"text": "Cast off?"}}, {"press": "Right"}, {"press": "Enter"}, {"exit": 1}]},
 {"name": "key", "terminal": {"run": "cat key.txt", "columns": 40}, "steps": [{"expect": {"text": "below the key"}}, {"exit": 0}]}]}
EOF
printf '%s\n' '{"secret:key": "QmFzZTY0IG9mIGEga2V5IHRoYXQgb3BlbnMgbm90aGluZy4KVGhlIHNlY29u\nZCBvZiBpdHMgbGluZXMK\n", "secret:pass": "open-sesame", "prompt:name-of-the-skipper": "bert", "prompt:password": "hidden"}' >"$tmp/answers.json"
play "$tmp/terminal.json" --answers "$tmp/answers.json"
is "all are played to their end" "$status $(json '[.scenarios[]|select(.status != "passed").scenario]|tostring')" "0 []"
is "a step is one of a terminal, with its action in words" "$(of menu '.steps[0]|.screen + ": " + .action')" 'terminal: expect text "Berths 60x12" in row 1'
is "and its title" "$(of menu '.steps[0].title')" "Berths of the harbour"
is "its picture is as large as its cells" "$(of menu '.steps[7]|"\(.width) \(.height)"') $(head -c 24 "$(object "$(of menu '.steps[7].picture')")" | od -An -tx1 -j16 | tr -d ' \n')" "560 240 00000230000000f0"
tree=$(object "$(of menu '.steps[3].tree')")
is "what it shows is kept as lines" "$(json '.lines[1:4]|map(.[0:7])|join("|")' "$tree")" "  North|> South|  East"
is "with their attributes" "$(json '[.styles[]|select(.reverse)|{row, length}]|tostring' "$tree")" '[{"row":3,"length":7}]'
is "and places in the picture" "$(json '.nodes[0]|"\(.role) \(.y) \(.h) \(.name)"' "$tree")" "row 0 16 Berths 60x12"
is "and where the cursor is" "$(json '.terminal|"\(.alternate) \(.cursor.visible)"' "$tree")" "true false"
ok "what the program wrote is kept to the byte" sh -c 'tail -c 12 "$1" | grep -q "taken: South"' sh "$(object "$(of menu '.steps[2].output')")"
has "text lies beside the pictures" "$(json .dir)/01-004.txt" "taken: South"
is "a secret that it shows is in no file" "$(cat "$(json .dir)"/*.jsonl "$(json .dir)"/*.txt | grep -c -e open-sesame -e hidden)" 0
is "nor in any evidence" "$(for d in $(json '.scenarios[].steps[]|.tree, .output // empty'); do cat "$(object "$d")"; done | grep -c -e open-sesame)" 0
has "which it would be: it stands there as blocks, also where it is wrapped" "$(json .dir)/03-005.txt" "It was █████"
for d in $(json '.scenarios[]|select(.scenario == "key").steps[]|.tree, .output // empty'); do cat "$(object "$d")"; done >"$tmp/key"
is "lines of a secret of several are hidden as well, where the edge broke them, too" \
	"$(cat "$tmp/key" "$(json .dir)"/09-*.txt | grep -c -e QmFzZTY0IG9m -e VGhlIHNlY29u -e ZCBvZiBpdHMg) $(grep -c '██████████' "$(json .dir)/09-001.txt")" "0 3"
is "what may hold it in pieces is not kept, and that is said" "$(of 'sign in' '[.steps[2:][]|.output == null and (.unmet|index("output") != null)]|all')" true
run "$drydock" verify "$run_id" --json --state "$state"
is "the evidence of a terminal is attested like that of pages" "$(json '.problems|tostring')" "[]"
echo >>"$state/runs/$run_id/screens/01-004.txt"
run "$drydock" verify "$run_id" --json --state "$state"
is "and what was changed of it is named" "$(json '[.problems[] | .name + ": " + .what] | join(", ")')" "screens/01-004.txt: changed"

# The page for people, and differences by rows.
run "$drydock" qa report "$run_id" --json --state "$state" -o "$tmp/page.html"
is "the report has the steps" "$(json .steps)" 43
has "with the text of a screen" "$tmp/page.html" "taken: South"
sed 's/"press": "Down"/"press": "Up"/; s/taken: South/taken: East/; s/"exit": 1}/"exit": 2}/' "$tmp/terminal.json" >"$tmp/other.json"
jq -c '{scenarios: [.scenarios[0]]}' "$tmp/other.json" >"$tmp/one.json"
first=$(object "$(jq -r 'select(.n == 2).picture' "$state/runs/$run_id/screens/01-menu.jsonl")")
first_tree=$(object "$(jq -r 'select(.n == 2).tree' "$state/runs/$run_id/screens/01-menu.jsonl")")
play "$tmp/one.json" -o "$tmp/other"
is "another key is another screen" "$status $(json '.scenarios[0].status')" "0 passed"
second=$(object "$(of menu '.steps[1].picture')") second_tree=$(object "$(of menu '.steps[1].tree')")
run "$drydock" qa diff "$first" "$second" --tree-a "$first_tree" --tree-b "$second_tree" --json
is "the rows that differ are named by their text" "$status $(json '[.regions[].text]|tostring|test("South") and test("East")')" "1 true"

# Attacks.
cat >"$tmp/attacks.json" <<'EOF'
{"scenarios": [
 {"name": "commands", "terminal": {"run": "./berths commands"}, "steps": [{"expect": {"text": "<b>still here</b>"}}, {"exit": 0}]},
 {"name": "questions", "terminal": {"run": "./berths questions"}, "steps": [{"expect": {"text": "answers 64, touched 0"}}, {"exit": 0}]},
 {"name": "line", "terminal": {"run": "./berths line"}, "steps": [{"expect": {"text": "the end of the line"}}, {"exit": 0}]},
 {"name": "noise", "terminal": {"run": "./berths noise"}, "steps": [{"expect": {"text": "behind the noise"}}, {"exit": 0}]},
 {"name": "endless", "terminal": {"run": "./berths endless"}, "steps": [{"shoot": "one"}, {"exit": 0}]},
 {"name": "missing", "terminal": {"run": "./no-such-program"}, "steps": [{"expect": {"text": "Berths"}}, {"shoot": "not reached"}]},
 {"name": "status", "terminal": {"run": "exit 3"}, "steps": [{"exit": 0}]},
 {"name": "no mouse", "terminal": {"run": "./berths"}, "steps": [{"click": {"name": "East"}}]}]}
EOF
play "$tmp/attacks.json" -o "$tmp/attacks"
is "attacks end, and no more fails than should" "$status $(json '[.scenarios[]|select(.status == "failed").scenario]|join(",")') $(json .ended)" "1 endless,missing,status,no mouse null"
is "why" "$(json '[.scenarios[].steps[]|select(.status == "failed").message]|join("|")')" \
	"the program still runs|the text is not there, and the program has ended|the program ended with exit 3|the program does not take the mouse"
is "what is commanded is noted, and not done" "$(of commands '.steps[0].console|map(select(.level == "ignored" and (.text|startswith("OSC 52"))))|length')" 1
is "answers are bounded, and the rest is told as refused" \
	"$(of questions '.steps[0]|(.console|map(select(.level == "answered"))|length) as $n|"\($n) of \($n + (.console|map(select(.level == "refused" and (.text|endswith("R"))))|length) + .dropped)"')" "64 of 1000"
is "output is kept up to a bound, and counted" "$(of line '.steps[0]|"\(.output_bytes > 10485760) \(.unmet|tostring)"')" 'true ["output"]'
is "a screen that is never still says so" "$(of endless '.steps[0].unmet|index("still") != null')" true
run "$drydock" qa report "$tmp/attacks" --state "$state" --quiet -o "$tmp/attacks.html"
hasnt "what it shows is escaped in the report" "$tmp/attacks.html" "<b>still here"
has "and is there" "$tmp/attacks.html" "&lt;b&gt;still here"

# What is no scenario.
no() {
	printf '%s' "$2" >"$tmp/no.json"
	play "$tmp/no.json"
	is "$1" "$status $(sed -n 's/^drydock: .*no.json: //p' "$tmp/err")" "2 $3"
}
no "a terminal has no address" '{"terminal": {"run": "x"}, "steps": [{"go": "/"}]}' "steps[0]: expected an object with one of type, press, click, expect, resize, exit, shoot"
no "nor roles" '{"terminal": {"run": "x"}, "steps": [{"click": {"role": "button", "name": "x"}}]}' 'steps[0].click: a terminal has no "role"'
no "its size is bounded" '{"terminal": {"run": "x", "columns": 10000}, "steps": [{"shoot": "x"}]}' "terminal: it has 2 to 400 columns and 2 to 200 rows"
run "$drydock" qa play "$tmp/one.json" --state "$state" --quiet
is "without a run there is no pod" "$status $(sed -n '$s/^drydock: //p' "$tmp/err")" "2 screens: a program in a terminal is played in the pod of a run: name it with --run"
done_testing
