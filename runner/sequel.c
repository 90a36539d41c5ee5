#include "runner/sequel.h"

#include "base/log.h"

static int
check_answers(const char *path, struct dd_err *err)
{
	struct answers *answers = NULL;
	int rc = command_load_answers(path, &answers, err);
	answers_destroy(answers);
	return rc;
}

static int
take_options(const struct sequel_options *o, const char *needed_by, const struct run_options *was,
	struct run_options *ret, struct dd_err *err)
{
	int rc = fix_take_spending(&o->spending, needed_by, ret, err);
	if (rc == 0)
		rc = command_absolute_path(
			o->answers ? o->answers : was->answers, &ret->answers, err);
	if (rc == 0)
		rc = check_answers(ret->answers, err);
	if (rc == 0)
		rc = scan_advisories(o->osv ? o->osv : was->osv, &ret->osv, err);
	if (rc == 0)
		rc = command_path_to_write(o->patch, &ret->patch, err);
	if (rc < 0)
		return rc;
	ret->source = mem_strdup(was->source);
	ret->image = was->image ? mem_strdup(was->image) : NULL;
	ret->time_ms = was->time_ms;
	ret->silence_ms = was->silence_ms;
	return 0;
}

int
sequel_new_run(const struct state *st, const char *name, const struct sequel_options *o,
	const char *needed_by, sequel_fill *fill, const void *own, struct run *ret,
	struct dd_err *err)
{
	struct run of = {.lock_fd = -1};
	struct run_options ro = {.fix = true,
		.offline = o->offline,
		.limits = o->limits,
		.created_ns = clock_real_ns()};
	int rc = run_open(st, name, false, &of, err);
	if (rc == 0)
		rc = fill(own, &of, &ro, err);
	if (rc == 0)
		rc = take_options(o, needed_by, &of.options, &ro, err);
	if (rc == 0)
		rc = run_create(st, &ro, ret, err);
	run_cleanup(&of);
	run_options_cleanup(&ro);
	return rc;
}
