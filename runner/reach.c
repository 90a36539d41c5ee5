/*
 * Theory of operation.  One pod: first the tree is built, by compilers that count, then the commands of the tests run as they are,
 * which tells their cases, and then once more for each group of cases.  A file of a script in the pod prints what was counted, a
 * worker reads that (reach_read.h), and the trace of the group's processes tells the rest: a file that was opened and of which nothing was
 * counted is known to matter, whatever it is.  Where the tree does not build with counters it is tested as it was built.
 */
#include "runner/reach.h"

#include "agents/counted.h"
#include "base/embed.h"
#include "base/log.h"
#include "base/map.h"
#include "qa/select.h"
#include "runner/fix_place.h"
#include "runner/reach_read.h"
#include "sandbox/trace.h"

#include <string.h>

EMBED(reach_python, "runner/data/reach.py");
EMBED(reach_node, "runner/data/reach.js");
EMBED(reach_calls, "runner/data/reach_calls.c");
EMBED(reach_collect, "runner/data/reach_collect.sh");

#define DIR "/tmp/drydock-reach"
#define NOW DIR "/now"	 /* what is counted at present */
#define CASES_ALONE 1500 /* of a command; of more, a suite is a group */
#define GROUPS_MAX 5000
#define LOOKED_MAX 20000
#define PRINTED_MAX ((size_t)256 << 20)
#define READ_MAX ((size_t)32 << 20) /* of a group, by the worker */
#define BUILD_LIMIT_MS (60 * 60 * 1000)
#define COLLECT_LIMIT_MS (10 * 60 * 1000)

struct group {
	size_t first, n; /* of the cases */
	size_t command;	 /* of the run */
};

struct recording {
	struct qa_spec spec;
	struct command_list commands; /* borrowed those of the run; then ours, one a group */
	size_t nrun;		      /* of the run */
	const struct stack *source;
	bool builds, build_failed;
	struct strlist env;
	struct test_case_list cases;
	struct group *groups;
	size_t ngroups, groups_cap;
	struct map outside;
	struct map first; /* what commands opened of the tree as they are, and no group of theirs */
	bool first_lost;
	struct buf *out;
	struct reach_result result;
	int step;
};

static void
recording_cleanup(struct recording *r)
{
	for (size_t i = r->nrun; i < r->commands.n; i++) {
		free(r->commands.v[i].run);
		free(r->commands.v[i].dir);
		free(r->commands.v[i].results);
	}
	free(r->commands.v);
	free(r->groups);
	strlist_cleanup(&r->env);
	test_case_list_cleanup(&r->cases);
	map_cleanup(&r->outside);
	map_cleanup(&r->first);
	trace_destroy(r->spec.trace);
}

/* ---- in the pod ---- */

static void
put_file(struct str text, const char *name, struct buf *out)
{
	buf_printf(out, "cat >" DIR "/%s <<'drydock-end'\n", name);
	buf_add_str(out, text);
	buf_puts(out, "drydock-end\n");
}

static int
run_script(struct recording *r, struct pod *pod, struct str script, int64_t limit_ms,
	struct trace *trace, struct buf *out, struct exec_result *ret, struct dd_err *err)
{
	const struct exec_spec how = {.env = (const char *const *)r->env.v,
		.cwd = WORK_DIR,
		.profile = PROFILE_TEST,
		.on_output = exec_keep,
		.ctx = out,
		.time_limit_ms = limit_ms,
		.trace = trace,
		.trace_classes = trace ? TRACE_OPEN | TRACE_EXEC | TRACE_CONNECT : 0};
	return fix_run_script(pod, &how, script, STR(""), ret, err);
}

/*
 * A command may say where Python looks for modules (PYTHONPATH), and a virtual environment where it does not: the hook is in the
 * places that an interpreter looks at by itself, too.
 */
