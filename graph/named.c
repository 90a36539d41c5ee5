/*
 * References to what is known by its name alone: a variable of the environment, a table, an endpoint.  Such a thing is
 * one in the whole map; how sure it is that the text means it was seen where the text was read (FACT_LIKELY).
 */
#include "graph/modules.h"
#include "graph/resolver.h"

#include <string.h>

#define SURE 95
#define LIKELY 70
#define MAX_SAME 8 /* definitions of one name */

static unsigned
confidence(const struct fact_ref *ref)
{
	return ref->flags & FACT_LIKELY ? LIKELY : SURE;
}

/* All that is of that kind and name. */
static void
emit_shared(struct resolver *r, const struct fact_ref *ref, enum graph_kind kind)
{
	uint32_t name = resolver_name(r, ref->name), v[MAX_SAME];
	unsigned n = 0;
	for (uint32_t l = name ? model_first(r->m, SPACE_SHARED, kind, name) : 0; l && n < MAX_SAME;
		l = model_next(r->m, l))
		v[n++] = model_value(r->m, l);
	for (unsigned i = 0; i < n; i++)
		if (v[i] != r->file->entity + ref->from)
			resolver_emit(r, ref, (enum graph_relation)ref->relation, v[i],
				ref->flags & FACT_LIKELY ? PROV_NAME : PROV_SYNTAX,
				n > 1 ? LIKELY : confidence(ref));
}

/* An endpoint is served by the handler that was named with it, else by what is around. */
static void
emit_served(struct resolver *r, const struct fact_ref *ref)
{
	struct fact_ref from = *ref;
	uint32_t scope = r->file->entity + ref->from;
	struct thing t = ref->receiver ? resolver_follow_string(r, scope, ref->receiver)
				       : (struct thing){THING_UNKNOWN, 0, false};
	uint32_t name = resolver_name(r, ref->name);
	uint32_t l = name ? model_first(r->m, SPACE_SHARED, KIND_ENDPOINT, name) : 0;
	if (!l)
		return;
	if (t.kind != THING_ENTITY || !resolver_entity(r, t.id)->file) {
		emit_shared(r, &from, KIND_ENDPOINT);
		return;
	}
	if (!r->file_edges)
		return;
	r->file_edges--;
	model_add_late_edge(r->m, &(struct model_edge){.src = t.id,
					  .dst = model_value(r->m, l),
					  .line = resolver_entity(r, t.id)->line,
					  .count = 1,
					  .relation = REL_SERVES,
					  .prov = t.weak ? PROV_NAME : PROV_RESOLVED,
					  .conf = t.weak ? LIKELY : SURE});
}

/* The file that a build file names: beside it, or from the top of the tree. */
static uint32_t
file_named(struct resolver *r, struct str path)
{
	static const char *const whole[] = {"", NULL};
	OWN(buf) struct buf b = {.max = 8192};
	struct str dir = model_text(r->m, resolver_entity(r, r->file->dir)->name);
	struct str near = modules_normal_path(&b, dir, path);
	uint32_t e = near.n ? modules_first_with_suffix(r, near, whole) : 0;
	return e ? e : modules_first_with_suffix(r, path, whole);
}

/* A target, or table, that another one of its kind needs. */
static void
emit_needed(struct resolver *r, const struct fact_ref *ref)
{
	uint32_t src = r->file->entity + ref->from, name = resolver_name(r, ref->name);
	if (!name)
		return;
	if (resolver_entity(r, src)->kind == KIND_TABLE) {
		emit_shared(r, ref, KIND_TABLE);
		return;
	}
	for (uint32_t i = r->file->entity + 1; i < r->file->end; i++)
		if (resolver_entity(r, i)->kind == KIND_TARGET &&
			resolver_entity(r, i)->name == name && i != src) {
			resolver_emit(r, ref, REL_DEPENDS_ON, i, PROV_SYNTAX, SURE);
			return;
		}
	uint32_t file = file_named(r, r->f->strings[ref->name]);
	if (file)
		resolver_emit(r, ref, REL_BUILDS, file, PROV_SYNTAX, SURE);
}

/* Behind the last separator of "a.b" or "a::b". */
static struct str
last_part(struct str s)
{
	size_t i = s.n;
	while (i && s.p[i - 1] != '.' && s.p[i - 1] != ':')
		i--;
	return (struct str){s.p + i, s.n - i};
}

