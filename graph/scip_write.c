/*
 * Theory of operation.  The map knows lines, SCIP wants columns: each file is read again, a name is looked for in its line, and a file that
 * is not what the map knows is left out.  Definitions are the entities; references are those of the file's facts
 * whose entity surely leads to exactly one thing of that name.
 */
#include "graph/answer.h"

#include "graph/extract.h"
#include "graph/scip.h"
#include "graph/wire.h"

#include <inttypes.h>
#include <string.h>

#define NO_COLUMN UINT32_MAX
#define MAX_DOCUMENT ((size_t)1 << 30)
#define SURE 90 /* percent: an index has no room for doubts */

struct writing {
	struct graph *g;
	int (*put)(void *ctx, struct str bytes);
	void *ctx;
	struct facts facts;
	struct buf text;    /* of the file at hand */
	const char **lines; /* where each begins; one more at the end */
	size_t nlines, lines_cap;
	struct buf document;
	bool truncated; /* some of it did not fit */
	struct dd_err *err;
};

/* ---- symbols ---- */

static void
put_name(struct buf *b, const char *name)
{
	bool simple = *name;
	for (const char *p = name; *p; p++)
		simple &= (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			  (*p >= '0' && *p <= '9') || strchr("_+-$", *p);
	if (simple) {
		buf_puts(b, name);
		return;
	}
	buf_putc(b, '`');
	for (const char *p = name; *p; p++)
		buf_printf(b, *p == '`' ? "``" : "%c", *p);
	buf_putc(b, '`');
}

struct shape {
	const char *suffix;
	uint8_t kind; /* enum Kind of SymbolInformation */
};

static struct shape
shape_of(enum graph_kind k)
{
	switch (k) {
	case KIND_TYPE:
		return (struct shape){"#", 7};
	case KIND_FUNCTION:
	case KIND_TEST:
		return (struct shape){"().", 17};
	case KIND_METHOD:
		return (struct shape){"().", 26};
	case KIND_MACRO:
		return (struct shape){"!", 25};
	case KIND_MODULE:
		return (struct shape){"/", 30};
	case KIND_FIELD:
		return (struct shape){".", 15};
	case KIND_ENUMERATOR:
		return (struct shape){".", 12};
	case KIND_GLOBAL:
		return (struct shape){".", 61};
	default:
		return (struct shape){NULL, 0};
	}
}

/* "drydock . . . `src/a.c`/A#f()."; empty: it has none.  What has the same names in a file shares one. */
static int
put_symbol(struct writing *w, const struct entity *e, struct buf *ret)
{
	OWN(strlist) struct strlist parts = {0};
	OWN_FREE char *path = NULL;
	struct entity at = *e;
	int rc = answer_path(w->g, e, &path, w->err);
	for (unsigned i = 0; rc == 0 && i < 64 && at.kind != KIND_FILE; i++) {
		OWN_FREE char *name = NULL;
		OWN(buf) struct buf part = {0};
		struct shape s = shape_of(at.kind);
		rc = answer_name(w->g, at.name, &name, w->err);
		if (rc < 0 || !s.suffix)
			return rc;
		put_name(&part, name);
		buf_puts(&part, s.suffix);
		w->truncated |= part.truncated;
		strlist_add(&parts, part.p);
		rc = answer_entity(w->g, at.parent, &at, w->err);
	}
	if (rc < 0)
		return rc;
	buf_puts(ret, "drydock . . . ");
	put_name(ret, path);
	buf_putc(ret, '/');
	for (size_t i = parts.n; i-- > 0;)
		buf_puts(ret, parts.v[i]);
	w->truncated |= ret->truncated;
	return 0;
}

/* ---- places ---- */

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static void
split_lines(struct writing *w)
{
	const char *p = w->text.p, *end = p + w->text.n;
	w->nlines = 0;
	for (; p && p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		w->lines = mem_grow(w->lines, w->nlines + 1, &w->lines_cap, sizeof(*w->lines));
		w->lines[w->nlines++] = p;
		p = nl ? nl + 1 : end;
	}
	w->lines = mem_grow(w->lines, w->nlines, &w->lines_cap, sizeof(*w->lines));
	w->lines[w->nlines] = end;
}

/* The column of a name in a line from 1, as a word of its own. */
static uint32_t
column_of(const struct writing *w, uint32_t line, struct str name)
{
	if (!line || line > w->nlines || !name.n)
		return NO_COLUMN;
	const char *p = w->lines[line - 1], *end = w->lines[line];
	for (const char *at = p; (size_t)(end - at) >= name.n; at++) {
		at = memmem(at, (size_t)(end - at), name.p, name.n);
		if (!at)
			break;
		bool begins = at == p || !is_word(at[-1]) || !is_word(name.p[0]);
		bool ends =
			at + name.n == end || !is_word(at[name.n]) || !is_word(name.p[name.n - 1]);
		if (begins && ends)
			return (uint32_t)(at - p);
	}
	return NO_COLUMN;
}

static void
put_numbers(struct buf *b, uint32_t field, const uint32_t *v, size_t n)
{
	OWN(buf) struct buf packed = {0};
	for (size_t i = 0; i < n; i++)
		pack_u64(&packed, v[i]);
	wire_put_bytes(b, field, buf_str(&packed));
}

static void
put_occurrence(struct writing *w, struct str symbol, uint32_t line, uint32_t column, size_t length,
	const struct entity *defined, enum scip_role role)
{
	OWN(buf) struct buf b = {0};
	const uint32_t range[3] = {line - 1, column, column + (uint32_t)length};
	put_numbers(&b, SCIP_RANGE, range, 3);
	wire_put_bytes(&b, SCIP_OF_SYMBOL, symbol);
	if (role)
		wire_put_number(&b, SCIP_ROLES, role);
	if (defined && defined->end <= w->nlines) {
		size_t last = (size_t)(w->lines[defined->end] - w->lines[defined->end - 1]);
		const uint32_t around[4] = {defined->line - 1, 0, defined->end - 1,
			(uint32_t)last - (last && w->lines[defined->end][-1] == '\n')};
		put_numbers(&b, SCIP_ENCLOSING_RANGE, around, 4);
	}
	w->truncated |= b.truncated;
	wire_put_bytes(&w->document, SCIP_OCCURRENCES, buf_str(&b));
}

/* ---- one file ---- */

static int
put_definition(struct writing *w, uint32_t id)
{
	struct entity e;
	OWN_FREE char *name = NULL;
	OWN(buf) struct buf symbol = {0}, info = {0};
	int rc = answer_entity(w->g, id, &e, w->err);
	if (rc == 0)
		rc = answer_name(w->g, e.name, &name, w->err);
	if (rc == 0)
		rc = put_symbol(w, &e, &symbol);
	if (rc < 0 || !symbol.n)
		return rc;
	uint32_t line = e.line, column = NO_COLUMN;
	/* Decorators and the type of the result may come first. */
	for (; line <= e.end && line < e.line + 20; line++) {
		column = column_of(w, line, str_of(name));
		if (column != NO_COLUMN)
			break;
	}
	if (column == NO_COLUMN)
		return 0;
	put_occurrence(w, buf_str(&symbol), line, column, strlen(name), &e,
		e.flags & FACT_DECLARATION ? SCIP_FORWARD_DEFINITION : SCIP_DEFINITION);
	wire_put_bytes(&info, SCIP_SYMBOL, buf_str(&symbol));
	wire_put_number(&info, SCIP_KIND, shape_of(e.kind).kind);
	wire_put_bytes(&info, SCIP_DISPLAY_NAME, str_of(name));
	w->truncated |= info.truncated;
	wire_put_bytes(&w->document, SCIP_SYMBOLS, buf_str(&info));
	return 0;
}

/* The relations of one entity, read once for all its references. */
struct led {
	uint32_t dst, line; /* dst 0: not known */
	bool sure;
	char *name; /* of what it leads to */
};
struct led_list {
	struct writing *w;
	struct led *v;
	size_t n, cap;
};

static void
led_list_clear(struct led_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].name);
	l->n = 0;
}

