/* Lock files of a target, and advisories. */
#include "security/lockfiles.h"
#include "security/osv.h"
#include "security/security.h"
#include "security/versions.h"

#include "base/json.h"
#include "tests/base/fuzzing.h"

static void
one_lockfile(struct str input)
{
	char name[FUZZ_NAME + 1];
	struct str text = fuzz_split(input, name);
	OWN(security_dependency_list) struct security_dependency_list l = {0};
	if (lockfile_is(name))
		(void)lockfile_read(name, text, &l);
}

static void
one_advisory(struct str input)
{
	static const char lock[] =
		"{\"lockfileVersion\":3,\"packages\":{\"node_modules/a\":{\"version\":\"1.2.3\"}}}";
	OWN_JSON json_t *j = NULL;
	if (json_parse(input, &j, NULL) < 0)
		return;
	OWN(security_dependency_list) struct security_dependency_list l = {0};
	OWN(security_finding_list) struct security_finding_list found = {0};
	struct osv o;
	(void)lockfile_read("package-lock.json", str_of(lock), &l);
	osv_open(&l, &o);
	osv_match(&o, j, &found);
	osv_close(&o);
}

static void
one_result(struct str input)
{
	OWN(security_result) struct security_result r = {0};
	(void)!security_result_from_json(input, &r, NULL);
}

const struct fuzz_target fuzz_targets[] = {
	{"lockfile", one_lockfile, NULL, false,
		STR("Cargo.lock\n[[package]]\nname = \"a\"\nversion = \"1.0\"\nsource = \"registry+x\"\n\n[[package]]\nname = \"b\"\nversion = \"2.0\"\n")},
	{"advisory", one_advisory, NULL, false,
		STR("{\"id\":\"X-1\",\"affected\":[{\"package\":{\"ecosystem\":\"npm\",\"name\":\"a\"},\"ranges\":[{\"type\":\"SEMVER\",\"events\":[{\"introduced\":\"0\"},"
		    "{\"fixed\":\"1.3.0-rc.1\"}]}],\"versions\":[\"1.2.3\"]}],\"severity\":[{\"type\":\"CVSS_V3\",\"score\":\"9.8\"}]}")},
	{"result", one_result, NULL, false,
		STR("{\"files\":1,\"left_out\":0,\"advisories\":0,\"dropped\":0,\"dependencies\":[],\"findings\":[]}")},
	{0},
};
