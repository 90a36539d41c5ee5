/*
 * Theory of operation.  A name is looked up in the scopes around it: what they hold, what is bound there, then what
 * the file imports, then what its package shows.  What it finds is a `thing`: an entity, an instance of a type, a
 * package, or something that is provably outside; a chain "a.b().c" is followed from thing to thing.  Every step is
 * counted, so that a circle of names ends.
 */
#include "graph/resolve_scopes.h"

#include "graph/modules.h"
#include "graph/resolve_overload.h"

#include <string.h>

#define MAX_DEPTH 12

static const struct thing unknown = {THING_UNKNOWN, 0, false};
static const struct thing outside = {THING_OUTSIDE, 0, false};

static struct thing follow_chain(
	struct resolver *r, uint32_t scope, struct str chain, unsigned depth);
static struct thing bound(struct resolver *r, uint32_t bind, unsigned depth);

/* ---- members ---- */

static struct thing
in_package(struct resolver *r, uint32_t package, uint32_t name, unsigned depth)
{
	uint32_t l = name ? model_first(r->m, SPACE_PACKAGE, package, name) : 0;
	/* A directory, or a name, may be that of packages of several languages. */
	while (l && !model_is_family(r->m, model_value(r->m, l), r->file->lang))
		l = model_next(r->m, l);
	uint32_t id = l ? model_value(r->m, l) : 0;
	if (id && resolver_entity(r, id)->kind == KIND_GLOBAL && depth < MAX_DEPTH) {
		/* What its own file knows of it. */
		struct thing t =
			resolver_in_module(r, resolver_entity(r, id)->parent, name, depth + 1);
		if (t.kind != THING_UNKNOWN)
			return t;
	}
	return resolver_thing(r, id);
}

/* A type that stands for anything says nothing. */
static bool
says_what(struct str type)
{
	static const char *const anything[] = {"any", "unknown", "object", "Object", "dynamic",
		"var", "mixed", "never", "Self", "impl", "dyn", NULL};
	for (const char *const *a = anything; *a; a++)
		if (str_eq(type, *a))
			return false;
	return type.n > 1; /* T is what a caller says */
}

/* What a module of JavaScript exports in its own place: "module.exports = f"; the module, where that is not one thing. */
static struct thing
exported(struct resolver *r, struct thing t, unsigned depth)
{
	if (t.kind != THING_ENTITY || model_family(r->file->lang) != LANG_JAVASCRIPT ||
		resolver_entity(r, t.id)->kind != KIND_FILE)
		return t;
	uint32_t l = model_first(r->m, SPACE_BIND, t.id, model_name_if_any(r->m, STR("export=")));
	struct thing whole =
		l && depth < MAX_DEPTH ? bound(r, model_value(r->m, l), depth + 1) : unknown;
	return whole.kind == THING_UNKNOWN ? t : whole;
}

/* "a.B.f", of which f is called. */
static struct thing
static_import(struct resolver *r, struct str value, unsigned depth)
{
	const char *dot = value.n ? memrchr(value.p, '.', value.n) : NULL;
	if (!dot)
		return unknown;
	struct str last = {dot + 1, (size_t)(value.p + value.n - dot) - 1};
	r->calling = false;
	struct thing t = resolver_qualified(r, (struct str){value.p, (size_t)(dot - value.p)});
	r->calling = true;
	return t.kind == THING_ENTITY
		       ? resolver_member(r, t, model_name_if_any(r->m, last), depth + 1)
		       : t;
}

