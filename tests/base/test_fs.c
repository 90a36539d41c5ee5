#include "base/fs.h"

#include "tests/base/tmpdir.h"
#include "tests/base/under_fault.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmocka.h>

struct room {
	char *dir;
	int fd;
	struct dd_err err;
};

static int
enter(void **state)
{
	struct room *r = mem_new(struct room);
	r->dir = tmpdir_create();
	r->fd = tmpdir_open_fd(r->dir);
	*state = r;
	return 0;
}

static int
leave(void **state)
{
	struct room *r = *state;
	(void)close(r->fd);
	tmpdir_remove(r->dir);
	dd_err_cleanup(&r->err);
	free(r);
	return 0;
}

/* Path in the room, good until the next call but four. */
static const char *
in(struct room *r, const char *name)
{
	static char *ring[4];
	static unsigned at;
	char **slot = &ring[at++ % 4];
	free(*slot);
	*slot = fs_join(r->dir, name);
	return *slot;
}

static void
assert_message_has(struct room *r, const char *text)
{
	if (!strstr(err_msg(&r->err), text))
		fail_msg("\"%s\" is not in \"%s\"", text, err_msg(&r->err));
}

/* ---- reading and writing ---- */

static void
a_file_is_appended_to_the_buffer(void **state)
{
	struct room *r = *state;
	OWN(buf) struct buf b = {0};
	tmpdir_write(r->fd, "f", "content");
	buf_puts(&b, "> ");
	assert_int_equal(fs_read(in(r, "f"), 7, &b, &r->err), 0);
	assert_int_equal(fs_read_at(r->fd, "f", 100, &b, &r->err), 0);
	assert_string_equal(b.p, "> contentcontent");
}

static void
a_file_past_either_bound_is_refused(void **state)
{
	struct room *r = *state;
	OWN(buf) struct buf small = {.max = 3}, b = {0};
	tmpdir_write(r->fd, "f", "content");
	assert_int_equal(fs_read(in(r, "f"), 6, &b, &r->err), -DD_ELIMIT);
	assert_message_has(r, "/f is larger than 6 bytes");
	assert_int_equal(fs_read(in(r, "f"), 100, &small, &r->err), -DD_ELIMIT);
}

static void
a_missing_file_is_named(void **state)
{
	struct room *r = *state;
	OWN(buf) struct buf b = {0};
	assert_int_equal(fs_read(in(r, "none"), 1, &b, &r->err), -DD_ENOENT);
	assert_message_has(r, "/none: No such file or directory");
	assert_int_equal(fs_read(r->dir, 1, &b, &r->err), -DD_EIO);
	assert_message_has(r, "Is a directory");
}

static void
nothing_but_a_regular_file_is_read_or_waited_for(void **state)
{
	struct room *r = *state;
	OWN(buf) struct buf b = {0};
	(void)alarm(20);
	tmpdir_write(r->fd, "f", "content");
	assert_int_equal(mkfifoat(r->fd, "pipe", 0600), 0);
	assert_int_equal(symlinkat("f", r->fd, "link"), 0);
	assert_int_equal(symlinkat("pipe", r->fd, "to-pipe"), 0);
	static const char *const bad[] = {"pipe", "to-pipe", "."};
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(
			fs_read_regular(r->fd, bad[i], false, 100, &b, &r->err), -DD_EINVAL);
		assert_message_has(r, "is no regular file");
	}
	assert_int_equal(fs_read_regular(r->fd, "link", true, 100, &b, &r->err), -DD_EINVAL);
	assert_int_equal(fs_read_regular(r->fd, "none", true, 100, &b, &r->err), -DD_ENOENT);
	assert_int_equal(fs_read_regular(r->fd, "f", true, 6, &b, &r->err), -DD_ELIMIT);
	buf_reset(&b);
	assert_int_equal(fs_read_regular(r->fd, "link", false, 7, &b, &r->err), 0);
	assert_int_equal(fs_read_regular(r->fd, "f", true, 7, &b, &r->err), 0);
	assert_string_equal(b.p, "contentcontent");
	(void)alarm(0);
}

