/* Memory of tree-sitter, as the threads of the parser ask for it. */
#include "graph/children.h"
#include "graph/extract.h"
#include "graph/pool.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SIZES 7000
#define ROUNDS 400

static void
what_is_asked_for_is_aligned_and_nobody_elses(void **state)
{
	static unsigned char *v[SIZES];
	(void)state;
	for (size_t n = 0; n < SIZES; n++) {
		v[n] = ts_malloc(n);
		assert_int_equal((uintptr_t)v[n] % 16, 0);
		memset(v[n], (int)(n % 251), n);
	}
	for (size_t n = 0; n < SIZES; n++)
		for (size_t i = 0; i < n; i++)
			assert_int_equal(v[n][i], n % 251);
	for (size_t n = 0; n < SIZES; n++)
		ts_free(v[n]);
	ts_free(NULL);
	pool_drop();
}

static void
what_grows_and_shrinks_keeps_what_it_held(void **state)
{
	unsigned char *p = NULL;
	size_t had = 0;
	(void)state;
	for (size_t n = 1; n < 3000000; n = n * 3 / 2 + 1) {
		p = ts_realloc(p, n);
		for (size_t i = 0; i < had; i++)
			assert_int_equal(p[i], i % 249);
		for (size_t i = 0; i < n; i++)
			p[i] = (unsigned char)(i % 249);
		had = n;
	}
	for (; had > 1; had /= 7) {
		p = ts_realloc(p, had);
		for (size_t i = 0; i < had; i++)
			assert_int_equal(p[i], i % 249);
	}
	ts_free(p);
	pool_drop();
}

static void
what_was_freed_is_used_again_and_is_zero_where_that_is_asked(void **state)
{
	(void)state;
	pool_drop();
	for (unsigned round = 0; round < ROUNDS; round++) {
		void *v[100];
		for (unsigned i = 0; i < 100; i++) {
			unsigned char *p = v[i] = ts_calloc(10, 40);
			for (unsigned k = 0; k < 400; k++)
				assert_int_equal(p[k], 0);
			memset(p, 0xff, 400);
		}
		for (unsigned i = 0; i < 100; i++)
			ts_free(v[i]);
	}
	const size_t once = pool_bytes();
	assert_true(once > 0 && once < 100 * 1024 * 1024 / ROUNDS * 2);
	pool_drop();
	assert_int_equal(pool_bytes(), 0);
}

/* What a thread says of a text, many times with new memory between. */
struct job {
	struct str text;
	struct buf packed;
};

static void *
extract_often(void *arg)
{
	struct job *j = arg;
	struct facts f = {0};
	for (unsigned i = 0; i < 20; i++) {
		struct extractor *x = extractor_create();
		extract(x, "a.py", j->text, &f);
		buf_reset(&j->packed);
		facts_pack(&f, &j->packed);
		extractor_destroy(x);
		pool_drop();
	}
	facts_cleanup(&f);
	return NULL;
}

static void
threads_have_each_their_own(void **state)
{
	OWN(buf) struct buf text = {0};
	struct job jobs[3] = {0};
	pthread_t threads[3];
	(void)state;
	for (unsigned i = 0; i < 300; i++)
		buf_printf(&text, "def f%u(a, b=[1, {'x': %u}]):\n    return g%u(a)(b)\n", i, i, i);
	for (unsigned i = 0; i < 3; i++) {
		jobs[i].text = buf_str(&text);
		assert_int_equal(pthread_create(&threads[i], NULL, extract_often, &jobs[i]), 0);
	}
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(jobs[i].packed.n > 1000);
		assert_true(str_same(buf_str(&jobs[i].packed), buf_str(&jobs[0].packed)));
	}
	for (unsigned i = 0; i < 3; i++)
		buf_cleanup(&jobs[i].packed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_asked_for_is_aligned_and_nobody_elses),
		cmocka_unit_test(what_grows_and_shrinks_keeps_what_it_held),
		cmocka_unit_test(what_was_freed_is_used_again_and_is_zero_where_that_is_asked),
		cmocka_unit_test(threads_have_each_their_own),
	};
	pool_use();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
