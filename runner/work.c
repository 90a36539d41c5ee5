#include "runner/work.h"

#include "base/fs.h"
#include "base/log.h"
#include "runner/attest.h"
#include "runner/commands.h"
#include "runner/fix_loop.h"
#include "runner/guide.h"
#include "runner/notify.h"
#include "runner/plan_file.h"
#include "runner/work_loop.h"

#include <string.h>

#define ROUNDS "rounds" /* fact: [path of the answers, or null] of the rounds before the last */

/* ---- the plan ---- */

static int
refuse_unapproved(const char *path, const json_t *approval, struct dd_err *err)
{
	return json_object_get(approval, "by")
		       ? err_set(err, DD_EINVAL,
				 "%s has changed since it was approved: drydock plan approve %s --author NAME",
				 path, path)
		       : err_set(err, DD_EINVAL,
				 "%s is not approved: drydock plan approve %s --author NAME", path,
				 path);
}

static int
count_screen(void *ctx, const char *task, const struct intent_screen *s, struct dd_err *err)
{
	size_t *n = ctx;
	(void)task;
	(void)s;
	(void)err;
	++*n;
	return 0;
}

int
work_admit(
	const char *path, const char *source, json_t **ret, char **ret_source, struct dd_err *err)
{
	OWN(plandoc) struct plandoc p = {0};
	OWN(buf) struct buf text = {0};
	OWN_JSON json_t *approval = NULL;
	OWN_JSON json_t *faults = NULL;
	int rc = plan_file_load(path, &text, &p, err);
	if (rc == 0)
		rc = plan_file_approval(path, buf_str(&text), &approval, err);
	if (rc < 0)
		return rc;
	if (!json_is_true(json_object_get(approval, "approved")))
		return refuse_unapproved(path, approval, err);
	rc = plan_file_faults(path, &p, source, &faults, err);
	if (rc < 0)
		return rc;
	if (json_array_size(faults))
		return err_set(err, DD_EINVAL,
			"%s has %zu faults, the first: %s (drydock plan check %s tells all)", path,
			json_array_size(faults),
			json_string_value(json_object_get(json_array_get(faults, 0), "text")),
			path);
	size_t screens = 0;
	rc = plan_file_each_screen(&p, count_screen, &screens, err);
	if (rc < 0)
		return rc;
	*ret_source = mem_strdup(source ? source : plan_file_source(&p));
	*ret = json_pack("{s:o, s:O, s:O, s:O, s:b}", "path", json_text(str_of(path)), "digest",
		json_object_get(approval, "digest"), "by", json_object_get(approval, "by"),
		"time_s", json_object_get(approval, "time_s"), "screens", screens > 0);
	return 0;
}

struct keeping {
	const struct fixing *f;
	const char *path;
};

static int
keep_picture(void *ctx, const char *task, const struct intent_screen *s, struct dd_err *err)
{
	const struct keeping *k = ctx;
	OWN(buf) struct buf png = {0};
	(void)task;
	int rc = plan_file_picture(k->path, s, &png, err);
	return rc < 0 ? rc : fix_keep_picture(k->f, s, buf_str(&png), err);
}

/* What screens are held against is what lies beside the plan when it is read. */
static int
keep_pictures(const struct fixing *f, const char *path, struct str text, struct dd_err *err)
{
	OWN(plandoc) struct plandoc p = {0};
	struct keeping k = {f, path};
	int rc = plandoc_parse(text, &p, err);
	return rc < 0 ? rc : plan_file_each_screen(&p, keep_picture, &k, err);
}

static int
do_plan(void *ctx, json_t **ret_result, struct dd_err *err)
{
	const struct fixing *f = ctx;
	const json_t *plan = f->run->options.plan;
	const char *path = json_string_value(json_object_get(plan, "path")),
		   *digest = json_string_value(json_object_get(plan, "digest"));
	OWN(buf) struct buf text = {0};
	int rc = fs_read(path, PLAN_MAX_BYTES, &text, err);
	if (rc == 0 && (!digest || strcmp(hash_bytes(buf_str(&text)).s, digest) != 0))
		rc = err_set(err, DD_EINVAL, "%s has changed since the run was begun", path);
	if (rc == 0)
		rc = keep_pictures(f, path, buf_str(&text), err);
	if (rc == 0)
		*ret_result = json_pack("{s:o}", "text", json_text(buf_str(&text)));
	return rc;
}

