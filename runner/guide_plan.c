/* What of a plan, or of a repair, is proven, and what is left of it for people. */
#include "runner/guide.h"
#include "runner/work_tasks.h"

#include <string.h>

#define WEIGHT_REQUIREMENTS 80.0
#define WEIGHT_BUILD 10.0
#define WEIGHT_TESTS 10.0
#define MAX_CASES 40 /* of failing ones; the rest is one item */

struct evaluation {
	const struct run *run;
	const struct work *w; /* NULL: a repair */
	const struct fix_result *r;
	struct guide *g;
};

static bool
is_of(const struct fix_attempt *a, const struct work_task *t)
{
	return a->task && strcmp(a->task, t->of->id) == 0;
}

static const struct fix_attempt *
last_attempt(const struct evaluation *e, const struct work_task *t, bool kept)
{
	for (size_t i = e->r->attempts.n; i-- > 0;) {
		const struct fix_attempt *a = &e->r->attempts.v[i];
		if (is_of(a, t) && (!kept || a->verdict == VERDICT_KEPT))
			return a;
	}
	return NULL;
}

/* A case of a test passes with it that did not before: that it compiles and builds shows no requirement. */
static bool
is_shown(const struct evaluation *e, const struct work_task *t)
{
	for (size_t i = 0; i < e->r->attempts.n; i++) {
		const struct fix_attempt *a = &e->r->attempts.v[i];
		for (size_t c = 0; is_of(a, t) && a->verdict == VERDICT_KEPT && c < a->better.n;
			c++)
			if (str_starts(str_of(a->better.v[c]), "test/"))
				return true;
	}
	return false;
}

/* ---- what is proven ---- */

/* Half for each of its tasks that is done, the other half where a case shows it. */
static void
add_requirement(const struct evaluation *e, const struct intent_requirement *wanted, double weight)
{
	OWN(buf) struct buf how = {.max = 4000};
	OWN_FREE char *evidence = NULL;
	double done = 0;
	size_t tasks = 0;
	buf_printf(&how, "%s", wanted->text);
	for (size_t i = 0; i < e->w->plan.n; i++) {
		const struct work_task *t = &e->w->v[i];
		const struct fix_attempt *a = last_attempt(e, t, true);
		bool over = t->end == TASK_DONE, shown = over && is_shown(e, t);
		if (!strlist_has(&t->of->requirements, wanted->id))
			continue;
		tasks++;
		done += (over ? 0.5 : 0) + (shown ? 0.5 : 0);
		buf_printf(&how, "; %s is %s%s", t->of->id, task_end_names[t->end],
			!over	? ""
			: shown ? ", and a case passes that did not"
				: ", and no case shows it: half of it");
		if (over && a && !evidence)
			evidence = mem_printf("attempt-%lld/tests.jsonl", (long long)a->n);
	}
	guide_add_part(e->g, wanted->id, weight, tasks ? done / (double)tasks : 0,
		evidence ? evidence : "result.json", buf_take(&how));
}

static void
add_state(const struct evaluation *e, double build, double test)
{
	size_t passed = 0, tests = 0;
	bool built = false;
	for (size_t i = 0; i < e->r->is.n; i++) {
		bool ok = e->r->is.v[i].status == TEST_PASSED;
		if (strcmp(e->r->is.v[i].id, "build") == 0)
			built = ok;
		if (!str_starts(str_of(e->r->is.v[i].id), "test/"))
			continue;
		tests++;
		passed += ok;
	}
	guide_add_part(e->g, "build", build, built, "result.json",
		mem_strdup("all or nothing: with all that was kept, the build came to its end"));
	guide_add_part(e->g, "tests", test, tests ? (double)passed / (double)tests : 0,
		"result.json",
		mem_printf("%zu of %zu cases pass with all that was kept", passed, tests));
}

static void
add_parts(const struct evaluation *e)
{
	const struct intent_tasks *plan = &e->w->plan;
	for (size_t i = 0; i < plan->nwanted; i++)
		add_requirement(e, &plan->wanted[i], WEIGHT_REQUIREMENTS / (double)plan->nwanted);
	add_state(e, WEIGHT_BUILD, WEIGHT_TESTS);
}

