/*
 * Of a task whose plan says that it is a translation: the program of the source as it was stood up first and the one that the change
 * brings run side by side on generated inputs (parity/parity.h).  Whatever keeps them from being compared fails the gate: a
 * plan that names two programs wants them to be.
 */
#include "base/log.h"
#include "runner/fix_loop.h"
#include "runner/fix_place.h"
#include "runner/twins.h"

#include <string.h>

#define CASES 300
#define LIMIT_MS (5 * 60 * 1000)
#define DIFFERENCES 5

struct holding { /* one side */
	struct strlist env;
	struct probe_files files;
	struct twin twin;
};

static void
holding_cleanup(struct holding *h)
{
	twin_close(&h->twin);
	probe_files_cleanup(&h->files);
	strlist_cleanup(&h->env);
}

static int
open_side(const struct fixing *f, const struct standup_result *r, const char *what,
	const char *command, struct holding *h, struct dd_err *err)
{
	fix_environment(f, r, &h->env);
	const struct probe_placing placing = {
		.state = f->st, f->owner, f->answers, &r->probe.work, &r->probe.files};
	int rc = probe_place_files(&placing, &h->files, err);
	const struct twin_spec spec = {.command = command,
		.what = what,
		.live = {.state = f->st,
			.run_dir = fix_scratch(f),
			.root = &r->probe.root,
			.work = &r->probe.work,
			.services = &r->probe.services,
			.answers = f->answers,
			.env = &h->env,
			.files = &h->files}};
	return rc == 0 ? twin_open(&spec, &h->twin, err) : rc;
}

/* One finding a difference: the calls that show it. */
static json_t *
findings_of(const json_t *result, const char *port)
{
	json_t *findings = json_array(), *one;
	size_t i;
	json_array_foreach (json_object_get(result, "differences"), i, one) {
		OWN(buf) struct buf text = {.max = 700};
		buf_printf(&text, "%s is not what it was: ",
			json_string_value(json_array_get(json_object_get(one, "channels"), 0)));
		parity_put_script(json_object_get(one, "case"), "PROGRAM", &text);
		json_array_append_new(findings,
			json_pack("{s:s, s:o, s:o}", "kind", "other-behaviour", "path",
				json_text(str_of(port)), "text", json_text(buf_str(&text))));
	}
	return findings;
}

static int
compare(const struct fixing *f, struct holding *sides, json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *result = NULL;
	struct parity_spec spec = {.state = f->st,
		.trees = {&f->before.probe.work, &f->now->probe.work},
		.seed = 1,
		.cases = CASES,
		.differences = DIFFERENCES,
		.limit_ms = LIMIT_MS};
	twins_set_sides(&sides[0].twin, &sides[1].twin, &spec);
	int rc = parity_run(&spec, &result, err);
	if (rc == 0)
		answers_redact_json(f->answers, result);
	if (rc == 0)
		*ret = json_pack("{s:O, s:O, s:O, s:O, s:o}", "cases",
			json_object_get(result, "cases"), "steps", json_object_get(result, "steps"),
			"unsteady", json_object_get(result, "unsteady"), "ended",
			json_object_get(result, "ended"), "findings",
			findings_of(result, f->aim.translates->v[1]));
	return rc;
}

static json_t *
not_compared(const struct fixing *f, const char *why)
{
	return json_pack("{s:i, s:[{s:s, s:o, s:o}]}", "cases", 0, "findings", "kind",
		"not-compared", "path", json_text(str_of(f->aim.translates->v[1])), "text",
		json_text(str_of(why)));
}

static int
do_parity(void *ctx, json_t **ret_result, struct dd_err *err)
{
	const struct fixing *f = ctx;
	const struct strlist *commands = f->aim.translates;
	OWN(dd_err) struct dd_err why = {0};
	struct holding sides[2] = {0};
	if (!fix_is_built(&f->before)) {
		*ret_result = not_compared(f, "the source as it was did not build");
		return 0;
	}
	int step = progress_begin("holding %s against %s", commands->v[1], commands->v[0]);
	int rc = open_side(f, &f->before, "original", commands->v[0], &sides[0], &why);
	if (rc == 0)
		rc = open_side(f, f->now, "port", commands->v[1], &sides[1], &why);
	if (rc == 0)
		rc = compare(f, sides, ret_result, &why);
	holding_cleanup(&sides[0]);
	holding_cleanup(&sides[1]);
	progress_end(step, rc < 0 ? "failed" : "ok");
	/* A program or a service that does not start is the target's. */
	if (rc == -DD_EINVAL || rc == -DD_ENOENT || rc == -DD_ELIMIT ||
		why.code == DD_EUNSUPPORTED) {
		*ret_result = not_compared(f, err_msg(&why));
		return 0;
	}
	return rc < 0 ? err_move(err, &why) : 0;
}

int
fix_is_same(struct fixing *f, const struct standup_result *now, bool *ret, struct dd_err *err)
{
	struct fix_attempt *a = f->attempt;
	OWN_FREE char *key = mem_printf("fix/%lld/parity", (long long)f->n);
	*ret = true;
	if (!f->aim.translates || f->aim.translates->n != 2)
		return 0;
	f->now = now;
	int rc = journal_step(f->run->journal, key, do_parity, f, &a->parity, err);
	*ret = rc == 0 && !json_array_size(json_object_get(a->parity, "findings"));
	fix_pass(a, GATE_PARITY, *ret);
	return rc;
}
