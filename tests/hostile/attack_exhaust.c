/*
 * Taking all there is of processes, memory, disk and descriptors.  Each goes on until it is stopped; what
 * it cannot get it asks for again, so that a limit shows as a cause and not as an exit.
 */
#include "tests/hostile/attack.h"

#include <pthread.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define MIB ((size_t)1 << 20)

static void
wait_for_the_end(void)
{
	for (;;)
		(void)pause();
}

/* ---- processes ---- */

static void
forks(const char *name, char **args)
{
	(void)name;
	(void)args;
	for (;;)
		(void)fork();
}

static void *
sleep_in_thread(void *unused)
{
	wait_for_the_end();
	return unused;
}

static void
threads(const char *name, char **args)
{
	pthread_attr_t small;
	pthread_t t;
	(void)name;
	(void)args;
	(void)pthread_attr_init(&small);
	(void)pthread_attr_setstacksize(&small, 65536);
	for (;;)
		if (pthread_create(&t, &small, sleep_in_thread, NULL) != 0)
			(void)usleep(1000);
}

/* Sessions of their own, parents that are gone. */
static void
daemons(const char *name, char **args)
{
	(void)name;
	(void)args;
	for (;;) {
		pid_t pid = fork();
		if (pid == 0) {
			(void)setsid();
			if (fork() != 0)
				_exit(0);
			(void)signal(SIGTERM, SIG_IGN);
		}
	}
}

/* Never many, always others: each forks the next and ends. */
static void
comet(const char *name, char **args)
{
	(void)name;
	(void)args;
	for (int i = 0; i < 8; i++)
		if (fork() == 0)
			for (;;)
				if (fork() > 0)
					_exit(0);
	wait_for_the_end();
}

/* Each the child of the one before. */
static void
chain(const char *name, char **args)
{
	(void)name;
	(void)args;
	while (fork() == 0)
		;
	wait_for_the_end();
}

/* As many as are allowed, and no rest for any of them. */
static void
busy(const char *name, char **args)
{
	(void)name;
	for (int i = atoi(*args); i > 1; i--)
		if (fork() == 0)
			break;
	for (;;)
		;
}

/* ---- memory ---- */

static void
touch(char *p, size_t n)
{
	for (size_t i = 0; i < n; i += 4096)
		p[i] = 1;
}

static char *
take(size_t n, int flags)
{
	char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	touch(p, n);
	return p;
}

static void
memory(const char *name, char **args)
{
	(void)name;
	(void)args;
	for (;;)
		(void)take(8 * MIB, MAP_PRIVATE | MAP_ANONYMOUS);
}

