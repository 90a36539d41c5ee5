/*
 * Theory of operation.  What is the same thing is summed up under one key as it is read, in a table of bounded size;
 * durations go into buckets, so that they can be summed up once more by whoever knows which requests are one.
 */
#include "graph/imports.h"
#include "graph/seen.h"

#include "base/json.h"
#include "base/map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_KEYS 1000000
#define MAX_DEPTH 512			 /* of a stack */
#define MAX_DOCUMENT ((size_t)256 << 20) /* of JSON */

struct sum {
	struct seen s;
	struct seen_counts c;
};

struct sums {
	struct map keys;  /* struct sum */
	struct map files; /* number, from 1 */
	struct strlist paths;
	struct buf key;
	size_t left_out;
};

static void
destroy_sum(void *p)
{
	struct sum *s = p;
	free((void *)(uintptr_t)s->s.a.p);
	free((void *)(uintptr_t)s->s.b.p);
	free(s);
}

static void
sums_init(struct sums *x)
{
	*x = (struct sums){.keys.destroy = destroy_sum, .key.max = 65536};
}

static struct str
copy_of(struct str s)
{
	return (struct str){s.n ? str_dup(s) : NULL, s.n};
}

/* Where it is summed up; NULL: there is too much. */
static struct seen_counts *
sum_of(struct sums *x, const struct seen *s)
{
	buf_reset(&x->key);
	buf_printf(&x->key, "%d %u %u ", (int)s->what, s->file, s->line);
	pack_str(&x->key, s->a);
	buf_add_str(&x->key, s->b);
	struct sum *old = x->key.truncated ? NULL : map_get_str(&x->keys, buf_str(&x->key));
	if (old)
		return &old->c;
	if (x->key.truncated || map_count(&x->keys) >= MAX_KEYS) {
		x->key.truncated = false;
		x->left_out++;
		return NULL;
	}
	struct sum *sum = mem_new(struct sum);
	sum->s = *s;
	sum->s.a = copy_of(s->a);
	sum->s.b = copy_of(s->b);
	map_put_str(&x->keys, buf_str(&x->key), sum);
	return &sum->c;
}

static void
add(struct sums *x, const struct seen *s, uint64_t count, bool failed, double us)
{
	struct seen_counts *c = sum_of(x, s);
	if (!c)
		return;
	c->count = seen_sum(c->count, count);
	c->errors = seen_sum(c->errors, failed ? count : 0);
	if (us >= 0)
		seen_time(c, us);
}

static uint32_t
file_number(struct sums *x, struct str path)
{
	if (!path.n || path.n > 4096 || memchr(path.p, 0, path.n))
		return 0;
	uint32_t n = (uint32_t)(uintptr_t)map_get_str(&x->files, path);
	if (n)
		return n;
	strlist_add_str(&x->paths, path);
	map_put_str(&x->files, path, (void *)(uintptr_t)x->paths.n);
	return (uint32_t)x->paths.n;
}

/* All of it, or nothing when nothing was understood. */
static int
finish(struct sums *x, const char *format, struct buf *out, struct dd_err *err)
{
	OWN(buf) struct buf tool = {0};
	int rc = map_count(&x->keys) ? 0 : err_set(err, DD_EINVAL, "nothing in it is %s", format);
	buf_puts(&tool, format);
	if (x->left_out)
		buf_printf(
			&tool, ", without %zu things seen beyond %d kinds", x->left_out, MAX_KEYS);
	if (rc == 0)
		imports_begin(out, buf_str(&tool), &x->paths);
	for (struct map_entry *e = map_first(&x->keys); rc == 0 && e; e = map_next(e)) {
		const struct sum *s = map_value(e);
		seen_pack(out, &s->s, &s->c);
	}
	map_cleanup(&x->keys);
	map_cleanup(&x->files);
	strlist_cleanup(&x->paths);
	buf_cleanup(&x->key);
	return rc;
}

static bool
next_number(struct str *s, uint64_t *ret)
{
	struct str part;
	if (!str_next(s, ',', &part) || !str_parse_u64(str_trim(part), UINT64_MAX, ret))
		return false;
	*ret = seen_sum(*ret, 0);
	return true;
}

/* ---- lcov: geninfo(1) ---- */

int
seen_read_lcov(struct str text, struct buf *out, struct dd_err *err)
{
	struct sums x;
	struct str line;
	struct seen at = {0};
	uint64_t number, count;
	sums_init(&x);
	while (str_next_line(&text, &line)) {
		struct str rest = {line.p + 3, line.n < 3 ? 0 : line.n - 3};
		if (str_starts(line, "SF:")) {
			at.file = file_number(&x, str_trim(rest));
		} else if (str_starts(line, "DA:") && at.file && next_number(&rest, &number) &&
			   next_number(&rest, &count) && number && number < UINT32_MAX) {
			at.what = SEEN_LINE;
			at.line = (uint32_t)number;
			at.a = (struct str){"", 0};
			add(&x, &at, count, false, -1);
		} else if (str_starts(line, "FNDA:") && at.file) {
			rest = (struct str){line.p + 5, line.n - 5};
			if (!next_number(&rest, &count))
				continue;
			at.what = SEEN_FUNCTION;
			at.line = 0;
			at.a = str_trim(rest);
			add(&x, &at, count, false, -1);
		}
	}
	return finish(&x, "lcov", out, err);
}

