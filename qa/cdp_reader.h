/*
 * The reading half of the Chrome DevTools Protocol over a pipe: JSON messages, each ended by a NUL.  Pure bytes in,
 * messages out; every byte is looked at once, memory is bounded by the largest message that is let through.
 *
 * A longer one is cut: its first CDP_HEAD bytes come out, with '!' in place of the brace, so that who asked can be told.
 */
#ifndef QA_CDP_READER_H
#define QA_CDP_READER_H

#include "base/str.h"

#define CDP_HEAD 256

struct cdp_reader {
	size_t max; /* bytes of a message; set it first */
	struct buf in;
	size_t next;	/* where the next message begins */
	size_t scanned; /* no end of it before here */
	bool cutting;	/* the rest of the last message is dropped */
};

void cdp_reader_cleanup(struct cdp_reader *r);
void cdp_reader_add(struct cdp_reader *r, struct str data);
/* The next whole message, valid until the next cdp_reader_add; false: there is none yet. */
bool cdp_reader_next(struct cdp_reader *r, struct str *ret_message);

/* The id a message begins with ({"id":N, as Chromium writes it, also when it was cut); 0: it is an event. */
int64_t cdp_message_id(struct str message);
/* The method of an event; empty: it is an answer. */
struct str cdp_message_method(struct str message);
/* The text of "result" of an answer, as it stands there; false: it is an error, or was cut. */
bool cdp_message_result(struct str message, struct str *ret);
/*
 * Decode the text of the one member "data" of a result (base64, RFC 4648) and append it to ret; false: it is
 * something else, or does not fit.
 */
bool cdp_result_data(struct str result, struct buf *ret);

#endif
