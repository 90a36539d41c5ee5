#include "runner/fix_loop.h"

#include "base/fs.h"
#include "base/log.h"
#include "runner/fix_gates.h"
#include "runner/session.h"

#include <string.h>

#define MAX_ATTEMPTS 24

/* ---- standing up ---- */

/* What a run of the source is, with its changes; `given` is a new reference. */
static void
part_options(const struct fixing *f, json_t *given, struct run_options *ret)
{
	const struct run_options *o = &f->run->options;
	*ret = (struct run_options){.source = o->source,
		.answers = o->answers,
		.image = o->image,
		.offline = o->offline,
		.no_prune = true,
		.no_learnt = o->no_learnt,
		.apart = o->apart,
		.limits = o->limits,
		.time_ms = o->time_ms,
		.silence_ms = o->silence_ms,
		.given = given,
		.created_ns = o->created_ns};
}

int
fix_stand_up_part(struct fixing *f, const char *name, json_t *given, struct standup_result *ret,
	struct dd_err *err)
{
	struct run part = {.lock_fd = -1};
	struct run_options o;
	part_options(f, given, &o);
	int rc = run_open_part(f->run, name, &o, &part, err);
	if (rc == 0)
		rc = standup(f->st, &part, f->answers, ret, err);
	run_cleanup(&part);
	return rc;
}

bool
fix_is_built(const struct standup_result *r)
{
	enum run_outcome o = r->probe.outcome;
	return o == OUTCOME_UP || o == OUTCOME_BUILT || o == OUTCOME_TESTS_FAILED;
}

static void
add_case(struct case_result_list *l, const char *prefix, const char *id, enum test_status status)
{
	struct case_result *c = case_result_list_add(l);
	c->id = mem_printf("%s%s", prefix, id);
	c->status = status;
}

static void
cases_of(const struct standup_result *r, struct case_result_list *ret)
{
	add_case(ret, "", "build", fix_is_built(r) ? TEST_PASSED : TEST_FAILED);
	for (size_t i = 0; i < r->probe.tests.cases.n; i++)
		add_case(ret, CASE_TEST, r->probe.tests.cases.v[i].id,
			r->probe.tests.cases.v[i].status);
}

#define COMPILE "compile/" /* begins the id of the case that a source compiles */

struct case_result *
fix_find_case(const struct case_result_list *l, const char *id)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].id, id) == 0)
			return &l->v[i];
	return NULL;
}

/* Compiled units that had errors; the others are as they were.  when: "before" (of those not known yet), "after". */
static void
add_units(struct case_result_list *l, const json_t *units, const char *when)
{
	size_t i;
	json_t *unit;
	json_array_foreach (units, i, unit) {
		const char *path = json_string_value(json_object_get(unit, "path"));
		bool fails = json_integer_value(json_object_get(unit, when)) > 0;
		OWN_FREE char *id = mem_printf(COMPILE "%s", path);
		struct case_result *c = fix_find_case(l, id);
		if (!c)
			add_case(l, "", id, fails ? TEST_FAILED : TEST_PASSED);
		else if (strcmp(when, "after") == 0)
			c->status = fails ? TEST_FAILED : TEST_PASSED;
	}
}

static void
add_compiled(struct case_result_list *l, const struct case_result_list *from)
{
	for (size_t i = 0; i < from->n; i++)
		if (str_starts(str_of(from->v[i].id), COMPILE))
			add_case(l, "", from->v[i].id, from->v[i].status);
}

/* ---- an attempt ---- */

static size_t
kept_below(const struct fixing *f)
{
	return f->taken ? f->taken->kept : f->r->layers.n;
}

void
fix_tree(const struct fixing *f, struct stack *ret)
{
	source_stack(&f->before.source, ret);
	for (size_t i = 0; i < kept_below(f); i++)
		stack_push(ret, f->r->layers.v[i]);
}

const struct fix_attempt *
fix_attempt_of(const struct fixing *f, int64_t n)
{
	const struct fix_attempt *a = f->r->attempts.v;
	while (a->n != n)
		a++;
	return a;
}

