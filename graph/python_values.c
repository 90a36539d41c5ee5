#include "graph/python_values.h"

#include <pthread.h>
#include <string.h>

/* ---- which node is what ---- */

enum shape {
	SHAPE_NONE, /* of its value nothing is known */
	SHAPE_NAME,
	SHAPE_ATTRIBUTE,
	SHAPE_CALL,
	SHAPE_INDEX,
	SHAPE_LIST,
	SHAPE_DICT,
	SHAPE_LAMBDA,
	SHAPE_STRING,
	SHAPE_INTEGER,
	SHAPE_SAME, /* as its first part */
	SHAPE_CONDITION,
	SHAPE_EITHER,
	SHAPE_SPLAT,
	SHAPE_KEYWORD,
	SHAPE_NAMED,
	SHAPE_EACH,
};

static const struct {
	const char *node;
	enum shape shape;
} shapes[] = {
	{"identifier", SHAPE_NAME},
	{"attribute", SHAPE_ATTRIBUTE},
	{"call", SHAPE_CALL},
	{"subscript", SHAPE_INDEX},
	{"list", SHAPE_LIST},
	{"tuple", SHAPE_LIST},
	{"set", SHAPE_LIST},
	{"expression_list", SHAPE_LIST},
	{"pattern_list", SHAPE_LIST},
	{"tuple_pattern", SHAPE_LIST},
	{"list_pattern", SHAPE_LIST},
	{"dictionary", SHAPE_DICT},
	{"lambda", SHAPE_LAMBDA},
	{"string", SHAPE_STRING},
	{"integer", SHAPE_INTEGER},
	{"parenthesized_expression", SHAPE_SAME},
	{"await", SHAPE_SAME},
	{"type", SHAPE_SAME},
	{"conditional_expression", SHAPE_CONDITION},
	{"boolean_operator", SHAPE_EITHER},
	{"list_splat", SHAPE_SPLAT},
	{"list_splat_pattern", SHAPE_SPLAT},
	{"dictionary_splat", SHAPE_SPLAT},
	{"keyword_argument", SHAPE_KEYWORD},
	{"named_expression", SHAPE_NAMED},
	{"list_comprehension", SHAPE_EACH},
	{"set_comprehension", SHAPE_EACH},
	{"generator_expression", SHAPE_EACH},
};

enum field {
	FIELD_ATTRIBUTE,
	FIELD_OBJECT,
	FIELD_FUNCTION,
	FIELD_ARGUMENTS,
	FIELD_KEY,
	FIELD_VALUE,
	FIELD_SUBSCRIPT,
	FIELD_LEFT,
	FIELD_RIGHT,
	FIELD_NAME,
	FIELD_BODY,
	FIELDS,
};
static const char *const field_names[FIELDS] = {"attribute", "object", "function", "arguments",
	"key", "value", "subscript", "left", "right", "name", "body"};

static uint8_t *shape_by_symbol;
static uint32_t symbols;
static TSFieldId field_ids[FIELDS];
static TSSymbol comment_symbol;

static void
compile_shapes(void)
{
	const TSLanguage *l = rule_lang(LANG_PYTHON)->language;
	symbols = ts_language_symbol_count(l);
	shape_by_symbol = mem_zalloc(symbols, 1);
	comment_symbol = ts_language_symbol_for_name(l, "comment", 7, true);
	for (unsigned i = 0; i < FIELDS; i++)
		field_ids[i] = ts_language_field_id_for_name(
			l, field_names[i], (uint32_t)strlen(field_names[i]));
	for (uint32_t s = 0; s < symbols; s++)
		for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
			if (strcmp(ts_language_symbol_name(l, (TSSymbol)s), shapes[i].node) == 0)
				shape_by_symbol[s] = (uint8_t)shapes[i].shape;
}

static pthread_once_t compiled = PTHREAD_ONCE_INIT;

