/*
 * drydock sandbox run: one command in a fresh pod on an image, with nothing kept.  Standard input,
 * output and error are the caller's own; there is no journal.  Linked into the front program, which
 * does all of it but what needs the package sources: that is handed to drydock-core.
 */
#include "runner/sandbox_job.h"

#include "base/fs.h"
#include "base/log.h"
#include "sandbox/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define EXIT_SANDBOX 125 /* our own failure; below it is the command's */

struct run_options {
	struct sandbox_job_options job;
	const char *result;
};

static const struct option_def options[] = {
	SANDBOX_JOB_OPTIONS,
	{"result", 0, OPTION_TEXT, offsetof(struct run_options, result), "FILE",
		"write exit, signal, cause and usage as JSON"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

static bool
print_denial(void *ctx, const struct trace_denial *d)
{
	struct buf *out = ctx;
	buf_puts(out, str_ends(buf_str(out), "[") ? "{\"call\": " : ", {\"call\": ");
	buf_put_json(out, str_of(d->call));
	buf_puts(out, ", \"program\": ");
	buf_put_json(out, str_of(d->program));
	buf_puts(out, ", \"profile\": ");
	if (d->profile)
		buf_put_json(out, str_of(d->profile));
	else
		buf_puts(out, "null");
	buf_printf(out, ", \"count\": %u}", d->count);
	return true;
}

/* To people who see a command fail. */
static void
tell_denials(const struct trace *t, const struct exec_result *r)
{
	OWN(buf) struct buf text = {0};
	if (r->exit_code == 0 || !trace_describe_denials(t, &text))
		return;
	log_warn("denied: %s", text.p);
}

/* A file is replaced; a pipe, a device or a link is written to. */
static int
put_file(const char *path, struct str text, struct dd_err *err)
{
	struct stat st;
	if (lstat(path, &st) < 0 || S_ISREG(st.st_mode))
		return fs_write_atomic(path, text, 0644, err);
	OWN_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "cannot open %s", path);
	return fs_write_all(fd, text.p, text.n, err) < 0 ? err_wrap(err, "%s", path) : 0;
}

/* Being stopped is, to the command, a signal. */
static enum exec_cause
cause_of(const struct exec_result *r)
{
	return r->cause == CAUSE_STOPPED ? CAUSE_SIGNAL : r->cause;
}

static void
print_result(const struct trace *t, const struct exec_result *r, struct buf *out)
{
	buf_puts(out, "{\"exit\": ");
	if (r->exit_code < 0)
		buf_puts(out, "null");
	else
		buf_printf(out, "%d", r->exit_code);
	buf_puts(out, ", \"signal\": ");
	if (r->signal)
		buf_printf(out, "%d", r->signal);
	else
		buf_puts(out, "null");
	buf_printf(out,
		", \"cause\": \"%s\", \"cpu_ms\": %lld, \"wall_ms\": %lld, \"peak_bytes\": %llu, "
		"\"denied\": [",
		exec_cause_name(cause_of(r)), (long long)(r->cpu_ns / 1000000),
		(long long)(r->wall_ns / 1000000), (unsigned long long)r->peak_bytes);
	trace_each_denial(t, print_denial, out);
	buf_puts(out, "]}\n");
}

/* To the file that is named, and with --json behind what the command printed. */
static int
tell_result(const struct run_options *o, const struct trace *t, const struct exec_result *r,
	struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	if (!o->result && !o->job.common.json)
		return 0;
	print_result(t, r, &text);
	int rc = o->result ? put_file(o->result, buf_str(&text), err) : 0;
	if (rc == 0 && o->job.common.json)
		rc = fs_write_all(STDOUT_FILENO, text.p, text.n, err);
	return rc;
}

static int
run(const struct cli_call *call)
{
	OWN(dd_err) struct dd_err err = {0};
	const struct run_options *o = call->options;
	struct trace *trace = trace_create();
	struct sandbox_job j = {
		.o = &o->job, .argv = call->args, .exec = {.fds = {0, 1, 2}, .trace = trace}};
	struct exec_result r = {0};
	int rc = sandbox_job_run(&j, &r, &err);
	if (rc == 0 && !o->job.common.quiet)
		tell_denials(trace, &r);
	if (rc == 0)
		rc = tell_result(o, trace, &r, &err);
	sandbox_job_cleanup(&j);
	trace_destroy(trace);
	if (rc < 0)
		return cli_fail(rc == -DD_EINVAL ? EXIT_USAGE : EXIT_SANDBOX, &err);
	return sandbox_job_status(&r);
}

const struct subcommand cmd_sandbox_run = {
	.name = "sandbox run",
	.summary = "run a command in the sandbox; nothing of it is kept",
	.args = "-- CMD [ARGS...]",
	.description =
		"Exits with the command's status, 128+N for signal N, 125 for drydock's own failure.\n"
		"With --json the result follows what the command printed.\n"
		"The cause in the result is one of none, signal, time, memory, pids, disk; denied lists the\n"
		"system calls that the sandbox refused, with the profile that would open each.",
	.options = options,
	.options_size = sizeof(struct run_options),
	.min_args = 1,
	.max_args = SIZE_MAX,
	.stop_at_first_arg = true,
	.run = run,
};
