/* The steps of `drydock replay` that stand for discovery: install what is locked, build, test. */
#include "runner/standup.h"

#include "base/log.h"
#include "envprobe/built.h"
#include "images/npm.h"
#include "qa/qa.h"
#include "runner/beside.h"
#include "sandbox/trace.h"

#include <string.h>

struct replay {
	const struct state *st;
	struct run *run;
	struct answers *answers;
	char *owner;
	const struct recipe *recipe;
	struct standup_result *r;
	struct strlist env;
	size_t batch, set;
	struct stack tree; /* the source, the files supplied, and the modules on it */
	struct probe_files files;
};

static struct probe_result *
result_of(struct replay *p)
{
	return &p->r->probe;
}

static int
do_install(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct replay *p = ctx;
	const struct install_batch *b = &p->recipe->batches.v[p->batch];
	struct stack *root = &result_of(p)->root;
	bool cached = false;
	int step = progress_begin("installing %zu packages", b->artefacts.n);
	int rc = apt_provide(
		p->st, root, b, p->run->options.offline, p->owner, p->r->egress_log, &cached, err);
	progress_end(step, rc < 0 ? "failed" : cached ? "cached" : "ok");
	if (rc == 0)
		*ret_result = json_pack("{s:s}", "layer", root->v[root->n - 1].s);
	return rc;
}

static int
install_batches(struct replay *p, struct dd_err *err)
{
	struct stack *root = &result_of(p)->root;
	int rc = 0;
	for (p->batch = 0; rc == 0 && p->batch < p->recipe->batches.n; p->batch++) {
		OWN_FREE char *key = mem_printf("replay/install/%zu", p->batch);
		OWN_JSON json_t *j = NULL;
		size_t before = root->n;
		rc = journal_step(p->run->journal, key, do_install, p, &j, err);
		const char *layer = json_string_value(json_object_get(j, "layer"));
		if (rc == 0 && root->n == before && layer)
			stack_push(root, layer);
	}
	return rc;
}

/* What shows what a package is for: everything but it, and what only it brings along. */
static int
do_hide(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct replay *p = ctx;
	struct stack *root = &result_of(p)->root;
	OWN(strlist) struct strlist others = {0}, all = {0};
	const struct strlist *without = &p->run->options.without;
	for (size_t i = 0; i < p->recipe->packages.n; i++) {
		const struct package *k = &p->recipe->packages.v[i];
		strlist_add(&all, k->name);
		if (k->requested && !strlist_has(without, k->name))
			strlist_add(&others, k->name);
	}
	int rc = apt_hide(p->st, root, without, &others, &all, p->owner, err);
	if (rc == 0)
		*ret_result = json_pack("{s:s}", "layer", root->v[root->n - 1].s);
	return rc;
}

static int
hide_packages(struct replay *p, struct dd_err *err)
{
	struct stack *root = &result_of(p)->root;
	OWN_JSON json_t *j = NULL;
	size_t before = root->n;
	if (!p->run->options.without.n)
		return 0;
	int rc = journal_step(p->run->journal, "replay/hidden", do_hide, p, &j, err);
	const char *layer = json_string_value(json_object_get(j, "layer"));
	if (rc == 0 && root->n == before && layer)
		stack_push(root, layer);
	return rc;
}

/* ---- modules: from the store, without asking a registry what there is ---- */

static int
do_modules(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct replay *p = ctx;
	const struct module_set *set = &p->recipe->modules.v[p->set];
	OWN_FREE char *name = mem_printf("logs/modules-%zu.log", p->set);
	OWN_FREE char *log = run_path(p->run, name);
	struct stack source = {0};
	source_stack(&p->r->source, &source);
	const struct npm_job job = {.state = p->st,
		.root = &result_of(p)->root,
		.source = &source,
		.dir = set->dir,
		.answers = p->answers,
		.locked = set,
		.offline = p->run->options.offline,
		.owner = p->owner,
		.log_path = log,
		.egress_log = p->r->egress_log};
	struct npm_result r;
	int rc = npm_install(&job, &r, err);
	stack_cleanup(&source);
	if (rc < 0)
		return rc;
	*ret_result = json_pack("{s:s?, s:i, s:o}", "layer", r.layer, "outcome", (int)r.outcome,
		"diagnosis", json_encode(diagnosis_fields, &r.diagnosis));
	npm_result_cleanup(&r);
	return 0;
}

