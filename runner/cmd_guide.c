/* drydock guide: what of a run is proven, and what is left for people. */
#include "runner/commands.h"

#include "base/fs.h"
#include "runner/handed.h"

#define MAX_BYTES ((size_t)64 << 20)

struct guide_options {
	struct common_options common;
};

static int
run_guide(const struct cli_call *call)
{
	const struct guide_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	OWN(buf) struct buf text = {0}, safe = {0};
	OWN_FREE char *path = NULL;
	struct run r = {.lock_fd = -1};
	int rc = handed_open(&o->common, call->args[0], &st, &r, &err);
	if (rc == 0)
		path = run_path(&r, o->common.json ? "guide.json" : "guide.md");
	if (rc == 0 && !fs_exists(path))
		rc = err_set(&err, DD_EINVAL, "run %s has no guide", r.id);
	if (rc == 0)
		rc = fs_read(path, MAX_BYTES, &text, &err);
	run_cleanup(&r);
	if (rc < 0)
		return cli_fail(command_status_of_name(&err), &err);
	for (struct str rest = buf_str(&text), line; str_next_line(&rest, &line);) {
		buf_reset(&safe);
		buf_put_visible(&safe, line);
		printf("%s\n", safe.p ? safe.p : "");
	}
	return EXIT_DONE;
}

const struct subcommand cmd_guide = {
	.name = "guide",
	.summary = "say what of a run is proven, and what is left for people",
	.args = "[RUN]",
	.description =
		"What was asked, how much of it is proven and by which rule that is computed, and each task that is left: "
		"why, the first\nstep, the likely path, hours as a range with their basis, and who has the skill. The same as "
		"guide.md, guide.html\nand, with --json, guide.json in the run's directory.",
	.options_size = sizeof(struct guide_options),
	.max_args = 1,
	.run = run_guide,
};
