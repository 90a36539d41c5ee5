/*
 * The floor of a sandbox: the same seven namespaces, an overlay of the same layers with its upper
 * directory on the same disk, /proc, a /dev with the same six devices, and nothing for safety: no
 * filter, no limits, no protocol, no supervisor.
 *
 *   floor UPPER-PARENT UID LAYER[:LAYER...] CMD [ARGS...]     UID: what inside-root is outside
 *
 * Layers: topmost first, as mount(2) wants them.  In the environment: FLOOR_PLAIN makes the overlay
 * one that syncs, FLOOR_BIND names a directory that is seen at /mnt.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void
die(const char *what)
{
	perror(what);
	_exit(125);
}

static void
put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(path);
	close(fd);
}

/* By descriptors, opened while the state directory can be entered. */
static const char *
open_layers(char *layers)
{
	static char out[4096];
	for (char *p = strtok(layers, ":"); p; p = strtok(NULL, ":")) {
		size_t n = strlen(out);
		int fd = open(p, O_PATH | O_DIRECTORY);
		if (fd < 0)
			die(p);
		snprintf(out + n, sizeof(out) - n, "%s/proc/self/fd/%d", n ? ":" : "", fd);
	}
	return out;
}

static void
enter(const char *layers, int bound, char **argv)
{
	static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};
	char options[8192], from[64], to[64];
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=fs,workdir=work,userxattr%s",
		layers, getenv("FLOOR_PLAIN") ? "" : ",volatile");
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("overlay", "root", "overlay", MS_NOSUID | MS_NODEV, options) < 0)
		die("overlay");
	if (mount("proc", "root/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0 ||
		mount("tmpfs", "root/dev", "tmpfs", MS_NOSUID, "mode=0755") < 0)
		die("proc, dev");
	snprintf(from, sizeof(from), "/proc/self/fd/%d", bound);
	if (bound >= 0 && mount(from, "root/mnt", NULL, MS_BIND, NULL) < 0)
		die("bind");
	for (size_t i = 0; i < 6; i++) {
		snprintf(from, sizeof(from), "/dev/%s", devices[i]);
		snprintf(to, sizeof(to), "root/dev/%s", devices[i]);
		close(open(to, O_CREAT | O_WRONLY, 0666));
		if (mount(from, to, NULL, MS_BIND, NULL) < 0)
			die(to);
	}
	if (chdir("root") < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
		umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		die("pivot_root");
	execv(argv[0], argv);
	die(argv[0]);
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *f)
{
	(void)st;
	(void)f;
	if (kind == FTW_DNR)
		chmod(path, 0700);
	return remove(path);
}

int
main(int argc, char **argv)
{
	char dir[4096], map[64], path[64];
	int ready[2], status;
	if (argc < 5)
		return 2;
	snprintf(dir, sizeof(dir), "%s/floor-XXXXXX", argv[1]);
	if (!mkdtemp(dir) || chmod(dir, 0755) < 0 || chdir(dir) < 0 || mkdir("fs", 0755) < 0 ||
		mkdir("work", 0755) < 0 || mkdir("root", 0755) < 0 || pipe(ready) < 0)
		die(dir);
	uid_t uid = (uid_t)atol(argv[2]);
	bool root = geteuid() == 0;
	if (root && (chown("fs", uid, uid) < 0 || chown("work", uid, uid) < 0))
		die("chown");
	struct clone_args a = {.flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
					CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP,
		.exit_signal = SIGCHLD};
	pid_t pid = (pid_t)syscall(SYS_clone3, &a, sizeof(a));
	if (pid < 0)
		die("clone3");
	if (pid == 0) {
		char c;
		const char *layers = open_layers(argv[3]), *bind = getenv("FLOOR_BIND");
		int bound = bind ? open(bind, O_PATH | O_DIRECTORY) : -1;
		close(ready[1]);
		if (read(ready[0], &c, 1) != 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
			die("map");
		enter(layers, bound, argv + 4);
	}
	snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
	if (!root)
		put(path, "deny");
	snprintf(map, sizeof(map), "0 %u %u", root ? uid : geteuid(), root ? 65536 : 1);
	snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)pid);
	put(path, map);
	snprintf(path, sizeof(path), "/proc/%d/gid_map", (int)pid);
	put(path, map);
	close(ready[1]);
	if (waitpid(pid, &status, 0) < 0)
		die("wait");
	if (chdir("/") < 0 || nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0)
		die("remove");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}
