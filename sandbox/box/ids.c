/*
 * Several ids where there is one.
 *
 * Theory of operation.  In user mode a pod has one id, root inside.  Package tools and daemons that
 * are started as root become somebody else by set*id(2), which the kernel refuses.  Here the
 * watcher of such a command traces it (ptrace(2)), and the filter reports to it what concerns the
 * identity.  The ids a process has chosen are kept here and told to it when it asks: it may go
 * back, and programs do.  When it executes another program, which has no way back, it is made to
 * call unshare(CLONE_NEWUSER) first, and the one id is mapped in the new namespace as the one it
 * wanted, so that to the program all files belong to that user, which is what databases look at.
 * The capabilities of the new namespace are dropped.
 *
 * No other unshare(2) is let through, and the ids in such a namespace are the kernel's business.
 * None of this gives a right: to the kernel it is one id all the time.
 */
#include "sandbox/box/box.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__

#define OPTIONS \
	(PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | \
		PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)
#define SYSCALL_STOP (SIGTRAP | 0x80)
#define SYSCALL_BYTES 0x050fUL /* "syscall", as its two bytes are in memory */
#define KEEP UINT32_MAX	       /* (uid_t)-1: as it is */

enum which { UID, GID };

struct ids {
	uint32_t real, effective, saved;
};

struct traced {
	pid_t pid;
	bool moved; /* to a namespace: the kernel answers */
	bool keeps; /* its capabilities, when it is no longer root (PR_SET_KEEPCAPS) */
	struct ids ids[2];
};

static struct traced *table;
static size_t table_n, table_cap;

static struct {
	pid_t pid; /* of one that ended while it was on loan; 0: none */
	int status;
} ended_on_loan;

/* ---- who is traced ---- */

static struct traced *
find(pid_t pid)
{
	for (size_t i = table_n; i-- > 0;)
		if (table[i].pid == pid)
			return &table[i];
	return NULL;
}

static struct traced *
add(pid_t pid, const struct traced *like)
{
	struct traced t = like ? *like : (struct traced){0};
	if (table_n == table_cap) {
		table_cap = table_cap ? 2 * table_cap : 64;
		table = realloc(table, table_cap * sizeof(*table));
		if (!table)
			box_die(ENOMEM, "following the processes of a command");
	}
	t.pid = pid;
	table[table_n] = t;
	return &table[table_n++];
}

static void
forget(pid_t pid)
{
	struct traced *t = find(pid);
	if (t)
		*t = table[--table_n];
}

/* What line "name:" of /proc/PID/status says; 0 when it is gone. */
static pid_t
status_number(pid_t pid, const char *name)
{
	char text[2048];
	process_text(pid, "status", text, sizeof(text));
	const char *line = strstr(text, name); /* the program's name, above, has no line breaks */
	return line ? (pid_t)strtol(line + strlen(name), NULL, 10) : 0;
}

/* One that stopped before its parent's fork was reported is what its parent, which still waits, is.
 */
static struct traced *
find_or_adopt(pid_t pid)
{
	struct traced *t = find(pid);
	if (t)
		return t;
	pid_t group = status_number(pid, "\nTgid:");
	const struct traced *like = group && group != pid ? find(group) : NULL;
	if (!like)
		like = find(status_number(pid, "\nPPid:"));
	struct traced copy = like ? *like : (struct traced){0};
	return add(pid, &copy);
}

/* ---- what set*id(2) means ---- */

static bool
is_capable(const struct traced *t)
{
	return t->ids[UID].effective == 0 || t->keeps;
}

static bool
may_become(const struct ids *i, uint32_t id)
{
	return id == KEEP || id == i->real || id == i->effective || id == i->saved;
}

static int
set_one(struct traced *t, enum which w, uint32_t id)
{
	struct ids *i = &t->ids[w];
	if (is_capable(t))
		*i = (struct ids){id, id, id};
	else if (id == i->real || id == i->saved)
		i->effective = id;
	else
		return -EPERM;
	return 0;
}

static int
set_three(struct traced *t, enum which w, uint32_t real, uint32_t effective, uint32_t saved)
{
	struct ids *i = &t->ids[w];
	if (!is_capable(t) &&
		(!may_become(i, real) || !may_become(i, effective) || !may_become(i, saved)))
		return -EPERM;
	i->real = real == KEEP ? i->real : real;
	i->effective = effective == KEEP ? i->effective : effective;
	i->saved = saved == KEEP ? i->saved : saved;
	return 0;
}

