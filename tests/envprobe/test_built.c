/* What a build made, as the worker reads it. */
#include "envprobe/built.h"
#include "envprobe/envprobe.h"

#include "base/fs.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char dir[] = "/tmp/dd-built-XXXXXX";

static void
put(const char *name, const char *text)
{
	OWN_FREE char *path = fs_join(dir, name);
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* What the worker says of the directory. */
static struct built_file_list
look(void)
{
	struct built_file_list l = {0};
	OWN(dd_err) struct dd_err err = {0};
	OWN_FREE char *name = mem_printf("%s.out", dir);
	OWN_JSON json_t *j = NULL;
	char worker[] = "built";
	char *argv[] = {worker, dir, NULL};
	fflush(stdout);
	int saved = dup(STDOUT_FILENO);
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(saved >= 0 && fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0);
	int rc = probe_built_worker_main(2, argv);
	assert_true(dup2(saved, STDOUT_FILENO) >= 0);
	(void)close(saved);
	(void)close(fd);
	assert_int_equal(rc, 0);
	assert_int_equal(json_parse_file(name, 1 << 20, &j, &err), 0);
	assert_int_equal(built_file_list_from_json(j, "built", &l, &err), 0);
	(void)unlink(name);
	return l;
}

static const struct built_file *
find(const struct built_file_list *l, const char *path)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].path, path) == 0)
			return &l->v[i];
	return NULL;
}

static void
products_are_listed_and_what_lies_on_the_way_is_not(void **state)
{
	(void)state;
	put("page.txt", "one\n");
	put("x.o", "object");
	put("build.log", "said");
	struct built_file_list l = look();
	assert_non_null(find(&l, "page.txt"));
	assert_null(find(&l, "x.o"));
	assert_null(find(&l, "build.log"));
	built_file_list_cleanup(&l);
}

static void
a_program_names_its_libraries(void **state)
{
	(void)state;
	OWN_FREE char *path = fs_join(dir, "prog");
	OWN_FD int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	OWN_FD int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	char chunk[65536];
	for (ssize_t n; (n = read(from, chunk, sizeof(chunk))) > 0;)
		assert_int_equal(write(to, chunk, (size_t)n), n);
	struct built_file_list l = look();
	const struct built_file *f = find(&l, "prog");
	assert_true(f && strlist_has(&f->needed, "libc.so.6"));
	assert_true(f && !f->text);
	built_file_list_cleanup(&l);
}

static void
a_broken_program_names_none(void **state)
{
	(void)state;
	OWN_FREE char *path = fs_join(dir, "prog");
	for (off_t size = 1; size < 4096; size += 61) {
		assert_int_equal(truncate(path, 4096 - size), 0);
		struct built_file_list l = look();
		assert_non_null(find(&l, "prog"));
		built_file_list_cleanup(&l);
	}
	(void)unlink(path);
}

static void
texts_are_alike_but_for_numbers(void **state)
{
	(void)state;
	put("conf.h", "#define DAY 20260101\n#define HAVE_X 1\n");
	struct built_file_list a = look();
	put("conf.h", "#define DAY 20261231\n#define HAVE_X 1\n");
	struct built_file_list b = look();
	put("conf.h", "#define DAY 20261231\n/* #undef HAVE_X */\n");
	struct built_file_list c = look();
	assert_true(built_files_are_alike(&a, &b));
	assert_false(built_files_are_alike(&a, &c));
	put("more", "");
	struct built_file_list d = look();
	assert_false(built_files_are_alike(&c, &d));
	built_file_list_cleanup(&a);
	built_file_list_cleanup(&b);
	built_file_list_cleanup(&c);
	built_file_list_cleanup(&d);
}

static int
make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int
remove_dir(void **state)
{
	(void)state;
	return fs_remove_tree(dir, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(products_are_listed_and_what_lies_on_the_way_is_not),
		cmocka_unit_test(a_program_names_its_libraries),
		cmocka_unit_test(a_broken_program_names_none),
		cmocka_unit_test(texts_are_alike_but_for_numbers),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
