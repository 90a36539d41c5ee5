/*
 * The layer store.  <state>/layers/<key>/fs is the tree; a file `boot` beside it holds the boot id
 * until the layer has reached the disk, so that one written before a power cut and not synced is
 * told from a whole one.  A layer of this boot is used at once; layer_settle brings those that this
 * process made or used to the disk, before anything is written down that rests on them.
 */
#include "sandbox/layer.h"

#include "base/fs.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>

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

enum standing { LAYER_SETTLED, LAYER_OF_THIS_BOOT, LAYER_LOST };

/* A marker that cannot be read, or names no boot or another, marks what may not be whole. */
static enum standing
standing_of(const struct state *st, const char *key)
{
	OWN_FREE char *dir = layer_dir(st, key);
	OWN_FREE char *marker = mem_printf("%s/layers/%s/boot", st->dir, key);
	if (!is_key(key) || !fs_is_dir(dir))
		return LAYER_LOST;
	OWN(buf) struct buf mine = {0}, its = {0};
	int rc = fs_read(marker, 256, &its, NULL);
	if (rc == -DD_ENOENT)
		return LAYER_SETTLED;
	bool ours = rc == 0 && layer_boot_id(&mine, NULL) == 0 && mine.n == its.n &&
		    memcmp(mine.p, its.p, mine.n) == 0;
	return ours ? LAYER_OF_THIS_BOOT : LAYER_LOST;
}

bool
layer_exists(const struct state *st, const char *key)
{
	enum standing standing = standing_of(st, key);
	if (standing == LAYER_OF_THIS_BOOT)
		note_unsettled(key);
	return standing != LAYER_LOST;
}

int
layer_lock(const struct state *st, const char *key, int *ret_fd, struct dd_err *err)
{
	OWN_FREE char *path = mem_printf("%s/locks/%s", st->dir, key);
	int rc = fs_lock(path, true, ret_fd, err);
	return rc < 0 ? err_wrap(err, "layer %.12s", key) : 0;
}

/* Out of the store first: a layer that is half removed must not be found whole. */
static int
remove_layer(const struct state *st, const char *key, struct dd_err *err)
{
	OWN_FREE char *root = layer_root(st, key);
	OWN_FREE char *doomed = mem_printf("%s/pods/doomed-%s", st->dir, key);
	int rc = fs_remove_tree(doomed, err); /* an earlier one of that key */
	if (rc == 0 && io_rename(root, doomed) < 0)
		rc = err_errno(err, errno, "cannot move %s", root);
	return rc < 0 ? rc : fs_remove_tree(doomed, err);
}

/* ---- publishing ---- */

/* One syncfs for all of them: they lie on one file system. */
static int
sync_layers(const struct state *st, const struct strlist *keys, struct dd_err *err)
{
	OWN_FREE char *layers = state_path(st, "layers");
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < keys->n; i++)
		if (standing_of(st, keys->v[i]) == LAYER_LOST)
			rc = err_set(
				err, DD_EIO, "%s/%s did not reach the disk", layers, keys->v[i]);
	if (rc == 0)
		rc = fs_sync_all(layers, err);
	for (size_t i = 0; rc == 0 && i < keys->n; i++) {
		OWN_FREE char *marker = mem_printf("%s/%s/boot", layers, keys->v[i]);
		if (io_unlink(marker) < 0 && errno != ENOENT)
			rc = err_errno(err, errno, "cannot remove %s", marker);
	}
	return rc;
}

/*
 * What the disk did not take may still be read from memory, until that is needed, and the next sync
 * says nothing of it: such a layer is made again.  A marker without text names no boot.
 */
static void
distrust(const struct state *st, const struct strlist *keys)
{
	for (size_t i = 0; i < keys->n; i++) {
		OWN_FREE char *marker = mem_printf("%s/layers/%s/boot", st->dir, keys->v[i]);
		(void)!truncate(marker, 0); /* needs no room; one that is gone was synced */
	}
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
	if (rc < 0)
		distrust(st, &keys);
	return rc < 0 ? err_wrap(err, "layers") : 0;
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
	OWN_FD int fd = io_create(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, errno, "cannot create %s", path);
	return fs_write_all(fd, boot.p, boot.n, err) < 0 ? err_wrap(err, "file %s", path) : 0;
}

int
layer_publish(const struct state *st, const char *key, const char *dir, struct dd_err *err)
{
	OWN_FREE char *to = layer_root(st, key);
	int rc = write_marker(dir, err);
	if (rc == 0 && fs_exists(to) && !layer_exists(st, key))
		rc = remove_layer(st, key, err); /* of a boot that ended before it was synced */
	if (rc == 0 && io_rename(dir, to) < 0 && errno != EEXIST && errno != ENOTEMPTY)
		rc = err_errno(err, errno, "cannot rename to %s", to);
	if (rc < 0)
		return err_wrap(err, "layer %.12s", key);
	note_unsettled(key);
	return 0;
}
