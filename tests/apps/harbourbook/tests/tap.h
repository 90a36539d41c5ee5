/* just enough TAP */
#ifndef TAP_H
#define TAP_H

#include <stdio.h>
#include <string.h>

static int tap_number;

static inline void
ok(int good, const char *name)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++tap_number, name);
}

static inline void
is_long(long got, long wanted, const char *name)
{
	ok(got == wanted, name);
	if (got != wanted)
		printf("# got %ld, wanted %ld\n", got, wanted);
}

static inline void
has(const char *text, const char *part, const char *name)
{
	ok(text && strstr(text, part), name);
	if (!text || !strstr(text, part))
		printf("# no \"%s\" in: %.200s\n", part, text ? text : "(nothing)");
}

static inline int
done(void)
{
	printf("1..%d\n", tap_number);
	return 0;
}

#endif
