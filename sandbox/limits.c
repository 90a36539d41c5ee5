#include "sandbox/limits.h"

#include "base/fs.h"
#include "sandbox/pod.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#define SMALL_DISK ((uint64_t)1 << 30)
#define GROUP_PREFIX "drydock-"

/* ---- finding control groups ---- */

#define OWN_GROUPS "/proc/self/cgroup"
#define OWN_GROUPS_MAX 65536

/*
 * Our own group's directory in the hierarchy of a controller (v1), or in v2 with controller "", by what
 * OWN_GROUPS says.
 */
static char *
own_group(struct str groups, const char *mount_point, const char *controller)
{
	struct str rest = groups, line;
	while (str_next_line(&rest, &line)) {
		struct str id, names, one;
		if (!str_next(&line, ':', &id) || !line.n)
			continue;
		const char *colon = memchr(line.p, ':', line.n);
		if (!colon)
			continue;
		names = (struct str){line.p, (size_t)(colon - line.p)};
		bool match = !*controller && !names.n;
		while (*controller && str_next(&names, ',', &one))
			match = match || str_eq(one, controller);
		if (match)
			return mem_printf("%s%.*s", mount_point,
				(int)(line.n - (size_t)(colon + 1 - line.p)), colon + 1);
	}
	return NULL;
}

