#!/bin/sh
# Programs with windows: found, clicked, typed into, their evidence attested; what attacks the display as a client of it ends
# in time, with its evidence and the right verdict.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/qa/played.sh"

up --no-prune tests/qa/display
run_id=$(json .run)
is "the program is there" "$(json .outcome)" up
# size DIGEST: width and height of a picture
size() { head -c 24 "$(object "$1")" | od -An -tx1 -j16 | tr -d ' \n'; }

cat >"$tmp/display.json" <<'EOF'
{"scenarios": [
 {"name": "form", "display": {"run": "./moorings", "width": 800, "height": 600}, "steps": [
  {"expect": {"name": "Moorings of the harbour"}}, {"type": {"text": "Anna-Ä€"}}, {"click": {"class": "Moorings", "at": "20,140"}},
  {"click": {"name": "Moorings", "at": "-40,-20"}}, {"expect": {"name": "Confirm"}}, {"press": "Enter"},
  {"expect": {"name": "Confirm", "absent": true}}, {"expect": {"text": "at East quay"}},
  {"type": {"class": "Moorings", "answer": "secret:pass"}}, {"press": "Enter"}, {"expect": {"name": "Confirm"}}, {"press": "Enter"},
  {"expect": {"name": "Confirm", "absent": true}}, {"press": "Ctrl-q"}, {"exit": 3}]},
 {"name": "installer", "display": {"run": "./moorings installer", "width": 640, "height": 480}, "steps": [
  {"expect": {"text": "installed for Zoe"}}, {"exit": 0}]}]}
EOF
printf '%s\n' '{"secret:pass": "open-sesame", "dialog:licence-agreement": "", "dialog:owner-s-name": "Zoe", "dialog:choose-a-port": "@-30,-20"}' >"$tmp/answers.json"
play "$tmp/display.json" --answers "$tmp/answers.json"
is "all are played to their end" "$status $(json '[.scenarios[]|select(.status != "passed").scenario]|tostring')" "0 []"
is "every condition of a picture is met until a secret is typed" "$(json '[.scenarios[].steps[]|.unmet[]]|unique|tostring')" '["output"]'
is "a step is one of a display, with its action in words" "$(of form '.steps[2]|.screen + ": " + .action')" 'display: click thing of class Moorings at 20,140'
is "characters that no key has are typed as well" "$(cat "$(object "$(of form '.steps[1].output')")")" "character 20ac"
is "it is asked what was chosen" "$(cat "$(object "$(of form '.steps[3].output')")")" "asked for East quay, 6 letters"
is "the display has its size" "$(size "$(of form '.steps[4].picture')")" 0000032000000258
is "and each window a picture, the uppermost first" "$(size "$(of form '.steps[4].whole[0]')") $(size "$(of form '.steps[4].whole[1]')")" \
	"0000010400000078 00000140000000f0"
is "also where another covers it: it looks as it did before" "$(of form '.steps[4].whole[1] == .steps[2].whole[0] and .steps[4].picture != .steps[2].picture')" true
tree=$(object "$(of form '.steps[4].tree')")
is "windows are kept as text" "$(json '.lines|map(sub("^0x[0-9a-f]+ "; ""))|.[0]' "$tree" | sed 's/[+].*d/+/')" '"Confirm mooring" moorings/Moorings 260x120+ialog'
is "with what they are" "$(json '[.windows[]|"\(.title):\(.dialog):\(.managed)"]|join(",")' "$tree")" "Confirm mooring:true:true,Moorings of the harbour:false:true"
is "and as places in the picture" "$(json '.nodes[1]|"\(.role) \(.name) \(.w) \(.h)"' "$tree")" "window Moorings of the harbour 320 240"
is "text and pictures of windows lie beside it" "$(ls "$(json .dir)" | grep -c -e '^01-005-window.png$' -e '^01-005-window-2.png$' -e '^01-005.txt$' -e '^01-005.png$')" 4
is "dialogs of an installer are answered, each once" "$(of installer '[.steps[].console[]|.level + " " + .text]|join(",")')" \
	"answered dialog:licence-agreement,answered dialog:owner-s-name,answered dialog:choose-a-port"
