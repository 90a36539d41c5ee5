#include "graph/values.h"

#include "graph/modules.h"

#include <string.h>

#define MAX_DEPTH 48 /* of an expression and what it leads to */
#define MAX_BASES 32
#define STEPS_FREE 1000000u
#define STEPS_PER_NODE 40u
#define NOBODY UINT32_MAX

/* A value: what it is in the four highest bits, and of which. */
enum tag {
	TAG_ENTITY = 1, /* a function, a type, a file or directory as a module */
	TAG_INSTANCE,	/* an object of a type */
	TAG_BOUND,	/* a pair: a function and the object before its dot */
	TAG_OBJECT,	/* the list or the like that a node makes */
	TAG_REST,	/* what a parameter takes of the rest */
	TAG_SLICE,	/* a pair: an object and the number of its first item */
	TAG_GENERATOR,	/* of a function */
	TAG_SUPER,	/* a pair: the type around, and the object */
	TAG_KEY,	/* a literal, by its name */
	TAG_PROPERTY,	/* of a function */
	TAG_STATIC,
	TAG_CLASS,
	TAG_OUTSIDE,
};
#define PAYLOAD 0x0fffffffu

struct set {
	uint32_t v[VALUES_MAX];
	uint8_t n;
	bool many, given;
};

enum cell_kind {
	CELL_BIND = 1,
	CELL_PARAM,
	CELL_FIELD,
	CELL_ITEM,
	CELL_KEYS,
	CELL_RETURN,
	CELL_YIELD,
	CELL_SAME
};
#define ANY_ITEM 0u	      /* names of cells of items: one of them, nobody knows which */
#define EVERY_ITEM UINT32_MAX /* all of them */

struct cell {
	uint32_t scope, name;
	uint8_t kind;
	struct set set;
	uint32_t *readers; /* roots */
	size_t nreaders, cap_readers;
};

struct pair {
	uint32_t a, b;
};

struct mro {
	uint32_t first, n; /* in `lines` */
	bool outside, unknown;
};

struct values {
	struct model *m;
	struct resolver r; /* for the modules of imports */
	struct cell *cells;
	size_t ncells, cap_cells;
	uint32_t *index;
	size_t nindex;
	struct pair *pairs;
	size_t npairs, cap_pairs;
	uint32_t *pair_index;
	size_t npair_index;
	uint32_t *mro_of; /* by entity: index + 1 of mros; NOBODY: it is being made */
	struct mro *mros;
	size_t nmros, cap_mros;
	uint32_t *lines;
	size_t nlines, cap_lines;
	uint8_t *bound;	     /* by name: is it a name of anything but an attribute? */
	uint32_t *module_of; /* by bind: NOBODY: not asked for yet; a value */
	uint32_t *scopes;    /* of roots, by node */
	uint32_t *queue;
	size_t head, nqueue, cap_queue;
	uint8_t *queued; /* by node */
	uint32_t unit;	 /* the root that is looked at; NOBODY: nothing is added */
	uint64_t steps;
	uint32_t numbers[VALUES_MAX];
	uint32_t init, call, iter, next, enter, getitem, self, cls;
};

struct place { /* where an expression stands */
	uint32_t scope, root;
};

static void eval(
	struct values *v, const struct place *at, uint32_t node, struct set *out, unsigned depth);
static void attribute(
	struct values *v, uint32_t of, uint32_t name, struct set *out, unsigned depth);

static uint32_t
value(enum tag t, uint32_t payload)
{
	return payload > PAYLOAD ? 0 : (uint32_t)t << 28 | payload;
}

static enum tag
tag(uint32_t v)
{
	return (enum tag)(v >> 28);
}

static const struct model_entity *
entity(const struct values *v, uint32_t id)
{
	return &v->m->entities[id];
}

/* ---- sets ---- */

static bool
add(struct set *s, uint32_t value)
{
	if (!value)
		return false;
	for (unsigned i = 0; i < s->n; i++)
		if (s->v[i] == value)
			return false;
	if (s->n == VALUES_MAX) {
		bool grew = !s->many;
		s->many = true;
		return grew;
	}
	s->v[s->n++] = value;
	return true;
}

static bool
add_all(struct set *to, const struct set *from)
{
	bool grew = (from->many && !to->many) || (from->given && !to->given && from->n);
	to->many |= from->many;
	to->given |= from->given && from->n;
	for (unsigned i = 0; i < from->n; i++)
		grew |= add(to, from->v[i]);
	return grew;
}

/* ---- cells ---- */

static size_t
cell_place(const struct values *v, enum cell_kind kind, uint32_t scope, uint32_t name)
{
	uint64_t h = ((uint64_t)scope << 32 | name) ^ ((uint64_t)kind << 56);
	h *= 0x9e3779b97f4a7c15u;
	size_t i = (h ^ (h >> 29)) & (v->nindex - 1);
	for (; v->index[i]; i = (i + 1) & (v->nindex - 1)) {
		const struct cell *c = &v->cells[v->index[i] - 1];
		if (c->scope == scope && c->name == name && c->kind == kind)
			break;
	}
	return i;
}

static void
grow_index(struct values *v)
{
	free(v->index);
	v->nindex = v->nindex ? v->nindex * 2 : 4096;
	v->index = mem_zalloc(v->nindex, sizeof(*v->index));
	for (size_t i = 0; i < v->ncells; i++) {
		const struct cell *c = &v->cells[i];
		v->index[cell_place(v, c->kind, c->scope, c->name)] = (uint32_t)i + 1;
	}
}

static struct cell *
cell_find(struct values *v, enum cell_kind kind, uint32_t scope, uint32_t name, bool make)
{
	size_t at = cell_place(v, kind, scope, name);
	if (v->index[at])
		return &v->cells[v->index[at] - 1];
	if (!make)
		return NULL;
	v->cells = mem_grow(v->cells, v->ncells, &v->cap_cells, sizeof(*v->cells));
	v->cells[v->ncells] = (struct cell){.scope = scope, .name = name, .kind = (uint8_t)kind};
	v->index[at] = (uint32_t)++v->ncells;
	if (v->ncells * 2 > v->nindex)
		grow_index(v);
	return &v->cells[v->ncells - 1];
}

static void
enqueue(struct values *v, uint32_t root)
{
	if (v->queued[root])
		return;
	v->queued[root] = 1;
	v->queue = mem_grow(v->queue, v->nqueue, &v->cap_queue, sizeof(*v->queue));
	v->queue[v->nqueue++] = root;
}

static void
cell_read(struct values *v, enum cell_kind kind, uint32_t scope, uint32_t name, struct set *out)
{
	struct cell *c = cell_find(v, kind, scope, name, v->unit != NOBODY);
	if (!c)
		return;
	(void)add_all(out, &c->set);
	if (v->unit == NOBODY)
		return;
	size_t n = c->nreaders, from = n > 24 ? n - 24 : 0;
	for (size_t i = from; i < n; i++)
		if (c->readers[i] == v->unit)
			return;
	c->readers = mem_grow(c->readers, n, &c->cap_readers, sizeof(*c->readers));
	c->readers[c->nreaders++] = v->unit;
}

static void
cell_add(struct values *v, enum cell_kind kind, uint32_t scope, uint32_t name, const struct set *in)
{
	if (v->unit == NOBODY || (!in->n && !in->many))
		return;
	struct cell *c = cell_find(v, kind, scope, name, true);
	if (!add_all(&c->set, in))
		return;
	for (size_t i = 0; i < c->nreaders; i++)
		enqueue(v, c->readers[i]);
	if (v->steps > c->nreaders)
		v->steps -= c->nreaders;
}

