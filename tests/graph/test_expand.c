/* Macros of C in place of their uses: what a compiler's preprocessor gives, as far as statements go. */
#include "graph/expand.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Blanks in a row are one, and none is at an end. */
static void
expands_with(const char *headers, const char *text, unsigned how, const char *wanted)
{
	OWN(buf) struct buf out = {0}, flat = {0};
	assert_true(expand_macros(str_of(headers), str_of(text), how, &out));
	for (size_t i = 0; i < out.n; i++)
		if (!isspace((unsigned char)out.p[i]))
			buf_putc(&flat, out.p[i]);
		else if (flat.n && flat.p[flat.n - 1] != ' ')
			buf_putc(&flat, ' ');
	while (flat.n && flat.p[flat.n - 1] == ' ')
		flat.n--;
	buf_putc(&flat, '\0');
	assert_string_equal(flat.p, wanted);
}

static void
expands(const char *text, const char *wanted)
{
	expands_with("", text, 0, wanted);
}

static void
a_name_becomes_what_it_stands_for(void **state)
{
	(void)state;
	expands("#define ONE 1\nint a = ONE;\n", "int a = 1 ;");
	expands("int a = ONE;\n#define ONE 1\n", "int a = ONE;");
	expands("#define ONE 1\n#undef ONE\nint a = ONE;\n", "int a = ONE;");
	expands("#define ONE \\\n\t1 /* one\nof them */\nONEROUS ONE \"ONE\" 'ONE' /* ONE */ // ONE\n",
		"ONEROUS 1 \"ONE\" 'ONE' /* ONE */ // ONE");
	expands("#define A B\n#define B C\n#define C(x) x + x\nA(2)\n", "2 + 2");
	expands("#define a b\n#define b a\na b\n", "a b");
}

static void
arguments_take_the_place_of_parameters(void **state)
{
	(void)state;
	expands("#define each(c) int i = 0; i < (c)->n; i++\nfor (each(list(a, b))) f(i);\n",
		"for ( int i = 0; i < (list(a, b))->n; i++ ) f(i);");
	expands("#define max(a, b) a > b ? a : b\nmax(max(1, 2), \"(,\")\n",
		"1 > 2 ? 1 : 2 > \"(,\" ? 1 > 2 ? 1 : 2 : \"(,\"");
	expands("#define f(x) [x]\nf (1) f f\n(2) f;\n", "[1] f [2] f;");
	expands("#define s(x) #x\n#define p(a, b) a ## b c\np(x, y) s(+ 1)\n", "xy c \"\"");
	expands("#define log(f, ...) printf(f, ## __VA_ARGS__)\nlog(\"a\"); log(\"b\", 1, 2);\n",
		"printf(\"a\") ; printf(\"b\",1, 2) ;");
	expands("#define log(f, a...) printf(f, a)\nlog(b, 1, 2)\n", "printf(b, 1, 2)");
	expands("#define f(a, b) a-b\nf(1)\n", "1-");
	expands("#define f(a) a\nf(1\n", "f(1");
}

static void
conditions_stay_and_of_several_definitions_one_is_taken(void **state)
{
	const char *text = "#if X\n#define T int\n#else\n#define T long\n#endif\nT a;\n";
	(void)state;
	expands(text, "#if X #else #endif long a;");
	expands_with("", text, EXPAND_FIRST, "#if X #else #endif int a;");
	expands_with("#define T char\n", text, EXPAND_FIRST, "#if X #else #endif char a;");
	expands_with("#define T char\nT b;\n", "T a;\n", 0, "char a;");
}

static void
what_is_left_out_for_sure_is_left_out(void **state)
{
	(void)state;
	expands("a\n#if 0\nit's\n#if X\n#define a b\n#else\n#endif\n#endif\na\n", "a a");
	expands("#if 0 /* not\nyet */\nit's\n#endif\na\n", "a");
	expands("#if 0\nx\n#else\na\n#endif\nb\n", "#if 1 a #endif b");
	expands("#if 0\nx\n#elif Y\na\n#else\nc\n#endif\n", "#if Y a #else c #endif");
	expands("#if 0 + X\nx\n#endif\n", "#if 0 + X x #endif");
	expands_with("#if 0\n#define T bad\n#else\n#define U char\n#endif\n", "T a; U b;\n", 0,
		"T a; char b;");
}

