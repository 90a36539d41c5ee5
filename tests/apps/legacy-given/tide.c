#include <stdio.h>

int
main(void)
{
	puts("high water at noon");
	return 0;
}
