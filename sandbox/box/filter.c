/*
 * System-call filters.
 *
 * One BPF program an exec, so that one listener hears all that is to be heard of it (Linux allows
 * one a task).  It begins with checks put together here, in this order, and ends with a program
 * that was compiled from the lists of calls.h when drydock was built (gen/gen_filters.c):
 *
 *   arguments  of calls that are allowed but for some of their uses (namespaces, raw sockets,
 *              typing into a terminal)
 *   identity   where there is one id only, and for package tools: changes of owner and device nodes
 *              succeed without effect (the technique of Charliecloud's ch-image), and what concerns
 *              the identity of the process is asked of its watcher (ids.c)
 *   observed   the calls of the trace classes
 *   lists      allowed, else denied (EPERM), else unknown: ENOSYS, so that libraries fall back
 *
 * What a supervisor listens for is answered by user notification, and so is what is denied, for the
 * record; without one the filter answers by itself.  A notified call that is denied is never
 * continued: the kernel answers ENOSYS when the supervisor is gone.
 *
 * clone3 answers ENOSYS in every profile: its flags lie in memory where a filter cannot see them.
 * Calls of foreign ABIs (i386, x32) answer ENOSYS.
 */
#include "sandbox/box/filter.h"

#include "sandbox/box/box.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "filters.inc"

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE_ARCH AUDIT_ARCH_RISCV64
#else
#error "the filters know no argument layout of this architecture"
#endif

#define MAX_PROGRAM 2048
#define NAMESPACES \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | \
		CLONE_NEWCGROUP)
#define CLONE_NEWTIME_BIT 0x80u /* in clone() this bit is part of the exit signal */
#define TIOCLINUX_REQUEST 0x541Cu
#define NETFILTER_SET_REPLACE 64u
#define NETFILTER_SET_COUNTERS 65u

#define ERRNO(e) (SECCOMP_RET_ERRNO | ((e)&SECCOMP_RET_DATA))

struct program {
	struct sock_filter f[MAX_PROGRAM];
	size_t n;
	uint32_t denied, unknown; /* what stands for the markers */
	uint32_t faked, observed;
};

/* ---- assembling ---- */

static void
emit(struct program *p, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	if (p->n == MAX_PROGRAM)
		box_die(0, "seccomp: the filter is too long");
	p->f[p->n++] = (struct sock_filter){code, jt, jf, k};
}

static void
load_nr(struct program *p)
{
	emit(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
}

/* The low half: the kernel looks at no more of the arguments that are checked here. */
static void
load_argument(struct program *p, unsigned i)
{
	emit(p, BPF_LD | BPF_W | BPF_ABS, 0, 0,
		(uint32_t)(offsetof(struct seccomp_data, args) + 8 * i));
}

static void
load_upper_half(struct program *p, unsigned i)
{
	emit(p, BPF_LD | BPF_W | BPF_ABS, 0, 0,
		(uint32_t)(offsetof(struct seccomp_data, args) + 8 * i + 4));
}

static void
return_value(struct program *p, uint32_t value)
{
	emit(p, BPF_RET | BPF_K, 0, 0, value);
}

static void
return_if_equal(struct program *p, uint32_t k, uint32_t value)
{
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, k);
	return_value(p, value);
}

static void
return_if_any_bit(struct program *p, uint32_t bits, uint32_t value)
{
	emit(p, BPF_JMP | BPF_JSET | BPF_K, 0, 1, bits);
	return_value(p, value);
}

/*
 * What is emitted between block_begin and block_end is for one system call; the number is loaded
 * before and again behind it.
 */
static size_t
block_begin(struct program *p, uint32_t nr)
{
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, nr);
	emit(p, BPF_JMP | BPF_JA, 0, 0, 0);
	return p->n;
}

static void
block_end(struct program *p, size_t start)
{
	load_nr(p); /* skipped by the jump: then it is still there */
	size_t length = p->n - start;
	p->f[start - 1].k = (uint32_t)length;
	if (length + 1 <=
		UINT8_MAX) /* at once: the kernel tries every number when it takes the filter */
		p->f[start - 2].jf = (uint8_t)(length + 1);
}

