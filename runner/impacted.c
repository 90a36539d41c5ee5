#include "runner/impacted.h"

#include "base/fs.h"
#include "base/map.h"
#include "graph/graph.h"
#include "runner/reach.h"

#include <string.h>
#include <unistd.h>

#define FILES_MAX 20000
#define TOLD_MAX 1000 /* files */
#define DECORATION 64 /* lines at most between the first decorator of a function and its name */

struct impacted {
	json_t *head, *build, *end; /* lines of the record; NULL: none */
	json_t *groups;
	json_t *why;   /* by group: a string, or null */
	json_t *files; /* what was decided of each */
	char *all;
	bool changed, cpp;
};

static const char *const c_files[] = {".c", ".h", NULL};
static const char *const cpp_files[] = {
	".cc", ".cpp", ".cxx", ".C", ".hh", ".hpp", ".hxx", ".H", ".ipp", ".inl", NULL};
static const char *const headers[] = {".h", ".hh", ".hpp", ".hxx", ".H", ".ipp", ".inl", NULL};
static const char *const interpreted[] = {".py", ".js", ".cjs", ".mjs", NULL};

void
impacted_destroy(struct impacted *im)
{
	if (!im)
		return;
	json_decref(im->head);
	json_decref(im->build);
	json_decref(im->end);
	json_decref(im->groups);
	json_decref(im->why);
	json_decref(im->files);
	free(im->all);
	free(im);
}

/* ---- the record ---- */

static const json_t *
file_in(const json_t *group, const char *path)
{
	return json_object_get(json_object_get(group, "files"), path);
}

static void
look_for_cpp(struct impacted *im, const json_t *group)
{
	const char *path;
	json_t *file;
	json_object_foreach (json_object_get(group, "files"), path, file)
		im->cpp = im->cpp || str_ends_one(str_of(path), cpp_files);
}

static void
take_line(struct impacted *im, json_t *j)
{
	look_for_cpp(im, j);
	if (!im->head)
		im->head = json_incref(j);
	else if (json_is_array(json_object_get(j, "cases"))) {
		json_array_append(im->groups, j);
		json_array_append_new(im->why, json_null());
	} else if (json_is_array(json_object_get(j, "outside")))
		im->end = json_incref(j);
	else
		im->build = json_incref(j);
}

int
impacted_create(struct str record, struct impacted **ret, struct dd_err *err)
{
	struct impacted *im = mem_new(struct impacted);
	struct str line;
	int rc = 0;
	im->groups = json_array();
	im->why = json_array();
	im->files = json_array();
	while (rc == 0 && str_next_line(&record, &line)) {
		OWN_JSON json_t *j = NULL;
		rc = json_parse(line, &j, err);
		if (rc == 0)
			take_line(im, j);
	}
	if (rc == 0 &&
		(json_integer_value(json_object_get(im->head, "drydock_reach")) != 1 || !im->end))
		rc = err_set(err, DD_EINVAL, "it is no whole record of drydock qa record");
	if (rc < 0)
		impacted_destroy(im);
	else
		*ret = im;
	return rc;
}

/* ---- what is decided ---- */

static void
decide(struct impacted *im, const char *path, const char *how)
{
	im->changed = true;
	if (json_array_size(im->files) < TOLD_MAX)
		json_array_append_new(
			im->files, json_pack("{s:o, s:o}", "path", json_text(str_of(path)), "how",
					   json_text(str_of(how))));
}

/* The first reason stays. */
static void
add_all(struct impacted *im, const char *path, const char *why)
{
	OWN_FREE char *how = mem_printf("every case: %s", why);
	decide(im, path, how);
	if (!im->all)
		im->all = mem_printf("%s: %s", path, why);
}

static void
add_group(struct impacted *im, size_t i, const char *why)
{
	if (json_is_null(json_array_get(im->why, i)))
		json_array_set_new(im->why, i, json_text(str_of(why)));
}

static bool
has_string(const json_t *list, const char *s)
{
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)list, i, one)
		if (json_is_string(one) && strcmp(json_string_value(one), s) == 0)
			return true;
	return false;
}

