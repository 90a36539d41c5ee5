#include "envprobe/files.h"

#include "base/fs.h"
#include "base/log.h"
#include "envprobe/references.h"
#include "envprobe/resolve.h"
#include "envprobe/source_worker.h"

#include <string.h>

#define MAX_CANDIDATES 300 /* without a message; what a search path tried is most of them */
#define MAX_FILES 20	   /* questions about files of one step */

/* ---- what was looked for in vain ---- */

/* The path as a question names it: below the tree, or absolute. */
static const char *
named(const char *path)
{
	size_t n = strlen(WORK_DIR);
	return strncmp(path, WORK_DIR, n) == 0 && path[n] == '/' ? path + n + 1 : path;
}

/* What tools make and throw away, whatever a message says about it. */
static bool
is_by_product(const char *path)
{
	static const char *const endings[] = {".o", ".lo", ".la", ".d", ".Po", ".Plo", ".pyc",
		".class", ".gch", ".tmp", ".log", ".lock", ".pid", "~", NULL};
	return str_ends_one(str_of(path), endings);
}

/* What other evidence is about, or what a search path tries: nothing without a message. */
static bool
is_searched_for(const char *path)
{
	static const char *const endings[] = {".h", ".hh", ".hpp", ".hxx", ".so", ".a", ".pc",
		".pm", ".pl", ".py", ".js", ".mjs", ".node", ".rb", ".php", ".m4", ".cmake", ".mo",
		".mk", ".specs", ".ini.d", NULL};
	static const char *const dirs[] = {
		"/usr/", "/lib", "/bin/", "/sbin/", "/etc/ld.so", "/etc/ssl/", NULL};
	for (size_t i = 0; dirs[i]; i++)
		if (str_starts(str_of(path), dirs[i]))
			return true;
	const char *dot = strrchr(fs_name(path), '.');
	return !dot || str_ends_one(str_of(path), endings) || strstr(path, ".so.") ||
	       is_by_product(path);
}

struct candidates {
	const struct loop *l;
	const struct problem_list *problems;
	struct strlist
		names;	    /* beside problems: what each names, empty where that is no such file */
	struct map by_name; /* base name -> index + 1 of the first problem with such a name */
	struct file_reference_list refs;
	struct missing_file_list files; /* beside refs, one for each */
	size_t unnamed;
};

/* Headers that a package has are another question. */
static bool
is_provided(const struct loop *l, const struct problem *p)
{
	struct need n;
	if (!problem_to_need(p, &n))
		return false;
	struct resolution r = resolve_need(l->index, &n);
	bool provided = r.package != NULL;
	resolution_cleanup(&r);
	need_cleanup(&n);
	return provided;
}

/* The path that a message names, as the program had it; empty: it is not about such a file. */
static struct str
name_in(const struct loop *l, const struct problem *p)
{
	struct str name = str_of(named(p->name));
	bool header = p->kind == PROBLEM_HEADER;
	if ((!header && p->kind != PROBLEM_PATH) || (header && is_provided(l, p)))
		return (struct str){"", 0};
	while (name.n && name.p[name.n - 1] == '.')
		name.n--; /* of a sentence */
	while (str_starts(name, "./") || str_starts(name, "../"))
		name = (struct str){
			name.p + 2 + (name.p[1] == '.'), name.n - 2 - (name.p[1] == '.')};
	return name;
}

static void
index_messages(struct candidates *c)
{
	for (size_t i = 0; i < c->problems->n; i++) {
		strlist_add_str(&c->names, name_in(c->l, &c->problems->v[i]));
		const char *base = fs_name(c->names.v[i]);
		if (*base && !map_get(&c->by_name, base))
			map_put(&c->by_name, base, (void *)(uintptr_t)(i + 1));
	}
}

/* The same, or its end from a slash on? */
static bool
is_end_of(const char *path, const char *name)
{
	size_t n = strlen(name), all = strlen(path);
	return n && n <= all && strcmp(path + all - n, name) == 0 &&
	       (n == all || path[all - n - 1] == '/');
}

/* The first message about the path; NULL. */
static const struct problem *
message_about(const struct candidates *c, const char *path)
{
	size_t first = (size_t)(uintptr_t)map_get(&c->by_name, fs_name(path));
	for (size_t i = first ? first - 1 : c->names.n; i < c->names.n; i++)
		if (is_end_of(path, c->names.v[i]))
			return &c->problems->v[i];
	return NULL;
}

/* A second place where the same message's file was looked for is no second file. */
static bool
is_known(const struct candidates *c, const struct problem *p, const char *path)
{
	for (size_t i = 0; i < c->files.n; i++) {
		const struct missing_file *f = &c->files.v[i];
		if (strcmp(f->path, path) == 0 ||
			(p && f->message && f->line == p->line && strcmp(f->message, p->text) == 0))
			return true;
	}
	return false;
}

