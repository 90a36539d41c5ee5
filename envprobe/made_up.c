#include "envprobe/made_up.h"

#include <string.h>

struct maker {
	const struct ddl *d;
	uint64_t seed;
	struct strlist *left;
	size_t rows[DDL_MAX_TABLES];	    /* that each table gets */
	size_t turn[DDL_MAX_TABLES], turns; /* in which it got them, from 1; 0: not yet */
	bool done[DDL_MAX_TABLES];
};

#define WORD_LENGTH 5
static const char *const words[] = {"amber", "brook", "cedar", "delta", "ember", "fjord", "grove",
	"heath", "inlet", "jetty", "knoll", "ledge"};
#define N_WORDS (sizeof(words) / sizeof(*words))

/* splitmix64 (Steele, Lea, Flood): a number of its own for each place. */
static uint64_t
scatter(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

static size_t
index_of(const struct maker *m, const struct ddl_table *t)
{
	return (size_t)(t - m->d->v);
}

/* ---- which tables can have rows ---- */

static const struct ddl_table *
referred(const struct maker *m, const struct ddl_column *c)
{
	return c->refers_table ? ddl_find(m->d, str_of(c->refers_table)) : NULL;
}

static const struct ddl_column *
referred_column(const struct ddl_table *to, const struct ddl_column *c)
{
	const char *name = c->refers_column ? c->refers_column : to->primary;
	return name ? ddl_find_column(to, str_of(name)) : NULL;
}

/* A column of that type is left to the database where it may be. */
static bool
is_strange(const struct ddl_column *c)
{
	return c->type == DDL_UNKNOWN && c->type_name && *c->type_name && !c->values.n;
}

/* A word for each % is what its values differ in. */
static bool
fits_pattern(const struct ddl_column *c)
{
	int64_t n = 0;
	for (const char *p = c->like; *p; p++)
		n += *p == '%' ? WORD_LENGTH : 1;
	bool differs = !c->unique || strchr(c->like, '%');
	return differs && n >= c->shortest && n <= c->longest && (!c->size || n <= c->size);
}

/* Why no row of it can be made up; NULL: it can. */
static const char *
obstacle(const struct ddl_table *t)
{
	if (t->hard)
		return t->hard;
	for (size_t i = 0; i < t->n; i++) {
		const struct ddl_column *c = &t->columns[i];
		if (c->not_null && !c->omitted && !c->automatic && !c->computed && is_strange(c))
			return "a type that is not understood";
		if (c->least > c->most || c->shortest > c->longest)
			return "conditions that exclude each other";
		if (c->like && !fits_pattern(c))
			return "conditions that go together";
	}
	return t->n ? NULL : "no column is known";
}

/* The rows of others that it has to refer to are there. */
static bool
is_ready(const struct maker *m, const struct ddl_table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct ddl_column *c = &t->columns[i];
		const struct ddl_table *to = referred(m, c);
		if (!c->refers_table || !c->not_null)
			continue;
		if (!to || to == t || !m->rows[index_of(m, to)] || !referred_column(to, c))
			return false;
	}
	return true;
}

/* As many as the narrowest column that has to differ allows. */
static size_t
count_rows(const struct maker *m, const struct ddl_table *t)
{
	size_t n = MADE_UP_ROWS;
	for (size_t i = 0; i < t->n; i++) {
		const struct ddl_column *c = &t->columns[i];
		const struct ddl_table *to = referred(m, c);
		if (!c->unique)
			continue;
		if (to && to != t && m->rows[index_of(m, to)] && m->rows[index_of(m, to)] < n)
			n = m->rows[index_of(m, to)];
		if (c->values.n && c->values.n < n)
			n = c->values.n;
		if (c->type == DDL_BOOLEAN && n > 2)
			n = 2;
		if (c->least != INT64_MIN && c->most != INT64_MAX &&
			(uint64_t)c->most - (uint64_t)c->least < n - 1)
			n = (size_t)((uint64_t)c->most - (uint64_t)c->least) + 1;
	}
	return n;
}

/* ---- values ---- */

