/*
 * What a build made, read by a worker from the layer it left: paths, digests, the libraries that programs are
 * linked to (ELF, gABI chapter 5), and what its texts say but for their numbers.  What lies on the way
 * (objects, logs, caches) is left out: it differs from run to run, or says nothing.
 */
#ifndef ENVPROBE_BUILT_H
#define ENVPROBE_BUILT_H

#include "record/record.h"
#include "sandbox/sandbox.h"

#define BUILT_FILES_MAX 20000 /* the first ones by path are listed */

/* layer: key of what the build left.  Sorted by path. */
int built_files_of(const struct state *st, const char *layer, struct built_file_list *ret,
	struct dd_err *err) DD_MUST_USE;

/* Paths by how they differ; one that was built otherwise is in the first list that tells it. */
struct built_difference {
	struct strlist missing, added; /* in b */
	struct strlist linked;	       /* to other libraries */
	struct strlist text;	       /* says something else, numbers aside */
	struct strlist bytes;	       /* only these differ */
};
void built_difference_cleanup(struct built_difference *d);
void built_files_compare(const struct built_file_list *a, const struct built_file_list *b,
	struct built_difference *ret);

/* Is there no difference but in bytes? */
bool built_files_are_alike(const struct built_file_list *a, const struct built_file_list *b);

#endif
