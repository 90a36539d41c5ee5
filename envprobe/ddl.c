#include "envprobe/ddl.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_VALUES 100
#define MAX_ENUMS 2000

enum kind { T_END, T_WORD, T_QUOTED, T_STRING, T_NUMBER, T_PUNCT };

struct token {
	enum kind kind;
	struct str text; /* quotes and all */
};

struct reader {
	struct str rest;
	struct token now;
};

/* ---- words ---- */

static bool
is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || (c & 0x80);
}

static bool
is_letter(char c)
{
	return is_word_char(c) && !(c >= '0' && c <= '9');
}

static void
skip(struct str *s, size_t n)
{
	n = n < s->n ? n : s->n;
	s->p += n;
	s->n -= n;
}

static size_t
find_text(struct str s, const char *end)
{
	const char *at = memmem(s.p, s.n, end, strlen(end));
	return at ? (size_t)(at - s.p) + strlen(end) : s.n;
}

static bool
skip_blank(struct str *s)
{
	if (s->n && strchr(" \t\r\n\f", *s->p) && *s->p)
		skip(s, 1);
	else if (str_starts(*s, "--") || str_starts(*s, "#"))
		skip(s, find_text(*s, "\n"));
	else if (str_starts(*s, "/*"))
		skip(s, find_text(*s, "*/"));
	else
		return false;
	return true;
}

/* Up to the quote that ends it; one that stands twice does not. */
static size_t
quoted_length(struct str s, char end)
{
	size_t i = 1;
	for (; i < s.n; i++) {
		if (s.p[i] == '\\' && end == '\'')
			i++;
		else if (s.p[i] == end && i + 1 < s.n && s.p[i + 1] == end && end != ']')
			i++;
		else if (s.p[i] == end)
			return i + 1;
	}
	return s.n;
}

/* $tag$ text $tag$ */
static size_t
dollar_length(struct str s)
{
	size_t n = 1;
	while (n < s.n && is_word_char(s.p[n]))
		n++;
	if (n >= s.n || s.p[n] != '$')
		return 0;
	OWN_FREE char *tag = str_dup((struct str){s.p, n + 1});
	struct str rest = {s.p + n + 1, s.n - n - 1};
	return n + 1 + find_text(rest, tag);
}

static void
next(struct reader *r)
{
	struct str *s = &r->rest;
	size_t n = 1;
	enum kind kind = T_PUNCT;
	while (skip_blank(s))
		;
	if (!s->n) {
		r->now = (struct token){T_END, {"", 0}};
		return;
	}
	char c = *s->p;
	if (c == '\'') {
		kind = T_STRING;
		n = quoted_length(*s, c);
	} else if (c == '"' || c == '`' || (c == '[' && s->n > 1 && is_letter(s->p[1]))) {
		kind = T_QUOTED;
		n = quoted_length(*s, c == '[' ? ']' : c);
	} else if (c == '$' && dollar_length(*s)) {
		kind = T_STRING;
		n = dollar_length(*s);
	} else if (c >= '0' && c <= '9') {
		kind = T_NUMBER;
		while (n < s->n && (is_word_char(s->p[n]) || s->p[n] == '.'))
			n++;
	} else if (is_word_char(c)) {
		kind = T_WORD;
		while (n < s->n && is_word_char(s->p[n]))
			n++;
	} else if (s->n > 1 && (memcmp(s->p, "<=", 2) == 0 || memcmp(s->p, ">=", 2) == 0 ||
				       memcmp(s->p, "<>", 2) == 0 || memcmp(s->p, "!=", 2) == 0 ||
				       memcmp(s->p, "::", 2) == 0)) {
		n = 2;
	}
	r->now = (struct token){kind, {s->p, n}};
	skip(s, n);
}

static bool
is(const struct reader *r, const char *word)
{
	return (r->now.kind == T_WORD || r->now.kind == T_PUNCT) && r->now.text.n == strlen(word) &&
	       strncasecmp(r->now.text.p, word, r->now.text.n) == 0;
}

static bool
take(struct reader *r, const char *word)
{
	bool yes = is(r, word);
	if (yes)
		next(r);
	return yes;
}

