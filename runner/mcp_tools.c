#include "runner/mcp.h"

#include <string.h>

#define SYMBOL \
	{ \
		"symbol", MCP_TEXT, true, NULL, \
			"name of a function or macro; NAME@FILE where several have it" \
	}
#define PLACE \
	{ \
		"place", MCP_TEXT, true, NULL, "FILE:LINE, the file relative to the directory" \
	}
#define DEPTH \
	{ \
		"depth", MCP_COUNT, false, "--depth", "how many steps to go" \
	}
#define RUN \
	{ \
		"run", MCP_TEXT, true, NULL, "id of a run, a unique beginning of one, or latest" \
	}

#define OF_RUN \
	{ \
		"run", MCP_TEXT, true, "--run", \
			"id of a run, a unique beginning of one, or latest" \
	}

const struct mcp_tool mcp_tools[] = {
	{"compare_tests", "Tests of two runs",
		"The test cases of two runs, case by case: regressions, fixes, what vanished, what is flaky.",
		{"qa", "compare"}, MCP_ABOUT_STATE, false, MCP_WHOLE,
		{{"before", MCP_TEXT, true, NULL, "id of a run"},
			{"after", MCP_TEXT, true, NULL, "id of another"}}},
	{"diff_runs", "Difference of two runs",
		"What changed between two runs: needs, versions, features, tests.", {"diff"},
		MCP_ABOUT_STATE, false, MCP_WHOLE,
		{{"first", MCP_TEXT, true, NULL, "id of a run"},
			{"second", MCP_TEXT, true, NULL, "id of another"}}},
	{"explain_run", "Evidence of a run",
		"Why a package, a question or a decision of a run is there: the evidence. Without a name, all "
		"decisions.",
		{"explain"}, MCP_ABOUT_STATE, false, MCP_WHOLE,
		{RUN, {"name", MCP_TEXT, false, NULL, "a package, or the id of a question"}}},
	{"graph_at", "What a line belongs to",
		"The function or type around a line of the source, and what it is related to.",
		{"graph", "at"}, MCP_ABOUT_DIR_OPTION, false, MCP_WHOLE, {PLACE}},
	{"graph_callees", "What a function calls",
		"What a function calls and reads, directly or in steps.", {"graph", "callees"},
		MCP_ABOUT_DIR_OPTION, false, MCP_WHOLE, {SYMBOL, DEPTH}},
	{"graph_callers", "What calls a function", "What calls a function or expands a macro.",
		{"graph", "callers"}, MCP_ABOUT_DIR_OPTION, false, MCP_WHOLE, {SYMBOL, DEPTH}},
	{"graph_clusters", "Cohesive areas",
		"The areas of the source: files that are related to each other more than to others.",
		{"graph", "clusters"}, MCP_ABOUT_DIR_OPTION, false, MCP_WHOLE, {{0}}},
	{"graph_context", "Source around a place or a question",
		"Excerpts of the source that matter for a line, a name or a text in plain words, never more than the "
		"budget; each with the reason it is there and the digest of its file.",
		{"graph", "context"}, MCP_ABOUT_DIR_OPTION, false, MCP_WHOLE,
		{{"place", MCP_TEXT, false, NULL, "FILE:LINE, or the name of a symbol"},
			{"query", MCP_TEXT, false, "--query",
				"instead of a place: a text in plain words"},
			{"budget", MCP_COUNT, false, "--budget", "tokens at most; default 4000"}}},
	{"graph_find", "Where a name is defined", "Where something of that name is defined.",
		{"graph", "find"}, MCP_ABOUT_DIR_OPTION, false, MCP_WHOLE,
		{{"name", MCP_TEXT, true, NULL, "the name"}}},
	{"graph_impact", "What a change may reach",
		"What a change of a line, or the difference between two revisions, may reach, with the reasons.",
		{"graph", "impact"}, MCP_ABOUT_DIR_OPTION, false, MCP_WHOLE,
		{{"place", MCP_TEXT, false, NULL, "FILE:LINE, the file relative to the directory"},
			{"range", MCP_TEXT, false, "--diff", "instead of a place: REV..REV"},
			DEPTH}},
	{"graph_refresh", "Make or refresh the map",
		"Read what changed in the directory into its map, as the other graph tools need it. Writes only "
		"drydock's own state.",
		{"graph", "ingest"}, MCP_ABOUT_DIR, false, MCP_WHOLE, {{0}}},
	{"graph_search", "Search in plain words",
		"What a text in plain words means in the source, best first: by the words of names, comments and commits, and by "
		"what is related to the things so named.",
		{"graph", "search"}, MCP_ABOUT_DIR_OPTION, false, MCP_WHOLE,
		{{"text", MCP_TEXT, true, NULL, "what is looked for"},
			{"max", MCP_COUNT, false, "--max", "how many at most; default 20"}}},
	{"graph_sql", "Query the map",
		"One SELECT over the views entities(id, kind, name, file, line, end, ...) and relations(src, dst, kind, "
		"conf, prov, ...).",
		{"graph", "sql"}, MCP_ABOUT_DIR_OPTION, false, MCP_WHOLE,
		{{"query", MCP_TEXT, true, NULL, "one SELECT"}}},
	{"graph_status", "What the map holds",
		"What the map of the directory holds, how old it is, and which files it could not read.",
		{"graph", "status"}, MCP_ABOUT_DIR_OPTION, false, MCP_WHOLE, {{0}}},
	{"graph_tests", "Tests that reach a line", "The tests that reach a line of the source.",
		{"graph", "tests"}, MCP_ABOUT_DIR_OPTION, false, MCP_WHOLE, {PLACE}},
	{"graph_unused", "Dead code", "Functions that nothing leads to.", {"graph", "unused"},
		MCP_ABOUT_DIR_OPTION, false, MCP_WHOLE, {{0}}},
	{"guide_run", "What is left",
		"What of a run is proven, and each task that is left for people: why, first step, hours, skill.",
		{"guide"}, MCP_ABOUT_STATE, false, MCP_WHOLE, {RUN}},
	{"list_runs", "Runs", "The runs there are, newest first.", {"runs"}, MCP_ABOUT_STATE, false,
		MCP_ITEMS, {{0}}},
	{"look_at_page", "A page of the application",
		"Start the application of a run with its services, in a sandbox, and look at one page of it with a browser: its picture, "
		"what it wrote to its console, what it asked the network for. Takes a minute.",
		{"qa", "shoot"}, MCP_ABOUT_STATE, true, MCP_PICTURES,
		{OF_RUN, {"path", MCP_TEXT, true, NULL, "path of the page, from its slash on"}}},
	{"report_run", "Result of a run",
		"Outcome, diagnosis, packages, questions and tests of a run.", {"report"},
		MCP_ABOUT_STATE, false, MCP_WHOLE, {RUN}},
	{"run_tests", "Tests, once more",
		"Run the tests of a run again, in a sandbox, with its packages, built tree and services. Takes as long as they do.",
		{"qa", "test"}, MCP_ABOUT_STATE, true, MCP_WHOLE, {OF_RUN}},
	{"screens_run", "Screens of a run",
		"What the entry pages of a run's application looked like: a picture of each, with its address and title.",
		{"report"}, MCP_ABOUT_STATE, false, MCP_SCREENS, {RUN}},
	{"spec", "What is there",
		"The specification of what the source is, from its map alone: components, entry points, data, configuration, "
		"environment, services, open questions; each with its places.",
		{"spec"}, MCP_ABOUT_DIR, false, MCP_WHOLE, {{0}}},
	{"stand_up", "Stand the application up",
		"Find out what the application in the directory needs, build it and run its tests, in a sandbox. "
		"Takes minutes.",
		{"up"}, MCP_ABOUT_DIR, true, MCP_WHOLE, {{0}}},
	{"verify_run", "Verify evidence", "Whether what a run left is what was signed.", {"verify"},
		MCP_ABOUT_STATE, false, MCP_WHOLE, {RUN}},
	{.name = NULL},
};

