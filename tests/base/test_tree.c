#include "base/tree.h"
#include "tests/base/tmpdir.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

struct pair {
	char *dir;
	int fd, src, dest;
};

static void
pair_cleanup(struct pair *p)
{
	(void)close(p->fd);
	(void)close(p->src);
	(void)close(p->dest);
	tmpdir_remove(p->dir);
}

static struct pair
pair_create(void)
{
	struct pair p = {.dir = tmpdir_create()};
	p.fd = tmpdir_open_fd(p.dir);
	assert_int_equal(mkdirat(p.fd, "src", 0755), 0);
	assert_int_equal(mkdirat(p.fd, "dest", 0755), 0);
	p.src = openat(p.fd, "src", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	p.dest = openat(p.fd, "dest", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(p.src >= 0 && p.dest >= 0);
	return p;
}

static void
copy_ok(const struct pair *p, const struct tree_opts *o, struct tree_result *r)
{
	OWN(dd_err) struct dd_err err = {0};
	if (tree_copy(p->src, p->dest, o, r, &err))
		fail_msg("%s", err_msg(&err));
}

static void
files_directories_and_links_are_copied_as_they_are(void **state)
{
	(void)state;
	OWN(pair) struct pair p = pair_create();
	assert_int_equal(mkdirat(p.src, "d", 0755), 0);
	tmpdir_write(p.src, "d/a", "hello");
	tmpdir_write(p.src, "run", "#!/bin/sh\n");
	assert_int_equal(fchmodat(p.src, "run", 06775, 0), 0);
	assert_int_equal(symlinkat("/etc/passwd", p.src, "d/l"), 0);
	assert_int_equal(symlinkat("d", p.src, "dl"), 0);
	const struct timespec t[2] = {{1000, 5}, {1234567890, 123456789}};
	assert_int_equal(utimensat(p.src, "d/a", t, 0), 0);
	assert_int_equal(utimensat(p.src, "d/l", t, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(utimensat(p.src, "d", t, 0), 0);

	OWN(tree_result) struct tree_result r = {0};
	copy_ok(&p, NULL, &r);
	assert_int_equal(r.files, 2);
	assert_int_equal(r.dirs, 1);
	assert_int_equal(r.symlinks, 2);
	assert_int_equal(r.bytes, 15);
	OWN_FREE char *text = tmpdir_read(p.dest, "d/a");
	assert_string_equal(text, "hello");
	static const char *const dated[] = {"d/a", "d/l", "d"};
	struct stat st;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(fstatat(p.dest, dated[i], &st, AT_SYMLINK_NOFOLLOW), 0);
		assert_int_equal(st.st_mtim.tv_sec, 1234567890);
		assert_int_equal(st.st_mtim.tv_nsec, 123456789);
	}
	assert_int_equal(fstatat(p.dest, "run", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0775);
	assert_int_equal(fstatat(p.dest, "dl", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISLNK(st.st_mode));
}

static void
sockets_and_fifos_are_left_out_and_named(void **state)
{
	(void)state;
	OWN(pair) struct pair p = pair_create();
	assert_int_equal(mkfifoat(p.src, "pipe\n", 0644), 0);
	tmpdir_write(p.src, "f", "x");
	OWN(tree_result) struct tree_result r = {0};
	copy_ok(&p, NULL, &r);
	assert_int_equal(r.nspecial, 1);
	assert_int_equal(r.files, 1);
	assert_non_null(strstr(r.skipped.v[0], "pipe"));
	assert_false(tmpdir_has(p.dest, "pipe\n"));
}

static void
what_may_not_be_read_is_named_and_the_rest_is_copied(void **state)
{
	(void)state;
	if (geteuid() == 0) {
		print_message("# root may read everything\n");
		skip();
	}
	OWN(pair) struct pair p = pair_create();
	tmpdir_write(p.src, "secret", "x");
	tmpdir_write(p.src, "open", "x");
	assert_int_equal(fchmodat(p.src, "secret", 0, 0), 0);
	assert_int_equal(mkdirat(p.src, "closed", 0), 0);
	OWN(tree_result) struct tree_result r = {0};
	copy_ok(&p, NULL, &r);
	assert_int_equal(r.nunreadable, 2);
	assert_string_equal(r.skipped.v[0], "closed: permission denied");
	assert_string_equal(r.skipped.v[1], "secret: permission denied");
	assert_true(tmpdir_has(p.dest, "open"));
}

static void
bytes_entries_and_depth_are_bounded(void **state)
{
	(void)state;
	OWN(pair) struct pair p = pair_create();
	assert_int_equal(mkdirat(p.src, "a", 0755), 0);
	assert_int_equal(mkdirat(p.src, "a/b", 0755), 0);
	tmpdir_write(p.src, "a/b/f", "0123456789");
	struct tree_result r;
	const struct tree_opts few[] = {{.max_bytes = 9}, {.max_entries = 2}, {.max_depth = 1}};
	for (size_t i = 0; i < 3; i++) {
		OWN_FREE char *name = mem_printf("d%zu", i);
		assert_int_equal(mkdirat(p.fd, name, 0755), 0);
		OWN_FD int dest = openat(p.fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		OWN(dd_err) struct dd_err err = {0};
		assert_int_equal(tree_copy(p.src, dest, &few[i], &r, &err), -DD_ELIMIT);
	}
	OWN(tree_result) struct tree_result ok = {0};
	copy_ok(&p, &(struct tree_opts){.max_bytes = 10, .max_entries = 3, .max_depth = 2}, &ok);
}

static void
excluded_paths_and_the_destination_are_left_out(void **state)
{
	(void)state;
	OWN(pair) struct pair p = pair_create();
	assert_int_equal(mkdirat(p.src, "a", 0755), 0);
	tmpdir_write(p.src, "a/state", "x");
	tmpdir_write(p.src, "state", "x");
	/* The destination lies in the source: it must not be copied into itself. */
	assert_int_equal(renameat(p.fd, "dest", p.src, "dest"), 0);
	OWN(strlist) struct strlist exclude = {0};
	strlist_add(&exclude, "a/state");
	OWN(tree_result) struct tree_result r = {0};
	copy_ok(&p, &(struct tree_opts){.exclude = &exclude}, &r);
	assert_true(tmpdir_has(p.dest, "state"));
	assert_true(tmpdir_has(p.dest, "a"));
	assert_false(tmpdir_has(p.dest, "a/state"));
	assert_false(tmpdir_has(p.dest, "dest"));
}

static void
an_existing_name_is_not_overwritten(void **state)
{
	(void)state;
	OWN(pair) struct pair p = pair_create();
	tmpdir_write(p.src, "f", "new");
	tmpdir_write(p.fd, "victim", "untouched");
	assert_int_equal(symlinkat("../victim", p.dest, "f"), 0);
	struct tree_result r;
	assert_int_equal(tree_copy(p.src, p.dest, NULL, &r, NULL), -DD_EEXIST);
	OWN_FREE char *text = tmpdir_read(p.fd, "victim");
	assert_string_equal(text, "untouched");
}

static void
large_files_are_copied_whole(void **state)
{
	(void)state;
	OWN(pair) struct pair p = pair_create();
	size_t size = ((size_t)9 << 20) + 17;
	OWN_FREE char *bytes = mem_alloc(size);
	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)(i * 2654435761u >> 13);
	OWN_FD int big = openat(p.src, "big", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(write(big, bytes, size), size);
	OWN(tree_result) struct tree_result r = {0};
	copy_ok(&p, NULL, &r);
	assert_int_equal(r.bytes, size);
	OWN_FD int copy = openat(p.dest, "big", O_RDONLY | O_CLOEXEC);
	OWN_FREE char *again = mem_alloc(size + 1);
	assert_int_equal(read(copy, again, size + 1), size);
	assert_memory_equal(bytes, again, size);
}

struct swapper {
	int dir;
	atomic_bool stop;
};

static void *
swap_directory_and_link(void *arg)
{
	struct swapper *s = arg;
	while (!atomic_load(&s->stop))
		(void)renameat2(s->dir, "a", s->dir, "b", RENAME_EXCHANGE);
	return NULL;
}

static void
a_link_swapped_in_meanwhile_is_never_followed(void **state)
{
	(void)state;
	OWN(pair) struct pair p = pair_create();
	assert_int_equal(mkdirat(p.fd, "outside", 0755), 0);
	tmpdir_write(p.fd, "outside/secret", "x");
	assert_int_equal(mkdirat(p.src, "a", 0755), 0);
	tmpdir_write(p.src, "a/mine", "x");
	assert_int_equal(symlinkat("../outside", p.src, "b"), 0);
	struct swapper s = {.dir = p.src};
	pthread_t t;
	assert_int_equal(pthread_create(&t, NULL, swap_directory_and_link, &s), 0);
	int copied = 0;
	bool leaked = false;
	for (int i = 0; i < 500; i++) {
		OWN_FREE char *name = mem_printf("d%d", i);
		assert_int_equal(mkdirat(p.fd, name, 0755), 0);
		OWN_FD int dest = openat(p.fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		OWN(tree_result) struct tree_result r = {0};
		copied += tree_copy(p.src, dest, NULL, &r, NULL) == 0;
		struct stat st;
		static const char *const names[] = {"a", "b"};
		for (size_t k = 0; k < 2; k++) {
			OWN_FREE char *path = mem_printf("%s/secret", names[k]);
			bool dir = fstatat(dest, names[k], &st, AT_SYMLINK_NOFOLLOW) == 0 &&
				   S_ISDIR(st.st_mode);
			leaked |= dir && tmpdir_has(dest, path);
		}
	}
	atomic_store(&s.stop, true);
	(void)pthread_join(t, NULL);
	assert_false(leaked);
	assert_int_equal(copied, 500);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_directories_and_links_are_copied_as_they_are),
		cmocka_unit_test(sockets_and_fifos_are_left_out_and_named),
		cmocka_unit_test(what_may_not_be_read_is_named_and_the_rest_is_copied),
		cmocka_unit_test(bytes_entries_and_depth_are_bounded),
		cmocka_unit_test(excluded_paths_and_the_destination_are_left_out),
		cmocka_unit_test(an_existing_name_is_not_overwritten),
		cmocka_unit_test(large_files_are_copied_whole),
		cmocka_unit_test(a_link_swapped_in_meanwhile_is_never_followed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
