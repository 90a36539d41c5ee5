/* What a failed build or test run means: outcome, diagnosis, questions. */
#include "envprobe/loop.h"

#include "envprobe/files.h"
#include "envprobe/own.h"
#include "envprobe/removed.h"
#include "envprobe/resolve.h"
#include "envprobe/spare.h"

#include <string.h>

static enum run_outcome
set_diagnosis(struct diagnosis *d, enum run_outcome outcome, enum diagnosis_class class, char *text,
	const char *where, const char *way_out)
{
	diagnosis_cleanup(d);
	d->class = class;
	d->text = text;
	d->where = where ? mem_strdup(where) : NULL;
	d->way_out = way_out ? mem_strdup(way_out) : NULL;
	return outcome;
}

static void
diagnose(struct loop *l, enum run_outcome outcome, enum diagnosis_class class, char *text,
	const char *where, const char *way_out)
{
	l->r->outcome = set_diagnosis(&l->r->diagnosis, outcome, class, text, where, way_out);
}

/* The question's id: as the answers file has it, else as the name suggests. */
static char *
variable_id(const struct loop *l, const char *name)
{
	OWN_FREE char *plain = mem_printf("env:%s", name), *secret = mem_printf("secret:%s", name);
	if (answers_get(l->spec->answers, secret, NULL) != ANSWER_NONE)
		return TAKE(secret);
	if (answers_get(l->spec->answers, plain, NULL) != ANSWER_NONE)
		return TAKE(plain);
	return answers_is_secret(NULL, plain) ? TAKE(secret) : TAKE(plain);
}

static struct question *
new_variable_question(struct loop *l, const char *id, const char *name, bool secret)
{
	struct question *q = question_list_add(&l->r->questions);
	q->id = mem_strdup(id);
	q->kind = str_starts(str_of(id), "secret:") ? Q_SECRET : Q_ENV;
	q->secret = secret;
	q->text = mem_printf("What is the value of the environment variable %s?", name);
	q->unlocks = mem_strdup("the steps that read it");
	return q;
}

static void
export_variable(struct loop *l, const char *name, const char *value, const struct question *q)
{
	struct env_var *e = env_var_list_add(&l->r->environment);
	e->name = mem_strdup(name);
	e->question = mem_strdup(q->id);
	e->value = q->secret ? NULL : mem_strdup(value);
	e->why = q->where ? mem_printf("read at %s", q->where) : mem_strdup(q->why);
	strlist_set_env(&l->env, name, value);
}

bool
loop_ask_variable(
	struct loop *l, const char *name, const char *where, const char *why, bool blocking)
{
	OWN_FREE char *id = variable_id(l, name);
	const char *value = NULL;
	if (env_var_list_find(&l->r->environment, name))
		return false;
	enum answer_state state = answers_get(l->spec->answers, id, &value);
	struct question *q = question_list_find(&l->r->questions, id);
	bool known = q != NULL;
	if (!known)
		q = new_variable_question(l, id, name, answers_is_secret(l->spec->answers, id));
	if (!q->where && where)
		q->where = mem_strdup(where);
	if (!known || (blocking && !q->blocking)) { /* what a step said counts more */
		free(q->why);
		q->why = mem_strdup(why);
	}
	q->blocking = (q->blocking || blocking) && state == ANSWER_NONE;
	if (state != ANSWER_GIVEN)
		return false;
	export_variable(l, name, value, q);
	return true;
}

/* ---- blocked ---- */

static enum run_outcome
blocked_by(const struct question *q, struct diagnosis *ret)
{
	return set_diagnosis(ret, OUTCOME_BLOCKED, DIAGNOSIS_NEEDS_ANSWER,
		mem_printf("it needs an answer: %s", q->text), q->where,
		"write the answer to an answers file under the question's id and resume");
}

/* What the loop waits for; NULL. */
static const struct question *
unanswered(const struct loop *l)
{
	const struct question *q = prompter_unanswered(&l->prompter);
	return q ? q : question_list_blocking(&l->r->questions);
}

/* ---- a failed build ---- */

/* A need the log names that nothing provides. */
static const struct problem *
unprovided(const struct loop *l)
{
	for (size_t i = 0; i < l->problems.n; i++) {
		struct need n;
		if (!problem_to_need(&l->problems.v[i], &n))
			continue;
		struct resolution r = resolve_need(l->index, &n);
		bool none = r.package == NULL;
		need_cleanup(&n);
		resolution_cleanup(&r);
		if (none)
			return &l->problems.v[i];
	}
	return NULL;
}

/* What ended a command that did not end by itself. */
static const struct limit {
	enum exec_cause cause;
	const char *text, *way_out;
} limits[] = {
	{CAUSE_TIME, "took longer than its time limit",
		"give it more with --time, if it does not loop"},
	{CAUSE_SILENCE, "printed nothing for longer than its silence limit",
		"see the end of the log for what it waits for; give it more time with --silence"},
	{CAUSE_MEMORY, "needed more than its memory limit", "give it more with --memory"},
	{CAUSE_PIDS, "started more processes than its limit", "give it more with --pids"},
	{CAUSE_DISK, "wrote more than its disk limit", "give it more with --disk"},
};

