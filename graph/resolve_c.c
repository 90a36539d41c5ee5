/*
 * C and C++: one space of names for all files but for what is static, headers being part of whoever includes them.
 * Of several definitions those nearest in the tree are meant.  A macro is followed through its body, with the names
 * that the call gives for its parameters.
 */
#include "graph/resolver.h"

#include <string.h>

#define MAX_ALTERNATIVES 4
#define MAX_EXPANSION 8
#define MAX_ARGS 16

struct candidates {
	uint32_t v[RESOLVE_CANDIDATES];
	size_t n;
};

static bool
fits(enum graph_relation r, enum graph_kind k)
{
	switch (r) {
	case REL_CALLS:
		return k == KIND_FUNCTION || k == KIND_METHOD || k == KIND_TEST ||
		       k == KIND_MACRO || k == KIND_TYPE;
	case REL_HAS_TYPE:
	case REL_INHERITS:
	case REL_INSTANTIATES:
		return k == KIND_TYPE;
	case REL_TAKES_ADDRESS:
		return k == KIND_FUNCTION || k == KIND_METHOD || k == KIND_MACRO;
	default:
		return k != KIND_TYPE && k != KIND_FIELD;
	}
}

static bool
is_declaration(const struct model *m, uint32_t id)
{
	return (m->entities[id].flags & FACT_DECLARATION) != 0;
}

/* Keeps definitions only, if there is one. */
static void
drop_declarations(const struct model *m, struct candidates *c)
{
	size_t n = 0;
	for (size_t i = 0; i < c->n; i++)
		n += !is_declaration(m, c->v[i]);
	if (!n || n == c->n) {
		if (!n && c->n > 1)
			c->n = 1;
		return;
	}
	size_t to = 0;
	for (size_t i = 0; i < c->n; i++)
		if (!is_declaration(m, c->v[i]))
			c->v[to++] = c->v[i];
	c->n = to;
}

static void
gather(const struct model *m, enum model_space space, uint32_t scope, uint32_t name,
	enum graph_relation r, struct candidates *c)
{
	unsigned looked = 0;
	for (uint32_t l = model_first(m, space, scope, name);
		l && c->n < RESOLVE_CANDIDATES && looked++ < 4 * RESOLVE_CANDIDATES;
		l = model_next(m, l))
		if (fits(r, (enum graph_kind)m->entities[model_value(m, l)].kind))
			c->v[c->n++] = model_value(m, l);
}

/* How many directories two files have in common. */
static unsigned
nearness(const struct model *m, uint32_t a, uint32_t b)
{
	struct str x = model_text(m, m->entities[a].name), y = model_text(m, m->entities[b].name);
	unsigned n = 0;
	for (size_t i = 0; i < x.n && i < y.n && x.p[i] == y.p[i]; i++)
		n += x.p[i] == '/';
	return n;
}

static void
keep_nearest(const struct model *m, uint32_t file_entity, struct candidates *c)
{
	unsigned best = 0;
	size_t to = 0;
	for (size_t i = 0; i < c->n; i++) {
		uint32_t file = m->files[m->entities[c->v[i]].file - 1].entity;
		unsigned near = file == file_entity ? UINT32_MAX : nearness(m, file_entity, file);
		if (near > best) {
			best = near;
			to = 0;
		}
		if (near == best)
			c->v[to++] = c->v[i];
	}
	c->n = to;
}

static void
find(const struct model *m, uint32_t file_entity, uint32_t name, enum graph_relation r,
	struct candidates *c)
{
	c->n = 0;
	gather(m, SPACE_CHILD, file_entity, name, r, c);
	drop_declarations(m, c);
	if (c->n && !is_declaration(m, c->v[0]))
		return;
	c->n = 0;
	gather(m, SPACE_GLOBAL, LANG_C, name, r, c);
	drop_declarations(m, c);
	if (c->n > 1)
		keep_nearest(m, file_entity, c);
}

/* ---- macros ---- */

struct expansion {
	struct resolver *r;
	const struct fact_ref *ref; /* the use, in a function */
	uint32_t file_entity;
};

static void expand(struct expansion *x, uint32_t macro, const uint32_t *args, unsigned depth);

