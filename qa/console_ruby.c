/* What Ruby's test tools print: minitest and test-unit with -v. */
#include "qa/parse.h"

#include <ctype.h>
#include <string.h>

static const struct str none = {"", 0};

static enum test_status
status_of(char c)
{
	return c == '.'	  ? TEST_PASSED
	       : c == 'F' ? TEST_FAILED
	       : c == 'E' ? TEST_ERROR
			  : TEST_SKIPPED;
}

/* "TestTide#test_high = 0.00 s = ." */
static bool
read_minitest(struct parse *p, struct str line)
{
	const char *hash = line.n ? memchr(line.p, '#', line.n) : NULL;
	const char *time = line.n ? memmem(line.p, line.n, " = ", 3) : NULL;
	if (!hash || !time || hash > time || line.n < 6 || !strchr(".FES", line.p[line.n - 1]))
		return false;
	struct str seconds = {time + 3, line.n - (size_t)(time + 3 - line.p)};
	const char *end = memmem(seconds.p, seconds.n, " = ", 3);
	if (!end || seconds.p + seconds.n - end != 4)
		return false;
	struct test_case *c = parse_add(p, (struct str){line.p, (size_t)(hash - line.p)},
		(struct str){hash + 1, (size_t)(time - hash) - 1}, status_of(line.p[line.n - 1]),
		none);
	c->ms = parse_time_at_end((struct str){seconds.p, (size_t)(end - seconds.p)});
	return true;
}

/* "TestTide: " and then "  test_high:\t.: (0.0004)"; what fails has its story between the letter and the time. */
static bool
read_test_unit(struct parse *p, struct str line, struct str *suite)
{
	const char *tab = line.n ? memmem(line.p, line.n, ":\t", 2) : NULL;
	struct str t = str_trim(line);
	if (!tab) {
		if (t.n > 1 && t.p[t.n - 1] == ':' && isupper((unsigned char)t.p[0]) &&
			!memchr(t.p, ' ', t.n))
			*suite = (struct str){t.p, t.n - 1};
		return false;
	}
	struct str name = str_trim((struct str){line.p, (size_t)(tab - line.p)});
	struct str rest = str_trim((struct str){tab + 1, line.n - (size_t)(tab + 1 - line.p)});
	if (!suite->n || !rest.n || !strchr(".FEOPN", rest.p[0]) || line.p[0] != ' ')
		return false;
	parse_add(p, *suite, name, status_of(rest.p[0]), none);
	return true;
}

/* "Failure:" and the story of minitest ("A#b [file:1]:"); "Failure: b(A)" of test-unit. */
static void
read_story(struct parse *p, struct str line, struct str rest)
{
	struct str what = str_trim(line), text = rest;
	if (!str_starts(what, "Failure:") && !str_starts(what, "Error:") &&
		!str_ends(what, ") Failure:") && !str_ends(what, ") Error:"))
		return;
	struct str first = what;
	if (str_ends(what, ":") && !str_next_line(&text, &first))
		return;
	const char *end = text.n ? memmem(text.p, text.n, "\n\n", 2) : NULL;
	struct str story = {text.p, end ? (size_t)(end - text.p) : text.n};
	for (size_t i = 0; i < p->run->cases.n; i++) {
		struct test_case *c = &p->run->cases.v[i];
		OWN_FREE char *mini = mem_printf("%s#%s", c->suite, c->name);
		OWN_FREE char *unit = mem_printf("%s(%s)", c->name, c->suite);
		if (c->status == TEST_PASSED || c->message ||
			!(memmem(first.p, first.n, mini, strlen(mini)) ||
				memmem(first.p, first.n, unit, strlen(unit))))
			continue;
		OWN(buf) struct buf safe = {.max = PARSE_MAX_MESSAGE};
		buf_put_visible(&safe, str_trim(story));
		c->message = buf_take(&safe);
		return;
	}
}

bool
parse_minitest(struct parse *p, struct str text)
{
	struct str line, suite = none, running = none;
	bool summary = false;
	if (!memmem(text.p, text.n, " assertions, ", 13) &&
		!memmem(text.p, text.n, "# Running:", 10) &&
		!memmem(text.p, text.n, "Loaded suite ", 13))
		return false;
	for (struct str rest = text; str_next_line(&rest, &line);) {
		if (read_minitest(p, line))
			running = none;
		else if (!read_test_unit(p, line, &suite) && memmem(line.p, line.n, "#test_", 6) &&
			 memmem(line.p, line.n, " = ", 3))
			running = line;
		summary = summary || memmem(line.p, line.n, " assertions, ", 13);
	}
	for (struct str rest = text; str_next_line(&rest, &line);)
		read_story(p, line, rest);
	if (running.n && !summary) {
		const char *hash = memchr(running.p, '#', running.n),
			   *equals = memmem(running.p, running.n, " = ", 3);
		if (hash < equals)
			parse_add(p, (struct str){running.p, (size_t)(hash - running.p)},
				(struct str){hash + 1, (size_t)(equals - hash) - 1}, TEST_ERROR,
				STR("the report ends in this case"));
	}
	p->truncated = p->truncated || !summary;
	p->zero = summary && p->run->cases.n == 0;
	return p->run->cases.n || p->zero;
}
