#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# drydock qa diff: counts, places, rows, names; and files that are broken.
. "$(dirname "$0")/../tap.sh"
draw() { "$DD_BUILD/tests/qa/tool_picture" "$@"; }
diff() { run "$drydock" qa diff --json --state "$state" "$@"; }
draw page 640 480 7 "$tmp/a.png"
draw changed 640 480 7 3 "$tmp/b.png" >/dev/null
draw shifted 640 480 7 3 "$tmp/c.png"

# --- equal files
cp "$tmp/a.png" "$tmp/same.png"
run "$drydock" qa diff --json --state "$tmp/none" "$tmp/a.png" "$tmp/same.png"
is "equal files are equal" "$status $(json '[.equal, .differing, .differing_aa, .regions, .rows] | tostring')" '0 [true,0,0,[],[]]'
is "the answer has these keys" "$(json 'keys_unsorted | join(" ")')" "equal differing differing_aa size regions rows"
is "and sizes" "$(json '.size | tostring')" '{"a":{"w":640,"h":480},"b":{"w":640,"h":480}}'
ok "nothing was made for it" test ! -e "$tmp/none"
head -c 3000 "$tmp/a.png" >"$tmp/cut.png"
cp "$tmp/cut.png" "$tmp/cut-too.png"
diff "$tmp/cut.png" "$tmp/cut-too.png"
is "equal files are not decoded" "$status" 0
diff -o "$tmp/o.png" "$tmp/cut.png" "$tmp/cut-too.png"
is "unless a picture is asked for" "$status" 2
WITH_ALPHA=1 draw page 640 480 7 "$tmp/rgba.png"
diff "$tmp/a.png" "$tmp/rgba.png"
is "other bytes, equal pixels" "$status $(json '[.equal, .differing] | tostring')" '0 [true,0]'

# --- counts, as odiff 4.5.0 and pixelmatch 7.2.0 gave them for these pictures
diff "$tmp/a.png" "$tmp/b.png"
is "a change is found" "$status $(json .equal)" "1 false"
is "counts of a changed page" "$(json '"\(.differing) \(.differing_aa)"')" "19918 19103"
diff "$tmp/a.png" "$tmp/c.png"
is "counts of a shifted page" "$(json '"\(.differing) \(.differing_aa)"')" "16223 12442"
is "its rows are told as put in and taken out" "$(json '[.rows[] | "\(.n) \(.kind)"] | join(", ")')" "3 inserted, 3 removed"
is "and no place is different besides" "$(json '.regions | length')" 0
draw alpha 200 150 1 "$tmp/n1.png"
draw alpha 200 150 2 "$tmp/n2.png"
diff "$tmp/n1.png" "$tmp/n2.png"
is "counts of what is transparent" "$(json '"\(.differing) \(.differing_aa)"')" "25717 24473"
is "few regions, whatever differs" "$(json '.regions | length <= 64')" true
draw page 500 480 7 "$tmp/narrow.png"
draw page 640 300 7 "$tmp/low.png"
diff "$tmp/a.png" "$tmp/narrow.png"
is "another width: counts, as odiff gives" "$status $(json .differing) $(json '.regions | length > 0')" "1 74278 true"
diff "$tmp/a.png" "$tmp/low.png"
is "another height: counts, as odiff gives" "$status $(json .differing)" "1 116475"
diff --threshold 1 "$tmp/a.png" "$tmp/b.png"
is "a threshold that nothing reaches" "$status" 0
run "$drydock" qa diff --threshold 2 "$tmp/a.png" "$tmp/b.png"
is "a threshold that is none" "$status" 2

# --- the picture of it
diff -o "$tmp/o.png" "$tmp/a.png" "$tmp/b.png"
is "a picture of the difference is written" "$(head -c 4 "$tmp/o.png" | tail -c 3)" PNG
diff -o "$tmp/o2.png" "$tmp/o.png" "$tmp/o.png"
is "and is one that can be read" "$status $(json .size.b.w)" "0 640"

