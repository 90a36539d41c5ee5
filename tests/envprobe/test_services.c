/* Which services are asked for: by the addresses that were refused, by the names that did not
 * resolve. */
#include "envprobe/loop.h"
#include "envprobe/service_config.h"
#include "tests/envprobe/make_index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static char dir[] = "/tmp/dd-services-XXXXXX";

/* Ids of the questions after tests that were refused at the target, and those endpoints in the
 * source. */
static char *
asked(const char *target, const struct endpoint *source, size_t n)
{
	struct probe_spec spec = {0};
	struct probe_result r = {0};
	struct loop l = {.spec = &spec,
		.r = &r,
		.n = 1,
		.around = {.endpoints = {(struct endpoint *)source, n, n}}};
	OWN(buf) struct buf ids = {0};
	struct refusal *f = refusal_list_add(&r.refused);
	f->target = mem_strdup(target);
	f->program = mem_strdup("/usr/bin/client");
	f->step = STEP_TESTS;
	f->attempt = 1;
	assert_false(loop_learn_services(&l));
	for (size_t i = 0; i < r.questions.n; i++)
		buf_printf(&ids, "%s%s", i ? " " : "", r.questions.v[i].id);
	probe_result_cleanup(&r);
	return buf_take(&ids);
}

static void
ask(struct probe_result *r, const char *id, bool blocking)
{
	struct question *q = question_list_add(&r->questions);
	q->id = mem_strdup(id);
	q->text = mem_strdup(id);
	q->blocking = blocking;
}

/* What only a package that is taken out again asked for is no question any more, and blocks nothing. */
static void
a_service_that_a_useless_package_wants_is_forgotten(void **state)
{
	(void)state;
	struct probe_spec spec = {0};
	struct probe_result r = {.root = {.n = 2}};
	struct loop l = {.spec = &spec, .r = &r, .n = 2};
	l.failure = mem_strdup("the same");
	ask(&r, "service:before", false);
	loop_weigh(&l);
	r.root.n = 3; /* one more attempt, which fails alike */
	attempt_list_add(&r.attempts)->ended = ATTEMPT_TESTS_FAILED;
	r.tests.failed = 1;
	r.outcome = OUTCOME_BLOCKED;
	ask(&r, "service:socket", true);
	ask(&r, "env:TIDE", false);
	loop_weigh(&l);
	loop_settle(&l);
	assert_int_equal(r.root.n, 2);
	assert_int_equal(r.outcome, OUTCOME_TESTS_FAILED);
	assert_int_equal(r.questions.n, 2);
	assert_string_equal(r.questions.v[0].id, "service:before");
	assert_string_equal(r.questions.v[1].id, "env:TIDE");
	r.root.n = 0;
	free(l.failure);
	free(l.good_failure);
	probe_result_cleanup(&r);
}

/* Its own part, as built, is what tests want, and not that of a package. */
static void
a_module_of_the_tree_comes_from_no_package(void **state)
{
	(void)state;
	struct pkgindex *x = make_index("Package: python3-tide\nVersion: 1\n",
		"usr/lib/python3/dist-packages/tide/__init__.py python/python3-tide\n");
	struct probe_spec spec = {0};
	struct need n = {.kind = NEED_PYTHON,
		.name = (char *)(uintptr_t) "tide._low",
		.source = NEED_FROM_LOG};
	assert_non_null(x);
	for (int own = 0; own < 2; own++) {
		struct probe_result r = {0};
		struct loop l = {.spec = &spec, .r = &r, .n = 1, .index = x};
		if (own)
			strlist_add(&r.project.own, "python tide");
		assert_int_equal(loop_want(&l, &n), !own);
		assert_int_equal(l.wanted.n, !own);
		wanted_list_clear(&l.wanted);
		free(l.wanted.v);
		map_cleanup(&l.asked);
		probe_result_cleanup(&r);
	}
	pkgindex_close(x);
}