static int
take_plan(struct working *k, struct dd_err *err)
{
	OWN_JSON json_t *step = NULL;
	OWN(plandoc) struct plandoc p = {0};
	int rc = journal_step(k->f.run->journal, "work/plan", do_plan, k, &step, err);
	if (rc == 0)
		rc = plandoc_parse(
			str_of(json_string_value(json_object_get(step, "text"))), &p, err);
	if (rc < 0)
		return rc;
	struct work *w = &k->w;
	intent_tasks(&p, &w->plan);
	w->approval = k->f.run->options.plan;
	w->v = mem_zalloc(w->plan.n + 1, sizeof(*w->v));
	for (size_t i = 0; i < w->plan.n; i++) {
		w->v[i].of = &w->plan.v[i];
		for (size_t n = 0; n < w->plan.v[i].writes.n; n++)
			strlist_add_new(&k->writes, w->plan.v[i].writes.v[n]);
	}
	k->r.reach.writes = &k->writes;
	if (k->f.run->options.jobs > 1)
		k->begun = mem_zalloc(w->plan.n + 1, sizeof(*k->begun));
	return 0;
}

/* ---- a task ---- */

struct work_task *
work_find(struct work *w, const char *id)
{
	for (size_t i = 0; i < w->plan.n; i++)
		if (strcmp(w->v[i].of->id, id) == 0)
			return &w->v[i];
	return NULL;
}

void
work_set_end(struct work_task *t, enum task_end end, char *because)
{
	free(t->because);
	t->end = end;
	t->because = because;
}

/* What it is after is done; else it is not begun, and says because of which. */
static bool
may_begin(struct work *w, struct work_task *t)
{
	OWN(buf) struct buf why = {0};
	strlist_cleanup(&t->needs);
	for (size_t i = 0; i < t->of->after.n; i++) {
		const struct work_task *before = work_find(w, t->of->after.v[i]);
		if (!before || before->end == TASK_DONE)
			continue;
		buf_printf(&why, "%s%s, which it is after, is %s", why.n ? "; " : "",
			before->of->id, task_end_names[before->end]);
		strlist_add(&t->needs, before->of->id);
	}
	if (why.n)
		work_set_end(t, TASK_NOT_STARTED, buf_take(&why));
	return !t->needs.n;
}

static const struct fix_attempt *
last_attempt(const struct working *k, const struct work_task *t)
{
	for (size_t i = k->r.attempts.n; i-- > 0;)
		if (strcmp(k->r.attempts.v[i].task, t->of->id) == 0)
			return &k->r.attempts.v[i];
	return NULL;
}

/* Nobody who was asked answered, or nobody could be asked. */
static bool
was_left(const struct working *k, const struct work_task *t)
{
	for (size_t i = 0; i < k->r.attempts.n; i++) {
		const struct fix_attempt *a = &k->r.attempts.v[i];
		if (strcmp(a->task, t->of->id) == 0 && a->verdict != VERDICT_NOTHING)
			return false;
		if (strcmp(a->task, t->of->id) == 0 && a->author == AUTHOR_MODEL &&
			!fix_has_no_answer(a))
			return false;
	}
	return true;
}

static char *
why_left(const struct working *k)
{
	const struct fixing *f = &k->f;
	if (k->r.outcome == FIX_BUDGET)
		return f->stopped ? mem_printf("the budget is spent: %s", f->stopped)
				  : mem_strdup("the time is over");
	if (f->stopped)
		return mem_strdup(f->stopped);
	return mem_strdup(
		f->models ? "no model has more to propose"
			  : "no rule does it, and no model can be asked (drydock models says why)");
}

static char *
why_failed(const struct working *k, const struct work_task *t)
{
	const struct fixing *f = &k->f;
	const struct fix_attempt *a = last_attempt(k, t);
	if (k->r.outcome == FIX_CONTRADICTORY)
		return mem_printf("two cases never pass together: %s and %s",
			k->r.conflict.left.v[0], k->r.conflict.right.v[0]);
	if (f->tried.n)
		return mem_strdup(f->tried.v[f->tried.n - 1]);
	if (a && a->verdict == VERDICT_KEPT)
		return mem_strdup("a part of it is done, and nothing shows that it is all of it");
	return mem_strdup("what was proposed was not kept");
}