/* What it changes is of files that no task changed since: the same layer on what is kept now. */
static int
propose_again(const struct fixing *f, json_t **ret_result)
{
	const struct fix_attempt *a = fix_attempt_of(f, f->again);
	bool own = f->models && f->models->shared; /* it has none */
	*ret_result = json_deep_copy(a->proposed);
	json_object_set_new(*ret_result, "spent",
		json_pack("{s:f, s:I}", "usd", own ? 0 : f->r->usd, "tokens",
			(json_int_t)(own ? 0 : f->r->tokens)));
	return 0;
}

void
fix_environment(const struct fixing *f, const struct standup_result *r, struct strlist *ret)
{
	OWN(strlist) struct strlist missing = {0};
	struct recipe recipe = {0};
	standup_recipe(f->run, r, f->answers, &recipe);
	standup_environment(&recipe, f->answers, ret, &missing);
	recipe_cleanup(&recipe);
}

struct fix_ground
fix_ground_of(const struct fixing *f, const struct stack *work, const char *const *env)
{
	const struct standup_result *now = f->now;
	return (struct fix_ground){.state = f->st,
		.owner = f->owner,
		.root = &now->probe.root,
		.work = work,
		.commands = &now->probe.project.commands,
		.env = env,
		.services = &now->probe.services,
		.files = &now->probe.files,
		.answers = f->answers,
		.run_dir = fix_scratch(f)};
}

static int
do_propose(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct fixing *f = ctx;
	const struct standup_result *r = fix_best(f);
	OWN(strlist) struct strlist env = {0};
	OWN_FREE char *name = mem_printf("%s %lld", f->run->id, (long long)f->n);
	OWN_FREE char *log_name = mem_printf("logs/attempt-%lld.log", (long long)f->n);
	OWN_FREE char *log = run_path(f->run, log_name);
	struct stack work = {0};
	fix_environment(f, r, &env);
	fix_tree(f, &work);
	const struct fix_ground g = {.state = f->st,
		.owner = f->owner,
		.root = &r->probe.root,
		.work = &work,
		.commands = &r->probe.project.commands,
		.env = (const char *const *)env.v,
		.strict = f->run->options.strict,
		.name = name,
		.log_path = log};
	int rc = f->again		     ? propose_again(f, ret_result)
		 : f->author == AUTHOR_MERGE ? fix_pick_propose(f, &g, ret_result, err)
		 : f->author == AUTHOR_MODEL ? fix_write(f, &g, ret_result, err)
					     : fix_propose(&g, f->author, ret_result, err);
	if (rc == 0 && f->aim.wanted && !json_object_get(*ret_result, "requirements"))
		json_object_set_new(*ret_result, "requirements", author_ids(f->aim.wanted));
	stack_cleanup(&work);
	return rc;
}

json_t *
fix_source_with(const struct fixing *f, json_t *layer)
{
	json_t *given = json_encode(source_fields, &f->before.source);
	json_t *changes = json_from_strings(&f->before.source.changes);
	for (size_t i = 0; i < kept_below(f); i++)
		json_array_append_new(changes, json_string(f->r->layers.v[i]));
	json_array_append(changes, layer);
	json_object_set_new(given, "changes", changes);
	return given;
}

int
fix_stand_up(struct fixing *f, struct standup_result *ret, struct dd_err *err)
{
	OWN_FREE char *name = mem_printf("attempt-%lld", (long long)f->n);
	OWN_JSON json_t *given = fix_source_with(f, json_object_get(f->attempt->proposed, "layer"));
	return fix_stand_up_part(f, name, given, ret, err);
}

int
fix_look(const struct fixing *f, json_t **ret_result, struct buf *patch, struct dd_err *err)
{
	struct stack below = {0};
	OWN(strlist) struct strlist layers = {0};
	const char *layer = json_string_value(json_object_get(f->attempt->proposed, "layer"));
	fix_tree(f, &below);
	strlist_add(&layers, layer);
	int rc = fix_changes(f->st, &below, &layers, ret_result, patch, err);
	stack_cleanup(&below);
	return rc;
}

