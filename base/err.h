/*
 * Errors.  A fallible function returns 0 or a negative enum dd_code, takes struct dd_err * last
 * and is DD_MUST_USE.  The code is for branching, the message for people: it says what was tried,
 * on what, and why it failed.  A room wraps an error once where it crosses its front door; nobody
 * logs and returns.
 *
 * err may be NULL where the caller wants only the code.  A message is owned by the dd_err;
 * declare it `OWN(dd_err) struct dd_err err = {0};`.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/own.h"

enum dd_code {
	DD_OK = 0,
	DD_EINVAL,	 /* the caller's or the user's input is wrong */
	DD_ENOENT,	 /* the thing asked for does not exist */
	DD_EEXIST,	 /* it exists already */
	DD_EIO,		 /* the environment failed: disk, memory, network, a system call */
	DD_ELIMIT,	 /* a bound was exceeded (size, depth, time, count) */
	DD_EUNSUPPORTED, /* this machine lacks a feature; the message names it */
	DD_EBUSY,	 /* somebody else holds it */
	DD_ECORRUPT,	 /* stored or received data does not check out */
	DD_ESTOPPED,	 /* a signal asked us to stop; state is resumable */
};

struct dd_err {
	enum dd_code code;
	char *msg; /* heap, NULL when code is DD_OK */
};

void dd_err_cleanup(struct dd_err *err); /* NULL: nothing */

/* Set code and message (replacing what was there); returns -code. */
int err_set(struct dd_err *err, enum dd_code code, const char *fmt, ...) DD_PRINTF(3, 4);

/* Like err_set, with ": <strerror(errnum)>" appended; ENOENT, EEXIST, ... map to their codes. */
int err_errno(struct dd_err *err, int errnum, const char *fmt, ...) DD_PRINTF(3, 4);

/*
 * Prefix the message with "<what>: ", keep the code; returns -code (err NULL: that of the error
 * this thread reported last).  Once per room boundary.
 */
int err_wrap(struct dd_err *err, const char *fmt, ...) DD_PRINTF(2, 3);

/* Never NULL. */
const char *err_msg(const struct dd_err *err);

/* Move src to dst (dst may be NULL: the message is freed); returns -code. */
int err_move(struct dd_err *dst, struct dd_err *src);

#endif
