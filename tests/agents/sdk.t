#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# The vendors' own clients: they understand the stand-in, and drydock's requests have their types.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/agents/standin.sh"
build=${DD_BUILD:-$root/build/release}
sdk=$root/build/sdk

# Fetched once, by lock file, into build/; the registry is that of the machine's npm configuration.
fetch() {
	cmp -s tests/agents/sdk/package-lock.json "$sdk/fetched" && return 0
	rm -rf "$sdk"
	mkdir -p "$sdk"
	cp tests/agents/sdk/package.json tests/agents/sdk/package-lock.json "$sdk/"
	(cd "$sdk" && timeout 300 npm ci --ignore-scripts --prefer-offline --no-audit --no-fund) >"$tmp/npm" 2>&1 || return 1
	cp tests/agents/sdk/package-lock.json "$sdk/fetched"
}
if ! command -v node >/dev/null; then
	skip "the vendors' clients" "there is no node"
	done_testing
fi
if ! fetch; then
	skip "the vendors' clients" "npm could not fetch them: $(grep -m 1 'npm ERR\|npm error' "$tmp/npm" | tr -d '#')"
	done_testing
fi

# What drydock sends, from the plain rows of the table.
DD_WIRE_BODIES=$tmp/bodies.jsonl "$build/tests/agents/test_wire" '*: plain, *' >"$tmp/wire" 2>&1
ok "requests were recorded" test "$(grep -c . "$tmp/bodies.jsonl")" -gt 60

begin_standin 1200
cp tests/agents/sdk/*.mjs "$sdk/"
node "$sdk/clients.mjs" "${at##*:}" "$tmp" >"$tmp/clients" 2>&1
status=$?
while read -r line; do
	case $line in
	"ok "*) ok "${line#ok }" true ;;
	*) ok "${line#not ok }" false ;;
	esac
done <"$tmp/clients"
is "the clients came to their end" "$status $(($(grep -c . "$tmp/clients") > 40))" "0 1"

# --- types
node "$sdk/types.mjs" "$tmp/bodies.jsonl" >"$sdk/bodies.ts"
compile() {
	echo "{\"compilerOptions\": {\"noEmit\": true, \"strict\": true, \"skipLibCheck\": true, \"target\": \"es2022\",
		\"module\": \"nodenext\", \"types\": []}, \"files\": [\"$1\"]}" >"$sdk/tsconfig.json"
	(cd "$sdk" && node node_modules/typescript/bin/tsc -p .)
}
for type in MessageCreateParamsStreaming ResponseCreateParamsStreaming ChatCompletionCreateParamsStreaming; do
	ok "there are requests of type $type" test "$(grep -c ": $type = " "$sdk/bodies.ts")" -ge 5
done
is "drydock's requests have the types that the vendors publish" "$(compile bodies.ts | cut -c 1-300)" ""
# The compiler would say so.
sed 's/"max_tokens":/"max_token":/; s/"call_id":/"id_of_call":/; s/"messages":\[/"message":[/' "$sdk/bodies.ts" >"$sdk/wrong.ts"
ok "and it is noticed where they have not" test "$(compile wrong.ts | grep -c 'error TS')" -ge 5
done_testing
