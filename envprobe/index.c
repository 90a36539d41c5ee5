#include "envprobe/index.h"

#include "base/fs.h"
#include "base/io.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define FORMAT "3" /* in the file's name: another format is another file */

const char *
pkgindex_include_root(struct str path)
{
	static const char *const roots[] = {"usr/include/", "usr/lib/ocaml/",
		"usr/lib/erlang/usr/include/", "usr/share/R/include/",
		"usr/lib/python3/dist-packages/numpy/core/include/", NULL};
	for (size_t i = 0; roots[i]; i++)
		if (str_starts(path, roots[i]))
			return roots[i];
	return NULL;
}

struct pkgindex {
	char *p;
	size_t n;
};

/* ---- searching ---- */

int
pkgindex_map(const char *path, struct pkgindex **ret, struct dd_err *err)
{
	OWN_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "package index %s", path);
	if (!st.st_size)
		return err_set(err, DD_ECORRUPT, "package index %s is empty", path);
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return err_errno(err, errno, "package index %s", path);
	struct pkgindex *x = mem_new(struct pkgindex);
	x->p = p;
	x->n = (size_t)st.st_size;
	*ret = x;
	return 0;
}

void
pkgindex_close(struct pkgindex *x)
{
	if (!x)
		return;
	(void)munmap(x->p, x->n);
	free(x);
}

/* Start of the line that holds offset. */
static size_t
line_start(const struct pkgindex *x, size_t at)
{
	const char *nl = at ? memrchr(x->p, '\n', at) : NULL;
	return nl ? (size_t)(nl - x->p) + 1 : 0;
}

static struct str
line_at(const struct pkgindex *x, size_t start)
{
	const char *nl = memchr(x->p + start, '\n', x->n - start);
	return (struct str){x->p + start, nl ? (size_t)(nl - (x->p + start)) : x->n - start};
}

static int
compare_prefix(struct str line, struct str prefix)
{
	size_t n = line.n < prefix.n ? line.n : prefix.n;
	int c = memcmp(line.p, prefix.p, n);
	return c ? c : line.n < prefix.n ? -1 : 0;
}

/* Offset of the first line that is not before the prefix. */
static size_t
lower_bound(const struct pkgindex *x, struct str prefix)
{
	size_t low = 0, high = x->n;
	while (low < high) {
		size_t start = line_start(x, low + (high - low) / 2);
		struct str line = line_at(x, start);
		if (compare_prefix(line, prefix) < 0)
			low = start + line.n + 1;
		else
			high = start;
	}
	return low;
}

void
pkgindex_find(const struct pkgindex *x, char class, const char *name,
	bool (*fn)(void *ctx, const struct pkgindex_row *row), void *ctx)
{
	if (strpbrk(name, "\t\n")) /* it would reach into the next column */
		return;
	OWN_FREE char *prefix = mem_printf("%c:%s\t", class, name);
	struct str p = str_of(prefix);
	for (size_t at = lower_bound(x, p); at < x->n;) {
		struct str line = line_at(x, at);
		at += line.n + 1;
		if (compare_prefix(line, p) != 0)
			return;
		struct str rest = {line.p + p.n, line.n - p.n};
		struct pkgindex_row row = {{"", 0}, {"", 0}};
		(void)str_next(&rest, '\t', &row.path);
		row.package = rest;
		if (!fn(ctx, &row))
			return;
	}
}

static bool
note_row(void *ctx, const struct pkgindex_row *row)
{
	*(struct pkgindex_row *)ctx = *row;
	return false;
}

bool
pkgindex_has_package(const struct pkgindex *x, const char *name)
{
	struct pkgindex_row row = {{NULL, 0}, {NULL, 0}};
	pkgindex_find(x, 'k', name, note_row, &row);
	return row.path.p != NULL;
}

char *
pkgindex_version(const struct pkgindex *x, const char *name)
{
	struct pkgindex_row row = {{NULL, 0}, {NULL, 0}};
	pkgindex_find(x, 'k', name, note_row, &row);
	if (!row.path.p)
		return NULL;
	const char *colon = row.path.n ? memchr(row.path.p, ':', row.path.n) : NULL;
	OWN_FREE char *version =
		colon ? mem_strndup(colon + 1, row.path.n - (size_t)(colon + 1 - row.path.p))
		      : str_dup(row.path);
	char *revision = strrchr(version, '-');
	if (revision)
		*revision = '\0';
	version[strcspn(version, "+~")] = '\0';
	return TAKE(version);
}

uint64_t
pkgindex_popularity(const struct pkgindex *x, struct str package)
{
	OWN_FREE char *name = str_dup(package);
	struct pkgindex_row row = {{NULL, 0}, {NULL, 0}};
	uint64_t n = 0;
	pkgindex_find(x, 'k', name, note_row, &row);
	if (row.package.p)
		(void)str_parse_u64(row.package, UINT64_MAX, &n);
	return n;
}

/* ---- compiling ---- */

static char *
compiled_path(const struct state *st, const struct apt_index *lists)
{
	return mem_printf("%s/index/%s/files-" FORMAT, st->dir, lists->digest);
}

struct sink {
	int fd; /* -1: into out */
	const char *path;
	struct buf out;
	struct buf errors;
	int rc;
	struct dd_err err; /* of writing it */
};

static void
take(void *ctx, int stream, struct str data)
{
	struct sink *s = ctx;
	if (stream == 2)
		buf_add_str(&s->errors, data);
	else if (s->fd < 0)
		buf_add_str(&s->out, data);
	else if (s->rc == 0)
		s->rc = fs_write_all(s->fd, data.p, data.n, &s->err);
}

