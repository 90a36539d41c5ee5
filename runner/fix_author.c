#include "runner/fix_author.h"

#include "agents/brief.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/log.h"
#include "runner/fix_bench.h"
#include "runner/fix_guidance.h"
#include "runner/graph_map.h"

#include <string.h>

#define CASES_MAX 20	 /* that are told of */
#define MESSAGE_MAX 1500 /* of one of them */
#define QUERY_MAX 2000
#define PLACES_MAX 6
#define SHOW_MAX_LINES 4000 /* of a file that was changed */
#define LOG_MAX ((size_t)64 << 20)
#define BYTES_A_TOKEN 4 /* as the map counts */

struct authoring {
	const struct fix_writing *w;
	const struct model_rung *rung;
	const struct model
		*briefed_by; /* who wrote the prompt; NULL: these are the task's own words */
	struct fix_bench bench;
	struct author_answer answer;
	json_t *files;		/* that the answer changes; NULL: none was taken */
	struct strlist refused; /* paths that it may not write, of all its answers */
	struct dd_err broken;
	int rc; /* of what check did */
};

static void
authoring_cleanup(struct authoring *a)
{
	fix_bench_cleanup(&a->bench);
	graph_close(a->bench.map);
	author_answer_cleanup(&a->answer);
	json_decref(a->files);
	strlist_cleanup(&a->refused);
	dd_err_cleanup(&a->broken);
}

/* ---- the map ---- */

int
fix_author_map(const struct state *st, const char *source, const char *map_dir, struct graph **ret,
	struct dd_err *err)
{
	OWN_FREE char *db = fs_join(map_dir, "map.db");
	OWN(dd_err) struct dd_err why = {0};
	struct graph_ingest_result r;
	const struct graph_ingest_spec spec = {.root = source,
		.db = db,
		.host = {.parse = graph_map_parse,
			.stopping = sandbox_stop_requested,
			.ctx = (void *)(uintptr_t)st}};
	int step = progress_begin("making the map of the source");
	int rc = graph_ingest(&spec, &r, &why);
	if (rc == 0)
		rc = graph_open(db, ret, &why);
	progress_end(step, rc < 0 ? "failed" : "ok");
	if (rc == -DD_ESTOPPED || rc == -DD_EIO)
		return err_move(err, &why);
	if (rc < 0)
		log_warn("the author has no map of the source: %s", err_msg(&why));
	return 0;
}

static int
make_map(struct authoring *a, struct dd_err *err)
{
	const struct fix_writing *w = a->w;
	return fix_author_map(w->ground->state, w->source, w->map_dir, &a->bench.map, err);
}

/* ---- the pack ---- */

static bool
fails(const struct test_case *c)
{
	return c->status == TEST_FAILED || c->status == TEST_ERROR;
}

static void
put_cut(struct buf *out, struct str s, size_t max)
{
	buf_add(out, s.p, s.n < max ? s.n : max);
	if (s.n > max)
		buf_puts(out, " [...]");
	buf_putc(out, '\n');
}

static void
put_cases(const struct fix_task *t, struct buf *out)
{
	size_t shown = 0, most = t->only_first ? 1 : CASES_MAX;
	for (size_t i = 0; i < t->tests->cases.n; i++) {
		const struct test_case *c = &t->tests->cases.v[i];
		if (!fails(c) || shown++ >= most)
			continue;
		buf_printf(out, "case %s: %s\n", c->id, test_status_names[c->status]);
		if (c->file)
			buf_printf(out, "in %s\n", c->file);
		if (c->message)
			put_cut(out, str_of(c->message), MESSAGE_MAX);
	}
	if (shown > most)
		buf_printf(out, "and %zu more\n", shown - most);
}