static void
an_atomic_write_replaces_and_leaves_nothing_beside(void **state)
{
	struct room *r = *state;
	OWN(strlist) struct strlist names = {0};
	struct stat st;
	(void)umask(022);
	assert_int_equal(fs_write_atomic(in(r, "f"), STR("one"), 0600, &r->err), 0);
	assert_int_equal(fs_write_atomic(in(r, "f"), STR("two"), 0666, &r->err), 0);
	OWN_FREE char *text = tmpdir_read(r->fd, "f");
	assert_string_equal(text, "two");
	assert_int_equal(fstatat(r->fd, "f", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(fs_list(r->dir, &names, &r->err), 0);
	assert_int_equal(names.n, 1);
}

static void
what_a_killed_writer_left_goes_with_the_next_write(void **state)
{
	struct room *r = *state;
	OWN(strlist) struct strlist names = {0};
	tmpdir_write(r->fd, "f.drydock-tmp", "half of");
	assert_int_equal(fs_write_atomic(in(r, "f"), STR("whole"), 0600, &r->err), 0);
	OWN_FREE char *text = tmpdir_read(r->fd, "f");
	assert_string_equal(text, "whole");
	assert_int_equal(fs_list(r->dir, &names, &r->err), 0);
	assert_int_equal(names.n, 1);
}

static void
writers_of_one_path_do_not_disturb_each_other(void **state)
{
	struct room *r = *state;
	OWN(strlist) struct strlist names = {0};
	OWN(buf) struct buf b = {0};
	const char *path = in(r, "f");
	for (int child = 0; child < 4; child++)
		if (fork() == 0) {
			int failed = 0;
			for (int i = 0; i < 50; i++) {
				OWN_FREE char *text = mem_printf("%d says %d\n", child, i);
				failed |= fs_write_atomic(path, str_of(text), 0600, NULL);
			}
			_exit(failed != 0);
		}
	for (int i = 0; i < 4; i++) {
		int status;
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(fs_read(path, 100, &b, &r->err), 0);
	assert_true(str_ends(buf_str(&b), " says 49\n"));
	assert_int_equal(fs_list(r->dir, &names, &r->err), 0);
	assert_int_equal(names.n, 1);
}

static void
a_write_that_fails_keeps_the_old_content(void **state)
{
	struct room *r = *state;
	OWN(strlist) struct strlist names = {0};
	const char *path = in(r, "f");
	tmpdir_write(r->fd, "f", "old");
	pid_t pid = fork();
	if (pid == 0) {
		/* No file may grow past 4 bytes: the disk is full, as it were. */
		(void)signal(SIGXFSZ, SIG_IGN);
		struct rlimit tiny = {4, 4};
		if (setrlimit(RLIMIT_FSIZE, &tiny) < 0)
			_exit(2);
		struct dd_err err = {0};
		int rc = fs_write_atomic(path, STR("too much"), 0600, &err);
		_exit(rc < 0 && strstr(err_msg(&err), "f.drydock-tmp: cannot write: File too") ? 0
											       : 1);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	OWN_FREE char *text = tmpdir_read(r->fd, "f");
	assert_string_equal(text, "old");
	assert_int_equal(fs_list(r->dir, &names, &r->err), 0);
	assert_int_equal(names.n, 1);
}

static int
write_new(void *ctx, struct dd_err *err)
{
	return fs_write_atomic(ctx, STR("new"), 0600, err);
}

static void
check_old_or_new(void *ctx, const struct fault_outcome *o, int n)
{
	const char *path = ctx;
	OWN(buf) struct buf text = {0};
	OWN_FREE char *temp = mem_printf("%s.drydock-tmp", path);
	(void)n;
	assert_true(o->rc < 0);
	assert_non_null(strstr(o->msg, ": No space left on device"));
	assert_non_null(strchr(o->msg, '/'));
	assert_false(fs_exists(temp));
	assert_int_equal(fs_read(path, 100, &text, NULL), 0);
	/* The new one only where all but the directory was synced. */
	assert_true(strcmp(text.p, "old") == 0 || strstr(o->msg, "sync directory"));
	assert_int_equal(fs_write_atomic(path, STR("old"), 0600, NULL), 0);
}

static void
a_write_whose_calls_fail_keeps_the_old_content(void **state)
{
	struct room *r = *state;
	static const char *const effects[] = {"ENOSPC", "short"};
	OWN_FREE char *path = mem_strdup(in(r, "f"));
	for (size_t i = 0; i < 2; i++) { /* create, write, sync, rename, sync */
		assert_int_equal(fs_write_atomic(path, STR("old"), 0600, NULL), 0);
		assert_int_equal(
			under_each_fault(effects[i], write_new, path, check_old_or_new), 5);
	}
}

static void
a_write_into_a_missing_directory_is_reported(void **state)
{
	struct room *r = *state;
	assert_int_equal(fs_write_atomic(in(r, "none/f"), STR("x"), 0600, &r->err), -DD_ENOENT);
	assert_message_has(r, "cannot create");
}

/* ---- directories ---- */

static void
missing_parents_are_made(void **state)
{
	struct room *r = *state;
	assert_int_equal(fs_mkdirs(in(r, "a/b//c/"), 0700, &r->err), 0);
	assert_int_equal(fs_mkdirs(in(r, "a/b//c/"), 0700, &r->err), 0);
	assert_int_equal(fs_mkdirs("/", 0700, &r->err), 0);
	assert_true(fs_is_dir(in(r, "a/b/c")));
}

static void
a_file_in_the_way_of_a_directory_is_reported(void **state)
{
	struct room *r = *state;
	tmpdir_write(r->fd, "f", "");
	assert_int_equal(fs_mkdirs(in(r, "f"), 0700, &r->err), -DD_EEXIST);
	assert_message_has(r, "/f\": it exists and is none");
	assert_int_equal(fs_mkdirs(in(r, "f/d"), 0700, &r->err), -DD_ENOENT);
	assert_int_equal(fs_mkdirs("", 0700, &r->err), -DD_EEXIST);
}

static void
names_are_listed_in_order(void **state)
{
	struct room *r = *state;
	OWN(strlist) struct strlist names = {0};
	tmpdir_write(r->fd, "b", "");
	tmpdir_write(r->fd, ".hidden", "");
	assert_int_equal(mkdirat(r->fd, "a", 0700), 0);
	assert_int_equal(fs_list(r->dir, &names, &r->err), 0);
	assert_int_equal(names.n, 3);
	assert_string_equal(names.v[0], ".hidden");
	assert_string_equal(names.v[1], "a");
	assert_string_equal(names.v[2], "b");
	assert_int_equal(fs_list(in(r, "none"), &names, &r->err), -DD_ENOENT);
}

static void
joining_adds_a_slash_only_where_it_is_missing(void **state)
{
	(void)state;
	OWN_FREE char *a = fs_join("a", "b"), *root = fs_join("/", "b"), *none = fs_join("", "b");
	assert_string_equal(a, "a/b");
	assert_string_equal(root, "/b");
	assert_string_equal(none, "/b");
}

/* ---- removing ---- */

static void
a_tree_with_closed_directories_is_removed(void **state)
{
	struct room *r = *state;
	assert_int_equal(fs_mkdirs(in(r, "t/work/work"), 0700, &r->err), 0);
	assert_int_equal(fs_mkdirs(in(r, "t/readonly/d"), 0700, &r->err), 0);
	tmpdir_write(r->fd, "t/readonly/f", "");
	assert_int_equal(fchmodat(r->fd, "t/work/work", 0, 0), 0);
	assert_int_equal(fchmodat(r->fd, "t/readonly", 0500, 0), 0);
	assert_int_equal(fs_remove_tree(in(r, "t/"), &r->err), 0);
	assert_false(fs_exists(in(r, "t")));
	assert_int_equal(fs_remove_tree(in(r, "t"), &r->err), 0);
	assert_int_equal(fs_remove_tree(in(r, "t/in/nothing"), &r->err), 0);
}

static void
links_are_removed_and_not_followed(void **state)
{
	struct room *r = *state;
	assert_int_equal(fs_mkdirs(in(r, "t"), 0700, &r->err), 0);
	assert_int_equal(fs_mkdirs(in(r, "outside"), 0500, &r->err), 0);
	tmpdir_write(r->fd, "kept", "");
	assert_int_equal(symlinkat("../outside", r->fd, "t/dir"), 0);
	assert_int_equal(symlinkat("../kept", r->fd, "t/file"), 0);
	assert_int_equal(symlinkat("t", r->fd, "link"), 0);
	assert_int_equal(fs_remove_tree(in(r, "link"), &r->err), 0);
	assert_true(fs_is_dir(in(r, "t")));
	assert_int_equal(fs_remove_tree(in(r, "t"), &r->err), 0);
	assert_false(fs_exists(in(r, "t")));
	assert_true(fs_exists(in(r, "kept")));
	struct stat st;
	assert_int_equal(fstatat(r->fd, "outside", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0500);
}

static void
paths_that_name_no_entry_are_not_removed(void **state)
{
	struct room *r = *state;
	const char *bad[] = {"", "/", "//", ".", ".."};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(fs_remove_tree(bad[i], &r->err), -DD_EINVAL);
	assert_int_equal(fs_remove_tree(in(r, ".."), &r->err), -DD_EINVAL);
	assert_int_equal(fs_remove_tree(in(r, "./"), &r->err), -DD_EINVAL);
	assert_true(fs_is_dir(r->dir));
}

/* depth directories d in each other below name, a file of 8 KiB in the last. */
static void
make_deep(struct room *r, const char *name, int depth)
{
	static const char block[8192];
	assert_int_equal(mkdirat(r->fd, name, 0700), 0);
	int fd = openat(r->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < depth; i++) {
		assert_int_equal(mkdirat(fd, "d", 0700), 0);
		int next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		(void)close(fd);
		fd = next;
	}
	OWN_FD int file = openat(fd, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(file, block, sizeof(block)), sizeof(block));
	(void)fsync(file);
	(void)close(fd);
}

/* Deeper than a path can say (PATH_MAX) and than there are descriptors. */
#define DEEP 3000

static void
a_tree_deeper_than_any_path_is_measured_and_removed(void **state)
{
	struct room *r = *state;
	struct rlimit before, few;
	uint64_t shallow = 0, deep = 0;
	make_deep(r, "shallow", 2);
	make_deep(r, "deep", DEEP);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = 128;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(fs_disk_usage(in(r, "shallow"), &shallow, &r->err), 0);
	assert_int_equal(fs_disk_usage(in(r, "deep"), &deep, &r->err), 0);
	int rc = fs_remove_tree(in(r, "deep"), &r->err);
	(void)setrlimit(RLIMIT_NOFILE, &before);
	assert_true(shallow >= 8192);
	assert_true(deep >= shallow);
	assert_int_equal(rc, 0);
	assert_false(fs_exists(in(r, "deep")));
}

/* ---- measuring ---- */

static void
every_file_of_a_wide_tree_counts(void **state)
{
	struct room *r = *state;
	uint64_t one = 0, all = 0;
	assert_int_equal(fs_mkdirs(in(r, "t"), 0700, &r->err), 0);
	make_deep(r, "one", 0);
	assert_int_equal(fs_disk_usage(in(r, "one"), &one, &r->err), 0);
	for (int i = 0; i < 5; i++) {
		OWN_FREE char *top = mem_printf("t/%d", i);
		make_deep(r, top, 0);
		for (int k = 0; k < 5; k++) {
			OWN_FREE char *sub = mem_printf("t/%d/%d", i, k);
			make_deep(r, sub, 1);
		}
	}
	assert_int_equal(fs_disk_usage(in(r, "t"), &all, &r->err), 0);
	/* 30 files; directories take what the file system gives them, the same for each. */
	struct stat st;
	assert_int_equal(fstatat(r->fd, "one", &st, 0), 0);
	uint64_t dirs = (5 + 25 * 2) * (uint64_t)st.st_blocks * 512;
	assert_true(one >= 8192);
	assert_int_equal(all, 30 * one + dirs);
}

static void
measuring_survives_a_tree_that_moves(void **state)
{
	struct room *r = *state;
	uint64_t bytes = 0;
	make_deep(r, "t", 200);
	assert_int_equal(fs_mkdirs(in(r, "t/other"), 0700, &r->err), 0);
	pid_t pid = fork();
	if (pid == 0)
		for (;;) { /* tear the tree apart in its middle, and put it together */
			(void)renameat(r->fd, "t/d/d/d/d/d", r->fd, "t/other/moved");
			(void)renameat(r->fd, "t/other/moved", r->fd, "t/d/d/d/d/d");
		}
	int rc = 0;
	for (int i = 0; i < 200 && rc == 0; i++)
		rc = fs_disk_usage(in(r, "t"), &bytes, &r->err);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	assert_int_equal(rc, 0);
	assert_int_equal(fs_disk_usage(in(r, "none"), &bytes, &r->err), -DD_ENOENT);
}

/* ---- hostile roots ---- */

static void
links_stay_in_the_root(void **state)
{
	struct room *r = *state;
	OWN_FD int fd = -1, outer = -1;
	assert_int_equal(fs_mkdirs(in(r, "root/etc"), 0700, &r->err), 0);
	tmpdir_write(r->fd, "root/etc/passwd", "inside");
	tmpdir_write(r->fd, "secret", "outside");
	assert_int_equal(symlinkat("/etc/passwd", r->fd, "root/absolute"), 0);
	assert_int_equal(symlinkat("../../secret", r->fd, "root/etc/up"), 0);
	OWN_FD int root = openat(r->fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(fs_open_in_root(root, "absolute", O_RDONLY, &fd, &r->err), 0);
	char text[8] = {0};
	assert_int_equal(read(fd, text, 6), 6);
	assert_string_equal(text, "inside");
	assert_int_equal(fs_open_in_root(root, "etc/up", O_RDONLY, &outer, &r->err), -DD_ENOENT);
	assert_int_equal(fs_open_in_root(root, "../secret", O_RDONLY, &outer, &r->err), -DD_ENOENT);
	assert_int_equal(outer, -1);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

static void
a_file_made_in_a_root_is_private(void **state)
{
	struct room *r = *state;
	OWN_FD int fd = -1;
	struct stat st;
	assert_int_equal(fs_open_in_root(r->fd, "new", O_CREAT | O_WRONLY, &fd, &r->err), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void
existence_is_of_the_name(void **state)
{
	struct room *r = *state;
	assert_int_equal(symlinkat("nowhere", r->fd, "dangling"), 0);
	assert_int_equal(symlinkat(".", r->fd, "here"), 0);
	assert_true(fs_exists(in(r, "dangling")));
	assert_false(fs_is_dir(in(r, "dangling")));
	assert_true(fs_is_dir(in(r, "here")));
	assert_false(fs_exists(in(r, "none")));
}

/* ---- locks ---- */

static void
a_held_lock_is_busy_until_it_is_closed(void **state)
{
	struct room *r = *state;
	int first = -1, second = -1;
	assert_int_equal(fs_lock(in(r, "lock"), false, &first, &r->err), 0);
	assert_int_equal(fs_lock(in(r, "lock"), false, &second, &r->err), -DD_EBUSY);
	assert_message_has(r, "cannot lock");
	assert_int_equal(second, -1);
	(void)close(first);
	assert_int_equal(fs_lock(in(r, "lock"), false, &second, &r->err), 0);
	(void)close(second);
	assert_int_equal(fs_lock(in(r, "none/lock"), true, &second, &r->err), -DD_ENOENT);
}

static void
who_waited_for_a_removed_lock_holds_one_that_others_find(void **state)
{
	struct room *r = *state;
	const char *path = in(r, "lock");
	int held = -1, ready[2], go[2];
	char c = 0;
	assert_int_equal(pipe(ready) | pipe(go), 0);
	assert_int_equal(fs_lock(path, true, &held, &r->err), 0);
	pid_t pid = fork();
	if (pid == 0) {
		int mine = -1;
		(void)close(held);
		(void)!write(ready[1], &c, 1);
		if (fs_lock(path, true, &mine, NULL) < 0)
			_exit(1);
		(void)!write(ready[1], &c, 1);
		(void)!read(go[0], &c, 1);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	(void)usleep(20000); /* it waits in flock by now; if not, the test is only easier */
	assert_int_equal(unlink(path), 0);
	(void)close(held);
	assert_int_equal(read(ready[0], &c, 1), 1);
	int busy = fs_lock(path, false, &held, &r->err);
	(void)!write(go[1], &c, 1);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(busy, -DD_EBUSY);
	for (int i = 0; i < 2; i++) {
		(void)close(ready[i]);
		(void)close(go[i]);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, enter, leave)

static void
an_open_directory_is_listed_like_a_path_whatever_was_read_of_it(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FD int fd = tmpdir_open_fd(dir);
	OWN(strlist) struct strlist first = {0}, again = {0}, by_path = {0};
	tmpdir_write(fd, "b", "");
	tmpdir_write(fd, "a", "");
	tmpdir_write(fd, ".c", "");
	assert_int_equal(fs_list_fd(fd, dir, &first, NULL), 0);
	assert_int_equal(fs_list_fd(fd, dir, &again, NULL), 0);
	assert_int_equal(fs_list(dir, &by_path, NULL), 0);
	assert_int_equal(first.n, 3);
	assert_int_equal(again.n, 3);
	assert_int_equal(by_path.n, 3);
	assert_string_equal(first.v[0], ".c");
	assert_string_equal(again.v[1], "a");
	assert_string_equal(by_path.v[2], "b");
	assert_string_equal(fs_name("a/b/c"), "c");
	assert_string_equal(fs_name("c"), "c");
	OWN_FD int file = openat(fd, "a", O_RDONLY | O_CLOEXEC);
	assert_int_equal(fs_list_fd(file, "a", &again, NULL), -DD_ENOENT);
}

static void
a_path_is_written_in_one_way(void **state)
{
	(void)state;
	static const struct {
		const char *path, *plain;
		bool above, is;
	} paths[] = {{"a/c", "a/c", false, true}, {"./a//b/../c", "a/c", false, false},
		{"/a/./b", "/a/b", false, false}, {"/../a", "/a", true, false},
		{"a/../../b", "b", true, false}, {"", "", false, true}, {"/", "/", false, false},
		{"..", "", true, false}, {".a/b..", ".a/b..", false, true}};
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		bool above;
		OWN_FREE char *plain = fs_plain_path(str_of(paths[i].path), &above);
		assert_string_equal(plain, paths[i].plain);
		assert_int_equal(above, paths[i].above);
		assert_int_equal(fs_is_plain_path(str_of(paths[i].path)), paths[i].is);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_written_in_one_way),
		cmocka_unit_test(an_open_directory_is_listed_like_a_path_whatever_was_read_of_it),
		T(a_file_is_appended_to_the_buffer),
		T(a_file_past_either_bound_is_refused),
		T(a_missing_file_is_named),
		T(nothing_but_a_regular_file_is_read_or_waited_for),
		T(an_atomic_write_replaces_and_leaves_nothing_beside),
		T(what_a_killed_writer_left_goes_with_the_next_write),
		T(writers_of_one_path_do_not_disturb_each_other),
		T(a_write_that_fails_keeps_the_old_content),
		T(a_write_whose_calls_fail_keeps_the_old_content),
		T(a_write_into_a_missing_directory_is_reported),
		T(missing_parents_are_made),
		T(a_file_in_the_way_of_a_directory_is_reported),
		T(names_are_listed_in_order),
		T(joining_adds_a_slash_only_where_it_is_missing),
		T(a_tree_with_closed_directories_is_removed),
		T(links_are_removed_and_not_followed),
		T(paths_that_name_no_entry_are_not_removed),
		T(a_tree_deeper_than_any_path_is_measured_and_removed),
		T(every_file_of_a_wide_tree_counts),
		T(measuring_survives_a_tree_that_moves),
		T(links_stay_in_the_root),
		T(a_file_made_in_a_root_is_private),
		T(existence_is_of_the_name),
		T(a_held_lock_is_busy_until_it_is_closed),
		T(who_waited_for_a_removed_lock_holds_one_that_others_find),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
