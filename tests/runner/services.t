#!/bin/sh
# Services that are started without anybody's help: recognised, installed, configured, replayed, handed over, and
# taken out again where they do not help.
. "$(dirname "$0")/../tap.sh"

# decisions: what attempts decided, in one line
decisions() { json '[.attempts[].decisions[]] | join(", ")'; }
# exported: variables of the recipe that lead to a service
exported() { json '[.environment[] | select(.why // "" | startswith("leads to")) | .name + "=" + .value] | join(" ")' "$1"; }

# --- Redis, by a connection that was refused
mkdir "$tmp/tally"
printf 'all: ; touch all\ncheck: ; @python3 -m unittest -v test_tally\n' >"$tmp/tally/Makefile"
cat >"$tmp/tally/test_tally.py" <<'P'
import unittest, redis
class Tally(unittest.TestCase):
    def test_counts(self):
        r = redis.Redis()
        r.incr("sails")
        self.assertEqual(r.get("sails"), b"1")
P
before=$(digest "$tmp/tally")
up "$tmp/tally"
is "Redis is started for tests that connect to it" "$(json '[.outcome, .tests.passed, .tests.failed] | join(" ")')" "up 1 0"
is "an attempt says so" "$(decisions)" "from now on redis runs beside the tests"
is "its question has a default and does not block" \
	"$(json '.questions[] | select(.kind == "service") | [.id, .blocking, (.default | contains("redis-server"))] | join(" ")')" \
	"service:redis false true"
is "the package is one of the tests" "$(json '.packages[] | select(.name == "redis-server") | [.scope, .requested] | join(" ")')" "test true"
is "the source is as it was" "$(digest "$tmp/tally")" "$before"
recipe=$(json .recipe)
dir=$(dirname "$recipe")
is "the recipe has it" "$(json '.services | map(.name + " " + (.port | tostring)) | join(" ")' "$recipe")" "redis 6379"
run "$drydock" replay --json --quiet --state "$state" --offline "$recipe" "$tmp/tally"
is "a replay starts it" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 1"
mkdir "$tmp/docker"
awk -f tests/dockerfile.awk "$dir/Dockerfile" >"$tmp/docker/script"
is "the Dockerfile has only what the runner knows" "$?" 0
chmod -R a+rX "$tmp"
run "$drydock" sandbox run --state "$state" --net provision --bind "$tmp/tally:/context:ro" \
	--bind "$tmp/docker:/docker:ro" -- /bin/bash /docker/script
is "and the Dockerfile starts it" "$status $(grep -c '^test_counts.*ok$' "$tmp/out" "$tmp/err" | awk -F: '{ n += $2 } END { print n }')" "0 1"
printf '{"service:redis": null}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$tmp/tally"
is "who declines it gets none" "$(json '[.outcome, .tests.failed] | join(" ")') $(decisions)" "tests-failed 1 "
printf '{"service:redis": "redis-server --port 6379 --appendonly no --save \\"\\" --dir /tmp"}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$tmp/tally"
is "an answer goes first" "$(json .outcome) $(decisions) $(json '.services[0].start' "$(json .recipe)")" \
	'up  redis-server --port 6379 --appendonly no --save "" --dir /tmp'

# --- one that does not help
mkdir "$tmp/calm"
printf 'all: ; touch all\ncheck: ; @perl calm.pl\n' >"$tmp/calm/Makefile"
cat >"$tmp/calm/calm.pl" <<'S'
use IO::Socket::INET;
my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => 11211);
print "1..2\nok 1 - afloat\nnot ok 2 - windy\n";
S
up "$tmp/calm"
is "what makes no more tests pass is taken out again" \
	"$(json '[.outcome, .tests.passed, .tests.failed] | join(" ")') $(jq -c '.services' "$(json .recipe)")" "tests-failed 1 1 []"
is "its package, too" "$(json '[.packages[].name | select(. == "memcached")] | length')" 0
is "which is said" "$(decisions)" \
	"from now on memcached runs beside the tests, no test got better with a service beside it, which is taken out again"
has "and the question says it" "$tmp/out" "with the one of the package memcached no test got better"

