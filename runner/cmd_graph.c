/* drydock graph ...: the map of a source tree.  It is made here, with the sandbox's workers, and asked. */
#include "runner/commands.h"

#include "base/fs.h"
#include "base/log.h"
#include "runner/graph_map.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

static const struct option_def ask_options[] = {
	GRAPH_DIR_OPTION,
	GRAPH_DB_OPTION,
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};
static const struct option_def depth_options[] = {
	GRAPH_DIR_OPTION,
	GRAPH_DB_OPTION,
	{"depth", 0, OPTION_NUMBER, GRAPH_O(depth), "N",
		"how many steps to go (default: 1 for callers and callees, 5 for impact, 12 for tests)"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};
static const struct option_def impact_options[] = {
	GRAPH_DIR_OPTION,
	GRAPH_DB_OPTION,
	{"diff", 0, OPTION_TEXT, GRAPH_O(diff), "REV..REV", "what differs between two revisions"},
	{"depth", 0, OPTION_NUMBER, GRAPH_O(depth), "N", "how many steps to go (default: 5)"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};
static const struct option_def context_options[] = {
	GRAPH_DIR_OPTION,
	GRAPH_DB_OPTION,
	{"query", 0, OPTION_TEXT, GRAPH_O(query), "TEXT", "what is looked for, in plain words"},
	{"budget", 0, OPTION_NUMBER, GRAPH_O(budget), "TOKENS",
		"how much at most, a token being four bytes (default: 4000)"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};
static const struct option_def export_options[] = {
	GRAPH_DIR_OPTION,
	GRAPH_DB_OPTION,
	{"format", 0, OPTION_TEXT, GRAPH_O(format), "NAME", "jsonl, dot or scip (default: jsonl)"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};
static const struct option_def ingest_options[] = {
	GRAPH_DB_OPTION,
	{"anew", 0, OPTION_FLAG, GRAPH_O(anew), NULL, "take nothing from the map that is there"},
	{"no-history", 0, OPTION_FLAG, GRAPH_O(no_history), NULL,
		"do not read the history of the repository"},
	{"threads", 0, OPTION_NUMBER, GRAPH_O(threads), "N",
		"how many threads parse (default: one for each processor)"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

static void
print_ingested(const struct graph_options *o, const char *map, const struct graph_ingest_result *r)
{
	if (o->common.json) {
		OWN(buf) struct buf out = {0};
		OWN_JSON json_t *j = json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b}",
			"db", json_text(str_of(map)), "files", (json_int_t)r->files, "parsed",
			(json_int_t)r->parsed, "reused", (json_int_t)r->reused, "unread",
			(json_int_t)r->unread, "entities", (json_int_t)r->entities, "relations",
			(json_int_t)r->relations, "unresolved", (json_int_t)r->unresolved,
			"imports_dropped", (json_int_t)r->dropped, "unchanged", r->unchanged);
		json_print(j, 2, &out);
		printf("%s\n", out.p);
	} else if (r->unchanged) {
		printf("nothing changed: %zu files\n", r->files);
	} else {
		printf("%zu files (%zu parsed now, %zu could not be read), %zu entities, %zu relations, %zu unresolved\n",
			r->files, r->parsed, r->unread, r->entities, r->relations, r->unresolved);
		if (r->dropped)
			printf("what was imported of %zu files is dropped: they changed since\n",
				r->dropped);
	}
}

static int
run_ingest(const struct cli_call *call)
{
	const struct graph_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN_FREE char *map = NULL;
	struct graph_ingest_result result = {0};
	int rc = graph_map_make(o, call->args[0], &map, &result, &err);
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
	const struct graph_options *o = call->options;
	OWN(state) struct state st = {0};
	if (!o->diff)
		return graph_impact(g, call->args[0], depth_of(call), ret, err);
	int rc = session_start(&o->common, &st, err);
	const struct graph_host host = {.history = graph_map_history, .ctx = &st};
	return rc < 0 ? rc : graph_impact_diff(g, &host, o->diff, depth_of(call), ret, err);
}

static int
run_impact(const struct cli_call *call)
{
	const struct graph_options *o = call->options;
	if (!o->diff == !call->nargs)
		return cli_usage_error(call->command, "give a place, or --diff REVISION..REVISION");
	return graph_map_ask(call, ask_impact);
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
		return graph_map_ask(call, ask_##name); \
	}
QUESTION(find)
QUESTION(at)
QUESTION(callers)
QUESTION(callees)
QUESTION(tests)
QUESTION(unused)

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
const struct subcommand cmd_graph_impact = {
	.name = "graph impact",
	.summary = "what a change of a line, or between two revisions, may reach",
	.args = "[FILE:LINE]",
	.description =
		"--diff compares two revisions of the repository that the tree is the top of; lines are those of the second\n"
		"one, which is best the one that the map was made of.  What was changed has the relation \"changed\"; tests\n"
		"that a change may reach are among the items.",
	.options = impact_options,
	.options_size = sizeof(struct graph_options),
	.max_args = 1,
	.run = run_impact,
};
ASK_COMMAND(tests, "tests", "the tests that reach a line", "FILE:LINE", 1, depth_options);
ASK_COMMAND(unused, "unused", "functions that nothing leads to", "", 0, ask_options);
static int
ask_context_query(struct graph *g, const struct cli_call *call, json_t **ret, struct dd_err *err)
{
	const struct graph_options *o = call->options;
	return graph_context_query(g, o->query, o->budget ? o->budget : 4000, ret, err);
}

static int
run_context(const struct cli_call *call)
{
	const struct graph_options *o = call->options;
	if (!o->query == !call->nargs)
		return cli_usage_error(call->command, "give a place or a name, or --query TEXT");
	return graph_map_ask(call, o->query ? ask_context_query : ask_context);
}

const struct subcommand cmd_graph_context = {
	.name = "graph context",
	.summary = "excerpts of the source around a line, a name or a question, within a budget",
	.args = "[FILE:LINE|SYMBOL]",
	.description =
		"Each excerpt tells why it is there and the digest of the file that it was read from.  --query looks for a\n"
		"text in plain words, as drydock graph search does.",
	.options = context_options,
	.options_size = sizeof(struct graph_options),
	.max_args = 1,
	.run = run_context,
};

static int
run_sql(const struct cli_call *call)
{
	const struct graph_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN_JSON json_t *answer = NULL;
	struct graph *g = NULL;
	size_t i, k;
	json_t *row, *value;
	int rc = graph_map_open(o, &g, &err);
	if (rc == 0)
		rc = graph_sql(g, call->args[0], &answer, &err);
	graph_close(g);
	if (rc < 0)
		return cli_fail(cli_status_of(&err), &err);
	if (o->common.json) {
		graph_map_print(answer, true);
		return EXIT_DONE;
	}
	json_array_foreach (json_object_get(answer, "rows"), i, row) {
		json_array_foreach (row, k, value) {
			if (k)
				putchar('\t');
			if (json_is_string(value)) {
				graph_map_print_text(json_string_value(value));
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
print_imports(const json_t *imports)
{
	size_t i;
	json_t *of;
	json_array_foreach (imports, i, of) {
		printf("  imported %s ", json_string_in(of, "format"));
		graph_map_print_text(json_string_in(of, "source"));
		printf(" of ");
		graph_map_print_text(json_string_in(of, "tool"));
		printf(": %lld files, %lld dropped because they changed since\n",
			(long long)json_integer_value(json_object_get(of, "files")),
			(long long)json_integer_value(json_object_get(of, "dropped")));
	}
}

static void
print_status(const json_t *answer)
{
	const json_t *index = json_object_get(answer, "index");
	const char *lang;
	json_t *of;
	size_t i;
	graph_map_print_text(json_string_in(answer, "root"));
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
	print_imports(json_object_get(answer, "imports"));
	bool all = json_array_size(json_object_get(answer, "incomplete")) <= 30;
	if (!all)
		printf("  %zu files that were not read in full: --json names them\n",
			json_array_size(json_object_get(answer, "incomplete")));
	json_array_foreach (json_object_get(answer, "incomplete"), i, of) {
		if (!all)
			break;
		printf("  %s (%s): ", json_string_in(of, "state"), json_string_in(of, "reason"));
		graph_map_print_text(json_string_in(of, "file"));
		printf("\n");
	}
}

static int
run_status(const struct cli_call *call)
{
	return graph_map_tell(call, graph_status, print_status);
}

ASK_COMMAND(status, "status",
	"what the map holds, how old it is, and which files it could not read", "", 0, ask_options);

const struct subcommand cmd_graph_sql = {
	.name = "graph sql",
	.summary = "ask the map with one SELECT",
	.args = "QUERY",
	.description =
		"Views: entities(id, kind, name, file, line, end, parent, cond), files(id, path, lang, state, reason,\n"
		"digest, size, lines, bad_bytes), history(path, commits, first_s, last_s, owner, owner_commits), relations(src, kind, dst, unresolved, line, cond, prov, conf, count).\n"
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
	size_t stale = 0;
	bool dot = o->format && strcmp(o->format, "dot") == 0;
	bool scip = o->format && strcmp(o->format, "scip") == 0;
	if (o->format && !dot && !scip && strcmp(o->format, "jsonl") != 0)
		return cli_usage_error(call->command, "there is no format \"%s\"", o->format);
	int rc = graph_map_open(o, &g, &err);
	if (rc == 0)
		rc = scip  ? graph_export_scip(g, print_line, NULL, &stale, &err)
		     : dot ? graph_export_dot(g, print_line, NULL, &err)
			   : graph_export_jsonl(g, print_line, NULL, &err);
	graph_close(g);
	if (stale)
		fprintf(stderr,
			"drydock: %zu files have changed since the map was made and are left out: drydock graph ingest refreshes it\n",
			stale);
	return rc < 0 ? cli_fail(cli_status_of(&err), &err) : EXIT_DONE;
}

ASK_COMMAND(export, "export", "print every relation, one a line, or all of the map as a SCIP index",
	"", 0, export_options);
