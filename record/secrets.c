#include "record/secrets.h"

#include <string.h>

#define LINE_MIN_BYTES 12
#define PIECE_BYTES 4096
#define HEAD_BITS 65536

void
secrets_cleanup(struct secrets *s)
{
	strlist_cleanup(&s->texts);
	free(s->heads);
	*s = (struct secrets){0};
}

/* In pieces: who waits for a whole secret waits for the longest. */
static void
add_pieces(struct secrets *s, struct str text)
{
	while (text.n >= SECRET_MIN_BYTES) {
		size_t n = text.n < PIECE_BYTES ? text.n : PIECE_BYTES;
		strlist_add_str(&s->texts, (struct str){text.p, n});
		text = (struct str){text.p + n, text.n - n};
	}
}

void
secrets_add(struct secrets *s, const char *value)
{
	struct str rest = str_of(value), line;
	add_pieces(s, rest);
	/* A key of several lines is also printed line by line. */
	while (strchr(value, '\n') && str_next_line(&rest, &line))
		if (line.n >= LINE_MIN_BYTES)
			add_pieces(s, line);
}

static unsigned
head_of(const char *p)
{
	uint32_t head;
	memcpy(&head, p, sizeof(head));
	return (head * 2654435761u) >> 16;
}

void
secrets_finish(struct secrets *s)
{
	strlist_sort(&s->texts);
	s->heads = mem_zalloc(HEAD_BITS / 64, sizeof(*s->heads));
	for (size_t i = 0; i < s->texts.n; i++) {
		unsigned h = head_of(s->texts.v[i]);
		size_t n = strlen(s->texts.v[i]);
		s->heads[h / 64] |= (uint64_t)1 << h % 64;
		s->longest = n > s->longest ? n : s->longest;
	}
}

/* How many secrets are not behind the text in the order of bytes. */
static size_t
upper_bound(const struct secrets *s, const char *p, size_t n)
{
	size_t low = 0, high = s->texts.n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *secret = s->texts.v[middle];
		int c = strncmp(secret, p, n);
		if (c < 0 || (c == 0 && strlen(secret) <= n))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * A secret that the text starts with is not behind the text, and the longest of them is the last.  Where the
 * last one that is not behind parts from the text, no longer secret than up to there can be in between.
 */
size_t
secrets_at(const struct secrets *s, const char *p, size_t n)
{
	if (n < SECRET_MIN_BYTES || !s->heads)
		return 0;
	unsigned h = head_of(p);
	if (!(s->heads[h / 64] >> h % 64 & 1))
		return 0;
	n = n < s->longest ? n : s->longest;
	while (n >= SECRET_MIN_BYTES) {
		size_t at = upper_bound(s, p, n), same = 0;
		if (!at)
			return 0;
		const char *secret = s->texts.v[at - 1];
		while (secret[same] && same < n && secret[same] == p[same])
			same++;
		if (!secret[same])
			return same;
		n = same;
	}
	return 0;
}
