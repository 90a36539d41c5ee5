#include "qa/terminal_filter.h"

#include <string.h>

#define ESC 033
#define CAN 030
#define SUB 032
#define BEL 007
#define DEL 0177

void
terminal_filter_cleanup(struct terminal_filter *f)
{
	buf_cleanup(&f->held);
	*f = (struct terminal_filter){0};
}

static bool
is_between(unsigned char c, unsigned char low, unsigned char high)
{
	return c >= low && c <= high;
}

static void
begin(struct terminal_filter *f)
{
	f->place = FILTER_ESCAPE;
	f->numbers = f->digits = f->others = 0;
	f->spoilt = false;
	buf_reset(&f->held);
	buf_putc(&f->held, ESC);
}

static void
take_text(struct terminal_filter *f, unsigned char c, struct buf *ret)
{
	f->place = FILTER_TEXT;
	f->last = c < 0x80 ? (char)c : 0;
	buf_putc(ret, (char)c);
}

static void
add_other(struct terminal_filter *f, unsigned char c)
{
	if (++f->others > FILTER_MAX_OTHERS)
		f->spoilt = true;
	else
		buf_putc(&f->held, (char)c);
}

static void
end(struct terminal_filter *f, const char *last, struct buf *ret)
{
	f->place = FILTER_TEXT;
	f->last = 0;
	if (f->spoilt)
		return;
	buf_add_str(ret, buf_str(&f->held));
	buf_puts(ret, last);
}

/* ---- strings ---- */

/* Application program commands, privacy messages and strings that nobody defined: libvterm would show them. */
static bool
is_for_nobody(const struct terminal_filter *f)
{
	return strchr("X^_", f->held.p[1]) != NULL;
}

static void
end_string(struct terminal_filter *f, struct buf *ret)
{
	f->spoilt = is_for_nobody(f);
	end(f, "\033\\", ret);
}

static void
take_of_string(struct terminal_filter *f, unsigned char c)
{
	if (f->held.n < FILTER_MAX_STRING)
		buf_putc(&f->held, (char)c);
}

static void
take_control(struct terminal_filter *f, unsigned char c, struct buf *ret)
{
	if (f->place == FILTER_STRING && c == BEL && !is_for_nobody(f)) {
		end_string(f, ret);
	} else if (f->place != FILTER_STRING && f->place != FILTER_STRING_END) {
		f->last = 0;
		buf_putc(ret, (char)c);
	}
}

/* ---- sequences ---- */

static void
take_of_escape(struct terminal_filter *f, unsigned char c, struct buf *ret)
{
	const bool begins = strchr("[]PX^_", c) != NULL;
	const char last[] = {(char)c, '\0'};
	if (is_between(c, 0x20, 0x2f)) {
		add_other(f, c);
	} else if (begins && !f->others) {
		buf_putc(&f->held, (char)c);
		f->place = c == '[' ? FILTER_LEADERS : FILTER_STRING;
	} else {
		f->spoilt = f->spoilt || begins; /* libvterm would begin it */
		end(f, last, ret);
	}
}

/* As text: libvterm has no bound. */
static void
repeat(struct terminal_filter *f, struct buf *ret)
{
	uint64_t n = 1;
	const struct str number = {f->held.p + 2, f->held.n - 2};
	if (number.n && !str_parse_u64(number, UINT64_MAX, &n))
		return;
	n = n == 0 ? 1 : n < FILTER_MAX_REPEATS ? n : FILTER_MAX_REPEATS;
	while (f->last && n-- > 0)
		buf_putc(ret, f->last);
}

static void
take_of_number(struct terminal_filter *f, unsigned char c)
{
	const bool separates = c == ';' || c == ':';
	f->spoilt = f->spoilt || f->place == FILTER_INTERMEDIATES;
	f->place = FILTER_NUMBERS;
	f->digits = separates ? 0 : f->digits + 1;
	f->numbers += separates && f->numbers < FILTER_MAX_NUMBERS;
	if (f->numbers < FILTER_MAX_NUMBERS && f->digits <= FILTER_MAX_DIGITS)
		buf_putc(&f->held, (char)c);
}

static void
take_of_sequence(struct terminal_filter *f, unsigned char c, struct buf *ret)
{
	const char last[] = {(char)c, '\0'};
	if (c == 'b' && !f->spoilt) {
		f->place = FILTER_TEXT;
		repeat(f, ret);
	} else if (c >= 0x40) {
		end(f, last, ret);
	} else if (is_between(c, 0x30, 0x3b)) {
		take_of_number(f, c);
	} else {
		const bool leads = is_between(c, 0x3c, 0x3f);
		f->spoilt = f->spoilt || (leads && f->place != FILTER_LEADERS);
		f->place = leads ? f->place : FILTER_INTERMEDIATES;
		add_other(f, c);
	}
}

/* ---- the whole ---- */

static void
take_printable(struct terminal_filter *f, unsigned char c, struct buf *ret)
{
	if (f->place == FILTER_STRING) {
		take_of_string(f, c);
		return;
	}
	if (f->place == FILTER_STRING_END && c == '\\') {
		end_string(f, ret);
		return;
	}
	if (f->place == FILTER_STRING_END)
		begin(f);
	/* No sequence has a byte past ASCII. */
	if (f->place == FILTER_TEXT || c >= 0x80)
		take_text(f, c, ret);
	else if (f->place == FILTER_ESCAPE)
		take_of_escape(f, c, ret);
	else
		take_of_sequence(f, c, ret);
}

static void
take(struct terminal_filter *f, unsigned char c, struct buf *ret)
{
	if (c == '\0' || c == DEL)
		return; /* fillers, wherever they are */
	if (c == CAN || c == SUB) {
		f->place = FILTER_TEXT;
		f->last = 0;
	} else if (c == ESC && f->place == FILTER_STRING) {
		f->place = FILTER_STRING_END;
	} else if (c == ESC) {
		begin(f);
	} else if (c < 0x20) {
		take_control(f, c, ret);
	} else {
		take_printable(f, c, ret);
	}
}

void
terminal_filter_add(struct terminal_filter *f, struct str bytes, struct buf *ret)
{
	for (size_t i = 0; i < bytes.n; i++)
		take(f, (unsigned char)bytes.p[i], ret);
}
