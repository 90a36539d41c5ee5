#include "base/git_log.h"

#include "base/git_library.h"

#include <git2.h>
#include <string.h>

/* ---- what a commit changed ---- */

struct changes {
	struct strlist paths;
	size_t max;
};

static int
take_path(const git_diff_delta *delta, float progress, void *arg)
{
	struct changes *c = arg;
	(void)progress;
	if (c->paths.n > c->max)
		return GIT_EUSER;
	strlist_add(&c->paths,
		delta->status == GIT_DELTA_DELETED ? delta->old_file.path : delta->new_file.path);
	return 0;
}

static int
list_changes(git_repository *repo, git_commit *commit, struct changes *c, struct dd_err *err)
{
	git_commit *parent = NULL;
	git_tree *now = NULL, *before = NULL;
	git_diff *diff = NULL;
	git_diff_options o;
	(void)git_diff_options_init(&o, GIT_DIFF_OPTIONS_VERSION);
	o.flags = GIT_DIFF_SKIP_BINARY_CHECK | GIT_DIFF_IGNORE_SUBMODULES;
	int rc = git_commit_parent(&parent, commit, 0);
	rc = rc ? rc : git_commit_tree(&now, commit);
	rc = rc ? rc : git_commit_tree(&before, parent);
	rc = rc ? rc : git_diff_tree_to_tree(&diff, repo, before, now, &o);
	rc = rc ? rc : git_diff_foreach(diff, take_path, NULL, NULL, NULL, c);
	git_diff_free(diff);
	git_tree_free(now);
	git_tree_free(before);
	git_commit_free(parent);
	return rc && rc != GIT_EUSER ? git_library_fail(rc, "reading a commit", err) : 0;
}

static int
tell_commit(git_repository *repo, git_commit *commit, const struct gitrepo_log_opts *opts,
	int (*each)(void *ctx, const struct gitrepo_commit *c), void *ctx, struct dd_err *err)
{
	struct changes changes = {.max = opts->max_paths};
	OWN_FREE char *id = git_library_hex(git_commit_id(commit));
	const git_signature *author = git_commit_author(commit);
	const char *subject = git_commit_summary(commit);
	int rc = git_commit_parentcount(commit) ? list_changes(repo, commit, &changes, err) : 0;
	const struct gitrepo_commit c = {.id = id,
		.author = author && author->name ? author->name : "",
		.subject = subject ? subject : "",
		.time_s = author ? author->when.time : 0,
		.paths = &changes.paths};
	if (rc == 0)
		rc = each(ctx, &c);
	strlist_cleanup(&changes.paths);
	return rc;
}

