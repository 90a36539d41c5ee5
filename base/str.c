#include "base/str.h"

#include <ctype.h>
#include <string.h>

struct str
str_of(const char *s)
{
	return (struct str){s ? s : "", s ? strlen(s) : 0};
}

bool
str_eq(struct str a, const char *b)
{
	return str_same(a, str_of(b));
}

bool
str_same(struct str a, struct str b)
{
	return a.n == b.n && (!a.n || memcmp(a.p, b.p, a.n) == 0);
}

int
str_compare(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;
	return c ? c : (a.n > b.n) - (a.n < b.n);
}

bool
str_starts(struct str s, const char *prefix)
{
	size_t n = strlen(prefix);
	return s.n >= n && memcmp(s.p, prefix, n) == 0;
}

bool
str_ends(struct str s, const char *suffix)
{
	size_t n = strlen(suffix);
	return s.n >= n && memcmp(s.p + s.n - n, suffix, n) == 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool
str_ends_one(struct str s, const char *const *suffixes)
{
	for (; *suffixes; suffixes++)
		if (str_ends(s, *suffixes))
			return true;
	return false;
}

struct str
str_behind(struct str s, const char *separators)
{
	size_t i = s.n, n = strlen(separators);
	while (i && !memchr(separators, s.p[i - 1], n))
		i--;
	return (struct str){s.p + i, s.n - i};
}

struct str
str_interpreter(struct str script)
{
	struct str line, word, last = {"", 0};
	if (!str_starts(script, "#!") || !str_next_line(&script, &line))
		return last;
	line = str_trim((struct str){line.p + 2, line.n - 2});
	while (str_next_word(&line, &word)) {
		last = str_behind(word, "/");
		if (!str_eq(last, "env"))
			break;
	}
	return last;
}

struct str
str_trim(struct str s)
{
	while (s.n && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

void
str_hide(char *text, const char *secret)
{
	size_t n = secret ? strlen(secret) : 0;
	for (char *at = text; n && at && (at = strstr(at, secret)); at += n)
		memset(at, '*', n);
}

char *
str_dup(struct str s)
{
	char *p = mem_alloc(s.n + 1);
	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

bool
str_next(struct str *rest, char sep, struct str *ret_piece)
{
	if (!rest->n)
		return false;
	const char *end = memchr(rest->p, sep, rest->n);
	size_t n = end ? (size_t)(end - rest->p) : rest->n;
	*ret_piece = (struct str){rest->p, n};
	size_t skip = end ? n + 1 : n;
	rest->p += skip;
	rest->n -= skip;
	return true;
}

bool
str_next_line(struct str *rest, struct str *ret_line)
{
	struct str line;
	if (!str_next(rest, '\n', &line))
		return false;
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	*ret_line = line;
	return true;
}

bool
str_next_word(struct str *rest, struct str *ret_word)
{
	while (rest->n && is_blank(rest->p[0])) {
		rest->p++;
		rest->n--;
	}
	if (!rest->n)
		return false;
	size_t n = 0;
	while (n < rest->n && !is_blank(rest->p[n]))
		n++;
	*ret_word = (struct str){rest->p, n};
	rest->p += n;
	rest->n -= n;
	return true;
}

bool
str_is_one(struct str s, const char *const *names)
{
	for (; *names; names++)
		if (str_eq(s, *names))
			return true;
	return false;
}

bool
str_has_word(struct str words, const char *word)
{
	struct str one;
	while (str_next_word(&words, &one))
		if (str_eq(one, word))
			return true;
	return false;
}

bool
str_parse_u64(struct str s, uint64_t max, uint64_t *ret_value)
{
	uint64_t v = 0;
	if (!s.n)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		uint64_t d = (uint64_t)(s.p[i] - '0');
		if (v > (UINT64_MAX - d) / 10)
			return false;
		v = v * 10 + d;
	}
	if (v > max)
		return false;
	*ret_value = v;
	return true;
}

void
buf_cleanup(struct buf *b)
{
	free(b->p);
	*b = (struct buf){.max = b->max};
}

void
buf_reset(struct buf *b)
{
	b->n = 0;
	b->truncated = false;
	if (b->p)
		b->p[0] = '\0';
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	size_t max = b->max ? b->max : BUF_DEFAULT_MAX;
	if (n > max - b->n) {
		b->truncated = true;
		n = max - b->n;
	}
	if (b->n + n + 1 > b->cap) {
		size_t cap = b->cap ? b->cap : 64;
		while (cap < b->n + n + 1)
			cap *= 2;
		b->p = mem_realloc(b->p, cap, 1);
		b->cap = cap;
	}
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void
buf_add_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

void
buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_putc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	OWN_FREE char *s = mem_vprintf(fmt, ap);
	va_end(ap);
	buf_puts(b, s);
}

void
buf_drop_front(struct buf *b, size_t n)
{
	if (n > b->n)
		n = b->n;
	if (!n)
		return;
	memmove(b->p, b->p + n, b->n - n + 1);
	b->n -= n;
}

struct str
buf_str(const struct buf *b)
{
	return (struct str){b->p ? b->p : "", b->n};
}

char *
buf_take(struct buf *b)
{
	char *p = b->p ? b->p : mem_strdup("");
	*b = (struct buf){.max = b->max};
	return p;
}

/* Length of the valid UTF-8 sequence at p (RFC 3629), 0 if there is none. */
static size_t
utf8_len(const unsigned char *p, size_t n)
{
	if (p[0] < 0x80)
		return 1;
	size_t len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4 || n < len)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
	bool surrogate = p[0] == 0xed && p[1] >= 0xa0;
	bool too_high = p[0] == 0xf4 && p[1] >= 0x90;
	return overlong || surrogate || too_high ? 0 : len;
}

bool
str_is_utf8(struct str s)
{
	for (size_t i = 0, n; i < s.n; i += n)
		if (!(n = utf8_len((const unsigned char *)s.p + i, s.n - i)))
			return false;
	return true;
}

static void
put_json_ascii(struct buf *b, unsigned char c)
{
	switch (c) {
	case '"':
		buf_puts(b, "\\\"");
		break;
	case '\\':
		buf_puts(b, "\\\\");
		break;
	case '\n':
		buf_puts(b, "\\n");
		break;
	case '\r':
		buf_puts(b, "\\r");
		break;
	case '\t':
		buf_puts(b, "\\t");
		break;
	default:
		if (c < 0x20 || c == 0x7f)
			buf_printf(b, "\\u%04x", c);
		else
			buf_putc(b, (char)c);
	}
}

void
buf_put_json(struct buf *b, struct str s)
{
	buf_putc(b, '"');
	for (size_t i = 0; i < s.n;) {
		const unsigned char *p = (const unsigned char *)s.p + i;
		size_t len = utf8_len(p, s.n - i);
		if (len == 1)
			put_json_ascii(b, p[0]);
		else if (len > 1)
			buf_add(b, p, len);
		else
			buf_puts(b, "\xef\xbf\xbd");
		i += len ? len : 1;
	}
	buf_putc(b, '"');
}

/*
 * What changes how the text around it is shown: C1 controls, which a terminal obeys (U+0080 to U+009F), and
 * overrides, embeddings and isolates of direction (U+202A to U+202E, U+2066 to U+2069).
 */
static bool
changes_others(const unsigned char *p, size_t len)
{
	if (len == 2)
		return p[0] == 0xc2 && p[1] < 0xa0;
	return len == 3 && p[0] == 0xe2 &&
	       ((p[1] == 0x80 && p[2] >= 0xaa && p[2] <= 0xae) ||
		       (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9));
}

/* Is what utf8_len found at p a control character of whatever kind, or no character at all? */
static bool
is_control(const unsigned char *p, size_t len)
{
	return !len || changes_others(p, len) || p[0] == 0x7f || p[0] < 0x20;
}

void
buf_put_html(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n;) {
		const unsigned char *p = (const unsigned char *)s.p + i;
		size_t len = utf8_len(p, s.n - i);
		if (p[0] == '&')
			buf_puts(b, "&amp;");
		else if (p[0] == '<')
			buf_puts(b, "&lt;");
		else if (p[0] == '>')
			buf_puts(b, "&gt;");
		else if (p[0] == '"')
			buf_puts(b, "&quot;");
		else if (p[0] == '\'')
			buf_puts(b, "&#39;");
		else if (is_control(p, len) && p[0] != '\n' && p[0] != '\t')
			buf_puts(b, "\xef\xbf\xbd");
		else
			buf_add(b, p, len);
		i += len ? len : 1;
	}
}

void
buf_put_base64(struct buf *b, struct str s)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < s.n; i += 3) {
		const unsigned char *p = (const unsigned char *)s.p + i;
		const size_t left = s.n - i;
		unsigned v = (unsigned)p[0] << 16;
		v |= left > 1 ? (unsigned)p[1] << 8 : 0;
		v |= left > 2 ? (unsigned)p[2] : 0;
		const char group[] = {digits[v >> 18], digits[v >> 12 & 63],
			left > 1 ? digits[v >> 6 & 63] : '=', left > 2 ? digits[v & 63] : '='};
		buf_add(b, group, sizeof(group));
	}
}

