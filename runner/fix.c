#include "runner/fix.h"

#include "agents/inventory.h"
#include "agents/loop.h"
#include "base/fs.h"
#include "base/git_write.h"
#include "base/log.h"
#include "runner/fix_report.h"
#include "runner/session.h"
#include "runner/verdict.h"

#include <string.h>

#define MAX_ATTEMPTS 8

struct fixing {
	const struct state *st;
	struct run *run;
	struct answers *answers;
	char *owner;
	struct fix_result *r;
	struct standup_result before, best; /* best: with all that was kept; none: before is */
	bool has_best;
	struct case_result_list cases;	  /* of best, compiled units included */
	const struct standup_result *now; /* what is being judged */
	int side;			  /* whose branch is being made */
	struct fix_attempt *attempt;
	enum fix_author author;
	int64_t n;
};

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
		.limits = o->limits,
		.time_ms = o->time_ms,
		.silence_ms = o->silence_ms,
		.given = given,
		.created_ns = o->created_ns};
}

static int
stand_up(struct fixing *f, const char *name, json_t *given, struct standup_result *ret,
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

static bool
is_built(const struct standup_result *r)
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
	add_case(ret, "", "build", is_built(r) ? TEST_PASSED : TEST_FAILED);
	for (size_t i = 0; i < r->probe.tests.cases.n; i++)
		add_case(ret, "test/", r->probe.tests.cases.v[i].id,
			r->probe.tests.cases.v[i].status);
}

#define COMPILE "compile/" /* begins the id of the case that a source compiles */

static struct case_result *
find_case(const struct case_result_list *l, const char *id)
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
		struct case_result *c = find_case(l, id);
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

static const struct standup_result *
best_of(const struct fixing *f)
{
	return f->has_best ? &f->best : &f->before;
}

static int
do_propose(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct fixing *f = ctx;
	const struct standup_result *r = best_of(f);
	OWN(strlist) struct strlist env = {0}, missing = {0};
	OWN_FREE char *name = mem_printf("%s %lld", f->run->id, (long long)f->n);
	OWN_FREE char *log_name = mem_printf("logs/attempt-%lld.log", (long long)f->n);
	OWN_FREE char *log = run_path(f->run, log_name);
	struct recipe recipe = {0};
	struct stack work = {0};
	standup_recipe(f->run, r, f->answers, &recipe);
	standup_environment(&recipe, f->answers, &env, &missing);
	source_stack(&r->source, &work);
	const struct fix_ground g = {.state = f->st,
		.owner = f->owner,
		.root = &r->probe.root,
		.work = &work,
		.commands = &r->probe.project.commands,
		.env = (const char *const *)env.v,
		.strict = f->run->options.strict,
		.name = name,
		.log_path = log};
	int rc = fix_propose(&g, f->author, ret_result, err);
	stack_cleanup(&work);
	recipe_cleanup(&recipe);
	return rc;
}

/* The layers kept so far and one more. */
static json_t *
source_with(const struct fixing *f, const char *layer)
{
	json_t *given = json_encode(source_fields, &f->before.source);
	json_t *changes = json_from_strings(&f->r->layers);
	if (layer)
		json_array_append_new(changes, json_string(layer));
	json_object_set_new(given, "changes", changes);
	return given;
}

static int
do_look(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct fixing *f = ctx;
	struct stack below = {0};
	OWN(strlist) struct strlist layers = {0};
	OWN(buf) struct buf patch = {0};
	const char *layer = json_string_value(json_object_get(f->attempt->proposed, "layer"));
	source_stack(&best_of(f)->source, &below);
	strlist_add(&layers, layer);
	int rc = fix_changes(f->st, &below, &layers, ret_result, &patch, err);
	stack_cleanup(&below);
	return rc;
}

static void
pass(struct fix_attempt *a, enum gate gate, bool passed)
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

/* All authors here are rules. */
static bool
is_tampered(const json_t *findings)
{
	size_t i;
	json_t *one;
	json_array_foreach (findings, i, one)
		if (inventory_is_reason(one, true))
			return true;
	return false;
}

/* On the packages that it was tested with. */
static int
do_judge(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct fixing *f = ctx;
	const struct standup_result *now = f->now;
	OWN(strlist) struct strlist env = {0}, missing = {0};
	struct recipe recipe = {0};
	struct stack work = {0};
	standup_recipe(f->run, now, f->answers, &recipe);
	standup_environment(&recipe, f->answers, &env, &missing);
	source_stack(&best_of(f)->source, &work);
	const struct fix_ground g = {.state = f->st,
		.owner = f->owner,
		.root = &now->probe.root,
		.work = &work,
		.commands = &now->probe.project.commands,
		.env = (const char *const *)env.v};
	enum run_outcome o = now->probe.outcome;
	int rc = fix_judge(&g, json_string_value(json_object_get(f->attempt->proposed, "layer")),
		o == OUTCOME_UP || o == OUTCOME_BUILT, f->author <= AUTHOR_C, ret_result, err);
	stack_cleanup(&work);
	recipe_cleanup(&recipe);
	return rc;
}

