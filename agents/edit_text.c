#include "agents/edit.h"

#include <string.h>

const char *const edit_verdict_names[] = {"done", "bad path", "no file", "not text", "too large",
	"blank", "not found", "twice", "bad diff", "encoding", "no change", "breaks", NULL};

#define BOM "\xef\xbb\xbf"

/*
 * A file as it is searched: line ends are \n, and at[i] is where byte i of the text stands in the file; at[text.n] is
 * its end.
 */
struct view {
	struct str raw;
	struct buf text;
	size_t *at;
	bool latin1;
};

static void
view_cleanup(struct view *v)
{
	buf_cleanup(&v->text);
	free(v->at);
}

static size_t
utf8_length(struct str s, size_t i)
{
	unsigned char c = (unsigned char)s.p[i];
	size_t n = c < 0x80		   ? 1
		   : c >= 0xc2 && c < 0xe0 ? 2
		   : c >= 0xe0 && c < 0xf0 ? 3
		   : c >= 0xf0 && c < 0xf5 ? 4
					   : 0;
	if (!n || i + n > s.n)
		return 0;
	for (size_t k = 1; k < n; k++)
		if (((unsigned char)s.p[i + k] & 0xc0) != 0x80)
			return 0;
	return n;
}

static bool
is_utf8(struct str s)
{
	for (size_t i = 0; i < s.n;) {
		size_t n = utf8_length(s, i);
		if (!n)
			return false;
		i += n;
	}
	return true;
}

static void
view_init(struct view *v, struct str raw)
{
	size_t skip = str_starts(raw, BOM) ? strlen(BOM) : 0;
	*v = (struct view){.raw = raw, .text = {.max = EDIT_MAX_BYTES + 1}};
	v->at = mem_zalloc(raw.n + 1, sizeof(*v->at));
	v->latin1 = !is_utf8(raw);
	for (size_t i = skip; i < raw.n; i++) {
		bool crlf = raw.p[i] == '\r' && i + 1 < raw.n && raw.p[i + 1] == '\n';
		v->at[v->text.n] = i;
		buf_putc(&v->text, crlf ? '\n' : raw.p[i]);
		i += crlf;
	}
	v->at[v->text.n] = raw.n;
	if (!v->text.p)
		buf_add(&v->text, "", 0);
}

/*
 * Text of an edit in the file's encoding, its line ends \n, without a mark of its own.  False: a character of it has
 * no place there.
 */
static bool
encode(struct str s, bool latin1, struct buf *out)
{
	if (str_starts(s, BOM))
		s = (struct str){s.p + strlen(BOM), s.n - strlen(BOM)};
	bool convert = latin1 && is_utf8(s);
	for (size_t i = 0; i < s.n;) {
		unsigned char c = (unsigned char)s.p[i];
		if (c == '\r' && i + 1 < s.n && s.p[i + 1] == '\n') {
			i++;
		} else if (c < 0x80 || !convert) {
			buf_putc(out, (char)c);
			i++;
		} else if (c <= 0xc3) {
			buf_putc(out, (char)((c & 3) << 6 | ((unsigned char)s.p[i + 1] & 0x3f)));
			i += 2;
		} else {
			return false;
		}
	}
	return latin1 || is_utf8(buf_str(out));
}

/*
 * The two texts of an edit.  A file of two encodings has places that read like the text as it is: those are meant.
 */
static bool
encode_both(const struct view *v, struct str find, struct str text, struct buf *ret_find,
	struct buf *ret_text)
{
	(void)encode(find, false, ret_find);
	bool ascii = true;
	for (size_t i = 0; i < ret_find->n; i++)
		ascii = ascii && (unsigned char)ret_find->p[i] < 0x80;
	if (v->latin1 && !ascii && ret_find->n &&
		memmem(v->text.p, v->text.n, ret_find->p, ret_find->n)) {
		(void)encode(text, false, ret_text);
		return true;
	}
	buf_reset(ret_find);
	return encode(find, v->latin1, ret_find) && encode(text, v->latin1, ret_text);
}

