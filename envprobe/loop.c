/*
 * The discovery loop.  Theory of operation: every attempt starts from the untouched source and the
 * last good packages.  It installs what is wanted, builds, tests, and learns; what it learns is
 * what the next one wants. It ends when everything ran, when nothing new is learnt, or when only a
 * person can go on.  All effects are journalled steps (steps.c); this file only decides, from their
 * results.
 */
#include "envprobe/loop.h"

#include "base/log.h"
#include "envprobe/decide.h"
#include "envprobe/dialect.h"
#include "envprobe/files.h"
#include "envprobe/given.h"
#include "envprobe/history.h"
#include "envprobe/includes.h"
#include "envprobe/migrations.h"
#include "envprobe/newer.h"
#include "envprobe/own.h"
#include "envprobe/premises.h"
#include "envprobe/removed.h"
#include "envprobe/resolve.h"
#include "envprobe/rows.h"
#include "envprobe/source_worker.h"
#include "envprobe/spare.h"
#include "envprobe/supply.h"
#include "envprobe/tail.h"

#include <string.h>

#define DEFAULT_ATTEMPTS 20

void
probe_result_cleanup(struct probe_result *r)
{
	diagnosis_cleanup(&r->diagnosis);
	project_cleanup(&r->project);
	attempt_list_cleanup(&r->attempts);
	package_list_cleanup(&r->packages);
	install_batch_list_cleanup(&r->batches);
	module_set_list_cleanup(&r->modules);
	env_var_list_cleanup(&r->environment);
	supplied_file_list_cleanup(&r->files);
	prompt_answer_list_cleanup(&r->prompts);
	question_list_cleanup(&r->questions);
	feature_off_list_cleanup(&r->features_off);
	refusal_list_cleanup(&r->refused);
	strlist_cleanup(&r->options);
	service_list_cleanup(&r->services);
	test_run_cleanup(&r->tests);
	seen_run_list_cleanup(&r->runs);
	start_cleanup(&r->start);
	start_try_list_cleanup(&r->starts);
	built_file_list_cleanup(&r->built_files);
	stack_cleanup(&r->root);
	stack_cleanup(&r->work);
	memset(r, 0, sizeof(*r));
}