/* ---- tasks that are left ---- */

static const char *
failed_gate(const struct fix_attempt *a)
{
	for (int g = 0; g < GATES; g++)
		if (a->gates[g] == GATE_FAILED)
			return gate_names[g];
	return NULL;
}

static char *
why_left(const struct evaluation *e, const struct work_task *t)
{
	const struct fix_attempt *a = last_attempt(e, t, false);
	if (t->end != TASK_FAILED || !a)
		return mem_printf(
			"it is %s: %s", task_end_names[t->end], t->because ? t->because : "");
	if (a->verdict == VERDICT_KEPT)
		return mem_printf("a part of it is kept (attempt %lld), and nothing shows the rest",
			(long long)a->n);
	if (failed_gate(a))
		return mem_printf(
			"attempt %lld did not pass the gate %s", (long long)a->n, failed_gate(a));
	return mem_printf("attempt %lld gave no change that could be kept", (long long)a->n);
}

static char *
path_of(const struct work_task *t, const char *plan)
{
	OWN(buf) struct buf out = {.max = 4000};
	for (size_t i = 0; i < t->refused.n; i++)
		buf_printf(&out, "%s%s", i ? ", " : "", t->refused.v[i]);
	if (out.n)
		return mem_printf(
			"it was tried to change %s, too, which it does not write: if that is right, add it to its `writes` in %s, approve and work again",
			out.p, plan);
	if (t->end == TASK_NOT_STARTED)
		return mem_strdup("it can begin when what it is after is done");
	return mem_printf(
		"do it on the branch by hand, or say in %s more exactly what is wanted, approve and work again",
		plan);
}

static void
add_task(const struct evaluation *e, const struct work_task *t)
{
	const char *plan = json_string_value(json_object_get(e->w->approval, "path"));
	size_t files = t->of->writes.n;
	struct guide_item *it = guide_add(e->g, WORK_TASK, 1);
	guide_add_hours(it, WORK_FILE, files ? (double)(files - 1) : 0);
	it->id = mem_printf("task:%s", t->of->id);
	it->gap = GAP_MAJOR;
	it->task = mem_printf("Do %s: %s", t->of->id, t->of->title);
	it->why = why_left(e, t);
	it->path = path_of(t, plan ? plan : "the plan");
	if (t->end == TASK_WAITING)
		it->first_step = mem_printf(
			"answer what it asks; drydock resume %s --answers FILE", e->run->id);
	else if (t->needs.n)
		it->first_step = mem_printf("see to %s", t->needs.v[0]);
	else
		it->first_step = mem_printf("read the task in %s beside %s",
			plan ? plan : "the plan", files ? t->of->writes.v[0] : "the tree");
	strlist_copy(&it->files, &t->of->writes);
}

/* The next who executes the plan, or one like it, meets it again. */
static void
add_clash(const struct evaluation *e, const struct work_task *t)
{
	const char *plan = json_string_value(json_object_get(e->w->approval, "path"));
	struct guide_item *it = guide_add(e->g, WORK_READ, 1);
	it->id = mem_printf("beside:%s", t->of->id);
	it->gap = GAP_MINOR;
	it->task = mem_printf(
		"Find out what %s has to do with the tasks that `parallel with` names", t->of->id);
	it->why = mem_printf(
		"the plan says that they cannot meet, and they did, so that it was executed again behind them: %s",
		t->clash);
	it->first_step = mem_strdup("read what failed beside the commits before the task's");
	it->path = mem_printf("in %s, put the task `after` the one that it meets, and approve",
		plan ? plan : "the plan");
	strlist_copy(&it->files, &t->of->writes);
}

static void
add_tasks(const struct evaluation *e)
{
	for (size_t i = 0; i < e->w->plan.n; i++) {
		const struct work_task *t = &e->w->v[i];
		for (size_t q = 0; q < t->asked.n; q++)
			if (t->asked.v[q].blocking)
				guide_add_question(e->g, e->run, &t->asked.v[q]);
		if (t->end != TASK_DONE)
			add_task(e, t);
		if (t->clash)
			add_clash(e, t);
	}
}

