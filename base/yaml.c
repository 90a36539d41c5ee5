#include "base/yaml.h"

#include <string.h>
#include <yaml.h>

#define MAX_DEPTH 32

struct reading {
	yaml_parser_t parser;
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

static int
read_pair(struct reading *r, const yaml_event_t *key, int depth, json_t *to)
{
	json_t *value = NULL;
	yaml_event_t e;
	if (key->type != YAML_SCALAR_EVENT)
		return refuse(r, &key->start_mark, "a key must be a text");
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
	OWN_JSON json_t *map = json_object();
	for (;;) {
		yaml_event_t e;
		int rc = next(r, &e);
		if (rc < 0)
			return rc;
		bool end = e.type == YAML_MAPPING_END_EVENT;
		rc = end ? 0 : read_pair(r, &e, depth, map);
		yaml_event_delete(&e);
		if (rc < 0)
			return rc;
		if (end)
			break;
	}
	*ret = json_incref(map);
	return 0;
}

static bool
is_marked(const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return e->data.scalar.anchor || e->data.scalar.tag;
	case YAML_SEQUENCE_START_EVENT:
		return e->data.sequence_start.anchor || e->data.sequence_start.tag;
	case YAML_MAPPING_START_EVENT:
		return e->data.mapping_start.anchor || e->data.mapping_start.tag;
	default:
		return e->type == YAML_ALIAS_EVENT;
	}
}

/* e is the node's first event, which stays the caller's. */
static int
read_node(struct reading *r, const yaml_event_t *e, int depth, json_t **ret)
{
	if (is_marked(e))
		return refuse(r, &e->start_mark, "anchors, aliases and tags are not read");
	if (depth >= MAX_DEPTH)
		return refuse(r, &e->start_mark, "it is nested too deeply");
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

int
yaml_parse(struct str text, json_t **ret, struct dd_err *err)
{
	struct reading r = {.err = err};
	if (text.n > YAML_MAX_BYTES)
		return err_set(err, DD_ELIMIT, "it is larger than %zu bytes", YAML_MAX_BYTES);
	if (!yaml_parser_initialize(&r.parser))
		abort();
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.p, text.n);
	int rc = read_stream(&r, ret);
	yaml_parser_delete(&r.parser);
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
