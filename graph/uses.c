#include "graph/uses.h"

#include "base/fs.h"
#include "graph/sql_text.h"
#include "graph/uses_rows.h"

#include <string.h>
#include <strings.h>

#define MAX_LITERAL 65536
#define MAX_VALUE 200

/* ---- literals ---- */

static TSNode
none(void)
{
	return (TSNode){{0}, NULL, NULL};
}

/* What is between the quotes; empty: it is no literal, or parts of it are filled in. */
static struct str
literal_value(const struct walk *w, TSNode n)
{
	static const char *const wrappers[] = {"argument", "bracketed_argument_list",
		"attribute_argument", "element_value_array_initializer",
		"array_element_initializer", "array_creation_expression", "list", "array",
		"parenthesized_expression", "as_expression", "reference_expression", NULL};
	for (int i = 0; i < 6 && !ts_node_is_null(n); i++) {
		const char *type = ts_node_type(n);
		bool wraps = false;
		for (const char *const *p = wrappers; *p && !wraps; p++)
			wraps = strcmp(type, *p) == 0;
		if (!wraps)
			break;
		n = children_named_child(n, 0);
	}
	struct str s = walk_text(w, n), nothing = {"", 0};
	if (!s.n || s.n > MAX_LITERAL)
		return nothing;
	if (s.p[0] == ':' && w->id == LANG_RUBY)
		return (struct str){s.p + 1, s.n - 1};
	size_t i = 0;
	while (i < s.n && i < 3 && s.p[i] != '"' && s.p[i] != '\'' && s.p[i] != '`')
		i++;
	char quote = i < s.n ? s.p[i] : 0;
	if (i == 3 || !quote || strncmp(ts_node_type(n), "concatenated", 12) == 0)
		return nothing;
	bool raw = memchr(s.p, '#', i) != NULL;
	s = (struct str){s.p + i + 1, s.n - i - 1};
	for (int k = 0; k < 2 && s.n > 3 && s.p[0] == quote && s.p[s.n - 1] == quote; k++)
		s = (struct str){s.p + 1, s.n - 2};
	while (s.n && (s.p[s.n - 1] == quote || (raw && s.p[s.n - 1] == '#')))
		s.n--;
	for (uint32_t k = 0; k < ts_node_named_child_count(n); k++) {
		const char *type = ts_node_type(children_named_child(n, k));
		if (strstr(type, "interpolation") || strstr(type, "substitution") ||
			strcmp(type, "variable_name") == 0)
			return nothing;
	}
	return s;
}

static uint32_t
own_string(void *ctx, const char *s)
{
	return walk_own(ctx, s);
}

static struct fact_ref *
refer(struct walk *w, enum graph_relation r, struct str name, TSNode at, bool likely)
{
	if (!name.n || name.n > MAX_VALUE || memchr(name.p, '\n', name.n))
		return NULL;
	struct fact_ref *ref = walk_refer(w, r, facts_string(w->f, name), at);
	ref->flags |= likely ? FACT_LIKELY : 0;
	return ref;
}

/* ---- endpoints ---- */

/* GET and the like, named in what stands beside the path: methods=["GET"], @GET, method = RequestMethod.GET. */
static void
named_methods(struct str text, struct buf *ret)
{
	static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", NULL};
	for (const char *const *m = methods; *m; m++) {
		const char *p = memmem(text.p, text.n, *m, strlen(*m));
		size_t end = p ? (size_t)(p - text.p) + strlen(*m) : 0;
		char before = p && p > text.p ? p[-1] : 'a',
		     after = p && end < text.n ? text.p[end] : ' ';
		bool word = !(after >= 'A' && after <= 'Z') && !(after >= 'a' && after <= 'z') &&
			    after != '_' &&
			    (before == '"' || before == '\'' || before == '@' || before == '.');
		if (p && word)
			buf_printf(ret, "%s%s", ret->n ? "|" : "", *m);
	}
}

/* The type around the scope. */
static uint32_t
type_around(const struct walk *w)
{
	uint32_t e = w->scope;
	for (unsigned i = 0; e && i < 8 && w->f->entities[e - 1].kind != KIND_TYPE; i++)
		e = w->f->entities[e - 1].parent;
	return e;
}

