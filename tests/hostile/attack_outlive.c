/* Not ending: when told to, when the main process has, or when the sandbox itself is attacked. */
#include "tests/hostile/attack.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static void
ignore_everything(void)
{
	for (int sig = 1; sig < 64; sig++)
		(void)signal(sig, SIG_IGN);
}

static void
stay(void)
{
	for (;;)
		(void)sleep(1000);
}

static void
sleeps(const char *name, char **args)
{
	(void)name;
	(void)args;
	stay();
}

static void
ignores(const char *name, char **args)
{
	(void)name;
	(void)args;
	ignore_everything();
	for (;;)
		;
}

/* The main process waits in the kernel for a child that does not exec. */
static void
vforked(const char *name, char **args)
{
	(void)name;
	(void)args;
	if (vfork() == 0)
		stay();
}

/* Main ends at once; what it leaves has no parent, no session, no descriptors, no ear. */
static void
daemonised(const char *name, char **args)
{
	(void)args;
	for (int i = 0; i < 20; i++) {
		if (fork() != 0)
			continue;
		(void)setsid();
		if (fork() != 0)
			_exit(0);
		ignore_everything();
		(void)prctl(PR_SET_PDEATHSIG, 0);
		if (i % 2)
			(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
		for (int fd = 0; i % 3 == 0 && fd < 64; fd++)
			(void)close(fd);
		(void)fork();
		stay();
	}
	(void)usleep(100000);
	say(name, "left");
}

/* A child of the process that watches, not of ours. */
static void
adopted(const char *name, char **args)
{
	(void)args;
	if (syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0) == 0) {
		ignore_everything();
		stay();
	}
	say(name, "left");
}

static void
stop_all(const char *name, char **args)
{
	(void)name;
	(void)args;
	if (fork() == 0) {
		(void)kill(-1, SIGSTOP);
		stay();
	}
	stay();
}

static void
kill_all(const char *name, char **args)
{
	(void)name;
	(void)args;
	(void)kill(-1, SIGKILL);
	stay();
}

/* Every signal to pid 1, also the one its warden uses. */
static void
signal_init(const char *name, char **args)
{
	(void)args;
	for (int sig = 1; sig <= 64; sig++)
		(void)kill(1, sig);
	(void)usleep(200000);
	say(name, kill(1, 0) == 0 || errno == EPERM ? "alive" : "dead");
}

static void
signal_watcher(const char *name, char **args)
{
	pid_t parent = getppid();
	say_result(name, kill(parent, atoi(*args)));
	stay();
}

/* Where it may: the process that watches gets no processor any more, and we want all of it. */
static void
starve_watcher(const char *name, char **args)
{
	struct sched_param p = {0};
	(void)name;
	(void)args;
	(void)sched_setscheduler(getppid(), SCHED_IDLE, &p);
	(void)setpriority(PRIO_PROCESS, (id_t)getppid(), 19);
	for (int i = 0; i < 100; i++)
		if (fork() == 0)
			break;
	ignore_everything();
	for (;;)
		;
}

/* Limits of the process that watches are none of the target's business either. */
static void
limit_watcher(const char *name, char **args)
{
	const struct rlimit none = {0, 0};
	(void)args;
	(void)prlimit(getppid(), RLIMIT_NOFILE, &none, NULL);
	(void)prlimit(getppid(), RLIMIT_CPU, &none, NULL);
	(void)prlimit(getppid(), RLIMIT_NPROC, &none, NULL);
	say(name, "tried");
}

/* Holds the output open after everything else is gone. */
static void
holds_output(const char *name, char **args)
{
	(void)args;
	if (fork() == 0) {
		(void)setsid();
		ignore_everything();
		stay();
	}
	say(name, "left");
}

static const struct attack attacks[] = {
	{"sleeps", sleeps},
	{"ignores", ignores},
	{"vforked", vforked},
	{"daemonised", daemonised},
	{"adopted", adopted},
	{"stop-all", stop_all},
	{"kill-all", kill_all},
	{"signal-init", signal_init},
	{"signal-watcher", signal_watcher},
	{"starve-watcher", starve_watcher},
	{"limit-watcher", limit_watcher},
	{"holds-output", holds_output},
	{NULL, NULL},
};

int
main(int argc, char **argv)
{
	return argc < 2 ? 99 : attack_main(attacks, argc, argv);
}