static void
add(struct candidates *c, const struct trace_path *seen, const struct problem *p)
{
	const char *path = named(seen->path);
	struct missing_file *f = missing_file_list_add(&c->files);
	f->path = mem_strdup(path);
	f->program = mem_strdup(seen->program);
	f->message = p ? mem_strdup(p->text) : NULL;
	f->line = p ? p->line : 0;
	*file_reference_list_add(&c->refs) = (struct file_reference){.path = mem_strdup(path),
		.form = !p			    ? REFERENCE_STRING
			: p->kind == PROBLEM_HEADER ? REFERENCE_INCLUDE
						    : REFERENCE_ANY};
}

static bool
consider(void *ctx, const struct trace_path *seen)
{
	struct candidates *c = ctx;
	const char *path = named(seen->path);
	if (seen->found || seen->created || seen->executed || !probe_may_place(path) ||
		is_by_product(path))
		return true;
	const struct problem *p = message_about(c, path);
	if (!p && (!seen->sought || is_searched_for(path) || c->unnamed >= MAX_CANDIDATES))
		return true;
	if (p && p->kind == PROBLEM_HEADER && path[0] == '/')
		return true;
	c->unnamed += !p;
	if (!is_known(c, p, path))
		add(c, seen, p);
	return true;
}

/* ---- what the source and the package lists say about them ---- */

static int
ask_source(struct candidates *c, struct dd_err *err)
{
	const struct probe_spec *s = c->l->spec;
	OWN_JSON json_t *j = file_reference_list_to_json(&c->refs), *found = NULL;
	const struct source_question q = {
		.worker = "references", .input = j, .max_bytes = (size_t)16 << 20};
	int rc = source_ask(s->state, s->source, &q, &found, err);
	file_reference_list_cleanup(&c->refs);
	if (rc == 0)
		rc = file_reference_list_from_json(found, "references", &c->refs, err);
	if (rc == 0 && c->refs.n != c->files.n)
		rc = err_set(err, DD_ECORRUPT, "references: one of them is missing");
	return rc;
}

/* Nothing but a person gives it, and it is said to be needed. */
static bool
is_wanting(const struct missing_file *f, const struct file_reference *r)
{
	if (r->generated)
		return false;
	return f->message ? r->form != REFERENCE_INCLUDE || r->where : r->required;
}

static void
keep_wanting(struct candidates *c, struct missing_file_list *ret)
{
	for (size_t i = 0; i < c->files.n; i++) {
		struct missing_file *f = &c->files.v[i];
		struct file_reference *r = &c->refs.v[i];
		if (ret->n >= MAX_FILES || !is_wanting(f, r))
			continue;
		f->where = TAKE(r->where);
		f->sample = TAKE(r->sample);
		f->required = r->required;
		*missing_file_list_add(ret) = *f;
		*f = (struct missing_file){0};
	}
}

static int
ask_packages(const struct loop *l, struct missing_file_list *files, struct dd_err *err)
{
	OWN(strlist) struct strlist paths = {0};
	OWN(map) struct map owners = {.destroy = free};
	for (size_t i = 0; i < files->n; i++) {
		struct missing_file *f = &files->v[i];
		struct need n = {.kind = NEED_FILE, .name = f->path};
		struct resolution r = resolve_need(l->index, &n);
		f->package = r.package ? TAKE(r.package) : NULL;
		if (!f->package && f->path[0] == '/')
			strlist_add(&paths, f->path);
		resolution_cleanup(&r);
	}
	int rc = pkgindex_owners(l->index, l->spec->state, l->spec->index, &paths, &owners, err);
	for (size_t i = 0; rc == 0 && i < files->n; i++) {
		const char *package = map_get(&owners, files->v[i].path);
		if (package)
			files->v[i].package = mem_strdup(package);
	}
	return rc;
}

int
files_missing(const struct loop *l, const struct trace *t, const struct problem_list *problems,
	struct missing_file_list *ret, struct dd_err *err)
{
	struct candidates c = {.l = l, .problems = problems};
	index_messages(&c);
	trace_each_path(t, consider, &c);
	int rc = c.files.n ? ask_source(&c, err) : 0;
	if (rc == 0) {
		keep_wanting(&c, ret);
		rc = ask_packages(l, ret, err);
	}
	strlist_cleanup(&c.names);
	map_cleanup(&c.by_name);
	file_reference_list_cleanup(&c.refs);
	missing_file_list_cleanup(&c.files);
	return rc < 0 ? err_wrap(err, "missing files") : 0;
}

/* ---- parts that are absent from the source ---- */

