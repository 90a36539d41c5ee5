#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# drydock spec: each sentence is of facts that are there, and gone with them.
. "$(dirname "$0")/../tap.sh"

tree=$tmp/tree
db=$tmp/map.db
spec() { run "$drydock" spec --quiet --state "$state" --db "$db" "$tree" "$@"; }
says() { json "[.sections[] | select(.key == \"$1\").items[].text] | map(select(test(\"$2\"))) | length"; }
cp -R tests/graph/cases/data "$tree"
rm "$tree/expect"
mkdir "$tree/web"
printf 'from app import user\n\nSTATE = 0\nLIMIT = 5\n\n\ndef page():\n    global STATE\n    STATE = LIMIT\n    return user(1)\n' >"$tree/web/page.py"
spec --json --docs .
is "entry points" "$status $(says entry 'GET /health.*app.health')" "0 1"
is "data, with its columns and who uses it" "$(says data 'users. with .id., .name., .org_id., used by .app.User., .app.user')" 1
is "servers of data" "$(says data postgresql)" 1
is "configuration" "$(says configuration 'server.port.*p.A')" 1
is "environment, with who reads and who sets" "$(says environment 'PORT. is read by .app.health., and set by .PORT., .db')" 1
is "services outside" "$(says services api.stripe.com)" 1
is "programs that are run" "$(says commands '^.git. is run by .app.go')" 1
is "build" "$(says build 'Target .prog')" 1
is "a global that is written is state" "$(says state 'STATE.*web.page.page') $(says constants LIMIT)" "1 1"
is "what answers at an endpoint is not unused" "$(says unused app.health) $(says unused web.page.page)" "0 1"
is "a question for what is read and set nowhere" "$(says questions DEBUG)" 1
is "none for what is set" "$(says questions 'What is .PORT')" 0
is "a document that speaks of what is not there" "$(says documents nothing_here) $(says documents 'missing/file.c') $(says documents 'app.py')" "1 1 0"
is "each sentence of code has its place" "$(json '[.sections[].items[] | select(.places | length == 0)] | length')" 0
json '.sections[].items[].places[] | select(test(":[0-9]+$"))' | sort -u | while IFS= read -r place; do
	file=${place%:*}
	line=${place##*:}
	[ -f "$tree/$file" ] && [ "$line" -ge 1 ] && [ "$line" -le "$(grep -c '' "$tree/$file")" ] || echo "$place"
done >"$tmp/bad"
is "and each place is there" "$(cat "$tmp/bad")" ""

# --- taken from the source, gone from the text
sed -i 's/ + os.getenv("DEBUG")//' "$tree/app.py"
spec --json
is "a variable that is no longer read" "$(grep -c DEBUG "$tmp/out")" 0
for file in app.py schema.sql server.ts .env Makefile application.yml; do
	mv "$tree/$file" "$tmp/taken"
	spec --json --docs .
	is "nothing of $file is left" "$(json "[.sections[].items[] | select(.places | map(startswith(\"$file:\")) | any)] | length")" 0
	mv "$tmp/taken" "$tree/$file"
done
mkdir "$tmp/none"
run "$drydock" spec --quiet --state "$state" --db "$tmp/none.db" "$tmp/none"
is "of nothing nothing is said" "$status $(grep -c '^-' "$tmp/out")" "0 0"

# --- topics of messages
cp -R tests/graph/cases/topics "$tmp/topics"
run "$drydock" spec --quiet --state "$state" --db "$tmp/topics.db" "$tmp/topics" --json
is "who sends to a topic, and who takes it" "$(says topics 'Messages of .pilots. are sent by .*Pilot.Tell.*, and taken by .Pilot.Hear.')" 1
is "a topic that nobody here sends to is told so" "$(sed -i '/sendToQueue/d' "$tmp/topics/tide.ts" && sed -i '/basic_publish/d' "$tmp/topics/berths.py" "$tmp/topics/pilot.php" &&
	run "$drydock" spec --quiet --state "$state" --db "$tmp/topics.db" "$tmp/topics" --json && says topics 'Messages of .dues. are sent by nothing here, and taken by')" 1
run "$drydock" graph impact Pilot.cs:2 --json --state "$state" --db "$tmp/topics.db"
is "who takes what is sent is affected" "$(json '[.items[] | select(.entity.name == "Pilot.Hear")] | length')" 1

# --- for people, for tools
printf '# ours\nUser: somebody with an account\n| Item | a thing that is sold |\nUnicorn: none such\n' >"$tmp/glossary"
spec --json --glossary "$tmp/glossary"
is "terms have what stands for them" "$(says domain 'User. .somebody with an account.: .*table .users') $(says domain 'Item')" "1 1"
is "a term that nothing stands for is a question" "$(says questions Unicorn)" 1
spec
has "Markdown" "$tmp/out" '- Endpoint `GET /items` is served by `list`. (`server.ts:'
has "a diagram" "$tmp/out" 'graph TD'
spec --agents
has "for tools that edit the code" "$tmp/out" '# Working in'
hasnt "without what they do not need" "$tmp/out" '## Questions'
spec --glossary "$tmp/not-there"
is "a glossary that is not there is a usage error" "$status $(wc -l <"$tmp/err")" "2 1"
printf 'import os\nos.getenv("A`B")\nos.getenv("x\033[31m")\n' >"$tree/evil.py"
spec
is "names cannot leave their quotes" "$(grep -c "$(printf '\033')" "$tmp/out") $(grep -c 'A`B' "$tmp/out")" "0 0"
done_testing
