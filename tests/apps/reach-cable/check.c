#include "cable.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int
fathoms(void)
{
	return cable_fathoms(10) == 6;
}

static int
scope(void)
{
	return cable_scope(10, 5) == 60 && cable_scope(1, 0) == 20;
}

static int
sorted(void)
{
	struct sounding v[] = {{3, 0}, {40, 1}, {7, 2}};
	return chart_deepest(v, 3) == 40;
}

static int
named(void)
{
	return strcmp(chart_name(5), "shoal") == 0;
}

/* What a child does that is killed is done, too. */
static int
crashes(void)
{
	int status;
	pid_t child = fork();
	if (child == 0) {
		if (cable_fathoms(2) == 2)
			abort();
		_exit(0);
	}
	return child > 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} all[] = {{"fathoms", fathoms}, {"scope", scope}, {"sorted", sorted}, {"named", named},
		{"crashes", crashes}};
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (argc > 1 && strcmp(argv[1], all[i].name) == 0)
			return !all[i].run();
	return 2;
}
