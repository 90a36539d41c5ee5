/*
 * System calls that the filter must refuse, with arguments that would be harmless and, where there are
 * such, successful: then it is the filter that refused.  Each again in the numbers of the other two
 * ABIs of an x86-64 kernel, where all of them must be unknown.
 */
#include "tests/hostile/attack.h"

#include <linux/netlink.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <termios.h>

#define HIGH (1L << 32) /* bits the kernel ignores, and a filter must, too */

static char buffer[4096], other[4096];
static struct iovec mine = {buffer, 16}, yours = {other, 16};
static struct timex no_change;
static const char tmpfs[] = "tmpfs", root[] = "/", here[] = ".";
static struct clone_args user_namespace = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
static struct {
	unsigned bytes;
	int type;
	unsigned char space[128];
} handle = {.bytes = 128};
static int mount_id;

#define P(x) ((long)(uintptr_t)(x))
#define SELF (-4711) /* stands for the id of the process that calls */

static const struct call {
	const char *name;
	long nr, i386;
	long args[6];
} calls[] = {
	/* keys */
	{"keyctl", SYS_keyctl, 288, {0, -3, 0}},
	{"add_key", SYS_add_key, 286, {P("user"), P("x"), P(buffer), 1, -3}},
	{"request_key", SYS_request_key, 287, {P("user"), P("x"), 0, 0}},
	/* parts of the kernel with a history */
	{"bpf", SYS_bpf, 357, {0, P(buffer), 64}},
	{"perf_event_open", SYS_perf_event_open, 336, {0, 0, -1, -1, 0}},
	{"userfaultfd", SYS_userfaultfd, 374, {1}},
	{"io_uring_setup", SYS_io_uring_setup, 425, {1, P(buffer)}},
	{"io_uring_enter", SYS_io_uring_enter, 426, {-1, 0, 0, 0}},
	{"io_uring_register", SYS_io_uring_register, 427, {-1, 0, 0, 0}},
	{"fanotify_init", SYS_fanotify_init, 338, {0x200, 0}},
	{"lookup_dcookie", SYS_lookup_dcookie, 253, {0, P(buffer), 64}},
	{"init_module", SYS_init_module, 128, {P(buffer), 0, P("")}},
	{"finit_module", SYS_finit_module, 350, {-1, P(""), 0}},
	{"delete_module", SYS_delete_module, 129, {P("no-such-module"), 0}},
	{"kexec_load", SYS_kexec_load, 283, {0, 0, 0, 0}},
	{"kexec_file_load", SYS_kexec_file_load, -1, {-1, -1, 0, 0, 0}},
	/* other processes */
	{"ptrace", SYS_ptrace, 26, {0, 0, 0, 0}},
	{"process_vm_readv", SYS_process_vm_readv, 347, {SELF, P(&mine), 1, P(&yours), 1, 0}},
	{"process_vm_writev", SYS_process_vm_writev, 348, {SELF, P(&mine), 1, P(&yours), 1, 0}},
	{"kcmp", SYS_kcmp, 349, {SELF, SELF, 0, 0, 0}},
	{"pidfd_getfd", SYS_pidfd_getfd, 438, {-1, 0, 0}},
	{"process_madvise", SYS_process_madvise, 440, {-1, 0, 0, 0, 0}},
	{"move_pages", SYS_move_pages, 317, {0, 0, 0, 0, 0, 0}},
	/* namespaces */
	{"unshare-user", SYS_unshare, 310, {CLONE_NEWUSER}},
	{"unshare-user-high", SYS_unshare, 310, {CLONE_NEWUSER | HIGH}},
	{"unshare-mount", SYS_unshare, 310, {CLONE_NEWNS}},
	{"unshare-net", SYS_unshare, 310, {CLONE_NEWNET}},
	{"unshare-pid", SYS_unshare, 310, {CLONE_NEWPID}},
	{"unshare-ipc", SYS_unshare, 310, {CLONE_NEWIPC}},
	{"unshare-uts", SYS_unshare, 310, {CLONE_NEWUTS}},
	{"unshare-cgroup", SYS_unshare, 310, {CLONE_NEWCGROUP}},
	{"unshare-time", SYS_unshare, 310, {0x80}},
	{"clone-user", SYS_clone, 120, {CLONE_NEWUSER | SIGCHLD}},
	{"clone-user-high", SYS_clone, 120, {CLONE_NEWUSER | SIGCHLD | HIGH}},
	{"clone-net", SYS_clone, 120, {CLONE_NEWNET | SIGCHLD}},
	{"clone3-user", SYS_clone3, 435, {P(&user_namespace), sizeof(user_namespace)}},
	{"setns", SYS_setns, 346, {-1, 0}},
	/* mounting, the old way and the new */
	{"mount", SYS_mount, 21, {P(tmpfs), P(root), P(tmpfs), 0, 0}},
	{"umount2", SYS_umount2, 52, {P("/tmp"), 2}},
	{"pivot_root", SYS_pivot_root, 217, {P(here), P(here)}},
	{"chroot", SYS_chroot, 61, {P(root)}},
	{"fsopen", SYS_fsopen, 430, {P(tmpfs), 0}},
	{"fsconfig", SYS_fsconfig, 431, {-1, 0, 0, 0, 0}},
	{"fsmount", SYS_fsmount, 432, {-1, 0, 0}},
	{"fspick", SYS_fspick, 433, {-100, P(root), 0}},
	{"move_mount", SYS_move_mount, 429, {-1, P(""), -1, P(""), 0}},
	{"open_tree", SYS_open_tree, 428, {-100, P(root), 0}},
	{"open_tree-clone", SYS_open_tree, 428, {-100, P(root), 1}},
	{"mount_setattr", SYS_mount_setattr, 442, {-1, P(""), 0, 0, 0}},
	{"name_to_handle_at", SYS_name_to_handle_at, 341,
		{-100, P(root), P(&handle), P(&mount_id), 0}},
	{"open_by_handle_at", SYS_open_by_handle_at, 342, {-100, P(&handle), 0}},
	/* the machine */
	{"reboot", SYS_reboot, 88, {0, 0, 0, 0}},
	{"swapon", SYS_swapon, 87, {P(root), 0}},
	{"swapoff", SYS_swapoff, 115, {P(root)}},
	{"acct", SYS_acct, 51, {P(root)}},
	{"quotactl", SYS_quotactl, 131, {0, 0, 0, 0}},
	{"sethostname", SYS_sethostname, 74, {P("x"), 1}},
	{"setdomainname", SYS_setdomainname, 121, {P("x"), 1}},
	{"settimeofday", SYS_settimeofday, 79, {0, 0}},
	{"clock_settime", SYS_clock_settime, 264, {0, 0}},
	{"adjtimex", SYS_adjtimex, 124, {P(&no_change)}},
	{"clock_adjtime", SYS_clock_adjtime, 343, {0, P(&no_change)}},
	{"syslog", SYS_syslog, 103, {10, 0, 0}},
	{"vhangup", SYS_vhangup, 111, {0}},
#ifdef SYS_iopl
	{"iopl", SYS_iopl, 110, {0}},
	{"ioperm", SYS_ioperm, 101, {0x80, 1, 0}},
	{"modify_ldt", SYS_modify_ldt, 123, {0, P(buffer), 16}},
#endif
	/* sockets */
	{"vsock", SYS_socket, 359, {AF_VSOCK, SOCK_STREAM, 0}},
	{"vsock-high", SYS_socket, 359, {AF_VSOCK | HIGH, SOCK_STREAM | HIGH, HIGH}},
	{"packet", SYS_socket, 359, {AF_PACKET, SOCK_RAW, 0x300}},
	{"packet-old", SYS_socket, 359, {AF_INET, SOCK_PACKET, 0x300}},
	{"raw", SYS_socket, 359, {AF_INET, SOCK_RAW, 1}},
	{"raw-6", SYS_socket, 359, {AF_INET6, SOCK_RAW | SOCK_CLOEXEC, 58}},
	{"raw-high", SYS_socket, 359, {AF_INET | HIGH, SOCK_RAW | HIGH, 1 | HIGH}},
	{"sctp", SYS_socket, 359, {AF_INET, SOCK_SEQPACKET, 132}},
	{"dccp", SYS_socket, 359, {AF_INET, 6, 33}},
	{"l2tp", SYS_socket, 359, {AF_INET, SOCK_DGRAM, 115}},
	{"netlink-netfilter", SYS_socket, 359, {AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER}},
	{"netlink-netfilter-high", SYS_socket, 359,
		{AF_NETLINK | HIGH, SOCK_RAW, NETLINK_NETFILTER | HIGH}},
	{"netlink-xfrm", SYS_socket, 359, {AF_NETLINK, SOCK_RAW, NETLINK_XFRM}},
	{"netlink-audit", SYS_socket, 359, {AF_NETLINK, SOCK_RAW, NETLINK_AUDIT}},
	{"alg", SYS_socket, 359, {AF_ALG, SOCK_SEQPACKET, 0}},
	{"bluetooth", SYS_socket, 359, {AF_BLUETOOTH, SOCK_RAW, 1}},
	{"can", SYS_socket, 359, {AF_CAN, SOCK_RAW, 1}},
	{"tipc", SYS_socket, 359, {AF_TIPC, SOCK_RDM, 0}},
	{"xdp", SYS_socket, 359, {AF_XDP, SOCK_RAW, 0}},
	{"rds", SYS_socket, 359, {AF_RDS, SOCK_SEQPACKET, 0}},
	{"smc", SYS_socket, 359, {43, SOCK_STREAM, 0}},
	/* pid 1 of the pod is not to be made slow, nor given limits */
	{"prlimit-pid1", SYS_prlimit64, 340, {1, RLIMIT_NOFILE, 0, P(buffer)}},
	{"sched-pid1", SYS_sched_setscheduler, 156, {1, SCHED_OTHER, P(buffer)}},
	{"affinity-pid1", SYS_sched_setaffinity, 241, {1, 8, P(buffer)}},
	{"priority-pid1", SYS_setpriority, 97, {PRIO_PROCESS, 1, 19}},
	{"priority-group1", SYS_setpriority, 97, {PRIO_PGRP, 1, 19}},
	{"priority-user", SYS_setpriority, 97, {PRIO_USER, 0, 19}},
	/* what nobody has looked at */
	{"clone3", SYS_clone3, 435, {0, 0}},
	{"unknown", 999, 999, {0}},
	{"unknown-high", 0x3fffffff, 0x3fffffff, {0}},
};
#define N_CALLS (sizeof(calls) / sizeof(*calls))

