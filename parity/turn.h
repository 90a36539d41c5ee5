/* One command on one side: started, so that others run beside it, and waited for with them. */
#ifndef PARITY_TURN_H
#define PARITY_TURN_H

#include "parity/parity.h"
#include "parity/stream.h"
#include "sandbox/trace.h"

struct call { /* borrowed */
	const struct strlist *args;
	bool of_target; /* args come behind the side's command, and it is traced */
	const char *dir;
	struct str input;
	const struct strlist *names; /* hidden in what it prints; NULL: none */
	size_t output_max;	     /* what is kept of it; the rest is a digest */
};

struct turn {
	const struct parity_side *side;
	struct exec *exec;
	struct exec_result result;
	struct stream out, err;
	struct trace *trace; /* NULL: it is none of the target */
};
void turn_cleanup(struct turn *t);

/* t is empty and stays where it is until it was waited for.  On an error nothing runs. */
int turn_start(struct turn *t, const struct parity_side *side, const struct call *c,
	struct dd_err *err) DD_MUST_USE;
/* The same of a shell's script. */
int turn_start_script(struct turn *t, const struct parity_side *side, const char *script,
	struct str input, size_t output_max, struct dd_err *err) DD_MUST_USE;

/*
 * Until all have ended; some may not have been started.  What they print is taken meanwhile from each, so that none waits for another.
 * The first error, when all have ended.  DD_ESTOPPED.
 */
int turns_wait(struct turn *const *turns, size_t n, struct dd_err *err) DD_MUST_USE;

#endif
