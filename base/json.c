#include "base/json.h"

#include "base/fs.h"

#include <string.h>

#define MAX_DEPTH 100

int
json_parse(struct str text, json_t **ret, struct dd_err *err)
{
	json_error_t e;
	json_t *j = json_loadb(
		text.p, text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &e);
	if (!j)
		return err_set(
			err, DD_ECORRUPT, "line %d, column %d: %s", e.line, e.column, e.text);
	*ret = j;
	return 0;
}

int
json_parse_file(const char *path, size_t max, json_t **ret, struct dd_err *err)
{
	OWN(buf) struct buf text = {.max = max};
	int rc = fs_read(path, max, &text, err);
	if (rc < 0)
		return rc;
	rc = json_parse(buf_str(&text), ret, err);
	return rc < 0 ? err_wrap(err, "%s", path) : 0;
}

const char *
json_type_name(const json_t *j)
{
	switch (json_typeof(j)) {
	case JSON_OBJECT:
		return "object";
	case JSON_ARRAY:
		return "array";
	case JSON_STRING:
		return "string";
	case JSON_INTEGER:
		return "integer";
	case JSON_REAL:
		return "number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "boolean";
	default:
		return "null";
	}
}

/* Where in the message we are: a chain up to the outermost, so that a path costs nothing until
 * needed. */
struct path {
	const struct path *up;
	const char *key; /* NULL: an index */
	size_t index;
	unsigned depth;
};

static void
put_path(const struct path *p, struct buf *out)
{
	if (p->up)
		put_path(p->up, out);
	if (!p->key)
		buf_printf(out, "[%zu]", p->index);
	else
		buf_printf(out, "%s%s", p->up ? "." : "", p->key);
}

static int
fail_type(const struct path *p, const char *expected, const json_t *got, struct dd_err *err)
{
	OWN(buf) struct buf where = {.max = 4096};
	put_path(p, &where);
	return err_set(err, DD_ECORRUPT, "%s: expected %s, got %s", where.p, expected,
		got ? json_type_name(got) : "nothing");
}

static int decode_object(const json_t *obj, const struct json_field *fields, bool strict, void *dst,
	const struct path *path, struct dd_err *err);

/* A string with a NUL inside is cut there: no caller gives bytes behind one a meaning. */
static int
decode_string(const json_t *v, void *at, const struct path *path, struct dd_err *err)
{
	if (!json_is_string(v))
		return fail_type(path, "string", v, err);
	*(char **)at = mem_strdup(json_string_value(v));
	return 0;
}

static int
decode_strlist(const json_t *v, struct strlist *at, const struct path *path, struct dd_err *err)
{
	size_t i;
	json_t *item;
	if (!json_is_array(v))
		return fail_type(path, "array", v, err);
	json_array_foreach (v, i, item) {
		struct path here = {path, NULL, i, path->depth + 1};
		if (!json_is_string(item))
			return fail_type(&here, "string", item, err);
		strlist_add(at, json_string_value(item));
	}
	return 0;
}

static int
decode_enum(const json_t *v, const struct json_field *f, int *at, const struct path *path,
	struct dd_err *err)
{
	if (!json_is_string(v))
		return fail_type(path, "string", v, err);
	for (int i = 0; f->names[i]; i++)
		if (*f->names[i] && strcmp(f->names[i], json_string_value(v)) == 0) {
			*at = i;
			return 0;
		}
	OWN(buf) struct buf where = {.max = 4096};
	put_path(path, &where);
	return err_set(err, DD_ECORRUPT, "%s: \"%.60s\" is not one of its values", where.p,
		json_string_value(v));
}

