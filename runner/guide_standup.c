#include "base/map.h"
#include "runner/guide.h"

#include <string.h>

#define MAX_GROUPS 40 /* of failing cases; the rest is one item */
#define MAX_FILES 10

static char *
shell_step(const struct run *run, const char *command)
{
	return mem_printf("drydock shell %s, and there: %s", run->id, command);
}

static const char *
first_test_command(const struct probe_result *p)
{
	for (size_t i = 0; i < p->project.commands.n; i++)
		if (p->project.commands.v[i].phase == PHASE_TEST)
			return p->project.commands.v[i].run;
	return "the tests";
}

/* ---- what is proven ---- */

void
guide_add_part(struct guide *g, const char *name, double weight, double done, const char *evidence,
	char *how)
{
	struct guide_part *p = guide_part_list_add(&g->parts);
	p->name = mem_strdup(name);
	p->weight = weight;
	p->done = done;
	p->how = how;
	p->evidence = mem_strdup(evidence);
}

static bool
is_built(const struct probe_result *p)
{
	for (size_t i = 0; i < p->attempts.n; i++) {
		enum attempt_end e = p->attempts.v[i].ended;
		if (e == ATTEMPT_BUILT || e == ATTEMPT_TESTS_FAILED || e == ATTEMPT_TESTS_PASSED)
			return true;
	}
	return p->outcome == OUTCOME_UP || p->outcome == OUTCOME_BUILT ||
	       p->outcome == OUTCOME_TESTS_FAILED;
}

static void
add_parts(struct guide *g, const struct probe_result *p)
{
	size_t blocking = 0;
	const struct test_run *t = &p->tests;
	double cases = (double)(t->passed + t->failed + t->skipped);
	for (size_t i = 0; i < p->questions.n; i++)
		blocking += p->questions.v[i].blocking;
	guide_add_part(g, "inputs", 20, blocking ? 0 : 1, "recipe/needs.json",
		mem_printf("all or nothing: %zu questions block", blocking));
	guide_add_part(g, "build", 45, is_built(p) ? 1 : 0, "recipe/drydock.lock.json",
		mem_strdup("all or nothing: the build came to its end"));
	guide_add_part(g, "tests", 35, cases > 0 ? (double)t->passed / cases : 0, "tests.jsonl",
		mem_printf("%lld of %.0f cases passed; one that was skipped did not",
			(long long)t->passed, cases));
}

/* ---- what is left: inputs ---- */

static enum guide_work
work_of(const struct question *q)
{
	if (q->kind == Q_SERVICE)
		return WORK_SERVICE;
	return q->blocking || q->secret || q->kind == Q_FILE ? WORK_ACCESS : WORK_CONFIRM;
}

void
guide_add_question(struct guide *g, const struct run *run, const struct question *q)
{
	struct guide_item *it = guide_add(g, work_of(q), 1);
	it->id = mem_printf("question:%s", q->id);
	it->gap = q->blocking ? GAP_CRITICAL : GAP_MINOR;
	it->task =
		mem_printf(q->blocking ? "Answer: %s" : "Confirm what was taken for: %s", q->text);
	it->why = mem_printf(
		"%s%s%s", q->why ? q->why : "", q->where ? " at " : "", q->where ? q->where : "");
	it->first_step =
		mem_printf("write {\"%s\": ...} into a file; drydock resume %s --answers FILE",
			q->id, run->id);
	it->path = mem_printf("with it goes on: %s", q->unlocks ? q->unlocks : "the run");
	if (q->where && strstr(q->where, ".log") == NULL)
		strlist_add(&it->files, q->where);
}

/* What is answered is not left. */
static void
add_questions(struct guide *g, const struct run *run, const struct recipe *r)
{
	for (size_t i = 0; i < r->questions.n; i++)
		if (!recipe_is_answered(r, &r->questions.v[i]))
			guide_add_question(g, run, &r->questions.v[i]);
}

/* ---- the build ---- */

static enum guide_work
work_of_diagnosis(enum diagnosis_class c)
{
	switch (c) {
	case DIAGNOSIS_NO_PROVIDER:
	case DIAGNOSIS_NO_VERSION:
	case DIAGNOSIS_NOT_ON_REGISTRY:
		return WORK_PROVIDE;
	case DIAGNOSIS_TOOLCHAIN_TOO_NEW:
	case DIAGNOSIS_WRONG_ENGINE:
	case DIAGNOSIS_WRONG_PLATFORM:
		return WORK_PORT;
	case DIAGNOSIS_NO_LOGIN:
		return WORK_ACCESS;
	default:
		return WORK_BUILD;
	}
}

