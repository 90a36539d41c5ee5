/* Ingest with a parser that dies: which files are lost, and that nothing else is. */
#include "graph/extract.h"
#include "graph/graph.h"

#include "base/fs.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct fake {
	const char *deadly; /* part of the names of files that it dies of */
	unsigned
		ahead; /* how many files it has taken in by then without giving facts, with several threads */
	bool dies_behind; /* when it has given all of them */
	unsigned runs;
	int refuse; /* != 0: cannot be run at all */
};

static bool
read_all(int fd, void *p, size_t n)
{
	for (size_t got = 0; got < n;) {
		ssize_t r = read(fd, (char *)p + got, n - got);
		if (r <= 0)
			return false;
		got += (size_t)r;
	}
	return true;
}

static int
fake_parse(void *ctx, unsigned threads, int fd, void (*take)(void *take_ctx, struct str data),
	void *take_ctx, struct dd_err *err)
{
	struct fake *f = ctx;
	f->runs++;
	if (f->refuse)
		return err_set(err, DD_EUNSUPPORTED, "no sandbox here");
	struct extractor *x = extractor_create();
	struct facts facts = {0};
	OWN(buf) struct buf held = {0};
	unsigned holds = 0;
	uint64_t sizes[2];
	int rc = 0;
	while (rc == 0 && read_all(fd, sizes, sizeof(sizes))) {
		OWN_FREE char *path = mem_zalloc(1, sizes[0] + 1);
		OWN_FREE char *text = mem_alloc(sizes[1] + 1);
		assert_true(read_all(fd, path, sizes[0]) && read_all(fd, text, sizes[1]));
		if (f->deadly && strstr(path, f->deadly)) {
			rc = err_set(err, DD_ECORRUPT, "died of %s", path);
			break;
		}
		OWN(buf) struct buf packed = {0};
		extract(x, path, (struct str){text, sizes[1]}, &facts);
		facts_pack(&facts, &packed);
		uint64_t n = packed.n;
		buf_add(&held, &n, sizeof(n));
		buf_add_str(&held, buf_str(&packed));
		if (++holds > (threads > 1 ? f->ahead : 0)) {
			take(take_ctx, buf_str(&held));
			buf_reset(&held);
			holds = 0;
		}
	}
	if (rc == 0)
		take(take_ctx, buf_str(&held));
	if (rc == 0 && f->dies_behind)
		rc = err_set(err, DD_ECORRUPT, "died");
	facts_cleanup(&facts);
	extractor_destroy(x);
	return rc;
}

struct fixture {
	char *dir, *tree, *db;
};

static int
set_up(void **state)
{
	struct fixture *x = mem_new(struct fixture);
	x->dir = mem_strdup("/tmp/drydock-graph.XXXXXX");
	assert_non_null(mkdtemp(x->dir));
	x->tree = fs_join(x->dir, "tree");
	x->db = fs_join(x->dir, "map.db");
	assert_int_equal(fs_mkdirs(x->tree, 0700, NULL), 0);
	for (int i = 0; i < 20; i++) {
		OWN_FREE char *path =
			mem_printf("%s/%02d%s.c", x->tree, i, i == 7 || i == 13 ? "bad" : "");
		OWN_FREE char *text = mem_printf("int f%d(void) { return f%d(); }\n", i, i + 1);
		assert_int_equal(fs_write_atomic(path, str_of(text), 0600, NULL), 0);
	}
	*state = x;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *x = *state;
	assert_int_equal(fs_remove_tree(x->dir, NULL), 0);
	free(x->dir);
	free(x->tree);
	free(x->db);
	free(x);
	return 0;
}

static int
ingest(struct fixture *x, struct fake *f, struct graph_ingest_result *ret, struct dd_err *err)
{
	const struct graph_ingest_spec spec = {.root = x->tree,
		.db = x->db,
		.threads = 2,
		.host = {.parse = fake_parse, .ctx = f}};
	return graph_ingest(&spec, ret, err);
}

