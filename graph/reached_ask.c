/* Which tests reach a line, as a fact: from what drydock qa record kept of the file (reached.h), before what structure lets one guess. */
#include "graph/answer.h"
#include "graph/reached.h"

#include "base/map.h"

#include <string.h>

#define MAX_FACTS 5000

struct facts_asked {
	struct graph *g;
	json_t *answer;	  /* its items are facts */
	json_t *cases;	  /* ids */
	struct map items; /* "file:name" of a test, of which there is one */
	const char *source;
	uint32_t here; /* the entity of the line */
	struct dd_err *err;
};

/* The test's function; what is at the line itself, where it is not known. */
static uint32_t
entity_of(struct facts_asked *f, const struct reached_case *c)
{
	struct id_list ids = {0};
	OWN(dd_err) struct dd_err ignored = {0};
	OWN_FREE char *symbol =
		mem_printf(STR_FMT ":" STR_FMT, STR_ARG(c->test_file), STR_ARG(c->test_name));
	uint32_t id = f->here;
	if (c->test_name.n && answer_symbol(f->g, symbol, &ids, &ignored) == 0 && ids.n)
		id = ids.v[0];
	id_list_cleanup(&ids);
	return id;
}

static int
add_fact(void *ctx, const struct reached_case *c)
{
	struct facts_asked *f = ctx;
	OWN(buf) struct buf reason = {.max = 8192};
	if (json_array_size(f->cases) >= MAX_FACTS || map_get_str(&f->items, c->id))
		return 0;
	map_put_str(&f->items, c->id, f);
	json_array_append_new(f->cases, json_text(c->id));
	buf_printf(&reason, STR_FMT " %s in run %s", STR_ARG(c->id),
		c->entered   ? "entered the function"
		: c->outside ? "executed it when it was loaded,"
			     : "executed it",
		f->source);
	const struct answer_item item = {
		"tests", reason.p, graph_prov_name(PROV_RUNTIME), 100, NULL};
	return answer_add(f->g, f->answer, entity_of(f, c), &item, f->err);
}

/* Behind the facts, what is not one. */
static void
add_guesses(const json_t *facts, json_t *guesses)
{
	json_t *items = json_deep_copy(json_object_get(facts, "items")), *item, *fact;
	size_t i, k;
	json_array_foreach (json_object_get(guesses, "items"), i, item) {
		const json_t *id = json_object_get(json_object_get(item, "entity"), "id");
		bool told = false;
		json_array_foreach (json_object_get(facts, "items"), k, fact)
			told = told ||
			       json_equal(
				       id, json_object_get(json_object_get(fact, "entity"), "id"));
		if (!told)
			json_array_append(items, item);
	}
	json_object_set_new(guesses, "items", items);
}

int
answer_reached(struct graph *g, const char *place, json_t *answer, struct dd_err *err)
{
	struct db_stmt *st;
	uint32_t line;
	OWN_JSON json_t *facts = NULL;
	struct facts_asked f = {.g = g, .err = err};
	bool recorded = false;
	OWN_FREE char *path = mem_strndup(place, strlen(place));
	int rc = answer_place(g, place, &f.here, &line, err);
	if (rc < 0)
		return rc;
	/* What it names makes the other stale, too. */
	facts = json_pack("{s:O, s:[]}", "index", json_object_get(answer, "index"), "items");
	f.answer = facts;
	f.cases = json_array();
	*strrchr(path, ':') = 0; /* it is a place */
	rc = db_query(g->db, &st, err,
		"SELECT e.packed, i.source FROM evidence e JOIN import i ON i.id = e.import"
		" WHERE i.format = ? AND e.path = ? ORDER BY i.id",
		"ss", graph_format_name(GRAPH_RUNTIME), path);
	while (rc == 0 && (rc = db_step(st, err)) == 1) {
		OWN_FREE char *source = str_dup(db_text(st, 1));
		f.source = source;
		recorded = true;
		rc = reached_line(db_blob(st, 0), line, add_fact, &f, err);
	}
	if (rc == 0) {
		add_guesses(facts, answer);
		json_object_set_new(answer, "recorded", json_boolean(recorded));
		json_object_set(answer, "cases", f.cases);
	}
	json_decref(f.cases);
	map_cleanup(&f.items);
	return rc < 0 ? rc : 0;
}