static void
item_add(struct values *v, uint32_t object, uint32_t key, const struct set *in)
{
	cell_add(v, CELL_ITEM, object, key, in);
	cell_add(v, CELL_ITEM, object, EVERY_ITEM, in);
}

/* ---- pairs ---- */

static uint32_t
pair_of(struct values *v, enum tag t, uint32_t a, uint32_t b)
{
	if (v->npairs * 2 >= v->npair_index) {
		free(v->pair_index);
		v->npair_index = v->npair_index ? v->npair_index * 2 : 1024;
		v->pair_index = mem_zalloc(v->npair_index, sizeof(*v->pair_index));
		for (uint32_t i = 0; i < v->npairs; i++) {
			size_t k = (v->pairs[i].a * 31u + v->pairs[i].b) * 0x9e3779b9u &
				   (v->npair_index - 1);
			while (v->pair_index[k])
				k = (k + 1) & (v->npair_index - 1);
			v->pair_index[k] = i + 1;
		}
	}
	size_t k = (a * 31u + b) * 0x9e3779b9u & (v->npair_index - 1);
	for (; v->pair_index[k]; k = (k + 1) & (v->npair_index - 1)) {
		const struct pair *p = &v->pairs[v->pair_index[k] - 1];
		if (p->a == a && p->b == b)
			return value(t, v->pair_index[k] - 1);
	}
	v->pairs = mem_grow(v->pairs, v->npairs, &v->cap_pairs, sizeof(*v->pairs));
	v->pairs[v->npairs] = (struct pair){a, b};
	v->pair_index[k] = (uint32_t)++v->npairs;
	return value(t, (uint32_t)v->npairs - 1);
}

/* ---- parameters ---- */

static bool
is_code(const struct values *v, uint32_t id)
{
	return graph_kind_is_code(entity(v, id)->kind);
}

static bool
is_parameter(const struct values *v, uint32_t id, uint32_t function)
{
	return id < v->m->n && entity(v, id)->parent == function &&
	       entity(v, id)->kind == KIND_PARAMETER;
}

static uint32_t
parameter_named(const struct values *v, uint32_t function, uint32_t name)
{
	for (uint32_t p = function + 1; is_parameter(v, p, function); p++)
		if (entity(v, p)->name == name)
			return p;
	return 0;
}

static uint32_t
type_of_method(const struct values *v, uint32_t function)
{
	uint32_t home = entity(v, function)->home;
	return is_code(v, function) && entity(v, home)->kind == KIND_TYPE ? home : 0;
}

/* The first one of a method: an object of its type, or of one below it, or the type. */
static void
read_parameter(struct values *v, uint32_t p, struct set *out)
{
	const struct model_entity *e = entity(v, p);
	uint32_t type = p == e->parent + 1 ? type_of_method(v, e->parent) : 0;
	bool decorated = entity(v, e->parent)->flags & FACT_DECORATED;
	struct set given = {0};
	if (type && e->name == v->cls)
		(void)add(out, value(TAG_ENTITY, type));
	else if (type && (e->name == v->self || !decorated))
		(void)add(out, value(TAG_INSTANCE, type));
	cell_read(v, CELL_PARAM, e->parent, e->name, &given);
	given.given = !type;
	(void)add_all(out, &given);
}

/* ---- modules ---- */

static uint32_t
module_value(struct values *v, uint32_t file_of, struct str name)
{
	const struct model_file *from = &v->m->files[entity(v, file_of)->file - 1];
	v->r.file = from;
	v->r.steps = RESOLVE_STEPS;
	struct thing t = modules_find(&v->r, from, name);
	return t.kind == THING_ENTITY	 ? value(TAG_ENTITY, t.id)
	       : t.kind == THING_OUTSIDE ? value(TAG_OUTSIDE, 1)
					 : 0;
}

static uint32_t
module_of_bind(struct values *v, uint32_t bind)
{
	if (v->module_of[bind] == NOBODY) {
		const struct model_bind *b = &v->m->binds[bind];
		v->module_of[bind] = module_value(v, b->scope, model_text(v->m, b->value));
	}
	return v->module_of[bind];
}

static void
in_directory(struct values *v, uint32_t dir, uint32_t name, struct set *out)
{
	static const char *const suffixes[] = {"/__init__.py", ".py", "", NULL};
	OWN(buf) struct buf b = {.max = 8192};
	uint32_t e = modules_first_with_suffix(&v->r,
		modules_join(&b, model_text(v->m, entity(v, dir)->name), model_text(v->m, name)),
		suffixes);
	(void)add(out, e ? value(TAG_ENTITY, e) : 0);
}

static void
imported(struct values *v, uint32_t bind, struct set *out, unsigned depth)
{
	const struct model_bind *b = &v->m->binds[bind];
	uint32_t module = module_of_bind(v, bind);
	if (b->kind == BIND_IMPORT || tag(module) != TAG_ENTITY) {
		(void)add(out, module);
		return;
	}
	unsigned before = out->n;
	attribute(v, module, b->member, out, depth + 1);
	if (out->n > before)
		return;
	/* "from package import module" */
	OWN(buf) struct buf whole = {.max = 4096};
	struct str from = model_text(v->m, b->value);
	buf_add_str(&whole, from);
	if (!str_ends(from, "."))
		buf_putc(&whole, '.');
	buf_add_str(&whole, model_text(v->m, b->member));
	uint32_t sub = module_value(v, b->scope, buf_str(&whole));
	(void)add(out, tag(sub) == TAG_ENTITY ? sub : 0);
}

/* ---- names ---- */

/* What the statements that bind the name say; true: a sure one stands before, so that nothing else counts. */
static bool
read_binds(struct values *v, uint32_t scope, uint32_t name, uint32_t before, bool *declared,
	struct set *out)
{
	uint32_t nodes[32], n = 0, from = 0;
	bool sure = false;
	for (uint32_t l = model_first(v->m, SPACE_VALUE, scope, name); l; l = model_next(v->m, l)) {
		uint32_t node = model_value(v->m, l);
		*declared = true;
		if (node >= before && n)
			break;
		if (node < before && before != NOBODY && v->m->values[node].op == VALUE_BIND) {
			n = 0;
			sure = true;
		}
		if (n < sizeof(nodes) / sizeof(*nodes))
			nodes[n++] = node;
	}
	for (uint32_t i = from; i < n; i++)
		cell_read(v, CELL_BIND, nodes[i], 0, out);
	return sure;
}

/* What the scope has under the name, before the statement `before` if that is not NOBODY; false: nothing of that name. */
static bool
read_scope(struct values *v, uint32_t scope, uint32_t name, uint32_t before, struct set *out,
	unsigned depth)
{
	struct model *m = v->m;
	bool declared = false;
	if (!name || depth > MAX_DEPTH || !v->steps)
		return false;
	v->steps--;
	if (read_binds(v, scope, name, before, &declared, out))
		return true;
	uint32_t p = is_code(v, scope) ? parameter_named(v, scope, name) : 0;
	if (p) {
		read_parameter(v, p, out);
		return true;
	}
	for (uint32_t l = model_first(m, SPACE_CHILD, scope, name); l; l = model_next(m, l)) {
		uint32_t c = model_value(m, l);
		const struct model_entity *e = entity(v, c);
		if ((!graph_kind_is_code(e->kind) && e->kind != KIND_TYPE) ||
			e->flags & FACT_DECORATED)
			continue;
		declared = true;
		(void)add(out, value(TAG_ENTITY, c));
	}
	for (uint32_t l = model_first(m, SPACE_BIND, scope, name); l; l = model_next(m, l)) {
		uint8_t kind = m->binds[model_value(m, l)].kind;
		if (kind != BIND_IMPORT && kind != BIND_MEMBER)
			continue;
		declared = true;
		imported(v, model_value(m, l), out, depth + 1);
	}
	return declared;
}

