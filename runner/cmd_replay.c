#include "runner/commands.h"

#include "base/log.h"
#include "base/map.h"
#include "envprobe/envprobe.h"
#include "runner/bundle.h"
#include "runner/workspace.h"

struct replay_options {
	struct common_options common;
	const char *answers;
	bool offline;
	bool install_anew;
	struct strlist without;
	struct limit_options limits;
	struct patience_options patience;
};

#define O(member) offsetof(struct replay_options, member)
static const struct option_def options[] = {
	{"answers", 0, OPTION_TEXT, O(answers), "FILE",
		"answers to questions: a JSON object by id"},
	{"offline", 0, OPTION_FLAG, O(offline), NULL, "use only what is in the store"},
	{"install-anew", 0, OPTION_FLAG, O(install_anew), NULL,
		"install packages from their archives, also where a layer of them is in the store"},
	{"without", 0, OPTION_TEXTS, O(without), "PACKAGE",
		"hide the files of this package of the recipe; may be given again"},
	LIMIT_OPTIONS(struct replay_options, limits),
	PATIENCE_OPTIONS(struct replay_options, patience),
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

/* What the recipe does not install cannot be hidden. */
static int
check_without(const struct recipe *r, const struct strlist *without, struct dd_err *err)
{
	OWN(map) struct map known = {0};
	for (size_t i = 0; i < r->packages.n; i++)
		map_put(&known, r->packages.v[i].name, &r->packages.v[i]);
	for (size_t i = 0; i < without->n; i++)
		if (!map_get(&known, without->v[i]))
			return err_set(err, DD_EINVAL, "the recipe installs no package \"%s\"",
				without->v[i]);
	return 0;
}

/* Each member by the recipe that the lock has beside it. */
static int
new_workspace_run(
	const struct cli_call *call, const struct state *st, struct run *ret, struct dd_err *err)
{
	const struct replay_options *o = call->options;
	struct run_options ro = {.offline = o->offline,
		.install_anew = o->install_anew,
		.limits = o->limits,
		.created_ns = clock_real_ns()};
	struct workspace w = {0};
	int rc = o->without.n
			 ? err_set(err, DD_EINVAL,
				   "--without: of a workspace, only a single member is replayed so")
			 : command_patience(&o->patience, &ro, err);
	if (rc == 0)
		rc = command_source(call->args[1], &ro.source, err);
	if (rc == 0 && !workspace_is(ro.source))
		rc = err_set(
			err, DD_EINVAL, "the recipe is of a workspace, and %s is none", ro.source);
	if (rc == 0)
		rc = workspace_read(st, ro.source, &w, err);
	if (rc == 0)
		rc = workspace_take_lock(&w, call->args[0], err);
	if (rc == 0)
		rc = command_absolute_path(o->answers, &ro.answers, err);
	if (rc == 0) {
		workspace_to_options(&w, &ro);
		rc = run_create(st, &ro, ret, err);
	}
	workspace_cleanup(&w);
	run_options_cleanup(&ro);
	return rc;
}

static int
new_run(const struct cli_call *call, const struct state *st, struct run *ret, struct dd_err *err)
{
	const struct replay_options *o = call->options;
	struct run_options ro = {.offline = o->offline,
		.install_anew = o->install_anew,
		.limits = o->limits,
		.created_ns = clock_real_ns()};
	struct recipe recipe = {0};
	if (workspace_is_lock(call->args[0]))
		return new_workspace_run(call, st, ret, err);
	bool bundle = bundle_is(call->args[0]);
	strlist_copy(&ro.without, &o->without);
	int rc = command_patience(&o->patience, &ro, err);
	if (rc == 0)
		rc = command_absolute_path(call->args[0], bundle ? &ro.bundle : &ro.recipe, err);
	if (rc == 0 && !bundle)
		rc = recipe_load(ro.recipe, &recipe, err); /* a bad one is refused before a run */
	if (rc == 0 && recipe.base.name)
		ro.image = mem_strdup(recipe.base.name);
	if (rc == 0)
		rc = command_source(call->args[1], &ro.source, err);
	if (rc == 0)
		rc = command_absolute_path(o->answers, &ro.answers, err);
	if (rc == 0 && !bundle)
		rc = check_without(&recipe, &o->without, err);
	if (rc == 0)
		rc = run_create(st, &ro, ret, err);
	recipe_cleanup(&recipe);
	run_options_cleanup(&ro);
	return rc;
}

static int
run_replay(const struct cli_call *call)
{
	const struct replay_options *o = call->options;
	return command_new_run(call, o->answers, new_run, workspace_or_one);
}

const struct subcommand cmd_replay = {
	.name = "replay",
	.summary = "build and test from a recipe, with no discovery",
	.args = "RECIPE SOURCE",
	.description =
		"RECIPE is a drydock.lock.json, the folder that holds it, or the archive that drydock "
		"bundle wrote.\n\nWith --without, what only that package brings along is hidden, too; the differences tell what "
		"it is\nneeded for, and no recipe is written.",
	.options = options,
	.options_size = sizeof(struct replay_options),
	.min_args = 2,
	.max_args = 2,
	.run = run_replay,
};