/* ---- places ---- */

static size_t
line_of(struct str text, size_t at)
{
	size_t line = 1;
	for (size_t i = 0; i < at && i < text.n; i++)
		line += text.p[i] == '\n';
	return line;
}

static size_t
count_lines(struct str s)
{
	size_t n = line_of(s, s.n);
	return n - (s.n && s.p[s.n - 1] == '\n');
}

/* How much alike two lines are, white space at their ends aside: 0 to 1000. */
static size_t
likeness(struct str a, struct str b)
{
	a = str_trim(a);
	b = str_trim(b);
	size_t longer = a.n > b.n ? a.n : b.n, shorter = a.n > b.n ? b.n : a.n, head = 0, tail = 0;
	if (!longer || !shorter)
		return 0;
	while (head < shorter && a.p[head] == b.p[head])
		head++;
	while (tail < shorter - head && a.p[a.n - 1 - tail] == b.p[b.n - 1 - tail])
		tail++;
	return (head + tail) * 1000 / longer;
}

#define NEAREST_LINES 40
#define NEAREST_WORK 4000000 /* pairs of lines that are compared at most */

static size_t
split(struct str text, struct str *lines, size_t max)
{
	size_t n = 0;
	struct str line;
	for (struct str rest = text; n < max && str_next_line(&rest, &line);)
		lines[n++] = line;
	return n;
}

static struct edit_place
nearest(struct str text, struct str find)
{
	struct str wanted[NEAREST_LINES];
	size_t nwanted = split(find, wanted, NEAREST_LINES), n = count_lines(text), best = 0,
	       found = 0;
	struct str *lines = mem_zalloc(n + 1, sizeof(*lines));
	n = split(text, lines, n);
	for (size_t i = 0; i < n && i * nwanted < NEAREST_WORK; i++) {
		size_t score = 0;
		for (size_t k = 0; k < nwanted && i + k < n; k++)
			score += likeness(lines[i + k], wanted[k]);
		if (score > best) {
			best = score;
			found = i + 1;
		}
	}
	free(lines);
	if (best < 300 * nwanted || !found)
		return (struct edit_place){0};
	size_t last = found + nwanted - 1;
	return (struct edit_place){found, last < n ? last : n};
}

static enum edit_verdict
refuse(enum edit_verdict verdict, const char *path, const char *why, struct edit_place where,
	struct edit_place *place, struct dd_err *err)
{
	*place = where;
	if (!where.first)
		(void)err_set(err, DD_EINVAL, "%s: %s", path, why);
	else if (verdict == EDIT_TWICE)
		(void)err_set(err, DD_EINVAL, "%s: %s: lines %zu and %zu", path, why, where.first,
			where.last);
	else
		(void)err_set(err, DD_EINVAL, "%s: %s; nearest are lines %zu to %zu", path, why,
			where.first, where.last);
	return verdict;
}

/* ---- putting in ---- */

/* The line end of the file at a place: that of the line there, else of the line before, else of the first. */
static bool
has_crlf_at(const struct view *v, size_t at)
{
	const char *p = v->text.p;
	size_t i = at;
	while (i < v->text.n && p[i] != '\n')
		i++;
	if (i == v->text.n)
		for (i = at; i > 0 && p[i - 1] != '\n'; i--)
			;
	if (i == v->text.n || p[i] != '\n') {
		if (!i)
			return false;
		i--;
	}
	return v->raw.p[v->at[i]] == '\r';
}

static void
put_lines(struct buf *out, struct str text, bool crlf)
{
	for (size_t i = 0; i < text.n; i++) {
		if (crlf && text.p[i] == '\n')
			buf_putc(out, '\r');
		buf_putc(out, text.p[i]);
	}
}