static bool
read_module(struct values *v, uint32_t file, uint32_t name, uint32_t before, struct set *out,
	unsigned depth)
{
	if (read_scope(v, file, name, before, out, depth))
		return true;
	for (uint32_t l = model_first(v->m, SPACE_BIND, file, 0); l && depth < MAX_DEPTH;
		l = model_next(v->m, l)) {
		uint32_t module = module_of_bind(v, model_value(v->m, l)), to = module & PAYLOAD;
		if (tag(module) == TAG_ENTITY && to != file && entity(v, to)->kind == KIND_FILE &&
			read_module(v, to, name, NOBODY, out, depth + 8))
			return true;
	}
	return false;
}

static bool
read_name(struct values *v, const struct place *at, uint32_t name, bool loop, struct set *out,
	unsigned depth)
{
	uint32_t before = loop ? NOBODY : at->root;
	if (!v->bound[name])
		return false;
	for (uint32_t s = at->scope, i = 0; s && i < 64; i++) {
		const struct model_entity *e = entity(v, s);
		if (e->kind == KIND_FILE)
			return read_module(v, s, name, before, out, depth + 1);
		if ((e->kind != KIND_TYPE || !i) && read_scope(v, s, name, before, out, depth + 1))
			return true;
		before = NOBODY;
		s = e->parent;
	}
	return false;
}

/* "a.b" */
static void
read_chain(struct values *v, uint32_t scope, struct str chain, struct set *out, unsigned depth)
{
	const struct place at = {scope, NOBODY};
	struct str part;
	struct set here = {0};
	if (depth > MAX_DEPTH || !str_next(&chain, '.', &part))
		return;
	(void)read_name(v, &at, model_name_if_any(v->m, part), true, &here, depth + 1);
	while (str_next(&chain, '.', &part)) {
		struct set next = {0};
		for (unsigned i = 0; i < here.n; i++)
			attribute(v, here.v[i], model_name_if_any(v->m, part), &next, depth + 1);
		here = next;
	}
	(void)add_all(out, &here);
}

/* ---- types ---- */

/* The next one of the merged lines: the first head that stands in no tail. */
static uint32_t
next_of_merge(const struct values *v, struct mro *heads, unsigned n, const uint32_t *direct,
	unsigned ndirect, unsigned *at)
{
	for (unsigned i = 0; i <= n; i++) {
		uint32_t c = i < n ? (heads[i].n ? v->lines[heads[i].first] : 0)
				   : (*at < ndirect ? direct[*at] : 0);
		bool tail = !c;
		for (unsigned k = 0; k < n && !tail; k++)
			for (uint32_t j = 1; j < heads[k].n && !tail; j++)
				tail = v->lines[heads[k].first + j] == c;
		for (unsigned k = *at + 1; k < ndirect && !tail; k++)
			tail = direct[k] == c;
		if (!tail)
			return c;
	}
	return 0;
}

static struct mro mro_of(struct values *v, uint32_t type, unsigned depth);

static void
merge_bases(struct values *v, struct mro *to, const uint32_t *direct, unsigned n, unsigned depth)
{
	struct mro heads[MAX_BASES];
	unsigned at = 0;
	uint32_t line[64], k = 0;
	for (unsigned i = 0; i < n; i++) {
		heads[i] = mro_of(v, direct[i], depth + 1);
		to->outside |= heads[i].outside;
		to->unknown |= heads[i].unknown;
	}
	for (uint32_t c; k < 63 && (c = next_of_merge(v, heads, n, direct, n, &at));) {
		line[k++] = c;
		for (unsigned i = 0; i < n; i++)
			if (heads[i].n && v->lines[heads[i].first] == c) {
				heads[i].first++;
				heads[i].n--;
			}
		at += at < n && direct[at] == c;
	}
	to->first = (uint32_t)v->nlines;
	to->n = k + 1;
	for (uint32_t i = 0; i <= k; i++) {
		v->lines = mem_grow(v->lines, v->nlines, &v->cap_lines, sizeof(*v->lines));
		v->lines[v->nlines++] = i ? line[i - 1] : 0;
	}
}

/* The type and its bases in the order in which they are asked (C3, "The Python 2.3 Method Resolution Order"). */
static struct mro
mro_of(struct values *v, uint32_t type, unsigned depth)
{
	if (v->mro_of[type] && v->mro_of[type] != NOBODY)
		return v->mros[v->mro_of[type] - 1];
	struct mro line = {.unknown = true};
	if (v->mro_of[type] == NOBODY || depth > MAX_DEPTH)
		return line;
	v->mro_of[type] = NOBODY;
	line.unknown = false;
	uint32_t direct[MAX_BASES], unit = v->unit;
	unsigned n = 0;
	for (uint32_t l = model_first(v->m, SPACE_BASE, type, 0); l; l = model_next(v->m, l)) {
		struct set s = {0};
		struct str name = model_text(v->m, v->m->bases[model_value(v->m, l)].name);
		if (str_eq(name, "object"))
			continue;
		read_chain(v, entity(v, type)->parent, name, &s, depth + 1);
		bool here = s.n && tag(s.v[0]) == TAG_ENTITY &&
			    entity(v, s.v[0] & PAYLOAD)->kind == KIND_TYPE;
		line.outside |= s.n && tag(s.v[0]) == TAG_OUTSIDE;
		line.unknown |= !here && !(s.n && tag(s.v[0]) == TAG_OUTSIDE);
		if (here && n < MAX_BASES && (s.v[0] & PAYLOAD) != type)
			direct[n++] = s.v[0] & PAYLOAD;
	}
	merge_bases(v, &line, direct, n, depth);
	v->lines[line.first] = type;
	v->unit = unit;
	v->mros = mem_grow(v->mros, v->nmros, &v->cap_mros, sizeof(*v->mros));
	v->mros[v->nmros++] = line;
	v->mro_of[type] = (uint32_t)v->nmros;
	return line;
}

/* A name of the type or of what it is based on, behind `behind` (0: from itself on). */
static void
of_type(struct values *v, uint32_t type, uint32_t behind, uint32_t name, struct set *out,
	struct set *own, unsigned depth)
{
	struct mro line = mro_of(v, type, depth + 1);
	bool on = !behind;
	for (uint32_t i = 0; i < line.n; i++) {
		uint32_t k = v->lines[line.first + i];
		if (!on) {
			on = k == behind;
			continue;
		}
		bool there = read_scope(v, k, name, NOBODY, out, depth + 1);
		unsigned before = own->n;
		cell_read(v, CELL_FIELD, k, name, own);
		if (there || own->n > before)
			return;
	}
	if (line.outside)
		(void)add(own, value(TAG_OUTSIDE, 1));
}

static void invoke(struct values *v, const struct place *at, uint32_t function, uint32_t receiver,
	uint32_t node, struct set *out, unsigned depth);

/* A method gets the object before its dot. */
static void
bind_to(struct values *v, uint32_t object, uint32_t found, struct set *out, unsigned depth)
{
	uint32_t id = found & PAYLOAD;
	bool instance = tag(object) == TAG_INSTANCE;
	switch (tag(found)) {
	case TAG_ENTITY:
		if (instance && is_code(v, id))
			found = pair_of(v, TAG_BOUND, id, object);
		break;
	case TAG_STATIC:
		found = value(TAG_ENTITY, id);
		break;
	case TAG_CLASS:
		found = pair_of(
			v, TAG_BOUND, id, instance ? value(TAG_ENTITY, object & PAYLOAD) : object);
		break;
	case TAG_PROPERTY: {
		const struct place nowhere = {id, NOBODY};
		if (instance)
			invoke(v, &nowhere, id, object, NOBODY, out, depth + 1);
		return;
	}
	default:
		break;
	}
	(void)add(out, found);
}

