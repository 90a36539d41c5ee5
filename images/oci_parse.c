#include "images/oci_parse.h"

#include "base/hash.h"

#include <string.h>

#define REF_NAME "org.opencontainers.image.ref.name"
#define MAX_TOKEN ((size_t)64 << 10)

struct descriptor {
	char *digest, *media_type;
	int64_t size;
	struct {
		char *os, *architecture;
	} platform;
	json_t *annotations, *urls;
};

#define P(member, what) \
	{ \
		.key = #member, .kind = what, \
		.offset = offsetof(struct descriptor, platform.member) - \
			  offsetof(struct descriptor, platform) \
	}
static const struct json_field platform_fields[] = {
	P(os, JSON_K_STRING), P(architecture, JSON_K_STRING), {.key = NULL}};

#define D(name, member, what) \
	.key = name, .kind = what, .offset = offsetof(struct descriptor, member)
static const struct json_field descriptor_fields[] = {
	{D("digest", digest, JSON_K_STRING), .required = true},
	{D("mediaType", media_type, JSON_K_STRING)},
	{D("size", size, JSON_K_INT), .required = true},
	{D("platform", platform, JSON_K_OBJECT), .sub = platform_fields},
	{D("annotations", annotations, JSON_K_ANY)},
	{D("urls", urls, JSON_K_ANY)},
	{.key = NULL},
};

struct raw_document {
	int64_t schema;
	char *media_type;
	struct json_array_of manifests, layers; /* struct descriptor */
	struct descriptor config;
};

#define R(name, member, what) \
	.key = name, .kind = what, .offset = offsetof(struct raw_document, member)
#define LIST .sub = descriptor_fields, .elem_size = sizeof(struct descriptor)
static const struct json_field document_fields[] = {
	{R("schemaVersion", schema, JSON_K_INT)},
	{R("mediaType", media_type, JSON_K_STRING)},
	{R("manifests", manifests, JSON_K_ARRAY), LIST},
	{R("layers", layers, JSON_K_ARRAY), LIST},
	{R("config", config, JSON_K_OBJECT), .sub = descriptor_fields},
	{.key = NULL},
};

struct saved_image {
	char *config;
	struct strlist tags, layers;
};

#define S(name, member, what) \
	.key = name, .kind = what, .offset = offsetof(struct saved_image, member)
static const struct json_field saved_fields[] = {
	{S("Config", config, JSON_K_STRING), .required = true},
	{S("RepoTags", tags, JSON_K_STRLIST)},
	{S("Layers", layers, JSON_K_STRLIST), .required = true},
	{.key = NULL},
};

/* ---- small things ---- */

/* The hexadecimal digits of "sha256:..."; NULL and err when it is not that. */
static const char *
sha256_of(const char *digest, struct dd_err *err)
{
	if (!digest || strncmp(digest, "sha256:", 7) != 0 || !hash_is_hex(str_of(digest + 7))) {
		OWN(buf) struct buf shown = {.max = 100};
		buf_put_visible(&shown, str_of(digest ? digest : "none"));
		(void)err_set(err, DD_EUNSUPPORTED, "\"%s\" is not a digest of sha256", shown.p);
		return NULL;
	}
	return digest + 7;
}

static int
take_blob(const struct descriptor *d, struct oci_blob *ret, struct dd_err *err)
{
	const char *digest = sha256_of(d->digest, err);
	if (!digest)
		return -DD_EUNSUPPORTED;
	if (d->size < 0)
		return err_set(err, DD_ECORRUPT, "a blob has a negative size");
	ret->digest = mem_strdup(digest);
	ret->media_type = mem_strdup(d->media_type ? d->media_type : "");
	ret->size = d->size;
	return 0;
}

static struct oci_blob *
add_layer(struct oci_document *d)
{
	d->layers.v = mem_realloc(d->layers.v, d->layers.n + 1, sizeof(struct oci_blob));
	struct oci_blob *b = (struct oci_blob *)d->layers.v + d->layers.n++;
	memset(b, 0, sizeof(*b));
	return b;
}

static int
check_layer_count(size_t n, struct dd_err *err)
{
	if (n == 0)
		return err_set(err, DD_EINVAL, "the image has no layers");
	if (n > OCI_MAX_LAYERS)
		return err_set(err, DD_ELIMIT, "the image has %zu layers, more than %d", n,
			OCI_MAX_LAYERS);
	return 0;
}

