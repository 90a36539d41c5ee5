/*
 * The formats whose reports are one thing a line (shape.h): GoogleTest and cmocka, Check, ctest, unittest, nextest,
 * vitest, PHPUnit, RSpec, Surefire, JUnit.  A row says what a line of its shape is.  Rows are tried in their order, the first that fits
 * counts.  To read one more format is to add a table.
 */
#include "qa/parse.h"
#include "qa/shape.h"

#include <ctype.h>
#include <string.h>

static const struct str none = {"", 0};

enum row_kind {
	ROW_END,    /* of the table */
	ROW_CASE,   /* a case, or the result of the one that runs */
	ROW_FLAKE,  /* a case that failed before */
	ROW_BEGIN,  /* one runs from here */
	ROW_RESUME, /* the cases begin, after what was ROW_STOP, too */
	ROW_STOP,   /* what follows is no case */
	ROW_SUITE,
	ROW_STORY, /* of a case that failed, up to a line of dashes or the next */
	ROW_COUNT, /* how many there were */
	ROW_IGNORE,
};

struct row {
	enum row_kind kind;
	const char *shape;
	enum test_status status;
	bool done; /* a whole report has such a line */
};

enum tally { TALLY_ALL, TALLY_PASSED, TALLY_FAILED, TALLY_SKIPPED, TALLY_MAX };

/* In a line of ROW_COUNT: a number stands behind a word that ends with a colon, a blank or "=", else before it. */
struct tally_word {
	const char *word;
	enum tally what;
};

struct line_format {
	const char *sign; /* only such a report has it */
	const char *suite;
	const struct row *rows;
	const struct tally_word *words; /* NULL: it has no counts */
	char split;			/* between suite and name in a name; 0 */
	bool story_ends_at_blank;
	bool cases_are_told_last; /* what stands before a ROW_RESUME is no case */
};

struct reader {
	struct parse *p;
	const struct line_format *f;
	struct str running, running_suite, suite;
	size_t story; /* the case that text belongs to, and one; 0: none */
	struct buf text;
	int64_t told[TALLY_MAX];
	bool stopped, done, any, told_any;
	bool cut_line; /* it has no end: of it no more is sure than that something began */
};

static struct str
skip(struct str s, size_t n)
{
	return (struct str){s.p + n, s.n - n};
}

static void
end_story(struct reader *r)
{
	struct test_case *c = r->story ? &r->p->run->cases.v[r->story - 1] : NULL;
	if (c && r->text.n)
		parse_set_message(c, buf_str(&r->text));
	if (c)
		buf_reset(&r->text);
	r->story = 0;
}

static void
add_case(struct reader *r, const struct row *row, const struct shape_found *f)
{
	struct str name = f->name.n ? f->name : r->running;
	struct str suite = f->suite.n ? f->suite : f->name.n ? r->suite : r->running_suite;
	const char *split =
		r->f->split && !f->suite.n && name.n ? memchr(name.p, r->f->split, name.n) : NULL;
	if (split) {
		suite = (struct str){name.p, (size_t)(split - name.p)};
		name = skip(name, suite.n + 1);
	}
	struct str message = f->message;
	if (!message.n && row->status != TEST_PASSED && row->status != TEST_SKIPPED)
		message = str_trim(buf_str(&r->text));
	struct test_case *c = parse_add(r->p, suite.n ? suite : str_of(r->f->suite), name,
		row->status, row->status == TEST_PASSED ? none : message);
	c->ms = parse_time_at_end(f->time);
	c->flaky = row->kind == ROW_FLAKE;
	r->running = none;
	buf_reset(&r->text);
}

/* One that began and did not end. */
static void
end_running(struct reader *r)
{
	static const struct row lost = {.status = TEST_ERROR};
	if (!r->running.n)
		return;
	if (!r->text.n)
		buf_puts(&r->text, "the report ends in this case");
	add_case(r, &lost, &(struct shape_found){0});
}

static void
begin_story(struct reader *r, const struct shape_found *f)
{
	end_story(r);
	for (size_t i = r->p->run->cases.n; i-- > 0 && !r->story;) {
		const struct test_case *c = &r->p->run->cases.v[i];
		bool bad = c->status == TEST_FAILED || c->status == TEST_ERROR;
		bool same = str_eq(f->name, c->name) && (!f->suite.n || str_eq(f->suite, c->suite));
		if (bad && same)
			r->story = i + 1;
	}
	buf_reset(&r->text);
}

