#include "security/osv.h"

#include "base/hash.h"
#include "security/versions.h"

#include <ctype.h>
#include <strings.h>

#define MAX_MESSAGE 300
#define OSV_MAX_FINDINGS 200000

/* Names of PyPI differ in case and in what parts them (PEP 503); crates go by the name of their registry there. */
static char *
key_of(const char *ecosystem, const char *name)
{
	bool crate = strncmp(ecosystem, "crates", 6) == 0;
	char *key = mem_printf("%s\n%s", crate ? "Cargo" : ecosystem, name);
	if (strcmp(ecosystem, "PyPI") == 0)
		for (char *s = strchr(key, '\n'); *s; s++)
			*s = strchr("_.", *s) ? '-' : (char)tolower((unsigned char)*s);
	return key;
}

void
osv_open(const struct security_dependency_list *l, struct osv *ret)
{
	*ret = (struct osv){.dependencies = l, .next = mem_zalloc(l->n + 1, sizeof(*ret->next))};
	for (size_t i = 0; i < l->n; i++) {
		OWN_FREE char *key = key_of(l->v[i].ecosystem, l->v[i].name);
		size_t before = (size_t)map_get(&ret->index, key);
		ret->next[i] = before;
		map_put(&ret->index, key, (void *)(i + 1));
	}
}

void
osv_close(struct osv *o)
{
	map_cleanup(&o->index);
	free(o->next);
	*o = (struct osv){0};
}

static const char *
text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* ---- is a version affected? ---- */

static int
compare_to(const char *ecosystem, const char *version, const char *bound)
{
	return strcmp(bound, "0") == 0 ? 1 : security_version_compare(ecosystem, version, bound);
}

/* Events need not be in order: the last one that is not above the version decides. */
static bool
is_in_range(const json_t *range, const char *ecosystem, const char *version, const char **ret_fixed)
{
	size_t i;
	json_t *event;
	const char *best = NULL, *bound;
	bool affected = false;
	json_array_foreach (json_object_get(range, "events"), i, event) {
		const char *introduced = text_of(event, "introduced");
		const char *fixed = text_of(event, "fixed"),
			   *last = text_of(event, "last_affected");
		if (fixed && compare_to(ecosystem, version, fixed) < 0)
			*ret_fixed = fixed;
		bound = introduced ? introduced : fixed ? fixed : last;
		if (!bound)
			continue;
		int behind = compare_to(ecosystem, version, bound);
		bool reached = last ? behind > 0 : behind >= 0;
		bool newer = !best || strcmp(best, "0") == 0 ||
			     security_version_compare(ecosystem, bound, best) >= 0;
		if (reached && newer) {
			best = bound;
			affected = introduced != NULL;
		}
	}
	return affected;
}

static bool
is_listed(const json_t *versions, const char *version)
{
	size_t i;
	json_t *v;
	json_array_foreach (versions, i, v)
		if (json_is_string(v) && strcmp(json_string_value(v), version) == 0)
			return true;
	return false;
}

static bool
is_affected(const json_t *affected, const struct security_dependency *d, const char **ret_fixed)
{
	size_t i;
	json_t *range;
	bool in = is_listed(json_object_get(affected, "versions"), d->version);
	json_array_foreach (json_object_get(affected, "ranges"), i, range) {
		const char *type = text_of(range, "type");
		if (type && strcmp(type, "GIT") != 0 &&
			is_in_range(range, d->ecosystem, d->version, ret_fixed))
			in = true;
	}
	return in;
}

/* ---- what is said ---- */

static enum security_level
level_of(const json_t *advisory, const json_t *affected)
{
	const json_t *const of[] = {json_object_get(advisory, "database_specific"),
		json_object_get(affected, "database_specific"),
		json_object_get(affected, "ecosystem_specific")};
	for (size_t i = 0; i < 3; i++) {
		const char *severity = text_of(of[i], "severity");
		severity = severity ? severity : text_of(of[i], "urgency");
		if (severity && (strcasecmp(severity, "HIGH") == 0 ||
					strcasecmp(severity, "CRITICAL") == 0))
			return FINDING_ERROR;
		if (severity && (strcasecmp(severity, "LOW") == 0 ||
					strcasecmp(severity, "unimportant") == 0))
			return FINDING_NOTE;
	}
	return FINDING_WARNING;
}

static void
add(const struct security_dependency *d, const json_t *advisory, const json_t *affected,
	const char *fixed, struct security_finding_list *ret)
{
	const char *id = text_of(advisory, "id"), *summary = text_of(advisory, "summary");
	summary = summary ? summary : text_of(advisory, "details");
	int n = summary ? (int)strcspn(summary, "\n") : 0;
	struct security_finding *f = security_finding_list_add(ret);
	f->kind = FINDING_VULNERABLE;
	f->level = level_of(advisory, affected);
	f->rule = mem_strdup(id);
	f->path = mem_strdup(d->path);
	f->line = d->line;
	f->message = mem_printf("%s %s is affected by %s: %.*s%s%s", d->name, d->version, id,
		n < MAX_MESSAGE ? n : MAX_MESSAGE, summary ? summary : "",
		fixed ? "; mended in " : "; no version that mends it is named", fixed ? fixed : "");
	const struct str fields[] = {str_of(id), str_of(d->ecosystem), str_of(d->name)};
	struct hash_hex h = hash_fields(fields, 3);
	f->print = mem_strdup(h.s);
}

void
osv_match(const struct osv *o, const json_t *advisory, struct security_finding_list *ret)
{
	size_t i;
	json_t *affected;
	if (!text_of(advisory, "id") || json_object_get(advisory, "withdrawn"))
		return;
	json_array_foreach (json_object_get(advisory, "affected"), i, affected) {
		const json_t *package = json_object_get(affected, "package");
		const char *ecosystem = text_of(package, "ecosystem"),
			   *name = text_of(package, "name");
		if (!ecosystem || !name)
			continue;
		OWN_FREE char *key = key_of(ecosystem, name);
		for (size_t k = (size_t)map_get(&o->index, key); k; k = o->next[k - 1]) {
			const char *fixed = NULL;
			const struct security_dependency *d = &o->dependencies->v[k - 1];
			if (is_affected(affected, d, &fixed) && ret->n < OSV_MAX_FINDINGS)
				add(d, advisory, affected, fixed, ret);
		}
	}
}
