/*
 * queries MAP N SEED: open a map and ask it each kind of question about N entities drawn by the seed, each once; prints for each kind
 * how many were asked, and the median, the 99th percentile and the slowest in milliseconds, of the clock and of the processor.  Drawn are functions, methods, types,
 * globals and macros, each of them as likely; the questions are those of drydock graph, answered as for --json.
 */
#include "base/db.h"
#include "base/log.h"
#include "graph/graph.h"
#include "graph/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BUDGET 4000
#define DEPTH 5

struct drawn {
	char *name, *symbol, *place; /* "name", "FILE:name", "FILE:LINE" */
};

struct question {
	const char *name;
	int (*ask)(struct graph *g, const struct drawn *d, json_t **ret, struct dd_err *err);
};

static int
ask_find(struct graph *g, const struct drawn *d, json_t **ret, struct dd_err *err)
{
	return graph_find(g, d->name, ret, err);
}

static int
ask_at(struct graph *g, const struct drawn *d, json_t **ret, struct dd_err *err)
{
	return graph_at(g, d->place, ret, err);
}

static int
ask_callers(struct graph *g, const struct drawn *d, json_t **ret, struct dd_err *err)
{
	return graph_callers(g, d->symbol, 1, ret, err);
}

static int
ask_callees(struct graph *g, const struct drawn *d, json_t **ret, struct dd_err *err)
{
	return graph_callees(g, d->symbol, 1, ret, err);
}

static int
ask_impact(struct graph *g, const struct drawn *d, json_t **ret, struct dd_err *err)
{
	return graph_impact(g, d->place, DEPTH, ret, err);
}

static int
ask_context(struct graph *g, const struct drawn *d, json_t **ret, struct dd_err *err)
{
	return graph_context(g, d->place, BUDGET, ret, err);
}

static const struct question questions[] = {
	{"find NAME", ask_find},
	{"at FILE:LINE", ask_at},
	{"callers, one hop", ask_callers},
	{"callees, one hop", ask_callees},
	{"impact, depth 5", ask_impact},
	{"context, 4000 tokens", ask_context},
};

static uint64_t
next_random(uint64_t *state) /* splitmix64 */
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static int
last_entity(struct db *db, uint64_t *ret, struct dd_err *err)
{
	struct db_stmt *st;
	int rc = db_query(db, &st, err, "SELECT max(id) FROM entity", "");
	if (rc == 0)
		rc = db_step(st, err);
	if (rc < 0)
		return rc;
	*ret = rc == 1 ? (uint64_t)db_int(st, 0) : 0;
	db_done(st);
	return *ret ? 0 : err_set(err, DD_ENOENT, "the map is empty");
}

/* 1: it is one that is asked about. */
static int
draw(struct db *db, uint64_t id, struct drawn *ret, struct dd_err *err)
{
	struct db_stmt *st;
	int rc = db_query(db, &st, err,
		"SELECT n.s, f.path, e.line FROM entity e JOIN name n ON n.id = e.name JOIN file f ON f.id = e.file"
		" WHERE e.id = ? AND e.line > 0 AND e.kind IN (?, ?, ?, ?, ?)",
		"iiiiii", (int64_t)id, (int64_t)KIND_FUNCTION, (int64_t)KIND_METHOD,
		(int64_t)KIND_TYPE, (int64_t)KIND_GLOBAL, (int64_t)KIND_MACRO);
	if (rc == 0)
		rc = db_step(st, err);
	if (rc == 1) {
		ret->name = db_dup(st, 0);
		ret->symbol = mem_printf("%s:%s", db_text(st, 1).p, ret->name);
		ret->place = mem_printf("%s:%lld", db_text(st, 1).p, (long long)db_int(st, 2));
		db_done(st);
	}
	return rc;
}

static int
draw_all(const char *map, uint64_t seed, struct drawn *v, size_t n, struct dd_err *err)
{
	struct db *db = NULL;
	uint64_t last = 0;
	int rc = db_open_read(map, STORE_APPLICATION_ID, STORE_VERSION, &db, err);
	if (rc == 0)
		rc = last_entity(db, &last, err);
	for (size_t i = 0; rc == 0 && i < n;) {
		rc = draw(db, 1 + next_random(&seed) % last, &v[i], err);
		i += rc == 1;
		rc = rc == 1 ? 0 : rc;
	}
	db_close(db);
	return rc;
}

static int
by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static int64_t
processor_ns(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void
print_times(const char *of, double *ms, size_t n)
{
	qsort(ms, n, sizeof(*ms), by_size);
	printf("%s  p50 %.3f  p99 %.3f  max %.3f", of, ms[n / 2], ms[n - 1 - n / 100], ms[n - 1]);
}

static int
measure(struct graph *g, const struct question *q, const struct drawn *v, size_t n,
	struct dd_err *err)
{
	OWN_FREE double *wall = mem_zalloc(n, sizeof(*wall)), *cpu = mem_zalloc(n, sizeof(*cpu));
	size_t asked = 0;
	for (size_t i = 0; i < n; i++) {
		OWN_JSON json_t *answer = NULL;
		OWN(buf) struct buf text = {0};
		const int64_t began = clock_mono_ns(), used = processor_ns();
		int rc = q->ask(g, &v[i], &answer, err);
		if (rc == 0)
			json_print(answer, 2, &text);
		if (rc < 0 && rc != -DD_ENOENT)
			return rc;
		if (rc == 0) {
			wall[asked] = (double)(clock_mono_ns() - began) / 1e6;
			cpu[asked++] = (double)(processor_ns() - used) / 1e6;
		}
		dd_err_cleanup(err);
	}
	if (!asked)
		return err_set(err, DD_ENOENT, "%s: nothing could be asked", q->name);
	printf("%-22s %5zu asked", q->name, asked);
	print_times("", wall, asked);
	print_times("  processor", cpu, asked);
	printf("\n");
	return 0;
}

int
main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	struct graph *g = NULL;
	if (argc != 4 || atoi(argv[2]) < 1)
		return 2;
	const size_t n = (size_t)atoi(argv[2]);
	struct drawn *v = mem_zalloc(n, sizeof(*v));
	int rc = draw_all(argv[1], strtoull(argv[3], NULL, 10), v, n, &err);
	if (rc == 0)
		rc = graph_open(argv[1], &g, &err);
	for (size_t i = 0; rc == 0 && i < sizeof(questions) / sizeof(*questions); i++)
		rc = measure(g, &questions[i], v, n, &err);
	if (rc < 0)
		fprintf(stderr, "queries: %s\n", err_msg(&err));
	graph_close(g);
	for (size_t i = 0; i < n; i++) {
		free(v[i].name);
		free(v[i].symbol);
		free(v[i].place);
	}
	free(v);
	return rc < 0 ? 3 : 0;
}
