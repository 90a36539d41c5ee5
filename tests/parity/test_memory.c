/* What was played before, and when it is not believed any more: without a sandbox. */
#include "parity/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* "add x", then "list", and what they did. */
struct played {
	struct parity_case c;
	struct parity_seen seen[2];
};

static void
played_init(struct played *p)
{
	static const char *const said[] = {"added\n", "x\n"};
	*p = (struct played){0};
	strlist_add(&case_add_step(&p->c)->args, "add");
	strlist_add(&p->c.steps[0].args, "x");
	strlist_add(&case_add_step(&p->c)->args, "list");
	for (size_t i = 0; i < 2; i++) {
		p->seen[i].n = 2;
		for (size_t k = 0; k < 2; k++)
			buf_puts(&p->seen[i].steps[k].out, said[k]);
		buf_puts(&p->seen[i].files, "archive with x");
	}
}

static void
played_cleanup(struct played *p)
{
	parity_case_cleanup(&p->c);
	parity_seen_cleanup(&p->seen[0]);
	parity_seen_cleanup(&p->seen[1]);
}

/* It notes both calls; the state behind them. */
static const struct memory_state *
note_all(struct memory *m, const struct played *p)
{
	const struct memory_state *s = memory_note_begin(m, &p->c, STR("archive of nothing"));
	for (size_t i = 0; s && i < 2; i++) {
		const struct seen_step *const sides[] = {
			&p->seen[0].steps[i], &p->seen[1].steps[i]};
		s = memory_note(m, s, &p->c.steps[i], sides, STR("archive with x"));
	}
	return s;
}

static void
a_call_is_known_in_the_state_that_it_was_played_in(void **state)
{
	OWN(played) struct played p;
	struct memory *m = memory_create();
	(void)state;
	played_init(&p);
	assert_null(memory_begin(m, &p.c));
	const struct memory_state *last = note_all(m, &p), *first = memory_begin(m, &p.c);
	assert_non_null(last);
	assert_string_equal(memory_find(m, last, &p.c.steps[1])->sides[1].out.p, "x\n");
	assert_ptr_equal(memory_find(m, last, &p.c.steps[1])->after, last);
	assert_null(memory_find(m, first, &p.c.steps[1]));
	assert_ptr_equal(memory_find(m, first, &p.c.steps[0])->after, last);
	p.c.steps[0].input = mem_strdup("");
	assert_null(memory_find(m, first, &p.c.steps[0]));
	case_add_file(&p.c, "f", "text");
	assert_null(memory_begin(m, &p.c));
	memory_destroy(m);
}

static void
what_depends_on_more_than_a_state_is_not_kept(void **state)
{
	OWN(played) struct played p;
	struct memory *m = memory_create();
	(void)state;
	played_init(&p);
	p.seen[1].steps[1].cause = CAUSE_TIME;
	assert_null(note_all(m, &p));
	p.seen[1].steps[1].cause = CAUSE_NONE;
	p.seen[0].steps[1].out_rest = hash_bytes(STR("more"));
	assert_null(note_all(m, &p));
	p.seen[0].steps[1].out_rest = (struct hash_hex){""};
	assert_non_null(note_all(m, &p));
	memory_destroy(m);
}

static void
one_call_that_does_otherwise_ends_it(void **state)
{
	OWN(played) struct played p;
	struct memory *m = memory_create();
	(void)state;
	played_init(&p);
	const struct memory_state *last = note_all(m, &p);
	memory_check(m, &p.c, p.seen);
	assert_true(memory_is_open(m));
	buf_puts(&p.seen[0].steps[1].out, "12:00\n");
	memory_check(m, &p.c, p.seen);
	assert_false(memory_is_open(m));
	assert_non_null(memory_why_closed(m));
	assert_null(memory_begin(m, &p.c));
	assert_null(memory_find(m, last, &p.c.steps[1]));
	assert_null(note_all(m, &p));
	memory_destroy(m);
}

static void
files_that_are_left_otherwise_end_it(void **state)
{
	OWN(played) struct played p;
	struct memory *m = memory_create();
	(void)state;
	played_init(&p);
	(void)note_all(m, &p);
	buf_puts(&p.seen[1].files, " and y");
	memory_check(m, &p.c, p.seen);
	assert_false(memory_is_open(m));
	memory_destroy(m);
}

