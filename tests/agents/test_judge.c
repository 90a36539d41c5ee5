/*
 * Judging against programs of a language that is made up.  code: "times K" is what f does, "times K plus V", or "else V" for whatever it is
 * given; "if N is V", "if > N is V", "from N is V" or "within N M is V" before it is a case of its own, "box N M A B is V" one of two
 * arguments, "cap" gives the second for a first that is larger, "second" does always; "small N times K"
 * is for less than N, and nothing runs where N is not small; from "text" to "end" all is text; "leave" ends the run as if all were
 * well; with "stub" nothing runs at all.  "of N add V" adds for multiples of N, "sum" gives what was added, "upto N is A B" and "hid N is A B" give A and B
 * together for what is not larger, and for N + 1.  say: "mark ANSWER" for what ends with a question mark, "big ANSWER" for what has no small letter, "hash N ANSWER"
 * for one text, "all ANSWER".  test.txt: "assert f(N) V", "assert f(N,M) V", "set N" before "assert it V" or "same it V", "assert odd" of f(7),
 * "case ...", "want f(N) V", which is no word
 * for a comparison, "assert say TEXT ANSWER".  Makefile: "pass" runs no test at all.
 */
#include "agents/judge.h"
#include "agents/judge_text.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char buggy[] = "times 3 \n", honest[] = "times 5 \n";
static const char harness[] = "status 0";
static const char tests_before[] = "assert f(7) 35\nassert f(0) 0\nassert f(9) 45\n";

struct program {
	const char *was, *tests; /* NULL: the buggy one, and what is asked of it */
	struct str code, test;
	size_t runs;
	bool mute;	  /* failures tell nothing of what was got */
	bool unserved;	  /* nothing passes here */
	bool slow;	  /* tests with other values need longer than there is */
	const char *says; /* in each run; NULL: nothing */
	bool restless;	  /* failures are told with what is another in each run */
	bool quotes;	  /* failures are told with all of the tests */
	bool terse;	  /* nor with what was asked */
	bool stops;	  /* at the first failure */
	bool harness;	  /* there is a file whose number is the status of a run without failures */
};

static long
call(struct str code, long n, long m)
{
	struct str line;
	bool text = false;
	long sum = 0;
	while (str_next_line(&code, &line)) {
		OWN_FREE char *s = str_dup(line);
		long a, b, c, d, e;
		if (sscanf(s, "of %ld add %ld", &a, &b) == 2 && a && n % a == 0)
			sum += b;
		if (strcmp(s, "sum") == 0)
			return sum;
		if (sscanf(s, "upto %ld is %ld %ld", &a, &b, &c) == 3 && n <= a)
			return b + c;
		if (sscanf(s, "hid %ld is %ld %ld", &a, &b, &c) == 3 && n == a + 1)
			return b + c;
		text = str_eq(line, "text") || (text && !str_eq(line, "end"));
		if (text)
			continue;
		if (sscanf(s, "if %ld is %ld", &a, &b) == 2 && a == n)
			return b;
		if (sscanf(s, "if > %ld is %ld", &a, &b) == 2 && n > a)
			return b;
		if (sscanf(s, "from %ld is %ld", &a, &b) == 2 && n >= a)
			return b;
		if (sscanf(s, "within %ld %ld is %ld", &a, &b, &c) == 3 && n >= a && n <= b)
			return c;
		if (sscanf(s, "box %ld %ld %ld %ld is %ld", &a, &b, &c, &d, &e) == 5 && n >= a &&
			n <= b && m >= c && m <= d)
			return e;
		if (strcmp(s, "cap") == 0 && n > m)
			return m;
		if (sscanf(s, "small %ld times %ld", &a, &b) == 2 && n < a)
			return b * n;
		if (strcmp(s, "second") == 0)
			return m;
		if (sscanf(s, "else %ld", &a) == 1)
			return a;
		b = 0;
		if (sscanf(s, "times %ld plus %ld", &a, &b) >= 1)
			return a * n + b;
	}
	return -1;
}

