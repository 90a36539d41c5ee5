#include "runner/fix_refine.h"

#include "base/fs.h"
#include "base/git_write.h"
#include "base/io.h"
#include "base/log.h"
#include "intent/intent.h"
#include "runner/attest.h"
#include "runner/fix_guidance.h"
#include "runner/fix_kept.h"
#include "runner/fix_loop.h"
#include "runner/rules.h"

#include <fcntl.h>
#include <string.h>

#define TOLD_ATTEMPTS 10 /* of the earlier run */
/* Said of one branch, it is surer than what a model said, and does not hold for ever. */
#define GUIDANCE_CONFIDENCE 80
#define GUIDANCE_DAYS 365

struct refining {
	struct fixing f; /* first: steps get it */
	struct fix_result r;
	json_t *base, *scope;
	struct strlist writes, wanted;
	struct strlist forbidden; /* cases that every change of it broke */
};

static const char *
said(const struct run *run)
{
	return json_string_in(run->options.refine, "text");
}

/* ---- the run that is refined ---- */

int
fix_refine_admit(const struct run *of, struct dd_err *err)
{
	OWN_JSON json_t *result = NULL;
	if (!of->options.fix)
		return err_set(err, DD_EINVAL,
			"run %s wrote no change: fix, work and refine do (drydock runs lists them)",
			of->id);
	if (run_is_live(of) || run_outcome(of) == OUTCOME_NONE)
		return err_set(
			err, DD_EINVAL, "run %s is not over: drydock resume %s", of->id, of->id);
	int rc = fix_kept_result(of, &result, err);
	if (rc == 0 && !fix_kept_last(result))
		return err_set(err, DD_EINVAL,
			"run %s kept no change that could be adjusted: begin another, with --goal",
			of->id);
	return rc < 0 ? rc : fix_kept_unmoved(of, result, err);
}

/* ---- what is taken over ---- */

/* Its layers are ours, too; *ret: paths that its changes are of. */
static int
take_layers(const struct fixing *f, const json_t *given, json_t **ret, struct dd_err *err)
{
	OWN(strlist) struct strlist changes = {0};
	OWN(buf) struct buf patch = {0};
	OWN_JSON json_t *looked = NULL;
	struct source source = {0};
	struct stack below = {0}, all = {0};
	size_t i;
	json_t *file;
	int rc = json_decode(given, source_fields, false, &source, "source", err);
	if (rc == 0)
		source_stack(&source, &all);
	for (i = 0; rc == 0 && i < all.n; i++) {
		rc = layer_lease(f->st, f->owner, all.v[i].s, err);
		if (rc == 0 && !layer_exists(f->st, all.v[i].s))
			rc = err_set(err, DD_EINVAL,
				"layer %.12s of the run that is refined is not in the store any more",
				all.v[i].s);
	}
	if (rc == 0) {
		stack_push(&below, source.layer);
		strlist_copy(&changes, &source.changes);
		rc = fix_changes(f->st, &below, &changes, &looked, &patch, err);
	}
	json_t *paths = json_array();
	json_array_foreach (json_object_get(looked, "files"), i, file)
		json_array_append(paths, json_object_get(file, "path"));
	source_cleanup(&source);
	stack_cleanup(&below);
	stack_cleanup(&all);
	*ret = paths;
	return rc;
}

/* Attempts of models that were not kept, and what spoke against them. */
static json_t *
tried_before(const struct run *of, const json_t *result)
{
	json_t *lines = json_array(), *a, *gate;
	size_t i, k;
	json_array_foreach (json_object_get(result, "attempts"), i, a) {
		OWN(buf) struct buf line = {.max = 2000};
		if (json_array_size(lines) == TOLD_ATTEMPTS || !*json_string_in(a, "model") ||
			strcmp(json_string_in(a, "verdict"),
				attempt_verdict_names[VERDICT_DROPPED]) != 0)
			continue;
		buf_printf(&line, "in run %s, %s:", of->id, json_string_in(a, "summary"));
		json_array_foreach (json_object_get(a, "gates"), k, gate)
			if (strcmp(json_string_in(gate, "result"),
				    gate_result_names[GATE_FAILED]) == 0)
				buf_printf(&line, " refused by the gate %s;",
					json_string_in(gate, "gate"));
		json_array_append_new(lines, json_text(buf_str(&line)));
	}
	return lines;
}