/* ---- index ---- */

static const char *
ref_of(const struct descriptor *d)
{
	return json_string_value(json_object_get(d->annotations, REF_NAME));
}

static bool
fits_platform(const struct descriptor *d, const char *platform)
{
	if (!d->platform.os || !d->platform.architecture)
		return true;
	OWN_FREE char *its = mem_printf("%s/%s", d->platform.os, d->platform.architecture);
	return strcmp(its, platform) == 0;
}

static bool
is_image_or_index(const struct descriptor *d)
{
	static const char *const types[] = {
		OCI_TYPE_INDEX, OCI_TYPE_MANIFEST, DOCKER_TYPE_LIST, DOCKER_TYPE_MANIFEST, NULL};
	return !d->media_type || str_is_one(str_of(d->media_type), types);
}

static void
name_candidate(const struct descriptor *d, struct buf *out)
{
	const char *ref = ref_of(d);
	buf_puts(out, out->n ? ", " : "");
	if (d->platform.os && d->platform.architecture) {
		buf_put_visible(out, str_of(d->platform.os));
		buf_putc(out, '/');
		buf_put_visible(out, str_of(d->platform.architecture));
	}
	buf_puts(out, ref ? " " : "");
	buf_put_visible(out, str_of(ref ? ref : ""));
}

static int
choose(const struct raw_document *raw, const char *platform, const char *ref,
	struct oci_document *ret, struct dd_err *err)
{
	const struct descriptor *all = raw->manifests.v, *found = NULL;
	OWN(buf) struct buf there = {.max = 1000};
	for (size_t i = 0; i < raw->manifests.n; i++)
		if (is_image_or_index(&all[i]))
			name_candidate(&all[i], &there);
	for (size_t i = 0; i < raw->manifests.n; i++) {
		const char *name = ref_of(&all[i]);
		if (!is_image_or_index(&all[i]))
			continue;
		/* A name is said at the outermost index only. */
		if (!fits_platform(&all[i], platform) || (ref && name && strcmp(ref, name) != 0))
			continue;
		const char *before = found ? ref_of(found) : NULL;
		if (!ref && before && name && strcmp(before, name) != 0)
			return err_set(err, DD_EINVAL,
				"there are several images; choose one with --ref: %s",
				buf_str(&there).p);
		found = found ? found : &all[i];
	}
	if (!found)
		return err_set(err, DD_ENOENT, "there is no image for %s%s%s here, but: %s",
			platform, ref ? " of the name " : "", ref ? ref : "",
			there.n ? there.p : "nothing");
	ret->kind = OCI_INDEX;
	return take_blob(found, &ret->chosen, err);
}

/* ---- manifest ---- */

static int
check_layer_type(const struct descriptor *d, struct dd_err *err)
{
	static const char *const bases[] = {OCI_TYPE_LAYER, DOCKER_TYPE_LAYER, NULL};
	static const char *const ends[] = {"", "+gzip", "+zstd", ".gzip", ".zstd", NULL};
	const char *type = d->media_type ? d->media_type : "";
	if (json_array_size(d->urls))
		return err_set(err, DD_EUNSUPPORTED,
			"a layer lies outside of the registry (\"foreign\"), which is not fetched");
	for (size_t i = 0; bases[i]; i++) {
		size_t n = strlen(bases[i]);
		if (strncmp(type, bases[i], n) == 0 && str_is_one(str_of(type + n), ends))
			return 0;
	}
	OWN(buf) struct buf shown = {.max = 100};
	buf_put_visible(&shown, str_of(type));
	return err_set(err, DD_EUNSUPPORTED, "a layer is of the unknown kind \"%s\"",
		shown.n ? shown.p : "");
}

static int
take_manifest(const struct raw_document *raw, struct oci_document *ret, struct dd_err *err)
{
	static const char *const configs[] = {OCI_TYPE_CONFIG, DOCKER_TYPE_CONFIG, NULL};
	const struct descriptor *layers = raw->layers.v;
	if (!str_is_one(str_of(raw->config.media_type), configs))
		return err_set(
			err, DD_EUNSUPPORTED, "this is an artefact of another kind, no image");
	ret->kind = OCI_MANIFEST;
	int rc = check_layer_count(raw->layers.n, err);
	rc = rc ? rc : take_blob(&raw->config, &ret->config, err);
	for (size_t i = 0; rc == 0 && i < raw->layers.n; i++) {
		rc = check_layer_type(&layers[i], err);
		rc = rc ? rc : take_blob(&layers[i], add_layer(ret), err);
	}
	return rc;
}

