/* Namespaces, mounts and network of a pod; the order of things is explained in main.c. */
#include "sandbox/box/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

const char *box_work_dir = "";

/* ---- namespaces ---- */

void
write_value(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		box_die(errno, "cannot write %s", path);
	(void)close(fd);
}

static void
write_map(const char *path, unsigned inside, unsigned outside)
{
	char map[64];
	(void)snprintf(map, sizeof(map), "%u %u 1", inside, outside);
	write_value(path, map);
}

void
map_single_id(const struct box_id *inside, const struct box_id *outside)
{
	write_value("/proc/self/setgroups", "deny");
	write_map("/proc/self/uid_map", inside->uid, outside->uid);
	write_map("/proc/self/gid_map", inside->gid, outside->gid);
}

static struct box_id outer;
static bool shares_network; /* which was made ready before */

static const struct namespace
{
	int flag;
	const char *name, *limit; /* user.max_LIMIT_namespaces */
}
namespaces[] = {{CLONE_NEWUSER, "user", "user"}, {CLONE_NEWNS, "mount", "mnt"},
	{CLONE_NEWPID, "process", "pid"}, {CLONE_NEWNET, "network", "net"},
	{CLONE_NEWIPC, "IPC", "ipc"}, {CLONE_NEWUTS, "UTS", "uts"},
	{CLONE_NEWCGROUP, "cgroup", "cgroup"}};
#define N_NAMESPACES (sizeof(namespaces) / sizeof(*namespaces))

/* One after the other only to find out which it was. */
void
namespaces_enter_new(int flags)
{
	if (unshare(flags) == 0)
		return;
	for (size_t i = 0; i < N_NAMESPACES; i++) {
		const struct namespace *n = &namespaces[i];
		if (!(flags & n->flag) || unshare(n->flag) == 0)
			continue;
		if (errno == ENOSPC || errno == EUSERS)
			box_die(0,
				"this machine's limit user.max_%s_namespaces leaves no %s namespace",
				n->limit, n->name);
		box_die(errno, "cannot make a %s namespace (see drydock doctor)", n->name);
	}
	box_die(0, "cannot make namespaces together (see drydock doctor)");
}

void
setup_namespaces(void)
{
	shares_network = network_join();
	outer = (struct box_id){geteuid(), getegid()};
	namespaces_enter_new(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC |
			     CLONE_NEWUTS | (shares_network ? 0 : CLONE_NEWNET));
}

void
setup_ids(const struct pod_setup *s)
{
	namespaces_enter_new(CLONE_NEWCGROUP); /* its root is the group that we are in now */
	if (!s->root_mode)
		map_single_id(&(struct box_id){0, 0}, &outer);
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		box_die(errno, "cannot make the mounts private");
}

static void
become_inside_root(bool root_mode)
{
	if (root_mode &&
		(setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0))
		box_die(errno, "cannot become root of the pod");
	/* Both are cleared by a change of identity: /proc/self must be ours, and drydock's death
	 * ours. */
	if (prctl(PR_SET_DUMPABLE, 1) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		box_die(errno, "prctl");
}

static int
make_tmpfs(const char *mode, unsigned long long bytes, unsigned attributes)
{
	char size[32];
	int fs = mount_open_type("tmpfs");
	(void)snprintf(size, sizeof(size), "%llu", bytes);
	mount_set_string(fs, "size", size, "tmpfs");
	mount_set_string(fs, "mode", mode, "tmpfs");
	return mount_finish(fs, attributes, "tmpfs");
}

static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};
#define N_DEVICES (sizeof(devices) / sizeof(*devices))

static const char *const host_trees[] = {"/usr", "/etc/ssl", "/etc/alternatives",
	"/etc/ld.so.cache", "/etc/ca-certificates", "/etc/mime.types", NULL};
static const char *const host_links[] = {
	"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", NULL};

/*
 * Directories and files of the one scratch tmpfs, bound where they belong: all of them together are
 * bounded, and a layer has nothing of this machine and this pod.
 */
