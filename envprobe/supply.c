#include "envprobe/supply.h"

#include "base/fs.h"
#include "envprobe/data.h"
#include "envprobe/given.h"
#include "envprobe/known_services.h"
#include "envprobe/resolve.h"
#include "envprobe/server.h"
#include "envprobe/trial.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

struct supply {
	struct server *v;
	size_t n, cap;
	/* The result without them. */
	bool begun;
	struct trial without;
	struct gained good;
	char *good_failure;
	enum exec_cause cause;
	int64_t first; /* attempt with them */
};

void
supply_destroy(struct supply *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		server_cleanup(&s->v[i]);
	free(s->v);
	if (s->begun)
		trial_cleanup(&s->without);
	free(s->good_failure);
	free(s);
}

bool
supply_can(const struct loop *l, const char *name)
{
	OWN_FREE char *package = str_dup(known_service_get(str_of(name), "package"));
	const struct need n = {.kind = NEED_PACKAGE, .name = package};
	if (!*package || !l->index)
		return false;
	struct resolution r = resolve_need(l->index, &n);
	bool can = r.package != NULL;
	resolution_cleanup(&r);
	return can;
}

/* ---- supplying ---- */

static void
want_package(struct loop *l, const char *name)
{
	OWN_FREE char *package = str_dup(known_service_get(str_of(name), "package"));
	OWN_FREE char *why = mem_printf("the service %s", name);
	const struct need n = {.kind = NEED_PACKAGE,
		.name = package,
		.scope = SCOPE_TEST,
		.source = NEED_FROM_ANSWER,
		.why = why};
	(void)loop_want(l, &n);
}

static void
decided(struct loop *l, const char *text)
{
	if (l->r->attempts.n)
		strlist_add(&l->r->attempts.v[l->r->attempts.n - 1].decisions, text);
}

struct service *
supply_service(
	struct loop *l, struct question *q, const char *name, uint64_t port, const char *socket)
{
	struct service *to = service_list_add(&l->r->services);
	l->supply = l->supply ? l->supply : mem_new(struct supply);
	l->supply->v = mem_grow(l->supply->v, l->supply->n, &l->supply->cap, sizeof(*l->supply->v));
	struct server *s = &l->supply->v[l->supply->n++];
	port = port ? port : known_service_port(str_of(name));
	*s = (struct server){.name = mem_strdup(name),
		.question = mem_strdup(q->id),
		.since = l->n,
		.port = mem_printf("%llu", (unsigned long long)port),
		.socket = socket && str_starts(str_of(socket), "/tmp/") && server_is_plain(socket)
				  ? mem_strdup(socket)
				  : NULL};
	server_configure(l, s);
	to->name = mem_strdup(name);
	to->question = mem_strdup(q->id);
	to->start = server_start(s);
	to->port = (int64_t)port;
	OWN_FREE char *ready = str_dup(known_service_get(str_of(name), "ready"));
	to->socket = *ready ? TAKE(ready) : NULL;
	free(q->default_value);
	q->default_value = mem_strdup(to->start);
	q->blocking = false;
	server_tell_clients(l, s, to);
	want_package(l, name);
	OWN_FREE char *text = mem_printf("from now on %s runs beside the tests", name);
	decided(l, text);
	return to;
}

static struct service *
find_service(struct loop *l, const struct server *s)
{
	for (size_t i = 0; i < l->r->services.n; i++)
		if (strcmp(l->r->services.v[i].name, s->name) == 0)
			return &l->r->services.v[i];
	return NULL;
}

static bool
are_one_series(const struct schema *a, const struct schema *b)
{
	size_t n = (size_t)(fs_name(a->path) - a->path);
	return a->numbered && b->numbered && n == (size_t)(fs_name(b->path) - b->path) &&
	       strncmp(a->path, b->path, n) == 0;
}

