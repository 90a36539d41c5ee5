/* The recipe's files: what a target can call its files must not become instructions. */
#include "envprobe/recipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct recipe
recipe_of(const char *dir, const char *build, const char *test)
{
	struct recipe r = {.version = RECIPE_VERSION, .base.digest = mem_strdup("d")};
	struct command *c = command_list_add(&r.commands);
	*c = (struct command){.phase = PHASE_BUILD,
		.run = mem_strdup(build),
		.dir = dir ? mem_strdup(dir) : NULL};
	c = command_list_add(&r.commands);
	*c = (struct command){
		.phase = PHASE_TEST, .run = mem_strdup(test), .dir = dir ? mem_strdup(dir) : NULL};
	return r;
}

/* Lines of the text that start so. */
static size_t
count_lines(const struct buf *text, const char *start)
{
	struct str rest = buf_str(text), line;
	size_t n = 0;
	while (str_next_line(&rest, &line))
		n += str_starts(line, start);
	return n;
}

static void
a_directory_is_one_word_of_the_commands(void **state)
{
	(void)state;
	OWN(buf) struct buf docker = {0}, md = {0};
	struct recipe r = recipe_of("x'; touch pwned; '", "make", "make check");
	recipe_dockerfile(&r, NULL, &docker);
	recipe_build_md(&r, &md);
	assert_non_null(strstr(docker.p, "\nRUN cd 'x'\\''; touch pwned; '\\''' && make\n"));
	assert_non_null(
		strstr(docker.p, "cd '/work/x'\\\\''; touch pwned; '\\\\''' && make check"));
	assert_non_null(strstr(md.p, "\n(cd 'x'\\''; touch pwned; '\\''' && make)\n"));
	recipe_cleanup(&r);
}

static void
no_name_begins_a_line_of_its_own(void **state)
{
	(void)state;
	OWN(buf) struct buf docker = {0}, md = {0};
	struct recipe r = recipe_of("a\nUSER root\n```\nRUN id\\", "make", "make check");
	recipe_dockerfile(&r, NULL, &docker);
	recipe_build_md(&r, &md);
	assert_int_equal(count_lines(&docker, "USER"), 2); /* of the stages build and runtime */
	assert_int_equal(count_lines(&docker, "RUN"), 3);
	assert_int_equal(count_lines(&docker, "FROM"), 3);
	assert_int_equal(count_lines(&docker, "CMD"), 1);
	assert_int_equal(count_lines(&md, "USER"), 0);
	recipe_cleanup(&r);
}

static void
a_directory_is_no_option(void **state)
{
	(void)state;
	OWN(buf) struct buf docker = {0};
	struct recipe r = recipe_of("-P", "make", "make check");
	recipe_dockerfile(&r, NULL, &docker);
	assert_non_null(strstr(docker.p, "RUN cd ./-P && make\n"));
	recipe_cleanup(&r);
}

static void
a_command_of_several_lines_stays_one_instruction(void **state)
{
	(void)state;
	static const char *const runs[] = {"a\nb \"c\"", "cat <<USER", "make \\", NULL};
	for (size_t i = 0; runs[i]; i++) {
		OWN(buf) struct buf docker = {0}, want = {0};
		struct recipe r = recipe_of(NULL, runs[i], "make check");
		recipe_dockerfile(&r, NULL, &docker);
		buf_puts(&want, "\nRUN [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\", ");
		buf_put_json(&want, str_of(runs[i]));
		buf_puts(&want, "]\n\nFROM build AS test\nCMD");
		OWN_FREE char *comment = mem_strdup("# docker run IMAGE runs the tests.\n");
		char *at = strstr(docker.p, comment);
		assert_non_null(at);
		memmove(at, at + strlen(comment), strlen(at + strlen(comment)) + 1);
		assert_non_null(strstr(docker.p, want.p));
		recipe_cleanup(&r);
	}
}

static void
a_fence_is_longer_than_what_it_holds(void **state)
{
	(void)state;
	OWN(buf) struct buf md = {0};
	struct recipe r = recipe_of(NULL, "echo `````\n# Not a heading", "make check");
	recipe_build_md(&r, &md);
	assert_non_null(strstr(md.p, "\n``````sh\necho `````\n# Not a heading\n``````\n"));
	recipe_cleanup(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_directory_is_one_word_of_the_commands),
		cmocka_unit_test(no_name_begins_a_line_of_its_own),
		cmocka_unit_test(a_directory_is_no_option),
		cmocka_unit_test(a_command_of_several_lines_stays_one_instruction),
		cmocka_unit_test(a_fence_is_longer_than_what_it_holds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