/* Where its map is not the newest, facts of it are still good. */
static void
take_map(const struct run *of, const struct run *run)
{
	OWN_FREE char *from = run_path(of, "map.db"), *to = run_path(run, "map.db");
	if (io_linkat(AT_FDCWD, from, AT_FDCWD, to, 0) < 0)
		log_debug("the map is made anew");
}

static int
take_from(const void *ctx, const struct run *of, json_t **ret_result, struct dd_err *err)
{
	const struct fixing *f = ctx;
	OWN_JSON json_t *result = NULL, *given = NULL, *files = NULL, *wanted = NULL, *was = NULL;
	int rc = fix_refine_admit(of, err);
	if (rc == 0)
		rc = fix_kept_result(of, &result, err);
	if (rc == 0)
		rc = fix_kept_source(of, fix_kept_last(result), &given, err);
	if (rc == 0)
		rc = take_layers(f, given, &files, err);
	if (rc == 0)
		rc = fix_kept_wanted(of, &wanted, err);
	if (rc == 0)
		rc = fix_kept_base(of, &was, err);
	if (rc < 0)
		return rc;
	take_map(of, f->run);
	*ret_result = json_pack("{s:s, s:O, s:O, s:O, s:o, s:s, s:O, s:O}", "run", of->id, "given",
		given, "files", files, "requirements", wanted, "tried", tried_before(of, result),
		"stem", fix_kept_stem(was, result), "branch", json_object_get(result, "branch"),
		"commit", json_object_get(result, "commit"));
	return 0;
}

static int
do_base(void *ctx, json_t **ret_result, struct dd_err *err)
{
	const struct fixing *f = ctx;
	return fix_kept_read(f->st, f->run->options.refine, take_from, f, ret_result, err);
}

static int
take_base(struct refining *k, struct dd_err *err)
{
	struct fixing *f = &k->f;
	int rc = journal_step(f->run->journal, KEPT_REFINED, do_base, f, &k->base, err);
	if (rc < 0)
		return rc;
	f->given = json_object_get(k->base, "given");
	f->touched = json_object_get(k->base, "files");
	if (!json_is_string(json_object_get(k->base, "branch")))
		return 0;
	f->stem = json_string_in(k->base, "stem");
	f->onto = json_string_in(k->base, "commit");
	return 0;
}

/* ---- what it is about ---- */

/* Tests are there to be passed, unless the person names them. */
static void
add_file(const struct fixing *f, const char *path, struct strlist *ret)
{
	const struct author_reach reach = {.goal = said(f->run)};
	if (author_may_write(&reach, path))
		strlist_add_new(ret, path);
}

static bool
is_path(const char *name)
{
	struct str rest = str_of(name), part;
	if (!strpbrk(name, "/.") || name[0] == '/')
		return false;
	while (str_next(&rest, '/', &part))
		if (!part.n || part.p[0] == '.')
			return false;
	return name[strlen(name) - 1] != '/' && !strchr(name, '(');
}

/* What the map does not know: a file that the earlier run made, by its path or its end, or one that is new. */
static void
add_unknown(const struct fixing *f, const char *name, struct strlist *ret)
{
	OWN_FREE char *tail = mem_printf("/%s", name);
	size_t i, found = 0;
	json_t *path;
	json_array_foreach (f->touched, i, path) {
		const char *p = json_string_value(path);
		if (strcmp(p, name) != 0 && !str_ends(str_of(p), tail))
			continue;
		add_file(f, p, ret);
		found++;
	}
	if (!found && is_path(name))
		add_file(f, name, ret);
}

static void
gather_writes(const struct fixing *f, const struct plandoc *p, const struct intent_tasks *tasks,
	struct strlist *ret)
{
	for (size_t t = 0; t < tasks->n; t++)
		for (size_t i = 0; i < tasks->v[t].writes.n; i++)
			add_file(f, tasks->v[t].writes.v[i], ret);
	for (size_t i = 0; i < p->n; i++) {
		OWN(strlist) struct strlist names = {0};
		plandoc_names(&p->v[i], "not in the tree", &names);
		for (size_t n = 0; n < names.n; n++)
			add_unknown(f, names.v[n], ret);
	}
}