static const struct limit *
find_limit(enum exec_cause cause)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++)
		if (limits[i].cause == cause)
			return &limits[i];
	return NULL;
}

enum run_outcome
probe_judge_build(const char *failed, enum exec_cause cause, const struct question *waits_for,
	struct diagnosis *ret)
{
	if (waits_for)
		return blocked_by(waits_for, ret);
	const struct limit *limit = find_limit(cause);
	if (limit)
		return set_diagnosis(ret, OUTCOME_BUILD_FAILED, DIAGNOSIS_LIMIT,
			mem_printf("\"%s\" was ended: it %s", failed, limit->text), failed,
			limit->way_out);
	return set_diagnosis(ret, OUTCOME_BUILD_FAILED, DIAGNOSIS_BUILD_FAILED,
		mem_printf("the command failed: %s", failed), failed,
		"drydock logs shows what it printed");
}

static char *
way_out_of_version(const struct need *n, const char *has)
{
	if (n->origin)
		return mem_printf(
			"put it into the tree and name it by path, or add a package source that has %s%s",
			has ? n->version : "it",
			has ? "; or ask for the version that there is" : "");
	if (!has)
		return mem_strdup("add a package source that has it");
	if (n->kind != NEED_PROGRAM)
		return mem_printf(
			"accept %s %s, if the source can do with it, or add a package source "
			"that has %s",
			n->name, has, n->version);
	return mem_printf(
		"add a package source that has it; or answer decision:version-%s with try, "
		"if the source can do with %s",
		n->name, has);
}

/* "crate serde 1.0 of https://..." */
static char *
describe_need(const struct need *n)
{
	return mem_printf("%s %s%s%s%s%s", need_kind_names[n->kind], n->name, n->version ? " " : "",
		n->version ? n->version : "", n->origin ? " of " : "", n->origin ? n->origin : "");
}

/* Can what is declared be held against the sources before anything is installed? */
static bool
is_judged(const struct need *n)
{
	bool bound = n->version || n->origin;
	return bound && !n->optional && (n->kind == NEED_CRATE || n->kind == NEED_PROGRAM);
}

bool
loop_judge_declared(struct loop *l)
{
	for (size_t i = 0; i < l->r->project.needs.n; i++) {
		const struct need *n = &l->r->project.needs.v[i];
		if (!is_judged(n))
			continue;
		struct resolution r = resolve_need(l->index, n);
		OWN_FREE char *has = r.nearest ? mem_strdup(r.nearest) : NULL;
		bool none = !r.package && (has || n->kind == NEED_CRATE);
		resolution_cleanup(&r);
		if (!none)
			continue;
		OWN_FREE char *way = way_out_of_version(n, has), *what = describe_need(n);
		diagnose(l, OUTCOME_UNSATISFIABLE,
			has ? DIAGNOSIS_NO_VERSION : DIAGNOSIS_NO_PROVIDER,
			has ? mem_printf(
				      "it needs the %s; this machine's sources have %s", what, has)
			    : mem_printf(
				      "it needs the %s, which no package of this machine's sources provides",
				      what),
			n->why, way);
		return true;
	}
	return false;
}

/* The source is of a time before the toolchain. */
static bool
judge_removed(struct loop *l)
{
	struct removed r;
	if (!removed_find(&l->problems, &r))
		return false;
	OWN_FREE char *package = str_dup(r.package);
	OWN_FREE char *has = pkgindex_version(l->index, package);
	OWN_FREE char *way =
		mem_printf(STR_FMT " older than " STR_FMT ", or a source that is mended",
			STR_ARG(r.toolchain), STR_ARG(r.since));
	diagnose(l, OUTCOME_UNSATISFIABLE, DIAGNOSIS_TOOLCHAIN_TOO_NEW,
		mem_printf("it uses %s, which " STR_FMT " has not had since version " STR_FMT
			   "; this machine's sources have %s",
			r.problem->name, STR_ARG(r.toolchain), STR_ARG(r.since),
			has ? has : "none"),
		r.problem->text, way);
	return true;
}

void
loop_judge_build(struct loop *l)
{
	const struct problem *compile = problem_first(&l->problems, PROBLEM_COMPILE);
	const struct problem *none = unprovided(l);
	l->r->outcome = probe_judge_build(
		l->failed ? l->failed : "", l->cause, unanswered(l), &l->r->diagnosis);
	if (l->r->diagnosis.class != DIAGNOSIS_BUILD_FAILED)
		return;
	if (judge_removed(l))
		return;
	if (none && (!compile || none->line <= compile->line)) {
		/* Which classes a jar has is in no list. */
		const char *whose = none->kind == (enum problem_kind)NEED_JAVA
					    ? "jar of this machine's sources is known for"
					    : "package of this machine's sources provides";
		diagnose(l, OUTCOME_UNSATISFIABLE, DIAGNOSIS_NO_PROVIDER,
			mem_printf("it needs the %s %s, which no %s",
				problem_kind_names[none->kind], none->name, whose),
			none->text,
			"add a package source that has it, or build it and put it into an image");
		return;
	}
	if (compile) {
		diagnose(l, OUTCOME_BUILD_FAILED, DIAGNOSIS_COMPILE_ERROR,
			mem_printf("the source does not compile: %s", compile->text), compile->name,
			"mend the source, or use the compiler it was written for");
	}
}

