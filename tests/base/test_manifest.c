/* base/manifest: order, escapes, hard links, and what a stack of layers shows. */
#include "base/fs.h"
#include "base/manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

static struct manifest_entry *
add(struct manifest *m, const char *path, enum manifest_type type)
{
	struct manifest_entry *e = manifest_add(m, path, type);
	assert_non_null(e);
	e->mode = 0644;
	if (type == MANIFEST_FILE)
		e->digest = hash_bytes(str_of(path));
	return e;
}

static char *
text_of(struct manifest *m, struct hash_hex *ret_digest)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf b = {0};
	OWN_FD int fd = memfd_create("manifest", MFD_CLOEXEC);
	assert_int_equal(manifest_normalise(m, &err), 0);
	assert_int_equal(manifest_write(m, fd, ret_digest, &err), 0);
	OWN_FREE char *path = mem_printf("/proc/self/fd/%d", fd);
	assert_int_equal(fs_read(path, 1 << 20, &b, &err), 0);
	assert_string_equal(hash_bytes(buf_str(&b)).s, ret_digest->s);
	return buf_take(&b);
}

static void
entries_come_in_the_order_of_a_walk(void **state)
{
	(void)state;
	static const char *const wanted[] = {"a", "a/b", "a/b/c", "a/z", "a-b", "a.b", "b", NULL};
	static const char *const mixed[] = {"b", "a.b", "a/z", "a/b/c", "a", "a-b", "a/b", NULL};
	OWN(manifest) struct manifest m = {0};
	for (size_t i = 0; mixed[i]; i++)
		add(&m, mixed[i], MANIFEST_DIR);
	OWN_FREE struct manifest_entry **v = manifest_sorted(&m);
	for (size_t i = 0; wanted[i]; i++)
		assert_string_equal(v[i]->path, wanted[i]);
	assert_null(v[7]);
	assert_null(manifest_add(&m, "a/b", MANIFEST_FILE));
}

static void
any_name_comes_back(void **state)
{
	(void)state;
	OWN(manifest) struct manifest m = {0}, back = {0}, none = {0};
	OWN(dd_err) struct dd_err err = {0};
	struct hash_hex one, two;
	struct manifest_entry *e = add(&m, "with blank\nand line %41 \xc3\xa9\x7f", MANIFEST_FILE);
	e->uid = 4294967294;
	e->gid = 7;
	e->mode = 04755;
	manifest_add_xattr(e, "user.b=c d", "\0\xff", 2);
	manifest_add_xattr(e, "security.capability", "", 0);
	add(&m, "l", MANIFEST_SYMLINK)->link = mem_strdup("../x y");
	add(&m, "d", MANIFEST_DIR)->opaque = true;
	add(&m, "w", MANIFEST_WHITEOUT);
	OWN_FREE char *text = text_of(&m, &one);
	struct str rest = str_of(text);
	assert_int_equal(manifest_read(&rest, &back, &err), 0);
	assert_int_equal(rest.n, 0);
	OWN_FREE char *again = text_of(&back, &two);
	assert_string_equal(again, text);
	const struct manifest_entry *r = manifest_find(&back, e->path);
	assert_non_null(r);
	assert_int_equal(r->uid, 4294967294);
	assert_int_equal(r->mode, 04755);
	assert_int_equal(r->nxattrs, 2);
	assert_string_equal(r->xattrs[0].name, "security.capability");
	assert_string_equal(r->xattrs[1].name, "user.b=c d");
	assert_memory_equal(r->xattrs[1].value, "\0\xff", 2);
	assert_true(manifest_find(&back, "d")->opaque);
	/* one behind the other */
	OWN_FREE char *both = mem_printf("%s%s", text, "drydock-manifest 1\n");
	rest = str_of(both);
	manifest_cleanup(&back);
	assert_int_equal(manifest_read(&rest, &back, &err), 0);
	assert_int_equal(manifest_read(&rest, &none, &err), 0);
	assert_int_equal(map_count(&none.by_path), 0);
}

