/*
 * Keys of a display.  What the keyboard has is asked before each text: a program may have changed it.  A character that it
 * has not gets a key that has none, a different one for each of a text, since programs ask what a key means when it comes.
 */
#include "qa/display_client.h"

#include <string.h>
#include <unistd.h>
#include <xcb/xtest.h>

#define MAP_US 60000 /* until programs know of new keys */
#define UNICODE 0x01000000

struct keyboard {
	xcb_get_keyboard_mapping_reply_t *map;
	int first, n, columns;
};

static int
read_keyboard(struct display *d, struct keyboard *ret, struct dd_err *err)
{
	int rc = display_check(d, err);
	if (rc < 0)
		return rc;
	const xcb_setup_t *s = xcb_get_setup(d->c);
	*ret = (struct keyboard){.first = s->min_keycode, .n = s->max_keycode - s->min_keycode + 1};
	ret->map = display_answer(
		d, xcb_get_keyboard_mapping(d->c, s->min_keycode, (uint8_t)ret->n).sequence);
	ret->columns = ret->map ? ret->map->keysyms_per_keycode : 0;
	if (!ret->map)
		return d->lost ? display_check(d, err)
			       : err_set(err, DD_EIO, "the display has no keyboard");
	if (xcb_get_keyboard_mapping_keysyms_length(ret->map) >= ret->n * ret->columns &&
		ret->columns > 0)
		return 0;
	free(TAKE(ret->map));
	return err_set(err, DD_EIO, "the display has no keyboard");
}

static xcb_keysym_t *
key_row(const struct keyboard *k, int i)
{
	return xcb_get_keyboard_mapping_keysyms(k->map) + i * k->columns;
}

/* The key that gives it, alone or with Shift; 0: none. */
static int
find_key(const struct keyboard *k, xcb_keysym_t sym, bool *ret_shift)
{
	for (int column = 0; column < 2 && column < k->columns; column++)
		for (int i = 0; i < k->n; i++)
			if (key_row(k, i)[column] == sym) {
				*ret_shift = column == 1;
				return k->first + i;
			}
	return 0;
}

/* A key without a meaning gets this one; 0: there is none left. */
static int
make_key(struct display *d, struct keyboard *k, xcb_keysym_t sym)
{
	for (int i = k->n - 1; i >= 0; i--) {
		xcb_keysym_t *row = key_row(k, i);
		bool free_key = true;
		for (int c = 0; c < k->columns; c++)
			free_key = free_key && !row[c];
		if (!free_key)
			continue;
		row[0] = sym;
		if (k->columns > 1)
			row[1] = sym;
		(void)xcb_change_keyboard_mapping(
			d->c, 1, (uint8_t)(k->first + i), (uint8_t)k->columns, row);
		return k->first + i;
	}
	return 0;
}

static const struct {
	enum scenario_held bit;
	xcb_keysym_t sym;
} modifiers[] = {{SCENARIO_CTRL, 0xffe3}, {SCENARIO_ALT, 0xffe9}, {SCENARIO_SHIFT, 0xffe1}};

static void
hold(struct display *d, const struct keyboard *k, unsigned held, uint8_t type)
{
	bool shift;
	for (size_t i = 0; i < sizeof(modifiers) / sizeof(*modifiers); i++) {
		int code = held & modifiers[i].bit ? find_key(k, modifiers[i].sym, &shift) : 0;
		if (code)
			(void)xcb_test_fake_input(d->c, type, (uint8_t)code, 0, XCB_NONE, 0, 0, 0);
	}
}

static int
strike(struct display *d, const struct keyboard *k, int code, unsigned held, struct dd_err *err)
{
	hold(d, k, held, XCB_KEY_PRESS);
	(void)xcb_test_fake_input(d->c, XCB_KEY_PRESS, (uint8_t)code, 0, XCB_NONE, 0, 0, 0);
	(void)xcb_test_fake_input(d->c, XCB_KEY_RELEASE, (uint8_t)code, 0, XCB_NONE, 0, 0, 0);
	hold(d, k, held, XCB_KEY_RELEASE);
	return display_sync(d, err);
}

