/*
 * Theory of operation.  A pod on the tools root with an empty work tree runs the worker "intake" as
 * an unprivileged parser; what it leaves in the work tree is frozen as the source layer, whose key
 * is made of the digests the worker computed.  A directory (or bare repository) reaches it as a tar
 * stream on standard input, an archive as an open file, a remote repository through the egress
 * broker, which reaches only the host that the user named.  A killed intake leaves a pod directory
 * that is swept.
 */
#include "runner/intake.h"

#include "base/fs.h"
#include "runner/feeder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define GIT_UPSTREAM "git"
#define RELAY_PORT 9418
#define CORE_PROGRAM "/drydock/drydock-core"
#define INTAKE_LIMIT_MS (30 * 60 * 1000)

const char *const source_kind_names[] = {"", "directory", "archive", "git", NULL};

#define F(member, what) .key = #member, .kind = what, .offset = offsetof(struct source, member)
const struct json_field source_fields[] = {
	{F(kind, JSON_K_ENUM), .names = source_kind_names},
	{F(name, JSON_K_STRING)},
	{F(digest, JSON_K_STRING), .required = true},
	{F(revision, JSON_K_STRING)},
	{F(history, JSON_K_STRING)},
	{F(layer, JSON_K_STRING)},
	{F(changes, JSON_K_STRLIST)},
	{F(files, JSON_K_INT)},
	{F(bytes, JSON_K_INT)},
	{F(notes, JSON_K_STRLIST)},
	{.key = NULL},
};

void
source_cleanup(struct source *s)
{
	json_release(source_fields, s);
	memset(s, 0, sizeof(*s));
}

void
source_stack(const struct source *s, struct stack *ret)
{
	stack_push(ret, s->layer);
	for (size_t i = 0; i < s->changes.n; i++)
		stack_push(ret, s->changes.v[i]);
}

/* ---- what it is ---- */

enum origin_kind { ORIGIN_DIRECTORY, ORIGIN_BARE, ORIGIN_ARCHIVE, ORIGIN_HTTP, ORIGIN_GIT };

struct origin {
	enum origin_kind kind;
	const char *source; /* as the user named it: what messages say */
	char *path;	    /* host path, or the path of a URL without its leading slash */
	char *base;	    /* scheme://host[:port] of a URL; host:port for git:// */
	char *ref;	    /* what follows '#'; NULL */
};

static void
origin_cleanup(struct origin *o)
{
	free(o->path);
	free(o->base);
	free(o->ref);
}

static bool
is_bare_repository(const char *dir)
{
	OWN_FREE char *head = fs_join(dir, "HEAD");
	OWN_FREE char *objects = fs_join(dir, "objects");
	OWN_FREE char *refs = fs_join(dir, "refs");
	return fs_exists(head) && fs_is_dir(objects) && fs_is_dir(refs);
}

static int
classify_url(const char *url, size_t scheme_len, struct origin *ret, struct dd_err *err)
{
	const char *host = url + scheme_len;
	const char *slash = strchr(host, '/');
	if (!slash || slash == host || !slash[1])
		return err_set(
			err, DD_EINVAL, "source %s: a repository URL has a host and a path", url);
	if (memchr(host, '@', (size_t)(slash - host)))
		return err_set(err, DD_EINVAL,
			"source: a URL must not hold a user name or password; make the repository "
			"readable without, or clone it yourself and give the directory");
	ret->path = mem_strdup(slash + 1);
	if (ret->kind == ORIGIN_HTTP)
		ret->base = mem_strndup(url, (size_t)(slash - url));
	else if (memchr(host, ':', (size_t)(slash - host)))
		ret->base = mem_strndup(host, (size_t)(slash - host));
	else
		ret->base = mem_printf("%.*s:9418", (int)(slash - host), host);
	return 0;
}

static int
classify_path(const char *source, struct origin *ret, struct dd_err *err)
{
	struct stat st;
	char *real = realpath(source, NULL);
	if (!real || stat(real, &st) < 0) {
		int errnum = errno;
		free(real);
		return err_set(err, errnum == ENOENT || errnum == ENOTDIR ? DD_EINVAL : DD_EIO,
			"source %s: %s; " SOURCE_IS, source, strerror(errnum));
	}
	ret->path = real;
	if (S_ISDIR(st.st_mode))
		ret->kind = is_bare_repository(real) ? ORIGIN_BARE : ORIGIN_DIRECTORY;
	else if (S_ISREG(st.st_mode))
		ret->kind = ORIGIN_ARCHIVE;
	else
		return err_set(err, DD_EINVAL,
			"source %s is neither a directory nor an archive; " SOURCE_IS, source);
	return 0;
}

