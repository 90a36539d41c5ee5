#!/bin/sh
# A real browser plays scenarios: pictures that are the same each time, evidence of each step, secrets kept out of it.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/qa/played.sh"

site=$root/tests/qa/site
play() {
	file=$1
	shift
	run "$drydock" qa play "$file" --json --quiet --state "$state" --serve "$site" -o "$tmp/screens" "$@"
}
step() { json ".scenarios[0].steps[$1]$2"; }

run "$drydock" image build browser --state "$state" --quiet
is "the image of the browser can be had" "$status" 0
is "and is listed" "$("$drydock" image list --state "$state" | grep -c '^browser ')" 1

cat >"$tmp/sign-in.json" <<'EOF'
{"name": "Sign in", "steps": [
  {"go": "/"},
  {"type": {"role": "textbox", "name": "User", "text": "anna"}},
  {"type": {"role": "textbox", "name": "password", "answer": "secret:pass"}},
  {"type": {"role": "combobox", "name": "Berth", "text": "South"}},
  {"click": {"role": "checkbox", "name": "Agree"}},
  {"click": {"role": "button", "name": "Sign in"}},
  {"expect": {"text": "Welcome anna, 17 letters, South, on"}},
  {"expect": {"role": "button", "name": "Log out", "absent": true}},
  {"click": {"role": "button", "name": "Pay", "nth": 2}},
  {"expect": {"text": "Paid the second"}},
  {"click": {"role": "link", "name": "second"}},
  {"press": "Tab"},
  {"click": {"role": "button", "name": "Inside"}},
  {"expect": {"text": "from the frame"}},
  {"shoot": "the second page"}]}
EOF
printf '%s\n' '{"secret:pass": "open-sesame\"<1234"}' >"$tmp/answers.json"
play "$tmp/sign-in.json" --answers "$tmp/answers.json"
is "a scenario is played to its end" "$status $(json '.scenarios[0].status, .steps, .failed' | tr '\n' ' ')" "0 passed 15 0 "
is "every condition of a still picture was met" "$(json '[.scenarios[].steps[].unmet[]] | unique | tostring')" "[]"
is "a step has its action in words" "$(step 1 .action)" 'type "anna" into textbox "User"'
is "and its address and title" "$(step 14 '|.url + " " + .title')" "http://127.0.0.1:8080/two.html Second"
is "a picture is a PNG of the window" "$(head -c 24 "$(object "$(step 0 .picture)")" | od -An -tx1 -j1 | tr -d ' \n' | cut -c1-46)" \
	"504e470d0a1a0a0000000d4948445200000500000002d0"
is "and one of the whole page" "$(step 0 '|.whole[0] != .picture and (.height > 2200)')" true
is "the lazy picture at the end of the page was loaded" "$(step 0 '.requests|map(select(.url|endswith("pic.svg")))|map(.status)|unique|tostring')" "[200]"
is "a failed request is in its log" "$(step 0 '.requests|map(select(.url|endswith("missing.json")))|.[0].status')" 404
is "a font that is not there, too" "$(step 0 '.console|map(select(.level == "error"))|length > 0')" true
is "what the console said is kept" "$(step 5 '.console[0].text')" "signed in as anna with [redacted]"
is "and what was thrown" "$(step 10 '.console|map(select(.level == "exception"))|.[0].text|split("\n")|.[0]')" \
	"Error: thrown at the second page"
is "the tree names what can be used" "$(jq -r '[.. | objects | select(.role == "button") | .name] | join(",")' "$(object "$(step 0 .tree)")")" "Sign in,Pay,Pay"
is "the document is kept with its layout" "$(jq -r '.documents[0].layout.bounds | length > 10' "$(object "$(step 0 .dom)")")" true
is "a secret that was typed is in no line" "$(cat "$tmp/screens"/*.jsonl | grep -c open-sesame)" 0
is "nor in any evidence" "$(for d in $(json '.scenarios[].steps[]|.tree, .dom'); do cat "$(object "$d")"; done | grep -c open-sesame)" 0
ok "which it would be" sh -c 'grep -qF "[redacted]" "$1"' sh "$(object "$(step 3 .dom)")"
is "lines end with the verdict" "$(tail -n 1 "$tmp/screens/01-sign-in.jsonl" | jq -r '.scenario + " " + .status')" "Sign in passed"
ok "pictures lie beside them" test -s "$tmp/screens/01-001.png" -a -s "$tmp/screens/01-001-whole.png"

# The same again, many times: clock, randomness, canvas, animations, a lazy picture.
jq -c '{scenarios: [range(6) as $i | {name: "again \($i)", steps: .steps[0:6]}]}' "$tmp/sign-in.json" >"$tmp/again.json"
play "$tmp/again.json" --answers "$tmp/answers.json"
is "six scenarios, each step one picture" "$status $(json '[range(6) as $k | [.scenarios[].steps[$k].picture] | unique | length] | tostring')" "0 [1,1,1,1,1,1]"
is "one of the whole page" "$(json '[range(6) as $k | [.scenarios[].steps[$k].whole[0]] | unique | length] | tostring')" "[1,1,1,1,1,1]"
is "one tree, one document" "$(json '[[.scenarios[].steps[5].tree], [.scenarios[].steps[5].dom] | unique | length] | tostring')" "[1,1]"
one=$(json '.scenarios[0].steps[0].picture')
echo '{"steps": [{"go": "/"}, {"shoot": "later"}]}' >"$tmp/later.json"
play "$tmp/later.json"
is "and so in another browser" "$(step 0 .picture)" "$one"
is "while time goes on for the page" "$(step 1 "|.picture != \"$one\"")" true
play "$tmp/later.json" --seed 7
is "another seed is another picture" "$(step 0 "|.picture != \"$one\"")" true