/* A text cut behind each of its line ends. */
static struct str *
cut_lines(struct str text, size_t *ret_n)
{
	struct str *lines = NULL;
	size_t cap = 0;
	*ret_n = 0;
	while (text.n) {
		const char *nl = memchr(text.p, '\n', text.n);
		size_t n = nl ? (size_t)(nl - text.p) + 1 : text.n;
		lines = mem_grow(lines, *ret_n, &cap, sizeof(*lines));
		lines[(*ret_n)++] = (struct str){text.p, n};
		text = (struct str){text.p + n, text.n - n};
	}
	return lines;
}

#define LCS_MAX \
	((size_t)4 \
		<< 20) /* cells; without them, only what is the same at both ends is known to be */

/* length[i * (nb + 1) + k]: of the longest common sequence of lines of a from i and b from k; NULL: too many. */
static uint32_t *
common_lines(const struct str *a, size_t na, const struct str *b, size_t nb)
{
	if ((na + 1) > LCS_MAX / (nb + 1))
		return NULL;
	uint32_t *length = mem_zalloc((na + 1) * (nb + 1), sizeof(*length));
	for (size_t i = na; i-- > 0;)
		for (size_t k = nb; k-- > 0;) {
			uint32_t down = length[(i + 1) * (nb + 1) + k],
				 right = length[i * (nb + 1) + k + 1];
			length[i * (nb + 1) + k] = str_same(a[i], b[k])
							   ? length[(i + 1) * (nb + 1) + k + 1] + 1
						   : down > right ? down
								  : right;
		}
	return length;
}

/*
 * Where line ends are mixed: a line that stays keeps its own, one that takes the place of another takes that one's, and
 * one more that of the line before it.
 */
static void
put_mixed(const struct view *v, size_t from, size_t to, struct str text, struct buf *out)
{
	size_t na, nb, i = 0, k = 0, at = from;
	struct str *a = cut_lines((struct str){v->text.p + from, to - from}, &na),
		   *b = cut_lines(text, &nb);
	uint32_t *length = common_lines(a, na, b, nb);
	bool crlf = has_crlf_at(v, from);
	while (k < nb) {
		bool same = i < na && str_same(a[i], b[k]);
		bool stays = same && (!length || length[i * (nb + 1) + k] ==
							 length[(i + 1) * (nb + 1) + k + 1] + 1);
		bool dropped = i < na && !stays && length &&
			       length[(i + 1) * (nb + 1) + k] > length[i * (nb + 1) + k + 1];
		if (i < na && memchr(a[i].p, '\n', a[i].n))
			crlf = has_crlf_at(v, at);
		if (stays)
			buf_add(out, v->raw.p + v->at[at], v->at[at + a[i].n] - v->at[at]);
		else if (!dropped)
			put_lines(out, b[k], crlf);
		bool replaced =
			i < na && !stays && !dropped &&
			(!length || length[(i + 1) * (nb + 1) + k + 1] == length[i * (nb + 1) + k]);
		k += !dropped;
		if (stays || dropped || replaced)
			at += a[i++].n;
	}
	free(length);
	free(a);
	free(b);
}

static bool
is_mixed(const struct view *v, size_t from, size_t to)
{
	bool seen[2] = {false, false};
	for (size_t i = from; i < to; i++)
		if (v->text.p[i] == '\n')
			seen[v->raw.p[v->at[i]] == '\r'] = true;
	return seen[0] && seen[1];
}

/*
 * The same where a diff says which lines stay: ops has a blank, - or + for each of its lines, or < or > for a + in a diff
 * that shows line ends itself: \n and \r\n.
 */
