#include "runner/standup.h"

#include "base/fs.h"
#include "base/hash.h"
#include "base/log.h"
#include "qa/qa.h"
#include "runner/attest.h"
#include "runner/beside.h"
#include "runner/bundle.h"
#include "runner/guide.h"
#include "runner/learnt.h"
#include "runner/lost.h"
#include "runner/prove.h"
#include "runner/report.h"
#include "runner/tail.h"
#include "runner/views.h"

#include <string.h>

struct standup {
	const struct state *st;
	struct run *run;
	struct answers *answers;
	char *owner;
	struct standup_result *r;
	/* of discovery */
	struct premises facts; /* what a person says beforehand */
	struct learnt before;  /* by another run; its run is NULL: nothing */
	char *told, *asked;    /* see struct learnt */
};

void
standup_result_cleanup(struct standup_result *r)
{
	source_cleanup(&r->source);
	image_cleanup(&r->base);
	free(r->index_digest);
	probe_result_cleanup(&r->probe);
	free(r->views.browser);
	free(r->views.note);
	screen_step_list_cleanup(&r->views.steps);
	json_decref(r->differences);
	egress_log_cleanup(&r->egress);
	free(r->egress_log);
	map_cleanup(&r->upstreams);
	free(r->recipe);
	free(r->report);
	free(r->cases);
	memset(r, 0, sizeof(*r));
}

/* ---- source ---- */

static int
do_source(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct standup *s = ctx;
	const struct run_options *o = &s->run->options;
	struct source source = {0};
	if (o->given) {
		*ret_result = json_incref(o->given);
		return 0;
	}
	int step = progress_begin("reading the source");
	int rc = intake_source(
		s->st, s->owner, o->source, o->offline, s->r->egress_log, &source, err);
	progress_end(step, rc < 0 ? "failed" : "ok");
	if (rc < 0)
		return rc;
	*ret_result = json_encode(source_fields, &source);
	source_cleanup(&source);
	return 0;
}

/* ---- base image ---- */

static json_t *
image_to_json(const struct image *img)
{
	json_t *layers = probe_stack_to_json(&img->stack);
	return json_pack("{s:s, s:s, s:s*, s:s*, s:o}", "name", img->name, "digest", img->digest,
		"suite", img->suite, "arch", img->arch, "layers", layers);
}

struct image_record {
	char *name, *digest, *suite, *arch;
	struct strlist layers;
};
#define F(member, what) \
	{ \
		.key = #member, .kind = what, .offset = offsetof(struct image_record, member) \
	}
static const struct json_field image_record_fields[] = {F(name, JSON_K_STRING),
	F(digest, JSON_K_STRING), F(suite, JSON_K_STRING), F(arch, JSON_K_STRING),
	F(layers, JSON_K_STRLIST), {.key = NULL}};

static int
image_from_json(const json_t *j, struct image *ret, struct dd_err *err)
{
	struct image_record rec = {0};
	int rc = json_decode(j, image_record_fields, false, &rec, "base", err);
	if (rc == 0) {
		ret->name = TAKE(rec.name);
		ret->digest = TAKE(rec.digest);
		ret->suite = TAKE(rec.suite);
		ret->arch = TAKE(rec.arch);
		for (size_t i = 0; i < rec.layers.n; i++)
			stack_push(&ret->stack, rec.layers.v[i]);
	}
	json_release(image_record_fields, &rec);
	return rc;
}

/* Lease its layers; *ret_whole: they are all there still (an image can be replaced meanwhile). */
static int
lease_image(const struct standup *s, const struct image *img, bool *ret_whole, struct dd_err *err)
{
	int rc = 0;
	bool whole = true;
	for (size_t i = 0; rc == 0 && i < img->stack.n; i++) {
		rc = layer_lease(s->st, s->owner, img->stack.v[i].s, err);
		whole = whole && layer_exists(s->st, img->stack.v[i].s);
	}
	if (rc == 0)
		*ret_whole = whole;
	return rc;
}

/* An empty layer of this run's own on top: what is installed on it is found in no store. */
static int
push_own_layer(const struct standup *s, struct stack *root, struct dd_err *err)
{
	const struct stack none = {0};
	struct hash_hex key = stack_next_key(root, str_of(s->owner));
	const struct pod_spec spec = {.state = s->st, .work = &none};
	struct pod *pod = NULL;
	int rc = layer_lease(s->st, s->owner, key.s, err);
	if (rc == 0)
		rc = pod_open(&spec, &pod, err);
	if (rc == 0)
		rc = pod_freeze(pod, POD_WORK, key.s, err);
	if (rc == 0)
		stack_push(root, key.s);
	return rc;
}

