/*
 * Reaching out: files of this machine, its kernel's switches, its processes, sockets and terminals, more
 * rights than were given, and the processes of the sandbox itself.
 */
#include "tests/hostile/attack.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <linux/capability.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>

/* ---- switches of the kernel ---- */

static void
walk(const char *dir, int depth, void (*fn)(const char *path, void *ctx), void *ctx)
{
	DIR *d = depth < 12 ? opendir(dir) : NULL;
	for (struct dirent *e; d && (e = readdir(d));) {
		char path[4096];
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (e->d_type == DT_DIR)
			walk(path, depth + 1, fn, ctx);
		else if (e->d_type == DT_REG)
			fn(path, ctx);
	}
	if (d)
		(void)closedir(d);
}

static void
try_to_open(const char *path, void *ctx)
{
	int fd = open(path, O_WRONLY | O_NONBLOCK);
	if (fd < 0)
		return;
	(void)close(fd);
	printf("%s opens %s\n", (const char *)ctx, path);
}

/* Opened, never written: an open for writing is enough to say that nothing stands in the way. */
static void
kernel_switches(const char *name, char **args)
{
	(void)args;
	char *copy = (char *)name;
	walk("/proc/sys", 0, try_to_open, copy);
	walk("/proc/irq", 0, try_to_open, copy);
	walk("/proc/bus", 0, try_to_open, copy);
	walk("/proc/fs", 0, try_to_open, copy);
	walk("/proc/acpi", 0, try_to_open, copy);
	walk("/sys", 0, try_to_open, copy);
	try_to_open("/proc/sysrq-trigger", copy);
	try_to_open("/proc/sys/kernel/core_pattern", copy);
	try_to_open("/proc/sys/vm/drop_caches", copy);
	try_to_open("/proc/mtrr", copy);
	try_to_open("/proc/kcore", copy);
	say(name, "tried");
}

static bool
has_content(const char *path)
{
	char text[256];
	int fd = open(path, O_RDONLY | O_NONBLOCK);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text));
	if (fd >= 0)
		(void)close(fd);
	return n > 0;
}

static void
kernel_secrets(const char *name, char **args)
{
	static const char *const paths[] = {"/proc/kcore", "/proc/keys", "/proc/kmsg",
		"/proc/timer_list", "/proc/sched_debug", "/proc/vmallocinfo", "/proc/slabinfo",
		"/proc/kpagecount", "/proc/kpageflags", "/proc/iomem-secret", "/dev/mem",
		"/dev/kmsg", "/dev/port", "/dev/vda", "/dev/kvm", "/dev/fuse", "/dev/vsock",
		"/dev/userfaultfd", "/sys/kernel/notes", NULL};
	(void)args;
	for (size_t i = 0; paths[i]; i++)
		if (has_content(paths[i]))
			printf("%s reads %s\n", name, paths[i]);
	say(name, "tried");
}

/* ---- the processes of the sandbox, and of this machine ---- */

static void
open_of(const char *pid, const char *what, int flags)
{
	char path[128];
	(void)snprintf(path, sizeof(path), "/proc/%s/%s", pid, what);
	int fd = open(path, flags | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0)
		printf("opens %s%s\n", path, flags == O_RDONLY ? "" : " for writing");
}

/* pid 1 and the process that watches this command (the parent). */
static void
box_processes(const char *name, char **args)
{
	static const char *const read_only[] = {"mem", "environ", "maps", "smaps", "root/",
		"root/etc/", "cwd/", "fd/", "fd/3", "map_files/", "exe", "auxv", "stack", "syscall",
		"io", "ns/net", "ns/user", NULL};
	static const char *const writable[] = {"mem", "exe", "oom_score_adj", "oom_adj",
		"autogroup", "sched", "coredump_filter", "clear_refs", "comm", "uid_map", "gid_map",
		"setgroups", "timens_offsets", "loginuid", "make-it-fail", "fd/3", NULL};
	/* Opened by anybody; what counts is the write. */
	static const char *const written[] = {"timerslack_ns", "attr/current", NULL};
	char parent[16];
	const char *pids[] = {"1", parent};
	(void)args;
	(void)snprintf(parent, sizeof(parent), "%d", getppid());
	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; read_only[k]; k++)
			open_of(pids[i], read_only[k], O_RDONLY);
		for (size_t k = 0; writable[k]; k++)
			open_of(pids[i], writable[k], O_WRONLY);
		for (size_t k = 0; written[k]; k++) {
			char path[128];
			(void)snprintf(path, sizeof(path), "/proc/%s/%s", pids[i], written[k]);
			int fd = open(path, O_WRONLY);
			if (fd >= 0 && write(fd, "1", 1) == 1)
				printf("writes %s\n", path);
		}
	}
	say(name, "tried");
}

