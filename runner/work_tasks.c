#include "runner/work_tasks.h"

#include <string.h>

const char *const task_end_names[] = {"not-started", "done", "failed", "waiting", "left", NULL};
const char *const work_outcome_names[] = {
	"", "done", "improved", "stuck", "blocked", "budget", "stopped", NULL};

void
work_cleanup(struct work *w)
{
	for (size_t i = 0; w->v && i < w->plan.n; i++) {
		free(w->v[i].because);
		free(w->v[i].clash);
		strlist_cleanup(&w->v[i].needs);
		strlist_cleanup(&w->v[i].refused);
		question_list_cleanup(&w->v[i].asked);
	}
	free(w->v);
	intent_tasks_cleanup(&w->plan);
}

static size_t
count(const struct work *w, enum task_end end)
{
	size_t n = 0;
	for (size_t i = 0; i < w->plan.n; i++)
		n += w->v[i].end == end;
	return n;
}

enum work_outcome
work_conclude(const struct work *w, const struct fix_result *r, bool stands)
{
	bool stood = r->before != OUTCOME_BLOCKED && r->before != OUTCOME_UNSATISFIABLE;
	if (r->outcome == FIX_BUDGET)
		return WORK_BUDGET;
	if (count(w, TASK_DONE) == w->plan.n)
		return stands && !fix_unjudged(r) ? WORK_DONE : WORK_IMPROVED;
	if (count(w, TASK_WAITING) || (!stood && !r->layers.n))
		return WORK_BLOCKED;
	return count(w, TASK_DONE) || r->layers.n ? WORK_IMPROVED : WORK_STUCK;
}

static json_t *
questions_json(const struct question_list *l)
{
	json_t *all = question_list_to_json(l), *blocking = json_array();
	size_t i;
	json_t *one;
	json_array_foreach (all, i, one)
		if (l->v[i].blocking)
			json_array_append(blocking, one);
	json_decref(all);
	return blocking;
}

json_t *
work_tasks_json(const struct work *w)
{
	json_t *tasks = json_array();
	for (size_t i = 0; i < w->plan.n; i++) {
		const struct work_task *t = &w->v[i];
		json_array_append_new(
			tasks, json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o*}",
				       "id", t->of->id, "title", json_text(str_of(t->of->title)),
				       "outcome", task_end_names[t->end], "because",
				       t->because ? json_text(str_of(t->because)) : json_null(),
				       "because_of", json_from_strings(&t->needs), "after",
				       json_from_strings(&t->of->after), "requirements",
				       json_from_strings(&t->of->requirements), "writes",
				       json_from_strings(&t->of->writes), "questions",
				       questions_json(&t->asked), "refused",
				       json_from_strings(&t->refused), "clash",
				       t->clash ? json_text(str_of(t->clash)) : NULL));
	}
	return tasks;
}

/* Where the plan was wrong about what may be done side by side. */
static void
put_clashes(const struct work *w, struct buf *out)
{
	for (size_t i = 0; i < w->plan.n; i++) {
		const struct work_task *t = &w->v[i];
		if (!t->clash)
			continue;
		buf_printf(out, "\n%s was executed again behind others: ", t->of->id);
		buf_put_markdown(out, t->clash);
		buf_puts(out, "\n");
	}
}

char *
work_head(const struct work *w)
{
	OWN(buf) struct buf out = {0};
	buf_printf(&out, "# Work: %s\n\nPlan `%s`, approved by ", work_outcome_names[w->outcome],
		json_string_value(json_object_get(w->approval, "digest")));
	buf_put_markdown(&out, json_string_value(json_object_get(w->approval, "by")));
	buf_puts(&out, ".\n\n| task | outcome | what | because |\n|---|---|---|---|\n");
	for (size_t i = 0; i < w->plan.n; i++) {
		const struct work_task *t = &w->v[i];
		buf_printf(&out, "| %s | %s | ", t->of->id, task_end_names[t->end]);
		buf_put_markdown(&out, t->of->title);
		buf_puts(&out, " | ");
		buf_put_markdown(&out, t->because ? t->because : "");
		buf_puts(&out, " |\n");
	}
	put_clashes(w, &out);
	return buf_take(&out);
}

static void
print_task(const struct work_task *t)
{
	OWN_FREE char *line = mem_printf("%s: %s", t->of->id, t->of->title);
	fix_print_line(task_end_names[t->end], line);
	fix_print_line("", t->because);
	fix_print_line("clash", t->clash);
	for (size_t i = 0; i < t->asked.n; i++) {
		if (!t->asked.v[i].blocking)
			continue;
		fix_print_line("question", t->asked.v[i].id);
		fix_print_line("", t->asked.v[i].text);
	}
}

void
work_print(const struct run *run, const struct work *w, const struct fix_result *r)
{
	OWN(buf) struct buf name = {.max = 1024};
	OWN_FREE char *cost = mem_printf("USD %.4f, %lld tokens", r->usd, (long long)r->tokens);
	OWN_FREE char *patch = r->layers.n ? run_path(run, "fix.patch") : NULL;
	buf_put_visible(&name, str_of(r->name));
	printf("%s: %s\n", name.n ? name.p : "", work_outcome_names[w->outcome]);
	for (size_t i = 0; i < w->plan.n; i++)
		print_task(&w->v[i]);
	fix_print_line("cost", r->tokens ? cost : NULL);
	fix_print_line("why", w->outcome == WORK_DONE ? NULL : r->why);
	fix_print_line("unjudged", fix_unjudged(r));
	fix_print_branch(run, r);
	fix_print_line("no branch", json_string_value(json_object_get(r->branch, "why")));
	fix_print_line("patch", patch);
	if (w->outcome == WORK_BLOCKED)
		printf("  %-10s drydock resume %s --answers FILE\n", "then", run->id);
}
