/* Inside the room: the database of calls. */
#ifndef AGENTS_CALLS_DB_H
#define AGENTS_CALLS_DB_H

#include "agents/calls.h"
#include "base/db.h"
#include "base/hash.h"
#include "base/map.h"

struct calls {
	struct db *db;
	const struct models *models;
	const struct answers *secrets;
	struct map providers; /* struct provider by name of the model */
	char trace_id[33];
};

enum call_state { CALL_SENT, CALL_DONE, CALL_FAILED, CALL_DOUBT };
extern const char *const call_state_names[];

struct reserve {
	int64_t tokens, nano_usd;
};

struct call_row { /* what is known before it is sent */
	const char *key;
	struct hash_hex digest; /* of model and request */
	const struct model *model;
	int64_t try;
	struct reserve reserve;
	struct str request; /* redacted */
	const json_t *files;
	const char *parent;
	const struct chat_request *req;
};

/*
 * Reserve and write down, in one transaction.  DD_ELIMIT: the budget does not hold it; with *ret_held, only because of what is
 * reserved for calls under way.
 */
int calls_db_begin(struct calls *c, const struct call_row *row, int64_t *ret_id,
	char span[SPAN_ID + 1], bool *ret_held, struct dd_err *err) DD_MUST_USE;

struct call_end {
	enum call_state state;
	const struct chat_answer *answer; /* CALL_DONE */
	const struct failure *failure;	  /* else */
	struct reserve cost;		  /* of CALL_DONE and CALL_FAILED */
};
int calls_db_end(struct calls *c, int64_t id, const char *span, const struct call_end *e,
	struct dd_err *err) DD_MUST_USE;

/* The answer that is there: 1, or 0; *ret_doubts: how often it is in doubt. */
int calls_db_find(struct calls *c, const char *key, const struct hash_hex *digest,
	struct chat_answer *ret, int64_t *ret_doubts, struct dd_err *err) DD_MUST_USE;

/* Nanoseconds until the model's requests and tokens a minute allow another call. */
int calls_db_pace(struct calls *c, const struct model *m, int64_t *ret_wait_ns, struct dd_err *err)
	DD_MUST_USE;

/* Text and values without keys and secrets. */
void calls_redact_json(struct calls *c, const struct provider *p, json_t *j);

/* In a transaction of the caller. */
int calls_db_span_begin(struct calls *c, const char *parent, const char *name,
	const json_t *attributes, char ret_id[SPAN_ID + 1], struct dd_err *err) DD_MUST_USE;
int calls_db_span_end(struct calls *c, const char *id, const json_t *attributes, const char *error,
	struct dd_err *err) DD_MUST_USE;

#endif
