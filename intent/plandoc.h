/*
 * A plan as a document: Markdown that people edit, which is the plan; JSON is made of it.
 *
 *   # TITLE                       an item of level 1
 *   ## SECTION                    an item of level 2
 *   ### ID: TITLE                 an item of level 3; ID is a letter, then letters, digits, "-" and "."
 *   - key: value                  a field of the item above; keys are small letters and blanks, and may be repeated
 *   anything else                 a note of the item above
 *
 * Every line belongs to one item, in its order, so that a document that was read and is written again is the same to the last
 * byte (lines end with a newline).  Within a fence of ``` every line is a note.
 */
#ifndef INTENT_PLANDOC_H
#define INTENT_PLANDOC_H

#include "base/json.h"

#define PLAN_MAX_BYTES ((size_t)8 << 20)

struct plandoc_line {
	char *key;  /* NULL: a note */
	char *text; /* the value, or the note */
};

struct plandoc_item {
	unsigned level; /* 0: what is written before the first heading; 1, 2, 3 */
	char *id;	/* NULL: it has none */
	char *title;
	struct plandoc_line *v;
	size_t n, cap;
	const char *section; /* title of the section it is in; "" before the first */
	uint32_t line;	     /* of the document */
};

struct plandoc {
	struct plandoc_item *v;
	size_t n, cap;
};
void plandoc_cleanup(struct plandoc *p);

/* DD_EINVAL: it is no text, or has no title; DD_ELIMIT. */
int plandoc_parse(struct str markdown, struct plandoc *ret, struct dd_err *err) DD_MUST_USE;
void plandoc_print(const struct plandoc *p, struct buf *ret);
json_t *plandoc_json(const struct plandoc *p);

/* ---- making one; texts are made one line, `<` is escaped ---- */

/* Good until the next one is added. */
struct plandoc_item *plandoc_add(
	struct plandoc *p, unsigned level, const char *id, const char *title);
void plandoc_note(struct plandoc_item *i, const char *text);
void plandoc_field(struct plandoc_item *i, const char *key, const char *fmt, ...) DD_PRINTF(3, 4);
/* A field whose value is a list of names between backticks; nothing for an empty list. */
void plandoc_list(struct plandoc_item *i, const char *key, const struct strlist *names);

/* ---- reading one ---- */

const struct plandoc_item *plandoc_find(const struct plandoc *p, const char *id); /* NULL: none */
bool plandoc_is_task(const struct plandoc_item *i);				  /* with an id */
const char *plandoc_value(
	const struct plandoc_item *i, const char *key); /* the first; NULL: none */
/* The names between backticks of all fields of that key; appended. */
void plandoc_names(const struct plandoc_item *i, const char *key, struct strlist *ret);
/* "R-" and what is the same whenever the text is; heap. */
char *plandoc_id(const struct plandoc *p, const char *prefix, const char *text);

#endif
