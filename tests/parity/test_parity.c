/* What inputs are made of and how they are varied, compared and made small: without a sandbox. */
#include "parity/parity.h"
#include "parity/seed.h"
#include "parity/shellish.h"
#include "parity/shrink.h"
#include "parity/stream.h"
#include "parity/vary.h"
#include "parity/vary_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct vary_origin
	origin; /* of the case that was made last; what is told of it is not looked at */

static char *
joined(const struct strlist *l)
{
	OWN(buf) struct buf out = {0};
	for (size_t i = 0; i < l->n; i++)
		buf_printf(&out, "%s%s", i ? "|" : "", l->v[i]);
	return buf_take(&out);
}

static void
commands_are_read_as_a_shell_reads_them(void **state)
{
	static const char line[] =
		"cd x && \"$dir\"/tally add 'a b' \"c\\\"d\" 2>/dev/null <in.csv >out | sort";
	static const char *const wanted[] = {"cd|x", "$dir/tally|add|a b|c\"d", "sort"};
	struct str rest = STR(line);
	struct shellish cmd;
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_true(shellish_next(&rest, false, &cmd));
		OWN_FREE char *words = joined(&cmd.words);
		assert_string_equal(words, wanted[i]);
		if (i == 1) {
			assert_string_equal(cmd.from, "in.csv");
			assert_string_equal(cmd.to, "/dev/null");
		}
		shellish_cleanup(&cmd);
	}
	assert_false(shellish_next(&rest, false, &cmd));
}

static struct seeds *
seeds_of(const char *name)
{
	OWN(strlist) struct strlist names = {0};
	strlist_add(&names, name);
	return seeds_create(&names);
}

/* The arguments of the steps of a call. */
static char *
call_text(const json_t *seeds, size_t which)
{
	OWN(buf) struct buf out = {0};
	const json_t *steps =
		json_object_get(json_array_get(json_object_get(seeds, "calls"), which), "steps");
	for (size_t i = 0; i < json_array_size(steps); i++) {
		OWN(strlist) struct strlist args = {0};
		json_to_strings(json_object_get(json_array_get(steps, i), "args"), &args);
		OWN_FREE char *text = joined(&args);
		buf_printf(&out, "%s%s", i ? "; " : "", text);
	}
	return buf_take(&out);
}

static void
calls_of_scripts_and_lists_are_found(void **state)
{
	struct seeds *s = seeds_of("tally");
	(void)state;
	seeds_read(s, "tests/run.sh",
		STR("t=${DIR:-.}/tally\ncat >list.txt <<END\none,1\nEND\nexpect \"$($t add one 3)\" 3\n"
		    "$t load list.txt # all\nother add two\n"));
	seeds_read(s, "tests/test.py",
		STR("out = subprocess.run([TALLY, \"sum\"])\nrun([\"./tally\", \"show\", \"7\"], check=True)\n"));
	OWN_JSON json_t *j = seeds_result(s);
	OWN_FREE char *first = call_text(j, 0), *second = call_text(j, 1), *all = call_text(j, 2),
		      *list = call_text(j, 3);
	assert_string_equal(first, "add|one|3");
	assert_string_equal(second, "load|list.txt");
	assert_string_equal(all, "add|one|3; load|list.txt");
	assert_string_equal(list, "show|7");
	const json_t *file = json_array_get(
		json_object_get(json_array_get(json_object_get(j, "calls"), 1), "files"), 0);
	assert_string_equal(json_string_in(file, "name"), "list.txt");
	assert_string_equal(json_string_in(file, "text"), "one,1\n");
	seeds_destroy(s);
}

