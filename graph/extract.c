#include "graph/extract.h"

#include "graph/blank.h"
#include "graph/lexical.h"
#include "graph/walk.h"

#include <string.h>

#define MAX_NESTING 4000
#define MAX_LINE ((size_t)256 << 10)
/* The parser asks each hundred steps whether to go on; source takes less than a step a byte. */
#define STEPS_FREE 20000
#define STEPS_PER_BYTE 4

struct extractor {
	TSParser *parser;
	struct walk walk;
	/* The text without words that are no C; what the best tree so far was made of, where that is less; and a try. */
	struct buf sure, kept, blanked;
	uint64_t asked, may_ask;
};

struct extractor *
extractor_create(void)
{
	struct extractor *x = mem_new(struct extractor);
	x->parser = ts_parser_new();
	x->sure.max = x->kept.max = x->blanked.max = EXTRACT_MAX_BYTES + 1;
	return x;
}

void
extractor_destroy(struct extractor *x)
{
	if (!x)
		return;
	ts_parser_delete(x->parser);
	free(x->walk.names);
	children_cleanup(&x->walk.children);
	free(x->walk.told_values);
	strlist_cleanup(&x->walk.owned);
	buf_cleanup(&x->walk.chain);
	buf_cleanup(&x->sure);
	buf_cleanup(&x->kept);
	buf_cleanup(&x->blanked);
	free(x);
}

/* ---- what is not parsed, and why ---- */

static const char *
why_unread(struct str text)
{
	if (text.n > EXTRACT_MAX_BYTES)
		return "too large";
	if (text.n >= 2 &&
		(memcmp(text.p, "\xff\xfe", 2) == 0 || memcmp(text.p, "\xfe\xff", 2) == 0))
		return "UTF-16";
	if (memchr(text.p, 0, text.n))
		return "binary";
	return NULL;
}

/* Only where there are more brackets than may be open, or a line may be too long, is each byte looked at by itself. */
static bool
is_surely_flat(struct str text)
{
	size_t open = 0;
	if (text.n > MAX_LINE)
		return false;
	for (size_t at = 0, end; at < text.n; at = end) {
		/* So few at a time that the compiler counts in bytes, many at once. */
		uint8_t here = 0;
		end = text.n - at > 255 ? at + 255 : text.n;
		for (size_t i = at; i < end; i++)
			here = (uint8_t)(here + ((text.p[i] == '(') | (text.p[i] == '[') |
							(text.p[i] == '{')));
		open += here;
	}
	return open <= MAX_NESTING;
}

/* Brackets open at once, and the longest line: whichever is met first. */
static const char *
why_lexical(struct str text)
{
	if (is_surely_flat(text))
		return NULL;
	static const int8_t special[256] = {
		['('] = 1, ['['] = 1, ['{'] = 1, [')'] = -1, [']'] = -1, ['}'] = -1, ['\n'] = 2};
	size_t open = 0, line = 0;
	for (size_t i = 0; i < text.n; i++) {
		int8_t what = special[(uint8_t)text.p[i]];
		if (!what)
			continue;
		if (i > line + MAX_LINE + 1)
			return "long line";
		if (what == 2)
			line = i + 1;
		else if (what == 1 && ++open > MAX_NESTING)
			return "nesting";
		else if (what == -1)
			open -= open > 0;
	}
	return text.n > line + MAX_LINE + 1 ? "long line" : NULL;
}

static uint32_t
count_lines(struct str text)
{
	uint32_t n = 0;
	const char *p = text.p, *end = text.p + text.n;
	while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
		n++;
		p++;
	}
	return n + (text.n && text.p[text.n - 1] != '\n');
}

/* ---- parsing ---- */

struct input {
	struct str text;
};

static const char *
read_text(void *payload, uint32_t at, TSPoint point, uint32_t *ret_n)
{
	const struct input *in = payload;
	(void)point;
	*ret_n = at < in->text.n ? (uint32_t)(in->text.n - at) : 0;
	return at < in->text.n ? in->text.p + at : "";
}

static bool
has_enough(TSParseState *state)
{
	struct extractor *x = state->payload;
	return ++x->asked > x->may_ask;
}

/* `old`: of another text, edited to this one, or NULL.  NULL: it took too many steps. */
static TSTree *
parse(struct extractor *x, const struct lang *lang, struct str text, const TSTree *old)
{
	struct input in = {text};
	x->asked = 0;
	x->may_ask = (STEPS_FREE + text.n * STEPS_PER_BYTE) / 100;
	if (!ts_parser_set_language(x->parser, lang->language))
		return NULL;
	ts_parser_reset(x->parser);
	const TSInput input = {&in, read_text, TSInputEncodingUTF8, NULL};
	const TSParseOptions options = {x, has_enough};
	return ts_parser_parse_with_options(x->parser, old, input, options);
}

/* Bytes in places that the grammar did not understand. */
static uint32_t
bad_bytes(TSNode root)
{
	if (!ts_node_has_error(root))
		return 0;
	uint32_t bad = 0;
	TSTreeCursor c = ts_tree_cursor_new(root);
	for (bool done = false; !done;) {
		TSNode n = ts_tree_cursor_current_node(&c);
		if (ts_node_is_error(n))
			bad += ts_node_end_byte(n) - ts_node_start_byte(n) + 1;
		else if (ts_node_is_missing(n))
			bad++;
		else if (ts_node_has_error(n) && ts_tree_cursor_goto_first_child(&c))
			continue;
		while (!ts_tree_cursor_goto_next_sibling(&c))
			if (!ts_tree_cursor_goto_parent(&c)) {
				done = true;
				break;
			}
	}
	ts_tree_cursor_delete(&c);
	return bad;
}

