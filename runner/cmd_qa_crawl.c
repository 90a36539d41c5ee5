/* drydock qa crawl: walks through an application without a script, and tells what is wrong with it. */
#include "runner/commands.h"

#include "base/cas.h"
#include "base/fs.h"
#include "base/log.h"
#include "images/images.h"
#include "qa/qa.h"
#include "runner/attest.h"
#include "runner/revive.h"
#include "runner/session.h"

#include <string.h>

#define MAX_PICTURE ((size_t)64 << 20)
#define MAX_STEPS 1000 /* walks */
#define MAX_SECONDS 86400
#define DEFAULT_DIR "crawl"

#define MARK ".drydock-crawl" /* in the directory of a crawl */

struct crawl_options {
	struct common_options common;
	const char *run, *against, *serve, *output, *answers;
	uint64_t seed, steps, time;
	bool offline;
};

#define O(member) offsetof(struct crawl_options, member)
static const struct option_def options[] = {
	{"run", 0, OPTION_TEXT, O(run), "RUN",
		"start the application of this run, and walk through it"},
	{"against", 0, OPTION_TEXT, O(against), "RUN2",
		"walk through the application of this run, too, and tell what differs from it"},
	{"serve", 0, OPTION_TEXT, O(serve), "DIR",
		"walk through the files of this directory instead, as pages"},
	{"output", 'o', OPTION_TEXT, O(output), "DIR",
		"write graph, findings and pictures there (default: " DEFAULT_DIR
		", and of a run its own)"},
	{"answers", 0, OPTION_TEXT, O(answers), "FILE",
		"answers that the application needs; secrets are kept out of the evidence"},
	{"seed", 0, OPTION_NUMBER, O(seed), "N",
		"what is typed, and what a page's randomness begins with (default: 1)"},
	{"steps", 0, OPTION_NUMBER, O(steps), "N", "use at most so many controls (default: 300)"},
	{"time", 0, OPTION_NUMBER, O(time), "S", "end it after this many seconds (default: 600)"},
	{"offline", 0, OPTION_FLAG, O(offline), NULL,
		"use only what is in the store, also for the image of the browser"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

struct side { /* one of the two builds */
	const char *name;
	struct run run;		/* held */
	const struct run *from; /* this one, or the other's where it is the same */
	struct revived *application;
	struct answers *answers;
	char *dir, *url;
	struct crawl_result result;
};

struct crawling {
	const struct crawl_options *o;
	struct state st;
	struct image image;
	struct side new, old;
	char *serve;
	json_t *findings, *differences;
};

static void
side_cleanup(struct side *s)
{
	revived_close(s->application);
	run_cleanup(&s->run);
	answers_destroy(s->answers);
	free(s->dir);
	free(s->url);
	crawl_result_cleanup(&s->result);
}

static void
crawling_cleanup(struct crawling *c)
{
	side_cleanup(&c->new);
	side_cleanup(&c->old);
	image_cleanup(&c->image);
	free(c->serve);
	json_decref(c->findings);
	json_decref(c->differences);
	state_cleanup(&c->st);
}

/* ---- what was found, as files ---- */

static int
write_json(const char *dir, const char *name, const json_t *j, struct dd_err *err)
{
	OWN_FREE char *path = fs_join(dir, name);
	OWN(buf) struct buf text = {0};
	json_print(j, 2, &text);
	buf_putc(&text, '\n');
	return fs_write_atomic(path, buf_str(&text), 0644, err);
}

static int
write_picture(const struct state *st, const char *digest, const char *dir, const char *name,
	struct dd_err *err)
{
	OWN_FREE char *cas = state_path(st, "cas");
	OWN_FREE char *from = cas_path(cas, digest);
	OWN_FREE char *to = fs_join(dir, name);
	OWN(buf) struct buf png = {.max = MAX_PICTURE};
	int rc = fs_read(from, MAX_PICTURE, &png, err);
	return rc ? rc : fs_write_atomic(to, buf_str(&png), 0644, err);
}

/* A scenario that `qa play` takes, and the pictures beside it; their names are put into the entry. */
static int
write_entry(const struct crawling *c, const char *folder, size_t number, json_t *entry,
	struct dd_err *err)
{
	static const char *const pictures[] = {"picture", "before", NULL};
	const char *kind = json_string_value(json_object_get(entry, "kind"));
	OWN_FREE char *dir = fs_join(c->new.dir, folder);
	OWN_FREE char *stem = mem_printf("%02zu-%s", number, kind);
	for (char *p = stem; *p; p++) /* "new finding" */
		*p = *p == ' ' ? '-' : *p;
	OWN_FREE char *file = mem_printf("%s.json", stem);
	OWN_FREE char *told = mem_printf("%s/%s", folder, file);
	OWN_JSON json_t *scenario = json_pack("{s:O, s:O}", "name", json_object_get(entry, "text"),
		"steps", json_object_get(entry, "steps"));
	int rc = fs_mkdirs(dir, 0755, err);
	if (rc == 0)
		rc = write_json(dir, file, scenario, err);
	json_object_set_new(entry, "file", json_string(told));
	for (size_t i = 0; rc == 0 && pictures[i]; i++) {
		const char *digest = json_string_value(json_object_get(entry, pictures[i]));
		OWN_FREE char *png = mem_printf("%s%s.png", stem, i ? "-before" : "");
		if (digest)
			rc = write_picture(&c->st, digest, dir, png, err);
	}
	return rc;
}

static int
write_entries(const struct crawling *c, const char *folder, json_t *entries, struct dd_err *err)
{
	json_t *entry;
	size_t i;
	int rc = 0;
	json_array_foreach (entries, i, entry)
		if (rc == 0)
			rc = write_entry(c, folder, i + 1, entry, err);
	return rc;
}

static int
write_all(struct crawling *c, struct dd_err *err)
{
	int rc = write_json(c->new.dir, "graph.json", c->new.result.graph, err);
	if (rc == 0)
		rc = write_entries(c, "findings", c->findings, err);
	if (rc == 0 && c->differences)
		rc = write_entries(c, "differences", c->differences, err);
	if (rc == 0)
		rc = write_json(c->new.dir, "findings.json", c->findings, err);
	if (rc == 0 && c->differences)
		rc = write_json(c->old.dir, "graph.json", c->old.result.graph, err);
	return rc;
}

/* What an earlier crawl left there is its own; where there is anything else, nothing is touched. */
static int
make_place(const char *dir, struct dd_err *err)
{
	static const char *const ours[] = {"findings", "differences", "walks", NULL};
	OWN_FREE char *mark = fs_join(dir, MARK);
	OWN(strlist) struct strlist names = {0};
	int rc = fs_mkdirs(dir, 0755, err);
	if (rc == 0)
		rc = fs_list(dir, &names, err);
	if (rc == 0 && names.n && !fs_exists(mark))
		rc = err_set(err, DD_EINVAL,
			"%s holds what no crawl wrote: name a directory of its own", dir);
	if (rc == 0)
		rc = fs_write_atomic(mark, STR("drydock qa crawl\n"), 0644, err);
	for (size_t i = 0; rc == 0 && ours[i]; i++) {
		OWN_FREE char *path = fs_join(dir, ours[i]);
		rc = fs_is_dir(path) ? fs_remove_tree(path, err) : 0;
	}
	return rc;
}

/* ---- what is told ---- */

static json_t *
describe_side(const char *run, const struct crawl_result *r, json_t *findings)
{
	return json_pack("{s:s?, s:O, s:s?, s:s?, s:I, s:I, s:I, s:O, s:O, s:O}", "run", run,
		"seed", json_object_get(r->graph, "seed"), "browser", r->browser, "ended", r->ended,
		"walks", (json_int_t)r->walks, "states", (json_int_t)r->states, "edges",
		(json_int_t)json_array_size(json_object_get(r->graph, "edges")), "left",
		json_object_get(r->graph, "left"), "fenced", json_object_get(r->graph, "fenced"),
		"findings", findings);
}

static json_t *
describe(const struct crawling *c)
{
	json_t *j = describe_side(c->o->run, &c->new.result, c->findings);
	json_object_set_new(j, "image", json_string(c->image.digest));
	json_object_set_new(j, "dir", json_string(c->new.dir));
	if (!c->differences)
		return j;
	json_object_set_new(
		j, "against", describe_side(c->o->against, &c->old.result, c->old.result.findings));
	json_object_set(j, "differences", c->differences);
	return j;
}

static void
print_entries(const json_t *entries)
{
	json_t *entry;
	size_t i;
	json_array_foreach ((json_t *)entries, i, entry) {
		OWN(buf) struct buf line = {0};
		const char *text = json_string_value(json_object_get(entry, "text"));
		buf_put_visible(&line, str_of(text));
		printf("%-10s %s\n           %s\n",
			json_string_value(json_object_get(entry, "kind")), line.p ? line.p : "",
			json_string_value(json_object_get(entry, "file")));
	}
}

static int
tell(const struct crawling *c)
{
	const struct crawl_result *r = &c->new.result;
	size_t findings = json_array_size(c->findings),
	       differences = json_array_size(c->differences);
	const char *ended = r->ended ? r->ended : c->old.result.ended;
	if (c->o->common.json) {
		OWN_JSON json_t *j = describe(c);
		OWN(buf) struct buf out = {0};
		json_print(j, 2, &out);
		printf("%s\n", out.p);
	} else {
		print_entries(c->findings);
		print_entries(c->differences);
		printf("%lld walks, %lld states, %zu findings", (long long)r->walks,
			(long long)r->states, findings);
		if (c->differences)
			printf(", %zu differences", differences);
		printf("; all of it is in %s%s%s\n", c->new.dir, ended ? "; it ended early: " : "",
			ended ? ended : "");
	}
	bool unseen = !r->states || (c->differences && !c->old.result.states);
	if (unseen && !c->o->common.json)
		printf("no page of it was seen: that nothing is found says nothing\n");
	return findings || differences || ended || unseen ? EXIT_TARGET_FAILED : EXIT_DONE;
}

/* ---- crawling ---- */

static int
check_options(const struct crawl_options *o, struct dd_err *err)
{
	if (o->seed > UINT32_MAX)
		return err_set(err, DD_EINVAL, "--seed: at most %u", UINT32_MAX);
	if (o->steps > MAX_STEPS)
		return err_set(err, DD_EINVAL, "--steps: at most %d", MAX_STEPS);
	if (o->time > MAX_SECONDS)
		return err_set(err, DD_EINVAL, "--time: at most %d", MAX_SECONDS);
	if (!o->run == !o->serve)
		return err_set(err, DD_EINVAL, "--run and --serve: it is one or the other");
	if (o->against && !o->run)
		return err_set(err, DD_EINVAL, "--against: only with --run");
	return o->serve && !fs_is_dir(o->serve)
		       ? err_set(err, DD_EINVAL, "--serve: %s is not a directory", o->serve)
		       : 0;
}

struct turn {
	struct crawling *c;
	struct side *side;
};

static int
renew(void *ctx, struct crawl_stage *ret, struct dd_err *err)
{
	struct turn *t = ctx;
	struct side *s = t->side;
	if (!s->name) {
		*ret = (struct crawl_stage){.serve = t->c->serve};
		return 0;
	}
	const struct revive_spec spec = {
		.state = &t->c->st, .run = s->from, .answers = t->c->o->answers};
	int rc = s->application ? revived_renew(s->application, err)
				: revive(&spec, &s->application, err);
	if (rc == 0 && !revived_urls(s->application)->n)
		rc = err_set(err, DD_EINVAL,
			"the application of run %s answers on no port as web pages do",
			s->from->id);
	if (rc < 0)
		return rc;
	free(s->url);
	s->url = mem_strdup(revived_urls(s->application)->v[0]);
	*ret = (struct crawl_stage){revived_pod(s->application), s->url, NULL};
	return 0;
}

static void
on_walk(void *ctx, size_t walks, size_t states, size_t findings)
{
	(void)ctx;
	progress_note("%zu walks, %zu states, %zu findings", walks, states, findings);
}

static int
open_side(struct crawling *c, struct side *s, struct dd_err *err)
{
	bool same = s == &c->old && strcmp(s->name, c->new.name) == 0;
	int rc = 0;
	s->from = same ? &c->new.run : &s->run;
	if (s->name && !same)
		rc = run_open_held(&c->st, s->name, &s->run, err);
	if (rc < 0)
		return rc;
	return command_load_answers(
		s->name && !c->o->answers ? s->from->options.answers : c->o->answers, &s->answers,
		err);
}

static int
crawl_side(struct crawling *c, struct side *s, struct dd_err *err)
{
	const struct crawl_options *o = c->o;
	OWN_FREE char *walks = fs_join(s->dir, "walks");
	OWN_FREE char *owner = s->name ? mem_printf("run-%s", s->from->id) : NULL;
	OWN(strlist) struct strlist given = {0};
	struct turn turn = {c, s};
	if (s->answers)
		answers_given(s->answers, &given);
	const struct crawl_spec spec = {
		.state = &c->st,
		.root = &c->image.stack,
		.env = &c->image.env,
		.answers = given.n ? s->answers : NULL,
		.dir = walks,
		.owner = owner,
		.seed = (uint32_t)(o->seed ? o->seed : 1),
		.max_walks = (int64_t)o->steps,
		.time_limit_ms = (int64_t)o->time * 1000,
		.renew = renew,
		.on_walk = on_walk,
		.ctx = &turn,
	};
	int rc = make_place(s->dir, err);
	if (rc < 0)
		return rc;
	int step = progress_begin("walking through %s", s->name ? s->name : o->serve);
	rc = qa_crawl(&spec, &s->result, err);
	progress_end(step, rc < 0 ? "failed" : "ok");
	revived_close(TAKE(s->application));
	return rc;
}

static int
crawl(struct crawling *c, struct dd_err *err)
{
	const struct crawl_options *o = c->o;
	int rc = command_absolute_path(o->serve, &c->serve, err);
	if (rc == 0)
		rc = image_ensure(&c->st, IMAGE_BROWSER, false, o->offline, NULL, &c->image, err);
	if (rc == 0)
		rc = open_side(c, &c->new, err);
	if (rc == 0 && o->against)
		rc = open_side(c, &c->old, err);
	if (rc < 0)
		return rc;
	c->new.dir = o->output	   ? mem_strdup(o->output)
		     : c->new.name ? run_path(&c->new.run, ATTEST_CRAWL)
				   : mem_strdup(DEFAULT_DIR);
	c->old.dir = fs_join(c->new.dir, "old");
	const bool own = c->new.name && !o->output;
	OWN_FD int lock = -1;
	if (own)
		rc = attest_begin_evidence(&c->new.run, ATTEST_CRAWL, &lock, err);
	if (rc == 0)
		rc = crawl_side(c, &c->new, err);
	if (rc == 0 && o->against)
		rc = crawl_side(c, &c->old, err);
	if (rc < 0)
		return rc;
	c->findings = json_incref(c->new.result.findings);
	if (o->against)
		c->differences = qa_crawl_compare(&c->old.result, &c->new.result);
	rc = write_all(c, err);
	return rc == 0 && own ? attest_end_evidence(&c->st, &c->new.run, ATTEST_CRAWL, err) : rc;
}

static int
run(const struct cli_call *call)
{
	const struct crawl_options *o = call->options;
	struct crawling c = {.o = o,
		.new = {.name = o->run, .run = {.lock_fd = -1}},
		.old = {.name = o->against, .run = {.lock_fd = -1}}};
	OWN(dd_err) struct dd_err err = {0};
	int rc = check_options(o, &err);
	if (rc == 0)
		rc = session_start(&o->common, &c.st, &err);
	if (rc == 0)
		rc = crawl(&c, &err);
	int status =
		rc < 0 ? cli_fail(o->run ? command_status_of_name(&err) : cli_status_of(&err), &err)
		       : tell(&c);
	crawling_cleanup(&c);
	return status;
}

const struct subcommand cmd_qa_crawl = {
	.name = "qa crawl",
	.summary = "walk through an application without a script, and tell what is wrong with it",
	.args = "",
	.description =
		"Uses links, buttons and forms by their accessible names, with plausible values, values at the edge and none. "
		"Pages of one structure are one state. What may not be taken back (delete, log out, ...) and other origins "
		"are left alone, and told. The application is started as its recipe says; what a walk may have changed is undone "
		"before the next.\n\n"
		"Findings: exceptions, console errors, requests that fail, answers of 400 and above, pictures that do not show, "
		"blank pages, pages that are too wide, text that is cut off or lies over other text, controls without "
		"effect, keyboard traps, traces and secrets on the page, crashes, scripts that do not end, and of accessibility: "
		"alternative texts, names, labels, contrast, language, title. Each comes once, with a scenario for "
		"`drydock qa play` and a picture; DIR/graph.json is the same for the same seed, byte for byte. "
		"The exit status is 1 when there is a finding or a difference.",
	.options = options,
	.options_size = sizeof(struct crawl_options),
	.run = run,
};