static int
classify(const char *source, struct origin *ret, struct dd_err *err)
{
	static const struct {
		const char *prefix;
		enum origin_kind kind;
	} schemes[] = {{"http://", ORIGIN_HTTP}, {"https://", ORIGIN_HTTP}, {"git://", ORIGIN_GIT}};
	bool is_url = strstr(source, "://") != NULL;
	const char *hash = is_url ? strrchr(source, '#') : NULL;
	OWN_FREE char *plain =
		hash ? mem_strndup(source, (size_t)(hash - source)) : mem_strdup(source);
	if (hash)
		ret->ref = mem_strdup(hash + 1);
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		size_t n = strlen(schemes[i].prefix);
		if (strncmp(plain, schemes[i].prefix, n) != 0)
			continue;
		ret->kind = schemes[i].kind;
		return classify_url(plain, n, ret, err);
	}
	if (strncmp(plain, "file://", 7) == 0)
		return classify_path(plain + 7, ret, err);
	if (is_url)
		return err_set(err, DD_EINVAL,
			"source %s: only http://, https://, git:// and file:// URLs are read; clone it "
			"yourself and give the directory",
			plain);
	return classify_path(plain, ret, err);
}

/* "foo" from ".../foo.git", "foo-1.2.tar.gz", "foo/". */
static char *
name_of(const struct origin *o)
{
	static const char *const endings[] = {
		".git", ".tar", ".tgz", ".zip", ".gz", ".xz", ".bz2", ".zst", ".orig", NULL};
	struct str s = str_of(o->path);
	while (s.n && s.p[s.n - 1] == '/')
		s.n--;
	const char *slash = s.n ? memrchr(s.p, '/', s.n) : NULL;
	if (slash)
		s = (struct str){slash + 1, s.n - (size_t)(slash + 1 - s.p)};
	for (bool again = o->kind != ORIGIN_DIRECTORY; again;) {
		again = false;
		for (size_t i = 0; endings[i]; i++)
			if (s.n > strlen(endings[i]) && str_ends(s, endings[i])) {
				s.n -= strlen(endings[i]);
				again = true;
			}
	}
	return s.n ? str_dup(s) : mem_strdup("application");
}

/* ---- feeding the worker ---- */

/*
 * Its failure explains a worker's better than the worker's own ("truncated archive"), but for a
 * pipe that broke because the worker was gone.
 */
static int
end_feeder(struct feeder *f, const char *path, int rc, struct dd_err *err)
{
	bool failed = feeder_end(f);
	if (f->rc < 0 && (rc == 0 || (rc != -DD_ESTOPPED && failed))) {
		(void)err_move(err, &f->err);
		return err_wrap(err, "source %s", path);
	}
	dd_err_cleanup(&f->err);
	if (rc < 0 && f->running && f->rc == 0 && !f->packed.entries)
		return err_set(err, DD_EINVAL,
			"source %s: it holds no files; give the directory of an application's sources",
			path);
	return rc;
}

/* ---- running it ---- */

struct worker_output {
	struct buf out;
	struct buf errors;
};

static void
keep_output(void *ctx, int stream, struct str data)
{
	struct worker_output *o = ctx;
	buf_add_str(stream == 1 ? &o->out : &o->errors, data);
}

