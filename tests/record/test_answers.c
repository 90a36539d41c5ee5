#include "base/fs.h"
#include "record/answers.h"
#include "tests/base/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static char *dir;

static int
load(const char *text, struct answers **ret, struct dd_err *err)
{
	OWN_FREE char *path = fs_join(dir, "answers.json");
	assert_int_equal(fs_write_atomic(path, str_of(text), 0600, NULL), 0);
	return answers_load(path, ret, err);
}

static void
values_come_from_strings_environment_files_and_null(void **state)
{
	(void)state;
	OWN_FREE char *file = fs_join(dir, "licence");
	assert_int_equal(fs_write_atomic(file, STR("L-1234\n"), 0600, NULL), 0);
	setenv("DD_TEST_TOKEN", "tok-abcd", 1);
	OWN_FREE char *text =
		mem_printf("{\"env:SITE\": \"north\", \"secret:TOKEN\": {\"env\": "
			   "\"DD_TEST_TOKEN\"}, \"file:licence\": {\"file\": \"%s\"}, "
			   "\"decision:x\": null}",
			file);
	struct answers *a = NULL;
	OWN(dd_err) struct dd_err err = {0};
	assert_int_equal(load(text, &a, &err), 0);
	const char *v = NULL;
	assert_int_equal(answers_get(a, "env:SITE", &v), ANSWER_GIVEN);
	assert_string_equal(v, "north");
	assert_int_equal(answers_get(a, "secret:TOKEN", &v), ANSWER_GIVEN);
	assert_string_equal(v, "tok-abcd");
	assert_int_equal(answers_get(a, "file:licence", &v), ANSWER_GIVEN);
	assert_string_equal(v, "L-1234");
	assert_int_equal(answers_get(a, "decision:x", &v), ANSWER_DECLINED);
	assert_int_equal(answers_get(a, "env:OTHER", &v), ANSWER_NONE);
	answers_destroy(a);
}

static void
secrets_are_redacted_and_plain_answers_are_not(void **state)
{
	(void)state;
	struct answers *a = NULL;
	OWN(dd_err) struct dd_err err = {0};
	assert_int_equal(load("{\"secret:K\": \"s3cret\", \"env:SITE\": \"north\"}", &a, &err), 0);
	OWN(buf) struct buf out = {0};
	answers_redact(a, STR("key=s3cret at north, s3cre, s3cret"), &out);
	assert_string_equal(out.p, "key=[redacted] at north, s3cre, [redacted]");
	answers_destroy(a);
}

static void
a_file_of_any_kind_answers_a_file_question_and_only_that(void **state)
{
	(void)state;
	OWN_FREE char *file = fs_join(dir, "blob");
	OWN_FREE char *sub = fs_join(dir, "folder");
	static const char *const wrong[] = {"{\"file:x\": {\"file\": \"folder\"}}",
		"{\"file:x\": {\"file\": \"not-there\"}}",
		"{\"secret:x\": {\"file\": \"folder\"}}"};
	struct answers *a = NULL;
	assert_int_equal(fs_write_atomic(file, (struct str){"a\0bcdefgh", 9}, 0600, NULL), 0);
	assert_int_equal(fs_mkdirs(sub, 0700, NULL), 0);
	for (size_t i = 0; i < 3; i++) {
		OWN(dd_err) struct dd_err err = {0};
		assert_int_equal(load(wrong[i], &a, &err), -DD_EINVAL);
		assert_non_null(strstr(err.msg, ":x"));
	}
	assert_int_equal(
		load("{\"file:x\": {\"file\": \"blob\"}, \"file:y\": \"text\"}", &a, NULL), 0);
	OWN_FD int blob = -1, text = -1, none = -1;
	char content[16] = "";
	assert_int_equal(answers_get(a, "file:x", NULL), ANSWER_GIVEN);
	assert_int_equal(answers_open(a, "file:x", &blob, NULL), 0);
	assert_int_equal(read(blob, content, sizeof(content)), 9);
	assert_memory_equal(content, "a\0bcdefgh", 9);
	assert_int_equal(answers_open(a, "file:y", &text, NULL), 0);
	assert_int_equal(read(text, content, sizeof(content)), 4);
	assert_int_equal(answers_open(a, "file:z", &none, NULL), -DD_ENOENT);
	answers_destroy(a);
}

/* Every secret at every place, however they overlap, and however many there are. */
static void
each_line_of_a_large_file_is_redacted(void **state)
{
	(void)state;
	OWN(buf) struct buf file = {0}, out = {0}, log = {0};
	OWN_FREE char *path = fs_join(dir, "many");
	struct answers *a = NULL;
	for (unsigned i = 0; i < 20000; i++)
		buf_printf(&file, "2024-01-%u,port,%u\n", i * 7919 % 20000, i);
	assert_int_equal(fs_write_atomic(path, buf_str(&file), 0600, NULL), 0);
	assert_int_equal(load("{\"file:x\": {\"file\": \"many\"}}", &a, NULL), 0);
	for (unsigned i = 0; i < 20000; i++)
		buf_printf(&log, "row 2024-01-%u,port,%u ends 2024-01-\n", i * 7919 % 20000, i);
	answers_redact(a, buf_str(&log), &out);
	struct str rest = buf_str(&out), line;
	while (str_next_line(&rest, &line))
		if (!str_starts(line, "row [redacted]") || !str_ends(line, " ends 2024-01-"))
			fail_msg(STR_FMT, STR_ARG(line));
	answers_destroy(a);
}

