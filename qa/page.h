/*
 * Inside the room: one page of the browser, in a browser context of its own, as the worker "screen" sees it.
 *
 * Its time is ours (qa/data/clock.js): it moves in page_settle and page_pass only, by whole PAGE_TICK_MS, once no request
 * is in flight, so that a page shows the same however busy the machine is.  Dialogs are answered, popups closed,
 * downloads refused, all of them noted.  What happens is noted in `step`; strings of a step are bounded.
 */
#ifndef QA_PAGE_H
#define QA_PAGE_H

#include "base/map.h"
#include "qa/blank.h"
#include "qa/cdp.h"
#include "record/record.h"

#define PAGE_EPOCH_MS INT64_C(1767268800000) /* 2026-01-01T12:00:00Z: when every scenario begins */
#define PAGE_TICK_MS 50
#define PAGE_SETTLE_TICKS 10
#define PAGE_CALL_MS 10000 /* how long an answer may take */

struct page_frame { /* a document's own world */
	char *session, *frame;
	int64_t context;
};

struct page {
	struct cdp *cdp;
	int width, height;
	uint32_t seed;
	char *context, *target, *session; /* NULL: none yet */
	char *clock;			  /* id of the clock's script */
	int64_t clock_ms;		  /* since PAGE_EPOCH_MS */
	struct page_frame *frames;
	size_t nframes, cap_frames;
	const struct page_frame *
		asked; /* the world a script is waited for in: when it goes, nobody answers; NULL */
	struct map loading;  /* ids of frames that are being loaded */
	struct map requests; /* id -> struct page_request */
	size_t in_flight;
	uint64_t documents;				   /* the main frame has had */
	int dialogs, popups, downloads, documents_of_step; /* in this step */
	bool scripts_off; /* documents that are made run no scripts */
	bool crashed;
	struct screen_step *step; /* where events go; NULL: nowhere */
	struct blank next;	  /* what page_open takes; survives page_close */
};

/*
 * Open about:blank; page_close ends it, also after a failure.  p is zeroes or was closed, and stays where it is as long
 * as another is expected.
 */
int page_open(struct page *p, struct cdp *cdp, int width, int height, uint32_t seed,
	struct dd_err *err) DD_MUST_USE;
void page_close(struct page *p);
/* Once this one is closed another will be opened: let the browser prepare it meanwhile. */
void page_expect_next(struct page *p);

/* Events from now on belong to this step. */
int page_begin_step(struct page *p, struct screen_step *step, struct dd_err *err) DD_MUST_USE;

/* DD_EINVAL: the browser could not go there, and the message says why. */
int page_go(struct page *p, const char *url, struct dd_err *err) DD_MUST_USE;

/*
 * Wait until it is loaded and no request is in flight, and let PAGE_SETTLE_TICKS pass.  What did not come to rest in
 * time is added to unmet of the step: "load", "requests", "script".
 */
int page_settle(struct page *p, struct dd_err *err) DD_MUST_USE;
/* Let one tick pass. */
int page_pass(struct page *p, struct dd_err *err) DD_MUST_USE;

/* A call to the page's session.  As cdp_call; DD_ECORRUPT: the page crashed. */
int page_call(struct page *p, const char *method, json_t *params, json_t **ret, struct dd_err *err)
	DD_MUST_USE;
/* The same in two steps (cdp.h), so that what does not depend on each other is asked together. */
void page_ask(
	struct page *p, struct cdp_ask *a, const char *method, json_t *params, enum cdp_form form);
int page_take(struct page *p, struct cdp_ask *a, struct dd_err *err) DD_MUST_USE;
/* The value of an expression in world `context` of `session`, awaited; DD_EINVAL: it threw;
 * DD_ECORRUPT: the world went away. */
int page_evaluate(struct page *p, const char *session, int64_t context, const char *expression,
	int timeout_ms, json_t **ret, struct dd_err *err) DD_MUST_USE;
/* NULL: it has no document right now. */
const struct page_frame *page_main_frame(const struct page *p);
/* A world of ours in a frame. */
int page_world(struct page *p, const struct page_frame *f, int64_t *ret_context, struct dd_err *err)
	DD_MUST_USE;

/* Add a name to unmet of the step, once. */
void page_unmet(struct page *p, const char *name);
/* Note what a page did. */
void page_note(struct page *p, const char *level, const char *text, const char *url, int64_t line);

#endif
