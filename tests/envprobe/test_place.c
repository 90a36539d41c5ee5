/* Where a file that a person supplies may be placed. */
#include "envprobe/envprobe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
paths_that_lead_elsewhere_or_into_the_pods_own_places_are_not_taken(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		bool may;
	} cases[] = {{"data/x", true}, {"x", true}, {"/etc/x/y.dat", true},
		{"/home/builder/.netrc", true}, {"/proclaim", true}, {"", false}, {"/", false},
		{"..", false}, {"a/../../b", false}, {"a//b", false}, {"a/", false}, {"./a", false},
		{"/etc/../proc/x", false}, {"/proc/x", false}, {"/tmp/x", false},
		{"/work/x", false}, {"/run/x", false}, {".git/hooks/x", false}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (probe_may_place(cases[i].path) != cases[i].may)
			fail_msg("%s", cases[i].path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			paths_that_lead_elsewhere_or_into_the_pods_own_places_are_not_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
