#include "images/npm_pod.h"

#include "base/cas.h"
#include "base/fs.h"
#include "base/io.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define STEP_LIMIT_MS (30 * 60 * 1000)
#define SILENCE_LIMIT_MS (10 * 60 * 1000)
#define TAIL_BYTES ((size_t)64 << 10)
#define MAX_LOCK ((size_t)64 << 20)
#define INPUT_DIR "/npm" /* where the files are bound */

void
npm_run_cleanup(struct npm_run *r)
{
	pod_close(r->pod);
	buf_cleanup(&r->tail);
	buf_cleanup(&r->hidden);
	buf_cleanup(&r->lock);
	egress_log_cleanup(&r->egress);
	r->pod = NULL;
}

/* ---- commands ---- */

struct sink {
	struct npm_run *run;
	struct buf *out; /* standard output goes here, instead of to the log */
};

static void
take(void *ctx, int stream, struct str data)
{
	struct sink *s = ctx;
	if (stream == 1 && s->out) {
		buf_add_str(s->out, data);
		return;
	}
	if (s->run->log)
		steplog_add(s->run->log, data);
	if (data.n > TAIL_BYTES)
		data = (struct str){data.p + data.n - TAIL_BYTES, TAIL_BYTES};
	if (s->run->tail.n + data.n > TAIL_BYTES)
		buf_drop_front(&s->run->tail, s->run->tail.n + data.n - TAIL_BYTES);
	buf_add_str(&s->run->tail, data);
}

/* Shell text of ours with positional arguments; *ret_code is its status. */
static int
run_script(struct npm_run *r, struct pod *pod, const char *script, const struct strlist *args,
	struct buf *out, int *ret_code, struct dd_err *err)
{
	static const char *const env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" POD_HOME,
		"LANG=C.UTF-8", "LC_ALL=C.UTF-8", "TZ=UTC", "NO_COLOR=1",
		"npm_config_globalconfig=" INPUT_DIR "/npmrc", "npm_config_progress=false", NULL};
	OWN(strlist) struct strlist argv = {0};
	strlist_add(&argv, "/bin/sh");
	strlist_add(&argv, "-euc");
	strlist_add(&argv, script);
	strlist_add(&argv, "drydock");
	strlist_copy(&argv, args);
	struct sink sink = {r, out};
	const struct exec_spec spec = {.argv = (const char *const *)argv.v,
		.env = env,
		.cwd = "/",
		.profile = PROFILE_BUILD, /* npm needs no rights, and gets none */
		.fds = {-1, -1, -1},
		.on_output = take,
		.ctx = &sink,
		.time_limit_ms = STEP_LIMIT_MS,
		.silence_limit_ms = SILENCE_LIMIT_MS};
	struct exec_result result;
	int rc = pod_exec(pod, &spec, &result, err);
	if (rc < 0)
		return rc;
	if (result.cause == CAUSE_STOPPED)
		return err_set(err, DD_ESTOPPED, "stopped");
	if (result.cause != CAUSE_NONE && result.cause != CAUSE_SIGNAL)
		return err_set(err, DD_ELIMIT, "npm was ended by its %s limit",
			exec_cause_name(result.cause));
	*ret_code = result.exit_code;
	return 0;
}

/* ---- what npm finds ---- */

static bool
is_plain_path(const char *path)
{
	struct str rest = str_of(path), part;
	if (!*path || *path == '/' || strlen(path) > 2000)
		return false;
	while (str_next(&rest, '/', &part))
		if (!part.n || str_eq(part, ".") || str_eq(part, ".."))
			return false;
	return true;
}

