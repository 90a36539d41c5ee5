/* An index that a compiler made, written here byte by byte: what it overrides, confirms and takes back, and that no bytes do harm. */
#include "graph/extract.h"
#include "graph/imports.h"
#include "graph/scip.h"
#include "graph/wire.h"

#include "base/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define PACKAGE "scip-test npm p 1.0 "

static const char text[] = "class A:\n"
			   "    def run(self): pass\n"
			   "class B:\n"
			   "    def go(self): pass\n"
			   "    def stay(self): pass\n"
			   "def f(x):\n"
			   "    x.go()\n"
			   "    x.stay()\n"
			   "    x.run()\n"
			   "def g():\n"
			   "    table = [f]\n";

/* ---- an index ---- */

static void
put_occurrence(struct buf *document, uint32_t line, uint32_t from, uint32_t to, const char *symbol,
	unsigned roles)
{
	OWN(buf) struct buf b = {0}, range = {0};
	pack_u64(&range, line - 1);
	pack_u64(&range, from);
	pack_u64(&range, to);
	wire_put_bytes(&b, SCIP_RANGE, buf_str(&range));
	wire_put_bytes(&b, SCIP_OF_SYMBOL, str_of(symbol));
	if (roles)
		wire_put_number(&b, SCIP_ROLES, roles);
	wire_put_bytes(document, SCIP_OCCURRENCES, buf_str(&b));
}

static void
put_index(struct buf *ret)
{
	OWN(buf) struct buf document = {0}, tool = {0}, metadata = {0};
	wire_put_bytes(&tool, SCIP_TOOL_NAME, STR("by-hand"));
	wire_put_bytes(&metadata, SCIP_TOOL_INFO, buf_str(&tool));
	wire_put_bytes(ret, SCIP_METADATA, buf_str(&metadata));
	wire_put_bytes(&document, SCIP_PATH, STR("m.py"));
	put_occurrence(&document, 2, 8, 11, PACKAGE "m/A#run().", SCIP_DEFINITION);
	put_occurrence(&document, 5, 8, 12, PACKAGE "m/B#stay().", SCIP_DEFINITION);
	put_occurrence(&document, 6, 4, 5, PACKAGE "m/f().", SCIP_DEFINITION);
	put_occurrence(&document, 7, 6, 8, "scip-test npm other 2.0 `lib`/Other#go().", 0);
	put_occurrence(&document, 9, 6, 9, PACKAGE "m/A#run().", 0);
	put_occurrence(&document, 11, 13, 14, PACKAGE "m/f().", 0);
	wire_put_bytes(ret, SCIP_DOCUMENTS, buf_str(&document));
}

/* ---- a map ---- */

static int
parse_here(void *ctx, unsigned threads, int fd, void (*take)(void *take_ctx, struct str data),
	void *take_ctx, struct dd_err *err)
{
	struct extractor *x = extractor_create();
	struct facts facts = {0};
	uint64_t sizes[2];
	(void)ctx;
	(void)threads;
	(void)err;
	while (read(fd, sizes, sizeof(sizes)) == (ssize_t)sizeof(sizes)) {
		OWN_FREE char *path = mem_zalloc(1, sizes[0] + 1);
		OWN_FREE char *body = mem_alloc(sizes[1] + 1);
		OWN(buf) struct buf packed = {0};
		assert_int_equal(read(fd, path, sizes[0]), sizes[0]);
		assert_int_equal(read(fd, body, sizes[1]), sizes[1]);
		extract(x, path, (struct str){body, sizes[1]}, &facts);
		facts_pack(&facts, &packed);
		uint64_t n = packed.n;
		take(take_ctx, (struct str){(const char *)&n, sizeof(n)});
		take(take_ctx, buf_str(&packed));
	}
	facts_cleanup(&facts);
	extractor_destroy(x);
	return 0;
}

struct fixture {
	char *dir, *tree, *db, *file;
	struct buf packed; /* of the index */
};

static void
write_source(struct fixture *x, const char *body)
{
	assert_int_equal(fs_write_atomic(x->file, str_of(body), 0600, NULL), 0);
}

static int
set_up(void **state)
{
	struct fixture *x = mem_new(struct fixture);
	OWN(buf) struct buf index = {0};
	x->dir = mem_strdup("/tmp/drydock-scip.XXXXXX");
	assert_non_null(mkdtemp(x->dir));
	x->tree = fs_join(x->dir, "tree");
	x->db = fs_join(x->dir, "map.db");
	x->file = fs_join(x->tree, "m.py");
	assert_int_equal(fs_mkdirs(x->tree, 0700, NULL), 0);
	write_source(x, text);
	put_index(&index);
	assert_int_equal(imports_read_scip(buf_str(&index), &x->packed, NULL), 0);
	*state = x;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *x = *state;
	assert_int_equal(fs_remove_tree(x->dir, NULL), 0);
	buf_cleanup(&x->packed);
	free(x->dir);
	free(x->tree);
	free(x->db);
	free(x->file);
	free(x);
	return 0;
}

