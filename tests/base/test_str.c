#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
append_past_the_maximum_is_dropped_and_marked(void **state)
{
	(void)state;
	OWN(buf) struct buf b = {.max = 4};
	buf_puts(&b, "abcdef");
	assert_string_equal(b.p, "abcd");
	assert_true(b.truncated);
}

static void
json_strings_survive_hostile_bytes(void **state)
{
	(void)state;
	OWN(buf) struct buf b = {0};
	buf_put_json(&b, STR("a\"\\\n\x01\xff\xc3\xa9\xed\xa0\x80"));
	assert_string_equal(b.p, "\"a\\\"\\\\\\n\\u0001\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd"
				 "\xef\xbf\xbd\"");
}

static void
html_meaning_is_escaped(void **state)
{
	(void)state;
	OWN(buf) struct buf b = {0};
	buf_put_html(&b, STR("<a href='x'>&\"\x1b[0m"));
	assert_string_equal(b.p, "&lt;a href=&#39;x&#39;&gt;&amp;&quot;\xef\xbf\xbd[0m");
}

static void
what_a_shell_reads_is_one_word_on_one_line(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"src/a-b_c.2", "src/a-b_c.2"},
		{"", "''"},
		{"a b", "'a b'"},
		{"x'; touch pwned; '", "'x'\\''; touch pwned; '\\'''"},
		{"$(id)`id`\\", "'$(id)`id`\\'"},
		{"~", "'~'"},
		{"caf\xc3\xa9", "'caf\xc3\xa9'"},
		{"a\nUSER root\\'", "$'a\\012USER root\\134\\047'"},
		{"\x1b[2J\xff", "$'\\033[2J\\377'"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		OWN(buf) struct buf b = {0};
		buf_put_shell(&b, str_of(cases[i][0]));
		assert_string_equal(b.p, cases[i][1]);
	}
}

static void
terminal_escapes_become_visible(void **state)
{
	(void)state;
	OWN(buf) struct buf b = {0};
	buf_put_visible(&b, STR("\x1b]52;c;x\x07 \xc2\x9b ok"));
	assert_string_equal(b.p, "\\x1b]52;c;x\\x07 \\xc2\\x9b ok");
}

static void
text_cannot_turn_round_what_stands_beside_it(void **state)
{
	(void)state;
	OWN(buf) struct buf b = {0}, html = {0};
	buf_put_visible(&b, STR("a\u202egpj\u2066x \u2013"));
	assert_string_equal(b.p, "a\\xe2\\x80\\xaegpj\\xe2\\x81\\xa6x \u2013");
	buf_put_html(&html, STR("\u202e<\xc2\x9b>"));
	assert_string_equal(html.p, "\ufffd&lt;\ufffd&gt;");
}

static void
lines_lose_their_ending(void **state)
{
	(void)state;
	struct str rest = STR("one\r\n\nlast"), line;
	assert_true(str_next_line(&rest, &line));
	assert_true(str_eq(line, "one"));
	assert_true(str_next_line(&rest, &line));
	assert_int_equal(line.n, 0);
	assert_true(str_next_line(&rest, &line));
	assert_true(str_eq(line, "last"));
	assert_false(str_next_line(&rest, &line));
}

static void
numbers_are_whole_and_bounded(void **state)
{
	(void)state;
	uint64_t v = 7;
	assert_false(str_parse_u64(STR("12x"), 100, &v));
	assert_false(str_parse_u64(STR(""), 100, &v));
	assert_false(str_parse_u64(STR("101"), 100, &v));
	assert_false(str_parse_u64(STR("99999999999999999999"), UINT64_MAX, &v));
	assert_int_equal(v, 7);
	assert_true(str_parse_u64(STR("100"), 100, &v));
	assert_int_equal(v, 100);
}

