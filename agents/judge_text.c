#include "agents/judge_text.h"

#include <ctype.h>
#include <string.h>

static bool
has(struct str s, const char *word)
{
	return memmem(s.p, s.n, word, strlen(word)) != NULL;
}

static bool
is_noise(struct str line)
{
	static const char *const words[] = {"duration", "elapsed", "seconds", "wallclock",
		"time=", " ms", "Time:", "timestamp", NULL};
	for (size_t i = 0; words[i]; i++)
		if (has(line, words[i]))
			return true;
	return !line.n;
}

/* Bytes of digits at the start. */
static size_t
digits(struct str s)
{
	size_t n = 0;
	while (n < s.n && isdigit((unsigned char)s.p[n]))
		n++;
	return n;
}

/* "file.c:7:", "line 7": bytes of what stands before the number, 0: it is no place. */
static size_t
place(struct str s)
{
	size_t skip = str_starts(s, " line ") ? 6 : str_starts(s, ":") ? 1 : 0;
	struct str rest = {s.p + skip, s.n - skip};
	size_t n = skip ? digits(rest) : 0;
	bool ends = n == rest.n || rest.p[n] == ':' || rest.p[n] == ')';
	return n && (skip > 1 || ends) ? skip : 0;
}

/* Durations and addresses are others each time, places in files mean nothing. */
static void
put_steady(struct str line, struct buf *out)
{
	for (size_t i = 0; i < line.n; i++) {
		struct str rest = {line.p + i, line.n - i};
		size_t before = place(rest);
		if (str_starts(rest, "0x")) {
			buf_puts(out, "0x");
			for (i += 2; i < line.n && isxdigit((unsigned char)line.p[i]);)
				i++;
			i--;
		} else if (str_starts(rest, " in ") &&
			   digits((struct str){rest.p + 4, rest.n - 4})) {
			return;
		} else if (before) {
			buf_add(out, rest.p, before);
			i += before + digits((struct str){rest.p + before, rest.n - before}) - 1;
		} else {
			buf_putc(out, line.p[i]);
		}
	}
}

void
judge_text_lines(struct str output, struct map *ret)
{
	struct str line;
	OWN(buf) struct buf s = {0};
	while (str_next_line(&output, &line)) {
		line = str_trim(line);
		if (is_noise(line))
			continue;
		buf_reset(&s);
		put_steady(line, &s);
		if (s.n)
			map_put_str(ret, buf_str(&s), ret);
	}
}

void
judge_text_put(struct str all, struct span at, struct str text, struct buf *out)
{
	size_t end = at.at + at.n;
	buf_add(out, all.p, at.at);
	buf_add_str(out, text);
	buf_add(out, all.p + end, all.n - end);
}

void
judge_text_unquote(const struct map *lines, struct str is, struct str was, struct map *ret)
{
	OWN(buf) struct buf quoted = {0}, original = {0}, s = {0};
	put_steady(str_trim(is), &quoted);
	put_steady(str_trim(was), &original);
	for (struct map_entry *e = map_first(lines); e; e = map_next(e)) {
		struct str line = str_of(map_key(e));
		const char *at = quoted.n ? memmem(line.p, line.n, quoted.p, quoted.n) : NULL;
		if (!at) {
			map_put_str(ret, line, ret);
			continue;
		}
		buf_reset(&s);
		judge_text_put(line, (struct span){(size_t)(at - line.p), quoted.n},
			buf_str(&original), &s);
		map_put_str(ret, buf_str(&s), ret);
	}
}

bool
judge_text_is_among(const struct map *lines, const struct map *of)
{
	for (struct map_entry *e = map_first(lines); e; e = map_next(e))
		if (!map_get(of, map_key(e)))
			return false;
	return true;
}

static bool
is_word_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.';
}

/* Where the token stands by itself, from `at` on; NULL. */
static const char *
find_token(struct str text, struct str token, const char *at)
{
	while (token.n) {
		const char *p = memmem(at, text.n - (size_t)(at - text.p), token.p, token.n);
		if (!p)
			return NULL;
		const char *end = p + token.n;
		bool free_end = end == text.p + text.n || !is_word_byte(*end) ||
				(*end == '.' && (end + 1 == text.p + text.n ||
							!isdigit((unsigned char)end[1])));
		if ((p == text.p || !is_word_byte(p[-1])) && free_end)
			return p;
		at = p + 1;
	}
	return NULL;
}

bool
judge_text_has_token(struct str text, struct str token)
{
	return find_token(text, token, text.p) != NULL;
}

void
judge_text_mark(struct str text, struct str token, struct buf *out)
{
	const char *from = text.p, *p;
	while ((p = find_token(text, token, from))) {
		buf_add(out, from, (size_t)(p - from));
		buf_putc(out, '\1');
		from = p + token.n;
	}
	buf_add(out, from, text.n - (size_t)(from - text.p));
}

