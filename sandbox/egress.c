/*
 * Theory of operation.  The broker is a process of its own, so that code which talks to the network
 * and to the pod holds neither drydock's rights nor its state: started by root it runs as an
 * unprivileged id of the sandbox's range.  It gets a listening socket of the pod's network
 * namespace, its configuration (with credentials) as a memory file, a spool directory, and a log
 * file to append to.  Closing the control pipe ends it.  Bodies are adopted into the content store
 * here, by digest, when the phase is over, or by a sweep when the drydock of the phase was killed.
 * The broker is not trusted with more: a body that is not what its name says is not adopted, and
 * the log is read as text of somebody else's.
 */
#include "sandbox/egress.h"

#include "base/cas.h"
#include "base/fault.h"
#include "base/fs.h"
#include "base/io.h"
#include "base/log.h"
#include "base/map.h"
#include "base/spawn.h"
#include "sandbox/broker.h"
#include "sandbox/pod.h"
#include "sandbox/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define BROKER_INSIDE_ID 65533
#define LOG_MAX_BYTES ((size_t)64 << 20)
#define SPOOL_PREFIX "spool-"
#define ADOPT_AT_ONCE 64

struct egress {
	const struct state *state;
	struct pod *pod;
	pid_t broker;
	int control; /* write end; closing it ends the broker */
	int log;     /* appended to by the broker; -1: none */
	char *log_path;
	char *spool; /* directory */
	char *owner; /* of the leases of what comes; may be NULL */
	struct witness *witness;
};

#define F(member, what) \
	.key = #member, .kind = what, .offset = offsetof(struct egress_request, member)
static const struct json_field request_fields[] = {
	{F(upstream, JSON_K_STRING)},
	{F(path, JSON_K_STRING)},
	{F(url, JSON_K_STRING)},
	{F(status, JSON_K_INT)},
	{F(refused, JSON_K_BOOL)},
	{F(bytes, JSON_K_INT)},
	{F(sha256, JSON_K_STRING)},
	{F(program, JSON_K_STRING)},
	{F(why, JSON_K_STRING)},
	{F(times, JSON_K_INT)},
	{.key = NULL},
};

char *
egress_inside_url(const char *upstream_name)
{
	return mem_printf("http://127.0.0.1:%d/%s", EGRESS_PORT, upstream_name);
}

/* ---- starting ---- */

static json_t *
config_to_json(const struct egress_spec *spec, json_t *stored)
{
	json_t *list = json_array();
	for (size_t i = 0; i < spec->n; i++) {
		const struct egress_upstream *u = &spec->upstreams[i];
		json_t *j = json_pack("{s:s, s:s, s:b, s:b}", "name", u->name, "url", u->url,
			"rewrite_urls", u->rewrite_urls, "allow_post", u->allow_post);
		if (u->proxy)
			json_object_set_new(j, "proxy", json_string(u->proxy));
		if (u->ca_file)
			json_object_set_new(j, "ca_file", json_string(u->ca_file));
		if (u->auth_header)
			json_object_set_new(j, "auth_header", json_string(u->auth_header));
		json_array_append_new(list, j);
	}
	json_t *all = json_pack("{s:o, s:O, s:b, s:I}", "upstreams", list, "stored", stored,
		"offline", spec->offline, "budget_bytes",
		(json_int_t)(spec->budget_bytes ? spec->budget_bytes : EGRESS_BUDGET));
	if (spec->relay_host_port)
		json_object_set_new(all, "relay", json_string(spec->relay_host_port));
	json_t *allow = json_array();
	for (size_t i = 0; spec->allow && i < spec->allow->n; i++)
		json_array_append_new(allow, json_string(spec->allow->v[i]));
	json_object_set_new(all, "allow", allow);
	return all;
}

/* A memory file is read by its descriptor only: nothing of it reaches argv, environment or disk. */
static int
config_file(const struct egress_spec *spec, json_t *stored, int *ret_fd, struct dd_err *err)
{
	OWN_JSON json_t *j = config_to_json(spec, stored);
	OWN(buf) struct buf text = {0};
	OWN_FD int fd = memfd_create("egress", MFD_CLOEXEC);
	json_print(j, 0, &text);
	if (fd < 0)
		return err_errno(err, errno, "cannot make a memory file");
	int rc = fs_write_all(fd, text.p, text.n, err);
	if (rc == 0 && lseek(fd, 0, SEEK_SET) < 0)
		rc = err_errno(err, errno, "cannot rewind a memory file");
	if (rc == 0)
		*ret_fd = TAKE_FD(fd);
	return rc;
}

