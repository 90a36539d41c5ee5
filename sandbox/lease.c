#include "sandbox/lease.h"

#include "base/fs.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define OBJECTS "objects-"
#define MAX_LIST ((size_t)64 << 20)

int
lease_lock(const struct state *st, int *ret_fd, struct dd_err *err)
{
	OWN_FREE char *path = state_path(st, "locks/leases");
	return fs_lock(path, true, ret_fd, err);
}

/* ---- taking ---- */

int
layer_lease(const struct state *st, const char *owner, const char *key, struct dd_err *err)
{
	OWN_FREE char *dir = mem_printf("%s/leases/%s", st->dir, owner);
	OWN_FREE char *path = fs_join(dir, key);
	OWN_FD int lock = -1;
	int rc = fs_mkdirs(dir, 0700, err);
	if (rc == 0)
		rc = lease_lock(st, &lock, err);
	if (rc == 0) {
		OWN_FD int fd = io_create(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			rc = err_errno(err, errno, "cannot create %s", path);
	}
	if (rc == 0)
		rc = fs_sync_dir(dir, err);
	return rc < 0 ? err_wrap(err, "lease of layer %.12s", key) : 0;
}

int
object_lease(const struct state *st, const char *owner, const struct strlist *digests,
	struct dd_err *err)
{
	OWN_FREE char *dir = mem_printf("%s/leases/%s", st->dir, owner);
	OWN(buf) struct buf text = {0};
	OWN_FD int lock = -1;
	if (!digests->n)
		return 0;
	for (size_t i = 0; i < digests->n; i++)
		buf_printf(&text, "%s\n", digests->v[i]);
	struct hash_hex name = hash_bytes(buf_str(&text));
	OWN_FREE char *path = mem_printf("%s/" OBJECTS "%s", dir, name.s);
	int rc = fs_mkdirs(dir, 0700, err);
	if (rc == 0)
		rc = lease_lock(st, &lock, err);
	if (rc == 0 && !fs_exists(path))
		rc = fs_write_atomic(path, buf_str(&text), 0600, err);
	return rc < 0 ? err_wrap(err, "lease of downloads") : 0;
}

/* ---- ending ---- */

int
layer_release_all(const struct state *st, const char *owner, struct dd_err *err)
{
	OWN_FREE char *dir = mem_printf("%s/leases/%s", st->dir, owner);
	return fs_remove_tree(dir, err);
}

int
lease_keep_only(const struct state *st, const char *owner, const struct stack *layers,
	const struct strlist *objects, struct dd_err *err)
{
	OWN_FREE char *dir = mem_printf("%s/leases/%s", st->dir, owner);
	OWN(strlist) struct strlist names = {0}, keep = {0};
	OWN(buf) struct buf text = {0};
	for (size_t i = 0; i < layers->n; i++)
		strlist_add(&keep, layers->v[i].s);
	for (size_t i = 0; i < objects->n; i++)
		buf_printf(&text, "%s\n", objects->v[i]);
	strlist_addf(&keep, OBJECTS "%s", hash_bytes(buf_str(&text)).s);
	int rc = fs_exists(dir) ? fs_list(dir, &names, err) : 0;
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN_FREE char *path = fs_join(dir, names.v[i]);
		if (!strlist_has(&keep, names.v[i]) && io_unlink(path) < 0 && errno != ENOENT)
			rc = err_errno(err, errno, "cannot release %s", path);
	}
	return rc;
}

/* ---- looking ---- */

static bool
is_gone(const struct strlist *gone, const char *owner)
{
	return gone && strlist_has(gone, owner);
}

/* Pods that live, and those that are not swept yet. */
static int
is_of_a_pod(const struct state *st, const char *key, bool *ret, struct dd_err *err)
{
	OWN_FREE char *pods = state_path(st, "pods");
	OWN(strlist) struct strlist names = {0};
	int rc = fs_list(pods, &names, err);
	for (size_t i = 0; rc == 0 && !*ret && i < names.n; i++) {
		OWN_FREE char *lock = mem_printf("%s/%s/lock", pods, names.v[i]);
		OWN(buf) struct buf text = {0};
		rc = fs_read_if_any(lock, MAX_LIST, &text, err);
		*ret = text.n && memmem(text.p, text.n, key, strlen(key));
	}
	return rc;
}

int
lease_find_layer(const struct state *st, const char *key, const struct strlist *gone,
	bool *ret_leased, struct dd_err *err)
{
	OWN_FREE char *leases = state_path(st, "leases");
	OWN(strlist) struct strlist owners = {0};
	bool leased = false;
	int rc = is_of_a_pod(st, key, &leased, err);
	if (rc == 0)
		rc = fs_list(leases, &owners, err);
	for (size_t i = 0; rc == 0 && !leased && i < owners.n; i++) {
		OWN_FREE char *path = mem_printf("%s/%s/%s", leases, owners.v[i], key);
		leased = !is_gone(gone, owners.v[i]) && fs_exists(path);
	}
	if (rc == 0)
		*ret_leased = leased;
	return rc;
}

static int
add_list(const char *path, struct map *ret, struct dd_err *err)
{
	static char leased;
	OWN(buf) struct buf text = {0};
	struct str rest, line;
	int rc = fs_read(path, MAX_LIST, &text, err);
	if (rc < 0)
		return fs_exists(path) ? rc : 0; /* released meanwhile */
	rest = buf_str(&text);
	while (str_next_line(&rest, &line))
		map_put_str(ret, line, &leased);
	return 0;
}

static int
add_owner(const char *dir, struct map *ret, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	int rc = fs_list(dir, &names, err);
	if (rc < 0)
		return fs_exists(dir) ? rc : 0;
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN_FREE char *path = fs_join(dir, names.v[i]);
		if (str_starts(str_of(names.v[i]), OBJECTS))
			rc = add_list(path, ret, err);
	}
	return rc;
}

int
lease_list_objects(
	const struct state *st, const struct strlist *gone, struct map *ret, struct dd_err *err)
{
	OWN_FREE char *leases = state_path(st, "leases");
	OWN(strlist) struct strlist owners = {0};
	int rc = fs_list(leases, &owners, err);
	for (size_t i = 0; rc == 0 && i < owners.n; i++) {
		OWN_FREE char *dir = fs_join(leases, owners.v[i]);
		if (!is_gone(gone, owners.v[i]))
			rc = add_owner(dir, ret, err);
	}
	return rc;
}
