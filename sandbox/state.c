#include "sandbox/sandbox.h"

#include "base/fs.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pwd.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#define MODE_FILE "mode"
#define ID_RANGE 65536u
#define ID_FIRST \
	0x20000000u /* far above people, services and the ranges distributions give out \
		     */
#define ID_RANGES 4096u
#define NFS_MAGIC 0x6969
#define CIFS_MAGIC 0xff534d42
#define SMB2_MAGIC 0xfe534d42
#define FUSE_MAGIC 0x65735546
#define OVERLAY_MAGIC 0x794c7630

char *
state_path(const struct state *st, const char *name)
{
	return fs_join(st->dir, name);
}

void
state_cleanup(struct state *st)
{
	free(st->dir);
	st->dir = NULL;
}

char *
state_dir(const char *dir)
{
	const char *env = getenv("DRYDOCK_STATE");
	const char *xdg = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	if (dir || (env && *env))
		return mem_strdup(dir ? dir : env);
	if (geteuid() == 0)
		return mem_strdup("/var/lib/drydock");
	if (xdg && *xdg == '/')
		return fs_join(xdg, "drydock");
	if (!home || !*home) {
		struct passwd *pw = getpwuid(geteuid());
		home = pw ? pw->pw_dir : "/tmp";
	}
	return fs_join(home, ".local/state/drydock");
}

static int
check_file_system(const char *dir, struct dd_err *err)
{
	struct statfs s;
	if (statfs(dir, &s) < 0)
		return err_errno(err, errno, "state directory %s", dir);
	uint32_t type = (uint32_t)s.f_type;
	if (type == NFS_MAGIC || type == CIFS_MAGIC || type == SMB2_MAGIC || type == FUSE_MAGIC)
		return err_set(err, DD_EUNSUPPORTED,
			"state directory %s is on a network or FUSE file system, where its locks and "
			"database are not safe; put it on a local disk with --state",
			dir);
	if (type == OVERLAY_MAGIC)
		return err_set(err, DD_EUNSUPPORTED,
			"state directory %s is on overlayfs, which cannot hold the upper layers; put it "
			"on a volume or another local disk with --state",
			dir);
	return 0;
}

int
state_check_room(const struct state *st, struct dd_err *err)
{
	struct statvfs s;
	if (statvfs(st->dir, &s) < 0)
		return err_errno(err, errno, "state directory %s", st->dir);
	uint64_t left = (uint64_t)s.f_bavail * s.f_frsize;
	if (s.f_blocks && left < STATE_RESERVE)
		return err_set(err, DD_EIO,
			"state directory %s: %llu KiB are left on its disk; drydock gc removes old runs: "
			"%s",
			st->dir, (unsigned long long)left >> 10, strerror(ENOSPC));
	if (s.f_files && !s.f_favail)
		return err_set(err, DD_EIO,
			"state directory %s: no file can be made on its disk (inodes): %s", st->dir,
			strerror(ENOSPC));
	return 0;
}

/* Does [first, first + ID_RANGE) touch a range of a file of "name:start:count" lines? */
static bool
taken_in_file(const char *path, uint64_t first)
{
	OWN(buf) struct buf text = {0};
	if (fs_read(path, 1 << 20, &text, NULL) < 0)
		return false;
	struct str rest = buf_str(&text), line;
	while (str_next_line(&rest, &line)) {
		struct str name, start, count;
		uint64_t a, n;
		if (!str_next(&line, ':', &name) || !str_next(&line, ':', &start) ||
			!str_next(&line, ':', &count) || !str_parse_u64(start, UINT32_MAX, &a) ||
			!str_parse_u64(count, UINT32_MAX, &n))
			continue;
		if (first < a + n && a < first + ID_RANGE)
			return true;
	}
	return false;
}

static int
choose_range(uid_t *ret, struct dd_err *err)
{
	uint32_t r = 0;
	for (int tries = 0; tries < 64; tries++) {
		if (getrandom(&r, sizeof(r), 0) != (ssize_t)sizeof(r))
			return err_errno(err, errno, "no random numbers");
		uint64_t first = ID_FIRST + (uint64_t)(r % ID_RANGES) * ID_RANGE;
		if (taken_in_file("/etc/subuid", first) || taken_in_file("/etc/subgid", first) ||
			getpwuid((uid_t)first))
			continue;
		*ret = (uid_t)first;
		return 0;
	}
	return err_set(err, DD_EIO, "found no free range of ids for the sandbox");
}

/* The file `mode`: "root <first id>" or "user <uid>". */
static int
write_mode(struct state *st, const char *path, struct dd_err *err)
{
	int rc = st->root ? choose_range(&st->id_base, err) : 0;
	if (rc < 0)
		return rc;
	OWN_FREE char *text = st->root ? mem_printf("root %u\n", (unsigned)st->id_base)
				       : mem_printf("user %u\n", (unsigned)geteuid());
	return fs_write_atomic(path, str_of(text), 0600, err);
}

