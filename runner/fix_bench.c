#include "runner/fix_bench.h"

#include "runner/graph_map.h"

#include <string.h>

#define COMMAND_LIMIT_MS (10 * 60 * 1000)
#define OUTPUT_MAX ((size_t)8 << 20)
#define SHOWN_HEAD ((size_t)8 << 10) /* of what a command printed */
#define SHOWN_TAIL ((size_t)24 << 10)
#define SEARCH_MAX 20
#define CALLERS_DEPTH 2

void
fix_bench_cleanup(struct fix_bench *b)
{
	for (size_t i = 0; i < FIX_TOOLS; i++)
		json_decref(b->schemas[i]);
}

/* ---- the tree ---- */

int
fix_bench_edit(struct pod *desk, const json_t *edits, json_t **ret_files, struct dd_err *err)
{
	const char *args[] = {"edit", NULL};
	OWN(buf) struct buf input = {0}, out = {.max = (size_t)4 << 20};
	OWN_JSON json_t *report = NULL;
	json_print(edits, 0, &input);
	const struct worker_spec worker = {.name = "fix", .args = args, .input = buf_str(&input)};
	int rc = worker_exec(desk, &worker, &out, err);
	if (rc == 0)
		rc = json_parse(buf_str(&out), &report, err);
	if (rc < 0)
		return rc;
	const char *why = json_string_value(json_object_get(report, "why"));
	if (why)
		return err_set(err, DD_EINVAL, "%s", why);
	*ret_files = json_incref(json_object_get(report, "files"));
	return 0;
}

int
fix_bench_show(struct pod *desk, const char *path, uint64_t from, uint64_t to, struct buf *ret,
	uint64_t *ret_lines, char **ret_digest, struct dd_err *err)
{
	OWN_FREE char *first = mem_printf("%llu", (unsigned long long)from),
		      *last = mem_printf("%llu", (unsigned long long)to);
	const char *args[] = {"show", path, first, last, NULL};
	OWN(buf) struct buf out = {.max = (size_t)4 << 20};
	const struct worker_spec worker = {.name = "fix", .args = args};
	struct str rest, head, lines;
	int rc = worker_exec(desk, &worker, &out, err);
	rest = buf_str(&out);
	if (rc < 0)
		return rc;
	if (!str_next(&rest, '\n', &head) || !str_next(&head, ' ', &lines))
		return err_set(err, DD_ECORRUPT, "fix: the worker shows nothing");
	if (str_eq(lines, "-"))
		return err_set(err, DD_ENOENT, "there is no file %.200s that could be read", path);
	if (!str_parse_u64(lines, UINT32_MAX, ret_lines))
		return err_set(err, DD_ECORRUPT, "fix: the worker shows no file");
	if (ret_digest)
		*ret_digest = str_dup(head);
	buf_add_str(ret, rest);
	return 0;
}

static int
tool_read(void *ctx, const json_t *args, struct buf *out, struct dd_err *err)
{
	const struct fix_bench *b = ctx;
	const json_t *f = json_object_get(args, "from"), *t = json_object_get(args, "to");
	uint64_t lines = 0, from = json_is_integer(f) ? (uint64_t)json_integer_value(f) : 1,
		 to = json_is_integer(t) ? (uint64_t)json_integer_value(t) : UINT32_MAX;
	OWN(buf) struct buf text = {0};
	int rc = fix_bench_show(b->desk, json_string_in(args, "path"), from,
		to < UINT32_MAX ? to : UINT32_MAX, &text, &lines, NULL, err);
	if (rc < 0)
		return rc;
	buf_printf(out, "lines %llu to %llu of %llu\n", (unsigned long long)from,
		(unsigned long long)(to < lines ? to : lines), (unsigned long long)lines);
	buf_add_str(out, buf_str(&text));
	return 0;
}

/* ---- the map ---- */

static bool
is_gone(const struct fix_bench *b, const char *path)
{
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)b->gone, i, one)
		if (strcmp(json_string_value(one), path) == 0)
			return true;
	return false;
}

static int
tell(const struct fix_bench *b, int rc, const json_t *answer, struct buf *out)
{
	size_t i;
	json_t *item;
	bool changed = false;
	if (rc < 0)
		return rc;
	json_array_foreach (json_object_get(answer, "items"), i, item) {
		const json_t *e = json_object_get(item, "entity");
		const char *file = json_string_in(e, "file");
		changed = changed || is_gone(b, file);
		buf_printf(out, "%s:%lld %s %s (%s)\n", file,
			(long long)json_integer_value(json_object_get(e, "line")),
			json_string_in(e, "kind"), json_string_in(e, "name"),
			json_string_in(item, "reason"));
	}
	if (!out->n)
		buf_puts(out, "nothing\n");
	if (changed)
		buf_puts(out,
			"[some of these files were changed since: their lines may have moved]\n");
	return 0;
}

