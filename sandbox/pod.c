/*
 * Theory of operation.  A pod directory <state>/pods/<id> holds the upper and work directories of
 * the two overlays and a lock file that is flocked for the pod's life: an unheld lock tells
 * sandbox_sweep that its drydock is gone.  drydock-box is started with nothing but one end of a
 * socket and standard error, is put under the limits before it is told anything, and gets its id
 * maps written from here in root mode.
 */
#include "sandbox/pod.h"

#include "base/fs.h"
#include "base/io.h"
#include "base/log.h"
#include "base/spawn.h"
#include "sandbox/flat.h"
#include "sandbox/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define DEFAULT_TMPFS_BYTES ((uint64_t)2 << 30)
#define ID_COUNT 65536

/* ---- names ---- */

char *
pod_state_tag(const struct state *st)
{
	uint32_t h = 2166136261u; /* FNV-1a */
	for (const char *p = st->dir; *p; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	return mem_printf("%08x", h);
}

char *
pod_programs_dir(void)
{
	const char *told = getenv("DRYDOCK_PROGRAMS"); /* where the tests have them */
	if (told && *told == '/')
		return mem_strdup(told);
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[n > 0 ? n : 0] = '\0';
	char *slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	OWN_FREE char *beside = fs_join(self, "drydock-box");
	if (fs_exists(beside))
		return mem_strdup(self);
	return mem_printf("%s/../libexec/drydock", self);
}

char *
sandbox_program(const char *name)
{
	OWN_FREE char *dir = pod_programs_dir();
	return fs_join(dir, name);
}

/* ---- directories ---- */

static int
make_dir(
	const struct state *st, const char *path, uid_t inside_uid, mode_t mode, struct dd_err *err)
{
	int rc = fs_mkdirs(path, 0700, err);
	uid_t uid = st->id_base + inside_uid;
	if (rc == 0 && st->root && chown(path, uid, uid) < 0)
		rc = err_errno(err, errno, "cannot give away %s", path);
	if (rc == 0 && chmod(path, mode) < 0)
		rc = err_errno(err, errno, "cannot set the mode of %s", path);
	return rc < 0 ? err_wrap(err, "sandbox") : 0;
}

int
pod_make_dir(
	const struct pod *p, const char *name, uid_t inside_uid, mode_t mode, struct dd_err *err)
{
	OWN_FREE char *path = fs_join(p->dir, name);
	return make_dir(p->state, path, inside_uid, mode, err);
}

/* Uppers and work directories of a root and of a work tree; the tree that has no layers needs no other. */
static int
make_root_upper(const struct state *st, const char *dir, struct dd_err *err)
{
	OWN_FREE char *top = fs_join(dir, "root");
	OWN_FREE char *upper = fs_join(dir, "root/fs");
	OWN_FREE char *work = fs_join(dir, "root/work");
	int rc = fs_mkdirs(top, 0700, err) < 0 ? err_wrap(err, "sandbox") : 0;
	if (rc == 0)
		rc = make_dir(st, upper, 0, 0755, err);
	return rc < 0 ? rc : make_dir(st, work, 0, 0755, err);
}

static int
make_tree_upper(const struct state *st, const char *dir, struct dd_err *err)
{
	OWN_FREE char *top = fs_join(dir, "work");
	OWN_FREE char *upper = fs_join(dir, "work/fs");
	int rc = fs_mkdirs(top, 0700, err) < 0 ? err_wrap(err, "sandbox") : 0;
	return rc < 0 ? rc : make_dir(st, upper, st->root ? POD_UID : 0, 0755, err);
}

int
pod_make_ready(const struct state *st, const char *dir)
{
	int rc = fs_mkdirs(dir, 0700, NULL);
	if (rc == 0)
		rc = make_root_upper(st, dir, NULL);
	return rc < 0 ? rc : make_tree_upper(st, dir, NULL);
}

static int
make_uppers(struct pod *p, struct dd_err *err)
{
	bool ready = p->has_uppers;
	int rc = 0;
	p->has_uppers = false; /* once */
	if (!ready && p->spec.root.n)
		rc = make_root_upper(p->state, p->dir, err);
	if (rc == 0 && !ready && p->spec.work)
		rc = make_tree_upper(p->state, p->dir, err);
	if (rc == 0 && p->spec.work && p->spec.work->n)
		rc = pod_make_dir(p, "work/work", 0, 0755, err);
	return rc < 0 ? rc : data_make_uppers(p, err);
}

static int
make_pod_dir(struct pod *p, struct dd_err *err)
{
	static unsigned counter;
	OWN_FREE char *tag = pod_state_tag(p->state);
	p->id = mem_printf("%s-%d-%u", tag, (int)getpid(), counter++);
	p->has_uppers = p->spec.root.n && p->spec.work &&
			scratch_take_ready(p->state, p->id, &p->dir, &p->lock_fd) == 0;
	if (p->has_uppers)
		return 0;
	return scratch_create(p->state, p->id, 0700, &p->dir, &p->lock_fd, err);
}

static const char *const stack_names[] = {[POD_ROOT] = "root", [POD_WORK] = "work"};

/* ---- describing the pod to the box ---- */

static int
add_stack(struct request *r, struct pod *p, enum pod_stack which, const struct stack *s,
	struct dd_err *err)
{
	const char *name = stack_names[which];
	struct hash_hex flat;
	size_t nflat = flat_find(p->state, s, &flat);
	OWN_FREE char *flat_dir = nflat ? layer_dir(p->state, flat.s) : NULL;
	if (nflat)
		request_add(r, name, flat_dir);
	for (size_t i = 0; i < s->n; i++) {
		OWN_FREE char *dir = layer_dir(p->state, s->v[i].s);
		if (!layer_exists(p->state, s->v[i].s))
			return err_set(err, DD_ENOENT,
				"layer %.12s is not in the store (or was not whole after a crash)",
				s->v[i].s);
		if (i >= nflat)
			request_add(r, name, dir);
		strlist_add(&p->lowers[which], dir);
	}
	OWN_FREE char *upper = mem_printf("%s/%s/fs", p->dir, name);
	OWN_FREE char *work = mem_printf("%s/%s/work", p->dir, name);
	OWN_FREE char *upper_key = mem_printf("%supper", name);
	OWN_FREE char *work_key = mem_printf("%swork", name);
	request_add(r, upper_key, upper);
	if (s->n)
		request_add(r, work_key, work);
	return 0;
}

static int
describe(struct request *r, struct pod *p, struct dd_err *err)
{
	const struct pod_spec *spec = &p->spec;
	OWN_FREE char *programs = pod_programs_dir();
	const struct limits *l = &p->limits;
	uint64_t tmpfs = l->want.memory_bytes;
	int rc = 0;
	if (!spec->limits.memory_bytes && tmpfs > DEFAULT_TMPFS_BYTES)
		tmpfs = DEFAULT_TMPFS_BYTES;
	if (spec->limits.disk_bytes && spec->limits.disk_bytes < tmpfs)
		tmpfs = spec->limits.disk_bytes;
	request_add(r, "mode", p->state->root ? "root" : "user");
	request_add_number(r, "tmpfs", tmpfs);
	/* What no control group holds, the warden does. */
	request_add(r, "dir", p->dir);
	request_add_number(r, "disk", l->want.disk_bytes);
	request_add_number(r, "memory", l->memory_group ? 0 : l->want.memory_bytes);
	request_add_number(r, "pids", l->pids_group ? 0 : l->want.pids);
	if (spec->root.n) {
		rc = add_stack(r, p, POD_ROOT, &spec->root, err);
	} else {
		request_add(r, "tools", "1");
		request_add(r, "programs", programs);
	}
	if (rc == 0 && spec->work) {
		request_add(r, "workdir", spec->work_dir ? spec->work_dir : WORK_DIR);
		rc = add_stack(r, p, POD_WORK, spec->work, err);
	}
	if (rc == 0)
		data_describe(p, r);
	for (size_t i = 0; rc == 0 && i < spec->nbinds; i++) {
		request_add(r, spec->binds[i].writable ? "bindrw" : "bindro", spec->binds[i].src);
		request_add(r, "to", spec->binds[i].dst);
	}
	return rc;
}

/* ---- starting the box ---- */

static int
write_map(pid_t pid, const char *file, uid_t base, struct dd_err *err)
{
	OWN_FREE char *path = mem_printf("/proc/%d/%s", (int)pid, file);
	OWN_FREE char *text = mem_printf("0 %u %d", (unsigned)base, ID_COUNT);
	OWN_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return err_errno(err, errno, "cannot write %s", path);
	return 0;
}

static int
copy_program(int from, off_t size, int to, const char *path, struct dd_err *err)
{
	for (off_t done = 0; done < size;) {
		ssize_t n = sendfile(to, from, &done, (size_t)(size - done));
		if (n <= 0)
			return err_errno(err, n < 0 ? errno : EIO, "cannot read %s", path);
	}
	if (fcntl(to, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return err_errno(err, errno, "cannot seal a copy of %s", path);
	return 0;
}

/*
 * The target can make its own process run drydock-box again (a link to /proc/self/exe as the command, or
 * as the interpreter of a script), with a C library of its own, and so open that program's file.  Where
 * it runs with the id of the file's owner it could write there.  Then what runs is a copy that nobody
 * can change: *ret_fd, else -1.
 */
static int
seal_program(const struct pod *p, const char *path, int *ret_fd, struct dd_err *err)
{
	struct stat st;
	OWN_FD int from = open(path, O_RDONLY | O_CLOEXEC);
	if (from < 0 || fstat(from, &st) < 0)
		return err_errno(err, errno, "cannot open %s", path);
	*ret_fd = -1;
	if (!(st.st_mode & 022) && (p->state->root || st.st_uid != geteuid()))
		return 0;
	OWN_FD int to = memfd_create("drydock-box", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (to < 0)
		return err_errno(err, errno, "cannot make a memory file");
	int rc = copy_program(from, st.st_size, to, path, err);
	if (rc == 0)
		*ret_fd = TAKE_FD(to);
	return rc;
}

static void
give(struct spawn_fd *fds, size_t *n, int fd, int as)
{
	if (fd >= 0)
		fds[(*n)++] = (struct spawn_fd){fd, as};
}

static int
start_box(struct pod *p, struct dd_err *err)
{
	int ends[2];
	OWN_FREE char *program = sandbox_program("drydock-box");
	OWN_FREE char *sealed = mem_printf("/proc/self/fd/%d", BOX_PROGRAM_FD);
	OWN_FD int copy = -1;
	const char *argv[] = {program, p->id, NULL}; /* for whoever looks at the processes */
	const char *env[] = {NULL};
	int rc = seal_program(p, program, &copy, err);
	if (rc < 0)
		return rc;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_errno(err, errno, "cannot make a socket pair");
	struct spawn_fd fds[BOX_NETWORK_USER_FD] = {{ends[1], BOX_CONTROL_FD}, {STDERR_FILENO, 2}};
	struct spawn_spec spec = {.argv = argv,
		.program = copy < 0 ? NULL : sealed,
		.env = env,
		.cwd = "/",
		.fds = fds,
		.nfds = 2};
	give(fds, &spec.nfds, copy, BOX_PROGRAM_FD);
	if (p->network) {
		give(fds, &spec.nfds, network_fd(p->network), BOX_NETWORK_FD);
		give(fds, &spec.nfds, network_user_fd(p->network), BOX_NETWORK_USER_FD);
	}
	rc = spawn_start(&spec, &p->box, NULL, err);
	(void)close(ends[1]);
	if (rc < 0) {
		(void)close(ends[0]);
		return rc;
	}
	p->control = ends[0];
	return 0;
}

/* The box enters the control groups by itself, before anything else. */
static int
send_setup(struct pod *p, struct request *setup, struct dd_err *err)
{
	int fds[LIMITS_MAX_ENTRIES];
	size_t n;
	int rc = limits_entries(&p->limits, fds, &n, err);
	for (size_t i = 0; i < n; i++)
		request_add_fd(setup, fds[i]);
	if (rc == 0)
		rc = channel_send(p->control, setup, err);
	for (size_t i = 0; i < n; i++)
		(void)close(fds[i]);
	return rc;
}

static int
expect(struct pod *p, enum box_message type, struct dd_err *err)
{
	OWN(reply) struct reply r = {0};
	int rc = channel_receive(p->control, &r, err);
	if (rc < 0)
		return rc;
	if (r.type == BOX_FAILED)
		return reply_error(&r, err);
	if (r.type == BOX_LIMIT) {
		limits_exceeded(&p->limits, reply_get(&r, "cause"), reply_number(&r, "used"));
		return err_set(err, DD_ELIMIT, "sandbox: a limit was exceeded");
	}
	if (r.type != type)
		return err_set(err, DD_EIO, "sandbox: unexpected answer %d", r.type);
	return 0;
}

static int
handshake(struct pod *p, struct dd_err *err)
{
	OWN(request) struct request setup;
	request_init(&setup, BOX_SETUP);
	int rc = describe(&setup, p, err);
	if (rc == 0)
		rc = expect(p, BOX_UNSHARED, err);
	if (rc == 0 && p->state->root)
		rc = write_map(p->box, "uid_map", p->state->id_base, err);
	if (rc == 0 && p->state->root)
		rc = write_map(p->box, "gid_map", p->state->id_base, err);
	return rc < 0 ? rc : send_setup(p, &setup, err);
}

/* In its lock, where collections look: what it stands on stays while it lives (lease.h). */
static int
note_layers(const struct pod *p, struct dd_err *err)
{
	const struct stack *stacks[] = {&p->spec.root, p->spec.work};
	OWN(buf) struct buf keys = {0};
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; stacks[i] && k < stacks[i]->n; k++)
			buf_printf(&keys, "%s\n", stacks[i]->v[k].s);
	if (io_truncate(p->lock_fd, 0) < 0 ||
		(keys.n && io_pwrite(p->lock_fd, keys.p, keys.n, 0) != (ssize_t)keys.n))
		return err_errno(err, errno, "sandbox: cannot write %s/lock", p->dir);
	return 0;
}

static int
begin(struct pod *p, struct dd_err *err)
{
	if (sandbox_stop_requested())
		return err_set(err, DD_ESTOPPED, "stopped");
	int rc = start_box(p, err); /* it makes its namespaces meanwhile */
	if (rc == 0)
		rc = make_uppers(p, err);
	if (rc == 0)
		rc = note_layers(p, err);
	strlist_cleanup(&p->lowers[POD_ROOT]);
	strlist_cleanup(&p->lowers[POD_WORK]);
	if (rc < 0)
		return rc;
	limits_open(p->id, &p->spec.limits, p->dir, &p->limits);
	return handshake(p, err);
}

/* rc, or that one of its limits was too small for a pod that could not be made. */
static int
name_limit(const struct pod *p, int rc, struct dd_err *err)
{
	enum exec_cause limit = rc < 0 && !p->made ? limits_check(&p->limits) : CAUSE_NONE;
	if (limit == CAUSE_NONE)
		return rc;
	if (err)
		dd_err_cleanup(err);
	return err_set(err, DD_ELIMIT, "sandbox: the %s limit is less than a pod itself takes",
		exec_cause_name(limit));
}

int
pod_start(struct pod *p, struct dd_err *err)
{
	p->made = false;
	int rc = begin(p, err);
	if (rc == 0)
		rc = expect(p, BOX_READY, err);
	p->made = rc == 0;
	return name_limit(p, rc, err);
}

static int
take_network(struct pod *p, const struct pod_spec *spec, struct dd_err *err)
{
	const struct pod *of = spec->network_of;
	if (!of)
		return spec->shares_network ? network_create(p->state, &p->network, err) : 0;
	if (!of->network)
		return err_set(err, DD_EINVAL, "sandbox: a pod does not share its network");
	p->network = network_ref(of->network);
	return 0;
}

static int
open_by(int start(struct pod *, struct dd_err *), const struct pod_spec *spec, struct pod **ret,
	struct dd_err *err)
{
	struct pod *p = mem_new(struct pod);
	p->state = spec->state;
	p->lock_fd = p->control = p->egress_log = -1;
	p->owners = p->state->root ? NULL : owners_create();
	TAILQ_INIT(&p->execs);
	TAILQ_INIT(&p->services);
	pod_spec_copy(p, spec);
	int rc = make_pod_dir(p, err);
	if (rc == 0)
		rc = take_network(p, spec, err);
	if (rc == 0)
		rc = start(p, err);
	if (rc < 0) {
		pod_close(p);
		return rc;
	}
	*ret = p;
	return 0;
}

int
pod_open(const struct pod_spec *spec, struct pod **ret, struct dd_err *err)
{
	return open_by(pod_start, spec, ret, err);
}

int
pod_open_early(const struct pod_spec *spec, struct pod **ret, struct dd_err *err)
{
	return open_by(begin, spec, ret, err);
}

/* ---- closing ---- */

void
pod_end_processes(struct pod *p)
{
	int status;
	while (!TAILQ_EMPTY(&p->execs)) {
		struct exec *e = TAILQ_FIRST(&p->execs);
		TAILQ_REMOVE(&p->execs, e, link);
		e->pod = NULL; /* its owner still frees it */
	}
	if (p->control >= 0)
		(void)close(TAKE_FD(p->control));
	if (p->box > 0) {
		/* End of file ends pid 1, and with it everything in the pod. */
		(void)!spawn_wait(p->box, &status, NULL);
		p->box = 0;
	}
	if (p->limits.opened)
		limits_close(&p->limits);
}

static void
destroy(struct pod *p)
{
	services_cleanup(p);
	if (p->dir)
		(void)!scratch_discard(p->dir, NULL);
	if (p->lock_fd >= 0)
		(void)close(p->lock_fd);
	if (p->egress_log >= 0)
		(void)close(p->egress_log);
	owners_destroy(p->owners);
	network_unref(p->network);
	strlist_cleanup(&p->lowers[POD_ROOT]);
	strlist_cleanup(&p->lowers[POD_WORK]);
	free(p->id);
	free(p->dir);
	pod_spec_cleanup(p);
	free(p);
}

void
pod_close(struct pod *p)
{
	if (!p)
		return;
	pod_end_processes(p);
	destroy(p);
}

/* To a sweep it is from now on one of a drydock that is gone; nothing of the target runs in it any more. */
static void
abandon(struct pod *p)
{
	if (p->control >= 0)
		(void)close(TAKE_FD(p->control));
	if (p->limits.opened)
		limits_leave(&p->limits);
	free(TAKE(p->dir));
	destroy(p);
}

/* Nothing below it but, perhaps, an entry of this name. */
static bool
is_bare(const struct pod *p, const char *upper, const char *but)
{
	OWN_FREE char *path = fs_join(p->dir, upper);
	OWN(strlist) struct strlist names = {0};
	return fs_list(path, &names, NULL) == 0 &&
	       (!names.n || (but && names.n == 1 && strcmp(names.v[0], but) == 0));
}

void
pod_leave(struct pod *p)
{
	if (!p)
		return;
	/* What is bound is the caller's, who may want to have it back at once. */
	if (p->spec.nbinds || !TAILQ_EMPTY(&p->execs))
		pod_end_processes(p);
	/* The box makes where the work tree is mounted. */
	if (is_bare(p, "root/fs", fs_name(p->default_dir)) && is_bare(p, "work/fs", NULL))
		abandon(p);
	else
		pod_close(p);
}

static void
ask_for_flat(const struct pod *p, enum pod_stack which, const char *key)
{
	struct stack longer = {0};
	stack_copy(&longer, which == POD_ROOT ? &p->spec.root : p->spec.work);
	stack_push(&longer, key);
	if (flat_prefix(longer.n))
		flat_ask(p->state, &longer);
	stack_cleanup(&longer);
}

int
pod_publish(struct pod *p, enum pod_stack which, const char *key, struct dd_err *err)
{
	OWN_FREE char *dir = fs_join(p->dir, stack_names[which]);
	OWN_FREE char *overlay_work = fs_join(dir, "work");
	OWN_FREE char *upper = fs_join(dir, "fs");
	OWN_FREE char *owners = fs_join(dir, "owners");
	const struct owners_tree tree = {.upper = upper,
		.mounted = which == POD_WORK ? p->default_dir : "/",
		.lowers = &p->lowers[which]};
	int rc = fs_remove_tree(overlay_work, err);
	if (rc == 0 && p->owners)
		rc = owners_write(p->owners, &tree, owners, err);
	if (rc < 0)
		return err_wrap(err, "layer %.12s", key);
	rc = layer_publish(p->state, key, dir, err);
	if (rc == 0)
		ask_for_flat(p, which, key);
	return rc;
}

int
pod_freeze(struct pod *p, enum pod_stack which, const char *key, struct dd_err *err)
{
	pod_end_processes(p);
	int rc = pod_publish(p, which, key, err);
	destroy(p);
	return rc;
}

/* ---- looking ---- */

static bool
has_path(const char *dir, const char *path)
{
	OWN_FD int root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	OWN_FD int fd = -1;
	return root >= 0 && fs_open_in_root(root, path, O_PATH | O_NOFOLLOW, &fd, NULL) == 0;
}

char *
pod_layer_of(const struct pod *p, const char *path)
{
	size_t n = strlen(p->default_dir);
	bool work = p->spec.work && strncmp(path, p->default_dir, n) == 0 && path[n] == '/';
	const struct strlist *lowers = &p->lowers[work ? POD_WORK : POD_ROOT];
	for (size_t i = lowers->n; i-- > 0;) {
		if (!has_path(lowers->v[i], work ? path + n : path))
			continue;
		const char *end = strrchr(lowers->v[i], '/'); /* .../layers/KEY/fs */
		return mem_strndup(end - HASH_HEX, HASH_HEX);
	}
	return NULL;
}

/* ---- talking ---- */

static struct exec *
find_exec(struct pod *p, const char *id)
{
	struct exec *e;
	TAILQ_FOREACH (e, &p->execs, link) {
		if (id && strcmp(e->id, id) == 0)
			return e;
	}
	return NULL;
}

/* True when the message was no answer. */
static bool
dispatch(struct pod *p, const struct reply *r)
{
	if (r->type == BOX_LIMIT) {
		limits_exceeded(&p->limits, reply_get(r, "cause"), reply_number(r, "used"));
		return true;
	}
	if (r->type == BOX_READY) {
		p->made = true;
		return true;
	}
	struct exec *e = find_exec(p, reply_get(r, "id"));
	if (!e)
		return r->type == BOX_EXITED;
	if (r->type == BOX_EXITED) {
		e->exited = true;
		e->status = (int)reply_number(r, "status");
		e->cpu_us = reply_number(r, "cpu_us");
		e->peak_kib = reply_number(r, "peak_kib");
		if (reply_number(r, "full"))
			limits_exceeded(&p->limits, exec_cause_name(CAUSE_PIDS), 0);
		return true;
	}
	if (r->type == BOX_FAILED) {
		free(e->failed);
		const char *text = reply_get(r, "text");
		e->failed = mem_strdup(text ? text : "unknown failure");
		return true;
	}
	return false;
}

int
pod_take_message(struct pod *p, struct dd_err *err)
{
	OWN(reply) struct reply r = {0};
	int rc = channel_receive(p->control, &r, err);
	if (rc == 0)
		(void)dispatch(p, &r);
	return rc;
}

int
pod_call(struct pod *p, const struct request *request, struct reply *ret, struct dd_err *err)
{
	OWN(dd_err) struct dd_err unsent = {0};
	int rc = channel_send(p->control, request, &unsent);
	if (rc < 0 && rc != -DD_EIO)
		return err_move(err, &unsent);
	/* A box that is gone has said why. */
	for (;;) {
		struct reply r = {0};
		rc = channel_receive(p->control, &r, err);
		if (rc < 0)
			return name_limit(p, rc, err);
		if (dispatch(p, &r)) {
			reply_cleanup(&r);
			continue;
		}
		if (r.type != BOX_FAILED) {
			*ret = r;
			return 0;
		}
		rc = reply_error(&r, err);
		reply_cleanup(&r);
		return name_limit(p, rc, err);
	}
}

static int
listen_in(struct pod *p, struct request *r, int *ret_fd, struct dd_err *err)
{
	OWN(reply) struct reply answer = {0};
	int rc = pod_call(p, r, &answer, err);
	int fd = rc == 0 ? reply_take_fd(&answer, 0) : -1;
	if (rc == 0 && fd < 0)
		rc = err_set(err, DD_EIO, "sandbox: no socket came");
	if (rc == 0)
		*ret_fd = fd;
	return rc;
}

int
pod_listen(struct pod *p, uint16_t port, int *ret_fd, struct dd_err *err)
{
	OWN(request) struct request r;
	request_init(&r, BOX_LISTEN);
	request_add_number(&r, "port", port);
	return listen_in(p, &r, ret_fd, err);
}

int
pod_listen_at(struct pod *p, const char *path, int *ret_fd, struct dd_err *err)
{
	OWN(request) struct request r;
	request_init(&r, BOX_LISTEN);
	request_add(&r, "socket", path);
	return listen_in(p, &r, ret_fd, err);
}

int
pod_terminal(struct pod *p, int *ret_ours, int *ret_program, struct dd_err *err)
{
	OWN(request) struct request r;
	OWN(reply) struct reply answer = {0};
	request_init(&r, BOX_PTY);
	int rc = pod_call(p, &r, &answer, err);
	if (rc < 0)
		return rc;
	OWN_FD int ours = reply_take_fd(&answer, 0);
	OWN_FD int program = reply_take_fd(&answer, 1);
	if (ours < 0 || program < 0)
		return err_set(err, DD_EIO, "sandbox: no terminal came");
	(void)fcntl(ours, F_SETFL, O_NONBLOCK);
	*ret_ours = TAKE_FD(ours);
	*ret_program = TAKE_FD(program);
	return 0;
}

void
listening_cleanup(struct listening *l)
{
	strlist_cleanup(&l->sockets);
	l->nports = 0;
}

bool
listening_has(const struct listening *l, uint16_t port)
{
	for (size_t i = 0; i < l->nports; i++)
		if (l->ports[i] == port)
			return true;
	return false;
}

int
pod_listening(struct pod *p, struct listening *ret, struct dd_err *err)
{
	OWN(request) struct request r;
	OWN(reply) struct reply answer = {0};
	struct str rest, field;
	uint64_t port;
	request_init(&r, BOX_LISTENING);
	int rc = pod_call(p, &r, &answer, err);
	if (rc < 0)
		return rc;
	*ret = (struct listening){0};
	for (rest = buf_str(&answer.text); str_next(&rest, '\0', &field);) {
		const struct str value = {field.p + 5, field.n - 5};
		if (str_starts(field, "port=") && str_parse_u64(value, 65535, &port) &&
			ret->nports < LISTENING_MAX_PORTS)
			ret->ports[ret->nports++] = (uint16_t)port;
		else if (str_starts(field, "socket="))
			strlist_add_str(&ret->sockets, (struct str){field.p + 7, field.n - 7});
	}
	return 0;
}
