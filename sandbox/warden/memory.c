/* How much memory the processes of a pod use, from the outer half; see warden.c. */
#include "sandbox/warden/measure.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#define KIB 1024ULL
#define COUNT_MS 200
#define INODE_BYTES KIB	     /* of the kernel, for a file in memory */
#define DESCRIPTOR_BYTES KIB /* of the kernel, for an open file */
#define PIPE_BYTES (4 * KIB) /* for either end: a user's pipes beyond 64 MiB hold two pages each */
#define SEMAPHORE_BYTES 64ULL
#define MAX_INODES 4096
#define DEFAULT_QUEUE_BYTES (8ULL << 20)

/* ---- reading /proc ---- */

static bool
read_text(int dir, const char *path, char *to, size_t n)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, to, n - 1);
	if (fd >= 0)
		(void)close(fd);
	to[got > 0 ? got : 0] = '\0';
	return got > 0;
}

/* Bytes of a line "Key:   123 kB"; 0 when it is not there. */
static unsigned long long
kib_field(const char *text, const char *key)
{
	const char *at = strstr(text, key);
	return at ? strtoull(at + strlen(key), NULL, 10) * KIB : 0;
}

/* Of the whole machine. */
static unsigned long long
open_files(const struct memory *m)
{
	char text[64];
	return read_text(m->proc, "sys/fs/file-nr", text, sizeof(text)) ? strtoull(text, NULL, 10)
									: 0;
}

static bool
is_on_tmpfs(const struct memory *m, dev_t dev)
{
	for (size_t i = 0; i < 4; i++)
		if (m->tmpfs_dev[i] == dev)
			return true;
	return false;
}

void
memory_init(struct memory *m, bool watched, unsigned long long (*given)(ino_t ino))
{
	static const char *const trees[] = {"/tmp", "/run", "/dev/shm", "/home/builder"};
	struct stat st;
	char text[4096];
	m->given = given;
	m->proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < 4; i++)
		m->tmpfs[i] = -1;
	if (!watched)
		return;
	for (size_t i = 0; i < 4; i++) {
		int fd = open(trees[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		bool once = fd >= 0 && fstat(fd, &st) == 0 && !is_on_tmpfs(m, st.st_dev);
		m->tmpfs[i] = once ? fd : -1; /* several may be of one */
		m->tmpfs_dev[i] = once ? st.st_dev : 0;
		if (fd >= 0 && !once)
			(void)close(fd);
	}
	if (!read_text(m->proc, "meminfo", text, sizeof(text)))
		return;
	m->shared_then = kib_field(text, "\nShmem:");
	m->files_then = open_files(m);
	m->queue_bytes = DEFAULT_QUEUE_BYTES;
	char queue[32];
	if (read_text(m->proc, "sys/net/core/wmem_max", queue, sizeof(queue)))
		m->queue_bytes = 2 * strtoull(queue, NULL, 10); /* socket(7) */
	m->reserve = kib_field(text, "MemTotal:") / 20;
	unsigned long long available = kib_field(text, "\nMemAvailable:");
	if (m->reserve > available / 2)
		m->reserve = available / 2;
}

/* Each process's name; NULL at the end. */
static DIR *
open_processes(const struct memory *m)
{
	int fd = openat(m->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d && fd >= 0)
		(void)close(fd);
	return d;
}

static const char *
next_number(DIR *d)
{
	for (struct dirent *e; d && (e = readdir(d));)
		if (e->d_name[0] >= '0' && e->d_name[0] <= '9')
			return e->d_name;
	return NULL;
}

struct process_use {
	unsigned long long private, shared, tables, tasks;
};

static struct process_use
look_at_process(const struct memory *m, const char *pid)
{
	char path[64], text[4096];
	(void)snprintf(path, sizeof(path), "%.16s/status", pid);
	if (!read_text(m->proc, path, text, sizeof(text)))
		return (struct process_use){0, 0, 0, 0};
	const char *threads = strstr(text, "\nThreads:");
	return (struct process_use){
		.private = kib_field(text, "\nRssAnon:") + kib_field(text, "\nVmSwap:"),
		.tables = kib_field(text, "\nVmPTE:"),
		.shared = kib_field(text, "\nRssShmem:"),
		.tasks = threads ? strtoull(threads + 9, NULL, 10) : 0,
	};
}

/* ---- what no process has mapped ---- */

static unsigned long long
tmpfs_bytes(const struct memory *m)
{
	unsigned long long bytes = 0;
	struct statfs s;
	for (size_t i = 0; i < 4; i++)
		if (m->tmpfs[i] >= 0 && fstatfs(m->tmpfs[i], &s) == 0)
			bytes += (s.f_blocks - s.f_bfree) * (unsigned long long)s.f_bsize +
				 (s.f_files - s.f_ffree) * INODE_BYTES;
	return bytes;
}

/* System V segments of the pod's IPC namespace. */
static unsigned long long
segment_bytes(void)
{
	struct shm_info shm = {0};
	(void)shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&shm);
	return (shm.shm_rss + shm.shm_swp) * (unsigned long long)sysconf(_SC_PAGESIZE);
}