static int
make_spool(struct egress *e, const struct pod *p, uid_t uid, int *ret_fd, struct dd_err *err)
{
	static unsigned counter;
	e->spool = mem_printf("%s/" SPOOL_PREFIX "%u", p->dir, counter++);
	int rc = fs_mkdirs(e->spool, 0700, err);
	if (rc == 0 && uid && chown(e->spool, uid, uid) < 0)
		rc = err_errno(err, errno, "cannot give away %s", e->spool);
	if (rc < 0)
		return rc;
	*ret_fd = open(e->spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret_fd < 0 ? err_errno(err, errno, "cannot open %s", e->spool) : 0;
}

/*
 * The broker may not read the content store: what it is to serve from there is linked into its
 * spool directory, under names that its own files never have.
 */
static int
link_stored(const struct egress *e, const struct egress_spec *spec, json_t *ret, struct dd_err *err)
{
	OWN_FREE char *cas = state_path(e->state, "cas");
	for (size_t i = 0; i < spec->nstored; i++) {
		const struct egress_stored *s = &spec->stored[i];
		OWN_FREE char *from = cas_path(cas, s->sha256);
		OWN_FREE char *to = mem_printf("%s/stored-%s", e->spool, s->sha256);
		OWN_FREE char *key = mem_printf("%s%s", s->upstream, s->path);
		OWN_FD int verified = -1;
		if (!cas_has(cas, s->sha256))
			continue;
		OWN(dd_err) struct dd_err why = {0};
		int rc = cas_open(cas, s->sha256, &verified, &why);
		if (rc == -DD_ECORRUPT) { /* it was moved aside */
			log_warn("%s; fetching it again", err_msg(&why));
			continue;
		}
		if (rc < 0)
			(void)err_move(err, &why);
		else if (io_link(from, to) < 0 && errno != EEXIST)
			rc = err_errno(err, errno, "cannot link to %s", to);
		if (rc < 0)
			return rc;
		json_object_set_new(ret, key, json_string(s->sha256));
	}
	return 0;
}

/* Without one the broker still has its descriptor: another file must not come to lie there. */
static int
open_log(struct egress *e, const char *path, int *ret_fd, struct dd_err *err)
{
	if (!path) {
		*ret_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
		return *ret_fd < 0 ? err_errno(err, errno, "cannot open /dev/null") : 0;
	}
	e->log_path = mem_strdup(path);
	e->log = io_create(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	*ret_fd = e->log < 0 ? -1 : fcntl(e->log, F_DUPFD_CLOEXEC, 0);
	return *ret_fd < 0 ? err_errno(err, errno, "cannot open the log %s", path) : 0;
}

/* The pod's execs are watched from now on, and have the log longer than the phase may last. */
static int
watch_direct(const struct egress *e, struct pod *p, struct dd_err *err)
{
	if (p->egress_log >= 0)
		(void)close(TAKE_FD(p->egress_log));
	if (e->log >= 0 && (p->egress_log = fcntl(e->log, F_DUPFD_CLOEXEC, 0)) < 0)
		return err_errno(err, errno, "cannot keep a log open");
	return 0;
}

static int
start_broker(struct egress *e, const int fds[BROKER_FDS], uid_t uid, struct dd_err *err)
{
	OWN_FREE char *program = sandbox_program("drydock-core");
	const char *argv[] = {program, "broker", NULL};
	/* resolv.conf(5): as patient as the default in all, but one lost answer costs two seconds,
	 * not five. */
	const char *env[] = {"PATH=/usr/bin:/bin", "RES_OPTIONS=timeout:2 attempts:5", NULL};
	struct spawn_fd pass[BROKER_FDS + 1] = {{STDERR_FILENO, 2}};
	size_t n = 1;
	for (int i = 0; i < BROKER_FDS; i++)
		if (fds[i] >= 0)
			pass[n++] = (struct spawn_fd){fds[i], BROKER_FIRST_FD + i};
	const struct spawn_spec spec = {
		.argv = argv, .env = env, .cwd = "/", .fds = pass, .nfds = n, .uid = uid};
	return spawn_start(&spec, &e->broker, NULL, err);
}

static void
free_egress(struct egress *e)
{
	if (e->control >= 0)
		(void)close(e->control);
	if (e->log >= 0)
		(void)close(e->log);
	witness_join(e->witness);
	free(e->spool);
	free(e->owner);
	free(e->log_path);
	free(e);
}

/* The broker asks over one end; the other is served here, until the broker is gone. */
static int
start_witness(struct egress *e, const struct pod *p, int *ret_fd, struct dd_err *err)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_errno(err, errno, "cannot make a socket pair");
	*ret_fd = ends[1];
	return witness_start(p->box, ends[0], &e->witness, err);
}

static int
judge_broker(const struct egress *e, int exit_status, struct dd_err *err)
{
	if (exit_status == BROKER_NO_START)
		return err_set(err, DD_EIO, "egress: the broker did not start");
	if (exit_status)
		return err_errno(err, exit_status, "egress: cannot write %s or below %s",
			e->log_path ? e->log_path : "its log", e->spool);
	return 0;
}

/* Of a pod_prop: while the phase is open the broker does not end by itself. */
static int
check_broker(void *ctx, struct dd_err *err)
{
	const struct egress *e = ctx;
	siginfo_t how = {0};
	if (waitid(P_PID, (id_t)e->broker, &how, WEXITED | WNOHANG | WNOWAIT) < 0 || !how.si_pid)
		return 0;
	int rc = how.si_code == CLD_EXITED ? judge_broker(e, how.si_status, err) : 0;
	return rc < 0 ? rc : err_set(err, DD_EIO, "egress: the broker has ended");
}

int
egress_open(struct pod *p, const struct egress_spec *spec, struct egress **ret, struct dd_err *err)
{
	if (p->network) /* whoever is in it would have the way out, too */
		return err_set(
			err, DD_EINVAL, "egress: a pod that shares its network has no way out");
	struct egress *e = mem_new(struct egress);
	*e = (struct egress){.state = spec->state, .pod = p, .control = -1, .log = -1};
	e->owner = spec->owner ? mem_strdup(spec->owner) : NULL;
	uid_t uid = spec->state->root ? spec->state->id_base + BROKER_INSIDE_ID : 0;
	int fds[BROKER_FDS], control[2] = {-1, -1};
	for (int i = 0; i < BROKER_FDS; i++)
		fds[i] = -1;
	OWN_JSON json_t *stored = json_object();
	int rc = make_spool(e, p, uid, &fds[BROKER_SPOOL], err);
	if (rc == 0)
		rc = link_stored(e, spec, stored, err);
	if (rc == 0)
		rc = config_file(spec, stored, &fds[BROKER_CONFIG], err);
	if (rc == 0)
		rc = pod_listen(p, EGRESS_PORT, &fds[BROKER_LISTEN], err);
	if (rc == 0 && spec->relay_host_port)
		rc = pod_listen(p, spec->relay_port, &fds[BROKER_RELAY], err);
	if (rc == 0 && spec->allow)
		rc = pod_listen(p, EGRESS_PROXY_PORT, &fds[BROKER_PROXY], err);
	if (rc == 0)
		rc = start_witness(e, p, &fds[BROKER_WITNESS], err);
	if (rc == 0 && pipe2(control, O_CLOEXEC) < 0)
		rc = err_errno(err, errno, "cannot make a pipe");
	e->control = control[1];
	fds[BROKER_CONTROL] = control[0];
	if (rc == 0)
		rc = open_log(e, spec->log_path, &fds[BROKER_LOG], err);
	if (rc == 0)
		rc = watch_direct(e, p, err);
	if (rc == 0)
		rc = start_broker(e, fds, uid, err);
	for (int i = 0; i < BROKER_FDS; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	if (rc < 0) {
		free_egress(e);
		return err_wrap(err, "egress");
	}
	p->way_out = (struct pod_prop){check_broker, e};
	*ret = e;
	return 0;
}

/* ---- ending ---- */

/* Take one body into the batch; a body that is not what its name says is an error. */
static int
stage_body(const char *cas, const char *spool, const char *name, struct cas_staged *ret,
	struct dd_err *err)
{
	OWN_FREE char *path = fs_join(spool, name);
	OWN_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, DD_ECORRUPT, "egress: spooled body %s", name);
	return cas_stage(cas, fd, name + strlen(BROKER_WHOLE), ret, err);
}

static int
lease_bodies(
	const struct state *st, const char *owner, const struct strlist *names, struct dd_err *err)
{
	OWN(strlist) struct strlist digests = {0};
	for (size_t i = 0; i < names->n; i++)
		if (str_starts(str_of(names->v[i]), BROKER_WHOLE))
			strlist_add(&digests, names->v[i] + strlen(BROKER_WHOLE));
	return object_lease(st, owner, &digests, err);
}

static int
adopt_bodies(const struct state *st, const char *spool, const char *owner, struct dd_err *err)
{
	OWN_FREE char *cas = state_path(st, "cas");
	OWN(strlist) struct strlist names = {0};
	struct cas_staged staged[ADOPT_AT_ONCE];
	int rc = fs_list(spool, &names, err);
	if (rc == 0 && owner)
		rc = lease_bodies(st, owner, &names, err);
	for (size_t i = 0; rc == 0 && i < names.n;) {
		size_t n = 0;
		for (; rc == 0 && i < names.n && n < ADOPT_AT_ONCE; i++) {
			if (!str_starts(str_of(names.v[i]), BROKER_WHOLE))
				continue;
			rc = stage_body(cas, spool, names.v[i], &staged[n], err);
			n += rc == 0;
		}
		int published = cas_publish(cas, staged, n, rc < 0 ? NULL : err);
		rc = rc < 0 ? rc : published;
	}
	return rc;
}

void
egress_salvage(const struct state *st, const char *pod_dir)
{
	OWN(strlist) struct strlist names = {0};
	(void)!fs_list(pod_dir, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		OWN_FREE char *spool = fs_join(pod_dir, names.v[i]);
		if (str_starts(str_of(names.v[i]), SPOOL_PREFIX))
			(void)!adopt_bodies(st, spool, NULL, NULL);
	}
}

int
egress_close(struct egress *e, struct dd_err *err)
{
	int status;
	fault_point("egress.close");
	e->pod->way_out = (struct pod_prop){0};
	(void)close(TAKE_FD(e->control));
	int rc = spawn_wait(e->broker, &status, err);
	if (rc == 0 && WIFEXITED(status))
		rc = judge_broker(e, WEXITSTATUS(status), err);
	if (rc == 0)
		rc = adopt_bodies(e->state, e->spool, e->owner, err);
	fault_point("egress.adopted");
	if (rc == 0 && e->log >= 0 && io_fsync(e->log) < 0)
		rc = err_errno(err, errno, "egress: cannot sync %s", e->log_path);
	(void)!fs_remove_tree(e->spool, NULL);
	free_egress(e);
	return rc;
}

/* ---- reading a log ---- */

void
egress_upstreams_free(struct egress_upstream *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free((char *)v[i].name);
		free((char *)v[i].url);
		free((char *)v[i].proxy);
		free((char *)v[i].ca_file);
		free((char *)v[i].auth_header);
	}
	free(v);
}

