/*
 * Injection points of the crash tests.  With DRYDOCK_FAULT="NAME:N" in the environment, the process
 * that passes the point NAME for the N-th time (from 1, counted per process) kills itself with
 * SIGKILL there, as a power cut would.  Unset, a point costs one comparison.
 *
 * Points: db.commit.before, db.commit.after.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

void fault_point(const char *name);

#endif
