/*
 * The packages of an attempt: resolved together, as far as they go together, and installed as a layer, or
 * purged from what has more (loop.whole).
 */
#include "envprobe/loop.h"

#include "base/log.h"

#include <string.h>

static char yes;

struct install {
	struct loop *l;
	struct install_batch batch;
	struct feature_off_list
		dropped; /* what packages would give that cannot be had with the others */
	bool cached;
};

static int
resolve(struct install *in, const struct strlist *names, struct dd_err *err)
{
	const struct probe_spec *s = in->l->spec;
	install_batch_cleanup(&in->batch);
	return apt_resolve(s->state, s->index, &in->l->r->root, names, &in->batch, err);
}

static void
drop(struct install *in, const struct wanted *w, const struct dd_err *why)
{
	struct feature_off *f = feature_off_list_add(&in->dropped);
	f->feature = mem_strdup(w->why);
	f->input = mem_printf(
		"the package %s, which cannot be installed beside the others", w->package);
	log_debug("%s: %s", w->package, err_msg(why));
}

/*
 * All at once if apt can; else what is required, and the rest one by one, as far as it goes
 * together.  A required package that cannot be had is left out, too: the build says whether it was
 * one.
 */
static int
resolve_wanted(struct install *in, struct dd_err *err)
{
	struct loop *l = in->l;
	OWN(strlist) struct strlist all = {0}, kept = {0};
	OWN(dd_err) struct dd_err why = {0};
	for (size_t i = 0; i < l->wanted.n; i++)
		strlist_add(&all, l->wanted.v[i].package);
	int rc = resolve(in, &all, &why);
	if (rc != -DD_ENOENT && rc != -DD_EINVAL)
		return rc < 0 ? err_move(err, &why) : 0;
	for (int optional = 0; optional <= 1; optional++)
		for (size_t i = 0; i < l->wanted.n; i++) {
			OWN(strlist) struct strlist with = {0};
			if (l->wanted.v[i].optional != (optional != 0))
				continue;
			strlist_copy(&with, &kept);
			strlist_add(&with, l->wanted.v[i].package);
			rc = resolve(in, &with, &why);
			if (rc == 0)
				strlist_add(&kept, l->wanted.v[i].package);
			else if (rc == -DD_ENOENT || rc == -DD_EINVAL)
				drop(in, &l->wanted.v[i], &why);
			else
				return err_move(err, &why);
		}
	return kept.n ? resolve(in, &kept, err) : 0;
}

static json_t *
wanted_to_json(const struct loop *l)
{
	json_t *a = json_array();
	for (size_t i = 0; i < l->wanted.n; i++) {
		const struct wanted *w = &l->wanted.v[i];
		json_array_append_new(
			a, json_pack("{s:s, s:i, s:o}", "package", w->package, "scope",
				   (int)w->scope, "why", json_text(str_of(w->why))));
	}
	return a;
}

/* What the batch leaves out of what the whole has; false: it has something that the whole has not. */
static bool
is_part(const struct package_list *whole, const struct install_batch *batch,
	struct strlist *ret_less)
{
	struct map kept = {0};
	size_t known = 0;
	for (size_t i = 0; i < batch->artefacts.n; i++)
		map_put(&kept, batch->artefacts.v[i].sha256, &yes);
	for (size_t i = 0; i < whole->n; i++) {
		if (map_get(&kept, whole->v[i].sha256))
			known++;
		else
			strlist_add(ret_less, whole->v[i].name);
	}
	map_cleanup(&kept);
	return known == batch->artefacts.n;
}

/* The root with the batch: purged from the whole where it is a part of that, else installed. */
static int
provide(struct install *in, struct stack *root, struct dd_err *err)
{
	struct loop *l = in->l;
	const struct probe_spec *s = l->spec;
	OWN(strlist) struct strlist less = {0};
	OWN(dd_err) struct dd_err why = {0};
	if (l->whole && is_part(l->whole_packages, &in->batch, &less)) {
		struct stack purged = {0};
		stack_copy(&purged, l->whole);
		strlist_sort(&less);
		int rc = less.n ? apt_purge(s->state, &purged, &less, s->owner, &why) : 0;
		if (rc == 0) {
			stack_cleanup(root);
			*root = purged;
			return 0;
		}
		stack_cleanup(&purged);
		if (rc != -DD_EIO)
			return err_move(err, &why);
		log_debug("%s; installing anew", err_msg(&why));
	}
	return apt_provide(
		s->state, root, &in->batch, s->offline, s->owner, s->egress_log, &in->cached, err);
}

