/*
 * The content-addressed store: <root>/ab/cdef... by SHA-256, written once, verified when read.
 * Publication is link() of a finished temporary file, so that a crash leaves either nothing or the
 * whole object, and two writers of one object do no harm.  What fails its digest on reading is
 * moved aside to <root>/quarantine and reported as DD_ECORRUPT.
 */
#ifndef BASE_CAS_H
#define BASE_CAS_H

#include "base/err.h"
#include "base/hash.h"

/* A new unnamed file on the store's file system, for what is to become an object. */
int cas_temp(const char *root, int *ret_fd, struct dd_err *err) DD_MUST_USE;

/*
 * Many objects are made in two steps, so that the disk is waited for once: a copy of the bytes of
 * fd (a regular file, from offset 0; one of cas_temp is taken itself) in an unnamed file of the
 * store, with its digest; then all of them on disk and under their names.  expected may be NULL;
 * DD_ECORRUPT when the digest differs from it.  fd is not closed.
 */
struct cas_staged {
	int fd;
	struct hash_hex digest;
};
int cas_stage(const char *root, int fd, const char *expected, struct cas_staged *ret,
	struct dd_err *err) DD_MUST_USE;
/* Publish n staged objects; closes all of them in any case. */
int cas_publish(const char *root, struct cas_staged *v, size_t n, struct dd_err *err) DD_MUST_USE;

/* One object, both steps. */
int cas_adopt(const char *root, int fd, const char *expected, struct hash_hex *ret,
	struct dd_err *err) DD_MUST_USE;

int cas_put(const char *root, struct str data, struct hash_hex *ret, struct dd_err *err)
	DD_MUST_USE;

bool cas_has(const char *root, const char *digest);

/* Path of the object, existing or not; heap. */
char *cas_path(const char *root, const char *digest);

/*
 * Each object, with the bytes it takes on the disk.  Negative from fn stops and is returned.  What
 * vanishes meanwhile is left out; what was moved aside is not an object.
 */
int cas_each(const char *root, int (*fn)(void *ctx, const char *digest, uint64_t bytes), void *ctx,
	struct dd_err *err) DD_MUST_USE;

/* Gone afterwards, whether it was there or not. */
int cas_remove(const char *root, const char *digest, struct dd_err *err) DD_MUST_USE;

/* Open for reading after verifying the digest. */
int cas_open(const char *root, const char *digest, int *ret_fd, struct dd_err *err) DD_MUST_USE;

#endif
