/* The work list: each statement is looked at until nothing is added any more; then the questions. */
#include "graph/values_inner.h"

#include <string.h>

/* Of all statements of a file, then of all questions in it; and of one question. */
#define STEPS_FREE 50000u
#define STEPS_PER_NODE 40u
#define STEPS_QUESTION 20000u

/* ---- statements ---- */

static void
put_attribute(struct values *v, const struct place *at, uint32_t node)
{
	struct set objects = {0}, given = {0};
	uint32_t name = v->m->values[node].name;
	values_eval_part(v, at, node, 0, &objects, 0);
	values_eval_part(v, at, node, 1, &given, 0);
	for (unsigned i = 0; i < objects.n; i++)
		if (value_tag(objects.v[i]) == TAG_INSTANCE ||
			value_tag(objects.v[i]) == TAG_ENTITY)
			cell_add(v, CELL_FIELD, objects.v[i] & PAYLOAD, name, &given);
}

/* "return p" of a parameter that is nothing else: what the call gives for it, and not what all give. */
static bool
returns_parameter(struct values *v, const struct place *at, uint32_t node)
{
	uint32_t what = values_part(v, node, 0);
	if (!values_is_name(v, what))
		return false;
	uint32_t name = v->m->values[what].name;
	if (!values_is_code(v, at->scope) || !values_parameter_named(v, at->scope, name))
		return false;
	for (uint32_t l = model_first(v->m, SPACE_VALUE, at->scope, name); l;
		l = model_next(v->m, l))
		if (v->m->values[model_bound(v->m, l)].op == VALUE_BIND)
			return false;
	struct set same = {.v = {value_make(TAG_KEY, name)}, .n = 1};
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
		values_eval_part(v, &at, root, 0, &s, 0);
		cell_add(v, CELL_BIND, root, 0, &s);
		break;
	case VALUE_PUT:
		put_attribute(v, &at, root);
		break;
	case VALUE_PUT_ITEM:
		values_eval_part(v, &at, root, 0, &objects, 0);
		values_eval_part(v, &at, root, 1, &keys, 0);
		values_eval_part(v, &at, root, 2, &s, 0);
		for (unsigned i = 0; i < objects.n; i++)
			if (value_tag(objects.v[i]) == TAG_OBJECT)
				values_put_item(v, objects.v[i], &keys, &s);
		break;
	case VALUE_RETURN:
		if (returns_parameter(v, &at, root))
			break;
		values_eval_part(v, &at, root, 0, &s, 0);
		cell_add(v, CELL_RETURN, at.scope, 0, &s);
		break;
	case VALUE_YIELD:
		(void)cell_find(v, CELL_YIELD, at.scope, 0, true);
		values_eval_part(v, &at, root, 0, &s, 0);
		cell_add(v, CELL_YIELD, at.scope, 0, &s);
		break;
	default:
		values_eval(v, &at, root, &s, 0);
	}
	v->unit = NOBODY;
}

/* ---- all of them ---- */

/* Can looking at it change anything?  Not where nothing is known of what is given. */
static bool
matters(const struct values *v, uint32_t root)
{
	const struct fact_value *n = &v->m->values[root];
	uint32_t end = values_next_part(v, root), first = root + 1;
	bool name = n->op == VALUE_CALL && values_is_name(v, first);
	if (n->op != VALUE_BIND && n->op != VALUE_BIND_MAYBE && n->op != VALUE_RETURN && !name)
		return n->op != VALUE_SCOPE;
	for (uint32_t p = name ? values_next_part(v, first) : first; p < end;
		p = values_next_part(v, p))
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
		for (uint32_t i = file->values; i < end; i = values_next_part(v, i)) {
			const struct fact_value *n = &v->m->values[i];
			if (n->op == VALUE_SCOPE)
				scope = n->name;
			v->scopes[i] = scope;
			if (n->op == VALUE_YIELD)
				(void)cell_find(v, CELL_YIELD, scope, 0, true);
			if (matters(v, i))
				values_enqueue(v, i);
		}
	}
}

static void
allot_steps(struct values *v)
{
	for (size_t f = 0; f < v->m->nfiles; f++)
		v->left[f] = STEPS_FREE + (uint64_t)v->m->files[f].nvalues * STEPS_PER_NODE;
}

static uint64_t *
steps_of(struct values *v, uint32_t scope)
{
	return &v->left[values_entity(v, scope)->file - 1];
}