static int64_t
number_for(const struct maker *m, const struct ddl_table *t, const struct ddl_column *c, size_t row)
{
	uint64_t place =
		m->seed * 1000003 + (uint64_t)index_of(m, t) * 1009 + (uint64_t)(c - t->columns);
	int64_t digits = c->size - c->scale, top = c->most;
	int64_t low = c->least > 1 ? c->least : c->most < 1 ? c->least : 1;
	if (c->type == DDL_DECIMAL && c->size && digits < 3)
		top = digits <= 0 ? 0 : digits == 1 && top > 9 ? 9 : top > 99 ? 99 : top;
	if (low == INT64_MIN)
		low = c->most - (int64_t)MADE_UP_ROWS;
	if (low > top)
		low = top;
	if (c->unique)
		return low + (int64_t)row;
	uint64_t width = (uint64_t)top - (uint64_t)low;
	width = width > 90 ? 90 : width;
	return low + (int64_t)(scatter(place * 31 + row) % (width + 1));
}

static void
put_decimal(const struct maker *m, const struct ddl_table *t, const struct ddl_column *c,
	size_t row, struct buf *out)
{
	int64_t n = number_for(m, t, c, row);
	buf_printf(out, "%lld", (long long)n);
	if (!c->unique && c->most == INT64_MAX && c->scale >= 2)
		buf_printf(out, ".%02u", (unsigned)(scatter(m->seed + (uint64_t)n) % 100));
}

/* The pattern with a word for what may be anything. */
static void
put_pattern(const char *like, const char *word, struct buf *out)
{
	for (; *like; like++) {
		if (*like == '%')
			buf_puts(out, word);
		else
			buf_putc(out, *like == '_' ? 'x' : *like);
	}
}

static void
put_text(const struct maker *m, const struct ddl_table *t, const struct ddl_column *c, size_t row,
	struct buf *out)
{
	const char *word = words[(scatter(m->seed + index_of(m, t)) + row) % N_WORDS];
	OWN(buf) struct buf text = {0};
	int64_t longest = c->size && c->size < c->longest ? c->size : c->longest;
	bool address = strcasestr(c->name, "mail") && (longest >= 30);
	if (c->like)
		put_pattern(c->like, word, &text);
	else if (address)
		buf_printf(&text, "%s%zu@example.org", word, row + 1);
	else if (longest < 10)
		buf_printf(&text, "%zu%s", row + 1, word); /* what differs stands first */
	else
		buf_printf(&text, "%s %zu", word, row + 1);
	while ((int64_t)text.n < c->shortest && text.n < 4000)
		buf_putc(&text, 'x');
	if ((int64_t)text.n > longest && !c->like)
		text.p[text.n = (size_t)longest] = '\0';
	buf_printf(out, "'%s'", text.n ? text.p : "");
}

static void
put_day(const struct maker *m, const struct ddl_table *t, size_t row, const char *rest,
	struct buf *out)
{
	buf_printf(out, "'2020-%02u-%02u%s'",
		(unsigned)(scatter(m->seed + index_of(m, t)) % 12) + 1, (unsigned)row + 1, rest);
}

static void
put_value(const struct maker *m, const struct ddl_table *t, const struct ddl_column *c, size_t row,
	struct buf *out)
{
	if (c->values.n) {
		buf_puts(out, c->values.v[row % c->values.n]);
		return;
	}
	switch (c->type) {
	case DDL_INTEGER:
		buf_printf(out, "%lld", (long long)number_for(m, t, c, row));
		break;
	case DDL_DECIMAL:
		put_decimal(m, t, c, row, out);
		break;
	case DDL_BOOLEAN:
		buf_puts(out, row % 2 ? "FALSE" : "TRUE");
		break;
	case DDL_DATE:
		put_day(m, t, row, "", out);
		break;
	case DDL_TIMESTAMP:
		put_day(m, t, row, " 12:00:00", out);
		break;
	case DDL_TIME:
		buf_printf(out, "'12:%02zu:00'", row);
		break;
	case DDL_INTERVAL:
		buf_printf(out, "'%zu hours'", row + 1);
		break;
	case DDL_YEAR:
		buf_printf(out, "%zu", 2020 + row);
		break;
	case DDL_UUID:
		buf_printf(out, "'00000000-0000-4000-8000-%012llx'",
			(unsigned long long)(scatter(m->seed + index_of(m, t) * 100 + row) >> 16));
		break;
	case DDL_JSON:
		buf_puts(out, "'{}'");
		break;
	case DDL_ADDRESS:
		buf_printf(out, "'192.0.2.%zu'", row + 1);
		break;
	case DDL_ARRAY:
		buf_puts(out, "'{}'");
		break;
	case DDL_UNKNOWN:
	case DDL_TEXT:
	case DDL_BYTES:
	case DDL_ENUM:
		put_text(m, t, c, row, out);
		break;
	}
}

