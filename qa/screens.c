/*
 * Theory of operation.  Three parties, of which none trusts the next:
 *
 *   browser   in a pod on the browser's image, profile `browser` (an ordinary id; its own sandbox on), with a pipe for
 *             orders and no port.  Its profile directory lies on a tmpfs of the pod and goes with it.
 *   driver    the worker "screen", profile `parser`: the only one that reads what the browser says.
 *   drydock   counts and keeps what the driver gives, and ends both.
 *
 * Served files are read, and requests parsed, by one more worker in a pod of its own, on a socket that listens on the
 * browser's loopback.  Nothing else can be reached from there.  Whoever ends first ends the others: the driver at the
 * end of the browser's pipe, the browser with its pod.
 */
#include "qa/qa.h"

#include "base/fs.h"
#include "qa/displays.h"
#include "qa/scenario.h"
#include "qa/screen.h"
#include "qa/screen_evidence.h"
#include "qa/terminals.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define BROWSER "/usr/lib/chromium/chromium-headless-shell"
#define DEFAULT_TIME_MS (10 * 60 * 1000)
#define SERVE_FD "3"
#define SERVE_DIR "/served"
#define PIPE_BYTES (1 << 20)

static const char *const browser_argv[] = {BROWSER, "--remote-debugging-pipe",
	"--user-data-dir=/tmp/browser", "--no-first-run", "--no-default-browser-check",
	"--disable-sync", "--disable-background-networking", "--disable-component-update",
	"--disable-default-apps", "--disable-domain-reliability", "--disable-breakpad",
	"--disable-crash-reporter", "--disable-extensions", "--disable-back-forward-cache",
	"--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows",
	"--disable-renderer-backgrounding", "--disable-hang-monitor",
	"--disable-ipc-flooding-protection", "--metrics-recording-only", "--mute-audio",
	"--hide-scrollbars", "--force-color-profile=srgb", "--disable-lcd-text",
	"--font-render-hinting=none", "--disable-gpu", "--disable-partial-raster",
	"--disable-frame-rate-limit", "--disable-gpu-vsync", "--disable-skia-runtime-opts",
	"--lang=en-US", "--js-flags=--max-old-space-size=1024",
	"--disable-features=Translate,OptimizationHints,MediaRouter,PaintHolding,HttpsUpgrades",
	"--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
	"--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4",
	"about:blank", NULL};

void
screen_result_cleanup(struct screen_result *r)
{
	free(r->browser);
	free(r->ended);
	screen_scenario_list_cleanup(&r->scenarios);
	strlist_cleanup(&r->files);
	strlist_cleanup(&r->objects);
	*r = (struct screen_result){0};
}

struct stage {
	const struct screen_spec *spec;
	size_t from, to;	 /* the scenarios that are played on it */
	struct pod *pod, *files; /* of the browser; of the server, NULL */
	struct exec *browser, *server;
	int orders, answers, errors; /* our ends of its pipes */
	struct screen_evidence *evidence;
};

static int
make_pipe(int *ret_read, int *ret_write, struct dd_err *err)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(err, errno, "cannot make a pipe");
	(void)fcntl(fds[0], F_SETPIPE_SZ, PIPE_BYTES);
	*ret_read = fds[0];
	*ret_write = fds[1];
	return 0;
}

static void
environment(const struct screen_spec *spec, struct strlist *ret)
{
	static const char *const fixed[] = {"PATH=/usr/bin:/bin", "HOME=" POD_HOME, "LANG=C.UTF-8",
		"TZ=UTC", "DBUS_SESSION_BUS_ADDRESS=disabled:", NULL};
	for (size_t i = 0; fixed[i]; i++)
		strlist_add(ret, fixed[i]);
	if (spec->env)
		strlist_copy(ret, spec->env);
}

static int
start_browser(struct stage *s, struct dd_err *err)
{
	OWN(strlist) struct strlist env = {0};
	OWN_FD int orders = -1, answers = -1, errors = -1; /* its ends */
	environment(s->spec, &env);
	int rc = make_pipe(&orders, &s->orders, err);
	rc = rc ? rc : make_pipe(&s->answers, &answers, err);
	rc = rc ? rc : make_pipe(&s->errors, &errors, err);
	const struct exec_fd pass[] = {{orders, 3}, {answers, 4}};
	const struct exec_spec exec = {
		.argv = browser_argv,
		.env = (const char *const *)env.v,
		.cwd = "/tmp",
		.profile = PROFILE_BROWSER,
		.fds = {-1, -1, errors},
		.pass = pass,
		.npass = 2,
	};
	return rc ? rc : exec_start(s->pod, &exec, &s->browser, err);
}

static int
start_server(struct stage *s, struct dd_err *err)
{
	static const char *const args[] = {SERVE_FD, SERVE_DIR, NULL};
	const struct pod_bind bind = {s->spec->serve, SERVE_DIR, false};
	const struct pod_spec pod = {.state = s->spec->state, .binds = &bind, .nbinds = 1};
	OWN_FD int fd = -1;
	int rc = pod_listen(s->pod, SCREEN_PORT, &fd, err);
	if (rc == 0)
		rc = pod_open(&pod, &s->files, err);
	if (rc < 0)
		return rc;
	const struct exec_fd pass = {fd, 3};
	const struct worker_spec worker = {.state = s->spec->state,
		.name = "serve",
		.args = args,
		.pass = &pass,
		.npass = 1,
		.serves = true};
	return worker_start(s->files, &worker, &s->server, err);
}

static int
open_stage(struct stage *s, struct dd_err *err)
{
	const struct pod_spec pod = {.state = s->spec->state,
		.root = *s->spec->root,
		.network_of = s->spec->application};
	int rc = pod_open(&pod, &s->pod, err);
	if (rc == 0 && s->spec->serve)
		rc = start_server(s, err);
	return rc ? rc : start_browser(s, err);
}