static int
worker_failed(const struct worker_output *out, const struct exec_result *r, const struct origin *o,
	struct dd_err *err)
{
	if (r->cause == CAUSE_STOPPED)
		return err_set(err, DD_ESTOPPED, "stopped");
	const char *limit = exec_cause_name(r->cause);
	if (r->cause == CAUSE_MEMORY || r->cause == CAUSE_PIDS || r->cause == CAUSE_DISK)
		return err_set(err, DD_ELIMIT,
			"source %s: reading it exceeded the %s limit; give it more with --%s, if it is "
			"what it should be",
			o->source, limit, limit);
	if (r->cause != CAUSE_NONE && r->cause != CAUSE_SIGNAL)
		return err_set(err, DD_ELIMIT, "source %s: reading it exceeded the %s limit",
			o->source, limit);
	struct str line = str_trim(buf_str(&out->errors));
	const char *last = line.n ? memrchr(line.p, '\n', line.n) : NULL;
	if (last)
		line = (struct str){last + 1, line.n - (size_t)(last + 1 - line.p)};
	if (!line.n)
		line = STR("the worker died");
	return err_set(err, DD_EINVAL, "source %s: " STR_FMT "%s", o->source, STR_ARG(line),
		o->kind == ORIGIN_ARCHIVE
			? "; give a whole archive, or the directory it was made from"
			: "");
}

static int
decode_output(const struct buf *out, struct source *ret, struct dd_err *err)
{
	OWN_JSON json_t *j = NULL;
	int rc = json_parse(buf_str(out), &j, err);
	if (rc == 0)
		rc = json_decode(j, source_fields, false, ret, "intake", err);
	return rc < 0 ? err_wrap(err, "source") : 0;
}

static int
run_worker(struct pod *pod, const char *const *args, const struct origin *origin, int input_fd,
	struct source *ret, struct dd_err *err)
{
	OWN(strlist) struct strlist argv = {0};
	strlist_add(&argv, CORE_PROGRAM);
	strlist_add(&argv, "worker");
	strlist_add(&argv, "intake");
	for (; *args; args++)
		strlist_add(&argv, *args);
	struct worker_output o = {.out = {.max = (size_t)4 << 20}, .errors = {.max = 65536}};
	const struct exec_spec spec = {
		.argv = (const char *const *)argv.v,
		.profile = PROFILE_PARSER,
		.fds = {input_fd, -1, -1},
		.on_output = keep_output,
		.ctx = &o,
		.time_limit_ms = INTAKE_LIMIT_MS,
	};
	struct exec_result r;
	int rc = pod_exec(pod, &spec, &r, err);
	if (rc == 0 && (r.exit_code != 0 || r.cause != CAUSE_NONE))
		rc = worker_failed(&o, &r, origin, err);
	if (rc == 0)
		rc = decode_output(&o.out, ret, err);
	buf_cleanup(&o.out);
	buf_cleanup(&o.errors);
	return rc;
}

static int
read_local(struct pod *pod, const struct origin *o, struct source *ret, struct dd_err *err)
{
	OWN_FD int input = -1;
	if (o->kind == ORIGIN_ARCHIVE) {
		input = open(o->path, O_RDONLY | O_CLOEXEC);
		if (input < 0)
			return err_errno(err, errno, "source %s", o->path);
		const char *args[] = {"archive", NULL};
		return run_worker(pod, args, o, input, ret, err);
	}
	struct feeder f = {.dir_fd = -1, .out_fd = -1};
	int rc = feeder_start(&f, o->path, &input, err);
	const char *args[] = {o->kind == ORIGIN_BARE ? "bare" : "tree", o->ref, NULL};
	if (rc == 0)
		rc = run_worker(pod, args, o, input, ret, err);
	(void)close(TAKE_FD(input)); /* a feeder that still writes gets EPIPE */
	rc = end_feeder(&f, o->path, rc, err);
	if (rc == 0 && f.packed.skipped)
		strlist_addf(&ret->notes, "%llu sockets, FIFOs or devices were left out",
			(unsigned long long)f.packed.skipped);
	return rc;
}

/* What the broker saw says more than that the repository cannot be reached. */
static int
explain_failure(const struct origin *o, const char *log, struct dd_err *err)
{
	struct egress_log l = {0};
	(void)!egress_log_read(log, &l, NULL);
	const struct egress_request *last = l.n ? &l.v[l.n - 1] : NULL;
	if (last && (last->status == 401 || last->status == 403))
		(void)err_set(err, DD_EINVAL,
			"source %s: its server wants a login (HTTP status %d); clone it yourself and give the "
			"directory",
			o->source, (int)last->status);
	else if (last && last->status == 404)
		(void)err_set(err, DD_EINVAL,
			"source %s: its server has no git repository of that name; check the URL",
			o->source);
	else if (last && last->why && (last->status == 502 || last->status == 0))
		(void)err_set(err, DD_EINVAL,
			"source %s: its server cannot be reached: %s; check the URL, or clone it where that "
			"works and give the directory",
			o->source, last->why);
	egress_log_cleanup(&l);
	return -err->code;
}

