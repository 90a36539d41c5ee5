/*
 * What a command makes of a source as one layer, and gives to its user as a branch of its own and as a patch.  Nothing here
 * is a step of a journal: a command that was killed begins anew.
 */
#ifndef RUNNER_ONE_LAYER_H
#define RUNNER_ONE_LAYER_H

#include "base/err.h"
#include "sandbox/sandbox.h"

struct one_layer {
	const struct state *st;	    /* borrowed, as is the stack */
	const struct stack *source; /* what it lies on */
	char *layer;		    /* heap; NULL: nothing was made */
	char *commit, *branch;	    /* heap; of one_layer_branch */
	char *why;		    /* heap: why there is no branch */
};
void one_layer_cleanup(struct one_layer *l);

/* The work tree of a pod, which is closed in any case, becomes the layer of `step`; the owner has a lease of it. */
int one_layer_take(struct one_layer *l, struct pod *pod, const char *step, const char *owner,
	struct dd_err *err) DD_MUST_USE;

/* Is there a repository at a place of this machine? */
bool one_layer_has_repository(const char *source);

/*
 * The branch drydock/WHAT-COMMIT on HEAD of the repository at dir, with the layer as its one commit.  A repository that
 * cannot take it gets none, and l->why says why.
 */
int one_layer_branch(struct one_layer *l, const char *dir, const char *what, const char *message,
	struct dd_err *err) DD_MUST_USE;

/* The same as a patch, of at most max bytes; an empty one where nothing was made. */
int one_layer_patch(const struct one_layer *l, const char *path, size_t max, struct dd_err *err)
	DD_MUST_USE;

#endif
