/*
 * Services that the tests tried to reach and that nobody serves in the sandbox: connections that
 * were refused, and names that did not resolve.  Which service it is follows from the address, by
 * what ports and sockets usually are and by the URLs of the source; how to start it is a question,
 * whose answer is a command.
 */
#include "envprobe/loop.h"

#include "base/fs.h"
#include "envprobe/recipe.h"

#include <string.h>

#define READY_LIMIT_MS 30000
#define MAX_ASKED 10	       /* services of one run whose names say nothing */
#define FIRST_EPHEMERAL 32768U /* ports from here on are chosen by the kernel */

static const struct {
	const char *name;
	uint64_t ports[3];
	const char *sockets[2]; /* begin the last part of a path */
	const char *schemes[3];
} known[] = {
	{"redis", {6379}, {"redis"}, {"redis", "rediss"}},
	{"postgresql", {5432}, {".s.PGSQL."}, {"postgres", "postgresql"}},
	{"mysql", {3306, 33060}, {"mysql"}, {"mysql", "mariadb"}},
	{"mongodb", {27017}, {"mongodb-"}, {"mongodb"}},
	{"memcached", {11211}, {"memcached"}, {"memcache", "memcached"}},
	{"rabbitmq", {5672, 5671}, {NULL}, {"amqp", "amqps"}},
	{"elasticsearch", {9200}, {NULL}, {"elasticsearch"}},
	{"ldap", {389, 636}, {"ldapi"}, {"ldap", "ldaps"}},
	{"zookeeper", {2181}, {NULL}, {NULL}},
	{"kafka", {9092}, {NULL}, {"kafka"}},
	{"nats", {4222}, {NULL}, {"nats"}},
};
#define N_KNOWN (sizeof(known) / sizeof(*known))

static const char *
by_port(uint64_t port)
{
	for (size_t i = 0; port && i < N_KNOWN; i++)
		for (size_t k = 0; k < 3; k++)
			if (known[i].ports[k] == port)
				return known[i].name;
	return NULL;
}

/* Where it listens unless it is told otherwise; 0: unknown. */
static uint64_t
port_of(const char *name)
{
	for (size_t i = 0; name && i < N_KNOWN; i++)
		if (strcmp(known[i].name, name) == 0)
			return known[i].ports[0];
	return 0;
}

static const char *
by_socket(const char *name)
{
	for (size_t i = 0; i < N_KNOWN; i++)
		for (size_t k = 0; k < 2 && known[i].sockets[k]; k++)
			if (str_starts(str_of(name), known[i].sockets[k]))
				return known[i].name;
	return NULL;
}

