#include "intent/plandoc.h"

#include "base/hash.h"

#include <ctype.h>
#include <string.h>

#define MAX_ITEMS 20000
#define MAX_KEY 30

void
plandoc_cleanup(struct plandoc *p)
{
	for (size_t i = 0; i < p->n; i++) {
		for (size_t k = 0; k < p->v[i].n; k++) {
			free(p->v[i].v[k].key);
			free(p->v[i].v[k].text);
		}
		free(p->v[i].v);
		free(p->v[i].id);
		free(p->v[i].title);
	}
	free(p->v);
	*p = (struct plandoc){0};
}

/* ---- reading ---- */

static struct plandoc_item *
new_item(struct plandoc *p, unsigned level)
{
	const char *section = p->n ? p->v[p->n - 1].section : "";
	p->v = mem_grow(p->v, p->n, &p->cap, sizeof(*p->v));
	p->v[p->n] = (struct plandoc_item){.level = level, .section = section};
	return &p->v[p->n++];
}

static void
add_line(struct plandoc_item *i, char *key, char *text)
{
	i->v = mem_grow(i->v, i->n, &i->cap, sizeof(*i->v));
	i->v[i->n++] = (struct plandoc_line){key, text};
}

/* Bytes of an id at the beginning of a heading, before ": "; 0: it has none. */
static size_t
id_length(struct str t)
{
	size_t n = 0;
	if (!t.n || !isalpha((unsigned char)t.p[0]))
		return 0;
	while (n < t.n && (isalnum((unsigned char)t.p[n]) || t.p[n] == '-' || t.p[n] == '.'))
		n++;
	return n + 1 < t.n && t.p[n] == ':' && t.p[n + 1] == ' ' ? n : 0;
}

/* "- key: value" in exactly this form, so that it is written again as it was. */
static bool
read_field(struct str line, struct str *ret_key, struct str *ret_value)
{
	size_t n = 2;
	if (!str_starts(line, "- "))
		return false;
	while (n < line.n && n < MAX_KEY && (islower((unsigned char)line.p[n]) || line.p[n] == ' '))
		n++;
	if (n == 2 || line.p[2] == ' ' || line.p[n - 1] == ' ' || n >= line.n || line.p[n] != ':')
		return false;
	*ret_key = (struct str){line.p + 2, n - 2};
	*ret_value = (struct str){line.p + n + 1, line.n - n - 1};
	if (!ret_value->n)
		return true;
	if (ret_value->p[0] != ' ' || ret_value->n == 1)
		return false;
	*ret_value = (struct str){ret_value->p + 1, ret_value->n - 1};
	return true;
}

/* "## title": its level, and the title behind it; 0: it is no heading of ours. */
static unsigned
heading_level(struct str line, struct str *ret_title)
{
	unsigned level = 0;
	while (level < line.n && level < 4 && line.p[level] == '#')
		level++;
	if (!level || level > 3 || level + 1 >= line.n || line.p[level] != ' ')
		return 0;
	*ret_title = (struct str){line.p + level + 1, line.n - level - 1};
	return level;
}

static void
take_heading(struct plandoc *p, unsigned level, struct str title, uint32_t number)
{
	struct plandoc_item *i = new_item(p, level);
	size_t n = level == 3 ? id_length(title) : 0;
	i->line = number;
	if (n) {
		i->id = str_dup((struct str){title.p, n});
		title = (struct str){title.p + n + 2, title.n - n - 2};
	}
	i->title = str_dup(title);
	if (level < 3)
		i->section = level == 2 ? i->title : "";
}

static void
take_line(struct plandoc *p, struct str line, uint32_t number, bool *fenced)
{
	struct str key, value, title;
	unsigned level = *fenced ? 0 : heading_level(line, &title);
	if (level) {
		take_heading(p, level, title, number);
		return;
	}
	struct plandoc_item *i = p->n ? &p->v[p->n - 1] : new_item(p, 0);
	if (str_starts(line, "```"))
		*fenced = !*fenced;
	else if (!*fenced && read_field(line, &key, &value)) {
		add_line(i, str_dup(key), str_dup(value));
		return;
	}
	add_line(i, NULL, str_dup(line));
}

