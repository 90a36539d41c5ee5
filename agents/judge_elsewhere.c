/*
 * Whether tests that have a value nowhere, neither in what they give nor in what they ask for, notice that it is broken in the code.  The
 * lines that have it are taken out: one like them that has it not stands in their place, since a block may not be empty.  If what is left
 * does not pass with the change as it is, nothing is said.
 */
#include "agents/judging.h"

#include "agents/inventory.h"

#include <ctype.h>
#include <string.h>

void
texts_init(struct texts *t, size_t max)
{
	t->files = mem_zalloc(max + 1, sizeof(*t->files));
	t->texts = mem_zalloc(max + 1, sizeof(*t->texts));
}

void
texts_add(struct texts *t, const char *path)
{
	t->files[t->n] = (struct judge_file){path, buf_str(&t->texts[t->n])};
	t->n++;
}

void
texts_cleanup(struct texts *t)
{
	for (size_t i = 0; i < t->n; i++)
		buf_cleanup(&t->texts[i]);
	free(t->texts);
	free(t->files);
}

static bool
has_value(struct str line, const char *value)
{
	return judge_text_has_token(line, str_of(value)) && !inventory_is_comment(line) &&
	       !judge_text_names_files(str_trim(line));
}

/* Bytes up to the end of the first word. */
static size_t
head(struct str line)
{
	size_t n = 0;
	while (n < line.n && isspace((unsigned char)line.p[n]))
		n++;
	while (n < line.n && (isalnum((unsigned char)line.p[n]) || line.p[n] == '_'))
		n++;
	return n;
}

static bool
is_like(struct str a, struct str b)
{
	size_t n = head(a);
	return a.n && b.n && n == head(b) && memcmp(a.p, b.p, n) == 0 &&
	       a.p[a.n - 1] == b.p[b.n - 1] && inventory_asserts(a) == inventory_asserts(b);
}

struct cut {
	struct str *v;
	size_t n;
};

/* The nearest line like that one which has the value not; empty: there is none. */
static struct str
find_like(const struct cut *l, size_t at, const char *value)
{
	for (size_t by = 1; by < l->n; by++)
		for (int side = 0; side < 2; side++) {
			size_t i = side ? at + by : at - by;
			if (i < l->n && is_like(l->v[at], l->v[i]) && !has_value(l->v[i], value))
				return l->v[i];
		}
	return (struct str){0};
}

static void
put_without(struct str text, const char *value, struct buf *out)
{
	struct cut l = {0};
	struct str line;
	size_t cap = 0;
	while (str_next_line(&text, &line)) {
		l.v = mem_grow(l.v, l.n, &cap, sizeof(*l.v));
		l.v[l.n++] = line;
	}
	for (size_t i = 0; i < l.n; i++) {
		bool has = has_value(l.v[i], value);
		buf_add_str(out, has ? find_like(&l, i, value) : l.v[i]);
		buf_putc(out, '\n');
	}
	free(l.v);
}

void
judging_without(const struct judging *j, const char *value, struct texts *ret)
{
	texts_init(ret, j->s->ntests);
	for (size_t i = 0; i < j->s->ntests; i++) {
		const struct judge_file *f = &j->s->tests[i];
		struct str rest = f->text, line;
		bool any = false;
		while (str_next_line(&rest, &line))
			any = any || has_value(line, value);
		if (!any)
			continue;
		put_without(f->text, value, &ret->texts[ret->n]);
		texts_add(ret, f->path);
	}
}
