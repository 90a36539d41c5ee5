#include "base/git_write.h"

#include "base/fs.h"
#include "base/git_push.h"
#include "base/spawn.h"
#include "tests/base/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

struct place {
	char *dir, *repo, *scratch;
};

/* Run git in the repository; its output, heap. */
static char *
git(const struct place *p, const char *const *args)
{
	OWN(strlist) struct strlist argv = {0}, env = {0};
	OWN(buf) struct buf out = {0};
	OWN(dd_err) struct dd_err err = {0};
	static const char *const fixed[] = {"git", "-c", "init.defaultBranch=main", "-c",
		"user.name=A", "-c", "user.email=a@example.org"};
	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		strlist_add(&argv, fixed[i]);
	for (; *args; args++)
		strlist_add(&argv, *args);
	strlist_addf(&env, "PATH=%s", getenv("PATH"));
	strlist_addf(&env, "HOME=%s", p->dir);
	strlist_add(&env, "GIT_CONFIG_NOSYSTEM=1");
	const struct spawn_spec spec = {.argv = (const char *const *)argv.v,
		.env = (const char *const *)env.v,
		.cwd = p->repo};
	if (spawn_capture(&spec, STR(""), &out, NULL, &err))
		fail_msg("git: %s", err_msg(&err));
	return str_dup(str_trim(buf_str(&out)));
}
#define GIT(p, ...) git((p), (const char *const[]){__VA_ARGS__, NULL})

static struct place
place_create(void)
{
	struct place p = {.dir = tmpdir_create()};
	OWN_FREE char *file = NULL;
	p.repo = fs_join(p.dir, "repo");
	p.scratch = fs_join(p.dir, "scratch");
	file = fs_join(p.repo, "src/a.c");
	OWN_FREE char *src = fs_join(p.repo, "src");
	assert_int_equal(fs_mkdirs(src, 0755, NULL), 0);
	assert_int_equal(fs_write_atomic(file, STR("one\n"), 0644, NULL), 0);
	free(GIT(&p, "init", "-q"));
	free(GIT(&p, "add", "-A"));
	free(GIT(&p, "commit", "-q", "-m", "first"));
	return p;
}

static void
place_cleanup(struct place *p)
{
	tmpdir_remove(p->dir);
	free(p->repo);
	free(p->scratch);
}

static int
make(const struct place *p, struct str before, struct gitrepo_object_list *objects, char **commit,
	struct dd_err *err)
{
	const struct gitrepo_change changes[] = {{"src/a.c", before, STR("two\n"), false},
		{"src/new/b.c", STR(""), STR("b\n"), true}};
	const struct gitrepo_commit_spec spec = {.changes = changes,
		.nchanges = 2,
		.message = "Repair\n",
		.author = "drydock",
		.email = "drydock@localhost",
		.time_s = 1234567890};
	return gitrepo_make_commit(p->repo, &spec, objects, commit, err);
}

static void
a_branch_is_written_and_nothing_else(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create();
	OWN(gitrepo_object_list) struct gitrepo_object_list objects = {0};
	OWN_FREE char *commit = NULL, *again = NULL, *head = GIT(&p, "rev-parse", "HEAD");
	OWN(gitrepo_object_list) struct gitrepo_object_list same = {0};
	assert_int_equal(make(&p, STR("one\n"), &objects, &commit, NULL), 0);
	assert_int_equal(make(&p, STR("one\n"), &same, &again, NULL), 0);
	assert_string_equal(commit, again); /* the same whenever it is made */
	for (int i = 0; i < 2; i++)	    /* repeating it is harmless */
		assert_int_equal(gitrepo_put_branch(p.repo, &objects, commit, "drydock/x-1", NULL,
					 p.scratch, NULL),
			0);
	free(GIT(&p, "fsck", "--strict"));
	OWN_FREE char *branch = GIT(&p, "rev-parse", "refs/heads/drydock/x-1");
	OWN_FREE char *names = GIT(&p, "diff", "--name-status", "main", "drydock/x-1");
	OWN_FREE char *now = GIT(&p, "rev-parse", "HEAD"),
		      *status = GIT(&p, "status", "--porcelain");
	assert_string_equal(branch, commit);
	assert_string_equal(names, "M\tsrc/a.c\nA\tsrc/new/b.c");
	assert_string_equal(now, head);
	assert_string_equal(status, "");
	assert_false(fs_exists(p.scratch));
}