static struct thing
value_of(struct resolver *r, uint32_t bind, unsigned depth)
{
	const struct model_bind *b = &r->m->binds[bind];
	const struct model_file *file = resolver_file(r, b->scope);
	struct str value = model_text(r->m, b->value);
	if (!file || depth > MAX_DEPTH || !r->steps)
		return unknown;
	r->steps--;
	struct thing t;
	switch ((enum fact_bind_kind)b->kind) {
	case BIND_IMPORT:
		return exported(r, modules_find(r, file, value), depth);
	case BIND_MEMBER:
		t = modules_find(r, file, value);
		if (t.kind == THING_ENTITY || t.kind == THING_PACKAGE) {
			struct thing m = resolver_member(r, t, b->member, depth + 1);
			if (m.kind != THING_UNKNOWN)
				return m;
			/* "from package import module" */
			OWN(buf) struct buf whole = {.max = 4096};
			buf_add_str(&whole, value);
			if (!str_ends(value, "."))
				buf_putc(&whole, '.');
			buf_add_str(&whole, model_text(r->m, b->member));
			return model_family(file->lang) == LANG_PYTHON
				       ? modules_find(r, file, buf_str(&whole))
				       : unknown;
		}
		return t;
	case BIND_TYPE:
		t = follow_chain(r, b->scope, value, depth + 1);
		if (t.kind == THING_UNKNOWN && says_what(value))
			return outside; /* it has a type, and that is not here */
		return t.kind == THING_ENTITY ? (struct thing){THING_INSTANCE, t.id, t.weak} : t;
	case BIND_RESULT: {
		OWN(buf) struct buf call = {.max = 256};
		buf_add_str(&call, value);
		buf_puts(&call, "()");
		return follow_chain(r, b->scope, buf_str(&call), depth + 1);
	}
	case BIND_ALIAS:
		return r->calling && file->lang == LANG_JAVA
			       ? static_import(r, value, depth)
			       : follow_chain(r, b->scope, value, depth + 1);
	default:
		return unknown;
	}
}

/* What a name is bound to, as its own place sees it. */
static struct thing
bound(struct resolver *r, uint32_t bind, unsigned depth)
{
	uint32_t line = r->line, behind = r->behind;
	r->line = r->m->binds[bind].line;
	r->behind = bind;
	struct thing t = value_of(r, bind, depth);
	r->line = line;
	r->behind = behind;
	return t;
}

/* What a base of a type is.  Kept once it is known, unless the steps may have run out on the way. */
static struct thing
base_thing(struct resolver *r, uint32_t type, struct model_base *base, unsigned depth)
{
	enum { NOT_YET, OUTSIDE = -1, UNKNOWN = -2 };
	if (base->resolved == (uint32_t)OUTSIDE)
		return outside;
	if (base->resolved == (uint32_t)UNKNOWN)
		return unknown;
	if (base->resolved != NOT_YET)
		return resolver_thing(r, base->resolved);
	bool sure = depth < 3 && r->steps > RESOLVE_STEPS / 2;
	struct thing t = follow_chain(
		r, resolver_entity(r, type)->parent, model_text(r->m, base->name), depth + 1);
	if (sure && r->steps)
		base->resolved = t.kind == THING_ENTITY	   ? t.id
				 : t.kind == THING_OUTSIDE ? (uint32_t)OUTSIDE
							   : (uint32_t)UNKNOWN;
	return t.kind == THING_ENTITY ? resolver_thing(r, t.id) : t;
}

struct thing
resolver_base_of(struct resolver *r, uint32_t type, uint32_t base)
{
	return base_thing(r, type, &r->m->bases[base], 1);
}

/* What a scope holds under a name; where methods have names of their own, one of those or none of them. */
static uint32_t
child(const struct resolver *r, uint32_t scope, uint32_t name)
{
	if (r->file->lang != LANG_JAVA)
		return resolver_child(r, scope, name);
	for (uint32_t l = name ? model_first(r->m, SPACE_CHILD, scope, name) : 0; l;
		l = model_next(r->m, l)) {
		uint32_t id = model_value(r->m, l);
		if (graph_kind_is_code(resolver_entity(r, id)->kind) == r->calling)
			return id;
	}
	return 0;
}