static int64_t
number_at(struct str line, const char *word)
{
	size_t n = strlen(word), k = 0;
	const char *at = memmem(line.p, line.n, word, n);
	uint64_t value;
	if (!at)
		return 0;
	if (strchr(": =", word[n - 1])) {
		struct str rest = str_trim(skip(line, (size_t)(at - line.p) + n));
		while (k < rest.n && isdigit((unsigned char)rest.p[k]))
			k++;
		return str_parse_u64((struct str){rest.p, k}, PARSE_MAX_CASES, &value)
			       ? (int64_t)value
			       : 0;
	}
	while (at > line.p + k && isdigit((unsigned char)at[-1 - (ptrdiff_t)k]))
		k++;
	return str_parse_u64((struct str){at - k, k}, PARSE_MAX_CASES, &value) ? (int64_t)value : 0;
}

static void
read_counts(struct reader *r, struct str line)
{
	for (const struct tally_word *w = r->f->words; w && w->word; w++)
		r->told[w->what] += number_at(line, w->word);
	r->told_any = true;
}

static void
take_row(struct reader *r, const struct row *row, const struct shape_found *f, struct str line)
{
	if (row->kind != ROW_COUNT)
		r->any = true;
	r->done = r->done || row->done;
	switch (row->kind) {
	case ROW_CASE:
	case ROW_FLAKE:
		end_story(r);
		if (f->name.n || r->running.n)
			add_case(r, row, f);
		break;
	case ROW_BEGIN:
		end_running(r);
		r->running = f->name;
		r->running_suite = f->suite;
		buf_reset(&r->text);
		break;
	case ROW_RESUME:
		end_story(r);
		r->stopped = r->done = false;
		break;
	case ROW_STOP:
		end_story(r);
		end_running(r);
		r->stopped = true;
		break;
	case ROW_SUITE:
		r->suite = f->suite;
		break;
	case ROW_STORY:
		begin_story(r, f);
		break;
	case ROW_COUNT:
		read_counts(r, line);
		break;
	case ROW_IGNORE:
	case ROW_END:
		break;
	}
}

static bool
is_rule(struct str line)
{
	return line.n > 20 && (strspn(line.p, "-") > 20 || strspn(line.p, "=") > 20);
}

static void
take_line(struct reader *r, struct str line)
{
	struct shape_found found;
	for (const struct row *row = r->f->rows; row->kind != ROW_END; row++) {
		bool in_cases = row->kind <= ROW_BEGIN;
		if (in_cases && (r->stopped || (!strstr(row->shape, "%n") && !r->running.n)))
			continue;
		if (r->cut_line && row->kind != ROW_BEGIN)
			continue;
		if (shape_match(row->shape, line, &found)) {
			take_row(r, row, &found, line);
			return;
		}
	}
	if (r->story && r->text.n && (is_rule(line) || (r->f->story_ends_at_blank && !line.n)))
		end_story(r);
	else if ((r->story || r->running.n) && !is_rule(line) && line.n && !r->text.truncated) {
		buf_add(&r->text, line.p, line.n > SHAPE_MAX_LINE ? SHAPE_MAX_LINE : line.n);
		buf_putc(&r->text, '\n');
	}
}

/* What only the counts tell of. */
static void
fill_up(struct reader *r)
{
	int64_t *told = r->told, rest = told[TALLY_ALL] - told[TALLY_FAILED] - told[TALLY_SKIPPED];
	parse_fill(r->p, TEST_FAILED, told[TALLY_FAILED]);
	parse_fill(r->p, TEST_SKIPPED, told[TALLY_SKIPPED]);
	parse_fill(r->p, TEST_PASSED, told[TALLY_PASSED] ? told[TALLY_PASSED] : rest);
}

