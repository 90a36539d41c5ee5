/* The fixer of builds against a build that is made up: what it prints depends on the files alone. */
#include "agents/fixer_build.h"

#include "base/fs.h"
#include "tests/base/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct step {		  /* of a build, which stops at the first that fails */
	const char *path; /* must have `text`, and may not have `not` */
	const char *text, *not ;
	const char *prints; /* when it fails */
};
struct made_up {
	int root;
	const struct step *steps;
	size_t builds;
};

static bool
holds(const struct made_up *m, const struct step *s)
{
	OWN(buf) struct buf text = {0};
	assert_int_equal(fs_read_at(m->root, s->path, 1 << 20, &text, NULL), 0);
	return (!s->text || strstr(text.p, s->text)) && (!s->not || !strstr(text.p, s->not ));
}

static int
run(void *ctx, struct str script, const struct fixer_file *files, size_t n, struct buf *ret,
	struct dd_err *err)
{
	struct made_up *m = ctx;
	(void)files;
	(void)n;
	(void)err;
	if (!memmem(script.p, script.n, "drydock-build", 13)) {
		buf_puts(ret, "1 m\n"); /* which library defines what is lacking */
		return 0;
	}
	m->builds++;
	for (const struct step *s = m->steps; s->path; s++)
		if (!holds(m, s)) {
			buf_printf(ret, "%s\ndrydock-status 2\n", s->prints);
			return 0;
		}
	buf_puts(ret, "drydock-status 0\n");
	return 0;
}

static int
find_none(void *ctx, const struct strlist *names, struct fixer_definition_list *ret,
	struct dd_err *err)
{
	(void)ctx;
	(void)names;
	(void)ret;
	(void)err;
	return 0;
}

static bool
is_no_worse(void *ctx, const struct edit_change *all, size_t n, size_t which)
{
	(void)ctx;
	(void)all;
	(void)n;
	(void)which;
	return false;
}

/* files: pairs of path and text.  The rules that were kept, "RULE PATH TEXT" a line; heap. */
static char *
mend(const char *dir, const char *const *files, const struct step *steps)
{
	struct made_up m = {.root = tmpdir_open_fd(dir), .steps = steps};
	const struct fixer_host host = {run, find_none, &m};
	const struct edit_check check = {is_no_worse, NULL};
	const struct fixer_build_spec spec = {m.root, "./configure && make", &host, &check};
	OWN_JSON json_t *result = NULL;
	OWN(buf) struct buf out = {0};
	size_t i;
	json_t *fix;
	for (; files[0]; files += 2) {
		OWN_FREE char *path = fs_join(dir, files[0]);
		assert_int_equal(fs_write_atomic(path, str_of(files[1]), 0644, NULL), 0);
	}
	assert_int_equal(fixer_build_run(&spec, &result, NULL), 0);
	json_array_foreach (json_object_get(result, "fixes"), i, fix)
		buf_printf(&out, "%s %s %s\n", json_string_in(fix, "rule"),
			json_string_in(fix, "path"), json_string_in(fix, "text"));
	(void)close(m.root);
	return buf_take(&out);
}

static void
expect(const char *const *files, const struct step *steps, const char *wanted, const char *path,
	const char *text)
{
	char *dir = tmpdir_create();
	OWN_FREE char *got = mend(dir, files, steps), *at = fs_join(dir, path);
	OWN(buf) struct buf is = {0};
	assert_string_equal(got, wanted);
	assert_int_equal(fs_read(at, 1 << 20, &is, NULL), 0);
	assert_string_equal(is.p, text);
	tmpdir_remove(dir);
}

static void
an_obsolete_macro_is_what_autoconf_names(void **s)
{
	(void)s;
	static const char *const files[] = {"configure.ac",
		"AC_INIT\nAM_CONFIG_HEADER(a.h)\nAM_C_PROTOTYPES\n", "Makefile.am", "x = y\n",
		NULL};
	static const struct step steps[] = {
		{"configure.ac", NULL, "AM_CONFIG_HEADER",
			"configure.ac:2: error: 'AM_CONFIG_HEADER': this macro is obsolete.\n"
			"    You should use the 'AC_CONFIG_HEADERS' macro instead.\n"
			"configure.ac:2: the top level"},
		{"configure.ac", NULL, "AM_C_PROTOTYPES",
			"configure.ac:3: error: automatic de-ANSI-fication support has been removed\n"
			"configure.ac:3: the top level"},
		{"Makefile.am", "foreign", NULL,
			"Makefile.am: error: required file './NEWS' not found"},
		{NULL, NULL, NULL, NULL}};
	expect(files, steps,
		"obsolete-macro configure.ac AC_CONFIG_HEADERS in place of AM_CONFIG_HEADER\n"
		"obsolete-macro configure.ac without AM_C_PROTOTYPES\n"
		"foreign Makefile.am AUTOMAKE_OPTIONS = foreign\n",
		"configure.ac", "AC_INIT\nAC_CONFIG_HEADERS(a.h)\n\n");
}