# --- a display
mkdir "$tmp/flag"
cat >"$tmp/flag/flag.c" <<'C'
#include <X11/Xlib.h>
#include <stdio.h>
int
main(void)
{
	Display *d = XOpenDisplay(NULL);
	if (!d) {
		fprintf(stderr, "flag: cannot open display\n");
		return 1;
	}
	printf("1..1\nok 1 - %d wide\n", DisplayWidth(d, 0));
	return 0;
}
C
printf 'flag: flag.c\n\tcc -o $@ flag.c -lX11\ncheck: flag\n\t@./flag\n' >"$tmp/flag/Makefile"
up "$tmp/flag"
is "tests that open a display have one" "$(json '[.outcome, .tests.passed] | join(" ")') $(decisions)" "up 1 from now on display runs beside the tests"
recipe=$(json .recipe)
is "which is a decision of the recipe" "$(exported "$recipe") $(json '.services[0].name' "$recipe")" "DISPLAY=:99 display"
run "$drydock" replay --json --quiet --state "$state" --offline "$recipe" "$tmp/flag"
is "a replay has it, too" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 1"

# --- PostgreSQL: its database and its schema
mkdir "$tmp/ledger"
printf 'all: ; touch all\ncheck: ; @python3 -m unittest -v test_ledger\n' >"$tmp/ledger/Makefile"
cat >"$tmp/ledger/test_ledger.py" <<'P'
import unittest, psycopg2
class Ledger(unittest.TestCase):
    def setUp(self):
        self.db = psycopg2.connect(dbname="ledger_test")
    def test_rows(self):
        c = self.db.cursor()
        c.execute("select count(*) from entry")
        self.assertEqual(c.fetchone()[0], 2)
    def test_encoding(self):
        c = self.db.cursor()
        c.execute("show server_encoding")
        self.assertEqual(c.fetchone()[0], "UTF8")
P
mkdir "$tmp/ledger/sql"
printf "CREATE TABLE entry (\n\tid serial primary key\n);\n" >"$tmp/ledger/sql/1_entry.sql"
printf 'ALTER TABLE entry ADD what text;\n' >"$tmp/ledger/sql/2_what.up.sql"
printf 'DROP TABLE entry;\n' >"$tmp/ledger/sql/2_what.down.sql"
printf "INSERT INTO entry (what) VALUES ('one'), ('two');\n" >"$tmp/ledger/sql/10_rows.sql"
printf 'CREATE TABLE other (id serial);\n' >"$tmp/ledger/sql/other.sql"
up "$tmp/ledger"
is "PostgreSQL is started" "$(json '[.outcome, .tests.passed, .tests.failed] | join(" ")')" "up 2 0"
is "with what the tests find missing" "$(decisions)" "from now on postgresql runs beside the tests, postgresql is given the database ledger_test, postgresql is given the schema sql/1_entry.sql"
recipe=$(json .recipe)
is "what its clients read is a decision of the recipe" "$(exported "$recipe")" "PGHOST=localhost PGPORT=5432 PGUSER=postgres PGSSLMODE=disable"
is "with a label" "$(json '[.options[] | select(startswith("service:"))][0]' "$recipe")" "service:postgresql PGHOST=localhost"
run "$drydock" replay --json --quiet --state "$state" --offline "$recipe" "$tmp/ledger"
is "a replay has the same" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 2"

# --- the application's own migrations, for a database that is a file
mkdir "$tmp/locker"
cat >"$tmp/locker/Makefile" <<'M'
all: ; touch all
check: ; @python3 -m unittest -v test_locker
migrate: ; @python3 -c 'import sqlite3; sqlite3.connect("locker.db").execute("create table oilskin (n int)")'
M
cat >"$tmp/locker/test_locker.py" <<'P'
import unittest, sqlite3
class Locker(unittest.TestCase):
    def test_is_empty(self):
        self.assertEqual(sqlite3.connect("locker.db").execute("select count(*) from oilskin").fetchone()[0], 0)
P
up "$tmp/locker"
is "tables that tests miss are made by the migrations of the source" "$(json '[.outcome, .tests.passed] | join(" ")') $(decisions)" \
	'up 1 from now on `make migrate` runs before the tests'
recipe=$(json .recipe)
is "which is a decision of the recipe" "$(json '.options[] | select(startswith("migrations="))' "$recipe")" \
	"migrations=make migrate, of Makefile (sqlite3.OperationalError: no such table: oilskin)"
run "$drydock" replay --json --quiet --state "$state" --offline "$recipe" "$tmp/locker"
is "a replay makes them, too" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 1"
sed -i 's/oilskin (n/lanyard (n/' "$tmp/locker/Makefile"
up "$tmp/locker"
is "those that do not help are taken back" "$(json '[.outcome, .tests.failed] | join(" ")') $(jq -c '[.commands.test[0].run, ([.options[] | select(startswith("migrations="))] | length)]' "$(json .recipe)")" \
	'tests-failed 1 ["make check",0]'

