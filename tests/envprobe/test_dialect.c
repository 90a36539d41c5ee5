/* Sources of another time, and the flag with which a compiler of today takes them. */
#include "envprobe/dialect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *name, *variable, *value;
} flags[] = {{"multiple definition", "CC", "cc -fcommon"},
	{"'for' loop initial declarations", "CC", "cc -std=gnu99"},
	{"ISO C++17 does not allow", "CXX", "c++ -std=gnu++14"},
	{"symbol `moon_state' can not be used when making a shared object", "CC", "cc -fPIC"},
	{"symbol `_ZN4Moon' can not be used when making a shared object", "CXX", "c++ -fPIC"},
	{"permissive", "CXX", "c++ -fpermissive"}, {"register", "CXX", "c++ -Wno-error=register"},
	{"digital envelope routines::unsupported", "NODE_OPTIONS", "--openssl-legacy-provider"},
	{"unused-variable", "CC", "cc -Wno-error=unused-variable"}};

static void
what_a_compiler_refuses_has_a_flag_of_the_right_compiler(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		struct probe_spec spec = {0};
		struct probe_result r = {0};
		struct problem p = {.kind = PROBLEM_DIALECT,
			.scope = SCOPE_BUILD,
			.name = (char *)(uintptr_t)flags[i].name,
			.text = (char *)(uintptr_t) "error"};
		struct loop l = {.spec = &spec, .r = &r, .n = 1, .problems = {&p, 1, 1}};
		assert_false(dialect_learn(&l, SCOPE_TEST)); /* it is of a build */
		assert_true(dialect_learn(&l, SCOPE_BUILD));
		assert_false(dialect_learn(&l, SCOPE_BUILD)); /* it has it now */
		const struct env_var *e = env_var_list_find(&r.environment, flags[i].variable);
		assert_non_null(e);
		assert_string_equal(e->value, flags[i].value);
		strlist_cleanup(&l.env);
		probe_result_cleanup(&r);
	}
}

static void
what_an_interpreter_refuses_counts_in_tests_too(void **state)
{
	(void)state;
	struct probe_spec spec = {0};
	struct probe_result r = {0};
	char name[] = "digital envelope routines::unsupported", text[] = "error";
	struct problem p = {
		.kind = PROBLEM_DIALECT, .scope = SCOPE_TEST, .name = name, .text = text};
	struct loop l = {.spec = &spec, .r = &r, .n = 1, .problems = {&p, 1, 1}};
	assert_true(dialect_learn(&l, SCOPE_TEST));
	assert_string_equal(r.options.v[0], "NODE_OPTIONS=--openssl-legacy-provider (error)");
	strlist_cleanup(&l.env);
	probe_result_cleanup(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_an_interpreter_refuses_counts_in_tests_too),
		cmocka_unit_test(what_a_compiler_refuses_has_a_flag_of_the_right_compiler),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
