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

/* Paths in the directory of the run: what its steps printed, and what later commands did. */
static int
find_logs(const struct run *r, struct strlist *ret, struct dd_err *err)
{
	static const char *const folders[] = {"logs", RUN_LATER, NULL};
	int rc = 0;
	for (size_t i = 0; rc == 0 && folders[i]; i++) {
		OWN_FREE char *dir = run_path(r, folders[i]);
		OWN(strlist) struct strlist names = {0};
		if (i == 0 || fs_exists(dir))
			rc = fs_list(dir, &names, err);
		for (size_t k = 0; k < names.n; k++)
			if (i == 0 || str_ends(str_of(names.v[k]), ".log"))
				strlist_addf(ret, "%s/%s", folders[i], names.v[k]);
	}
	return rc;
}

static const char *
name_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

static int
list_logs(const struct run *r, bool json, struct dd_err *err)
{
	OWN(strlist) struct strlist paths = {0};
	int rc = find_logs(r, &paths, err);
	if (rc < 0)
		return rc;
	OWN_JSON json_t *all = json_array();
	for (size_t i = 0; i < paths.n; i++) {
		if (!json)
			printf("%s\n", name_of(paths.v[i]));
		json_array_append_new(all, json_text(str_of(name_of(paths.v[i]))));
	}
	OWN(buf) struct buf out = {0};
	json_print(all, 2, &out);
	if (json)
		printf("%s\n", out.p);
	return 0;
}

static int
no_log(const char *name, const struct strlist *paths, struct dd_err *err)
{
	OWN(buf) struct buf all = {.max = 4000};
	for (size_t i = 0; i < paths->n; i++)
		buf_printf(&all, "%s%s", i ? ", " : "", name_of(paths->v[i]));
	return err_set(err, DD_EINVAL, "there is no log \"%s\" (there is: %s)", name,
		paths->n ? all.p : "none");
}

/* Named with or without its ".log". Copy a log to standard output; to a terminal only with its escapes made visible. */
static int
print_log(const struct run *r, const char *name, struct dd_err *err)
{
	OWN(strlist) struct strlist paths = {0};
	OWN_FREE char *with = mem_printf("%s.log", name);
	const char *file = NULL;
	int rc = find_logs(r, &paths, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; !file && i < paths.n; i++)
		if (strcmp(name_of(paths.v[i]), name) == 0 ||
			strcmp(name_of(paths.v[i]), with) == 0)
			file = paths.v[i];
	if (!file)
		return no_log(name, &paths, err);
	OWN_FREE char *path = run_path(r, file);
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
	if (rc == 0)
		rc = call->nargs < 2 ? list_logs(&r, o->common.json, &err)
				     : print_log(&r, call->args[1], &err);
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
