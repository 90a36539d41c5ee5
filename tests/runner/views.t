#!/bin/sh
# What a browser sees of an application that was stood up: in its report, and part of what is attested.  And the page on
# which screens are looked at: complete without its script, working with it, and nothing of the target acts in it.
. "$(dirname "$0")/../tap.sh"

mkdir "$tmp/quay"
printf 'all: ; touch all\ncheck: ; @echo 1..1; echo ok 1\nrun: ; @perl server.pl\n' >"$tmp/quay/Makefile"
cat >"$tmp/quay/server.pl" <<'S'
use IO::Socket::INET;
my $l = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 8081, Listen => 5, ReuseAddr => 1) or die;
my $page = q{<!doctype html><html lang=en><title>Quay"'&lt;script&gt;document.title="owned"&lt;/script&gt;</title>
<h1>Quay</h1><p>7 berths<script>console.log("</script><img src=x onerror=document.title='owned'>".replace("x", "y"))</script>};
$page =~ s{</script><img}{<\\/script><img};
while (my $c = $l->accept) { 1 while ($_ = <$c>) && /\S/; print $c "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n$page"; close $c }
S
run "$drydock" up --screens --json --quiet --state "$state" "$tmp/quay"
id=$(json .run)
dir=$state/runs/$id
report=$(json .report)
is "its entry page is looked at" "$(json '.outcome, (.screens.steps | length), .screens.note, (.screens.steps[0] | .status, .url, (.title | startswith("Quay")))' | tr '\n' ' ')" \
	"up 1 null passed http://127.0.0.1:8081/ true "
