#include "envprobe/supply.h"

#include "envprobe/data.h"
#include "envprobe/known_services.h"
#include "envprobe/resolve.h"
#include "envprobe/trial.h"

#include <fnmatch.h>
#include <string.h>

#define MAX_NAMES 20 /* databases, users and files of one service */

struct server {
	char *name;
	char *question;
	int64_t since; /* attempt that learnt of it */
	char *port, *socket, *user, *password, *rootpassword;
	struct strlist databases, roles, schema;
	struct strlist variables; /* that were exported for it */
};

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

static void
server_cleanup(struct server *s)
{
	free(s->name);
	free(s->question);
	free(s->port);
	free(s->socket);
	free(s->user);
	free(s->password);
	free(s->rootpassword);
	strlist_cleanup(&s->databases);
	strlist_cleanup(&s->roles);
	strlist_cleanup(&s->schema);
	strlist_cleanup(&s->variables);
}

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

/* ---- what it is given ---- */

/* As a name of a user, a database or a file it goes into a command: nothing but these. */
static bool
is_plain(const char *s)
{
	return *s && *s != '-' && strlen(s) < 200 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-") ==
		       strlen(s);
}

static bool
is_password(const char *s)
{
	return strlen(s) < 100 && !strpbrk(s, "'\"\\`$ \t");
}

static bool
add_name(struct strlist *l, const char *name)
{
	if (!name || !is_plain(name) || strlist_has(l, name) || l->n >= MAX_NAMES)
		return false;
	strlist_add(l, name);
	return true;
}

static void
set_once(char **to, const char *value, bool (*is_good)(const char *))
{
	if (!*to && value && is_good(value))
		*to = mem_strdup(value);
}

static void
configure_by(struct server *s, struct str what, const char *value)
{
	if (str_eq(what, "user"))
		set_once(&s->user, value, is_plain);
	else if (str_eq(what, "password"))
		set_once(&s->password, value, is_password);
	else if (str_eq(what, "rootpassword"))
		set_once(&s->rootpassword, value, is_password);
	else if (str_eq(what, "database"))
		(void)add_name(&s->databases, value);
}

static const struct setting *
find_setting(const struct loop *l, struct str name)
{
	for (size_t i = 0; i < l->around.settings.n; i++)
		if (str_eq(name, l->around.settings.v[i].name))
			return &l->around.settings.v[i];
	return NULL;
}

static bool
is_of(const struct endpoint *e, const struct server *s)
{
	struct str scheme = str_of(e->scheme);
	return str_eq(e->declared ? scheme : known_service_by(MARK_SCHEME, scheme), s->name);
}

static void
configure(const struct loop *l, struct server *s)
{
	struct str name = str_of(s->name), rest = data_services(), what, variable;
	while (known_service_next(&rest, name, "setting", &what, &variable)) {
		const struct setting *set = find_setting(l, variable);
		if (set)
			configure_by(s, what, set->value);
	}
	for (size_t i = 0; i < l->around.endpoints.n; i++) {
		const struct endpoint *e = &l->around.endpoints.v[i];
		if (!is_of(e, s))
			continue;
		if (s->user && e->user && strcmp(s->user, e->user) != 0)
			(void)add_name(&s->roles, e->user);
		set_once(&s->user, e->user, is_plain);
		set_once(&s->password, e->password, is_password);
		(void)add_name(&s->databases, e->database);
	}
	for (size_t i = 0; i < l->around.schemas.n; i++)
		if (l->around.schemas.v[i].named)
			(void)add_name(&s->schema, l->around.schemas.v[i].path);
	OWN_FREE char *user = str_dup(known_service_get(name, "user"));
	OWN_FREE char *database = str_dup(known_service_get(name, "database"));
	set_once(&s->user, user, is_plain);
	if (!s->databases.n)
		(void)add_name(&s->databases, database);
}

/* Databases that a server has without being told. */
static bool
is_its_own(const char *database)
{
	return strcmp(database, "postgres") == 0 || strcmp(database, "mysql") == 0;
}

