/*
 * Which file of each requested package a build or a test used: what was opened or executed, by its own name or
 * through links (alternatives, a merged /usr).  A package that is but a name for others is proved by theirs.
 */
#ifndef ENVPROBE_PROOFS_H
#define ENVPROBE_PROOFS_H

#include "base/json.h"
#include "record/record.h"
#include "sandbox/sandbox.h"

/* Adds package -> path to `found`; the pod has the packages, and has run what the trace shows. */
int proofs_find(struct pod *pod, const struct package_list *packages, const struct trace *trace,
	json_t *found, struct dd_err *err) DD_MUST_USE;

#endif
