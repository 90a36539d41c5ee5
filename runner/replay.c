/* The steps of `drydock replay` that stand for discovery: install what is locked, build, test. */
#include "runner/standup.h"

#include "base/log.h"
#include "qa/qa.h"

#include <string.h>

struct replay {
	const struct state *st;
	struct run *run;
	struct answers *answers;
	char *owner;
	const struct recipe *recipe;
	struct standup_result *r;
	struct strlist env;
	size_t batch;
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
	int rc = apt_fetch(p->st, b, p->run->options.offline, p->r->egress_log, err);
	if (rc == 0)
		rc = apt_install(p->st, root, b, p->owner, &cached, err);
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

static int
do_build(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct replay *p = ctx;
	struct probe_result *res = result_of(p);
	OWN_FREE char *log = run_path(p->run, "logs/build.log");
	bool built = false;
	const struct build_spec spec = {
		.state = p->st,
		.root = &res->root,
		.work = &res->work,
		.commands = &p->recipe->commands,
		.env = (const char *const *)p->env.v,
		.answers = p->answers,
		.owner = p->owner,
		.log_path = log,
	};
	int step = progress_begin("building");
	int64_t start = clock_mono_ns();
	struct diagnosis diagnosis = {0};
	int rc = probe_build(&spec, &built, &diagnosis, err);
	progress_end(step, rc == 0 && built ? "ok" : "failed");
	if (rc == 0)
		*ret_result = json_pack("{s:b, s:f, s:o, s:s*}", "built", built, "seconds",
			(double)(clock_mono_ns() - start) / 1e9, "diagnosis",
			json_encode(diagnosis_fields, &diagnosis), "layer",
			built && res->work.n > 1 ? res->work.v[res->work.n - 1].s : NULL);
	diagnosis_cleanup(&diagnosis);
	return rc;
}

static int
build(struct replay *p, bool *ret_built, struct dd_err *err)
{
	struct probe_result *res = result_of(p);
	OWN_JSON json_t *j = NULL;
	int rc = journal_step(p->run->journal, "replay/build", do_build, p, &j, err);
	if (rc < 0)
		return rc;
	const char *layer = json_string_value(json_object_get(j, "layer"));
	if (layer && res->work.n == 1)
		stack_push(&res->work, layer);
	*ret_built = json_is_true(json_object_get(j, "built"));
	res->build_seconds = json_real_value(json_object_get(j, "seconds"));
	return json_decode(json_object_get(j, "diagnosis"), diagnosis_fields, false,
		&res->diagnosis, "diagnosis", err);
}

static int
do_tests(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct replay *p = ctx;
	struct probe_result *res = result_of(p);
	OWN_FREE char *log = run_path(p->run, "logs/tests.log");
	struct test_run tests = {0};
	enum exec_cause cause;
	const struct qa_spec spec = {
		.state = p->st,
		.root = &res->root,
		.work = &res->work,
		.commands = &p->recipe->commands,
		.env = (const char *const *)p->env.v,
		.on_prompt = probe_answer_prompt,
		.ctx = p->answers,
		.answers = p->answers,
		.log_path = log,
	};
	int step = progress_begin("running the tests");
	int rc = qa_run_tests(&spec, &tests, &cause, err);
	progress_end(step, rc < 0 ? "failed" : "ok");
	if (rc == 0)
		*ret_result = json_encode(test_run_fields, &tests);
	test_run_cleanup(&tests);
	return rc;
}

static bool
has_tests(const struct command_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].phase == PHASE_TEST)
			return true;
	return false;
}

static int
test(struct replay *p, struct dd_err *err)
{
	struct probe_result *res = result_of(p);
	if (!has_tests(&p->recipe->commands)) {
		res->outcome = OUTCOME_BUILT;
		return 0;
	}
	OWN_JSON json_t *j = NULL;
	int rc = journal_step(p->run->journal, "replay/tests", do_tests, p, &j, err);
	if (rc == 0)
		rc = json_decode(j, test_run_fields, false, &res->tests, "tests", err);
	bool passed = res->tests.failed == 0 && res->tests.passed > 0;
	res->outcome = passed ? OUTCOME_UP : OUTCOME_TESTS_FAILED;
	return rc;
}

