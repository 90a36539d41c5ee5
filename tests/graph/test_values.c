/* What following values costs for sources that mean harm, and what is still said then. */
#include "graph/extract.h"
#include "graph/resolve.h"
#include "graph/values_inner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#define MAX_FILES 64
#define PATIENCE_S 60 /* without a limit it would be years */

struct tree {
	struct facts facts[MAX_FILES];
	struct buf packed[MAX_FILES];
	size_t n;
	struct model m;
	struct values *values;
};

static struct extractor *extractor;

static int
set_up(void **state)
{
	struct tree *t = mem_new(struct tree);
	model_init(&t->m);
	alarm(PATIENCE_S);
	*state = t;
	return 0;
}

static int
tear_down(void **state)
{
	struct tree *t = *state;
	alarm(0);
	values_destroy(t->values);
	model_cleanup(&t->m);
	for (size_t i = 0; i < t->n; i++) {
		facts_cleanup(&t->facts[i]);
		buf_cleanup(&t->packed[i]);
	}
	free(t);
	return 0;
}

/* In the order of their paths. */
static void
add_file(struct tree *t, const char *path, struct str text)
{
	struct facts *f = &t->facts[t->n];
	extract(extractor, path, text, f);
	facts_pack(f, &t->packed[t->n]);
	assert_int_equal(facts_unpack(f, buf_str(&t->packed[t->n]), NULL), 0);
	model_add_file(&t->m, path, f);
	t->n++;
}

static void
follow(struct tree *t)
{
	model_settle(&t->m);
	t->values = values_create(&t->m);
	assert_non_null(t->values);
}

static void
resolve(struct tree *t)
{
	follow(t);
	for (size_t i = 0; i < t->n; i++)
		resolve_file(&t->m, i, &t->facts[i], NULL, t->values);
}

static bool
is_named(const struct model *m, uint32_t id, const char *name)
{
	return str_eq(model_text(m, m->entities[id].name), name);
}

static bool
has_edge(const struct tree *t, enum graph_relation r, const char *from, const char *to)
{
	for (size_t i = 0; i < t->m.nedges; i++) {
		const struct model_edge *e = &t->m.edges[i];
		if (e->relation == r && e->dst && is_named(&t->m, e->src, from) &&
			is_named(&t->m, e->dst, to))
			return true;
	}
	return false;
}

/* f is one of twelve functions that give back what they get; `a` calls them inside of one another. */
static void
put_dear_call(struct buf *b, unsigned deep)
{
	for (unsigned i = 0; i < 12; i++)
		buf_printf(b, "def f%u(p):\n    return p\n", i);
	buf_puts(b, "f = f0\n");
	for (unsigned i = 1; i < 12; i++)
		buf_printf(b, "if c:\n    f = f%u\n", i);
	buf_puts(b, "a = ");
	for (unsigned i = 0; i < deep; i++)
		buf_puts(b, "f(");
	buf_puts(b, "f0");
	for (unsigned i = 0; i < deep; i++)
		buf_putc(b, ')');
	buf_putc(b, '\n');
}

static void
put_doubled(struct buf *b, unsigned deep)
{
	if (!deep) {
		buf_puts(b, "f0");
		return;
	}
	buf_puts(b, "f(");
	put_doubled(b, deep - 1);
	buf_puts(b, ", ");
	put_doubled(b, deep - 1);
	buf_putc(b, ')');
}

/* ---- cost ---- */

static void
calls_of_many_objects_inside_of_one_another_are_answered(void **state)
{
	struct tree *t = *state;
	OWN(buf) struct buf b = {0};
	buf_puts(&b, "class A:\n    def m(self):\n        pass\nx = {'k': A()}\n");
	for (unsigned i = 0; i < 11; i++)
		buf_puts(&b, "if c:\n    x = {'k': A()}\n");
	buf_puts(&b, "def use():\n    ");
	for (unsigned i = 0; i < 10; i++)
		buf_puts(&b, "x.get('k', ");
	buf_puts(&b, "None");
	for (unsigned i = 0; i < 10; i++)
		buf_putc(&b, ')');
	buf_puts(&b, ".m()\n");
	add_file(t, "a.py", buf_str(&b));
	resolve(t);
	assert_true(has_edge(t, REL_CALLS, "use", "m"));
}

