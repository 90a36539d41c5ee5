/*
 * The processes of the pod as /proc has them.  The target decides how many there are and how they hang
 * together: thousands deep, or as many beside each other, so that they are read once for whatever is
 * asked about all of them.
 */
#include "sandbox/box/box.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MAX_PROCESSES 32768 /* more are found by the next call */

static struct process {
	pid_t pid, parent;
	unsigned tasks;
	enum { PLACE_UNKNOWN, PLACE_BELOW, PLACE_ELSEWHERE } place;
} processes[MAX_PROCESSES];

void
process_text(pid_t pid, const char *file, char *to, size_t size)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, to, size - 1);
	if (fd >= 0)
		(void)close(fd);
	to[n > 0 ? n : 0] = '\0';
}

bool
process_read(pid_t pid, struct process_stat *ret)
{
	char text[512];
	process_text(pid, "stat", text, sizeof(text));
	char *paren = strrchr(text, ')'); /* the name before it is the target's choice */
	unsigned tty;
	if (!paren ||
		sscanf(paren + 1,
			" %*c %d %*d %*d %u %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %u",
			&ret->parent, &tty, &ret->tasks) != 3)
		return false;
	ret->terminal = makedev((tty >> 8) & 0xfff, (tty & 0xff) | ((tty >> 12) & 0xfff00));
	return true;
}

bool
process_is_below(pid_t pid, pid_t top)
{
	for (int depth = 0; pid > 1 && depth < 1000; depth++) {
		struct process_stat st;
		if (pid == top)
			return true;
		if (!process_read(pid, &st))
			return false;
		pid = st.parent;
	}
	return false;
}

/* In the order of their ids, as /proc gives them. */
static size_t
read_all(void)
{
	DIR *d = opendir("/proc");
	size_t n = 0;
	for (struct dirent *e; d && n < MAX_PROCESSES && (e = readdir(d));) {
		struct process_stat st;
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);
		if (pid > 0 && process_read(pid, &st))
			processes[n++] =
				(struct process){pid, (pid_t)st.parent, st.tasks, PLACE_UNKNOWN};
	}
	if (d)
		(void)closedir(d);
	return n;
}

static int
compare_pids(const void *a, const void *b)
{
	pid_t x = ((const struct process *)a)->pid, y = ((const struct process *)b)->pid;
	return (x > y) - (x < y);
}

static struct process *
find(size_t n, pid_t pid)
{
	const struct process key = {.pid = pid};
	return bsearch(&key, processes, n, sizeof(*processes), compare_pids);
}

/*
 * Climb to top, to the root, or to one whose place is known; what lies on the way has the same.  At most
 * n steps: numbers that were used again while they were read could make a circle.
 */
static bool
is_placed_below(struct process *p, size_t n, pid_t top)
{
	struct process *at = p;
	int place = PLACE_ELSEWHERE;
	for (size_t i = 0; at && i < n && at->place == PLACE_UNKNOWN && at->parent != top; i++)
		at = find(n, at->parent);
	if (at && (at->place != PLACE_UNKNOWN || at->parent == top))
		place = at->place != PLACE_UNKNOWN ? (int)at->place : PLACE_BELOW;
	for (; p && p->place == PLACE_UNKNOWN; p = find(n, p->parent)) {
		p->place = place;
		if (p->parent == top)
			break;
	}
	return place == PLACE_BELOW;
}

bool
processes_signal_below(pid_t top, int sig, bool direct)
{
	size_t n = read_all();
	bool any = false;
	for (size_t i = 0; i < n; i++) {
		struct process *p = &processes[i];
		if (p->pid != top && (p->parent == top || (!direct && is_placed_below(p, n, top))))
			any = kill(p->pid, sig) == 0 || any;
	}
	return any;
}

bool
processes_signal_strays(int sig, bool (*is_ours)(pid_t pid))
{
	size_t n = read_all();
	bool any = false;
	for (size_t i = 0; i < n; i++)
		if (processes[i].parent == 1 && !is_ours(processes[i].pid))
			any = kill(processes[i].pid, sig) == 0 || any;
	return any;
}

unsigned long long
processes_count_tasks(void)
{
	unsigned long long tasks = 0;
	for (size_t i = 0, n = read_all(); i < n; i++)
		tasks += processes[i].tasks;
	return tasks;
}
