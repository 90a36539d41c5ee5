/* base/layer_unpack on layers that mean harm; tests/run.sh starts it inside the sandbox. */
#include "tests/base/layer_archives.h"

static void
paths_that_climb_or_are_absolute_are_refused(void **state)
{
	(void)state;
	layer_refused(TAR(FILE_("../x", "bad")), NULL, DD_EINVAL, "'..'");
	layer_refused(TAR(FILE_("a/../../x", "bad")), NULL, DD_EINVAL, "'..'");
	layer_refused(TAR(DIR_("..")), NULL, DD_EINVAL, "'..'");
	layer_refused(TAR(FILE_("/etc/x", "bad")), NULL, DD_EINVAL, "absolute");
	layer_refused(TAR(FILE_("../.wh.precious", "")), NULL, DD_EINVAL, "'..'");
	layer_refused(TAR(FILE_("/.wh.precious", "")), NULL, DD_EINVAL, "absolute");
}

static void
nothing_is_written_through_a_link(void **state)
{
	(void)state;
	layer_refused(TAR(SYM("l", "../outside"), FILE_("l/new", "bad")), NULL, DD_EINVAL,
		"symbolic link");
	layer_refused(
		TAR(SYM("l", "../outside"), DIR_("l")), NULL, DD_EINVAL, "would replace a file");
	layer_refused(TAR(SYM("l", "../outside"), FILE_("l/.wh..wh..opq", "")), NULL, DD_EINVAL,
		"not a directory");
	layer_refused(TAR(FILE_("f", "x"), SYM("l", "../outside"), HARD("l/h", "f")), NULL,
		DD_EINVAL, "symbolic link");
	layer_refused(TAR(DIR_("in"), SYM("l", "in"), FILE_("l/new", "bad")), NULL, DD_EINVAL,
		"symbolic link");
	/* A whiteout there says nothing, and does nothing. */
	OWN(place) struct place p = place_create();
	OWN(layer_unpack_result) struct layer_unpack_result r = {0};
	OWN_FD int fd = TAR(SYM("l", "../outside"), FILE_("l/.wh.precious", ""));
	layer_ok(fd, p.dest, NULL, &r);
	assert_int_equal(r.whiteouts, 0);
	assert_nothing_outside(&p);
}

static void
hard_links_stay_in_the_layer(void **state)
{
	(void)state;
	layer_refused(TAR(HARD("h", "../outside/precious")), NULL, DD_EINVAL, "'..'");
	layer_refused(TAR(HARD("h", "/etc/passwd")), NULL, DD_EINVAL, "absolute");
	layer_refused(TAR(HARD("h", "later"), FILE_("later", "x")), NULL, DD_EINVAL, "hard link");
	layer_refused(TAR(HARD("h", "h")), NULL, DD_EINVAL, "itself");
	layer_refused(TAR(HARD("h", ".")), NULL, DD_EINVAL, "no file");
	layer_refused(TAR(DIR_("d"), HARD("h", "d")), NULL, DD_EINVAL, "not a file");
	layer_refused(
		TAR(SYM("l", "../outside"), HARD("h", "l/precious")), NULL, DD_EINVAL, "hard link");
	/* A link that is linked is another link, and what it names stays untouched. */
	OWN(place) struct place p = place_create();
	OWN(layer_unpack_result) struct layer_unpack_result r = {0};
	OWN_FD int fd = TAR(SYM("l", "../outside/precious"), HARD("h", "l"));
	layer_ok(fd, p.dest, NULL, &r);
	assert_int_equal(manifest_find(&r.manifest, "h")->type, MANIFEST_SYMLINK);
	assert_nothing_outside(&p);
}

