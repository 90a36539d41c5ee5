/*
 * Services that the tests tried to reach and that nobody serves in the sandbox: connections that
 * were refused, and names that did not resolve.  Which service it is follows from the address, by
 * what ports and sockets usually are and by the URLs of the source; how to start it is a question,
 * whose answer is a command, and which is answered by default where a package has the service (supply.c).
 */
#include "envprobe/loop.h"

#include "base/fs.h"
#include "envprobe/known_services.h"
#include "envprobe/migrations.h"
#include "envprobe/supply.h"

#include <string.h>

#define MAX_ASKED 10	       /* services of one run whose names say nothing */
#define FIRST_EPHEMERAL 32768U /* ports from here on are chosen by the kernel */

static struct str
by_port(uint64_t port)
{
	OWN_FREE char *text = mem_printf("%llu", (unsigned long long)port);
	return known_service_by(MARK_PORT, str_of(text));
}

/* ---- what an address is ---- */

static bool
is_loopback(struct str host)
{
	return str_starts(host, "127.") || str_eq(host, "[::1]") || str_eq(host, "::1") ||
	       str_eq(host, "localhost") || str_eq(host, "0.0.0.0");
}

bool
service_address(const char *target, struct str *ret_host, uint64_t *ret_port)
{
	const char *colon = strrchr(target, ':');
	if (!colon || str_starts(str_of(target), "unix:") ||
		!str_parse_u64(str_of(colon + 1), 65535, ret_port))
		return false;
	*ret_host = (struct str){target, (size_t)(colon - target)};
	return true;
}

/* Sockets of the machine that programs try and do without, and those that tests make for
 * themselves. */
static bool
is_of_machine(const char *path)
{
	static const char *const starts[] = {"@", "/tmp/", WORK_DIR "/", POD_HOME "/", "/dev/log",
		"/run/user/", "/run/dbus/", "/var/run/dbus/", "/run/systemd/", "/var/run/systemd/",
		"/run/nscd/", "/var/run/nscd/", "/run/utmp", "/run/udev/", "/var/run/avahi", NULL};
	for (size_t i = 0; starts[i]; i++)
		if (str_starts(str_of(path), starts[i]))
			return true;
	return false;
}

/* The scheme that the source gives to a port. */
static struct str
named_by_source(const struct loop *l, uint64_t port)
{
	const struct endpoint_list *e = &l->around.endpoints;
	for (size_t i = 0; i < e->n; i++)
		if ((uint64_t)e->v[i].port == port && e->v[i].scheme)
			return known_service_by(MARK_SCHEME, str_of(e->v[i].scheme));
	return (struct str){"", 0};
}

/*
 * Name of the service that was to be at the target, heap; NULL: it is none that a person could
 * start.  A test may try a port where nobody listens on purpose, or one that it was given a moment
 * before.
 */
static char *
service_at(const struct loop *l, const char *target)
{
	struct str host;
	uint64_t port;
	if (str_starts(str_of(target), "unix:")) {
		const char *path = target + strlen("unix:");
		struct str name = known_service_by(MARK_SOCKET, str_of(fs_name(path)));
		if (name.n)
			return str_dup(name);
		return is_of_machine(path) ? NULL : mem_strdup(path);
	}
	if (!service_address(target, &host, &port))
		return NULL;
	struct str name = by_port(port);
	if (!name.n)
		name = named_by_source(l, port);
	if (name.n)
		return str_dup(name);
	bool local = is_loopback(host);
	if (port < 20 || port == 53 || port >= FIRST_EPHEMERAL ||
		(!local && (port == 80 || port == 443)))
		return NULL;
	return local ? mem_printf("localhost:%u", (unsigned)port) : mem_strdup(target);
}

/* ---- asking ---- */

static void
want_program(struct loop *l, const char *start, const char *id)
{
	struct str rest = str_of(start), word;
	struct need n = {.kind = NEED_PROGRAM, .scope = SCOPE_TEST, .source = NEED_FROM_ANSWER};
	if (!str_next_word(&rest, &word))
		return;
	n.name = str_dup(word);
	n.why = mem_printf("the answer to %s", id);
	(void)loop_want(l, &n);
	need_cleanup(&n);
}

static struct service *
find_service(struct loop *l, const char *name)
{
	for (size_t i = 0; i < l->r->services.n; i++)
		if (strcmp(l->r->services.v[i].name, name) == 0)
			return &l->r->services.v[i];
	return NULL;
}

struct unserved {
	const char *name;
	const char *host; /* that must lead to it; NULL: it is asked for by address */
	const char *where;
	uint64_t port;	    /* that it is to listen on; 0 */
	const char *socket; /* or that; NULL */
	char *why;	    /* heap */
};

static struct question *
new_question(struct loop *l, const char *id, const struct unserved *u)
{
	struct question *q = question_list_add(&l->r->questions);
	q->id = mem_strdup(id);
	q->kind = Q_SERVICE;
	q->text = mem_printf("Which command starts %s%s in the sandbox, for the tests?%s%s%s",
		!strpbrk(u->name, ":/") ? "" : "what is to listen on ", u->name,
		u->host ? " The name " : "", u->host ? u->host : "",
		u->host ? " will lead to it." : "");
	q->where = u->where ? mem_strdup(u->where) : NULL;
	q->why = mem_strdup(u->why);
	q->unlocks = mem_strdup("the tests that use it");
	q->secret = answers_is_secret(l->spec->answers, id);
	return q;
}

