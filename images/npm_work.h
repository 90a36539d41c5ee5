/* Inside the room: the installation of a tree's npm packages under way, and its parts. */
#ifndef IMAGES_NPM_WORK_H
#define IMAGES_NPM_WORK_H

#include "images/npm_pod.h"

#define NPM_KNOWN_DIR "npm" /* below the state directory */

struct npm_work {
	const struct npm_job *job;
	struct npm_result *r;
	struct npm_sources sources;
	json_t *answers; /* name -> version or null */
	json_t *plan;	 /* without addresses */
	bool known;	 /* r->set is a whole resolution */
	bool clean;	 /* npm ci: the lock is taken as it is */
	bool by_convention;
	struct steplog *log;
};

static inline const char *
npm_string(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

/* Run the worker in a mode; *ret is a new reference. */
int npm_ask_worker(const struct npm_work *w, const char *mode, struct str input, json_t **ret,
	struct dd_err *err) DD_MUST_USE;

/* What npm is to work on; with addresses when it is about to run. */
int npm_plan(struct npm_work *w, bool addresses, json_t **ret, struct dd_err *err) DD_MUST_USE;

/* The packages cannot be had; text is taken. */
void npm_diagnose(struct npm_work *w, enum run_outcome outcome, enum diagnosis_class class,
	char *text, const char *where, const char *way_out);

/* Plan again with what was decided; *ret_blocked when something is left that only a person can
 * decide. */
int npm_settle_refused(struct npm_work *w, bool *ret_blocked, struct dd_err *err) DD_MUST_USE;
/* The decisions that a recipe was made with. */
void npm_take_changes(struct npm_work *w, const struct strlist *changes);

/* An earlier resolution of the same plan, if there is one that still counts. */
void npm_read_known(struct npm_work *w);
void npm_keep_known(const struct npm_work *w);
void npm_take_locked(struct npm_work *w);
struct hash_hex npm_layer_key(const struct npm_work *w);

/* The set of what npm installed. */
int npm_settle(struct npm_work *w, const struct npm_run *run, struct dd_err *err) DD_MUST_USE;
/* A locked archive that was fetched again is the one that is locked. */
int npm_check_locked(const struct npm_work *w, const struct npm_run *run, struct dd_err *err)
	DD_MUST_USE;

/* Something else to try after this error code: false when there is nothing. */
bool npm_change_tactics(struct npm_work *w, const char *code);
int npm_judge_failure(struct npm_work *w, const struct npm_run *run, const json_t *failure,
	struct dd_err *err) DD_MUST_USE;

#endif
