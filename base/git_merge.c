#include "base/git_merge.h"

#include "base/git_library.h"
#include "base/git_log.h"

#include <git2.h>
#include <string.h>

#define RENAMES_MAX 1000 /* files that are looked at for one */
#define PLACES_MAX 50	 /* of a file */

const char *const gitrepo_clash_names[] = {"", "lines", "both-added", "gone", "not-text", NULL};

void
gitrepo_pick_list_cleanup(struct gitrepo_pick_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].commit);
		free(l->v[i].message);
		strlist_cleanup(&l->v[i].paths);
	}
	free(l->v);
	free(l->base);
	*l = (struct gitrepo_pick_list){0};
}

static void
merged_cleanup(struct gitrepo_merged *m)
{
	for (size_t k = 0; k < m->nplaces; k++)
		free(m->places[k].by);
	free(m->places);
	free(m->path);
	buf_cleanup(&m->text);
}

void
gitrepo_merged_list_cleanup(struct gitrepo_merged_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		merged_cleanup(&l->v[i]);
	free(l->v);
	*l = (struct gitrepo_merged_list){0};
}

/* ---- a commit against its parent ---- */

struct one_commit {
	git_repository *repo;
	git_commit *commit, *onto;
	git_tree *was, *is, *now; /* of its parent, of it, of onto */
	git_diff *diff;		  /* of the first two */
};

static void
one_commit_cleanup(struct one_commit *c)
{
	git_diff_free(c->diff);
	git_tree_free(c->was);
	git_tree_free(c->is);
	git_tree_free(c->now);
	git_commit_free(c->onto);
	git_commit_free(c->commit);
	git_repository_free(c->repo);
}

static int
find_commit(git_repository *repo, const char *hex, git_commit **ret, struct dd_err *err)
{
	git_oid id;
	int rc = git_oid_fromstr(&id, hex);
	rc = rc ? rc : git_commit_lookup(ret, repo, &id);
	return rc ? git_library_fail(rc, "looking for a commit", err) : 0;
}

static int
open_repository(const char *dir, git_repository **ret, struct dd_err *err)
{
	git_library_start();
	int rc = git_repository_open_ext(ret, dir, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
	return rc ? git_library_fail(rc, "opening the repository", err) : 0;
}

static int
load_diff(struct one_commit *c, struct dd_err *err)
{
	git_commit *parent = NULL;
	git_diff_options o;
	(void)git_diff_options_init(&o, GIT_DIFF_OPTIONS_VERSION);
	o.flags = GIT_DIFF_SKIP_BINARY_CHECK | GIT_DIFF_IGNORE_SUBMODULES;
	int rc = git_commit_parent(&parent, c->commit, 0);
	rc = rc ? rc : git_commit_tree(&c->was, parent);
	rc = rc ? rc : git_commit_tree(&c->is, c->commit);
	rc = rc ? rc : git_diff_tree_to_tree(&c->diff, c->repo, c->was, c->is, &o);
	git_commit_free(parent);
	return rc ? git_library_fail(rc, "reading a commit", err) : 0;
}

static const char *
path_of(const git_diff_delta *d)
{
	return d->status == GIT_DELTA_DELETED ? d->old_file.path : d->new_file.path;
}

/* ---- which commits ---- */

static int
take_pick(git_repository *repo, const git_oid *id, struct gitrepo_pick_list *l, struct dd_err *err)
{
	OWN_FREE char *hex = git_library_hex(id);
	struct one_commit c = {.repo = repo};
	int rc = find_commit(repo, hex, &c.commit, err);
	if (rc == 0 && git_commit_parentcount(c.commit) != 1)
		rc = err_set(err, DD_EINVAL, "the commit %.12s is itself a merge", hex);
	if (rc == 0)
		rc = load_diff(&c, err);
	if (rc == 0) {
		l->v = mem_grow(l->v, l->n, &l->cap, sizeof(*l->v));
		struct gitrepo_pick *p = &l->v[l->n++];
		const char *message = git_commit_message(c.commit);
		*p = (struct gitrepo_pick){TAKE(hex), mem_strdup(message ? message : ""), {0}};
		for (size_t i = 0; i < git_diff_num_deltas(c.diff); i++)
			strlist_add(&p->paths, path_of(git_diff_get_delta(c.diff, i)));
	}
	c.repo = NULL;
	one_commit_cleanup(&c);
	return rc;
}

static int
walk(git_repository *repo, const git_oid *from, const git_oid *onto, size_t max,
	struct gitrepo_pick_list *l, struct dd_err *err)
{
	git_revwalk *walk = NULL;
	git_oid id;
	int rc = 0, git = git_revwalk_new(&walk, repo);
	git = git ? git : git_revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL | GIT_SORT_REVERSE);
	git = git ? git : git_revwalk_push(walk, from);
	git = git ? git : git_revwalk_hide(walk, onto);
	while (!git && rc == 0 && (git = git_revwalk_next(&id, walk)) == 0)
		rc = l->n == max ? err_set(err, DD_EINVAL, "more than %zu commits", max)
				 : take_pick(repo, &id, l, err);
	git_revwalk_free(walk);
	if (rc == 0 && git != GIT_ITEROVER)
		rc = git_library_fail(git, "walking through the commits", err);
	return rc;
}

