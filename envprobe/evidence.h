/*
 * What a log says was missing: typed problems, found by the rules of data/rules.tsv in one pass
 * over the log, in the parser worker "evidence".
 */
#ifndef ENVPROBE_EVIDENCE_H
#define ENVPROBE_EVIDENCE_H

#include "record/record.h"
#include "sandbox/sandbox.h"

#define EVIDENCE_MAX 400 /* problems kept of one log */

/* What can be missing; the need kinds first, with their values. */
enum problem_kind {
	PROBLEM_HEADER = NEED_HEADER,
	PROBLEM_ENV = NEED_PACKAGE + 1, /* a variable that is not set */
	PROBLEM_MENTION,		/* a name that may be of a variable */
	PROBLEM_HOST,			/* a name that did not resolve */
	PROBLEM_UNRESOLVED,		/* the same, by a message that does not tell the name */
	PROBLEM_COMPILE,		/* an error in a source file */
	PROBLEM_REMOVED,		/* what a language has had before */
	PROBLEM_DIALECT,		/* what a compiler takes no more by itself */
	PROBLEM_HISTORY,		/* a version that only the history of the source has */
	PROBLEM_PATH,			/* a file that is no header */
	PROBLEM_DATABASE,		/* one that a server does not have */
	PROBLEM_ROLE,			/* a user that it does not have */
	PROBLEM_TABLE,			/* and a table of a database */
	PROBLEM_DISPLAY,		/* of the X Window System */
	PROBLEM_UNREAD,			/* a source that its language's own check does not take */
};
extern const char *const problem_kind_names[];

struct problem {
	enum problem_kind kind;
	char *name;
	enum need_scope scope;
	int64_t line; /* in the log */
	char *text;   /* the line, at most 300 bytes */
	char *place;  /* of a variable: "file:line" of the source, else of the log */
};
RECORD_LIST(problem);

/* Read a log file in the worker; a missing file gives none. */
int evidence_read(const struct state *st, const char *log_path, struct problem_list *ret,
	struct dd_err *err) DD_MUST_USE;

/* The same on text in memory, for the worker and tests: one problem for each kind and name, in
 * order. */
int evidence_find(struct str log, struct problem_list *ret, struct dd_err *err) DD_MUST_USE;

/* The need a problem stands for; false for the kinds that are no needs.  Strings are copies. */
bool problem_to_need(const struct problem *p, struct need *ret);

/* First problem of a kind, NULL. */
const struct problem *problem_first(const struct problem_list *l, enum problem_kind kind);

#endif