/* What a document speaks of: a file by its path, else the one thing that has that name in the languages here. */
static void
emit_documented(struct resolver *r, const struct fact_ref *ref)
{
	struct str text = r->f->strings[ref->name];
	struct str last = last_part(text);
	uint32_t file = file_named(r, text), found = 0, n = 0;
	if (file) {
		resolver_emit(r, ref, REL_DOCUMENTS, file, PROV_NAME, 90);
		return;
	}
	static const uint8_t kinds[] = {KIND_ENV, KIND_CONFIG_KEY, KIND_TABLE, KIND_COMMAND};
	uint32_t name = model_name_if_any(r->m, last);
	for (size_t i = 0; name && i < sizeof(kinds) && !(ref->flags & FACT_LIKELY); i++) {
		uint32_t l = model_first(r->m, SPACE_SHARED, kinds[i], name);
		if (l) {
			resolver_emit(
				r, ref, REL_DOCUMENTS, model_value(r->m, l), PROV_NAME, LIKELY);
			return;
		}
	}
	for (unsigned family = 0; name && family < LANG_END; family++)
		for (uint32_t l = model_first(r->m, SPACE_GLOBAL, family, name); l && n < MAX_SAME;
			l = model_next(r->m, l)) {
			const struct model_entity *e = resolver_entity(r, model_value(r->m, l));
			if (e->kind == KIND_SECTION || e->flags & FACT_DECLARATION)
				continue;
			found = model_value(r->m, l);
			n++;
		}
	for (uint32_t family = 0; !n && name && family < LANG_END; family++)
		for (uint32_t l = model_first(r->m, SPACE_METHOD, family, name); l && n < 2;
			l = model_next(r->m, l)) {
			found = model_value(r->m, l);
			n++;
		}
	if (n == 1)
		resolver_emit(r, ref, REL_DOCUMENTS, found, PROV_NAME, LIKELY);
	else if (!n && r->file_edges) {
		r->file_edges--;
		model_add_edge(r->m, &(struct model_edge){.src = r->file->entity + ref->from,
					     .name = model_name(r->m, text),
					     .line = ref->line,
					     .count = 1,
					     .relation = REL_DOCUMENTS,
					     .prov = PROV_NAME});
	}
}

bool
resolve_named(struct resolver *r, const struct fact_ref *ref)
{
	enum graph_relation rel = (enum graph_relation)ref->relation;
	if (rel < REL_READS_ENV && rel != REL_NONE)
		return false;
	if (rel == REL_SERVES)
		emit_served(r, ref);
	else if (model_named_kind(rel))
		emit_shared(r, ref, model_named_kind(rel));
	else if (rel == REL_BUILDS || rel == REL_DEPENDS_ON)
		emit_needed(r, ref);
	else if (rel == REL_DOCUMENTS)
		emit_documented(r, ref);
	return true;
}

/* In small letters, without what only separates words. */
static struct str
plain(struct buf *b, struct str s)
{
	buf_reset(b);
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] - 'A' + 'a') : s.p[i];
		if (c != '_')
			buf_putc(b, c);
	}
	return buf_str(b);
}

#define SHORTEST_TESTED 4 /* letters; a shorter name is in many others */

void
resolve_tests(struct resolver *r, size_t first)
{
	OWN(buf) struct buf a = {.max = 4096}, b = {.max = 4096};
	for (size_t i = first, end = r->m->nedges; i < end && r->file_edges; i++) {
		struct model_edge e = r->m->edges[i];
		const struct model_entity *src = resolver_entity(r, e.src),
					  *dst = resolver_entity(r, e.dst);
		if (src->kind != KIND_TEST || e.relation != REL_CALLS || !e.dst ||
			dst->kind == KIND_TEST)
			continue;
		struct str test = plain(&a, model_text(r->m, src->name)),
			   tested = plain(&b, model_text(r->m, dst->name));
		if (tested.n < SHORTEST_TESTED || !memmem(test.p, test.n, tested.p, tested.n))
			continue;
		e.relation = REL_TESTS;
		e.prov = PROV_NAME;
		e.conf = e.conf < 90 ? e.conf : 90;
		r->file_edges--;
		model_add_edge(r->m, &e);
	}
}
