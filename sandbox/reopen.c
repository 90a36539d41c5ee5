/*
 * A pod that goes on with longer stacks.
 *
 * Theory of operation.  An upper directory that is in use must not become a layer, so that the pod
 * ends and starts again in the same directory: the uppers that are kept are renamed into the layer
 * store, the others removed.  Data directories have stacks of the pod's own, below
 * <pod>/data/<number>/: `top` is the upper, 0, 1, ... are what was kept, lowest first; all of them
 * are kept or dropped together.
 */
#include "sandbox/pod.h"

#include "base/fs.h"
#include "base/io.h"
#include "sandbox/box/proto.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- the copy of the spec ---- */

void
pod_spec_copy(struct pod *p, const struct pod_spec *spec)
{
	const struct pod_limits *all = &spec->state->limits;
	p->spec = *spec;
	if (!spec->limits.memory_bytes)
		p->spec.limits.memory_bytes = all->memory_bytes;
	if (!spec->limits.disk_bytes)
		p->spec.limits.disk_bytes = all->disk_bytes;
	if (!spec->limits.pids)
		p->spec.limits.pids = all->pids;
	p->spec.root = (struct stack){0};
	stack_copy(&p->spec.root, &spec->root);
	if (spec->work) {
		stack_copy(&p->work, spec->work);
		p->spec.work = &p->work;
	}
	p->default_dir = mem_strdup(!spec->work ? "/" : spec->work_dir ? spec->work_dir : WORK_DIR);
	p->spec.work_dir = p->default_dir;
	for (size_t i = 0; i < spec->nbinds; i++) {
		strlist_add(&p->paths, spec->binds[i].src);
		strlist_add(&p->paths, spec->binds[i].dst);
	}
	p->binds = mem_zalloc(spec->nbinds + 1, sizeof(*p->binds));
	for (size_t i = 0; i < spec->nbinds; i++)
		p->binds[i] = (struct pod_bind){
			p->paths.v[2 * i], p->paths.v[2 * i + 1], spec->binds[i].writable};
	p->spec.binds = p->binds;
	for (const char *const *d = spec->data_dirs; d && *d; d++)
		strlist_add(&p->data_dirs, *d);
	p->spec.data_dirs = NULL;  /* see data_dirs */
	p->spec.network_of = NULL; /* see network */
}

void
pod_spec_cleanup(struct pod *p)
{
	stack_cleanup(&p->spec.root);
	stack_cleanup(&p->work);
	strlist_cleanup(&p->data_dirs);
	strlist_cleanup(&p->paths);
	free(p->binds);
	free(p->default_dir);
}

/* ---- data directories ---- */

static char *
data_path(const struct pod *p, size_t dir, const char *rest)
{
	return mem_printf("%s/data/%zu/%s", p->dir, dir, rest);
}

int
data_make_uppers(const struct pod *p, struct dd_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < p->data_dirs.n; i++) {
		OWN_FREE char *upper = mem_printf("data/%zu/top/fs", i);
		OWN_FREE char *work = mem_printf("data/%zu/top/work", i);
		rc = pod_make_dir(p, upper, 0, 0755, err);
		if (rc == 0)
			rc = pod_make_dir(p, work, 0, 0755, err);
	}
	return rc;
}

void
data_describe(const struct pod *p, struct request *r)
{
	OWN_FREE char *tree = fs_join(p->dir, "data");
	if (p->data_dirs.n)
		request_add(r, "datatree", tree);
	for (size_t i = 0; i < p->data_dirs.n; i++) {
		OWN_FREE char *upper = mem_printf("%zu/top/fs", i);
		OWN_FREE char *work = mem_printf("%zu/top/work", i);
		request_add(r, "data", p->data_dirs.v[i]);
		for (size_t k = 0; k < p->data_layers; k++) {
			OWN_FREE char *layer = mem_printf("%zu/%zu/fs", i, k);
			request_add(r, "datalayer", layer);
		}
		request_add(r, "dataupper", upper);
		request_add(r, "datawork", work);
	}
}

int
data_keep(struct pod *p, struct dd_err *err)
{
	int rc = 0;
	if (p->data_dirs.n && p->data_layers == BOX_MAX_DATA_LAYERS)
		return err_set(err, DD_ELIMIT, "the data of services was kept %d times in one pod",
			BOX_MAX_DATA_LAYERS);
	for (size_t i = 0; rc == 0 && i < p->data_dirs.n; i++) {
		OWN_FREE char *top = data_path(p, i, "top");
		OWN_FREE char *work = data_path(p, i, "top/work");
		OWN_FREE char *layer = mem_printf("%s/data/%zu/%zu", p->dir, i, p->data_layers);
		rc = fs_remove_tree(work, err);
		if (rc == 0 && io_rename(top, layer) < 0)
			rc = err_errno(err, errno, "the data of %s: cannot move %s",
				p->data_dirs.v[i], top);
	}
	if (rc == 0 && p->data_dirs.n)
		p->data_layers++;
	return rc;
}

int
data_drop(struct pod *p, struct dd_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < p->data_dirs.n; i++) {
		OWN_FREE char *top = data_path(p, i, "top");
		rc = fs_remove_tree(top, err);
	}
	return rc;
}

/* ---- going on ---- */

static int
settle_stack(struct pod *p, enum pod_stack which, const char *key, struct dd_err *err)
{
	OWN_FREE char *dir = fs_join(p->dir, which == POD_ROOT ? "root" : "work");
	int rc = key ? pod_publish(p, which, key, err) : 0;
	if (rc == 0) /* also when the layer was there already */
		rc = fs_remove_tree(dir, err) < 0 ? err_wrap(err, "sandbox") : 0;
	if (rc == 0 && key)
		stack_push(which == POD_ROOT ? &p->spec.root : &p->work, key);
	return rc;
}

int
pod_reopen(struct pod *p, const struct pod_snapshot *keep, struct dd_err *err)
{
	if (keep->work_key && !p->spec.work)
		return err_set(err, DD_EINVAL, "a pod without a work tree has none to keep");
	services_stop(p);
	pod_end_processes(p);
	int rc = settle_stack(p, POD_ROOT, keep->root_key, err);
	if (rc == 0)
		rc = settle_stack(p, POD_WORK, keep->work_key, err);
	if (rc == 0)
		rc = (keep->keep_data ? data_keep(p, err) : data_drop(p, err)) < 0
			     ? err_wrap(err, "sandbox")
			     : 0;
	if (rc == 0)
		rc = pod_start(p, err);
	if (rc == 0)
		rc = services_start(p, err);
	if (rc < 0)
		pod_end_processes(p);
	return rc;
}