static int
ingest(struct fixture *x, bool import, struct graph_ingest_result *ret, struct dd_err *err)
{
	const struct graph_import add = {.format = GRAPH_SCIP,
		.source = "index.scip",
		.digest = "0123",
		.below = "",
		.packed = buf_str(&x->packed)};
	const struct graph_ingest_spec spec = {.root = x->tree,
		.db = x->db,
		.import = import ? &add : NULL,
		.host = {.parse = parse_here}};
	*ret = (struct graph_ingest_result){0};
	return graph_ingest(&spec, ret, err);
}

static int
collect(void *ctx, struct str line)
{
	buf_add_str(ctx, line);
	return 0;
}

/* Does the map say so?  "calls|m.f|m.A.run|compiler|0.99" */
static bool
says(struct fixture *x, const char *kind, const char *src, const char *dst, const char *prov)
{
	struct graph *g;
	OWN(buf) struct buf all = {0};
	struct str rest, line;
	bool found = false;
	assert_int_equal(graph_open(x->db, &g, NULL), 0);
	assert_int_equal(graph_export_jsonl(g, collect, &all, NULL), 0);
	graph_close(g);
	rest = buf_str(&all);
	while (str_next_line(&rest, &line)) {
		OWN_FREE char *s = str_dup(line);
		OWN_FREE char *k =
			mem_printf("{\"kind\":\"%s\",\"src\":{\"name\":\"%s\",", kind, src);
		OWN_FREE char *d = mem_printf("\"dst\":{\"name\":\"%s\",", dst);
		OWN_FREE char *p = mem_printf("\"prov\":\"%s\"", prov);
		found |= strstr(s, k) && strstr(s, d) && strstr(s, p);
	}
	return found;
}

static void
an_index_overrides_guesses_and_the_rest_stays(void **state)
{
	struct fixture *x = *state;
	struct graph_ingest_result r;
	assert_int_equal(ingest(x, false, &r, NULL), 0);
	assert_true(says(x, "may-call", "m.f", "m.A.run", "name"));
	assert_true(says(x, "may-call", "m.f", "m.B.go", "name"));
	assert_int_equal(ingest(x, true, &r, NULL), 0);
	assert_int_equal(r.import.files, 1);
	assert_int_equal(r.import.said, 2);
	assert_int_equal(r.import.refuted, 1);
	assert_true(says(x, "calls", "m.f", "m.A.run", "compiler"));
	assert_false(says(x, "may-call", "m.f", "m.A.run", "name"));
	/* It means something outside: the guess is taken back, and the call is one that is not resolved. */
	assert_false(says(x, "may-call", "m.f", "m.B.go", "name"));
	assert_true(says(x, "calls", "m.f", "go", "unresolved"));
	/* Of this the index says nothing. */
	assert_true(says(x, "may-call", "m.f", "m.B.stay", "name"));
}

static void
what_the_text_was_not_seen_to_use_is_added(void **state)
{
	struct fixture *x = *state;
	struct graph_ingest_result r;
	assert_int_equal(ingest(x, true, &r, NULL), 0);
	assert_true(says(x, "takes-address", "m.g", "m.f", "compiler"));
}

static void
it_stays_while_the_file_does_and_goes_with_it(void **state)
{
	struct fixture *x = *state;
	struct graph_ingest_result r;
	OWN_FREE char *other = fs_join(x->tree, "n.py");
	OWN(buf) struct buf changed = {0};
	assert_int_equal(ingest(x, true, &r, NULL), 0);
	assert_int_equal(fs_write_atomic(other, STR("y = 1\n"), 0600, NULL), 0);
	assert_int_equal(ingest(x, false, &r, NULL), 0);
	assert_false(r.unchanged);
	assert_int_equal(r.dropped, 0);
	assert_true(says(x, "calls", "m.f", "m.A.run", "compiler"));
	buf_printf(&changed, "# more\n%s", text);
	write_source(x, changed.p);
	assert_int_equal(ingest(x, false, &r, NULL), 0);
	assert_int_equal(r.dropped, 1);
	assert_false(says(x, "calls", "m.f", "m.A.run", "compiler"));
	assert_true(says(x, "may-call", "m.f", "m.A.run", "name"));
}

