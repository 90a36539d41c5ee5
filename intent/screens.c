/* What pages are to look like, as a plan says it. */
#include "intent/intent.h"

#include <ctype.h>
#include <string.h>

#define DIGEST_CHARS 64
#define LIKE_A_DIGEST 8 /* so many hexadecimal digits are no word */

void
intent_screen_list_cleanup(struct intent_screen_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].picture);
		free(l->v[i].digest);
		free(l->v[i].at);
	}
	free(l->v);
	*l = (struct intent_screen_list){0};
}

/* Moves *at behind the next name between backticks; heap, NULL: there is none. */
static char *
next_name(const char **at)
{
	const char *begin = strchr(*at, '`'), *end = begin ? strchr(begin + 1, '`') : NULL;
	if (!end || end == begin + 1)
		return NULL;
	*at = end + 1;
	return mem_strndup(begin + 1, (size_t)(end - begin - 1));
}

/* False: one is begun, and is no SHA-256.  *ret: NULL where there is none; heap. */
static bool
digest_in(const char *text, char **ret)
{
	text += strspn(text, " ");
	size_t n = strspn(text, "0123456789abcdefABCDEF");
	*ret = n == DIGEST_CHARS ? mem_strndup(text, n) : NULL;
	return *ret || n < LIKE_A_DIGEST;
}

/* The number in front of the first "%". */
static bool
percent_in(const char *text, double *ret)
{
	const char *sign = strchr(text, '%'), *from = sign;
	if (!sign)
		return false;
	while (from > text && from[-1] == ' ')
		from--;
	while (from > text && (isdigit((unsigned char)from[-1]) || from[-1] == '.'))
		from--;
	char *end;
	*ret = strtod(from, &end);
	return end > from && *ret <= 100;
}

bool
intent_read_screen(const char *value, struct intent_screen_list *ret)
{
	double percent;
	OWN_FREE char *picture = next_name(&value), *digest = NULL;
	if (!picture || !percent_in(value, &percent) || !digest_in(value, &digest))
		return false;
	OWN_FREE char *at = next_name(&value);
	if (at && *at != '/')
		return false; /* it stands behind the name of a host */
	ret->v = mem_grow(ret->v, ret->n, &ret->cap, sizeof(*ret->v));
	struct intent_screen *s = &ret->v[ret->n++];
	*s = (struct intent_screen){.picture = TAKE(picture),
		.digest = TAKE(digest),
		.at = at ? TAKE(at) : mem_strdup("/"),
		.percent = percent};
	return true;
}

size_t
intent_screens(const struct plandoc_item *item, struct intent_screen_list *ret)
{
	size_t wrong = 0;
	for (size_t i = 0; i < item->n; i++)
		if (item->v[i].key && strcmp(item->v[i].key, "screen") == 0)
			wrong += !intent_read_screen(item->v[i].text, ret);
	return wrong;
}

char *
intent_screen_text(const struct intent_screen *s)
{
	const bool entry = strcmp(s->at, "/") == 0;
	return mem_printf("`%s`%s%s, at most %g %% of its pixels differ%s%s%s", s->picture,
		s->digest ? " " : "", s->digest ? s->digest : "", s->percent, entry ? "" : ", at `",
		entry ? "" : s->at, entry ? "" : "`");
}
