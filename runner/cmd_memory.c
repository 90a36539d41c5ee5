/* drydock memory: what was learnt about parts of trees, kept by people. */
#include "runner/graph_map.h"
#include "runner/memories.h"

#include <string.h>

struct memory_options {
	struct graph_options graph; /* its common options come first */
	struct strlist at;
	const char *source, *evidence, *author;
	uint64_t confidence, days;
};
#define MEMORY_O(member) offsetof(struct memory_options, member)
#define MEMORY_DIR_OPTION \
	{ \
		"dir", 0, OPTION_TEXT, MEMORY_O(graph.dir), "DIR", \
			"the source tree (default: the current directory)" \
	}
#define MEMORY_AUTHOR_OPTION \
	{ \
		"author", 0, OPTION_TEXT, MEMORY_O(author), "NAME", "who says it (default: $USER)" \
	}

static const struct option_def add_options[] = {
	MEMORY_DIR_OPTION,
	{"at", 0, OPTION_TEXTS, MEMORY_O(at), "FILE",
		"a file of the part that it holds for, as the map has it; may be given again"},
	{"source", 0, OPTION_TEXT, MEMORY_O(source), "KIND",
		"person, review, run, target (default: person)"},
	{"evidence", 0, OPTION_TEXT, MEMORY_O(evidence), "TEXT", "what it rests on"},
	{"confidence", 0, OPTION_NUMBER, MEMORY_O(confidence), "N",
		"1 to 100 (default: by source)"},
	{"days", 0, OPTION_NUMBER, MEMORY_O(days), "N",
		"how long it holds (default: by source; a person's has no end)"},
	MEMORY_AUTHOR_OPTION,
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};
static const struct option_def list_options[] = {
	MEMORY_DIR_OPTION,
	{"at", 0, OPTION_TEXTS, MEMORY_O(at), "FILE",
		"only those that work on this file gets; may be given again"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};
static const struct option_def author_options[] = {
	MEMORY_AUTHOR_OPTION,
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};
static const struct option_def no_options[] = {
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

static const char *
author_of(const struct memory_options *o)
{
	const char *user = getenv("USER");
	return o->author ? o->author : user && *user ? user : "unknown";
}

/* Of DIR: its absolute path, heap, and its map. */
static int
open_tree(const struct memory_options *o, char **ret_root, struct graph **ret, struct dd_err *err)
{
	struct graph_options of = o->graph;
	of.dir = of.dir ? of.dir : ".";
	int rc = graph_map_real_path(of.dir, ret_root, err);
	return rc == 0 ? graph_map_open(&of, ret, err) : rc;
}

/* The one cluster that all the files are in. */
static int
find_cluster(struct graph *g, const struct strlist *at, char **ret_name, struct strlist *ret_files,
	struct dd_err *err)
{
	OWN_JSON json_t *answer = NULL;
	size_t i;
	json_t *c;
	int rc = graph_clusters(g, &answer, err);
	if (rc < 0)
		return rc;
	json_array_foreach (json_object_get(answer, "clusters"), i, c) {
		OWN(strlist) struct strlist files = {0};
		json_to_strings(json_object_get(c, "files"), &files);
		size_t in = 0;
		for (size_t k = 0; k < at->n; k++)
			in += strlist_has(&files, at->v[k]);
		if (in == at->n) {
			*ret_name = mem_strdup(json_string_in(c, "name"));
			strlist_copy(ret_files, &files);
			return 0;
		}
	}
	return err_set(err, DD_EINVAL,
		"there is no part of the tree that has %s%s: drydock graph clusters lists them",
		at->v[0], at->n > 1 ? " and the others" : "");
}

static bool
read_source(const char *name, enum memory_source *ret)
{
	for (int i = 0; memory_source_names[i]; i++)
		if (!name || strcmp(name, memory_source_names[i]) == 0) {
			*ret = (enum memory_source)i;
			return true;
		}
	return false;
}

static int
add(const struct memory_options *o, const char *text, enum memory_source source, int64_t *ret_id,
	struct dd_err *err)
{
	OWN_FREE char *root = NULL, *cluster = NULL;
	OWN(strlist) struct strlist files = {0};
	struct graph *g = NULL;
	struct memories *m = NULL;
	int rc = open_tree(o, &root, &g, err);
	if (rc == 0)
		rc = find_cluster(g, &o->at, &cluster, &files, err);
	graph_close(g);
	if (rc == 0)
		rc = runner_memories_open(&o->graph.common, &m, err);
	const struct memory_new spec = {.tree = root,
		.cluster = cluster,
		.files = &files,
		.text = text,
		.source = source,
		.evidence = o->evidence,
		.author = author_of(o),
		.confidence = (unsigned)o->confidence,
		.days = (int64_t)o->days};
	if (rc == 0)
		rc = memories_add(m, &spec, ret_id, err);
	memories_close(m);
	return rc;
}

static int
run_add(const struct cli_call *call)
{
	const struct memory_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	enum memory_source source;
	int64_t id = 0;
	if (!o->at.n)
		return cli_usage_error(call->command,
			"--at FILE says where it holds; what holds everywhere is a rule, in rules.md");
	if (!read_source(o->source, &source))
		return cli_usage_error(call->command,
			"there is no source \"%s\": person, review, run, target", o->source);
	if (o->confidence > 100 || o->days > 36500)
		return cli_usage_error(
			call->command, "--confidence is 1 to 100, --days at most 36500");
	if (add(o, call->args[0], source, &id, &err) < 0)
		return cli_fail(cli_status_of(&err), &err);
	printf(o->graph.common.json ? "{\"id\": %lld}\n" : "%lld\n", (long long)id);
	return EXIT_DONE;
}

static int
list(const struct memory_options *o, json_t **ret, struct dd_err *err)
{
	OWN_FREE char *root = NULL;
	struct graph *g = NULL;
	struct memories *m = NULL;
	int rc;
	if (o->at.n) {
		rc = open_tree(o, &root, &g, err);
		if (rc == 0)
			rc = runner_memories_about(&o->graph.common, g, root, &o->at, ret, err);
		graph_close(g);
		return rc;
	}
	rc = o->graph.dir ? graph_map_real_path(o->graph.dir, &root, err) : 0;
	if (rc == 0)
		rc = runner_memories_open(&o->graph.common, &m, err);
	if (rc == 0)
		rc = memories_list(m, root, ret, err);
	memories_close(m);
	return rc;
}

static void
print_list(const json_t *list_of)
{
	size_t i;
	json_t *j;
	json_array_foreach (list_of, i, j) {
		printf("%4lld  ", (long long)json_integer_value(json_object_get(j, "id")));
		graph_map_print_text(json_string_in(j, "cluster"));
		printf("  ");
		graph_map_print_text(json_string_in(j, "text"));
		printf("  (%s, %lld%s%s)\n", json_string_in(j, "source"),
			(long long)json_integer_value(json_object_get(j, "confidence")),
			json_is_true(json_object_get(j, "used")) ? "" : ", not used: ",
			json_is_true(json_object_get(j, "used")) ? ""
								 : json_string_in(j, "because"));
	}
}

static int
tell_list(const struct cli_call *call, bool json)
{
	const struct memory_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN_JSON json_t *all = NULL;
	if (list(o, &all, &err) < 0)
		return cli_fail(cli_status_of(&err), &err);
	if (json)
		graph_map_print(all, true);
	else
		print_list(all);
	return EXIT_DONE;
}

static int
run_memory_list(const struct cli_call *call)
{
	return tell_list(call, ((const struct memory_options *)call->options)->graph.common.json);
}

static int
run_export(const struct cli_call *call)
{
	return tell_list(call, true);
}

/* ---- one of them ---- */

static int
change(const struct cli_call *call, int64_t id, json_t **ret, struct dd_err *err)
{
	const struct memory_options *o = call->options;
	struct memories *m = NULL;
	int rc = runner_memories_open(&o->graph.common, &m, err);
	if (rc == 0 && strcmp(call->command->name, "memory edit") == 0)
		rc = memories_edit(m, id, call->args[1], author_of(o), err);
	if (rc == 0 && strcmp(call->command->name, "memory forget") == 0)
		rc = memories_forget(m, id, author_of(o), err);
	if (rc == 0)
		rc = memories_why(m, id, ret, err);
	memories_close(m);
	return rc;
}

static void
print_why(const json_t *j)
{
	size_t i;
	json_t *c;
	if (json_object_get(j, "text")) {
		graph_map_print_text(json_string_in(j, "text"));
		printf("\nholds for ");
		graph_map_print_text(json_string_in(j, "cluster"));
		printf("; source %s, confidence %lld; %s: %s\n", json_string_in(j, "source"),
			(long long)json_integer_value(json_object_get(j, "confidence")),
			json_is_true(json_object_get(j, "used")) ? "used" : "not used",
			json_string_in(j, "because"));
		if (*json_string_in(j, "evidence")) {
			printf("rests on ");
			graph_map_print_text(json_string_in(j, "evidence"));
			printf("\n");
		}
	}
	json_array_foreach (json_object_get(j, "changes"), i, c) {
		printf("%s by ", json_string_in(c, "what"));
		graph_map_print_text(json_string_in(c, "author"));
		printf("\n");
	}
}

static int
run_one(const struct cli_call *call)
{
	const struct memory_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN_JSON json_t *j = NULL;
	uint64_t id;
	if (!str_parse_u64(str_of(call->args[0]), INT64_MAX, &id))
		return cli_usage_error(
			call->command, "\"%s\" is no number of a memory", call->args[0]);
	int rc = change(call, (int64_t)id, &j, &err);
	if (rc < 0)
		return cli_fail(rc == -DD_ENOENT ? EXIT_USAGE : cli_status_of(&err), &err);
	if (o->graph.common.json)
		graph_map_print(j, true);
	else
		print_why(j);
	return EXIT_DONE;
}

#define MEMORY_COMMAND(id, words, sum, arg, least, most, opts, what, text) \
	const struct subcommand cmd_memory_##id = { \
		.name = "memory " words, \
		.summary = sum, \
		.args = arg, \
		.description = text, \
		.options = opts, \
		.options_size = sizeof(struct memory_options), \
		.min_args = least, \
		.max_args = most, \
		.run = what, \
	}

MEMORY_COMMAND(add, "add", "keep what was learnt about one part of a tree", "TEXT", 1, 1,
	add_options, run_add,
	"The part is the one of drydock graph clusters that has the files of --at.  It is used where that part is touched,\n"
	"and nowhere else; what holds everywhere is a rule, in rules.md.  What has the target's text alone as its source is\n"
	"kept and never used before somebody says it anew (memory edit).");
MEMORY_COMMAND(list, "list", "the memories of a tree, or of all", "", 0, 0, list_options,
	run_memory_list, "With --at those that work on these files gets, surest first.");
MEMORY_COMMAND(why, "why", "where a memory is from, what it rests on, who changed it", "ID", 1, 1,
	no_options, run_one, NULL);
MEMORY_COMMAND(edit, "edit", "say a memory anew; from then on it is a person's", "ID TEXT", 2, 2,
	author_options, run_one, NULL);
MEMORY_COMMAND(forget, "forget", "take a memory away, with its text", "ID", 1, 1, author_options,
	run_one, NULL);
MEMORY_COMMAND(
	export, "export", "print all memories as JSON", "", 0, 0, list_options, run_export, NULL);
