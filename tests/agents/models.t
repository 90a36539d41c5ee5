#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# drydock models and drydock trace as people use them.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/agents/standin.sh"
build=${DD_BUILD:-$root/build/release}
export XDG_CONFIG_HOME="$tmp/config" HOME="$tmp/home"
unset DRYDOCK_MODELS ANTHROPIC_API_KEY OPENAI_API_KEY GEMINI_API_KEY 2>/dev/null
mkdir -p "$tmp/config/drydock" "$tmp/home" "$tmp/project/.drydock"

run "$drydock" models --json
is "each shipped model says where its key would come from" "$(json '[.[] | select(.key == "absent" and (.key_env | endswith("_API_KEY")))] | length == 8')" true
is "and its family, window and roles" "$(json 'all(.family and .context.effective > 0 and (.roles | length > 0))')" true
run "$drydock" models
is "a line a model" "$status $(grep -c . "$tmp/out") $(grep -c 'key absent' "$tmp/out") $(grep -c 'price unknown' "$tmp/out")" "0 8 8 3"

export ANTHROPIC_API_KEY=sk-very-secret
run "$drydock" models --json
is "a key that is there is said to be" "$(json '[.[] | select(.key == "present") | .provider] | unique | join(" ")')" anthropic
hasnt "and not shown" "$tmp/out" very-secret
unset ANTHROPIC_API_KEY

run "$drydock" models gpt-5 --json
is "one that is named" "$(json '[.[].name] | join(" ")')" gpt-5
run "$drydock" models no-such
is "one that is not there is a usage error" "$status $(grep -c 'no model "no-such"' "$tmp/err")" "2 1"
run "$drydock" models --models "$tmp/nowhere.json"
is "and so is a file that is not there" "$status $(grep -c 'nowhere.json' "$tmp/err")" "2 1"
echo '{"models": {"gpt-5": {"prices": {"input": "dear"}}}}' >"$tmp/config/drydock/models.json"
run "$drydock" models
is "a wrong entry is named" "$status $(cat "$tmp/err")" \
	"2 drydock: $tmp/config/drydock/models.json: models.gpt-5.prices.input: expected number, got string"
rm "$tmp/config/drydock/models.json"
echo '{"providers": {"openai": {"base_url": "http://127.0.0.1:9"}}}' >"$tmp/project/.drydock/models.json"
run sh -c 'cd "$1" && exec "$2" models' sh "$tmp/project" "$drydock"
is "a project's file cannot move a provider" "$status $(grep -c "only the user's own file may say this" "$tmp/err")" "2 1"

# --- what the README shows
sed -n '/^{"providers": {"here"/,/}}}$/p' README.md >"$tmp/readme.json"
run "$drydock" models --models "$tmp/readme.json" coder --json
is "the README's example is one" "$status $(json '.[0] | "\(.name) \(.family) \(.context.effective) \(.key)"')" "0 coder qwen 12000 not needed"

# --- against the stand-in
begin_standin 1200
cat >"$tmp/models.json" <<END
{"providers": {"good": {"api": "openai-responses", "family": "f", "base_url": "$at/plain/v1", "auth": "bearer", "key_command": ["cat", "$tmp/key"]},
	"bad": {"api": "openai-chat", "base_url": "$at/tattle/v1", "auth": "bearer", "key_command": ["cat", "$tmp/key"]}},
"models": {"good": {"provider": "good", "context": {"window": 9000, "effective": 9000, "max_output": 1000}, "prices": {"input": 1, "output": 2}},
	"bad": {"provider": "bad", "context": {"window": 9000, "effective": 9000, "max_output": 1000}}}}
END
printf 'standin-key\n' >"$tmp/key"
run "$drydock" models --check --models "$tmp/models.json" good --json
is "--check asks" "$status $(json '.[0] | "\(.key) \(.check.ok) \(.check.tokens.output > 0)"')" "0 by command true true"
run "$drydock" models --check --models "$tmp/models.json" good bad
is "and says what does not answer" "$status $(grep -c 'answers, in' "$tmp/out") $(grep -c 'does not answer: .*authentication' "$tmp/out")" "1 1 1"
hasnt "without the key, which that server repeats" "$tmp/out" standin-key

# --- the trace of a run
run "$drydock" trace --state "$tmp/nowhere"
is "no run: a usage error" "$status" 2
up "$apps/tiny-none"
id=$(json .run)
run "$drydock" trace --state "$state" "$id"
is "a run without calls has no trace" "$status $(grep -c 'made no calls to models' "$tmp/err")" "2 1"
ok "and looking for it makes none" test ! -e "$state/runs/$id/calls.db"
echo "Answer with: traced" | "$build/tests/agents/tool_call" "$tmp/models.json" good "$state/runs/$id" one >"$tmp/answer"
is "a call is made in it" "$(cat "$tmp/answer")" traced
run "$drydock" trace --state "$state" "$id"
is "it is shown with what it cost" "$status $(grep -c '^chat good .* in .* out  USD 0.0' "$tmp/out") $(grep -c '^1 calls, .* tokens, USD' "$tmp/out")" "0 1 1"
run "$drydock" trace --json --content --state "$state" "$id"
is "with its content, if asked for" "$(json '.[0] | "\(.request.model) \(.answer.message.parts[0].text) \(.attributes["gen_ai.operation.name"])"')" "good traced chat"
run "$drydock" trace --json --state "$state" "$id"
is "and without, if not" "$(json '.[0] | has("request") or has("answer")')" false
run "$drydock" trace --otlp --state "$state" "$id"
is "OTLP has trace, span and times" "$(json '.resourceSpans[0].scopeSpans[0].spans[0] | [(.traceId | length), (.spanId | length), .kind, (.endTimeUnixNano | tonumber) > (.startTimeUnixNano | tonumber), .status.code] | map(tostring) | join(" ")')" \
	"32 16 3 true 1"
is "and typed attributes" "$(json '[.resourceSpans[0].scopeSpans[0].spans[0].attributes[] | select(.key == "gen_ai.usage.input_tokens") | .value.intValue | tonumber > 0][0]')" true
ok "no key is in the run" sh -c '! grep -rqF standin-key "$1"' sh "$state/runs/$id"
done_testing
