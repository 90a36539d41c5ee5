#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# What was seen when a program ran is told of what it was seen of: coverage, stacks, access logs, traces.
. "$(dirname "$0")/../tap.sh"

tree=$tmp/tree
db=$tmp/map.db
mkdir "$tree"
cat >"$tree/app.py" <<'PY'
from flask import Flask
import sqlite3
app = Flask(__name__)

@app.route('/users/<int:id>', methods=['GET'])
def show_user(id):
    return load(id)

@app.route('/users/me', methods=['GET'])
def show_me():
    return pick('load')(1)

def load(id):
    if id < 0:
        return None
    return sqlite3.connect('x').execute('SELECT name FROM accounts WHERE id = ?', (id,))

def pick(name):
    return globals()[name]
PY
cat >"$tree/other.py" <<'PY'
def twice(): pass
def idle(): pass
def loner(): pass
PY
echo 'def twice(): pass' >"$tree/third.py"
graph() { run "$drydock" graph "$@" --state "$state" --db "$db"; }
seen() { json "[.items[] | select(.entity.name == \"$1\")][0].seen | map(\"\\(.format) \\(.prov) \\(.text)\") | join(\"; \")"; }
fresh() { rm -f "$db"; graph ingest --quiet "$tree"; }

# --- coverage
fresh
cat >"$tmp/cov.info" <<L
TN:
SF:/build/machine/app.py
FN:6,show_user
FNDA:3,show_user
DA:6,1
DA:7,3
DA:9,1
DA:10,1
DA:11,0
DA:13,1
DA:14,40
DA:15,0
DA:16,40
end_of_record
SF:/build/machine/other.py
DA:1,0
end_of_record
SF:/usr/lib/python3/flask/app.py
DA:1,1
end_of_record
L
graph import --format lcov "$tmp/cov.info" --json
is "coverage is taken in, and what is not of the tree is counted" "$status $(json '"\(.seen) \(.placed) \(.entities) \(.missing)"')" "0 12 11 4 1"
graph find load --json
is "lines of a function" "$(seen app.load)" "lcov runtime reached 40 times by tests, 3 of 4 lines"
graph callers load --json
is "and in the answer about who calls" "$(seen app.show_user)" "lcov runtime reached 3 times by tests, 2 of 2 lines"
graph find show_me --json
is "what is defined and not called was not reached" "$(json '.items[0].seen[0] | "\(.count) \(.lines_reached)"')" "0 1"
graph callers load
has "for people, too" "$tmp/out" "reached 3 times by tests, 2 of 2 lines (lcov)"

# --- counts, and prototypes
mkdir "$tmp/counted"
printf 'int often(int x);\nint often(int x)\n{\n\treturn x;\n}\n' >"$tmp/counted/often.c"
printf 'SF:often.c\nFNDA:18446744073709551615,often\nFNDA:1,often\nDA:4,18446744073709551615\nDA:4,1\nend_of_record\n' >"$tmp/often.info"
run "$drydock" graph ingest --quiet --state "$state" --db "$tmp/counted.db" "$tmp/counted"
run "$drydock" graph import --format lcov --state "$state" --db "$tmp/counted.db" --json "$tmp/often.info"
is "a prototype does not make a function two" "$status $(json '"\(.seen) \(.placed)"')" "0 2 2"
run "$drydock" graph sql "SELECT count FROM seen" --db "$tmp/counted.db"
is "a count ends where no more is told apart" "$(cat "$tmp/out")" 9223372036854775807

# --- an access log
cat >"$tmp/access.log" <<L
203.0.113.9 - alice [28/Nov/2026:10:00:00 +0000] "GET /users/17?token=s3cret HTTP/1.1" 200 12 "-" "curl" rt=0.010
203.0.113.9 - alice [28/Nov/2026:10:00:01 +0000] "GET /users/18 HTTP/1.1" 500 12 "-" "curl" rt=0.100
203.0.113.9 - - [28/Nov/2026:10:00:02 +0000] "GET /users/me HTTP/1.1" 200 12 "-" "curl" rt=0.010
203.0.113.9 - - [28/Nov/2026:10:00:02 +0000] "GET /wp-admin/secret-path HTTP/1.1" 404 12 "-" "curl"
{"request_method": "GET", "request_uri": "/users/19?x=1", "status": 503, "request_time": 0.010, "remote_addr": "203.0.113.9"}
not a line of a log
L
printf '203.0.113.9 - - [28/Nov/2026:10:00:03 +0000] "GET /login?next=https://x.example/users/me HTTP/1.1" 200 12 "-" "curl" rt=0.010\n' >>"$tmp/access.log"
graph import --format access-log "$tmp/access.log" --json
is "requests find their routes" "$status $(json '"\(.seen) \(.placed) \(.entities)"')" "0 6 4 2"
graph find 'GET /users/<int:id>' --json
is "with errors and times" "$(json '.items[0].seen[0] | "\(.count) \(.errors) \(.p50_ms > 9 and .p50_ms < 11) \(.p95_ms > 90 and .p95_ms < 110) \(.prov)"')" "3 2 true true production"
graph at app.py:11 --json
is "a route without a parameter is the better one, and who answers has its numbers" "$(seen app.show_me)" \
	"lcov runtime reached 0 times by tests, 1 of 2 lines; access-log production called 1 times, 0 errors, p50 10 ms, p95 10 ms"