uint32_t
resolver_first_bind(struct resolver *r, uint32_t scope, uint32_t name)
{
	const struct model_entity *e = resolver_entity(r, scope);
	if (!name || (r->file->lang == LANG_JAVA && r->calling && e->kind != KIND_FILE))
		return 0; /* a method is no variable */
	uint32_t l = model_first(r->m, SPACE_BIND, scope, name), found = 0;
	bool ordered = graph_kind_is_code(e->kind) && model_family(r->file->lang) != LANG_PYTHON &&
		       resolver_file(r, scope) == r->file;
	if (!ordered || !l || !model_next(r->m, l))
		return l;
	r->by_line = true;
	for (uint32_t n = 0, i = l; i && n < 256; i = model_next(r->m, i), n++) {
		uint32_t bind = model_value(r->m, i);
		const struct model_bind *b = &r->m->binds[bind];
		bool over = b->end && b->end < r->line;
		if (!over && b->line <= r->line && bind < r->behind)
			found = i;
	}
	return found ? found : l;
}

struct thing
resolver_in_type(struct resolver *r, uint32_t type, uint32_t name, unsigned depth)
{
	uint32_t own = child(r, type, name);
	if (own && resolver_entity(r, own)->kind != KIND_FIELD)
		return resolver_thing(r, own);
	/* What a field is declared as counts more than what it is given. */
	bool declares = own && resolver_entity(r, own)->type &&
			model_family(r->file->lang) == LANG_JAVASCRIPT;
	uint32_t b = declares ? 0 : resolver_first_bind(r, type, name);
	if (b)
		return bound(r, model_value(r->m, b), depth + 1);
	if (own) {
		uint32_t declared = resolver_entity(r, own)->type;
		struct thing t =
			declared ? follow_chain(r, type, model_text(r->m, declared), depth + 1)
				 : unknown;
		return t.kind == THING_ENTITY ? (struct thing){THING_INSTANCE, t.id, false}
					      : unknown;
	}
	if (depth > MAX_DEPTH || !r->steps)
		return unknown;
	r->steps--;
	struct thing result = unknown;
	for (uint32_t l = model_first(r->m, SPACE_BASE, type, 0); l; l = model_next(r->m, l)) {
		struct thing t = base_thing(r, type, &r->m->bases[model_value(r->m, l)], depth);
		if (t.kind == THING_ENTITY && t.id != type)
			t = resolver_in_type(r, t.id, name, depth + 1);
		if (t.kind == THING_ENTITY || t.kind == THING_INSTANCE)
			return t;
		if (t.kind == THING_OUTSIDE)
			result = t; /* a base that is not here may have it */
	}
	return result;
}

/* Can a scope of that kind have the name, itself or by an import of all names? */
static bool
may_have(const struct resolver *r, unsigned kind, uint32_t name)
{
	return model_may_hold(r->m, kind, name) || model_may_hold(r->m, kind, 0);
}

struct thing
resolver_in_module(struct resolver *r, uint32_t module, uint32_t name, unsigned depth)
{
	uint32_t own = child(r, module, name);
	uint32_t b = resolver_first_bind(r, module, name);
	if (b && (!own || resolver_entity(r, own)->kind == KIND_GLOBAL)) {
		struct thing t = bound(r, model_value(r->m, b), depth + 1);
		if (t.kind != THING_UNKNOWN)
			return t;
	}
	if (own)
		return resolver_thing(r, own);
	for (uint32_t l = model_first(r->m, SPACE_BIND, module, 0); l && r->steps;
		l = model_next(r->m, l)) {
		const struct model_bind *star = &r->m->binds[model_value(r->m, l)];
		r->steps--;
		struct thing t =
			modules_find(r, resolver_file(r, module), model_text(r->m, star->value));
		if (t.kind == THING_ENTITY && t.id != module && depth < MAX_DEPTH)
			t = resolver_member(r, t, name, depth + 1);
		else if (t.kind == THING_PACKAGE)
			t = in_package(r, t.id, name, depth + 1);
		else
			t = unknown;
		if (t.kind != THING_UNKNOWN)
			return t;
	}
	return unknown;
}