is "the picture is a file of the run" "$(json '.screens.steps[0].path')" "$dir/views/01.png"
is "as the evidence says" "$(sha256sum <"$dir/views/01.png" | cut -d' ' -f1)" "$(json '.screens.steps[0].picture')"
is "and in the report" "$(sed -n 's/.*src="data:image\/png;base64,\([^"]*\)".*/\1/p' "$report" | base64 -d | sha256sum | cut -d' ' -f1)" \
	"$(json '.screens.steps[0].picture')"
has "with what the page said" "$report" '&lt;/script&gt;&lt;img src=y'
hasnt "as text" "$report" '<img src=y'
hasnt "and no script" "$report" '<script'

# --- attested
jq -r .payload "$dir/attestation.json" | base64 -d >"$tmp/payload"
is "its files are subjects" "$(jq -r '[.subject[].name | select(startswith("views/"))] | sort | join(" ")' "$tmp/payload")" "views/01-entry.jsonl views/01.png"
is "the step is in the chain" "$(jq '[.predicate.buildDefinition.internalParameters.steps[] | select(.step == "views")] | length' "$tmp/payload")" 1
problems() { run "$drydock" verify --json --state "$state" "$id"; json '[.problems[] | .name + ": " + .what] | join(", ")'; }
is "untouched, it is as it was attested" "$(problems)" ""
cp "$dir/views/01.png" "$tmp/kept"
printf x >>"$dir/views/01.png"
is "a picture that was changed is named" "$(problems)" "views/01.png: changed"
cp "$dir/journal.db" "$tmp/journal"
sqlite3 "$dir/journal.db" "UPDATE step SET result = replace(result, 'Quay', 'Bay') WHERE key = 'views'"
is "and a step" "$(problems)" "views/01.png: changed, step views: the journal says something else"
cp "$tmp/journal" "$dir/journal.db"
rm -f "$dir/journal.db-wal" "$dir/journal.db-shm" "$dir/views/01.png"
run "$drydock" resume --json --quiet --state "$state" "$id"
is "one that is gone is taken again, and is the same" "$(sha256sum <"$dir/views/01.png")" "$(sha256sum <"$tmp/kept")"

# --- what is looked at later has an attestation of its own
touch "$tmp/empty"
shoot() { run "$drydock" qa shoot "$1" --run "$id" --json --quiet --state "$state"; }
cp "$dir/attestation.json" "$tmp/attestation"
shoot /
is "it is evidence of the run, which stays what it was" "$status $(problems) $(json '.unlisted | length') $(cmp "$dir/attestation.json" "$tmp/attestation" && echo same)" "0  0 same"
printf x >>"$dir/screens/01-001.png"
is "a picture of it that was changed is named" "$(problems)" "screens/01-001.png: changed"
cp "$tmp/empty" "$dir/screens/02.jsonl"
shoot /other
is "the next look takes the place of it" "$(problems)$(json '.unlisted | tostring')$(ls "$dir/screens" | tr '\n' ' ')" "[]$(cd "$dir/screens" && ls 01-* attestation.json | tr '\n' ' ')"
run flock "$dir/screens.lock" "$drydock" qa shoot / --run "$id" --quiet --state "$state"
is "two do not look at once" "$status $(grep -c 'another drydock puts there' "$tmp/err") $(ls "$dir/screens" | wc -l)" "3 1 3"
cp "$dir/screens/01-001.png" "$dir/screens/02-001.png"
is "what nobody attested is told" "$(problems)$(json '.unlisted | tostring')" '["screens/02-001.png"]'
rm "$dir/screens/attestation.json"
is "all of it, where the attestation is gone" "$(problems)$(json '.unlisted | length')" "$(ls "$dir/screens" | wc -l)"
run "$drydock" verify --json --state "$state" "$id"
is "which nobody vouches for" "$status $(json .verdict) $(json .note | grep -c 'screens: attestation.json is missing')" "1 unverified 1"
mv "$dir/screens" "$tmp/elsewhere"
ln -s "$tmp/elsewhere" "$dir/screens"
is "a link is no evidence" "$(problems) $status $(json .verdict)" "screens: is no directory that can be opened 1 changed"
rm "$dir/screens"
mv "$tmp/elsewhere" "$dir/screens"
jq -c '.payload |= (@base64d | fromjson | .predicate.runDetails.metadata.invocationId = "other" | tostring | @base64)' "$tmp/attestation" >"$dir/screens/attestation.json"
ok "an attestation of another run is none" sh -c "'$drydock' verify --json --state '$state' '$id' | grep -q 'is of another run'"
rm -rf "$dir/screens"
run "$drydock" up --json --quiet --state "$state" "$tmp/quay"
is "where there is a browser, it looks without being asked" "$(json '.screens.steps[0].picture')" "$(sha256sum <"$tmp/kept" | cut -d' ' -f1)"
up "$tmp/quay"
is "--no-screens takes none" "$(json .screens) $(ls "$state/runs/$(json .run)" | grep -c views)" "null 0"
run "$drydock" up --screens --no-screens "$tmp/quay"
is "it is one or the other" "$status" 2

# --- the page
rm -rf "$state/baselines"
qa() { verb=$1; shift; run "$drydock" qa "$verb" --json --quiet --state "$state" "$@"; }
site=$tmp/site
mkdir "$site"
shot() { # NAME BODY
	printf '<!doctype html><html lang=en><title>%s</title><h1>Harbour</h1><p>%s</p>' "$1" "$2" >"$site/index.html"
	qa shoot / --serve "$site" -o "$tmp/$1"
}
shot one "7 berths"
shot two "8 berths<script>console.log('<img src=x onerror=alert(1)>')</script>"
shown="page.$$"
cp -r "$tmp/one" "$tmp/$shown"
cd "$tmp" || exit
qa report "$shown" -o "$tmp/site/review.html"
is "a first picture is new" "$status $(json '"\(.steps) \(.new)"')" "1 1 1"
page=$tmp/site/review.html
has "the verdict is there without a script" "$page" "1 steps: 0 equal, 0 different, 1 new, 0 failed."
is "one script, which the policy knows by its digest" "$(grep -o '<script' "$page" | wc -l) $(grep -c "script-src 'sha256-$(sed -n '/<script>/,/<\/script>/p' "$page" | sed 's/.*<script>//; s/<\/script>.*//' | head -c -1 | openssl dgst -sha256 -binary | base64)'" "$page")" "1 1"
chmod 644 "$page"
cat >"$tmp/play.json" <<'E2'
{"name": "review", "steps": [{"go": "/review.html"},
  {"expect": {"role": "button", "name": "Save decisions"}},
  {"press": "a"},
  {"expect": {"text": "1 of 1 decided"}},
  {"press": "s"},
  {"expect": {"text": "A decision needs a reason."}},
  {"press": "r"},
  {"shoot": "decided"}]}
E2
qa play "$tmp/play.json" --serve "$site" -o "$tmp/played"
is "people decide on it by keys" "$(json '[.scenarios[0].steps[].status] | unique | join(" ")')" passed
is "and it breaks no policy of its own" "$(json '[.scenarios[0].steps[].console[].text] | join("; ")')" ""
qa approve "shoot/1 go to /" --reason "looks right"
qa report "$shown" -o "$page"
is "what was approved is equal" "$status $(json .equal)" "0 1"
qa report "$tmp/two" --against "$tmp/one" -o "$page"
is "another one is different from it" "$status $(json .different)" "1 1"
has "where is told as text" "$page" " pixels at "
hasnt "what the page said does not act" "$page" "<img src=x"
chmod 644 "$page"
cat >"$tmp/play.json" <<'E2'
{"name": "compare", "steps": [{"go": "/review.html"},
  {"press": "2"}, {"shoot": "swiped"}, {"press": "3"}, {"press": "4"}, {"shoot": "laid over"}, {"press": "1"}, {"shoot": "both"}]}
E2
qa play "$tmp/play.json" --serve "$site" -o "$tmp/played"
is "two are compared in four ways, by keys" "$(json '[.scenarios[0].steps[] | .status, (.console | length)] | unique | join(" ")')" "0 passed"
is "each of which looks otherwise" "$(json '[.scenarios[0].steps[].picture | values] | unique | length')" 4

# --- what is decided on it; the file that it saves is said to the console instead
echo 'URL.createObjectURL = (b) => (b.text().then((t) => console.log(t)), "#");' >"$site/say.js"
sed 's/<meta http-equiv=Content-Security-Policy[^>]*>//; s|</body>|<script src=say.js></script></body>|' "$page" >"$site/decide.html"
cat >"$tmp/play.json" <<'E2'
{"name": "decide", "steps": [{"go": "/decide.html"}, {"type": {"role": "textbox", "name": "Reason", "text": "eight now"}},
  {"type": {"role": "textbox", "name": "Your name", "text": "Ada"}}, {"click": {"role": "button", "name": "Reject"}},
  {"click": {"role": "button", "name": "Save decisions"}}, {"shoot": "saved"}]}
E2
qa play "$tmp/play.json" --serve "$site" -o "$tmp/played"
json '[.scenarios[0].steps[].console[].text | select(startswith("{"))][0]' >"$tmp/decisions.json"
qa decide "$tmp/decisions.json"
is "qa decide applies it" "$status $(json '.[0] | "\(.action) \(.author) \(.reason) \(.case)"')" "0 reject Ada eight now shoot/1 go to /"
qa report "$tmp/two" -o "$page"
is "and the next page says so" "$status $(grep -c '<p>passed; rejected</p>' "$page")" "1 1"

# --- what is gone
cp -r "$tmp/one" "$tmp/more"
sed 's/"scenario":"[^"]*"/"scenario":"gone"/; s/Harbour/Pier/' "$(ls "$tmp"/one/*.jsonl)" >"$tmp/more/02-gone.jsonl"
qa report "$tmp/one" --against "$tmp/more" -o "$tmp/gone.html"
is "what only the other has vanished, and is no pass" "$status $(json '"\(.steps) \(.equal) \(.vanished)"') $(grep -c '<p>vanished; only before</p>' "$tmp/gone.html")" "1 1 1 1 1"
has "which the verdict says" "$tmp/gone.html" "0 failed; 1 vanished."
qa report "$tmp/two" --against "$tmp/one" -o "$page"

# --- places are called what the page calls them
move() { printf '<!doctype html><html lang=en><title>Pay</title><h1>Harbour</h1><p style="margin-left: %spx"><button>Pay</button></p><p>%s</p>' "$1" "$2" >"$site/index.html"; }
move 20 "7 berths"
qa shoot / --serve "$site" -o "$tmp/still"
move 23 "8 berths"
qa shoot / --serve "$site" -o "$tmp/moved"
qa report "$tmp/moved" --against "$tmp/still" -o "$tmp/moved.html"
has "a region is named from the trees of both" "$tmp/moved.html" "button &#39;Pay&#39; moved 3 px right"
has "also one whose text is another" "$tmp/moved.html" "text &#39;8 berths&#39; was &#39;7 berths&#39;"

# --- pictures are in a page once, in fewer bytes, and each pixel of them
steps() { # DIR N PICTURE...: N steps that show them in turn
	dir_of=$1 count=$2
	shift 2
	mkdir "$dir_of"
	jq -nc --argjson n "$count" '$ARGS.positional as $p | range(1; $n + 1) | {n: ., action: "look \(.)", status: "passed", title: "</noscript><i>\(.)</i>", picture: $p[(. - 1) % ($p | length)]}' \
		--args "$@" >"$dir_of/01-many.jsonl"
}
picture=$(jq -r '.picture // empty' "$tmp"/one/*.jsonl)
stored=$state/cas/$(echo "$picture" | cut -c1-2)/$(echo "$picture" | cut -c3-)
steps "$tmp/same" 24 "$picture"
qa report "$tmp/same" -o "$tmp/same.html"
is "steps that show the same have one picture" "$(json .steps) $(grep -c 'data-picture=1 ' "$tmp/same.html") $(grep -o 'data:image/png' "$tmp/same.html" | wc -l)" "24 24 1"
sed -n 's/.*href="data:image\/png;base64,\([^"]*\)".*/\1/p' "$tmp/same.html" | base64 -d >"$tmp/packed.png"
ok "it takes fewer bytes than the evidence" test "$(stat -c %s "$tmp/packed.png")" -lt "$(stat -c %s "$stored")"
run "$drydock" qa diff --json --state "$state" "$tmp/packed.png" "$stored"
is "and is the same to the pixel" "$status $(json '"\(.equal) \(.differing)"')" "0 true 0"
is "the evidence stays what it was" "$(sha256sum <"$stored" | cut -d' ' -f1)" "$picture"

# --- a page opens without its pictures, which come when they are looked at; all are there without a script, too
cat >"$site/count.js" <<'S'
const steps = [...document.querySelectorAll(".step")], of = (s) => steps.filter((step) => step.querySelector(s)).length;
const say = (text) => document.body.append(Object.assign(document.createElement("p"), { textContent: text }));
const when = (done, f) => done() ? f() : requestAnimationFrame(() => when(done, f));
const wanted = document.querySelector(location.hash || "#step-1"), width = () => wanted.querySelector("img")?.naturalWidth;
when(width, () => {
	const early = of("img[src]");
	when(() => of(".judge") === steps.length, () => say(`${wanted.id} is there: ${width()}; most were not: ${early < 12}; all can be decided on`));
});
S
cat >"$site/frame.html" <<'S'
<!doctype html><html lang=en><title>frame</title><iframe sandbox=allow-same-origin src=same.html title=page width=900 height=600></iframe>
<script>
const frame = document.querySelector("iframe");
frame.onload = async () => {
	const page = frame.contentDocument, drawn = [...page.querySelectorAll("use")];
	await page.querySelector("image").decode();
	console.log(`${page.querySelectorAll(".judge").length} by script, ${drawn.filter((u) => u.getBBox().width > 0 && u.getBoundingClientRect().width > 0).length} drawn`);
};
</script>
S
cp "$tmp/same.html" "$site/same.html"
sed 's/<meta http-equiv=Content-Security-Policy[^>]*>//; s|</body>|<script src=count.js></script></body>|' "$tmp/same.html" >"$site/steps.html"
chmod 644 "$site"/*.html
echo '{"name": "open", "steps": [{"go": "/steps.html#step-20"}, {"expect": {"text": "step-20 is there: 1280; most were not: true; all can be decided on"}}, {"go": "/frame.html"}]}' >"$tmp/play.json"
qa play "$tmp/play.json" --serve "$site" -o "$tmp/played"
is "most pictures wait, and what is looked at comes; all can be decided on" "$(json '[.scenarios[0].steps[] | .status + (.message // "")] | join(" ")')" "passed passed passed"
is "without a script all are drawn" "$(json '[.scenarios[0].steps[2].console[].text | select(endswith("drawn"))] | join("; ")')" "0 by script, 24 drawn"

# --- more pictures than a page holds: noise of 4 MB, twelve times
perl -MCompress::Zlib -e 'srand 1; my ($w, $h) = (2048, 2048); my $t = pack "N*", map { int rand 2**32 } 1 .. $w * $h / 4;
	sub part { pack("N", length $_[1]) . "$_[0]$_[1]" . pack "N", crc32("$_[0]$_[1]") }
	for my $n (1 .. 12) {
		open my $f, ">", "$ARGV[0]/noise-$n.png" or die;
		print $f "\x89PNG\r\n\x1a\n", part("IHDR", pack "NNC5", $w, $h, 8, 0, 0, 0, 0),
			part("IDAT", compress(join("", map { "\0" . substr $t, ($_ + $n) % $h * $w, $w } 0 .. $h - 1), 1)), part("IEND", "");
	}' "$tmp"
run "$drydock" qa check --json --quiet --state "$state" $(for n in $(seq 12); do echo "noise-$n.$$=$tmp/noise-$n.png"; done)
steps "$tmp/many" 24 $(json '.[].picture')
many="$tmp/a #1?.html"
qa report "$tmp/many" -o "$many"
inside=$(grep -o 'href="data:image/png' "$many" | wc -l)
ok "a page holds 50 MB of pictures" test "$(stat -c %s "$many")" -lt 54000000
is "others are beside it, by number" "$(ls "$many.pictures" | sed 's/^0*//; s/.png//' | tr '\n' ' ')" "$(seq -s ' ' $((inside + 1)) 12) "
is "and named in it" "$(grep -o 'href="a%20%231%3F.html.pictures/[0-9]*.png"' "$many" | wc -l) $(json .steps)" "$((12 - inside)) 24"
run "$drydock" qa diff --json --state "$state" "$tmp/noise-12.png" "$many.pictures/0012.png"
is "each as it was" "$(json .equal)" true
hasnt "titles are text" "$many" "<i>"

# --- the page of a run
mkdir -p "$dir/later"
echo '[{"id": "<i>a", "cause": "order", "with": "b", "runs": 9, "failed": 3, "low": 0.1, "high": 0.6, "evidence": "alone it passed"}]' >"$dir/later/flakes.json"
qa report "$id"
screens=$(json .report)
is "is beside its report, and they name each other" "$screens $(grep -c "<a href='report.html'>" "$screens") $(grep -c "<a href='screens.html'>" "$report")" "$dir/screens.html 1 1"
has "it has the flakes of the tests, with their cause" "$screens" "&lt;i&gt;a</td><td>order</td><td>b</td><td>3 of 9 times, 10 to 60 %</td>"

# --- people who do not see it, in light and dark
cp "$root/build/axe/axe.min.js" "$site/axe.js"
cp "$root/tests/runner/axe.js" "$site/run.js"
# copy PAGE NAME: without the policy that would keep axe out, and in one scheme
copy() { sed 's/<meta http-equiv=Content-Security-Policy[^>]*>//; s|</body>|<script src=axe.js></script><script src=run.js></script></body>|' "$1" >"$site/$2.html"; }
copy "$page" review-light
copy "$report" report-light
copy "$screens" screens-light
for p in review report screens; do
	sed 's/@media(prefers-color-scheme:dark)/@media all/; s/color-scheme:light dark/color-scheme:dark/' "$site/$p-light.html" >"$site/$p-dark.html"
done
cat >"$tmp/play.json" <<'E2'
{"name": "axe", "steps": [{"go": "/review-light.html"}, {"go": "/review-dark.html"}, {"go": "/report-light.html"}, {"go": "/report-dark.html"},
	{"go": "/screens-light.html"}, {"go": "/screens-dark.html"}]}
E2
qa play "$tmp/play.json" --serve "$site" -o "$tmp/played"
is "axe finds nothing" "$(json '.scenarios[0].steps[] | .console[].text')" "$(yes 'axe: done' | head -6)"

qa report nothing
is "a run that is not there" "$status" 2
done_testing