static const char *
by_scheme(const char *scheme)
{
	for (size_t i = 0; scheme && i < N_KNOWN; i++)
		for (size_t k = 0; k < 3 && known[i].schemes[k]; k++)
			if (strcasecmp(scheme, known[i].schemes[k]) == 0)
				return known[i].name;
	return NULL;
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
static const char *
named_by_source(const struct loop *l, uint64_t port)
{
	for (size_t i = 0; i < l->endpoints.n; i++)
		if ((uint64_t)l->endpoints.v[i].port == port && l->endpoints.v[i].scheme)
			return by_scheme(l->endpoints.v[i].scheme);
	return NULL;
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
		const char *name = by_socket(fs_name(path));
		if (name)
			return mem_strdup(name);
		return is_of_machine(path) ? NULL : mem_strdup(path);
	}
	if (!service_address(target, &host, &port))
		return NULL;
	const char *name = by_port(port);
	if (!name)
		name = named_by_source(l, port);
	if (name)
		return mem_strdup(name);
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
		by_scheme(u->name) || !strpbrk(u->name, ":/") ? "" : "what is to listen on ",
		u->name, u->host ? " The name " : "", u->host ? u->host : "",
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
	q->blocking = l->r->tests.passed == 0 && state == ANSWER_NONE;
	if (state != ANSWER_GIVEN)
		return false;
	bool news = !s || (u->host && !strlist_has(&s->hosts, u->host));
	if (!s) {
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
ask_endpoint(struct loop *l, const struct endpoint *e)
{
	uint64_t port = (uint64_t)e->port;
	const char *name = by_scheme(e->scheme);
	if (!name)
		name = by_port(port);
	if (!is_name(e->host) || (!name && (!port || port == 80 || port == 443)))
		return false;
	OWN_FREE char *address = mem_printf("%s:%llu", e->host, (unsigned long long)port);
	struct unserved u = {.name = name ? name : address,
		.host = e->host,
		.where = e->where,
		.port = port ? port : port_of(name),
		.why = mem_printf("a test looked up %s, and there is no network", e->host)};
	return ask_service(l, &u);
}

/* The names that messages tell; where one tells none, those that the source has. */
static bool
learn_names(struct loop *l)
{
	bool unnamed = problem_first(&l->problems, PROBLEM_UNRESOLVED) != NULL, any = false;
	const struct problem *named = problem_first(&l->problems, PROBLEM_HOST);
	for (size_t i = 0; i < l->endpoints.n; i++) {
		const struct endpoint *e = &l->endpoints.v[i];
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
	for (size_t i = 0; i < l->r->refused.n; i++) {
		const struct refusal *r = &l->r->refused.v[i];
		if (r->attempt == l->n && r->step == STEP_TESTS)
			any = ask_refused(l, r) || any;
	}
	return any;
}

/* ---- starting them ---- */

void
probe_serving_cleanup(struct probe_serving *s)
{
	free(s->services);
	free(s->argv);
	strlist_cleanup(&s->words);
	free(s->hosts);
	free(s->binds);
	*s = (struct probe_serving){0};
}

/* Names that lead to services here, beside the pod's own. */
static int
write_hosts(const struct service_list *l, const char *run_dir, char **ret, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	OWN_FREE char *path = fs_join(run_dir, "hosts");
	buf_puts(&text, "127.0.0.1 localhost drydock\n::1 localhost ip6-localhost drydock\n");
	size_t own = text.n;
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->v[i].hosts.n; k++)
			buf_printf(&text, "127.0.0.1 %s\n", l->v[i].hosts.v[k]);
	if (text.n == own)
		return 0;
	int rc = fs_write_atomic(path, buf_str(&text), 0644, err);
	if (rc == 0)
		*ret = TAKE(path);
	return rc;
}

/* A name of the pod's own: letters, digits and "-_." only, and no two the same. */
static char *
pod_name(const struct service *s, size_t i)
{
	char *name = mem_printf("%zu-%.80s", i + 1, s->name);
	for (char *p = name; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.",
			    *p))
			*p = '-';
	return name;
}

/*
 * As the tests' own user, in their tree.  What goes to the background by itself is none the less what the shell
 * here stands for.
 */
static void
add_service(struct probe_serving *to, const struct service *s, const char *start)
{
	static const char *const own_dirs[] = {WORK_DIR, "/home/builder", NULL};
	size_t i = to->nservices++;
	OWN_FREE char *name = pod_name(s, i);
	OWN_FREE char *script =
		mem_printf("%s\nrc=$?; [ $rc = 0 ] || exit $rc\nexec sleep infinity", start);
	strlist_add(&to->words, name);
	strlist_add(&to->words, script);
	const char *argv[] = {"/bin/sh", "-c", to->words.v[2 * i + 1], NULL};
	memcpy(to->argv[i], argv, sizeof(argv));
	to->services[i] = (struct service_spec){.name = to->words.v[2 * i],
		.argv = to->argv[i],
		.cwd = WORK_DIR,
		.user = "builder",
		.dirs = own_dirs,
		.port = (uint16_t)s->port,
		.socket = s->socket,
		.ready_limit_ms = READY_LIMIT_MS};
}

int
probe_serve(const struct service_list *l, struct answers *answers, const char *run_dir,
	const struct pod_bind *binds, size_t nbinds, struct probe_serving *ret, struct dd_err *err)
{
	OWN(probe_serving)
	struct probe_serving s = {.services = mem_zalloc(l->n + 1, sizeof(*s.services)),
		.argv = mem_zalloc(l->n + 1, sizeof(*s.argv))};
	for (size_t i = 0; i < l->n; i++) {
		const char *start = l->v[i].start;
		if (!start && answers_get(answers, l->v[i].question, &start) != ANSWER_GIVEN)
			return err_set(err, DD_EINVAL, "%s has no answer", l->v[i].question);
		add_service(&s, &l->v[i], start);
	}
	int rc = write_hosts(l, run_dir, &s.hosts, err);
	if (rc < 0)
		return rc;
	s.binds = mem_zalloc(nbinds + 1, sizeof(*s.binds));
	for (; s.nbinds < nbinds; s.nbinds++)
		s.binds[s.nbinds] = binds[s.nbinds];
	if (s.hosts)
		s.binds[s.nbinds++] = (struct pod_bind){s.hosts, "/etc/hosts", false};
	*ret = s;
	s = (struct probe_serving){0};
	return 0;
}
