/*
 * From the bytes of a log to blocks of segments, as base/match.h defines them.  Private to
 * base/match*.c.
 *
 * A block holds whole segments, each followed by \n, and behind them the segment that is still
 * growing.  Where a block ends depends on the bytes alone, never on the chunks they came in.
 */
#ifndef BASE_MATCH_CLEAN_H
#define BASE_MATCH_CLEAN_H

#include "base/match.h"

#define BLOCK_BYTES ((size_t)64 << 10) /* a block is full when its segments reach it */
#define BLOCK_SEGMENTS 2048	       /* or are that many */

struct segment {
	uint32_t start, len; /* in block.bytes */
	bool notbol, noteol; /* its start, its end is not that of a segment but of a window */
	uint64_t line;
	uint64_t serial; /* counts segments: windows of one have the same */
};

enum clean_state {
	CLEAN_TEXT,
	CLEAN_ESC,	  /* after ESC */
	CLEAN_ESC_INTER,  /* ESC and intermediate bytes (ECMA-48: nF sequences) */
	CLEAN_CSI,	  /* control sequence */
	CLEAN_STRING,	  /* OSC, DCS, ... up to BEL or ST */
	CLEAN_STRING_ESC, /* ESC in one of them */
};

struct block {
	char bytes[BLOCK_BYTES + 2 * MATCH_WINDOW];
	size_t n;	/* bytes used */
	size_t growing; /* start of the segment that is not finished; what is before it is scanned
			 */
	struct segment segs[BLOCK_SEGMENTS];
	size_t nsegs;
	enum clean_state state;
	bool window;	 /* the growing segment had windows before */
	uint64_t line;	 /* of the growing segment, from 1 */
	uint64_t serial; /* of the growing segment, from 1 */
	bool line_open;	 /* bytes came since the last newline */
};

struct block *block_create(void); /* free() */

/* Take bytes until the block is full or all are taken; returns how many. */
size_t block_put(struct block *b, const char *p, size_t n);
bool block_is_full(const struct block *b);

/* The log is over: the growing segment is finished. */
void block_end(struct block *b);

/* Forget the finished segments. */
void block_next(struct block *b);

#endif
