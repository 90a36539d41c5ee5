#include "envprobe/endpoints.h"

#include "base/match.h"
#include "envprobe/detect.h"
#include "envprobe/envprobe.h"
#include "envprobe/evidence.h"
#include "envprobe/migrations.h"
#include "envprobe/scan.h"
#include "envprobe/service_config.h"
#include "envprobe/source_worker.h"

#include <string.h>

#define MAX_ENDPOINTS 100
#define MAX_SCHEMAS 500
#define MAX_TABLES 200

#define F(type, member, what) .key = #member, .kind = what, .offset = offsetof(struct type, member)
const struct json_field endpoint_fields[] = {{F(endpoint, host, JSON_K_STRING), .required = true},
	{F(endpoint, port, JSON_K_INT)}, {F(endpoint, scheme, JSON_K_STRING)},
	{F(endpoint, where, JSON_K_STRING)}, {F(endpoint, user, JSON_K_STRING)},
	{F(endpoint, password, JSON_K_STRING)}, {F(endpoint, database, JSON_K_STRING)},
	{F(endpoint, declared, JSON_K_BOOL)}, {.key = NULL}};
RECORD_IMPLEMENT(endpoint)
const struct json_field setting_fields[] = {{F(setting, name, JSON_K_STRING), .required = true},
	{F(setting, value, JSON_K_STRING), .required = true}, {F(setting, where, JSON_K_STRING)},
	{.key = NULL}};
RECORD_IMPLEMENT(setting)
const struct json_field schema_fields[] = {{F(schema, path, JSON_K_STRING), .required = true},
	{F(schema, named, JSON_K_BOOL)}, {F(schema, numbered, JSON_K_BOOL)},
	{F(schema, tables, JSON_K_STRLIST)}, {.key = NULL}};
RECORD_IMPLEMENT(schema)
const struct json_field migration_fields[] = {{F(migration, run, JSON_K_STRING), .required = true},
	{F(migration, dir, JSON_K_STRING), .required = true},
	{F(migration, where, JSON_K_STRING), .required = true}, {.key = NULL}};
RECORD_IMPLEMENT(migration)
#define LIST(member, type) \
	{ \
		F(surroundings, member, JSON_K_ARRAY), .sub = type##_fields, \
						       .elem_size = sizeof(struct type) \
	}
const struct json_field surroundings_fields[] = {LIST(endpoints, endpoint), LIST(settings, setting),
	LIST(schemas, schema), LIST(migrations, migration), {.key = NULL}};

void
surroundings_cleanup(struct surroundings *s)
{
	endpoint_list_cleanup(&s->endpoints);
	setting_list_cleanup(&s->settings);
	schema_list_cleanup(&s->schemas);
	migration_list_cleanup(&s->migrations);
}

/* ---- searching ---- */

#define NAME "(?<host>[A-Za-z0-9][A-Za-z0-9.-]*)"
#define PORT "(?<port>\\d{2,5})\\b"
enum { RULE_FED = 4, RULE_TABLE };
static const struct match_rule rules[] = {
	{"url",
		"\\b(?<scheme>postgres|postgresql|mysql|mariadb|redis|rediss|mongodb|amqps?|ldaps?|"
		"memcached?|nats|kafka|elasticsearch)(?:\\+\\w+)?://"
		"(?:(?<user>[\\w.-]*)(?::(?<password>[^\\s/@'\"]*))?@)?" NAME "(?::" PORT
		")?(?:/(?<database>[\\w-]+))?",
		true},
	{"pair", "['\"]" NAME "['\"]\\s*,\\s*['\"]?" PORT, false},
	{"settings",
		"\\bhost(?:name|addr)?['\"]?\\s*[:=]>?\\s*['\"]?" NAME
		"['\"]?[\\s,;]+.*?\\bport['\"]?\\s*[:=]>?\\s*['\"]?" PORT,
		true},
	{"address", "['\"](?<host>[a-z][a-z0-9-]*(?:\\.[a-z0-9-]+)+):" PORT, true},
	[RULE_FED] = {"fed",
		"(?:\\b(?:psql|mysql|mariadb)\\b[^\\n|;&]*?(?:<|-f|--file[= ])\\s*['\"]?|^\\s*-\\s*['\"]?)"
		"(?:\\./)?(?<file>\\w[\\w./-]*\\.sql)(?=['\"\\s;&|)]|$|:/docker-entrypoint-initdb)",
		false},
	[RULE_TABLE] = {"table",
		"^\\s*CREATE TABLE (?:IF NOT EXISTS )?(?:[\"`]?\\w+[\"`]?\\.)?[\"`]?(?<table>\\w+)",
		true},
};

struct finder {
	const char *path;
	bool silent; /* documentation: its addresses are examples */
	struct surroundings *out;
};

static bool
is_known(const struct endpoint_list *l, struct str host, uint64_t port, struct str scheme)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct endpoint *e = &l->v[i];
		if (!e->declared && str_eq(host, e->host) && (uint64_t)e->port == port &&
			str_eq(scheme, e->scheme ? e->scheme : ""))
			return true;
	}
	return false;
}

static struct schema *
schema_at(struct surroundings *s, struct str path)
{
	for (size_t i = 0; i < s->schemas.n; i++)
		if (str_eq(path, s->schemas.v[i].path))
			return &s->schemas.v[i];
	if (s->schemas.n >= MAX_SCHEMAS)
		return NULL;
	struct schema *one = schema_list_add(&s->schemas);
	one->path = str_dup(path);
	return one;
}

/* What leads to no other machine is of a server that the tests have for themselves. */
static bool
is_here(struct str host)
{
	return !memchr(host.p, '.', host.n) || str_starts(host, "127.");
}