static struct thing
in_directory(struct resolver *r, uint32_t dir, uint32_t name)
{
	static const char *const suffixes[] = {"/__init__.py", ".py", "", NULL};
	OWN(buf) struct buf b = {.max = 8192};
	return resolver_thing(
		r, modules_first_with_suffix(r,
			   modules_join(&b, model_text(r->m, resolver_entity(r, dir)->name),
				   model_text(r->m, name)),
			   suffixes));
}

/* "mod name;": the file that has it. */
static uint32_t
file_of_module(struct resolver *r, uint32_t module)
{
	static const char *const suffixes[] = {".rs", "/mod.rs", NULL};
	const struct model_entity *e = resolver_entity(r, module);
	if (e->lang != LANG_RUST)
		return 0;
	OWN(buf) struct buf b = {.max = 8192};
	uint32_t dir = r->m->files[e->file - 1].dir;
	return modules_first_with_suffix(r,
		modules_join(&b, model_text(r->m, resolver_entity(r, dir)->name),
			model_text(r->m, e->name)),
		suffixes);
}

/* A method that was put into an object, or into the prototype of those that a function makes. */
static struct thing
js_property(struct resolver *r, uint32_t object, uint32_t name, unsigned depth)
{
	for (uint32_t l = name ? model_first(r->m, SPACE_CHILD, object, name) : 0; l;
		l = model_next(r->m, l))
		if (resolver_entity(r, model_value(r->m, l))->kind == KIND_METHOD)
			return resolver_thing(r, model_value(r->m, l));
	uint32_t b = name ? model_first(r->m, SPACE_BIND, object, name) : 0;
	bool own = b && r->m->binds[model_value(r->m, b)].member; /* this.name = ... */
	return own ? bound(r, model_value(r->m, b), depth + 1) : unknown;
}

struct thing
resolver_member(struct resolver *r, struct thing t, uint32_t name, unsigned depth)
{
	if (depth > MAX_DEPTH || !r->steps)
		return unknown;
	r->steps--;
	if (t.kind == THING_PACKAGE)
		return in_package(r, t.id, name, depth);
	if (t.kind != THING_ENTITY && t.kind != THING_INSTANCE)
		return t;
	switch ((enum graph_kind)resolver_entity(r, t.id)->kind) {
	case KIND_TYPE:
		return resolver_in_type(r, t.id, name, depth);
	case KIND_FILE: {
		struct thing m = resolver_in_module(r, t.id, name, depth);
		if (m.kind == THING_UNKNOWN && model_family(r->file->lang) == LANG_JAVASCRIPT) {
			struct thing whole = exported(r, t, depth + 1);
			return whole.kind != THING_ENTITY || whole.id == t.id
				       ? m
				       : resolver_member(r, whole, name, depth + 1);
		}
		if (m.kind != THING_UNKNOWN ||
			!str_ends(model_text(r->m, resolver_entity(r, t.id)->name), "/__init__.py"))
			return m;
		return in_directory(r, resolver_entity(r, t.id)->parent, name);
	}
	case KIND_MODULE: {
		struct thing m = resolver_in_module(r, t.id, name, depth);
		uint32_t file = m.kind == THING_UNKNOWN ? file_of_module(r, t.id) : 0;
		return file ? resolver_in_module(r, file, name, depth) : m;
	}
	case KIND_DIRECTORY:
		return in_directory(r, t.id, name);
	case KIND_ENUMERATOR:
		return resolver_in_type(r, resolver_entity(r, t.id)->home, name, depth);
	case KIND_FUNCTION:
	case KIND_GLOBAL: /* an object, or what makes some: see FACT_PROPERTY */
		if (model_family(r->file->lang) == LANG_JAVASCRIPT)
			return js_property(r, t.id, name, depth);
		return unknown;
	default:
		return unknown;
	}
}