/* What every build and test gets; `here`: it is about the sandbox, and no part of a recipe. */
static const struct {
	const char *name, *value;
	bool here;
} fixed_environment[] = {
	{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games", false},
	{"HOME", POD_HOME, true},
	{"USER", "builder", true},
	{"LOGNAME", "builder", true},
	{"SHELL", "/bin/sh", true},
	{"LANG", "C.UTF-8", false},
	{"LC_ALL", "C.UTF-8", false},
	{"TZ", "UTC", false},
	{"TERM", "dumb", false},
	{"XDG_RUNTIME_DIR", "/run/user/1000", true},
	{"DEBIAN_FRONTEND", "noninteractive", true},
	{"PERL_MM_USE_DEFAULT", "1", false},
	{"AUTOMATED_TESTING", "1", false},
	{"NO_COLOR", "1", false},
};
#define N_FIXED (sizeof(fixed_environment) / sizeof(*fixed_environment))

void
probe_environment(struct strlist *ret)
{
	for (size_t i = 0; i < N_FIXED; i++)
		strlist_set_env(ret, fixed_environment[i].name, fixed_environment[i].value);
}

bool
probe_sets(const char *name, const char *value)
{
	for (size_t i = 0; i < N_FIXED; i++)
		if (strcmp(fixed_environment[i].name, name) == 0)
			return strcmp(fixed_environment[i].value, value) == 0;
	return false;
}

void
probe_recipe_environment(struct env_var_list *ret)
{
	for (size_t i = 0; i < N_FIXED; i++) {
		if (fixed_environment[i].here || env_var_list_find(ret, fixed_environment[i].name))
			continue;
		struct env_var *e = env_var_list_add(ret);
		e->name = mem_strdup(fixed_environment[i].name);
		e->value = mem_strdup(fixed_environment[i].value);
	}
}

/* ---- wanting ---- */

static char asked_once;

static char *
citation(const struct need *need)
{
	return mem_printf("%s %s (%s)", need_kind_names[need->kind], need->name,
		need->why ? need->why : need_source_names[need->source]);
}

/* What a banned package would give is off, whatever the build makes of it. */
static void
note_banned(struct loop *l, const struct need *need, const char *package)
{
	if (map_get(&l->banned, package))
		return;
	map_put(&l->banned, package, &asked_once);
	struct feature_off *f = feature_off_list_add(&l->r->features_off);
	f->feature = citation(need);
	f->input = mem_printf("the package %s, which drydock.yaml bans", package);
}

/* Borrowed; NULL: there is none, or none that may be installed. */
static const char *
choose_package(struct loop *l, const struct need *need, const struct resolution *res)
{
	const char *package =
		res->package ? decide_provider(l, need, res) : premises_provider(l, need);
	if (!package || !premises_ban(l, package))
		return package;
	for (size_t i = 0; i < res->alternatives.n; i++)
		if (!premises_ban(l, res->alternatives.v[i]))
			return res->alternatives.v[i];
	note_banned(l, need, package);
	return NULL;
}

void
loop_want_all_but(struct loop *l, const struct package_list *packages, const struct strlist *names)
{
	for (size_t i = 0; i < packages->n; i++) {
		const struct package *p = &packages->v[i];
		if (!p->requested || strlist_has(names, p->name))
			continue;
		l->wanted.v =
			mem_grow(l->wanted.v, l->wanted.n, &l->wanted.cap, sizeof(*l->wanted.v));
		l->wanted.v[l->wanted.n++] = (struct wanted){.package = mem_strdup(p->name),
			.scope = p->scope,
			.why = mem_strdup(p->why),
			.proof = p->proof ? mem_strdup(p->proof) : NULL};
	}
}

static void
forget_wanted(struct loop *l, const char *package)
{
	for (size_t i = 0; i < l->wanted.n; i++)
		if (strcmp(l->wanted.v[i].package, package) == 0) {
			struct wanted_list one = {&l->wanted.v[i], 1, 1};
			wanted_list_clear(&one);
			l->wanted.n--;
			memmove(&l->wanted.v[i], &l->wanted.v[i + 1],
				(l->wanted.n - i) * sizeof(*l->wanted.v));
			return;
		}
}

void
loop_forget_question(struct loop *l, const char *id)
{
	struct question_list *all = &l->r->questions;
	struct question *q = question_list_find(all, id);
	if (!q)
		return;
	question_cleanup(q);
	all->n--;
	memmove(q, q + 1, (size_t)(all->v + all->n - q) * sizeof(*q));
}

/* What the link step settled is no question any more. */
static void
forget_choice(struct loop *l, const char *chosen)
{
	OWN_FREE char *id = mem_printf("decision:package-%s", chosen);
	loop_forget_question(l, id);
}

/*
 * Packages that have the very same file exclude each other: where a library names one of them, it goes in the place
 * of the one that was chosen for the file.  What is installed is installed anew, without that one.
 */
static void
exchange(struct loop *l, const struct need *need, const char *package)
{
	const char *chosen = map_get(&l->instead, package);
	struct probe_result *r = l->r;
	if (need->kind != NEED_LIBRARY || !chosen || strcmp(chosen, package) == 0)
		return;
	strlist_addf(&r->options, "provider=%s, not %s (%s)", package, chosen,
		need->why ? need->why : need->name);
	forget_choice(l, chosen);
	forget_wanted(l, chosen);
	if (package_list_has(&r->packages, str_of(chosen))) {
		const struct strlist without = {.v = (char *[]){(char *)chosen, NULL}, .n = 1};
		loop_want_all_but(l, &r->packages, &without);
		package_list_cleanup(&r->packages);
		install_batch_list_cleanup(&r->batches);
		stack_cleanup(&r->root);
		stack_copy(&r->root, &l->spec->image->stack);
		l->good = (struct gained){r->root.n, 0, 0, r->features_off.n, r->questions.n};
	}
	map_put(&l->instead, package, mem_strdup(package));
}

bool
loop_want(struct loop *l, const struct need *need)
{
	if (own_makes(&l->r->project, need) && !premises_provider(l, need))
		return false;
	OWN_FREE char *others = own_others(&l->r->project, need);
	struct need foreign = *need; /* one of the tree that a provider was told for stays */
	foreign.name = *others ? others : need->name;
	struct resolution res = resolve_need(l->index, &foreign);
	const char *package = choose_package(l, need, &res);
	if (!package || map_get(&l->asked, package)) {
		resolution_cleanup(&res);
		return false;
	}
	map_put(&l->asked, package, &asked_once);
	if (need->source == NEED_FROM_TRACE || need->source == NEED_FROM_SEARCH)
		map_put(&l->guessed, package, &asked_once);
	exchange(l, need, package);
	l->wanted.v = mem_grow(l->wanted.v, l->wanted.n, &l->wanted.cap, sizeof(*l->wanted.v));
	l->wanted.v[l->wanted.n++] = (struct wanted){.package = mem_strdup(package),
		.scope = need->scope,
		.optional = need->optional,
		.why = citation(need),
		.proof = need->source == NEED_FROM_ANSWER ? mem_printf("%s runs it", need->why)
							  : NULL};
	strlist_copy(&l->wanted.v[l->wanted.n - 1].alternatives, &res.alternatives);
	resolution_cleanup(&res);
	return true;
}

void
wanted_list_clear(struct wanted_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].package);
		free(l->v[i].why);
		free(l->v[i].proof);
		strlist_cleanup(&l->v[i].alternatives);
	}
	l->n = 0;
}

