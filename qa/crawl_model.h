/* Inside the room: what a crawl (crawl.h) knows, for the files that are that machine. */
#ifndef QA_CRAWL_MODEL_H
#define QA_CRAWL_MODEL_H

#include "base/map.h"
#include "qa/crawl.h"

struct crawl_state {
	char *print, *path, *picture;
	json_t *steps; /* a shortest way to it */
};

enum crawl_rank { /* which are walked first: those that change nothing */
	RANK_LINK,
	RANK_BUTTON,
	RANK_FORM,
};

struct crawl_action {
	size_t from;
	char *words;
	json_t *steps; /* behind those of the state */
	enum crawl_rank rank;
	bool still;
	bool account; /* it sends a form with a password, plausibly filled */
	bool again; /* what a slow machine may have made is looked at once more before it is said */
	json_t *doubt; /* what was seen then, {facts, state, picture}; NULL: nothing */
	char *where;   /* of the control in its document; "": of none */
	bool done;
};

struct crawl_edge {
	size_t from;
	char *words;
	const char *outcome; /* static; NULL: it led to `to` */
	size_t to;
};

struct crawl {
	uint32_t seed;
	int64_t max_walks;
	struct crawl_state *states;
	size_t nstates, cap_states;
	struct crawl_action *actions;
	size_t nactions, cap_actions;
	struct crawl_edge *edges;
	size_t nedges, cap_edges;
	size_t *stage; /* indexes of the actions that were given last */
	size_t nstage, cap_stage;
	size_t walks;
	struct map prints; /* -> number of the state, size_t */
	struct map seen;   /* what was used, and templates -> how often, size_t */
	struct map causes; /* of findings */
	json_t *findings, *fenced;
};

/* A string of an object; "": there is none. */
static inline const char *
crawl_text(const json_t *j, const char *key)
{
	const char *text = json_string_value(json_object_get(j, key));
	return text ? text : "";
}

static inline bool
crawl_flag(const json_t *j, const char *key)
{
	return json_is_true(json_object_get(j, key));
}

void crawl_put_number(struct map *m, const char *key, size_t n);

/* steps are stolen; valid until the next is added. */
struct crawl_action *crawl_add_action(
	struct crawl *c, size_t from, const char *words, json_t *steps, enum crawl_rank rank);
/* What can be done with a new state's controls (crawl.h).  used: the place of the control that led there. */
void crawl_add_actions(struct crawl *c, size_t state, const json_t *controls, const char *used);
/* Of those only what signs on: forms with a password, plausibly filled. */
void crawl_add_sign_on(struct crawl *c, size_t state, const json_t *controls);
/* Is there such a form? */
bool crawl_asks_password(const json_t *controls);

#endif
