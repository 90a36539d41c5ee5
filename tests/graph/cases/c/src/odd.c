#include "util.h"
#define PROTO(args) args
#define local static
#define NEW(type) make(sizeof(type))
#define COMMENTED(x) helper(x) /* a comment; helper2(x) */ \
	+ from_header(x)
#define renamed old_api

local struct ops *storage_by_word PROTO((int kind));
void *make(unsigned long n);
int old_api(int x);

local struct ops *
storage_by_word(kind)
	int kind;
{
	return kind ? NEW(struct ops) : 0;
}

int split_by_condition(int x)
{
	int r =
#ifdef WITH_EXTRA
		x ? helper(x) :
#endif
		from_header(x);
#ifdef WITH_EXTRA
	if (x) {
#else
	if (r) {
#endif
		r = renamed(r);
	}
	return r;
}

int old_api(int x) { return COMMENTED(x); }
