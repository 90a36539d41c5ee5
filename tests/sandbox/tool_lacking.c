/*
 * tool_lacking WHAT CMD [ARGS...]: run a command on a machine that lacks something.  The machine itself does not
 * change: WHAT is
 *
 *   namespace:KIND   no namespace of that kind (mnt, net, ...) may be made: a limit of 0, in a user namespace
 *   namespace:       the same user namespace, without a limit
 *   call:NAME        the kernel does not know that system call
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void
put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		err(99, "%s", path);
	(void)close(fd);
}

/* Every id that there is here is itself there; for an ordinary user that is one. */
static void
map_same(pid_t pid, const char *file, unsigned own)
{
	char path[64], text[4096] = "", line[128];
	unsigned inside, outside, count;
	size_t used = 0;
	(void)snprintf(path, sizeof(path), "/proc/self/%s", file);
	FILE *f = fopen(path, "re");
	if (!f)
		err(99, "%s", path);
	while (geteuid() == 0 && fgets(line, sizeof(line), f) &&
		sscanf(line, "%u %u %u", &inside, &outside, &count) == 3 && used < 3900)
		used += (size_t)snprintf(
			text + used, sizeof(text) - used, "%u %u %u\n", inside, inside, count);
	(void)fclose(f);
	if (geteuid() != 0)
		(void)snprintf(text, sizeof(text), "%u %u 1\n", own, own);
	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	put(path, text);
}

static void
write_maps(pid_t pid)
{
	char path[64];
	if (geteuid() != 0) {
		(void)snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
		put(path, "deny");
	}
	map_same(pid, "uid_map", geteuid());
	map_same(pid, "gid_map", getegid());
}

/* The parent writes the maps and gives back the status. */
static void
enter_user_namespace(void)
{
	int made[2], mapped[2], status;
	char c;
	if (pipe2(made, O_CLOEXEC) < 0 || pipe2(mapped, O_CLOEXEC) < 0)
		err(99, "pipe");
	pid_t pid = fork();
	if (pid < 0)
		err(99, "fork");
	if (pid == 0) {
		if (unshare(CLONE_NEWUSER) < 0)
			err(99, "unshare");
		(void)close(made[1]);
		(void)close(mapped[1]);
		if (read(mapped[0], &c, 1) < 0)
			err(99, "pipe");
		return;
	}
	(void)close(made[1]);
	if (read(made[0], &c, 1) < 0)
		err(99, "pipe");
	write_maps(pid);
	(void)close(mapped[1]);
	if (waitpid(pid, &status, 0) < 0)
		err(99, "wait");
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
}

static void
lose_call(const char *name)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	int nr = seccomp_syscall_resolve_name(name);
	if (!f || nr == __NR_SCMP_ERROR || seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), nr, 0) < 0 ||
		seccomp_load(f) < 0)
		errx(99, "no filter for %s", name);
	seccomp_release(f);
}

int
main(int argc, char **argv)
{
	char path[128];
	const char *kind = argc > 2 ? strchr(argv[1], ':') : NULL;
	if (!kind)
		return 99;
	kind++;
	if (strncmp(argv[1], "call:", 5) == 0) {
		lose_call(kind);
	} else {
		enter_user_namespace();
		(void)snprintf(path, sizeof(path), "/proc/sys/user/max_%s_namespaces", kind);
		if (*kind)
			put(path, "0");
	}
	(void)execvp(argv[2], argv + 2);
	err(99, "%s", argv[2]);
}
