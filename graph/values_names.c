/* What a name holds where it is read: parameters, statements that bind it, imports, and the scopes around. */
#include "graph/values_inner.h"

#include "graph/modules.h"

/* ---- parameters ---- */

bool
values_is_parameter(const struct values *v, uint32_t id, uint32_t function)
{
	return id < v->m->n && values_entity(v, id)->parent == function &&
	       values_entity(v, id)->kind == KIND_PARAMETER;
}

uint32_t
values_parameter_named(struct values *v, uint32_t function, uint32_t name)
{
	for (uint32_t p = function + 1; values_is_parameter(v, p, function); p++) {
		values_spend(v, (p - function) % 16 == 0);
		if (values_entity(v, p)->name == name)
			return p;
	}
	return 0;
}

uint32_t
values_type_of_method(const struct values *v, uint32_t function)
{
	uint32_t home = values_entity(v, function)->home;
	return values_is_code(v, function) && values_entity(v, home)->kind == KIND_TYPE ? home : 0;
}

/* The first one of a method: an object of its type, or of one below it, or the type. */
void
values_read_parameter(struct values *v, uint32_t p, struct set *out)
{
	const struct model_entity *e = values_entity(v, p);
	uint32_t type = p == e->parent + 1 ? values_type_of_method(v, e->parent) : 0;
	bool decorated = values_entity(v, e->parent)->flags & FACT_DECORATED;
	struct set given = {0};
	if (type && e->name == v->cls)
		(void)set_add(out, value_make(TAG_ENTITY, type));
	else if (type && (e->name == v->self || !decorated))
		(void)set_add(out, value_make(TAG_INSTANCE, type));
	cell_read(v, CELL_PARAM, e->parent, e->name, &given);
	given.given = !type;
	(void)set_add_all(out, &given);
}

/* ---- modules ---- */