/* *ret_ok is false when a set cannot be had, and the outcome says why. */
static int
install_modules(struct replay *p, bool *ret_ok, struct dd_err *err)
{
	struct probe_result *res = result_of(p);
	int rc = 0;
	stack_copy(&p->tree, &res->work);
	*ret_ok = true;
	for (p->set = 0; rc == 0 && *ret_ok && p->set < p->recipe->modules.n; p->set++) {
		OWN_FREE char *key = mem_printf("replay/modules/%zu", p->set);
		OWN_JSON json_t *j = NULL;
		rc = journal_step(p->run->journal, key, do_modules, p, &j, err);
		const char *layer = json_string_value(json_object_get(j, "layer"));
		if (rc == 0 && layer)
			stack_push(&p->tree, layer);
		res->outcome = (enum run_outcome)json_integer_value(json_object_get(j, "outcome"));
		*ret_ok = res->outcome == OUTCOME_NONE;
		if (rc == 0 && !*ret_ok)
			rc = json_decode(json_object_get(j, "diagnosis"), diagnosis_fields, false,
				&res->diagnosis, "diagnosis", err);
	}
	stack_cleanup(&res->work);
	stack_copy(&res->work, &p->tree);
	return rc;
}

static int
do_build(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct replay *p = ctx;
	struct probe_result *res = result_of(p);
	OWN_FREE char *log = run_path(p->run, "logs/build.log");
	struct build_outcome built = {0};
	struct refusal_list refused = {0};
	struct trace *trace = trace_create();
	const struct build_spec spec = {
		.state = p->st,
		.root = &res->root,
		.work = &res->work,
		.commands = &p->recipe->commands,
		.env = (const char *const *)p->env.v,
		.binds = p->files.binds,
		.nbinds = p->files.nbinds,
		.answers = p->answers,
		.owner = p->owner,
		.log_path = log,
		.trace = trace,
		.step_limit_ms = p->run->options.time_ms,
		.silence_limit_ms = p->run->options.silence_ms,
	};
	int step = progress_begin("building");
	int64_t start = clock_mono_ns();
	struct built_file_list files = {0};
	int rc = probe_build(&spec, &built, err);
	if (rc == 0 && built.built)
		rc = built_files_of(p->st, res->work.v[res->work.n - 1].s, &files, err);
	progress_end(step, rc == 0 && built.built ? "ok" : "failed");
	probe_refused(trace, STEP_BUILD, &refused);
	if (rc == 0)
		*ret_result = json_pack("{s:i, s:f, s:o, s:o, s:o, s:o, s:s*}", "outcome",
			(int)built.outcome, "seconds", (double)(clock_mono_ns() - start) / 1e9,
			"diagnosis", json_encode(diagnosis_fields, &built.diagnosis), "questions",
			question_list_to_json(&built.questions), "refused",
			refusal_list_to_json(&refused), "files made",
			built_file_list_to_json(&files), "layer",
			res->work.n > p->tree.n ? res->work.v[res->work.n - 1].s : NULL);
	built_file_list_cleanup(&files);
	refusal_list_cleanup(&refused);
	trace_destroy(trace);
	build_outcome_cleanup(&built);
	return rc;
}

static int
take_refused(struct replay *p, const json_t *j, struct dd_err *err)
{
	struct refusal_list refused = {0};
	int rc = refusal_list_from_json(json_object_get(j, "refused"), "refused", &refused, err);
	for (size_t i = 0; rc == 0 && i < refused.n; i++)
		*refusal_list_add(&result_of(p)->refused) = refused.v[i];
	free(refused.v);
	return rc;
}

static int
take_questions(struct replay *p, const json_t *j, const char *log, struct dd_err *err)
{
	struct question_list asked = {0};
	int rc = question_list_from_json(json_object_get(j, "questions"), "questions", &asked, err);
	for (size_t i = 0; i < asked.n; i++)
		if (!asked.v[i].where)
			asked.v[i].where = mem_strdup(log);
	if (rc == 0)
		question_list_merge(&result_of(p)->questions, &asked);
	return rc;
}

