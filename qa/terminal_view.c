#include "qa/terminal_view.h"

#include <string.h>

#define HIDDEN_CHAR 0x2588 /* full block */
/* Of a secret that shows nothing but a part of it: as long as a line that record/secrets.c hides, and not all blank. */
#define PIECE_BYTES 12
#define PIECE_MIN_INK 4
#define HEAD_BITS 65536

void
terminal_view_cleanup(struct terminal_view *v)
{
	free(v->cells);
	free(v->title);
	*v = (struct terminal_view){0};
}

bool
terminal_view_equal(const struct terminal_view *a, const struct terminal_view *b)
{
	const size_t bytes = (size_t)(a->rows * a->columns) * sizeof(*a->cells);
	return a->rows == b->rows && a->columns == b->columns && a->cursor_row == b->cursor_row &&
	       a->cursor_column == b->cursor_column && a->cursor_visible == b->cursor_visible &&
	       memcmp(a->cells, b->cells, bytes) == 0;
}

/* ---- text ---- */

static void
put_char(struct buf *out, uint32_t c)
{
	if (c < 0x80) {
		buf_putc(out, (char)c);
		return;
	}
	int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	static const unsigned lead[] = {0, 0xc0, 0xe0, 0xf0};
	buf_putc(out, (char)(lead[more] | (c >> (6 * more))));
	while (more-- > 0)
		buf_putc(out, (char)(0x80 | ((c >> (6 * more)) & 0x3f)));
}

/* What no text may hold is shown as what stands for it. */
static uint32_t
clean(uint32_t c)
{
	bool bad =
		c < 0x20 || (c >= 0x7f && c < 0xa0) || c > 0x10ffff || (c >= 0xd800 && c < 0xe000);
	return bad ? 0xfffd : c;
}

static void
put_cell(struct buf *out, const struct terminal_cell *c, bool hidden)
{
	if (!c->width)
		return;
	if (!c->chars[0])
		buf_putc(out, ' ');
	for (size_t i = 0; i < CELL_MAX_CHARS && c->chars[i]; i++)
		put_char(out, hidden ? HIDDEN_CHAR : clean(c->chars[i]));
}

static const struct terminal_cell *
cell_at(const struct terminal_view *v, int row, int column)
{
	return &v->cells[row * v->columns + column];
}

static bool
is_blank(const struct terminal_cell *c)
{
	return c->width && (!c->chars[0] || (c->chars[0] == ' ' && !c->chars[1]));
}

char *
terminal_view_row(const struct terminal_view *v, int row, int columns)
{
	OWN(buf) struct buf out = {0};
	int end = columns < v->columns ? columns : v->columns;
	while (end > 0 && is_blank(cell_at(v, row, end - 1)))
		end--;
	for (int i = 0; i < end; i++)
		put_cell(&out, cell_at(v, row, i), cell_at(v, row, i)->hidden);
	return buf_take(&out);
}

/* ---- finding ---- */

/* All characters of the screen in reading order, and the cell of each. */
struct reading {
	struct buf text;
	size_t *cells; /* of each byte */
	size_t cap;
};

/* The bytes that were put behind `was` are of this cell. */
static void
place(struct reading *r, size_t was, size_t cell)
{
	for (; was < r->text.n; was++) {
		r->cells = mem_grow(r->cells, was, &r->cap, sizeof(*r->cells));
		r->cells[was] = cell;
	}
}

static void
read_cells(const struct terminal_view *v, size_t from, size_t to, struct reading *ret)
{
	for (size_t i = from; i < to; i++) {
		size_t was = ret->text.n;
		put_cell(&ret->text, &v->cells[i], false);
		place(ret, was, i);
	}
}

static void
reading_cleanup(struct reading *r)
{
	buf_cleanup(&r->text);
	free(r->cells);
}

static void
read_rows(const struct terminal_view *v, int row, struct reading *ret)
{
	const size_t all = (size_t)(v->rows * v->columns), columns = (size_t)v->columns;
	read_cells(v, row < 0 ? 0 : (size_t)row * columns,
		row < 0 ? all : (size_t)(row + 1) * columns, ret);
}

/* The next place at or behind *at. */
static bool
next_place(const struct reading *r, const char *text, size_t *at)
{
	const size_t n = strlen(text);
	for (; n && *at + n <= r->text.n; ++*at)
		if (memcmp(r->text.p + *at, text, n) == 0)
			return true;
	return false;
}

bool
terminal_view_find(const struct terminal_view *v, const char *text, int row, int64_t nth,
	int *ret_row, int *ret_column)
{
	OWN(reading) struct reading r = {0};
	size_t at = 0;
	if (row >= v->rows)
		return false;
	read_rows(v, row, &r);
	bool found = next_place(&r, text, &at);
	for (; found && nth > 1; nth--) {
		at++;
		found = next_place(&r, text, &at);
	}
	if (found && ret_row)
		*ret_row = (int)r.cells[at] / v->columns;
	if (found && ret_column)
		*ret_column = (int)r.cells[at] % v->columns;
	return found;
}

/* ---- hiding ---- */

/* As a text of lines: what is blank up to the edge of the screen is the end of one. */
static void
read_lines(const struct terminal_view *v, struct reading *ret)
{
	const size_t columns = (size_t)v->columns;
	for (size_t row = 0; row < (size_t)v->rows; row++) {
		size_t from = row * columns, end = from + columns, was;
		while (end > from && is_blank(&v->cells[end - 1]))
			end--;
		read_cells(v, from, end, ret);
		was = ret->text.n;
		if (end < from + columns)
			buf_putc(&ret->text, '\n');
		place(ret, was, end);
	}
}

