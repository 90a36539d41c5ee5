/* drydock plan: a page of intent and a source tree become a plan that people edit, check and approve. */
#include "runner/graph_map.h"

#include "base/fs.h"
#include "intent/intent.h"
#include "qa/picture.h"
#include "qa/png.h"
#include "runner/memories.h"
#include "runner/plan_file.h"
#include "runner/rules.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>

#define MAX_PAGE ((size_t)1 << 20)

struct plan_options {
	struct graph_options graph; /* its common options come first */
	const char *intent, *out, *author, *source;
};
#define PLAN_O(member) offsetof(struct plan_options, member)

static const struct option_def make_options[] = {
	{"intent", 0, OPTION_TEXT, PLAN_O(intent), "FILE",
		"the page of intent: Markdown, or an issue of Jira or GitHub as JSON"},
	{"output", 'o', OPTION_TEXT, PLAN_O(out), "DIR",
		"write plan.md and plan.json there (default: print the plan)"},
	{"db", 0, OPTION_TEXT, PLAN_O(graph.db), "FILE",
		"the file of the map (default: the state directory's map of SOURCE)"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};
static const struct option_def check_options[] = {
	{"source", 0, OPTION_TEXT, PLAN_O(source), "DIR",
		"the tree whose files are compared (default: the one that the plan names)"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};
static const struct option_def approve_options[] = {
	{"author", 0, OPTION_TEXT, PLAN_O(author), "NAME", "who approves"},
	{"source", 0, OPTION_TEXT, PLAN_O(source), "DIR",
		"the tree whose files are compared (default: the one that the plan names)"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

static void
print_json(const json_t *j)
{
	OWN(buf) struct buf out = {0};
	json_print(j, 2, &out);
	printf("%s\n", out.p);
}

/* ---- making one ---- */

static int
read_page(const char *path, struct buf *ret, struct dd_err *err)
{
	int rc = fs_read(path, MAX_PAGE, ret, err);
	return rc == -DD_ENOENT ? err_set(err, DD_EINVAL, "there is no file %s", path) : rc;
}

struct tree {
	const struct common_options *common;
	struct graph *g;
	const char *root;
};

static int
remember(void *ctx, const struct strlist *files, json_t **ret, struct dd_err *err)
{
	const struct tree *t = ctx;
	return runner_memories_about(t->common, t->g, t->root, files, ret, err);
}

static int
draft(const struct plan_options *o, const char *dir, struct plandoc *ret, struct dd_err *err)
{
	OWN(buf) struct buf page = {0}, user = {0}, project = {0};
	OWN_FREE char *map = NULL, *root = NULL;
	struct graph_ingest_result ingested;
	struct graph *g = NULL;
	int rc = read_page(o->intent, &page, err);
	if (rc == 0)
		rc = graph_map_real_path(dir, &root, err);
	if (rc == 0)
		rc = rules_read(root, &user, &project, err);
	if (rc == 0)
		rc = graph_map_make(&o->graph, dir, &map, &ingested, err);
	if (rc == 0)
		rc = graph_open(map, &g, err);
	struct tree tree = {&o->graph.common, g, root};
	const struct intent_inputs in = {.memories = remember,
		.ctx = &tree,
		.g = g,
		.source = root,
		.page_name = fs_name(o->intent),
		.page = buf_str(&page),
		.user_rules = buf_str(&user),
		.project_rules = buf_str(&project)};
	if (rc == 0)
		rc = intent_draft(&in, ret, err);
	graph_close(g);
	return rc;
}

/* ---- its pictures ---- */

#define PICTURES "pictures" /* beside the plan */

struct plan_picture {
	char *from; /* path of the file */
	char *name; /* as the plan has it, below its directory */
};
struct plan_pictures {
	struct plan_picture *v;
	size_t n, cap;
};

static void
plan_pictures_cleanup(struct plan_pictures *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].from);
		free(l->v[i].name);
	}
	free(l->v);
}

/*
 * One that is not there stays as the page has it: drydock plan check says so.  So does what is no picture: a page may come from
 * anybody, and what else is on this machine is not to be copied because it names it.
 */
static void
take_picture(const struct plan_options *o, struct plandoc_line *line, struct plan_pictures *ret)
{
	OWN(intent_screen_list) struct intent_screen_list screens = {0};
	OWN(buf) struct buf png = {.max = PICTURE_MAX_FILE};
	if (!line->key || strcmp(line->key, "screen") != 0 ||
		!intent_read_screen(line->text, &screens))
		return;
	struct intent_screen *s = &screens.v[0];
	OWN_FREE char *from = fs_beside(o->intent, s->picture);
	uint32_t w, h;
	if (fs_read_regular(AT_FDCWD, from, false, PICTURE_MAX_FILE, &png, NULL) < 0 ||
		!png_size(buf_str(&png), &w, &h))
		return;
	free(s->picture);
	s->picture = mem_printf(PICTURES "/%s", fs_name(from));
	s->digest = mem_strdup(hash_bytes(buf_str(&png)).s);
	free(line->text);
	line->text = intent_screen_text(s);
	ret->v = mem_grow(ret->v, ret->n, &ret->cap, sizeof(*ret->v));
	ret->v[ret->n++] = (struct plan_picture){TAKE(from), mem_strdup(s->picture)};
}

static void
take_pictures(const struct plan_options *o, struct plandoc *p, struct plan_pictures *ret)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->v[i].n; k++)
			take_picture(o, &p->v[i].v[k], ret);
}