graph impact app.py:14 --json
is "impact tells both sources" "$(json '[.items[] | select(.entity.name == "app.show_user")][0].seen | map(.format) | join(" ")')" "lcov access-log"
ok "nothing of who asked is in the map" sh -c "! grep -a -e 203.0.113 -e alice -e s3cret -e wp-admin -e 'users/17' '$db'"

# --- stacks
cat >"$tmp/folded" <<L
main;py::show_me:/srv/app.py;py::load:/srv/app.py 7
main;py::show_me:/srv/app.py;twice 2
start;loner 1
L
printf 'python 1 1.0: 1 cycles:\n\t  ff00 idle+0x1 ([kernel.kallsyms])\n\t  7f00 load+0x1f (/usr/bin/python)\n\t  7f01 show_me+0x2 (/usr/bin/python)\n\n' >>"$tmp/folded"
graph import --format perf "$tmp/folded" --json
is "stacks" "$status $(json '"\(.seen) \(.placed) \(.entities)"')" "0 12 6 3"
graph callers load --json
is "a call that only the run shows is there" "$(json '[.items[] | select(.entity.name == "app.show_me")][0] | "\(.relation) \(.prov) \(.conf)"')" "calls production 0.99"
is "and a call that the source shows is confirmed" "$(json '[.items[] | select(.entity.name == "app.show_user")][0].prov')" resolved
graph find load --json
is "how often it was on a stack" "$(json '.items[0].seen | map(select(.format == "perf").text)[0]')" "in 8 samples"
graph unused --json
is "what was seen to run is not unused" "$(json '[.items[].entity.name] | sort | join(" ")')" "other.idle other.twice third.twice"
graph find idle --json
is "the kernel's functions are not those of the tree" "$(json '[.items[].seen // [] | .[] | select(.format == "perf")] | length')" 0
graph find twice --json
is "a name that two have is of neither" "$(json '[.items[].seen // [] | .[] | select(.format == "perf")] | length')" 0

# --- traces
cat >"$tmp/traces.json" <<'L'
{"resourceSpans":[{"scopeSpans":[{"spans":[
{"name":"x","kind":2,"startTimeUnixNano":"1000000000","endTimeUnixNano":"1040000000","status":{"code":2},"attributes":[{"key":"http.request.method","value":{"stringValue":"GET"}},{"key":"http.route","value":{"stringValue":"/users/{id}"}},{"key":"client.address","value":{"stringValue":"203.0.113.9"}}]},
{"name":"q","kind":3,"startTimeUnixNano":"1000000000","endTimeUnixNano":"1002000000","attributes":[{"key":"db.statement","value":{"stringValue":"SELECT name FROM accounts WHERE mail = 'bob@example.org'"}}]},
{"name":"f","kind":1,"startTimeUnixNano":"1000000000","endTimeUnixNano":"1002000000","attributes":[{"key":"code.function.name","value":{"stringValue":"app.load"}},{"key":"code.file.path","value":{"stringValue":"/srv/app.py"}}]},
{"name":"g","kind":1,"attributes":[{"key":"code.function","value":{"stringValue":"unheard_of"}}]}
]}]}]}
L
graph import --format otlp "$tmp/traces.json" --json
is "spans are endpoints, tables and functions" "$status $(json '"\(.seen) \(.placed) \(.entities)"')" "0 4 3 3"
graph find accounts --json
is "a table" "$(json '.items[0].seen[0].text')" "called 1 times, 0 errors, p50 1.9 ms, p95 1.9 ms"
graph find 'GET /users/<int:id>' --json
is "an endpoint, beside what a log told of it" "$(json '.items[0].seen | map("\(.format) \(.count) \(.errors)") | join(", ")')" "access-log 3 2, otlp 1 1"
ok "nothing of what was asked is in the map" sh -c "! grep -a -e bob@ -e 203.0.113 -e unheard_of '$db'"
jq -c . "$tmp/traces.json" >"$tmp/traces.jsonl"
jq -c . "$tmp/traces.json" >>"$tmp/traces.jsonl"
graph import --format otlp "$tmp/traces.jsonl" --json
is "a document a line is the same" "$status $(json '"\(.seen) \(.placed)"')" "0 4 3"

# --- it stays, adds up, and goes with the file
graph import --format access-log "$tmp/access.log" --json
graph find 'GET /users/<int:id>' --json
is "the same file is not counted twice" "$(json '.items[0].seen | map(select(.format == "access-log").count) | join(" ")')" 3
graph context app.py:14 --json
is "a pack tells it" "$(json '[.items[] | select(.entity.name == "app.load")][0].seen | length')" 4
echo '# more' >>"$tree/third.py"
graph ingest --json "$tree"
is "another file changes: nothing is dropped" "$(json '"\(.unchanged) \(.imports_dropped)"')" "false 0"
echo '# more' >>"$tree/app.py"
graph ingest --json "$tree"
is "the file changes: what was seen of it is" "$(json '.imports_dropped > 0')" true
graph callers load --json
is "and with it the call that only a run showed" "$(json '[.items[].entity.name] | join(" ")')" "app.show_user"

# --- no such file
head -c 5000 /dev/urandom >"$tmp/noise"
for format in lcov perf access-log otlp; do
	graph import --format $format "$tmp/noise"
	is "noise is no $format" "$status $(wc -l <"$tmp/err")" "2 1"
done
done_testing
