/*
 * The journalled step for packages of a language's own registry: a layer between the source and
 * what is built on it, so that later attempts have them without fetching, and the commands that run
 * what they bring to be run.
 */
#include "envprobe/loop.h"

#include "images/npm.h"

#include <string.h>

static json_t *
result_to_json(const struct npm_result *r)
{
	return json_pack("{s:s?, s:o, s:o, s:o, s:o, s:o, s:i, s:o}", "layer", r->layer, "set",
		r->set.manager ? json_encode(module_set_fields, &r->set) : json_null(), "scripts",
		json_from_strings(&r->scripts), "optional_scripts",
		json_from_strings(&r->optional_scripts), "questions",
		question_list_to_json(&r->questions), "features_off",
		feature_off_list_to_json(&r->features_off), "outcome", (int)r->outcome, "diagnosis",
		json_encode(diagnosis_fields, &r->diagnosis));
}

static int
do_modules(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct loop *l = ctx;
	const struct probe_spec *s = l->spec;
	OWN_FREE char *log =
		mem_printf("%s/logs/attempt-%lld-modules.log", s->run_dir, (long long)l->n);
	const struct npm_job job = {.state = s->state,
		.root = &l->r->root,
		.source = s->source,
		.dir = l->r->project.dir,
		.answers = s->answers,
		.offline = s->offline,
		.owner = s->owner,
		.log_path = log,
		.egress_log = s->egress_log};
	struct npm_result r;
	int rc = npm_install(&job, &r, err);
	if (rc < 0)
		return rc;
	*ret_result = result_to_json(&r);
	npm_result_cleanup(&r);
	return 0;
}

static void
add_rebuild(struct command_list *to, const struct loop *l, const char *names, bool optional)
{
	struct command *c = command_list_add(to);
	c->phase = PHASE_BUILD;
	c->run = mem_printf("npm rebuild %s%s", names, optional ? " || true" : "");
	c->dir = l->r->project.dir ? mem_strdup(l->r->project.dir) : NULL;
	c->why = mem_strdup(optional ? "an optional package with a lifecycle script"
				     : "packages with lifecycle scripts");
}

/* Lifecycle scripts come before all that the application itself does. */
static void
put_scripts_first(struct loop *l, const json_t *scripts, const json_t *optional)
{
	struct command_list all = {0}, *own = &l->r->project.commands;
	OWN(buf) struct buf names = {0};
	json_t *name;
	size_t i;
	json_array_foreach ((json_t *)scripts, i, name) {
		buf_printf(&names, "%s%s", i ? " " : "", json_string_value(name));
	}
	if (names.n)
		add_rebuild(&all, l, names.p, false);
	json_array_foreach ((json_t *)optional, i, name) {
		add_rebuild(&all, l, json_string_value(name), true);
	}
	for (i = 0; i < own->n; i++)
		*command_list_add(&all) = own->v[i];
	free(own->v);
	*own = all;
}

/* node-gyp would fetch node's headers from their maker: those of the distribution are there. */
static void
name_headers(struct loop *l)
{
	bool compiles = false;
	for (size_t i = 0; i < l->r->project.commands.n; i++) {
		const char *run = l->r->project.commands.v[i].run;
		compiles = compiles || strncmp(run, "npm rebuild ", 12) == 0 ||
			   strstr(run, "node-gyp");
	}
	if (!compiles)
		return;
	struct env_var *e = env_var_list_add(&l->r->environment);
	e->name = mem_strdup("npm_config_nodedir");
	e->value = mem_strdup("/usr");
	e->why = mem_strdup("node-gyp takes the headers of the installed node, and fetches none");
	strlist_addf(&l->env, "%s=%s", e->name, e->value);
}

static int
take_questions(struct loop *l, const json_t *j, struct dd_err *err)
{
	struct question_list questions = {0};
	struct feature_off_list features = {0};
	int rc = question_list_from_json(
		json_object_get(j, "questions"), "questions", &questions, err);
	for (size_t i = 0; rc == 0 && i < questions.n; i++)
		*question_list_add(&l->r->questions) = questions.v[i];
	free(questions.v);
	if (rc == 0)
		rc = feature_off_list_from_json(
			json_object_get(j, "features_off"), "features_off", &features, err);
	for (size_t i = 0; rc == 0 && i < features.n; i++)
		*feature_off_list_add(&l->r->features_off) = features.v[i];
	free(features.v);
	return rc;
}

static int
take_modules(struct loop *l, const json_t *j, struct dd_err *err)
{
	const char *layer = json_string_value(json_object_get(j, "layer"));
	const json_t *set = json_object_get(j, "set");
	enum run_outcome outcome =
		(enum run_outcome)json_integer_value(json_object_get(j, "outcome"));
	int rc = take_questions(l, j, err);
	if (rc == 0 && outcome != OUTCOME_NONE) {
		l->r->outcome = outcome;
		diagnosis_cleanup(&l->r->diagnosis);
		return json_decode(json_object_get(j, "diagnosis"), diagnosis_fields, false,
			&l->r->diagnosis, "diagnosis", err);
	}
	if (rc == 0 && json_is_object(set))
		rc = json_decode(set, module_set_fields, false, module_set_list_add(&l->r->modules),
			"modules", err);
	if (rc < 0)
		return rc;
	if (layer)
		stack_push(&l->modules, layer);
	loop_restack(l);
	put_scripts_first(l, json_object_get(j, "scripts"), json_object_get(j, "optional_scripts"));
	name_headers(l);
	l->modules_known = true;
	return 0;
}

int
loop_modules(struct loop *l, struct dd_err *err)
{
	OWN_FREE char *key = mem_printf("attempt/%lld/modules", (long long)l->n);
	OWN_JSON json_t *j = NULL;
	if (l->modules_known)
		return 0;
	if (l->r->project.system != SYSTEM_NODE) {
		l->modules_known = true;
		return 0;
	}
	int rc = journal_step(l->spec->journal, key, do_modules, l, &j, err);
	return rc < 0 ? rc : take_modules(l, j, err);
}
