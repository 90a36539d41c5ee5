/*
 * Edits of source files: search and replace, unified diff, whole file.  An edit fits exactly or is refused: no
 * guess about blanks, and never one of two places.  What is refused leaves every byte as it was, and the refusal
 * names the nearest place, so that whoever wrote the edit can look there.
 *
 * What surrounds an edit stays as it is, byte by byte: mark of byte order, line ends (text that is put in takes those
 * of the place), encoding (UTF-8, else ISO 8859-1), mode, and whether the last line is ended.  Edits of one call are all
 * made or none.
 *
 * Paths are the target's and lie below a root descriptor; no link is followed.  Not thread-safe on one tree.
 */
#ifndef AGENTS_EDIT_H
#define AGENTS_EDIT_H

#include "base/err.h"
#include "base/str.h"

#include <sys/types.h>

#define EDIT_MAX_BYTES ((size_t)32 << 20) /* of a file */

enum edit_kind {
	EDIT_REPLACE, /* the one place that reads `find` becomes `text` */
	EDIT_DIFF,    /* `text` is a unified diff of the file; `find` is empty */
	EDIT_WHOLE,   /* `text` is what the file, which may be new, holds from now on */
	EDIT_BYTES, /* the same of a tool of ours that kept the rest of the file: nothing is adapted */
};

struct edit { /* all of it borrowed; find and text are UTF-8 */
	enum edit_kind kind;
	const char *path; /* below the root, plain */
	struct str find, text;
};

enum edit_verdict {
	EDIT_DONE,
	EDIT_BAD_PATH, /* absolute, "..", .git, a submodule, a link, no regular file */
	EDIT_NO_FILE,
	EDIT_NOT_TEXT, /* NUL bytes, UTF-16 */
	EDIT_TOO_LARGE,
	EDIT_BLANK, /* the text to be found is empty or white space */
	EDIT_NOT_FOUND,
	EDIT_TWICE,    /* more than one place fits */
	EDIT_BAD_DIFF, /* no unified diff, or of another file */
	EDIT_ENCODING, /* the file's encoding has no such character */
	EDIT_NO_CHANGE,
	EDIT_BREAKS, /* it parsed before and would not any more */
};
extern const char *const edit_verdict_names[]; /* "done", "bad path", ...; NULL-terminated */

struct edit_place { /* lines from 1; 0: none to name */
	size_t first, last;
};

/*
 * The file `before` as the edit makes it, appended to after.  Pure; e->path is for messages.  Refused: after has
 * nothing more, place is the nearest one (of EDIT_TWICE: the first two that fit), the message tells all that.
 */
enum edit_verdict edit_text(const struct edit *e, struct str before, struct buf *after,
	struct edit_place *place, struct dd_err *err) DD_MUST_USE;

struct edit_change {
	char *path;
	bool created;
	struct buf before, after;
};
struct edit_result {
	enum edit_verdict verdict;
	size_t refused; /* index of the edit that was */
	struct edit_place place;
	struct edit_change *v; /* EDIT_DONE: the files, each once */
	size_t n, cap;
};
void edit_result_cleanup(struct edit_result *r);

struct edit_check {
	/* Does the file of one of these changes, which are made together, parse worse than it did?  NULL: nobody looks. */
	bool (*is_worse)(void *ctx, const struct edit_change *all, size_t n, size_t which);
	void *ctx;
};

/*
 * Make them, in order.  DD_EINVAL: refused, and ret->verdict says why; DD_EIO: the disk; in both cases the tree is
 * as it was.
 */
int edit_apply(int root_fd, const struct edit *edits, size_t n, const struct edit_check *check,
	struct edit_result *ret, struct dd_err *err) DD_MUST_USE;

/* Put back what edit_apply changed; r stays its owner's. */
int edit_undo(int root_fd, const struct edit_result *r, struct dd_err *err) DD_MUST_USE;

#endif