# --- names
at=$(draw changed 640 480 7 3 "$tmp/b.png")
# shellcheck disable=SC2086
set -- $at
node() { printf '{"role": "%s", "name": "%s", "x": %d, "y": %d, "w": %d, "h": %d}' "$@"; }
printf '{"nodes": [%s, %s]}' "$(node document Shop 0 0 640 480)" "$(node button Pay "$1" "$2" "$3" "$4")" >"$tmp/a.json"
printf '{"nodes": [%s, %s]}' "$(node document Shop 0 0 640 480)" "$(node button Pay "$1" "$(($2 + 3))" "$3" "$4")" >"$tmp/b.json"
text() {
	diff --tree-a "$tmp/a.json" --tree-b "$tmp/b.json" "$tmp/a.png" "$tmp/b.png"
	json '.regions[0].text'
}
is "what moved is named" "$(text)" "button 'Pay' moved 3 px down"
sed 's/"Pay"/"Buy"/' "$tmp/a.json" >"$tmp/b.json"
is "what is called otherwise is named" "$(text)" "button 'Buy' was 'Pay'"
cp "$tmp/a.json" "$tmp/b.json"
is "what only looks different is named" "$(text)" "button 'Pay' looks different"
printf '{"nodes": [%s]}' "$(node document Shop 0 0 640 480)" >"$tmp/b.json"
is "what is gone is named" "$(text)" "button 'Pay' is gone"
printf '{"nodes": [%s]}' "$(node document '\\u001b[31m\\u202e</script>' 0 0 640 480)" >"$tmp/b.json"
run "$drydock" qa diff --state "$state" --tree-b "$tmp/b.json" "$tmp/a.png" "$tmp/b.png"
is "a name cannot speak to the terminal" "$(tr -d '[:print:]\n' <"$tmp/out" | wc -c)" 0
for bad in '{' '{"nodes": 1}' '7' '[{"role": "a", "name": "b", "x": "1"}]' '{"nodes": [{"role": "a", "x": "1"}]}' '{"nodes": [{"role": "a", "x": 1e300, "y": -1e300, "w": 1e300, "h": 0}]}'; do
	printf %s "$bad" >"$tmp/b.json"
	diff --tree-b "$tmp/b.json" "$tmp/a.png" "$tmp/b.png"
	case $bad in *1e300*) is "places far outside do no harm" "$status" 1 ;; *) is "a tree that is none: $bad" "$status" 2 ;; esac
done

# --- broken files
size=$(wc -c <"$tmp/b.png")
bad=
for cut in 0 1 7 8 20 33 40 100 $((size / 2)) $((size - 13)) $((size - 1)); do
	head -c "$cut" "$tmp/b.png" >"$tmp/cut.png"
	diff "$tmp/a.png" "$tmp/cut.png"
	[ "$status" = 2 ] && grep -q 'second: ' "$tmp/err" || bad="$bad $cut:$status"
done
is "a file cut off anywhere is refused, and named" "$bad" ""
printf '\211PNG\r\n\032\n\0\0\0\rIHDR\0\0\377\377\0\0\377\377\010\006\0\0\0\342\230\053\045' >"$tmp/bomb.png"
diff "$tmp/bomb.png" "$tmp/b.png"
is "a header that asks for too much is refused" "$status" 2
diff "$tmp/a.png" "$tmp/nothing.png"
is "a file that is not there" "$status" 2
has "it is named" "$tmp/err" nothing.png
diff "$tmp/a.png" "$tmp"
is "a directory is no picture" "$([ "$status" = 2 ] || [ "$status" = 3 ] && echo refused)" refused

# --- seeded changes: a sample of what bench-qa does
bad=
for seed in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
	draw page 640 480 "$seed" "$tmp/a.png"
	place=$(draw changed 640 480 "$seed" "$seed" "$tmp/b.png")
	diff "$tmp/a.png" "$tmp/b.png"
	[ "$status" = 1 ] && sh tools/bench/located.sh "$tmp/out" "$place" || bad="$bad $seed ($place)"
done
is "seeded changes are found and located" "$bad" ""
done_testing
