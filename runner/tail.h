/*
 * Asking a model where discovery has nothing more to try: once a question, with what is known and the end of the log, which is
 * data.  The answer is an object of one form, and no more than a name; what becomes of it is envprobe's.
 */
#ifndef RUNNER_TAIL_H
#define RUNNER_TAIL_H

#include "record/answers.h"
#include "runner/run.h"

/*
 * *ret: {"model", "package", "note"}; package null where none is suggested, model where nobody could be asked.  What a
 * provider does is a note; DD_ESTOPPED, and what is ours, is an error.
 */
int tail_ask_model(const struct run *run, const struct answers *answers, const json_t *evidence,
	int64_t nth, json_t **ret, struct dd_err *err) DD_MUST_USE;

#endif
