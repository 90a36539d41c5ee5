#include "base/err.h"

#include <errno.h>
#include <string.h>

/* What err_wrap answers a caller who gave no dd_err: the code of what was just reported. */
static __thread enum dd_code last_code;

void
dd_err_cleanup(struct dd_err *err)
{
	if (!err)
		return;
	free(err->msg);
	err->msg = NULL;
	err->code = DD_OK;
}

static void
store(struct dd_err *err, enum dd_code code, char *msg)
{
	free(err->msg);
	err->msg = msg;
	err->code = code;
}

int
err_set(struct dd_err *err, enum dd_code code, const char *fmt, ...)
{
	if (err) {
		va_list ap;
		va_start(ap, fmt);
		char *msg = mem_vprintf(fmt, ap);
		va_end(ap);
		store(err, code, msg);
	}
	last_code = code;
	return -(int)code;
}

static enum dd_code
code_of_errno(int errnum)
{
	switch (errnum) {
	case ENOENT:
	case ENOTDIR:
		return DD_ENOENT;
	case EEXIST:
		return DD_EEXIST;
	case EINVAL:
	case ENAMETOOLONG:
		return DD_EINVAL;
	case EFBIG:
	case ELOOP:
		return DD_ELIMIT;
	case ENOSYS:
	case EOPNOTSUPP:
		return DD_EUNSUPPORTED;
	case EBUSY:
	case EWOULDBLOCK:
		return DD_EBUSY;
	default:
		return DD_EIO;
	}
}

int
err_errno(struct dd_err *err, int errnum, const char *fmt, ...)
{
	enum dd_code code = code_of_errno(errnum);
	if (err) {
		va_list ap;
		va_start(ap, fmt);
		OWN_FREE char *what = mem_vprintf(fmt, ap);
		va_end(ap);
		store(err, code, mem_printf("%s: %s", what, strerror(errnum)));
	}
	last_code = code;
	return -(int)code;
}

int
err_wrap(struct dd_err *err, const char *fmt, ...)
{
	if (!err)
		return -(int)(last_code ? last_code : DD_EIO);
	va_list ap;
	va_start(ap, fmt);
	OWN_FREE char *what = mem_vprintf(fmt, ap);
	va_end(ap);
	store(err, err->code, mem_printf("%s: %s", what, err_msg(err)));
	return -(int)err->code;
}

const char *
err_msg(const struct dd_err *err)
{
	return err && err->msg ? err->msg : "unknown error";
}

int
err_move(struct dd_err *dst, struct dd_err *src)
{
	int rc = -(int)src->code;
	last_code = src->code;
	if (dst)
		store(dst, src->code, TAKE(src->msg));
	dd_err_cleanup(src);
	return rc;
}