static enum shape
shape_of(TSNode n)
{
	(void)pthread_once(&compiled, compile_shapes);
	TSSymbol s = ts_node_is_null(n) ? (TSSymbol)-1 : children_symbol(n);
	return s < symbols ? (enum shape)shape_by_symbol[s] : SHAPE_NONE;
}

static TSNode
child(TSNode n, enum field f)
{
	(void)pthread_once(&compiled, compile_shapes);
	return children_in_field(n, field_ids[f]);
}

/* ---- trees ---- */

static uint32_t
begin(struct walk *w, enum fact_value_op op, uint32_t name)
{
	return facts_add_value(w->f, op, name);
}

static void
end(struct walk *w, uint32_t node)
{
	w->f->values[node].size = (uint32_t)w->f->nvalues - node;
}

static void
remember(struct walk *w, uint32_t at, uint32_t node)
{
	w->told_values = mem_grow(
		w->told_values, w->ntold_values, &w->cap_told_values, sizeof(*w->told_values));
	w->told_values[w->ntold_values++] = (struct walk_value){at, node};
}

static void put_value(struct walk *w, TSNode n, unsigned depth);

/* Those from `from` on and before `to`. */
static void
put_items(struct walk *w, TSNode n, uint32_t from, uint32_t to, unsigned depth)
{
	TSNode item;
	size_t opened = children_open(&w->children, n);
	for (uint32_t i = 0; i < to && children_next(&w->children, opened, &item);) {
		bool named = children_named(item);
		if (named && i >= from && children_symbol(item) != comment_symbol)
			put_value(w, item, depth + 1);
		i += named;
	}
	children_close(&w->children, opened);
}

static void
put_call(struct walk *w, TSNode n, unsigned depth)
{
	TSNode args = child(n, FIELD_ARGUMENTS);
	uint32_t node = begin(w, VALUE_CALL, 0);
	remember(w, ts_node_end_byte(n), node);
	put_value(w, child(n, FIELD_FUNCTION), depth + 1);
	if (shape_of(args) == SHAPE_EACH)
		put_value(w, args, depth + 1);
	else if (!ts_node_is_null(args))
		put_items(w, args, 0, UINT32_MAX, depth);
	end(w, node);
}

static void
put_dict(struct walk *w, TSNode n, unsigned depth)
{
	uint32_t node = begin(w, VALUE_DICT, 0);
	TSNode pair;
	size_t opened = children_open(&w->children, n);
	while (children_next(&w->children, opened, &pair)) {
		if (!walk_is(pair, "pair"))
			continue;
		put_value(w, child(pair, FIELD_KEY), depth + 1);
		put_value(w, child(pair, FIELD_VALUE), depth + 1);
	}
	end(w, node);
}

/* Strings as they are between their quotes, with a mark, so that "1" is not 1. */
static void
put_string(struct walk *w, TSNode n)
{
	struct str s = walk_text(w, n);
	bool plain = s.n >= 2 && s.n < 60 && (s.p[0] == '"' || s.p[0] == '\'') &&
		     !memchr(s.p, '\\', s.n) && s.p[s.n - 1] == s.p[0];
	/* Without the quote behind it: `"key`. */
	uint32_t text = 0;
	if (plain && s.p[0] == '"') {
		text = facts_string(w->f, (struct str){s.p, s.n - 1});
	} else if (plain) {
		OWN_FREE char *same = mem_printf("\"" STR_FMT, (int)(s.n - 2), s.p + 1);
		text = walk_own(w, same);
	}
	begin(w, text ? VALUE_CONST : VALUE_UNKNOWN, text);
	if (!text)
		w->f->values[w->f->nvalues - 1].op = VALUE_LIST; /* none of ours */
}

static void
put_index(struct walk *w, TSNode n, unsigned depth)
{
	TSNode key = child(n, FIELD_SUBSCRIPT);
	bool slice = walk_is(key, "slice");
	TSNode from = slice ? children_named_child(key, 0) : key;
	struct str text = walk_text(w, from);
	bool first = slice && shape_of(from) == SHAPE_INTEGER && text.p != NULL &&
		     ts_node_start_byte(from) == ts_node_start_byte(key);
	uint32_t node =
		begin(w, slice ? VALUE_SLICE : VALUE_INDEX, first ? walk_string(w, from) : 0);
	put_value(w, child(n, FIELD_VALUE), depth + 1);
	if (!slice)
		put_value(w, key, depth + 1);
	end(w, node);
}

