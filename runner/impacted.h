/*
 * Which cases of a run's tests a difference between two revisions can affect, from what drydock qa record saw each of them reach (reach.h).
 * It rather names too many: a change is left to those that executed it only where it lies in the body of a function that is
 * counted, and whatever counters cannot see means every case, and says why.
 */
#ifndef RUNNER_IMPACTED_H
#define RUNNER_IMPACTED_H

#include "base/git_log.h"
#include "base/json.h"

struct impacted;
/* record: the file of drydock qa record; a view for as long as it lives.  DD_EINVAL: it is none. */
int impacted_create(struct str record, struct impacted **ret, struct dd_err *err) DD_MUST_USE;
void impacted_destroy(struct impacted *im); /* NULL is fine */
/* A file that was recorded in another state than the first revision has. */
void impacted_add_other(struct impacted *im, const char *path);
void impacted_add_change(struct impacted *im, const struct gitrepo_change *c);
/*
 * {"total", "all": why it is every case, or null, "cases": [{"id", "suite", "name", "command", "why"}], "files": [{"path", "how"}],
 * "commands": [those that were recorded]}.
 * A new reference.
 */
json_t *impacted_result(struct impacted *im);

/* Body of the worker "impacted": FROM TO; the record on standard input, the recorded tree in the work tree, the repository at
 * IMPACTED_REPOSITORY. */
#define IMPACTED_REPOSITORY "/repository"
int impacted_worker_main(int argc, char **argv);

#endif
