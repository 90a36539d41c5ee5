/* Calls: which arguments go to which parameters, what comes back, and what a loop gets. */
#include "graph/values_inner.h"

void
values_items_of(struct values *v, uint32_t object, struct set *out)
{
	if (value_tag(object) == TAG_SLICE)
		object = v->pairs[object & PAYLOAD].a;
	if (value_tag(object) == TAG_OBJECT || value_tag(object) == TAG_REST)
		cell_read(v, CELL_ITEM, object, EVERY_ITEM, out);
	else if (value_tag(object) == TAG_GENERATOR)
		cell_read(v, CELL_YIELD, object & PAYLOAD, 0, out);
}

/* What the call gives for the parameter; false: nothing. */
static bool
argument(struct values *v, const struct place *at, uint32_t function, uint32_t p, uint32_t receiver,
	uint32_t node, struct set *out, unsigned depth)
{
	uint32_t place = p - function - 1, name = values_entity(v, p)->name;
	if (receiver && !place) {
		(void)set_add(out, receiver);
		return true;
	}
	place -= receiver != 0;
	if (node == NOBODY)
		return false;
	uint32_t end = values_next_part(v, node), a = values_part(v, node, 1), k = 0;
	bool there = false, rest = values_entity(v, p)->flags & FACT_REST;
	for (unsigned i = 1; a < end && a != NOBODY; a = values_next_part(v, a), i++) {
		values_spend(v, i % 8 == 0);
		uint8_t op = v->m->values[a].op;
		struct set given = {0};
		if (op == VALUE_KEYWORD) {
			if (v->m->values[a].name != name)
				continue;
			values_eval_part(v, at, a, 0, out, depth);
			there = true;
		} else if (op == VALUE_SPLAT) {
			if (k > place)
				continue;
			values_eval_part(v, at, a, 0, &given, depth);
			for (unsigned g = 0; g < given.n; g++)
				values_items_of(v, given.v[g], out);
			there = true;
		} else if (k++ == place || (rest && k > place)) {
			if (!rest) {
				values_eval(v, at, a, out, depth + 1);
				there = true;
				continue;
			}
			values_eval(v, at, a, &given, depth + 1);
			uint32_t n = k - 1 - place;
			cell_add_item(v, value_make(TAG_REST, p),
				n < VALUES_MAX ? v->numbers[n] : ANY_ITEM, &given);
			(void)set_add(out, value_make(TAG_REST, p));
			there = true;
		}
	}
	return there;
}

/* The result of a function: what it returns, what was given for a parameter that it returns, or a generator. */
void
values_result(struct values *v, const struct place *at, uint32_t function, uint32_t receiver,
	uint32_t node, struct set *out, unsigned depth)
{
	struct set same = {0};
	unsigned before = out->n;
	cell_read(v, CELL_RETURN, function, 0, out);
	if (cell_find(v, CELL_YIELD, function, 0, false))
		(void)set_add(out, value_make(TAG_GENERATOR, function));
	cell_read(v, CELL_SAME, function, 0, &same);
	for (unsigned i = 0; i < same.n; i++) {
		uint32_t p = values_parameter_named(v, function, same.v[i] & PAYLOAD);
		struct set given = {0};
		if (!p)
			continue;
		if (!argument(v, at, function, p, receiver, node, &given, depth + 1))
			values_read_parameter(v, p, &given);
		(void)set_add_all(out, &given);
	}
	uint32_t type = values_entity(v, function)->type;
	if (out->n > before || !type)
		return;
	struct set types = {0};
	values_read_chain(
		v, values_entity(v, function)->parent, model_text(v->m, type), &types, depth + 1);
	for (unsigned i = 0; i < types.n; i++)
		if (value_tag(types.v[i]) == TAG_ENTITY)
			(void)set_add(out, value_make(TAG_INSTANCE, types.v[i] & PAYLOAD));
}

void
values_invoke(struct values *v, const struct place *at, uint32_t function, uint32_t receiver,
	uint32_t node, struct set *out, unsigned depth)
{
	struct set cut = {0};
	bool deep = !values_step(v, &cut, depth);
	if (deep && out)
		out->many = true;
	for (uint32_t p = function + 1;
		v->unit != NOBODY && v->steps && values_is_parameter(v, p, function); p++) {
		struct set given = cut;
		values_spend(v, 1);
		if (!deep)
			(void)argument(v, at, function, p, receiver, node, &given, depth + 1);
		given.given = false;
		cell_add(v, CELL_PARAM, function, values_entity(v, p)->name, &given);
	}
	if (out && !deep)
		values_result(v, at, function, receiver, node, out, depth + 1);
}