static int
write_pictures(const char *dir, const struct plan_pictures *l, struct dd_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < l->n; i++) {
		OWN(buf) struct buf png = {0}, there = {0};
		OWN_FREE char *to = fs_join(dir, l->v[i].name), *below = fs_join(dir, PICTURES);
		rc = fs_read_regular(AT_FDCWD, l->v[i].from, false, PICTURE_MAX_FILE, &png, err);
		if (rc == 0)
			rc = fs_mkdirs(below, 0755, err);
		if (rc == 0)
			rc = fs_read_if_any(to, PICTURE_MAX_FILE, &there, err);
		if (rc == 0 && there.n && (there.n != png.n || memcmp(there.p, png.p, png.n) != 0))
			rc = err_set(err, DD_EINVAL,
				"%s is another picture: name another directory, or give one of them another name",
				to);
		if (rc == 0)
			rc = fs_write_atomic(to, buf_str(&png), 0644, err);
	}
	return rc;
}

/* What people wrote is never written over. */
static int
write_plan(const char *dir, const struct plandoc *p, const struct plan_pictures *pictures,
	struct dd_err *err)
{
	OWN_FREE char *markdown = fs_join(dir, "plan.md"), *json = fs_join(dir, "plan.json");
	OWN(buf) struct buf text = {0}, machine = {0}, there = {0};
	OWN_JSON json_t *j = plandoc_json(p);
	plandoc_print(p, &text);
	json_print(j, 2, &machine);
	buf_putc(&machine, '\n');
	int rc = fs_mkdirs(dir, 0755, err);
	if (rc == 0)
		rc = fs_read_if_any(markdown, PLAN_MAX_BYTES, &there, err);
	if (rc == 0 && there.n && (there.n != text.n || memcmp(there.p, text.p, text.n) != 0))
		return err_set(err, DD_EINVAL,
			"%s is another plan, which people may have edited: name another directory, or move it away",
			markdown);
	if (rc == 0 && !there.n && fs_exists(json))
		return err_set(err, DD_EINVAL,
			"%s is there, and is of no plan: name another directory", json);
	if (rc == 0)
		rc = write_pictures(dir, pictures, err);
	if (rc == 0)
		rc = fs_write_atomic(markdown, buf_str(&text), 0644, err);
	if (rc == 0)
		rc = fs_write_atomic(json, buf_str(&machine), 0644, err);
	if (rc == 0)
		fprintf(stderr, "%s\n", markdown);
	return rc;
}

static int
run_plan(const struct cli_call *call)
{
	const struct plan_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(plandoc) struct plandoc p = {0};
	if (!o->intent)
		return cli_usage_error(call->command, "--intent FILE says what is wanted");
	OWN(plan_pictures) struct plan_pictures pictures = {0};
	int rc = draft(o, call->args[0], &p, &err);
	if (rc == 0)
		take_pictures(o, &p, &pictures);
	if (rc == 0 && o->out)
		rc = write_plan(o->out, &p, &pictures, &err);
	if (rc < 0)
		return cli_fail(cli_status_of(&err), &err);
	if (o->graph.common.json) {
		OWN_JSON json_t *j = plandoc_json(&p);
		print_json(j);
	} else if (!o->out) {
		OWN(buf) struct buf text = {0};
		plandoc_print(&p, &text);
		(void)!fwrite(text.p, 1, text.n, stdout);
	}
	return EXIT_DONE;
}

