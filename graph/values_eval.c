/* What an expression may be. */
#include "graph/values_inner.h"

/* ---- the parts of one ---- */

/* The part of that number, from 0; NOBODY: there is none. */
uint32_t
values_part(const struct values *v, uint32_t node, unsigned n)
{
	uint32_t end = values_next_part(v, node), at = node + 1;
	while (n-- && at < end)
		at = values_next_part(v, at);
	return at < end ? at : NOBODY;
}

void
values_eval_part(struct values *v, const struct place *at, uint32_t node, unsigned n,
	struct set *out, unsigned depth)
{
	uint32_t p = values_part(v, node, n);
	if (p != NOBODY)
		values_eval(v, at, p, out, depth + 1);
}

/* ---- lists, items ---- */

static void
eval_list(struct values *v, const struct place *at, uint32_t node, struct set *out, unsigned depth)
{
	uint32_t object = value_make(TAG_OBJECT, node), end = values_next_part(v, node), n = 0;
	for (uint32_t p = node + 1; p < end && v->unit != NOBODY; p = values_next_part(v, p)) {
		struct set items = {0};
		bool splat = v->m->values[p].op == VALUE_SPLAT;
		values_eval(v, at, splat ? p + 1 : p, &items, depth + 1);
		uint32_t key = n < VALUES_MAX ? v->numbers[n] : ANY_ITEM;
		bool any = splat || v->m->values[node].op == VALUE_EACH;
		if (!splat)
			cell_add_item(v, object, any ? ANY_ITEM : key, &items);
		for (unsigned i = 0; splat && i < items.n; i++) {
			struct set inner = {0};
			values_items_of(v, items.v[i], &inner);
			cell_add_item(v, object, ANY_ITEM, &inner);
		}
		n++;
	}
	(void)set_add(out, object);
}

void
values_put_item(struct values *v, uint32_t object, const struct set *keys, const struct set *items)
{
	bool known = keys->n > 0;
	struct set literal = {0};
	for (unsigned i = 0; i < keys->n; i++)
		if (value_tag(keys->v[i]) == TAG_KEY)
			(void)set_add(&literal, keys->v[i]);
		else
			known = false;
	for (unsigned i = 0; i < literal.n; i++)
		cell_add_item(v, object, literal.v[i] & PAYLOAD, items);
	if (!known)
		cell_add_item(v, object, ANY_ITEM, items);
	cell_add(v, CELL_KEYS, object, 0, &literal);
}