static int
do_install(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct install in = {.l = ctx};
	struct loop *l = ctx;
	struct stack root = {0};
	stack_copy(&root, &l->r->root);
	int step = progress_begin("installing %zu packages", l->wanted.n);
	int rc = resolve_wanted(&in, err);
	if (rc == 0)
		rc = provide(&in, &root, err);
	progress_end(step, rc < 0 ? "failed" : in.cached ? "cached" : "ok");
	if (rc == 0)
		*ret_result = json_pack("{s:o, s:o, s:o, s:o}", "wanted", wanted_to_json(l),
			"dropped", feature_off_list_to_json(&in.dropped), "batch",
			json_encode(install_batch_fields, &in.batch), "root",
			probe_stack_to_json(&root));
	stack_cleanup(&root);
	install_batch_cleanup(&in.batch);
	feature_off_list_cleanup(&in.dropped);
	return rc;
}

static const struct artefact *
find_artefact(const struct install_batch *b, const char *name)
{
	for (size_t i = 0; i < b->artefacts.n; i++)
		if (strcmp(b->artefacts.v[i].name, name) == 0)
			return &b->artefacts.v[i];
	return NULL;
}

/* Packages of the batch: those wanted with their reason, the others as pulled in. */
static void
add_packages(struct loop *l, const struct install_batch *b)
{
	for (size_t i = 0; i < b->artefacts.n; i++) {
		const struct artefact *a = &b->artefacts.v[i];
		struct package *p = package_list_add(&l->r->packages);
		p->name = mem_strdup(a->name);
		p->version = mem_strdup(a->version);
		p->arch = a->arch ? mem_strdup(a->arch) : NULL;
		p->sha256 = mem_strdup(a->sha256);
		for (size_t k = 0; k < l->wanted.n; k++) {
			const struct wanted *w = &l->wanted.v[k];
			if (strcmp(w->package, a->name) != 0)
				continue;
			p->requested = true;
			p->scope = w->scope;
			p->why = mem_strdup(w->why);
			p->proof = w->proof ? mem_strdup(w->proof) : NULL;
		}
		if (!p->why)
			p->why = mem_strdup("another package depends on it");
	}
}

/* Is what the package would give there by another? */
static bool
has_alternative(const struct loop *l, const char *why)
{
	for (size_t i = 0; i < l->wanted.n; i++) {
		const struct wanted *w = &l->wanted.v[i];
		if (strcmp(w->why, why) != 0)
			continue;
		for (size_t k = 0; k < l->r->packages.n; k++)
			if (strcmp(l->r->packages.v[k].name, w->package) != 0 &&
				strlist_has(&w->alternatives, l->r->packages.v[k].name))
				return true;
	}
	return false;
}

static int
take_features(struct loop *l, const json_t *j, struct dd_err *err)
{
	struct feature_off_list dropped = {0};
	int rc = feature_off_list_from_json(j, "dropped", &dropped, err);
	for (size_t i = 0; i < dropped.n; i++) {
		if (has_alternative(l, dropped.v[i].feature))
			continue;
		*feature_off_list_add(&l->r->features_off) = dropped.v[i];
		dropped.v[i] = (struct feature_off){0};
	}
	feature_off_list_cleanup(&dropped);
	return rc;
}

static int
take_install(struct loop *l, const json_t *j, struct dd_err *err)
{
	struct install_batch batch = {0};
	struct attempt *a = &l->r->attempts.v[l->r->attempts.n - 1];
	int rc = json_decode(
		json_object_get(j, "batch"), install_batch_fields, false, &batch, "batch", err);
	if (rc < 0) {
		install_batch_cleanup(&batch);
		return rc;
	}
	for (size_t i = 0; i < l->wanted.n; i++)
		if (find_artefact(&batch, l->wanted.v[i].package))
			strlist_add(&a->added, l->wanted.v[i].package);
	add_packages(l, &batch);
	rc = take_features(l, json_object_get(j, "dropped"), err);
	probe_stack_from_json(json_object_get(j, "root"), &l->r->root);
	if (batch.artefacts.n)
		*install_batch_list_add(&l->r->batches) = batch;
	else
		install_batch_cleanup(&batch);
	wanted_list_clear(&l->wanted);
	return rc;
}

int
loop_install(struct loop *l, struct dd_err *err)
{
	OWN_FREE char *key = mem_printf("attempt/%lld/install", (long long)l->n);
	OWN_JSON json_t *j = NULL;
	if (!l->wanted.n)
		return 0;
	int rc = journal_step(l->spec->journal, key, do_install, l, &j, err);
	return rc < 0 ? rc : take_install(l, j, err);
}
