/* drydock graph clusters: the cohesive areas of a source tree. */
#include "runner/graph_map.h"

static const struct option_def options[] = {
	GRAPH_DIR_OPTION,
	GRAPH_DB_OPTION,
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

static void
print_clusters(const json_t *answer)
{
	size_t i, k;
	json_t *c, *file;
	json_array_foreach (json_object_get(answer, "clusters"), i, c) {
		graph_map_print_text(json_string_in(c, "name"));
		printf("  (%zu files, cohesion %.2f, around ",
			json_array_size(json_object_get(c, "files")),
			json_number_value(json_object_get(c, "cohesion")));
		graph_map_print_text(json_string_in(c, "centre"));
		printf(")\n");
		json_array_foreach (json_object_get(c, "files"), k, file) {
			printf("  ");
			graph_map_print_text(json_string_value(file));
			printf("\n");
		}
	}
}

static int
run(const struct cli_call *call)
{
	return graph_map_tell(call, graph_clusters, print_clusters);
}

const struct subcommand cmd_graph_clusters = {
	.name = "graph clusters",
	.summary =
		"the cohesive areas of the tree: files that are related to each other more than to others",
	.args = "",
	.description =
		"The same tree has the same areas.  One is named by the directory that most of its files are in.",
	.options = options,
	.options_size = sizeof(struct graph_options),
	.run = run,
};
