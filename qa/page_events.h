/* Inside the room: what the browser tells of a page, noted in it. */
#ifndef QA_PAGE_EVENTS_H
#define QA_PAGE_EVENTS_H

#include "qa/page.h"

struct page_request {
	struct screen_request seen;
	char *frame, *loader; /* of a document; NULL */
	int64_t began_ns;
	bool counted; /* in flight until it ends; streams are not */
	int64_t heard_ns; /* of its answer, when it may be that nobody reads it: then it has no end; 0 */
};

/* cdp.wants and cdp.on_event of a struct page. */
bool page_wants(void *page, struct str method);
void page_on_event(void *page, const char *session, const char *method, const json_t *params);

/* Make a new session of the page ready: domains, clock. */
void page_prepare_session(struct page *p, const char *session);
/* The clock's script as it has to be for documents made from now on; heap. */
char *page_clock_source(const struct page *p);

/* Let documents from now on run scripts, or not ("script" is then unmet). */
void page_set_scripts(struct page *p, bool on);

void page_request_destroy(void *r);
/* An answer that was heard nothing of for a while is one that the page does not read: it is not in flight. */
void page_sweep_requests(struct page *p);
/* Forget the documents of one session (NULL: of all). */
void page_forget_frames(struct page *p, const char *session);

#endif