/* The file, or the series of numbered ones, that creates the table, if there is one alone. */
static const struct schema *
schema_of(const struct loop *l, const char *table)
{
	const struct schema *found = NULL;
	for (size_t i = 0; i < l->around.schemas.n; i++) {
		const struct schema *s = &l->around.schemas.v[i];
		if (!strlist_has(&s->tables, table))
			continue;
		if (found && !are_one_series(found, s))
			return NULL;
		found = found ? found : s;
	}
	return found;
}

static int
compare_numbered(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

/* Of the numbers of a series each is there once: else there are files for several servers among them. */
static bool
are_in_order(const struct strlist *series)
{
	for (size_t i = 0; i + 1 < series->n; i++) {
		const char *a = fs_name(series->v[i]), *b = fs_name(series->v[i + 1]);
		size_t n = strspn(a + (*a == 'V'), "0123456789.") + (*a == 'V');
		if (strncmp(a, b, n) == 0 && !strchr("0123456789.", b[n]))
			return false;
	}
	return series->n <= SERVER_MAX_NAMES;
}

/* With the others of its series, in their order. */
static bool
add_schema(const struct loop *l, struct server *s, const struct schema *file)
{
	OWN(strlist) struct strlist series = {0};
	bool any = false;
	for (size_t i = 0; i < l->around.schemas.n; i++)
		if (are_one_series(&l->around.schemas.v[i], file))
			strlist_add(&series, l->around.schemas.v[i].path);
	if (!series.n)
		strlist_add(&series, file->path);
	qsort(series.v, series.n, sizeof(*series.v), compare_numbered);
	if (!are_in_order(&series))
		return false;
	for (size_t i = 0; i < series.n; i++)
		any = server_add_name(&s->schema, series.v[i]) || any;
	return any;
}

static bool
take_problem(struct loop *l, struct server *s, const struct problem *p)
{
	const struct schema *file = p->kind == PROBLEM_TABLE ? schema_of(l, p->name) : NULL;
	OWN_FREE char *text = mem_printf("%s is given the %s %s", s->name,
		file ? "schema" : problem_kind_names[p->kind], file ? file->path : p->name);
	bool news = (p->kind == PROBLEM_DATABASE && server_add_name(&s->databases, p->name)) ||
		    (p->kind == PROBLEM_ROLE && strcmp(p->name, s->user) != 0 &&
			    server_add_name(&s->roles, p->name)) ||
		    (file && add_schema(l, s, file));
	if (news)
		decided(l, text);
	return news;
}

size_t
supply_count(const struct loop *l)
{
	return l->supply ? l->supply->n : 0;
}

struct server *
supply_at(const struct loop *l, size_t i)
{
	return &l->supply->v[i];
}

void
supply_restart(struct loop *l, const struct server *s)
{
	struct service *to = find_service(l, s);
	struct question *q = question_list_find(&l->r->questions, s->question);
	if (!to || !q)
		return;
	free(to->start);
	to->start = server_start(s);
	free(q->default_value);
	q->default_value = mem_strdup(to->start);
}

bool
supply_learn(struct loop *l)
{
	bool any = false;
	for (size_t i = 0; l->supply && i < l->supply->n; i++) {
		struct server *s = &l->supply->v[i];
		struct service *to = find_service(l, s);
		bool news = false;
		if (!to || !known_service_get(str_of(s->name), "database").n)
			continue;
		for (size_t k = 0; k < l->problems.n; k++)
			news = take_problem(l, s, &l->problems.v[k]) || news;
		if (news)
			supply_restart(l, s);
		any = any || news;
	}
	return any;
}

/* ---- guessing ---- */

static bool
reads_address(const struct loop *l, struct str name)
{
	struct str rest = data_services(), key, value;
	while (known_service_next(&rest, name, "variable", &key, &value)) {
		OWN_FREE char *pattern = str_dup(key);
		for (size_t i = 0; i < l->r->project.env_reads.n; i++)
			if (fnmatch(pattern, l->r->project.env_reads.v[i].name, 0) == 0)
				return true;
	}
	const struct server s = {.name = str_dup(name)};
	bool any = false;
	for (size_t i = 0; i < l->around.endpoints.n; i++)
		any = any || server_is_of(&l->around.endpoints.v[i], &s);
	free(s.name);
	return any;
}

void
supply_guess(const struct loop *l, struct strlist *ret)
{
	const struct need_list *needs = &l->r->project.needs;
	for (size_t i = 0; i < l->around.endpoints.n; i++)
		if (l->around.endpoints.v[i].declared)
			strlist_add_new(ret, l->around.endpoints.v[i].scheme);
	for (size_t i = 0; i < needs->n; i++) {
		struct str name = known_service_by(MARK_CLIENT, str_of(needs->v[i].name));
		OWN_FREE char *text = str_dup(name);
		if (name.n && reads_address(l, name))
			strlist_add_new(ret, text);
	}
}

/* ---- weighing ---- */

void
supply_begin(struct loop *l)
{
	struct supply *s = l->supply;
	if (!s || s->begun)
		return;
	s->begun = true;
	s->first = l->n;
	s->good = l->good;
	s->good_failure = l->good_failure ? mem_strdup(l->good_failure) : NULL;
	s->cause = l->cause;
	trial_begin(l, true, &s->without);
}

static void
forget_server(struct loop *l, struct server *s)
{
	struct service *to = find_service(l, s);
	struct question *q = question_list_find(&l->r->questions, s->question);
	server_forget_clients(l, s);
	if (to) {
		size_t i = (size_t)(to - l->r->services.v);
		service_cleanup(to);
		memmove(to, to + 1, (--l->r->services.n - i) * sizeof(*to));
	}
	if (q) {
		OWN_FREE char *before = TAKE(q->why);
		OWN_FREE char *package = str_dup(known_service_get(str_of(s->name), "package"));
		q->why = mem_printf("%s; with the one of the package %s no test got better",
			before ? before : "", package);
		free(TAKE(q->default_value));
		q->blocking = false;
	}
	server_cleanup(s);
}

void
supply_withdraw(struct loop *l)
{
	struct supply *s = l->supply;
	size_t n = 0;
	for (size_t i = 0; s && i < s->n; i++)
		if (s->v[i].since == l->n - 1)
			forget_server(l, &s->v[i]);
		else
			s->v[n++] = s->v[i];
	if (s)
		s->n = n;
}

static int
do_weigh(void *ctx, json_t **ret_result, struct dd_err *err)
{
	(void)ctx;
	(void)err;
	*ret_result = json_pack("{s:b}", "kept", 0);
	return 0;
}

/* The attempts with them are none of those that made the result. */
static int
disown_attempts(struct loop *l, int64_t first, struct dd_err *err)
{
	int rc = 0;
	for (int64_t n = first; rc == 0 && n < l->n; n++) {
		OWN_FREE char *key = mem_printf("attempt/%lld/judged", (long long)n);
		OWN_JSON json_t *j = NULL;
		rc = journal_step(l->spec->journal, key, do_weigh, l, &j, err);
	}
	return rc;
}

int
supply_weigh(struct loop *l, struct dd_err *err)
{
	struct supply *s = l->supply;
	if (!s || !s->begun)
		return 0;
	s->begun = false;
	const struct attempt *last = &l->r->attempts.v[l->r->attempts.n - 1];
	if (last->ended != ATTEMPT_BUILD_FAILED && l->r->tests.passed > s->without.tests.passed) {
		trial_cleanup(&s->without);
		return 0;
	}
	trial_restore(l, &s->without);
	for (size_t i = 0; i < s->n; i++)
		forget_server(l, &s->v[i]);
	s->n = 0;
	given_apply(l); /* as the tests without them had it */
	l->good = s->good;
	free(l->good_failure);
	l->good_failure = TAKE(s->good_failure);
	l->cause = s->cause;
	loop_judge_tests(l);
	decided(l, "no test got better with a service beside it, which is taken out again");
	return disown_attempts(l, s->first, err);
}
