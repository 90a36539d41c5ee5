/*
 * Theory of operation.  The outer half of drydock-box, which waits for pid 1, is the warden of what the
 * kernel does not limit here: the disk always, memory and processes where no control group could be
 * made.  The target cannot see it (it is in no pid namespace of the target), so it can neither be
 * stopped, nor slowed down, nor killed from inside; and it has the capabilities of the pod's user
 * namespace, so no mode bits hide anything from it.
 *
 * It looks every WARDEN_MAX_MS, and sooner, down to WARDEN_MIN_MS, the less there is left: nobody can
 * take more between two looks than all processors can touch meanwhile.  A look at memory is cheap first:
 * private memory and page tables of each process, and what the machine's shared memory and its number of
 * open files grew by.  Only when that exceeds the limit, and every second for what those do not show, each
 * thing is counted once (memory.c).  A look at the disk is a statfs; only when the file system lost enough,
 * and a fiftieth of the time for those who free what the target takes, the trees are walked (usage.c), a
 * little at a time.  Where all counting fails (a deleted file that is only mapped) the machine keeps a
 * reserve: whoever took the rest, the pod ends.
 *
 * When a limit is exceeded drydock is told which, and pid 1 by SIGUSR1 to kill all there is.
 */
#include "sandbox/warden/warden.h"
#include "sandbox/warden/measure.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT_EVERY_MS 1000
#define WALK_EVERY_MS 500
#define WALK_SHARE 50 /* of the time: a fiftieth */
#define WALK_STEP_MS 20

struct warden {
	const struct warden_spec *spec;
	struct memory memory;
	long long count_ms,
		count_took_ms; /* when memory was last counted exactly, how long it took */
	unsigned long long cpus;
	struct usage usage;
	unsigned long long avail_then; /* of its file system, when the last whole walk began */
	unsigned long long used_then;  /* what that walk found */
	unsigned long long deleted;    /* bytes of files without a name that are still open */
	unsigned long long reserve;    /* what the file system must keep */
	unsigned long long walk_avail; /* when this walk began */
	long long walk_began_ms, walked_ms, walk_took_ms;
	unsigned torn;	  /* walks in a row that did not see the whole tree */
	const char *told; /* the cause that drydock knows; NULL */
};

long long
warden_now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- what to do about it ---- */

static void
fire(struct warden *w, const char *cause, unsigned long long used)
{
	if (!w->told)
		w->spec->tell(cause, used);
	w->told = cause;
	(void)kill(w->spec->pid1, SIGUSR1);
}

/* ---- memory and processes ---- */

/* Until there can be no room left, when each processor takes so much in a millisecond. */
static void
come_back_in_time(
	const struct warden *w, unsigned long long room, unsigned long long per_ms, int *wait_ms)
{
	unsigned long long ms = room / (w->cpus * per_ms);
	if (ms < (unsigned long long)*wait_ms)
		*wait_ms = ms < WARDEN_MIN_MS ? WARDEN_MIN_MS : (int)ms;
}

static bool
look_at_memory(struct warden *w, long long now, int *wait_ms)
{
	const struct warden_spec *s = w->spec;
	struct memory_use use;
	if (!s->memory && !s->pids)
		return false;
	/* Of very many, each look into one is too long. */
	unsigned long long processes = s->pids ? memory_processes(&w->memory) : 0;
	if (processes > s->pids) {
		fire(w, "pids", processes);
		return true;
	}
	memory_look(&w->memory, s->memory, &use);
	if (s->pids && use.tasks + 1 >= s->pids) { /* with ourselves */
		fire(w, "pids", use.tasks);
		return true;
	}
	if (s->pids)
		come_back_in_time(w, s->pids + WARDEN_SPARE_TASKS(s->pids) - use.tasks,
			WARDEN_FORKS_PER_MS, wait_ms);
	if (!s->memory)
		return false;
	if (use.bytes > s->memory || now - w->count_ms >= COUNT_EVERY_MS) {
		memory_count(&w->memory, s->memory, &use);
		w->count_ms = warden_now_ms();
		w->count_took_ms = w->count_ms - now;
	}
	if (use.scarce || use.bytes > s->memory) {
		fire(w, "memory", use.bytes);
		return true;
	}
	come_back_in_time(w, s->memory - use.bytes, WARDEN_TOUCH_PER_MS, wait_ms);
	if (w->count_ms > now && *wait_ms < 2 * w->count_took_ms)
		*wait_ms = (int)(2 * w->count_took_ms); /* a third of a processor at most */
	return false;
}