static void
led_list_cleanup(struct led_list *l)
{
	led_list_clear(l);
	free(l->v);
}

static int
add_led(void *ctx, const struct store_relation *r)
{
	struct led_list *l = ctx;
	struct entity e;
	char *name = NULL;
	int rc = r->dst ? answer_entity(l->w->g, r->dst, &e, l->w->err) : 0;
	if (rc == 0)
		rc = answer_name(l->w->g, r->dst ? e.name : r->name, &name, l->w->err);
	if (rc < 0)
		return rc;
	l->v = mem_grow(l->v, l->n, &l->cap, sizeof(*l->v));
	l->v[l->n++] = (struct led){r->dst, r->line, r->dst && r->conf >= SURE, name};
	return 0;
}

static int
read_relations(struct led_list *l, uint32_t entity)
{
	OWN(buf) struct buf packed = {0};
	led_list_clear(l);
	int rc = answer_relations(l->w->g, entity, &packed, NULL, l->w->err);
	return rc < 0 ? rc : store_each_out(buf_str(&packed), entity, add_led, l, l->w->err);
}

/* The entity that a name of a line leads to for sure; 0: none, or it may be several. */
static uint32_t
find_meant(const struct led_list *l, struct str name, uint32_t line)
{
	uint32_t on_line = 0, anywhere = 0;
	bool many = false;
	for (size_t i = 0; i < l->n; i++) {
		const struct led *r = &l->v[i];
		if (!str_eq(name, r->name))
			continue;
		if (!r->sure && r->line == line)
			return 0;
		if (!r->sure) {
			many = true;
			continue;
		}
		if (r->line == line)
			on_line = r->dst;
		many |= anywhere && anywhere != r->dst;
		anywhere = r->dst;
	}
	return on_line ? on_line : many ? 0 : anywhere;
}

