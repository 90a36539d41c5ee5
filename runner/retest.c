#include "runner/retest.h"

#include "runner/intake.h"

void
retest_close(struct retest *t)
{
	probe_prompter_destroy(t->prompter);
	beside_close(&t->beside);
	probe_serving_cleanup(&t->serving);
	left_cleanup(&t->left);
	free(t->log);
}

int
retest_open(const struct state *st, const struct run *run, const char *answers, const char *log,
	struct retest *ret, struct dd_err *err)
{
	struct retest *t = ret;
	*t = (struct retest){.log = run_path(run, log)};
	int rc = left_load(st, run, answers, &t->left, err);
	const struct probe_serve_spec serve = {&t->left.recipe.services, t->left.answers, run->dir,
		&run->options.peers, t->left.files.binds, t->left.files.nbinds};
	if (rc == 0)
		rc = probe_serve(&serve, &t->serving, err);
	if (rc == 0)
		rc = beside_open(st, run, answers, &t->beside, NULL, err);
	if (rc < 0)
		return rc;
	t->prompter = probe_prompter_create(t->left.answers);
	t->spec = (struct qa_spec){.state = st,
		.network_of = beside_network(&t->beside),
		.root = &t->left.root,
		.work = &t->left.work,
		.commands = &t->left.recipe.commands,
		.services = t->serving.services,
		.nservices = t->serving.nservices,
		.env = (const char *const *)t->left.env.v,
		.binds = t->serving.binds,
		.nbinds = t->serving.nbinds,
		.on_prompt = probe_answer_prompt,
		.ctx = t->prompter,
		.answers = t->left.answers,
		.log_path = t->log,
		.time_limit_ms = run->options.time_ms,
		.silence_limit_ms = run->options.silence_ms};
	return 0;
}

int
retest_source(const struct state *st, const struct run *run, struct stack *ret, struct dd_err *err)
{
	OWN_JSON json_t *step = NULL;
	struct source source = {0};
	struct stack all = {0};
	int rc = journal_find(run->journal, "source", &step, err);
	if (rc == 0 && !step)
		rc = err_set(err, DD_EINVAL, "run %s has no source", run->id);
	if (rc == 0)
		rc = json_decode(step, source_fields, false, &source, "source", err);
	if (rc == 0)
		source_stack(&source, &all);
	for (size_t i = 0; rc == 0 && i < all.n; i++)
		if (!layer_exists(st, all.v[i].s))
			rc = err_set(err, DD_EINVAL,
				"the source of run %s is not in the store any more", run->id);
	for (size_t i = 0; rc == 0 && i < all.n; i++)
		stack_push(ret, all.v[i].s);
	stack_cleanup(&all);
	source_cleanup(&source);
	return rc;
}