/* NAME=value for each variable of the recipe; false when an answer is missing. */
static bool
make_environment(struct replay *p)
{
	bool complete = true;
	probe_environment(&p->env);
	for (size_t i = 0; i < p->recipe->environment.n; i++) {
		const struct env_var *e = &p->recipe->environment.v[i];
		const char *value = e->value;
		if (e->question && answers_get(p->answers, e->question, &value) != ANSWER_GIVEN)
			value = e->value;
		if (value)
			strlist_addf(&p->env, "%s=%s", e->name, value);
		else
			complete = false;
	}
	return complete;
}

static void
block(struct replay *p)
{
	struct probe_result *res = result_of(p);
	res->outcome = OUTCOME_BLOCKED;
	res->diagnosis.class = mem_strdup("needs-answer");
	res->diagnosis.text =
		mem_strdup("the recipe needs answers that were not given: see its questions");
	res->diagnosis.way_out = mem_strdup("give an answers file with --answers");
}

static int
copy_facts(struct replay *p, struct dd_err *err)
{
	struct probe_result *res = result_of(p);
	const struct recipe *r = p->recipe;
	OWN_JSON json_t *commands = command_list_to_json(&r->commands);
	OWN_JSON json_t *packages = package_list_to_json(&r->packages);
	OWN_JSON json_t *questions = question_list_to_json(&r->questions);
	OWN_JSON json_t *batches = install_batch_list_to_json(&r->batches);
	OWN_JSON json_t *env = env_var_list_to_json(&r->environment);
	OWN_JSON json_t *prompts = prompt_answer_list_to_json(&r->prompts);
	int rc = command_list_from_json(commands, "commands", &res->project.commands, err);
	if (rc == 0)
		rc = package_list_from_json(packages, "packages", &res->packages, err);
	if (rc == 0)
		rc = question_list_from_json(questions, "questions", &res->questions, err);
	if (rc == 0)
		rc = install_batch_list_from_json(batches, "batches", &res->batches, err);
	if (rc == 0)
		rc = env_var_list_from_json(env, "environment", &res->environment, err);
	if (rc == 0)
		rc = prompt_answer_list_from_json(prompts, "prompts", &res->prompts, err);
	res->project.system = mem_strdup("recipe");
	strlist_copy(&res->options, &r->options);
	strlist_copy(&res->services, &r->services);
	return rc;
}

static int
run_steps(struct replay *p, struct dd_err *err)
{
	struct probe_result *res = result_of(p);
	bool built = false;
	stack_copy(&res->root, &p->r->base.stack);
	stack_push(&res->work, p->r->source.layer);
	int rc = copy_facts(p, err);
	if (rc < 0)
		return rc;
	if (!make_environment(p)) {
		block(p);
		return 0;
	}
	rc = install_batches(p, err);
	if (rc == 0)
		rc = build(p, &built, err);
	if (rc < 0)
		return rc;
	if (!built) {
		res->outcome = OUTCOME_BUILD_FAILED;
		return 0;
	}
	return test(p, err);
}

static int
check_base(const struct recipe *recipe, const struct image *base, struct dd_err *err)
{
	if (strcmp(recipe->base_digest, base->digest) == 0)
		return 0;
	return err_set(err, DD_EINVAL,
		"recipe: it was made on base image %s %.12s, but the one here is %.12s; its packages "
		"would not fit. Import that image, or run drydock up again",
		recipe->base_name ? recipe->base_name : "", recipe->base_digest, base->digest);
}

int
standup_replay(const struct state *st, struct run *run, struct answers *answers,
	struct standup_result *r, struct dd_err *err)
{
	struct recipe recipe = {0};
	int rc = recipe_load(run->options.recipe, &recipe, err);
	if (rc < 0)
		return rc;
	OWN_FREE char *owner = run_owner(run);
	struct replay p = {.st = st,
		.run = run,
		.answers = answers,
		.owner = owner,
		.recipe = &recipe,
		.r = r};
	rc = check_base(&recipe, &r->base, err);
	if (rc == 0)
		rc = run_steps(&p, err);
	strlist_cleanup(&p.env);
	recipe_cleanup(&recipe);
	return rc;
}