/* The outcome stays OUTCOME_NONE when it was built. */
static int
build(struct replay *p, struct dd_err *err)
{
	struct probe_result *res = result_of(p);
	OWN_JSON json_t *j = NULL;
	int rc = journal_step(p->run->journal, "replay/build", do_build, p, &j, err);
	if (rc < 0)
		return rc;
	const char *layer = json_string_value(json_object_get(j, "layer"));
	if (layer && res->work.n == p->tree.n)
		stack_push(&res->work, layer);
	res->outcome = (enum run_outcome)json_integer_value(json_object_get(j, "outcome"));
	res->build_seconds = json_real_value(json_object_get(j, "seconds"));
	rc = take_refused(p, j, err);
	if (rc == 0)
		rc = take_questions(p, j, "logs/build.log", err);
	if (rc == 0)
		rc = built_file_list_from_json(
			json_object_get(j, "files made"), "files made", &res->built_files, err);
	if (rc == 0)
		rc = json_decode(json_object_get(j, "diagnosis"), diagnosis_fields, false,
			&res->diagnosis, "diagnosis", err);
	const struct question *q = question_list_blocking(&res->questions);
	if (rc == 0 && q && q->where && !res->diagnosis.where)
		res->diagnosis.where = mem_strdup(q->where);
	return rc;
}

static int
do_tests(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct replay *p = ctx;
	struct probe_result *res = result_of(p);
	OWN_FREE char *log = run_path(p->run, "logs/tests.log");
	struct test_run tests = {0};
	enum exec_cause cause = CAUSE_NONE;
	struct refusal_list refused = {0};
	struct trace *trace = trace_create();
	struct probe_serving serving = {0};
	struct prompter *prompter = probe_prompter_create(p->answers);
	int64_t start = clock_mono_ns();
	const struct probe_serve_spec serve = {&p->recipe->services, p->answers, p->run->dir,
		&p->run->options.peers, p->files.binds, p->files.nbinds};
	int rc = probe_serve(&serve, &serving, err);
	struct qa_spec spec = {
		.state = p->st,
		.root = &res->root,
		.work = &res->work,
		.commands = &p->recipe->commands,
		.services = serving.services,
		.nservices = serving.nservices,
		.env = (const char *const *)p->env.v,
		.binds = serving.binds,
		.nbinds = serving.nbinds,
		.on_prompt = probe_answer_prompt,
		.ctx = prompter,
		.answers = p->answers,
		.trace = trace,
		.trace_classes = TRACE_CONNECT,
		.log_path = log,
		.time_limit_ms = p->run->options.time_ms,
		.silence_limit_ms = p->run->options.silence_ms,
	};
	int step = progress_begin("running the tests");
	if (rc == 0)
		rc = beside_run_tests(p->run, &spec, &tests, &cause, err);
	progress_end(step, rc < 0 ? "failed" : "ok");
	probe_refused(trace, STEP_TESTS, &refused);
	if (rc == 0)
		*ret_result = json_pack("{s:o, s:i, s:o, s:o, s:f}", "tests",
			json_encode(test_run_fields, &tests), "cause", (int)cause, "refused",
			refusal_list_to_json(&refused), "questions",
			question_list_to_json(probe_prompter_questions(prompter)), "seconds",
			(double)(clock_mono_ns() - start) / 1e9);
	probe_prompter_destroy(prompter);
	probe_serving_cleanup(&serving);
	refusal_list_cleanup(&refused);
	trace_destroy(trace);
	test_run_cleanup(&tests);
	return rc;
}

