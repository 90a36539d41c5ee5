#include "envprobe/service_config.h"

#include "envprobe/known_services.h"
#include "envprobe/scan.h"

#include <string.h>

#define MAX_SETTINGS 200
#define MAX_DECLARED 50

bool
service_config_is(const char *path)
{
	static const char *const names[] = {"compose*.y*ml", "docker-compose*.y*ml",
		".gitlab-ci.y*ml", ".travis.y*ml", "appveyor.y*ml", NULL};
	for (size_t i = 0; names[i]; i++)
		if (tree_name_is(path, names[i]))
			return true;
	return str_starts(str_of(path), ".github/workflows/") && tree_name_is(path, "*.y*ml");
}

struct reader {
	const char *path;
	unsigned line;
	struct surroundings *to;
	/* Of the block "services:" and of the one that sets variables; -1: not in one. */
	int services, variables;
	int child;	 /* indentation of the services' own keys; -1: none was seen */
	struct str host; /* of the service at hand */
};

static struct str
unquoted(struct str s)
{
	s = str_trim(s);
	if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
		return (struct str){s.p + 1, s.n - 2};
	if (s.n && *s.p == '#')
		return (struct str){"", 0};
	const char *remark = memmem(s.p, s.n, " #", 2);
	return remark ? str_trim((struct str){s.p, (size_t)(remark - s.p)}) : s;
}

/* "key: value" or, in a list of variables, "key=value". */
static bool
split(struct str line, char sep, struct str *ret_key, struct str *ret_value)
{
	const char *at = memchr(line.p, sep, line.n);
	if (!at)
		return false;
	*ret_key = unquoted((struct str){line.p, (size_t)(at - line.p)});
	*ret_value = unquoted((struct str){at + 1, line.n - (size_t)(at - line.p) - 1});
	return ret_key->n > 0;
}

static void
add_service(struct reader *r, struct str host, struct str image)
{
	struct endpoint_list *l = &r->to->endpoints;
	struct str name = known_service_by(MARK_IMAGE, image);
	size_t declared = 0;
	for (size_t i = 0; i < l->n; i++) {
		declared += l->v[i].declared;
		if (l->v[i].declared && str_eq(host, l->v[i].host) && str_eq(name, l->v[i].scheme))
			return;
	}
	if (!name.n || !host.n || declared >= MAX_DECLARED)
		return;
	struct endpoint *e = endpoint_list_add(l);
	e->host = str_dup(host);
	e->scheme = str_dup(name);
	e->where = scan_cite(r->path, r->line);
	e->declared = true;
}

static bool
is_variable(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", name.p[i]))
			return false;
	return name.n > 1 && !strchr("0123456789", *name.p);
}

static void
add_setting(struct reader *r, struct str name, struct str value)
{
	struct setting_list *l = &r->to->settings;
	if (!is_variable(name) || memchr(value.p, '$', value.n) || value.n > 500 ||
		l->n >= MAX_SETTINGS)
		return;
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(name, l->v[i].name))
			return;
	struct setting *s = setting_list_add(l);
	s->name = str_dup(name);
	s->value = str_dup(value);
	s->where = scan_cite(r->path, r->line);
}

/* `image` of a service, or a service that is nothing but its image. */
static void
read_service(struct reader *r, int indent, bool item, struct str body)
{
	struct str key, value;
	bool pair = split(body, ':', &key, &value);
	if (r->child < 0)
		r->child = indent;
	if (indent == r->child && item && (!pair || (body.n && value.n && !str_eq(key, "name")))) {
		struct str image = unquoted(body);
		r->host = known_service_by(MARK_IMAGE, image);
		add_service(r, r->host, image);
	} else if (indent == r->child && pair && !item && !value.n) {
		r->host = key;
	} else if (pair && (str_eq(key, "image") || (item && str_eq(key, "name")))) {
		if (item)
			r->host = known_service_by(MARK_IMAGE, value);
		add_service(r, r->host, value);
	} else if (pair && str_eq(key, "alias") && r->host.n) {
		add_service(r, value, r->host);
	}
}

static void
read_line(struct reader *r, struct str line)
{
	int indent = 0;
	while ((size_t)indent < line.n && line.p[indent] == ' ')
		indent++;
	struct str body = str_trim((struct str){line.p + indent, line.n - (size_t)indent});
	if (!body.n || *body.p == '#')
		return;
	bool item = body.n > 1 && body.p[0] == '-' && body.p[1] == ' ';
	if (item)
		body = str_trim((struct str){body.p + 2, body.n - 2});
	if (r->variables >= 0 && indent <= r->variables && !(item && indent == r->variables))
		r->variables = -1;
	if (r->services >= 0 && indent <= r->services && !(item && indent == r->services))
		r->services = -1;
	struct str key = {"", 0}, value = {"", 0};
	bool pair = split(body, ':', &key, &value);
	if (r->variables >= 0) {
		bool list = item && split(body, '=', &key, &value) && is_variable(key);
		if (list || split(body, ':', &key, &value))
			add_setting(r, key, value);
	} else if (pair &&
		   (str_eq(key, "environment") || str_eq(key, "env") || str_eq(key, "variables")) &&
		   !value.n) {
		r->variables = indent;
	} else if (r->services < 0 && pair && str_eq(key, "services") && !value.n) {
		r->services = indent;
		r->child = -1;
		r->host = (struct str){"", 0};
	} else if (r->services >= 0) {
		read_service(r, indent, item, body);
	}
}

void
service_config_read(const char *path, struct str text, struct surroundings *to)
{
	struct reader r = {.path = path, .to = to, .services = -1, .variables = -1, .child = -1};
	struct str line;
	while (str_next_line(&text, &line)) {
		r.line++;
		read_line(&r, line);
	}
}
