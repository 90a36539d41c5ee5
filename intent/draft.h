/* Inside the room: a plan while it is made. */
#ifndef INTENT_DRAFT_H
#define INTENT_DRAFT_H

#include "base/map.h"
#include "intent/intent.h"
#include "intent/page.h"

#define DRAFT_MAX_RANKINGS 24 /* questions to the map about what a requirement will change */
#define DRAFT_MAX_NAMES 500   /* of the page that the map is asked for, each once */
#define DRAFT_MAX_TASKS 120
#define DRAFT_MAX_WRITES 6 /* files of one requirement that nobody named */

struct wanted { /* a requirement or a constraint */
	const struct statement *s;
	char *id;
	struct strlist words;	/* stems */
	struct strlist checks;	/* of the page */
	struct strlist named;	/* files of the tree that it names, or that hold what it names */
	struct strlist unknown; /* names that nothing in the tree has */
	struct strlist writes;	/* files it will change, named ones first */
	json_t *likely; /* the ranking: [{"file", "score", "reasons"}]; NULL: none was made */
};

struct task {
	char *id, *title;
	struct strlist requirements, constraints, writes, tests;
	json_t *affected;  /* of graph_affected_by */
	struct map files;  /* those that are affected */
	struct map shared; /* things known by their name that are */
	char *unsure;	   /* why it goes alone; NULL: it need not */
	size_t near;	   /* files that have a known relation to what it writes */
	size_t index;
};

struct draft {
	const struct intent_inputs *in;
	struct page page;
	struct plandoc plan;
	struct map digests; /* path to its digest, heap */
	struct map told;    /* paths that are told as touched */
	struct map by_name; /* name of a file to the paths that have it, struct strlist */
	struct map symbols; /* name to the files that hold it, struct strlist */
	size_t names_left, rankings_left, tasks_left; /* what was beyond a bound */
	struct wanted *wanted;
	size_t n;
	struct task *tasks;
	size_t ntasks;
	struct graph_affected *affected;
	struct strlist rules, rule_ids;
	json_t *spec; /* what is there */
	struct dd_err *err;
};

bool draft_is_constraint(const struct wanted *w);
/* Share of the words of the shorter that the other has, too; 0..1. */
double draft_overlap(const struct strlist *a, const struct strlist *b);
bool draft_is_test(const char *path);

int draft_find_files(struct draft *d) DD_MUST_USE; /* named, unknown, writes */
int draft_tasks(struct draft *d) DD_MUST_USE; /* made of what is wanted, in an order that holds */
int draft_put_tasks(struct draft *d) DD_MUST_USE;
void draft_put_contradictions(struct draft *d);
void draft_put_cases(struct draft *d);
int draft_put_tradeoffs(struct draft *d) DD_MUST_USE;

#endif
