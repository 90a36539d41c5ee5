/*
 * Theory of operation.  A member is a part of the run, with the journal of a stand-up: a run that was killed goes through the
 * members again, and what is done costs nothing.  What other members serve is started anew for every run of a member's tests,
 * and lives no longer.  That all of them run together is one step more, of the run itself.
 */
#include "agents/calls.h"
#include "base/fs.h"
#include "base/log.h"
#include "runner/attest.h"
#include "runner/beside.h"
#include "runner/session.h"
#include "runner/verdict.h"
#include "runner/workspace_members.h"

#include <string.h>

struct ws {
	struct state *st;
	struct run *run;
	struct answers *answers;
	struct workspace spec;
	struct workspace_result r;
};

/* ---- its members ---- */

/* One that was not begun takes them from the run. */
static int
change_member(struct run *run, const char *name, const char *path, struct dd_err *err)
{
	OWN_FREE char *dir = mem_printf("%s/" RUN_MEMBERS "/%s", run->dir, name);
	struct run part = {.lock_fd = -1};
	if (!fs_exists(dir))
		return 0;
	int rc = run_open_member(run, name, &part, err);
	if (rc == 0)
		rc = run_change_answers(&part, path, err);
	run_cleanup(&part);
	return rc;
}

int
workspace_change_answers(struct run *run, const char *path, struct dd_err *err)
{
	const struct strlist *names = &run->options.peers;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < names->n; i++)
		rc = change_member(run, names->v[i], path, err);
	return rc ? rc : run_change_answers(run, path, err);
}

static int
add_spent(const struct run *run, const char *name, int64_t *sum, struct dd_err *err)
{
	OWN_FREE char *dir = mem_printf("%s/" RUN_MEMBERS "/%s", run->dir, name);
	OWN(dd_err) struct dd_err why = {0};
	struct calls_sum one = {0};
	struct calls *c = NULL;
	int rc = calls_open_trace(dir, &c, &why);
	if (rc == 0)
		rc = calls_sum(c, &one, &why);
	calls_close(c);
	*sum += one.nano_usd + one.reserved_nano_usd;
	return rc == 0 || rc == -DD_ENOENT ? 0 : err_move(err, &why);
}

/* The budget is of all of them: a member has what the others left of it. */
static int
take_budget(
	const struct ws *w, const struct workspace_member *m, struct run *part, struct dd_err *err)
{
	const int64_t all = w->run->options.budget_nano_usd;
	int64_t spent = 0;
	int rc = 0;
	for (size_t i = 0; rc == 0 && all && i < w->spec.members.n; i++)
		if (&w->spec.members.v[i] != m)
			rc = add_spent(w->run, w->spec.members.v[i].name, &spent, err);
	part->options.budget_nano_usd = all && spent >= all ? 1 : all - spent; /* 0: no bound */
	return rc;
}

static void
member_options(const struct ws *w, const struct workspace_member *m, struct run_options *ret)
{
	const struct run_options *o = &w->run->options;
	*ret = (struct run_options){.source = m->source,
		.recipe = m->recipe,
		.facts = m->facts,
		.peers = m->beside,
		.answers = o->answers,
		.models = o->models,
		.image = m->image ? m->image : o->image,
		.build_only = o->build_only,
		.offline = o->offline,
		.screens = o->screens,
		.browser = o->browser,
		.no_prune = o->no_prune,
		.no_learnt = o->no_learnt,
		.install_anew = o->install_anew,
		.limits = o->limits,
		.time_ms = o->time_ms,
		.silence_ms = o->silence_ms,
		.created_ns = o->created_ns};
}

/* Why it cannot be stood up; heap, NULL: it can. */
static char *
lacks(const struct ws *w, const struct workspace_member *m)
{
	for (size_t i = 0; i < m->beside.n; i++)
		for (size_t k = 0; k < w->r.n; k++)
			if (strcmp(w->spec.members.v[k].name, m->beside.v[i]) == 0 &&
				!w->r.v[k].r.recipe)
				return mem_printf(
					"it needs %s, which did not come up", m->beside.v[i]);
	return NULL;
}