static void
add_path(struct buf *b, struct str path)
{
	if (path.n && path.p[0] == '^')
		path = (struct str){path.p + 1, path.n - 1};
	while (path.n && path.p[0] == '/')
		path = (struct str){path.p + 1, path.n - 1};
	if (!b->n || b->p[b->n - 1] != '/')
		buf_putc(b, '/');
	buf_add_str(b, path);
}

/* "GET /a/b"; 0: it is none. */
static uint32_t
endpoint_name(struct walk *w, const struct use *u, TSNode call, uint32_t prefix, struct str path)
{
	OWN(buf) struct buf b = {.max = MAX_VALUE}, name = {.max = MAX_VALUE + 40};
	if (prefix)
		add_path(&b, w->f->strings[prefix]);
	if (path.n || !b.n)
		add_path(&b, path);
	if (b.truncated || memchr(b.p, ' ', b.n) || memchr(b.p, '\n', b.n))
		return 0;
	if (u->word) {
		buf_puts(&name, u->word);
	} else {
		TSNode parent = ts_node_parent(call);
		bool beside = walk_is(parent, "modifiers") || walk_is(parent, "attribute_list");
		named_methods(walk_text(w, beside ? parent : call), &name);
	}
	if (name.n)
		buf_putc(&name, ' ');
	buf_add_str(&name, buf_str(&b));
	return walk_own(w, name.p);
}

/* What answers: the last argument that is a name or a call of one. */
static uint32_t
handler_of(struct walk *w, TSNode args)
{
	for (uint32_t i = ts_node_named_child_count(args); i-- > 1;) {
		TSNode n = children_named_child(args, i);
		if (walk_is(n, "argument"))
			n = children_named_child(n, 0);
		/* as_view(), get(handler) */
		if (walk_is(n, "call") || walk_is(n, "call_expression")) {
			TSNode inner = walk_child(n, "arguments"),
			       function = walk_child(n, "function");
			TSNode object = walk_child(function, "object");
			n = w->id == LANG_RUST	      ? children_named_child(inner, 0)
			    : ts_node_is_null(object) ? function
						      : object;
		}
		uint32_t chain = walk_is(n, "keyword_argument") ? 0 : walk_chain(w, n);
		if (chain)
			return chain;
	}
	return 0;
}

/* Is something there that answers? */
static bool
has_handler(const struct walk *w, TSNode call, TSNode args)
{
	uint32_t n = ts_node_named_child_count(args);
	if (w->id == LANG_RUBY)
		return n > 1 || !ts_node_is_null(walk_child(call, "block"));
	if (n < 2)
		return false;
	TSNode last = children_named_child(args, n - 1);
	/* Data that goes with a request is no handler. */
	return !walk_is(last, "object") && !walk_is(last, "dictionary") && !walk_is(last, "string");
}

static void
add_endpoint(struct walk *w, const struct use *u, TSNode call, TSNode args, struct str path)
{
	uint32_t type = type_around(w);
	bool decorates = u->flags & USE_DECORATES;
	bool on_type = decorates && w->scope && w->scope == type;
	if (on_type && u->flags & USE_PREFIX && w->id != LANG_TYPESCRIPT && w->id != LANG_TSX) {
		w->prefix = facts_string(w->f, path);
		w->prefix_type = type;
		return;
	}
	uint32_t prefix = type && type == w->prefix_type && decorates ? w->prefix : 0;
	uint32_t name = endpoint_name(w, u, call, prefix, path);
	uint32_t handler = u->flags & USE_HANDLER ? handler_of(w, args) : 0;
	if (!name)
		return;
	struct fact_ref *ref = walk_refer(w, REL_SERVES, name, call);
	ref->receiver = handler;
	if (w->decorator && w->npending < WALK_MAX_PENDING)
		w->pending[w->npending++] = (struct walk_pending){(uint32_t)(ref - w->f->refs),
			u->flags & USE_PREFIX ? facts_string(w->f, path) : 0};
}