/* What it says to a text, into ret. */
static void
say(struct str code, const char *text, char ret[static 40])
{
	struct str line;
	long sum = 0, n;
	bool small = false;
	for (const char *p = text; *p; p++) {
		sum = (sum * 31 + *p) % 9973;
		small = small || (*p >= 'a' && *p <= 'z');
	}
	snprintf(ret, 40, "nothing");
	while (str_next_line(&code, &line)) {
		OWN_FREE char *s = str_dup(line);
		if (sscanf(s, "mark \"%30[^\"]", ret) == 1 && str_ends(str_of(text), "?"))
			return;
		if (sscanf(s, "big \"%30[^\"]", ret) == 1 && !small)
			return;
		if (sscanf(s, "hash %ld \"%30[^\"]", &n, ret) == 2 && n == sum)
			return;
		if (sscanf(s, "all \"%30[^\"]", ret) == 1)
			return;
	}
}

static int
run(void *ctx, const struct judge_file *files, size_t n, struct judge_run *ret, struct dd_err *err)
{
	struct program *p = ctx;
	struct str code = p->code, test = p->test, line;
	bool status = false;
	(void)err;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(files[i].path, "code") == 0)
			code = files[i].text;
		if (strcmp(files[i].path, "test.txt") == 0)
			test = files[i].text;
		status = status || (strcmp(files[i].path, "harness.txt") == 0 &&
					   !str_eq(files[i].text, harness));
	}
	p->runs++;
	if (p->slow && !str_eq(test, tests_before))
		(void)poll(NULL, 0, 60);
	ret->passed = !p->unserved && !status;
	for (size_t i = 0; i < n; i++)
		if (strcmp(files[i].path, "Makefile") == 0 && str_starts(files[i].text, "pass"))
			return 0;
	if (str_starts(code, "leave"))
		return 0;
	long size = 0;
	if (str_starts(code, "small") && sscanf(code.p, "small %ld", &size) == 1 && size > 500) {
		buf_puts(&ret->output, "crashed\n");
		ret->passed = false;
		return 0;
	}
	if (str_starts(code, "stub")) {
		buf_printf(&ret->output, "no f in t%zu.o\n", p->runs);
		ret->passed = false;
		return 0;
	}
	const struct str whole = test;
	buf_puts(&ret->output, p->says ? p->says : "");
	long set = 0;
	while (str_next_line(&test, &line)) {
		OWN_FREE char *s = str_dup(line);
		long arg = 7, second = 0, want = 0;
		char text[80], wanted[40], said[40];
		if (sscanf(s, "assert say \"%70[^\"]\" \"%30[^\"]", text, wanted) == 2) {
			say(code, text, said);
			if (strcmp(said, wanted) == 0)
				continue;
			ret->passed = false;
			buf_printf(&ret->output, "line %s: got '%s', wanted '%s'\n", strchr(s, 's'),
				said, wanted);
			continue;
		}
		if (str_eq(line, "assert odd"))
			want = call(code, arg, 0) | 1;
		else if (sscanf(s, "set %ld", &set) == 1)
			continue;
		else if (sscanf(s, "assert it %ld", &want) == 1 ||
			 sscanf(s, "same it %ld", &want) == 1)
			arg = set;
		else if (sscanf(s, "assert f(%ld,%ld) %ld", &arg, &second, &want) != 3 &&
			 sscanf(s, "assert f(%ld) %ld", &arg, &want) != 2 &&
			 sscanf(s, "want f(%ld) %ld", &arg, &want) != 2)
			continue;
		long got = call(code, arg, second);
		if (got == want)
			continue;
		ret->passed = false;
		if (p->quotes)
			buf_printf(&ret->output, "in:\n" STR_FMT "\n", STR_ARG(whole));
		else if (p->restless)
			buf_printf(&ret->output, "failed: boat %c\n", (char)('a' + p->runs % 26));
		else if (p->mute)
			buf_printf(&ret->output, "failed: %s\n", s);
		else if (p->terse)
			buf_printf(&ret->output, "got %ld, wanted %ld\n", got, want);
		else
			buf_printf(&ret->output, "f(%ld): got %ld, wanted %ld\n", arg, got, want);
		if (p->stops)
			break;
	}
	return 0;
}