static void
a_question_ends(void **state)
{
	struct tree *t = *state;
	OWN(buf) struct buf b = {0};
	for (unsigned i = 0; i < 12; i++)
		buf_printf(&b, "def f%u(p, q):\n    if p:\n        return p\n    return q\n", i);
	buf_puts(&b, "f = f0\n");
	for (unsigned i = 1; i < 12; i++)
		buf_printf(&b, "if c:\n    f = f%u\n", i);
	put_doubled(&b, 8);
	buf_puts(&b, "()\n");
	add_file(t, "a.py", buf_str(&b));
	resolve(t);
	assert_true(t->m.nedges > 0);
}

static void
modules_that_import_all_from_each_other_are_read_once(void **state)
{
	struct tree *t = *state;
	OWN(buf) struct buf b = {0};
	for (unsigned i = 0; i < 40; i++)
		buf_printf(&b, "from m%02u import *\n", i);
	buf_puts(&b, "def use():\n    last()\n    nothing()\n");
	for (unsigned i = 0; i < 40; i++) {
		OWN_FREE char *path = mem_printf("m%02u.py", i);
		if (i == 39)
			buf_puts(&b, "def last():\n    pass\ndef nothing_else():\n    pass\n");
		add_file(t, path, buf_str(&b));
	}
	add_file(t, "n.py", STR("nothing = 1\n"));
	follow(t);
	struct set out = {0};
	t->values->steps = 4000;
	uint32_t name = model_name_if_any(&t->m, STR("last"));
	assert_true(values_read_module(t->values, t->m.files[0].entity, name, NOBODY, &out, 0));
	assert_int_equal(out.n, 1);
	out = (struct set){0};
	name = model_name_if_any(&t->m, STR("nothing"));
	assert_false(values_read_module(t->values, t->m.files[0].entity, name, NOBODY, &out, 0));
	assert_false(out.many);
}

static void
modules_that_import_a_name_from_each_other_add_nothing(void **state)
{
	struct tree *t = *state;
	add_file(t, "p/__init__.py", STR("from . import sub\nfrom .sub import again\n"));
	add_file(t, "p/sub.py", STR("from p import again\ndef f():\n    pass\n"));
	add_file(t, "q.py", STR("from p import sub\ndef use():\n    sub.f()\n"));
	resolve(t);
	struct set out = {0};
	t->values->steps = 100;
	assert_true(values_read_module(t->values, t->m.files[0].entity,
		model_name_if_any(&t->m, STR("sub")), NOBODY, &out, 0));
	assert_true(out.n == 1 && !out.many);
	assert_true(has_edge(t, REL_CALLS, "use", "f"));
}

static void
facts_grow_no_faster_than_the_text(void **state)
{
	struct tree *t = *state;
	OWN(buf) struct buf b = {0};
	for (unsigned i = 0; i < 1000; i++)
		buf_puts(&b, "a = ");
	buf_putc(&b, '[');
	for (unsigned i = 0; i < 1000; i++)
		buf_puts(&b, "b, ");
	buf_puts(&b, "]\n");
	add_file(t, "a.py", buf_str(&b));
	assert_true(t->facts[0].nvalues < 2 * b.n + 2000);
}

static void
a_file_has_each_reader_once(void **state)
{
	struct tree *t = *state;
	OWN(buf) struct buf b = {0};
	buf_puts(&b, "d = {}\ndef g():\n    return d\n");
	for (unsigned i = 0; i < 12; i++)
		buf_printf(&b, "def h%u():\n    pass\nd[k] = h%u\n", i, i);
	for (unsigned i = 0; i < 40; i++)
		buf_printf(&b, "x%u = d[y%u] or d[k]\ny%u = d[x%u] or g()[k]\n", i, i, i, i);
	add_file(t, "a.py", buf_str(&b));
	follow(t);
	uint32_t most = 0;
	for (size_t i = 0; i < t->values->ncells; i++) {
		struct cell *cell = &t->values->cells[i];
		const uint32_t *readers = cell_readers(cell);
		most = cell->nreaders > most ? cell->nreaders : most;
		for (size_t a = 0; a < cell->nreaders; a++)
			for (size_t c = a + 1; c < cell->nreaders; c++)
				assert_int_not_equal(readers[a], readers[c]);
	}
	assert_true(most > 40);
}

/* ---- what is said ---- */

