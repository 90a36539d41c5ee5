/* The history that is made up for a tree that has none: the same tree has the same, on any day. */
#include "envprobe/history.h"

#include "base/fs.h"
#include "base/spawn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* In an empty directory of its own, made and removed; the output of the script, heap. */
static char *
in_a_tree(const char *script)
{
	static const char *const env[] = {"PATH=/usr/bin:/bin", "HOME=.", "LANG=C.UTF-8", NULL};
	OWN_FREE char *whole = mem_printf(
		"d=$(mktemp -d) && cd \"$d\" && { %s\n}; s=$?; cd / && rm -rf \"$d\"; exit $s",
		script);
	const char *argv[] = {"/bin/bash", "-e", "-o", "pipefail", "-c", whole,
		NULL}; /* as strict as a reader may be */
	OWN(buf) struct buf out = {.max = 4096};
	const struct spawn_spec spec = {.argv = argv, .env = env, .timeout_ms = 60000};
	assert_int_equal(spawn_capture(&spec, STR(""), &out, NULL, NULL), 0);
	return buf_take(&out);
}

static char *
tag_of(const char *files)
{
	OWN_FREE char *script = mem_printf(
		"HOME=$d; export HOME; %s\nmkdir home; HOME=$d/home; { %s\n} >/dev/null 2>&1 && "
		"git cat-file tag v0.0.0 | grep -o '> [0-9]* [+-][0-9]*$' && git rev-parse v0.0.0",
		files, history_repository_script);
	return in_a_tree(script);
}

static void
the_tag_has_the_date_of_the_trees_own_change_log(void **state)
{
	(void)state;
	OWN_FREE char *tag = tag_of(
		"printf '2011-04-05  N\\n\\n\\t* 2031-13-41 x12009-01-01\\n' >ChangeLog; echo 1999-01-02 >NEWS.md; echo 2020-01-01 >other");
	/* date -ud 2011-04-05 +%s */
	assert_true(str_starts(str_of(tag), "> 1301961600 +0000\n"));
}

static void
a_tree_without_one_has_the_first_day_of_2000(void **state)
{
	(void)state;
	OWN_FREE char *tag = tag_of("echo x >a");
	assert_true(str_starts(str_of(tag), "> 946684800 +0000\n"));
}

static void
the_times_of_files_and_the_day_change_nothing(void **state)
{
	(void)state;
	OWN_FREE char *one = tag_of("echo 2001-02-03 >CHANGES; touch -d 2015-01-01 CHANGES"),
		      *other = tag_of("sleep 1.1; echo 2001-02-03 >CHANGES");
	assert_string_equal(one, other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tag_has_the_date_of_the_trees_own_change_log),
		cmocka_unit_test(a_tree_without_one_has_the_first_day_of_2000),
		cmocka_unit_test(the_times_of_files_and_the_day_change_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