static void
close_stage(struct stage *s)
{
	pod_close(s->files);
	pod_close(s->pod);
	const int fds[] = {s->orders, s->answers, s->errors};
	for (size_t i = 0; i < 3; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}

/* ---- the task ---- */

static int
add_scenarios(const struct stage *s, json_t *task, struct dd_err *err)
{
	json_t *all = json_array();
	int rc = 0;
	for (size_t i = s->from; rc == 0 && i < s->to; i++) {
		json_t *one = NULL;
		rc = screen_task_scenario(s->spec, i, &one, err);
		if (rc == 0)
			json_array_append_new(all, one);
	}
	json_object_set_new(task, "scenarios", all);
	return rc;
}

static int
write_task(const struct stage *s, int64_t time_ms, struct buf *ret, struct dd_err *err)
{
	const struct screen_spec *spec = s->spec;
	OWN_JSON json_t *j = json_object();
	OWN_FREE char *served = mem_printf("http://127.0.0.1:%d", SCREEN_PORT);
	const char *base = spec->base_url ? spec->base_url : spec->serve ? served : NULL;
	int rc = add_scenarios(s, j, err);
	json_object_set_new(j, "base_url", base ? json_string(base) : json_null());
	json_object_set_new(j, "seed", json_integer(spec->seed));
	json_object_set_new(j, "width", json_integer(spec->width ? spec->width : SCREEN_WIDTH));
	json_object_set_new(j, "height", json_integer(spec->height ? spec->height : SCREEN_HEIGHT));
	json_object_set_new(j, "time_ms", json_integer(time_ms));
	if (spec->walks)
		json_object_set(j, "walks", (json_t *)spec->walks);
	json_print(j, 0, ret);
	return rc;
}

/* ---- driving ---- */

static void
take(void *ctx, struct str data)
{
	struct stage *s = ctx;
	screen_evidence_add(s->evidence, data);
}

/* Why a browser that is gone is gone, where a limit or a signal says more than its last words. */
static void
add_cause(struct stage *s, struct dd_err *why)
{
	struct exec_result r;
	if (exec_wait(s->browser, 200, &r, NULL) < 0)
		return;
	s->browser = NULL;
	if (r.cause == CAUSE_SIGNAL)
		(void)!err_set(why, DD_EIO, "the browser died of signal %d", r.signal);
	else if (r.cause != CAUSE_NONE)
		(void)!err_wrap(
			why, "the browser was ended by its %s limit", exec_cause_name(r.cause));
}

static int
drive(struct stage *s, struct screen_result *result, struct dd_err *err)
{
	int64_t time_ms = s->spec->time_limit_ms ? s->spec->time_limit_ms : DEFAULT_TIME_MS;
	OWN(buf) struct buf task = {0};
	OWN(dd_err) struct dd_err why = {0};
	const struct exec_fd pass[] = {
		{s->answers, SCREEN_FROM}, {s->orders, SCREEN_TO}, {s->errors, SCREEN_ERRORS}};
	int rc = write_task(s, time_ms, &task, err);
	if (rc < 0)
		return rc;
	const struct worker_spec worker = {.state = s->spec->state,
		.name = "screen",
		.input = buf_str(&task),
		.on_output = take,
		.ctx = s,
		.pass = pass,
		.npass = 3,
		.time_limit_ms = time_ms + 5000};
	int driven = worker_run(&worker, NULL, &why);
	rc = screen_evidence_end(s->evidence, err);
	if (rc < 0 || driven == 0)
		return rc;
	if (driven == -DD_ESTOPPED)
		return err_move(err, &why);
	add_cause(s, &why);
	if (!result->browser) /* it never said a word of the protocol */
		return err_set(err, DD_EIO, "the browser does not start: %s", err_msg(&why));
	result->ended = mem_strdup(err_msg(&why));
	return 0;
}

static int
play_pages(const struct screen_spec *spec, size_t from, size_t to, struct screen_evidence *evidence,
	struct screen_result *result, struct dd_err *err)
{
	struct stage s = {.spec = spec,
		.from = from,
		.to = to,
		.evidence = evidence,
		.orders = -1,
		.answers = -1,
		.errors = -1};
	int rc = open_stage(&s, err);
	if (rc == 0)
		rc = drive(&s, result, err);
	close_stage(&s);
	return rc;
}

/* A browser is opened once for pages that come behind each other; each terminal and each display is one of its own. */
static int
play_all(const struct screen_spec *spec, struct screen_evidence *evidence,
	struct screen_result *result, struct dd_err *err)
{
	const struct scenario_list *l = spec->scenarios;
	int rc = fs_mkdirs(spec->dir, 0700, err);
	for (size_t i = 0, to; rc == 0 && !result->ended && i < l->n; i = to) {
		const enum screen_kind screen = l->v[i].screen;
		for (to = i + 1; screen == SCREEN_PAGE && to < l->n && l->v[to].screen == screen;)
			to++;
		rc = screen == SCREEN_TERMINAL	? terminal_play(spec, i, evidence, result, err)
		     : screen == SCREEN_DISPLAY ? display_play(spec, i, evidence, result, err)
						: play_pages(spec, i, to, evidence, result, err);
	}
	return rc;
}

int
qa_play_screens(const struct screen_spec *spec, struct screen_result *ret, struct dd_err *err)
{
	struct screen_result result = {0};
	struct screen_evidence *evidence = screen_evidence_create(spec, &result);
	int rc = play_all(spec, evidence, &result, err);
	screen_evidence_destroy(evidence);
	if (rc < 0) {
		screen_result_cleanup(&result);
		return err_wrap(err, "screens");
	}
	*ret = result;
	return 0;
}
