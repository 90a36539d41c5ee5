#include "runner/bundle.h"

#include "base/cas.h"
#include "base/fs.h"
#include "base/io.h"
#include "base/log.h"
#include "base/tar_write.h"
#include "envprobe/envprobe.h"
#include "images/transfer.h"
#include "runner/attest.h"
#include "runner/attest_walk.h"
#include "runner/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct bundle {
	const struct state *st;
	const struct run *run;
	struct recipe recipe;
	char *image; /* path of its archive, in a scratch directory */
	int fd;
	json_t *members;    /* what is in it so far, subjects of its attestation; borrowed */
	struct dd_err *err; /* of put_left */
};

/* From the start of fd; its digest is known. */
static int
put_open_file(struct bundle *b, const char *name, int fd, const char *digest, struct dd_err *err)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return err_errno(err, errno, "cannot read %s", name);
	json_array_append_new(b->members, attest_subject(name, digest));
	return tar_write_member(b->fd, name, fd, (struct str){"", 0}, (uint64_t)st.st_size, err);
}

/* digest NULL: it is not known yet. */
static int
put_file(struct bundle *b, const char *name, const char *path, const char *digest,
	struct dd_err *err)
{
	struct hash_hex made;
	OWN_FD int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int rc = fd < 0 ? err_errno(err, errno, "cannot read %s", path) : 0;
	if (rc == 0 && !digest)
		rc = hash_fd(fd, &made, NULL, err);
	if (rc == 0 && !digest && lseek(fd, 0, SEEK_SET) < 0)
		rc = err_errno(err, errno, "cannot read %s again", path);
	return rc ? rc : put_open_file(b, name, fd, digest ? digest : made.s, err);
}

static int
put_text(struct bundle *b, const char *name, const struct buf *text, struct dd_err *err)
{
	struct hash_hex digest = hash_bytes(buf_str(text));
	json_array_append_new(b->members, attest_subject(name, digest.s));
	return tar_write_member(b->fd, name, -1, buf_str(text), 0, err);
}

static int
put_header(struct bundle *b, struct dd_err *err)
{
	OWN_JSON json_t *j = json_pack("{s:i, s:s}", "version", 1, "run", b->run->id);
	OWN(buf) struct buf text = {0};
	json_print(j, 0, &text);
	buf_putc(&text, '\n');
	return put_text(b, "bundle.json", &text, err);
}

/* What the run left, in the order of the names; the recipe keeps its place, all else is evidence. */
static int
put_left(void *ctx, const char *name, const struct hash_hex *digest)
{
	struct bundle *b = ctx;
	OWN_FREE char *path = run_path(b->run, name);
	OWN_FREE char *member =
		str_starts(str_of(name), "recipe/") ? mem_strdup(name) : fs_join("evidence", name);
	return put_file(b, member, path, digest->s, b->err);
}