static bool
is_lost(const json_t *group)
{
	return json_is_true(json_object_get(group, "lost"));
}

/* Opened, as far as it is known. */
static bool
looked(const json_t *group, const char *path)
{
	return is_lost(group) || has_string(json_object_get(group, "looked"), path);
}

/* Something is built, and of that there is no record, or not a whole one. */
static bool
is_build_unknown(const struct impacted *im)
{
	return im->build ? is_lost(im->build) : json_is_true(json_object_get(im->head, "builds"));
}

static bool
spans_meet(const json_t *spans, json_int_t from, json_int_t to)
{
	for (size_t i = 0; i + 1 < json_array_size(spans); i += 2)
		if (json_integer_value(json_array_get(spans, i)) <= to &&
			json_integer_value(json_array_get(spans, i + 1)) >= from)
			return true;
	return false;
}

struct body { /* of a function: the lines behind its head, which is told */
	char *name;
	uint32_t line, first, end;
};

/* Was a line of the function executed, or the function entered? */
static bool
reached(const json_t *group, const char *path, const struct body *f)
{
	size_t i;
	json_t *one;
	if (spans_meet(json_object_get(file_in(group, path), "lines"), f->line, f->end))
		return true;
	json_array_foreach (json_object_get(group, "functions"), i, one) {
		json_int_t line = json_integer_value(json_array_get(one, 1));
		const char *name = json_string_value(json_array_get(one, 2));
		bool here = line >= f->line && line <= f->end;
		bool decorated = name && strcmp(name, f->name) == 0 && line < f->line &&
				 line + DECORATION >= f->line;
		const char *of = json_string_value(json_array_get(one, 0));
		if (line && (here || decorated) && of && strcmp(of, path) == 0)
			return true;
	}
	return false;
}

/* ---- where a function's body begins ---- */

/* Of a character that is in no string or comment, as far as one line tells. */
static void
count_brackets(struct str line, bool python, int *depth, bool *ret_opens)
{
	char quote = 0;
	*ret_opens = false;
	for (size_t i = 0; i < line.n; i++) {
		char c = line.p[i];
		if (quote) {
			i += c == '\\';
			quote = c == quote ? 0 : quote;
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (python && c == '#') {
			break;
		} else if (!python && c == '{' && *depth == 0) {
			*ret_opens = true;
		} else if (strchr("([{", c)) {
			++*depth;
		} else if (strchr(")]}", c)) {
			--*depth;
		}
		if (python && c == ':' && !quote && *depth == 0)
			*ret_opens = true;
	}
}

/* The line that its head ends on; its last, where none is found. */
static uint32_t
head_end(struct str text, bool python, uint32_t line, uint32_t end)
{
	struct str one;
	int depth = 0;
	bool opens = false;
	for (uint32_t n = 1; n <= end && str_next_line(&text, &one); n++) {
		if (n < line)
			continue;
		count_brackets(one, python, &depth, &opens);
		if (opens)
			return n;
	}
	return end;
}

/* Is a string that three quotes opened closed in this line? */
static bool
closes(struct str line, char quote)
{
	for (size_t i = 0; i + 2 < line.n; i++) {
		if (line.p[i] == quote && line.p[i + 1] == quote && line.p[i + 2] == quote)
			return true;
		i += line.p[i] == '\\';
	}
	return false;
}

/* The first line of a body of Python behind its documentation, which whoever loads the function can read. */
static uint32_t
behind_documentation(struct str text, uint32_t first, uint32_t end)
{
	struct str one;
	char quote = 0;
	for (uint32_t n = 1; n <= end && str_next_line(&text, &one); n++) {
		struct str s = str_trim(one);
		if (n < first || (!quote && (!s.n || *s.p == '#')))
			continue;
		if (!quote) {
			size_t prefix = s.n && strchr("rRuU", *s.p) ? 1 : 0;
			s = (struct str){s.p + prefix, s.n - prefix};
			if (!s.n || !strchr("\"'(", *s.p))
				return first;
			quote = *s.p;
			if (s.n < 3 || s.p[1] != quote || s.p[2] != quote)
				return quote == '(' || str_ends(s, "\\") ? end + 1 : n + 1;
			s = (struct str){s.p + 3, s.n - 3};
		}
		if (closes(s, quote))
			return n + 1;
	}
	return quote ? end + 1 : first;
}

/* ---- a text that changed ---- */

struct functions {
	struct str text;
	bool python;
	struct strlist tests; /* names of those that are cases */
	struct body *v;
	size_t n, cap;
};

static void
take_function(void *ctx, const struct graph_function *f)
{
	struct functions *l = ctx;
	if (f->is_test)
		strlist_add_str(&l->tests, f->name);
	if (f->declaration || !f->name.n || *f->name.p == '<')
		return;
	l->v = mem_grow(l->v, l->n, &l->cap, sizeof(*l->v));
	l->v[l->n++] = (struct body){str_dup(f->name), f->line, 0, f->end};
}

static void
functions_read(struct functions *l, const char *path, struct str text)
{
	*l = (struct functions){.text = text, .python = str_ends(str_of(path), ".py")};
	graph_functions(path, text, take_function, l);
	for (size_t i = 0; i < l->n; i++) {
		struct body *f = &l->v[i];
		f->first = head_end(text, l->python, f->line, f->end) + 1;
		if (l->python)
			f->first = behind_documentation(text, f->first, f->end);
	}
}

static void
functions_cleanup(struct functions *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].name);
	free(l->v);
	strlist_cleanup(&l->tests);
}