static void
eval_dict(struct values *v, const struct place *at, uint32_t node, struct set *out, unsigned depth)
{
	uint32_t object = value_make(TAG_OBJECT, node), end = values_next_part(v, node);
	for (uint32_t k = node + 1; k < end && v->unit != NOBODY;) {
		uint32_t p = values_next_part(v, k);
		struct set keys = {0}, items = {0};
		if (p >= end)
			break;
		values_eval(v, at, k, &keys, depth + 1);
		values_eval(v, at, p, &items, depth + 1);
		values_put_item(v, object, &keys, &items);
		k = values_next_part(v, p);
	}
	(void)set_add(out, object);
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
	if (value_tag(object) == TAG_SLICE) {
		struct pair p = v->pairs[object & PAYLOAD];
		object = p.a;
		key = value_tag(key) == TAG_KEY ? moved(v, key & PAYLOAD, p.b) : NOBODY;
		key = key == NOBODY ? 0 : value_make(TAG_KEY, key);
	}
	bool negative =
		value_tag(key) == TAG_KEY && str_starts(model_text(v->m, key & PAYLOAD), "-");
	if (value_tag(key) != TAG_KEY || negative) {
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
	values_eval_part(v, at, node, 0, &objects, depth);
	values_eval_part(v, at, node, 1, &keys, depth);
	out->many |= objects.many;
	out->given |= objects.given;
	for (unsigned i = 0; i < objects.n; i++) {
		uint32_t o = objects.v[i], method;
		switch (value_tag(o)) {
		case TAG_OBJECT:
		case TAG_REST:
		case TAG_SLICE:
			for (unsigned k = 0; k < keys.n; k++)
				read_item(v, o, keys.v[k], out);
			if (!keys.n)
				read_item(v, o, 0, out);
			break;
		case TAG_INSTANCE:
			method = values_method_of(v, o & PAYLOAD, v->getitem);
			if (method)
				values_invoke(v, at, method, o, NOBODY, out, depth + 1);
			break;
		case TAG_ENTITY:
		case TAG_OUTSIDE:
			(void)set_add(out, o);
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
	values_eval_part(v, at, node, 0, &objects, depth);
	for (unsigned i = 0; i < objects.n; i++)
		(void)set_add(out, value_tag(objects.v[i]) == TAG_OBJECT && from
					   ? value_pair(v, TAG_SLICE, objects.v[i], from)
					   : objects.v[i]);
}

/* Something of each value of the first part. */
static void
eval_through(
	struct values *v, const struct place *at, uint32_t node, struct set *out, unsigned depth)
{
	struct set values = {0};
	const struct fact_value *n = &v->m->values[node];
	values_eval_part(v, at, node, 0, &values, depth);
	out->many |= values.many;
	out->given |= values.given;
	for (unsigned i = 0; i < values.n; i++) {
		uint32_t x = values.v[i], id = x & PAYLOAD, enter;
		bool function = value_tag(x) == TAG_ENTITY && values_is_code(v, id);
		switch ((enum fact_value_op)n->op) {
		case VALUE_ATTRIBUTE:
			values_attribute(v, x, n->name, out, depth + 1);
			break;
		case VALUE_ITERATE:
			values_iterate(v, at, x, out, depth + 1);
			break;
		case VALUE_ENTER:
			enter = value_tag(x) == TAG_INSTANCE ? values_method_of(v, id, v->enter)
							     : 0;
			if (enter)
				values_invoke(v, at, enter, x, NOBODY, out, depth + 1);
			else
				values_items_of(v, x, out);
			if (value_tag(x) == TAG_OUTSIDE)
				(void)set_add(out, x);
			break;
		case VALUE_RAISE:
			if (value_tag(x) == TAG_ENTITY)
				values_call(v, at, x, NOBODY, out, depth + 1);
			break;
		case VALUE_INSTANCE:
			if (value_tag(x) == TAG_ENTITY && values_entity(v, id)->kind == KIND_TYPE)
				(void)set_add(out, value_make(TAG_INSTANCE, id));
			else if (value_tag(x) == TAG_OUTSIDE)
				(void)set_add(out, x);
			break;
		case VALUE_PROPERTY:
			(void)set_add(out, function ? value_make(TAG_PROPERTY, id) : x);
			break;
		case VALUE_STATIC:
			(void)set_add(out, function ? value_make(TAG_STATIC, id) : x);
			break;
		case VALUE_CLASS:
			(void)set_add(out, function ? value_make(TAG_CLASS, id) : x);
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
	values_eval_part(v, at, node, 0, &first, depth);
	bool here = false;
	for (unsigned i = 0; i < first.n; i++)
		here |= value_tag(first.v[i]) == TAG_ENTITY || value_tag(first.v[i]) == TAG_BOUND ||
			value_tag(first.v[i]) == TAG_INSTANCE;
	if (here)
		(void)set_add_all(out, &first);
	if (!here || first.many)
		values_eval_part(v, at, node, 1, out, depth);
}

void
values_eval(
	struct values *v, const struct place *at, uint32_t node, struct set *out, unsigned depth)
{
	if (!values_step(v, out, depth))
		return;
	const struct fact_value *n = &v->m->values[node];
	switch ((enum fact_value_op)n->op) {
	case VALUE_NAME:
	case VALUE_NAME_LOOP:
		(void)values_read_name(v, at, n->name, n->op == VALUE_NAME_LOOP, out, depth + 1);
		break;
	case VALUE_CONST:
		(void)set_add(out, value_make(TAG_KEY, n->name));
		break;
	case VALUE_FUNCTION:
		(void)set_add(out, value_make(TAG_ENTITY, n->name));
		break;
	case VALUE_CALL:
		values_eval_call(v, at, node, out, depth + 1);
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
		for (uint32_t p = node + 1; p < values_next_part(v, node);
			p = values_next_part(v, p))
			values_eval(v, at, p, out, depth + 1);
		break;
	case VALUE_ELSE:
		eval_else(v, at, node, out, depth + 1);
		break;
	case VALUE_KEYWORD:
	case VALUE_SPLAT:
		values_eval_part(v, at, node, 0, out, depth);
		break;
	default:
		eval_through(v, at, node, out, depth + 1);
	}
}