# What is in frames has its place in the picture; what they cut off has none.
mkdir "$tmp/frames"
cat >"$tmp/frames/index.html" <<'EOF'
<!doctype html><html lang=en><title>Frames</title><style>iframe { position: absolute; left: 100px; top: 50px; width: 300px; height: 200px; border: 5px solid }</style>
<iframe title=one src=inner.html></iframe>
EOF
cat >"$tmp/frames/inner.html" <<'EOF'
<!doctype html><html lang=en><title>Inner</title><style>* { position: absolute; margin: 0; padding: 0; border: 0; box-sizing: border-box }</style>
<button style="left: 20px; top: 30px; width: 80px; height: 24px">Near</button><button style="top: 1000px">Below</button>
<iframe title=two style="left: 40px; top: 80px; width: 100px; height: 60px" srcdoc="<body style='margin: 0'><button style='position: absolute; left: 10px; top: 5px; width: 50px; height: 20px'>Deep</button>"></iframe>
<iframe title=three style="left: 290px; top: 80px; width: 100px; height: 60px" srcdoc="<body style='margin: 0'><button style='position: absolute; left: 30px'>Beside</button>"></iframe>
<script>onload = () => scrollTo(0, 10)</script>
EOF
run "$drydock" qa shoot / --json --quiet --state "$state" --serve "$tmp/frames" -o "$tmp/framed"
is "what is in frames has its place in the picture" "$(jq -r '[.. | objects | select(.role == "button") | "\(.name) \(.x),\(.y),\(.w),\(.h)"] | sort | join("; ")' "$(object "$(step 0 .tree)")")" \
	"Below null,null,null,null; Beside null,null,null,null; Deep 155,130,50,20; Near 125,75,80,24"

# Steps that fail.
cat >"$tmp/fails.json" <<'EOF'
{"scenarios": [
  {"name": "text", "steps": [{"go": "/two.html"}, {"expect": {"text": "nowhere"}}, {"shoot": "not reached"}]},
  {"name": "many", "steps": [{"go": "/"}, {"click": {"role": "button", "name": "Pay"}}]},
  {"name": "none", "steps": [{"go": "/"}, {"click": {"role": "button", "name": "Buy"}}]},
  {"name": "cover", "steps": [{"go": "/two.html"}, {"click": {"role": "button", "name": "Hidden below"}}]},
  {"name": "scheme", "steps": [{"go": "file:///etc/passwd"}]},
  {"name": "refused", "steps": [{"go": "http://127.0.0.1:8099/"}]}]}
EOF
play "$tmp/fails.json"
is "a failed step is the target's failure" "$status $(json '.failed')" "1 6"
is "with evidence, and what comes behind it is skipped" \
	"$(json '.scenarios[0].steps|map(.status + " " + (.picture != null|tostring))|join(", ")')" "passed true, failed true, skipped false"
is "why" "$(json '[.scenarios[].steps|map(select(.status == "failed"))[0].message]|join("|")')" \
	'the text is not there|there are 2 of button "Pay"; choose one with "nth"|there is no button "Buy" (there is: "Sign in", "Pay", "Pay")|<div id=cover> lies over it|"file:///etc/passwd" is neither a path of the application nor http(s)://|net::ERR_CONNECTION_REFUSED'

# What is no scenario.
no() {
	printf '%s' "$2" >"$tmp/no.json"
	play "$tmp/no.json"
	is "$1" "$status $(sed -n 's/^drydock: .*no.json: //p' "$tmp/err")" "2 $3"
}
no "an unknown step is refused" '{"steps": [{"fly": "/"}]}' "steps[0]: expected an object with one of go, click, type, press, expect, shoot"
no "an unknown key, too" '{"steps": [{"go": "/"}, {"click": {"nmae": "x"}}]}' "steps[1].click: unknown key \"nmae\""
no "and what names nothing" '{"scenarios": [{"steps": [{"click": {"role": "button"}}]}]}' 'scenarios[0].steps[0].click: "name" is missing'
play "$tmp/sign-in.json"
is "an answer that is not there is asked for" "$status $(sed -n '$s/^drydock: //p' "$tmp/err")" "2 screens: a step types the answer secret:pass, and there is none"

run "$drydock" qa shoot / --state "$state" --serve "$site" -o "$tmp/shot" --quiet
is "one address is looked at" "$status $(head -n 1 "$tmp/out")" "0   1 passed  go to /"
ok "its picture is there" test -s "$tmp/shot/01-001.png"

run "$drydock" image build browser --offline --state "$tmp/empty" --quiet
is "an image that cannot be made says how it is made" "$status $(grep -c 'drydock image build browser' "$tmp/err")" "3 1"

# Its own sandbox: what is not the browser itself lives in a user namespace of its own.
echo '{"steps": [{"go": "/"}, {"expect": {"text": "nowhere"}}]}' >"$tmp/slow.json"
"$drydock" qa play "$tmp/slow.json" --quiet --state "$state" --serve "$site" -o "$tmp/slow" >"$tmp/out" 2>&1 &
player=$!
apart=no
for _ in $(seq 400); do
	for p in $(pgrep -f 'chromium-headless-shell.*--type=(renderer|zygote)'); do
		main=$(ps -o ppid= -p "$p" 2>/dev/null | tr -d ' ')
		mine=$(readlink "/proc/$p/ns/user" 2>/dev/null)
		its=$(readlink "/proc/$main/ns/user" 2>/dev/null)
		[ -z "$mine" ] || [ -z "$its" ] || [ "$mine" = "$its" ] || apart=yes
	done
	[ $apart = no ] && kill -0 "$player" 2>/dev/null || break
	sleep 0.1
done
wait "$player"
is "pages are in the browser's own sandbox" "$apart" yes
done_testing