/* Of a case that is new nothing is recorded. */
static bool
has_new_test(const struct functions *was, const struct functions *is)
{
	for (size_t i = 0; i < is->tests.n; i++)
		if (!strlist_has(&was->tests, is->tests.v[i]))
			return true;
	return false;
}

/* The same functions, in the same order: none came, went, or was split. */
static bool
same_functions(const struct functions *a, const struct functions *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i].name, b->v[i].name) != 0)
			return false;
	return true;
}

/* The innermost whose body has all of it; NULL: none.  A last line may be a bracket, or what the next one is joined to. */
static const struct body *
body_around(const struct functions *l, uint32_t line, uint32_t lines)
{
	const struct body *found = NULL;
	for (size_t i = 0; i < l->n; i++) {
		const struct body *f = &l->v[i];
		uint32_t last = l->python && lines ? f->end : f->end - 1;
		uint32_t from = lines ? line : line + 1, to = lines ? line + lines - 1 : line;
		if (f->first <= from && to <= last && (!found || f->line >= found->line))
			found = f;
	}
	return found;
}

/* Does what is changed say something to the preprocessor, which the rest of the file may hear? */
static bool
has_directive(struct str text, uint32_t line, uint32_t lines)
{
	struct str one;
	bool joined = false;
	for (uint32_t n = 1; n < line + lines && str_next_line(&text, &one); n++) {
		bool directive = joined || str_starts(str_trim(one), "#");
		if (n >= line && directive)
			return true;
		joined = directive && str_ends(one, "\\");
	}
	return false;
}

/* What is at the top of a file of an interpreter: whoever loads it. */
static void
add_loaders(struct impacted *im, const char *path, const char *why)
{
	size_t i;
	json_t *g;
	if (is_build_unknown(im) || file_in(im->build, path) || looked(im->build, path)) {
		add_all(im, path,
			is_build_unknown(im) ? "it is not known what the build reads"
					     : "the build reads it");
		return;
	}
	decide(im, path, why);
	json_array_foreach (im->groups, i, g)
		if (file_in(g, path) || looked(g, path))
			add_group(im, i, why);
}