/* Tests that pass and say that they skip what wants a display are given one. */
static void
a_display_that_is_said_to_miss_is_asked_for(void **state)
{
	(void)state;
	struct probe_spec spec = {0};
	for (int said = 0; said < 2; said++) {
		struct probe_result r = {0};
		struct problem p = {.kind = PROBLEM_DISPLAY,
			.scope = SCOPE_TEST,
			.name = (char *)(uintptr_t) "SKIPPED: tk",
			.text = (char *)(uintptr_t) "++++ tide-1 SKIPPED: tk"};
		struct loop l = {.spec = &spec, .r = &r, .n = 1, .problems = {&p, said, 1}};
		(void)loop_guess_services(&l);
		assert_int_equal(r.questions.n, said);
		assert_true(!said || strcmp(r.questions.v[0].id, "service:display") == 0);
		probe_result_cleanup(&r);
	}
}

static void
addresses_have_their_services(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"127.0.0.1:5432", "service:postgresql"},
		{"[::1]:6379", "service:redis"},
		{"10.1.2.3:389", "service:ldap"},
		{"127.0.0.1:3890", "service:localhost:3890"}, /* not 389 */
		{"127.0.0.1:15432", "service:localhost:15432"},
		{"[::1]:15432", "service:localhost:15432"},
		{"10.1.2.3:8200", "service:10.1.2.3:8200"},
		{"10.1.2.3:443", ""},	 /* the web */
		{"127.0.0.1:1", ""},	 /* nobody is expected there */
		{"127.0.0.1:40123", ""}, /* chosen by the kernel a moment before */
		{"unix:/run/postgresql/.s.PGSQL.5432", "service:postgresql"},
		{"unix:/tmp/mysqld.sock", "service:mysql"},
		{"unix:/run/pcscd/pcscd.comm", "service:/run/pcscd/pcscd.comm"},
		{"unix:/tmp/own.sock", ""},
		{"unix:/run/systemd/private", ""},
		{"unix:@/tmp/.X11-unix/X0", ""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		OWN_FREE char *ids = asked(cases[i][0], NULL, 0);
		if (strcmp(ids, cases[i][1]) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", cases[i][0], ids, cases[i][1]);
	}
}

static void
the_source_names_a_port(void **state)
{
	(void)state;
	const struct endpoint source[] = {
		{.host = (char[]){"localhost"}, .port = 15432, .scheme = (char[]){"postgres"}}};
	OWN_FREE char *ids = asked("127.0.0.1:15432", source, 1);
	assert_string_equal(ids, "service:postgresql");
}

/* Ids after tests whose log has those problems. */
static char *
looked_up(enum problem_kind kind, const char *name)
{
	struct endpoint source[] = {
		{.host = (char[]){"db.internal"}, .port = 5432},
		{.host = (char[]){"store.internal"}, .port = 9999},
		{.host = (char[]){"www.internal"}, .port = 443},
		{.host = (char[]){"127.0.0.1"}, .port = 7777},
	};
	struct problem problem = {.kind = kind, .name = (char *)name};
	struct probe_spec spec = {0};
	struct probe_result r = {0};
	struct loop l = {.spec = &spec,
		.r = &r,
		.n = 1,
		.around = {.endpoints = {source, 4, 4}},
		.problems = {&problem, 1, 1}};
	OWN(buf) struct buf ids = {0};
	(void)loop_learn_services(&l);
	for (size_t i = 0; i < r.questions.n; i++)
		buf_printf(&ids, "%s%s", i ? " " : "", r.questions.v[i].id);
	probe_result_cleanup(&r);
	return buf_take(&ids);
}

static void
names_that_do_not_resolve_are_those_of_the_source(void **state)
{
	(void)state;
	OWN_FREE char *told = looked_up(PROBLEM_HOST, "db.internal");
	assert_string_equal(told, "service:postgresql");
	OWN_FREE char *untold = looked_up(PROBLEM_UNRESOLVED, "Name or service not known");
	assert_string_equal(untold, "service:postgresql service:store.internal:9999");
	OWN_FREE char *web = looked_up(PROBLEM_HOST, "www.internal");
	assert_string_equal(web, "");
}