/* The next character of UTF-8; what is none is U+FFFD. */
static uint32_t
next_character(const char **text)
{
	const unsigned char *p = (const unsigned char *)*text;
	const int more = *p < 0x80 ? 0 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;
	uint32_t c = more ? *p & (0x3fu >> more) : *p;
	(*text)++;
	for (int i = 1; i <= more; i++, (*text)++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0xfffd;
		c = c << 6 | (p[i] & 0x3f);
	}
	return c;
}

static xcb_keysym_t
sym_of(uint32_t c)
{
	return c == '\n' ? 0xff0d : c == '\t' ? 0xff09 : c < 0x100 ? c : UNICODE | c;
}

/* Keys for all that the text needs. */
static int
prepare_keys(struct display *d, struct keyboard *k, const char *text, struct dd_err *err)
{
	bool shift, made = false;
	while (*text) {
		const xcb_keysym_t sym = sym_of(next_character(&text));
		if (find_key(k, sym, &shift))
			continue;
		if (!make_key(d, k, sym))
			return err_set(
				err, DD_EINVAL, "no keyboard has so many different characters");
		made = true;
	}
	int rc = display_sync(d, err);
	if (made)
		(void)usleep(MAP_US);
	return rc;
}

int
display_type(struct display *d, const char *text, struct dd_err *err)
{
	struct keyboard k = {0};
	int rc = read_keyboard(d, &k, err);
	if (rc == 0)
		rc = prepare_keys(d, &k, text, err);
	while (rc == 0 && *text) {
		bool shift = false;
		int code = find_key(&k, sym_of(next_character(&text)), &shift);
		rc = strike(d, &k, code, shift ? SCENARIO_SHIFT : 0, err);
	}
	free(k.map);
	return rc;
}

static const struct {
	const char *name;
	xcb_keysym_t sym;
} keys[] = {{"Enter", 0xff0d}, {"Tab", 0xff09}, {"Escape", 0xff1b}, {"Backspace", 0xff08},
	{"Space", ' '}, {"Insert", 0xff63}, {"Delete", 0xffff}, {"Up", 0xff52}, {"Down", 0xff54},
	{"Left", 0xff51}, {"Right", 0xff53}, {"ArrowUp", 0xff52}, {"ArrowDown", 0xff54},
	{"ArrowLeft", 0xff51}, {"ArrowRight", 0xff53}, {"Home", 0xff50}, {"End", 0xff57},
	{"PageUp", 0xff55}, {"PageDown", 0xff56}, {"Menu", 0xff67}};

/* F1 to F12, and a character, as well; 0: there is no such key. */
static xcb_keysym_t
named_sym(const char *name)
{
	uint64_t n = 0;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (strcmp(keys[i].name, name) == 0)
			return keys[i].sym;
	if (*name == 'F' && str_parse_u64(str_of(name + 1), 12, &n) && n)
		return (xcb_keysym_t)(0xffbd + n);
	return *name > 0x20 && *name < 0x7f && !name[1] ? (xcb_keysym_t)*name : 0;
}

int
display_press(struct display *d, const char *name, struct dd_err *err)
{
	unsigned held = 0;
	bool shift = false;
	struct keyboard k = {0};
	const xcb_keysym_t sym = named_sym(scenario_key(name, &held));
	if (!sym)
		return err_set(err, DD_EINVAL, "there is no key \"%.40s\"", name);
	int rc = read_keyboard(d, &k, err);
	const int code = rc == 0 ? find_key(&k, sym, &shift) : 0;
	if (rc == 0)
		rc = code ? strike(d, &k, code, held | (shift ? SCENARIO_SHIFT : 0), err)
			  : err_set(err, DD_EINVAL, "the keyboard has no key \"%.40s\"", name);
	free(k.map);
	return rc;
}
