/* What subcommands share: arguments that name things, and runs that begin. */
#include "runner/commands.h"

#include "base/fs.h"
#include "runner/intake.h"
#include "runner/session.h"

#include <errno.h>
#include <string.h>

int
command_load_answers(const char *path, struct answers **ret, struct dd_err *err)
{
	if (path)
		return answers_load(path, ret, err);
	*ret = answers_create();
	return 0;
}

int
command_patience(const struct patience_options *p, struct run_options *ret, struct dd_err *err)
{
	const uint64_t longest = 1000000000;
	if (p->time > longest || p->silence > longest)
		return err_set(err, DD_EINVAL, "a limit is out of range");
	ret->time_ms = (int64_t)p->time * 1000;
	ret->silence_ms = (int64_t)p->silence * 1000;
	return 0;
}

int
command_status_of_name(const struct dd_err *err)
{
	return err->code == DD_ENOENT ? EXIT_USAGE : cli_status_of(err);
}

/* A path is kept as its absolute form, so that a resume from elsewhere finds it. */
int
command_absolute_path(const char *path, char **ret, struct dd_err *err)
{
	if (!path || strstr(path, "://")) {
		*ret = path ? mem_strdup(path) : NULL;
		return 0;
	}
	char *real = realpath(path, NULL);
	if (!real)
		return err_set(err, errno == ENOENT || errno == ENOTDIR ? DD_EINVAL : DD_EIO,
			"%s: %s", path, strerror(errno));
	*ret = real;
	return 0;
}

int
command_path_to_write(const char *path, char **ret, struct dd_err *err)
{
	if (!path)
		return 0;
	OWN_FREE char *dir = mem_strndup(path, (size_t)(fs_name(path) - path)), *real = NULL;
	int rc = command_absolute_path(*dir ? dir : ".", &real, err);
	if (rc == 0)
		*ret = fs_join(real, fs_name(path));
	return rc;
}

int
command_source(const char *source, char **ret, struct dd_err *err)
{
	int rc = command_absolute_path(source, ret, err);
	if (rc == -DD_EINVAL)
		(void)err_set(
			err, DD_EINVAL, "source %s: no such file or directory; " SOURCE_IS, source);
	return rc;
}

int
command_new_run(const struct cli_call *call, const char *answers_path, command_make_run *make,
	command_do_run *carry_out)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	struct answers *answers = NULL;
	struct run run = {.lock_fd = -1};
	int rc = command_load_answers(answers_path, &answers, &err);
	if (rc == 0)
		rc = session_start(call->options, &st, &err);
	if (rc == 0)
		rc = make(call, &st, &run, &err);
	int status = rc < 0 ? cli_fail(command_status_of_name(&err), &err)
			    : carry_out(call, &st, &run, answers);
	run_cleanup(&run);
	answers_destroy(answers);
	return status;
}

int
command_with_answers(
	const struct cli_call *call, struct state *st, struct run *run, command_do_run *carry_out)
{
	OWN(dd_err) struct dd_err err = {0};
	struct answers *answers = NULL;
	int rc = command_load_answers(run->options.answers, &answers, &err);
	int status =
		rc < 0 ? cli_fail(cli_status_of(&err), &err) : carry_out(call, st, run, answers);
	answers_destroy(answers);
	return status;
}