static void
files_a_parser_dies_of_are_recorded_and_no_others(void **state)
{
	struct fixture *x = *state;
	struct fake f = {.deadly = "bad", .ahead = 3};
	struct graph_ingest_result r;
	OWN(dd_err) struct dd_err err = {0};
	assert_int_equal(ingest(x, &f, &r, &err), 0);
	assert_int_equal(r.files, 20);
	assert_int_equal(r.unread, 2);
	struct graph *g;
	OWN_JSON json_t *status = NULL;
	assert_int_equal(graph_open(x->db, &g, &err), 0);
	assert_int_equal(graph_status(g, &status, &err), 0);
	const json_t *list = json_object_get(status, "incomplete");
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(list, 0), "file")), "07bad.c");
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(list, 1), "file")), "13bad.c");
	OWN_JSON json_t *callers = NULL;
	assert_int_equal(graph_callers(g, "f6", 1, &callers, &err), 0);
	assert_int_equal(json_array_size(json_object_get(callers, "items")), 1);
	graph_close(g);
}

/* Two runs to find each, one to be sure of it, and one for the rest. */
static void
they_are_found_however_many_facts_die_with_them(void **state)
{
	struct fixture *x = *state;
	struct fake f = {.deadly = "bad", .ahead = 1000};
	struct graph_ingest_result r;
	assert_int_equal(ingest(x, &f, &r, NULL), 0); /* nobody asks why */
	assert_int_equal(r.unread, 2);
	assert_int_equal(f.runs, 7);
}

static void
a_worker_that_dies_behind_the_last_file_took_none(void **state)
{
	struct fixture *x = *state;
	struct fake f = {.dies_behind = true};
	struct graph_ingest_result r;
	OWN(dd_err) struct dd_err err = {0};
	assert_int_equal(ingest(x, &f, &r, &err), 0);
	assert_int_equal(r.unread, 0);
	assert_int_equal(f.runs, 1);
}

