#include "runner/fix_rebase.h"

#include "base/git_write.h"
#include "base/log.h"
#include "runner/attest.h"
#include "runner/fix_kept.h"
#include "runner/fix_loop.h"

#include <string.h>

/* What a model is asked; nothing of the target is in it. */
static const char resolve[] =
	"This change, and what was committed since it was made, touch the same lines. Where files have lines of conflict, there stands "
	"what is there now (from <<<<<<<), what both began from (from |||||||), and the change (from ======= to >>>>>>>): write in their "
	"place what does both, and leave none of these lines.";

enum pick_end {
	PICK_NOT_TRIED,
	PICK_ALREADY,
	PICK_MERGED,
	PICK_RESOLVED,
	PICK_CONFLICT,
	PICK_REFUSED
};
static const char *const pick_end_names[] = {
	"not-tried", "already-there", "merged", "resolved", "conflict", "refused", NULL};

struct picked {
	json_t *step; /* of the journal: {"files"} */
	enum pick_end end;
	int64_t attempt;
};

struct rebasing {
	struct fixing f; /* first: steps get it */
	struct fix_result r;
	json_t *base;
	struct picked *v; /* of each of its commits */
	size_t n;
	struct strlist writes; /* files of all commits */
};

/* ---- the run whose branch it is ---- */

static int
refuse_still(const struct run *of, const json_t *result, struct dd_err *err)
{
	const char *from = json_string_in(json_object_get(result, "made_from"), "commit");
	OWN_FREE char *branch = NULL, *commit = NULL;
	int rc = gitrepo_checked_out(of->options.source, &branch, &commit, err);
	if (rc == 0 && !commit)
		rc = err_set(err, DD_EINVAL, "nothing is checked out in %s", of->options.source);
	if (rc == 0 && strcmp(from, commit) == 0)
		rc = err_set(err, DD_EINVAL,
			"%s has not moved: what is checked out is what the branch %s was made from",
			branch ? branch : "HEAD", json_string_in(result, "branch"));
	return rc;
}

int
fix_rebase_admit(const struct run *of, struct dd_err *err)
{
	OWN_JSON json_t *result = NULL;
	if (!of->options.fix)
		return err_set(err, DD_EINVAL,
			"run %s wrote no branch: fix, work, refine and rebase do (drydock runs lists them)",
			of->id);
	if (run_is_live(of) || run_outcome(of) == OUTCOME_NONE)
		return err_set(
			err, DD_EINVAL, "run %s is not over: drydock resume %s", of->id, of->id);
	int rc = fix_kept_result(of, &result, err);
	if (rc == 0 && !*json_string_in(result, "branch"))
		rc = err_set(err, DD_EINVAL, "run %s left no branch", of->id);
	if (rc == 0)
		rc = fix_kept_unmoved(of, result, err);
	return rc < 0 ? rc : refuse_still(of, result, err);
}

static int
take_from(const void *ctx, const struct run *of, json_t **ret_result, struct dd_err *err)
{
	const struct fixing *f = ctx;
	OWN_JSON json_t *result = NULL, *wanted = NULL, *was = NULL, *picks = NULL;
	const char *onto = json_string_in(f->head, "commit");
	int rc = fix_rebase_admit(of, err);
	if (rc == 0)
		rc = fix_kept_result(of, &result, err);
	if (rc == 0)
		rc = fix_kept_wanted(of, &wanted, err);
	if (rc == 0)
		rc = fix_kept_base(of, &was, err);
	if (rc == 0)
		rc = fix_picks(f->st, of->options.source, json_string_in(result, "commit"), onto,
			&picks, err);
	if (rc < 0)
		return rc;
	*ret_result = json_pack("{s:s, s:O, s:O, s:s, s:O, s:O, s:O, s:O}", "run", of->id, "branch",
		json_object_get(result, "branch"), "commit", json_object_get(result, "commit"),
		"stem", fix_kept_stem(was, result), "requirements", wanted, "onto", f->head, "base",
		json_object_get(picks, "base"), "commits", json_object_get(picks, "commits"));
	return 0;
}

static int
do_base(void *ctx, json_t **ret_result, struct dd_err *err)
{
	const struct fixing *f = ctx;
	return fix_kept_read(f->st, f->run->options.rebase, take_from, f, ret_result, err);
}

static int
take_base(struct rebasing *k, struct dd_err *err)
{
	struct fixing *f = &k->f;
	int rc = fix_take_head(f, err);
	if (rc == 0)
		rc = journal_step(f->run->journal, KEPT_REBASED, do_base, f, &k->base, err);
	if (rc < 0)
		return rc;
	f->stem = json_string_in(k->base, "stem");
	f->onto = json_string_in(json_object_get(k->base, "onto"), "commit");
	k->n = json_array_size(json_object_get(k->base, "commits"));
	k->v = mem_zalloc(k->n + 1, sizeof(*k->v));
	return 0;
}