static void
a_path_has_one_entry(void **state)
{
	(void)state;
	layer_refused(TAR(FILE_("a", "x"), FILE_("a", "y")), NULL, DD_EINVAL, "twice");
	layer_refused(TAR(FILE_("a", "x"), FILE_("./a", "y")), NULL, DD_EINVAL, "twice");
	layer_refused(TAR(FILE_("a", "x"), SYM("a", "y")), NULL, DD_EINVAL, "twice");
	layer_refused(
		TAR(FILE_("a", "x"), FILE_("b", "y"), HARD("a", "b")), NULL, DD_EINVAL, "twice");
	layer_refused(TAR(FILE_("a", "x"), DIR_("a")), NULL, DD_EINVAL, "would replace");
	layer_refused(TAR(DIR_("a"), FILE_("a", "x")), NULL, DD_EINVAL, "would replace");
	layer_refused(TAR(FILE_("a/b", "x"), FILE_("a", "x")), NULL, DD_EINVAL, "would replace");
	layer_refused(TAR(FILE_("a", "x"), FILE_("a/b", "x")), NULL, DD_EINVAL, "below a file");
}

static void
devices_are_refused(void **state)
{
	(void)state;
	layer_refused(PAX({.path = "null", .type = AE_IFCHR}), NULL, DD_EINVAL, "device");
	layer_refused(PAX({.path = "sda", .type = AE_IFBLK}), NULL, DD_EINVAL, "device");
	layer_refused(PAX({.path = "fifo", .type = AE_IFIFO}), NULL, DD_EINVAL, "FIFO");
	/* Not even as a whiteout of overlay's kind. */
	layer_refused(PAX({.path = "wh", .type = AE_IFCHR, .mode = 0}), NULL, DD_EINVAL, "device");
	layer_refused(PAX({.path = ".wh.x", .type = AE_IFCHR}), NULL, DD_EINVAL, "whiteout");
}

static void
whiteouts_are_empty_files_of_something(void **state)
{
	(void)state;
	layer_refused(TAR(FILE_(".wh.", "")), NULL, DD_EINVAL, "of nothing");
	layer_refused(TAR(FILE_(".wh..", "")), NULL, DD_EINVAL, "of nothing");
	layer_refused(TAR(FILE_("a/.wh...", "")), NULL, DD_EINVAL, "of nothing");
	layer_refused(TAR(FILE_(".wh..wh.plnk", "")), NULL, DD_EINVAL, "of nothing");
	layer_refused(TAR(FILE_(".wh.x", "text")), NULL, DD_EINVAL, "empty file");
	layer_refused(TAR(DIR_(".wh.x")), NULL, DD_EINVAL, "empty file");
	layer_refused(TAR(SYM(".wh.x", "y")), NULL, DD_EINVAL, "empty file");
	layer_refused(TAR(FILE_(".wh.x/y", "")), NULL, DD_EINVAL, "below a whiteout");
	layer_refused(TAR(FILE_("a/.wh.x/y", "")), NULL, DD_EINVAL, "below a whiteout");
}

static void
overlays_own_attributes_are_refused(void **state)
{
	(void)state;
	static const char *const names[] = {"user.overlay.opaque", "user.overlay.whiteout",
		"user.overlay.redirect", "trusted.overlay.opaque", "user.overlay.overlay.opaque"};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		layer_refused(PAX({.path = "d", .type = AE_IFDIR, .xattr = names[i], .value = "y"}),
			NULL, DD_EINVAL, "overlayfs's own");
		layer_refused(
			PAX({.path = "f", .type = AE_IFREG, .xattr = names[i], .value = "/etc"}),
			NULL, DD_EINVAL, "overlayfs's own");
	}
	layer_refused(PAX({.path = "f", .type = AE_IFREG, .xattr = "nonsense", .value = "y"}), NULL,
		DD_EINVAL, "no proper name");
	OWN_FREE char *large = mem_zalloc(70001, 1);
	memset(large, 'v', 70000);
	layer_refused(PAX({.path = "f", .type = AE_IFREG, .xattr = "user.a", .value = large}), NULL,
		DD_ELIMIT, "attributes");
}