static int
test(struct replay *p, struct dd_err *err)
{
	struct probe_result *res = result_of(p);
	if (!command_list_has(&p->recipe->commands, PHASE_TEST)) {
		res->outcome = OUTCOME_BUILT;
		return 0;
	}
	OWN_JSON json_t *j = NULL;
	int rc = journal_step(p->run->journal, "replay/tests", do_tests, p, &j, err);
	if (rc == 0)
		rc = json_decode(json_object_get(j, "tests"), test_run_fields, false, &res->tests,
			"tests", err);
	if (rc == 0)
		rc = take_refused(p, j, err);
	if (rc == 0)
		rc = take_questions(p, j, "logs/tests.log", err);
	if (rc < 0)
		return rc;
	res->test_seconds = json_real_value(json_object_get(j, "seconds"));
	enum exec_cause cause = (enum exec_cause)json_integer_value(json_object_get(j, "cause"));
	res->outcome = probe_judge_tests(
		&res->tests, cause, question_list_blocking(&res->questions), &res->diagnosis);
	return 0;
}

void
standup_environment(const struct recipe *r, struct answers *answers, struct strlist *ret,
	struct strlist *missing)
{
	probe_environment(ret);
	for (size_t i = 0; i < r->environment.n; i++) {
		const struct env_var *e = &r->environment.v[i];
		const char *value = e->value;
		if (e->question && answers_get(answers, e->question, &value) != ANSWER_GIVEN)
			value = e->value;
		if (value)
			strlist_set_env(ret, e->name, value);
		else
			strlist_add(missing, e->question ? e->question : e->name);
	}
}

static void
find_files(struct replay *p, struct strlist *missing)
{
	for (size_t i = 0; i < p->recipe->files.n; i++) {
		const struct supplied_file *f = &p->recipe->files.v[i];
		enum answer_state state = answers_get(p->answers, f->question, NULL);
		if (!f->sample && state != ANSWER_GIVEN)
			strlist_add(missing, f->question);
	}
}

static void
find_services(struct replay *p, struct strlist *missing)
{
	for (size_t i = 0; i < p->recipe->services.n; i++) {
		const struct service *s = &p->recipe->services.v[i];
		if (!s->start && answers_get(p->answers, s->question, NULL) != ANSWER_GIVEN)
			strlist_add(missing, s->question);
	}
}

static int
do_place(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct replay *p = ctx;
	struct probe_files files = {0};
	const struct probe_placing spec = {
		p->st, p->owner, p->answers, &result_of(p)->work, &p->recipe->files};
	int rc = probe_place_files(&spec, &files, err);
	if (rc == 0)
		*ret_result =
			json_pack("{s:s*, s:s*}", "tree", files.tree, "outside", files.outside);
	probe_files_cleanup(&files);
	return rc;
}

static int
place_files(struct replay *p, struct dd_err *err)
{
	OWN_JSON json_t *j = NULL;
	if (!p->recipe->files.n)
		return 0;
	int rc = journal_step(p->run->journal, "replay/files", do_place, p, &j, err);
	const char *tree = json_string_value(json_object_get(j, "tree"));
	const char *outside = json_string_value(json_object_get(j, "outside"));
	if (tree)
		stack_push(&result_of(p)->work, tree);
	p->files.outside = outside ? mem_strdup(outside) : NULL;
	probe_bind_files(p->st, &p->recipe->files, &p->files);
	return rc;
}

static void
block(struct replay *p, const struct strlist *missing)
{
	struct probe_result *res = result_of(p);
	OWN(buf) struct buf text = {.max = 4096};
	for (size_t i = 0; i < missing->n; i++) {
		struct question *q = question_list_find(&res->questions, missing->v[i]);
		buf_printf(&text, "%s%s",
			i ? ", " : "the recipe needs answers that were not given: ", missing->v[i]);
		if (q)
			q->blocking = true;
	}
	res->outcome = OUTCOME_BLOCKED;
	res->diagnosis.class = DIAGNOSIS_NEEDS_ANSWER;
	res->diagnosis.text = buf_take(&text);
	res->diagnosis.way_out = mem_strdup("give an answers file with --answers");
}

static void
copy_facts(struct replay *p)
{
	struct probe_result *res = result_of(p);
	const struct recipe *r = p->recipe;
	command_list_copy(&res->project.commands, &r->commands);
	package_list_copy(&res->packages, &r->packages);
	question_list_copy(&res->questions, &r->questions);
	install_batch_list_copy(&res->batches, &r->batches);
	module_set_list_copy(&res->modules, &r->modules);
	env_var_list_copy(&res->environment, &r->environment);
	prompt_answer_list_copy(&res->prompts, &r->prompts);
	service_list_copy(&res->services, &r->services);
	supplied_file_list_copy(&res->files, &r->files);
	start_copy(&res->start, &r->start);
	feature_off_list_copy(&res->features_off, &r->features_off);
	res->project.system = r->system;
	p->r->index_digest = r->base.index ? mem_strdup(r->base.index) : NULL;
	strlist_copy(&res->options, &r->options);
}