static bool
read_lines(struct parse *p, struct str text, const struct line_format *f)
{
	struct reader r = {.p = p,
		.f = f,
		.text = {.max = PARSE_MAX_MESSAGE},
		.stopped = f->cases_are_told_last};
	OWN(buf) struct buf plain = {.max = SHAPE_MAX_LINE};
	struct strlist kept = {0};
	struct str line;
	bool wants_end = false;
	if (!text.n || !memmem(text.p, text.n, f->sign, strlen(f->sign)))
		return false;
	for (const struct row *row = f->rows; row->kind != ROW_END; row++)
		wants_end = wants_end || row->done;
	while (str_next_line(&text, &line)) {
		if (line.n && memchr(line.p, '\033', line.n)) {
			parse_strip_colours(line, &plain);
			strlist_add_str(&kept, buf_str(&plain));
			line = str_of(kept.v[kept.n - 1]);
		}
		r.cut_line = !text.n && text.p[-1] != '\n';
		take_line(&r, line);
	}
	end_story(&r);
	end_running(&r);
	if (r.told_any)
		fill_up(&r);
	p->truncated = p->truncated || (wants_end && !r.done && (r.any || r.told_any));
	p->zero = p->run->cases.n == 0 && (r.any || r.told_any);
	strlist_cleanup(&kept);
	buf_cleanup(&r.text);
	return r.any || r.told_any;
}

/* ---- GoogleTest, cmocka ---- */

static const struct row gtest_rows[] = {
	{ROW_RESUME, "[==========] Running ", 0, false},
	{ROW_RESUME, "[==========] tests: Running ", 0, false},
	{ROW_STOP, "[==========] # test", 0, true},
	{ROW_STOP, "[==========] tests: # test", 0, true},
	{ROW_COUNT, "~YOU HAVE # DISABLED TEST", 0, false},
	{ROW_BEGIN, "[ RUN      ] %n", 0, false},
	{ROW_CASE, "[       OK ] %n (%t)$", TEST_PASSED, false},
	{ROW_CASE, "[       OK ] %n", TEST_PASSED, false},
	{ROW_CASE, "[  FAILED  ] %n, where %w (%t)$", TEST_FAILED, false},
	{ROW_CASE, "[  FAILED  ] %n (%t)$", TEST_FAILED, false},
	{ROW_CASE, "[  FAILED  ] %n", TEST_FAILED, false},
	{ROW_CASE, "[  SKIPPED ] %n (%t)$", TEST_SKIPPED, false},
	{ROW_CASE, "[  SKIPPED ] %n", TEST_SKIPPED, false},
	{ROW_CASE, "[ DISABLED ] %n", TEST_SKIPPED, false},
	{ROW_IGNORE, "[----------]", 0, false},
	{ROW_END, NULL, 0, false},
};
static const struct tally_word gtest_words[] = {{" DISABLED TEST", TALLY_SKIPPED}, {NULL, 0}};

bool
parse_gtest(struct parse *p, struct str text)
{
	static const struct line_format f = {.sign = "[==========] ",
		.suite = "tests",
		.rows = gtest_rows,
		.words = gtest_words,
		.split = '.'};
	return read_lines(p, text, &f);
}

/* ---- Check: "66%: Checks: 3, Failures: 1, Errors: 0", "tide.c:12:F:core:beta:0: why" ---- */

static const struct row check_rows[] = {
	{ROW_SUITE, "Running suite(s): %s", 0, false},
	{ROW_COUNT, "#\\%: Checks: #, Failures: #, Errors: #", 0, true},
	{ROW_CASE, "%w:#:P:%s:%n:#: %m", TEST_PASSED, false},
	{ROW_CASE, "%w:#:F:%s:%n:#: %m", TEST_FAILED, false},
	{ROW_CASE, "%w:#:E:%s:%n:#: %m", TEST_ERROR, false},
	{ROW_END, NULL, 0, false},
};
static const struct tally_word check_words[] = {
	{"Checks:", TALLY_ALL}, {"Failures:", TALLY_FAILED}, {"Errors:", TALLY_FAILED}, {NULL, 0}};

bool
parse_check(struct parse *p, struct str text)
{
	static const struct line_format f = {.sign = "Running suite(s): ",
		.suite = "check",
		.rows = check_rows,
		.words = check_words};
	return read_lines(p, text, &f);
}

/* ---- ctest: " 3/10 Test  #3: name .........   Passed    0.01 sec" ---- */