static void
take_login(struct endpoint *e, const struct match_hit *hit)
{
	struct str user = match_named(hit, "user"), password = match_named(hit, "password");
	struct str database = match_named(hit, "database");
	e->user = user.n ? str_dup(user) : NULL;
	e->password = password.n ? str_dup(password) : NULL;
	e->database = database.n ? str_dup(database) : NULL;
}

/* Does a file of SQL take back what another one does? */
static bool
undoes(const char *path)
{
	return tree_name_is(path, "*[._-]down.sql") || tree_name_is(path, "*[._-]rollback.sql") ||
	       tree_name_is(path, "U[0-9]*__*.sql") || strstr(path, "/down/");
}

/* "003_ports.sql", "20240131-ports.up.sql", "V2__ports.sql" */
static bool
is_numbered(const char *path)
{
	return !undoes(path) &&
	       (tree_name_is(path, "[0-9]*[_.-]*.sql") || tree_name_is(path, "V[0-9]*__*.sql"));
}

static bool
take_hit(void *ctx, const struct match_hit *hit)
{
	struct finder *f = ctx;
	struct str file = match_named(hit, "file"), table = match_named(hit, "table");
	struct schema *schema = NULL;
	if (hit->rule == RULE_FED && (schema = schema_at(f->out, file)))
		schema->named = true;
	if (hit->rule == RULE_TABLE && str_ends(str_of(f->path), ".sql") && !undoes(f->path) &&
		(schema = schema_at(f->out, str_of(f->path))) && schema->tables.n < MAX_TABLES)
		strlist_add_str(&schema->tables, table);
	if (hit->rule >= RULE_FED || f->silent)
		return true;
	struct str host = match_named(hit, "host"), port = match_named(hit, "port");
	struct str scheme = match_named(hit, "scheme");
	struct endpoint_list *l = &f->out->endpoints;
	uint64_t number = 0;
	if (!host.n || (port.n && !str_parse_u64(port, 65535, &number)) ||
		is_known(l, host, number, scheme) || l->n >= MAX_ENDPOINTS)
		return true;
	struct endpoint *e = endpoint_list_add(l);
	e->host = str_dup(host);
	e->port = (int64_t)number;
	e->scheme = scheme.n ? str_dup(scheme) : NULL;
	e->where = scan_cite(f->path, (unsigned)hit->line);
	if (scheme.n && is_here(host))
		take_login(e, hit);
	return true;
}

static bool
says_nothing(const char *path)
{
	static const char *const patterns[] = {"*.md", "*.txt", "*.rst", "*.html", "*.[1-8]",
		"README*", "INSTALL*", "NEWS*", "Change[Ll]og*", "CHANGE*", "configure", NULL};
	for (size_t i = 0; patterns[i]; i++)
		if (tree_name_is(path, patterns[i]))
			return true;
	return detect_is_aside(path);
}

/* What is fed to a database is a file of the tree: as named, or where the file that names it lies. */
static void
drop_absent(const struct tree *t, struct schema_list *l)
{
	size_t n = 0;
	for (size_t i = 0; i < l->n; i++)
		if (tree_has(t, l->v[i].path))
			l->v[n++] = l->v[i];
		else
			schema_cleanup(&l->v[i]);
	l->n = n;
}

int
surroundings_in_tree(const struct tree *t, struct surroundings *ret, struct dd_err *err)
{
	struct match_set *set = NULL;
	int rc = match_compile(
		rules, sizeof(rules) / sizeof(*rules), (struct str){"", 0}, &set, err);
	for (size_t i = 0; rc == 0 && i < t->files.n; i++) {
		OWN(buf) struct buf text = {0};
		struct finder f = {t->files.v[i], says_nothing(t->files.v[i]), ret};
		if (!tree_read_text(t, f.path, &text))
			continue;
		struct schema *numbered =
			is_numbered(f.path) ? schema_at(ret, str_of(f.path)) : NULL;
		if (numbered)
			numbered->numbered = true;
		if (service_config_is(f.path))
			service_config_read(f.path, buf_str(&text), ret);
		rc = match_text(set, buf_str(&text), take_hit, &f, err);
	}
	match_destroy(set);
	drop_absent(t, &ret->schemas);
	migrations_in_tree(t, &ret->migrations);
	return rc;
}

int
probe_compile_patterns(struct dd_err *err)
{
	struct problem_list none = {0};
	OWN(surroundings) struct surroundings nothing = {0};
	const struct tree empty = {.fd = -1};
	int rc = evidence_find(STR(""), &none, err);
	return rc ? rc : surroundings_in_tree(&empty, &nothing, err);
}

/* ---- the worker ---- */

int
probe_endpoints_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(surroundings) struct surroundings s = {0};
	struct tree t = {.fd = -1};
	int rc = tree_open(argc > 1 ? argv[1] : "/src", &t, &err);
	if (rc == 0)
		rc = surroundings_in_tree(&t, &s, &err);
	tree_cleanup(&t);
	if (rc < 0) {
		fprintf(stderr, "endpoints: %s\n", err_msg(&err));
		return 1;
	}
	OWN_JSON json_t *found = json_encode(surroundings_fields, &s);
	return json_give(found, &err) < 0 ? 1 : 0;
}

int
surroundings_of_source(const struct state *st, const struct stack *source, struct surroundings *ret,
	struct dd_err *err)
{
	OWN_JSON json_t *found = NULL;
	const struct source_question q = {.worker = "endpoints", .max_bytes = (size_t)1 << 20};
	int rc = source_ask(st, source, &q, &found, err);
	if (rc == 0)
		rc = json_decode(found, surroundings_fields, true, ret, "endpoints", err);
	return rc < 0 ? err_wrap(err, "looking for addresses") : 0;
}
