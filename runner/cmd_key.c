/* drydock key init, show and rotate: what evidence is signed with. */
#include "runner/commands.h"

#include "runner/keys.h"
#include "runner/session.h"

#include <string.h>

struct key_options {
	struct common_options common;
};

static json_t *
key_to_json(const struct sign_key *k)
{
	OWN(buf) struct buf pem = {0};
	sign_key_put_public(k, &pem);
	return json_pack("{s:s, s:s}", "key", sign_key_id(k), "public", pem.p);
}

static void
print_key(const struct sign_key *k, bool json)
{
	OWN_JSON json_t *j = key_to_json(k);
	OWN(buf) struct buf out = {0};
	if (json) {
		json_print(j, 2, &out);
		printf("%s\n", out.p);
		return;
	}
	sign_key_put_public(k, &out);
	printf("%s", out.p);
}

static int
make_key(const struct cli_call *call, bool rotate)
{
	const struct key_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	struct sign_key *k = NULL;
	int rc = session_open(&o->common, &st, &err);
	if (rc == 0)
		rc = keys_make(&st, rotate, &k, &err);
	if (rc == 0)
		print_key(k, o->common.json);
	sign_key_destroy(k);
	bool misused = rc == -DD_EEXIST || rc == -DD_ENOENT;
	return rc < 0 ? cli_fail(misused ? EXIT_USAGE : cli_status_of(&err), &err) : EXIT_DONE;
}

static int
run_init(const struct cli_call *call)
{
	return make_key(call, false);
}

static int
run_rotate(const struct cli_call *call)
{
	return make_key(call, true);
}

static int
run_show(const struct cli_call *call)
{
	const struct key_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	struct sign_key *k = NULL;
	int rc = session_require(&o->common, &err);
	if (rc == 0)
		rc = session_open(&o->common, &st, &err);
	if (rc == 0)
		rc = keys_signing(&st, &k, &err);
	if (rc == 0 && !k)
		rc = err_set(&err, DD_EINVAL, "key: there is none yet; drydock key init makes one");
	if (rc == 0)
		print_key(k, o->common.json);
	sign_key_destroy(k);
	return rc < 0 ? cli_fail(cli_status_of(&err), &err) : EXIT_DONE;
}

const struct subcommand cmd_key_init = {
	.name = "key init",
	.summary = "make the key that evidence is signed with, and print its public half",
	.args = "",
	.description =
		"An Ed25519 key in the state directory. From then on every run signs what it leaves; drydock "
		"verify\nholds it against that. Give the public half to whoever is to verify it elsewhere.",
	.options_size = sizeof(struct key_options),
	.run = run_init,
};

const struct subcommand cmd_key_show = {
	.name = "key show",
	.summary = "print the public half of the signing key",
	.args = "",
	.options_size = sizeof(struct key_options),
	.run = run_show,
};

const struct subcommand cmd_key_rotate = {
	.name = "key rotate",
	.summary = "make a new signing key; what the old one signed stays verifiable here",
	.args = "",
	.options_size = sizeof(struct key_options),
	.run = run_rotate,
};