static void
endpoints_are_read_from_code_and_settings(void **state)
{
	(void)state;
	static const struct {
		const char *file, *text, *host, *scheme;
		int port;
	} cases[] = {
		{"a.py", "connect(\"postgresql+psycopg2://me:pw@db.one:5433/x\")\n", "db.one",
			"postgresql", 5433},
		{"b.py", "s.connect((\"db.two\", 4711))\n", "db.two", NULL, 4711},
		{"c.ini", "dsn = host=db.three port=5432 dbname=x\n", "db.three", NULL, 5432},
		{"d.js", "const at = 'db.four.example:9000';\n", "db.four.example", NULL, 9000},
		{"e.yml", "cache: redis://cache\n", "cache", "redis", 0},
	};
	OWN(surroundings) struct surroundings s = {0};
	struct tree t;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		OWN_FREE char *path = fs_join(dir, cases[i].file);
		assert_int_equal(fs_write_atomic(path, str_of(cases[i].text), 0644, NULL), 0);
	}
	OWN_FREE char *readme = fs_join(dir, "README");
	assert_int_equal(fs_write_atomic(readme, STR("redis://elsewhere:1234\n"), 0644, NULL), 0);
	assert_int_equal(tree_open(dir, &t, NULL), 0);
	assert_int_equal(surroundings_in_tree(&t, &s, NULL), 0);
	tree_cleanup(&t);
	const struct endpoint_list l = s.endpoints;
	assert_int_equal(l.n, sizeof(cases) / sizeof(*cases));
	for (size_t i = 0; i < l.n; i++) {
		OWN_FREE char *where = mem_printf("%s:1", cases[i].file);
		assert_string_equal(l.v[i].host, cases[i].host);
		assert_string_equal(l.v[i].where, where);
		assert_string_equal(
			l.v[i].scheme ? l.v[i].scheme : "", cases[i].scheme ? cases[i].scheme : "");
		assert_int_equal(l.v[i].port, cases[i].port);
	}
}

static void
configuration_declares_services_and_variables(void **state)
{
	(void)state;
	static const struct {
		const char *file, *text, *host, *service, *name, *value;
	} cases[] = {
		{"compose.yaml",
			"services:\n  store: # of it\n    image: docker.example/library/postgres:15\n"
			"    environment:\n      - POSTGRES_DB=tide\n",
			"store", "postgresql", "POSTGRES_DB", "tide"},
		{".travis.yml", "services:\n- redis-server\n- mysql\nenv:\n  SAILS: 3\n", "mysql",
			"mysql", "SAILS", "3"},
		{".gitlab-ci.yml",
			"test:\n  services:\n    - name: redis:7\n      alias: cache\n  variables:\n"
			"    CACHE_HOST: \"cache\"\n    CACHE_WORD: $SECRET\n",
			"cache", "redis", "CACHE_HOST", "cache"},
		{".github/workflows/t.yml",
			"jobs:\n  t:\n    services:\n      db:\n        image: mariadb\n        env:\n"
			"          MARIADB_USER: me\n    steps:\n      - run: x\n",
			"db", "mysql", "MARIADB_USER", "me"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		OWN(surroundings) struct surroundings s = {0};
		bool declared = false, set = false;
		assert_true(service_config_is(cases[i].file));
		service_config_read(cases[i].file, str_of(cases[i].text), &s);
		for (size_t k = 0; k < s.endpoints.n; k++)
			declared = declared ||
				   (s.endpoints.v[k].declared &&
					   !strcmp(s.endpoints.v[k].host, cases[i].host) &&
					   !strcmp(s.endpoints.v[k].scheme, cases[i].service));
		for (size_t k = 0; k < s.settings.n; k++) {
			assert_string_not_equal(s.settings.v[k].name, "CACHE_WORD");
			set = set || (!strcmp(s.settings.v[k].name, cases[i].name) &&
					     !strcmp(s.settings.v[k].value, cases[i].value));
		}
		if (!declared || !set)
			fail_msg("%s: %s%s", cases[i].file, declared ? "" : "no service ",
				set ? "" : "no variable");
	}
	assert_false(service_config_is("docs/services.yml"));
}

static void
the_source_names_its_logins_and_schemas(void **state)
{
	(void)state;
	static const char *const files[][2] = {
		{"z1.py", "at = 'postgresql://me:pw@localhost/tide'\n"},
		{"z2.py", "at = 'postgresql://you:secret@db.example.org:5432/tide'\n"},
		{"z3.sql", "create table if not exists \"boats\" (n int);\n"},
		{"z4.sh", "psql -q tide < z3.sql; psql -f nowhere.sql\n"},
	};
	OWN(surroundings) struct surroundings s = {0};
	struct tree t;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		OWN_FREE char *path = fs_join(dir, files[i][0]);
		assert_int_equal(fs_write_atomic(path, str_of(files[i][1]), 0644, NULL), 0);
	}
	assert_int_equal(tree_open(dir, &t, NULL), 0);
	assert_int_equal(surroundings_in_tree(&t, &s, NULL), 0);
	tree_cleanup(&t);
	size_t here = 0;
	for (size_t i = 0; i < s.endpoints.n; i++) {
		const struct endpoint *e = &s.endpoints.v[i];
		if (strcmp(e->host, "db.example.org") == 0)
			assert_null(e->password);
		if (e->user && strcmp(e->user, "me") == 0 && strcmp(e->database, "tide") == 0)
			here++;
	}
	assert_int_equal(here, 1);
	assert_int_equal(s.schemas.n, 1);
	assert_string_equal(s.schemas.v[0].path, "z3.sql");
	assert_true(s.schemas.v[0].named);
	assert_true(strlist_has(&s.schemas.v[0].tables, "boats"));
}

