#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# Pages that attack whoever looks at them: each ends in time, with evidence, and those behind it are played.
. "$(dirname "$0")/../tap.sh"

cat >"$tmp/all.json" <<'EOF'
{"scenarios": [
  {"name": "loop", "steps": [{"go": "/loop.html"}, {"shoot": "then"}]},
  {"name": "alerts", "steps": [{"go": "/alerts.html"}, {"expect": {"role": "heading", "name": "Asks without end"}}]},
  {"name": "leave", "steps": [{"go": "/leave.html"}, {"click": {"role": "button", "name": "Touch"}}, {"go": "/"}, {"expect": {"role": "heading", "name": "Harbour shop"}}]},
  {"name": "popups", "steps": [{"go": "/popups.html"}, {"click": {"role": "button", "name": "Open"}}]},
  {"name": "downloads", "steps": [{"go": "/downloads.html"}, {"expect": {"text": "Sends files"}}, {"go": "/file.bin"}]},
  {"name": "crash", "steps": [{"go": "/crash.html"}, {"click": {"role": "button", "name": "Eat"}}, {"shoot": "then"}]},
  {"name": "never", "steps": [{"go": "/never.html"}, {"click": {"role": "button", "name": "Spin"}}]},
  {"name": "parse", "steps": [{"go": "/parse.html"}, {"expect": {"role": "heading", "name": "Never loads"}}]},
  {"name": "reach", "steps": [{"go": "/reach.html"}, {"expect": {"text": "reached 0 of 9"}}]},
  {"name": "flood", "steps": [{"go": "/flood.html"}]},
  {"name": "tall", "steps": [{"go": "/tall.html"}]},
  {"name": "last", "steps": [{"go": "/"}]}]}
EOF
cp -r tests/qa/site "$tmp/site"
head -c 100 /dev/zero >"$tmp/site/file.bin"
ln -s /etc/passwd "$tmp/site/link.txt"
begin=$(date +%s)
run "$drydock" qa play "$tmp/all.json" --json --quiet --state "$state" --serve "$tmp/site" -o "$tmp/screens"
took=$(($(date +%s) - begin))

# of NAME EXPRESSION: of the scenario
of() { json ".scenarios[]|select(.scenario == \"$1\")|$2"; }
is "all are played, and what failed is the pages' failure" "$status $(json '.scenarios|length, .[-1].status' | tr '\n' ' ')" "1 12 passed "
ok "within four minutes" test "$took" -lt 240
is "no scenario ended the browser" "$(json .ended)" null
is "a page that goes elsewhere without end is brought to rest" "$(of loop '.steps[0]|(.unmet|tostring) + " " + (.picture != null|tostring)')" '["script"] true'
is "and the next step finds it at rest" "$(of loop '.steps[1].unmet|tostring')" '[]'
is "an alert loop is answered and ended" "$(of alerts '.status')" passed
ok "and each is kept, up to a bound" test "$(of alerts '.steps[0].console|map(select(.level == "dialog"))|length')" -ge 20 -a "$(of alerts '.steps[0].console|length')" -le 1000
is "a page that will not be left is left" "$(of leave '.status + " " + (.steps[2].console|map(select(.level == "dialog"))|.[0].text|split(":")|.[0])')" "passed beforeunload"
is "a flood of windows is closed" "$(of popups '.status + " " + (.steps[1].console|map(select(.level == "popup"))|length|tostring)')" "passed 10"
is "downloads are refused and told of" "$(of downloads '.steps[1].status + " " + (.steps[0].console|map(select(.level == "download"))|length > 0|tostring)')" "passed true"
is "one that was asked for, too" "$(of downloads '.steps[2].status + " " + .steps[2].message')" "failed it is a download"
is "a page that eats its memory crashes alone" "$(of crash '.steps[1].message + "; " + .steps[2].status')" "the page crashed; skipped"
is "which its evidence says" "$(of crash '.steps[1].console|map(select(.level == "crash"))|length')" 1
is "a script that never returns is ended" "$(of never '.steps[1]|.message + " " + (.unmet|tostring) + " " + (.picture != null|tostring)')" \
	'the page does not answer; a script of its own may run on ["script"] true'
is "also while the page is loaded" "$(of parse '.status + " " + (.steps[0].unmet|tostring)')" 'passed ["script"]'
is "a page reaches nothing but what is served" "$(of reach '.status')" passed
is "and what it tried is in its log" "$(of reach '.steps[0].requests|map(select(.error != null))|length > 4')" true
is "a flood of messages is cut" "$(of flood '.steps[0]|(.console|length|tostring) + " " + (.dropped > 10000|tostring) + " " + ([.console[].text|length]|max <= 4096|tostring)')" "1000 true true"
is "a page of 99,130 pixels is thirteen pictures" "$(of tall '.steps[0]|(.height|tostring) + " " + (.whole|length|tostring)')" "99130 13"

run "$drydock" qa shoot /link.txt --json --quiet --state "$state" --serve "$tmp/site" -o "$tmp/shot"
is "links are not followed out of what is served" "$(json '.scenarios[0].steps[0].requests[0].status')" 404

# Something else in the browser's place.
fake() { "$DD_BUILD/tests/qa/tool_fake_browser" "$state" "$tmp/fake" "${seconds:-120}" "$1" >"$tmp/out" 2>"$tmp/err"; cat "$tmp/out"; }
[ -d "$state/images" ] || "$drydock" image build --state "$state" --quiet >"$tmp/out"
is "a browser that is not there" "$(fake none)" "error screens: the browser does not start: the browser ended"
is "one that dies at start says why" "$(fake 'echo "FATAL: no shared memory" >&2; exit 3')" \
	"error screens: the browser does not start: the browser ended; it said: FATAL: no shared memory"
is "one that a signal ends" "$(fake 'kill -SEGV $$')" "error screens: the browser does not start: the browser died of signal 11"
is "one that dies later is a result" "$(fake 'head -c 10 <&3 >/dev/null; printf "{\"id\":1,\"result\":{\"product\":\"Fake/1\"}}\0" >&4; echo gone >&2')" \
	"0 ended the browser ended; it said: gone"
is "one that floods the pipe" "$(fake 'head -c 100000000 /dev/zero | tr "\0" x >&4')" "error screens: the browser does not start: the browser ended"
is "one that never answers" "$(seconds=5 && fake 'exec sleep 1000')" "error screens: the browser does not start: Browser.getVersion: time was up before it was answered"
fake "sleep 76543$$ &"' trap "" TERM; echo bye >&2' >/dev/null
gone() { ! pgrep -f "^sleep 76543$$\$"; }
ok "nothing is left of it" eventually gone
done_testing
