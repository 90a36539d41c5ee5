/*
 * What nothing was seen to use is taken out, if the result is the same without it.  The trace of the run that
 * succeeded names the candidates; one more attempt without all of them shows whether they were needed, and if
 * it ends otherwise, halves are tried.  An attempt is the same when the build made the same files, linked to
 * the same libraries and with the same in its texts, and every test ended as it did.
 */
#include "envprobe/loop.h"

#include "base/log.h"
#include "envprobe/built.h"
#include "envprobe/files.h"

#include <string.h>

#define MAX_TRIALS 8
#define MAX_TIMES 3.0 /* of what the attempt took that is pruned, and ... */
#define FREE_SECONDS 60.0

/* What the result of a run was, while another is tried. */
struct kept {
	struct stack root, work;
	struct package_list packages;
	struct install_batch_list batches;
	struct prompt_answer_list prompts;
	struct test_run tests;
	struct built_file_list built_files;
	size_t refused, features;
	double build_seconds;
	char *failure; /* NULL: the tests passed, or there are none */
};

static struct kept
take_result(struct loop *l)
{
	struct probe_result *r = l->r;
	struct kept k = {r->root, r->work, r->packages, r->batches, r->prompts,
		r->tests, r->built_files, r->refused.n,
		r->features_off.n, r->build_seconds, TAKE(l->failure)};
	r->root = r->work = (struct stack){0};
	r->packages = (struct package_list){0};
	r->batches = (struct install_batch_list){0};
	r->prompts = (struct prompt_answer_list){0};
	r->tests = (struct test_run){0};
	r->built_files = (struct built_file_list){0};
	return k;
}

static void
put_result(struct loop *l, struct kept *k)
{
	struct probe_result *r = l->r;
	r->root = k->root;
	r->work = k->work;
	r->packages = k->packages;
	r->batches = k->batches;
	r->prompts = k->prompts;
	r->tests = k->tests;
	r->built_files = k->built_files;
	r->build_seconds = k->build_seconds;
	free(l->failure);
	l->failure = k->failure;
	while (r->refused.n > k->refused)
		refusal_cleanup(&r->refused.v[--r->refused.n]);
	while (r->features_off.n > k->features)
		feature_off_cleanup(&r->features_off.v[--r->features_off.n]);
}

static void
kept_cleanup(struct kept *k)
{
	stack_cleanup(&k->root);
	stack_cleanup(&k->work);
	package_list_cleanup(&k->packages);
	install_batch_list_cleanup(&k->batches);
	prompt_answer_list_cleanup(&k->prompts);
	test_run_cleanup(&k->tests);
	built_file_list_cleanup(&k->built_files);
	free(k->failure);
}

/* ---- one attempt ---- */

static void
want_all_but(struct loop *l, const struct package_list *packages, const struct strlist *names)
{
	for (size_t i = 0; i < packages->n; i++) {
		const struct package *p = &packages->v[i];
		if (!p->requested || strlist_has(names, p->name))
			continue;
		l->wanted.v =
			mem_grow(l->wanted.v, l->wanted.n, &l->wanted.cap, sizeof(*l->wanted.v));
		l->wanted.v[l->wanted.n++] = (struct wanted){.package = mem_strdup(p->name),
			.scope = p->scope,
			.why = mem_strdup(p->why),
			.proof = p->proof ? mem_strdup(p->proof) : NULL};
	}
}

static int
build_and_test(struct loop *l, bool *ret_built, struct dd_err *err)
{
	int rc = loop_install(l, err);
	if (rc == 0)
		rc = files_place(l, err);
	if (rc == 0)
		rc = loop_build(l, err);
	bool built = l->built; /* what the tests show takes its place */
	if (rc == 0 && built && command_list_has(&l->r->project.commands, PHASE_TEST))
		rc = loop_test(l, err);
	if (rc == 0)
		*ret_built = built;
	return rc;
}

static bool
tests_are_alike(const struct test_run *a, const struct test_run *b)
{
	struct map before = {0};
	bool same = a->cases.n == b->cases.n;
	for (size_t i = 0; i < a->cases.n; i++)
		map_put(&before, a->cases.v[i].id, &a->cases.v[i]);
	for (size_t i = 0; same && i < b->cases.n; i++) {
		const struct test_case *c = map_get(&before, b->cases.v[i].id);
		same = c && c->status == b->cases.v[i].status;
	}
	map_cleanup(&before);
	return same;
}

