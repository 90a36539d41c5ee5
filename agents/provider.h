/*
 * One try of one call to a model.  What it costs, whether it may be made and whether it is made again is
 * decided elsewhere (agents/calls.h).
 *
 * A provider is used by one thread at a time and keeps its connection open.  Requests go to the origin
 * of its entry and follow no redirect; the key is in one header and nowhere else.  A command (API_EXEC)
 * is started from an argument vector, in the root directory, with the variables its entry names and no
 * others; it gets the prompt on its standard input and is ended with its children when its time is over.
 */
#ifndef AGENTS_PROVIDER_H
#define AGENTS_PROVIDER_H

#include "agents/chat.h"
#include "agents/failure.h"
#include "agents/model.h"

struct provider;

/* The model is borrowed.  DD_ENOENT: its key is not there. */
int provider_open(const struct model *m, struct provider **ret, struct dd_err *err) DD_MUST_USE;
void provider_close(struct provider *p); /* NULL is fine; wipes the key */

/* The request as this provider wants it; new reference. */
json_t *provider_body(const struct provider *p, const struct chat_request *req);

struct provider_watch { /* may all be NULL */
	int (*on_text)(void *ctx,
		struct str piece); /* of the answer, as it comes; its result is ignored */
	bool (*is_cancelled)(void *ctx);
	void *ctx;
};

/*
 * Ask.  On failure *ret_failure (to be cleaned up, zeroed before) says why, and the message of err names
 * provider, model and reason.  DD_EINVAL: the request or the key is refused; DD_ELIMIT: too large, or no
 * money left; DD_ESTOPPED: cancelled; DD_EIO: all else.
 */
int provider_try(struct provider *p, const json_t *body, const struct provider_watch *watch,
	struct chat_answer *ret, struct failure *ret_failure, struct dd_err *err) DD_MUST_USE;

/* Tokens of the request, counted by the provider.  DD_EUNSUPPORTED: it cannot. */
int provider_count(struct provider *p, const json_t *body, int64_t *ret, struct dd_err *err)
	DD_MUST_USE;

/* Replace the key, should it stand in text, by "[redacted]". */
void provider_redact(const struct provider *p, struct str text, struct buf *out);

#endif
