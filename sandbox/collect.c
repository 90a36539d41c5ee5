#include "base/cas.h"
#include "base/fs.h"
#include "base/io.h"
#include "sandbox/flat.h"
#include "sandbox/layer.h"
#include "sandbox/lease.h"

#include <errno.h>
#include <string.h>

/* ---- layers ---- */

/* A flat layer is kept as long as all that it stands for. */
static int
is_leased(const struct state *st, const char *key, const struct gc_spec *spec, bool *ret_leased,
	struct dd_err *err)
{
	OWN(strlist) struct strlist sources = {0};
	if (!flat_sources(st, key, &sources))
		return lease_find_layer(st, key, spec->gone, ret_leased, err);
	bool leased = true;
	int rc = 0;
	for (size_t i = 0; rc == 0 && leased && i < sources.n; i++)
		rc = lease_find_layer(st, sources.v[i], spec->gone, &leased, err);
	if (rc == 0)
		*ret_leased = leased;
	return rc;
}

/*
 * Take it away under the lock of leases; the tree goes afterwards.  Nobody is making it: its own
 * lock is held, too.
 */
static int
withdraw(const struct state *st, const char *key, const struct gc_spec *spec, const char *doomed,
	bool *ret_taken, struct dd_err *err)
{
	OWN_FREE char *root = mem_printf("%s/layers/%s", st->dir, key);
	OWN_FD int lock = -1;
	bool leased = true;
	int rc = lease_lock(st, &lock, err);
	if (rc == 0)
		rc = is_leased(st, key, spec, &leased, err);
	if (rc == 0 && !leased && !spec->dry_run && io_rename(root, doomed) < 0)
		rc = err_errno(err, errno, "layer %.12s: cannot move %s", key, root);
	if (rc == 0)
		*ret_taken = !leased;
	return rc;
}

static int
collect_layer(const struct state *st, const char *key, const struct gc_spec *spec,
	struct gc_result *ret, struct dd_err *err)
{
	OWN_FREE char *lock_path = mem_printf("%s/locks/%s", st->dir, key);
	OWN_FREE char *root = mem_printf("%s/layers/%s", st->dir, key);
	OWN_FREE char *doomed = mem_printf("%s/pods/doomed-%s", st->dir, key);
	OWN_FD int lock = -1;
	bool taken = false;
	uint64_t bytes = 0;
	if (fs_lock(lock_path, false, &lock, NULL) < 0)
		return 0;
	int rc = spec->dry_run ? 0 : fs_remove_tree(doomed, err); /* an earlier one of that key */
	if (rc == 0)
		rc = withdraw(st, key, spec, doomed, &taken, err);
	if (rc < 0 || !taken)
		return rc;
	(void)!fs_disk_usage(spec->dry_run ? root : doomed, &bytes, NULL);
	ret->layers++;
	ret->bytes += bytes;
	if (spec->dry_run)
		return 0;
	rc = fs_remove_tree(doomed, err);
	if (rc == 0)
		(void)!io_unlink(lock_path);
	return rc;
}

int
layer_collect(const struct state *st, const struct gc_spec *spec, struct gc_result *ret,
	struct dd_err *err)
{
	OWN_FREE char *layers = state_path(st, "layers");
	OWN(strlist) struct strlist keys = {0};
	int rc = fs_list(layers, &keys, err);
	for (size_t i = 0; rc == 0 && i < keys.n; i++)
		if (hash_is_hex(str_of(keys.v[i])))
			rc = collect_layer(st, keys.v[i], spec, ret, err);
	if (!spec->dry_run)
		flat_forget(st);
	return rc;
}

/* ---- objects ---- */

struct objects {
	const struct gc_spec *spec;
	const char *cas;
	struct map kept;
	struct gc_result *ret;
	struct dd_err *err;
};

static int
collect_object(void *ctx, const char *digest, uint64_t bytes)
{
	struct objects *o = ctx;
	if (map_get(&o->kept, digest))
		return 0;
	o->ret->objects++;
	o->ret->bytes += bytes;
	return o->spec->dry_run ? 0 : cas_remove(o->cas, digest, o->err);
}

int
object_collect(const struct state *st, const struct gc_spec *spec, struct gc_result *ret,
	struct dd_err *err)
{
	OWN_FREE char *cas = state_path(st, "cas");
	struct objects o = {.spec = spec, .cas = cas, .ret = ret, .err = err};
	OWN_FD int lock = -1;
	int rc = lease_lock(st, &lock, err);
	if (rc == 0)
		rc = lease_list_objects(st, spec->gone, &o.kept, err);
	for (size_t i = 0; spec->needed && i < spec->needed->n; i++)
		map_put(&o.kept, spec->needed->v[i], &o);
	if (rc == 0)
		rc = cas_each(cas, collect_object, &o, err);
	map_cleanup(&o.kept);
	return rc;
}
