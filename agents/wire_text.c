#include "agents/wire_text.h"

#include <ctype.h>
#include <string.h>

#define HALF_BASE 0x100000u /* + 0xD800..0xDFFF: private use, plane 16 */

/* The character at p; its length, 0 when it is no UTF-8 (RFC 3629). */
static size_t
decode(const char *at, size_t n, unsigned *ret)
{
	const unsigned char *p = (const unsigned char *)at;
	size_t len = p[0] < 0x80   ? 1
		     : p[0] < 0xC2 ? 0
		     : p[0] < 0xE0 ? 2
		     : p[0] < 0xF0 ? 3
		     : p[0] < 0xF5 ? 4
				   : 0;
	if (!len || len > n)
		return 0;
	unsigned c = len == 1 ? p[0] : p[0] & (0x7Fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3F);
	}
	static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
	if (c < least[len] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return 0;
	*ret = c;
	return len;
}

static void
encode(unsigned c, struct buf *out)
{
	if (c < 0x80) {
		buf_putc(out, (char)c);
		return;
	}
	if (c >= 0x10000) {
		buf_putc(out, (char)(0xF0 | c >> 18));
		buf_putc(out, (char)(0x80 | (c >> 12 & 0x3F)));
	} else if (c >= 0x800) {
		buf_putc(out, (char)(0xE0 | c >> 12));
	}
	if (c >= 0x800)
		buf_putc(out, (char)(0x80 | (c >> 6 & 0x3F)));
	else
		buf_putc(out, (char)(0xC0 | c >> 6));
	buf_putc(out, (char)(0x80 | (c & 0x3F)));
}

bool
wire_text_to_utf8(struct str s, struct buf *out)
{
	if (str_is_utf8(s)) {
		buf_add_str(out, s);
		return false;
	}
	for (size_t i = 0; i < s.n; i++)
		encode((unsigned char)s.p[i], out);
	return true;
}

bool
wire_text_to_latin1(struct str s, struct buf *out)
{
	unsigned c;
	size_t before = out->n;
	for (size_t i = 0, n; i < s.n; i += n) {
		n = decode(s.p + i, s.n - i, &c);
		if (!n || c > 0xFF) {
			out->n = before;
			return false;
		}
		buf_putc(out, (char)c);
	}
	return true;
}

/* \uXXXX at p: its number; -1 when it is none. */
static int
escape_at(const char *p, size_t n)
{
	int v = 0;
	if (n < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		if (!isxdigit((unsigned char)p[i]))
			return -1;
		v = v * 16 + (isdigit((unsigned char)p[i]) ? p[i] - '0' : (p[i] | 0x20) - 'a' + 10);
	}
	return v;
}

static bool
is_high(unsigned c)
{
	return c >= 0xD800 && c < 0xDC00;
}

static bool
is_low(unsigned c)
{
	return c >= 0xDC00 && c < 0xE000;
}

void
wire_text_mark_halves(struct str json, struct buf *out)
{
	for (size_t i = 0; i < json.n;) {
		const char *next = memchr(json.p + i, '\\', json.n - i);
		size_t plain = next ? (size_t)(next - json.p) - i : json.n - i;
		buf_add(out, json.p + i, plain);
		i += plain;
		if (i >= json.n)
			return;
		int c = escape_at(json.p + i, json.n - i);
		if (c < 0xD800 || c > 0xDFFF) {
			size_t n = c >= 0 ? 6 : json.n - i < 2 ? 1 : 2;
			buf_add(out, json.p + i, n);
			i += n;
			continue;
		}
		int second = is_high((unsigned)c) ? escape_at(json.p + i + 6, json.n - i - 6) : -1;
		if (second >= 0 && is_low((unsigned)second)) {
			buf_add(out, json.p + i, 12);
			i += 12;
		} else {
			encode(HALF_BASE + (unsigned)c, out);
			i += 6;
		}
	}
}

void
wire_text_join(struct buf *text)
{
	/* Every such half is F4 8D A0..BF 80..BF. */
	if (!text->n || !memmem(text->p, text->n, "\xf4\x8d", 2))
		return;
	OWN(buf) struct buf out = {.max = text->max};
	for (size_t i = 0; i < text->n;) {
		unsigned c, d;
		size_t n = decode(text->p + i, text->n - i, &c);
		if (!n) {
			buf_putc(&out, text->p[i++]);
			continue;
		}
		i += n;
		unsigned half = c - HALF_BASE;
		if (!is_high(half) && !is_low(half)) {
			buf_add(&out, text->p + i - n, n);
			continue;
		}
		size_t m = is_high(half) && i < text->n ? decode(text->p + i, text->n - i, &d) : 0;
		if (m && is_low(d - HALF_BASE)) {
			encode(0x10000 + ((half & 0x3FF) << 10 | ((d - HALF_BASE) & 0x3FF)), &out);
			i += m;
		} else {
			encode(0xFFFD, &out);
		}
	}
	buf_reset(text);
	buf_add_str(text, buf_str(&out));
}

/* Behind the escape sequence that starts at i (ECMA-48: CSI, OSC up to BEL or ST, two bytes). */
static size_t
skip_escape(struct str s, size_t i)
{
	char kind = i + 1 < s.n ? s.p[i + 1] : 0;
	i += 2;
	if (kind == '[') {
		while (i < s.n && (unsigned char)s.p[i] < 0x40)
			i++;
		return i + 1;
	}
	if (kind == ']') {
		while (i < s.n && s.p[i] != '\a' && s.p[i] != '\033')
			i++;
		return i < s.n && s.p[i] == '\033' ? i + 2 : i + 1;
	}
	return i;
}

void
wire_text_strip_ansi(struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.n;) {
		if (s.p[i] == '\033') {
			i = skip_escape(s, i);
			continue;
		}
		if (s.p[i] != '\r')
			buf_putc(out, s.p[i]);
		i++;
	}
}
