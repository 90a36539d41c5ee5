#include "qa/shape.h"

#include <ctype.h>
#include <string.h>

static struct str
skip(struct str s, size_t n)
{
	return (struct str){s.p + n, s.n - n};
}

static bool
is_special(char c)
{
	return c && strchr("~#^$%", c);
}

/* The text that stands next in the shape, taken off it; false: it is longer than any shape has. */
static struct str
next_text(const char **shape, char *room, size_t size)
{
	size_t n = 0;
	while (**shape && !is_special(**shape) && n < size) {
		*shape += **shape == '\\' && (*shape)[1];
		room[n++] = *(*shape)++;
	}
	return (struct str){room, n};
}

static size_t
span(struct str s, const char *class)
{
	size_t n = 0;
	while (n < s.n && strchr(class, s.p[n]) && s.p[n])
		n++;
	return n;
}

/* "%x" and the text behind it. */
static bool
capture(const char **shape, struct str *rest, struct shape_found *found)
{
	char room[128], what = (*shape)[1];
	struct str ignored, *to = what == 'n'	? &found->name
				  : what == 's' ? &found->suite
				  : what == 'm' ? &found->message
				  : what == 't' ? &found->time
						: &ignored;
	*shape += 2;
	struct str text = next_text(shape, room, sizeof(room));
	bool to_end = **shape == '$' && !shape[0][1];
	const char *at = rest->p + rest->n;
	if (text.n && to_end)
		at = rest->n >= text.n ? rest->p + rest->n - text.n : NULL;
	else if (text.n)
		at = rest->n ? memmem(rest->p, rest->n, text.p, text.n) : NULL;
	if (!at || (text.n && memcmp(at, text.p, text.n) != 0))
		return false;
	*to = str_trim((struct str){rest->p, (size_t)(at - rest->p)});
	*rest = skip(*rest, (size_t)(at - rest->p) + text.n);
	return what == 'w' || to->n;
}

static bool
match_text(const char **shape, struct str *rest)
{
	char room[128];
	struct str text = next_text(shape, room, sizeof(room));
	if (rest->n < text.n || memcmp(rest->p, text.p, text.n) != 0)
		return false;
	*rest = skip(*rest, text.n);
	return true;
}

bool
shape_match(const char *shape, struct str line, struct shape_found *ret)
{
	struct shape_found found = {0};
	struct str rest = {line.p, line.n > SHAPE_MAX_LINE ? SHAPE_MAX_LINE : line.n};
	bool ok = true;
	while (ok && *shape) {
		if (*shape == '%') {
			ok = capture(&shape, &rest, &found);
		} else if (!is_special(*shape)) {
			ok = match_text(&shape, &rest);
		} else {
			size_t n = span(rest, *shape == '~'   ? " \t"
					      : *shape == '^' ? ".* "
					      : *shape == '#' ? "0123456789"
							      : " \t");
			ok = *shape == '$' ? n == rest.n : *shape != '#' || n;
			rest = skip(rest, n);
			shape++;
		}
	}
	if (ok)
		*ret = found;
	return ok;
}