static void
put_parts(struct walk *w, enum fact_value_op op, uint32_t name, TSNode a, TSNode b, unsigned depth)
{
	uint32_t node = begin(w, op, name);
	put_value(w, a, depth + 1);
	if (!ts_node_is_null(b))
		put_value(w, b, depth + 1);
	end(w, node);
}

static void
put_value(struct walk *w, TSNode n, unsigned depth)
{
	const TSNode none = {0};
	/* A value that is told for several targets costs its nodes again: no more of them than the text is long. */
	bool full = w->f->nvalues > w->text.n + 1000;
	if (ts_node_is_null(n) || depth > VALUE_MAX_DEPTH / 2 || full) {
		begin(w, VALUE_UNKNOWN, 0);
		return;
	}
	switch (shape_of(n)) {
	case SHAPE_NAME:
		begin(w, w->loops ? VALUE_NAME_LOOP : VALUE_NAME, walk_string(w, n));
		break;
	case SHAPE_ATTRIBUTE:
		put_parts(w, VALUE_ATTRIBUTE, walk_string(w, child(n, FIELD_ATTRIBUTE)),
			child(n, FIELD_OBJECT), none, depth);
		break;
	case SHAPE_CALL:
		put_call(w, n, depth);
		break;
	case SHAPE_INDEX:
		put_index(w, n, depth);
		break;
	case SHAPE_LIST: {
		uint32_t node = begin(w, VALUE_LIST, 0);
		put_items(w, n, 0, UINT32_MAX, depth);
		end(w, node);
		break;
	}
	case SHAPE_DICT:
		put_dict(w, n, depth);
		break;
	case SHAPE_LAMBDA:
		remember(w, UINT32_MAX - ts_node_start_byte(n), begin(w, VALUE_UNKNOWN, 0));
		break;
	case SHAPE_STRING:
		put_string(w, n);
		break;
	case SHAPE_INTEGER:
		begin(w, VALUE_CONST, walk_string(w, n));
		break;
	case SHAPE_SAME:
		put_value(w, children_named_child(n, 0), depth + 1);
		break;
	case SHAPE_CONDITION:
		put_parts(w, VALUE_ANY, 0, children_named_child(n, 0), children_named_child(n, 2),
			depth);
		break;
	case SHAPE_EITHER:
		put_parts(w, VALUE_ANY, 0, child(n, FIELD_LEFT), child(n, FIELD_RIGHT), depth);
		break;
	case SHAPE_SPLAT:
		put_parts(w, VALUE_SPLAT, 0, children_named_child(n, 0), none, depth);
		break;
	case SHAPE_KEYWORD:
		put_parts(w, VALUE_KEYWORD, walk_string(w, child(n, FIELD_NAME)),
			child(n, FIELD_VALUE), none, depth);
		break;
	case SHAPE_NAMED:
		put_value(w, child(n, FIELD_VALUE), depth + 1);
		break;
	case SHAPE_EACH:
		put_parts(w, VALUE_EACH, 0, child(n, FIELD_BODY), none, depth);
		break;
	case SHAPE_NONE:
		begin(w, VALUE_UNKNOWN, 0);
		break;
	}
}

/* ---- statements ---- */

static void
in_scope(struct walk *w, uint32_t scope)
{
	if (w->value_scope != scope)
		begin(w, VALUE_SCOPE, scope);
	w->value_scope = scope;
	w->ntold_values = w->told_value = 0;
}

/* A reference for what is called without being named. */
static uint32_t
nameless(struct walk *w, TSNode at)
{
	return (uint32_t)(walk_refer(w, REL_CALLS, 0, at) - w->f->refs) + 1;
}

