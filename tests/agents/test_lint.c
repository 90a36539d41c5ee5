/* The project's linters: what asks for them, and what of their words is new. */
#include "agents/lint.h"
#include "agents/touched.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TREE "/work"

static const char *const *tree; /* path, text, ..., NULL */

static bool
read_file(void *ctx, const char *path, struct buf *ret)
{
	(void)ctx;
	for (size_t i = 0; tree[i]; i += 2)
		if (strcmp(tree[i], path) == 0) {
			buf_puts(ret, tree[i + 1]);
			return true;
		}
	return false;
}

/* "NAME DIR(PATH,PATH) ..." of what the tree asks for. */
#define ASKS(wanted, paths, ...) asks((const char *const[]){__VA_ARGS__, NULL}, paths, wanted)
static void
asks(const char *const *files, const char *paths, const char *wanted)
{
	const struct lint_host host = {read_file, NULL};
	OWN(strlist) struct strlist l = {0};
	OWN(buf) struct buf got = {0};
	struct str rest = str_of(paths), path;
	size_t i, k;
	json_t *one, *p;
	tree = files;
	while (str_next_word(&rest, &path))
		strlist_add_str(&l, path);
	OWN_JSON json_t *list = lint_asked(&host, &l);
	json_array_foreach (list, i, one) {
		buf_printf(&got, "%s%s %s(", i ? " " : "", json_string_in(one, "name"),
			json_string_in(one, "dir"));
		json_array_foreach (json_object_get(one, "args"), k, p)
			buf_printf(&got, "%s ", json_string_value(p));
		json_array_foreach (json_object_get(one, "paths"), k, p)
			buf_printf(&got, "%s%s", k ? "," : "", json_string_value(p));
		buf_putc(&got, ')');
	}
	assert_string_equal(got.n ? got.p : "", wanted);
}

static void
a_tree_asks_by_its_files(void **s)
{
	(void)s;
	ASKS("", "a.c b.py", "README", "lint: yes");
	ASKS("clang-format (a.c,lib/b.h)", "a.c lib/b.h c.py", ".clang-format", "");
	ASKS("clang-format lib(lib/b.h)", "a.c lib/b.h", "lib/.clang-format", "");
	ASKS("flake8 (a.py)", "a.py a.c", "setup.cfg", "[metadata]\n[flake8]\n");
	ASKS("", "a.py", "setup.cfg", "[metadata]\n# [flake8]\n");
	ASKS("black (a.py)", "a.py", "pyproject.toml", "[tool.black]\n");
	ASKS("make lint (a.txt)", "a.txt", "Makefile", "all: a\nall lint: b\n\tlint: c\n");
	ASKS("", "a.txt", "Makefile", "lint = 3\nlint := 4\nx:\n\tlint: c\n");
	ASKS("npm run lint web(web/a.js)", "web/a.js b.js", "web/package.json",
		"{\"scripts\": {\"lint\": \"eslint .\"}}");
	ASKS("gofmt (m/a.go)", "m/a.go", "go.mod", "module x\n");
}

static void
hooks_of_pre_commit_ask_too(void **s)
{
	(void)s;
	ASKS("flake8 (--max-line-length=99 a.py) other (a.py,a.c)", "a.py a.c",
		".pre-commit-config.yaml",
		"repos:\n- repo: x\n  hooks:\n  - id: flake8\n    args: [--max-line-length=99]\n  - id: other\n");
	ASKS("", "a.py", ".pre-commit-config.yaml", "repos: {\n");
}

static void
hooks_look_at_what_their_patterns_let_through(void **s)
{
	(void)s;
	const char *paths = "a.py lib/b.py lib/gen/c.py";
#define HOOK(top, more) \
	".pre-commit-config.yaml", top "repos:\n- repo: x\n  hooks:\n  - id: flake8\n" more
	ASKS("flake8 (a.py,lib/b.py,lib/gen/c.py)", paths, HOOK("", ""));
	ASKS("flake8 (lib/b.py,lib/gen/c.py)", paths, HOOK("", "    files: ^lib/\n"));
	ASKS("flake8 (lib/b.py)", paths, HOOK("exclude: gen/\n", "    files: ^lib/\n"));
	ASKS("flake8 (a.py,lib/b.py)", paths,
		HOOK("exclude: ^$\n", "    files: .*\n    exclude: /c\\.py$\n"));
	ASKS("flake8 (a.py,lib/b.py)", paths,
		HOOK("",
			"    exclude: |\n      (?x)^(\n        lib/gen/.*|  # made\n        x\n      )$ # all\n"));
	ASKS("", paths, HOOK("files: ^none/\n", ""));
	const struct lint_host host = {read_file, NULL};
	OWN(strlist) struct strlist l = {0};
	tree = (const char *const[]){HOOK("", "    files: '('\n"), NULL};
	strlist_add(&l, "a.py");
	OWN_JSON json_t *list = lint_asked(&host, &l);
	assert_int_equal(json_array_size(list), 1);
	assert_string_not_equal(json_string_in(json_array_get(list, 0), "not"), "");
}