static void
of_object(struct values *v, uint32_t object, uint32_t type, uint32_t behind, uint32_t name,
	struct set *out, unsigned depth)
{
	struct set found = {0}, own = {0};
	of_type(v, type, behind, name, &found, &own, depth + 1);
	for (unsigned i = 0; i < found.n; i++)
		bind_to(v, object, found.v[i], out, depth + 1);
	out->many |= found.many;
	out->given |= found.given;
	(void)add_all(out, &own);
}

static void
attribute(struct values *v, uint32_t of, uint32_t name, struct set *out, unsigned depth)
{
	uint32_t id = of & PAYLOAD;
	if (depth > MAX_DEPTH || !v->steps || !name)
		return;
	v->steps--;
	switch (tag(of)) {
	case TAG_ENTITY:
		switch (entity(v, id)->kind) {
		case KIND_FILE:
			if (!read_module(v, id, name, NOBODY, out, depth + 1) &&
				str_ends(model_text(v->m, entity(v, id)->name), "__init__.py"))
				in_directory(v, entity(v, id)->parent, name, out);
			cell_read(v, CELL_FIELD, id, name, out);
			break;
		case KIND_DIRECTORY:
			in_directory(v, id, name, out);
			break;
		case KIND_TYPE:
			of_object(v, of, id, 0, name, out, depth + 1);
			break;
		default:
			cell_read(v, CELL_FIELD, id, name, out);
		}
		break;
	case TAG_INSTANCE:
		of_object(v, of, id, 0, name, out, depth + 1);
		break;
	case TAG_SUPER: {
		struct pair p = v->pairs[id];
		of_object(v, p.b, p.b & PAYLOAD, p.a, name, out, depth + 1);
		break;
	}
	case TAG_BOUND:
		break;
	default:
		(void)add(out, value(TAG_OUTSIDE,
				       1)); /* a list, a text, a generator: the language's own */
	}
}

/* ---- calls ---- */

static uint32_t
next_part(const struct values *v, uint32_t node)
{
	return node + v->m->values[node].size;
}

/* The part of that number, from 0; NOBODY: there is none. */
static uint32_t
part(const struct values *v, uint32_t node, unsigned n)
{
	uint32_t end = next_part(v, node), at = node + 1;
	while (n-- && at < end)
		at = next_part(v, at);
	return at < end ? at : NOBODY;
}

static void
eval_part(struct values *v, const struct place *at, uint32_t node, unsigned n, struct set *out,
	unsigned depth)
{
	uint32_t p = part(v, node, n);
	if (p != NOBODY)
		eval(v, at, p, out, depth + 1);
}

static void
items_of(struct values *v, uint32_t object, struct set *out)
{
	if (tag(object) == TAG_SLICE)
		object = v->pairs[object & PAYLOAD].a;
	if (tag(object) == TAG_OBJECT || tag(object) == TAG_REST)
		cell_read(v, CELL_ITEM, object, EVERY_ITEM, out);
	else if (tag(object) == TAG_GENERATOR)
		cell_read(v, CELL_YIELD, object & PAYLOAD, 0, out);
}

/* What the call gives for the parameter; false: nothing. */
static bool
argument(struct values *v, const struct place *at, uint32_t function, uint32_t p, uint32_t receiver,
	uint32_t node, struct set *out, unsigned depth)
{
	uint32_t place = p - function - 1, name = entity(v, p)->name;
	if (receiver && !place) {
		(void)add(out, receiver);
		return true;
	}
	place -= receiver != 0;
	if (node == NOBODY)
		return false;
	uint32_t end = next_part(v, node), a = part(v, node, 1), k = 0;
	bool there = false, rest = entity(v, p)->flags & FACT_REST;
	for (; a < end && a != NOBODY; a = next_part(v, a)) {
		uint8_t op = v->m->values[a].op;
		struct set given = {0};
		if (op == VALUE_KEYWORD) {
			if (v->m->values[a].name != name)
				continue;
			eval_part(v, at, a, 0, out, depth);
			there = true;
		} else if (op == VALUE_SPLAT) {
			if (k > place)
				continue;
			eval_part(v, at, a, 0, &given, depth);
			for (unsigned i = 0; i < given.n; i++)
				items_of(v, given.v[i], out);
			there = true;
		} else if (k++ == place || (rest && k > place)) {
			if (!rest) {
				eval(v, at, a, out, depth + 1);
				there = true;
				continue;
			}
			eval(v, at, a, &given, depth + 1);
			uint32_t n = k - 1 - place;
			item_add(v, value(TAG_REST, p), n < VALUES_MAX ? v->numbers[n] : ANY_ITEM,
				&given);
			(void)add(out, value(TAG_REST, p));
			there = true;
		}
	}
	return there;
}

/* The result of a function: what it returns, what was given for a parameter that it returns, or a generator. */
static void
result(struct values *v, const struct place *at, uint32_t function, uint32_t receiver,
	uint32_t node, struct set *out, unsigned depth)
{
	struct set same = {0};
	unsigned before = out->n;
	cell_read(v, CELL_RETURN, function, 0, out);
	if (cell_find(v, CELL_YIELD, function, 0, false))
		(void)add(out, value(TAG_GENERATOR, function));
	cell_read(v, CELL_SAME, function, 0, &same);
	for (unsigned i = 0; i < same.n; i++) {
		uint32_t p = parameter_named(v, function, same.v[i] & PAYLOAD);
		struct set given = {0};
		if (!p)
			continue;
		if (!argument(v, at, function, p, receiver, node, &given, depth + 1))
			read_parameter(v, p, &given);
		(void)add_all(out, &given);
	}
	uint32_t type = entity(v, function)->type;
	if (out->n > before || !type)
		return;
	struct set types = {0};
	read_chain(v, entity(v, function)->parent, model_text(v->m, type), &types, depth + 1);
	for (unsigned i = 0; i < types.n; i++)
		if (tag(types.v[i]) == TAG_ENTITY)
			(void)add(out, value(TAG_INSTANCE, types.v[i] & PAYLOAD));
}

static void
invoke(struct values *v, const struct place *at, uint32_t function, uint32_t receiver,
	uint32_t node, struct set *out, unsigned depth)
{
	if (depth > MAX_DEPTH || !v->steps)
		return;
	v->steps--;
	for (uint32_t p = function + 1; v->unit != NOBODY && is_parameter(v, p, function); p++) {
		struct set given = {0};
		(void)argument(v, at, function, p, receiver, node, &given, depth + 1);
		given.given = false;
		cell_add(v, CELL_PARAM, function, entity(v, p)->name, &given);
	}
	if (out)
		result(v, at, function, receiver, node, out, depth + 1);
}

static uint32_t
method_of(struct values *v, uint32_t type, uint32_t name)
{
	struct set found = {0}, own = {0};
	of_type(v, type, 0, name, &found, &own, 0);
	for (unsigned i = 0; i < found.n; i++)
		if (tag(found.v[i]) == TAG_ENTITY && is_code(v, found.v[i] & PAYLOAD))
			return found.v[i] & PAYLOAD;
	return 0;
}