is "by text and by a click in their lower right" "$(of installer '.steps[0].output' | while read -r d; do tail -2 "$(object "$d")"; done | tr '\n' ';')" \
	"clicked 30,20 from the lower right;installed for Zoe;"
is "nobody is asked what was answered" "$(json '.questions|tostring')" "[]"
is "a title that has a secret is kept without it" "$(of form '.steps[12].title')" "Anna-Ä[redacted] has moored"
is "a secret that is typed is in no file" "$(cat "$(json .dir)"/*.jsonl "$(json .dir)"/*.txt | grep -c open-sesame)" 0
is "nor in any evidence, since what the program writes behind it is not kept" \
	"$(for d in $(json '.scenarios[].steps[]|.tree, .output // empty'); do cat "$(object "$d")"; done | grep -c open-sesame) $(of form '[.steps[8:][].output == null]|all')" "0 true"
run "$drydock" verify "$run_id" --json --state "$state"
is "the evidence of a display is attested like that of pages" "$(json '.problems|tostring')" "[]"
echo >>"$state/runs/$run_id/screens/01-005.txt"
run "$drydock" verify "$run_id" --json --state "$state"
is "and what was changed of it is named" "$(json '[.problems[] | .name + ": " + .what] | join(", ")')" "screens/01-005.txt: changed"

# The page for people, and differences by windows.
run "$drydock" qa report "$run_id" --json --state "$state" -o "$tmp/page.html"
is "the report has the steps" "$(json .steps)" 17
has "with the windows as text" "$tmp/page.html" "&quot;Confirm mooring&quot; moorings/Moorings 260x120"
has "and pictures of those below" "$tmp/page.html" "<figcaption>Window 2</figcaption>"
lines=$state/runs/$run_id/screens/01-form.jsonl
first() { jq -r "select(.n == $1).$2" "$lines"; }
run "$drydock" qa diff "$(object "$(first 3 picture)")" "$(object "$(first 5 picture)")" --tree-a "$(object "$(first 3 tree)")" --tree-b "$(object "$(first 5 tree)")" --json
is "what differs is named by its window" "$status $(json '[.regions[].text]|tostring|test("dialog .Confirm mooring. is new")')" "1 true"
jq -c '{scenarios: [.scenarios[0]|.steps |= .[0:2]]}' "$tmp/display.json" >"$tmp/again.json"
play "$tmp/again.json" -o "$tmp/again"
is "played again it is the same, to the pixel and the byte" "$(of form '[.steps[]|.picture, .whole[], .output]|tostring')" \
	"$(jq -s -c '[.[0:2][]|.picture, .whole[], .output]' "$lines")"

# Attacks.
cat >"$tmp/attacks.json" <<'EOF'
{"scenarios": [
 {"name": "asks", "display": {"run": "./moorings installer"}, "steps": [{"shoot": "it asks"}]},
 {"name": "titles", "display": {"run": "./moorings titles"}, "steps": [{"expect": {"name": "<b>bold"}}]},
 {"name": "flood", "display": {"run": "./moorings flood"}, "steps": [{"expect": {"text": "all are there"}}]},
 {"name": "huge", "display": {"run": "./moorings huge"}, "steps": [{"expect": {"name": "Huge"}}, {"shoot": "not reached"}]},
 {"name": "held", "display": {"run": "./moorings grab-server"}, "steps": [{"expect": {"text": "holding"}}, {"click": {"name": "Holder"}}, {"type": {"text": "x"}}]},
 {"name": "grabbed", "display": {"run": "./moorings grab-input"}, "steps": [{"expect": {"text": "holding"}}, {"click": {"at": "5,5"}}]},
 {"name": "kill", "display": {"run": "./moorings kill"}, "steps": [{"expect": {"text": "killed"}}]},
 {"name": "pixmaps", "display": {"run": "./moorings pixmaps; sleep 1"}, "steps": [{"expect": {"name": "what never comes"}}]},
 {"name": "noise", "display": {"run": "./moorings noise"}, "steps": [{"shoot": "one"}]},
 {"name": "talker", "display": {"run": "./moorings output"}, "steps": [{"expect": {"text": "behind the talk"}}]},
 {"name": "covered", "display": {"run": "./moorings menu"}, "steps": [{"click": {"name": "Moorings", "at": "10,-239"}}, {"click": {"at": "2000,10"}}]},
 {"name": "missing", "display": {"run": "./no-such-program"}, "steps": [{"expect": {"name": "Moorings"}}]}]}