static uint32_t
module_value(struct values *v, uint32_t file_of, struct str name)
{
	const struct model_file *from = &v->m->files[values_entity(v, file_of)->file - 1];
	v->r.file = from;
	v->r.steps = RESOLVE_STEPS;
	struct thing t = modules_find(&v->r, from, name);
	return t.kind == THING_ENTITY	 ? value_make(TAG_ENTITY, t.id)
	       : t.kind == THING_OUTSIDE ? value_make(TAG_OUTSIDE, 1)
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

void
values_in_directory(struct values *v, uint32_t dir, uint32_t name, struct set *out)
{
	static const char *const suffixes[] = {"/__init__.py", ".py", "", NULL};
	OWN(buf) struct buf b = {.max = 8192};
	uint32_t e = modules_first_with_suffix(&v->r,
		modules_join(
			&b, model_text(v->m, values_entity(v, dir)->name), model_text(v->m, name)),
		suffixes);
	(void)set_add(out, e ? value_make(TAG_ENTITY, e) : 0);
}

/* "from package import module" */
static uint32_t
module_below(struct values *v, uint32_t bind)
{
	if (v->below_of[bind] != NOBODY)
		return v->below_of[bind];
	const struct model_bind *b = &v->m->binds[bind];
	OWN(buf) struct buf whole = {.max = 4096};
	struct str from = model_text(v->m, b->value);
	buf_add_str(&whole, from);
	if (!str_ends(from, "."))
		buf_putc(&whole, '.');
	buf_add_str(&whole, model_text(v->m, b->member));
	uint32_t sub = module_value(v, b->scope, buf_str(&whole));
	v->below_of[bind] = value_tag(sub) == TAG_ENTITY ? sub : 0;
	return v->below_of[bind];
}

/* Modules that import the name from each other add nothing by that. */
static void
imported(struct values *v, uint32_t bind, struct set *out, unsigned depth)
{
	const struct model_bind *b = &v->m->binds[bind];
	uint32_t module = module_of_bind(v, bind);
	if (b->kind == BIND_IMPORT || value_tag(module) != TAG_ENTITY) {
		(void)set_add(out, module);
		return;
	}
	if (v->importing[bind])
		return;
	unsigned before = out->n;
	v->importing[bind] = 1;
	values_attribute(v, module, b->member, out, depth + 1);
	v->importing[bind] = 0;
	if (out->n == before)
		(void)set_add(out, module_below(v, bind));
}

/* ---- names ---- */

/* What the statements that bind the name say; true: a sure one stands before, so that nothing else counts. */
static bool
read_binds(struct values *v, uint32_t scope, uint32_t name, uint32_t before, bool *declared,
	struct set *out)
{
	uint32_t nodes[32], n = 0;
	bool sure = false, more = false;
	for (uint32_t l = model_first(v->m, SPACE_VALUE, scope, name); l; l = model_next(v->m, l)) {
		uint32_t node = model_bound(v->m, l);
		*declared = true;
		if (!v->steps || (more && before == NOBODY))
			break;
		v->steps--;
		if (node >= before && n)
			break;
		if (node < before && before != NOBODY && v->m->values[node].op == VALUE_BIND) {
			n = 0;
			sure = true;
			more = false;
		}
		if (n < sizeof(nodes) / sizeof(*nodes))
			nodes[n++] = node;
		else
			more = true;
	}
	out->many |= more || !v->steps;
	for (uint32_t i = 0; i < n; i++)
		cell_read(v, CELL_BIND, nodes[i], 0, out);
	return sure;
}

/* What the scope has under the name, before the statement `before` if that is not NOBODY; false: nothing of that name. */
bool
values_read_scope(struct values *v, uint32_t scope, uint32_t name, uint32_t before, struct set *out,
	unsigned depth)
{
	struct model *m = v->m;
	bool declared = false;
	const unsigned kind = values_entity(v, scope)->kind;
	if (!name || !values_step(v, out, depth))
		return false;
	if (model_may_state(m, kind, name) && read_binds(v, scope, name, before, &declared, out))
		return true;
	bool parameter = graph_kind_is_code(kind) && model_held(m, name) & MODEL_PARAMETER;
	uint32_t p = parameter ? values_parameter_named(v, scope, name) : 0;
	if (p) {
		values_read_parameter(v, p, out);
		return true;
	}
	if (!model_may_hold(m, kind, name))
		return declared;
	for (uint32_t l = model_first(m, SPACE_CHILD, scope, name); l; l = model_next(m, l)) {
		uint32_t c = model_value(m, l);
		const struct model_entity *e = values_entity(v, c);
		if (!values_step(v, out, depth))
			break;
		if ((!graph_kind_is_code(e->kind) && e->kind != KIND_TYPE) ||
			e->flags & FACT_DECORATED)
			continue;
		declared = true;
		(void)set_add(out, value_make(TAG_ENTITY, c));
	}
	for (uint32_t l = model_first(m, SPACE_BIND, scope, name); l; l = model_next(m, l)) {
		uint8_t how = m->binds[model_value(m, l)].kind;
		if (!values_step(v, out, depth))
			break;
		if (how != BIND_IMPORT && how != BIND_MEMBER)
			continue;
		declared = true;
		imported(v, model_value(m, l), out, depth + 1);
	}
	return declared;
}

/* Each file once in a lookup: where one declares the name, the lookup is over, so that none begins inside of it. */
static bool
read_from_here(struct values *v, uint32_t file, uint32_t name, uint32_t before, struct set *out,
	unsigned depth)
{
	v->lookup_of[values_entity(v, file)->file - 1] = v->lookup;
	if (values_read_scope(v, file, name, before, out, depth))
		return true;
	for (uint32_t l = model_first(v->m, SPACE_BIND, file, 0); l; l = model_next(v->m, l)) {
		uint32_t module = module_of_bind(v, model_value(v->m, l)), to = module & PAYLOAD;
		if (!values_step(v, out, depth))
			break;
		if (value_tag(module) == TAG_ENTITY && values_entity(v, to)->kind == KIND_FILE &&
			v->lookup_of[values_entity(v, to)->file - 1] != v->lookup &&
			read_from_here(v, to, name, NOBODY, out, depth + 1))
			return true;
	}
	return false;
}

bool
values_read_module(struct values *v, uint32_t file, uint32_t name, uint32_t before, struct set *out,
	unsigned depth)
{
	v->lookup++;
	return read_from_here(v, file, name, before, out, depth);
}

bool
values_read_name(struct values *v, const struct place *at, uint32_t name, bool loop,
	struct set *out, unsigned depth)
{
	uint32_t before = loop ? NOBODY : at->root;
	if (!model_held(v->m, name))
		return false; /* the language's own, or nothing; most are asked for often */
	for (uint32_t s = at->scope, i = 0; s && i < 64; i++) {
		const struct model_entity *e = values_entity(v, s);
		if (e->kind == KIND_FILE)
			return values_read_module(v, s, name, before, out, depth + 1);
		if ((e->kind != KIND_TYPE || !i) &&
			values_read_scope(v, s, name, before, out, depth + 1))
			return true;
		before = NOBODY;
		s = e->parent;
	}
	return false;
}

/* "a.b" */
void
values_read_chain(
	struct values *v, uint32_t scope, struct str chain, struct set *out, unsigned depth)
{
	const struct place at = {scope, NOBODY};
	struct str part;
	struct set here = {0};
	if (depth > MAX_DEPTH || !str_next(&chain, '.', &part))
		return;
	(void)values_read_name(v, &at, model_name_if_any(v->m, part), true, &here, depth + 1);
	while (str_next(&chain, '.', &part)) {
		struct set next = {0};
		for (unsigned i = 0; i < here.n; i++)
			values_attribute(
				v, here.v[i], model_name_if_any(v->m, part), &next, depth + 1);
		here = next;
	}
	(void)set_add_all(out, &here);
}
