/* Rows that are made up: SQLite takes each of them, with its foreign keys and checks; the others of its kin, see rows.t. */
#include "envprobe/made_up.h"

#include "base/db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct made {
	struct buf sql;
	struct strlist tables, left;
	bool has_rows;
};

static void
made_cleanup(struct made *m)
{
	buf_cleanup(&m->sql);
	strlist_cleanup(&m->tables);
	strlist_cleanup(&m->left);
}

static void
make(const char *schema, uint64_t seed, struct made *ret)
{
	struct ddl d = {0};
	*ret = (struct made){0};
	ddl_read(str_of(schema), &d);
	made_up_rows(&d, seed, &ret->sql, &ret->tables, &ret->left);
	ret->has_rows = d.has_rows;
	ddl_cleanup(&d);
}

/* The schema and its rows, in a database; gives how many rows all its tables have. */
static int64_t
rows_taken(const char *schema, uint64_t seed)
{
	OWN(dd_err) struct dd_err err = {0};
	char path[] = "/tmp/drydock-rows.XXXXXX";
	struct db *db = NULL;
	struct made m;
	int64_t n = 0;
	make(schema, seed, &m);
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	(void)close(fd);
	if (db_create(path, schema, 1, 1, &db, &err) < 0 ||
		db_exec(db, "PRAGMA foreign_keys = ON", &err) < 0 ||
		db_exec(db, m.sql.n ? m.sql.p : "", &err) < 0)
		fail_msg("%s\n%s", err_msg(&err), m.sql.p);
	for (size_t i = 0; i < m.tables.n; i++) {
		OWN_FREE char *q = mem_printf("SELECT count(*) FROM %s", m.tables.v[i]);
		struct db_stmt *st;
		assert_int_equal(db_query(db, &st, &err, q, ""), 0);
		assert_int_equal(db_step(st, &err), 1);
		n += db_int(st, 0);
		db_done(st);
	}
	db_close(db);
	(void)unlink(path);
	made_cleanup(&m);
	return n;
}

static void
rows_keep_types_lengths_and_null(void **state)
{
	(void)state;
	assert_int_equal(
		rows_taken("CREATE TABLE boat (\n"
			   "  id INTEGER PRIMARY KEY AUTOINCREMENT, -- its own\n"
			   "  name VARCHAR(4) NOT NULL UNIQUE CHECK (length(name) <= 4),\n"
			   "  code CHAR(8) NOT NULL CHECK (length(code) = 8),\n"
			   "  tons DECIMAL(5, 2) NOT NULL CHECK (tons > 0 AND tons < 1000),\n"
			   "  built DATE NOT NULL, open BOOLEAN NOT NULL DEFAULT TRUE,\n"
			   "  mail TEXT NOT NULL CHECK (mail LIKE '%@%.%'), key TEXT\n);",
			1),
		3);
}

static void
rows_refer_to_rows_that_are_there(void **state)
{
	(void)state;
	const char *schema =
		"CREATE TABLE berth_boat (berth INTEGER NOT NULL REFERENCES berth(number), boat INTEGER NOT NULL,"
		"  PRIMARY KEY (berth, boat), FOREIGN KEY (boat) REFERENCES boat (id) ON DELETE SET NULL);\n"
		"CREATE TABLE boat (id INTEGER PRIMARY KEY, owner TEXT REFERENCES person(mail) ON DELETE CASCADE,"
		"  mother INTEGER REFERENCES boat);\n"
		"CREATE TABLE person (mail TEXT PRIMARY KEY, since TIMESTAMP NOT NULL);\n"
		"CREATE TABLE berth (number INTEGER PRIMARY KEY CHECK (number BETWEEN 40 AND 49));\n";
	assert_int_equal(rows_taken(schema, 1), 12);
	assert_int_equal(rows_taken(schema, 77), 12);
}

static void
rows_have_only_values_that_are_allowed(void **state)
{
	(void)state;
	/* a state differs from row to row, and there are two */
	assert_int_equal(
		rows_taken(
			"CREATE TABLE \"order\" (\"state\" TEXT NOT NULL UNIQUE CHECK (\"state\" IN ('new', 'it''s done')),"
			" kind TEXT NOT NULL CHECK (kind IN ('a','b','c')), n INT CHECK (n >= -3 AND n <= -1 AND n <> 7),"
			" flag INT NOT NULL CHECK (flag IN (0, 1)), t TEXT CHECK (t <> ''));",
			1),
		2);
}