#define CTEST_CASE "~#/# Test~\\##: %n ..^"
#define CTEST_LONG "~#/# Test~\\##: %n...^"

static const struct row ctest_rows[] = {
	{ROW_CASE, CTEST_CASE "Passed%t", TEST_PASSED, false},
	{ROW_CASE, CTEST_CASE "Skipped%t", TEST_SKIPPED, false},
	{ROW_CASE, CTEST_CASE "Not Run (Disabled)%t", TEST_SKIPPED, false},
	{ROW_CASE, CTEST_CASE "Failed%t", TEST_FAILED, false},
	{ROW_CASE, CTEST_CASE "%m", TEST_ERROR, false},
	{ROW_CASE, CTEST_LONG "Passed%t", TEST_PASSED, false},
	{ROW_CASE, CTEST_LONG "Failed%t", TEST_FAILED, false},
	{ROW_CASE, CTEST_LONG "%m", TEST_ERROR, false},
	{ROW_IGNORE, "#\\% tests passed, # tests failed", 0, true},
	{ROW_IGNORE, "No tests were found!!!", 0, true},
	{ROW_END, NULL, 0, false},
};

bool
parse_ctest(struct parse *p, struct str text)
{
	static const struct line_format of_run = {
		.sign = " Test ", .suite = "ctest", .rows = ctest_rows};
	static const struct line_format of_none = {
		.sign = "No tests were found!!!", .suite = "ctest", .rows = ctest_rows};
	return read_lines(p, text, &of_none) || read_lines(p, text, &of_run);
}

/* ---- unittest, with -v; "(tests.test_x.Case.test_a)" since Python 3.11 ---- */

static const struct row unittest_rows[] = {
	{ROW_IGNORE, "%w: DEBUG: %m", 0, false}, /* of nose, told to be wordy */
	{ROW_IGNORE, "%w: INFO: %m", 0, false},
	{ROW_STORY, "FAIL: %n (%s)", 0, false},
	{ROW_STORY, "ERROR: %n (%s)", 0, false},
	{ROW_CASE, "%n (%s) ... ok$", TEST_PASSED, false},
	{ROW_CASE, "%n (%s) ... expected failure$", TEST_PASSED, false},
	{ROW_CASE, "%n (%s) ... skipped %m", TEST_SKIPPED, false},
	{ROW_CASE, "%n (%s) ... FAIL$", TEST_FAILED, false},
	{ROW_CASE, "%n (%s) ... unexpected success$", TEST_FAILED, false},
	{ROW_CASE, "%n (%s) ... ERROR$", TEST_ERROR, false},
	{ROW_CASE, "~%n (%s) (%w) ... FAIL$", TEST_FAILED, false},
	{ROW_CASE, "~%n (%s) (%w) ... ERROR$", TEST_ERROR, false},
	{ROW_BEGIN, "%n (%s) ...", 0, false},
	{ROW_BEGIN, "%n (%s)$", 0, false},
	/* Behind the first line of its docstring, or what it printed. */
	{ROW_CASE, "%w... ok$", TEST_PASSED, false},
	{ROW_CASE, "%w... skipped %m", TEST_SKIPPED, false},
	{ROW_CASE, "%w... FAIL$", TEST_FAILED, false},
	{ROW_CASE, "%w... ERROR$", TEST_ERROR, false},
	{ROW_CASE, "ok$", TEST_PASSED, false},
	{ROW_CASE, "FAIL$", TEST_FAILED, false},
	{ROW_CASE, "ERROR$", TEST_ERROR, false},
	{ROW_STOP, "Ran # test", 0, false},
	{ROW_IGNORE, "OK", 0, true},
	{ROW_IGNORE, "FAILED", 0, true},
	{ROW_IGNORE, "NO TESTS RAN", 0, true},
	{ROW_END, NULL, 0, false},
};

bool
parse_unittest(struct parse *p, struct str text)
{
	static const struct line_format f = {
		.sign = ") ... ", .suite = "unittest", .rows = unittest_rows};
	return parse_unittest_dots(p, text) || read_lines(p, text, &f);
}

/* ---- nextest: "        PASS [   0.005s] crate::bin a::b" ---- */

