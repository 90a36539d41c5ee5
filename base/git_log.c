#include "base/git_log.h"

#include "base/git_library.h"

#include <git2.h>

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