static void
gather_refused(const struct working *k, struct work_task *t)
{
	for (size_t i = 0; i < k->r.attempts.n; i++) {
		const struct fix_attempt *a = &k->r.attempts.v[i];
		OWN(strlist) struct strlist paths = {0};
		if (strcmp(a->task, t->of->id) != 0)
			continue;
		json_to_strings(json_object_get(a->proposed, "refused"), &paths);
		for (size_t n = 0; n < paths.n; n++)
			strlist_add_new(&t->refused, paths.v[n]);
	}
}

static void
settle(struct working *k, struct work_task *t)
{
	struct fixing *f = &k->f;
	gather_refused(k, t);
	t->waits = 0;
	question_list_cleanup(&t->asked);
	if (f->waits) {
		t->waits = f->n;
		question_list_copy(&t->asked, &f->asked);
		work_set_end(t, TASK_WAITING, mem_strdup("it needs what only a person can give"));
	} else if (f->reached) {
		work_set_end(t, TASK_DONE, NULL);
	} else if (k->r.outcome == FIX_BUDGET || was_left(k, t)) {
		work_set_end(t, TASK_LEFT, why_left(k));
	} else {
		work_set_end(t, TASK_FAILED, why_failed(k, t));
	}
	log_info("task %s: %s%s%s", t->of->id, task_end_names[t->end], t->because ? ", " : "",
		t->because ? t->because : "");
}

/* ---- telling ---- */

enum event { EVENT_BLOCKED, EVENT_DONE, EVENT_STOPPED };
static const char *const event_names[] = {"blocked", "done", "stopped"};

struct telling {
	const struct working *k;
	enum event event;
	const struct work_task *task; /* NULL: the run */
};

static void
tell_event(const struct telling *t)
{
	const struct run *run = t->k->f.run;
	const struct work *w = &t->k->w;
	OWN_JSON json_t *tasks = work_tasks_json(w);
	OWN_JSON json_t *message = json_pack("{s:s, s:s, s:s?, s:s?, s:O, s:O?, s:o?}", "event",
		event_names[t->event], "run", run->id, "task", t->task ? t->task->of->id : NULL,
		"outcome", w->outcome == WORK_NONE ? NULL : work_outcome_names[w->outcome], "tasks",
		tasks, "branch", json_object_get(t->k->r.branch, "branch"), "next",
		t->event == EVENT_DONE
			? NULL
			: json_sprintf("drydock resume %s%s", run->id,
				  t->event == EVENT_BLOCKED ? " --answers FILE" : ""));
	answers_redact_json(t->k->f.answers, message);
	notify_send(run->options.notify, message);
}

static int
do_tell(void *ctx, json_t **ret_result, struct dd_err *err)
{
	(void)ret_result;
	(void)err;
	tell_event(ctx);
	return 0;
}

/* Once, unless a kill falls between the telling and its being written down. */
static int
tell_once(
	const struct working *k, enum event event, const struct work_task *task, struct dd_err *err)
{
	struct telling t = {k, event, task};
	OWN_FREE char *key =
		mem_printf("work/told/%lld/%s", (long long)k->f.round, task ? task->of->id : "end");
	if (!k->f.run->options.notify)
		return 0;
	return journal_step(k->f.run->journal, key, do_tell, &t, NULL, err);
}

int
work_execute(struct working *k, struct work_task *t, const char *told, struct dd_err *err)
{
	const struct fix_aim aim = {.reach = {t->of->goal, &t->of->writes},
		.task = t->of->id,
		.wanted = &t->of->wanted,
		.tests = &t->of->tests,
		.translates = &t->of->translates,
		.screens = &t->of->screens,
		.red_first = t->of->red_first};
	int step = progress_begin("task %s: %s", t->of->id, t->of->title);
	fix_aim_at(&k->f, &aim);
	if (told)
		strlist_add(&k->f.tried, told);
	int rc = t->waits ? fix_take_up(&k->f, t->waits, err) : fix_reach(&k->f, err);
	if (rc == 0)
		settle(k, t);
	progress_end(step, rc < 0 ? "failed" : task_end_names[t->end]);
	if (rc == 0 && t->end == TASK_WAITING)
		rc = tell_once(k, EVENT_BLOCKED, t, err);
	return rc;
}