static void
usages_become_calls_with_holes(void **state)
{
	struct seeds *s = seeds_of("tally");
	(void)state;
	seeds_read_usage(s,
		STR("usage: PROGRAM COMMAND\n  add NAME [--price N]   one more\n  sort up|down\n"));
	OWN_JSON json_t *j = seeds_result(s);
	OWN_FREE char *full = call_text(j, 1), *least = call_text(j, 2), *sort = call_text(j, 3);
	assert_string_equal(full, "add|\001NAME|--price|\001N");
	assert_string_equal(least, "add|\001NAME");
	assert_string_equal(sort, "sort|up");
	OWN(strlist) struct strlist words = {0};
	json_to_strings(json_object_get(j, "words"), &words);
	assert_true(strlist_has(&words, "down") && strlist_has(&words, "--price"));
	seeds_destroy(s);
}

/* Which words are optional, together or not; what a name may be. */
static void
usages_say_what_is_optional_and_what_a_name_may_be(void **state)
{
	struct seeds *s = seeds_of("tally");
	(void)state;
	seeds_read_usage(s,
		STR("usage: PROGRAM COMMAND\n  add NAME [--price N] [-a|--all]  one more\nnames: red, blue; orders: up, down\n"));
	OWN_JSON json_t *j = seeds_result(s);
	const json_t *form = json_array_get(json_object_get(j, "forms"), 1);
	OWN(strlist) struct strlist words = {0};
	json_to_strings(json_object_get(form, "words"), &words);
	OWN_FREE char *text = joined(&words);
	assert_string_equal(text, "add|\001NAME|--price|\001N|\001-a|--all");
	static const int groups[] = {0, 0, 1, 1, 2};
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(
			json_integer_value(json_array_get(json_object_get(form, "groups"), i)),
			groups[i]);
	const json_t *lists = json_object_get(j, "lists");
	assert_int_equal(json_array_size(lists), 2);
	assert_string_equal(json_string_in(json_array_get(lists, 1), "name"), "orders");
	seeds_destroy(s);
}

static void
hostile_texts_are_bounded(void **state)
{
	struct seeds *s = seeds_of("tally");
	OWN(buf) struct buf text = {0};
	(void)state;
	for (size_t i = 0; i < 5000; i++)
		buf_printf(&text, "tally \"w%zu\" %zu <<E%zu\n", i, i, i);
	seeds_read(s, "a.sh", buf_str(&text));
	seeds_read(s, "b.bin", (struct str){"tally a\0b", 9});
	OWN_JSON json_t *j = seeds_result(s);
	assert_true(json_array_size(json_object_get(j, "words")) <= SEED_WORDS_MAX);
	assert_true(json_array_size(json_object_get(j, "numbers")) <= SEED_NUMBERS_MAX);
	assert_true(json_array_size(json_object_get(j, "calls")) <= SEED_CALLS_MAX);
	seeds_destroy(s);
}

/* ---- cases ---- */

static void
make_case(struct parity_case *c)
{
	case_add_file(c, "a.csv", "x,1\ny,2\nz,3\n");
	for (size_t i = 0; i < 3; i++) {
		struct case_step *s = case_add_step(c);
		strlist_add(&s->args, "add");
		strlist_addf(&s->args, "long-%zu", i);
		strlist_add(&s->args, "\xff\n");
	}
	c->steps[1].input = mem_strdup("in\n");
}

static void
a_case_is_the_same_as_json(void **state)
{
	OWN(parity_case) struct parity_case c = {0}, again = {0};
	(void)state;
	make_case(&c);
	OWN_JSON json_t *j = case_to_json(&c);
	assert_int_equal(case_from_json(j, &again, NULL), 0);
	assert_true(case_equal(&c, &again));
	OWN_JSON json_t *bad = json_pack("{s:[{s:s, s:s}], s:[{s:[]}]}", "files", "name", "../x",
		"text", "", "steps", "args");
	struct parity_case none = {0};
	assert_int_equal(case_from_json(bad, &none, NULL), -DD_EINVAL);
	OWN(buf) struct buf script = {0};
	parity_put_script(j, "./p", &script);
	assert_non_null(strstr(script.p, "| ./p add long-1 "));
	assert_non_null(strstr(script.p, "./p add long-2 "));
}

