#include "parity/each.h"

#include "parity/vary_text.h"

#include <ctype.h>
#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

/* The i-th number that a source has, from the first again behind the last; 0: there is none. */
static uint64_t
number_at(const struct vary *v, size_t i)
{
	uint64_t n = 0;
	if (v->numbers.n)
		(void)str_parse_u64(str_of(v->numbers.v[i % v->numbers.n]), UINT32_MAX, &n);
	return n;
}

/* ---- letters ---- */

static char *
with_case(const char *text, int (*of)(int), size_t from, size_t to)
{
	char *other = mem_strdup(text);
	for (size_t i = from; other[i] && i < to; i++)
		other[i] = (char)of((unsigned char)other[i]);
	return other;
}

static char *
letters(const char *text, size_t which)
{
	size_t n = strlen(text);
	switch (which) {
	case 0:
		return with_case(text, toupper, 0, n);
	case 1:
		return with_case(text, tolower, 0, n);
	case 2:
		return with_case(text, isupper((unsigned char)*text) ? tolower : toupper, 0, 1);
	default:
		return with_case(text, isupper((unsigned char)text[n / 2]) ? tolower : toupper,
			n / 2, n / 2 + 1);
	}
}
#define LETTERS 4

/* Around, behind and in it; %s is it. */
static const char *const around[] = {"%s ", " %s", "%s%s", "%s x", "%s  x", "%s,x", "%s\"x", "%s'x",
	"%s;x", "%s|x", "%s\tx", "%s\nx", "%s\\x", "%s%%x", "%s:x", "%s=x", "#%s", "-%s",
	"%s\xc3\xa9", "%s\xff", "%s\r"};

static char *
wrapped(const char *text, const char *form)
{
	OWN(buf) struct buf out = {.max = CASE_TEXT_MAX};
	for (const char *p = form; *p; p++) {
		if (*p == '%' && p[1] == 's')
			buf_puts(&out, text);
		else
			buf_putc(&out, *p);
		p += *p == '%' && p[1];
	}
	return buf_take(&out);
}

/* ---- widths ---- */

/* Where a line is broken, a column filled, a name cut: what is printed says so first, then what the sources have. */
static size_t
width_at(const struct vary *v, size_t i)
{
	if (i < v->nwidths)
		return v->widths[v->nwidths - 1 - i];
	for (size_t at = 0, left = i - v->nwidths; at < v->numbers.n; at++) {
		uint64_t n = number_at(v, at);
		if (n >= WIDTH_MIN && n <= WIDTH_MAX && left-- == 0)
			return (size_t)n;
	}
	return WIDTH_MIN + i % (WIDTH_MAX - WIDTH_MIN);
}

static char *
one_word(size_t n)
{
	char *word = mem_zalloc(n + 1, 1);
	for (size_t i = 0; i < n; i++)
		word[i] = (char)('a' + i % 26);
	return word;
}

/* One number in five ways: words that end there, or one behind, with more of them; a word of that length, one longer or shorter. */
static char *
as_wide(struct vary *v, size_t which)
{
	size_t n = width_at(v, which / 5);
	switch (which % 5) {
	case 0:
		return vary_words(v, n, 3 + n / 2);
	case 1:
		return vary_words(v, n + 1, 3 + n / 2);
	case 2:
		return one_word(n);
	case 3:
		return one_word(n + 1);
	default:
		return vary_words(v, n - 1, 3 + n / 2);
	}
}

/* ---- numbers and days ---- */

static bool
is_number(const char *text)
{
	const char *p = text + (*text == '-' || *text == '+');
	size_t n = strspn(p, "0123456789");
	p += n;
	p += *p == '.' ? 1 + strspn(p + 1, "0123456789") : 0;
	return n > 0 && !*p;
}

static const char *const other_numbers[] = {"%s5", "%s.5", "0", "1", "-1", "-%s", "0%s", "+%s",
	"%s0", "%s.005", "%s.995", "%s.25", "%s.", "2", "10", "100", "", "%s ", " %s", "%s00",
	"%s000000", "99999", "2147483647", "2147483648", "4294967296", "9223372036854775807", "1e3",
	"0x10", "%sx"};

static char *
other_number(struct vary *v, const char *text, size_t which)
{
	if (which < 2)
		return vary_step(v, text, which ? -1 : 1);
	which -= 2;
	if (which < COUNT(other_numbers))
		return wrapped(text, other_numbers[which]);
	which -= COUNT(other_numbers);
	int64_t n = (int64_t)number_at(v, which / 3);
	return mem_printf("%lld", (long long)(n + (int64_t)(which % 3) - 1));
}

static const int32_t spans[] = {1, -1, 2, 6, 7, 8, 14, 28, 29, 30, 31, 59, 60, 90, 180, 364, 365,
	366, -7, -30, -365, 10000};
