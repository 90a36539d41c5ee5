#include "base/hash.h"

#include "tests/base/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* FIPS 180-4 examples. */
#define OF_NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define OF_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void
published_digests_are_met(void **state)
{
	(void)state;
	assert_string_equal(hash_bytes(STR("")).s, OF_NOTHING);
	assert_string_equal(hash_bytes(STR("abc")).s, OF_ABC);
}

static void
pieces_give_the_digest_of_the_whole(void **state)
{
	(void)state;
	struct hash *h = hash_create();
	hash_add(h, "a", 1);
	hash_add(h, "", 0);
	hash_add(h, "bc", 2);
	assert_string_equal(hash_finish(h).s, OF_ABC);
	hash_destroy(NULL);
	hash_destroy(hash_create());
}

static void
the_notation_of_others_is_met(void **state)
{
	(void)state;
	char *text = NULL;
	FILE *f = tmpfile();
	assert_int_equal(fputs("abc", f), 1);
	assert_int_equal(fflush(f), 0);
	assert_int_equal(hash_fd_integrity(fileno(f), "sha1", &text, NULL), 0);
	assert_string_equal(text, "sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");
	free(text);
	assert_int_equal(hash_fd_integrity(fileno(f), "sha512", &text, NULL), 0);
	assert_string_equal(text, "sha512-3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/"
				  "BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==");
	free(text);
	(void)fclose(f);
}

static void
fields_are_kept_apart(void **state)
{
	(void)state;
	struct str ab_c[] = {STR("ab"), STR("c")}, a_bc[] = {STR("a"), STR("bc")};
	struct str with_empty[] = {STR("ab"), STR(""), STR("c")};
	struct hash_hex one = hash_fields(ab_c, 2);
	assert_string_not_equal(one.s, hash_fields(a_bc, 2).s);
	assert_string_not_equal(one.s, hash_fields(with_empty, 3).s);
	/* Stored keys depend on the form: a length of 64 bits, little-endian, before each field. */
	assert_string_equal(one.s, hash_bytes(STR("\2\0\0\0\0\0\0\0ab\1\0\0\0\0\0\0\0c")).s);
}

static void
a_file_is_read_from_its_offset(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FD int dir_fd = tmpdir_open_fd(dir);
	OWN(dd_err) struct dd_err err = {0};
	struct hash_hex hex;
	uint64_t size = 0;
	tmpdir_write(dir_fd, "f", "..abc");
	OWN_FD int fd = openat(dir_fd, "f", O_RDONLY | O_CLOEXEC);
	assert_int_equal(lseek(fd, 2, SEEK_SET), 2);
	assert_int_equal(hash_fd(fd, &hex, &size, &err), 0);
	assert_string_equal(hex.s, OF_ABC);
	assert_int_equal(size, 3);
}

static void
an_unreadable_file_is_reported_and_leaves_the_result(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FD int dir_fd = tmpdir_open_fd(dir);
	OWN(dd_err) struct dd_err err = {0};
	struct hash_hex hex = {"untouched"};
	assert_int_equal(hash_fd(dir_fd, &hex, NULL, &err), -DD_EIO);
	assert_non_null(strstr(err_msg(&err), "Is a directory"));
	assert_string_equal(hex.s, "untouched");
}

static void
only_64_lower_case_digits_are_a_digest(void **state)
{
	(void)state;
	char text[] = OF_ABC;
	assert_true(hash_is_hex(str_of(text)));
	assert_false(hash_is_hex((struct str){text, 63}));
	assert_false(hash_is_hex(STR("")));
	text[5] = 'A';
	assert_false(hash_is_hex(str_of(text)));
	text[5] = '/';
	assert_false(hash_is_hex(str_of(text)));
	text[5] = '\0';
	assert_false(hash_is_hex((struct str){text, 64}));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_digests_are_met),
		cmocka_unit_test(pieces_give_the_digest_of_the_whole),
		cmocka_unit_test(the_notation_of_others_is_met),
		cmocka_unit_test(fields_are_kept_apart),
		cmocka_unit_test(a_file_is_read_from_its_offset),
		cmocka_unit_test(an_unreadable_file_is_reported_and_leaves_the_result),
		cmocka_unit_test(only_64_lower_case_digits_are_a_digest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