static void
put_by_ops(const struct view *v, size_t from, struct str text, struct str ops, struct buf *out)
{
	size_t na, nb, i = 0, k = 0, at = from, gone = 0;
	struct str *a = cut_lines((struct str){v->text.p + from, v->text.n - from}, &na),
		   *b = cut_lines(text, &nb);
	bool crlf = has_crlf_at(v, from);
	size_t *removed = mem_zalloc(ops.n + 1, sizeof(*removed)); /* where lines that go stood */
	size_t nremoved = 0;
	for (size_t o = 0; o < ops.n; o++) {
		char op = ops.p[o];
		bool is_new = op == '+' || op == '<' || op == '>';
		if (is_new && k < nb) {
			crlf = gone < nremoved ? has_crlf_at(v, removed[gone++]) : crlf;
			put_lines(out, b[k++], op == '+' ? crlf : op == '>');
			continue;
		}
		if (is_new || i >= na)
			continue;
		if (memchr(a[i].p, '\n', a[i].n))
			crlf = has_crlf_at(v, at);
		if (op == '-') {
			removed[nremoved++] = at;
		} else {
			buf_add(out, v->raw.p + v->at[at], v->at[at + a[i].n] - v->at[at]);
			gone = nremoved;
			k++;
		}
		at += a[i++].n;
	}
	free(removed);
	free(a);
	free(b);
}

/* Bytes [from, to) of the text become `text`; ops: of a diff, else empty. */
static void
splice_in(const struct view *v, size_t from, size_t to, struct str text, struct str ops,
	struct buf *out)
{
	buf_add(out, v->raw.p, v->at[from]);
	if (ops.n && is_mixed(v, from, to))
		put_by_ops(v, from, text, ops, out);
	else if (is_mixed(v, from, to))
		put_mixed(v, from, to, text, out);
	else
		put_lines(out, text, has_crlf_at(v, from));
	buf_add(out, v->raw.p + v->at[to], v->raw.n - v->at[to]);
}

static enum edit_verdict
replace(const struct edit *e, const struct view *v, struct buf *after, struct edit_place *place,
	struct dd_err *err)
{
	OWN(buf) struct buf find = {.max = EDIT_MAX_BYTES}, text = {.max = EDIT_MAX_BYTES};
	const struct edit_place none = {0};
	if (!str_trim(e->find).n)
		return refuse(EDIT_BLANK, e->path, "the text to be found is empty or white space",
			none, place, err);
	if (!encode_both(v, e->find, e->text, &find, &text))
		return refuse(EDIT_ENCODING, e->path,
			"it has a character that the file's encoding has not", none, place, err);
	if (!find.n) /* a mark of byte order, and nothing behind it */
		return refuse(EDIT_BLANK, e->path, "the text to be found is empty or white space",
			none, place, err);
	struct str all = buf_str(&v->text);
	const char *hit = all.n ? memmem(all.p, all.n, find.p, find.n) : NULL;
	if (!hit)
		return refuse(EDIT_NOT_FOUND, e->path, "no place reads like that",
			nearest(all, buf_str(&find)), place, err);
	size_t at = (size_t)(hit - all.p);
	const char *again = memmem(hit + 1, all.n - at - 1, find.p, find.n);
	if (again)
		return refuse(EDIT_TWICE, e->path, "more than one place reads like that",
			(struct edit_place){
				line_of(all, at), line_of(all, (size_t)(again - all.p))},
			place, err);
	splice_in(v, at, at + find.n, buf_str(&text), STR(""), after);
	return EDIT_DONE;
}

static enum edit_verdict
whole(const struct edit *e, const struct view *v, struct buf *after, struct edit_place *place,
	struct dd_err *err)
{
	OWN(buf) struct buf text = {.max = EDIT_MAX_BYTES};
	const struct edit_place none = {0};
	bool there = v->raw.n > 0, ended = there && v->text.n && v->text.p[v->text.n - 1] == '\n';
	/* An ASCII file may become one with other characters. */
	if (!encode(e->text, there && v->latin1, &text))
		return refuse(EDIT_ENCODING, e->path,
			"it has a character that the file's encoding has not", none, place, err);
	if (there && v->text.n && ended && text.n && text.p[text.n - 1] != '\n')
		buf_putc(&text, '\n');
	while (there && v->text.n && !ended && text.n && text.p[text.n - 1] == '\n')
		text.n--;
	if (str_starts(v->raw, BOM))
		buf_puts(after, BOM);
	put_lines(after, buf_str(&text), v->text.n && has_crlf_at(v, 0));
	return EDIT_DONE;
}

