/* Calls of what the language brings: the methods of its lists and dictionaries, super, map and the like. */
#include "graph/values_inner.h"

/* d.get(k), l.append(x) and their kind; false: not one of these. */
bool
values_call_of_object(struct values *v, const struct place *at, uint32_t object, struct str name,
	uint32_t node, const struct set args[2], struct set *out, unsigned depth)
{
	const struct set first = args[0], second = args[1];
	if (str_eq(name, "append") || str_eq(name, "add") || str_eq(name, "appendleft")) {
		cell_add_item(v, object, ANY_ITEM, &first);
	} else if (str_eq(name, "insert")) {
		cell_add_item(v, object, ANY_ITEM, &second);
	} else if (str_eq(name, "extend")) {
		for (unsigned i = 0; i < first.n; i++) {
			struct set items = {0};
			values_iterate(v, at, first.v[i], &items, depth + 1);
			cell_add_item(v, object, ANY_ITEM, &items);
		}
	} else if (str_eq(name, "update")) {
		for (unsigned i = 0; i < first.n; i++) {
			struct set keys = {0};
			cell_read(v, CELL_KEYS, first.v[i], 0, &keys);
			for (unsigned k = 0; k < keys.n; k++) {
				struct set item = {0};
				cell_read(v, CELL_ITEM, first.v[i], keys.v[k] & PAYLOAD, &item);
				cell_add_item(v, object, keys.v[k] & PAYLOAD, &item);
			}
			cell_add(v, CELL_KEYS, object, 0, &keys);
		}
	} else if (str_eq(name, "get") || str_eq(name, "setdefault") || str_eq(name, "pop")) {
		for (unsigned i = 0; i < first.n; i++)
			if (value_tag(first.v[i]) == TAG_KEY)
				cell_read(v, CELL_ITEM, object, first.v[i] & PAYLOAD, out);
		cell_read(v, CELL_ITEM, object, first.n ? ANY_ITEM : EVERY_ITEM, out);
		if (str_eq(name, "setdefault") && first.n == 1 && value_tag(first.v[0]) == TAG_KEY)
			cell_add_item(v, object, first.v[0] & PAYLOAD, &second);
		(void)set_add_all(out, &second);
	} else if (str_eq(name, "copy")) {
		(void)set_add(out, object);
	} else if (str_eq(name, "values")) {
		struct set items = {0};
		cell_read(v, CELL_ITEM, object, EVERY_ITEM, &items);
		cell_add_item(v, value_make(TAG_OBJECT, node), ANY_ITEM, &items);
		(void)set_add(out, value_make(TAG_OBJECT, node));
	} else {
		return false;
	}
	return true;
}

static uint32_t
method_around(const struct values *v, uint32_t scope)
{
	for (unsigned i = 0; scope && i < 16 && values_entity(v, scope)->kind != KIND_FILE; i++) {
		if (values_type_of_method(v, scope))
			return scope;
		scope = values_entity(v, scope)->parent;
	}
	return 0;
}

static void
call_super(struct values *v, const struct place *at, struct set *out)
{
	uint32_t method = method_around(v, at->scope);
	struct set objects = {0};
	if (!method || !values_is_parameter(v, method + 1, method))
		return;
	values_read_parameter(v, method + 1, &objects);
	for (unsigned i = 0; i < objects.n; i++)
		if (value_tag(objects.v[i]) == TAG_INSTANCE ||
			value_tag(objects.v[i]) == TAG_ENTITY)
			(void)set_add(out, value_pair(v, TAG_SUPER,
						   values_type_of_method(v, method), objects.v[i]));
}

static const struct {
	const char *name;
	enum builtin is;
} builtins[VALUES_BUILTINS] = {{"super", BUILTIN_SUPER}, {"list", BUILTIN_SAME},
	{"tuple", BUILTIN_SAME}, {"set", BUILTIN_SAME}, {"frozenset", BUILTIN_SAME},
	{"dict", BUILTIN_SAME}, {"iter", BUILTIN_SAME}, {"reversed", BUILTIN_SAME},
	{"sorted", BUILTIN_SAME}, {"next", BUILTIN_NEXT}, {"map", BUILTIN_APPLY},
	{"filter", BUILTIN_APPLY}, {"getattr", BUILTIN_GETATTR}};

void
values_find_builtins(struct values *v)
{
	for (size_t i = 0; i < VALUES_BUILTINS; i++)
		v->builtins[i] = model_name_if_any(v->m, str_of(builtins[i].name));
}

enum builtin
values_builtin_of(const struct values *v, uint32_t name)
{
	for (size_t i = 0; i < VALUES_BUILTINS; i++)
		if (name && v->builtins[i] == name)
			return builtins[i].is;
	return BUILTIN_NONE;
}

/* What map and filter call gets an item of the second; the first of its parameters is that. */
static void
call_apply(struct values *v, const struct place *at, uint32_t node, struct set *out, unsigned depth)
{
	struct set functions = {0}, lists = {0}, items = {0}, results = {0};
	values_eval_part(v, at, node, 1, &functions, depth);
	values_eval_part(v, at, node, 2, &lists, depth);
	for (unsigned i = 0; i < lists.n; i++)
		values_iterate(v, at, lists.v[i], &items, depth + 1);
	for (unsigned i = 0; i < functions.n; i++) {
		uint32_t f = functions.v[i], id = f & PAYLOAD, receiver = 0;
		if (value_tag(f) == TAG_BOUND) {
			receiver = v->pairs[id].b;
			id = v->pairs[id].a;
		} else if (value_tag(f) != TAG_ENTITY || !values_is_code(v, id)) {
			continue;
		}
		uint32_t p = id + 1 + (receiver != 0);
		if (values_is_parameter(v, p, id))
			cell_add(v, CELL_PARAM, id, values_entity(v, p)->name, &items);
		values_result(v, at, id, receiver, NOBODY, &results, depth + 1);
	}
	cell_add_item(v, value_make(TAG_OBJECT, node), ANY_ITEM, &results);
	(void)set_add(out, value_make(TAG_OBJECT, node));
}

void
values_call_builtin(struct values *v, const struct place *at, uint32_t name, uint32_t node,
	struct set *out, unsigned depth)
{
	struct set first = {0}, second = {0};
	switch (values_builtin_of(v, name)) {
	case BUILTIN_SUPER:
		call_super(v, at, out);
		break;
	case BUILTIN_SAME:
		values_eval_part(v, at, node, 1, out, depth);
		break;
	case BUILTIN_NEXT:
		values_eval_part(v, at, node, 1, &first, depth);
		for (unsigned i = 0; i < first.n; i++)
			values_items_of(v, first.v[i], out);
		break;
	case BUILTIN_APPLY:
		call_apply(v, at, node, out, depth);
		break;
	case BUILTIN_GETATTR:
		values_eval_part(v, at, node, 1, &first, depth);
		values_eval_part(v, at, node, 2, &second, depth);
		for (unsigned i = 0; i < first.n && second.n == 1; i++) {
			struct str text = model_text(v->m, second.v[0] & PAYLOAD);
			if (value_tag(second.v[0]) == TAG_KEY && text.n > 1)
				values_attribute(v, first.v[i],
					model_name_if_any(
						v->m, (struct str){text.p + 1, text.n - 1}),
					out, depth + 1);
		}
		break;
	case BUILTIN_NONE:
		break;
	}
}