static int
take_document(const json_t *j, const char *platform, const char *ref, struct oci_document *ret,
	struct dd_err *err)
{
	struct raw_document raw = {0};
	int rc = json_decode(j, document_fields, false, &raw, "manifest", err);
	if (rc == 0 && json_is_array(json_object_get(j, "manifests")))
		rc = choose(&raw, platform, ref, ret, err);
	else if (rc == 0 && raw.schema == 1)
		rc = err_set(err, DD_EUNSUPPORTED,
			"this is a manifest of docker's schema 1, which names no layers by digest of "
			"their own");
	else if (rc == 0)
		rc = take_manifest(&raw, ret, err);
	json_release(document_fields, &raw);
	return rc;
}

/* ---- docker save ---- */

static int
take_saved(const struct saved_image *s, struct oci_document *ret, struct dd_err *err)
{
	int rc = check_layer_count(s->layers.n, err);
	if (rc < 0)
		return rc;
	ret->kind = OCI_SAVED;
	ret->config.path = mem_strdup(s->config);
	for (size_t i = 0; i < s->layers.n; i++)
		add_layer(ret)->path = mem_strdup(s->layers.v[i]);
	return 0;
}

static int
take_saved_list(const json_t *list, const char *ref, struct oci_document *ret, struct dd_err *err)
{
	OWN(buf) struct buf there = {.max = 1000};
	size_t n = json_array_size(list), fit = 0;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct saved_image s = {0};
		rc = json_decode(
			json_array_get(list, i), saved_fields, false, &s, "manifest.json", err);
		for (size_t k = 0; k < s.tags.n; k++) {
			buf_puts(&there, there.n ? ", " : "");
			buf_put_visible(&there, str_of(s.tags.v[k]));
		}
		bool fits = rc == 0 && (!ref || strlist_has(&s.tags, ref));
		if (fits && fit++ == 0)
			rc = take_saved(&s, ret, err);
		json_release(saved_fields, &s);
	}
	if (rc == 0 && fit == 0)
		return err_set(err, DD_ENOENT, "there is no image%s%s in the archive, but: %s",
			ref ? " of the name " : "", ref ? ref : "", there.n ? there.p : "nothing");
	if (rc == 0 && fit > 1)
		return err_set(err, DD_EINVAL,
			"there are several images; choose one with --ref: %s",
			there.n ? there.p : "they have no names");
	return rc;
}

int
oci_parse_document(struct str text, const char *platform, const char *ref, struct oci_document *ret,
	struct dd_err *err)
{
	OWN_JSON json_t *j = NULL;
	int rc = json_parse(text, &j, err);
	if (rc < 0)
		return err_wrap(err, "manifest");
	return json_is_array(j) ? take_saved_list(j, ref, ret, err)
				: take_document(j, platform, ref, ret, err);
}

/* ---- configuration ---- */

int
oci_parse_config(struct str text, struct oci_config *ret, struct dd_err *err)
{
	static const struct json_field inner[] = {
		{.key = "diff_ids", .kind = JSON_K_STRLIST, .required = true},
		{.key = NULL},
	};
	static const struct json_field env[] = {
		{.key = "Env", .kind = JSON_K_STRLIST},
		{.key = NULL},
	};
	const struct json_field fields[] = {
		{.key = "os", .kind = JSON_K_STRING, .offset = offsetof(struct oci_config, os)},
		{.key = "architecture",
			.kind = JSON_K_STRING,
			.offset = offsetof(struct oci_config, architecture)},
		{.key = "rootfs",
			.kind = JSON_K_OBJECT,
			.required = true,
			.sub = inner,
			.offset = offsetof(struct oci_config, diff_ids)},
		{.key = "config",
			.kind = JSON_K_OBJECT,
			.sub = env,
			.offset = offsetof(struct oci_config, env)},
		{.key = NULL},
	};
	OWN_JSON json_t *j = NULL;
	OWN(strlist) struct strlist raw = {0};
	int rc = json_parse(text, &j, err);
	rc = rc ? rc : json_decode(j, fields, false, ret, "config", err);
	if (rc < 0)
		return rc;
	raw = ret->diff_ids;
	ret->diff_ids = (struct strlist){0};
	for (size_t i = 0; i < raw.n; i++) {
		const char *hex = sha256_of(raw.v[i], err);
		if (!hex)
			return -DD_EUNSUPPORTED;
		strlist_add(&ret->diff_ids, hex);
	}
	return 0;
}

