#include "parity/vary_text.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#define WORD_LONG 300
#define PRINTED_MAX 300
#define COUNT(list) (sizeof(list) / sizeof(*(list)))

/* Where programs count, compare and divide. */
static const char *const boundaries[] = {"0", "1", "-1", "2", "3", "9", "10", "11", "12", "13",
	"28", "29", "30", "31", "32", "59", "60", "99", "100", "101", "127", "128", "255", "256",
	"365", "366", "999", "1000", "1001", "9999", "10000", "32767", "32768", "65535", "65536",
	"99999", "999999", "1000000", "2147483647", "2147483648", "-2147483648", "-2147483649",
	"4294967295", "4294967296", "9223372036854775807", "9223372036854775808",
	"-9223372036854775808", "0.5", "0.05", "0.005", "1.005", "1.5", "2.5", "-0", "+1", "007",
	"0x10", "1e3", "1.", ".5", "1,5", "1 ", " 1", "1x", "", "-", "--", "NaN"};
static const char *const pieces[] = {" ", ".", ",", ";", ":", "/", "\\", "'", "\"", "%", "%s", "|",
	"\t", "\n", "-", "_", "#", "=", "*", "\xc3\xa9", "\xff", "a", "Z", "0", "(", "<"};
/* Where calendars turn, and days that there are not. */
static const char *const dates[] = {"1900-01-01", "1900-02-28", "1900-02-29", "1900-03-01",
	"1969-12-31", "1970-01-01", "1999-12-31", "2000-02-29", "2000-12-31", "2023-02-29",
	"2024-02-29", "2024-12-30", "2025-01-01", "2038-01-19", "2099-12-31", "2100-02-29",
	"2100-03-01", "2199-12-31", "9999-12-31", "0000-00-00", "2024-13-01", "2024-04-31"};
static const char *const names[] = {"a", "b", "north", "South Quay", "x1", "Zed", "m\xc3\xbcll"};

