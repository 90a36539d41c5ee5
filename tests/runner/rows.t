#!/bin/sh
# Rows that are made up for tables which a source leaves empty: the real servers take each of them, and it is said what they are.
. "$(dirname "$0")/../tap.sh"

decisions() { json '[.attempts[].decisions[]] | map(select(test("rows"))) | join(", ")'; }
option() { json '.options[] | select(startswith("rows="))' "$(json .recipe)"; }

# --- PostgreSQL
mkdir "$tmp/harbour"
printf 'all: ; touch all\ncheck: ; @python3 -m unittest -v test_harbour\n' >"$tmp/harbour/Makefile"
printf 'psycopg2\n' >"$tmp/harbour/requirements.txt"
cat >"$tmp/harbour/compose.yaml" <<'Y'
services:
  store:
    image: postgres:15
    environment:
      POSTGRES_DB: harbour
    volumes:
      - ./schema.sql:/docker-entrypoint-initdb.d/schema.sql
Y
cat >"$tmp/harbour/schema.sql" <<'S'
CREATE TYPE mood AS ENUM ('calm', 'rough');
CREATE TABLE person (
	id integer PRIMARY KEY,
	mail varchar(40) NOT NULL UNIQUE CHECK (mail LIKE '%@%'),
	rank char(2) NOT NULL CHECK (rank IN ('C1', 'C2')),
	born date NOT NULL, token uuid NOT NULL UNIQUE, host inet, watch interval, wakes time
);
CREATE TABLE boat (
	id serial PRIMARY KEY,
	name varchar(6) NOT NULL UNIQUE CHECK (length(name) BETWEEN 2 AND 6),
	owner integer NOT NULL REFERENCES person (id),
	sea mood NOT NULL,
	tons numeric(4,2) NOT NULL CHECK (tons > 10),
	seen timestamptz NOT NULL DEFAULT now(),
	papers jsonb NOT NULL, tags text[] NOT NULL, log bytea NOT NULL, afloat boolean NOT NULL,
	tug integer REFERENCES boat (id),
	CONSTRAINT state CHECK (((name)::text <> ''::text))
);
CREATE TABLE crew (boat integer NOT NULL, person integer NOT NULL, since smallint NOT NULL CHECK (since >= 1990 AND since <= 1991));
ALTER TABLE ONLY crew ADD CONSTRAINT crew_pkey PRIMARY KEY (boat, person);
ALTER TABLE ONLY crew ADD CONSTRAINT crew_boat FOREIGN KEY (boat) REFERENCES boat (id) ON DELETE CASCADE;
ALTER TABLE ONLY crew ADD CONSTRAINT crew_person FOREIGN KEY (person) REFERENCES person (id);
S
cat >"$tmp/harbour/test_harbour.py" <<'P'
import unittest, psycopg2
class Harbour(unittest.TestCase):
    def ask(self, q):
        c = psycopg2.connect(dbname="harbour").cursor()
        c.execute(q)
        return c.fetchone()[0]
    def test_the_table(self):
        self.assertGreaterEqual(self.ask("select count(*) from person"), 0)
    def test_people(self):
        self.assertEqual(self.ask("select count(distinct token) from person where host is not null"), 3)
    def test_boats(self):
        self.assertEqual(self.ask("select count(*) from boat b join person p on p.id = b.owner where sea in ('calm', 'rough')"), 3)
    def test_crews(self):
        self.assertEqual(self.ask("select count(*) from crew c join boat b on b.id = c.boat"), 3)
    def test_the_next_boat(self):
        self.assertEqual(self.ask("insert into boat (name, owner, sea, tons, papers, tags, log, afloat) select 'next', 1, 'calm', 11, '{}', '{}', '', true returning id"), 4)
P
up --no-prune "$tmp/harbour"
is "rows are made up that PostgreSQL takes, all of them" "$(json '[.outcome, .tests.passed, .tests.failed] | join(" ")')" "up 5 0"
is "which an attempt says" "$(decisions)" "from now on the tables person, boat, crew of postgresql hold rows that are made up"
is "and the recipe" "$(option)" "rows=made up for the tables person, boat, crew of postgresql, which mean nothing (the source has none)"
is "and who is asked for better ones" "$(json '.questions[] | select(.id == "decision:rows") | [.default, .blocking] | join(" ")')" "rows that are made up false"
recipe=$(json .recipe)
has "also in the list of what only people know" "$(dirname "$recipe")/NEEDS.md" "used in its place: rows that are made up"
has "and in the report" "$(json .report)" "rows that are made up"
run "$drydock" replay --json --quiet --state "$state" --offline "$recipe" "$tmp/harbour"
is "a replay has the same" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 5"
printf '{"decision:rows": "nothing"}\n' >"$tmp/answers.json"
up --no-prune --answers "$tmp/answers.json" "$tmp/harbour"
is "who wants none has none" "$(json '.tests.passed') $(decisions)" "1 "
is "what is made up is seen before" "$(echo '["schema.sql"]' | "$root/build/drydock-core" worker rows "$tmp/harbour" | jq -r '.tables | join(" ")')" "person boat crew"
printf "INSERT INTO person SELECT 1, 'a@b', 'C1', now(), gen_random_uuid() WHERE false;\n" >"$tmp/harbour/more.sql"
is "a source with rows of its own gets none" "$(echo '["schema.sql"]' | "$root/build/drydock-core" worker rows "$tmp/harbour")" '{"own":"more.sql"}'