/* ---- unified diff (POSIX diff -u, and git's "\ No newline at end of file") ---- */

struct hunk {
	uint64_t line; /* of the file with the hunks before it made, from 1 */
	struct buf before, after, ops;
	size_t nbefore, nafter;
};

static void
hunk_cleanup(struct hunk *h)
{
	buf_cleanup(&h->before);
	buf_cleanup(&h->after);
	buf_cleanup(&h->ops);
}

/* "12,3" or "12". */
static bool
parse_range(struct str s, uint64_t *ret_line, uint64_t *ret_count)
{
	struct str line;
	uint64_t count = 1;
	const char *comma = s.n ? memchr(s.p, ',', s.n) : NULL;
	line = comma ? (struct str){s.p, (size_t)(comma - s.p)} : s;
	if (comma && !str_parse_u64((struct str){comma + 1, s.n - line.n - 1}, UINT32_MAX, &count))
		return false;
	*ret_count = count;
	return str_parse_u64(line, UINT32_MAX, ret_line);
}

static bool
parse_header(struct str line, struct hunk *h, uint64_t *ret_before, uint64_t *ret_after)
{
	struct str word, rest = line;
	uint64_t old;
	return str_next_word(&rest, &word) && str_eq(word, "@@") && str_next_word(&rest, &word) &&
	       word.n > 1 && word.p[0] == '-' &&
	       parse_range((struct str){word.p + 1, word.n - 1}, &old, ret_before) &&
	       str_next_word(&rest, &word) && word.n > 1 && word.p[0] == '+' &&
	       parse_range((struct str){word.p + 1, word.n - 1}, &h->line, ret_after);
}

static void
put_line(struct buf *b, size_t *n, struct str line)
{
	buf_add_str(b, line);
	buf_putc(b, '\n');
	(*n)++;
}

static void
drop_newline(struct buf *b)
{
	if (b->n && b->p[b->n - 1] == '\n')
		b->n--;
}

/* Its lines, exactly as many as the header says. */
static bool
parse_body(struct str *rest, uint64_t before, uint64_t after, struct hunk *h)
{
	struct str line, ahead = *rest;
	const char *end = rest->p + rest->n;
	char last = 0;
	bool exact = false;
	while (str_next_line(&ahead, &line)) {
		bool more = h->nbefore < before || h->nafter < after;
		struct str text = line.n ? (struct str){line.p + 1, line.n - 1} : line;
		char what = line.n ? line.p[0] : ' ';
		if (what == '\\') {
			if (last != '+')
				drop_newline(&h->before);
			if (last != '-')
				drop_newline(&h->after);
			*rest = ahead;
			continue;
		}
		if (!more)
			break;
		if (what != ' ' && what != '-' && what != '+')
			return false;
		if (what != '+')
			put_line(&h->before, &h->nbefore, text);
		if (what != '-')
			put_line(&h->after, &h->nafter, text);
		bool cr = line.p && line.p + line.n < end && line.p[line.n] == '\r';
		last = what;
		exact = exact || cr;
		buf_putc(&h->ops, what != '+' ? what : cr ? '>' : '<');
		*rest = ahead;
	}
	for (size_t i = 0; !exact && i < h->ops.n; i++)
		if (h->ops.p[i] == '<')
			h->ops.p[i] = '+';
	return h->nbefore == before && h->nafter == after;
}

/* Is `find` there at whole lines? */
static bool
fits_at(struct str all, size_t at, struct str find)
{
	if (at + find.n > all.n || memcmp(all.p + at, find.p, find.n) != 0)
		return false;
	bool begins = at == 0 || all.p[at - 1] == '\n';
	bool ends = at + find.n == all.n || (find.n && find.p[find.n - 1] == '\n');
	return begins && ends;
}

