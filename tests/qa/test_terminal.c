/* Terminals: what reaches their model of all that a program writes, what it may ask, and secrets on the screen. */
#include "qa/programs.h"
#include "qa/terminal.h"
#include "qa/terminal_filter.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define COLUMNS 40
#define ROWS 12
#define HIDDEN "\xe2\x96\x88"

struct stage {
	int fds[2]; /* the program's, the terminal's */
	struct terminal *t;
	struct screen_step step;
};

static void
stage_cleanup(struct stage *s)
{
	terminal_destroy(s->t);
	screen_step_cleanup(&s->step);
	(void)close(s->fds[0]);
	(void)close(s->fds[1]);
}

static void
begin(struct stage *s)
{
	*s = (struct stage){.step = {.n = 1}};
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s->fds), 0);
	assert_int_equal(fcntl(s->fds[1], F_SETFL, O_NONBLOCK), 0);
	s->t = terminal_create(s->fds[1], COLUMNS, ROWS);
	terminal_begin_step(s->t, &s->step);
}

/* In one piece: it is small enough for the socket. */
static void
show(struct stage *s, struct str text)
{
	assert_int_equal(write(s->fds[0], text.p, text.n), (ssize_t)text.n);
	while (terminal_pass(s->t, 0)) {
	}
}

static void
row_is(const struct stage *s, int row, const char *wanted)
{
	struct terminal_view v = {0};
	terminal_look(s->t, &v);
	OWN_FREE char *text = terminal_view_row(&v, row, v.columns);
	terminal_view_cleanup(&v);
	assert_string_equal(text, wanted);
}

/* ---- the filter ---- */

static void
filters(struct str bytes, struct str wanted)
{
	struct terminal_filter f = {0};
	OWN(buf) struct buf got = {0};
	terminal_filter_add(&f, bytes, &got);
	assert_int_equal(got.n, wanted.n);
	if (wanted.n)
		assert_memory_equal(got.p, wanted.p, wanted.n);
	terminal_filter_cleanup(&f);
}

#define FILTERS(bytes, wanted) filters(STR(bytes), STR(wanted))

static void
sequences_pass_whole_or_not_at_all(void **state)
{
	(void)state;
	FILTERS("a\033[1;31mb\033[0mc\r\n", "a\033[1;31mb\033[0mc\r\n");
	FILTERS("\033[?1049h\033[>c\033[38:2::1:2:3m\033[1 q",
		"\033[?1049h\033[>c\033[38:2::1:2:3m\033[1 q");
	FILTERS("\033(B\033#8\033 F\033M\0337", "\033(B\033#8\033 F\033M\0337");
	FILTERS("\xc3\xa9\x9b"
		"1m",
		"\xc3\xa9\x9b"
		"1m");
	FILTERS("\0\177\033\0[\0001\177;\0002m\177", "\033[1;2m");
	FILTERS("\033[1\n;2mx", "\n\033[1;2mx");
	FILTERS("\033[1\0302mx\033[1\0322mx", "2mx2mx");
	FILTERS("\033[1\033[2m\033\033[3m", "\033[2m\033[3m");
	FILTERS("\033[1?2hx\033[1 2hx\033[     mx\033[?????hx", "xxxx");
	FILTERS("\033[1\xc3\xa9m\033\xc3\xa9m", "\xc3\xa9m\xc3\xa9m");
	FILTERS("\033([1;2m\033 ]0;x\033(Px", "1;2m0;xx");
	FILTERS("\033[123456789m", "\033[1234m");
	FILTERS("\033[1;2", "");
}

static void
strings_pass_whole_and_without_controls(void **state)
{
	(void)state;
	FILTERS("\033]0;a\nb\0c\007d", "\033]0;abc\033\\d");
	FILTERS("\033P$qm\033\\d\033P$qm\007d", "\033P$qm\033\\d\033P$qm\033\\d");
	FILTERS("\033]0;ab\033\0\n\177\\d", "\033]0;ab\033\\d");
	FILTERS("\033]0;ab\033[1md\033P\033\033[1m", "\033[1md\033[1m");
	FILTERS("\033]0;ab\030d\033P\032d\033]0;\033\030d", "ddd");
	FILTERS("\033]0;\xc2\x9c\x9c\033\\", "\033]0;\xc2\x9c\x9c\033\\");
	FILTERS("\033_G\007x\033\\a\033^x\033\\b\033Xx\033\\c\033\\", "abc\033\\");
	FILTERS("\033]0;never ended", "");
}