/* ---- stacks ---- */

static struct str
cut_at(struct str s, const char *what)
{
	char *at = memmem(s.p, s.n, what, strlen(what));
	return at ? (struct str){s.p, (size_t)(at - s.p)} : s;
}

/* "LazyCompile:~f /a/b.js:3:1", "py::f:/a/b.py", "ns::A<T>::f(int)+0x1f", "a/b/C.f": the name and the file. */
static struct str
frame_name(struct str s, struct str *ret_file)
{
	static const char *const tags[] = {"LazyCompile:", "Function:", "JS:", "py::", NULL};
	*ret_file = (struct str){"", 0};
	s = str_trim(s);
	for (const char *const *t = tags; *t; t++)
		if (str_starts(s, *t)) {
			s = (struct str){s.p + strlen(*t), s.n - strlen(*t)};
			const char *slash = memchr(s.p, '/', s.n);
			if (slash && slash > s.p) {
				struct str file = {slash, (size_t)(s.p + s.n - slash)};
				*ret_file = cut_at(file, ":");
				s.n = (size_t)(slash - s.p) - 1;
			}
			break;
		}
	s = cut_at(cut_at(s, "+0x"), "(");
	s = cut_at(cut_at(str_trim(s), "<"), "_[");
	while (s.n && strchr("~*^+", *s.p))
		s = (struct str){s.p + 1, s.n - 1};
	return str_behind(s, ":./");
}

/* The outermost frame first. */
static void
add_stack(struct sums *x, const struct str *frames, size_t n, uint64_t count)
{
	struct str before = {"", 0}, file;
	for (size_t i = 0; i < n; i++) {
		struct str name = frame_name(frames[i], &file);
		bool again = false;
		for (size_t k = 0; k < i && !again; k++)
			again = frames[k].n == frames[i].n &&
				memcmp(frames[k].p, frames[i].p, frames[i].n) == 0;
		if (name.n && !again)
			add(x,
				&(struct seen){.what = SEEN_FUNCTION,
					.a = name,
					.file = file_number(x, file)},
				count, false, -1);
		if (name.n && before.n)
			add(x, &(struct seen){.what = SEEN_CALL, .a = before, .b = name}, count,
				false, -1);
		before = name;
	}
}

/* Of the kernel, or of a library that is installed: its functions may have the names of ours. */
static bool
is_foreign(struct str frame)
{
	static const char *const parts[] = {"([", "(/lib", "(/usr/lib", NULL};
	for (const char *const *p = parts; *p; p++)
		if (memmem(frame.p, frame.n, *p, strlen(*p)))
			return true;
	return str_ends(frame, "_[k]");
}

static void
add_folded(struct sums *x, struct str line)
{
	struct str frames[MAX_DEPTH], frame;
	size_t n = 0, end = line.n;
	uint64_t count;
	while (end && line.p[end - 1] != ' ')
		end--;
	if (!end || !memchr(line.p, ';', end) ||
		!str_parse_u64((struct str){line.p + end, line.n - end}, UINT32_MAX, &count))
		return;
	struct str rest = {line.p, end - 1};
	while (n < MAX_DEPTH && str_next(&rest, ';', &frame))
		frames[n++] = is_foreign(frame) ? (struct str){"", 0} : frame;
	add_stack(x, frames, n, count);
}

/* "   55d0 f+0x1f (/usr/bin/x)"; an empty name is one that nothing is called. */
static bool
script_frame(struct str line, struct str *ret)
{
	struct str address, rest = line;
	if (!line.n || (line.p[0] != ' ' && line.p[0] != '\t') || !str_next_word(&rest, &address))
		return false;
	for (size_t i = 0; i < address.n; i++)
		if (!memchr("0123456789abcdef", address.p[i], 16))
			return false;
	*ret = is_foreign(rest) ? (struct str){"", 0} : cut_at(str_trim(rest), " (");
	return true;
}