static void
a_made_makefile_is_mended_where_it_comes_from(void **s)
{
	(void)s;
	static const char *const files[] = {"Makefile.in",
		"# @configure_input@\nCC = @CC@\na: a.c\n\t$(CC) -o '@a_b@' a.c @LIBS@\n", NULL};
	static const struct step steps[] = {
		{"Makefile.in", "-lm", NULL,
			"ld: a.c:(.text+0x1): undefined reference to `sqrt'\n"
			"make: *** [Makefile:4: a] Error 1\n"
			"drydock-line " WORK_DIR "/Makefile:4:\t$(CC) -o 'x' a.c "},
		{NULL, NULL, NULL, NULL}};
	expect(files, steps, "library Makefile.in -lm\n", "Makefile.in",
		"# @configure_input@\nCC = @CC@\na: a.c\n\t$(CC) -o '@a_b@' a.c @LIBS@ -lm\n");
}

static void
a_line_that_is_not_that_of_the_template_is_left(void **s)
{
	(void)s;
	static const char *const files[] = {
		"Makefile.in", "CC = @CC@\nb: b.c\n\t$(CC) -o b b.c\n", NULL};
	static const struct step steps[] = {
		{"Makefile.in", "-lm", NULL,
			"ld: a.c:(.text+0x1): undefined reference to `sqrt'\n"
			"make: *** [Makefile:3: a] Error 1\n"
			"drydock-line " WORK_DIR "/Makefile:3:\t$(CC) -o a a.c"},
		{NULL, NULL, NULL, NULL}};
	expect(files, steps, "", "Makefile.in", files[1]);
}

static void
automake_is_given_its_source_and_what_it_made(void **s)
{
	(void)s;
	static const char *const files[] = {"Makefile.am",
		"bin_PROGRAMS = a\nt.txt:\n        date >$@\n", "Makefile.in",
		"LIBS = @LIBS@\na: a.o\n\t$(a_LINK) $(LIBS)\nt.txt:\n        date >$@\n", NULL};
	static const struct step steps[] = {
		{"Makefile.in", "\tdate", NULL,
			"Makefile:5: *** missing separator.  Stop.\ndrydock-line " WORK_DIR
			"/Makefile:5:        date >$@"},
		{"Makefile.am", "\tdate", NULL, "Makefile:5: *** missing separator.  Stop."},
		{"Makefile.in", "@ -lm", NULL,
			"ld: a.c:(.text+0x1): undefined reference to `sqrt'\n"
			"make: *** [Makefile:3: a] Error 1\ndrydock-line " WORK_DIR
			"/Makefile:3:\t$(a_LINK) $(LIBS)"},
		{NULL, NULL, NULL, NULL}};
	static const char wanted[] =
		"tab Makefile.am a tab before the recipe\nlibrary Makefile.am -lm\n";
	expect(files, steps, wanted, "Makefile.am",
		"bin_PROGRAMS = a\nt.txt:\n\tdate >$@\nLIBS += -lm\n");
	expect(files, steps, wanted, "Makefile.in",
		"LIBS = @LIBS@ -lm\na: a.o\n\t$(a_LINK) $(LIBS)\nt.txt:\n\tdate >$@\n");
}

static void
a_configure_that_nobody_generated_is_generated(void **s)
{
	(void)s;
	static const char *const files[] = {
		"Makefile", "all:\n\tcd . && ./configure\n", "configure.ac", "AC_INIT\n", NULL};
	static const struct step steps[] = {{"Makefile", "autoreconf", NULL,
						    "/bin/sh: 1: ./configure: not found\n"
						    "make: *** [Makefile:2: all] Error 127"},
		{NULL, NULL, NULL, NULL}};
	expect(files, steps, "regenerate Makefile autoreconf -fi && ./configure\n", "Makefile",
		"all:\n\tcd . && autoreconf -fi && ./configure\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_obsolete_macro_is_what_autoconf_names),
		cmocka_unit_test(a_made_makefile_is_mended_where_it_comes_from),
		cmocka_unit_test(a_line_that_is_not_that_of_the_template_is_left),
		cmocka_unit_test(automake_is_given_its_source_and_what_it_made),
		cmocka_unit_test(a_configure_that_nobody_generated_is_generated),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
