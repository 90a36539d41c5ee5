#include "runner/workspace_members.h"

#include "base/fs.h"
#include "runner/guide.h"
#include "runner/page.h"

#include <string.h>

#define MAX_BYTES ((size_t)64 << 20)

void
workspace_result_cleanup(struct workspace_result *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->v[i].left);
		standup_result_cleanup(&r->v[i].r);
	}
	free(r->v);
	diagnosis_cleanup(&r->diagnosis);
	json_decref(r->together);
	free(r->recipe);
	free(r->report);
	*r = (struct workspace_result){0};
}

/* Below the folder of a member. */
static char *
path_of(const struct run *run, const char *name, const char *below)
{
	return mem_printf("%s/" RUN_MEMBERS "/%s/%s", run->dir, name, below);
}

static json_t *
text_or_null(const char *s)
{
	return s ? json_text(str_of(s)) : json_null();
}

/* ---- as an object ---- */

static json_t *
member_to_json(const struct workspace_member *m, const struct member_result *x)
{
	const struct probe_result *p = &x->r.probe;
	json_t *j = json_pack("{s:s, s:o, s:o}", "name", m->name, "source",
		json_text(str_of(m->source)), "needs", json_from_strings(&m->needs));
	json_object_set_new(
		j, "outcome", x->left ? json_null() : json_string(run_outcome_names[p->outcome]));
	json_object_set_new(j, "left", text_or_null(x->left));
	json_object_set_new(j, "diagnosis", json_encode(diagnosis_fields, &p->diagnosis));
	json_object_set_new(j, "tests",
		json_pack("{s:I, s:I, s:I}", "passed", (json_int_t)p->tests.passed, "failed",
			(json_int_t)p->tests.failed, "skipped", (json_int_t)p->tests.skipped));
	json_object_set_new(j, "services", service_list_to_json(&p->services));
	json_object_set_new(
		j, "start", p->start.run ? json_encode(start_fields, &p->start) : json_null());
	json_object_set_new(j, "questions", question_list_to_json(&p->questions));
	if (x->r.differences)
		json_object_set(j, "differences", x->r.differences);
	json_object_set_new(j, "recipe", text_or_null(x->r.recipe));
	json_object_set_new(j, "report", text_or_null(x->r.report));
	json_object_set_new(j, "seconds", json_real(x->r.seconds));
	return j;
}

json_t *
workspace_to_json(const struct run *run, const struct workspace *w,
	const struct workspace_result *r, const struct answers *answers)
{
	json_t *members = json_array();
	for (size_t i = 0; i < r->n; i++)
		json_array_append_new(members, member_to_json(&w->members.v[i], &r->v[i]));
	json_t *j = json_pack("{s:s, s:o, s:s, s:o, s:o, s:O?, s:o, s:o, s:f}", "run", run->id,
		"workspace", json_text(str_of(w->workspace)), "outcome",
		run_outcome_names[r->outcome], "diagnosis",
		json_encode(diagnosis_fields, &r->diagnosis), "members", members, "together",
		r->together, "recipe", text_or_null(r->recipe), "report", text_or_null(r->report),
		"seconds", r->seconds);
	answers_redact_json(answers, j);
	return j;
}

/* ---- the lock, and what only a person can say ---- */

static int
write_lock(const struct run *run, const struct workspace *w, struct workspace_result *r,
	struct dd_err *err)
{
	OWN_FREE char *lock = run_path(run, "recipe/" WORKSPACE_LOCK);
	OWN_JSON json_t *names = json_array();
	OWN(buf) struct buf out = {0};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < r->n; i++) {
		OWN(buf) struct buf text = {0};
		const char *name = w->members.v[i].name;
		OWN_FREE char *dir = mem_printf("%s/recipe/%s", run->dir, name);
		OWN_FREE char *to = fs_join(dir, "drydock.lock.json");
		if (!r->v[i].r.recipe) /* a part of them is no recipe of the whole */
			return 0;
		json_array_append_new(names, json_string(name));
		rc = fs_mkdirs(dir, 0755, err);
		if (rc == 0)
			rc = fs_read(r->v[i].r.recipe, MAX_BYTES, &text, err);
		if (rc == 0)
			rc = fs_write_atomic(to, buf_str(&text), 0644, err);
	}
	OWN_JSON json_t *j = json_pack("{s:i, s:o, s:O}", "version", 1, "workspace",
		json_text(str_of(w->workspace)), "members", names);
	json_print(j, 2, &out);
	buf_putc(&out, '\n');
	if (rc == 0)
		rc = fs_write_atomic(lock, buf_str(&out), 0644, err);
	if (rc == 0)
		r->recipe = TAKE(lock);
	return rc;
}

static int
write_needs(const struct run *run, const struct workspace *w, const struct workspace_result *r,
	struct dd_err *err)
{
	OWN_FREE char *dir = run_path(run, "recipe"), *md = fs_join(dir, "NEEDS.md"),
		      *json = fs_join(dir, "needs.json");
	OWN_JSON json_t *all = json_object();
	OWN(buf) struct buf text = {0}, data = {0};
	int rc = fs_mkdirs(dir, 0755, err);
	for (size_t i = 0; rc == 0 && i < r->n; i++) {
		const char *name = w->members.v[i].name;
		OWN_FREE char *one_md = path_of(run, name, "recipe/NEEDS.md"),
			      *one_json = path_of(run, name, "recipe/needs.json");
		json_t *j = NULL;
		if (r->v[i].left)
			continue;
		buf_printf(&text, "%s<!-- member %s -->\n\n", i ? "\n" : "", name);
		rc = fs_read(one_md, MAX_BYTES, &text, err);
		if (rc == 0)
			rc = json_parse_file(one_json, MAX_BYTES, &j, err);
		if (rc == 0)
			json_object_set_new(all, name, j);
	}
	json_print(all, 2, &data);
	buf_putc(&data, '\n');
	if (rc == 0)
		rc = fs_write_atomic(md, buf_str(&text), 0644, err);
	return rc ? rc : fs_write_atomic(json, buf_str(&data), 0644, err);
}

