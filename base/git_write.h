/*
 * Git, the writing side: commits are made of the objects of a repository in one place (a sandboxed worker, since they
 * are hostile), and put into the repository of a user in another, as bytes.  Nothing of the latter is read but whether
 * a file of a name is there: no configuration, no object, no index; no hook or filter runs, and no reference but a new
 * one of its own is written.
 */
#ifndef BASE_GIT_WRITE_H
#define BASE_GIT_WRITE_H

#include "base/err.h"
#include "base/str.h"

struct gitrepo_change { /* borrowed */
	const char *path;
	struct str before; /* what the file must hold in the commit below; ignored for a new one */
	struct str after;
	bool created;
};

struct gitrepo_commit_spec {
	const char *parent; /* hexadecimal; NULL: HEAD */
	const struct gitrepo_change *changes;
	size_t nchanges;
	const char *message, *author, *email;
	int64_t time_s; /* of author and committer, UTC; GIT_TIME_OF_PARENT: as the parent was committed */
};
#define GIT_TIME_OF_PARENT INT64_MAX

struct gitrepo_object {
	int type; /* as in libgit2 */
	struct buf data;
};
struct gitrepo_object_list {
	struct gitrepo_object *v;
	size_t n, cap;
};
void gitrepo_object_list_cleanup(struct gitrepo_object_list *l);

/*
 * Make the commit in the repository at dir, which is thrown away later, and add its objects, the commit last, to
 * objects.  *ret_commit: hexadecimal, heap.  DD_EBUSY: a file of the change differs from that of the commit below
 * (the work tree had changes); the message names it.  Other errors as gitrepo_clone.
 */
int gitrepo_make_commit(const char *dir, const struct gitrepo_commit_spec *spec,
	struct gitrepo_object_list *objects, char **ret_commit, struct dd_err *err) DD_MUST_USE;

/*
 * <dir>/.git, or dir where it is bare; heap.  DD_ENOENT: it is no repository; DD_EUNSUPPORTED: its git directory is
 * elsewhere.
 */
int gitrepo_git_dir(const char *dir, char **ret, struct dd_err *err) DD_MUST_USE;

/*
 * Write the objects and then refs/heads/BRANCH into the repository whose work tree, or bare directory, is dir; its
 * files get the owner of the directory.  scratch: a directory that is made for the time.  Repeating it is harmless.  DD_EUNSUPPORTED: its git directory is elsewhere;
 * DD_EEXIST: the branch is there and is another commit than `from` (NULL: none), which it is moved from; DD_EBUSY: it is checked out, in this work tree or another of the repository.
 */
int gitrepo_put_branch(const char *dir, const struct gitrepo_object_list *objects,
	const char *commit, const char *branch, const char *from, const char *scratch,
	struct dd_err *err) DD_MUST_USE;

/* The commit that a branch of that repository is at, as its file says; heap, NULL: there is none. */
int gitrepo_branch_commit(const char *dir, const char *branch, char **ret, struct dd_err *err)
	DD_MUST_USE;

/*
 * What is checked out there, as its files say: *ret_branch ("main"; NULL: none is) and *ret_commit (NULL: there is none
 * yet), heap.  DD_ENOENT: it is no repository; DD_EUNSUPPORTED: its git directory is elsewhere, or HEAD says what git would not write.
 */
int gitrepo_checked_out(const char *dir, char **ret_branch, char **ret_commit, struct dd_err *err)
	DD_MUST_USE;

/* A patch of one file in git's form, appended; nothing where nothing changed.  DD_ECORRUPT: it cannot be made. */
int gitrepo_put_diff(const struct gitrepo_change *c, struct buf *out, struct dd_err *err)
	DD_MUST_USE;

#endif