static const struct row nextest_rows[] = {
	{ROW_STOP, "~Summary [%t] ", 0, true},
	{ROW_CASE, "~PASS [%t] %s %n", TEST_PASSED, false},
	{ROW_FLAKE, "~TRY # PASS [%t] %s %n", TEST_PASSED, false},
	{ROW_IGNORE, "~TRY # ", 0, false},
	{ROW_CASE, "~FAIL [%t] %s %n", TEST_FAILED, false},
	{ROW_CASE, "~SKIP [%t] %s %n", TEST_SKIPPED, false},
	{ROW_CASE, "~TIMEOUT [%t] %s %n", TEST_ERROR, false},
	{ROW_CASE, "~SIG%w [%t] %s %n", TEST_ERROR, false},
	{ROW_CASE, "~ABORT [%t] %s %n", TEST_ERROR, false},
	{ROW_END, NULL, 0, false},
};

bool
parse_nextest(struct parse *p, struct str text)
{
	static const struct line_format f = {
		.sign = "Nextest run ID ", .suite = "nextest", .rows = nextest_rows};
	return read_lines(p, text, &f);
}

/* ---- vitest: " <tick> file > suite > name 2ms", with --reporter=verbose ---- */

static const struct row vitest_rows[] = {
	{ROW_CASE, "~\xe2\x9c\x93 %s > %n#ms$", TEST_PASSED, false},
	{ROW_CASE, "~\xe2\x9c\x93 %s > %n", TEST_PASSED, false},
	{ROW_CASE, "~\xc3\x97 %s > %n", TEST_FAILED, false},
	{ROW_CASE, "~\xe2\x86\x93 %s > %n", TEST_SKIPPED, false},
	{ROW_COUNT, "~Tests  %w(#)", 0, true},
	{ROW_STORY, "~FAIL  %s > %n", 0, false},
	{ROW_END, NULL, 0, false},
};
static const struct tally_word vitest_words[] = {{" passed", TALLY_PASSED},
	{" failed", TALLY_FAILED}, {" skipped", TALLY_SKIPPED}, {NULL, 0}};

bool
parse_vitest(struct parse *p, struct str text)
{
	static const struct line_format f = {.sign = " RUN  v",
		.suite = "vitest",
		.rows = vitest_rows,
		.words = vitest_words,
		.story_ends_at_blank = true};
	return read_lines(p, text, &f);
}

/* ---- PHPUnit: "Tests: 4, Assertions: 3, Failures: 1, Skipped: 1.", "1) Ns\Class::name" ---- */

static const struct row phpunit_rows[] = {
	{ROW_RESUME, "There was # error", 0, false},
	{ROW_RESUME, "There were # error", 0, false},
	{ROW_RESUME, "There was # failure", 0, false},
	{ROW_RESUME, "There were # failure", 0, false},
	{ROW_STOP, "There was # ", 0, false},
	{ROW_STOP, "There were # ", 0, false},
	{ROW_COUNT, "OK (# test", 0, true},
	{ROW_COUNT, "Tests: #, Assertions: #", 0, true},
	{ROW_IGNORE, "No tests executed!", 0, true},
	{ROW_STOP, "--$", 0, false},
	{ROW_STOP, "Summary of non-successful tests:", 0, false},
	/* with --testdox */
	{ROW_CASE, " \xe2\x9c\x94 %n", TEST_PASSED, false},
	{ROW_CASE, " \xe2\x9c\x98 %n", TEST_FAILED, false},
	{ROW_CASE, " \xe2\x86\xa9 %n", TEST_SKIPPED, false},
	{ROW_CASE, " \xe2\x88\x85 %n", TEST_SKIPPED, false},
	{ROW_CASE, "#) %s::%n", TEST_FAILED, false},
	{ROW_END, NULL, 0, false},
};
static const struct tally_word phpunit_words[] = {{" tests,", TALLY_ALL}, {" test,", TALLY_ALL},
	{"Tests: ", TALLY_ALL}, {"Errors: ", TALLY_FAILED}, {"Failures: ", TALLY_FAILED},
	{"Skipped: ", TALLY_SKIPPED}, {"Incomplete: ", TALLY_SKIPPED}, {NULL, 0}};

