#include "qa/select.h"

#include <string.h>

#define MAX_COMMAND \
	((size_t)96 << 10) /* a kernel takes 128 KiB as one argument: execve(2), MAX_ARG_STRLEN */

/* What one case looks like to its runner. */
typedef void put_case_fn(const struct test_case *c, struct buf *out);

enum placement {
	AT_END,
	BEHIND_WORD, /* what follows the runner's name may be files, behind which no option is taken */
	INSTEAD_OF_PATHS /* the command's own files and directories would add to the cases */
};

static const struct runner {
	enum test_format format; /* FORMAT_AUTO: any */
	const char *word;	 /* in the command */
	enum placement placement;
	const char *before; /* the cases */
	/* NULL: each case is a word of its own behind `between`; else they are one word, `between` each two. */
	const char *head;
	const char *between, *tail;
	put_case_fn *put;
	bool ordered;
	/* INSTEAD_OF_PATHS: the letters, and the names, of options whose value may be the next word. */
	const char *letters;
	const char *const *names;
} runners[];

static void
put_pytest(const struct test_case *c, struct buf *out)
{
	OWN_FREE char *id = mem_printf("%s::%s", c->suite, c->name);
	buf_puts(out, id);
}

/* Since Python 3.11 the suite ends with the name of the case. */
static void
put_unittest(const struct test_case *c, struct buf *out)
{
	OWN_FREE char *end = mem_printf(".%s", c->name);
	OWN_FREE char *id = str_ends(str_of(c->suite), end)
				    ? mem_strdup(c->suite)
				    : mem_printf("%s.%s", c->suite, c->name);
	buf_puts(out, id);
}

static void
put_name(const struct test_case *c, struct buf *out)
{
	buf_puts(out, c->name);
}

static void
put_suite(const struct test_case *c, struct buf *out)
{
	buf_puts(out, c->suite);
}

/* Of a regular expression. */
static void
put_literally(struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		if (strchr(".[]()*+?{}^$|\\", s.p[i]))
			buf_putc(out, '\\');
		buf_putc(out, (unsigned char)s.p[i] < 0x20 ? '.' : s.p[i]);
	}
}

static void
put_pattern(const struct test_case *c, struct buf *out)
{
	put_literally(str_of(c->name), out);
}

/* A test of Go runs with its sub-tests. */
static void
put_go(const struct test_case *c, struct buf *out)
{
	put_literally((struct str){c->name, strcspn(c->name, "/")}, out);
}

/* A program, whose cases the driver for TAP lists below its name.  make(1) takes a dollar for a variable. */
static void
put_automake(const struct test_case *c, struct buf *out)
{
	bool whole = strcmp(c->suite, "make check") == 0;
	for (const char *p = whole ? c->name : c->suite; *p; p++) {
		if (*p == '$')
			buf_putc(out, '$');
		buf_putc(out, *p);
	}
}

/* pytest(1), and of its most used plugins */
static const char *const pytest_names[] = {"maxfail", "config-file", "rootdir", "lfnf",
	"last-failed-no-failures", "show-capture", "tb", "capture", "color", "code-highlight",
	"pastebin", "junit-xml", "junitxml", "junit-prefix", "junitprefix", "pythonwarnings",
	"override-ini", "assert", "log-level", "log-format", "log-date-format", "log-cli-level",
	"log-file", "log-file-level", "log-disable", "deselect", "ignore", "ignore-glob",
	"confcutdir", "import-mode", "durations", "durations-min", "verbosity", "basetemp",
	"doctest-glob", "doctest-report", "numprocesses", "dist", "maxprocesses", "tx", "timeout",
	"timeout-method", "cov-report", "cov-config", "cov-fail-under", "reruns", "reruns-delay",
	"asyncio-mode", "hypothesis-profile", "hypothesis-seed", NULL};
/* prove(1) */
static const char *const prove_names[] = {
	"exec", "ext", "formatter", "source", "jobs", "rc", "archive", "harness", "state", NULL};

static const struct runner runners[] = {
	{FORMAT_PYTEST, "pytest", INSTEAD_OF_PATHS, "", NULL, " ", NULL, put_pytest, true,
		"kmcpoWrn", pytest_names},
	{FORMAT_AUTO, "-m pytest", INSTEAD_OF_PATHS, "", NULL, " ", NULL, put_pytest, true,
		"kmcpoWrn", pytest_names},
	{FORMAT_AUTO, "-m unittest", AT_END, "", NULL, " -k ", NULL, put_unittest, false, NULL,
		NULL},
	{FORMAT_GO, "go test", AT_END, " -count=1 -run ", "^(", "|", ")$", put_go, false, NULL,
		NULL},
	{FORMAT_CARGO, "cargo test", AT_END, " -- --exact --test-threads=1", NULL, " ", NULL,
		put_name, false, NULL, NULL},
	{FORMAT_CTEST, "ctest", AT_END, " -R ", "^(", "|", ")$", put_pattern, false, NULL, NULL},
	{FORMAT_PROVE, "prove", INSTEAD_OF_PATHS, "", NULL, " ", NULL, put_suite, true, "IMePaj",
		prove_names},
	/* -k: a directory of a recursive make that has no such test is no reason to end. */
	{FORMAT_AUTOMAKE, "make", AT_END, " -k ", "TESTS=", " ", "", put_automake, true, NULL,
		NULL},
	{FORMAT_NODE, "node --test", BEHIND_WORD, " ", "--test-name-pattern=^(", "|", ")$",
		put_pattern, false, NULL, NULL},
	{FORMAT_AUTO, "jest", AT_END, " -t ", "^(", "|", ")$", put_pattern, false, NULL, NULL},
	{FORMAT_AUTO, "mocha", AT_END, " -g ", "^(", "|", ")$", put_pattern, false, NULL, NULL},
};