static int
open_repository(const char *dir, git_repository **ret, struct dd_err *err)
{
	git_library_start();
	int rc = git_repository_open_ext(ret, dir, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
	return rc ? git_library_fail(rc, "opening the repository", err) : 0;
}

int
gitrepo_log(const char *dir, const struct gitrepo_log_opts *opts,
	int (*each)(void *ctx, const struct gitrepo_commit *c), void *ctx, struct dd_err *err)
{
	git_repository *repo = NULL;
	git_revwalk *walk = NULL;
	git_oid id;
	int rc = open_repository(dir, &repo, err);
	if (rc < 0)
		return rc;
	rc = git_revwalk_new(&walk, repo);
	rc = rc ? rc : git_revwalk_simplify_first_parent(walk);
	rc = rc ? rc : git_revwalk_push_head(walk);
	if (rc)
		rc = git_library_fail(rc, "reading HEAD", err);
	for (size_t n = 0; rc == 0 && n < opts->max_commits && git_revwalk_next(&id, walk) == 0;
		n++) {
		git_commit *commit = NULL;
		rc = git_commit_lookup(&commit, repo, &id);
		rc = rc ? git_library_fail(rc, "reading a commit", err)
			: tell_commit(repo, commit, opts, each, ctx, err);
		git_commit_free(commit);
	}
	git_revwalk_free(walk);
	git_repository_free(repo);
	return rc;
}

/* ---- what differs ---- */

struct hunks {
	int (*each)(void *ctx, const struct gitrepo_hunk *h);
	void *ctx;
	size_t left;
	int rc;
};

static int
tell_hunk(struct hunks *h, const struct gitrepo_hunk *hunk)
{
	if (!h->left--)
		h->rc = -DD_ELIMIT;
	else
		h->rc = h->each(h->ctx, hunk);
	return h->rc ? GIT_EUSER : 0;
}

/* A file that is new, gone, or of which no lines are compared. */
static int
take_file(const git_diff_delta *delta, float progress, void *arg)
{
	(void)progress;
	bool gone = delta->status == GIT_DELTA_DELETED;
	const struct gitrepo_hunk h = {
		.path = gone ? delta->old_file.path : delta->new_file.path, .gone = gone};
	return gone ? tell_hunk(arg, &h) : 0;
}

static int
take_hunk(const git_diff_delta *delta, const git_diff_hunk *hunk, void *arg)
{
	const struct gitrepo_hunk h = {.path = delta->new_file.path,
		.line = (uint32_t)(hunk->new_start > 0 ? hunk->new_start : 1),
		.lines = (uint32_t)hunk->new_lines};
	return delta->status == GIT_DELTA_DELETED ? 0 : tell_hunk(arg, &h);
}

static int
tree_of(git_repository *repo, const char *revision, git_tree **ret, struct dd_err *err)
{
	git_object *object = NULL;
	OWN_FREE char *spec = mem_printf("%s^{tree}", revision);
	int rc = git_revparse_single(&object, repo, spec);
	if (rc)
		return err_set(err, DD_ENOENT, "the repository has no revision %s", revision);
	*ret = (git_tree *)object;
	return 0;
}

int
gitrepo_diff(const char *dir, const char *from, const char *to, size_t max,
	int (*each)(void *ctx, const struct gitrepo_hunk *h), void *ctx, struct dd_err *err)
{
	git_repository *repo = NULL;
	git_tree *a = NULL, *b = NULL;
	git_diff *diff = NULL;
	git_diff_options o;
	(void)git_diff_options_init(&o, GIT_DIFF_OPTIONS_VERSION);
	o.context_lines = 0;
	o.flags = GIT_DIFF_IGNORE_SUBMODULES;
	struct hunks h = {.each = each, .ctx = ctx, .left = max};
	int rc = open_repository(dir, &repo, err);
	if (rc == 0)
		rc = tree_of(repo, from, &a, err);
	if (rc == 0)
		rc = tree_of(repo, to, &b, err);
	if (rc == 0) {
		int git = git_diff_tree_to_tree(&diff, repo, a, b, &o);
		git = git ? git : git_diff_foreach(diff, take_file, NULL, take_hunk, NULL, &h);
		if (h.rc == -DD_ELIMIT)
			rc = err_set(err, DD_ELIMIT, "the revisions differ in more than %zu places",
				max);
		else if (h.rc)
			rc = h.rc;
		else if (git)
			rc = git_library_fail(git, "comparing the revisions", err);
	}
	git_diff_free(diff);
	git_tree_free(a);
	git_tree_free(b);
	git_repository_free(repo);
	return rc;
}

int
gitrepo_range(const char *range, char **ret_from, const char **ret_to, struct dd_err *err)
{
	const char *dots = strstr(range, "..");
	if (!dots || dots == range || !dots[2] || dots[2] == '.')
		return err_set(err, DD_EINVAL, "%s is not of the form REVISION..REVISION", range);
	*ret_from = mem_strndup(range, (size_t)(dots - range));
	*ret_to = dots + 2;
	return 0;
}

/* ---- the texts of what differs ---- */

struct comparing {
	git_repository *repo;
	int (*each)(void *ctx, const struct gitrepo_change *c);
	void *ctx;
};

static git_blob *
blob_of(const struct comparing *c, const git_diff_file *f)
{
	git_blob *blob = NULL;
	return git_blob_lookup(&blob, c->repo, &f->id) == 0 ? blob : NULL;
}

static struct str
blob_text(const git_blob *b)
{
	return b ? (struct str){git_blob_rawcontent(b), (size_t)git_blob_rawsize(b)}
		 : (struct str){"", 0};
}

static void
add_spans(git_patch *patch, struct gitrepo_change *c)
{
	size_t n = git_patch_num_hunks(patch);
	c->spans = mem_zalloc(n + 1, sizeof(*c->spans));
	for (size_t i = 0; i < n; i++) {
		const git_diff_hunk *h;
		size_t lines;
		if (git_patch_get_hunk(&h, &lines, patch, i) == 0)
			c->spans[c->nspans++] = (struct gitrepo_span){(uint32_t)h->old_start,
				(uint32_t)h->old_lines, (uint32_t)h->new_start,
				(uint32_t)h->new_lines};
	}
}

static int
tell_change(const struct comparing *all, git_diff *diff, size_t i, struct dd_err *err)
{
	const git_diff_delta *d = git_diff_get_delta(diff, i);
	struct gitrepo_change c = {.path = d->old_file.path, .kind = GITREPO_OTHER};
	git_patch *patch = NULL;
	git_blob *was = NULL, *is = NULL;
	int git = 0;
	if (d->status == GIT_DELTA_ADDED)
		c.kind = GITREPO_NEW;
	else if (d->status == GIT_DELTA_DELETED)
		c.kind = GITREPO_GONE;
	else if (d->status == GIT_DELTA_MODIFIED && d->old_file.mode == d->new_file.mode &&
		 (git = git_patch_from_diff(&patch, diff, i)) == 0) {
		was = blob_of(all, &d->old_file);
		is = blob_of(all, &d->new_file);
		c.was = blob_text(was);
		c.is = blob_text(is);
		c.kind = patch && was && is && git_patch_num_hunks(patch) ? GITREPO_TEXT
									  : GITREPO_BINARY;
		if (c.kind == GITREPO_TEXT)
			add_spans(patch, &c);
	}
	int rc = git ? git_library_fail(git, "comparing the revisions", err)
		     : all->each(all->ctx, &c);
	free(c.spans);
	git_blob_free(was);
	git_blob_free(is);
	git_patch_free(patch);
	return rc;
}

int
gitrepo_changes(const char *dir, const char *from, const char *to, size_t max,
	int (*each)(void *ctx, const struct gitrepo_change *c), void *ctx, struct dd_err *err)
{
	struct comparing all = {.each = each, .ctx = ctx};
	git_tree *a = NULL, *b = NULL;
	git_diff *diff = NULL;
	git_diff_options o;
	(void)git_diff_options_init(&o, GIT_DIFF_OPTIONS_VERSION);
	o.context_lines = 0;
	int rc = open_repository(dir, &all.repo, err);
	if (rc == 0)
		rc = tree_of(all.repo, from, &a, err);
	if (rc == 0)
		rc = tree_of(all.repo, to, &b, err);
	if (rc == 0) {
		int git = git_diff_tree_to_tree(&diff, all.repo, a, b, &o);
		rc = git ? git_library_fail(git, "comparing the revisions", err) : 0;
	}
	size_t n = rc == 0 ? git_diff_num_deltas(diff) : 0;
	if (n > max)
		rc = err_set(err, DD_ELIMIT, "the revisions differ in more than %zu files", max);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = tell_change(&all, diff, i, err);
	git_diff_free(diff);
	git_tree_free(a);
	git_tree_free(b);
	git_repository_free(all.repo);
	return rc;
}

/* ---- against a directory ---- */

struct against {
	const char *root;
	int (*each)(void *ctx, const char *path);
	void *ctx;
	int rc;
};

static int
compare_entry(const char *dir, const git_tree_entry *e, void *arg)
{
	struct against *a = arg;
	git_oid id;
	git_filemode_t mode = git_tree_entry_filemode(e);
	if (mode != GIT_FILEMODE_BLOB && mode != GIT_FILEMODE_BLOB_EXECUTABLE)
		return 0;
	OWN_FREE char *path = mem_printf("%s%s", dir, git_tree_entry_name(e)),
		      *file = mem_printf("%s/%s", a->root, path);
	if (git_odb_hashfile(&id, file, GIT_OBJECT_BLOB) != 0 ||
		!git_oid_equal(&id, git_tree_entry_id(e)))
		a->rc = a->each(a->ctx, path);
	return a->rc ? -1 : 0;
}

int
gitrepo_differs(const char *dir, const char *revision, const char *root,
	int (*each)(void *ctx, const char *path), void *ctx, struct dd_err *err)
{
	struct against a = {root, each, ctx, 0};
	git_repository *repo = NULL;
	git_tree *tree = NULL;
	int rc = open_repository(dir, &repo, err);
	if (rc == 0)
		rc = tree_of(repo, revision, &tree, err);
	if (rc == 0) {
		int git = git_tree_walk(tree, GIT_TREEWALK_PRE, compare_entry, &a);
		rc = a.rc ? a.rc : git ? git_library_fail(git, "reading the revision", err) : 0;
	}
	git_tree_free(tree);
	git_repository_free(repo);
	return rc;
}

/* ---- who wrote a line ---- */

void
gitrepo_line_cleanup(struct gitrepo_line *l)
{
	free(l->commit);
	free(l->author);
	free(l->message);
	free(l->path);
	free(l->text);
	*l = (struct gitrepo_line){0};
}

static int
commit_of(git_repository *repo, const char *revision, git_commit **ret, struct dd_err *err)
{
	git_object *object = NULL;
	OWN_FREE char *spec = mem_printf("%s^{commit}", revision);
	if (git_revparse_single(&object, repo, spec))
		return err_set(err, DD_ENOENT, "the repository has no revision %s", revision);
	*ret = (git_commit *)object;
	return 0;
}

/* Heap; NULL: there is none. */
static char *
text_of_line(git_repository *repo, const git_commit *commit, const char *path, int64_t line)
{
	git_tree *tree = NULL;
	git_tree_entry *entry = NULL;
	git_blob *blob = NULL;
	char *text = NULL;
	if (git_commit_tree(&tree, commit) == 0 && git_tree_entry_bypath(&entry, tree, path) == 0 &&
		git_blob_lookup(&blob, repo, git_tree_entry_id(entry)) == 0) {
		struct str rest = {git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob)}, one;
		for (int64_t n = 1; !text && str_next_line(&rest, &one); n++)
			text = n == line ? str_dup(one) : NULL;
	}
	git_blob_free(blob);
	git_tree_entry_free(entry);
	git_tree_free(tree);
	return text;
}

