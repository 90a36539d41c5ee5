/* base/unpack on archives that mean harm; tests/run.sh starts it inside the sandbox. */
#include "tests/base/unpack_archives.h"

/* ---- what must not work ---- */

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

/* ---- hostile bytes and hostile timing ---- */

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
		cmocka_unit_test(damaged_archives_never_reach_outside),
		cmocka_unit_test(a_link_swapped_in_meanwhile_does_not_lead_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
