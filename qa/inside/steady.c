/*
 * What makes time and chance stand still for a test, preloaded into it (ld.so(8), LD_PRELOAD): with DRYDOCK_CLOCK=N the
 * calendar says N seconds since 1970 (the monotonic clock goes on, so that nothing hangs); with DRYDOCK_RANDOM=N the
 * kernel's random bytes are those of a generator with that seed (splitmix64; Steele, Lea, Flood 2014).
 *
 * It needs no library, so that it works under any C library.  Programs that make system calls themselves, as
 * those of Go do, are not reached.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))

extern char **environ;

EXPORT time_t time(time_t *t);
EXPORT int gettimeofday(struct timeval *restrict tv, void *restrict tz);
EXPORT int clock_gettime(clockid_t clock, struct timespec *ts);
EXPORT ssize_t getrandom(void *p, size_t n, unsigned flags);
EXPORT int getentropy(void *p, size_t n);
EXPORT long syscall(long number, ...);

static long
call(long number, const long a[6])
{
	long result;
	register long r10 __asm__("r10") = a[3];
	register long r8 __asm__("r8") = a[4];
	register long r9 __asm__("r9") = a[5];
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static long
result_of(long rc)
{
	if (rc >= 0 || rc < -4095)
		return rc;
	errno = (int)-rc;
	return -1;
}

/* The number that the environment gives; false: it gives none. */
static int
setting(const char *name, uint64_t *ret)
{
	for (char **e = environ; e && *e; e++) {
		size_t n = 0;
		while (name[n] && (*e)[n] == name[n])
			n++;
		if (name[n] || (*e)[n] != '=')
			continue;
		*ret = 0;
		for (const char *c = *e + n + 1; *c >= '0' && *c <= '9'; c++)
			*ret = *ret * 10 + (uint64_t)(*c - '0');
		return 1;
	}
	return 0;
}

/* ---- time ---- */

EXPORT int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	uint64_t now;
	int calendar =
		clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
	if (!calendar || !setting("DRYDOCK_CLOCK", &now))
		return (int)result_of(call(SYS_clock_gettime, (const long[6]){clock, (long)ts}));
	ts->tv_sec = (time_t)now;
	ts->tv_nsec = 0;
	return 0;
}

EXPORT int
gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	struct timespec ts;
	(void)tz;
	if (clock_gettime(CLOCK_REALTIME, &ts) < 0)
		return -1;
	*tv = (struct timeval){ts.tv_sec, ts.tv_nsec / 1000};
	return 0;
}

EXPORT time_t
time(time_t *t)
{
	struct timespec ts;
	if (clock_gettime(CLOCK_REALTIME, &ts) < 0)
		return -1;
	if (t)
		*t = ts.tv_sec;
	return ts.tv_sec;
}

/* ---- chance ---- */

static uint64_t state;
static int seeded;

static int
fill(unsigned char *p, size_t n)
{
	uint64_t seed;
	if (!setting("DRYDOCK_RANDOM", &seed))
		return 0;
	if (!seeded)
		state = seed;
	seeded = 1;
	for (size_t i = 0; i < n; i++) {
		uint64_t z = state += 0x9e3779b97f4a7c15u;
		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
		p[i] = (unsigned char)(z >> 56);
	}
	return 1;
}

EXPORT ssize_t
getrandom(void *p, size_t n, unsigned flags)
{
	if (fill(p, n))
		return (ssize_t)n;
	return result_of(call(SYS_getrandom, (const long[6]){(long)p, (long)n, (long)flags}));
}

EXPORT int
getentropy(void *p, size_t n)
{
	if (n > 256) {
		errno = EIO;
		return -1;
	}
	return getrandom(p, n, 0) == (ssize_t)n ? 0 : -1;
}

EXPORT long
syscall(long number, ...)
{
	va_list ap;
	long a[6];
	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_getrandom && fill((unsigned char *)a[0], (size_t)a[1]))
		return a[1];
	return result_of(call(number, a));
}