bool
parse_phpunit(struct parse *p, struct str text)
{
	static const struct line_format f = {.sign = "PHPUnit ",
		.suite = "phpunit",
		.rows = phpunit_rows,
		.words = phpunit_words};
	return read_lines(p, text, &f);
}

/* ---- RSpec: "3 examples, 1 failure, 1 pending", "rspec ./a_spec.rb:5 # what failed" ---- */

static const struct row rspec_rows[] = {
	{ROW_COUNT, "# example%w, # failure", 0, true},
	{ROW_CASE, "rspec %s:# \\# %n", TEST_FAILED, false},
	{ROW_CASE, "rspec %s[%w] \\# %n", TEST_FAILED, false},
	{ROW_END, NULL, 0, false},
};
static const struct tally_word rspec_words[] = {{" example", TALLY_ALL}, {" failure", TALLY_FAILED},
	{" error", TALLY_FAILED}, {" pending", TALLY_SKIPPED}, {NULL, 0}};

bool
parse_rspec(struct parse *p, struct str text)
{
	static const struct line_format f = {.sign = "\nFinished in ",
		.suite = "rspec",
		.rows = rspec_rows,
		.words = rspec_words};
	return memmem(text.p, text.n, " example", 8) && read_lines(p, text, &f);
}

/* ---- Surefire: "Tests run: 3, Failures: 1, Errors: 0, Skipped: 0" of all, and of each class ---- */

static const struct row surefire_rows[] = {
	{ROW_IGNORE, "%wTests run: %w Time elapsed: ", 0, false}, /* of one class */
	{ROW_RESUME, "%wFailed tests:", 0, false},
	{ROW_CASE, "[ERROR] %s.%n  Time elapsed: %w<<< FAILURE!", TEST_FAILED, false},
	{ROW_CASE, "[ERROR] %s.%n  Time elapsed: %w<<< ERROR!", TEST_ERROR, false},
	{ROW_CASE, "%n(%s)  Time elapsed: %w<<< FAILURE!", TEST_FAILED, false},
	{ROW_CASE, "%n(%s)  Time elapsed: %w<<< ERROR!", TEST_ERROR, false},
	{ROW_COUNT, "%wTests run: #, Failures: #, Errors: #", 0, true},
	{ROW_END, NULL, 0, false},
};
static const struct tally_word surefire_words[] = {{"Tests run: ", TALLY_ALL},
	{"Failures: ", TALLY_FAILED}, {"Errors: ", TALLY_FAILED}, {"Skipped: ", TALLY_SKIPPED},
	{NULL, 0}};

bool
parse_surefire(struct parse *p, struct str text)
{
	static const struct line_format f = {.sign = " T E S T S",
		.suite = "surefire",
		.rows = surefire_rows,
		.words = surefire_words};
	return read_lines(p, text, &f);
}

/* ---- JUnit 3 and 4 in a terminal: "OK (3 tests)", "1) beta(x.TideTest)why", "Tests run: 3,  Failures: 1,  Errors: 0" ---- */

static const struct row junit_text_rows[] = {
	{ROW_RESUME, "There was # ", 0, false},
	{ROW_RESUME, "There were # ", 0, false},
	{ROW_STOP, "FAILURES!!!$", 0, false},
	{ROW_COUNT, "OK (# test", 0, true},
	{ROW_COUNT, "Tests run: #,~Failures: #", 0, true},
	{ROW_CASE, "#) %n(%s)", TEST_FAILED, false},
	{ROW_END, NULL, 0, false},
};
static const struct tally_word junit_text_words[] = {{" tests)", TALLY_ALL}, {" test)", TALLY_ALL},
	{"Tests run: ", TALLY_ALL}, {"Failures: ", TALLY_FAILED}, {"Errors: ", TALLY_FAILED},
	{NULL, 0}};

bool
parse_junit_text(struct parse *p, struct str text)
{
	static const struct line_format f = {.sign = "\nTime: ",
		.suite = "junit",
		.rows = junit_text_rows,
		.words = junit_text_words,
		.cases_are_told_last = true};
	bool well = memmem(text.p, text.n, "\nOK (", 5) != NULL;
	bool ill = memmem(text.p, text.n, "\nFAILURES!!!\n", 13) != NULL;
	return (well || ill) && read_lines(p, text, &f);
}