/* It holds while a step says long-1 and the file has a line with y. */
static int
has_both(void *ctx, const struct parity_case *c, bool *ret, struct dd_err *err)
{
	bool step = false, line = false;
	(void)err;
	++*(unsigned *)ctx;
	for (size_t i = 0; i < c->n; i++)
		step = step || strlist_has(&c->steps[i].args, "long-1");
	for (size_t i = 0; i < c->nfiles; i++)
		line = line || strchr(c->files[i].text, 'y');
	*ret = step && line;
	return 0;
}

static void
what_a_case_does_not_need_is_taken_away(void **state)
{
	OWN(parity_case) struct parity_case c = {0};
	unsigned asked = 0;
	(void)state;
	make_case(&c);
	assert_int_equal(shrink_case(&c, 100, 0, has_both, &asked, NULL), 0);
	assert_int_equal(c.n, 1);
	assert_int_equal(c.steps[0].args.n, 1);
	assert_string_equal(c.steps[0].args.v[0], "long-1");
	assert_null(c.steps[0].input);
	assert_string_equal(c.files[0].text, "y,2\n");
	assert_true(asked <= 100);
}

static void
what_is_asked_is_bounded(void **state)
{
	OWN(parity_case) struct parity_case c = {0};
	unsigned asked = 0;
	(void)state;
	make_case(&c);
	assert_int_equal(shrink_case(&c, 3, 0, has_both, &asked, NULL), 0);
	assert_int_equal(asked, 3);
	assert_int_equal(shrink_case(&c, 3, 1, has_both, &asked, NULL), 0); /* its time is over */
	assert_int_equal(asked, 3);
}

/* ---- variations ---- */

static void
the_same_seed_gives_the_same_cases(void **state)
{
	struct vary a = {0}, b = {0}, other = {0};
	size_t differ = 0;
	(void)state;
	OWN_JSON json_t *seeds = json_pack(
		"{s:[s, s], s:[s], s:[{s:[], s:[{s:[s, s, s], s:n}]}], s:[{s:s, s:s}]}", "words",
		"add", "sum", "numbers", "100", "calls", "files", "steps", "args", "add",
		"\001NAME", "7", "input", "samples", "name", "a.csv", "text", "n,v\none,1\n");
	assert_int_equal(vary_init(&a, 5, seeds, NULL), 0);
	assert_int_equal(vary_init(&b, 5, seeds, NULL), 0);
	assert_int_equal(vary_init(&other, 6, seeds, NULL), 0);
	for (size_t i = 0; i < 300; i++) {
		OWN(parity_case) struct parity_case x = {0}, y = {0}, z = {0};
		vary_next(&a, &x, &origin);
		vary_next(&b, &y, &origin);
		vary_next(&other, &z, &origin);
		assert_true(case_equal(&x, &y));
		assert_true(x.n > 0 && x.n <= CASE_STEPS_MAX);
		for (size_t k = 0; k < x.n; k++)
			for (size_t n = 0; n < x.steps[k].args.n; n++)
				assert_null(strchr(x.steps[k].args.v[n], SEED_HOLE));
		differ += !case_equal(&x, &z);
	}
	assert_true(differ > 100);
	vary_cleanup(&a);
	vary_cleanup(&b);
	vary_cleanup(&other);
}

static void
a_full_case_stays_in_its_bounds(void **state)
{
	struct vary v = {0};
	(void)state;
	OWN_JSON json_t *step = json_pack("{s:[s, s], s:n}", "args", "add", "7", "input");
	OWN_JSON json_t *seeds =
		json_pack("{s:[s], s:[{s:[], s:[]}]}", "words", "add", "calls", "files", "steps");
	json_t *steps =
		json_object_get(json_array_get(json_object_get(seeds, "calls"), 0), "steps");
	for (size_t i = 0; i < CASE_STEPS_MAX; i++)
		json_array_append(steps, step);
	assert_int_equal(vary_init(&v, 5, seeds, NULL), 0);
	for (size_t i = 0; i < 3000; i++) {
		struct {
			struct parity_case c;
			char behind[256];
		} x = {0};
		vary_next(&v, &x.c, &origin);
		assert_true(x.c.n > 0 && x.c.n <= CASE_STEPS_MAX);
		for (size_t k = 0; k < sizeof(x.behind); k++)
			assert_int_equal(x.behind[k], 0);
		parity_case_cleanup(&x.c);
	}
	vary_cleanup(&v);
}