static void
call_value(struct values *v, const struct place *at, uint32_t callee, uint32_t node,
	struct set *out, unsigned depth)
{
	uint32_t id = callee & PAYLOAD, method;
	switch (tag(callee)) {
	case TAG_ENTITY:
		if (entity(v, id)->kind == KIND_TYPE) {
			uint32_t made = value(TAG_INSTANCE, id);
			method = method_of(v, id, v->init);
			if (method)
				invoke(v, at, method, made, node, NULL, depth + 1);
			(void)add(out, made);
		} else if (is_code(v, id)) {
			invoke(v, at, id, 0, node, out, depth + 1);
		}
		break;
	case TAG_BOUND:
		invoke(v, at, v->pairs[id].a, v->pairs[id].b, node, out, depth + 1);
		break;
	case TAG_STATIC:
	case TAG_CLASS:
		invoke(v, at, id, 0, node, out, depth + 1);
		break;
	case TAG_INSTANCE:
		method = method_of(v, id, v->call);
		if (method)
			invoke(v, at, method, callee, node, out, depth + 1);
		break;
	case TAG_OUTSIDE:
		(void)add(out, callee);
		break;
	default:
		break;
	}
}

static void
iterate(struct values *v, const struct place *at, uint32_t object, struct set *out, unsigned depth)
{
	if (tag(object) == TAG_OUTSIDE)
		(void)add(out, object);
	if (tag(object) == TAG_OBJECT && v->m->values[object & PAYLOAD].op == VALUE_DICT) {
		cell_read(v, CELL_KEYS, object, 0, out);
		return;
	}
	items_of(v, object, out);
	if (tag(object) != TAG_INSTANCE)
		return;
	uint32_t iter = method_of(v, object & PAYLOAD, v->iter), next;
	struct set through = {0};
	if (iter)
		invoke(v, at, iter, object, NOBODY, &through, depth + 1);
	for (unsigned i = 0; i < through.n; i++) {
		items_of(v, through.v[i], out);
		if (tag(through.v[i]) == TAG_INSTANCE &&
			(next = method_of(v, through.v[i] & PAYLOAD, v->next)))
			invoke(v, at, next, through.v[i], NOBODY, out, depth + 1);
	}
}

/* ---- what the language brings ---- */

/* d.get(k), l.append(x) and their kind; false: not one of these. */
static bool
call_method_of_object(struct values *v, const struct place *at, uint32_t object, struct str name,
	uint32_t node, struct set *out, unsigned depth)
{
	struct set first = {0}, second = {0};
	eval_part(v, at, node, 1, &first, depth);
	eval_part(v, at, node, 2, &second, depth);
	if (str_eq(name, "append") || str_eq(name, "add") || str_eq(name, "appendleft")) {
		item_add(v, object, ANY_ITEM, &first);
	} else if (str_eq(name, "insert")) {
		item_add(v, object, ANY_ITEM, &second);
	} else if (str_eq(name, "extend")) {
		for (unsigned i = 0; i < first.n; i++) {
			struct set items = {0};
			iterate(v, at, first.v[i], &items, depth + 1);
			item_add(v, object, ANY_ITEM, &items);
		}
	} else if (str_eq(name, "update")) {
		for (unsigned i = 0; i < first.n; i++) {
			struct set keys = {0};
			cell_read(v, CELL_KEYS, first.v[i], 0, &keys);
			for (unsigned k = 0; k < keys.n; k++) {
				struct set item = {0};
				cell_read(v, CELL_ITEM, first.v[i], keys.v[k] & PAYLOAD, &item);
				item_add(v, object, keys.v[k] & PAYLOAD, &item);
			}
			cell_add(v, CELL_KEYS, object, 0, &keys);
		}
	} else if (str_eq(name, "get") || str_eq(name, "setdefault") || str_eq(name, "pop")) {
		for (unsigned i = 0; i < first.n; i++)
			if (tag(first.v[i]) == TAG_KEY)
				cell_read(v, CELL_ITEM, object, first.v[i] & PAYLOAD, out);
		cell_read(v, CELL_ITEM, object, first.n ? ANY_ITEM : EVERY_ITEM, out);
		if (str_eq(name, "setdefault") && first.n == 1 && tag(first.v[0]) == TAG_KEY)
			item_add(v, object, first.v[0] & PAYLOAD, &second);
		(void)add_all(out, &second);
	} else if (str_eq(name, "copy")) {
		(void)add(out, object);
	} else if (str_eq(name, "values")) {
		struct set items = {0};
		cell_read(v, CELL_ITEM, object, EVERY_ITEM, &items);
		item_add(v, value(TAG_OBJECT, node), ANY_ITEM, &items);
		(void)add(out, value(TAG_OBJECT, node));
	} else {
		return false;
	}
	return true;
}

static uint32_t
method_around(const struct values *v, uint32_t scope)
{
	for (unsigned i = 0; scope && i < 16 && entity(v, scope)->kind != KIND_FILE; i++) {
		if (type_of_method(v, scope))
			return scope;
		scope = entity(v, scope)->parent;
	}
	return 0;
}

static void
call_super(struct values *v, const struct place *at, struct set *out)
{
	uint32_t method = method_around(v, at->scope);
	struct set objects = {0};
	if (!method || !is_parameter(v, method + 1, method))
		return;
	read_parameter(v, method + 1, &objects);
	for (unsigned i = 0; i < objects.n; i++)
		if (tag(objects.v[i]) == TAG_INSTANCE || tag(objects.v[i]) == TAG_ENTITY)
			(void)add(out,
				pair_of(v, TAG_SUPER, type_of_method(v, method), objects.v[i]));
}

/* A function of the language that calls the argument of that number, or hands on what it is. */
enum builtin {
	BUILTIN_NONE,
	BUILTIN_SUPER,
	BUILTIN_SAME,
	BUILTIN_NEXT,
	BUILTIN_APPLY,
	BUILTIN_GETATTR
};

static enum builtin
builtin_of(struct str name)
{
	static const struct {
		const char *name;
		enum builtin is;
	} table[] = {{"super", BUILTIN_SUPER}, {"list", BUILTIN_SAME}, {"tuple", BUILTIN_SAME},
		{"set", BUILTIN_SAME}, {"frozenset", BUILTIN_SAME}, {"dict", BUILTIN_SAME},
		{"iter", BUILTIN_SAME}, {"reversed", BUILTIN_SAME}, {"sorted", BUILTIN_SAME},
		{"next", BUILTIN_NEXT}, {"map", BUILTIN_APPLY}, {"filter", BUILTIN_APPLY},
		{"getattr", BUILTIN_GETATTR}};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (str_eq(name, table[i].name))
			return table[i].is;
	return BUILTIN_NONE;
}

/* What map and filter call gets an item of the second; the first of its parameters is that. */
static void
call_apply(struct values *v, const struct place *at, uint32_t node, struct set *out, unsigned depth)
{
	struct set functions = {0}, lists = {0}, items = {0}, results = {0};
	eval_part(v, at, node, 1, &functions, depth);
	eval_part(v, at, node, 2, &lists, depth);
	for (unsigned i = 0; i < lists.n; i++)
		iterate(v, at, lists.v[i], &items, depth + 1);
	for (unsigned i = 0; i < functions.n; i++) {
		uint32_t f = functions.v[i], id = f & PAYLOAD, receiver = 0;
		if (tag(f) == TAG_BOUND) {
			receiver = v->pairs[id].b;
			id = v->pairs[id].a;
		} else if (tag(f) != TAG_ENTITY || !is_code(v, id)) {
			continue;
		}
		uint32_t p = id + 1 + (receiver != 0);
		if (is_parameter(v, p, id))
			cell_add(v, CELL_PARAM, id, entity(v, p)->name, &items);
		result(v, at, id, receiver, NOBODY, &results, depth + 1);
	}
	item_add(v, value(TAG_OBJECT, node), ANY_ITEM, &results);
	(void)add(out, value(TAG_OBJECT, node));
}

