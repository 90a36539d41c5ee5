#include <stdio.h>

void
put_entry(const char *ship)
{
	printf("%s\n", ship);
}
