#include "util.h"
#include <stdio.h>

static int local_name(int x) { return x; }
int global_count;

int uses_macros(int x)
{
	return TWICE(x) + APPLY(local_name, x) + THROUGH(from_header);
}

#ifdef WITH_EXTRA
int extra(void) { return helper(1); }
#else
int extra(void) { return local_name(2); }
#endif

int old_style(a, b)
	int a;
	char b;
{
	return helper(a + b);
}

static int __init attributed(void)
{
	printf("%d", MAX_ITEMS);
	return extra();
}

API_FUNC int (in_parentheses)(int helper)
{
	return helper(3); /* the parameter, not the function */
}

int main(void)
{
	global_count = 2;
	return attributed();
}