static const struct scratch_dir {
	const char *name, *place;
	mode_t mode;
	bool builder;
} scratch_dirs[] = {
	{"shm", "/dev/shm", 01777, false},
	{"tmp", "/tmp", 01777, false},
	{"run", "/run", 0755, false},
	{"home", "/home/builder", 0755, true},
};
#define N_SCRATCH_DIRS (sizeof(scratch_dirs) / sizeof(*scratch_dirs))

/* Names that resolve without a network. */
static const struct scratch_file {
	const char *name, *place, *text;
} scratch_files[] = {
	{"hosts", "/etc/hosts",
		"127.0.0.1 localhost drydock\n::1 localhost ip6-localhost drydock\n"},
	{"resolv.conf", "/etc/resolv.conf", ""},
	{"hostname", "/etc/hostname", "drydock\n"},
};
#define N_SCRATCH_FILES (sizeof(scratch_files) / sizeof(*scratch_files))

struct mounts { /* all of them detached until the root is in place */
	int root, work, proc, devpts, dev;
	int scratch_dirs[N_SCRATCH_DIRS], scratch_files[N_SCRATCH_FILES];
	int device[N_DEVICES];
	int binds[BOX_MAX_BINDS];
	int programs;
	int host_trees[8];
	int host_links[8];	   /* -1: a link, see host_targets */
	char host_targets[8][256]; /* "" : absent */
};

static void
clone_host_tools(struct mounts *t)
{
	for (size_t i = 0; host_trees[i]; i++) {
		struct stat st;
		t->host_trees[i] = stat(host_trees[i], &st) == 0
					   ? mount_clone(host_trees[i], false, false)
					   : -1;
	}
	for (size_t i = 0; host_links[i]; i++) {
		struct stat st;
		t->host_links[i] = -1;
		if (lstat(host_links[i], &st) < 0)
			continue;
		if (S_ISLNK(st.st_mode)) {
			ssize_t n = readlink(host_links[i], t->host_targets[i], 255);
			t->host_targets[i][n > 0 ? n : 0] = '\0';
		} else {
			t->host_links[i] = mount_clone(host_links[i], false, false);
		}
	}
}