static uint64_t
draw(struct vary *v)
{
	uint64_t z = v->state += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

size_t
vary_below(struct vary *v, size_t n)
{
	return n ? (size_t)(draw(v) % n) : 0;
}

bool
vary_one_in(struct vary *v, size_t n)
{
	return vary_below(v, n) == 0;
}

/* ---- words ---- */

static const char *
any_of(struct vary *v, const struct strlist *l)
{
	return l->n ? l->v[vary_below(v, l->n)] : boundaries[vary_below(v, COUNT(boundaries))];
}

/* A number that a source has, or the one beside it; heap. */
static char *
near_number(struct vary *v)
{
	const char *text = any_of(v, &v->numbers);
	uint64_t value;
	if (!str_parse_u64(str_of(text), UINT64_C(1) << 60, &value))
		return mem_strdup(text);
	static const int64_t steps[] = {0, 0, 1, -1, 2, -2, 10};
	int64_t near = (int64_t)value + steps[vary_below(v, COUNT(steps))];
	if (vary_one_in(v, 8))
		near = -near;
	if (vary_one_in(v, 6))
		near *= (int64_t)1 + (int64_t)vary_below(v, 10);
	return vary_one_in(v, 10) ? mem_printf("%lld.%02zu", (long long)near, vary_below(v, 100))
				  : mem_printf("%lld", (long long)near);
}

static char *
any_number(struct vary *v)
{
	if (vary_one_in(v, 3)) /* what programs count from one */
		return mem_printf("%zu", 1 + vary_below(v, 9));
	switch (vary_below(v, 5)) {
	case 0:
		return mem_strdup(boundaries[vary_below(v, COUNT(boundaries))]);
	case 1:
		return mem_printf("%zu", vary_below(v, vary_one_in(v, 3) ? 100000 : 60));
	case 2:
		return vary_one_in(v, 2)
			       ? mem_printf("%zu.%02zu", vary_below(v, 2000), vary_below(v, 100))
			       : mem_printf("%zu.%02zu5", vary_below(v, 2000), vary_below(v, 100));
	default:
		return near_number(v);
	}
}

char *
vary_any_word(struct vary *v)
{
	switch (vary_below(v, 9)) {
	case 0:
	case 1:
		return any_number(v);
	case 8:
		return mem_strdup(any_of(v, &v->printed));
	case 2:
		return mem_strdup(names[vary_below(v, COUNT(names))]);
	case 3:
	case 4:
		return mem_strdup(any_of(v, &v->words));
	default:
		return mem_strdup(any_of(v, &v->values));
	}
}

char *
vary_splice(const char *text, size_t at, size_t drop, const char *put)
{
	return mem_printf("%.*s%s%s", (int)at, text, put, text + at + drop);
}

/* ---- beside a text ---- */

static char *other_letters(struct vary *v, const char *text);

bool
vary_is_date(const char *text)
{
	static const char form[] = "0000-00-00";
	size_t i = 0;
	while (form[i] && (form[i] == '0' ? isdigit((unsigned char)text[i]) : text[i] == form[i]))
		i++;
	return !form[i] && !text[i];
}

static char *
other_case(struct vary *v, const char *text, size_t from)
{
	char *cased = mem_strdup(text);
	bool up = vary_one_in(v, 2);
	for (size_t i = from; cased[i]; i++)
		cased[i] = (char)(up ? toupper((unsigned char)cased[i])
				     : tolower((unsigned char)cased[i]));
	return cased;
}

char *
vary_later_day(const char *text, int64_t days)
{
	struct tm t = {.tm_year = atoi(text) - 1900,
		.tm_mon = atoi(text + 5) - 1,
		.tm_mday = atoi(text + 8) + (int)days};
	return timegm(&t) == -1
		       ? mem_strdup(text)
		       : mem_printf("%04d-%02d-%02d", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday);
}

char *
vary_step(struct vary *v, const char *text, int64_t by)
{
	uint64_t value;
	size_t n = strlen(text), at = n;
	if (vary_is_date(text))
		return vary_later_day(text, by);
	while (at && isdigit((unsigned char)text[at - 1]) && n - at < 18)
		at--;
	if (at == n)
		return vary_one_in(v, 2) ? other_letters(v, text) : mem_printf("%s1", text);
	if (!str_parse_u64((struct str){text + at, n - at}, UINT64_C(1) << 60, &value))
		return mem_strdup(text);
	OWN_FREE char *put = mem_printf("%0*lld", (int)(n - at), (long long)value + (long long)by);
	return vary_splice(text, at, n - at, put);
}

char *
vary_same_shape(struct vary *v, const char *text)
{
	char *other = mem_strdup(text);
	size_t n = strlen(text), from = vary_below(v, n);
	for (size_t i = from; i < n; i++) {
		if (isdigit((unsigned char)text[i]) && !vary_one_in(v, 3))
			other[i] = (char)('0' + vary_below(v, 10));
		else if (islower((unsigned char)text[i]) && vary_one_in(v, 4))
			other[i] = (char)('a' + vary_below(v, 26));
		else if (isupper((unsigned char)text[i]) && vary_one_in(v, 4))
			other[i] = (char)('A' + vary_below(v, 26));
	}
	return other;
}

char *
vary_close(struct vary *v, const char *text)
{
	static const int64_t near[] = {0, 1, -1, 1, -1, 2};
	uint64_t days;
	if (vary_is_date(text)) {
		OWN_FREE char *number = near_number(v);
		bool plain = str_parse_u64(str_of(number), 4000, &days) && vary_one_in(v, 2);
		return vary_later_day(text, plain ? (int64_t)days + near[vary_below(v, COUNT(near))]
						  : (int64_t)vary_below(v, 40));
	}
	if (isdigit((unsigned char)*text) && strchr(text, '.') && vary_one_in(v, 3))
		return mem_printf("%s%s", text, vary_one_in(v, 2) ? "5" : "4"); /* is it rounded? */
	if (isdigit((unsigned char)*text))
		return vary_one_in(v, 4) ? near_number(v)
					 : vary_step(v, text, near[vary_below(v, COUNT(near))]);
	if (strpbrk(text, "0123456789") && vary_one_in(v, 2)) /* a code */
		return vary_same_shape(v, text);
	switch (vary_below(v, 8)) {
	case 0:
	case 1:
		return other_case(v, text, vary_one_in(v, 2) ? 0 : vary_below(v, strlen(text)));
	case 2:
		return mem_printf("%s ", text);
	case 3:
		return mem_printf(" %s", text);
	case 7:
		return vary_sentence(v);
	case 4:
		return mem_strdup(text);
	default:
		return vary_same_shape(v, text);
	}
}

/* The last word ends at `length`. */
static void
put_words(struct vary *v, struct buf *out, uint64_t length)
{
	size_t from = out->n;
	while (out->n < length) {
		size_t n = 1 + vary_below(v, 9);
		if (out->n > from && out->n + 1 < length)
			buf_putc(out, ' ');
		for (size_t i = 0; i < n && out->n < length; i++)
			buf_putc(out, (char)('a' + vary_below(v, 26)));
	}
}

char *
vary_words(struct vary *v, size_t length, size_t more)
{
	OWN(buf) struct buf out = {.max = 2 * WORD_LONG};
	length = length < WORD_LONG ? length : WORD_LONG;
	more = more < WORD_LONG - 1 ? more : WORD_LONG - 2;
	put_words(v, &out, length);
	if (more)
		buf_putc(&out, ' ');
	put_words(v, &out, more ? out.n + more : 0);
	return out.n ? buf_take(&out) : mem_strdup("");
}

char *
vary_sentence(struct vary *v)
{
	OWN_FREE char *number = vary_one_in(v, 2) ? near_number(v) : NULL;
	uint64_t length;
	if (!number || !str_parse_u64(str_of(number), WORD_LONG - 20, &length))
		length = 20 + vary_below(v, 200);
	bool goes_on = length < WORD_LONG / 3 && vary_one_in(v, 2); /* where lines are broken */
	return vary_words(v, (size_t)length, goes_on ? 1 + vary_below(v, (size_t)length + 1) : 0);
}

/* One run of digits becomes another; the rest stays, as in dates and codes. */
static char *
other_digits(struct vary *v, const char *text)
{
	size_t starts[32], n = 0;
	for (size_t i = 0; text[i] && n < COUNT(starts); i++)
		if (isdigit((unsigned char)text[i]) && (!i || !isdigit((unsigned char)text[i - 1])))
			starts[n++] = i;
	if (!n)
		return vary_any_word(v);
	if (strchr(text, '.') && vary_one_in(v, 4)) /* a decimal more, that is to be rounded */
		return mem_printf("%s%s", text, vary_one_in(v, 2) ? "5" : "4");
	size_t at = starts[vary_below(v, n)], length = strspn(text + at, "0123456789");
	uint64_t value;
	bool fits = str_parse_u64((struct str){text + at, length}, UINT64_C(1) << 60, &value);
	OWN_FREE char *put = NULL;
	if (!fits || vary_one_in(v, 3))
		put = near_number(v);
	else if (vary_one_in(v, 3))
		put = mem_printf("%0*zu", (int)length, vary_below(v, length > 3 ? 10000 : 40));
	else {
		static const int64_t steps[] = {1, -1, 1, -1, 2, 10, -10, 100};
		int64_t near = (int64_t)value + steps[vary_below(v, COUNT(steps))];
		put = mem_printf("%0*lld", (int)(length > 18 ? 18 : length), (long long)near);
	}
	return vary_splice(text, at, length, put);
}

static char *
other_letters(struct vary *v, const char *text)
{
	size_t n = strlen(text), at = vary_below(v, n + 1);
	const char *put = pieces[vary_below(v, COUNT(pieces))];
	if (!n || vary_one_in(v, 3))
		return vary_splice(text, at, 0, put);
	at = vary_below(v, n);
	if (vary_one_in(v, 3))
		return vary_splice(text, at, 1, "");
	if (vary_one_in(v, 3))
		return other_case(v, text, vary_one_in(v, 2) ? 0 : at);
	if (vary_one_in(v, 6))
		return vary_sentence(v);
	if (vary_one_in(v, 6) && n * 8 < WORD_LONG)
		return mem_printf(
			"%s%s%s%s%s%s%s%s", text, text, text, text, text, text, text, text);
	return vary_one_in(v, 2) ? mem_printf("%s%s", text, text) : vary_splice(text, at, 1, put);
}

char *
vary_other_word(struct vary *v, const char *text)
{
	bool number = strpbrk(text, "0123456789");
	size_t way = vary_below(v, 10);
	if (vary_is_date(text) && vary_one_in(v, 4))
		return mem_strdup(dates[vary_below(v, COUNT(dates))]);
	if (vary_one_in(v, 4))
		return vary_close(v, text);
	if (number && way < 2)
		return vary_same_shape(v, text);
	if (number && way < 7)
		return other_digits(v, text);
	return way < 8 ? other_letters(v, text) : vary_any_word(v);
}

/* ---- texts of lines ---- */

const char *
vary_sample(struct vary *v)
{
	return v->nsamples ? v->samples[vary_below(v, v->nsamples)].text : "";
}

static void
split(const char *text, struct strlist *ret)
{
	struct str rest = str_of(text), line;
	while (str_next(&rest, '\n', &line))
		strlist_add_str(ret, line);
}

#define FIELDS_MAX 64
static const char field_seps[] = ",;|\t: =";

static size_t
fields_of(const char *line, size_t *marks)
{
	size_t count = 0;
	marks[count++] = 0;
	for (size_t i = 0; line[i] && count < FIELDS_MAX; i++)
		if (strchr(field_seps, line[i]))
			marks[count++] = i + 1;
	return count;
}

/* One field of a line becomes another, or that of another line. */
static char *
other_line(struct vary *v, const char *line, const char *beside)
{
	size_t marks[FIELDS_MAX], theirs[FIELDS_MAX];
	size_t count = fields_of(line, marks), which = vary_below(v, count);
	size_t at = marks[which], length = strcspn(line + at, field_seps);
	OWN_FREE char *put = NULL;
	if (vary_one_in(v, 4) && which < fields_of(beside, theirs)) {
		const char *from = beside + theirs[which];
		OWN_FREE char *same = mem_strndup(from, strcspn(from, field_seps));
		put = vary_one_in(v, 2) ? vary_close(v, same) : mem_strdup(same);
	} else {
		OWN_FREE char *field = mem_strndup(line + at, length);
		put = vary_other_word(v, field);
	}
	return vary_splice(line, at, length, put);
}

static void
change_lines(struct vary *v, struct strlist *l)
{
	size_t at = vary_below(v, l->n), to = vary_below(v, l->n);
	char *line = l->v[at];
	switch (vary_below(v, 8)) {
	case 0:
		free(line);
		memmove(&l->v[at], &l->v[at + 1], (l->n - at) * sizeof(*l->v));
		l->n--;
		break;
	case 1:
		strlist_add(l, line);
		break;
	case 2:
		l->v[at] = l->v[to];
		l->v[to] = line;
		break;
	case 3: {
		OWN(strlist) struct strlist more = {0};
		split(vary_sample(v), &more);
		if (more.n)
			strlist_add(l, more.v[vary_below(v, more.n)]);
		break;
	}
	default:
		l->v[at] = other_line(v, line, l->v[to]);
		free(line);
	}
}

char *
vary_other_text(struct vary *v, const char *text)
{
	OWN(strlist) struct strlist lines = {0};
	OWN(buf) struct buf out = {.max = CASE_TEXT_MAX};
	if (!*text || vary_one_in(v, 12))
		return mem_strdup(vary_one_in(v, 3) ? "" : vary_sample(v));
	split(text, &lines);
	bool as_lines = vary_one_in(v, 4); /* the same, with other ends */
	for (size_t i = 1 + vary_below(v, vary_one_in(v, 3) ? lines.n + 1 : 3);
		i > 0 && lines.n && !as_lines; i--)
		change_lines(v, &lines);
	const char *end = vary_one_in(v, as_lines ? 2 : 20) ? "\r\n" : "\n";
	if (as_lines && vary_one_in(v, 4))
		end = vary_one_in(v, 2) ? " \n" : "\n\n";
	for (size_t i = 0; i < lines.n; i++) {
		buf_puts(&out, lines.v[i]);
		if (i + 1 < lines.n || !vary_one_in(v, 15))
			buf_puts(&out, end);
	}
	return buf_take(&out);
}

/* ---- holes of usages ---- */

static bool
names_one(const char *name, const char *const *parts)
{
	for (size_t i = 0; parts[i]; i++)
		if (strcasestr(name, parts[i]))
			return true;
	return false;
}

struct vary_named *
vary_named_in(struct vary_named *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(list[i].name, name) == 0)
			return &list[i];
	return NULL;
}

