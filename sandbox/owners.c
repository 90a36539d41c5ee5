#include "sandbox/owners.h"

#include "base/fs.h"
#include "base/map.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_OWNERS 1000000
#define UNCHANGED ((uint32_t)-1) /* of chown(2) */

struct owner {
	uint32_t uid, gid;
	char *path; /* when it was changed last */
	bool written;
};

struct owners {
	pthread_mutex_t lock;
	struct map by_file; /* "inode birth" -> struct owner, owned */
};

static void
free_owner(void *p)
{
	struct owner *o = p;
	free(o->path);
	free(o);
}

struct owners *
owners_create(void)
{
	struct owners *o = mem_new(struct owners);
	(void)pthread_mutex_init(&o->lock, NULL);
	o->by_file.destroy = free_owner;
	return o;
}

void
owners_destroy(struct owners *o)
{
	if (!o)
		return;
	map_cleanup(&o->by_file);
	(void)pthread_mutex_destroy(&o->lock);
	free(o);
}

/* ---- recording ---- */

/* NULL when it cannot be looked at. */
static char *
file_key(int fd, const char *name)
{
	struct statx s;
	if (syscall(SYS_statx, fd, name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW,
		    STATX_INO | STATX_BTIME, &s) < 0)
		return NULL;
	return mem_printf("%llx %lld.%u", (unsigned long long)s.stx_ino,
		(long long)s.stx_btime.tv_sec, s.stx_btime.tv_nsec);
}

static void
record(struct owners *o, int fd, const char *path, uint32_t uid, uint32_t gid)
{
	OWN_FREE char *key = file_key(fd, "");
	if (!key)
		return;
	(void)pthread_mutex_lock(&o->lock);
	struct owner *w = map_get(&o->by_file, key);
	if (!w && map_count(&o->by_file) < MAX_OWNERS) {
		w = mem_new(struct owner);
		map_put(&o->by_file, key, w);
	}
	if (w) {
		if (uid != UNCHANGED)
			w->uid = uid;
		if (gid != UNCHANGED)
			w->gid = gid;
		free(w->path);
		w->path = mem_strdup(path);
	}
	(void)pthread_mutex_unlock(&o->lock);
}

static void
record_descriptor(struct owners *o, const struct target *t, int fd, uint32_t uid, uint32_t gid)
{
	char link[64], path[TARGET_PATH_BYTES];
	(void)snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)t->pid, fd);
	ssize_t n = readlink(link, path, sizeof(path) - 1);
	OWN_FD int file = n < 0 ? -1 : open(link, O_PATH | O_CLOEXEC);
	path[n > 0 ? n : 0] = '\0';
	if (file >= 0 && target_still_there(t))
		record(o, file, path, uid, gid);
}

static void
record_path(struct owners *o, const struct target *t, int dir_fd, uint64_t address, bool nofollow,
	uint32_t uid, uint32_t gid)
{
	char path[2 * TARGET_PATH_BYTES + 2];
	if (!target_path(t, dir_fd, address, path))
		return;
	OWN_FD int file = target_open(t, path, nofollow);
	if (file >= 0 && target_still_there(t))
		record(o, file, path, uid, gid);
}

void
owners_record(struct owners *o, const struct target *t, int nr, const uint64_t *args)
{
	if (nr == SYS_fchown)
		record_descriptor(o, t, (int)args[0], (uint32_t)args[1], (uint32_t)args[2]);
	else if (nr == SYS_fchownat && (args[4] & AT_EMPTY_PATH))
		record_descriptor(o, t, (int)args[0], (uint32_t)args[2], (uint32_t)args[3]);
	else if (nr == SYS_fchownat)
		record_path(o, t, (int)args[0], args[1], args[4] & AT_SYMLINK_NOFOLLOW,
			(uint32_t)args[2], (uint32_t)args[3]);
#ifdef SYS_chown
	else
		record_path(o, t, AT_FDCWD, args[0], nr == SYS_lchown, (uint32_t)args[1],
			(uint32_t)args[2]);
#endif
}

