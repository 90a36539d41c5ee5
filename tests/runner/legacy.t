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
options() { jq -r '.options[]' "$(of "$1" .recipe)"; }
is "mixed: a source that nothing uses and that does not compile is an option of the recipe" "$(options legacy-mixed | grep '^sources=')" \
	"sources=without tools/punchcards.py, which does not compile and which nothing else names"
echo '{"decision:sources": "keep"}' >"$tmp/answers"
up --no-prune --answers "$tmp/answers" "$apps/legacy-mixed"
is "mixed: who wants it has the verdict without it" "$(json '.outcome, .diagnosis.class')" "unsatisfiable
toolchain-too-new"
is "optional: the switch that helped is an option, and those that did not, or that configure refuses, are none" \
	"$(options legacy-optional | sed -n 's/^\(feature=[^,]*\),.*/\1/p')" "feature=--without-zlib"
is "optional: and in the command" "$(jq -r '.commands.configure[].run' "$(of legacy-optional .recipe)")" "./configure --without-zlib"
is "given: the variable is an option with both places, and nothing else is given" "$(options legacy-given)" \
	"tests=with HARBOUR_STATION=Cuxhaven-2, as .github/workflows/check.yml:11 gives them; check.sh:3 reads it"
is "number: the version that there is, is an option, and why" "$(options legacy-number | grep "^version=")" \
	"version=TCL=8.6 (Makefile:2 has 8.4, and no source has tcl8.4)"
is "unsourced: what tests miss and nobody has is told" "$(of legacy-unsourced .diagnosis.text)" \
	"1 of 2 tests failed; their log misses the perl Harbour::Lost::Table, which no package of this machine's sources provides"
done_testing
