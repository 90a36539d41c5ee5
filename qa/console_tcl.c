/* What tcltest(3tcl) prints: "++++ name PASSED" where it is told to, failures, and the sums of each file or of all. */
#include "qa/parse.h"

#include <string.h>

static const struct str none = {"", 0};

/* "++++ name PASSED", "++++ name SKIPPED: constraint" */
static bool
read_case(struct parse *p, struct str suite, struct str line)
{
	struct str rest = line, word, name;
	if (!str_starts(line, "++++ ") || !str_next_word(&rest, &word) ||
		!str_next_word(&rest, &name))
		return false;
	rest = str_trim(rest);
	if (str_starts(rest, "PASSED"))
		parse_add(p, suite, name, TEST_PASSED, none);
	else if (str_starts(rest, "SKIPPED"))
		parse_add(p, suite, name, TEST_SKIPPED, rest);
	return true;
}

/* "==== name what it tests FAILED", its story, and "==== name FAILED" */
static bool
read_failure(struct parse *p, struct str suite, struct str line, struct str rest, struct str *open)
{
	struct str words = line, word, name;
	if (!str_starts(line, "==== ") || !str_ends(line, " FAILED") ||
		!str_next_word(&words, &word) || !str_next_word(&words, &name))
		return false;
	if (open->n == name.n && memcmp(open->p, name.p, name.n) == 0) {
		*open = none;
		return true;
	}
	const char *end = rest.n ? memmem(rest.p, rest.n, "\n==== ", 6) : NULL;
	const char *second =
		end ? memmem(end + 6, rest.n - (size_t)(end + 6 - rest.p), "\n==== ", 6) : NULL;
	end = second && str_starts(rest, "==== Contents") ? second : end;
	parse_add(p, suite, name, TEST_FAILED,
		(struct str){rest.p, end ? (size_t)(end - rest.p) : rest.n});
	*open = name;
	return true;
}

struct sums {
	int64_t passed, skipped, failed;
};

static int64_t
number_behind(struct str line, const char *word)
{
	const char *at = memmem(line.p, line.n, word, strlen(word));
	struct str rest = at ? (struct str){at + strlen(word),
				       line.n - (size_t)(at - line.p) - strlen(word)}
			     : none,
		   number;
	uint64_t n = 0;
	if (str_next_word(&rest, &number))
		(void)str_parse_u64(number, PARSE_MAX_CASES, &n);
	return (int64_t)n;
}

/* "all.tcl:\tTotal\t29\tPassed\t29\tSkipped\t0\tFailed\t0": the sum of sums stands for those before it. */
static bool
read_sums(struct str line, struct sums *sums)
{
	if (!memmem(line.p, line.n, ":\tTotal\t", 8) || !memmem(line.p, line.n, "\tPassed\t", 8))
		return false;
	if (str_starts(line, "all.tcl:"))
		*sums = (struct sums){0};
	sums->passed += number_behind(line, "\tPassed\t");
	sums->skipped += number_behind(line, "\tSkipped\t");
	sums->failed += number_behind(line, "\tFailed\t");
	return true;
}

/* Cases that only a sum tells of have no names. */
static void
add_unnamed(struct parse *p, int64_t have, int64_t sum, enum test_status status)
{
	for (; have < sum; have++)
		parse_add(p, none, none, status, none);
}

bool
parse_tcltest(struct parse *p, struct str text)
{
	struct str line, suite = none, open = none;
	struct sums sums = {0};
	bool any = false;
	if (!memmem(text.p, text.n, ":\tTotal\t", 8))
		return false;
	while (str_next_line(&text, &line)) {
		if (read_sums(line, &sums))
			any = true;
		else if (!read_case(p, suite, line) && !read_failure(p, suite, line, text, &open) &&
			 str_ends(line, ".test") && !memchr(line.p, ' ', line.n))
			suite = line;
	}
	test_run_count(p->run);
	struct sums have = {p->run->passed, p->run->skipped, p->run->failed};
	add_unnamed(p, have.passed, sums.passed, TEST_PASSED);
	add_unnamed(p, have.skipped, sums.skipped, TEST_SKIPPED);
	add_unnamed(p, have.failed, sums.failed, TEST_FAILED);
	p->zero = any && p->run->cases.n == 0;
	return any;
}