/* Both kinds of lists, a form feed behind each, decompressed by apt's own helper, into the worker. */
static const char index_script[] =
	"cd /lists; n=$1; shift\n"
	"{ while [ $n -gt 0 ]; do /usr/lib/apt/apt-helper cat-file \"$1\"; shift; "
	"n=$((n - 1)); done; printf '\\f\\n'; "
	"for f in \"$@\"; do /usr/lib/apt/apt-helper cat-file \"$f\"; done; printf '\\f\\n'; } | "
	"/drydock/drydock-core worker index\n";

/* The Contents lists alone; the first arguments are their number and they, the others are for the worker. */
static const char owners_script[] =
	"cd /lists; n=$1; shift; lists=\n"
	"while [ $n -gt 0 ]; do lists=\"$lists $1\"; shift; n=$((n - 1)); done\n"
	"for f in $lists; do /usr/lib/apt/apt-helper cat-file \"$f\"; done | "
	"/drydock/drydock-core worker owners \"$@\"\n";

static void
add_names(struct strlist *argv, const struct strlist *paths)
{
	for (size_t i = 0; i < paths->n; i++)
		strlist_add(argv, fs_name(paths->v[i]));
}

/* A script over the lists, in a pod of its own; what it prints goes to the sink. */
static int
run_script(const struct state *st, const struct apt_index *lists, const char *script,
	const struct strlist *args, struct sink *s, struct dd_err *err)
{
	OWN(strlist) struct strlist argv = {0};
	struct pod *pod;
	const struct pod_bind bind = {lists->lists_dir, "/lists", false};
	const struct pod_spec pod_spec = {.state = st, .binds = &bind, .nbinds = 1};
	strlist_add(&argv, "/bin/sh");
	strlist_add(&argv, "-euc");
	strlist_add(&argv, script);
	strlist_add(&argv, "lists");
	strlist_copy(&argv, args);
	const struct exec_spec spec = {.argv = (const char *const *)argv.v,
		.profile = PROFILE_PARSER,
		.cwd = "/",
		.fds = {-1, -1, -1},
		.on_output = take,
		.ctx = s,
		.time_limit_ms = 10 * 60 * 1000};
	struct exec_result r;
	int rc = pod_open(&pod_spec, &pod, err);
	if (rc < 0)
		return rc;
	rc = pod_exec(pod, &spec, &r, err);
	pod_close(pod);
	if (rc == 0 && s->rc < 0) {
		(void)err_move(err, &s->err);
		rc = err_wrap(err, "file %s", s->path);
	}
	if (rc == 0 && r.cause == CAUSE_STOPPED)
		rc = err_set(err, DD_ESTOPPED, "stopped");
	if (rc == 0 && r.exit_code != 0)
		rc = err_set(err, DD_EIO, "reading the package lists: " STR_FMT,
			STR_ARG(str_trim(buf_str(&s->errors))));
	return rc;
}

static int
compile(const struct state *st, const struct apt_index *lists, const char *path, struct dd_err *err)
{
	OWN_FREE char *temp = mem_printf("%s.tmp", path);
	OWN(strlist) struct strlist args = {0};
	struct sink s = {.fd = io_create(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600),
		.path = temp,
		.errors = {.max = 65536}};
	if (s.fd < 0)
		return err_errno(err, errno, "cannot create %s", temp);
	strlist_addf(&args, "%zu", lists->packages.n);
	add_names(&args, &lists->packages);
	add_names(&args, &lists->contents);
	int step = progress_begin("compiling the package index");
	int rc = run_script(st, lists, index_script, &args, &s, err);
	if (rc == 0 && io_fsync(s.fd) < 0)
		rc = err_errno(err, errno, "cannot sync %s", temp);
	(void)close(s.fd);
	if (rc == 0 && io_rename(temp, path) < 0)
		rc = err_errno(err, errno, "cannot rename to %s", path);
	if (rc < 0)
		(void)!io_unlink(temp);
	buf_cleanup(&s.errors);
	dd_err_cleanup(&s.err);
	progress_end(step, rc < 0 ? "failed" : "ok");
	return rc;
}

int
pkgindex_open(const struct state *st, const struct apt_index *lists, struct pkgindex **ret,
	struct dd_err *err)
{
	OWN_FREE char *path = compiled_path(st, lists);
	OWN_FREE char *lock_path = mem_printf("%s.lock", path);
	OWN_FD int lock = -1;
	int rc = fs_lock(lock_path, true, &lock, err);
	if (rc == 0 && !fs_exists(path))
		rc = compile(st, lists, path, err);
	return rc < 0 ? err_wrap(err, "package index") : pkgindex_map(path, ret, err);
}

/* ---- owners ---- */

/* "path TAB package" lines */
static void
take_owners(const struct pkgindex *x, struct str rows, struct map *ret)
{
	struct str line, path;
	while (str_next_line(&rows, &line)) {
		if (!str_next(&line, '\t', &path))
			continue;
		const char *known = map_get_str(ret, path);
		if (!known || pkgindex_popularity(x, line) > pkgindex_popularity(x, str_of(known)))
			map_put_str(ret, path, str_dup(line));
	}
}

int
pkgindex_owners(const struct pkgindex *x, const struct state *st, const struct apt_index *lists,
	const struct strlist *paths, struct map *ret, struct dd_err *err)
{
	OWN(strlist) struct strlist args = {0};
	struct sink s = {.fd = -1, .out = {.max = (size_t)1 << 20}, .errors = {.max = 65536}};
	if (!paths->n)
		return 0;
	strlist_addf(&args, "%zu", lists->contents.n);
	add_names(&args, &lists->contents);
	strlist_copy(&args, paths);
	int rc = run_script(st, lists, owners_script, &args, &s, err);
	if (rc == 0)
		take_owners(x, buf_str(&s.out), ret);
	buf_cleanup(&s.out);
	buf_cleanup(&s.errors);
	return rc;
}
