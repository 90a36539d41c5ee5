#!/usr/bin/env bash
# What qa does beside what others do.
#
#   tools/bench_qa.sh TOOLS DRAW [PART...]    TOOLS: where tools/bench is built; DRAW: tests/qa/tool_picture
#
# Parts: diff (CPU and counts beside odiff and pixelmatch), mutations (seeded changes, found and located), crawl (seeded faults of
# tests/apps/quay; RUNS="RUN...": also the applications of these runs, whose findings a person has to judge), stills (CAPTURES=n
# captures of a page that is never the same twice), link (one question to the browser over its pipe), peer (SCENARIOS=n scenarios with
# the evidence of each step beside Playwright's runner and beside one process of its core, each in a pod on the browser's image, without
# the pod's own start; the reports of three of them; reports of a thousand steps, opened).
# SHOTS=DIR: also the pictures NAME-a.png and NAME-b.png of that directory.  ROUNDS=n
set -u
cd "$(dirname "$0")/.."
tools=$1
draw=$2
shift 2
[ $# -gt 0 ] || set -- diff mutations crawl stills link peer
rounds=${ROUNDS:-15}
peers=$PWD/build/peers/diff
tmp=$(mktemp -d "${TMPDIR:-/tmp}/drydock-bench.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
export DRYDOCK_STATE="${DD_TEST_STATE:-$PWD/build/test-state}"
drydock=build/drydock
failed=0
ratio() { awk "BEGIN { printf \"%.3f\", $1 / $2 }"; }
miss() {
	echo "bench_qa: $*" >&2
	failed=1
}

# --- pictures: CPU and counts
odiff=
count_odiff() { # A B
	"$odiff" "$1" "$2" --parsable-stdout 2>/dev/null | awk -F';' '{ n = $1 } END { print n + 0 }'
}

compare_pair() { # NAME A B LIMIT
	local ours theirs got wanted_plain wanted_aa counts=equal
	ours=$("$tools/cpu" "$rounds" "$drydock" qa diff "$2" "$3") || { miss "$1: drydock did not run"; return; }
	theirs=$("$tools/cpu" "$rounds" "$odiff" "$2" "$3") || { miss "$1: odiff did not run"; return; }
	got=$("$drydock" qa diff --json "$2" "$3" | jq -r '"\(.differing) \(.differing_aa)"')
	wanted_plain=$(count_odiff "$2" "$3")
	wanted_aa=$(node tools/bench/pixelmatch.mjs "$peers" "$2" "$3")
	[ "$got" = "$wanted_plain $wanted_aa" ] || { counts="$got, wanted $wanted_plain $wanted_aa"; miss "$1: counts are not equal"; }
	printf '| %s | %.2f | %.2f | %.3f | %s | %s | %s |\n' "$1" "$ours" "$theirs" "$(ratio "$ours" "$theirs")" "$4" "$got" "$counts"
	[ -z "$4" ] || awk "BEGIN { exit !($ours <= $4 * $theirs) }" || miss "$1: $ours ms is more than $4 of $theirs ms"
}

part_diff() {
	sh tools/peers.sh tools/bench/peers "$peers" || exit 3
	odiff=$(find "$peers/node_modules/@odiff" -name odiff -type f | head -n 1)
	chmod +x "$odiff"
	echo "qa diff beside odiff $(jq -r .version "$peers/node_modules/@odiff/linux-x64/package.json") and pixelmatch" \
		"$(jq -r .version "$peers/node_modules/pixelmatch/package.json"): CPU of the whole command, median of $rounds, ms"
	echo
	echo "| pair | drydock | odiff | ratio | at most | differing, without anti-aliasing | counts |"
	echo "|---|---|---|---|---|---|---|"
	for size in 1280x720 1920x1080 1280x8000; do
		w=${size%x*} h=${size#*x}
		"$draw" page "$w" "$h" 7 "$tmp/a.png"
		"$draw" changed "$w" "$h" 7 3 "$tmp/b.png" >/dev/null
		"$draw" shifted "$w" "$h" 7 3 "$tmp/c.png"
		cp "$tmp/a.png" "$tmp/same.png"
		compare_pair "$size changed" "$tmp/a.png" "$tmp/b.png" 0.5
		compare_pair "$size identical" "$tmp/a.png" "$tmp/same.png" 0.02
		compare_pair "$size shifted by 3 rows" "$tmp/a.png" "$tmp/c.png" ''
		WITH_ALPHA=1 "$draw" page "$w" "$h" 7 "$tmp/d.png"
		WITH_ALPHA=1 "$draw" changed "$w" "$h" 7 3 "$tmp/e.png" >/dev/null
		compare_pair "$size changed, RGBA" "$tmp/d.png" "$tmp/e.png" 0.5
	done
	"$draw" alpha 400 300 1 "$tmp/a.png"
	"$draw" alpha 400 300 2 "$tmp/b.png"
	compare_pair "400x300 transparent noise" "$tmp/a.png" "$tmp/b.png" ''
	for a in ${SHOTS:+"$SHOTS"/*-a.png}; do
		[ -e "$a" ] && compare_pair "$(basename "${a%-a.png}")" "$a" "${a%-a.png}-b.png" 0.5
	done
	echo
}

# --- seeded changes
part_mutations() {
	local found=0 located=0 false=0 n=${MUTATIONS:-200}
	for ((i = 1; i <= n; i++)); do
		"$draw" page 640 480 "$i" "$tmp/a.png"
		"$draw" page 640 480 "$i" "$tmp/again.png"
		"$drydock" qa diff --quiet -o "$tmp/o.png" "$tmp/a.png" "$tmp/again.png" >/dev/null || false=$((false + 1))
		place=$("$draw" changed 640 480 "$i" "$i" "$tmp/b.png")
		"$drydock" qa diff --json "$tmp/a.png" "$tmp/b.png" >"$tmp/out"
		case $? in
		1) found=$((found + 1)) ;;
		*) echo "not found: seed $i: $place" ;;
		esac
		if sh tools/bench/located.sh "$tmp/out" "$place"; then located=$((located + 1)); else echo "not located: seed $i: $place: $(cat "$tmp/out")"; fi
	done
	echo "seeded changes: $found of $n found, $located located; $false of $n unchanged pages called different"
	[ "$false" = 0 ] && awk "BEGIN { exit !($found >= 0.99 * $n && $located >= 0.99 * $n) }" || miss "fewer than 99 of 100 were found and located"
}

# --- crawls
crawl_row() { # NAME RUN
	local begin=$SECONDS
	"$drydock" qa crawl --json --quiet --run "$2" -o "$tmp/crawl-$1" >"$tmp/$1.json"
	[ $? -le 1 ] || { miss "$1: the crawl did not end"; return; }
	printf '| %s | %s | %s | %s | %d s |\n' "$1" "$(jq .walks "$tmp/$1.json")" "$(jq .states "$tmp/$1.json")" \
		"$(jq '.findings | length' "$tmp/$1.json")" $((SECONDS - begin))
}

quay() { # NAME: a run of it, with all faults or with none
	cp -r tests/apps/quay "$tmp/$1"
	[ "$1" = clean ] || cut -f1 tests/apps/quay/faults.tsv >"$tmp/$1/faults"
	"$drydock" up --json --quiet "$tmp/$1" | jq -r .run
}

part_crawl() {
	local wanted found
	echo "| application | walks | states | findings | time |"
	echo "|---|---|---|---|---|"
	crawl_row faulty "$(quay faulty)"
	crawl_row clean "$(quay clean)"
	for run in ${RUNS:-}; do
		crawl_row "$run" "$run"
		jq -r '.findings[] | "| | \(.kind): \(.text) |"' "$tmp/$run.json"
	done
	wanted=$(cut -f2 tests/apps/quay/faults.tsv | sort)
	found=$(jq -r '.findings[].kind' "$tmp/faulty.json" | sort)
	echo
	echo "seeded faults: $(comm -12 <(echo "$wanted") <(echo "$found") | wc -l) of $(echo "$wanted" | wc -l) found"
	[ "$wanted" = "$found" ] || miss "not every seeded fault is found, or something else is"
	[ "$(jq '.findings | length' "$tmp/clean.json")" = 0 ] || miss "something is found where there is nothing"
}

# --- still pictures
still_site() { # DIR: a page that is never the same twice
	mkdir -p "$1"
	"$drydock" image build browser --quiet >"$tmp/image" || return 1 # which has fonts
	cp "$(find "$DRYDOCK_STATE/layers" -name DejaVuSerif.ttf -type f | head -n 1)" "$1/font.ttf" || return 1
	"$draw" page 300 200 7 "$1/lazy.png"
	cat >"$1/index.html" <<-'E'
		<!doctype html><html lang=en><title>Clock</title>
		<style>@font-face { font-family: Web; src: url(font.ttf) } h1 { font-family: Web } @keyframes turn { to { transform: rotate(360deg) } }
		.spin { width: 40px; height: 40px; background: teal; animation: turn 1s linear infinite }</style>
		<h1>Harbour clock</h1><p id=clock></p><p id=chance></p><p id=ticks>0 ticks</p><input autofocus aria-label=Note><div class=spin></div>
		<canvas id=c width=300 height=60></canvas><button id=b>Ring</button><p id=rung>rung 0 times</p>
		<div style="height: 3000px"></div><img src=lazy.png loading=lazy alt="A pier">
		<script>
		let n = 0, rung = 0, frames = 0;
		clock.textContent = new Date().toISOString() + " " + performance.now();
		chance.textContent = Math.random() + " " + crypto.randomUUID();
		setInterval(() => { ticks.textContent = ++n + " ticks"; clock.textContent = new Date().toISOString() }, 50);
		b.onclick = () => { document.getElementById("rung").textContent = `rung ${++rung} times` };
		const draw = () => { const g = c.getContext("2d"); g.clearRect(0, 0, 300, 60); g.fillText(`${++frames} ${Math.random()}`, 5, 30); requestAnimationFrame(draw) };
		draw();
		</script>
	E
}

# Each capture in a context of its own, a hundred to a browser.
part_stills() {
	local n=${CAPTURES:-500} taken=0 begin=$SECONDS
	still_site "$tmp/stills" || { miss "there is no font to serve"; return; }
	while [ "$taken" -lt "$n" ]; do
		local batch=$((n - taken < 100 ? n - taken : 100))
		jq -nc "{scenarios: [range($batch) | {name: \"still \\(.)\", steps: [{go: \"/\"}]}]}" >"$tmp/stills.json"
		"$drydock" qa play "$tmp/stills.json" --json --quiet --serve "$tmp/stills" -o "$tmp/taken" >"$tmp/stills.out" || miss "a capture failed"
		jq -r '.scenarios[].steps[] | "\(.picture) \(.whole | join(" "))"' "$tmp/stills.out" >>"$tmp/pictures"
		jq -r '.scenarios[].steps[].unmet[]' "$tmp/stills.out" >>"$tmp/unmet"
		taken=$((taken + batch))
	done
	echo '{"name": "works", "steps": [{"go": "/"}, {"shoot": "before"}, {"click": {"role": "button", "name": "Ring"}}, {"expect": {"text": "rung 1 times"}},
		{"shoot": "after"}, {"expect": {"text": "40 ticks"}}]}' >"$tmp/works.json"
	"$drydock" qa play "$tmp/works.json" --json --quiet --serve "$tmp/stills" -o "$tmp/worked" >"$tmp/works.out" || miss "the page does not work any more"
	echo "captures of a page with clock, chance, canvas, spinner, caret, lazy picture and web font: $(wc -l <"$tmp/pictures"), distinct:" \
		"$(sort -u "$tmp/pictures" | wc -l), conditions not met: $(wc -l <"$tmp/unmet"), $((SECONDS - begin)) s"
	[ "$(sort -u "$tmp/pictures" | wc -l)" = 1 ] || miss "not all captures are the same"
}

# --- the pipe to the browser
part_link() {
	local us
	"$drydock" image build browser --quiet >"$tmp/image" || { miss "there is no browser"; return; }
	us=$("$drydock" sandbox run --quiet --image browser --time 120 --bind "$PWD/$tools/roundtrip:/usr/local/bin/roundtrip:ro" -- /usr/local/bin/roundtrip 5000) ||
		{ miss "the browser did not answer"; return; }
	echo "a question over the pipe and its answer: ${us% *} us (median of 5000; one of a hundred takes ${us#* } us or more)"
	awk "BEGIN { exit !(${us% *} <= 250) }" || miss "${us% *} us is more than 250"
}

# --- the packaged runner, and one process of its core
play_peer=$PWD/build/peers/play
in_peer_pod() { # WORD...: WORDs are run in a pod with the site on loopback; prints what they print
	"$drydock" sandbox run --quiet --image browser --time 1800 --bind "$(readlink -f "$(command -v node)")":/usr/local/bin/node:ro \
		--bind "$play_peer:/peer:ro" --bind "$PWD/tools/bench/play/site:/site:ro" --bind "$tmp/told:/told:ro" -- /usr/bin/env HOME=/tmp \
		BASE_URL=http://127.0.0.1:8081 BROWSER=/usr/lib/chromium/chromium-headless-shell /bin/bash /peer/in_pod.sh "$@"
}

play_three() { # SCENARIOS FORMAT: wall time of all three, in ms, as drydock, runner, core, runner with its own evidence alone
	local begin end
	begin=$(date +%s%N)
	"$drydock" qa play "$1" --json --quiet --serve tools/bench/play/site -o "$tmp/played" >"$tmp/played.json" || miss "a scenario failed"
	end=$(date +%s%N)
	echo $(((end - begin) / 1000000))
	cp "$1" "$tmp/told/scenarios.json"
	in_peer_pod all core trace || miss "a peer failed"
}

part_peer() {
	local n=${SCENARIOS:-30} ours runner core trace
	sh tools/peers.sh tools/bench/play "$play_peer" || exit 3
	cp tools/bench/play/*.mjs tools/bench/play/in_pod.sh "$play_peer/"
	mkdir -p "$tmp/told"
	"$drydock" image build browser --quiet >"$tmp/image" || { miss "there is no browser"; return; }
	jq -n -f tools/bench/play/scenarios.jq --argjson n "$n" >"$tmp/scenarios.json"
	play_three "$tmp/scenarios.json" >"$tmp/times"
	mapfile -t times <"$tmp/times"
	ours=${times[0]} runner=${times[1]} core=${times[2]} trace=${times[3]}
	echo "| $n scenarios, $(jq .steps "$tmp/played.json") steps, one worker each; ms, load $(cut -d' ' -f1 /proc/loadavg) | | drydock takes of it | at most |"
	echo "|---|---|---|---|"
	echo "| drydock qa play | $ours | | |"
	echo "| Playwright's runner $(jq -r .version "$play_peer/node_modules/playwright/package.json"), trace on, with what drydock keeps | $runner | $(ratio "$ours" "$runner") | 0.333 |"
	echo "| one process of playwright-core, with the same | $core | $(ratio "$ours" "$core") | 0.667 |"
	echo "| the runner, trace on, nothing else | $trace | $(ratio "$ours" "$trace") | |"
	[ "$(jq '[.scenarios[].steps[].unmet[]] | length' "$tmp/played.json")" = 0 ] || miss "a picture was not still"
	awk "BEGIN { exit !($ours * 3 <= $runner) }" || miss "drydock takes more than a third of the runner's time"
	awk "BEGIN { exit !($ours * 3 <= $core * 2) }" || miss "drydock takes more than two thirds of the core's time"
	part_reports
}

part_reports() {
	local ours theirs steps ms
	jq '.scenarios |= .[:3] | .scenarios[2].steps[5].expect.text = "nowhere"' "$tmp/scenarios.json" >"$tmp/told/scenarios.json"
	"$drydock" qa play "$tmp/told/scenarios.json" --json --quiet --serve tools/bench/play/site -o "$tmp/three" >"$tmp/three.json"
	"$drydock" qa report "$tmp/three" --quiet >"$tmp/three.out"
	ours=$(du -sbc "$tmp"/three.html* | tail -n 1 | cut -f1)
	theirs=$(in_peer_pod report)
	echo "report of three tests, of which one fails: $ours bytes, Playwright's with its trace $theirs: $(ratio "$ours" "$theirs"), at most 0.333"
	awk "BEGIN { exit !($ours * 3 <= $theirs) }" || miss "the report is larger than a third of Playwright's"
	mkdir "$tmp/many" "$tmp/apart"
	for ((i = 0; i < 1000; i += $(jq .steps "$tmp/played.json"))); do
		for f in "$tmp/played"/*.jsonl; do cp "$f" "$tmp/many/$i-${f##*/}"; done
	done
	open_report many "the same pictures again and again"
	for ((i = 1; i <= 1000; i++)); do
		"$draw" page 1280 720 "$i" "$tmp/apart.png"
		"$drydock" qa check --json --quiet "drawn-$i=$tmp/apart.png"
	done | jq -nc '[inputs[]] | to_entries[] | {n: (.key + 1), action: "look", status: "passed", picture: .value.picture}' >"$tmp/apart/01-drawn.jsonl"
	open_report apart "each with another picture, drawn"
}

open_report() { # NAME WHAT
	local steps ms begin=$SECONDS
	"$drydock" qa report "$tmp/$1" --json --quiet >"$tmp/$1.json"
	steps=$(jq .steps "$tmp/$1.json")
	begin=$((SECONDS - begin))
	cp -r "$tmp/$1".html* "$tmp/told/" && chmod -R a+rX "$tmp/told"
	ms=$(in_peer_pod "open:$1")
	echo "report of $steps steps, $2: $(stat -c %s "$tmp/$1.html") bytes, $(du -sbc "$tmp/$1".html* | tail -n 1 | cut -f1) with what is beside it," \
		"written in $begin s, loaded and drawn in $ms ms, at most 1000"
	awk "BEGIN { exit !($ms <= 1000) }" || miss "the report takes $ms ms to open"
}

for part; do
	"part_$part"
done
exit $failed