/* A character of Markdown text; with a backslash before what would be markup. */
static void
put_markdown(struct buf *b, const char *text, const char *markup, bool escape)
{
	struct str s = str_of(text ? text : "");
	for (size_t i = 0; i < s.n;) {
		const unsigned char *p = (const unsigned char *)s.p + i;
		size_t len = utf8_len(p, s.n - i);
		bool is_markup = p[0] && strchr(markup, p[0]) != NULL;
		if (is_markup && escape)
			buf_putc(b, '\\');
		if (is_control(p, len) || (is_markup && !escape))
			buf_putc(b, ' ');
		else
			buf_add(b, p, len);
		i += len ? len : 1;
	}
}

void
buf_put_markdown(struct buf *b, const char *text)
{
	put_markdown(b, text, "|<\\[`", true);
}

void
buf_put_markdown_code(struct buf *b, const char *text)
{
	buf_putc(b, '`');
	put_markdown(b, text, "`", false);
	buf_putc(b, '`');
}

void
buf_put_visible(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n;) {
		const unsigned char *p = (const unsigned char *)s.p + i;
		size_t len = utf8_len(p, s.n - i);
		if (is_control(p, len) && p[0] != '\n' && p[0] != '\t') {
			for (size_t k = 0; k < (len ? len : 1); k++)
				buf_printf(b, "\\x%02x", p[k]);
		} else {
			buf_add(b, p, len);
		}
		i += len ? len : 1;
	}
}