/* ---- the checks ---- */

static void
check_namespaces(struct program *p)
{
	size_t b = block_begin(p, SYS_clone);
	load_argument(p, 0);
	return_if_any_bit(p, NAMESPACES, p->denied);
	block_end(p, b);
	b = block_begin(p, SYS_unshare);
	load_argument(p, 0);
	return_if_any_bit(p, NAMESPACES | CLONE_NEWTIME_BIT, p->denied);
	block_end(p, b);
}

static void
check_terminals(struct program *p)
{
	size_t b = block_begin(p, SYS_ioctl);
	load_argument(p, 1);
	return_if_equal(p, TIOCSTI, p->denied);
	return_if_equal(p, TIOCLINUX_REQUEST, p->denied);
	return_if_equal(
		p, TIOCSETD, p->denied); /* line disciplines: loads modules, has had holes */
	block_end(p, b);
}

/*
 * Core dumps stay off: with a limit of 0 the kernel would start this machine's core handler, so it stays
 * as it was set (see exec.c), and the target is told that it changed.
 */
static void
keep_core_limit(struct program *p)
{
	size_t b = block_begin(p, SYS_prlimit64);
	load_argument(p, 0);
	return_if_equal(p, 1, p->denied);
	load_argument(p, 1);
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 5, RLIMIT_CORE);
	load_argument(p, 2);
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 0);
	load_upper_half(p, 2);
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0);
	return_value(p, ERRNO(0));
	block_end(p, b);
#ifdef SYS_setrlimit
	b = block_begin(p, SYS_setrlimit);
	load_argument(p, 0);
	return_if_equal(p, RLIMIT_CORE, ERRNO(0));
	block_end(p, b);
#endif
}

/* Where the target has the id of pid 1 it could make that too slow to end it. */
static void
check_scheduling(struct program *p)
{
	static const uint32_t calls[] = {SYS_sched_setaffinity, SYS_sched_setattr,
		SYS_sched_setparam, SYS_sched_setscheduler};
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		size_t b = block_begin(p, calls[i]);
		load_argument(p, 0);
		return_if_equal(p, 1, p->denied);
		block_end(p, b);
	}
	size_t b = block_begin(p, SYS_setpriority);
	load_argument(p, 0);
	return_if_equal(p, PRIO_USER, p->denied);
	load_argument(p, 1);
	return_if_equal(p, 1, p->denied); /* process or group */
	block_end(p, b);
}

/*
 * UNIX, IPv4 and IPv6 of the common protocols, routing netlink.  Of other protocols and of auditing
 * it says what a kernel without them says: groupadd(8) and its kind then go on.
 */
static void
check_sockets(struct program *p)
{
	static const uint32_t protocols[] = {0, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP,
		IPPROTO_ICMPV6, IPPROTO_UDPLITE, IPPROTO_MPTCP};
	const size_t n = sizeof(protocols) / sizeof(*protocols);
	size_t b = block_begin(p, SYS_socket);
	load_argument(p, 0);
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, AF_INET);
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, (uint8_t)(n + 6), AF_INET6); /* to `netlink` */
	load_argument(p, 1);
	emit(p, BPF_ALU | BPF_AND | BPF_K, 0, 0, 0xf);
	return_if_equal(p, SOCK_RAW, p->denied);
	load_argument(p, 2);
	for (size_t i = 0; i < n; i++) /* to `end` */
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, (uint8_t)(n - i - 1 + 7), 0, protocols[i]);
	return_value(p, ERRNO(EPROTONOSUPPORT));
	/* netlink: */
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, 5, 0, AF_UNIX);
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, AF_NETLINK);
	return_value(p, p->denied);
	load_argument(p, 2);
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, NETLINK_ROUTE);
	return_value(p, ERRNO(EPROTONOSUPPORT));
	/* end: */
	block_end(p, b);
}

