/* The tables of patterns are compiled when drydock is built, and not again when it runs. */
#include "base/match.h"
#include "envprobe/envprobe.h"
#include "security/security.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static unsigned compiled;

static void
count(const struct match_set *set)
{
	(void)set;
	compiled++;
}

static void
no_table_is_compiled_again(void **state)
{
	(void)state;
	const char *begin = match_prepared_begin, *end = match_prepared_end;
	assert_non_null(begin);
	if (begin == end) {
		print_message("# this processor has no SSSE3\n");
		skip();
	}
	match_on_compiled = count;
	assert_int_equal(probe_compile_patterns(NULL), 0);
	assert_int_equal(security_compile_patterns(NULL), 0);
	assert_int_equal(compiled, 0);
	/* The hook is called at all. */
	const struct match_rule rule = {.id = "new", .pattern = "what no table has"};
	struct match_set *set;
	assert_int_equal(match_compile(&rule, 1, STR(""), &set, NULL), 0);
	match_destroy(set);
	assert_int_equal(compiled, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(no_table_is_compiled_again)};
	return cmocka_run_group_tests_name("patterns", tests, NULL, NULL);
}
