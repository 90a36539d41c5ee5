/*
 * System-call filters, stacked; the kernel takes the strictest answer of all of them.
 *
 *   allow    a default-deny list of what ordinary programs call; what is not on it, newer calls
 * that nobody here has looked at and the calls of foreign ABIs answer ENOSYS, so that libraries
 *            fall back.
 *   deny     calls and arguments with a known misuse answer EPERM.
 *   fake     user mode only, for package tools: changes of owner and identity and device nodes
 * succeed without effect, because there is one id (the technique of Charliecloud's ch-image). trace
 * user notification for the supervisor; it never decides anything.
 *
 * clone3 answers ENOSYS in every profile: its flags lie in memory where a filter cannot see them.
 */
#include "sandbox/box/box.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

static const char *const allowed[] = {"_llseek", "_newselect", "accept", "accept4", "access",
	"alarm", "arch_prctl", "bind", "brk", "cachestat", "capget", "capset", "chdir", "chmod",
	"chown", "chown32", "clock_getres", "clock_gettime", "clock_nanosleep", "clone", "close",
	"close_range", "connect", "copy_file_range", "creat", "dup", "dup2", "dup3", "epoll_create",
	"epoll_create1", "epoll_ctl", "epoll_ctl_old", "epoll_pwait", "epoll_pwait2", "epoll_wait",
	"epoll_wait_old", "eventfd", "eventfd2", "execve", "execveat", "exit", "exit_group",
	"faccessat", "faccessat2", "fadvise64", "fadvise64_64", "fallocate", "fchdir", "fchmod",
	"fchmodat", "fchmodat2", "fchown", "fchown32", "fchownat", "fcntl", "fcntl64", "fdatasync",
	"fgetxattr", "flistxattr", "flock", "fork", "fremovexattr", "fsetxattr", "fstat", "fstat64",
	"fstatat64", "fstatfs", "fstatfs64", "fsync", "ftruncate", "ftruncate64", "futex",
	"futex_requeue", "futex_wait", "futex_waitv", "futex_wake", "futimesat", "get_mempolicy",
	"get_robust_list", "get_thread_area", "getcpu", "getcwd", "getdents", "getdents64",
	"getegid", "geteuid", "getgid", "getgroups", "getitimer", "getpeername", "getpgid",
	"getpgrp", "getpid", "getppid", "getpriority", "getrandom", "getresgid", "getresuid",
	"getrlimit", "getrusage", "getsid", "getsockname", "getsockopt", "gettid", "gettimeofday",
	"getuid", "getxattr", "inotify_add_watch", "inotify_init", "inotify_init1",
	"inotify_rm_watch", "io_cancel", "io_destroy", "io_getevents", "io_setup", "io_submit",
	"ioctl", "ioprio_get", "ioprio_set", "ipc", "kill", "landlock_add_rule",
	"landlock_create_ruleset", "landlock_restrict_self", "lchown", "lchown32", "lgetxattr",
	"link", "linkat", "listen", "listxattr", "llistxattr", "lremovexattr", "lseek", "lsetxattr",
	"lstat", "lstat64", "madvise", "map_shadow_stack", "membarrier", "memfd_create", "mincore",
	"mkdir", "mkdirat", "mknod", "mknodat", "mlock", "mlock2", "mlockall", "mmap", "mmap2",
	"mprotect", "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedsend",
	"mq_unlink", "mremap", "msgctl", "msgget", "msgrcv", "msgsnd", "msync", "munlock",
	"munlockall", "munmap", "nanosleep", "newfstatat", "open", "openat", "openat2", "pause",
	"personality", "pidfd_open", "pidfd_send_signal", "pipe", "pipe2", "pkey_alloc",
	"pkey_free", "pkey_mprotect", "poll", "ppoll", "prctl", "pread64", "preadv", "preadv2",
	"prlimit64", "pselect6", "pwrite64", "pwritev", "pwritev2", "read", "readahead", "readlink",
	"readlinkat", "readv", "recv", "recvfrom", "recvmmsg", "recvmsg", "remap_file_pages",
	"removexattr", "rename", "renameat", "renameat2", "restart_syscall", "rmdir", "rseq",
	"rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn",
	"rt_sigsuspend", "rt_sigtimedwait", "rt_tgsigqueueinfo", "sched_get_priority_max",
	"sched_get_priority_min", "sched_getaffinity", "sched_getattr", "sched_getparam",
	"sched_getscheduler", "sched_rr_get_interval", "sched_setaffinity", "sched_setattr",
	"sched_setparam", "sched_setscheduler", "sched_yield", "seccomp", "select", "semctl",
	"semget", "semop", "semtimedop", "send", "sendfile", "sendfile64", "sendmmsg", "sendmsg",
	"sendto", "set_mempolicy", "set_robust_list", "set_thread_area", "set_tid_address",
	"setfsgid", "setfsuid", "setgid", "setgroups", "setitimer", "setpgid", "setpriority",
	"setregid", "setresgid", "setresuid", "setreuid", "setrlimit", "setsid", "setsockopt",
	"setuid", "setxattr", "shmat", "shmctl", "shmdt", "shmget", "shutdown", "sigaltstack",
	"signalfd", "signalfd4", "sigreturn", "socket", "socketcall", "socketpair", "splice",
	"stat", "stat64", "statfs", "statfs64", "statx", "symlink", "symlinkat", "sync",
	"sync_file_range", "syncfs", "sysinfo", "tee", "tgkill", "time", "timer_create",
	"timer_delete", "timer_getoverrun", "timer_gettime", "timer_settime", "timerfd_create",
	"timerfd_gettime", "timerfd_settime", "times", "tkill", "truncate", "truncate64",
	"ugetrlimit", "umask", "uname", "unlink", "unlinkat", "unshare", "utime", "utimensat",
	"utimes", "vfork", "vmsplice", "wait4", "waitid", "waitpid", "write", "writev", NULL};

