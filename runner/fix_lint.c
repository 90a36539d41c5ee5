/*
 * What the project's own linters and formatters say of a change.  They run in a pod of the application, on the tree as it was and
 * on the same tree with the files of the change: configuration, build files and modules are those from before, whatever the change
 * makes of them.  One that is not there is installed for this look alone, in a layer that nothing else uses; what cannot be had
 * is told as not run.
 */
#include "agents/lint.h"
#include "agents/touched.h"
#include "base/log.h"
#include "images/apt.h"
#include "runner/fix_loop.h"
#include "runner/fix_place.h"
#include "runner/fix_worker.h"

#include <string.h>

#define LINT_LIMIT_MS (5 * 60 * 1000) /* of one run of one of them */
#define PRINTED_MAX ((size_t)8 << 20)
#define CHANGE_DIR "/changes"
#define ABSENT 127 /* as a shell says it */

struct linting {
	const struct fixing *f;
	const json_t *files, *asked;
	struct stack root, work;
	struct strlist env;
	struct pod *pod;
	json_t *told, *findings; /* of the linters, in the order they are asked; what is new */
	struct buf *was;	 /* what each printed before */
	int *was_status;
};

static void
linting_cleanup(struct linting *l)
{
	for (size_t i = 0; l->was && i < json_array_size(l->asked); i++)
		buf_cleanup(&l->was[i]);
	free(l->was);
	free(l->was_status);
	pod_close(l->pod);
	stack_cleanup(&l->root);
	stack_cleanup(&l->work);
	strlist_cleanup(&l->env);
	json_decref(l->told);
	json_decref(l->findings);
}

static const struct lint_tool *
tool_at(const struct linting *l, size_t i)
{
	return lint_tool_of(json_string_in(json_array_get(l->asked, i), "name"));
}

/* ---- what is told of one ---- */

static void
tell(struct linting *l, size_t i, enum gate_result result, const char *note)
{
	json_t *one = json_array_get(l->told, i);
	json_object_set_new(one, "result", json_string(gate_result_names[result]));
	if (note)
		json_object_set_new(one, "note", json_text(str_of(note)));
}

static void
not_run(struct linting *l, size_t i, const char *note)
{
	tell(l, i, GATE_NOT_RUN, note);
}

static bool
is_out(const struct linting *l, size_t i)
{
	return json_object_get(json_array_get(l->told, i), "result") != NULL;
}

/* ---- running ---- */

static int
open_pod(struct linting *l, struct dd_err *err)
{
	OWN_FREE char *dir = layer_dir(
		l->f->st, json_string_value(json_object_get(l->f->attempt->proposed, "layer")));
	const struct pod_bind bind = {dir, CHANGE_DIR, false};
	const struct pod_spec spec = {
		.state = l->f->st, .root = l->root, .work = &l->work, .binds = &bind, .nbinds = 1};
	pod_close(TAKE(l->pod));
	return pod_open(&spec, &l->pod, err);
}

/* *ret: the exit status, -1 where it ended otherwise, or printed more than is read. */
static int
run_script(
	struct linting *l, const struct buf *script, struct buf *out, int *ret, struct dd_err *err)
{
	struct exec_result r;
	const struct exec_spec how = {.env = (const char *const *)l->env.v,
		.cwd = WORK_DIR,
		.profile = PROFILE_BUILD,
		.on_output = exec_keep,
		.ctx = out,
		.time_limit_ms = LINT_LIMIT_MS};
	int rc = fix_run_script(l->pod, &how, buf_str(script), STR(""), &r, err);
	if (rc == 0)
		*ret = r.cause == CAUSE_NONE && !r.signal && !out->truncated ? r.exit_code : -1;
	return rc;
}

/* The files that it looks at; new ones only when they are there. */
static void
paths_of(const struct linting *l, size_t i, bool changed, struct strlist *ret)
{
	size_t k;
	json_t *path;
	json_array_foreach (json_object_get(json_array_get(l->asked, i), "paths"), k, path) {
		const json_t *file = json_find(l->files, "path", json_string_value(path));
		if (changed || !json_is_true(json_object_get(file, "created")))
			strlist_add(ret, json_string_value(path));
	}
}

static int
run_tool(struct linting *l, size_t i, bool changed, struct buf *out, int *ret_status,
	struct dd_err *err)
{
	OWN(strlist) struct strlist paths = {0};
	OWN(buf) struct buf script = {0};
	const struct lint_tool *tool = tool_at(l, i);
	paths_of(l, i, changed, &paths);
	*ret_status = 0;
	if (!paths.n && !tool->whole)
		return 0;
	out->max = PRINTED_MAX;
	lint_put_command(tool, WORK_DIR, json_array_get(l->asked, i), &paths, &script);
	return run_script(l, &script, out, ret_status, err);
}