/* Does a message that names such a thing say that it stopped the program? */
static bool
is_conclusive(enum need_kind kind)
{
	return kind == NEED_PYTHON || kind == NEED_PERL || kind == NEED_NODE || kind == NEED_GO ||
	       kind == NEED_GEM || kind == NEED_PROGRAM;
}

/* Needs that the log names; true when one of them is new. */
static bool
want_from_log(struct loop *l, enum need_scope scope, bool conclusive_only)
{
	bool any = false;
	for (size_t i = 0; i < l->problems.n; i++) {
		struct need n;
		if (!problem_to_need(&l->problems.v[i], &n))
			continue;
		n.scope = scope == SCOPE_TEST ? scope : n.scope;
		if (!conclusive_only || is_conclusive(n.kind))
			any = loop_want(l, &n) || any;
		need_cleanup(&n);
	}
	return any;
}

bool
loop_want_skipped(struct loop *l)
{
	bool any = false;
	for (size_t i = 0; i < l->problems.n; i++) {
		const struct problem *p = &l->problems.v[i];
		struct need n;
		if (!strcasestr(p->text, "skip") || !problem_to_need(p, &n))
			continue;
		n.scope = SCOPE_TEST;
		n.optional = true;
		any = loop_want(l, &n) || any;
		need_cleanup(&n);
	}
	return any;
}

/*
 * When no message helps: what was looked for and found nowhere.  A build looks for many things it
 * can do without, and stops at the first it cannot; tests that fail go on, so that only programs
 * they tried to run, and modules and locales they tried to load, count.
 */
static bool
want_looked_up(struct loop *l, enum need_scope scope, enum need_source source)
{
	bool any = false;
	/* What a compiler refuses may be for want of a header or library that configure looked for; no program mends it. */
	const struct problem *refused = problem_first(&l->problems, PROBLEM_COMPILE);
	bool compiles_not = refused && strstr(refused->text, "error: ");
	for (size_t i = 0; i < l->missing.n; i++) {
		struct need *n = &l->missing.v[i];
		if (n->source != source)
			continue;
		bool loaded =
			n->kind == NEED_PROGRAM || n->kind == NEED_PERL || n->kind == NEED_PACKAGE;
		if (scope == SCOPE_TEST ? !loaded
					: n->kind == NEED_PACKAGE || (compiles_not && loaded))
			continue;
		n->scope = scope;
		any = loop_want(l, n) || any;
	}
	return any;
}