void
fix_author_evidence(const struct fix_task *t, size_t bytes, struct buf *out)
{
	OWN(buf) struct buf log = {.max = LOG_MAX};
	size_t begin = out->n;
	put_cases(t, out);
	if (!t->builds && t->why->text)
		buf_printf(out, "the build fails: %s%s%s\n", t->why->text,
			t->why->where ? ", " : "", t->why->where ? t->why->where : "");
	if (out->n - begin > bytes)
		out->n = begin + bytes;
	if (t->reach.goal || !t->log || fs_read_if_any(t->log, LOG_MAX, &log, NULL) < 0)
		return;
	size_t used = out->n - begin, left = used + 64 < bytes ? bytes - used - 64 : 0;
	size_t from = log.n > left ? log.n - left : 0;
	buf_puts(out, "== the end of what was printed ==\n");
	buf_add(out, log.p + from, log.n - from);
}

/* "path/to/file.c:12" before a colon, a blank or the end, next to `at`, the place of the first colon; false: none. */
static bool
place_at(struct str s, size_t at, struct buf *ret)
{
	static const char path_chars[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+-";
	size_t from = at, to = at + 1;
	while (from && strchr(path_chars, s.p[from - 1]) && s.p[from - 1])
		from--;
	while (to < s.n && s.p[to] >= '0' && s.p[to] <= '9')
		to++;
	struct str path = {s.p + from, at - from};
	static const char work[] = WORK_DIR "/";
	if (str_starts(path, work))
		path = (struct str){path.p + strlen(work), path.n - strlen(work)};
	else if (str_starts(path, "./"))
		path = (struct str){path.p + 2, path.n - 2};
	if (to == at + 1 || !path.n || !memchr(path.p, '.', path.n))
		return false;
	buf_reset(ret);
	buf_add_str(ret, path);
	buf_add(ret, s.p + at, to - at);
	buf_putc(ret, 0);
	return true;
}

struct packing {
	const struct authoring *a;
	struct buf *out;
	size_t end; /* bytes that out may have */
	json_t *files;
	struct strlist seen;  /* file:from of excerpts */
	struct strlist whole; /* files that are shown whole */
};

static size_t
room(const struct packing *p)
{
	return p->out->n < p->end ? p->end - p->out->n : 0;
}

static bool
is_changed(const struct packing *p, const char *path)
{
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)p->a->w->task->changed, i, one)
		if (strcmp(json_string_value(one), path) == 0)
			return true;
	return false;
}

static void
add_file(struct packing *p, const char *path, const char *digest, json_int_t from, json_int_t to)
{
	json_array_append_new(
		p->files, json_pack("{s:o, s:s, s:I, s:I}", "path", json_text(str_of(path)),
				  "sha256", digest, "from", from, "to", to));
}

static void
put_excerpts(struct packing *p, const json_t *answer)
{
	size_t i;
	json_t *x;
	json_array_foreach (json_object_get(answer, "excerpts"), i, x) {
		const char *file = json_string_value(json_object_get(x, "file")),
			   *text = json_string_value(json_object_get(x, "text"));
		json_int_t from = json_integer_value(json_object_get(x, "from")),
			   to = json_integer_value(json_object_get(x, "to"));
		OWN_FREE char *id = mem_printf("%s:%lld", file, (long long)from);
		if (is_changed(p, file) || strlist_has(&p->whole, file) ||
			strlist_has(&p->seen, id) || strlen(text) + strlen(file) + 100 > room(p))
			continue;
		strlist_add(&p->seen, id);
		buf_printf(p->out, "== %s, lines %lld to %lld ==\n%s\n", file, (long long)from,
			(long long)to, text);
		add_file(p, file, json_string_value(json_object_get(x, "digest")), from, to);
	}
}

/* A file as it is now, where it is there and there is room for it. */
static int
put_file(struct packing *p, const char *path, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	OWN(dd_err) struct dd_err why = {0};
	OWN_FREE char *digest = NULL;
	uint64_t lines = 0;
	if (strlist_has(&p->whole, path))
		return 0;
	int rc = fix_bench_show(
		p->a->bench.desk, path, 1, SHOW_MAX_LINES, &text, &lines, &digest, &why);
	if (rc == -DD_ENOENT)
		return 0;
	if (rc < 0)
		return err_move(err, &why);
	if (text.n + strlen(path) + 100 > room(p))
		return 0;
	buf_printf(p->out, "== %s, lines 1 to %llu ==\n", path, (unsigned long long)lines);
	buf_add_str(p->out, buf_str(&text));
	add_file(p, path, digest, 1, (json_int_t)lines);
	strlist_add(&p->whole, path);
	return 0;
}

