/* Oscillation: sequences of outcomes, '+' passed, '-' failed, '.' not run; a column a case. */
#include "agents/flips.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Cases are called a, b, c, ...; attempt N changes file N % 2 and is for requirement N % 2. */
static void
take(struct flips *f, const char *const *attempts)
{
	for (size_t n = 0; attempts[n]; n++) {
		struct case_result_list cases = {0};
		OWN(strlist) struct strlist files = {0}, requirements = {0};
		for (size_t i = 0; attempts[n][i]; i++) {
			struct case_result *c = case_result_list_add(&cases);
			c->id = mem_printf("%c", 'a' + (int)i);
			c->status = attempts[n][i] == '+'   ? TEST_PASSED
				    : attempts[n][i] == '-' ? TEST_FAILED
							    : TEST_SKIPPED;
		}
		strlist_addf(&files, "service-%zu.c", n % 2);
		strlist_addf(&requirements, "R%zu", n % 2);
		flips_add(f, &cases, n ? &files : NULL, n ? &requirements : NULL);
		case_result_list_cleanup(&cases);
	}
}

#define SWINGS(words, ...) swings((const char *const[]){__VA_ARGS__, NULL}, words)
static void
swings(const char *const *attempts, const char *wanted)
{
	struct flips f = {0};
	OWN(strlist) struct strlist ids = {0};
	OWN(buf) struct buf got = {0};
	take(&f, attempts);
	flips_swinging(&f, &ids);
	buf_puts(&got, "");
	for (size_t i = 0; i < ids.n; i++)
		buf_puts(&got, ids.v[i]);
	assert_string_equal(got.p ? got.p : "", wanted);
	flips_cleanup(&f);
}

static void
a_case_swings_with_its_second_flip(void **state)
{
	(void)state;
	SWINGS("", "-+", "+-");
	SWINGS("ab", "-+", "+-", "-+");
	SWINGS("", "-", "+", "+", "+");
	SWINGS("a", "+", "-", "+");
	SWINGS("", "-", ".", "+");
	SWINGS("a", "-", "+", ".", "-");
	SWINGS("bca", "+-+", "++-", "+-+", "-+-", "+--");
}

#define CONFLICTS(words, ...) conflicts((const char *const[]){__VA_ARGS__, NULL}, words)
static void
conflicts(const char *const *attempts, const char *wanted)
{
	struct flips f = {0};
	struct flips_conflict c = {0};
	OWN(buf) struct buf got = {0};
	take(&f, attempts);
	if (flips_conflict(&f, &c)) {
		buf_printf(&got, "%s|%s", c.left.v[0], c.right.v[0]);
		for (size_t i = 0; i < c.files.n; i++)
			buf_printf(&got, " %s", c.files.v[i]);
		buf_printf(&got, " %zu %zu", c.left_by, c.right_by);
	}
	assert_string_equal(got.p ? got.p : "", wanted);
	flips_conflict_cleanup(&c);
	flips_cleanup(&f);
}

static void
a_conflict_is_the_pair_that_never_passes_together(void **state)
{
	(void)state;
	CONFLICTS("", "-+", "+-");
	CONFLICTS("a|b service-0.c service-1.c 1 2", "-+", "+-", "-+");
	/* c, which passes with both, is no part of it; the better attempt speaks for a side */
	CONFLICTS("a|b service-0.c service-1.c 3 2", "-++", "+--", "-++", "+-+");
}

static void
a_regression_is_no_conflict(void **state)
{
	(void)state;
	CONFLICTS("", "-+", "+-", "-+", "++");
	CONFLICTS("", "+", "-", "+", "-");
	CONFLICTS("", "--", "+-", "--", "+-"); /* b never passes */
	CONFLICTS("", "-.", "+.", "-.");
}

static bool
contradicts(const char *const *attempts)
{
	struct flips f = {0};
	struct flips_conflict c = {0};
	take(&f, attempts);
	bool told = flips_contradiction(&f, &c);
	flips_conflict_cleanup(&c);
	flips_cleanup(&f);
	return told;
}

static void
a_contradiction_is_told_when_two_more_attempts_were_in_vain(void **state)
{
	(void)state;
	assert_false(contradicts((const char *const[]){"-+", "+-", "-+", NULL}));
	assert_false(contradicts((const char *const[]){"-+", "+-", "-+", "+-", NULL}));
	assert_true(contradicts((const char *const[]){"-+", "+-", "-+", "+-", "-+", NULL}));
	assert_false(contradicts((const char *const[]){"-+", "+-", "-+", "+-", "++", NULL}));
}

static void
a_conflict_is_told_whole(void **state)
{
	const char *const attempts[] = {"-+-+", "+-++", "-+-+", NULL};
	struct flips f = {0};
	struct flips_conflict c = {0};
	(void)state;
	take(&f, attempts);
	assert_true(flips_conflict(&f, &c));
	OWN_JSON json_t *got = flips_conflict_json(&c);
	OWN(buf) struct buf text = {0};
	json_print(got, 0, &text);
	assert_string_equal(text.p,
		"{\"cases\":[\"a\",\"b\"],\"with\":[[\"a\",\"c\"],[\"b\"]],\"files\":[\"service-0.c\",\"service-1.c\"],"
		"\"requirements\":[\"R1\",\"R0\"],\"attempts\":[1,2]}");
	flips_conflict_cleanup(&c);
	flips_cleanup(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_case_swings_with_its_second_flip),
		cmocka_unit_test(a_conflict_is_the_pair_that_never_passes_together),
		cmocka_unit_test(a_regression_is_no_conflict),
		cmocka_unit_test(a_contradiction_is_told_when_two_more_attempts_were_in_vain),
		cmocka_unit_test(a_conflict_is_told_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
