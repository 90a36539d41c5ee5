/*
 * Whether tests execute what a change touches: the tree is built and tested with counters, as it was and with the change, where it
 * was judged (runner/fix_place.h).  What only Python or JavaScript touches needs no build of its own.  It takes as long as the
 * build and the tests do, twice, and so is not done where these are slow.
 */
#include "agents/counted.h"
#include "base/log.h"
#include "runner/fix_loop.h"
#include "runner/fix_place.h"
#include "runner/fix_worker.h"

#include <string.h>

#define LIMIT_MS (20 * 60 * 1000) /* of one build with its tests */
#define SLOW_S (5 * 60)		  /* what took longer is not done again */
#define PRINTED_MAX ((size_t)128 << 20)

struct covering {
	const struct fixing *f;
	const json_t *files;
	struct strlist paths, env;
	bool builds, compares; /* it was measured without the change, too */
	struct buf build, test;
	int64_t limit_ms; /* of a run: the second's follows from the first, so that one that hangs is not waited for */
	const char *why; /* it is not measured; NULL */
	json_t *result;
};

static void
covering_cleanup(struct covering *c)
{
	strlist_cleanup(&c->paths);
	strlist_cleanup(&c->env);
	buf_cleanup(&c->build);
	buf_cleanup(&c->test);
}

/* *ret_built: false, the tree did not build with counters, took too long, or printed more than is read. */
static int
run_there(struct covering *c, struct fix_place *place, struct buf *out, bool *ret_built,
	struct dd_err *err)
{
	OWN(buf) struct buf script = {0};
	const struct counted_spec counted = {
		WORK_DIR, &c->paths, c->builds ? c->build.p : NULL, c->test.p};
	counted_put_script(&counted, &script);
	struct exec_result r;
	const struct exec_spec how = {.env = (const char *const *)c->env.v,
		.cwd = WORK_DIR,
		.profile = PROFILE_TEST,
		.on_output = exec_keep,
		.ctx = out,
		.time_limit_ms = c->limit_ms};
	int64_t began_ns = clock_mono_ns();
	out->max = PRINTED_MAX;
	int rc = fix_run_script(live_pod(place->live), &how, buf_str(&script), STR(""), &r, err);
	*ret_built = rc == 0 && r.cause == CAUSE_NONE && r.exit_code == 0 && !out->truncated;
	int64_t limit_ms = fix_patience_ms((clock_mono_ns() - began_ns) / 1000000);
	c->limit_ms = limit_ms < LIMIT_MS ? limit_ms : LIMIT_MS;
	return rc;
}

/* That services of the target do not start, or that it does not build so, is no error of ours. */
static int
measure(struct covering *c, const struct stack *work, struct buf *out, bool *ret_done,
	struct dd_err *err)
{
	const struct fix_ground g = fix_ground_of(c->f, work, (const char *const *)c->env.v);
	OWN(dd_err) struct dd_err why = {0};
	struct fix_place place = {0};
	*ret_done = false;
	int rc = fix_place_open(&g, &c->env, &place, err);
	if (rc == 0) {
		int served = live_serve(place.live, &why);
		if (served == 0)
			rc = run_there(c, &place, out, ret_done, err);
		else if (served != -DD_EIO && served != -DD_ELIMIT)
			rc = err_move(err, &why);
	}
	fix_place_close(&place);
	return rc;
}

/* Built already, or not. */
static void
tree_of(const struct covering *c, bool changed, struct stack *ret)
{
	const struct fixing *f = c->f;
	const struct standup_result *r = changed ? f->now : fix_best(f);
	if (!c->builds) {
		stack_copy(ret, &r->probe.work);
		return;
	}
	fix_tree(f, ret);
	if (changed)
		stack_push(ret, json_string_value(json_object_get(f->attempt->proposed, "layer")));
}

/* It took longer even without counters. */
static bool
hangs(const struct covering *c)
{
	return fix_best(c->f)->probe.test_seconds * 1000 > (double)c->limit_ms;
}