static long
argument(const struct call *c, size_t i)
{
	return c->args[i] == SELF ? getpid() : c->args[i];
}

static long
call_native(const struct call *c, long bits)
{
	return syscall(c->nr | bits, argument(c, 0), argument(c, 1), argument(c, 2), argument(c, 3),
		argument(c, 4), argument(c, 5));
}

/* What it would do, it does in a child only. */
static void
try(const char *prefix, const struct call *c, long (*how)(const struct call *c, long bits),
	long bits)
{
	char name[64];
	(void)snprintf(name, sizeof(name), "%s%s", prefix, c->name);
	(void)fflush(stdout);
	pid_t pid = fork(), self = getpid();
	if (pid == 0) {
		self = getpid();
		long rc = how(c, bits);
		if (getpid() == self) /* not what it forked */
			say_result(name, rc);
		_exit(0);
	}
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		say(name, strsignal(WTERMSIG(status)));
}

static void
native(const char *name, char **args)
{
	(void)name;
	(void)args;
	for (size_t i = 0; i < N_CALLS; i++)
		try("", &calls[i], call_native, 0);
}

#ifdef __x86_64__
static long
call_int80(const struct call *c, long bits)
{
	long rc;
	(void)bits;
	__asm__ volatile("push %%rbp; int $0x80; pop %%rbp"
			 : "=a"(rc)
			 : "a"(c->i386), "b"(c->args[0]), "c"(c->args[1]), "d"(c->args[2]),
			 "S"(c->args[3]), "D"(c->args[4])
			 : "memory", "r8", "r9", "r10", "r11");
	errno = (int)-rc;
	return (int)rc < 0 ? -1 : rc;
}