/* What a worker of one thread has given when it was sent a file, and no end. */
static void
a_worker_of_one_thread_holds_nothing_back(void **state)
{
	static char name[] = "graph", one[] = "1", *argv[] = {name, one, NULL};
	static const char path[] = "a.c", text[] = "int a;\n";
	const uint64_t sizes[2] = {sizeof(path) - 1, sizeof(text) - 1};
	int in[2], out[2];
	uint64_t n = 0;
	(void)state;
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	pid_t pid = fork();
	if (pid == 0) {
		(void)dup2(in[0], STDIN_FILENO);
		(void)dup2(out[1], STDOUT_FILENO);
		(void)close(in[1]);
		_exit(graph_worker_main(2, argv));
	}
	assert_int_equal(fs_write_all(in[1], sizes, sizeof(sizes), NULL), 0);
	assert_int_equal(fs_write_all(in[1], path, sizes[0], NULL), 0);
	assert_int_equal(fs_write_all(in[1], text, sizes[1], NULL), 0);
	struct pollfd p = {out[0], POLLIN, 0};
	bool given = poll(&p, 1, 60000) == 1 && read(out[0], &n, sizeof(n)) == sizeof(n) && n > 0;
	(void)close(in[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	(void)close(in[0]);
	(void)close(out[0]);
	(void)close(out[1]);
	assert_true(given);
}

static void
a_file_that_could_not_be_parsed_is_tried_again_when_it_changes(void **state)
{
	struct fixture *x = *state;
	struct fake f = {.deadly = "bad"};
	struct graph_ingest_result r;
	OWN(dd_err) struct dd_err err = {0};
	assert_int_equal(ingest(x, &f, &r, &err), 0);
	f.deadly = NULL;
	OWN_FREE char *path = mem_printf("%s/07bad.c", x->tree);
	assert_int_equal(
		fs_write_atomic(path, str_of("int f7(void) { return 1; }\n"), 0600, NULL), 0);
	assert_int_equal(ingest(x, &f, &r, &err), 0);
	assert_false(r.unchanged);
	assert_int_equal(r.parsed, 1);
	assert_int_equal(r.unread, 1);
}

static void
a_parser_that_cannot_be_run_is_an_error_and_leaves_the_map(void **state)
{
	struct fixture *x = *state;
	struct fake f = {0};
	struct graph_ingest_result r;
	OWN(dd_err) struct dd_err err = {0};
	assert_int_equal(ingest(x, &f, &r, &err), 0);
	OWN_FREE char *path = mem_printf("%s/new.c", x->tree);
	assert_int_equal(fs_write_atomic(path, str_of("int added;\n"), 0600, NULL), 0);
	f = (struct fake){.refuse = 1};
	assert_int_equal(ingest(x, &f, &r, &err), -DD_EUNSUPPORTED);
	assert_int_equal(f.runs, 1);
	struct graph *g;
	OWN_JSON json_t *found = NULL;
	dd_err_cleanup(&err);
	assert_int_equal(graph_open(x->db, &g, &err), 0);
	assert_int_equal(graph_find(g, "f3", &found, &err), 0);
	assert_true(json_is_true(json_object_get(json_object_get(found, "index"), "stale")));
	graph_close(g);
}

/* Those that are kept are as those that are unpacked again. */
static void
a_map_is_the_same_however_many_facts_are_kept(void **state)
{
	struct fixture *x = *state;
	struct fake f = {0};
	struct graph_ingest_result r;
	struct buf maps[3] = {{0}};
	OWN_FREE char *path = mem_printf("%s/A.java", x->tree);
	assert_int_equal(
		fs_write_atomic(path,
			STR("class A { void f() { new A().g(1, \"a\"); } void g(int i, String s) { f(); } }\n"),
			0600, NULL),
		0);
	for (size_t i = 0; i < 3; i++) {
		const struct graph_ingest_spec spec = {.root = x->tree,
			.db = x->db,
			.anew = true,
			.keep_bytes = i == 1   ? 1
				      : i == 2 ? 4000
					       : 0,
			.host = {.parse = fake_parse, .ctx = &f}};
		assert_int_equal(graph_ingest(&spec, &r, NULL), 0);
		assert_true(r.relations > 20);
		assert_int_equal(fs_read(x->db, 1 << 24, &maps[i], NULL), 0);
		assert_true(str_same(buf_str(&maps[0]), buf_str(&maps[i])));
	}
	for (size_t i = 0; i < 3; i++)
		buf_cleanup(&maps[i]);
}

static unsigned asked, stops_at;

static bool
stopping(void)
{
	return ++asked >= stops_at;
}

/* Wherever it is asked to, while files are parsed and behind that, while they are resolved. */
static void
what_is_stopped_leaves_no_map(void **state)
{
	struct fixture *x = *state;
	struct graph_ingest_result r;
	for (stops_at = 1; stops_at < 15; stops_at += 6) {
		struct fake f = {0};
		OWN(dd_err) struct dd_err err = {0};
		const struct graph_ingest_spec spec = {.root = x->tree,
			.db = x->db,
			.host = {.parse = fake_parse, .ctx = &f, .stopping = stopping}};
		asked = 0;
		assert_int_equal(graph_ingest(&spec, &r, &err), -DD_ESTOPPED);
		assert_int_equal(access(x->db, F_OK), -1);
	}
	assert_int_equal(asked, 13);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			files_a_parser_dies_of_are_recorded_and_no_others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			they_are_found_however_many_facts_die_with_them, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_worker_that_dies_behind_the_last_file_took_none, set_up, tear_down),
		cmocka_unit_test(a_worker_of_one_thread_holds_nothing_back),
		cmocka_unit_test_setup_teardown(
			a_file_that_could_not_be_parsed_is_tried_again_when_it_changes, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_parser_that_cannot_be_run_is_an_error_and_leaves_the_map, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_map_is_the_same_however_many_facts_are_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_stopped_leaves_no_map, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