static const char *const other_days[] = {"2024-02-29", "2023-02-29", "2100-02-29", "2000-02-29",
	"1900-02-29", "2024-12-31", "2025-01-01", "2024-02-30", "2024-04-31", "2024-13-01",
	"2024-00-10", "2024-01-00", "2024-1-5", "1969-12-31", "1970-01-01", "9999-12-31",
	"0000-00-00", "0001-01-01", "2024/02/29", "20240229", "2024-02-29 ", ""};

static char *
other_day(const struct vary *v, const char *text, size_t which)
{
	if (which < COUNT(spans))
		return vary_later_day(text, spans[which]);
	which -= COUNT(spans);
	if (which < COUNT(other_days))
		return mem_strdup(other_days[which]);
	which -= COUNT(other_days);
	int64_t n = (int64_t)number_at(v, which / 3) % 5000;
	return vary_later_day(text, n + (int64_t)(which % 3) - 1);
}

/* ---- words ---- */

/* Letters, then widths and what is around it in turn. */
static char *
other_text(struct vary *v, const char *text, size_t which)
{
	if (which < LETTERS)
		return letters(text, which);
	which -= LETTERS;
	if (which % 2 == 0 && which / 2 < COUNT(around))
		return wrapped(text, around[which / 2]);
	return as_wide(v, which / 2 < COUNT(around) ? which / 2 : which - COUNT(around));
}

char *
each_word(struct vary *v, const char *text, size_t which)
{
	if (vary_is_date(text))
		return other_day(v, text, which);
	if (is_number(text))
		return other_number(v, text, which);
	return other_text(v, text, which);
}

/* ---- texts ---- */

static const char separators[] = ",;|\t";

/* All of one byte as another text. */
static char *
replaced(const char *text, char from, const char *to)
{
	OWN(buf) struct buf out = {.max = CASE_TEXT_MAX};
	for (; *text; text++)
		if (*text == from)
			buf_puts(&out, to);
		else
			buf_putc(&out, *text);
	return out.n ? buf_take(&out) : mem_strdup("");
}

static char
separator_of(const char *text)
{
	size_t n = strcspn(text, separators);
	return text[n] ? text[n] : ' ';
}

/* Each field in quotes. */
static char *
quoted(const char *text)
{
	OWN(buf) struct buf out = {.max = CASE_TEXT_MAX};
	char separator = separator_of(text);
	bool begins = true;
	for (; *text; text++) {
		bool ends = *text == separator || *text == '\n';
		if (begins && !ends)
			buf_putc(&out, '"');
		if (ends && !begins)
			buf_putc(&out, '"');
		buf_putc(&out, *text);
		begins = ends;
	}
	if (!begins)
		buf_putc(&out, '"');
	return out.n ? buf_take(&out) : mem_strdup("");
}

static char *
first_lines(const char *text, size_t n)
{
	const char *end = text;
	while (n-- > 0 && *end)
		end += strcspn(end, "\n") + (strchr(end, '\n') != NULL);
	return mem_strndup(text, (size_t)(end - text));
}

static char *
last_line_again(const char *text)
{
	size_t n = strlen(text), at = n && text[n - 1] == '\n' ? n - 1 : n;
	while (at && text[at - 1] != '\n')
		at--;
	return mem_printf("%s%s", text, text + at);
}

static char *
without_end(const char *text)
{
	size_t n = strlen(text);
	return mem_strndup(text, n && text[n - 1] == '\n' ? n - 1 : n);
}

static char *
with_separator(const char *text, const char *to)
{
	return replaced(text, separator_of(text), to);
}

char *
each_text(const char *text, size_t which)
{
	size_t n = strlen(text);
	char beside[3] = {separator_of(text), ' ', '\0'},
	     before[3] = {' ', separator_of(text), '\0'};
	switch (which % 20) {
	case 0:
		return replaced(text, '\n', "\r\n");
	case 1:
		return without_end(text);
	case 2:
		return replaced(text, '\n', "\n\n");
	case 3:
		return replaced(text, '\n', " \n");
	case 4:
		return mem_printf("\xef\xbb\xbf%s", text);
	case 5:
		return with_separator(text, beside);
	case 6:
		return with_separator(text, before);
	case 7:
		return quoted(text);
	case 8:
		return first_lines(text, 1);
	case 9:
		return mem_strdup("");
	case 10:
		return last_line_again(text);
	case 11:
		return with_case(text, toupper, 0, n);
	case 12:
		return with_case(text, tolower, 0, n);
	case 13:
		return mem_printf("\n%s", text);
	case 14:
		return mem_printf("%s%s", text, n < CASE_TEXT_MAX / 2 ? text : "");
	case 15:
		return with_separator(text, strchr(text, '\t') ? "," : "\t");
	case 16:
		return with_separator(text, ";");
	case 17:
		return replaced(text, '\n', "\r");
	case 18:
		return mem_printf("%s\n# x\n", text);
	default:
		return with_case(text, toupper, 0, strcspn(text, "\n"));
	}
}
