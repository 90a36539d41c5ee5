#include "base/yaml.h"

#include "base/map.h"

#include <string.h>
#include <yaml.h>

#define MAX_DEPTH 32
/* What aliases stand for counts as often as it is used. */
#define MAX_NODES 200000
#define MAX_COPIED_BYTES ((size_t)16 << 20)

struct reading {
	yaml_parser_t parser;
	struct map anchors;  /* name -> json_t, ended nodes only */
	size_t nodes, bytes; /* of what aliases stand for; bytes are those of texts and keys */
	struct dd_err *err;
};

static int read_node(struct reading *r, const yaml_event_t *e, int depth, json_t **ret);

static int
refuse(struct reading *r, const yaml_mark_t *at, const char *why)
{
	return err_set(r->err, DD_EINVAL, "line %zu: %s", at->line + 1, why);
}

static int
next(struct reading *r, yaml_event_t *ret)
{
	if (yaml_parser_parse(&r->parser, ret))
		return 0;
	return refuse(r, &r->parser.problem_mark,
		r->parser.problem ? r->parser.problem : "it is no YAML");
}

static bool
is_null(const yaml_event_t *e)
{
	const char *s = (const char *)e->data.scalar.value;
	size_t n = e->data.scalar.length;
	return e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (n == 0 || (n == 1 && *s == '~') || (n == 4 && memcmp(s, "null", 4) == 0));
}

static int
read_sequence(struct reading *r, int depth, json_t **ret)
{
	OWN_JSON json_t *list = json_array();
	for (;;) {
		yaml_event_t e;
		json_t *item = NULL;
		int rc = next(r, &e);
		if (rc < 0)
			return rc;
		bool end = e.type == YAML_SEQUENCE_END_EVENT;
		rc = end ? 0 : read_node(r, &e, depth, &item);
		yaml_event_delete(&e);
		if (rc < 0)
			return rc;
		if (end)
			break;
		json_array_append_new(list, item);
	}
	*ret = json_incref(list);
	return 0;
}

static bool
is_merge(const yaml_event_t *key)
{
	return key->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && key->data.scalar.length == 2 &&
	       memcmp(key->data.scalar.value, "<<", 2) == 0;
}

/* "<<: *a" and "<<: [*a, *b]": what an earlier one says counts. */
static int
add_merged(struct reading *r, const yaml_mark_t *at, json_t *value, json_t *to)
{
	size_t i;
	json_t *one;
	if (json_is_object(value))
		return json_object_update_missing(to, value);
	if (!json_is_array(value))
		return refuse(r, at, "only mappings can be merged");
	json_array_foreach (value, i, one) {
		if (!json_is_object(one))
			return refuse(r, at, "only mappings can be merged");
		json_object_update_missing(to, one);
	}
	return 0;
}

static int
read_merge(struct reading *r, const yaml_event_t *key, int depth, json_t *to)
{
	OWN_JSON json_t *value = NULL;
	yaml_event_t e;
	int rc = next(r, &e);
	if (rc < 0)
		return rc;
	rc = read_node(r, &e, depth, &value);
	yaml_event_delete(&e);
	return rc < 0 ? rc : add_merged(r, &key->start_mark, value, to);
}

static int
read_pair(struct reading *r, const yaml_event_t *key, int depth, json_t *to)
{
	json_t *value = NULL;
	yaml_event_t e;
	OWN_FREE char *name =
		str_dup((struct str){(char *)key->data.scalar.value, key->data.scalar.length});
	if (strlen(name) != key->data.scalar.length || json_object_get(to, name))
		return refuse(r, &key->start_mark, "a key stands twice, or is no text");
	int rc = next(r, &e);
	if (rc < 0)
		return rc;
	rc = read_node(r, &e, depth, &value);
	yaml_event_delete(&e);
	if (rc == 0 && json_object_set_new(to, name, value) < 0)
		rc = refuse(r, &key->start_mark, "a key is no text");
	return rc;
}

static int
read_mapping(struct reading *r, int depth, json_t **ret)
{
	OWN_JSON json_t *map = json_object(), *merged = json_object();
	for (;;) {
		yaml_event_t e;
		int rc = next(r, &e);
		if (rc < 0)
			return rc;
		bool end = e.type == YAML_MAPPING_END_EVENT;
		if (!end && e.type != YAML_SCALAR_EVENT)
			rc = refuse(r, &e.start_mark, "a key must be a text");
		else if (!end)
			rc = is_merge(&e) ? read_merge(r, &e, depth, merged)
					  : read_pair(r, &e, depth, map);
		yaml_event_delete(&e);
		if (rc < 0)
			return rc;
		if (end)
			break;
	}
	json_object_update_missing(map, merged);
	*ret = json_incref(map);
	return 0;
}

/* ---- anchors and what they are given again for ---- */

