#include "qa/select.h"

#include <string.h>

/* What the words of one case look like to its runner. */
typedef void put_case_fn(const struct test_case *c, struct buf *out);

static const struct runner {
	enum test_format format; /* FORMAT_AUTO: any */
	const char *word;	 /* in the command */
	const char *before;	 /* the cases; NULL: nothing */
	const char *between, *after;
	put_case_fn *put;
	bool ordered;
	bool drops_paths; /* the command's own arguments that are no options would add to the cases */
} runners[];

static void
put_pytest(const struct test_case *c, struct buf *out)
{
	OWN_FREE char *id = mem_printf("%s::%s", c->suite, c->name);
	buf_put_shell(out, str_of(id));
}

/* Since Python 3.11 the suite ends with the name of the case. */
static void
put_unittest(const struct test_case *c, struct buf *out)
{
	OWN_FREE char *end = mem_printf(".%s", c->name);
	OWN_FREE char *id = str_ends(str_of(c->suite), end)
				    ? mem_strdup(c->suite)
				    : mem_printf("%s.%s", c->suite, c->name);
	buf_put_shell(out, str_of(id));
}

static void
put_name(const struct test_case *c, struct buf *out)
{
	buf_put_shell(out, str_of(c->name));
}

static void
put_suite(const struct test_case *c, struct buf *out)
{
	buf_put_shell(out, str_of(c->suite));
}

/* Of a regular expression, within single quotes. */
static void
put_pattern(const struct test_case *c, struct buf *out)
{
	for (const char *p = c->name; *p; p++) {
		if (strchr(".[]()*+?{}^$|\\", *p))
			buf_putc(out, '\\');
		buf_putc(out, *p == '\'' ? '.' : *p);
	}
}

/* A test of Go runs with its sub-tests. */
static void
put_go(const struct test_case *c, struct buf *out)
{
	buf_add(out, c->name, strcspn(c->name, "/"));
}

static const struct runner runners[] = {
	{FORMAT_PYTEST, "pytest", " ", " ", "", put_pytest, true, true},
	{FORMAT_AUTO, "-m pytest", " ", " ", "", put_pytest, true, true},
	{FORMAT_AUTO, "-m unittest", " -k ", " -k ", "", put_unittest, false, false},
	{FORMAT_GO, "go test", " -count=1 -run '^(", "|", ")$'", put_go, false, false},
	{FORMAT_CARGO, "cargo test", " -- --exact --test-threads=1 ", " ", "", put_name, false,
		false},
	{FORMAT_CTEST, "ctest", " -R '^(", "|", ")$'", put_pattern, false, false},
	{FORMAT_PROVE, "prove", " ", " ", "", put_suite, true, true},
	{FORMAT_AUTOMAKE, "make", " TESTS='", " ", "'", put_pattern, true, false},
	{FORMAT_NODE, "node --test", " --test-name-pattern='^(", "|", ")$'", put_pattern, false,
		false},
	{FORMAT_AUTO, "jest", " -t '^(", "|", ")$'", put_pattern, false, false},
	{FORMAT_AUTO, "mocha", " -g '^(", "|", ")$'", put_pattern, false, false},
};

/* Up to and with the runner's name, and of what follows it the options. */
static void
put_options(struct str run, const char *word, struct buf *out)
{
	const char *at = memmem(run.p, run.n, word, strlen(word));
	size_t n = (size_t)(at - run.p) + strlen(word);
	struct str rest = {run.p + n, run.n - n}, one;
	buf_add(out, run.p, n);
	while (str_next_word(&rest, &one))
		if (one.p[0] == '-' && one.n > 1)
			buf_printf(out, " " STR_FMT, STR_ARG(one));
}

char *
select_command(
	const struct command *c, const struct test_case *const *cases, size_t n, bool *ret_ordered)
{
	for (size_t i = 0; i < sizeof(runners) / sizeof(*runners); i++) {
		const struct runner *r = &runners[i];
		OWN(buf) struct buf out = {.max = 1 << 20};
		bool fits = r->format == FORMAT_AUTO || r->format == c->format;
		if (!fits || !strstr(c->run, r->word) || strpbrk(c->run, ";&|\n"))
			continue;
		if (r->drops_paths)
			put_options(str_of(c->run), r->word, &out);
		else
			buf_puts(&out, c->run);
		buf_puts(&out, r->before);
		for (size_t k = 0; k < n; k++) {
			if (k)
				buf_puts(&out, r->between);
			r->put(cases[k], &out);
		}
		buf_puts(&out, r->after);
		*ret_ordered = r->ordered;
		return out.truncated ? NULL : buf_take(&out);
	}
	return NULL;
}
