#!/bin/sh
# The map as its users know it: made, asked, refreshed, killed, and of a tree that means harm.
. "$(dirname "$0")/../tap.sh"

tree=$tmp/tree
db=$tmp/map.db
ingest() { run "$drydock" graph ingest --json --quiet --state "$state" --db "$db" "$@" "$tree"; }
ask() { run "$drydock" graph "$@" --json --state "$state" --db "$db"; }
export_of() { "$drydock" graph export --state "$state" --db "$1" | LC_ALL=C sort; }

cp -R tests/graph/cases/c "$tree"
run "$drydock" graph find helper --state "$state" --db "$db"
is "a map that is not there is a usage error that says how to make one" "$status $(grep -c 'graph ingest' "$tmp/err")" "2 1"
run "$drydock" graph ingest --state "$state" "$tmp/not-there"
is "so is a tree that is not there" "$status" 2
ingest
is "ingest counts" "$status $(json '"\(.files) \(.parsed) \(.unread) \(.unchanged)"')" "0 5 5 0 false"

# --- the shape of an answer
ask find helper
is "find" "$(json '[.items[] | "\(.entity.kind) \(.entity.file):\(.entity.line) \(.relation)"] | join(", ")')" \
	"function include/util.h:12 declares, function src/b.c:9 defines"
is "keys of an answer" "$(json '[keys[], (.index | keys[]), (.items[0] | keys[]), (.items[0].entity | keys[])] | join(" ")')" \
	"index items age_s checked digest stale unread cond conf entity prov reason relation end file id kind line name"
is "it is fresh" "$(json '"\(.index.stale) \(.index.checked) \(.index.unread) \(.index.age_s < 600)"')" "false tree 0 true"
ask callers local_name --depth 2
is "callers, of each that has the name" "$(json '[.items[].entity.name] | sort | join(" ")')" "attributed call_through extra open_it uses_macros"
ask callers src/a.c:local_name
is "callers of one of them" "$(json '[.items[].entity.name] | sort | join(" ")')" "extra uses_macros"
is "the condition is told" "$(json '.items[] | select(.entity.name == "extra") | .cond')" '!(defined(WITH_EXTRA))'
ask callees uses_macros
is "callees through macros" "$(json '[.items[] | select(.prov == "macro") | .entity.name] | sort | join(" ")')" "from_header helper local_name"
ask at src/b.c:4
is "at: the innermost first" "$(json '[.items[].entity.name] | .[0:3] | join(" ")')" "local_name src/b.c helper"
ask impact src/b.c:9
is "impact reaches those behind others" "$(json '[.items[].entity.name] | contains(["main", "attributed"])')" true
ask unused
is "unused" "$(json '[.items[].entity.name] | sort | join(" ")')" "call_through in_parentheses old_style split_by_condition storage_by_word uses_macros"
for q in "find nothing_has_it" "at src/a.c" "at nowhere.c:3" "callers nothing_has_it"; do
	# shellcheck disable=SC2086
	ask $q
	is "usage error: $q" "$status $(wc -l <"$tmp/err")" "2 1"
done
run "$drydock" graph callers helper --state "$state" --db "$db"
has "for people: place, name, why" "$tmp/out" "src/b.c:4  function local_name  (local_name calls helper at src/b.c:4, 0.98)"

# --- SQL
ask sql "SELECT e.name, r.line FROM relations r JOIN entities e ON e.id = r.dst WHERE r.src = (SELECT id FROM entities WHERE name = 'open_it') AND r.kind = 'calls'"
is "sql" "$(json '"\(.columns | join(" ")): \(.rows | tojson)"')" 'name line: [["local_name",5]]'
ask sql "SELECT count(*) FROM relations WHERE dst IS NOT NULL"
exported=$("$drydock" graph export --state "$state" --db "$db" | jq -s '[.[] | select(.kind != "contains" and .dst.file != null)] | length')
is "as many relations as are exported" "$(json '.rows[0][0]')" "$exported"
for q in "DELETE FROM entity" "ATTACH '$tmp/other' AS o" "PRAGMA journal_mode" "CREATE TABLE t(x)" "SELECT nothing FROM nowhere"; do
	ask sql "$q"
	is "refused: $q" "$status $(wc -l <"$tmp/err")" "2 1"
done
ok "and no other file is made" test ! -e "$tmp/other"

# --- context
for budget in 1 10 40 100 1000; do
	ask context src/a.c:uses_macros --budget $budget
	json '.excerpts[].text' >"$tmp/text"
	is "a pack of $budget tokens holds what it may" "$(json '(.used <= .budget) and ([.excerpts[].text | length] | add // 0) <= .budget * 4')" true
