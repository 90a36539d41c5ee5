#include "table.h"
#include <stdio.h>
#include <zlib.h>

int
main(void)
{
	printf("1..1\n%s 1 - three buoys\n", table[2] == 3 && zlibVersion()[0] ? "ok" : "not ok");
	return 0;
}
