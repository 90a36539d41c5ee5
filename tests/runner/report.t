#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# The report: its order, where things came from, and that nothing of the target acts in it or on a terminal.
. "$(dirname "$0")/../tap.sh"

# --- an application that prints what would act, were it not escaped
mkdir "$tmp/flare"
cat >"$tmp/flare/Makefile" <<'M'
flare: ; touch flare
check:
	@-bash -c 'exec 3<>/dev/tcp/127.0.0.1/4' 2>/dev/null
	@echo 1..2; echo 'ok 1 - <script>alert("case")</script>'; echo 'not ok 2 - <img src=x onerror=alert(2)>'
	@echo '# <b onclick="alert(3)">why</b>'
M
up "$tmp/flare"
is "outcome" "$(json .outcome)" tests-failed
page=$(json .report)
id=$(json .run)
is "the sections in their order" "$(grep -o '<h2>[^<]*' "$page" | sed 's/<h2>//' | tr '\n' '|')" \
	"What it needs, and how we know|Tests|Timeline of attempts|Downloads|Refused connections|The same again|"
ok "the verdict is first" sh -c 'grep -n "class=.verdict" "$1" | head -n 1 | cut -d: -f1 | xargs -I{} test {} -lt "$(grep -n "<h2>" "$1" | head -n 1 | cut -d: -f1)"' sh "$page"
has "what the target printed is text" "$page" '&lt;script&gt;alert('
has "also in messages" "$page" '&lt;b onclick='
for tag in '<script' '<img' '<b '; do hasnt "no element of its own: $tag" "$page" "$tag"; done
host=$(apt-get indextargets --format '$(SITE)' | sed -n '1s|.*://||p' | sed 's/.*@//; s|/.*||')
ok "downloads name the upstream as this machine is configured" sh -c 'grep -o "<td>[a-z]*://$2[^<]*\.deb" "$1" | grep -q .' sh "$page" "$host"
hasnt "and by no name of ours" "$page" '<td>apt0/'
is "report.json says where the names of upstreams lead" \
	"$(jq -r '.upstreams.apt0 | sub(".*://"; "") | sub("/.*"; "")' "${page%.html}.json")" "$host"
mkdir "$tmp/nothing"
echo 'no build system' >"$tmp/nothing/README"
up "$tmp/nothing"
is "the machine is asked where they lead only when something came from there" \
	"$(jq -c .upstreams "$(dirname "$(json .report)")/report.json")" '{}'

# --- a request of a package tool that the broker refused
printf '{"upstream":"","path":"/elsewhere/<i>sail</i>","refused":true,"status":403,"bytes":0,"why":"not below an upstream"}\n' \
	>>"$state/runs/$id/egress.jsonl"
rm "$page"
run "$drydock" resume --json --quiet --state "$state" "$id"
has "is among the refused connections" "$page" '<td>/elsewhere/&lt;i&gt;sail&lt;/i&gt;</td><td>a package tool'
ok "and in report.json" jq -e '.refused | any(.target == "/elsewhere/<i>sail</i>")' "${page%.html}.json"

# --- what is printed for people
dir="$tmp/$(printf 'a\033]0;owned\007b')"
mkdir "$dir"
cat >"$dir/Makefile" <<'M'
flare: ; @printf 'flare.c:1:1: error: \033[31mred\033[0m \302\233\342\200\256 <u>wet</u>\n' && exit 1
M
run "$drydock" up --quiet --state "$state" "$dir"
is "a build that fails" "$status" 1
has "says why" "$tmp/out" "the source does not compile"
ok "and sends a terminal no escapes" sh -c '! LC_ALL=C grep -q "[[:cntrl:]]" "$1"' sh "$tmp/out"
ok "nor C1 controls and overrides of direction" sh -c '! LC_ALL=C grep -qP "\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]" "$1"' sh "$tmp/out"
done_testing
