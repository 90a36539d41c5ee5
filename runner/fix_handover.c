/* What a repair gives: patch, branch, results. */
#include "runner/fix_loop.h"

#include "base/fs.h"
#include "base/git_write.h"
#include "base/log.h"
#include "runner/fix_guidance.h"

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
		.parent = f->onto,
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
		      *survey = key_of(f->round, "survey"), *learnt = key_of(f->round, "lessons");
	struct journal *j = f->run->journal;
	const struct run_options *o = &f->run->options;
	OWN_JSON json_t *lessons = NULL;
	int rc = f->r->layers.n ? journal_step(j, patch, do_patch, f, &f->r->changes, err) : 0;
	if (rc == 0)
		rc = fix_survey(f, survey, err);
	if (rc == 0 && f->r->layers.n && fix_is_local(f->run) && !o->no_branch)
		rc = journal_step(j, branch, do_branch, f, &f->r->branch, err);
	if (rc == 0 && f->r->conflict.left.n && fix_is_local(f->run) && !o->no_branch)
		rc = fix_put_sides(f, err);
	if (rc == 0 && f->models && fix_is_local(f->run) && !o->apart)
		rc = journal_step(j, learnt, do_lessons, f, &lessons, err);
	return rc < 0 ? rc : fix_write_results(f->run, f->r, f->answers, err);
}
