#include "qa/terminal.h"

#include "base/io.h"
#include "base/log.h"
#include "qa/scenario.h"
#include "qa/terminal_filter.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <vterm.h>

#define PIECE 65536
#define SLICE \
	512 /* libvterm takes four bytes of stack for each byte of text, and one may become many */
#define TICK_MS 25
#define STILL_MS 150
#define SETTLE_MS 3000
#define WRITE_MS 5000
#define MAX_ANSWER_BYTES ((size_t)16 * PIECE) /* no piece asks for more, and all are told */
#define MAX_TEXT 200			      /* bytes of a message */
#define FOREGROUND 0xf0f0f0
#define BACKGROUND 0x000000

struct terminal {
	int fd;
	struct terminal_filter filter;
	bool ended;
	VTerm *vt;
	VTermScreen *screen;
	VTermState *state;
	struct buf typed; /* what libvterm wants to write: keys, or answers */
	struct buf output;
	struct screen_step *step; /* may be NULL */
	int answers;		  /* given in this step */
	char *title;
	bool alternate, cursor_visible, takes_mouse;
	struct terminal_view last; /* when it changed last */
};

/* ---- what it says ---- */

static void
note(struct terminal *t, const char *level, struct str text)
{
	if (!t->step)
		return;
	if (t->step->console.n >= TERMINAL_MAX_MESSAGES) {
		t->step->dropped++;
		return;
	}
	OWN(buf) struct buf visible = {0};
	buf_put_visible(&visible, (struct str){text.p, text.n < MAX_TEXT ? text.n : MAX_TEXT});
	struct screen_message *m = screen_message_list_add(&t->step->console);
	m->level = mem_strdup(level);
	m->text = buf_take(&visible);
}

static int
on_property(VTermProp property, VTermValue *value, void *user)
{
	struct terminal *t = user;
	if (property == VTERM_PROP_ALTSCREEN)
		t->alternate = value->boolean;
	if (property == VTERM_PROP_CURSORVISIBLE)
		t->cursor_visible = value->boolean;
	if (property == VTERM_PROP_MOUSE)
		t->takes_mouse = value->number != VTERM_PROP_MOUSE_NONE;
	if (property == VTERM_PROP_TITLE) {
		OWN(buf) struct buf visible = {.max = MAX_TEXT};
		buf_put_visible(&visible, str_of(value->string));
		free(t->title);
		t->title = buf_take(&visible);
		note(t, "title", str_of(value->string));
	}
	return 1;
}

static int
on_bell(void *user)
{
	note(user, "bell", STR(""));
	return 1;
}

static const VTermScreenCallbacks screen_callbacks = {.settermprop = on_property, .bell = on_bell};

static int
ignore(struct terminal *t, const char *what, const char *text, size_t n)
{
	OWN_FREE char *line = mem_printf("%s %.*s", what, (int)(n < MAX_TEXT ? n : MAX_TEXT), text);
	note(t, "ignored", str_of(line));
	return 1;
}

static int
on_unknown_osc(const char *text, size_t n, void *user)
{
	return ignore(user, "OSC", text, n);
}

static int
on_unknown_dcs(const char *text, size_t n, void *user)
{
	return ignore(user, "DCS", text, n);
}

static const VTermParserCallbacks unknown_callbacks = {
	.osc = on_unknown_osc, .dcs = on_unknown_dcs};

static void
on_typed(const char *bytes, size_t n, void *user)
{
	struct terminal *t = user;
	buf_add(&t->typed, bytes, n);
}

/* ---- writing to the program ---- */

static bool
may_write(const struct terminal *t, int ms)
{
	struct pollfd p = {t->fd, POLLOUT, 0};
	return poll(&p, 1, ms) > 0 && (p.revents & POLLOUT);
}

/* While it is written to, it is read from: it may wait for that. */
static int
write_all(struct terminal *t, struct str text, struct dd_err *err)
{
	const int64_t until = clock_mono_ns() + WRITE_MS * INT64_C(1000000);
	while (text.n && !t->ended && clock_mono_ns() < until) {
		ssize_t n = may_write(t, TICK_MS) ? io_write(t->fd, text.p, text.n) : 0;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return err_set(err, DD_EINVAL, "the program has ended");
		if (n > 0)
			text = (struct str){text.p + n, text.n - (size_t)n};
		else
			(void)terminal_pass(t, 0);
	}
	if (!text.n)
		return 0;
	return err_set(err, DD_EINVAL,
		t->ended ? "the program has ended" : "the program does not read what is typed");
}