struct vary_named *
vary_named_as(struct vary *v, const char *name)
{
	return vary_named_in(v->named, v->nnamed, name);
}

void
vary_add_printed(struct vary *v, struct str word)
{
	char *text = str_dup(word);
	if (v->printed.n < PRINTED_MAX) {
		strlist_add(&v->printed, text);
		free(text);
		return;
	}
	char **at = &v->printed.v[v->next_printed++ % PRINTED_MAX];
	free(*at);
	*at = text;
}

const char *
vary_keep(struct vary *v, const char *text)
{
	strlist_add(&v->kept, text);
	return v->kept.v[v->kept.n - 1];
}

void
vary_keep_none(struct vary *v)
{
	strlist_cleanup(&v->kept);
}

/* One of several, with bars between; heap. */
static char *
one_of(struct vary *v, const char *several, struct parity_case *c)
{
	struct str rest = str_of(several), one, chosen = {"", 0};
	for (size_t i = 1; str_next(&rest, '|', &one); i++)
		if (vary_one_in(v, i))
			chosen = one;
	OWN_FREE char *name = str_dup(chosen);
	size_t n = strlen(name);
	if (n > 2 && name[0] == '<' && name[n - 1] == '>') {
		name[n - 1] = '\0';
		return vary_fill(v, name + 1, c);
	}
	bool plain = false;
	for (size_t i = 0; i < n; i++)
		plain = plain || islower((unsigned char)name[i]) || name[i] == '-';
	return plain ? TAKE(name) : vary_fill(v, name, c);
}

