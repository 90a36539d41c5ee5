/* A crawl: the machine that decides (crawl.h), the browser that does it (screens.c), and the application, made new where that
 * is needed. */
#include "qa/qa.h"

#include "base/fs.h"
#include "base/log.h"
#include "qa/crawl.h"
#include "qa/crawl_judge.h"
#include "qa/scenario.h"

#include <string.h>

#define DEFAULT_WALKS 300
#define DEFAULT_TIME_MS (10 * 60 * 1000)
#define START_MS 3000 /* what application and browser may need before the first walk */

struct run {
	const struct crawl_spec *spec;
	struct crawl *crawl;
	struct crawl_stage at;
	int64_t until_ns;
	size_t stage;
	struct crawl_result *result;

	/* of the stage */
	json_t **seen;	 /* of each walk */
	char **pictures; /* of its end */
	bool touched;	 /* what was sent may have changed the application's data */
};

void
crawl_result_cleanup(struct crawl_result *r)
{
	crawl_destroy(r->crawl);
	json_decref(r->graph);
	json_decref(r->findings);
	free(r->browser);
	free(r->ended);
	strlist_cleanup(&r->objects);
	*r = (struct crawl_result){0};
}

static void
on_seen(void *ctx, size_t walk, const json_t *seen)
{
	struct run *r = ctx;
	json_decref(r->seen[walk]);
	r->seen[walk] = json_deep_copy(seen);
}

static void
on_step(void *ctx, size_t walk, const struct screen_step *step)
{
	struct run *r = ctx;
	r->touched |= crawl_is_unsafe(step);
	free(r->pictures[walk]);
	r->pictures[walk] = step->picture ? mem_strdup(step->picture) : NULL;
}

static int64_t
time_left_ms(const struct run *r)
{
	return (r->until_ns - clock_mono_ns()) / 1000000;
}

/* The walks that were made, those whose browser ended among them; what is left comes again. */
static void
take_walks(struct run *r, struct screen_result *stage)
{
	bool late = time_left_ms(r) <= 0;
	for (size_t i = 0; i < stage->scenarios.n; i++)
		if (r->seen[i] || !late)
			crawl_take(r->crawl, i, r->seen[i], r->pictures[i]);
	for (size_t i = 0; i < stage->objects.n; i++)
		strlist_add_new(&r->result->objects, stage->objects.v[i]);
	if (stage->browser && !r->result->browser)
		r->result->browser = TAKE(stage->browser);
}

static int
play_stage(struct run *r, const json_t *next, const struct scenario_list *walks, size_t *ret_made,
	struct dd_err *err)
{
	const struct crawl_spec *c = r->spec;
	OWN_FREE char *name = mem_printf("%03zu", ++r->stage);
	OWN_FREE char *dir = fs_join(c->dir, name);
	OWN(screen_result) struct screen_result stage = {0};
	const struct screen_spec spec = {.state = c->state,
		.root = c->root,
		.env = c->env,
		.application = r->at.application,
		.base_url = r->at.base_url,
		.serve = r->at.serve,
		.scenarios = walks,
		.answers = c->answers,
		.dir = dir,
		.owner = c->owner,
		.seed = c->seed,
		.time_limit_ms = time_left_ms(r),
		.on_step = on_step,
		.walks = next,
		.on_seen = on_seen,
		.ctx = r};
	r->seen = mem_zalloc(walks->n, sizeof(*r->seen));
	r->pictures = mem_zalloc(walks->n, sizeof(*r->pictures));
	r->touched = false;
	int rc = qa_play_screens(&spec, &stage, err);
	*ret_made = stage.scenarios.n;
	if (rc == 0)
		take_walks(r, &stage);
	for (size_t i = 0; i < walks->n; i++) {
		json_decref(r->seen[i]);
		free(r->pictures[i]);
	}
	free(r->seen);
	free(r->pictures);
	if (rc == 0 && stage.ended && time_left_ms(r) > 0 && !stage.scenarios.n)
		rc = err_set(err, DD_EIO, "%s", stage.ended);
	return rc;
}

/* One stage; *ret_more: there may be another. */
static int
go_on(struct run *r, bool *ret_more, struct dd_err *err)
{
	OWN_JSON json_t *next = crawl_next(r->crawl);
	struct scenario_list walks = {0};
	size_t made = 0;
	*ret_more = false;
	if (!next)
		return 0;
	if (r->stage && time_left_ms(r) < START_MS) {
		r->result->ended = mem_strdup("time was up");
		return 0;
	}
	int rc = scenario_list_from_json(next, &walks, err);
	if (rc == 0 && !r->at.base_url && !r->at.serve)
		rc = r->spec->renew(r->spec->ctx, &r->at, err);
	if (rc == 0)
		rc = play_stage(r, next, &walks, &made, err);
	/* One that ended early did so because the application, or the browser, is not what it was. */
	if (r->touched || made < walks.n)
		r->at = (struct crawl_stage){0};
	scenario_list_cleanup(&walks);
	*ret_more = rc == 0;
	if (rc < 0 && r->stage > 1 && time_left_ms(r) <= 0) { /* what was found is kept */
		r->result->ended = mem_strdup("time was up");
		return 0;
	}
	return rc;
}

int
qa_crawl(const struct crawl_spec *spec, struct crawl_result *ret, struct dd_err *err)
{
	struct crawl_result result = {0};
	struct run r = {.spec = spec, .result = &result};
	int64_t limit = spec->time_limit_ms ? spec->time_limit_ms : DEFAULT_TIME_MS;
	bool more = true;
	int rc = 0;
	r.until_ns = clock_mono_ns() + limit * 1000000;
	r.crawl = result.crawl =
		crawl_create(spec->seed, spec->max_walks ? spec->max_walks : DEFAULT_WALKS);
	while (rc == 0 && more) {
		rc = go_on(&r, &more, err);
		size_t findings = 0;
		OWN_JSON json_t *found = crawl_findings(r.crawl);
		findings = json_array_size(found);
		if (rc == 0 && spec->on_walk)
			spec->on_walk(
				spec->ctx, crawl_walks(r.crawl), crawl_states(r.crawl), findings);
	}
	if (rc < 0) {
		crawl_result_cleanup(&result);
		return rc;
	}
	crawl_end(r.crawl);
	result.graph = crawl_graph(r.crawl);
	result.findings = crawl_findings(r.crawl);
	result.walks = (int64_t)crawl_walks(r.crawl);
	result.states = (int64_t)crawl_states(r.crawl);
	*ret = result;
	return 0;
}

json_t *
qa_crawl_compare(const struct crawl_result *old, const struct crawl_result *new)
{
	return crawl_compare(old->crawl, new->crawl);
}
