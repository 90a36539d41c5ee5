#include "base/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
reads_as(const char *text, const char *json)
{
	OWN_JSON json_t *got = NULL;
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf out = {0};
	if (yaml_parse(str_of(text), &got, &err) < 0)
		fail_msg("%s: %s", text, err_msg(&err));
	json_print(got, 0, &out);
	assert_string_equal(out.p, json);
}

static void
is_refused(const char *text, const char *why)
{
	json_t *got = NULL;
	OWN(dd_err) struct dd_err err = {0};
	assert_int_equal(yaml_parse(str_of(text), &got, &err), -DD_EINVAL);
	if (!strstr(err_msg(&err), why))
		fail_msg("%s: %s", text, err_msg(&err));
}

static void
settings_are_read_as_text(void **state)
{
	(void)state;
	reads_as("a: 1\nb: [x, 'y: z']\nc:\n- d: true\n  e: \"\\u00e9\"\n",
		"{\"a\":\"1\",\"b\":[\"x\",\"y: z\"],\"c\":[{\"d\":\"true\",\"e\":\"\xc3\xa9\"}]}");
	reads_as("{\"a\": [null, \"null\", {}]}", "{\"a\":[null,\"null\",{}]}");
	reads_as("# nothing\n", "null");
	reads_as("a:\nb: ~\n", "{\"a\":null,\"b\":null}");
}

static void
what_is_more_than_settings_is_refused_with_its_line(void **state)
{
	(void)state;
	OWN(buf) struct buf deep = {0};
	is_refused("a: 1\nb: !!str 2\n", "line 2: tags");
	is_refused("a: *x\nb: &x 1\n", "line 1: an alias of no anchor");
	is_refused("a: &x [*x]\n", "line 1: an alias of no anchor");
	is_refused("a: &x [1]\nb:\n  <<: *x\n", "line 3: only mappings");
	is_refused("a: 1\na: 2\n", "line 2: a key stands twice");
	is_refused("? [a]\n: b\n", "a key must be a text");
	is_refused("a: 1\n---\nb: 2\n", "second document");
	is_refused("a: [1\nb", "line 3: did not find");
	for (int i = 0; i < 10000; i++)
		buf_putc(&deep, '[');
	is_refused(deep.p, "nested too deeply");
}

static void
aliases_are_copies_and_merged_keys_give_way(void **state)
{
	(void)state;
	reads_as("a: &x 1\nb: *x\nc: &x {d: 2}\ne: [*x, *x]\n",
		"{\"a\":\"1\",\"b\":\"1\",\"c\":{\"d\":\"2\"},\"e\":[{\"d\":\"2\"},{\"d\":\"2\"}]}");
	reads_as("p: &p {a: 1, b: 2}\nq: &q {b: 3, c: 4}\nr:\n  a: 0\n  <<: [*p, *q]\n",
		"{\"p\":{\"a\":\"1\",\"b\":\"2\"},\"q\":{\"b\":\"3\",\"c\":\"4\"},\"r\":{\"a\":\"0\",\"b\":\"2\",\"c\":\"4\"}}");
	reads_as("p: &p {a: 1}\nr:\n  <<: *p\n  a: 2\ns:\n  \"<<\": t\n",
		"{\"p\":{\"a\":\"1\"},\"r\":{\"a\":\"2\"},\"s\":{\"<<\":\"t\"}}");
}

/* 40 MB of a thousand values. */
static void
is_refused_when_repeated(const char *begin, const char *end)
{
	OWN(buf) struct buf text = {0};
	buf_puts(&text, begin);
	for (int i = 0; i < 40000; i++)
		buf_putc(&text, 'y');
	buf_printf(&text, "%s\nb: [*x", end);
	for (int i = 0; i < 1000; i++)
		buf_puts(&text, ", *x");
	buf_puts(&text, "]\n");
	is_refused(text.p, "aliases make too much");
}

static void
long_texts_and_keys_are_not_copied_without_end(void **state)
{
	(void)state;
	is_refused_when_repeated("a: &x ", "");
	is_refused_when_repeated("a: &x {? ", " : 1}");
}

/* Each line ten times the one before, or one level more. */
static void
aliases_that_make_too_much_are_refused(void **state)
{
	(void)state;
	OWN(buf) struct buf wide = {0}, deep = {0};
	buf_puts(&wide, "a0: &a0 x\n");
	buf_puts(&deep, "a0: &a0 x\n");
	for (int i = 1; i < 40; i++) {
		buf_printf(&wide, "a%d: &a%d [*a%d", i, i, i - 1);
		for (int k = 0; k < 9; k++)
			buf_printf(&wide, ", *a%d", i - 1);
		buf_puts(&wide, "]\n");
		buf_printf(&deep, "a%d: &a%d [*a%d]\n", i, i, i - 1);
	}
	is_refused(wide.p, "aliases make too much");
	is_refused(deep.p, "aliases make too much");
}

static void
a_scalar_stays_the_text_that_it_was(void **state)
{
	(void)state;
	static const char *const texts[] = {"zlib1g-dev", "", "null", "~", "- x", "a: b", "a #b",
		" a", "a ", "true", "/usr/lib", "x\ny\t\x01", "\xc3\xa9", "'q'", "\"", "[", "@",
		"%", "header z.h (a.c:3)", "...", "---", ".5", NULL};
	for (size_t i = 0; texts[i]; i++) {
		OWN(buf) struct buf text = {0};
		OWN_JSON json_t *got = NULL;
		buf_puts(&text, "k: ");
		yaml_put_scalar(&text, str_of(texts[i]));
		buf_putc(&text, '\n');
		assert_int_equal(yaml_parse(buf_str(&text), &got, NULL), 0);
		assert_string_equal(json_string_value(json_object_get(got, "k")), texts[i]);

		/* And where it is all that there is. */
		OWN(buf) struct buf alone = {0};
		OWN_JSON json_t *whole = NULL;
		yaml_put_scalar(&alone, str_of(texts[i]));
		assert_int_equal(yaml_parse(buf_str(&alone), &whole, NULL), 0);
		assert_true(json_is_string(whole));
		assert_string_equal(json_string_value(whole), texts[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_are_read_as_text),
		cmocka_unit_test(what_is_more_than_settings_is_refused_with_its_line),
		cmocka_unit_test(aliases_are_copies_and_merged_keys_give_way),
		cmocka_unit_test(aliases_that_make_too_much_are_refused),
		cmocka_unit_test(long_texts_and_keys_are_not_copied_without_end),
		cmocka_unit_test(a_scalar_stays_the_text_that_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