static const char *
anchor_of(const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return (const char *)e->data.scalar.anchor;
	case YAML_SEQUENCE_START_EVENT:
		return (const char *)e->data.sequence_start.anchor;
	case YAML_MAPPING_START_EVENT:
		return (const char *)e->data.mapping_start.anchor;
	default:
		return NULL;
	}
}

static bool
has_tag(const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return e->data.scalar.tag;
	case YAML_SEQUENCE_START_EVENT:
		return e->data.sequence_start.tag;
	case YAML_MAPPING_START_EVENT:
		return e->data.mapping_start.tag;
	default:
		return false;
	}
}

/* Count the nodes and bytes of j; false: it is too deep below `depth`, or there are too many. */
static bool
is_bounded(struct reading *r, const json_t *j, int depth)
{
	const char *key;
	size_t i;
	json_t *one;
	r->bytes += json_string_length(j);
	if (depth > MAX_DEPTH || ++r->nodes > MAX_NODES || r->bytes > MAX_COPIED_BYTES)
		return false;
	json_object_foreach ((json_t *)j, key, one) {
		r->bytes += strlen(key);
		if (!is_bounded(r, one, depth + 1))
			return false;
	}
	json_array_foreach (j, i, one)
		if (!is_bounded(r, one, depth + 1))
			return false;
	return true;
}

static int
read_alias(struct reading *r, const yaml_event_t *e, int depth, json_t **ret)
{
	const json_t *there = map_get(&r->anchors, (const char *)e->data.alias.anchor);
	if (!there)
		return refuse(r, &e->start_mark, "an alias of no anchor that ended before it");
	if (!is_bounded(r, there, depth))
		return refuse(r, &e->start_mark, "aliases make too much of it");
	*ret = json_deep_copy(there);
	return 0;
}

static int
read_plain(struct reading *r, const yaml_event_t *e, int depth, json_t **ret)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		*ret = is_null(e) ? json_null()
				  : json_text((struct str){
					    (char *)e->data.scalar.value, e->data.scalar.length});
		return 0;
	case YAML_SEQUENCE_START_EVENT:
		return read_sequence(r, depth + 1, ret);
	case YAML_MAPPING_START_EVENT:
		return read_mapping(r, depth + 1, ret);
	default:
		return refuse(r, &e->start_mark, "a value is missing");
	}
}

/* e is the node's first event, which stays the caller's. */
static int
read_node(struct reading *r, const yaml_event_t *e, int depth, json_t **ret)
{
	if (has_tag(e))
		return refuse(r, &e->start_mark, "tags are not read");
	if (depth >= MAX_DEPTH)
		return refuse(r, &e->start_mark, "it is nested too deeply");
	if (e->type == YAML_ALIAS_EVENT)
		return read_alias(r, e, depth, ret);
	int rc = read_plain(r, e, depth, ret);
	if (rc == 0 && anchor_of(e))
		map_put(&r->anchors, anchor_of(e), json_incref(*ret));
	return rc;
}

/* The node of the first document; nothing may follow it. */
static int
read_stream(struct reading *r, json_t **ret)
{
	OWN_JSON json_t *root = NULL;
	for (;;) {
		yaml_event_t e;
		int rc = next(r, &e);
		if (rc < 0)
			return rc;
		yaml_event_type_t type = e.type;
		if (type == YAML_DOCUMENT_START_EVENT && root)
			rc = refuse(r, &e.start_mark, "there is a second document");
		else if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_START_EVENT &&
			 type != YAML_DOCUMENT_END_EVENT && type != YAML_STREAM_END_EVENT)
			rc = read_node(r, &e, 0, &root);
		yaml_event_delete(&e);
		if (rc < 0)
			return rc;
		if (type == YAML_STREAM_END_EVENT)
			break;
	}
	*ret = root ? json_incref(root) : json_null();
	return 0;
}

static void
release(void *json)
{
	json_decref(json);
}

int
yaml_parse(struct str text, json_t **ret, struct dd_err *err)
{
	struct reading r = {.anchors = {.destroy = release}, .err = err};
	if (text.n > YAML_MAX_BYTES)
		return err_set(err, DD_ELIMIT, "it is larger than %zu bytes", YAML_MAX_BYTES);
	if (!yaml_parser_initialize(&r.parser))
		abort();
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.p, text.n);
	int rc = read_stream(&r, ret);
	yaml_parser_delete(&r.parser);
	map_cleanup(&r.anchors);
	return rc;
}

/* Letters, digits and what has no meaning inside a plain scalar; the first must be a letter, '/' or a digit. */
static bool
is_plain(struct str s)
{
	static const char inside[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789._+/=()<>;- ";
	if (!s.n || !(memchr(inside, s.p[0], 62) || s.p[0] == '/') || s.p[s.n - 1] == ' ')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!memchr(inside, s.p[i], sizeof(inside) - 1))
			return false;
	return !str_eq(s, "null");
}

void
yaml_put_scalar(struct buf *out, struct str s)
{
	if (is_plain(s))
		buf_add_str(out, s);
	else
		buf_put_json(out, s); /* whose escapes YAML's double quotes all know */
}
