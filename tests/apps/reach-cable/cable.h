/* How much cable an anchor needs. */
#ifndef CABLE_H
#define CABLE_H

#define FATHOM_CM 183

int cable_fathoms(int metres);
int cable_scope(int depth, int wind);

static inline int
cable_at_least(int n, int least)
{
	return n < least ? least : n;
}

/* chart.c */
struct sounding {
	int depth, x;
};
int chart_deepest(struct sounding *v, int n);
const char *chart_name(int depth);

#endif