static int
take_line(git_repository *repo, const git_blame_hunk *hunk, int64_t line, struct gitrepo_line *ret,
	struct dd_err *err)
{
	git_commit *commit = NULL;
	if (git_oid_is_zero(&hunk->final_commit_id))
		return 0;
	int rc = git_commit_lookup(&commit, repo, &hunk->final_commit_id);
	if (rc)
		return git_library_fail(rc, "reading a commit", err);
	const git_signature *author = git_commit_author(commit);
	const char *message = git_commit_message(commit);
	*ret = (struct gitrepo_line){.commit = git_library_hex(&hunk->final_commit_id),
		.author = mem_strdup(author && author->name ? author->name : ""),
		.message = mem_strdup(message ? message : ""),
		.path = mem_strdup(hunk->orig_path ? hunk->orig_path : ""),
		.time_s = author ? author->when.time : 0,
		.line = (int64_t)hunk->orig_start_line_number + line -
			(int64_t)hunk->final_start_line_number};
	ret->text = text_of_line(repo, commit, ret->path, ret->line);
	git_commit_free(commit);
	return 0;
}

/* With text, what of it the revision has. */
static int
blame_file(git_repository *repo, const git_commit *from, const char *path, const struct str *text,
	git_blame **ret)
{
	git_blame_options o;
	git_blame *of_revision = NULL;
	(void)git_blame_options_init(&o, GIT_BLAME_OPTIONS_VERSION);
	o.newest_commit = *git_commit_id(from);
	int rc = git_blame_file(&of_revision, repo, path, &o);
	if (rc || !text) {
		*ret = of_revision;
		return rc;
	}
	rc = git_blame_buffer(ret, of_revision, text->p, text->n);
	git_blame_free(of_revision);
	return rc;
}

