/* Where a repair stood, and going on from there. */
#include "runner/fix_loop.h"

void
fix_point_cleanup(struct fix_point *p)
{
	strlist_cleanup(&p->layers);
	strlist_cleanup(&p->authors);
	strlist_cleanup(&p->lost);
	case_result_list_cleanup(&p->cases);
	*p = (struct fix_point){0};
}

void
fix_point_take(const struct fixing *f, struct fix_point *ret)
{
	*ret = (struct fix_point){.there = true, .best_n = f->best_n};
	strlist_copy(&ret->layers, &f->r->layers);
	strlist_copy(&ret->authors, &f->r->authors);
	if (f->models)
		strlist_copy(&ret->lost, &f->models->lost);
	case_result_list_copy(&ret->cases, &f->cases);
}

static void
replace(struct strlist *l, const struct strlist *by)
{
	strlist_cleanup(l);
	strlist_copy(l, by);
}

/* The best of then: its part is there, and gives what it gave. */
static int
stand_up_again(struct fixing *f, int64_t n, struct dd_err *err)
{
	OWN_FREE char *name = mem_printf("attempt-%lld", (long long)n);
	struct standup_result best = {0};
	int rc = n ? fix_stand_up_part(f, name, NULL, &best, err) : 0;
	if (rc < 0)
		return rc;
	if (f->has_best)
		standup_result_cleanup(&f->best);
	f->best = best;
	f->has_best = n != 0;
	f->best_n = n;
	return 0;
}

int
fix_point_return(struct fixing *f, const struct fix_point *p, struct dd_err *err)
{
	int rc = f->best_n == p->best_n ? 0 : stand_up_again(f, p->best_n, err);
	if (rc < 0)
		return rc;
	replace(&f->r->layers, &p->layers);
	replace(&f->r->authors, &p->authors);
	if (f->models)
		replace(&f->models->lost, &p->lost);
	case_result_list_cleanup(&f->cases);
	case_result_list_copy(&f->cases, &p->cases);
	return 0;
}
