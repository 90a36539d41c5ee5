/* Dependencies that no registry has: questions, and what was decided on them. */
#include "images/npm_work.h"

#include <string.h>

static bool
has_question(const struct npm_work *w, const char *id)
{
	for (size_t i = 0; i < w->r->questions.n; i++)
		if (strcmp(w->r->questions.v[i].id, id) == 0)
			return true;
	return false;
}

/* Only what the application itself cannot be without stops it. */
static bool
is_required(const json_t *refused)
{
	const char *section = npm_string(refused, "section");
	return strcmp(section, "devDependencies") != 0 &&
	       strcmp(section, "optionalDependencies") != 0 &&
	       strcmp(section, "peerDependencies") != 0;
}

static void
ask_question(struct npm_work *w, const json_t *refused, const char *id, bool blocking)
{
	const char *name = npm_string(refused, "name"), *spec = npm_string(refused, "spec");
	struct question *q = question_list_add(&w->r->questions);
	q->id = mem_strdup(id);
	q->kind = Q_DECISION;
	q->text = mem_printf(
		"%s is wanted from \"%s\", which is not on a package registry: which version of "
		"it on the registry shall stand for it?",
		name, spec);
	q->where = mem_printf("%s: %s", npm_string(refused, "where"), name);
	q->why = mem_strdup(
		"only packages from registries that this machine is configured for are fetched");
	q->default_value = blocking ? NULL : mem_strdup("it is left out");
	q->unlocks = mem_strdup("the installation of the packages");
	q->blocking = blocking;
}

static void
leave_out(struct npm_work *w, const json_t *refused)
{
	struct feature_off *f = feature_off_list_add(&w->r->features_off);
	f->feature = mem_printf("what %s would give", npm_string(refused, "name"));
	f->input =
		mem_printf("%s, which is not on a package registry", npm_string(refused, "spec"));
}

/* The answer to what was refused: a version in its place, nothing (declined), or none yet. */
static bool
decide(struct npm_work *w, const json_t *refused)
{
	const char *name = npm_string(refused, "name"), *value = NULL;
	OWN_FREE char *slug = question_slug(str_of(name));
	OWN_FREE char *id = mem_printf("decision:npm-%s", slug);
	if (json_object_get(w->answers, name) || has_question(w, id))
		return false;
	enum answer_state state =
		w->job->answers ? answers_get(w->job->answers, id, &value) : ANSWER_NONE;
	bool blocking = state == ANSWER_NONE && is_required(refused);
	ask_question(w, refused, id, blocking);
	if (state == ANSWER_GIVEN)
		json_object_set_new(w->answers, name, json_text(str_of(value)));
	else if (!blocking)
		json_object_set_new(w->answers, name, json_null());
	if (state != ANSWER_GIVEN && !blocking)
		leave_out(w, refused);
	if (state == ANSWER_GIVEN)
		strlist_addf(&w->r->set.changes, "%s=%s", name, value);
	else if (!blocking)
		strlist_add(&w->r->set.changes, name);
	return !blocking;
}

/* Plan again with what was decided; *ret_blocked when something is left that only a person can
 * decide. */
int
npm_settle_refused(struct npm_work *w, bool *ret_blocked, struct dd_err *err)
{
	const json_t *list = json_object_get(w->plan, "refused");
	json_t *item;
	size_t i;
	bool decided = false;
	json_array_foreach ((json_t *)list, i, item) {
		decided = decide(w, item) || decided;
	}
	for (i = 0; i < w->r->questions.n; i++) {
		const struct question *q = &w->r->questions.v[i];
		if (!q->blocking)
			continue;
		*ret_blocked = true;
		npm_diagnose(w, OUTCOME_BLOCKED, DIAGNOSIS_NEEDS_ANSWER,
			mem_printf("it needs an answer: %s", q->text), q->where,
			"write a version that the registry has, or null to go without it, to an answers file "
			"under the question's id, and resume");
	}
	if (!decided || *ret_blocked)
		return 0;
	json_decref(TAKE(w->plan));
	return npm_plan(w, false, &w->plan, err);
}

/* The decisions that a recipe was made with. */
void
npm_take_changes(struct npm_work *w, const struct strlist *changes)
{
	for (size_t i = 0; i < changes->n; i++) {
		const char *equals = strchr(changes->v[i], '=');
		OWN_FREE char *name = mem_strndup(changes->v[i], strcspn(changes->v[i], "="));
		json_object_set_new(
			w->answers, name, equals ? json_text(str_of(equals + 1)) : json_null());
	}
}