# --- skipped tests of a service that a CI file declares
mkdir -p "$tmp/quay/.github/workflows"
printf 'all: ; touch all\ncheck: ; @python3 -m unittest -v test_quay\n' >"$tmp/quay/Makefile"
cat >"$tmp/quay/.github/workflows/test.yml" <<'Y'
jobs:
  test:
    services:
      postgres:
        image: postgres:15
        env:
          POSTGRES_USER: quay
          POSTGRES_PASSWORD: quay
          POSTGRES_DB: quay_test
        ports:
          - 5432:5432
    steps:
      - run: make check
        env:
          QUAY_DATABASE: postgresql://quay:quay@localhost:5432/quay_test
          DB_HOST: localhost
          DB_CRANES: 3
          QUAY_ARCHIVE: postgresql://quay:quay@archive.example.org/quay
Y
cat >"$tmp/quay/test_quay.py" <<'P'
import os, unittest
where = os.environ.get("QUAY_DATABASE")
class Quay(unittest.TestCase):
    def test_name(self):
        self.assertNotIn("QUAY_ARCHIVE", os.environ)
    @unittest.skipUnless(where, "QUAY_DATABASE is not there")
    def test_database(self):
        import psycopg2
        c = psycopg2.connect(where).cursor()
        c.execute("select current_user || current_database()")
        self.assertEqual(c.fetchone()[0], "quayquay_test")
P
printf 'psycopg2\n' >"$tmp/quay/requirements.txt"
printf 'import psycopg2\n' >"$tmp/quay/quay.py"
sed -i 's/^all: .*/all: ; python3 -c "import quay"/' "$tmp/quay/Makefile"
up "$tmp/quay"
is "a service that CI declares makes skipped tests run" \
	"$(json '[.outcome, .tests.passed, .tests.skipped, (.attempts | map(select(.ended == "more tests run")) | length)] | join(" ")')" "up 2 0 1"
is "by the configuration's own names, and nothing that leads elsewhere" "$(exported "$(json .recipe)")" \
	"QUAY_DATABASE=postgresql://quay:quay@localhost:5432/quay_test DB_HOST=localhost DB_CRANES=3 PGHOST=localhost PGPORT=5432 PGUSER=quay PGSSLMODE=disable"

# --- MariaDB, by a compose file
mkdir "$tmp/crane"
printf 'all: ; touch all\ncheck: ; @python3 -m unittest -v test_crane\n' >"$tmp/crane/Makefile"
cat >"$tmp/crane/compose.yaml" <<'Y'
services:
  store:
    image: mariadb:10
    environment:
      - MARIADB_ROOT_PASSWORD=deep
      - MARIADB_DATABASE=crane
      - MARIADB_USER=crane
      - MARIADB_PASSWORD=hook
    volumes:
      - ./load.sql:/docker-entrypoint-initdb.d/load.sql
  app:
    build: .
    environment:
      CRANE_HOST: store
      CRANE_NAME: crane
      CRANE_USER: crane
      CRANE_WORD: hook
Y
printf 'CREATE TABLE cargo (\n  tons int\n);\nINSERT INTO cargo VALUES (7);\n' >"$tmp/crane/load.sql"
cat >"$tmp/crane/test_crane.py" <<'P'
import os, unittest, pymysql
def of(name): return os.environ.get("CRANE_" + name, "none")
class Crane(unittest.TestCase):
    def test_load(self):
        c = pymysql.connect(host=of("HOST"), user=of("USER"), password=of("WORD"), database=of("NAME")).cursor()
        c.execute("select tons from cargo")
        self.assertEqual(c.fetchone()[0], 7)
P
up "$tmp/crane"
is "MariaDB is started as the compose file has it" "$(json '[.outcome, .tests.passed, .tests.failed] | join(" ")')" "up 1 0"
recipe=$(json .recipe)
is "its name leads to it" "$(json '.services[0].hosts | join(" ")' "$recipe")" store
is "the tests get the application's variables" "$(exported "$recipe" | tr ' ' '\n' | grep -c ^CRANE_)" 4
run "$drydock" replay --json --quiet --state "$state" --offline "$recipe" "$tmp/crane"
is "a replay has the same database" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 1"
done_testing