/* The text with `is` wherever `was` stands by itself, appended. */
static void
put_replaced(struct str text, struct str was, struct str is, struct buf *out)
{
	const char *from = text.p, *p;
	while (was.n && (p = find_token(text, was, from))) {
		buf_add(out, from, (size_t)(p - from));
		buf_add_str(out, is);
		from = p + was.n;
	}
	buf_add(out, from, text.n - (size_t)(from - text.p));
}

/* What stands in the lines between those two. */
static void
take_between(const struct map *lines, struct str before, struct str after, struct map *ret)
{
	for (struct map_entry *e = map_first(lines); e; e = map_next(e)) {
		struct str line = str_of(map_key(e));
		size_t around = before.n + after.n;
		if (line.n > around && memcmp(line.p, before.p, before.n) == 0 &&
			memcmp(line.p + line.n - after.n, after.p, after.n) == 0)
			map_put_str(ret, (struct str){line.p + before.n, line.n - around}, ret);
	}
}

void
judge_text_answers(const struct failure_form *f, const struct map *lines, struct map *ret)
{
	const char *end = f->line.p + f->line.n, *p = f->line.p;
	for (; (p = find_token(f->line, f->got, p)); p += f->got.n) {
		OWN(buf) struct buf before = {0}, after = {0}, given = {0}, rest = {0};
		const char *behind = p + f->got.n;
		put_replaced((struct str){f->line.p, (size_t)(p - f->line.p)}, f->other, f->wanted,
			&before);
		put_replaced(
			(struct str){behind, (size_t)(end - behind)}, f->other, f->wanted, &after);
		take_between(lines, buf_str(&before), buf_str(&after), ret);
		put_replaced(buf_str(&before), f->was, f->is, &given);
		put_replaced(buf_str(&after), f->was, f->is, &rest);
		take_between(lines, buf_str(&given), buf_str(&rest), ret);
	}
}

static bool
begins_number(struct str s, size_t at)
{
	return isdigit((unsigned char)s.p[at]) &&
	       (at == 0 || !(is_word_byte(s.p[at - 1]) || s.p[at - 1] == '$'));
}

/* The next number that stands for itself, from `at` on. */
bool
judge_text_number(struct str text, size_t at, struct span *ret)
{
	for (size_t i = at; i < text.n; i++) {
		if (!isdigit((unsigned char)text.p[i]))
			continue;
		size_t end = i;
		while (end < text.n && is_word_byte(text.p[end]))
			end++;
		while (text.p[end - 1] == '.')
			end--;
		*ret = (struct span){i, end - i};
		if (begins_number(text, i))
			return true;
		i = end;
	}
	return false;
}

bool
judge_text_string(struct str text, size_t at, struct span *ret)
{
	for (size_t i = at; i < text.n; i++) {
		char q = text.p[i];
		if (q != '"' && q != '\'')
			continue;
		size_t end = i + 1;
		while (end < text.n && text.p[end] != q)
			end += 1 + (text.p[end] == '\\');
		if (end >= text.n)
			return false;
		*ret = (struct span){i + 1, end - i - 1};
		bool digits = false;
		for (size_t k = i + 1; k < end; k++)
			digits = digits || isdigit((unsigned char)text.p[k]);
		if (end > i + 1 && !digits)
			return true;
		i = end;
	}
	return false;
}

bool
judge_text_names_files(struct str line)
{
	static const char *const words[] = {
		"#include", "import ", "from ", "require", "use ", ". ", "source ", NULL};
	for (size_t i = 0; words[i]; i++)
		if (str_starts(line, words[i]))
			return true;
	return has(line, "require(") || has(line, " import ");
}

/* Another value like it; which: 0, 1, ... */
void
judge_text_other(struct str v, int which, struct buf *out)
{
	static const int by[VARIATIONS] = {1, 4, 10, 100};
	uint64_t n;
	if (str_parse_u64(v, 1000000000, &n)) {
		buf_printf(out, "%llu", (unsigned long long)n + (unsigned)by[which]);
	} else if (v.n && isdigit((unsigned char)v.p[v.n - 1])) {
		buf_add(out, v.p, v.n - 1);
		buf_putc(out, (char)('0' + (v.p[v.n - 1] - '0' + 1 + which) % 10));
	} else {
		buf_add_str(out, v);
		buf_puts(out, which ? "yx" : "x");
	}
}

void
judge_text_alike(struct str v, bool twice, struct buf *out)
{
	for (int times = twice ? 2 : 1; times > 0; times--)
		for (size_t i = 0; i < v.n; i++) {
			char c = v.p[i];
			bool escaped = i && v.p[i - 1] == '\\';
			if (escaped || !isalnum((unsigned char)c))
				buf_putc(out, c);
			else
				buf_putc(out, c == 'z'	 ? 'a'
					      : c == 'Z' ? 'A'
					      : c == '9' ? '0'
							 : (char)(c + 1));
		}
}