static void
no_argument_of_a_hook_repairs(void **s)
{
	(void)s;
	ASKS("ruff (--exit-non-zero-on-fix --show-fixes --line-length=99 a.py)", "a.py",
		".pre-commit-config.yaml",
		"repos:\n- repo: x\n  hooks:\n  - id: ruff\n    args: [--fix, --exit-non-zero-on-fix, --fix-only, --unsafe-fixes, "
		"--show-fixes, --add-noqa, --line-length=99]\n");
	ASKS("codespell (--quiet-level=2 a.py)", "a.py", ".pre-commit-config.yaml",
		"repos:\n- repo: x\n  hooks:\n  - id: codespell\n    args: [-w, -i, '3', --write-changes, --quiet-level=2]\n");
	ASKS("rubocop (-D a.rb)", "a.rb", ".pre-commit-config.yaml",
		"repos:\n- repo: x\n  hooks:\n  - id: rubocop\n    args: [-a, -A, --auto-correct-all, --autocorrect, -D]\n");
	ASKS("clang-format (--verbose a.c)", "a.c", ".pre-commit-config.yaml",
		"repos:\n- repo: x\n  hooks:\n  - id: clang-format\n    args: [-i, --in-place, --verbose]\n");
}

/* The lines that marks are found in. */
static void
marks(const char *before, const char *after, const char *wanted)
{
	OWN_JSON json_t *is = json_pack("[[i, i]]", 2, 2), *findings = json_array();
	OWN(buf) struct buf got = {0};
	size_t i;
	json_t *one;
	lint_marks("a", str_of(before), str_of(after), is, findings);
	json_array_foreach (findings, i, one)
		buf_printf(
			&got, "%lld ", (long long)json_integer_value(json_object_get(one, "line")));
	assert_string_equal(got.n ? got.p : "", wanted);
}

static void
what_is_told_not_to_look_is_seen(void **s)
{
	static const char *const all[] = {"x = 1  # noqa: E501", "x = 1  # NOQA",
		"# type: ignore[x]", "#pylint:disable=all", "/* eslint-disable */",
		"  // eslint-disable-next-line x", "// clang-format off",
		"# shellcheck disable=SC2086", "x # rubocop:disable all", "f(); // NOLINT(x)",
		"eval(x)  # nosec", "# fmt: off", "// @ts-ignore", "//nolint", " * eslint-disable",
		NULL};
	(void)s;
	for (size_t i = 0; all[i]; i++) {
		OWN_FREE char *after = mem_printf("a\n%s\nb\n", all[i]);
		marks("a\nb\n", after, "2 ");
		marks(after, after, "");
	}
	marks("", "a\nb\nc\nd # noqa\n", "");				    /* not touched */
	marks("# noqa\na\n", "a\n\nx # noqa\n", "");			    /* moved */
	marks("# noqa\na\n", "a # noqa\nb # noqa\nc\n", "2 ");		    /* one more */
	marks("", "a\nint eslint_disable = noqa;\n\"type: ignore\"\n", ""); /* no comment */
}

static void
settings_are_known(void **s)
{
	(void)s;
	assert_true(lint_is_config(".rubocop_todo.yml") && lint_is_config("a/.eslintignore") &&
		    lint_is_config(".flake8") && lint_is_config("Makefile") &&
		    lint_is_config("x/.codespell-words") && lint_is_config("eslint.config.ts"));
	assert_false(lint_is_config("a.py") || lint_is_config("eslint.js"));
}

static int
run_of(const char *said, struct lint_run *ret)
{
	*ret = (struct lint_run){str_of(said ? said + 2 : ""), said ? said[0] - '0' : 0};
	return 0;
}

/* What is new in a.c, of which lines 3 and 7 are touched, and b.c, which is new; "STATUS PRINTED" before and after. */
static void
says(const char *dir, const char *was, const char *is, const char *wanted)
{
	OWN_JSON json_t *files = json_pack("[{s:s, s:[[i, i], [i, i]]}, {s:s, s:[[i, i]]}]", "path",
		"lib/a.c", "is", 3, 1, 7, 1, "path", "b.c", "is", 1, 9);
	OWN_JSON json_t *asked = json_pack("{s:s, s:s}", "name", "tool", "dir", dir);
	OWN_JSON json_t *findings = json_array();
	OWN(buf) struct buf got = {0};
	struct lint_run before, after;
	size_t i;
	json_t *one;
	(void)run_of(was, &before);
	(void)run_of(is, &after);
	if (!lint_compare(asked, TREE, files, was ? &before : NULL, &after, findings))
		buf_puts(&got, "not run");
	json_array_foreach (findings, i, one)
		buf_printf(&got, "%s%s:%lld %s", i ? "|" : "", json_string_in(one, "path"),
			(long long)json_integer_value(json_object_get(one, "line")),
			json_string_in(one, "text"));
	assert_string_equal(got.n ? got.p : "", wanted);
}

