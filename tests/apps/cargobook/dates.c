#include "cargo.h"

#include <stdio.h>
#include <string.h>

bool
is_leap(int year)
{
	if (year % 400 == 0)
		return true;
	if (year % 100 == 0)
		return false;
	return year % 4 == 0;
}

int
days_in(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	if (month == 2 && is_leap(year))
		return 29;
	return days[month - 1];
}

/* Days since the first of January of 1900, which is 1. */
int
day_number(int year, int month, int day)
{
	int number = day, i;
	for (i = 1900; i < year; i++)
		number += is_leap(i) ? 366 : 365;
	for (i = 1; i < month; i++)
		number += days_in(year, i);
	return number;
}

void
day_parts(int number, int *year, int *month, int *day)
{
	int y = 1900, m = 1, length;
	for (;;) {
		length = is_leap(y) ? 366 : 365;
		if (number <= length)
			break;
		number -= length;
		y++;
	}
	while (number > days_in(y, m)) {
		number -= days_in(y, m);
		m++;
	}
	*year = y;
	*month = m;
	*day = number;
}

static bool
digits(const char *s, int n, int *out)
{
	int i;
	*out = 0;
	for (i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		*out = *out * 10 + (s[i] - '0');
	}
	return true;
}

/* "2024-02-29", from 1900 to 2199. */
bool
parse_date(const char *s, int *out)
{
	int year, month, day;
	if (strlen(s) != 10 || s[4] != '-' || s[7] != '-')
		return false;
	if (!digits(s, 4, &year) || !digits(s + 5, 2, &month) || !digits(s + 8, 2, &day))
		return false;
	if (year < 1900 || year > 2199 || month < 1 || month > 12)
		return false;
	if (day < 1 || day > days_in(year, month))
		return false;
	*out = day_number(year, month, day);
	return true;
}

const char *
date_text(int number)
{
	static char buffers[4][48];
	static int turn;
	char *out = buffers[turn++ % 4];
	int year, month, day;
	day_parts(number, &year, &month, &day);
	snprintf(out, 48, "%04d-%02d-%02d", year, month, day);
	return out;
}

/* 0 is Monday, as the first of January of 1900 was. */
int
week_day(int number)
{
	return (number - 1) % 7;
}

int
day_of_year(int number)
{
	int year, month, day;
	day_parts(number, &year, &month, &day);
	return number - day_number(year, 1, 1) + 1;
}

/* Of ISO 8601: the week of a year's first Thursday is its first. */
int
week_of(int number)
{
	int year, month, day, thursday = number - week_day(number) + 3;
	day_parts(thursday, &year, &month, &day);
	return (thursday - day_number(year, 1, 1)) / 7 + 1;
}
