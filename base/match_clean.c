#include "base/match_clean.h"

#include <string.h>

struct block *
block_create(void)
{
	struct block *b = mem_new(struct block);
	b->line = b->serial = 1;
	return b;
}

bool
block_is_full(const struct block *b)
{
	return b->growing >= BLOCK_BYTES || b->nsegs == BLOCK_SEGMENTS;
}

void
block_next(struct block *b)
{
	if (!b->growing)
		return;
	memmove(b->bytes, b->bytes + b->growing, b->n - b->growing);
	b->n -= b->growing;
	b->growing = 0;
	b->nsegs = 0;
}

/* Close the growing segment's bytes as an entry of the block; the caller says where the next
 * begins. */
static void
add_segment(struct block *b, bool noteol)
{
	b->segs[b->nsegs++] = (struct segment){.start = (uint32_t)b->growing,
		.len = (uint32_t)(b->n - b->growing),
		.notbol = b->window,
		.noteol = noteol,
		.line = b->line,
		.serial = b->serial};
	b->bytes[b->n++] = '\n';
}

static void
end_segment(struct block *b)
{
	if (b->n > b->growing)
		add_segment(b, false);
	b->growing = b->n;
	b->window = false;
	b->serial++;
}

static void
end_window(struct block *b)
{
	size_t keep = b->n - MATCH_OVERLAP;
	add_segment(b, true);
	memcpy(b->bytes + b->n, b->bytes + keep, MATCH_OVERLAP);
	b->growing = b->n;
	b->n += MATCH_OVERLAP;
	b->window = true;
}

static void
put_plain(struct block *b, char c)
{
	if (b->n - b->growing == MATCH_WINDOW)
		end_window(b);
	b->bytes[b->n++] = c;
}

static void
take_back(struct block *b)
{
	for (int i = 0; i < 4 && b->n > b->growing; i++)
		if (((unsigned char)b->bytes[--b->n] & 0xc0) != 0x80)
			break;
}

static bool
is_plain(char c)
{
	return (unsigned char)c >= 0x20 ? c != 0x7f : c == '\t';
}

/* Length of the run of plain bytes at p: eight at a time, since nearly all of a log is such runs.
 */
static size_t
plain_run(const char *p, size_t n)
{
	const uint64_t ones = 0x0101010101010101, high = 0x8080808080808080;
	size_t i = 0;
	for (; i + 8 <= n; i += 8) {
		uint64_t w, del;
		memcpy(&w, p + i, 8);
		del = w ^ (ones * 0x7f);
		/* Set where a byte is below 0x20, or 0x7f; also above such a byte, which is
		 * harmless. */
		if (!((((w - ones * 0x20) & ~w) | ((del - ones) & ~del)) & high))
			continue;
		for (size_t k = i; k < i + 8; k++)
			if (!is_plain(p[k]))
				return k;
	}
	while (i < n && is_plain(p[i]))
		i++;
	return i;
}

/* A control character outside of escape sequences. */
static void
put_control(struct block *b, char c)
{
	switch (c) {
	case '\n':
		end_segment(b);
		b->line++;
		b->line_open = false;
		break;
	case '\r':
		end_segment(b);
		break;
	case '\b':
		take_back(b);
		break;
	case '\v':
	case '\f':
		put_plain(b, ' ');
		break;
	case '\x1b':
		b->state = CLEAN_ESC;
		break;
	default:
		break;
	}
}

/* The last byte of a control sequence (ECMA-48, xterm's ctlseqs): does it move the cursor away? */
static void
end_csi(struct block *b, char final)
{
	b->state = CLEAN_TEXT;
	if (strchr("ABDEFGHJLMSTdfu", final))
		end_segment(b);
	else if (final == 'C')
		put_plain(b, ' ');
}

/*
 * A byte inside an escape sequence.  False: the sequence ended before it, and the byte is to be
 * looked at as text.
 */
static bool
put_escape(struct block *b, unsigned char c)
{
	bool inter = c >= 0x20 && c <= 0x2f, final = c >= 0x30 && c <= 0x7e;
	switch (b->state) {
	case CLEAN_ESC:
		if (c == '[')
			b->state = CLEAN_CSI;
		else if (c && strchr("]PX^_", c))
			b->state = CLEAN_STRING;
		else if (inter)
			b->state = CLEAN_ESC_INTER;
		else {
			b->state = CLEAN_TEXT;
			/* Index, next line, reverse index, reset, restore cursor. */
			if (c && strchr("DEMc8", c))
				end_segment(b);
			return final;
		}
		return true;
	case CLEAN_ESC_INTER:
		if (!inter)
			b->state = CLEAN_TEXT;
		return inter || final;
	case CLEAN_CSI:
		if (c >= 0x40 && c <= 0x7e)
			end_csi(b, (char)c);
		else if (c < 0x20 || c > 0x7e)
			b->state = CLEAN_TEXT;
		return b->state == CLEAN_CSI || (c >= 0x40 && c <= 0x7e);
	case CLEAN_STRING:
		if (c == '\x1b')
			b->state = CLEAN_STRING_ESC;
		else if (c == '\a' || c == '\x18' || c == '\x1a' || c == '\n')
			b->state = CLEAN_TEXT;
		return c != '\n';
	case CLEAN_STRING_ESC:
		b->state = c == '\\' ? CLEAN_TEXT : CLEAN_ESC;
		return c == '\\' || put_escape(b, c);
	case CLEAN_TEXT:
		break;
	}
	return false;
}

size_t
block_put(struct block *b, const char *p, size_t n)
{
	size_t i = 0;
	while (i < n && !block_is_full(b)) {
		b->line_open = true;
		if (b->state != CLEAN_TEXT && put_escape(b, (unsigned char)p[i])) {
			i++;
			continue;
		}
		size_t room = MATCH_WINDOW - (b->n - b->growing);
		size_t run = plain_run(p + i, n - i < room ? n - i : room);
		memcpy(b->bytes + b->n, p + i, run);
		b->n += run;
		i += run;
		if (run)
			continue;
		if (is_plain(p[i]))
			put_plain(b, p[i]);
		else
			put_control(b, p[i]);
		i++;
	}
	return i;
}

void
block_end(struct block *b)
{
	end_segment(b);
	b->state = CLEAN_TEXT;
}
