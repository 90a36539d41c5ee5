/*
 * What the package index costs: compiling it anew (in a state directory that has its lists), and resolving one
 * name with it open, for each line "KIND NAME" of standard input.
 *
 *   tool_index STATE      prints "SECONDS-TO-BUILD NAMES MEDIAN-MICROSECONDS WORST-MICROSECONDS"
 */
#include "envprobe/resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 20 /* of each name; the median counts */

static double
now_us(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static double
median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_size);
	return n ? v[n / 2] : 0;
}

static double
time_one(const struct pkgindex *x, enum need_kind kind, char *name)
{
	const struct need need = {.kind = kind, .name = name, .source = NEED_FROM_LOG};
	double took[ROUNDS];
	for (size_t i = 0; i < ROUNDS; i++) {
		double start = now_us();
		struct resolution r = resolve_need(x, &need);
		took[i] = now_us() - start;
		resolution_cleanup(&r);
	}
	return median(took, ROUNDS);
}

static size_t
time_names(const struct pkgindex *x, double **ret)
{
	char line[1024];
	size_t n = 0, cap = 0;
	double *took = NULL;
	while (fgets(line, sizeof(line), stdin)) {
		char *name = strchr(line, ' ');
		line[strcspn(line, "\n")] = '\0';
		if (!name)
			continue;
		*name++ = '\0';
		for (size_t kind = 0; kind <= NEED_PACKAGE; kind++) {
			if (strcmp(need_kind_names[kind], line) != 0)
				continue;
			took = mem_grow(took, n, &cap, sizeof(*took));
			took[n++] = time_one(x, (enum need_kind)kind, name);
		}
	}
	*ret = took;
	return n;
}

/* As for lists that were never compiled: in a directory of links to them. */
static int
time_building(const struct state *st, const struct apt_index *lists, double *ret_seconds,
	struct dd_err *err)
{
	struct apt_index fresh = *lists;
	struct pkgindex *x = NULL;
	fresh.digest = (char *)"measured";
	OWN_FREE char *dir = state_path(st, "index/measured");
	OWN_FREE char *command = mem_printf("rm -rf '%s' && mkdir -p '%s'", dir, dir);
	if (system(command) != 0)
		return err_set(err, DD_EIO, "cannot make %s", dir);
	double start = now_us();
	int rc = pkgindex_open(st, &fresh, &x, err);
	*ret_seconds = (now_us() - start) / 1e6;
	pkgindex_close(x);
	OWN_FREE char *clean = mem_printf("rm -rf '%s'", dir);
	return system(clean) != 0 && rc == 0 ? err_set(err, DD_EIO, "cannot remove %s", dir) : rc;
}

int
main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	struct apt_index lists = {0};
	struct pkgindex *x = NULL;
	double seconds = 0, *took = NULL;
	int rc = argc > 1 ? state_open(argv[1], &st, &err)
			  : err_set(&err, DD_EINVAL, "tool_index STATE");
	if (rc == 0)
		rc = apt_index_open(&st, false, true, NULL, &lists, &err);
	if (rc == 0)
		rc = apt_index_add_contents(&st, true, NULL, &lists, &err);
	if (rc == 0)
		rc = time_building(&st, &lists, &seconds, &err);
	if (rc == 0)
		rc = pkgindex_open(&st, &lists, &x, &err);
	if (rc < 0) {
		fprintf(stderr, "tool_index: %s\n", err_msg(&err));
		return 1;
	}
	size_t n = time_names(x, &took);
	double worst = n ? took[0] : 0;
	for (size_t i = 0; i < n; i++)
		worst = took[i] > worst ? took[i] : worst;
	printf("%.1f %zu %.1f %.1f\n", seconds, n, median(took, n), worst);
	free(took);
	pkgindex_close(x);
	apt_index_cleanup(&lists);
	return 0;
}