const struct subcommand cmd_plan = {
	.name = "plan",
	.summary = "make a plan, for people to edit, of a page of intent and a source tree",
	.args = "SOURCE",
	.description =
		"No model is asked.  The plan tells the future state, requirements with acceptance checks, what the change touches that the\n"
		"page does not name, edge cases, trade-offs to choose from, contradictions, and tasks in an order, each with the files\n"
		"it writes, the gates it must pass, and the tasks that may run beside it.  plan.md is the plan: what people write in\n"
		"it is read back; plan.json is made of it.  Pictures of the page (PNG) that are files are copied into pictures/ there:\n"
		"the last task has to look like them (drydock work).  Rules are read from rules.md in the user's configuration directory and from\n"
		".drydock/rules.md of the tree.",
	.options = make_options,
	.options_size = sizeof(struct plan_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_plan,
};

/* ---- reading one ---- */

static void
print_faults(const json_t *faults)
{
	size_t i;
	json_t *f;
	json_array_foreach (faults, i, f) {
		graph_map_print_text(json_string_in(f, "text"));
		printf("\n");
	}
}

static int
run_check(const struct cli_call *call)
{
	const struct plan_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(plandoc) struct plandoc p = {0};
	OWN_FREE char *path = plan_file_path(call->args[0]);
	OWN(buf) struct buf text = {0};
	OWN_JSON json_t *faults = NULL;
	OWN_JSON json_t *approval = NULL;
	int rc = plan_file_load(path, &text, &p, &err);
	if (rc == 0)
		rc = plan_file_faults(path, &p, o->source, &faults, &err);
	if (rc == 0)
		rc = plan_file_approval(path, buf_str(&text), &approval, &err);
	if (rc < 0)
		return cli_fail(cli_status_of(&err), &err);
	size_t n = json_array_size(faults);
	bool approved = json_is_true(json_object_get(approval, "approved"));
	if (o->graph.common.json) {
		OWN_JSON json_t *plan = plandoc_json(&p);
		OWN_JSON json_t *j = json_pack(
			"{s:O, s:O, s:O}", "faults", faults, "approval", approval, "plan", plan);
		print_json(j);
	} else {
		print_faults(faults);
		if (json_object_get(approval, "by")) {
			printf("%s by ", approved ? "approved" : "changed since it was approved");
			graph_map_print_text(json_string_in(approval, "by"));
			printf("\n");
		} else {
			printf("%s, not approved\n", n ? "not ready" : "ready");
		}
	}
	return n ? EXIT_TARGET_FAILED : EXIT_DONE;
}

const struct subcommand cmd_plan_check = {
	.name = "plan check",
	.summary =
		"find what is wrong with a plan: circles, missing checks, overlapping writes, what has changed since",
	.args = "PLAN",
	.description =
		"PLAN is the Markdown file, or the directory it is in.  Exit status 1: something is to be mended.  --json gives the\n"
		"plan as it is read, too, and whether this very text is approved.",
	.options = check_options,
	.options_size = sizeof(struct plan_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_check,
};

static int
run_approve(const struct cli_call *call)
{
	const struct plan_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(plandoc) struct plandoc p = {0};
	OWN(intent_approval) struct intent_approval a = {0};
	OWN_FREE char *path = plan_file_path(call->args[0]);
	OWN_JSON json_t *faults = NULL;
	if (!o->author || !*o->author)
		return cli_usage_error(call->command, "--author NAME says who approves");
	int rc = plan_file_load(path, NULL, &p, &err);
	if (rc == 0)
		rc = plan_file_faults(path, &p, o->source, &faults, &err);
	if (rc == 0 && json_array_size(faults)) {
		print_faults(faults);
		rc = err_set(&err, DD_EINVAL, "%s has %zu faults: drydock plan check tells them",
			path, json_array_size(faults));
		return cli_fail(EXIT_TARGET_FAILED, &err);
	}
	if (rc == 0)
		rc = intent_approve(path, o->author, &a, &err);
	if (rc < 0)
		return cli_fail(cli_status_of(&err), &err);
	if (o->graph.common.json) {
		OWN_JSON json_t *j =
			json_pack("{s:o, s:s, s:I}", "author", json_text(str_of(a.author)),
				"digest", a.digest, "time_s", (json_int_t)a.time_s);
		print_json(j);
	} else {
		printf("%s\n", a.digest);
	}
	return EXIT_DONE;
}

const struct subcommand cmd_plan_approve = {
	.name = "plan approve",
	.summary = "record who approves a plan as it is written now",
	.args = "PLAN",
	.description =
		"A plan with faults is not approved.  The digest of the text, the name and the time are added to PLAN.approvals,\n"
		"where each line holds the digest of the one before.",
	.options = approve_options,
	.options_size = sizeof(struct plan_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_approve,
};