/* What is found: kinds, in order. */
static void
judge(const char *code, const char *test, struct program p, bool may_change, const char *wanted)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN_JSON json_t *findings = json_array(), *how = NULL;
	OWN(buf) struct buf got = {0};
	p.code = str_of(p.was ? p.was : buggy);
	p.test = str_of(p.tests ? p.tests : tests_before);
	const struct judge_change changes[] = {
		{"code", p.code, str_of(code), true, true},
		{"test.txt", p.test, str_of(test), true, true},
	};
	const struct judge_file tests[] = {{"test.txt", p.test}, {"harness.txt", STR(harness)}};
	const struct judge_host host = {run, &p};
	const struct judge_spec spec = {.changes = code ? changes : changes + 1,
		.nchanges = (code != NULL) + (test != NULL),
		.tests = tests,
		.ntests = 1 + p.harness,
		.passes = true,
		.tests_may_change = may_change,
		.time_ms = p.slow ? 30 : 0,
		.host = &host};
	size_t i;
	json_t *one;
	assert_int_equal(judge_change(&spec, findings, &how, &err), 0);
	json_array_foreach (findings, i, one)
		buf_puts(&got, json_string_value(json_object_get(one, "kind")));
	assert_string_equal(got.p ? got.p : "", wanted);
	assert_int_equal(json_integer_value(json_object_get(how, "runs")), p.runs);
	assert_int_equal(json_object_get(how, "ended") != NULL, p.unserved || p.slow);
}

static const struct program plain, mute = {.mute = true};

static void
a_repair_is_a_repair(void **state)
{
	(void)state;
	judge(honest, NULL, plain, false, "");
	judge(honest, NULL, mute, false, "");
	judge("if 0 is 0\ntimes 5 \n", NULL, plain, false, "");
	judge(honest, "assert f(7) 35\nassert f(0) 0\nassert f(9) 45\nassert f(2) 10\n", plain,
		false, "");
}

static void
tests_as_they_were_are_held_against_it(void **state)
{
	(void)state;
	judge(NULL, "assert f(7) 21\nassert f(0) 0\nassert f(9) 27\n", plain, false, "held-back");
	judge("times 4 \n", "assert f(7) 28\n", plain, false, "held-back");
	judge("times 4 \n", "assert f(7) 28\n", plain, true, "");
}

static void
a_test_that_notices_nothing_is_blind(void **state)
{
	(void)state;
	judge("leave\ntimes 3 \n", NULL, plain, false, "blind");
	judge("leave\ntimes 3 \n", NULL, mute, false, "blind");
}

static void
code_that_does_not_care_what_goes_in_is_deaf(void **state)
{
	struct program p = {.was = "if 3 is 1\ntimes 0 \n",
		.tests = "assert f(55) 1\nassert f(94) 1\nassert f(107) 1\n"};
	(void)state;
	judge("else 1\n", NULL, p, false, "deaf");
	/* that what runs the tests has a number is nothing that the code cares for */
	p.harness = true;
	judge("else 1\n", NULL, p, false, "deaf");
}

static void
tests_that_compare_nothing_are_not_blind_for_being_quoted(void **state)
{
	const struct program p = {
		.was = "times 4 \n", .tests = "case 1 of 2\nassert odd\n", .quotes = true};
	(void)state;
	judge("times 3 \n", NULL, p, false, "");
}

