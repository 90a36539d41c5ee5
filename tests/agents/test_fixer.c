/* The fixer against a compiler that is made up: what it says depends on the text of the file alone. */
#include "agents/fixer.h"
#include "agents/fixer_cast.h"
#include "agents/fixer_path.h"
#include "agents/source_c.h"

#include "base/fs.h"
#include "tests/base/tmpdir.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char source[] = "#include <stdio.h>\n\nvoid stop(void)\n{\n\tclose(1);\n}\n";

struct compiler {
	int root;
	size_t runs;
	const char *symbols_then; /* undefined ones, once the header is there */
};

/* gcc 12 on `source`: the call, and the wrong name it offers with a fix-it. */
#define OFFER \
	"[{\"kind\": \"error\", \"message\": \"implicit declaration of function 'close'; did you mean 'pclose'?\", " \
	"\"locations\": [{\"caret\": {\"file\": \"a.c\", \"line\": %d, \"byte-column\": 2}}], \"fixits\": [{\"start\": " \
	"{\"file\": \"a.c\", \"line\": %d, \"byte-column\": 2}, \"next\": {\"file\": \"a.c\", \"line\": %d, \"byte-column\": 7}, " \
	"\"string\": \"pclose\"}], \"children\": []}]\n"

static int
compile(void *ctx, struct str script, const struct fixer_file *files, size_t n, struct buf *ret,
	struct dd_err *err)
{
	struct compiler *c = ctx;
	OWN(buf) struct buf text = {0};
	(void)script;
	(void)files;
	(void)n;
	(void)err;
	c->runs++;
	assert_int_equal(fs_read_at(c->root, "a.c", 1 << 20, &text, NULL), 0);
	bool has_header = strstr(text.p, "#include <unistd.h>") != NULL;
	if (has_header || strstr(text.p, "pclose"))
		buf_puts(ret, "[]\n");
	else
		buf_printf(ret, OFFER, 5, 5, 5);
	buf_printf(ret, "drydock-symbols-follow\nobject\n                 U %s\n",
		has_header		   ? c->symbols_then
		: strstr(text.p, "pclose") ? "pclose"
					   : "close");
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

/* The file as the fixer leaves it; heap. */
static char *
fix(const char *symbols_then, json_t **ret)
{
	OWN_FREE char *path = NULL;
	char *dir = tmpdir_create();
	struct compiler c = {.root = tmpdir_open_fd(dir), .symbols_then = symbols_then};
	const struct fixer_host host = {compile, find_none, &c};
	OWN(buf) struct buf text = {0};
	struct fixer_unit_list units = {0};
	path = fs_join(dir, "a.c");
	assert_int_equal(fs_write_atomic(path, str_of(source), 0644, NULL), 0);
	fixer_units(((struct str){"1\0"
				  "0\0" WORK_DIR "\0"
				  "cc\0"
				  "a.c\0",
			    19}),
		&units);
	assert_int_equal(units.n, 1);
	const struct fixer_spec spec = {
		.root_fd = c.root, .units = &units, .strict = true, .host = &host};
	assert_int_equal(fixer_c_run(&spec, ret, NULL), 0);
	assert_int_equal(fs_read(path, 1 << 20, &text, NULL), 0);
	fixer_unit_list_cleanup(&units);
	(void)close(c.root);
	tmpdir_remove(dir);
	return buf_take(&text);
}

static void
the_header_is_put_in_and_the_offered_name_is_not(void **state)
{
	OWN_JSON json_t *j = NULL;
	(void)state;
	OWN_FREE char *text = fix("close", &j);
	assert_string_equal(text,
		"#include <stdio.h>\n#include <unistd.h>\n\nvoid stop(void)\n{\n\tclose(1);\n}\n");
	assert_int_equal(json_array_size(json_object_get(j, "fixes")), 1);
	assert_string_equal(json_string_value(json_object_get(
				    json_array_get(json_object_get(j, "units"), 0), "symbols")),
		"same");
}

static void
what_changes_the_symbols_is_taken_back(void **state)
{
	OWN_JSON json_t *j = NULL;
	(void)state;
	OWN_FREE char *text = fix("another", &j);
	assert_string_equal(text, source);
	assert_int_equal(json_array_size(json_object_get(j, "fixes")), 0);
	assert_int_equal(json_array_size(json_object_get(j, "left")), 1);
}

static void
assert_path(const char *dir, const char *path, const char *wanted)
{
	OWN_FREE char *is = fixer_path(dir, str_of(path));
	if (wanted)
		assert_string_equal(is ? is : "(outside)", wanted);
	else
		assert_null(is);
}

static void
a_path_is_read_from_where_the_tool_works(void **state)
{
	(void)state;
	assert_path("", "main.c", "main.c");
	assert_path("lib", "./../src//main.c", "src/main.c");
	assert_path("lib", WORK_DIR "/src/main.c", "src/main.c");
	assert_path("lib/a", "..", "lib");
	assert_path("", WORK_DIR, "");
	assert_path("", ".", "");
	assert_path("lib", "../../main.c", NULL);
	assert_path("", WORK_DIR "/../etc/passwd", NULL);
	assert_path("", WORK_DIR "-other/main.c", NULL);
	assert_path("", "/usr/include/stdio.h", NULL);
}

static void
calls_of_the_compiler_become_units(void **state)
{
	static const char calls[] = "7\0"
				    "0\0" WORK_DIR "/sub\0"
				    "gcc\0"
				    "-DX=a b\0"
				    "-c\0"
				    "-o\0"
				    "a.o\0"
				    "../src/a.c\0"
				    "-I\0"
				    "inc\0"
				    "1\0"
				    "0\0" WORK_DIR "\0"
				    "cc\0"
				    "conftest.c\0"
				    "1\0"
				    "0\0"
				    "/tmp\0"
				    "cc\0"
				    "b.c\0"
				    "2\0"
				    "0\0" WORK_DIR "\0"
				    "cc\0"
				    "-E\0"
				    "c.c\0"
				    "3\0"
				    "1\0" WORK_DIR "\0"
				    "cc\0"
				    "x.c\0"
				    "y.c\0"
				    "-lm\0"
				    "1\0"
				    "0\0" WORK_DIR "\0"
				    "cc\0"
				    "src/a.c\0";
	struct fixer_unit_list units = {0};
	(void)state;
	fixer_units((struct str){calls, sizeof(calls) - 1}, &units);
	assert_int_equal(units.n, 3);
	assert_string_equal(units.v[0].path, "src/a.c");
	assert_string_equal(units.v[0].dir, "sub");
	assert_int_equal(units.v[0].argv.n, 4);
	assert_string_equal(units.v[0].argv.v[1], "-DX=a b");
	assert_string_equal(units.v[1].path, "x.c");
	assert_string_equal(units.v[2].path, "y.c");
	assert_int_equal(units.v[2].argv.n, 1);
	fixer_unit_list_cleanup(&units);
}

/* A declaration from the text of a definition, at the first place of `name(`. */
static void
assert_declared(const char *text, const char *name, const char *wanted)
{
	OWN(buf) struct buf blank = {0};
	struct source_head h;
	source_blank(str_of(text), &blank);
	assert_true(source_head(buf_str(&blank), (size_t)(strstr(text, name) - text), &h));
	OWN_FREE char *told = source_prototype(str_of(text), &h, false);
	if (wanted)
		assert_string_equal(told, wanted);
	else
		assert_null(told);
}

static void
declarations_are_those_of_the_definitions(void **state)
{
	(void)state;
	assert_declared(
		"int\nf(int a, /* of b */\n  char *b)\n{ }", "f(", "int f(int a, char *b);");
	assert_declared("extern char *f(a, b) int a; char *b; { }", "f(", "char *f();");
	assert_declared("f(a) { }", "f(", "int f();");
	assert_declared("static f() { }", "f(", "static int f();");
	assert_declared("int g; /* ; } */ double f(void (*cb)(int), int n)\n{ }", "f(",
		"double f(void (*cb)(int), int n);");
	assert_declared("int f(void)\n#ifdef X\n{ }\n#endif\n", "f(", "int f(void);");
}

static void
pieces_of_a_file_are_found(void **state)
{
	static const char text[] =
		"int a;\nint\nf(x)\nint x;\nchar y;\n{\n\tg(\"}\"); /* } */\n}\nvoid h(void) { g(); }\n";
	OWN(buf) struct buf blank = {0};
	(void)state;
	source_blank(str_of(text), &blank);
	assert_int_equal(source_piece(buf_str(&blank), (size_t)(strstr(text, "g(\"") - text)),
		strstr(text, "int\nf") - text);
	assert_int_equal(source_piece(buf_str(&blank), (size_t)(strstr(text, "g();") - text)),
		strstr(text, "void h") - text);
}

static char *
cast(const char *message, const char *note, const char *code, const char *at)
{
	OWN(buf) struct buf blank = {0};
	size_t place = (size_t)(strstr(code, at) - code), from = 0, n = 0;
	struct diagnostic d = {.message = (char *)(uintptr_t)message,
		.note = (char *)(uintptr_t)note,
		.line = 1,
		.column = place + 1};
	if (at[0] != '=')
		d.first = place + 1;
	source_blank(str_of(code), &blank);
	return fixer_cast(&d, str_of(code), buf_str(&blank), place, &from, &n);
}

static void
is_cast(const char *got, const char *wanted)
{
	assert_string_equal(got ? got : "none", wanted);
	free((void *)(uintptr_t)got);
}

static void
casts_are_only_of_what_stays_the_same(void **state)
{
	static const char to_pointer
		[] = "assignment to 'char *' from 'int' makes pointer from integer without a cast",
      to_int[] = "initialization of 'int' from 'void *' makes integer from pointer without a cast",
      passing[] = "passing argument 1 of 'f' from incompatible pointer type",
      other[] = "assignment to 'T *' {aka 'struct t *'} from incompatible pointer type 'struct u *'";
	(void)state;
	is_cast(cast(to_pointer, NULL, "p = -1;", "="), "(char *)-1");
	is_cast(cast(to_pointer, NULL, "p = getenv(s);", "="),
		"none"); /* its value may have been cut */
	is_cast(cast(to_pointer, NULL, "p = a ? 1 : 2;", "="), "none");
	is_cast(cast(to_int, NULL, "int n = NULL;", "NULL"), "0");
	is_cast(cast(to_int, NULL, "int n = p;", "p"), "none");
	is_cast(cast(passing, "expected 'const char **' but argument is of type 'char **'",
			"f(v + 1);", "v + 1"),
		"(const char **)(v + 1)");
	is_cast(cast(passing, "expected 'long int *' but argument is of type 'int *'", "f(&n);",
			"&n"),
		"none");
	is_cast(cast(other, NULL, "p = q;", "="), "none");
	assert_true(fixer_cast_is_alike(STR("void (*)(int)"), STR("int (*)()")));
	assert_true(fixer_cast_is_alike(
		STR("int (*)(const void *, const void *)"), STR("int (*)(char **, char **)")));
	assert_false(fixer_cast_is_alike(
		STR("int (*)(const void *, const void *)"), STR("int (*)(int, int)")));
	assert_false(fixer_cast_is_alike(STR("int (*)(void)"), STR("char *(*)(void)")));
	assert_true(fixer_cast_is_alike(STR("unsigned char *"), STR("const char *")));
	assert_false(fixer_cast_is_alike(STR("char *"), STR("int *")));
	assert_true(fixer_cast_is_alike(STR("unsigned int *"), STR("int *")));
	assert_true(fixer_cast_is_alike(STR("long unsigned int *"), STR("long int *")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_header_is_put_in_and_the_offered_name_is_not),
		cmocka_unit_test(what_changes_the_symbols_is_taken_back),
		cmocka_unit_test(a_path_is_read_from_where_the_tool_works),
		cmocka_unit_test(calls_of_the_compiler_become_units),
		cmocka_unit_test(declarations_are_those_of_the_definitions),
		cmocka_unit_test(pieces_of_a_file_are_found),
		cmocka_unit_test(casts_are_only_of_what_stays_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
