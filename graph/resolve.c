/*
 * References become relations: what a name means is found in the scopes (resolve_scopes.c), what is said of it here.
 * A call ends at a function, or at a type that it makes one of.
 */
#include "graph/modules.h"
#include "graph/resolve_overload.h"
#include "graph/resolve_python.h"
#include "graph/resolve_scopes.h"

#include <string.h>

static const struct thing unknown = {THING_UNKNOWN, 0, false};

/* ---- what is shared ---- */

uint32_t
resolver_name(struct resolver *r, uint32_t string)
{
	if (r->names[string] == UINT32_MAX)
		r->names[string] = model_name_if_any(r->m, r->f->strings[string]);
	return r->names[string];
}

void
resolver_emit(struct resolver *r, const struct fact_ref *ref, enum graph_relation relation,
	uint32_t dst, enum graph_prov prov, unsigned conf)
{
	uint32_t src = r->file->entity + ref->from;
	if (!r->file_edges)
		return;
	r->file_edges--;
	/* The narrowest condition that is known: of the use, of a macro on the way, of what is meant. */
	uint32_t cond = ref->cond ? model_name(r->m, r->f->strings[ref->cond]) : 0;
	cond = cond ? cond : r->cond ? r->cond : r->m->entities[dst].cond;
	model_add_edge(r->m, &(struct model_edge){.src = src,
				     .dst = dst,
				     .line = ref->line,
				     .cond = cond,
				     .count = 1,
				     .relation = (uint8_t)relation,
				     .prov = (uint8_t)(r->told ? PROV_COMPILER : prov),
				     .conf = (uint8_t)(r->told ? RESOLVE_TOLD_CONFIDENCE : conf)});
}

void
resolver_unresolved(struct resolver *r, const struct fact_ref *ref)
{
	bool kept = ref->relation == REL_CALLS || ref->relation == REL_IMPORTS ||
		    ref->relation == REL_INHERITS || ref->relation == REL_INSTANTIATES;
	bool local = ref->flags & (FACT_LOCAL | FACT_PARAM);
	if (!kept || local || !ref->name || !r->file_edges)
		return;
	r->file_edges--;
	model_add_edge(
		r->m, &(struct model_edge){.src = r->file->entity + ref->from,
			      .name = model_name(r->m, r->f->strings[ref->name]),
			      .line = ref->line,
			      .cond = ref->cond ? model_name(r->m, r->f->strings[ref->cond]) : 0,
			      .count = 1,
			      .relation = ref->relation,
			      .prov = PROV_SYNTAX});
}

bool
resolve_by_method_name(struct resolver *r, const struct fact_ref *ref)
{
	uint32_t name = resolver_name(r, ref->name), v[3];
	unsigned n = 0;
	for (uint32_t l = name ? model_first(r->m, SPACE_METHOD, model_family(r->file->lang), name)
			       : 0;
		l; l = model_next(r->m, l)) {
		if (n == 3)
			return false;
		v[n++] = model_value(r->m, l);
	}
	for (unsigned i = 0; i < n; i++)
		resolver_emit(r, ref, REL_MAY_CALL, v[i], PROV_NAME, 40 / n);
	return n > 0;
}

/* ---- references ---- */

/* Of methods with one name, the one that takes as many arguments as the call has. */
static struct thing
overload(struct resolver *r, const struct fact_ref *ref, struct thing t)
{
	const struct model_entity *e = resolver_entity(r, t.id);
	if (t.kind != THING_ENTITY || !graph_kind_is_code(e->kind))
		return t;
	for (uint32_t l = e->flags & FACT_DECLARATION
				  ? model_first(r->m, SPACE_CHILD, e->home, e->name)
				  : 0;
		l; l = model_next(r->m, l))
		if (!(resolver_entity(r, model_value(r->m, l))->flags & FACT_DECLARATION)) {
			t.id = model_value(r->m, l);
			return t;
		}
	if (r->file->lang == LANG_JAVA || r->file->lang == LANG_CSHARP)
		return resolver_overload(r, ref, t);
	if (!ref->arg)
		return t;
	for (uint32_t l = model_first(r->m, SPACE_CHILD, e->home, e->name); l;
		l = model_next(r->m, l))
		if (graph_kind_is_code(resolver_entity(r, model_value(r->m, l))->kind) &&
			resolver_parameters(r, model_value(r->m, l)) + 1u == ref->arg) {
			t.id = model_value(r->m, l);
			break;
		}
	return t;
}