/* Read inside by another id of the sandbox. */
static int
write_open(const char *dir, const char *path, struct str text, struct dd_err *err)
{
	OWN_FREE char *full = fs_join(dir, path);
	for (char *slash = full + strlen(dir); (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		if (io_mkdir(full, 0755) < 0 && errno != EEXIST)
			return err_errno(err, errno, "cannot make %s", full);
		(void)chmod(full, 0755);
		*slash = '/';
	}
	int rc = fs_write_atomic(full, text, 0644, err);
	if (rc == 0 && chmod(full, 0644) < 0)
		rc = err_errno(err, errno, "%s", full);
	return rc;
}

static int
write_files(const struct npm_run *r, const char *dir, struct dd_err *err)
{
	OWN(buf) struct buf npmrc = {0};
	const char *path;
	json_t *text;
	npm_sources_inside(r->sources, &npmrc);
	int rc = write_open(dir, "npmrc", buf_str(&npmrc), err);
	json_object_foreach ((json_t *)r->files, path, text) {
		OWN_FREE char *place = mem_printf("tree/%s", path);
		if (rc == 0 && !is_plain_path(path))
			rc = err_set(err, DD_ECORRUPT, "npm: bad path in a plan");
		if (rc == 0)
			rc = write_open(dir, place, str_of(json_string_value(text)), err);
	}
	return rc < 0 ? err_wrap(err, "npm") : 0;
}

/* ---- the run ---- */

/* $1: directory of the application; the rest is npm's. */
static const char npm_script[] = "mkdir -p \"" WORK_DIR "/$1\"; cd \"" WORK_DIR "/$1\"; shift\n"
				 "cp -R " INPUT_DIR "/tree/. .\n"
				 "exec npm \"$@\"\n";
static const char hidden_script[] = "cd \"" WORK_DIR "/$1\"; f=node_modules/.package-lock.json\n"
				    "[ ! -e \"$f\" ] || exec cat \"$f\"\n";
static const char lock_script[] = "cd \"" WORK_DIR "/$1\"; exec cat package-lock.json\n";
/* $1 as above; the rest are the files that were put there. */
static const char tidy_script[] =
	"mkdir -p \"" WORK_DIR "/$1\"; cd \"" WORK_DIR "/$1\"; shift; mkdir -p node_modules\n"
	"rm -f -- \"$@\" package-lock.json node_modules/.package-lock.json\n";

static int
must(struct npm_run *r, const char *script, const struct strlist *args, struct buf *out,
	struct dd_err *err)
{
	int code = 0;
	int rc = run_script(r, r->pod, script, args, out, &code, err);
	if (rc == 0 && (code != 0 || (out && out->truncated)))
		rc = err_set(err, DD_EIO, "npm: what it left behind cannot be read");
	return rc;
}

static int
gather(struct npm_run *r, const char *dir, struct dd_err *err)
{
	OWN(strlist) struct strlist args = {0};
	const char *path;
	json_t *text;
	strlist_add(&args, dir);
	r->hidden.max = r->lock.max = MAX_LOCK;
	int rc = must(r, hidden_script, &args, &r->hidden, err);
	if (rc == 0)
		rc = must(r, lock_script, &args, &r->lock, err);
	json_object_foreach ((json_t *)r->files, path, text) {
		strlist_add(&args, path);
	}
	return rc < 0 ? rc : must(r, tidy_script, &args, NULL, err);
}

/* Archives of a known set that the store has. */
static struct egress_stored *
list_stored(const struct npm_run *r, size_t *ret_n)
{
	const struct artefact_list *a = &r->known->artefacts;
	struct egress_stored *v = mem_zalloc(a->n + 1, sizeof(*v));
	size_t n = 0;
	for (size_t i = 0; i < a->n; i++) {
		const struct egress_upstream *u = npm_sources_of(r->sources, a->v[i].name);
		if (u && a->v[i].path)
			v[n++] = (struct egress_stored){u->name, a->v[i].path, a->v[i].sha256};
	}
	*ret_n = n;
	return v;
}

static int
run_online(struct npm_run *r, const char *dir, struct dd_err *err)
{
	struct egress *egress;
	OWN(strlist) struct strlist args = {0};
	size_t nstored = 0;
	OWN_FREE struct egress_stored *stored = r->known ? list_stored(r, &nstored) : NULL;
	const struct egress_spec spec = {.state = r->job->state,
		.upstreams = r->sources->upstreams,
		.n = r->sources->nupstreams,
		.stored = stored,
		.nstored = nstored,
		.offline = r->job->offline,
		.log_path = r->job->egress_log,
		.owner = r->job->owner};
	strlist_add(&args, dir);
	for (const char *const *c = r->command; *c; c++)
		strlist_add(&args, *c);
	strlist_copy(&args, r->options);
	int rc = egress_open(r->pod, &spec, &egress, err);
	if (rc < 0)
		return rc;
	rc = run_script(r, r->pod, npm_script, &args, NULL, &r->exit_code, err);
	int closed = egress_close(egress, rc < 0 ? NULL : err);
	rc = rc < 0 ? rc : closed;
	return rc < 0 ? rc : egress_log_read(r->job->egress_log, &r->egress, err);
}

static int
run_in(struct npm_run *r, const char *input, struct dd_err *err)
{
	const struct stack nothing = {0};
	const struct pod_bind bind = {input, INPUT_DIR, false};
	const struct pod_spec spec = {.state = r->job->state,
		.root = *r->job->root,
		.work = &nothing,
		.binds = &bind,
		.nbinds = 1};
	const char *dir = r->job->dir ? r->job->dir : ".";
	int rc = pod_open(&spec, &r->pod, err);
	if (rc == 0)
		rc = run_online(r, dir, err);
	if (rc == 0 && r->exit_code == 0)
		rc = gather(r, dir, err);
	return rc;
}

int
npm_run(struct npm_run *r, struct dd_err *err)
{
	static unsigned counter;
	OWN_FREE char *name = mem_printf("npm-%d-%u", (int)getpid(), counter++);
	OWN_FREE char *input = NULL;
	OWN_FD int lock = -1;
	int rc = scratch_create(r->job->state, name, 0755, &input, &lock, err);
	if (rc < 0)
		return rc;
	rc = write_files(r, input, err);
	if (rc == 0)
		rc = run_in(r, input, err);
	(void)!scratch_discard(input, NULL);
	return rc;
}

int
npm_ask_default(const struct state *st, const struct stack *root, char **ret, struct dd_err *err)
{
	static const char script[] = "exec npm config get registry --globalconfig /dev/null\n";
	const struct npm_job job = {.state = st, .root = root};
	struct npm_run r = {.job = &job};
	const struct pod_spec spec = {.state = st, .root = *root};
	const struct strlist none = {0};
	OWN(buf) struct buf out = {.max = 4096};
	int rc = pod_open(&spec, &r.pod, err);
	if (rc == 0)
		rc = must(&r, script, &none, &out, err);
	npm_run_cleanup(&r);
	if (rc == 0)
		*ret = str_dup(str_trim(buf_str(&out)));
	return rc;
}