static int
do_look(void *ctx, json_t **ret_result, struct dd_err *err)
{
	OWN(buf) struct buf patch = {0};
	return fix_look(ctx, ret_result, &patch, err);
}

void
fix_pass(struct fix_attempt *a, enum gate gate, bool passed)
{
	a->gates[gate] = passed ? GATE_PASSED : GATE_FAILED;
}

static bool
has_changed_symbols(const json_t *units)
{
	size_t i;
	json_t *unit;
	json_array_foreach (units, i, unit) {
		const char *s = json_string_value(json_object_get(unit, "symbols"));
		if (s && strcmp(s, "changed") == 0)
			return true;
	}
	return false;
}

static bool
is_untampered(const struct fixing *f)
{
	const struct fix_attempt *a = f->attempt;
	struct stack before = {0}, after = {0};
	fix_tree(f, &before);
	stack_copy(&after, &before);
	stack_push(&after, json_string_value(json_object_get(a->proposed, "layer")));
	const struct fix_evidence e = {.state = f->st,
		.before = &before,
		.after = &after,
		.was = &f->cases,
		.changes = a->changes,
		.reach = f->aim.reach,
		.by_rule = a->author < AUTHOR_MODEL};
	bool untampered = fix_gate_untampered(&e) && !(f->pick && fix_conflict_left(a->changes));
	stack_cleanup(&before);
	stack_cleanup(&after);
	return untampered;
}

static void
keep(struct fixing *f, struct standup_result *now, struct case_result_list *cases)
{
	const char *layer = json_string_value(json_object_get(f->attempt->proposed, "layer"));
	if (f->has_best)
		standup_result_cleanup(&f->best);
	f->best = *now;
	f->has_best = true;
	*now = (struct standup_result){0};
	case_result_list_cleanup(&f->cases);
	f->cases = *cases;
	*cases = (struct case_result_list){0};
	strlist_add(&f->r->layers, layer);
	strlist_add(&f->r->authors, fix_author_names[f->author]);
	f->best_n = f->n;
	f->attempt->verdict = VERDICT_KEPT;
}

static int
do_wait(void *ctx, json_t **ret_result, struct dd_err *err)
{
	const struct fixing *f = ctx;
	(void)err;
	*ret_result = question_list_to_json(&f->now->probe.questions);
	return 0;
}

/*
 * Of a task: what it first needs is asked for, and only it waits.  Journalled, so that answers that came later do not change
 * what was decided without them.  now: NULL, was it decided before?
 */
static int
wait_for_answers(struct fixing *f, const struct standup_result *now, struct dd_err *err)
{
	OWN_FREE char *key = mem_printf("fix/%lld/waits", (long long)f->n);
	OWN_JSON json_t *asked = NULL;
	int rc = 0;
	if (!f->aim.task || (now && now->probe.outcome != OUTCOME_BLOCKED))
		return 0;
	f->now = now;
	rc = now ? journal_step(f->run->journal, key, do_wait, f, &asked, err)
		 : journal_find(f->run->journal, key, &asked, err);
	if (rc < 0 || !asked)
		return rc;
	question_list_cleanup(&f->asked);
	f->attempt->verdict = VERDICT_WAITING;
	f->waits = true;
	return question_list_from_json(asked, key, &f->asked, err);
}

/* What got better by the change where it was tried before, and does not pass here. */
static void
add_lost(const struct fixing *f, const struct case_result_list *is, struct strlist *worse)
{
	const struct fix_attempt *before = f->again ? fix_attempt_of(f, f->again) : NULL;
	for (size_t i = 0; before && i < before->better.n; i++) {
		const struct case_result *c = fix_find_case(is, before->better.v[i]);
		if (!c || c->status != TEST_PASSED)
			strlist_add_new(worse, before->better.v[i]);
	}
}

