/* What a model does in the loop of a repair: whether one takes part, what it is given, and what its attempt means. */
#include "runner/fix_loop.h"

#include <string.h>

/* ---- whether one takes part: decided once ---- */

static int
do_choose(void *ctx, json_t **ret_result, struct dd_err *err)
{
	const struct fixing *f = ctx;
	const struct model *m = f->models ? fix_models_author(f->models) : NULL;
	(void)err;
	*ret_result = json_pack("{s:s?, s:s*}", "author", m ? m->name : NULL, "table",
		m ? f->models->all.digest.s : NULL);
	return 0;
}

int
fix_open_models(struct fixing *f, struct dd_err *err)
{
	OWN_JSON json_t *chosen = NULL;
	int rc = fix_models_open(f->run, f->answers, &f->models, err);
	if (rc == 0)
		rc = journal_step(f->run->journal, "fix/models", do_choose, f, &chosen, err);
	if (rc < 0)
		return rc;
	const char *name = json_string_value(json_object_get(chosen, "author"));
	if (name && !f->models)
		return err_set(err, DD_EINVAL,
			"model %s wrote here, and no model can be asked now: its key, or the file of its entry, is not there",
			name);
	const char *table = json_string_value(json_object_get(chosen, "table"));
	if (name && table && strcmp(table, f->models->all.digest.s) != 0)
		return err_set(err, DD_EINVAL,
			"the table of models is not the one this repair began with: give back its files (drydock models), or begin another one");
	if (!name) {
		fix_models_close(f->models);
		f->models = NULL;
	}
	return 0;
}

/* ---- what it is given ---- */

/* Paths that layers which were kept changed; new reference. */
static json_t *
changed_paths(const struct fixing *f)
{
	json_t *paths = f->touched ? json_copy(f->touched) : json_array();
	for (size_t i = 0; i < f->r->attempts.n; i++) {
		const struct fix_attempt *a = &f->r->attempts.v[i];
		size_t k;
		json_t *file;
		if (a->verdict != VERDICT_KEPT)
			continue;
		json_array_foreach (json_object_get(a->changes, "files"), k, file)
			json_array_append(paths, json_object_get(file, "path"));
	}
	return paths;
}

/* What was printed when the best was built and tested, relative to its part of the run; heap, NULL: nothing was. */
static char *
last_log(const struct fixing *f)
{
	const struct attempt_list *l = &fix_best(f)->probe.attempts;
	const char *log = l->n ? l->v[l->n - 1].log : NULL;
	OWN_FREE char *part =
		f->best_n ? mem_printf("attempt-%lld", (long long)f->best_n) : mem_strdup("before");
	OWN_FREE char *name = mem_printf("%s/%s", part, log ? log : "");
	return log ? run_path(f->run, name) : NULL;
}

static struct fix_task
task_of(const struct fixing *f, const char *log, const json_t *changed)
{
	const struct standup_result *r = fix_best(f);
	return (struct fix_task){.reach = f->aim.reach,
		.wanted = f->aim.wanted,
		.tests = &r->probe.tests,
		.why = &r->probe.diagnosis,
		.builds = fix_is_built(r),
		.log = log,
		.tried = &f->tried,
		.changed = changed,
		.only_first = f->smaller,
		.data = f->data};
}

/* With what belongs to the attempt: hand it to `what`. */
static int
with_task(struct fixing *f, const struct fix_ground *g,
	int (*what)(const struct fix_writing *w, json_t **ret, struct dd_err *err), json_t **ret,
	struct dd_err *err)
{
	OWN_FREE char *agent = mem_printf("fix/%lld/write", (long long)f->n);
	OWN_FREE char *source = layer_dir(f->st, f->before.source.layer);
	OWN_FREE char *log = last_log(f);
	OWN_JSON json_t *changed = changed_paths(f);
	const struct fix_task task = task_of(f, log, changed);
	const struct fix_writing w = {.ground = g,
		.task = &task,
		.models = f->models,
		.model = f->model,
		.agent = agent,
		.map_dir = f->run->dir,
		.source = source,
		.tree = fix_is_local(f->run) ? f->run->options.source : NULL,
		.guidance = f->guidance,
		.pick = f->pick};
	return what(&w, ret, err);
}

static int
do_guidance(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct fixing *f = ctx;
	const struct fix_ground g = {.state = f->st};
	return with_task(f, &g, fix_author_guidance, ret_result, err);
}

int
fix_take_guidance(struct fixing *f, struct dd_err *err)
{
	OWN_FREE char *key = mem_printf("fix/%lld/guidance", (long long)f->n);
	json_decref(f->guidance);
	f->guidance = NULL;
	return journal_step(f->run->journal, key, do_guidance, f, &f->guidance, err);
}

int
fix_write(struct fixing *f, const struct fix_ground *g, json_t **ret_result, struct dd_err *err)
{
	int rc = f->pick ? fix_pick_merge(f, err) : 0;
	if (rc == 0)
		rc = with_task(f, g, fix_author_propose, ret_result, err);
	if (rc == 0 && f->pick)
		json_object_set_new(*ret_result, "message", json_text(str_of(f->pick->message)));
	return rc;
}

/* ---- review ---- */

/* What a reviewer is told of what was measured: the target's words. */
static void
put_measured(const struct fixing *f, struct buf *out)
{
	const struct fix_attempt *a = f->attempt;
	const struct fix_task task = task_of(f, NULL, NULL);
	buf_puts(out, "before the change:\n");
	fix_author_evidence(&task, 8192, out);
	buf_puts(out, "\nwith the change, these cases pass that did not:\n");
	for (size_t i = 0; i < a->better.n && i < 50; i++)
		buf_printf(out, "%s\n", a->better.v[i]);
	buf_puts(out, a->worse.n ? "and these end worse:\n" : "and no case ends worse.\n");
	for (size_t i = 0; i < a->worse.n && i < 50; i++)
		buf_printf(out, "%s\n", a->worse.v[i]);
	if (f->taken)
		buf_puts(out, "It is one side of a trade-off: no attempt passed both sides.\n");
}