static const json_t *
commit_of(const struct rebasing *k, size_t i)
{
	return json_array_get(json_object_get(k->base, "commits"), i);
}

/* ---- one commit ---- */

int
fix_pick_merge(struct fixing *f, struct dd_err *err)
{
	struct fix_pick *p = f->pick;
	struct stack tree = {0};
	if (p->merged)
		return 0;
	fix_tree(f, &tree);
	const struct fix_merge_spec spec = {f->run->options.source, p->commit, p->onto, &tree};
	json_decref(TAKE(p->files));
	int rc = fix_merge(f->st, &spec, &p->files, &p->texts, err);
	stack_cleanup(&tree);
	p->merged = rc == 0;
	return rc;
}

/* A file that would not parse any more is refused, and the commit with it. */
static int
put_merged(const struct fix_pick *p, struct pod *desk, json_t *result, struct dd_err *err)
{
	OWN(dd_err) struct dd_err why = {0};
	OWN_JSON json_t *files = NULL;
	size_t i;
	json_t *file;
	int rc = fix_put_files(desk, buf_str(&p->texts), false, &files, &why);
	if (rc == -DD_EINVAL)
		json_object_set_new(result, "note", json_text(str_of(err_msg(&why))));
	else if (rc < 0)
		return err_move(err, &why);
	json_array_foreach (files, i, file)
		json_array_append_new(json_object_get(result, "fixes"),
			json_pack("{s:O, s:s, s:s}", "path", json_object_get(file, "path"), "rule",
				"merge", "text", "merged with what was committed since"));
	return 0;
}

int
fix_pick_propose(struct fixing *f, const struct fix_ground *g, json_t **ret, struct dd_err *err)
{
	const struct fix_pick *p = f->pick;
	OWN_FREE char *step = mem_printf("merge %s onto %s", p->commit, p->onto);
	const struct pod_spec spec = {.state = f->st, .work = g->work};
	struct pod *desk = NULL;
	int rc = fix_pick_merge(f, err);
	if (rc == 0)
		rc = pod_open(&spec, &desk, err);
	if (rc < 0)
		return rc;
	OWN_JSON json_t *result = json_pack("{s:[], s:[], s:[], s:o}", "fixes", "units", "left",
		"message", json_text(str_of(p->message)));
	rc = put_merged(p, desk, result, err);
	if (rc == 0)
		rc = fix_keep_changes(g, desk, AUTHOR_MERGE, step, result, err);
	else
		pod_close(desk);
	if (rc == 0)
		*ret = TAKE(result);
	return rc;
}

static int
do_pick(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct fixing *f = ctx;
	int rc = fix_pick_merge(f, err);
	if (rc == 0)
		*ret_result = json_pack("{s:O}", "files", f->pick->files);
	return rc;
}

static bool
is_clash(const json_t *file)
{
	return *json_string_in(file, "clash");
}

/* Both sides are text of the same file. */
static bool
is_for_model(const json_t *file)
{
	const char *clash = json_string_in(file, "clash");
	return strcmp(clash, "lines") == 0 || strcmp(clash, "both-added") == 0;
}

/* "3 to 5", "behind 4". */
static void
put_lines(const json_t *span, struct buf *out)
{
	int64_t first = json_integer_value(json_array_get(span, 0)),
		n = json_integer_value(json_array_get(span, 1));
	if (!n)
		buf_printf(out, "behind line %lld", (long long)first);
	else if (n == 1)
		buf_printf(out, "line %lld", (long long)first);
	else
		buf_printf(out, "lines %lld to %lld", (long long)first, (long long)(first + n - 1));
}

/* A line for each place of a file: where, and which two commits. */
static void
put_clash(const json_t *file, const char *commit, struct buf *out)
{
	const char *path = json_string_in(file, "path"), *clash = json_string_in(file, "clash");
	size_t i;
	json_t *place;
	json_array_foreach (json_object_get(file, "places"), i, place) {
		const char *by = json_string_in(place, "by");
		buf_printf(out, "%s: ", path);
		put_lines(json_object_get(place, "now"), out);
		buf_printf(out, "%s%.12s, against ", *by ? " of " : "", by);
		put_lines(json_object_get(place, "change"), out);
		buf_printf(out, " of %.12s\n", commit);
	}
	if (!json_array_size(json_object_get(file, "places")))
		buf_printf(out, "%s: %s, against %.12s\n", path, clash, commit);
}

static void
put_clashes(const json_t *files, const char *commit, struct buf *out)
{
	size_t i;
	json_t *file;
	json_array_foreach ((json_t *)files, i, file)
		if (is_clash(file))
			put_clash(file, commit, out);
}