static void
the_longest_secret_that_fits_is_taken(void **state)
{
	(void)state;
	struct answers *a = NULL;
	assert_int_equal(
		load("{\"secret:A\": \"abcd\", \"secret:B\": \"abcdef\", \"secret:C\": \"abcdzz\", "
		     "\"secret:D\": \"abcdefghij\"}",
			&a, NULL),
		0);
	static const char *const cases[][2] = {{"abcdefgh!", "[redacted]gh!"},
		{"abcdy", "[redacted]y"}, {"xabcdzzy", "x[redacted]y"},
		{"abcdefghij", "[redacted]"}, {"abc", "abc"}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		OWN(buf) struct buf out = {0};
		answers_redact(a, str_of(cases[i][0]), &out);
		assert_string_equal(out.p, cases[i][1]);
	}
	answers_destroy(a);
}

static void
an_unknown_kind_is_an_error_that_names_it(void **state)
{
	(void)state;
	struct answers *a = NULL;
	OWN(dd_err) struct dd_err err = {0};
	assert_int_equal(load("{\"colour:red\": \"x\"}", &a, &err), -DD_EINVAL);
	assert_non_null(strstr(err.msg, "colour:red"));
}

static void
what_nobody_asked_for_is_listed(void **state)
{
	(void)state;
	struct answers *a = NULL;
	OWN(dd_err) struct dd_err err = {0};
	assert_int_equal(load("{\"env:A\": \"1\", \"env:B\": \"2\"}", &a, &err), 0);
	(void)answers_get(a, "env:A", NULL);
	OWN(strlist) struct strlist unused = {0};
	answers_unused(a, &unused);
	assert_int_equal(unused.n, 1);
	assert_string_equal(unused.v[0], "env:B");
	answers_destroy(a);
}

static void
slugs_are_stable(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"Administrator e-mail address? ", "administrator-e-mail-address"},
		{"  Install prefix [/usr/local]: ", "install-prefix"},
		{"???", ""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		OWN_FREE char *slug = question_slug(str_of(cases[i][0]));
		assert_string_equal(slug, cases[i][1]);
	}
}

static void
secrets_are_told_by_id_by_origin_and_by_content(void **state)
{
	(void)state;
	static const char *const secret[] = {"secret:X", "env:PGPASSWORD", "env:STRIPE_API_KEY",
		"env:GITHUB_TOKEN", "env:MYSQL_PWD", "prompt:enter-the-admin-password",
		"prompt:pin", "prompt:key-passphrase-again", NULL};
	static const char *const plain[] = {"env:HARBOUR_SITE", "env:TOKENIZER_PATH", "env:SPINDLE",
		"prompt:do-you-accept-the-license", "prompt:pinnace-or-cutter", "service:redis",
		"decision:password-store", NULL};
	for (size_t i = 0; secret[i]; i++)
		if (!answers_is_secret(NULL, secret[i]))
			fail_msg("%s is not a secret", secret[i]);
	for (size_t i = 0; plain[i]; i++)
		if (answers_is_secret(NULL, plain[i]))
			fail_msg("%s is a secret", plain[i]);
	struct answers *a = NULL;
	OWN(dd_err) struct dd_err err = {0};
	setenv("DD_TEST_TOKEN", "tok-abcd", 1);
	assert_int_equal(load("{\"prompt:password\": \"tar-and-feather\", \"env:A\": {\"env\": "
			      "\"DD_TEST_TOKEN\"}, \"env:B\": \"x-tok-abcd-y\", \"env:C\": "
			      "\"tok\"}",
				 &a, &err),
		0);
	assert_true(answers_is_secret(a, "env:A"));
	assert_true(answers_is_secret(a, "env:B"));
	assert_false(answers_is_secret(a, "env:C"));
	char *text = mem_strdup("typed tar-and-feather");
	answers_redact_text(a, &text);
	assert_string_equal(text, "typed [redacted]");
	free(text);
	OWN_JSON json_t *j = json_pack("{s:[s, {s:s}]}", "x", "tok-abcd", "y", "no tok-abcd");
	answers_redact_json(a, j);
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(j, "x"), 0)), "[redacted]");
	answers_destroy(a);
}

static int
make_dir(void **state)
{
	(void)state;
	dir = tmpdir_create();
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	tmpdir_remove(dir);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_come_from_strings_environment_files_and_null),
		cmocka_unit_test(secrets_are_redacted_and_plain_answers_are_not),
		cmocka_unit_test(a_file_of_any_kind_answers_a_file_question_and_only_that),
		cmocka_unit_test(each_line_of_a_large_file_is_redacted),
		cmocka_unit_test(the_longest_secret_that_fits_is_taken),
		cmocka_unit_test(an_unknown_kind_is_an_error_that_names_it),
		cmocka_unit_test(what_nobody_asked_for_is_listed),
		cmocka_unit_test(slugs_are_stable),
		cmocka_unit_test(secrets_are_told_by_id_by_origin_and_by_content),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
