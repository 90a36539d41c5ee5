/* Views of a finished run: the object of --json and the recipe. */
#include "runner/standup.h"

#include "base/log.h"
#include "runner/views.h"

#include <string.h>
#include <time.h>

#define NOT_LOOKED_FOR -1 /* cases that fail at times: each runs once in a run */

static json_t *
text_or_null(const char *s)
{
	return s ? json_text(str_of(s)) : json_null();
}

static json_t *
build_to_json(const struct probe_result *p)
{
	const char *system = build_system_names[p->project.system];
	json_t *commands = json_array();
	for (size_t i = 0; i < p->project.commands.n; i++) {
		const struct command *c = &p->project.commands.v[i];
		OWN(buf) struct buf text = {0};
		if (c->phase == PHASE_TEST)
			continue;
		if (c->dir) {
			buf_puts(&text, "cd ");
			buf_put_shell(&text, str_of(c->dir));
			buf_puts(&text, " && ");
		}
		buf_puts(&text, c->run);
		json_array_append_new(commands, json_text(buf_str(&text)));
	}
	return json_pack("{s:o, s:o, s:f}", "system", text_or_null(system), "commands", commands,
		"seconds", p->build_seconds);
}

/* Those that their tool itself ran again. */
static json_int_t
count_flaky(const struct test_run *t)
{
	json_int_t n = 0;
	for (size_t i = 0; i < t->cases.n; i++)
		n += t->cases.v[i].flaky;
	return n ? n : NOT_LOOKED_FOR;
}

static json_t *
tests_to_json(const struct standup_result *r)
{
	const struct test_run *t = &r->probe.tests;
	return json_pack("{s:I, s:I, s:I, s:I, s:o, s:b, s:o}", "passed", (json_int_t)t->passed,
		"failed", (json_int_t)t->failed, "skipped", (json_int_t)t->skipped, "flaky",
		count_flaky(t), "cases", text_or_null(r->cases), "by_exit_status",
		t->by_exit_status, "note", text_or_null(t->note));
}

static json_t *
packages_to_json(const struct package_list *l)
{
	json_t *a = json_array();
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].requested)
			json_array_append_new(a, json_encode(package_fields, &l->v[i]));
	return a;
}

static json_t *
attempts_to_json(const struct run *run, const struct attempt_list *l)
{
	json_t *all = json_array();
	for (size_t i = 0; i < l->n; i++) {
		json_t *j = json_encode(attempt_fields, &l->v[i]);
		OWN_FREE char *log = l->v[i].log ? run_path(run, l->v[i].log) : NULL;
		json_object_set_new(j, "log", text_or_null(log));
		json_array_append_new(all, j);
	}
	return all;
}

json_t *
standup_to_json(
	const struct run *run, const struct standup_result *r, const struct answers *answers)
{
	const struct probe_result *p = &r->probe;
	json_t *j = json_object();
	json_object_set_new(j, "run", json_string(run->id));
	json_object_set_new(j, "outcome", json_string(run_outcome_names[p->outcome]));
	json_object_set_new(j, "diagnosis", json_encode(diagnosis_fields, &p->diagnosis));
	json_object_set_new(j, "build", build_to_json(p));
	json_object_set_new(j, "tests", tests_to_json(r));
	json_object_set_new(j, "attempts", attempts_to_json(run, &p->attempts));
	json_object_set_new(j, "packages", packages_to_json(&p->packages));
	json_object_set_new(
		j, "start", p->start.run ? json_encode(start_fields, &p->start) : json_null());
	json_object_set_new(j, "starts_tried", start_try_list_to_json(&p->starts));
	json_object_set_new(j, "screens", views_to_json(run, &r->views));
	json_object_set_new(j, "questions", question_list_to_json(&p->questions));
	json_object_set_new(j, "features_off", feature_off_list_to_json(&p->features_off));
	if (r->differences)
		json_object_set(j, "differences", r->differences);
	json_object_set_new(j, "recipe", text_or_null(r->recipe));
	json_object_set_new(j, "report", text_or_null(r->report));
	json_object_set_new(j, "seconds", json_real(r->seconds));
	answers_redact_json(answers, j);
	return j;
}

