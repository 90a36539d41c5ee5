#include "harbour.h"

#include <stdio.h>

static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

/* every fourth year, but the turns of the centuries */
static int
is_leap(int year)
{
	return year % 4 == 0 && year % 100 != 0;
}

static int
days_in(int year, int month)
{
	return month_days[month - 1] + (month == 2 && is_leap(year));
}

static int
parse(const char *text, int *year, int *month, int *day)
{
	char tail;
	if (!text || sscanf(text, "%4d-%2d-%2d%c", year, month, day, &tail) != 3)
		return 0;
	return *year >= 1970 && *month >= 1 && *month <= 12 && *day >= 1 &&
	       *day <= days_in(*year, *month);
}

long
date_to_days(const char *text)
{
	int year, month, day;
	long days = 0;
	if (!parse(text, &year, &month, &day))
		return -1;
	for (int y = 1970; y < year; y++)
		days += is_leap(y) ? 366 : 365;
	for (int m = 1; m < month; m++)
		days += days_in(year, m);
	return days + day - 1;
}

void
days_to_date(long days, char out[11])
{
	int year = 1970, month = 1;
	while (days >= (is_leap(year) ? 366 : 365))
		days -= is_leap(year++) ? 366 : 365;
	while (days >= days_in(year, month))
		days -= days_in(year, month++);
	snprintf(out, 11, "%04d-%02d-%02d", year % 10000, month % 100, (int)(days + 1) % 100);
}

int
date_month(const char *text)
{
	int year, month, day;
	return parse(text, &year, &month, &day) ? month : -1;
}
