/*
 * What the attack programs share.  They are static, run only inside the sandbox, and print one line an
 * attack, "NAME OUTCOME": the name of the errno that refused it, or a word.  The scripts beside them
 * compare that with what must be.
 */
#ifndef TESTS_HOSTILE_ATTACK_H
#define TESTS_HOSTILE_ATTACK_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct attack {
	const char *name;
	void (*run)(const char *name, char **args);
};

static inline void
say(const char *name, const char *outcome)
{
	printf("%s %s\n", name, outcome);
	(void)fflush(stdout);
}

/* Of a system call: "done", or why not. */
static inline void
say_result(const char *name, long rc)
{
	say(name, rc >= 0 ? "done" : strerrorname_np(errno));
}

static inline long
now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* In a child, so that what it does to its process ends with it. */
static inline void
run_in_child(const struct attack *a, char **args)
{
	pid_t pid = fork();
	int status = 0;
	if (pid == 0) {
		a->run(a->name, args);
		exit(0);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid < 0 || WIFSIGNALED(status))
		say(a->name, pid < 0 ? "no-child" : strsignal(WTERMSIG(status)));
}

/* NAME [ARGS...]: that one, in this process.  Nothing: all of them, each in a child. */
static inline int
attack_main(const struct attack *attacks, int argc, char **argv)
{
	for (const struct attack *a = attacks; a->name; a++) {
		if (argc < 2) {
			run_in_child(a, argv + 1);
		} else if (strcmp(argv[1], a->name) == 0) {
			a->run(a->name, argv + 2);
			return 0;
		}
	}
	return argc < 2 ? 0 : 99;
}

#endif
