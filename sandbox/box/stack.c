/*
 * The overlays of a pod: its root, its work tree, and data directories, which are stacks on top of
 * what the root has there.
 */
#include "sandbox/box/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void
stack_open(
	struct overlay *o, const char *const *layers, size_t n, const char *upper, const char *work)
{
	for (size_t i = 0; i < n; i++)
		o->layers[i] = mount_open_path(layers[i]);
	o->n = n;
	o->upper = mount_open_path(upper);
	o->work = n ? mount_open_path(work) : -1;
}

/* Topmost first, one after the other; false where the kernel cannot do that (before 6.5). */
static bool
set_lowers(int fs, const struct overlay *o)
{
	char path[64];
	for (size_t i = o->n; i-- > 0;) {
		mount_fd_path(o->layers[i], path, sizeof(path));
		if (syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "lowerdir+", path, 0) == 0)
			continue;
		if (i != o->n - 1)
			box_die(errno, "cannot stack a layer");
		return false;
	}
	return true;
}

/*
 * The older way: all layers in one string, for which fsconfig(2) has 256 bytes and mount(2) a page.
 * Names are relative to /proc/self/fd.
 */
static int
make_overlay_by_mount(const struct overlay *o, const char *what)
{
	char options[4096] = "lowerdir=";
	size_t used = strlen(options);
	for (size_t i = o->n; i-- > 0;)
		used += (size_t)snprintf(
			options + used, sizeof(options) - used, "%d%s", o->layers[i], i ? ":" : "");
	(void)snprintf(options + used, sizeof(options) - used,
		",upperdir=%d,workdir=%d,userxattr,volatile", o->upper, o->work);
	if (chdir("/proc/self/fd") < 0 ||
		mount("overlay", STAGE, "overlay", MS_NOSUID | MS_NODEV, options) < 0)
		box_die(errno, "cannot make %s", what);
	int fd = mount_open_tree(STAGE, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (fd < 0 || umount2(STAGE, MNT_DETACH) < 0 || chdir("/") < 0)
		box_die(errno, "cannot take %s", what);
	return fd;
}

static int
make_overlay(const struct overlay *o, const char *what)
{
	char path[64];
	int fs = mount_open_type("overlay");
	if (!set_lowers(fs, o)) {
		(void)close(fs);
		return make_overlay_by_mount(o, what);
	}
	mount_fd_path(o->upper, path, sizeof(path));
	mount_set_string(fs, "upperdir", path, what);
	mount_fd_path(o->work, path, sizeof(path));
	mount_set_string(fs, "workdir", path, what);
	if (syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) < 0 ||
		syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, "volatile", NULL, 0) < 0)
		box_die(errno, "the kernel's overlay lacks userxattr or volatile");
	return mount_finish(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, what);
}

/* A stack without layers is its upper directory alone. */
static int
make_plain(int upper, const char *what)
{
	char path[64];
	mount_fd_path(upper, path, sizeof(path));
	int fd = mount_open_tree(path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	struct mount_attr a = {.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};
	if (fd < 0 || syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &a, sizeof(a)) < 0)
		box_die(errno, "cannot bind %s", what);
	return fd;
}

int
stack_make(const struct overlay *o, const char *what)
{
	return o->n ? make_overlay(o, what) : make_plain(o->upper, what);
}

/* ---- data directories ---- */

/* The top of a stack looks like what it covers. */
static void
copy_attributes(int from, int to, const char *path)
{
	struct stat st;
	if (fstat(from, &st) < 0 || fchownat(to, "", st.st_uid, st.st_gid, AT_EMPTY_PATH) < 0)
		box_die(errno, "cannot give %s its owner", path);
	char self[64];
	mount_fd_path(to, self, sizeof(self));
	if (chmod(self, st.st_mode & 07777) < 0)
		box_die(errno, "cannot give %s its mode", path);
}

static int
open_data(int tree, const char *path)
{
	int fd = openat(tree, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		box_die(errno, "cannot open %s", path);
	return fd;
}

void
data_open(const struct pod_setup *s, struct data *d)
{
	d->tree = s->data_tree ? mount_clone(s->data_tree, true, false) : -1;
	for (size_t i = 0; i < s->ndata; i++) {
		struct overlay *o = &d->overlays[i];
		o->n = 1; /* what the root has, once there is a root */
		for (size_t k = 0; k < s->data[i].n; k++)
			o->layers[o->n++] = open_data(d->tree, s->data[i].layers[k]);
		o->upper = open_data(d->tree, s->data[i].upper);
		o->work = open_data(d->tree, s->data[i].work);
	}
}

void
data_attach(const struct pod_setup *s, struct data *d)
{
	if (d->tree < 0)
		return;
	mount_attach(d->tree, STAGE); /* an overlay takes only mounts of its own namespace */
	for (size_t i = 0; i < s->ndata; i++) {
		struct overlay *o = &d->overlays[i];
		const char *path = s->data[i].dst;
		mount_make_dirs(path);
		o->layers[0] = mount_open_path(path);
		copy_attributes(o->layers[o->n - 1], o->upper, path);
		int fd = make_overlay(o, path);
		for (size_t k = 0; k < o->n; k++)
			(void)close(o->layers[k]);
		(void)close(o->upper);
		(void)close(o->work);
		mount_attach(fd, path);
	}
	if (umount2(STAGE, MNT_DETACH) < 0)
		box_die(errno, "cannot leave the stage");
}