static int
set_two(struct traced *t, enum which w, uint32_t real, uint32_t effective)
{
	const struct ids before = t->ids[w];
	int rc = set_three(t, w, real, effective, KEEP);
	if (rc == 0 && (real != KEEP || (effective != KEEP && effective != before.real)))
		t->ids[w].saved = t->ids[w].effective;
	return rc;
}

/* ---- making a process call ---- */

static bool
get_registers(pid_t pid, struct user_regs_struct *r)
{
	return ptrace(PTRACE_GETREGS, pid, NULL, r) == 0;
}

static bool
set_registers(pid_t pid, const struct user_regs_struct *r)
{
	return ptrace(PTRACE_SETREGS, pid, NULL, r) == 0;
}

struct lent { /* a process on loan, stopped outside a system call */
	pid_t pid;
	struct user_regs_struct before;
	unsigned long ip; /* of a "syscall" instruction */
	uint64_t signals; /* that came meanwhile */
};

/* Until the next stop of a system call; false when the process ended. */
static bool
run_to_syscall_stop(struct lent *l)
{
	for (;;) {
		int status;
		if (ptrace(PTRACE_SYSCALL, l->pid, NULL, NULL) < 0 ||
			waitpid(l->pid, &status, __WALL) != l->pid)
			return false;
		if (!WIFSTOPPED(status)) {
			ended_on_loan.pid = l->pid;
			ended_on_loan.status = status;
			return false;
		}
		if (WSTOPSIG(status) == SYSCALL_STOP)
			return true;
		if (status >> 16 == 0) /* kept for later */
			l->signals |= 1ULL << WSTOPSIG(status);
	}
}

static bool
lent_call(struct lent *l, long nr, unsigned long a, unsigned long b, long *ret)
{
	struct user_regs_struct r = l->before;
	r.rip = l->ip;
	r.rax = (unsigned long)nr;
	r.orig_rax = (unsigned long)-1; /* nothing to restart */
	r.rdi = a;
	r.rsi = b;
	if (!set_registers(l->pid, &r) || !run_to_syscall_stop(l) || !run_to_syscall_stop(l) ||
		!get_registers(l->pid, &r))
		return false;
	*ret = (long)r.rax;
	return true;
}

/* capset(2) of nothing, with its arguments where the process has its stack. */
static bool
drop_capabilities(struct lent *l)
{
	struct {
		struct __user_cap_header_struct header;
		struct __user_cap_data_struct data[2];
	} none = {{_LINUX_CAPABILITY_VERSION_3, 0}, {{0, 0, 0}, {0, 0, 0}}};
	char kept[sizeof(none)];
	struct iovec here = {kept, sizeof(kept)};
	struct iovec there = {(void *)l->before.rsp, sizeof(kept)};
	long rc = -1;
	if (process_vm_readv(l->pid, &here, 1, &there, 1, 0) != (ssize_t)sizeof(kept))
		return false;
	here.iov_base = &none;
	bool done =
		process_vm_writev(l->pid, &here, 1, &there, 1, 0) == (ssize_t)sizeof(kept) &&
		lent_call(l, SYS_capset, l->before.rsp, l->before.rsp + sizeof(none.header), &rc);
	here.iov_base = kept;
	return process_vm_writev(l->pid, &here, 1, &there, 1, 0) == (ssize_t)sizeof(kept) && done &&
	       rc == 0;
}

static bool
write_proc(pid_t pid, const char *file, const char *text)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	if (fd >= 0)
		(void)close(fd);
	return done;
}

static bool
write_maps(pid_t pid, uint32_t uid, uint32_t gid)
{
	char map[64];
	if (!write_proc(pid, "setgroups", "deny"))
		return false;
	(void)snprintf(map, sizeof(map), "%u 0 1", uid);
	if (!write_proc(pid, "uid_map", map))
		return false;
	(void)snprintf(map, sizeof(map), "%u 0 1", gid);
	return write_proc(pid, "gid_map", map);
}

/*
 * Half a move (no map, capabilities that stay) is no state to run in: the process is ended.
 */
