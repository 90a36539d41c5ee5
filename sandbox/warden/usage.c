/*
 * How much a tree takes on the disk, a little at a time, while its owner may change it.  The walk holds
 * one descriptor, goes up by "..", and when it does not arrive where it came from, because
 * that was moved meanwhile, it ends torn: what it has counted is too little, never too much.
 */
#include "sandbox/warden/measure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRIES_PER_LOOK 64 /* between looks at the clock */

struct usage_level {
	dev_t dev;
	ino_t ino;
	char *names; /* of the directories in it, each ended by a NUL */
	size_t used, cap, next;
};

static void
drop_level(struct usage *u)
{
	free(u->levels[--u->n].names);
}

static void
end_walk(struct usage *u)
{
	if (u->reading)
		(void)closedir(u->reading);
	if (u->fd >= 0)
		(void)close(u->fd);
	while (u->n)
		drop_level(u);
	u->reading = NULL;
	u->fd = -1;
	u->walking = false;
}

static void *
grown(void *p, size_t *cap, size_t need, size_t size)
{
	while (*cap < need)
		*cap = *cap ? *cap * 2 : 64;
	void *bigger = realloc(p, *cap * size);
	if (!bigger) { /* the pod ends with us */
		fprintf(stderr, "drydock-box: out of memory\n");
		abort();
	}
	return bigger;
}

/* Takes fd, which becomes the directory of a new last level. */
static void
enter(struct usage *u, int fd)
{
	struct stat st;
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	u->reading = copy < 0 ? NULL : fdopendir(copy);
	if (!u->reading && copy >= 0)
		(void)close(copy);
	if (u->n + 1 > u->cap)
		u->levels = grown(u->levels, &u->cap, u->n + 1, sizeof(*u->levels));
	struct usage_level *l = &u->levels[u->n++];
	*l = (struct usage_level){0};
	if (fstat(fd, &st) == 0) {
		l->dev = st.st_dev;
		l->ino = st.st_ino;
	}
	if (u->fd >= 0)
		(void)close(u->fd);
	u->fd = fd;
}

static void
add_name(struct usage_level *l, const char *name)
{
	size_t n = strlen(name) + 1;
	if (l->used + n > l->cap)
		l->names = grown(l->names, &l->cap, l->used + n, 1);
	memcpy(l->names + l->used, name, n);
	l->used += n;
}

static void
count_entry(struct usage *u, const char *name)
{
	struct stat st;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
		fstatat(u->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	unsigned long long bytes = (unsigned long long)st.st_blocks * 512;
	u->bytes += bytes > USAGE_ENTRY_BYTES ? bytes : USAGE_ENTRY_BYTES;
	if (S_ISDIR(st.st_mode))
		add_name(&u->levels[u->n - 1], name);
}

/* Some entries of the directory that is being read. */
static void
read_some(struct usage *u)
{
	for (int i = 0; i < ENTRIES_PER_LOOK; i++) {
		struct dirent *e = readdir(u->reading);
		if (!e) {
			(void)closedir(u->reading);
			u->reading = NULL;
			return;
		}
		count_entry(u, e->d_name);
	}
}

static void
leave(struct usage *u)
{
	struct stat st;
	drop_level(u);
	if (!u->n) {
		end_walk(u);
		return;
	}
	const struct usage_level *l = &u->levels[u->n - 1];
	int up = openat(u->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (up < 0 || fstat(up, &st) < 0 || st.st_dev != l->dev || st.st_ino != l->ino) {
		if (up >= 0)
			(void)close(up);
		end_walk(u);
		u->torn = true;
		return;
	}
	(void)close(u->fd);
	u->fd = up;
}

void
usage_begin(struct usage *u, int root)
{
	int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	u->bytes = 0;
	u->fd = -1;
	u->walking = fd >= 0;
	u->torn = false;
	if (fd >= 0)
		enter(u, fd);
}

bool
usage_step(struct usage *u, int ms)
{
	long long deadline = warden_now_ms() + ms;
	while (u->walking && warden_now_ms() < deadline) {
		struct usage_level *l = &u->levels[u->n - 1];
		if (u->reading) {
			read_some(u);
		} else if (l->next == l->used) {
			leave(u);
		} else {
			const char *name = l->names + l->next;
			l->next += strlen(name) + 1;
			int fd = openat(
				u->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (fd >= 0)
				enter(u, fd);
		}
	}
	return !u->walking;
}
