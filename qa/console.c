/* Reports that tools print for people: automake, ctest, pytest, unittest, meson, node. */
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

bool
parse_automake(struct parse *p, struct str text)
{
	bool summary = memmem(text.p, text.n, "# TOTAL:", 8) != NULL ||
		       memmem(text.p, text.n, "Testsuite summary", 17) != NULL;
	bool old = !summary && (memmem(text.p, text.n, "\nAll ", 5) ||
				       memmem(text.p, text.n, " tests passed", 13) ||
				       memmem(text.p, text.n, " tests failed", 13));
	bool in_log = false;
	struct str line;
	if (!summary && !old)
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
	p->zero = p->run->cases.n == 0;
	return summary || p->run->cases.n;
}

/* ---- ctest ---- */

/* " 3/10 Test  #3: name .........   Passed    0.01 sec" */
static void
add_ctest(struct parse *p, struct str line)
{
	const char *colon = memmem(line.p, line.n, ": ", 2);
	const char *dots =
		colon ? memmem(colon, line.n - (size_t)(colon - line.p), " ..", 3) : NULL;
	if (!dots)
		dots = colon ? memmem(colon, line.n - (size_t)(colon - line.p), "...", 3) : NULL;
	if (!dots)
		return;
	struct str name = {colon + 2, (size_t)(dots - colon - 2)};
	struct str rest = {dots, line.n - (size_t)(dots - line.p)};
	while (rest.n && strchr(". *", rest.p[0]))
		rest = skip(rest, 1);
	enum test_status status =
		str_starts(rest, "Passed") ? TEST_PASSED
		: str_starts(rest, "Skipped") || str_starts(rest, "Not Run (Disabled)")
			? TEST_SKIPPED
		: str_starts(rest, "Failed") ? TEST_FAILED
					     : TEST_ERROR;
	struct test_case *c =
		parse_add(p, STR("ctest"), name, status, status == TEST_PASSED ? none : rest);
	c->ms = parse_time_at_end(rest);
}

bool
parse_ctest(struct parse *p, struct str text)
{
	struct str line;
	if (memmem(text.p, text.n, "No tests were found!!!", 22)) {
		p->zero = true;
		return true;
	}
	bool summary = memmem(text.p, text.n, " tests passed, ", 15) != NULL;
	while (str_next_line(&text, &line)) {
		struct str t = str_trim(line);
		if (t.n && isdigit((unsigned char)t.p[0]) && memmem(t.p, t.n, " Test ", 6) &&
			memchr(t.p, '#', t.n))
			add_ctest(p, t);
	}
	p->truncated = p->truncated || (p->run->cases.n && !summary);
	return p->run->cases.n > 0;
}

/* ---- pytest ---- */

/* "tests/test_x.py::test_a[1] PASSED   [ 50%]" */
static bool
add_pytest(struct parse *p, struct str line)
{
	static const struct {
		const char *word;
		enum test_status status;
	} words[] = {{" PASSED", TEST_PASSED}, {" FAILED", TEST_FAILED}, {" SKIPPED", TEST_SKIPPED},
		{" ERROR", TEST_ERROR}, {" XFAIL", TEST_PASSED}, {" XPASS", TEST_PASSED}};
	const char *colons = memmem(line.p, line.n, "::", 2);
	if (!colons || !memmem(line.p, line.n, ".py", 3))
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const char *at = memmem(colons, line.n - (size_t)(colons - line.p), words[i].word,
			strlen(words[i].word));
		if (!at)
			continue;
		struct str file = {line.p, (size_t)(colons - line.p)};
		struct str name = {colons + 2, (size_t)(at - colons - 2)};
		struct test_case *c = parse_add(p, file, name, words[i].status, none);
		c->file = str_dup(file);
		return true;
	}
	return false;
}

/* "FAILED tests/test_x.py::test_a - AssertionError: ..." of the summary gives the message. */
static void
add_pytest_message(struct parse *p, struct str line)
{
	const char *dash = memmem(line.p, line.n, " - ", 3);
	struct str rest = line, word, id;
	if (!dash || !str_next_word(&rest, &word) || !str_next_word(&rest, &id))
		return;
	for (size_t i = 0; i < p->run->cases.n; i++) {
		struct test_case *c = &p->run->cases.v[i];
		OWN_FREE char *full = mem_printf("%s::%s", c->suite, c->name);
		if (!c->message && str_eq(id, full)) {
			OWN(buf) struct buf safe = {.max = PARSE_MAX_MESSAGE};
			buf_put_visible(&safe, skip(line, (size_t)(dash + 3 - line.p)));
			c->message = buf_take(&safe);
		}
	}
}

