#include "base/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
parts_of_names_are_words_without_endings(void **state)
{
	(void)state;
	OWN(strlist) struct strlist l = {0};
	words_of(STR("The HTTPServer_2 redacted, redacts the invoiceTotal; redacting"), &l);
	static const char *const want[] = {"http", "server", "redact", "invoic", "total", NULL};
	assert_int_equal(l.n, 5);
	for (size_t i = 0; want[i]; i++)
		assert_string_equal(l.v[i], want[i]);
}

static void
few_digits_behind_letters_are_of_the_word(void **state)
{
	(void)state;
	OWN(strlist) struct strlist l = {0};
	words_of(STR("ext4_inode, EXT4Inode Sha256sum x86_64 from2021 id20211130 4k"), &l);
	static const char *const want[] = {
		"ext4", "inod", "sha256", "sum", "x86", "64", "from2021", "id", "20211130", NULL};
	assert_int_equal(l.n, 9);
	for (size_t i = 0; want[i]; i++)
		assert_string_equal(l.v[i], want[i]);
}

static void
a_word_of_any_length_and_any_bytes_is_bounded(void **state)
{
	(void)state;
	OWN(strlist) struct strlist l = {0};
	OWN(buf) struct buf b = {0};
	for (int i = 0; i < 10000; i++)
		buf_putc(&b, (char)0xc3);
	words_of(buf_str(&b), &l);
	assert_int_equal(l.n, 1);
	assert_int_equal(strlen(l.v[0]), WORDS_LENGTH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_of_names_are_words_without_endings),
		cmocka_unit_test(few_digits_behind_letters_are_of_the_word),
		cmocka_unit_test(a_word_of_any_length_and_any_bytes_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
