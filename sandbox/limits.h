/*
 * Limits of a pod.  Where a memory and pids control group can be made (v1 or v2), the kernel
 * enforces them; else, and for disk always, a watchdog looks every LIMITS_PERIOD_MS and ends the
 * pod's processes, so that what it guarantees is the limit plus what can be taken in one period.
 */
#ifndef SANDBOX_LIMITS_H
#define SANDBOX_LIMITS_H

#include "sandbox/sandbox.h"

#define LIMITS_PERIOD_MS 100
#define LIMITS_DEFAULT_PIDS 4096

struct limits {
	struct pod_limits want;
	char *memory_group; /* directories; NULL: none could be made */
	char *pids_group;   /* the same as memory_group with v2 */
	bool v2;
	char *upper;	     /* pod directory whose uppers count as disk */
	uint64_t peak_bytes; /* the watchdog's */
};

/* Make the groups for a pod of this id; missing ones are no error. */
void limits_open(
	const char *pod_id, const struct pod_limits *want, const char *pod_dir, struct limits *ret);
/*
 * Descriptors by which a process puts itself (and what it forks from now on) under them: it writes
 * "0" to each. That is a matter of microseconds, where the kernel takes milliseconds to move
 * another process (it waits for every running fork and exec).  At most LIMITS_MAX_ENTRIES; the
 * caller closes them.
 */
#define LIMITS_MAX_ENTRIES 2
int limits_entries(const struct limits *l, int *ret_fds, size_t *ret_n, struct dd_err *err)
	DD_MUST_USE;
/* Remove the groups; the processes must be gone. */
void limits_close(struct limits *l);

/* A limit that has been exceeded since the pod was opened: CAUSE_NONE, _MEMORY, _PIDS or _DISK. */
enum exec_cause limits_check(struct limits *l, pid_t box);

uint64_t limits_peak(const struct limits *l);

/* "cgroup v1", "cgroup v2" or "watchdog": what holds memory here. */
const char *limits_mechanism(void);

/* Remove the control groups of a pod whose drydock is gone.  False: somebody is in them still. */
bool limits_sweep(const char *pod_id);

#endif
