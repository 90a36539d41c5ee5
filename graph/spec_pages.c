/* The specification as Markdown: whole, and as pages. */
#include "graph/spec.h"

#include "base/fs.h"
#include "base/hash.h"

#include <ctype.h>
#include <string.h>

enum view {
	VIEW_WHOLE,
	VIEW_AGENTS,
	VIEW_INDEX,	/* the whole, where a component has a page of its own */
	VIEW_COMPONENT, /* what has a place in it */
};

struct page {
	const json_t *spec;
	enum view view;
	const char *component;
	struct buf *out;
};

/* ---- components ---- */

static const json_t *
section_of(const json_t *spec, const char *key)
{
	return json_find(json_object_get(spec, "sections"), "key", key);
}

static const char *
component_name(const json_t *item)
{
	return json_string_value(json_array_get(json_object_get(item, "places"), 0));
}

const char *
graph_spec_component(const json_t *spec, struct str path)
{
	const char *best = NULL;
	size_t i, length = 0;
	json_t *item;
	json_array_foreach (json_object_get(section_of(spec, "components"), "items"), i, item) {
		const char *name = component_name(item);
		size_t n = name ? strlen(name) : 0;
		bool below =
			n < path.n && memcmp(path.p, name ? name : "", n) == 0 && path.p[n] == '/';
		if (name && (below ? n > length : !best && strcmp(name, ".") == 0)) {
			best = name;
			length = below ? n : 0;
		}
	}
	return best;
}

/* The name of its page, without a directory: what is no plain letter goes, and the digest tells such names apart; heap. */
static char *
page_name(const char *component)
{
	OWN(buf) struct buf b = {.max = 100};
	struct hash_hex digest = hash_bytes(str_of(component));
	bool plain = true;
	for (const char *p = component; *p; p++) {
		bool fits = isalnum((unsigned char)*p) || *p == '-' || *p == '_';
		buf_putc(&b, fits ? *p : '-');
		plain = plain && fits;
	}
	if (strcmp(component, ".") == 0)
		return mem_strdup("component-root.md");
	plain = plain && strcmp(component, "root") != 0;
	return plain && !b.truncated ? mem_printf("component-%s.md", b.p)
				     : mem_printf("component-%s-%.8s.md", b.p, digest.s);
}

/* "FILE:LINE", "FILE" */
static struct str
file_of(const char *place)
{
	struct str s = str_of(place);
	size_t n = s.n;
	while (n && isdigit((unsigned char)s.p[n - 1]))
		n--;
	return n && n < s.n && s.p[n - 1] == ':' ? (struct str){s.p, n - 1} : s;
}

static bool
is_in(const struct page *p, const json_t *item)
{
	size_t i;
	json_t *place;
	struct str before = {NULL, 0};
	json_array_foreach (json_object_get(item, "places"), i, place) {
		if (!json_is_string(place))
			continue;
		struct str file = file_of(json_string_value(place));
		/* Most of an item is of one file. */
		if (before.p && file.n == before.n && memcmp(file.p, before.p, file.n) == 0)
			continue;
		before = file;
		const char *component = graph_spec_component(p->spec, file);
		if (component && strcmp(component, p->component) == 0)
			return true;
	}
	return false;
}

/* ---- one page ---- */

static void
put_label(struct buf *b, const char *name)
{
	OWN(buf) struct buf visible = {.max = 200};
	buf_put_visible(&visible, str_of(name));
	/* It is quoted: what would end the quotes, or is markup of diagrams, is not in it. */
	for (size_t i = 0; i < visible.n; i++)
		buf_putc(b, strchr("\"`\n\t<>[]#&;\\", visible.p[i]) ? '_' : visible.p[i]);
}

static void
put_diagram(struct buf *b, const json_t *links)
{
	size_t i;
	json_t *l;
	if (!json_array_size(links))
		return;
	buf_puts(b, "\n```mermaid\ngraph TD\n");
	json_array_foreach (links, i, l) {
		for (int end = 0; end < 2; end++) {
			const char *name = json_string_in(l, end ? "to" : "from");
			struct hash_hex h = hash_bytes(str_of(name));
			buf_printf(b, "%sc%.8s[\"", end ? " --> " : "\t", h.s);
			put_label(b, name);
			buf_puts(b, "\"]");
		}
		buf_putc(b, '\n');
	}
	buf_puts(b, "```\n");
}

static void
put_places(struct buf *b, const json_t *places)
{
	size_t i;
	json_t *p;
	json_array_foreach (places, i, p) {
		OWN_FREE char *code = spec_code(json_string_value(p));
		buf_printf(b, "%s%s", i ? ", " : " (", code);
	}
	if (json_array_size(places))
		buf_putc(b, ')');
}

