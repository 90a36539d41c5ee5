/* The statements of the specification: what the map says of its surface and of its condition. */
#include "graph/spec.h"

#include "base/fs.h"

#include <ctype.h>
#include <string.h>

#define MAX_ITEMS 500 /* of one kind */
#define MAX_USERS 5   /* that are named of one thing */

/* ---- who has a relation to something ---- */

struct users {
	struct spec *s;
	unsigned relations; /* bits */
	uint32_t thing;
	size_t n;
	uint32_t ids[MAX_USERS];
	enum graph_relation how[MAX_USERS];
};

static int
take_user(void *ctx, uint32_t src, enum graph_relation r)
{
	struct users *u = ctx;
	if (!(u->relations >> r & 1))
		return 0;
	if (u->n < MAX_USERS) {
		u->ids[u->n] = src;
		u->how[u->n] = r;
	}
	u->n++;
	return 0;
}

static int
find_users(struct spec *s, uint32_t id, unsigned relations, struct users *ret)
{
	OWN(buf) struct buf in = {0};
	*ret = (struct users){.s = s, .relations = relations, .thing = id};
	int rc = answer_relations(s->g, id, NULL, &in, s->err);
	return rc < 0 ? rc : store_each_in(buf_str(&in), take_user, ret, s->err);
}

struct line_of {
	uint32_t dst, line;
	enum graph_relation relation;
};

static int
take_line(void *ctx, const struct store_relation *r)
{
	struct line_of *l = ctx;
	if (r->dst != l->dst || r->relation != l->relation)
		return 0;
	l->line = r->line;
	return 1;
}

/* The line where the user has that relation. */
static int
line_of_use(const struct users *u, size_t i, uint32_t *ret)
{
	OWN(buf) struct buf out = {0};
	struct line_of l = {u->thing, 0, u->how[i]};
	int rc = answer_relations(u->s->g, u->ids[i], &out, NULL, u->s->err);
	if (rc == 0)
		rc = store_each_out(buf_str(&out), u->ids[i], take_line, &l, u->s->err);
	*ret = l.line;
	return rc < 0 ? rc : 0;
}

static void
add_place(json_t *places, const char *path, uint32_t line)
{
	size_t i;
	json_t *p;
	OWN_FREE char *place = mem_printf("%s:%u", path, line);
	json_array_foreach (places, i, p)
		if (json_string_value(p) && strcmp(json_string_value(p), place) == 0)
			return;
	json_array_append_new(places, json_text(str_of(place)));
}

/* "`a`, `b` and 3 more", and their places. */
static int
tell_users(struct users *u, struct buf *names, json_t *places)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < u->n && i < MAX_USERS; i++) {
		struct entity e;
		OWN_FREE char *name = NULL, *path = NULL;
		uint32_t line = 0;
		rc = line_of_use(u, i, &line);
		if (rc == 0)
			rc = answer_entity(u->s->g, u->ids[i], &e, u->s->err);
		if (rc == 0)
			rc = answer_qualified(u->s->g, &e, &name, u->s->err);
		if (rc == 0)
			rc = answer_path(u->s->g, &e, &path, u->s->err);
		if (rc == 0) {
			OWN_FREE char *code = spec_code(name);
			buf_printf(names, "%s%s", i ? ", " : "", code);
			add_place(places, path, line ? line : e.line);
		}
	}
	if (u->n > MAX_USERS)
		buf_printf(names, " and %zu more", u->n - MAX_USERS);
	return rc;
}

struct thing {
	uint32_t id;
	struct entity e;
	char *code, *name;
	json_t *places;
};

static void
thing_cleanup(struct thing *t)
{
	free(t->code);
	free(t->name);
	json_decref(t->places);
	*t = (struct thing){0};
}

