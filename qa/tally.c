#include "qa/tally.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define LAST_LINES 4
#define MAX_TOKENS 40

struct token {
	struct str text;
	struct str before; /* what stands between it and the one in front of it */
};

/* Words and numbers of a line. */
static size_t
split(struct str line, struct token *ret)
{
	size_t n = 0;
	for (size_t i = 0, end = 0; i < line.n && n < MAX_TOKENS; end = i) {
		while (i < line.n && !isalnum((unsigned char)line.p[i]))
			i++;
		size_t start = i;
		while (i < line.n && isalnum((unsigned char)line.p[i]))
			i++;
		if (i > start)
			ret[n++] = (struct token){
				{line.p + start, i - start}, {line.p + end, start - end}};
	}
	return n;
}

static bool
begins_any(struct str word, const char *const *starts)
{
	for (size_t i = 0; starts[i]; i++) {
		size_t n = strlen(starts[i]);
		if (word.n >= n && strncasecmp(word.p, starts[i], n) == 0)
			return true;
	}
	return false;
}

static bool
is_number(const struct token *t, uint64_t *ret)
{
	return str_parse_u64(t->text, UINT32_MAX, ret);
}

/* "failed: 3" and "3 failed": nothing that parts them stands between. */
static bool
are_together(struct str between)
{
	for (size_t i = 0; i < between.n; i++)
		if (!strchr(" \t:=", between.p[i]))
			return false;
	return true;
}

/* "2 expected failures": they had to be. */
static bool
is_expected(const struct token *v, size_t i)
{
	static const char *const words[] = {"expected", "known", "allowed", "tolerated", NULL};
	return i > 0 && are_together(v[i].before) && begins_any(v[i - 1].text, words);
}

/* How many the word at i counts: in front of it where the line begins with a number, else behind it, if one is there. */
static uint64_t
count_of(const struct token *v, size_t n, size_t i)
{
	uint64_t number = 0, first;
	bool before = is_number(&v[0], &first);
	bool behind = i + 1 < n && are_together(v[i + 1].before);
	if (behind && !before && is_number(&v[i + 1], &number))
		return number;
	if (i > 0 && are_together(v[i].before) && is_number(&v[i - 1], &number))
		return number;
	/* "3 tests failed" */
	if (i > 1 && are_together(v[i].before) && are_together(v[i - 1].before) &&
		is_number(&v[i - 2], &number))
		return number;
	return 0;
}

static bool
counts_failures(struct str line)
{
	static const char *const fail[] = {"failed", "failure", "failing", NULL};
	static const char *const of_tests[] = {
		"test", "pass", "check", "case", "total", "ran", "succe", "ok", NULL};
	struct token v[MAX_TOKENS];
	size_t n = split(line, v);
	uint64_t failed = 0;
	bool tests = false;
	for (size_t i = 0; i < n; i++) {
		tests = tests || begins_any(v[i].text, of_tests);
		if (begins_any(v[i].text, fail) && !is_expected(v, i))
			failed += count_of(v, n, i);
	}
	return tests && failed;
}

/* Ant goes on behind a program that failed, and ends well: "[java] Java Result: 1". */
static bool
is_failed_program(struct str line)
{
	static const char says[] = "[java] Java Result: ";
	uint64_t status;
	return str_starts(line, says) &&
	       str_parse_u64((struct str){line.p + sizeof(says) - 1, line.n - sizeof(says) + 1},
		       UINT32_MAX, &status) &&
	       status > 0;
}

struct str
tally_of_failures(struct str text)
{
	struct str last[LAST_LINES] = {{"", 0}}, line;
	size_t n = 0;
	while (str_next_line(&text, &line)) {
		line = str_trim(line);
		if (is_failed_program(line))
			return line;
		if (line.n && line.n < 200)
			last[n++ % LAST_LINES] = line;
	}
	for (size_t i = 0; i < LAST_LINES && i < n; i++)
		if (counts_failures(last[i]))
			return last[i];
	return (struct str){"", 0};
}
