/* The stream parser over every split, text repairs, and the rules of retry. */
#include "agents/failure.h"
#include "agents/sse.h"
#include "agents/wire_text.h"
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int
note(void *ctx, struct str name, struct str data, struct dd_err *err)
{
	(void)err;
	buf_printf(ctx, "[" STR_FMT "|" STR_FMT "]", STR_ARG(name), STR_ARG(data));
	return 0;
}

/* The events of text, fed in pieces that end at `at`, and then every n bytes. */
static char *
parse(struct str text, size_t at, size_t n)
{
	OWN(buf) struct buf out = {0};
	OWN(sse) struct sse s = {.on_event = note, .ctx = &out};
	assert_int_equal(sse_feed(&s, (struct str){text.p, at}, NULL), 0);
	for (size_t i = at; i < text.n; i += n) {
		size_t len = text.n - i < n ? text.n - i : n;
		/* A copy of its own, so that reading past it is seen. */
		OWN_FREE char *piece = mem_strndup(text.p + i, len);
		assert_int_equal(sse_feed(&s, (struct str){piece, len}, NULL), 0);
	}
	assert_int_equal(sse_end(&s, NULL), 0);
	return buf_take(&out);
}

static void
events_are_the_same_wherever_the_bytes_are_cut(void **state)
{
	static const struct {
		const char *text, *events;
	} cases[] = {
		{"event: a\ndata: 1\n\nevent: b\ndata: 2\n\n", "[a|1][b|2]"},
		{"event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n", "[a|1][|2]"},
		{"event: a\rdata: 1\r\rdata: 2\r\r", "[a|1][|2]"},
		{"data: 1\n\r\ndata: 2\r\r\n", "[|1][|2]"},
		{"data: 1\ndata: 2\ndata:3\n\n", "[|1\n2\n3]"},
		{"data\n\ndata\ndata\n\n", "[|][|\n]"},
		{"\xef\xbb\xbf"
		 "data: bom\n\n",
			"[|bom]"},
		{": hello\n\n: again\ndata: x\nid: 7\nretry: 9\nfuture: y\n:\n\n", "[|x]"},
		{"event: alone\n\ndata: x\n\n", "[|x]"},
		{"data: last", "[|last]"},
		{"data: last\n", "[|last]"},
		{"data:  two blanks\n\n", "[| two blanks]"},
		{"data: h\xc3\xa9 \xf0\x9f\x98\x80\n\n", "[|h\xc3\xa9 \xf0\x9f\x98\x80]"},
		{"data: \xe9\n\n", "[|\xe9]"},
		{"datum: x\ndata : y\n\n", ""},
		{"", ""},
		{"\n\n\r\r\n", ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct str text = str_of(cases[i].text);
		for (size_t at = 0; at <= text.n; at++)
			for (size_t n = 1; n <= 5; n++) {
				OWN_FREE char *got = parse(text, at, n);
				if (strcmp(got, cases[i].events) != 0)
					fail_msg("case %zu cut at %zu, then every %zu: '%s'", i, at,
						n, got);
			}
	}
}

static void
an_event_has_a_bound(void **state)
{
	(void)state;
	OWN(buf) struct buf out = {0};
	for (int lines = 0; lines < 2; lines++) {
		OWN(sse) struct sse s = {.on_event = note, .ctx = &out, .max_event = 1000};
		OWN(dd_err) struct dd_err err = {0};
		int rc = 0;
		for (int i = 0; i < 400 && rc == 0; i++)
			rc = sse_feed(&s, lines ? STR("data: xxxx\n") : STR("data: xxxx"), &err);
		assert_int_equal(rc, -DD_ELIMIT);
		assert_non_null(strstr(err_msg(&err), "larger than 1000 bytes"));
		assert_true(s.line.cap + s.data.cap < 10000);
	}
	assert_int_equal(out.n, 0);
}

static int
count(void *ctx, struct str name, struct str data, struct dd_err *err)
{
	(void)name;
	(void)err;
	*(size_t *)ctx += data.n;
	return 0;
}

/* 64 MiB in pieces of 16 KiB: memory stays that of an event, and the time is far from a second. */
static void
a_long_stream_takes_no_memory_and_little_time(void **state)
{
	(void)state;
	OWN(buf) struct buf block = {0};
	size_t seen = 0;
	while (block.n < 1 << 20)
		buf_puts(&block,
			"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a few words\"}}\n\n");
	OWN(sse) struct sse s = {.on_event = count, .ctx = &seen};
	int64_t start = clock_mono_ns();
	for (int i = 0; i < 64; i++)
		for (size_t at = 0; at < block.n; at += 16384) {
			size_t n = block.n - at < 16384 ? block.n - at : 16384;
			assert_int_equal(sse_feed(&s, (struct str){block.p + at, n}, NULL), 0);
		}
	double seconds = (double)(clock_mono_ns() - start) / 1e9;
	print_message("# %.0f MB/s\n", 64.0 * (double)block.n / 1e6 / seconds);
	assert_true(s.line.cap + s.data.cap + s.name.cap < 65536);
	assert_true(seen > 30000000);
	assert_true(seconds < 60);
}

/* ---- text ---- */

static void
bytes_of_another_encoding_come_back_as_they_were(void **state)
{
	static const char *const texts[] = {"caf\xe9", "plain", "h\xc3\xa9",
		"mixed \xc3\xa9 and \xe9", "\xff\xfe\x80", "\xed\xa0\x80", "\xc0\xaf", "\xf8\x88",
		"cut \xe2\x82"};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		OWN(buf) struct buf utf8 = {0}, back = {0}, again = {0};
		bool changed = wire_text_to_utf8(str_of(texts[i]), &utf8);
		assert_false(wire_text_to_utf8(buf_str(&utf8), &again));
		assert_int_equal(changed, i != 1 && i != 2);
		if (changed) {
			assert_true(wire_text_to_latin1(buf_str(&utf8), &back));
			assert_string_equal(back.p, texts[i]);
		}
	}
	OWN(buf) struct buf none = {0};
	assert_false(wire_text_to_latin1(STR("\xe2\x82\xac"), &none));
	assert_int_equal(none.n, 0);
}