void
uses_decorated(struct walk *w, uint32_t entity)
{
	const struct fact_entity *e = &w->f->entities[entity - 1];
	for (unsigned i = 0; i < w->npending; i++) {
		struct fact_ref *ref = &w->f->refs[w->pending[i].ref];
		if (e->kind == KIND_TYPE && w->pending[i].prefix) {
			w->prefix = w->pending[i].prefix;
			w->prefix_type = entity;
			ref->relation = REL_NONE;
		} else {
			ref->from = entity;
		}
	}
	w->npending = 0;
}

/* ---- calls ---- */

/* "a.b.Class" or "a::Class": its last part. */
static bool
ends_with_part(struct str s, const char *part)
{
	size_t n = strlen(part);
	if (!n)
		return !s.n;
	return str_ends(s, part) && (s.n == n || strchr(".:>\\", s.p[s.n - n - 1]));
}

static TSNode
arguments_of(TSNode call)
{
	static const char *const fields[] = {"arguments", "parameters", NULL};
	for (const char *const *f = fields; *f; f++) {
		TSNode n = walk_child(call, *f);
		if (!ts_node_is_null(n))
			return n;
	}
	for (uint32_t i = ts_node_named_child_count(call); i-- > 0;) {
		TSNode n = children_named_child(call, i);
		const char *type = ts_node_type(n);
		if (strcmp(type, "token_tree") == 0 ||
			strcmp(type, "attribute_argument_list") == 0 ||
			strcmp(type, "arguments") == 0)
			return n;
	}
	return none();
}

static bool
is_of_topic(const struct use *u)
{
	return u->relation == REL_PUBLISHES || u->relation == REL_SUBSCRIBES;
}

/* What stands for a name in `key="x"`, `{key: "x"}`, `key: "x"`; null: nothing does. */
static TSNode
under_key(const struct walk *w, TSNode args, const char *key, unsigned depth)
{
	for (uint32_t i = 0; i < ts_node_named_child_count(args); i++) {
		TSNode n = children_named_child(args, i);
		TSNode name = walk_child(n, walk_is(n, "pair") ? "key" : "name");
		struct str text = walk_text(w, name);
		while (text.n && strchr(":\"'", text.p[text.n - 1]))
			text.n--;
		while (text.n && strchr(":\"'", text.p[0]))
			text = (struct str){text.p + 1, text.n - 1};
		if (str_eq(text, key)) {
			TSNode value = walk_child(n, "value");
			return ts_node_is_null(value)
				       ? children_named_child(n, ts_node_named_child_count(n) - 1)
				       : value;
		}
		if (depth &&
			(walk_is(n, "object") || walk_is(n, "hash") || walk_is(n, "dictionary")))
			return under_key(w, n, key, depth - 1);
	}
	return none();
}

/* Of an annotation: (value = "x"), (path = "x"), the row's own key, or the first. */
static TSNode
annotated(const struct walk *w, const struct use *u, TSNode args)
{
	for (uint32_t k = 0; k < ts_node_named_child_count(args); k++) {
		TSNode pair = children_named_child(args, k);
		if (!walk_is(pair, "element_value_pair"))
			continue;
		struct str key = walk_text(w, walk_child(pair, "key"));
		if (str_eq(key, "value") || str_eq(key, "path") || str_eq(key, "name") ||
			(is_of_topic(u) && u->word && str_eq(key, u->word)))
			return walk_child(pair, "value");
	}
	TSNode n = children_named_child(args, u->arg);
	return walk_is(n, "element_value_pair") ? none() : n;
}

/* "git status" runs git; "/usr/bin/git", too. */
static struct str
command_word(struct str s)
{
	struct str word;
	s = str_trim(s);
	if (!str_next_word(&s, &word) || memchr(word.p, '%', word.n) ||
		memchr(word.p, '$', word.n) || memchr(word.p, '{', word.n) ||
		memchr(word.p, '=', word.n) || memchr(word.p, '(', word.n))
		return (struct str){"", 0};
	const char *slash = memrchr(word.p, '/', word.n);
	return slash ? (struct str){slash + 1, (size_t)(word.p + word.n - slash - 1)} : word;
}