/* The tables of a packet filter, which a nested namespace would own. */
static void
check_netfilter(struct program *p)
{
	size_t b = block_begin(p, SYS_setsockopt);
	load_argument(p, 1);
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, SOL_IP);
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 5, SOL_IPV6);
	load_argument(p, 2);
	return_if_equal(p, NETFILTER_SET_REPLACE, p->denied);
	return_if_equal(p, NETFILTER_SET_COUNTERS, p->denied);
	block_end(p, b);
}

static const uint32_t faked_calls[] = {
	SYS_fchownat,
	SYS_fchown,
	SYS_setuid,
	SYS_setgid,
	SYS_setreuid,
	SYS_setregid,
	SYS_setresuid,
	SYS_setresgid,
	SYS_setfsuid,
	SYS_setfsgid,
	SYS_setgroups,
	SYS_capset,
#ifdef SYS_chown
	SYS_chown,
	SYS_lchown,
#endif
};

/* Who am I, and who do I want to be?  And the one namespace that the answer takes. */
static const uint32_t asked_calls[] = {
	SYS_getuid,
	SYS_geteuid,
	SYS_getgid,
	SYS_getegid,
	SYS_getresuid,
	SYS_getresgid,
	SYS_getgroups,
	SYS_setuid,
	SYS_setgid,
	SYS_setreuid,
	SYS_setregid,
	SYS_setresuid,
	SYS_setresgid,
	SYS_capset,
};

static void
ask_identity(struct program *p)
{
	for (size_t i = 0; i < sizeof(asked_calls) / sizeof(*asked_calls); i++)
		return_if_equal(p, asked_calls[i], SECCOMP_RET_TRACE);
	size_t b = block_begin(p, SYS_unshare);
	load_argument(p, 0);
	return_if_equal(p, CLONE_NEWUSER, SECCOMP_RET_TRACE);
	block_end(p, b);
	b = block_begin(p, SYS_prctl);
	load_argument(p, 0);
	return_if_equal(p, PR_SET_KEEPCAPS, SECCOMP_RET_TRACE);
	block_end(p, b);
}

static void
fake_device(struct program *p, uint32_t nr, unsigned mode_argument)
{
	size_t b = block_begin(p, nr);
	load_argument(p, mode_argument);
	emit(p, BPF_ALU | BPF_AND | BPF_K, 0, 0, S_IFMT);
	return_if_equal(p, S_IFCHR, p->faked);
	return_if_equal(p, S_IFBLK, p->faked);
	block_end(p, b);
}

static void
fake_identity(struct program *p)
{
	for (size_t i = 0; i < sizeof(faked_calls) / sizeof(*faked_calls); i++)
		return_if_equal(p, faked_calls[i], p->faked);
#ifdef SYS_mknod
	fake_device(p, SYS_mknod, 1);
#endif
	fake_device(p, SYS_mknodat, 2);
}

static const struct {
	unsigned class;
	uint32_t nr;
} observed[] = {
	{BOX_OBSERVE_OPEN, SYS_openat},
	{BOX_OBSERVE_STAT, SYS_faccessat},
	{BOX_OBSERVE_STAT, SYS_faccessat2},
#ifdef SYS_open
	{BOX_OBSERVE_STAT, SYS_stat},
	{BOX_OBSERVE_STAT, SYS_access},
	{BOX_OBSERVE_OPEN, SYS_open},
	{BOX_OBSERVE_STAT, SYS_lstat},
	{BOX_OBSERVE_OPEN, SYS_creat},
#endif
	{BOX_OBSERVE_OPEN, SYS_openat2},
	{BOX_OBSERVE_EXEC, SYS_execve},
	{BOX_OBSERVE_EXEC, SYS_execveat},
	{BOX_OBSERVE_CONNECT, SYS_connect},
	{BOX_OBSERVE_CONNECT, SYS_listen},
};

/* fstat(3) is one of these, of a descriptor and an empty path: nothing is looked for. */
static void
observe_paths(struct program *p, uint32_t nr, unsigned flags_argument)
{
	size_t b = block_begin(p, nr);
	load_argument(p, flags_argument);
	emit(p, BPF_JMP | BPF_JSET | BPF_K, 1, 0, AT_EMPTY_PATH);
	return_value(p, p->observed);
	block_end(p, b);
}