/* ---- disk ---- */

/* Bytes that are left to write, an inode counted as its least. */
static unsigned long long
available(int dir)
{
	struct statfs s;
	if (fstatfs(dir, &s) < 0)
		return 0;
	return (unsigned long long)s.f_bavail * (unsigned long long)s.f_bsize +
	       (unsigned long long)s.f_ffree * USAGE_ENTRY_BYTES;
}

/* What was found, and what the file system lost since then. */
static unsigned long long
at_most(const struct warden *w, unsigned long long avail)
{
	return w->used_then + w->deleted + (avail < w->avail_then ? w->avail_then - avail : 0);
}

static bool
must_walk(const struct warden *w, long long now, unsigned long long avail)
{
	long long pause = w->walk_took_ms * WALK_SHARE;
	if (now - w->walked_ms >= (pause > WALK_EVERY_MS ? pause : WALK_EVERY_MS))
		return true;
	return at_most(w, avail) > w->spec->disk &&
	       (w->usage.torn || now - w->walked_ms >= 2 * w->walk_took_ms);
}

static void
end_of_walk(struct warden *w)
{
	struct file_use files;
	w->walked_ms = warden_now_ms();
	w->walk_took_ms = w->walked_ms - w->walk_began_ms;
	memory_files(&w->memory, &files);
	if (w->usage.torn || files.incomplete) {
		w->torn++;
		return;
	}
	w->torn = 0;
	w->used_then = w->usage.bytes;
	w->avail_then = w->walk_avail;
	w->deleted = files.deleted;
}

static bool
look_at_disk(struct warden *w, long long now, int *wait_ms)
{
	unsigned long long limit = w->spec->disk, avail;
	if (w->spec->dir < 0)
		return false;
	avail = available(w->spec->dir);
	if (!w->usage.walking && must_walk(w, now, avail)) {
		usage_begin(&w->usage, w->spec->dir);
		w->walk_began_ms = now;
		w->walk_avail = avail;
	}
	if (w->usage.walking) {
		if (usage_step(&w->usage, WALK_STEP_MS))
			end_of_walk(w);
		else if (*wait_ms > WALK_STEP_MS)
			*wait_ms = WALK_STEP_MS;
	}
	unsigned long long used = w->used_then + w->deleted;
	if (w->usage.bytes > used)
		used = w->usage.bytes;
	unsigned long long most = at_most(w, avail);
	if (w->torn >= 3)
		used = most;
	if (used <= limit && avail >= w->reserve) {
		if (most < limit)
			come_back_in_time(w, limit - most, WARDEN_TOUCH_PER_MS, wait_ms);
		return false;
	}
	fire(w, "disk", used);
	return true;
}

/* ---- waiting ---- */

int
warden_wait(const struct warden_spec *spec)
{
	static struct warden w;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	sigset_t child;
	int status = 0;
	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	w = (struct warden){.spec = spec};
	w.cpus = cpus > 0 ? (unsigned long long)cpus : 1;
	memory_init(&w.memory, spec->memory || spec->pids, spec->given);
	w.walked_ms = w.count_ms = warden_now_ms();
	w.avail_then = spec->dir < 0 ? 0 : available(spec->dir);
	w.reserve = w.avail_then / 8;
	for (;;) {
		int wait_ms = WARDEN_MAX_MS;
		long long now = warden_now_ms();
		pid_t got = waitpid(spec->pid1, &status, WNOHANG);
		if (got == spec->pid1)
			return status;
		bool over = look_at_memory(&w, now, &wait_ms);
		over = look_at_disk(&w, now, &wait_ms) || over;
		if (!over)
			w.told = NULL;
		struct timespec t = {wait_ms / 1000, wait_ms % 1000 * 1000000L};
		(void)sigtimedwait(&child, NULL, &t);
	}
}
