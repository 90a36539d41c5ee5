/*
 * Theory of operation.  The candidates of a call are the methods of that name in the type and in its bases that take as many
 * arguments.  Each is given points for each argument of which a type is known; one that cannot take an argument is out.
 * Of what is known of types only a part is here: an argument of an unknown type suits all.  Two with the same points, of which
 * neither overrides the other, make the answer a weak one.
 */
#include "graph/resolve_overload.h"

#include "graph/resolve_scopes.h"

#include <string.h>

#define MAX_CANDIDATES 48
#define MAX_BASES 200
#define MAX_ARGUMENTS 16

struct candidates {
	uint32_t v[MAX_CANDIDATES];
	unsigned n, visited;
	bool beyond; /* a base is not known whole */
};

struct argument {
	struct str name; /* of its type; empty: unknown */
	uint32_t type;	 /* the entity of it; 0: it is none of the tree */
	bool null, function;
};

/* ---- candidates ---- */

static bool
takes(const struct resolver *r, uint32_t id, unsigned nargs)
{
	unsigned n = 0;
	bool rest = false;
	for (uint32_t i = id + 1; i < r->m->n && r->m->entities[i].parent == id; i++)
		if (r->m->entities[i].kind == KIND_PARAMETER) {
			n++;
			rest |= r->m->entities[i].flags & FACT_REST;
		}
	return n == nargs || (rest && nargs + 1 >= n);
}

static void
collect(struct resolver *r, struct candidates *c, uint32_t type, uint32_t name, unsigned nargs,
	bool bases)
{
	if (c->visited++ > MAX_BASES || !r->steps)
		return;
	r->steps--;
	for (uint32_t l = model_first(r->m, SPACE_CHILD, type, name); l; l = model_next(r->m, l)) {
		uint32_t id = model_value(r->m, l);
		if (graph_kind_is_code(resolver_entity(r, id)->kind) && takes(r, id, nargs) &&
			c->n < MAX_CANDIDATES)
			c->v[c->n++] = id;
	}
	if (!bases)
		return;
	for (uint32_t l = model_first(r->m, SPACE_BASE, type, 0); l; l = model_next(r->m, l)) {
		struct thing t = resolver_base_of(r, type, model_value(r->m, l));
		if (t.kind == THING_ENTITY && t.id != type)
			collect(r, c, t.id, name, nargs, true);
	}
}

/* ---- types of arguments ---- */

/* The type that a variable, a field or the result of a method is declared with; 0: none is. */
static uint32_t
declared_type(struct resolver *r, uint32_t scope, struct str chain)
{
	size_t n = chain.n;
	bool called = n && chain.p[n - 1] == ')';
	while (n && chain.p[n - 1] != '.')
		n--;
	struct str last = {chain.p + n, chain.n - n};
	const char *paren = called ? memchr(last.p, '(', last.n) : NULL;
	unsigned nargs = paren ? (unsigned)(last.p + last.n - paren) - 2 : 0;
	last.n = paren ? (size_t)(paren - last.p) : last.n;
	uint32_t name = model_name_if_any(r->m, last), around = resolver_type_around(r, scope);
	for (uint32_t s = scope; name && !n && !called && s; s = resolver_entity(r, s)->parent) {
		uint32_t l = resolver_first_bind(r, s, name);
		const struct model_bind *b = l ? &r->m->binds[model_value(r->m, l)] : NULL;
		if (b && b->kind == BIND_TYPE)
			return b->value;
		if (b || resolver_entity(r, s)->kind == KIND_TYPE)
			break;
	}
	struct thing owner = n ? resolver_follow(r, scope, (struct str){chain.p, n - 1})
			       : resolver_thing(r, around);
	if (!name || (owner.kind != THING_ENTITY && owner.kind != THING_INSTANCE))
		return 0;
	if (called) {
		struct thing m = resolver_overload_count(r, owner.id, name, nargs);
		return m.kind == THING_ENTITY && !m.weak ? resolver_entity(r, m.id)->type : 0;
	}
	for (uint32_t l = model_first(r->m, SPACE_CHILD, owner.id, name); l;
		l = model_next(r->m, l))
		if (resolver_entity(r, model_value(r->m, l))->kind == KIND_FIELD)
			return resolver_entity(r, model_value(r->m, l))->type;
	return 0;
}

