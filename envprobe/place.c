/*
 * Theory of operation.  The worker "place" writes one file (or unpacks one archive) below WORK_DIR of a pod on
 * the tools root, as an ordinary user, from its standard input.  What belongs into the tree is written on top of
 * the source and frozen as a layer of the work stack: a build has its own copy, which it may change.  What
 * belongs elsewhere is written into an empty tree, frozen as a layer that is on no stack, and bound from there.
 * Both layers lie in the state directory, which nobody else may enter, and go with the run; nothing else keeps
 * the content.
 */
#include "envprobe/envprobe.h"

#include "base/fs.h"
#include "base/io.h"
#include "base/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

void
probe_files_cleanup(struct probe_files *f)
{
	for (size_t i = 0; i < f->nbinds; i++) {
		free((char *)f->binds[i].src);
		free((char *)f->binds[i].dst);
	}
	free(f->binds);
	free(f->tree);
	free(f->outside);
	*f = (struct probe_files){0};
}

/* ---- the layers ---- */

struct placing {
	const struct probe_placing *spec;
	bool outside; /* which of the two layers */
};

static bool
is_outside(const struct supplied_file *f)
{
	return f->path[0] == '/';
}

static int
open_content(
	const struct placing *p, const struct supplied_file *f, int *ret_fd, struct dd_err *err)
{
	*ret_fd = -1;
	return f->sample ? 0 : answers_open(p->spec->answers, f->question, ret_fd, err);
}

/* What the layer holds: the paths, and a digest of each content. */
static int
describe(const struct placing *p, struct buf *ret, struct dd_err *err)
{
	const struct supplied_file_list *l = p->spec->files;
	int rc = 0;
	buf_puts(ret, "files 1");
	for (size_t i = 0; rc == 0 && i < l->n; i++) {
		const struct supplied_file *f = &l->v[i];
		OWN_FD int fd = -1;
		struct hash_hex digest = {"-"};
		if (is_outside(f) != p->outside)
			continue;
		rc = open_content(p, f, &fd, err);
		if (rc == 0 && fd >= 0)
			rc = hash_fd(fd, &digest, NULL, err);
		buf_printf(ret, "\n%s %s %d %s", digest.s, f->sample ? f->sample : "-", f->archive,
			f->path);
	}
	return rc;
}

static int
write_one(
	const struct placing *p, struct pod *pod, const struct supplied_file *f, struct dd_err *err)
{
	OWN(buf) struct buf out = {.max = 4096};
	OWN(dd_err) struct dd_err why = {0};
	OWN_FD int fd = -1;
	int rc = open_content(p, f, &fd, err);
	if (rc < 0)
		return rc;
	const char *args[] = {f->path + is_outside(f),
		f->sample    ? "copy"
		: f->archive ? "archive"
			     : "file",
		f->sample, NULL};
	const struct worker_spec spec = {
		.name = "place", .args = args, .input_fd = fd > 0 ? fd : 0};
	rc = worker_exec(pod, &spec, &out, &why);
	if (rc == -DD_ECORRUPT) /* the worker says what is wrong with it */
		return err_set(err, DD_EINVAL, "answers: %s: %s", f->question, err_msg(&why));
	return rc < 0 ? err_move(err, &why) : 0;
}

static int
make_layer(const struct placing *p, const struct stack *below, const char *key, struct dd_err *err)
{
	const struct supplied_file_list *l = p->spec->files;
	struct pod *pod;
	const struct pod_spec spec = {.state = p->spec->state, .work = below};
	int rc = pod_open(&spec, &pod, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < l->n; i++)
		if (is_outside(&l->v[i]) == p->outside)
			rc = write_one(p, pod, &l->v[i], err);
	if (rc == 0)
		return pod_freeze(pod, POD_WORK, key, err);
	pod_close(pod);
	return rc;
}

static int
place(const struct placing *p, const struct stack *below, char **ret_key, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	bool any = false;
	for (size_t i = 0; i < p->spec->files->n; i++)
		any = any || is_outside(&p->spec->files->v[i]) == p->outside;
	if (!any)
		return 0;
	int rc = describe(p, &text, err);
	if (rc < 0)
		return rc;
	struct hash_hex key = stack_next_key(below, buf_str(&text));
	OWN_FD int lock = -1;
	rc = layer_lease(p->spec->state, p->spec->owner, key.s, err);
	if (rc == 0)
		rc = layer_lock(p->spec->state, key.s, &lock, err);
	if (rc == 0 && !layer_exists(p->spec->state, key.s))
		rc = make_layer(p, below, key.s, err);
	if (rc == 0)
		*ret_key = mem_strdup(key.s);
	return rc;
}

void
probe_bind_files(
	const struct state *st, const struct supplied_file_list *files, struct probe_files *f)
{
	OWN_FREE char *dir = f->outside ? layer_dir(st, f->outside) : NULL;
	if (!dir)
		return;
	f->binds = mem_zalloc(files->n, sizeof(*f->binds));
	for (size_t i = 0; i < files->n; i++)
		if (is_outside(&files->v[i]))
			f->binds[f->nbinds++] =
				(struct pod_bind){mem_printf("%s%s", dir, files->v[i].path),
					mem_strdup(files->v[i].path), false};
}

int
probe_place_files(const struct probe_placing *spec, struct probe_files *ret, struct dd_err *err)
{
	struct probe_files f = {0};
	const struct placing tree = {spec, false}, outside = {spec, true};
	const struct stack none = {0};
	int rc = place(&tree, spec->source, &f.tree, err);
	if (rc == 0)
		rc = place(&outside, &none, &f.outside, err);
	if (rc < 0) {
		probe_files_cleanup(&f);
		return rc;
	}
	*ret = f;
	return 0;
}

