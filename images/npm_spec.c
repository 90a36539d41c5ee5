#include "images/npm_spec.h"

#include <ctype.h>
#include <string.h>

/* ---- values of dependencies ---- */

static bool
is_archive(struct str spec)
{
	return str_ends(spec, ".tgz") || str_ends(spec, ".tar.gz") || str_ends(spec, ".tar");
}

/* A version, a range or a tag: nothing that could be a place. */
static bool
is_range(const char *spec)
{
	if (*spec == '.' || is_archive(str_of(spec)))
		return false;
	for (const char *p = spec; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr(" .-+*^~<>=|_!", *p))
			return false;
	return true;
}

bool
npm_is_name(const char *name)
{
	size_t slashes = 0;
	if (!*name || strlen(name) > 214 || *name == '.' || *name == '/')
		return false;
	for (const char *p = name; *p; p++) {
		slashes += *p == '/';
		if (!isalnum((unsigned char)*p) && !strchr("-_.~", *p) && *p != '/' &&
			!(*p == '@' && p == name))
			return false;
	}
	const char *slash = strchr(name, '/');
	return slashes == (*name == '@' ? 1 : 0) &&
	       (!slash || (slash[1] && slash[1] != '.' && slash > name + 1));
}

/* "npm:name@range" */
static bool
is_alias(const char *spec)
{
	if (strncmp(spec, "npm:", 4) != 0)
		return false;
	const char *at = strchr(spec + 5, '@');
	OWN_FREE char *name =
		at ? mem_strndup(spec + 4, (size_t)(at - spec - 4)) : mem_strdup(spec + 4);
	return npm_is_name(name) && (!at || is_range(at + 1));
}

static bool
is_local(const char *spec)
{
	bool named = strncmp(spec, "file:", 5) == 0 || strncmp(spec, "link:", 5) == 0;
	const char *path = named ? spec + 5 : spec;
	if (is_archive(str_of(spec)) || *path == '/' || *path == '~')
		return false;
	return named || strcmp(path, ".") == 0 || strcmp(path, "..") == 0 ||
	       strncmp(path, "./", 2) == 0 || strncmp(path, "../", 3) == 0;
}

enum npm_spec_kind
npm_spec_kind(const char *spec)
{
	if (is_range(spec) || is_alias(spec))
		return NPM_REGISTRY;
	return is_local(spec) ? NPM_LOCAL : NPM_ELSEWHERE;
}

const char *
npm_name_at(const char *location)
{
	static const char mark[] = "node_modules/";
	const char *name = NULL;
	for (const char *p = location; (p = strstr(p, mark)); p += sizeof(mark) - 1)
		if (p == location || p[-1] == '/')
			name = p + sizeof(mark) - 1;
	return name && npm_is_name(name) ? name : NULL;
}

/* ---- a manifest ---- */

static void
refuse(json_t *refused, const char *name, const char *spec, const char *where, const char *section)
{
	json_t *r = json_object();
	json_object_set_new(r, "name", json_text(str_of(name)));
	json_object_set_new(r, "spec", json_text(str_of(spec)));
	json_object_set_new(r, "where", json_text(str_of(where)));
	json_object_set_new(r, "section", json_string(section));
	json_array_append_new(refused, r);
}

static const char *
local_path(const char *spec)
{
	return strchr(spec, ':') ? strchr(spec, ':') + 1 : spec;
}

