/*
 * Theory of operation.  The index is one message in memory, gone over twice: first for where each symbol is defined,
 * then for what each document says, which is packed (overlay.h).  Symbols of one document alone, modules and
 * parameters are left out: they are no entities that something could lead to from elsewhere.
 */
#include "graph/imports.h"

#include "base/map.h"
#include "graph/overlay.h"
#include "graph/scip.h"
#include "graph/wire.h"

#include <string.h>

#define MAX_DOCUMENTS 4000000
#define MAX_PATH 4096
#define MAX_OCCURRENCES 20000000 /* of one document */

struct definition {
	uint32_t document, line;
};

struct occurrence {
	struct str symbol;
	uint32_t line, length; /* length 0: it goes over lines */
	uint32_t roles;
};

struct reading {
	struct map symbols; /* number of the definition, from 1 */
	struct definition *definitions;
	size_t ndefinitions, cap;
	struct strlist paths;
	/* of the document at hand */
	uint32_t document;
	struct map names; /* number, from 1 */
	struct str *name_list;
	size_t nnames, names_cap;
	struct overlay_said *said;
	size_t nsaid, said_cap;
};

static void
reading_cleanup(struct reading *r)
{
	map_cleanup(&r->symbols);
	map_cleanup(&r->names);
	strlist_cleanup(&r->paths);
	free(r->definitions);
	free(r->name_list);
	free(r->said);
}

static bool
read_occurrence(struct str bytes, struct occurrence *ret)
{
	struct unpacker u = unpacker_of(bytes);
	struct wire_field f;
	int32_t range[4] = {0};
	size_t n = 0;
	*ret = (struct occurrence){0};
	while (wire_next(&u, &f)) {
		if (f.number == SCIP_RANGE)
			wire_numbers(&f, range, 4, &n);
		else if (f.number == SCIP_OF_SYMBOL)
			ret->symbol = f.bytes;
		else if (f.number == SCIP_ROLES)
			ret->roles = (uint32_t)f.value;
	}
	if (u.bad || n < 3 || range[0] < 0 || range[0] >= INT32_MAX)
		return false;
	ret->line = (uint32_t)range[0] + 1;
	bool one_line = n == 3 || range[0] == range[2];
	int64_t length = (int64_t)range[n - 1] - range[1];
	ret->length = one_line && length > 0 ? (uint32_t)length : 0;
	return true;
}

static const struct definition *
defined(const struct reading *r, struct str symbol)
{
	size_t i = (size_t)(uintptr_t)map_get_str(&r->symbols, symbol);
	return i ? &r->definitions[i - 1] : NULL;
}

/* ---- first: definitions ---- */

static int
take_definition(struct reading *r, struct str bytes, struct dd_err *err)
{
	struct occurrence o;
	struct scip_name name;
	if (!read_occurrence(bytes, &o))
		return err_set(err, DD_EINVAL, "an occurrence is not well formed");
	if (!(o.roles & SCIP_DEFINITION) || !scip_parse_symbol(o.symbol, &name) ||
		defined(r, o.symbol))
		return 0;
	r->definitions =
		mem_grow(r->definitions, r->ndefinitions, &r->cap, sizeof(*r->definitions));
	r->definitions[r->ndefinitions++] = (struct definition){r->document, o.line};
	map_put_str(&r->symbols, o.symbol, (void *)(uintptr_t)r->ndefinitions);
	return 0;
}

static int
take_definitions(struct reading *r, struct str bytes, struct dd_err *err)
{
	struct unpacker u = unpacker_of(bytes);
	struct wire_field f;
	struct str path = {"", 0};
	int rc = 0;
	while (rc == 0 && wire_next(&u, &f)) {
		if (f.number == SCIP_PATH)
			path = f.bytes;
		else if (f.number == SCIP_OCCURRENCES)
			rc = take_definition(r, f.bytes, err);
	}
	if (rc == 0 && (u.bad || (path.n && memchr(path.p, 0, path.n))))
		rc = err_set(err, DD_EINVAL, "a document is not well formed");
	/* Of no file; each of its slashes would be looked behind. */
	if (path.n > MAX_PATH)
		path.n = 0;
	strlist_add_str(&r->paths, path);
	return rc;
}