static void
what_is_new_is_on_a_touched_line(void **s)
{
	(void)s;
	says("", "0 ", "0 ", "");
	says("", "0 ", "1 lib/a.c:3:5: E1 too long (99)\n", "lib/a.c:3 E1 too long (99)");
	says("", "0 ", "1 " TREE "/lib/a.c:3: E1\n", "lib/a.c:3 E1");
	says("lib", "0 ", "1 ./a.c:3: E1\n", "lib/a.c:3 E1");
	says("", "1 lib/a.c:2: E1\n", "1 lib/a.c:2: E1\nlib/a.c:4: E2\n", "");
	says("", "1 lib/a.c:9: E1 (80)\n", "1 lib/a.c:3: E1 (99)\n", "");
	says("", "1 lib/a.c:9: E1\n", "1 lib/a.c:3: E1\nlib/a.c:9: E1\n", "lib/a.c:3 E1");
	says("", "1 c.c:9: E1\n", "1 c.c:9: E1\nlib/a.c:7: E1\n", "lib/a.c:7 E1");
	says("", NULL, "1 b.c:2:1: E3\n", "b.c:2 E3");
}

static void
who_was_content_and_is_no_more_is_heard(void **s)
{
	(void)s;
	says("", "0 fine\n", "1 lib/a.c:4: unused\n", "lib/a.c:4 unused");
	says("", "0 fine\n", "2 3 problems\n\n", ":0 3 problems");
	says("", "2 cannot read settings\n", "2 cannot read settings\n", "not run");
	says("", NULL, "2 cannot read settings\n", "not run");
	says("", "1 lib/a.c:9: E1\n", "2 internal error\n", "not run");
	says("", "1 c.c:9: E1\n", "2 \n", "not run");
	says("", "1 lib/a.c:9: E1\n", "1 c.c:9: E1\n", "");
}

static void
diffs_and_groups_are_read(void **s)
{
	(void)s;
	says("", "0 ", "1 --- lib/a.c\t2020\n+++ lib/a.c\t2020\n@@ -2,3 +2,3 @@\n x\n-y\n+z\n w\n",
		"lib/a.c:3 the formatter would write this otherwise");
	says("", "0 ",
		"0 diff lib/a.c.orig lib/a.c\n--- lib/a.c.orig\n+++ lib/a.c\n@@ -6,2 +6,3 @@\n x\n+z\n y\n",
		"lib/a.c:7 the formatter would write this otherwise");
	says("", "0 ", "1 Diff in " TREE "/lib/a.c at line 2:\n x\n-y\n+z\n",
		"lib/a.c:3 the formatter would write this otherwise");
	says("", "0 ", "1 Diff in " TREE "/lib/a.c:3:\n-y\n+z\n",
		"lib/a.c:3 the formatter would write this otherwise");
	says("", "0 ", "1 \n" TREE "/lib/a.c\n  3:5  error  No\n  4:1  error  Yes\n\n2 problems\n",
		"lib/a.c:3 error  No");
	says("", "0 ", "1 [warn] b.c\n", "b.c:0 the formatter would write this file otherwise");
	says("", "1 would reformat b.c\n", "1 would reformat b.c\n", "");
}

static void
touched_lines_are_those_of_the_diff(void **s)
{
	(void)s;
	OWN_JSON json_t *j = touched_lines(STR(
		"--- a/x\n+++ b/x\n@@ -1,5 +1,6 @@\n a\n-b\n-c\n+B\n d\n+e\n+f\n g\n@@ -9 +10 @@\n--- i\n+++ i\n\\ No newline at end of file\n"));
	OWN(buf) struct buf got = {0};
	json_print(j, 0, &got);
	assert_string_equal(got.p,
		"{\"removed\":3,\"added\":4,\"was\":[[2,2],[9,1]],\"is\":[[2,1],[4,2],[10,1]]}");
	assert_true(touched_has(json_object_get(j, "is"), 5));
	assert_false(touched_has(json_object_get(j, "is"), 6));
	assert_int_equal(touched_before(j, 1), 1);
	assert_int_equal(touched_before(j, 3), 4);
	assert_int_equal(touched_before(j, 6), 5);
	assert_int_equal(touched_before(j, 9), 8);
	assert_int_equal(touched_before(j, 11), 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tree_asks_by_its_files),
		cmocka_unit_test(hooks_of_pre_commit_ask_too),
		cmocka_unit_test(hooks_look_at_what_their_patterns_let_through),
		cmocka_unit_test(no_argument_of_a_hook_repairs),
		cmocka_unit_test(what_is_told_not_to_look_is_seen),
		cmocka_unit_test(settings_are_known),
		cmocka_unit_test(what_is_new_is_on_a_touched_line),
		cmocka_unit_test(who_was_content_and_is_no_more_is_heard),
		cmocka_unit_test(diffs_and_groups_are_read),
		cmocka_unit_test(touched_lines_are_those_of_the_diff),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