static void
call_builtin(struct values *v, const struct place *at, uint32_t name, uint32_t node,
	struct set *out, unsigned depth)
{
	struct set first = {0}, second = {0};
	switch (builtin_of(model_text(v->m, name))) {
	case BUILTIN_SUPER:
		call_super(v, at, out);
		break;
	case BUILTIN_SAME:
		eval_part(v, at, node, 1, out, depth);
		break;
	case BUILTIN_NEXT:
		eval_part(v, at, node, 1, &first, depth);
		for (unsigned i = 0; i < first.n; i++)
			items_of(v, first.v[i], out);
		break;
	case BUILTIN_APPLY:
		call_apply(v, at, node, out, depth);
		break;
	case BUILTIN_GETATTR:
		eval_part(v, at, node, 1, &first, depth);
		eval_part(v, at, node, 2, &second, depth);
		for (unsigned i = 0; i < first.n && second.n == 1; i++) {
			struct str text = model_text(v->m, second.v[0] & PAYLOAD);
			if (tag(second.v[0]) == TAG_KEY && text.n > 1)
				attribute(v, first.v[i],
					model_name_if_any(
						v->m, (struct str){text.p + 1, text.n - 1}),
					out, depth + 1);
		}
		break;
	case BUILTIN_NONE:
		break;
	}
}

static bool
is_name(const struct values *v, uint32_t node)
{
	return node != NOBODY &&
	       (v->m->values[node].op == VALUE_NAME || v->m->values[node].op == VALUE_NAME_LOOP);
}

static void
eval_call(struct values *v, const struct place *at, uint32_t node, struct set *out, unsigned depth)
{
	uint32_t callee = part(v, node, 0);
	if (callee == NOBODY)
		return;
	const struct fact_value *c = &v->m->values[callee];
	struct set functions = {0};
	if (is_name(v, callee)) {
		if (!read_name(v, at, c->name, c->op == VALUE_NAME_LOOP, &functions, depth + 1)) {
			call_builtin(v, at, c->name, node, out, depth + 1);
			return;
		}
	} else if (c->op == VALUE_ATTRIBUTE) {
		struct set objects = {0};
		eval_part(v, at, callee, 0, &objects, depth);
		functions.many = objects.many;
		functions.given = objects.given;
		for (unsigned i = 0; i < objects.n; i++)
			if (tag(objects.v[i]) != TAG_OBJECT ||
				!call_method_of_object(v, at, objects.v[i],
					model_text(v->m, c->name), node, out, depth + 1))
				attribute(v, objects.v[i], c->name, &functions, depth + 1);
	} else {
		eval(v, at, callee, &functions, depth + 1);
	}
	for (unsigned i = 0; i < functions.n; i++)
		call_value(v, at, functions.v[i], node, out, depth + 1);
}

/* ---- expressions ---- */

static void
eval_list(struct values *v, const struct place *at, uint32_t node, struct set *out, unsigned depth)
{
	uint32_t object = value(TAG_OBJECT, node), end = next_part(v, node), n = 0;
	for (uint32_t p = node + 1; p < end && v->unit != NOBODY; p = next_part(v, p)) {
		struct set items = {0};
		bool splat = v->m->values[p].op == VALUE_SPLAT;
		eval(v, at, splat ? p + 1 : p, &items, depth + 1);
		uint32_t key = n < VALUES_MAX ? v->numbers[n] : ANY_ITEM;
		bool any = splat || v->m->values[node].op == VALUE_EACH;
		if (!splat)
			item_add(v, object, any ? ANY_ITEM : key, &items);
		for (unsigned i = 0; splat && i < items.n; i++) {
			struct set inner = {0};
			items_of(v, items.v[i], &inner);
			item_add(v, object, ANY_ITEM, &inner);
		}
		n++;
	}
	(void)add(out, object);
}

static void
put_item(struct values *v, uint32_t object, const struct set *keys, const struct set *items)
{
	bool known = keys->n > 0;
	struct set literal = {0};
	for (unsigned i = 0; i < keys->n; i++)
		if (tag(keys->v[i]) == TAG_KEY)
			(void)add(&literal, keys->v[i]);
		else
			known = false;
	for (unsigned i = 0; i < literal.n; i++)
		item_add(v, object, literal.v[i] & PAYLOAD, items);
	if (!known)
		item_add(v, object, ANY_ITEM, items);
	cell_add(v, CELL_KEYS, object, 0, &literal);
}

static void
eval_dict(struct values *v, const struct place *at, uint32_t node, struct set *out, unsigned depth)
{
	uint32_t object = value(TAG_OBJECT, node), end = next_part(v, node);
	for (uint32_t k = node + 1; k < end && v->unit != NOBODY;) {
		uint32_t p = next_part(v, k);
		struct set keys = {0}, items = {0};
		if (p >= end)
			break;
		eval(v, at, k, &keys, depth + 1);
		eval(v, at, p, &items, depth + 1);
		put_item(v, object, &keys, &items);
		k = next_part(v, p);
	}
	(void)add(out, object);
}

/* A number of a slice, behind its beginning; NOBODY: it is none. */
static uint32_t
moved(struct values *v, uint32_t key, uint32_t by)
{
	uint64_t a, b;
	if (!str_parse_u64(model_text(v->m, key), VALUES_MAX, &a) ||
		!str_parse_u64(model_text(v->m, by), VALUES_MAX, &b) || a + b >= VALUES_MAX)
		return NOBODY;
	return v->numbers[a + b];
}

static void
read_item(struct values *v, uint32_t object, uint32_t key, struct set *out)
{
	if (tag(object) == TAG_SLICE) {
		struct pair p = v->pairs[object & PAYLOAD];
		object = p.a;
		key = tag(key) == TAG_KEY ? moved(v, key & PAYLOAD, p.b) : NOBODY;
		key = key == NOBODY ? 0 : value(TAG_KEY, key);
	}
	bool negative = tag(key) == TAG_KEY && str_starts(model_text(v->m, key & PAYLOAD), "-");
	if (tag(key) != TAG_KEY || negative) {
		cell_read(v, CELL_ITEM, object, EVERY_ITEM, out);
		return;
	}
	cell_read(v, CELL_ITEM, object, key & PAYLOAD, out);
	cell_read(v, CELL_ITEM, object, ANY_ITEM, out);
}

static void
eval_index(struct values *v, const struct place *at, uint32_t node, struct set *out, unsigned depth)
{
	struct set objects = {0}, keys = {0};
	eval_part(v, at, node, 0, &objects, depth);
	eval_part(v, at, node, 1, &keys, depth);
	out->many |= objects.many;
	out->given |= objects.given;
	for (unsigned i = 0; i < objects.n; i++) {
		uint32_t o = objects.v[i], method;
		switch (tag(o)) {
		case TAG_OBJECT:
		case TAG_REST:
		case TAG_SLICE:
			for (unsigned k = 0; k < keys.n; k++)
				read_item(v, o, keys.v[k], out);
			if (!keys.n)
				read_item(v, o, 0, out);
			break;
		case TAG_INSTANCE:
			method = method_of(v, o & PAYLOAD, v->getitem);
			if (method)
				invoke(v, at, method, o, NOBODY, out, depth + 1);
			break;
		case TAG_ENTITY:
		case TAG_OUTSIDE:
			(void)add(out, o);
			break;
		default:
			break;
		}
	}
}

static void
eval_slice(struct values *v, const struct place *at, uint32_t node, struct set *out, unsigned depth)
{
	struct set objects = {0};
	uint32_t from = v->m->values[node].name;
	eval_part(v, at, node, 0, &objects, depth);
	for (unsigned i = 0; i < objects.n; i++)
		(void)add(out, tag(objects.v[i]) == TAG_OBJECT && from
				       ? pair_of(v, TAG_SLICE, objects.v[i], from)
				       : objects.v[i]);
}