/* ---- what readers of tar take differently ---- */

static void
names_with_a_nul_are_refused(void **state)
{
	(void)state;
	OWN(buf) struct buf b = {0};
	layer_refused(pax_archive("path", "etc/pass\0wd", 11, "x", '0'), NULL, DD_EINVAL, "NUL");
	layer_refused(pax_archive("linkpath", "a\0b", 3, "x", '2'), NULL, DD_EINVAL, "NUL");
	raw_header(&b, "././@LongLink", 'L', 10);
	raw_content(&b, "abc\0defgh", 10);
	raw_header(&b, "x", '0', 0);
	layer_refused(raw_archive(&b), NULL, DD_EINVAL, "NUL");
	/* One that is well ended is fine. */
	OWN(place) struct place p = place_create();
	OWN(layer_unpack_result) struct layer_unpack_result r = {0};
	raw_header(&b, "././@LongLink", 'L', 4);
	raw_content(&b, "abc", 4);
	raw_header(&b, "x", '0', 0);
	OWN_FD int fd = raw_archive(&b);
	layer_ok(fd, p.dest, NULL, &r);
	assert_true(tmpdir_has(p.dest, "abc"));
}

static void
malformed_records_are_refused(void **state)
{
	(void)state;
	static const char *const records[] = {"", "x", "9999 path=a\n", "5 a=\n\n", "8 path=a\n",
		"0 path=a\n", "10 pathaaa\n", "-1 path=a\n", "11 path=abc "};
	for (size_t i = 1; i < sizeof(records) / sizeof(*records); i++) {
		OWN(buf) struct buf b = {0};
		raw_header(&b, "PaxHeader", 'x', strlen(records[i]));
		raw_content(&b, records[i], strlen(records[i]));
		raw_header(&b, "x", '0', 0);
		layer_refused(raw_archive(&b), NULL, DD_EINVAL, "pax record");
	}
	layer_refused(pax_archive("size", "-5", 2, "x", '0'), NULL, DD_EINVAL, "size");
	layer_refused(pax_archive("path", "", 0, "x", '0'), NULL, DD_EINVAL, "no value");
	layer_refused(
		pax_archive("GNU.sparse.major", "1", 1, "x", '0'), NULL, DD_EUNSUPPORTED, "sparse");
}

static void
rare_kinds_of_entries_are_refused(void **state)
{
	(void)state;
	static const char types[] = "SMDNVX8A";
	for (size_t i = 0; types[i]; i++) {
		OWN(buf) struct buf b = {0};
		raw_header(&b, "x", types[i], 0);
		layer_refused(raw_archive(&b), NULL, DD_EUNSUPPORTED, "type");
	}
	OWN(buf) struct buf b = {0}, text = {0};
	raw_record(&text, "path", "other", 5);
	raw_header(&b, "PaxHeader", 'g', text.n);
	raw_content(&b, text.p, text.n);
	raw_header(&b, "x", '0', 0);
	layer_refused(raw_archive(&b), NULL, DD_EUNSUPPORTED, "global");
	raw_header(&b, "x", '0', 0);
	raw_header(&b, "h", '1', 512);
	raw_content(&b, "y", 1);
	layer_refused(raw_archive(&b), NULL, DD_EINVAL, "content of its own");
}

static void
damaged_headers_are_refused(void **state)
{
	(void)state;
	OWN(buf) struct buf b = {0};
	raw_header(&b, "x", '0', 0);
	raw_header(&b, "y", '0', 0);
	b.p[512] ^= 1;
	layer_refused(raw_archive(&b), NULL, DD_ECORRUPT, "damaged");
}

/* ---- bounds ---- */