static const char python_sites[] =
	"for p in python3 $(ls /usr/bin /usr/local/bin | grep -E '^python3\\.[0-9]+$'); do\n"
	"\t$p -m site --user-site 2>/dev/null\n"
	"\tenv -i $(command -v $p) -m site --user-site 2>/dev/null\n"
	"done | sort -u >" DIR "/sites\n"
	"find " WORK_DIR " -maxdepth 6 -type d -path '*/lib/python3*/site-packages' >>" DIR
	"/sites\n"
	"while IFS= read -r d; do\n"
	"\tmkdir -p \"$d\" && echo 'import sys; exec(open(\"" DIR
	"/py/sitecustomize.py\").read(), {\"drydock_reach\": (\"" NOW "\", \"" WORK_DIR
	"\")})' >\"$d/drydock-reach.pth\"\n"
	"done <" DIR "/sites 2>/dev/null\n";

/* The tools, and the library that tells calls of C, if there is a compiler. */
static int
set_up(struct recording *r, struct pod *pod, struct dd_err *err)
{
	OWN(buf) struct buf script = {0}, said = {.max = 65536};
	struct exec_result result;
	buf_puts(&script, "rm -rf " DIR "; mkdir -p " NOW " " DIR "/bin " DIR "/py || exit 1\n");
	put_file(EMBEDDED(reach_python), "py/sitecustomize.py", &script);
	buf_puts(&script, python_sites);
	put_file(EMBEDDED(reach_node), "reach.js", &script);
	put_file(EMBEDDED(reach_calls), "calls.c", &script);
	put_file(EMBEDDED(reach_collect), "collect.sh", &script);
	counted_put_compilers(DIR "/bin", "$DRYDOCK_COUNT", &script);
	buf_puts(&script,
		"cd " DIR "; PATH=${PATH#" DIR
		"/bin:} gcc -O1 -fPIC -shared -o calls.so calls.c -ldl >/dev/null 2>&1 && echo calls\n");
	int rc = run_script(r, pod, buf_str(&script), COLLECT_LIMIT_MS, NULL, &said, &result, err);
	if (rc == 0 && str_starts(buf_str(&said), "calls\n"))
		strlist_set_env(&r->env, "LD_PRELOAD", DIR "/calls.so");
	r->spec.env = (const char *const *)r->env.v;
	return rc;
}

static const char *
env_of(const struct strlist *env, const char *name)
{
	size_t n = strlen(name);
	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->v[i], name, n) == 0 && env->v[i][n] == '=')
			return env->v[i] + n + 1;
	return NULL;
}

