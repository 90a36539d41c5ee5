#include "base/match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static struct match_set *
compile(const struct match_rule *rules, size_t n)
{
	OWN(dd_err) struct dd_err err = {0};
	struct match_set *set;
	if (match_compile(rules, n, STR(""), &set, &err))
		fail_msg("%s", err_msg(&err));
	return set;
}

static struct match_set *
compile_plain(const struct match_rule *rules, size_t n)
{
	OWN(dd_err) struct dd_err err = {0};
	struct match_set *set;
	if (match_compile_plain(rules, n, &set, &err))
		fail_msg("%s", err_msg(&err));
	return set;
}

/* "line id: whole match|group|...\n" for each hit. */
static bool
write_hit(void *ctx, const struct match_hit *h)
{
	struct buf *out = ctx;
	buf_printf(out, "%llu %s: ", (unsigned long long)h->line, h->id);
	for (size_t i = 0; i < h->ncaptures; i++) {
		if (i)
			buf_putc(out, '|');
		if (h->captures[i].p)
			buf_add_str(out, h->captures[i]);
		else
			buf_putc(out, '-');
	}
	buf_putc(out, '\n');
	return true;
}

static void
scan(struct match_set *set, struct str text, struct buf *out)
{
	OWN(dd_err) struct dd_err err = {0};
	if (match_text(set, text, write_hit, out, &err))
		fail_msg("%s", err_msg(&err));
}

static void
assert_hits(const struct match_rule *rules, size_t n, const char *text, const char *want)
{
	for (int slow = 0; slow < 2; slow++) {
		OWN(buf) struct buf out = {0};
		struct match_set *set = slow ? compile_plain(rules, n) : compile(rules, n);
		scan(set, str_of(text), &out);
		assert_string_equal(buf_str(&out).p, want);
		match_destroy(set);
	}
}

/* ---- what a line is ---- */

static void
assert_lines(const char *text, const char *want)
{
	const struct match_rule all = {.id = "x", .pattern = "^.+$"};
	assert_hits(&all, 1, text, want);
}

static void
lines_end_at_newlines_and_count(void **state)
{
	(void)state;
	assert_lines("one\n\nthree\r\nfour", "1 x: one\n3 x: three\n4 x: four\n");
	assert_lines("", "");
	assert_lines("\n\n", "");
	assert_lines("tab\there \n", "1 x: tab\there \n");
	assert_lines("caf\xc3\xa9 \xff\n", "1 x: caf\xc3\xa9 \xff\n");
}

static void
progress_bars_are_one_text_per_state(void **state)
{
	(void)state;
	assert_lines("10%\r20%\r\rdone\nnext\n", "1 x: 10%\n1 x: 20%\n1 x: done\n2 x: next\n");
	assert_lines("a\x1b[2K\x1b[1Gb\x1b[3Ac\n", "1 x: a\n1 x: b\n1 x: c\n");
	assert_lines("|\b/\b-\bok\n", "1 x: ok\n");
	assert_lines("\xc3\xa9\bx\b\b\b\by\n", "1 x: y\n");
}

static void
escape_sequences_are_not_text(void **state)
{
	(void)state;
	assert_lines("\x1b[01m\x1b[Kfile.c:1:\x1b[m\x1b[K \x1b[01;31m\x1b[Kerror: \x1b[m\x1b[Kno\n",
		"1 x: file.c:1: error: no\n");
	assert_lines("see \x1b]8;;https://example.org/\x1b\\here\x1b]8;;\a.\n", "1 x: see here.\n");
	assert_lines("a\x1b(Bb\x1b=c\x1b[?25ld\x1b[38:2::1:2:3me\x1b[Cf\n", "1 x: abcde f\n");
	assert_lines("\x1bPq#0;2\x1b\\sixel\x1b_apc\x1b\\!\n", "1 x: sixel!\n");
	assert_lines("nul\x01\x02\x7f and\vothers\f.\n", "1 x: nul and others .\n");
}

static void
an_unfinished_escape_sequence_hides_one_line_at_most(void **state)
{
	(void)state;
	assert_lines("a\x1b]0;title\nb\x1b[1;2\nc\x1b\nd\x1bP\x1b\ne\n",
		"1 x: a\n2 x: b\n3 x: c\n4 x: d\n5 x: e\n");
	assert_lines("a\x1b\x1b[mb\x1b[1\x1b[mc\x1b\xc3\xa9\n", "1 x: abc\xc3\xa9\n");
}

