#include "graph/overlay.h"

#include "graph/pack.h"
#include "graph/resolver.h"

#include <string.h>

#define MAX_OF_LINE \
	5000 /* places that are kept of one line: each of its references looks through them */

#define LOOK_BACK 200 /* entities before the place of a definition */

/* ---- packed ---- */

void
overlay_put_names(struct buf *b, const struct str *names, size_t n)
{
	pack_u64(b, n);
	for (size_t i = 0; i < n; i++)
		pack_str(b, names[i]);
}

void
overlay_put(struct buf *b, const struct overlay_said *s, uint32_t *line)
{
	pack_u64(b, s->what);
	pack_u64(b, s->line - *line);
	pack_u64(b, s->name);
	if (s->what != OVERLAY_OUTSIDE) {
		pack_u64(b, s->document);
		pack_u64(b, s->target_line);
		pack_u64(b, s->target_name);
	}
	*line = s->line;
}

/* ---- unpacked ---- */

/* One past the last entity of the file that begins on the line or before it. */
static uint32_t
behind_line(const struct model *m, const struct model_file *f, uint32_t line)
{
	uint32_t low = f->entity + 1, high = f->end;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (m->entities[mid].line <= line)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint32_t
overlay_entity_at(const struct model *m, const struct model_file *f, uint32_t line, uint32_t name)
{
	uint32_t id = behind_line(m, f, line);
	for (unsigned i = 0; i < LOOK_BACK && --id > f->entity; i++) {
		const struct model_entity *e = &m->entities[id];
		if (e->name == name && e->end >= line && e->kind != KIND_PARAMETER)
			return id;
	}
	return 0;
}

uint32_t
overlay_innermost(const struct model *m, const struct model_file *f, uint32_t line)
{
	uint32_t id = behind_line(m, f, line) - 1;
	while (id > f->entity &&
		(m->entities[id].end < line || m->entities[id].kind == KIND_PARAMETER))
		id = m->entities[id].parent;
	return id > f->entity ? id : 0;
}

static uint32_t
target_of(const struct overlay *o, const struct model *m, struct unpacker *u, const uint32_t *names,
	uint32_t nnames)
{
	uint32_t document = unpack_u32(u), line = unpack_u32(u), name = unpack_u32(u);
	if (name >= nnames)
		u->bad = true;
	uint32_t file = u->bad || document >= o->ndocuments ? 0 : o->file_of[document];
	return file && names[name] ? overlay_entity_at(m, &m->files[file - 1], line, names[name])
				   : 0;
}

static uint32_t *
unpack_names(struct model *m, struct unpacker *u, uint32_t *ret_n)
{
	uint32_t n = unpack_count(u);
	uint32_t *names = mem_alloc((n + 1ul) * sizeof(*names));
	for (uint32_t i = 0; i < n; i++)
		names[i] = model_name_if_any(m, unpack_str(u));
	*ret_n = n;
	return names;
}

int
overlay_unpack(struct overlay *o, struct model *m, struct str packed, struct dd_err *err)
{
	struct unpacker u = unpacker_of(packed);
	uint32_t nnames, line = 0;
	size_t of_line = 0;
	OWN_FREE uint32_t *names = unpack_names(m, &u, &nnames);
	while (u.p < u.end && !u.bad) {
		uint32_t what = unpack_u32(&u), step = unpack_u32(&u), name = unpack_u32(&u);
		uint32_t dst = 0;
		if (what >= OVERLAY_WHATS || name >= nnames || step > UINT32_MAX - line)
			u.bad = true;
		if (u.bad)
			break;
		line += step;
		of_line = step ? 0 : of_line + 1;
		if (what != OVERLAY_OUTSIDE)
			dst = target_of(o, m, &u, names, nnames);
		/* What is not in the map cannot be led to, and says nothing of what else may be meant. */
		if (!names[name] || (what != OVERLAY_OUTSIDE && !dst) || of_line >= MAX_OF_LINE)
			continue;
		o->v = mem_grow(o->v, o->n, &o->cap, sizeof(*o->v));
		o->v[o->n++] = (struct overlay_place){line, names[name], dst, (uint8_t)what, false};
	}
	return u.bad ? err_set(err, DD_ECORRUPT, "what was imported is not well formed") : 0;
}

void
overlay_cleanup(struct overlay *o)
{
	free(o->v);
	*o = (struct overlay){0};
}

/* ---- while references are resolved ---- */

static size_t
first_of_line(const struct overlay *o, uint32_t line)
{
	size_t low = 0, high = o->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (o->v[mid].line < line)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool
is_reference(const struct overlay_place *p)
{
	return p->what == OVERLAY_REFERS || p->what == OVERLAY_WRITES;
}

/* "c" of "a.b.c", as a name of the model. */
static uint32_t
last_name(struct resolver *r, const struct fact_ref *ref)
{
	struct str s = r->f->strings[ref->name];
	struct str last = str_behind(s, NAME_SEPARATORS);
	return last.n < s.n ? model_name_if_any(r->m, last) : resolver_name(r, ref->name);
}

bool
overlay_resolve(struct resolver *r, const struct fact_ref *ref)
{
	struct overlay *o = r->overlay;
	bool any = false;
	uint32_t name = last_name(r, ref);
	if (ref->relation == REL_IMPORTS || !name)
		return false;
	for (size_t i = first_of_line(o, ref->line); i < o->n && o->v[i].line == ref->line; i++) {
		struct overlay_place *p = &o->v[i];
		const struct model_entity *e = resolver_entity(r, p->dst);
		if (p->name != name || !is_reference(p))
			continue;
		p->used = true;
		/* Macros of C are followed through their bodies. */
		if (e->kind == KIND_MACRO && model_family(r->file->lang) == LANG_C)
			continue;
		r->told = true;
		any |= resolver_emit_to(r, ref, resolver_thing(r, p->dst));
		r->told = false;
	}
	return any;
}

static bool
is_said(struct overlay *o, uint32_t line, uint32_t dst)
{
	for (size_t i = first_of_line(o, line); i < o->n && o->v[i].line == line; i++)
		if (o->v[i].dst == dst && is_reference(&o->v[i])) {
			o->v[i].used = true;
			return true;
		}
	return false;
}

static bool
is_outside(const struct overlay *o, uint32_t line, uint32_t name)
{
	for (size_t i = first_of_line(o, line); i < o->n && o->v[i].line == line; i++)
		if (o->v[i].name == name && o->v[i].what == OVERLAY_OUTSIDE)
			return true;
	return false;
}

void
overlay_check(struct resolver *r, const struct fact_ref *ref, size_t before)
{
	struct overlay *o = r->overlay;
	struct model *m = r->m;
	size_t to = before;
	uint32_t name = last_name(r, ref);
	bool outside = name && ref->relation != REL_IMPORTS && is_outside(o, ref->line, name);
	for (size_t i = before; i < m->nedges; i++) {
		struct model_edge *e = &m->edges[i];
		const struct model_entity *dst = resolver_entity(r, e->dst);
		if (e->dst && is_said(o, ref->line, e->dst)) {
			e->prov = PROV_COMPILER;
			e->conf = RESOLVE_TOLD_CONFIDENCE;
		} else if (e->dst && outside && dst->name == name && dst->file &&
			   o->import_of[dst->file] == o->import) {
			o->counts.refuted++;
			continue;
		}
		m->edges[to++] = *e;
	}
	bool all = to == before && m->nedges > before;
	m->nedges = to;
	if (all)
		resolver_unresolved(r, ref);
}

/* ---- the rest ---- */

static enum graph_relation
relation_to(const struct overlay_place *p, enum graph_kind dst)
{
	switch (dst) {
	case KIND_FUNCTION:
	case KIND_METHOD:
		return p->what == OVERLAY_IMPLEMENTS ? REL_OVERRIDES : REL_TAKES_ADDRESS;
	case KIND_TYPE:
		return p->what == OVERLAY_IMPLEMENTS ? REL_INHERITS : REL_HAS_TYPE;
	case KIND_GLOBAL:
	case KIND_FIELD:
	case KIND_ENUMERATOR:
		return p->what == OVERLAY_WRITES ? REL_WRITES : REL_READS;
	default:
		return REL_NONE;
	}
}

static void
add_place(struct resolver *r, const struct overlay_place *p)
{
	uint32_t src = p->what == OVERLAY_IMPLEMENTS
			       ? overlay_entity_at(r->m, r->file, p->line, p->name)
			       : overlay_innermost(r->m, r->file, p->line);
	enum graph_relation rel = relation_to(p, (enum graph_kind)resolver_entity(r, p->dst)->kind);
	/* At the top of a file it may be an import, which is no use. */
	if (!src || src == p->dst || !rel)
		return;
	const struct fact_ref ref = {.from = src - r->file->entity, .line = p->line};
	resolver_emit(r, &ref, rel, p->dst, PROV_COMPILER, RESOLVE_TOLD_CONFIDENCE);
}

void
overlay_finish(struct resolver *r)
{
	struct overlay *o = r->overlay;
	for (size_t i = 0; i < o->n; i++) {
		const struct overlay_place *p = &o->v[i];
		o->counts.said += is_reference(p);
		o->counts.placed += is_reference(p) && p->used;
		if (!p->used && p->what != OVERLAY_OUTSIDE)
			add_place(r, p);
	}
}