const struct mcp_tool *
mcp_find_tool(const char *name, bool may_run)
{
	for (const struct mcp_tool *t = mcp_tools; t->name; t++)
		if (strcmp(t->name, name) == 0 && (may_run || !t->runs))
			return t;
	return NULL;
}

json_t *
mcp_describe_tool(const struct mcp_tool *t)
{
	json_t *properties = json_object(), *required = json_array();
	for (const struct mcp_arg *a = t->args; a->name; a++) {
		json_t *schema = json_pack("{s:s, s:s}", "type",
			a->kind == MCP_COUNT ? "integer" : "string", "description", a->description);
		if (a->kind == MCP_COUNT)
			json_object_set_new(schema, "minimum", json_integer(1));
		json_object_set_new(properties, a->name, schema);
		if (a->required)
			json_array_append_new(required, json_string(a->name));
	}
	return json_pack("{s:s, s:s, s:s, s:{s:s, s:o, s:o, s:b}, s:{s:b, s:b, s:b, s:b}}", "name",
		t->name, "title", t->title, "description", t->description, "inputSchema", "type",
		"object", "properties", properties, "required", required, "additionalProperties", 0,
		"annotations", "readOnlyHint", !t->runs, "destructiveHint", 0, "idempotentHint", 1,
		"openWorldHint", 0);
}

