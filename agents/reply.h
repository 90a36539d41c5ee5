/*
 * Inside the room: an answer while it comes, and what the APIs share in making requests of it.  Each API
 * is a file provider_X.c with one struct api_ops.
 */
#ifndef AGENTS_REPLY_H
#define AGENTS_REPLY_H

#include "agents/chat.h"
#include "agents/failure.h"
#include "agents/model.h"

struct reply_block { /* becomes a part of the answer */
	int64_t index;
	enum chat_part_kind kind;
	struct buf text, args, signature;
	char *id, *name;
	json_t *args_object; /* where the server gives an object */
	json_t *raw;
};

struct chat_reply {
	enum model_api api;
	struct reply_block *blocks; /* in the order they were begun */
	size_t nblocks, blocks_cap;
	struct chat_answer answer; /* all but its parts */
	struct failure failure;
	bool begun;				     /* something of an answer came */
	bool done;				     /* its end came, too */
	int (*on_text)(void *ctx, struct str piece); /* may be NULL */
	void *ctx;
};
void chat_reply_cleanup(struct chat_reply *r);

/* The block of that index, made when there is none. */
struct reply_block *reply_block(struct chat_reply *r, int64_t index, enum chat_part_kind kind);
struct reply_block *reply_find(struct chat_reply *r, int64_t index);
/* Append text, and tell who watches. */
void reply_add_text(struct chat_reply *r, struct reply_block *b, const char *text);
/* The parts of the answer, from its blocks. */
void reply_finish(struct chat_reply *r, struct chat_answer *ret);

/* JSON as it came, made fit to be parsed.  DD_ECORRUPT. */
int reply_parse(struct str data, json_t **ret, struct dd_err *err) DD_MUST_USE;

/* ---- of values; what is not there, or of another type, is NULL or 0 ---- */
const char *reply_text(const json_t *j, const char *key);
int64_t reply_int(const json_t *j, const char *key);
/* Replace a heap string unless text is NULL. */
void reply_set(char **at, const char *text);

/* ---- of requests ---- */
/* What a vendor wants back as it was: raw of a part, if it came from this API; a new reference, or NULL. */
json_t *request_raw(const struct chat_part *p, enum model_api api);
json_t *request_args(const struct chat_part *p); /* an object; new reference */
char *request_args_text(const struct chat_part *p);
/* The members of `sampling` and what else the model's entry wants in every request. */
void request_add_sampling(json_t *body, const struct model *m);
/* The members of body that keys (ends with NULL) name, as far as it has them; a new reference. */
json_t *request_pick(const json_t *body, const char *const *keys);
/* The schema as the strict modes want it: every property required, no others. */
json_t *request_strict_schema(const json_t *schema);

struct api_ops {
	json_t *(*body)(const struct model *m, const struct chat_request *req);
	/* Below the base URL; heap. */
	char *(*path)(const struct model *m);
	char *(*count_path)(const struct model *m); /* NULL: it cannot count */
	json_t *(*count_body)(const struct model *m, const json_t *body);
	const char *count_key; /* of the number in the answer */
	/* An event of the stream, or the whole answer where it was not streamed. */
	int (*on_event)(struct chat_reply *r, const json_t *event, struct dd_err *err);
	int (*on_whole)(struct chat_reply *r, const json_t *answer, struct dd_err *err);
};
extern const struct api_ops api_anthropic, api_responses, api_chat, api_google;

#endif