/* ---- what nobody measured ---- */

static void
add_unshown(const struct evaluation *e)
{
	for (size_t i = 0; i < e->w->plan.n; i++) {
		const struct work_task *t = &e->w->v[i];
		if (t->end != TASK_DONE || is_shown(e, t))
			continue;
		struct guide_item *it = guide_add(e->g, WORK_SHOW, 1);
		it->id = mem_printf("unshown:%s", t->of->id);
		it->gap = GAP_MINOR;
		it->task = mem_printf("Show by a test that %s does what it is for", t->of->id);
		it->why = mem_strdup(
			"no case passes with it that did not before: author and reviewer say that it is done");
		it->first_step = mem_printf("write the check of %s as a case",
			t->of->requirements.n ? t->of->requirements.v[0] : t->of->id);
		it->path = mem_strdup(
			"see it red on the commit before the task's, and green on the branch");
		strlist_copy(&it->files, &t->of->writes);
	}
}

static enum test_status
status_before(const struct fix_result *r, const char *id)
{
	for (size_t i = 0; i < r->was.n; i++)
		if (strcmp(r->was.v[i].id, id) == 0)
			return r->was.v[i].status;
	return TEST_SKIPPED;
}

static void
add_case(const struct evaluation *e, const struct case_result *c)
{
	struct guide_item *it = guide_add(e->g, WORK_TEST, 1);
	bool before = status_before(e->r, c->id) == c->status;
	it->id = mem_strdup(c->id);
	it->gap = GAP_MAJOR;
	it->task = mem_printf("Mend %s", c->id);
	it->why = mem_printf(
		"it ended %s%s", test_status_names[c->status], before ? ", as it did before" : "");
	it->first_step = mem_strdup("run it by hand on the branch");
	it->path = mem_strdup("decide whether the application or the case is wrong, and mend that");
}

static void
add_cases(const struct evaluation *e)
{
	size_t n = 0;
	for (size_t i = 0; i < e->r->is.n; i++) {
		const struct case_result *c = &e->r->is.v[i];
		if ((c->status == TEST_FAILED || c->status == TEST_ERROR) && n++ < MAX_CASES)
			add_case(e, c);
	}
	if (n <= MAX_CASES)
		return;
	struct guide_item *it = guide_add(e->g, WORK_TEST_MORE, (double)(n - MAX_CASES));
	it->id = mem_strdup("test:others");
	it->gap = GAP_MAJOR;
	it->task = mem_printf("Mend %zu more cases that fail", n - MAX_CASES);
	it->why = mem_strdup("result.json has them all");
	it->first_step = mem_strdup("mend the first: many may have one cause");
	it->path = mem_strdup("then work, or up, again");
}

/* ---- review ---- */

static void
add_unjudged(const struct evaluation *e)
{
	for (size_t i = 0; i < e->r->attempts.n; i++) {
		const struct fix_attempt *a = &e->r->attempts.v[i];
		const char *ended = json_string_value(json_object_get(a->judged, "ended"));
		size_t k;
		json_t *file;
		if (a->verdict != VERDICT_KEPT || !ended)
			continue;
		struct guide_item *it = guide_add(e->g, WORK_READ, 1);
		it->id = mem_printf("unjudged:%lld", (long long)a->n);
		it->gap = GAP_MAJOR;
		it->task = mem_printf(
			"Say whether the change of attempt %lld repairs, or only makes the tests pass",
			(long long)a->n);
		it->why = mem_printf("it was not judged to its end: %s", ended);
		it->first_step = mem_strdup("read its commit beside the cases that pass with it");
		it->path = mem_strdup("see to what kept it from being judged, and work again");
		json_array_foreach (json_object_get(a->changes, "files"), k, file)
			strlist_add(&it->files, json_string_value(json_object_get(file, "path")));
	}
}

