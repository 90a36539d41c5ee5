#include "../tap.h"
#include "harbour.h"

int
main(void)
{
	char text[32];
	is_long(tariff_night(700, 3), 1260, "seven metres in March");
	is_long(tariff_night(701, 3), 1440, "a started metre counts");
	is_long(tariff_night(700, 7), 1890, "a summer night costs half as much again");
	is_long(tariff_night(300, 1), 900, "nobody pays less than the minimum");
	is_long(tariff_night(700, 5), 1890, "May is summer");
	is_long(tariff_night(700, 10), 1260, "October is not");
	is_long(tariff_stay(700, "2010-03-01", "2010-03-02"), 1260, "one night");
	is_long(tariff_stay(700, "2010-03-01", "2010-03-08"), 6 * 1260, "the seventh night is free");
	is_long(tariff_stay(700, "2010-04-30", "2010-05-02"), 1260 + 1890, "the season begins within a stay");
	is_long(tariff_stay(700, "2010-03-02", "2010-03-01"), -1, "a stay cannot end before it begins");
	is_long(tariff_stay(700, "2010-02-30", "2010-03-01"), -1, "there is no 30 February");
	is_long(tariff_stay(700, "2008-02-28", "2008-03-01"), 2 * 1260, "2008 had a 29 February");
	is_long(tariff_stay(700, "2000-02-28", "2000-03-01"), 2 * 1260, "so had 2000");
	is_long(date_to_days("1970-01-01"), 0, "days are counted from 1970");
	is_long(date_to_days("nonsense"), -1, "nonsense is no date");
	tariff_format(123405, text, sizeof(text));
	ok(strcmp(text, "1234.05") == 0, "money is printed with its cents");
	return done();
}