static void
the_first_name_is_the_files_whatever_came_first(void **state)
{
	(void)state;
	static const char *const orders[][3] = {
		{"a", "b", "c"}, {"c", "b", "a"}, {"b", "c", "a"}, {"b", "a", "c"}};
	struct hash_hex first = {0};
	for (size_t i = 0; i < 4; i++) {
		OWN(manifest) struct manifest m = {0};
		struct hash_hex digest;
		struct manifest_entry *e = add(&m, orders[i][0], MANIFEST_FILE);
		e->digest = hash_bytes(STR("the same"));
		e->size = 8;
		add(&m, orders[i][1], MANIFEST_HARDLINK)->link = mem_strdup(orders[i][0]);
		add(&m, orders[i][2], MANIFEST_HARDLINK)->link = mem_strdup(orders[i][1]);
		OWN_FREE char *text = text_of(&m, &digest);
		assert_int_equal(manifest_find(&m, "a")->type, MANIFEST_FILE);
		assert_string_equal(manifest_find(&m, "b")->link, "a");
		assert_string_equal(manifest_find(&m, "c")->link, "a");
		if (i)
			assert_string_equal(digest.s, first.s);
		first = digest;
	}
}

static void
hard_links_that_lead_nowhere_are_refused(void **state)
{
	(void)state;
	OWN(manifest) struct manifest m = {0};
	add(&m, "a", MANIFEST_HARDLINK)->link = mem_strdup("b");
	add(&m, "b", MANIFEST_HARDLINK)->link = mem_strdup("a");
	assert_int_equal(manifest_normalise(&m, NULL), -DD_EINVAL);
}

static void
what_is_no_manifest_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "other 1\n", "drydock-manifest 1\nf 644 0 0 1 x a\n",
		"drydock-manifest 1\nd 755 0 0 - -\n", "drydock-manifest 1\nd 755 0 0 - - a%0\n",
		"drydock-manifest 1\nd 755 0 0 - - a%00b\n", "drydock-manifest 1\nd 9 0 0 - - a\n",
		"drydock-manifest 1\nd 755 -1 0 - - a\n", "drydock-manifest 1\nz 755 0 0 - - a\n",
		"drydock-manifest 1\nd 755 0 0 - - a x\n",
		"drydock-manifest 1\nd 755 0 0 - - a x=0\n",
		"drydock-manifest 1\nd 755 0 0 - - a\nd 755 0 0 - - a\n"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct manifest m = {0};
		struct str text = str_of(bad[i]);
		if (manifest_read(&text, &m, NULL) != -DD_ECORRUPT)
			fail_msg("taken: %s", bad[i]);
	}
}

static void
a_stack_shows_what_overlayfs_would(void **state)
{
	(void)state;
	struct manifest v[3] = {0};
	size_t layer = 9;
	add(&v[0], "d", MANIFEST_DIR);
	add(&v[0], "d/a", MANIFEST_FILE);
	add(&v[0], "d/b", MANIFEST_FILE);
	add(&v[0], "e", MANIFEST_DIR);
	add(&v[0], "e/x", MANIFEST_FILE);
	add(&v[0], "g", MANIFEST_DIR);
	add(&v[0], "g/y", MANIFEST_FILE);
	add(&v[1], "d", MANIFEST_DIR);
	add(&v[1], "d/a", MANIFEST_WHITEOUT);
	add(&v[1], "e", MANIFEST_DIR)->opaque = true;
	add(&v[1], "g", MANIFEST_FILE);
	add(&v[2], "d", MANIFEST_DIR);
	add(&v[2], "d/c", MANIFEST_FILE);
	assert_null(manifest_look(v, 3, "d/a", &layer));
	assert_non_null(manifest_look(v, 1, "d/a", &layer));
	assert_non_null(manifest_look(v, 3, "d/b", &layer));
	assert_int_equal(layer, 0);
	assert_non_null(manifest_look(v, 3, "d/c", &layer));
	assert_int_equal(layer, 2);
	assert_null(manifest_look(v, 3, "e/x", &layer));
	assert_null(manifest_look(v, 3, "g/y", &layer));
	assert_null(manifest_look(v, 3, "nothing", &layer));
	for (size_t i = 0; i < 3; i++)
		manifest_cleanup(&v[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_come_in_the_order_of_a_walk),
		cmocka_unit_test(any_name_comes_back),
		cmocka_unit_test(the_first_name_is_the_files_whatever_came_first),
		cmocka_unit_test(hard_links_that_lead_nowhere_are_refused),
		cmocka_unit_test(what_is_no_manifest_is_refused),
		cmocka_unit_test(a_stack_shows_what_overlayfs_would),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
