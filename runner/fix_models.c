/* Which models a repair may ask, and the ladder they are asked by. */
#include "runner/fix_author.h"

#include "runner/commands.h"
#include "runner/models_files.h"

#include <string.h>

/* "2.50" in billionths; NULL gives 0. */
static int
read_usd(const char *text, int64_t *ret, struct dd_err *err)
{
	char *end = NULL;
	double usd = text ? strtod(text, &end) : 0;
	if (text && (end == text || *end || !(usd > 0) || usd > 1e6))
		return err_set(err, DD_EINVAL, "--budget-usd: \"%s\" is no amount", text);
	*ret = (int64_t)(usd * 1e9);
	return 0;
}

static int
look_at_models(const char *file, const char *needed_by, struct dd_err *err)
{
	OWN(models) struct models all = {0};
	OWN(dd_err) struct dd_err why = {0};
	if (models_files_load(file, &all, &why) < 0)
		return err_set(err, DD_EINVAL, "%s", err_msg(&why));
	if (needed_by && !author_first(&all))
		return err_set(err, DD_EINVAL,
			"%s needs a model that may write, and none can be asked (drydock models says why)",
			needed_by);
	return 0;
}

int
fix_take_spending(const struct spending_options *o, const char *needed_by, struct run_options *ret,
	struct dd_err *err)
{
	int rc = o->time > 1000000000 || o->budget_tokens > INT64_MAX / 2
			 ? err_set(err, DD_EINVAL, "a limit is out of range")
			 : read_usd(o->budget_usd, &ret->budget_nano_usd, err);
	if (rc == 0)
		rc = look_at_models(o->models, needed_by, err);
	if (rc == 0)
		rc = command_absolute_path(o->models, &ret->models, err);
	ret->budget_tokens = (int64_t)o->budget_tokens;
	ret->fix_ms = (int64_t)o->time * 1000;
	return rc;
}

static int
open_calls(const struct run *run, const struct answers *answers, struct fix_models *m,
	struct dd_err *err)
{
	const struct run_options *o = &run->options;
	const struct budget b = {.tokens = o->budget_tokens ? o->budget_tokens : -1,
		.nano_usd = o->budget_nano_usd ? o->budget_nano_usd : -1};
	int rc = calls_open(run->dir, &m->all, &m->calls, err);
	if (rc < 0)
		return rc;
	m->shared = o->jobs > 1;
	calls_set_secrets(m->calls, answers);
	return calls_set_budget(m->calls, &b, err);
}

void
fix_models_rest(struct fix_models *m)
{
	if (m)
		calls_close(TAKE(m->calls));
}

int
fix_models_wake(const struct run *run, const struct answers *answers, struct fix_models *m,
	bool beside, struct dd_err *err)
{
	if (!m)
		return 0;
	if (!beside)
		return open_calls(run, answers, m, err);
	int rc = calls_open_beside(run->dir, &m->all, &m->calls, err);
	if (rc == 0)
		calls_set_secrets(m->calls, answers);
	return rc;
}

int
fix_models_open(const struct run *run, const struct answers *answers, struct fix_models **ret,
	struct dd_err *err)
{
	struct fix_models *m = mem_new(struct fix_models);
	*m = (struct fix_models){0};
	int rc = models_files_load(run->options.models, &m->all, err);
	bool any = rc == 0 && author_first(&m->all);
	if (any)
		rc = open_calls(run, answers, m, err);
	if (rc < 0 || !any) {
		fix_models_close(m);
		m = NULL;
	}
	if (rc == 0)
		*ret = m;
	return rc;
}

void
fix_models_close(struct fix_models *m)
{
	if (!m)
		return;
	calls_close(m->calls);
	models_cleanup(&m->all);
	strlist_cleanup(&m->lost);
	free(m);
}

static const struct model *
author_here(const struct fix_models *m)
{
	const struct model_rung *rung = models_rung(&m->all, m->rung);
	const struct model *author = rung ? author_of_rung(&m->all, rung) : NULL;
	return author && !strlist_has(&m->lost, author->name) ? author : NULL;
}

const struct model *
fix_models_author(struct fix_models *m)
{
	while (models_rung(&m->all, m->rung) && !author_here(m)) {
		m->rung++;
		m->candidates = 0;
	}
	return author_here(m);
}

void
fix_models_after(struct fix_models *m, bool kept)
{
	const struct model_rung *rung = models_rung(&m->all, m->rung);
	if (kept) {
		m->rung = 0;
		m->candidates = 0;
	} else if (rung && ++m->candidates >= rung->candidates) {
		m->rung++;
		m->candidates = 0;
	}
}