static void
add_diagnosis(struct guide *g, const struct run *run, const struct probe_result *p)
{
	const struct diagnosis *d = &p->diagnosis;
	bool of_tests = d->class == DIAGNOSIS_TEST_FAILURE || d->class == DIAGNOSIS_NO_TESTS_RAN;
	if (d->class == DIAGNOSIS_NONE || d->class == DIAGNOSIS_NEEDS_ANSWER ||
		d->class == DIAGNOSIS_STOPPED || of_tests)
		return;
	struct guide_item *it = guide_add(g, work_of_diagnosis(d->class), 1);
	it->id = mem_printf("build:%s", diagnosis_class_names[d->class]);
	it->gap = GAP_CRITICAL;
	it->task = mem_printf("Mend what the build stops at: %s", d->text ? d->text : "");
	it->why = mem_printf("the run ended %s", run_outcome_names[p->outcome]);
	it->first_step = d->where ? mem_printf("look at %s", d->where)
				  : mem_printf("drydock logs %s", run->id);
	it->path = mem_strdup(d->way_out ? d->way_out : "mend it, then drydock up again");
	if (d->where && !strstr(d->where, ".log") && strchr(d->where, ':'))
		strlist_add(&it->files, d->where);
}

/* ---- tests ---- */

/* What of a message is the same where only numbers, addresses and quoted values differ. */
static char *
shape_of(const char *message)
{
	OWN(buf) struct buf out = {.max = 200};
	char quote = 0;
	for (const char *s = message ? message : ""; *s && *s != '\n' && !out.truncated; s++) {
		bool digit = *s >= '0' && *s <= '9';
		if (quote) {
			if (*s == quote)
				quote = 0;
		} else if (*s == '"') {
			quote = *s;
		} else if (!digit) {
			buf_putc(&out, *s);
		}
	}
	return buf_take(&out);
}

struct group { /* of cases of a suite that failed in the same way */
	const struct test_case *first;
	size_t n;
	struct strlist files;
};

static void
group_destroy(void *p)
{
	struct group *g = p;
	strlist_cleanup(&g->files);
	free(g);
}

static void
gather(const struct test_run *t, struct map *ret)
{
	for (size_t i = 0; i < t->cases.n; i++) {
		const struct test_case *c = &t->cases.v[i];
		if (c->status != TEST_FAILED && c->status != TEST_ERROR)
			continue;
		OWN_FREE char *shape = shape_of(c->message);
		OWN_FREE char *key = mem_printf("%s\n%s", c->suite ? c->suite : "", shape);
		struct group *g = map_get(ret, key);
		if (!g) {
			g = mem_new(struct group);
			g->first = c;
			map_put(ret, key, g);
		}
		g->n++;
		if (c->file && g->files.n < MAX_FILES)
			strlist_add_new(&g->files, c->file);
	}
}

static void
add_group(
	struct guide *g, const struct run *run, const struct probe_result *p, const struct group *x)
{
	const struct test_case *c = x->first;
	struct guide_item *it = guide_add(g, WORK_TEST, 1);
	guide_add_hours(it, WORK_TEST_MORE, (double)(x->n - 1));
	it->id = mem_printf("test:%s", c->id);
	it->gap = GAP_MAJOR;
	it->task = x->n == 1 ? mem_printf("Mend the %s test %s", test_level_names[c->level], c->id)
			     : mem_printf("Mend %zu %s tests that fail in the same way, first %s",
				       x->n, test_level_names[c->level], c->id);
	it->why = mem_printf("it ended %s%s%s", test_status_names[c->status],
		c->message ? ": " : "", c->message ? c->message : "");
	it->first_step = shell_step(run, first_test_command(p));
	it->path = mem_strdup(
		"decide whether the application or the test is wrong, mend that, and run "
		"drydock up again: the case is then held against this run by drydock diff");
	strlist_copy(&it->files, &x->files);
}

static void
add_many(struct guide *g, const struct run *run, size_t groups, size_t cases)
{
	struct guide_item *it = guide_add(g, WORK_TEST, (double)groups);
	it->id = mem_strdup("test:others");
	it->gap = GAP_MAJOR;
	it->task = mem_printf("Mend %zu more failing tests, which fail in %zu ways", cases, groups);
	it->why = mem_strdup("tests.jsonl has them all");
	it->first_step = mem_printf("drydock report %s", run->id);
	it->path = mem_strdup("when the first are mended, run again: many may have one cause");
}