/* Lines of `a` that `b` has not. */
void
judge_text_only_in(const struct map *a, const struct map *b, struct map *ret)
{
	for (struct map_entry *e = map_first(a); e; e = map_next(e))
		if (!map_get(b, map_key(e)))
			map_put(ret, map_key(e), ret);
}

bool
judge_text_any_has(const struct map *lines, struct str token)
{
	for (struct map_entry *e = map_first(lines); e; e = map_next(e))
		if (judge_text_has_token(str_of(map_key(e)), token))
			return true;
	return false;
}

/* Another operator or number; false: there is nothing in the line that can be changed so. */
bool
judge_text_mutant(struct str line, struct buf *out)
{
	static const char *const swaps[][2] = {{" % ", " + "}, {" * ", " + "}, {" + ", " - "},
		{" - ", " + "}, {" == ", " != "}, {" != ", " == "}, {" === ", " !== "},
		{" < ", " >= "}, {" > ", " <= "}, {" <= ", " > "}, {" >= ", " < "},
		{" && ", " || "}, {" and ", " or "}};
	OWN(buf) struct buf other = {0};
	struct span v;
	for (size_t i = 0; i < sizeof(swaps) / sizeof(*swaps); i++) {
		const char *at = memmem(line.p, line.n, swaps[i][0], strlen(swaps[i][0]));
		if (!at)
			continue;
		v = (struct span){(size_t)(at - line.p), strlen(swaps[i][0])};
		judge_text_put(line, v, str_of(swaps[i][1]), out);
		return true;
	}
	if (!judge_text_number(line, 0, &v))
		return false;
	judge_text_other((struct str){line.p + v.at, v.n}, 0, &other);
	judge_text_put(line, v, buf_str(&other), out);
	return true;
}

/* ---- limits ---- */

#define NUMBERS_MAX 8

static bool
is_order(struct str s, size_t at)
{
	static const char *const words[] = {
		"-lt ", "-le ", "-gt ", "-ge ", " lt ", " le ", " gt ", " ge "};
	struct str rest = {s.p + at, s.n - at};
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (str_starts(rest, words[i]))
			return true;
	return false;
}

/* Bytes of an operator that orders what is on its sides; 0: there is none.  "->", "=>", "<<" are others. */
static size_t
order_operator(struct str s, size_t at)
{
	char c = s.p[at], before = at ? s.p[at - 1] : ' ';
	if (is_order(s, at))
		return 3;
	if ((c != '<' && c != '>') || strchr("-=<>", before))
		return 0;
	char after = at + 1 < s.n ? s.p[at + 1] : ' ';
	return after == '=' ? 2 : strchr("<>-", after) ? 0 : 1;
}

struct skeleton {	 /* of a line */
	struct buf text; /* numbers and operators of order are all the same */
	struct span v[NUMBERS_MAX];
	bool limit[NUMBERS_MAX]; /* such an operator is beside the number */
	size_t n;
};

static void
skeleton_cleanup(struct skeleton *s)
{
	buf_cleanup(&s->text);
}

static void
take_skeleton(struct str line, struct skeleton *ret)
{
	struct span v;
	bool order = false; /* what came last that is no blank */
	for (size_t i = 0; i < line.n;) {
		size_t op = order_operator(line, i);
		if (op) {
			if (ret->n && ret->text.p[ret->text.n - 1] == '#')
				ret->limit[ret->n - 1] = true;
			buf_putc(&ret->text, '<');
			i += op;
			order = true;
		} else if (ret->n < NUMBERS_MAX && begins_number(line, i) &&
			   judge_text_number(line, i, &v)) {
			ret->limit[ret->n] = order;
			ret->v[ret->n++] = v;
			buf_putc(&ret->text, '#');
			i += v.n;
			order = false;
		} else {
			if (!isspace((unsigned char)line.p[i])) {
				buf_putc(&ret->text, line.p[i]);
				order = false;
			}
			i++;
		}
	}
}

bool
judge_text_limit_moved(struct str was, struct str is)
{
	OWN(skeleton) struct skeleton a = {0}, b = {0};
	size_t moved = 0;
	take_skeleton(was, &a);
	take_skeleton(is, &b);
	if (!str_same(buf_str(&a.text), buf_str(&b.text)))
		return false;
	for (size_t i = 0; i < b.n; i++) {
		struct str old = {was.p + a.v[i].at, a.v[i].n}, now = {is.p + b.v[i].at, b.v[i].n};
		if (str_same(old, now))
			continue;
		if (!b.limit[i] || !a.limit[i])
			return false;
		moved++;
	}
	return moved == 1;
}