static void
make_environment(struct recording *r)
{
	for (size_t i = 0; r->spec.env && r->spec.env[i]; i++)
		strlist_add(&r->env, r->spec.env[i]);
	const char *path = env_of(&r->env, "PATH"), *python = env_of(&r->env, "PYTHONPATH");
	OWN_FREE char *paths = mem_printf(DIR "/bin:%s",
		path ? path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	OWN_FREE char *pythons = mem_printf(DIR "/py%s%s", python ? ":" : "", python ? python : "");
	strlist_set_env(&r->env, "PATH", paths);
	strlist_set_env(&r->env, "PYTHONPATH", pythons);
	strlist_set_env(&r->env, "NODE_V8_COVERAGE", NOW "/v8");
	strlist_set_env(&r->env, "GCOV_PREFIX", NOW "/gcov");
	strlist_set_env(&r->env, "DRYDOCK_REACH", NOW);
	strlist_set_env(&r->env, "DRYDOCK_REACH_ROOT", WORK_DIR);
	strlist_set_env(&r->env, "DRYDOCK_COUNT", COUNTED_LINES " -g -finstrument-functions");
}

/* ---- what the trace says ---- */

struct seen_paths {
	struct recording *r;
	struct map looked, execs;
	bool many;
};

/* "a/__pycache__/b.cpython-311.pyc" is a/b.py, read in another form; heap. */
static char *
source_of(const char *path)
{
	static const char cache[] = "__pycache__/";
	const char *at = strstr(path, cache);
	const char *dot = at ? strchr(at + sizeof(cache) - 1, '.') : NULL;
	if (!dot || !str_ends(str_of(path), ".pyc"))
		return mem_strdup(path);
	at += sizeof(cache) - 1;
	return mem_printf("%.*s%.*s.py", (int)(at - path - (ptrdiff_t)sizeof(cache) + 1), path,
		(int)(dot - at), at);
}

static bool
note_path(void *ctx, const struct trace_path *p)
{
	static const char *const interpreted[] = {
		".py", ".pyc", ".js", ".mjs", ".cjs", ".rb", ".pl", ".pm", ".php", ".sh", NULL};
	struct seen_paths *s = ctx;
	bool inside = str_starts(str_of(p->path), WORK_DIR "/");
	if (!p->found || p->directory || !(p->opened || p->executed))
		return true;
	OWN_FREE char *path = source_of(p->path);
	if (inside && map_count(&s->looked) >= LOOKED_MAX)
		s->many = true;
	else if (inside)
		map_put(&s->looked, path + sizeof(WORK_DIR "/") - 1, s);
	else if (str_ends_one(str_of(path), interpreted) && map_count(&s->r->outside) < LOOKED_MAX)
		map_put(&s->r->outside, path, s);
	if (p->executed && map_count(&s->execs) < LOOKED_MAX)
		map_put(&s->execs, path, s);
	return true;
}

static bool
note_connect(void *ctx, const struct trace_connect *c)
{
	json_t *list = ctx;
	if (!c->refused && !json_find(list, "target", c->target))
		json_array_append_new(
			list, json_pack("{s:o, s:o}", "target", json_text(str_of(c->target)),
				      "program", json_text(str_of(c->program))));
	return json_array_size(list) < 1000;
}

static json_t *
keys_of(const struct map *m)
{
	json_t *list = json_array();
	for (struct map_entry *e = map_first(m); e; e = map_next(e))
		json_array_append_new(list, json_text(str_of(map_key(e))));
	return list;
}

/* Into what was counted; false: not all is known. */
static bool
add_trace(struct recording *r, const struct trace *t, const struct exec_result *result, json_t *to)
{
	struct seen_paths s = {.r = r};
	json_t *connects = json_array();
	trace_each_path(t, note_path, &s);
	trace_each_connect(t, note_connect, connects);
	json_object_set_new(to, "looked", keys_of(&s.looked));
	json_object_set_new(to, "execs", keys_of(&s.execs));
	json_object_set_new(to, "connects", connects);
	map_cleanup(&s.looked);
	map_cleanup(&s.execs);
	return !s.many && !result->trace_off && !trace_dropped(t);
}

/* ---- what was counted ---- */

/* all: of each unit that was compiled with counters, too. */
static int
collect(struct recording *r, struct pod *pod, bool all, json_t **ret, struct dd_err *err)
{
	OWN(buf) struct buf printed = {.max = PRINTED_MAX}, out = {.max = READ_MAX};
	OWN(buf) struct buf script = {0};
	struct exec_result result;
	if (all)
		buf_puts(&script,
			"find " WORK_DIR " -name '*.gcno' | head -n 5000 | while IFS= read -r f; do"
			" (cd \"${f%/*}\" && gcov --json-format --stdout \"$f\"); done 2>/dev/null\n");
	buf_puts(&script, "sh " DIR "/collect.sh " NOW " " DIR " " WORK_DIR " 2>/dev/null\n");
	const char *args[] = {WORK_DIR, all ? "countable" : NULL, NULL};
	int rc = run_script(
		r, pod, buf_str(&script), COLLECT_LIMIT_MS, NULL, &printed, &result, err);
	const struct worker_spec worker = {.state = r->spec.state,
		.name = "reach",
		.args = args,
		.input = buf_str(&printed),
		.memory_bytes = (uint64_t)3 << 30};
	if (rc == 0)
		rc = worker_run(&worker, &out, err);
	if (rc == 0)
		rc = json_parse(buf_str(&out), ret, err);
	/* What it could not read is what the target made: then nothing is known. */
	if (rc == -DD_ECORRUPT || rc == -DD_ELIMIT) {
		dd_err_cleanup(err);
		rc = 0;
		*ret = json_pack(
			"{s:{}, s:[], s:[], s:b}", "files", "functions", "calls", "lost", true);
	}
	if (rc == 0 && (printed.truncated || result.cause != CAUSE_NONE))
		json_object_set_new(*ret, "lost", json_true());
	return rc;
}

/* What a process looked for, and what a case is called, may be an answer. */
static int
put_line(struct recording *r, json_t *j, struct dd_err *err)
{
	answers_redact_json(r->spec.answers, j);
	json_print(j, 0, r->out);
	buf_putc(r->out, '\n');
	return r->out->truncated ? err_set(err, DD_ELIMIT, "more is reached than is kept") : 0;
}

/* ---- the build ---- */

static int
build(struct recording *r, struct pod *pod, const char *options, bool *ret_built,
	struct exec_result *ret, struct dd_err *err)
{
	OWN(buf) struct buf script = {0}, said = {.max = 65536};
	strlist_set_env(&r->env, "DRYDOCK_COUNT", options);
	r->spec.env = (const char *const *)r->env.v;
	buf_puts(&script, "{ ");
	fix_put_phases(r->spec.commands, PHASE_CONFIGURE, PHASE_BUILD, " && ", &script);
	buf_puts(&script, "true\n} >/dev/null 2>&1\n");
	int rc = run_script(
		r, pod, buf_str(&script), BUILD_LIMIT_MS, r->spec.trace, &said, ret, err);
	*ret_built = rc == 0 && ret->cause == CAUSE_NONE && ret->exit_code == 0;
	return rc;
}

static void
renew_trace(struct recording *r)
{
	trace_destroy(r->spec.trace);
	r->spec.trace = trace_create();
}

static int
opened(void *ctx, struct pod *pod, struct dd_err *err)
{
	struct recording *r = ctx;
	struct exec_result result;
	OWN_JSON json_t *counted = NULL;
	bool built = false;
	int rc = set_up(r, pod, err);
	if (rc < 0 || !r->builds)
		return rc;
	rc = build(r, pod, COUNTED_LINES " -g -finstrument-functions", &built, &result, err);
	if (rc == 0 && !built)
		rc = build(r, pod, COUNTED_LINES " -g", &built, &result, err);
	if (rc == 0 && !built) {
		r->build_failed = true;
		return err_set(err, DD_EUNSUPPORTED, "it does not build with counters");
	}
	if (rc == 0)
		rc = collect(r, pod, true, &counted, err);
	if (rc == 0 && !add_trace(r, r->spec.trace, &result, counted))
		json_object_set_new(counted, "lost", json_true());
	renew_trace(r);
	return rc < 0 ? rc : put_line(r, counted, err);
}

/* ---- the tests ---- */

static void
add_group(struct recording *r, size_t command, const char *run, size_t first, size_t n)
{
	const struct command was = r->commands.v[command], *like = &was;
	struct command *c = command_list_add(&r->commands);
	*c = *like;
	c->run = mem_strdup(run);
	c->dir = like->dir ? mem_strdup(like->dir) : NULL;
	c->results = like->results ? mem_strdup(like->results) : NULL;
	r->groups = mem_grow(r->groups, r->ngroups, &r->groups_cap, sizeof(*r->groups));
	r->groups[r->ngroups++] = (struct group){first, n, command};
}

static size_t
keep_cases(struct recording *r, const struct test_run *t)
{
	size_t first = r->cases.n;
	for (size_t i = 0; i < t->cases.n; i++) {
		const struct test_case *from = &t->cases.v[i];
		struct test_case *to = test_case_list_add(&r->cases);
		to->id = mem_strdup(from->id);
		to->suite = mem_strdup(from->suite);
		to->name = mem_strdup(from->name);
		to->status = from->status;
	}
	return first;
}

/* Cases from `i` on that go into one group: one, or those of a suite where there are many. */
static size_t
group_size(const struct recording *r, size_t i, size_t end, bool many)
{
	size_t n = 1;
	while (many && i + n < end && strcmp(r->cases.v[i].suite, r->cases.v[i + n].suite) == 0)
		n++;
	return n;
}

/* As few cases together as their runner can select; all of them where it can select none. */
static void
plan_groups(struct recording *r, size_t command, size_t first)
{
	const struct command like = r->commands.v[command];
	size_t end = r->cases.n, before = r->ngroups;
	bool many = end - first > CASES_ALONE, ordered;
	for (size_t i = first, n; i < end; i += n) {
		n = group_size(r, i, end, many);
		const struct test_case **some = mem_zalloc(n, sizeof(*some));
		for (size_t k = 0; k < n; k++)
			some[k] = &r->cases.v[i + k];
		OWN_FREE char *run = end - first > 1 && r->ngroups < GROUPS_MAX
					     ? select_command(&like, some, n, &ordered)
					     : NULL;
		free(some);
		const struct command *last = &r->commands.v[r->commands.n - 1];
		if (!run && r->ngroups > before)
			r->groups[r->ngroups - 1].n +=
				end - i; /* and so it runs all that is left */
		if (!run) {
			n = end - i;
			if (r->ngroups == before)
				add_group(r, command, like.run, i, n);
			continue;
		}
		if (r->ngroups > before && strcmp(last->run, run) == 0)
			r->groups[r->ngroups - 1].n += n; /* a program that has several */
		else
			add_group(r, command, run, i, n);
	}
}

static enum test_status
status_now(const struct test_run *t, const char *id)
{
	const struct test_case *c = test_run_find(t, id);
	return c ? c->status : TEST_ERROR; /* it did not run when it was selected */
}

/* What fails may have ended before it reached what it reaches when it passes. */
static bool
add_cases(struct recording *r, const struct group *g, const struct test_run *t, json_t *to)
{
	json_t *list = json_array();
	bool whole = true;
	for (size_t i = g->first; i < g->first + g->n; i++) {
		const struct test_case *c = &r->cases.v[i];
		enum test_status status = status_now(t, c->id);
		whole = whole && (status == TEST_PASSED || status == TEST_SKIPPED);
		json_array_append_new(list,
			json_pack("{s:o, s:o, s:o, s:s}", "id", json_text(str_of(c->id)), "suite",
				json_text(str_of(c->suite)), "name", json_text(str_of(c->name)),
				"status", test_status_names[status]));
	}
	json_object_set_new(to, "cases", list);
	return whole;
}

/* What a test is built of is read by the first run of it alone. */
static void
note_first(struct recording *r, const struct exec_result *result)
{
	OWN_JSON json_t *seen = json_object();
	size_t i;
	json_t *path;
	r->first_lost = !add_trace(r, r->spec.trace, result, seen) || r->first_lost;
	json_array_foreach (json_object_get(seen, "looked"), i, path)
		map_put(&r->first, json_string_value(path), r);
}

static void
forget_first(struct recording *r, const json_t *group)
{
	size_t i;
	json_t *path;
	json_array_foreach (json_object_get(group, "looked"), i, path)
		map_remove(&r->first, json_string_value(path));
}

static int
keep_group(struct recording *r, struct pod *pod, const struct group *g,
	const struct exec_result *result, const struct test_run *t, struct dd_err *err)
{
	OWN_JSON json_t *counted = NULL;
	int rc = collect(r, pod, false, &counted, err);
	if (rc < 0)
		return rc;
	json_object_set_new(counted, "command", json_text(str_of(r->commands.v[g->command].run)));
	bool whole = add_cases(r, g, t, counted);
	whole = add_trace(r, r->spec.trace, result, counted) && whole;
	forget_first(r, counted);
	whole = whole && result->cause == CAUSE_NONE &&
		!json_is_true(json_object_get(counted, "lost"));
	json_object_set_new(counted, "lost", json_boolean(!whole));
	r->result.groups++;
	r->result.cases += g->n;
	r->result.lost += whole ? 0 : g->n;
	return put_line(r, counted, err);
}

static int
ended(void *ctx, struct pod *pod, size_t command, const struct exec_result *result,
	const struct test_run *t, struct dd_err *err)
{
	struct recording *r = ctx;
	int rc = 0;
	if (command < r->nrun) {
		OWN_JSON json_t *ignored = NULL;
		size_t first = keep_cases(r, t);
		note_first(r, result);
		if (r->cases.n > first)
			plan_groups(r, command, first);
		rc = collect(r, pod, false, &ignored, err);
	} else {
		rc = keep_group(r, pod, &r->groups[command - r->nrun], result, t, err);
	}
	renew_trace(r);
	return rc;
}

/* ---- all of it ---- */

static int
put_head(struct recording *r, const char *run_id, struct dd_err *err)
{
	OWN_JSON json_t *head = json_pack("{s:i, s:s, s:b, s:b, s:b}", "drydock_reach", 1, "run",
		run_id, "rebuilt", r->builds, "builds",
		command_list_has(r->spec.commands, PHASE_CONFIGURE) ||
			command_list_has(r->spec.commands, PHASE_BUILD),
		"services", r->spec.nservices > 0);
	return put_line(r, head, err);
}

static int
put_end(struct recording *r, struct dd_err *err)
{
	OWN_JSON json_t *end = json_pack("{s:o, s:o, s:b}", "outside", keys_of(&r->outside),
		"first", keys_of(&r->first), "lost", r->first_lost);
	return put_line(r, end, err);
}

static int
record_once(
	struct recording *r, const struct qa_spec *tests, const char *run_id, struct dd_err *err)
{
	enum exec_cause cause;
	struct test_run all = {0};
	const struct qa_watch watch = {opened, ended, r};
	r->spec = *tests;
	r->spec.watch = &watch;
	r->spec.trace = trace_create();
	r->spec.trace_classes = TRACE_OPEN | TRACE_EXEC | TRACE_CONNECT;
	if (r->builds)
		r->spec.work = r->source;
	for (size_t i = 0; i < tests->commands->n; i++)
		*command_list_add(&r->commands) = tests->commands->v[i];
	r->nrun = r->commands.n;
	r->spec.commands = &r->commands;
	make_environment(r);
	r->spec.env = (const char *const *)r->env.v;
	int rc = put_head(r, run_id, err);
	if (rc == 0)
		rc = qa_run_tests(&r->spec, &all, &cause, err);
	test_run_cleanup(&all);
	return rc < 0 ? rc : put_end(r, err);
}

int
reach_record(const struct qa_spec *tests, const char *run_id, const struct stack *source,
	struct buf *out, struct reach_result *ret, struct dd_err *err)
{
	size_t begin = out->n;
	struct recording r = {.source = source, .out = out};
	r.builds = command_list_has(tests->commands, PHASE_CONFIGURE) ||
		   command_list_has(tests->commands, PHASE_BUILD);
	int rc = record_once(&r, tests, run_id, err);
	if (rc < 0 && r.build_failed) {
		dd_err_cleanup(err);
		recording_cleanup(&r);
		out->n = begin;
		r = (struct recording){.source = source, .out = out};
		rc = record_once(&r, tests, run_id, err);
	}
	r.result.rebuilt = r.builds;
	*ret = r.result;
	recording_cleanup(&r);
	return rc;
}
