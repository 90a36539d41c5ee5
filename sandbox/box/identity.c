/*
 * Who a command is.  In root mode the pod has a range of ids and a command gets one of them.  In
 * user mode there is one id: an ordinary user, or that of a service, is a nested namespace in which
 * it has another name.  To that name all files are its own, so that mounts say what it may write
 * to.
 */
#include "sandbox/box/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_WRITABLE 32
#define BROWSER_NAMESPACES "256"

bool
identity_is_service(const struct identity *p)
{
	return strcmp(p->profile, BOX_PROFILE_SERVICE) == 0;
}

bool
identity_look_up(struct identity *p)
{
	return !identity_is_service(p) || (p->user && user_find(p->user, &p->service));
}

bool
identity_is_fake(const struct identity *p)
{
	if (p->root_mode)
		return false;
	return strcmp(p->profile, BOX_PROFILE_PROVISION) == 0 ||
	       strcmp(p->profile, BOX_PROFILE_IMAGE) == 0 ||
	       (identity_is_service(p) && p->service.uid == 0);
}

/* User mode: an ordinary id is a nested namespace. */
static void
nest_id(uid_t uid, gid_t gid)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		box_fail("cannot make a nested user namespace");
	map_single_id(&(struct box_id){uid, gid}, &(struct box_id){0, 0});
}

/* In the namespace of an ordinary user: this one is all there is, but for a browser's sandbox. */
static void
limit_namespaces(const struct identity *p)
{
	bool browser = strcmp(p->profile, BOX_PROFILE_BROWSER) == 0;
	if (browser || !p->root_mode) /* in root mode it is the pod's, and has none already */
		limit_user_namespaces(browser ? BROWSER_NAMESPACES : "0");
}

/* A directory that stays writable; mounts below it come along. */
static int
open_writable(const char *path)
{
	int fd = (int)syscall(
		SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (fd < 0 && errno != ENOENT)
		box_fail(path);
	return fd;
}

static void
make_read_only(const char *path)
{
	if (mount("none", path, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV,
		    NULL) < 0)
		box_die(errno, "cannot make %s read-only", path);
}

/*
 * To the one id of a nested namespace all files are its own; those that are not its business become
 * read-only: what `read_only` names, but for what `writable` names.  Both end with NULL.
 */
static void
protect(const char *const *read_only, const char *const *writable)
{
	int fds[MAX_WRITABLE];
	size_t n = 0;
	for (; writable[n]; n++)
		fds[n] = open_writable(writable[n]);
	for (; *read_only; read_only++)
		make_read_only(*read_only);
	for (size_t i = 0; i < n; i++)
		if (fds[i] >= 0 && syscall(SYS_move_mount, fds[i], "", AT_FDCWD, writable[i],
					   MOVE_MOUNT_F_EMPTY_PATH) < 0)
			box_fail(writable[i]);
}

/* What a service writes to: what varies (/var), and the directories declared to be its own. */
static void
protect_from_service(const struct identity *p)
{
	const char *const read_only[] = {
		"/", "/home/builder", *box_work_dir ? box_work_dir : NULL, NULL};
	const char *writable[MAX_WRITABLE + 1] = {"/var"};
	size_t n = 1;
	for (char **d = p->dirs; *d; d++) {
		if (n == MAX_WRITABLE)
			box_die(0, "a service has more than %d directories", MAX_WRITABLE);
		writable[n++] = *d;
	}
	protect(read_only, writable);
}

static void
protect_from_user(void)
{
	static const char *const root[] = {"/", NULL}, *const nothing[] = {NULL};
	protect(root, nothing);
}

/* Before the identity is taken: one that is new belongs to the service. */
static void
make_service_dirs(const struct identity *p)
{
	for (char **d = p->dirs; *d; d++) {
		struct stat st;
		if (**d != '/')
			box_die(0, "a directory of a service is not absolute: %.80s", *d);
		if (lstat(*d, &st) == 0)
			continue;
		mount_make_dirs(*d);
		if (p->root_mode && lchown(*d, p->service.uid, p->service.gid) < 0)
			box_fail(*d);
	}
}

/* Needs CAP_SETPCAP, so it comes before the identity is given up. */
static void
drop_bounding(uint64_t keep)
{
	for (int cap = 0; cap <= 63; cap++) {
		int has = keep >> cap & 1 ? 0 : prctl(PR_CAPBSET_READ, cap);
		if (has < 0 && errno == EINVAL && cap > CAP_AUDIT_READ)
			return; /* the kernel knows no more of them */
		if (has && prctl(PR_CAPBSET_DROP, cap) < 0)
			box_fail("cannot drop a capability");
	}
}

static void
set_capabilities(uint64_t keep)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct d[2];
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (int i = 0; i < 2; i++) {
		uint32_t half = (uint32_t)(keep >> (32 * i));
		d[i] = (struct __user_cap_data_struct){half, half, half};
	}
	if (syscall(SYS_capset, &h, d) < 0)
		box_fail("cannot set capabilities");
}