/* A copy that the build made is read under another path, which ends the same. */
static bool
has_copy(const struct impacted *im, const char *path)
{
	size_t i, k;
	json_t *g, *one;
	const char *slash = strrchr(path, '/');
	while (slash && slash > path && slash[-1] != '/')
		slash--;
	const char *end = slash ? slash : path;
	json_array_foreach (json_object_get(im->end, "outside"), i, one)
		if (json_is_string(one) && str_ends(str_of(json_string_value(one)), end))
			return true;
	json_array_foreach (im->groups, i, g)
		json_array_foreach (json_object_get(g, "looked"), k, one) {
			const char *s = json_string_value(one);
			if (s && strcmp(s, path) != 0 && str_ends(str_of(s), end))
				return true;
		}
	return false;
}

/* python or node: what does not tell what it ran of the file, and opened it, may have run it.  A case that opens a source of C reads it. */
static void
add_body(struct impacted *im, const char *path, const struct body *f, bool by_trace)
{
	size_t i;
	json_t *g;
	OWN_FREE char *why = mem_printf("%s at %s:%u is changed", f->name, path, f->line);
	if (is_build_unknown(im) || reached(im->build, path, f)) {
		add_all(im, path,
			is_build_unknown(im) ? "it is not known what the build runs"
					     : "the build runs it");
		return;
	}
	if (by_trace && im->build && looked(im->build, path) && has_copy(im, path)) {
		add_all(im, path, "the build reads it, and a copy of it is tested");
		return;
	}
	decide(im, path, why);
	json_array_foreach (im->groups, i, g)
		if (reached(g, path, f) || (looked(g, path) && !(by_trace && file_in(g, path))))
			add_group(im, i, why);
}

static void
add_text(struct impacted *im, const struct gitrepo_change *c, bool by_trace)
{
	struct functions was, is;
	functions_read(&was, c->path, c->was);
	functions_read(&is, c->path, c->is);
	bool same = same_functions(&was, &is);
	if (has_new_test(&was, &is))
		add_all(im, c->path, "a case in it is new");
	for (size_t i = 0; i < c->nspans; i++) {
		const struct gitrepo_span *s = &c->spans[i];
		const struct body *f = same ? body_around(&was, s->was, s->was_lines) : NULL;
		const struct body *now = f ? body_around(&is, s->is, s->is_lines) : NULL;
		if (!now || now - is.v != f - was.v)
			f = NULL;
		if (f && !by_trace &&
			(has_directive(c->was, s->was, s->was_lines) ||
				has_directive(c->is, s->is, s->is_lines)))
			f = NULL;
		if (f)
			add_body(im, c->path, f, by_trace);
		else if (by_trace)
			add_loaders(im, c->path, "what runs when the file is loaded is changed");
		else
			add_all(im, c->path,
				"a line outside of the bodies of functions: counters do not see types, data and macros");
	}
	functions_cleanup(&was);
	functions_cleanup(&is);
}

/* Of what nothing was counted: who opened it. */
static void
add_read(struct impacted *im, const char *path)
{
	size_t i;
	json_t *g;
	if (is_build_unknown(im) || looked(im->build, path)) {
		add_all(im, path,
			is_build_unknown(im) ? "it is not known what the build reads"
					     : "the build reads it");
		return;
	}
	if (is_lost(im->end) || has_string(json_object_get(im->end, "first"), path)) {
		add_all(im, path,
			"it is read when the tests run for the first time: what is made of it may be tested");
		return;
	}
	if (json_is_true(json_object_get(im->head, "services"))) {
		add_all(im, path, "it is not known what services read");
		return;
	}
	decide(im, path, "the cases that open it");
	json_array_foreach (im->groups, i, g)
		if (looked(g, path))
			add_group(im, i, "it opens a file that is changed");
}

static bool
is_counted(const struct impacted *im, const char *path)
{
	size_t i;
	json_t *g;
	if (file_in(im->build, path))
		return true;
	json_array_foreach (im->groups, i, g)
		if (file_in(g, path))
			return true;
	return false;
}

/* What is computed when it is compiled is counted nowhere. */
static bool
is_compiled_away(const struct impacted *im, const struct gitrepo_change *c)
{
	static const char *const words[] = {"constexpr", "consteval", "template", NULL};
	bool cpp = im->cpp || str_ends_one(str_of(c->path), cpp_files);
	if (!cpp)
		return false;
	for (size_t i = 0; words[i]; i++)
		if (memmem(c->was.p, c->was.n, words[i], strlen(words[i])) ||
			memmem(c->is.p, c->is.n, words[i], strlen(words[i])))
			return true;
	return str_ends_one(str_of(c->path), headers);
}