static bool
is_name(const struct reader *r)
{
	return r->now.kind == T_WORD || r->now.kind == T_QUOTED;
}

/* "schema.name" is a name.  Heap; NULL: there is none. */
static char *
take_name(struct reader *r)
{
	OWN(buf) struct buf name = {.max = 200};
	if (!is_name(r))
		return NULL;
	buf_add_str(&name, r->now.text);
	next(r);
	while (take(r, ".") && is_name(r)) {
		buf_putc(&name, '.');
		buf_add_str(&name, r->now.text);
		next(r);
	}
	return buf_take(&name);
}

/* Behind the bracket that fits the one before what is read now. */
static void
skip_group(struct reader *r)
{
	for (int depth = 1; depth && r->now.kind != T_END; next(r))
		depth += is(r, "(") - is(r, ")");
}

static bool
ends_item(const struct reader *r)
{
	return r->now.kind == T_END || is(r, ",") || is(r, ")") || is(r, ";");
}

/* ---- names that are the same ---- */

/* The last part, without quotes. */
static struct str
bare(struct str name)
{
	for (size_t i = name.n; i-- > 0;)
		if (name.p[i] == '.') {
			skip(&name, i + 1);
			break;
		}
	if (name.n >= 2 && strchr("\"`[", name.p[0]))
		return (struct str){name.p + 1, name.n - 2};
	return name;
}

