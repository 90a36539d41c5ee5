#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# A crawl of an application of ours whose faults can be switched on: all are found, each with a path that can be played; none
# where there is none; the same again is the same.
. "$(dirname "$0")/../tap.sh"

run "$drydock" image build browser --state "$state" --quiet
is "the image of the browser can be had" "$status" 0
cp -r "$apps/quay" "$tmp/clean"
cp -r "$apps/quay" "$tmp/faulty"
cut -f1 "$apps/quay/faults.tsv" >"$tmp/faulty/faults"
up "$tmp/clean"
clean=$(json .run)
up "$tmp/faulty"
faulty=$(json .run)

# --- all faults, beside the build without
run "$drydock" qa crawl --json --quiet --state "$state" -o "$tmp/all" --run "$faulty" --against "$clean" --seed 5 --time 600
cp "$tmp/out" "$tmp/all.json"
is "a crawl that finds something says so" "$status $(json '.ended, .against.ended, .left, .against.left' | tr '\n' ' ')" "1 null null 0 0 "
cut -f2 "$apps/quay/faults.tsv" | sort | uniq -c | sed 's/^ *//' >"$tmp/wanted"
json '.findings[].kind' "$tmp/all.json" | sort | uniq -c | sed 's/^ *//' >"$tmp/found"
is "every fault is found, once, and nothing else" "$(cat "$tmp/found")" "$(cat "$tmp/wanted")"
is "and nothing where there is no fault" "$(json '.against.findings | tostring' "$tmp/all.json")" "[]"
is "each is told as a difference" "$(json '[.differences[] | select(.kind == "new finding")] | length' "$tmp/all.json")" "$(wc -l <"$apps/quay/faults.tsv")"
is "of what looks different, too" "$(json '[.differences[] | select(.kind == "screen" and .path == "/contrast") | .picture != .before] | tostring' "$tmp/all.json")" "[true]"
is "what cannot be taken back and what is elsewhere is left alone" "$(json '[.fenced[] | .name + ": " + .why] | join(", ")' "$tmp/all.json")" \
	"Delete all boats: delete, Elsewhere: another origin"
ok "each finding has a picture" test "$(find "$tmp/all/findings" -name '*.png' -size +0 | wc -l)" -ge "$(($(wc -l <"$apps/quay/faults.tsv") - 2))"
is "a difference has both" "$(find "$tmp/all/differences" -name '*-screen-before.png' | wc -l)" "$(json '[.differences[] | select(.kind == "screen")] | length' "$tmp/all.json")"
is "and a shortest path" "$(json '.findings[] | select(.text | contains("no berth")) | .steps | map(tojson) | join(" ")' "$tmp/all.json")" \
	'{"go":"/"} {"click":{"role":"link","name":"Dialog"}} {"click":{"role":"button","name":"Sign on"}} {"click":{"role":"button","name":"Yes"}}'
is "data are as they were for every walk" "$(json '[.edges[] | select(.action | endswith("button \"Add\"")) | .to] | unique | length' "$tmp/all/old/graph.json")" 1

# --- which can be played
entry() { json "[.findings[] | select($1)][0].file" "$tmp/all.json"; }
play() { run "$drydock" qa play "$tmp/all/$(entry "$1")" --json --quiet --state "$state" --run "$faulty" -o "$tmp/played"; }
play '.text | contains("no berth")'
is "an exception happens again" "$status $(json '[.scenarios[0].steps[-1].console[] | select(.level == "exception") | .text | split("\n")[0]] | tostring')" '0 ["Error: no berth"]'
play '.kind == "trap"'
is "and the keyboard is trapped again" "$(json '.scenarios[0].steps | map(select(.action == "press Tab")) | length > 2')" true