static void
repetitions_are_text_and_bounded(void **state)
{
	struct terminal_filter f = {0};
	OWN(buf) struct buf got = {0};
	(void)state;
	FILTERS("a\033[2bc\033[b\033[0b", "aaaccc");
	FILTERS("\xcc\x81\033(B\033[9999b\033]0;x\007\033[9b\033[9b\n\033[3b",
		"\xcc\x81\033(B\033]0;x\033\\\n");
	FILTERS("a\033[?2b\033[1;2b\033[2 b", "a");
	terminal_filter_add(&f, STR("a\033[9999b"), &got);
	assert_int_equal(got.n, 1 + FILTER_MAX_REPEATS);
	terminal_filter_cleanup(&f);
}

static size_t
span(const char *p, const char *end, const char *of)
{
	size_t n = 0;
	while (p + n < end && p[n] && strchr(of, p[n]))
		n++;
	return n;
}

#define MIDDLES " !\"#$%&'()*+,-./"

/* The length of the sequence at p, as it may reach libvterm. */
static size_t
check_sequence(const char *p, const char *end)
{
	const char *at = p + 1, *from;
	size_t numbers = 1, others;
	assert_true(at < end);
	if (*at == ']' || *at == 'P') {
		while (at < end && (unsigned char)*at >= 0x20 && *at != 0x7f)
			at++;
		assert_true(at + 1 < end && at[0] == '\033' && at[1] == '\\');
		assert_true(at - p <= FILTER_MAX_STRING);
		return (size_t)(at + 2 - p);
	}
	if (*at != '[') {
		others = span(at, end, MIDDLES);
		at += others;
		assert_true(others <= FILTER_MAX_OTHERS && at < end);
		assert_true(*at >= 0x30 && *at < 0x7f && !strchr("[]PX^_", *at));
		return (size_t)(at + 1 - p);
	}
	others = span(++at, end, "<=>?");
	from = at += others;
	at += span(at, end, "0123456789;:");
	for (; from < at; from++)
		numbers += *from == ';' || *from == ':';
	others += span(at, end, MIDDLES);
	at += span(at, end, MIDDLES);
	assert_true(numbers <= FILTER_MAX_NUMBERS && others <= FILTER_MAX_OTHERS && at < end);
	assert_true(*at >= 0x40 && *at < 0x7f && *at != 'b');
	return (size_t)(at + 1 - p);
}

static void
check_all(struct str got)
{
	for (const char *p = got.p, *end = got.p + got.n; p < end;) {
		assert_true(*p && *p != 030 && *p != 032 && *p != 0x7f);
		p += *p == '\033' ? check_sequence(p, end) : 1;
	}
}

static uint32_t
random_of(uint32_t *s)
{
	*s = *s * 1664525u + 1013904223u;
	return *s >> 8;
}

static void
noise_comes_out_in_order_wherever_it_is_cut(void **state)
{
	static const char alphabet[] =
		"\033\033\033\033[[[]P\\X_^(1;;;:?> \"mbHhz\0\177\030\032\n\007\xc3\xa9\x9b\x9c";
	uint32_t s = 1;
	(void)state;
	for (int round = 0; round < 300; round++) {
		struct terminal_filter whole = {0}, cut = {0};
		OWN(buf) struct buf in = {0}, a = {0}, b = {0};
		for (int i = 0; i < 1000; i++)
			buf_putc(&in, alphabet[random_of(&s) % (sizeof(alphabet) - 1)]);
		terminal_filter_add(&whole, buf_str(&in), &a);
		for (size_t at = 0, n; at < in.n; at += n) {
			n = 1 + random_of(&s) % 9;
			n = n < in.n - at ? n : in.n - at;
			terminal_filter_add(&cut, (struct str){in.p + at, n}, &b);
		}
		assert_int_equal(a.n, b.n);
		assert_memory_equal(a.p, b.p, a.n);
		check_all(buf_str(&a));
		terminal_filter_cleanup(&whole);
		terminal_filter_cleanup(&cut);
	}
}

/* ---- the model behind it ---- */