EOF
play "$tmp/attacks.json" -o "$tmp/attacks"
is "attacks end, and no more fails than should" "$status $(json '[.scenarios[]|select(.status == "failed").scenario]|join(",")') $(json .ended)" \
	"1 huge,pixmaps,missing null"
is "why" "$(json '[.scenarios[].steps[]|select(.status == "failed").message]|unique|join("|")')" \
	"the window is not there, and the display is gone|the window is not there, and the program has ended"
is "a dialog that nobody speaks of is a question, with its picture" \
	"$(json '.questions[]|"\(.id) \(.kind) \(.scenario) \(.step)"') $(json '.questions[0].picture' | tr -d '\n' | wc -c)" "dialog:licence-agreement dialog asks 1 64"
is "of many windows so many are kept, and that there are more is said" \
	"$(of flood '.steps[0]|(.unmet|tostring) + " \(.whole|length)"') $(json '"\(.windows|length) \(.more > 130)"' "$(object "$(of flood '.steps[0].tree')")")" '["windows"] 16 64 true'
is "who holds the server stops nobody" "$(of held '[.steps[]|.status + (.unmet|tostring)]|join(",")')" "passed[],passed[],passed[]"
is "nor who ends all other clients, but for the window manager, which is said" "$(of kill '.steps[0]|.status + " " + (.unmet|tostring) + " \(.picture|length)"')" \
	'passed ["window manager"] 64'
is "a display that is never still says so" "$(of noise '.steps[0].unmet|tostring')" '["still"]'
is "what a program writes is kept up to a bound, and counted" "$(of talker '.steps[0]|"\(.unmet|tostring) \(.output_bytes > 1048576)"')" '["output"] true'
is "titles are cut, and are one line each" "$(json '[.lines|length, (.[]|length < 400)]|unique|tostring' "$(object "$(of titles '.steps[0].tree')")")" '[true,3]'
run "$drydock" qa report "$tmp/attacks" --state "$state" --quiet -o "$tmp/attacks.html"
hasnt "what they say is escaped in the report" "$tmp/attacks.html" "<b>bold"
has "and is there" "$tmp/attacks.html" "&lt;b&gt;bold"
ok "nothing is left of any display" sh -c '! ls "$1"/pods | grep -q display-' sh "$state"

# What is no scenario.
no() {
	printf '%s' "$2" >"$tmp/no.json"
	play "$tmp/no.json"
	is "$1" "$status $(sed -n 's/^drydock: .*no.json: //p' "$tmp/err")" "2 $3"
}
no "a display has no address" '{"display": {"run": "x"}, "steps": [{"go": "/"}]}' "steps[0]: expected an object with one of type, press, click, expect, exit, shoot"
no "nor rows" '{"display": {"run": "x"}, "steps": [{"expect": {"text": "x", "row": 1}}]}' 'steps[0].expect: a display has no "row"'
no "a place is two numbers" '{"display": {"run": "x"}, "steps": [{"click": {"at": "40"}}]}' 'steps[0].click.at: expected a place as in "40,60"'
no "a scenario has one screen" '{"display": {"run": "x"}, "terminal": {"run": "x"}, "steps": [{"shoot": "x"}]}' "display: it has another screen"
no "its size is bounded" '{"display": {"run": "x", "width": 10000}, "steps": [{"shoot": "x"}]}' "display: it has 100 to 4096 pixels of width and 100 to 4096 of height"
done_testing