/* Where the tree cannot take it, nobody looks at it. */
static int
put_change(struct linting *l, struct dd_err *err)
{
	OWN(buf) struct buf script = {0}, out = {.max = 65536};
	size_t i;
	json_t *file;
	int status = 0;
	json_array_foreach ((json_t *)l->files, i, file) {
		const char *path = json_string_in(file, "path");
		OWN_FREE char *from = mem_printf(CHANGE_DIR "/%s", path),
			      *to = mem_printf(WORK_DIR "/%s", path);
		if (lint_is_config(path))
			continue;
		buf_puts(&script, "mkdir -p \"$(dirname ");
		buf_put_shell(&script, str_of(to));
		buf_puts(&script, ")\" && cp -f ");
		buf_put_shell(&script, str_of(from));
		buf_putc(&script, ' ');
		buf_put_shell(&script, str_of(to));
		buf_puts(&script, " || exit 1\n");
	}
	int rc = script.n ? run_script(l, &script, &out, &status, err) : 0;
	for (i = 0; rc == 0 && status != 0 && i < json_array_size(l->asked); i++)
		if (!is_out(l, i))
			not_run(l, i, "the changed files cannot be put into the tree");
	return rc;
}

/* ---- those that are not there ---- */

static int
find_absent(struct linting *l, struct strlist *ret_packages, struct dd_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < json_array_size(l->asked); i++) {
		const struct lint_tool *tool = tool_at(l, i);
		OWN(buf) struct buf script = {0}, out = {.max = 65536};
		int status = 0;
		const char *why = tool ? json_string_in(json_array_get(l->asked, i), "not")
				       : "no way is known to run it here";
		if (*why) {
			not_run(l, i, why);
			continue;
		}
		lint_put_ready(tool, WORK_DIR, json_array_get(l->asked, i), &script);
		buf_puts(&script, "exit 0");
		rc = run_script(l, &script, &out, &status, err);
		if (rc == 0 && status == ABSENT && tool->package)
			strlist_add_new(ret_packages, tool->package);
		else if (rc == 0 && status != 0)
			not_run(l, i, "the program is not there");
	}
	return rc;
}

static void
cannot_have(struct linting *l, const char *package, const struct dd_err *why)
{
	OWN_FREE char *note = mem_printf("it cannot be installed: %s", err_msg(why));
	for (size_t i = 0; i < json_array_size(l->asked); i++) {
		const struct lint_tool *tool = tool_at(l, i);
		if (tool && !is_out(l, i) && tool->package && strcmp(tool->package, package) == 0)
			not_run(l, i, note);
	}
}

/* A repair does not end because a mirror does not answer. */
static bool
is_ours(int rc)
{
	return rc == -DD_ESTOPPED || rc == -DD_ELIMIT;
}

/* One by one: that one cannot be had says nothing of the others. */
static int
install(struct linting *l, const struct apt_index *index, const char *package, struct dd_err *err)
{
	const struct fixing *f = l->f;
	OWN(strlist) struct strlist names = {0};
	OWN(dd_err) struct dd_err why = {0};
	struct install_batch batch = {0};
	bool cached = false;
	strlist_add(&names, package);
	int rc = apt_resolve(f->st, index, &l->root, &names, &batch, &why);
	if (rc == 0)
		rc = apt_provide(f->st, &l->root, &batch, f->run->options.offline, f->owner,
			f->now->egress_log, &cached, &why);
	install_batch_cleanup(&batch);
	if (rc < 0 && is_ours(rc))
		return err_move(err, &why);
	if (rc < 0)
		cannot_have(l, package, &why);
	return 0;
}

static int
install_absent(struct linting *l, const struct strlist *packages, struct dd_err *err)
{
	struct apt_index index = {0};
	OWN(dd_err) struct dd_err why = {0};
	int opened = apt_index_open_digest(l->f->st, l->f->before.index_digest, &index, &why),
	    rc = 0;
	if (opened < 0 && is_ours(opened))
		return err_move(err, &why);
	for (size_t i = 0; opened < 0 && i < packages->n; i++)
		cannot_have(l, packages->v[i], &why);
	for (size_t i = 0; opened == 0 && rc == 0 && i < packages->n; i++) {
		int step = progress_begin("installing %s, to look at the change", packages->v[i]);
		rc = install(l, &index, packages->v[i], err);
		progress_end(step, rc < 0 ? "failed" : "ok");
	}
	apt_index_cleanup(&index);
	return rc < 0 ? rc : open_pod(l, err);
}

/* ---- the look ---- */

static int
look_before(struct linting *l, struct dd_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < json_array_size(l->asked); i++)
		if (!is_out(l, i))
			rc = run_tool(l, i, false, &l->was[i], &l->was_status[i], err);
	return rc;
}

/* *ret_ran: as lint_compare. */
static int
compare(struct linting *l, size_t i, const struct buf *printed, int status, bool *ret_ran,
	struct dd_err *err)
{
	OWN(strlist) struct strlist old = {0};
	OWN_JSON json_t *result = NULL;
	OWN_FREE char *was = mem_printf("%d", l->was_status[i]), *is = mem_printf("%d", status);
	paths_of(l, i, false, &old);
	const char *args[] = {
		"lint", old.n || tool_at(l, i)->whole ? "there" : "new", was, is, NULL};
	const json_t *json[] = {json_array_get(l->asked, i), l->files};
	int rc = fix_read_printed(
		l->f->st, args, json, 2, buf_str(&l->was[i]), buf_str(printed), &result, err);
	*ret_ran = json_is_true(json_object_get(result, "ran"));
	json_array_extend(l->findings, json_object_get(result, "findings"));
	return rc;
}

