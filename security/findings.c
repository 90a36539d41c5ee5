/* What was found: its form, its order, and the report that other tools read. */
#include "security/security.h"

#include "base/map.h"

#include <ctype.h>

const char *const security_finding_kind_names[] = {"secret", "unsafe", "vulnerable", NULL};
const char *const security_finding_level_names[] = {"note", "warning", "error", NULL};

#define F(member, what) \
	.key = #member, .kind = what, .offset = offsetof(struct security_finding, member)
const struct json_field security_finding_fields[] = {
	{F(kind, JSON_K_ENUM), .required = true, .names = security_finding_kind_names},
	{F(level, JSON_K_ENUM), .required = true, .names = security_finding_level_names},
	{F(rule, JSON_K_STRING), .required = true},
	{F(cwe, JSON_K_STRING)},
	{F(path, JSON_K_STRING), .required = true},
	{F(line, JSON_K_INT)},
	{F(message, JSON_K_STRING), .required = true},
	{F(print, JSON_K_STRING), .required = true},
	{F(known, JSON_K_BOOL)},
	{.key = NULL},
};
#undef F
RECORD_IMPLEMENT(security_finding)

#define F(member, what) \
	.key = #member, .kind = what, .offset = offsetof(struct security_dependency, member)
const struct json_field security_dependency_fields[] = {
	{F(ecosystem, JSON_K_STRING), .required = true},
	{F(name, JSON_K_STRING), .required = true},
	{F(version, JSON_K_STRING), .required = true},
	{F(path, JSON_K_STRING), .required = true},
	{F(line, JSON_K_INT)},
	{.key = NULL},
};
#undef F
RECORD_IMPLEMENT(security_dependency)

void
security_result_cleanup(struct security_result *r)
{
	security_dependency_list_cleanup(&r->dependencies);
	security_finding_list_cleanup(&r->findings);
	*r = (struct security_result){0};
}

static int64_t
count_of(const json_t *j, const char *key)
{
	return json_integer_value(json_object_get(j, key));
}

static int
by_weight(const void *a, const void *b)
{
	const struct security_finding *x = a, *y = b;
	int rc = (int)y->level - (int)x->level;
	if (rc == 0)
		rc = strcmp(x->path, y->path);
	if (rc == 0)
		rc = (x->line > y->line) - (x->line < y->line);
	return rc ? rc : strcmp(x->rule, y->rule);
}

int
security_result_from_json(struct str text, struct security_result *ret, struct dd_err *err)
{
	OWN_JSON json_t *j = NULL;
	struct security_result r = {0};
	int rc = json_parse(text, &j, err);
	if (rc == 0)
		rc = security_finding_list_from_json(
			json_object_get(j, "findings"), "findings", &r.findings, err);
	if (rc == 0)
		rc = security_dependency_list_from_json(
			json_object_get(j, "dependencies"), "dependencies", &r.dependencies, err);
	if (rc < 0) {
		security_result_cleanup(&r);
		return err_set(err, DD_ECORRUPT, "security: the worker gave no result");
	}
	r.files = count_of(j, "files");
	r.left_out = count_of(j, "left_out");
	r.advisories = count_of(j, "advisories");
	r.dropped = count_of(j, "dropped");
	if (r.findings.n)
		qsort(r.findings.v, r.findings.n, sizeof(*r.findings.v), by_weight);
	*ret = r;
	return 0;
}

/* ---- SARIF ---- */

/* A relative reference (RFC 3986): what is not of its letters as %XX. */
static json_t *
uri_of(const char *path)
{
	OWN(buf) struct buf out = {0};
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;
		buf_printf(&out, isalnum(c) || strchr("-._~/", c) ? "%c" : "%%%02X", c);
	}
	return json_text(buf_str(&out));
}

static json_t *
rule_of(const struct security_finding *f)
{
	json_t *rule = json_pack("{s:s, s:{s:s}, s:{s:[s, s]}}", "id", f->rule,
		"defaultConfiguration", "level", security_finding_level_names[f->level],
		"properties", "tags", "security", security_finding_kind_names[f->kind]);
	if (f->cwe)
		json_array_append_new(json_object_get(json_object_get(rule, "properties"), "tags"),
			json_string(f->cwe));
	return rule;
}

static json_t *
result_of(const struct security_finding *f, size_t rule)
{
	json_t *location = json_pack("{s:{s:{s:o, s:s}}}", "physicalLocation", "artifactLocation",
		"uri", uri_of(f->path), "uriBaseId", "SRCROOT");
	if (f->line > 0)
		json_object_set_new(json_object_get(location, "physicalLocation"), "region",
			json_pack("{s:I}", "startLine", (json_int_t)f->line));
	return json_pack("{s:s, s:i, s:s, s:{s:o}, s:[o], s:{s:s}, s:s}", "ruleId", f->rule,
		"ruleIndex", (int)rule, "level", security_finding_level_names[f->level], "message",
		"text", json_text(str_of(f->message)), "locations", location, "partialFingerprints",
		"drydock/v1", f->print, "baselineState", f->known ? "unchanged" : "new");
}

json_t *
security_sarif(const struct security_finding_list *l)
{
	struct map index = {0};
	json_t *rules = json_array(), *results = json_array();
	for (size_t i = 0; i < l->n && i < SECURITY_MAX_RESULTS; i++) {
		const struct security_finding *f = &l->v[i];
		size_t rule = (size_t)map_get(&index, f->rule);
		if (!rule) {
			json_array_append_new(rules, rule_of(f));
			rule = json_array_size(rules);
			map_put(&index, f->rule, (void *)rule);
		}
		json_array_append_new(results, result_of(f, rule - 1));
	}
	map_cleanup(&index);
	json_t *driver = json_pack(
		"{s:s, s:s, s:o}", "name", "drydock", "version", DD_VERSION, "rules", rules);
	return json_pack("{s:s, s:s, s:[{s:{s:o}, s:s, s:o}]}", "$schema",
		"https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0", "runs", "tool",
		"driver", driver, "columnKind", "utf16CodeUnits", "results", results);
}

int
security_compare(struct security_finding_list *l, struct str sarif, struct dd_err *err)
{
	OWN_JSON json_t *j = NULL;
	struct map seen = {0};
	static char once;
	size_t i;
	json_t *result;
	if (json_parse(sarif, &j, err) < 0)
		return err_set(err, DD_EINVAL, "no SARIF report: it is not JSON");
	const json_t *run = json_array_get(json_object_get(j, "runs"), 0);
	const json_t *results = json_object_get(run, "results");
	if (!json_is_array(results))
		return err_set(err, DD_EINVAL, "no SARIF report: it has no results");
	json_array_foreach (results, i, result) {
		const char *print = json_string_value(json_object_get(
			json_object_get(result, "partialFingerprints"), "drydock/v1"));
		if (print)
			map_put(&seen, print, &once);
	}
	for (i = 0; i < l->n; i++)
		l->v[i].known = map_get(&seen, l->v[i].print) != NULL;
	map_cleanup(&seen);
	return 0;
}