static void
lists_without_end_do_not_reach_the_model(void **state)
{
	static const struct str beginnings[] = {{"\033[", 2}, {"\033[\177", 3}, {"\033[\0", 3},
		{"\033\0[", 3}, {"\033([", 3}, {"\033 [", 3}, {"\033\200[", 3}, {"\033\n[", 3},
		{"\033\033[", 3}, {"\033]0;x\033[", 7}, {"\033]0;x\033\177[", 8},
		{"\033P\033\n[", 5}, {"\033[\033[", 4}, {"\033[1\030\033[", 6},
		{"\033\030\033[", 4}, {"\033_\033[", 4}};
	(void)state;
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(*beginnings); i++) {
		OWN(stage) struct stage s;
		OWN(buf) struct buf text = {0};
		begin(&s);
		buf_add_str(&text, beginnings[i]);
		for (int n = 0; n < 20000; n++)
			buf_puts(&text, "1;");
		buf_puts(&text, "m\033\\\033c\033[H\033[2Jstill there");
		show(&s, buf_str(&text));
		row_is(&s, 0, "still there");
	}
}

static void
a_character_without_width_is_not_repeated(void **state)
{
	OWN(stage) struct stage s;
	(void)state;
	begin(&s);
	show(&s, STR("e\xcc\x81\033(B\033[9999b\r\n\xcc\x81\033]0;x\007\033[9999b-\033[9bhere"));
	row_is(&s, 1, "----------here");
}

static void
many_repetitions_at_once_are_borne(void **state)
{
	OWN(stage) struct stage s;
	OWN(buf) struct buf text = {0};
	(void)state;
	begin(&s);
	while (text.n < 65000)
		buf_puts(&text, "x\033[400b");
	buf_puts(&text, "\033[H\033[2Jstill there");
	show(&s, buf_str(&text));
	row_is(&s, 0, "still there");
}

static void
a_title_in_pieces_is_one(void **state)
{
	static const char text[] = "\033]0;Harbour\033\\x";
	(void)state;
	for (size_t cut = 1; cut < sizeof(text) - 1; cut++) {
		OWN(stage) struct stage s;
		struct terminal_view v = {0};
		begin(&s);
		show(&s, (struct str){text, cut});
		show(&s, (struct str){text + cut, sizeof(text) - 1 - cut});
		terminal_look(s.t, &v);
		assert_string_equal(v.title, "Harbour");
		terminal_view_cleanup(&v);
		row_is(&s, 0, "x");
	}
}

static void
answers_are_bounded_and_the_rest_is_refused(void **state)
{
	OWN(stage) struct stage s;
	OWN(buf) struct buf text = {0};
	size_t answered = 0, refused = 0;
	(void)state;
	begin(&s);
	for (int i = 0; i < 1000; i++)
		buf_puts(&text, "\033[6n");
	show(&s, buf_str(&text));
	for (size_t i = 0; i < s.step.console.n; i++) {
		answered += strcmp(s.step.console.v[i].level, "answered") == 0;
		refused += strcmp(s.step.console.v[i].level, "refused") == 0;
	}
	assert_int_equal(answered, TERMINAL_MAX_ANSWERS);
	assert_int_equal(refused, TERMINAL_MAX_MESSAGES - TERMINAL_MAX_ANSWERS);
	assert_int_equal(s.step.dropped, 1000 - TERMINAL_MAX_MESSAGES);
}

/* ---- secrets ---- */

/* What is left of a screen on which the secret is hidden: its description, and its picture. */
static void
hide(struct stage *s, const char *secret, struct buf *ret, struct buf *ret_picture)
{
	struct terminal_view v = {0};
	struct picture picture = {0};
	OWN(dd_err) struct dd_err err = {0};
	terminal_look(s->t, &v);
	terminal_view_hide(&v, secret);
	OWN_JSON json_t *j = terminal_view_describe(&v);
	json_print(j, 0, ret);
	assert_int_equal(terminal_view_draw(&v, &picture, &err), 0);
	png_write(&picture, ret_picture);
	picture_cleanup(&picture);
	terminal_view_cleanup(&v);
}

/* The same text with x for each character of its lines. */
static char *
masked(const char *text)
{
	char *copy = mem_strdup(text);
	for (char *p = copy; *p; p++)
		if (*p != '\n' && *p != '\r')
			*p = 'x';
	return copy;
}

/* `shown` is printed on the screen, and nothing of it is to be seen: it cannot be told from a mask that was hidden. */
static void
all_is_hidden(const char *before, const char *shown, const char *secret)
{
	OWN(stage) struct stage a, b;
	OWN_FREE char *mask = masked(shown), *mask_secret = masked(secret);
	OWN(buf) struct buf text = {0}, other = {0}, picture = {0}, other_picture = {0};
	begin(&a);
	begin(&b);
	show(&a, str_of(before));
	show(&a, str_of(shown));
	show(&b, str_of(before));
	show(&b, str_of(mask));
	hide(&a, secret, &text, &picture);
	hide(&b, mask_secret, &other, &other_picture);
	assert_string_equal(text.p, other.p);
	assert_non_null(strstr(text.p, HIDDEN HIDDEN HIDDEN HIDDEN));
	assert_int_equal(picture.n, other_picture.n);
	assert_memory_equal(picture.p, other_picture.p, picture.n);
}