static int
do_base(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct standup *s = ctx;
	const struct run_options *o = &s->run->options;
	const char *name = o->image ? o->image : IMAGE_BASE;
	struct image img = {0};
	bool whole = false;
	int rc = 0;
	while (rc == 0 && !whole) {
		image_cleanup(&img);
		rc = image_ensure(s->st, name, false, o->offline, s->r->egress_log, &img, err);
		if (rc == 0)
			rc = lease_image(s, &img, &whole, err);
	}
	if (rc == 0 && o->install_anew)
		rc = push_own_layer(s, &img.stack, err);
	if (rc == 0)
		*ret_result = image_to_json(&img);
	image_cleanup(&img);
	return rc;
}

/* ---- package index ---- */

static int
do_index(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct standup *s = ctx;
	struct apt_index index = {0};
	bool offline = s->run->options.offline;
	int rc = apt_index_open(s->st, false, offline, s->r->egress_log, &index, err);
	if (rc == 0)
		rc = apt_index_add_contents(s->st, offline, s->r->egress_log, &index, err);
	if (rc == 0)
		*ret_result = json_pack("{s:s}", "digest", index.digest);
	apt_index_cleanup(&index);
	return rc;
}

/* ---- what is known beforehand ---- */

static int
read_facts_file(struct standup *s, struct premises *ret, struct dd_err *err)
{
	const char *path = s->run->options.facts;
	OWN(buf) struct buf text = {0};
	int rc = fs_read(path, FACTS_MAX_BYTES, &text, err);
	if (rc == 0)
		rc = probe_facts_read(s->st, buf_str(&text), ret, err);
	return rc < 0 ? err_wrap(err, "%s", path) : 0;
}

/* The file that is named; else that of the source, whose mistakes are no reason to stop. */
static int
do_facts(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct standup *s = ctx;
	struct premises facts = {0};
	struct stack source = {0};
	OWN(dd_err) struct dd_err why = {0};
	stack_push(&source, s->r->source.layer);
	bool named = s->run->options.facts != NULL;
	int rc = named ? read_facts_file(s, &facts, &why)
		       : probe_facts_of_source(s->st, &source, &facts, &why);
	stack_cleanup(&source);
	if (rc < 0 && (named || (rc != -DD_ENOENT && rc != -DD_EINVAL)))
		return err_move(err, &why);
	*ret_result = json_pack("{s:o, s:s*}", "facts", json_encode(premises_fields, &facts),
		"note", rc == -DD_EINVAL ? err_msg(&why) : NULL);
	premises_cleanup(&facts);
	return 0;
}

static int
do_learnt(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct standup *s = ctx;
	struct learnt l = {0};
	(void)err;
	int rc = learnt_find(s->st, s->r->source.digest, s->run->options.source, &l, NULL);
	*ret_result = rc == 0 ? json_encode(learnt_fields, &l) : json_object();
	learnt_cleanup(&l);
	return 0;
}

/* The ids that are answered, and what was decided: another value of the others leads to no other packages. */
static char *
name_answers(struct answers *a)
{
	OWN(strlist) struct strlist ids = {0};
	OWN(buf) struct buf text = {0};
	answers_given(a, &ids);
	for (size_t i = 0; i < ids.n; i++) {
		const char *value = "";
		if (str_starts(str_of(ids.v[i]), "decision:"))
			(void)answers_get(a, ids.v[i], &value);
		buf_printf(&text, "%s=%s\n", ids.v[i], value);
	}
	return buf_take(&text);
}