static const struct absent_part *
absent_at(const struct loop *l, const char *path)
{
	const struct absent_part_list *a = &l->r->project.absent;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(path, a->v[i].path) == 0 || fs_is_below(path, a->v[i].path))
			return &a->v[i];
	return NULL;
}

struct touching {
	const struct loop *l;
	struct strlist *ret;
};

static bool
note_touched(void *ctx, const struct trace_path *seen)
{
	struct touching *t = ctx;
	const struct absent_part *a = absent_at(t->l, named(seen->path));
	/* Who lists an empty directory, or looks whether a pointer is there, does not need it. */
	if (a && (a->kind == ABSENT_LFS ? seen->opened : !seen->found && !seen->created))
		strlist_add_new(t->ret, a->path);
	return true;
}

void
files_touched(const struct loop *l, const struct trace *t, const struct problem_list *problems,
	struct strlist *ret)
{
	struct touching ctx = {l, ret};
	if (l->r->project.absent.n)
		trace_each_path(t, note_touched, &ctx);
	for (size_t i = 0; i < problems->n; i++) {
		const struct problem *p = &problems->v[i];
		const struct absent_part *a =
			p->kind == PROBLEM_PATH ? absent_at(l, p->name) : NULL;
		if (a && a->kind == ABSENT_SUBMODULE)
			strlist_add_new(ret, a->path);
	}
}

/* ---- asking ---- */

static bool
looks_secret(const char *path)
{
	static const char *const parts[] = {"licen", "secret", "token", "passw", "credential",
		"private", ".key", ".pem", ".p12", ".pfx", ".jks", ".lic", ".netrc", ".pgpass",
		NULL};
	for (size_t i = 0; parts[i]; i++)
		if (strcasestr(path, parts[i]))
			return true;
	return false;
}

static char *
text_of(const char *path, const struct absent_part *a)
{
	if (!a)
		return mem_printf(
			"What is the file %s? It is not in the source, and no package has it",
			path);
	if (a->kind == ABSENT_LFS)
		return mem_printf(
			"What is the file %s? The source holds only its Git LFS pointer (%s)", path,
			a->origin ? a->origin : "");
	return mem_printf("Which archive holds the submodule %s (%s)? Its directory is empty", path,
		a->origin ? a->origin : "no URL");
}

/* How it is looked for; `why` and `where` of the question. */
static char *
reason(const struct missing_file *f)
{
	if (f->message)
		return mem_printf("a program looked for it and said: %s", f->message);
	return mem_printf("%s looked for it, and the code gives up without it",
		*f->program ? fs_name(f->program) : "a program");
}

static bool
is_supplied(const struct loop *l, const char *path)
{
	for (size_t i = 0; i < l->r->files.n; i++)
		if (strcmp(l->r->files.v[i].path, path) == 0)
			return true;
	return false;
}

static void
supply(struct loop *l, const struct question *q, const char *path, bool archive, const char *sample)
{
	struct supplied_file *s = supplied_file_list_add(&l->r->files);
	s->path = mem_strdup(path);
	s->question = mem_strdup(q->id);
	s->sample = sample ? mem_strdup(sample) : NULL;
	s->archive = archive;
	s->why = mem_strdup(q->where ? q->where : q->why);
}

static struct question *
new_question(struct loop *l, const char *id, const char *path, const struct absent_part *a)
{
	struct question *q = question_list_add(&l->r->questions);
	q->id = mem_strdup(id);
	q->kind = Q_FILE;
	q->text = text_of(path, a);
	q->secret = looks_secret(path);
	q->unlocks = mem_strdup("the steps that read it");
	if (a) {
		q->where = mem_strdup(a->where);
		q->why = mem_strdup(a->kind == ABSENT_LFS
					    ? "it is a pointer, not the file"
					    : "the source names it and does not hold it");
	}
	return q;
}

/* f NULL: only because it is absent. True when it is supplied from now on. */
static bool
ask(struct loop *l, const char *path, const struct absent_part *a, const struct missing_file *f,
	bool blocking)
{
	OWN_FREE char *id = mem_printf("file:%s", path);
	struct question *q = question_list_find(&l->r->questions, id);
	const char *sample = f && !a ? f->sample : NULL;
	enum answer_state state = answers_get(l->spec->answers, id, NULL);
	if (!q)
		q = new_question(l, id, path, a);
	if (f && !a) {
		free(q->why);
		free(q->where);
		q->why = reason(f);
		q->where = f->where ? mem_strdup(f->where) : mem_strdup(f->program);
	}
	if (sample && !q->default_value)
		q->default_value = mem_printf("a copy of %s", sample);
	q->blocking = (q->blocking || blocking) && state == ANSWER_NONE && !sample;
	if (is_supplied(l, path) || state == ANSWER_DECLINED || (state == ANSWER_NONE && !sample))
		return false;
	supply(l, q, path, a && a->kind == ABSENT_SUBMODULE, state == ANSWER_GIVEN ? NULL : sample);
	return true;
}