static int
read_thing(struct spec *s, uint32_t id, struct thing *ret)
{
	OWN_FREE char *path = NULL;
	*ret = (struct thing){.id = id, .places = json_array()};
	int rc = answer_entity(s->g, id, &ret->e, s->err);
	if (rc == 0)
		rc = answer_qualified(s->g, &ret->e, &ret->name, s->err);
	if (rc == 0)
		rc = answer_path(s->g, &ret->e, &path, s->err);
	if (rc == 0) {
		ret->code = spec_code(ret->name);
		/* What is defined nowhere is where it is used. */
		if (ret->e.parent || ret->e.kind == KIND_FILE)
			add_place(ret->places, path, ret->e.line);
	}
	return rc;
}

/* Each entity that a query gives, at most MAX_ITEMS. */
static int
each(struct spec *s, const char *query, int (*tell)(struct spec *s, struct thing *t))
{
	struct db_stmt *st;
	struct id_list ids = {0};
	int rc = db_query(s->g->db, &st, s->err, query, "");
	while (rc == 0 && (rc = db_step(st, s->err)) == 1) {
		rc = 0;
		if (ids.n < MAX_ITEMS)
			id_list_add(&ids, (uint32_t)db_int(st, 0));
	}
	for (size_t i = 0; rc >= 0 && i < ids.n; i++) {
		struct thing t = {0};
		rc = read_thing(s, ids.v[i], &t);
		if (rc == 0)
			rc = tell(s, &t);
		thing_cleanup(&t);
	}
	id_list_cleanup(&ids);
	return rc < 0 ? rc : 0;
}

static void
ask_person(struct spec *s, const struct thing *t, const char *fmt)
{
	json_t *section = spec_section(s, "questions", "Questions only a person can answer");
	/* fmt is one of ours, with one %s. */
	const char *at = strstr(fmt, "%s");
	OWN_FREE char *before = mem_strndup(fmt, (size_t)(at - fmt));
	spec_say(section, json_incref(t->places), "%s%s%s", before, t->code, at + 2);
}

#define BIT(r) (1u << (r))

/* ---- the surface ---- */

static int
tell_endpoint(struct spec *s, struct thing *t)
{
	struct users u;
	OWN(buf) struct buf names = {0};
	int rc = find_users(s, t->id, BIT(REL_SERVES), &u);
	if (rc == 0)
		rc = tell_users(&u, &names, t->places);
	if (rc == 0 && u.n)
		spec_say(spec_section(s, "entry", "Entry points"), json_incref(t->places),
			"Endpoint %s is served by %s.", t->code, names.p);
	return rc;
}

static int
tell_main(struct spec *s, struct thing *t)
{
	spec_say(spec_section(s, "entry", "Entry points"), json_incref(t->places),
		"%s is where a program starts.", t->code);
	return 0;
}

static int
tell_table(struct spec *s, struct thing *t)
{
	struct users u;
	struct db_stmt *st;
	OWN(buf) struct buf names = {0}, columns = {0};
	int rc = db_query(s->g->db, &st, s->err,
		"SELECT n.s FROM entity e JOIN name n ON n.id = e.name WHERE e.id > ? AND e.id < ? AND e.parent = ? AND e.kind = ?",
		"iiii", (int64_t)t->id, (int64_t)t->id + 2000, (int64_t)t->id,
		(int64_t)KIND_COLUMN);
	while (rc == 0 && (rc = db_step(st, s->err)) == 1) {
		rc = 0;
		OWN_FREE char *name = str_dup(db_text(st, 0));
		OWN_FREE char *code = spec_code(name);
		buf_printf(&columns, "%s%s", columns.n ? ", " : " with ", code);
	}
	rc = rc < 0 ? rc : find_users(s, t->id, BIT(REL_QUERIES_TABLE), &u);
	if (rc == 0)
		rc = tell_users(&u, &names, t->places);
	if (rc < 0)
		return rc;
	bool defined = t->e.parent != 0;
	spec_say(spec_section(s, "data", "Data stores"), json_incref(t->places), "Table %s%s%s%s.",
		t->code, columns.p ? columns.p : "",
		u.n ? ", used by " : ", used by nothing that is here", names.p ? names.p : "");
	if (!defined)
		ask_person(s, t,
			"Where is table %s defined, and who owns it? No definition of it is here.");
	return 0;
}

