#include "runner/pr_body.h"

#include <string.h>

#define BREAK \
	"&#8203;" /* a blank without width: what stands on both sides of it is no longer one word */
#define PLACE_MIN 4

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

char *
pr_title(struct str text)
{
	OWN(buf) struct buf out = {.max = PR_TITLE_MAX};
	struct str line;
	while (str_next_line(&text, &line))
		if (str_starts(line, "# ")) {
			buf_put_visible(&out, str_trim((struct str){line.p + 2, line.n - 2}));
			break;
		}
	return buf_take(&out);
}

/* ---- paths ---- */

static void
put_without_places(const struct pr_body_spec *s, struct buf *out)
{
	for (size_t i = 0; i < s->text.n;) {
		const struct pr_place *at = NULL;
		for (size_t k = 0; !at && k < s->nplaces; k++) {
			const char *path = s->places[k].path;
			size_t n = path ? strlen(path) : 0;
			bool here = n >= PLACE_MIN && n <= s->text.n - i &&
				    memcmp(s->text.p + i, path, n) == 0;
			/* "/home/ann" is no part of "/home/anna" */
			if (here && (n == s->text.n - i || !is_word(s->text.p[i + n])))
				at = &s->places[k];
		}
		if (at)
			buf_puts(out, at->name);
		else
			buf_putc(out, s->text.p[i]);
		i += at ? strlen(at->path) : 1;
	}
}

/* ---- what a server would do ---- */

/* Bytes at i after which the word is broken; 0: nothing happens there. */
static size_t
breaks_at(struct str line, size_t i)
{
	const char *p = line.p + i;
	size_t left = line.n - i;
	char next = left > 1 ? p[1] : ' ';
	bool digit = next >= '0' && next <= '9';
	if (p[0] == '@' && next != ' ')
		return 1;
	if ((p[0] == '#' || p[0] == '!') && digit)
		return 1;
	if (left >= 3 && strncmp(p, "://", 3) == 0)
		return 1;
	return left >= 4 && strncasecmp(p, "gh-", 3) == 0 && p[3] >= '0' && p[3] <= '9' ? 2 : 0;
}

/* How long the code is that begins at i, on this line; 0: there is none. */
static size_t
code_at(struct str line, size_t i)
{
	if (line.p[i] != '`' || (i && line.p[i - 1] == '\\'))
		return 0;
	const char *end = memchr(line.p + i + 1, '`', line.n - i - 1);
	return end ? (size_t)(end - line.p) + 1 - i : 0;
}

static void
put_line(struct str line, struct buf *out)
{
	size_t blanks = 0;
	while (blanks < line.n && (line.p[blanks] == ' ' || line.p[blanks] == '\t'))
		blanks++;
	for (size_t i = 0; i < line.n;) {
		size_t n = code_at(line, i);
		bool entity = !n && line.p[i] == '&',
		     command = !n && i == blanks && line.p[i] == '/';
		if (entity || command) {
			buf_puts(out, entity ? "&amp;" : "&#47;");
			i++;
			continue;
		}
		size_t broken = n ? 0 : breaks_at(line, i);
		n = n ? n : broken ? broken : 1;
		buf_add(out, line.p + i, n);
		if (broken)
			buf_puts(out, BREAK);
		i += n;
	}
	buf_putc(out, '\n');
}

void
pr_body(const struct pr_body_spec *s, struct buf *out)
{
	OWN(buf) struct buf text = {0}, one = {0};
	bool headed = false;
	put_without_places(s, &text);
	struct str rest = buf_str(&text), line;
	while (str_next_line(&rest, &line)) {
		if (!headed && str_starts(line, "# ")) {
			headed = true;
			continue;
		}
		buf_reset(&one);
		put_line(line, &one);
		if (!out->n && one.n == 1) /* blank lines above it */
			continue;
		if (out->n + one.n > PR_BODY_MAX) {
			buf_puts(out, "\n*Cut here: pr.md of the run has all of it.*\n");
			break;
		}
		buf_add_str(out, buf_str(&one));
	}
	if (s->foot)
		buf_printf(out, "\n%s\n", s->foot);
}