static bool
move_lent(struct lent *l, const struct traced *t)
{
	long rc = -1;
	if (!lent_call(l, SYS_unshare, CLONE_NEWUSER, 0, &rc))
		return false;
	if (rc < 0)
		return false; /* it is in a chroot, or there are too many: told ids must do */
	if (!write_maps(l->pid, t->ids[UID].effective, t->ids[GID].effective) ||
		!drop_capabilities(l))
		(void)kill(l->pid, SIGKILL);
	return true;
}

static void
resend_signals(const struct lent *l)
{
	for (int sig = 1; sig < 64; sig++)
		if (l->signals >> sig & 1)
			(void)kill(l->pid, sig);
}

/* At the stop behind an execve(2) that succeeded, where no "syscall" instruction is at hand. */
static bool
move_after_exec(struct traced *t)
{
	struct lent l = {.pid = t->pid};
	if (!run_to_syscall_stop(&l) || !get_registers(l.pid, &l.before))
		return false;
	l.ip = l.before.rip;
	errno = 0;
	long code = ptrace(PTRACE_PEEKTEXT, l.pid, l.ip, NULL);
	if (errno)
		return false;
	unsigned long call = ((unsigned long)code & ~0xffffUL) | SYSCALL_BYTES;
	if (ptrace(PTRACE_POKETEXT, l.pid, l.ip, call) < 0)
		return false;
	bool moved = move_lent(&l, t);
	(void)ptrace(PTRACE_POKETEXT, l.pid, l.ip, code);
	(void)set_registers(l.pid, &l.before);
	resend_signals(&l);
	return moved;
}

/* ---- answering ---- */

static bool
is_final(const struct traced *t)
{
	const struct ids *u = &t->ids[UID];
	return u->effective != 0 && u->real == u->effective && u->saved == u->effective;
}

static void
answer(const struct traced *t, struct user_regs_struct *r, long value)
{
	r->orig_rax = (unsigned long)-1;
	r->rax = (unsigned long)value;
	(void)set_registers(t->pid, r);
}

static void
answer_three(const struct traced *t, struct user_regs_struct *r, enum which w)
{
	const unsigned long to[3] = {r->rdi, r->rsi, r->rdx};
	struct ids i = t->ids[w];
	uint32_t *from[3] = {&i.real, &i.effective, &i.saved};
	long rc = 0;
	for (size_t n = 0; rc == 0 && n < 3; n++) {
		struct iovec here = {from[n], sizeof(uint32_t)},
			     there = {(void *)to[n], sizeof(uint32_t)};
		if (process_vm_writev(t->pid, &here, 1, &there, 1, 0) != (ssize_t)sizeof(uint32_t))
			rc = -EFAULT;
	}
	answer(t, r, rc);
}

/*
 * Whatever supplementary groups it chose, what it can do is what the group of all files can, and programs
 * that work out for themselves what they may do must come to that result.
 */
static void
answer_groups(const struct traced *t, struct user_regs_struct *r)
{
	gid_t root = 0;
	struct iovec here = {&root, sizeof(root)}, there = {(void *)r->rsi, sizeof(root)};
	bool ask_size = (int)r->rdi == 0;
	if (!ask_size && process_vm_writev(t->pid, &here, 1, &there, 1, 0) != (ssize_t)sizeof(root))
		answer(t, r, (int)r->rdi < 0 ? -EINVAL : -EFAULT);
	else
		answer(t, r, 1);
}

/* A call the filter asks about, before it is carried out. */
static void
on_call(struct traced *t)
{
	struct user_regs_struct r;
	if (!get_registers(t->pid, &r))
		return;
	if (r.orig_rax == SYS_unshare || r.orig_rax == SYS_capset) {
		answer(t, &r, r.orig_rax == SYS_unshare ? -EPERM : 0);
		return;
	}
	if (t->moved)
		return;
	if (r.orig_rax == SYS_prctl)
		t->keeps = r.rsi != 0;
	const uint32_t a = (uint32_t)r.rdi, b = (uint32_t)r.rsi, c = (uint32_t)r.rdx;
	switch (r.orig_rax) {
	case SYS_setuid:
		answer(t, &r, set_one(t, UID, a));
		break;
	case SYS_setreuid:
		answer(t, &r, set_two(t, UID, a, b));
		break;
	case SYS_setresuid:
		answer(t, &r, set_three(t, UID, a, b, c));
		break;
	case SYS_setgid:
		answer(t, &r, set_one(t, GID, a));
		break;
	case SYS_setregid:
		answer(t, &r, set_two(t, GID, a, b));
		break;
	case SYS_setresgid:
		answer(t, &r, set_three(t, GID, a, b, c));
		break;
	case SYS_getuid:
		answer(t, &r, t->ids[UID].real);
		break;
	case SYS_geteuid:
		answer(t, &r, t->ids[UID].effective);
		break;
	case SYS_getgid:
		answer(t, &r, t->ids[GID].real);
		break;
	case SYS_getegid:
		answer(t, &r, t->ids[GID].effective);
		break;
	case SYS_getresuid:
		answer_three(t, &r, UID);
		break;
	case SYS_getresgid:
		answer_three(t, &r, GID);
		break;
	case SYS_getgroups:
		answer_groups(t, &r);
		break;
	}
}

