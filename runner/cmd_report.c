#include "runner/commands.h"

#include "base/fs.h"
#include "runner/flaky.h"
#include "runner/handed.h"
#include "runner/run.h"

#define RESULT_MAX_BYTES ((size_t)64 << 20)

struct report_options {
	struct common_options common;
};

static int
print_result(const struct run *r, bool json, struct dd_err *err)
{
	OWN_FREE char *result = run_path(r, "result.json");
	OWN_FREE char *report = run_path(r, "report.html");
	if (!fs_exists(result))
		return err_set(err, DD_ENOENT, "run %s has no report yet (drydock resume %s)",
			r->id, r->id);
	if (!json) {
		printf("%s\n", report);
		return 0;
	}
	OWN(buf) struct buf text = {0};
	OWN_JSON json_t *j = NULL, *flakes = flaky_read(r);
	int rc = json_parse_file(result, RESULT_MAX_BYTES, &j, err);
	if (rc < 0)
		return rc;
	json_object_set_new(j, "flakes", flakes ? json_incref(flakes) : json_null());
	json_print(j, 2, &text);
	printf("%s\n", text.p);
	return 0;
}

static int
run_report(const struct cli_call *call)
{
	const struct report_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	struct run r = {.lock_fd = -1};
	int rc = handed_find(&o->common, call->args[0], &st, &r, &err);
	if (rc == 0)
		rc = print_result(&r, o->common.json, &err);
	run_cleanup(&r);
	return rc < 0 ? cli_fail(cli_status_of(&err), &err) : EXIT_DONE;
}

const struct subcommand cmd_report = {
	.name = "report",
	.summary = "print where a run's report is, or its facts as JSON",
	.args = "[RUN]",
	.description =
		"In the facts, flakes is what drydock qa test --causes or --repeat found last: null where nobody looked.",
	.options_size = sizeof(struct report_options),
	.max_args = 1,
	.run = run_report,
};