static void
observe_calls(struct program *p, unsigned classes)
{
	if (classes & BOX_OBSERVE_STAT) {
		observe_paths(p, SYS_newfstatat, 3);
		observe_paths(p, SYS_statx, 2);
	}
	for (size_t i = 0; i < sizeof(observed) / sizeof(*observed); i++)
		if (classes & observed[i].class)
			return_if_equal(p, observed[i].nr, p->observed);
}

static const struct {
	const struct sock_filter *f;
	size_t n;
} lists[] = {
#define LIST(kind, name) [kind] = {name##_program, sizeof(name##_program) / sizeof(*name##_program)}
	LIST(FILTER_BUILD, build), LIST(FILTER_PROVISION, provision), LIST(FILTER_IMAGE, image),
	LIST(FILTER_PARSER, parser), LIST(FILTER_BROWSER, browser), LIST(FILTER_DEBUG, debug)};

static void
append_list(struct program *p, enum filter_kind kind)
{
	for (size_t i = 0; i < lists[kind].n; i++) {
		struct sock_filter f = lists[kind].f[i];
		if (f.code == (BPF_RET | BPF_K) && f.k == MARK_DENIED)
			f.k = p->denied;
		else if (f.code == (BPF_RET | BPF_K) && f.k == MARK_UNKNOWN)
			f.k = p->unknown;
		emit(p, f.code, f.jt, f.jf, f.k);
	}
}

static void
assemble(struct program *p, const struct filter_spec *s)
{
	p->n = 0;
	/* Calls of another ABI have other numbers: the lists answer them. */
	emit(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch));
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, NATIVE_ARCH);
	emit(p, BPF_JMP | BPF_JA, 0, 0, 0);
	size_t start = p->n;
	load_nr(p);
	if (s->ids == IDS_ASKED)
		ask_identity(p);
	if (s->kind != FILTER_BROWSER)
		check_namespaces(p);
	check_terminals(p);
	keep_core_limit(p);
	check_scheduling(p);
	check_sockets(p);
	check_netfilter(p);
	if (s->ids != IDS_REAL)
		fake_identity(p);
	if (p->observed)
		observe_calls(p, s->observe);
	p->f[start - 1].k = (uint32_t)(p->n - start);
	append_list(p, s->kind);
}

/* ---- installing ---- */

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* 5.19; newer than the headers of Debian 12's libc \
						*/
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

static int
load(const struct program *p, unsigned long flags)
{
	struct sock_fprog prog = {
		.len = (unsigned short)p->n, .filter = (struct sock_filter *)p->f};
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

/* A call that the supervisor has taken is not interrupted by signals, where the kernel can do that.
 */
static int
load_listening(const struct program *p)
{
	unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	int fd = load(p, flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
	return fd >= 0 || errno != EINVAL ? fd : load(p, flags);
}

int
filter_install_listening(const struct filter_spec *s)
{
	static struct program p;
	bool record = s->observe & BOX_OBSERVE_DENIED;
	p.denied = record ? SECCOMP_RET_USER_NOTIF : ERRNO(EPERM);
	p.unknown = record ? SECCOMP_RET_USER_NOTIF : ERRNO(ENOSYS);
	p.faked = s->observe & BOX_OBSERVE_OWNERS ? SECCOMP_RET_USER_NOTIF : ERRNO(0);
	p.observed = SECCOMP_RET_USER_NOTIF;
	assemble(&p, s);
	return load_listening(&p);
}

void
filter_install(const struct filter_spec *s, bool traced)
{
	static struct program p;
	p.denied = ERRNO(EPERM);
	p.unknown = ERRNO(ENOSYS);
	p.faked = ERRNO(0);
	p.observed = traced ? SECCOMP_RET_TRACE : 0;
	assemble(&p, s);
	if (load(&p, 0) < 0)
		box_die(errno, "the kernel refuses the filter (seccomp)");
}
