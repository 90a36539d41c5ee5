/* drydock spec: the specification of what is there, from the map alone. */
#include "runner/graph_map.h"

#include "base/fs.h"

#include <string.h>

#define MAX_GLOSSARY ((size_t)4 << 20)

static const struct option_def options[] = {
	GRAPH_DB_OPTION,
	{"glossary", 0, OPTION_TEXT, GRAPH_O(glossary), "FILE",
		"terms of the domain, \"term: meaning\" one a line"},
	{"docs", 0, OPTION_TEXT, GRAPH_O(docs), "PATH",
		"documents below DIR/PATH (\".\": all) are compared with the code"},
	{"agents", 0, OPTION_FLAG, GRAPH_O(agents), NULL,
		"what a tool that edits the code needs of it (AGENTS.md)"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

static int
make_spec(const struct graph_options *o, const char *dir, json_t **ret, struct dd_err *err)
{
	OWN(buf) struct buf glossary = {0};
	OWN_FREE char *map = NULL;
	struct graph_ingest_result result;
	struct graph *g = NULL;
	int rc = o->glossary ? fs_read(o->glossary, MAX_GLOSSARY, &glossary, err) : 0;
	if (rc == -DD_ENOENT)
		rc = err_set(err, DD_EINVAL, "there is no file %s", o->glossary);
	if (rc == 0)
		rc = graph_map_make(o, dir, &map, &result, err);
	if (rc == 0)
		rc = graph_open(map, &g, err);
	const struct graph_spec_options options_of = {.glossary = buf_str(&glossary),
		.docs = o->docs && strcmp(o->docs, ".") == 0 ? "" : o->docs};
	if (rc == 0)
		rc = graph_spec(g, &options_of, ret, err);
	graph_close(g);
	return rc;
}

static int
run(const struct cli_call *call)
{
	const struct graph_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN_JSON json_t *spec = NULL;
	OWN(buf) struct buf out = {0};
	if (make_spec(o, call->args[0], &spec, &err) < 0)
		return cli_fail(cli_status_of(&err), &err);
	if (o->common.json) {
		json_print(spec, 2, &out);
		buf_putc(&out, '\n');
	} else {
		graph_spec_markdown(spec, o->agents, &out);
	}
	(void)!fwrite(out.p, 1, out.n, stdout);
	return EXIT_DONE;
}

const struct subcommand cmd_spec = {
	.name = "spec",
	.summary =
		"what a source tree is: components, entry points, data, environment, services, open questions",
	.args = "DIR",
	.description =
		"The map of DIR is made or refreshed, and what it holds is told as Markdown: each sentence is of one fact, names\n"
		"the places that it comes from, and is not there without them.  What only a person can know is a list of questions.",
	.options = options,
	.options_size = sizeof(struct graph_options),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