static void
a_name_of_later_is_bound_by_nothing(void **state)
{
	struct tree *t = *state;
	add_file(t, "a.py", STR("def f():\n    f()\n"));
	follow(t);
	const struct place at = {t->m.files[0].entity, NOBODY};
	struct set out = {0};
	t->values->steps = 100;
	assert_false(values_read_name(t->values, &at, UINT32_MAX / 2, true, &out, 0));
}

static void
more_than_is_looked_at_is_many(void **state)
{
	struct tree *t = *state;
	OWN(buf) struct buf b = {0};
	buf_puts(&b, "def f():\n    pass\ndef g():\n    pass\n");
	for (unsigned i = 0; i < 40; i++)
		buf_printf(&b, "if c:\n    x = %s\n", i < 36 ? "f" : "g");
	buf_puts(&b, "def use():\n    x()\n");
	add_file(t, "a.py", buf_str(&b));
	resolve(t);
	assert_false(has_edge(t, REL_CALLS, "use", "f"));
	struct set out = {0};
	t->values->steps = 100;
	assert_true(values_read_module(t->values, t->m.files[0].entity,
		model_name_if_any(&t->m, STR("x")), NOBODY, &out, 0));
	assert_true(out.many);
}

static void
what_is_not_looked_at_to_its_end_is_not_sure(void **state)
{
	struct tree *t = *state;
	OWN(buf) struct buf b = {0};
	buf_puts(&b, "def one():\n    pass\ndef two():\n    pass\nh = one\n");
	put_dear_call(&b, 9);
	buf_puts(&b, "if c:\n    h = two\ndef use():\n    h()\n");
	add_file(t, "a.py", buf_str(&b));
	resolve(t);
	assert_true(t->values->unfinished);
	assert_false(has_edge(t, REL_CALLS, "use", "one"));
	assert_true(has_edge(t, REL_MAY_CALL, "use", "one"));
}

static void
a_dear_file_takes_nothing_from_the_others(void **state)
{
	struct tree *t = *state;
	OWN(buf) struct buf b = {0};
	put_dear_call(&b, 9);
	add_file(t, "a.py", buf_str(&b));
	add_file(
		t, "b.py", STR("def one():\n    pass\nd = {'k': one}\ndef use():\n    d['k']()\n"));
	resolve(t);
	assert_true(
		has_edge(t, REL_CALLS, "use", "one") || has_edge(t, REL_MAY_CALL, "use", "one"));
}

/* Deeper than is followed: the rest is not taken for all there is. */
static void
what_is_too_deep_is_many(void **state)
{
	struct tree *t = *state;
	OWN(buf) struct buf b = {0};
	buf_puts(&b,
		"class A:\n    def m(self):\n        return self\nx = A()\ndef use():\n    y = x");
	for (unsigned i = 0; i < 40; i++)
		buf_puts(&b, ".m()");
	buf_puts(&b, "\n");
	add_file(t, "a.py", buf_str(&b));
	follow(t);
	struct set out = {0};
	struct place at = {0};
	uint32_t y = model_name_if_any(&t->m, STR("y")), scope = 0;
	for (uint32_t i = 1; i < t->m.n; i++)
		if (is_named(&t->m, i, "use"))
			scope = i;
	at.scope = scope;
	at.root = NOBODY;
	t->values->steps = 1000;
	(void)values_read_name(t->values, &at, y, true, &out, 0);
	assert_true(out.many);
}

int
main(void)
{
#define IN_A_TREE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		IN_A_TREE(calls_of_many_objects_inside_of_one_another_are_answered),
		IN_A_TREE(a_question_ends),
		IN_A_TREE(modules_that_import_all_from_each_other_are_read_once),
		IN_A_TREE(modules_that_import_a_name_from_each_other_add_nothing),
		IN_A_TREE(facts_grow_no_faster_than_the_text),
		IN_A_TREE(a_file_has_each_reader_once),
		IN_A_TREE(a_name_of_later_is_bound_by_nothing),
		IN_A_TREE(more_than_is_looked_at_is_many),
		IN_A_TREE(what_is_not_looked_at_to_its_end_is_not_sure),
		IN_A_TREE(a_dear_file_takes_nothing_from_the_others),
		IN_A_TREE(what_is_too_deep_is_many),
	};
	extractor = extractor_create();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	extractor_destroy(extractor);
	return failed;
}
