/*
 * cpu N COMMAND...: start it N times and print the median of its processor time, with all that it waited for, in
 * milliseconds.  Started by vfork, so that next to nothing of this program is in it; output is dropped.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

extern char **environ;

static int
by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double
ms(struct timeval t)
{
	return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

int
main(int argc, char **argv)
{
	posix_spawn_file_actions_t quiet;
	const int n = argc > 2 ? atoi(argv[1]) : 0;
	if (n < 1) {
		fprintf(stderr, "usage: cpu N COMMAND...\n");
		return 2;
	}
	double *v = calloc((size_t)n, sizeof(*v));
	(void)posix_spawn_file_actions_init(&quiet);
	(void)posix_spawn_file_actions_addopen(&quiet, 0, "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	(void)posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
	for (int i = 0; i < n; i++) {
		pid_t pid;
		int status;
		struct rusage use;
		if (posix_spawnp(&pid, argv[2], &quiet, NULL, argv + 2, environ) != 0 ||
			wait4(pid, &status, 0, &use) < 0 || !WIFEXITED(status)) {
			fprintf(stderr, "cpu: %s did not run\n", argv[2]);
			return 1;
		}
		v[i] = ms(use.ru_utime) + ms(use.ru_stime);
	}
	qsort(v, (size_t)n, sizeof(*v), by_size);
	printf("%.3f\n", v[n / 2]);
	return 0;
}