static char *
join(const struct strlist *l, bool databases)
{
	OWN(buf) struct buf text = {0};
	for (size_t i = 0; i < l->n; i++)
		if (!databases || !is_its_own(l->v[i]))
			buf_printf(&text, "%s%s", text.n ? " " : "", l->v[i]);
	return buf_take(&text);
}

/* The value of $NAME, heap. */
static char *
parameter(const struct server *s, struct str name)
{
	const char *value = NULL;
	if (str_eq(name, "databases"))
		return join(&s->databases, true);
	if (str_eq(name, "roles"))
		return join(&s->roles, false);
	if (str_eq(name, "schema"))
		return join(&s->schema, false);
	if (str_eq(name, "port"))
		value = s->port;
	else if (str_eq(name, "socket"))
		value = s->socket;
	else if (str_eq(name, "user"))
		value = s->user;
	else if (str_eq(name, "password"))
		value = s->password;
	else if (str_eq(name, "rootpassword"))
		value = s->rootpassword;
	else if (str_eq(name, "database"))
		value = s->databases.n ? s->databases.v[0] : NULL;
	return mem_strdup(value ? value : "");
}

static const char *const parameters[] = {
	"port", "socket", "user", "password", "rootpassword", "databases", "roles", "schema"};

static char *
start_command(const struct server *s)
{
	OWN(buf) struct buf text = {0};
	OWN_FREE char *start = str_dup(known_service_get(str_of(s->name), "start"));
	buf_puts(&text, "{ ");
	for (size_t i = 0; i < sizeof(parameters) / sizeof(*parameters); i++) {
		OWN_FREE char *used = mem_printf("$%s", parameters[i]);
		OWN_FREE char *braced = mem_printf("${%s", parameters[i]);
		OWN_FREE char *value = parameter(s, str_of(parameters[i]));
		if (!strstr(start, used) && !strstr(start, braced))
			continue;
		buf_printf(&text, "%s=", parameters[i]);
		buf_put_shell(&text, str_of(value));
		buf_puts(&text, "; ");
	}
	buf_printf(&text, "%s; }", start);
	return buf_take(&text);
}

/* ---- what its clients are told ---- */

static char *
expand(const struct server *s, struct str value)
{
	OWN(buf) struct buf text = {0};
	for (size_t i = 0; i < value.n; i++) {
		size_t n = 0;
		while (value.p[i] == '$' && i + 1 + n < value.n && value.p[i + 1 + n] >= 'a' &&
			value.p[i + 1 + n] <= 'z')
			n++;
		OWN_FREE char *of = parameter(s, (struct str){value.p + i + 1, n});
		if (n)
			buf_puts(&text, of);
		else
			buf_putc(&text, value.p[i]);
		i += n;
	}
	return buf_take(&text);
}

static bool
is_exported(const struct loop *l, const char *name)
{
	if (env_var_list_find(&l->r->environment, name))
		return true;
	OWN_FREE char *plain = mem_printf("env:%s", name), *secret = mem_printf("secret:%s", name);
	return answers_get(l->spec->answers, plain, NULL) != ANSWER_NONE ||
	       answers_get(l->spec->answers, secret, NULL) != ANSWER_NONE;
}

static void
export_for(struct loop *l, struct server *s, const char *name, const char *value, const char *where)
{
	if (is_exported(l, name))
		return;
	struct env_var *e = env_var_list_add(&l->r->environment);
	e->name = mem_strdup(name);
	e->value = mem_strdup(value);
	e->why = mem_printf("leads to the service %s%s%s", s->name, where ? ", as in " : "",
		where ? where : "");
	strlist_set_env(&l->env, name, value);
	strlist_add(&s->variables, name);
	strlist_addf(&l->r->options, "service:%s %s=%s", s->name, name, value);
	OWN_FREE char *id = mem_printf("env:%s", name);
	struct question *q = question_list_find(&l->r->questions, id);
	if (q) {
		q->default_value = q->default_value ? q->default_value : mem_strdup(value);
		q->blocking = false;
	}
}