/* A replay is one attempt. */
static void
note_attempt(struct replay *p)
{
	struct probe_result *res = result_of(p);
	struct attempt *a = attempt_list_add(&res->attempts);
	a->n = 1;
	a->log = mem_strdup("logs/build.log");
	a->seconds = res->build_seconds + res->test_seconds;
	for (size_t i = 0; i < res->packages.n; i++)
		if (res->packages.v[i].requested)
			strlist_add(&a->added, res->packages.v[i].name);
	a->ended = res->outcome == OUTCOME_UP		  ? ATTEMPT_TESTS_PASSED
		   : res->outcome == OUTCOME_BUILT	  ? ATTEMPT_BUILT
		   : res->outcome == OUTCOME_TESTS_FAILED ? ATTEMPT_TESTS_FAILED
							  : ATTEMPT_BUILD_FAILED;
}

static int
build_and_test(struct replay *p, struct dd_err *err)
{
	struct probe_result *res = result_of(p);
	bool complete = true;
	int rc = install_batches(p, err);
	if (rc == 0)
		rc = hide_packages(p, err);
	if (rc == 0)
		rc = place_files(p, err);
	if (rc == 0)
		rc = install_modules(p, &complete, err);
	if (rc == 0 && complete)
		rc = build(p, err);
	if (rc == 0 && complete && res->outcome == OUTCOME_NONE)
		rc = test(p, err);
	if (rc == 0)
		note_attempt(p);
	if (rc == 0 && complete)
		p->r->differences = replay_differences(p->recipe, res);
	return rc;
}

/* The same recipe may well fit another tree, but who reads the result must know. */
static void
compare_source(struct replay *p)
{
	const struct recipe *r = p->recipe;
	if (!r->source_digest || strcmp(r->source_digest, p->r->source.digest) == 0)
		return;
	strlist_addf(&p->r->source.notes,
		"the source is not the one that the recipe was made of: its tree is %.16s, that one "
		"was %.16s",
		p->r->source.digest, r->source_digest);
	log_warn("%s", p->r->source.notes.v[p->r->source.notes.n - 1]);
}

static int
run_steps(struct replay *p, struct dd_err *err)
{
	struct probe_result *res = result_of(p);
	OWN(strlist) struct strlist missing = {0};
	stack_copy(&res->root, &p->r->base.stack);
	copy_facts(p);
	source_stack(&p->r->source, &res->work);
	compare_source(p);
	standup_environment(p->recipe, p->answers, &p->env, &missing);
	find_files(p, &missing);
	find_services(p, &missing);
	if (missing.n) {
		block(p, &missing);
		return 0;
	}
	return build_and_test(p, err);
}

static int
check_base(const struct recipe *recipe, const struct image *base, struct dd_err *err)
{
	if (strcmp(recipe->base.digest, base->digest) == 0)
		return 0;
	return err_set(err, DD_EINVAL,
		"recipe: it was made on base image %s %.12s, but the one here is %.12s; its packages "
		"would not fit. Import that image, or run drydock up again",
		recipe->base.name ? recipe->base.name : "", recipe->base.digest, base->digest);
}

int
standup_replay(const struct state *st, struct run *run, struct answers *answers,
	const struct recipe *recipe, struct standup_result *r, struct dd_err *err)
{
	OWN_FREE char *owner = run_owner(run);
	struct replay p = {
		.st = st, .run = run, .answers = answers, .owner = owner, .recipe = recipe, .r = r};
	int rc = check_base(recipe, &r->base, err);
	if (rc == 0)
		rc = run_steps(&p, err);
	strlist_cleanup(&p.env);
	stack_cleanup(&p.tree);
	probe_files_cleanup(&p.files);
	return rc;
}