static int
tell_variable(struct spec *s, struct thing *t)
{
	struct users readers, setters;
	OWN(buf) struct buf by = {0}, from = {0};
	int rc = find_users(s, t->id, BIT(REL_READS_ENV), &readers);
	if (rc == 0)
		rc = find_users(s, t->id, BIT(REL_CONFIGURES), &setters);
	if (rc == 0)
		rc = tell_users(&readers, &by, t->places);
	if (rc == 0)
		rc = tell_users(&setters, &from, t->places);
	if (rc < 0 || !(readers.n + setters.n))
		return rc;
	json_t *section = spec_section(s, "environment", "Environment");
	if (!readers.n)
		spec_say(section, json_incref(t->places),
			"%s is set by %s, and read by nothing that is here.", t->code, from.p);
	else
		spec_say(section, json_incref(t->places), "%s is read by %s%s%s.", t->code, by.p,
			setters.n ? ", and set by " : "", setters.n ? from.p : "");
	if (readers.n && !setters.n)
		ask_person(
			s, t, "What is %s to be in production? It is read, and set nowhere here.");
	return 0;
}

static int
tell_key(struct spec *s, struct thing *t)
{
	struct users u;
	OWN(buf) struct buf names = {0};
	int rc = find_users(s, t->id, BIT(REL_READS_CONFIG), &u);
	if (rc == 0)
		rc = tell_users(&u, &names, t->places);
	if (rc < 0)
		return rc;
	json_t *section = spec_section(s, "configuration", "Configuration");
	if (u.n)
		spec_say(
			section, json_incref(t->places), "Key %s is read by %s.", t->code, names.p);
	else
		spec_say(section, json_incref(t->places),
			"Key %s is defined; no reader of it was recognised.", t->code);
	return 0;
}

static bool
is_store(const char *name)
{
	static const char *const stores[] = {"postgresql", "mysql", "mongodb", "redis", "oracle",
		"sqlserver", "s3", "memcached", NULL};
	return str_is_one(str_of(name), stores);
}

static int
tell_service(struct spec *s, struct thing *t)
{
	struct users u;
	OWN(buf) struct buf names = {0};
	int rc = find_users(s, t->id, BIT(REL_CONNECTS), &u);
	if (rc == 0)
		rc = tell_users(&u, &names, t->places);
	if (rc < 0)
		return rc;
	bool store = is_store(t->name);
	json_t *section = store ? spec_section(s, "data", "Data stores")
				: spec_section(s, "services", "External services");
	spec_say(section, json_incref(t->places), "%s %s%s%s.", store ? "A server of" : "Service",
		t->code, u.n ? " is named by " : " is declared", names.p ? names.p : "");
	if (u.n && !store)
		ask_person(
			s, t, "Who operates %s, and may it be reached from where this is to run?");
	return 0;
}

/* Who sends to a topic, and who gets it; where nobody here does one of both, somebody elsewhere has to. */
static int
tell_topic(struct spec *s, struct thing *t)
{
	struct users from, to;
	OWN(buf) struct buf senders = {0}, takers = {0};
	int rc = find_users(s, t->id, BIT(REL_PUBLISHES), &from);
	if (rc == 0)
		rc = tell_users(&from, &senders, t->places);
	if (rc == 0)
		rc = find_users(s, t->id, BIT(REL_SUBSCRIBES), &to);
	if (rc == 0)
		rc = tell_users(&to, &takers, t->places);
	if (rc < 0 || (!from.n && !to.n))
		return rc;
	spec_say(spec_section(s, "topics", "Topics of messages"), json_incref(t->places),
		"Messages of %s are sent by %s, and taken by %s.", t->code,
		from.n ? senders.p : "nothing here", to.n ? takers.p : "nothing here");
	return 0;
}