void
egress_log_cleanup(struct egress_log *l)
{
	for (size_t i = 0; i < l->n; i++)
		json_release(request_fields, &l->v[i]);
	free(l->v);
	*l = (struct egress_log){0};
}

json_t *
egress_log_to_json(const struct egress_log *l)
{
	json_t *a = json_array();
	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(a, json_encode(request_fields, &l->v[i]));
	return a;
}

static bool
parse_line(struct str line, struct egress_request *ret)
{
	OWN_JSON json_t *j = NULL;
	if (json_parse(line, &j, NULL) == 0 &&
		json_decode(j, request_fields, false, ret, "egress", NULL) == 0 && ret->upstream &&
		ret->path)
		return true;
	json_release(request_fields, ret);
	return false;
}

int
egress_log_read(const char *path, struct egress_log *ret, struct dd_err *err)
{
	OWN(buf) struct buf text = {.max = LOG_MAX_BYTES};
	OWN(map) struct map seen = {0}; /* line -> its place, from 1 */
	int rc = fs_exists(path) ? fs_read(path, LOG_MAX_BYTES, &text, err) : 0;
	if (rc < 0 && rc != -DD_ELIMIT)
		return rc;
	struct str rest = buf_str(&text), line;
	while (str_next_line(&rest, &line)) {
		uintptr_t at = (uintptr_t)map_get_str(&seen, line);
		struct egress_request r = {0};
		if (at) {
			ret->v[at - 1].times++;
			continue;
		}
		if (!parse_line(line, &r))
			continue;
		r.times = 1;
		ret->v = mem_grow(ret->v, ret->n, &ret->cap, sizeof(*ret->v));
		ret->v[ret->n++] = r;
		map_put_str(&seen, line, (void *)(uintptr_t)ret->n);
	}
	return 0;
}
