/* The bill of materials in its two formats. */
#include "envprobe/recipe.h"

#include <ctype.h>
#include <string.h>

#define APPLICATION "application" /* reference of the application itself */
#define BASE "base-image"

static const char *
created(const struct recipe *r)
{
	return r->created ? r->created : "1970-01-01T00:00:00Z";
}

static const char *
name_of(const struct recipe *r)
{
	return r->name && *r->name ? r->name : "application";
}

static void
print(json_t *j, struct buf *out)
{
	json_print(j, 2, out);
	buf_putc(out, '\n');
	json_decref(j);
}

/* ---- CycloneDX 1.6 ---- */

static json_t *
property(const char *name, const char *value)
{
	return json_pack("{s:s, s:o}", "name", name, "value", json_text(str_of(value)));
}

/* What a reader of the bill cannot see elsewhere: what asked for it, and what showed its use. */
static json_t *
properties_of(const struct bom_part *p)
{
	json_t *list = json_array();
	const struct package *k = p->package;
	json_array_append_new(list, property("drydock:layer", p->base ? "base image"
							      : k     ? "packages"
								      : "modules"));
	if (k)
		json_array_append_new(list, property("drydock:scope", need_scope_names[k->scope]));
	if (k && k->why)
		json_array_append_new(list, property("drydock:why", k->why));
	if (k && k->proof)
		json_array_append_new(list, property("drydock:proof", k->proof));
	return list;
}

static json_t *
component_of(const struct bom_part *p)
{
	json_t *j = json_object();
	json_object_set_new(j, "type", json_string("library"));
	json_object_set_new(j, "bom-ref", json_text(str_of(p->purl)));
	json_object_set_new(j, "name", json_text(str_of(p->name)));
	json_object_set_new(j, "version", json_text(str_of(p->version)));
	if (p->sha256)
		json_object_set_new(j, "hashes",
			json_pack("[{s:s, s:o}]", "alg", "SHA-256", "content",
				json_text(str_of(p->sha256))));
	json_object_set_new(j, "purl", json_text(str_of(p->purl)));
	json_object_set_new(j, "properties", properties_of(p));
	return j;
}

static json_t *
base_component(const struct recipe *r)
{
	json_t *j = json_pack("{s:s, s:s, s:o}", "type", "operating-system", "bom-ref", BASE,
		"name", json_text(str_of(r->base.name ? r->base.name : "base")));
	if (r->base.suite)
		json_object_set_new(j, "version", json_text(str_of(r->base.suite)));
	if (r->base.digest)
		json_object_set_new(j, "properties",
			json_pack("[o]", property("drydock:digest", r->base.digest)));
	return j;
}

static json_t *
dependency(const char *ref, json_t *needs)
{
	return json_pack("{s:o, s:o}", "ref", json_text(str_of(ref)), "dependsOn", needs);
}

static json_t *
base_needs(const struct bom *b)
{
	json_t *needs = json_array();
	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].base)
			json_array_append_new(needs, json_text(str_of(b->v[i].purl)));
	return needs;
}

static json_t *
dependencies_of(const struct bom *b)
{
	json_t *all = json_array(), *own = json_from_strings(&b->needs);
	json_array_append_new(own, json_string(BASE));
	json_array_append_new(all, dependency(APPLICATION, own));
	json_array_append_new(all, dependency(BASE, base_needs(b)));
	for (size_t i = 0; i < b->n; i++)
		json_array_append_new(
			all, dependency(b->v[i].purl, json_from_strings(&b->v[i].needs)));
	return all;
}

static json_t *
metadata_of(const struct recipe *r)
{
	json_t *tool = json_pack(
		"{s:s, s:s, s:s}", "type", "application", "name", "drydock", "version", DD_VERSION);
	json_t *self = json_pack("{s:s, s:s, s:o}", "type", "application", "bom-ref", APPLICATION,
		"name", json_text(str_of(name_of(r))));
	if (r->source_digest)
		json_object_set_new(self, "properties",
			json_pack("[o]", property("drydock:source", r->source_digest)));
	return json_pack("{s:o, s:{s:[o]}, s:o}", "timestamp", json_text(str_of(created(r))),
		"tools", "components", tool, "component", self);
}

void
recipe_cyclonedx(const struct recipe *r, const struct bom *b, struct buf *out)
{
	json_t *j = json_object(), *components = json_array();
	OWN_FREE char *serial = mem_printf("urn:uuid:%s", b->serial);
	json_object_set_new(j, "bomFormat", json_string("CycloneDX"));
	json_object_set_new(j, "specVersion", json_string("1.6"));
	json_object_set_new(j, "serialNumber", json_string(serial));
	json_object_set_new(j, "version", json_integer(1));
	json_object_set_new(j, "metadata", metadata_of(r));
	json_array_append_new(components, base_component(r));
	for (size_t i = 0; i < b->n; i++)
		json_array_append_new(components, component_of(&b->v[i]));
	json_object_set_new(j, "components", components);
	json_object_set_new(j, "dependencies", dependencies_of(b));
	print(j, out);
}

/* ---- SPDX 2.3 ---- */

#define SPDX(name) "SPDXRef-" name

/* Letters, digits, '.' and '-'; the number keeps it one of a kind. */
static char *
spdx_id(const struct bom *b, size_t i)
{
	char *id = mem_printf(SPDX("Package-%zu-%s"), i + 1, b->v[i].name);
	for (char *p = id; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '.')
			*p = '-';
	return id;
}