/* The length of an answer of numbers alone at the start of text: CSI, [?>], numbers, [$], one of c n R y; 0: it is none. */
static size_t
number_answer(struct str text)
{
	size_t i = 2;
	if (text.n < 3 || text.p[0] != '\033' || text.p[1] != '[')
		return 0;
	i += text.p[i] == '?' || text.p[i] == '>';
	while (i < text.n && (isdigit((unsigned char)text.p[i]) || text.p[i] == ';'))
		i++;
	i += i < text.n && text.p[i] == '$';
	return i < text.n && strchr("cnRy", text.p[i]) && text.p[i] ? i + 1 : 0;
}

static void
answer(struct terminal *t, struct str text)
{
	bool room = t->answers < TERMINAL_MAX_ANSWERS && may_write(t, 0);
	if (room && io_write(t->fd, text.p, text.n) == (ssize_t)text.n) {
		t->answers++;
		note(t, "answered", text);
	} else {
		note(t, "refused", text);
	}
}

static void
give_answers(struct terminal *t)
{
	struct str rest = buf_str(&t->typed);
	while (rest.n) {
		size_t n = number_answer(rest);
		if (n) {
			answer(t, (struct str){rest.p, n});
		} else {
			const char *next = memchr(rest.p + 1, '\033', rest.n - 1);
			n = next ? (size_t)(next - rest.p) : rest.n;
			note(t, "refused", (struct str){rest.p, n});
		}
		rest = (struct str){rest.p + n, rest.n - n};
	}
	buf_reset(&t->typed);
}

/* ---- reading from it ---- */

static void
show(struct terminal *t, struct str bytes)
{
	OWN(buf) struct buf kept = {0};
	for (size_t at = 0; at < bytes.n; at += SLICE) {
		const size_t left = bytes.n - at;
		buf_reset(&kept);
		terminal_filter_add(
			&t->filter, (struct str){bytes.p + at, left < SLICE ? left : SLICE}, &kept);
		if (kept.n)
			(void)vterm_input_write(t->vt, kept.p, kept.n);
	}
}

static void
feed(struct terminal *t, const char *bytes, size_t n)
{
	size_t room = TERMINAL_MAX_OUTPUT - t->output.n;
	buf_add(&t->output, bytes, n < room ? n : room);
	if (t->step)
		t->step->output_bytes += (int64_t)n;
	(void)alarm(TERMINAL_PIECE_S);
	show(t, (struct str){bytes, n});
	vterm_screen_flush_damage(t->screen);
	(void)alarm(0);
	give_answers(t);
}

bool
terminal_pass(struct terminal *t, int ms)
{
	char piece[PIECE];
	struct pollfd p = {t->fd, POLLIN, 0};
	size_t all = 0;
	while (!t->ended && all < PIECE && poll(&p, 1, all ? 0 : ms) > 0) {
		ssize_t n = read(t->fd, piece, sizeof(piece));
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0) { /* a terminal whose last user is gone gives EIO */
			t->ended = true;
			break;
		}
		feed(t, piece, (size_t)n);
		all += (size_t)n;
	}
	return all > 0;
}

bool
terminal_has_ended(const struct terminal *t)
{
	return t->ended;
}

static bool
has_changed(struct terminal *t)
{
	struct terminal_view now = {0};
	terminal_look(t, &now);
	bool same = terminal_view_equal(&now, &t->last);
	terminal_view_cleanup(&t->last);
	t->last = now;
	return !same;
}

bool
terminal_settle(struct terminal *t, int first_ms)
{
	const int64_t began = clock_mono_ns();
	int64_t changed = began, quiet = first_ms;
	(void)has_changed(t);
	for (;;) {
		int64_t now = clock_mono_ns();
		if (t->ended || now - changed >= quiet * 1000000)
			return true;
		if (now - began >= SETTLE_MS * INT64_C(1000000))
			return false;
		if (terminal_pass(t, TICK_MS) && has_changed(t)) {
			changed = clock_mono_ns();
			quiet = STILL_MS;
		}
	}
}

/* ---- doing ---- */

int
terminal_type(struct terminal *t, const char *text, struct dd_err *err)
{
	OWN(buf) struct buf keys = {0};
	for (; *text; text++)
		buf_putc(&keys, *text == '\n' ? '\r' : *text);
	return write_all(t, buf_str(&keys), err);
}

