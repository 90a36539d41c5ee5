#include "cargo.h"

#define FREE_DAYS 5
#define MINIMUM 1500

/* Cents a day: by kind, for the first week behind the free days, the two weeks behind it, and later. */
static const int rates[KINDS][3] = {
	{1200, 1800, 3000},
	{2500, 3600, 5200},
	{2100, 3300, 4800},
	{4000, 6400, 9900},
};

static int
days_in_tier(int days, int from, int to)
{
	if (days <= from)
		return 0;
	return (days < to ? days : to) - from;
}

/* Half a cent is rounded up. */
static int64_t
part_of(int64_t amount, int per_mille)
{
	return (amount * per_mille + 500) / 1000;
}

/* What it owes on that day; days are counted with the first and the last. */
int64_t
fee_of(const struct cargo *c, int day)
{
	int end = c->left && c->left < day ? c->left : day;
	int days = end - c->arrived + 1 - FREE_DAYS;
	int64_t fee = 0;
	if (days <= 0)
		return 0;
	fee += (int64_t)days_in_tier(days, 0, 7) * rates[c->kind][0];
	fee += (int64_t)days_in_tier(days, 7, 21) * rates[c->kind][1];
	fee += (int64_t)days_in_tier(days, 21, 100000) * rates[c->kind][2];
	if (c->weight > 20000)
		fee += part_of(fee, 125);
	if (c->kind == HAZARD && c->berth == 0)
		fee += part_of(fee, 333);
	if (c->value >= 10000000)
		fee += part_of(c->value, 1);
	if (fee < MINIMUM)
		fee = MINIMUM;
	return fee;
}

/* How many more a berth takes: the last two are for what needs a plug, and are small. */
int
berth_room(const struct book *b, int berth)
{
	int room = berth > BERTHS - 2 ? 2 : 4, i;
	for (i = 0; i < b->n; i++)
		if (b->v[i].berth == berth && b->v[i].state == YARD)
			room--;
	return room;
}