static json_t *
seeds_with_forms(void)
{
	return json_pack(
		"{s:[s], s:[s], s:[{s:[s, s, s, s], s:[i, i, i, i]}, {s:[s, s], s:[i, i]}], "
		"s:[{s:s, s:[s, s]}]}",
		"words", "add", "numbers", "100", "forms", "words", "add", "\001NAME", "\001KIND",
		"\001-a|--all", "groups", 0, 0, 0, 1, "words", "show", "\001NAME", "groups", 0, 0,
		"lists", "name", "kinds", "values", "dry", "wet");
}

/* Calls of usages, with values that they list, with and without what is optional; the state before them is what succeeded. */
static void
cases_are_composed_of_what_usages_say(void **state)
{
	struct vary v = {0};
	size_t listed = 0, with = 0, without = 0, begun = 0;
	(void)state;
	OWN_JSON json_t *seeds = seeds_with_forms();
	OWN(parity_case) struct parity_case first = {0};
	struct parity_seen nothing = {.n = 1}, seen = {.n = 2};
	assert_int_equal(vary_init(&v, 3, seeds, NULL), 0);
	case_add_step(&first);
	buf_puts(&nothing.files, "0");
	(void)vary_learn(&v, &first, &nothing, 1, &origin);
	strlist_add(&first.steps[0].args, "begin");
	case_add_step(&first);
	strlist_add(&first.steps[1].args, "fail");
	seen.steps[1].exit_code = 1;
	buf_puts(&seen.files, "1");
	(void)vary_learn(&v, &first, &seen, 1, &origin);
	assert_int_equal(v.nstories, 1);
	assert_int_equal(v.stories[0].of.n, 1);
	for (size_t i = 0; i < 400; i++) {
		OWN(parity_case) struct parity_case c = {0};
		vary_next(&v, &c, &origin);
		assert_true(c.n > 0 && c.n <= CASE_STEPS_MAX);
		begun += c.steps[0].args.n == 1 && strcmp(c.steps[0].args.v[0], "begin") == 0;
		for (size_t k = 0; k < c.n; k++) {
			const struct strlist *a = &c.steps[k].args;
			if (a->n < 3 || strcmp(a->v[0], "add") != 0)
				continue;
			listed += strcmp(a->v[2], "wet") == 0;
			with += strlist_has(a, "--all");
			without += a->n == 3;
		}
	}
	assert_true(begun > 100);
	assert_true(listed > 50 && with > 20 && without > 50);
	parity_seen_cleanup(&nothing);
	parity_seen_cleanup(&seen);
	vary_cleanup(&v);
}

static void
values_beside_a_text_are_tried(void **state)
{
	struct vary v = {0};
	(void)state;
	OWN_JSON json_t *seeds = seeds_with_forms();
	assert_int_equal(vary_init(&v, 3, seeds, NULL), 0);
	OWN_FREE char *day = vary_step(&v, "2100-02-28", 1), *number = vary_step(&v, "a-099", 1);
	assert_string_equal(day, "2100-03-01");
	assert_string_equal(number, "a-100");
	size_t blank = 0, other = 0;
	for (size_t i = 0; i < 100; i++) {
		OWN_FREE char *near = vary_close(&v, "Lund"), *code = vary_same_shape(&v, "AB-12");
		OWN_FREE char *row = vary_sentence(&v);
		blank += strcmp(near, "Lund ") == 0;
		other += strcmp(code, "AB-12") != 0;
		assert_true(
			strlen(code) == 5 && code[2] == '-' && code[4] >= '0' && code[4] <= '9');
		assert_true(strlen(row) <= 300);
	}
	assert_true(blank > 2 && other > 50);
	vary_cleanup(&v);
}

