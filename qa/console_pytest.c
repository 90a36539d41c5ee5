/* What pytest prints: with -v a case a line, else letters; then the failures, a summary with names, and counts. */
#include "qa/parse.h"

#include <ctype.h>
#include <string.h>

static const struct str none = {"", 0};

static const struct {
	const char *word;
	enum test_status status;
} words[] = {{"PASSED", TEST_PASSED}, {"FAILED", TEST_FAILED}, {"SKIPPED", TEST_SKIPPED},
	{"ERROR", TEST_ERROR}, {"XFAIL", TEST_PASSED}, {"XPASS", TEST_PASSED}};
#define N_WORDS (sizeof(words) / sizeof(*words))

/* As the last line counts them; an error is of no case that passed or failed. */
static const struct {
	const char *word;
	enum test_status status;
} counts[] = {{" failed", TEST_FAILED}, {" error", TEST_ERROR}, {" passed", TEST_PASSED},
	{" xfailed", TEST_PASSED}, {" xpassed", TEST_PASSED}, {" skipped", TEST_SKIPPED}};

struct pytest {
	struct parse *p;
	struct str file, name; /* of a case whose result is not printed yet */
	bool in_summary, whole;
	int64_t told[TEST_ERROR + 1];
};

static struct str
skip(struct str s, size_t n)
{
	return (struct str){s.p + n, s.n - n};
}

static void
add(struct pytest *t, struct str file, struct str name, enum test_status status, struct str message)
{
	struct test_case *c = parse_add(t->p, file, name, status, message);
	c->file = str_dup(file);
	t->name = none;
}

/* "tests/test_x.py::Class::test_a[1]" and what stands behind it. */
static bool
split_id(struct str line, struct str *ret_file, struct str *ret_rest)
{
	const char *colons = line.n ? memmem(line.p, line.n, ".py::", 5) : NULL;
	if (!colons)
		return false;
	*ret_file = (struct str){line.p, (size_t)(colons + 3 - line.p)};
	*ret_rest = skip(line, ret_file->n + 2);
	return !memchr(ret_file->p, ' ', ret_file->n);
}

/* "name PASSED   [ 50%]": a name may hold blanks. */
static bool
take_result(struct pytest *t, struct str file, struct str rest)
{
	for (size_t i = 0; i < N_WORDS; i++) {
		OWN_FREE char *word = mem_printf(" %s", words[i].word);
		const char *at = memmem(rest.p, rest.n, word, strlen(word));
		struct str behind = at ? skip(rest, (size_t)(at - rest.p) + strlen(word)) : none;
		if (!at || (behind.n && behind.p[0] != ' '))
			continue;
		behind = str_trim(behind);
		bool why = words[i].status == TEST_SKIPPED && behind.n && behind.p[0] == '(';
		add(t, file, (struct str){rest.p, (size_t)(at - rest.p)}, words[i].status,
			why ? behind : none);
		return true;
	}
	return false;
}

static void
take_line(struct pytest *t, struct str line)
{
	struct str file, rest, word;
	if (split_id(line, &file, &rest)) {
		if (!take_result(t, file, rest) && str_next_word(&rest, &word)) {
			t->file = file;
			t->name = word;
		}
		return;
	}
	/* Behind what the test printed. */
	for (size_t i = 0; i < N_WORDS && t->name.n; i++)
		if (str_starts(line, words[i].word))
			add(t, t->file, t->name, words[i].status, none);
}

/* "FAILED tests/test_x.py::test_a - AssertionError: ..." */
static void
take_summary(struct pytest *t, struct str line)
{
	struct str rest = line, word, file, name;
	bool failed = str_starts(line, "FAILED ");
	if (!(failed || str_starts(line, "ERROR ")) || !str_next_word(&rest, &word))
		return;
	rest = str_trim(rest);
	const char *dash = memmem(rest.p, rest.n, " - ", 3);
	struct str id = {rest.p, dash ? (size_t)(dash - rest.p) : rest.n};
	struct str message = dash ? skip(rest, (size_t)(dash + 3 - rest.p)) : none;
	if (!split_id(id, &file, &name)) {
		file = id; /* that could not be read */
		name = STR("whole file");
	}
	for (size_t i = 0; i < t->p->run->cases.n; i++) {
		struct test_case *c = &t->p->run->cases.v[i];
		if ((c->status == TEST_FAILED || c->status == TEST_ERROR) &&
			str_eq(name, c->name) && str_eq(file, c->suite)) {
			parse_set_message(c, message);
			return;
		}
	}
	add(t, file, name, failed ? TEST_FAILED : TEST_ERROR, message);
}

/* "==== 1 failed, 3 passed, 1 xfailed in 0.02s ====" */
static bool
take_counts(struct pytest *t, struct str line)
{
	if (!str_starts(line, "=") || !str_ends(line, "=") || !memmem(line.p, line.n, " in ", 4))
		return false;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		const char *at = memmem(line.p, line.n, counts[i].word, strlen(counts[i].word));
		uint64_t n;
		size_t k = 0;
		while (at && at > line.p + k && isdigit((unsigned char)at[-1 - (ptrdiff_t)k]))
			k++;
		if (at && str_parse_u64((struct str){at - k, k}, PARSE_MAX_CASES, &n))
			t->told[counts[i].status] += (int64_t)n;
	}
	t->whole = true;
	return true;
}

bool
parse_pytest(struct parse *p, struct str text)
{
	struct pytest t = {.p = p};
	struct str line;
	if (!text.n || !memmem(text.p, text.n, "test session starts", 19))
		return false;
	while (str_next_line(&text, &line)) {
		if (memmem(line.p, line.n, "test session starts", 19))
			t.in_summary = t.whole = false;
		else if (memmem(line.p, line.n, "short test summary info", 23))
			t.in_summary = true;
		else if (take_counts(&t, line))
			continue;
		else if (t.in_summary)
			take_summary(&t, line);
		else
			take_line(&t, line);
	}
	if (t.name.n && !t.whole)
		add(&t, t.file, t.name, TEST_ERROR, STR("the report ends in this case"));
	if (t.whole) {
		parse_fill(p, TEST_FAILED, t.told[TEST_FAILED] + t.told[TEST_ERROR]);
		parse_fill(p, TEST_SKIPPED, t.told[TEST_SKIPPED]);
		parse_fill(p, TEST_PASSED, t.told[TEST_PASSED]);
	}
	p->truncated = p->truncated || !t.whole;
	p->zero = p->run->cases.n == 0;
	return true;
}