/* True when an answer starts it, or leads a name to it, from now on. */
static bool
ask_service(struct loop *l, struct unserved *u)
{
	OWN_FREE char *id = mem_printf("service:%s", u->name), *why = u->why;
	const char *start = NULL;
	struct question *q = question_list_find(&l->r->questions, id);
	enum answer_state state = answers_get(l->spec->answers, id, &start);
	struct service *s = find_service(l, u->name);
	if (!q)
		q = new_question(l, id, u);
	bool supplied = state == ANSWER_NONE && supply_can(l, u->name);
	q->blocking = l->r->tests.passed == 0 && state == ANSWER_NONE && !supplied;
	if (state != ANSWER_GIVEN && !supplied)
		return false;
	bool news = !s || (u->host && !strlist_has(&s->hosts, u->host));
	if (!s && supplied) {
		s = supply_service(l, q, u->name, u->port, u->socket);
	} else if (!s) {
		s = service_list_add(&l->r->services);
		s->name = mem_strdup(u->name);
		s->question = mem_strdup(id);
		s->start = q->secret ? NULL : mem_strdup(start);
		s->port = (int64_t)u->port;
		s->socket = u->socket ? mem_strdup(u->socket) : NULL;
		want_program(l, start, id);
	}
	if (u->host)
		strlist_add_new(&s->hosts, u->host);
	return news;
}

static bool
ask_refused(struct loop *l, const struct refusal *r)
{
	OWN_FREE char *name = service_at(l, r->target);
	OWN_FREE char *id = name ? mem_printf("service:%s", name) : NULL;
	size_t asked = 0;
	for (size_t i = 0; i < l->r->questions.n; i++)
		asked += l->r->questions.v[i].kind == Q_SERVICE;
	if (!name || (asked >= MAX_ASKED && !question_list_find(&l->r->questions, id)))
		return false;
	struct str host;
	uint64_t port = 0;
	bool tcp = service_address(r->target, &host, &port);
	struct unserved u = {.name = name,
		.where = r->where,
		.port = tcp ? port : 0,
		.socket = tcp ? NULL : r->target + strlen("unix:"),
		.why = mem_printf("%s connected to %s, where nobody listens",
			*r->program ? fs_name(r->program) : "a program", r->target)};
	return ask_service(l, &u);
}

/* ---- names that do not resolve ---- */

static bool
is_name(const char *host)
{
	return strspn(host, "0123456789.:") != strlen(host) && !is_loopback(str_of(host));
}

static bool
learn_display(struct loop *l)
{
	const struct problem *p = problem_first(&l->problems, PROBLEM_DISPLAY);
	struct unserved u = {.name = "display"};
	if (p)
		u.why = mem_printf("the tests said: %s", p->text);
	return p && ask_service(l, &u);
}

bool
loop_guess_services(struct loop *l)
{
	bool any = false;
	struct strlist names = {0};
	supply_guess(l, &names);
	for (size_t i = 0; i < names.n; i++) {
		struct unserved u = {.name = names.v[i],
			.port = known_service_port(str_of(names.v[i])),
			.why = mem_strdup("the source declares it, or reads its address")};
		if (supply_can(l, u.name) && !find_service(l, u.name))
			any = ask_service(l, &u) || any;
		else
			free(u.why);
	}
	strlist_cleanup(&names);
	return learn_display(l) || any;
}

static bool
ask_endpoint(struct loop *l, const struct endpoint *e)
{
	uint64_t port = (uint64_t)e->port;
	struct str known = known_service_by(MARK_SCHEME, str_of(e->scheme));
	if (!known.n && e->declared)
		known = str_of(e->scheme);
	if (!known.n)
		known = by_port(port);
	OWN_FREE char *name = known.n ? str_dup(known) : NULL;
	if (!is_name(e->host) || (!name && (!port || port == 80 || port == 443)))
		return false;
	OWN_FREE char *address = mem_printf("%s:%llu", e->host, (unsigned long long)port);
	struct unserved u = {.name = name ? name : address,
		.host = e->host,
		.where = e->where,
		.port = port ? port : known_service_port(known),
		.why = mem_printf("a test looked up %s, and there is no network", e->host)};
	return ask_service(l, &u);
}

/* The names that messages tell; where one tells none, those that the source has. */
static bool
learn_names(struct loop *l)
{
	bool unnamed = problem_first(&l->problems, PROBLEM_UNRESOLVED) != NULL, any = false;
	const struct problem *named = problem_first(&l->problems, PROBLEM_HOST);
	for (size_t i = 0; i < l->around.endpoints.n; i++) {
		const struct endpoint *e = &l->around.endpoints.v[i];
		bool told = false;
		for (size_t k = 0; k < l->problems.n; k++)
			told = told || (l->problems.v[k].kind == PROBLEM_HOST &&
					       strcmp(l->problems.v[k].name, e->host) == 0);
		if (told || (unnamed && !named))
			any = ask_endpoint(l, e) || any;
	}
	return any;
}

bool
loop_learn_services(struct loop *l)
{
	bool any = learn_names(l);
	any = learn_display(l) || any;
	any = supply_learn(l) || any;
	any = migrations_learn(l) || any;
	for (size_t i = 0; i < l->r->refused.n; i++) {
		const struct refusal *r = &l->r->refused.v[i];
		if (r->attempt == l->n && r->step == STEP_TESTS)
			any = ask_refused(l, r) || any;
	}
	return any;
}
