/* What a repair gives: its outcome, patch, branch, results. */
#include "runner/fix_loop.h"

#include "base/fs.h"
#include "base/git_write.h"
#include "base/log.h"
#include "runner/cli.h"
#include "runner/fix_guidance.h"

#include <string.h>

enum fix_outcome
fix_conclude(const struct fixing *f)
{
	enum run_outcome o = fix_best(f)->probe.outcome;
	bool open = f->run->options.goal && !f->reached;
	bool good = fix_stands(f) && !open;
	if (f->r->outcome != FIX_NONE)
		return f->r->outcome;
	if (f->r->layers.n)
		return good && !fix_unjudged(f->r) ? FIX_FIXED : FIX_IMPROVED;
	if (o == OUTCOME_BLOCKED || o == OUTCOME_UNSATISFIABLE || fix_nobody_answered(f))
		return FIX_BLOCKED;
	bool tried = f->r->attempts.n &&
		     f->r->attempts.v[f->r->attempts.n - 1].verdict == VERDICT_DROPPED;
	const json_t *left =
		f->r->attempts.n
			? json_object_get(f->r->attempts.v[f->r->attempts.n - 1].proposed, "left")
			: NULL;
	return good && !tried && !json_array_size(left) ? FIX_CLEAN : FIX_STUCK;
}

int
fix_exit_status(enum fix_outcome o)
{
	return o == FIX_FIXED || o == FIX_CLEAN ? EXIT_DONE
	       : o == FIX_BUDGET		? EXIT_RESUMABLE
						: EXIT_TARGET_FAILED;
}

static int
do_patch(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct fixing *f = ctx;
	struct stack below = {0};
	OWN(buf) struct buf patch = {0};
	OWN_FREE char *path = run_path(f->run, "fix.patch");
	source_stack(&f->before.source, &below);
	int rc = fix_changes(f->st, &below, &f->r->layers, ret_result, &patch, err);
	stack_cleanup(&below);
	if (rc == 0)
		rc = fs_write_atomic(path, buf_str(&patch), 0600, err);
	return rc;
}

bool
fix_is_local(const struct run *run)
{
	return run->options.source[0] == '/' && fs_is_dir(run->options.source);
}

static json_t *
checked_out(const struct run *run)
{
	OWN_FREE char *branch = NULL, *commit = NULL;
	OWN(dd_err) struct dd_err why = {0};
	if (!fix_is_local(run) ||
		gitrepo_checked_out(run->options.source, &branch, &commit, &why) < 0)
		return json_null(); /* what writes there says why it cannot */
	return json_pack("{s:o, s:s?}", "branch", branch ? json_text(str_of(branch)) : json_null(),
		"commit", commit);
}

static int
do_head(void *ctx, json_t **ret_result, struct dd_err *err)
{
	const struct fixing *f = ctx;
	(void)err;
	*ret_result = checked_out(f->run);
	return 0;
}

int
fix_take_head(struct fixing *f, struct dd_err *err)
{
	return f->head ? 0 : journal_step(f->run->journal, "fix/head", do_head, f, &f->head, err);
}

static const char *
first_commit(const struct fixing *f)
{
	return f->onto ? f->onto : json_string_value(json_object_get(f->head, "commit"));
}

/* Another commit is checked out than when the run began: what was gated is not what stands there. */
static int
do_moved(void *ctx, json_t **ret_result, struct dd_err *err)
{
	const struct fixing *f = ctx;
	OWN_JSON json_t *now = checked_out(f->run);
	const char *was = json_string_value(json_object_get(f->head, "commit")),
		   *is = json_string_value(json_object_get(now, "commit"));
	(void)err;
	if (was && is && strcmp(was, is) != 0)
		*ret_result = json_pack("{s:O, s:s, s:s, s:o}", "branch",
			json_object_get(now, "branch"), "from", was, "to", is, "then",
			json_sprintf("drydock rebase %s", f->run->id));
	return 0;
}

/* What is handed over again, with more, is another step; heap. */
static char *
key_of(int64_t round, const char *what)
{
	return round ? mem_printf("fix/%s/%lld", what, (long long)round)
		     : mem_printf("fix/%s", what);
}

/* Where an earlier round left the branch; heap, NULL: there is none. */
static char *
put_before(const struct fixing *f)
{
	for (int64_t round = f->round; round-- > 0;) {
		OWN_FREE char *key = key_of(round, "branch");
		OWN_JSON json_t *put = journal_result(f->run->journal, key);
		const char *commit = json_string_value(json_object_get(put, "commit"));
		if (commit)
			return mem_strdup(commit);
	}
	return NULL;
}

#define REFINEMENTS_MAX 99 /* of one branch */

/* Under the first name of a refinement that is free, or has this commit already; *name becomes it. */
static int
put_numbered(const struct fixing *f, const struct gitrepo_object_list *objects, const char *commit,
	const char *scratch, char **name, struct dd_err *err)
{
	int rc = -DD_EEXIST;
	for (int n = 2; rc == -DD_EEXIST && n <= REFINEMENTS_MAX; n++) {
		dd_err_cleanup(err);
		free(*name);
		*name = mem_printf("%s-%d", f->stem, n);
		rc = gitrepo_put_branch(
			f->run->options.source, objects, commit, *name, NULL, scratch, err);
	}
	return rc;
}

