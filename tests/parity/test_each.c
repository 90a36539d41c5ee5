/* Ways in which a word or a text may be other, where they are put, and which values stand together. */
#include "parity/compose.h"
#include "parity/each.h"
#include "parity/vary_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
make(struct vary *v)
{
	OWN_JSON json_t *seeds = json_pack("{s:[s, s], s:[{s:[s, s, s, s], s:[i, i, i, i]}]}",
		"numbers", "40", "2.5", "forms", "words", "put", "\001NAME", "--as", "\001KIND",
		"groups", 0, 0, 1, 1);
	*v = (struct vary){0};
	assert_int_equal(vary_init(v, 3, seeds, NULL), 0);
}

/* Is it one of the first n? */
static bool
is_among(struct vary *v, const char *text, size_t n, const char *wanted)
{
	for (size_t i = 0; i < n; i++) {
		OWN_FREE char *word = each_word(v, text, i);
		if (strcmp(word, wanted) == 0)
			return true;
	}
	return false;
}

static void
every_way_comes_in_its_turn(void **state)
{
	struct vary v;
	(void)state;
	make(&v);
	assert_true(is_among(&v, "Lund", 4, "LUND") && is_among(&v, "Lund", 4, "lund"));
	assert_true(is_among(&v, "Lund", 8, "Lund "));
	assert_true(is_among(&v, "17", 2, "18") && is_among(&v, "1.25", 4, "1.255"));
	assert_true(is_among(&v, "17", 40, "41") && is_among(&v, "17", 40, "39"));
	assert_true(is_among(&v, "2024-02-28", 4, "2024-02-29"));
	assert_true(is_among(&v, "2024-01-01", 60, "2024-02-10"));
	for (size_t i = 0; i < 2000; i++) {
		OWN_FREE char *word = each_word(&v, "a", i);
		assert_true(strlen(word) < 1000);
	}
	vary_cleanup(&v);
}

/* A word ends where a line of output is as wide, or a number of a source says. */
static void
words_are_as_wide_as_what_is_printed(void **state)
{
	struct vary v;
	bool printed = false, written = false;
	(void)state;
	make(&v);
	v.widths[v.nwidths++] = 63;
	for (size_t i = 0; i < 40; i++) {
		OWN_FREE char *word = each_word(&v, "some words", i);
		size_t n = strlen(word);
		printed = printed || (n > 64 && word[63] == ' ' && word[62] != ' ');
		written = written || n == 41;
	}
	assert_true(printed && written);
	vary_cleanup(&v);
}

static void
texts_are_what_other_editors_would_leave(void **state)
{
	static const char *const wanted[] = {"a,b\r\n1,2\r\n", "a,b\n1,2", "a,b\n\n1,2\n\n",
		"\"a\",\"b\"\n\"1\",\"2\"\n", "a,b\n", "", "a,b\n1,2\n1,2\n", "A,B\n1,2\n",
		"a, b\n1, 2\n", "a\tb\n1\t2\n"};
	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		bool found = false;
		for (size_t k = 0; k < 20; k++) {
			OWN_FREE char *text = each_text("a,b\n1,2\n", k);
			found = found || strcmp(text, wanted[i]) == 0;
		}
		assert_true(found);
	}
}

/* "put x --as y", behind a call that wrote and one that did not. */
static void
learn(struct vary *v, struct parity_case *c)
{
	static const struct vary_origin origin;
	struct parity_seen seen = {.n = 3};
	static const char *const calls[][5] = {{"make"}, {"look"}, {"put", "x", "--as", "y"}};
	for (size_t i = 0; i < 3; i++) {
		struct case_step *s = case_add_step(c);
		for (size_t k = 0; calls[i][k]; k++)
			strlist_add(&s->args, calls[i][k]);
	}
	seen.steps[0].writes = true;
	(void)vary_learn(v, c, &seen, 1, &origin);
	parity_seen_cleanup(&seen);
}

static void
a_place_is_kept_with_what_was_written_before(void **state)
{
	struct vary v;
	OWN(parity_case) struct parity_case c = {0}, made = {0};
	struct vary_origin origin = {0};
	(void)state;
	make(&v);
	v.origin = &origin;
	learn(&v, &c);
	assert_int_equal(v.nplaces, 2);
	assert_int_equal(v.places[1].of.n, 2);
	assert_string_equal(v.places[1].of.steps[0].args.v[0], "make");
	assert_int_equal(v.places[1].at, 3);
	assert_string_equal(vary_named_as(&v, "KIND")->values.v[0], "y"); /* named by its option */
	v.next_place = 1;
	assert_true(compose_case(&v, COMPOSE_EACH, &made));
	assert_true(made.n > 8);
	assert_string_equal(made.steps[0].args.v[0], "make");
	for (size_t i = 1; i < 8; i++) {
		OWN_FREE char *word = each_word(&v, "y", i - 1);
		assert_string_equal(made.steps[i].args.v[1], "x");
		assert_true(i > 5 || strcmp(made.steps[i].args.v[3], word) == 0);
	}
	vary_cleanup(&v);
}

/* By chance 150 calls would have some 78 of the 100 pairs. */
static void
few_values_are_tried_with_each_other(void **state)
{
	static const char few[] = "\001a|b|c|d|e|f|g|h|i|j";
	struct vary v = {0};
	struct map pairs = {0};
	struct vary_origin origin = {0};
	size_t calls = 0;
	(void)state;
	OWN_JSON json_t *seeds = json_pack("{s:[{s:[s, s, s], s:[i, i, i]}]}", "forms", "words",
		"dye", few, few, "groups", 0, 0, 0);
	assert_int_equal(vary_init(&v, 3, seeds, NULL), 0);
	v.origin = &origin;
	while (calls < 150) {
		OWN(parity_case) struct parity_case c = {0};
		assert_true(compose_case(&v, COMPOSE_FORMS, &c));
		for (size_t k = 0; k < c.n && calls < 150; k++, calls++) {
			OWN_FREE char *key =
				mem_printf("%s %s", c.steps[k].args.v[1], c.steps[k].args.v[2]);
			map_put(&pairs, key, &pairs);
		}
	}
	assert_in_range(map_count(&pairs), 95, 100);
	map_cleanup(&pairs);
	vary_cleanup(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_way_comes_in_its_turn),
		cmocka_unit_test(words_are_as_wide_as_what_is_printed),
		cmocka_unit_test(texts_are_what_other_editors_would_leave),
		cmocka_unit_test(a_place_is_kept_with_what_was_written_before),
		cmocka_unit_test(few_values_are_tried_with_each_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
