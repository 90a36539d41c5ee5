#include "agents/schema.h"

#include <string.h>

#define LINES_MAX 20
#define DEPTH_MAX 40

struct check {
	struct buf *why;
	int lines;
};

static void complain(struct check *c, const char *path, const char *fmt, ...) DD_PRINTF(3, 4);
static void
complain(struct check *c, const char *path, const char *fmt, ...)
{
	va_list ap;
	if (c->lines++ >= LINES_MAX)
		return;
	va_start(ap, fmt);
	char *text = mem_vprintf(fmt, ap);
	va_end(ap);
	buf_printf(c->why, "%s: %s\n", *path ? path : "the arguments", text);
	free(text);
}

static bool
is_type(const char *wanted, const char *got)
{
	return strcmp(wanted, got) == 0 ||
	       (strcmp(wanted, "number") == 0 && strcmp(got, "integer") == 0);
}

static bool
check_type(struct check *c, const char *path, const json_t *type, const json_t *v)
{
	const char *got = json_type_name(v);
	OWN(buf) struct buf wanted = {0};
	size_t i;
	json_t *one;
	if (json_is_string(type)) {
		if (is_type(json_string_value(type), got))
			return true;
		buf_puts(&wanted, json_string_value(type));
	}
	json_array_foreach (type, i, one) {
		if (json_is_string(one) && is_type(json_string_value(one), got))
			return true;
		buf_printf(&wanted, "%s%s", i ? " or " : "",
			json_is_string(one) ? json_string_value(one) : "?");
	}
	if (!wanted.n)
		return true;
	complain(c, path, "expected %s, got %s", wanted.p, got);
	return false;
}

static void
check_enum(struct check *c, const char *path, const json_t *values, const json_t *v)
{
	OWN(buf) struct buf all = {.max = 500};
	size_t i;
	json_t *one;
	if (!json_is_array(values))
		return;
	json_array_foreach (values, i, one) {
		if (json_equal(one, v))
			return;
		buf_puts(&all, i ? ", " : "");
		json_print(one, 0, &all);
	}
	complain(c, path, "expected one of %s", all.p ? all.p : "nothing");
}

static void
check_bounds(struct check *c, const char *path, const json_t *schema, const json_t *v)
{
	static const struct {
		const char *low, *high, *what;
		json_type type;
	} kinds[] = {{"minLength", "maxLength", "bytes", JSON_STRING},
		{"minItems", "maxItems", "items", JSON_ARRAY},
		{"minimum", "maximum", "", JSON_REAL}};
	for (size_t i = 0; i < 3; i++) {
		const json_t *low = json_object_get(schema, kinds[i].low),
			     *high = json_object_get(schema, kinds[i].high);
		double n = json_is_string(v)  ? (double)json_string_length(v)
			   : json_is_array(v) ? (double)json_array_size(v)
					      : json_number_value(v);
		if (kinds[i].type == JSON_REAL ? !json_is_number(v)
					       : json_typeof(v) != kinds[i].type)
			continue;
		if (low && n < json_number_value(low))
			complain(c, path, "expected at least %g%s%s", json_number_value(low),
				*kinds[i].what ? " " : "", kinds[i].what);
		if (high && n > json_number_value(high))
			complain(c, path, "expected at most %g%s%s", json_number_value(high),
				*kinds[i].what ? " " : "", kinds[i].what);
	}
}

static bool
has_string(const json_t *array, const char *s)
{
	size_t i;
	json_t *v;
	json_array_foreach (array, i, v) {
		if (json_is_string(v) && strcmp(json_string_value(v), s) == 0)
			return true;
	}
	return false;
}

static void check_value(
	struct check *c, const char *path, const json_t *schema, const json_t *v, int depth);

static void
check_object(struct check *c, const char *path, const json_t *schema, const json_t *v, int depth)
{
	const json_t *properties = json_object_get(schema, "properties");
	const char *name;
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(schema, "required"), i, one) {
		if (json_is_string(one) && !json_object_get(v, json_string_value(one)))
			complain(c, path, "\"%s\" is required", json_string_value(one));
	}
	json_object_foreach ((json_t *)v, name, one) {
		const json_t *sub = json_object_get(properties, name);
		OWN_FREE char *below = *path ? mem_printf("%s.%s", path, name) : mem_strdup(name);
		if (json_is_null(one) && !has_string(json_object_get(schema, "required"), name))
			continue;
		if (sub)
			check_value(c, below, sub, one, depth + 1);
		else if (json_is_false(json_object_get(schema, "additionalProperties")))
			complain(c, path, "\"%.80s\" is not known here", name);
	}
}

static void
check_value(struct check *c, const char *path, const json_t *schema, const json_t *v, int depth)
{
	size_t i;
	json_t *item;
	if (depth > DEPTH_MAX) {
		complain(c, path, "it is nested too deeply");
		return;
	}
	if (!check_type(c, path, json_object_get(schema, "type"), v))
		return;
	check_enum(c, path, json_object_get(schema, "enum"), v);
	check_bounds(c, path, schema, v);
	if (json_is_object(v))
		check_object(c, path, schema, v, depth);
	const json_t *items = json_object_get(schema, "items");
	if (!items)
		return;
	json_array_foreach (v, i, item) {
		OWN_FREE char *below = mem_printf("%s[%zu]", path, i);
		check_value(c, below, items, item, depth + 1);
	}
}

bool
schema_fits(const json_t *schema, const json_t *value, struct buf *why)
{
	struct check c = {.why = why};
	check_value(&c, "", schema, value, 0);
	return c.lines == 0;
}
