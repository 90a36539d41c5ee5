#include "runner/commands.h"

#include "runner/bundle.h"
#include "runner/session.h"

#include <string.h>

struct bundle_options {
	struct common_options common;
};

static int
run_bundle(const struct cli_call *call)
{
	const struct bundle_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	OWN_FREE char *path = NULL;
	struct run r = {.lock_fd = -1};
	int rc = session_require(&o->common, &err);
	if (rc == 0)
		rc = session_start(&o->common, &st, &err);
	if (rc == 0)
		rc = run_open_held(&st, call->args[0], &r, &err);
	if (rc == 0) {
		path = call->nargs > 1 ? mem_strdup(call->args[1])
				       : mem_printf("drydock-%s.tar", r.id);
		rc = bundle_write(&st, &r, path, &err);
	}
	if (rc == 0 && o->common.json && strcmp(path, "-") != 0) {
		OWN_JSON json_t *j =
			json_pack("{s:s, s:o}", "run", r.id, "bundle", json_text(str_of(path)));
		OWN(buf) struct buf out = {0};
		json_print(j, 2, &out);
		printf("%s\n", out.p);
	} else if (rc == 0 && strcmp(path, "-") != 0) {
		printf("%s\n", path);
	}
	run_cleanup(&r);
	return rc < 0 ? cli_fail(command_status_of_name(&err), &err) : EXIT_DONE;
}

const struct subcommand cmd_bundle = {
	.name = "bundle",
	.summary = "write a run's recipe, packages, base image and evidence as one archive",
	.args = "RUN [FILE]",
	.description =
		"drydock replay takes the archive in the place of a recipe, on another machine and without "
		"a network.\nThe same run gives the same bytes. FILE is drydock-RUN.tar unless it is named; "
		"- is standard output.",
	.options_size = sizeof(struct bundle_options),
	.min_args = 1,
	.max_args = 2,
	.run = run_bundle,
};
