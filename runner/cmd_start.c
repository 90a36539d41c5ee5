/* drydock start and stop: the application of a run, with its services, for as long as the first of them lives. */
#include "runner/commands.h"

#include "base/fs.h"
#include "base/io.h"
#include "base/log.h"
#include "runner/beside.h"
#include "runner/session.h"
#include "sandbox/publish.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define TURN_MS 100
#define STOP_TURNS 600 /* a minute */
#define LOCK "app.lock"
#define STOP "app.stop"

struct start_options {
	struct common_options common;
	const char *command, *answers;
	uint64_t port, publish;
};

#define O(member) offsetof(struct start_options, member)
static const struct option_def start_options[] = {
	{"command", 0, OPTION_TEXT, O(command), "CMD",
		"what runs it until it ends, for sh in the built tree (default: what drydock up saw serve)"},
	{"port", 0, OPTION_NUMBER, O(port), "N",
		"it is ready when it listens on this TCP port; also in its environment as PORT (default: that of the run)"},
	{"publish", 0, OPTION_NUMBER, O(publish), "PORT",
		"pass connections to this port of 127.0.0.1 on to it"},
	{"answers", 0, OPTION_TEXT, O(answers), "FILE",
		"answers to use instead of those of the run"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

struct app {
	const struct state *st;
	const struct run *run;
	const struct start_options *o;
	const char *name;     /* as the user may name it again */
	struct beside beside; /* what runs beside it; of a workspace, all its members */
	struct revived *it;   /* of a workspace: the last of them that serves, borrowed */
	struct publish *publish;
};

/* The port that --publish leads to: what is named, else the first that answers. */
static uint16_t
port_inside(const struct app *a)
{
	const struct served_port_list *ports = revived_ports(a->it);
	return (uint16_t)(a->o->port ? a->o->port
			  : ports->n ? (uint64_t)ports->v[0].port
				     : a->o->publish);
}

static void
say_ready(const struct app *a)
{
	OWN_FREE char *url =
		a->publish ? mem_printf("http://127.0.0.1:%u", (unsigned)publish_port(a->publish))
			   : NULL;
	if (a->o->common.json) {
		OWN_JSON json_t *j = json_pack("{s:s, s:s, s:s?, s:o, s:o}", "run", a->run->id,
			"state", "running", "url", url, "ports",
			served_port_list_to_json(revived_ports(a->it)), "inside",
			json_from_strings(revived_urls(a->it)));
		OWN(buf) struct buf out = {0};
		json_print(j, 0, &out);
		printf("%s\n", out.p);
	} else {
		printf("running%s%s; drydock stop %s ends it\n", url ? " at " : "", url ? url : "",
			a->name);
	}
	(void)fflush(stdout);
}

static bool
is_running(const struct app *a)
{
	for (size_t i = 0; i < a->beside.n; i++)
		if (revived_ports(a->beside.v[i]->it)->n && !revived_is_running(a->beside.v[i]->it))
			return false;
	return revived_is_running(a->it);
}

/* Until somebody wants it to end, or it ends by itself: *ret_ended. */
static int
keep_running(struct app *a, bool *ret_ended, struct dd_err *err)
{
	OWN_FREE char *stop = run_path(a->run, STOP);
	int rc = 0;
	while (rc == 0 && !sandbox_stop_requested() && !fs_exists(stop)) {
		*ret_ended = !is_running(a);
		if (*ret_ended)
			return 0;
		if (a->publish)
			rc = publish_turn(a->publish, TURN_MS, err);
		else
			(void)poll(NULL, 0, TURN_MS);
	}
	return rc;
}

/* The last that serves is the one that people see: it needs the others. */
static int
choose_member(struct app *a, struct dd_err *err)
{
	for (size_t i = 0; i < a->beside.n; i++)
		if (revived_ports(a->beside.v[i]->it)->n)
			a->it = a->beside.v[i]->it;
	return a->it ? 0
		     : err_set(err, DD_ENOENT,
			       "nothing was seen to start a member of run %s: name one, with --command",
			       a->run->id);
}

/* A command of one's own is told where to listen, if anything is to reach it. */
static int
open_app(struct app *a, struct dd_err *err)
{
	const struct start_options *o = a->o;
	int rc = beside_open(a->st, a->run, o->answers, &a->beside, NULL, err);
	const struct revive_spec spec = {.state = a->st,
		.run = a->run,
		.answers = o->answers,
		.command = o->command,
		.network_of = beside_network(&a->beside),
		.port = (uint16_t)(o->port	? o->port
				   : o->command ? o->publish
						: 0)};
	if (rc < 0)
		return rc;
	return a->run->options.workspace ? choose_member(a, err) : revive(&spec, &a->it, err);
}

static void
close_app(struct app *a)
{
	if (!a->run->options.workspace)
		revived_close(a->it);
	beside_close(&a->beside);
}

static int
run_app(struct app *a, int *ret_status, struct dd_err *err)
{
	const struct start_options *o = a->o;
	OWN(buf) struct buf last = {.max = 1000};
	bool ended = false;
	int rc = open_app(a, err);
	if (rc == -DD_EIO ||
		rc == -DD_ENOENT) /* it ended, was not ready in time, or nobody knows how */
		*ret_status = EXIT_TARGET_FAILED;
	if (rc < 0) {
		close_app(a);
		return rc;
	}
	if (o->publish)
		rc = publish_open(
			revived_pod(a->it), (uint16_t)o->publish, port_inside(a), &a->publish, err);
	if (rc == 0) {
		say_ready(a);
		rc = keep_running(a, &ended, err);
	}
	revived_keep_output(a->it, &last);
	publish_close(a->publish);
	close_app(a);
	if (rc == 0 && ended) {
		*ret_status = EXIT_TARGET_FAILED;
		rc = err_set(err, DD_EIO, "the application ended by itself: %s",
			last.n ? last.p : "it printed nothing");
	}
	return rc;
}

static int
begin(struct app *a, int *ret_lock, struct dd_err *err)
{
	OWN_FREE char *lock = run_path(a->run, LOCK), *stop = run_path(a->run, STOP);
	int rc = fs_lock(lock, false, ret_lock, err);
	if (rc == -DD_EBUSY)
		return err_set(
			err, DD_EINVAL, "the application of run %s is running already", a->run->id);
	if (rc == 0 && fs_exists(stop) && io_unlink(stop) < 0)
		rc = err_errno(err, errno, "cannot remove %s", stop);
	return rc;
}

static int
run_start(const struct cli_call *call)
{
	const struct start_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	struct run run = {.lock_fd = -1};
	struct app a = {.st = &st, .run = &run, .o = o};
	OWN_FD int lock = -1;
	int status = 0;
	if (o->port > 65535 || o->publish > 65535)
		return cli_usage_error(call->command, "a port is at most 65535");
	int rc = session_require(&o->common, &err);
	if (rc == 0)
		rc = session_start(&o->common, &st, &err);
	if (rc == 0)
		rc = run_open_held(&st, call->args[0], &run, &err);
	st.limits = limit_options_to_pod(&run.options.limits);
	a.name = run.whole ? call->args[0] : run.id;
	if (rc == 0 && run.options.workspace && o->command)
		rc = err_set(&err, DD_EINVAL, "--command is for one member: %s/NAME", run.id);
	if (rc == 0)
		rc = begin(&a, &lock, &err);
	if (rc == 0)
		rc = run_app(&a, &status, &err);
	run_cleanup(&run);
	return rc < 0 ? cli_fail(status ? status : command_status_of_name(&err), &err) : status;
}

/* ---- stop ---- */

static int
stop_app(const struct run *r, struct dd_err *err)
{
	OWN_FREE char *lock = run_path(r, LOCK), *stop = run_path(r, STOP);
	int rc = -DD_EBUSY;
	for (int i = 0; rc == -DD_EBUSY && i < STOP_TURNS; i++) {
		OWN_FD int fd = -1;
		rc = fs_lock(lock, false, &fd, err);
		if (rc == 0)
			return i ? 0
				 : err_set(err, DD_EINVAL,
					   "the application of run %s is not running", r->id);
		if (rc == -DD_EBUSY && i == 0 &&
			fs_write_atomic(stop, STR("stop\n"), 0600, err) < 0)
			return -DD_EIO;
		(void)poll(NULL, 0, TURN_MS);
	}
	return rc;
}

static int
run_stop(const struct cli_call *call)
{
	const struct common_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	struct run r = {.lock_fd = -1};
	int rc = session_require(o, &err);
	if (rc == 0)
		rc = session_open(o, &st, &err);
	if (rc == 0)
		rc = run_open(&st, call->args[0], false, &r, &err);
	if (rc == 0)
		rc = stop_app(&r, &err);
	run_cleanup(&r);
	return rc < 0 ? cli_fail(command_status_of_name(&err), &err) : EXIT_DONE;
}

const struct subcommand cmd_start = {
	.name = "start",
	.summary = "run the application of a run, with its services, until drydock stop",
	.args = "RUN",
	.description =
		"It stays in the foreground, and what it runs never outlives it: an interrupt, drydock stop or "
		"its\nown end ends all. What the application changes is thrown away. Without --publish nothing "
		"outside\nreaches it; with it, programs of this machine do, by 127.0.0.1.\n\nOf a workspace all members run, in one "
		"network, and the port is that of the last of them that serves. RUN/NAME\nis one member, with what it needs.",
	.options = start_options,
	.options_size = sizeof(struct start_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_start,
};

const struct subcommand cmd_stop = {
	.name = "stop",
	.summary = "end the application that drydock start runs, and wait for that",
	.args = "[RUN]",
	.options_size = sizeof(struct common_options),
	.max_args = 1,
	.run = run_stop,
};
