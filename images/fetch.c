#include "images/fetch.h"

#include "base/cas.h"
#include "base/fs.h"
#include "base/io.h"
#include "images/registry.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define SPLIT_BYTES ((uint64_t)64 << 30)
#define SPLIT_TIME_MS (30 * 60 * 1000)

struct fetch {
	const struct state *st;
	int dir; /* of a directory; else -1 */
	struct reference ref;
	struct registry *registry; /* NULL: a directory */
};

void
fetch_close(struct fetch *f)
{
	if (!f)
		return;
	if (f->dir >= 0)
		(void)close(f->dir);
	registry_close(f->registry);
	reference_cleanup(&f->ref);
	free(f);
}

/* ---- a file or directory ---- */

static int
split(const struct state *st, const char *path, const struct transfer_dir *dir, char **ret_parts,
	struct dd_err *err)
{
	static const struct json_field fields[] = {
		{.key = "files", .kind = JSON_K_INT}, {.key = NULL}};
	OWN_FREE char *parts = NULL;
	OWN_FREE char *limit = mem_printf("%llu", (unsigned long long)SPLIT_BYTES);
	const char *args[] = {"split", limit, NULL};
	int64_t files = 0;
	OWN_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "%s", path);
	int rc = transfer_give(st, dir, "parts", false, POD_UID, &parts, err);
	if (rc < 0)
		return rc;
	const struct pod_bind bind = {parts, OCI_IN_PARTS, true};
	const struct worker_spec spec = {
		.state = st,
		.name = OCI_WORKER,
		.args = args,
		.binds = &bind,
		.nbinds = 1,
		.input_fd = fd,
		.time_limit_ms = SPLIT_TIME_MS,
	};
	rc = image_worker(&spec, fields, &files, err);
	if (rc == 0)
		*ret_parts = TAKE(parts);
	return rc;
}

int
fetch_open_file(const struct state *st, const char *path, const struct transfer_dir *dir,
	struct fetch **ret, struct dd_err *err)
{
	OWN_FREE char *parts = NULL;
	struct stat s;
	if (stat(path, &s) < 0)
		return err_errno(err, errno, "%s", path);
	if (!S_ISDIR(s.st_mode) && !S_ISREG(s.st_mode))
		return err_set(err, DD_EINVAL, "%s is neither a directory nor an archive", path);
	int rc = S_ISREG(s.st_mode) ? split(st, path, dir, &parts, err) : 0;
	OWN_FD int fd = rc ? -1 : open(parts ? parts : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (rc == 0 && fd < 0)
		rc = err_errno(err, errno, "%s", path);
	if (rc < 0)
		return rc;
	struct fetch *f = mem_new(struct fetch);
	f->st = st;
	f->dir = TAKE_FD(fd);
	*ret = f;
	return 0;
}

/* Links of the directory lead nowhere but into it (docker save makes such to layers it has twice).
 */
static int
open_part(struct fetch *f, const char *path, int *ret_fd, struct dd_err *err)
{
	OWN_FD int fd = -1;
	struct stat s;
	int rc = fs_open_in_root(f->dir, path, O_RDONLY | O_NONBLOCK, &fd, err);
	if (rc == 0 && (fstat(fd, &s) < 0 || !S_ISREG(s.st_mode)))
		rc = err_set(err, DD_EINVAL, "%.200s is not a file", path);
	if (rc == 0)
		*ret_fd = TAKE_FD(fd);
	return rc;
}

static int
open_blob(struct fetch *f, const struct oci_blob *b, int *ret_fd, struct dd_err *err)
{
	OWN_FREE char *path =
		b->path ? mem_strdup(b->path) : mem_printf("blobs/sha256/%s", b->digest);
	return open_part(f, path, ret_fd, err);
}

static int
read_fd(int fd, struct buf *ret, struct dd_err *err)
{
	char chunk[65536];
	ssize_t n;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
		buf_add(ret, chunk, (size_t)n);
		if (ret->truncated)
			return err_set(err, DD_ELIMIT,
				"a document of the image is larger than %zu bytes",
				OCI_MAX_DOCUMENT);
	}
	return n < 0 ? err_errno(err, errno, "cannot read a document of the image") : 0;
}

static int
first_of_directory(struct fetch *f, struct buf *ret, struct dd_err *err)
{
	static const char *const names[] = {"index.json", "manifest.json", NULL};
	OWN_FD int fd = -1;
	for (size_t i = 0; fd < 0 && names[i]; i++)
		(void)!open_part(f, names[i], &fd, NULL);
	if (fd < 0)
		return err_set(err, DD_EINVAL,
			"neither an OCI layout (index.json) nor of docker save (manifest.json)");
	return read_fd(fd, ret, err);
}

/* ---- a registry ---- */

int
fetch_open_registry(const struct state *st, const char *ref, const struct image_registry_opts *opts,
	struct fetch **ret, struct dd_err *err)
{
	struct fetch *f = mem_new(struct fetch);
	f->st = st;
	f->dir = -1;
	int rc = reference_parse(ref, opts->plain_http, &f->ref, err);
	rc = rc ? rc : registry_open(st, &f->ref, false, opts, &f->registry, err);
	if (rc < 0) {
		fetch_close(f);
		return rc;
	}
	*ret = f;
	return 0;
}

/* ---- both ---- */

int
fetch_first(struct fetch *f, struct buf *ret, struct dd_err *err)
{
	return f->registry ? registry_get_manifest(f->registry, f->ref.tag, f->ref.digest, ret, err)
			   : first_of_directory(f, ret, err);
}

int
fetch_manifest(struct fetch *f, const struct oci_blob *b, struct buf *ret, struct dd_err *err)
{
	return f->registry ? registry_get_manifest(f->registry, NULL, b->digest, ret, err)
			   : fetch_document(f, b, ret, err);
}

int
fetch_blob(struct fetch *f, const struct oci_blob *b, int *ret_fd, struct dd_err *err)
{
	if (!b->path && (!b->digest || !hash_is_hex(str_of(b->digest))))
		return err_set(err, DD_ECORRUPT, "the worker gave no digest");
	return f->registry ? registry_get_blob(f->registry, b, ret_fd, err)
			   : open_blob(f, b, ret_fd, err);
}

int
fetch_document(struct fetch *f, const struct oci_blob *b, struct buf *ret, struct dd_err *err)
{
	OWN_FD int fd = -1;
	int rc = fetch_blob(f, b, &fd, err);
	rc = rc ? rc : read_fd(fd, ret, err);
	if (rc < 0 || !b->digest)
		return rc;
	struct hash_hex got = hash_bytes(buf_str(ret));
	if (strcmp(got.s, b->digest) != 0)
		rc = err_set(err, DD_ECORRUPT,
			"a document of the image is not what its digest says: sha256:%s, got %s",
			b->digest, got.s);
	return rc;
}

void
fetch_forget_blob(struct fetch *f, const struct oci_blob *b)
{
	OWN_FREE char *cas = state_path(f->st, "cas");
	OWN_FREE char *path = f->registry ? cas_path(cas, b->digest) : NULL;
	if (path)
		(void)!io_unlink(path);
}

char *
fetch_source(const struct fetch *f, const char *manifest)
{
	if (!f->registry)
		return NULL;
	return mem_printf("%s/%s%s%s%s%s", f->ref.host, f->ref.repository, f->ref.tag ? ":" : "",
		f->ref.tag ? f->ref.tag : "", manifest ? "@sha256:" : "", manifest ? manifest : "");
}
