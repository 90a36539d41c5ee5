/* drydock graph likely: the files that a change is likely to touch. */
#include "runner/graph_map.h"

#define DEFAULT_FILES 20

static const struct option_def options[] = {
	GRAPH_DIR_OPTION,
	GRAPH_DB_OPTION,
	{"seed", 0, OPTION_TEXTS, GRAPH_O(seeds), "FILE",
		"a file that will be changed, as the map has it; may be given again"},
	{"max", 0, OPTION_NUMBER, GRAPH_O(max), "N", "how many at most (default: 20)"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

static int
ask_likely(struct graph *g, const struct cli_call *call, json_t **ret, struct dd_err *err)
{
	const struct graph_options *o = call->options;
	return graph_likely_files(
		g, call->args[0], &o->seeds, o->max ? (size_t)o->max : DEFAULT_FILES, ret, err);
}

static void
print_files(const json_t *answer)
{
	size_t i, k;
	json_t *file, *reason;
	json_array_foreach (json_object_get(answer, "files"), i, file) {
		printf("%.2f  ", json_number_value(json_object_get(file, "score")));
		graph_map_print_text(json_string_in(file, "file"));
		printf("  (");
		json_array_foreach (json_object_get(file, "reasons"), k, reason) {
			printf("%s%s", k ? ", " : "", json_string_value(reason));
		}
		printf(")\n");
	}
}

static int
run(const struct cli_call *call)
{
	const struct graph_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN_JSON json_t *answer = NULL;
	struct graph *g = NULL;
	int rc = graph_map_open(o, &g, &err);
	if (rc == 0)
		rc = ask_likely(g, call, &answer, &err);
	graph_close(g);
	if (rc < 0)
		return cli_fail(rc == -DD_ENOENT ? EXIT_USAGE : cli_status_of(&err), &err);
	if (o->common.json)
		graph_map_print(answer, true);
	else
		print_files(answer);
	return EXIT_DONE;
}

const struct subcommand cmd_graph_likely = {
	.name = "graph likely",
	.summary =
		"the files that a change described in plain words is likely to touch, best first",
	.args = "TEXT",
	.description =
		"From what is known before the change: what changed together so far, what the text means, relations, and names.\n"
		"Each file tells its reasons, with how much each of them is worth.",
	.options = options,
	.options_size = sizeof(struct graph_options),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
