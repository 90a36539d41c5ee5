/* Reports that tools print for people: automake, unittest with dots, meson, node. */
#include "qa/parse.h"

#include <ctype.h>
#include <string.h>

static const struct str none = {"", 0};

static struct str
skip(struct str s, size_t n)
{
	return (struct str){s.p + n, s.n - n};
}

/* ---- automake ---- */

/* "PASS: tests/foo" of the simple driver, "PASS: tests/foo 3 - name" of the TAP driver. */
static void
add_automake(struct parse *p, struct str what, enum test_status status)
{
	struct str rest = what, suite, number;
	if (!str_next_word(&rest, &suite))
		return;
	struct str name = str_trim(rest), copy = name;
	uint64_t n;
	if (!name.n) {
		parse_add(p, STR("make check"), suite, status, none);
		return;
	}
	if (str_next_word(&copy, &number) && str_parse_u64(number, 10000000, &n)) {
		copy = str_trim(copy);
		if (str_starts(copy, "- "))
			copy = skip(copy, 2);
		if (copy.n)
			name = copy;
	}
	parse_add(p, suite, name, status, none);
}

/*
 * With VERBOSE, test-suite.log is printed in between: sections of "FAIL: name", underlined, then what
 * the test printed, then "FAIL name (exit status: 1)".  Nothing in it is a result line.
 */
static bool
is_underline(struct str line, size_t n)
{
	return line.n == n && n && strspn(line.p, "=") >= n;
}

static void
set_message(struct parse *p, struct str name, const char *message)
{
	for (size_t i = 0; i < p->run->cases.n; i++) {
		struct test_case *c = &p->run->cases.v[i];
		bool bad = c->status == TEST_FAILED || c->status == TEST_ERROR;
		if (bad && !c->message && (str_eq(name, c->name) || str_eq(name, c->suite)))
			c->message = mem_strdup(message);
	}
}

/* `log` stands behind the title of a section; the title is "FAIL: name". */
static void
read_section(struct parse *p, struct str title, struct str log)
{
	const char *colon = memchr(title.p, ':', title.n);
	struct str line, name;
	if (!colon || !str_next_line(&log, &line) || !is_underline(line, title.n))
		return;
	name = str_trim(skip(title, (size_t)(colon + 1 - title.p)));
	OWN(buf) struct buf text = {.max = PARSE_MAX_MESSAGE};
	OWN_FREE char *end = mem_printf(STR_FMT " (exit status: ", STR_ARG(name));
	while (!text.truncated && str_next_line(&log, &line) &&
		!memmem(line.p, line.n, end, strlen(end))) {
		if (!line.n)
			continue;
		if (text.n)
			buf_puts(&text, " | ");
		buf_put_visible(&text, line);
	}
	if (text.n)
		set_message(p, name, text.p);
}

static void
read_result_line(struct parse *p, struct str line)
{
	static const struct {
		const char *word;
		enum test_status status;
	} words[] = {{"PASS: ", TEST_PASSED}, {"FAIL: ", TEST_FAILED}, {"SKIP: ", TEST_SKIPPED},
		{"ERROR: ", TEST_ERROR}, {"XFAIL: ", TEST_PASSED}, {"XPASS: ", TEST_FAILED}};
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (str_starts(line, words[i].word))
			add_automake(p, skip(line, strlen(words[i].word)), words[i].status);
}

/* ":test-result: PASS name" of .trs files, one behind the other as tail(1) prints them: "==> dir/name.trs <==". */
static bool
read_trs(struct parse *p, struct str text)
{
	struct str line, file = none;
	static const char mark[] = ":test-result: ";
	while (str_next_line(&text, &line)) {
		if (str_starts(line, "==> "))
			p->truncated = true;
		else if (str_starts(line, ":copy-in-global-log: ")) /* the last of its lines */
			p->truncated = false;
		if (str_starts(line, "==> ") && str_ends(line, ".trs <=="))
			file = (struct str){line.p + 4, line.n - 4 - strlen(".trs <==")};
		if (!str_starts(line, mark))
			continue;
		struct str rest = skip(line, sizeof(mark) - 1), word;
		if (!str_next_word(&rest, &word))
			continue;
		rest = str_trim(rest);
		enum test_status status = str_eq(word, "XFAIL") ? TEST_PASSED
					  : str_eq(word, "XPASS")
						  ? TEST_FAILED
						  : parse_status_word(word, TEST_ERROR);
		parse_add(p, rest.n ? file : STR("make check"), rest.n ? rest : file, status, none);
	}
	return p->run->cases.n > 0;
}

