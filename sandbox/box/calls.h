/*
 * The system calls the filters know, by name.  Plain data: the generator of the filters reads it when
 * drydock is built, and the supervisor outside, to tell a call that is denied (EPERM) from one that
 * nobody here has looked at (ENOSYS), and to name the profile that would open it.
 */
#ifndef SANDBOX_BOX_CALLS_H
#define SANDBOX_BOX_CALLS_H

#include <stddef.h>

/* What ordinary programs call. */
static const char *const calls_allowed[] = {"_llseek", "_newselect", "accept", "accept4", "access",
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
 * Of these a parser of our own has no need.  connect(2) stays: the one that reads a remote repository does
 * so through the broker, and where no broker listens there is nowhere to go.
 */
static const char *const calls_parser_denied[] = {"accept", "accept4", "bind", "capset", "chown",
	"fchown", "fchownat", "lchown", "listen", "memfd_create", "mknod", "mknodat", "msgget",
	"mq_open", "personality", "semget", "setgid", "setgroups", "setregid", "setresgid",
	"setresuid", "setreuid", "setuid", "shmat", "shmget", "unshare", NULL};

/* Known for misuse: no profile opens them. */
static const char *const calls_denied[] = {"acct", "add_key", "adjtimex", "bpf", "clock_adjtime",
	"clock_settime", "delete_module", "fanotify_init", "finit_module", "fsconfig", "fsmount",
	"fsopen", "fspick", "init_module", "io_uring_enter", "io_uring_register", "io_uring_setup",
	"ioperm", "iopl", "kexec_file_load", "kexec_load", "keyctl", "lookup_dcookie",
	"mount_setattr", "move_mount", "move_pages", "name_to_handle_at", "nfsservctl",
	"open_by_handle_at", "open_tree", "perf_event_open", "pidfd_getfd", "pivot_root",
	"process_madvise", "quotactl", "quotactl_fd", "reboot", "request_key", "setdomainname",
	"sethostname", "setns", "settimeofday", "stime", "swapoff", "swapon", "syslog",
	"userfaultfd", "vhangup", NULL};

/* Looking into other processes: only the profile `debug`, and there only one's own. */
static const char *const calls_debugging[] = {
	"kcmp", "process_vm_readv", "process_vm_writev", "ptrace", NULL};

/* Only the profile `image` may mount. */
static const char *const calls_mounting[] = {"mount", "umount", "umount2", NULL};

/* Changes of owner and identity: succeed without effect where there is one id only. */
static const char *const calls_faked[] = {"chown", "chown32", "fchown", "fchown32", "fchownat",
	"lchown", "lchown32", "setuid", "setuid32", "setgid", "setgid32", "setreuid", "setreuid32",
	"setregid", "setregid32", "setresuid", "setresuid32", "setresgid", "setresgid32",
	"setfsuid", "setfsuid32", "setfsgid", "setfsgid32", "setgroups", "setgroups32", "capset",
	NULL};

/* Allowed, but for some of their arguments. */
static const char *const calls_checked[] = {"clone", "ioctl", "prlimit64", "sched_setaffinity",
	"sched_setattr", "sched_setparam", "sched_setscheduler", "setpriority", "socket", "unshare",
	NULL};

/* Looked for by libraries that fall back when it is not there; not worth telling anybody. */
static const char *const calls_quiet[] = {"clone3", "set_mempolicy_home_node", "setxattrat", NULL};

#endif
