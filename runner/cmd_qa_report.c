/* drydock qa report: screens that were taken, as a page to look at and decide on. */
#include "runner/commands.h"

#include "base/fs.h"
#include "images/images.h"
#include "runner/flaky.h"
#include "runner/review.h"
#include "runner/session.h"
#include "runner/views.h"

#include <string.h>

struct qa_report_options {
	struct common_options common;
	const char *against, *output;
};

#define O(member) offsetof(struct qa_report_options, member)
static const struct option_def options[] = {
	{"against", 0, OPTION_TEXT, O(against), "RUN|DIR",
		"what to compare with (default: the approved baselines)"},
	{"output", 'o', OPTION_TEXT, O(output), "FILE",
		"write the page there (default: " REVIEW_PAGE " in the run, or DIR.html)"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

/* Does a scenario lie in the directory itself?  A crawl keeps its walks below. */
static bool
has_steps(const char *dir)
{
	OWN(strlist) struct strlist names = {0};
	if (fs_list(dir, &names, NULL) < 0)
		return false;
	for (size_t i = 0; i < names.n; i++)
		if (str_ends(str_of(names.v[i]), ".jsonl"))
			return true;
	return false;
}

struct screens {
	char *dir, *name; /* name: the directory as given, or the run's id */
	char *page;	  /* where its page is, unless another place is named */
	bool of_run;
	struct flake_list flakes; /* of the run's tests */
};

static void
screens_cleanup(struct screens *s)
{
	free(s->dir);
	free(s->name);
	free(s->page);
	flake_list_cleanup(&s->flakes);
}

/* A directory with screens, or a run: what was seen of it last. */
static int
find_screens(const struct state *st, const char *name, struct screens *ret, struct dd_err *err)
{
	struct run run = {.lock_fd = -1};
	if (fs_is_dir(name)) {
		ret->name = mem_strdup(name);
		int found = command_absolute_path(name, &ret->dir, err);
		ret->page = found == 0 ? mem_printf("%s.html", ret->dir) : NULL;
		return found;
	}
	int rc = run_open(st, name, false, &run, err);
	if (rc < 0)
		return rc;
	OWN_FREE char *screens = run_path(&run, "screens"), *views = run_path(&run, VIEWS_DIR);
	OWN_JSON json_t *flakes = flaky_read(&run);
	ret->dir = has_steps(screens) ? TAKE(screens) : fs_is_dir(views) ? TAKE(views) : NULL;
	if (!ret->dir)
		rc = err_set(err, DD_ENOENT, "run %s has no screens (drydock qa shoot / --run %s)",
			run.id, run.id);
	if (rc == 0 && flakes)
		rc = flake_list_from_json(flakes, "flakes.json", &ret->flakes, err);
	ret->of_run = true;
	ret->name = mem_strdup(run.id);
	ret->page = run_path(&run, REVIEW_PAGE);
	run_cleanup(&run);
	return rc;
}

static int
tell(const struct qa_report_options *o, const char *path, const struct review_counts *c)
{
	if (o->common.json) {
		OWN_JSON json_t *j = json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:I}", "report",
			json_text(str_of(path)), "steps", (json_int_t)c->steps, "equal",
			(json_int_t)c->equal, "different", (json_int_t)c->different, "new",
			(json_int_t)c->new, "failed", (json_int_t)c->failed, "vanished",
			(json_int_t)c->vanished);
		OWN(buf) struct buf out = {0};
		json_print(j, 2, &out);
		printf("%s\n", out.p);
	} else {
		printf("%lld steps: %lld equal, %lld different, %lld new, %lld failed, %lld vanished; the report is %s\n",
			(long long)c->steps, (long long)c->equal, (long long)c->different,
			(long long)c->new, (long long)c->failed, (long long)c->vanished, path);
	}
	return review_is_good(c) ? EXIT_DONE : EXIT_TARGET_FAILED;
}

/* Where nothing was looked at with it there may be none: its digest is NULL then. */
static int
open_tools(const struct state *st, const char *name, struct image *ret, struct dd_err *err)
{
	OWN(dd_err) struct dd_err why = {0};
	int rc = image_open(st, name, ret, &why);
	return rc < 0 && rc != -DD_ENOENT ? err_move(err, &why) : 0;
}

static int
run(const struct cli_call *call)
{
	const struct qa_report_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	OWN(image) struct image browser = {0}, display = {0};
	OWN(screens) struct screens now = {0}, before = {0};
	OWN_FREE char *path = NULL;
	struct review_counts counts = {0};
	int rc = session_start(&o->common, &st, &err);
	if (rc == 0)
		rc = find_screens(&st, call->args[0], &now, &err);
	if (rc == 0 && o->against)
		rc = find_screens(&st, o->against, &before, &err);
	if (rc == 0)
		rc = open_tools(&st, IMAGE_BROWSER, &browser, &err);
	if (rc == 0)
		rc = open_tools(&st, IMAGE_DISPLAY, &display, &err);
	if (rc == 0) {
		path = mem_strdup(o->output ? o->output : now.page);
		const struct review_spec spec = {.state = &st,
			.screens = now.dir,
			.against = before.dir,
			.name = now.name,
			.path = path,
			.flakes = &now.flakes,
			.report = now.of_run && !o->output ? "report.html" : NULL,
			.environment = browser.digest,
			.display = display.digest};
		rc = review_write(&spec, &counts, &err);
	}
	return rc < 0 ? cli_fail(command_status_of_name(&err), &err) : tell(o, path, &counts);
}

const struct subcommand cmd_qa_report = {
	.name = "qa report",
	.summary = "write a page of the screens of a run, to look at and decide on",
	.args = "RUN|DIR",
	.description =
		"Of a run: what qa shoot or play saw of it last, or else its entry pages as drydock up saw them. Before and\n"
		"now are beside each other; swiped, blinking or laid over each other on the page. What is decided there is\n"
		"saved as a file for drydock qa decide. The page opens from disk, and says all but this without scripts;\n"
		"pictures past 50 MB are numbered files beside it.\n"
		"The pictures are also kept for review, as by drydock qa check. With --against, what only the other has is shown as vanished. Exits with 0 when all are equal and none has vanished, else 1.",
	.options = options,
	.options_size = sizeof(struct qa_report_options),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