static struct str
url_host(struct str value)
{
	const char *at = memmem(value.p, value.n, "://", 3);
	if (!at)
		return (struct str){"", 0};
	struct str host = {at + 3, value.n - (size_t)(at + 3 - value.p)};
	const char *login = memchr(host.p, '@', host.n);
	if (login)
		host = (struct str){login + 1, host.n - (size_t)(login + 1 - host.p)};
	size_t n = 0;
	while (n < host.n && !strchr(":/?,", host.p[n]))
		n++;
	return (struct str){host.p, n};
}

static bool
is_declared_host(const struct loop *l, const struct server *s, struct str host)
{
	for (size_t i = 0; i < l->around.endpoints.n; i++) {
		const struct endpoint *e = &l->around.endpoints.v[i];
		if (e->declared && is_of(e, s) && str_eq(host, e->host))
			return true;
	}
	return false;
}

/* Does the value of a setting lead to the server, and to no other machine?  *ret_host is what has to lead here. */
static bool
leads_to(const struct loop *l, const struct server *s, struct str value, struct str *ret_host)
{
	const char *at = memmem(value.p, value.n, "://", 3);
	struct str host = at ? url_host(value) : value;
	bool declared = is_declared_host(l, s, host);
	*ret_host = declared ? host : (struct str){"", 0};
	if (!at)
		return declared;
	size_t n = (size_t)(at - value.p);
	const char *plus = memchr(value.p, '+', n);
	struct str scheme = {value.p, plus ? (size_t)(plus - value.p) : n};
	bool here = declared || str_eq(host, "localhost") || str_starts(host, "127.");
	return here && str_eq(known_service_by(MARK_SCHEME, scheme), s->name);
}

/* DB_HOST and the like, of this machine. */
static bool
is_host_here(const struct server *s, const struct setting *v)
{
	struct str rest = data_services(), key, value, host = str_of(v->value);
	if (!str_eq(host, "localhost") && !str_starts(host, "127."))
		return false;
	while (known_service_next(&rest, str_of(s->name), "variable", &key, &value)) {
		OWN_FREE char *pattern = str_dup(key);
		if (fnmatch(pattern, v->name, 0) == 0)
			return true;
	}
	return false;
}

/* Settings of the configuration that lead to it, and those beside one that does: DB_USER where DB_HOST is it. */
static void
export_settings(struct loop *l, struct server *s, struct service *to)
{
	const struct setting_list *all = &l->around.settings;
	for (size_t i = 0; i < all->n; i++) {
		struct str host;
		const char *end = strrchr(all->v[i].name, '_');
		if (!leads_to(l, s, str_of(all->v[i].value), &host) && !is_host_here(s, &all->v[i]))
			continue;
		export_for(l, s, all->v[i].name, all->v[i].value, all->v[i].where);
		OWN_FREE char *name = str_dup(host);
		if (host.n)
			strlist_add_new(&to->hosts, name);
		for (size_t k = 0; end && !strstr(all->v[i].value, "://") && k < all->n; k++)
			if (strncmp(all->v[k].name, all->v[i].name,
				    (size_t)(end + 1 - all->v[i].name)) == 0)
				export_for(l, s, all->v[k].name, all->v[k].value, all->v[k].where);
	}
}

static void
export_all(struct loop *l, struct server *s, struct service *to)
{
	struct str rest = data_services(), key, value;
	export_settings(l, s, to);
	while (known_service_next(&rest, str_of(s->name), "environment", &key, &value)) {
		OWN_FREE char *name = str_dup(key), *text = expand(s, value);
		export_for(l, s, name, text, NULL);
	}
	rest = data_services();
	while (known_service_next(&rest, str_of(s->name), "variable", &key, &value)) {
		OWN_FREE char *pattern = str_dup(key), *text = expand(s, value);
		for (size_t i = 0; i < l->r->project.env_reads.n; i++) {
			const struct env_read *r = &l->r->project.env_reads.v[i];
			if (fnmatch(pattern, r->name, 0) == 0)
				export_for(l, s, r->name, text, r->where);
		}
	}
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
		.socket = socket && str_starts(str_of(socket), "/tmp/") && is_plain(socket)
				  ? mem_strdup(socket)
				  : NULL};
	configure(l, s);
	to->name = mem_strdup(name);
	to->question = mem_strdup(q->id);
	to->start = start_command(s);
	to->port = (int64_t)port;
	OWN_FREE char *ready = str_dup(known_service_get(str_of(name), "ready"));
	to->socket = *ready ? TAKE(ready) : NULL;
	free(q->default_value);
	q->default_value = mem_strdup(to->start);
	q->blocking = false;
	export_all(l, s, to);
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

