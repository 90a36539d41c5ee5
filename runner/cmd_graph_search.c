/* drydock graph search: what a text in plain words means. */
#include "runner/graph_map.h"

#include <string.h>

#define DEFAULT_HITS 20

static const struct option_def options[] = {
	GRAPH_DIR_OPTION,
	GRAPH_DB_OPTION,
	{"by", 0, OPTION_TEXT, GRAPH_O(by), "WAY", "words, relations, or both (default: both)"},
	{"max", 0, OPTION_NUMBER, GRAPH_O(max), "N", "how many at most (default: 20)"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

static bool
read_way(const char *by, enum graph_search *ret)
{
	static const char *const ways[] = {"both", "words", "relations"};
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (!by || strcmp(by, ways[i]) == 0) {
			*ret = (enum graph_search)i;
			return true;
		}
	return false;
}

static int
ask_search(struct graph *g, const struct cli_call *call, json_t **ret, struct dd_err *err)
{
	const struct graph_options *o = call->options;
	enum graph_search by = GRAPH_BY_BOTH;
	(void)read_way(o->by, &by);
	return graph_search(g, call->args[0], by, o->max ? (size_t)o->max : DEFAULT_HITS, ret, err);
}

static int
run(const struct cli_call *call)
{
	const struct graph_options *o = call->options;
	enum graph_search by;
	if (!read_way(o->by, &by))
		return cli_usage_error(
			call->command, "there is no way \"%s\": words, relations, both", o->by);
	if (o->max > 1000)
		return cli_usage_error(call->command, "--max is at most 1000");
	return graph_map_ask(call, ask_search);
}

const struct subcommand cmd_graph_search = {
	.name = "graph search",
	.summary = "what a text in plain words means, best first",
	.args = "TEXT",
	.description =
		"Two ways: the words of names, parameters, paths, commit subjects and of the source with its comments; and what\n"
		"is related to the entities whose names have the words.  Both make one ranking.  Where they hardly agree, both look\n"
		"farther, and --json says so.",
	.options = options,
	.options_size = sizeof(struct graph_options),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
