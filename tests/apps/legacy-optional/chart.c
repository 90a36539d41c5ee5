#include "config.h"
#include <stdio.h>

#ifdef HAVE_ZLIB
int squeeze(const char *text);
#endif

int
main(void)
{
	puts("6 fathoms");
#ifdef HAVE_ZLIB
	return squeeze("6 fathoms");
#else
	return 0;
#endif
}