/* Tests that came to no case stop at one program after the other: each that they tried to run is another reason. */
static bool
want_tried(struct loop *l)
{
	return l->r->tests.passed == 0 && want_looked_up(l, SCOPE_TEST, NEED_FROM_TRACE);
}

bool
loop_want_missed(struct loop *l)
{
	return want_from_log(l, SCOPE_TEST, true) || want_tried(l);
}

/* What was tried first; then what was only searched for, which may have been one of many choices. */
static bool
want_from_trace(struct loop *l, enum need_scope scope)
{
	return want_looked_up(l, scope, NEED_FROM_TRACE) ||
	       want_looked_up(l, scope, NEED_FROM_SEARCH);
}

void
loop_forget_options(struct loop *l, const char *prefix)
{
	struct strlist kept = {0};
	for (size_t i = 0; i < l->r->options.n; i++)
		if (!str_starts(str_of(l->r->options.v[i]), prefix))
			strlist_add(&kept, l->r->options.v[i]);
	strlist_cleanup(&l->r->options);
	l->r->options = kept;
}

/* ---- learning ---- */

/* What advice about tools names; a person who sets them cannot help. */
static bool
is_tool_variable(const char *name)
{
	static const char *const names[] = {"PKG_CONFIG", "PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR",
		"LD_LIBRARY_PATH", "LD_RUN_PATH", "CC", "CXX", "CFLAGS", "CXXFLAGS", "CPPFLAGS",
		"LDFLAGS", "LIBS", "PATH", "CMAKE_PREFIX_PATH", "PYTHONPATH", "PERL5LIB",
		"ACLOCAL_PATH", "GIT_DISCOVERY_ACROSS_FILESYSTEM", NULL};
	if (str_is_one(str_of(name), names))
		return true;
	return str_ends(str_of(name), "_CFLAGS") || str_ends(str_of(name), "_LIBS");
}

/*
 * A step that stops at a variable would stop at the next one: what else the same file cannot do
 * without is asked for in the same round.
 */
static bool
ask_beside(struct loop *l, const char *place)
{
	size_t n = strcspn(place, ":");
	bool any = false;
	for (size_t i = 0; i < l->r->project.env_reads.n; i++) {
		const struct env_read *r = &l->r->project.env_reads.v[i];
		if (!r->required || strncmp(r->where, place, n) != 0 || r->where[n] != ':')
			continue;
		OWN_FREE char *why =
			mem_printf("a step stopped in %.*s, which needs it, too", (int)n, place);
		any = loop_ask_variable(l, r->name, r->where, why, true) || any;
	}
	return any;
}

static bool
learn_variables(struct loop *l)
{
	bool any = false;
	for (size_t i = 0; i < l->problems.n; i++) {
		const struct problem *p = &l->problems.v[i];
		const char *cited = loop_cited_at(l, p->name);
		bool told = p->kind == PROBLEM_ENV || (cited && p->kind == PROBLEM_MENTION);
		if (!told || is_tool_variable(p->name))
			continue;
		const char *place = cited ? cited : p->place;
		any = loop_ask_variable(l, p->name, place, p->text, true) || any;
		any = (place && ask_beside(l, place)) || any;
	}
	return any;
}

static void
note_learnt(struct loop *l, enum attempt_end ended)
{
	struct attempt *a = &l->r->attempts.v[l->r->attempts.n - 1];
	OWN(buf) struct buf text = {.max = 1000};
	a->ended = ended;
	for (size_t i = 0; i < l->wanted.n && i < 12; i++)
		buf_printf(&text, "%s%s", i ? ", " : "wants ", l->wanted.v[i].package);
	if (text.n)
		a->learnt = mem_strdup(text.p);
}