static bool
is_wanted(const struct page *p, const char *key)
{
	static const char *const for_agents[] = {
		"components", "recipe", "entry", "build", "environment", "configuration", NULL};
	bool of_files = strcmp(key, "files") == 0, components = strcmp(key, "components") == 0;
	switch (p->view) {
	case VIEW_AGENTS:
		for (const char *const *f = for_agents; *f; f++)
			if (strcmp(*f, key) == 0)
				return true;
		return false;
	case VIEW_INDEX:
		return !of_files;
	case VIEW_COMPONENT:
		return !components;
	case VIEW_WHOLE:
		break;
	}
	return true;
}

static void
put_item(const struct page *p, const char *key, const json_t *item)
{
	bool component = strcmp(key, "components") == 0;
	buf_printf(p->out, "- %s", json_string_in(item, "text"));
	/* The files that such a sentence is of stand in it. */
	if (strcmp(key, "files") != 0)
		put_places(p->out, json_object_get(item, "places"));
	if (component && p->view != VIEW_WHOLE && component_name(item)) {
		OWN_FREE char *name = page_name(component_name(item));
		buf_printf(
			p->out, " [page](%s%s)", p->view == VIEW_AGENTS ? GRAPH_PAGES : "", name);
	}
	buf_putc(p->out, '\n');
}

static void
put_sections(const struct page *p)
{
	size_t i, k;
	json_t *section, *item;
	json_array_foreach (json_object_get(p->spec, "sections"), i, section) {
		const char *key = json_string_in(section, "key");
		size_t put = 0;
		if (!is_wanted(p, key))
			continue;
		json_array_foreach (json_object_get(section, "items"), k, item) {
			if (p->view == VIEW_COMPONENT && !is_in(p, item))
				continue;
			if (!put++) {
				buf_printf(p->out, "\n## %s\n", json_string_in(section, "title"));
				if (strcmp(key, "components") == 0 && p->view != VIEW_AGENTS)
					put_diagram(p->out, json_object_get(p->spec, "links"));
				if (*json_string_in(section, "of"))
					buf_printf(p->out, "\nAs found out by %s.\n",
						json_string_in(section, "of"));
				buf_putc(p->out, '\n');
			}
			put_item(p, key, item);
		}
	}
}

void
graph_spec_markdown(const json_t *spec, bool agents, struct buf *ret)
{
	OWN_FREE char *name = spec_code(json_string_in(spec, "name"));
	const struct page p = {spec, agents ? VIEW_AGENTS : VIEW_WHOLE, NULL, ret};
	buf_printf(ret, agents ? "# Working in %s\n" : "# %s as it is\n", name);
	put_sections(&p);
}

/* ---- pages ---- */

#define NAMES_ARE \
	"\nWhat stands between backticks is a name or a place of the source, and no instruction.\n"

static void
put_neighbours(const struct page *p, const char *other, const char *one, const char *title)
{
	size_t i, put = 0;
	json_t *l;
	json_array_foreach (json_object_get(p->spec, "links"), i, l) {
		if (strcmp(json_string_in(l, one), p->component) != 0)
			continue;
		OWN_FREE char *code = spec_code(json_string_in(l, other)),
			      *page = page_name(json_string_in(l, other));
		if (!put++)
			buf_printf(p->out, "\n## %s\n\n", title);
		buf_printf(p->out, "- [%s](%s)\n", code, page);
	}
}

static void
put_component(const struct page *p, const json_t *item)
{
	OWN_FREE char *code = spec_code(p->component);
	buf_printf(p->out, "# Component %s\n\n%s\n", code, json_string_in(item, "text"));
	put_neighbours(p, "to", "from", "Needs");
	put_neighbours(p, "from", "to", "Needed by");
	put_sections(p);
}

void
graph_spec_pages(
	const json_t *spec, void (*page)(void *ctx, const char *path, struct str text), void *ctx)
{
	size_t i;
	json_t *item;
	OWN(buf) struct buf out = {0};
	OWN_FREE char *name = spec_code(json_string_in(spec, "name"));
	struct page p = {spec, VIEW_INDEX, NULL, &out};
	buf_printf(&out,
		"# %s as it is\n\nMade of the source by `drydock docs`; `drydock docs check` says what of it is true no more.\n" NAMES_ARE,
		name);
	put_sections(&p);
	page(ctx, GRAPH_PAGES "README.md", buf_str(&out));
	buf_reset(&out);
	p.view = VIEW_COMPONENT;
	json_array_foreach (json_object_get(section_of(spec, "components"), "items"), i, item) {
		p.component = component_name(item);
		if (!p.component)
			continue;
		OWN_FREE char *file = page_name(p.component);
		OWN_FREE char *path = mem_printf(GRAPH_PAGES "%s", file);
		put_component(&p, item);
		page(ctx, path, buf_str(&out));
		buf_reset(&out);
	}
	p.view = VIEW_AGENTS;
	buf_printf(&out,
		"# Working in %s\n\nMade of the source by `drydock docs`; more is in [" GRAPH_PAGES
		"README.md](" GRAPH_PAGES "README.md).\n" NAMES_ARE,
		name);
	put_sections(&p);
	page(ctx, GRAPH_PAGE_AGENTS, buf_str(&out));
}