static int
read_mode(struct state *st, const char *path, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	int rc = fs_read(path, 256, &text, err);
	struct str rest = buf_str(&text), mode = {0}, id = {0};
	uint64_t number = 0;
	if (rc < 0)
		return rc;
	if (!str_next_word(&rest, &mode) || !str_next_word(&rest, &id) ||
		!str_parse_u64(id, UINT32_MAX, &number))
		return err_set(err, DD_ECORRUPT, "%s is damaged", path);
	bool root = str_eq(mode, "root");
	if (root != st->root || (!root && number != geteuid()))
		return err_set(err, DD_EINVAL,
			"%s was made by %s; root and users each need their own (--state)", st->dir,
			root ? "root" : "another user or mode");
	st->id_base = root ? (uid_t)number : 0;
	return 0;
}

static int
make_directories(const struct state *st, struct dd_err *err)
{
	static const char *const names[] = {
		"layers", "locks", "leases", "pods", "images", "runs", "cas", NULL};
	int rc = 0;
	for (size_t i = 0; rc == 0 && names[i]; i++) {
		OWN_FREE char *path = state_path(st, names[i]);
		rc = fs_mkdirs(path, 0700, err);
	}
	return rc;
}

/*
 * What is to become a state directory is empty, or its making was cut short: its mode would be changed, and
 * what is not known in it be swept.
 */
static int
check_is_ours(const struct state *st, struct dd_err *err)
{
	static const char *const ours[] = {
		"lock", MODE_FILE, MODE_FILE ".drydock-tmp", "lost+found"};
	OWN_FREE char *path = state_path(st, MODE_FILE);
	OWN(strlist) struct strlist names = {0};
	const char *foreign = NULL;
	int rc = fs_exists(path) ? 0 : fs_list(st->dir, &names, err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		bool known = false;
		for (size_t k = 0; k < sizeof(ours) / sizeof(*ours); k++)
			known = known || strcmp(names.v[i], ours[k]) == 0;
		if (!known)
			foreign = names.v[i];
	}
	if (rc == 0 && foreign && !fs_exists(path)) /* another drydock may have made it meanwhile */
		return err_set(err, DD_EINVAL,
			"state directory %s holds other files; name a new or an empty directory with --state",
			st->dir);
	return rc;
}

static int
open_mode(struct state *st, struct dd_err *err)
{
	OWN_FREE char *path = state_path(st, MODE_FILE);
	OWN_FREE char *lock_path = state_path(st, "lock");
	OWN_FD int lock = -1;
	if (fs_exists(path)) /* it comes into being whole */
		return read_mode(st, path, err);
	int rc = fs_lock(lock_path, true, &lock, err);
	if (rc < 0)
		return rc;
	return fs_exists(path) ? read_mode(st, path, err) : write_mode(st, path, err);
}

bool
state_exists(const char *dir)
{
	OWN_FREE char *path = fs_join(dir, MODE_FILE);
	struct stat s;
	return lstat(path, &s) == 0 || errno == EACCES;
}

static int
check_directory(const struct state *st, struct dd_err *err)
{
	struct stat s;
	if (stat(st->dir, &s) < 0)
		return err_errno(err, errno, "state directory %s", st->dir);
	if (s.st_uid != geteuid())
		return err_set(
			err, DD_EINVAL, "state directory %s belongs to another user", st->dir);
	int rc = check_is_ours(st, err);
	if (rc == 0 && (s.st_mode & 077) && chmod(st->dir, 0700) < 0)
		rc = err_errno(err, errno, "state directory %s", st->dir);
	return rc < 0 ? rc : check_file_system(st->dir, err);
}

int
state_open(const char *dir, struct state *ret, struct dd_err *err)
{
	OWN_FREE char *name = state_dir(dir);
	struct state st = {.root = geteuid() == 0};
	bool there = fs_exists(name);
	if (!*name)
		return err_set(err, DD_EINVAL, "the name of the state directory is empty");
	int rc = fs_mkdirs(name, 0700, err);
	if (rc < 0)
		return err_wrap(err, "state directory");
	st.dir = realpath(name, NULL);
	rc = st.dir ? check_directory(&st, err) : err_errno(err, errno, "state directory %s", name);
	if (rc == 0) {
		rc = open_mode(&st, err);
		if (rc == 0)
			rc = make_directories(&st, err);
		if (rc < 0)
			rc = err_wrap(err, "state directory");
	}
	if (rc < 0) {
		if (!there)
			(void)!io_unlinkat(AT_FDCWD, name,
				AT_REMOVEDIR); /* what cannot be one is left as it was */
		state_cleanup(&st);
		return rc;
	}
	*ret = st;
	return 0;
}