/* A name that stands as an argument; of a call the number says how many it has. */
static bool
is_argument(unsigned relation, unsigned arg)
{
	return arg && arg <= MAX_ARGS && relation != REL_CALLS && relation != REL_INSTANTIATES;
}

/* The names that the call at index i of the macro's body passes on. */
static void
args_in_body(const struct model *m, const struct model_macro_ref *refs, uint32_t n, uint32_t i,
	const uint32_t *args, uint32_t *ret)
{
	for (uint32_t j = i + 1; j < n && j < i + 64; j++)
		if (is_argument(refs[j].relation, refs[j].arg) && j - i == refs[j].call) {
			bool param = refs[j].flags & FACT_PARAM;
			unsigned k = refs[j].param;
			ret[refs[j].arg - 1] = !param		    ? refs[j].name
					       : k && k <= MAX_ARGS ? args[k - 1]
								    : 0;
		}
	(void)m;
}

static void
expand_ref(struct expansion *x, const struct model_macro_ref *refs, uint32_t n, uint32_t i,
	const uint32_t *args, unsigned depth)
{
	struct resolver *r = x->r;
	const struct model_macro_ref *ref = &refs[i];
	uint32_t name = ref->name;
	if (ref->flags & FACT_PARAM)
		name = ref->param && ref->param <= MAX_ARGS ? args[ref->param - 1] : 0;
	if (!name || (ref->relation == REL_READS && (ref->flags & FACT_PARAM)) || !r->steps)
		return;
	r->steps--;
	struct candidates c;
	find(r->m, x->file_entity, name, REL_CALLS, &c);
	for (size_t k = 0; k < c.n && k < MAX_ALTERNATIVES; k++) {
		const struct model_entity *e = &r->m->entities[c.v[k]];
		if (e->kind == KIND_MACRO) {
			uint32_t inner[MAX_ARGS] = {0};
			bool called = ref->relation == REL_CALLS;
			if (called != ((e->flags & FACT_HAS_PARAMS) != 0) && !called)
				continue;
			if (called)
				args_in_body(r->m, refs, n, i, args, inner);
			expand(x, c.v[k], inner, depth + 1);
		} else if (ref->relation == REL_CALLS && e->kind != KIND_TYPE) {
			resolver_emit(r, x->ref, REL_CALLS, c.v[k], PROV_MACRO, 90 / (unsigned)c.n);
		}
	}
}

static void
expand(struct expansion *x, uint32_t macro, const uint32_t *args, unsigned depth)
{
	const struct model *m = x->r->m;
	if (depth > MAX_EXPANSION)
		return;
	const struct model_macro_ref *refs = m->macro_refs + m->entities[macro].body;
	uint32_t n = 0;
	while (m->entities[macro].body && !refs[n++].last)
		;
	uint32_t cond = x->r->cond;
	if (m->entities[macro].cond)
		x->r->cond = m->entities[macro].cond;
	/* "#define print Print" and print(x): the one name that it stands for is called. */
	bool renames = n == 1 && !depth && x->ref->relation == REL_CALLS &&
		       refs[0].relation == REL_READS &&
		       !(m->entities[macro].flags & FACT_HAS_PARAMS);
	struct model_macro_ref called = n ? refs[0] : (struct model_macro_ref){0};
	called.relation = REL_CALLS;
	if (renames)
		expand_ref(x, &called, 1, 0, args, depth);
	for (uint32_t i = 0; i < n && !renames; i++)
		expand_ref(x, refs, n, i, args, depth);
	x->r->cond = cond;
}

/* The names that a call in the source gives as arguments. */
static void
args_of_call(struct resolver *r, const struct fact_ref *ref, uint32_t *ret)
{
	size_t at = (size_t)(ref - r->f->refs);
	for (size_t i = at + 1; i < r->f->nrefs && i < at + 256; i++) {
		const struct fact_ref *a = &r->f->refs[i];
		if (is_argument(a->relation, a->arg) && i - at == a->call)
			ret[a->arg - 1] = resolver_name(r, a->name);
	}
}

static void
follow_macro(struct resolver *r, const struct fact_ref *ref, uint32_t macro)
{
	uint32_t args[MAX_ARGS] = {0};
	struct expansion x = {r, ref, r->file->entity};
	if (ref->relation == REL_CALLS)
		args_of_call(r, ref, args);
	expand(&x, macro, args, 0);
}