/* And its messages and semaphores, which are the kernel's own memory. */
static unsigned long long
message_bytes(void)
{
	struct msginfo msg = {0};
	struct seminfo sem = {0};
	union semun {
		int val;
		struct seminfo *info;
	} arg = {.info = &sem};
	(void)msgctl(0, MSG_INFO, (struct msqid_ds *)(void *)&msg);
	(void)semctl(0, 0, SEM_INFO, arg);
	return (unsigned long long)msg.msgtql + (unsigned long long)sem.semaem * SEMAPHORE_BYTES;
}

/* ---- queues of sockets ---- */

struct queues {
	unsigned long long unread; /* by the reader */
	unsigned long long sent;   /* charged to the writer */
};

static void
add_socket(const struct nlmsghdr *h, struct queues *q)
{
	const char *end = (const char *)h + h->nlmsg_len;
	const char *p = (const char *)NLMSG_DATA(h) + NLMSG_ALIGN(sizeof(struct unix_diag_msg));
	while (p + sizeof(struct nlattr) <= end) {
		const struct nlattr *a = (const struct nlattr *)(const void *)p;
		const char *value = p + NLA_HDRLEN;
		if (a->nla_len < NLA_HDRLEN || p + a->nla_len > end)
			return;
		if (a->nla_type == UNIX_DIAG_RQLEN)
			q->unread +=
				((const struct unix_diag_rqlen *)(const void *)value)->udiag_rqueue;
		if (a->nla_type == UNIX_DIAG_MEMINFO)
			q->sent += ((const uint32_t *)(const void *)value)[SK_MEMINFO_WMEM_ALLOC];
		p += NLA_ALIGN(a->nla_len);
	}
}

/* A part of the dump; false at its end. */
static bool
read_dump(int fd, struct queues *q)
{
	static union {
		struct nlmsghdr align;
		char text[65536];
	} b;
	ssize_t got = recv(fd, b.text, sizeof(b.text), 0);
	size_t n = got > 0 ? (size_t)got : 0;
	for (const struct nlmsghdr *h = &b.align; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
		if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY)
			return false;
		add_socket(h, q);
	}
	return got > 0;
}