/* Dependencies with a known vulnerability, an item an advisory and file. */
static void
add_vulnerable(const struct evaluation *e)
{
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(e->r->security, "vulnerable"), i, one) {
		const char *id = json_string_in(one, "advisory"),
			   *path = json_string_in(one, "path");
		bool known = json_is_true(json_object_get(one, "known"));
		if (i == MAX_CASES)
			break;
		struct guide_item *it = guide_add(e->g, WORK_RENEW, 1);
		it->id = mem_printf("advisory:%s:%s", id, path);
		it->gap =
			strcmp(json_string_in(one, "level"), "error") == 0 ? GAP_MAJOR : GAP_MINOR;
		it->task = mem_printf("Renew what %s names in %s", id, path);
		it->why = mem_printf("%s%s", json_string_in(one, "text"),
			known ? "; the source has it, too" : "; a change brought it");
		it->first_step = mem_strdup("read the advisory: is what it is about used here?");
		it->path = mem_strdup(
			"take a version that it does not name, then fix with --osv to see the tests pass");
		strlist_add(&it->files, path);
	}
}

static size_t
count_unreviewed(const struct fix_result *r)
{
	size_t n = 0;
	for (size_t i = 0; i < r->attempts.n; i++)
		n += r->attempts.v[i].verdict == VERDICT_KEPT &&
		     r->attempts.v[i].gates[GATE_REVIEW] != GATE_PASSED;
	return n;
}

static void
add_review(const struct evaluation *e)
{
	const struct fix_result *r = e->r;
	const char *branch = json_string_value(json_object_get(r->branch, "branch"));
	size_t alone = count_unreviewed(r), i;
	json_t *file;
	if (!r->layers.n)
		return;
	struct guide_item *it = guide_add(e->g, WORK_READ, (double)r->layers.n);
	it->id = mem_strdup("review:branch");
	it->gap = GAP_REVIEW;
	it->task = mem_printf("Review %zu changes", r->layers.n);
	it->why =
		alone ? mem_printf("%zu of them were reviewed by no model of another family", alone)
		      : mem_strdup("models wrote and reviewed them; a person has not");
	it->first_step = branch ? mem_printf("git log -p %s, a commit a change", branch)
				: mem_strdup("read fix.patch beside pr.md");
	it->path = mem_strdup(e->w ? "hold each commit against the requirements that it names"
				   : "hold each commit against the cases that failed before");
	json_array_foreach (json_object_get(r->changes, "files"), i, file)
		strlist_add(&it->files, json_string_value(json_object_get(file, "path")));
	it = guide_add(e->g, WORK_QA, 1);
	it->id = mem_strdup("review:application");
	it->gap = GAP_REVIEW;
	it->task = mem_strdup(e->w ? "Use the application once, along the requirements"
				   : "Use the application once, where it was changed");
	it->why = mem_strdup("tests show what their authors thought of");
	it->first_step = branch ? mem_printf("git switch %s; drydock up .", branch)
				: mem_strdup("apply fix.patch; drydock up .");
	it->path = mem_strdup(
		e->w ? "go through each requirement's check with somebody who asked for it"
		     : "go through what did not work before with somebody who needs it");
}

/* ---- a repair ---- */

#define WEIGHT_WANTED 60.0
#define WEIGHT_STANDS 20.0 /* of the build, and of the tests */
#define MAX_ERRORS 20

static bool
has_failed(enum test_status s)
{
	return s == TEST_FAILED || s == TEST_ERROR;
}

/* Cases that failed before, or what the goal asks for, which only the whole of gates and review can say. */
static void
add_wanted(const struct evaluation *e)
{
	size_t failed = 0, mended = 0;
	bool reached = e->r->outcome == FIX_FIXED || e->r->outcome == FIX_CLEAN;
	for (size_t i = 0; i < e->r->was.n; i++) {
		const struct case_result *c = &e->r->was.v[i];
		if (!has_failed(c->status))
			continue;
		failed++;
		for (size_t k = 0; k < e->r->is.n; k++)
			mended += strcmp(e->r->is.v[k].id, c->id) == 0 &&
				  e->r->is.v[k].status == TEST_PASSED;
	}
	if (e->run->options.goal)
		guide_add_part(e->g, "goal", WEIGHT_WANTED, reached, "result.json",
			mem_strdup(
				"all or nothing: its author says so, and no gate and no reviewer says otherwise"));
	else
		guide_add_part(e->g, "mended", WEIGHT_WANTED,
			failed ? (double)mended / (double)failed : 1, "result.json",
			mem_printf("%zu of %zu cases that failed before pass", mended, failed));
}