int
probe_attempt_files(const struct state *st, struct journal *j, int64_t attempt,
	struct probe_files *ret, struct dd_err *err)
{
	OWN_JSON json_t *last = NULL;
	for (int64_t n = 1;; n++) {
		OWN_FREE char *files = mem_printf("attempt/%lld/files", (long long)n);
		OWN_FREE char *build = mem_printf("attempt/%lld/build", (long long)n);
		OWN_JSON json_t *placed = journal_result(j, files),
				*built = journal_result(j, build);
		if ((attempt && n > attempt) || (!placed && !built))
			break;
		if (placed) {
			json_decref(last);
			last = json_incref(placed);
		}
	}
	const char *outside = json_string_value(json_object_get(last, "outside"));
	struct supplied_file_list list = {0};
	if (!outside)
		return 0;
	int rc = supplied_file_list_from_json(json_object_get(last, "files"), "files", &list, err);
	if (rc < 0)
		return rc;
	ret->outside = mem_strdup(outside);
	probe_bind_files(st, &list, ret);
	supplied_file_list_cleanup(&list);
	return 0;
}

/* ---- where ---- */

bool
probe_may_place(const char *path)
{
	static const char *const kept[] = {"/proc", "/dev", "/sys", "/tmp", "/var/tmp", "/run",
		"/var/run", WORK_DIR, "/drydock", NULL};
	struct str rest = str_of(*path == '/' ? path + 1 : path), part;
	if (!rest.n || rest.p[rest.n - 1] == '/')
		return false;
	while (str_next(&rest, '/', &part))
		if (!part.n || str_eq(part, ".") || str_eq(part, "..") || str_eq(part, ".git"))
			return false;
	for (size_t i = 0; kept[i]; i++) {
		size_t n = strlen(kept[i]);
		if (strncmp(path, kept[i], n) == 0 && (path[n] == '/' || !path[n]))
			return false;
	}
	return true;
}

/* ---- the worker ---- */

/* The directories of a path, made where they are missing. */
static int
make_dirs(int root, const char *path, struct dd_err *err)
{
	for (const char *slash = strchr(path, '/');; slash = strchr(slash + 1, '/')) {
		OWN_FREE char *dir =
			slash ? mem_strndup(path, (size_t)(slash - path)) : mem_strdup(path);
		OWN_FREE char *parent = mem_strndup(dir, (size_t)(fs_name(dir) - dir));
		OWN_FD int there = -1, up = -1;
		if (fs_open_in_root(root, dir, O_PATH | O_DIRECTORY, &there, NULL) < 0) {
			int rc = fs_open_in_root(
				root, *parent ? parent : ".", O_PATH | O_DIRECTORY, &up, err);
			if (rc < 0)
				return rc;
			if (io_mkdirat(up, fs_name(dir), 0755) < 0)
				return err_errno(err, errno, "cannot make the directory %s", dir);
		}
		if (!slash)
			return 0;
	}
}

static int
copy(int from, int to, mode_t mode, struct dd_err *err)
{
	char chunk[65536];
	for (;;) {
		ssize_t n = read(from, chunk, sizeof(chunk));
		if (n < 0)
			return err_errno(err, errno, "cannot read it");
		if (n == 0)
			break;
		int rc = fs_write_all(to, chunk, (size_t)n, err);
		if (rc < 0)
			return rc;
	}
	if (fchmod(to, mode) < 0)
		return err_errno(err, errno, "cannot set its mode");
	return 0;
}

static int
write_file(int root, const char *path, const char *sample, struct dd_err *err)
{
	OWN_FREE char *dir = mem_strndup(path, (size_t)(fs_name(path) - path));
	OWN_FD int from = -1, to = -1;
	struct stat st = {.st_mode = 0644};
	size_t n = strlen(dir);
	if (n)
		dir[n - 1] = '\0';
	int rc = n ? make_dirs(root, dir, err) : 0;
	if (rc == 0 && sample)
		rc = fs_open_in_root(root, sample, O_RDONLY | O_NONBLOCK, &from, err);
	if (rc == 0 && sample && fstat(from, &st) < 0)
		rc = err_errno(err, errno, "cannot look at %s", sample);
	if (rc == 0)
		rc = fs_open_in_root(
			root, path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, &to, err);
	return rc < 0 ? rc
		      : copy(sample ? from : STDIN_FILENO, to, (st.st_mode & 0777) | 0600, err);
}

static int
unpack_archive(int root, const char *path, struct dd_err *err)
{
	const struct unpack_opts opts = {.skip_special = true, .strip_common_dir = true};
	struct unpack_result r = {0};
	OWN_FD int dir = -1;
	int rc = make_dirs(root, path, err);
	if (rc == 0)
		rc = fs_open_in_root(root, path, O_RDONLY | O_DIRECTORY, &dir, err);
	if (rc == 0)
		rc = unpack_to(STDIN_FILENO, dir, &opts, &r, err);
	unpack_result_cleanup(&r);
	return rc;
}

int
probe_place_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN_FD int root = open(WORK_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (argc < 3 || root < 0) {
		fprintf(stderr, "place: no tree, or no file\n");
		return 1;
	}
	const char *path = argv[1];
	int rc = strcmp(argv[2], "archive") == 0
			 ? unpack_archive(root, path, &err)
			 : write_file(root, path, argc > 3 ? argv[3] : NULL, &err);
	if (rc < 0)
		fprintf(stderr, "%s\n", err_msg(&err));
	return rc < 0 ? 1 : 0;
}