static unsigned long long
unix_bytes(void)
{
	struct {
		struct nlmsghdr h;
		struct unix_diag_req r;
	} ask = {{.nlmsg_len = sizeof(ask),
			 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		{.sdiag_family = AF_UNIX,
			.udiag_states = ~0U,
			.udiag_show = UDIAG_SHOW_RQLEN | UDIAG_SHOW_MEMINFO}};
	struct queues q = {0};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (fd >= 0 && send(fd, &ask, sizeof(ask), 0) == (ssize_t)sizeof(ask))
		while (read_dump(fd, &q))
			;
	if (fd >= 0)
		(void)close(fd);
	return q.unread > q.sent ? q.unread : q.sent;
}

/* Sum of the queues in a table such as /proc/net/tcp: "... tx_queue:rx_queue ..." in hexadecimal. */
static unsigned long long
table_bytes(const struct memory *m, const char *table)
{
	int fd = openat(m->proc, table, O_RDONLY | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	char line[512];
	unsigned long long bytes = 0;
	unsigned sent, unread;
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %*s %*s %*s %x:%x", &sent, &unread) == 2)
			bytes += sent + unread;
	if (f)
		(void)fclose(f);
	return bytes;
}

/* A number of the pod's network namespace from sockstat(5); 0 when it is not there. */
static unsigned long long
socket_count(const struct memory *m, const char *file, const char *key)
{
	char text[512];
	const char *at = read_text(m->proc, file, text, sizeof(text)) ? strstr(text, key) : NULL;
	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

/*
 * What the queues hold, as far as it matters: no table is read once there is more than the limit.  The kernel goes
 * through the machine's whole hash for the shortest of them, which takes milliseconds.
 */
static unsigned long long
socket_bytes(const struct memory *m, unsigned long long limit)
{
	static const struct {
		const char *table, *counts, *key;
	} of[] = {
		{"1/net/tcp", "1/net/sockstat", "TCP: inuse "},
		{"1/net/tcp6", "1/net/sockstat6", "TCP6: inuse "},
		{"1/net/udp", "1/net/sockstat", "UDP: inuse "},
		{"1/net/udp6", "1/net/sockstat6", "UDP6: inuse "},
	};
	unsigned long long bytes = unix_bytes();
	for (size_t i = 0; i < sizeof(of) / sizeof(*of) && bytes <= limit; i++)
		if (socket_count(m, of[i].counts, of[i].key))
			bytes += table_bytes(m, of[i].table);
	return bytes;
}

/* ---- a look ---- */

static void
look_at_machine(const struct memory *m, struct memory_use *ret)
{
	char text[4096];
	if (!read_text(m->proc, "meminfo", text, sizeof(text)))
		return;
	unsigned long long shared = kib_field(text, "\nShmem:"), files = open_files(m);
	ret->files = files > m->files_then ? files - m->files_then : 0;
	ret->shared = shared > m->shared_then ? shared - m->shared_then : 0;
	ret->scarce = kib_field(text, "\nMemAvailable:") < m->reserve;
}

unsigned long long
memory_processes(const struct memory *m)
{
	DIR *d = open_processes(m);
	unsigned long long n = 0;
	while (next_number(d))
		n++;
	if (d)
		(void)closedir(d);
	return n;
}

void
memory_look(const struct memory *m, unsigned long long limit, struct memory_use *ret)
{
	DIR *d = open_processes(m);
	*ret = (struct memory_use){0};
	look_at_machine(m, ret);
	ret->bytes = ret->shared + message_bytes() + ret->files * (DESCRIPTOR_BYTES + PIPE_BYTES);
	for (const char *pid; (pid = next_number(d));) {
		struct process_use p = look_at_process(m, pid);
		ret->bytes += p.private + p.tables;
		ret->tasks += p.tasks;
	}
	if (d)
		(void)closedir(d);
	/* Their queues are read only where they could make a difference. */
	unsigned long long sockets = socket_count(m, "1/net/sockstat", "sockets: used ");
	if (ret->bytes + sockets * m->queue_bytes > limit)
		ret->bytes += socket_bytes(m, limit);
}

/* ---- what descriptors keep ---- */

/* Inodes seen in this count; one too many is counted twice. */
struct inodes {
	size_t n;
	ino_t v[MAX_INODES];
};
static struct inodes seen;

static bool
is_seen(ino_t ino)
{
	for (size_t i = 0; i < seen.n; i++)
		if (seen.v[i] == ino)
			return true;
	return false;
}

/* "scm_fds: 3" of /proc/PID/fdinfo/N: descriptors that wait in the socket to be received. */
static unsigned long long
in_flight(const struct memory *m, const char *pid, const char *name)
{
	char path[64], text[512];
	(void)snprintf(path, sizeof(path), "%.16s/fdinfo/%.16s", pid, name);
	const char *at =
		read_text(m->proc, path, text, sizeof(text)) ? strstr(text, "scm_fds:") : NULL;
	return at ? strtoull(at + 8, NULL, 10) : 0;
}

static void
count_descriptor(
	const struct memory *m, const char *pid, int dir, const char *name, struct file_use *ret)
{
	char to[256];
	struct stat st;
	ssize_t n = readlinkat(dir, name, to, sizeof(to) - 1);
	if (n <= 0)
		return;
	to[n] = '\0';
	ret->memory += DESCRIPTOR_BYTES;
	if (strncmp(to, "pipe:", 5) == 0) {
		ret->memory += PIPE_BYTES;
		return;
	}
	if (strncmp(to, "socket:", 7) == 0)
		ret->in_flight += in_flight(m, pid, name);
	bool memfd = strncmp(to, "/memfd:", 7) == 0;
	if (*to != '/' || fstatat(dir, name, &st, 0) < 0 || !S_ISREG(st.st_mode) || st.st_nlink)
		return;
	if (!memfd && is_on_tmpfs(m, st.st_dev))
		return;
	if (is_seen(st.st_ino))
		return;
	if (seen.n < MAX_INODES)
		seen.v[seen.n++] = st.st_ino;
	unsigned long long bytes = (unsigned long long)st.st_blocks * 512;
	unsigned long long given = m->given(st.st_ino);
	*(memfd ? &ret->memory : &ret->deleted) += bytes > given ? bytes - given : 0;
}

void
memory_files(const struct memory *m, struct file_use *ret)
{
	DIR *processes = open_processes(m);
	long long deadline = warden_now_ms() + COUNT_MS;
	*ret = (struct file_use){0};
	seen.n = 0;
	for (const char *pid; !ret->incomplete && (pid = next_number(processes));) {
		char path[64];
		(void)snprintf(path, sizeof(path), "%.16s/fd", pid);
		int fd = openat(m->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		DIR *d = fd < 0 ? NULL : fdopendir(fd);
		for (const char *name; !ret->incomplete && (name = next_number(d));) {
			count_descriptor(m, pid, fd, name, ret);
			ret->incomplete = warden_now_ms() > deadline;
		}
		if (d)
			(void)closedir(d);
		else if (fd >= 0)
			(void)close(fd);
	}
	if (processes)
		(void)closedir(processes);
}

/* ---- what processes have mapped ---- */

enum mapping { MAPPING_MEMORY, MAPPING_FILE, MAPPING_COUNTED };

/* "7f..-7f.. rw-s 00000000 00:01 1234   /memfd:x (deleted)": what its pages are part of. */
static enum mapping
kind_of(const char *line)
{
	unsigned long long ino = 0;
	int at = 0;
	if (sscanf(line, "%*s %*s %*s %*s %llu %n", &ino, &at) < 1 || !at || line[at] != '/')
		return MAPPING_MEMORY; /* nothing, or [heap] */
	const char *name = line + at;
	if (strncmp(name, "/dev/zero (deleted)", 19) == 0)
		return MAPPING_MEMORY;
	if (strncmp(name, "/memfd:", 7) == 0)
		return is_seen((ino_t)ino) ? MAPPING_COUNTED : MAPPING_MEMORY;
	return strncmp(name, "/SYSV", 5) == 0 ? MAPPING_COUNTED : MAPPING_FILE;
}

/* Memory of a process, its share of what it shares; false when it may not be read. */
static bool
count_process(const struct memory *m, const char *pid, unsigned long long *bytes)
{
	static char *line; /* as long as the target makes it */
	static size_t cap;
	char path[64];
	(void)snprintf(path, sizeof(path), "%.16s/smaps", pid);
	int fd = openat(m->proc, path, O_RDONLY | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	enum mapping kind = MAPPING_COUNTED;
	unsigned long long pss = 0;
	bool any = false;
	while (f && getline(&line, &cap, f) > 0) {
		any = true;
		if ((*line >= '0' && *line <= '9') || (*line >= 'a' && *line <= 'f'))
			kind = kind_of(line);
		else if (strncmp(line, "Pss:", 4) == 0)
			pss = kib_field(line, "Pss:");
		else if (strncmp(line, "Anonymous:", 10) == 0 && kind != MAPPING_COUNTED) {
			unsigned long long own = kib_field(line, "Anonymous:");
			*bytes += kind == MAPPING_MEMORY || pss < own ? pss : own;
		} else if (strncmp(line, "SwapPss:", 8) == 0)
			*bytes += kib_field(line, "SwapPss:");
	}
	if (f)
		(void)fclose(f);
	return any;
}

void
memory_count(const struct memory *m, unsigned long long limit, struct memory_use *use)
{
	struct file_use files;
	unsigned long long at_most = use->bytes, unshared = 0;
	unsigned long long kernel = message_bytes() + socket_bytes(m, limit);
	unsigned long long trees = tmpfs_bytes(m) + segment_bytes();
	long long deadline = warden_now_ms() + COUNT_MS;
	if (kernel + trees > limit) { /* what takes long to count gives time to take more */
		use->bytes = kernel + trees;
		return;
	}
	memory_files(m, &files);
	unsigned long long shared = files.memory + trees;
	DIR *d = open_processes(m);
	for (const char *pid; (pid = next_number(d));) {
		struct process_use p = look_at_process(m, pid);
		unshared += p.tables;
		if (warden_now_ms() > deadline || !count_process(m, pid, &unshared))
			unshared += p.private + p.shared;
	}
	if (d)
		(void)closedir(d);
	/* Files that are in flight are in no process; what the machine's shared memory grew by tells. */
	if (files.in_flight && use->shared > shared)
		shared = use->shared;
	use->bytes = unshared + shared + kernel;
	if (files.incomplete && use->bytes < at_most)
		use->bytes = at_most;
}