static void
numbers_and_foreign_words_make_no_new_kind(void **state)
{
	struct vary v = {0};
	(void)state;
	OWN_JSON json_t *seeds = json_pack("{s:[s]}", "words", "total");
	assert_int_equal(vary_init(&v, 1, seeds, NULL), 0);
	OWN_FREE char *one = vary_kind(&v, STR("total of Smith: 12")),
		      *two = vary_kind(&v, STR("total of Miller: 7")),
		      *three = vary_kind(&v, STR("count of Miller: 7"));
	assert_string_equal(one, two);
	assert_string_not_equal(one, three);
	vary_cleanup(&v);
}

/* One call of one case, and what it printed. */
static void
learn_call(struct vary *v, const char *const *words, const char *out, int exit_code, bool writes)
{
	struct parity_seen seen = {.n = 1};
	OWN(parity_case) struct parity_case c = {0};
	struct case_step *s = case_add_step(&c);
	for (; *words; words++)
		strlist_add(&s->args, *words);
	buf_puts(&seen.steps[0].out, out);
	buf_puts(&seen.files, writes ? "1" : "0");
	seen.steps[0].exit_code = exit_code;
	seen.steps[0].writes = writes;
	(void)vary_learn(v, &c, &seen, 1, &origin);
	parity_seen_cleanup(&seen);
}

/* A check digit, or the whole of a code, that a program asks for; not a word that only looks alike. */
static void
what_a_program_wants_is_a_value(void **state)
{
	static const char *const bad[] = {"show", "ABCU305438", NULL};
	static const char *const word[] = {"show", "abcdefg", NULL};
	struct vary v = {0};
	(void)state;
	OWN_JSON json_t *seeds = seeds_with_forms();
	assert_int_equal(vary_init(&v, 3, seeds, NULL), 0);
	learn_call(&v, word, "unknown cabbage\n", 1, false);
	assert_int_equal(v.nwanted, 0);
	learn_call(&v, bad, "bad, wants 5\n", 2, false);
	learn_call(&v, bad, "it is ABCU3054387\n", 2, false);
	learn_call(&v, bad, "did you mean ABCU305431 ?\n", 2, false);
	assert_int_equal(v.nwanted, 1);
	assert_string_equal(v.wanted[0].name, "NAME");
	assert_int_equal(v.wanted[0].values.n, 3);
	assert_true(strlist_has(&v.wanted[0].values, "ABCU305435"));
	assert_true(strlist_has(&v.wanted[0].values, "ABCU3054387"));
	assert_true(strlist_has(&v.wanted[0].values, "ABCU305431"));
	assert_null(vary_named_as(&v, "NAME")); /* before it succeeded */
	vary_cleanup(&v);
}

static void
calls_that_always_say_the_same_show_nothing(void **state)
{
	static const char *const help[] = {"help", NULL}, *const list[] = {"show", "a", NULL};
	struct case_step s = {0}, other = {0};
	struct vary v = {0};
	(void)state;
	OWN_JSON json_t *seeds = seeds_with_forms();
	assert_int_equal(vary_init(&v, 3, seeds, NULL), 0);
	strlist_add(&s.args, "help");
	strlist_add(&other.args, "show");
	strlist_add(&other.args, "a");
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(vary_is_worn(&v, &s), i >= 4);
		learn_call(&v, help, "usage\n", 0, false);
		learn_call(&v, list, i == 6 ? "two\n" : "one\n", 0, false);
	}
	assert_false(vary_is_worn(&v, &other));
	strlist_cleanup(&s.args);
	strlist_cleanup(&other.args);
	vary_cleanup(&v);
}

