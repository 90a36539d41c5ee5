/* knots: converts knots to kilometres an hour. */
#include <stdio.h>
#include <stdlib.h>

int
main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: knots SPEED\n");
		return 2;
	}
	printf("%.1f\n", atof(argv[1]) * 1.852);
	return 0;
}
