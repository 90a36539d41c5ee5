#include "base/own.h"

#include <stdint.h>
#include <string.h>

static void *
check(void *p)
{
	if (!p) {
		static const char msg[] = "drydock: base: out of memory\n";
		(void)!write(2, msg, sizeof(msg) - 1);
		abort();
	}
	return p;
}

void *
mem_alloc(size_t n)
{
	return check(malloc(n ? n : 1));
}

void *
mem_zalloc(size_t count, size_t size)
{
	return check(calloc(count ? count : 1, size ? size : 1));
}

void *
mem_realloc(void *p, size_t count, size_t size)
{
	return check(reallocarray(p, count ? count : 1, size ? size : 1));
}

char *
mem_strdup(const char *s)
{
	return check(strdup(s));
}

char *
mem_strndup(const char *s, size_t n)
{
	return check(strndup(s, n));
}

char *
mem_vprintf(const char *fmt, va_list ap)
{
	char *s = NULL;
	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	return check(s);
}

char *
mem_printf(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *s = mem_vprintf(fmt, ap);
	va_end(ap);
	return s;
}

void *
mem_grow(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap ? *cap * 2 : 8;
	return mem_realloc(p, *cap, size);
}