# --- the same again
run "$drydock" qa crawl --json --quiet --state "$state" --run "$clean" --against "$clean" --seed 5 --steps 6
again=$state/runs/$clean/screens/crawl
is "an application has no finding against itself" "$status $(json '.findings, .differences | tostring' | tr '\n' ' ')" "0 [] [] "
ok "and one graph, byte for byte" cmp "$again/graph.json" "$again/old/graph.json"
is "it ends where it was told to" "$(json '.walks, .left > 0' | tr '\n' ' ')" "6 true "
echo >>"$again/graph.json"
run "$drydock" verify --json --state "$state" "$clean"
is "it is attested beside the run" "$(json '[.problems[] | .name + ": " + .what] + .unlisted | join(", ")')" "screens/crawl/graph.json: changed"

# --- a medium that does not come
mkdir "$tmp/silent"
printf '<!DOCTYPE html><html lang=en><title>Silent</title><h1>Silent</h1><ul><p>7 berths</ul><video autoplay src=gone.mp4></video>' >"$tmp/silent/index.html"
run "$drydock" qa crawl --json --quiet --state "$state" -o "$tmp/silence" --serve "$tmp/silent" --time 60
is "hides nothing of what is wrong beside it" "$(json '[.findings[] | select(.kind == "axe").text | sub(":.*"; "")] | tostring')" '["list"]'

# --- frames
mkdir "$tmp/framed"
printf '<!DOCTYPE html><html lang=en><title>Framed</title><main><h1>Framed</h1><iframe title=inner src=inner.html></iframe><iframe title=other src="data:text/html,<ul><p>elsewhere</ul>"></iframe></main>' >"$tmp/framed/index.html"
printf '<!DOCTYPE html><html lang=en><title>Inner</title><body><ul><p>7 berths</ul>' >"$tmp/framed/inner.html"
run "$drydock" qa crawl --json --quiet --state "$state" -o "$tmp/frames" --serve "$tmp/framed" --time 60
is "a document in a frame is looked at, too, if it is the application's" "$(json '[.findings[] | select(.kind == "axe").text | sub(":.*<ul>"; " <ul>")] | tostring')" '["list <ul><p>7 berths</p></ul>"]'

# --- pages that attack whoever looks at them
mkdir "$tmp/site"
for p in popups crash loop; do
	cp "tests/qa/site/$p.html" "$tmp/site/"
	echo "<a href=$p.html>$p</a>"
done >"$tmp/links"
{ echo '<!DOCTYPE html><html lang=en><title>All</title>'; cat "$tmp/links"; } >"$tmp/site/index.html"
# A page that a busy machine leaves no processor does not come to its crash (tests/qa/pages.t has one): then it does not come to its end.
bad() { json '[.findings[] | if .kind == "crash" then "lost /crash.html" elif .kind == "hang" then .kind + " " + (.cause | split(" ")[0]) else empty end | sub("hang /crash.html"; "lost /crash.html")] | unique | tostring'; }
for try in 1 2 3; do
	rm -rf "$tmp/hostile"
	begin=$(date +%s)
	run "$drydock" qa crawl --json --quiet --state "$state" -o "$tmp/hostile" --serve "$tmp/site" --time 120
	took=$(($(date +%s) - begin))
	[ "$(bad)" != '["hang /loop.html","lost /crash.html"]' ] || break
done
ok "hostile pages end in time" test $took -lt 150
is "a page that is lost and one that goes elsewhere without end are findings" "$(bad)" '["hang /loop.html","lost /crash.html"]'
is "and all of them were walked" "$(json .ended) $(json '[.edges[] | select(.from == 1) | .action] | unique | length' "$tmp/hostile/graph.json")" "null 3"
is "the one without end twice" "$(json '[.edges[] | select(.action == "click link \"loop\"")] | length' "$tmp/hostile/graph.json")" 2

run "$drydock" qa crawl --state "$state" --quiet
is "a crawl wants an application" "$status $(sed -n 's/^drydock: //p' "$tmp/err")" "2 --run and --serve: it is one or the other"
run "$drydock" qa crawl --state "$state" --quiet --run no-such-run
is "that there is" "$status" 2
done_testing