/* A repository that cannot take it gets none, and the result says why. */
int
fix_put_branch(const struct fixing *f, const char *branch, const char *from,
	const struct strlist *layers, const struct strlist *messages, json_t **ret_result,
	struct dd_err *err)
{
	struct stack below = {0};
	struct gitrepo_object_list objects = {0};
	OWN(dd_err) struct dd_err why = {0};
	OWN_FREE char *commit = NULL, *scratch = run_path(f->run, "objects"),
		      *name = branch ? mem_strdup(branch) : NULL;
	source_stack(&f->before.source, &below);
	const struct fix_commit_spec spec = {.dir = f->run->options.source,
		.parent = first_commit(f),
		.below = &below,
		.layers = layers,
		.messages = messages,
		.time_s = f->run->options.created_ns / 1000000000};
	int rc = fix_commits(f->st, &spec, &objects, &commit, &why);
	if (rc == 0 && !name)
		rc = put_numbered(f, &objects, commit, scratch, &name, &why);
	else if (rc == 0)
		rc = gitrepo_put_branch(
			f->run->options.source, &objects, commit, name, from, scratch, &why);
	gitrepo_object_list_cleanup(&objects);
	stack_cleanup(&below);
	if (rc == -DD_ESTOPPED || rc == -DD_ELIMIT)
		return err_move(err, &why);
	*ret_result = json_pack("{s:s?, s:s?, s:o*}", "branch", rc == 0 ? name : NULL, "commit",
		rc == 0 ? commit : NULL, "why", rc < 0 ? json_text(str_of(err_msg(&why))) : NULL);
	return 0;
}

static int
do_branch(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct fixing *f = ctx;
	OWN(strlist) struct strlist messages = {0};
	OWN_FREE char *branch = mem_printf("drydock/%s", f->run->id), *from = put_before(f);
	for (size_t i = 0; i < f->r->layers.n; i++) {
		OWN_FREE char *m = fix_commit_message(f->run, f->r, i);
		strlist_add(&messages, m);
	}
	return fix_put_branch(
		f, f->stem ? NULL : branch, from, &f->r->layers, &messages, ret_result, err);
}

/* What reviewers rejected, and why: the next repair of these parts is told. */
static int
do_lessons(void *ctx, json_t **ret_result, struct dd_err *err)
{
	const struct fixing *f = ctx;
	OWN_FREE char *db = run_path(f->run, "map.db");
	OWN(dd_err) struct dd_err why = {0};
	int rc = 0;
	(void)ret_result;
	(void)err;
	for (size_t i = 0; rc == 0 && i < f->r->attempts.n; i++) {
		const struct fix_attempt *a = &f->r->attempts.v[i];
		const char *reason = json_string_value(json_object_get(a->review, "reason")),
			   *author = json_string_value(json_object_get(a->review, "model"));
		OWN(strlist) struct strlist files = {0};
		size_t k;
		json_t *file;
		if (a->gates[GATE_REVIEW] != GATE_FAILED || !reason || !author)
			continue;
		json_array_foreach (json_object_get(a->changes, "files"), k, file)
			strlist_add(&files, json_string_value(json_object_get(file, "path")));
		OWN_FREE char *text = mem_printf("A change of this was rejected: %s", reason);
		const struct fix_lesson l = {.tree = f->run->options.source,
			.text = text,
			.evidence = f->run->id,
			.author = author,
			.source = MEMORY_OF_REVIEW,
			.files = &files};
		rc = fix_guidance_learn(f->st, db, &l, &why);
	}
	if (rc < 0) /* the repair is whole without it */
		log_warn("what a reviewer said is not kept: %s", err_msg(&why));
	return 0;
}

int
fix_hand_over(struct fixing *f, struct dd_err *err)
{
	OWN_FREE char *patch = key_of(f->round, "patch"), *branch = key_of(f->round, "branch"),
		      *survey = key_of(f->round, "survey"), *learnt = key_of(f->round, "lessons"),
		      *moved = key_of(f->round, "moved");
	struct journal *j = f->run->journal;
	const struct run_options *o = &f->run->options;
	OWN_JSON json_t *lessons = NULL;
	f->r->made_from = f->onto ? NULL : f->head;
	int rc = f->r->layers.n ? journal_step(j, patch, do_patch, f, &f->r->changes, err) : 0;
	if (rc == 0)
		rc = fix_survey(f, survey, err);
	if (rc == 0 && f->r->layers.n && fix_is_local(f->run) && !o->no_branch)
		rc = journal_step(j, branch, do_branch, f, &f->r->branch, err);
	if (rc == 0 && json_string_value(json_object_get(f->r->branch, "branch")))
		rc = journal_step(j, moved, do_moved, f, &f->r->moved, err);
	if (rc == 0 && f->r->conflict.left.n && fix_is_local(f->run) && !o->no_branch)
		rc = fix_put_sides(f, err);
	if (rc == 0 && f->models && fix_is_local(f->run) && !o->apart)
		rc = journal_step(j, learnt, do_lessons, f, &lessons, err);
	return rc < 0 ? rc : fix_write_results(f->run, f->r, f->answers, err);
}