static int
tell_command(struct spec *s, struct thing *t)
{
	struct users u;
	OWN(buf) struct buf names = {0};
	int rc = find_users(s, t->id, BIT(REL_EXECS), &u);
	if (rc == 0)
		rc = tell_users(&u, &names, t->places);
	if (rc == 0 && u.n)
		spec_say(spec_section(s, "commands", "Programs that are run"),
			json_incref(t->places), "%s is run by %s.", t->code, names.p);
	return rc;
}

static int
tell_target(struct spec *s, struct thing *t)
{
	spec_say(spec_section(s, "build", "Build"), json_incref(t->places), "Target %s.", t->code);
	return 0;
}

static int
each_kind(struct spec *s, enum graph_kind k, int (*tell)(struct spec *s, struct thing *t))
{
	OWN_FREE char *query = mem_printf(
		"SELECT e.id FROM entity e JOIN name n ON n.id = e.name WHERE e.kind = %d ORDER BY n.s, e.id",
		(int)k);
	return each(s, query, tell);
}

int
spec_surface(struct spec *s)
{
	OWN_FREE char *mains = mem_printf(
		"SELECT e.id FROM entity e JOIN name n ON n.id = e.name WHERE n.s = 'main' AND e.kind IN (%d, %d)"
		" AND e.flags & %d = 0 ORDER BY e.id",
		KIND_FUNCTION, KIND_METHOD, FACT_DECLARATION);
	int rc = each(s, mains, tell_main);
	static const struct {
		enum graph_kind kind;
		int (*tell)(struct spec *s, struct thing *t);
	} kinds[] = {{KIND_ENDPOINT, tell_endpoint}, {KIND_TABLE, tell_table},
		{KIND_CONFIG_KEY, tell_key}, {KIND_ENV, tell_variable},
		{KIND_SERVICE, tell_service}, {KIND_TOPIC, tell_topic},
		{KIND_COMMAND, tell_command}, {KIND_TARGET, tell_target}};
	for (size_t i = 0; rc == 0 && i < sizeof(kinds) / sizeof(*kinds); i++)
		rc = each_kind(s, kinds[i].kind, kinds[i].tell);
	return rc;
}

/* ---- its condition ---- */

/* Every global: state when something here writes it, else a constant. */
static int
tell_global(struct spec *s, struct thing *t)
{
	struct users u;
	OWN(buf) struct buf names = {0};
	int rc = find_users(s, t->id, BIT(REL_WRITES), &u);
	if (rc == 0)
		rc = tell_users(&u, &names, t->places);
	if (rc < 0)
		return rc;
	if (u.n)
		spec_say(spec_section(s, "state", "Globals that are state"), json_incref(t->places),
			"%s is written by %s.", t->code, names.p);
	else
		spec_say(spec_section(s, "constants", "Globals that nothing here writes"),
			json_incref(t->places), "%s.", t->code);
	return 0;
}

static int
tell_unused(struct spec *s, struct thing *t)
{
	spec_say(spec_section(s, "unused", "Code that nothing leads to"), json_incref(t->places),
		"No relation of the map leads to %s.", t->code);
	return 0;
}

static int
say_hot_spots(struct spec *s)
{
	struct db_stmt *st;
	int rc = db_query(s->g->db, &st, s->err,
		"SELECT f.path, h.commits, f.lines, h.owner, h.owner_commits FROM history h JOIN file f ON f.id = h.file"
		" WHERE h.commits > 2 AND f.lang > 0 ORDER BY h.commits * f.lines DESC, f.path LIMIT 15",
		"");
	while (rc == 0 && (rc = db_step(st, s->err)) == 1) {
		rc = 0;
		OWN_FREE char *path = str_dup(db_text(st, 0)), *owner = str_dup(db_text(st, 3));
		OWN_FREE char *code = spec_code(path), *who = spec_code(owner);
		spec_say(spec_section(s, "hot", "Hot spots"),
			json_pack("[o]", json_text(str_of(path))),
			"%s: %lld lines, changed by %lld commits, %lld of them by %s.", code,
			(long long)db_int(st, 2), (long long)db_int(st, 1),
			(long long)db_int(st, 4), who);
	}
	return rc < 0 ? rc : 0;
}

