#include "intent/intent.h"
#include "intent/page.h"
#include "intent/tracker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
is_the_same_again(const char *text)
{
	OWN(plandoc) struct plandoc p = {0};
	OWN(buf) struct buf out = {0};
	assert_int_equal(plandoc_parse(str_of(text), &p, NULL), 0);
	plandoc_print(&p, &out);
	assert_string_equal(out.p, text);
}

static void
what_people_write_is_written_again_to_the_last_byte(void **state)
{
	(void)state;
	is_the_same_again(
		"before\n\n# T\n- a: b\n-  a: b\n- a:b\n- a:\n- a: \n- A: b\n  - a: b\n\n\n## S\ntext  \n"
		"### R-1: x: y\n### no id\n###R-2: z\n#### deeper\n```\n# in a fence\n- a: b\n```\n- a: `x`, `y` \n"
		"### R-1.a: \n* a: b\n\r\n\xff\xfe\n### : \n# \n#\n");
}

static void
fields_ids_and_names_are_read(void **state)
{
	(void)state;
	OWN(plandoc) struct plandoc p = {0};
	OWN(strlist) struct strlist names = {0};
	assert_int_equal(
		plandoc_parse(
			STR("# P\n## Tasks\n### T-1: do: it\n- writes: `a/b`, `c`\n- writes: `d`\nnote\n"),
			&p, NULL),
		0);
	const struct plandoc_item *t = plandoc_find(&p, "T-1");
	assert_non_null(t);
	assert_string_equal(t->title, "do: it");
	assert_string_equal(t->section, "Tasks");
	plandoc_names(t, "writes", &names);
	assert_int_equal(names.n, 3);
	assert_string_equal(names.v[2], "d");
	assert_null(plandoc_find(&p, "T-2"));
}

static void
what_is_no_plan_is_refused(void **state)
{
	(void)state;
	OWN(plandoc) struct plandoc p = {0};
	OWN(buf) struct buf many = {0};
	assert_int_equal(plandoc_parse(STR(""), &p, NULL), -DD_EINVAL);
	assert_int_equal(plandoc_parse(STR("## S\n"), &p, NULL), -DD_EINVAL);
	assert_int_equal(plandoc_parse(STR("# T\n\0"), &p, NULL), -DD_EINVAL);
	for (int i = 0; i < 30000; i++)
		buf_puts(&many, "# T\n");
	assert_int_equal(plandoc_parse(buf_str(&many), &p, NULL), -DD_EINVAL);
}

/* Text that is put into a plan cannot become a heading or a field of it. */
static void
text_that_is_put_in_stays_where_it_is(void **state)
{
	(void)state;
	OWN(plandoc) struct plandoc p = {0}, back = {0};
	OWN(buf) struct buf out = {0};
	plandoc_add(&p, 1, NULL, "t\n# x\n- a: b");
	struct plandoc_item *i = plandoc_add(&p, 3, "R-1", "x\n### R-2: y\x1b[31m");
	plandoc_field(i, "check", "%s", "c\n- writes: `/etc`");
	plandoc_print(&p, &out);
	assert_int_equal(plandoc_parse(buf_str(&out), &back, NULL), 0);
	assert_int_equal(back.n, 2);
	assert_null(plandoc_value(&back.v[1], "writes"));
	assert_null(memchr(out.p, 0x1b, out.n));
}

static void
pages_of_any_size_are_bounded(void **state)
{
	(void)state;
	OWN(buf) struct buf b = {0};
	struct page p;
	for (int i = 0; i < 20000; i++)
		buf_puts(&b, "- it must \xc3\xa4\xc3\xb6\xc3\xbc `x");
	buf_puts(&b, "\n");
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "- it must be %d\n", i);
	assert_int_equal(page_read(buf_str(&b), &p, NULL), 0);
	assert_int_equal(p.n, PAGE_MAX_STATEMENTS);
	assert_true(p.cut);
	assert_true(strlen(p.v[0].text) <= PAGE_MAX_TEXT);
	page_cleanup(&p);
}

static void
sentences_are_told_apart(void **state)
{
	(void)state;
	struct page p;
	assert_int_equal(
		page_read(
			STR("# T\nIt must work, e.g. Here. It should be fast! May it? `a. B` must stay.\n"),
			&p, NULL),
		0);
	assert_int_equal(p.n, 4);
	assert_int_equal(p.v[0].kind, STATEMENT_REQUIREMENT);
	assert_int_equal(p.v[1].strength, STRENGTH_SHOULD);
	assert_int_equal(p.v[2].kind, STATEMENT_QUESTION);
	assert_string_equal(p.v[3].text, "`a. B` must stay.");
	page_cleanup(&p);
}

static void
deep_documents_of_trackers_end(void **state)
{
	(void)state;
	OWN(buf) struct buf b = {0}, out = {0};
	buf_puts(&b, "{\"fields\":{\"summary\":\"s\",\"description\":");
	for (int i = 0; i < 500; i++)
		buf_puts(&b, "{\"type\":\"listItem\",\"content\":[");
	buf_puts(&b, "{\"type\":\"text\",\"text\":\"deep\"}");
	for (int i = 0; i < 500; i++)
		buf_puts(&b, "]}");
	buf_puts(&b, "}}");
	assert_int_equal(tracker_to_markdown(buf_str(&b), &out, NULL), 0);
	assert_null(strstr(out.p, "deep"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_people_write_is_written_again_to_the_last_byte),
		cmocka_unit_test(fields_ids_and_names_are_read),
		cmocka_unit_test(what_is_no_plan_is_refused),
		cmocka_unit_test(text_that_is_put_in_stays_where_it_is),
		cmocka_unit_test(pages_of_any_size_are_bounded),
		cmocka_unit_test(sentences_are_told_apart),
		cmocka_unit_test(deep_documents_of_trackers_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
