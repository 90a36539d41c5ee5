/*
 * What a run keeps of what it tried.  An attempt that failed where the one before failed, for the same reason,
 * gained nothing by what was installed for it.  Attempts are not undone at once, since two packages may only
 * help together; when the last one is over, those at the end that gained nothing are.
 */
#include "envprobe/loop.h"

#include "base/log.h"

#include <string.h>

void
loop_weigh(struct loop *l)
{
	bool same = l->failure && l->good_failure && strcmp(l->failure, l->good_failure) == 0;
	if (same)
		return;
	free(l->good_failure);
	l->good_failure = l->failure ? mem_strdup(l->failure) : NULL;
	l->good = (struct gained){
		l->r->root.n, l->r->packages.n, l->r->batches.n, l->r->features_off.n};
}

void
loop_settle(struct loop *l)
{
	struct probe_result *r = l->r;
	if (r->root.n == l->good.layers)
		return;
	log_info("the last attempts gained nothing: their packages are taken out again");
	r->root.n = l->good.layers;
	while (r->packages.n > l->good.packages)
		package_cleanup(&r->packages.v[--r->packages.n]);
	while (r->batches.n > l->good.batches)
		install_batch_cleanup(&r->batches.v[--r->batches.n]);
	while (r->features_off.n > l->good.features)
		feature_off_cleanup(&r->features_off.v[--r->features_off.n]);
	struct attempt *a = &r->attempts.v[r->attempts.n - 1];
	if (!a->learnt)
		a->learnt = mem_strdup("gained nothing; its packages were taken out again");
}