static bool
write_value(const char *dir, const char *file, uint64_t value)
{
	OWN_FREE char *path = fs_join(dir, file);
	OWN_FREE char *text = mem_printf("%llu", (unsigned long long)value);
	OWN_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* The number behind a key at the beginning of a line; NULL: the first of all. */
static bool
find_value(struct str rest, const char *key, uint64_t *ret)
{
	struct str line, word;
	while (str_next_line(&rest, &line)) {
		if (key && (!str_next_word(&line, &word) || !str_eq(word, key)))
			continue;
		return str_next_word(&line, &word) && str_parse_u64(word, UINT64_MAX, ret);
	}
	return false;
}

static bool
read_value(const char *dir, const char *file, const char *key, uint64_t *ret)
{
	OWN_FREE char *path = fs_join(dir, file);
	OWN(buf) struct buf text = {0};
	return fs_read(path, 65536, &text, NULL) == 0 && find_value(buf_str(&text), key, ret);
}

static int
open_events(const char *dir, const char *file)
{
	OWN_FREE char *path = dir ? fs_join(dir, file) : NULL;
	return path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
}

/* From a file that stays open: opening one of these takes three times as long as reading it. */
static void
read_event(int fd, const char *key, uint64_t *ret)
{
	char text[4096];
	ssize_t n = fd >= 0 ? pread(fd, text, sizeof(text), 0) : -1;
	if (n > 0)
		(void)find_value((struct str){text, (size_t)n}, key, ret);
}

/* A v1 child group of ours; NULL where it cannot be made. */
static char *
make_v1(struct str groups, const char *controller, const char *name)
{
	OWN_FREE char *mount_point = mem_printf("/sys/fs/cgroup/%s", controller);
	OWN_FREE char *own = own_group(groups, mount_point, controller);
	/* A group of ours may be out of reach (a namespace, a read-only mount); the root may do. */
	const char *parents[] = {own, mount_point, NULL};
	for (size_t i = 0; parents[i]; i++) {
		char *dir = mem_printf("%s/%s", parents[i], name);
		if (mkdir(dir, 0755) == 0)
			return dir;
		free(dir);
	}
	return NULL;
}

/* A v2 child group with both controllers; works where our group is delegated. */
static char *
make_v2(struct str groups, const char *name)
{
	struct statfs s;
	if (statfs("/sys/fs/cgroup", &s) < 0 || s.f_type != CGROUP2_SUPER_MAGIC)
		return NULL;
	OWN_FREE char *own = own_group(groups, "/sys/fs/cgroup", "");
	if (!own)
		return NULL;
	char *dir = mem_printf("%s/%s", own, name);
	if (mkdir(dir, 0755) == 0) {
		OWN_FREE char *memory = fs_join(dir, "memory.max");
		OWN_FREE char *pids = fs_join(dir, "pids.max");
		if (fs_exists(memory) && fs_exists(pids))
			return dir;
		(void)rmdir(dir);
	}
	free(dir);
	return NULL;
}

static void
make_groups(struct str groups, const char *name, struct limits *l)
{
	l->memory_group = make_v2(groups, name);
	l->v2 = l->memory_group != NULL;
	if (l->v2) {
		l->pids_group = mem_strdup(l->memory_group);
		return;
	}
	l->memory_group = make_v1(groups, "memory", name);
	l->pids_group = make_v1(groups, "pids", name);
}

static void
drop_group(char **group)
{
	if (*group)
		(void)rmdir(*group);
	free(TAKE(*group));
}

static void
set_memory(struct limits *l, uint64_t bytes)
{
	if (!l->memory_group || !bytes)
		return;
	const char *file = l->v2 ? "memory.max" : "memory.limit_in_bytes";
	if (!write_value(l->memory_group, file, bytes))
		drop_group(&l->memory_group);
	else if (l->v2)
		(void)write_value(l->memory_group, "memory.swap.max", 0);
	else
		(void)write_value(l->memory_group, "memory.memsw.limit_in_bytes", bytes);
}

/* The least that a control group of ours, or one above it, lets us have. */
static uint64_t
least_above(struct str groups, const char *mount_point, const char *controller, const char *file)
{
	OWN_FREE char *dir = own_group(groups, mount_point, controller);
	uint64_t least = UINT64_MAX, bytes;
	while (dir && strlen(dir) >= strlen(mount_point)) {
		if (read_value(dir, file, NULL, &bytes) && bytes < least)
			least = bytes;
		*strrchr(dir, '/') = '\0';
	}
	return least;
}

/* Of this machine, or of the container that we are in. */
static uint64_t
whole_memory(struct str groups)
{
	uint64_t v1 =
		least_above(groups, "/sys/fs/cgroup/memory", "memory", "memory.limit_in_bytes");
	uint64_t v2 = least_above(groups, "/sys/fs/cgroup", "", "memory.max");
	uint64_t all = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	all = v1 < all ? v1 : all;
	return v2 < all ? v2 : all;
}

static uint64_t
free_bytes(const char *dir)
{
	struct statfs s;
	return statfs(dir, &s) == 0 ? (uint64_t)s.f_bavail * (uint64_t)s.f_bsize : 0;
}

/* Three quarters of the memory, half of what is free on the disk. */
static void
fill_defaults(struct pod_limits *want, struct str groups, const char *pod_dir)
{
	if (!want->pids)
		want->pids = LIMITS_DEFAULT_PIDS;
	if (!want->memory_bytes)
		want->memory_bytes = whole_memory(groups) / 4 * 3;
	if (!want->disk_bytes)
		want->disk_bytes = free_bytes(pod_dir) / 2;
}

void
limits_open(
	const char *pod_id, const struct pod_limits *want, const char *pod_dir, struct limits *ret)
{
	OWN_FREE char *name = mem_printf(GROUP_PREFIX "%s", pod_id);
	OWN(buf) struct buf groups = {0};
	*ret = (struct limits){
		.opened = true, .want = *want, .memory_events = -1, .pids_events = -1};
	ret->free_then = free_bytes(pod_dir);
	(void)!fs_read(OWN_GROUPS, OWN_GROUPS_MAX, &groups, NULL);
	fill_defaults(&ret->want, buf_str(&groups), pod_dir);
	make_groups(buf_str(&groups), name, ret);
	set_memory(ret, ret->want.memory_bytes);
	if (ret->pids_group && !write_value(ret->pids_group, "pids.max", ret->want.pids))
		drop_group(&ret->pids_group);
	ret->memory_events =
		open_events(ret->memory_group, ret->v2 ? "memory.events" : "memory.oom_control");
	ret->pids_events = open_events(ret->pids_group, "pids.events");
}

int
limits_entries(const struct limits *l, int *ret_fds, size_t *ret_n, struct dd_err *err)
{
	const char *groups[LIMITS_MAX_ENTRIES] = {l->memory_group, l->v2 ? NULL : l->pids_group};
	*ret_n = 0;
	for (size_t i = 0; i < LIMITS_MAX_ENTRIES; i++) {
		if (!groups[i])
			continue;
		OWN_FREE char *path = fs_join(groups[i], l->v2 ? "cgroup.procs" : "tasks");
		int fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			return err_errno(err, errno, "cannot open %s", path);
		ret_fds[(*ret_n)++] = fd;
	}
	return 0;
}

/* A group is busy until the kernel has buried its last process. */
static bool
remove_group(const char *group)
{
	useconds_t pause_us = 50;
	for (int64_t total = 0; rmdir(group) < 0 && errno == EBUSY; total += pause_us) {
		if (total > 1000000)
			return false;
		(void)usleep(pause_us);
		if (pause_us < 5000)
			pause_us *= 2;
	}
	return true;
}

void
limits_leave(struct limits *l)
{
	if (l->memory_events >= 0)
		(void)close(l->memory_events);
	if (l->pids_events >= 0)
		(void)close(l->pids_events);
	free(l->memory_group);
	free(l->pids_group);
	*l = (struct limits){0};
}

void
limits_close(struct limits *l)
{
	if (l->memory_group)
		(void)remove_group(l->memory_group);
	if (l->pids_group && !l->v2)
		(void)remove_group(l->pids_group);
	limits_leave(l);
}

/* ---- what was exceeded ---- */

/* Times the kernel ended a process of the group for its memory, and refused a new one. */
static void
read_events(const struct limits *l, uint64_t *ret_memory, uint64_t *ret_pids)
{
	*ret_memory = *ret_pids = 0;
	if (!l->opened)
		return;
	read_event(l->memory_events, "oom_kill", ret_memory);
	read_event(l->pids_events, "max", ret_pids);
}

void
limits_begin(struct limits *l)
{
	read_events(l, &l->seen_memory, &l->seen_pids);
	if (l->ended != CAUSE_DISK)
		l->ended = CAUSE_NONE;
}

enum exec_cause
limits_check(const struct limits *l)
{
	uint64_t memory, pids;
	read_events(l, &memory, &pids);
	if (memory > l->seen_memory)
		return CAUSE_MEMORY;
	return pids > l->seen_pids ? CAUSE_PIDS : l->ended;
}

/* What the file system has lost tells only when it is much: others write and remove there, too. */
static bool
may_be_full(const struct limits *l, const char *pod_dir)
{
	uint64_t left = free_bytes(pod_dir), limit = l->want.disk_bytes;
	return limit <= SMALL_DISK || (left < l->free_then && l->free_then - left > limit / 2);
}

enum exec_cause
limits_check_end(const struct limits *l, const char *pod_dir)
{
	enum exec_cause cause = limits_check(l);
	uint64_t used = 0;
	if (cause != CAUSE_NONE || !may_be_full(l, pod_dir))
		return cause;
	(void)!fs_disk_usage(pod_dir, &used, NULL);
	return used > l->want.disk_bytes ? CAUSE_DISK : CAUSE_NONE;
}

void
limits_exceeded(struct limits *l, const char *cause, uint64_t used)
{
	static const enum exec_cause watched[] = {CAUSE_MEMORY, CAUSE_PIDS, CAUSE_DISK};
	for (size_t i = 0; i < sizeof(watched) / sizeof(*watched); i++)
		if (cause && strcmp(cause, exec_cause_name(watched[i])) == 0)
			l->ended = watched[i];
	if (l->ended == CAUSE_MEMORY && used > l->peak_bytes)
		l->peak_bytes = used;
}

uint64_t
limits_peak(const struct limits *l)
{
	uint64_t peak = 0;
	if (l->memory_group)
		(void)read_value(l->memory_group,
			l->v2 ? "memory.peak" : "memory.max_usage_in_bytes", NULL, &peak);
	return peak ? peak : l->peak_bytes;
}

const char *
limits_mechanism(void)
{
	struct limits l = {.memory_events = -1, .pids_events = -1};
	OWN_FREE char *name = mem_printf(GROUP_PREFIX "probe-%d", (int)getpid());
	OWN(buf) struct buf groups = {0};
	(void)!fs_read(OWN_GROUPS, OWN_GROUPS_MAX, &groups, NULL);
	make_groups(buf_str(&groups), name, &l);
	const char *what = l.v2				    ? "cgroup v2"
			   : l.memory_group && l.pids_group ? "cgroup v1"
							    : "watchdog";
	limits_close(&l);
	return what;
}

/* ---- sweeping ---- */

static bool
sweep_group(const char *parent, const char *pod_id)
{
	if (!parent)
		return true;
	OWN_FREE char *group = mem_printf("%s/" GROUP_PREFIX "%s", parent, pod_id);
	return remove_group(group);
}

bool
limits_sweep(const char *pod_id)
{
	OWN(buf) struct buf text = {0};
	(void)!fs_read(OWN_GROUPS, OWN_GROUPS_MAX, &text, NULL);
	const struct str groups = buf_str(&text);
	OWN_FREE char *v2 = own_group(groups, "/sys/fs/cgroup", "");
	OWN_FREE char *memory = own_group(groups, "/sys/fs/cgroup/memory", "memory");
	OWN_FREE char *pids = own_group(groups, "/sys/fs/cgroup/pids", "pids");
	const char *const parents[] = {
		v2, memory, pids, "/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids"};
	bool done = true;
	for (size_t i = 0; i < sizeof(parents) / sizeof(*parents); i++)
		done = sweep_group(parents[i], pod_id) && done;
	return done;
}