static void
a_branch_that_is_there_is_never_moved(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create();
	OWN(gitrepo_object_list) struct gitrepo_object_list objects = {0};
	OWN_FREE char *commit = NULL, *before = NULL, *after = NULL;
	free(GIT(&p, "branch", "drydock/x-1"));
	before = GIT(&p, "rev-parse", "drydock/x-1");
	assert_int_equal(make(&p, STR("one\n"), &objects, &commit, NULL), 0);
	assert_int_equal(
		gitrepo_put_branch(p.repo, &objects, commit, "drydock/x-1", NULL, p.scratch, NULL),
		-DD_EEXIST);
	after = GIT(&p, "rev-parse", "drydock/x-1");
	assert_string_equal(before, after);
}

static void
a_branch_is_moved_only_from_where_it_was_put(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create();
	OWN(gitrepo_object_list) struct gitrepo_object_list objects = {0};
	OWN(dd_err) struct dd_err err = {0};
	OWN_FREE char *commit = NULL, *put = NULL;
	free(GIT(&p, "branch", "drydock/x-1"));
	put = GIT(&p, "rev-parse", "drydock/x-1");
	assert_int_equal(make(&p, STR("one\n"), &objects, &commit, NULL), 0);
	assert_int_equal(gitrepo_put_branch(
				 p.repo, &objects, commit, "drydock/x-1", commit, p.scratch, NULL),
		-DD_EEXIST);
	free(GIT(&p, "checkout", "-q", "drydock/x-1"));
	assert_int_equal(
		gitrepo_put_branch(p.repo, &objects, commit, "drydock/x-1", put, p.scratch, &err),
		-DD_EBUSY);
	free(GIT(&p, "checkout", "-q", "main"));
	free(GIT(&p, "worktree", "add", "-q", "../beside", "drydock/x-1"));
	assert_int_equal(
		gitrepo_put_branch(p.repo, &objects, commit, "drydock/x-1", put, p.scratch, NULL),
		-DD_EBUSY);
	free(GIT(&p, "worktree", "remove", "--force", "../beside"));
	free(GIT(&p, "pack-refs", "--all"));
	assert_int_equal(gitrepo_put_branch(
				 p.repo, &objects, commit, "drydock/x-1", commit, p.scratch, NULL),
		-DD_EEXIST);
	assert_int_equal(
		gitrepo_put_branch(p.repo, &objects, commit, "drydock/x-1", NULL, p.scratch, NULL),
		-DD_EEXIST);
	for (int i = 0; i < 2; i++) /* repeating it is harmless */
		assert_int_equal(gitrepo_put_branch(p.repo, &objects, commit, "drydock/x-1", put,
					 p.scratch, NULL),
			0);
	OWN_FREE char *now = GIT(&p, "rev-parse", "drydock/x-1");
	assert_string_equal(now, commit);
}

static void
files_with_changes_that_are_not_committed_are_named(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create();
	OWN(gitrepo_object_list) struct gitrepo_object_list objects = {0};
	OWN(dd_err) struct dd_err err = {0};
	OWN_FREE char *commit = NULL;
	assert_int_equal(make(&p, STR("other\n"), &objects, &commit, &err), -DD_EBUSY);
	assert_non_null(strstr(err_msg(&err), "src/a.c"));
}

static void
no_link_of_the_git_directory_is_followed(void **state)
{
	static const char *const links[] = {
		".git/refs/heads/drydock", ".git/objects", ".git", NULL};
	(void)state;
	for (size_t i = 0; links[i]; i++) {
		OWN(place) struct place p = place_create();
		OWN(gitrepo_object_list) struct gitrepo_object_list objects = {0};
		OWN_FREE char *commit = NULL, *link = fs_join(p.repo, links[i]),
			      *away = fs_join(p.dir, "away");
		OWN(strlist) struct strlist left = {0};
		assert_int_equal(make(&p, STR("one\n"), &objects, &commit, NULL), 0);
		assert_int_equal(fs_mkdirs(away, 0755, NULL), 0);
		if (i)
			assert_int_equal(fs_remove_tree(link, NULL), 0);
		assert_int_equal(symlink(away, link), 0);
		assert_true(gitrepo_put_branch(p.repo, &objects, commit, "drydock/x-1", NULL,
				    p.scratch, NULL) < 0);
		assert_int_equal(fs_list(away, &left, NULL), 0);
		assert_int_equal(left.n, 0);
	}
}

