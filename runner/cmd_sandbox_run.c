/*
 * drydock sandbox run: one command in a fresh pod on an image, with nothing kept.  Standard input,
 * output and error are the caller's own; there is no journal.  Linked into the front program, which
 * does all of it but what needs the package sources: that is handed to drydock-core.
 */
#include "runner/sandbox_run.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/spawn.h"
#include "sandbox/trace.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define EXIT_SANDBOX 125 /* our own failure; below it is the command's */
#define MAX_BINDS 32
#define MAX_REF 65536

struct run_options {
	struct common_options common;
	const char *image;
	struct strlist binds;
	const char *net;
	const char *time;
	uint64_t memory, disk;
	uint64_t pids;
	const char *result;
};

#define O(member) offsetof(struct run_options, member)
static const struct option_def options[] = {
	{"image", 0, OPTION_TEXT, O(image), "NAME",
		"the root file system (default: the base image)"},
	{"bind", 0, OPTION_TEXTS, O(binds), "SRC:DST[:ro]",
		"make a path of this machine visible inside; may be given again"},
	{"net", 0, OPTION_TEXT, O(net), "none|provision",
		"none: loopback only (the default); provision: root inside, and the package sources of "
		"this machine"},
	{"time", 0, OPTION_TEXT, O(time), "S", "end it after this many seconds"},
	{"memory", 0, OPTION_BYTES, O(memory), "BYTES", "limit its memory (suffixes K, M, G)"},
	{"pids", 0, OPTION_NUMBER, O(pids), "N", "limit the number of its processes"},
	{"disk", 0, OPTION_BYTES, O(disk), "BYTES", "limit what it writes"},
	{"result", 0, OPTION_TEXT, O(result), "FILE",
		"write exit, signal, cause and usage as JSON"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

struct job {
	const struct run_options *o;
	char **argv;
	struct state st;
	struct stack root;
	struct pod_bind binds[MAX_BINDS];
	size_t nbinds;
	struct strlist paths; /* the binds' strings */
	int64_t time_ms;
	bool provision;
	struct trace *trace; /* denied calls */
};

/* ---- options
 * ------------------------------------------------------------------------------------- */

static int
parse_time(const char *text, int64_t *ret_ms, struct dd_err *err)
{
	char *end = NULL;
	double s = text ? strtod(text, &end) : 0;
	if (text && (end == text || *end || s <= 0 || s > 1e9))
		return err_set(err, DD_EINVAL, "--time: \"%s\" is not a number of seconds", text);
	*ret_ms = (int64_t)(s * 1000);
	return 0;
}

/* SRC:DST[:ro] */
static int
parse_bind(struct job *j, const char *text, struct dd_err *err)
{
	struct str rest = str_of(text), src, dst, mode = {"", 0};
	if (j->nbinds == MAX_BINDS)
		return err_set(err, DD_EINVAL, "more than %d binds", MAX_BINDS);
	if (!str_next(&rest, ':', &src) || !str_next(&rest, ':', &dst) || dst.p[0] != '/' || !src.n)
		return err_set(err, DD_EINVAL,
			"--bind: \"%s\" is not SRC:DST[:ro] with an absolute DST", text);
	if (rest.n && (!str_next(&rest, ':', &mode) || !str_eq(mode, "ro") || rest.n))
		return err_set(err, DD_EINVAL, "--bind: \"%s\": only :ro may follow", text);
	OWN_FREE char *from = str_dup(src);
	char *real = realpath(from, NULL);
	if (!real)
		return err_errno(err, errno, "--bind: %s", from);
	strlist_add(&j->paths, real);
	free(real);
	strlist_add_str(&j->paths, dst);
	j->binds[j->nbinds++].writable = !mode.n;
	return 0;
}

static int
parse_job(struct job *j, struct dd_err *err)
{
	const struct run_options *o = j->o;
	int rc = parse_time(o->time, &j->time_ms, err);
	j->provision = o->net && strcmp(o->net, "provision") == 0;
	if (rc == 0 && o->net && !j->provision && strcmp(o->net, "none") != 0)
		rc = err_set(err, DD_EINVAL, "--net: \"%s\" is neither none nor provision", o->net);
	for (size_t i = 0; rc == 0 && i < o->binds.n; i++)
		rc = parse_bind(j, o->binds.v[i], err);
	for (size_t i = 0; rc == 0 && i < j->nbinds; i++) {
		j->binds[i].src = j->paths.v[2 * i];
		j->binds[i].dst = j->paths.v[2 * i + 1];
	}
	return rc;
}

/* ---- the image
 * ----------------------------------------------------------------------------------- */

static int
build_base(const struct job *j, struct dd_err *err)
{
	OWN_FREE char *core = sandbox_program("drydock-core");
	const char *argv[] = {core, "image", "build", "--state", j->st.dir, NULL};
	const struct spawn_fd fds[] = {{STDERR_FILENO, 1}, {STDERR_FILENO, 2}};
	const struct spawn_spec spec = {.argv = argv, .fds = fds, .nfds = 2};
	pid_t pid;
	int status, rc = spawn_start(&spec, &pid, NULL, err);
	if (rc == 0)
		rc = spawn_wait(pid, &status, err);
	if (rc == 0 && status != 0)
		rc = err_set(err, DD_EIO, "the base image could not be built");
	return rc;
}

/* images/NAME.ref: its "layer KEY" lines, lowest first. */
static int
read_image(struct job *j, const char *path, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	int rc = fs_read(path, MAX_REF, &text, err);
	struct str rest = buf_str(&text), line, key, value;
	while (rc == 0 && str_next_line(&rest, &line))
		if (str_next_word(&line, &key) && str_eq(key, "layer") &&
			str_next_word(&line, &value)) {
			OWN_FREE char *layer = str_dup(value);
			stack_push(&j->root, layer);
		}
	if (rc == 0 && !j->root.n)
		rc = err_set(err, DD_ECORRUPT, "%s names no layer", path);
	return rc;
}

static int
open_image(struct job *j, struct dd_err *err)
{
	const char *name = j->o->image ? j->o->image : "base";
	OWN_FREE char *path = mem_printf("%s/images/%s.ref", j->st.dir, name);
	if (strchr(name, '/') || *name == '.')
		return err_set(err, DD_EINVAL, "\"%s\" is not a name of an image", name);
	if (!fs_exists(path) && strcmp(name, "base") == 0) {
		int rc = build_base(j, err);
		if (rc < 0)
			return rc;
	}
	if (!fs_exists(path))
		return err_set(
			err, DD_ENOENT, "there is no image \"%s\" (drydock image list)", name);
	return read_image(j, path, err);
}

/* ---- running
 * ------------------------------------------------------------------------------------- */

static void
on_stop(int sig)
{
	(void)sig;
	sandbox_request_stop();
}

static int
exec_in(struct job *j, struct pod *pod, struct exec_result *ret, struct dd_err *err)
{
	const struct exec_spec exec = {.argv = (const char *const *)j->argv,
		.profile = j->provision ? PROFILE_PROVISION : PROFILE_BUILD,
		.fds = {0, 1, 2},
		.time_limit_ms = j->time_ms,
		.trace = j->trace};
	return pod_exec(pod, &exec, ret, err);
}

static int
run_job(struct job *j, struct exec_result *ret, struct dd_err *err)
{
	struct pod *pod;
	struct apt_online *net = NULL;
	if (j->provision) {
		if (j->nbinds == MAX_BINDS)
			return err_set(err, DD_EINVAL, "more than %d binds", MAX_BINDS - 1);
		int rc = sandbox_run_net->prepare(
			&j->st, &net, &j->binds[j->nbinds], err);
		if (rc < 0)
			return rc;
		j->nbinds++;
	}
	const struct stack nothing = {0}; /* an empty work tree, to write in */
	const struct pod_spec spec = {
		.state = &j->st,
		.root = j->root,
		.work = &nothing,
		.binds = j->binds,
		.nbinds = j->nbinds,
		.limits = {.memory_bytes = j->o->memory,
			.disk_bytes = j->o->disk,
			.pids = (uint32_t)j->o->pids},
	};
	int rc = pod_open(&spec, &pod, err);
	if (rc == 0 && net)
		rc = sandbox_run_net->connect(net, pod, err);
	if (rc == 0)
		rc = exec_in(j, pod, ret, err);
	if (net)
		sandbox_run_net->release(net);
	pod_close(pod);
	(void)!sandbox_sweep(&j->st, NULL); /* what a drydock that was killed left */
	return rc;
}

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
tell_denials(const struct job *j, const struct exec_result *r)
{
	OWN(buf) struct buf text = {0};
	if (r->exit_code == 0 || j->o->common.quiet || !trace_describe_denials(j->trace, &text))
		return;
	log_warn("denied: %s", text.p);
}

static int
write_result(const char *path, const struct trace *t, const struct exec_result *r, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	buf_puts(&text, "{\"exit\": ");
	if (r->exit_code < 0)
		buf_puts(&text, "null");
	else
		buf_printf(&text, "%d", r->exit_code);
	buf_puts(&text, ", \"signal\": ");
	if (r->signal)
		buf_printf(&text, "%d", r->signal);
	else
		buf_puts(&text, "null");
	buf_printf(&text,
		", \"cause\": \"%s\", \"cpu_ms\": %lld, \"wall_ms\": %lld, \"peak_bytes\": %llu, "
		"\"denied\": [",
		exec_cause_name(r->cause), (long long)(r->cpu_ns / 1000000),
		(long long)(r->wall_ns / 1000000), (unsigned long long)r->peak_bytes);
	trace_each_denial(t, print_denial, &text);
	buf_puts(&text, "]}\n");
	return fs_write_atomic(path, buf_str(&text), 0644, err);
}

static int
run(const struct cli_call *call)
{
	OWN(dd_err) struct dd_err err = {0};
	struct job j = {.o = call->options, .argv = call->args, .trace = trace_create()};
	struct exec_result r = {0};
	struct sigaction stop = {.sa_handler = on_stop};
	(void)sigaction(SIGINT, &stop, NULL);
	(void)sigaction(SIGTERM, &stop, NULL);
	int rc = parse_job(&j, &err);
	if (rc == 0)
		rc = state_open(j.o->common.state, &j.st, &err);
	if (rc == 0)
		rc = open_image(&j, &err);
	if (rc == 0)
		rc = run_job(&j, &r, &err);
	if (rc == 0)
		tell_denials(&j, &r);
	if (rc == 0 && j.o->result)
		rc = write_result(j.o->result, j.trace, &r, &err);
	trace_destroy(j.trace);
	strlist_cleanup(&j.paths);
	stack_cleanup(&j.root);
	state_cleanup(&j.st);
	if (rc == -DD_EINVAL)
		return cli_fail(EXIT_USAGE, &err);
	if (rc < 0)
		return cli_fail(EXIT_SANDBOX, &err);
	return r.signal ? 128 + r.signal : r.exit_code;
}

const struct subcommand cmd_sandbox_run = {
	.name = "sandbox run",
	.summary = "run a command in the sandbox; nothing of it is kept",
	.args = "-- CMD [ARGS...]",
	.description =
		"Exits with the command's status, 128+N for signal N, 125 for drydock's own failure.\n"
		"The cause in the result is one of none, signal, time, memory, pids, disk; denied lists the\n"
		"system calls that the sandbox refused, with the profile that would open each.",
	.options = options,
	.options_size = sizeof(struct run_options),
	.min_args = 1,
	.max_args = SIZE_MAX,
	.stop_at_first_arg = true,
	.run = run,
};
