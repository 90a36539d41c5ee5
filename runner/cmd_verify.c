/* drydock verify: is what a run left, or a bundle, what was signed? */
#include "runner/commands.h"

#include "runner/attest.h"
#include "runner/bundle.h"
#include "runner/keys.h"
#include "runner/session.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

struct verify_options {
	struct common_options common;
	struct strlist keys;
};

static const struct option_def verify_options[] = {
	{"key", 0, OPTION_TEXTS, offsetof(struct verify_options, keys), "FILE",
		"trust this public key (PEM), and not those of the state directory; may be given again"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

static int
trusted_keys(const struct state *st, const struct verify_options *o, struct sign_keys *ret,
	struct dd_err *err)
{
	int rc = o->keys.n ? 0 : keys_known(st, ret, err);
	for (size_t i = 0; rc == 0 && i < o->keys.n; i++)
		rc = keys_load(o->keys.v[i], ret, err);
	return rc == -DD_ENOENT ? err_set(err, DD_EINVAL, "%s", err_msg(err)) : rc;
}

static int
verify_run(const struct state *st, const char *name, const struct sign_keys *known,
	struct attest_check *ret, struct dd_err *err)
{
	struct run r = {.lock_fd = -1};
	int rc = run_open(st, name, false, &r, err);
	if (rc == 0 && run_outcome(&r) == OUTCOME_NONE)
		rc = err_set(
			err, DD_EINVAL, "run %s has no result yet (drydock resume %s)", r.id, r.id);
	OWN_FD int dir = rc == 0 ? open(r.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (rc == 0 && dir < 0)
		rc = err_errno(err, errno, "cannot open %s", r.dir);
	if (rc == 0)
		rc = attest_verify(dir, r.journal, known, ret, err);
	if (rc == 0)
		rc = attest_verify_evidence(dir, known, ret, err);
	if (rc == 0)
		rc = attest_verify_branches(r.options.source, ret, err);
	run_cleanup(&r);
	return rc;
}

static void
print_line(const char *label, const char *name, const char *what)
{
	OWN(buf) struct buf safe = {.max = 4096};
	buf_put_visible(&safe, str_of(name));
	printf("  %-10s %s%s%s\n", label, safe.p ? safe.p : "", what ? ": " : "", what ? what : "");
}

static void
print_check(const struct attest_check *c)
{
	OWN(buf) struct buf run = {.max = 256};
	buf_put_visible(&run, str_of(c->run ? c->run : ""));
	printf("%s: %s\n", run.n ? run.p : "evidence", attest_verdict_names[c->verdict]);
	if (c->key)
		print_line("key", c->key, NULL);
	for (size_t i = 0; i < c->problems.n; i++)
		print_line("problem", c->problems.v[i].name, c->problems.v[i].what);
	for (size_t i = 0; i < c->branches.n; i++)
		print_line("branch", c->branches.v[i], NULL);
	for (size_t i = 0; i < c->unlisted.n; i++)
		print_line("unlisted", c->unlisted.v[i], NULL);
	if (c->note)
		print_line("note", c->note, NULL);
	printf("  %-10s %lld files, %lld steps\n", "looked at", (long long)c->files,
		(long long)c->steps);
}

static int
run_verify(const struct cli_call *call)
{
	const struct verify_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	struct sign_keys known = {0};
	struct attest_check c = {0};
	bool bundle = bundle_is(call->args[0]);
	int rc = bundle ? 0 : session_require(&o->common, &err);
	if (rc == 0)
		rc = bundle ? session_start(&o->common, &st, &err)
			    : session_open(&o->common, &st, &err);
	if (rc == 0)
		rc = trusted_keys(&st, o, &known, &err);
	if (rc == 0)
		rc = bundle ? attest_verify_bundle(&st, call->args[0], &known, &c, &err)
			    : verify_run(&st, call->args[0], &known, &c, &err);
	sign_keys_cleanup(&known);
	if (rc < 0)
		return cli_fail(command_status_of_name(&err), &err);
	if (o->common.json) {
		OWN_JSON json_t *j = json_encode(attest_check_fields, &c);
		OWN(buf) struct buf out = {0};
		json_print(j, 2, &out);
		printf("%s\n", out.p);
	} else {
		print_check(&c);
	}
	int status = c.verdict == ATTEST_OK ? EXIT_DONE : EXIT_TARGET_FAILED;
	attest_check_cleanup(&c);
	return status;
}

const struct subcommand cmd_verify = {
	.name = "verify",
	.summary = "say whether what a run left, or a bundle, is what was signed",
	.args = "RUN|BUNDLE",
	.description =
		"Every file and every step, and of a repair the commits of its branches, are held against the attestation that was made when the run ended, and what drydock qa\n"
		"shoot, play and crawl saw of the run later against one of its own. "
		"The verdict is\nok, changed (with what was), or unverified: all is as it says, but nobody "
		"known signed that, or what was seen\nlater has no attestation. A bundle needs\nno state of the machine that made it, only the public key: "
		"drydock key show there, --key FILE here.\n\nExit status 0 for ok, 1 for the others.",
	.options = verify_options,
	.options_size = sizeof(struct verify_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_verify,
};
