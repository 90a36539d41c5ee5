#include "parity/stream.h"

#include <ctype.h>
#include <string.h>

#define PROGRAM "PROGRAM"
#define WAITING ((size_t)64 << 10) /* before it is looked at */

void
stream_init(struct stream *s, const struct strlist *names, size_t max)
{
	*s = (struct stream){.names = names, .max = max};
	for (size_t i = 0; names && i < names->n; i++)
		s->longest = strlen(names->v[i]) > s->longest ? strlen(names->v[i]) : s->longest;
}

void
stream_cleanup(struct stream *s)
{
	buf_cleanup(&s->raw);
	buf_cleanup(&s->kept);
	hash_destroy(s->rest);
	s->rest = NULL;
}

/* ---- names ---- */

static bool
is_inside_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* The name that stands at `at`; 0: none. */
static size_t
name_at(struct str s, size_t at, const struct strlist *names)
{
	if (at && is_inside_word(s.p[at - 1]))
		return 0;
	for (size_t i = 0; names && i < names->n; i++) {
		size_t n = strlen(names->v[i]);
		if (s.n - at >= n && memcmp(s.p + at, names->v[i], n) == 0 &&
			(s.n - at == n || !is_inside_word(s.p[at + n])))
			return n;
	}
	return 0;
}

static void
put(struct stream *s, struct str text)
{
	size_t n = s->max - s->kept.n < text.n ? s->max - s->kept.n : text.n;
	buf_add(&s->kept, text.p, n);
	if (n == text.n)
		return;
	if (!s->rest)
		s->rest = hash_create();
	hash_add(s->rest, text.p + n, text.n - n);
}

/* Where more may come, a name that could begin in the last bytes is left for then. */
static void
look(struct stream *s, bool last)
{
	OWN(buf) struct buf out = {0};
	const struct str raw = buf_str(&s->raw);
	size_t i = s->begun ? 1 : 0;
	while (i < raw.n && (last || raw.n - i > s->longest)) {
		size_t n = name_at(raw, i, s->names);
		if (n)
			buf_puts(&out, PROGRAM);
		else
			buf_putc(&out, raw.p[i]);
		i += n ? n : 1;
	}
	put(s, buf_str(&out));
	if (i > 0)
		buf_drop_front(&s->raw, i - 1);
	s->begun = i > 0;
}

void
stream_add(struct stream *s, struct str piece)
{
	if (!s->names) {
		put(s, piece);
		return;
	}
	buf_add_str(&s->raw, piece);
	if (s->raw.n > WAITING + s->longest)
		look(s, false);
}

void
stream_finish(struct stream *s, struct buf *ret_kept, struct hash_hex *ret_rest)
{
	look(s, true);
	*ret_rest = s->rest ? hash_finish(s->rest) : (struct hash_hex){""};
	s->rest = NULL;
	*ret_kept = s->kept;
	s->kept = (struct buf){0};
	stream_cleanup(s);
}