static void
clone_sources(const struct pod_setup *s, struct mounts *t)
{
	char path[64];
	for (size_t i = 0; i < N_DEVICES; i++) {
		(void)snprintf(path, sizeof(path), "/dev/%s", devices[i]);
		t->device[i] = mount_open_tree(path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
		if (t->device[i] < 0)
			box_die(errno, "cannot bind %s (open_tree)", path);
	}
	for (size_t i = 0; i < s->nbinds; i++)
		t->binds[i] = mount_clone(s->binds[i].src, s->binds[i].writable, true);
	t->programs = s->programs ? mount_clone(s->programs, false, false) : -1;
	if (s->tools)
		clone_host_tools(t);
}

static int
clone_scratch(int scratch, const char *name)
{
	int fd = (int)syscall(SYS_open_tree, scratch, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (fd < 0)
		box_die(errno, "cannot bind the %s of the pod (open_tree)", name);
	return fd;
}

static int
make_scratch_dir(const struct scratch_dir *d, int scratch, bool root_mode)
{
	uid_t owner = root_mode && d->builder ? BOX_UID : 0;
	if (mkdirat(scratch, d->name, 0700) < 0 || fchmodat(scratch, d->name, d->mode, 0) < 0 ||
		(owner && fchownat(scratch, d->name, owner, owner, 0) < 0))
		box_die(errno, "cannot make %s", d->place);
	return clone_scratch(scratch, d->name);
}

static int
make_scratch_file(const struct scratch_file *f, int scratch)
{
	int fd = openat(scratch, f->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	size_t n = strlen(f->text);
	if (fd < 0 || write(fd, f->text, n) != (ssize_t)n)
		box_die(errno, "cannot write %s", f->place);
	(void)close(fd);
	return clone_scratch(scratch, f->name);
}

/*
 * On the stage: a bind takes only what is mounted (all kernels before 6.15).  It goes with the host's root,
 * which is below and above it; to end a mount by itself waits for all processors.
 */
static void
make_scratch(const struct pod_setup *s, struct mounts *t, int scratch)
{
	if (syscall(SYS_move_mount, scratch, "", AT_FDCWD, STAGE, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		box_die(errno, "cannot mount on %s (move_mount)", STAGE);
	for (size_t i = 0; i < N_SCRATCH_DIRS; i++)
		t->scratch_dirs[i] = make_scratch_dir(&scratch_dirs[i], scratch, s->root_mode);
	for (size_t i = 0; i < N_SCRATCH_FILES; i++)
		t->scratch_files[i] = make_scratch_file(&scratch_files[i], scratch);
	(void)close(scratch);
}

static void
make_special(const struct pod_setup *s, struct mounts *t)
{
	unsigned safe = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	int fs = mount_open_type("proc");
	t->proc = mount_finish(fs, safe | MOUNT_ATTR_NOEXEC, "/proc");
	fs = mount_open_type("devpts");
	mount_set_string(fs, "ptmxmode", "0666", "devpts");
	mount_set_string(fs, "mode", "0620", "devpts");
	t->devpts = mount_finish(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, "devpts");
	t->dev = make_tmpfs("0755", 1 << 20, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	make_scratch(s, t, make_tmpfs("0755", s->tmpfs_bytes, safe));
}

/* ---- putting it together ---- */

static void
make_mount_point(int fd, const char *path)
{
	struct stat st, there;
	if (fstat(fd, &st) < 0)
		box_die(errno, "%s", path);
	if (S_ISDIR(st.st_mode)) {
		mount_make_dirs(path);
		return;
	}
	if (stat(path, &there) == 0)
		return;
	char parent[4096];
	(void)snprintf(parent, sizeof(parent), "%s", path);
	char *slash = strrchr(parent, '/');
	if (slash && slash != parent) {
		*slash = '\0';
		mount_make_dirs(parent);
	}
	int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (file < 0)
		box_die(errno, "cannot make %s in the pod", path);
	(void)close(file);
}

static void
attach_over(int fd, const char *path)
{
	if (fd < 0)
		return;
	make_mount_point(fd, path);
	mount_attach(fd, path);
}

static void
put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		box_die(errno, "cannot write %s in the pod", path);
	(void)close(fd);
}

static void
put_link(const char *target, const char *path)
{
	if (symlink(target, path) < 0 && errno != EEXIST)
		box_die(errno, "cannot make %s in the pod", path);
}

static void
fill_dev(struct mounts *t)
{
	char path[64];
	attach_over(t->dev, "/dev");
	for (size_t i = 0; i < N_DEVICES; i++) {
		(void)snprintf(path, sizeof(path), "/dev/%s", devices[i]);
		int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
		if (file < 0)
			box_die(errno, "cannot make %s in the pod", path);
		(void)close(file);
		mount_attach(t->device[i], path);
	}
	mount_make_dirs("/dev/pts");
	mount_attach(t->devpts, "/dev/pts");
	put_link("pts/ptmx", "/dev/ptmx");
	put_link("/proc/self/fd", "/dev/fd");
	put_link("/proc/self/fd/0", "/dev/stdin");
	put_link("/proc/self/fd/1", "/dev/stdout");
	put_link("/proc/self/fd/2", "/dev/stderr");
}

static void
fill_tools_root(struct mounts *t)
{
	for (size_t i = 0; host_trees[i]; i++)
		attach_over(t->host_trees[i], host_trees[i]);
	for (size_t i = 0; host_links[i]; i++) {
		if (t->host_links[i] >= 0)
			attach_over(t->host_links[i], host_links[i]);
		else if (t->host_targets[i][0])
			put_link(t->host_targets[i], host_links[i]);
	}
	mount_make_dirs("/etc");
	put_text("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"
				"builder:x:1000:1000::/home/builder:/bin/sh\n"
				"nobody:x:65534:65534:nobody:/:/bin/false\n");
	put_text("/etc/group", "root:x:0:\nbuilder:x:1000:\nnogroup:x:65534:\n");
	put_text("/etc/nsswitch.conf", "hosts: files\n");
}

static void
own_by_builder(const char *path, bool root_mode)
{
	/* In user mode there is one id; build and parser see it as theirs through a nested map. */
	if (root_mode && chown(path, BOX_UID, BOX_UID) < 0)
		box_die(errno, "cannot give %s to the builder", path);
}

static void
attach_scratch(const struct pod_setup *s, const struct mounts *t)
{
	for (size_t i = 0; i < N_SCRATCH_DIRS; i++)
		attach_over(t->scratch_dirs[i], scratch_dirs[i].place);
	for (size_t i = 0; i < N_SCRATCH_FILES; i++) {
		const char *place = scratch_files[i].place;
		struct stat st; /* a link would lead the mount elsewhere */
		if (lstat(place, &st) == 0 && !S_ISREG(st.st_mode) && unlink(place) < 0)
			box_die(errno, "cannot remove %s", place);
		attach_over(t->scratch_files[i], place);
	}
	mount_make_dirs("/run/user/1000");
	own_by_builder("/run/user/1000", s->root_mode);
}

/* ---- switches of the kernel ---- */

static int proc_sys = -1; /* as it was before it became read-only; not inherited by commands */

static void
set_switch(const char *name, const char *value)
{
	int fd = openat(proc_sys, name, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) != (ssize_t)strlen(value))
		box_die(errno, "cannot set %s", name);
	(void)close(fd);
}

void
limit_user_namespaces(const char *count)
{
	set_switch("user/max_user_namespaces", count);
}

static void
set_switches(const struct pod_setup *s)
{
	proc_sys = open("/proc/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* Where there is one id, each command with another has a namespace of its own. */
	limit_user_namespaces(s->root_mode ? "0" : BOX_MAX_NAMESPACES);
	/* Nobody else is on this loopback interface: a web server needs no capability for port 80. */
	if (!shares_network)
		set_switch(BOX_PORTS_SWITCH, "0");
}

/* What of /proc a process must not change or read, whatever the ids say. */
static void
mask_proc(void)
{
	static const char *const read_only[] = {
		"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", NULL};
	static const char *const hidden[] = {"/proc/kcore", "/proc/keys", "/proc/timer_list",
		"/proc/sched_debug", "/proc/kmsg", NULL};
	for (size_t i = 0; read_only[i]; i++) {
		if (access(read_only[i], F_OK) < 0)
			continue;
		unsigned long same = MS_NOSUID | MS_NODEV | MS_NOEXEC;
		if (mount(read_only[i], read_only[i], NULL, MS_BIND, NULL) < 0 ||
			mount("none", read_only[i], NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | same,
				NULL) < 0)
			box_die(errno, "cannot protect %s", read_only[i]);
	}
	for (size_t i = 0; hidden[i]; i++)
		if (access(hidden[i], F_OK) == 0 &&
			mount("/dev/null", hidden[i], NULL, MS_BIND, NULL) < 0)
			box_die(errno, "cannot hide %s", hidden[i]);
}

static void
enter_root(int root)
{
	mount_attach(root, STAGE);
	if (chdir(STAGE) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
		box_die(errno, "cannot enter the root of the pod (pivot_root)");
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		box_die(errno, "cannot leave the host's root");
}

void
setup_pod(const struct pod_setup *s)
{
	static struct mounts t;
	static struct overlay root, work;
	static struct data data;
	if (!s->tools)
		stack_open(&root, s->root_layers, s->nroot, s->root_upper, s->root_work);
	if (s->has_work)
		stack_open(&work, s->work_layers, s->nwork, s->work_upper, s->work_work);
	data_open(s, &data);
	clone_sources(s, &t);
	become_inside_root(s->root_mode);
	t.root = s->tools ? make_tmpfs("0755", 256 << 20, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
			  : stack_make(&root, "the root");
	if (s->has_work)
		t.work = stack_make(&work, "the work tree");
	make_special(s, &t);
	enter_root(t.root);
	if (s->tools)
		fill_tools_root(&t);
	attach_over(t.proc, "/proc");
	fill_dev(&t);
	attach_scratch(s, &t);
	if (s->has_work) {
		attach_over(t.work, s->work_dir);
		box_work_dir = s->work_dir;
	}
	data_attach(s, &data);
	attach_over(t.programs, "/drydock");
	for (size_t i = 0; i < s->nbinds; i++)
		attach_over(t.binds[i], s->binds[i].dst);
	set_switches(s);
	mask_proc();
	if (!shares_network)
		network_bring_up();
	if (sethostname("drydock", 7) < 0)
		box_die(errno, "cannot set the host name");
}