/* The file that creates the table, if there is one alone. */
static const char *
schema_of(const struct loop *l, const char *table)
{
	const char *found = NULL;
	for (size_t i = 0; i < l->around.schemas.n; i++) {
		const struct schema *s = &l->around.schemas.v[i];
		if (!strlist_has(&s->tables, table))
			continue;
		if (found)
			return NULL;
		found = s->path;
	}
	return found;
}

static bool
take_problem(struct loop *l, struct server *s, const struct problem *p)
{
	const char *file = p->kind == PROBLEM_TABLE ? schema_of(l, p->name) : NULL;
	OWN_FREE char *text = mem_printf("%s is given the %s %s", s->name,
		file ? "schema" : problem_kind_names[p->kind], file ? file : p->name);
	bool news = (p->kind == PROBLEM_DATABASE && add_name(&s->databases, p->name)) ||
		    (p->kind == PROBLEM_ROLE && strcmp(p->name, s->user) != 0 &&
			    add_name(&s->roles, p->name)) ||
		    (file && add_name(&s->schema, file));
	if (news)
		decided(l, text);
	return news;
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
		if (!news)
			continue;
		struct question *q = question_list_find(&l->r->questions, s->question);
		free(to->start);
		to->start = start_command(s);
		free(q->default_value);
		q->default_value = mem_strdup(to->start);
		any = true;
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
		any = any || is_of(&l->around.endpoints.v[i], &s);
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
forget_variable(struct loop *l, const char *name)
{
	size_t n = strlen(name);
	struct env_var_list *all = &l->r->environment;
	struct env_var *e = env_var_list_find(all, name);
	if (e) {
		env_var_cleanup(e);
		all->n--;
		memmove(e, e + 1, (size_t)(all->v + all->n - e) * sizeof(*e));
	}
	struct strlist env = {0};
	for (size_t i = 0; i < l->env.n; i++)
		if (strncmp(l->env.v[i], name, n) != 0 || l->env.v[i][n] != '=')
			strlist_add(&env, l->env.v[i]);
	strlist_cleanup(&l->env);
	l->env = env;
	OWN_FREE char *id = mem_printf("env:%s", name);
	struct question *q = question_list_find(&l->r->questions, id);
	if (q)
		free(TAKE(q->default_value));
}

static void
forget_options(struct loop *l, const struct server *s)
{
	OWN_FREE char *start = mem_printf("service:%s ", s->name);
	struct strlist kept = {0};
	for (size_t i = 0; i < l->r->options.n; i++)
		if (!str_starts(str_of(l->r->options.v[i]), start))
			strlist_add(&kept, l->r->options.v[i]);
	strlist_cleanup(&l->r->options);
	l->r->options = kept;
}

static void
forget_server(struct loop *l, struct server *s)
{
	struct service *to = find_service(l, s);
	struct question *q = question_list_find(&l->r->questions, s->question);
	for (size_t i = 0; i < s->variables.n; i++)
		forget_variable(l, s->variables.v[i]);
	forget_options(l, s);
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
	l->good = s->good;
	free(l->good_failure);
	l->good_failure = TAKE(s->good_failure);
	l->cause = s->cause;
	loop_judge_tests(l);
	decided(l, "no test got better with a service beside it, which is taken out again");
	return disown_attempts(l, s->first, err);
}