static void
any_text_is_one_word_and_comes_back(void **state)
{
	(void)state;
	static const char *const bad[] = {"%", "%4", "%zz", "a%00b"};
	OWN(buf) struct buf b = {0};
	buf_put_percent(&b, STR("a b\n100%\x7f\xc3\xa9="));
	assert_string_equal(b.p, "a%20b%0A100%25%7F\xc3\xa9=");
	OWN_FREE char *back = str_unpercent(buf_str(&b));
	assert_string_equal(back, "a b\n100%\x7f\xc3\xa9=");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_null(str_unpercent(str_of(bad[i])));
}

static void
a_script_names_what_runs_it(void **state)
{
	(void)state;
	static const struct {
		const char *script, *interpreter;
	} of[] = {{"#!/bin/sh\nx", "sh"}, {"#! /usr/bin/env python3\n", "python3"},
		{"#!perl -w\n", "perl"}, {"#!/usr/bin/env\nsh", "env"}, {"echo", ""},
		{"#!\nsh", ""}};
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++)
		assert_true(str_eq(str_interpreter(str_of(of[i].script)), of[i].interpreter));
}

static void
what_is_hidden_may_be_of_stars_itself(void **state)
{
	static const char *const cases[][3] = {{"a key, key.", "key", "a ***, ***."},
		{"***** and *", "**", "***** and *"}, {"aaa", "aa", "**a"}, {"text", "", "text"}};
	(void)state;
	(void)alarm(20);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		OWN_FREE char *text = mem_strdup(cases[i][0]);
		str_hide(text, cases[i][1]);
		assert_string_equal(text, cases[i][2]);
		str_hide(text, NULL);
		assert_string_equal(text, cases[i][2]);
	}
	str_hide(NULL, "key");
	(void)alarm(0);
}

static void
views_are_ordered_by_bytes(void **state)
{
	(void)state;
	const struct str none = {NULL, 0};
	assert_int_equal(str_compare(none, none), 0);
	assert_true(str_compare(none, STR("a")) < 0);
	assert_true(str_compare(STR("ab"), STR("a")) > 0);
	assert_true(str_compare(STR("ab"), STR("b")) < 0);
	assert_true(str_compare(STR("\xff"), STR("a")) > 0);
	assert_true(str_same(none, STR("")));
	assert_false(str_same(STR("a"), STR("b")));
}

static void
words_and_characters_are_told(void **state)
{
	(void)state;
	assert_true(str_has_word(STR(" a  bc\td "), "bc"));
	assert_false(str_has_word(STR("abc bcd"), "bc"));
	assert_false(str_has_word(STR(""), ""));
	static const char *const names[] = {"a", "bc", NULL};
	assert_true(str_is_one(STR("bc"), names));
	assert_false(str_is_one(STR("b"), names));
	assert_false(str_is_one(str_of(NULL), names));
	static const char *const good[] = {
		"", "a", "\xc3\xa4", "\xe2\x82\xac.", "\xf0\x9f\x98\x80"};
	/* Alone, cut, overlong, a half of a pair, beyond the last character. */
	static const char *const bad[] = {
		"\xe4", "\xe2\x82", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80"};
	for (size_t i = 0; i < 5; i++) {
		assert_true(str_is_utf8(str_of(good[i])));
		assert_false(str_is_utf8(str_of(bad[i])));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(append_past_the_maximum_is_dropped_and_marked),
		cmocka_unit_test(json_strings_survive_hostile_bytes),
		cmocka_unit_test(html_meaning_is_escaped),
		cmocka_unit_test(terminal_escapes_become_visible),
		cmocka_unit_test(what_a_shell_reads_is_one_word_on_one_line),
		cmocka_unit_test(text_cannot_turn_round_what_stands_beside_it),
		cmocka_unit_test(lines_lose_their_ending),
		cmocka_unit_test(numbers_are_whole_and_bounded),
		cmocka_unit_test(any_text_is_one_word_and_comes_back),
		cmocka_unit_test(a_script_names_what_runs_it),
		cmocka_unit_test(what_is_hidden_may_be_of_stars_itself),
		cmocka_unit_test(views_are_ordered_by_bytes),
		cmocka_unit_test(words_and_characters_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