/* By every processor at once, in large pages. */
static void
memory_fast(const char *name, char **args)
{
	(void)name;
	(void)args;
	for (long n = sysconf(_SC_NPROCESSORS_ONLN); n > 1; n--)
		if (fork() == 0)
			break;
	for (;;) {
		char *p = mmap(NULL, 256 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
		if (p == MAP_FAILED)
			continue;
		(void)madvise(p, 256 * MIB, MADV_HUGEPAGE);
		touch(p, 256 * MIB);
	}
}

static void
memory_many(const char *name, char **args)
{
	(void)name;
	(void)args;
	for (int i = 0; i < 40; i++)
		if (fork() == 0) {
			(void)take(4 * MIB, MAP_PRIVATE | MAP_ANONYMOUS);
			wait_for_the_end();
		}
	wait_for_the_end();
}

/* A mapping that is shared belongs to nobody's private memory. */
static void
memory_shared(const char *name, char **args)
{
	(void)name;
	(void)args;
	for (;;)
		(void)take(8 * MIB, MAP_SHARED | MAP_ANONYMOUS);
}

/* MiB written so far, a line each. */
static void
tell_progress(size_t bytes)
{
	static size_t total;
	total += bytes;
	printf("%zu\n", total >> 20);
	(void)fflush(stdout);
}

static bool
fill(int fd, size_t n)
{
	static char block[1 << 20];
	memset(block, 1, sizeof(block));
	for (size_t done = 0; done < n;) {
		ssize_t w = write(fd, block, n - done < sizeof(block) ? n - done : sizeof(block));
		if (w <= 0)
			return false;
		done += (size_t)w;
		tell_progress((size_t)w);
	}
	return true;
}

static void
memory_files(const char *name, char **args)
{
	(void)name;
	(void)args;
	for (int i = 0;; i++) {
		int fd = memfd_create("m", 0);
		if (!fill(fd, 8 * MIB))
			(void)usleep(1000);
	}
}

/* Memory files that are only in the queue of a socket: no process has them. */
static void
memory_in_flight(const char *name, char **args)
{
	(void)name;
	(void)args;
	for (;;) {
		int ends[2];
		char space[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
		struct iovec iov = {&byte, 1};
		struct msghdr h = {.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = space,
			.msg_controllen = sizeof(space)};
		struct cmsghdr *c = CMSG_FIRSTHDR(&h);
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0) {
			(void)usleep(1000);
			continue;
		}
		int fd = memfd_create("m", 0);
		(void)fill(fd, 8 * MIB);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
		(void)sendmsg(ends[0], &h, 0);
		(void)close(fd);
	}
}

static void
memory_sysv(const char *name, char **args)
{
	(void)name;
	(void)args;
	for (;;) {
		int id = shmget(IPC_PRIVATE, 8 * MIB, 0600 | IPC_CREAT);
		char *p = id < 0 ? (void *)-1 : shmat(id, NULL, 0);
		if (p == (void *)-1) {
			(void)usleep(1000);
			continue;
		}
		touch(p, 8 * MIB);
		(void)shmdt(p); /* it stays */
	}
}

static void
memory_messages(const char *name, char **args)
{
	static struct {
		long type;
		char text[8000];
	} m = {1, {0}};
	(void)name;
	(void)args;
	for (;;) {
		int id = msgget(IPC_PRIVATE, 0600 | IPC_CREAT);
		if (id < 0) {
			(void)usleep(1000);
			continue;
		}
		while (msgsnd(id, &m, sizeof(m.text), IPC_NOWAIT) == 0)
			;
	}
}

/* Of a tree in memory: DIR. */
static void
memory_tmpfs(const char *name, char **args)
{
	char path[256];
	(void)name;
	for (int i = 0;; i++) {
		(void)snprintf(path, sizeof(path), "%s/f%d", *args, i);
		int fd = open(path, O_WRONLY | O_CREAT, 0600);
		if (fd < 0 || !fill(fd, 8 * MIB))
			(void)usleep(1000);
		if (fd >= 0)
			(void)close(fd);
	}
}

static void
memory_sockets(const char *name, char **args)
{
	static char block[65536];
	(void)name;
	(void)args;
	for (;;) {
		int ends[2], size = 1 << 30;
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0) {
			(void)usleep(1000);
			continue;
		}
		(void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
		while (write(ends[0], block, sizeof(block)) > 0)
			;
	}
}

static void
memory_pipes(const char *name, char **args)
{
	static char block[65536];
	(void)name;
	(void)args;
	for (;;) {
		int ends[2];
		if (pipe2(ends, O_NONBLOCK) < 0) {
			if (errno == EMFILE && fork() != 0)
				wait_for_the_end();
			else if (errno == EMFILE) /* the child makes room and goes on */
				for (int fd = 3; fd < 65536; fd++)
					(void)close(fd);
			continue;
		}
		(void)fcntl(ends[0], F_SETPIPE_SZ, 1 << 20);
		while (write(ends[1], block, sizeof(block)) > 0)
			;
	}
}

/* Reading what was never written takes no page, but the tables that say so. */
static void
memory_tables(const char *name, char **args)
{
	(void)name;
	(void)args;
	for (;;) {
		size_t n = (size_t)64 << 30;
		volatile char *p = mmap(
			NULL, n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		for (size_t i = 0; p != MAP_FAILED && i < n; i += 2 * MIB)
			(void)p[i];
	}
}

/* ---- disk ---- */

static void
disk(const char *name, char **args)
{
	char path[256];
	(void)name;
	for (int i = 0;; i++) {
		(void)snprintf(path, sizeof(path), "%s/f%d", *args, i);
		int fd = open(path, O_WRONLY | O_CREAT, 0600);
		if (fd < 0 || !fill(fd, 4 * MIB))
			(void)usleep(1000);
		if (fd >= 0)
			(void)close(fd);
	}
}

/* Below directories that may not be entered. */
static void
disk_hidden(const char *name, char **args)
{
	char dir[256], path[300];
	(void)name;
	for (int i = 0;; i++) {
		(void)snprintf(dir, sizeof(dir), "%s/d%d", *args, i);
		(void)snprintf(path, sizeof(path), "%s/f", dir);
		(void)mkdir(dir, 0700);
		int fd = open(path, O_WRONLY | O_CREAT, 0600);
		if (fd < 0 || !fill(fd, 4 * MIB))
			(void)usleep(1000);
		if (fd >= 0)
			(void)close(fd);
		(void)chmod(dir, 0);
	}
}

/* Files that have no name any more. */
static void
disk_deleted(const char *name, char **args)
{
	char path[256];
	(void)name;
	for (int i = 0;; i++) {
		(void)snprintf(path, sizeof(path), "%s/f%d", *args, i);
		int fd = open(path, O_WRONLY | O_CREAT, 0600);
		(void)unlink(path);
		if (fd < 0 || !fill(fd, 4 * MIB))
			(void)usleep(1000);
	}
}

/* While what counts them walks by, directories change places. */
static void
disk_moving(const char *name, char **args)
{
	char path[256], a[256], b[256];
	(void)name;
	(void)snprintf(a, sizeof(a), "%s/a", *args);
	(void)snprintf(b, sizeof(b), "%s/b", *args);
	(void)snprintf(path, sizeof(path), "%s/a/in", *args);
	(void)mkdir(a, 0700);
	(void)mkdir(b, 0700);
	(void)mkdir(path, 0700);
	if (fork() == 0)
		for (;;) {
			char in_a[300], in_b[300];
			(void)snprintf(in_a, sizeof(in_a), "%s/in", a);
			(void)snprintf(in_b, sizeof(in_b), "%s/in", b);
			(void)rename(in_a, in_b);
			(void)rename(in_b, in_a);
		}
	int dir = open(path, O_RDONLY | O_DIRECTORY);
	for (int i = 0;; i++) {
		(void)snprintf(path, sizeof(path), "f%d", i);
		int fd = openat(dir, path, O_WRONLY | O_CREAT, 0600);
		if (fd < 0 || !fill(fd, 4 * MIB))
			(void)usleep(1000);
		if (fd >= 0)
			(void)close(fd);
	}
}

static void
inodes(const char *name, char **args)
{
	char path[256];
	(void)name;
	for (int i = 0;; i++) {
		if (i % 1000 == 0) {
			printf("%d\n", i);
			(void)fflush(stdout);
			(void)snprintf(path, sizeof(path), "%s/d%d", *args, i / 1000);
			(void)mkdir(path, 0700);
		}
		(void)snprintf(path, sizeof(path), "%s/d%d/f%d", *args, i / 1000, i);
		int fd = open(path, O_WRONLY | O_CREAT, 0600);
		if (fd < 0)
			(void)usleep(1000);
		else
			(void)close(fd);
	}
}

/* A file of a terabyte without content costs nothing; one whose blocks are promised does. */
static void
sparse(const char *name, char **args)
{
	char path[256];
	(void)name;
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)snprintf(path, sizeof(path), "%s/sparse", *args);
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	say_result("truncate", ftruncate(fd, (off_t)1 << 40));
	say_result("fallocate", fallocate(fd, 0, 0, (off_t)1 << 40));
	say_result("write-far", pwrite(fd, "x", 1, (off_t)1 << 40));
}

/* ---- descriptors ---- */

static void
descriptors(const char *name, char **args)
{
	int n = 0;
	(void)args;
	while (open("/dev/null", O_RDONLY) >= 0)
		n++;
	printf("%s %s %s\n", name, n <= 65536 ? "bounded" : "unbounded", strerrorname_np(errno));
}

/* N different names of LENGTH bytes that are not there, for whoever keeps a record. */
static void
opens(const char *name, char **args)
{
	static char path[4096];
	long n = atol(args[0]), length = atol(args[1]);
	for (long i = 0; i < length; i++)
		path[i] = i % 200 == 0 ? '/' : 'x';
	for (long i = 0; i < n; i++) {
		(void)snprintf(path + length, sizeof(path) - (size_t)length, "/%ld", i);
		(void)open(path, O_RDONLY);
	}
	say(name, "tried");
}

static const struct attack attacks[] = {
	{"forks", forks},
	{"threads", threads},
	{"daemons", daemons},
	{"comet", comet},
	{"chain", chain},
	{"busy", busy},
	{"memory", memory},
	{"memory-fast", memory_fast},
	{"memory-many", memory_many},
	{"memory-shared", memory_shared},
	{"memory-files", memory_files},
	{"memory-in-flight", memory_in_flight},
	{"memory-sysv", memory_sysv},
	{"memory-messages", memory_messages},
	{"memory-tmpfs", memory_tmpfs},
	{"memory-sockets", memory_sockets},
	{"memory-pipes", memory_pipes},
	{"memory-tables", memory_tables},
	{"disk", disk},
	{"disk-hidden", disk_hidden},
	{"disk-deleted", disk_deleted},
	{"disk-moving", disk_moving},
	{"inodes", inodes},
	{"sparse", sparse},
	{"descriptors", descriptors},
	{"opens", opens},
	{NULL, NULL},
};

int
main(int argc, char **argv)
{
	return argc < 2 ? 99 : attack_main(attacks, argc, argv);
}
