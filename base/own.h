/*
 * Ownership helpers: cleanup attributes for whatever leaves scope, and allocation that does not
 * fail.  Out of memory aborts with a message (the machine is in a state nobody can act on); every
 * other failure is reported through struct dd_err.
 */
#ifndef BASE_OWN_H
#define BASE_OWN_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DD_MUST_USE __attribute__((warn_unused_result))
#define DD_PRINTF(f, a) __attribute__((format(printf, f, a)))

static inline void
own_free_ptr(void *p)
{
	free(*(void **)p);
}

static inline void
own_close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static inline void
own_close_file(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

/* free() at the end of the scope; for any heap pointer. */
#define OWN_FREE __attribute__((cleanup(own_free_ptr)))
/* close() at the end of the scope; initialise with -1. */
#define OWN_FD __attribute__((cleanup(own_close_fd)))
#define OWN_FILE __attribute__((cleanup(own_close_file)))
/* TYPE_cleanup(TYPE *) at the end of the scope: the type's header defines it. */
#define OWN(type) __attribute__((cleanup(type##_cleanup)))

/*
 * Hand a pointer or descriptor over to another owner: yields the value and disarms the cleanup.  The
 * argument is evaluated more than once: it must be a plain place.
 */
#define TAKE(p) \
	({ \
		__typeof__(p) take_tmp_ = (p); \
		(p) = NULL; \
		take_tmp_; \
	})
#define TAKE_FD(fd) \
	({ \
		int take_tmp_ = (fd); \
		(fd) = -1; \
		take_tmp_; \
	})

/* Allocation that aborts when memory is out.  The caller frees with free(). */
void *mem_alloc(size_t n) __attribute__((malloc, returns_nonnull));
void *mem_zalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *mem_realloc(void *p, size_t count, size_t size) __attribute__((returns_nonnull));
char *mem_strdup(const char *s) __attribute__((malloc, returns_nonnull));
char *mem_strndup(const char *s, size_t n) __attribute__((malloc, returns_nonnull));
char *mem_printf(const char *fmt, ...) DD_PRINTF(1, 2) __attribute__((malloc, returns_nonnull));
char *mem_vprintf(const char *fmt, va_list ap)
	__attribute__((malloc, returns_nonnull, format(printf, 1, 0)));

#define mem_new(type) ((type *)mem_zalloc(1, sizeof(type)))

/*
 * Make room for one more element in a growing array: *p has n used elements of size size and
 * *cap allocated.  Returns the (possibly moved) array; doubling growth.
 */
void *mem_grow(void *p, size_t n, size_t *cap, size_t size) __attribute__((returns_nonnull));

#endif