static void
halves_of_characters_meet_or_are_replaced(void **state)
{
	static const struct {
		const char *json, *text;
	} cases[] = {
		{"\\ud83d\\ude00", "\\ud83d\\ude00"}, /* whole: the parser's business */
		{"a\\ud83d", "a\xef\xbf\xbd"},
		{"\\ude00z", "\xef\xbf\xbdz"},
		{"\\ud83d\\ud83d\\ude00", "\xef\xbf\xbd\\ud83d\\ude00"},
		{"\\\\ud83d", "\\\\ud83d"}, /* a backslash, and letters */
		{"\\uD83D\\uDE00", "\\uD83D\\uDE00"},
		{"\\u12", "\\u12"},
		{"\\", "\\"},
		{"\\ud83", "\\ud83"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		OWN(buf) struct buf out = {0};
		wire_text_mark_halves(str_of(cases[i].json), &out);
		wire_text_join(&out);
		assert_string_equal(out.p, cases[i].text);
	}
	/* One in each of two pieces. */
	OWN(buf) struct buf both = {0};
	wire_text_mark_halves(STR("\\ud83d"), &both);
	wire_text_mark_halves(STR("\\ude00"), &both);
	wire_text_join(&both);
	assert_string_equal(both.p, "\xf0\x9f\x98\x80");
}

/* ---- retries ---- */

static void
durations_are_read_in_their_forms(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {{"46s", 46000}, {"1.5s", 1500}, {"6m0s", 360000}, {"250ms", 250},
		{"19h22m", 69720000}, {"1d", 86400000}, {"-1", -1}, {"0s", 0}, {"", -1}, {"s", -1},
		{"5", -1}, {"5x", -1}, {"never", -1}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (failure_parse_duration(cases[i].text) != cases[i].ms)
			fail_msg("%s: %lld", cases[i].text,
				(long long)failure_parse_duration(cases[i].text));
}

static void
pauses_double_up_to_their_cap_and_never_follow_a_spending_limit(void **state)
{
	struct failure f = {
		.kind = FAIL_OVERLOADED, .status = 529, .after_ms = -1, .should_retry = -1};
	int64_t wait = 0, most[] = {500, 1000, 2000, 4000, 8000, 8000, 8000};
	(void)state;
	for (int64_t tries = 1; tries <= 7; tries++) {
		assert_true(failure_may_retry(&f, 10, tries, 60000, 1.0, &wait));
		assert_int_equal(wait, most[tries - 1]);
		assert_true(failure_may_retry(&f, 10, tries, 60000, 0.0, &wait));
		assert_int_equal(wait, most[tries - 1] * 3 / 4);
	}
	assert_false(failure_may_retry(&f, 2, 3, 60000, 0, &wait));
	f.after_ms = 60001;
	assert_false(failure_may_retry(&f, 2, 1, 60000, 0, &wait));
	f = (struct failure){.kind = FAIL_SPEND, .status = 429, .after_ms = 10, .should_retry = 1};
	assert_false(failure_may_retry(&f, 2, 1, 60000, 0, &wait));
	f = (struct failure){.kind = FAIL_CANCELLED, .after_ms = -1, .should_retry = -1};
	assert_false(failure_may_retry(&f, 2, 1, 60000, 0, &wait));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_the_same_wherever_the_bytes_are_cut),
		cmocka_unit_test(an_event_has_a_bound),
		cmocka_unit_test(a_long_stream_takes_no_memory_and_little_time),
		cmocka_unit_test(bytes_of_another_encoding_come_back_as_they_were),
		cmocka_unit_test(halves_of_characters_meet_or_are_replaced),
		cmocka_unit_test(durations_are_read_in_their_forms),
		cmocka_unit_test(pauses_double_up_to_their_cap_and_never_follow_a_spending_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