int
plandoc_parse(struct str markdown, struct plandoc *ret, struct dd_err *err)
{
	struct plandoc p = {0};
	uint32_t number = 0;
	bool fenced = false, titled = false;
	if (markdown.n > PLAN_MAX_BYTES)
		return err_set(err, DD_ELIMIT, "a plan has at most %zu bytes", PLAN_MAX_BYTES);
	if (memchr(markdown.p ? markdown.p : "", 0, markdown.n))
		return err_set(err, DD_EINVAL, "it is no text");
	for (struct str rest = markdown, line; p.n < MAX_ITEMS && str_next(&rest, '\n', &line);)
		take_line(&p, line, ++number, &fenced);
	for (size_t i = 0; i < p.n; i++)
		titled |= p.v[i].level == 1;
	if (!titled || p.n == MAX_ITEMS) {
		plandoc_cleanup(&p);
		return err_set(err, DD_EINVAL, "%s",
			titled ? "it has too many headings"
			       : "it is no plan: there is no line \"# TITLE\"");
	}
	*ret = p;
	return 0;
}

/* ---- writing ---- */

void
plandoc_print(const struct plandoc *p, struct buf *ret)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct plandoc_item *item = &p->v[i];
		if (item->level)
			buf_printf(ret, "%.*s %s%s%s\n", (int)item->level, "###",
				item->id ? item->id : "", item->id ? ": " : "", item->title);
		for (size_t k = 0; k < item->n; k++) {
			const struct plandoc_line *l = &item->v[k];
			if (l->key)
				buf_printf(
					ret, "- %s:%s%s\n", l->key, *l->text ? " " : "", l->text);
			else
				buf_printf(ret, "%s\n", l->text);
		}
	}
}

static json_t *
fields_json(const struct plandoc_item *item)
{
	json_t *fields = json_object();
	for (size_t k = 0; k < item->n; k++) {
		const struct plandoc_line *l = &item->v[k];
		if (!l->key)
			continue;
		json_t *list = json_object_get(fields, l->key);
		if (!list) {
			list = json_array();
			json_object_set_new(fields, l->key, list);
		}
		json_array_append_new(list, json_text(str_of(l->text)));
	}
	return fields;
}

/* The notes, without empty lines at either end. */
static json_t *
notes_json(const struct plandoc_item *item)
{
	OWN(buf) struct buf b = {0};
	for (size_t k = 0; k < item->n; k++)
		if (!item->v[k].key)
			buf_printf(&b, "%s\n", item->v[k].text);
	return json_text(str_trim(buf_str(&b)));
}

static void
add_names(json_t *j, const struct plandoc_item *item)
{
	static const char *const keys[] = {"writes", "after", "requirements", "parallel with",
		"between", "from", "files", "tests", NULL};
	json_t *names = json_object();
	for (const char *const *k = keys; *k; k++) {
		OWN(strlist) struct strlist l = {0};
		plandoc_names(item, *k, &l);
		if (l.n)
			json_object_set_new(names, *k, json_from_strings(&l));
	}
	json_object_set_new(j, "names", names);
}

