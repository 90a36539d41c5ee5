/*
 * Services that the tests tried to reach and that nobody serves in the sandbox.  Which one it is follows
 * from the address; how to start it is a question, whose answer is a command.
 */
#include "envprobe/loop.h"

#include <string.h>

static const struct {
	const char *part; /* of the refused address */
	const char *name;
} known[] = {
	{":6379", "redis"},
	{"redis.sock", "redis"},
	{":5432", "postgresql"},
	{".s.PGSQL.", "postgresql"},
	{":3306", "mysql"},
	{"mysqld.sock", "mysql"},
	{":27017", "mongodb"},
	{":11211", "memcached"},
	{":5672", "rabbitmq"},
	{":9200", "elasticsearch"},
	{":389", "ldap"},
	{":2181", "zookeeper"},
	{":9092", "kafka"},
};

static const char *
service_at(const char *target)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strstr(target, known[i].part))
			return known[i].name;
	return NULL;
}

/* Started before each test command, in the same pod; it ends with the pod. */
static void
start_before_tests(struct loop *l, const char *start)
{
	for (size_t i = 0; i < l->r->project.commands.n; i++) {
		struct command *c = &l->r->project.commands.v[i];
		if (c->phase != PHASE_TEST)
			continue;
		char *run = mem_printf("(%s >/dev/null 2>&1 &); sleep 2; %s", start, c->run);
		free(c->run);
		c->run = run;
	}
}

static void
want_program(struct loop *l, const char *start, const char *id)
{
	struct str rest = str_of(start), word;
	struct need n = {.kind = NEED_PROGRAM, .scope = SCOPE_TEST};
	if (!str_next_word(&rest, &word))
		return;
	n.name = str_dup(word);
	n.why = mem_printf("the answer to %s", id);
	(void)loop_want(l, &n);
	need_cleanup(&n);
}

static bool
ask_service(struct loop *l, const char *name, const char *target, bool blocking)
{
	OWN_FREE char *id = mem_printf("service:%s", name);
	const char *start = NULL;
	struct question *q = question_list_find(&l->r->questions, id);
	enum answer_state state = answers_get(l->spec->answers, id, &start);
	if (!q) {
		q = question_list_add(&l->r->questions);
		q->id = mem_strdup(id);
		q->kind = Q_SERVICE;
		q->text = mem_printf("Which command starts %s in the sandbox, for the tests?", name);
		q->where = mem_strdup(target);
		q->why = mem_strdup("the tests connect to it, and nobody listens there");
		q->unlocks = mem_strdup("the tests that use it");
	}
	q->blocking = blocking && state == ANSWER_NONE;
	if (state != ANSWER_GIVEN || strlist_has(&l->r->services, start))
		return false;
	strlist_add(&l->r->services, start);
	start_before_tests(l, start);
	want_program(l, start, id);
	return true;
}

bool
loop_learn_services(struct loop *l)
{
	bool any = false;
	for (size_t i = 0; i < l->refused.n; i++) {
		const char *name = service_at(l->refused.v[i]);
		if (name)
			any = ask_service(l, name, l->refused.v[i], l->r->tests.passed == 0) || any;
	}
	return any;
}