/* A history of other layers than these would mislead; entries without a layer do not count. */
static bool
history_fits(const json_t *config, size_t layers)
{
	const json_t *history = json_object_get(config, "history");
	size_t i, n = 0;
	json_t *one;
	json_array_foreach (history, i, one)
		n += !json_is_true(json_object_get(one, "empty_layer"));
	return n == layers;
}

static json_t *
new_config(const char *platform)
{
	const char *slash = strchr(platform, '/');
	OWN_FREE char *os = mem_strndup(platform, slash ? (size_t)(slash - platform) : 0);
	return json_pack("{s:s, s:s, s:{s:[s], s:[s]}}", "architecture", slash ? slash + 1 : "",
		"os", os, "config", "Env",
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "Cmd",
		"/bin/sh");
}

int
oci_compose_config(struct str text, const char *platform, char *const *diff_ids, struct buf *out,
	struct dd_err *err)
{
	OWN_JSON json_t *j = NULL;
	OWN_JSON json_t *ids = json_array();
	int rc = text.n ? json_parse(text, &j, err) : 0;
	if (rc == 0 && text.n && !json_is_object(j))
		rc = err_set(err, DD_ECORRUPT, "config: not an object");
	if (rc < 0)
		return rc;
	if (!text.n)
		j = new_config(platform);
	for (; *diff_ids; diff_ids++) {
		OWN_FREE char *id = mem_printf("sha256:%s", *diff_ids);
		json_array_append_new(ids, json_string(id));
	}
	if (!history_fits(j, json_array_size(ids)))
		(void)json_object_del(j, "history");
	json_object_set_new(
		j, "rootfs", json_pack("{s:s, s:O}", "type", "layers", "diff_ids", ids));
	json_print(j, 0, out);
	return 0;
}

/* ---- the rest ---- */

int
oci_parse_token(struct str text, char **ret, struct dd_err *err)
{
	OWN_JSON json_t *j = NULL;
	int rc = json_parse(text, &j, err);
	if (rc < 0)
		return rc;
	const char *token = json_string_value(json_object_get(j, "token"));
	if (!token || !*token)
		token = json_string_value(json_object_get(j, "access_token"));
	if (!token || !*token || strlen(token) > MAX_TOKEN)
		return err_set(err, DD_ECORRUPT, "the authorization service gave no token");
	for (const char *p = token; *p; p++)
		if (*p <= ' ' || *p > '~')
			return err_set(err, DD_ECORRUPT,
				"the authorization service gave a token that cannot be sent");
	*ret = mem_strdup(token);
	return 0;
}

/* Value of NAME= in os-release(5), without quotes; heap, NULL when it is not there. */
static char *
release_value(struct str text, const char *name)
{
	struct str line, key;
	while (str_next_line(&text, &line)) {
		if (!str_next(&line, '=', &key) || !str_eq(key, name))
			continue;
		line = str_trim(line);
		if (line.n > 1 && (line.p[0] == '"' || line.p[0] == '\''))
			line = (struct str){line.p + 1, line.n - 2};
		return str_dup(line);
	}
	return NULL;
}

char *
oci_parse_release(struct str text)
{
	OWN_FREE char *codename = release_value(text, "VERSION_CODENAME");
	OWN_FREE char *id = release_value(text, "ID");
	OWN_FREE char *version = release_value(text, "VERSION_ID");
	OWN(buf) struct buf word = {.max = 60};
	if (codename && *codename)
		buf_puts(&word, codename);
	else if (id)
		buf_printf(&word, "%s%s%s", id, version && *version ? "-" : "",
			version ? version : "");
	for (size_t i = 0; i < word.n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789._-", word.p[i]))
			word.p[i] = '_';
	return word.n ? buf_take(&word) : mem_strdup("unknown");
}
