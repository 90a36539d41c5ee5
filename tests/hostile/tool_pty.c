/*
 * tool_pty CMD...: run a command with a terminal of ours as its controlling terminal, as a shell would, and
 * print what it printed, then what state it left the terminal in: input that nobody typed, modes, flags.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

static void
pump(int master, pid_t pid)
{
	char text[4096];
	for (;;) {
		struct pollfd p = {master, POLLIN, 0};
		int n = poll(&p, 1, 100);
		ssize_t got = n > 0 ? read(master, text, sizeof(text)) : 0;
		if (got > 0)
			(void)fwrite(text, 1, (size_t)got, stdout);
		if (n == 0 && waitpid(pid, NULL, WNOHANG) == pid)
			return;
	}
}

int
main(int argc, char **argv)
{
	int master, slave, pending = 0;
	struct termios before, after;
	if (argc < 2 || openpty(&master, &slave, NULL, NULL, NULL) < 0)
		return 99;
	(void)tcgetattr(slave, &before);
	pid_t pid = fork();
	if (pid == 0) {
		(void)close(master);
		if (login_tty(dup(slave)) < 0)
			_exit(98);
		(void)execvp(argv[1], argv + 1);
		_exit(97);
	}
	pump(master, pid);
	/* In the order of a reader: the modes first, they decide what counts as input. */
	(void)tcgetattr(slave, &after);
	printf("modes %s\n", memcmp(&before, &after, sizeof(before)) == 0 ? "same" : "changed");
	printf("waiting %s\n", fcntl(slave, F_GETFL) & O_NONBLOCK ? "no" : "yes");
	int again = open(ttyname(slave), O_RDWR | O_NOCTTY | O_NONBLOCK);
	printf("open %s\n", again >= 0 || errno != EBUSY ? "yes" : "no");
	struct termios raw = before;
	cfmakeraw(&raw);
	(void)tcsetattr(slave, TCSANOW, &raw);
	(void)ioctl(slave, FIONREAD, &pending);
	printf("pending %d\n", pending);
	return 0;
}