/* ---- then: what is said ---- */

static uint32_t
name_number(struct reading *r, struct str name)
{
	size_t n = (size_t)(uintptr_t)map_get_str(&r->names, name);
	if (n)
		return (uint32_t)n - 1;
	r->name_list = mem_grow(r->name_list, r->nnames, &r->names_cap, sizeof(*r->name_list));
	r->name_list[r->nnames++] = name;
	map_put_str(&r->names, name, (void *)(uintptr_t)r->nnames);
	return (uint32_t)r->nnames - 1;
}

static void
add_said(struct reading *r, const struct overlay_said *s)
{
	r->said = mem_grow(r->said, r->nsaid, &r->said_cap, sizeof(*r->said));
	r->said[r->nsaid++] = *s;
}

static bool
is_constructor(struct str name)
{
	return str_eq(name, "<constructor>") || str_eq(name, "<init>") || str_eq(name, "__init__");
}

static bool
is_entity(char suffix)
{
	return suffix == '#' || suffix == '.' || suffix == ':' || suffix == '!' || suffix == 'm';
}

static int
take_reference(struct reading *r, struct str bytes, struct dd_err *err)
{
	struct occurrence o;
	struct scip_name name, type;
	if (!read_occurrence(bytes, &o))
		return err_set(err, DD_EINVAL, "an occurrence is not well formed");
	if (o.roles & SCIP_DEFINITION || !o.length || !scip_parse_symbol(o.symbol, &name))
		return 0;
	/* What is written where an object is made is the name of its type. */
	if (name.suffix == 'm' && is_constructor(name.name) && o.length != name.name.n &&
		scip_parse_symbol(name.owner, &type) && type.suffix == '#') {
		o.symbol = name.owner;
		name = type;
	}
	if (!is_entity(name.suffix))
		return 0;
	const struct definition *d = defined(r, o.symbol);
	uint32_t number = name_number(r, name.name);
	struct overlay_said s = {.what = OVERLAY_OUTSIDE, .line = o.line, .name = number};
	if (d) {
		s.what = o.roles & SCIP_WRITE ? OVERLAY_WRITES : OVERLAY_REFERS;
		s.document = d->document;
		s.target_line = d->line;
		s.target_name = number;
	}
	add_said(r, &s);
	return 0;
}

/* "This symbol implements that one", said of a symbol that the document defines. */
static int
take_relationship(struct reading *r, struct str symbol, struct str bytes, struct dd_err *err)
{
	struct unpacker u = unpacker_of(bytes);
	struct wire_field f;
	struct str related = {"", 0};
	struct scip_name name, base;
	bool implements = false;
	while (wire_next(&u, &f)) {
		if (f.number == SCIP_RELATED)
			related = f.bytes;
		else if (f.number == SCIP_IS_IMPLEMENTATION)
			implements = f.value;
	}
	if (u.bad)
		return err_set(err, DD_EINVAL, "a relationship is not well formed");
	const struct definition *d = defined(r, symbol), *t = defined(r, related);
	if (!implements || !d || !t || d->document != r->document ||
		!scip_parse_symbol(symbol, &name) || !scip_parse_symbol(related, &base))
		return 0;
	add_said(r, &(struct overlay_said){.what = OVERLAY_IMPLEMENTS,
			    .line = d->line,
			    .name = name_number(r, name.name),
			    .document = t->document,
			    .target_line = t->line,
			    .target_name = name_number(r, base.name)});
	return 0;
}

static int
take_symbol(struct reading *r, struct str bytes, struct dd_err *err)
{
	struct unpacker u = unpacker_of(bytes), again = u;
	struct wire_field f;
	struct str symbol = {"", 0};
	int rc = 0;
	while (wire_next(&u, &f))
		if (f.number == SCIP_SYMBOL)
			symbol = f.bytes;
	if (u.bad)
		return err_set(err, DD_EINVAL, "a symbol is not well formed");
	while (rc == 0 && wire_next(&again, &f))
		if (f.number == SCIP_RELATIONSHIPS)
			rc = take_relationship(r, symbol, f.bytes, err);
	return rc;
}