/* ---- the guide ---- */

static void
put_before(char **text, const char *name, const char *between)
{
	OWN_FREE char *was = TAKE(*text);
	*text = mem_printf("%s%s%s", name, between, was ? was : "");
}

/* Its parts weigh as much as those of any other. */
static int
add_guide(const struct run *run, const char *name, size_t n, struct guide *to, struct dd_err *err)
{
	OWN_FREE char *path = path_of(run, name, "guide.json");
	OWN_JSON json_t *j = NULL;
	struct guide one = {0};
	int rc = json_parse_file(path, MAX_BYTES, &j, err);
	if (rc == 0)
		rc = json_decode(j, guide_fields, false, &one, path, err);
	for (size_t i = 0; rc == 0 && i < one.parts.n; i++) {
		struct guide_part *p = guide_part_list_add(&to->parts);
		*p = one.parts.v[i];
		one.parts.v[i] = (struct guide_part){0};
		p->weight /= (double)n;
		put_before(&p->name, name, ": ");
		put_before(&p->evidence, name, "/");
		put_before(&p->evidence, RUN_MEMBERS, "/");
	}
	for (size_t i = 0; rc == 0 && i < one.items.n; i++) {
		struct guide_item *it = guide_item_list_add(&to->items);
		*it = one.items.v[i];
		one.items.v[i] = (struct guide_item){0};
		put_before(&it->id, name, "/");
		put_before(&it->task, name, ": ");
	}
	guide_cleanup(&one);
	return rc;
}

/* One that was not stood up has nothing that is done. */
static void
add_left(const char *name, size_t n, struct guide *to)
{
	OWN_FREE char *what = mem_printf("%s: all", name);
	guide_add_part(to, what, 100.0 / (double)n, 0, "result.json",
		mem_strdup("what it needs did not come up"));
}

static int
write_guide(const struct run *run, const struct workspace *w, const struct workspace_result *r,
	const struct answers *answers, struct dd_err *err)
{
	struct guide g = {.run = mem_strdup(run->id),
		.asked = mem_printf(
			"find out what the members of %s need, build them, run their tests",
			w->workspace),
		.outcome = mem_strdup(run_outcome_names[r->outcome])};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < r->n; i++) {
		const char *name = w->members.v[i].name;
		if (r->v[i].left)
			add_left(name, r->n, &g);
		else
			rc = add_guide(run, name, r->n, &g, err);
	}
	guide_finish(&g);
	if (rc == 0)
		rc = guide_write(run, &g, answers, err);
	guide_cleanup(&g);
	return rc;
}

/* ---- the report ---- */

static void
put_member(struct page *p, const struct workspace_member *m, const struct member_result *x)
{
	const struct test_run *t = &x->r.probe.tests;
	OWN(buf) struct buf needs = {0};
	OWN_FREE char *tests = mem_printf("%lld passed, %lld failed, %lld skipped",
		(long long)t->passed, (long long)t->failed, (long long)t->skipped);
	OWN_FREE char *report = mem_printf(RUN_MEMBERS "/%s/report.html", m->name);
	for (size_t i = 0; i < m->needs.n; i++)
		buf_printf(&needs, "%s%s", i ? ", " : "", m->needs.v[i]);
	const char *cells[] = {m->name, needs.p,
		x->left ? "not stood up" : run_outcome_names[x->r.probe.outcome],
		x->left ? x->left : tests, x->left ? "" : report};
	page_put_row(p, cells, 5);
}

static int
write_report(const struct run *run, const struct workspace *w, struct workspace_result *r,
	const struct answers *answers, struct dd_err *err)
{
	static const char *const heads[] = {"Member", "Needs", "Outcome", "Tests", "Report", NULL};
	struct page p = {.answers = answers};
	r->report = run_path(run, "report.html");
	page_begin(&p, w->workspace, run_outcome_names[r->outcome]);
	page_put_paragraph(&p, "Diagnosis: ", r->diagnosis.text);
	page_put_paragraph(&p, "Together: ",
		!r->together ? "they were not started together"
		: json_string_value(json_object_get(r->together, "why"))
			? json_string_in(r->together, "why")
			: "all of them run in one network");
	page_begin_table(&p, "Members", heads);
	for (size_t i = 0; i < r->n; i++)
		put_member(&p, &w->members.v[i], &r->v[i]);
	page_end_table(&p, 0);
	return page_write(&p, r->report, err);
}

static int
write_result(const struct run *run, const struct workspace *w, const struct workspace_result *r,
	const struct answers *answers, struct dd_err *err)
{
	OWN_FREE char *path = run_path(run, "result.json");
	OWN_JSON json_t *j = workspace_to_json(run, w, r, answers);
	OWN(buf) struct buf text = {0};
	json_print(j, 2, &text);
	buf_putc(&text, '\n');
	return fs_write_atomic(path, buf_str(&text), 0600, err);
}

int
workspace_write(const struct run *run, const struct workspace *w, struct workspace_result *r,
	const struct answers *answers, struct dd_err *err)
{
	int rc = write_needs(run, w, r, err);
	rc = rc ? rc : write_lock(run, w, r, err);
	rc = rc ? rc : write_guide(run, w, r, answers, err);
	rc = rc ? rc : write_report(run, w, r, answers, err);
	rc = rc ? rc : write_result(run, w, r, answers, err);
	return rc < 0 ? err_wrap(err, "report") : 0;
}
