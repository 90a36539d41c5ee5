#include "qa/cdp_reader.h"

#include <string.h>

void
cdp_reader_cleanup(struct cdp_reader *r)
{
	buf_cleanup(&r->in);
}

/* Make room by dropping what was read, when that is most of what is there: each byte is moved a bounded number of
 * times. */
static void
compact(struct cdp_reader *r)
{
	if (r->next < r->in.n / 2)
		return;
	buf_drop_front(&r->in, r->next);
	r->scanned -= r->next;
	r->next = 0;
}

/* Up to the end of a message, or all there is. */
static struct str
take_piece(struct str *data, bool *ret_ends)
{
	const char *end = memchr(data->p, '\0', data->n);
	struct str piece = {data->p, end ? (size_t)(end - data->p) + 1 : data->n};
	*ret_ends = end != NULL;
	data->p += piece.n;
	data->n -= piece.n;
	return piece;
}

void
cdp_reader_add(struct cdp_reader *r, struct str data)
{
	compact(r);
	const char *last = r->in.n ? memrchr(r->in.p + r->next, '\0', r->in.n - r->next) : NULL;
	size_t begin = last ? (size_t)(last - r->in.p) + 1 : r->next;
	r->in.max = SIZE_MAX / 4;
	while (data.n) {
		bool ends;
		struct str piece = take_piece(&data, &ends);
		if (!r->cutting && r->in.n - begin + piece.n > r->max) {
			buf_add_str(&r->in, piece);
			r->in.n = begin + CDP_HEAD;
			r->in.p[begin] = '!';
			r->cutting = true;
		} else if (!r->cutting) {
			buf_add_str(&r->in, piece);
		}
		if (ends && r->cutting)
			buf_putc(&r->in, '\0');
		if (ends) {
			r->cutting = false;
			begin = r->in.n;
		}
	}
}

bool
cdp_reader_next(struct cdp_reader *r, struct str *ret_message)
{
	if (r->scanned < r->next)
		r->scanned = r->next;
	const char *end = r->in.n > r->scanned
				  ? memchr(r->in.p + r->scanned, '\0', r->in.n - r->scanned)
				  : NULL;
	if (!end) {
		r->scanned = r->in.n;
		return false;
	}
	*ret_message = (struct str){r->in.p + r->next, (size_t)(end - r->in.p) - r->next};
	r->next = r->scanned = (size_t)(end - r->in.p) + 1;
	return true;
}

/* Is the prefix there, behind the brace (or what stands for it)?  It is skipped. */
static bool
skip(struct str *s, const char *prefix)
{
	size_t n = strlen(prefix);
	if (s->n < n || memcmp(s->p, prefix, n) != 0)
		return false;
	s->p += n;
	s->n -= n;
	return true;
}

int64_t
cdp_message_id(struct str message)
{
	uint64_t id = 0;
	if (!message.n || !skip(&message, *message.p == '!' ? "!\"id\":" : "{\"id\":"))
		return 0;
	size_t n = 0;
	while (n < message.n && message.p[n] >= '0' && message.p[n] <= '9')
		n++;
	return str_parse_u64((struct str){message.p, n}, INT64_MAX, &id) ? (int64_t)id : 0;
}

struct str
cdp_message_method(struct str message)
{
	if (!skip(&message, "{\"method\":\""))
		return (struct str){"", 0};
	const char *end = memchr(message.p, '"', message.n);
	return (struct str){message.p, end ? (size_t)(end - message.p) : 0};
}

bool
cdp_message_result(struct str message, struct str *ret)
{
	static const char tail[] = ",\"sessionId\":\"";
	if (!skip(&message, "{\"id\":") || message.n < 2 || message.p[message.n - 1] != '}')
		return false;
	while (message.n && *message.p >= '0' && *message.p <= '9')
		skip(&message, (char[]){*message.p, '\0'});
	if (!skip(&message, ",\"result\":"))
		return false;
	message.n--;
	/* A session's id is 32 hexadecimal digits: what ends so is not part of the result. */
	if (message.n > sizeof(tail) + 32) {
		const char *at = message.p + message.n - (sizeof(tail) - 1 + 32 + 1);
		if (memcmp(at, tail, sizeof(tail) - 1) == 0)
			message.n = (size_t)(at - message.p);
	}
	*ret = message;
	return message.n > 0;
}

static int
value_of(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool
decode_base64(struct str text, struct buf *ret)
{
	while (text.n && text.p[text.n - 1] == '=')
		text.n--;
	for (size_t i = 0; i < text.n; i += 4) {
		size_t n = text.n - i < 4 ? text.n - i : 4;
		unsigned bits = 0;
		for (size_t k = 0; k < 4; k++) {
			int v = k < n ? value_of((unsigned char)text.p[i + k]) : 0;
			if (v < 0)
				return false;
			bits = bits << 6 | (unsigned)v;
		}
		const char bytes[3] = {(char)(bits >> 16), (char)(bits >> 8), (char)bits};
		if (n == 1)
			return false;
		buf_add(ret, bytes, n - 1);
	}
	return !ret->truncated;
}

bool
cdp_result_data(struct str result, struct buf *ret)
{
	if (!skip(&result, "{\"data\":\"") || !str_ends(result, "\"}"))
		return false;
	result.n -= 2;
	return decode_base64(result, ret);
}