static void
host_process(const char *name, char **args)
{
	char path[64];
	pid_t pid = (pid_t)atoi(*args);
	(void)name;
	say_result("kill-host-process", kill(pid, SIGKILL));
	say_result("pidfd-host-process", syscall(SYS_pidfd_open, pid, 0));
	(void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
	say_result("proc-host-process", open(path, O_RDONLY));
}

static void
own_files(const char *name, char **args)
{
	static const char *const paths[] = {"/proc/self/uid_map", "/proc/self/gid_map",
		"/proc/self/setgroups", "/proc/self/timens_offsets", NULL};
	(void)args;
	for (size_t i = 0; paths[i]; i++) {
		int fd = open(paths[i], O_WRONLY);
		if (fd >= 0 && write(fd, "0 0 1", 5) == 5)
			printf("%s writes %s\n", name, paths[i]);
	}
	say(name, "tried");
}

/* Leave a descriptor to the program that runs this, and write through it when that is over. */
static void
own_program(const char *name, char **args)
{
	(void)args;
	say_result(name, open("/proc/self/exe", O_WRONLY));
}

/* ---- descriptors and directories ---- */

static void
descriptors(const char *name, char **args)
{
	DIR *d = opendir("/proc/self/fd");
	(void)args;
	for (struct dirent *e; d && (e = readdir(d));) {
		int fd = atoi(e->d_name);
		if (e->d_name[0] == '.' || fd <= 2 || fd == dirfd(d))
			continue;
		printf("%s has %d\n", name, fd);
	}
	for (int fd = 0; fd < 3; fd++)
		if (openat(fd, "..", O_RDONLY | O_DIRECTORY) >= 0)
			printf("%s leads up from %d\n", name, fd);
	say(name, "tried");
}

static void
input_again(const char *name, char **args)
{
	int fd = open("/proc/self/fd/0", O_WRONLY | O_APPEND);
	(void)args;
	if (fd >= 0 && write(fd, "harm\n", 5) == 5)
		say(name, "written");
	else
		say_result(name, -1);
}

static void
output_again(const char *name, char **args)
{
	char text[64];
	int fd = open("/proc/self/fd/1", O_RDONLY | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof(text), 0);
	(void)args;
	say(name, n > 0 ? "read" : "unreadable");
}

static void
host_path(const char *name, char **args)
{
	static const char *const ways[] = {"", "/proc/1/root", "/proc/self/root",
		"/proc/self/cwd/../../../..", "/work/../..", "/../../../..",
		"/proc/self/task/1/root", "/dev/fd/0/..", "/dev/fd/1/..", "/.oldroot", "/tmp/..",
		"/proc/thread-self/root/..", NULL};
	for (size_t i = 0; ways[i]; i++) {
		char path[4096];
		(void)snprintf(path, sizeof(path), "%s%s", ways[i], *args);
		if (access(path, F_OK) == 0)
			printf("%s is reached by %s\n", name, path);
	}
	say(name, "tried");
}

/* The way out of a chroot that keeps a directory above it open. */
static void
chroot_escape(const char *name, char **args)
{
	struct stat before, after;
	int up = open("/", O_RDONLY | O_DIRECTORY);
	(void)stat("/", &before);
	(void)mkdir("/tmp/cage", 0755);
	if (chroot("/tmp/cage") < 0) {
		say_result(name, -1);
		return;
	}
	(void)fchdir(up);
	for (int i = 0; i < 64; i++)
		(void)chdir("..");
	(void)chroot(".");
	(void)stat("/", &after);
	if (before.st_ino == after.st_ino && before.st_dev == after.st_dev)
		say(name, access(*args, F_OK) == 0 ? "escaped" : "same-root");
	else
		say(name, "other-root");
}

static void
mounts(const char *name, char **args)
{
	FILE *f = fopen("/proc/self/mountinfo", "r");
	char line[8192];
	(void)args;
	while (f && fgets(line, sizeof(line), f)) {
		char root[4096], at[1024], options[256];
		if (sscanf(line, "%*d %*d %*s %4095s %1023s %255s", root, at, options) != 3)
			continue;
		bool device = (strncmp(at, "/dev/", 5) == 0 && strchr(at + 5, '/') == NULL) ||
			      strcmp(root, "/null") == 0;
		if (!device && !strstr(options, "nosuid"))
			printf("%s: %s lacks nosuid\n", name, at);
		if (!device && strcmp(at, "/dev/pts") != 0 && strcmp(at, "/dev") != 0 &&
			!strstr(options, "nodev"))
			printf("%s: %s lacks nodev\n", name, at);
	}
	say(name, f ? "tried" : "unreadable");
}

static void
devices(const char *name, char **args)
{
	struct stat st;
	(void)args;
	if (mknod("/tmp/mem", S_IFCHR | 0666, makedev(1, 1)) == 0 && lstat("/tmp/mem", &st) == 0 &&
		S_ISCHR(st.st_mode))
		printf("%s makes a device\n", name);
	if (mknod("/tmp/disk", S_IFBLK | 0666, makedev(254, 0)) == 0 &&
		lstat("/tmp/disk", &st) == 0 && S_ISBLK(st.st_mode))
		printf("%s makes a block device\n", name);
	if (chmod("/dev/null", 0) == 0)
		printf("%s: changes the mode of /dev/null\n", name);
	if (unlink("/dev/null") == 0 || rename("/dev/null", "/dev/x") == 0)
		printf("%s: takes /dev/null away\n", name);
	if (utimensat(AT_FDCWD, "/dev/null", (const struct timespec[2]){{1, 0}, {1, 0}}, 0) == 0)
		printf("%s: sets the times of /dev/null\n", name);
	if (setxattr("/dev/null", "user.x", "1", 1, 0) == 0)
		printf("%s: attributes of /dev/null\n", name);
	if (chown("/dev/null", getuid(), getgid()) == 0 && stat("/dev/null", &st) == 0 &&
		st.st_uid == getuid())
		printf("%s: owns /dev/null\n", name);
	say(name, "tried");
}

/* ---- sockets and other things with names ---- */

static void
abstract_socket(const char *name, char **args)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	size_t n = strlen(*args);
	memcpy(a.sun_path + 1, *args, n);
	say_result(name, connect(fd, (struct sockaddr *)&a,
				 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n)));
}

