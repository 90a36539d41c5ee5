/* What was seen: durations, and that neither the files nor what is made of them is believed. */
#include "graph/imports.h"
#include "graph/reached.h"
#include "graph/seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

typedef int (*reader)(struct str text, struct buf *out, struct dd_err *err);

static const struct {
	reader read;
	const char *text;
} samples[] = {
	{seen_read_lcov, "SF:a.c\nFN:1,f\nFNDA:2,f\nDA:1,2\nDA:2,x\nend_of_record\n"},
	{seen_read_perf,
		"main;f;g 3\nx 1 1.0: 1 cycles:\n\t 7f f+0x1 (/bin/x)\n\t 8f main (/bin/x)\n"},
	{seen_read_access_log,
		"h - u [t] \"GET /a/1?q=2 HTTP/1.1\" 200 1 rt=0.5\n{\"method\":\"GET\",\"path\":\"/b\",\"status\":500,\"rt\":1}\n"},
	{seen_read_otlp,
		"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"kind\":2,\"startTimeUnixNano\":\"1\",\"endTimeUnixNano\":\"9000\","
		"\"attributes\":[{\"key\":\"http.method\",\"value\":{\"stringValue\":\"GET\"}},{\"key\":\"http.route\",\"value\":{\"stringValue\":\"/a/1\"}},"
		"{\"key\":\"db.statement\",\"value\":{\"stringValue\":\"SELECT 1 FROM t\"}}]}]}]}]}"},
};
#define SAMPLES (sizeof(samples) / sizeof(*samples))

static int
keep(void *ctx, uint32_t file, struct str packed, struct dd_err *err)
{
	struct buf *b = ctx;
	(void)file;
	(void)err;
	buf_reset(b);
	buf_add_str(b, packed);
	return 0;
}

static int
no_row(void *ctx, const struct seen_row *r, struct dd_err *err)
{
	(void)ctx;
	(void)r;
	(void)err;
	return 0;
}

/* A file a.c with f in it, and an endpoint. */
static void
make_model(struct model *m)
{
	struct facts f = {0};
	static const char *const names[] = {"f", "g", "GET /a/:id"};
	facts_reset(&f);
	f.lang = LANG_C;
	for (unsigned i = 0; i < 3; i++) {
		struct fact_entity *e = facts_add_entity(&f);
		e->kind = i < 2 ? KIND_FUNCTION : KIND_ENDPOINT;
		e->name = facts_string(&f, str_of(names[i]));
		e->line = i * 4 + 1;
		e->end = i * 4 + 3;
	}
	model_init(m);
	model_add_file(m, "a.c", &f);
	model_settle(m);
	facts_cleanup(&f);
}

static void
place(struct model *m, struct str packed, struct buf *kept, bool whole)
{
	const uint32_t files[1] = {1};
	struct graph_import_result r = {0};
	struct unpacker u = unpacker_of(packed);
	(void)unpack_str(&u);
	uint32_t n = unpack_count(&u);
	for (uint32_t i = 0; i < n; i++)
		(void)unpack_str(&u);
	int rc = seen_place(m, files, n < 1 ? n : 1, &u, &r, keep, kept, NULL);
	assert_true(rc == 0 || (!whole && rc == -DD_ECORRUPT));
}

static void
samples_are_placed_and_changed_ones_do_no_harm(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		struct str text = str_of(samples[i].text);
		OWN(buf) struct buf packed = {0}, kept = {0}, again = {0};
		struct model m;
		make_model(&m);
		assert_int_equal(samples[i].read(text, &packed, NULL), 0);
		place(&m, buf_str(&packed), &kept, true);
		assert_true(kept.n > 0);
		for (size_t k = 0; k < text.n; k++) {
			OWN_FREE char *copy = str_dup(text);
			OWN(buf) struct buf out = {0};
			copy[k] ^= 0x10;
			int rc =
				samples[i].read((struct str){copy, k % 2 ? text.n : k}, &out, NULL);
			assert_true(rc == 0 || rc == -DD_EINVAL);
		}
		for (size_t k = 0; k < packed.n; k++) {
			OWN_FREE char *copy = mem_alloc(packed.n);
			memcpy(copy, packed.p, packed.n);
			copy[k] ^= 0x51;
			place(&m, (struct str){copy, packed.n}, &again, false);
		}
		for (size_t k = 0; k < kept.n; k++) {
			OWN_FREE char *copy = mem_alloc(kept.n);
			memcpy(copy, kept.p, kept.n);
			copy[k] ^= 0x51;
			int rc = seen_unpack(&m, 1, (struct str){copy, kept.n}, PROV_RUNTIME,
				no_row, NULL, NULL);
			assert_true(rc == 0 || rc == -DD_ECORRUPT);
		}
		model_cleanup(&m);
	}
}

/* The same of what cases of tests reach. */
static const char reached[] =
	"{\"drydock_reach\": 1}\n"
	"{\"cases\": [{\"id\": \"t/f\", \"name\": \"f\"}], \"functions\": [[\"a.c\", 1, \"f\"], [\"a.c\", 5, \"g\"], [\"b.c\", 1, \"h\"]],"
	" \"calls\": [[0, 1], [1, 2]], \"files\": {\"a.c\": {\"lines\": [2, 3], \"outside\": []}}, \"looked\": [\"a.c\"],"
	" \"execs\": [\"/bin/sh\"], \"connects\": [{\"target\": \"127.0.0.1:1\"}]}\n{\"outside\": []}\n";