static void
what_cannot_be_kept_is_left_out_and_said(void **state)
{
	struct made m;
	(void)state;
	make("CREATE TABLE a (x INT CHECK (x % 2 = 0));\n"
	     "CREATE TABLE b (a INT NOT NULL REFERENCES a(x));\n"
	     "CREATE TABLE c (p point NOT NULL);\n"
	     "CREATE TABLE d (d INT NOT NULL REFERENCES e(e)); CREATE TABLE e (e INT NOT NULL REFERENCES d(d));\n"
	     "CREATE TABLE f (x INT CHECK (x > 5 AND x < 3));\n"
	     "CREATE TABLE g (x INT, y INT CHECK (y > x));\n"
	     "CREATE TABLE h (x INT);\n"
	     "CREATE TABLE i (x INT CHECK (x IN (-1, 2)));\nCREATE TABLE j (x INT CHECK (x < 1e1));\n"
	     "CREATE TABLE k (x TEXT CHECK (x LIKE $$a'b%$$));\n",
		1, &m);
	assert_int_equal(m.tables.n, 1);
	assert_string_equal(m.tables.v[0], "h");
	assert_int_equal(m.left.n, 10);
	assert_true(strlist_has(&m.left, "a: a condition that is not understood"));
	assert_true(strlist_has(&m.left, "b: it refers to what gets no rows"));
	assert_true(strlist_has(&m.left, "c: a type that is not understood"));
	assert_true(strlist_has(&m.left, "f: conditions that exclude each other"));
	made_cleanup(&m);
}

static void
patterns_are_kept_where_they_can_be(void **state)
{
	struct made m;
	(void)state;
	assert_int_equal(
		rows_taken(
			"CREATE TABLE t (mail VARCHAR(20) NOT NULL UNIQUE CHECK (mail LIKE '%@%'), k CHAR(4) CHECK (k LIKE 'A__'));",
			3),
		3);
	make("CREATE TABLE a (k TEXT UNIQUE CHECK (k LIKE 'A__')); CREATE TABLE b (k VARCHAR(6) CHECK (k LIKE '%@%'));",
		1, &m);
	assert_int_equal(m.left.n, 2);
	made_cleanup(&m);
}

static void
the_same_seed_gives_the_same_rows(void **state)
{
	static const char schema[] =
		"CREATE TABLE t (id INT PRIMARY KEY, n INT NOT NULL, w TEXT NOT NULL);";
	struct made a, b, c;
	(void)state;
	make(schema, 1, &a);
	make(schema, 1, &b);
	make(schema, 2, &c);
	assert_string_equal(a.sql.p, b.sql.p);
	assert_string_not_equal(a.sql.p, c.sql.p);
	made_cleanup(&a);
	made_cleanup(&b);
	made_cleanup(&c);
}

static void
what_pg_dump_writes_is_read(void **state)
{
	struct made m;
	(void)state;
	make("CREATE TYPE public.mood AS ENUM ('calm', 'rough');\n"
	     "CREATE TABLE public.sea (id integer NOT NULL, mood public.mood NOT NULL, state character varying(20) DEFAULT 'x'::character varying,\n"
	     "  price numeric(10,2) NOT NULL, CONSTRAINT s CHECK (((state)::text = ANY ((ARRAY['open'::character varying, 'shut'::character varying])::text[]))),\n"
	     "  CONSTRAINT p CHECK ((price > (9)::numeric)), CONSTRAINT l CHECK ((length((state)::text) <= 20)));\n"
	     "ALTER TABLE ONLY public.sea ALTER COLUMN id SET DEFAULT nextval('public.sea_id_seq'::regclass);\n"
	     "ALTER TABLE ONLY public.sea ADD CONSTRAINT sea_pkey PRIMARY KEY (id);\n"
	     "CREATE TABLE public.bay (sea integer NOT NULL, name text);\n"
	     "CREATE UNIQUE INDEX bay_sea ON public.bay USING btree (sea);\n"
	     "ALTER TABLE ONLY public.bay ADD CONSTRAINT f FOREIGN KEY (sea) REFERENCES public.sea(id);\n",
		1, &m);
	assert_int_equal(m.left.n, 0);
	assert_false(m.has_rows);
	assert_non_null(strstr(m.sql.p, "INSERT INTO public.sea (mood, price) VALUES ('calm', "));
	assert_non_null(strstr(m.sql.p, "INSERT INTO public.bay (sea, name) VALUES (1, "));
	made_cleanup(&m);
}

