#include "agents/edit.h"

#include "base/fs.h"
#include "base/git_write.h"
#include "tests/base/tmpdir.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static char *dir;
static int root = -1;

static int
make_tree(void **state)
{
	(void)state;
	dir = tmpdir_create();
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root < 0;
}

static int
drop_tree(void **state)
{
	(void)state;
	(void)close(root);
	tmpdir_remove(dir);
	return 0;
}

static void
put(const char *name, struct str text)
{
	OWN_FREE char *path = fs_join(dir, name);
	assert_int_equal(fs_write_atomic(path, text, 0644, NULL), 0);
}

static void
assert_holds(const char *name, struct str text)
{
	OWN(buf) struct buf now = {0};
	assert_int_equal(fs_read_at(root, name, 1 << 24, &now, NULL), 0);
	assert_int_equal(now.n, text.n);
	if (text.n)
		assert_memory_equal(now.p, text.p, text.n);
}

/* One edit of the file f, which is `before`; what is refused must leave it so. */
static enum edit_verdict
edit_once(const struct edit *e, struct str before, struct edit_place *ret_place)
{
	struct edit_result r;
	OWN(dd_err) struct dd_err err = {0};
	put(e->path, before);
	int rc = edit_apply(root, e, 1, NULL, &r, &err);
	enum edit_verdict v = r.verdict;
	if (ret_place)
		*ret_place = r.place;
	assert_int_equal(rc, v == EDIT_DONE ? 0 : -DD_EINVAL);
	if (rc < 0) {
		assert_holds(e->path, before);
		assert_non_null(strstr(err_msg(&err), e->path));
	}
	edit_result_cleanup(&r);
	return v;
}

static struct edit
replacing(const char *find, const char *text)
{
	return (struct edit){EDIT_REPLACE, "f", str_of(find), str_of(text)};
}

static void
the_one_place_is_replaced_and_nothing_else(void **state)
{
	(void)state;
	struct edit e = replacing("b\n", "B\nBB\n");
	assert_int_equal(edit_once(&e, STR("a\nb\nc"), NULL), EDIT_DONE);
	assert_holds("f", STR("a\nB\nBB\nc"));
}

static void
two_places_are_refused_and_named(void **state)
{
	(void)state;
	struct edit_place p;
	struct edit e = replacing("x = 1;", "x = 2;");
	assert_int_equal(edit_once(&e, STR("x = 1;\ny\nx = 1;\n"), &p), EDIT_TWICE);
	assert_int_equal(p.first, 1);
	assert_int_equal(p.last, 3);
	/* Places may overlap. */
	e = replacing("aa", "b");
	assert_int_equal(edit_once(&e, STR("aaa\n"), NULL), EDIT_TWICE);
}

static void
no_blank_is_guessed_and_the_nearest_place_is_named(void **state)
{
	(void)state;
	struct edit_place p;
	struct edit e = replacing("if (a)\n\treturn 1;", "x");
	assert_int_equal(
		edit_once(&e, STR("int\nif (a)\n        return 1;\nend\n"), &p), EDIT_NOT_FOUND);
	assert_int_equal(p.first, 2);
	assert_int_equal(p.last, 3);
	e = replacing("wholly different", "x");
	assert_int_equal(edit_once(&e, STR("a\nb\n"), &p), EDIT_NOT_FOUND);
	assert_int_equal(p.first, 0);
}

static void
a_blank_needle_is_refused(void **state)
{
	static const char *const blank[] = {"", " ", "\n", "\t\r\n  ", "\xef\xbb\xbf"};
	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct edit e = replacing(blank[i], "x");
		assert_int_equal(edit_once(&e, STR("a \n b\n"), NULL), EDIT_BLANK);
		assert_int_equal(edit_once(&e, STR(""), NULL), EDIT_BLANK);
	}
}