static int
stand_up(
	struct ws *w, const struct workspace_member *m, struct member_result *x, struct dd_err *err)
{
	OWN_FREE char *name = mem_printf(RUN_MEMBERS "/%s", m->name);
	struct run part = {.lock_fd = -1};
	struct run_options o;
	x->left = lacks(w, m);
	if (x->left)
		return 0;
	member_options(w, m, &o);
	log_info("member %s", m->name);
	int rc = run_open_part(w->run, name, &o, &part, err);
	if (rc == 0)
		rc = take_budget(w, m, &part, err);
	if (rc == 0)
		rc = standup(w->st, &part, w->answers, &x->r, err);
	run_cleanup(&part);
	return rc < 0 && rc != -DD_ESTOPPED ? err_wrap(err, "member %s", m->name) : rc;
}

static int
stand_up_all(struct ws *w, struct dd_err *err)
{
	int rc = 0;
	w->r.v = mem_zalloc(w->spec.members.n, sizeof(*w->r.v));
	for (size_t i = 0; rc == 0 && i < w->spec.members.n; i++) {
		w->r.n = i + 1;
		rc = stand_up(w, &w->spec.members.v[i], &w->r.v[i], err);
		w->r.seconds += w->r.v[i].r.seconds;
	}
	return rc;
}

/* ---- together ---- */

static int
do_together(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct ws *w = ctx;
	OWN(dd_err) struct dd_err why = {0};
	struct beside b = {0};
	int step = progress_begin("starting all members together");
	bool theirs = false;
	int rc = beside_open(w->st, w->run, NULL, &b, &theirs, &why);
	progress_end(step, rc < 0 ? "failed" : "ok");
	if (rc == -DD_ESTOPPED || (rc < 0 && !theirs))
		return err_move(err, &why);
	json_t *members = json_array();
	for (size_t i = 0; i < b.n; i++)
		json_array_append_new(
			members, json_pack("{s:s, s:o}", "name", b.v[i]->name, "ports",
					 served_port_list_to_json(revived_ports(b.v[i]->it))));
	*ret_result = json_pack("{s:b, s:o, s:o}", "ready", rc == 0, "why",
		rc < 0 ? json_text(str_of(err_msg(&why))) : json_null(), "members", members);
	beside_close(&b);
	return 0;
}

static int
start_together(struct ws *w, struct dd_err *err)
{
	for (size_t i = 0; i < w->r.n; i++)
		if (!w->r.v[i].r.recipe || w->run->options.build_only)
			return 0;
	return journal_step(w->run->journal, "together", do_together, w, &w->r.together, err);
}

/* ---- the verdict ---- */

/* How far from up, by the names of outcomes. */
static int
badness(enum run_outcome o)
{
	static const int rank[] = {[OUTCOME_BUILT] = 0,
		[OUTCOME_UP] = 1,
		[OUTCOME_TESTS_FAILED] = 2,
		[OUTCOME_BUILD_FAILED] = 3,
		[OUTCOME_UNSATISFIABLE] = 4,
		[OUTCOME_BLOCKED] = 5,
		[OUTCOME_NONE] = 6,
		[OUTCOME_STOPPED] = 6};
	return rank[o];
}

static void
judge(struct ws *w)
{
	struct workspace_result *r = &w->r;
	size_t worst = 0;
	for (size_t i = 1; i < r->n; i++)
		if (!r->v[i].left &&
			badness(r->v[i].r.probe.outcome) > badness(r->v[worst].r.probe.outcome))
			worst = i;
	const struct probe_result *p = &r->v[worst].r.probe;
	r->outcome = p->outcome;
	if (badness(r->outcome) > badness(OUTCOME_UP)) {
		r->diagnosis.class = p->diagnosis.class;
		r->diagnosis.text = mem_printf("%s: %s", w->spec.members.v[worst].name,
			p->diagnosis.text ? p->diagnosis.text : run_outcome_names[p->outcome]);
		r->diagnosis.way_out = mem_printf(
			"drydock explain %s/%s", w->run->id, w->spec.members.v[worst].name);
	} else if (r->together && !json_is_true(json_object_get(r->together, "ready"))) {
		r->outcome = OUTCOME_TESTS_FAILED;
		r->diagnosis.class = DIAGNOSIS_TEST_FAILURE;
		r->diagnosis.text = mem_printf(
			"together they do not run: %s", json_string_in(r->together, "why"));
	}
}

static int
finish(struct ws *w, struct dd_err *err)
{
	int rc = workspace_write(w->run, &w->spec, &w->r, w->answers, err);
	if (rc == 0)
		rc = attest_run(w->st, w->run, err);
	if (rc < 0)
		return rc;
	OWN_JSON json_t *outcome = json_pack("{s:s}", "name", run_outcome_names[w->r.outcome]);
	return journal_set(w->run->journal, "outcome", outcome, err);
}

