#include "envprobe/server.h"

#include "envprobe/data.h"
#include "envprobe/known_services.h"

#include <string.h>

void
server_cleanup(struct server *s)
{
	free(s->name);
	free(s->question);
	free(s->port);
	free(s->socket);
	free(s->user);
	free(s->password);
	free(s->rootpassword);
	free(s->rows);
	strlist_cleanup(&s->databases);
	strlist_cleanup(&s->roles);
	strlist_cleanup(&s->schema);
	strlist_cleanup(&s->variables);
}

bool
server_is_plain(const char *s)
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

bool
server_add_name(struct strlist *l, const char *name)
{
	if (!name || !server_is_plain(name) || strlist_has(l, name) || l->n >= SERVER_MAX_NAMES)
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
		set_once(&s->user, value, server_is_plain);
	else if (str_eq(what, "password"))
		set_once(&s->password, value, is_password);
	else if (str_eq(what, "rootpassword"))
		set_once(&s->rootpassword, value, is_password);
	else if (str_eq(what, "database"))
		(void)server_add_name(&s->databases, value);
}

static const struct setting *
find_setting(const struct loop *l, struct str name)
{
	for (size_t i = 0; i < l->around.settings.n; i++)
		if (str_eq(name, l->around.settings.v[i].name))
			return &l->around.settings.v[i];
	return NULL;
}

bool
server_is_of(const struct endpoint *e, const struct server *s)
{
	struct str scheme = str_of(e->scheme);
	return str_eq(e->declared ? scheme : known_service_by(MARK_SCHEME, scheme), s->name);
}

void
server_configure(const struct loop *l, struct server *s)
{
	struct str name = str_of(s->name), rest = data_services(), what, variable;
	while (known_service_next(&rest, name, "setting", &what, &variable)) {
		const struct setting *set = find_setting(l, variable);
		if (set)
			configure_by(s, what, set->value);
	}
	for (size_t i = 0; i < l->around.endpoints.n; i++) {
		const struct endpoint *e = &l->around.endpoints.v[i];
		if (!server_is_of(e, s))
			continue;
		if (s->user && e->user && strcmp(s->user, e->user) != 0)
			(void)server_add_name(&s->roles, e->user);
		set_once(&s->user, e->user, server_is_plain);
		set_once(&s->password, e->password, is_password);
		(void)server_add_name(&s->databases, e->database);
	}
	for (size_t i = 0; i < l->around.schemas.n; i++)
		if (l->around.schemas.v[i].named)
			(void)server_add_name(&s->schema, l->around.schemas.v[i].path);
	OWN_FREE char *user = str_dup(known_service_get(name, "user"));
	OWN_FREE char *database = str_dup(known_service_get(name, "database"));
	set_once(&s->user, user, server_is_plain);
	if (!s->databases.n)
		(void)server_add_name(&s->databases, database);
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

char *
server_parameter(const struct server *s, struct str name)
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
	else if (str_eq(name, "rows"))
		value = s->rows;
	else if (str_eq(name, "database"))
		value = s->databases.n ? s->databases.v[0] : NULL;
	return mem_strdup(value ? value : "");
}

static const char *const parameters[] = {"port", "socket", "user", "password", "rootpassword",
	"databases", "roles", "schema", "rows"};

char *
server_start(const struct server *s)
{
	OWN(buf) struct buf text = {0};
	OWN_FREE char *start = str_dup(known_service_get(str_of(s->name), "start"));
	buf_puts(&text, "{ ");
	for (size_t i = 0; i < sizeof(parameters) / sizeof(*parameters); i++) {
		OWN_FREE char *used = mem_printf("$%s", parameters[i]);
		OWN_FREE char *braced = mem_printf("${%s", parameters[i]);
		OWN_FREE char *value = server_parameter(s, str_of(parameters[i]));
		if (!strstr(start, used) && !strstr(start, braced))
			continue;
		buf_printf(&text, "%s=", parameters[i]);
		buf_put_shell(&text, str_of(value));
		buf_puts(&text, "; ");
	}
	buf_printf(&text, "%s; }", start);
	return buf_take(&text);
}
