/*
 * Theory of operation.  Four parties:
 *
 *   display   an X server without a screen, and a window manager, in a pod on an image of our tools, with a network of its
 *             own.  Anew for each scenario.
 *   program   in the application's pod, as its tests are.  Of the display it has a socket and a cookie.
 *   driver    the worker "display", profile `parser`: a client of the server, and the only one that reads what the program
 *             writes.
 *   drydock   counts and keeps what the driver gives, starts the program when the display is ready, and ends all.
 *
 * The server listens nowhere by itself: it is handed three listening sockets (sd_listen_fds(3)).  One has its name in the
 * application's pod and one in its own, for the window manager; the third is for the driver, has a name for as long as it
 * takes to connect once, and nobody else ever comes in there.  So the pods share no directory, no network and no memory.
 *
 * The program is hostile also as a client.  What it can do to the server ends with the server's pod, which is bounded; the
 * driver waits for no answer longer than a few seconds and is not stopped by who holds the server.
 */
#include "qa/displays.h"

#include "base/fs.h"
#include "base/log.h"
#include "qa/display.h"
#include "qa/programs.h"
#include "qa/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NUMBER "77"
#define SOCKET "/tmp/.X11-unix/X" NUMBER
#define COOKIE_FILE "/tmp/.drydock-xauthority"
#define SERVER_MEMORY ((uint64_t)1 << 30)
#define SERVER_PIDS 64
#define MAX_SAID 4096
#define BACKLOG 16

struct stage {
	struct program_stage program; /* the first member: that is what is called back with */
	struct pod *pod;
	struct exec *server, *manager;
	struct buf said;     /* by the server */
	int here, there;     /* listening: in the display's pod, in the application's */
	int driver, waiting; /* the driver's connection, and what it waits at */
	int output, written; /* of the program: the driver's end, the program's */
	unsigned char cookie[DISPLAY_COOKIE];
};

/* ---- the cookie ---- */

/* One entry, for whatever name the display is called by: Xau(3), numbers with their high byte first. */
static void
put_authority(const struct stage *s, struct buf *ret)
{
	const size_t name = strlen(DISPLAY_COOKIE_NAME);
	const unsigned char head[] = {0xff, 0xff, 0, 0, 0, 0, 0, (unsigned char)name};
	buf_add(ret, head, sizeof(head));
	buf_puts(ret, DISPLAY_COOKIE_NAME);
	buf_add(ret, (const unsigned char[]){0, DISPLAY_COOKIE}, 2);
	buf_add(ret, s->cookie, sizeof(s->cookie));
}

/* As the ordinary user of that pod, by whom alone it can be read there. */
static int
write_authority(const struct stage *s, struct pod *pod, struct dd_err *err)
{
	OWN(buf) struct buf bytes = {0}, octal = {0};
	struct exec_result r = {0};
	put_authority(s, &bytes);
	for (size_t i = 0; i < bytes.n; i++)
		buf_printf(&octal, "\\%03o", (unsigned)(unsigned char)bytes.p[i]);
	const char *const argv[] = {"/bin/sh", "-c",
		"umask 077; rm -f \"$2\"; printf \"$1\" >\"$2\"", "sh", octal.p, COOKIE_FILE, NULL};
	const struct exec_spec exec = {
		.argv = argv, .cwd = "/", .profile = PROFILE_TEST, .fds = {-1, -1, -1}};
	int rc = pod_exec(pod, &exec, &r, err);
	return rc < 0 || r.exit_code == 0
		       ? rc
		       : err_set(err, DD_EIO, "the key of a display could not be written");
}

/* ---- the driver's connection ---- */

static int
listen_at(int dir, int *ret_fd, struct sockaddr_un *ret, struct dd_err *err)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	(void)snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/display", dir);
	OWN_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)ret, sizeof(*ret)) < 0 || listen(fd, BACKLOG) < 0)
		return err_errno(err, errno, "cannot make the socket of a display");
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* Connected before anybody accepts: it waits there. */
static int
connect_driver(struct stage *s, struct dd_err *err)
{
	static unsigned serial;
	OWN_FREE char *name = mem_printf("display-%d-%u", (int)getpid(), serial++);
	OWN_FREE char *path = NULL;
	struct sockaddr_un at;
	int lock = -1;
	int rc = scratch_create(s->program.spec->state, name, 0700, &path, &lock, err);
	if (rc < 0)
		return rc;
	OWN_FD int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	rc = dir < 0 ? err_errno(err, errno, "%s", path) : listen_at(dir, &s->waiting, &at, err);
	if (rc == 0) {
		s->driver = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (s->driver < 0 || connect(s->driver, (struct sockaddr *)&at, sizeof(at)) < 0)
			rc = err_errno(err, errno, "cannot connect to a display");
	}
	(void)!scratch_discard(path, NULL);
	(void)close(lock);
	return rc;
}

/* ---- the display ---- */

