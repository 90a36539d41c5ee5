/*
 * Limits of a pod.  Where a memory and a pids control group can be made (v1 or v2), the kernel enforces
 * those.  Else the warden in drydock-box (sandbox/warden) watches processes and memory, and
 * RLIMIT_NPROC of the pod's own user namespace bounds what it has not seen yet; the disk it watches always.
 */
#ifndef SANDBOX_LIMITS_H
#define SANDBOX_LIMITS_H

#include "sandbox/sandbox.h"

#define LIMITS_PERIOD_MS 100 /* how often the groups are asked whether they were exceeded */
#define LIMITS_DEFAULT_PIDS 4096

struct limits {
	bool opened;
	struct pod_limits want; /* no zeros */
	char *memory_group;	/* directories; NULL: none could be made */
	char *pids_group;	/* the same as memory_group with v2 */
	bool v2;
	int memory_events, pids_events;	 /* files in which the groups count; -1 */
	uint64_t seen_memory, seen_pids; /* events of the groups before this exec */
	enum exec_cause ended;		 /* what the warden said */
	uint64_t peak_bytes;		 /* the same */
	uint64_t free_then;		 /* bytes of the disk when the pod was opened */
};

/*
 * Make the groups for a pod of this id; missing ones are no error.  What want leaves open gets a default:
 * three quarters of the memory, half of the free disk, LIMITS_DEFAULT_PIDS.
 */
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
/* Leave them to limits_sweep. */
void limits_leave(struct limits *l);

/* What was exceeded before is not the next command's doing; but a disk that is full stays full. */
void limits_begin(struct limits *l);
/* A limit that has been exceeded since then: CAUSE_NONE, _MEMORY, _PIDS or _DISK. */
enum exec_cause limits_check(const struct limits *l);
/*
 * limits_check for a command that failed: one that filled the disk may have given up before the warden looked.
 * Measures the pod's directory, unless the file system has much more room than that.
 */
enum exec_cause limits_check_end(const struct limits *l, const char *pod_dir);
/* The warden has ended the pod's processes: a name as of exec_cause_name. */
void limits_exceeded(struct limits *l, const char *cause, uint64_t used);

uint64_t limits_peak(const struct limits *l);

/* "cgroup v1", "cgroup v2" or "watchdog": what holds memory here. */
const char *limits_mechanism(void);

/* Remove the control groups of a pod whose drydock is gone.  False: somebody is in them still. */
bool limits_sweep(const char *pod_id);

#endif