static const struct {
	const char *name;
	VTermKey key;
} keys[] = {{"Enter", VTERM_KEY_ENTER}, {"Tab", VTERM_KEY_TAB}, {"Escape", VTERM_KEY_ESCAPE},
	{"Backspace", VTERM_KEY_BACKSPACE}, {"Insert", VTERM_KEY_INS}, {"Delete", VTERM_KEY_DEL},
	{"Up", VTERM_KEY_UP}, {"Down", VTERM_KEY_DOWN}, {"Left", VTERM_KEY_LEFT},
	{"Right", VTERM_KEY_RIGHT}, {"ArrowUp", VTERM_KEY_UP}, {"ArrowDown", VTERM_KEY_DOWN},
	{"ArrowLeft", VTERM_KEY_LEFT}, {"ArrowRight", VTERM_KEY_RIGHT}, {"Home", VTERM_KEY_HOME},
	{"End", VTERM_KEY_END}, {"PageUp", VTERM_KEY_PAGEUP}, {"PageDown", VTERM_KEY_PAGEDOWN}};

/* F1 to F12 as well. */
static VTermKey
find_key(const char *name)
{
	uint64_t n = 0;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (strcmp(keys[i].name, name) == 0)
			return keys[i].key;
	if (*name == 'F' && str_parse_u64(str_of(name + 1), 12, &n) && n)
		return (VTermKey)VTERM_KEY_FUNCTION(n);
	return VTERM_KEY_NONE;
}

static const char *
read_modifiers(const char *name, VTermModifier *ret)
{
	unsigned held;
	name = scenario_key(name, &held);
	*ret = (VTermModifier)((held & SCENARIO_CTRL ? VTERM_MOD_CTRL : VTERM_MOD_NONE) |
			       (held & SCENARIO_ALT ? VTERM_MOD_ALT : VTERM_MOD_NONE) |
			       (held & SCENARIO_SHIFT ? VTERM_MOD_SHIFT : VTERM_MOD_NONE));
	return name;
}

/* Of a character: as terminals have sent it from the beginning. */
static bool
put_character(struct buf *out, const char *name, VTermModifier with)
{
	const unsigned char c = (unsigned char)(strcmp(name, "Space") == 0 ? ' ' : *name);
	const bool control = with & VTERM_MOD_CTRL;
	if (c < 0x20 || c > 0x7e || (c != ' ' && name[1]) || (control && c != ' ' && c < 0x3f))
		return false;
	if (with & VTERM_MOD_ALT)
		buf_putc(out, '\033');
	buf_putc(out, (char)(control		       ? c == '?' ? 0x7f : c & 0x1f
			      : with & VTERM_MOD_SHIFT ? toupper(c)
						       : c));
	return true;
}

int
terminal_press(struct terminal *t, const char *name, struct dd_err *err)
{
	VTermModifier with;
	const char *plain = read_modifiers(name, &with);
	VTermKey key = find_key(plain);
	OWN(buf) struct buf bytes = {0};
	if (key != VTERM_KEY_NONE) {
		vterm_keyboard_key(t->vt, key, with);
		buf_add_str(&bytes, buf_str(&t->typed));
		buf_reset(&t->typed);
	} else if (!put_character(&bytes, plain, with)) {
		return err_set(err, DD_EINVAL, "there is no key \"%.40s\"", name);
	}
	return write_all(t, buf_str(&bytes), err);
}

int
terminal_click(struct terminal *t, int row, int column, struct dd_err *err)
{
	OWN(buf) struct buf bytes = {0};
	if (!t->takes_mouse)
		return err_set(err, DD_EINVAL, "the program does not take the mouse");
	vterm_mouse_move(t->vt, row, column, VTERM_MOD_NONE);
	vterm_mouse_button(t->vt, 1, true, VTERM_MOD_NONE);
	vterm_mouse_button(t->vt, 1, false, VTERM_MOD_NONE);
	buf_add_str(&bytes, buf_str(&t->typed));
	buf_reset(&t->typed);
	return write_all(t, buf_str(&bytes), err);
}