void
values_call(struct values *v, const struct place *at, uint32_t callee, uint32_t node,
	struct set *out, unsigned depth)
{
	uint32_t id = callee & PAYLOAD, method;
	switch (value_tag(callee)) {
	case TAG_ENTITY:
		if (values_entity(v, id)->kind == KIND_TYPE) {
			uint32_t made = value_make(TAG_INSTANCE, id);
			method = values_method_of(v, id, v->init);
			if (method)
				values_invoke(v, at, method, made, node, NULL, depth + 1);
			(void)set_add(out, made);
		} else if (values_is_code(v, id)) {
			values_invoke(v, at, id, 0, node, out, depth + 1);
		}
		break;
	case TAG_BOUND:
		values_invoke(v, at, v->pairs[id].a, v->pairs[id].b, node, out, depth + 1);
		break;
	case TAG_STATIC:
	case TAG_CLASS:
		values_invoke(v, at, id, 0, node, out, depth + 1);
		break;
	case TAG_INSTANCE:
		method = values_method_of(v, id, v->call);
		if (method)
			values_invoke(v, at, method, callee, node, out, depth + 1);
		break;
	case TAG_OUTSIDE:
		(void)set_add(out, callee);
		break;
	default:
		break;
	}
}

void
values_iterate(
	struct values *v, const struct place *at, uint32_t object, struct set *out, unsigned depth)
{
	if (value_tag(object) == TAG_OUTSIDE)
		(void)set_add(out, object);
	if (value_tag(object) == TAG_OBJECT && v->m->values[object & PAYLOAD].op == VALUE_DICT) {
		cell_read(v, CELL_KEYS, object, 0, out);
		return;
	}
	values_items_of(v, object, out);
	if (value_tag(object) != TAG_INSTANCE)
		return;
	uint32_t iter = values_method_of(v, object & PAYLOAD, v->iter), next;
	struct set through = {0};
	if (iter)
		values_invoke(v, at, iter, object, NOBODY, &through, depth + 1);
	for (unsigned i = 0; i < through.n; i++) {
		values_items_of(v, through.v[i], out);
		if (value_tag(through.v[i]) == TAG_INSTANCE &&
			(next = values_method_of(v, through.v[i] & PAYLOAD, v->next)))
			values_invoke(v, at, next, through.v[i], NOBODY, out, depth + 1);
	}
}

/* "(object).name(...)": what is known of objects of the language is done; the functions of others are added. */
static void
call_attribute(struct values *v, const struct place *at, uint32_t node, struct set *out,
	struct set *functions, unsigned depth)
{
	struct set objects = {0}, args[2] = {0};
	uint32_t callee = values_part(v, node, 0), name = v->m->values[callee].name;
	bool ours = false;
	values_eval_part(v, at, callee, 0, &objects, depth);
	functions->many = objects.many;
	functions->given = objects.given;
	for (unsigned i = 0; i < objects.n; i++)
		ours |= value_tag(objects.v[i]) == TAG_OBJECT;
	for (unsigned i = 0; ours && i < 2; i++)
		values_eval_part(v, at, node, i + 1, &args[i], depth + 1);
	for (unsigned i = 0; i < objects.n; i++)
		if (value_tag(objects.v[i]) != TAG_OBJECT ||
			!values_call_of_object(v, at, objects.v[i], model_text(v->m, name), node,
				args, out, depth + 1))
			values_attribute(v, objects.v[i], name, functions, depth + 1);
}

void
values_eval_call(
	struct values *v, const struct place *at, uint32_t node, struct set *out, unsigned depth)
{
	uint32_t callee = values_part(v, node, 0);
	if (callee == NOBODY)
		return;
	const struct fact_value *c = &v->m->values[callee];
	struct set functions = {0};
	if (values_is_name(v, callee)) {
		if (!values_read_name(
			    v, at, c->name, c->op == VALUE_NAME_LOOP, &functions, depth + 1)) {
			if (!functions.many)
				values_call_builtin(v, at, c->name, node, out, depth + 1);
			out->many |= functions.many;
			return;
		}
	} else if (c->op == VALUE_ATTRIBUTE) {
		call_attribute(v, at, node, out, &functions, depth);
	} else {
		values_eval(v, at, callee, &functions, depth + 1);
	}
	out->many |= functions.many && !functions.n; /* nothing is known of what is called */
	for (unsigned i = 0; i < functions.n; i++)
		values_call(v, at, functions.v[i], node, out, depth + 1);
}
