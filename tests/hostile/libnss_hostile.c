/*
 * A library that the target puts into its own root, where its nsswitch.conf or its loader names it.  Its
 * constructor leaves a mark where a user was looked up (/etc/mark-nss): then it ran in a process
 * that should not load code of the target.  In drydock-box it tries to write the program that it
 * runs in (CVE-2019-5736), and prints what came of it and what that file is.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void
mark(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (fd >= 0) {
		(void)!write(fd, text, strlen(text));
		(void)close(fd);
	}
}

/* As a shell, so that this process does not run the program any more; it may still be in use. */
static void
write_program(void)
{
	char script[] = "for i in $(seq 20); do "
			"if (: >>/proc/self/fd/20) 2>/dev/null; then echo opened; exit; fi; "
			"sleep 0.01; done; echo refused; readlink /proc/self/fd/20";
	char name[] = "sh", option[] = "-c", *argv[] = {name, option, script, NULL};
	int program = open("/proc/self/exe", O_RDONLY);
	if (program >= 0 && dup2(program, 20) >= 0)
		(void)execv("/bin/sh", argv);
	_exit(1);
}

__attribute__((constructor)) static void
run(void)
{
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	exe[n > 0 ? n : 0] = '\0';
	if (access("/etc/mark-nss", F_OK) == 0)
		mark("/tmp/nss-was-loaded", exe);
	else if (strstr(exe, "drydock-box"))
		write_program();
}