/* One section: what a registry or the tree has stays, what a person decided on is replaced. */
static json_t *
keep_section(const json_t *section, const char *title, const char *where, const json_t *answers,
	json_t *refused, struct strlist *locals)
{
	json_t *kept = json_object();
	const char *name;
	json_t *value;
	json_object_foreach ((json_t *)section, name, value) {
		const char *spec = json_string_value(value);
		const json_t *answer = json_object_get(answers, name);
		enum npm_spec_kind kind =
			spec && npm_is_name(name) ? npm_spec_kind(spec) : NPM_ELSEWHERE;
		if (kind == NPM_ELSEWHERE && json_is_string(answer) && npm_is_name(name) &&
			npm_spec_kind(json_string_value(answer)) == NPM_REGISTRY)
			json_object_set(kept, name, (json_t *)answer);
		else if (kind == NPM_ELSEWHERE && !json_is_null(answer))
			refuse(refused, name, spec ? spec : "", where, title);
		else if (kind != NPM_ELSEWHERE)
			json_object_set(kept, name, value);
		if (kind == NPM_LOCAL)
			strlist_add_new(locals, local_path(spec));
	}
	return kept;
}

/* "overrides" nests; a value may be "$name". */
static json_t *
keep_overrides(const json_t *overrides, unsigned depth)
{
	json_t *kept = json_object();
	const char *name;
	json_t *value;
	json_object_foreach ((json_t *)overrides, name, value) {
		const char *spec = json_string_value(value);
		if (json_is_object(value) && depth < 16)
			json_object_set_new(kept, name, keep_overrides(value, depth + 1));
		else if (spec && (npm_spec_kind(spec) == NPM_REGISTRY ||
					 (*spec == '$' && npm_is_name(spec + 1))))
			json_object_set(kept, name, value);
	}
	return kept;
}

/* Names only. */
static json_t *
keep_names(const json_t *list)
{
	json_t *kept = json_array(), *value;
	size_t i;
	json_array_foreach ((json_t *)list, i, value) {
		if (json_is_string(value) && npm_is_name(json_string_value(value)))
			json_array_append(kept, value);
	}
	return kept;
}

static void
set_unless_empty(json_t *to, const char *key, json_t *value)
{
	if (json_object_size(value) || json_array_size(value))
		json_object_set(to, key, value);
	json_decref(value);
}

json_t *
npm_manifest(const json_t *package, const char *where, const json_t *answers, json_t *refused,
	struct strlist *locals)
{
	static const char *const sections[] = {"dependencies", "devDependencies",
		"optionalDependencies", "peerDependencies", NULL};
	static const char *const bundles[] = {"bundleDependencies", "bundledDependencies", NULL};
	const char *name = json_string_value(json_object_get(package, "name"));
	json_t *version = json_object_get(package, "version"), *m = json_object();
	json_object_set_new(
		m, "name", json_string(name && npm_is_name(name) ? name : "application"));
	if (json_is_string(version) && npm_spec_kind(json_string_value(version)) == NPM_REGISTRY)
		json_object_set(m, "version", version);
	for (size_t i = 0; sections[i]; i++)
		set_unless_empty(m, sections[i],
			keep_section(json_object_get(package, sections[i]), sections[i], where,
				answers, refused, locals));
	for (size_t i = 0; bundles[i]; i++)
		set_unless_empty(m, bundles[i], keep_names(json_object_get(package, bundles[i])));
	const char *peer;
	json_t *meta, *kept = json_object();
	json_object_foreach (json_object_get(package, "peerDependenciesMeta"), peer, meta) {
		if (json_is_true(json_object_get(meta, "optional")))
			json_object_set_new(kept, peer, json_pack("{s:b}", "optional", 1));
	}
	set_unless_empty(m, "peerDependenciesMeta", kept);
	set_unless_empty(m, "overrides", keep_overrides(json_object_get(package, "overrides"), 0));
	return m;
}

/* ---- a lock file ---- */

/* What an entry says it depends on: addresses in it would be followed. */
static void
check_dependencies(const json_t *entry, const char *where, json_t *refused)
{
	static const char *const sections[] = {"dependencies", "optionalDependencies", NULL};
	for (size_t i = 0; sections[i]; i++) {
		const char *name;
		json_t *spec;
		json_object_foreach (json_object_get(entry, sections[i]), name, spec) {
			const char *s = json_string_value(spec);
			if (!s || npm_spec_kind(s) == NPM_ELSEWHERE)
				refuse(refused, name, s ? s : "", where, sections[i]);
		}
	}
}