/* "${a.b:default}" is a.b. */
static struct str
config_key(struct str s)
{
	const char *open = memmem(s.p, s.n, "${", 2);
	if (!open)
		return s;
	struct str k = {open + 2, (size_t)(s.p + s.n - open - 2)};
	size_t n = 0;
	while (n < k.n && k.p[n] != ':' && k.p[n] != '}')
		n++;
	return (struct str){k.p, n};
}

/* A decorator stands before what it is of.  A topic that a configuration or an expression names ("${a.b}", "#{...}") is known only there. */
static void
add_named(struct walk *w, const struct use *u, TSNode call, struct str value)
{
	if (is_of_topic(u) &&
		(memmem(value.p, value.n, "${", 2) || memmem(value.p, value.n, "#{", 2)))
		return;
	const struct fact_ref *ref =
		refer(w, (enum graph_relation)u->relation, value, call, u->flags & USE_LIKELY);
	if (ref && w->decorator && w->npending < WALK_MAX_PENDING)
		w->pending[w->npending++] = (struct walk_pending){(uint32_t)(ref - w->f->refs), 0};
}

static void
add_use(struct walk *w, const struct use *u, TSNode call, TSNode args, struct str value)
{
	bool likely = u->flags & USE_LIKELY;
	switch ((enum graph_relation)u->relation) {
	case REL_SERVES:
		add_endpoint(w, u, call, args, value);
		return;
	case REL_EXECS:
		(void)refer(w, REL_EXECS, command_word(value), call, likely);
		return;
	case REL_READS_CONFIG:
		(void)refer(w, REL_READS_CONFIG, config_key(value), call, likely);
		return;
	case REL_QUERIES_TABLE: {
		OWN(buf) struct buf b = {.max = MAX_VALUE};
		for (size_t i = 0; i < value.n; i++)
			buf_putc(&b, value.p[i] >= 'A' && value.p[i] <= 'Z'
					     ? (char)(value.p[i] + 32)
					     : value.p[i]);
		if (b.n && !memchr(b.p, ' ', b.n)) {
			uint32_t name = walk_own(w, b.p);
			struct fact_ref *ref = walk_refer(w, REL_QUERIES_TABLE, name, call);
			ref->flags |= likely ? FACT_LIKELY : 0;
		}
		return;
	}
	default:
		if (!memchr(value.p, ' ', value.n))
			add_named(w, u, call, value);
	}
}

static TSNode
argument_of(const struct walk *w, const struct use *u, TSNode args, bool annotation)
{
	if (annotation)
		return annotated(w, u, args);
	TSNode given = is_of_topic(u) && u->word ? under_key(w, args, u->word, 1) : none();
	if (!ts_node_is_null(given) || u->arg == USE_KEY)
		return given;
	return children_named_child(args, u->arg);
}

/* True: the row is for this call, whatever comes of it. */
static bool
try_use(struct walk *w, const struct use *u, TSNode call, struct str receiver, bool annotation)
{
	if ((u->receiver && !ends_with_part(receiver, u->receiver)) ||
		(u->flags & USE_DECORATES && !w->decorator && !annotation) ||
		(!(u->flags & USE_DECORATES) && annotation) ||
		(u->flags & USE_METHOD && !receiver.n))
		return false;
	TSNode args = arguments_of(call);
	if (ts_node_is_null(args))
		return false;
	TSNode arg = argument_of(w, u, args, annotation);
	struct str value = ts_node_is_null(arg) ? (struct str){"", 0} : literal_value(w, arg);
	bool empty_path =
		u->flags & USE_RELATIVE && (ts_node_is_null(arg) || walk_text(w, arg).n == 2);
	if ((!value.n && !empty_path) || value.n > MAX_VALUE)
		return false;
	if (u->flags & USE_ROUTE && value.p[0] != '/')
		return false;
	if (u->flags & USE_HANDLER && !has_handler(w, call, args))
		return false;
	add_use(w, u, call, args, value);
	return true;
}

void
uses_call(struct walk *w, TSNode call, uint32_t callee, struct str receiver)
{
	const struct use *u = uses_first(w, callee);
	bool annotation = u && (walk_is(call, "annotation") || walk_is(call, "marker_annotation") ||
				       walk_is(call, "attribute"));
	while (u && !try_use(w, u, call, receiver, annotation))
		u = uses_next(w, u);
}