static void
foreign(const char *name, char **args)
{
	/* Harmless ones, too: getpid, write of nothing. */
	static const struct call plain[] = {{"getpid", SYS_getpid, 20, {0}},
		{"write", SYS_write, 4, {1, 0, 0}}, {"socketcall", 999, 102, {1, 0}},
		{"ioctl-tiocsti", SYS_ioctl, 54, {0, TIOCSTI, 0}},
		{"mknod", SYS_mknod, 14, {P("/tmp/node"), 0020666, 0x103}}};
	bool x32 = strcmp(name, "x32") == 0;
	(void)args;
	for (size_t i = 0; i < N_CALLS; i++)
		if (x32 || calls[i].i386 >= 0)
			try(x32 ? "x32:" : "int80:", &calls[i], x32 ? call_native : call_int80,
				x32 ? 0x40000000 : 0);
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		try(x32 ? "x32:" : "int80:", &plain[i], x32 ? call_native : call_int80,
			x32 ? 0x40000000 : 0);
}
#endif

/* ---- where the filter might not reach ---- */

static void *
unshare_in_thread(void *name)
{
	say_result(name, syscall(SYS_unshare, CLONE_NEWUSER));
	return NULL;
}

static void
in_thread(const char *name, char **args)
{
	pthread_t t;
	char *copy = (char *)name;
	(void)args;
	if (pthread_create(&t, NULL, unshare_in_thread, copy) != 0)
		say(name, "no-thread");
	else
		(void)pthread_join(t, NULL);
}