void
files_offer(struct loop *l)
{
	const struct absent_part_list *a = &l->r->project.absent;
	for (size_t i = 0; i < a->n; i++)
		if (probe_may_place(a->v[i].path))
			(void)ask(l, a->v[i].path, &a->v[i], NULL, false);
}

static bool
want_package(struct loop *l, const struct missing_file *f, enum need_scope scope)
{
	struct need n = {.kind = NEED_PACKAGE, .name = f->package, .scope = scope};
	OWN_FREE char *why = reason(f);
	n.why = mem_printf("it has %s: %s", f->path, why);
	bool wanted = loop_want(l, &n);
	free(n.why);
	return wanted;
}

/* Does the log tell of something that went wrong before? */
static bool
is_explained(const struct loop *l, const struct missing_file *f)
{
	if (!f->message)
		return l->problems.n > 0;
	const struct problem *compile = problem_first(&l->problems, PROBLEM_COMPILE);
	return compile && compile->line < f->line;
}

bool
files_learn(struct loop *l, enum need_scope scope, bool nothing_works)
{
	bool any = false;
	files_forget(l);
	for (size_t i = 0; i < l->files.n; i++) {
		const struct missing_file *f = &l->files.v[i];
		const struct absent_part *a = absent_at(l, f->path);
		/* A name that only a message has may be one that another step would have made. */
		bool blocking =
			nothing_works && (f->where || f->path[0] == '/') && !is_explained(l, f);
		if (f->package)
			any = want_package(l, f, scope) || any;
		else
			any = ask(l, a ? a->path : f->path, a, f, blocking) || any;
	}
	for (size_t i = 0; i < l->touched.n; i++) {
		const struct absent_part *a = absent_at(l, l->touched.v[i]);
		any = (a && ask(l, a->path, a, NULL, nothing_works)) || any;
	}
	return any;
}

void
files_forget(struct loop *l)
{
	struct question_list *q = &l->r->questions;
	for (size_t i = q->n; i-- > 0;) {
		const char *path = q->v[i].kind == Q_FILE ? q->v[i].id + strlen("file:") : NULL;
		if (!path || is_supplied(l, path) || absent_at(l, path) ||
			answers_get(l->spec->answers, q->v[i].id, NULL) != ANSWER_NONE)
			continue;
		question_cleanup(&q->v[i]);
		memmove(&q->v[i], &q->v[i + 1], (q->n - i - 1) * sizeof(*q->v));
		q->n--;
	}
}

/* ---- placing ---- */

static int
do_place(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct loop *l = ctx;
	struct probe_files placed = {0};
	const struct probe_placing spec = {
		l->spec->state, l->spec->owner, l->spec->answers, l->spec->source, &l->r->files};
	int step = progress_begin("placing %zu files", l->r->files.n);
	int rc = probe_place_files(&spec, &placed, err);
	progress_end(step, rc < 0 ? "failed" : "ok");
	if (rc == 0)
		*ret_result = json_pack("{s:s*, s:s*, s:o}", "tree", placed.tree, "outside",
			placed.outside, "files", supplied_file_list_to_json(&l->r->files));
	probe_files_cleanup(&placed);
	return rc;
}

static void
take_placed(struct loop *l, const json_t *j)
{
	const char *tree = json_string_value(json_object_get(j, "tree"));
	const char *outside = json_string_value(json_object_get(j, "outside"));
	struct attempt *a = &l->r->attempts.v[l->r->attempts.n - 1];
	stack_cleanup(&l->source);
	stack_copy(&l->source, l->spec->source);
	if (tree)
		stack_push(&l->source, tree);
	loop_restack(l);
	probe_files_cleanup(&l->placed);
	l->placed.outside = outside ? mem_strdup(outside) : NULL;
	probe_bind_files(l->spec->state, &l->r->files, &l->placed);
	for (; l->nplaced < l->r->files.n; l->nplaced++) {
		const struct supplied_file *f = &l->r->files.v[l->nplaced];
		strlist_addf(&a->decisions, "%s: %s", f->path,
			f->sample ? "a copy of the sample" : "supplied");
	}
}

int
files_place(struct loop *l, struct dd_err *err)
{
	OWN_FREE char *key = mem_printf("attempt/%lld/files", (long long)l->n);
	OWN_JSON json_t *j = NULL;
	if (l->nplaced == l->r->files.n)
		return 0;
	int rc = journal_step(l->spec->journal, key, do_place, l, &j, err);
	if (rc == 0)
		take_placed(l, j);
	return rc;
}