static void
counts_sizes_and_names_are_bounded(void **state)
{
	(void)state;
	char name[300];
	memset(name, 'n', 299);
	name[299] = '\0';
	const struct layer_unpack_spec two = {.limits = {.entries = 2}};
	const struct layer_unpack_spec small = {.limits = {.bytes = 1000}};
	layer_refused(TAR(FILE_("a", ""), FILE_("b", ""), FILE_("c", "")), &two, DD_ELIMIT,
		"more than 2 entries");
	layer_refused(TAR({.path = "a", .type = AE_IFREG, .size = 1001}), &small, DD_ELIMIT,
		"more than 1000 bytes");
	layer_refused(TAR({.path = "a", .type = AE_IFREG, .size = 600},
			      {.path = "b", .type = AE_IFREG, .size = 600}),
		&small, DD_ELIMIT, "more than 1000 bytes");
	layer_refused(PAX(FILE_(name, "x")), NULL, DD_ELIMIT, "too long a name");
	layer_refused(PAX(SYM("l", name)),
		&(struct layer_unpack_spec){.limits = {.path_bytes = 200}}, DD_ELIMIT, "too long");
	OWN(buf) struct buf deep = {0};
	for (int i = 0; i < 140; i++)
		buf_puts(&deep, "d/");
	layer_refused(PAX(FILE_(deep.p, "x")), NULL, DD_ELIMIT, "too deep");
	OWN(buf) struct buf b = {0};
	OWN_FREE char *large = mem_zalloc((size_t)2 << 20, 1);
	raw_header(&b, "PaxHeader", 'x', (size_t)2 << 20);
	raw_content(&b, large, (size_t)2 << 20);
	layer_refused(raw_archive(&b), NULL, DD_ELIMIT, "extended header");
}

/* gzip of n zero blocks behind what is in b */
static int
bomb(struct buf *b, size_t megabytes)
{
	int fd = memory_file();
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();
	OWN_FREE char *zeros = mem_zalloc((size_t)1 << 20, 1);
	archive_entry_set_pathname(e, "data");
	archive_entry_set_filetype(e, AE_IFREG);
	(void)archive_write_set_format_raw(a);
	(void)archive_write_add_filter_gzip(a);
	(void)archive_write_set_bytes_in_last_block(a, 1);
	assert_int_equal(archive_write_open_fd(a, fd), ARCHIVE_OK);
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, b->p, b->n), (la_ssize_t)b->n);
	for (size_t i = 0; i < megabytes; i++)
		(void)archive_write_data(a, zeros, (size_t)1 << 20);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_entry_free(e);
	archive_write_free(a);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void
bombs_are_noticed_wherever_they_are(void **state)
{
	(void)state;
	OWN(buf) struct buf b = {0};
	raw_header(&b, "zeros", '0', (size_t)300 << 20);
	layer_refused(bomb(&b, 300), NULL, DD_ELIMIT, "times its size");
	/* Behind the end of the archive, where no entry counts them. */
	buf_reset(&b);
	raw_header(&b, "x", '0', 0);
	layer_refused(bomb(&b, 300), NULL, DD_ELIMIT, "times its size");
	buf_reset(&b);
	raw_header(&b, "x", '0', 0);
	const struct layer_unpack_spec small = {
		.limits = {.bytes = 1 << 20, .entries = 10, .ratio = 4000000}};
	layer_refused(bomb(&b, 100), &small, DD_ELIMIT, "expands to more than");
}

