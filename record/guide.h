/*
 * The guide: what was asked, what is proven done, and what is left for people.  It is made from what was asked and
 * what came out, by somebody who did not do the work.  Ownership as in record/record.h.
 */
#ifndef RECORD_GUIDE_H
#define RECORD_GUIDE_H

#include "record/record.h"

enum guide_gap {
	GAP_CRITICAL, /* nothing goes on without it */
	GAP_MAJOR,    /* what was asked for is not there */
	GAP_MINOR,    /* something is not known, not tried or not as wide as it could be */
	GAP_REVIEW,   /* a person has to look */
};
extern const char *const guide_gap_names[]; /* "critical", ... */

struct guide_item {
	char *id; /* "test:unit/tariff", the same for the same thing in another run */
	enum guide_gap gap;
	char *task;	  /* one sentence, imperative */
	char *why;	  /* what shows that it is left */
	char *first_step; /* a command, or what to look at */
	char *path;	  /* the likely way from there */
	double hours_low, hours_high;
	char *basis; /* of the hours */
	char *skill;
	struct strlist files; /* of the source, "file:line" where that is known */
};
RECORD_LIST(guide_item);

struct guide_part { /* of the percentage */
	char *name;
	double weight;	/* of all parts together 100 */
	double done;	/* 0 to 1 */
	char *how;	/* it was computed */
	char *evidence; /* file of the run that shows it */
};
RECORD_LIST(guide_part);

struct guide {
	char *run;
	char *asked;
	char *outcome;
	double percent; /* sum of weight * done over the parts */
	struct guide_part_list parts;
	double hours_low, hours_high; /* of all items */
	struct guide_item_list items; /* those with the widest gap first */
};
void guide_cleanup(struct guide *g);
extern const struct json_field guide_fields[];

/* Sort the items and compute percent and hours. */
void guide_finish(struct guide *g);

#endif