/* ---- literals by their shape ---- */

static const struct {
	const char *scheme, *service; /* NULL: the host */
} schemes[] = {{"http", NULL}, {"https", NULL}, {"ws", NULL}, {"wss", NULL},
	{"postgres", "postgresql"}, {"postgresql", "postgresql"}, {"mysql", "mysql"},
	{"mariadb", "mysql"}, {"mongodb", "mongodb"}, {"mongodb+srv", "mongodb"},
	{"redis", "redis"}, {"rediss", "redis"}, {"amqp", "amqp"}, {"amqps", "amqp"},
	{"jdbc:postgresql", "postgresql"}, {"jdbc:mysql", "mysql"}, {"jdbc:oracle", "oracle"},
	{"jdbc:sqlserver", "sqlserver"}, {"kafka", "kafka"}, {"ldap", "ldap"}, {"ldaps", "ldap"},
	{"smtp", "smtp"}, {"smtps", "smtp"}, {"s3", "s3"}, {"memcached", "memcached"},
	{"nats", "nats"}};

/* Names of formats, examples and the machine itself, to which nothing connects. */
static bool
is_no_service(struct str host)
{
	static const char *const names[] = {"localhost", "www.w3.org", "schemas.microsoft.com",
		"schemas.xmlsoap.org", "schemas.openxmlformats.org", "json-schema.org",
		"www.apache.org", "xmlns.com", "purl.org", "ns.adobe.com", "java.sun.com",
		"xmlns.jcp.org", "maven.apache.org", "opensource.org", NULL};
	static const char *const suffixes[] = {".example", ".invalid", ".localhost", ".test",
		"example.com", "example.org", "example.net", NULL};
	return str_is_one(host, names) || !host.n || !memchr(host.p, '.', host.n) ||
	       (host.p[0] >= '0' && host.p[0] <= '9') || str_ends_one(host, suffixes);
}

static struct str
host_of(struct str rest)
{
	size_t n = 0;
	while (n < rest.n && !strchr("/?#:\"' \\<>)", rest.p[n]))
		n++;
	struct str host = {rest.p, n};
	const char *at = memchr(rest.p, '@', rest.n < 200 ? rest.n : 200);
	if (at && (size_t)(at - rest.p) <= n + 60 && !memchr(rest.p, '/', (size_t)(at - rest.p)))
		return host_of((struct str){at + 1, (size_t)(rest.p + rest.n - at - 1)});
	for (size_t i = 0; i < n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-",
			    host.p[i]))
			return (struct str){"", 0};
	return host;
}

struct str
uses_service(struct str s)
{
	const char *sep = s.n > 6 ? memmem(s.p, s.n < 24 ? s.n : 24, "://", 3) : NULL;
	struct str nothing = {"", 0};
	if (!sep)
		return nothing;
	struct str scheme = {s.p, (size_t)(sep - s.p)};
	const char *plus = memchr(scheme.p, '+', scheme.n); /* a driver: postgresql+psycopg2 */
	struct str bare = {scheme.p, plus ? (size_t)(plus - scheme.p) : scheme.n};
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		if (!str_eq(scheme, schemes[i].scheme) && !str_eq(bare, schemes[i].scheme))
			continue;
		if (schemes[i].service)
			return str_of(schemes[i].service);
		struct str host = host_of((struct str){sep + 3, s.n - scheme.n - 3});
		return is_no_service(host) ? nothing : host;
	}
	return nothing;
}

/* The pieces of "a" "b", one after the other. */
static void
join_pieces(const struct walk *w, TSNode n, struct buf *ret)
{
	for (uint32_t i = 0; i < ts_node_named_child_count(n); i++) {
		struct str s = literal_value(w, children_named_child(n, i));
		buf_add_str(ret, s);
	}
}

static bool
may_be_sql(struct str s)
{
	size_t i = 0;
	while (i < s.n && i < 200 &&
		(s.p[i] == ' ' || s.p[i] == '\n' || s.p[i] == '\t' || s.p[i] == '\\' ||
			s.p[i] == 'n'))
		i++;
	return s.n - i > 10 && strchr("SIUDCARWTsiudcarwt", s.p[i]) != NULL;
}

