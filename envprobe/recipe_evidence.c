/*
 * evidence.jsonl: every decision that led to the recipe, one a line: what was decided, in which attempt, what
 * showed it, and what came of it.
 */
#include "envprobe/recipe.h"

#include "base/map.h"

#include <string.h>

struct rows {
	const struct recipe_facts *f;
	struct buf *out;
};

struct row {
	const char *decision; /* "package", "option", ... */
	const char *what;
	int64_t attempt; /* 0: none, or not known */
	const char *why, *proof;
	const char *result;
};

static void
set_text(json_t *j, const char *key, const char *text)
{
	json_object_set_new(j, key, text ? json_text(str_of(text)) : json_null());
}

static void
add(struct rows *rows, struct row r)
{
	OWN_JSON json_t *j = json_object();
	set_text(j, "decision", r.decision);
	set_text(j, "what", r.what);
	json_object_set_new(j, "attempt", r.attempt ? json_integer(r.attempt) : json_null());
	set_text(j, "why", r.why);
	set_text(j, "proof", r.proof);
	set_text(j, "result", r.result);
	answers_redact_json(rows->f->answers, j);
	json_print(j, 0, rows->out);
	buf_putc(rows->out, '\n');
}

static void
add_project(struct rows *rows)
{
	const struct project *p = &rows->f->found->project;
	const struct recipe *r = rows->f->recipe;
	if (r->system)
		add(rows, (struct row){"build-system", build_system_names[r->system], 0,
				  p->evidence, NULL, "chosen"});
	for (size_t i = 0; i < p->others.n; i++)
		add(rows,
			(struct row){"build-system", p->others.v[i], 0, NULL, NULL, "not chosen"});
	for (size_t i = 0; i < r->commands.n; i++)
		add(rows, (struct row){"command", r->commands.v[i].run, 0, r->commands.v[i].why,
				  NULL, command_phase_names[r->commands.v[i].phase]});
	for (size_t i = 0; i < r->options.n; i++)
		add(rows, (struct row){"option", r->options.v[i], 0, NULL, NULL, "used"});
}

static int64_t
attempt_of(const struct attempt_list *l, const char *package)
{
	for (size_t i = 0; i < l->n; i++)
		if (strlist_has(&l->v[i].added, package))
			return l->v[i].n;
	return 0;
}

static void
add_packages(struct rows *rows)
{
	const struct attempt_list *attempts = &rows->f->found->attempts;
	const struct package_list *l = &rows->f->recipe->packages;
	OWN(map) struct map kept = {0};
	for (size_t i = 0; i < l->n; i++) {
		const struct package *p = &l->v[i];
		if (!p->requested)
			continue;
		map_put(&kept, p->name, l->v);
		add(rows, (struct row){"package", p->name, attempt_of(attempts, p->name), p->why,
				  p->proof,
				  p->proof ? "used" : "installed, and not seen being used"});
	}
	for (size_t i = 0; i < attempts->n; i++)
		for (size_t k = 0; k < attempts->v[i].added.n; k++)
			if (!map_get(&kept, attempts->v[i].added.v[k]))
				add(rows, (struct row){"package", attempts->v[i].added.v[k],
						  attempts->v[i].n, NULL, NULL, "taken out again"});
}

static void
add_inputs(struct rows *rows)
{
	const struct recipe *r = rows->f->recipe;
	for (size_t i = 0; i < r->modules.n; i++) {
		OWN_FREE char *result = mem_printf("%zu packages", r->modules.v[i].artefacts.n);
		add(rows, (struct row){"modules", module_manager_names[r->modules.v[i].manager], 0,
				  r->modules.v[i].lock_file, NULL, result});
	}
	for (size_t i = 0; i < r->environment.n; i++)
		if (r->environment.v[i].question)
			add(rows, (struct row){"variable", r->environment.v[i].name, 0,
					  r->environment.v[i].why, NULL, "set"});
	for (size_t i = 0; i < r->files.n; i++)
		add(rows, (struct row){"file", r->files.v[i].path, 0, r->files.v[i].why, NULL,
				  r->files.v[i].sample ? "a copy of a sample" : "supplied"});
	for (size_t i = 0; i < r->services.n; i++)
		add(rows, (struct row){"service", r->services.v[i].name, 0,
				  r->services.v[i].question, NULL, "started before the tests"});
	for (size_t i = 0; i < r->prompts.n; i++)
		add(rows, (struct row){"prompt", r->prompts.v[i].question, 0, r->prompts.v[i].run,
				  NULL,
				  r->prompts.v[i].value ? "the default was accepted" : "answered"});
	for (size_t i = 0; i < r->features_off.n; i++)
		add(rows, (struct row){"feature", r->features_off.v[i].feature, 0,
				  r->features_off.v[i].input, NULL, "switched off"});
	for (size_t i = 0; i < r->questions.n; i++)
		add(rows, (struct row){"question", r->questions.v[i].id, 0, r->questions.v[i].why,
				  r->questions.v[i].where,
				  r->questions.v[i].blocking ? "blocking" : "asked"});
}

static void
add_attempts(struct rows *rows)
{
	const struct attempt_list *l = &rows->f->found->attempts;
	for (size_t i = 0; i < l->n; i++) {
		const struct attempt *a = &l->v[i];
		const char *end = attempt_end_names[a->ended];
		for (size_t k = 0; k < a->decisions.n; k++)
			add(rows, (struct row){
					  "choice", a->decisions.v[k], a->n, NULL, NULL, "tried"});
		add(rows, (struct row){"attempt", end, a->n, a->learnt, a->log, end});
	}
}

void
recipe_evidence(const struct recipe_facts *f, struct buf *out)
{
	struct rows rows = {f, out};
	const struct diagnosis *d = &f->found->diagnosis;
	add_project(&rows);
	add_packages(&rows);
	add_inputs(&rows);
	add_attempts(&rows);
	add(&rows, (struct row){"outcome", run_outcome_names[f->recipe->outcome], 0, d->text,
			   d->where, diagnosis_class_names[d->class]});
}