static bool
is_plain_version(const json_t *entry)
{
	const char *version = json_string_value(json_object_get(entry, "version"));
	return version && npm_spec_kind(version) == NPM_REGISTRY;
}

/* An entry of "packages"; false: it must not be followed. */
static bool
keep_package(json_t *kept, const char *location, const json_t *entry, const struct strlist *members,
	json_t *refused)
{
	const char *name = npm_name_at(location);
	const char *resolved = json_string_value(json_object_get(entry, "resolved"));
	bool link = json_is_true(json_object_get(entry, "link"));
	bool member = strlist_has(members, location);
	if (strstr(location, "..") || (!name && !member))
		return false;
	if (link ? !resolved || !strlist_has(members, resolved)
		 : !member && !is_plain_version(entry))
		return false;
	OWN_JSON json_t *copy = json_copy((json_t *)entry);
	if (!link)
		json_object_del(copy, "resolved");
	json_object_del(copy, "scripts");
	check_dependencies(copy, location, refused);
	json_object_set(kept, location, copy);
	return true;
}

static json_t *
keep_packages(const json_t *packages, const json_t *manifest, const struct strlist *members,
	json_t *refused)
{
	json_t *kept = json_object(), *entry;
	const char *location;
	json_object_set_new(kept, "", json_deep_copy(manifest));
	json_object_foreach ((json_t *)packages, location, entry) {
		if (!*location || keep_package(kept, location, entry, members, refused))
			continue;
		const char *from = json_string_value(json_object_get(entry, "resolved"));
		refuse(refused, npm_name_at(location) ? npm_name_at(location) : location,
			from ? from : "", location, "lock");
	}
	return kept;
}

/* Version 1: a tree of "dependencies". */
static json_t *
keep_tree(const json_t *dependencies, json_t *refused, unsigned depth)
{
	json_t *kept = json_object(), *entry;
	const char *name;
	json_object_foreach ((json_t *)dependencies, name, entry) {
		const char *version = json_string_value(json_object_get(entry, "version"));
		if (!npm_is_name(name) || !is_plain_version(entry) || depth > 60) {
			refuse(refused, name, version ? version : "", name, "lock");
			continue;
		}
		OWN_JSON json_t *copy = json_copy(entry);
		json_object_del(copy, "resolved");
		json_object_del(copy, "from");
		const json_t *below = json_object_get(entry, "dependencies");
		if (json_is_object(below))
			json_object_set_new(
				copy, "dependencies", keep_tree(below, refused, depth + 1));
		json_object_set(kept, name, copy);
	}
	return kept;
}

json_t *
npm_lock(const json_t *lock, const json_t *manifest, const struct strlist *members, json_t *refused)
{
	json_int_t version = json_integer_value(json_object_get(lock, "lockfileVersion"));
	const json_t *packages = json_object_get(lock, "packages");
	const json_t *tree = json_object_get(lock, "dependencies");
	json_t *kept = json_object();
	json_object_set(kept, "name", json_object_get(manifest, "name"));
	json_object_set(kept, "version", json_object_get(manifest, "version"));
	if (version >= 2 && json_is_object(packages)) {
		json_object_set_new(kept, "lockfileVersion", json_integer(3));
		json_object_set_new(kept, "requires", json_true());
		json_object_set_new(
			kept, "packages", keep_packages(packages, manifest, members, refused));
		return kept;
	}
	if (version == 1 && (json_is_object(tree) || !tree)) {
		json_object_set_new(kept, "lockfileVersion", json_integer(1));
		json_object_set_new(kept, "requires", json_true());
		json_object_set_new(kept, "dependencies", keep_tree(tree, refused, 0));
		return kept;
	}
	json_decref(kept);
	return NULL;
}