static int
measure_both(struct covering *c, struct dd_err *err)
{
	OWN(buf) struct buf was = {0}, is = {0};
	struct stack before = {0}, after = {0};
	bool measured = false, had = fix_is_built(fix_best(c->f)) && !c->f->taken;
	const char *args[] = {"cover", NULL};
	tree_of(c, true, &after);
	if (had)
		tree_of(c, false, &before);
	int rc = measure(c, &after, &is, &measured, err);
	if (rc == 0 && !measured)
		c->why = "it could not be built and tested with counters, or they are too many";
	had = had && !hangs(c);
	if (rc == 0 && measured && had)
		rc = measure(c, &before, &was, &had, err);
	if (rc == 0 && !had)
		buf_reset(&was); /* half of it would look like all */
	c->compares = had;
	if (rc == 0 && !c->why)
		rc = fix_read_printed(
			c->f->st, args, &c->files, 1, buf_str(&was), buf_str(&is), &c->result, err);
	stack_cleanup(&before);
	stack_cleanup(&after);
	return rc;
}

static void
begin(struct covering *c)
{
	const struct probe_result *now = &c->f->now->probe;
	const struct command_list *l = &now->project.commands;
	size_t i;
	json_t *file;
	json_array_foreach ((json_t *)c->files, i, file) {
		const char *path = json_string_in(file, "path");
		if (!counted_knows(path))
			continue;
		strlist_add(&c->paths, path);
		c->builds = c->builds || counted_must_build(path);
	}
	fix_environment(c->f, c->f->now, &c->env);
	fix_put_phases(l, PHASE_CONFIGURE, PHASE_BUILD, " && ", &c->build);
	buf_puts(&c->build, "true");
	fix_put_phases(l, PHASE_TEST, PHASE_TEST, "\n", &c->test);
	/* What a rule brings is told at most: not worth a build where nothing was there before. */
	bool idle = c->f->author != AUTHOR_MODEL && !fix_is_built(fix_best(c->f));
	if (idle)
		c->why = "nothing was built before, so that there is no coverage to fall below";
	else if (!c->paths.n)
		c->why = "no way is known to count lines of these files";
	else if (now->test_seconds + (c->builds ? now->build_seconds : 0) > SLOW_S)
		c->why = "build and tests take too long to be run twice more";
}

static int
do_cover(void *ctx, json_t **ret_result, struct dd_err *err)
{
	const struct fixing *f = ctx;
	struct covering c = {.f = f,
		.files = json_object_get(f->attempt->changes, "files"),
		.limit_ms = LIMIT_MS};
	begin(&c);
	int step = c.why ? -1 : progress_begin("counting what tests execute of the change");
	int rc = c.why ? 0 : measure_both(&c, err);
	if (step >= 0)
		progress_end(step, rc < 0 ? "failed" : c.why ? "not possible here" : "ok");
	if (c.result)
		json_object_set_new(c.result, "compared", json_boolean(c.compares));
	if (rc == 0)
		*ret_result = c.result ? c.result : json_pack("{s:s}", "why", c.why);
	covering_cleanup(&c);
	return rc;
}

int
fix_is_covered(struct fixing *f, const struct standup_result *now, bool *ret, struct dd_err *err)
{
	struct fix_attempt *a = f->attempt;
	OWN_FREE char *key = mem_printf("fix/%lld/cover", (long long)f->n);
	*ret = true;
	if (!command_list_has(&now->probe.project.commands, PHASE_TEST))
		return 0;
	f->now = now;
	int rc = journal_step(f->run->journal, key, do_cover, f, &a->covered, err);
	if (rc < 0 || !json_array_size(json_object_get(a->covered, "measured")))
		return rc;
	if (!json_is_true(json_object_get(a->covered, "compared"))) {
		if (json_array_size(json_object_get(a->covered, "findings")))
			a->gates[GATE_COVERAGE] = GATE_TOLD;
		return 0;
	}
	bool lower = json_is_true(json_object_get(a->covered, "lower"));
	/* What a rule writes is needed to build at all. */
	*ret = !lower || a->author != AUTHOR_MODEL;
	a->gates[GATE_COVERAGE] = !lower ? GATE_PASSED : *ret ? GATE_TOLD : GATE_FAILED;
	return 0;
}
