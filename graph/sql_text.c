#include "graph/sql_text.h"

#include <string.h>
#include <strings.h>

#define MAX_NAME 128
#define MAX_DEPTH 64
#define MAX_COLUMNS 1000
#define MAX_COMMON 32

struct reader {
	const struct sql_text *t;
	struct str s;
	size_t at;
	uint32_t line;
	struct str word;  /* the last one read; a sign is a word of one byte */
	bool quoted;	  /* as a name */
	uint64_t selects; /* by depth: a SELECT was seen */
	unsigned depth;
	struct str common[MAX_COMMON]; /* names that WITH gives to queries */
	unsigned ncommon;
};

static bool
is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static bool
is(struct str word, const char *name)
{
	return word.n == strlen(name) && strncasecmp(word.p, name, word.n) == 0;
}

static bool
is_one(struct str word, const char *const *names)
{
	for (; *names; names++)
		if (is(word, *names))
			return true;
	return false;
}

/* ---- words ---- */

static void
skip_to(struct reader *r, const char *end)
{
	const char *p = memmem(r->s.p + r->at, r->s.n - r->at, end, strlen(end));
	size_t to = p ? (size_t)(p - r->s.p) + strlen(end) : r->s.n;
	for (; r->at < to; r->at++)
		r->line += r->s.p[r->at] == '\n';
}

static bool
skip_blank(struct reader *r)
{
	while (r->at < r->s.n) {
		char c = r->s.p[r->at], next = r->at + 1 < r->s.n ? r->s.p[r->at + 1] : 0;
		if (c == '-' && next == '-')
			skip_to(r, "\n");
		else if (c == '/' && next == '*')
			skip_to(r, "*/");
		else if (c == '\\' && (next == 'n' || next == 't'))
			r->at += 2; /* as it stands in a literal */
		else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\\') {
			r->line += c == '\n';
			r->at++;
		} else
			return true;
	}
	return false;
}

static bool
next_word(struct reader *r)
{
	r->quoted = false;
	if (!skip_blank(r))
		return false;
	char c = r->s.p[r->at];
	size_t from = r->at;
	if (c == '\'') {
		r->at++;
		skip_to(r, "'");
		r->word = STR("'");
		return true;
	}
	if (c == '"' || c == '`' || c == '[') {
		char end = c == '[' ? ']' : c;
		const char *p = memchr(r->s.p + from + 1, end, r->s.n - from - 1);
		size_t n = p ? (size_t)(p - r->s.p) - from - 1 : 0;
		if (n && n < MAX_NAME) {
			r->word = (struct str){r->s.p + from + 1, n};
			r->quoted = true;
			r->at = from + n + 2;
			return true;
		}
		r->at++;
		r->word = (struct str){r->s.p + from, 1};
		return true;
	}
	while (r->at < r->s.n && is_name_byte(r->s.p[r->at]))
		r->at++;
	r->at += r->at == from;
	r->word = (struct str){r->s.p + from, r->at - from};
	return true;
}

static bool
is_name(const struct reader *r)
{
	static const char *const never[] = {"select", "where", "set", "values", "only", "lateral",
		"unnest", "dual", "on", "and", "or", "if", "not", "exists", "table", "all", "any",
		NULL};
	static const char *const prose[] = {"the", "a", "an", "this", "that", "these", "your", "it",
		"its", "our", "their", "each", "which", "new", "old", "another", "one", NULL};
	char c = r->word.n ? r->word.p[0] : 0;
	if (r->quoted)
		return true;
	return r->word.n < MAX_NAME && is_name_byte(c) && !(c >= '0' && c <= '9') && c != '$' &&
	       !is_one(r->word, never) && !(r->t->likely && is_one(r->word, prose));
}

/* "a", "a.b", quoted or not, in small letters; the reader stands behind its first word. Heap; NULL: none. */
static char *
table_name(struct reader *r)
{
	OWN(buf) struct buf b = {.max = MAX_NAME * 2};
	if (!is_name(r))
		return NULL;
	buf_add_str(&b, r->word);
	while (r->at < r->s.n && r->s.p[r->at] == '.') {
		r->at++;
		if (!next_word(r) || !is_name(r))
			return NULL;
		buf_putc(&b, '.');
		buf_add_str(&b, r->word);
	}
	/* A part of it is filled in later: its name is not known. */
	if (r->at < r->s.n &&
		(r->s.p[r->at] == '{' || r->s.p[r->at] == '%' || r->s.p[r->at] == '$'))
		return NULL;
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] >= 'A' && b.p[i] <= 'Z')
			b.p[i] = (char)(b.p[i] - 'A' + 'a');
	return b.n ? buf_take(&b) : NULL;
}

/* ---- facts ---- */

