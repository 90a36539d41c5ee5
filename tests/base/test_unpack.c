#include "base/unpack.h"
#include "tests/base/tmpdir.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include <cmocka.h>

/* ---- archives to order -------------------------------------------------------------------- */

struct item {
	const char *path;
	mode_t type; /* AE_IFREG, ...; 0: a hard link to `link` */
	const char *text;
	const char *link;
	mode_t mode;  /* 0: 0644, 0755 for a directory */
	int64_t size; /* 0: that of text; more: zeros behind it */
};

static int
memory_file(void)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void
write_item(struct archive *a, const struct item *it)
{
	struct archive_entry *e = archive_entry_new();
	size_t len = it->text ? strlen(it->text) : 0;
	int64_t size = it->size ? it->size : (int64_t)len;
	archive_entry_copy_pathname(e, it->path);
	archive_entry_set_filetype(e, it->type ? it->type : AE_IFREG);
	archive_entry_set_perm(e, it->mode ? it->mode : it->type == AE_IFDIR ? 0755 : 0644);
	archive_entry_set_mtime(e, 1234567890, 0);
	archive_entry_set_uid(e, 12);
	archive_entry_set_gid(e, 34);
	archive_entry_set_size(e, it->type == AE_IFREG ? size : 0);
	if (it->type == 0)
		archive_entry_copy_hardlink(e, it->link);
	else if (it->link)
		archive_entry_copy_symlink(e, it->link);
	(void)archive_write_header(a, e);
	if (it->type == AE_IFREG) {
		static const char zeros[1 << 16];
		(void)archive_write_data(a, it->text, len);
		for (int64_t left = size - (int64_t)len; left > 0; left -= (int64_t)sizeof(zeros))
			(void)archive_write_data(a, zeros,
				left < (int64_t)sizeof(zeros) ? (size_t)left : sizeof(zeros));
	}
	archive_entry_free(e);
}