/* ---- writing ---- */

/* By path, which is behind the second space. */
static const char *
path_of(const char *line)
{
	return strchr(strchr(line, ' ') + 1, ' ') + 1;
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(path_of(*(char *const *)a), path_of(*(char *const *)b));
}

static void
add_line(struct strlist *lines, struct owner *w, const char *path)
{
	w->written = true;
	if (w->uid || w->gid)
		strlist_addf(lines, "%u %u %s", w->uid, w->gid, path);
}

static void
add_file(struct owners *o, const char *path, size_t upper, struct strlist *lines)
{
	OWN_FREE char *key = file_key(AT_FDCWD, path);
	struct owner *w = key ? map_get(&o->by_file, key) : NULL;
	if (w)
		add_line(lines, w, path[upper] ? path + upper : "/");
}

static void
add_entries(struct strlist *todo, const char *dir, const struct strlist *names)
{
	for (size_t i = 0; i < names->n; i++)
		strlist_addf(todo, "%s/%s", dir, names->v[i]);
}

/* Files of the upper directory, by what they are called now.  What cannot be read has none. */
static int
add_upper(struct owners *o, const char *upper, struct strlist *lines, struct dd_err *err)
{
	OWN(strlist) struct strlist todo = {0}, top = {0};
	struct stat st;
	int rc = fs_list(upper, &top, err);
	if (rc < 0)
		return rc;
	add_file(o, upper, strlen(upper), lines);
	add_entries(&todo, upper, &top);
	while (todo.n) {
		OWN_FREE char *path = todo.v[--todo.n];
		OWN(strlist) struct strlist names = {0};
		add_file(o, path, strlen(upper), lines);
		if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
			fs_list(path, &names, NULL) == 0)
			add_entries(&todo, path, &names);
	}
	return 0;
}

static bool
is_below(const char *dir, const char *path)
{
	OWN_FD int root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	OWN_FD int fd = -1;
	return root >= 0 && fs_open_in_root(root, path, O_PATH | O_NOFOLLOW, &fd, NULL) == 0;
}

/* Path below the tree; NULL when it is not of it. */
static const char *
path_in(const struct owners_tree *tree, const char *path)
{
	size_t n = strlen(tree->mounted);
	if (strcmp(tree->mounted, "/") == 0)
		return path;
	return strncmp(path, tree->mounted, n) == 0 && path[n] == '/' ? path + n : NULL;
}

/*
 * Files of lower layers: a change of owner that has no effect does not copy them up.  What the
 * upper directory has instead, a whiteout too, is another file.
 */
static void
add_lower(struct owners *o, const struct owners_tree *tree, struct strlist *lines)
{
	for (struct map_entry *e = map_first(&o->by_file); e; e = map_next(e)) {
		struct owner *w = map_value(e);
		const char *path = path_in(tree, w->path);
		bool there = false;
		if (w->written || !path || is_below(tree->upper, path))
			continue;
		for (size_t i = 0; i < tree->lowers->n && !there; i++)
			there = is_below(tree->lowers->v[i], path);
		if (there)
			add_line(lines, w, path);
	}
}

int
owners_write(struct owners *o, const struct owners_tree *tree, const char *list, struct dd_err *err)
{
	OWN(strlist) struct strlist lines = {0};
	OWN(buf) struct buf text = {0};
	if (!map_count(&o->by_file))
		return 0;
	int rc = add_upper(o, tree->upper, &lines, err);
	if (rc < 0)
		return rc;
	add_lower(o, tree, &lines);
	if (!lines.n)
		return 0;
	qsort(lines.v, lines.n, sizeof(*lines.v), by_path);
	for (size_t i = 0; i < lines.n; i++)
		buf_add(&text, lines.v[i], strlen(lines.v[i]) + 1);
	return fs_write_atomic(list, buf_str(&text), 0600, err);
}