static void
connect_to(const char *name, int type, const char *address, int port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct sockaddr_in6 v6 = {
		.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_scope_id = 2};
	bool six = inet_pton(AF_INET, address, &v4.sin_addr) != 1;
	if (six)
		(void)inet_pton(AF_INET6, address, &v6.sin6_addr);
	int fd = socket(six ? AF_INET6 : AF_INET, type, 0);
	long rc = connect(fd, six ? (void *)&v6 : (void *)&v4, six ? sizeof(v6) : sizeof(v4));
	if (rc == 0 && type == SOCK_DGRAM)
		rc = send(fd, "x", 1, 0);
	say_result(name, rc);
	(void)close(fd);
}

static void
network(const char *name, char **args)
{
	(void)name;
	connect_to("tcp-host-loopback", SOCK_STREAM, "127.0.0.1", *args ? atoi(*args) : 1);
	connect_to("tcp", SOCK_STREAM, "192.0.2.1", 80);
	connect_to("udp", SOCK_DGRAM, "192.0.2.1", 53);
	connect_to("tcp6", SOCK_STREAM, "2001:db8::1", 80);
	connect_to("udp6", SOCK_DGRAM, "2001:db8::1", 53);
	connect_to("link-local", SOCK_STREAM, "169.254.169.254", 80);
	connect_to("link-local6", SOCK_STREAM, "fe80::1", 80);
	connect_to("multicast", SOCK_DGRAM, "224.0.0.251", 5353);
	connect_to("broadcast", SOCK_DGRAM, "255.255.255.255", 9);
}

static void
interface_up(const char *name, char **args)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct {
		char name[16];
		short flags;
		char rest[22];
	} r = {"lo", 0, {0}};
	(void)args;
	say_result(name, ioctl(fd, 0x8914 /* SIOCSIFFLAGS */, &r));
}

static void
shared_names(const char *name, char **args)
{
	(void)name;
	say_result("sysv-shm", shmget((key_t)atoi(args[0]), 0, 0));
	say_result("posix-mq", mq_open(args[1], O_RDONLY | O_NONBLOCK));
	say_result("posix-shm", open(args[2], O_RDONLY));
}

/* ---- more rights ---- */

