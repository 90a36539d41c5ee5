#ifndef UTIL_H
#define UTIL_H
#define API_FUNC
#define TWICE(x) (helper(x) + helper(x))
#define APPLY(fn, x) fn(x)
#define THROUGH(fn) APPLY(fn, 3)
#define MAX_ITEMS 16
struct ops {
	int (*open)(int);
	int (*close)(int);
};
int helper(int x);
static inline int
from_header(int x)
{
	return helper(x);
}
#endif