void
impacted_add_other(struct impacted *im, const char *path)
{
	add_all(im, path, "the tests were recorded on another state of it");
}

void
impacted_add_change(struct impacted *im, const struct gitrepo_change *c)
{
	struct str path = str_of(c->path);
	bool c_like = str_ends_one(path, c_files) || str_ends_one(path, cpp_files);
	if (c->kind == GITREPO_NEW || c->kind == GITREPO_GONE || c->kind == GITREPO_OTHER)
		add_all(im, c->path,
			c->kind == GITREPO_NEW	  ? "it is new, and nothing tells who will read it"
			: c->kind == GITREPO_GONE ? "it is gone"
						  : "it is another kind of file");
	else if (c->kind == GITREPO_BINARY || !is_counted(im, c->path))
		add_read(im, c->path);
	else if (c_like && is_compiled_away(im, c))
		add_all(im, c->path, "a part of it may be computed when it is compiled");
	else if (c_like || str_ends_one(path, interpreted))
		add_text(im, c, !c_like);
	else
		add_all(im, c->path, "it is not known how it is compiled");
}

/* ---- the result ---- */

static void
put_cases(const struct impacted *im, size_t i, const char *why, json_t *list)
{
	size_t k;
	json_t *c;
	const json_t *g = json_array_get(im->groups, i);
	json_array_foreach (json_object_get(g, "cases"), k, c) {
		json_t *one = json_copy(c);
		json_object_del(one, "status");
		json_object_set(one, "command", json_object_get(g, "command"));
		json_object_set_new(one, "why", json_text(str_of(why)));
		json_array_append_new(list, one);
	}
}

json_t *
impacted_result(struct impacted *im)
{
	json_t *cases = json_array(), *commands = json_array();
	json_int_t total = 0;
	size_t i;
	json_t *g;
	json_array_foreach (im->groups, i, g) {
		const char *why = json_string_value(json_array_get(im->why, i));
		const char *command = json_string_in(g, "command");
		if (!has_string(commands, command))
			json_array_append_new(commands, json_text(str_of(command)));
		total += (json_int_t)json_array_size(json_object_get(g, "cases"));
		if (im->all)
			why = im->all;
		else if (!why && im->changed && is_lost(g))
			why = "it is not all known what it reaches";
		if (why)
			put_cases(im, i, why, cases);
	}
	return json_pack("{s:I, s:o, s:o, s:O, s:o}", "total", total, "all",
		im->all ? json_text(str_of(im->all)) : json_null(), "cases", cases, "files",
		im->files, "commands", commands);
}

/* ---- the worker ---- */

static int
other_state(void *ctx, const char *path)
{
	impacted_add_other(ctx, path);
	return 0;
}

static int
one_change(void *ctx, const struct gitrepo_change *c)
{
	impacted_add_change(ctx, c);
	return 0;
}

int
impacted_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf record = {.max = REACH_MAX};
	struct impacted *im = NULL;
	worker_take_input(&record);
	int rc = argc > 2 ? impacted_create(buf_str(&record), &im, &err)
			  : err_set(&err, DD_EINVAL, "impacted FROM TO");
	if (rc == 0)
		rc = gitrepo_changes(
			IMPACTED_REPOSITORY, argv[1], argv[2], FILES_MAX, one_change, im, &err);
	if (rc == 0)
		rc = gitrepo_differs(IMPACTED_REPOSITORY, argv[1], WORK_DIR, other_state, im, &err);
	if (rc == 0) {
		OWN_JSON json_t *j = impacted_result(im);
		rc = json_give(j, &err);
	}
	impacted_destroy(im);
	if (rc < 0)
		fprintf(stderr, "%s\n", err_msg(&err));
	return rc < 0 ? 1 : 0;
}