int
gitrepo_list_picks(const char *dir, const char *commit, const char *onto, size_t max,
	struct gitrepo_pick_list *ret, struct dd_err *err)
{
	struct one_commit c = {0};
	struct gitrepo_pick_list l = {0};
	git_oid base;
	int rc = open_repository(dir, &c.repo, err);
	if (rc == 0)
		rc = find_commit(c.repo, commit, &c.commit, err);
	if (rc == 0)
		rc = find_commit(c.repo, onto, &c.onto, err);
	if (rc == 0) {
		int git = git_merge_base(
			&base, c.repo, git_commit_id(c.commit), git_commit_id(c.onto));
		if (git == GIT_ENOTFOUND)
			rc = err_set(err, DD_EINVAL, "%.12s and %.12s have no commit in common",
				commit, onto);
		else if (git)
			rc = git_library_fail(git, "looking for what both come from", err);
	}
	if (rc == 0) {
		l.base = git_library_hex(&base);
		rc = walk(c.repo, git_commit_id(c.commit), git_commit_id(c.onto), max, &l, err);
	}
	one_commit_cleanup(&c);
	if (rc == 0)
		*ret = l;
	else
		gitrepo_pick_list_cleanup(&l);
	return rc;
}

/* ---- one file ---- */

struct three { /* texts of it */
	struct buf was, is, now;
	bool was_there, is_there, now_there;
	bool odd; /* the commit has something else than a regular file, or makes one a program */
};

static void
three_cleanup(struct three *t)
{
	buf_cleanup(&t->was);
	buf_cleanup(&t->is);
	buf_cleanup(&t->now);
}

static int
read_blob(git_repository *repo, const git_diff_file *f, struct buf *ret, struct dd_err *err)
{
	git_blob *blob = NULL;
	int rc = git_blob_lookup(&blob, repo, &f->id);
	if (!rc)
		buf_add(ret, git_blob_rawcontent(blob), git_blob_rawsize(blob));
	git_blob_free(blob);
	return rc ? git_library_fail(rc, "reading a file of a commit", err) : 0;
}

static bool
is_regular(const git_diff_file *f)
{
	return f->mode == GIT_FILEMODE_BLOB || f->mode == GIT_FILEMODE_BLOB_EXECUTABLE;
}

static int
load_three(const struct one_commit *c, const git_diff_delta *d, struct three *t, struct dd_err *err)
{
	int rc = 0;
	t->was_there = d->status != GIT_DELTA_ADDED;
	t->is_there = d->status != GIT_DELTA_DELETED;
	t->odd = (t->was_there && !is_regular(&d->old_file)) ||
		 (t->is_there && !is_regular(&d->new_file)) ||
		 (t->was_there && t->is_there && d->old_file.mode != d->new_file.mode);
	if (t->was_there && !t->odd)
		rc = read_blob(c->repo, &d->old_file, &t->was, err);
	if (rc == 0 && t->is_there && !t->odd)
		rc = read_blob(c->repo, &d->new_file, &t->is, err);
	return rc;
}

static bool
is_same(const struct buf *a, const struct buf *b)
{
	return a->n == b->n && (!a->n || memcmp(a->p, b->p, a->n) == 0);
}

static bool
is_binary(const struct buf *b)
{
	return b->n && memchr(b->p, 0, b->n);
}

/* ---- what clashes ---- */

struct span {
	int64_t old, olds, new, news;
};
struct span_list {
	struct span *v;
	size_t n, cap;
};

static int
take_span(const git_diff_delta *d, const git_diff_hunk *h, void *arg)
{
	struct span_list *l = arg;
	(void)d;
	l->v = mem_grow(l->v, l->n, &l->cap, sizeof(*l->v));
	l->v[l->n++] = (struct span){h->old_start, h->old_lines, h->new_start, h->new_lines};
	return 0;
}