static void
place_reached(struct model *m, struct str packed, struct buf *kept, struct graph_import_result *r)
{
	const uint32_t files[2] = {1, 0};
	struct unpacker u = unpacker_of(packed);
	(void)unpack_str(&u);
	uint32_t n = unpack_count(&u);
	for (uint32_t i = 0; i < n; i++)
		(void)unpack_str(&u);
	int rc = reached_place(m, files, n < 2 ? n : 2, &u, r, keep, kept, NULL);
	assert_true(rc == 0 || rc == -DD_ECORRUPT);
}

static int
count_case(void *ctx, const struct reached_case *c)
{
	++*(int *)ctx;
	assert_true(str_eq(c->id, "t/f"));
	assert_true(str_eq(c->test_name, "f"));
	return 0;
}

static int
ignore_case(void *ctx, const struct reached_case *c)
{
	(void)ctx;
	(void)c;
	return 0;
}

static void
what_cases_reach_is_placed_and_changed_ones_do_no_harm(void **state)
{
	(void)state;
	OWN(buf) struct buf packed = {0}, kept = {0}, again = {0};
	struct graph_import_result r = {0}, ignored = {0};
	struct model m;
	make_model(&m);
	assert_int_equal(reached_read(str_of(reached), &packed, NULL), 0);
	place_reached(&m, buf_str(&packed), &kept, &r);
	/* A function of a file that the map does not have is none of the user's; a call of it is one that is not placed. */
	assert_int_equal(r.said, 4);
	assert_int_equal(r.placed, 3);
	static const struct {
		uint32_t line;
		int cases;
	} lines[] = {{1, 0}, {2, 1}, {3, 1}, {4, 0}, {5, 1}, {7, 1}, {8, 0}}; /* g was entered */
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		int n = 0;
		assert_int_equal(
			reached_line(buf_str(&kept), lines[i].line, count_case, &n, NULL), 0);
		assert_int_equal(n, lines[i].cases);
	}
	size_t edges = m.nlate;
	assert_int_equal(reached_unpack(&m, 1, buf_str(&kept), no_row, NULL, NULL), 0);
	assert_int_equal(m.nlate, edges + 2); /* f calls g, and opens the file */
	for (size_t k = 0; k < sizeof(reached) - 1; k++) {
		OWN_FREE char *copy = mem_strdup(reached);
		OWN(buf) struct buf out = {0};
		copy[k] ^= 0x10;
		int rc = reached_read(
			(struct str){copy, k % 2 ? sizeof(reached) - 1 : k}, &out, NULL);
		assert_true(rc == 0 || rc == -DD_EINVAL);
	}
	for (size_t k = 0; k < packed.n; k++) {
		OWN_FREE char *copy = mem_alloc(packed.n);
		memcpy(copy, packed.p, packed.n);
		copy[k] ^= 0x51;
		place_reached(&m, (struct str){copy, packed.n}, &again, &ignored);
	}
	for (size_t k = 0; k < kept.n; k++) {
		OWN_FREE char *copy = mem_alloc(kept.n);
		memcpy(copy, kept.p, kept.n);
		copy[k] ^= 0x51;
		int rc = reached_unpack(&m, 1, (struct str){copy, kept.n}, no_row, NULL, NULL);
		assert_true(rc == 0 || rc == -DD_ECORRUPT);
		rc = reached_line((struct str){copy, kept.n}, 2, ignore_case, NULL, NULL);
		assert_true(rc == 0 || rc == -DD_ECORRUPT);
	}
	model_cleanup(&m);
}

static int
take_row(void *ctx, const struct seen_row *r, struct dd_err *err)
{
	(void)err;
	*(struct seen_row *)ctx = *r;
	return 0;
}

static void
quantiles_are_as_exact_as_the_buckets(void **state)
{
	OWN(buf) struct buf packed = {0}, kept = {0};
	OWN_FREE struct seen_counts *c = mem_new(struct seen_counts);
	struct seen_row r = {0};
	struct model m;
	(void)state;
	for (unsigned i = 1; i <= 1000; i++)
		seen_time(c, i * 1000.0);
	c->count = 1000;
	pack_str(&packed, STR("x"));
	pack_u64(&packed, 0);
	seen_pack(&packed, &(struct seen){.what = SEEN_REQUEST, .a = STR("GET"), .b = STR("/a/7")},
		c);
	make_model(&m);
	place(&m, buf_str(&packed), &kept, true);
	assert_int_equal(
		seen_unpack(&m, 1, buf_str(&kept), PROV_PRODUCTION, take_row, &r, NULL), 0);
	assert_int_equal(r.count, 1000);
	assert_in_range(r.p50_us, 460000, 540000);
	assert_in_range(r.p95_us, 874000, 1026000);
	model_cleanup(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_are_placed_and_changed_ones_do_no_harm),
		cmocka_unit_test(what_cases_reach_is_placed_and_changed_ones_do_no_harm),
		cmocka_unit_test(quantiles_are_as_exact_as_the_buckets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