/* Row i refers to row i, so that several columns of one reference fit each other. */
static void
put_reference(const struct maker *m, const struct ddl_table *t, const struct ddl_column *c,
	size_t row, struct buf *out)
{
	const struct ddl_table *to = referred(m, c);
	const struct ddl_column *key = to ? referred_column(to, c) : NULL;
	size_t rows = to ? m->rows[index_of(m, to)] : 0;
	if (!key || !rows || m->turn[index_of(m, to)] >= m->turn[index_of(m, t)])
		buf_puts(out, "NULL");
	else if (key->automatic)
		buf_printf(out, "%zu", row % rows + 1);
	else if (key->refers_table)
		put_reference(m, to, key, row % rows, out);
	else
		put_value(m, to, key, row % rows, out);
}

/* ---- statements ---- */

/* The database gives it by itself, or there is nothing to give. */
static bool
is_left_out(const struct ddl_column *c)
{
	return c->automatic || c->computed || (c->omitted && !c->unique && !c->refers_table) ||
	       (is_strange(c) && !c->refers_table);
}

static void
put_table(const struct maker *m, const struct ddl_table *t, size_t rows, struct buf *sql)
{
	const char *between = "";
	buf_printf(sql, "INSERT INTO %s (", t->name);
	for (size_t i = 0; i < t->n; i++)
		if (!is_left_out(&t->columns[i])) {
			buf_printf(sql, "%s%s", between, t->columns[i].name);
			between = ", ";
		}
	buf_puts(sql, ") VALUES");
	for (size_t row = 0; row < rows; row++) {
		buf_puts(sql, row ? ", (" : " (");
		between = "";
		for (size_t i = 0; i < t->n; i++) {
			const struct ddl_column *c = &t->columns[i];
			if (is_left_out(c))
				continue;
			buf_puts(sql, between);
			between = ", ";
			if (c->refers_table)
				put_reference(m, t, c, row, sql);
			else
				put_value(m, t, c, row, sql);
		}
		buf_putc(sql, ')');
	}
	buf_puts(sql, ";\n");
}

static bool
has_column(const struct ddl_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (!is_left_out(&t->columns[i]))
			return true;
	return false;
}

static void
make_table(struct maker *m, size_t i, struct buf *sql, struct strlist *ret_tables)
{
	const struct ddl_table *t = &m->d->v[i];
	const char *why = obstacle(t);
	m->done[i] = true;
	if (!why && !has_column(t))
		why = "all that is in it is made by the database";
	if (why) {
		strlist_addf(m->left, "%s: %s", t->name, why);
		return;
	}
	size_t before = sql->n;
	m->rows[i] = count_rows(m, t);
	m->turn[i] = ++m->turns;
	put_table(m, t, m->rows[i], sql);
	if (sql->truncated) { /* as is all behind it */
		sql->p[sql->n = before] = '\0';
		m->rows[i] = 0;
		strlist_addf(m->left, "%s: there is no room for more rows", t->name);
		return;
	}
	strlist_add(ret_tables, t->name);
}

void
made_up_rows(const struct ddl *d, uint64_t seed, struct buf *sql, struct strlist *ret_tables,
	struct strlist *ret_left)
{
	struct maker m = {.d = d, .seed = seed, .left = ret_left};
	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < d->n; i++)
			if (!m.done[i] && is_ready(&m, &d->v[i])) {
				make_table(&m, i, sql, ret_tables);
				more = true;
			}
	}
	for (size_t i = 0; i < d->n; i++)
		if (!m.done[i])
			strlist_addf(ret_left, "%s: it refers to what gets no rows", d->v[i].name);
}