/* A secret and where pieces of it may begin: a bit for the hash of the first bytes of each. */
struct needle {
	struct buf text;
	size_t piece; /* bytes */
	uint64_t heads[HEAD_BITS / 64];
};

static unsigned
head_of(const char *p, size_t n)
{
	uint32_t head = 0;
	memcpy(&head, p, n < sizeof(head) ? n : sizeof(head));
	return (head * 2654435761u) >> 16;
}

static void
needle_init(struct needle *ret, const char *text)
{
	struct str rest = str_of(text), line;
	*ret = (struct needle){.piece = PIECE_BYTES};
	while (str_next_line(&rest, &line)) {
		if (ret->text.n)
			buf_putc(&ret->text, '\n');
		buf_add_str(&ret->text, line);
	}
	if (ret->text.n < ret->piece)
		ret->piece = ret->text.n;
	for (size_t i = 0; ret->piece && i + ret->piece <= ret->text.n; i++) {
		unsigned h = head_of(ret->text.p + i, ret->piece);
		ret->heads[h / 64] |= (uint64_t)1 << h % 64;
	}
}

static bool
has_ink(const char *p, size_t n)
{
	size_t ink = 0;
	for (size_t i = 0; i < n; i++)
		ink += !strchr(" \n", p[i]);
	return ink >= PIECE_MIN_INK;
}

/* Is it a piece of the secret?  The whole of a short one, however short. */
static bool
is_piece(const struct needle *s, const char *p)
{
	unsigned h = head_of(p, s->piece);
	return (s->heads[h / 64] >> h % 64 & 1) &&
	       memmem(s->text.p, s->text.n, p, s->piece) != NULL &&
	       (s->piece == s->text.n || has_ink(p, s->piece));
}

static void
hide_in(struct terminal_view *v, const struct reading *r, const struct needle *s)
{
	for (size_t at = 0; s->piece && at + s->piece <= r->text.n; at++) {
		bool hides = is_piece(s, r->text.p + at);
		for (size_t i = at; hides && i < at + s->piece; i++)
			if (r->text.p[i] != '\n')
				v->cells[r->cells[i]].hidden = true;
	}
}

void
terminal_view_hide(struct terminal_view *v, const char *text)
{
	OWN(reading) struct reading all = {0}, lines = {0};
	OWN_FREE struct needle *secret = mem_new(struct needle);
	needle_init(secret, text);
	read_rows(v, -1, &all);
	read_lines(v, &lines);
	hide_in(v, &all, secret);
	hide_in(v, &lines, secret);
	buf_cleanup(&secret->text);
}

/* ---- JSON ---- */

static void
put_colour(json_t *j, const char *key, uint32_t rgb)
{
	OWN_FREE char *text = mem_printf("#%06x", rgb & 0xffffffU);
	json_object_set_new(j, key, json_string(text));
}

static bool
is_styled(const struct terminal_cell *c)
{
	return c->own_fg || c->own_bg || c->bold || c->italic || c->underline || c->strike ||
	       c->blink || c->reverse;
}

static bool
same_style(const struct terminal_cell *a, const struct terminal_cell *b)
{
	return a->own_fg == b->own_fg && a->own_bg == b->own_bg && a->fg == b->fg &&
	       a->bg == b->bg && a->bold == b->bold && a->italic == b->italic &&
	       a->underline == b->underline && a->strike == b->strike && a->blink == b->blink &&
	       a->reverse == b->reverse;
}

static json_t *
style_to_json(const struct terminal_cell *c, int row, int column, int length)
{
	json_t *j = json_pack(
		"{s:i, s:i, s:i}", "row", row + 1, "column", column + 1, "length", length);
	const struct {
		const char *key;
		bool yes;
	} flags[] = {{"bold", c->bold}, {"italic", c->italic}, {"underline", c->underline},
		{"strike", c->strike}, {"blink", c->blink}, {"reverse", c->reverse}};
	if (c->own_fg)
		put_colour(j, "fg", c->fg);
	if (c->own_bg)
		put_colour(j, "bg", c->bg);
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (flags[i].yes)
			json_object_set_new(j, flags[i].key, json_true());
	return j;
}

static void
add_styles(const struct terminal_view *v, int row, json_t *styles)
{
	for (int from = 0, to; from < v->columns; from = to) {
		const struct terminal_cell *c = cell_at(v, row, from);
		for (to = from + 1; to < v->columns && same_style(c, cell_at(v, row, to));)
			to++;
		if (is_styled(c))
			json_array_append_new(styles, style_to_json(c, row, from, to - from));
	}
}

json_t *
terminal_view_describe(const struct terminal_view *v)
{
	json_t *lines = json_array(), *styles = json_array(), *nodes = json_array();
	for (int row = 0; row < v->rows; row++) {
		OWN_FREE char *text = terminal_view_row(v, row, v->columns);
		json_array_append_new(lines, json_text(str_of(text)));
		add_styles(v, row, styles);
		if (*text)
			json_array_append_new(
				nodes, json_pack("{s:s, s:o, s:i, s:i, s:i, s:i}", "role", "row",
					       "name", json_text(str_trim(str_of(text))), "x", 0,
					       "y", row * CELL_HEIGHT, "w", v->columns * CELL_WIDTH,
					       "h", CELL_HEIGHT));
	}
	json_t *about = json_pack("{s:i, s:i, s:o, s:b, s:{s:i, s:i, s:b}}", "rows", v->rows,
		"columns", v->columns, "title", json_text(str_of(v->title)), "alternate",
		v->alternate, "cursor", "row", v->cursor_row + 1, "column", v->cursor_column + 1,
		"visible", v->cursor_visible);
	return json_pack("{s:o, s:o, s:o, s:o}", "terminal", about, "lines", lines, "styles",
		styles, "nodes", nodes);
}