static void
what_nobody_defines_may_be_a_macro(void **state)
{
	(void)state;
	expands_with(
		"", "f() { EACH(a, b) { g(a) } }\n", EXPAND_GUESS, "f() { for (;;) { g(a) } }");
	expands_with("", "f() { each(a) { } if (a) { } g(a) }\n", EXPAND_GUESS,
		"f() { for (;;) { } if (a) { } g(a) }");
	expands_with("", "f() {\nLOCK(a)\nBEGIN\n#if A\nCHECK(b) g();\n#endif\nEND\n}\n",
		EXPAND_GUESS, "f() { 0; 0; #if A 0; g(); #endif 0; }");
	expands_with(
		"", "f() { return A(b) } g(x) { }\n", EXPAND_GUESS, "f() { return A(b) } g(x) { }");
	expands_with(
		"", "f() {\n/* why */ BEGIN\nx;\n}\n", EXPAND_GUESS, "f() { /* why */ 0; x; }");
	expands_with(
		"", "#define NO(x)\nf() { a NO(b;) BEGIN\n}\n", EXPAND_GUESS, "f() { a BEGIN }");
	expands("f() { EACH(a) { } }\n", "f() { EACH(a) { } }");
}

/* One more than are kept, and dots behind them. */
static void
parameters_are_bounded(void **state)
{
	OWN(buf) struct buf text = {0};
	(void)state;
	buf_puts(&text, "#define f(");
	for (int i = 0; i < 64; i++)
		buf_printf(&text, "p%d, ", i);
	buf_puts(&text, "...) p0 __VA_ARGS__ p63\nf(");
	for (int i = 0; i < 66; i++)
		buf_printf(&text, "%s%d", i ? "," : "", i);
	buf_puts(&text, ")\n");
	expands(text.p, "0 __VA_ARGS__ 63,64,65");
}

static void
what_is_in_quotes_or_behind_a_comment_begins_none(void **state)
{
	(void)state;
	expands("#define A \"/*\"\nint a; // */\nA\n", "int a; // */ \"/*\"");
	expands("#define B 1 // as in src/*.c\nint b = B; /* b */\n", "int b = 1 ; /* b */");
	expands("#define C '\"' + \\\n1\nint c = C;\n", "int c = '\"' + 1 ;");
	expands("#define D 1 // one \\\ntwo\nint d = D;\n", "int d = 1 ;");
}

/* What has no end is not looked for anew by each that begins in another. */
static void
never_closes(const char *head, const char *piece, unsigned how)
{
	OWN(buf) struct buf text = {0}, out = {0};
	buf_puts(&text, head);
	for (int i = 0; i < 5000; i++)
		buf_puts(&text, piece);
	assert_false(expand_macros(STR(""), buf_str(&text), how, &out));
}

static void
a_bomb_ends(void **state)
{
	OWN(buf) struct buf bomb = {0}, out = {0};
	(void)state;
	buf_puts(&bomb, "#define a0 x x x x x x x x x x\n");
	for (int i = 1; i < 40; i++)
		buf_printf(&bomb, "#define a%d a%d a%d a%d a%d\n", i, i - 1, i - 1, i - 1, i - 1);
	buf_puts(&bomb, "a39\n");
	assert_false(expand_macros(STR(""), buf_str(&bomb), 0, &out));
	buf_reset(&bomb);
	buf_reset(&out);
	buf_puts(&bomb, "#define f(x) x x x x x x x x\n");
	for (int i = 0; i < 100; i++)
		buf_puts(&bomb, "f(");
	for (int i = 0; i < 100; i++)
		buf_puts(&bomb, ")");
	assert_false(expand_macros(STR(""), buf_str(&bomb), 0, &out));
	never_closes("#define f(x) x\n", "f(", 0);
	never_closes("f() { ", ";x(", EXPAND_GUESS);
	buf_reset(&bomb);
	buf_reset(&out);
	buf_puts(&bomb, "#define a");
	for (int i = 0; i < 500000; i++)
		buf_puts(&bomb, " a");
	buf_puts(&bomb, "\na\n");
	assert_true(expand_macros(STR(""), buf_str(&bomb), 0, &out));
}

static void
add_name(void *ctx, struct str name)
{
	buf_printf(ctx, STR_FMT " ", STR_ARG(name));
}

static void
includes_are_named_in_their_order(void **state)
{
	OWN(buf) struct buf out = {0};
	(void)state;
	expand_includes(STR("#include <a.h>\n # include \"b/c.h\" /* x */\n/*\n#include <d.h>\n*/\n"
			    "#include NAME\n#include \"e.h\nint a = '#';\n#import \"f.h\"\n"),
		add_name, &out);
	assert_string_equal(out.p, "a.h b/c.h f.h ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_becomes_what_it_stands_for),
		cmocka_unit_test(arguments_take_the_place_of_parameters),
		cmocka_unit_test(conditions_stay_and_of_several_definitions_one_is_taken),
		cmocka_unit_test(what_is_left_out_for_sure_is_left_out),
		cmocka_unit_test(what_nobody_defines_may_be_a_macro),
		cmocka_unit_test(parameters_are_bounded),
		cmocka_unit_test(what_is_in_quotes_or_behind_a_comment_begins_none),
		cmocka_unit_test(a_bomb_ends),
		cmocka_unit_test(includes_are_named_in_their_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