/* What the last look of a rule at the sources could not repair. */
static void
add_errors(const struct evaluation *e)
{
	const struct fix_attempt_list *l = &e->r->attempts;
	const json_t *left = NULL;
	size_t i, n = 0;
	json_t *one;
	for (i = l->n; !json_array_size(left) && i-- > 0;)
		left = json_object_get(l->v[i].proposed, "left");
	json_array_foreach ((json_t *)left, i, one) {
		const char *path = json_string_in(one, "path");
		int64_t line = json_integer_value(json_object_get(one, "line"));
		if (n++ == MAX_ERRORS)
			break;
		struct guide_item *it = guide_add(e->g, WORK_BUILD, 1);
		it->id = mem_printf("error:%s:%lld", path, (long long)line);
		it->gap = GAP_MAJOR;
		it->task = mem_printf("Mend what is wrong at %s, line %lld", path, (long long)line);
		it->why = mem_strdup(json_string_in(one, "message"));
		it->first_step = mem_printf("read %s at line %lld", path, (long long)line);
		it->path = mem_strdup("mend it on the branch by hand, then fix again");
		strlist_addf(&it->files, "%s:%lld", path, (long long)line);
	}
}

static void
add_decision(const struct evaluation *e)
{
	const struct flips_conflict *c = &e->r->conflict;
	if (!c->left.n || !c->right.n)
		return;
	struct guide_item *it = guide_add(e->g, WORK_DECIDE, 1);
	it->id = mem_printf("decide:%s", c->left.v[0]);
	it->gap = GAP_CRITICAL;
	it->task = mem_printf("Decide between %s and %s", c->left.v[0], c->right.v[0]);
	it->why = mem_strdup("each passes in an attempt, and no attempt passes both");
	it->first_step = mem_strdup("read pr.md: it has the two sides, each with its branch");
	it->path = mem_strdup("take one side, and change the case of the other");
	strlist_copy(&it->files, &c->files);
}

static void
add_side(const struct evaluation *e, const char *one, const char *other, const char *why)
{
	struct guide_item *it = guide_add(e->g, WORK_DECIDE, 1);
	it->id = mem_printf("decide:%s", other);
	it->gap = GAP_CRITICAL;
	it->task = mem_printf("Decide between \"%s\" and \"%s\"", one, other);
	it->why = mem_strdup(why);
	it->first_step = mem_strdup("ask who wrote the one and who needs the other");
	it->path = mem_strdup("change the guidance, or the other side, then refine again");
}

/* Of a refinement: what its guidance is against, by its words and by the cases that each change for it broke.  False: nothing. */
static bool
add_contradictions(const struct evaluation *e)
{
	const json_t *broken = json_object_get(e->r->told, "forbidden_by"),
		     *words = json_object_get(e->r->told, "contradictions");
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)words, i, one)
		add_side(e, json_string_in(one, "guidance"), json_string_in(one, "against"),
			json_string_in(one, "why"));
	json_array_foreach ((json_t *)broken, i, one)
		add_side(e, e->g->asked, json_string_value(one),
			"each change that was made for it broke the case");
	return json_array_size(words) + json_array_size(broken) > 0;
}

