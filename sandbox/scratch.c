/*
 * Scratch directories: <state>/pods/NAME, each with a file `lock` that its maker holds while it
 * lives. It gets its name only when the lock is held, and loses it before anything in it is
 * removed, so that at any moment a sweep can tell what is dead: "new-PID-..." of a process that is
 * gone, "doomed-...", and every other whose lock nobody holds.
 *
 * A pod that left nothing is swept behind the back of whoever waits for its result, and what the next
 * one needs is made then: making and removing a dozen of directories takes a journalling file system as
 * long as all the rest of a short command.  <state>/ready is the directory of a pod that was never used.
 */
#include "sandbox/limits.h"
#include "sandbox/pod.h"

#include "base/fs.h"
#include "base/io.h"
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#define PID_MAX 4194304 /* of 64-bit Linux, proc(5) */
#define DYING_PATIENCE_MS 5000
#define DYING_TURN_MS 20

/* Its name while it is made; heap. */
static char *
name_new(const struct state *st)
{
	static unsigned serial;
	return mem_printf("%s/pods/new-%d-%u", st->dir, (int)getpid(), serial++);
}

/* Lock what was made, and give it its name. */
static int
finish(const struct state *st, const char *name, const char *made, char **ret_dir, int *ret_lock,
	struct dd_err *err)
{
	OWN_FREE char *dir = mem_printf("%s/pods/%s", st->dir, name);
	OWN_FREE char *lock_path = fs_join(made, "lock");
	OWN_FD int lock = -1;
	int rc = fs_exists(dir) ? scratch_discard(dir, err) : 0; /* of one that had our number */
	if (rc == 0)
		rc = fs_lock(lock_path, false, &lock, err);
	if (rc == 0 && io_rename(made, dir) < 0)
		rc = err_errno(err, errno, "cannot rename to %s", dir);
	if (rc < 0) {
		(void)!fs_remove_tree(made, NULL);
		return err_wrap(err, "sandbox");
	}
	*ret_dir = TAKE(dir);
	*ret_lock = TAKE_FD(lock);
	return 0;
}

int
scratch_create(const struct state *st, const char *name, mode_t mode, char **ret_dir, int *ret_lock,
	struct dd_err *err)
{
	OWN_FREE char *made = name_new(st);
	int rc = fs_remove_tree(made, err);
	if (rc == 0)
		rc = fs_mkdirs(made, 0700, err);
	if (rc == 0 && chmod(made, mode) < 0)
		rc = err_errno(err, errno, "cannot set the mode of %s", made);
	return rc < 0 ? err_wrap(err, "sandbox") : finish(st, name, made, ret_dir, ret_lock, err);
}

/* ---- what is ready, and what is to go ---- */

int
scratch_take_ready(const struct state *st, const char *name, char **ret_dir, int *ret_lock)
{
	OWN_FREE char *made = name_new(st);
	OWN_FREE char *ready = state_path(st, "ready");
	if (io_rename(ready, made) < 0)
		return -DD_ENOENT;
	return finish(st, name, made, ret_dir, ret_lock, NULL);
}

void
sandbox_make_ready(const struct state *st)
{
	OWN_FREE char *ready = state_path(st, "ready");
	OWN_FREE char *made = name_new(st);
	OWN_FREE char *lock_path = fs_join(made, "lock");
	OWN_FD int lock = -1;
	if (fs_exists(ready) || fs_remove_tree(made, NULL) < 0)
		return;
	if (pod_make_ready(st, made) < 0 || fs_lock(lock_path, false, &lock, NULL) < 0 ||
		io_rename(made, ready) < 0)
		(void)!fs_remove_tree(made, NULL);
}

int
scratch_discard(const char *dir, struct dd_err *err)
{
	const char *slash = strrchr(dir, '/');
	OWN_FREE char *doomed = mem_printf("%.*s/doomed-%s", (int)(slash - dir), dir, slash + 1);
	(void)!fs_remove_tree(doomed, NULL); /* an earlier one of that name */
	if (io_rename(dir, doomed) < 0)
		return errno == ENOENT ? 0 : err_errno(err, errno, "cannot discard %s", dir);
	return fs_remove_tree(doomed, err);
}

typedef void sweep_fn(const struct state *st, const char *dir);

static bool
is_gone(pid_t pid)
{
	return pid > 0 && kill(pid, 0) < 0 && errno == ESRCH;
}

/* Of "...-PID" and "...-PID-SERIAL"; 0 when there is none. */
static pid_t
maker_of(const char *name)
{
	const struct str last = str_behind(str_of(name), "-");
	const struct str head = {name, last.p > name ? (size_t)(last.p - name) - 1 : 0};
	uint64_t pid = 0;
	if (!str_parse_u64(str_behind(head, "-"), PID_MAX, &pid))
		(void)str_parse_u64(last, PID_MAX, &pid);
	return (pid_t)pid;
}

enum swept { SWEPT_DONE, SWEPT_ALIVE, SWEPT_DYING };

/*
 * A pod's name is also that of its control groups, which are made after its directory and removed before.  Who was
 * killed holds its lock and its groups until the last of its processes is gone, too.
 */
static int
sweep_one(const struct state *st, const char *dir, const char *name, sweep_fn *before,
	enum swept *ret, struct dd_err *err)
{
	OWN_FREE char *lock_path = fs_join(dir, "lock");
	OWN_FD int lock = -1;
	*ret = SWEPT_DONE;
	if (strncmp(name, "doomed-", 7) == 0) {
		(void)!fs_remove_tree(dir, NULL); /* another may be at it */
		return 0;
	}
	if (strncmp(name, "new-", 4) == 0)
		return is_gone((pid_t)atoi(name + 4)) ? scratch_discard(dir, err) : 0;
	*ret = is_gone(maker_of(name)) ? SWEPT_DYING : SWEPT_ALIVE;
	if (!fs_exists(lock_path) || fs_lock(lock_path, false, &lock, NULL) < 0)
		return 0;
	if (before)
		before(st, dir);
	/* First: a group whose pod has no directory is found by nobody. */
	if (!limits_sweep(name))
		return 0;
	*ret = SWEPT_DONE;
	return scratch_discard(dir, err);
}

/* Once; *ret_dying: something is left of who is dying. */
static int
sweep_all(const struct state *st, sweep_fn *before, bool *ret_dying, struct dd_err *err)
{
	OWN_FREE char *pods = state_path(st, "pods");
	OWN(strlist) struct strlist names = {0};
	int rc = fs_list(pods, &names, err);
	*ret_dying = false;
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN_FREE char *dir = fs_join(pods, names.v[i]);
		enum swept swept;
		rc = sweep_one(st, dir, names.v[i], before, &swept, err);
		*ret_dying = *ret_dying || swept == SWEPT_DYING;
	}
	return rc;
}

int
sandbox_sweep(const struct state *st, sweep_fn *before, struct dd_err *err)
{
	const int64_t until = clock_mono_ns() + (int64_t)DYING_PATIENCE_MS * 1000000;
	for (;;) {
		bool dying;
		int rc = sweep_all(st, before, &dying, err);
		if (rc < 0 || !dying || clock_mono_ns() >= until)
			return rc;
		(void)poll(NULL, 0, DYING_TURN_MS);
	}
}