static int
decode_array(const json_t *v, const struct json_field *f, struct json_array_of *at, bool strict,
	const struct path *path, struct dd_err *err)
{
	size_t i;
	json_t *item;
	if (!json_is_array(v))
		return fail_type(path, "array", v, err);
	if (!json_array_size(v))
		return 0;
	at->v = mem_zalloc(json_array_size(v), f->elem_size);
	json_array_foreach (v, i, item) {
		struct path here = {path, NULL, i, path->depth + 1};
		at->n = i + 1;
		int rc = decode_object(
			item, f->sub, strict, (char *)at->v + i * f->elem_size, &here, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
decode_value(const json_t *v, const struct json_field *f, bool strict, void *at,
	const struct path *path, struct dd_err *err)
{
	switch (f->kind) {
	case JSON_K_STRING:
		return decode_string(v, at, path, err);
	case JSON_K_INT:
		if (!json_is_integer(v))
			return fail_type(path, "integer", v, err);
		*(int64_t *)at = json_integer_value(v);
		return 0;
	case JSON_K_BOOL:
		if (!json_is_boolean(v))
			return fail_type(path, "boolean", v, err);
		*(bool *)at = json_is_true(v);
		return 0;
	case JSON_K_REAL:
		if (!json_is_number(v))
			return fail_type(path, "number", v, err);
		*(double *)at = json_number_value(v);
		return 0;
	case JSON_K_STRLIST:
		return decode_strlist(v, at, path, err);
	case JSON_K_ANY:
		*(json_t **)at = json_incref((json_t *)v);
		return 0;
	case JSON_K_ENUM:
		return decode_enum(v, f, at, path, err);
	case JSON_K_OBJECT:
		return decode_object(v, f->sub, strict, at, path, err);
	case JSON_K_ARRAY:
		return decode_array(v, f, at, strict, path, err);
	}
	return err_set(err, DD_EINVAL, "json: a table has an unknown kind");
}

static bool
is_known(const struct json_field *fields, const char *key)
{
	for (; fields->key; fields++)
		if (strcmp(fields->key, key) == 0)
			return true;
	return false;
}

static int
check_unknown(const json_t *obj, const struct json_field *fields, const struct path *path,
	struct dd_err *err)
{
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)obj, key, value) {
		if (is_known(fields, key))
			continue;
		OWN(buf) struct buf where = {.max = 4096};
		put_path(path, &where);
		return err_set(err, DD_ECORRUPT, "%s: unknown key \"%.60s\"", where.p, key);
	}
	return 0;
}

static int
decode_object(const json_t *obj, const struct json_field *fields, bool strict, void *dst,
	const struct path *path, struct dd_err *err)
{
	if (!json_is_object(obj))
		return fail_type(path, "object", obj, err);
	if (path->depth > MAX_DEPTH)
		return err_set(err, DD_ELIMIT, "json: nested too deeply");
	int rc = strict ? check_unknown(obj, fields, path, err) : 0;
	for (; rc == 0 && fields->key; fields++) {
		const json_t *v = json_object_get(obj, fields->key);
		struct path here = {path, fields->key, 0, path->depth + 1};
		if (!fields->required && (!v || json_is_null(v)))
			continue;
		if (!v)
			return fail_type(&here, "a value", NULL, err);
		rc = decode_value(v, fields, strict, (char *)dst + fields->offset, &here, err);
	}
	return rc;
}

int
json_decode(const json_t *obj, const struct json_field *fields, bool strict, void *dst,
	const char *what, struct dd_err *err)
{
	struct path path = {NULL, what, 0, 0};
	return decode_object(obj, fields, strict, dst, &path, err);
}

/* ---- encoding ---- */

json_t *
json_text(struct str s)
{
	json_t *j = memchr(s.p, 0, s.n) ? NULL : json_stringn(s.p, s.n);
	if (j)
		return j;
	OWN(buf) struct buf quoted = {0}, plain = {0};
	for (size_t i = 0; i < s.n; i++) { /* NUL has no place in a C string */
		if (s.p[i])
			buf_putc(&plain, s.p[i]);
		else
			buf_puts(&plain, "\xef\xbf\xbd");
	}
	buf_put_json(&quoted, buf_str(&plain));
	j = json_loadb(quoted.p, quoted.n, JSON_DECODE_ANY, NULL);
	return j ? j : json_string("");
}

static json_t *
encode_strlist(const struct strlist *l)
{
	json_t *a = json_array();
	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(a, json_text(str_of(l->v[i])));
	return a;
}

static json_t *
encode_array(const struct json_field *f, const struct json_array_of *l)
{
	json_t *a = json_array();
	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(
			a, json_encode(f->sub, (const char *)l->v + i * f->elem_size));
	return a;
}

static json_t *
encode_value(const struct json_field *f, const void *at)
{
	const char *name;
	switch (f->kind) {
	case JSON_K_STRING:
		return *(char *const *)at ? json_text(str_of(*(char *const *)at)) : json_null();
	case JSON_K_INT:
		return json_integer(*(const int64_t *)at);
	case JSON_K_BOOL:
		return json_boolean(*(const bool *)at);
	case JSON_K_REAL:
		return json_real(*(const double *)at);
	case JSON_K_STRLIST:
		return encode_strlist(at);
	case JSON_K_ANY:
		return *(json_t *const *)at ? json_incref(*(json_t *const *)at) : json_null();
	case JSON_K_ENUM:
		name = f->names[*(const int *)at];
		return *name ? json_string(name) : json_null();
	case JSON_K_OBJECT:
		return json_encode(f->sub, at);
	case JSON_K_ARRAY:
		return encode_array(f, at);
	}
	return json_null();
}

json_t *
json_encode(const struct json_field *fields, const void *src)
{
	json_t *obj = json_object();
	for (; fields->key; fields++)
		json_object_set_new(
			obj, fields->key, encode_value(fields, (const char *)src + fields->offset));
	return obj;
}

void
json_release(const struct json_field *fields, void *dst)
{
	for (; fields->key; fields++) {
		void *at = (char *)dst + fields->offset;
		struct json_array_of *l = at;
		switch (fields->kind) {
		case JSON_K_STRING:
			free(*(char **)at);
			*(char **)at = NULL;
			break;
		case JSON_K_STRLIST:
			strlist_cleanup(at);
			break;
		case JSON_K_ANY:
			json_decref(*(json_t **)at);
			*(json_t **)at = NULL;
			break;
		case JSON_K_OBJECT:
			json_release(fields->sub, at);
			break;
		case JSON_K_ARRAY:
			for (size_t i = 0; i < l->n; i++)
				json_release(fields->sub, (char *)l->v + i * fields->elem_size);
			free(l->v);
			*l = (struct json_array_of){0};
			break;
		default:
			break;
		}
	}
}

static int
append(const char *p, size_t n, void *out)
{
	buf_add(out, p, n);
	return 0;
}

void
json_print(const json_t *j, int indent, struct buf *out)
{
	size_t flags = JSON_ENCODE_ANY | JSON_REAL_PRECISION(15);
	flags |= indent ? JSON_INDENT((size_t)indent) : JSON_COMPACT;
	(void)json_dump_callback(j, append, out, flags);
}

int
json_give(const json_t *j, struct dd_err *err)
{
	OWN(buf) struct buf out = {0};
	json_print(j, 0, &out);
	buf_putc(&out, '\n');
	return fs_write_all(STDOUT_FILENO, out.p, out.n, err);
}

json_t *
json_from_strings(const struct strlist *l)
{
	json_t *a = json_array();
	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(a, json_text(str_of(l->v[i])));
	return a;
}

void
json_to_strings(const json_t *array, struct strlist *ret)
{
	size_t i;
	json_t *item;
	json_array_foreach ((json_t *)array, i, item) {
		if (json_is_string(item))
			strlist_add(ret, json_string_value(item));
	}
}

json_t *
json_find(const json_t *array, const char *key, const char *value)
{
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)(uintptr_t)array, i, one)
		if (strcmp(json_string_in(one, key), value) == 0)
			return one;
	return NULL;
}