static int
map_of(const struct fix_bench *b, struct dd_err *err)
{
	return b->map ? 0
		      : err_set(err, DD_ENOENT, "there is no map of this source: read its files");
}

static int
tool_find(void *ctx, const json_t *args, struct buf *out, struct dd_err *err)
{
	const struct fix_bench *b = ctx;
	OWN_JSON json_t *answer = NULL;
	int rc = map_of(b, err);
	if (rc == 0)
		rc = graph_find(b->map, json_string_in(args, "name"), &answer, err);
	return tell(b, rc, answer, out);
}

static int
tool_callers(void *ctx, const json_t *args, struct buf *out, struct dd_err *err)
{
	const struct fix_bench *b = ctx;
	OWN_JSON json_t *answer = NULL;
	int rc = map_of(b, err);
	if (rc == 0)
		rc = graph_callers(
			b->map, json_string_in(args, "symbol"), CALLERS_DEPTH, &answer, err);
	return tell(b, rc, answer, out);
}

static int
tool_search(void *ctx, const json_t *args, struct buf *out, struct dd_err *err)
{
	const struct fix_bench *b = ctx;
	OWN_JSON json_t *answer = NULL;
	int rc = map_of(b, err);
	if (rc == 0)
		rc = graph_search(b->map, json_string_in(args, "words"), GRAPH_BY_BOTH, SEARCH_MAX,
			&answer, err);
	return tell(b, rc, answer, out);
}

/* ---- commands ---- */

/* The source with edits, as one more layer, which is the owner's. */
static int
push_edits(const struct fix_bench *b, const json_t *edits, const char *owner, struct stack *work,
	struct dd_err *err)
{
	const struct pod_spec spec = {.state = b->g->state, .work = b->g->work};
	struct pod *desk = NULL;
	OWN_JSON json_t *files = NULL;
	OWN(buf) struct buf text = {0};
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)edits, i, one)
		if (!author_may_write(&b->reach, json_string_in(one, "path")))
			return err_set(err, DD_EINVAL,
				b->reach.writes
					? "%.200s is not among the files of this task"
					: "%.200s is a test, or runs them, and not yours to change",
				json_string_in(one, "path"));
	buf_printf(&text, "try %s ", b->g->name);
	json_print(edits, 0, &text);
	struct hash_hex key = stack_next_key(b->g->work, buf_str(&text));
	int rc = layer_lease(b->g->state, owner, key.s, err);
	if (rc == 0)
		rc = pod_open(&spec, &desk, err);
	if (rc == 0)
		rc = fix_bench_edit(desk, edits, &files, err);
	if (rc < 0) {
		pod_close(desk);
		return rc;
	}
	rc = pod_freeze(desk, POD_WORK, key.s, err);
	if (rc == 0)
		stack_push(work, key.s);
	return rc;
}

static void
put_output(const struct buf *printed, const struct exec_result *r, struct buf *out)
{
	struct str s = buf_str(printed);
	if (s.n > SHOWN_HEAD + SHOWN_TAIL) {
		buf_add(out, s.p, SHOWN_HEAD);
		buf_printf(out, "\n[%zu bytes are left out here]\n", s.n - SHOWN_HEAD - SHOWN_TAIL);
		buf_add(out, s.p + s.n - SHOWN_TAIL, SHOWN_TAIL);
	} else {
		buf_add_str(out, s);
	}
	if (r->cause != CAUSE_NONE && r->cause != CAUSE_SIGNAL)
		buf_printf(out, "\n[ended: %s]\n", exec_cause_name(r->cause));
	else if (r->signal)
		buf_printf(out, "\n[ended by signal %d]\n", r->signal);
	else
		buf_printf(out, "\n[exit status %d]\n", r->exit_code);
}

static int
run_in_pod(const struct fix_bench *b, const struct stack *work, const char *script, struct buf *out,
	struct dd_err *err)
{
	const struct pod_spec pod_spec = {.state = b->g->state, .root = *b->g->root, .work = work};
	const char *argv[] = {"/bin/sh", "-c", script, NULL};
	OWN(buf) struct buf printed = {.max = OUTPUT_MAX};
	const struct exec_spec spec = {.argv = argv,
		.env = b->g->env,
		.cwd = WORK_DIR,
		.profile = PROFILE_TEST,
		.fds = {-1, -1, -1},
		.on_output = exec_keep,
		.ctx = &printed,
		.time_limit_ms = COMMAND_LIMIT_MS};
	struct exec_result r;
	struct pod *pod = NULL;
	int rc = pod_open(&pod_spec, &pod, err);
	if (rc == 0)
		rc = pod_exec(pod, &spec, &r, err);
	pod_close(pod);
	if (rc == 0 && r.cause == CAUSE_STOPPED)
		rc = err_set(err, DD_ESTOPPED, "stopped");
	if (rc == 0)
		put_output(&printed, &r, out);
	return rc;
}

