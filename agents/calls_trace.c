/*
 * The trace of a run for people and for other tools: OTLP 1.x in JSON (opentelemetry-proto; ids as hex,
 * 64-bit numbers as strings).
 */
#include "agents/calls_db.h"

#define KIND_INTERNAL 1
#define KIND_CLIENT 3
#define STATUS_OK 1
#define STATUS_ERROR 2

static void
set_parsed(json_t *j, const char *key, struct str text)
{
	json_t *v = NULL;
	if (text.n && json_parse(text, &v, NULL) == 0)
		json_object_set_new(j, key, v);
}

static json_t *
describe(struct db_stmt *st, bool content)
{
	json_t *j = json_pack("{s:o, s:o, s:o, s:I, s:I, s:o}", "span", json_text(db_text(st, 0)),
		"parent", db_text(st, 1).n ? json_text(db_text(st, 1)) : json_null(), "name",
		json_text(db_text(st, 2)), "start_ns", (json_int_t)db_int(st, 3), "end_ns",
		(json_int_t)db_int(st, 4), "error",
		db_text(st, 5).n ? json_text(db_text(st, 5)) : json_null());
	set_parsed(j, "attributes", db_text(st, 6));
	set_parsed(j, "files", db_text(st, 7));
	if (db_text(st, 10).n) {
		json_object_set_new(j, "key", json_text(db_text(st, 10)));
		json_object_set_new(j, "digest", json_text(db_text(st, 11)));
		json_object_set_new(j, "state", json_text(db_text(st, 12)));
	}
	if (content) {
		set_parsed(j, "request", db_text(st, 8));
		set_parsed(j, "answer", db_text(st, 9));
	}
	return j;
}

int
calls_trace(struct calls *c, bool content, json_t **ret, struct dd_err *err)
{
	struct db_stmt *st;
	OWN_JSON json_t *all = json_array();
	int rc = db_query(c->db, &st, err,
		"SELECT s.span, s.parent, s.name, s.started_ns, s.ended_ns, s.error, s.attributes, c.files, c.request, c.answer, c.key, c.digest, c.state"
		" FROM span s LEFT JOIN call c ON c.span = s.span ORDER BY s.id",
		"");
	while (rc == 0 && (rc = db_step(st, err)) == 1) {
		json_array_append_new(all, describe(st, content));
		rc = 0;
	}
	if (rc == 0)
		*ret = json_incref(all);
	return rc;
}

/* ---- OTLP ---- */

static json_t *
value_of(const json_t *v)
{
	size_t i;
	json_t *item;
	if (json_is_array(v)) {
		json_t *values = json_array();
		json_array_foreach (v, i, item) {
			json_array_append_new(values, value_of(item));
		}
		return json_pack("{s:{s:o}}", "arrayValue", "values", values);
	}
	if (json_is_integer(v)) {
		OWN_FREE char *text = mem_printf("%lld", (long long)json_integer_value(v));
		return json_pack("{s:s}", "intValue", text);
	}
	if (json_is_real(v))
		return json_pack("{s:O}", "doubleValue", v);
	if (json_is_boolean(v))
		return json_pack("{s:O}", "boolValue", v);
	if (json_is_string(v))
		return json_pack("{s:O}", "stringValue", v);
	OWN(buf) struct buf text = {0};
	json_print(v, 0, &text);
	return json_pack("{s:o}", "stringValue", json_text(buf_str(&text)));
}

static json_t *
attributes_of(const json_t *object)
{
	json_t *list = json_array(), *v;
	const char *key;
	json_object_foreach ((json_t *)object, key, v) {
		json_array_append_new(
			list, json_pack("{s:s, s:o}", "key", key, "value", value_of(v)));
	}
	return list;
}

static void
add_content(json_t *attributes, const json_t *span)
{
	static const char *const keys[][2] = {{"request", "drydock.request"},
		{"answer", "drydock.answer"}, {"files", "drydock.files"}};
	for (size_t i = 0; i < 3; i++) {
		const json_t *v = json_object_get(span, keys[i][0]);
		if (!v)
			continue;
		OWN(buf) struct buf text = {0};
		json_print(v, 0, &text);
		json_array_append_new(
			attributes, json_pack("{s:s, s:{s:o}}", "key", keys[i][1], "value",
					    "stringValue", json_text(buf_str(&text))));
	}
}

static json_t *
nanoseconds(const json_t *v)
{
	OWN_FREE char *text = mem_printf("%lld", (long long)json_integer_value(v));
	return json_string(text);
}

static json_t *
span_of(const struct calls *c, const json_t *s)
{
	const json_t *own = json_object_get(s, "attributes"), *error = json_object_get(s, "error");
	bool is_call = json_object_get(own, "gen_ai.provider.name") != NULL;
	json_t *attributes = attributes_of(own);
	add_content(attributes, s);
	json_t *j = json_pack("{s:s, s:O, s:O, s:i, s:o, s:o, s:{s:i}}", "traceId", c->trace_id,
		"spanId", json_object_get(s, "span"), "name", json_object_get(s, "name"), "kind",
		is_call ? KIND_CLIENT : KIND_INTERNAL, "startTimeUnixNano",
		nanoseconds(json_object_get(s, "start_ns")), "endTimeUnixNano",
		nanoseconds(json_object_get(s, "end_ns")), "status", "code",
		json_is_string(error) ? STATUS_ERROR : STATUS_OK);
	if (json_is_string(json_object_get(s, "parent")))
		json_object_set(j, "parentSpanId", json_object_get(s, "parent"));
	if (json_is_string(error))
		json_array_append_new(attributes, json_pack("{s:s, s:{s:O}}", "key", "error.type",
							  "value", "stringValue", error));
	json_object_set_new(j, "attributes", attributes);
	return j;
}

int
calls_trace_otlp(struct calls *c, bool content, json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *all = NULL;
	size_t i;
	json_t *s, *spans;
	int rc = calls_trace(c, content, &all, err);
	if (rc < 0)
		return rc;
	spans = json_array();
	json_array_foreach (all, i, s) {
		json_array_append_new(spans, span_of(c, s));
	}
	*ret = json_pack("{s:[{s:{s:[{s:s, s:{s:s}}]}, s:[{s:{s:s, s:s}, s:o}]}]}", "resourceSpans",
		"resource", "attributes", "key", "service.name", "value", "stringValue", "drydock",
		"scopeSpans", "scope", "name", "drydock", "version", DD_VERSION, "spans", spans);
	return 0;
}