/* What is behind its file's last step is left out. */
static void
run_all(struct values *v)
{
	allot_steps(v);
	while (v->head < v->nqueue) {
		uint32_t root = v->queue[v->head++];
		uint64_t *left = steps_of(v, v->scopes[root]);
		v->queued[root] = 0;
		v->steps = *left;
		if (v->steps)
			run(v, root);
		*left = v->steps;
		v->unfinished |= !v->steps;
		if (v->head > 4096 && v->head * 2 > v->nqueue) {
			memmove(v->queue, v->queue + v->head,
				(v->nqueue - v->head) * sizeof(*v->queue));
			v->nqueue -= v->head;
			v->head = 0;
		}
	}
	allot_steps(v);
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
	cells_grow_index(v);
	v->mro_of = mem_zalloc(m->n, sizeof(*v->mro_of));
	v->module_of = mem_alloc((m->nbinds + 1) * sizeof(*v->module_of));
	memset(v->module_of, 0xff, (m->nbinds + 1) * sizeof(*v->module_of));
	v->below_of = mem_alloc((m->nbinds + 1) * sizeof(*v->below_of));
	memset(v->below_of, 0xff, (m->nbinds + 1) * sizeof(*v->below_of));
	v->importing = mem_zalloc(m->nbinds + 1, 1);
	v->lookup_of = mem_zalloc(m->nfiles, sizeof(*v->lookup_of));
	v->left = mem_zalloc(m->nfiles, sizeof(*v->left));
	v->scopes = mem_zalloc(m->nvalues, sizeof(*v->scopes));
	v->bind_of = mem_zalloc(m->nvalues, sizeof(*v->bind_of));
	v->queued = mem_zalloc(m->nvalues, 1);
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
	values_find_builtins(v);
	find_roots(v);
	run_all(v);
	return v;
}

void
values_destroy(struct values *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->ncells; i++)
		cell_cleanup(&v->cells[i]);
	free(v->cells);
	free(v->index);
	free(v->bind_of);
	free(v->pairs);
	free(v->pair_index);
	free(v->mro_of);
	free(v->mros);
	free(v->lines);
	free(v->module_of);
	free(v->below_of);
	free(v->importing);
	free(v->lookup_of);
	free(v->left);
	free(v->reads);
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
		switch (value_tag(s->v[i])) {
		case TAG_ENTITY:
			if (values_is_code(v, id) || values_entity(v, id)->kind == KIND_TYPE)
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
			target(t, values_method_of(v, id, v->call));
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
		if (op == VALUE_RAISE && value_tag(x) == TAG_ENTITY &&
			values_entity(v, id)->kind == KIND_TYPE)
			target(t, id);
		if (value_tag(x) != TAG_INSTANCE)
			continue;
		if (op == VALUE_ENTER) {
			target(t, values_method_of(v, id, v->enter));
			target(t,
				values_method_of(v, id, model_name_if_any(v->m, STR("__exit__"))));
		} else if (op == VALUE_ITERATE) {
			uint32_t iter = values_method_of(v, id, v->iter);
			struct set through = {0};
			target(t, iter);
			if (iter)
				values_invoke(v, at, iter, x, NOBODY, &through, 1);
			for (unsigned k = 0; k < through.n; k++)
				if (value_tag(through.v[k]) == TAG_INSTANCE)
					target(t, values_method_of(
							  v, through.v[k] & PAYLOAD, v->next));
		}
	}
}

static void
find_called(struct values *v, const struct place *at, uint32_t node, struct value_targets *ret)
{
	const struct fact_value *n = &v->m->values[node];
	struct set s = {0};
	uint32_t callee = values_part(v, node, 0);
	if (callee == NOBODY)
		return;
	if (n->op != VALUE_CALL) {
		values_eval(v, at, callee, &s, 1);
		protocol_targets(v, at, node, &s, ret);
		return;
	}
	const struct fact_value *c = &v->m->values[callee];
	if (!values_is_name(v, callee)) {
		values_eval(v, at, callee, &s, 1);
	} else if (!values_read_name(v, at, c->name, c->op == VALUE_NAME_LOOP, &s, 1) &&
		   values_builtin_of(v, c->name) == BUILTIN_APPLY) {
		values_eval_part(v, at, node, 1, &s, 1);
		s.given = true;
		ret->outside = s.n > 0;
	}
	targets_of(v, &s, ret);
}

/* One question may use that much of what is left for those of its file. */
static uint64_t
grant(struct values *v, uint32_t scope)
{
	uint64_t left = *steps_of(v, scope);
	v->steps = left < STEPS_QUESTION ? left : STEPS_QUESTION;
	return v->steps;
}

void
values_called(
	struct values *v, uint32_t scope, uint32_t root, uint32_t node, struct value_targets *ret)
{
	const struct place at = {scope, root};
	uint64_t granted = grant(v, scope);
	*ret = (struct value_targets){0};
	find_called(v, &at, node, ret);
	*steps_of(v, scope) -= granted - v->steps;
	ret->many |= !v->steps || (v->unfinished && !ret->n && !ret->outside);
	ret->given |= v->unfinished;
}

uint32_t
values_constructor(struct values *v, uint32_t scope, uint32_t type)
{
	uint64_t granted = grant(v, scope);
	uint32_t method = values_method_of(v, type, v->init);
	*steps_of(v, scope) -= granted - v->steps;
	return method;
}