int
gitrepo_blame(const char *dir, const char *revision, const char *path, const struct str *text,
	int64_t line, struct gitrepo_line *ret, struct dd_err *err)
{
	git_repository *repo = NULL;
	git_commit *from = NULL;
	git_blame *blame = NULL;
	int rc = open_repository(dir, &repo, err);
	if (rc == 0)
		rc = commit_of(repo, revision, &from, err);
	int git = rc == 0 ? blame_file(repo, from, path, text, &blame) : 0;
	const git_blame_hunk *hunk = blame ? git_blame_get_hunk_byline(blame, (size_t)line) : NULL;
	if (rc == 0 && git == GIT_ENOTFOUND && text)
		*ret = (struct gitrepo_line){0};
	else if (rc == 0 && git == GIT_ENOTFOUND)
		rc = err_set(err, DD_ENOENT, "there is no file %.200s in the revision %s", path,
			revision);
	else if (rc == 0 && git)
		rc = git_library_fail(git, "looking for who wrote it", err);
	else if (rc == 0 && !hunk)
		rc = err_set(
			err, DD_EINVAL, "%.200s has no line %lld there", path, (long long)line);
	else if (rc == 0)
		rc = take_line(repo, hunk, line, ret, err);
	git_blame_free(blame);
	git_commit_free(from);
	git_repository_free(repo);
	return rc;
}