static void
a_story_is_what_wrote(void **state)
{
	struct vary v = {0};
	struct parity_seen seen = {.n = 3};
	OWN(parity_case) struct parity_case c = {0};
	static const char *const nothing[] = {"help", NULL};
	(void)state;
	OWN_JSON json_t *seeds = seeds_with_forms();
	assert_int_equal(vary_init(&v, 3, seeds, NULL), 0);
	learn_call(&v, nothing, "usage\n", 0, false);
	for (size_t i = 0; i < 3; i++)
		strlist_addf(&case_add_step(&c)->args, "step%zu", i);
	seen.steps[1].writes = true;
	buf_puts(&seen.files, "1");
	(void)vary_learn(&v, &c, &seen, 1, &origin);
	(void)vary_learn(&v, &c, &seen, 1, &origin);
	assert_int_equal(v.nstories, 1);
	assert_int_equal(v.stories[0].of.n, 1);
	assert_string_equal(v.stories[0].of.steps[0].args.v[0], "step1");
	assert_true(vary_is_writer(&v, &c.steps[1].args));
	assert_false(vary_is_writer(&v, &c.steps[0].args));
	parity_seen_cleanup(&seen);
	vary_cleanup(&v);
}

static void
what_is_new_is_kept(void **state)
{
	struct vary v = {0};
	struct parity_seen seen = {.n = 1};
	OWN(parity_case) struct parity_case c = {0};
	(void)state;
	OWN_JSON json_t *seeds = json_pack("{s:[s]}", "words", "total");
	assert_int_equal(vary_init(&v, 1, seeds, NULL), 0);
	case_add_step(&c);
	buf_puts(&seen.steps[0].out, "total 1\n");
	assert_true(vary_learn(&v, &c, &seen, 1, &origin));
	assert_false(vary_learn(&v, &c, &seen, 1, &origin));
	buf_puts(&seen.steps[0].out, "; none\n");
	assert_true(vary_learn(&v, &c, &seen, 1, &origin));
	parity_seen_cleanup(&seen);
	vary_cleanup(&v);
}

/* ---- comparison ---- */

/* What came, `times` times in a row and then `last`, in pieces. */
static void
write_out(const char *line, size_t times, const char *last, const struct strlist *names, size_t max,
	struct seen_step *ret)
{
	struct stream s;
	OWN(buf) struct buf all = {0};
	for (size_t i = 0; i < times; i++)
		buf_puts(&all, line);
	buf_puts(&all, last);
	stream_init(&s, names, max);
	for (size_t i = 0; i < all.n; i += 77)
		stream_add(&s, (struct str){all.p + i, all.n - i < 77 ? all.n - i : 77});
	stream_finish(&s, &ret->out, &ret->out_rest);
}

/* Names are hidden before anything is cut, so that a longer one does not leave less room. */
static void
what_is_behind_the_bound_is_compared(void **state)
{
	OWN(strlist) struct strlist names = {0};
	struct parity_seen a = {.n = 1}, b = {.n = 1}, c = {.n = 1};
	size_t step;
	(void)state;
	strlist_add(&names, "/work/harbourmaster");
	strlist_add(&names, "hm2");
	write_out("/work/harbourmaster: no\n", 30000, "end\n", &names, 1000, &a.steps[0]);
	write_out("hm2: no\n", 30000, "end\n", &names, 1000, &b.steps[0]);
	write_out("hm2: no\n", 30000, "eNd\n", &names, 1000, &c.steps[0]);
	assert_int_equal(a.steps[0].out.n, 1000);
	assert_memory_equal(a.steps[0].out.p, "PROGRAM: no\nPROGRAM: no\n", 24);
	assert_int_equal(seen_compare(&a, &b, false, &step), 0);
	assert_int_equal(seen_compare(&b, &c, false, &step), 1u << PARITY_OUTPUT);
	parity_seen_cleanup(&a);
	parity_seen_cleanup(&b);
	parity_seen_cleanup(&c);
}