static int
start_server(struct stage *s, struct dd_err *err)
{
	static const char *const env[] = {
		"PATH=/usr/bin:/bin", "HOME=" POD_HOME, "LANG=C.UTF-8", NULL};
	const struct scenario_program *p = &s->program.scenario->program;
	OWN_FREE char *script =
		mem_printf("export LISTEN_PID=$$ LISTEN_FDS=3\n"
			   "exec Xvfb :" NUMBER " -screen 0 %lldx%lldx24 -dpi 96 -auth " COOKIE_FILE
			   " -nolisten tcp -nolisten local -noreset -maxclients 128"
			   " -extension MIT-SHM -extension GLX",
			(long long)p->width, (long long)p->height);
	const char *const argv[] = {"/bin/sh", "-c", script, NULL};
	const struct exec_fd pass[] = {{s->waiting, 3}, {s->here, 4}, {s->there, 5}};
	const struct exec_spec exec = {.argv = argv,
		.env = env,
		.cwd = "/tmp",
		.profile = PROFILE_TEST,
		.fds = {-1, -1, -1},
		.pass = pass,
		.npass = 3,
		.on_output = exec_keep,
		.ctx = &s->said};
	s->said.max = MAX_SAID;
	int rc = exec_start(s->pod, &exec, &s->server, err);
	/* What it does not take ends with it. */
	(void)close(TAKE_FD(s->waiting));
	(void)close(TAKE_FD(s->here));
	(void)close(TAKE_FD(s->there));
	return rc;
}

/* Its keys are out of the way: it takes those with a modifier that no keyboard here has. */
static int
start_manager(struct stage *s, struct dd_err *err)
{
	static const char *const env[] = {"PATH=/usr/bin:/bin", "HOME=" POD_HOME, "LANG=C.UTF-8",
		"DISPLAY=:" NUMBER, "XAUTHORITY=" COOKIE_FILE, NULL};
	static const char *const argv[] = {"evilwm", "--fn", "fixed", "--bw", "1", "--term",
		"/bin/false", "--mask1", "mod3+mod5", "--mask2", "mod3+mod5", "--altmask", "mod5",
		NULL};
	const struct exec_spec exec = {.argv = argv,
		.env = env,
		.cwd = "/tmp",
		.profile = PROFILE_TEST,
		.fds = {-1, -1, -1}};
	return exec_start(s->pod, &exec, &s->manager, err);
}

static int
open_display(struct stage *s, struct dd_err *err)
{
	const struct screen_spec *spec = s->program.spec;
	const struct pod_spec pod = {.state = spec->state,
		.root = *spec->display_root,
		.limits = {.memory_bytes = SERVER_MEMORY, .pids = SERVER_PIDS}};
	if (getrandom(s->cookie, sizeof(s->cookie), 0) != (ssize_t)sizeof(s->cookie))
		return err_errno(err, errno, "no randomness");
	int rc = pod_open(&pod, &s->pod, err);
	if (rc == 0)
		rc = write_authority(s, s->pod, err);
	if (rc == 0)
		rc = write_authority(s, spec->application, err);
	if (rc == 0)
		rc = pod_listen_at(s->pod, SOCKET, &s->here, err);
	if (rc == 0)
		rc = pod_listen_at(spec->application, SOCKET, &s->there, err);
	if (rc == 0)
		rc = connect_driver(s, err);
	if (rc == 0)
		rc = start_server(s, err);
	return rc ? rc : start_manager(s, err);
}

/* ---- the program ---- */

static int
start_program(struct program_stage *program, struct dd_err *err)
{
	static const char *const env[] = {"DISPLAY=:" NUMBER, "XAUTHORITY=" COOKIE_FILE,
		"NO_AT_BRIDGE=1", "LIBGL_ALWAYS_SOFTWARE=1", NULL};
	struct stage *s = (struct stage *)program;
	const int fds[3] = {-1, s->written, s->written};
	int rc = program_start(program, env, fds, false, err);
	(void)close(TAKE_FD(s->written));
	return rc;
}

/* Not blocking for the driver alone: the program waits while nobody reads. */
static int
open_output(struct stage *s, struct dd_err *err)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(err, errno, "cannot make a pipe");
	s->output = fds[0];
	s->written = fds[1];
	return fcntl(s->output, F_SETFL, O_NONBLOCK) < 0 ? err_errno(err, errno, "a pipe") : 0;
}

/* ---- the whole ---- */

static int
drive(struct stage *s, struct dd_err *err)
{
	OWN(buf) struct buf cookie = {0}, said = {0};
	for (size_t i = 0; i < sizeof(s->cookie); i++)
		buf_printf(&cookie, "%02x", s->cookie[i]);
	OWN_JSON json_t *more = json_pack("{s:s}", "cookie", cookie.p);
	s->program.more = more;
	s->program.start = start_program;
	const struct exec_fd pass[] = {{s->driver, SCREEN_FROM}, {s->program.asked, SCREEN_TO},
		{s->output, SCREEN_ERRORS}};
	int rc = program_drive(&s->program, "display", "dialog:", pass, 3, err);
	char *const ended = s->program.result->ended;
	if (rc < 0 || !ended || !s->program.start)
		return rc;
	if (exec_wait(s->server, 0, &(struct exec_result){0}, NULL) != -DD_EBUSY)
		s->server = NULL;
	buf_put_visible(&said, str_trim(buf_str(&s->said)));
	return err_set(err, DD_EIO, "the display does not start: %s%s%s", ended, said.n ? ": " : "",
		said.n ? said.p : "");
}

static void
close_stage(struct stage *s)
{
	const int fds[] = {s->here, s->there, s->driver, s->waiting, s->output, s->written};
	program_close(&s->program);
	pod_close(s->pod);
	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	buf_cleanup(&s->said);
}

int
display_play(const struct screen_spec *spec, size_t at, struct screen_evidence *evidence,
	struct screen_result *result, struct dd_err *err)
{
	struct stage s = {
		.here = -1, .there = -1, .driver = -1, .waiting = -1, .output = -1, .written = -1};
	int rc = program_open(spec, at, evidence, result, &s.program, err);
	if (rc == 0)
		rc = open_output(&s, err);
	if (rc == 0)
		rc = open_display(&s, err);
	if (rc == 0)
		rc = drive(&s, err);
	close_stage(&s);
	return rc;
}