/* Each that may begin now and is not over; those that wait are taken up in the rounds behind the first. */
static int
do_round(struct working *k, int64_t round, struct dd_err *err)
{
	bool beside = k->begun && round == 0;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < k->w.plan.n; i++) {
		struct work_task *t = &k->w.v[i];
		bool open = round == 0 || t->end == TASK_WAITING || t->end == TASK_NOT_STARTED;
		if (beside)
			rc = work_beside(k, i, err);
		if (rc < 0)
			return rc;
		if (beside && k->begun[i].there)
			rc = work_join(k, i, err);
		else if (k->r.outcome == FIX_BUDGET && t->end == TASK_NOT_STARTED)
			work_set_end(t, TASK_NOT_STARTED, mem_strdup("budget or time are spent"));
		else if (open && k->r.outcome != FIX_BUDGET && may_begin(&k->w, t))
			rc = work_execute(k, t, NULL, err);
	}
	if (beside)
		k->f.n = (int64_t)k->w.plan.n * WORK_NUMBERS;
	return rc;
}

/* ---- the run ---- */

static void
tell(struct working *k)
{
	OWN_JSON json_t *plan = json_deep_copy(k->w.approval);
	json_decref(k->r.told);
	free(k->r.head);
	k->r.head = work_head(&k->w);
	k->r.told = json_pack("{s:s, s:O, s:o}", "outcome", work_outcome_names[k->w.outcome],
		"plan", plan, "tasks", work_tasks_json(&k->w));
}

static int
write_guide(const struct working *k, struct dd_err *err)
{
	struct guide g = {0};
	guide_plan(k->f.run, &k->w, &k->r, &g);
	int rc = guide_write(k->f.run, &g, k->f.answers, err);
	guide_cleanup(&g);
	return rc;
}

static int
end_work(struct working *k, struct dd_err *err)
{
	struct fixing *f = &k->f;
	int rc = fix_show_attacks(f, err);
	if (rc < 0)
		return rc;
	fix_gather(f);
	k->w.outcome = work_conclude(&k->w, &k->r, fix_stands(f));
	tell(k);
	rc = fix_hand_over(f, err);
	if (rc == 0)
		rc = write_guide(k, err);
	enum event event = k->w.outcome == WORK_BUDGET	  ? EVENT_STOPPED
			   : k->w.outcome == WORK_BLOCKED ? EVENT_BLOCKED
							  : EVENT_DONE;
	if (rc == 0)
		rc = tell_once(k, event, NULL, err);
	if (rc == 0)
		rc = attest_run(f->st, f->run, err);
	bool blocked = k->w.outcome == WORK_BLOCKED;
	OWN_JSON json_t *outcome = json_pack("{s:s, s:s}", "name",
		run_outcome_names[blocked ? OUTCOME_BLOCKED : k->r.after], "work",
		work_outcome_names[k->w.outcome]);
	return rc < 0 ? rc : journal_set(f->run->journal, "outcome", outcome, err);
}

/* Those that the round had; where its file is gone, those of now. */
static int
take_answers(struct working *k, const json_t *rounds, struct answers *now, struct dd_err *err)
{
	const json_t *path = json_array_get(rounds, (size_t)k->f.round);
	struct answers *own = NULL;
	int rc = 0;
	if (path && (json_is_null(path) || fs_exists(json_string_value(path))))
		rc = command_load_answers(json_string_value(path), &own, err);
	if (rc < 0)
		return rc;
	answers_destroy(k->own);
	k->own = own;
	k->f.answers = own ? own : now;
	return 0;
}

static int
do_work(struct fixing *f, struct dd_err *err)
{
	struct working *k = (struct working *)f;
	struct answers *last_answers = f->answers;
	OWN_JSON json_t *rounds = NULL;
	int rc = take_plan(k, err);
	if (rc == 0)
		rc = journal_get(f->run->journal, ROUNDS, &rounds, err);
	if (rc == 0)
		rc = fix_begin(f, err);
	int64_t last = (int64_t)json_array_size(rounds);
	for (f->round = 0; rc == 0; f->round++) {
		rc = take_answers(k, rounds, last_answers, err);
		if (rc == 0)
			rc = do_round(k, f->round, err);
		if (rc == 0 && f->round == last)
			return end_work(k, err);
	}
	return rc;
}