static int
know_beforehand(struct standup *s, struct dd_err *err)
{
	OWN_JSON json_t *facts = NULL, *learnt = NULL;
	OWN(buf) struct buf text = {0};
	int rc = journal_step(s->run->journal, "facts", do_facts, s, &facts, err);
	if (rc == 0)
		rc = json_decode(json_object_get(facts, "facts"), premises_fields, false, &s->facts,
			"facts", err);
	if (rc == 0 && !s->run->options.no_learnt)
		rc = journal_step(s->run->journal, "learnt", do_learnt, s, &learnt, err);
	if (rc == 0 && json_object_get(learnt, "run"))
		rc = json_decode(learnt, learnt_fields, false, &s->before, "learnt", err);
	if (rc < 0)
		return rc;
	const char *note = json_string_value(json_object_get(facts, "note"));
	if (note) {
		strlist_addf(&s->r->source.notes, "what drydock.yaml says is not used: %s", note);
		log_warn("%s", s->r->source.notes.v[s->r->source.notes.n - 1]);
	}
	json_print(json_object_get(facts, "facts"), 0, &text);
	for (size_t i = 0; i < s->run->options.peers.n; i++)
		buf_printf(&text, "\nbeside %s", s->run->options.peers.v[i]);
	struct hash_hex told = hash_bytes(buf_str(&text));
	s->told = mem_strdup(told.s);
	s->asked = name_answers(s->answers);
	return 0;
}

/* Does what was learnt still lead to the same recipe? */
static bool
is_known(const struct standup *s)
{
	const struct learnt *l = &s->before;
	return json_is_object(l->recipe) && strcmp(l->tree, s->r->source.digest) == 0 && l->base &&
	       strcmp(l->base, s->r->base.digest) == 0 && l->told &&
	       strcmp(l->told, s->told) == 0 && l->asked && strcmp(l->asked, s->asked) == 0 &&
	       l->build_only == s->run->options.build_only &&
	       l->no_prune == s->run->options.no_prune;
}

static int
save_learnt(struct standup *s, const struct premises *now, json_t *recipe, struct dd_err *err)
{
	const struct run_options *o = &s->run->options;
	if (o->apart)
		return 0;
	const struct learnt l = {s->run->id, s->r->source.digest, s->r->base.digest, s->told,
		s->asked, o->build_only, o->no_prune, *now, recipe};
	return learnt_save(s->st, s->run->options.source, &l, err);
}

static int
learn(void *ctx, const struct premises *now, struct dd_err *err)
{
	return save_learnt(ctx, now, NULL, err);
}

/* ---- discovery ---- */

static int
run_tests(void *ctx, const struct probe_tests *t, struct test_run *ret, enum exec_cause *ret_cause,
	struct dd_err *err)
{
	struct standup *s = ctx;
	struct qa_spec spec = {
		.state = s->st,
		.root = t->root,
		.work = t->work,
		.commands = t->commands,
		.services = t->services,
		.nservices = t->nservices,
		.env = t->env,
		.binds = t->binds,
		.nbinds = t->nbinds,
		.trace = t->trace,
		.on_prompt = t->on_prompt,
		.ctx = t->prompt_ctx,
		.answers = s->answers,
		.log_path = t->log_path,
		.time_limit_ms = s->run->options.time_ms,
		.silence_limit_ms = s->run->options.silence_ms,
	};
	return beside_run_tests(s->run, &spec, ret, ret_cause, err);
}

static int
ask_model(void *ctx, const json_t *evidence, int64_t nth, json_t **ret, struct dd_err *err)
{
	struct standup *s = ctx;
	return tail_ask_model(s->run, s->answers, evidence, nth, ret, err);
}

static int
discover(struct standup *s, const struct recipe *known, struct dd_err *err)
{
	struct apt_index index = {0};
	int rc = apt_index_open_digest(s->st, s->r->index_digest, &index, err);
	if (rc < 0)
		return rc;
	struct stack source = {0};
	source_stack(&s->r->source, &source);
	const struct probe_spec spec = {
		.state = s->st,
		.journal = s->run->journal,
		.run_dir = s->run->dir,
		.owner = s->owner,
		.image = &s->r->base,
		.index = &index,
		.source = &source,
		.answers = s->answers,
		.egress_log = s->r->egress_log,
		.offline = s->run->options.offline,
		.no_prune = s->run->options.no_prune,
		.build_only = s->run->options.build_only,
		.peers = &s->run->options.peers,
		.known = known,
		.facts = &s->facts,
		.learnt_before = s->before.run ? &s->before.facts : NULL,
		.learnt = learn,
		.ask = s->run->options.models ? ask_model : NULL,
		.step_limit_ms = s->run->options.time_ms,
		.silence_limit_ms = s->run->options.silence_ms,
		.run_tests = run_tests,
		.ctx = s,
	};
	rc = probe_run(&spec, &s->r->probe, err);
	stack_cleanup(&source);
	apt_index_cleanup(&index);
	return rc;
}

/* ---- results ---- */