static struct argument
argument_of(struct resolver *r, uint32_t scope, struct str text)
{
	struct argument a = {0};
	if (str_eq(text, "null")) {
		a.null = true;
	} else if (str_eq(text, "&")) {
		a.function = true;
	} else if (text.n > 1 && text.p[0] == '=' && !memchr(text.p, '.', text.n)) {
		a.name = (struct str){text.p + 1, text.n - 1};
	} else if (!str_eq(text, "?") && text.p[0] != '=') {
		uint32_t type = declared_type(r, scope, text);
		a.name = type ? model_text(r->m, type) : a.name;
	}
	struct thing t = {THING_UNKNOWN, 0, false};
	if (a.name.n)
		t = resolver_follow(r, scope, a.name);
	else if (!a.null && !a.function && !str_eq(text, "?"))
		t = resolver_follow(r, scope, text);
	if (t.kind == THING_INSTANCE || (t.kind == THING_ENTITY && a.name.n))
		a.type = resolver_entity(r, t.id)->kind == KIND_TYPE ? t.id : 0;
	if (t.kind == THING_ENTITY && a.name.n && !a.type)
		a.name = (struct str){"", 0};
	const char *dot = a.name.n ? memrchr(a.name.p, '.', a.name.n) : NULL;
	if (dot)
		a.name = (struct str){dot + 1, (size_t)(a.name.p + a.name.n - dot) - 1};
	return a;
}

/* How far the type is from that base: 0 is itself, -1 it is none. */
static int
distance(struct resolver *r, uint32_t type, uint32_t base, int depth)
{
	if (type == base)
		return depth;
	int best = -1;
	for (uint32_t l = depth < 12 && r->steps ? model_first(r->m, SPACE_BASE, type, 0) : 0; l;
		l = model_next(r->m, l)) {
		r->steps -= r->steps > 0;
		struct thing t = resolver_base_of(r, type, model_value(r->m, l));
		int d = t.kind == THING_ENTITY && t.id != type ? distance(r, t.id, base, depth + 1)
							       : -1;
		if (d >= 0 && (best < 0 || d < best))
			best = d;
	}
	return best;
}

/* ---- points ---- */

enum { OUT = -1, SUITS = 1, FITS = 2, NEAR = 40, SAME = 60 };

static const char *const primitives[] = {
	"byte", "short", "char", "int", "long", "float", "double", "boolean", NULL};

static int
primitive(struct str s)
{
	for (int i = 0; primitives[i]; i++)
		if (str_eq(s, primitives[i]))
			return i;
	return -1;
}

static bool
is_array(struct str s)
{
	return s.n > 2 && s.p[s.n - 1] == ']';
}

static int
points_of_primitive(int arg, struct str param)
{
	static const char *const boxes[] = {
		"Byte", "Short", "Character", "Integer", "Long", "Float", "Double", "Boolean"};
	enum { BOOLEAN = 7 };
	int to = primitive(param);
	if (to >= 0)
		return to == arg				     ? SAME
		       : arg == BOOLEAN || to == BOOLEAN || to < arg ? OUT
								     : NEAR - (to - arg);
	return str_eq(param, boxes[arg])		    ? FITS
	       : str_eq(param, "String") || is_array(param) ? OUT
							    : SUITS;
}

static int
points(struct resolver *r, uint32_t method, const struct argument *a, struct str param)
{
	bool anything = !param.n || str_eq(param, "Object") || str_eq(param, "object") ||
			(param.n <= 2 && param.p[0] < 'a');
	bool basic = primitive(param) >= 0,
	     text = str_eq(param, "String") || str_eq(param, "string");
	if (a->null)
		return basic ? OUT : anything ? SUITS : FITS;
	if (a->function)
		return basic || text || is_array(param) ? OUT : anything ? SUITS : FITS;
	if (!a->name.n && !a->type)
		return SUITS;
	const char *dot = memrchr(param.p, '.', param.n);
	struct str short_name =
		dot ? (struct str){dot + 1, (size_t)(param.p + param.n - dot) - 1} : param;
	int arg = primitive(a->name);
	if (arg >= 0)
		return points_of_primitive(arg, param);
	struct thing p = anything || basic
				 ? (struct thing){THING_UNKNOWN, 0, false}
				 : resolver_follow(r, resolver_entity(r, method)->parent, param);
	bool type = p.kind == THING_ENTITY && resolver_entity(r, p.id)->kind == KIND_TYPE;
	if (a->type && type) {
		int d = distance(r, a->type, p.id, 0);
		return d < 0 ? OUT : d == 0 ? SAME : NEAR - d;
	}
	if (a->name.n && str_eq(a->name, "String") && !text && !anything)
		return str_eq(short_name, "CharSequence") ? NEAR
		       : basic || type || is_array(param) ? OUT
							  : SUITS;
	if (a->name.n && short_name.n == a->name.n &&
		memcmp(short_name.p, a->name.p, a->name.n) == 0)
		return SAME;
	if (anything)
		return SUITS;
	bool boxed = basic && a->name.n && a->name.p[0] < 'a' && a->name.p[0] >= 'A';
	if (basic && !boxed)
		return OUT;
	if (text || is_array(param) != is_array(a->name))
		return OUT;
	return type ? OUT : SUITS; /* of the types outside it is not known which is whose base */
}