/* Of a rebase: what people have to decide, as no model did.  False: nothing. */
static bool
add_conflicts(const struct evaluation *e)
{
	size_t i, k;
	json_t *commit, *file;
	bool any = false;
	json_array_foreach (json_object_get(e->r->told, "commits"), i, commit) {
		if (strcmp(json_string_in(commit, "result"), "conflict") != 0)
			continue;
		json_array_foreach (json_object_get(commit, "conflicts"), k, file) {
			struct guide_item *it = guide_add(e->g, WORK_DECIDE, 1);
			const char *path = json_string_in(file, "path");
			it->id = mem_printf("conflict:%s", path);
			it->gap = GAP_CRITICAL;
			it->task = mem_printf("Merge %s: the commit %.12s and what is there now",
				path, json_string_in(commit, "commit"));
			it->why = mem_strdup(e->r->why ? e->r->why : "both changed it");
			it->first_step = mem_printf("git cherry-pick %.12s, on a branch of yours",
				json_string_in(commit, "commit"));
			it->path = mem_strdup(
				"write what does both, test it, then go on with the commits behind it");
			strlist_add(&it->files, path);
			any = true;
		}
	}
	return any;
}

/* Nothing fails that could be named, and yet it is not what was asked for. */
static void
add_rest(const struct evaluation *e)
{
	bool done = e->r->outcome == FIX_FIXED || e->r->outcome == FIX_CLEAN;
	const char *goal = e->run->options.goal ? e->g->asked : NULL;
	if (done || add_contradictions(e) || add_conflicts(e) || (!goal && e->g->items.n))
		return;
	struct guide_item *it = guide_add(e->g, goal ? WORK_TASK : WORK_BUILD, 1);
	it->id = mem_strdup(goal ? "goal" : "outcome");
	it->gap = GAP_MAJOR;
	it->task = goal ? mem_printf("Reach the goal: %s", goal)
			: mem_printf("See to what ended the repair as %s",
				  fix_outcome_names[e->r->outcome]);
	it->why = mem_strdup(e->r->why ? e->r->why : fix_outcome_names[e->r->outcome]);
	it->first_step = mem_printf("drydock logs %s", e->run->id);
	it->path = mem_printf(
		"give what is missing, then %s again", e->run->options.refine ? "refine" : "fix");
}

/* The statements of a refinement's guidance, the goal, or what a repair is for; heap. */
static char *
asked_of(const struct run *run, const struct fix_result *r)
{
	OWN(buf) struct buf text = {.max = 8000};
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(r->told, "guidance"), i, one)
		buf_printf(&text, "%s%s", i ? " " : "", json_string_value(one));
	if (text.n)
		return buf_take(&text);
	return run->options.goal ? mem_strdup(run->options.goal)
				 : mem_printf("repair what fails of %s", r->name);
}

void
guide_fix(const struct run *run, const struct fix_result *r, const struct question_list *asked,
	struct guide *ret)
{
	struct guide g = {.run = mem_strdup(run->id)};
	const struct evaluation e = {run, NULL, r, &g};
	g.asked = asked_of(run, r);
	g.outcome = mem_strdup(fix_outcome_names[r->outcome]);
	add_wanted(&e);
	add_state(&e, WEIGHT_STANDS, WEIGHT_STANDS);
	for (size_t i = 0; i < asked->n; i++)
		if (asked->v[i].blocking)
			guide_add_question(&g, run, &asked->v[i]);
	add_decision(&e);
	add_errors(&e);
	add_cases(&e);
	add_unjudged(&e);
	add_vulnerable(&e);
	add_rest(&e);
	add_review(&e);
	guide_finish(&g);
	*ret = g;
}

void
guide_plan(
	const struct run *run, const struct work *w, const struct fix_result *r, struct guide *ret)
{
	struct guide g = {.run = mem_strdup(run->id)};
	const struct evaluation e = {run, w, r, &g};
	OWN(buf) struct buf asked = {.max = 8000};
	for (size_t i = 0; i < w->plan.n; i++)
		buf_printf(&asked, "%s%s", i ? " " : "", w->plan.v[i].title);
	g.asked = buf_take(&asked);
	g.outcome = mem_strdup(work_outcome_names[w->outcome]);
	add_parts(&e);
	add_tasks(&e);
	add_unshown(&e);
	add_cases(&e);
	add_unjudged(&e);
	add_vulnerable(&e);
	add_review(&e);
	guide_finish(&g);
	*ret = g;
}
