#include "cable.h"

static int
round_up(int n, int by)
{
	return (n + by - 1) / by;
}

int
cable_fathoms(int metres)
{
	return round_up(metres * 100, FATHOM_CM);
}

static int
by_wind(int wind)
{
	if (wind > 7)
		return 8;
	return wind > 4 ? 6 : 4;
}

int
cable_scope(int depth, int wind)
{
	return cable_at_least(depth * by_wind(wind), 20);
}