static int
exit_status(enum work_outcome o)
{
	return o == WORK_DONE ? EXIT_DONE : o == WORK_BUDGET ? EXIT_RESUMABLE : EXIT_TARGET_FAILED;
}

static void
working_cleanup(struct working *k)
{
	for (size_t i = 0; k->begun && i < k->w.plan.n; i++)
		fix_point_cleanup(&k->begun[i]);
	free(k->begun);
	fixing_cleanup(&k->f);
	fix_result_cleanup(&k->r);
	work_cleanup(&k->w);
	strlist_cleanup(&k->writes);
	answers_destroy(k->own);
}

int
work_run(const struct cli_call *call, struct state *st, struct run *run, struct answers *answers)
{
	const struct common_options *common = call->options;
	struct working k = {
		.f = {.st = st, .run = run, .answers = answers, .owner = run_owner(run)}};
	int status = 0;
	k.f.r = &k.r;
	st->limits = limit_options_to_pod(&run->options.limits);
	if (fix_in_session(&k.f, do_work, &status) == 0) {
		status = exit_status(k.w.outcome);
		if (common->json)
			fix_print(run, &k.r, answers, true);
		else
			work_print(run, &k.w, &k.r);
	} else if (status == EXIT_RESUMABLE) {
		k.w.outcome = WORK_STOPPED;
		if (run->options.notify)
			tell_event(&(struct telling){&k, EVENT_STOPPED, NULL});
	}
	if (common->json && k.w.outcome == WORK_STOPPED)
		printf("{\"run\": \"%s\", \"outcome\": \"%s\"}\n", run->id,
			work_outcome_names[WORK_STOPPED]);
	working_cleanup(&k);
	return status;
}

/* ---- resumed with answers ---- */

static int
begin_round(struct run *run, const char *answers, struct dd_err *err)
{
	OWN_JSON json_t *rounds = NULL;
	int rc = journal_get(run->journal, ROUNDS, &rounds, err);
	OWN_JSON json_t *more = rounds ? json_incref(rounds) : json_array();
	json_array_append_new(more, answers ? json_text(str_of(answers)) : json_null());
	OWN_JSON json_t *open =
		json_object(); /* killed in it, it goes on with it, and begins no other */
	if (rc == 0)
		rc = journal_set(run->journal, ROUNDS, more, err);
	return rc < 0 ? rc : journal_set(run->journal, "outcome", open, err);
}

/* All that would take answers up is over, and no other round begins. */
static bool
has_spent_its_budget(const struct run *run)
{
	OWN_JSON json_t *outcome = NULL;
	(void)!journal_get(run->journal, "outcome", &outcome, NULL);
	const char *name = json_string_value(json_object_get(outcome, "work"));
	return name && strcmp(name, work_outcome_names[WORK_BUDGET]) == 0;
}

int
work_change_answers(struct run *run, const char *path, struct dd_err *err)
{
	struct run before = {.lock_fd = -1};
	OWN_FREE char *dir = run_path(run, "before"),
		      *old = run->options.answers ? mem_strdup(run->options.answers) : NULL;
	bool was_blocked = run_outcome(run) == OUTCOME_BLOCKED;
	if (!path && !was_blocked)
		return 0;
	if (path && has_spent_its_budget(run))
		return err_set(err, DD_EINVAL,
			"the budget or the time of run %s is spent, so that answers change nothing in it: begin another, drydock work PLAN --answers %s, with more of it",
			run->id, path);
	int rc = run_change_answers(run, path, err);
	if (rc < 0 || !fs_exists(dir))
		return rc;
	rc = run_open_part(run, "before", &run->options, &before, err);
	if (rc == 0 && run_outcome(&before) == OUTCOME_BLOCKED)
		rc = run_change_answers(&before, path, err);
	else if (rc == 0 && run->options.plan && was_blocked)
		rc = begin_round(run, old, err);
	run_cleanup(&before);
	return rc;
}