static bool
has_control(struct str s)
{
	for (size_t i = 0; i < s.n;) {
		const unsigned char *p = (const unsigned char *)s.p + i;
		size_t len = utf8_len(p, s.n - i);
		if (is_control(p, len))
			return true;
		i += len;
	}
	return false;
}

static bool
is_bare(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!isalnum((unsigned char)s.p[i]) && !memchr("@%_+=:,./-", s.p[i], 10))
			return false;
	return s.n > 0;
}

void
buf_put_shell(struct buf *b, struct str s)
{
	bool escapes = has_control(s);
	if (is_bare(s)) {
		buf_add_str(b, s);
		return;
	}
	buf_puts(b, escapes ? "$'" : "'");
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (!escapes && c == '\'')
			buf_puts(b, "'\\''");
		else if (escapes && (c == '\'' || c == '\\' || c < 0x20 || c >= 0x7f))
			buf_printf(b, "\\%03o", c);
		else
			buf_putc(b, (char)c);
	}
	buf_putc(b, '\'');
}

void
buf_put_percent(struct buf *b, struct str s)
{
	static const char digits[] = "0123456789ABCDEF";
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c > ' ' && c != '%' && c != 0x7f) {
			buf_putc(b, s.p[i]);
			continue;
		}
		buf_putc(b, '%');
		buf_putc(b, digits[c >> 4]);
		buf_putc(b, digits[c & 15]);
	}
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *
str_unpercent(struct str s)
{
	OWN_FREE char *out = mem_alloc(s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c == '%') {
			int hi = s.n - i > 2 ? hex_value(s.p[i + 1]) : -1;
			int lo = s.n - i > 2 ? hex_value(s.p[i + 2]) : -1;
			if (hi < 0 || lo < 0)
				return NULL;
			c = (char)(hi << 4 | lo);
			i += 2;
		}
		if (!c)
			return NULL;
		out[n++] = c;
	}
	out[n] = '\0';
	return TAKE(out);
}

void
strlist_cleanup(struct strlist *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct strlist){0};
}

static void
list_push(struct strlist *l, char *s)
{
	l->v = mem_grow(l->v, l->n + 1, &l->cap, sizeof(*l->v));
	l->v[l->n++] = s;
	l->v[l->n] = NULL;
}

void
strlist_add(struct strlist *l, const char *s)
{
	list_push(l, mem_strdup(s));
}

void
strlist_addf(struct strlist *l, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *s = mem_vprintf(fmt, ap);
	va_end(ap);
	list_push(l, s);
}

void
strlist_add_str(struct strlist *l, struct str s)
{
	list_push(l, str_dup(s));
}

void
strlist_add_new(struct strlist *l, const char *s)
{
	if (!strlist_has(l, s))
		strlist_add(l, s);
}

bool
strlist_has(const struct strlist *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], s) == 0)
			return true;
	return false;
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void
strlist_set_env(struct strlist *l, const char *name, const char *value)
{
	size_t n = strlen(name);
	for (size_t i = 0; i < l->n; i++)
		if (strncmp(l->v[i], name, n) == 0 && l->v[i][n] == '=') {
			free(l->v[i]);
			l->v[i] = mem_printf("%s=%s", name, value);
			return;
		}
	strlist_addf(l, "%s=%s", name, value);
}

void
strlist_sort(struct strlist *l)
{
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_bytes);
}

void
strlist_copy(struct strlist *dst, const struct strlist *src)
{
	for (size_t i = 0; i < src->n; i++)
		strlist_add(dst, src->v[i]);
}
