/*
 * Asking a parser worker about the source: it reads the tree in a pod, read-only, and answers in JSON.
 */
#ifndef ENVPROBE_SOURCE_WORKER_H
#define ENVPROBE_SOURCE_WORKER_H

#include "base/json.h"
#include "sandbox/sandbox.h"

struct source_question {
	const char *worker;  /* its name, as in `drydock-core worker NAME` */
	const char *arg;     /* behind the path of the tree; may be NULL */
	const json_t *input; /* on its standard input; may be NULL */
	size_t max_bytes;    /* of the answer */
};

/* *ret is a new reference.  source: of one layer.  DD_ELIMIT, DD_ECORRUPT: the answer is no good. */
int source_ask(const struct state *st, const struct stack *source, const struct source_question *q,
	json_t **ret, struct dd_err *err) DD_MUST_USE;

#endif