# --- MariaDB, and rows that do not help
mkdir "$tmp/crane"
printf 'all: ; touch all\ncheck: ; @python3 -m unittest -v test_crane\n' >"$tmp/crane/Makefile"
printf 'pymysql\n' >"$tmp/crane/requirements.txt"
cat >"$tmp/crane/compose.yaml" <<'Y'
services:
  store:
    image: mariadb:10
    environment:
      - MARIADB_DATABASE=crane
    volumes:
      - ./load.sql:/docker-entrypoint-initdb.d/load.sql
Y
cat >"$tmp/crane/load.sql" <<'S'
CREATE TABLE `load` (
  `id` int(11) unsigned NOT NULL AUTO_INCREMENT,
  `key` varchar(3) NOT NULL COMMENT 'what (it) is',
  `kind` enum('bulk','crate') NOT NULL DEFAULT 'bulk',
  `flags` set('wet','cold') NOT NULL,
  `open` tinyint(1) NOT NULL,
  `made` year NOT NULL,
  `at` datetime NOT NULL ON UPDATE CURRENT_TIMESTAMP,
  `notes` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL CHECK (json_valid(`notes`)),
  PRIMARY KEY (`id`),
  UNIQUE KEY `load_key` (`key`),
  KEY `load_at` (`at`)
) ENGINE=InnoDB AUTO_INCREMENT=1 DEFAULT CHARSET=utf8mb4;
CREATE TABLE hook (n int unsigned NOT NULL, grip decimal(3,1) NOT NULL CHECK (grip >= 1.5 and grip < 9), size tinyint unsigned NOT NULL, PRIMARY KEY (n), CONSTRAINT h FOREIGN KEY (n) REFERENCES crate (id));
CREATE TABLE crate (id int unsigned NOT NULL AUTO_INCREMENT, name char(4) NOT NULL, secret varbinary(8) NOT NULL, at timestamp NOT NULL DEFAULT current_timestamp(), kind enum('a','b') NOT NULL, PRIMARY KEY (id), UNIQUE KEY (name, kind));
S
sed -i 's/ CHECK (json_valid(`notes`))//' "$tmp/crane/load.sql"
# what refers stands behind what it refers to, as MariaDB wants it
{ grep -v '^CREATE TABLE hook' "$tmp/crane/load.sql"; grep '^CREATE TABLE hook' "$tmp/crane/load.sql"; } >"$tmp/load" && mv "$tmp/load" "$tmp/crane/load.sql"
cat >"$tmp/crane/test_crane.py" <<'P'
import unittest, pymysql
class Crane(unittest.TestCase):
    def test_rows(self):
        c = pymysql.connect(host="127.0.0.1", user="root", database="crane").cursor()
        n = []
        for t in ("`load`", "crate", "hook"):
            c.execute("select count(*) from " + t)
            n.append(c.fetchone()[0])
        self.assertEqual(n, [3, 3, 3])
P
up --no-prune "$tmp/crane"
is "MariaDB takes all of its own" "$(json '[.outcome, .tests.passed, .tests.failed] | join(" ")') $(decisions)" \
	'up 1 0 from now on the tables `load`, crate, hook of mysql hold rows that are made up'
sed -i 's/\[3, 3, 3\]/[5, 5, 5]/' "$tmp/crane/test_crane.py"
printf '    def test_server(self):\n        pymysql.connect(host="127.0.0.1", user="root", database="crane")\n' >>"$tmp/crane/test_crane.py"
up --no-prune "$tmp/crane"
is "rows that do not help are taken back" "$(json '[.outcome, .tests.passed, .tests.failed] | join(" ")') $(option) $(json '[.questions[] | select(.id == "decision:rows")] | length')" \
	"tests-failed 1 1  0"
is "and are in no command" "$(json '[.services[].start | select(contains("INSERT"))] | length' "$(json .recipe)")" 0
done_testing