static int
diff_spans(const struct buf *was, const struct buf *is, struct span_list *ret, struct dd_err *err)
{
	git_diff_options o;
	(void)git_diff_options_init(&o, GIT_DIFF_OPTIONS_VERSION);
	o.context_lines = 0;
	int rc = git_diff_buffers(was->p ? was->p : "", was->n, NULL, is->p ? is->p : "", is->n,
		NULL, &o, NULL, NULL, take_span, NULL, ret);
	return rc ? git_library_fail(rc, "comparing two texts", err) : 0;
}

/* Between lines, and with what lies beside: git merges no two changes that touch. */
static bool
is_beside(const struct span *a, const struct span *b)
{
	int64_t a0 = a->olds ? a->old : a->old + 1, b0 = b->olds ? b->old : b->old + 1;
	return a0 <= b0 + b->olds && b0 <= a0 + a->olds;
}

static void
add_place(struct gitrepo_merged *m, const struct span *now, const struct span *theirs)
{
	m->places = mem_grow(m->places, m->nplaces, &m->places_cap, sizeof(*m->places));
	m->places[m->nplaces++] =
		(struct gitrepo_place){now->new, now->news, theirs->new, theirs->news, NULL};
}

static int
find_places(const struct three *t, struct gitrepo_merged *m, struct dd_err *err)
{
	struct span_list now = {0}, theirs = {0};
	int rc = diff_spans(&t->was, &t->now, &now, err);
	if (rc == 0)
		rc = diff_spans(&t->was, &t->is, &theirs, err);
	for (size_t i = 0; rc == 0 && i < now.n; i++)
		for (size_t k = 0; k < theirs.n && m->nplaces < PLACES_MAX; k++)
			if (is_beside(&now.v[i], &theirs.v[k]))
				add_place(m, &now.v[i], &theirs.v[k]);
	free(now.v);
	free(theirs.v);
	return rc;
}

/* What cannot be told of a line is left out: it is for people. */
static void
find_commits(const char *dir, const char *onto, const struct three *t, struct gitrepo_merged *m)
{
	const struct str now = buf_str(&t->now);
	for (size_t i = 0; i < m->nplaces; i++) {
		struct gitrepo_line line = {0};
		int64_t at = m->places[i].first ? m->places[i].first : 1;
		if (gitrepo_blame(dir, onto, m->path, &now, at, &line, NULL) == 0)
			m->places[i].by = TAKE(line.commit);
		gitrepo_line_cleanup(&line);
	}
}

/* ---- merging ---- */

static git_merge_file_input
input_of(const struct buf *b, const char *path)
{
	git_merge_file_input in;
	(void)git_merge_file_input_init(&in, GIT_MERGE_FILE_INPUT_VERSION);
	in.ptr = b->p ? b->p : "";
	in.size = b->n;
	in.path = path;
	return in;
}

static int
merge_texts(const struct three *t, struct gitrepo_merged *m, struct dd_err *err)
{
	git_merge_file_result r = {0};
	git_merge_file_options o;
	(void)git_merge_file_options_init(&o, GIT_MERGE_FILE_OPTIONS_VERSION);
	o.ancestor_label = "what both began from";
	o.our_label = "as it is now";
	o.their_label = "the change";
	o.flags = GIT_MERGE_FILE_STYLE_DIFF3;
	const git_merge_file_input was = input_of(&t->was, m->path),
				   now = input_of(&t->now, m->path), is = input_of(&t->is, m->path);
	int rc = git_merge_file(&r, t->was_there ? &was : NULL, &now, &is, &o);
	if (rc)
		return git_library_fail(rc, "merging three texts", err);
	buf_add(&m->text, r.ptr, r.len);
	if (!r.automergeable)
		m->clash = t->was_there ? CLASH_LINES : CLASH_ADDED;
	git_merge_file_result_free(&r);
	return m->clash == CLASH_LINES ? find_places(t, m, err) : 0;
}