/* What a task writes; and what earlier changes made of a file, of which the map knows only what it was. */
static int
put_whole_files(struct packing *p, struct dd_err *err)
{
	const struct fix_task *t = p->a->w->task;
	size_t i;
	json_t *one;
	int rc = 0;
	for (i = 0; rc == 0 && t->reach.writes && i < t->reach.writes->n; i++)
		rc = put_file(p, t->reach.writes->v[i], err);
	json_array_foreach ((json_t *)t->changed, i, one)
		if (rc == 0)
			rc = put_file(p, json_string_value(one), err);
	return rc;
}

/* Places that the evidence names, then what its words mean. */
static void
put_source(struct packing *p, struct str evidence)
{
	const struct fix_task *t = p->a->w->task;
	struct graph *map = p->a->bench.map;
	OWN(buf) struct buf place = {.max = 1000}, query = {.max = QUERY_MAX};
	for (size_t i = 0, found = 0; i < evidence.n && found < PLACES_MAX; i++) {
		OWN_JSON json_t *answer = NULL;
		if (evidence.p[i] != ':' || !place_at(evidence, i, &place))
			continue;
		if (graph_context(map, place.p, room(p) / 2 / BYTES_A_TOKEN, &answer, NULL) < 0)
			continue;
		found++;
		put_excerpts(p, answer);
	}
	if (t->reach.goal)
		buf_puts(&query, t->reach.goal);
	else
		put_cases(t, &query);
	buf_puts(&query, t->builds || !t->why->text ? "" : t->why->text);
	OWN_FREE char *words = buf_take(&query);
	OWN_JSON json_t *answer = NULL;
	if (room(p) > 400 &&
		graph_context_query(map, words, room(p) / BYTES_A_TOKEN, &answer, NULL) == 0)
		put_excerpts(p, answer);
}

static int
pack(void *ctx, size_t bytes, struct buf *out, json_t **ret_files, struct dd_err *err)
{
	struct authoring *a = ctx;
	const struct fix_task *t = a->w->task;
	OWN(buf) struct buf evidence = {0};
	struct packing p = {.a = a, .out = out, .files = json_array()};
	bytes = bytes * (size_t)a->rung->context / 100;
	p.end = out->n + bytes;
	fix_author_evidence(t, bytes / 3, &evidence);
	buf_puts(out, "== what fails ==\n");
	buf_add_str(out, buf_str(&evidence));
	buf_puts(out, "\n");
	for (size_t i = 0; i < t->tried->n; i++) {
		if (i == 0)
			buf_puts(out, "== earlier attempts, which were not kept ==\n");
		if (strlen(t->tried->v[i]) + 2 < room(&p) / 2)
			buf_printf(out, "%s\n", t->tried->v[i]);
	}
	buf_puts(out, t->data ? t->data : "");
	fix_guidance_pack(a->w->guidance, room(&p) / 8, out);
	int rc = put_whole_files(&p, err);
	if (rc == 0 && a->bench.map)
		put_source(&p, buf_str(&evidence));
	strlist_cleanup(&p.seen);
	strlist_cleanup(&p.whole);
	if (rc < 0)
		json_decref(p.files);
	else
		*ret_files = p.files;
	return rc;
}

/* ---- what people said ---- */

#define TOUCHED_BYTES ((size_t)32 << 10) /* of excerpts: what they are of is what is touched */

