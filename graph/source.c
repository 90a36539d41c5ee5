#include "graph/graph.h"

#include "graph/extract.h"

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
