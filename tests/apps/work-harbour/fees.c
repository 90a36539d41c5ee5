#include "fee.h"

#include <stdio.h>
#include <stdlib.h>

int
main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	printf("%.2f\n", fee(atof(argv[1]), argv[2]));
	return 0;
}
