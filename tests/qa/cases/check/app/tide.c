#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int mode(const char *m) { return strcmp(getenv("MODE"), m) == 0; }
START_TEST(alpha) {} END_TEST
START_TEST(beta)
{
	if (mode("fail"))
		ck_assert_str_eq("low", "high");
	if (mode("crash"))
		*(volatile int *)0 = 1;
	if (mode("kill"))
		sleep(600);
}
END_TEST
START_TEST(gamma_) {} END_TEST

int
main(void)
{
	Suite *s = suite_create("Tide");
	TCase *c = tcase_create("core");
	tcase_set_timeout(c, 0);
	tcase_add_test(c, alpha);
	tcase_add_test(c, beta);
	tcase_add_test(c, gamma_);
	suite_add_tcase(s, c);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	int bad = srunner_ntests_failed(r);
	srunner_free(r);
	return bad != 0;
}