char *
vary_fill(struct vary *v, const char *name, struct parity_case *c)
{
	if (strchr(name, '|'))
		return one_of(v, name, c);
	const struct vary_named *known = vary_named_as(v, name);
	if (known && !vary_one_in(v, 4)) {
		const char *value = any_of(v, &known->values);
		return vary_one_in(v, 3) ? vary_other_word(v, value) : mem_strdup(value);
	}
	static const char *const files[] = {"FILE", "PATH", "INPUT", NULL};
	static const char *const numbers[] = {"NUM", "COUNT", "QTY", "QUANTITY", "AMOUNT", "PRICE",
		"SIZE", "WEIGHT", "DAYS", "ID", "YEAR", "MONTH", "LIMIT", "RATE", NULL};
	if (names_one(name, files) && v->nsamples) {
		const struct case_file *f = &v->samples[vary_below(v, v->nsamples)];
		case_add_file(c, f->name, f->text);
		return mem_strdup(f->name);
	}
	if (names_one(name, numbers) || strlen(name) == 1)
		return any_number(v);
	if (strcasestr(name, "DATE"))
		for (size_t i = 0; i < 40; i++) {
			const char *value = any_of(v, &v->values);
			if (strchr(value, '-') && isdigit((unsigned char)*value))
				return mem_strdup(value);
		}
	if (vary_one_in(v, 2))
		return any_number(v);
	return vary_one_in(v, 2) ? mem_strdup(names[vary_below(v, COUNT(names))])
				 : vary_any_word(v);
}