/* ---- references ---- */

static enum graph_relation
relation_to(const struct model_entity *e, const struct fact_ref *ref)
{
	if (e->kind == KIND_MACRO)
		return REL_EXPANDS;
	if (graph_kind_is_code(e->kind) && ref->relation == REL_READS)
		return REL_TAKES_ADDRESS;
	if (e->kind == KIND_TYPE && ref->relation == REL_CALLS)
		return REL_INSTANTIATES;
	return (enum graph_relation)ref->relation;
}

/* The type, as it is written, of a variable of the function around, or of its class's field; 0: none is known. */
static uint32_t
declared_type(const struct resolver *r, const struct fact_ref *ref, uint32_t name)
{
	const struct model *m = r->m;
	uint32_t scope = r->file->entity + ref->from, type = 0;
	for (unsigned i = 0; name && scope && !type && i < 16; i++) {
		uint32_t l = model_first(m, SPACE_BIND, scope, name);
		if (l)
			type = m->binds[model_value(m, l)].value;
		uint32_t field =
			type ? 0 : model_first(m, SPACE_CHILD, m->entities[scope].home, name);
		if (field)
			type = m->entities[model_value(m, field)].type;
		scope = m->entities[scope].kind == KIND_FILE ? 0 : m->entities[scope].parent;
	}
	return type;
}

/* What an argument is said to be of, "=int", or is declared as; empty: that is not known. */
static struct str
type_of_argument(const struct resolver *r, const struct fact_ref *ref, struct str told)
{
	if (str_eq(told, "=String"))
		return STR("char");
	if (str_eq(told, "=boolean"))
		return STR("bool");
	if (told.n > 1 && told.p[0] == '=')
		return (struct str){told.p + 1, told.n - 1};
	const uint32_t name = model_name_if_any(r->m, told);
	const uint32_t type = name ? declared_type(r, ref, name) : 0;
	return type ? model_text(r->m, type) : (struct str){"", 0};
}

static uint32_t
next_parameter(const struct model *m, uint32_t function, uint32_t after)
{
	for (uint32_t i = after + 1; i < m->n && m->entities[i].parent == function; i++)
		if (m->entities[i].kind == KIND_PARAMETER)
			return i;
	return 0;
}

/* How many parameters have the very types of the arguments, as far as these are known. */
static unsigned
same_types(const struct model *m, uint32_t function, const struct str types[MAX_ARGS])
{
	unsigned same = 0, n = 0;
	for (uint32_t i = next_parameter(m, function, function); i && n < MAX_ARGS;
		i = next_parameter(m, function, i), n++) {
		const struct str is = m->entities[i].type ? model_text(m, m->entities[i].type)
							  : (struct str){"", 0};
		same += is.n && is.n == types[n].n && memcmp(is.p, types[n].p, is.n) == 0;
	}
	return same;
}

/* Of the same types, as they are written; what has none is like nothing. */
static bool
have_same_parameters(const struct model *m, uint32_t a, uint32_t b)
{
	uint32_t i = next_parameter(m, a, a), k = next_parameter(m, b, b);
	while (i && k && m->entities[i].type && m->entities[i].type == m->entities[k].type) {
		i = next_parameter(m, a, i);
		k = next_parameter(m, b, k);
	}
	return !i && !k;
}

/*
 * Of two of one class with the same parameters one is for what is const: a function that calls its own name so means the other.  With
 * other parameters it may well mean itself.
 */
static void
drop_caller(const struct resolver *r, const struct fact_ref *ref, struct candidates *c)
{
	const struct model *m = r->m;
	const uint32_t caller = r->file->entity + ref->from;
	if (c->n == 2 && (c->v[0] == caller || c->v[1] == caller) &&
		m->entities[c->v[0]].home == m->entities[c->v[1]].home &&
		have_same_parameters(m, c->v[0], c->v[1])) {
		c->v[0] = c->v[0] == caller ? c->v[1] : c->v[0];
		c->n = 1;
	}
}