/* What the change gives, against what there was. */
static int
judge(struct fixing *f, struct dd_err *err)
{
	struct fix_attempt *a = f->attempt;
	const json_t *units = json_object_get(a->proposed, "units");
	struct standup_result now = {0};
	struct case_result_list was = {0}, is = {0};
	struct comparison c = {0};
	int rc = wait_for_answers(f, NULL, err);
	if (rc == 0 && !f->waits)
		rc = fix_stand_up(f, &now, err);
	if (rc < 0 || f->waits)
		return rc;
	rc = wait_for_answers(f, &now, err);
	if (rc < 0 || f->waits) {
		standup_result_cleanup(&now);
		return rc;
	}
	case_result_list_copy(&was, &f->cases);
	add_units(&was, units, "before");
	cases_of(&now, &is);
	add_compiled(&is, &was);
	add_units(&is, units, "after");
	fix_add_ended(&was, &is);
	loop_compare(&was, &is, &c);
	add_lost(f, &is, &c.worse);
	fix_remember(f, &is, json_string_value(json_object_get(a->proposed, "layer")));
	fix_pass(a, GATE_BUILDS, fix_is_built(&now));
	fix_pass_levels(f, &now, &c.worse);
	strlist_copy(&a->worse, &c.worse);
	strlist_copy(&a->better, &c.better);
	a->verdict = VERDICT_DROPPED;
	bool writes = f->author >= AUTHOR_MODEL;
	/* What a goal asks for shows in no case that is there yet, nor need it where a commit is put onto another. */
	bool stays = f->author == AUTHOR_MERGE && !fix_is_built(fix_best(f));
	bool good = !c.worse.n &&
		    (c.better.n || stays || (f->aim.reach.goal && writes && fix_is_built(&now)));
	if (good && f->aim.attacks)
		rc = fix_is_attack(f, &good, err);
	if (rc == 0 && good)
		rc = fix_pass_late(f, &now, &good, err);
	if (rc == 0 && good)
		rc = fix_is_red_first(f, &now, &good, err);
	if (rc == 0 && good && f->author == AUTHOR_MODEL)
		rc = fix_have_reviewed(f, &good, err);
	if (rc == 0 && good)
		keep(f, &now, &is);
	standup_result_cleanup(&now);
	comparison_cleanup(&c);
	case_result_list_cleanup(&was);
	case_result_list_cleanup(&is);
	return rc;
}

static int
attempt(struct fixing *f, struct dd_err *err)
{
	OWN_FREE char *propose = mem_printf("fix/%lld/propose", (long long)f->n);
	OWN_FREE char *looked = mem_printf("fix/%lld/changes", (long long)f->n);
	struct fix_attempt *a = fix_attempt_list_add(&f->r->attempts);
	f->attempt = a;
	a->n = f->n;
	a->author = f->author;
	a->task = f->aim.task;
	a->verdict = VERDICT_NOTHING;
	int rc = journal_step(f->run->journal, propose, do_propose, f, &a->proposed, err);
	if (rc < 0 || !json_is_string(json_object_get(a->proposed, "layer")))
		return rc;
	rc = journal_step(f->run->journal, looked, do_look, f, &a->changes, err);
	if (rc < 0)
		return rc;
	fix_pass(a, GATE_PARSES, true); /* an edit that breaks a file is refused when it is made */
	if (f->aim.reach.writes || f->aim.reach.tests_alone)
		fix_pass(a, GATE_WRITES, fix_gate_writes(a->changes, &f->aim.reach));
	fix_pass(a, GATE_UNTAMPERED, is_untampered(f));
	fix_pass(a, GATE_SYMBOLS, !has_changed_symbols(json_object_get(a->proposed, "units")));
	a->verdict = VERDICT_DROPPED;
	if (a->gates[GATE_WRITES] == GATE_FAILED || a->gates[GATE_UNTAMPERED] == GATE_FAILED ||
		a->gates[GATE_SYMBOLS] == GATE_FAILED)
		return 0;
	return judge(f, err);
}

/* ---- the loop ---- */

