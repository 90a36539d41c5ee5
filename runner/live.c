#include "runner/live.h"

#include "base/log.h"

#include <poll.h>
#include <string.h>

#define APPLICATION "application"
#define LOOK_MS 50
#define SETTLE_MS 300 /* a server of several ports opens them one after the other */
#define ASK_LIMIT_MS 15000

struct live {
	struct live_spec spec;
	struct probe_serving serving;
	struct pod *pod;
	struct pod *asker; /* in its network; NULL until it is needed */
};

/* ---- the pod and its services ---- */

int
live_serve(struct live *l, struct dd_err *err)
{
	OWN(listening) struct listening there = {0};
	int rc = l->spec.network_of ? pod_listening(l->pod, &there, err) : 0;
	for (size_t i = 0; rc == 0 && i < l->serving.nservices; i++) {
		struct service_spec s = l->serving.services[i];
		s.env = (const char *const *)l->spec.env->v;
		if (s.port && listening_has(&there, s.port))
			continue;
		int step = progress_begin("starting %s", s.name);
		rc = service_start(l->pod, &s, NULL, err);
		progress_end(step, rc < 0 ? "failed" : "ok");
	}
	return rc;
}

int
live_open(const struct live_spec *spec, struct live **ret, struct dd_err *err)
{
	struct live *l = mem_new(struct live);
	l->spec = *spec;
	const struct probe_serve_spec serve = {spec->services, spec->answers, spec->run_dir,
		spec->names, spec->files->binds, spec->files->nbinds};
	int rc = probe_serve(&serve, &l->serving, err);
	const struct pod_spec pod = {.state = spec->state,
		.root = *spec->root,
		.work = spec->work,
		.binds = l->serving.binds,
		.nbinds = l->serving.nbinds,
		.shares_network = !spec->network_of,
		.network_of = spec->network_of};
	if (rc == 0)
		rc = pod_open(&pod, &l->pod, err);
	if (rc < 0) {
		live_close(l);
		return rc;
	}
	*ret = l;
	return 0;
}

static void
end_application(struct live *l)
{
	(void)!service_stop(l->pod, APPLICATION, NULL);
}

int
live_renew(struct live *l, struct dd_err *err)
{
	end_application(l);
	return pod_reopen(l->pod, &(struct pod_snapshot){0}, err);
}

void
live_close(struct live *l)
{
	if (!l)
		return;
	if (l->pod)
		end_application(l);
	for (size_t i = l->pod ? l->serving.nservices : 0; i-- > 0;)
		(void)!service_stop(l->pod, l->serving.services[i].name, NULL);
	pod_close(l->asker);
	pod_close(l->pod);
	probe_serving_cleanup(&l->serving);
	free(l);
}

struct pod *
live_pod(struct live *l)
{
	return l->pod;
}

/* ---- the application ---- */

bool
live_is_running(struct live *l)
{
	return service_is_running(l->pod, APPLICATION);
}

void
live_output(struct live *l, struct buf *ret)
{
	(void)!service_output(l->pod, APPLICATION, ret, NULL);
}

static int
fail(struct live *l, const char *what, struct dd_err *err)
{
	OWN(buf) struct buf text = {.max = 4096}, plain = {0};
	struct str rest, line, last = {"", 0};
	live_output(l, &text);
	answers_redact(l->spec.answers, buf_str(&text), &plain);
	for (rest = buf_str(&plain); str_next_line(&rest, &line);)
		last = str_trim(line).n ? str_trim(line) : last;
	return err_set(err, DD_EIO, "the application %s: " STR_FMT, what,
		STR_ARG(last.n ? last : STR("it printed nothing")));
}

static bool
has_socket(const struct listening *l, const char *path)
{
	return strlist_has(&l->sockets, path);
}

static bool
is_any(const struct listening *l)
{
	return l->nports || l->sockets.n;
}