static void
emit_constructor_of(struct resolver *r, const struct fact_ref *ref, struct thing t, unsigned conf)
{
	bool weak = t.weak && conf > 60;
	resolver_emit(r, ref, REL_CALLS, t.id, weak ? PROV_NAME : PROV_RESOLVED, weak ? 60 : conf);
}

/* Making an object calls its constructor, when it is written down. */
static void
emit_constructor(struct resolver *r, const struct fact_ref *ref, uint32_t type, unsigned conf)
{
	static const char *const names[] = {
		"__init__", "constructor", "__construct", "initialize", NULL};
	for (const char *const *n = names; *n; n++) {
		uint32_t name = model_name_if_any(r->m, str_of(*n));
		struct thing t = model_may_hold(r->m, KIND_TYPE, name)
					 ? resolver_in_type(r, type, name, 0)
					 : unknown;
		if (t.kind == THING_ENTITY && graph_kind_is_code(resolver_entity(r, t.id)->kind)) {
			emit_constructor_of(r, ref, overload(r, ref, t), conf);
			return;
		}
	}
	uint32_t same = 0, own = resolver_entity(r, type)->name;
	for (uint32_t l = model_first(r->m, SPACE_CHILD, type, own); l && !same;
		l = model_next(r->m, l))
		same = graph_kind_is_code(resolver_entity(r, model_value(r->m, l))->kind)
			       ? model_value(r->m, l)
			       : 0;
	if (same)
		emit_constructor_of(r, ref, overload(r, ref, resolver_thing(r, same)), conf);
}

static bool
emit_call_to(struct resolver *r, const struct fact_ref *ref, struct thing t)
{
	unsigned conf = t.weak ? 60 : 95;
	enum graph_prov prov = t.weak ? PROV_NAME : PROV_RESOLVED;
	const struct model_entity *e = resolver_entity(r, t.id);
	if (e->kind == KIND_TYPE && r->file->lang == LANG_GO)
		return true; /* T(x) is x as a T */
	if (e->kind == KIND_TYPE) {
		resolver_emit(r, ref, REL_INSTANTIATES, t.id, prov, conf);
		emit_constructor(r, ref, t.id, conf);
	} else if (e->kind == KIND_MACRO) {
		resolver_emit(r, ref, REL_EXPANDS, t.id, prov, conf);
	} else if (graph_kind_is_code(e->kind)) {
		resolver_emit(r, ref, REL_CALLS, t.id, prov, conf);
	} else {
		return false;
	}
	return true;
}

/* Any other use of it. */
static bool
emit_use_of(struct resolver *r, const struct fact_ref *ref, struct thing t)
{
	/* A constructor has the name of its type. */
	uint32_t home = resolver_entity(r, t.id)->home;
	if (graph_kind_is_code(resolver_entity(r, t.id)->kind) &&
		resolver_entity(r, home)->name == resolver_entity(r, t.id)->name)
		t.id = home;
	enum graph_kind k = (enum graph_kind)resolver_entity(r, t.id)->kind;
	enum graph_relation rel = (enum graph_relation)ref->relation;
	unsigned conf = t.weak ? 60 : 95;
	bool makes = rel == REL_INSTANTIATES && graph_kind_is_code(k) &&
		     model_family(r->file->lang) == LANG_JAVASCRIPT;
	rel = makes ? REL_CALLS : rel; /* a function that is called by "new" */
	if ((rel == REL_INHERITS || rel == REL_INSTANTIATES || rel == REL_HAS_TYPE) &&
		k != KIND_TYPE)
		return false;
	if (rel == REL_READS)
		rel = graph_kind_is_code(k) ? REL_TAKES_ADDRESS
		      : k == KIND_TYPE	    ? REL_HAS_TYPE
					    : rel;
	resolver_emit(r, ref, rel, t.id, t.weak ? PROV_NAME : PROV_RESOLVED, conf);
	if (rel == REL_INSTANTIATES)
		emit_constructor(r, ref, t.id, conf);
	return true;
}

