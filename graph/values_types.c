/* Objects and their attributes: the order of the bases of a type, and what is found behind a dot. */
#include "graph/values_inner.h"

#define MAX_BASES 32

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
		values_spend(v, n / 2);
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
		values_read_chain(v, values_entity(v, type)->parent, name, &s, depth + 1);
		bool here = s.n && value_tag(s.v[0]) == TAG_ENTITY &&
			    values_entity(v, s.v[0] & PAYLOAD)->kind == KIND_TYPE;
		line.outside |= s.n && value_tag(s.v[0]) == TAG_OUTSIDE;
		line.unknown |= !here && !(s.n && value_tag(s.v[0]) == TAG_OUTSIDE);
		if (here && n < MAX_BASES && (s.v[0] & PAYLOAD) != type)
			direct[n++] = s.v[0] & PAYLOAD;
	}
	merge_bases(v, &line, direct, n, depth);
	v->lines[line.first] = type;
	v->unit = unit;
	if (!v->steps) { /* it may not be all */
		v->mro_of[type] = 0;
		line.unknown = true;
		return line;
	}
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
	if (!v->steps) {
		out->many = true;
		return;
	}
	struct mro line = mro_of(v, type, depth + 1);
	bool on = !behind;
	for (uint32_t i = 0; i < line.n; i++) {
		uint32_t k = v->lines[line.first + i];
		if (!on) {
			on = k == behind;
			continue;
		}
		bool there = values_read_scope(v, k, name, NOBODY, out, depth + 1);
		unsigned before = own->n;
		cell_read(v, CELL_FIELD, k, name, own);
		if (there || own->n > before)
			return;
	}
	if (line.outside)
		(void)set_add(own, value_make(TAG_OUTSIDE, 1));
}

/* A method gets the object before its dot. */
static void
bind_to(struct values *v, uint32_t object, uint32_t found, struct set *out, unsigned depth)
{
	uint32_t id = found & PAYLOAD;
	bool instance = value_tag(object) == TAG_INSTANCE;
	switch (value_tag(found)) {
	case TAG_ENTITY:
		if (instance && values_is_code(v, id))
			found = value_pair(v, TAG_BOUND, id, object);
		break;
	case TAG_STATIC:
		found = value_make(TAG_ENTITY, id);
		break;
	case TAG_CLASS:
		found = value_pair(v, TAG_BOUND, id,
			instance ? value_make(TAG_ENTITY, object & PAYLOAD) : object);
		break;
	case TAG_PROPERTY: {
		const struct place nowhere = {id, NOBODY};
		if (instance)
			values_invoke(v, &nowhere, id, object, NOBODY, out, depth + 1);
		return;
	}
	default:
		break;
	}
	(void)set_add(out, found);
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
	(void)set_add_all(out, &own);
}

void
values_attribute(struct values *v, uint32_t of, uint32_t name, struct set *out, unsigned depth)
{
	uint32_t id = of & PAYLOAD;
	if (!name || !values_step(v, out, depth))
		return;
	switch (value_tag(of)) {
	case TAG_ENTITY:
		switch (values_entity(v, id)->kind) {
		case KIND_FILE:
			if (!values_read_module(v, id, name, NOBODY, out, depth + 1) &&
				str_ends(model_text(v->m, values_entity(v, id)->name),
					"__init__.py"))
				values_in_directory(v, values_entity(v, id)->parent, name, out);
			cell_read(v, CELL_FIELD, id, name, out);
			break;
		case KIND_DIRECTORY:
			values_in_directory(v, id, name, out);
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
		(void)set_add(
			out, value_make(TAG_OUTSIDE,
				     1)); /* a list, a text, a generator: the language's own */
	}
}

uint32_t
values_method_of(struct values *v, uint32_t type, uint32_t name)
{
	struct set found = {0}, own = {0};
	of_type(v, type, 0, name, &found, &own, 0);
	for (unsigned i = 0; i < found.n; i++)
		if (value_tag(found.v[i]) == TAG_ENTITY && values_is_code(v, found.v[i] & PAYLOAD))
			return found.v[i] & PAYLOAD;
	return 0;
}