static void
an_index_of_other_files_is_refused(void **state)
{
	struct fixture *x = *state;
	struct graph_ingest_result r;
	OWN(dd_err) struct dd_err err = {0};
	OWN_FREE char *elsewhere = fs_join(x->tree, "other.py");
	assert_int_equal(ingest(x, false, &r, NULL), 0);
	assert_int_equal(rename(x->file, elsewhere), 0);
	assert_int_equal(ingest(x, true, &r, &err), -DD_EINVAL);
	assert_non_null(strstr(err_msg(&err), "--below"));
	/* and the map that was there is there */
	assert_true(says(x, "may-call", "m.f", "m.B.go", "name"));
}

/* Neither an index nor what a worker gave is believed: each is cut everywhere, and has each byte changed. */
static void
no_bytes_do_harm(void **state)
{
	struct fixture *x = *state;
	OWN(buf) struct buf index = {0};
	struct model m;
	put_index(&index);
	for (size_t i = 0; i < index.n; i++) {
		OWN_FREE char *copy = mem_alloc(index.n);
		OWN(buf) struct buf out = {0};
		OWN(dd_err) struct dd_err err = {0};
		memcpy(copy, index.p, index.n);
		int rc = imports_read_scip((struct str){copy, i}, &out, &err);
		assert_true(rc == 0 || rc == -DD_EINVAL);
		for (unsigned bit = 0; bit < 8; bit++) {
			buf_reset(&out);
			dd_err_cleanup(&err);
			copy[i] = (char)(index.p[i] ^ (1 << bit));
			rc = imports_read_scip((struct str){copy, index.n}, &out, &err);
			assert_true(rc == 0 || rc == -DD_EINVAL);
		}
	}
	model_init(&m);
	for (size_t i = 0; i < x->packed.n; i++) {
		OWN_FREE char *copy = mem_alloc(x->packed.n);
		const uint32_t files[1] = {0};
		memcpy(copy, x->packed.p, x->packed.n);
		copy[i] ^= 0x41;
		struct overlay o = {.file_of = files, .ndocuments = 1};
		OWN(dd_err) struct dd_err err = {0};
		int rc = overlay_unpack(
			&o, &m, (struct str){copy + i / 2, x->packed.n - i / 2}, &err);
		assert_true(rc == 0 || rc == -DD_ECORRUPT);
		overlay_cleanup(&o);
	}
	model_cleanup(&m);
}

static void
a_path_that_no_file_can_have_is_of_none(void **state)
{
	OWN(buf) struct buf index = {0}, document = {0}, path = {0}, packed = {0};
	(void)state;
	for (int i = 0; i < 4097; i++)
		buf_putc(&path, '/');
	wire_put_bytes(&document, SCIP_PATH, buf_str(&path));
	wire_put_bytes(&index, SCIP_METADATA, STR(""));
	wire_put_bytes(&index, SCIP_DOCUMENTS, buf_str(&document));
	assert_int_equal(imports_read_scip(buf_str(&index), &packed, NULL), 0);
	struct unpacker u = unpacker_of(buf_str(&packed));
	(void)unpack_str(&u);
	assert_int_equal(unpack_count(&u), 1);
	assert_int_equal(unpack_str(&u).n, 0);
}

static void
the_grammar_of_symbols(void **state)
{
	static const struct {
		const char *symbol, *name;
		char suffix; /* 0: none */
	} cases[] = {
		{PACKAGE "`src/a.ts`/A#run().", "run", 'm'},
		{PACKAGE "`src/a.ts`/A#run(+1).", "run", 'm'},
		{PACKAGE "`src/a.ts`/A#", "A", '#'},
		{PACKAGE "`src/a.ts`/", "src/a.ts", '/'},
		{PACKAGE "a/`odd ``name```.", "odd ``name``", '.'},
		{PACKAGE "a/f().(x)", "x", 'p'},
		{PACKAGE "a/T#[U]", "U", 't'},
		{PACKAGE "a/M!", "M", '!'},
		{"local 3", NULL, 0},
		{"", NULL, 0},
		{".", NULL, 0},
		{").", NULL, 0},
		{"`.", NULL, 0},
		{"``.", NULL, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct scip_name n;
		bool is = scip_parse_symbol(str_of(cases[i].symbol), &n);
		assert_int_equal(is, cases[i].suffix != 0);
		if (!is)
			continue;
		assert_int_equal(n.suffix, cases[i].suffix);
		assert_true(str_eq(n.name, cases[i].name));
	}
}

int
main(void)
{
#define ON_A_MAP(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		ON_A_MAP(an_index_overrides_guesses_and_the_rest_stays),
		ON_A_MAP(what_the_text_was_not_seen_to_use_is_added),
		ON_A_MAP(it_stays_while_the_file_does_and_goes_with_it),
		ON_A_MAP(an_index_of_other_files_is_refused),
		ON_A_MAP(no_bytes_do_harm),
		cmocka_unit_test(a_path_that_no_file_can_have_is_of_none),
		cmocka_unit_test(the_grammar_of_symbols),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
