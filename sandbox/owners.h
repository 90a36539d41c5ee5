/*
 * Inside the room: the owners that package tools meant.  In user mode there is one id, and fake
 * root lets every change of owner succeed without effect; what was meant is kept, so that an
 * exported image has it. A file is known by inode and time of birth, because package tools change
 * the owner of a file before they give it its name.  Safe to use from several threads.
 */
#ifndef SANDBOX_OWNERS_H
#define SANDBOX_OWNERS_H

#include "base/err.h"
#include "base/str.h"
#include "sandbox/target.h"

struct owners;

struct owners *owners_create(void);
void owners_destroy(struct owners *o); /* NULL is fine */

/* A call of the chown(2) family, by number; args are its own. */
void owners_record(struct owners *o, const struct target *t, int nr, const uint64_t *args);

struct owners_tree {		      /* a stack of a pod, for what is written of it */
	const char *upper;	      /* the directory that becomes a layer */
	const char *mounted;	      /* where the stack was mounted inside: "/" or the work tree */
	const struct strlist *lowers; /* directories of the layers below */
};

/*
 * Write the list of a layer: "UID GID PATH", each ended by a NUL byte because a path may hold a
 * newline, in order of path, for all that are not 0 0.  A file of a lower layer is listed by the
 * path it had.  No file is written when there is nothing to list.
 */
int owners_write(struct owners *o, const struct owners_tree *tree, const char *list,
	struct dd_err *err) DD_MUST_USE;

#endif
