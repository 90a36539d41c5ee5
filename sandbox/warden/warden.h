/*
 * The warden of a pod: measures what the kernel does not limit, and says when there is too much of it.  It runs in
 * the outer half of drydock-box, for as long as pid 1 lives; libc only, and nothing of the box.  See warden.c.
 */
#ifndef SANDBOX_WARDEN_H
#define SANDBOX_WARDEN_H

#include <sys/types.h>

/*
 * It looks at memory at least every WARDEN_MAX_MS and at most every WARDEN_MIN_MS, the sooner the less there is
 * left; WARDEN_TOUCH_PER_MS is what one processor can touch in a millisecond, WARDEN_FORKS_PER_MS how many
 * processes it can start.
 */
#define WARDEN_MAX_MS 100
#define WARDEN_MIN_MS 5
#define WARDEN_TOUCH_PER_MS (8ULL << 20)
#define WARDEN_FORKS_PER_MS 20ULL

/*
 * Processes beyond the limit that the kernel lets be before the warden ends them all.  It tells nobody whom it
 * refused, so that the warden must have had the time to look before it does.
 */
#define WARDEN_SPARE_TASKS(max) ((max) ? (max) / 8 + WARDEN_SPARE_TASKS_LEAST : 0)
#define WARDEN_SPARE_TASKS_LEAST 256

struct warden_spec {
	pid_t pid1; /* a child of the caller, who has SIGCHLD blocked */
	/* In bytes, and processes; 0: the kernel does, or nobody asked. */
	unsigned long long memory, pids, disk;
	int dir; /* holds what counts as disk; -1: the disk is not watched */
	/* What a file without a name held when a command got it: not the target's doing. */
	unsigned long long (*given)(ino_t ino);
	/* What there is too much of (memory, pids or disk), and how much there is: once until there is less. */
	void (*tell)(const char *cause, unsigned long long used);
};

/*
 * Watch until pid 1 ends, and give its status as from waitpid.  While there is too much of something, pid 1 gets
 * SIGUSR1 at every look.  /proc must be the pod's already.
 */
int warden_wait(const struct warden_spec *spec);

#endif
