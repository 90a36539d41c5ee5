#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# The server of tools: both eras of the protocol, by hand and through the clients of others; what is no message gets an
# error or nothing, and the server goes on.
. "$(dirname "$0")/../tap.sh"

mkdir "$tmp/tree"
printf 'int two(void) { return 2; }\nint main(void) { return two(); }\n' >"$tmp/tree/a.c"
version='"io.modelcontextprotocol/protocolVersion":"2026-07-28"'
meta="\"_meta\":{$version,\"io.modelcontextprotocol/clientCapabilities\":{}}"

# request ID METHOD [PARAMS]: of today; legacy the same of yesterday
request() { printf '{"jsonrpc":"2.0","id":%s,"method":"%s","params":{%s%s}}\n' "$1" "$2" "$meta" "${3:+,$3}"; }
legacy() { printf '{"jsonrpc":"2.0","id":%s,"method":"%s","params":{%s}}\n' "$1" "$2" "${3:-}"; }
# serve [OPTION]: what standard input says, to the end of it
serve() { timeout 600 "$drydock" mcp --quiet --state "$state" "$@" "$tmp/tree" >"$tmp/out" 2>"$tmp/err"; echo $? >"$tmp/status"; }
# answered N: wait until so many answers are there; the end of its input ends the server
answered() { eventually has_answers "$1"; }
has_answers() { [ "$(grep -c . "$tmp/out")" -ge "$1" ]; }
# of ID FILTER: of the answer to it
of() { jq -r --argjson id "$1" "select(.id == \$id) | $2" "$tmp/out"; }

# --- the present revision: nothing is remembered, every request stands for itself
{
	request 1 server/discover
	request 2 tools/list
	request 3 tools/call '"name":"graph_refresh"'
	request 4 initialize
	request 5 tools/call '"name":"nothing"'
	request 6 tools/call '"name":"graph_find","arguments":{}'
	request 7 tools/call '"name":"graph_find","arguments":{"name":"two","db":"/etc/passwd"}'
	request 8 tools/call '"name":"graph_callers","arguments":{"symbol":"two","depth":"3"}'
	request 9 tools/call '"name":"stand_up"'
	legacy 10 server/discover
	printf '%s\n' '{"jsonrpc":"2.0","id":11,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"1999-01-01","io.modelcontextprotocol/clientCapabilities":{}}}}'
	answered 11
} | serve
is "the server ends with its input" "$(cat "$tmp/status")" 0
is "it says what it speaks" "$(of 1 '.result | [.supportedVersions[0], .resultType, .cacheScope, ._meta["io.modelcontextprotocol/serverInfo"].name] | join(" ")')" \
	"2026-07-28 complete private drydock"
is "its tools, in order, with their schemas" "$(of 2 '.result.tools | (map(.name) == (map(.name) | sort)), (map(.inputSchema.type) | unique[]), (map(.annotations.readOnlyHint) | unique[])' | tr '\n' ' ')" \
	"true object true "
is "what runs code is not among them" "$(of 2 '[.result.tools[] | select(.name == "stand_up")] | length') $(of 9 .error.code)" "0 -32602"
is "a call is answered" "$(of 3 '.result | [.structuredContent.files, .isError, .resultType] | join(" ")')" "1 false complete"
is "the same as text" "$(of 3 '.result | (.content[0].text | fromjson) == .structuredContent')" true
is "there is no handshake any more" "$(of 4 .error.code)" -32601
is "nor a tool of that name" "$(of 5 .error.code)" -32602
is "a missing argument is told to the model" "$(of 6 '[.result.isError, .result.content[0].text] | join(" ")')" 'true "name" is missing: the name'
is "one that there is not" "$(of 7 '[.result.isError, .result.content[0].text] | join(" ")')" 'true graph_find has no argument "db"'
is "one of another kind" "$(of 8 '[.result.isError, .result.content[0].text] | join(" ")')" 'true "depth": expected a number from 1'
is "a request without a version" "$(of 10 .error.code)" -32602
is "one of another version" "$(of 11 '[.error.code, .error.data.supported[0], .error.data.requested] | join(" ")')" "-32022 2026-07-28 1999-01-01"