/* What is to be kept may still only look like a repair.  Without tests there is nothing to look at. */
static int
is_honest(struct fixing *f, const struct standup_result *now, bool *ret, struct dd_err *err)
{
	struct fix_attempt *a = f->attempt;
	OWN_FREE char *key = mem_printf("fix/%lld/judge", (long long)f->n);
	*ret = true;
	if (!command_list_has(&now->probe.project.commands, PHASE_TEST))
		return 0;
	f->now = now;
	int rc = journal_step(f->run->journal, key, do_judge, f, &a->judged, err);
	*ret = rc == 0 && !json_array_size(json_object_get(a->judged, "findings"));
	pass(a, GATE_JUDGED, *ret);
	return rc;
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
	f->attempt->verdict = VERDICT_KEPT;
}

/* ---- oscillation ---- */

/* What was stood up, and how its cases ended; layer NULL: nothing but what is kept. */
static void
remember(struct fixing *f, const struct case_result_list *cases, const char *layer)
{
	struct fix_result *r = f->r;
	OWN(strlist) struct strlist files = {0};
	size_t i;
	json_t *file;
	if (layer)
		json_array_foreach (json_object_get(f->attempt->changes, "files"), i, file)
			strlist_add(&files, json_string_value(json_object_get(file, "path")));
	flips_add(&r->flips, cases, &files, NULL);
	r->sides = mem_grow(r->sides, r->nsides, &r->sides_cap, sizeof(*r->sides));
	struct fix_side *side = &r->sides[r->nsides++];
	*side = (struct fix_side){.kept = r->layers.n};
	strlist_copy(&side->layers, &r->layers);
	if (layer)
		strlist_add(&side->layers, layer);
}

/* What the change gives, against what there was. */
static int
judge(struct fixing *f, struct dd_err *err)
{
	struct fix_attempt *a = f->attempt;
	const json_t *units = json_object_get(a->proposed, "units");
	OWN_FREE char *name = mem_printf("attempt-%lld", (long long)f->n);
	OWN_JSON json_t *given =
		source_with(f, json_string_value(json_object_get(a->proposed, "layer")));
	struct standup_result now = {0};
	struct case_result_list was = {0}, is = {0};
	struct comparison c = {0};
	int rc = stand_up(f, name, given, &now, err);
	if (rc < 0)
		return rc;
	case_result_list_copy(&was, &f->cases);
	add_units(&was, units, "before");
	cases_of(&now, &is);
	add_compiled(&is, &was);
	add_units(&is, units, "after");
	loop_compare(&was, &is, &c);
	remember(f, &is, json_string_value(json_object_get(a->proposed, "layer")));
	pass(a, GATE_BUILDS, is_built(&now));
	pass(a, GATE_TESTS, !c.worse.n);
	strlist_copy(&a->worse, &c.worse);
	strlist_copy(&a->better, &c.better);
	a->verdict = VERDICT_DROPPED;
	bool good = !c.worse.n && c.better.n;
	if (good)
		rc = is_honest(f, &now, &good, err);
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
	a->author = f->author;
	a->verdict = VERDICT_NOTHING;
	int rc = journal_step(f->run->journal, propose, do_propose, f, &a->proposed, err);
	if (rc < 0 || !json_is_string(json_object_get(a->proposed, "layer")))
		return rc;
	rc = journal_step(f->run->journal, looked, do_look, f, &a->changes, err);
	if (rc < 0)
		return rc;
	pass(a, GATE_PARSES, true); /* an edit that breaks a file is refused when it is made */
	pass(a, GATE_UNTAMPERED, !is_tampered(json_object_get(a->changes, "findings")));
	pass(a, GATE_SYMBOLS, !has_changed_symbols(json_object_get(a->proposed, "units")));
	a->verdict = VERDICT_DROPPED;
	if (a->gates[GATE_UNTAMPERED] == GATE_FAILED || a->gates[GATE_SYMBOLS] == GATE_FAILED)
		return 0;
	return judge(f, err);
}

/* ---- the loop ---- */