/* *ret_same: it is so already. */
static int
merge_one(const struct three *t, struct gitrepo_merged *m, bool *ret_same, struct dd_err *err)
{
	*ret_same = false;
	if (t->odd)
		m->clash = CLASH_KIND;
	else if (!t->is_there)
		*ret_same = !t->now_there;
	else if (t->now_there && is_same(&t->now, &t->is))
		*ret_same = true;
	if (t->odd || *ret_same)
		return 0;
	if (!t->is_there || (t->was_there && !t->now_there)) {
		m->clash = CLASH_GONE;
		return 0;
	}
	if (!t->now_there || (t->was_there && is_same(&t->now, &t->was))) {
		buf_add_str(&m->text, buf_str(&t->is));
		m->created = !t->now_there;
		return 0;
	}
	if (is_binary(&t->was) || is_binary(&t->is) || is_binary(&t->now)) {
		m->clash = CLASH_KIND;
		return 0;
	}
	return merge_texts(t, m, err);
}

/* ---- what was renamed since ---- */

static int
find_renames(const struct one_commit *c, git_diff **ret, struct dd_err *err)
{
	git_diff_options o;
	git_diff_find_options f;
	(void)git_diff_options_init(&o, GIT_DIFF_OPTIONS_VERSION);
	(void)git_diff_find_options_init(&f, GIT_DIFF_FIND_OPTIONS_VERSION);
	o.flags = GIT_DIFF_SKIP_BINARY_CHECK | GIT_DIFF_IGNORE_SUBMODULES;
	f.flags = GIT_DIFF_FIND_RENAMES;
	f.rename_limit = RENAMES_MAX;
	int rc = git_diff_tree_to_tree(ret, c->repo, c->was, c->now, &o);
	rc = rc ? rc : git_diff_find_similar(*ret, &f);
	return rc ? git_library_fail(rc, "looking for what was renamed", err) : 0;
}

/* heap */
static char *
name_now(git_diff *renames, const char *path)
{
	for (size_t i = 0; i < git_diff_num_deltas(renames); i++) {
		const git_diff_delta *d = git_diff_get_delta(renames, i);
		if (d->status == GIT_DELTA_RENAMED && strcmp(d->old_file.path, path) == 0)
			return mem_strdup(d->new_file.path);
	}
	return mem_strdup(path);
}

/* ---- all of a commit ---- */

struct merging {
	const char *dir;
	const struct gitrepo_merge_spec *spec;
	struct one_commit c;
	git_diff *renames; /* looked for where a file is not there */
};

static int
merge_delta(struct merging *g, const git_diff_delta *d, struct gitrepo_merged_list *l,
	struct dd_err *err)
{
	OWN(three) struct three t = {0};
	struct gitrepo_merged m = {.path = mem_strdup(path_of(d))};
	bool same = false;
	int rc = load_three(&g->c, d, &t, err);
	t.now_there = rc == 0 && g->spec->read(g->spec->ctx, m.path, &t.now);
	if (rc == 0 && !t.now_there && t.was_there && !g->renames)
		rc = find_renames(&g->c, &g->renames, err);
	if (rc == 0 && !t.now_there && t.was_there) {
		free(m.path);
		m.path = name_now(g->renames, path_of(d));
		buf_reset(&t.now);
		t.now_there = g->spec->read(g->spec->ctx, m.path, &t.now);
	}
	if (rc == 0)
		rc = merge_one(&t, &m, &same, err);
	if (rc == 0 && m.clash == CLASH_LINES)
		find_commits(g->dir, g->spec->onto, &t, &m);
	if (rc < 0 || same) {
		merged_cleanup(&m);
		return rc;
	}
	l->v = mem_grow(l->v, l->n, &l->cap, sizeof(*l->v));
	l->v[l->n++] = m;
	return 0;
}

int
gitrepo_merge(const char *dir, const struct gitrepo_merge_spec *spec,
	struct gitrepo_merged_list *ret, struct dd_err *err)
{
	struct merging g = {.dir = dir, .spec = spec};
	struct gitrepo_merged_list l = {0};
	int rc = open_repository(dir, &g.c.repo, err);
	if (rc == 0)
		rc = find_commit(g.c.repo, spec->commit, &g.c.commit, err);
	if (rc == 0)
		rc = find_commit(g.c.repo, spec->onto, &g.c.onto, err);
	if (rc == 0)
		rc = load_diff(&g.c, err);
	if (rc == 0) {
		int git = git_commit_tree(&g.c.now, g.c.onto);
		rc = git ? git_library_fail(git, "reading a commit", err) : 0;
	}
	for (size_t i = 0; rc == 0 && i < git_diff_num_deltas(g.c.diff); i++)
		rc = merge_delta(&g, git_diff_get_delta(g.c.diff, i), &l, err);
	git_diff_free(g.renames);
	one_commit_cleanup(&g.c);
	if (rc == 0)
		*ret = l;
	else
		gitrepo_merged_list_cleanup(&l);
	return rc;
}