int
spec_condition(struct spec *s)
{
	OWN_FREE char *globals =
		mem_printf("SELECT id FROM entity WHERE kind = %d AND flags & %d = 0 ORDER BY id",
			KIND_GLOBAL, FACT_DECLARATION);
	int rc = say_hot_spots(s);
	if (rc == 0)
		rc = each(s, globals, tell_global);
	struct id_list unused = {0};
	if (rc == 0)
		rc = answer_unused(s->g, &unused, s->err);
	for (size_t i = 0; rc == 0 && i < unused.n && i < MAX_ITEMS; i++) {
		struct thing t = {0};
		rc = read_thing(s, unused.v[i], &t);
		if (rc == 0)
			rc = tell_unused(s, &t);
		thing_cleanup(&t);
	}
	id_list_cleanup(&unused);
	return rc;
}

/* ---- terms and documents ---- */

/* In small letters, without what separates words, and without the end of a plural. */
static char *
plain_word(struct str s)
{
	OWN(buf) struct buf b = {.max = 200};
	for (size_t i = 0; i < s.n; i++)
		if (isalnum((unsigned char)s.p[i]))
			buf_putc(&b, (char)tolower((unsigned char)s.p[i]));
	if (b.n > 3 && b.p[b.n - 1] == 's')
		b.p[--b.n] = 0;
	return buf_take(&b);
}

/* Types, tables and columns, fields, endpoints whose name is, or has, the term. */
static int
tell_term(struct spec *s, struct str term, struct str meaning)
{
	struct db_stmt *st;
	OWN_FREE char *wanted = plain_word(term), *shown = str_dup(term),
		      *means = str_dup(str_trim(meaning));
	OWN_FREE char *code = spec_code(shown);
	OWN_JSON json_t *places = json_array();
	OWN(buf) struct buf names = {0}, said = {.max = 400};
	buf_put_markdown(&said, means);
	size_t n = 0;
	int rc = db_query(s->g->db, &st, s->err,
		"SELECT e.kind, n.s, f.path, e.line FROM entity e JOIN name n ON n.id = e.name JOIN file f ON f.id = e.file"
		" WHERE e.kind IN (?, ?, ?) AND e.flags & ? = 0 ORDER BY e.id",
		"iiii", (int64_t)KIND_TYPE, (int64_t)KIND_TABLE, (int64_t)KIND_ENDPOINT,
		(int64_t)FACT_DECLARATION);
	while (rc == 0 && (rc = db_step(st, s->err)) == 1) {
		rc = 0;
		OWN_FREE char *word = plain_word(db_text(st, 1)), *name = str_dup(db_text(st, 1));
		bool same =
			*wanted && (db_int(st, 0) == KIND_ENDPOINT ? strstr(word, wanted) != NULL
								   : strcmp(word, wanted) == 0);
		if (!same || n++ >= MAX_USERS)
			continue;
		OWN_FREE char *c = spec_code(name), *path = str_dup(db_text(st, 2));
		OWN_FREE char *place = mem_printf("%s:%lld", path, (long long)db_int(st, 3));
		buf_printf(&names, "%s%s %s", names.n ? ", " : "",
			graph_kind_name((enum graph_kind)db_int(st, 0)), c);
		json_array_append_new(places, json_text(str_of(place)));
	}
	if (rc < 0)
		return rc;
	json_t *section = spec_section(s, "domain", "Terms of the domain");
	if (n)
		spec_say(section, json_incref(places), "%s (%s): %s.", code, said.p ? said.p : "",
			names.p);
	else
		spec_say(spec_section(s, "questions", "Questions only a person can answer"), NULL,
			"What stands for the term %s in the code? No type, table or endpoint is called so.",
			code);
	return 0;
}

