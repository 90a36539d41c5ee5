#include "../include/util.h"
#define NO_CALL "helper(1)" /* helper(2) */

static int local_name(int x) { return helper(x); }
static int open_it(int x) { return local_name(x); }

static const struct ops table = {.open = open_it};

int helper(int x) { return x; }

int call_through(const struct ops *o)
{
	puts(NO_CALL);
	return o->open(1) + unknown(2) + sizeof(table);
}