/* The goal, with what is wanted of it; heap, NULL: there is none. */
static char *
goal_for_review(const struct fix_aim *aim)
{
	OWN(buf) struct buf out = {0};
	if (!aim->reach.goal)
		return NULL;
	buf_puts(&out, aim->reach.goal);
	for (size_t i = 0; aim->wanted && i < aim->wanted->n; i++)
		buf_printf(&out, "\n- %s", aim->wanted->v[i]);
	return buf_take(&out);
}

static int
do_review(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct fixing *f = ctx;
	OWN(buf) struct buf patch = {0}, measured = {0};
	OWN_JSON json_t *changes = NULL;
	OWN_FREE char *agent = mem_printf("fix/%lld/review", (long long)f->n),
		      *goal = goal_for_review(&f->aim);
	int rc = fix_look(f, &changes, &patch, err);
	if (rc < 0)
		return rc;
	put_measured(f, &measured);
	const struct fix_review review = {.models = f->models,
		.family = json_string_value(json_object_get(f->attempt->proposed, "family")),
		.agent = agent,
		.goal = goal,
		.guidance = f->guidance,
		.patch = buf_str(&patch),
		.evidence = buf_str(&measured)};
	return fix_author_review(&review, ret_result, err);
}

/* Of a change that is tried again: what a reviewer said of it; a new reference, without its cost.  NULL: nobody was asked. */
static json_t *
said_before(const struct fixing *f)
{
	json_t *said = f->again ? json_copy(fix_attempt_of(f, f->again)->review) : NULL;
	if (said)
		(void)json_object_del(said, "spent");
	return said;
}

int
fix_have_reviewed(struct fixing *f, bool *ret_passed, struct dd_err *err)
{
	struct fix_attempt *a = f->attempt;
	OWN_FREE char *key = mem_printf("fix/%lld/review", (long long)f->n);
	a->review = said_before(f);
	int rc = a->review ? 0 : journal_step(f->run->journal, key, do_review, f, &a->review, err);
	if (rc < 0)
		return rc;
	const char *verdict = json_string_value(json_object_get(a->review, "verdict"));
	bool rejected = strcmp(verdict, review_verdict_names[REVIEW_REJECTED]) == 0;
	if (strcmp(verdict, review_verdict_names[REVIEW_NONE]) != 0)
		fix_pass(a, GATE_REVIEW, !rejected);
	*ret_passed = !rejected;
	return 0;
}

/* ---- what its attempt means for the next ---- */

static const char *
proposed_text(const struct fix_attempt *a, const char *key)
{
	const char *s = json_string_value(json_object_get(a->proposed, key));
	return s ? s : "";
}

void
fix_settle_cost(struct fixing *f, struct fix_attempt *a)
{
	const json_t *spent = json_object_get(a->review ? a->review : a->proposed, "spent");
	double usd = json_number_value(json_object_get(spent, "usd"));
	int64_t tokens = json_integer_value(json_object_get(spent, "tokens"));
	if (f->models && f->models->shared) { /* of the attempt */
		usd += f->r->usd - a->usd;
		tokens += f->r->tokens - a->tokens;
	}
	if (usd > f->r->usd) { /* what was asked earlier was settled then */
		a->usd += usd - f->r->usd;
		f->r->usd = usd;
	}
	if (tokens > f->r->tokens) {
		a->tokens += tokens - f->r->tokens;
		f->r->tokens = tokens;
	}
}

bool
fix_take_answer(struct fixing *f)
{
	struct fix_attempt *a = f->attempt;
	const char *end = proposed_text(a, "end");
	bool kept = a->verdict == VERDICT_KEPT;
	fix_settle_cost(f, a);
	f->smaller = !kept && *proposed_text(a, "flaw");
	f->reached = kept && json_is_true(json_object_get(a->proposed, "complete"));
	if (strcmp(end, "budget") == 0)
		f->r->outcome = FIX_BUDGET;
	if (strcmp(end, "no-model") == 0)
		strlist_add(&f->models->lost, proposed_text(a, "model"));
	if (strcmp(end, "budget") == 0 || strcmp(end, "no-model") == 0 ||
		strcmp(end, "failed") == 0) {
		free(f->stopped);
		f->stopped = mem_strdup(proposed_text(a, "note"));
	} else if (!kept) {
		OWN(buf) struct buf line = {.max = 4000};
		const char *summary = proposed_text(a, "summary");
		buf_printf(&line, "attempt %lld%s%s: ", (long long)f->n, *summary ? ", " : "",
			summary);
		fix_put_reason(a, &line);
		strlist_add(&f->tried, line.p);
	}
	fix_models_after(f->models, kept);
	return !fix_models_author(f->models);
}

bool
fix_has_no_answer(const struct fix_attempt *a)
{
	const char *end = proposed_text(a, "end");
	return strcmp(end, "no-model") == 0 || strcmp(end, "failed") == 0;
}

bool
fix_nobody_answered(const struct fixing *f)
{
	bool asked = false;
	for (size_t i = 0; i < f->r->attempts.n; i++) {
		const struct fix_attempt *a = &f->r->attempts.v[i];
		if (a->author != AUTHOR_MODEL)
			continue;
		asked = true;
		if (!fix_has_no_answer(a))
			return false;
	}
	return asked;
}
