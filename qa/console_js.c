/* Reports that the test runners of JavaScript print for people: mocha, jest. */
#include "qa/parse.h"

#include <ctype.h>
#include <string.h>

#define MAX_DEPTH 32

static const struct str none = {"", 0};

static struct str
skip(struct str s, size_t n)
{
	return (struct str){s.p + n, s.n - n};
}

/* "12 passing (3s)", "1 failing", "2 pending": the number before the word, -1. */
static int64_t
counted(struct str line, const char *word)
{
	struct str rest = str_trim(line), number, what;
	uint64_t n;
	if (!str_next_word(&rest, &number) || !str_next_word(&rest, &what) || !str_eq(what, word) ||
		!str_parse_u64(number, PARSE_MAX_CASES, &n))
		return -1;
	return (int64_t)n;
}

static const struct {
	const char *mark;
	enum test_status status;
} marks[] = {{"\xe2\x9c\x94 ", TEST_PASSED}, /* heavy check mark: mocha */
	{"\xe2\x9c\x93 ", TEST_PASSED},	     /* check mark: older mocha, jest */
	{"undefined ", TEST_PASSED},	     /* mocha with a newer log-symbols, as Debian has it */
	{"\xe2\x9c\x95 ", TEST_FAILED},	     /* multiplication x: jest */
	{"\xe2\x97\x8b ", TEST_SKIPPED},     /* circle: jest */
	{"- ", TEST_SKIPPED}};		     /* mocha */

/* The status by the mark in front of a name, which is taken off, with a duration behind it. */
static bool
take_mark(struct str *text, enum test_status *ret, double *ret_ms)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		if (!str_starts(*text, marks[i].mark))
			continue;
		*text = str_trim(skip(*text, strlen(marks[i].mark)));
		const char *open = text->n ? memrchr(text->p, '(', text->n) : NULL;
		double ms = open && open > text->p && isdigit((unsigned char)open[1])
				    ? parse_time_at_end(*text)
				    : -1;
		if (ms >= 0)
			text->n = (size_t)(open - text->p);
		*ret_ms = ms;
		*text = str_trim(*text);
		*ret = marks[i].status;
		return true;
	}
	return false;
}

/* "1) name" */
static bool
take_number(struct str *text)
{
	size_t n = 0;
	while (n < text->n && isdigit((unsigned char)text->p[n]))
		n++;
	if (!n || n + 1 >= text->n || text->p[n] != ')' || text->p[n + 1] != ' ')
		return false;
	*text = str_trim(skip(*text, n + 2));
	return true;
}

static size_t
indent_of(struct str line)
{
	size_t n = 0;
	while (n < line.n && line.p[n] == ' ')
		n++;
	return n;
}

/* ---- mocha ---- */

struct outline { /* titles that a case lies under, by their indent */
	struct str title[MAX_DEPTH];
	size_t indent[MAX_DEPTH];
	size_t n;
};

static void
put_title(struct outline *o, size_t indent, struct str title)
{
	while (o->n && o->indent[o->n - 1] >= indent)
		o->n--;
	if (o->n == MAX_DEPTH)
		return;
	o->title[o->n] = title;
	o->indent[o->n++] = indent;
}

static void
add_mocha(struct parse *p, struct outline *o, size_t indent, struct str name,
	enum test_status status, double ms)
{
	OWN(buf) struct buf suite = {.max = 1000};
	for (size_t i = 0; i < o->n && o->indent[i] < indent; i++) {
		if (suite.n)
			buf_putc(&suite, ' ');
		buf_add_str(&suite, o->title[i]);
	}
	parse_add(p, buf_str(&suite), name, status, none)->ms = ms;
}

/* Cases, each marked, below indented titles; then the counts; then the failures once more, with
 * reasons. */
