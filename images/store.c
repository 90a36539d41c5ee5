#include "images/store.h"

#include "base/fs.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#define COPY ((size_t)64 << 10)
#define MAX_REPORT ((size_t)4 << 20)

int
transfer_dir_open(const struct state *st, struct transfer_dir *ret, struct dd_err *err)
{
	static unsigned serial;
	OWN_FREE char *name = mem_printf("image-%d-%u", (int)getpid(), serial++);
	return scratch_create(st, name, 0700, &ret->path, &ret->lock, err);
}

void
transfer_dir_close(struct transfer_dir *d)
{
	if (d->path)
		(void)!scratch_discard(d->path, NULL);
	if (d->path && d->lock >= 0)
		(void)close(d->lock);
	free(d->path);
	*d = (struct transfer_dir){.lock = -1};
}

int
transfer_give(const struct state *st, const struct transfer_dir *d, const char *name, bool file,
	uid_t inside_uid, char **ret_path, struct dd_err *err)
{
	OWN_FREE char *path = fs_join(d->path, name);
	uid_t uid = st->id_base + inside_uid;
	OWN_FD int fd = -1;
	if (file)
		fd = io_create(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	else if (io_mkdir(path, 0755) == 0)
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchmod(fd, file ? 0600 : 0755) < 0 || (st->root && fchown(fd, uid, uid) < 0))
		return err_errno(err, errno, "cannot make %s", path);
	*ret_path = TAKE(path);
	return 0;
}

int
transfer_append(const char *from_path, const char *to_path, struct dd_err *err)
{
	OWN_FREE char *block = mem_alloc(COPY);
	OWN_FD int from = open(from_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	OWN_FD int to = open(to_path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = 0;
	int rc = 0;
	if (from < 0 || to < 0)
		return err_errno(err, errno, "cannot append %s", from_path);
	while (rc == 0 && (n = read(from, block, COPY)) > 0)
		rc = fs_write_all(to, block, (size_t)n, err);
	return rc == 0 && n < 0 ? err_errno(err, errno, "cannot read %s", from_path) : rc;
}

void
transfer_binds_cleanup(struct transfer_binds *b)
{
	strlist_cleanup(&b->paths);
}

void
transfer_bind(struct transfer_binds *b, const char *src, const char *dst, bool writable)
{
	strlist_add(&b->paths, src);
	strlist_add(&b->paths, dst);
	b->v[b->n++] =
		(struct pod_bind){b->paths.v[b->paths.n - 2], b->paths.v[b->paths.n - 1], writable};
}

void
transfer_bind_lowers(const struct state *st, const struct stack *layers, struct transfer_binds *b)
{
	for (size_t i = 0; i < layers->n; i++) {
		OWN_FREE char *src = layer_dir(st, layers->v[i].s);
		OWN_FREE char *dst = mem_printf(OCI_IN_LOWER_FS, i);
		transfer_bind(b, src, dst, false);
	}
}

char *
layer_side_file(const struct state *st, const char *key, const char *file)
{
	return mem_printf("%s/layers/%s/%s", st->dir, key, file);
}

int
layer_content_digest(
	const struct state *st, const char *key, struct hash_hex *ret, struct dd_err *err)
{
	OWN_FREE char *path = layer_side_file(st, key, "digest");
	OWN(buf) struct buf text = {0};
	if (!fs_exists(path))
		return err_set(err, DD_ENOENT, "layer %.12s has no digest", key);
	int rc = fs_read(path, 128, &text, err);
	struct str hex = str_trim(buf_str(&text));
	if (rc == 0 && !hash_is_hex(hex))
		rc = err_set(err, DD_ECORRUPT, "%s is damaged", path);
	if (rc < 0)
		return rc;
	*ret = (struct hash_hex){0};
	memcpy(ret->s, hex.p, HASH_HEX);
	return 0;
}

struct hash_hex
image_tree_digest(const struct hash_hex *contents, size_t n)
{
	OWN(buf) struct buf text = {0};
	buf_puts(&text, "drydock-tree 1\n");
	for (size_t i = 0; i < n; i++)
		buf_printf(&text, "%s\n", contents[i].s);
	return hash_bytes(buf_str(&text));
}

int
image_worker(const struct worker_spec *spec, const struct json_field *fields, void *dst,
	struct dd_err *err)
{
	OWN(buf) struct buf out = {.max = MAX_REPORT};
	OWN_JSON json_t *j = NULL;
	int rc = worker_run(spec, &out, err);
	rc = rc ? rc : json_parse(buf_str(&out), &j, err);
	return rc ? rc : json_decode(j, fields, true, dst, "worker", err);
}

/* The names of Go, which images are labelled with. */
char *
image_platform(void)
{
	static const struct {
		const char *machine, *name;
	} names[] = {{"x86_64", "amd64"}, {"aarch64", "arm64"}, {"i686", "386"}, {"armv7l", "arm"},
		{"loongarch64", "loong64"}};
	struct utsname u;
	const char *name = uname(&u) == 0 ? u.machine : "unknown";
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i].machine) == 0)
			name = names[i].name;
	return mem_printf("linux/%s", name);
}

void
image_transfer_cleanup(struct image_transfer *t)
{
	free(t->manifest);
	free(t->tree);
	*t = (struct image_transfer){0};
}