/* What calling it gives. */
static struct thing
result_of(struct resolver *r, struct thing t, unsigned depth)
{
	if (t.kind != THING_ENTITY)
		return t.kind == THING_OUTSIDE ? outside : unknown;
	const struct model_entity *e = resolver_entity(r, t.id);
	if (e->kind == KIND_TYPE)
		return (struct thing){THING_INSTANCE, t.id, t.weak};
	if (e->type && resolver_entity(r, e->home)->kind == KIND_TYPE &&
		str_eq(model_text(r->m, e->type), "Self"))
		return (struct thing){THING_INSTANCE, e->home, true};
	struct thing type =
		e->type ? follow_chain(r, e->parent, model_text(r->m, e->type), depth + 1)
			: unknown;
	if (type.kind == THING_INSTANCE && str_eq(model_text(r->m, e->type), "this"))
		return type;
	if (type.kind == THING_OUTSIDE)
		return outside;
	return type.kind == THING_ENTITY ? (struct thing){THING_INSTANCE, type.id, t.weak}
					 : unknown;
}

/* ---- names in their scopes ---- */

uint32_t
resolver_type_around(const struct resolver *r, uint32_t scope)
{
	bool js = model_family(r->file->lang) == LANG_JAVASCRIPT;
	uint32_t function = 0;
	for (unsigned i = 0; scope && i < 64; i++) {
		const struct model_entity *e = resolver_entity(r, scope);
		if (e->kind == KIND_TYPE)
			return scope;
		if (e->kind == KIND_FILE)
			return js ? function : 0; /* it may make objects: this.f() */
		enum graph_kind home = (enum graph_kind)resolver_entity(r, e->home)->kind;
		if (home == KIND_TYPE ||
			(e->kind == KIND_METHOD && (home == KIND_GLOBAL || home == KIND_FUNCTION)))
			return e->home;
		function = e->kind == KIND_FUNCTION ? scope : function;
		scope = e->parent;
	}
	return 0;
}

static bool
names_self(const struct resolver *r, struct str name)
{
	if (name.n < 3 || name.n > 6)
		return false;
	switch (model_family(r->file->lang)) {
	case LANG_PYTHON:
	case LANG_RUBY:
	case LANG_RUST:
		return str_eq(name, "self") || str_eq(name, "cls") || str_eq(name, "Self");
	case LANG_PHP:
		return str_eq(name, "$this") || str_eq(name, "self") || str_eq(name, "static");
	case LANG_GO:
		return false;
	default:
		return str_eq(name, "this");
	}
}

static bool
names_base(struct str name)
{
	return name.n >= 4 && name.n <= 6 &&
	       (str_eq(name, "super") || str_eq(name, "base") || str_eq(name, "parent"));
}

struct thing
resolver_base(struct resolver *r, uint32_t type, unsigned depth)
{
	uint32_t l = type ? model_first(r->m, SPACE_BASE, type, 0) : 0;
	if (!l || depth > MAX_DEPTH)
		return unknown;
	struct thing t = base_thing(r, type, &r->m->bases[model_value(r->m, l)], depth);
	return t.kind == THING_ENTITY ? (struct thing){THING_INSTANCE, t.id, false} : t;
}

/* Languages in which a name at the top of a file is known in others without an import. */
static struct thing
global(const struct resolver *r, uint32_t name)
{
	unsigned family = model_family(r->file->lang);
	if (family != LANG_PHP && family != LANG_RUBY && family != LANG_BASH &&
		family != LANG_CSHARP && family != LANG_RUST)
		return unknown;
	uint32_t l = model_first(r->m, SPACE_GLOBAL, family, name);
	if (!l || model_next(r->m, l))
		return unknown; /* nobody, or more than one */
	return (struct thing){THING_ENTITY, model_value(r->m, l), true};
}

