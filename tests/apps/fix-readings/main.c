/* readings: what the gauge of a harbour says of a day. */
#include "level.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
main(int argc, char **argv)
{
	double readings[100];
	size_t n = 0;
	if (argc < 3) {
		fprintf(stderr, "usage: readings middle|highest READING...\n");
		return 2;
	}
	for (int i = 2; i < argc && n < 100; i++)
		readings[n++] = atof(argv[i]);
	printf("%.2f\n", strcmp(argv[1], "middle") == 0 ? middle_level(readings, n)
							: highest_level(readings, n));
	return 0;
}
