/*
 * A terminal's cells as pixels.  The font is GNU Unifont's file of hexadecimal bitmaps: a line "CODE:ROWS", sorted by
 * code, of 16 rows that are 8 or 16 pixels wide.  Nothing is smoothed, so that equal cells are equal pixels.
 */
#include "qa/terminal_view.h"

#include "base/embed.h"
#include "base/hash.h"

#include <string.h>

#define DRAWING "1" /* changes with what the same cells look like */

EMBED(terminal_font, "build/unifont.hex");

struct glyph {
	unsigned width;		    /* pixels: 8, 16 */
	uint16_t rows[CELL_HEIGHT]; /* the highest of `width` bits is the leftmost */
};

char *
terminal_view_environment(void)
{
	struct hash_hex digest = hash_bytes(EMBEDDED(terminal_font));
	return mem_printf("terminal " DRAWING ", Unifont %.16s", digest.s);
}

/* ---- the font ---- */

static unsigned
digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

static uint32_t
read_hex(const char *p, size_t n)
{
	uint32_t value = 0;
	while (n-- > 0)
		value = value << 4 | digit(*p++);
	return value;
}

/* The line of a code; NULL: it has none. */
static const char *
find_line(uint32_t code)
{
	const char *low = terminal_font_begin, *high = terminal_font_end;
	while (low < high) {
		const char *line = low + (high - low) / 2;
		while (line > low && line[-1] != '\n')
			line--;
		const char *colon = memchr(line, ':', (size_t)(terminal_font_end - line));
		if (!colon)
			return NULL;
		uint32_t here = read_hex(line, (size_t)(colon - line));
		if (here == code)
			return colon + 1;
		const char *next = memchr(line, '\n', (size_t)(terminal_font_end - line));
		if (here < code)
			low = next ? next + 1 : high;
		else
			high = line;
	}
	return NULL;
}

static bool
find_glyph(uint32_t code, struct glyph *ret)
{
	const char *line = find_line(code);
	const char *end = line ? memchr(line, '\n', (size_t)(terminal_font_end - line)) : NULL;
	size_t digits = end ? (size_t)(end - line) / CELL_HEIGHT : 0;
	if (digits != 2 && digits != 4)
		return false;
	ret->width = (unsigned)digits * 4;
	for (size_t y = 0; y < CELL_HEIGHT; y++)
		ret->rows[y] = (uint16_t)read_hex(line + y * digits, digits);
	return true;
}

/* ---- pixels ---- */

static void
put_pixel(struct picture *p, int x, int y, uint32_t rgb)
{
	if (x < 0 || y < 0 || (uint32_t)x >= p->w || (uint32_t)y >= p->h)
		return;
	uint8_t *at = p->rows[y] + 3 * (size_t)x;
	at[0] = (uint8_t)(rgb >> 16);
	at[1] = (uint8_t)(rgb >> 8);
	at[2] = (uint8_t)rgb;
}

static void
fill(struct picture *p, int x, int y, int w, int h, uint32_t rgb)
{
	for (int i = 0; i < h; i++)
		for (int k = 0; k < w; k++)
			put_pixel(p, x + k, y + i, rgb);
}

/* As wide as its cells are: a narrow cell shows the left half of a wide glyph. */
static void
put_glyph(struct picture *p, const struct glyph *g, int x, int y, const struct terminal_cell *c,
	uint32_t rgb)
{
	const int limit = (int)(c->width * CELL_WIDTH);
	for (int row = 0; row < CELL_HEIGHT; row++)
		for (int i = 0; i < (int)g->width && i < limit; i++) {
			if (!(g->rows[row] >> (g->width - 1 - (unsigned)i) & 1))
				continue;
			int lean = c->italic ? (CELL_HEIGHT / 2 - row) / 4 : 0;
			put_pixel(p, x + i + lean, y + row, rgb);
			if (c->bold)
				put_pixel(p, x + i + lean + 1, y + row, rgb);
		}
}

static void
put_chars(struct picture *p, const struct terminal_cell *c, int x, int y, uint32_t rgb)
{
	struct glyph g;
	for (size_t i = 0; i < CELL_MAX_CHARS && c->chars[i]; i++)
		if (find_glyph(c->chars[i], &g) || find_glyph(0xfffd, &g))
			put_glyph(p, &g, x, y, c, rgb);
}

static void
draw_cell(struct picture *p, const struct terminal_cell *c, int x, int y, bool cursor)
{
	const uint32_t fg = cursor ? c->bg : c->fg, bg = cursor ? c->fg : c->bg;
	const int w = (int)(c->width * CELL_WIDTH);
	fill(p, x, y, w, CELL_HEIGHT, c->hidden ? fg : bg);
	if (c->hidden)
		return;
	put_chars(p, c, x, y, fg);
	if (c->underline)
		fill(p, x, y + CELL_HEIGHT - 2, w, 1, fg);
	if (c->strike)
		fill(p, x, y + CELL_HEIGHT / 2, w, 1, fg);
}

int
terminal_view_draw(const struct terminal_view *v, struct picture *ret, struct dd_err *err)
{
	int rc = picture_make((uint32_t)(v->columns * CELL_WIDTH),
		(uint32_t)(v->rows * CELL_HEIGHT), 3, ret, err);
	for (int row = 0; rc == 0 && row < v->rows; row++)
		for (int i = 0; i < v->columns; i++) {
			const struct terminal_cell *c = &v->cells[row * v->columns + i];
			bool cursor =
				v->cursor_visible && row == v->cursor_row && i == v->cursor_column;
			if (c->width)
				draw_cell(ret, c, i * CELL_WIDTH, row * CELL_HEIGHT, cursor);
		}
	return rc;
}
