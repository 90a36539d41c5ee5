/* What baselines are kept in, and what follows from the log.  Private to the room. */
#ifndef QA_BASELINE_STORE_H
#define QA_BASELINE_STORE_H

#include "base/db.h"
#include "qa/baseline.h"

struct baselines {
	const struct state *state;
	struct db *db;
	char *cas;
};

/* A decision that was not undone. */
struct standing {
	enum baseline_decision decision; /* approve or reject */
	char *picture;
};

/* What the log says of one case in one environment. */
struct case_state {
	struct standing *v; /* in the order in which they were taken */
	size_t n, cap;
};
int case_state_load(struct baselines *b, const char *env, const char *name, struct case_state *ret,
	struct dd_err *err) DD_MUST_USE;
void case_state_cleanup(struct case_state *s);
/* The picture that is approved; NULL: none.  Borrowed. */
const char *case_state_baseline(const struct case_state *s);
/* The last decision about a picture that stands; NULL: none. */
const struct standing *case_state_about(const struct case_state *s, const char *picture);

/* Is a picture that was captured blank?  DD_ENOENT: it is not known. */
int store_is_blank(struct baselines *b, const char *picture, bool *ret, struct dd_err *err)
	DD_MUST_USE;

struct log_entry {
	const char *env, *case_name, *action, *picture, *previous, *author, *reason;
};
/* Add to the log, and to `entries` as JSON. */
int store_log(struct baselines *b, const struct log_entry *e, json_t *entries, struct dd_err *err)
	DD_MUST_USE;

#endif