# --- a value is never an option, and no call is about another directory
rm "$tmp/out"
{
	request 1 tools/call '"name":"graph_find","arguments":{"name":"--db=/etc/passwd"}'
	request 2 tools/call '"name":"graph_sql","arguments":{"query":"--help"}'
	request 3 tools/call '"name":"graph_context","arguments":{"place":"../../etc/passwd:1"}'
	request 4 tools/call '"name":"graph_sql","arguments":{"query":"DELETE FROM entities"}'
	request 5 tools/call '"name":"graph_callers","arguments":{"symbol":"two"}'
	request 6 tools/call '"name":"graph_find","arguments":{"name":"nosuch"}'
	request 7 tools/call '"name":"graph_search","arguments":{"text":"--help two","max":1}'
	request 8 tools/call '"name":"graph_context","arguments":{}'
	answered 8
} | serve
is "a name that looks like an option is a name" "$(of 1 '.result.content[0].text')" "$(of 6 '.result.content[0].text' | sed 's|nosuch|--db=/etc/passwd|')"
is "so is a query" "$(of 2 .result.isError)" true
is "words are looked for as they are" "$(of 7 '.result.structuredContent.items | map(.entity.name) | join(" ")')" two
is "neither place nor question: it says what is missing" "$(of 8 .result.isError)" true
is "a place outside is none" "$(of 3 '.result | (.isError or (.structuredContent.excerpts | length == 0))')" true
is "the map is only read" "$(of 4 .result.isError) $(of 5 '.result.structuredContent.items[0].entity.name')" "true main"

# --- the handshake of before
rm "$tmp/out"
{
	legacy 1 initialize '"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}'
	printf '{"jsonrpc":"2.0","method":"notifications/initialized"}\n'
	legacy 2 ping
	legacy 3 tools/list
	legacy 4 tools/call '"name":"list_runs"'
	legacy 5 initialize '"protocolVersion":"2026-07-28","capabilities":{},"clientInfo":{"name":"t","version":"1"}'
	legacy 6 resources/list
	answered 6
} | serve
is "it is shaken" "$(of 1 '.result | [.protocolVersion, .serverInfo.name, (.capabilities.tools | type)] | join(" ")')" "2025-06-18 drydock object"
is "alive" "$(of 2 '.result | tojson')" "{}"
is "the tools are the same" "$(of 3 '.result.tools | length > 10') $(of 3 .result.resultType)" "true null"
is "a list comes in an object" "$(of 4 '.result.structuredContent.items | type')" array
is "a handshake never names a revision without one" "$(of 5 .result.protocolVersion)" 2025-11-25
is "what it cannot is said" "$(of 6 .error.code)" -32601

# --- no message
{
	printf '\n   \nnothing\n[]\n"x"\n{}\n{"jsonrpc":"2.0"}\n{"jsonrpc":"1.0","id":1,"method":"ping"}\n'
	printf '{"jsonrpc":"2.0","id":{},"method":"ping"}\n{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}\n'
	printf '{"jsonrpc":"2.0","id":3,"result":{}}\n{"jsonrpc":"2.0","method":"unknown"}\n'
	printf '{"jsonrpc":"2.0","id":4,"method":"tools/call","params":[]}\n\377\376\000\n'
	head -c 6000000 /dev/zero | tr '\0' '['
	printf '\n'
	head -c 3000000 /dev/zero | tr '\0' '['
	printf '\n'
	legacy 99 ping
} | serve
is "the server outlives it" "$(cat "$tmp/status") $(of 99 '.result | tojson')" "0 {}"
is "and answers what asks for an answer" "$(jq -r '.error.code // "-"' "$tmp/out" | sort | uniq -c | awk '{print $1 "x" $2}' | LC_ALL=C sort | tr '\n' ' ')" \
	"1x- 1x-32602 5x-32700 6x-32600 "

# --- a long call: its progress, its cancellation, and the end of the server in the middle of one
mkdir "$tmp/slow"
printf 'all:\n\t@echo building; sleep 600\n' >"$tmp/slow/Makefile"
slow() { timeout 300 "$drydock" mcp --state "$state" --allow-run "$tmp/slow" >"$tmp/out" 2>"$tmp/err"; echo $? >"$tmp/status"; }
# building: the run of it that is the newest, and not the one before, is at its build
building() { run_=$(newest_run "$tmp/slow") && [ "$run_" != "${before_:-}" ] && grep -qs building "$state/runs/$run_/logs/attempt-1-build.log"; }
: >"$tmp/out"
{
	request '"a"' tools/call '"name":"stand_up","_meta":{'"$version"',"io.modelcontextprotocol/clientCapabilities":{},"progressToken":"p"}' |
		sed 's/"_meta":{[^}]*{}},//'
	eventually building
	eventually grep -q notifications/progress "$tmp/out"
	printf '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"a"}}\n'
	request 2 tools/list
	eventually grep -q '"id":2' "$tmp/out"
	sleep 2 # for an answer that must not come
} | slow
ok "progress is told" [ "$(jq -r 'select(.method == "notifications/progress") | .params.progressToken' "$tmp/out" | uniq)" = p ]
is "a cancelled call has no answer" "$(of '"a"' .id)" ""
is "and others have" "$(of 2 '.result.tools | length > 10')" true
before_=$(newest_run "$tmp/slow")
{
	request 1 tools/call '"name":"stand_up"'
	eventually building
	date +%s >"$tmp/ended"
} | slow
ok "the server does not wait for a call when its input ends" [ $(($(date +%s) - $(cat "$tmp/ended"))) -lt 60 ]
is "and stops it" "$(cat "$tmp/status") $(of 1 .id)" "0 "
nothing_runs() { "$drydock" runs --json --state "$state" | jq -e --arg s "$tmp/slow" 'all(.source != $s or .state != "running")'; }
ok "so that nothing runs on" eventually nothing_runs

