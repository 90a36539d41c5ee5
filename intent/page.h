/*
 * A page of intent: what a person wants, in their own words, as statements that each have one place in the page.  Markdown, or an
 * issue of a tracker (tracker.h).  The text is somebody's: bounded, controls become blanks, comments of HTML are left out, and
 * nothing in it is followed.
 */
#ifndef INTENT_PAGE_H
#define INTENT_PAGE_H

#include "base/err.h"
#include "base/str.h"

#define PAGE_MAX_BYTES ((size_t)1 << 20)
#define PAGE_MAX_STATEMENTS 400
#define PAGE_MAX_PICTURES 20
#define PAGE_MAX_TEXT 600 /* bytes of a statement; what is longer is cut, and ends with "..." */

enum statement_kind {
	STATEMENT_REQUIREMENT,
	STATEMENT_CONSTRAINT, /* what must not be */
	STATEMENT_ACCEPTANCE, /* how it is seen that a requirement holds */
	STATEMENT_NON_GOAL,
	STATEMENT_QUESTION,
	STATEMENT_CONTEXT,
};

enum strength { STRENGTH_MUST, STRENGTH_SHOULD, STRENGTH_MAY };
extern const char *const strength_names[];

struct statement {
	enum statement_kind kind;
	enum strength strength;
	char *text; /* one line */
	uint32_t line;
	int of; /* of an acceptance: the index of the requirement it is written below; -1: of none */
};

struct page {
	char *title;
	struct statement *v;
	size_t n, cap;
	struct strlist pictures; /* paths of reference pictures */
	size_t more_pictures;	 /* than are kept */
	bool cut;		 /* there were more statements than are kept */
};
void page_cleanup(struct page *p);

/* DD_EINVAL: there is nothing in it. */
int page_read(struct str markdown, struct page *ret, struct dd_err *err) DD_MUST_USE;

/* What a text names: between backticks, paths, and words that look like names of code; appended, each once. */
void page_names(const char *text, struct strlist *ret);
/* Can it be nothing but the name of something in code, as "copy_ttl" or "src/a.c", and not a word in some other sense? */
bool page_is_code_name(const char *name);

#endif