/* The root of the crate, or the module around the one that the scope is in. */
static struct thing
rust_module(struct resolver *r, uint32_t scope, bool root)
{
	static const char *const roots[] = {"lib.rs", "main.rs", NULL};
	bool inner = false;
	for (unsigned i = 0; i < 64 && resolver_entity(r, scope)->kind != KIND_FILE; i++) {
		if (resolver_entity(r, scope)->kind == KIND_MODULE) {
			if (inner && !root)
				return resolver_thing(r, scope);
			inner = true;
		}
		scope = resolver_entity(r, scope)->parent;
	}
	if (!root && inner)
		return resolver_thing(r, scope);
	OWN(buf) struct buf b = {.max = 8192};
	struct str dir = model_text(r->m, resolver_entity(r, r->file->dir)->name);
	for (unsigned up = 0; up < 16; up++) {
		for (const char *const *name = roots; *name; name++) {
			static const char *const none[] = {"", NULL};
			uint32_t e = modules_first_with_suffix(
				r, modules_join(&b, dir, str_of(*name)), none);
			if (e)
				return resolver_thing(r, e);
		}
		const char *slash = dir.n ? memrchr(dir.p, '/', dir.n) : NULL;
		if (str_eq(dir, "."))
			break;
		dir = slash ? (struct str){dir.p, (size_t)(slash - dir.p)} : STR(".");
	}
	return unknown;
}

/* Methods of JavaScript have no name in the scope around them. */
static bool
is_property(const struct resolver *r, struct thing t)
{
	return t.kind == THING_ENTITY && model_family(r->file->lang) == LANG_JAVASCRIPT &&
	       resolver_entity(r, t.id)->kind == KIND_METHOD && resolver_file(r, t.id) == r->file;
}

/* What the file itself says of a name, its imports, its package or its language. */
static struct thing
at_top(struct resolver *r, const struct model_file *file, uint32_t name, unsigned depth)
{
	struct resolver_known *k = &r->tops[(name * 2 + r->calling) % RESOLVE_KNOWN];
	if (k->scope == file->entity && k->what == name && k->depth == depth &&
		k->calling == r->calling)
		return k->is;
	struct thing t = resolver_in_module(r, file->entity, name, depth + 1);
	t = is_property(r, t) ? unknown : t;
	bool by_package = model_family(file->lang) == LANG_JAVA || file->lang == LANG_GO ||
			  file->lang == LANG_CSHARP || file->lang == LANG_PHP;
	if (t.kind == THING_UNKNOWN && by_package)
		t = in_package(r, file->package ? file->package : file->dir + 0x80000000u, name,
			depth + 1);
	t = t.kind == THING_UNKNOWN ? global(r, name) : t;
	if (r->steps)
		*k = (struct resolver_known){file->entity, name, depth, r->calling, t};
	return t;
}

struct thing
resolver_look_up(struct resolver *r, uint32_t scope, uint32_t name, struct str text, unsigned depth)
{
	if (names_self(r, text)) {
		uint32_t type = resolver_type_around(r, scope);
		return type ? (struct thing){THING_INSTANCE, type, false} : unknown;
	}
	if (r->file->lang == LANG_RUST && (str_eq(text, "crate") || str_eq(text, "super")))
		return rust_module(r, scope, str_eq(text, "crate"));
	if (names_base(text))
		return resolver_base(r, resolver_type_around(r, scope), depth);
	if (!name)
		return unknown;
	bool members = r->file->lang != LANG_GO && model_family(r->file->lang) != LANG_PYTHON &&
		       model_family(r->file->lang) != LANG_PHP &&
		       model_family(r->file->lang) != LANG_JAVASCRIPT;
	bool first = true;
	uint32_t asked = 0; /* the last type */
	for (unsigned i = 0; scope && i < 64; i++, first = false) {
		const struct model_entity *e = resolver_entity(r, scope);
		if (e->kind == KIND_FILE)
			break;
		struct thing t = unknown;
		if (e->kind != KIND_TYPE || (first && r->file->lang != LANG_GO))
			t = may_have(r, e->kind, name)
				    ? resolver_in_module(r, scope, name, depth + 1)
				    : unknown;
		else if (e->kind == KIND_TYPE && r->file->lang == LANG_GO &&
			 model_first(r->m, SPACE_BIND, scope, name))
			t = bound(r, model_value(r->m, model_first(r->m, SPACE_BIND, scope, name)),
				depth + 1);
		uint32_t home = e->kind == KIND_TYPE ? scope : e->home;
		if (t.kind == THING_UNKNOWN && members && home != asked &&
			resolver_entity(r, home)->kind == KIND_TYPE &&
			model_may_hold(r->m, KIND_TYPE, name)) {
			asked = home;
			t = resolver_in_type(r, home, name, depth + 1);
			if (t.kind == THING_OUTSIDE)
				t = unknown;
		}
		if (t.kind != THING_UNKNOWN && !is_property(r, t))
			return t;
		scope = e->parent;
	}
	const struct model_file *file = resolver_file(r, scope);
	return file ? at_top(r, file, name, depth) : unknown;
}

