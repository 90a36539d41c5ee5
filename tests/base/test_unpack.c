/* base/unpack on archives as they should be. */
#include "base/pack.h"
#include "tests/base/under_fault.h"
#include "tests/base/unpack_archives.h"

#include <pthread.h>
#include <signal.h>

/* ---- what should work ---- */

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
	OWN(unpack_result) struct unpack_result r = {0}, r2 = {0};
	unpack_ok(fd, p.dest, &root, &r);
	assert_text(p.dest, "usr/bin/sh", "sh");
	assert_text(p.dest, "usr/bin/ls", "ls");

	/* ".." stops at the root, where there is no such directory. */
	OWN_FD int out = TAR(FILE_("up/precious", "overwritten"));
	assert_int_not_equal(unpack_to(out, p.dest, &root, &r2, NULL), 0);
	assert_nothing_outside(&p);
}

/* ---- Debian packages and listing ---- */

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

/* ---- a disk that fails ---- */

static int
unpack_all(void *ctx, struct dd_err *err)
{
	const struct unpack_opts opts = {.strip_common_dir = true};
	struct unpack_result r = {0};
	const int *fd = ctx;
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FD int dest = tmpdir_open_fd(dir);
	if (lseek(*fd, 0, SEEK_SET) < 0)
		return err_set(err, DD_EIO, "lseek");
	int rc = unpack_to(*fd, dest, &opts, &r, err);
	unpack_result_cleanup(&r);
	return rc;
}

static void
check_entry_and_reason(void *ctx, const struct fault_outcome *o, int n)
{
	(void)ctx;
	if (o->rc != -DD_EIO || !strstr(o->msg, ": No space left on device") ||
		!strchr(o->msg, '\''))
		fail_msg("fault %d: %d, \"%s\"", n, o->rc, o->msg);
}

static void
a_full_disk_is_told_with_the_entry_whatever_call_meets_it(void **state)
{
	(void)state;
	OWN_FD int fd = TAR(DIR_("d/"), FILE_("d/f", "text"), SYM("d/s", "f"), HARD("d/h", "d/f"),
		FILE_("d/e/g", "more"));
	/* mkdir, create, write, link, link, mkdir, create, write, and the moves up */
	assert_true(under_each_fault("ENOSPC", unpack_all, &fd, check_entry_and_reason) >= 10);
	assert_true(under_each_fault("short", unpack_all, &fd, check_entry_and_reason) >= 10);
}

static int
pack_all(void *ctx, struct dd_err *err)
{
	OWN_FD int dir = tmpdir_open_fd(ctx);
	OWN_FD int out = memfd_create("stream", MFD_CLOEXEC);
	return pack_tree(dir, out, NULL, NULL, err);
}

static void
check_reason(void *ctx, const struct fault_outcome *o, int n)
{
	(void)ctx;
	(void)n;
	assert_int_equal(o->rc, -DD_EIO);
	assert_non_null(strstr(o->msg, ": Input/output error"));
}

static void
a_stream_that_cannot_be_written_is_told_with_its_reason(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FD int fd = tmpdir_open_fd(dir);
	OWN_FREE char *large = mem_zalloc(1, 100001);
	memset(large, 'x', 100000);
	tmpdir_write(fd, "file", large);
	assert_true(under_each_fault("EIO", pack_all, dir, check_reason) > 1);
}

static void *
read_a_page(void *arg)
{
	const int *fd = arg;
	char page[4096];
	assert_int_equal(read(*fd, page, sizeof(page)), sizeof(page));
	(void)close(*fd);
	return NULL;
}

/* A page holds the one file and the end marker; the padding of the last block finds nobody. */
static void
a_reader_that_goes_behind_the_end_is_no_failure(void **state)
{
	(void)state;
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FD int fd = tmpdir_open_fd(dir);
	int ends[2];
	pthread_t reader;
	struct pack_result packed = {0};
	(void)signal(SIGPIPE, SIG_IGN);
	tmpdir_write(fd, "file", "text");
	assert_int_equal(pipe(ends), 0);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, 4096) == 4096);
	assert_int_equal(pthread_create(&reader, NULL, read_a_page, &ends[0]), 0);
	assert_int_equal(pack_tree(fd, ends[1], NULL, &packed, NULL), 0);
	assert_int_equal(packed.entries, 1);
	(void)pthread_join(reader, NULL);
	(void)close(ends[1]);
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
		cmocka_unit_test(a_debian_packages_files_and_control_are_unpacked),
		cmocka_unit_test(what_is_no_debian_package_is_refused),
		cmocka_unit_test(a_listing_shows_what_is_there_as_it_is),
		cmocka_unit_test(a_listing_is_bounded_like_the_unpacking),
		cmocka_unit_test(a_full_disk_is_told_with_the_entry_whatever_call_meets_it),
		cmocka_unit_test(a_stream_that_cannot_be_written_is_told_with_its_reason),
		cmocka_unit_test(a_reader_that_goes_behind_the_end_is_no_failure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