/* An environment that lacks something is no matter for a model. */
static bool
is_for_model(const struct fixing *f)
{
	enum run_outcome o = fix_best(f)->probe.outcome;
	bool stands = o == OUTCOME_UP || o == OUTCOME_BUILT;
	if (!f->models || !fix_best(f)->probe.project.commands.n)
		return false;
	if (f->aim.reach.goal)
		return !f->reached &&
		       (stands || o == OUTCOME_BUILD_FAILED || o == OUTCOME_TESTS_FAILED);
	return o == OUTCOME_BUILD_FAILED || o == OUTCOME_TESTS_FAILED;
}

static bool
is_for(const struct fixing *f, enum fix_author author)
{
	const struct standup_result *r = fix_best(f);
	enum run_outcome o = r->probe.outcome;
	if (author == AUTHOR_MODEL)
		return is_for_model(f);
	if (f->aim.models_alone || author == AUTHOR_MERGE)
		return false;
	if (author == AUTHOR_C)
		return r->probe.project.commands.n &&
		       (o == OUTCOME_BUILD_FAILED || f->run->options.strict);
	if (author == AUTHOR_BUILD)
		return r->probe.project.commands.n && r->probe.root.n &&
		       (o == OUTCOME_BUILD_FAILED || o == OUTCOME_UNSATISFIABLE);
	return o == OUTCOME_BUILD_FAILED || o == OUTCOME_TESTS_FAILED ||
	       (o == OUTCOME_UNSATISFIABLE &&
		       r->probe.diagnosis.class == DIAGNOSIS_TOOLCHAIN_TOO_NEW);
}

static int
do_time(void *ctx, json_t **ret_result, struct dd_err *err)
{
	(void)ctx;
	(void)err;
	*ret_result = json_pack("{s:I}", "ns", (json_int_t)clock_real_ns());
	return 0;
}

/* Journalled, so that a resumed run decides the same. */
static int
is_over(struct fixing *f, bool *ret, struct dd_err *err)
{
	OWN_FREE char *key = mem_printf("fix/%lld/time", (long long)f->n);
	OWN_JSON json_t *now = NULL;
	int64_t limit_ms = f->run->options.fix_ms;
	*ret = false;
	if (!limit_ms)
		return 0;
	int rc = journal_step(f->run->journal, key, do_time, f, &now, err);
	int64_t ns = json_integer_value(json_object_get(now, "ns"));
	*ret = rc == 0 && (ns - f->run->options.created_ns) / 1000000 > limit_ms;
	return rc;
}

static bool
any_fails(const struct case_result_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].status == TEST_FAILED || l->v[i].status == TEST_ERROR)
			return true;
	return false;
}

bool
fix_stands(const struct fixing *f)
{
	enum run_outcome o = fix_best(f)->probe.outcome;
	return (o == OUTCOME_UP || o == OUTCOME_BUILT) && !any_fails(&f->cases);
}

static bool
is_kept(const struct fixing *f)
{
	return f->attempt && f->attempt->verdict == VERDICT_KEPT;
}

/* It failed when the aim was set, or did not run as nothing was built, and passes now. */
static bool
is_mended(const struct fixing *f, const char *id)
{
	const struct case_result *is = fix_find_case(&f->cases, id),
				 *was = fix_find_case(&f->at_aim, id),
				 *build = fix_find_case(&f->at_aim, "build");
	if (!is || is->status != TEST_PASSED)
		return false;
	const struct case_result *before = was ? was : build;
	return before && (before->status == TEST_FAILED || before->status == TEST_ERROR);
}

/* A rule does not say that a task is done: a case that the task names does, and nothing fails any more. */
static bool
shows(const struct fixing *f)
{
	bool mended = false;
	for (size_t i = 0; f->aim.tests && i < f->aim.tests->n; i++) {
		const char *name = f->aim.tests->v[i];
		bool whole = str_starts(str_of(name), "test/");
		OWN_FREE char *id = mem_printf("test/%s", name);
		mended = mended || is_mended(f, id) || (whole && is_mended(f, name));
	}
	return mended && fix_stands(f);
}