static int
add_duration(void *ctx, const struct journal_entry *e)
{
	double *seconds = ctx;
	if (e->ended_ns)
		*seconds += (double)(e->ended_ns - e->started_ns) / 1e9;
	return 0;
}

int
standup_seconds(const struct run *run, double *ret, struct dd_err *err)
{
	double seconds = 0;
	int rc = journal_each(run->journal, add_duration, &seconds, err);
	if (rc == 0)
		*ret = seconds;
	return rc;
}

static bool
has_recipe(enum run_outcome o)
{
	return o == OUTCOME_UP || o == OUTCOME_BUILT || o == OUTCOME_TESTS_FAILED;
}

/* And on which layers: what drydock start runs. */
static int
do_inventory(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct standup *s = ctx;
	int rc = probe_inventory(s->st, &s->r->probe.root, &s->r->probe.work, ret_result, err);
	if (rc == 0) {
		json_object_set_new(*ret_result, "root", probe_stack_to_json(&s->r->probe.root));
		json_object_set_new(*ret_result, "work", probe_stack_to_json(&s->r->probe.work));
	}
	return rc < 0 ? err_wrap(err, "recipe") : 0;
}

/* The files of one kind, into the folder of the recipe. */
static int
write_folder(struct standup *s,
	int (*make)(const struct recipe_facts *f, const char *dir, struct dd_err *err),
	struct dd_err *err)
{
	OWN_FREE char *dir = run_path(s->run, "recipe");
	OWN_JSON json_t *inventory = journal_result(s->run->journal, "recipe/inventory");
	struct recipe recipe = {0};
	standup_recipe(s->run, s->r, s->answers, &recipe);
	const struct recipe_facts facts = {&recipe, &s->r->probe, inventory, s->answers};
	int rc = make(&facts, dir, err);
	recipe_cleanup(&recipe);
	return rc;
}

/* Is there an archive whose upstream the report names? */
static bool
has_artefacts(const struct probe_result *p)
{
	for (size_t i = 0; i < p->batches.n; i++)
		if (p->batches.v[i].artefacts.n)
			return true;
	for (size_t i = 0; i < p->modules.n; i++)
		if (p->modules.v[i].artefacts.n)
			return true;
	return false;
}

static int
do_findings(void *ctx, json_t **ret_result, struct dd_err *err)
{
	(void)ret_result;
	return write_folder(ctx, recipe_write_findings, err);
}

static int
do_recipe(void *ctx, json_t **ret_result, struct dd_err *err)
{
	(void)ret_result;
	return write_folder(ctx, recipe_write, err);
}

static int
do_report(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct standup *s = ctx;
	(void)ret_result;
	OWN_FREE char *cases = run_path(s->run, "tests.jsonl");
	int rc = qa_write_cases(cases, &s->r->probe.tests, err);
	if (rc == 0)
		rc = egress_log_read(s->r->egress_log, &s->r->egress, err);
	if (has_artefacts(&s->r->probe))
		apt_upstream_urls(s->st, &s->r->upstreams);
	if (rc == 0)
		rc = standup_report(s->run, s->r, s->answers, err);
	return rc < 0 ? err_wrap(err, "report") : 0;
}

static int
write_guide(struct standup *s, struct dd_err *err)
{
	struct recipe recipe = {0};
	struct guide guide = {0};
	standup_recipe(s->run, s->r, s->answers, &recipe);
	guide_standup(s->run, s->r, &recipe, &guide);
	int rc = guide_write(s->run, &guide, s->answers, err);
	guide_cleanup(&guide);
	recipe_cleanup(&recipe);
	return rc;
}

static int
do_finish(struct standup *s, struct dd_err *err)
{
	OWN_JSON json_t *result = standup_to_json(s->run, s->r, s->answers);
	OWN(buf) struct buf text = {0};
	json_print(result, 2, &text);
	buf_putc(&text, '\n');
	OWN_FREE char *path = run_path(s->run, "result.json");
	int rc = fs_write_atomic(path, buf_str(&text), 0600, err);
	if (rc == 0)
		rc = write_guide(s, err);
	if (rc == 0)
		rc = attest_run(s->st, s->run, err);
	if (rc == 0) {
		OWN_JSON json_t *outcome =
			json_pack("{s:s}", "name", run_outcome_names[s->r->probe.outcome]);
		rc = journal_set(s->run->journal, "outcome", outcome, err);
	}
	return rc < 0 ? err_wrap(err, "report") : 0;
}

