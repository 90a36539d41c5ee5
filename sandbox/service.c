#include "sandbox/pod.h"

#include "base/fs.h"
#include "base/io.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#define READY_LIMIT_MS 60000
#define STOP_LIMIT_MS 10000
#define AGAIN_MS 15000 /* the least that it gets when it is started anew */
#define CHECK_LIMIT_MS 10000
#define FIRST_LOOK_MS 5
#define LAST_LOOK_MS 200
#define OUTPUT_BYTES 65536

struct service {
	TAILQ_ENTRY(service) link;
	struct service_spec spec; /* its strings are in the next ones */
	struct strlist argv, env, dirs, check;
	char *name, *cwd, *user, *socket;
	struct exec *exec; /* NULL: it does not run */
	int out;	   /* what it prints; -1 */
};

/* ---- declaration ---- */

static char *
dup_or_null(const char *s)
{
	return s ? mem_strdup(s) : NULL;
}

static const char *const *
copy_words(struct strlist *to, const char *const *words)
{
	if (!words)
		return NULL;
	for (; *words; words++)
		strlist_add(to, *words);
	to->v = mem_realloc(to->v, to->n + 1, sizeof(*to->v));
	to->v[to->n] = NULL;
	return (const char *const *)to->v;
}

static struct service *
create(const struct service_spec *spec)
{
	struct service *s = mem_new(struct service);
	s->spec = *spec;
	s->out = -1;
	s->spec.name = s->name = mem_strdup(spec->name);
	s->spec.cwd = s->cwd = mem_strdup(spec->cwd ? spec->cwd : "/");
	s->spec.user = s->user = dup_or_null(spec->user);
	s->spec.socket = s->socket = dup_or_null(spec->socket);
	s->spec.argv = copy_words(&s->argv, spec->argv);
	s->spec.env = copy_words(&s->env, spec->env);
	s->spec.dirs = copy_words(&s->dirs, spec->dirs);
	s->spec.check = copy_words(&s->check, spec->check);
	return s;
}

static void
destroy(struct service *s)
{
	if (s->out >= 0)
		(void)close(s->out);
	free(s->name);
	free(s->cwd);
	free(s->user);
	free(s->socket);
	strlist_cleanup(&s->argv);
	strlist_cleanup(&s->env);
	strlist_cleanup(&s->dirs);
	strlist_cleanup(&s->check);
	free(s);
}

static struct service *
find(struct pod *p, const char *name)
{
	struct service *s;
	TAILQ_FOREACH (s, &p->services, link) {
		if (strcmp(s->name, name) == 0)
			return s;
	}
	return NULL;
}