/* Those of `now` that are not in `before`, to ret. */
static void
subtract(const struct listening *now, const struct listening *before, struct listening *ret)
{
	listening_cleanup(ret);
	for (size_t i = 0; i < now->nports; i++)
		if (!listening_has(before, now->ports[i]))
			ret->ports[ret->nports++] = now->ports[i];
	for (size_t i = 0; i < now->sockets.n; i++)
		if (!has_socket(before, now->sockets.v[i]))
			strlist_add(&ret->sockets, now->sockets.v[i]);
}

static int
look(struct live *l, const struct listening *before, struct listening *ret, struct dd_err *err)
{
	OWN(listening) struct listening now = {0};
	int rc = pod_listening(l->pod, &now, err);
	if (rc == 0)
		subtract(&now, before, ret);
	return rc;
}

static int
wait_ready(struct live *l, const struct live_start *spec, const struct listening *before,
	struct listening *ret, struct dd_err *err)
{
	int64_t deadline = clock_mono_ns() + spec->limit_ms * 1000000;
	for (bool ready = false; !ready;) {
		int rc = look(l, before, ret, err);
		if (rc < 0)
			return rc;
		if (!live_is_running(l))
			return fail(l, "ended", err);
		if (sandbox_stop_requested())
			return err_set(err, DD_ESTOPPED, "stopped");
		ready = spec->port ? listening_has(ret, spec->port) : is_any(ret);
		if (!ready && clock_mono_ns() > deadline)
			return fail(l, "was not ready in time", err);
		(void)poll(NULL, 0, !ready ? LOOK_MS : spec->port ? 0 : SETTLE_MS);
	}
	return look(l, before, ret, err);
}

int
live_start(struct live *l, const struct live_start *spec, struct listening *ret_new,
	struct dd_err *err)
{
	static const char *const own_dirs[] = {WORK_DIR, POD_HOME, NULL};
	OWN(listening) struct listening before = {0}, new = {0};
	OWN(strlist) struct strlist env = {0};
	OWN_FREE char *dir =
		spec->dir ? mem_printf(WORK_DIR "/%s", spec->dir) : mem_strdup(WORK_DIR);
	const char *argv[] = {"/bin/sh", "-c", spec->run, NULL};
	strlist_copy(&env, l->spec.env);
	if (spec->port) {
		OWN_FREE char *port = mem_printf("%u", spec->port);
		strlist_set_env(&env, "PORT", port);
	}
	const struct service_spec service = {.name = APPLICATION,
		.argv = argv,
		.env = (const char *const *)env.v,
		.cwd = dir,
		.user = "builder",
		.dirs = own_dirs};
	int rc = pod_listening(l->pod, &before, err);
	if (rc == 0)
		rc = service_start(l->pod, &service, NULL, err);
	if (rc == 0 && !spec->at_once)
		rc = wait_ready(l, spec, &before, &new, err);
	if (rc < 0)
		return rc;
	if (ret_new) {
		*ret_new = new;
		new = (struct listening){0};
	}
	return 0;
}

/* ---- what it answers ---- */

static int
open_asker(struct live *l, struct dd_err *err)
{
	const struct pod_spec spec = {.state = l->spec.state, .network_of = l->pod};
	return l->asker ? 0 : pod_open(&spec, &l->asker, err);
}

int
live_ask(struct live *l, uint16_t port, struct served_port *ret, struct dd_err *err)
{
	OWN(buf) struct buf out = {.max = 65536};
	OWN_JSON json_t *j = NULL;
	OWN_FREE char *number = mem_printf("%u", port);
	const char *args[] = {number, NULL};
	const struct worker_spec worker = {
		.name = "ask", .args = args, .time_limit_ms = ASK_LIMIT_MS};
	int rc = open_asker(l, err);
	if (rc == 0)
		rc = worker_exec(l->asker, &worker, &out, err);
	if (rc == 0)
		rc = json_parse(buf_str(&out), &j, err);
	if (rc == 0)
		rc = json_decode(j, served_port_fields, true, ret, "answer", err);
	return rc < 0 ? err_wrap(err, "asking port %u", port) : 0;
}