/* Of two lanes, say. */
static void
a_call_that_is_noted_otherwise_ends_it(void **state)
{
	OWN(played) struct played p;
	struct memory *m = memory_create();
	(void)state;
	played_init(&p);
	const struct memory_state *last = note_all(m, &p);
	assert_ptr_equal(note_all(m, &p), last);
	assert_true(memory_is_open(m));
	buf_puts(&p.seen[1].steps[1].err, "12:00\n");
	assert_null(note_all(m, &p));
	assert_false(memory_is_open(m));
	memory_destroy(m);
}

/* Four looks of calls that begin and end so, or sixteen of any; one that changed something is enough against it. */
static void
calls_that_leave_files_as_they_were_are_not_looked_at_again(void **state)
{
	struct memory *m = memory_create();
	OWN(parity_case) struct parity_case c = {0};
	static const struct memory_did said = {.succeeded = true}, refused = {0},
				       wrote = {.writes = true, .succeeded = true};
	(void)state;
	for (size_t i = 0; i < CASE_STEPS_MAX; i++)
		strlist_addf(&case_add_step(&c)->args, "word%zu", i);
	for (size_t i = 0; i < 4; i++) {
		assert_false(memory_is_quiet(m, &c.steps[0], said));
		memory_note_look(m, &c.steps[0], said, false);
	}
	assert_true(memory_is_quiet(m, &c.steps[0], said));
	assert_false(memory_is_quiet(m, &c.steps[0], refused));
	assert_false(memory_is_quiet(m, &c.steps[0], wrote));
	assert_false(memory_is_quiet(m, &c.steps[1], said));
	for (size_t i = 2; i < 14; i++)
		memory_note_look(m, &c.steps[i], said, false);
	assert_true(memory_is_quiet(m, &c.steps[1], said));
	memory_note_look(m, &c.steps[1], said, true);
	assert_false(memory_is_quiet(m, &c.steps[1], said));
	assert_false(memory_is_quiet(m, &c.steps[20], said));
	assert_true(memory_is_quiet(m, &c.steps[0], said));
	memory_note_look(m, &c.steps[0], said, true);
	for (size_t i = 0; i < 8; i++)
		memory_note_look(m, &c.steps[0], said, false);
	assert_false(memory_is_quiet(m, &c.steps[0], said));
	memory_destroy(m);
}

/* It keeps files, and may remove some where it creates none. */
static void
where_one_writes_each_word_is_looked_at(void **state)
{
	struct memory *m = memory_create();
	OWN(parity_case) struct parity_case c = {0};
	static const struct memory_did said = {.succeeded = true}, wrote = {.writes = true};
	(void)state;
	for (size_t i = 0; i < 20; i++)
		strlist_addf(&case_add_step(&c)->args, "word%zu", i);
	for (size_t i = 0; i < 18; i++)
		memory_note_look(m, &c.steps[i], said, false);
	assert_true(memory_is_quiet(m, &c.steps[19], said));
	memory_note_look(m, &c.steps[18], wrote, true);
	assert_false(memory_is_quiet(m, &c.steps[19], said));
	for (size_t i = 0; i < 4; i++)
		memory_note_look(m, &c.steps[19], said, false);
	assert_true(memory_is_quiet(m, &c.steps[19], said));
	memory_destroy(m);
}

static void
it_is_bounded(void **state)
{
	OWN(played) struct played p;
	OWN(buf) struct buf large = {0};
	struct memory *m = memory_create();
	size_t kept = 0;
	(void)state;
	played_init(&p);
	for (size_t i = 0; i < MEMORY_TEXT_MAX - 8; i++)
		buf_putc(&large, 'x');
	for (size_t i = 0; i < MEMORY_MAX / MEMORY_TEXT_MAX + 20; i++) {
		memcpy(large.p, &i, sizeof(i));
		kept += memory_note_begin(m, &p.c, buf_str(&large)) != NULL;
	}
	assert_int_equal(kept, MEMORY_MAX / MEMORY_TEXT_MAX);
	buf_puts(&large, "more than one archive may be");
	assert_null(memory_note_begin(m, &p.c, buf_str(&large)));
	memory_destroy(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_is_known_in_the_state_that_it_was_played_in),
		cmocka_unit_test(what_depends_on_more_than_a_state_is_not_kept),
		cmocka_unit_test(one_call_that_does_otherwise_ends_it),
		cmocka_unit_test(files_that_are_left_otherwise_end_it),
		cmocka_unit_test(a_call_that_is_noted_otherwise_ends_it),
		cmocka_unit_test(calls_that_leave_files_as_they_were_are_not_looked_at_again),
		cmocka_unit_test(where_one_writes_each_word_is_looked_at),
		cmocka_unit_test(it_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
