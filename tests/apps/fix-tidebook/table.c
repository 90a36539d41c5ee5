#include "include/table.h"

static struct tide tides[] = {
	{ 190, 6.1 }, { 215, 6.4 }, { 240, 6.2 }, { 270, 6.5 },
};

struct tide *
find_tide(day)
int day;
{
	if (day < 3 || day > 6)
		return 0;
	return &tides[day - 3];
}

double height_of(struct tide *t)
{
	return t->height;
}

int count_marks(const char *line, char mark)
{
	int n = 0;
	size_t i;

	for (i = 0; i < strlen(line); i++)
		n += line[i] == mark;
	return n;
}

marks()
{
	return count_marks("|--|--|", '|');
}
