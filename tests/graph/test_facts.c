/* Facts as they travel from a worker: what is packed comes back, and what is not well formed is refused. */
#include "graph/extract.h"
#include "graph/pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static const char source[] =
	"#include \"x.h\"\n#ifdef A\nstatic int f(int a) { return g(a, h) + s->m(1); }\n#endif\n"
	"#define M(q) q(z)\nstruct t { int n; };\n";

/* Its facts are too few to be compressed. */
static const char little[] = "int f(int a) { return g(a); }\n";

static void
pack_source(const char *text, struct buf *out)
{
	struct extractor *x = extractor_create();
	struct facts f = {0};
	extract(x, "dir/a.c", str_of(text), &f);
	facts_pack(&f, out);
	facts_cleanup(&f);
	extractor_destroy(x);
}

static void
what_is_packed_comes_back(void **state)
{
	(void)state;
	OWN(buf) struct buf once = {0}, twice = {0};
	OWN(dd_err) struct dd_err err = {0};
	struct facts f = {0};
	pack_source(source, &once);
	assert_int_equal(facts_unpack(&f, buf_str(&once), &err), 0);
	assert_int_equal(f.nentities, 5);
	facts_pack(&f, &twice);
	assert_int_equal(once.n, twice.n);
	assert_memory_equal(once.p, twice.p, once.n);
	facts_cleanup(&f);
}

/* Every number of it points into its table, whatever the bytes say. */
static void
check_bounds(const struct facts *f)
{
	for (size_t i = 0; i < f->nentities; i++) {
		const struct fact_entity *e = &f->entities[i];
		assert_true(e->name < f->nstrings && e->owner < f->nstrings &&
			    e->type < f->nstrings && e->cond < f->nstrings);
		assert_true(e->parent <= i && e->kind < KIND_END);
	}
	for (size_t i = 0; i < f->nrefs; i++) {
		const struct fact_ref *r = &f->refs[i];
		assert_true(r->name < f->nstrings && r->receiver < f->nstrings &&
			    r->cond < f->nstrings);
		assert_true(r->from <= f->nentities && r->call <= i && r->relation < REL_END);
	}
	for (size_t i = 0; i < f->nbinds; i++)
		assert_true(f->binds[i].scope <= f->nentities && f->binds[i].value < f->nstrings);
}

static void
damage(const char *text)
{
	OWN(buf) struct buf good = {0};
	struct facts f = {0};
	size_t refused = 0;
	pack_source(text, &good);
	for (size_t i = 0; i < good.n; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			good.p[i] = (char)(good.p[i] ^ (1 << bit));
			if (facts_unpack(&f, buf_str(&good), NULL) < 0)
				refused++;
			else
				check_bounds(&f);
			good.p[i] = (char)(good.p[i] ^ (1 << bit));
		}
		assert_true(facts_unpack(&f, (struct str){good.p, i}, NULL) < 0);
	}
	assert_true(refused > good.n);
	facts_cleanup(&f);
}

static void
damaged_facts_are_refused_or_harmless(void **state)
{
	(void)state;
	damage(source);
	damage(little);
}

/* "func f() ()": a list of results with none in it. */
static void
a_list_of_no_results_is_read(void **state)
{
	(void)state;
	struct extractor *x = extractor_create();
	struct facts f = {0};
	extract(x, "a.go", str_of("package p\nfunc f() () {}\n"), &f);
	assert_int_equal(f.state, FILE_PARSED);
	assert_int_equal(f.nentities, 1);
	facts_cleanup(&f);
	extractor_destroy(x);
}

static void
facts_are_compressed(void **state)
{
	(void)state;
	OWN(buf) struct buf text = {0}, packed = {0};
	struct extractor *x = extractor_create();
	struct facts f = {0};
	for (int i = 0; i < 1000; i++)
		buf_printf(&text, "int a_long_name_%d(int argument) { return argument + 1; }\n", i);
	extract(x, "a.c", buf_str(&text), &f);
	facts_pack(&f, &packed);
	assert_true(packed.n * 2 < f.raw.n);
	assert_int_equal(facts_unpack(&f, buf_str(&packed), NULL), 0);
	assert_int_equal(f.nentities, 2000);
	facts_cleanup(&f);
	extractor_destroy(x);
}

/* The second half undoes what the first one made of the hash, as graph/text_hash.h begins it. */
static void
write_meeting_name(uint64_t i, char *ret)
{
	uint64_t h = (uint64_t)16 * 0xff51afd7ed558ccdu ^ 0xcbf29ce484222325u;
	h = (h ^ i) * 0x9e3779b97f4a7c15u;
	h ^= h >> 29;
	memcpy(ret, &i, 8);
	memcpy(ret + 8, &h, 8);
}

static void
names_that_were_made_to_meet_are_parted(void **state)
{
	(void)state;
	enum { NAMES = 3000 };
	static char names[NAMES][16];
	struct facts f = {0};
	facts_reset(&f);
	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t i = 0; i < NAMES; i++) {
			write_meeting_name(i, names[i]);
			assert_int_equal(facts_string(&f, (struct str){names[i], 16}), i + 1);
		}
	assert_in_range(f.nseeds, 1, 2);
	facts_cleanup(&f);
}

static void
numbers_are_read_up_to_their_end(void **state)
{
	(void)state;
	OWN(buf) struct buf b = {0};
	pack_u64(&b, UINT64_MAX);
	pack_i64(&b, INT64_MIN);
	struct unpacker u = unpacker_of(buf_str(&b));
	assert_true(unpack_u64(&u) == UINT64_MAX && unpack_i64(&u) == INT64_MIN && !u.bad);
	assert_true(unpack_u64(&u) == 0 && u.bad);
	u = unpacker_of((struct str){"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11});
	(void)unpack_u64(&u);
	assert_true(u.bad);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_packed_comes_back),
		cmocka_unit_test(damaged_facts_are_refused_or_harmless),
		cmocka_unit_test(a_list_of_no_results_is_read),
		cmocka_unit_test(facts_are_compressed),
		cmocka_unit_test(names_that_were_made_to_meet_are_parted),
		cmocka_unit_test(numbers_are_read_up_to_their_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
