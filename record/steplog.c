#include "record/steplog.h"

#include "base/fs.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

struct steplog {
	int fd;
	char *path;
	struct redactor redactor;
	bool mid_line;
	uint64_t written;
	uint64_t dropped;
	struct buf tail;
	int rc;
	struct dd_err err;
};

int
steplog_open(
	const char *path, const struct answers *answers, struct steplog **ret, struct dd_err *err)
{
	const char *slash = strrchr(path, '/');
	OWN_FREE char *dir = slash ? mem_strndup(path, (size_t)(slash - path)) : mem_strdup(".");
	int rc = fs_mkdirs(dir, 0700, err); /* a run directory may have lost it */
	if (rc < 0)
		return err_wrap(err, "log");
	int fd = io_create(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, errno, "log: cannot create %s", path);
	struct steplog *l = mem_new(struct steplog);
	l->fd = fd;
	l->path = mem_strdup(path);
	redactor_init(&l->redactor, answers);
	*ret = l;
	return 0;
}

static void
put(struct steplog *l, struct str data)
{
	if (l->rc == 0 && l->written < STEPLOG_HEAD) {
		l->rc = fs_write_all(l->fd, data.p, data.n, &l->err);
		l->written += data.n;
		return;
	}
	if (data.n > STEPLOG_TAIL) {
		l->dropped += data.n - STEPLOG_TAIL;
		data = (struct str){data.p + data.n - STEPLOG_TAIL, STEPLOG_TAIL};
	}
	if (l->tail.n + data.n > STEPLOG_TAIL) {
		size_t over = l->tail.n + data.n - STEPLOG_TAIL;
		l->dropped += over;
		buf_drop_front(&l->tail, over);
	}
	buf_add_str(&l->tail, data);
}

void
steplog_add(struct steplog *l, struct str data)
{
	OWN(buf) struct buf plain = {0};
	if (!data.n)
		return;
	l->mid_line = data.p[data.n - 1] != '\n';
	redactor_add(&l->redactor, data, &plain);
	put(l, buf_str(&plain));
}

void
steplog_note(struct steplog *l, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *text = mem_vprintf(fmt, ap);
	va_end(ap);
	if (l->mid_line)
		steplog_add(l, STR("\n"));
	steplog_add(l, str_of(text));
	steplog_add(l, STR("\n"));
	free(text);
}

int
steplog_close(struct steplog *l, struct dd_err *err)
{
	OWN(buf) struct buf rest = {0};
	redactor_end(&l->redactor, &rest);
	put(l, buf_str(&rest));
	if (l->rc == 0 && l->dropped) {
		OWN_FREE char *note = mem_printf(
			"\n[drydock: %llu bytes left out]\n", (unsigned long long)l->dropped);
		l->rc = fs_write_all(l->fd, note, strlen(note), &l->err);
	}
	if (l->rc == 0)
		l->rc = fs_write_all(l->fd, l->tail.p, l->tail.n, &l->err);
	if (close(l->fd) < 0 && l->rc == 0)
		l->rc = err_errno(&l->err, errno, "cannot write");
	int rc = 0;
	if (l->rc < 0) {
		(void)err_move(err, &l->err);
		rc = err_wrap(err, "log %s", l->path);
	}
	buf_cleanup(&l->tail);
	free(l->path);
	free(l);
	return rc;
}
