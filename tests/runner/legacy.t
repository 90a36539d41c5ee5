#!/bin/sh
# Small projects as they are left behind: each ends as tests/apps/legacy.tsv says, with these questions and no other
# package.  Limits are short, for those that never end by themselves.
. "$(dirname "$0")/../tap.sh"

# asked: the ids of the questions, "!" behind those that block
asked() { json '[.questions[] | .id + (if .blocking then "!" else "" end)] | sort | join(" ")'; }
packages() { json '[.packages[].name] | sort | join(" ")'; }

tab=$(printf '\t')
while IFS=$tab read -r app outcome class counts questions packages; do
	case $app in '#'*) continue ;; esac
	before=$(digest "$apps/$app")
	up --no-prune --time 20 --silence 8 "$apps/$app"
	is "$app: outcome, diagnosis" "$(json '[.outcome, .diagnosis.class // "" | if . == "" then "-" else . end] | join(" ")')" \
		"$outcome $class"
	is "$app: passed, failed, skipped" "$(json '[.tests.passed, .tests.failed, .tests.skipped] | join(" ")')" "$counts"
	is "$app: questions" "$(asked)" "${questions#-}"
	is "$app: packages" "$(packages)" "${packages#-}"
	is "$app: the source is as it was" "$(digest "$apps/$app")" "$before"
	cp "$tmp/out" "$tmp/$app.json"
done <"$apps/legacy.tsv"

# of APP EXPRESSION
of() { json "$2" "$tmp/$1.json"; }

is "history: the version that was made up is an option of the recipe" \
	"$(jq -r '.options[]' "$(of legacy-history .recipe)" | grep -c '^version=0.0.0, made up ')" 1
ok "planted: the key of the source is in nothing that was written down" \
	sh -c '! grep -raqF planted-key-0451 "$1"' sh "$(dirname "$(of legacy-planted .report)")"
echo '{"decision:version-python3": "try"}' >"$tmp/answers"
up --no-prune --answers "$tmp/answers" "$apps/legacy-newer"
is "newer: who knows better has it tried" "$(json '.outcome, .tests.passed')" "up
1"
is "spins: the diagnosis names the command" "$(of legacy-spins .diagnosis.text | grep -c " was ended: it took longer than its time limit\| was ended: it printed nothing")" 1
done_testing