/* After a failed build: is there something new to try? */
static bool
learn_from_build(struct loop *l)
{
	struct removed removed;
	if (removed_find(&l->problems, &removed))
		return false; /* no package brings it back */
	bool any = learn_variables(l);
	any = dialect_learn(l, SCOPE_BUILD) || any;
	any = history_learn(l) || any;
	any = want_from_log(l, SCOPE_BUILD, false) || any;
	any = any || history_make_up(l);
	if (!any && includes_learn(l))
		return true;
	any = files_learn(l, SCOPE_BUILD, true) || any;
	return any || want_from_trace(l, SCOPE_BUILD);
}

/*
 * Tests that failed and were denied what only a tracer of its own processes does: they are given that, and only
 * that, for as long as it pays.
 */
static bool
learn_to_trace(struct loop *l, bool better)
{
	struct command_list *c = &l->r->project.commands;
	bool on = false, any = false;
	for (size_t i = 0; i < c->n; i++)
		on = on || c->v[i].debug;
	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i].phase != PHASE_TEST || (on && better))
			continue;
		c->v[i].debug = !on && l->traces && !l->gave_tracing;
		any = any || c->v[i].debug;
	}
	if (any) {
		struct attempt *a = &l->r->attempts.v[l->r->attempts.n - 1];
		l->gave_tracing = true;
		strlist_add(&a->decisions, "from now on tests may trace processes of their own");
	}
	return any;
}

/* ---- the loop ---- */

/* Tests that fail for a reason of their own fail again, whatever is installed: one try must pay. */
static bool
tests_got_better(struct loop *l)
{
	const struct test_run *t = &l->r->tests;
	bool better = !l->tested || t->passed > l->best_passed;
	l->tested = true;
	if (t->passed > l->best_passed)
		l->best_passed = t->passed;
	return better;
}

struct attempt *
loop_begin_attempt(struct loop *l)
{
	struct attempt *a = attempt_list_add(&l->r->attempts);
	a->n = l->n;
	a->log = mem_printf("logs/attempt-%lld-build.log", (long long)l->n);
	return a;
}

void
loop_restack(struct loop *l)
{
	stack_cleanup(&l->tree);
	stack_copy(&l->tree, &l->source);
	stack_copy(&l->tree, &l->modules);
}

/* One attempt; *ret_again when the next one has something new to try. */
static int
attempt(struct loop *l, bool *ret_again, struct dd_err *err)
{
	supply_begin(l);
	(void)loop_begin_attempt(l);
	*ret_again = false;
	int rc = loop_install(l, err);
	if (rc == 0)
		rc = files_place(l, err);
	if (rc == 0)
		rc = loop_modules(l, err);
	if (rc == 0 && !l->modules_known) {
		note_learnt(l, ATTEMPT_PACKAGES_MISSING);
		return 0;
	}
	if (rc == 0)
		rc = loop_build(l, err);
	if (rc < 0)
		return rc;
	if (!l->built) {
		bool blocked = prompter_unanswered(&l->prompter) != NULL;
		*ret_again = !blocked && learn_from_build(l);
		if (!blocked && !*ret_again)
			rc = newer_learn(l, ret_again, err);
		if (rc == 0 && !blocked && !*ret_again)
			rc = spare_learn(l, ret_again, err);
		if (rc < 0)
			return rc;
		note_learnt(l, ATTEMPT_BUILD_FAILED);
		loop_judge_build(l);
		return 0;
	}
	if (l->spec->build_only || !command_list_has(&l->r->project.commands, PHASE_TEST)) {
		loop_succeed(l, OUTCOME_BUILT);
		note_learnt(l, ATTEMPT_BUILT);
		return 0;
	}
	given_apply(l);
	rc = loop_test(l, err);
	if (rc < 0)
		return rc;
	if (loop_want_for_guess(l)) {
		*ret_again = true;
		note_learnt(l, ATTEMPT_TESTS_FAILED);
		return 0;
	}
	if (loop_forget_guess(l)) {
		loop_succeed(l, OUTCOME_BUILT);
		note_learnt(l, ATTEMPT_BUILT);
		return 0;
	}
	bool failed = l->r->tests.failed > 0 || l->r->tests.passed == 0;
	bool blocked = prompter_unanswered(&l->prompter) != NULL;
	bool served = failed && !blocked && loop_learn_services(l);
	served = (failed && !blocked && files_learn(l, SCOPE_TEST, l->r->tests.passed == 0)) ||
		 served;
	if (served) {
		*ret_again = true;
	} else if (failed && !blocked) {
		bool better = tests_got_better(l);
		*ret_again = learn_to_trace(l, better);
		*ret_again = (better && learn_variables(l)) || *ret_again;
		*ret_again = dialect_learn(l, SCOPE_TEST) || *ret_again;
		*ret_again = want_from_log(l, SCOPE_TEST, !better) || *ret_again;
		*ret_again =
			*ret_again || (better ? want_from_trace(l, SCOPE_TEST) : want_tried(l));
		*ret_again = *ret_again || loop_guess_services(l);
		if (!*ret_again)
			rc = rows_learn(l, ret_again, err);
	}
	if (rc < 0)
		return rc;
	note_learnt(l, failed ? ATTEMPT_TESTS_FAILED : ATTEMPT_TESTS_PASSED);
	loop_judge_tests(l);
	return 0;
}

