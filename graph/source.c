#include "graph/graph.h"

#include "graph/expand.h"
#include "graph/extract.h"
#include "graph/lang.h"

uint32_t
graph_bad_bytes(const char *path, struct str text)
{
	struct extractor *x = extractor_create();
	struct facts f = {0};
	extract(x, path, text, &f);
	uint32_t bad = f.state == FILE_PARTIAL || f.state == FILE_PARSED ? f.bad_bytes : 0;
	facts_cleanup(&f);
	extractor_destroy(x);
	return bad;
}

bool
graph_has_macros(const char *path, struct str text)
{
	enum lang_id id = lang_detect(path, text);
	return id == LANG_C || id == LANG_CPP;
}

bool
graph_bad_expanded(const char *path, struct str headers, struct str text, unsigned reading,
	uint32_t *ret_bad, size_t *ret_size)
{
	static const unsigned readings[GRAPH_READINGS] = {
		0, EXPAND_GUESS, EXPAND_FIRST | EXPAND_GUESS};
	OWN(buf) struct buf expanded = {0};
	if (!expand_macros(headers, text, readings[reading], &expanded))
		return false;
	*ret_bad = graph_bad_bytes(path, buf_str(&expanded));
	*ret_size = expanded.n;
	return true;
}

void
graph_includes(struct str text, void (*each)(void *ctx, struct str name), void *ctx)
{
	expand_includes(text, each, ctx);
}

void
graph_functions(const char *path, struct str text,
	void (*each)(void *ctx, const struct graph_function *f), void *ctx)
{
	struct extractor *x = extractor_create();
	struct facts f = {0};
	extract(x, path, text, &f);
	for (size_t i = 0; f.state != FILE_UNREAD && i < f.nentities; i++) {
		const struct fact_entity *e = &f.entities[i];
		bool macro = e->kind == KIND_MACRO && (e->flags & FACT_HAS_PARAMS);
		if (!macro && !graph_kind_is_code(e->kind))
			continue;
		const struct graph_function told = {.name = f.strings[e->name],
			.line = e->line,
			.end = e->end,
			.declaration = macro || (e->flags & FACT_DECLARATION),
			.is_static = e->flags & FACT_STATIC,
			.is_test = e->kind == KIND_TEST};
		each(ctx, &told);
	}
	facts_cleanup(&f);
	extractor_destroy(x);
}
