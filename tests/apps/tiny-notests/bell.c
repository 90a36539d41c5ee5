#include <stdio.h>

int
main(void)
{
	return puts("ding") < 0;
}