bool
resolver_emit_to(struct resolver *r, const struct fact_ref *ref, struct thing t)
{
	return ref->relation == REL_CALLS ? emit_call_to(r, ref, t) : emit_use_of(r, ref, t);
}

static void
emit_call(struct resolver *r, const struct fact_ref *ref, struct thing t)
{
	t = overload(r, ref, t);
	if (t.kind != THING_ENTITY || !emit_call_to(r, ref, t))
		resolver_unresolved(r, ref);
}

/* A name that is a variable of the function around, or of one around that. */
static struct thing
local(struct resolver *r, uint32_t scope, uint32_t name)
{
	struct thing t = unknown;
	for (unsigned i = 0; i < 64 && t.kind == THING_UNKNOWN; i++) {
		const struct model_entity *e = resolver_entity(r, scope);
		if (e->kind == KIND_FILE || e->kind == KIND_TYPE)
			break;
		t = resolver_in_module(r, scope, name, 1);
		scope = e->parent;
	}
	return t;
}

/* super(...), base(...), this(...): the constructor of the base, or another of the type; false: it is none of these. */
static bool
resolve_constructor(struct resolver *r, const struct fact_ref *ref, uint32_t scope)
{
	struct str name = r->f->strings[ref->name];
	unsigned family = model_family(r->file->lang);
	bool own = str_eq(name, "this"), base = str_eq(name, "super") || str_eq(name, "base");
	if (ref->flags & FACT_MEMBER || (!own && !base) ||
		(family != LANG_JAVASCRIPT && family != LANG_JAVA && family != LANG_CSHARP))
		return false;
	uint32_t around = resolver_type_around(r, scope);
	struct thing type = own ? resolver_thing(r, around) : resolver_base(r, around, 0);
	if (type.kind == THING_INSTANCE || type.kind == THING_ENTITY)
		emit_constructor(r, ref, type.id, 95);
	return true;
}

static void
resolve_call(struct resolver *r, const struct fact_ref *ref)
{
	r->calling = true;
	uint32_t scope = r->file->entity + ref->from;
	if (ref->flags & FACT_LOCAL) {
		emit_call(r, ref, local(r, scope, resolver_name(r, ref->name)));
		return;
	}
	if (resolve_constructor(r, ref, scope))
		return;
	if (!(ref->flags & FACT_MEMBER)) {
		emit_call(r, ref,
			resolver_look_up(r, scope, resolver_name(r, ref->name),
				r->f->strings[ref->name], 0));
		return;
	}
	struct thing t = ref->receiver ? resolver_follow_string(r, scope, ref->receiver) : unknown;
	if (t.kind == THING_ENTITY || t.kind == THING_INSTANCE || t.kind == THING_PACKAGE) {
		struct thing m = resolver_member(r, t, resolver_name(r, ref->name), 0);
		m.weak |= t.weak;
		if (m.kind != THING_UNKNOWN || t.kind != THING_INSTANCE) {
			emit_call(r, ref, m);
			return;
		}
	}
	if (t.kind == THING_OUTSIDE || !resolve_by_method_name(r, ref))
		resolver_unresolved(r, ref);
}