static void
line_ends_and_mark_stay(void **state)
{
	(void)state;
	struct edit e = replacing("b\nc\n", "B\nC\nD\n");
	assert_int_equal(edit_once(&e,
				 STR("\xef\xbb\xbf"
				     "a\r\nb\r\nc\r\nd"),
				 NULL),
		EDIT_DONE);
	assert_holds("f", STR("\xef\xbb\xbf"
			      "a\r\nB\r\nC\r\nD\r\nd"));
	/* Of mixed ones, those elsewhere are not touched. */
	e = replacing("b", "B");
	assert_int_equal(edit_once(&e, STR("a\r\nb\nc\r\n"), NULL), EDIT_DONE);
	assert_holds("f", STR("a\r\nB\nc\r\n"));
}

static void
latin_1_stays_latin_1(void **state)
{
	(void)state;
	struct edit e = replacing("f\xc3\xbcr", "\xc3\xbc"
						"ber");
	assert_int_equal(edit_once(&e, STR("f\xfcr \xe9\n"), NULL), EDIT_DONE);
	assert_holds("f", STR("\xfc"
			      "ber \xe9\n"));
	e = replacing("f", "\xe2\x82\xac");
	assert_int_equal(edit_once(&e, STR("f\xfcr\n"), NULL), EDIT_ENCODING);
}

static void
what_is_no_text_is_refused(void **state)
{
	(void)state;
	struct edit e = replacing("a", "b");
	assert_int_equal(edit_once(&e, ((struct str){"a\0b", 3}), NULL), EDIT_NOT_TEXT);
	assert_int_equal(edit_once(&e,
				 STR("\xff\xfe"
				     "a"),
				 NULL),
		EDIT_NOT_TEXT);
}

static void
a_whole_file_keeps_how_its_last_line_ends(void **state)
{
	(void)state;
	struct edit e = {EDIT_WHOLE, "f", STR(""), STR("x\ny")};
	assert_int_equal(edit_once(&e, STR("a\r\n"), NULL), EDIT_DONE);
	assert_holds("f", STR("x\r\ny\r\n"));
	e.text = STR("x\ny\n");
	assert_int_equal(edit_once(&e, STR("a"), NULL), EDIT_DONE);
	assert_holds("f", STR("x\ny"));
	assert_int_equal(edit_once(&e, STR("x\ny\n"), NULL), EDIT_NO_CHANGE);
}

static void
a_diff_applies_exactly_or_not_at_all(void **state)
{
	(void)state;
	struct edit e = {
		EDIT_DIFF, "f", STR(""), STR("--- a/f\n+++ b/f\n@@ -2,2 +2,2 @@\n b\n-c\n+C\n")};
	assert_int_equal(edit_once(&e, STR("a\nb\nc\nd\n"), NULL), EDIT_DONE);
	assert_holds("f", STR("a\nb\nC\nd\n"));
	/* Elsewhere than its header says, but only there. */
	assert_int_equal(edit_once(&e, STR("0\n0\na\nb\nc\nd\n"), NULL), EDIT_DONE);
	assert_holds("f", STR("0\n0\na\nb\nC\nd\n"));
	assert_int_equal(edit_once(&e, STR("0\n0\nb\nc\nx\nb\nc\n"), NULL), EDIT_TWICE);
	assert_int_equal(edit_once(&e, STR("a\n b\nc\n"), NULL), EDIT_NOT_FOUND);
	e.text = STR("@@ -2,3 +2,2 @@\n b\n-c\n+C\n");
	assert_int_equal(edit_once(&e, STR("a\nb\nc\nd\n"), NULL), EDIT_BAD_DIFF);
	e.text = STR("--- a/other\n+++ b/other\n@@ -2,2 +2,2 @@\n b\n-c\n+C\n");
	assert_int_equal(edit_once(&e, STR("a\nb\nc\nd\n"), NULL), EDIT_BAD_DIFF);
	e.text = STR("@@ -1,0 +2,1 @@\n+C\n");
	assert_int_equal(edit_once(&e, STR("a\nb\n"), NULL), EDIT_BLANK);
}

