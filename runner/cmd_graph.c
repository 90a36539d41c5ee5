/* drydock graph ...: the map of a source tree.  It is made here, with the sandbox's workers, and asked. */
#include "runner/commands.h"

#include "base/fs.h"
#include "base/log.h"
#include "graph/graph.h"
#include "runner/session.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define WORKER_MEMORY ((uint64_t)3 << 30)
#define WORKER_TIME_MS ((int64_t)6 * 3600 * 1000)

struct graph_options {
	struct common_options common;
	const char *dir, *db, *format;
	uint64_t depth, budget, threads;
	bool anew;
};

#define O(member) offsetof(struct graph_options, member)
#define DB_OPTION \
	{ \
		"db", 0, OPTION_TEXT, O(db), "FILE", \
			"the file of the map (default: the state directory's map of DIR)" \
	}
#define DIR_OPTION \
	{ \
		"dir", 0, OPTION_TEXT, O(dir), "DIR", \
			"whose map is asked (default: the nearest directory from here upwards that has one)" \
	}

static const struct option_def ask_options[] = {
	DIR_OPTION,
	DB_OPTION,
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};
static const struct option_def depth_options[] = {
	DIR_OPTION,
	DB_OPTION,
	{"depth", 0, OPTION_NUMBER, O(depth), "N",
		"how many steps to go (default: 1 for callers and callees, 5 for impact, 12 for tests)"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};
static const struct option_def context_options[] = {
	DIR_OPTION,
	DB_OPTION,
	{"budget", 0, OPTION_NUMBER, O(budget), "TOKENS",
		"how much at most, a token being four bytes (default: 4000)"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};
static const struct option_def export_options[] = {
	DIR_OPTION,
	DB_OPTION,
	{"format", 0, OPTION_TEXT, O(format), "NAME", "jsonl or dot (default: jsonl)"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};
static const struct option_def ingest_options[] = {
	DB_OPTION,
	{"anew", 0, OPTION_FLAG, O(anew), NULL, "take nothing from the map that is there"},
	{"threads", 0, OPTION_NUMBER, O(threads), "N",
		"how many threads parse (default: one for each processor)"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

/* ---- where the map is ---- */

/* Of the directory at an absolute path; heap. */
static char *
map_of(const struct common_options *o, const char *dir)
{
	OWN_FREE char *state = state_dir(o->state);
	struct hash_hex key = hash_bytes(str_of(dir));
	return mem_printf("%s/graph/%.32s.db", state, key.s);
}

static int
real_path(const char *dir, char **ret, struct dd_err *err)
{
	char *path = realpath(dir, NULL);
	if (!path)
		return err_set(err, DD_EINVAL, "%s: %s", dir, strerror(errno));
	*ret = path;
	return 0;
}

static int
find_map(const struct graph_options *o, char **ret, struct dd_err *err)
{
	OWN_FREE char *dir = NULL;
	if (o->db) {
		*ret = mem_strdup(o->db);
		return 0;
	}
	int rc = real_path(o->dir ? o->dir : ".", &dir, err);
	if (rc < 0)
		return rc;
	for (char *at = dir;;) {
		OWN_FREE char *map = map_of(&o->common, *at ? at : "/");
		if (fs_exists(map) || o->dir) {
			*ret = TAKE(map);
			return 0;
		}
		char *slash = strrchr(at, '/');
		if (!slash || !*at)
			break;
		*slash = 0;
	}
	return err_set(err, DD_EINVAL,
		"no directory from here upwards has a map: drydock graph ingest DIR makes one");
}

static int
open_map(const struct graph_options *o, struct graph **ret, struct dd_err *err)
{
	OWN_FREE char *map = NULL;
	int rc = find_map(o, &map, err);
	if (rc == 0)
		rc = graph_open(map, ret, err);
	if (rc == -DD_ENOENT)
		rc = err_set(err, DD_EINVAL,
			"there is no map %s: drydock graph ingest DIR makes one", map);
	return rc;
}

/* ---- making it ---- */

static int
parse_in_sandbox(void *ctx, unsigned threads, int input_fd,
	void (*take)(void *take_ctx, struct str data), void *take_ctx, struct dd_err *err)
{
	OWN_FREE char *count = mem_printf("%u", threads);
	const char *args[] = {count, NULL};
	const struct worker_spec spec = {.state = ctx,
		.name = "graph",
		.args = args,
		.input_fd = input_fd,
		.on_output = take,
		.ctx = take_ctx,
		.memory_bytes = WORKER_MEMORY,
		.time_limit_ms = WORKER_TIME_MS};
	return worker_run(&spec, NULL, err);
}

static void
print_ingested(const struct graph_options *o, const char *map, const struct graph_ingest_result *r)
{
	if (o->common.json) {
		OWN(buf) struct buf out = {0};
		OWN_JSON json_t *j = json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b}",
			"db", json_text(str_of(map)), "files", (json_int_t)r->files, "parsed",
			(json_int_t)r->parsed, "reused", (json_int_t)r->reused, "unread",
			(json_int_t)r->unread, "entities", (json_int_t)r->entities, "relations",
			(json_int_t)r->relations, "unresolved", (json_int_t)r->unresolved,
			"unchanged", r->unchanged);
		json_print(j, 2, &out);
		printf("%s\n", out.p);
	} else if (r->unchanged) {
		printf("nothing changed: %zu files\n", r->files);
	} else {
		printf("%zu files (%zu parsed now, %zu could not be read), %zu entities, %zu relations, %zu unresolved\n",
			r->files, r->parsed, r->unread, r->entities, r->relations, r->unresolved);
	}
}

static int
run_ingest(const struct cli_call *call)
{
	const struct graph_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	OWN_FREE char *root = NULL, *map = NULL, *maps = NULL;
	struct graph_ingest_result result = {0};
	int rc = real_path(call->args[0], &root, &err);
	if (rc == 0)
		rc = session_start(&o->common, &st, &err);
	if (rc < 0)
		return cli_fail(cli_status_of(&err), &err);
	maps = state_path(&st, "graph");
	rc = fs_mkdirs(maps, 0700, &err);
	map = o->db ? mem_strdup(o->db) : map_of(&o->common, root);
	const struct graph_ingest_spec spec = {.root = root,
		.db = map,
		.anew = o->anew,
		.threads = o->threads < 16 ? (unsigned)o->threads : 16,
		.host = {
			.parse = parse_in_sandbox, .stopping = sandbox_stop_requested, .ctx = &st}};
	if (rc == 0)
		rc = graph_ingest(&spec, &result, &err);
	if (rc < 0)
		return cli_fail(cli_status_of(&err), &err);
	print_ingested(o, map, &result);
	return EXIT_DONE;
}

const struct subcommand cmd_graph_ingest = {
	.name = "graph ingest",
	.summary = "make or refresh the map of a source tree",
	.args = "DIR",
	.description =
		"The source is read, never written or run; it is parsed in the sandbox.  Files that did not change\n"
		"since the last time are not read again.",
	.options = ingest_options,
	.options_size = sizeof(struct graph_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_ingest,
};

/* ---- asking it ---- */

/* Text of the target, for a terminal. */
static void
print_visible(const char *text)
{
	OWN(buf) struct buf b = {.max = 4096};
	buf_put_visible(&b, str_of(text));
	printf("%s", b.p ? b.p : "");
}

static const char *
text_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));
	return s ? s : "";
}

static void
print_item(const json_t *item)
{
	const json_t *e = json_object_get(item, "entity");
	print_visible(text_of(e, "file"));
	printf(":%lld  %s ", (long long)json_integer_value(json_object_get(e, "line")),
		text_of(e, "kind"));
	print_visible(text_of(e, "name"));
	printf("  (");
	print_visible(text_of(item, "reason"));
	printf(", %.2f", json_number_value(json_object_get(item, "conf")));
	if (json_is_string(json_object_get(item, "cond"))) {
		printf(", if ");
		print_visible(text_of(item, "cond"));
	}
	printf(")\n");
}

static void
print_excerpt(const json_t *x)
{
	struct str text = str_of(text_of(x, "text")), line;
	long long number = json_integer_value(json_object_get(x, "from"));
	printf("\n");
	print_visible(text_of(x, "file"));
	printf(":%lld  (", number);
	print_visible(text_of(x, "reason"));
	printf(")\n");
	while (str_next_line(&text, &line)) {
		OWN(buf) struct buf b = {.max = 4096};
		struct str part = line, piece;
		/* A tab is no trick of a terminal's. */
		for (bool first = true; str_next(&part, '\t', &piece); first = false) {
			if (!first)
				buf_putc(&b, '\t');
			buf_put_visible(&b, piece);
		}
		printf("%6lld  %s\n", number++, b.p ? b.p : "");
	}
}

static void
print_answer(const json_t *answer, bool json)
{
	size_t i;
	json_t *item;
	if (json) {
		OWN(buf) struct buf out = {0};
		json_print(answer, 2, &out);
		printf("%s\n", out.p);
		return;
	}
	json_array_foreach (json_object_get(answer, "items"), i, item) {
		print_item(item);
	}
	json_array_foreach (json_object_get(answer, "excerpts"), i, item) {
		print_excerpt(item);
	}
	if (json_is_true(json_object_get(json_object_get(answer, "index"), "stale")))
		fprintf(stderr,
			"drydock: the tree has changed since the map was made: drydock graph ingest refreshes it\n");
}

/* One question; `ask` gives the answer. */
static int
ask(const struct cli_call *call, int (*question)(struct graph *g, const struct cli_call *call,
					 json_t **ret, struct dd_err *err))
{
	const struct graph_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN_JSON json_t *answer = NULL;
	struct graph *g = NULL;
	int rc = open_map(o, &g, &err);
	if (rc == 0)
		rc = question(g, call, &answer, &err);
	graph_close(g);
	if (rc < 0)
		return cli_fail(rc == -DD_ENOENT ? EXIT_USAGE : cli_status_of(&err), &err);
	print_answer(answer, o->common.json);
	return EXIT_DONE;
}

static unsigned
depth_of(const struct cli_call *call)
{
	const struct graph_options *o = call->options;
	return o->depth < 100 ? (unsigned)o->depth : 100;
}

static int
ask_find(struct graph *g, const struct cli_call *call, json_t **ret, struct dd_err *err)
{
	return graph_find(g, call->args[0], ret, err);
}

static int
ask_at(struct graph *g, const struct cli_call *call, json_t **ret, struct dd_err *err)
{
	return graph_at(g, call->args[0], ret, err);
}

static int
ask_callers(struct graph *g, const struct cli_call *call, json_t **ret, struct dd_err *err)
{
	return graph_callers(g, call->args[0], depth_of(call), ret, err);
}

static int
ask_callees(struct graph *g, const struct cli_call *call, json_t **ret, struct dd_err *err)
{
	return graph_callees(g, call->args[0], depth_of(call), ret, err);
}

static int
ask_impact(struct graph *g, const struct cli_call *call, json_t **ret, struct dd_err *err)
{
	return graph_impact(g, call->args[0], depth_of(call), ret, err);
}

static int
ask_tests(struct graph *g, const struct cli_call *call, json_t **ret, struct dd_err *err)
{
	return graph_tests(g, call->args[0], depth_of(call), ret, err);
}

static int
ask_unused(struct graph *g, const struct cli_call *call, json_t **ret, struct dd_err *err)
{
	(void)call;
	return graph_unused(g, ret, err);
}

static int
ask_context(struct graph *g, const struct cli_call *call, json_t **ret, struct dd_err *err)
{
	const struct graph_options *o = call->options;
	return graph_context(g, call->args[0], o->budget ? o->budget : 4000, ret, err);
}

#define QUESTION(name) \
	static int run_##name(const struct cli_call *call) \
	{ \
		return ask(call, ask_##name); \
	}
QUESTION(find)
QUESTION(at)
QUESTION(callers)
QUESTION(callees)
QUESTION(impact)
QUESTION(tests)
QUESTION(unused)
QUESTION(context)

#define ASK_COMMAND(id, words, sum, arg, nargs, opts) \
	const struct subcommand cmd_graph_##id = { \
		.name = "graph " words, \
		.summary = sum, \
		.args = arg, \
		.options = opts, \
		.options_size = sizeof(struct graph_options), \
		.min_args = nargs, \
		.max_args = nargs, \
		.run = run_##id, \
	}

ASK_COMMAND(find, "find", "where something of that name is defined", "NAME", 1, ask_options);
ASK_COMMAND(at, "at", "what a line of the source belongs to, and what that is related to",
	"FILE:LINE", 1, ask_options);
ASK_COMMAND(callers, "callers", "what calls a function, or expands a macro", "SYMBOL", 1,
	depth_options);
ASK_COMMAND(callees, "callees", "what a function calls", "SYMBOL", 1, depth_options);
ASK_COMMAND(impact, "impact", "what a change of a line may reach", "FILE:LINE", 1, depth_options);
ASK_COMMAND(tests, "tests", "the tests that reach a line", "FILE:LINE", 1, depth_options);
ASK_COMMAND(unused, "unused", "functions that nothing leads to", "", 0, ask_options);
ASK_COMMAND(context, "context", "excerpts of the source around a line or a name, within a budget",
	"FILE:LINE|SYMBOL", 1, context_options);

static int
run_sql(const struct cli_call *call)
{
	const struct graph_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN_JSON json_t *answer = NULL;
	struct graph *g = NULL;
	size_t i, k;
	json_t *row, *value;
	int rc = open_map(o, &g, &err);
	if (rc == 0)
		rc = graph_sql(g, call->args[0], &answer, &err);
	graph_close(g);
	if (rc < 0)
		return cli_fail(cli_status_of(&err), &err);
	if (o->common.json) {
		print_answer(answer, true);
		return EXIT_DONE;
	}
	json_array_foreach (json_object_get(answer, "rows"), i, row) {
		json_array_foreach (row, k, value) {
			if (k)
				putchar('\t');
			if (json_is_string(value)) {
				print_visible(json_string_value(value));
			} else if (!json_is_null(value)) {
				OWN(buf) struct buf b = {0};
				json_print(value, 0, &b);
				printf("%s", b.p);
			}
		}
		putchar('\n');
	}
	return EXIT_DONE;
}

static void
print_status(const json_t *answer)
{
	const json_t *index = json_object_get(answer, "index");
	const char *lang;
	json_t *of;
	size_t i;
	print_visible(text_of(answer, "root"));
	printf(": %lld files, %lld entities; made %lld seconds ago%s\n",
		(long long)json_integer_value(json_object_get(answer, "files")),
		(long long)json_integer_value(json_object_get(answer, "entities")),
		(long long)json_integer_value(json_object_get(index, "age_s")),
		json_is_true(json_object_get(index, "stale")) ? ", and the tree has changed since"
							      : "");
	json_object_foreach (json_object_get(answer, "languages"), lang, of) {
		printf("  %-12s %8lld files %10lld lines\n", lang,
			(long long)json_integer_value(json_object_get(of, "files")),
			(long long)json_integer_value(json_object_get(of, "lines")));
	}
	bool all = json_array_size(json_object_get(answer, "incomplete")) <= 30;
	if (!all)
		printf("  %zu files that were not read in full: --json names them\n",
			json_array_size(json_object_get(answer, "incomplete")));
	json_array_foreach (json_object_get(answer, "incomplete"), i, of) {
		if (!all)
			break;
		printf("  %s (%s): ", text_of(of, "state"), text_of(of, "reason"));
		print_visible(text_of(of, "file"));
		printf("\n");
	}
}

static int
run_status(const struct cli_call *call)
{
	const struct graph_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN_JSON json_t *answer = NULL;
	struct graph *g = NULL;
	int rc = open_map(o, &g, &err);
	if (rc == 0)
		rc = graph_status(g, &answer, &err);
	graph_close(g);
	if (rc < 0)
		return cli_fail(cli_status_of(&err), &err);
	if (o->common.json)
		print_answer(answer, true);
	else
		print_status(answer);
	return EXIT_DONE;
}

ASK_COMMAND(status, "status",
	"what the map holds, how old it is, and which files it could not read", "", 0, ask_options);

const struct subcommand cmd_graph_sql = {
	.name = "graph sql",
	.summary = "ask the map with one SELECT",
	.args = "QUERY",
	.description =
		"Views: entities(id, kind, name, file, line, end, parent, cond), files(id, path, lang, state, reason,\n"
		"digest, size, lines, bad_bytes), relations(src, kind, dst, unresolved, line, cond, prov, conf, count).\n"
		"src and dst are numbers of entities; a query that gives src is answered at once.",
	.options = ask_options,
	.options_size = sizeof(struct graph_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_sql,
};

static int
print_line(void *ctx, struct str text)
{
	(void)ctx;
	return fwrite(text.p, 1, text.n, stdout) == text.n ? 0 : -DD_EIO;
}

static int
run_export(const struct cli_call *call)
{
	const struct graph_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	struct graph *g = NULL;
	bool dot = o->format && strcmp(o->format, "dot") == 0;
	if (o->format && !dot && strcmp(o->format, "jsonl") != 0)
		return cli_usage_error(call->command, "there is no format \"%s\"", o->format);
	int rc = open_map(o, &g, &err);
	if (rc == 0)
		rc = dot ? graph_export_dot(g, print_line, NULL, &err)
			 : graph_export_jsonl(g, print_line, NULL, &err);
	graph_close(g);
	return rc < 0 ? cli_fail(cli_status_of(&err), &err) : EXIT_DONE;
}

ASK_COMMAND(export, "export", "print every relation, one a line", "", 0, export_options);