/* Of several functions that a call of C++ may mean, those whose parameters are most like its arguments. */
static void
keep_alike(const struct resolver *r, const struct fact_ref *ref, struct candidates *c)
{
	struct str types[MAX_ARGS] = {{0}};
	unsigned alike[RESOLVE_CANDIDATES], most = 0;
	size_t to = 0;
	if (c->n < 2 || r->file->lang != LANG_CPP || ref->relation != REL_CALLS)
		return;
	struct str all = ref->call ? r->f->strings[ref->call] : (struct str){"", 0}, one;
	for (size_t i = 0; i < MAX_ARGS && str_next(&all, ';', &one); i++)
		types[i] = type_of_argument(r, ref, one);
	for (size_t i = 0; i < c->n; i++) {
		alike[i] = same_types(r->m, c->v[i], types);
		most = alike[i] > most ? alike[i] : most;
	}
	for (size_t i = 0; i < c->n; i++)
		if (alike[i] == most)
			c->v[to++] = c->v[i];
	c->n = to;
	drop_caller(r, ref, c);
}

/* Those that take as many arguments as the call has, if one does. */
static void
keep_fitting(const struct resolver *r, const struct fact_ref *ref, struct candidates *c)
{
	size_t fitting = 0;
	for (size_t i = 0; ref->arg && i < c->n; i++)
		fitting += resolver_parameters(r, c->v[i]) + 1u == ref->arg;
	if (!fitting || ref->relation != REL_CALLS)
		return;
	size_t to = 0;
	for (size_t i = 0; i < c->n; i++)
		if (resolver_parameters(r, c->v[i]) + 1u == ref->arg)
			c->v[to++] = c->v[i];
	c->n = to;
	keep_alike(r, ref, c);
}

/* What the namespaces around have comes first. */
static void
find_around(
	const struct resolver *r, const struct fact_ref *ref, uint32_t name, struct candidates *c)
{
	const struct model *m = r->m;
	enum graph_relation relation = (enum graph_relation)ref->relation;
	uint32_t scope = r->file->entity + ref->from;
	for (unsigned i = 0; r->file->lang == LANG_CPP && i < 16; i++) {
		c->n = 0;
		if (m->entities[scope].kind == KIND_FILE)
			break;
		if (m->entities[scope].kind == KIND_MODULE)
			gather(m, SPACE_CHILD, scope, name, relation, c);
		drop_declarations(m, c);
		if (c->n)
			return;
		scope = m->entities[scope].parent;
	}
	find(m, r->file->entity, name, relation, c);
}

static bool emit_methods(struct resolver *r, const struct fact_ref *ref, uint32_t type,
	uint32_t name, unsigned depth);

static void
resolve_name(struct resolver *r, const struct fact_ref *ref, uint32_t name)
{
	struct candidates c;
	find_around(r, ref, name, &c);
	keep_fitting(r, ref, &c);
	bool in_macro = r->m->entities[r->file->entity + ref->from].kind == KIND_MACRO;
	size_t n = 0;
	for (size_t i = 0; i < c.n && c.n <= MAX_ALTERNATIVES; i++) {
		const struct model_entity *e = &r->m->entities[c.v[i]];
		/* A macro with parameters is one only where it is called. */
		if (e->kind == KIND_MACRO && (e->flags & FACT_HAS_PARAMS) &&
			ref->relation != REL_CALLS)
			continue;
		if (e->kind == KIND_TYPE && ref->relation == REL_CALLS && r->file->lang == LANG_C) {
			n++; /* (type)(x) is no call */
			continue;
		}
		bool local_file = e->file == (uint32_t)(r->file - r->m->files) + 1;
		unsigned conf = (local_file ? 98 : c.n == 1 ? 95 : 90) / (unsigned)c.n;
		resolver_emit(r, ref, relation_to(e, ref), c.v[i], PROV_RESOLVED, conf);
		n++;
		if (e->kind == KIND_TYPE && ref->relation == REL_INSTANTIATES)
			(void)emit_methods(r, ref, c.v[i], e->name, 8);
		if (e->kind == KIND_MACRO && !in_macro)
			follow_macro(r, ref, c.v[i]);
	}
	if (!n)
		resolver_unresolved(r, ref);
}

