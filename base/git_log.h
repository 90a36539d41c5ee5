/*
 * The history of a repository, read and no more: which paths a commit changed, who made it and when, which
 * lines two revisions differ in, and which commit a line is of.  As hostile as base/git.h has it: outside of tests this runs in a sandboxed worker.
 */
#ifndef BASE_GIT_LOG_H
#define BASE_GIT_LOG_H

#include "base/err.h"
#include "base/str.h"

struct gitrepo_commit {
	const char *id;	     /* hexadecimal */
	const char *author;  /* name, as it is written there */
	const char *subject; /* its first line */
	int64_t time_s;	     /* of the author, since 1970 */
	const struct strlist
		*paths; /* that it changed against its first parent; at most max_paths + 1 */
};

struct gitrepo_log_opts {
	size_t max_commits, max_paths;
};

/*
 * The newest commits along the first parents of HEAD, newest first; a result other than 0 of `each` ends it and is
 * given back.  Commits without a parent tell no paths.  DD_ENOENT: there is no repository, or no commit.
 */
int gitrepo_log(const char *dir, const struct gitrepo_log_opts *opts,
	int (*each)(void *ctx, const struct gitrepo_commit *c), void *ctx, struct dd_err *err)
	DD_MUST_USE;

struct gitrepo_hunk {
	const char *path;     /* in the second revision; in the first one where it is gone there */
	uint32_t line, lines; /* in the second; lines 0: something is gone before `line` */
	bool gone;	      /* the file is */
};

/* The lines that differ.  DD_ENOENT: no repository, or no such revision; DD_ELIMIT: more than max hunks. */
int gitrepo_diff(const char *dir, const char *from, const char *to, size_t max,
	int (*each)(void *ctx, const struct gitrepo_hunk *h), void *ctx, struct dd_err *err)
	DD_MUST_USE;

/* "A..B" as A (heap) and B (a view of range).  DD_EINVAL: it is not of that form. */
int gitrepo_range(const char *range, char **ret_from, const char **ret_to, struct dd_err *err)
	DD_MUST_USE;

/* How a file differs between two revisions. */
struct gitrepo_change {
	const char *path;
	enum { GITREPO_TEXT, GITREPO_BINARY, GITREPO_NEW, GITREPO_GONE, GITREPO_OTHER } kind;
	struct str was, is; /* GITREPO_TEXT: the texts */
	struct gitrepo_span {
		uint32_t was, was_lines; /* was_lines 0: something is new behind line `was` */
		uint32_t is, is_lines;
	} * spans;
	size_t nspans;
};

/* Each file that differs; renames are one that is gone and one that is new.  Errors as of gitrepo_diff; max: of files. */
int gitrepo_changes(const char *dir, const char *from, const char *to, size_t max,
	int (*each)(void *ctx, const struct gitrepo_change *c), void *ctx, struct dd_err *err)
	DD_MUST_USE;

/* Each file of a revision that is not the same below the directory root; a result other than 0 of `each` ends it. */
int gitrepo_differs(const char *dir, const char *revision, const char *root,
	int (*each)(void *ctx, const char *path), void *ctx, struct dd_err *err) DD_MUST_USE;

struct gitrepo_line { /* heap */
	char *commit; /* hexadecimal; NULL: no commit has the line, it was changed since, and all below is unset */
	char *author, *message, *path;
	int64_t time_s; /* of the author, since 1970 */
	int64_t line;	/* in path, as that commit left it */
	char *text;	/* of it there; NULL: it could not be read */
};
void gitrepo_line_cleanup(struct gitrepo_line *l);

/*
 * The commit, reached from the revision, that a line of path (from 1) is of.  text: the file as it is now; NULL: as it is in the
 * revision.  Renames are not followed.  DD_ENOENT: no repository, no such revision, or, without text, no such file; DD_EINVAL: it has
 * fewer lines.
 */
int gitrepo_blame(const char *dir, const char *revision, const char *path, const struct str *text,
	int64_t line, struct gitrepo_line *ret, struct dd_err *err) DD_MUST_USE;

#endif