/* ---- hits ---- */

static void
captures_come_by_number_and_by_name(void **state)
{
	(void)state;
	const struct match_rule rules[] = {{.id = "missing",
		.pattern = "fatal error: (?<header>[^:]+): No such (file)?( x)?"}};
	assert_hits(rules, 1, "a.c:3:10: fatal error: zlib.h: No such file or directory\n",
		"1 missing: fatal error: zlib.h: No such file|zlib.h|file|-\n");
}

static bool
check_named(void *ctx, const struct match_hit *h)
{
	*(int *)ctx += 1;
	assert_true(str_eq(match_named(h, "b"), "2"));
	assert_null(match_named(h, "a").p);
	assert_null(match_named(h, "zzz").p);
	assert_true(str_eq(h->text, "x2y"));
	return true;
}

static void
a_name_that_took_no_part_is_null(void **state)
{
	(void)state;
	const struct match_rule rule = {.id = "r", .pattern = "x(?<a>1)?(?<b>2)"};
	struct match_set *set = compile(&rule, 1);
	int calls = 0;
	assert_int_equal(match_text(set, STR("\x1b[1mx2\x1b[my"), check_named, &calls, NULL), 0);
	assert_int_equal(calls, 1);
	match_destroy(set);
}

static void
a_rule_reports_its_leftmost_match_once_a_line_in_rule_order(void **state)
{
	(void)state;
	const struct match_rule rules[] = {{.id = "z", .pattern = "b+"},
		{.id = "a", .pattern = "A+", .icase = true}, {.id = "z", .pattern = "c"}};
	assert_hits(
		rules, 3, "caabbab\nabc\n", "1 z: bb\n1 a: aa\n1 z: c\n2 z: b\n2 a: a\n2 z: c\n");
}

static void
a_match_never_spans_lines(void **state)
{
	(void)state;
	const struct match_rule rules[] = {{.id = "space", .pattern = "a\\s+b"},
		{.id = "not", .pattern = "x[^y]+z"}, {.id = "end", .pattern = "q$"},
		{.id = "begin", .pattern = "^q"}, {.id = "abs", .pattern = "\\Aq\\z"}};
	assert_hits(rules, 5, "a\nb\nxz\nx z\nx\nz\naq\nqa\nq\n",
		"4 not: x z\n7 end: q\n8 begin: q\n9 end: q\n9 begin: q\n9 abs: q\n");
}

static bool
stop_at_first(void *ctx, const struct match_hit *h)
{
	(void)h;
	++*(int *)ctx;
	return false;
}

static void
the_callback_can_end_the_scan(void **state)
{
	(void)state;
	const struct match_rule rule = {.id = "r", .pattern = "x"};
	struct match_set *set = compile(&rule, 1);
	int calls = 0;
	assert_int_equal(match_text(set, STR("x\nx\nx"), stop_at_first, &calls, NULL), 0);
	assert_int_equal(calls, 1);
	match_destroy(set);
}

static void
wrong_patterns_are_refused_by_id(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *words;
	} bad[] = {{"a(b", "character 3"}, {"x*", "empty"}, {"^$", "empty"}, {"(?=a)", "empty"},
		{"(*UTF)a", "(*"}, {"[z-a]", "range"}, {"a\\Cb", "\\C"}};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const struct match_rule rules[] = {{.id = "fine", .pattern = "x"},
			{.id = "the-bad-one", .pattern = bad[i].pattern}};
		struct match_set *set = NULL;
		OWN(dd_err) struct dd_err err = {0};
		assert_int_equal(match_compile(rules, 2, STR(""), &set, &err), -DD_EINVAL);
		assert_null(set);
		assert_non_null(strstr(err_msg(&err), "the-bad-one"));
		if (!strstr(err_msg(&err), bad[i].words))
			fail_msg("'%s' does not say '%s'", err_msg(&err), bad[i].words);
	}
}

/* ---- long lines ---- */