/* The files that a pack would be of. */
static void
find_touched(struct authoring *a, struct strlist *ret)
{
	OWN(buf) struct buf out = {0}, evidence = {0};
	struct packing p = {.a = a, .out = &out, .end = TOUCHED_BYTES, .files = json_array()};
	size_t i;
	json_t *file;
	if (a->w->task->reach.writes)
		strlist_copy(ret, a->w->task->reach.writes);
	fix_author_evidence(a->w->task, TOUCHED_BYTES / 3, &evidence);
	if (a->bench.map)
		put_source(&p, buf_str(&evidence));
	json_array_foreach (p.files, i, file)
		strlist_add_new(ret, json_string_value(json_object_get(file, "path")));
	strlist_cleanup(&p.seen);
	json_decref(p.files);
}

int
fix_author_guidance(const struct fix_writing *w, json_t **ret, struct dd_err *err)
{
	OWN(authoring) struct authoring a = {.w = w};
	OWN(strlist) struct strlist touched = {0};
	if (!w->tree) {
		*ret = json_object();
		return 0;
	}
	int rc = make_map(&a, err);
	if (rc < 0)
		return rc;
	find_touched(&a, &touched);
	return fix_guidance_find(w->ground->state, a.bench.map, w->tree, &touched, ret, err);
}

/* ---- the answer ---- */

static bool
is_stopping(void *ctx)
{
	(void)ctx;
	return sandbox_stop_requested();
}

static const struct provider_watch watch = {.is_cancelled = is_stopping};

/* Refused edits go back with the nearest place; what fits is made in the desk. */
static void
check(void *ctx, const char *text, struct buf *why)
{
	struct authoring *a = ctx;
	const struct author_reach *reach = &a->w->task->reach;
	OWN(dd_err) struct dd_err err = {0};
	size_t i;
	json_t *one;
	author_read(reach, text, &a->answer, why);
	json_array_foreach (a->answer.edits, i, one) {
		const char *path = json_string_value(json_object_get(one, "path"));
		if (!author_may_write(reach, path))
			strlist_add_new(&a->refused, path);
	}
	if (why->n || !json_array_size(a->answer.edits))
		return;
	int rc = fix_bench_edit(a->bench.desk, a->answer.edits, &a->files, &err);
	if (rc == -DD_EINVAL) {
		buf_printf(why, "No edit was made: %s\nSend all edits again, this one corrected.",
			err_msg(&err));
	} else if (rc < 0) {
		a->rc = rc;
		(void)err_move(&a->broken, &err);
	}
}

/* agent: "fix/3/write", one of the attempt. */
static json_t *
spent(struct fix_models *m, const char *agent)
{
	struct calls_sum s = {0};
	OWN_FREE char *attempt = mem_strndup(agent, (size_t)(strrchr(agent, '/') + 1 - agent));
	if (m->shared)
		(void)!calls_spent(m->calls, attempt, &s.tokens, &s.nano_usd, NULL);
	else
		(void)!calls_sum(m->calls, &s, NULL);
	return json_pack(
		"{s:f, s:I}", "usd", (double)s.nano_usd / 1e9, "tokens", (json_int_t)s.tokens);
}

/* What a failed call means for the run; NULL: it is no failure of a call. */
static const char *
end_of_failure(int rc, enum call_failure failure)
{
	if (rc == -DD_ELIMIT && failure == FAIL_NONE)
		return "budget";
	if (failure == FAIL_KEY || failure == FAIL_SPEND || rc == -DD_ENOENT)
		return "no-model";
	if (failure == FAIL_CANCELLED || (failure == FAIL_NONE && rc != -DD_EINVAL))
		return NULL;
	return "failed";
}

static json_t *
begin_result(const struct authoring *a, const char *end, const char *note)
{
	const struct model *m = a->w->model;
	return json_pack("{s:s, s:o?, s:s, s:o?, s:[], s:[], s:[], s:b, s:s, s:o}", "model",
		m->name, "family", m->family ? json_text(str_of(m->family)) : NULL, "end", end,
		"note", note ? json_text(str_of(note)) : NULL, "fixes", "units", "left", "complete",
		0, "flaw", "", "spent", spent(a->w->models, a->w->agent));
}