/* A step whose files are gone is done again: a run directory may lose some. */
static int
forget_if_gone(struct standup *s, const char *step, const char *const *files, struct dd_err *err)
{
	for (; *files; files++) {
		OWN_FREE char *path = run_path(s->run, *files);
		if (!fs_exists(path))
			return journal_forget_from(s->run->journal, step, err);
	}
	return 0;
}

static int
write_recipe(struct standup *s, struct dd_err *err)
{
	static const char *const findings[] = {"recipe/NEEDS.md", "recipe/needs.json",
		"recipe/evidence.jsonl", "recipe/drydock.yaml", NULL};
	static const char *const files[] = {"recipe/drydock.lock.json", "recipe/drydock.buildinfo",
		"recipe/Dockerfile", "recipe/BUILD.md", "recipe/.devcontainer/devcontainer.json",
		"recipe/sbom.cdx.json", "recipe/sbom.spdx.json", NULL};
	struct journal *j = s->run->journal;
	bool whole = has_recipe(s->r->probe.outcome) && !s->run->options.without.n;
	int rc = forget_if_gone(s, "recipe/findings", findings, err);
	if (rc == 0 && whole)
		rc = forget_if_gone(s, "recipe", files, err);
	if (rc == 0 && whole)
		rc = journal_step(j, "recipe/inventory", do_inventory, s, NULL, err);
	if (rc == 0 && whole && !s->run->options.build_only)
		rc = prove_start(s->st, s->run, s->answers, s->r, err);
	if (rc == 0)
		rc = journal_step(j, "recipe/findings", do_findings, s, NULL, err);
	if (rc == 0 && whole)
		rc = journal_step(j, "recipe", do_recipe, s, NULL, err);
	if (rc == 0 && whole && s->run->options.screens)
		rc = views_take(s->st, s->run, s->answers, s->r, err);
	if (rc == 0 && whole)
		s->r->recipe = run_path(s->run, "recipe/drydock.lock.json");
	return rc;
}

/* For the next run of the same source. */
static int
learn_result(struct standup *s, struct dd_err *err)
{
	OWN_JSON json_t *lock = NULL;
	struct premises now;
	if (s->r->recipe && json_parse_file(s->r->recipe, (size_t)64 << 20, &lock, err) < 0)
		return -(int)err->code;
	probe_learnt(&s->r->probe, &s->facts, &now);
	int rc = save_learnt(s, &now, lock, err);
	premises_cleanup(&now);
	return rc;
}

static int
write_results(struct standup *s, struct dd_err *err)
{
	static const char *const report_files[] = {
		"tests.jsonl", "report.html", "report.json", NULL};
	struct standup_result *r = s->r;
	int rc = forget_if_gone(s, "report", report_files, err);
	if (rc == 0)
		rc = write_recipe(s, err);
	if (rc == 0 && s->told)
		rc = learn_result(s, err);
	r->report = run_path(s->run, "report.html");
	r->cases = run_path(s->run, "tests.jsonl");
	if (rc == 0)
		rc = standup_seconds(s->run, &r->seconds, err);
	if (rc == 0)
		rc = journal_step(s->run->journal, "report", do_report, s, NULL, err);
	return rc < 0 ? rc : do_finish(s, err);
}

static int
find_out(struct standup *s, const struct recipe *known, struct dd_err *err)
{
	OWN_JSON json_t *index = NULL;
	int rc = journal_step(s->run->journal, "index", do_index, s, &index, err);
	if (rc < 0)
		return rc;
	const char *digest = json_string_value(json_object_get(index, "digest"));
	free(s->r->index_digest);
	s->r->index_digest = mem_strdup(digest ? digest : "");
	return discover(s, known, err);
}

/* Did the replay end as well as the recipe says?  What waits for an answer is for no discovery to find. */
static bool
is_as_good(const struct recipe *r, const struct probe_result *p)
{
	if (p->outcome == OUTCOME_TESTS_FAILED)
		return r->outcome == OUTCOME_TESTS_FAILED && p->tests.passed >= r->passed &&
		       p->tests.failed <= r->failed;
	return p->outcome == OUTCOME_UP || p->outcome == OUTCOME_BUILT ||
	       p->outcome == OUTCOME_BLOCKED;
}

