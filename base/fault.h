/*
 * Faults on demand, for the tests that ask what is left then.  They are in every build and off
 * unless the environment asks for one; a call then costs one comparison.
 *
 *   DRYDOCK_FAULT=NAME:N[+][:WHAT]
 *
 * What happens to the N-th pass of NAME (from 1, counted per process); with "+", to every later one
 * as well, as with a disk that is full and stays full.  NAME is one of the points
 *
 *   db.commit.before   a transaction is about to be committed (db_commit, or a db_run that is a
 *                      transaction of its own)
 *   db.commit.after    it is committed (or that failed), and the caller does not know yet
 *   egress.close       a fetch phase is about to be closed: all of it came, none of it is in the store
 *   egress.adopted     it is in the store, and the caller does not know yet
 *   pr.pushed          a branch is pushed, and no request is opened for it yet
 *   pr.opened          a request is opened, and nothing here says so yet
 *
 * or a kind of system call (base/io.h and SQLite's): write, sync, rename, link, mkdir, create,
 * truncate, read, remove; or "io", all of these but the last two.  WHAT is
 *
 *   kill    the process kills itself there with SIGKILL, as a power cut would, but that what it
 *           wrote stays written (the default)
 *   stop    it stops itself with SIGSTOP and goes on when it is told to
 *   ENOSPC, EDQUOT, EIO, EROFS   the call is not made and fails with that error
 *   short   half of a write is written, and the next call fails with ENOSPC
 *   log     nothing: only listed
 *
 * A point that is no call can only kill, stop and log.  DRYDOCK_FAULT_LOG=FILE gets one line
 * "CALL N WHAT PATH" for each fault that was injected, so that a test can tell that it was.
 *
 * The environment of a pod is made by drydock and never holds these variables, so that neither code
 * of the target nor a worker of ours in a pod is ever concerned.  Any thread may pass.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>
#include <stddef.h>

enum fault_call {
	FAULT_WRITE,
	FAULT_SYNC,
	FAULT_RENAME,
	FAULT_LINK,
	FAULT_MKDIR,
	FAULT_CREATE, /* of a file, named or not */
	FAULT_TRUNCATE,
	FAULT_READ,
	FAULT_REMOVE, /* of a file or a directory */
	FAULT_CALLS
};

void fault_point(const char *name);

/*
 * True, and errno set, when the call that is about to be made shall fail instead.  What it is
 * about: a path, or (NULL) a descriptor.
 */
bool fault_fails(enum fault_call call, const char *path, int fd);

/* The same for a write of *n bytes, which may be made to write fewer. */
bool fault_fails_write(int fd, const char *path, size_t *n);

/* Does the environment ask for a fault? */
bool fault_wished(void);

#endif