struct judging {
	const struct loop *l;
	const struct kept *before;
	bool built;
};

static int
do_judge(void *ctx, json_t **ret_result, struct dd_err *err)
{
	const struct judging *j = ctx;
	const struct probe_result *now = j->l->r;
	(void)err;
	*ret_result = json_pack("{s:b}", "same",
		j->built && tests_are_alike(&j->before->tests, &now->tests) &&
			built_files_are_alike(&j->before->built_files, &now->built_files));
	return 0;
}

/* Journalled, so that who looks back knows which attempt was kept. */
static int
judge(const struct loop *l, const struct kept *before, bool built, bool *ret_same, struct dd_err *err)
{
	OWN_FREE char *key = mem_printf("attempt/%lld/judged", (long long)l->n);
	OWN_JSON json_t *result = NULL;
	struct judging j = {l, before, built};
	int rc = journal_step(l->spec->journal, key, do_judge, &j, &result, err);
	*ret_same = rc == 0 && json_is_true(json_object_get(result, "same"));
	return rc;
}

static void
note(struct loop *l, bool same, const char *names)
{
	struct attempt *a = &l->r->attempts.v[l->r->attempts.n - 1];
	a->ended = mem_strdup(same ? "the same" : "not the same");
	a->learnt = mem_printf(
		"%s %s", same ? "needs no" : "nothing was seen to use, and it needs of:", names);
}

static int
try_without(struct loop *l, const struct strlist *names, bool *ret_same, struct dd_err *err)
{
	OWN(buf) struct buf text = {.max = 1000};
	for (size_t i = 0; i < names->n; i++)
		buf_printf(&text, "%s%s", i ? ", " : "", names->v[i]);
	struct kept k = take_result(l);
	loop_begin_attempt(l)->pruning = true;
	stack_copy(&l->r->root, &l->spec->image->stack);
	stack_copy(&l->r->work, &l->tree);
	l->whole = &k.root;
	l->whole_packages = &k.packages;
	want_all_but(l, &k.packages, names);
	int step = progress_begin("attempt %lld, without %s", (long long)l->n, text.p);
	bool built = false;
	int rc = build_and_test(l, &built, err);
	bool same = false;
	if (rc == 0)
		rc = judge(l, &k, built, &same, err);
	if (rc == 0)
		note(l, same, text.p);
	progress_end(step, rc < 0 ? "stopped" : same ? "the same" : "not the same");
	l->whole = NULL;
	l->whole_packages = NULL;
	l->n++;
	if (!same) {
		struct kept tried = take_result(l);
		put_result(l, &k);
		k = tried;
	}
	kept_cleanup(&k);
	*ret_same = same;
	return rc;
}

/* ---- which, and for how long ---- */

struct budget {
	int trials;
	double seconds;
};

static int
prune(struct loop *l, const struct strlist *names, struct budget *b, struct dd_err *err)
{
	bool same = false;
	if (!names->n || b->trials <= 0 || b->seconds <= 0)
		return 0;
	int rc = try_without(l, names, &same, err);
	b->trials--;
	b->seconds -= l->r->attempts.v[l->r->attempts.n - 1].seconds;
	if (rc < 0 || same || names->n == 1)
		return rc;
	OWN(strlist) struct strlist first = {0}, second = {0};
	for (size_t i = 0; i < names->n; i++)
		strlist_add(i < names->n / 2 ? &first : &second, names->v[i]);
	rc = prune(l, &first, b, err);
	return rc < 0 ? rc : prune(l, &second, b, err);
}

/* A language's module may be loaded only when the application runs. */
static bool
is_candidate(const struct package *p)
{
	return p->requested && !p->proof && p->scope != SCOPE_RUN;
}

int
loop_prune(struct loop *l, struct dd_err *err)
{
	enum run_outcome o = l->r->outcome;
	OWN(strlist) struct strlist names = {0};
	if (o != OUTCOME_UP && o != OUTCOME_BUILT && o != OUTCOME_TESTS_FAILED)
		return 0;
	for (size_t i = 0; i < l->r->packages.n; i++)
		if (is_candidate(&l->r->packages.v[i]))
			strlist_add(&names, l->r->packages.v[i].name);
	double took = l->r->attempts.v[l->r->attempts.n - 1].seconds;
	struct budget b = {MAX_TRIALS, FREE_SECONDS + MAX_TIMES * took};
	return prune(l, &names, &b, err);
}
