#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <setjmp.h>
#include <cmocka.h>

static int mode(const char *m) { return strcmp(getenv("MODE"), m) == 0; }
static void alpha(void **s) { (void)s; }
static void beta(void **s)
{
	(void)s;
	if (mode("fail"))
		assert_string_equal("low", "high");
	if (mode("crash"))
		*(volatile int *)0 = 1;
	if (mode("skip"))
		skip();
	if (mode("kill"))
		sleep(600);
}
static void gamma_(void **s) { (void)s; }

int
main(void)
{
	const struct CMUnitTest tide[] = {
		cmocka_unit_test(alpha), cmocka_unit_test(beta), cmocka_unit_test(gamma_)};
	return cmocka_run_group_tests(tide, NULL, NULL);
}