/*
 * What a parser of our own never needs of the list above.  connect(2) stays: the one that reads a remote
 * repository does so through the broker, and where no broker listens there is nowhere to go.
 */
static const char *const parser_denied[] = {"accept", "accept4", "bind", "capset", "chown",
	"fchown", "fchownat", "lchown", "listen", "memfd_create", "mknod", "mknodat",
	"msgget", "mq_open", "personality", "semget", "setgid", "setgroups", "setregid",
	"setresgid", "setresuid", "setreuid", "setuid", "shmat", "shmget", "unshare", NULL};

static const char *const denied[] = {"acct", "add_key", "bpf", "delete_module", "fanotify_init",
	"finit_module", "fsconfig", "fsmount", "fsopen", "fspick", "init_module", "io_uring_enter",
	"io_uring_register", "io_uring_setup", "ioperm", "iopl", "kcmp", "kexec_file_load",
	"kexec_load", "keyctl", "lookup_dcookie", "mount_setattr", "move_mount", "move_pages",
	"name_to_handle_at", "nfsservctl", "open_by_handle_at", "open_tree", "perf_event_open",
	"pidfd_getfd", "pivot_root", "process_madvise", "process_vm_readv", "process_vm_writev",
	"ptrace", "quotactl", "quotactl_fd", "reboot", "request_key", "setdomainname",
	"sethostname", "setns", "settimeofday", "clock_settime", "adjtimex", "clock_adjtime",
	"stime", "swapoff", "swapon", "syslog", "userfaultfd", "vhangup", NULL};

/* Only the profile `image` may mount and change its root. */
static const char *const mounting[] = {"mount", "umount", "umount2", "chroot", NULL};

static const char *const faked[] = {"chown", "chown32", "fchown", "fchown32", "fchownat", "lchown",
	"lchown32", "setuid", "setuid32", "setgid", "setgid32", "setreuid", "setreuid32",
	"setregid", "setregid32", "setresuid", "setresuid32", "setresgid", "setresgid32",
	"setfsuid", "setfsuid32", "setfsgid", "setfsgid32", "setgroups", "setgroups32", "capset",
	NULL};

static void
check(int rc, const char *what)
{
	if (rc < 0)
		box_die(-rc, "seccomp: %s", what);
}

static scmp_filter_ctx
make(uint32_t default_action)
{
	scmp_filter_ctx ctx = seccomp_init(default_action);
	if (!ctx)
		box_die(ENOMEM, "seccomp");
	check(seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)),
		"foreign ABIs");
	check(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2), "optimisation");
	return ctx;
}

/* Names this libseccomp does not know on this architecture cannot be called by number either way.
 */
static void
add_names(scmp_filter_ctx ctx, uint32_t action, const char *const *names)
{
	for (; *names; names++) {
		int nr = seccomp_syscall_resolve_name(*names);
		if (nr < 0)
			continue;
		check(seccomp_rule_add(ctx, action, nr, 0), *names);
	}
}

static void
load(scmp_filter_ctx ctx)
{
	check(seccomp_load(ctx), "the kernel refuses the filter");
	seccomp_release(ctx);
}

static void
deny_when(scmp_filter_ctx ctx, int nr, struct scmp_arg_cmp cmp)
{
	check(seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EPERM), nr, 1, &cmp), "an argument");
}

static void
deny_namespaces(scmp_filter_ctx ctx)
{
	static const unsigned long flags[] = {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID,
		CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP,
		0x80 /* CLONE_NEWTIME */};
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		deny_when(ctx, SCMP_SYS(unshare), SCMP_A0(SCMP_CMP_MASKED_EQ, flags[i], flags[i]));
		if (flags[i] != 0x80) /* in clone() this bit is part of the exit signal */
			deny_when(ctx, SCMP_SYS(clone),
				SCMP_A0(SCMP_CMP_MASKED_EQ, flags[i], flags[i]));
	}
}