/* `perf script`, and stacks folded to "a;b;c 12". */
int
seen_read_perf(struct str text, struct buf *out, struct dd_err *err)
{
	struct sums x;
	struct str line, stack[MAX_DEPTH], frame;
	size_t n = 0; /* of the stack at hand, the innermost first */
	sums_init(&x);
	for (bool more = true; more;) {
		more = str_next_line(&text, &line);
		if (more && script_frame(line, &frame)) {
			if (n < MAX_DEPTH)
				stack[n++] = frame;
			continue;
		}
		for (size_t i = 0; i < n / 2; i++) {
			struct str t = stack[i];
			stack[i] = stack[n - 1 - i];
			stack[n - 1 - i] = t;
		}
		add_stack(&x, stack, n, 1);
		n = 0;
		if (more)
			add_folded(&x, line);
	}
	return finish(&x, "perf", out, err);
}

/* ---- requests ---- */

static struct str
without_query(struct str url)
{
	url = cut_at(cut_at(url, "#"), "?");
	const char *scheme = memmem(url.p, url.n, "://", 3);
	if (scheme && !memchr(url.p, '/', (size_t)(scheme - url.p))) {
		const char *begin = scheme + 3;
		const char *slash = memchr(begin, '/', (size_t)(url.p + url.n - begin));
		url = slash ? (struct str){slash, (size_t)(url.p + url.n - slash)} : STR("/");
	}
	return url;
}

static void
add_request(struct sums *x, struct str method, struct str path, int64_t status, double us)
{
	add(x, &(struct seen){.what = SEEN_REQUEST, .a = method, .b = without_query(path)}, 1,
		status >= 500, us);
}

/* "rt=0.012", "request_time=0.012" in seconds, anywhere behind the request; -1: it is not there. */
static double
time_in_line(struct str rest)
{
	struct str word;
	while (str_next_word(&rest, &word)) {
		struct str key = cut_at(word, "=");
		if (!str_eq(key, "rt") && !str_eq(key, "request_time"))
			continue;
		OWN_FREE char *value = str_dup((struct str){word.p + key.n, word.n - key.n});
		char *end = NULL;
		double s = strtod(value + (*value == '='), &end);
		return end && s >= 0 && s < 1e6 ? s * 1e6 : -1;
	}
	return -1;
}

/* NCSA: host ident user [time] "METHOD path HTTP/1.1" status bytes ... */
static void
add_common(struct sums *x, struct str line)
{
	const char *quote = memchr(line.p, '"', line.n), *end = line.p + line.n;
	const char *close = quote ? memchr(quote + 1, '"', (size_t)(end - quote - 1)) : NULL;
	if (!close)
		return;
	struct str request = {quote + 1, (size_t)(close - quote - 1)},
		   rest = {close + 1, (size_t)(end - close - 1)}, method, path, status;
	uint64_t code;
	if (str_next_word(&request, &method) && str_next_word(&request, &path) &&
		str_next_word(&rest, &status) && str_parse_u64(status, 999, &code))
		add_request(x, method, path, (int64_t)code, time_in_line(rest));
}

static struct str
text_of(const json_t *j, const char *const *keys)
{
	for (; *keys; keys++) {
		const json_t *v = json_object_get(j, *keys);
		if (json_is_string(v))
			return str_of(json_string_value(v));
	}
	return (struct str){"", 0};
}

static double
number_of(const json_t *j, const char *const *keys)
{
	for (; *keys; keys++) {
		const json_t *v = json_object_get(j, *keys);
		if (json_is_number(v))
			return json_number_value(v);
		if (json_is_string(v))
			return strtod(json_string_value(v), NULL);
	}
	return -1;
}

static void
add_json_line(struct sums *x, struct str line)
{
	static const char *const methods[] = {"request_method", "method", NULL},
				 *const paths[] = {"request_uri", "uri", "path", "url", NULL},
				 *const states[] = {"status", "status_code", NULL},
				 *const seconds[] = {"request_time", "rt", NULL};
	OWN_JSON json_t *j = NULL;
	if (line.n > 65536 || json_parse(line, &j, NULL) < 0)
		return;
	struct str path = text_of(j, paths), method = text_of(j, methods);
	double s = number_of(j, seconds), status = number_of(j, states);
	if (path.n && method.n)
		add_request(x, method, path, status >= 0 && status < 1000 ? (int64_t)status : -1,
			s >= 0 && s < 1e6 ? s * 1e6 : -1);
}

int
seen_read_access_log(struct str text, struct buf *out, struct dd_err *err)
{
	struct sums x;
	struct str line;
	sums_init(&x);
	while (str_next_line(&text, &line)) {
		if (line.n && line.p[0] == '{')
			add_json_line(&x, line);
		else
			add_common(&x, line);
	}
	return finish(&x, "access-log", out, err);
}

/* ---- OTLP as JSON ---- */

static const json_t *
attribute(const json_t *span, const char *key)
{
	size_t i;
	json_t *a;
	json_array_foreach (json_object_get(span, "attributes"), i, a) {
		const char *k = json_string_value(json_object_get(a, "key"));
		if (k && strcmp(k, key) == 0)
			return json_object_get(a, "value");
	}
	return NULL;
}

