#include "cargo.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
die(const char *format, ...)
{
	va_list ap;
	fflush(stdout);
	fputs("cargobook: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

char *
copy_of(const char *s)
{
	char *copy = malloc(strlen(s) + 1);
	if (!copy)
		die("no memory");
	strcpy(copy, s);
	return copy;
}

static int
lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

bool
same_text(const char *a, const char *b)
{
	while (*a && *b) {
		if (lower((unsigned char)*a) != lower((unsigned char)*b))
			return false;
		a++;
		b++;
	}
	return *a == *b;
}

bool
contains(const char *text, const char *part)
{
	size_t n = strlen(text), m = strlen(part);
	size_t i, k;
	if (m == 0)
		return true;
	for (i = 0; i + m <= n; i++) {
		for (k = 0; k < m; k++)
			if (lower((unsigned char)text[i + k]) != lower((unsigned char)part[k]))
				break;
		if (k == m)
			return true;
	}
	return false;
}

/* Words on lines of at most `width` bytes; a longer word has a line of its own. */
void
print_wrapped(const char *text, int width, const char *indent)
{
	int column = 0;
	while (*text) {
		int n = 0;
		while (*text == ' ')
			text++;
		while (text[n] && text[n] != ' ')
			n++;
		if (n == 0)
			break;
		if (column > 0 && column + 1 + n > width) {
			putchar('\n');
			column = 0;
		}
		if (column == 0) {
			fputs(indent, stdout);
		} else {
			putchar(' ');
			column++;
		}
		fwrite(text, 1, (size_t)n, stdout);
		column += n;
		text += n;
	}
	if (column > 0)
		putchar('\n');
}

/* In quotes where it has a comma, a quote or a blank at an end. */
void
print_csv(const char *field)
{
	size_t n = strlen(field), i;
	bool quoted = strpbrk(field, ",\"") != NULL;
	if (n && (field[0] == ' ' || field[n - 1] == ' '))
		quoted = true;
	if (!quoted) {
		fputs(field, stdout);
		return;
	}
	putchar('"');
	for (i = 0; i < n; i++) {
		if (field[i] == '"')
			putchar('"');
		putchar(field[i]);
	}
	putchar('"');
}

/* The fields of a line, which is changed; -1: too many, -2: a quote that is not closed. */
int
split_csv(char *line, char **fields, int max)
{
	int n = 0;
	char *from = line, *to = line;
	for (;;) {
		if (n == max)
			return -1;
		fields[n++] = to;
		if (*from == '"') {
			from++;
			for (;;) {
				if (*from == '\0')
					return -2;
				if (*from == '"' && from[1] == '"') {
					*to++ = '"';
					from += 2;
				} else if (*from == '"') {
					from++;
					break;
				} else {
					*to++ = *from++;
				}
			}
		}
		while (*from && *from != ',')
			*to++ = *from++;
		if (*from == '\0') {
			*to = '\0';
			return n;
		}
		from++;
		*to++ = '\0';
	}
}

/* Decimal digits with an optional sign, in a range. */
bool
parse_int(const char *s, int low, int high, int *out)
{
	bool minus = false;
	int64_t value = 0;
	if (*s == '-' || *s == '+')
		minus = *s++ == '-';
	if (*s == '\0')
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		value = value * 10 + (*s - '0');
		if (value > INT64_C(4000000000))
			return false;
	}
	if (minus)
		value = -value;
	if (value < low || value > high)
		return false;
	*out = (int)value;
	return true;
}

/* "1234", "1234.5", "1234.56", with commas between thousands or without. */
bool
parse_money(const char *s, int64_t *out)
{
	int64_t whole = 0, cents = 0;
	int digits = 0, group = -1;
	for (; *s && *s != '.'; s++) {
		if (*s == ',') {
			if (digits == 0 || (group >= 0 && group != 3) || (group < 0 && digits > 3))
				return false;
			group = 0;
			continue;
		}
		if (*s < '0' || *s > '9')
			return false;
		whole = whole * 10 + (*s - '0');
		if (whole > MAX_VALUE)
			return false;
		digits++;
		if (group >= 0)
			group++;
	}
	if (digits == 0 || (group >= 0 && group != 3))
		return false;
	if (*s == '.') {
		s++;
		if (s[0] < '0' || s[0] > '9')
			return false;
		cents = (s[0] - '0') * 10;
		s++;
		if (*s >= '0' && *s <= '9') {
			cents += *s - '0';
			s++;
		}
		if (*s >= '5' && *s <= '9') /* a third one is rounded */
			cents++;
		if (*s >= '0' && *s <= '9')
			s++;
		if (*s)
			return false;
	}
	whole = whole * 100 + cents;
	if (whole > MAX_VALUE)
		return false;
	*out = whole;
	return true;
}

/* With commas; good until four more are made. */
const char *
money(int64_t cents)
{
	static char buffers[4][40];
	static int turn;
	char digits[32];
	char *out = buffers[turn++ % 4];
	int n, i, k = 0;
	bool minus = cents < 0;
	if (minus)
		cents = -cents;
	n = snprintf(digits, sizeof(digits), "%lld", (long long)(cents / 100));
	if (minus)
		out[k++] = '-';
	for (i = 0; i < n; i++) {
		out[k++] = digits[i];
		if ((n - i - 1) % 3 == 0 && i != n - 1)
			out[k++] = ',';
	}
	snprintf(out + k, 8, ".%02d", (int)(cents % 100));
	return out;
}