/* A call through a field: to what was put into fields of that name. */
static bool
resolve_stored(struct resolver *r, const struct fact_ref *ref, uint32_t name)
{
	uint32_t found[10];
	size_t n = 0;
	for (uint32_t l = model_first(r->m, SPACE_STORED, 0, name); l && r->steps;
		l = model_next(r->m, l)) {
		struct candidates c;
		const struct model_stored *s = &r->m->stored[model_value(r->m, l)];
		r->steps--;
		find(r->m, s->file, s->function, REL_TAKES_ADDRESS, &c);
		bool there = c.n != 1;
		for (size_t i = 0; i < n && !there; i++)
			there = found[i] == c.v[0];
		if (there)
			continue;
		if (n == sizeof(found) / sizeof(*found))
			return false;
		found[n++] = c.v[0];
	}
	for (size_t i = 0; i < n; i++)
		resolver_emit(r, ref, REL_MAY_CALL, found[i], PROV_RESOLVED, 70 / (unsigned)n);
	return n > 0;
}

static uint32_t
path_below(const struct model *m, struct str dir, const char *below, struct str path)
{
	OWN(buf) struct buf b = {0};
	if (!str_eq(dir, "."))
		buf_printf(&b, STR_FMT "/", STR_ARG(dir));
	buf_puts(&b, below);
	buf_add_str(&b, path);
	uint32_t name = model_name_if_any(m, buf_str(&b));
	uint32_t l = name ? model_first(m, SPACE_PATH, 0, name) : 0;
	return l ? model_value(m, l) : 0;
}

/* The path of an #include: beside the file that has it, else below a directory above, or its include/. */
static void
resolve_include(struct resolver *r, const struct fact_ref *ref)
{
	const struct model *m = r->m;
	struct str path = r->f->strings[ref->name];
	struct str dir = model_text(m, m->entities[r->file->dir].name);
	while (str_starts(path, "../") && !str_eq(dir, ".")) {
		path = (struct str){path.p + 3, path.n - 3};
		const char *slash = memrchr(dir.p, '/', dir.n);
		dir = slash ? (struct str){dir.p, (size_t)(slash - dir.p)} : STR(".");
	}
	for (unsigned up = 0; up < 16; up++) {
		uint32_t found = path_below(m, dir, "", path);
		if (!found)
			found = path_below(m, dir, "include/", path);
		if (found) {
			resolver_emit(r, ref, REL_IMPORTS, found, PROV_RESOLVED, up ? 85 : 98);
			return;
		}
		if (str_eq(dir, "."))
			break;
		const char *slash = memrchr(dir.p, '/', dir.n);
		dir = slash ? (struct str){dir.p, (size_t)(slash - dir.p)} : STR(".");
	}
	resolver_unresolved(r, ref);
}

/* "Square" of "geo::Square". */
static struct str
last_word(struct str s)
{
	size_t i = s.n;
	while (i && s.p[i - 1] != ':')
		i--;
	return (struct str){s.p + i, s.n - i};
}

/* The one type of that name; 0: there is none, or there are several. */
static uint32_t
type_named(struct resolver *r, struct str name)
{
	struct candidates c = {0};
	uint32_t id = model_name_if_any(r->m, last_word(name));
	if (id)
		find(r->m, r->file->entity, id, REL_HAS_TYPE, &c);
	return c.n == 1 ? c.v[0] : 0;
}

#define TYPE_OUTSIDE UINT32_MAX

/*
 * The type of a variable of the function around, or of its class's field; 0: not known; TYPE_OUTSIDE: known, and not
 * one of those here.
 */
static uint32_t
type_of_receiver(struct resolver *r, const struct fact_ref *ref, struct str receiver)
{
	struct model *m = r->m;
	const uint32_t scope = r->file->entity + ref->from;
	if (str_eq(receiver, "this"))
		return m->entities[m->entities[scope].home].kind == KIND_TYPE
			       ? m->entities[scope].home
			       : 0;
	const uint32_t type = declared_type(r, ref, model_name_if_any(m, receiver));
	if (!type || str_eq(model_text(m, type), "auto"))
		return 0;
	uint32_t found = type_named(r, model_text(m, type));
	return found ? found : TYPE_OUTSIDE;
}

static bool
is_method(const struct model *m, uint32_t id)
{
	return m->entities[id].kind == KIND_METHOD || m->entities[id].kind == KIND_FUNCTION;
}

