#include "runner/sandbox_job.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/spawn.h"
#include "sandbox/egress.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>

#define MAX_REF 65536

/* ---- options ---- */

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

/* What the sandbox is made of; a mount over it would undo that, or be undone. */
static bool
is_reserved(struct str dst)
{
	static const char *const places[] = {"/proc", "/dev", "/sys", "/drydock", NULL};
	while (dst.n > 1 && dst.p[dst.n - 1] == '/')
		dst.n--;
	if (dst.n == 1 || memmem(dst.p, dst.n, "/..", 3) || memmem(dst.p, dst.n, "//", 2) ||
		memmem(dst.p, dst.n, "/./", 3))
		return true;
	for (size_t i = 0; places[i]; i++) {
		size_t n = strlen(places[i]);
		if (str_starts(dst, places[i]) && (dst.n == n || dst.p[n] == '/'))
			return true;
	}
	return false;
}

/* SRC:DST[:ro] */
static int
parse_bind(struct sandbox_job *j, const char *text, struct dd_err *err)
{
	struct str rest = str_of(text), src, dst, mode = {"", 0};
	if (j->nbinds == SANDBOX_JOB_MAX_BINDS)
		return err_set(err, DD_EINVAL, "more than %d binds", SANDBOX_JOB_MAX_BINDS);
	if (!str_next(&rest, ':', &src) || !str_next(&rest, ':', &dst) || dst.p[0] != '/' || !src.n)
		return err_set(err, DD_EINVAL,
			"--bind: \"%s\" is not SRC:DST[:ro] with an absolute DST", text);
	if (rest.n && (!str_next(&rest, ':', &mode) || !str_eq(mode, "ro") || rest.n))
		return err_set(err, DD_EINVAL, "--bind: \"%s\": only :ro may follow", text);
	if (is_reserved(dst))
		return err_set(err, DD_EINVAL,
			"--bind: " STR_FMT " is a place of the sandbox itself", STR_ARG(dst));
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
parse_job(struct sandbox_job *j, struct dd_err *err)
{
	const struct sandbox_job_options *o = j->o;
	int rc = parse_time(o->time, &j->exec.time_limit_ms, err);
	j->provision = o->net && strcmp(o->net, "provision") == 0;
	if (rc == 0 && o->net && !j->provision && strcmp(o->net, "none") != 0)
		rc = err_set(err, DD_EINVAL, "--net: \"%s\" is neither none nor provision", o->net);
	if (rc == 0 && o->allow.n && !j->provision)
		rc = err_set(err, DD_EINVAL, "--allow goes with --net provision");
	if (rc == 0 && o->allow.n)
		strlist_addf(&j->env, "https_proxy=http://127.0.0.1:%d", EGRESS_PROXY_PORT);
	for (size_t i = 0; rc == 0 && i < o->binds.n; i++)
		rc = parse_bind(j, o->binds.v[i], err);
	for (size_t i = 0; rc == 0 && i < j->nbinds; i++) {
		j->binds[i].src = j->paths.v[2 * i];
		j->binds[i].dst = j->paths.v[2 * i + 1];
	}
	return rc;
}

/* ---- the image ---- */

static int
build_base(const struct sandbox_job *j, struct dd_err *err)
{
	OWN_FREE char *core = sandbox_program("drydock-core");
	const char *quiet = j->o->common.quiet ? "--quiet" : NULL;
	const char *argv[] = {core, "image", "build", "--state", j->st.dir, quiet, NULL};
	/* Standard output is the command's. */
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

/* images/NAME.ref: its "layer KEY" lines, lowest first, and its "env NAME=VALUE" lines. */
static int
read_image(struct sandbox_job *j, const char *path, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	int rc = fs_read(path, MAX_REF, &text, err);
	struct str rest = buf_str(&text), line, key, value;
	while (rc == 0 && str_next_line(&rest, &line)) {
		if (!str_next_word(&line, &key) || !str_next_word(&line, &value))
			continue;
		OWN_FREE char *word = str_unpercent(value);
		if (word && str_eq(key, "layer"))
			stack_push(&j->root, word);
		else if (word && str_eq(key, "env") && strchr(word, '='))
			strlist_add(&j->env, word);
	}
	if (rc == 0 && !j->root.n)
		rc = err_set(err, DD_ECORRUPT, "%s names no layer", path);
	return rc;
}

static int
open_image(struct sandbox_job *j, struct dd_err *err)
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

/* ---- running ---- */

static void
on_stop(int sig)
{
	(void)sig;
	sandbox_request_stop();
}

/* The image's environment, and what is missing of ours; none of its own: the sandbox's default. */
static const char *const *
environment(struct sandbox_job *j)
{
	static const char *const ours[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=" POD_HOME, "LANG=C.UTF-8", NULL};
	size_t n = j->env.n;
	for (size_t i = 0; n && ours[i]; i++) {
		size_t name = strcspn(ours[i], "=") + 1;
		bool there = false;
		for (size_t k = 0; k < n; k++)
			there = there || strncmp(j->env.v[k], ours[i], name) == 0;
		if (!there)
			strlist_add(&j->env, ours[i]);
	}
	return n ? (const char *const *)j->env.v : NULL;
}

/*
 * The caller's terminal is the command's as well, and that may leave it without echo, for one user only,
 * or not waiting: descriptors share these with their other holders.
 */
struct terminal {
	bool is;
	struct termios modes;
	int flags;
};

static void
terminals_save(struct terminal *t)
{
	for (int fd = 0; fd < 3; fd++) {
		t[fd].flags = fcntl(fd, F_GETFL);
		t[fd].is = tcgetattr(fd, &t[fd].modes) == 0;
	}
}

static void
terminals_restore(const struct terminal *t)
{
	for (int fd = 0; fd < 3; fd++) {
		if (t[fd].flags >= 0)
			(void)fcntl(fd, F_SETFL, t[fd].flags);
		if (!t[fd].is)
			continue;
		(void)ioctl(fd, TIOCNXCL);
		(void)tcsetattr(fd, TCSANOW, &t[fd].modes);
	}
}

static int
exec_in(const struct sandbox_job *j, struct pod *pod, struct exec_result *ret, struct dd_err *err)
{
	struct terminal terminals[3];
	terminals_save(terminals);
	int rc = pod_exec(pod, &j->exec, ret, err);
	terminals_restore(terminals);
	return rc;
}

static int
run_job(struct sandbox_job *j, struct exec_result *ret, struct dd_err *err)
{
	struct pod *pod = NULL;
	struct apt_online *net = NULL;
	if (j->provision) {
		if (j->nbinds == SANDBOX_JOB_MAX_BINDS)
			return err_set(
				err, DD_EINVAL, "more than %d binds", SANDBOX_JOB_MAX_BINDS - 1);
		int rc = sandbox_run_net->prepare(&j->st, &net, &j->binds[j->nbinds], err);
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
		.limits = limit_options_to_pod(&j->o->limits),
	};
	int rc = pod_open_early(&spec, &pod, err);
	if (rc == 0 && net)
		rc = sandbox_run_net->connect(net, pod, &j->o->allow, err);
	if (rc == 0)
		rc = exec_in(j, pod, ret, err);
	if (rc == 0 && j->inspect)
		rc = j->inspect(j->ctx, pod, err);
	if (net)
		sandbox_run_net->release(net);
	pod_leave(pod);
	return rc;
}

int
sandbox_job_run(struct sandbox_job *j, struct exec_result *ret, struct dd_err *err)
{
	struct sigaction stop = {.sa_handler = on_stop};
	(void)sigaction(SIGINT, &stop, NULL);
	(void)sigaction(SIGTERM, &stop, NULL);
	int rc = parse_job(j, err);
	if (rc == 0)
		rc = state_open(j->o->common.state, &j->st, err);
	if (rc == 0)
		rc = open_image(j, err);
	j->exec.argv = (const char *const *)j->argv;
	j->exec.env = environment(j);
	j->exec.profile = j->provision ? PROFILE_PROVISION : PROFILE_BUILD;
	return rc < 0 ? rc : run_job(j, ret, err);
}

/* Whoever waits for us, or for the end of our output, need not wait for this. */
static void
tidy_behind(const struct state *st)
{
	pid_t pid = st->dir ? fork() : -1;
	if (pid != 0)
		return; /* not at all: the next one does it */
	(void)setsid();
	(void)syscall(SYS_close_range, 0, ~0U, 0);
	sandbox_make_ready(st);
	(void)!sandbox_sweep(st, NULL, NULL); /* our pod, and what a drydock that was killed left */
	_exit(0);
}

void
sandbox_job_cleanup(struct sandbox_job *j)
{
	tidy_behind(&j->st);
	strlist_cleanup(&j->paths);
	stack_cleanup(&j->root);
	strlist_cleanup(&j->env);
	state_cleanup(&j->st);
}

int
sandbox_job_status(const struct exec_result *r)
{
	return r->signal ? 128 + r->signal : r->exit_code;
}
