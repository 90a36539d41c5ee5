#include "base/unpack_path.h"

#include "base/fault.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define COMPONENT_MAX 255

char *
unpack_show(const char *name)
{
	OWN(buf) struct buf b = {.max = 200};
	buf_put_visible(&b, str_of(name));
	if (b.truncated)
		memcpy(b.p + b.n - 3, "...", 3);
	return buf_take(&b);
}

int
unpack_refuse(struct dd_err *err, enum dd_code code, const char *name, const char *why)
{
	OWN_FREE char *shown = unpack_show(name);
	return err_set(err, code, "entry '%s' %s", shown, why);
}

int
unpack_fail(struct dd_err *err, int errnum, const char *doing, const char *name)
{
	OWN_FREE char *shown = unpack_show(name);
	if (errnum == ELOOP || errnum == EXDEV)
		return err_set(err, DD_EINVAL, "entry '%s' leads through a symbolic link", shown);
	if (errnum == ENOTDIR)
		return err_set(err, DD_EINVAL, "entry '%s' lies below a file", shown);
	return err_errno(err, errnum, "%s '%s'", doing, shown);
}

int
unpack_path_clean(const struct unpack_limits *max, const char *raw, char **ret, struct dd_err *err)
{
	if (raw[0] == '/')
		return unpack_refuse(err, DD_EINVAL, raw, "has an absolute path");
	OWN(buf) struct buf out = {.max = max->path_bytes};
	struct str rest = str_of(raw), part;
	uint32_t depth = 0;
	while (str_next(&rest, '/', &part)) {
		if (part.n == 0 || str_eq(part, "."))
			continue;
		if (str_eq(part, ".."))
			return unpack_refuse(err, DD_EINVAL, raw, "has '..' in its path");
		if (part.n > COMPONENT_MAX)
			return unpack_refuse(err, DD_ELIMIT, raw, "has too long a name");
		if (++depth > max->depth)
			return unpack_refuse(err, DD_ELIMIT, raw, "lies too deep");
		if (out.n)
			buf_putc(&out, '/');
		buf_add_str(&out, part);
	}
	if (out.truncated)
		return unpack_refuse(err, DD_ELIMIT, raw, "has too long a path");
	*ret = buf_take(&out);
	return 0;
}

int
unpack_path_open(int dir_fd, const char *path, uint64_t flags, bool in_root)
{
	struct open_how how = {.flags = flags | O_CLOEXEC,
		.resolve = in_root ? RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS
				   : RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
	return (int)syscall(SYS_openat2, dir_fd, path[0] ? path : ".", &how, sizeof(how));
}

/*
 * openat2 once more, although a single component with O_EXCL cannot lead anywhere, so that no write
 * depends on that argument.
 */
int
unpack_path_create(int dir_fd, const char *name)
{
	struct open_how how = {.flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		.mode = 0600,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
	if (fault_fails(FAULT_CREATE, name, -1))
		return -1;
	return (int)syscall(SYS_openat2, dir_fd, name, &how, sizeof(how));
}

int
unpack_path_write(int fd, const char *p, size_t n, off_t at, const char *path, struct dd_err *err)
{
	while (n) {
		ssize_t w = io_pwrite(fd, p, n, at);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return unpack_fail(err, errno, "writing", path);
		p += w;
		n -= (size_t)w;
		at += w;
	}
	return 0;
}