/* How the value of an assignment is wrapped for one of its targets. */
struct given {
	TSNode value;
	enum fact_value_op how; /* VALUE_ITERATE, VALUE_ENTER, VALUE_UNKNOWN: as it is */
	uint32_t ref;
	uint32_t path[4]; /* items of it: strings of their numbers */
	unsigned depth;
};

static void
put_given(struct walk *w, const struct given *g)
{
	uint32_t nodes[5];
	unsigned n = 0;
	for (unsigned i = g->depth; i > 0; i--)
		nodes[n++] = begin(w, VALUE_INDEX, 0);
	if (g->how != VALUE_UNKNOWN)
		nodes[n++] = begin(w, g->how, g->ref);
	put_value(w, g->value, 1);
	unsigned k = 0;
	if (g->how != VALUE_UNKNOWN)
		end(w, nodes[--n]);
	while (n > 0) {
		begin(w, VALUE_CONST, g->path[k++]);
		end(w, nodes[--n]);
	}
}

static void assign_to(struct walk *w, TSNode target, struct given *g, unsigned depth);

static void
assign_name(struct walk *w, TSNode target, const struct given *g)
{
	uint32_t name = walk_string(w, target);
	bool outer = w->function && walk_name(w, name)->outer_in == w->function;
	bool sure = !w->branches && !outer && g->how != VALUE_ITERATE;
	in_scope(w, outer ? 0 : w->scope);
	uint32_t node = begin(w, sure ? VALUE_BIND : VALUE_BIND_MAYBE, name);
	put_given(w, g);
	end(w, node);
}

static void
assign_part(struct walk *w, TSNode target, const struct given *g)
{
	bool attribute = shape_of(target) == SHAPE_ATTRIBUTE;
	in_scope(w, w->scope);
	uint32_t node = begin(w, attribute ? VALUE_PUT : VALUE_PUT_ITEM,
		attribute ? walk_string(w, child(target, FIELD_ATTRIBUTE)) : 0);
	put_value(w, child(target, attribute ? FIELD_OBJECT : FIELD_VALUE), 1);
	if (!attribute)
		put_value(w, child(target, FIELD_SUBSCRIPT), 1);
	put_given(w, g);
	end(w, node);
}

/* a, *b, c = x, y, z, u: what stands across from each, as far as both sides are written out. */
static void
assign_several(struct walk *w, TSNode target, struct given *g, unsigned depth)
{
	uint32_t n = ts_node_named_child_count(target);
	bool written = shape_of(g->value) == SHAPE_LIST && g->how == VALUE_UNKNOWN && !g->depth;
	uint32_t m = written ? ts_node_named_child_count(g->value) : 0, skipped = 0;
	for (uint32_t i = 0; i < n && i < 32; i++) {
		TSNode t = children_named_child(target, i);
		bool splat = shape_of(t) == SHAPE_SPLAT;
		OWN_FREE char *number = mem_printf("%u", i + skipped);
		struct given part = *g;
		if (written && !splat) {
			part.value = i + skipped < m ? children_named_child(g->value, i + skipped)
						     : (TSNode){0};
		} else if (!splat && g->depth < 4) {
			part.path[part.depth++] = walk_own(w, number);
		} else if (splat && written && m + 1 >= n) {
			uint32_t name = walk_string(w, children_named_child(t, 0));
			in_scope(w, w->scope);
			uint32_t node = begin(w, VALUE_BIND, name), list = begin(w, VALUE_LIST, 0);
			put_items(w, g->value, i, i + m + 1 - n, 1);
			end(w, list);
			end(w, node);
			skipped = m - n;
			continue;
		}
		assign_to(w, splat ? children_named_child(t, 0) : t, &part, depth + 1);
	}
}

static void
assign_to(struct walk *w, TSNode target, struct given *g, unsigned depth)
{
	switch (depth > 8 ? SHAPE_NONE : shape_of(target)) {
	case SHAPE_NAME:
		assign_name(w, target, g);
		break;
	case SHAPE_ATTRIBUTE:
	case SHAPE_INDEX:
		assign_part(w, target, g);
		break;
	case SHAPE_LIST:
		assign_several(w, target, g, depth);
		break;
	case SHAPE_SAME:
		assign_to(w, children_named_child(target, 0), g, depth + 1);
		break;
	default:
		break;
	}
}