#define CAP(x) (1ULL << (x))
#define PROVISION_CAPS \
	(CAP(CAP_CHOWN) | CAP(CAP_DAC_OVERRIDE) | CAP(CAP_FOWNER) | CAP(CAP_FSETID) | \
		CAP(CAP_SETUID) | CAP(CAP_SETGID) | CAP(CAP_SETFCAP) | CAP(CAP_SYS_CHROOT) | \
		CAP(CAP_KILL))

#define IMAGE_CAPS (PROVISION_CAPS | CAP(CAP_SYS_ADMIN) | CAP(CAP_MKNOD))

void
identity_limit_all(void)
{
	drop_bounding(IMAGE_CAPS);
}

static void
stay_root(uint64_t capabilities)
{
	drop_bounding(capabilities);
	set_capabilities(capabilities);
}

static void
become_user(const struct identity *p, const struct box_user *u)
{
	if (!p->root_mode) {
		nest_id(u->uid, u->gid); /* with a full bounding set of its own */
		if (identity_is_service(p))
			protect_from_service(p);
		else
			protect_from_user();
	}
	limit_namespaces(p);
	drop_bounding(0);
	if (p->root_mode &&
		(setgroups(u->ngroups, u->groups) < 0 || setresgid(u->gid, u->gid, u->gid) < 0 ||
			setresuid(u->uid, u->uid, u->uid) < 0))
		box_fail("cannot become the user");
	set_capabilities(0);
}

/* Profiles of an ordinary user differ only in their filter. */
static enum filter_kind
kind_of_user_profile(const char *profile)
{
	static const struct {
		const char *profile;
		enum filter_kind kind;
	} kinds[] = {{BOX_PROFILE_PARSER, FILTER_PARSER}, {BOX_PROFILE_BROWSER, FILTER_BROWSER},
		{BOX_PROFILE_DEBUG, FILTER_DEBUG}};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(profile, kinds[i].profile) == 0)
			return kinds[i].kind;
	return FILTER_BUILD;
}

enum filter_kind
identity_take(const struct identity *p)
{
	if (strcmp(p->profile, BOX_PROFILE_PROVISION) == 0) {
		stay_root(PROVISION_CAPS);
		return FILTER_PROVISION;
	}
	if (strcmp(p->profile, BOX_PROFILE_IMAGE) == 0) {
		stay_root(IMAGE_CAPS);
		return FILTER_IMAGE;
	}
	if (identity_is_service(p))
		make_service_dirs(p);
	if (identity_is_service(p) && p->service.uid == 0) {
		stay_root(PROVISION_CAPS);
		return FILTER_PROVISION;
	}
	if (identity_is_service(p)) {
		become_user(p, &p->service);
		return FILTER_BUILD;
	}
	become_user(p, &(struct box_user){
			       .uid = BOX_UID, .gid = BOX_UID, .groups = {BOX_UID}, .ngroups = 1});
	return kind_of_user_profile(p->profile);
}
