#include "agents/sse.h"

#include <string.h>

#define EVENT_MAX ((size_t)16 << 20)

void
sse_cleanup(struct sse *s)
{
	buf_cleanup(&s->line);
	buf_cleanup(&s->name);
	buf_cleanup(&s->data);
}

static int
dispatch(struct sse *s, struct dd_err *err)
{
	int rc = s->has_data ? s->on_event(s->ctx, buf_str(&s->name), buf_str(&s->data), err) : 0;
	buf_reset(&s->name);
	buf_reset(&s->data);
	s->has_data = false;
	return rc;
}

static int
take_data(struct sse *s, struct str value, struct dd_err *err)
{
	s->data.max = s->max_event ? s->max_event : EVENT_MAX;
	if (s->has_data)
		buf_putc(&s->data, '\n');
	buf_add_str(&s->data, value);
	s->has_data = true;
	if (s->data.truncated)
		return err_set(err, DD_ELIMIT, "an event of the stream is larger than %zu bytes",
			s->data.max);
	return 0;
}

static int
take_line(struct sse *s, struct str line, struct dd_err *err)
{
	if (!s->started && str_starts(line, "\xef\xbb\xbf")) {
		line.p += 3;
		line.n -= 3;
	}
	s->started = true;
	if (!line.n)
		return dispatch(s, err);
	const char *colon = memchr(line.p, ':', line.n);
	struct str field = {line.p, colon ? (size_t)(colon - line.p) : line.n};
	struct str value = {line.p + field.n, line.n - field.n};
	if (colon) {
		value.p++;
		value.n--;
	}
	if (value.n && value.p[0] == ' ') {
		value.p++;
		value.n--;
	}
	if (str_eq(field, "data"))
		return take_data(s, value, err);
	if (str_eq(field, "event")) {
		buf_reset(&s->name);
		buf_add_str(&s->name, value);
	}
	return 0;
}

/* The end of the first line in text; NULL: it has none. */
static const char *
line_end(struct str text)
{
	const char *lf = memchr(text.p, '\n', text.n);
	const char *cr = memchr(text.p, '\r', lf ? (size_t)(lf - text.p) : text.n);
	return cr ? cr : lf;
}

int
sse_feed(struct sse *s, struct str piece, struct dd_err *err)
{
	s->line.max = (s->max_event ? s->max_event : EVENT_MAX) + 16;
	while (piece.n) {
		if (s->after_cr && piece.p[0] == '\n') {
			piece.p++;
			piece.n--;
		}
		s->after_cr = false;
		const char *end = piece.n ? line_end(piece) : NULL;
		struct str line = {piece.p, end ? (size_t)(end - piece.p) : piece.n};
		if (s->line.n || !end) {
			buf_add_str(&s->line, line);
			line = buf_str(&s->line);
		}
		if (s->line.truncated)
			return err_set(err, DD_ELIMIT,
				"an event of the stream is larger than %zu bytes",
				s->line.max - 16);
		if (!end)
			return 0;
		s->after_cr = *end == '\r';
		piece.n -= (size_t)(end + 1 - piece.p);
		piece.p = end + 1;
		int rc = take_line(s, line, err);
		buf_reset(&s->line);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int
sse_end(struct sse *s, struct dd_err *err)
{
	int rc = s->line.n ? take_line(s, buf_str(&s->line), err) : 0;
	buf_reset(&s->line);
	return rc < 0 ? rc : dispatch(s, err);
}