/* "term: meaning" or "| term | meaning |", one a line. */
static int
read_glossary(struct spec *s)
{
	struct str rest = s->o->glossary, line;
	int rc = 0;
	while (rc == 0 && str_next_line(&rest, &line)) {
		line = str_trim(line);
		while (line.n && (line.p[0] == '|' || line.p[0] == '-' || line.p[0] == '*' ||
					 line.p[0] == ' '))
			line = (struct str){line.p + 1, line.n - 1};
		size_t n = 0;
		while (n < line.n && line.p[n] != ':' && line.p[n] != '|')
			n++;
		struct str term = str_trim((struct str){line.p, n});
		while (term.n && term.p[term.n - 1] == '*')
			term.n--;
		if (n == line.n || !term.n || term.n > 80 || term.p[0] == '#')
			continue;
		struct str meaning = str_trim((struct str){line.p + n + 1, line.n - n - 1});
		while (meaning.n &&
			(meaning.p[meaning.n - 1] == '|' || meaning.p[meaning.n - 1] == '.' ||
				meaning.p[meaning.n - 1] == ' '))
			meaning.n--;
		rc = tell_term(s, term, meaning);
	}
	return rc;
}

struct speaking {
	struct spec *s;
	const char *path;
};

static int
tell_unmatched(void *ctx, const struct store_relation *r)
{
	struct speaking *p = ctx;
	OWN_FREE char *name = NULL;
	if (r->relation != REL_DOCUMENTS || r->dst)
		return 0;
	int rc = answer_name(p->s->g, r->name, &name, p->s->err);
	if (rc < 0)
		return rc;
	OWN_FREE char *code = spec_code(name), *place = mem_printf("%s:%u", p->path, r->line);
	spec_say(spec_section(p->s, "documents", "Where documents and code differ"),
		json_pack("[o]", json_text(str_of(place))),
		"%s is spoken of; nothing here is called so.", code);
	return 0;
}

/* What the documents below a directory speak of, and the map does not have. */
static int
read_documents(struct spec *s)
{
	struct db_stmt *st;
	struct id_list ids = {0};
	int rc = db_query(s->g->db, &st, s->err,
		"SELECT e.id, f.path FROM entity e JOIN file f ON f.id = e.file WHERE length(e.rout) > 0 AND e.kind IN (?, ?) ORDER BY e.id",
		"ii", (int64_t)KIND_SECTION, (int64_t)KIND_FILE);
	while (rc == 0 && (rc = db_step(st, s->err)) == 1) {
		rc = 0;
		OWN_FREE char *path = str_dup(db_text(st, 1));
		if (fs_is_below(path, s->o->docs) || strcmp(path, s->o->docs) == 0)
			id_list_add(&ids, (uint32_t)db_int(st, 0));
	}
	for (size_t i = 0; rc >= 0 && i < ids.n; i++) {
		struct entity e;
		OWN(buf) struct buf out = {0};
		OWN_FREE char *path = NULL;
		rc = answer_entity(s->g, ids.v[i], &e, s->err);
		if (rc == 0)
			rc = answer_path(s->g, &e, &path, s->err);
		if (rc == 0)
			rc = answer_relations(s->g, ids.v[i], &out, NULL, s->err);
		struct speaking p = {s, path};
		if (rc == 0)
			rc = store_each_out(buf_str(&out), ids.v[i], tell_unmatched, &p, s->err);
	}
	id_list_cleanup(&ids);
	return rc < 0 ? rc : 0;
}

int
spec_words(struct spec *s)
{
	int rc = read_glossary(s);
	return rc == 0 && s->o->docs ? read_documents(s) : rc;
}