static bool
is_for(const struct fixing *f, enum fix_author author)
{
	const struct standup_result *r = best_of(f);
	enum run_outcome o = r->probe.outcome;
	if (author == AUTHOR_C)
		return r->probe.project.commands.n &&
		       (o == OUTCOME_BUILD_FAILED || f->run->options.strict);
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

/* Each author until it has nothing to propose that is kept; after a change the others again. */
static int
improve(struct fixing *f, struct dd_err *err)
{
	bool idle[AUTHOR_END] = {0};
	int rc = 0;
	for (int a = 0; rc == 0 && a < AUTHOR_END && f->n < MAX_ATTEMPTS;) {
		bool over = false;
		if (idle[a] || !is_for(f, (enum fix_author)a)) {
			a++;
			continue;
		}
		f->n++;
		f->author = (enum fix_author)a;
		rc = is_over(f, &over, err);
		if (rc < 0)
			return rc;
		if (over) {
			f->r->outcome = FIX_BUDGET;
			return 0;
		}
		rc = attempt(f, err);
		if (rc == 0 && flips_contradiction(&f->r->flips, &f->r->conflict)) {
			f->r->outcome = FIX_CONTRADICTORY;
			return 0;
		}
		if (rc == 0 && f->attempt->verdict != VERDICT_KEPT) {
			idle[a] = true;
		} else if (rc == 0) {
			memset(idle, 0, sizeof(idle));
			a = 0;
		}
	}
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

static enum fix_outcome
conclude(const struct fixing *f)
{
	enum run_outcome o = best_of(f)->probe.outcome;
	bool good = (o == OUTCOME_UP || o == OUTCOME_BUILT) && !any_fails(&f->cases);
	if (f->r->outcome != FIX_NONE)
		return f->r->outcome;
	if (f->r->layers.n)
		return good ? FIX_FIXED : FIX_IMPROVED;
	if (o == OUTCOME_BLOCKED || o == OUTCOME_UNSATISFIABLE)
		return FIX_BLOCKED;
	bool tried = f->r->attempts.n &&
		     f->r->attempts.v[f->r->attempts.n - 1].verdict == VERDICT_DROPPED;
	const json_t *left =
		f->r->attempts.n
			? json_object_get(f->r->attempts.v[f->r->attempts.n - 1].proposed, "left")
			: NULL;
	return good && !tried && !json_array_size(left) ? FIX_CLEAN : FIX_STUCK;
}

/* ---- what it gives ---- */

static int
do_patch(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct fixing *f = ctx;
	struct stack below = {0};
	OWN(buf) struct buf patch = {0};
	OWN_FREE char *path = run_path(f->run, "fix.patch");
	stack_push(&below, f->before.source.layer);
	int rc = fix_changes(f->st, &below, &f->r->layers, ret_result, &patch, err);
	stack_cleanup(&below);
	if (rc == 0)
		rc = fs_write_atomic(path, buf_str(&patch), 0600, err);
	return rc;
}

static bool
is_local(const struct run *run)
{
	return run->options.source[0] == '/' && fs_is_dir(run->options.source);
}

/* A repository that cannot take it gets none, and the result says why. */
static int
put_branch(const struct fixing *f, const char *branch, const struct strlist *layers,
	const struct strlist *messages, json_t **ret_result, struct dd_err *err)
{
	struct stack below = {0};
	struct gitrepo_object_list objects = {0};
	OWN(dd_err) struct dd_err why = {0};
	OWN_FREE char *commit = NULL, *scratch = run_path(f->run, "objects");
	stack_push(&below, f->before.source.layer);
	int rc = fix_commits(f->st, f->run->options.source, &below, layers, messages,
		f->run->options.created_ns / 1000000000, &objects, &commit, &why);
	if (rc == 0)
		rc = gitrepo_put_branch(
			f->run->options.source, &objects, commit, branch, scratch, &why);
	gitrepo_object_list_cleanup(&objects);
	stack_cleanup(&below);
	if (rc == -DD_ESTOPPED || rc == -DD_ELIMIT)
		return err_move(err, &why);
	*ret_result = json_pack("{s:s?, s:s?, s:o*}", "branch", rc == 0 ? branch : NULL, "commit",
		rc == 0 ? commit : NULL, "why", rc < 0 ? json_text(str_of(err_msg(&why))) : NULL);
	return 0;
}

static int
do_branch(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct fixing *f = ctx;
	OWN(strlist) struct strlist messages = {0};
	OWN_FREE char *branch = mem_printf("drydock/%s", f->run->id);
	for (size_t i = 0; i < f->r->layers.n; i++) {
		OWN_FREE char *m = fix_commit_message(f->run, f->r, i);
		strlist_add(&messages, m);
	}
	return put_branch(f, branch, &f->r->layers, &messages, ret_result, err);
}

/* The branch of one side of a conflict. */
static int
do_side(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct fixing *f = ctx;
	const struct fix_result *r = f->r;
	const struct fix_side *side =
		&r->sides[f->side ? r->conflict.right_by : r->conflict.left_by];
	OWN(strlist) struct strlist messages = {0};
	OWN_FREE char *branch = mem_printf("drydock/%s-%s", f->run->id, f->side ? "b" : "a"),
		      *own = fix_side_message(f->run, r, f->side);
	if (!side->layers.n) {
		*ret_result = json_pack("{s:s}", "why", "the source as it is");
		return 0;
	}
	for (size_t i = 0; i < side->layers.n; i++) {
		OWN_FREE char *m = fix_commit_message(f->run, r, i);
		strlist_add(&messages, i < side->kept ? m : own);
	}
	return put_branch(f, branch, &side->layers, &messages, ret_result, err);
}

static int
put_sides(struct fixing *f, struct dd_err *err)
{
	int rc = 0;
	for (f->side = 0; rc == 0 && f->side < 2; f->side++)
		rc = journal_step(f->run->journal, f->side ? "fix/side/b" : "fix/side/a", do_side,
			f, &f->r->branches[f->side], err);
	return rc;
}

static int
hand_over(struct fixing *f, struct dd_err *err)
{
	struct journal *j = f->run->journal;
	const struct run_options *o = &f->run->options;
	int rc =
		f->r->layers.n ? journal_step(j, "fix/patch", do_patch, f, &f->r->changes, err) : 0;
	if (rc == 0 && f->r->layers.n && is_local(f->run) && !o->no_branch)
		rc = journal_step(j, "fix/branch", do_branch, f, &f->r->branch, err);
	if (rc == 0 && f->r->conflict.left.n && is_local(f->run) && !o->no_branch)
		rc = put_sides(f, err);
	return rc < 0 ? rc : fix_write_results(f->run, f->r, err);
}

/* Cases as they were at the beginning: those of the units that attempts looked at, too. */
static void
gather_cases(struct fixing *f)
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
	r->after = best_of(f)->probe.outcome;
	const struct diagnosis *d = &best_of(f)->probe.diagnosis;
	r->why = d->text ? mem_strdup(d->text) : NULL;
	r->name = mem_strdup(f->before.source.name);
	r->digest = mem_strdup(f->before.source.digest);
}

static int
settle_layers(void *ctx, struct dd_err *err)
{
	const struct fixing *f = ctx;
	return layer_settle(f->st, err);
}

static int
do_fix(struct fixing *f, struct dd_err *err)
{
	journal_set_barrier(f->run->journal, settle_layers, f);
	int rc = stand_up(f, "before", NULL, &f->before, err);
	if (rc < 0)
		return rc;
	cases_of(&f->before, &f->cases);
	remember(f, &f->cases, NULL);
	rc = improve(f, err);
	if (rc < 0)
		return rc;
	f->r->outcome = conclude(f);
	gather_cases(f);
	rc = hand_over(f, err);
	OWN_JSON json_t *outcome = json_pack("{s:s, s:s}", "name", run_outcome_names[f->r->after],
		"fix", fix_outcome_names[f->r->outcome]);
	return rc < 0 ? rc : journal_set(f->run->journal, "outcome", outcome, err);
}

static int
exit_status(enum fix_outcome o)
{
	return o == FIX_FIXED || o == FIX_CLEAN ? EXIT_DONE
	       : o == FIX_BUDGET		? EXIT_RESUMABLE
						: EXIT_TARGET_FAILED;
}

int
fix_run(const struct cli_call *call, struct state *st, struct run *run, struct answers *answers)
{
	const struct common_options *common = call->options;
	OWN(dd_err) struct dd_err err = {0};
	struct fix_result r = {0};
	OWN_FREE char *owner = run_owner(run);
	OWN_FREE char *words =
		mem_printf("drydock: stopped; go on with: drydock resume %s\n", run->id);
	struct fixing f = {.st = st, .run = run, .answers = answers, .owner = owner, .r = &r};
	st->limits = limit_options_to_pod(&run->options.limits);
	session_set_last_words(NULL, words);
	int rc = do_fix(&f, &err);
	session_set_last_words(NULL, NULL);
	int status = exit_status(r.outcome);
	if (rc == -DD_ESTOPPED) {
		fprintf(stderr, "%s", words);
		status = EXIT_RESUMABLE;
	} else if (rc < 0) {
		(void)cli_fail(0, &err);
		fprintf(stderr, "drydock: when the cause is gone: drydock resume %s\n", run->id);
		status = cli_status_of(&err);
	} else {
		fix_print(run, &r, answers, common->json);
	}
	standup_result_cleanup(&f.before);
	if (f.has_best)
		standup_result_cleanup(&f.best);
	case_result_list_cleanup(&f.cases);
	fix_result_cleanup(&r);
	return status;
}