json_t *
plandoc_json(const struct plandoc *p)
{
	json_t *j = json_object(), *sections = json_array(), *items = NULL;
	json_object_set_new(j, "plan", json_integer(1));
	for (size_t i = 0; i < p->n; i++) {
		const struct plandoc_item *item = &p->v[i];
		json_t *o = json_pack("{s:o, s:o, s:o}", "title", json_text(str_of(item->title)),
			"fields", fields_json(item), "notes", notes_json(item));
		if (item->level <= 1) {
			json_object_update(j, o);
			json_decref(o);
		} else if (item->level == 2) {
			items = json_array();
			json_object_set_new(o, "items", items);
			json_array_append_new(sections, o);
		} else {
			json_object_set_new(
				o, "id", item->id ? json_text(str_of(item->id)) : json_null());
			add_names(o, item);
			if (!items) {
				items = json_array();
				json_array_append_new(
					sections, json_pack("{s:s, s:{}, s:s, s:o}", "title", "",
							  "fields", "notes", "", "items", items));
			}
			json_array_append_new(items, o);
		}
	}
	json_object_set_new(j, "sections", sections);
	return j;
}

/* ---- making ---- */

/* One line without what would be markup of HTML; heap. */
static char *
one_line(const char *text)
{
	OWN(buf) struct buf b = {0}, seen = {0};
	for (const char *p = text; *p; p++) {
		if (*p == '<')
			buf_puts(&b, "&lt;");
		else
			buf_putc(&b, (unsigned char)*p < 32 || *p == 127 ? ' ' : *p);
	}
	buf_put_visible(&seen, str_trim(buf_str(&b)));
	return buf_take(&seen);
}

struct plandoc_item *
plandoc_add(struct plandoc *p, unsigned level, const char *id, const char *title)
{
	if (p->n)
		plandoc_note(&p->v[p->n - 1], "");
	struct plandoc_item *i = new_item(p, level);
	i->id = id ? mem_strdup(id) : NULL;
	i->title = one_line(title);
	if (level < 3)
		i->section = level == 2 ? i->title : "";
	if (level < 3)
		plandoc_note(i, "");
	return i;
}

void
plandoc_note(struct plandoc_item *i, const char *text)
{
	add_line(i, NULL, one_line(text));
}

void
plandoc_field(struct plandoc_item *i, const char *key, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	OWN_FREE char *text = mem_vprintf(fmt, ap);
	va_end(ap);
	add_line(i, mem_strdup(key), one_line(text));
}

void
plandoc_list(struct plandoc_item *i, const char *key, const struct strlist *names)
{
	OWN(buf) struct buf b = {0};
	for (size_t k = 0; k < names->n; k++) {
		if (k)
			buf_puts(&b, ", ");
		buf_put_markdown_code(&b, names->v[k]);
	}
	if (names->n)
		plandoc_field(i, key, "%s", b.p);
}

/* ---- asking ---- */

const struct plandoc_item *
plandoc_find(const struct plandoc *p, const char *id)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].id && strcmp(p->v[i].id, id) == 0)
			return &p->v[i];
	return NULL;
}

bool
plandoc_is_task(const struct plandoc_item *i)
{
	return i->level == 3 && i->id && strcmp(i->section, "Tasks") == 0;
}

const char *
plandoc_value(const struct plandoc_item *i, const char *key)
{
	for (size_t k = 0; k < i->n; k++)
		if (i->v[k].key && strcmp(i->v[k].key, key) == 0)
			return i->v[k].text;
	return NULL;
}

void
plandoc_names(const struct plandoc_item *i, const char *key, struct strlist *ret)
{
	for (size_t k = 0; k < i->n; k++) {
		if (!i->v[k].key || strcmp(i->v[k].key, key) != 0)
			continue;
		for (const char *p = i->v[k].text; (p = strchr(p, '`'));) {
			const char *end = strchr(p + 1, '`');
			if (!end)
				break;
			OWN_FREE char *name = mem_strndup(p + 1, (size_t)(end - p - 1));
			strlist_add_new(ret, name);
			p = end + 1;
		}
	}
}

char *
plandoc_id(const struct plandoc *p, const char *prefix, const char *text)
{
	struct hash_hex h = hash_bytes(str_of(text));
	for (int n = 6;; n += 2) {
		OWN_FREE char *id = mem_printf("%s-%.*s", prefix, n, h.s);
		if (n >= HASH_HEX || !plandoc_find(p, id))
			return TAKE(id);
	}
}