/* One attempt of an author: *ret_idle, there is nothing more that it could do now. */
static int
try_author(struct fixing *f, enum fix_author author, bool *ret_idle, struct dd_err *err)
{
	bool over = false;
	f->n++;
	f->attempt = NULL;
	f->author = author;
	f->model = author == AUTHOR_MODEL ? fix_models_author(f->models) : NULL;
	*ret_idle = true;
	if (author == AUTHOR_MODEL && !f->model)
		return 0;
	int rc = is_over(f, &over, err);
	if (rc == 0 && over)
		f->r->outcome = FIX_BUDGET;
	if (rc < 0 || over)
		return rc;
	if (author == AUTHOR_MODEL)
		rc = fix_take_guidance(f, err);
	if (rc == 0)
		rc = attempt(f, err);
	if (rc == 0 && author == AUTHOR_MODEL)
		*ret_idle = fix_take_answer(f);
	if (f->pick ||
		f->aim.attacks) /* what is kept shows it; it has no line of conflict any more */
		f->reached = is_kept(f);
	if (rc == 0 && author != AUTHOR_MODEL && f->aim.task && is_kept(f))
		f->reached = shows(f);
	return rc;
}

/* Each author until it has nothing to propose that is kept; after a change the others again. */
int
fix_reach(struct fixing *f, struct dd_err *err)
{
	bool idle[AUTHOR_END] = {0};
	int rc = 0;
	for (int a = 0; rc == 0 && a < AUTHOR_END && f->n < f->first + MAX_ATTEMPTS;) {
		if (idle[a] || !is_for(f, (enum fix_author)a)) {
			a++;
			continue;
		}
		rc = try_author(f, (enum fix_author)a, &idle[a], err);
		if (rc == 0 && !f->pick && !f->aim.attacks && !f->r->conflict.left.n &&
			flips_contradiction(&f->r->flips, &f->r->conflict))
			f->r->outcome = FIX_CONTRADICTORY;
		if (f->r->outcome != FIX_NONE || f->waits)
			break;
		if (f->aim.task && f->reached)
			break;
		if (rc == 0 && is_kept(f)) {
			memset(idle, 0, sizeof(idle));
			a = 0;
		}
	}
	if (rc == 0 && f->r->outcome == FIX_CONTRADICTORY)
		rc = fix_gate_sides(f, err);
	return rc;
}

int
fix_try_pick(struct fixing *f, struct dd_err *err)
{
	bool idle = false;
	return try_author(f, AUTHOR_MERGE, &idle, err);
}

int
fix_try_again(struct fixing *f, int64_t which, bool *ret_kept, struct dd_err *err)
{
	const struct fix_attempt *a = fix_attempt_of(f, which);
	f->n++;
	f->author = a->author;
	f->again = which;
	int rc = f->author == AUTHOR_MODEL && !a->review ? fix_take_guidance(f, err) : 0;
	if (rc == 0)
		rc = attempt(f, err);
	f->again = 0;
	*ret_kept = rc == 0 && is_kept(f);
	return rc;
}

int
fix_take_up(struct fixing *f, int64_t which, struct dd_err *err)
{
	bool kept;
	int rc = fix_try_again(f, which, &kept, err);
	if (rc < 0 || f->waits)
		return rc;
	if (f->author == AUTHOR_MODEL)
		(void)fix_take_answer(f);
	else
		f->reached = kept && shows(f);
	return f->reached ? 0 : fix_reach(f, err);
}

void
fix_aim_at(struct fixing *f, const struct fix_aim *aim)
{
	f->aim = *aim;
	f->first = f->n;
	f->reached = f->smaller = f->waits = false;
	strlist_cleanup(&f->tried);
	case_result_list_cleanup(&f->at_aim);
	case_result_list_copy(&f->at_aim, &f->cases);
	if (f->models)
		f->models->rung = (size_t)(f->models->candidates = 0);
	if (f->r->outcome == FIX_CONTRADICTORY)
		f->r->outcome = FIX_NONE;
	if (f->r->conflict.left.n) /* its sides are of what was remembered */
		return;
	fix_forget(f);
	fix_remember(f, &f->cases, NULL);
}