done
is "it begins with what was asked for" "$(json '.excerpts[0] | "\(.file):\(.from)-\(.to)"')" "src/a.c:7-10"
json '.excerpts[] | "\(.file) \(.digest)"' | sort -u | while read -r f d; do
	[ "$(sha256sum "$tree/$f" | cut -d' ' -f1)" = "$d" ] || echo "$f"
done >"$tmp/bad"
is "digests are those of the files" "$(cat "$tmp/bad")" ""
json '.excerpts[] | "\(.file) \(.from) \(.to)"' | while read -r f from to; do sed -n "$from,${to}p" "$tree/$f"; done >"$tmp/lines"
json '.excerpts[].text' | grep . >"$tmp/a"
grep . "$tmp/lines" >"$tmp/b"
ok "and the text is that of their lines" cmp "$tmp/a" "$tmp/b"

# --- areas
mkdir -p "$tmp/areas/one" "$tmp/areas/two"
for d in one two; do
	printf 'int %s_b(void);\nint %s_a(void) { return %s_b(); }\n' $d $d $d >"$tmp/areas/$d/a.c"
	printf 'int %s_a(void);\nint %s_b(void) { return %s_a(); }\n' $d $d $d >"$tmp/areas/$d/b.c"
done
run "$drydock" graph ingest --quiet --state "$state" --db "$tmp/areas.db" "$tmp/areas"
run "$drydock" graph clusters --json --state "$state" --db "$tmp/areas.db"
is "areas are what is related" "$(json '[.clusters[] | "\(.name): \(.files | join(" ")) \(.cohesion)"] | join(", ")')" \
	"one: one/a.c one/b.c 1, two: two/a.c two/b.c 1"

# --- maps of directories that are gone
mkdir -p "$tmp/gone" "$tmp/stays"
for d in gone stays; do
	echo 'int x;' >"$tmp/$d/x.c"
	run "$drydock" graph ingest --quiet --state "$tmp/gc-state" "$tmp/$d"
done
rm -r "$tmp/gone"
run "$drydock" gc --json --state "$tmp/gc-state" --dry-run
is "gc tells the map of a directory that is gone" "$(json .maps) $(find "$tmp/gc-state/graph" -name '*.db' | wc -l)" "1 2"
run "$drydock" gc --json --state "$tmp/gc-state"
is "and removes it" "$(json .maps) $(find "$tmp/gc-state/graph" -name '*.db*' | wc -l)" "1 2"
run "$drydock" graph find x --state "$tmp/gc-state" --dir "$tmp/stays"
is "the other one stays" "$status" 0

# --- refresh
ingest
is "nothing changed" "$(json '"\(.unchanged) \(.parsed)"')" "true 0"
sed -i 's/int helper(int x) { return x; }/int helper(int x) { return extra() + x; }/' "$tree/src/b.c"
ask find helper
is "a change makes it stale" "$(json .index.stale)" true
ask context src/b.c:helper
is "a file that changed is not shown" "$status $(grep -c 'ingest again' "$tmp/err")" "2 1"
ingest
is "only that file is parsed" "$(json '"\(.parsed) \(.reused)"')" "1 4"
ask callers extra
is "the new call is there" "$(json '[.items[].entity.name] | sort | join(" ")')" "attributed helper"

# A large tree is not waited for: what an answer went over is looked at, and all of it where that is asked for.
large=$tmp/large
mkdir "$large"
awk -v dir="$large" 'BEGIN { for (i = 0; i < 4000; i++) { f = dir "/" i ".txt"; print "word" > f; close(f) } }'
echo 'int one(void) { return 1; }' >"$large/one.c"
echo 'int one(void); int two(void) { return one(); }' >"$large/two.c"
echo 'int three(void) { return 3; }' >"$large/three.c"
run "$drydock" graph ingest --quiet --state "$state" --db "$tmp/large.db" "$large"
of_large() { run "$drydock" graph "$@" --json --state "$state" --db "$tmp/large.db"; }
how_stale() { json '"\(.index.stale) \(.index.checked)"'; }
of_large callees two
is "of a large tree the files of an answer are looked at" "$(json '.items[0].entity.name') $(how_stale)" "one false files"
echo >>"$large/three.c"
of_large callees two
is "another file says nothing of them" "$(how_stale)" "false files"
of_large status
is "who asks for the state of it all is told" "$(how_stale)" "true tree"
echo >>"$large/two.c"
of_large callees two
is "the file that was asked about counts, though no item is of it" "$(json '[.items[].entity.file] | unique | join(" ")') $(how_stale)" "one.c true files"
of_large find one
is "and those of items" "$(how_stale)" "true files"
of_large find three
is "each by itself" "$(how_stale)" "true files"

