/* The statements of the specification: what each file with code defines. */
#include "graph/spec.h"

#include <string.h>

#define MAX_FILES 5000
#define MAX_NAMES 12 /* of one kind, of one file */

enum told { TOLD_TYPES, TOLD_FUNCTIONS, TOLD_DECLARED, TOLD_TESTS, TOLD_END };
static const char *const told_words[] = {"types", "functions", "what others define:", "tests"};

struct file_facts {
	char *path;
	int64_t id;
	struct buf names[TOLD_END];
	size_t n[TOLD_END];
	json_t *places;
};

static void
file_facts_reset(struct file_facts *f)
{
	for (int k = 0; k < TOLD_END; k++) {
		buf_cleanup(&f->names[k]);
		f->names[k] = (struct buf){0};
		f->n[k] = 0;
	}
	free(f->path);
	json_decref(f->places);
	f->path = NULL;
	f->places = NULL;
}

static void
add_name(struct file_facts *f, enum told k, struct str name, int64_t line)
{
	OWN_FREE char *text = str_dup(name), *code = spec_code(text);
	if (f->n[k]++ >= MAX_NAMES)
		return;
	OWN_FREE char *place = mem_printf("%s:%lld", f->path, (long long)line);
	buf_printf(&f->names[k], "%s%s", f->names[k].n ? ", " : "", code);
	json_array_append_new(f->places, json_text(str_of(place)));
}

static void
say_file(struct spec *s, struct file_facts *f)
{
	OWN(buf) struct buf all = {0};
	OWN_FREE char *code = spec_code(f->path);
	for (int k = 0; k < TOLD_END; k++) {
		if (!f->n[k])
			continue;
		buf_printf(&all, "%s%s %s",
			all.n		     ? "; "
			: k == TOLD_DECLARED ? " declares "
					     : " defines ",
			told_words[k], f->names[k].p);
		if (f->n[k] > MAX_NAMES)
			buf_printf(&all, " and %zu more", f->n[k] - MAX_NAMES);
	}
	spec_say(spec_section(s, "files", "Files"), json_incref(f->places), "%s%s.", code,
		all.n ? all.p : " has code, and nothing in it has a name");
}

/* A type, function or test at the top of its file. */
static enum told
told_as(int64_t kind, int64_t flags)
{
	if (kind == KIND_TYPE)
		return flags & FACT_DECLARATION ? TOLD_END : TOLD_TYPES;
	if (kind == KIND_TEST)
		return TOLD_TESTS;
	return flags & FACT_DECLARATION ? TOLD_DECLARED : TOLD_FUNCTIONS;
}

static int
begin_file(struct spec *s, struct file_facts *f, struct db_stmt *st, size_t *files)
{
	if (f->path)
		say_file(s, f);
	file_facts_reset(f);
	f->id = db_int(st, 0);
	f->path = str_dup(db_text(st, 1));
	f->places = json_array();
	return ++*files <= MAX_FILES;
}

int
spec_files(struct spec *s)
{
	struct db_stmt *st;
	struct file_facts f = {.id = -1};
	size_t files = 0;
	bool all = true;
	int rc = db_query(s->g->db, &st, s->err,
		"SELECT f.id, f.path, e.kind, e.flags, n.s, e.line FROM file f"
		" LEFT JOIN entity e ON e.id >= f.first AND e.id < f.end AND e.file = f.id AND e.kind IN (?, ?, ?)"
		" LEFT JOIN name n ON n.id = e.name WHERE f.lang > 0 ORDER BY f.path, e.line, e.id",
		"iii", (int64_t)KIND_TYPE, (int64_t)KIND_FUNCTION, (int64_t)KIND_TEST);
	while (rc == 0 && (rc = db_step(st, s->err)) == 1) {
		rc = 0;
		if (db_int(st, 0) != f.id && all)
			all = begin_file(s, &f, st, &files);
		enum told k = told_as(db_int(st, 2), db_int(st, 3));
		if (all && db_int(st, 2) && k < TOLD_END)
			add_name(&f, k, db_text(st, 4), db_int(st, 5));
	}
	if (rc >= 0 && f.path && all)
		say_file(s, &f);
	if (rc >= 0 && !all)
		spec_say(spec_section(s, "files", "Files"), NULL,
			"More than %d files have code; what the rest define is not told.",
			MAX_FILES);
	file_facts_reset(&f);
	return rc < 0 ? rc : 0;
}
