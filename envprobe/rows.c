#include "envprobe/rows.h"

#include "base/fs.h"
#include "envprobe/decide.h"
#include "envprobe/detect.h"
#include "envprobe/known_services.h"
#include "envprobe/made_up.h"
#include "envprobe/server.h"
#include "envprobe/source_worker.h"
#include "envprobe/supply.h"

#include <string.h>

#define OPTION "rows="
#define SLUG "rows"
#define SEED 1
#define MAX_SQL ((size_t)64 << 10)

/* ---- the worker ---- */

static bool
is_fixture(const char *path)
{
	static const char *const names[] = {
		"fixtures", "fixture", "seeds", "seed", "seeders", NULL};
	struct str rest = str_of(path), part;
	while (str_next(&rest, '/', &part))
		for (size_t i = 0; names[i]; i++)
			if (str_eq(part, names[i]) ||
				(str_starts(part, names[i]) && part.p[strlen(names[i])] == '.'))
				return true;
	return false;
}

/* Rows of the source's own, wherever they are; NULL: it has none. */
static const char *
find_own(const struct tree *t)
{
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i];
		OWN(buf) struct buf text = {0};
		struct ddl d = {0};
		if (detect_is_aside(path))
			continue;
		if (is_fixture(path))
			return path;
		if (!tree_name_is(path, "*.sql"))
			continue;
		tree_read(t, path, &text);
		ddl_read(buf_str(&text), &d);
		bool has = d.has_rows;
		ddl_cleanup(&d);
		if (has)
			return path;
	}
	return NULL;
}

static json_t *
make_rows(const struct tree *t, const json_t *files)
{
	OWN(buf) struct buf sql = {.max = MAX_SQL};
	OWN(strlist) struct strlist tables = {0}, left = {0};
	struct ddl d = {0};
	size_t i;
	json_t *file;
	json_array_foreach (files, i, file) {
		OWN(buf) struct buf text = {0};
		const char *path = json_string_value(file);
		if (path && tree_has(t, path))
			tree_read(t, path, &text);
		ddl_read(buf_str(&text), &d);
	}
	made_up_rows(&d, SEED, &sql, &tables, &left);
	ddl_cleanup(&d);
	return json_pack("{s:o, s:o, s:o}", "sql", json_text(buf_str(&sql)), "tables",
		json_from_strings(&tables), "left", json_from_strings(&left));
}

int
probe_rows_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf in = {.max = (size_t)1 << 20};
	OWN_JSON json_t *files = NULL, *answer = NULL;
	struct tree t = {.fd = -1};
	worker_take_input(&in);
	int rc = json_parse(buf_str(&in), &files, &err);
	if (rc == 0)
		rc = tree_open(argc > 1 ? argv[1] : "/src", &t, &err);
	const char *own = rc == 0 ? find_own(&t) : NULL;
	if (rc == 0)
		answer = own ? json_pack("{s:o}", "own", json_text(str_of(own)))
			     : make_rows(&t, files);
	tree_cleanup(&t);
	if (rc < 0) {
		fprintf(stderr, "rows: %s\n", err_msg(&err));
		return 1;
	}
	return json_give(answer, &err) < 0 ? 1 : 0;
}

/* ---- in the loop ---- */

struct making {
	struct loop *l;
	const struct server *s;
};

static int
do_rows(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct making *m = ctx;
	OWN_JSON json_t *files = json_from_strings(&m->s->schema);
	const struct source_question q = {
		.worker = "rows", .input = files, .max_bytes = (size_t)1 << 20};
	return source_ask(m->l->spec->state, m->l->spec->source, &q, ret_result, err);
}

/* Which of them can be given rows and has tables. */
static struct server *
find_server(struct loop *l)
{
	for (size_t i = 0; i < supply_count(l); i++) {
		struct server *s = supply_at(l, i);
		if (s->schema.n && known_service_get(str_of(s->name), "rows").n)
			return s;
	}
	return NULL;
}

static void
tell(struct loop *l, const struct server *s, const json_t *made)
{
	OWN(buf) struct buf tables = {.max = 500}, left = {.max = 1000};
	size_t i;
	json_t *name;
	struct attempt *a = &l->r->attempts.v[l->r->attempts.n - 1];
	json_array_foreach (json_object_get(made, "tables"), i, name)
		buf_printf(&tables, "%s%s", i ? ", " : "", json_string_value(name));
	json_array_foreach (json_object_get(made, "left"), i, name)
		buf_printf(&left, "%s%s", i ? "; " : "", json_string_value(name));
	if (!tables.n) {
		strlist_addf(&a->decisions, "no rows can be made up: %s",
			left.n ? left.p : "no table is known");
		return;
	}
	strlist_addf(&l->r->options,
		OPTION
		"made up for the tables %s of %s, which mean nothing (the source has none)%s%s",
		tables.p, s->name, left.n ? "; none for " : "", left.n ? left.p : "");
	strlist_addf(&a->decisions, "from now on the tables %s of %s hold rows that are made up",
		tables.p, s->name);
}

static bool
is_wanted(struct loop *l, const struct server *s)
{
	OWN(strlist) struct strlist both = {0};
	OWN_FREE char *text =
		mem_printf("What do the tables of %s hold when the tests begin", s->name);
	const struct decision d = {.slug = SLUG,
		.alternatives = &both,
		.text = text,
		.where = s->schema.v[0],
		.why = "tests fail where they are empty, and the source has no rows for them"};
	strlist_add(&both, "rows that are made up");
	strlist_add(&both, "nothing");
	return strcmp(decide(l, &d), both.v[0]) == 0;
}

int
rows_learn(struct loop *l, bool *ret, struct dd_err *err)
{
	struct making m = {l, find_server(l)};
	OWN_JSON json_t *made = NULL;
	*ret = false;
	if (!m.s || l->rows_tried || problem_first(&l->problems, PROBLEM_TABLE))
		return 0;
	l->rows_tried = true;
	int rc = journal_step(l->spec->journal, "attempt/rows", do_rows, &m, &made, err);
	const char *sql = json_string_value(json_object_get(made, "sql"));
	struct server *s = find_server(l);
	if (rc < 0 || !sql)
		return rc;
	if (!*sql)
		tell(l, s, made);
	if (!*sql || !is_wanted(l, s))
		return 0;
	s->rows = mem_strdup(sql);
	for (char *p = s->rows; *p; p++)
		*p = *p == '\n' ? ' ' : *p;
	l->passed_without_rows = l->r->tests.passed;
	tell(l, s, made);
	supply_restart(l, s);
	*ret = true;
	return 0;
}

bool
rows_settle(struct loop *l)
{
	struct server *s = find_server(l);
	if (!s || !s->rows || l->r->tests.passed > l->passed_without_rows)
		return false;
	free(TAKE(s->rows));
	loop_forget_options(l, OPTION);
	loop_forget_question(l, "decision:" SLUG);
	supply_restart(l, s);
	return true;
}