int
terminal_resize(struct terminal *t, int columns, int rows, struct dd_err *err)
{
	const struct winsize size = {
		.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
	if (ioctl(t->fd, TIOCSWINSZ, &size) < 0)
		return err_errno(err, errno, "the size of a terminal");
	vterm_set_size(t->vt, rows, columns);
	vterm_screen_flush_damage(t->screen);
	return 0;
}

/* ---- looking ---- */

static uint32_t
colour_of(const struct terminal *t, VTermColor c)
{
	vterm_screen_convert_color_to_rgb(t->screen, &c);
	return (uint32_t)c.rgb.red << 16 | (uint32_t)c.rgb.green << 8 | c.rgb.blue;
}

static void
look_at_cell(const struct terminal *t, int row, int column, struct terminal_cell *ret)
{
	VTermScreenCell c;
	if (!vterm_screen_get_cell(t->screen, (VTermPos){row, column}, &c))
		memset(&c, 0, sizeof(c));
	const bool second = c.chars[0] == (uint32_t)-1;
	for (size_t i = 0; !second && i < CELL_MAX_CHARS && c.chars[i]; i++)
		ret->chars[i] = c.chars[i];
	ret->width = second ? 0 : c.width == 2 ? 2 : 1;
	ret->reverse = c.attrs.reverse;
	ret->fg = colour_of(t, ret->reverse ? c.bg : c.fg);
	ret->bg = colour_of(t, ret->reverse ? c.fg : c.bg);
	ret->own_fg = !VTERM_COLOR_IS_DEFAULT_FG(&c.fg);
	ret->own_bg = !VTERM_COLOR_IS_DEFAULT_BG(&c.bg);
	ret->bold = c.attrs.bold;
	ret->italic = c.attrs.italic;
	ret->underline = c.attrs.underline != 0;
	ret->strike = c.attrs.strike;
	ret->blink = c.attrs.blink;
}

void
terminal_look(struct terminal *t, struct terminal_view *ret)
{
	struct terminal_view v = {.alternate = t->alternate,
		.cursor_visible = t->cursor_visible,
		.title = mem_strdup(t->title ? t->title : "")};
	VTermPos cursor;
	vterm_get_size(t->vt, &v.rows, &v.columns);
	vterm_state_get_cursorpos(t->state, &cursor);
	v.cursor_row = cursor.row;
	v.cursor_column = cursor.col;
	v.cells = mem_zalloc((size_t)(v.rows * v.columns), sizeof(*v.cells));
	for (int row = 0; row < v.rows; row++)
		for (int i = 0; i < v.columns; i++)
			look_at_cell(t, row, i, &v.cells[row * v.columns + i]);
	*ret = v;
}

struct str
terminal_output(const struct terminal *t)
{
	return buf_str(&t->output);
}

/* ---- beginning and end ---- */

struct terminal *
terminal_create(int fd, int columns, int rows)
{
	struct terminal *t = mem_new(struct terminal);
	VTermColor fg, bg;
	t->fd = fd;
	t->cursor_visible = true;
	t->typed.max = MAX_ANSWER_BYTES;
	t->output.max = TERMINAL_MAX_OUTPUT + 1;
	t->vt = vterm_new(rows, columns);
	vterm_set_utf8(t->vt, 1);
	vterm_output_set_callback(t->vt, on_typed, t);
	t->state = vterm_obtain_state(t->vt);
	t->screen = vterm_obtain_screen(t->vt);
	vterm_color_rgb(&fg, FOREGROUND >> 16, FOREGROUND >> 8 & 0xff, FOREGROUND & 0xff);
	vterm_color_rgb(&bg, BACKGROUND >> 16, BACKGROUND >> 8 & 0xff, BACKGROUND & 0xff);
	vterm_state_set_default_colors(t->state, &fg, &bg);
	vterm_screen_set_callbacks(t->screen, &screen_callbacks, t);
	vterm_screen_set_unrecognised_fallbacks(t->screen, &unknown_callbacks, t);
	vterm_screen_enable_altscreen(t->screen, 1);
	vterm_screen_set_damage_merge(t->screen, VTERM_DAMAGE_SCROLL);
	vterm_screen_reset(t->screen, 1);
	return t;
}

void
terminal_destroy(struct terminal *t)
{
	if (!t)
		return;
	vterm_free(t->vt);
	terminal_filter_cleanup(&t->filter);
	buf_cleanup(&t->typed);
	buf_cleanup(&t->output);
	terminal_view_cleanup(&t->last);
	free(t->title);
	free(t);
}

void
terminal_begin_step(struct terminal *t, struct screen_step *step)
{
	t->step = step;
	t->answers = 0;
	buf_reset(&t->output);
}