/* A new process or thread is what its maker is. */
static void
on_fork(const struct traced *t)
{
	unsigned long child = 0;
	const struct traced maker = *t;
	if (ptrace(PTRACE_GETEVENTMSG, maker.pid, NULL, &child) == 0 && !find((pid_t)child))
		(void)add((pid_t)child, &maker);
}

/* Real and effective ids stay, the saved ones are those of the new program: no way back. */
static void
on_exec(struct traced *t)
{
	unsigned long former = 0;
	const struct traced *thread = NULL;
	pid_t pid = t->pid;
	if (ptrace(PTRACE_GETEVENTMSG, pid, NULL, &former) == 0 && (pid_t)former != pid)
		thread = find((pid_t)former);
	if (thread) { /* it took its group over */
		*t = *thread;
		t->pid = pid;
		forget((pid_t)former);
		t = find_or_adopt(pid);
	}
	t->keeps = false;
	t->ids[UID].saved = t->ids[UID].effective;
	t->ids[GID].saved = t->ids[GID].effective;
	if (!t->moved && is_final(t))
		t->moved = move_after_exec(t);
}

static bool
stops_a_group(int sig)
{
	return sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

static void
on_stop(pid_t pid, int status)
{
	struct traced *t = find_or_adopt(pid);
	int sig = WSTOPSIG(status), deliver = 0;
	switch (status >> 16) {
	case PTRACE_EVENT_SECCOMP:
		on_call(t);
		break;
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		on_fork(t);
		break;
	case PTRACE_EVENT_EXEC:
		on_exec(t);
		break;
	case PTRACE_EVENT_STOP:
		if (stops_a_group(sig)) {
			(void)ptrace(PTRACE_LISTEN, pid, NULL, NULL);
			return;
		}
		break;
	default:
		deliver = sig;
	}
	(void)ptrace(PTRACE_CONT, pid, NULL, (long)deliver);
}

/* ---- the watcher's part ---- */

bool
ids_attach(pid_t pid)
{
	if (ptrace(PTRACE_SEIZE, pid, NULL, OPTIONS) < 0)
		return false;
	(void)add(pid, NULL);
	return true;
}

int
ids_serve(pid_t main, bool all)
{
	int result = 0, status;
	for (bool ended = false; all || !ended;) {
		pid_t pid = ended_on_loan.pid;
		status = ended_on_loan.status;
		ended_on_loan.pid = 0;
		if (!pid)
			pid = waitpid(-1, &status, __WALL);
		if (pid < 0 && errno != EINTR)
			break;
		if (pid <= 0)
			continue;
		if (WIFSTOPPED(status)) {
			on_stop(pid, status);
			continue;
		}
		forget(pid);
		if (pid == main) {
			result = status;
			ended = true;
		}
	}
	return result;
}

/* One that is being made while we kill stops first, and is killed then. */
void
ids_end(void)
{
	int status;
	for (size_t i = 0; i < table_n; i++)
		(void)kill(table[i].pid, SIGKILL);
	for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR;)
		if (pid > 0 && WIFSTOPPED(status))
			(void)kill(pid, SIGKILL);
}

#else /* the registers of other architectures are not known here */

bool
ids_attach(pid_t pid)
{
	(void)pid;
	return false;
}

int
ids_serve(pid_t main, bool all)
{
	(void)main;
	(void)all;
	return 0;
}

void
ids_end(void)
{
}

#endif
