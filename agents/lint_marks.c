/* Marks by which a change tells linters not to look at what it writes. */
#include "agents/lint.h"
#include "agents/touched.h"

#include <ctype.h>
#include <string.h>

#define TEXT_MAX 200
#define MARKS_MAX 100 /* told of a file */

/* Small letters, without white space. */
static const char *const marks[] = {"noqa", "type:ignore", "mypy:ignore", "pyright:ignore",
	"pylint:disable", "pylint:skip", "pycodestyle:disable", "fmt:off", "fmt:skip",
	"yapf:disable", "isort:skip", "isort:off", "eslint-disable", "jshintignore",
	"tslint:disable", "@ts-ignore", "@ts-nocheck", "@ts-expect-error", "prettier-ignore",
	"biome-ignore", "clang-formatoff", "nolint", "shellcheckdisable", "rubocop:disable",
	"rubocop:todo", "rustfmt::skip", "yamllintdisable", "phpcs:ignore", "phpcs:disable",
	"@codingstandardsignore", "nosec", "codespell:ignore", "codespell:disable", "nosemgrep",
	"cppcheck-suppress", NULL};
#define MARKS (sizeof(marks) / sizeof(*marks) - 1)

static void
squeeze(struct str line, struct buf *out)
{
	buf_reset(out);
	buf_puts(out, "");
	for (size_t i = 0; i < line.n; i++)
		if (!isspace((unsigned char)line.p[i]))
			buf_putc(out, (char)tolower((unsigned char)line.p[i]));
}

/* Where a comment begins, or what may be one; NULL. */
static const char *
comment_of(struct str s)
{
	static const char *const begins[] = {"#", "//", "/*", "<!--", "{/*", NULL};
	const char *first = s.n && s.p[0] == '*' ? s.p : NULL;
	for (size_t i = 0; begins[i]; i++) {
		const char *at = s.n ? memmem(s.p, s.n, begins[i], strlen(begins[i])) : NULL;
		if (at && (!first || at < first))
			first = at;
	}
	return first;
}

/* The first mark of a line; MARKS: none. */
static size_t
mark_of(struct str line, struct buf *squeezed)
{
	squeeze(line, squeezed);
	const char *comment = comment_of(buf_str(squeezed));
	size_t n = comment ? squeezed->n - (size_t)(comment - squeezed->p) : 0, i = 0;
	while (i < MARKS && !(n && memmem(comment, n, marks[i], strlen(marks[i]))))
		i++;
	return i;
}

static void
count_marks(struct str text, size_t *ret)
{
	OWN(buf) struct buf squeezed = {0};
	struct str line;
	while (str_next_line(&text, &line))
		ret[mark_of(line, &squeezed)]++;
}

void
lint_marks(
	const char *path, struct str before, struct str after, const json_t *is, json_t *findings)
{
	OWN(buf) struct buf squeezed = {0};
	size_t was[MARKS + 1] = {0}, now[MARKS + 1] = {0}, told = 0;
	struct str line;
	count_marks(before, was);
	count_marks(after, now);
	for (int64_t n = 1; told < MARKS_MAX && str_next_line(&after, &line); n++) {
		size_t mark = mark_of(line, &squeezed);
		if (mark == MARKS || now[mark] <= was[mark] || !touched_has(is, n))
			continue;
		OWN(buf) struct buf text = {.max = TEXT_MAX};
		buf_puts(&text, "it tells a linter not to look: ");
		buf_put_visible(&text, str_trim(line));
		json_array_append_new(
			findings, json_pack("{s:o, s:I, s:s, s:o}", "path", json_text(str_of(path)),
					  "line", (json_int_t)n, "kind", "suppression", "text",
					  json_text(buf_str(&text))));
		told++;
	}
}