static int
make_archive(int (*format)(struct archive *), int (*filter)(struct archive *),
	const struct item *items, size_t n)
{
	int fd = memory_file();
	struct archive *a = archive_write_new();
	assert_int_equal(format(a), ARCHIVE_OK);
	if (filter)
		assert_int_equal(filter(a), ARCHIVE_OK);
	assert_int_equal(archive_write_open_fd(a, fd), ARCHIVE_OK);
	for (size_t i = 0; i < n; i++)
		write_item(a, &items[i]);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

#define TAR(...) \
	make_archive(archive_write_set_format_ustar, NULL, (const struct item[]){__VA_ARGS__}, \
		sizeof((const struct item[]){__VA_ARGS__}) / sizeof(struct item))
#define FILE_(p, t) \
	{ \
		.path = (p), .type = AE_IFREG, .text = (t) \
	}
#define DIR_(p) \
	{ \
		.path = (p), .type = AE_IFDIR \
	}
#define SYM(p, l) \
	{ \
		.path = (p), .type = AE_IFLNK, .link = (l) \
	}
#define HARD(p, l) \
	{ \
		.path = (p), .link = (l) \
	}

/* A place to unpack into, with something beside it that must stay as it is. */
struct place {
	char *dir;
	int fd;	  /* dir */
	int dest; /* dir/dest */
};

static void
place_cleanup(struct place *p)
{
	(void)close(p->fd);
	(void)close(p->dest);
	tmpdir_remove(p->dir);
}

static struct place
place_create(void)
{
	struct place p = {.dir = tmpdir_create()};
	p.fd = tmpdir_open_fd(p.dir);
	assert_int_equal(mkdirat(p.fd, "dest", 0755), 0);
	assert_int_equal(mkdirat(p.fd, "outside", 0755), 0);
	tmpdir_write(p.fd, "outside/precious", "untouched");
	p.dest = openat(p.fd, "dest", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(p.fd >= 0 && p.dest >= 0);
	return p;
}

/* The directory outside still holds its one file, unchanged and without a second name. */
static void
assert_nothing_outside(const struct place *p)
{
	OWN_FREE char *text = tmpdir_read(p->fd, "outside/precious");
	assert_non_null(text);
	assert_string_equal(text, "untouched");
	OWN_FREE char *dir = mem_printf("%s/outside", p->dir);
	struct dirent **names;
	int n = scandir(dir, &names, NULL, NULL);
	assert_int_equal(n, 3);
	while (n)
		free(names[--n]);
	free(names);
	struct stat st;
	assert_int_equal(fstatat(p->fd, "outside/precious", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_nlink, 1);
	assert_false(tmpdir_has(p->fd, "x"));
}

/* Unpack an archive that has to be refused with this code and these words; closes fd. */
static void
assert_refused(int fd, const struct unpack_opts *opts, enum dd_code code, const char *words)
{
	OWN(place) struct place p = place_create();
	OWN(dd_err) struct dd_err err = {0};
	struct unpack_result r;
	int rc = unpack_to(fd, p.dest, opts, &r, &err);
	if (rc != -(int)code)
		fail_msg("%d instead of %d: %s", rc, -(int)code, err_msg(&err));
	if (!strstr(err_msg(&err), words))
		fail_msg("'%s' does not say '%s'", err_msg(&err), words);
	assert_nothing_outside(&p);
	(void)close(fd);
}

static void
unpack_ok(int fd, int dest, const struct unpack_opts *opts, struct unpack_result *r)
{
	OWN(dd_err) struct dd_err err = {0};
	if (unpack_to(fd, dest, opts, r, &err))
		fail_msg("%s", err_msg(&err));
}

static void
assert_text(int dir, const char *path, const char *want)
{
	OWN_FREE char *text = tmpdir_read(dir, path);
	if (!text)
		fail_msg("no file %s", path);
	assert_string_equal(text, want);
}

/* ---- what should work --------------------------------------------------------------------- */

static void
every_allowed_format_and_filter_gives_the_same_tree(void **state)
{
	(void)state;
	static int (*const formats[])(struct archive *) = {archive_write_set_format_pax,
		archive_write_set_format_gnutar, archive_write_set_format_ustar,
		archive_write_set_format_zip};
	static int (*const filters[])(struct archive *) = {NULL, archive_write_add_filter_gzip,
		archive_write_add_filter_xz, archive_write_add_filter_bzip2,
		archive_write_add_filter_zstd};
	const struct item items[] = {DIR_("d/"), FILE_("d/a", "hello"), FILE_("e/f/g", "deep"),
		SYM("s", "d/a"), HARD("h", "d/a"),
		{.path = "run", .type = AE_IFREG, .text = "#!/bin/sh\n", .mode = 0755}};
	for (size_t f = 0; f < 4; f++)
		for (size_t c = 0; c < (f == 3 ? 1 : 5); c++) {
			bool zip = f == 3;
			OWN(place) struct place p = place_create();
			OWN_FD int fd = make_archive(formats[f], filters[c], items, 6);
			OWN(unpack_result) struct unpack_result r = {0};
			unpack_ok(fd, p.dest, NULL, &r);
			assert_text(p.dest, "d/a", "hello");
			assert_text(p.dest, "e/f/g", "deep");
			char link[16] = {0};
			assert_int_equal(readlinkat(p.dest, "s", link, 15), 3);
			assert_string_equal(link, "d/a");
			struct stat st;
			assert_int_equal(fstatat(p.dest, "d/a", &st, 0), 0);
			assert_int_equal(st.st_mtime, 1234567890);
			assert_int_equal(st.st_mode, S_IFREG | 0644);
			assert_int_equal(st.st_nlink, zip ? 1 : 2);
			assert_int_equal(st.st_uid, geteuid());
			assert_int_equal(fstatat(p.dest, "run", &st, 0), 0);
			assert_int_equal(st.st_mode, S_IFREG | 0755);
			assert_int_equal(fstatat(p.dest, "d", &st, 0), 0);
			assert_int_equal(st.st_mtime, 1234567890);
			assert_int_equal(r.symlinks, 1);
			assert_int_equal(r.hardlinks, zip ? 0 : 1);
			assert_int_equal(r.dirs, 1);
		}
}

static void
names_are_kept_byte_for_byte(void **state)
{
	(void)state;
	/* Decomposed and composed e-acute, and Latin-1; pax stores the first two as UTF-8 records.
	 */
	const struct item items[] = {
		FILE_("e\xcc\x81", "1"), FILE_("\xc3\xa9", "2"), FILE_("tab\there", "3")};
	OWN(place) struct place p = place_create();
	OWN_FD int fd = make_archive(archive_write_set_format_pax, NULL, items, 3);
	OWN_FD int latin = TAR(FILE_("\xe9", "4"));
	OWN(unpack_result) struct unpack_result r = {0}, r2 = {0};
	unpack_ok(fd, p.dest, NULL, &r);
	unpack_ok(latin, p.dest, NULL, &r2);
	assert_text(p.dest, "e\xcc\x81", "1");
	assert_text(p.dest, "\xc3\xa9", "2");
	assert_text(p.dest, "tab\there", "3");
	assert_text(p.dest, "\xe9", "4");
}

static void
zip_names_in_utf8_are_kept_whatever_the_locale(void **state)
{
	(void)state;
	/* A stored entry with the UTF-8 flag (APPNOTE.TXT 4.4.4, bit 11). */
	static const unsigned char zip[] =
		"PK\3\4\x0a\0\0\x08\0\0\0\0\x21\0\0\0\0\0\0\0\0\0\0\0\0\0"
		"\2\0\0\0\xc3\xa9"
		"PK\1\2\x0a\3\x0a\0\0\x08\0\0\0\0\x21\0\0\0\0\0\0\0\0\0\0\0\0\0"
		"\2\0\0\0\0\0\0\0\0\0\0\0\xa4\x81\0\0\0\0\xc3\xa9"
		"PK\5\6\0\0\0\0\1\0\1\0\x30\0\0\0\x20\0\0\0\0\0";
	OWN(place) struct place p = place_create();
	OWN_FD int fd = memory_file();
	assert_int_equal(write(fd, zip, sizeof(zip) - 1), sizeof(zip) - 1);
	(void)lseek(fd, 0, SEEK_SET);
	OWN(unpack_result) struct unpack_result r = {0};
	unpack_ok(fd, p.dest, NULL, &r);
	assert_text(p.dest, "\xc3\xa9", "");
}

static void
set_id_bits_go_unless_asked_for(void **state)
{
	(void)state;
	const struct item items[] = {{.path = "su", .type = AE_IFREG, .text = "x", .mode = 06777},
		{.path = "d", .type = AE_IFDIR, .mode = 03777},
		{.path = "secret", .type = AE_IFREG, .text = "x", .mode = 01000}};
	OWN(place) struct place p = place_create();
	OWN_FD int fd = make_archive(archive_write_set_format_ustar, NULL, items, 3);
	OWN(unpack_result) struct unpack_result r = {0}, r2 = {0};
	unpack_ok(fd, p.dest, NULL, &r);
	struct stat st;
	assert_int_equal(fstatat(p.dest, "su", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(fstatat(p.dest, "d", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 01755);
	assert_int_equal(fstatat(p.dest, "secret", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0400);

	(void)lseek(fd, 0, SEEK_SET);
	unpack_ok(fd, p.dest, &(struct unpack_opts){.keep_setid = true}, &r2);
	assert_int_equal(fstatat(p.dest, "su", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 06755);
}

static void
owners_are_kept_for_images(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("# only root may give files away\n");
		skip();
	}
	OWN(place) struct place p = place_create();
	OWN_FD int fd = TAR(DIR_("d"), FILE_("d/a", "x"), SYM("d/s", "a"));
	OWN(unpack_result) struct unpack_result r = {0};
	unpack_ok(fd, p.dest, &(struct unpack_opts){.keep_owners = true}, &r);
	static const char *const paths[] = {"d", "d/a", "d/s"};
	for (size_t i = 0; i < 3; i++) {
		struct stat st;
		assert_int_equal(fstatat(p.dest, paths[i], &st, AT_SYMLINK_NOFOLLOW), 0);
		assert_int_equal(st.st_uid, 12);
		assert_int_equal(st.st_gid, 34);
	}
}

static void
read_only_directories_are_filled_before_they_close(void **state)
{
	(void)state;
	const struct item items[] = {{.path = "a", .type = AE_IFDIR, .mode = 0500},
		{.path = "a/b", .type = AE_IFDIR, .mode = 0500}, FILE_("a/b/c", "x")};
	OWN(place) struct place p = place_create();
	OWN_FD int fd = make_archive(archive_write_set_format_ustar, NULL, items, 3);
	OWN(unpack_result) struct unpack_result r = {0};
	unpack_ok(fd, p.dest, &(struct unpack_opts){.keep_owners = geteuid() == 0}, &r);
	assert_text(p.dest, "a/b/c", "x");
	struct stat st;
	assert_int_equal(fstatat(p.dest, "a/b", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, geteuid() == 0 ? 0500 : 0700);
	assert_int_equal(st.st_mtime, 1234567890);
}

static void
a_common_directory_is_stripped_only_if_it_holds_everything(void **state)
{
	(void)state;
	const struct unpack_opts strip = {.strip_common_dir = true};
	OWN(place) struct place p = place_create(), q = place_create(), s = place_create();
	OWN_FD int one = TAR(DIR_("./"), DIR_("x-1"), FILE_("x-1/x-1", "same name"), DIR_("x-1/d"),
		FILE_("x-1/d/f", "f"), FILE_("x-1/.hidden", "h"));
	OWN(unpack_result) struct unpack_result r = {0}, r2 = {0}, r3 = {0};
	unpack_ok(one, p.dest, &strip, &r);
	assert_string_equal(r.common_dir, "x-1");
	assert_text(p.dest, "x-1", "same name");
	assert_text(p.dest, "d/f", "f");
	assert_text(p.dest, ".hidden", "h");
	assert_false(tmpdir_has(p.dest, ".unpack-0"));
	struct stat st;
	assert_int_equal(fstatat(p.dest, "d", &st, 0), 0);
	assert_int_equal(st.st_mtime, 1234567890);

	OWN_FD int two = TAR(FILE_("a/f", "1"), FILE_("b", "2"));
	unpack_ok(two, q.dest, &strip, &r2);
	assert_null(r2.common_dir);
	assert_text(q.dest, "a/f", "1");

	OWN_FD int only_file = TAR(FILE_("f", "1"));
	unpack_ok(only_file, s.dest, &strip, &r3);
	assert_null(r3.common_dir);
	assert_text(s.dest, "f", "1");
}

static void
later_entries_replace_earlier_ones(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create();
	OWN_FREE char *precious = mem_printf("%s/outside/precious", p.dir);
	OWN_FD int fd = TAR(FILE_("a", "old and long"), FILE_("a", "new"), FILE_("keep", "k"),
		HARD("b", "keep"), FILE_("b", "not keep"), SYM("l", precious), FILE_("l", "mine"));
	OWN(unpack_result) struct unpack_result r = {0};
	unpack_ok(fd, p.dest, NULL, &r);
	assert_text(p.dest, "a", "new");
	assert_text(p.dest, "keep", "k");
	assert_text(p.dest, "b", "not keep");
	assert_text(p.dest, "l", "mine");
	assert_nothing_outside(&p);
}

static void
specials_are_left_out_and_recorded_on_request(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create();
	const struct item items[] = {{.path = "dev/null", .type = AE_IFCHR},
		{.path = "pipe", .type = AE_IFIFO}, FILE_("f", "x")};
	OWN_FD int fd = make_archive(archive_write_set_format_ustar, NULL, items, 3);
	OWN(unpack_result) struct unpack_result r = {0};
	unpack_ok(fd, p.dest, &(struct unpack_opts){.skip_special = true}, &r);
	assert_int_equal(r.nskipped, 2);
	assert_string_equal(r.skipped.v[0], "dev/null");
	assert_false(tmpdir_has(p.dest, "pipe"));
	assert_text(p.dest, "f", "x");
}

static void
a_root_file_systems_own_links_are_followed_inside_it(void **state)
{
	(void)state;
	const struct unpack_opts root = {.in_root = true};
	OWN(place) struct place p = place_create();
	assert_int_equal(mkdirat(p.dest, "usr", 0755), 0);
	assert_int_equal(mkdirat(p.dest, "usr/bin", 0755), 0);
	assert_int_equal(symlinkat("usr/bin", p.dest, "bin"), 0);
	assert_int_equal(symlinkat("/usr/bin", p.dest, "abs"), 0);
	assert_int_equal(symlinkat("../../../../../outside", p.dest, "up"), 0);
	OWN_FD int fd = TAR(DIR_("bin/"), FILE_("bin/sh", "sh"), FILE_("abs/ls", "ls"));
	OWN(unpack_result) struct unpack_result r = {0}, r2;
	unpack_ok(fd, p.dest, &root, &r);
	assert_text(p.dest, "usr/bin/sh", "sh");
	assert_text(p.dest, "usr/bin/ls", "ls");

	/* ".." stops at the root, where there is no such directory. */
	OWN_FD int out = TAR(FILE_("up/precious", "overwritten"));
	assert_int_not_equal(unpack_to(out, p.dest, &root, &r2, NULL), 0);
	assert_nothing_outside(&p);
}

/* ---- what must not work ------------------------------------------------------------------- */

static void
paths_that_climb_are_refused(void **state)
{
	(void)state;
	static const char *const paths[] = {
		"../x", "a/../../x", "..", "a/..", "./../x", "a/./.././../x"};
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		assert_refused(TAR(FILE_(paths[i], "bad")), NULL, DD_EINVAL, "'..'");
	assert_refused(make_archive(archive_write_set_format_zip, NULL,
			       (const struct item[]){FILE_("../x", "bad")}, 1),
		NULL, DD_EINVAL, "'..'");
	assert_refused(
		TAR(DIR_("../x")), &(struct unpack_opts){.in_root = true}, DD_EINVAL, "'..'");
}

static void
absolute_paths_are_refused(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create();
	OWN_FREE char *abs = mem_printf("%s/outside/new", p.dir);
	assert_refused(TAR(FILE_(abs, "bad")), NULL, DD_EINVAL, "absolute");
	OWN_FREE char *slashes = mem_printf("//%s/outside/new", p.dir);
	assert_refused(TAR(FILE_(slashes, "bad")), NULL, DD_EINVAL, "absolute");
	assert_nothing_outside(&p);
}

static void
nothing_is_written_through_a_link(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create();
	OWN_FREE char *out = mem_printf("%s/outside", p.dir);
	const struct {
		int fd;
		const char *words;
	} cases[] = {
		{TAR(SYM("l", out), FILE_("l/new", "bad")), "symbolic link"},
		{TAR(SYM("l", "../outside"), FILE_("l/new", "bad")), "symbolic link"},
		{TAR(SYM("l", "../outside"), DIR_("l/")), "symbolic link"},
		{TAR(SYM("l", "../outside"), DIR_("l/sub")), "symbolic link"},
		{TAR(SYM("l", "../outside"), SYM("l/s", "x")), "symbolic link"},
		{TAR(FILE_("f", "x"), SYM("l", "../outside"), HARD("l/h", "f")), "symbolic link"},
		{TAR(DIR_("d"), SYM("d/l", "."), SYM("d/m", "l/../../outside"),
			 FILE_("d/m/new", "bad")),
			"symbolic link"},
		{TAR(SYM("l", "inside"), DIR_("inside"), FILE_("l/new", "bad")), "symbolic link"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		OWN(dd_err) struct dd_err err = {0};
		struct unpack_result r;
		OWN_FREE char *name = mem_printf("case%zu", i);
		assert_int_equal(mkdirat(p.fd, name, 0755), 0);
		OWN_FD int dest = openat(p.fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_int_equal(unpack_to(cases[i].fd, dest, NULL, &r, &err), -DD_EINVAL);
		assert_non_null(strstr(err_msg(&err), cases[i].words));
		assert_nothing_outside(&p);
		(void)close(cases[i].fd);
	}
}

static void
hard_links_stay_inside_and_end_at_files(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create();
	OWN_FREE char *abs = mem_printf("%s/outside/precious", p.dir);
	assert_refused(TAR(HARD("h", abs)), NULL, DD_EINVAL, "absolute");
	assert_refused(TAR(HARD("h", "../outside/precious")), NULL, DD_EINVAL, "'..'");
	assert_refused(TAR(SYM("l", "../outside"), HARD("h", "l/precious")), NULL, DD_EINVAL,
		"symbolic link");
	assert_refused(TAR(SYM("l", "../outside/precious"), HARD("h", "l"), FILE_("h", "bad")),
		NULL, DD_EINVAL, "not a file");
	assert_refused(TAR(HARD("h", "missing")), NULL, DD_EINVAL, "not there");
	assert_refused(TAR(DIR_("d"), HARD("h", "d")), NULL, DD_EINVAL, "not a file");
	assert_nothing_outside(&p);
}

static void
directories_and_files_do_not_replace_each_other(void **state)
{
	(void)state;
	assert_refused(TAR(DIR_("a"), FILE_("a/b", "x"), FILE_("a", "y")), NULL, DD_EINVAL,
		"replace a directory");
	assert_refused(
		TAR(DIR_("a"), SYM("a", "../outside")), NULL, DD_EINVAL, "replace a directory");
	assert_refused(TAR(FILE_("a", "x"), DIR_("a")), NULL, DD_EINVAL, "replace a file");
	assert_refused(TAR(FILE_("a", "x"), FILE_("a/b", "y")), NULL, DD_EINVAL, "below a file");
	assert_refused(TAR(SYM(".", "x")), NULL, DD_EINVAL, "names no file");
}

static void
device_nodes_are_refused(void **state)
{
	(void)state;
	static const mode_t types[] = {AE_IFCHR, AE_IFBLK, AE_IFIFO};
	for (size_t i = 0; i < 3; i++)
		assert_refused(
			TAR({.path = "node", .type = types[i]}), NULL, DD_EINVAL, "device node");
}

static void
counts_sizes_and_depths_are_bounded(void **state)
{
	(void)state;
#define LIMIT(f, v) (&(struct unpack_opts){.limits = {.f = (v)}})
	assert_refused(TAR(FILE_("a", "12345"), FILE_("b", "67890")), LIMIT(bytes, 9), DD_ELIMIT,
		"more than 9 bytes");
	assert_refused(TAR(FILE_("a", "12345")), LIMIT(bytes, 4), DD_ELIMIT, "larger");
	assert_refused(
		TAR(DIR_("a"), DIR_("b"), DIR_("c")), LIMIT(entries, 2), DD_ELIMIT, "entries");
	assert_refused(TAR(FILE_("a/b/c/d", "x")), LIMIT(depth, 3), DD_ELIMIT, "too deep");
	assert_refused(
		TAR(FILE_("abc/defgh", "x")), LIMIT(path_bytes, 8), DD_ELIMIT, "too long a path");
	char name[400];
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_refused(make_archive(archive_write_set_format_pax, NULL,
			       (const struct item[]){FILE_(name, "x")}, 1),
		NULL, DD_ELIMIT, "too long a name");
	OWN(place) struct place p = place_create();
	OWN_FD int fits = TAR(FILE_("a", "12345"), FILE_("b", "67890"));
	OWN(unpack_result) struct unpack_result r = {0};
	unpack_ok(fits, p.dest, LIMIT(bytes, 10), &r);
	assert_int_equal(r.bytes, 10);
}

static void
compression_bombs_are_noticed_by_their_ratio(void **state)
{
	(void)state;
	const struct item bomb = {.path = "zeros", .type = AE_IFREG, .size = (int64_t)160 << 20};
	assert_refused(make_archive(archive_write_set_format_ustar, archive_write_add_filter_gzip,
			       &bomb, 1),
		NULL, DD_ELIMIT, "times its size");
	assert_refused(make_archive(archive_write_set_format_ustar, archive_write_add_filter_zstd,
			       &bomb, 1),
		NULL, DD_ELIMIT, "times its size");
	assert_refused(make_archive(archive_write_set_format_zip, NULL, &bomb, 1), NULL, DD_ELIMIT,
		"times its size");
}

/* A GNU sparse header (tar(5)): real size in octal, one block of data at its very end. */
static int
sparse_tar(const char *real_size, const char *offset)
{
	char b[4 * 512] = {0};
	memcpy(b, "sparse", 6);
	memcpy(b + 100, "0000644", 7);
	memcpy(b + 108, "0000000", 7);
	memcpy(b + 116, "0000000", 7);
	memcpy(b + 124, "00000001000", 11);
	memcpy(b + 136, "00000000000", 11);
	b[156] = 'S';
	memcpy(b + 257, "ustar  ", 8);
	memcpy(b + 386, offset, 11);
	memcpy(b + 398, "00000001000", 11);
	memcpy(b + 483, real_size, 11);
	memset(b + 148, ' ', 8);
	unsigned sum = 0;
	for (size_t i = 0; i < 512; i++)
		sum += (unsigned char)b[i];
	OWN_FREE char *text = mem_printf("%06o", sum);
	memcpy(b + 148, text, 7);
	int fd = memory_file();
	assert_int_equal(write(fd, b, sizeof(b)), sizeof(b));
	(void)lseek(fd, 0, SEEK_SET);
	return fd;
}

static void
holes_count_as_bytes_and_stay_holes(void **state)
{
	(void)state;
	/* 40 GiB apparent size from 2 KiB; and 1 MiB, which may be. */
	assert_refused(sparse_tar("500000000000", "477777777000"), NULL, DD_ELIMIT, "");
	OWN(place) struct place p = place_create();
	OWN_FD int fd = sparse_tar("00004000000", "00003777000");
	OWN(unpack_result) struct unpack_result r = {0};
	unpack_ok(fd, p.dest, NULL, &r);
	assert_int_equal(r.bytes, 1 << 20);
	struct stat st;
	assert_int_equal(fstatat(p.dest, "sparse", &st, 0), 0);
	assert_int_equal(st.st_size, 1 << 20);
	assert_true(st.st_blocks * 512 < 1 << 19);
}

static void
an_archive_cut_short_is_never_taken_for_whole(void **state)
{
	(void)state;
	char text[3000];
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = (char)('a' + (i * i) % 23);
	text[sizeof(text) - 1] = '\0';
	const struct item items[] = {FILE_("a", text), FILE_("b", "x")};
	OWN_FD int gz = make_archive(
		archive_write_set_format_ustar, archive_write_add_filter_gzip, items, 2);
	OWN_FD int zip = make_archive(archive_write_set_format_zip, NULL, items, 2);
	const int whole[] = {gz, zip};
	for (size_t k = 0; k < 2; k++) {
		off_t size = lseek(whole[k], 0, SEEK_END);
		char *bytes = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, whole[k], 0);
		assert_ptr_not_equal(bytes, MAP_FAILED);
		for (off_t n = 0; n < size - 9; n += 7) {
			OWN(place) struct place p = place_create();
			OWN_FD int fd = memory_file();
			assert_int_equal(write(fd, bytes, (size_t)n), n);
			(void)lseek(fd, 0, SEEK_SET);
			OWN(dd_err) struct dd_err err = {0};
			struct unpack_result r;
			int rc = unpack_to(fd, p.dest, NULL, &r, &err);
			if (rc != -DD_ECORRUPT && rc != -DD_EINVAL)
				fail_msg("%ld of %ld bytes: %d", (long)n, (long)size, rc);
			assert_true(err_msg(&err)[0] != '\0');
		}
		(void)munmap(bytes, (size_t)size);
	}
	OWN_FD int tar = TAR(FILE_("a", text));
	assert_int_equal(ftruncate(tar, 2000), 0);
	assert_refused(TAKE_FD(tar), NULL, DD_ECORRUPT, "runcated");
}

static void
other_formats_are_not_even_read(void **state)
{
	(void)state;
	static int (*const formats[])(struct archive *) = {archive_write_set_format_cpio_newc,
		archive_write_set_format_7zip, archive_write_set_format_iso9660,
		archive_write_set_format_xar, archive_write_set_format_ar_svr4};
	const struct item item = FILE_("f", "x");
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		assert_refused(make_archive(formats[i], NULL, &item, 1), NULL, DD_EINVAL, "");
	int text = memory_file();
	assert_int_equal(write(text, "#!/bin/sh\n", 10), 10);
	(void)lseek(text, 0, SEEK_SET);
	assert_refused(text, NULL, DD_EINVAL, "");
	assert_refused(make_archive(archive_write_set_format_ustar,
			       archive_write_add_filter_compress, &item, 1),
		NULL, DD_EINVAL, "");
}

static int
twice_gzip(struct archive *a)
{
	int r = archive_write_add_filter_gzip(a);
	return r ? r : archive_write_add_filter_gzip(a);
}

static void
nested_compression_is_refused(void **state)
{
	(void)state;
	const struct item item = FILE_("f", "x");
	assert_refused(make_archive(archive_write_set_format_ustar, twice_gzip, &item, 1), NULL,
		DD_EINVAL, "more than once");
}

/* ---- Debian packages and listing ---------------------------------------------------------- */

static void
ar_member(int to, const char *name, int from)
{
	off_t size = lseek(from, 0, SEEK_END);
	dprintf(to, "%-16s%-12d%-6d%-6d%-8o%-10ld`\n", name, 0, 0, 0, 0100644, (long)size);
	for (off_t at = 0; at < size;) {
		ssize_t n = copy_file_range(from, &at, to, NULL, (size_t)(size - at), 0);
		assert_true(n > 0);
	}
	if (size % 2)
		assert_int_equal(write(to, "\n", 1), 1);
	(void)close(from);
}

static int
make_deb(bool with_data)
{
	int deb = memory_file();
	assert_int_equal(write(deb, "!<arch>\n", 8), 8);
	int version = memory_file();
	assert_int_equal(write(version, "2.0\n", 4), 4);
	ar_member(deb, "debian-binary", version);
	const struct item control[] = {FILE_("./control", "Package: p\n")};
	ar_member(deb, "control.tar.gz",
		make_archive(
			archive_write_set_format_ustar, archive_write_add_filter_gzip, control, 1));
	const struct item data[] = {DIR_("./"), DIR_("./usr/"), FILE_("./usr/f", "content"),
		{.path = "./usr/su", .type = AE_IFREG, .text = "x", .mode = 04755}};
	if (with_data)
		ar_member(deb, "data.tar.xz",
			make_archive(archive_write_set_format_gnutar, archive_write_add_filter_xz,
				data, 4));
	(void)lseek(deb, 0, SEEK_SET);
	return deb;
}

static void
a_debian_packages_files_and_control_are_unpacked(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create();
	OWN_FD int deb = make_deb(true);
	OWN(unpack_result) struct unpack_result r = {0}, r2 = {0};
	OWN(dd_err) struct dd_err err = {0};
	assert_int_equal(unpack_deb(deb, p.dest, NULL, &r, &err), 0);
	assert_text(p.dest, "usr/f", "content");
	assert_int_equal(r.files, 2);
	struct stat st;
	assert_int_equal(fstatat(p.dest, "usr/su", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	(void)lseek(deb, 0, SEEK_SET);
	unpack_ok(deb, p.dest, &(struct unpack_opts){.kind = UNPACK_DEB_CONTROL}, &r2);
	assert_text(p.dest, "control", "Package: p\n");
}

static void
what_is_no_debian_package_is_refused(void **state)
{
	(void)state;
	const struct unpack_opts deb = {.kind = UNPACK_DEB_DATA};
	assert_refused(make_deb(false), &deb, DD_EINVAL, "data.tar");
	assert_refused(TAR(FILE_("a", "x")), &deb, DD_EINVAL, "not a Debian package");
	int cut = make_deb(true);
	assert_int_equal(ftruncate(cut, lseek(cut, 0, SEEK_END) - 60), 0);
	(void)lseek(cut, 0, SEEK_SET);
	assert_refused(cut, &deb, DD_ECORRUPT, "");
}

static bool
list_entry(void *ctx, const struct unpack_entry *e)
{
	struct buf *b = ctx;
	buf_printf(b, "%s %s %04o %lld %lld %llu %s\n", unpack_type_name(e->type), e->path,
		(unsigned)e->mode, (long long)e->uid, (long long)e->mtime_s,
		(unsigned long long)e->size, e->link ? e->link : "-");
	return !strstr(e->path, "stop");
}

static void
a_listing_shows_what_is_there_as_it_is(void **state)
{
	(void)state;
	OWN_FD int fd = TAR(DIR_("d/"), FILE_("../x", "12345"), SYM("s", "/etc"), HARD("h", "/f"),
		{.path = "n", .type = AE_IFCHR}, FILE_("stop", ""), FILE_("after", ""));
	OWN(buf) struct buf b = {0};
	OWN(dd_err) struct dd_err err = {0};
	assert_int_equal(unpack_list(fd, UNPACK_ARCHIVE, NULL, list_entry, &b, &err), 0);
	assert_string_equal(b.p, "directory d/ 0755 12 1234567890 0 -\n"
				 "file ../x 0644 12 1234567890 5 -\n"
				 "symbolic link s 0644 12 1234567890 0 /etc\n"
				 "hard link h 0644 12 1234567890 0 /f\n"
				 "special file n 0644 12 1234567890 0 -\n"
				 "file stop 0644 12 1234567890 0 -\n");
}

static bool
list_nothing(void *ctx, const struct unpack_entry *e)
{
	(void)ctx;
	(void)e;
	return true;
}

static void
a_listing_is_bounded_like_the_unpacking(void **state)
{
	(void)state;
	const struct item bomb = {.path = "zeros", .type = AE_IFREG, .size = (int64_t)160 << 20};
	OWN_FD int fd = make_archive(
		archive_write_set_format_ustar, archive_write_add_filter_gzip, &bomb, 1);
	OWN(dd_err) struct dd_err err = {0};
	assert_int_equal(
		unpack_list(fd, UNPACK_ARCHIVE, NULL, list_nothing, NULL, &err), -DD_ELIMIT);
	(void)lseek(fd, 0, SEEK_SET);
	const struct unpack_limits few = {.bytes = 1000};
	assert_int_equal(
		unpack_list(fd, UNPACK_ARCHIVE, &few, list_nothing, NULL, &err), -DD_ELIMIT);
}

/* ---- hostile bytes and hostile timing ----------------------------------------------------- */

static void
damaged_archives_never_reach_outside(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create();
	OWN_FREE char *out = mem_printf("%s/outside/precious", p.dir);
	const struct item items[] = {DIR_("d"), FILE_("d/a", "hello"), SYM("d/s", out),
		HARD("h", "d/a"), FILE_("../x", "bad"), FILE_("d/z", "more")};
	static int (*const formats[])(struct archive *) = {archive_write_set_format_pax,
		archive_write_set_format_gnutar, archive_write_set_format_zip};
	unsigned seed = 7;
	for (size_t f = 0; f < 3; f++) {
		OWN_FD int whole = make_archive(formats[f], NULL, items, 6);
		size_t size = (size_t)lseek(whole, 0, SEEK_END);
		OWN_FREE char *bytes = mem_alloc(size);
		for (int round = 0; round < 400; round++) {
			assert_int_equal(pread(whole, bytes, size, 0), size);
			for (int flips = 1 + rand_r(&seed) % 4; flips; flips--)
				bytes[(size_t)rand_r(&seed) % size] = (char)rand_r(&seed);
			OWN_FD int fd = memory_file();
			assert_int_equal(write(fd, bytes, size), size);
			(void)lseek(fd, 0, SEEK_SET);
			OWN_FREE char *name = mem_printf("dest/%zu-%d", f, round);
			assert_int_equal(mkdirat(p.fd, name, 0755), 0);
			OWN_FD int dest = openat(p.fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			OWN(unpack_result) struct unpack_result r = {0};
			const struct unpack_opts o = {
				.skip_special = true, .limits.bytes = 1 << 20};
			(void)!unpack_to(fd, dest, &o, &r, NULL);
			assert_false(tmpdir_has(p.fd, "x"));
			assert_false(tmpdir_has(p.dest, "x"));
		}
	}
	assert_nothing_outside(&p);
}

struct swapper {
	int dir;
	atomic_bool stop;
};

/* Turns the directory dest/a into a link to outside and back, as fast as it goes. */
static void *
swap_directory_and_link(void *arg)
{
	struct swapper *s = arg;
	while (!atomic_load(&s->stop))
		(void)renameat2(s->dir, "a", s->dir, "evil", RENAME_EXCHANGE);
	return NULL;
}

static void
a_link_swapped_in_meanwhile_does_not_lead_out(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create();
	assert_int_equal(mkdirat(p.dest, "a", 0755), 0);
	assert_int_equal(symlinkat("../outside", p.dest, "evil"), 0);
	/* Two directories in turn, so that each entry resolves its path anew. */
	const struct item items[] = {FILE_("a/precious", "bad"), FILE_("b/1", "x"), DIR_("a/d"),
		FILE_("b/2", "x"), FILE_("a/new", "bad"), FILE_("b/3", "x")};
	OWN_FD int fd = make_archive(archive_write_set_format_ustar, NULL, items, 6);
	struct swapper s = {.dir = p.dest};
	pthread_t t;
	assert_int_equal(pthread_create(&t, NULL, swap_directory_and_link, &s), 0);
	int refused = 0;
	for (int i = 0; i < 1500; i++) {
		OWN(unpack_result) struct unpack_result r = {0};
		(void)lseek(fd, 0, SEEK_SET);
		refused += unpack_to(fd, p.dest, NULL, &r, NULL) != 0;
	}
	atomic_store(&s.stop, true);
	(void)pthread_join(t, NULL);
	assert_true(refused > 0); /* else nothing was raced */
	assert_nothing_outside(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allowed_format_and_filter_gives_the_same_tree),
		cmocka_unit_test(names_are_kept_byte_for_byte),
		cmocka_unit_test(zip_names_in_utf8_are_kept_whatever_the_locale),
		cmocka_unit_test(set_id_bits_go_unless_asked_for),
		cmocka_unit_test(owners_are_kept_for_images),
		cmocka_unit_test(read_only_directories_are_filled_before_they_close),
		cmocka_unit_test(a_common_directory_is_stripped_only_if_it_holds_everything),
		cmocka_unit_test(later_entries_replace_earlier_ones),
		cmocka_unit_test(specials_are_left_out_and_recorded_on_request),
		cmocka_unit_test(a_root_file_systems_own_links_are_followed_inside_it),
		cmocka_unit_test(paths_that_climb_are_refused),
		cmocka_unit_test(absolute_paths_are_refused),
		cmocka_unit_test(nothing_is_written_through_a_link),
		cmocka_unit_test(hard_links_stay_inside_and_end_at_files),
		cmocka_unit_test(directories_and_files_do_not_replace_each_other),
		cmocka_unit_test(device_nodes_are_refused),
		cmocka_unit_test(counts_sizes_and_depths_are_bounded),
		cmocka_unit_test(compression_bombs_are_noticed_by_their_ratio),
		cmocka_unit_test(holes_count_as_bytes_and_stay_holes),
		cmocka_unit_test(an_archive_cut_short_is_never_taken_for_whole),
		cmocka_unit_test(other_formats_are_not_even_read),
		cmocka_unit_test(nested_compression_is_refused),
		cmocka_unit_test(a_debian_packages_files_and_control_are_unpacked),
		cmocka_unit_test(what_is_no_debian_package_is_refused),
		cmocka_unit_test(a_listing_shows_what_is_there_as_it_is),
		cmocka_unit_test(a_listing_is_bounded_like_the_unpacking),
		cmocka_unit_test(damaged_archives_never_reach_outside),
		cmocka_unit_test(a_link_swapped_in_meanwhile_does_not_lead_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