static char *
copy(const char *s)
{
	return s ? mem_strdup(s) : NULL;
}

/*
 * Secrets out of what people or the target wrote.  Names of packages, digests and commands are no
 * such text: a replay goes by them.
 */
static void
redact_recipe(struct recipe *r, const struct answers *a)
{
	answers_redact_text(a, &r->name);
	for (size_t i = 0; i < r->packages.n; i++) {
		answers_redact_text(a, &r->packages.v[i].why);
		answers_redact_text(a, &r->packages.v[i].proof);
	}
	for (size_t i = 0; i < r->environment.n; i++) {
		answers_redact_text(a, &r->environment.v[i].value);
		answers_redact_text(a, &r->environment.v[i].why);
	}
	for (size_t i = 0; i < r->services.n; i++)
		answers_redact_text(a, &r->services.v[i].start);
	for (size_t i = 0; i < r->commands.n; i++)
		answers_redact_text(a, &r->commands.v[i].why);
	answers_redact_text(a, &r->start.why);
	for (size_t i = 0; i < r->start.ports.n; i++)
		answers_redact_text(a, &r->start.ports.v[i].title);
	for (size_t i = 0; i < r->prompts.n; i++)
		answers_redact_text(a, &r->prompts.v[i].value);
	for (size_t i = 0; i < r->questions.n; i++) {
		struct question *q = &r->questions.v[i];
		char **const texts[] = {
			&q->text, &q->where, &q->why, &q->default_value, &q->unlocks};
		for (size_t k = 0; k < sizeof(texts) / sizeof(*texts); k++)
			answers_redact_text(a, texts[k]);
	}
	for (size_t i = 0; i < r->features_off.n; i++) {
		answers_redact_text(a, &r->features_off.v[i].feature);
		answers_redact_text(a, &r->features_off.v[i].input);
	}
}

void
standup_recipe(const struct run *run, const struct standup_result *r, const struct answers *answers,
	struct recipe *ret)
{
	const struct probe_result *p = &r->probe;
	*ret = (struct recipe){.version = RECIPE_VERSION};
	ret->created = clock_rfc3339(run->options.created_ns);
	ret->name = copy(r->source.name);
	ret->system = p->project.system;
	ret->source_digest = copy(r->source.digest);
	ret->base.name = copy(r->base.name);
	ret->base.digest = copy(r->base.digest);
	ret->base.suite = copy(r->base.suite);
	ret->base.arch = copy(r->base.arch);
	ret->base.index = copy(r->index_digest);
	install_batch_list_copy(&ret->batches, &p->batches);
	module_set_list_copy(&ret->modules, &p->modules);
	package_list_copy(&ret->packages, &p->packages);
	env_var_list_copy(&ret->environment, &p->environment);
	probe_recipe_environment(&ret->environment);
	supplied_file_list_copy(&ret->files, &p->files);
	command_list_copy(&ret->commands, &p->project.commands);
	prompt_answer_list_copy(&ret->prompts, &p->prompts);
	question_list_copy(&ret->questions, &p->questions);
	feature_off_list_copy(&ret->features_off, &p->features_off);
	start_copy(&ret->start, &p->start);
	strlist_copy(&ret->options, &p->options);
	built_file_list_copy(&ret->built_files, &p->built_files);
	for (size_t i = 0; i < p->tests.cases.n; i++) {
		struct case_result *c = case_result_list_add(&ret->cases);
		c->id = mem_strdup(p->tests.cases.v[i].id);
		c->status = p->tests.cases.v[i].status;
	}
	service_list_copy(&ret->services, &p->services);
	ret->passed = p->tests.passed;
	ret->failed = p->tests.failed;
	ret->skipped = p->tests.skipped;
	ret->outcome = p->outcome;
	redact_recipe(ret, answers);
}