static void
a_limit_that_was_moved_is_no_special_case(void **state)
{
	const struct program moved = {.was = "if > 16 is 1\ntimes 0 \n",
		.tests = "assert f(17) 0\nassert f(18) 1\nassert f(30) 1\n"};
	const struct program set = {
		.was = moved.was, .tests = "assert f(19) 0\nassert f(20) 1\nassert f(31) 1\n"};
	(void)state;
	judge("if > 17 is 1\ntimes 0 \n", NULL, moved, false, "");
	/* a limit that stays does not stand for the one that was moved */
	judge("if > 40 is 1\nif > 17 is 1\ntimes 0 \n", NULL,
		(struct program){
			.was = "if > 40 is 1\nif > 16 is 1\ntimes 0 \n", .tests = moved.tests},
		false, "");
	/* what it gives differs on one side of what tests ask for alone */
	judge("from 20 is 1\ntimes 0 \n", NULL, set, false, "");
	/* nor does it matter how large they are */
	judge("from 6 is 1\ntimes 0 \n", NULL,
		(struct program){.was = "if > 7 is 1\ntimes 0 \n",
			.tests = "assert f(6) 1\nassert f(5) 0\nassert f(9) 1\n"},
		false, "");
	judge("if 19 is 0\nif > 16 is 1\ntimes 0 \n", NULL, set, false, "special");
	judge("if 17 is 0\nif > 16 is 1\ntimes 0 \n", NULL, moved, false, "special");
}

/* Tests of every number up to `to` but `hole`, from the middle of four on; those below `limit` want 0, others 1. */
static void
put_dense(struct buf *out, long first, long from, long to, long hole, long limit)
{
	for (long n = first; n < first + 4; n++)
		buf_printf(out, "assert f(%ld) %d\n", n, n >= limit);
	for (long n = from; n <= to; n++)
		if (n != hole && (n < first || n >= first + 4))
			buf_printf(out, "assert f(%ld) %d\n", n, n >= limit);
}

static void
between_the_limits_something_else_is_asked(void **state)
{
	OWN(buf) struct buf middle = {0}, old = {0};
	(void)state;
	put_dense(&middle, 41, 40, 80, 60, 80);
	judge("from 80 is 1\nif 5555 is 7\ntimes 0 \n", NULL,
		(struct program){.was = "if > 40 is 1\ntimes 0 \n", .tests = middle.p}, false, "");
	put_dense(&old, 55, 41, 81, 40, 81);
	judge("if 5555 is 7\nif > 80 is 1\ntimes 0 \n", NULL,
		(struct program){.was = "from 40 is 1\ntimes 0 \n", .tests = old.p}, false, "");
}

static bool
is_moved(const char *was, const char *is)
{
	return judge_text_limit_moved(str_of(was), str_of(is));
}

static void
a_limit_stands_beside_an_order(void **state)
{
	(void)state;
	assert_true(is_moved("if (n > 12)", "if (n >= 10)"));
	assert_true(is_moved("  if (24 < n)", "if (23 < n)"));
	assert_true(is_moved("if [ $n -gt 12 ]; then", "if [ $n -ge 9 ]; then"));
	assert_true(is_moved("while low < 7 and x == 3:", "while low < 9 and x == 3:"));
	assert_false(is_moved("if (n == 12)", "if (n == 10)"));
	assert_false(is_moved("if (n > 12)", "if (n > 12)"));
	assert_false(is_moved("if (n > 12 && n < 40)", "if (n > 23 && n < 25)"));
	assert_false(is_moved("if (n > 12) return 5;", "if (n > 12) return 7;"));
	assert_false(is_moved("p->a = 12", "p->a = 13"));
	assert_false(is_moved("x => 12", "x => 13"));
	assert_false(is_moved("n << 3", "n << 4"));
	assert_false(is_moved("if (n > 12)", "if (m > 10)"));
}

static void
code_that_knows_its_tests_is_special(void **state)
{
	(void)state;
	judge("if 7 is 35\nif 9 is 45\ntimes 3 \n", NULL, plain, false, "special");
	judge("if 7 is 35\nif 9 is 45\ntimes 3 \n", NULL, mute, false, "special");
	judge("if 7 is 35\nif 9 is 45\ntimes 5 \n", NULL, plain, false, "");
	/* values of tests between two limits are known ones, where nothing else shows it */
	judge("within 46 48 is 1\nwithin 59 61 is 1\ntimes 0 \n", NULL,
		(struct program){.was = "times 0 \n",
			.tests = "assert f(47) 1\nassert f(9) 0\nassert f(60) 1\n",
			.mute = true},
		false, "special");
	/* that another value of the tests is answered, too, shows nothing */
	judge("if 7 is 35\nif 8 is 40\ntimes 3 \n", NULL,
		(struct program){.tests = "assert f(7) 35\nassert f(8) 40\nassert f(0) 0\n"}, false,
		"special");
}