static void
paths_out_of_the_tree_are_refused(void **state)
{
	static const char *const bad[] = {"/etc/passwd", "../x", "a/../../x", "sub/./x",
		".git/config", "a/.GIT/hooks/x", "", "dir/", "link", "away/x", "module/x", NULL};
	OWN_FREE char *link = fs_join(dir, "link"), *away = fs_join(dir, "away"),
		      *module = fs_join(dir, "module/.git");
	(void)state;
	put("target", STR("text\n"));
	assert_int_equal(symlink("target", link), 0);
	assert_int_equal(symlink("/tmp", away), 0);
	assert_int_equal(fs_mkdirs(module, 0755, NULL), 0);
	for (size_t i = 0; bad[i]; i++) {
		struct edit_result r;
		const struct edit e = {EDIT_WHOLE, bad[i], STR(""), STR("x\n")};
		assert_int_equal(edit_apply(root, &e, 1, NULL, &r, NULL), -DD_EINVAL);
		assert_int_equal(r.verdict, EDIT_BAD_PATH);
		edit_result_cleanup(&r);
	}
	assert_holds("target", STR("text\n"));
	struct edit_result r;
	const struct edit both[] = {{EDIT_WHOLE, "both", STR(""), STR("x\n")},
		{EDIT_WHOLE, "both/of", STR(""), STR("x\n")}};
	assert_int_equal(edit_apply(root, both, 2, NULL, &r, NULL), -DD_EINVAL);
	assert_int_equal(r.verdict, EDIT_BAD_PATH);
	edit_result_cleanup(&r);
}

