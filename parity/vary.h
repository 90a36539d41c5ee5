/*
 * The generator: cases are varied by chance of a seed, and what was of a new kind is varied further (as fuzzers do by coverage; here
 * by the kinds of lines that programs print, as nothing of them is instrumented).
 */
#ifndef PARITY_VARY_H
#define PARITY_VARY_H

#include "base/map.h"
#include "parity/seen.h"

struct vary_named { /* what stood where something of that name stands */
	char *name;
	struct strlist values;
};

struct vary_form { /* a call as a usage has it */
	struct strlist words;
	unsigned char group[CASE_ARGS_MAX]; /* of a word; 0: it has to be there */
	size_t succeeded;		    /* calls of it */
	/* Of a word: calls where it was [1] what a call before had under this name or [0] another, and how many succeeded. */
	unsigned tries[CASE_ARGS_MAX][2], good[CASE_ARGS_MAX][2];
};

#define VARY_WAYS 7 /* the first: a case that was new is varied; the others compose one */

struct vary_way { /* more of what brought something new */
	size_t tries, news;
};

struct vary_origin { /* of a case: what is told of it, borrowed; NULL: nothing */
	struct vary_way *way, *on_story;
};

struct vary_story { /* what succeeded, and left files */
	struct parity_case of;
	struct vary_way way;
};

enum vary_place_kind { PLACE_ARGUMENT, PLACE_INPUT, PLACE_FILE };

struct vary_place { /* of something in a call that succeeded, where other things are put in turn (each.h) */
	struct parity_case of; /* the call is its last */
	enum vary_place_kind kind;
	size_t at;   /* which argument, or file */
	size_t rich; /* bytes that the call printed, and one */
	size_t next; /* the way in which it will be other */
};
#define VARY_PLACES 240
#define VARY_WIDTHS 40

struct vary_said { /* what a call printed whenever it was played, as long as it was the same */
	struct vary_said *next;
	struct hash_hex text;
	size_t times;
	bool differs;
};

struct vary {
	uint64_t state;			/* splitmix64 (Steele, Lea, Flood 2014) */
	struct strlist words;		/* literals, options */
	struct strlist numbers, values; /* what was said or read somewhere */
	struct map known;		/* words, for templates of lines */
	struct case_file samples[32];
	size_t nsamples;
	struct vary_named named[64]; /* columns of samples, holes of usages */
	size_t nnamed;
	struct vary_named wanted[16]; /* what programs said they would have had, not tried yet */
	size_t nwanted;
	struct vary_form forms[100];
	size_t nforms;
	struct strlist printed; /* words of outputs, the last ones */
	size_t next_printed;
	struct strlist kept; /* values of the case that is being made */
	struct vary_story stories[120];
	size_t nstories;
	struct vary_way ways[VARY_WAYS];
	struct vary_place places[VARY_PLACES];
	size_t nplaces, next_place;
	struct map places_of;	    /* by command and what tells the place */
	size_t widths[VARY_WIDTHS]; /* of the widest lines of outputs */
	size_t nwidths;
	struct map pairs; /* of values in one call, to how often they stood there together */
	struct vary_origin *origin; /* of the case that is being made */
	struct buf nothing;	    /* the archive of a case that leaves nothing */
	size_t *leaving;	    /* of the pool: those that left files */
	size_t nleaving, leaving_cap;
	struct parity_case *pool; /* what is varied */
	size_t n, cap, first_new; /* those before first_new are seeds, played once as they are */
	size_t next;
	struct map kinds;	/* of lines that were seen */
	struct vary_said *said; /* all of them */
	struct map of_call;	/* by digest, to a struct vary_said */
	struct map writers;	/* first words of calls that wrote files */
	struct case_step *good; /* steps that succeeded and printed something */
	size_t ngood, good_cap;
};
void vary_cleanup(struct vary *v);

/* seeds: of the worker.  DD_ECORRUPT: a case of it is none. */
int vary_init(struct vary *v, uint64_t seed, const json_t *seeds, struct dd_err *err) DD_MUST_USE;

/* The next case: each seed as it is, then variations.  ret is empty; the origin is for vary_learn. */
void vary_next(struct vary *v, struct parity_case *ret, struct vary_origin *ret_origin);

/* What came of it: true, and the case is kept, where a kind of line is new. */
bool vary_learn(struct vary *v, const struct parity_case *c, const struct parity_seen *seen,
	size_t n, const struct vary_origin *origin);

/* It says the same whatever came before it: it shows nothing. */
bool vary_is_worn(const struct vary *v, const struct case_step *s);

/* Calls that begin so have written files. */
bool vary_is_writer(const struct vary *v, const struct strlist *words);

/* The kind of a line: numbers and words that no source has do not count; heap. */
char *vary_kind(const struct vary *v, struct str line);

#endif
