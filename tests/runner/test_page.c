/* Pages as they are written, or are not. */
#include "runner/page.h"

#include "base/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void
a_page_that_would_be_cut_is_not_written(void **state)
{
	char path[] = "/tmp/drydock-page.XXXXXX";
	struct page whole = {.out = {.max = 1 << 20}}, cut = {.out = {.max = 1 << 20}};
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf text = {0};
	(void)state;
	assert_int_not_equal(mkstemp(path), -1);
	page_begin(&whole, "steps", "up");
	assert_int_equal(page_write(&whole, path, &err), 0);
	page_begin(&cut, "steps", "up");
	while (!cut.out.truncated)
		page_put(&cut, "a step");
	assert_int_equal(page_write(&cut, path, &err), -DD_ELIMIT);
	assert_non_null(strstr(err_msg(&err), "larger than 1 MB"));
	assert_int_equal(fs_read(path, 2 << 20, &text, &err), 0);
	assert_non_null(strstr(text.p, "</html>")); /* what was there is there */
	assert_int_equal(unlink(path), 0);
}

static void
a_link_is_one_whatever_its_path_has(void **state)
{
	OWN(buf) struct buf out = {0};
	(void)state;
	page_put_link(&out, "a b/\"#?%<\xc3\xa9.png");
	assert_string_equal(out.p, "a%20b/%22%23%3F%25%3C%C3%A9.png");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_that_would_be_cut_is_not_written),
		cmocka_unit_test(a_link_is_one_whatever_its_path_has),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
