#include "base/git_merge.h"

#include "base/fs.h"
#include "base/git_write.h"
#include "base/spawn.h"
#include "tests/base/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* main: a.txt, b.txt, c.txt; `ours` changes them; main then does what the case says. */
static const char begin[] =
	"git init -q -b main && seq 1 20 >a.txt && seq 1 20 >b.txt && seq 1 20 >c.txt && git add -A && git commit -q -m first && "
	"git checkout -q -b ours && sed -i 's/^10$/ten/' a.txt b.txt c.txt && echo new >d.txt && git add -A && git commit -q -m 'ours\n\nbody' && "
	"git checkout -q main && ";

struct place {
	char *dir, *ours, *main;
};

static char *
sh(const char *dir, const char *script)
{
	OWN(strlist) struct strlist env = {0};
	OWN(buf) struct buf out = {0};
	OWN(dd_err) struct dd_err err = {0};
	const char *argv[] = {"sh", "-c", script, NULL};
	strlist_addf(&env, "PATH=%s", getenv("PATH"));
	strlist_addf(&env, "HOME=%s", dir);
	static const char *const who[] = {"GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=A",
		"GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_NAME=A",
		"GIT_COMMITTER_EMAIL=a@example.org"};
	for (size_t i = 0; i < sizeof(who) / sizeof(*who); i++)
		strlist_add(&env, who[i]);
	const struct spawn_spec spec = {
		.argv = argv, .env = (const char *const *)env.v, .cwd = dir};
	if (spawn_capture(&spec, STR(""), &out, NULL, &err))
		fail_msg("%s: %s", script, err_msg(&err));
	return str_dup(str_trim(buf_str(&out)));
}

static struct place
place_create(const char *then)
{
	struct place p = {.dir = tmpdir_create()};
	OWN_FREE char *script =
		mem_printf("%s%s && git add -A && git commit -q -m second", begin, then);
	free(sh(p.dir, script));
	p.ours = sh(p.dir, "git rev-parse ours");
	p.main = sh(p.dir, "git rev-parse main");
	return p;
}

static void
place_cleanup(struct place *p)
{
	tmpdir_remove(p->dir);
	free(p->ours);
	free(p->main);
}

static bool
read_there(void *ctx, const char *path, struct buf *ret)
{
	const struct place *p = ctx;
	OWN_FREE char *file = fs_join(p->dir, path);
	return fs_read(file, 1 << 20, ret, NULL) == 0;
}

static void
merge(struct place *p, struct gitrepo_merged_list *ret)
{
	const struct gitrepo_merge_spec spec = {p->ours, p->main, read_there, p};
	assert_int_equal(gitrepo_merge(p->dir, &spec, ret, NULL), 0);
}

static const struct gitrepo_merged *
find(const struct gitrepo_merged_list *l, const char *path)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].path, path) == 0)
			return &l->v[i];
	fail_msg("%s is not merged", path);
	return NULL;
}

static void
other_lines_merge_and_a_renamed_file_is_found(void **state)
{
	(void)state;
	OWN(place)
	struct place p = place_create(
		"sed -i 's/^2$/two/' a.txt && git mv b.txt moved.txt && sed -i 's/^10$/ten/' c.txt");
	OWN(gitrepo_merged_list) struct gitrepo_merged_list l = {0};
	merge(&p, &l);
	assert_int_equal(l.n, 3); /* c.txt is so already */
	const struct gitrepo_merged *a = find(&l, "a.txt"), *moved = find(&l, "moved.txt"),
				    *d = find(&l, "d.txt");
	assert_int_equal(a->clash, CLASH_NONE);
	assert_non_null(strstr(a->text.p, "1\ntwo\n3\n"));
	assert_non_null(strstr(a->text.p, "9\nten\n11\n"));
	assert_non_null(strstr(moved->text.p, "9\nten\n11\n"));
	assert_true(d->created && str_eq(buf_str(&d->text), "new\n"));
}