static void
read_sql(struct walk *w, struct str s, TSNode at)
{
	struct sql_text t = {
		.f = w->f, .scope = w->scope, .line = walk_line(at), .own = own_string, .ctx = w};
	if (may_be_sql(s) && sql_text_begins(s, &t.likely))
		sql_text_facts(&t, s);
}

void
uses_string(struct walk *w, TSNode node)
{
	/* Nearly all literals are short, and name nothing. */
	if (ts_node_end_byte(node) - ts_node_start_byte(node) < 12)
		return;
	if (strncmp(ts_node_type(node), "concatenated", 12) == 0) {
		OWN(buf) struct buf b = {.max = MAX_LITERAL};
		join_pieces(w, node, &b);
		/* What it adds must live as long as the facts: names are kept by walk_own. */
		if (b.n)
			read_sql(w, buf_str(&b), node);
		return;
	}
	struct str s = literal_value(w, node), text = walk_text(w, node);
	if (!s.n &&
		text.n <
			MAX_LITERAL) { /* parts of it are filled in; the tables are there all the same */
		size_t i = 0;
		while (i < 3 && i < text.n && text.p[i] != '"' && text.p[i] != '\'' &&
			text.p[i] != '`')
			i++;
		while (i < text.n && (text.p[i] == '"' || text.p[i] == '\'' || text.p[i] == '`'))
			i++;
		size_t n = text.n - i;
		while (n && (text.p[i + n - 1] == '"' || text.p[i + n - 1] == '\'' ||
				    text.p[i + n - 1] == '`'))
			n--;
		read_sql(w, (struct str){text.p + i, n}, node);
		return;
	}
	struct str service = uses_service(s);
	if (service.n)
		(void)refer(w, REL_CONNECTS, service, node, true);
	else
		read_sql(w, s, node);
}

/* ---- environ["X"], process.env.X ---- */

static bool
is_environment(const struct walk *w, struct str object)
{
	switch (w->id) {
	case LANG_PYTHON:
		return ends_with_part(object, "environ");
	case LANG_RUBY:
		return str_eq(object, "ENV");
	case LANG_PHP:
		return str_eq(object, "$_ENV");
	case LANG_JAVASCRIPT:
	case LANG_TYPESCRIPT:
	case LANG_TSX:
		return str_eq(object, "process.env") || str_eq(object, "import.meta.env");
	default:
		return false;
	}
}

void
uses_subscript(struct walk *w, TSNode object, TSNode index)
{
	if (ts_node_is_null(object) || ts_node_is_null(index))
		return;
	struct str what = walk_text(w, object);
	if (what.n > 40)
		return;
	if (is_environment(w, what))
		(void)refer(w, REL_READS_ENV, literal_value(w, index), index, false);
	else if (w->id == LANG_CSHARP &&
		 (ends_with_part(what, "Configuration") || ends_with_part(what, "configuration")))
		(void)refer(w, REL_READS_CONFIG, literal_value(w, index), index, false);
	else if (w->id == LANG_PYTHON && ends_with_part(what, "config"))
		(void)refer(w, REL_READS_CONFIG, literal_value(w, index), index, true);
}

void
uses_member(struct walk *w, TSNode object, TSNode name)
{
	if (ts_node_is_null(object))
		return; /* "::f" */
	uint32_t n = ts_node_end_byte(object) - ts_node_start_byte(object);
	if ((n != 11 && n != 15) || w->id < LANG_JAVASCRIPT || w->id > LANG_TSX)
		return;
	if (is_environment(w, walk_text(w, object)))
		(void)refer(w, REL_READS_ENV, walk_text(w, name), name, false);
}

void
uses_assignment(struct walk *w, uint32_t name, TSNode value)
{
	struct str s = w->f->strings[name];
	bool table =
		(w->id == LANG_PYTHON && (str_eq(s, "__tablename__") || str_eq(s, "db_table"))) ||
		(w->id == LANG_PHP && str_eq(s, "$table"));
	if (table && !ts_node_is_null(value)) {
		static const struct use row = {.relation = REL_QUERIES_TABLE};
		add_use(w, &row, value, none(), literal_value(w, value));
	}
}