TSNode
python_values_type(struct walk *w, TSNode type)
{
	TSNode n = walk_is(type, "type") ? children_named_child(type, 0) : type;
	if (walk_is(n, "binary_operator"))
		n = child(n, FIELD_LEFT);
	bool generic = walk_is(n, "generic_type") || walk_is(n, "subscript");
	if (generic && str_ends(walk_text(w, children_named_child(n, 0)), "Optional")) {
		TSNode list = children_named_child(n, 1);
		TSNode inner =
			walk_is(list, "type_parameter") ? children_named_child(list, 0) : list;
		n = walk_is(inner, "type") ? children_named_child(inner, 0) : inner;
	}
	return n;
}

/* A class, in quotes or not. */
static void
put_type(struct walk *w, TSNode type)
{
	TSNode n = python_values_type(w, type);
	uint32_t node = begin(w, VALUE_INSTANCE, 0);
	struct str s = walk_text(w, n);
	if (shape_of(n) == SHAPE_STRING && s.n > 2 && !memchr(s.p, '.', s.n) && s.n < 60)
		begin(w, VALUE_NAME_LOOP, facts_string(w->f, (struct str){s.p + 1, s.n - 2}));
	else if (shape_of(n) == SHAPE_NAME || shape_of(n) == SHAPE_ATTRIBUTE)
		put_value(w, n, 2);
	else
		begin(w, VALUE_UNKNOWN, 0);
	end(w, node);
}

/* a = b = value: each target has it.  The assignments end together, and the outermost comes first. */
static TSNode
given_to_all(struct walk *w, TSNode value)
{
	if (!walk_is(value, "assignment"))
		return value;
	uint32_t end = ts_node_end_byte(value);
	if (w->chain_end != end) {
		while (walk_is(value, "assignment"))
			value = child(value, FIELD_RIGHT);
		w->chain_value = value;
		w->chain_end = end;
	}
	return w->chain_value;
}

void
python_values_assign(struct walk *w, TSNode target, TSNode value, TSNode type)
{
	if (!ts_node_is_null(type) && shape_of(target) == SHAPE_NAME) {
		in_scope(w, w->scope);
		uint32_t node = begin(
			w, w->branches ? VALUE_BIND_MAYBE : VALUE_BIND, walk_string(w, target));
		uint32_t any = begin(w, VALUE_ELSE, 0);
		if (!ts_node_is_null(value))
			put_value(w, value, 1);
		put_type(w, type);
		end(w, any);
		end(w, node);
		return;
	}
	struct given g = {.value = given_to_all(w, value)};
	assign_to(w, target, &g, 0);
}

void
python_values_loop(struct walk *w, TSNode target, TSNode value, TSNode at)
{
	struct given g = {.value = value, .how = VALUE_ITERATE, .ref = nameless(w, at)};
	assign_to(w, target, &g, 0);
}

void
python_values_enter(struct walk *w, TSNode target, TSNode value, TSNode at)
{
	struct given g = {.value = value, .how = VALUE_ENTER, .ref = nameless(w, at)};
	if (shape_of(target) != SHAPE_NONE) {
		assign_to(w, target, &g, 0);
		return;
	}
	in_scope(w, w->scope);
	put_given(w, &g);
}

void
python_values_parameter(struct walk *w, uint32_t name, TSNode type, TSNode value)
{
	in_scope(w, w->scope);
	uint32_t node = begin(w, VALUE_BIND_MAYBE, name), any = begin(w, VALUE_ANY, 0);
	if (!ts_node_is_null(type))
		put_type(w, type);
	if (!ts_node_is_null(value))
		put_value(w, value, 2);
	end(w, any);
	end(w, node);
}