static json_t *
contradictions_of(const struct plandoc *p)
{
	json_t *found = json_array();
	for (size_t i = 0; i < p->n; i++) {
		const struct plandoc_item *c = &p->v[i];
		if (c->level != 3 || strcmp(c->section, "Contradictions") != 0)
			continue;
		const char *one = plandoc_value(c, "one"), *other = plandoc_value(c, "other");
		json_array_append_new(found,
			json_pack("{s:o, s:o, s:o}", "guidance", json_text(str_of(one ? one : "")),
				"against", json_text(str_of(other ? other : "")), "why",
				json_text(str_of(c->title))));
	}
	return found;
}

/* As rules: what was wanted before is compared with each statement. */
static void
put_earlier(const json_t *requirements, struct buf *out)
{
	size_t i;
	json_t *text;
	json_array_foreach (requirements, i, text)
		buf_printf(out, "- %s\n", json_string_value(text));
}

static json_t *
scope_of(const struct fixing *f, const struct plandoc *p)
{
	struct intent_tasks tasks = {0};
	OWN(strlist) struct strlist writes = {0};
	json_t *wanted = json_array(), *statements = json_array();
	intent_tasks(p, &tasks);
	gather_writes(f, p, &tasks, &writes);
	for (size_t i = 0; i < tasks.nwanted; i++)
		json_array_append_new(wanted, json_text(str_of(tasks.wanted[i].text)));
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].level == 3 && strcmp(p->v[i].section, "Requirements") == 0)
			json_array_append_new(statements, json_text(str_of(p->v[i].title)));
	intent_tasks_cleanup(&tasks);
	return json_pack("{s:o, s:o, s:o, s:o}", "writes", json_from_strings(&writes), "wanted",
		wanted, "statements", statements, "contradictions", contradictions_of(p));
}

static int
do_scope(void *ctx, json_t **ret_result, struct dd_err *err)
{
	const struct refining *k = ctx;
	const struct fixing *f = &k->f;
	OWN_FREE char *source = layer_dir(f->st, f->before.source.layer);
	OWN(buf) struct buf user = {0}, of_tree = {0}, earlier = {0};
	OWN(plandoc) struct plandoc p = {0};
	struct graph *map = NULL;
	int rc = rules_read(source, &user, &of_tree, err);
	if (rc == 0)
		rc = fix_author_map(f->st, source, f->run->dir, &map, err);
	if (rc == 0 && !map)
		rc = err_set(
			err, DD_EIO, "without a map of the source nothing says what is touched");
	put_earlier(json_object_get(k->base, "requirements"), &earlier);
	const struct intent_inputs in = {.g = map,
		.source = f->run->options.source,
		.page_name = json_string_in(f->run->options.refine, "page"),
		.page = str_of(said(f->run)),
		.user_rules = buf_str(&user),
		.project_rules = buf_str(&earlier)};
	if (rc == 0)
		rc = intent_draft(&in, &p, err);
	graph_close(map);
	if (rc == 0)
		*ret_result = scope_of(f, &p);
	return rc;
}

static int
take_scope(struct refining *k, struct dd_err *err)
{
	int rc = journal_step(k->f.run->journal, "refine/scope", do_scope, k, &k->scope, err);
	if (rc < 0)
		return rc;
	json_to_strings(json_object_get(k->scope, "writes"), &k->writes);
	json_to_strings(json_object_get(k->scope, "wanted"), &k->wanted);
	return 0;
}

/* ---- how it ended ---- */

/*
 * Cases that passed, and that each change for it broke: two at least, as one may have been a slip of its author.  Then tests forbid what
 * the guidance asks for.
 */