/* What came of the attempts. */
static enum pick_end
end_of(const struct fixing *f, bool clashes)
{
	const struct fix_attempt *a = f->attempt;
	if (a && a->verdict == VERDICT_KEPT)
		return clashes ? PICK_RESOLVED : PICK_MERGED;
	return clashes ? PICK_CONFLICT : PICK_REFUSED;
}

/* Behind its merge: one attempt of ours, or those of models. */
static int
try_pick(struct rebasing *k, struct picked *to, struct dd_err *err)
{
	struct fixing *f = &k->f;
	OWN(strlist) struct strlist paths = {0};
	OWN(buf) struct buf told = {.max = 8192};
	const json_t *files = json_object_get(to->step, "files");
	bool clashes = false, mendable = true;
	size_t i;
	json_t *file;
	json_array_foreach ((json_t *)files, i, file) {
		strlist_add(&paths, json_string_in(file, "path"));
		strlist_add_new(&k->writes, json_string_in(file, "path"));
		clashes = clashes || is_clash(file);
		mendable = mendable && (!is_clash(file) || is_for_model(file));
	}
	buf_puts(&told, "== what clashes ==\n");
	put_clashes(files, f->pick->commit, &told);
	const struct fix_aim aim = {
		.reach = {.goal = resolve, .writes = &paths}, .models_alone = true};
	fix_aim_at(f, &aim);
	f->data = told.p;
	f->attempt = NULL;
	int rc = !clashes ? fix_try_pick(f, err) : mendable && f->models ? fix_reach(f, err) : 0;
	to->end = end_of(f, clashes);
	to->attempt = f->attempt ? f->attempt->n : 0;
	f->aim = (struct fix_aim){.reach = k->r.reach};
	f->data = NULL;
	return rc;
}

static int
put_one(struct rebasing *k, size_t i, struct dd_err *err)
{
	struct fixing *f = &k->f;
	struct picked *to = &k->v[i];
	OWN_FREE char *key = mem_printf("rebase/%zu/merge", i + 1);
	struct fix_pick p = {.commit = json_string_in(commit_of(k, i), "commit"),
		.message = json_string_in(commit_of(k, i), "message"),
		.onto = f->onto};
	int step = progress_begin("putting %.12s onto %.12s", p.commit, p.onto);
	f->pick = &p;
	int rc = journal_step(f->run->journal, key, do_pick, f, &to->step, err);
	if (rc == 0 && json_array_size(json_object_get(to->step, "files")))
		rc = try_pick(k, to, err);
	else if (rc == 0)
		to->end = PICK_ALREADY;
	f->pick = NULL;
	json_decref(p.files);
	buf_cleanup(&p.texts);
	progress_end(step, rc < 0 ? "failed" : pick_end_names[to->end]);
	return rc;
}

static bool
is_there(const struct picked *p)
{
	return p->end == PICK_ALREADY || p->end == PICK_MERGED || p->end == PICK_RESOLVED;
}

/* In order, as each may need what those before it did; the first that does not get there ends it. */
static int
put_all(struct rebasing *k, struct dd_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < k->n; i++) {
		rc = put_one(k, i, err);
		if (rc == 0 && !is_there(&k->v[i]))
			break;
	}
	return rc;
}

/* ---- how it ended ---- */

static const struct picked *
first_left(const struct rebasing *k)
{
	for (size_t i = 0; i < k->n; i++)
		if (!is_there(&k->v[i]))
			return &k->v[i];
	return NULL;
}

/* heap */
static char *
why_left(const struct rebasing *k, const struct picked *p)
{
	const json_t *c = commit_of(k, (size_t)(p - k->v));
	const char *commit = json_string_in(c, "commit");
	OWN(buf) struct buf out = {.max = 4000}, clashes = {.max = 3000};
	struct str rest, line;
	buf_printf(&out, "%.12s is not put onto %.12s: ", commit, k->f.onto);
	put_clashes(json_object_get(p->step, "files"), commit, &clashes);
	for (rest = buf_str(&clashes); str_next_line(&rest, &line);) {
		buf_add_str(&out, line);
		buf_puts(&out, "; ");
	}
	if (k->f.attempt)
		fix_put_reason(k->f.attempt, &out);
	else if (clashes.n)
		buf_puts(&out, k->f.models ? "a person has to decide"
					   : "no model can be asked (drydock models says why)");
	return buf_take(&out);
}

static void
conclude(struct rebasing *k)
{
	struct fixing *f = &k->f;
	const struct picked *left = first_left(k);
	if (!left) {
		f->reached = true;
		k->r.outcome = k->r.layers.n ? fix_conclude(f) : FIX_CLEAN;
		return;
	}
	enum run_outcome before = f->before.probe.outcome;
	OWN_FREE char *why = why_left(k, left);
	fix_drop_kept(f);
	if (k->r.outcome != FIX_BUDGET)
		k->r.outcome = before == OUTCOME_BLOCKED || before == OUTCOME_UNSATISFIABLE
				       ? FIX_BLOCKED
				       : FIX_STUCK;
	free(f->stopped);
	f->stopped = TAKE(why);
}

