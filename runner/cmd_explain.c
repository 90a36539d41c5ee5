/* drydock explain: why something is there, by the evidence of the run and the graph of its packages. */
#include "runner/commands.h"

#include "base/map.h"
#include "runner/handed.h"

#include <string.h>

struct explain_options {
	struct common_options common;
};

struct facts {
	json_t *evidence;   /* array of rows */
	json_t *needs;	    /* array of questions */
	json_t *components; /* purl -> component */
	json_t *graph;	    /* reference -> array of references */
};

static void
facts_cleanup(struct facts *f)
{
	json_decref(f->evidence);
	json_decref(f->needs);
	json_decref(f->components);
	json_decref(f->graph);
}

static const char *
text_of(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

static void
load(const struct run *r, struct facts *ret)
{
	OWN_JSON json_t *needs = handed_json(r, "recipe/needs.json");
	OWN_JSON json_t *bom = handed_json(r, "recipe/sbom.cdx.json");
	size_t i;
	json_t *item;
	*ret = (struct facts){handed_lines(r, "recipe/evidence.jsonl"),
		json_incref(json_object_get(needs, "needs")), json_object(), json_object()};
	json_array_foreach (json_object_get(bom, "components"), i, item) {
		if (text_of(item, "bom-ref"))
			json_object_set(ret->components, text_of(item, "bom-ref"), item);
	}
	json_array_foreach (json_object_get(bom, "dependencies"), i, item) {
		if (text_of(item, "ref"))
			json_object_set(ret->graph, text_of(item, "ref"),
				json_object_get(item, "dependsOn"));
	}
}

/* ---- the chain from the application to a package ---- */

/* Breadth first, so that it is a shortest one: reference -> the one that was reached from, borrowed. */
static void
walk(const struct facts *f, struct map *from)
{
	OWN(strlist) struct strlist queue = {0};
	strlist_add(&queue, "application");
	for (size_t i = 0; i < queue.n; i++) {
		size_t k;
		json_t *to;
		json_array_foreach (json_object_get(f->graph, queue.v[i]), k, to) {
			const char *ref = json_string_value(to);
			if (!ref || map_get(from, ref))
				continue;
			map_put(from, ref, mem_strdup(queue.v[i]));
			strlist_add(&queue, ref);
		}
	}
}

/* References from the application (which is left out) down to the package of that name; empty: none. */
static json_t *
chain_to(const struct facts *f, const char *name)
{
	OWN(map) struct map from = {.destroy = free};
	json_t *chain = json_array(), *component;
	const char *ref, *target = NULL;
	walk(f, &from);
	json_object_foreach (f->components, ref, component)
		if (!target && text_of(component, "name") &&
			strcmp(text_of(component, "name"), name) == 0 && map_get(&from, ref))
			target = ref;
	for (const char *at = target; at && strcmp(at, "application") != 0; at = map_get(&from, at))
		json_array_insert_new(chain, 0, json_text(str_of(at)));
	return chain;
}

/* ---- rows ---- */

static json_t *
rows_about(const struct facts *f, const char *name)
{
	json_t *rows = json_array(), *row;
	size_t i;
	json_array_foreach (f->evidence, i, row) {
		if (text_of(row, "what") && strcmp(text_of(row, "what"), name) == 0)
			json_array_append(rows, row);
	}
	return rows;
}

static const json_t *
question_about(const struct facts *f, const char *name)
{
	size_t i;
	json_t *q;
	json_array_foreach (f->needs, i, q) {
		if (text_of(q, "id") && strcmp(text_of(q, "id"), name) == 0)
			return q;
	}
	return NULL;
}

/* ---- in words ---- */

static void
say(const char *before, const char *text, const char *after)
{
	OWN(buf) struct buf safe = {0};
	if (!text)
		return;
	buf_put_visible(&safe, str_of(text));
	printf("%s%s%s", before, safe.n ? safe.p : "", after);
}

static void
say_row(const json_t *row)
{
	long long attempt = (long long)json_integer_value(json_object_get(row, "attempt"));
	say("", text_of(row, "decision"), " ");
	say("", text_of(row, "what"), ": ");
	say("", text_of(row, "result"), "");
	if (attempt)
		printf(", in attempt %lld", attempt);
	printf("\n");
	say("  because: ", text_of(row, "why"), "\n");
	say("  seen: ", text_of(row, "proof"), "\n");
}

static void
say_question(const json_t *q)
{
	say("", text_of(q, "question"), "\n");
	say("  because: ", text_of(q, "why"), "\n");
	say("  at: ", text_of(q, "where"), "\n");
	say("  state: ", text_of(q, "state"),
		json_is_true(json_object_get(q, "blocking")) ? "; the run waits for it\n" : "\n");
	say("  in its place: ", text_of(q, "default"), "\n");
	say("  untested without it: ", text_of(q, "untested"), "\n");
	say("  answer with: ", text_of(q, "answer"), "\n");
}

static const char *
name_of(const struct facts *f, const char *ref)
{
	const char *name = text_of(json_object_get(f->components, ref), "name");
	return strcmp(ref, "base-image") == 0 ? "the base image" : name ? name : ref;
}

static void
say_chain(const struct facts *f, const json_t *chain)
{
	const char *before = "the application";
	size_t i;
	json_t *ref;
	json_array_foreach (chain, i, ref) {
		const char *name = name_of(f, json_string_value(ref));
		bool base = i && strcmp(before, "the base image") == 0;
		say("", before, base ? " holds " : " needs ");
		say("", name, "\n");
		OWN_JSON json_t *rows = i == 0 ? rows_about(f, name) : json_array();
		if (json_array_size(rows) && json_array_size(chain) > 1)
			say_row(json_array_get(rows, 0));
		before = name;
	}
}

static int
explain_one(
	const struct facts *f, const struct run *r, const char *name, bool json, struct dd_err *err)
{
	OWN_JSON json_t *rows = rows_about(f, name), *chain = chain_to(f, name);
	const json_t *q = question_about(f, name);
	size_t i;
	json_t *row;
	if (!json_array_size(rows) && !json_array_size(chain) && !q)
		return err_set(err, DD_ENOENT,
			"run %s knows no package, question or decision \"%s\"", r->id, name);
	if (json) {
		OWN(buf) struct buf out = {0};
		OWN_JSON json_t *all = json_pack("{s:o, s:O, s:O, s:O?}", "name",
			json_text(str_of(name)), "chain", chain, "evidence", rows, "question", q);
		json_print(all, 2, &out);
		printf("%s\n", out.p);
		return 0;
	}
	say_chain(f, chain);
	if (q)
		say_question(q);
	json_array_foreach (rows, i, row) {
		if (!q || strcmp(text_of(row, "decision") ? text_of(row, "decision") : "",
				  "question") != 0)
			say_row(row);
	}
	return 0;
}

static void
explain_all(const struct facts *f, bool json)
{
	size_t i;
	json_t *row;
	if (json) {
		OWN(buf) struct buf out = {0};
		json_print(f->evidence, 2, &out);
		printf("%s\n", out.p);
		return;
	}
	json_array_foreach (f->evidence, i, row)
		say_row(row);
}

static int
run_explain(const struct cli_call *call)
{
	const struct explain_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	struct run r = {.lock_fd = -1};
	struct facts f = {0};
	int rc = handed_open(&o->common, call->args[0], &st, &r, &err);
	if (rc == 0)
		rc = run_require_single(&r, &err);
	if (rc == 0)
		load(&r, &f);
	if (rc == 0 && call->nargs > 1)
		rc = explain_one(&f, &r, call->args[1], o->common.json, &err);
	else if (rc == 0)
		explain_all(&f, o->common.json);
	facts_cleanup(&f);
	run_cleanup(&r);
	return rc < 0 ? cli_fail(command_status_of_name(&err), &err) : EXIT_DONE;
}

const struct subcommand cmd_explain = {
	.name = "explain",
	.summary = "say why a package, a question or a decision of a run is there",
	.args = "RUN [PACKAGE|QUESTION]",
	.description =
		"A package that the application does not need itself is led back to one that it needs, and "
		"that to\nits evidence: what asked for it, and which file of it was seen being used. "
		"Without a name, every\ndecision of the run is told.",
	.options_size = sizeof(struct explain_options),
	.min_args = 1,
	.max_args = 2,
	.run = run_explain,
};
