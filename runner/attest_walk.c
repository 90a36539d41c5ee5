#include "runner/attest_walk.h"

#include "base/fs.h"
#include "runner/attest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_DEPTH 32
#define MAX_FILES 100000

struct walk {
	int (*fn)(void *ctx, const char *name, const struct hash_hex *digest);
	void *ctx;
	bool find; /* else what cannot be read is an error */
	size_t files;
};

/* At the top: what drydock goes on to write, what has an attestation of its own, and the attestation itself. */
static bool
is_left_out(const char *name, bool of_part)
{
	static const char *const names[] = {ATTESTATION, "lock", "app.lock", "app.stop",
		ATTEST_SCREENS_LOCK, RUN_LATER, "screens", "crawl", NULL};
	for (size_t i = of_part; names[i]; i++) /* that of a part is a file of the whole */
		if (strcmp(name, names[i]) == 0)
			return true;
	return str_starts(str_of(name), "journal.db") || str_starts(str_of(name), "calls.db") ||
	       str_ends(str_of(name), ".drydock-tmp");
}

/* A run inside a run (run_open_part), whose journal goes on being written, too. */
static bool
is_part(const char *below, int depth)
{
	if (depth == 2)
		return str_starts(str_of(below), RUN_MEMBERS "/");
	return depth == 1 &&
	       (strcmp(below, "before") == 0 || str_starts(str_of(below), "attempt-"));
}

static int walk_dir(struct walk *w, int dir_fd, const char *below, int depth, struct dd_err *err);

static int
walk_entry(struct walk *w, int dir_fd, const char *entry, const char *name, int depth,
	struct dd_err *err)
{
	struct hash_hex digest = {""};
	struct stat st;
	OWN_FD int fd = openat(dir_fd, entry, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return walk_dir(w, fd, name, depth + 1, err);
	if (fstatat(dir_fd, entry, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return 0;
	if (++w->files > MAX_FILES)
		return err_set(err, DD_ELIMIT, "there are too many files");
	struct dd_err *why = w->find ? NULL : err;
	int rc = fd < 0 ? err_errno(why, errno, "cannot open it") : hash_fd(fd, &digest, NULL, why);
	if (rc < 0 && !w->find)
		return err_wrap(err, "%s", name);
	if (rc < 0)
		digest.s[0] = '\0';
	return w->fn(w->ctx, name, &digest);
}

static int
walk_dir(struct walk *w, int dir_fd, const char *below, int depth, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	if (depth > MAX_DEPTH)
		return err_set(err, DD_ELIMIT, "its directories are too deep");
	int rc = fs_list_fd(dir_fd, below, &names, err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN_FREE char *name = *below ? fs_join(below, names.v[i]) : mem_strdup(names.v[i]);
		bool of_part = is_part(below, depth);
		if ((depth > 0 && !of_part) || !is_left_out(names.v[i], of_part))
			rc = walk_entry(w, dir_fd, names.v[i], name, depth, err);
	}
	return rc;
}

int
attest_walk(int dir_fd, bool find,
	int (*fn)(void *ctx, const char *name, const struct hash_hex *digest), void *ctx,
	struct dd_err *err)
{
	struct walk w = {.fn = fn, .ctx = ctx, .find = find};
	return walk_dir(&w, dir_fd, "", 0, err);
}

struct hash_hex
attest_chain(const char *before, const char *step, const char *started, const char *ended,
	const char *result)
{
	const struct str fields[] = {
		str_of(before), str_of(step), str_of(started), str_of(ended), str_of(result)};
	return hash_fields(fields, sizeof(fields) / sizeof(*fields));
}
