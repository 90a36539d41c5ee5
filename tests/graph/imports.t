#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# What other tools know is taken into the map: the index of a real compiler front end, and one of our own export.
. "$(dirname "$0")/../tap.sh"

tree=$tmp/tree
db=$tmp/map.db
index=tests/graph/imports/typescript.scip # of the tree, by scip-typescript 0.4.0
cp -R tests/graph/cases/typescript "$tree"
rm "$tree/expect"
graph() { run "$drydock" graph "$@" --state "$state"; }
relations() { "$drydock" graph export --state "$state" --db "$1" | jq -r 'select(.kind != "contains") | "\(.kind) \(.src.name) -> \(.dst.name) \(.prov)"' | LC_ALL=C sort; }

graph import --format scip --db "$db" "$index"
is "a map that is not there is told" "$status $(grep -c 'graph ingest' "$tmp/err")" "2 1"
graph ingest --quiet --db "$db" "$tree"
relations "$db" >"$tmp/before"
graph import --format scip --db "$db" --json "$index"
is "an index is taken in" "$status $(json '"\(.files) \(.missing) \(.references) \(.placed) \(.refuted)"')" "0 2 0 9 7 0"
relations "$db" >"$tmp/after"
is "what it knows has its word" "$(grep -c ' compiler$' "$tmp/after") $(grep -c ' resolved$' "$tmp/after")" "9 1"
is "and what only it knows is there" "$(sed 's/ [a-z]*$//' "$tmp/before" | comm -13 - "$tmp/after" | grep overrides)" \
	"overrides Circle.area -> Shape.area compiler"
ok "what it does not know stays" grep -q 'calls total -> area unresolved' "$tmp/after"
graph callers square --db "$db" --json
is "answers tell it" "$(json '[.items[] | "\(.entity.name) \(.prov) \(.conf)"] | sort | join(", ")')" "Circle.area compiler 0.99, total compiler 0.99"
graph ingest --db "$db" --json "$tree"
is "a refresh of the same tree does nothing" "$(json .unchanged)" true
graph import --format scip --db "$db" --json "$index"
is "the same index again changes nothing" "$status $(relations "$db" | cmp - "$tmp/after" && echo same)" "0 same"

# --- our own export, read back
"$drydock" graph export --format scip --state "$state" --db "$db" >"$tmp/own.scip"
graph ingest --quiet --db "$tmp/own.db" "$tree"
graph import --format scip --db "$tmp/own.db" --json "$tmp/own.scip"
is "an export is an index" "$status $(json '"\(.files) \(.placed == .references) \(.refuted)"')" "0 2 true 0"
is "with every relation of names" "$(relations "$tmp/own.db" | grep -c ' compiler$')" "8"
relations "$tmp/own.db" >"$tmp/own"
ok "and no call that is not resolved" grep -q 'calls total -> area unresolved' "$tmp/own"
is "one of the same tree is the same to the byte" "$("$drydock" graph export --format scip --state "$state" --db "$db" | cmp - "$tmp/own.scip" && echo same)" same

mkdir "$tmp/guess"
printf 'class B:\n    def go(self): pass\ndef sure(): pass\ndef f(x):\n    x.go()\n    sure()\n' >"$tmp/guess/m.py"
graph ingest --quiet --db "$tmp/guess.db" "$tmp/guess"
"$drydock" graph export --format scip --state "$state" --db "$tmp/guess.db" >"$tmp/guess.scip"
graph import --format scip --db "$tmp/guess.db" "$tmp/guess.scip"
is "a guess is not exported as if it were known" "$(relations "$tmp/guess.db" | tr '\n' ',')" "calls m.f -> m.sure compiler,may-call m.f -> m.B.go name,"

# --- below a directory
mkdir "$tmp/whole"
cp -R "$tree" "$tmp/whole/part"
graph ingest --quiet --db "$tmp/whole.db" "$tmp/whole"
graph import --format scip --db "$tmp/whole.db" "$index"
is "paths of elsewhere are refused" "$status $(grep -c -e '--below' "$tmp/err")" "2 1"
graph import --format scip --below part --db "$tmp/whole.db" "$index"
is "unless it is said where they begin" "$status $(relations "$tmp/whole.db" | grep -c ' compiler$')" "0 9"

# --- a file changes
echo '// more' >>"$tree/shapes.ts"
graph ingest --db "$db" "$tree"
has "what is dropped is told" "$tmp/out" "what was imported of 1 files is dropped"
is "the other file keeps what leads to its own" "$(relations "$db" | grep ' compiler$')" "calls run -> total compiler"
graph status --db "$db"
has "and status knows it" "$tmp/out" "imported scip typescript.scip of scip-typescript 0.4.0: 1 files, 1 dropped"
"$drydock" graph export --format scip --state "$state" --db "$tmp/own.db" >/dev/null 2>"$tmp/err"
has "an export leaves out what has changed, and says so" "$tmp/err" "1 files have changed"

# --- a map without history
(cd "$tmp/whole" && git init -q . && git add . && git -c user.name=n -c user.email=e@x commit -qm first)
graph ingest --anew --no-history --quiet --db "$tmp/plain.db" "$tmp/whole"
graph import --format scip --below part --db "$tmp/plain.db" "$index"
graph sql "SELECT count(*) FROM history" --db "$tmp/plain.db"
is "an import brings none into it" "$status $(cat "$tmp/out")" "0 0"

# --- no such file
head -c 2000 /dev/urandom >"$tmp/noise"
head -c 3000 "$index" >"$tmp/cut"
mkfifo "$tmp/fifo"
for f in noise cut fifo not-there; do
	graph import --format scip --db "$db" "$tmp/$f"
	is "refused: $f" "$status $(wc -l <"$tmp/err")" "2 1"
done
graph import --db "$db" "$index"
is "a format is needed" "$status $(wc -l <"$tmp/err")" "2 1"
graph import --format pdf --db "$db" "$index"
is "that there is" "$status $(wc -l <"$tmp/err")" "2 1"

# --- killed at any moment: the map from before, or the one with it
torn=0
for ms in 20 60 120 200; do
	rm -f "$tmp/killed.db"
	"$drydock" graph ingest --quiet --state "$state" --db "$tmp/killed.db" "$tmp/whole"
	relations "$tmp/killed.db" >"$tmp/k0"
	"$drydock" graph import --format scip --below part --state "$state" --db "$tmp/killed.db" "$index" >"$tmp/k.out" 2>&1 &
	pid=$!
	sleep "$(printf '0.%03d' $ms)"
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	relations "$tmp/killed.db" >"$tmp/k1"
	cmp -s "$tmp/k0" "$tmp/k1" || [ "$(grep -c ' compiler$' "$tmp/k1")" = 9 ] || torn=$((torn + 1))
done
is "no map is torn" "$torn" 0
done_testing
