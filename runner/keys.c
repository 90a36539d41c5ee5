#include "runner/keys.h"

#include "base/fs.h"

#include <string.h>

#define SIGNING "keys/signing.pem"
#define KNOWN "keys/known"
#define MAX_PEM 65536

static int
load(const char *path, struct sign_key **ret, struct dd_err *err)
{
	OWN(buf) struct buf pem = {.max = MAX_PEM};
	int rc = fs_read(path, MAX_PEM, &pem, err);
	if (rc == 0 && sign_key_parse(buf_str(&pem), ret, err) < 0)
		rc = err_set(err, DD_EINVAL, "key %s: %s", path, err_msg(err));
	if (pem.p)
		explicit_bzero(pem.p, pem.cap);
	return rc;
}

/* Its public half first: what was signed with it is then known, whatever happens. */
static int
store(const struct state *st, const struct sign_key *k, struct dd_err *err)
{
	OWN(buf) struct buf public = {0}, private = {0};
	OWN_FREE char *below = mem_printf(KNOWN "/%s.pem", sign_key_id(k));
	OWN_FREE char *known = state_path(st, below), *signing = state_path(st, SIGNING);
	sign_key_put_public(k, &public);
	sign_key_put_private(k, &private);
	int rc = fs_write_atomic(known, buf_str(&public), 0600, err);
	if (rc == 0)
		rc = fs_write_atomic(signing, buf_str(&private), 0600, err);
	explicit_bzero(private.p, private.cap);
	return rc;
}

int
keys_make(const struct state *st, bool rotate, struct sign_key **ret, struct dd_err *err)
{
	OWN_FREE char *dir = state_path(st, KNOWN), *lock = state_path(st, "keys/lock");
	OWN_FREE char *signing = state_path(st, SIGNING);
	OWN_FD int fd = -1;
	int rc = fs_mkdirs(dir, 0700, err);
	if (rc == 0)
		rc = fs_lock(lock, true, &fd, err);
	if (rc == 0 && !rotate && fs_exists(signing))
		rc = err_set(err, DD_EEXIST,
			"there is a key already; drydock key rotate makes a new one");
	if (rc == 0 && rotate && !fs_exists(signing))
		rc = err_set(err, DD_ENOENT, "there is no key yet; drydock key init makes one");
	if (rc < 0)
		return rc;
	struct sign_key *k = sign_key_create();
	rc = store(st, k, err);
	if (rc < 0)
		sign_key_destroy(k);
	else
		*ret = k;
	return rc < 0 ? err_wrap(err, "key") : 0;
}

int
keys_signing(const struct state *st, struct sign_key **ret, struct dd_err *err)
{
	OWN_FREE char *path = state_path(st, SIGNING);
	if (fs_exists(path))
		return load(path, ret, err);
	*ret = NULL;
	return 0;
}

int
keys_load(const char *path, struct sign_keys *ret, struct dd_err *err)
{
	struct sign_key *k;
	int rc = load(path, &k, err);
	if (rc == 0)
		sign_keys_add(ret, k);
	return rc;
}

int
keys_known(const struct state *st, struct sign_keys *ret, struct dd_err *err)
{
	OWN_FREE char *dir = state_path(st, KNOWN);
	OWN(strlist) struct strlist names = {0};
	int rc = fs_is_dir(dir) ? fs_list(dir, &names, err) : 0;
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN_FREE char *path = fs_join(dir, names.v[i]);
		if (str_ends(str_of(names.v[i]), ".pem"))
			rc = keys_load(path, ret, err);
	}
	return rc;
}