static int
put_run(struct bundle *b, struct dd_err *err)
{
	OWN_FD int dir = open(b->run->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	b->err = err;
	return dir < 0 ? err_errno(err, errno, "cannot open %s", b->run->dir)
		       : attest_walk(dir, false, put_left, b, err);
}

static void
list_objects(const struct recipe *r, struct strlist *ret)
{
	for (size_t i = 0; i < r->batches.n; i++)
		for (size_t k = 0; k < r->batches.v[i].artefacts.n; k++)
			strlist_add(ret, r->batches.v[i].artefacts.v[k].sha256);
	for (size_t i = 0; i < r->modules.n; i++)
		for (size_t k = 0; k < r->modules.v[i].artefacts.n; k++)
			strlist_add(ret, r->modules.v[i].artefacts.v[k].sha256);
	strlist_sort(ret);
}

static int
put_objects(struct bundle *b, struct dd_err *err)
{
	OWN_FREE char *cas = state_path(b->st, "cas");
	OWN(strlist) struct strlist digests = {0};
	int rc = 0;
	list_objects(&b->recipe, &digests);
	for (size_t i = 0; rc == 0 && i < digests.n; i++) {
		OWN_FREE char *name = mem_printf("objects/%s", digests.v[i]);
		OWN_FD int fd = -1;
		if (i && strcmp(digests.v[i], digests.v[i - 1]) == 0)
			continue;
		rc = cas_open(cas, digests.v[i], &fd, err);
		if (rc == 0)
			rc = put_open_file(b, name, fd, digests.v[i], err);
	}
	return rc;
}

static int
put_attestation(struct bundle *b, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	int rc = attest_text(b->st, b->run, b->members, &text, err);
	return rc ? rc : tar_write_member(b->fd, ATTESTATION, -1, buf_str(&text), 0, err);
}

static int
put_all(struct bundle *b, struct dd_err *err)
{
	OWN_JSON json_t *members = json_array();
	b->members = members;
	int rc = put_header(b, err);
	rc = rc ? rc : put_run(b, err);
	rc = rc ? rc : put_file(b, "image.tar", b->image, NULL, err);
	rc = rc ? rc : put_objects(b, err);
	rc = rc ? rc : put_attestation(b, err);
	return rc ? rc : tar_write_end(b->fd, err);
}

/* Under another name until it is whole and on the disk. */
static int
put_named(struct bundle *b, const char *path, struct dd_err *err)
{
	OWN_FREE char *temp = mem_printf("%s.drydock-%d", path, (int)getpid());
	OWN_FD int fd = io_create(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0)
		return err_errno(err, errno, "cannot write %s", temp);
	b->fd = fd;
	int rc = put_all(b, err);
	if (rc == 0 && (io_fsync(fd) < 0 || io_rename(temp, path) < 0))
		rc = err_errno(err, errno, "cannot write %s", path);
	if (rc < 0)
		(void)!io_unlink(temp);
	return rc;
}

/* The image that the recipe was made on, under whatever name its run knew it. */
static int
pack_image(struct bundle *b, const char *dir, struct dd_err *err)
{
	OWN(image) struct image img = {0};
	const struct image_export_opts opts = {.compression = "zstd"};
	struct image_transfer done;
	const char *name = b->recipe.base.name ? b->recipe.base.name : IMAGE_BASE;
	int rc = image_open(b->st, name, &img, err);
	if (rc == 0 && strcmp(img.digest, b->recipe.base.digest) != 0)
		rc = err_set(err, DD_EINVAL,
			"the image %s is not the one the recipe was made on any more", name);
	b->image = fs_join(dir, "image.tar");
	if (rc == 0)
		rc = image_export(b->st, name, b->image, &opts, &done, err);
	if (rc == 0)
		image_transfer_cleanup(&done);
	return rc;
}

static int
make(struct bundle *b, const char *path, struct dd_err *err)
{
	OWN_FREE char *name = mem_printf("bundle-%d", (int)getpid()), *dir = NULL;
	OWN_FD int lock = -1;
	int step = progress_begin("packing the bundle");
	int rc = scratch_create(b->st, name, 0700, &dir, &lock, err);
	if (rc == 0)
		rc = pack_image(b, dir, err);
	b->fd = STDOUT_FILENO;
	if (rc == 0)
		rc = strcmp(path, "-") == 0 ? put_all(b, err) : put_named(b, path, err);
	if (dir)
		(void)!scratch_discard(dir, NULL);
	progress_end(step, rc < 0 ? "failed" : "ok");
	return rc;
}

/* A bundle vouches for what is in it: for nothing that changed since the run ended. */
static int
check_run(const struct bundle *b, struct dd_err *err)
{
	struct sign_keys known = {0};
	struct attest_check c = {0};
	OWN_FD int dir = open(b->run->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = dir < 0 ? err_errno(err, errno, "cannot open %s", b->run->dir)
			 : keys_known(b->st, &known, err);
	if (rc == 0)
		rc = attest_verify(dir, b->run->journal, &known, &c, err);
	if (rc == 0 && c.verdict == ATTEST_CHANGED)
		rc = err_set(err, DD_EINVAL,
			"run %s is not what it was when it ended: %s: %s (drydock verify %s)",
			b->run->id, c.problems.v[0].name, c.problems.v[0].what, b->run->id);
	attest_check_cleanup(&c);
	sign_keys_cleanup(&known);
	return rc;
}

int
bundle_write(const struct state *st, const struct run *run, const char *path, struct dd_err *err)
{
	OWN_FREE char *folder = run_path(run, "recipe"),
		      *lock = fs_join(folder, "drydock.lock.json");
	struct bundle b = {.st = st, .run = run};
	if (run_require_single(run, err) < 0)
		return err_wrap(err, "bundle");
	if (!fs_exists(lock))
		return err_set(err, DD_EINVAL, "bundle: run %s has no recipe", run->id);
	int rc = recipe_load(lock, &b.recipe, err);
	if (rc == 0)
		rc = check_run(&b, err);
	if (rc == 0)
		rc = make(&b, path, err);
	recipe_cleanup(&b.recipe);
	free(b.image);
	return rc < 0 ? err_wrap(err, "bundle") : 0;
}