/* A FIFO in place of the file: nobody writes into it. */
static void
put_fifo(const struct place *p, const char *name)
{
	OWN_FREE char *path = fs_join(p->repo, name);
	assert_int_equal(fs_remove_tree(path, NULL), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
}

static void
a_fifo_of_the_git_directory_is_not_waited_for(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create();
	OWN(gitrepo_object_list) struct gitrepo_object_list objects = {0};
	OWN_FREE char *commit = NULL, *at = NULL, *url = NULL, *main = GIT(&p, "rev-parse", "main");
	struct git_push_refs refs = {0};
	(void)alarm(60);
	assert_int_equal(make(&p, STR("one\n"), &objects, &commit, NULL), 0);
	free(GIT(&p, "branch", "drydock/x-1"));
	put_fifo(&p, ".git/refs/heads/drydock/x-1");
	put_fifo(&p, ".git/refs/pipe");
	assert_int_equal(gitrepo_branch_commit(p.repo, "drydock/x-1", &at, NULL), -DD_EINVAL);
	assert_int_equal(
		gitrepo_put_branch(p.repo, &objects, commit, "drydock/x-1", main, p.scratch, NULL),
		-DD_EINVAL);
	assert_int_equal(gitrepo_list_refs(p.repo, &refs, NULL), 0);
	assert_string_equal(git_push_find(&refs, "refs/heads/main"), main);
	assert_null(git_push_find(&refs, "refs/heads/drydock/x-1"));
	assert_null(git_push_find(&refs, "refs/pipe"));
	git_push_refs_cleanup(&refs);
	put_fifo(&p, ".git/packed-refs");
	put_fifo(&p, ".git/config");
	assert_int_equal(gitrepo_list_refs(p.repo, &refs, NULL), -DD_EINVAL);
	assert_int_equal(gitrepo_branch_commit(p.repo, "drydock/none", &at, NULL), -DD_EINVAL);
	assert_int_equal(gitrepo_remote_url(p.repo, "origin", &url, NULL), -DD_EINVAL);
	(void)alarm(0);
}

static void
a_head_that_is_a_fifo_moves_no_branch(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create();
	OWN(gitrepo_object_list) struct gitrepo_object_list objects = {0};
	OWN_FREE char *commit = NULL, *main = GIT(&p, "rev-parse", "main");
	(void)alarm(60);
	assert_int_equal(make(&p, STR("one\n"), &objects, &commit, NULL), 0);
	free(GIT(&p, "branch", "drydock/x-1"));
	put_fifo(&p, ".git/HEAD");
	assert_int_equal(
		gitrepo_put_branch(p.repo, &objects, commit, "drydock/x-1", main, p.scratch, NULL),
		-DD_EINVAL);
	(void)alarm(0);
}

static void
what_is_no_repository_or_no_name_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "../x", "drydock/..", "a//b", "/x", "x.lock", "-x", "x y", "HEAD", NULL};
	(void)state;
	OWN(place) struct place p = place_create();
	OWN(gitrepo_object_list) struct gitrepo_object_list objects = {0};
	OWN_FREE char *commit = NULL, *dir = NULL, *file = fs_join(p.dir, ".git");
	assert_int_equal(make(&p, STR("one\n"), &objects, &commit, NULL), 0);
	for (size_t i = 0; bad[i]; i++)
		assert_int_equal(
			gitrepo_put_branch(p.repo, &objects, commit, bad[i], NULL, p.scratch, NULL),
			-DD_EINVAL);
	assert_int_equal(gitrepo_git_dir(p.dir, &dir, NULL), -DD_ENOENT);
	assert_int_equal(fs_write_atomic(file, STR("gitdir: /tmp\n"), 0644, NULL), 0);
	assert_int_equal(gitrepo_git_dir(p.dir, &dir, NULL), -DD_EUNSUPPORTED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_branch_is_written_and_nothing_else),
		cmocka_unit_test(a_branch_that_is_there_is_never_moved),
		cmocka_unit_test(a_branch_is_moved_only_from_where_it_was_put),
		cmocka_unit_test(files_with_changes_that_are_not_committed_are_named),
		cmocka_unit_test(no_link_of_the_git_directory_is_followed),
		cmocka_unit_test(a_fifo_of_the_git_directory_is_not_waited_for),
		cmocka_unit_test(a_head_that_is_a_fifo_moves_no_branch),
		cmocka_unit_test(what_is_no_repository_or_no_name_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
