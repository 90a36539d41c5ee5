#include "graph/spec.h"

#include "base/fs.h"
#include "base/hash.h"

#include <stdarg.h>
#include <string.h>

#define MAX_COMPONENTS 200

/* ---- statements ---- */

json_t *
spec_section(struct spec *s, const char *key, const char *title)
{
	size_t i;
	json_t *section;
	json_array_foreach (s->sections, i, section)
		if (strcmp(json_string_value(json_object_get(section, "key")), key) == 0)
			return section;
	section = json_pack("{s:s, s:s, s:[]}", "key", key, "title", title, "items");
	json_array_append_new(s->sections, section);
	return section;
}

static json_t *
say(json_t *section, json_t *places, const char *fmt, va_list args)
{
	char *text = NULL;
	if (vasprintf(&text, fmt, args) < 0)
		abort();
	json_t *item = json_pack("{s:o, s:o}", "text", json_text(str_of(text)), "places",
		places ? places : json_array());
	json_array_append_new(json_object_get(section, "items"), item);
	free(text);
	return item;
}

void
spec_say(json_t *section, json_t *places, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	(void)say(section, places, fmt, args);
	va_end(args);
}

void
spec_say_figures(json_t *section, json_t *places, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	json_object_set_new(say(section, places, fmt, args), "figures", json_true());
	va_end(args);
}

char *
spec_code(const char *name)
{
	OWN(buf) struct buf visible = {.max = 1000}, b = {.max = 1100};
	/* A code span has something in it, and ends where its line does. */
	buf_put_visible(&visible, str_of(name && *name ? name : "(no name)"));
	buf_putc(&b, '`');
	for (size_t i = 0; i < visible.n; i++) {
		char c = visible.p[i];
		buf_putc(&b, c == '`' ? '\'' : c == '\n' || c == '\t' ? ' ' : c);
	}
	buf_putc(&b, '`');
	return buf_take(&b);
}

/* ---- components ---- */

struct component {
	char *name;
	size_t files, tests;
	uint64_t lines;
};

struct components {
	struct spec *s;
	struct component v[MAX_COMPONENTS];
	size_t n;
	uint32_t *of_file; /* by number: index + 1 */
	size_t nfiles;
	uint32_t *of_entity; /* file, by number */
	size_t nentities;
	uint32_t links[MAX_COMPONENTS][MAX_COMPONENTS];
	uint32_t at; /* the component whose relations are counted, index + 1 */
};

/* The first directory of a path; of a tree that has but one, its first two. */
static char *
component_of(struct str path, unsigned depth)
{
	size_t i = 0, end = 0;
	for (unsigned d = 0; d < depth; d++) {
		const char *slash = i < path.n ? memchr(path.p + i, '/', path.n - i) : NULL;
		if (!slash)
			break;
		end = (size_t)(slash - path.p);
		i = end + 1;
	}
	return end ? mem_strndup(path.p, end) : mem_strdup(".");
}

static size_t
component_index(struct components *c, const char *name)
{
	size_t i = 0;
	while (i < c->n && strcmp(c->v[i].name, name) != 0)
		i++;
	if (i == c->n && c->n < MAX_COMPONENTS)
		c->v[c->n++].name = mem_strdup(name);
	return i < MAX_COMPONENTS ? i : MAX_COMPONENTS - 1;
}

static void
components_forget(struct components *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->v[i].name);
	memset(c->v, 0, sizeof(c->v));
	c->n = 0;
}

/* Files with code, each to its component. */
static int
assign_files(struct components *c, unsigned depth)
{
	struct db_stmt *st;
	components_forget(c);
	int rc = db_query(c->s->g->db, &st, c->s->err,
		"SELECT id, path, lines FROM file WHERE lang > 0 ORDER BY id", "");
	while (rc == 0 && (rc = db_step(st, c->s->err)) == 1) {
		rc = 0;
		OWN_FREE char *name = component_of(db_text(st, 1), depth);
		size_t i = component_index(c, name);
		c->v[i].files++;
		c->v[i].lines += (uint64_t)db_int(st, 2);
		if ((uint64_t)db_int(st, 0) < c->nfiles)
			c->of_file[db_int(st, 0)] = (uint32_t)i + 1;
	}
	return rc < 0 ? rc : 0;
}

static int
assign_entities(struct components *c)
{
	struct db_stmt *st;
	int rc = db_query(c->s->g->db, &st, c->s->err,
		"SELECT id, file, kind FROM entity WHERE file > 0", "");
	while (rc == 0 && (rc = db_step(st, c->s->err)) == 1) {
		rc = 0;
		uint64_t id = (uint64_t)db_int(st, 0), file = (uint64_t)db_int(st, 1);
		if (id >= c->nentities || file >= c->nfiles ||
			graph_kind_is_shared((unsigned)db_int(st, 2)))
			continue;
		c->of_entity[id] = c->of_file[file];
		if (db_int(st, 2) == KIND_TEST && c->of_file[file])
			c->v[c->of_file[file] - 1].tests++;
	}
	return rc < 0 ? rc : 0;
}

