#!/bin/sh
# gc: what nobody needs goes, what somebody needs stays, also while runs are at work.
. "$(dirname "$0")/../tap.sh"
app=$apps/tiny-missing

own_state
s=$state

up_() { run "$drydock" up --no-learnt --quiet --json --state "$s" "$@"; }
gc() { run "$drydock" gc --json --state "$s" "$@"; }
objects() { (cd "$s/cas" && find ./?? -type f | tr -d ./ | sort); }
of_image() { cat "$s/leases/image-base/objects-"* | sort -u; }
of_run() { jq -r '.downloads[].artefacts[].sha256' "$s/runs/$1/report.json" | sort -u; }
absent() { objects >"$tmp/there"; comm -23 - "$tmp/there"; } # of the digests on standard input

gc --keep 20 # what came with the copy and is not needed here
up_ "$app"
id=$(json .run)
is "a run" "$(json .outcome)" up
ok "it installed something" test -n "$(of_run "$id")"

# --- an object nobody needs
echo stray >"$tmp/stray"
stray=$(sha256sum "$tmp/stray" | cut -d' ' -f1)
mkdir -p "$s/cas/$(echo "$stray" | cut -c1-2)"
cp "$tmp/stray" "$s/cas/$(echo "$stray" | sed 's|^..|&/|')"
gc --dry-run
is "a dry run counts what nobody needs" "$(json '[.dry_run, .objects, .layers, (.runs | length)] | join(" ")')" "true 1 0 0"
is "and removes nothing" "$(echo "$stray" | absent)" ""
gc
is "gc removes it" "$(json .objects) $(echo "$stray" | absent)" "1 $stray"
is "what the run installed stays" "$(of_run "$id" | absent)" ""
is "what the image was made of stays" "$(of_image | absent)" ""
run "$drydock" replay --quiet --json --offline --state "$s" "$s/runs/$id/recipe" "$app"
is "and the recipe is replayed offline" "$(json .outcome)" up

# --- indexes
old=$(printf 'old' | sha256sum | cut -d' ' -f1)
young=$(printf 'young' | sha256sum | cut -d' ' -f1)
mkdir -p "$s/index/$old/lists" "$s/index/$young/lists"
touch -d '2 days ago' "$s/index/$old"
used=$(sqlite3 "$s/runs/$id/journal.db" "select json_extract(result, '\$.digest') from step where key = 'index'")
gc
is "an index no run rests on goes a day later" "$(json .indexes) $(ls -d "$s/index/$old" "$s/index/$young" 2>/dev/null)" "1 $s/index/$young"
touch -d '2 days ago' "$s/index/$used"
echo "$young 1" >"$s/index/current"
gc
ok "one that a run rests on stays" test -d "$s/index/$used/lists"
rm -r "$s/index/$young"
echo "$used $(date +%s)000000000" >"$s/index/current"

# --- a run that somebody looks into stays, with its layers
mkfifo "$tmp/typed"
"$drydock" shell --state "$s" "$id" <"$tmp/typed" >"$tmp/shell" 2>/dev/null &
shell=$!
exec 9>"$tmp/typed"
echo 'ls Makefile' >&9
eventually grep -q Makefile "$tmp/shell"
gc --keep 0
is "a run with a shell in it is not collected" "$status $(ls "$s/runs")" "0 $id"
echo 'cat Makefile; make -B squash && echo made' >&9
exec 9>&-
wait $shell
is "and the shell has all of its layers" "$? $(grep -c '^made' "$tmp/shell")" "0 1"

# --- runs that go take along what only they needed
gc --keep 0 --dry-run
would=$(json '[(.runs | length), .layers, .objects] | join(" ")')
ok "a dry run knows that layers would be free" test "$(json .layers)" -gt 1
gc --keep 0
is "and gc does what the dry run said" "$(json '[(.runs | length), .layers, .objects] | join(" ")')" "$would"
ok "the runs are gone" test -z "$(ls "$s/runs")"
ok "archives of resolutions that are kept stay" test "$(objects | wc -l)" -gt "$(of_image | wc -l)"

# --- a budget gives up those, and never the image
gc --keep 20 --max-bytes 1
is "with --max-bytes the image's own are left" "$(objects | sort | cksum)" "$(of_image | cksum)"
run "$drydock" sandbox run --state "$s" -- echo still there
is "and the image still works" "$(cat "$tmp/out")" "still there"

# --- an imported image needs its configuration
run "$drydock" image export --quiet --compress none --state "$s" base "$tmp/base.tar"
run "$drydock" image import --quiet --state "$s" "$tmp/base.tar" two
is "an image comes back in" "$status" 0
config=$(sed -n 's/^config //p' "$s/images/two.ref")
gc --max-bytes 1
is "gc leaves its configuration" "${config:-none} $(echo "$config" | absent)" "$config "
run "$drydock" image rm --state "$s" two
gc
is "and takes it once the image is gone" "$(echo "$config" | absent)" "$config"

# --- what was learnt is kept beyond runs, for a while
rm -rf "$s/learnt"
mkdir "$s/learnt"
echo '{}' >"$s/learnt/tree-new"
echo '{}' >"$s/learnt/tree-old"
touch -d '91 days ago' "$s/learnt/tree-old"
gc --dry-run
is "what nobody took up for long would go" "$(json .learnt) $(ls "$s/learnt" | tr '\n' ' ')" "1 tree-new tree-old "
gc
is "and goes" "$(json .learnt) $(ls "$s/learnt" | tr '\n' ' ')" "1 tree-new "
rm -r "$s/learnt"

# --- while a run is at work, which has to fetch everything anew
"$drydock" up --no-learnt --quiet --json --state "$s" "$app" >"$tmp/live" 2>"$tmp/live.err" &
live=$!
collections=0
while kill -0 $live 2>/dev/null; do
	gc --keep 0 --max-bytes 1
	[ "$status" = 0 ] || break
	collections=$((collections + 1))
	sleep 0.2
done
wait $live
is "a run is not disturbed by gc ($collections collections)" "$(json .outcome "$tmp/live")$(cat "$tmp/live.err")" up
is "nor gc by a run" "$status" 0
done_testing
