/*
 * A page of HTML that opens from disk: self-contained, readable without its script, in light and dark and on paper; what is
 * not ours can do nothing on it (a content security policy of digests).  All that is put on it is escaped, bounded, and has its secrets taken out; labels and captions are ours and are put as
 * they are.
 */
#ifndef RUNNER_PAGE_H
#define RUNNER_PAGE_H

#include "record/answers.h"

#define PAGE_ROWS 2000			 /* of one table; what is left out is counted */
#define PAGE_CELL 2000			 /* bytes of one text */
#define PAGE_PICTURES ((size_t)50 << 20) /* bytes of pictures in the page; more stay beside it */

struct page {
	struct buf out;
	const struct answers *answers; /* for redaction; may be NULL */
	struct str script;	       /* ours, run when it is open; empty: none */
	size_t pictures;	       /* bytes of those in it */
};

/* From the doctype to the heading, which is the title; the verdict is ours. */
void page_begin(struct page *p, const char *title, const char *verdict);
/* End it, write it to path and free what it holds.  DD_ELIMIT: it does not fit into its buffer; what was at path stays. */
int page_write(struct page *p, const char *path, struct dd_err *err) DD_MUST_USE;

/* Text of any origin; NULL is nothing. */
void page_put(struct page *p, const char *text);
/* A label in bold and the text; nothing where there is no text. */
void page_put_paragraph(struct page *p, const char *label, const char *text);

/* A path as seen from the page, as an attribute has it, whatever characters it has. */
void page_put_link(struct buf *out, const char *path);

/* A PNG: in the page while it has room, else a reference to `beside`, its path as seen from the page. */
void page_put_picture(struct page *p, struct str png, const char *beside, const char *alt);
/* Has the page room for one of so many bytes, as data?  Then it is taken. */
bool page_take_room(struct page *p, size_t bytes);
/* A PNG as a URL that holds it. */
void page_put_data(struct buf *out, struct str png);

/* heads end with NULL.  left_out: rows that report.json has and the page has not. */
void page_begin_table(struct page *p, const char *caption, const char *const *heads);
void page_put_row(struct page *p, const char *const *cells, size_t n);
void page_end_table(struct page *p, size_t left_out);

#endif
