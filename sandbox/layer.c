/*
 * The layer store.  <state>/layers/<key>/fs is the tree; a file `boot` beside it holds the boot id
 * until the layer has reached the disk, so that one written before a power cut and not synced is
 * told from a whole one.  A layer of this boot is used at once; layer_settle brings those that this
 * process made or used to the disk, before anything is written down that rests on them.
 */
#include "sandbox/layer.h"

#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

static char *
layer_root(const struct state *st, const char *key)
{
	return mem_printf("%s/layers/%s", st->dir, key);
}

char *
layer_dir(const struct state *st, const char *key)
{
	return mem_printf("%s/layers/%s/fs", st->dir, key);
}

static bool
is_key(const char *name)
{
	size_t n = strlen(name);
	if (n != HASH_HEX)
		return false;
	return strspn(name, "0123456789abcdef") == n;
}

int
layer_boot_id(struct buf *ret, struct dd_err *err)
{
	return fs_read("/proc/sys/kernel/random/boot_id", 256, ret, err);
}

/* ---- layers that are not on the disk yet ---- */

static struct strlist unsettled; /* keys that this process made or used */
static pthread_mutex_t unsettled_lock = PTHREAD_MUTEX_INITIALIZER;

static void
note_unsettled(const char *key)
{
	(void)pthread_mutex_lock(&unsettled_lock);
	strlist_add_new(&unsettled, key);
	(void)pthread_mutex_unlock(&unsettled_lock);
}

bool
layer_exists(const struct state *st, const char *key)
{
	OWN_FREE char *dir = layer_dir(st, key);
	OWN_FREE char *root = layer_root(st, key);
	OWN_FREE char *marker = fs_join(root, "boot");
	if (!is_key(key) || !fs_is_dir(dir))
		return false;
	OWN(buf) struct buf mine = {0}, its = {0};
	if (fs_read(marker, 256, &its, NULL) < 0)
		return true;
	bool ours = layer_boot_id(&mine, NULL) == 0 && mine.n == its.n &&
		    memcmp(mine.p, its.p, mine.n) == 0;
	if (ours)
		note_unsettled(key);
	return ours;
}

int
layer_lock(const struct state *st, const char *key, int *ret_fd, struct dd_err *err)
{
	OWN_FREE char *path = mem_printf("%s/locks/%s", st->dir, key);
	return fs_lock(path, true, ret_fd, err);
}

/* ---- publishing
 * ---------------------------------------------------------------------------------- */

/* One syncfs for all of them: they lie on one file system. */
static int
sync_layers(const struct state *st, const struct strlist *keys, struct dd_err *err)
{
	OWN_FREE char *layers = state_path(st, "layers");
	OWN_FD int fd = open(layers, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || syncfs(fd) < 0)
		return err_errno(err, errno, "cannot sync %s", layers);
	for (size_t i = 0; i < keys->n; i++) {
		OWN_FREE char *marker = mem_printf("%s/%s/boot", layers, keys->v[i]);
		if (unlink(marker) < 0 && errno != ENOENT)
			return err_errno(err, errno, "cannot mark layer %.12s whole", keys->v[i]);
	}
	return 0;
}

int
layer_settle(const struct state *st, struct dd_err *err)
{
	OWN(strlist) struct strlist keys = {0};
	(void)pthread_mutex_lock(&unsettled_lock);
	keys = unsettled;
	unsettled = (struct strlist){0};
	(void)pthread_mutex_unlock(&unsettled_lock);
	int rc = keys.n ? sync_layers(st, &keys, err) : 0;
	for (size_t i = 0; rc < 0 && i < keys.n; i++)
		note_unsettled(keys.v[i]);
	return rc;
}

/*
 * Not synced: a journalling file system brings the marker to the disk no later than the rename that
 * follows, and one whose text did not arrive names no boot at all.
 */
static int
write_marker(const char *dir, struct dd_err *err)
{
	OWN_FREE char *path = fs_join(dir, "boot");
	OWN(buf) struct buf boot = {0};
	int rc = layer_boot_id(&boot, err);
	if (rc < 0)
		return rc;
	OWN_FD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, errno, "cannot write %s", path);
	return fs_write_all(fd, boot.p, boot.n, err) < 0 ? err_wrap(err, "%s", path) : 0;
}

int
layer_publish(const struct state *st, const char *key, const char *dir, struct dd_err *err)
{
	OWN_FREE char *to = layer_root(st, key);
	int rc = write_marker(dir, err);
	if (rc < 0)
		return rc;
	if (fs_exists(to) && !layer_exists(st, key)) {
		rc = fs_remove_tree(to, err); /* of a boot that ended before it was synced */
		if (rc < 0)
			return rc;
	}
	if (rename(dir, to) < 0 && errno != EEXIST && errno != ENOTEMPTY)
		return err_errno(err, errno, "cannot store layer %.12s", key);
	note_unsettled(key);
	return 0;
}