/* A call that was interrupted is started again by the kernel as restart_syscall: never as another one. */
static void
on_alarm(int sig)
{
	(void)sig;
}

static void
after_restart(const char *name, char **args)
{
	struct sigaction a = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	struct timespec t = {0, 300000000};
	(void)args;
	(void)sigaction(SIGALRM, &a, NULL);
	(void)ualarm(50000, 0);
	(void)syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &t, NULL);
	(void)syscall(SYS_restart_syscall);
	say_result(name, syscall(SYS_unshare, CLONE_NEWUSER));
}

/* A filter of one's own that allows everything takes nothing back. */
static void
after_own_filter(const char *name, char **args)
{
	struct {
		unsigned short code;
		unsigned char jt, jf;
		unsigned k;
	} allow = {0x06, 0, 0, 0x7fff0000};
	struct {
		unsigned short n;
		void *f;
	} program = {1, &allow};
	(void)args;
	long rc = syscall(SYS_seccomp, 1, 0, &program);
	if (rc < 0)
		say_result("own-filter-refused", rc);
	say_result(name, syscall(SYS_unshare, CLONE_NEWUSER));
}

static void
after_exec(const char *name, char **args)
{
	(void)args;
	(void)execl("/proc/self/exe", "attack", "unshare-once", name, NULL);
	say(name, "not-executed");
}

static void
unshare_once(const char *name, char **args)
{
	if (*args)
		say_result(*args, syscall(SYS_unshare, CLONE_NEWUSER));
	else
		(void)name;
}

/* ---- terminals ---- */

static void
try_requests(const char *prefix, int fd)
{
	static const struct {
		const char *name;
		unsigned long request;
	} tries[] = {{"tiocsti", TIOCSTI}, {"tiocsti-high", TIOCSTI | (1UL << 32)},
		{"tioclinux", 0x541C}, {"tioclinux-high", 0x541C | (1UL << 40)},
		{"tiocsetd", TIOCSETD}, {"tioccons", TIOCCONS}};
	for (size_t i = 0; i < sizeof(tries) / sizeof(*tries); i++) {
		char name[64], c = tries[i].request == 0x541C ? 3 : 'x';
		int n = 0;
		bool number = (unsigned)tries[i].request == TIOCSETD;
		(void)snprintf(name, sizeof(name), "%s%s", prefix, tries[i].name);
		say_result(name,
			syscall(SYS_ioctl, fd, tries[i].request, number ? (void *)&n : (void *)&c));
	}
}