static int
check_decisions(const struct loop *l, struct dd_err *err)
{
	return l->wrong_answer ? err_set(err, DD_EINVAL, "%s", l->wrong_answer) : 0;
}

static int
attempt_and_weigh(struct loop *l, bool *ret_again, struct dd_err *err)
{
	int step = progress_begin("attempt %lld", (long long)l->n);
	int rc = attempt(l, ret_again, err);
	if (rc == 0)
		loop_weigh(l);
	if (rc == 0)
		rc = premises_tell(l, err);
	progress_end(
		step, rc < 0 ? "stopped"
			     : attempt_end_names[l->r->attempts.v[l->r->attempts.n - 1].ended]);
	l->n++;
	return rc < 0 ? rc : check_decisions(l, err);
}

static int
run_attempts(struct loop *l, struct dd_err *err)
{
	int max = l->spec->max_attempts ? l->spec->max_attempts : DEFAULT_ATTEMPTS;
	bool again = true, without = false;
	int rc = check_decisions(l, err);
	for (l->n = 1; rc == 0 && again && l->n <= max;) {
		rc = attempt_and_weigh(l, &again, err);
		if (rc < 0 || again)
			continue;
		without = rows_settle(l); /* before anything else is tried that may help */
		rc = tail_ask(l, &again, err);
	}
	without = (without && !again) || (rc == 0 && rows_settle(l));
	without = (rc == 0 && migrations_settle(l)) || without;
	without = (rc == 0 && loop_settle_guess(l, again)) || without;
	if (without) /* the result is to be that of the recipe */
		rc = attempt_and_weigh(l, &again, err);
	if (rc < 0)
		return rc;
	rc = supply_weigh(l, err);
	if (rc < 0)
		return rc;
	loop_settle(l);
	tail_settle(l);
	rc = loop_widen(l, err);
	return rc < 0 || l->spec->no_prune ? rc : loop_prune(l, err);
}

/* ---- detection ---- */

static int
do_detect(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct loop *l = ctx;
	const struct source_question q = {
		.worker = "detect", .arg = decide_system_wanted(l), .max_bytes = (size_t)64 << 20};
	int step = progress_begin("looking for the build system");
	int rc = source_ask(l->spec->state, l->spec->source, &q, ret_result, err);
	progress_end(step, rc < 0 ? "failed" : "ok");
	return rc;
}

static int
detect(struct loop *l, struct dd_err *err)
{
	OWN_JSON json_t *j = NULL;
	int rc = journal_step(l->spec->journal, "attempt/0/detect", do_detect, l, &j, err);
	if (rc == 0)
		rc = json_decode(j, project_fields, false, &l->r->project, "project", err);
	if (rc == 0) {
		strlist_copy(&l->r->options, &l->r->project.options);
		decide_system(l);
	}
	return rc;
}

