/*
 * Injection points of the crash tests.  With DRYDOCK_FAULT="NAME:N" in the environment, the process
 * that passes the point NAME for the N-th time (from 1, counted per process) kills itself with
 * SIGKILL there, as a power cut would, but that what it wrote stays written.  The environment is
 * read when the process passes its first point; unset, a point costs one comparison.
 *
 *   db.commit.before   a transaction is about to be committed (db_commit, or a db_run that is a
 *                      transaction of its own)
 *   db.commit.after    it is committed (or that failed), and the caller does not know yet
 *   egress.close       a fetch phase is about to be closed: all of it came, none of it is in the store
 *   egress.adopted     it is in the store, and the caller does not know yet
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

void fault_point(const char *name);

#endif
