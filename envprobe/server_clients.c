#include "envprobe/server.h"

#include "envprobe/data.h"
#include "envprobe/known_services.h"

#include <fnmatch.h>
#include <string.h>

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
		OWN_FREE char *of = server_parameter(s, (struct str){value.p + i + 1, n});
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
		if (e->declared && server_is_of(e, s) && str_eq(host, e->host))
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

void
server_tell_clients(struct loop *l, struct server *s, struct service *to)
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

/* ---- taken back ---- */

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

void
server_forget_clients(struct loop *l, struct server *s)
{
	OWN_FREE char *start = mem_printf("service:%s ", s->name);
	for (size_t i = 0; i < s->variables.n; i++)
		forget_variable(l, s->variables.v[i]);
	loop_forget_options(l, start);
}