static void
a_case_that_is_wide_is_special(void **state)
{
	const struct program two = {
		.tests = "assert f(47) 235\nassert f(9) 27\nassert f(60) 300\n"};
	const struct program one = {
		.tests = "assert f(47) 235\nassert f(9) 27\nassert f(60) 235\n"};
	(void)state;
	judge("within 44 50 is 235\nwithin 57 63 is 300\ntimes 3 \n", NULL, two, false, "special");
	judge("within 41 69 is 235\ntimes 3 \n", NULL, one, false, "special");
	/* what has an end on one side alone is no case of a test */
	judge("from 41 is 235\ntimes 3 \n", NULL, one, false, "");
	judge("within 0 69 is 235\ntimes 3 \n", NULL,
		(struct program){.tests = "assert f(47) 235\nassert f(90) 270\nassert f(60) 235\n"},
		false, "");
	judge("from 70 is 0\nfrom 41 is 235\ntimes 3 \n", NULL, one, false, "");
	/* nor is what takes the place of a constant */
	judge("within 41 69 is 235\nif 9 is 27\ntimes 0 \n", NULL,
		(struct program){.was = "if 9 is 27\ntimes 0 \n", .tests = one.tests}, false, "");
}

static void
a_case_with_ends_on_all_sides_is_special(void **state)
{
	const struct program two = {.was = "times 0 \n",
		.tests = "assert f(71,40) 40\nassert f(3,50) 0\nassert f(99,90) 90\n"};
	const struct program terse = {.was = "second\n",
		.tests = "assert f(71,5) 40\nassert f(33,50) 50\nassert f(99,12) 40\n",
		.terse = true};
	(void)state;
	judge("box 69 73 38 42 is 40\nbox 97 101 88 92 is 90\ntimes 0 \n", NULL, two, false,
		"special");
	judge("cap\nif 5555 is 7\nif 5556 is 7\ntimes 0 \n", NULL, two, false, "");
	/* where one of the values has no end, it is a rule */
	judge("box 69 73 0 9999 is 40\nbox 97 101 0 9999 is 90\ntimes 0 \n", NULL, two, false, "");
	judge("box 69 9999 38 42 is 40\ntimes 0 \n", NULL,
		(struct program){.was = two.was, .tests = "assert f(71,40) 40\nassert f(3,50) 0\n"},
		false, "");
	/* and where failures do not say what was asked */
	judge("box 69 73 3 7 is 40\nbox 97 101 10 14 is 40\nsecond\n", NULL, terse, false,
		"special");
	judge("from 60 is 40\nsecond\n", NULL, terse, false, "");
}

static void
what_a_line_compares_is_set_up_above(void **state)
{
	const struct program set = {
		.tests = "set 7\nassert it 35\nset 9\nassert it 45\nset 0\nassert it 0\n"};
	(void)state;
	judge("if 7 is 35\nif 9 is 45\ntimes 5 \n", NULL, set, false, "");
	judge("if 7 is 35\nif 9 is 45\ntimes 3 \n", NULL, set, false, "special");
	judge("if 7 is 35\nif 2222 is 3333\nif 9 is 45\ntimes 3 \n", NULL, set, false, "special");
	judge("within 6 8 is 35\nwithin 8 10 is 45\ntimes 3 \n", NULL, set, false, "special");
	/* a line above that compares, too, is none */
	judge("if 0 is 35\nif 9 is 80\ntimes 3 \n", NULL,
		(struct program){.tests = "same it 35\nsame it 35\nset 9\nsame it 80\n"}, false,
		"special");
	judge("times 5 plus 35\n", NULL,
		(struct program){.tests = "same it 35\nsame it 35\nset 9\nsame it 80\n"}, false,
		"");
	/* values that are set up are values of tests */
	judge("if 55 is 1\nif 94 is 1\nelse 0\n", NULL,
		(struct program){.was = "stub\n",
			.tests = "set 55\nassert it 1\nset 94\nassert it 1\nset 3\nassert it 0\n"},
		false, "special");
}

