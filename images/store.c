#include "images/store.h"

#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

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
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	else if (mkdir(path, 0755) == 0)
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchmod(fd, file ? 0600 : 0755) < 0 || (st->root && fchown(fd, uid, uid) < 0))
		return err_errno(err, errno, "cannot make %s", path);
	*ret_path = TAKE(path);
	return 0;
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