/* The next part of a chain, and with how many arguments it is called: "()", "(,)" of one; -1: it is not. */
static bool
next_part(struct str *chain, struct str *ret_part, int *ret_called)
{
	while (chain->n && (chain->p[0] == '.' || chain->p[0] == ':' || chain->p[0] == '-' ||
				   chain->p[0] == '>' || chain->p[0] == '\\'))
		*chain = (struct str){chain->p + 1, chain->n - 1};
	static const bool ends[256] = {['.'] = true,
		[':'] = true,
		['-'] = true,
		['>'] = true,
		['\\'] = true,
		['('] = true,
		[0] = true};
	size_t n = 0;
	while (n < chain->n && !ends[(uint8_t)chain->p[n]])
		n++;
	if (!n)
		return false;
	*ret_part = (struct str){chain->p, n};
	*ret_called = -1;
	for (; n < chain->n && (chain->p[n] == '(' || (*ret_called >= 0 && chain->p[n] == ','));
		n++)
		(*ret_called)++;
	n += *ret_called >= 0;
	n = n < chain->n ? n : chain->n;
	*chain = (struct str){chain->p + n, chain->n - n};
	return true;
}

/* "a.b.C": the longest beginning that is a package, and what it has. */
struct thing
resolver_qualified(struct resolver *r, struct str chain)
{
	for (size_t n = chain.n; n > 0; n--) {
		if (chain.p[n - 1] != '.' && chain.p[n - 1] != '\\')
			continue;
		struct thing package = modules_package(r, (struct str){chain.p, n - 1});
		if (package.kind != THING_PACKAGE)
			continue;
		struct str rest = {chain.p + n, chain.n - n}, part;
		int called;
		struct thing t = package;
		while (t.kind != THING_UNKNOWN && next_part(&rest, &part, &called))
			t = resolver_member(r, t, model_name(r->m, part), 1);
		return t;
	}
	return unknown;
}

/* A name that nothing here has, and that the language gives to types, or to what it brings itself. */
static bool
names_outside(unsigned family, struct str part)
{
	static const char *const csharp[] = {"int", "string", "bool", "double", "float", "long",
		"char", "byte", "decimal", "object", "uint", "short", NULL};
	bool capital = part.p[0] >= 'A' && part.p[0] <= 'Z';
	if (family == LANG_CSHARP && str_is_one(part, csharp))
		return true;
	if (family == LANG_RUST)
		return str_eq(part, "std") || str_eq(part, "core") || str_eq(part, "alloc");
	if (part.p[0] == '"')
		return true;
	return capital && (family == LANG_JAVA || family == LANG_CSHARP || family == LANG_RUBY);
}

/* Of methods of one name, the one that takes so many arguments. */
static struct thing
of_so_many(struct resolver *r, struct thing t, int nargs)
{
	const struct model_entity *e = resolver_entity(r, t.id);
	unsigned family = model_family(r->file->lang);
	if (t.kind != THING_ENTITY || e->kind != KIND_METHOD ||
		(family != LANG_JAVA && family != LANG_CSHARP))
		return t;
	struct thing m = resolver_overload_count(r, e->home, e->name, (unsigned)nargs);
	m.weak |= t.weak;
	return m.kind == THING_ENTITY ? m : t;
}