/* ---- a call as a command ---- */

static int
check_names(const struct mcp_tool *t, const json_t *arguments, struct dd_err *err)
{
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)arguments, key, value) {
		const struct mcp_arg *a = t->args;
		while (a->name && strcmp(a->name, key) != 0)
			a++;
		if (!a->name)
			return err_set(err, DD_EINVAL, "%s has no argument \"%s\"", t->name, key);
	}
	return 0;
}

/* Heap; NULL where it is not given and need not be. */
static int
value_of(const struct mcp_arg *a, const json_t *value, char **ret, struct dd_err *err)
{
	*ret = NULL;
	if (!value || json_is_null(value))
		return a->required ? err_set(err, DD_EINVAL, "\"%s\" is missing: %s", a->name,
					     a->description)
				   : 0;
	if (a->kind == MCP_TEXT) {
		if (!json_is_string(value) || !*json_string_value(value))
			return err_set(err, DD_EINVAL, "\"%s\": expected a text: %s", a->name,
				a->description);
		*ret = mem_strdup(json_string_value(value));
		return 0;
	}
	if (!json_is_integer(value) || json_integer_value(value) < 1)
		return err_set(err, DD_EINVAL, "\"%s\": expected a number from 1", a->name);
	*ret = mem_printf("%lld", (long long)json_integer_value(value));
	return 0;
}

static int
put_values(const struct mcp_tool *t, const json_t *arguments, bool options, struct strlist *ret,
	struct dd_err *err)
{
	int rc = 0;
	for (const struct mcp_arg *a = t->args; rc == 0 && a->name; a++) {
		OWN_FREE char *value = NULL;
		if (!a->option == options)
			continue;
		rc = value_of(a, json_object_get(arguments, a->name), &value, err);
		if (rc < 0 || !value)
			continue;
		if (a->option)
			strlist_add(ret, a->option);
		strlist_add(ret, value);
	}
	return rc;
}

int
mcp_command(const struct mcp_server *s, const struct mcp_tool *t, const json_t *arguments,
	struct strlist *ret, struct dd_err *err)
{
	if (arguments && !json_is_null(arguments) && !json_is_object(arguments))
		return err_set(err, DD_EINVAL, "arguments: expected an object");
	int rc = check_names(t, arguments, err);
	for (size_t i = 0; t->words[i]; i++)
		strlist_add(ret, t->words[i]);
	strlist_add(ret, "--json");
	if (s->state) {
		strlist_add(ret, "--state");
		strlist_add(ret, s->state);
	}
	if (t->about == MCP_ABOUT_DIR_OPTION) {
		strlist_add(ret, "--dir");
		strlist_add(ret, s->dir);
	}
	if (rc == 0)
		rc = put_values(t, arguments, true, ret, err);
	strlist_add(ret, "--");
	if (t->about == MCP_ABOUT_DIR)
		strlist_add(ret, s->dir);
	return rc ? rc : put_values(t, arguments, false, ret, err);
}