static void
long_lines_are_searched_everywhere_and_reported_once(void **state)
{
	(void)state;
	const struct match_rule rules[] = {{.id = "begin", .pattern = "^x"},
		{.id = "needle", .pattern = "needle(\\d+)"}, {.id = "end", .pattern = "x$"},
		{.id = "inner", .pattern = "^\\d"}};
	/* Every position around the first two window edges, and the end of the line. */
	size_t step = MATCH_WINDOW - MATCH_OVERLAP;
	for (size_t k = 0; k < 3; k++)
		for (size_t d = 0; d < 40; d += 3) {
			size_t size = 3 * MATCH_WINDOW, at = MATCH_WINDOW + k * step - 20 + d;
			at = k == 2 ? size - 8 : at;
			OWN_FREE char *text = mem_alloc(size + 1);
			memset(text, '7', size);
			text[size] = '\0';
			text[0] = text[size - 1] = 'x';
			memcpy(text + at, "needle7", 7);
			text[at + 7] = 'x';
			assert_hits(rules, 4, text, "1 begin: x\n1 needle: needle7|7\n1 end: x\n");
		}
}

/* ---- hostile input ---- */

static void
matching_that_explodes_is_given_up_and_counted(void **state)
{
	(void)state;
	const struct match_rule rules[] = {
		{.id = "evil", .pattern = "^(?:a+)+b(?<!ab)"}, {.id = "good", .pattern = "c$"}};
	struct match_set *set = compile(rules, 2);
	OWN(buf) struct buf text = {0}, out = {0};
	for (int i = 0; i < 20; i++) {
		for (int k = 0; k < 4000; k++)
			buf_putc(&text, 'a');
		buf_puts(&text, "bc\n");
	}
	struct match_scan *s;
	struct match_stats stats;
	struct timespec t0, t1;
	(void)clock_gettime(CLOCK_MONOTONIC, &t0);
	assert_int_equal(match_scan_create(set, write_hit, &out, &s, NULL), 0);
	assert_int_equal(match_scan_feed(s, buf_str(&text), NULL), 0);
	assert_int_equal(match_scan_finish(s, &stats, NULL), 0);
	(void)clock_gettime(CLOCK_MONOTONIC, &t1);
	assert_true(stats.limited > 0);
	assert_int_equal(stats.lines, 20);
	assert_int_equal(stats.hits, 20);
	assert_true(t1.tv_sec - t0.tv_sec < 30);
	match_scan_destroy(s);
	match_destroy(set);
}

/* ---- chunks and engines ---- */

/* Patterns of all plans: plain, approximated (look-around, back references), and neither. */
static const struct match_rule mixed[] = {
	{.id = "header", .pattern = "fatal error: ([\\w./+-]+): No such file or directory"},
	{.id = "lib", .pattern = "cannot find -l(\\S+)"},
	{.id = "notfound", .pattern = "([\\w-]+): (?:command )?not found$"},
	{.id = "pc", .pattern = "No package '([^']+)' found"},
	{.id = "err", .pattern = "\\berror\\b", .icase = true},
	{.id = "start", .pattern = "^E: \\S+"},
	{.id = "span", .pattern = "missing\\s+(\\w+)"},
	{.id = "neg", .pattern = "lib[^o]+x"},
	{.id = "ahead", .pattern = "ab(?=c|\\s)"},
	{.id = "behind", .pattern = "(?<!no )error"},
	{.id = "back", .pattern = "(\\w)\\1\\1"},
	{.id = "atomic", .pattern = "(?>a+)b"},
	{.id = "abs", .pattern = "\\Awarning.*x\\z"},
	{.id = "recursive", .pattern = "\\((?:[^()]|(?R))*\\)"},
	{.id = "flags", .pattern = "(?i-s)UNDEFINED reference to .(\\w+)"},
	{.id = "keep", .pattern = "x\\Kerror"},
	{.id = "lazy", .pattern = "<(.+?)>"},
	{.id = "counted", .pattern = "a{3,5}b?c"},
	{.id = "class", .pattern = "[[:upper:]]{2,}_[[:upper:]]+"},
	{.id = "bytes", .pattern = "\\xc3[\\x80-\\xbf]"},
};
#define NMIXED (sizeof(mixed) / sizeof(*mixed))