static int
put_reference(struct writing *w, const struct fact_ref *ref, const struct led_list *relations)
{
	struct str name = str_behind(w->facts.strings[ref->name], NAME_SEPARATORS);
	struct entity e;
	OWN(buf) struct buf symbol = {0};
	uint32_t column = column_of(w, ref->line, name);
	if (column == NO_COLUMN || ref->relation == REL_IMPORTS)
		return 0;
	uint32_t id = find_meant(relations, name, ref->line);
	int rc = id ? answer_entity(w->g, id, &e, w->err) : 0;
	if (rc < 0 || !id)
		return rc;
	if (e.file)
		rc = put_symbol(w, &e, &symbol);
	if (rc == 0 && symbol.n)
		put_occurrence(w, buf_str(&symbol), ref->line, column, name.n, NULL,
			ref->relation == REL_WRITES ? SCIP_WRITE : (enum scip_role)0);
	return rc;
}

static int
put_references(struct writing *w, uint32_t file, uint32_t first)
{
	struct str packed;
	struct led_list relations = {.w = w};
	uint32_t of = UINT32_MAX;
	int rc = store_facts(w->g->db, file, &packed, w->err);
	if (rc == 0)
		rc = facts_unpack(&w->facts, packed, w->err);
	for (size_t i = 0; rc == 0 && i < w->facts.nrefs; i++) {
		const struct fact_ref *ref = &w->facts.refs[i];
		if (ref->from != of) {
			of = ref->from;
			rc = read_relations(&relations, first + of);
		}
		if (rc == 0)
			rc = put_reference(w, ref, &relations);
	}
	led_list_cleanup(&relations);
	return rc;
}

static int
put_document(struct writing *w, uint32_t id, size_t *ret_stale)
{
	struct store_file f;
	OWN(buf) struct buf out = {.max = MAX_DOCUMENT};
	int rc = store_file_by_id(w->g->db, id, &f, w->err);
	if (rc < 0 || f.state > FILE_PARTIAL)
		return rc;
	buf_reset(&w->text);
	buf_reset(&w->document);
	if (!answer_source(w->g, &f, &w->text)) {
		++*ret_stale;
		return 0;
	}
	wire_put_bytes(&w->document, SCIP_PATH, f.path);
	wire_put_bytes(&w->document, SCIP_LANGUAGE, str_of(lang_name((enum lang_id)f.lang)));
	wire_put_number(&w->document, SCIP_POSITION_ENCODING, SCIP_UTF8);
	uint32_t first = f.first, end = f.end;
	split_lines(w);
	for (uint32_t e = first + 1; rc == 0 && e < end; e++)
		rc = put_definition(w, e);
	if (rc == 0)
		rc = put_references(w, id, first);
	if (rc < 0)
		return rc;
	wire_put_bytes(&out, SCIP_DOCUMENTS, buf_str(&w->document));
	if (w->truncated || w->document.truncated || out.truncated)
		return err_set(w->err, DD_ELIMIT,
			"what is known of file %" PRIu32 " is too much for an index", id);
	return w->put(w->ctx, buf_str(&out));
}

static int
put_metadata(struct writing *w)
{
	OWN(buf) struct buf tool = {0}, metadata = {0}, out = {0}, root = {0};
	wire_put_bytes(&tool, SCIP_TOOL_NAME, STR("drydock"));
	buf_puts(&root, "file://");
	for (const char *p = w->g->root; *p; p++)
		buf_printf(&root, is_word(*p) || strchr("/.-~", *p) ? "%c" : "%%%02X",
			(unsigned char)*p);
	wire_put_bytes(&metadata, SCIP_TOOL_INFO, buf_str(&tool));
	wire_put_bytes(&metadata, SCIP_PROJECT_ROOT, buf_str(&root));
	wire_put_number(&metadata, SCIP_TEXT_ENCODING, SCIP_UTF8);
	wire_put_bytes(&out, SCIP_METADATA, buf_str(&metadata));
	if (root.truncated || out.truncated)
		return err_set(w->err, DD_ELIMIT, "the path of the tree is too long");
	return w->put(w->ctx, buf_str(&out));
}

int
graph_export_scip(struct graph *g, int (*put)(void *ctx, struct str bytes), void *ctx,
	size_t *ret_stale, struct dd_err *err)
{
	struct writing w = {.g = g, .put = put, .ctx = ctx, .err = err};
	uint32_t last = 0;
	size_t stale = 0;
	w.text.max = EXTRACT_MAX_BYTES + 65536;
	w.document.max = MAX_DOCUMENT;
	int rc = put_metadata(&w);
	if (rc == 0)
		rc = answer_last_id(g, "SELECT max(id) FROM file", &last, err);
	for (uint32_t id = 1; rc == 0 && id <= last; id++)
		rc = put_document(&w, id, &stale);
	facts_cleanup(&w.facts);
	buf_cleanup(&w.text);
	buf_cleanup(&w.document);
	free(w.lines);
	if (rc < 0)
		return err_wrap(err, "graph");
	*ret_stale = stale;
	return 0;
}
