#include "envprobe/endpoints.h"

#include "base/match.h"
#include "envprobe/detect.h"
#include "envprobe/envprobe.h"
#include "envprobe/scan.h"
#include "envprobe/source_worker.h"

#include <string.h>

#define MAX_ENDPOINTS 100

#define F(member, what) .key = #member, .kind = what, .offset = offsetof(struct endpoint, member)
const struct json_field endpoint_fields[] = {{F(host, JSON_K_STRING), .required = true},
	{F(port, JSON_K_INT)}, {F(scheme, JSON_K_STRING)}, {F(where, JSON_K_STRING)},
	{.key = NULL}};
RECORD_IMPLEMENT(endpoint)

/* ---- searching ---- */

#define NAME "(?<host>[A-Za-z0-9][A-Za-z0-9.-]*)"
#define PORT "(?<port>\\d{2,5})\\b"
static const struct match_rule rules[] = {
	{"url",
		"\\b(?<scheme>postgres|postgresql|mysql|mariadb|redis|rediss|mongodb|amqps?|ldaps?|"
		"memcached?|nats|kafka|elasticsearch)(?:\\+\\w+)?://(?:[^\\s/@'\"]*@)?" NAME
		"(?::" PORT ")?",
		true},
	{"pair", "['\"]" NAME "['\"]\\s*,\\s*['\"]?" PORT, false},
	{"settings",
		"\\bhost(?:name|addr)?['\"]?\\s*[:=]>?\\s*['\"]?" NAME
		"['\"]?[\\s,;]+.*?\\bport['\"]?\\s*[:=]>?\\s*['\"]?" PORT,
		true},
	{"address", "['\"](?<host>[a-z][a-z0-9-]*(?:\\.[a-z0-9-]+)+):" PORT, true},
};

struct finder {
	const char *path;
	struct endpoint_list *out;
};

static bool
is_known(const struct endpoint_list *l, struct str host, uint64_t port, struct str scheme)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct endpoint *e = &l->v[i];
		if (str_eq(host, e->host) && (uint64_t)e->port == port &&
			str_eq(scheme, e->scheme ? e->scheme : ""))
			return true;
	}
	return false;
}

static bool
take_hit(void *ctx, const struct match_hit *hit)
{
	struct finder *f = ctx;
	struct str host = match_named(hit, "host"), port = match_named(hit, "port");
	struct str scheme = match_named(hit, "scheme");
	uint64_t number = 0;
	if (!host.n || (port.n && !str_parse_u64(port, 65535, &number)) ||
		is_known(f->out, host, number, scheme))
		return true;
	struct endpoint *e = endpoint_list_add(f->out);
	e->host = str_dup(host);
	e->port = (int64_t)number;
	e->scheme = scheme.n ? str_dup(scheme) : NULL;
	e->where = scan_cite(f->path, (unsigned)hit->line);
	return f->out->n < MAX_ENDPOINTS;
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

int
endpoints_in_tree(const struct tree *t, struct endpoint_list *ret, struct dd_err *err)
{
	struct match_set *set = NULL;
	int rc = match_compile(
		rules, sizeof(rules) / sizeof(*rules), (struct str){"", 0}, &set, err);
	for (size_t i = 0; rc == 0 && i < t->files.n && ret->n < MAX_ENDPOINTS; i++) {
		OWN(buf) struct buf text = {0};
		struct finder f = {t->files.v[i], ret};
		if (says_nothing(f.path))
			continue;
		tree_read(t, f.path, &text);
		if (text.n && !memchr(text.p, 0, text.n < 4096 ? text.n : 4096))
			rc = match_text(set, buf_str(&text), take_hit, &f, err);
	}
	match_destroy(set);
	return rc;
}

/* ---- the worker ---- */

int
probe_endpoints_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf out = {0};
	OWN(endpoint_list) struct endpoint_list l = {0};
	struct tree t = {.fd = -1};
	int rc = tree_open(argc > 1 ? argv[1] : "/src", &t, &err);
	if (rc == 0)
		rc = endpoints_in_tree(&t, &l, &err);
	tree_cleanup(&t);
	if (rc < 0) {
		fprintf(stderr, "endpoints: %s\n", err_msg(&err));
		return 1;
	}
	OWN_JSON json_t *found = endpoint_list_to_json(&l);
	json_print(found, 0, &out);
	printf("%s\n", out.p);
	return fflush(stdout) == 0 ? 0 : 1;
}

int
endpoints_in_source(const struct state *st, const struct stack *source, struct endpoint_list *ret,
	struct dd_err *err)
{
	OWN_JSON json_t *found = NULL;
	const struct source_question q = {.worker = "endpoints", .max_bytes = (size_t)1 << 20};
	int rc = source_ask(st, source, &q, &found, err);
	if (rc == 0)
		rc = endpoint_list_from_json(found, "endpoints", ret, err);
	return rc < 0 ? err_wrap(err, "looking for addresses") : 0;
}