static void
make_log(unsigned *seed, size_t pieces, struct buf *out)
{
	static const char *const frag[] = {"fatal error: ", "zlib.h", ": No such file or directory",
		"\n", "\r\n", "\r", "\x1b[31m", "\x1b[K", "\x1b]0;t\a", "\x1b]8;;u\x1b\\",
		"cannot find -l", "foo", ": command not found", ": not found", "No package '",
		"' found", "Error", "no error", "xerror", "E: ", "missing", " ", "\t", "libxox",
		"abc", "ab ", "aaa", "aaaab", "aaac", "warning", "x", "((a)(b))", "(", ")",
		"Undefined reference to `", "main", "<a><b>", "HAVE_ZLIB", "\xc3\xa9", "\b", "\x1b",
		"[", "\x01", "\n\n", "1234567890", "\x1b[2K", "\x1b[1G", "\xff", "q$", "\v"};
	for (size_t i = 0; i < pieces; i++) {
		unsigned r = (unsigned)rand_r(seed);
		if (r % 4001 == 0) /* a long line now and then */
			for (int k = 0; k < 30000; k++)
				buf_putc(out, "abcxe (r"[k * k % 8]);
		const char *f = frag[(r >> 8) % (sizeof(frag) / sizeof(*frag))];
		buf_puts(out, f);
		if (r % 1009 == 0)
			buf_putc(out, '\0');
	}
}

static void
scan_in_chunks(struct match_set *set, struct str text, unsigned *seed, size_t max, struct buf *out,
	struct match_stats *ret)
{
	struct match_scan *s;
	assert_int_equal(match_scan_create(set, write_hit, out, &s, NULL), 0);
	while (text.n) {
		size_t n = 1 + (size_t)rand_r(seed) % max;
		n = n < text.n ? n : text.n;
		/* Of its own, so that reading past it is noticed. */
		OWN_FREE char *chunk = mem_alloc(n);
		memcpy(chunk, text.p, n);
		assert_int_equal(match_scan_feed(s, (struct str){chunk, n}, NULL), 0);
		text.p += n;
		text.n -= n;
	}
	assert_int_equal(match_scan_finish(s, ret, NULL), 0);
	match_scan_destroy(s);
}

static void
assert_same(const struct buf *a, const struct buf *b, const char *what)
{
	if (a->n != b->n || memcmp(a->p, b->p, a->n) != 0)
		fail_msg("%s: %zu and %zu bytes of hits", what, a->n, b->n);
}

static void
hits_depend_neither_on_chunks_nor_on_the_engine(void **state)
{
	(void)state;
	struct match_set *fast = compile(mixed, NMIXED), *slow = compile_plain(mixed, NMIXED);
	struct match_plan plan = match_get_plan(fast);
	assert_int_equal(plan.exact + plan.approximate + plan.slow, NMIXED);
	assert_int_equal(match_get_plan(slow).slow, NMIXED);
	bool hyperscan = plan.slow < NMIXED;
	if (hyperscan) {
		assert_true(plan.exact > 8);
		assert_true(plan.approximate > 0);
		assert_true(plan.slow > 1);
	}
	static const size_t sizes[] = {1, 3, 17, 4096, 100000};
	unsigned seed = 42;
	uint64_t hits = 0;
	for (int round = 0; round < 12; round++) {
		OWN(buf) struct buf text = {0}, whole = {0}, pcre = {0};
		make_log(&seed, round < 8 ? 3000 : 40000, &text);
		scan(fast, buf_str(&text), &whole);
		scan(slow, buf_str(&text), &pcre);
		assert_same(&whole, &pcre, "Hyperscan and PCRE2");
		for (size_t i = 0; i < 5; i++) {
			if (round >= 8 && i == 0)
				continue;
			OWN(buf) struct buf cut = {0};
			struct match_stats stats;
			scan_in_chunks(
				i % 2 ? slow : fast, buf_str(&text), &seed, sizes[i], &cut, &stats);
			assert_same(&whole, &cut, "chunks");
			assert_int_equal(stats.bytes, text.n);
			hits += stats.hits;
		}
	}
	assert_true(hits > 10000); /* else nothing was compared */
	match_destroy(fast);
	match_destroy(slow);
}

