/* A directory as a stream of bytes, for a worker to unpack: packed by a thread of its own into a pipe. */
#ifndef RUNNER_FEEDER_H
#define RUNNER_FEEDER_H

#include "base/pack.h"
#include "sandbox/sandbox.h"

#include <pthread.h>

struct feeder { /* begins as {.dir_fd = -1} */
	pthread_t thread;
	bool running;
	int dir_fd, out_fd;
	int rc; /* of the packing */
	struct pack_result packed;
	struct dd_err err;
};

/* *ret_read_fd: the caller closes it, which ends a feeder that still writes, and nobody else. */
int feeder_start(struct feeder *f, const char *dir, int *ret_read_fd, struct dd_err *err)
	DD_MUST_USE;

/*
 * Wait for it.  True: it failed otherwise than because nobody read on; f->err says why, and is its owner's either
 * way.
 */
bool feeder_end(struct feeder *f);

/* All of it: the directory is what the worker of that name reads, in the pod; `what` is its argument. */
int feeder_give(struct pod *pod, const char *dir, const char *worker, const char *what,
	struct dd_err *err) DD_MUST_USE;

#endif