static void
a_layer_cut_short_is_never_taken_for_whole(void **state)
{
	(void)state;
	const struct item items[] = {FILE_("a", "hello"), FILE_("b", "world")};
	for (int packed = 0; packed < 2; packed++) {
		OWN_FD int whole = make_archive(archive_write_set_format_ustar,
			packed ? archive_write_add_filter_gzip : NULL, items, 2);
		struct stat st;
		struct hash_hex digest;
		assert_int_equal(hash_fd(whole, &digest, NULL, NULL), 0);
		assert_int_equal(fstat(whole, &st), 0);
		for (off_t n = 1; n < st.st_size; n += packed ? 1 : 100) {
			OWN(place) struct place p = place_create();
			OWN(layer_unpack_result) struct layer_unpack_result r = {0};
			OWN_FREE char *part = mem_alloc((size_t)n);
			OWN_FD int fd = memory_file();
			assert_int_equal(pread(whole, part, (size_t)n, 0), n);
			assert_int_equal(write(fd, part, (size_t)n), n);
			(void)lseek(fd, 0, SEEK_SET);
			const struct layer_unpack_spec spec = {.blob_digest = digest.s};
			assert_int_not_equal(layer_unpack(fd, p.dest, &spec, &r, NULL), 0);
		}
	}
}

static void
nested_compression_and_other_formats_are_refused(void **state)
{
	(void)state;
	OWN_FD int inner = make_archive(archive_write_set_format_ustar,
		archive_write_add_filter_gzip, (const struct item[]){FILE_("a", "x")}, 1);
	OWN(buf) struct buf b = {0};
	char chunk[65536];
	for (ssize_t n; (n = read(inner, chunk, sizeof(chunk))) > 0;)
		buf_add(&b, chunk, (size_t)n);
	layer_refused(bomb(&b, 0), NULL, DD_EINVAL, "more than once");
	layer_refused(make_archive(archive_write_set_format_zip, NULL,
			      (const struct item[]){FILE_("a", "x")}, 1),
		NULL, DD_EINVAL, "not a tar");
}

/* Every byte of a small layer changed in turn: whatever comes of it, nothing is outside. */
static void
damaged_layers_never_reach_outside(void **state)
{
	(void)state;
	OWN_FD int whole = PAX(DIR_("d"), FILE_("d/a", "hello"), SYM("l", "../outside"),
		HARD("h", "d/a"), FILE_("d/.wh.x", ""),
		{.path = "x", .type = AE_IFREG, .text = "y", .xattr = "user.a", .value = "b"});
	struct stat st;
	assert_int_equal(fstat(whole, &st), 0);
	OWN_FREE char *bytes = mem_alloc((size_t)st.st_size);
	assert_int_equal(pread(whole, bytes, (size_t)st.st_size, 0), st.st_size);
	for (off_t i = 0; i < st.st_size; i++) {
		if (!bytes[i])
			continue;
		OWN(place) struct place p = place_create();
		OWN(layer_unpack_result) struct layer_unpack_result r = {0};
		static const struct layer_unpack_spec plain;
		OWN_FD int fd = memory_file();
		bytes[i] ^= 0x11;
		assert_int_equal(write(fd, bytes, (size_t)st.st_size), st.st_size);
		bytes[i] ^= 0x11;
		(void)lseek(fd, 0, SEEK_SET);
		(void)!layer_unpack(fd, p.dest, &plain, &r, NULL);
		assert_nothing_outside(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_that_climb_or_are_absolute_are_refused),
		cmocka_unit_test(nothing_is_written_through_a_link),
		cmocka_unit_test(hard_links_stay_in_the_layer),
		cmocka_unit_test(a_path_has_one_entry),
		cmocka_unit_test(devices_are_refused),
		cmocka_unit_test(whiteouts_are_empty_files_of_something),
		cmocka_unit_test(overlays_own_attributes_are_refused),
		cmocka_unit_test(names_with_a_nul_are_refused),
		cmocka_unit_test(malformed_records_are_refused),
		cmocka_unit_test(rare_kinds_of_entries_are_refused),
		cmocka_unit_test(damaged_headers_are_refused),
		cmocka_unit_test(counts_sizes_and_names_are_bounded),
		cmocka_unit_test(bombs_are_noticed_wherever_they_are),
		cmocka_unit_test(a_layer_cut_short_is_never_taken_for_whole),
		cmocka_unit_test(nested_compression_and_other_formats_are_refused),
		cmocka_unit_test(damaged_layers_never_reach_outside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