/* ---- the command's own words ---- */

/* The next word as a shell reads it, with its quotes. */
static bool
next_shell_word(struct str *rest, struct str *ret)
{
	size_t i = 0, from;
	char quote = 0;
	while (i < rest->n && strchr(" \t", rest->p[i]))
		i++;
	for (from = i; i < rest->n && (quote || !strchr(" \t", rest->p[i])); i++) {
		char c = rest->p[i];
		if (c == '\\' && quote != '\'' && i + 1 < rest->n)
			i++;
		else if (quote ? c == quote : c == '\'' || c == '"')
			quote = quote ? 0 : c;
	}
	*ret = (struct str){rest->p + from, i - from};
	*rest = (struct str){rest->p + i, rest->n - i};
	return ret->n > 0;
}

static bool
is_option(struct str word)
{
	return word.n > 1 && word.p[0] == '-';
}

/* Is the word behind this option its value? */
static bool
takes_next(const struct runner *r, struct str option)
{
	if (!str_starts(option, "--")) {
		for (size_t i = 1; i < option.n; i++)
			if (strchr(r->letters, option.p[i]))
				return i + 1 == option.n; /* else the value follows the letter */
		return false;
	}
	if (option.n == 2 || memchr(option.p, '=', option.n))
		return false;
	for (size_t i = 0; r->names[i]; i++)
		if (str_eq((struct str){option.p + 2, option.n - 2}, r->names[i]))
			return true;
	return false;
}

/* What stands behind the runner's name, without files and directories. */
static void
put_options(const struct runner *r, struct str rest, struct buf *out)
{
	struct str one, before = {"", 0};
	while (next_shell_word(&rest, &one)) {
		bool kept = is_option(one) || (is_option(before) && takes_next(r, before));
		if (kept)
			buf_printf(out, " " STR_FMT, STR_ARG(one));
		before = one;
	}
}

/* ---- the cases ---- */

/* The cases, as their runner writes them; a program that has several is told once. */
static void
write_cases(
	const struct runner *r, const struct test_case *const *cases, size_t n, struct strlist *ret)
{
	for (size_t i = 0; i < n; i++) {
		OWN(buf) struct buf one = {0};
		r->put(cases[i], &one);
		buf_puts(&one, "");
		if (!ret->n || !str_eq(buf_str(&one), ret->v[ret->n - 1]))
			strlist_add(ret, one.p);
	}
}

static void
put_words(const struct runner *r, const struct strlist *cases, struct buf *out)
{
	for (size_t i = 0; i < cases->n; i++) {
		buf_puts(out, r->between);
		buf_put_shell(out, str_of(cases->v[i]));
	}
}

static void
put_one_word(const struct runner *r, const struct strlist *cases, struct buf *out)
{
	OWN(buf) struct buf word = {0};
	buf_puts(&word, r->head);
	for (size_t i = 0; i < cases->n; i++)
		buf_printf(&word, "%s%s", i ? r->between : "", cases->v[i]);
	buf_puts(&word, r->tail);
	buf_put_shell(out, buf_str(&word));
}

/* Where the runner's name stands with a blank or the end behind it; NULL: nowhere. */
static const char *
find_word(const char *command, const char *word)
{
	const char *at = strstr(command, word);
	while (at && at[strlen(word)] && at[strlen(word)] != ' ' && at[strlen(word)] != '\t')
		at = strstr(at + 1, word);
	return at;
}

char *
select_command(
	const struct command *c, const struct test_case *const *cases, size_t n, bool *ret_ordered)
{
	for (size_t i = 0; i < sizeof(runners) / sizeof(*runners); i++) {
		const struct runner *r = &runners[i];
		OWN(buf) struct buf out = {.max = MAX_COMMAND};
		OWN(strlist) struct strlist words = {0};
		const bool fits = r->format == FORMAT_AUTO || r->format == c->format;
		const char *at = fits ? find_word(c->run, r->word) : NULL;
		if (!at || strpbrk(c->run, ";&|\n"))
			continue;
		at += r->placement == AT_END ? strlen(at) : strlen(r->word);
		buf_add(&out, c->run, (size_t)(at - c->run));
		if (r->placement == INSTEAD_OF_PATHS)
			put_options(r, str_of(at), &out);
		buf_puts(&out, r->before);
		write_cases(r, cases, n, &words);
		(r->head ? put_one_word : put_words)(r, &words, &out);
		if (r->placement == BEHIND_WORD)
			buf_puts(&out, at);
		*ret_ordered = r->ordered;
		return out.truncated ? NULL : buf_take(&out);
	}
	return NULL;
}