static json_t *
spdx_package(const char *id, const char *name, const char *version, const char *purpose)
{
	json_t *j = json_pack("{s:s, s:o}", "SPDXID", id, "name", json_text(str_of(name)));
	if (version)
		json_object_set_new(j, "versionInfo", json_text(str_of(version)));
	json_object_set_new(j, "downloadLocation", json_string("NOASSERTION"));
	json_object_set_new(j, "filesAnalyzed", json_false());
	json_object_set_new(j, "licenseConcluded", json_string("NOASSERTION"));
	json_object_set_new(j, "licenseDeclared", json_string("NOASSERTION"));
	json_object_set_new(j, "copyrightText", json_string("NOASSERTION"));
	json_object_set_new(j, "primaryPackagePurpose", json_string(purpose));
	return j;
}

static json_t *
spdx_part(const struct bom *b, size_t i)
{
	const struct bom_part *p = &b->v[i];
	OWN_FREE char *id = spdx_id(b, i);
	json_t *j = spdx_package(id, p->name, p->version, "LIBRARY");
	if (p->sha256)
		json_object_set_new(j, "checksums",
			json_pack("[{s:s, s:o}]", "algorithm", "SHA256", "checksumValue",
				json_text(str_of(p->sha256))));
	json_object_set_new(j, "externalRefs",
		json_pack("[{s:s, s:s, s:o}]", "referenceCategory", "PACKAGE-MANAGER",
			"referenceType", "purl", "referenceLocator", json_text(str_of(p->purl))));
	if (p->package && p->package->why)
		json_object_set_new(j, "comment", json_text(str_of(p->package->why)));
	return j;
}

static void
relate(json_t *all, const char *from, const char *how, const char *to)
{
	json_array_append_new(all, json_pack("{s:s, s:s, s:s}", "spdxElementId", from,
					   "relationshipType", how, "relatedSpdxElement", to));
}

static size_t
find_part(const struct bom *b, const char *purl)
{
	size_t low = 0, high = b->n;
	while (low < high) {
		size_t mid = (low + high) / 2;
		if (strcmp(b->v[mid].purl, purl) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < b->n && strcmp(b->v[low].purl, purl) == 0 ? low : SIZE_MAX;
}

/* What the application needs, by what it needs it for. */
static void
relate_to_application(json_t *all, const struct bom *b, size_t i)
{
	static const char *const by_scope[] = {[SCOPE_BUILD] = "BUILD_DEPENDENCY_OF",
		[SCOPE_TEST] = "TEST_DEPENDENCY_OF",
		[SCOPE_RUN] = "RUNTIME_DEPENDENCY_OF"};
	const struct package *k = b->v[i].package;
	OWN_FREE char *id = spdx_id(b, i);
	if (k)
		relate(all, id, by_scope[k->scope], SPDX("Application"));
	else
		relate(all, SPDX("Application"), "DEPENDS_ON", id);
}

static json_t *
relationships(const struct bom *b)
{
	json_t *all = json_array();
	relate(all, SPDX("DOCUMENT"), "DESCRIBES", SPDX("Application"));
	relate(all, SPDX("Application"), "DEPENDS_ON", SPDX("BaseImage"));
	for (size_t i = 0; i < b->needs.n; i++) {
		size_t part = find_part(b, b->needs.v[i]);
		if (part != SIZE_MAX)
			relate_to_application(all, b, part);
	}
	for (size_t i = 0; i < b->n; i++) {
		OWN_FREE char *id = spdx_id(b, i);
		if (b->v[i].base)
			relate(all, SPDX("BaseImage"), "CONTAINS", id);
		for (size_t k = 0; k < b->v[i].needs.n; k++) {
			size_t part = find_part(b, b->v[i].needs.v[k]);
			OWN_FREE char *to = part == SIZE_MAX ? NULL : spdx_id(b, part);
			if (to)
				relate(all, id, "DEPENDS_ON", to);
		}
	}
	return all;
}

void
recipe_spdx(const struct recipe *r, const struct bom *b, struct buf *out)
{
	json_t *j = json_object(), *packages = json_array();
	OWN_FREE char *space = mem_printf("urn:uuid:%s", b->serial);
	json_object_set_new(j, "spdxVersion", json_string("SPDX-2.3"));
	json_object_set_new(j, "dataLicense", json_string("CC0-1.0"));
	json_object_set_new(j, "SPDXID", json_string(SPDX("DOCUMENT")));
	json_object_set_new(j, "name", json_text(str_of(name_of(r))));
	json_object_set_new(j, "documentNamespace", json_string(space));
	json_object_set_new(j, "creationInfo",
		json_pack("{s:o, s:[s]}", "created", json_text(str_of(created(r))), "creators",
			"Tool: drydock-" DD_VERSION));
	json_array_append_new(
		packages, spdx_package(SPDX("Application"), name_of(r), NULL, "APPLICATION"));
	json_array_append_new(
		packages, spdx_package(SPDX("BaseImage"), r->base.name ? r->base.name : "base",
				  r->base.suite, "OPERATING-SYSTEM"));
	for (size_t i = 0; i < b->n; i++)
		json_array_append_new(packages, spdx_part(b, i));
	json_object_set_new(j, "packages", packages);
	json_object_set_new(j, "relationships", relationships(b));
	print(j, out);
}