static void
every_mixed_rule_can_match(void **state)
{
	(void)state;
	unsigned seed = 1;
	struct match_set *set = compile(mixed, NMIXED);
	OWN(buf) struct buf text = {0}, out = {0};
	make_log(&seed, 400000, &text);
	scan(set, buf_str(&text), &out);
	for (size_t i = 0; i < NMIXED; i++) {
		OWN_FREE char *needle = mem_printf(" %s: ", mixed[i].id);
		if (!memmem(out.p, out.n, needle, strlen(needle)))
			fail_msg("rule %s never matched", mixed[i].id);
	}
	match_destroy(set);
}

/* ---- the stored form ---- */

static void
a_stored_database_gives_the_same_hits(void **state)
{
	(void)state;
	unsigned seed = 5;
	OWN(buf) struct buf text = {0}, db = {0}, a = {0}, b = {0};
	make_log(&seed, 20000, &text);
	struct match_set *set = compile(mixed, NMIXED), *again;
	assert_int_equal(match_database(set, &db, NULL), 0);
	if (!db.n) {
		match_destroy(set);
		print_message("# this processor has no SSSE3\n");
		skip();
	}
	assert_int_equal(match_compile(mixed, NMIXED, buf_str(&db), &again, NULL), 0);
	assert_int_equal(match_get_plan(again).exact, match_get_plan(set).exact);
	assert_int_equal(match_get_plan(again).slow, match_get_plan(set).slow);
	scan(set, buf_str(&text), &a);
	scan(again, buf_str(&text), &b);
	assert_same(&a, &b, "stored");
	match_destroy(set);
	match_destroy(again);
}

static void
a_database_of_other_rules_or_with_damage_is_not_used(void **state)
{
	(void)state;
	/* The stored rules differ in one case flag: taken for ours, they would lose a match. */
	struct match_rule stricter[NMIXED];
	memcpy(stricter, mixed, sizeof(mixed));
	stricter[4].icase = false;
	OWN(buf) struct buf other_db = {0}, out = {0};
	struct match_set *set = compile(stricter, NMIXED), *other;
	assert_int_equal(match_database(set, &other_db, NULL), 0);
	match_destroy(set);
	assert_int_equal(match_compile(mixed, NMIXED, buf_str(&other_db), &other, NULL), 0);
	scan(other, STR("an ERROR\n"), &out);
	assert_string_equal(buf_str(&out).p, "1 err: ERROR\n");
	match_destroy(other);

	OWN(buf) struct buf db = {0}, want = {0}, text = {0};
	set = compile(mixed, NMIXED);
	assert_int_equal(match_database(set, &db, NULL), 0);
	unsigned seed = 9;
	make_log(&seed, 5000, &text);
	scan(set, buf_str(&text), &want);
	match_destroy(set);
	for (size_t i = 0; i < 60; i++) {
		OWN(buf) struct buf bad = {0}, got = {0};
		buf_add(&bad, db.p, i % 3 ? db.n : (size_t)rand_r(&seed) % (db.n + 1));
		if (i % 3 && bad.n)
			bad.p[bad.n - 1 - (size_t)rand_r(&seed) % (bad.n / 2)] ^= 0x10;
		assert_int_equal(match_compile(mixed, NMIXED, buf_str(&bad), &other, NULL), 0);
		scan(other, buf_str(&text), &got);
		assert_same(&want, &got, "damaged");
		match_destroy(other);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_end_at_newlines_and_count),
		cmocka_unit_test(progress_bars_are_one_text_per_state),
		cmocka_unit_test(escape_sequences_are_not_text),
		cmocka_unit_test(an_unfinished_escape_sequence_hides_one_line_at_most),
		cmocka_unit_test(captures_come_by_number_and_by_name),
		cmocka_unit_test(a_name_that_took_no_part_is_null),
		cmocka_unit_test(a_rule_reports_its_leftmost_match_once_a_line_in_rule_order),
		cmocka_unit_test(a_match_never_spans_lines),
		cmocka_unit_test(the_callback_can_end_the_scan),
		cmocka_unit_test(wrong_patterns_are_refused_by_id),
		cmocka_unit_test(long_lines_are_searched_everywhere_and_reported_once),
		cmocka_unit_test(matching_that_explodes_is_given_up_and_counted),
		cmocka_unit_test(hits_depend_neither_on_chunks_nor_on_the_engine),
		cmocka_unit_test(every_mixed_rule_can_match),
		cmocka_unit_test(a_stored_database_gives_the_same_hits),
		cmocka_unit_test(a_database_of_other_rules_or_with_damage_is_not_used),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
