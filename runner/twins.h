/* Two stood-up programs of which one is to do what the other does, in open pods, and what comes of comparing them (parity.h). */
#ifndef RUNNER_TWINS_H
#define RUNNER_TWINS_H

#include "parity/parity.h"
#include "runner/live.h"

struct twin_spec { /* borrowed */
	struct live_spec live;
	const char *
		command; /* words; what begins with "./" is below the tree.  NULL: the only program of the tree */
	const char *what; /* "original", for messages */
	bool alone;	  /* one lane is enough */
	const char *
		like; /* where the tree has several programs: that of this name, without its ending; NULL */
};

struct twin {
	struct live *lives[PARITY_LANES]; /* each a pod of its own, in which the same runs */
	size_t lanes;
	struct live_spec spec;
	struct probe_files files; /* binds are its own, their strings are not */
	struct strlist env, command;
};
void twin_close(struct twin *t);

/*
 * Its pods (one where it has services, or the machine one processor), its services, and time, place and chance as every twin has them.  DD_EINVAL: nobody knows which program it is, or it is not there; DD_EIO: a
 * service does not start.
 */
int twin_open(const struct twin_spec *spec, struct twin *ret, struct dd_err *err) DD_MUST_USE;

/* Both, on as many lanes as both have. */
void twins_set_sides(struct twin *original, struct twin *port, struct parity_spec *ret);

#endif
