/*
 * The Chrome DevTools Protocol over two pipes, as `--remote-debugging-pipe` speaks it (protocol 1.3, flat sessions).
 * Runs in the worker "screen": what a browser says is hostile.
 *
 * Questions may be asked together and their answers taken in any order; each is waited for by itself.  Reading, writing
 * and the browser's standard error are polled together, so that neither side can block the other, whatever their
 * messages weigh.  Events that came meanwhile are handed to on_event from inside the wait; it may send (cdp_send), but
 * must not ask.
 */
#ifndef QA_CDP_H
#define QA_CDP_H

#include "base/json.h"
#include "qa/cdp_reader.h"

#define CDP_MAX_MESSAGE ((size_t)64 << 20)

/* How an answer is wanted: parsed; what its one base64 text "data" holds; as the text it is. */
enum cdp_form { CDP_JSON, CDP_DATA, CDP_TEXT };

/* A question that is on its way.  Its memory is the caller's and stays where it is until it was taken or dropped. */
struct cdp_ask {
	struct cdp_ask *next;
	const char *session, *method; /* borrowed */
	int64_t id;
	enum cdp_form form;
	json_t *json;
	struct buf data; /* its max bounds the answer */
	bool done;
	int rc;
	struct dd_err why;
};

struct cdp {
	int from, to, errors; /* descriptors of the browser: made non-blocking, not closed */
	struct cdp_reader reader;
	struct buf out;	 /* not yet written */
	struct buf said; /* the end of its standard error */
	int64_t last_id;
	struct cdp_ask *asked; /* what is not yet taken */
	int64_t deadline_ns;   /* of all that is done; CLOCK_MONOTONIC */
	bool dead;	       /* the browser closed its end */
	const char *lost;      /* borrowed: a session that answers no more; NULL: none */
	bool let_be;	       /* set by on_event: what is waited for will not come */
	/* Is the event worth parsing?  NULL: all are. */
	bool (*wants)(void *ctx, struct str method);
	void (*on_event)(void *ctx, const char *session, const char *method, const json_t *params);
	void *ctx;
};

void cdp_init(struct cdp *c, int from, int to, int errors, int64_t time_limit_ms);
void cdp_cleanup(struct cdp *c);

/* Send and do not wait.  session NULL: to the browser.  params (stolen) may be NULL. */
void cdp_send(struct cdp *c, const char *session, const char *method, json_t *params);

/*
 * Send and wait for the answer's result; *ret (a new reference) may be NULL.  DD_EINVAL: the browser refused, and the
 * message says what; DD_ELIMIT: no answer in time, or one that is too large; DD_ECORRUPT: the session is
 * lost, or the call was let be; DD_EIO: the browser is gone, and the message ends with its last words.
 */
int cdp_call(struct cdp *c, const char *session, const char *method, json_t *params, int timeout_ms,
	json_t **ret, struct dd_err *err) DD_MUST_USE;
/*
 * Ask, and take the answer later; session and params as for cdp_send.  The bound of a's data may be set before.  What was
 * asked must be taken or dropped.
 */
void cdp_ask(struct cdp *c, struct cdp_ask *a, const char *session, const char *method,
	json_t *params, enum cdp_form form);
/* Wait for the answer; then it is in json or data, owned by *a.  Errors as of cdp_call. */
int cdp_take(struct cdp *c, struct cdp_ask *a, int timeout_ms, struct dd_err *err) DD_MUST_USE;
/* Free what was answered; what is not answered yet is waited for no more.  One that was never asked may be zeroes. */
void cdp_drop(struct cdp *c, struct cdp_ask *a);

/* Take events for that long, or until one came.  DD_EIO, DD_ELIMIT as above. */
int cdp_wait(struct cdp *c, int timeout_ms, struct dd_err *err) DD_MUST_USE;

/* What a browser that is gone said last; DD_EIO. */
int cdp_gone(struct cdp *c, struct dd_err *err);

#endif