static bool
same_name(struct str a, struct str b)
{
	a = bare(a), b = bare(b);
	return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

struct ddl_table *
ddl_find(const struct ddl *d, struct str name)
{
	for (size_t i = 0; i < d->n; i++)
		if (same_name(str_of(d->v[i].name), name))
			return &d->v[i];
	return NULL;
}

struct ddl_column *
ddl_find_column(const struct ddl_table *t, struct str name)
{
	for (size_t i = 0; i < t->n; i++)
		if (same_name(str_of(t->columns[i].name), name))
			return &t->columns[i];
	return NULL;
}

/* ---- types ---- */

static const struct {
	const char *word;
	enum ddl_type type;
	int64_t most; /* 0: no own bound */
} types[] = {{"int", DDL_INTEGER, 0}, {"integer", DDL_INTEGER, 0}, {"smallint", DDL_INTEGER, 32767},
	{"tinyint", DDL_INTEGER, 127}, {"mediumint", DDL_INTEGER, 0}, {"bigint", DDL_INTEGER, 0},
	{"int2", DDL_INTEGER, 32767}, {"int4", DDL_INTEGER, 0}, {"int8", DDL_INTEGER, 0},
	{"serial", DDL_INTEGER, 0}, {"bigserial", DDL_INTEGER, 0}, {"smallserial", DDL_INTEGER, 0},
	{"numeric", DDL_DECIMAL, 0}, {"decimal", DDL_DECIMAL, 0}, {"real", DDL_DECIMAL, 0},
	{"double", DDL_DECIMAL, 0}, {"float", DDL_DECIMAL, 0}, {"money", DDL_DECIMAL, 0},
	{"bool", DDL_BOOLEAN, 0}, {"boolean", DDL_BOOLEAN, 0}, {"char", DDL_TEXT, 0},
	{"varchar", DDL_TEXT, 0}, {"character", DDL_TEXT, 0}, {"text", DDL_TEXT, 0},
	{"nvarchar", DDL_TEXT, 0}, {"nchar", DDL_TEXT, 0}, {"citext", DDL_TEXT, 0},
	{"tinytext", DDL_TEXT, 0}, {"mediumtext", DDL_TEXT, 0}, {"longtext", DDL_TEXT, 0},
	{"clob", DDL_TEXT, 0}, {"blob", DDL_BYTES, 0}, {"bytea", DDL_BYTES, 0},
	{"tinyblob", DDL_BYTES, 0}, {"mediumblob", DDL_BYTES, 0}, {"longblob", DDL_BYTES, 0},
	{"binary", DDL_BYTES, 0}, {"varbinary", DDL_BYTES, 0}, {"date", DDL_DATE, 0},
	{"time", DDL_TIME, 0}, {"timestamp", DDL_TIMESTAMP, 0}, {"timestamptz", DDL_TIMESTAMP, 0},
	{"datetime", DDL_TIMESTAMP, 0}, {"interval", DDL_INTERVAL, 0}, {"year", DDL_YEAR, 0},
	{"uuid", DDL_UUID, 0}, {"json", DDL_JSON, 0}, {"jsonb", DDL_JSON, 0},
	{"inet", DDL_ADDRESS, 0}, {"enum", DDL_ENUM, 0}, {"set", DDL_ENUM, 0}};

static void
take_values(struct reader *r, struct strlist *to)
{
	for (; r->now.kind != T_END && !is(r, ")"); next(r))
		if ((r->now.kind == T_STRING || r->now.kind == T_NUMBER) && to->n < MAX_VALUES)
			strlist_add_str(to, r->now.text);
	next(r);
}

static int64_t
number_of(const struct token *t)
{
	OWN_FREE char *text = str_dup(t->text);
	return t->kind == T_NUMBER ? strtoll(text, NULL, 10) : 0;
}

static void
take_size(struct reader *r, struct ddl_column *c)
{
	c->size = number_of(&r->now);
	next(r);
	if (take(r, ",")) {
		c->scale = number_of(&r->now);
		next(r);
	}
	while (!take(r, ")") && r->now.kind != T_END)
		next(r);
}

static void
take_type(struct reader *r, struct ddl_column *c)
{
	if (!is_name(r))
		return;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (is(r, types[i].word)) {
			c->type = types[i].type;
			c->most = types[i].most ? types[i].most : c->most;
			c->automatic = str_ends(str_of(types[i].word), "serial");
		}
	c->not_null = c->automatic;
	c->type_name = take_name(r);
	while (take(r, "varying") || take(r, "precision") || take(r, "unsigned") ||
		take(r, "zerofill"))
		;
	if (take(r, "(")) {
		if (c->type == DDL_ENUM)
			take_values(r, &c->values);
		else
			take_size(r, c);
	}
	while (take(r, "unsigned") || take(r, "zerofill"))
		;
	if (take(r, "with") || take(r, "without")) /* TIME ZONE */
		while (take(r, "local") || take(r, "time") || take(r, "zone"))
			;
	while (take(r, "[")) {
		c->type = DDL_ARRAY;
		while (!take(r, "]") && r->now.kind != T_END)
			next(r);
	}
}

/* ---- checks ---- */

static void
find_hard(struct ddl_table *t, const char *what)
{
	if (!t->hard)
		t->hard = mem_strdup(what);
}

static bool
take_op(struct reader *r, const char **ret)
{
	static const char *const ops[] = {"<=", ">=", "<>", "!=", "=", "<", ">", NULL};
	for (size_t i = 0; ops[i]; i++)
		if (take(r, ops[i])) {
			*ret = ops[i];
			return true;
		}
	return false;
}

static void
skip_cast(struct reader *r)
{
	while (take(r, "::")) {
		free(take_name(r));
		while (take(r, "varying") || take(r, "precision"))
			;
		if (take(r, "("))
			skip_group(r);
		if (take(r, "["))
			(void)take(r, "]");
	}
}

static bool
take_number(struct reader *r, int64_t *ret)
{
	bool bracket = take(r, "("), minus = take(r, "-");
	if (r->now.kind != T_NUMBER)
		return false;
	*ret = minus ? -number_of(&r->now) : number_of(&r->now);
	if (memchr(r->now.text.p, '.', r->now.text.n))
		*ret += 1; /* the next whole number lies inside of a lower bound */
	next(r);
	if (bracket)
		(void)take(r, ")");
	skip_cast(r);
	return true;
}

/* One value is not allowed: on the side of it where the others are. */
static bool
leave_out(int64_t *least, int64_t *most, int64_t n)
{
	if (n <= *least || (*least == INT64_MIN && *most == INT64_MAX))
		*least = n >= *least && n < INT64_MAX ? n + 1 : *least;
	else if (n >= *most)
		*most = n == *most ? n - 1 : *most;
	else
		return false;
	return true;
}

/* false: it would leave nothing that is known. */
static bool
bound(int64_t *least, int64_t *most, const char *op, int64_t n)
{
	if (n <= INT64_MIN / 2 || n >= INT64_MAX / 2)
		return false;
	if (strcmp(op, "<>") == 0 || strcmp(op, "!=") == 0)
		return leave_out(least, most, n);
	int64_t from = op[0] == '>' ? n + !op[1] : op[0] == '=' ? n : *least;
	int64_t to = op[0] == '<' ? n - !op[1] : op[0] == '=' ? n : *most;
	*least = from > *least ? from : *least;
	*most = to < *most ? to : *most;
	return true;
}

/* IN (...), = ANY (ARRAY[...]) */
static bool
take_choice(struct reader *r, struct ddl_column *c)
{
	int depth = 0;
	bool any = false;
	strlist_cleanup(&c->values);
	do {
		depth += is(r, "(") - is(r, ")");
		if (r->now.kind == T_STRING || r->now.kind == T_NUMBER) {
			if (c->values.n < MAX_VALUES)
				strlist_add_str(&c->values, r->now.text);
			any = true;
		} else if (is(r, "select") || is(r, "null")) {
			return false;
		}
		next(r);
	} while (depth > 0 && r->now.kind != T_END);
	return any;
}

static bool
take_like(struct reader *r, struct ddl_column *c)
{
	if (r->now.kind != T_STRING || c->like || memchr(r->now.text.p, '\\', r->now.text.n))
		return false;
	c->like = mem_strndup(r->now.text.p + 1, r->now.text.n - 2);
	next(r);
	skip_cast(r);
	return true;
}

/* What of one column has to hold, behind its name or that of a function of its length. */
static bool
take_condition(struct reader *r, struct ddl_column *c, bool length)
{
	const char *op;
	int64_t n, m;
	int64_t *least = length ? &c->shortest : &c->least, *most = length ? &c->longest : &c->most;
	bool number = length || c->type == DDL_INTEGER || c->type == DDL_DECIMAL;
	if (take(r, "is"))
		return take(r, "not") && take(r, "null") && (c->not_null = true);
	if (take(r, "in"))
		return !length && take_choice(r, c);
	if (take(r, "like"))
		return !length && take_like(r, c);
	if (take(r, "between"))
		return number && take_number(r, &n) && take(r, "and") && take_number(r, &m) &&
		       bound(least, most, ">=", n) && bound(least, most, "<=", m);
	if (!take_op(r, &op))
		return false;
	if (op[0] == '=' && take(r, "any"))
		return !length && take_choice(r, c);
	if (r->now.kind == T_STRING && r->now.text.n == 2 && (op[0] == '<' || op[0] == '!') &&
		op[1] && !number) { /* <> '' */
		next(r);
		skip_cast(r);
		c->shortest = c->shortest ? c->shortest : 1;
		return true;
	}
	return number && take_number(r, &n) && bound(least, most, op, n);
}

static bool
take_length_of(struct reader *r)
{
	static const char *const names[] = {
		"length", "char_length", "character_length", "trim", "btrim", NULL};
	for (size_t i = 0; names[i]; i++)
		if (is(r, names[i])) {
			next(r);
			return take(r, "(");
		}
	return false;
}

/* "(name)": brackets that say nothing. */
static bool
is_name_in_brackets(const struct reader *r)
{
	struct reader ahead = *r;
	if (!take(&ahead, "(") || !is_name(&ahead))
		return false;
	next(&ahead);
	return is(&ahead, ")");
}

/* One column, or the length of it, against something. */
static bool
take_comparison(struct reader *r, struct ddl_table *t)
{
	bool length = false;
	int open = 0;
	for (; take_length_of(r); open++)
		length = true;
	for (; take(r, "("); open++)
		;
	struct ddl_column *c = is_name(r) ? ddl_find_column(t, r->now.text) : NULL;
	if (!c)
		return false;
	next(r);
	skip_cast(r);
	for (; open && take(r, ")"); open--)
		skip_cast(r);
	return !open && take_condition(r, c, length);
}

/* Conditions with AND between them; false: one of them is not understood. */
static bool
take_check(struct reader *r, struct ddl_table *t, int depth)
{
	bool good = depth < 8;
	do {
		if (good && is(r, "(") && !is_name_in_brackets(r)) {
			next(r);
			good = take_check(r, t, depth + 1) && take(r, ")");
		} else {
			good = good && take_comparison(r, t);
		}
	} while (good && take(r, "and"));
	return good;
}

/* Behind the bracket that begins it; how far it got, its end is found. */
static void
read_check(struct reader *r, struct ddl_table *t)
{
	struct reader ahead = *r;
	skip_group(&ahead);
	if (!take_check(r, t, 0) || !is(r, ")"))
		find_hard(t, "a condition that is not understood");
	*r = ahead;
}

/* ---- constraints ---- */

static void
take_reference(struct reader *r, char **table, struct strlist *columns)
{
	*table = take_name(r);
	if (take(r, "("))
		while (r->now.kind != T_END && !take(r, ")")) {
			if (is_name(r))
				strlist_add_str(columns, r->now.text);
			next(r);
		}
}

/* "(a, b)", behind the bracket; false: there is an expression among them. */
static bool
take_columns(struct reader *r, struct strlist *to)
{
	bool plain = true;
	while (r->now.kind != T_END && !is(r, ")")) {
		if (is_name(r))
			strlist_add_str(to, r->now.text);
		next(r);
		if (take(r, "(")) { /* a prefix: name(10) */
			plain = false;
			skip_group(r);
		}
		while (!ends_item(r))
			next(r);
		(void)take(r, ",");
	}
	next(r);
	return plain;
}

/* Rows differ where one of the columns does: the first that can have many values. */
static void
make_unique(struct ddl_table *t, const struct strlist *columns, bool primary)
{
	struct ddl_column *best = NULL;
	for (size_t i = 0; i < columns->n; i++) {
		struct ddl_column *c = ddl_find_column(t, str_of(columns->v[i]));
		if (!c)
			continue;
		c->not_null = c->not_null || primary;
		if (!best || ((best->values.n || best->type == DDL_BOOLEAN) && !c->values.n &&
				     c->type != DDL_BOOLEAN))
			best = c;
	}
	if (best)
		best->unique = true;
	if (best && primary && columns->n == 1) {
		free(t->primary);
		t->primary = mem_strdup(best->name);
	}
}

static void
refer(struct ddl_table *t, const struct strlist *from, const char *table, const struct strlist *to)
{
	for (size_t i = 0; table && i < from->n; i++) {
		struct ddl_column *c = ddl_find_column(t, str_of(from->v[i]));
		if (!c || c->refers_table)
			continue;
		c->refers_table = mem_strdup(table);
		c->refers_column = i < to->n ? mem_strdup(to->v[i]) : NULL;
	}
}

/* "KEY name (column)", and not a column of that name: KEY varchar(20). */
static bool
is_index(const struct reader *r)
{
	struct reader ahead = *r;
	while (take(&ahead, "fulltext") || take(&ahead, "spatial"))
		;
	if (!take(&ahead, "key") && !take(&ahead, "index"))
		return false;
	if (is_name(&ahead))
		next(&ahead);
	if (take(&ahead, "using"))
		next(&ahead);
	return take(&ahead, "(") && is_name(&ahead);
}

/* One of the table, not of a column; false: it is none. */
static bool
take_constraint(struct reader *r, struct ddl_table *t)
{
	OWN(strlist) struct strlist columns = {0}, to = {0};
	OWN_FREE char *table = NULL;
	if (take(r, "constraint") && !is(r, "primary") && !is(r, "unique") && !is(r, "check") &&
		!is(r, "foreign"))
		free(take_name(r));
	bool primary = is(r, "primary"), unique = is(r, "unique"), foreign = is(r, "foreign");
	if (take(r, "check")) {
		if (take(r, "("))
			read_check(r, t);
		return true;
	}
	if (is(r, "exclude")) {
		find_hard(t, "an exclusion");
		return true;
	}
	if (is(r, "like"))
		find_hard(t, "columns of another table");
	if (!primary && !unique && !foreign)
		return is(r, "like") || is_index(r);
	while (!is(r, "(") && !ends_item(r))
		next(r);
	if (take(r, "("))
		(void)take_columns(r, &columns);
	if (!foreign) {
		make_unique(t, &columns, primary);
	} else if (take(r, "references")) {
		take_reference(r, &table, &to);
		refer(t, &columns, table, &to);
	}
	return true;
}

static void
skip_value(struct reader *r)
{
	(void)(take(r, "-") || take(r, "+"));
	if (take(r, "("))
		skip_group(r);
	else
		next(r);
	if (take(r, "("))
		skip_group(r);
	skip_cast(r);
}

/* One word, or what belongs together, of what stands behind a column's type. */
static void
take_attribute(struct reader *r, struct ddl_table *t, struct ddl_column *c)
{
	OWN(strlist) struct strlist to = {0};
	if (take(r, "not")) {
		c->not_null = take(r, "null") || c->not_null;
	} else if (take(r, "primary")) {
		(void)take(r, "key");
		c->not_null = c->unique = true;
		free(t->primary);
		t->primary = mem_strdup(c->name);
	} else if (take(r, "unique")) {
		c->unique = true;
	} else if (take(r, "auto_increment") || take(r, "autoincrement")) {
		c->automatic = true;
	} else if (take(r, "generated")) {
		while (take(r, "always") || take(r, "by") || take(r, "default") || take(r, "as"))
			;
		c->automatic = take(r, "identity");
		c->computed = !c->automatic;
		if (take(r, "("))
			skip_group(r);
	} else if (take(r, "on")) { /* DELETE SET DEFAULT */
		next(r);
		if (take(r, "set") || take(r, "no") || !ends_item(r))
			next(r);
	} else if (take(r, "as")) {
		c->computed = true;
		if (take(r, "("))
			skip_group(r);
	} else if (take(r, "default")) {
		c->automatic = is(r, "nextval") || c->automatic;
		c->omitted = true;
		skip_value(r);
	} else if (take(r, "references")) {
		take_reference(r, &c->refers_table, &to);
		c->refers_column = to.n ? mem_strdup(to.v[0]) : NULL;
	} else if (take(r, "check")) {
		if (take(r, "("))
			read_check(r, t);
	} else if (take(r, "(")) {
		skip_group(r);
	} else {
		next(r);
	}
}

static void
take_column(struct reader *r, struct ddl_table *t)
{
	if (!is_name(r) || t->n >= DDL_MAX_COLUMNS) {
		find_hard(t, "what is no column");
		return;
	}
	t->columns = mem_grow(t->columns, t->n, &t->cap, sizeof(*t->columns));
	struct ddl_column *c = &t->columns[t->n++];
	*c = (struct ddl_column){.least = INT64_MIN, .most = INT64_MAX, .longest = INT64_MAX};
	c->name = str_dup(r->now.text);
	next(r);
	if (!ends_item(r))
		take_type(r, c);
	while (!ends_item(r))
		take_attribute(r, t, c);
}

/* ---- statements ---- */

static struct ddl_table *
table_add(struct ddl *d, char *name)
{
	if (!name || d->n >= DDL_MAX_TABLES || ddl_find(d, str_of(name))) {
		free(name);
		return NULL;
	}
	d->v = mem_grow(d->v, d->n, &d->cap, sizeof(*d->v));
	d->v[d->n] = (struct ddl_table){.name = name};
	return &d->v[d->n++];
}

static void
read_table(struct reader *r, struct ddl *d)
{
	if (take(r, "if"))
		while (take(r, "not") || take(r, "exists"))
			;
	struct ddl_table *t = table_add(d, take_name(r));
	if (!t || !take(r, "("))
		return;
	while (r->now.kind != T_END && !is(r, ")")) {
		if (!take_constraint(r, t))
			take_column(r, t);
		while (!ends_item(r)) {
			if (take(r, "("))
				skip_group(r);
			else
				next(r);
		}
		if (!take(r, ","))
			break;
	}
}

static void
read_enum(struct reader *r, struct ddl *d)
{
	OWN_FREE char *name = take_name(r);
	if (!name || !take(r, "as") || !take(r, "enum") || !take(r, "(") || d->enums.n > MAX_ENUMS)
		return;
	strlist_add(&d->enums, name);
	take_values(r, &d->enums);
	strlist_add(&d->enums, "");
}

static void
read_alter(struct reader *r, struct ddl *d)
{
	while (take(r, "only") || take(r, "if") || take(r, "exists"))
		;
	OWN_FREE char *name = take_name(r);
	struct ddl_table *t = name ? ddl_find(d, str_of(name)) : NULL;
	for (bool more = t != NULL; more; more = take(r, ",")) {
		if (take(r, "add")) {
			(void)take(r, "column");
			if (!take_constraint(r, t))
				take_column(r, t);
		} else if (take(r, "alter")) {
			(void)take(r, "column");
			struct ddl_column *c = is_name(r) ? ddl_find_column(t, r->now.text) : NULL;
			next(r);
			if (c && take(r, "set") && !ends_item(r))
				take_attribute(r, t, c);
			else if (c && take(r, "add"))
				take_attribute(r, t, c);
		}
		while (!ends_item(r))
			next(r);
	}
}

static void
read_unique_index(struct reader *r, struct ddl *d)
{
	OWN(strlist) struct strlist columns = {0};
	while (!is(r, "on") && !ends_item(r))
		next(r);
	(void)take(r, "on");
	(void)take(r, "only");
	OWN_FREE char *name = take_name(r);
	struct ddl_table *t = name ? ddl_find(d, str_of(name)) : NULL;
	if (take(r, "using"))
		next(r);
	if (t && take(r, "(") && take_columns(r, &columns))
		make_unique(t, &columns, false);
	else if (t)
		find_hard(t, "an index of an expression");
}

static void
read_statement(struct reader *r, struct ddl *d)
{
	if (take(r, "create")) {
		while (take(r, "temporary") || take(r, "temp") || take(r, "unlogged") ||
			take(r, "or") || take(r, "replace"))
			;
		if (take(r, "table"))
			read_table(r, d);
		else if (take(r, "type"))
			read_enum(r, d);
		else if (take(r, "unique"))
			read_unique_index(r, d);
	} else if (take(r, "alter")) {
		if (take(r, "table"))
			read_alter(r, d);
	} else if (is(r, "insert") || is(r, "copy") || is(r, "load")) {
		d->has_rows = true;
	}
	while (r->now.kind != T_END && !is(r, ";"))
		next(r);
	(void)take(r, ";");
}

/* Columns of a type that is an enumeration. */
static void
resolve_enums(struct ddl *d)
{
	for (size_t i = 0; i < d->n; i++)
		for (size_t k = 0; k < d->v[i].n; k++) {
			struct ddl_column *c = &d->v[i].columns[k];
			bool here = false;
			for (size_t e = 0; c->type == DDL_UNKNOWN && c->type_name && e < d->enums.n;
				e++) {
				bool begins = !e || !*d->enums.v[e - 1];
				if (begins)
					here = same_name(
						str_of(d->enums.v[e]), str_of(c->type_name));
				else if (here && *d->enums.v[e])
					strlist_add(&c->values, d->enums.v[e]);
			}
			if (c->type == DDL_UNKNOWN && c->values.n)
				c->type = DDL_ENUM;
		}
}

void
ddl_read(struct str text, struct ddl *to)
{
	struct reader r = {.rest = text};
	next(&r);
	while (r.now.kind != T_END)
		read_statement(&r, to);
	resolve_enums(to);
}

static void
column_cleanup(struct ddl_column *c)
{
	free(c->name);
	free(c->type_name);
	free(c->like);
	free(c->refers_table);
	free(c->refers_column);
	strlist_cleanup(&c->values);
}

void
ddl_cleanup(struct ddl *d)
{
	for (size_t i = 0; i < d->n; i++) {
		for (size_t k = 0; k < d->v[i].n; k++)
			column_cleanup(&d->v[i].columns[k]);
		free(d->v[i].columns);
		free(d->v[i].name);
		free(d->v[i].primary);
		free(d->v[i].hard);
	}
	free(d->v);
	strlist_cleanup(&d->enums);
	*d = (struct ddl){0};
}