# --- screens: as pictures
mkdir "$tmp/pages"
printf 'all: ; touch all\ncheck: ; @echo 1..1; echo ok 1 - it is there\nrun: ; @perl server.pl\n' >"$tmp/pages/Makefile"
cat >"$tmp/pages/server.pl" <<'S'
use IO::Socket::INET;
my $l = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 8085, Listen => 5, ReuseAddr => 1) or die;
while (my $c = $l->accept) {
	my ($path) = <$c> =~ m{^GET (\S+)};
	1 while ($_ = <$c>) && /\S/;
	print $c "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<!doctype html><title>Quay</title><h1>$path</h1>";
	close $c;
}
S
"$drydock" up --screens --json --quiet --state "$state" --no-learnt "$tmp/pages" >"$tmp/up" 2>"$tmp/err"
seen=$(jq -r .run "$tmp/up")
: >"$tmp/out"
{
	request 1 tools/call "\"name\":\"screens_run\",\"arguments\":{\"run\":\"$seen\"}"
	request 2 tools/call "\"name\":\"look_at_page\",\"arguments\":{\"run\":\"$seen\",\"path\":\"/berths\"}"
	request 3 tools/call "\"name\":\"run_tests\",\"arguments\":{\"run\":\"$seen\"}"
	request 4 tools/call "\"name\":\"compare_tests\",\"arguments\":{\"before\":\"$seen\",\"after\":\"$seen\"}"
	answered 4
} | serve --allow-run
png() { of "$1" '.result.content[] | select(.type == "image") | select(.mimeType == "image/png") | .data' | base64 -d | sha256sum | cut -d' ' -f1; }
is "the entry page of a run is an image" "$(png 1) $(of 1 '.result.structuredContent.steps | length')" "$(of 1 '.result.structuredContent.steps[0].picture') 1"
is "so is a page that is looked at now" "$(png 2)" "$(of 2 '.result.structuredContent.scenarios[0].steps[0].picture')"
ok "which is another" [ "$(png 1)" != "$(png 2)" ]
is "its tests can be run again, and compared" "$(of 3 '.result.isError') $(of 3 '.result.structuredContent | tostring | test("it is there")') $(of 4 '.result.isError')" "false true false"
"$drydock" up --json --quiet --state "$state" --no-learnt "$tmp/tree" >"$tmp/up" 2>"$tmp/err"
: >"$tmp/out"
{
	request 1 tools/call "\"name\":\"screens_run\",\"arguments\":{\"run\":\"$(jq -r .run "$tmp/up")\"}"
	answered 1
} | serve
is "a run without screens has none" "$(of 1 '.result | [.isError, (.content | length), .structuredContent.screens] | tojson')" '[false,1,null]'

# --- the clients of others
clients=$root/build/mcp-clients
if ! cmp -s tests/runner/mcp/package-lock.json "$clients/package-lock.json" || [ ! -d "$clients/node_modules" ]; then
	rm -rf "$clients"
	mkdir -p "$clients"
	cp tests/runner/mcp/package.json tests/runner/mcp/package-lock.json "$clients/"
	ok "they are fetched" sh -c "cd '$clients' && npm ci --ignore-scripts --prefer-offline --no-audit --no-fund --no-bin-links"
fi
timeout 300 node tests/runner/mcp/ask.mjs "$clients" "$drydock" mcp --quiet --state "$state" "$tmp/tree" >"$tmp/out" 2>"$tmp/err"
is "each understands the server" "$(jq -r '[.label, .version // "-", .server, .files, .callers, (.tools | split(" ") | length > 10)] | join(" ")' "$tmp/out")" \
	"sdk - drydock 1 main true
client 2025-11-25 drydock 1 main true
client, of today 2026-07-28 drydock 1 main true"
is "and its errors" "$(jq -r .missing "$tmp/out" | cut -d: -f1 | uniq)" '"symbol" is missing'
done_testing