static void
several_files_change_together_or_not_at_all(void **state)
{
	struct edit edits[] = {{EDIT_REPLACE, "one", STR("a"), STR("b")},
		{EDIT_WHOLE, "new/file", STR(""), STR("n\n")},
		{EDIT_REPLACE, "two", STR("absent"), STR("b")}};
	OWN_FREE char *two = fs_join(dir, "two"), *one = fs_join(dir, "one"),
		      *made = fs_join(dir, "new/file");
	struct edit_result r;
	struct stat st;
	(void)state;
	put("one", STR("a\n"));
	put("two", STR("x\n"));
	assert_int_equal(chmod(one, 0751), 0);
	assert_int_equal(edit_apply(root, edits, 3, NULL, &r, NULL), -DD_EINVAL);
	assert_int_equal(r.verdict, EDIT_NOT_FOUND);
	assert_int_equal(r.refused, 2);
	assert_holds("one", STR("a\n"));
	assert_false(fs_exists(made));
	edits[2].find = STR("x");
	assert_int_equal(edit_apply(root, edits, 3, NULL, &r, NULL), 0);
	assert_int_equal(r.n, 3);
	assert_holds("one", STR("b\n"));
	assert_holds("two", STR("b\n"));
	assert_holds("new/file", STR("n\n"));
	assert_int_equal(stat(one, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0751);
	assert_int_equal(edit_undo(root, &r, NULL), 0);
	assert_holds("one", STR("a\n"));
	assert_holds("two", STR("x\n"));
	assert_false(fs_exists(made));
	assert_int_equal(stat(one, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0751);
	edit_result_cleanup(&r);
}

/* A file that cannot be written: the other one must be as it was. */
static void
a_write_that_fails_changes_nothing(void **state)
{
	const struct edit edits[] = {{EDIT_REPLACE, "one", STR("a"), STR("b")},
		{EDIT_REPLACE, "sub/two", STR("x"), STR("b")}};
	OWN_FREE char *sub = fs_join(dir, "sub"), *block = fs_join(dir, "sub/two.drydock-edit");
	struct edit_result r;
	(void)state;
	put("one", STR("a\n"));
	assert_int_equal(fs_mkdirs(sub, 0755, NULL), 0);
	put("sub/two", STR("x\n"));
	assert_int_equal(mkdir(block, 0755), 0); /* where its new content would be written */
	assert_int_equal(edit_apply(root, edits, 2, NULL, &r, NULL), -DD_EEXIST);
	assert_holds("one", STR("a\n"));
	assert_holds("sub/two", STR("x\n"));
	assert_int_equal(rmdir(block), 0);
	edit_result_cleanup(&r);
}

static bool
has_more_brackets(void *ctx, const struct edit_change *all, size_t n, size_t which)
{
	struct str before = buf_str(&all[which].before), after = buf_str(&all[which].after);
	size_t was = 0, is = 0;
	(void)ctx;
	assert_true(which < n);
	for (size_t i = 0; i < before.n; i++)
		was += before.p[i] == '(';
	for (size_t i = 0; i < after.n; i++)
		is += after.p[i] == '(';
	return is > was;
}

static void
what_would_parse_worse_is_refused(void **state)
{
	const struct edit_check check = {has_more_brackets, NULL};
	struct edit e = replacing("a", "(a");
	struct edit_result r;
	(void)state;
	put("f", STR("a\n"));
	assert_int_equal(edit_apply(root, &e, 1, &check, &r, NULL), -DD_EINVAL);
	assert_int_equal(r.verdict, EDIT_BREAKS);
	assert_holds("f", STR("a\n"));
	edit_result_cleanup(&r);
}

/* ---- edits at random: what is done must be what was meant, what is refused must leave every byte ---- */

static uint64_t seed = 88172645463325252u;

static size_t
below(size_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return n ? (size_t)(seed % n) : 0;
}

/* Lines of few words, so that places repeat; of any line ends, with or without a mark, UTF-8 or not. */
static void
random_file(struct buf *out)
{
	static const char *const words[] = {"a", "if (x)", "\treturn 0;", "  b", "}", "",
		"f\xc3\xbcr", "f\xfcr", "long line of words", "$&", "\\1"};
	size_t style = below(3), lines = below(12);
	if (!below(6))
		buf_puts(out, "\xef\xbb\xbf");
	for (size_t i = 0; i < lines; i++) {
		buf_puts(out, words[below(11)]);
		if (i + 1 == lines && below(2))
			break;
		bool crlf = style == 2 ? below(2) : style;
		buf_puts(out, crlf ? "\r\n" : "\n");
	}
}

static void
normal(struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n'))
			buf_putc(out, s.p[i]);
}

/*
 * The oracle: some part of `before` that reads like find was put in its place, all else is the same.  Parts are tried
 * one by one, so it shares no way of thinking with the code.
 */
static bool
is_replaced(struct str before, struct str find, struct str text, struct str after)
{
	size_t found = 0;
	bool right = false;
	for (size_t i = 0; i <= before.n; i++)
		for (size_t k = i; k <= before.n; k++) {
			OWN(buf) struct buf part = {0}, put_in = {0}, wanted = {0};
			/* A \r\n is never cut in two. */
			if ((i && i < before.n && before.p[i] == '\n' && before.p[i - 1] == '\r') ||
				(k && k < before.n && before.p[k] == '\n' &&
					before.p[k - 1] == '\r'))
				continue;
			normal((struct str){before.p + i, k - i}, &part);
			if (part.n != find.n || memcmp(part.p, find.p, find.n) != 0)
				continue;
			found++;
			if (after.n < before.n - (k - i) || memcmp(after.p, before.p, i) != 0)
				continue;
			size_t tail = before.n - k;
			if (memcmp(after.p + after.n - tail, before.p + k, tail) != 0)
				continue;
			normal((struct str){after.p + i, after.n - tail - i}, &put_in);
			normal(text, &wanted);
			right = right ||
				(put_in.n == wanted.n &&
					(!wanted.n || memcmp(put_in.p, wanted.p, wanted.n) == 0));
		}
	return right && found == 1;
}

static bool
fuzz_replace(struct str before)
{
	static const char *const texts[] = {"new", "two\nlines\n", "", "\t$& \\1", "x\n"};
	OWN(buf) struct buf find = {0}, after = {0}, part = {0}, plain = {0};
	size_t from = below(before.n + 1), n = below(before.n - from + 1);
	struct edit_place place;
	normal((struct str){before.p + from, n}, &part);
	buf_add_str(&find, buf_str(&part));
	if (!below(4))
		buf_puts(&find, below(2) ? " " : "\n");
	if (!find.p)
		buf_add(&find, "", 0);
	struct str text = str_of(texts[below(5)]);
	const struct edit e = {EDIT_REPLACE, "f", buf_str(&find), text};
	enum edit_verdict v = edit_text(&e, before, &after, &place, NULL);
	if (v != EDIT_DONE)
		return after.n == 0;
	normal(buf_str(&find), &plain);
	if (str_starts(buf_str(&plain), "\xef\xbb\xbf")) /* the mark is nothing that is replaced */
		buf_drop_front(&plain, 3);
	return is_replaced(before, buf_str(&plain), text, buf_str(&after));
}

/* What a diff of two files makes of the first is the second. */
static bool
fuzz_diff(struct str before)
{
	OWN(buf) struct buf wanted = {0}, patch = {0}, after = {0};
	struct edit_place place;
	/* Lines of the file changed, dropped and put in; its line ends stay. */
	struct str rest = before;
	if (str_starts(before, "\xef\xbb\xbf")) { /* the mark is no part of the first line */
		buf_puts(&wanted, "\xef\xbb\xbf");
		rest = (struct str){before.p + 3, before.n - 3};
	}
	while (rest.n) {
		const char *nl = memchr(rest.p, '\n', rest.n);
		size_t n = nl ? (size_t)(nl - rest.p) + 1 : rest.n;
		size_t what = below(8);
		bool crlf = n > 1 && rest.p[n - 2] == '\r' && rest.p[n - 1] == '\n';
		if (what == 0 && nl)
			buf_puts(&wanted, crlf ? "changed\r\n" : "changed\n");
		else if (what != 1)
			buf_add(&wanted, rest.p, n);
		rest = (struct str){rest.p + n, rest.n - n};
	}
	const struct gitrepo_change c = {"f", before, buf_str(&wanted), false};
	if (!wanted.p)
		buf_add(&wanted, "", 0);
	if (gitrepo_put_diff(&c, &patch, NULL) < 0)
		return false;
	const struct edit e = {EDIT_DIFF, "f", STR(""), buf_str(&patch)};
	enum edit_verdict v = edit_text(&e, before, &after, &place, NULL);
	if (v !=
		EDIT_DONE) /* a line that is only blank, in a file that has two of them, and the like */
		return after.n == 0;
	return after.n == wanted.n && (!after.n || memcmp(after.p, wanted.p, after.n) == 0);
}

static void
no_edit_at_random_corrupts_a_file(void **state)
{
	const char *many = getenv("DD_FUZZ_EDITS");
	size_t n = many ? (size_t)strtoul(many, NULL, 10) : 500, bad = 0;
	(void)state;
	for (size_t i = 0; i < n; i++) {
		OWN(buf) struct buf before = {0};
		random_file(&before);
		if (!before.p)
			buf_add(&before, "", 0);
		bool good = i % 2 ? fuzz_replace(buf_str(&before)) : fuzz_diff(buf_str(&before));
		bad += !good;
		if (!good && bad < 4)
			print_error("# edit %zu of %s\n", i, before.p);
	}
	print_message("# %zu edits at random, %zu files corrupted\n", n, bad);
	assert_int_equal(bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_one_place_is_replaced_and_nothing_else),
		cmocka_unit_test(two_places_are_refused_and_named),
		cmocka_unit_test(no_blank_is_guessed_and_the_nearest_place_is_named),
		cmocka_unit_test(a_blank_needle_is_refused),
		cmocka_unit_test(line_ends_and_mark_stay),
		cmocka_unit_test(latin_1_stays_latin_1),
		cmocka_unit_test(what_is_no_text_is_refused),
		cmocka_unit_test(a_whole_file_keeps_how_its_last_line_ends),
		cmocka_unit_test(a_diff_applies_exactly_or_not_at_all),
		cmocka_unit_test(paths_out_of_the_tree_are_refused),
		cmocka_unit_test(several_files_change_together_or_not_at_all),
		cmocka_unit_test(a_write_that_fails_changes_nothing),
		cmocka_unit_test(what_would_parse_worse_is_refused),
		cmocka_unit_test(no_edit_at_random_corrupts_a_file),
	};
	return cmocka_run_group_tests(tests, make_tree, drop_tree);
}