static int
count_link(void *ctx, const struct store_relation *r)
{
	struct components *c = ctx;
	uint32_t to = r->dst && r->dst < c->nentities ? c->of_entity[r->dst] : 0;
	bool depends = r->relation != REL_CO_CHANGES && r->relation != REL_DOCUMENTS &&
		       r->relation != REL_TESTS;
	if (to && to != c->at && depends && r->conf >= 60)
		c->links[c->at - 1][to - 1]++;
	return 0;
}

static int
count_links(struct components *c)
{
	struct db_stmt *st;
	int rc = db_query(c->s->g->db, &st, c->s->err,
		"SELECT id, rout FROM entity WHERE length(rout) > 0", "");
	while (rc == 0 && (rc = db_step(st, c->s->err)) == 1) {
		uint32_t id = (uint32_t)db_int(st, 0);
		c->at = id < c->nentities ? c->of_entity[id] : 0;
		rc = c->at ? store_each_out(db_blob(st, 1), id, count_link, c, c->s->err) : 0;
	}
	return rc < 0 ? rc : 0;
}

static void
say_component(struct components *c, json_t *section, size_t i)
{
	OWN(buf) struct buf needs = {0};
	const struct component *v = &c->v[i];
	OWN_FREE char *name = spec_code(v->name);
	for (size_t k = 0; k < c->n; k++)
		if (c->links[i][k]) {
			OWN_FREE char *other = spec_code(c->v[k].name);
			buf_printf(&needs, "%s%s (%u)", needs.n ? ", " : "; needs ", other,
				c->links[i][k]);
			json_array_append_new(c->s->links,
				json_pack("{s:o, s:o, s:I}", "from", json_text(str_of(v->name)),
					"to", json_text(str_of(c->v[k].name)), "relations",
					(json_int_t)c->links[i][k]));
		}
	OWN_FREE char *tests = v->tests ? mem_printf(", %zu tests", v->tests) : mem_strdup("");
	spec_say_figures(section, json_pack("[o]", json_text(str_of(v->name))),
		"%s: %zu files, %llu lines%s%s.", name, v->files, (unsigned long long)v->lines,
		tests, needs.p ? needs.p : "");
}

int
spec_components(struct spec *s)
{
	OWN_FREE struct components *c = mem_new(struct components);
	uint32_t files = 0, entities = 0;
	*c = (struct components){.s = s};
	int rc = answer_last_id(s->g, "SELECT max(id) FROM file", &files, s->err);
	if (rc == 0)
		rc = answer_last_id(s->g, "SELECT max(id) FROM entity", &entities, s->err);
	c->nfiles = (size_t)files + 1;
	c->nentities = (size_t)entities + 1;
	c->of_file = mem_zalloc(c->nfiles, sizeof(*c->of_file));
	c->of_entity = mem_zalloc(c->nentities, sizeof(*c->of_entity));
	for (unsigned depth = 1; rc == 0 && depth <= 3; depth++) {
		rc = assign_files(c, depth);
		if (c->n > 2)
			break;
	}
	if (rc == 0)
		rc = assign_entities(c);
	if (rc == 0)
		rc = count_links(c);
	for (size_t i = 0; rc == 0 && i < c->n; i++)
		say_component(c, spec_section(s, "components", "Components"), i);
	components_forget(c);
	free(c->of_file);
	free(c->of_entity);
	return rc;
}

/* ---- the whole ---- */

static void
drop_empty(json_t *sections)
{
	for (size_t i = json_array_size(sections); i-- > 0;)
		if (!json_array_size(json_object_get(json_array_get(sections, i), "items")))
			json_array_remove(sections, i);
}

static void
last_is(json_t *sections, const char *key)
{
	size_t i;
	json_t *section;
	json_array_foreach (sections, i, section)
		if (strcmp(json_string_value(json_object_get(section, "key")), key) == 0) {
			json_array_append(sections, section);
			json_array_remove(sections, i);
			return;
		}
}

int
graph_spec(struct graph *g, const struct graph_spec_options *o, json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *answer = NULL;
	int rc = answer_begin_whole(g, &answer, err);
	if (rc < 0)
		return err_wrap(err, "graph");
	struct spec s = {
		.g = g, .o = o, .sections = json_array(), .links = json_array(), .err = err};
	json_object_del(answer, "items");
	json_object_set_new(answer, "name", json_text(str_of(fs_name(g->root))));
	json_object_set_new(answer, "sections", s.sections);
	json_object_set_new(answer, "links", s.links);
	rc = spec_components(&s);
	if (rc == 0 && o->files)
		rc = spec_files(&s);
	if (rc == 0)
		rc = spec_surface(&s);
	if (rc == 0)
		rc = spec_condition(&s);
	if (rc == 0)
		rc = spec_words(&s);
	if (rc < 0)
		return err_wrap(err, "graph");
	drop_empty(s.sections);
	last_is(s.sections, "questions");
	*ret = TAKE(answer);
	return 0;
}
