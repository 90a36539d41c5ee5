/*
 * Theory of operation.  A worker is our own program on hostile bytes: a pod on the tools root, no
 * network but loopback, no capability, a short list of system calls, the input as descriptor 0, the
 * result through a pipe that is read up to a bound.
 */
#include "sandbox/sandbox.h"

#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#define PROGRAMS "/drydock/"
#define DEFAULT_MEMORY ((uint64_t)1 << 30)
#define DEFAULT_TIME_MS (10 * 60 * 1000)

struct output {
	const struct worker_spec *spec;
	struct buf *out;
	struct buf errors; /* the last of it */
};

static void
take(void *ctx, int stream, struct str data)
{
	struct output *o = ctx;
	if (stream == 1 && o->spec->on_output) {
		o->spec->on_output(o->spec->ctx, data);
		return;
	}
	if (stream == 1) {
		buf_add_str(o->out, data);
		return;
	}
	if (data.n > 4096)
		data = (struct str){data.p + data.n - 4096, 4096};
	if (o->errors.n + data.n > 8192)
		buf_drop_front(&o->errors, o->errors.n + data.n - 8192);
	buf_add_str(&o->errors, data);
}

/* The input as a file: a pipe would need somebody to feed it. */
static int
open_input(const struct worker_spec *spec, int *ret_fd, struct dd_err *err)
{
	if (spec->input_fd > 0 || !spec->input.n)
		return 0;
	OWN_FD int fd = memfd_create("worker-input", MFD_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "cannot make a memory file");
	int rc = fs_write_all(fd, spec->input.p, spec->input.n, err);
	if (rc == 0 && lseek(fd, 0, SEEK_SET) < 0)
		rc = err_errno(err, errno, "cannot rewind a memory file");
	if (rc == 0)
		*ret_fd = TAKE_FD(fd);
	return rc;
}

static int
judge(const struct worker_spec *spec, const struct output *o, const struct exec_result *r,
	struct dd_err *err)
{
	if (r->cause == CAUSE_STOPPED)
		return err_set(err, DD_ESTOPPED, "stopped");
	if (r->cause != CAUSE_NONE && r->cause != CAUSE_SIGNAL)
		return err_set(err, DD_ELIMIT, "worker %s exceeded its %s limit", spec->name,
			exec_cause_name(r->cause));
	if (o->out && o->out->truncated)
		return err_set(err, DD_ELIMIT, "worker %s gave too much output", spec->name);
	if (r->exit_code == 0)
		return 0;
	struct str line = str_trim(buf_str(&o->errors));
	const char *nl = line.n ? memrchr(line.p, '\n', line.n) : NULL;
	if (nl)
		line = (struct str){nl + 1, line.n - (size_t)(nl + 1 - line.p)};
	if (r->signal)
		return err_set(
			err, DD_ECORRUPT, "worker %s died of signal %d", spec->name, r->signal);
	return err_set(err, DD_ECORRUPT, STR_FMT, STR_ARG(line));
}

/* argv is filled, and borrowed by the result. */
static struct exec_spec
command_of(const struct worker_spec *spec, int input, struct strlist *argv)
{
	strlist_addf(argv, PROGRAMS "%s", spec->program ? spec->program : "drydock-core");
	if (!spec->program) {
		strlist_add(argv, "worker");
		strlist_add(argv, spec->name);
	}
	for (const char *const *a = spec->args; a && *a; a++)
		strlist_add(argv, *a);
	return (struct exec_spec){
		.argv = (const char *const *)argv->v,
		.profile = spec->as_root  ? PROFILE_PROVISION
			   : spec->serves ? PROFILE_BUILD
					  : PROFILE_PARSER,
		.fds = {input, -1, -1},
		.pass = spec->pass,
		.npass = spec->npass,
		.time_limit_ms = spec->time_limit_ms ? spec->time_limit_ms : DEFAULT_TIME_MS,
	};
}

static int
run_in(struct pod *pod, const struct worker_spec *spec, int input, struct buf *out,
	struct dd_err *err)
{
	OWN(strlist) struct strlist argv = {0};
	struct output o = {.spec = spec, .out = out};
	struct exec_spec exec = command_of(spec, input, &argv);
	struct exec_result r;
	exec.on_output = take;
	exec.ctx = &o;
	int rc = pod_exec(pod, &exec, &r, err);
	if (rc == 0)
		rc = judge(spec, &o, &r, err);
	buf_cleanup(&o.errors);
	return rc;
}

int
worker_start(struct pod *pod, const struct worker_spec *spec, struct exec **ret, struct dd_err *err)
{
	OWN(strlist) struct strlist argv = {0};
	const struct exec_spec exec = command_of(spec, -1, &argv);
	return exec_start(pod, &exec, ret, err);
}

int
worker_exec(struct pod *pod, const struct worker_spec *spec, struct buf *out, struct dd_err *err)
{
	OWN_FD int input = -1;
	int rc = open_input(spec, &input, err);
	return rc < 0 ? rc
		      : run_in(pod, spec, spec->input_fd > 0 ? spec->input_fd : input, out, err);
}

int
worker_run(const struct worker_spec *spec, struct buf *out, struct dd_err *err)
{
	struct pod *pod;
	const struct pod_spec pod_spec = {
		.state = spec->state,
		.binds = spec->binds,
		.nbinds = spec->nbinds,
		.limits = {.memory_bytes =
				   spec->memory_bytes ? spec->memory_bytes : DEFAULT_MEMORY},
	};
	int rc = pod_open_early(&pod_spec, &pod, err);
	if (rc < 0)
		return rc;
	rc = worker_exec(pod, spec, out, err);
	pod_close(pod);
	return rc;
}

void
worker_take_input(struct buf *ret)
{
	char chunk[65536];
	for (ssize_t n; (n = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0;)
		buf_add(ret, chunk, (size_t)n);
}