static void
find_forbidden(struct refining *k)
{
	size_t made = 0;
	for (size_t i = 0; i < k->r.attempts.n; i++) {
		const struct fix_attempt *a = &k->r.attempts.v[i];
		OWN(strlist) struct strlist both = {0};
		if (a->gates[GATE_BUILDS] != GATE_PASSED)
			continue;
		for (size_t n = 0; n < a->worse.n; n++)
			if (!made || strlist_has(&k->forbidden, a->worse.v[n]))
				strlist_add(&both, a->worse.v[n]);
		strlist_cleanup(&k->forbidden);
		strlist_copy(&k->forbidden, &both);
		made++;
	}
	if (made < 2)
		strlist_cleanup(&k->forbidden);
}

/* Every author that answered says that the tree is as the guidance wants it. */
static bool
holds_already(const struct refining *k)
{
	bool said_so = false;
	for (size_t i = 0; i < k->r.attempts.n; i++) {
		const struct fix_attempt *a = &k->r.attempts.v[i];
		if (fix_has_no_answer(a))
			continue;
		if (a->verdict != VERDICT_NOTHING ||
			!json_is_true(json_object_get(a->proposed, "complete")) ||
			json_array_size(json_object_get(a->proposed, "left")))
			return false;
		said_so = true;
	}
	return said_so && fix_stands(&k->f);
}

static void
conclude(struct refining *k)
{
	struct fix_result *r = &k->r;
	r->outcome = fix_conclude(&k->f);
	if (r->outcome != FIX_STUCK)
		return;
	find_forbidden(k);
	if (k->forbidden.n)
		r->outcome = FIX_CONTRADICTORY;
	else if (holds_already(k))
		r->outcome = FIX_CLEAN;
}

/* heap; NULL: what the repair says. */
static char *
why(const struct refining *k)
{
	const json_t *first = json_array_get(json_object_get(k->scope, "contradictions"), 0);
	if (first)
		return mem_printf("\"%s\" and \"%s\": %s; a person has to decide",
			json_string_in(first, "guidance"), json_string_in(first, "against"),
			json_string_in(first, "why"));
	if (k->forbidden.n)
		return mem_printf(
			"what the guidance asks for breaks %s each time; a person has to decide which of them holds",
			k->forbidden.v[0]);
	if (k->r.outcome == FIX_CLEAN)
		return mem_strdup("every author that was asked says that it is so already");
	return k->writes.n
		       ? NULL
		       : mem_strdup(
				 "the guidance names no file, and the map knows none for it: name one");
}

static void
put_section(const char *title, const json_t *lines, struct buf *out)
{
	size_t i;
	json_t *line;
	buf_printf(out, "\n%s:\n\n", title);
	json_array_foreach (lines, i, line) {
		buf_puts(out, "- ");
		buf_put_markdown(out, json_string_value(line));
		buf_putc(out, '\n');
	}
}

static void
tell(struct refining *k)
{
	OWN(buf) struct buf head = {0};
	OWN_FREE char *because = why(k);
	if (because) {
		free(k->r.why);
		k->r.why = TAKE(because);
	}
	buf_printf(&head, "# Refinement of run %s: %s\n", json_string_in(k->base, "run"),
		fix_outcome_names[k->r.outcome]);
	put_section("Guidance", json_object_get(k->scope, "statements"), &head);
	put_section("Files that it may change", json_object_get(k->scope, "writes"), &head);
	k->r.head = buf_take(&head);
	k->r.told = json_pack("{s:O, s:O, s:O, s:O, s:O, s:O, s:o}", "refines",
		json_object_get(k->base, "run"), "onto", json_object_get(k->base, "branch"), "by",
		json_object_get(k->f.run->options.refine, "by"), "guidance",
		json_object_get(k->scope, "statements"), "writes",
		json_object_get(k->scope, "writes"), "contradictions",
		json_object_get(k->scope, "contradictions"), "forbidden_by",
		json_from_strings(&k->forbidden));
}

/* ---- what is learnt ---- */