static int
run_with(const struct fix_bench *b, const json_t *edits, const char *script, struct buf *out,
	struct dd_err *err)
{
	struct stack work = {0};
	OWN_FREE char *owner = run_command_owner(); /* it goes with the command */
	stack_copy(&work, b->g->work);
	int rc = json_array_size(edits) ? push_edits(b, edits, owner, &work, err) : 0;
	if (rc == 0)
		rc = run_in_pod(b, &work, script, out, err);
	stack_cleanup(&work);
	int released = layer_release_all(b->g->state, owner, rc < 0 ? NULL : err);
	return rc < 0 ? rc : released;
}

static int
tool_run(void *ctx, const json_t *args, struct buf *out, struct dd_err *err)
{
	return run_with(ctx, NULL, json_string_in(args, "command"), out, err);
}

static int
tool_test(void *ctx, const json_t *args, struct buf *out, struct dd_err *err)
{
	const struct fix_bench *b = ctx;
	OWN(buf) struct buf script = {0};
	buf_puts(&script, "exec 2>&1\n");
	for (size_t i = 0; i < b->g->commands->n; i++) {
		const struct command *c = &b->g->commands->v[i];
		buf_puts(&script, "( cd " WORK_DIR "/");
		buf_put_shell(&script, str_of(c->dir ? c->dir : "."));
		buf_puts(&script, " && sh -c ");
		buf_put_shell(&script, str_of(c->run));
		buf_puts(&script, c->phase == PHASE_TEST ? " ) || failed=1\n" : " ) || exit 1\n");
	}
	buf_puts(&script, "exit ${failed:-0}\n");
	return run_with(b, json_object_get(args, "edits"), script.p, out, err);
}

/* ---- the tools ---- */

static const struct {
	const char *name, *description, *schema;
	int (*run)(void *ctx, const json_t *args, struct buf *out, struct dd_err *err);
} tools[FIX_TOOLS] = {
	{"read",
		"Lines of a file of the project, exactly as they are. Without from and to: all of it.",
		"{\"type\": \"object\", \"properties\": {\"path\": {\"type\": \"string\"}, \"from\": {\"type\": [\"integer\", \"null\"]}, "
		"\"to\": {\"type\": [\"integer\", \"null\"]}}, \"required\": [\"path\", \"from\", \"to\"], \"additionalProperties\": false}",
		tool_read},
	{"find",
		"Where a function, type, variable or macro of that name is, by the map of the code.",
		"{\"type\": \"object\", \"properties\": {\"name\": {\"type\": \"string\"}}, \"required\": [\"name\"], \"additionalProperties\": false}",
		tool_find},
	{"callers", "What calls or uses a symbol, two steps back, by the map of the code.",
		"{\"type\": \"object\", \"properties\": {\"symbol\": {\"type\": \"string\"}}, \"required\": [\"symbol\"], \"additionalProperties\": false}",
		tool_callers},
	{"search", "What of the code a text in plain words means, best first.",
		"{\"type\": \"object\", \"properties\": {\"words\": {\"type\": \"string\"}}, \"required\": [\"words\"], \"additionalProperties\": false}",
		tool_search},
	{"run", "Run a shell command in a sandbox without network, in a copy of the source that is not built and is thrown away.",
		"{\"type\": \"object\", \"properties\": {\"command\": {\"type\": \"string\"}}, \"required\": [\"command\"], \"additionalProperties\": false}",
		tool_run},
	{"test",
		"Build a copy of the source and run its tests, with these edits (of the form of the answer's) made in it first; the "
		"source stays as it is.",
		"{\"type\": \"object\", \"properties\": {\"edits\": {\"type\": \"array\", \"items\": {\"type\": \"object\", \"properties\": {\"path\": "
		"{\"type\": \"string\"}, \"find\": {\"type\": \"string\"}, \"replace\": {\"type\": \"string\"}}, \"required\": [\"path\", \"find\", "
		"\"replace\"], \"additionalProperties\": false}}}, \"required\": [\"edits\"], \"additionalProperties\": false}",
		tool_test},
};

void
fix_bench_tools(struct fix_bench *b, struct agent_tool ret[FIX_TOOLS])
{
	for (size_t i = 0; i < FIX_TOOLS; i++) {
		if (!b->schemas[i] && json_parse(str_of(tools[i].schema), &b->schemas[i], NULL) < 0)
			abort(); /* a text of ours */
		ret[i] = (struct agent_tool){.name = tools[i].name,
			.description = tools[i].description,
			.schema = b->schemas[i],
			.run = tools[i].run,
			.ctx = b,
			.repeatable = true};
	}
}
