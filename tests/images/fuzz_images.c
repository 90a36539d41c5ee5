/* Documents of registries and of package managers. */
#include "images/npm_spec.h"
#include "images/npmrc.h"
#include "images/oci.h"
#include "images/oci_parse.h"
#include "images/reference.h"
#include "images/sources.h"

#include "base/json.h"
#include "tests/base/fuzzing.h"

static void
one_image(struct str input)
{
	OWN(oci_document) struct oci_document d = {0};
	OWN(oci_config) struct oci_config c = {0};
	OWN_FREE char *token = NULL;
	(void)!oci_parse_document(input, "linux/amd64", NULL, &d, NULL);
	(void)!oci_parse_config(input, &c, NULL);
	(void)!oci_parse_token(input, &token, NULL);
	free(oci_parse_release(input));
}

static void
one_reference(struct str input)
{
	OWN_FREE char *text = str_dup(input);
	OWN(reference) struct reference r = {0};
	(void)!reference_parse(text, false, &r, NULL);
}

static void
one_sources(struct str input)
{
	OWN(apt_sources) struct apt_sources s = {0};
	OWN(strlist) struct strlist entries = {0};
	(void)!apt_sources_parse(input, &s, &entries, NULL);
	free(apt_config_value(input, "Acquire::http::Proxy"));
	free(apt_auth_login(input, "http://h/debian"));
}

static void
one_npmrc(struct str input)
{
	OWN(map) struct map values = {0};
	npmrc_parse(input, &values);
	free(npmrc_auth_header(&values, "https://h/"));
}

static void
one_lock(struct str input)
{
	OWN_JSON json_t *j = NULL;
	if (json_parse(input, &j, NULL) < 0)
		return;
	OWN_JSON json_t *refused = json_array();
	OWN(strlist) struct strlist locals = {0}, members = {0};
	OWN_JSON json_t *manifest = npm_manifest(j, "package.json", NULL, refused, &locals);
	OWN_JSON json_t *lock = npm_lock(j, manifest, &members, refused);
}

const struct fuzz_target fuzz_targets[] = {
	{"image", one_image, NULL, false,
		STR("{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\","
		    "\"digest\":\"sha256:0123456789012345678901234567890123456789012345678901234567890123\",\"size\":2},\"layers\":[]}")},
	{"reference", one_reference, NULL, false,
		STR("host:5000/a/b:tag@sha256:0123456789012345678901234567890123456789012345678901234567890123")},
	{"sources", one_sources, NULL, false,
		STR("machine h/debian login u password p\nAcquire::http::Proxy \"http://x\";\n")},
	{"npmrc", one_npmrc, NULL, false,
		STR("; c\nregistry=https://h/\n@s:registry = \"https://t/\"\n//h/:_authToken=${T}\n//h/:_auth=eA==\n")},
	{"lock", one_lock, NULL, false,
		STR("{\"name\":\"x\",\"version\":\"1.0.0\",\"lockfileVersion\":3,\"dependencies\":{\"a\":\"^1\"},\"workspaces\":[\"p/*\"],\"packages\":{\"\":{\"dependencies\":{\"a\":\"^1\"}},"
		    "\"node_modules/a\":{\"version\":\"1.0.0\",\"resolved\":\"https://h/a.tgz\",\"integrity\":\"sha512-x\"}}}")},
	{0},
};
