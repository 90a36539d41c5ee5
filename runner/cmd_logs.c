#include "runner/commands.h"

#include "base/fs.h"
#include "runner/handed.h"
#include "runner/run.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct logs_options {
	struct common_options common;
};

static int
list_logs(const char *dir, bool json, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	int rc = fs_list(dir, &names, err);
	if (rc < 0)
		return rc;
	OWN_JSON json_t *all = json_array();
	for (size_t i = 0; i < names.n; i++) {
		if (!json)
			printf("%s\n", names.v[i]);
		json_array_append_new(all, json_text(str_of(names.v[i])));
	}
	OWN(buf) struct buf out = {0};
	json_print(all, 2, &out);
	if (json)
		printf("%s\n", out.p);
	return 0;
}

static int
no_log(const char *name, const struct strlist *names, struct dd_err *err)
{
	OWN(buf) struct buf all = {.max = 4000};
	for (size_t i = 0; i < names->n; i++)
		buf_printf(&all, "%s%s", i ? ", " : "", names->v[i]);
	return err_set(err, DD_EINVAL, "there is no log \"%s\" (there is: %s)", name,
		names->n ? all.p : "none");
}

/* Named with or without its ".log". Copy a log to standard output; to a terminal only with its escapes made visible. */
static int
print_log(const char *dir, const char *name, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	OWN_FREE char *with = mem_printf("%s.log", name);
	int rc = fs_list(dir, &names, err);
	if (rc < 0)
		return rc;
	const char *file = strlist_has(&names, name)   ? name
			   : strlist_has(&names, with) ? with
						       : NULL;
	if (!file)
		return no_log(name, &names, err);
	OWN_FREE char *path = fs_join(dir, file);
	OWN_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_errno(err, errno, "log %s", name);
	bool terminal = isatty(STDOUT_FILENO);
	char chunk[65536];
	for (ssize_t n; (n = read(fd, chunk, sizeof(chunk))) != 0;) {
		if (n < 0)
			return err_errno(err, errno, "log %s", name);
		OWN(buf) struct buf safe = {0};
		struct str data = {chunk, (size_t)n};
		if (terminal)
			buf_put_visible(&safe, data);
		else
			buf_add_str(&safe, data);
		rc = fs_write_all(STDOUT_FILENO, safe.p, safe.n, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
run_logs(const struct cli_call *call)
{
	const struct logs_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	struct run r = {.lock_fd = -1};
	int rc = handed_find(&o->common, call->args[0], &st, &r, &err);
	if (rc == 0) {
		OWN_FREE char *dir = run_path(&r, "logs");
		rc = call->nargs < 2 ? list_logs(dir, o->common.json, &err)
				     : print_log(dir, call->args[1], &err);
	}
	run_cleanup(&r);
	return rc < 0 ? cli_fail(cli_status_of(&err), &err) : EXIT_DONE;
}

const struct subcommand cmd_logs = {
	.name = "logs",
	.summary = "list the logs of a run, or print one",
	.args = "RUN [STEP]",
	.description =
		"With --json the list is an array of names. A log itself is printed as it is; on a "
		"terminal its\ncontrol characters are made visible.",
	.options_size = sizeof(struct logs_options),
	.min_args = 1,
	.max_args = 2,
	.run = run_logs,
};