bool
parse_automake(struct parse *p, struct str text)
{
	if (text.n && memmem(text.p, text.n, ":global-test-result: ", 21))
		return read_trs(p, text);
	bool summary = memmem(text.p, text.n, "# TOTAL:", 8) != NULL ||
		       memmem(text.p, text.n, "Testsuite summary", 17) != NULL;
	const char *all = memmem(text.p, text.n, "\nAll ", 5);
	size_t left = all ? (size_t)(text.p + text.n - all) : 0;
	bool old = !summary && ((left > 5 && isdigit((unsigned char)all[5])) ||
				       memmem(text.p, text.n, " tests passed", 13) ||
				       memmem(text.p, text.n, " tests failed", 13));
	bool in_log = false;
	struct str line;
	if (!summary && !old && !p->cut)
		return false;
	while (str_next_line(&text, &line)) {
		if (str_ends(line, "test-suite.log") && str_starts(line, "   "))
			in_log = true;
		else if (str_starts(line, "Testsuite summary"))
			in_log = false;
		else if (!in_log)
			read_result_line(p, line);
		else if (str_starts(line, "FAIL: ") || str_starts(line, "ERROR: "))
			read_section(p, line, text);
	}
	p->zero = summary && p->run->cases.n == 0;
	p->truncated = p->truncated || (!summary && !old);
	return summary || p->run->cases.n;
}

/* ---- unittest ---- */

/* N of "name=N" in "FAILED (failures=1, errors=2)"; 0: it is not there. */
static size_t
count_of(struct str line, const char *name)
{
	const char *at = memmem(line.p, line.n, name, strlen(name));
	uint64_t n = 0;
	struct str digits = at ? skip(line, (size_t)(at + strlen(name) - line.p)) : none;
	size_t k = 0;
	while (k < digits.n && isdigit((unsigned char)digits.p[k]))
		k++;
	return str_parse_u64((struct str){digits.p, k}, PARSE_MAX_CASES, &n) ? (size_t)n : 0;
}

static void
add_numbered(struct parse *p, size_t n, const char *what, enum test_status status)
{
	for (size_t i = 1; i <= n && p->run->cases.n < PARSE_MAX_CASES; i++) {
		OWN_FREE char *name = mem_printf("%s %zu", what, i);
		parse_add(p, STR("unittest"), str_of(name), status, none);
	}
}

/*
 * A dot a case: how many there were, "Ran 5 tests in 0.1s" tells, and the line behind it how they ended; what
 * failed has its name, "FAIL: test_a (tests.test_x.Case)".
 */
static void
read_dots(struct parse *p, struct str text)
{
	struct str line, end = none;
	size_t ran = 0;
	while (str_next_line(&text, &line)) {
		bool error = str_starts(line, "ERROR: ");
		if (error || str_starts(line, "FAIL: "))
			parse_add(p, STR("unittest"), skip(line, error ? 7 : 6),
				error ? TEST_ERROR : TEST_FAILED, none);
		if (str_starts(line, "Ran "))
			ran += count_of(line, "Ran ");
		if (str_starts(line, "OK") || str_starts(line, "FAILED ("))
			end = line;
	}
	size_t bad = p->run->cases.n, skipped = count_of(end, "skipped="),
	       told = count_of(end, "failures=") + count_of(end, "errors=") +
		      count_of(end, "unexpected successes=");
	if (told > bad)
		add_numbered(p, told - bad, "failed case", TEST_FAILED);
	bad = told > bad ? told : bad;
	add_numbered(p, skipped, "skipped case", TEST_SKIPPED);
	add_numbered(p, ran > bad + skipped ? ran - bad - skipped : 0, "case", TEST_PASSED);
	p->truncated = !end.n;
}

bool
parse_unittest_dots(struct parse *p, struct str text)
{
	if (!text.n || !memmem(text.p, text.n, "\nRan ", 5) || memmem(text.p, text.n, ") ... ", 6))
		return false;
	read_dots(p, text);
	p->zero = p->run->cases.n == 0;
	return true;
}

/* ---- meson ---- */

