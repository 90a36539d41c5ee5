#include "base/tar_write.h"

#include "base/fs.h"

#include <errno.h>
#include <string.h>

#define BLOCK 512
#define REGULAR '0'
#define DIRECTORY '5'
#define COPY ((size_t)128 << 10)

/* Octal, filling n bytes with the NUL at their end. */
static void
put_octal(char *p, int n, uint64_t v)
{
	p[--n] = '\0';
	while (n-- > 0) {
		p[n] = (char)('0' + (v & 7));
		v >>= 3;
	}
}

static int
put_header(int out_fd, const char *name, char type, uint64_t size, struct dd_err *err)
{
	char h[BLOCK] = {0};
	unsigned sum = 0;
	if (strlen(name) > 100)
		return err_set(err, DD_EINVAL, "%s does not fit into a plain archive", name);
	memcpy(h, name, strlen(name));
	put_octal(h + 100, 8, type == DIRECTORY ? 0755 : 0644);
	put_octal(h + 108, 8, 0);
	put_octal(h + 116, 8, 0);
	if (size >> 33) { /* GNU's base 256 */
		h[124] = (char)0x80;
		for (int i = 0; i < 8; i++)
			h[135 - i] = (char)(size >> (8 * i));
	} else {
		put_octal(h + 124, 12, size);
	}
	put_octal(h + 136, 12, 0);
	memset(h + 148, ' ', 8);
	h[156] = type;
	memcpy(h + 257, "ustar\00000", 8);
	for (int i = 0; i < BLOCK; i++)
		sum += (unsigned char)h[i];
	put_octal(h + 148, 7, sum);
	return fs_write_all(out_fd, h, BLOCK, err);
}

static int
copy(int out_fd, int from, uint64_t size, struct dd_err *err)
{
	OWN_FREE char *block = mem_alloc(COPY);
	int rc = 0;
	while (rc == 0 && size) {
		ssize_t n = read(from, block, size < COPY ? (size_t)size : COPY);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_errno(err, n ? errno : EIO, "cannot read what is to be packed");
		rc = fs_write_all(out_fd, block, (size_t)n, err);
		size -= (uint64_t)n;
	}
	return rc;
}

int
tar_write_member(int out_fd, const char *name, int content_fd, struct str text, uint64_t size,
	struct dd_err *err)
{
	static const char zeros[BLOCK];
	size = content_fd >= 0 ? size : text.n;
	size_t fill = (BLOCK - size % BLOCK) % BLOCK;
	int rc = put_header(out_fd, name, REGULAR, size, err);
	if (rc == 0 && content_fd >= 0)
		rc = copy(out_fd, content_fd, size, err);
	else if (rc == 0)
		rc = fs_write_all(out_fd, text.p, text.n, err);
	return rc ? rc : fs_write_all(out_fd, zeros, fill, err);
}

int
tar_write_directory(int out_fd, const char *name, struct dd_err *err)
{
	return put_header(out_fd, name, DIRECTORY, 0, err);
}

int
tar_write_end(int out_fd, struct dd_err *err)
{
	static const char zeros[2 * BLOCK];
	return fs_write_all(out_fd, zeros, sizeof(zeros), err);
}