static json_t *
commits_told(const struct rebasing *k)
{
	json_t *all = json_array();
	for (size_t i = 0; i < k->n; i++) {
		const struct picked *p = &k->v[i];
		json_t *conflicts = json_array(), *file;
		size_t n;
		json_array_foreach (json_object_get(p->step, "files"), n, file)
			if (is_clash(file))
				json_array_append(conflicts, file);
		json_array_append_new(
			all, json_pack("{s:O, s:O, s:s, s:o, s:o}", "commit",
				     json_object_get(commit_of(k, i), "commit"), "subject",
				     json_object_get(commit_of(k, i), "subject"), "result",
				     pick_end_names[p->end], "attempt",
				     p->attempt ? json_integer(p->attempt) : json_null(),
				     "conflicts", conflicts));
	}
	return all;
}

static char *
head_of(const struct rebasing *k)
{
	OWN(buf) struct buf out = {.max = (size_t)256 << 10};
	const char *branch = json_string_in(json_object_get(k->base, "onto"), "branch");
	buf_printf(&out, "# Rebase of %s: %s\n\nOnto ", json_string_in(k->base, "branch"),
		fix_outcome_names[k->r.outcome]);
	if (*branch) {
		fix_put_cell(&out, branch);
		buf_puts(&out, ", ");
	}
	buf_printf(&out,
		"commit %.12s; before, it stood on %.12s.\n\n| commit | what | how | attempt |\n|---|---|---|---|\n",
		k->f.onto, json_string_in(k->base, "base"));
	for (size_t i = 0; i < k->n; i++) {
		buf_printf(&out, "| %.12s | ", json_string_in(commit_of(k, i), "commit"));
		fix_put_cell(&out, json_string_in(commit_of(k, i), "subject"));
		buf_printf(&out, " | %s | ", pick_end_names[k->v[i].end]);
		if (k->v[i].attempt)
			buf_printf(&out, "%lld", (long long)k->v[i].attempt);
		buf_puts(&out, " |\n");
	}
	return buf_take(&out);
}

static void
tell(struct rebasing *k)
{
	k->r.head = head_of(k);
	k->r.told = json_pack("{s:O, s:O, s:O, s:O, s:O, s:o}", "rebases",
		json_object_get(k->base, "run"), "branch_before",
		json_object_get(k->base, "branch"), "made_from", json_object_get(k->base, "onto"),
		"stood_on", json_object_get(k->base, "base"), "requirements",
		json_object_get(k->base, "requirements"), "commits", commits_told(k));
	if (k->f.stopped) {
		free(k->r.why);
		k->r.why = mem_strdup(k->f.stopped);
	}
}

/* ---- the run ---- */

static int
do_rebase(struct fixing *f, struct dd_err *err)
{
	struct rebasing *k = (struct rebasing *)f;
	int rc = take_base(k, err);
	if (rc == 0)
		rc = fix_begin(f, err);
	if (rc < 0)
		return rc;
	k->r.reach = (struct author_reach){.goal = resolve, .writes = &k->writes};
	rc = put_all(k, err);
	if (rc < 0)
		return rc;
	conclude(k);
	fix_gather(f);
	tell(k);
	rc = fix_hand_over(f, err);
	if (rc == 0)
		rc = fix_write_guide(f, err);
	if (rc == 0)
		rc = attest_run(f->st, f->run, err);
	OWN_JSON json_t *outcome = json_pack("{s:s, s:s}", "name", run_outcome_names[k->r.after],
		"fix", fix_outcome_names[k->r.outcome]);
	return rc < 0 ? rc : journal_set(f->run->journal, "outcome", outcome, err);
}

static void
rebasing_cleanup(struct rebasing *k)
{
	for (size_t i = 0; i < k->n; i++)
		json_decref(k->v[i].step);
	free(k->v);
	fixing_cleanup(&k->f);
	fix_result_cleanup(&k->r);
	json_decref(k->base);
	strlist_cleanup(&k->writes);
}

int
fix_rebase_run(
	const struct cli_call *call, struct state *st, struct run *run, struct answers *answers)
{
	const struct common_options *common = call->options;
	struct rebasing k = {
		.f = {.st = st, .run = run, .answers = answers, .owner = run_owner(run)}};
	int status = 0;
	k.f.r = &k.r;
	st->limits = limit_options_to_pod(&run->options.limits);
	if (fix_in_session(&k.f, do_rebase, &status) == 0) {
		fix_print(run, &k.r, answers, common->json);
		status = fix_exit_status(k.r.outcome);
	}
	rebasing_cleanup(&k);
	return status;
}