static json_t *
answer_result(
	const struct authoring *a, const struct agent_result *r, const struct strlist *requirements)
{
	const struct author_answer *answer = &a->answer;
	json_t *j = begin_result(a, agent_end_names[r->end], r->why);
	size_t i;
	json_t *file;
	json_object_set_new(j, "requirements",
		author_ids(a->w->task->wanted ? a->w->task->wanted : requirements));
	json_object_set_new(j, "refused", json_from_strings(&a->refused));
	if (r->end != AGENT_ANSWERED)
		return j;
	json_object_set_new(j, "flaw", json_string(author_flaw_names[author_flaw_of(answer)]));
	json_object_set_new(j, "complete", json_boolean(answer->complete));
	json_object_set_new(j, "summary", json_text(str_of(answer->summary)));
	json_array_foreach (a->files, i, file)
		json_array_append_new(json_object_get(j, "fixes"),
			json_pack("{s:O, s:s, s:o}", "path", json_object_get(file, "path"), "rule",
				"model", "text", json_text(str_of(answer->summary))));
	if (answer->left && *answer->left)
		json_array_append_new(json_object_get(j, "left"),
			json_pack("{s:n, s:i, s:o}", "path", "line", 0, "message",
				json_text(str_of(answer->left))));
	return j;
}

/* By another model, where the rung wants that: in *goal then.  It can do without: only what ends the run ends this. */
static int
write_brief(struct authoring *a, const struct agent_task *t, char **goal, struct dd_err *err)
{
	struct fix_models *m = a->w->models;
	const struct model *writer = author_of_brief(&m->all, a->rung);
	OWN_FREE char *key = mem_printf("%s/brief", a->w->agent), *written = NULL;
	OWN(dd_err) struct dd_err why = {0};
	bool taken = false;
	int rc = writer ? brief_write(m->calls, writer, a->w->model, t, key, &written, &taken, &why)
			: 0;
	if (rc == -DD_ESTOPPED || rc == -DD_EIO)
		return err_move(err, &why);
	if (rc < 0)
		log_warn("%s wrote no prompt: %s", writer->name, err_msg(&why));
	if (taken) {
		a->briefed_by = writer;
		free(*goal);
		*goal = TAKE(written);
	}
	return 0;
}

static int
ask(struct authoring *a, json_t **ret, struct dd_err *err)
{
	const struct fix_writing *w = a->w;
	const struct fix_task *t = w->task;
	size_t failing = 0;
	for (size_t i = 0; i < t->tests->cases.n; i++)
		failing += fails(&t->tests->cases.v[i]);
	const struct author_task task = {t->reach, t->wanted, failing, t->builds, t->only_first};
	OWN_FREE char *goal = author_goal(&task);
	OWN(strlist) struct strlist requirements = {0}, rules = {0};
	OWN_JSON json_t *format = author_format();
	OWN(agent_result) struct agent_result r = {0};
	OWN(dd_err) struct dd_err why = {0};
	enum call_failure failure = FAIL_NONE;
	struct agent_tool tools[FIX_TOOLS];
	author_requirements(&task, &requirements);
	author_rules(&task, &rules);
	fix_guidance_rules(w->guidance, &rules);
	fix_bench_tools(&a->bench, tools);
	struct agent_task agent = {.name = w->agent,
		.role = t->wanted
				? "You change the source of a program that others wrote, a task of a plan at a time."
				: "You repair the source of a program that others wrote.",
		.goal = goal,
		.requirements = &requirements,
		.rules = &rules,
		.tools = tools,
		.ntools = w->model->abilities.tools ? FIX_TOOLS : 0,
		.pack = pack,
		.check = check,
		.ctx = a,
		.format = format,
		.effort = (enum chat_effort)a->rung->effort,
		.watch = &watch,
		.failure = &failure};
	int rc = write_brief(a, &agent, &goal, err);
	if (rc < 0)
		return rc;
	agent.goal = goal;
	rc = agent_run(w->models->calls, w->model, &agent, &r, &why);
	if (rc == 0 && a->rc < 0)
		return err_move(err, &a->broken);
	const char *end = rc < 0 ? end_of_failure(rc, failure) : NULL;
	if (rc < 0 && !end)
		return err_move(err, &why);
	*ret = rc < 0 ? begin_result(a, end, err_msg(&why)) : answer_result(a, &r, &requirements);
	if (a->briefed_by)
		json_object_set_new(*ret, "brief", json_string(a->briefed_by->name));
	return 0;
}