static void
what_clashes_is_told_with_its_lines(void **state)
{
	(void)state;
	OWN(place)
	struct place p = place_create(
		"sed -i '1i zero' a.txt && sed -i 's/^10$/TEN/' a.txt && git rm -q b.txt && echo other >d.txt");
	OWN(gitrepo_merged_list) struct gitrepo_merged_list l = {0};
	merge(&p, &l);
	const struct gitrepo_merged *a = find(&l, "a.txt");
	assert_int_equal(a->clash, CLASH_LINES);
	assert_int_equal(a->nplaces, 1);
	assert_int_equal(a->places[0].first, 11);
	assert_int_equal(a->places[0].lines, 1);
	assert_int_equal(a->places[0].theirs, 10);
	assert_string_equal(a->places[0].by, p.main);
	assert_non_null(strstr(a->text.p, "<<<<<<< as it is now\nTEN\n|||||||"));
	assert_int_equal(find(&l, "b.txt")->clash, CLASH_GONE);
	assert_int_equal(find(&l, "d.txt")->clash, CLASH_ADDED);
}

static void
what_is_no_text_clashes(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create("printf 'a\\0b' >a.txt && ln -sf c.txt b.txt");
	OWN(gitrepo_merged_list) struct gitrepo_merged_list l = {0};
	merge(&p, &l);
	assert_int_equal(find(&l, "a.txt")->clash, CLASH_KIND);
	assert_int_equal(find(&l, "c.txt")->clash, CLASH_NONE);
}

static void
commits_are_those_that_the_other_has_not(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create("echo x >x.txt");
	OWN(gitrepo_pick_list) struct gitrepo_pick_list l = {0}, none = {0};
	OWN(dd_err) struct dd_err err = {0};
	OWN_FREE char *base = sh(p.dir, "git rev-parse main^");
	assert_int_equal(gitrepo_list_picks(p.dir, p.ours, p.main, 10, &l, NULL), 0);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.base, base);
	assert_string_equal(l.v[0].commit, p.ours);
	assert_string_equal(l.v[0].message, "ours\n\nbody\n");
	assert_int_equal(l.v[0].paths.n, 4);
	assert_int_equal(gitrepo_list_picks(p.dir, p.main, p.main, 10, &none, NULL), 0);
	assert_int_equal(none.n, 0);
	OWN_FREE char *alone = sh(p.dir,
		"git checkout -q --orphan alone && git commit -q -m alone && git rev-parse HEAD");
	assert_int_equal(gitrepo_list_picks(p.dir, alone, p.main, 10, &none, &err), -DD_EINVAL);
	assert_non_null(strstr(err_msg(&err), "no commit in common"));
}

static void
what_is_checked_out_is_read_without_a_library(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create("git pack-refs --all && echo x >x.txt");
	OWN_FREE char *branch = NULL, *commit = NULL, *detached = NULL, *none = NULL;
	assert_int_equal(gitrepo_checked_out(p.dir, &branch, &commit, NULL), 0);
	assert_string_equal(branch, "main");
	assert_string_equal(commit, p.main);
	free(sh(p.dir, "git checkout -q --detach ours"));
	assert_int_equal(gitrepo_checked_out(p.dir, &none, &detached, NULL), 0);
	assert_null(none);
	assert_string_equal(detached, p.ours);
	free(sh(p.dir, "echo 'ref: refs/heads/../../../secret' >.git/HEAD"));
	free(detached);
	detached = NULL;
	assert_int_equal(gitrepo_checked_out(p.dir, &none, &detached, NULL), 0);
	assert_null(detached);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_lines_merge_and_a_renamed_file_is_found),
		cmocka_unit_test(what_clashes_is_told_with_its_lines),
		cmocka_unit_test(what_is_no_text_clashes),
		cmocka_unit_test(commits_are_those_that_the_other_has_not),
		cmocka_unit_test(what_is_checked_out_is_read_without_a_library),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
