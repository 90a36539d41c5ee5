#include "agents/diagnostics.h"

#include "base/json.h"
#include "base/map.h"

#include <string.h>

#define MAX_ERRORS 2000

void
diagnostic_list_cleanup(struct diagnostic_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].file);
		free(l->v[i].message);
		free(l->v[i].note);
		strlist_cleanup(&l->v[i].headers);
	}
	free(l->v);
	*l = (struct diagnostic_list){0};
}

struct reading {
	struct diagnostic_list *l;
	struct map seen;
	struct diagnostic *last; /* a hint belongs to it */
};

/* "#include <string.h>\n" that the compiler would insert. */
static void
take_hints(struct reading *r, const json_t *d)
{
	static const char begin[] = "#include <";
	size_t i;
	json_t *fix;
	json_array_foreach (json_object_get(d, "fixits"), i, fix) {
		struct str s = str_of(json_string_value(json_object_get(fix, "string")));
		const char *end = str_starts(s, begin) ? memchr(s.p, '>', s.n) : NULL;
		if (!end || !r->last)
			continue;
		OWN_FREE char *name =
			mem_strndup(s.p + strlen(begin), (size_t)(end - s.p) - strlen(begin));
		strlist_add_new(&r->last->headers, name);
	}
}

static json_int_t
column_of(const json_t *place)
{
	const json_t *column = json_object_get(place, "byte-column");
	return json_integer_value(column ? column : json_object_get(place, "column"));
}

/* Where its range begins, on the line of its caret; 0. */
static uint64_t
first_column(const json_t *location, json_int_t line)
{
	const json_t *place = json_object_get(location, "start");
	json_int_t at = column_of(place);
	return json_integer_value(json_object_get(place, "line")) == line && at > 0 ? (uint64_t)at
										    : 0;
}

static void
take_expected(struct reading *r, const json_t *d)
{
	const char *message = json_string_value(json_object_get(d, "message"));
	if (message && r->last && !r->last->note && str_starts(str_of(message), "expected '"))
		r->last->note = mem_strdup(message);
}

static void
take_error(struct reading *r, const json_t *d)
{
	const json_t *location = json_array_get(json_object_get(d, "locations"), 0);
	const json_t *caret = json_object_get(location, "caret");
	const char *file = json_string_value(json_object_get(caret, "file"));
	const char *message = json_string_value(json_object_get(d, "message"));
	json_int_t line = json_integer_value(json_object_get(caret, "line"));
	json_int_t at = column_of(caret);
	r->last = NULL;
	if (!file || !message || line < 1 || at < 1 || r->l->n == MAX_ERRORS)
		return;
	OWN_FREE char *key =
		mem_printf("%s:%lld:%lld:%s", file, (long long)line, (long long)at, message);
	if (map_get(&r->seen, key))
		return;
	map_put(&r->seen, key, r);
	r->l->v = mem_grow(r->l->v, r->l->n, &r->l->cap, sizeof(*r->l->v));
	r->last = &r->l->v[r->l->n++];
	*r->last = (struct diagnostic){.file = mem_strdup(file),
		.message = mem_strdup(message),
		.line = (uint64_t)line,
		.column = (uint64_t)at,
		.first = first_column(location, line)};
}

/* One that others hang on is of their group: each error of it counts. */
static void
take(struct reading *r, const json_t *d, int depth)
{
	const char *kind = json_string_value(json_object_get(d, "kind"));
	size_t i;
	json_t *child;
	if (kind && (strcmp(kind, "error") == 0 || strcmp(kind, "fatal error") == 0))
		take_error(r, d);
	if (kind && strcmp(kind, "note") == 0) {
		take_hints(r, d);
		take_expected(r, d);
	}
	json_array_foreach (json_object_get(d, "children"), i, child)
		if (depth < 4)
			take(r, child, depth + 1);
}

void
diagnostics_parse(struct str output, struct diagnostic_list *ret)
{
	struct reading r = {.l = ret};
	struct str line;
	while (str_next_line(&output, &line)) {
		OWN_JSON json_t *all = NULL;
		size_t i;
		json_t *d;
		if (!str_starts(line, "[") || json_parse(line, &all, NULL) < 0)
			continue;
		json_array_foreach (all, i, d)
			take(&r, d, 0);
	}
	map_cleanup(&r.seen);
}

struct str
diagnostic_quoted(const struct diagnostic *d, size_t n)
{
	const char *at = d->message;
	for (size_t i = 0;; i++) {
		const char *from = strchr(at, '\''), *to = from ? strchr(from + 1, '\'') : NULL;
		if (!to)
			return (struct str){"", 0};
		if (i == n)
			return (struct str){from + 1, (size_t)(to - from - 1)};
		at = to + 1;
	}
}