void
python_values_give(struct walk *w, enum fact_value_op op, TSNode value, bool each)
{
	if (!w->function || (ts_node_is_null(value) && op == VALUE_RETURN))
		return;
	in_scope(w, w->scope);
	uint32_t node = begin(w, op, 0), item = each ? begin(w, VALUE_ITERATE, 0) : 0;
	put_value(w, value, 1);
	if (each)
		end(w, item);
	end(w, node);
}

void
python_values_raise(struct walk *w, TSNode value, TSNode at)
{
	enum shape s = shape_of(value);
	if (s != SHAPE_NAME && s != SHAPE_ATTRIBUTE)
		return;
	struct given g = {.value = value, .how = VALUE_RAISE, .ref = nameless(w, at)};
	in_scope(w, w->scope);
	put_given(w, &g);
}

/* ---- what the walk comes to that is in a tree already ---- */

static uint32_t
told(struct walk *w, uint32_t at)
{
	for (size_t i = 0; i < w->ntold_values; i++) {
		size_t k = (w->told_value + i) % w->ntold_values;
		if (w->told_values[k].at == at) {
			w->told_value = k + 1;
			return w->told_values[k].node + 1;
		}
		if (i > 64)
			break;
	}
	return 0;
}

void
python_values_call(struct walk *w, TSNode call, uint32_t ref)
{
	uint32_t node = told(w, ts_node_end_byte(call));
	if (!node) {
		in_scope(w, w->scope);
		node = (uint32_t)w->f->nvalues + 1;
		put_call(w, call, 1);
	}
	w->f->values[node - 1].name = ref + 1;
}

void
python_values_lambda(struct walk *w, TSNode lambda, uint32_t entity)
{
	uint32_t node = told(w, UINT32_MAX - ts_node_start_byte(lambda));
	if (node)
		w->f->values[node - 1] = (struct fact_value){VALUE_FUNCTION, entity, 1};
	uint32_t scope = w->scope, function = w->function;
	w->scope = w->function = entity;
	python_values_give(w, VALUE_RETURN, child(lambda, FIELD_BODY), false);
	w->scope = scope;
	w->function = function;
}

/* What a decorator of the language makes of a method; VALUE_UNKNOWN: it is none of these. */
static enum fact_value_op
wrapped(struct str s)
{
	if (str_eq(s, "staticmethod"))
		return VALUE_STATIC;
	if (str_eq(s, "classmethod"))
		return VALUE_CLASS;
	if (str_eq(s, "property") || str_ends(s, "cached_property") || str_ends(s, ".setter") ||
		str_ends(s, ".getter"))
		return VALUE_PROPERTY;
	return VALUE_UNKNOWN;
}

static void
put_decorated(
	struct walk *w, uint32_t entity, const TSNode *decorators, const uint32_t *refs, unsigned n)
{
	if (!n) {
		begin(w, VALUE_FUNCTION, entity);
		return;
	}
	enum fact_value_op wrap = wrapped(walk_text(w, decorators[0]));
	if (wrap != VALUE_UNKNOWN) {
		uint32_t node = begin(w, wrap, 0);
		put_decorated(w, entity, decorators + 1, refs + 1, n - 1);
		end(w, node);
		return;
	}
	uint32_t either = begin(w, VALUE_ELSE, 0), node = begin(w, VALUE_CALL, refs[0] + 1);
	put_value(w, decorators[0], 2);
	put_decorated(w, entity, decorators + 1, refs + 1, n - 1);
	end(w, node);
	begin(w, VALUE_FUNCTION, entity);
	end(w, either);
}

void
python_values_decorated(struct walk *w, uint32_t name, uint32_t entity, const TSNode *decorators,
	const uint32_t *refs, unsigned n)
{
	w->f->entities[entity - 1].flags |= FACT_DECORATED;
	in_scope(w, w->scope);
	uint32_t node = begin(w, w->branches ? VALUE_BIND_MAYBE : VALUE_BIND, name);
	put_decorated(w, entity, decorators, refs, n);
	end(w, node);
}
