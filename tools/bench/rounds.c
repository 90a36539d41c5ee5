/*
 * Interleaved rounds: each command once a round, so that a machine that drifts drifts for all of
 * them.
 *
 *   rounds N NAME COMMAND [NAME COMMAND]...     commands are run by /bin/sh -c with exec
 *
 * Prints a line a command: name, median wall ms, 10th percentile of wall ms, median CPU ms (user
 * and system, of all its processes), failures.  What a command leaves running is waited for before
 * the next starts, and its CPU time counts, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct series {
	const char *name, *command;
	double *wall, *cpu;
	unsigned failed;
};

static double
seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
cpu_of(const struct rusage *u)
{
	return (double)u->ru_utime.tv_sec + (double)u->ru_utime.tv_usec / 1e6 +
	       (double)u->ru_stime.tv_sec + (double)u->ru_stime.tv_usec / 1e6;
}

static void
run_once(struct series *s, size_t round)
{
	struct rusage u;
	int status;
	char script[4096];
	(void)snprintf(script, sizeof(script), "exec %s", s->command);
	double start = seconds();
	pid_t pid = vfork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &u) < 0)
		exit(2);
	s->wall[round] = seconds() - start;
	s->cpu[round] = cpu_of(&u);
	s->failed += status != 0;
	while (wait4(-1, &status, 0, &u) > 0)
		s->cpu[round] += cpu_of(&u);
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 0, n = (size_t)(argc - 2) / 2;
	struct series *all = calloc(n ? n : 1, sizeof(*all));
	if (!rounds || !n || !all) {
		fprintf(stderr, "usage: rounds N NAME COMMAND...\n");
		return 2;
	}
	for (size_t i = 0; i < n; i++) {
		all[i] = (struct series){.name = argv[2 + 2 * i],
			.command = argv[3 + 2 * i],
			.wall = calloc(rounds, sizeof(double)),
			.cpu = calloc(rounds, sizeof(double))};
		if (!all[i].wall || !all[i].cpu)
			return 2;
	}
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (size_t r = 0; r < rounds; r++)
		for (size_t i = 0; i < n; i++)
			run_once(&all[i], r);
	for (size_t i = 0; i < n; i++) {
		qsort(all[i].wall, rounds, sizeof(double), by_value);
		qsort(all[i].cpu, rounds, sizeof(double), by_value);
		printf("%s\t%.3f\t%.3f\t%.3f\t%u\n", all[i].name, all[i].wall[rounds / 2] * 1e3,
			all[i].wall[rounds / 10] * 1e3, all[i].cpu[rounds / 2] * 1e3,
			all[i].failed);
	}
	return 0;
}
