/*
 * Git: the commits of a branch, and what one of them changed put onto files that changed, too.  The merge of three texts is
 * libgit2's (git-merge-file(1)).  As hostile as base/git.h has it: outside of tests this runs in a sandboxed worker, and
 * nothing of the repository is written.
 */
#ifndef BASE_GIT_MERGE_H
#define BASE_GIT_MERGE_H

#include "base/err.h"
#include "base/str.h"

struct gitrepo_pick { /* heap */
	char *commit; /* hexadecimal */
	char *message;
	struct strlist paths; /* that it changed, as they are called in it */
};
struct gitrepo_pick_list {
	struct gitrepo_pick *v; /* oldest first */
	size_t n, cap;
	char *base; /* the commit that both come from; NULL */
};
void gitrepo_pick_list_cleanup(struct gitrepo_pick_list *l);

/*
 * The commits that `commit` has and `onto` has not.  DD_EINVAL: the two have no commit in common, one of those commits is itself a merge, or
 * there are more than max of them; DD_ENOENT: no repository, or no such commit.
 */
int gitrepo_list_picks(const char *dir, const char *commit, const char *onto, size_t max,
	struct gitrepo_pick_list *ret, struct dd_err *err) DD_MUST_USE;

enum gitrepo_clash { /* why a file of a commit was not merged */
	CLASH_NONE,
	CLASH_LINES, /* both changed the same lines, or lines beside each other */
	CLASH_ADDED, /* both made it, each otherwise */
	CLASH_GONE,  /* one removed what the other changed */
	CLASH_KIND,  /* it is no text of a regular file */
};
extern const char *const gitrepo_clash_names[]; /* "", "lines", "both-added", "gone", "not-text" */

struct gitrepo_place { /* lines that clash, in the file as it is now and as the commit has it; lines 0: none, behind `first` */
	int64_t first, lines;
	int64_t theirs, theirs_lines;
	char *by; /* the commit that the lines of now are of, hexadecimal; heap, NULL: none of `onto` */
};
struct gitrepo_merged {
	char *path; /* now: what was renamed since is found under its new name */
	bool created;
	enum gitrepo_clash clash;
	struct buf
		text; /* merged; CLASH_LINES and CLASH_ADDED: both sides are in it, between lines of conflict */
	struct gitrepo_place *places;
	size_t nplaces, places_cap;
};
struct gitrepo_merged_list { /* files that are not so already */
	struct gitrepo_merged *v;
	size_t n, cap;
};
void gitrepo_merged_list_cleanup(struct gitrepo_merged_list *l);

/*
 * What `commit` changed against its parent, put onto the files that `read` gives (false: there is no such file, or it is no
 * regular one), which began as those of the commit `onto`.  DD_ENOENT: no repository, or no such commit.
 */
struct gitrepo_merge_spec { /* borrowed */
	const char *commit, *onto;
	bool (*read)(void *ctx, const char *path, struct buf *ret);
	void *ctx;
};
int gitrepo_merge(const char *dir, const struct gitrepo_merge_spec *spec,
	struct gitrepo_merged_list *ret, struct dd_err *err) DD_MUST_USE;

#endif
