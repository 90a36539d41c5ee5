/* Inside the room: the build that fixer_build.c mends, for the files that its rules are in. */
#ifndef AGENTS_FIXER_BUILDING_H
#define AGENTS_FIXER_BUILDING_H

#include "agents/fixer_build.h"
#include "base/map.h"

struct failed {	   /* what make says; heap strings */
	char *dir; /* below the tree, "" for its root */
	char *makefile; /* below the tree; where that is made by the build, what it is made from; NULL: not told */
	uint64_t line; /* of the recipe; 0: of a rule that is built in */
	char *target;  /* NULL */
	char *also; /* where makefile is automake's source: what automake made of it, which is in the tree, too; NULL */
	uint64_t also_line;
	bool am; /* makefile is automake's, or its source */
};

struct building {
	const struct fixer_build_spec *spec;
	struct buf out; /* of the last run */
	bool ok;
	struct failed *
		all; /* what failed in it, at least one: where nothing is told, the root's makefile */
	size_t n, cap;
	struct failed failed;	   /* that is being looked at; borrowed */
	struct map tried, changed; /* proposals; paths */
	json_t *fixes;
};

struct change {	    /* of one file, and the line that asks for it */
	char *path; /* heap */
	struct buf text;
	char *also; /* a file that is changed with it; heap, NULL: none */
	struct buf also_text;
	struct str why; /* of the output */
	char *note;	/* heap */
};

/* ---- fixer_build.c ---- */

bool building_says(struct str s, const char *text);
bool building_read(const struct building *b, const char *path, struct buf *ret);
/* The first line of the output that has all of it; empty. */
struct str building_find(const struct building *b, const char *text, const char *more);
/* Line n (from 1); false: there is none. */
bool building_line(struct str text, uint64_t n, struct str *ret);
/* Other text in place of a part of a file. */
void building_put(struct str text, struct str part, struct str by, struct buf *out);
/* The recipe that failed, with the lines that go on behind it. */
bool building_recipe(const struct building *b, struct str text, struct str *ret);

/* ---- fixer_template.c: what configure makes, and what it is made by ---- */

/* After a build: prints the lines of makefiles that failed as the build has them. */
void template_put_script(struct buf *out);
/* A makefile that is not in the tree was made from one that is: f becomes what failed there; else it stays. */
void template_find(const struct building *b, struct failed *f);
/* The line with which automake's makefile takes the libraries that configure found. */
bool template_libs(struct str makefile, struct str *ret);

int rule_obsolete_macro(struct building *b, struct change *c, struct dd_err *err) DD_MUST_USE;
int rule_foreign(struct building *b, struct change *c, struct dd_err *err) DD_MUST_USE;
int rule_regenerate(struct building *b, struct change *c, struct dd_err *err) DD_MUST_USE;

#endif