static void
want_known(struct loop *l)
{
	const struct recipe *known = l->spec->known;
	for (size_t i = 0; known && i < known->packages.n; i++) {
		const struct package *p = &known->packages.v[i];
		OWN_FREE char *why = mem_printf("the recipe: %s", p->why ? p->why : "");
		const struct need n = {
			.kind = NEED_PACKAGE, .name = p->name, .scope = p->scope, .why = why};
		if (p->requested)
			(void)loop_want(l, &n);
	}
}

/* A variable the source reads is exported when the answers have it, and otherwise mentioned. */
static void
offer_variables(struct loop *l)
{
	for (size_t i = 0; i < l->r->project.env_reads.n; i++) {
		const struct env_read *r = &l->r->project.env_reads.v[i];
		(void)loop_ask_variable(l, r->name, r->where,
			r->required ? "it cannot do without"
				    : "the source reads it and gives no default",
			false);
	}
}

bool
loop_is_variable_name(const char *name)
{
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
	return n && !name[n] && !(*name >= '0' && *name <= '9');
}

/* Whoever gives a variable knows that it is read, also where no reading of the source shows it. */
static void
export_answers(struct loop *l)
{
	OWN(strlist) struct strlist ids = {0};
	answers_given(l->spec->answers, &ids);
	for (size_t i = 0; i < ids.n; i++) {
		const char *name = strchr(ids.v[i], ':') + 1;
		bool variable = str_starts(str_of(ids.v[i]), "env:") ||
				str_starts(str_of(ids.v[i]), "secret:");
		if (variable && loop_is_variable_name(name))
			(void)loop_ask_variable(l, name, NULL,
				"the answers have it; nothing was seen that reads it", false);
	}
}

static void
no_build_system(struct loop *l)
{
	struct diagnosis *d = &l->r->diagnosis;
	l->r->outcome = OUTCOME_BUILD_FAILED;
	d->class = DIAGNOSIS_NO_BUILD_SYSTEM;
	d->text = mem_strdup("no build system that drydock knows was found");
	d->way_out = mem_strdup("give the directory that holds the build files as SOURCE");
}

static void
free_loop(struct loop *l)
{
	loop_clear_findings(l);
	wanted_list_clear(&l->wanted);
	free(l->wanted.v);
	free(l->migrated);
	free(l->good_failure);
	map_cleanup(&l->asked);
	map_cleanup(&l->guessed);
	map_cleanup(&l->doubtful);
	map_cleanup(&l->banned);
	map_cleanup(&l->instead);
	free(l->wrong_answer);
	strlist_cleanup(&l->env);
	stack_cleanup(&l->tree);
	stack_cleanup(&l->modules);
	stack_cleanup(&l->source);
	probe_files_cleanup(&l->placed);
	prompter_cleanup(&l->prompter);
	supply_destroy(l->supply);
	spare_destroy(l->spare);
	pkgindex_close(l->index);
}

int
probe_run(const struct probe_spec *spec, struct probe_result *ret, struct dd_err *err)
{
	struct probe_result r = {0};
	struct loop l = {.spec = spec,
		.r = &r,
		.prompter = {.answers = spec->answers},
		.instead = {.destroy = free}};
	stack_copy(&r.root, &spec->image->stack);
	stack_copy(&r.work, spec->source);
	stack_copy(&l.tree, spec->source);
	stack_copy(&l.source, spec->source);
	probe_environment(&l.env);
	int rc = pkgindex_open(spec->state, spec->index, &l.index, err);
	if (rc == 0)
		rc = detect(&l, err);
	if (rc == 0 && r.project.system == SYSTEM_NONE) {
		no_build_system(&l);
	} else if (rc == 0) {
		offer_variables(&l);
		files_offer(&l);
		export_answers(&l);
		premises_apply(&l);
		decide_versions(&l);
		loop_want_declared(&l);
		want_known(&l);
		if (!loop_judge_declared(&l))
			rc = run_attempts(&l, err);
	}
	free_loop(&l);
	if (rc < 0) {
		probe_result_cleanup(&r);
		return rc;
	}
	*ret = r;
	return 0;
}
