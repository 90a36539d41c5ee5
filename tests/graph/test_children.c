/* What graph/children.h says of a tree against what tree-sitter's own cursor says of it, for sources of each language, whole and broken. */
#include "base/fs.h"
#include "graph/children.h"
#include "graph/rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define DIRECTORY "tests/graph/truth"
#define MAX_TEXT ((size_t)1 << 20)

static const struct {
	const char *name;
	enum lang_id id;
} languages[] = {{"bash", LANG_BASH}, {"c", LANG_C}, {"cpp", LANG_CPP}, {"csharp", LANG_CSHARP},
	{"go", LANG_GO}, {"java", LANG_JAVA}, {"javascript", LANG_JAVASCRIPT}, {"php", LANG_PHP},
	{"python", LANG_PYTHON}, {"ruby", LANG_RUBY}, {"rust", LANG_RUST},
	{"typescript", LANG_TYPESCRIPT}, {"typescript", LANG_TSX}};

static struct { /* how many there were of what is easily got wrong */
	size_t nodes, extra, alias, field, error, missing, in_hidden;
} seen;

static void
count(TSNode n, TSFieldId field, const struct children *c, size_t opened)
{
	seen.nodes++;
	seen.extra += ts_node_is_extra(n);
	seen.alias += n.context[3] != 0;
	seen.field += field != 0;
	seen.error += ts_node_is_error(n);
	seen.missing += ts_node_is_missing(n);
	seen.in_hidden += c->n > opened + 1;
}

/* The cursor is at the node. */
static void
compare(struct children *c, TSTreeCursor *cursor, TSNode node)
{
	TSNode child;
	size_t opened = children_open(c, node);
	for (uint32_t f = ts_language_field_count(ts_node_language(node)); f; f--) {
		TSNode in = children_in_field(node, (TSFieldId)f),
		       right = ts_node_child_by_field_id(node, (TSFieldId)f);
		assert_ptr_equal(in.id, right.id);
		assert_memory_equal(in.context, right.context, sizeof(right.context));
	}
	for (uint32_t i = 0; i <= ts_node_named_child_count(node); i++) {
		TSNode at = children_named_child(node, i), right = ts_node_named_child(node, i);
		assert_ptr_equal(at.id, right.id);
		assert_memory_equal(at.context, right.context, sizeof(right.context));
	}
	bool more = ts_tree_cursor_goto_first_child(cursor);
	bool any = more;
	for (; more; more = ts_tree_cursor_goto_next_sibling(cursor)) {
		TSNode right = ts_tree_cursor_current_node(cursor);
		assert_true(children_next(c, opened, &child));
		assert_true(ts_node_eq(child, right));
		assert_memory_equal(child.context, right.context, sizeof(right.context));
		assert_string_equal(ts_node_type(child), ts_node_type(right));
		assert_string_equal(
			ts_language_symbol_name(ts_node_language(child), children_symbol(child)),
			ts_node_type(right));
		TSFieldId field = children_field(c, opened);
		assert_int_equal(field, ts_tree_cursor_current_field_id(cursor));
		assert_int_equal(children_named(child), ts_node_is_named(right));
		assert_int_equal(children_extra(child), ts_node_is_extra(right));
		assert_true(!children_none(child) || ts_node_child_count(right) == 0);
		count(child, field, c, opened);
		compare(c, cursor, child);
	}
	assert_false(children_next(c, opened, &child));
	assert_int_equal(c->n, opened);
	if (any)
		assert_true(ts_tree_cursor_goto_parent(cursor));
}

static void
compare_text(TSParser *parser, struct str text)
{
	OWN(children) struct children c = {0};
	TSTree *tree = ts_parser_parse_string(parser, NULL, text.p, (uint32_t)text.n);
	assert_non_null(tree);
	TSNode root = ts_tree_root_node(tree);
	TSTreeCursor cursor = ts_tree_cursor_new(root);
	compare(&c, &cursor, root);
	ts_tree_cursor_delete(&cursor);
	ts_tree_delete(tree);
}

/* As it is, cut, and with each closing bracket of one kind away. */
static void
compare_variants(TSParser *parser, struct str text)
{
	static const char away[] = ")};\"";
	compare_text(parser, text);
	compare_text(parser, (struct str){text.p, text.n / 3});
	for (const char *a = away; *a; a++) {
		OWN(buf) struct buf without = {0};
		for (size_t i = 0, n = 0; i < text.n; i++)
			if (text.p[i] != *a || ++n % 5)
				buf_putc(&without, text.p[i]);
		compare_text(parser, buf_str(&without));
	}
}

/* The sources of all cases of a file of test_truth.c, one behind the other. */
static void
read_sources(const char *name, struct buf *ret)
{
	OWN(buf) struct buf text = {0};
	OWN_FREE char *path = mem_printf(DIRECTORY "/%s", name);
	struct str rest, line;
	assert_int_equal(fs_read(path, MAX_TEXT, &text, NULL), 0);
	rest = buf_str(&text);
	while (str_next_line(&rest, &line)) {
		if (str_starts(line, "## ") || str_starts(line, "-- ") || str_starts(line, "=> "))
			continue;
		buf_add_str(ret, line);
		buf_putc(ret, '\n');
	}
}

static void
children_are_those_of_the_cursor(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(languages) / sizeof(*languages); i++) {
		OWN(buf) struct buf text = {0};
		TSParser *parser = ts_parser_new();
		size_t before = seen.nodes;
		assert_true(ts_parser_set_language(parser, rule_lang(languages[i].id)->language));
		read_sources(languages[i].name, &text);
		compare_variants(parser, buf_str(&text));
		assert_true(seen.nodes > before + 1000);
		ts_parser_delete(parser);
	}
	assert_true(seen.extra && seen.alias && seen.field && seen.error && seen.missing &&
		    seen.in_hidden);
}

/* Whoever stops early closes what is open, and what was opened before goes on. */
static void
a_node_that_is_left_early_is_closed(void **state)
{
	(void)state;
	static const char text[] = "f(a, (b), c)\n";
	OWN(children) struct children c = {0};
	TSParser *parser = ts_parser_new();
	TSNode statement, call, child;
	assert_true(ts_parser_set_language(parser, rule_lang(LANG_PYTHON)->language));
	TSTree *tree = ts_parser_parse_string(parser, NULL, text, sizeof(text) - 1);
	size_t outer = children_open(&c, ts_tree_root_node(tree));
	assert_true(children_next(&c, outer, &statement));
	size_t inner = children_open(&c, statement);
	assert_true(children_next(&c, inner, &call));
	size_t arguments = children_open(&c, ts_node_child(call, 1));
	assert_true(children_next(&c, arguments, &child));
	children_close(&c, inner);
	assert_false(children_next(&c, outer, &child));
	assert_int_equal(c.n, 0);
	ts_tree_delete(tree);
	ts_parser_delete(parser);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(children_are_those_of_the_cursor),
		cmocka_unit_test(a_node_that_is_left_early_is_closed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