static void
resolve_import(struct resolver *r, const struct fact_ref *ref)
{
	struct str name = r->f->strings[ref->name];
	struct thing t = modules_find(r, r->file, name);
	if (t.kind != THING_ENTITY && (r->file->lang == LANG_JAVA || r->file->lang == LANG_CSHARP ||
					      r->file->lang == LANG_PHP))
		t = resolver_qualified(r, name);
	bool by_path = r->file->lang == LANG_BASH || r->file->lang == LANG_RUBY ||
		       r->file->lang == LANG_PHP;
	if (by_path && t.kind != THING_ENTITY && t.kind != THING_PACKAGE) {
		static const char *const suffixes[] = {"", ".rb", NULL};
		OWN(buf) struct buf b = {.max = 8192};
		struct str path = modules_normal_path(
			&b, model_text(r->m, resolver_entity(r, r->file->dir)->name), name);
		t = resolver_thing(r, path.n ? modules_first_with_suffix(r, path, suffixes) : 0);
	}
	if (t.kind == THING_PACKAGE && t.id >= 0x80000000u)
		t = resolver_thing(r, t.id - 0x80000000u);
	if (t.kind == THING_ENTITY)
		resolver_emit(r, ref, REL_IMPORTS, t.id, PROV_RESOLVED, 95);
	else
		resolver_unresolved(r, ref);
}

/* Reads, types, bases. */
static void
resolve_other(struct resolver *r, const struct fact_ref *ref)
{
	uint32_t scope = r->file->entity + ref->from;
	struct fact_ref of_type = *ref;
	if (ref->relation == REL_INHERITS && ref->receiver) {
		/* "impl Trait for Type", and not the type around. */
		struct thing type = resolver_follow_string(r, scope, ref->receiver);
		if (type.kind == THING_ENTITY && resolver_file(r, type.id) == r->file) {
			of_type.from = type.id - r->file->entity;
			ref = &of_type;
		}
	} else if (ref->relation == REL_INHERITS) {
		scope = resolver_entity(r, scope)->parent;
	}
	struct thing t = resolver_follow_string(r, scope, ref->name);
	if (t.kind != THING_ENTITY || !emit_use_of(r, ref, t))
		resolver_unresolved(r, ref);
}

/* By values, then by names. */
static void
resolve_any_call(struct resolver *r, const struct fact_ref *ref)
{
	bool many = false;
	if (r->python && python_resolve_call(r, r->python, ref, &many))
		return;
	size_t before = r->m->nedges;
	resolve_call(r, ref);
	if (many)
		python_doubt_calls(r, ref, before);
}

static void
resolve_ref(struct resolver *r, const struct fact_ref *ref)
{
	size_t before = r->m->nedges;
	r->calling = false;
	r->line = ref->line;
	r->behind = UINT32_MAX;
	if (resolve_named(r, ref) || (r->overlay && overlay_resolve(r, ref)))
		return;
	if (model_family(r->file->lang) == LANG_C)
		resolve_c_ref(r, ref);
	else if (ref->relation == REL_IMPORTS)
		resolve_import(r, ref);
	else if (ref->relation == REL_CALLS)
		resolve_any_call(r, ref);
	else
		resolve_other(r, ref);
	if (r->overlay)
		overlay_check(r, ref, before);
}

void
resolve_file(struct model *m, size_t file, const struct facts *f, struct overlay *overlay,
	struct values *values)
{
	OWN_FREE uint32_t *names = mem_alloc(f->nstrings * sizeof(*names));
	memset(names, 0xff, f->nstrings * sizeof(*names));
	names[0] = 0;
	struct resolver r = {.m = m,
		.f = f,
		.file = &m->files[file],
		.names = names,
		.file_steps = RESOLVE_FILE_STEPS,
		.file_edges = RESOLVE_FILE_EDGES,
		.overlay = overlay};
	struct python_calls python = {0};
	if (values && m->files[file].nvalues) {
		python_calls_init(&python, &r, values);
		r.python = &python;
	}
	size_t first = m->nedges;
	for (size_t i = 0; i < f->nrefs; i++) {
		unsigned granted = r.file_steps < RESOLVE_STEPS ? r.file_steps : RESOLVE_STEPS;
		r.steps = granted;
		resolve_ref(&r, &f->refs[i]);
		r.file_steps -= granted - r.steps;
	}
	if (overlay)
		overlay_finish(&r);
	resolve_tests(&r, first);
	python_calls_finish(&python);
}
