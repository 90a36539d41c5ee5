/* base/layer_unpack and base/layer_pack on layers as they should be. */
#include "base/layer_pack.h"
#include "tests/base/layer_archives.h"
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#define CAPABILITY "\1\0\0\2\1" /* as bytes of an attribute; the kernel never sees it */

static struct hash_hex
digest_of(const struct manifest *m)
{
	struct hash_hex h;
	assert_int_equal(manifest_write(m, -1, &h, NULL), 0);
	return h;
}

static const struct manifest_entry *
entry(const struct layer_unpack_result *r, const char *path)
{
	const struct manifest_entry *e = manifest_find(&r->manifest, path);
	if (!e)
		fail_msg("no entry %s", path);
	return e;
}

static mode_t
mode_at(int dir, const char *path)
{
	struct stat st;
	if (fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		fail_msg("no %s", path);
	return st.st_mode;
}

static bool
is_whiteout(int dir, const char *path)
{
	struct stat st;
	return fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(0, 0);
}

static bool
is_opaque(int dir, const char *path)
{
	char value[4] = {0};
	OWN_FD int fd = openat(dir, path, O_RDONLY | O_DIRECTORY);
	return fgetxattr(fd, "user.overlay.opaque", value, 4) == 1 && value[0] == 'y';
}

/* ---- one layer ---- */

static void
what_the_disk_must_not_hold_is_in_the_manifest(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create();
	OWN(layer_unpack_result) struct layer_unpack_result r = {0};
	OWN_FD int fd = PAX({.path = "su", .type = AE_IFREG, .text = "#!", .mode = 06755},
		{.path = "ping",
			.type = AE_IFREG,
			.text = "x",
			.xattr = "security.capability",
			.value = CAPABILITY},
		{.path = "seen",
			.type = AE_IFREG,
			.text = "x",
			.xattr = "user.note",
			.value = "hello"},
		{.path = "mail", .type = AE_IFDIR, .mode = 03775});
	layer_ok(fd, p.dest, NULL, &r);
	assert_int_equal(mode_at(p.dest, "su"), S_IFREG | 0755);
	assert_int_equal(entry(&r, "su")->mode, 06755);
	assert_int_equal(r.setid_aside, 1);
	char value[16];
	OWN_FD int ping = openat(p.dest, "ping", O_RDONLY), seen = openat(p.dest, "seen", O_RDONLY);
	assert_int_equal(fgetxattr(ping, "security.capability", value, 16), -1);
	assert_int_equal(fgetxattr(seen, "user.note", value, 16), 5);
	assert_int_equal(entry(&r, "ping")->nxattrs, 1);
	assert_string_equal(entry(&r, "ping")->xattrs[0].name, "security.capability");
	assert_memory_equal(entry(&r, "ping")->xattrs[0].value, CAPABILITY, strlen(CAPABILITY));
	assert_int_equal(r.xattrs_aside, 1);
	/* Set-group-id of a directory is no right. */
	assert_int_equal(mode_at(p.dest, "mail") & 07777, 03775);
	/* The owners the archive says, whoever the files are now of. */
	assert_int_equal(entry(&r, "su")->uid, 12);
	assert_int_equal(entry(&r, "su")->gid, 34);
}

static void
digests_are_those_of_the_bytes(void **state)
{
	(void)state;
	static int (*const filters[])(struct archive *) = {
		NULL, archive_write_add_filter_gzip, archive_write_add_filter_zstd};
	const struct item items[] = {DIR_("d"), FILE_("d/a", "hello")};
	struct hash_hex content = {0}, manifest = {0};
	for (size_t i = 0; i < 3; i++) {
		OWN(place) struct place p = place_create();
		OWN(layer_unpack_result) struct layer_unpack_result r = {0};
		OWN_FD int fd = make_archive(archive_write_set_format_ustar, filters[i], items, 2);
		struct hash_hex blob;
		uint64_t size;
		assert_int_equal(hash_fd(fd, &blob, &size, NULL), 0);
		(void)lseek(fd, 0, SEEK_SET);
		const struct layer_unpack_spec spec = {.blob_digest = blob.s,
			.blob_bytes = size,
			.content_digest = i ? content.s : NULL};
		layer_ok(fd, p.dest, &spec, &r);
		assert_string_equal(r.blob.s, blob.s);
		if (i)
			assert_string_equal(digest_of(&r.manifest).s, manifest.s);
		content = r.content;
		manifest = digest_of(&r.manifest);
		if (!filters[i])
			assert_string_equal(content.s, blob.s);
		assert_string_equal(entry(&r, "d/a")->digest.s, hash_bytes(STR("hello")).s);
	}
}

static void
other_digests_are_refused(void **state)
{
	(void)state;
	OWN_FREE char *zeros =
		mem_strdup("0000000000000000000000000000000000000000000000000000000000000000");
	layer_refused(TAR(FILE_("a", "x")), &(struct layer_unpack_spec){.blob_digest = zeros},
		DD_ECORRUPT, "digest");
	layer_refused(TAR(FILE_("a", "x")), &(struct layer_unpack_spec){.content_digest = zeros},
		DD_ECORRUPT, "uncompressed digest");
	layer_refused(TAR(FILE_("a", "x")), &(struct layer_unpack_spec){.blob_bytes = 17},
		DD_ECORRUPT, "17");
}

/* docker's layer without files */
static void
an_empty_layer_is_one(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create();
	OWN(layer_unpack_result) struct layer_unpack_result r = {0};
	OWN(buf) struct buf nothing = {0};
	OWN_FD int fd = raw_archive(&nothing);
	layer_ok(fd, p.dest, NULL, &r);
	assert_int_equal(map_count(&r.manifest.by_path), 0);
	assert_string_equal(
		r.content.s, "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef");
}

static void
names_may_be_long_and_strange(void **state)
{
	(void)state;
	char component[256], path[3000] = "";
	memset(component, 'n', 255);
	component[255] = '\0';
	for (int i = 0; i < 11; i++) {
		(void)strcat(path, component);
		(void)strcat(path, "/");
	}
	(void)strcat(path, "end");
	OWN(place) struct place p = place_create();
	OWN(layer_unpack_result) struct layer_unpack_result r = {0};
	OWN_FD int fd = PAX(FILE_(path, "deep"), FILE_("a\nb", "1"), FILE_("\xe9", "2"),
		FILE_("e\xcc\x81", "3"), FILE_("whiteout.wh.not", "4"));
	layer_ok(fd, p.dest, NULL, &r);
	assert_int_equal(entry(&r, path)->size, 4);
	assert_text(p.dest, "a\nb", "1");
	assert_text(p.dest, "\xe9", "2");
	assert_text(p.dest, "e\xcc\x81", "3");
	assert_text(p.dest, "whiteout.wh.not", "4");
}

static void
a_directory_that_comes_again_says_its_attributes(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create();
	OWN(layer_unpack_result) struct layer_unpack_result r = {0};
	OWN_FD int fd = TAR({.path = "d", .type = AE_IFDIR, .mode = 0500}, FILE_("d/a", "x"),
		{.path = "d", .type = AE_IFDIR, .mode = 0700}, FILE_("e/f", "x"),
		{.path = "e", .type = AE_IFDIR, .mode = 0711});
	layer_ok(fd, p.dest, NULL, &r);
	assert_int_equal(mode_at(p.dest, "d") & 07777, 0700);
	assert_int_equal(mode_at(p.dest, "e") & 07777, 0711);
}

static void
special_files_are_left_out_when_asked_to(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create();
	OWN(layer_unpack_result) struct layer_unpack_result r = {0};
	OWN_FD int fd = PAX({.path = "fifo", .type = AE_IFIFO}, {.path = "null", .type = AE_IFCHR},
		FILE_("a", "x"));
	layer_ok(fd, p.dest, &(struct layer_unpack_spec){.skip_special = true}, &r);
	assert_int_equal(r.nskipped, 2);
	assert_false(tmpdir_has(p.dest, "fifo") || tmpdir_has(p.dest, "null"));
	assert_text(p.dest, "a", "x");
}

/* ---- whiteouts ---- */

static void
whiteouts_become_overlays_own(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create();
	OWN(layer_unpack_result) struct layer_unpack_result r = {0};
	/* Before, behind and without what the layer itself has there. */
	OWN_FD int fd = TAR(FILE_("d/.wh.gone", ""), FILE_("d/.wh.file", ""),
		FILE_("d/file", "new"), DIR_("d/dir"), FILE_("d/dir/in", "new"),
		FILE_("d/.wh.dir", ""), DIR_("o"), FILE_("o/kept", "new"),
		FILE_("o/.wh..wh..opq", ""), FILE_("i/.wh..wh..opq", ""), FILE_("x/.wh.y", ""),
		FILE_(".wh.x", ""), FILE_("f", "now"), FILE_("f/.wh.a", ""));
	layer_ok(fd, p.dest, NULL, &r);
	assert_true(is_whiteout(p.dest, "d/gone"));
	assert_text(p.dest, "d/file", "new");
	assert_text(p.dest, "d/dir/in", "new");
	assert_true(is_opaque(p.dest, "d/dir"));
	assert_false(is_opaque(p.dest, "d"));
	assert_true(is_opaque(p.dest, "o"));
	assert_true(is_opaque(p.dest, "i"));
	assert_text(p.dest, "o/kept", "new");
	assert_true(is_whiteout(p.dest, "x"));
	assert_text(p.dest, "f", "now");
	assert_int_equal(r.whiteouts, 2);
	assert_true(entry(&r, "o")->opaque && entry(&r, "d/dir")->opaque);
	assert_int_equal(entry(&r, "d/gone")->type, MANIFEST_WHITEOUT);
	assert_false(tmpdir_has(p.dest, "d/.wh.gone") || tmpdir_has(p.dest, ".wh..wh.aside"));
}

/* ---- on top of another ---- */

struct lower {
	struct place p;
	struct layer_unpack_result r;
};

static void
lower_cleanup(struct lower *l)
{
	layer_unpack_result_cleanup(&l->r);
	place_cleanup(&l->p);
}

static struct lower
lower_create(void)
{
	struct lower l = {.p = place_create()};
	OWN_FD int fd = PAX({.path = "usr", .type = AE_IFDIR, .mode = 0751},
		{.path = "usr/bin", .type = AE_IFDIR, .mode = 0511},
		{.path = "usr/bin/tool", .type = AE_IFREG, .text = "tool", .mode = 04755},
		HARD("usr/bin/tool2", "usr/bin/tool"), FILE_("etc/conf", "x"),
		SYM("lib", "usr/lib"));
	layer_ok(fd, l.p.dest, NULL, &l.r);
	return l;
}

static void
directories_without_entry_are_those_below(void **state)
{
	(void)state;
	OWN(lower) struct lower below = lower_create();
	OWN(place) struct place p = place_create();
	OWN(layer_unpack_result) struct layer_unpack_result r = {0};
	const struct layer_unpack_spec spec = {
		.lower = &below.r.manifest, .lower_fds = &below.p.dest, .nlower = 1};
	OWN_FD int fd = TAR(FILE_("usr/bin/new", "x"), FILE_("srv/www/index", "x"));
	layer_ok(fd, p.dest, &spec, &r);
	assert_int_equal(mode_at(p.dest, "usr") & 07777, 0751);
	assert_int_equal(mode_at(p.dest, "usr/bin") & 07777, 0511);
	assert_int_equal(entry(&r, "usr/bin")->uid, 12);
	assert_int_equal(mode_at(p.dest, "srv/www") & 07777, 0755);
	assert_int_equal(entry(&r, "srv")->uid, 0);
}

static void
hard_links_to_files_below_copy_them(void **state)
{
	(void)state;
	OWN(lower) struct lower below = lower_create();
	OWN(place) struct place p = place_create();
	OWN(layer_unpack_result) struct layer_unpack_result r = {0};
	const struct layer_unpack_spec spec = {
		.lower = &below.r.manifest, .lower_fds = &below.p.dest, .nlower = 1};
	OWN_FD int fd = TAR(HARD("usr/bin/also", "usr/bin/tool2"));
	layer_ok(fd, p.dest, &spec, &r);
	assert_text(p.dest, "usr/bin/also", "tool");
	struct stat st;
	assert_int_equal(fstatat(p.dest, "usr/bin/tool2", &st, 0), 0);
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(entry(&r, "usr/bin/also")->mode, 04755);
	assert_int_equal(entry(&r, "usr/bin/tool2")->type, MANIFEST_HARDLINK);
	layer_refused(TAR(HARD("a", "usr/bin")), &spec, DD_EINVAL, "not a file");
	layer_refused(TAR(HARD("a", "lib")), &spec, DD_EINVAL, "not a file");
	layer_refused(TAR(HARD("a", "usr/bin/none")), &spec, DD_EINVAL, "not a file");
}

static void
an_opaque_root_hides_all_that_is_below(void **state)
{
	(void)state;
	OWN(lower) struct lower below = lower_create();
	OWN(place) struct place p = place_create();
	OWN(layer_unpack_result) struct layer_unpack_result r = {0};
	const struct layer_unpack_spec spec = {
		.lower = &below.r.manifest, .lower_fds = &below.p.dest, .nlower = 1};
	OWN_FD int fd = TAR(FILE_(".wh..wh..opq", ""), FILE_("etc/new", "x"));
	layer_ok(fd, p.dest, &spec, &r);
	assert_true(is_whiteout(p.dest, "usr") && is_whiteout(p.dest, "lib"));
	assert_true(is_opaque(p.dest, "etc"));
	assert_text(p.dest, "etc/new", "x");
}

/* ---- there and back ---- */

static int
pack(int dir, const struct manifest *m, enum layer_compression c, struct layer_pack_result *r)
{
	OWN(dd_err) struct dd_err err = {0};
	int fd = memory_file();
	const struct layer_pack_spec spec = {.compression = c, .intended = m};
	if (layer_pack(dir, fd, &spec, r, &err))
		fail_msg("%s", err_msg(&err));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void
a_layer_comes_back_as_it_was(void **state)
{
	(void)state;
	char name[150];
	memset(name, 'x', 149);
	name[149] = '\0';
	OWN(place) struct place p = place_create();
	OWN(layer_unpack_result) struct layer_unpack_result r = {0};
	OWN_FD int fd = PAX({.path = "d", .type = AE_IFDIR, .mode = 02711},
		{.path = "d/su", .type = AE_IFREG, .text = "#!", .mode = 06755},
		{.path = "cap",
			.type = AE_IFREG,
			.text = "x",
			.xattr = "security.capability",
			.value = CAPABILITY},
		{.path = "note",
			.type = AE_IFREG,
			.text = "x",
			.xattr = "user.note",
			.value = "hello"},
		SYM("l", "/etc/passwd"), FILE_(name, "long"), FILE_("\xe9", "latin"),
		HARD("b", "note"), FILE_(".wh.gone", ""), FILE_("d/.wh..wh..opq", ""),
		FILE_("secret", "s"));
	layer_ok(fd, p.dest, NULL, &r);
	for (enum layer_compression c = LAYER_PLAIN; c <= LAYER_ZSTD; c++) {
		OWN(place) struct place q = place_create();
		OWN(layer_pack_result) struct layer_pack_result one = {0}, two = {0};
		OWN(layer_unpack_result) struct layer_unpack_result back = {0};
		OWN_FD int first = pack(p.dest, &r.manifest, c, &one);
		OWN_FD int second = pack(p.dest, &r.manifest, c, &two);
		assert_string_equal(one.blob.s, two.blob.s);
		assert_string_equal(digest_of(&one.manifest).s, digest_of(&r.manifest).s);
		const struct layer_unpack_spec spec = {
			.blob_digest = one.blob.s, .content_digest = one.content.s};
		layer_ok(first, q.dest, &spec, &back);
		assert_string_equal(digest_of(&back.manifest).s, digest_of(&r.manifest).s);
	}
}

/* Package tools changed the owner of files that the layer does not have. */
static void
files_below_with_another_owner_become_part_of_it(void **state)
{
	(void)state;
	OWN(lower) struct lower below = lower_create();
	OWN(place) struct place p = place_create(), q = place_create();
	OWN(layer_pack_result) struct layer_pack_result r = {0};
	OWN(layer_unpack_result) struct layer_unpack_result back = {0};
	OWN(map) struct map owners = {0}, lower_owners = {0};
	struct layer_owner mail = {0, 8}, user = {5, 6}, other = {7, 7};
	map_put(&owners, "etc/conf", &user);
	map_put(&owners, "own", &mail);
	map_put(&owners, "hidden/x", &mail);
	map_put(&owners, "gone", &mail);
	map_put(&lower_owners, "etc", &other);
	map_put(&lower_owners, "own", &other);
	tmpdir_write(p.dest, "own", "mine");
	const struct layer_pack_spec spec = {.owners = &owners,
		.lower_owners = &lower_owners,
		.lower_fds = &below.p.dest,
		.nlower = 1};
	OWN_FD int fd = memory_file();
	assert_int_equal(layer_pack(p.dest, fd, &spec, &r, NULL), 0);
	(void)lseek(fd, 0, SEEK_SET);
	layer_ok(fd, q.dest, NULL, &back);
	assert_int_equal(map_count(&back.manifest.by_path), 3);
	assert_int_equal(entry(&back, "own")->gid, 8);
	assert_int_equal(entry(&back, "etc")->uid, 7);
	assert_int_equal(entry(&back, "etc/conf")->uid, 5);
	assert_text(q.dest, "etc/conf", "x");
}

static void
what_a_layer_cannot_say_is_refused(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create();
	OWN(dd_err) struct dd_err err = {0};
	struct layer_pack_result r = {0};
	tmpdir_write(p.dest, ".wh.x", "");
	OWN_FD int fd = memory_file();
	assert_int_equal(
		layer_pack(p.dest, fd, &(struct layer_pack_spec){0}, &r, &err), -DD_EINVAL);
	assert_non_null(strstr(err_msg(&err), ".wh."));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_disk_must_not_hold_is_in_the_manifest),
		cmocka_unit_test(digests_are_those_of_the_bytes),
		cmocka_unit_test(other_digests_are_refused),
		cmocka_unit_test(an_empty_layer_is_one),
		cmocka_unit_test(names_may_be_long_and_strange),
		cmocka_unit_test(a_directory_that_comes_again_says_its_attributes),
		cmocka_unit_test(special_files_are_left_out_when_asked_to),
		cmocka_unit_test(whiteouts_become_overlays_own),
		cmocka_unit_test(directories_without_entry_are_those_below),
		cmocka_unit_test(hard_links_to_files_below_copy_them),
		cmocka_unit_test(an_opaque_root_hides_all_that_is_below),
		cmocka_unit_test(a_layer_comes_back_as_it_was),
		cmocka_unit_test(files_below_with_another_owner_become_part_of_it),
		cmocka_unit_test(what_a_layer_cannot_say_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