static int
clone_remote(struct pod *pod, const struct state *st, const struct origin *o, const char *log,
	struct source *ret, struct dd_err *err)
{
	const struct egress_upstream http = {
		.name = GIT_UPSTREAM, .url = o->base, .allow_post = true};
	const struct egress_spec spec = {
		.state = st,
		.upstreams = &http,
		.n = o->kind == ORIGIN_HTTP ? 1 : 0,
		.relay_host_port = o->kind == ORIGIN_GIT ? o->base : NULL,
		.relay_port = RELAY_PORT,
		.log_path = log,
	};
	struct egress *egress;
	int rc = egress_open(pod, &spec, &egress, err);
	if (rc < 0)
		return rc;
	OWN_FREE char *origin = egress_inside_url(GIT_UPSTREAM);
	OWN_FREE char *url = o->kind == ORIGIN_HTTP
				     ? mem_printf("%s/%s", origin, o->path)
				     : mem_printf("git://127.0.0.1:%d/%s", RELAY_PORT, o->path);
	const char *args[] = {"clone", url, o->ref, NULL};
	rc = run_worker(pod, args, o, -1, ret, err);
	int closed = egress_close(egress, rc < 0 ? NULL : err);
	if (rc == -DD_EINVAL)
		return explain_failure(o, log, err);
	return rc < 0 ? rc : closed;
}

static int
fill_pod(struct pod *pod, const struct state *st, const struct origin *o, bool offline,
	const char *log, struct source *ret, struct dd_err *err)
{
	if (o->kind != ORIGIN_HTTP && o->kind != ORIGIN_GIT)
		return read_local(pod, o, ret, err);
	if (offline)
		return err_set(err, DD_EINVAL,
			"source %s: a repository URL cannot be read --offline; clone it and give the directory",
			o->source);
	return clone_remote(pod, st, o, log, ret, err);
}

static int
keep_layer(struct pod *pod, const struct state *st, const char *owner, struct source *s,
	struct dd_err *err)
{
	if (!hash_is_hex(str_of(s->digest)) || (s->history && !hash_is_hex(str_of(s->history)))) {
		pod_close(pod);
		return err_set(err, DD_ECORRUPT, "source: the worker gave no digest");
	}
	struct stack none = {0};
	OWN_FREE char *step = s->history ? mem_printf("source %s %s", s->digest, s->history)
					 : mem_printf("source %s", s->digest);
	struct hash_hex key = stack_next_key(&none, str_of(step));
	s->layer = mem_strdup(key.s);
	int rc = layer_lease(st, owner, key.s, err);
	if (rc < 0) {
		pod_close(pod);
		return rc;
	}
	return pod_freeze(pod, POD_WORK, key.s, err);
}

static enum source_kind
kind_of(const struct origin *o)
{
	switch (o->kind) {
	case ORIGIN_DIRECTORY:
		return SOURCE_DIRECTORY;
	case ORIGIN_ARCHIVE:
		return SOURCE_ARCHIVE;
	default:
		return SOURCE_GIT;
	}
}

int
intake_source(const struct state *st, const char *owner, const char *source, bool offline,
	const char *log, struct source *ret, struct dd_err *err)
{
	OWN(origin) struct origin o = {0};
	struct source s = {0};
	struct stack none = {0};
	struct pod *pod = NULL;
	const struct pod_spec spec = {.state = st, .work = &none};
	o.source = source;
	int rc = classify(source, &o, err);
	if (rc == 0)
		rc = pod_open(&spec, &pod, err);
	if (rc < 0)
		return rc;
	rc = fill_pod(pod, st, &o, offline, log, &s, err);
	if (rc == 0) {
		free(s.name);
		s.kind = kind_of(&o);
		s.name = name_of(&o);
		rc = keep_layer(pod, st, owner, &s, err);
	} else {
		pod_close(pod);
	}
	if (rc < 0) {
		source_cleanup(&s);
		return rc;
	}
	*ret = s;
	return 0;
}