static void
refer(struct reader *r, const char *name, uint32_t from, enum graph_relation relation)
{
	uint32_t string = r->t->own(r->t->ctx, name);
	for (unsigned i = 0; i < r->ncommon; i++)
		if (is(r->common[i], name))
			return;
	if (!string)
		return;
	struct fact_ref *ref = facts_add_ref(r->t->f);
	ref->relation = (uint8_t)relation;
	ref->name = string;
	ref->from = from;
	ref->line = r->line;
	ref->flags = r->t->likely ? FACT_LIKELY : 0;
}

static uint32_t
define(struct reader *r, enum graph_kind kind, const char *name, uint32_t parent)
{
	uint32_t string = r->t->own(r->t->ctx, name);
	if (!string)
		return 0;
	struct fact_entity *e = facts_add_entity(r->t->f);
	e->kind = (uint8_t)kind;
	e->name = string;
	e->parent = parent;
	e->line = e->end = r->line;
	return (uint32_t)r->t->f->nentities;
}

/* Tables behind FROM, JOIN and the like, with commas between them. */
static void
read_tables(struct reader *r)
{
	for (unsigned n = 0; n < MAX_COLUMNS && next_word(r); n++) {
		while (is(r->word, "only") || is(r->word, "lateral"))
			if (!next_word(r))
				return;
		OWN_FREE char *name = table_name(r);
		if (!name) {
			r->at -= r->word.n; /* "(" of a query, or what is none of ours */
			return;
		}
		size_t before = r->at;
		uint32_t line = r->line;
		bool more = next_word(r);
		if (more && is(r->word, "(")) {
			r->at = before;
			r->line = line;
			return; /* a function that gives rows */
		}
		refer(r, name, r->t->scope, REL_QUERIES_TABLE);
		static const char *const clauses[] = {"where", "join", "inner", "left", "right",
			"full", "cross", "on", "order", "group", "having", "limit", "union", "set",
			"using", "natural", "for", NULL};
		if (more && is(r->word, "as"))
			more = next_word(r) && next_word(r);
		else if (more && is_name(r) && !is_one(r->word, clauses))
			more = next_word(r);
		if (!more || !is(r->word, ",")) {
			if (more)
				r->at -= r->quoted ? 0 : r->word.n;
			return;
		}
	}
}

/* The one table behind INTO or UPDATE. */
static void
read_written(struct reader *r)
{
	if (!next_word(r))
		return;
	OWN_FREE char *name = table_name(r);
	if (name)
		refer(r, name, r->t->scope, REL_QUERIES_TABLE);
}

static void
read_column(struct reader *r, uint32_t table)
{
	static const char *const none[] = {"primary", "foreign", "unique", "key", "constraint",
		"check", "index", "exclude", "fulltext", "spatial", "like", "partition", "period",
		NULL};
	if (r->quoted || (is_name(r) && !is_one(r->word, none))) {
		OWN_FREE char *name = str_dup(r->word);
		(void)define(r, KIND_COLUMN, name, table);
	}
}

/* The reader stands behind "(". */
static void
read_columns(struct reader *r, uint32_t table)
{
	unsigned depth = 1, n = 0;
	bool first = true;
	while (depth && n < MAX_COLUMNS && next_word(r)) {
		if (!r->quoted && is(r->word, "("))
			depth++;
		else if (!r->quoted && is(r->word, ")"))
			depth--;
		else if (!r->quoted && is(r->word, ",") && depth == 1)
			first = true;
		else if (is(r->word, "references") && next_word(r)) {
			OWN_FREE char *to = table_name(r);
			if (to)
				refer(r, to, table, REL_DEPENDS_ON);
		} else if (first) {
			read_column(r, table);
			first = false;
			n++;
		}
	}
}

static void
read_create(struct reader *r)
{
	while (next_word(r)) {
		static const char *const before[] = {"or", "replace", "temporary", "temp", "global",
			"local", "unlogged", "external", "virtual", NULL};
		if (!is_one(r->word, before))
			break;
	}
	if (!is(r->word, "table") || !next_word(r))
		return;
	if (is(r->word, "if") && next_word(r) && next_word(r) && !next_word(r))
		return;
	OWN_FREE char *name = table_name(r);
	if (!name)
		return;
	uint32_t table = define(r, KIND_TABLE, name, r->t->scope);
	if (!table || !next_word(r))
		return;
	if (is(r->word, "("))
		read_columns(r, table);
	else
		r->at -= r->quoted ? 0 : r->word.n;
	r->t->f->entities[table - 1].end = r->line;
}