/* The caller's, which is not the controlling terminal in here; and that cannot be changed. */
static void
terminal(const char *name, char **args)
{
	(void)name;
	(void)args;
	try_requests("", 0);
	say_result("tiocsctty", ioctl(0, TIOCSCTTY, 1));
}

/* One of its own, which is: only the filter stands in the way. */
static void
own_terminal(const char *name, char **args)
{
	char path[64];
	int unlock = 0, number = 0;
	(void)args;
	if (fork() != 0) {
		(void)wait(NULL);
		return;
	}
	(void)setsid();
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	(void)ioctl(master, TIOCSPTLCK, &unlock);
	(void)ioctl(master, TIOCGPTN, &number);
	(void)snprintf(path, sizeof(path), "/dev/pts/%d", number);
	int fd = open(path, O_RDWR);
	if (fd < 0 || tcgetsid(fd) != getpid())
		say(name, "no-terminal");
	else
		try_requests("own-", fd);
	_exit(0);
}

/* Leave the caller's terminal as it should not be. */
static void
spoil_terminal(const char *name, char **args)
{
	struct termios t;
	(void)args;
	if (tcgetattr(0, &t) < 0) {
		say_result(name, -1);
		return;
	}
	cfmakeraw(&t);
	t.c_cc[VINTR] = 0;
	(void)tcsetattr(0, TCSANOW, &t);
	(void)ioctl(0, TIOCEXCL);
	(void)fcntl(0, F_SETFL, O_RDWR | O_NONBLOCK);
	say(name, "spoilt");
}

/* ---- limits ---- */

static void
raise_limits(const char *name, char **args)
{
	static const struct {
		const char *name;
		int resource;
	} limits[] = {{"core", RLIMIT_CORE}, {"fsize", RLIMIT_FSIZE}, {"nofile", RLIMIT_NOFILE}};
	(void)name;
	(void)args;
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct rlimit r, now;
		char text[64];
		(void)getrlimit(limits[i].resource, &r);
		rlim_t hard = r.rlim_max;
		(void)snprintf(text, sizeof(text), "raise-%s", limits[i].name);
		r.rlim_max = r.rlim_cur = hard == RLIM_INFINITY ? hard : hard + 1;
		long rc = setrlimit(limits[i].resource, &r);
		(void)getrlimit(limits[i].resource, &now);
		if (now.rlim_max > hard)
			say(text, "raised");
		else
			say(text, rc < 0 ? strerrorname_np(errno) : "unchanged");
	}
}

/* The core limit of one byte is what keeps the core handler of this machine from being started. */
static void
lower_core(const char *name, char **args)
{
	const struct rlimit none = {0, 0};
	struct rlimit now;
	(void)args;
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prlimit(0, RLIMIT_CORE, &none, NULL);
	(void)getrlimit(RLIMIT_CORE, &now);
	say(name, now.rlim_max == 1 ? "kept" : "lowered");
}

static void
personality_own(const char *name, char **args)
{
	(void)args;
	/* Affects this process alone, and some old builds need it. */
	say_result(name, syscall(SYS_personality, 0x0040000));
}

static const struct attack attacks[] = {
	{"native", native},
#ifdef __x86_64__
	{"int80", foreign},
	{"x32", foreign},
#endif
	{"user-in-thread", in_thread},
	{"user-after-restart", after_restart},
	{"user-after-own-filter", after_own_filter},
	{"user-after-exec", after_exec},
	{"unshare-once", unshare_once},
	{"terminal", terminal},
	{"own-terminal", own_terminal},
	{"spoil-terminal", spoil_terminal},
	{"limits", raise_limits},
	{"lower-core", lower_core},
	{"no-randomize", personality_own},
	{NULL, NULL},
};

int
main(int argc, char **argv)
{
	return attack_main(attacks, argc, argv);
}