static void
add_failures(struct guide *g, const struct run *run, const struct probe_result *p)
{
	struct map groups = {.destroy = group_destroy};
	size_t n = 0, left = 0;
	gather(&p->tests, &groups);
	for (struct map_entry *e = map_first(&groups); e; e = map_next(e)) {
		const struct group *x = map_value(e);
		if (n++ < MAX_GROUPS)
			add_group(g, run, p, x);
		else
			left += x->n;
	}
	if (left)
		add_many(g, run, n - MAX_GROUPS, left);
	map_cleanup(&groups);
}

static void
add_untested(struct guide *g, const struct run *run, const struct probe_result *p)
{
	const struct test_run *t = &p->tests;
	struct guide_item *it;
	if (t->skipped) {
		it = guide_add(g, WORK_UNTESTED, (double)(t->skipped < 10 ? t->skipped : 10));
		it->id = mem_strdup("untested:skipped");
		it->gap = GAP_MINOR;
		it->task = mem_printf(
			"Look at the %lld tests that were skipped", (long long)t->skipped);
		it->why = mem_strdup("a test that did not run proves nothing");
		it->first_step =
			mem_printf("drydock report %s: the messages say what each lacks", run->id);
		it->path =
			mem_strdup("give them what they ask for, or say why they may be left out");
	}
	if (is_built(p) && !t->passed && !t->failed) {
		it = guide_add(g, WORK_WRITE_TESTS, 1);
		it->id = mem_strdup("untested:all");
		it->gap = GAP_MAJOR;
		it->task = mem_strdup("Write tests: no test of the application ran");
		it->why = mem_strdup(
			t->note ? t->note : "it was built, and nothing shows that it works");
		it->first_step = shell_step(run, "use the program that was built");
		it->path =
			mem_strdup("pin down what it does today in a few tests of its main paths");
	}
}

/* ---- the rest ---- */

static void
add_features(struct guide *g, const struct run *run, const struct probe_result *p)
{
	for (size_t i = 0; i < p->features_off.n; i++) {
		const struct feature_off *f = &p->features_off.v[i];
		struct guide_item *it = guide_add(g, WORK_FEATURE, 1);
		it->id = mem_printf("feature:%s", f->feature);
		it->gap = GAP_MINOR;
		it->task = mem_printf("Decide about %s, which the build switched off", f->feature);
		it->why = mem_printf("for want of %s", f->input ? f->input : "an input");
		it->first_step = mem_printf("drydock explain %s", run->id);
		it->path =
			mem_strdup("supply the input and run again, or note that it is not wanted");
	}
}

static void
add_review(struct guide *g, const struct run *run, const struct probe_result *p)
{
	size_t asked = 0;
	struct guide_item *it;
	if (!is_built(p))
		return;
	for (size_t i = 0; i < p->packages.n; i++)
		asked += p->packages.v[i].requested;
	it = guide_add(g, WORK_REVIEW, 1);
	it->id = mem_strdup("review:recipe");
	it->gap = GAP_REVIEW;
	it->task =
		mem_printf("Review the recipe: %zu packages, %zu decisions", asked, p->options.n);
	it->why = mem_strdup("it is what others will build by");
	it->first_step =
		mem_strdup("read recipe/BUILD.md, and recipe/evidence.jsonl where it surprises");
	it->path = mem_printf("drydock explain %s PACKAGE says why each is there", run->id);
	it = guide_add(g, WORK_QA, 1);
	it->id = mem_strdup("review:application");
	it->gap = GAP_REVIEW;
	it->task = mem_strdup("Use the application once");
	it->why = mem_strdup("tests show what their authors thought of");
	it->first_step = mem_printf(
		"drydock start %s --publish PORT, or drydock shell %s", run->id, run->id);
	it->path = mem_strdup("go through its main paths with somebody who knows what it is for");
}

void
guide_standup(const struct run *run, const struct standup_result *r, const struct recipe *recipe,
	struct guide *ret)
{
	const struct probe_result *p = &r->probe;
	struct guide g = {0};
	g.run = mem_strdup(run->id);
	g.asked = mem_printf("find out what %s needs, build it%s", r->source.name,
		run->options.build_only ? "" : " and run its tests");
	g.outcome = mem_strdup(run_outcome_names[p->outcome]);
	add_parts(&g, p);
	add_questions(&g, run, recipe);
	add_diagnosis(&g, run, p);
	add_failures(&g, run, p);
	add_untested(&g, run, p);
	add_features(&g, run, p);
	add_review(&g, run, p);
	guide_finish(&g);
	*ret = g;
}