/* Edits fit exactly or not at all: what they give is known by them and the tree. */
static int
keep_edits(struct authoring *a, json_t *result, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	if (a->answer.edits)
		json_print(a->answer.edits, 0, &text);
	const struct fix_pick *p = a->w->pick;
	OWN_FREE char *step = p ? mem_printf("merge %s onto %s, edit %s", p->commit, p->onto,
					  hash_bytes(buf_str(&text)).s)
				: mem_printf("edit %s", hash_bytes(buf_str(&text)).s);
	return fix_keep_changes(a->w->ground, a->bench.desk, AUTHOR_MODEL, step, result, err);
}

int
fix_author_propose(const struct fix_writing *w, json_t **ret, struct dd_err *err)
{
	OWN(authoring)
	struct authoring a = {.w = w,
		.rung = models_rung(&w->models->all, w->models->rung),
		.bench = {.g = w->ground, .reach = w->task->reach, .gone = w->task->changed}};
	const struct pod_spec spec = {.state = w->ground->state, .work = w->ground->work};
	json_t *result = NULL;
	int rc = make_map(&a, err);
	if (rc == 0)
		rc = pod_open(&spec, &a.bench.desk, err);
	if (rc < 0)
		return rc;
	OWN_JSON json_t *begun = NULL;
	if (w->pick)
		rc = fix_put_files(a.bench.desk, buf_str(&w->pick->texts), true, &begun, err);
	int step = progress_begin("asking %s", w->model->name);
	if (rc == 0)
		rc = ask(&a, &result, err);
	progress_end(step, rc < 0 ? "failed" : json_string_value(json_object_get(result, "end")));
	if (rc == 0)
		rc = keep_edits(&a, result, err);
	else
		pod_close(a.bench.desk);
	if (rc < 0)
		json_decref(result);
	else
		*ret = result;
	return rc;
}

/* ---- review ---- */

int
fix_author_review(const struct fix_review *v, json_t **ret, struct dd_err *err)
{
	const struct model *m = author_reviewer(&v->models->all, v->family);
	struct review_result r = {0};
	enum call_failure failure = FAIL_NONE;
	OWN(dd_err) struct dd_err why = {0};
	OWN(strlist) struct strlist rules = {0};
	int rc = 0;
	fix_guidance_rules(v->guidance, &rules);
	if (!m) {
		r.reason = mem_strdup("no model of another family that may review can be asked");
	} else {
		const struct review_spec spec = {.name = v->agent,
			.model = m,
			.goal = v->goal,
			.rules = &rules,
			.patch = v->patch,
			.evidence = v->evidence,
			.watch = &watch};
		int step = progress_begin("having %s review it", m->name);
		rc = review_run(v->models->calls, &spec, &failure, &r, &why);
		progress_end(step, rc < 0 ? "failed" : review_verdict_names[r.verdict]);
	}
	const char *end = rc < 0 ? end_of_failure(rc, failure) : "answered";
	if (rc < 0 && !end)
		return err_move(err, &why);
	*ret = json_pack("{s:o?, s:o?, s:s, s:s, s:o?, s:O*, s:o}", "model",
		m ? json_text(str_of(m->name)) : NULL, "family",
		m ? json_text(str_of(m->family)) : NULL, "end", end, "verdict",
		review_verdict_names[r.verdict], "reason",
		json_text(str_of(rc < 0 ? err_msg(&why) : r.reason)), "defects", r.defects, "spent",
		spent(v->models, v->agent));
	review_result_cleanup(&r);
	return 0;
}