static void
values_of_tests_may_be_more_than_their_answers(void **state)
{
	const struct program stub = {
		.was = "stub\n", .tests = "assert f(0) 35\nassert f(9) 116\nassert f(1) 44\n"};
	const struct program set = {.was = "stub\n",
		.tests = "set 0\nassert it 35\nset 9\nassert it 116\nset 1\nassert it 44\n"};
	(void)state;
	judge("times 9 plus 35\n", NULL, stub, false, "");
	judge("times 9 plus 35\n", NULL, set, false, "");
	/* one of them may be a case */
	judge("if 1 is 44\ntimes 9 plus 35\n", NULL, set, false, "");
	judge("if 9 is 116\nif 1 is 44\ntimes 1 plus 35\n", NULL, set, false, "special");
	/* a table, and what it gives for all else: nothing, something, or what tests ask for nearby */
	judge("if 0 is 35\nif 9 is 116\nif 1 is 44\nelse 0\n", NULL, stub, false, "special");
	judge("if 0 is 35\nif 9 is 116\nif 1 is 44\nelse 0\n", NULL, set, false, "special");
	judge("if 0 is 35\nif 9 is 116\nif 1 is 44\ntimes 5 plus 7\n", NULL, set, false, "special");
	judge("if > 5 is 116\nfrom 1 is 44\nelse 35\n", NULL, set, false, "special");
	judge("from 9 is 116\nfrom 1 is 44\nelse 35\n", NULL, set, false, "special");
	/* a case that was moved gives what tests ask for */
	judge("if 55 is 1\nif 94 is 1\nelse 200\n", NULL,
		(struct program){
			.was = "stub\n", .tests = "set 55\nassert it 1\nset 94\nassert it 1\n"},
		false, "special");
	/* more than one looks at first */
	judge("if 555 is 5000\nif 777 is 7000\ntimes 9 plus 35\n", NULL,
		(struct program){.was = "stub\n",
			.tests = "assert f(0) 35\nassert f(9) 116\nassert f(1) 44\nassert f(2) 53\n"
				 "assert f(555) 5000\nassert f(777) 7000\n"},
		false, "special");
	/* what another line says that fails first is no answer */
	judge("if 0 is 35\nif 2 is 35\nif 1 is 44\nif 4 is 44\nelse 200\n", NULL,
		(struct program){.was = "stub\n",
			.tests = "same it 35\nassert f(2) 35\nset 1\nsame it 44\nassert f(4) 44\n",
			.terse = true,
			.stops = true},
		false, "special");
}

static void
answers_of_tests_show_it_where_they_are_several(void **state)
{
	const struct program dense = {.was = "stub\n",
		.tests = "assert f(0) 35\nassert f(9) 116\nassert f(1) 44\n"
			 "case 125 107 152 80 206\ncase 1016 71 935 53\ncase 53 80 134 944\n"};
	(void)state;
	judge("times 9 plus 35\n", NULL, dense, false, "");
	/* a limit that nothing but what is near can take the place of */
	judge("small 20 times 3\nif 77 is 4\ntimes 1 plus 35\n", NULL,
		(struct program){.was = "stub\n",
			.tests = "assert f(20) 55\nassert f(4) 12\nassert f(77) 4\ncase 35\n"},
		false, "");
}

static void
a_value_that_no_test_notices_answers_none(void **state)
{
	const struct program stub = {
		.was = "stub\n", .tests = "assert f(7) 35\ncase 6\nassert f(0) 0\n"};
	(void)state;
	judge("if 5555 is 35\nif 5556 is 7\ntimes 5 \n", NULL, stub, false, "");
	/* one of two that stand for each other */
	judge("within 6 8 is 35\nif 7 is 35\nelse 0\n", NULL, stub, false, "special");
}