/* The methods of that name, their definitions rather than their declarations; those of the first base that has any. */
static bool
emit_methods(struct resolver *r, const struct fact_ref *ref, uint32_t type, uint32_t name,
	unsigned depth)
{
	const struct model *m = r->m;
	struct candidates c = {0};
	unsigned looked = 0;
	for (uint32_t l = model_first(m, SPACE_CHILD, type, name);
		l && c.n < RESOLVE_CANDIDATES && looked++ < 64; l = model_next(m, l))
		if (is_method(m, model_value(m, l)))
			c.v[c.n++] = model_value(m, l);
	drop_declarations(m, &c);
	keep_fitting(r, ref, &c);
	const enum graph_relation relation = c.n > 2 ? REL_MAY_CALL : REL_CALLS;
	for (size_t i = 0; i < c.n; i++)
		resolver_emit(r, ref, relation, c.v[i], PROV_RESOLVED, 90 / (unsigned)c.n);
	for (uint32_t l = c.n || depth > 8 ? 0 : model_first(m, SPACE_BASE, type, 0); l && r->steps;
		l = model_next(m, l)) {
		r->steps--;
		uint32_t base = type_named(r, model_text(m, m->bases[model_value(m, l)].name));
		if (base && base != type && emit_methods(r, ref, base, name, depth + 1))
			return true;
	}
	return c.n > 0;
}

/* n::f */
static bool
emit_in_namespace(
	struct resolver *r, const struct fact_ref *ref, struct str receiver, uint32_t name)
{
	const struct model *m = r->m;
	uint32_t id = model_name_if_any(m, last_word(receiver));
	struct candidates c = {0};
	for (uint32_t l = id ? model_first(m, SPACE_GLOBAL, LANG_C, id) : 0, i = 0; l && i < 64;
		l = model_next(m, l), i++)
		if (m->entities[model_value(m, l)].kind == KIND_MODULE)
			gather(m, SPACE_CHILD, model_value(m, l), name, REL_CALLS, &c);
	drop_declarations(m, &c);
	keep_fitting(r, ref, &c);
	for (size_t i = 0; i < c.n && c.n <= MAX_ALTERNATIVES; i++)
		resolver_emit(r, ref, relation_to(&m->entities[c.v[i]], ref), c.v[i], PROV_RESOLVED,
			90 / (unsigned)c.n);
	return c.n > 0;
}

/* A call through a receiver in C++; false: nothing is known of it. */
static bool
resolve_member(struct resolver *r, const struct fact_ref *ref, uint32_t name)
{
	struct str receiver = r->f->strings[ref->receiver];
	uint32_t type = ref->receiver ? type_of_receiver(r, ref, receiver) : 0;
	if (!type && ref->receiver) /* A::f */
		type = type_named(r, receiver);
	if (type == TYPE_OUTSIDE) {
		resolver_unresolved(r, ref);
		return true;
	}
	if (type)
		return emit_methods(r, ref, type, name, 0);
	return ref->receiver && emit_in_namespace(r, ref, receiver, name);
}

void
resolve_c_ref(struct resolver *r, const struct fact_ref *ref)
{
	if (ref->relation == REL_IMPORTS) {
		resolve_include(r, ref);
		return;
	}
	if (ref->flags & (FACT_LOCAL | FACT_PARAM))
		return;
	struct str text = r->f->strings[ref->name], last = last_word(text);
	uint32_t name =
		last.n < text.n ? model_name_if_any(r->m, last) : resolver_name(r, ref->name);
	if (!name) {
		resolver_unresolved(r, ref);
		return;
	}
	if (!(ref->flags & FACT_MEMBER)) {
		/* A method calls the others of its class by their bare names. */
		const struct model_entity *from = &r->m->entities[r->file->entity + ref->from];
		if (ref->relation == REL_CALLS && from->kind == KIND_METHOD &&
			r->m->entities[from->home].kind == KIND_TYPE &&
			emit_methods(r, ref, from->home, name, 0))
			return;
		resolve_name(r, ref, name);
		return;
	}
	if (r->file->lang == LANG_CPP && resolve_member(r, ref, name))
		return;
	if (resolve_stored(r, ref, name))
		return;
	if (r->file->lang != LANG_CPP || !resolve_by_method_name(r, ref))
		resolver_unresolved(r, ref);
}
