/*
 * What a program writes, as it is compared: its names are PROGRAM, the first bytes are kept, and the rest is a digest, so that what
 * differs behind any bound differs.
 */
#ifndef PARITY_STREAM_H
#define PARITY_STREAM_H

#include "base/hash.h"

struct stream {
	const struct strlist *names; /* that are hidden, the longest first; borrowed; NULL: none */
	size_t longest;
	struct buf raw; /* not looked at yet, behind one byte that was (`begun`) */
	bool begun;
	struct buf kept;
	size_t max;
	struct hash *rest; /* NULL: all is kept */
};
void stream_init(struct stream *s, const struct strlist *names, size_t max);
void stream_cleanup(struct stream *s);
void stream_add(struct stream *s, struct str piece);
/* Nothing more comes: what is kept, which the caller frees, and the digest of the rest, "" where there is none. */
void stream_finish(struct stream *s, struct buf *ret_kept, struct hash_hex *ret_rest);

#endif
