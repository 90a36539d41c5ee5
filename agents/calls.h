/*
 * The calls a run makes to models: what each may cost is reserved before it is sent and settled after, so
 * that a budget is never exceeded; each is journalled before and after, in RUN/calls.db, and is a span of
 * the run's trace (names and attributes: OpenTelemetry's conventions for generative AI, 1.37).
 *
 * A call has a key.  Made again with the same key and the same request, as a resumed run does, it gives
 * the answer that is there and costs nothing.  One that was sent and has no answer, because drydock was
 * killed, is in doubt: charged at its reserve, and made once more at most.  The same goes, within a call,
 * for a stream that broke off: an answer is handed over whole or not at all, so that none of its tools ran.
 *
 * Whatever is written down, and what is sent, is free of the secrets of the answers file and of keys.  One
 * process, which holds the run's lock, and those that it made to call beside it (calls_open_beside); one thread each.
 * They reserve in one transaction each, and what is held back for calls under way is waited for.
 */
#ifndef AGENTS_CALLS_H
#define AGENTS_CALLS_H

#include "agents/provider.h"
#include "record/answers.h"

#define CALLS_FILE "calls.db"
#define SPAN_ID 16 /* characters */

struct calls;

/* In the directory of a run; made if it is not there.  models is borrowed. */
int calls_open(const char *dir, const struct models *models, struct calls **ret, struct dd_err *err)
	DD_MUST_USE;
/* The same for one of several processes that call for the run: what is under way is the others', and not in doubt. */
int calls_open_beside(const char *dir, const struct models *models, struct calls **ret,
	struct dd_err *err) DD_MUST_USE;
/* To look at the calls of a run, which may be under way; only traces and sums.  DD_ENOENT: it made none. */
int calls_open_trace(const char *dir, struct calls **ret, struct dd_err *err) DD_MUST_USE;
void calls_close(struct calls *c); /* NULL is fine */
/* What is to be kept out of requests and records; borrowed. */
void calls_set_secrets(struct calls *c, const struct answers *secrets);

struct budget { /* negative: no bound */
	int64_t tokens;
	int64_t nano_usd;
};
/* Kept with the run, for a resumed one. */
int calls_set_budget(struct calls *c, const struct budget *b, struct dd_err *err) DD_MUST_USE;

struct calls_sum {
	struct budget budget;
	int64_t calls;				    /* tries that were sent */
	int64_t tokens, nano_usd;		    /* charged */
	int64_t reserved_tokens, reserved_nano_usd; /* of calls that are under way */
	int64_t in_doubt;			    /* calls charged at their reserve */
};
int calls_sum(struct calls *c, struct calls_sum *ret, struct dd_err *err) DD_MUST_USE;

/* Charged for calls whose key begins so. */
int calls_spent(struct calls *c, const char *prefix, int64_t *ret_tokens, int64_t *ret_nano_usd,
	struct dd_err *err) DD_MUST_USE;

struct call_spec {	 /* borrowed */
	const char *key; /* names the call in its run */
	const struct model *model;
	const struct chat_request *req;
	const char *parent; /* id of a span; NULL: none */
	const json_t
		*files; /* what of the source is in the prompt: [{path, sha256, from, to}]; NULL */
	const struct provider_watch *watch; /* NULL */
};

/*
 * Make the call, again where that may help, and give its answer.  *ret_failure (may be NULL) says why
 * there is none.  DD_ELIMIT: the budget does not hold it (then nothing was sent), or a limit of the
 * provider; DD_EINVAL: refused by the provider, or no price; DD_ENOENT: no key; DD_ESTOPPED: cancelled;
 * DD_EIO: all else.
 */
int calls_chat(struct calls *c, const struct call_spec *spec, struct chat_answer *ret,
	enum call_failure *ret_failure, struct dd_err *err) DD_MUST_USE;

/* A word that nobody outside this run can guess, the same whenever the same is asked for. */
void calls_nonce(const struct calls *c, const char *key, char ret[SPAN_ID + 1]);

/*
 * What a tool gave is kept, so that it does not run twice: 1 and the result, if it is there; 0: begun now, to be ended;
 * with *ret_interrupted: it was begun before, and nobody knows how far it came.
 */
int calls_tool_begin(struct calls *c, const char *key, char **ret_text, bool *ret_is_error,
	bool *ret_interrupted, struct dd_err *err) DD_MUST_USE;
int calls_tool_end(struct calls *c, const char *key, const char *text, bool is_error,
	struct dd_err *err) DD_MUST_USE;

/* ---- the trace ---- */

/*
 * A span begins and ends.  `operation` is a value of gen_ai.operation.name ("invoke_agent",
 * "execute_tool", ...), `what` its object; attributes are added to those (a new reference is taken; may
 * be NULL).  An error is a value of error.type, NULL: it went well.
 */
int calls_span_begin(struct calls *c, const char *parent, const char *operation, const char *what,
	json_t *attributes, char ret_id[SPAN_ID + 1], struct dd_err *err) DD_MUST_USE;
int calls_span_end(struct calls *c, const char *id, json_t *attributes, const char *error,
	struct dd_err *err) DD_MUST_USE;

/*
 * All spans, in the order they were begun: [{span, parent, name, start_ns, end_ns, error, attributes,
 * request, answer, files}], those of calls with {key, digest: of model and request as it was sent, state}; content: with what was asked and answered.  New reference.
 */
int calls_trace(struct calls *c, bool content, json_t **ret, struct dd_err *err) DD_MUST_USE;
/* The same as an OTLP ExportTraceServiceRequest in JSON. */
int calls_trace_otlp(struct calls *c, bool content, json_t **ret, struct dd_err *err) DD_MUST_USE;

#endif
