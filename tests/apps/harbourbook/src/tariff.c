#include "harbour.h"

#include <stdio.h>

#define PER_METRE 180	/* cents a night */
#define MINIMUM 900
#define WEEK 7

/* a started metre counts; the season is May to September */
long
tariff_night(int length_cm, int month)
{
	long metres = (length_cm + 99) / 100;
	long cents = metres * PER_METRE;
	if (month >= 5 && month <= 9)
		cents += cents / 2;
	return cents < MINIMUM ? MINIMUM : cents;
}

/* the seventh night of every week is free */
long
tariff_stay(int length_cm, const char *arrival, const char *departure)
{
	long from = date_to_days(arrival), to = date_to_days(departure), sum = 0;
	char day[11];
	if (from < 0 || to < 0 || to <= from)
		return -1;
	for (long night = 0; night < to - from; night++) {
		if (night % WEEK == WEEK - 1)
			continue;
		days_to_date(from + night, day);
		sum += tariff_night(length_cm, date_month(day));
	}
	return sum;
}

void
tariff_format(long cents, char *out, size_t n)
{
	snprintf(out, n, "%ld.%02ld", cents / 100, cents % 100);
}