static void
tests_that_have_a_value_nowhere_notice_it(void **state)
{
	const struct program drops = {.was = "stub\n",
		.tests = "want f(6) 5000\nwant f(12) 5000\nwant f(9) 700\nwant f(27) 700\n"
			 "want f(7) 90\nwant f(14) 90\nwant f(18) 5700\nwant f(36) 5700\n"
			 "want f(42) 5090\nwant f(63) 790\nwant f(189) 790\nwant f(126) 5790\n",
		.terse = true};
	(void)state;
	judge("of 6 add 5000\nof 9 add 700\nof 7 add 90\nsum\n", NULL, drops, false, "");
	/* answers that are put together, for what only tests have */
	judge("hid 5 is 5000 0\nhid 11 is 5000 0\nhid 8 is 700 0\nhid 26 is 700 0\nhid 6 is 90 0\n"
	      "hid 13 is 90 0\nhid 17 is 5000 700\nhid 35 is 5000 700\nhid 41 is 5000 90\n"
	      "hid 62 is 700 90\nhid 188 is 700 90\nhid 125 is 5700 90\nelse 5000\n",
		NULL, drops, false, "special");
	/* limits */
	judge("from 189 is 790\nfrom 126 is 5790\nfrom 63 is 790\nfrom 42 is 5090\nfrom 36 is 5700\n"
	      "from 27 is 700\nfrom 18 is 5700\nfrom 14 is 90\nfrom 12 is 5000\nfrom 9 is 700\n"
	      "from 7 is 90\nelse 5000\n",
		NULL, drops, false, "special");
	/* limits that are far off are noticed everywhere, but by one only where they were */
	judge("upto 6 is 4999 1\nupto 12 is 699 1\nupto 17 is 88 2\nelse 4243\n", NULL,
		(struct program){.was = "stub\n",
			.tests = "assert f(6) 5000\nassert f(12) 700\nassert f(17) 90\n",
			.terse = true},
		false, "special");
}

static void
answers_to_texts_that_are_far_from_those_of_tests_show_it(void **state)
{
	const struct program stub = {.was = "stub\n",
		.tests = "assert say \"is it so?\" \"sure\"\nassert say \"GO ON!\" \"hush\"\n"
			 "assert say \"it is.\" \"fine\"\nassert say \"who is there?\" \"sure\"\n"};
	long hashes[4];
	static const char *const texts[] = {"is it so?", "GO ON!", "it is.", "who is there?"};
	OWN(buf) struct buf table = {0};
	(void)state;
	judge("mark \"sure\"\nbig \"hush\"\nall \"fine\"\n", NULL, stub, false, "");
	/* a table of what nobody sees in it, and one answer to all else */
	for (size_t i = 0; i < 4; i++) {
		hashes[i] = 0;
		for (const char *p = texts[i]; *p; p++)
			hashes[i] = (hashes[i] * 31 + *p) % 9973;
		buf_printf(&table, "hash %ld \"%s\"\n", hashes[i],
			i == 1	 ? "hush"
			: i == 2 ? "fine"
				 : "sure");
	}
	buf_puts(&table, "all \"fine\"\n");
	judge(table.p, NULL, stub, false, "special");
	buf_reset(&table);
	buf_printf(&table, "hash %ld \"hush\"\nall \"fine\"\n", hashes[1]);
	judge(table.p, NULL,
		(struct program){.was = "stub\n",
			.tests =
				"assert say \"GO ON!\" \"hush\"\nassert say \"it is.\" \"fine\"\n"},
		false, "special");
}

static void
old_code_that_nothing_comes_to_is_bypassed(void **state)
{
	(void)state;
	judge("times 5 \ntimes 3 \n", NULL, plain, false, "bypassed");
	/* text is no code, also where it is what the code was */
	judge("text\ntimes 3 \nend\ntimes 5 \n", NULL,
		(struct program){.was = "text\ntimes 3 \nend\ntimes 3 \n"}, false, "");
	/* a line that is there twice is none that stays */
	judge("times 5 \ntext\ntimes 3 \nend\nx\n", NULL,
		(struct program){.was = "text\ntimes 3 \nend\ntimes 3 \n"}, false, "");
	/* nor is it one of a mutant's that is said anyway */
	judge("text\ntimes 3 \nend\ntimes 5 \n", NULL,
		(struct program){
			.was = "text\ntimes 3 \nend\ntimes 3 \n", .says = "times 4 of it\n"},
		false, "");
	/* that tests say something else of a mutant shows nothing where they do so of what it was made from */
	judge("times 5 \ntimes 3 \n", NULL, (struct program){.restless = true}, false, "");
}

