#include "sandbox/stdio.h"

#include "base/fs.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define COPY_CHUNK ((size_t)64 << 20)
#define MEMORY_DEVICES 1

/* null, zero, full, random, urandom; not mem, port and kmsg beside them. */
static bool
is_harmless(dev_t device)
{
	static const unsigned minors[] = {3, 5, 7, 8, 9};
	for (size_t i = 0; i < sizeof(minors) / sizeof(*minors); i++)
		if (device == makedev(MEMORY_DEVICES, minors[i]))
			return true;
	return false;
}

/* Open for reading, and no id of the pod owns it or may write to it. */
static bool
is_read_only(const struct state *state, int fd, const struct stat *st)
{
	return state->root && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY &&
	       !(st->st_mode & S_IWOTH) && st->st_uid < state->id_base &&
	       st->st_gid < state->id_base;
}

int
stdio_judge(const struct state *state, int fd, enum stdio_way *ret, struct dd_err *err)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return err_errno(err, errno, "descriptor %d", fd);
	if (S_ISREG(st.st_mode)) {
		*ret = st.st_nlink && !is_read_only(state, fd, &st) ? STDIO_COPY : STDIO_PASS;
		return 0;
	}
	if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) ||
		(S_ISCHR(st.st_mode) && (is_harmless(st.st_rdev) || isatty(fd)))) {
		*ret = STDIO_PASS;
		return 0;
	}
	return err_set(err, DD_EINVAL,
		"descriptor %d is a %s, which would be a way out of the sandbox", fd,
		S_ISDIR(st.st_mode) ? "directory" : "device");
}

bool
stdio_is_same(int a, int b)
{
	struct stat x, y;
	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* 1: a piece was copied, 0: the end, or the kernel cannot; negative: error. */
static int
copy_in_kernel(int from, int to, const char *dir, struct dd_err *err)
{
	ssize_t n = io_copy_range(from, to, COPY_CHUNK);
	if (n < 0 && (errno == EIO || errno == ENOSPC || errno == EDQUOT))
		return err_errno(err, errno, "cannot copy the input to a file in %s", dir);
	return n > 0;
}

static int
copy_rest(int from, int to, const char *dir, struct dd_err *err)
{
	char block[65536];
	for (;;) {
		ssize_t n = read(from, block, sizeof(block));
		if (n < 0 && errno != EINTR)
			return err_errno(err, errno, "cannot read the input");
		if (n == 0)
			return 0;
		int rc = n > 0 ? fs_write_all(to, block, (size_t)n, err) : 0;
		if (rc < 0)
			return err_wrap(err, "the input's copy in %s", dir);
	}
}

int
stdio_copy(int fd, const char *dir, int *ret_fd, struct dd_err *err)
{
	OWN_FD int to = io_create(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (to < 0)
		return err_errno(err, errno, "cannot make a file in %s", dir);
	int rc;
	while ((rc = copy_in_kernel(fd, to, dir, err)) > 0)
		;
	if (rc == 0)
		rc = copy_rest(fd, to, dir, err);
	if (rc < 0)
		return rc;
	OWN_FREE char *self = mem_printf("/proc/self/fd/%d", to);
	int again = open(self, O_RDONLY | O_CLOEXEC);
	if (again < 0)
		return err_errno(err, errno, "cannot open the copy of the input");
	*ret_fd = again;
	return 0;
}
