#include "base/cas.h"

#include "base/fs.h"
#include "tests/base/tmpdir.h"
#include "tests/base/under_fault.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TEXT "what is stored"

static int
put(void *ctx, struct dd_err *err)
{
	return cas_put(ctx, STR(TEXT), NULL, err);
}

static struct hash_hex
put_one(const char *root)
{
	OWN(dd_err) struct dd_err err = {0};
	struct hash_hex digest;
	if (cas_put(root, STR(TEXT), &digest, &err) < 0)
		fail_msg("%s", err_msg(&err));
	return digest;
}

static char *
read_object(const char *root, const char *digest)
{
	OWN_FD int fd = -1;
	char text[100] = "";
	if (cas_open(root, digest, &fd, NULL) < 0)
		return NULL;
	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	return mem_strdup(text);
}

static void
an_object_comes_back_by_its_digest(void **state)
{
	(void)state;
	OWN_TMPDIR char *root = tmpdir_create();
	struct hash_hex digest = put_one(root);
	assert_true(cas_has(root, digest.s));
	OWN_FREE char *text = read_object(root, digest.s);
	assert_string_equal(text, TEXT);
	struct hash_hex again = put_one(root);
	assert_string_equal(again.s, digest.s);
	OWN_FD int fd = -1;
	assert_int_equal(cas_open(root, "../../etc/passwd", &fd, NULL), -DD_EINVAL);
}

static void
another_digest_than_expected_stores_nothing(void **state)
{
	(void)state;
	OWN_TMPDIR char *root = tmpdir_create();
	OWN(dd_err) struct dd_err err = {0};
	OWN_FD int fd = -1;
	struct hash_hex other = hash_bytes(STR("something else"));
	assert_int_equal(cas_temp(root, &fd, &err), 0);
	assert_int_equal(fs_write_all(fd, TEXT, strlen(TEXT), &err), 0);
	assert_int_equal(cas_adopt(root, fd, other.s, NULL, &err), -DD_ECORRUPT);
	assert_false(cas_has(root, other.s));
}

static void
check_all_or_nothing(void *ctx, const struct fault_outcome *o, int n)
{
	const char *root = ctx;
	struct hash_hex digest = hash_bytes(STR(TEXT));
	(void)n;
	assert_true(o->rc < 0);
	assert_non_null(strstr(o->msg, ": Input/output error"));
	assert_non_null(strstr(o->msg, root));
	OWN_FREE char *text = read_object(root, digest.s);
	assert_true(!text || strcmp(text, TEXT) == 0);
	OWN_FREE char *path = cas_path(root, digest.s);
	(void)unlink(path);
}

static void
a_call_that_fails_leaves_the_whole_object_or_none(void **state)
{
	(void)state;
	OWN_TMPDIR char *root = tmpdir_create();
	(void)put_one(root); /* the directories */
	struct hash_hex digest = hash_bytes(STR(TEXT));
	OWN_FREE char *path = cas_path(root, digest.s);
	assert_int_equal(unlink(path), 0);
	/* Create, write, sync, link, sync. */
	assert_int_equal(under_each_fault("EIO", put, root, check_all_or_nothing), 5);
}

static void
damage(const char *root, const char *digest)
{
	OWN_FREE char *path = cas_path(root, digest);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(fs_write_atomic(path, STR("what is stoned"), 0444, NULL), 0);
}

static void
a_damaged_object_is_named_and_set_aside(void **state)
{
	(void)state;
	OWN_TMPDIR char *root = tmpdir_create();
	OWN(dd_err) struct dd_err err = {0};
	OWN(strlist) struct strlist kept = {0};
	OWN_FD int fd = -1;
	struct hash_hex digest = put_one(root);
	OWN_FREE char *path = cas_path(root, digest.s);
	OWN_FREE char *aside = fs_join(root, "quarantine");
	damage(root, digest.s);
	assert_int_equal(cas_open(root, digest.s, &fd, &err), -DD_ECORRUPT);
	assert_non_null(strstr(err.msg, path));
	assert_false(cas_has(root, digest.s));
	assert_int_equal(fs_list(aside, &kept, NULL), 0);
	assert_int_equal(kept.n, 1);
	(void)put_one(root);
	OWN_FREE char *text = read_object(root, digest.s);
	assert_string_equal(text, TEXT);
}

struct place {
	const char *root;
	struct hash_hex digest;
};

static int
open_damaged(void *ctx, struct dd_err *err)
{
	const struct place *p = ctx;
	OWN_FD int fd = -1;
	return cas_open(p->root, p->digest.s, &fd, err);
}

static void
a_damaged_object_that_cannot_be_set_aside_is_removed(void **state)
{
	(void)state;
	OWN_TMPDIR char *root = tmpdir_create();
	struct place p = {root, put_one(root)};
	damage(root, p.digest.s);
	struct fault_outcome o = under_fault("rename:1:EROFS", open_damaged, &p);
	assert_true(o.injected);
	assert_int_equal(o.rc, -DD_ECORRUPT);
	assert_false(cas_has(root, p.digest.s));
}

static void
an_object_that_cannot_be_read_is_not_taken_for_damaged(void **state)
{
	(void)state;
	OWN_TMPDIR char *root = tmpdir_create();
	struct place p = {root, put_one(root)};
	struct fault_outcome o = under_fault("read:1:EIO", open_damaged, &p);
	assert_int_equal(o.rc, -DD_EIO);
	assert_non_null(strstr(o.msg, p.digest.s + 2));
	assert_true(cas_has(root, p.digest.s));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_object_comes_back_by_its_digest),
		cmocka_unit_test(another_digest_than_expected_stores_nothing),
		cmocka_unit_test(a_call_that_fails_leaves_the_whole_object_or_none),
		cmocka_unit_test(a_damaged_object_is_named_and_set_aside),
		cmocka_unit_test(a_damaged_object_that_cannot_be_set_aside_is_removed),
		cmocka_unit_test(an_object_that_cannot_be_read_is_not_taken_for_damaged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