# In a file with very many entities not all of them are gone through.
mkdir "$tmp/many"
awk 'BEGIN {
	for (i = 1; i <= 3000; i++) print "#define M" i " " i
	print "int middle(void)\n{\n\treturn M7;\n}"
	print "struct wide {"
	for (i = 1; i <= 3000; i++) print "\tint f" i ";"
	print "\t/* nothing */\n};\n"
}' >"$tmp/many/many.c"
run "$drydock" graph ingest --quiet --state "$state" --db "$tmp/many.db" "$tmp/many"
at() { "$drydock" graph at "many.c:$1" --json --state "$state" --db "$tmp/many.db" | jq -r '.items[0].entity.name'; }
is "the innermost in such a file" "$(at 1) $(at 2500) $(at 3003) $(at 3006) $(at 5000) $(at 6005)" "M1 M2500 middle wide.f1 wide.f1995 wide.f3000"
is "what began long before" "$(at 6006) $(at 6007) $(at 6009)" "wide wide many.c"

# Edits at random: what is refreshed is what is made anew.  The seed is printed, and can be given.
seed=${DD_SEED:-$(date +%s)}
echo "# seed $seed"
different=0
for step in 1 2 3 4 5 6 7 8 9 10; do
	awk -v seed="$seed$step" -v step=$step 'BEGIN {
		srand(seed)
		split("c cpp python java go javascript typescript rust data", L, " ")
		print L[1 + int(rand() * 9)], 1 + int(rand() * 5), 1 + int(rand() * 30)
	}' >"$tmp/choice"
	read -r lang action line <"$tmp/choice"
	mkdir -p "$tree/$lang"
	case $action in
	1) cp -R "tests/graph/cases/$lang/." "$tree/$lang" ;;
	2) for f in "$tree"/*/*.*; do [ -f "$f" ] && sed -i "${line}d" "$f" && break; done ;;
	3) rm -rf "${tree:?}/$lang" ;;
	4) find "$tree" -type f | sort | sed -n "$((line % 5 + 1))p" | while read -r f; do mv "$f" "$(dirname "$f")/moved_$(basename "$f")"; done ;;
	5) find "$tree" -type f | sort | sed -n "$((line % 7 + 1))p" | while read -r f; do sed -i "${line}s/\$/ {{{ (/; s/helper/helped/" "$f"; done ;;
	esac
	ingest
	"$drydock" graph ingest --quiet --state "$state" --db "$tmp/anew.db" "$tree" --anew >/dev/null
	export_of "$db" >"$tmp/refreshed"
	export_of "$tmp/anew.db" | diff "$tmp/refreshed" - >"$tmp/diff" || { different=$((different + 1)); sed "s/^/# step $step: /" "$tmp/diff" | head -n 5; }
	cmp -s "$db" "$tmp/anew.db" || { different=$((different + 1)); echo "# step $step: the files differ"; }
done
is "refreshing gives what making it anew gives" "$different" 0

# What is given in one file decides what another calls: only the giver changes.
mkdir "$tmp/flow"
printf 'def run(f):\n    f()\n' >"$tmp/flow/a.py"
for given in one two "{'k': two}['k']" "lambda: one()"; do
	printf 'from a import run\ndef one(): pass\ndef two(): pass\nrun(%s)\n' "$given" >"$tmp/flow/b.py"
	"$drydock" graph ingest --quiet --state "$state" --db "$tmp/flow.db" "$tmp/flow" >/dev/null
	"$drydock" graph ingest --quiet --anew --state "$state" --db "$tmp/flow2.db" "$tmp/flow" >/dev/null
	export_of "$tmp/flow.db" | jq -r 'select(.kind == "may-call") | .dst.name'
	cmp -s "$tmp/flow.db" "$tmp/flow2.db" || echo "the files differ: $given"
done >"$tmp/given"
is "a caller that gives something else changes what is called" "$(paste -sd' ' "$tmp/given")" "b.one b.two b.two b.<lambda1>"

for count in 1 5; do
	"$drydock" graph ingest --quiet --anew --threads $count --state "$state" --db "$tmp/threads$count.db" "$tree" >/dev/null
done
ok "whatever the number of threads" cmp "$tmp/threads1.db" "$tmp/threads5.db"

# --- a tree that means harm
rm -rf "$tree"
mkdir -p "$tree/dir"
printf 'int ok(void) { return 1; }\n' >"$tree/ok.c"
{ printf 'int f(void) { return '; head -c 200000 /dev/zero | tr '\0' '('; printf '1'; head -c 200000 /dev/zero | tr '\0' ')'; echo '; }'; } >"$tree/nested.c"
{ printf 'var a = "'; head -c 20000000 /dev/zero | tr '\0' 'x'; echo '";'; } >"$tree/line.js"
head -c 40000000 /dev/zero | tr '\0' '\n' >"$tree/large.py"
printf 'int a;\0int b;\n' >"$tree/nul.c"
printf '\377\376i\0n\0t\0' >"$tree/utf16.c"
printf 'int \303\050(void) { return ok(); } // \377\n' >"$tree/invalid.c"
printf 'int crlf(void)\r\n{\r\n\treturn ok();\r\n}\r\n' >"$tree/crlf.c"
{ for i in $(seq 3000); do echo "if x$i:"; printf "%${i}s" ' '; done; echo pass; } >"$tree/deep.py"
# names that lead to many others, many times; conditions in conditions; as many of one name as of uses
awk 'BEGIN {
	print "int leaf(void) { return 1; }\n#define A0() leaf()"
	for (i = 1; i < 9; i++) printf "#define A%d() A%d() A%d() A%d() A%d()\n", i, i - 1, i - 1, i - 1, i - 1
	print "int many(void)\n{"
	for (i = 0; i < 60000; i++) print "\tA8();"
	print "}"
}' >"$tree/macros.c"
awk 'BEGIN { for (i = 0; i < 60000; i++) print "#define same x\nstruct s" i " { same y; };" }' >"$tree/same.h"
awk 'BEGIN { for (i = 0; i < 3000; i++) print "#if defined(A_LONG_NAME_OF_A_CONDITION) && B" i "\nint v" i ";"; for (i = 0; i < 3000; i++) print "#endif" }' >"$tree/conditions.c"
awk 'BEGIN { for (i = 0; i < 20000; i++) printf "class C%d(C%d): pass\n", i, (i + 1) % 20000; for (i = 0; i < 20000; i++) print "C1().nothing()" }' >"$tree/circle.py"
mkfifo "$tree/fifo.c"
ln -s loop "$tree/loop"
ln -s /etc/passwd "$tree/passwd.c"
ln -s . "$tree/dir/up"
printf 'def x(): pass\n' >"$tree/'; DROP TABLE name; --.py"
printf 'def y(): pass\n' >"$tree/$(printf 'esc\033[31m.py')"
: >"$tree/empty.c"
printf 'secret\n' >"$tree/closed.c"
chmod 0 "$tree/closed.c"
begin=$(date +%s)
ingest
is "it is read to its end" "$status $(json '.files')" "0 21"
ok "in bounded time" test $(($(date +%s) - begin)) -lt 300
ask status
for want in "nested.c lexical nesting" "line.js lexical long line" "large.py unread too large" "nul.c unread binary" "utf16.c unread UTF-16" \
	"fifo.c unread special file" "loop unread link" "passwd.c unread link" "dir/up unread link"; do
	is "recorded: $want" "$(json '.incomplete[] | "\(.file) \(.state) \(.reason)"' | grep -cxF -e "$want")" 1
done
ask callers ok
is "the others are as ever" "$(json '[.items[].entity.file] | sort | .[0]')" crlf.c
hasnt "no byte of what a link leads to" "$db" "root:x:"
run "$drydock" graph find y --state "$state" --db "$db"
is "a terminal is told no escapes" "$(grep -c "$(printf '\033')" "$tmp/out") $(grep -c 'x1b' "$tmp/out")" "0 1"

# --- killed
rm -rf "$tree"
cp -R graph "$tree"
ingest
export_of "$db" >"$tmp/before"
torn=0
for ms in 5 15 30 60 120 240; do
	for f in "$tree"/*.c; do echo "int added_$ms(void) { return 1; }" >>"$f"; done
	"$drydock" graph ingest --quiet --state "$state" --db "$db" "$tree" >/dev/null 2>&1 &
	pid=$!
	sleep "0.$(printf %03d $ms)"
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	ask status
	[ "$status" = 0 ] || torn=$((torn + 1))
	[ "$(sqlite3 "$db" 'PRAGMA integrity_check')" = ok ] || torn=$((torn + 1))
done
is "killed at any moment it is the old map or the new one" "$torn" 0
ingest
ask find added_240
is "and the next one makes it" "$status $(json '.items | length > 10')" "0 true"
flock "$db.lock" sh -c 'touch "$1/held"; while [ -e "$1/held" ]; do sleep 0.1; done' sh "$tmp" &
eventually test -e "$tmp/held"
: >"$tmp/err"
"$drydock" graph ingest --state "$state" --db "$db" "$tree" >"$tmp/out" 2>"$tmp/err" &
pid=$!
eventually grep -q 'another drydock makes the map' "$tmp/err"
rm "$tmp/held"
wait $pid
is "while another makes it, it waits, and says so" "$? $(grep -c 'another drydock makes the map' "$tmp/err")" "0 1"
is "nothing is left beside it" "$(find "$tmp" -name 'map.db*' | sort | sed 's|.*/||' | tr '\n' ' ')" "map.db map.db.lock "
done_testing