static size_t
offset_of_line(struct str all, uint64_t line)
{
	size_t at = 0;
	for (uint64_t n = 1; n < line && at < all.n; n++) {
		const char *nl = memchr(all.p + at, '\n', all.n - at);
		at = nl ? (size_t)(nl - all.p) + 1 : all.n;
	}
	return at;
}

/* Where the lines are: at the named line, else at the only place that has them. */
static enum edit_verdict
find_hunk(const struct edit *e, struct str all, const struct hunk *h, size_t *ret_at,
	struct edit_place *place, struct dd_err *err)
{
	struct str find = buf_str(&h->before);
	size_t found = SIZE_MAX, at = offset_of_line(all, h->line);
	if (!str_trim(find).n)
		return refuse(EDIT_BLANK, e->path, "a hunk has no line to be found by",
			(struct edit_place){0}, place, err);
	if (fits_at(all, at, find)) {
		*ret_at = at;
		return EDIT_DONE;
	}
	for (at = 0; at < all.n;) {
		const char *hit = memmem(all.p + at, all.n - at, find.p, find.n);
		if (!hit)
			break;
		at = (size_t)(hit - all.p);
		if (fits_at(all, at, find) && found != SIZE_MAX)
			return refuse(EDIT_TWICE, e->path, "a hunk fits more than one place",
				(struct edit_place){line_of(all, found), line_of(all, at)}, place,
				err);
		if (fits_at(all, at, find))
			found = at;
		at++;
	}
	if (found == SIZE_MAX)
		return refuse(EDIT_NOT_FOUND, e->path, "a hunk fits no place", nearest(all, find),
			place, err);
	*ret_at = found;
	return EDIT_DONE;
}

static enum edit_verdict
apply_hunk(const struct edit *e, struct str raw, struct hunk *h, struct buf *after,
	struct edit_place *place, struct dd_err *err)
{
	OWN(view) struct view v = {0};
	view_init(&v, raw);
	OWN(buf) struct buf find = {.max = EDIT_MAX_BYTES}, text = {.max = EDIT_MAX_BYTES};
	size_t at = 0;
	if (!encode_both(&v, buf_str(&h->before), buf_str(&h->after), &find, &text))
		return refuse(EDIT_ENCODING, e->path,
			"it has a character that the file's encoding has not",
			(struct edit_place){0}, place, err);
	if (!raw.n && !h->nbefore) { /* a new file */
		buf_add_str(after, buf_str(&text));
		return EDIT_DONE;
	}
	buf_cleanup(&h->before);
	h->before = find;
	find = (struct buf){0};
	/* A last line that is not ended is written as ended by tools that leave the mark out. */
	struct str all = buf_str(&v.text);
	bool open = all.n && all.p[all.n - 1] != '\n';
	enum edit_verdict verdict = find_hunk(e, all, h, &at, place, err);
	if (verdict == EDIT_NOT_FOUND && open && h->before.n > 1 &&
		h->before.p[h->before.n - 1] == '\n' && h->before.n <= all.n + 1 &&
		fits_at(all, all.n + 1 - h->before.n, (struct str){h->before.p, h->before.n - 1})) {
		drop_newline(&h->before);
		drop_newline(&text);
		verdict = find_hunk(e, all, h, &at, place, err);
	}
	if (verdict == EDIT_DONE)
		splice_in(&v, at, at + h->before.n, buf_str(&text), buf_str(&h->ops), after);
	return verdict;
}

/* "--- a/PATH\tdate": the path, without the prefixes git gives. */
static bool
names_path(struct str line, const char *path)
{
	struct str name = {line.p + 4, line.n - 4};
	const char *tab = name.n ? memchr(name.p, '\t', name.n) : NULL;
	if (tab)
		name.n = (size_t)(tab - name.p);
	name = str_trim(name);
	if (str_eq(name, path) || str_eq(name, "/dev/null"))
		return true;
	return (str_starts(name, "a/") || str_starts(name, "b/")) &&
	       str_eq((struct str){name.p + 2, name.n - 2}, path);
}