/* ALTER, DROP, TRUNCATE: TABLE [IF [NOT] EXISTS] name */
static void
read_table_word(struct reader *r)
{
	if (!next_word(r) || !is(r->word, "table") || !next_word(r))
		return;
	while (is(r->word, "if") || is(r->word, "exists") || is(r->word, "only") ||
		is(r->word, "not"))
		if (!next_word(r))
			return;
	OWN_FREE char *name = table_name(r);
	if (name)
		refer(r, name, r->t->scope, REL_QUERIES_TABLE);
}

static void
read_with(struct reader *r)
{
	if (!next_word(r))
		return;
	if (is(r->word, "recursive") && !next_word(r))
		return;
	if (is_name(r) && r->ncommon < MAX_COMMON)
		r->common[r->ncommon++] = r->word;
}

/* ") , name AS (" goes on with WITH. */
static void
read_sign(struct reader *r, char before)
{
	char c = r->word.p[0];
	if (c == '(') {
		r->depth += r->depth < MAX_DEPTH - 1;
		r->selects &= ~((uint64_t)1 << r->depth);
	} else if (c == ')') {
		r->depth -= r->depth > 0;
	} else if (c == ';') {
		r->depth = 0;
		r->selects = 0;
	} else if (c == ',' && before == ')' && !r->depth && r->ncommon &&
		   r->ncommon < MAX_COMMON) {
		size_t at = r->at;
		uint32_t line = r->line;
		struct str name;
		if (next_word(r) && is_name(r)) {
			name = r->word;
			if (next_word(r) && is(r->word, "as"))
				r->common[r->ncommon++] = name;
		}
		r->at = at;
		r->line = line;
		r->word = STR(",");
	}
}

static bool
in_query(const struct reader *r)
{
	return !r->depth || r->selects >> r->depth & 1;
}

void
sql_text_facts(const struct sql_text *t, struct str s)
{
	struct reader r = {.t = t, .s = s, .line = t->line};
	char before = 0;
	bool deletes = false;
	while (next_word(&r)) {
		struct str w = r.word;
		char sign = w.n == 1 && !r.quoted ? w.p[0] : 0;
		if (r.quoted)
			w = (struct str){"", 0}; /* a name is no word of the language */
		if (sign)
			read_sign(&r, before);
		else if (is(w, "select"))
			r.selects |= (uint64_t)1 << r.depth;
		else if (is(w, "delete"))
			deletes = true;
		else if (is(w, "with") && (!before || before == ';'))
			read_with(&r);
		else if (is(w, "create") && (!before || before == ';'))
			read_create(&r);
		else if ((is(w, "alter") || is(w, "drop") || is(w, "truncate")) &&
			 (!before || before == ';'))
			read_table_word(&r);
		else if ((is(w, "from") && (in_query(&r) || deletes)) ||
			 (is(w, "join") && in_query(&r)))
			read_tables(&r);
		else if (is(w, "into") ||
			 (is(w, "update") && (!before || before == ';' || before == '(')))
			read_written(&r);
		before = sign ? sign : 'a';
	}
}

/* ---- is it SQL at all ---- */

static bool
has_word(struct str s, const char *word)
{
	size_t n = strlen(word);
	for (const char *p = s.p, *end = s.p + s.n; (p = memmem(p, (size_t)(end - p), word, n));
		p += n)
		if (p > s.p && !is_name_byte(p[-1]) && (p + n == end || !is_name_byte(p[n])))
			return true;
	return false;
}

bool
sql_text_begins(struct str s, bool *ret_likely)
{
	static const struct {
		const char *first, *then;
	} shapes[] = {{"SELECT", "FROM"}, {"INSERT", "INTO"}, {"UPDATE", "SET"}, {"DELETE", "FROM"},
		{"CREATE", "TABLE"}, {"ALTER", "TABLE"}, {"DROP", "TABLE"}, {"REPLACE", "INTO"},
		{"WITH", "SELECT"}, {"TRUNCATE", "TABLE"}};
	s = str_trim(s);
	while (s.n > 2 && s.p[0] == '\\' && s.p[1] == 'n')
		s = str_trim((struct str){s.p + 2, s.n - 2});
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		size_t n = strlen(shapes[i].first);
		if (s.n < n + 4 || strncasecmp(s.p, shapes[i].first, n) != 0 ||
			is_name_byte(s.p[n]))
			continue;
		if (memcmp(s.p, shapes[i].first, n) == 0) {
			*ret_likely = false;
			return has_word(s, shapes[i].then);
		}
		char small[16] = {0};
		for (size_t k = 0; shapes[i].then[k]; k++)
			small[k] = (char)(shapes[i].then[k] - 'A' + 'a');
		*ret_likely = true;
		return s.p[0] >= 'a' && s.p[1] >= 'a' && has_word(s, small);
	}
	return false;
}