/* UNIX, IPv4, IPv6 and routing netlink only; no raw or packet sockets. */
static void
deny_sockets(scmp_filter_ctx ctx)
{
	for (uint64_t domain = 0; domain <= 63; domain++)
		if (domain != AF_UNIX && domain != AF_INET && domain != AF_INET6 &&
			domain != AF_NETLINK)
			deny_when(ctx, SCMP_SYS(socket), SCMP_A0_32(SCMP_CMP_EQ, domain));
	deny_when(ctx, SCMP_SYS(socket), SCMP_A0_32(SCMP_CMP_GT, 63));
	struct scmp_arg_cmp netlink[] = {
		SCMP_A0_32(SCMP_CMP_EQ, AF_NETLINK), SCMP_A2_32(SCMP_CMP_NE, NETLINK_ROUTE)};
	/* What a kernel without the protocol answers: groupadd(8) and its kind go on without auditing. */
	check(seccomp_rule_add_array(
		      ctx, SCMP_ACT_ERRNO(EPROTONOSUPPORT), SCMP_SYS(socket), 2, netlink),
		"netlink");
	static const uint64_t inet[] = {AF_INET, AF_INET6};
	for (size_t i = 0; i < 2; i++) {
		struct scmp_arg_cmp raw[] = {SCMP_A0_32(SCMP_CMP_EQ, inet[i]),
			SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, SOCK_RAW)};
		check(seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 2, raw),
			"raw sockets");
	}
}

static void
install_denials(enum filter_kind kind)
{
	scmp_filter_ctx ctx = make(SCMP_ACT_ALLOW);
	add_names(ctx, SCMP_ACT_ERRNO(EPERM), denied);
	if (kind != FILTER_IMAGE && kind != FILTER_PROVISION)
		add_names(ctx, SCMP_ACT_ERRNO(EPERM), mounting);
	else if (kind == FILTER_PROVISION)
		add_names(ctx, SCMP_ACT_ERRNO(EPERM),
			(const char *const[]){"mount", "umount2", NULL});
	if (kind == FILTER_PARSER)
		add_names(ctx, SCMP_ACT_ERRNO(EPERM), parser_denied);
	else
		deny_namespaces(ctx);
	deny_sockets(ctx);
	/* Only 32 bits of the request count: the kernel ignores the rest. */
	deny_when(ctx, SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, TIOCSTI));
	deny_when(ctx, SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, 0x541C));
	load(ctx);
}

static void
install_allow_list(void)
{
	scmp_filter_ctx ctx = make(SCMP_ACT_ERRNO(ENOSYS));
	add_names(ctx, SCMP_ACT_ALLOW, allowed);
	/* On the list so that the filter above it answers EPERM. */
	add_names(ctx, SCMP_ACT_ALLOW, denied);
	add_names(ctx, SCMP_ACT_ALLOW, mounting);

	load(ctx);
}

static void
install_fake_root(void)
{
	scmp_filter_ctx ctx = make(SCMP_ACT_ALLOW);
	static const mode_t devices[] = {S_IFCHR, S_IFBLK};
	add_names(ctx, SCMP_ACT_ERRNO(0), faked);
	for (size_t i = 0; i < 2; i++) {
		struct scmp_arg_cmp node = SCMP_A1(SCMP_CMP_MASKED_EQ, S_IFMT, devices[i]);
		struct scmp_arg_cmp node_at = SCMP_A2(SCMP_CMP_MASKED_EQ, S_IFMT, devices[i]);
		int nr = SCMP_SYS(mknod);
		if (nr >= 0)
			check(seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(0), nr, 1, &node),
				"mknod");
		check(seccomp_rule_add_array(
			      ctx, SCMP_ACT_ERRNO(0), SCMP_SYS(mknodat), 1, &node_at),
			"mknodat");
	}
	load(ctx);
}

void
filter_install(enum filter_kind kind, bool fake_root)
{
	if (fake_root)
		install_fake_root();
	install_allow_list();
	install_denials(kind);
}

/* ---- trace
 * --------------------------------------------------------------------------------------- */

static const struct {
	unsigned class; /* enum trace_class of sandbox/sandbox.h */
	const char *names[10];
} traced[] = {
	{1, {"open", "openat", "openat2", "creat", NULL}},
	{2, {"execve", "execveat", NULL}},
	{4, {"stat", "lstat", "newfstatat", "statx", "access", "faccessat", "faccessat2",
		    "readlink", "readlinkat", NULL}},
	{8, {"connect", NULL}},
};

int
filter_install_trace(unsigned classes)
{
	scmp_filter_ctx ctx = make(SCMP_ACT_ALLOW);
	for (size_t i = 0; i < sizeof(traced) / sizeof(*traced); i++)
		if (classes & traced[i].class)
			add_names(ctx, SCMP_ACT_NOTIFY, traced[i].names);
	check(seccomp_load(ctx), "the kernel refuses user notification");
	int fd = seccomp_notify_fd(ctx);
	if (fd < 0)
		box_die(-fd, "seccomp: no listener");
	return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}