static enum edit_verdict
bad_diff(const struct edit *e, const char *why, struct edit_place *place, struct dd_err *err)
{
	return refuse(EDIT_BAD_DIFF, e->path, why, (struct edit_place){0}, place, err);
}

static enum edit_verdict
diff(const struct edit *e, struct str before, struct buf *after, struct edit_place *place,
	struct dd_err *err)
{
	OWN(buf) struct buf now = {.max = EDIT_MAX_BYTES + 1};
	struct str line, rest = e->text;
	size_t hunks = 0;
	buf_add_str(&now, before);
	while (str_next_line(&rest, &line)) {
		OWN(hunk) struct hunk h = {0};
		OWN(buf) struct buf next = {.max = EDIT_MAX_BYTES + 1};
		uint64_t nbefore, nafter;
		bool name = str_starts(line, "--- ") || str_starts(line, "+++ ");
		if (name && !names_path(line, e->path))
			return bad_diff(e, "the diff is of another file", place, err);
		if (str_starts(line, "+++ /dev/null"))
			return bad_diff(e, "the diff removes the file", place, err);
		if (!str_starts(line, "@@"))
			continue;
		if (!parse_header(line, &h, &nbefore, &nafter) ||
			!parse_body(&rest, nbefore, nafter, &h))
			return bad_diff(e, "a hunk has not the lines its header says", place, err);
		enum edit_verdict v = apply_hunk(e, buf_str(&now), &h, &next, place, err);
		if (v != EDIT_DONE)
			return v;
		buf_cleanup(&now);
		now = next;
		next = (struct buf){0};
		hunks++;
	}
	if (!hunks)
		return bad_diff(e, "it is no unified diff", place, err);
	buf_add_str(after, buf_str(&now));
	return EDIT_DONE;
}

/* ---- all three ---- */

static bool
is_text(struct str s)
{
	return !(s.n >= 2 &&
		       (memcmp(s.p, "\xff\xfe", 2) == 0 || memcmp(s.p, "\xfe\xff", 2) == 0)) &&
	       !(s.n && memchr(s.p, 0, s.n));
}

enum edit_verdict
edit_text(const struct edit *e, struct str before, struct buf *after, struct edit_place *place,
	struct dd_err *err)
{
	const struct edit_place none = {0};
	OWN(view) struct view v = {0};
	size_t old = after->n;
	*place = none;
	if (before.n > EDIT_MAX_BYTES || e->text.n > EDIT_MAX_BYTES || e->find.n > EDIT_MAX_BYTES)
		return refuse(EDIT_TOO_LARGE, e->path, "it is too large", none, place, err);
	if (!is_text(before) || !is_text(e->text) || !is_text(e->find))
		return refuse(EDIT_NOT_TEXT, e->path, "it is no text", none, place, err);
	view_init(&v, before);
	enum edit_verdict verdict = EDIT_DONE;
	switch (e->kind) {
	case EDIT_REPLACE:
		verdict = replace(e, &v, after, place, err);
		break;
	case EDIT_DIFF:
		verdict = diff(e, before, after, place, err);
		break;
	case EDIT_WHOLE:
		verdict = whole(e, &v, after, place, err);
		break;
	case EDIT_BYTES:
		buf_add_str(after, e->text);
		break;
	}
	if (verdict == EDIT_DONE && after->truncated)
		verdict = refuse(EDIT_TOO_LARGE, e->path, "it gets too large", none, place, err);
	if (verdict == EDIT_DONE && after->n - old == before.n &&
		(!before.n || memcmp(after->p + old, before.p, before.n) == 0))
		verdict = refuse(EDIT_NO_CHANGE, e->path, "it changes nothing", none, place, err);
	if (verdict != EDIT_DONE)
		after->n = old;
	return verdict;
}
