/*
 * main.c: prints the tides of a day.
 */
#include <stdio.h>
#include "include/table.h"

static verbose;

main(argc, argv)
char **argv;
{
	register day;
	struct tide *t;

	if (argc < 2)
		exit(2);
	day = atoi(argv[1]);
	t = find_tide(day);
	if (t == NULL) {
		complain("no tide of that day", day);
		exit(1);
	}
	printf("high %.1f at %s, %d marks\n", height_of(t), clock_text(t->minute), marks());
	if (verbose)
		close(1);
	exit(0);
}

complain(what, day)
char *what;
{
	fprintf(stderr, "tidebook: %s: %d\n", what, day);
}