/* The first of the attributes that is there, as text. */
static struct str
attribute_text(const json_t *span, const char *const *keys)
{
	for (; *keys; keys++) {
		const json_t *v = json_object_get(attribute(span, *keys), "stringValue");
		if (json_is_string(v))
			return str_of(json_string_value(v));
	}
	return (struct str){"", 0};
}

static double
nanoseconds(const json_t *span, const char *key)
{
	const char *const keys[] = {key, NULL};
	return number_of(span, keys);
}

static bool
is_address(struct str s)
{
	bool digits = true;
	for (size_t i = 0; i < s.n; i++)
		digits &= (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '.';
	return digits || memchr(s.p, ':', s.n);
}

static bool
is_table_letter(char c)
{
	return c == '_' || c == '.' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

/* What comes behind FROM, INTO, UPDATE or JOIN; the rest of a statement has values. */
static struct str
table_of(struct str statement)
{
	static const char *const before[] = {"from", "into", "update", "join", NULL};
	struct str word, last = {"", 0};
	while (str_next_word(&statement, &word)) {
		for (const char *const *b = before; *b; b++)
			if (last.n == strlen(*b) && strncasecmp(last.p, *b, last.n) == 0) {
				size_t n = 0;
				while (n < word.n && is_table_letter(word.p[n]))
					n++;
				return (struct str){word.p, n};
			}
		last = word;
	}
	return (struct str){"", 0};
}

static void
add_span(struct sums *x, const json_t *span)
{
	static const char *const methods[] = {"http.request.method", "http.method", NULL},
				 *const paths[] = {"http.route", "url.path", "http.target",
					 "http.url", "url.full", NULL},
				 *const tables[] = {"db.collection.name", "db.sql.table", NULL},
				 *const statements[] = {"db.query.text", "db.statement", NULL},
				 *const functions[] = {"code.function.name", "code.function", NULL},
				 *const files[] = {"code.file.path", "code.filepath", NULL},
				 *const peers[] = {
					 "peer.service", "server.address", "net.peer.name", NULL};
	double begin = nanoseconds(span, "startTimeUnixNano"),
	       end = nanoseconds(span, "endTimeUnixNano");
	double us = begin > 0 && end >= begin ? (end - begin) / 1e3 : -1;
	const json_t *kind = json_object_get(span, "kind"),
		     *code = json_object_get(json_object_get(span, "status"), "code");
	const char *k = json_string_value(kind), *c = json_string_value(code);
	bool failed = json_integer_value(code) == 2 || (c && strcmp(c, "STATUS_CODE_ERROR") == 0);
	bool client = json_integer_value(kind) == 3 || (k && strcmp(k, "SPAN_KIND_CLIENT") == 0);
	struct str method = attribute_text(span, methods), path = attribute_text(span, paths),
		   table = attribute_text(span, tables), file, peer = attribute_text(span, peers);
	if (!client && method.n && path.n)
		add(x, &(struct seen){.what = SEEN_REQUEST, .a = method, .b = without_query(path)},
			1, failed, us);
	if (!table.n)
		table = table_of(attribute_text(span, statements));
	if (table.n)
		add(x, &(struct seen){.what = SEEN_TABLE, .a = table}, 1, failed, us);
	if (client && !table.n && peer.n && !is_address(peer))
		add(x, &(struct seen){.what = SEEN_SERVICE, .a = peer}, 1, failed, us);
	struct str name = frame_name(attribute_text(span, functions), &file);
	if (name.n)
		add(x,
			&(struct seen){.what = SEEN_FUNCTION,
				.a = name,
				.file = file_number(x, attribute_text(span, files))},
			1, failed, us);
}

static void
add_document(struct sums *x, const json_t *j)
{
	size_t i, k, n;
	json_t *resource, *scope, *span;
	json_array_foreach (json_object_get(j, "resourceSpans"), i, resource) {
		json_t *scopes = json_object_get(resource, "scopeSpans");
		json_array_foreach (scopes, k, scope) {
			json_array_foreach (json_object_get(scope, "spans"), n, span) {
				add_span(x, span);
			}
		}
	}
}

/* One document, or one a line as the collector's file exporter writes them. */
int
seen_read_otlp(struct str text, struct buf *out, struct dd_err *err)
{
	struct sums x;
	struct str line;
	OWN_JSON json_t *whole = NULL;
	sums_init(&x);
	if (text.n <= MAX_DOCUMENT && json_parse(text, &whole, NULL) == 0) {
		add_document(&x, whole);
		return finish(&x, "otlp", out, err);
	}
	while (str_next_line(&text, &line)) {
		OWN_JSON json_t *j = NULL;
		if (line.n <= MAX_DOCUMENT && json_parse(line, &j, NULL) == 0)
			add_document(&x, j);
	}
	return finish(&x, "otlp", out, err);
}