static int
by_line(const void *a, const void *b)
{
	const struct overlay_said *x = a, *y = b;
#define COMPARE(field) \
	if (x->field != y->field) \
	return x->field < y->field ? -1 : 1
	COMPARE(line);
	COMPARE(name);
	COMPARE(what);
	COMPARE(document);
	COMPARE(target_line);
	COMPARE(target_name);
#undef COMPARE
	return 0;
}

static void
pack_said(struct reading *r, struct buf *out)
{
	uint32_t line = 0;
	if (r->nsaid)
		qsort(r->said, r->nsaid, sizeof(*r->said), by_line);
	overlay_put_names(out, r->name_list, r->nnames);
	for (size_t i = 0; i < r->nsaid; i++)
		if (!i || by_line(&r->said[i - 1], &r->said[i]) != 0)
			overlay_put(out, &r->said[i], &line);
}

static int
take_document(struct reading *r, struct str bytes, struct buf *out, struct dd_err *err)
{
	struct unpacker u = unpacker_of(bytes);
	struct wire_field f;
	OWN(buf) struct buf packed = {0};
	int rc = 0;
	r->nnames = r->nsaid = 0;
	map_cleanup(&r->names);
	while (rc == 0 && wire_next(&u, &f)) {
		if (f.number == SCIP_OCCURRENCES && r->nsaid < MAX_OCCURRENCES)
			rc = take_reference(r, f.bytes, err);
		else if (f.number == SCIP_SYMBOLS)
			rc = take_symbol(r, f.bytes, err);
	}
	if (rc == 0) {
		pack_said(r, &packed);
		pack_str(out, buf_str(&packed));
	}
	return rc;
}

/* ---- all of it ---- */

static void
read_tool(struct str metadata, struct buf *ret)
{
	struct unpacker u = unpacker_of(metadata), tool = {0};
	struct wire_field f;
	while (wire_next(&u, &f))
		if (f.number == SCIP_TOOL_INFO)
			tool = unpacker_of(f.bytes);
	while (tool.p && wire_next(&tool, &f)) {
		if (f.number == SCIP_TOOL_NAME)
			buf_add_str(ret, f.bytes);
		else if (f.number == SCIP_TOOL_VERSION)
			buf_printf(ret, " " STR_FMT, STR_ARG(f.bytes));
	}
}

static int
read_index(struct reading *r, struct str index, struct buf *out, struct dd_err *err)
{
	struct unpacker u = unpacker_of(index);
	struct wire_field f;
	OWN(buf) struct buf tool = {.max = 200};
	bool metadata = false;
	int rc = 0;
	while (rc == 0 && wire_next(&u, &f)) {
		if (f.number == SCIP_METADATA) {
			metadata = true;
			read_tool(f.bytes, &tool);
		} else if (f.number == SCIP_DOCUMENTS && r->document < MAX_DOCUMENTS) {
			rc = take_definitions(r, f.bytes, err);
			r->document++;
		}
	}
	if (rc == 0 && (u.bad || !metadata))
		rc = err_set(err, DD_EINVAL, "it is no SCIP index");
	if (rc < 0)
		return rc;
	imports_begin(out, buf_str(&tool), &r->paths);
	u = unpacker_of(index);
	r->document = 0;
	while (rc == 0 && wire_next(&u, &f))
		if (f.number == SCIP_DOCUMENTS && r->document < MAX_DOCUMENTS) {
			rc = take_document(r, f.bytes, out, err);
			r->document++;
		}
	return rc;
}

int
imports_read_scip(struct str index, struct buf *out, struct dd_err *err)
{
	struct reading r = {0};
	int rc = read_index(&r, index, out, err);
	reading_cleanup(&r);
	return rc;
}