bool
parse_mocha(struct parse *p, struct str text)
{
	struct outline o = {.n = 0};
	struct str line;
	int64_t passing = -1, failing = 0, pending = 0;
	bool behind = false; /* the counts of a run */
	while (str_next_line(&text, &line)) {
		size_t indent = indent_of(line);
		struct str rest = str_trim(line);
		enum test_status status;
		double ms;
		int64_t n = counted(line, "passing");
		if (n >= 0) {
			passing = (passing < 0 ? 0 : passing) + n;
			behind = true;
		} else if (behind && (n = counted(line, "failing")) >= 0) {
			failing += n;
		} else if (behind && (n = counted(line, "pending")) >= 0) {
			pending += n;
		} else if (indent >= 2 && !(behind && str_starts(rest, "- ")) &&
			   take_mark(&rest, &status, &ms)) {
			add_mocha(p, &o, indent, rest, status, ms);
			behind = false;
		} else if (indent >= 2 && !behind && take_number(&rest)) {
			add_mocha(p, &o, indent, rest, TEST_FAILED, -1);
		} else if (indent >= 2 && rest.n) {
			put_title(&o, indent, rest);
		}
	}
	if (passing < 0 && !(p->cut && p->run->cases.n))
		return false;
	p->truncated = p->truncated || passing < 0;
	parse_fill(p, TEST_PASSED, passing);
	parse_fill(p, TEST_FAILED, failing);
	parse_fill(p, TEST_SKIPPED, pending);
	p->zero = p->run->cases.n == 0;
	return true;
}

/* ---- jest ---- */

/* "Tests:       1 failed, 2 skipped, 10 passed, 13 total" */
static bool
read_totals(struct str line, int64_t ret[3])
{
	static const char *const words[] = {"passed", "failed", "skipped"};
	struct str part;
	if (!str_starts(line, "Tests: ") || !str_ends(str_trim(line), " total"))
		return false;
	line = skip(line, 7);
	while (str_next(&line, ',', &part))
		for (size_t i = 0; i < 3; i++) {
			int64_t n = counted(part, words[i]);
			ret[i] += n < 0 ? 0 : n;
		}
	return true;
}

/* "  * suite > name", with a black circle and an angle, heads the reason of a failure. */
static void
add_jest_failure(struct parse *p, struct str suite, struct str title, struct str story)
{
	static const char angle[] = " \xe2\x80\xba ";
	struct str name = title;
	for (const char *at; (at = memmem(name.p, name.n, angle, sizeof(angle) - 1));)
		name = skip(name, (size_t)(at - name.p) + sizeof(angle) - 1);
	name = str_trim(name);
	static const char *const ends[] = {"\n  \xe2\x97\x8f ", "\nTest Suites:", NULL};
	for (size_t i = 0; ends[i]; i++) {
		const char *end =
			story.n ? memmem(story.p, story.n, ends[i], strlen(ends[i])) : NULL;
		story.n = end ? (size_t)(end - story.p) : story.n;
	}
	for (size_t i = 0; i < p->run->cases.n; i++) {
		struct test_case *c = &p->run->cases.v[i];
		if (c->status == TEST_FAILED && str_eq(name, c->name)) {
			parse_set_message(c, story);
			return;
		}
	}
	parse_add(p, suite, name, TEST_FAILED, story);
}

bool
parse_jest(struct parse *p, struct str text)
{
	static const char bullet[] = "\xe2\x97\x8f ";
	int64_t totals[3] = {0};
	bool known = false, summary = false;
	struct str line, suite = none;
	while (str_next_line(&text, &line)) {
		struct str rest = str_trim(line);
		enum test_status status;
		double ms;
		if (read_totals(line, totals)) {
			known = true;
			summary = false;
		} else if (str_starts(rest, "Summary of all failing tests")) {
			summary = true; /* the same once more */
		} else if (str_starts(line, "PASS ") || str_starts(line, "FAIL ")) {
			suite = skip(line, 5);
			suite.n = strcspn(suite.p, " \n") < suite.n ? strcspn(suite.p, " \n")
								    : suite.n;
		} else if (!summary && indent_of(line) >= 2 && str_starts(rest, bullet)) {
			add_jest_failure(p, suite, skip(rest, sizeof(bullet) - 1), text);
		} else if (!summary && suite.n && indent_of(line) >= 2 && *rest.p != '-' &&
			   take_mark(&rest, &status, &ms)) {
			if (status == TEST_SKIPPED && str_starts(rest, "skipped "))
				rest = skip(rest, 8);
			parse_add(p, suite, rest, status, none)->ms = ms;
		}
	}
	if (!known && !(p->cut && p->run->cases.n))
		return false;
	p->truncated = p->truncated || !known;
	parse_fill(p, TEST_PASSED, totals[0]);
	parse_fill(p, TEST_FAILED, totals[1]);
	parse_fill(p, TEST_SKIPPED, totals[2]);
	p->zero = p->run->cases.n == 0;
	return true;
}
