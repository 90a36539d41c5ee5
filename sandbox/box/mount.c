/* Mounts as detached objects (fsopen, open_tree), and where they go. */
#include "sandbox/box/mount.h"

#include "sandbox/box/box.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int
mount_open_tree(const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, AT_FDCWD, path, flags);
}

int
mount_open_type(const char *type)
{
	int fd = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
	if (fd < 0)
		box_die(errno, "the kernel lacks the file system %s (fsopen)", type);
	return fd;
}

int
mount_open_path(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		box_die(errno, "cannot open %s", path);
	return fd;
}

void
mount_set_string(int fs, const char *key, const char *value, const char *what)
{
	if (syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, key, value, 0) < 0)
		box_die(errno, "cannot set %s of %s (fsconfig)", key, what);
}

int
mount_finish(int fs, unsigned attributes, const char *what)
{
	if (syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		box_die(errno, "cannot make %s (fsconfig)", what);
	int fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes);
	if (fd < 0)
		box_die(errno, "cannot mount %s (fsmount)", what);
	(void)close(fs);
	return fd;
}

void
mount_fd_path(int fd, char *out, size_t n)
{
	(void)snprintf(out, n, "/proc/self/fd/%d", fd);
}

int
mount_clone(const char *src, bool writable, bool recursive)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
	int fd = mount_open_tree(src, flags);
	if (fd < 0)
		box_die(errno, "cannot bind %s (open_tree)", src);
	struct mount_attr a = {.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					   (writable ? 0 : (unsigned)MOUNT_ATTR_RDONLY)};
	unsigned at = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
	if (syscall(SYS_mount_setattr, fd, "", at, &a, sizeof(a)) < 0)
		box_die(errno, "cannot protect the bind of %s (mount_setattr)", src);
	return fd;
}

/* Without following a link at the end of the path: an image decides what is there. */
void
mount_attach(int fd, const char *path)
{
	struct stat st;
	if (syscall(SYS_move_mount, fd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0) {
		int errnum = errno;
		if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
			box_die(0, "%s is a link in the image; it must be a directory", path);
		box_die(errnum, "cannot mount on %s (move_mount)", path);
	}
	(void)close(fd);
}

void
mount_make_dirs(const char *path)
{
	char copy[4096];
	if (strlen(path) >= sizeof(copy))
		box_die(ENAMETOOLONG, "%.80s", path);
	(void)strcpy(copy, path);
	for (char *p = copy + 1;; p++) {
		if (*p && *p != '/')
			continue;
		char keep = *p;
		*p = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			box_die(errno, "cannot make %s in the pod", copy);
		*p = keep;
		if (!keep)
			return;
	}
}

/* A mount point of the kind of the source: a directory, or an empty file. */
