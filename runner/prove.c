#include "runner/prove.h"

#include "base/log.h"
#include "runner/beside.h"
#include "runner/left.h"
#include "runner/revive.h"

#include <string.h>

#define STEP "start"
#define EACH_LIMIT_MS 20000
#define ALL_LIMIT_MS 60000

struct prover {
	const struct state *st;
	struct run *run;
	struct answers *answers;
	struct standup_result *r;
	struct start found; /* the best so far */
	struct start_try_list tried;
	int64_t deadline;
};

/* How sure it is that this is what people mean by the application running. */
enum grade { GRADE_NONE, GRADE_LISTENS, GRADE_HTTP, GRADE_PAGE };

static enum grade
grade_of(const struct start *s)
{
	enum grade best = s->ports.n || s->socket ? GRADE_LISTENS : GRADE_NONE;
	for (size_t i = 0; i < s->ports.n; i++) {
		const struct served_port *p = &s->ports.v[i];
		enum grade g = p->protocol != PORT_HTTP		     ? GRADE_LISTENS
			       : p->status >= 200 && p->status < 400 ? GRADE_PAGE
								     : GRADE_HTTP;
		best = g > best ? g : best;
	}
	return best;
}

static char *
copy(const char *s)
{
	return s ? mem_strdup(s) : NULL;
}

/* "it answers HTTP on port 8080 (200)" */
static char *
describe(const struct start *s)
{
	OWN(buf) struct buf text = {0};
	for (size_t i = 0; i < s->ports.n; i++) {
		const struct served_port *p = &s->ports.v[i];
		buf_printf(&text, "%s%s port %lld", text.n ? ", " : "",
			p->protocol == PORT_HTTP ? "it answers HTTP on" : "it listens on",
			(long long)p->port);
		if (p->status)
			buf_printf(&text, " (%lld)", (long long)p->status);
	}
	if (s->socket)
		buf_printf(&text, "%sit listens on %s", text.n ? ", " : "", s->socket);
	return buf_take(&text);
}

/* One command; what it does not do is in c->ended, and no error. */
static int
try_one(struct prover *p, struct live *live, struct start_try *c, struct dd_err *err)
{
	OWN(dd_err) struct dd_err why = {0};
	OWN(listening) struct listening new = {0};
	OWN(start) struct start s = {.run = copy(c->run), .dir = copy(c->dir), .why = copy(c->why)};
	const struct live_start how = {.run = c->run, .dir = c->dir, .limit_ms = EACH_LIMIT_MS};
	int rc = live_start(live, &how, &new, &why);
	if (rc == -DD_ESTOPPED)
		return err_move(err, &why);
	if (rc == 0)
		rc = revive_describe(live, &new, &s.ports, &why);
	if (rc == -DD_ESTOPPED)
		return err_move(err, &why);
	s.socket = new.sockets.n ? mem_strdup(new.sockets.v[0]) : NULL;
	c->ended = rc < 0 ? mem_strdup(err_msg(&why)) : describe(&s);
	if (rc == 0 && grade_of(&s) > grade_of(&p->found)) {
		start_cleanup(&p->found);
		p->found = s;
		s = (struct start){0};
	}
	return 0;
}

static int
try_all(struct prover *p, struct live *live, struct dd_err *err)
{
	int rc = live_serve(live, err);
	for (size_t i = 0; rc == 0 && i < p->tried.n && grade_of(&p->found) < GRADE_PAGE; i++) {
		if (clock_mono_ns() > p->deadline)
			break;
		if (i)
			rc = live_renew(live, err);
		if (rc == 0)
			rc = try_one(p, live, &p->tried.v[i], err);
	}
	return rc;
}

/* What services and commands do is no error of ours, and none of the run. */
static int
try_in_pod(struct prover *p, const struct live_spec *spec, struct dd_err *err)
{
	OWN(dd_err) struct dd_err why = {0};
	struct live *live = NULL;
	int rc = live_open(spec, &live, err);
	if (rc < 0)
		return rc;
	rc = try_all(p, live, &why);
	live_close(live);
	if (rc == -DD_ESTOPPED)
		return err_move(err, &why);
	if (rc < 0)
		log_warn("what runs it was not found out: %s", err_msg(&why));
	return 0;
}

/* A replay has what its recipe says, and looks for nothing. */
static int
find_commands(struct prover *p, struct dd_err *err)
{
	const struct probe_result *res = &p->r->probe;
	if (!p->run->options.recipe || p->run->options.discover)
		return probe_starts(p->st, res, &p->tried, err);
	if (res->start.run) {
		struct start_try *c = start_try_list_add(&p->tried);
		c->run = copy(res->start.run);
		c->dir = copy(res->start.dir);
		c->why = copy(res->start.why);
	}
	return 0;
}

static int
prove(struct prover *p, struct dd_err *err)
{
	OWN(recipe) struct recipe recipe = {0};
	OWN(strlist) struct strlist env = {0}, missing = {0};
	OWN(probe_files) struct probe_files files = {0};
	struct beside beside = {0};
	standup_recipe(p->run, p->r, p->answers, &recipe);
	standup_environment(&recipe, p->answers, &env, &missing);
	int rc = find_commands(p, err);
	if (rc == 0 && p->tried.n)
		rc = left_files(p->st, p->run, &recipe.files, &files, err);
	if (rc == 0 && p->tried.n)
		rc = beside_open(p->st, p->run, p->run->options.answers, &beside, NULL, err);
	const struct live_spec spec = {.state = p->st,
		.run_dir = p->run->dir,
		.root = &p->r->probe.root,
		.work = &p->r->probe.work,
		.services = &recipe.services,
		.answers = p->answers,
		.env = &env,
		.files = &files,
		.network_of = beside_network(&beside),
		.names = &p->run->options.peers};
	if (rc == 0 && p->tried.n)
		rc = try_in_pod(p, &spec, err);
	beside_close(&beside);
	return rc;
}

static int
do_start(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct prover *p = ctx;
	int step = progress_begin("looking for what runs it");
	p->deadline = clock_mono_ns() + (int64_t)ALL_LIMIT_MS * 1000000;
	int rc = prove(p, err);
	progress_end(step, rc < 0 ? "failed" : p->found.run ? "ok" : "not found");
	if (rc < 0)
		return err_wrap(err, "start");
	*ret_result = json_pack("{s:o, s:o}", "start", json_encode(start_fields, &p->found),
		"tried", start_try_list_to_json(&p->tried));
	return 0;
}

int
prove_start(const struct state *st, struct run *run, struct answers *answers,
	struct standup_result *r, struct dd_err *err)
{
	struct prover p = {.st = st, .run = run, .answers = answers, .r = r};
	OWN_JSON json_t *j = NULL;
	int rc = journal_step(run->journal, STEP, do_start, &p, &j, err);
	start_cleanup(&p.found);
	start_try_list_cleanup(&p.tried);
	if (rc < 0)
		return rc;
	start_cleanup(&r->probe.start);
	start_try_list_cleanup(&r->probe.starts);
	rc = json_decode(
		json_object_get(j, "start"), start_fields, false, &r->probe.start, STEP, err);
	return rc < 0 ? rc
		      : start_try_list_from_json(
				json_object_get(j, "tried"), STEP, &r->probe.starts, err);
}