/* The number of a name in the model; string: that in the file, 0: it has none. */
static uint32_t
first_name(struct resolver *r, struct str name, uint32_t string)
{
	if (!string)
		return model_name(r->m, name);
	if (!resolver_name(r, string))
		r->names[string] = model_name(r->m, name);
	return r->names[string];
}

/* string: the chain, as one of the file; 0: it is none. */
static struct thing
follow_parts(struct resolver *r, uint32_t scope, struct str chain, uint32_t string, unsigned depth)
{
	struct str rest = chain, part;
	int called;
	bool made = chain.n > 1 && chain.p[0] == '='; /* "=A": some A */
	rest = made ? (struct str){chain.p + 1, chain.n - 1} : rest;
	if (depth > MAX_DEPTH || !r->steps || !next_part(&rest, &part, &called))
		return unknown;
	r->steps--;
	r->calling = called >= 0;
	struct thing t = resolver_look_up(
		r, scope, first_name(r, part, part.n == chain.n ? string : 0), part, depth + 1);
	if (made && t.kind == THING_ENTITY)
		t = resolver_entity(r, t.id)->kind == KIND_TYPE
			    ? (struct thing){THING_INSTANCE, t.id, t.weak}
			    : unknown;
	if (made && t.kind == THING_UNKNOWN)
		return outside;
	unsigned family = model_family(r->file->lang);
	bool dotted = rest.n && called < 0 &&
		      (family == LANG_JAVA || family == LANG_CSHARP || family == LANG_PHP);
	if (t.kind == THING_UNKNOWN && dotted) {
		t = resolver_qualified(r, chain);
		/* A path of packages none of which is here. */
		bool path = family == LANG_JAVA && part.p[0] >= 'a' && part.p[0] <= 'z' &&
			    memchr(rest.p + 1, '.', rest.n - 1);
		if (t.kind != THING_UNKNOWN || path)
			return t.kind == THING_UNKNOWN ? outside : t;
	}
	if (t.kind == THING_UNKNOWN && names_outside(family, part))
		return outside;
	bool fresh = family == LANG_RUBY && t.kind == THING_ENTITY && str_eq(rest, ".new");
	if (fresh && resolver_entity(r, t.id)->kind == KIND_TYPE)
		return (struct thing){THING_INSTANCE, t.id, t.weak};
	if (called >= 0 && !names_base(part))
		t = result_of(r, of_so_many(r, t, called), depth + 1);
	while (t.kind != THING_UNKNOWN && t.kind != THING_OUTSIDE &&
		next_part(&rest, &part, &called)) {
		r->calling = called >= 0;
		bool self = r->file->lang == LANG_JAVA && str_eq(part, "this") &&
			    t.kind == THING_ENTITY;
		t = self ? (struct thing){THING_INSTANCE, t.id, t.weak}
			 : resolver_member(r, t, model_name(r->m, part), depth + 1);
		if (called >= 0)
			t = result_of(r, of_so_many(r, t, called), depth + 1);
	}
	return t;
}

static struct thing
follow_chain(struct resolver *r, uint32_t scope, struct str chain, unsigned depth)
{
	bool calling = r->calling;
	struct thing t = follow_parts(r, scope, chain, 0, depth);
	r->calling = calling;
	return t;
}

struct thing
resolver_follow(struct resolver *r, uint32_t scope, struct str chain)
{
	return follow_chain(r, scope, chain, 0);
}

struct thing
resolver_follow_string(struct resolver *r, uint32_t scope, uint32_t string)
{
	struct resolver_known *k = &r->chains[(scope * 31 + string) % RESOLVE_KNOWN];
	if (k->scope == scope && k->what == string)
		return k->is;
	bool calling = r->calling;
	r->by_line = false;
	struct thing t = follow_parts(r, scope, r->f->strings[string], string, 0);
	r->calling = calling;
	if (!r->by_line && r->steps)
		*k = (struct resolver_known){scope, string, 0, false, t};
	return t;
}
