/*
 * Server-sent events as they come over the wire (WHATWG HTML, 9.2): a piece may end anywhere, inside
 * a line, between \r and \n, inside a character.  Lines end with \n, \r\n or \r; a byte-order mark at
 * the start, comments, ids and unknown fields are skipped; the lines of one event's data are joined
 * with \n.  Other than that text has it, a last event without its blank line counts: servers end so.
 *
 * The memory in use is that of the largest event.  A zeroed parser with its callback set is ready.
 */
#ifndef AGENTS_SSE_H
#define AGENTS_SSE_H

#include "base/err.h"
#include "base/str.h"

struct sse {
	/* An event: its name ("" if it has none) and data, valid during the call.  Negative ends it. */
	int (*on_event)(void *ctx, struct str name, struct str data, struct dd_err *err);
	void *ctx;
	size_t max_event; /* bytes; 0: 16 MiB */

	struct buf line, name, data; /* of the event that is not whole yet */
	bool has_data, after_cr, started;
};

void sse_cleanup(struct sse *s);

/* DD_ELIMIT: an event is larger than its bound; else what on_event gave. */
int sse_feed(struct sse *s, struct str piece, struct dd_err *err) DD_MUST_USE;
/* Nothing more comes: the event at hand is the last. */
int sse_end(struct sse *s, struct dd_err *err) DD_MUST_USE;

#endif