/* ---- what its user sees ---- */

static void
print_text(const struct ws *w, const char *label, const char *text)
{
	OWN(buf) struct buf plain = {.max = 4096}, safe = {.max = 16384};
	if (!text || !*text)
		return;
	answers_redact(w->answers, str_of(text), &plain);
	buf_put_visible(&safe, buf_str(&plain));
	printf("  %-10s %s\n", label, safe.p ? safe.p : "");
}

static void
print_questions(const struct ws *w, const struct question_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].blocking) {
			print_text(w, "question", l->v[i].id);
			print_text(w, "", l->v[i].text);
		}
}

static void
print_member(const struct ws *w, size_t i)
{
	const struct member_result *x = &w->r.v[i];
	const struct probe_result *p = &x->r.probe;
	OWN_FREE char *text =
		x->left ? mem_printf("not stood up: %s", x->left)
			: mem_printf("%s: %lld passed, %lld failed, %lld skipped",
				  run_outcome_names[p->outcome], (long long)p->tests.passed,
				  (long long)p->tests.failed, (long long)p->tests.skipped);
	print_text(w, w->spec.members.v[i].name, text);
	print_questions(w, &p->questions);
}

static void
print_summary(const struct ws *w)
{
	OWN(buf) struct buf name = {.max = 1024};
	buf_put_visible(&name, str_of(w->spec.workspace));
	printf("%s: %s\n", name.p, run_outcome_names[w->r.outcome]);
	print_text(w, "diagnosis", w->r.diagnosis.text);
	print_text(w, "way out", w->r.diagnosis.way_out);
	for (size_t i = 0; i < w->r.n; i++)
		print_member(w, i);
	if (w->r.outcome == OUTCOME_BLOCKED)
		printf("  %-10s drydock resume %s --answers FILE\n", "then", w->run->id);
	print_text(w, "recipe", w->r.recipe);
	print_text(w, "report", w->r.report);
}

static int
say_stopped(const struct ws *w, const struct common_options *common)
{
	if (common->json) {
		struct workspace_result none = {
			.outcome = OUTCOME_STOPPED, .diagnosis = {.class = DIAGNOSIS_STOPPED}};
		OWN_JSON json_t *j = workspace_to_json(w->run, &w->spec, &none, w->answers);
		OWN(buf) struct buf out = {0};
		json_print(j, 2, &out);
		printf("%s\n", out.p);
	}
	fprintf(stderr, "drydock: stopped; go on with: drydock resume %s\n", w->run->id);
	return EXIT_RESUMABLE;
}

static int
say(const struct ws *w, const struct common_options *common)
{
	if (common->json) {
		OWN_JSON json_t *j = workspace_to_json(w->run, &w->spec, &w->r, w->answers);
		OWN(buf) struct buf out = {0};
		json_print(j, 2, &out);
		printf("%s\n", out.p);
	} else {
		print_summary(w);
	}
	return verdict_exit_status(w->r.outcome);
}

static int
run_workspace(
	const struct cli_call *call, struct state *st, struct run *run, struct answers *answers)
{
	OWN(dd_err) struct dd_err err = {0};
	struct ws w = {.st = st, .run = run, .answers = answers};
	int status;
	st->limits = limit_options_to_pod(&run->options.limits);
	int rc = json_decode(
		run->options.workspace, workspace_fields, true, &w.spec, "workspace", &err);
	if (rc == 0)
		rc = stand_up_all(&w, &err);
	if (rc == 0)
		rc = start_together(&w, &err);
	if (rc == 0) {
		judge(&w);
		rc = finish(&w, &err);
	}
	if (rc == -DD_ESTOPPED) {
		status = say_stopped(&w, call->options);
	} else if (rc < 0) {
		(void)cli_fail(0, &err);
		fprintf(stderr, "drydock: when the cause is gone: drydock resume %s\n", run->id);
		status = cli_status_of(&err);
	} else {
		status = say(&w, call->options);
	}
	workspace_result_cleanup(&w.r);
	workspace_cleanup(&w.spec);
	return status;
}

int
workspace_or_one(
	const struct cli_call *call, struct state *st, struct run *run, struct answers *answers)
{
	return run->options.workspace ? run_workspace(call, st, run, answers)
				      : verdict_run(call, st, run, answers);
}
