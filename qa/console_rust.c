/* What `cargo test` prints: "test a::b ... ok", and for each program "test result: ok. 1 passed; ...". */
#include "qa/parse.h"

#include <string.h>

static const struct str none = {"", 0};

/* "     Running tests/it.rs (target/debug/deps/it-0a1)", "   Doc-tests moon" */
static bool
read_heading(struct str line, struct str *suite)
{
	struct str t = str_trim(line), word;
	if (!str_starts(line, "  ") || !str_next_word(&t, &word))
		return false;
	bool doc = str_eq(word, "Doc-tests");
	if (!doc && !str_eq(word, "Running"))
		return false;
	t = str_trim(t);
	if (str_starts(t, "unittests "))
		t = (struct str){t.p + 10, t.n - 10};
	const char *open = t.n ? memmem(t.p, t.n, " (", 2) : NULL;
	*suite = doc ? word : (struct str){t.p, open ? (size_t)(open - t.p) : t.n};
	return true;
}

static bool
read_case(struct parse *p, struct str suite, struct str line)
{
	const char *dots = memmem(line.p, line.n, " ... ", 5);
	if (!str_starts(line, "test ") || !dots)
		return false;
	struct str name = {line.p + 5, (size_t)(dots - line.p) - 5};
	struct str result = {dots + 5, line.n - (size_t)(dots + 5 - line.p)};
	/* What the test printed without a line's end may stand before the result. */
	enum test_status status = str_ends(result, "ok")		    ? TEST_PASSED
				  : str_starts(result, "ignored")	    ? TEST_SKIPPED
				  : memmem(result.p, result.n, "FAILED", 6) ? TEST_FAILED
									    : TEST_ERROR;
	parse_add(p, suite, name, status, status == TEST_SKIPPED ? result : none);
	return true;
}

/* "---- a::b stdout ----" and what follows it is the message of the case. */
static void
set_message(struct parse *p, struct str name, struct str text)
{
	for (size_t i = p->run->cases.n; i-- > 0;) {
		struct test_case *c = &p->run->cases.v[i];
		if (c->status != TEST_FAILED || c->message || !str_eq(name, c->name))
			continue;
		OWN(buf) struct buf safe = {.max = PARSE_MAX_MESSAGE};
		buf_put_visible(&safe, str_trim(text));
		c->message = buf_take(&safe);
		return;
	}
}

static void
read_output(struct parse *p, struct str line, struct str rest)
{
	struct str name = {line.p + 5, line.n - 5 - strlen(" stdout ----")};
	const char *end = rest.n ? memmem(rest.p, rest.n, "\n\n", 2) : NULL;
	set_message(p, name, (struct str){rest.p, end ? (size_t)(end - rest.p) : rest.n});
}

bool
parse_cargo(struct parse *p, struct str text)
{
	struct str line, suite = none;
	bool running = false, any = false;
	if (!memmem(text.p, text.n, "test result: ", 13) &&
		!memmem(text.p, text.n, "\nrunning ", 9))
		return false;
	while (str_next_line(&text, &line)) {
		if (str_starts(line, "running ") &&
			str_ends_one(line, (const char *const[]){" test", " tests", NULL}))
			any = running = true;
		else if (str_starts(line, "test result: "))
			running = false;
		else if (str_starts(line, "---- ") && str_ends(line, " stdout ----"))
			read_output(p, line, text);
		else if (!read_heading(line, &suite) && running)
			(void)read_case(p, suite, line);
	}
	p->truncated = p->truncated || running;
	p->zero = any && p->run->cases.n == 0;
	return any;
}