/* Where texts of one length differ the tree is told so; what lies between is not parsed again. */
static void
edit(TSTree *tree, struct str before, struct str now)
{
	TSPoint at = {0, 0};
	for (size_t i = 0; i < now.n;) {
		if (before.p[i] == now.p[i]) {
			at = now.p[i++] == '\n' ? (TSPoint){at.row + 1, 0}
						: (TSPoint){at.row, at.column + 1};
			continue;
		}
		size_t end = i;
		while (end < now.n && before.p[end] != now.p[end])
			end++;
		/* Line ends stay where they are. */
		TSPoint to = {at.row, at.column + (uint32_t)(end - i)};
		const TSInputEdit e = {(uint32_t)i, (uint32_t)end, (uint32_t)end, at, to, to};
		ts_tree_edit(tree, &e);
		i = end;
		at = to;
	}
}

/* Another try at C, with what is in x->blanked instead of *text; the better tree is kept, and what it was made of. */
static TSTree *
better(struct extractor *x, const struct lang *lang, struct str *text, TSTree *first, uint32_t *bad)
{
	TSTree *edited = ts_tree_copy(first);
	edit(edited, *text, buf_str(&x->blanked));
	TSTree *second = parse(x, lang, buf_str(&x->blanked), edited);
	uint32_t bad2 = second ? bad_bytes(ts_tree_root_node(second)) : UINT32_MAX;
	ts_tree_delete(edited);
	if (bad2 >= *bad) {
		if (second)
			ts_tree_delete(second);
		return first;
	}
	*bad = bad2;
	ts_tree_delete(first);
	buf_reset(&x->kept);
	buf_add_str(&x->kept, buf_str(&x->blanked));
	*text = buf_str(&x->kept);
	return second;
}

/* Bolder tries: without branches that are no whole, then without what may be a macro. */
static TSTree *
try_again(struct extractor *x, const struct lang *lang, struct str text, unsigned how, TSTree *tree,
	uint32_t *bad)
{
	buf_reset(&x->blanked);
	buf_add_str(&x->blanked, text);
	if (blank_uneven_branches(x->blanked.p, x->blanked.n))
		tree = better(x, lang, &text, tree, bad);
	buf_reset(&x->blanked);
	buf_add_str(&x->blanked, text);
	if (*bad && blank_attributes(x->blanked.p, x->blanked.n, how | BLANK_BOLD))
		tree = better(x, lang, &text, tree, bad);
	return tree;
}

static TSTree *
parse_best(struct extractor *x, enum lang_id id, struct str text, uint32_t *ret_bad)
{
	const struct lang *lang = rule_lang(id);
	bool c = id == LANG_C || id == LANG_CPP;
	unsigned how = id == LANG_C ? BLANK_C : 0;
	if (c) {
		buf_reset(&x->sure);
		buf_add_str(&x->sure, text);
		blank_macro_comments(x->sure.p, x->sure.n);
		(void)blank_attributes(x->sure.p, x->sure.n, how);
		text = buf_str(&x->sure);
	}
	TSTree *tree = parse(x, lang, text, NULL);
	if (!tree)
		return NULL;
	*ret_bad = bad_bytes(ts_tree_root_node(tree));
	return *ret_bad && c ? try_again(x, lang, text, how, tree, ret_bad) : tree;
}

static void
walk_tree(struct extractor *x, enum lang_id id, const char *path, struct str text, TSTree *tree,
	struct facts *ret)
{
	struct walk *w = &x->walk;
	struct children children = w->children;
	struct walk_name *names = w->names;
	size_t nnames = w->nnames;
	struct walk_value *told_values = w->told_values;
	size_t cap_told_values = w->cap_told_values;
	struct buf chain = w->chain;
	strlist_cleanup(&w->owned);
	if (names)
		memset(names, 0, nnames * sizeof(*names));
	*w = (struct walk){.lang = rule_lang(id),
		.id = id,
		.path = path,
		.text = text,
		.f = ret,
		.told = UINT32_MAX,
		.node = ts_tree_root_node(tree),
		.children = children,
		.names = names,
		.nnames = nnames,
		.chain = chain,
		.told_values = told_values,
		.cap_told_values = cap_told_values};
	walk_children(w);
}

void
extract(struct extractor *x, const char *path, struct str text, struct facts *ret)
{
	facts_reset(ret);
	const char *why = why_unread(text);
	if (why) {
		ret->state = FILE_UNREAD;
		ret->reason = str_of(why);
		return;
	}
	ret->lines = count_lines(text);
	enum lang_id id = lang_detect(path, text);
	ret->lang = (uint8_t)id;
	why = id == LANG_NONE ? "no grammar" : why_lexical(text);
	TSTree *tree = why ? NULL : parse_best(x, id, text, &ret->bad_bytes);
	if (!tree) {
		ret->state = FILE_LEXICAL;
		ret->reason = str_of(why ? why : "parser steps");
		strlist_cleanup(&x->walk.owned);
		lexical_facts(path, text, ret, &x->walk.owned);
		return;
	}
	walk_tree(x, id, path, text, tree, ret);
	ts_tree_delete(tree);
	if (x->walk.too_deep || ret->bad_bytes) {
		ret->state = FILE_PARTIAL;
		ret->reason = str_of(x->walk.too_deep ? "depth" : "syntax");
	}
}

void
extract_parse_only(struct extractor *x, const char *path, struct str text)
{
	if (why_unread(text))
		return;
	enum lang_id id = lang_detect(path, text);
	if (id == LANG_NONE || why_lexical(text))
		return;
	TSTree *tree = parse(x, rule_lang(id), text, NULL);
	if (tree)
		ts_tree_delete(tree);
}
