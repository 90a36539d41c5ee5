#include "envprobe/migrations.h"

#include "base/fs.h"
#include "envprobe/data.h"
#include "envprobe/detect.h"

#include <fnmatch.h>
#include <string.h>

#define MAX_MIGRATIONS 10
#define OPTION "migrations="

/* ---- in the tree ---- */

/* Does the path end with the pattern, which may name directories?  *ret_n: the length of what is before it. */
static bool
ends_with(const char *path, const char *pattern, size_t *ret_n)
{
	size_t parts = 1, n = strlen(path);
	for (const char *p = pattern; *p; p++)
		parts += *p == '/';
	while (n && (parts -= path[n - 1] == '/') > 0)
		n--;
	*ret_n = n;
	return parts <= 1 && fnmatch(pattern, path + n, FNM_PATHNAME) == 0;
}

/* Has the file the text?  ^: at the start of a line. */
static bool
has_text(const struct tree *t, const char *path, struct str text)
{
	OWN(buf) struct buf all = {0};
	if (!text.n)
		return true;
	bool at_start = text.p[0] == '^';
	struct str wanted = at_start ? (struct str){text.p + 1, text.n - 1} : text;
	tree_read(t, path, &all);
	struct str rest = buf_str(&all), line;
	while (str_next_line(&rest, &line))
		if (at_start ? line.n >= wanted.n && memcmp(line.p, wanted.p, wanted.n) == 0
			     : memmem(line.p, line.n, wanted.p, wanted.n) != NULL)
			return true;
	return false;
}

void
migrations_in_tree(const struct tree *t, struct migration_list *ret)
{
	struct str rest = data_migrations(), f[3];
	while (data_next(&rest, f, 3)) {
		OWN_FREE char *pattern = str_dup(f[0]);
		for (size_t i = 0; i < t->files.n && ret->n < MAX_MIGRATIONS; i++) {
			const char *path = t->files.v[i];
			size_t n;
			if (!ends_with(path, pattern, &n) || detect_is_aside(path) ||
				!has_text(t, path, f[1]))
				continue;
			struct migration *m = migration_list_add(ret);
			m->dir = mem_strndup(path, n ? n - 1 : 0);
			m->where = mem_strdup(path);
			m->run = str_dup(f[2]);
			break;
		}
	}
}

/* ---- in the loop ---- */

static struct command *
first_test(struct loop *l)
{
	struct command_list *c = &l->r->project.commands;
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].phase == PHASE_TEST)
			return &c->v[i];
	return NULL;
}

static char *
before_tests(const struct migration *m)
{
	OWN(buf) struct buf text = {0};
	OWN_FREE char *dir = mem_printf(WORK_DIR "%s%s", *m->dir ? "/" : "", m->dir);
	buf_puts(&text, "(cd ");
	buf_put_shell(&text, str_of(dir));
	buf_printf(&text, " && %s); ", m->run);
	return buf_take(&text);
}

bool
migrations_learn(struct loop *l)
{
	const struct problem *p = problem_first(&l->problems, PROBLEM_TABLE);
	struct command *test = first_test(l);
	if (!p || !test || l->migrated || !l->around.migrations.n)
		return false;
	const struct migration *m = &l->around.migrations.v[0];
	l->migrated = before_tests(m);
	l->passed_unmigrated = l->r->tests.passed;
	OWN_FREE char *run = TAKE(test->run);
	test->run = mem_printf("%s%s", l->migrated, run);
	strlist_addf(&l->r->options, OPTION "%s, of %s (%s)", m->run, m->where, p->text);
	strlist_addf(&l->r->attempts.v[l->r->attempts.n - 1].decisions,
		"from now on `%s` runs before the tests", m->run);
	return true;
}

bool
migrations_settle(struct loop *l)
{
	struct command *test = first_test(l);
	size_t n = l->migrated ? strlen(l->migrated) : 0;
	if (!n || !test || l->r->tests.passed > l->passed_unmigrated ||
		strncmp(test->run, l->migrated, n) != 0)
		return false;
	OWN_FREE char *run = TAKE(test->run);
	test->run = mem_strdup(run + n);
	loop_forget_options(l, OPTION);
	return true;
}