static void
rights(const char *name, char **args)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct d[2] = {
		{1u << CAP_SYS_ADMIN, 1u << CAP_SYS_ADMIN, 0}, {0, 0, 0}};
	(void)name;
	(void)args;
	say_result("capset", syscall(SYS_capset, &h, d));
	say_result("ambient", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0));
	say_result("securebits", prctl(PR_SET_SECUREBITS, 1, 0, 0, 0));
	say_result("new-privileges", prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
	say_result("setuid", setuid(0));
	say_result("setgid", setgid(0));
	say_result("setgroups", syscall(SYS_setgroups, 0, NULL));
	say_result("nice", setpriority(0, 0, -5));
}

/* Of a set-id or otherwise privileged copy of this program. */
static void
who_am_i(const char *name, char **args)
{
	char text[4096] = "";
	unsigned long long effective = 0;
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	(void)args;
	text[n > 0 ? n : 0] = '\0';
	const char *at = strstr(text, "CapEff:");
	if (at)
		effective = strtoull(at + 7, NULL, 16);
	printf("%s %d %d %llx\n", name, (int)geteuid(), (int)getegid(), effective);
}

/* A descriptor of the program of whatever else runs here, if that is drydock-box; -1. */
static int
open_box_program(const char *pid)
{
	char path[64], to[256];
	(void)snprintf(path, sizeof(path), "/proc/%.16s/exe", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ssize_t n = fd < 0 ? -1 : readlink(path, to, sizeof(to) - 1);
	to[n > 0 ? n : 0] = '\0';
	if (strstr(to, "drydock-box")) {
		say("found", to);
		return fd;
	}
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

/* While it is executed beside this (CVE-2019-5736), and for a while behind that. */
static void
write_program(const char *name, char **args)
{
	char path[64];
	int fd = -1;
	(void)args;
	say(name, "waits");
	for (long end = now_ms() + 1500; fd < 0 && now_ms() < end;) {
		DIR *d = opendir("/proc");
		for (struct dirent *e; fd < 0 && d && (e = readdir(d));)
			if (*e->d_name >= '0' && *e->d_name <= '9' && atoi(e->d_name) != getpid())
				fd = open_box_program(e->d_name);
		if (d)
			(void)closedir(d);
	}
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (long end = now_ms() + 200; fd >= 0 && now_ms() < end;)
		if (open(path, O_WRONLY) >= 0 || open(path, O_RDWR) >= 0) {
			say(name, "opened");
			return;
		}
	say(name, fd < 0 ? "unseen" : "refused");
}

static void
make_privileged(const char *name, char **args)
{
	/* VFS_CAP_REVISION_2 with everything in it */
	static const unsigned char capabilities[20] = {1, 0, 0, 2, 255, 255, 255, 255, 255, 255,
		255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
	(void)name;
	say_result("make-set-id", chmod(args[0], 06755));
	say_result("make-capable", setxattr(args[1], "security.capability", capabilities, 20, 0));
}

static void
second_wall(const char *name, char **args)
{
	char text[32] = "";
	int fd = open("/proc/sys/user/max_user_namespaces", O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	(void)args;
	text[n > 0 ? strcspn(text, "\n") : 0] = '\0';
	say(name, text);
}

static void
tools_writable(const char *name, char **args)
{
	static const char *const paths[] = {"/drydock/drydock-core", "/drydock/drydock-box",
		"/drydock/drydock", "/drydock/new", "/usr/bin/env", "/usr/new", "/etc/ssl/new",
		NULL};
	(void)args;
	for (size_t i = 0; paths[i]; i++)
		if (open(paths[i], O_WRONLY | O_CREAT, 0644) >= 0)
			printf("%s writes %s\n", name, paths[i]);
	say(name, access("/drydock/drydock-core", R_OK) == 0 ? "tried" : "absent");
}

static const struct attack attacks[] = {
	{"kernel-switches", kernel_switches},
	{"kernel-secrets", kernel_secrets},
	{"box-processes", box_processes},
	{"host-process", host_process},
	{"own-files", own_files},
	{"own-program", own_program},
	{"descriptors", descriptors},
	{"input-again", input_again},
	{"output-again", output_again},
	{"host-path", host_path},
	{"chroot-escape", chroot_escape},
	{"mounts", mounts},
	{"devices", devices},
	{"abstract-socket", abstract_socket},
	{"network", network},
	{"interface-down", interface_up},
	{"shared-names", shared_names},
	{"rights", rights},
	{"who-am-i", who_am_i},
	{"write-program", write_program},
	{"make-privileged", make_privileged},
	{"second-wall", second_wall},
	{"tools-writable", tools_writable},
	{NULL, NULL},
};

int
main(int argc, char **argv)
{
	return argc < 2 ? 99 : attack_main(attacks, argc, argv);
}