static void
the_source_makes_its_tables(void **state)
{
	(void)state;
	static const char *const files[][2] = {
		{"m/1_ports.sql", "CREATE TABLE ports (n int);\n"},
		{"m/10_name.up.sql", "ALTER TABLE ports ADD name text;\n"},
		{"m/10_name.down.sql", "CREATE TABLE ports (n int);\n"},
		{"doc/db/migrate/1_x.rb", "\n"},
		{"web/db/migrate/1_x.rb", "\n"},
		{"web/package.json", "{\"scripts\": {\"test\": \"migrate\"}}\n"},
		{"manage.py", "import django\n"},
	};
	OWN(surroundings) struct surroundings s = {0};
	OWN_FREE char *top = fs_join(dir, "tables");
	struct tree t;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		OWN_FREE char *path = fs_join(top, files[i][0]);
		OWN_FREE char *above = mem_strndup(path, (size_t)(strrchr(path, '/') - path));
		assert_int_equal(fs_mkdirs(above, 0755, NULL), 0);
		assert_int_equal(fs_write_atomic(path, str_of(files[i][1]), 0644, NULL), 0);
	}
	assert_int_equal(tree_open(top, &t, NULL), 0);
	assert_int_equal(surroundings_in_tree(&t, &s, NULL), 0);
	tree_cleanup(&t);
	assert_int_equal(s.schemas.n, 2);
	for (size_t i = 0; i < s.schemas.n; i++)
		assert_true(s.schemas.v[i].numbered);
	assert_int_equal(s.migrations.n, 2);
	assert_string_equal(s.migrations.v[0].run, "python3 manage.py migrate --noinput");
	assert_string_equal(s.migrations.v[0].dir, "");
	assert_string_equal(s.migrations.v[1].where, "web/db/migrate/1_x.rb");
	assert_string_equal(s.migrations.v[1].dir, "web");
}

static int
make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int
remove_dir(void **state)
{
	(void)state;
	return fs_remove_tree(dir, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_have_their_services),
		cmocka_unit_test(a_service_that_a_useless_package_wants_is_forgotten),
		cmocka_unit_test(a_module_of_the_tree_comes_from_no_package),
		cmocka_unit_test(a_display_that_is_said_to_miss_is_asked_for),
		cmocka_unit_test(the_source_names_a_port),
		cmocka_unit_test(names_that_do_not_resolve_are_those_of_the_source),
		cmocka_unit_test(endpoints_are_read_from_code_and_settings),
		cmocka_unit_test(configuration_declares_services_and_variables),
		cmocka_unit_test(the_source_names_its_logins_and_schemas),
		cmocka_unit_test(the_source_makes_its_tables),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