/* Something of each value of the first part. */
static void
eval_through(
	struct values *v, const struct place *at, uint32_t node, struct set *out, unsigned depth)
{
	struct set values = {0};
	const struct fact_value *n = &v->m->values[node];
	eval_part(v, at, node, 0, &values, depth);
	out->many |= values.many;
	out->given |= values.given;
	for (unsigned i = 0; i < values.n; i++) {
		uint32_t x = values.v[i], id = x & PAYLOAD, enter;
		bool function = tag(x) == TAG_ENTITY && is_code(v, id);
		switch ((enum fact_value_op)n->op) {
		case VALUE_ATTRIBUTE:
			attribute(v, x, n->name, out, depth + 1);
			break;
		case VALUE_ITERATE:
			iterate(v, at, x, out, depth + 1);
			break;
		case VALUE_ENTER:
			enter = tag(x) == TAG_INSTANCE ? method_of(v, id, v->enter) : 0;
			if (enter)
				invoke(v, at, enter, x, NOBODY, out, depth + 1);
			else
				items_of(v, x, out);
			if (tag(x) == TAG_OUTSIDE)
				(void)add(out, x);
			break;
		case VALUE_RAISE:
			if (tag(x) == TAG_ENTITY)
				call_value(v, at, x, NOBODY, out, depth + 1);
			break;
		case VALUE_INSTANCE:
			if (tag(x) == TAG_ENTITY && entity(v, id)->kind == KIND_TYPE)
				(void)add(out, value(TAG_INSTANCE, id));
			else if (tag(x) == TAG_OUTSIDE)
				(void)add(out, x);
			break;
		case VALUE_PROPERTY:
			(void)add(out, function ? value(TAG_PROPERTY, id) : x);
			break;
		case VALUE_STATIC:
			(void)add(out, function ? value(TAG_STATIC, id) : x);
			break;
		case VALUE_CLASS:
			(void)add(out, function ? value(TAG_CLASS, id) : x);
			break;
		default:
			break;
		}
	}
}

/* The first part, or the second where nothing of the program is known of it; both where that is too much. */
static void
eval_else(struct values *v, const struct place *at, uint32_t node, struct set *out, unsigned depth)
{
	struct set first = {0};
	eval_part(v, at, node, 0, &first, depth);
	bool here = false;
	for (unsigned i = 0; i < first.n; i++)
		here |= tag(first.v[i]) == TAG_ENTITY || tag(first.v[i]) == TAG_BOUND ||
			tag(first.v[i]) == TAG_INSTANCE;
	if (here)
		(void)add_all(out, &first);
	if (!here || first.many)
		eval_part(v, at, node, 1, out, depth);
}

static void
eval(struct values *v, const struct place *at, uint32_t node, struct set *out, unsigned depth)
{
	if (depth > MAX_DEPTH || !v->steps)
		return;
	v->steps--;
	const struct fact_value *n = &v->m->values[node];
	switch ((enum fact_value_op)n->op) {
	case VALUE_NAME:
	case VALUE_NAME_LOOP:
		(void)read_name(v, at, n->name, n->op == VALUE_NAME_LOOP, out, depth + 1);
		break;
	case VALUE_CONST:
		(void)add(out, value(TAG_KEY, n->name));
		break;
	case VALUE_FUNCTION:
		(void)add(out, value(TAG_ENTITY, n->name));
		break;
	case VALUE_CALL:
		eval_call(v, at, node, out, depth + 1);
		break;
	case VALUE_INDEX:
		eval_index(v, at, node, out, depth + 1);
		break;
	case VALUE_SLICE:
		eval_slice(v, at, node, out, depth + 1);
		break;
	case VALUE_LIST:
	case VALUE_EACH:
		eval_list(v, at, node, out, depth + 1);
		break;
	case VALUE_DICT:
		eval_dict(v, at, node, out, depth + 1);
		break;
	case VALUE_ANY:
		for (uint32_t p = node + 1; p < next_part(v, node); p = next_part(v, p))
			eval(v, at, p, out, depth + 1);
		break;
	case VALUE_ELSE:
		eval_else(v, at, node, out, depth + 1);
		break;
	case VALUE_KEYWORD:
	case VALUE_SPLAT:
		eval_part(v, at, node, 0, out, depth);
		break;
	default:
		eval_through(v, at, node, out, depth + 1);
	}
}

/* ---- statements ---- */

static void
put_attribute(struct values *v, const struct place *at, uint32_t node)
{
	struct set objects = {0}, given = {0};
	uint32_t name = v->m->values[node].name;
	eval_part(v, at, node, 0, &objects, 0);
	eval_part(v, at, node, 1, &given, 0);
	for (unsigned i = 0; i < objects.n; i++)
		if (tag(objects.v[i]) == TAG_INSTANCE || tag(objects.v[i]) == TAG_ENTITY)
			cell_add(v, CELL_FIELD, objects.v[i] & PAYLOAD, name, &given);
}

/* "return p" of a parameter that is nothing else: what the call gives for it, and not what all give. */
static bool
returns_parameter(struct values *v, const struct place *at, uint32_t node)
{
	uint32_t what = part(v, node, 0);
	if (!is_name(v, what))
		return false;
	uint32_t name = v->m->values[what].name;
	if (!is_code(v, at->scope) || !parameter_named(v, at->scope, name))
		return false;
	for (uint32_t l = model_first(v->m, SPACE_VALUE, at->scope, name); l;
		l = model_next(v->m, l))
		if (v->m->values[model_value(v->m, l)].op == VALUE_BIND)
			return false;
	struct set same = {.v = {value(TAG_KEY, name)}, .n = 1};
	cell_add(v, CELL_SAME, at->scope, 0, &same);
	return true;
}

static void
run(struct values *v, uint32_t root)
{
	const struct place at = {v->scopes[root], root};
	struct set s = {0}, keys = {0}, objects = {0};
	v->unit = root;
	switch ((enum fact_value_op)v->m->values[root].op) {
	case VALUE_BIND:
	case VALUE_BIND_MAYBE:
		eval_part(v, &at, root, 0, &s, 0);
		cell_add(v, CELL_BIND, root, 0, &s);
		break;
	case VALUE_PUT:
		put_attribute(v, &at, root);
		break;
	case VALUE_PUT_ITEM:
		eval_part(v, &at, root, 0, &objects, 0);
		eval_part(v, &at, root, 1, &keys, 0);
		eval_part(v, &at, root, 2, &s, 0);
		for (unsigned i = 0; i < objects.n; i++)
			if (tag(objects.v[i]) == TAG_OBJECT)
				put_item(v, objects.v[i], &keys, &s);
		break;
	case VALUE_RETURN:
		if (returns_parameter(v, &at, root))
			break;
		eval_part(v, &at, root, 0, &s, 0);
		cell_add(v, CELL_RETURN, at.scope, 0, &s);
		break;
	case VALUE_YIELD:
		(void)cell_find(v, CELL_YIELD, at.scope, 0, true);
		eval_part(v, &at, root, 0, &s, 0);
		cell_add(v, CELL_YIELD, at.scope, 0, &s);
		break;
	default:
		eval(v, &at, root, &s, 0);
	}
	v->unit = NOBODY;
}

/* ---- all of them ---- */