static bool
is_name(const char *name)
{
	static const char ok[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	return *name && *name != '.' && strlen(name) <= 100 && !name[strspn(name, ok)];
}

/* ---- what it prints ---- */

static int
read_output(const struct service *s, struct buf *ret, struct dd_err *err)
{
	struct stat st;
	size_t max = ret->max ? ret->max : OUTPUT_BYTES;
	if (s->out < 0)
		return err_set(err, DD_ENOENT, "%s has printed nothing", s->name);
	if (fstat(s->out, &st) < 0)
		return err_errno(err, errno, "cannot read what %s printed", s->name);
	off_t from = (uint64_t)st.st_size > max ? st.st_size - (off_t)max : 0;
	OWN_FREE char *text = mem_alloc(max);
	ssize_t n = pread(s->out, text, max, from);
	if (n < 0)
		return err_errno(err, errno, "cannot read what %s printed", s->name);
	buf_add(ret, text, (size_t)n);
	return 0;
}

/* Its last line that is not empty, for an error. */
static int
fail(const struct service *s, enum dd_code code, const char *why, struct dd_err *err)
{
	OWN(buf) struct buf text = {.max = 4096};
	struct str line, last = {"", 0};
	(void)!read_output(s, &text, NULL);
	struct str rest = buf_str(&text);
	while (str_next_line(&rest, &line))
		last = str_trim(line).n ? str_trim(line) : last;
	return err_set(err, code, "service %s %s%s" STR_FMT, s->name, why, last.n ? ": " : "",
		STR_ARG(last));
}

/* ---- starting ---- */

static int
begin(struct pod *p, struct service *s, struct dd_err *err)
{
	/* Without a name: nothing else can be reached by it, so that it may be opened again inside. */
	OWN_FD int out = io_create(p->dir, O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
	if (out < 0 || fchmod(out, 0666) < 0)
		return err_errno(err, errno, "cannot make a file for what %s prints", s->name);
	if (s->out >= 0)
		(void)close(s->out);
	s->out = TAKE_FD(out);
	const struct exec_spec exec = {
		.argv = s->spec.argv,
		.env = s->spec.env,
		.cwd = s->spec.cwd,
		.profile = PROFILE_SERVICE,
		.user = s->spec.user,
		.dirs = s->spec.dirs,
		.fds = {-1, s->out, s->out},
	};
	return exec_start(p, &exec, &s->exec, err);
}

/* -DD_EBUSY: it runs; 0: it has ended, and is let go of; else an error, the same. */
static int
look(struct service *s, int wait_ms, struct exec_result *ret, struct dd_err *err)
{
	int rc = exec_wait(s->exec, wait_ms, ret, err);
	if (rc != -DD_EBUSY)
		s->exec = NULL;
	return rc;
}

static bool
probe(struct pod *p, const char *key, const char *value)
{
	OWN(request) struct request r;
	OWN(reply) struct reply answer = {0};
	request_init(&r, BOX_PROBE);
	request_add(&r, key, value);
	return pod_call(p, &r, &answer, NULL) == 0 && reply_number(&answer, "yes");
}

static bool
is_checked(struct pod *p, const struct service *s)
{
	const struct exec_spec exec = {
		.argv = s->spec.check,
		.env = s->spec.env,
		.cwd = s->spec.cwd,
		.profile = PROFILE_SERVICE,
		.user = s->spec.user,
		.fds = {-1, -1, -1},
		.time_limit_ms = CHECK_LIMIT_MS,
	};
	struct exec_result r;
	return pod_exec(p, &exec, &r, NULL) == 0 && r.exit_code == 0;
}

static bool
is_ready(struct pod *p, const struct service *s)
{
	OWN_FREE char *port = mem_printf("%u", s->spec.port);
	return (!s->spec.port || probe(p, "port", port)) &&
	       (!s->spec.socket || probe(p, "socket", s->spec.socket)) &&
	       (!s->spec.check || is_checked(p, s));
}

static int
fail_ended(const struct service *s, const struct exec_result *r, enum exec_cause *ret_cause,
	struct dd_err *err)
{
	bool limited = r->cause != CAUSE_NONE && r->cause != CAUSE_SIGNAL;
	OWN_FREE char *how = limited	 ? mem_printf("was ended: it reached the %s limit",
						   exec_cause_name(r->cause))
			     : r->signal ? mem_printf("ended by signal %d", r->signal)
					 : mem_printf("ended with %d", r->exit_code);
	if (limited && ret_cause)
		*ret_cause = r->cause;
	return fail(s, limited ? DD_ELIMIT : DD_EIO, how, err);
}

/* What was ready so soon once does not take ten times as long when it is started anew. */
static void
expect_no_later(struct service *s, int64_t took_ms)
{
	int64_t limit_ms = 10 * took_ms > AGAIN_MS ? 10 * took_ms : AGAIN_MS;
	if (limit_ms < s->spec.ready_limit_ms)
		s->spec.ready_limit_ms = limit_ms;
}

static int
wait_ready(struct pod *p, struct service *s, enum exec_cause *ret_cause, struct dd_err *err)
{
	if (!s->spec.ready_limit_ms)
		s->spec.ready_limit_ms = READY_LIMIT_MS;
	int64_t begun = clock_mono_ns(), deadline = begun + s->spec.ready_limit_ms * 1000000;
	struct exec_result r;
	for (int wait_ms = FIRST_LOOK_MS;;
		wait_ms = wait_ms < LAST_LOOK_MS ? 2 * wait_ms : wait_ms) {
		int rc = look(s, wait_ms, &r, err);
		if (rc == 0 && r.cause == CAUSE_STOPPED)
			return err_set(err, DD_ESTOPPED, "stopped");
		if (rc == 0)
			return fail_ended(s, &r, ret_cause, err);
		if (rc != -DD_EBUSY)
			return rc;
		if (sandbox_stop_requested())
			return err_set(err, DD_ESTOPPED, "stopped");
		if (is_ready(p, s)) {
			expect_no_later(s, (clock_mono_ns() - begun) / 1000000);
			return 0;
		}
		if (clock_mono_ns() > deadline)
			return fail(s, DD_EIO, "was not ready in time", err);
	}
}

/* ---- ending ---- */

/* What would not end dies with the pod, which may still have it in its list then. */
static void
end(struct service *s)
{
	struct exec_result r;
	int64_t limit_ms = s->spec.stop_limit_ms ? s->spec.stop_limit_ms : STOP_LIMIT_MS;
	if (!s->exec)
		return;
	(void)!exec_signal_main(s->exec, s->spec.stop_signal ? s->spec.stop_signal : SIGTERM, NULL);
	if (look(s, (int)limit_ms, &r, NULL) == -DD_EBUSY) {
		(void)!exec_signal(s->exec, SIGKILL, NULL);
		(void)!look(s, STOP_LIMIT_MS, &r, NULL);
	}
}

static int
start(struct pod *p, struct service *s, enum exec_cause *ret_cause, struct dd_err *err)
{
	if (s->exec) /* of the pod before it went on */
		exec_forget(TAKE(s->exec));
	int rc = begin(p, s, err);
	if (rc == 0)
		rc = wait_ready(p, s, ret_cause, err);
	if (rc < 0)
		end(s);
	return rc;
}

/* ---- the room's part ---- */

void
services_stop(struct pod *p)
{
	struct service *s;
	TAILQ_FOREACH_REVERSE(s, &p->services, service_list, link)
	{
		end(s);
	}
}

int
services_start(struct pod *p, struct dd_err *err)
{
	struct service *s;
	int rc = 0;
	TAILQ_FOREACH (s, &p->services, link) {
		rc = start(p, s, NULL, err);
		if (rc < 0)
			break;
	}
	return rc;
}

static void
remove_service(struct pod *p, struct service *s)
{
	TAILQ_REMOVE(&p->services, s, link);
	if (s->exec)
		exec_forget(TAKE(s->exec));
	destroy(s);
}

void
services_cleanup(struct pod *p)
{
	while (!TAILQ_EMPTY(&p->services))
		remove_service(p, TAILQ_FIRST(&p->services));
}

/* ---- the front door ---- */

int
service_start(struct pod *p, const struct service_spec *spec, enum exec_cause *ret_cause,
	struct dd_err *err)
{
	if (!is_name(spec->name))
		return err_set(err, DD_EINVAL, "\"%.100s\" is not a name of a service", spec->name);
	if (find(p, spec->name))
		return err_set(err, DD_EEXIST, "there is a service %s already", spec->name);
	struct service *s = create(spec);
	TAILQ_INSERT_TAIL(&p->services, s, link);
	int rc = start(p, s, ret_cause, err);
	if (rc < 0)
		remove_service(p, s);
	return rc;
}

int
service_stop(struct pod *p, const char *name, struct dd_err *err)
{
	struct service *s = find(p, name);
	if (!s)
		return err_set(err, DD_ENOENT, "there is no service %s", name);
	end(s);
	remove_service(p, s);
	return 0;
}

bool
service_is_running(struct pod *p, const char *name)
{
	struct service *s = find(p, name);
	struct exec_result r;
	return s && s->exec && look(s, 0, &r, NULL) == -DD_EBUSY;
}

int
service_output(struct pod *p, const char *name, struct buf *ret, struct dd_err *err)
{
	struct service *s = find(p, name);
	if (!s)
		return err_set(err, DD_ENOENT, "there is no service %s", name);
	return read_output(s, ret, err);
}