void
loop_succeed(struct loop *l, enum run_outcome outcome)
{
	l->r->outcome = outcome;
	diagnosis_cleanup(&l->r->diagnosis); /* of an earlier attempt */
	files_forget(l);
	for (size_t i = 0; i < l->r->questions.n; i++)
		l->r->questions.v[i].blocking = false;
}

/* ---- tests ---- */

static const char *
first_failed(const struct test_run *t)
{
	for (size_t i = 0; i < t->cases.n; i++)
		if (t->cases.v[i].status == TEST_FAILED || t->cases.v[i].status == TEST_ERROR)
			return t->cases.v[i].id;
	return NULL;
}

enum run_outcome
probe_judge_tests(const struct test_run *t, enum exec_cause cause, const struct question *waits_for,
	struct diagnosis *ret)
{
	const struct limit *limit = find_limit(cause);
	diagnosis_cleanup(ret);
	if (t->failed == 0 && t->passed > 0 && !limit)
		return OUTCOME_UP;
	if (waits_for)
		return blocked_by(waits_for, ret);
	if (limit && t->ended)
		return set_diagnosis(ret, OUTCOME_TESTS_FAILED, DIAGNOSIS_LIMIT,
			mem_printf("\"%s\" was ended: it %s; %lld of %lld tests had failed",
				t->ended, limit->text, (long long)t->failed,
				(long long)(t->passed + t->failed)),
			t->ended, limit->way_out);
	if (t->passed + t->failed == 0)
		return set_diagnosis(ret, OUTCOME_TESTS_FAILED, DIAGNOSIS_NO_TESTS_RAN,
			mem_strdup("it has tests, and none of them ran"), t->note,
			"look at the log of the tests");
	return set_diagnosis(ret, OUTCOME_TESTS_FAILED, DIAGNOSIS_TEST_FAILURE,
		mem_printf("%lld of %lld tests failed", (long long)t->failed,
			(long long)(t->passed + t->failed)),
		first_failed(t), "the report shows their messages");
}

/* Helpers of the tests themselves are looked for by such names, where they are not on the path. */
static bool
is_helper(const struct problem *p)
{
	return p->kind == (enum problem_kind)NEED_GEM && !strchr(p->name, '/') &&
	       strstr(p->name, "helper");
}

/* A module that tests end without, and that nothing provides: not one that they skip themselves for. */
static bool
ends_tests(const struct loop *l, const struct problem *p)
{
	static const enum need_kind modules[] = {
		NEED_PERL, NEED_PYTHON, NEED_NODE, NEED_PHP, NEED_GEM, NEED_TCL};
	struct need n;
	bool is_module = false;
	for (size_t i = 0; i < sizeof(modules) / sizeof(*modules); i++)
		is_module = is_module || p->kind == (enum problem_kind)modules[i];
	if (!is_module || strcasestr(p->text, "skip") || is_helper(p) || !problem_to_need(p, &n))
		return false;
	struct resolution r = resolve_need(l->index, &n);
	bool none = !r.package && !own_makes(&l->r->project, &n);
	need_cleanup(&n);
	resolution_cleanup(&r);
	return none;
}

/* Failed tests are told with what their log misses, if it cannot be had. */
static void
tell_missing(struct loop *l)
{
	struct diagnosis *d = &l->r->diagnosis;
	const struct problem *p = NULL;
	for (size_t i = 0; i < l->problems.n && !p; i++)
		p = ends_tests(l, &l->problems.v[i]) ? &l->problems.v[i] : NULL;
	struct need n;
	if (d->class != DIAGNOSIS_TEST_FAILURE || !p || !problem_to_need(p, &n))
		return;
	OWN_FREE char *name = mem_strdup(n.name);
	need_cleanup(&n);
	diagnose(l, OUTCOME_TESTS_FAILED, DIAGNOSIS_TEST_FAILURE,
		mem_printf(
			"%s; their log misses the %s %s, which no package of this machine's sources provides",
			d->text, problem_kind_names[p->kind], name),
		p->text, "add a package source that has it, or build it and put it into an image");
}

void
loop_judge_tests(struct loop *l)
{
	l->r->outcome = probe_judge_tests(&l->r->tests, l->cause, unanswered(l), &l->r->diagnosis);
	if (l->r->outcome == OUTCOME_UP)
		loop_succeed(l, OUTCOME_UP);
	else
		tell_missing(l);
	const char *lacks, *where;
	if (l->r->diagnosis.class == DIAGNOSIS_NO_TESTS_RAN && spare_lacks(l, &lacks, &where))
		diagnose(l, OUTCOME_UNSATISFIABLE, DIAGNOSIS_NO_PROVIDER,
			mem_printf(
				"all its tests need what cannot be had, such as the Java package %s",
				lacks),
			where, "add a package source that has it");
}