/* Of each cluster that was changed, every statement once. */
static int
learn(const struct fixing *f, const char *path, const json_t *statements, struct dd_err *err)
{
	OWN_FREE char *db = run_path(f->run, "map.db");
	OWN(strlist) struct strlist files = {0};
	size_t i;
	json_t *text;
	int rc = 0;
	strlist_add(&files, path);
	json_array_foreach ((json_t *)statements, i, text) {
		const struct fix_lesson l = {.tree = f->run->options.source,
			.text = json_string_value(text),
			.evidence = f->run->id,
			.author = json_string_in(f->run->options.refine, "by"),
			.source = MEMORY_OF_PERSON,
			.confidence = GUIDANCE_CONFIDENCE,
			.days = GUIDANCE_DAYS,
			.files = &files};
		if (rc == 0)
			rc = fix_guidance_learn(f->st, db, &l, err);
	}
	return rc;
}

static int
do_memory(void *ctx, json_t **ret_result, struct dd_err *err)
{
	const struct refining *k = ctx;
	OWN(dd_err) struct dd_err broken = {0};
	size_t i;
	json_t *file;
	int rc = 0;
	(void)ret_result;
	(void)err;
	json_array_foreach (json_object_get(k->r.changes, "files"), i, file)
		if (rc == 0)
			rc = learn(&k->f, json_string_in(file, "path"),
				json_object_get(k->scope, "statements"), &broken);
	if (rc < 0) /* the refinement is whole without it */
		log_warn("what the guidance says is not kept: %s", err_msg(&broken));
	return 0;
}

/* ---- the run ---- */

static int
reach(struct refining *k, struct dd_err *err)
{
	struct fixing *f = &k->f;
	const struct fix_aim aim = {
		.reach = {said(f->run), &k->writes}, .wanted = &k->wanted, .models_alone = true};
	k->r.reach = aim.reach;
	if (json_array_size(json_object_get(k->scope, "contradictions"))) {
		k->r.outcome = FIX_CONTRADICTORY;
		return 0;
	}
	if (!k->writes.n)
		return 0;
	fix_aim_at(f, &aim);
	json_to_strings(json_object_get(k->base, "tried"), &f->tried);
	return fix_reach(f, err);
}

static int
do_refine(struct fixing *f, struct dd_err *err)
{
	struct refining *k = (struct refining *)f;
	OWN_JSON json_t *learnt = NULL;
	int rc = take_base(k, err);
	if (rc == 0)
		rc = fix_begin(f, err);
	if (rc == 0)
		rc = take_scope(k, err);
	if (rc == 0)
		rc = reach(k, err);
	if (rc == 0)
		rc = fix_show_attacks(f, err);
	if (rc < 0)
		return rc;
	conclude(k);
	fix_gather(f);
	tell(k);
	rc = fix_hand_over(f, err);
	if (rc == 0 && k->r.layers.n && fix_is_local(f->run) && !f->run->options.apart)
		rc = journal_step(f->run->journal, "refine/memory", do_memory, k, &learnt, err);
	if (rc == 0)
		rc = fix_write_guide(f, err);
	if (rc == 0)
		rc = attest_run(f->st, f->run, err);
	OWN_JSON json_t *outcome = json_pack("{s:s, s:s}", "name", run_outcome_names[k->r.after],
		"fix", fix_outcome_names[k->r.outcome]);
	return rc < 0 ? rc : journal_set(f->run->journal, "outcome", outcome, err);
}

static void
refining_cleanup(struct refining *k)
{
	fixing_cleanup(&k->f);
	fix_result_cleanup(&k->r);
	json_decref(k->base);
	json_decref(k->scope);
	strlist_cleanup(&k->writes);
	strlist_cleanup(&k->wanted);
	strlist_cleanup(&k->forbidden);
}

int
fix_refine_run(
	const struct cli_call *call, struct state *st, struct run *run, struct answers *answers)
{
	const struct common_options *common = call->options;
	struct refining k = {
		.f = {.st = st, .run = run, .answers = answers, .owner = run_owner(run)}};
	int status = 0;
	k.f.r = &k.r;
	st->limits = limit_options_to_pod(&run->options.limits);
	if (fix_in_session(&k.f, do_refine, &status) == 0) {
		fix_print(run, &k.r, answers, common->json);
		status = fix_exit_status(k.r.outcome);
	}
	refining_cleanup(&k);
	return status;
}