bool
parse_pytest(struct parse *p, struct str text)
{
	struct str line;
	bool session = memmem(text.p, text.n, "test session starts", 19) != NULL, summary = false;
	if (!session)
		return false;
	while (str_next_line(&text, &line)) {
		if (memmem(line.p, line.n, "short test summary info", 23))
			summary = true;
		else if (!summary)
			(void)add_pytest(p, line);
		else if (str_starts(line, "FAILED ") || str_starts(line, "ERROR "))
			add_pytest_message(p, line);
	}
	p->zero = p->run->cases.n == 0;
	return true;
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

/* "test_a (tests.test_x.Case) ... ok" and, since Python 3.11, "(tests.test_x.Case.test_a)". */
bool
parse_unittest(struct parse *p, struct str text)
{
	struct str all = text, line;
	bool ran = memmem(text.p, text.n, "\nRan ", 5) != NULL;
	if (!ran)
		return false;
	while (str_next_line(&text, &line)) {
		const char *dots = memmem(line.p, line.n, " ... ", 5);
		const char *open = memchr(line.p, '(', line.n);
		const char *close =
			open ? memchr(open, ')', line.n - (size_t)(open - line.p)) : NULL;
		if (!dots || !close || close > dots)
			continue;
		struct str result = skip(line, (size_t)(dots + 5 - line.p));
		struct str name = str_trim((struct str){line.p, (size_t)(open - line.p)});
		struct str suite = {open + 1, (size_t)(close - open - 1)};
		enum test_status status = str_starts(result, "ok")	       ? TEST_PASSED
					  : str_starts(result, "skipped")      ? TEST_SKIPPED
					  : str_starts(result, "expected fai") ? TEST_PASSED
					  : str_starts(result, "ERROR")	       ? TEST_ERROR
									       : TEST_FAILED;
		parse_add(p, suite, name, status, status == TEST_PASSED ? none : result);
	}
	if (!p->run->cases.n)
		read_dots(p, all);
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
	if (!summary)
		return false;
	while (str_next_line(&text, &line))
		(void)add_meson(p, line);
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

/* The spec reporter: a tick, a cross or a hedgehog, the name, "(1.2ms)". */
static bool
add_node_spec(struct parse *p, struct str line)
{
	static const struct {
		const char *mark;
		enum test_status status;
	} marks[] = {{"\xe2\x9c\x94 ", TEST_PASSED}, {"\xe2\x9c\x96 ", TEST_FAILED},
		{"\xef\xb9\xa3 ", TEST_SKIPPED}};
	struct str t = skip(line, indent_of(line));
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		if (!str_starts(t, marks[i].mark))
			continue;
		struct str name = skip(t, strlen(marks[i].mark));
		const char *time = memmem(name.p, name.n, " (", 2);
		double ms = time ? parse_time_at_end(name) : -1;
		if (ms >= 0)
			name.n = (size_t)(time - name.p);
		parse_add(p, none, name, marks[i].status, none)->ms = ms;
		return true;
	}
	return false;
}

/* "# tests 5" (TAP) or "i tests 5" (spec): node's own summary is what tells it from other tools. */
bool
parse_node(struct parse *p, struct str text)
{
	struct str all = text, line;
	bool tap =
		memmem(text.p, text.n, "\n# tests ", 9) && memmem(text.p, text.n, "\n# fail ", 8);
	bool spec = memmem(text.p, text.n, "\xe2\x84\xb9 tests ", 10) != NULL;
	if (!tap && !spec)
		return false;
	if (tap)
		return parse_tap(p, all);
	bool summary = false;
	while (str_next_line(&text, &line)) {
		/* Failures are repeated behind this line. */
		summary = summary || memmem(line.p, line.n, "\xe2\x84\xb9 tests ", 10) != NULL;
		if (!summary)
			(void)add_node_spec(p, line);
	}
	p->zero = p->run->cases.n == 0;
	return true;
}
