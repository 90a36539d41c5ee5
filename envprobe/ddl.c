#include "envprobe/ddl.h"

#include "envprobe/sql_reader.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_VALUES 100
#define MAX_ENUMS 2000

/* ---- names that are the same ---- */

/* The last part, without quotes. */
static struct str
bare(struct str name)
{
	for (size_t i = name.n; i-- > 0;)
		if (name.p[i] == '.') {
			name = (struct str){name.p + i + 1, name.n - i - 1};
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
take_values(struct sql_reader *r, struct strlist *to)
{
	for (; r->now.kind != SQL_END && !sql_is(r, ")"); sql_next(r))
		if ((r->now.kind == SQL_STRING || r->now.kind == SQL_NUMBER) && to->n < MAX_VALUES)
			strlist_add_str(to, r->now.text);
	sql_next(r);
}

static int64_t
number_of(const struct sql_token *t)
{
	OWN_FREE char *text = str_dup(t->text);
	return t->kind == SQL_NUMBER ? strtoll(text, NULL, 10) : 0;
}

static void
take_size(struct sql_reader *r, struct ddl_column *c)
{
	c->size = number_of(&r->now);
	sql_next(r);
	if (sql_take(r, ",")) {
		c->scale = number_of(&r->now);
		sql_next(r);
	}
	while (!sql_take(r, ")") && r->now.kind != SQL_END)
		sql_next(r);
}

static void
take_type(struct sql_reader *r, struct ddl_column *c)
{
	if (!sql_is_name(r))
		return;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (sql_is(r, types[i].word)) {
			c->type = types[i].type;
			c->most = types[i].most ? types[i].most : c->most;
			c->automatic = str_ends(str_of(types[i].word), "serial");
		}
	c->not_null = c->automatic;
	c->type_name = sql_take_name(r);
	while (sql_take(r, "varying") || sql_take(r, "precision") || sql_take(r, "unsigned") ||
		sql_take(r, "zerofill"))
		;
	if (sql_take(r, "(")) {
		if (c->type == DDL_ENUM)
			take_values(r, &c->values);
		else
			take_size(r, c);
	}
	while (sql_take(r, "unsigned") || sql_take(r, "zerofill"))
		;
	if (sql_take(r, "with") || sql_take(r, "without")) /* TIME ZONE */
		while (sql_take(r, "local") || sql_take(r, "time") || sql_take(r, "zone"))
			;
	while (sql_take(r, "[")) {
		c->type = DDL_ARRAY;
		while (!sql_take(r, "]") && r->now.kind != SQL_END)
			sql_next(r);
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
take_op(struct sql_reader *r, const char **ret)
{
	static const char *const ops[] = {"<=", ">=", "<>", "!=", "=", "<", ">", NULL};
	for (size_t i = 0; ops[i]; i++)
		if (sql_take(r, ops[i])) {
			*ret = ops[i];
			return true;
		}
	return false;
}

static void
skip_cast(struct sql_reader *r)
{
	while (sql_take(r, "::")) {
		free(sql_take_name(r));
		while (sql_take(r, "varying") || sql_take(r, "precision"))
			;
		if (sql_take(r, "("))
			sql_skip_group(r);
		if (sql_take(r, "["))
			(void)sql_take(r, "]");
	}
}

/* The whole numbers next to it: the same for one of them. */
struct whole {
	int64_t below, above;
};

static bool
take_number(struct sql_reader *r, struct whole *ret)
{
	bool bracket = sql_take(r, "("), minus = sql_take(r, "-");
	int64_t n = number_of(&r->now);
	bool part = memchr(r->now.text.p, '.', r->now.text.n) != NULL;
	if (r->now.kind != SQL_NUMBER || n >= INT64_MAX / 2 ||
		strspn(r->now.text.p, "0123456789.") < r->now.text.n)
		return false;
	*ret = minus ? (struct whole){-n - part, -n} : (struct whole){n, n + part};
	sql_next(r);
	if (bracket)
		(void)sql_take(r, ")");
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
bound(int64_t *least, int64_t *most, const char *op, struct whole n)
{
	bool is_whole = n.below == n.above, strict = is_whole && !op[1];
	if (strcmp(op, "<>") == 0 || strcmp(op, "!=") == 0)
		return !is_whole || leave_out(least, most, n.below);
	if (op[0] == '=' && !is_whole)
		return false;
	int64_t from = op[0] == '>' ? n.above + strict : op[0] == '=' ? n.above : *least;
	int64_t to = op[0] == '<' ? n.below - strict : op[0] == '=' ? n.below : *most;
	*least = from > *least ? from : *least;
	*most = to < *most ? to : *most;
	return true;
}

/* IN (...), = ANY (ARRAY[...]) */
static bool
take_choice(struct sql_reader *r, struct ddl_column *c)
{
	int depth = 0;
	bool any = false;
	strlist_cleanup(&c->values);
	do {
		depth += sql_is(r, "(") - sql_is(r, ")");
		if (r->now.kind == SQL_STRING || r->now.kind == SQL_NUMBER) {
			if (c->values.n < MAX_VALUES)
				strlist_add_str(&c->values, r->now.text);
			any = true;
		} else if (sql_is(r, "select") || sql_is(r, "null") || sql_is(r, "-")) {
			return false;
		}
		sql_next(r);
	} while (depth > 0 && r->now.kind != SQL_END);
	return any;
}

static bool
take_like(struct sql_reader *r, struct ddl_column *c)
{
	struct str s = r->now.text;
	if (r->now.kind != SQL_STRING || c->like || memchr(s.p, '\\', s.n) || s.n < 2 ||
		s.p[0] != '\'' || s.p[s.n - 1] != '\'')
		return false;
	c->like = mem_strndup(s.p + 1, s.n - 2);
	sql_next(r);
	skip_cast(r);
	return true;
}

/* What of one column has to hold, behind its name or that of a function of its length. */
static bool
take_condition(struct sql_reader *r, struct ddl_column *c, bool length)
{
	const char *op;
	struct whole n, m;
	int64_t *least = length ? &c->shortest : &c->least, *most = length ? &c->longest : &c->most;
	bool number = length || c->type == DDL_INTEGER || c->type == DDL_DECIMAL;
	if (sql_take(r, "is"))
		return sql_take(r, "not") && sql_take(r, "null") && (c->not_null = true);
	if (sql_take(r, "in"))
		return !length && take_choice(r, c);
	if (sql_take(r, "like"))
		return !length && take_like(r, c);
	if (sql_take(r, "between"))
		return number && take_number(r, &n) && sql_take(r, "and") && take_number(r, &m) &&
		       bound(least, most, ">=", n) && bound(least, most, "<=", m);
	if (!take_op(r, &op))
		return false;
	if (op[0] == '=' && sql_take(r, "any"))
		return !length && take_choice(r, c);
	if (r->now.kind == SQL_STRING && r->now.text.n == 2 && (op[0] == '<' || op[0] == '!') &&
		op[1] && !number) { /* <> '' */
		sql_next(r);
		skip_cast(r);
		c->shortest = c->shortest ? c->shortest : 1;
		return true;
	}
	return number && take_number(r, &n) && bound(least, most, op, n);
}

static bool
take_length_of(struct sql_reader *r)
{
	static const char *const names[] = {
		"length", "char_length", "character_length", "trim", "btrim", NULL};
	for (size_t i = 0; names[i]; i++)
		if (sql_is(r, names[i])) {
			sql_next(r);
			return sql_take(r, "(");
		}
	return false;
}

/* "(name)": brackets that say nothing. */
static bool
is_name_in_brackets(const struct sql_reader *r)
{
	struct sql_reader ahead = *r;
	if (!sql_take(&ahead, "(") || !sql_is_name(&ahead))
		return false;
	sql_next(&ahead);
	return sql_is(&ahead, ")");
}

/* One column, or the length of it, against something. */
static bool
take_comparison(struct sql_reader *r, struct ddl_table *t)
{
	bool length = false;
	int open = 0;
	for (; take_length_of(r); open++)
		length = true;
	for (; sql_take(r, "("); open++)
		;
	struct ddl_column *c = sql_is_name(r) ? ddl_find_column(t, r->now.text) : NULL;
	if (!c)
		return false;
	sql_next(r);
	skip_cast(r);
	for (; open && sql_take(r, ")"); open--)
		skip_cast(r);
	return !open && take_condition(r, c, length);
}

/* Conditions with AND between them; false: one of them is not understood. */
static bool
take_check(struct sql_reader *r, struct ddl_table *t, int depth)
{
	bool good = depth < 8;
	do {
		if (good && sql_is(r, "(") && !is_name_in_brackets(r)) {
			sql_next(r);
			good = take_check(r, t, depth + 1) && sql_take(r, ")");
		} else {
			good = good && take_comparison(r, t);
		}
	} while (good && sql_take(r, "and"));
	return good;
}

/* Behind the bracket that begins it; how far it got, its end is found. */
static void
read_check(struct sql_reader *r, struct ddl_table *t)
{
	struct sql_reader ahead = *r;
	sql_skip_group(&ahead);
	if (!take_check(r, t, 0) || !sql_is(r, ")"))
		find_hard(t, "a condition that is not understood");
	*r = ahead;
}

/* ---- constraints ---- */

static void
take_reference(struct sql_reader *r, char **table, struct strlist *columns)
{
	*table = sql_take_name(r);
	if (sql_take(r, "("))
		while (r->now.kind != SQL_END && !sql_take(r, ")")) {
			if (sql_is_name(r))
				strlist_add_str(columns, r->now.text);
			sql_next(r);
		}
}

/* "(a, b)", behind the bracket; false: there is an expression among them. */
static bool
take_columns(struct sql_reader *r, struct strlist *to)
{
	bool plain = true;
	while (r->now.kind != SQL_END && !sql_is(r, ")")) {
		if (sql_is_name(r))
			strlist_add_str(to, r->now.text);
		sql_next(r);
		if (sql_take(r, "(")) { /* a prefix: name(10) */
			plain = false;
			sql_skip_group(r);
		}
		while (!sql_ends_item(r))
			sql_next(r);
		(void)sql_take(r, ",");
	}
	sql_next(r);
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
is_index(const struct sql_reader *r)
{
	struct sql_reader ahead = *r;
	while (sql_take(&ahead, "fulltext") || sql_take(&ahead, "spatial"))
		;
	if (!sql_take(&ahead, "key") && !sql_take(&ahead, "index"))
		return false;
	if (sql_is_name(&ahead))
		sql_next(&ahead);
	if (sql_take(&ahead, "using"))
		sql_next(&ahead);
	return sql_take(&ahead, "(") && sql_is_name(&ahead);
}

/* One of the table, not of a column; false: it is none. */
static bool
take_constraint(struct sql_reader *r, struct ddl_table *t)
{
	OWN(strlist) struct strlist columns = {0}, to = {0};
	OWN_FREE char *table = NULL;
	if (sql_take(r, "constraint") && !sql_is(r, "primary") && !sql_is(r, "unique") &&
		!sql_is(r, "check") && !sql_is(r, "foreign"))
		free(sql_take_name(r));
	bool primary = sql_is(r, "primary"), unique = sql_is(r, "unique"),
	     foreign = sql_is(r, "foreign");
	if (sql_take(r, "check")) {
		if (sql_take(r, "("))
			read_check(r, t);
		return true;
	}
	if (sql_is(r, "exclude")) {
		find_hard(t, "an exclusion");
		return true;
	}
	if (sql_is(r, "like"))
		find_hard(t, "columns of another table");
	if (!primary && !unique && !foreign)
		return sql_is(r, "like") || is_index(r);
	while (!sql_is(r, "(") && !sql_ends_item(r))
		sql_next(r);
	if (sql_take(r, "("))
		(void)take_columns(r, &columns);
	if (!foreign) {
		make_unique(t, &columns, primary);
	} else if (sql_take(r, "references")) {
		take_reference(r, &table, &to);
		refer(t, &columns, table, &to);
	}
	return true;
}

static void
skip_value(struct sql_reader *r)
{
	(void)(sql_take(r, "-") || sql_take(r, "+"));
	if (sql_take(r, "("))
		sql_skip_group(r);
	else
		sql_next(r);
	if (sql_take(r, "("))
		sql_skip_group(r);
	skip_cast(r);
}

/* One word, or what belongs together, of what stands behind a column's type. */
static void
take_attribute(struct sql_reader *r, struct ddl_table *t, struct ddl_column *c)
{
	OWN(strlist) struct strlist to = {0};
	if (sql_take(r, "not")) {
		c->not_null = sql_take(r, "null") || c->not_null;
	} else if (sql_take(r, "primary")) {
		(void)sql_take(r, "key");
		c->not_null = c->unique = true;
		free(t->primary);
		t->primary = mem_strdup(c->name);
	} else if (sql_take(r, "unique")) {
		c->unique = true;
	} else if (sql_take(r, "auto_increment") || sql_take(r, "autoincrement")) {
		c->automatic = true;
	} else if (sql_take(r, "generated")) {
		while (sql_take(r, "always") || sql_take(r, "by") || sql_take(r, "default") ||
			sql_take(r, "as"))
			;
		c->automatic = sql_take(r, "identity");
		c->computed = !c->automatic;
		if (sql_take(r, "("))
			sql_skip_group(r);
	} else if (sql_take(r, "on")) { /* DELETE SET DEFAULT */
		sql_next(r);
		if (sql_take(r, "set") || sql_take(r, "no") || !sql_ends_item(r))
			sql_next(r);
	} else if (sql_take(r, "as")) {
		c->computed = true;
		if (sql_take(r, "("))
			sql_skip_group(r);
	} else if (sql_take(r, "default")) {
		c->automatic = sql_is(r, "nextval") || c->automatic;
		c->omitted = true;
		skip_value(r);
	} else if (sql_take(r, "references")) {
		free(TAKE(c->refers_table));
		free(TAKE(c->refers_column));
		take_reference(r, &c->refers_table, &to);
		c->refers_column = to.n ? mem_strdup(to.v[0]) : NULL;
	} else if (sql_take(r, "check")) {
		if (sql_take(r, "("))
			read_check(r, t);
	} else if (sql_take(r, "(")) {
		sql_skip_group(r);
	} else {
		sql_next(r);
	}
}

static void
take_column(struct sql_reader *r, struct ddl_table *t)
{
	if (!sql_is_name(r) || t->n >= DDL_MAX_COLUMNS) {
		find_hard(t, "what is no column");
		return;
	}
	t->columns = mem_grow(t->columns, t->n, &t->cap, sizeof(*t->columns));
	struct ddl_column *c = &t->columns[t->n++];
	*c = (struct ddl_column){.least = INT64_MIN, .most = INT64_MAX, .longest = INT64_MAX};
	c->name = str_dup(r->now.text);
	sql_next(r);
	if (!sql_ends_item(r))
		take_type(r, c);
	while (!sql_ends_item(r))
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
read_table(struct sql_reader *r, struct ddl *d)
{
	if (sql_take(r, "if"))
		while (sql_take(r, "not") || sql_take(r, "exists"))
			;
	struct ddl_table *t = table_add(d, sql_take_name(r));
	if (!t || !sql_take(r, "("))
		return;
	while (r->now.kind != SQL_END && !sql_is(r, ")")) {
		if (!take_constraint(r, t))
			take_column(r, t);
		while (!sql_ends_item(r)) {
			if (sql_take(r, "("))
				sql_skip_group(r);
			else
				sql_next(r);
		}
		if (!sql_take(r, ","))
			break;
	}
}

static void
read_enum(struct sql_reader *r, struct ddl *d)
{
	OWN_FREE char *name = sql_take_name(r);
	if (!name || !sql_take(r, "as") || !sql_take(r, "enum") || !sql_take(r, "(") ||
		d->enums.n > MAX_ENUMS)
		return;
	strlist_add(&d->enums, name);
	take_values(r, &d->enums);
	strlist_add(&d->enums, "");
}

static void
read_alter(struct sql_reader *r, struct ddl *d)
{
	while (sql_take(r, "only") || sql_take(r, "if") || sql_take(r, "exists"))
		;
	OWN_FREE char *name = sql_take_name(r);
	struct ddl_table *t = name ? ddl_find(d, str_of(name)) : NULL;
	for (bool more = t != NULL; more; more = sql_take(r, ",")) {
		if (sql_take(r, "add")) {
			(void)sql_take(r, "column");
			if (!take_constraint(r, t))
				take_column(r, t);
		} else if (sql_take(r, "alter")) {
			(void)sql_take(r, "column");
			struct ddl_column *c =
				sql_is_name(r) ? ddl_find_column(t, r->now.text) : NULL;
			sql_next(r);
			if (c && sql_take(r, "set") && !sql_ends_item(r))
				take_attribute(r, t, c);
			else if (c && sql_take(r, "add"))
				take_attribute(r, t, c);
		}
		while (!sql_ends_item(r))
			sql_next(r);
	}
}

static void
read_unique_index(struct sql_reader *r, struct ddl *d)
{
	OWN(strlist) struct strlist columns = {0};
	while (!sql_is(r, "on") && !sql_ends_item(r))
		sql_next(r);
	(void)sql_take(r, "on");
	(void)sql_take(r, "only");
	OWN_FREE char *name = sql_take_name(r);
	struct ddl_table *t = name ? ddl_find(d, str_of(name)) : NULL;
	if (sql_take(r, "using"))
		sql_next(r);
	if (t && sql_take(r, "(") && take_columns(r, &columns))
		make_unique(t, &columns, false);
	else if (t)
		find_hard(t, "an index of an expression");
}

static void
read_statement(struct sql_reader *r, struct ddl *d)
{
	if (sql_take(r, "create")) {
		while (sql_take(r, "temporary") || sql_take(r, "temp") || sql_take(r, "unlogged") ||
			sql_take(r, "or") || sql_take(r, "replace"))
			;
		if (sql_take(r, "table"))
			read_table(r, d);
		else if (sql_take(r, "type"))
			read_enum(r, d);
		else if (sql_take(r, "unique"))
			read_unique_index(r, d);
	} else if (sql_take(r, "alter")) {
		if (sql_take(r, "table"))
			read_alter(r, d);
	} else if (sql_is(r, "insert") || sql_is(r, "copy") || sql_is(r, "load")) {
		d->has_rows = true;
	}
	while (r->now.kind != SQL_END && !sql_is(r, ";"))
		sql_next(r);
	(void)sql_take(r, ";");
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
	struct sql_reader r = {.rest = text};
	sql_next(&r);
	while (r.now.kind != SQL_END)
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
