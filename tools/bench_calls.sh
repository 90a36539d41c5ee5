#!/bin/bash
# What a call to a model costs beside plain curl, against the stand-in of the tests: bench_calls.sh OBJECTS ROUNDS
# Time of one process that makes one call (start, table, request, stream, answer), in turn with curl; the bytes that a
# request has beside the prompt.
set -eu
objects=$1
rounds=${2:-40}
cd "$(dirname "$0")/.."
tmp=$(mktemp -d)
: >"$tmp/port"
perl tests/agents/standin.pl "$tmp" 600 >"$tmp/port" &
standin=$!
trap 'kill $standin; rm -rf "$tmp"' EXIT
until grep -q http "$tmp/port"; do sleep 0.1; done
port=$(sed 's/http //' "$tmp/port")
export BENCH_KEY=standin-key

provider() { echo "\"$1\": {\"api\": \"$2\", \"base_url\": \"http://127.0.0.1:$port/plain$3\", \"auth\": \"$4\", \"key_env\": \"BENCH_KEY\"$5}"; }
model() { echo "\"$1\": {\"provider\": \"$1\", \"id\": \"model-1\", \"context\": {\"window\": 9000, \"effective\": 9000, \"max_output\": 1000}, \"prices\": {\"input\": 1, \"output\": 1}}"; }
cat >"$tmp/models.json" <<END
{"providers": {
$(provider anthropic anthropic-messages '' bearer ', "version": "2026-10-21"'),
$(provider openai openai-responses /v1 bearer ''),
$(provider chat openai-chat /v1 bearer ''),
$(provider google google-generate /v1beta x-goog-api-key '')},
"models": {$(model anthropic), $(model openai), $(model chat), $(model google)}}
END
prompt='Answer with: OK'
echo "$prompt" >"$tmp/prompt"

now() { date +%s%N; }
median() { sort -n | awk '{ v[NR] = $1 } END { printf "%.1f", v[int((NR + 1) / 2)] / 1e6 }'; }

# The same request, as drydock sends it, by curl.
: >"$tmp/requests.jsonl"
"$objects/tests/agents/tool_call" "$tmp/models.json" anthropic <"$tmp/prompt" >"$tmp/answer"
grep -qx OK "$tmp/answer"
tail -n 1 "$tmp/requests.jsonl" | jq -c .body >"$tmp/body"
by_curl() {
	curl -sN -o "$tmp/stream" -H 'Content-Type: application/json' -H 'anthropic-version: 2026-10-21' -H "Authorization: Bearer $BENCH_KEY" \
		--data-binary @"$tmp/body" "http://127.0.0.1:$port/plain/v1/messages"
}
for i in $(seq "$rounds"); do
	a=$(now); by_curl; b=$(now)
	"$objects/tests/agents/tool_call" "$tmp/models.json" anthropic <"$tmp/prompt" >"$tmp/answer"; c=$(now)
	"$objects/tests/agents/tool_call" "$tmp/models.json" anthropic "$tmp" "call $i" <"$tmp/prompt" >"$tmp/answer"; d=$(now)
	echo $((b - a)) >>"$tmp/curl"; echo $((c - b)) >>"$tmp/try"; echo $((d - c)) >>"$tmp/call"
done
curl=$(median <"$tmp/curl") try=$(median <"$tmp/try") call=$(median <"$tmp/call")
echo "one call, a process each, median of $rounds (ms):"
echo "  plain curl                     $curl"
echo "  a try                          $try  ($(echo "$try $curl" | awk '{ printf "%.2f", $1 / $2 }')x; asked for: at most 1.5x)"
echo "  with journal, budget, trace    $call  ($(echo "$call $curl" | awk '{ printf "%.2f", $1 / $2 }')x)"
echo "bytes of a request beside its prompt (asked for: at most 3000):"
for m in anthropic openai chat google; do
	"$objects/tests/agents/tool_call" "$tmp/models.json" $m <"$tmp/prompt" >"$tmp/answer"
	printf '  %-10s %6d\n' $m $(($(tail -n 1 "$tmp/requests.jsonl" | jq .bytes) - ${#prompt}))
done
