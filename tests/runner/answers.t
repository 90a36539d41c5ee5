#!/bin/sh
# What a person answers: where it goes, and where it must not.
. "$(dirname "$0")/../tap.sh"

# app NAME: a directory of that name with a Makefile from standard input
app() {
	mkdir "$tmp/$1"
	cat >"$tmp/$1/Makefile"
}
# blocking: ids of the questions that block
blocking() { json '[.questions[] | select(.blocking) | .id] | join(" ")'; }
# kept SECRET: nothing that the last run wrote has it, but the layers (what the application wrote itself)
kept() {
	cp "$tmp/out" "$(dirname "$(json .report)")/stdout.copy"
	! grep -raF "$1" "$(dirname "$(json .report)")"
}

# --- an answer is a secret by its id, by where it comes from, or by what it contains
app vault <<'M'
vault: ; test -n "$$DOOR" || { echo "DOOR is not set"; exit 1; }
	test -n "$$DB_URL" || { echo "DB_URL is not set"; exit 1; }
	touch $@
check: ; @echo "1..1"; echo "ok 1 - opened $$DOOR by $$DB_URL"
M
printf 'oak-and-iron-77\n' >"$tmp/door"
echo 'getenv("SITE");' >"$tmp/vault/pitch-pine-53.c"
cat >"$tmp/answers.json" <<J
{"env:DOOR": {"file": "$tmp/door"}, "env:DB_URL": "db://me:brass-key-31@db", "secret:VAULT_TOKEN": "brass-key-31",
 "env:SITE": "north", "secret:HULL": "pitch-pine-53"}
J
up --answers "$tmp/answers.json" "$tmp/vault"
is "an answer from a file" "$(json .outcome)" up
ok "is in nothing that was written" kept oak-and-iron-77
ok "nor is a secret inside another answer" kept brass-key-31
recipe=$(json .recipe)
is "the recipe names them, without values" "$(json '.environment[] | select(.name == "DOOR" or .name == "DB_URL") | [.name, .question, .value] | join(" ")' "$recipe" | sort)" \
	"DB_URL env:DB_URL 
DOOR env:DOOR "
hasnt "nor what the source gives away" "$(dirname "$recipe")" pitch-pine-53
has "the Dockerfile mounts them" "$(dirname "$recipe")/Dockerfile" "--mount=type=secret,id=DOOR,env=DOOR"
run "$drydock" replay --json --quiet --state "$state" --offline --answers "$tmp/answers.json" "$recipe" "$tmp/vault"
is "a replay takes them from the answers" "$(json .outcome)" up
ok "and does not write them either" kept oak-and-iron-77
done_testing
