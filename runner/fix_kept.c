#include "runner/fix_kept.h"

#include "agents/loop.h"
#include "base/fs.h"
#include "base/git_write.h"
#include "intent/intent.h"

#include <string.h>

#define RESULT_MAX ((size_t)256 << 20)

int
fix_kept_result(const struct run *of, json_t **ret, struct dd_err *err)
{
	OWN_FREE char *path = run_path(of, "result.json");
	OWN(buf) struct buf text = {0};
	int rc = fs_read(path, RESULT_MAX, &text, err);
	return rc < 0 ? rc : json_parse(buf_str(&text), ret, err);
}

bool
fix_kept_has(const json_t *attempt)
{
	return strcmp(json_string_in(attempt, "verdict"), attempt_verdict_names[VERDICT_KEPT]) == 0;
}

int64_t
fix_kept_last(const json_t *result)
{
	int64_t n = 0;
	size_t i;
	json_t *a;
	json_array_foreach (json_object_get(result, "attempts"), i, a)
		if (fix_kept_has(a))
			n = json_integer_value(json_object_get(a, "attempt"));
	return n;
}

int
fix_kept_source(const struct run *of, int64_t attempt, json_t **ret, struct dd_err *err)
{
	OWN_FREE char *name = attempt ? mem_printf("attempt-%lld", (long long)attempt)
				      : mem_strdup("before"),
		      *dir = run_path(of, name);
	OWN_JSON json_t *options = NULL, *taken = NULL;
	struct journal *j = NULL;
	int rc = journal_open(dir, false, &j, err);
	if (rc == 0)
		rc = journal_get(j, "options", &options, err);
	if (rc == 0)
		rc = journal_find(j, "source", &taken, err);
	journal_close(j);
	json_t *given = json_object_get(options, "given");
	if (rc == 0 && !given && !taken)
		rc = err_set(err, DD_ECORRUPT, "run %s: its %s has no source", of->id, name);
	if (rc == 0)
		*ret = json_incref(given ? given : taken);
	return rc;
}

int
fix_kept_read(const struct state *st, const json_t *named,
	int (*read)(const void *ctx, const struct run *of, json_t **ret_result, struct dd_err *err),
	const void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct run of = {.lock_fd = -1};
	int rc = run_open_held(st, json_string_in(named, "run"), &of, err);
	if (rc < 0)
		return rc;
	rc = read(ctx, &of, ret_result, err);
	run_cleanup(&of);
	return rc;
}

int
fix_kept_base(const struct run *of, json_t **ret, struct dd_err *err)
{
	int rc = journal_find(of->journal, KEPT_REFINED, ret, err);
	return rc < 0 || *ret ? rc : journal_find(of->journal, KEPT_REBASED, ret, err);
}

const char *
fix_kept_stem(const json_t *earlier_base, const json_t *result)
{
	const char *stem = json_string_in(earlier_base, "stem");
	return *stem ? stem : json_string_in(result, "branch");
}

int
fix_kept_unmoved(const struct run *of, const json_t *result, struct dd_err *err)
{
	const char *branch = json_string_in(result, "branch"),
		   *commit = json_string_in(result, "commit");
	OWN_FREE char *now = NULL;
	if (!*branch)
		return 0;
	int rc = gitrepo_branch_commit(of->options.source, branch, &now, err);
	if (rc < 0 || (now && strcmp(now, commit) == 0))
		return rc;
	return err_set(err, DD_EINVAL,
		"the branch %s is %s: check it out, or what it was merged into, and begin another run there",
		branch, now ? "another commit than run left it at" : "not there any more");
}

static int
put_plan(const struct run *of, json_t *ret, struct dd_err *err)
{
	OWN_JSON json_t *step = NULL;
	OWN(plandoc) struct plandoc p = {0};
	int rc = journal_find(of->journal, "work/plan", &step, err);
	if (rc < 0 || !step)
		return rc;
	rc = plandoc_parse(str_of(json_string_in(step, "text")), &p, err);
	for (size_t i = 0; rc == 0 && i < p.n; i++)
		if (p.v[i].level == 3 && strcmp(p.v[i].section, "Requirements") == 0)
			json_array_append_new(ret, json_text(str_of(p.v[i].title)));
	return rc;
}

int
fix_kept_wanted(const struct run *of, json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *base = NULL, *scope = NULL;
	json_t *texts = *ret = json_array();
	int rc = put_plan(of, texts, err);
	if (rc == 0)
		rc = fix_kept_base(of, &base, err);
	if (rc == 0)
		rc = journal_find(of->journal, "refine/scope", &scope, err);
	json_array_extend(texts, json_object_get(base, "requirements"));
	json_array_extend(texts, json_object_get(scope, "statements"));
	if (rc == 0 && of->options.goal && !of->options.refine && !of->options.rebase) {
		struct str rest = str_of(of->options.goal), line;
		while (str_next_line(&rest, &line))
			if (str_trim(line).n)
				json_array_append_new(texts, json_text(str_trim(line)));
	}
	return rc;
}