static void
rows_of_its_own_are_seen(void **state)
{
	struct made m;
	(void)state;
	make("CREATE TABLE t (x int); /* INSERT INTO t */ -- INSERT\n", 1, &m);
	assert_false(m.has_rows);
	made_cleanup(&m);
	make("CREATE TABLE t (x int); insert into t values (';');", 1, &m);
	assert_true(m.has_rows);
	made_cleanup(&m);
}

static void
bounds_between_whole_numbers_are_kept(void **state)
{
	(void)state;
	assert_int_equal(
		rows_taken(
			"CREATE TABLE t (a DECIMAL(3,1) UNIQUE CHECK (a <= 1.5 AND a >= 0.5), b DECIMAL(4,1) CHECK (b BETWEEN -2.5 AND -1.5),"
			" c INT CHECK (c > 0 AND c < 1.5), d INT CHECK (d <= 7 AND d > 6.9));",
			1),
		1);
}

static void
a_table_has_all_its_rows_or_none(void **state)
{
	struct made m = {.sql = {.max = 4000}};
	struct ddl d = {0};
	(void)state;
	ddl_read(STR("CREATE TABLE a (x INT); CREATE TABLE b (x TEXT CHECK (length(x) > 2000));"
		     "CREATE TABLE c (b INT NOT NULL, x TEXT);"),
		&d);
	made_up_rows(&d, 1, &m.sql, &m.tables, &m.left);
	assert_string_equal(m.tables.v[0], "a");
	assert_int_equal(m.tables.n, 1);
	assert_true(strlist_has(&m.left, "b: there is no room for more rows"));
	assert_true(str_ends(buf_str(&m.sql), ");\n"));
	ddl_cleanup(&d);
	made_cleanup(&m);
}

/* Whatever stands there, it comes to an end. */
static void
hostile_text_is_read_to_its_end(void **state)
{
	static const char *const texts[] = {"CREATE TABLE", "CREATE TABLE t (",
		"CREATE TABLE t (x int CHECK ((((((((((((((((x",
		"CREATE TABLE t (x int CHECK (x IN (", "CREATE TABLE t (x varchar(", "$$", "$a$ '",
		"'", "\"", "/*", "ALTER TABLE t ADD", "CREATE TABLE t (x int DEFAULT",
		"CREATE TABLE t (x int REFERENCES", "CREATE TYPE t AS ENUM (",
		"CREATE UNIQUE INDEX ON t (", "CREATE TABLE t (x text CHECK (x LIKE '",
		"CREATE TABLE t (x int references a(b) references c(d), y int check (y > 9223372036854775807.5));",
		"CREATE TABLE t (x decimal(99999999999999999999999, 4) unique, y varchar(0) unique, z int check (z > 9223372036854775807));",
		"CREATE TABLE a (x int unique references b(y)); CREATE TABLE b (y int unique references a(x));",
		NULL};
	struct made m;
	(void)state;
	for (size_t i = 0; texts[i]; i++) {
		make(texts[i], 1, &m);
		made_cleanup(&m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_keep_types_lengths_and_null),
		cmocka_unit_test(rows_refer_to_rows_that_are_there),
		cmocka_unit_test(rows_have_only_values_that_are_allowed),
		cmocka_unit_test(what_cannot_be_kept_is_left_out_and_said),
		cmocka_unit_test(patterns_are_kept_where_they_can_be),
		cmocka_unit_test(the_same_seed_gives_the_same_rows),
		cmocka_unit_test(what_pg_dump_writes_is_read),
		cmocka_unit_test(rows_of_its_own_are_seen),
		cmocka_unit_test(bounds_between_whole_numbers_are_kept),
		cmocka_unit_test(a_table_has_all_its_rows_or_none),
		cmocka_unit_test(hostile_text_is_read_to_its_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