/* Names that nothing binds are the language's own, or nothing; most are asked for often. */
static void
find_bound(struct values *v)
{
	const struct model *m = v->m;
	v->bound = mem_zalloc(m->nnames + 1, 1);
	for (uint32_t i = 1; i < m->n; i++)
		if (m->entities[i].lang == LANG_PYTHON)
			v->bound[m->entities[i].name] = 1;
	for (size_t i = 0; i < m->nbinds; i++)
		v->bound[m->binds[i].name] = 1;
	for (size_t i = 0; i < m->nvalues; i++)
		if (m->values[i].op == VALUE_BIND || m->values[i].op == VALUE_BIND_MAYBE)
			v->bound[m->values[i].name] = 1;
}

/* Can looking at it change anything?  Not where nothing is known of what is given. */
static bool
matters(const struct values *v, uint32_t root)
{
	const struct fact_value *n = &v->m->values[root];
	uint32_t end = next_part(v, root), first = root + 1;
	bool name = n->op == VALUE_CALL && is_name(v, first);
	if (n->op != VALUE_BIND && n->op != VALUE_BIND_MAYBE && n->op != VALUE_RETURN && !name)
		return n->op != VALUE_SCOPE;
	for (uint32_t p = name ? next_part(v, first) : first; p < end; p = next_part(v, p))
		if (v->m->values[p].op != VALUE_UNKNOWN)
			return true;
	return false;
}

static void
find_roots(struct values *v)
{
	for (size_t f = 0; f < v->m->nfiles; f++) {
		const struct model_file *file = &v->m->files[f];
		uint32_t scope = file->entity, end = file->values + file->nvalues;
		for (uint32_t i = file->values; i < end; i = next_part(v, i)) {
			const struct fact_value *n = &v->m->values[i];
			if (n->op == VALUE_SCOPE)
				scope = n->name;
			v->scopes[i] = scope;
			if (n->op == VALUE_YIELD)
				(void)cell_find(v, CELL_YIELD, scope, 0, true);
			if (matters(v, i))
				enqueue(v, i);
		}
	}
}

static uint32_t
name_of(struct values *v, const char *s)
{
	return model_name(v->m, str_of(s));
}

struct values *
values_create(struct model *m)
{
	if (!m->nvalues || m->n > PAYLOAD || m->nvalues > PAYLOAD)
		return NULL;
	struct values *v = mem_zalloc(1, sizeof(*v));
	v->m = m;
	v->r = (struct resolver){.m = m};
	v->unit = NOBODY;
	grow_index(v);
	v->mro_of = mem_zalloc(m->n, sizeof(*v->mro_of));
	v->module_of = mem_alloc((m->nbinds + 1) * sizeof(*v->module_of));
	memset(v->module_of, 0xff, (m->nbinds + 1) * sizeof(*v->module_of));
	v->scopes = mem_zalloc(m->nvalues, sizeof(*v->scopes));
	v->queued = mem_zalloc(m->nvalues, 1);
	v->steps = STEPS_FREE + (uint64_t)m->nvalues * STEPS_PER_NODE;
	for (unsigned i = 0; i < VALUES_MAX; i++) {
		OWN_FREE char *number = mem_printf("%u", i);
		v->numbers[i] = name_of(v, number);
	}
	v->init = name_of(v, "__init__");
	v->call = name_of(v, "__call__");
	v->iter = name_of(v, "__iter__");
	v->next = name_of(v, "__next__");
	v->enter = name_of(v, "__enter__");
	v->getitem = name_of(v, "__getitem__");
	v->self = name_of(v, "self");
	v->cls = name_of(v, "cls");
	find_bound(v);
	find_roots(v);
	while (v->head < v->nqueue && v->steps) {
		uint32_t root = v->queue[v->head++];
		v->queued[root] = 0;
		run(v, root);
		if (v->head > 4096 && v->head * 2 > v->nqueue) {
			memmove(v->queue, v->queue + v->head,
				(v->nqueue - v->head) * sizeof(*v->queue));
			v->nqueue -= v->head;
			v->head = 0;
		}
	}
	v->steps = UINT64_MAX;
	return v;
}

void
values_destroy(struct values *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->ncells; i++)
		free(v->cells[i].readers);
	free(v->cells);
	free(v->index);
	free(v->pairs);
	free(v->pair_index);
	free(v->mro_of);
	free(v->mros);
	free(v->lines);
	free(v->module_of);
	free(v->bound);
	free(v->scopes);
	free(v->queue);
	free(v->queued);
	free(v);
}

/* ---- questions ---- */

static void
target(struct value_targets *t, uint32_t id)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i] == id)
			return;
	if (!id)
		return;
	if (t->n == VALUES_MAX)
		t->many = true;
	else
		t->v[t->n++] = id;
}

static void
targets_of(struct values *v, const struct set *s, struct value_targets *t)
{
	t->many |= s->many;
	t->given |= s->given;
	for (unsigned i = 0; i < s->n; i++) {
		uint32_t id = s->v[i] & PAYLOAD;
		switch (tag(s->v[i])) {
		case TAG_ENTITY:
			if (is_code(v, id) || entity(v, id)->kind == KIND_TYPE)
				target(t, id);
			break;
		case TAG_BOUND:
			target(t, v->pairs[id].a);
			break;
		case TAG_STATIC:
		case TAG_CLASS:
			target(t, id);
			break;
		case TAG_INSTANCE:
			target(t, method_of(v, id, v->call));
			break;
		case TAG_OUTSIDE:
			t->outside = true;
			break;
		default:
			break;
		}
	}
}

/* The methods of the language's own protocols that are called with each of these. */
static void
protocol_targets(struct values *v, const struct place *at, uint32_t node, const struct set *s,
	struct value_targets *t)
{
	enum fact_value_op op = v->m->values[node].op;
	t->many = s->many;
	t->given = s->given;
	for (unsigned i = 0; i < s->n; i++) {
		uint32_t x = s->v[i], id = x & PAYLOAD;
		if (op == VALUE_RAISE && tag(x) == TAG_ENTITY && entity(v, id)->kind == KIND_TYPE)
			target(t, id);
		if (tag(x) != TAG_INSTANCE)
			continue;
		if (op == VALUE_ENTER) {
			target(t, method_of(v, id, v->enter));
			target(t, method_of(v, id, model_name_if_any(v->m, STR("__exit__"))));
		} else if (op == VALUE_ITERATE) {
			uint32_t iter = method_of(v, id, v->iter);
			struct set through = {0};
			target(t, iter);
			if (iter)
				invoke(v, at, iter, x, NOBODY, &through, 1);
			for (unsigned k = 0; k < through.n; k++)
				if (tag(through.v[k]) == TAG_INSTANCE)
					target(t, method_of(v, through.v[k] & PAYLOAD, v->next));
		}
	}
}

void
values_called(
	struct values *v, uint32_t scope, uint32_t root, uint32_t node, struct value_targets *ret)
{
	const struct place at = {scope, root};
	const struct fact_value *n = &v->m->values[node];
	struct set s = {0};
	*ret = (struct value_targets){0};
	uint32_t callee = part(v, node, 0);
	if (callee == NOBODY)
		return;
	if (n->op != VALUE_CALL) {
		eval(v, &at, callee, &s, 1);
		protocol_targets(v, &at, node, &s, ret);
		return;
	}
	const struct fact_value *c = &v->m->values[callee];
	if (!is_name(v, callee)) {
		eval(v, &at, callee, &s, 1);
	} else if (!read_name(v, &at, c->name, c->op == VALUE_NAME_LOOP, &s, 1) &&
		   builtin_of(model_text(v->m, c->name)) == BUILTIN_APPLY) {
		eval_part(v, &at, node, 1, &s, 1);
		s.given = true;
		ret->outside = s.n > 0;
	}
	targets_of(v, &s, ret);
}

uint32_t
values_constructor(struct values *v, uint32_t type)
{
	return method_of(v, type, v->init);
}