/* Packages that are gone, or are for another base image, are broken, too. */
static int
replay_and_mend(struct standup *s, const struct recipe *recipe, struct dd_err *err)
{
	OWN(dd_err) struct dd_err why = {0};
	int rc = standup_replay(s->st, s->run, s->answers, recipe, s->r, &why);
	bool gone = rc == -DD_ENOENT || rc == -DD_ECORRUPT || rc == -DD_EINVAL;
	if (rc < 0 && !gone) {
		rc = err_move(err, &why);
	} else if (rc < 0 || !is_as_good(recipe, &s->r->probe)) {
		strlist_addf(&s->r->source.notes,
			"the recipe was replayed first, and it is broken: %s%s%s",
			rc < 0 ? err_msg(&why) : run_outcome_names[s->r->probe.outcome],
			rc < 0 || !s->r->probe.diagnosis.text ? "" : ": ",
			rc < 0 || !s->r->probe.diagnosis.text ? "" : s->r->probe.diagnosis.text);
		log_warn("%s", s->r->source.notes.v[s->r->source.notes.n - 1]);
		probe_result_cleanup(&s->r->probe);
		s->r->probe = (struct probe_result){0};
		rc = find_out(s, recipe, err);
	}
	return rc;
}

/* By the recipe that is named: to the letter, or as far as it holds. */
static int
follow_recipe(struct standup *s, struct dd_err *err)
{
	struct recipe recipe = {0};
	int rc = recipe_load(s->run->options.recipe, &recipe, err);
	if (rc == 0)
		rc = s->run->options.discover
			     ? replay_and_mend(s, &recipe, err)
			     : standup_replay(s->st, s->run, s->answers, &recipe, s->r, err);
	recipe_cleanup(&recipe);
	return rc;
}

/* By the recipe that an earlier run of the same source came to. */
static int
follow_learnt(struct standup *s, struct dd_err *err)
{
	struct recipe recipe = {0};
	OWN(dd_err) struct dd_err why = {0};
	int rc = recipe_from_json(s->before.recipe, &recipe, &why);
	if (rc == 0) {
		strlist_addf(&s->r->source.notes,
			"what run %s learnt of this source was used (--no-learnt finds it out anew)",
			s->before.run);
		log_info("%s", s->r->source.notes.v[s->r->source.notes.n - 1]);
	}
	rc = rc == 0 ? replay_and_mend(s, &recipe, err) : find_out(s, NULL, err);
	recipe_cleanup(&recipe);
	return rc;
}

static int
run_steps(struct standup *s, struct dd_err *err)
{
	struct journal *j = s->run->journal;
	const struct run_options *o = &s->run->options;
	OWN_JSON json_t *source = NULL, *base = NULL;
	int rc = o->bundle ? bundle_take(s->st, s->run, s->r->egress_log, err) : 0;
	if (rc == 0)
		rc = journal_step(j, "source", do_source, s, &source, err);
	if (rc == 0)
		rc = json_decode(source, source_fields, false, &s->r->source, "source", err);
	if (rc == 0)
		rc = journal_step(j, "base", do_base, s, &base, err);
	if (rc == 0)
		rc = image_from_json(base, &s->r->base, err);
	if (rc == 0 && (!o->recipe || o->discover))
		rc = know_beforehand(s, err);
	if (rc == 0)
		rc = o->recipe	   ? follow_recipe(s, err)
		     : is_known(s) ? follow_learnt(s, err)
				   : find_out(s, NULL, err);
	return rc < 0 ? rc : write_results(s, err);
}

static int
settle_layers(void *ctx, struct dd_err *err)
{
	struct standup *s = ctx;
	return layer_settle(s->st, err);
}

int
standup(const struct state *st, struct run *run, struct answers *answers,
	struct standup_result *ret, struct dd_err *err)
{
	struct standup_result r = {
		.egress_log = run_path(run, "egress.jsonl"), .upstreams = {.destroy = free}};
	OWN_FREE char *owner = run_owner(run);
	struct standup s = {.st = st, .run = run, .answers = answers, .owner = owner, .r = &r};
	journal_set_barrier(run->journal, settle_layers, &s);
	int rc = lost_forget(st, run, err);
	if (rc == 0)
		rc = run_steps(&s, err);
	premises_cleanup(&s.facts);
	learnt_cleanup(&s.before);
	free(s.told);
	free(s.asked);
	if (rc < 0) {
		standup_result_cleanup(&r);
		return rc;
	}
	*ret = r;
	return 0;
}