/* " 1/23 suite / name    OK     0.05s" */
static bool
add_meson(struct parse *p, struct str line)
{
	static const struct {
		const char *word;
		enum test_status status;
	} words[] = {{"OK", TEST_PASSED}, {"FAIL", TEST_FAILED}, {"SKIP", TEST_SKIPPED},
		{"TIMEOUT", TEST_ERROR}, {"ERROR", TEST_ERROR}, {"EXPECTEDFAIL", TEST_PASSED},
		{"UNEXPECTEDPASS", TEST_FAILED}, {"INTERRUPT", TEST_ERROR}};
	struct str rest = line, number, word, last = none, result = none;
	if (!str_next_word(&rest, &number) || !isdigit((unsigned char)number.p[0]) ||
		!memchr(number.p, '/', number.n))
		return false;
	const char *start = NULL, *end = NULL;
	double ms = -1;
	for (struct str walk = rest; str_next_word(&walk, &word);) {
		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
			if (start && str_eq(word, words[i].word)) {
				result = word;
				end = last.p + last.n;
			}
		if (result.n && last.p == result.p) /* what follows it */
			ms = parse_time_at_end(word);
		start = start ? start : word.p;
		last = word;
	}
	if (!result.n || !end || end <= start)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (str_eq(result, words[i].word)) {
			struct str name = {start, (size_t)(end - start)};
			parse_add(p, STR("meson"), name, words[i].status, none)->ms = ms;
		}
	return true;
}

bool
parse_meson(struct parse *p, struct str text)
{
	struct str line;
	bool summary = memmem(text.p, text.n, "\nOk: ", 5) != NULL;
	if (memmem(text.p, text.n, "No tests defined.", 17)) {
		p->zero = true;
		return true;
	}
	if (!summary && !p->cut)
		return false;
	while (str_next_line(&text, &line))
		(void)add_meson(p, line);
	p->truncated = p->truncated || !summary;
	return p->run->cases.n > 0;
}

/* ---- node ---- */

static size_t
indent_of(struct str line)
{
	size_t n = 0;
	while (n < line.n && line.p[n] == ' ')
		n++;
	return n;
}

#define MAX_GROUPS 16

struct spec { /* of the spec reporter: groups that a case lies in, two blanks deeper each */
	struct str groups[MAX_GROUPS];
};

static struct str
without_time(struct str name, double *ret_ms)
{
	const char *time = name.n ? memmem(name.p, name.n, " (", 2) : NULL;
	const char *close = time ? memchr(time, ')', name.n - (size_t)(time - name.p)) : NULL;
	*ret_ms =
		close ? parse_time_at_end((struct str){name.p, (size_t)(close + 1 - name.p)}) : -1;
	return *ret_ms < 0 ? name : (struct str){name.p, (size_t)(time - name.p)};
}

/* A tick, a cross or a hedgehog, the name, "(1.2ms)"; a triangle and the name of a group before and behind it. */
static bool
add_node_spec(struct parse *p, struct spec *s, struct str line)
{
	static const struct {
		const char *mark;
		enum test_status status;
		bool group;
	} marks[] = {{"\xe2\x9c\x94 ", TEST_PASSED, false}, {"\xe2\x9c\x96 ", TEST_FAILED, false},
		{"\xef\xb9\xa3 ", TEST_SKIPPED, false}, {"\xe2\x96\xb6 ", TEST_PASSED, true}};
	size_t level = indent_of(line) / 2;
	struct str t = skip(line, indent_of(line));
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		if (!str_starts(t, marks[i].mark) || level >= MAX_GROUPS)
			continue;
		double ms;
		struct str name = without_time(skip(t, strlen(marks[i].mark)), &ms);
		if (marks[i].group) {
			s->groups[level] = ms < 0 ? name : none;
			return false;
		}
		OWN(buf) struct buf path = {.max = 4096};
		for (size_t k = 0; k < level; k++)
			if (s->groups[k].n)
				buf_printf(&path, STR_FMT " > ", STR_ARG(s->groups[k]));
		buf_add_str(&path, name);
		parse_add(p, none, buf_str(&path), marks[i].status, none)->ms = ms;
		return true;
	}
	return false;
}

/*
 * "# tests 5" (TAP) or "i tests 5" (spec): node's own summary is what tells it from other tools.  A run that a signal
 * ended has none: its ticks tell.
 */
bool
parse_node(struct parse *p, struct str text)
{
	static const char summary_mark[] = "\xe2\x84\xb9 tests ";
	struct str all = text, line;
	struct spec spec = {0};
	if (!text.n)
		return false;
	bool tap =
		memmem(text.p, text.n, "\n# tests ", 9) && memmem(text.p, text.n, "\n# fail ", 8);
	bool whole = memmem(text.p, text.n, summary_mark, sizeof(summary_mark) - 1) != NULL;
	if (tap)
		return parse_tap(p, all);
	if (!whole && !p->cut)
		return false;
	bool behind = false;
	while (str_next_line(&text, &line)) {
		/* Failures are repeated behind this line. */
		behind = behind || str_starts(line, summary_mark);
		if (!behind)
			(void)add_node_spec(p, &spec, line);
	}
	p->truncated = p->truncated || !whole;
	p->zero = whole && p->run->cases.n == 0;
	return whole || p->run->cases.n;
}