static int
look_after(struct linting *l, size_t i, struct dd_err *err)
{
	OWN(buf) struct buf printed = {0};
	size_t found = json_array_size(l->findings);
	bool ran = false;
	int status = 0, rc = run_tool(l, i, true, &printed, &status, err), was = l->was_status[i];
	if (rc < 0)
		return rc;
	if (was < 0 || status < 0)
		not_run(l, i, "it did not end by itself in time, or printed too much");
	else
		rc = compare(l, i, &printed, status, &ran, err);
	if (rc < 0 || is_out(l, i))
		return rc;
	if (!ran)
		not_run(l, i, "it fails, and does not say where");
	else
		tell(l, i, json_array_size(l->findings) > found ? GATE_FAILED : GATE_PASSED, NULL);
	return 0;
}

static int
look(struct linting *l, struct dd_err *err)
{
	OWN(strlist) struct strlist packages = {0};
	int rc = open_pod(l, err);
	if (rc == 0)
		rc = find_absent(l, &packages, err);
	if (rc == 0 && packages.n)
		rc = install_absent(l, &packages, err);
	if (rc == 0)
		rc = look_before(l, err);
	if (rc == 0)
		rc = put_change(l, err);
	for (size_t i = 0; rc == 0 && i < json_array_size(l->asked); i++)
		if (!is_out(l, i))
			rc = look_after(l, i, err);
	return rc;
}

/* Marks that tell linters not to look are findings where one would look. */
static void
take_suppressed(struct linting *l)
{
	size_t i, k, n;
	json_t *mark, *one, *path;
	json_array_foreach (json_object_get(l->f->attempt->changes, "suppressed"), n, mark) {
		bool looks = false;
		json_array_foreach ((json_t *)l->asked, i, one)
			json_array_foreach (json_object_get(one, "paths"), k, path)
				looks = looks || strcmp(json_string_value(path),
							 json_string_in(mark, "path")) == 0;
		if (looks)
			json_array_append(l->findings, mark);
	}
}

static void
begin(struct linting *l)
{
	const struct standup_result *best = fix_best(l->f);
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)l->asked, i, one)
		json_array_append_new(
			l->told, json_pack("{s:O, s:O}", "linter", json_object_get(one, "name"),
					 "asked_by", json_object_get(one, "why")));
	l->was = mem_zalloc(i + 1, sizeof(*l->was));
	l->was_status = mem_zalloc(i + 1, sizeof(*l->was_status));
	stack_copy(&l->root, &l->f->now->probe.root);
	if (fix_is_built(best) && !l->f->taken)
		stack_copy(&l->work, &best->probe.work);
	else
		fix_tree(l->f, &l->work);
	fix_environment(l->f, l->f->now, &l->env);
}

static int
do_lint(void *ctx, json_t **ret_result, struct dd_err *err)
{
	const struct fixing *f = ctx;
	struct linting l = {.f = f,
		.files = json_object_get(f->attempt->changes, "files"),
		.asked = json_object_get(f->attempt->changes, "linters"),
		.told = json_array(),
		.findings = json_array()};
	begin(&l);
	take_suppressed(&l);
	int step = progress_begin("asking the project's linters");
	int rc = look(&l, err);
	progress_end(step, rc < 0 ? "failed" : json_array_size(l.findings) ? "refused" : "ok");
	if (rc == 0)
		*ret_result = json_pack("{s:O, s:O}", "linters", l.told, "findings", l.findings);
	linting_cleanup(&l);
	return rc;
}

static bool
any_ran(const json_t *linters)
{
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)linters, i, one)
		if (strcmp(json_string_in(one, "result"), gate_result_names[GATE_NOT_RUN]) != 0)
			return true;
	return false;
}

int
fix_is_linted(struct fixing *f, const struct standup_result *now, bool *ret, struct dd_err *err)
{
	struct fix_attempt *a = f->attempt;
	OWN_FREE char *key = mem_printf("fix/%lld/lint", (long long)f->n);
	*ret = true;
	if (!json_array_size(json_object_get(a->changes, "linters")))
		return 0;
	f->now = now;
	int rc = journal_step(f->run->journal, key, do_lint, f, &a->linted, err);
	if (rc < 0)
		return rc;
	bool found = json_array_size(json_object_get(a->linted, "findings"));
	/* A rule knows no style, and nobody could write it anew for the one that is asked for. */
	*ret = !found || a->author != AUTHOR_MODEL;
	if (found)
		a->gates[GATE_LINT] = *ret ? GATE_TOLD : GATE_FAILED;
	else if (any_ran(json_object_get(a->linted, "linters")))
		a->gates[GATE_LINT] = GATE_PASSED;
	return 0;
}
