/* Relations while the map is made: what is kept comes back by its sources, merged, with what others tell between. */
#include "graph/edges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct model_edge
edge(uint32_t src, uint32_t dst, uint32_t line)
{
	return (struct model_edge){.src = src,
		.dst = dst,
		.name = dst ? 0 : 7,
		.line = line,
		.count = 1,
		.relation = REL_CALLS,
		.prov = PROV_RESOLVED,
		.conf = 95};
}

static void
keep(struct model *m, const struct model_edge *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		model_add_edge(m, &v[i]);
	edges_keep(m);
}

static void
check_next(struct edges_reader *r, uint32_t src, const uint32_t *dst, size_t n)
{
	assert_true(edges_next(r));
	assert_int_equal(r->src, src);
	assert_int_equal(r->n, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(r->v[i].src, src);
		assert_int_equal(r->v[i].dst, dst[i]);
		assert_int_equal(r->v[i].name, dst[i] ? 0 : 7);
	}
}

static void
edges_come_back_by_their_sources(void **state)
{
	(void)state;
	struct model m;
	struct edges_reader r;
	model_init(&m);
	keep(&m,
		(struct model_edge[]){
			edge(5, 900000, 3), edge(3, 2, 9), edge(5, 4, 70), edge(3, 0, 1)},
		4);
	keep(&m, NULL, 0);
	keep(&m, (struct model_edge[]){edge(700, 1, 1)}, 1);
	struct model_edge late[] = {edge(701, 6, 1), edge(4, 9, 1), edge(5, 8, 1), edge(1, 3, 1)};
	for (size_t i = 0; i < 4; i++)
		model_add_late_edge(&m, &late[i]);
	edges_reader_init(&r, &m, true);
	check_next(&r, 1, (uint32_t[]){3}, 1);
	check_next(&r, 3, (uint32_t[]){0, 2}, 2);
	check_next(&r, 4, (uint32_t[]){9}, 1);
	check_next(&r, 5, (uint32_t[]){4, 8, 900000}, 3);
	assert_int_equal(r.v[0].line, 70);
	assert_int_equal(r.v[2].line, 3);
	check_next(&r, 700, (uint32_t[]){1}, 1);
	check_next(&r, 701, (uint32_t[]){6}, 1);
	assert_false(edges_next(&r));
	edges_reader_finish(&r);
	edges_reader_init(&r, &m, false);
	check_next(&r, 3, (uint32_t[]){0, 2}, 2);
	check_next(&r, 5, (uint32_t[]){4, 900000}, 2);
	check_next(&r, 700, (uint32_t[]){1}, 1);
	assert_false(edges_next(&r));
	edges_reader_finish(&r);
	model_cleanup(&m);
}

static void
what_says_the_same_is_merged(void **state)
{
	(void)state;
	struct model m;
	struct edges_reader r;
	struct model_edge likely = edge(2, 3, 8), twice = edge(2, 3, 4), late = edge(2, 3, 9);
	likely.conf = 40;
	likely.cond = 5;
	late.conf = 99;
	late.prov = PROV_PRODUCTION;
	late.count = 10;
	model_init(&m);
	keep(&m, (struct model_edge[]){likely, twice}, 2);
	model_add_late_edge(&m, &late);
	edges_reader_init(&r, &m, true);
	check_next(&r, 2, (uint32_t[]){3}, 1);
	assert_int_equal(r.v[0].line, 4);
	assert_int_equal(r.v[0].count, 12);
	assert_int_equal(r.v[0].cond, 0);
	assert_int_equal(r.v[0].conf, 99);
	assert_int_equal(r.v[0].prov, PROV_PRODUCTION);
	edges_reader_finish(&r);
	model_cleanup(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edges_come_back_by_their_sources),
		cmocka_unit_test(what_says_the_same_is_merged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