static void
names_are_hidden_as_words_wherever_they_stand(void **state)
{
	OWN(strlist) struct strlist names = {0};
	struct seen_step s = {0};
	(void)state;
	strlist_add(&names, "tally");
	write_out("", 0, "tally, /tally totally tally_2 a-tally\ntally", &names, 1000, &s);
	assert_string_equal(s.out.p, "PROGRAM, /PROGRAM totally tally_2 a-PROGRAM\nPROGRAM");
	assert_string_equal(s.out_rest.s, "");
	buf_cleanup(&s.out);
}

static void
the_program_of_a_command_is_no_argument_of_it(void **state)
{
	OWN(strlist) struct strlist command = {0};
	(void)state;
	strlist_add(&command, "python3");
	strlist_add(&command, "tally.main");
	assert_string_equal(parity_program_of(&command), "tally.main");
	strlist_add(&command, "/work/tally");
	strlist_add(&command, "fast");
	assert_string_equal(parity_program_of(&command), "/work/tally");
}

static void
each_channel_is_told(void **state)
{
	struct parity_seen a = {.n = 2}, b = {.n = 2};
	size_t step;
	(void)state;
	assert_int_equal(seen_compare(&a, &b, false, &step), 0);
	assert_int_equal(step, 2);
	b.steps[1].exit_code = 1;
	assert_int_equal(seen_compare(&a, &b, false, &step), 1u << PARITY_EXIT);
	assert_int_equal(step, 1);
	b.steps[1].exit_code = 0;
	buf_puts(&a.steps[0].err, "no such thing\n");
	buf_puts(&b.steps[0].err, "not there\n");
	assert_int_equal(seen_compare(&a, &b, false, &step), 1u << PARITY_ERRORS);
	assert_int_equal(seen_compare(&a, &b, true, &step), 0);
	buf_puts(&b.steps[0].out, "1\n");
	buf_puts(&a.files, "archive");
	strlist_add(&a.created, "/var/tmp/x");
	strlist_add(&b.connections, "127.0.0.1:7");
	assert_int_equal(seen_compare(&a, &b, true, &step),
		1u << PARITY_OUTPUT | 1u << PARITY_FILES | 1u << PARITY_CREATED |
			1u << PARITY_CONNECTIONS);
	assert_int_equal(step, 0);
	parity_seen_cleanup(&a);
	parity_seen_cleanup(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_read_as_a_shell_reads_them),
		cmocka_unit_test(calls_of_scripts_and_lists_are_found),
		cmocka_unit_test(usages_become_calls_with_holes),
		cmocka_unit_test(usages_say_what_is_optional_and_what_a_name_may_be),
		cmocka_unit_test(hostile_texts_are_bounded),
		cmocka_unit_test(a_case_is_the_same_as_json),
		cmocka_unit_test(what_a_case_does_not_need_is_taken_away),
		cmocka_unit_test(what_is_asked_is_bounded),
		cmocka_unit_test(the_same_seed_gives_the_same_cases),
		cmocka_unit_test(a_full_case_stays_in_its_bounds),
		cmocka_unit_test(cases_are_composed_of_what_usages_say),
		cmocka_unit_test(values_beside_a_text_are_tried),
		cmocka_unit_test(numbers_and_foreign_words_make_no_new_kind),
		cmocka_unit_test(what_a_program_wants_is_a_value),
		cmocka_unit_test(calls_that_always_say_the_same_show_nothing),
		cmocka_unit_test(a_story_is_what_wrote),
		cmocka_unit_test(what_is_new_is_kept),
		cmocka_unit_test(what_is_behind_the_bound_is_compared),
		cmocka_unit_test(names_are_hidden_as_words_wherever_they_stand),
		cmocka_unit_test(the_program_of_a_command_is_no_argument_of_it),
		cmocka_unit_test(each_channel_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
