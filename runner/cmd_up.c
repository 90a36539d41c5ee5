#include "runner/commands.h"

#include "base/fs.h"
#include "base/log.h"
#include "envprobe/envprobe.h"
#include "images/images.h"
#include "runner/fix_author.h"
#include "runner/intake.h"
#include "runner/workspace.h"

#include <string.h>

struct up_options {
	struct common_options common;
	const char *answers;
	const char *image;
	const char *recipe;
	bool offline;
	bool no_prune;
	bool install_anew;
	const char *facts;
	bool no_learnt;
	bool screens, no_screens;
	const char *models, *budget_usd;
	struct limit_options limits;
	struct patience_options patience;
};

#define O(member) offsetof(struct up_options, member)
static const struct option_def options[] = {
	{"answers", 0, OPTION_TEXT, O(answers), "FILE",
		"answers to questions: a JSON object by id"},
	{"image", 0, OPTION_TEXT, O(image), "NAME",
		"start from this image instead of the base image"},
	{"recipe", 0, OPTION_TEXT, O(recipe), "FILE",
		"replay this recipe first, and find out only what is broken in it"},
	{"offline", 0, OPTION_FLAG, O(offline), NULL, "use only what is in the store"},
	{"no-prune", 0, OPTION_FLAG, O(no_prune), NULL,
		"keep packages that nothing was seen to use, without a look whether they are needed"},
	{"facts", 0, OPTION_TEXT, O(facts), "FILE",
		"a drydock.yaml: what is known beforehand (default: that of the source)"},
	{"no-learnt", 0, OPTION_FLAG, O(no_learnt), NULL,
		"use nothing that earlier runs learnt of this source"},
	{"install-anew", 0, OPTION_FLAG, O(install_anew), NULL,
		"install packages from their archives, also where a layer of them is in the store"},
	{"screens", 0, OPTION_FLAG, O(screens), NULL,
		"make the browser's image where there is none, and look at the entry pages"},
	{"no-screens", 0, OPTION_FLAG, O(no_screens), NULL, "do not look at them"},
	{"models", 0, OPTION_TEXT, O(models), "FILE",
		"a models.json: where discovery has nothing more to try, one of its models is asked, at most twice"},
	{"budget-usd", 0, OPTION_TEXT, O(budget_usd), "N",
		"calls to models cost at most this much in all"},
	LIMIT_OPTIONS(struct up_options, limits),
	PATIENCE_OPTIONS(struct up_options, patience),
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

/* A bad recipe is refused before there is a run. */
static int
take_recipe(const char *path, struct run_options *ro, struct dd_err *err)
{
	struct recipe recipe = {0};
	if (!path)
		return 0;
	int rc = command_absolute_path(path, &ro->recipe, err);
	if (rc == 0)
		rc = recipe_load(ro->recipe, &recipe, err);
	ro->discover = true;
	recipe_cleanup(&recipe);
	return rc;
}

/* A bad one is refused before there is a run. */
static int
take_facts(const struct state *st, const char *path, struct run_options *ro, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	struct premises facts = {0};
	int rc = command_absolute_path(path, &ro->facts, err);
	if (rc == 0)
		rc = fs_read(ro->facts, FACTS_MAX_BYTES, &text, err);
	if (rc == 0)
		rc = probe_facts_read(st, buf_str(&text), &facts, err);
	premises_cleanup(&facts);
	return rc < 0 ? err_wrap(err, "%s", path) : 0;
}

static int
take_models(const struct up_options *o, struct run_options *ro, struct dd_err *err)
{
	const struct spending_options spending = {.models = o->models, .budget_usd = o->budget_usd};
	return o->models ? fix_take_spending(&spending, "--models", ro, err)
			 : err_set(err, DD_EINVAL,
				   "--budget-usd: no model is asked without --models");
}

/* A bad one is refused before there is a run. */
static int
take_workspace(const struct state *st, struct run_options *ro, struct dd_err *err)
{
	struct workspace w = {0};
	int rc = ro->recipe  ? err_set(err, DD_EINVAL,
				       "--recipe: a workspace has one a member: use drydock replay")
		 : ro->facts ? err_set(err, DD_EINVAL,
				       "--facts: a workspace names those of its members")
			     : workspace_read(st, ro->source, &w, err);
	if (rc == 0)
		workspace_to_options(&w, ro);
	workspace_cleanup(&w);
	return rc;
}

static int
new_run(const struct cli_call *call, const struct state *st, struct run *ret, struct dd_err *err)
{
	const struct up_options *o = call->options;
	const char *source = call->args[0];
	const bool probe = call->command == &cmd_probe;
	struct run_options ro = {.offline = o->offline,
		.no_prune = o->no_prune,
		.install_anew = o->install_anew,
		.no_learnt = o->no_learnt,
		.screens = !probe && !o->no_screens,
		.browser = !probe && o->screens,
		.build_only = probe,
		.limits = o->limits,
		.created_ns = clock_real_ns()};
	int rc = o->screens && o->no_screens
			 ? err_set(err, DD_EINVAL,
				   "--screens and --no-screens: it is one or the other")
			 : command_patience(&o->patience, &ro, err);
	if (rc == 0)
		rc = take_recipe(o->recipe, &ro, err);
	if (rc == 0)
		rc = command_source(source, &ro.source, err);
	if (rc == 0)
		rc = command_absolute_path(o->answers, &ro.answers, err);
	if (rc == 0 && (o->models || o->budget_usd))
		rc = take_models(o, &ro, err);
	if (rc == 0 && o->facts)
		rc = take_facts(st, o->facts, &ro, err);
	if (rc == 0 && workspace_is(ro.source))
		rc = take_workspace(st, &ro, err);
	if (rc == 0 && o->image) {
		OWN(image) struct image img = {0};
		bool base =
			strcmp(o->image, IMAGE_BASE) == 0; /* which is built where there is none */
		rc = base ? 0 : image_open(st, o->image, &img, err);
		ro.image = mem_strdup(o->image);
	}
	if (rc == 0)
		rc = run_create(st, &ro, ret, err);
	run_options_cleanup(&ro);
	return rc;
}

static int
run_up(const struct cli_call *call)
{
	const struct up_options *o = call->options;
	return command_new_run(call, o->answers, new_run, workspace_or_one);
}

const struct subcommand cmd_up = {
	.name = "up",
	.summary = "find out what an application needs, build it, run its tests",
	.args = "SOURCE",
	.description =
		"SOURCE is a directory (never modified), an archive (.tar.gz, .tar.xz, .tar.bz2, "
		".tar.zst, .zip)\nor the URL or path of a git repository (http, https, git, file; "
		"#REF picks a branch, tag or commit).\n\nOr it is a workspace: a file NAME.yaml of repositories that form one "
		"application, each stood up by itself, with\nwhat it needs running beside its tests, under the name that is there; "
		"then all are started together.\n\n  workspace: harbour\n  members:\n  - name: tides           # small letters, "
		"digits and \"-\"; also the host name that leads to it\n    source: tides         # seen from the file\n  - name: "
		"winch\n    source: ../winch\n    needs: [tides]\n    facts: winch.yaml     # optional: its drydock.yaml\n\nAnswers are for "
		"all of them. Where a command takes a RUN, RUN/NAME is one member.\n\nThe outcome is one of up, built (it has no "
		"tests), tests-failed, build-failed, unsatisfiable,\nblocked (it needs an answer) and "
		"stopped (resumable).\n\nWhat a run learnt is kept. The next one of the same tree replays its recipe, and "
		"finds out anew only what\ndoes not end as well; of a changed one its packages are the "
		"first that are installed. A drydock.yaml, in\nthe source or named by --facts, says what is "
		"known beforehand:\n\n  packages:             # installed from the first attempt on; a bare name "
		"will do\n  - name: libpq-dev\n    scope: build        # build, test or run\n    why: the reports need "
		"it\n  ban: [libkmer-dev]    # installed for no need\n  providers:            # which package it is for a "
		"need\n  - need: header curl/curl.h\n    package: libcurl4-gnutls-dev\n  environment:          # of build and "
		"tests\n  - name: HARBOUR_SITE\n    value: north\n\nEach run writes one with what it learnt, to be corrected and given back.\n\nWith --json, paths are absolute. A case's ms is -1 where its test "
		"tool tells no time; tests.flaky is -1\nwhere that tool ran no case again by itself, since each test runs once in a run.\n\n"
		"An application that serves pages is looked at with a browser when it has been started: the pictures of its\n"
		"entry pages are in the report and part of what is attested. The browser has an image of its own, which\n"
		"takes a minute or two to make; without --screens none is made, and there are pictures where there is one\n"
		"(drydock image build browser). What keeps the browser from looking is told, and changes no outcome.",
	.options = options,
	.options_size = sizeof(struct up_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_up,
};

/* The same without a recipe to begin with, and without the tests. */
static const struct option_def probe_options[] = {
	{"answers", 0, OPTION_TEXT, O(answers), "FILE",
		"answers to questions: a JSON object by id"},
	{"image", 0, OPTION_TEXT, O(image), "NAME",
		"start from this image instead of the base image"},
	{"offline", 0, OPTION_FLAG, O(offline), NULL, "use only what is in the store"},
	{"no-prune", 0, OPTION_FLAG, O(no_prune), NULL,
		"keep packages that nothing was seen to use, without a look whether they are needed"},
	{"facts", 0, OPTION_TEXT, O(facts), "FILE",
		"a drydock.yaml: what is known beforehand (default: that of the source)"},
	{"no-learnt", 0, OPTION_FLAG, O(no_learnt), NULL,
		"use nothing that earlier runs learnt of this source"},
	{"install-anew", 0, OPTION_FLAG, O(install_anew), NULL,
		"install packages from their archives, also where a layer of them is in the store"},
	LIMIT_OPTIONS(struct up_options, limits),
	PATIENCE_OPTIONS(struct up_options, patience),
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

const struct subcommand cmd_probe = {
	.name = "probe",
	.summary = "find out what an application needs and build it; run no tests",
	.args = "SOURCE",
	.description =
		"As drydock up, but for the tests: what only they need is found out as far as the "
		"source declares it.\nThe outcome is built where up would go on with the tests.",
	.options = probe_options,
	.options_size = sizeof(struct up_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_up,
};