void
fix_drop_kept(struct fixing *f)
{
	for (size_t i = 0; i < f->r->attempts.n; i++)
		if (f->r->attempts.v[i].verdict == VERDICT_KEPT)
			f->r->attempts.v[i].verdict = VERDICT_DROPPED;
	strlist_cleanup(&f->r->layers);
	strlist_cleanup(&f->r->authors);
	if (f->has_best)
		standup_result_cleanup(&f->best);
	f->has_best = false;
	f->best_n = 0;
	case_result_list_cleanup(&f->cases);
	cases_of(&f->before, &f->cases);
}

/* Cases as they were at the beginning: those of the units that attempts looked at, too. */
void
fix_gather(struct fixing *f)
{
	struct fix_result *r = f->r;
	struct case_result_list first = {0};
	cases_of(&f->before, &first);
	for (size_t i = 0; i < r->attempts.n; i++) {
		const json_t *units = json_object_get(r->attempts.v[i].proposed, "units");
		add_units(&first, units, "before");
	}
	case_result_list_cleanup(&r->was);
	r->was = first;
	case_result_list_cleanup(&r->is);
	case_result_list_copy(&r->is, &f->cases);
	r->before = f->before.probe.outcome;
	r->after = fix_best(f)->probe.outcome;
	const struct diagnosis *d = &fix_best(f)->probe.diagnosis;
	bool stopped = f->stopped && (r->outcome == FIX_BUDGET || r->outcome == FIX_BLOCKED);
	r->why = stopped ? mem_strdup(f->stopped) : d->text ? mem_strdup(d->text) : NULL;
	r->name = mem_strdup(f->before.source.name);
	r->digest = mem_strdup(f->before.source.digest);
}

static int
settle_layers(void *ctx, struct dd_err *err)
{
	const struct fixing *f = ctx;
	return layer_settle(f->st, err);
}

void
fix_use_journal(struct fixing *f, struct journal *j)
{
	f->run->journal = j;
	journal_set_barrier(j, settle_layers, f);
}

int
fix_begin(struct fixing *f, struct dd_err *err)
{
	fix_use_journal(f, f->run->journal);
	int rc = fix_take_head(f, err);
	if (rc == 0)
		rc = fix_open_models(f, err);
	if (rc == 0)
		rc = fix_stand_up_part(f, "before", f->given, &f->before, err);
	if (rc == 0)
		cases_of(&f->before, &f->cases);
	return rc;
}

int
fix_in_session(struct fixing *f, int (*body)(struct fixing *f, struct dd_err *err), int *ret_status)
{
	OWN(dd_err) struct dd_err err = {0};
	const char *id = f->run->id;
	OWN_FREE char *words = mem_printf("drydock: stopped; go on with: drydock resume %s\n", id);
	session_set_last_words(NULL, words);
	int rc = body(f, &err);
	session_set_last_words(NULL, NULL);
	if (rc == -DD_ESTOPPED) {
		fprintf(stderr, "%s", words);
		*ret_status = EXIT_RESUMABLE;
	} else if (rc < 0) {
		(void)cli_fail(0, &err);
		fprintf(stderr, "drydock: when the cause is gone: drydock resume %s\n", id);
		*ret_status = cli_status_of(&err);
	}
	return rc;
}

void
fixing_cleanup(struct fixing *f)
{
	standup_result_cleanup(&f->before);
	if (f->has_best)
		standup_result_cleanup(&f->best);
	case_result_list_cleanup(&f->cases);
	case_result_list_cleanup(&f->at_aim);
	question_list_cleanup(&f->asked);
	fix_models_close(f->models);
	json_decref(f->guidance);
	json_decref(f->head);
	strlist_cleanup(&f->tried);
	free(f->stopped);
	free(f->owner);
}