#define KEY_LINE1 "QmFzZTY0IG9mIGEga2V5IHRoYXQgb3BlbnMgbm90aGluZy4K"
#define KEY_LINE2 "VGhlIHNlY29uZCBvZiBpdHMgbGluZXMK"
#define KEY KEY_LINE1 "\n" KEY_LINE2 "\n"

static void
lines_of_a_secret_are_hidden(void **state)
{
	(void)state;
	all_is_hidden("", "open-sesame", "open-sesame");
	all_is_hidden("It is here: ", KEY_LINE2, KEY);
	all_is_hidden("wrapped: ", KEY_LINE1, KEY);
	all_is_hidden("", KEY_LINE1 "\r\n" KEY_LINE2, KEY);
	all_is_hidden("", KEY_LINE2, KEY_LINE1 "\r\n" KEY_LINE2 "\r\n");
	all_is_hidden("codes\r\n", "123456\r\n789012\r\n345678", "123456\n789012\n345678\n");
}

static void
a_part_of_a_long_secret_is_hidden(void **state)
{
	OWN(buf) struct buf key = {0};
	uint32_t s = 7;
	(void)state;
	while (key.n < 9000)
		buf_putc(&key, (char)('a' + random_of(&s) % 26));
	all_is_hidden("", key.p, key.p);
	all_is_hidden("the end: ", key.p + 8900, key.p);
	key.p[300] = '\0';
	all_is_hidden("the beginning: ", key.p, key.p);
}

static void
what_is_no_secret_is_shown(void **state)
{
	OWN(stage) struct stage s;
	OWN(buf) struct buf text = {0}, picture = {0};
	(void)state;
	begin(&s);
	show(&s, STR("Berths: North and South\r\n\r\n              of seven piers"));
	hide(&s, "{\n              \"key\": 17\n\n\n}" KEY, &text, &picture);
	assert_null(strstr(text.p, HIDDEN));
	assert_non_null(strstr(text.p, "Berths: North and South"));
}

static void
secrets_that_overlap_are_both_hidden(void **state)
{
	OWN(stage) struct stage s;
	struct terminal_view v = {0};
	(void)state;
	begin(&s);
	show(&s, STR("open-sesame-street"));
	terminal_look(s.t, &v);
	terminal_view_hide(&v, "open-sesame");
	terminal_view_hide(&v, "sesame-street");
	OWN_FREE char *row = terminal_view_row(&v, 0, v.columns);
	terminal_view_cleanup(&v);
	assert_int_equal(strlen(row), 18 * strlen(HIDDEN));
}

/* ---- telling the driver ---- */

static void
a_driver_that_does_not_read_holds_nobody(void **state)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN_FD int asked = -1, told = -1;
	char line[8] = "";
	int rc = 0;
	(void)state;
	(void)alarm(20);
	assert_int_equal(program_open_status(&asked, &told, &err), 0);
	for (int i = 0; rc == 0 && i < 1000000; i++)
		rc = program_tell_status(told, "running\n", &err);
	(void)alarm(0);
	assert_int_equal(rc, -DD_ECORRUPT);
	assert_string_equal(err_msg(&err), "the driver asks and does not read");
	assert_int_equal(read(asked, line, sizeof(line)), sizeof(line));
	assert_memory_equal(line, "running\n", sizeof(line));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequences_pass_whole_or_not_at_all),
		cmocka_unit_test(strings_pass_whole_and_without_controls),
		cmocka_unit_test(repetitions_are_text_and_bounded),
		cmocka_unit_test(noise_comes_out_in_order_wherever_it_is_cut),
		cmocka_unit_test(lists_without_end_do_not_reach_the_model),
		cmocka_unit_test(a_character_without_width_is_not_repeated),
		cmocka_unit_test(many_repetitions_at_once_are_borne),
		cmocka_unit_test(a_title_in_pieces_is_one),
		cmocka_unit_test(answers_are_bounded_and_the_rest_is_refused),
		cmocka_unit_test(lines_of_a_secret_are_hidden),
		cmocka_unit_test(a_part_of_a_long_secret_is_hidden),
		cmocka_unit_test(what_is_no_secret_is_shown),
		cmocka_unit_test(secrets_that_overlap_are_both_hidden),
		cmocka_unit_test(a_driver_that_does_not_read_holds_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
