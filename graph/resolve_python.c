#include "graph/resolve_python.h"

#include "graph/resolve_scopes.h"
#include "graph/values.h"

#include <string.h>

#define CONF_MAY 80 /* percent, of all that a call may lead to */

void
python_calls_init(struct python_calls *p, const struct resolver *r, struct values *v)
{
	const struct model *m = r->m;
	uint32_t end = r->file->values + r->file->nvalues, scope = r->file->entity;
	*p = (struct python_calls){
		.values = v, .places = mem_zalloc(r->f->nrefs + 1, sizeof(*p->places))};
	for (uint32_t root = r->file->values; root < end; root += m->values[root].size) {
		if (m->values[root].op == VALUE_SCOPE)
			scope = m->values[root].name;
		for (uint32_t i = root; i < root + m->values[root].size; i++) {
			const struct fact_value *n = &m->values[i];
			bool calls = n->op == VALUE_CALL || n->op == VALUE_ITERATE ||
				     n->op == VALUE_ENTER || n->op == VALUE_RAISE;
			if (calls && n->name && n->name <= r->f->nrefs)
				p->places[n->name - 1] =
					(struct python_place){i, root, scope, true};
		}
	}
}

void
python_calls_finish(struct python_calls *p)
{
	free(p->places);
	p->places = NULL;
}

/* Of several the one that the method's own type has. */
static uint32_t
own_method(struct resolver *r, const struct fact_ref *ref)
{
	struct str receiver = r->f->strings[ref->receiver];
	if (!(ref->flags & FACT_MEMBER) || (!str_eq(receiver, "self") && !str_eq(receiver, "cls")))
		return 0;
	OWN(buf) struct buf chain = {.max = 256};
	buf_add_str(&chain, receiver);
	buf_putc(&chain, '.');
	buf_add_str(&chain, r->f->strings[ref->name]);
	struct thing t = resolver_follow(r, r->file->entity + ref->from, buf_str(&chain));
	return t.kind == THING_ENTITY ? t.id : 0;
}

/* What a parameter that is declared to be of a type has under the name; 0: it is not, or that is not known. */
static uint32_t
declared_method(struct resolver *r, const struct fact_ref *ref)
{
	struct str chain = r->f->strings[ref->receiver], first = chain;
	uint32_t scope = r->file->entity + ref->from;
	if (!(ref->flags & FACT_MEMBER) || !str_next(&chain, '.', &first))
		return 0;
	uint32_t name = model_name_if_any(r->m, first);
	uint32_t l = name ? model_first(r->m, SPACE_BIND, scope, name) : 0;
	if (!l || r->m->binds[model_value(r->m, l)].kind != BIND_TYPE || model_next(r->m, l))
		return 0;
	struct thing t = resolver_follow_string(r, scope, ref->receiver);
	if (t.kind != THING_INSTANCE || t.weak)
		return 0;
	t = resolver_member(r, t, model_name_if_any(r->m, r->f->strings[ref->name]), 1);
	return t.kind == THING_ENTITY && graph_kind_is_code(resolver_entity(r, t.id)->kind) ? t.id
											    : 0;
}

static void
emit(struct resolver *r, const struct python_calls *p, const struct fact_ref *ref, uint32_t id,
	bool sure, unsigned among)
{
	bool type = resolver_entity(r, id)->kind == KIND_TYPE;
	unsigned conf = sure ? 95 : CONF_MAY / among;
	enum graph_relation calls = sure ? REL_CALLS : REL_MAY_CALL;
	resolver_emit(r, ref, type ? REL_INSTANTIATES : calls, id, PROV_RESOLVED, conf);
	uint32_t scope = p->places[ref - r->f->refs].scope;
	uint32_t constructor = type ? values_constructor(p->values, scope, id) : 0;
	if (constructor)
		resolver_emit(r, ref, calls, constructor, PROV_RESOLVED, conf);
	uint32_t maker = type ? model_name_if_any(r->m, STR("__new__")) : 0;
	struct thing made =
		maker ? resolver_in_type(r, id, maker, 0) : (struct thing){THING_UNKNOWN, 0, false};
	if (made.kind == THING_ENTITY && graph_kind_is_code(resolver_entity(r, made.id)->kind))
		resolver_emit(r, ref, calls, made.id, PROV_RESOLVED, conf);
}

bool
python_resolve_call(struct resolver *r, const struct python_calls *p, const struct fact_ref *ref,
	bool *ret_many)
{
	const struct python_place *at = &p->places[ref - r->f->refs];
	struct value_targets t;
	*ret_many = false;
	if (!at->there)
		return !ref->name;
	values_called(p->values, at->scope, at->root, at->node, &t);
	*ret_many = t.many;
	if (t.many || (!t.n && !t.outside))
		return !ref->name;
	if (t.outside)
		resolver_unresolved(r, ref);
	bool protocol = r->m->values[at->node].op != VALUE_CALL;
	bool sure = !t.given && !t.outside && (t.n == 1 || protocol);
	uint32_t own = sure || t.n == 1 ? 0 : own_method(r, ref);
	own = sure || own ? own : declared_method(r, ref);
	for (size_t i = 0; i < t.n; i++)
		emit(r, p, ref, t.v[i], sure || t.v[i] == own, protocol ? 1 : (unsigned)t.n);
	return true;
}

void
python_doubt_calls(struct resolver *r, const struct fact_ref *ref, size_t before)
{
	uint32_t own = own_method(r, ref);
	own = own ? own : declared_method(r, ref);
	for (size_t i = before; i < r->m->nedges; i++) {
		struct model_edge *e = &r->m->edges[i];
		if (e->relation != REL_CALLS || !e->dst || e->dst == own)
			continue;
		e->relation = REL_MAY_CALL;
		e->conf = e->conf < CONF_MAY ? e->conf : CONF_MAY;
	}
}