static int
points_of_call(struct resolver *r, uint32_t method, const struct argument *args, unsigned n)
{
	int sum = 0;
	unsigned k = 0;
	for (uint32_t i = method + 1;
		i < r->m->n && k < n && resolver_entity(r, i)->parent == method; i++) {
		if (resolver_entity(r, i)->kind != KIND_PARAMETER)
			continue;
		if (resolver_entity(r, i)->flags & FACT_REST)
			return sum + SUITS * (int)(n - k) +
			       1; /* what takes any number comes last */
		uint32_t type = resolver_entity(r, i)->type;
		int p = points(
			r, method, &args[k++], type ? model_text(r->m, type) : (struct str){"", 0});
		if (p < 0)
			return OUT;
		sum += p;
	}
	return sum + 1;
}

/* Do they take the same types, so that one overrides the other? */
static bool
same_head(const struct resolver *r, uint32_t a, uint32_t b)
{
	const struct model_entity *e = r->m->entities;
	if (e[a].home == e[b].home)
		return false;
	uint32_t i = a + 1, k = b + 1;
	for (; i < r->m->n && k < r->m->n && e[i].parent == a && e[k].parent == b &&
		e[i].kind == KIND_PARAMETER && e[k].kind == KIND_PARAMETER;
		i++, k++)
		if (e[i].type != e[k].type && model_text(r->m, e[i].type).n > 2 &&
			model_text(r->m, e[k].type).n > 2)
			return false;
	return true;
}

static struct thing
best_of(struct resolver *r, const struct candidates *c, const struct argument *args, unsigned n)
{
	struct thing t = {THING_UNKNOWN, 0, false};
	int best = OUT;
	for (unsigned i = 0; i < c->n; i++) {
		int p = c->n > 1 ? points_of_call(r, c->v[i], args, n) : 0;
		if (p > best) {
			best = p;
			t = (struct thing){THING_ENTITY, c->v[i], false};
		} else if (p >= 0 && p == best && !same_head(r, t.id, c->v[i])) {
			t.weak = true;
		}
	}
	if (t.kind == THING_UNKNOWN && c->n) /* what is known of the types does not fit any */
		t = (struct thing){THING_ENTITY, c->v[0], true};
	return t;
}

/* ---- */

struct thing
resolver_overload_count(struct resolver *r, uint32_t type, uint32_t name, unsigned nargs)
{
	struct candidates c = {.n = 0};
	static const struct argument none[MAX_ARGUMENTS];
	collect(r, &c, type, name, nargs, true);
	return best_of(r, &c, none, nargs < MAX_ARGUMENTS ? nargs : MAX_ARGUMENTS);
}

struct thing
resolver_overload(struct resolver *r, const struct fact_ref *ref, struct thing t)
{
	const struct model_entity *e = resolver_entity(r, t.id);
	if (!ref->arg || resolver_entity(r, e->home)->kind != KIND_TYPE)
		return t;
	unsigned nargs = ref->arg - 1u, n = 0;
	bool constructor = e->name == resolver_entity(r, e->home)->name;
	struct candidates c = {.n = 0};
	collect(r, &c, e->home, e->name, nargs, !constructor);
	if (!c.n)
		return t;
	bool calling = r->calling;
	r->calling = false;
	struct argument args[MAX_ARGUMENTS] = {0};
	struct str all = r->f->strings[ref->call], one;
	while (c.n > 1 && ref->call && n < MAX_ARGUMENTS && str_next(&all, ';', &one))
		args[n++] = argument_of(r, r->file->entity + ref->from, one);
	bool weak = t.weak;
	t = best_of(r, &c, args, nargs < MAX_ARGUMENTS ? nargs : MAX_ARGUMENTS);
	t.weak |= weak;
	r->calling = calling;
	return t;
}