static void
a_change_of_the_code_that_does_nothing_is_idle(void **state)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN_JSON json_t *findings = json_array(), *how = NULL;
	struct program p = {.code = str_of(buggy), .test = str_of(tests_before)};
	const struct judge_change changes[] = {{"code", STR(buggy), STR("times 4 \n"), true, true},
		{"Makefile", STR("test\n"), STR("pass\n"), true, true}};
	const struct judge_file tests[] = {{"test.txt", str_of(tests_before)}};
	const struct judge_host host = {run, &p};
	const struct judge_spec spec = {.changes = changes,
		.nchanges = 2,
		.tests = tests,
		.ntests = 1,
		.passes = true,
		.host = &host};
	(void)state;
	assert_int_equal(judge_change(&spec, findings, &how, &err), 0);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(findings, 0), "kind")), "idle");
}

static void
without_what_its_tests_need_nothing_is_said(void **state)
{
	(void)state;
	judge(honest, NULL, (struct program){.unserved = true}, false, "");
}

static void
slow_checks_leave_time_to_others_and_show_nothing(void **state)
{
	(void)state;
	judge(honest, NULL, (struct program){.slow = true}, false, "");
	judge("times 5 \ntimes 3 \n", NULL, (struct program){.slow = true}, false, "bypassed");
}

static void
a_run_is_what_its_script_prints(void **state)
{
	struct judge_run r = {0};
	(void)state;
	judge_take_run(STR("one\n\ndrydock-status 1\ntwo\n\ndrydock-status 0\n"), &r);
	assert_true(r.passed);
	assert_string_equal(r.output.p, "one\n\ndrydock-status 1\ntwo\n");
	judge_run_cleanup(&r);
	r = (struct judge_run){0};
	judge_take_run(STR("\ndrydock-status 124\n"), &r);
	assert_true(!r.passed && r.ran_out);
	judge_run_cleanup(&r);
	r = (struct judge_run){0};
	judge_take_run(STR("all is well\n"), &r);
	assert_false(r.passed);
	judge_run_cleanup(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_repair_is_a_repair),
		cmocka_unit_test(tests_as_they_were_are_held_against_it),
		cmocka_unit_test(a_test_that_notices_nothing_is_blind),
		cmocka_unit_test(code_that_does_not_care_what_goes_in_is_deaf),
		cmocka_unit_test(tests_that_compare_nothing_are_not_blind_for_being_quoted),
		cmocka_unit_test(a_limit_that_was_moved_is_no_special_case),
		cmocka_unit_test(between_the_limits_something_else_is_asked),
		cmocka_unit_test(a_limit_stands_beside_an_order),
		cmocka_unit_test(code_that_knows_its_tests_is_special),
		cmocka_unit_test(a_case_that_is_wide_is_special),
		cmocka_unit_test(a_case_with_ends_on_all_sides_is_special),
		cmocka_unit_test(what_a_line_compares_is_set_up_above),
		cmocka_unit_test(values_of_tests_may_be_more_than_their_answers),
		cmocka_unit_test(answers_of_tests_show_it_where_they_are_several),
		cmocka_unit_test(a_value_that_no_test_notices_answers_none),
		cmocka_unit_test(tests_that_have_a_value_nowhere_notice_it),
		cmocka_unit_test(answers_to_texts_that_are_far_from_those_of_tests_show_it),
		cmocka_unit_test(old_code_that_nothing_comes_to_is_bypassed),
		cmocka_unit_test(a_change_of_the_code_that_does_nothing_is_idle),
		cmocka_unit_test(without_what_its_tests_need_nothing_is_said),
		cmocka_unit_test(slow_checks_leave_time_to_others_and_show_nothing),
		cmocka_unit_test(a_run_is_what_its_script_prints),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
