/*
 * Theory of operation.  What npm is to install is planned by the worker: first without any address,
 * which gives the key under which an earlier resolution of the same files may be known; then, if
 * npm has to be run, with addresses.  A lock file has none that could be trusted, so that archives
 * are first asked for where registries have them by convention; where that fails npm asks for the
 * metadata.  A resolution (the settled lock file and each archive's digest) is kept in <state>/npm
 * and makes the layer's key.
 */
#include "images/npm_work.h"

#include "base/cas.h"
#include "base/fs.h"
#include "base/log.h"

#include <string.h>
#include <time.h>

#define MAX_ANSWER ((size_t)256 << 20)
#define MAX_TRIES 5
#define DEFAULT_FILE NPM_KNOWN_DIR "/registry"

void
npm_result_cleanup(struct npm_result *r)
{
	free(r->layer);
	module_set_cleanup(&r->set);
	strlist_cleanup(&r->scripts);
	strlist_cleanup(&r->optional_scripts);
	question_list_cleanup(&r->questions);
	feature_off_list_cleanup(&r->features_off);
	diagnosis_cleanup(&r->diagnosis);
	memset(r, 0, sizeof(*r));
}

void
npm_diagnose(struct npm_work *w, enum run_outcome outcome, enum diagnosis_class class, char *text,
	const char *where, const char *way_out)
{
	w->r->outcome = outcome;
	diagnosis_cleanup(&w->r->diagnosis);
	w->r->diagnosis.class = class;
	w->r->diagnosis.text = text;
	w->r->diagnosis.where = where ? mem_strdup(where) : NULL;
	w->r->diagnosis.way_out = mem_strdup(way_out);
}

/* ---- the worker ---- */

int
npm_ask_worker(const struct npm_work *w, const char *mode, struct str input, json_t **ret,
	struct dd_err *err)
{
	OWN(buf) struct buf out = {.max = MAX_ANSWER};
	OWN_FREE char *src = layer_dir(w->job->state, w->job->source->v[0].s);
	const struct pod_bind bind = {src, "/src", false};
	const char *args[] = {mode, w->job->dir ? w->job->dir : "", NULL};
	const struct worker_spec spec = {.state = w->job->state,
		.name = "npm",
		.args = args,
		.binds = &bind,
		.nbinds = 1,
		.input = input};
	int rc = worker_run(&spec, &out, err);
	return rc < 0 ? rc : json_parse(buf_str(&out), ret, err);
}

static json_t *
registries_inside(const struct npm_work *w)
{
	json_t *inside = json_object();
	for (size_t i = 0; i < w->sources.n; i++) {
		const struct npm_registry *r = &w->sources.v[i];
		OWN_FREE char *url = egress_inside_url(w->sources.upstreams[r->upstream].name);
		json_object_set_new(inside, r->scope, json_string(url));
	}
	return inside;
}

int
npm_plan(struct npm_work *w, bool addresses, json_t **ret, struct dd_err *err)
{
	const struct module_set *set = w->known ? &w->r->set : w->job->locked;
	OWN(buf) struct buf text = {0};
	OWN_JSON json_t *request = json_pack("{s:O, s:b}", "answers", w->answers, "by_convention",
		addresses && w->by_convention);
	if (set)
		json_object_set_new(request, "lock", json_text(str_of(set->lock)));
	if (addresses)
		json_object_set_new(request, "inside", registries_inside(w));
	if (addresses && set) {
		json_t *known = json_object();
		for (size_t i = 0; i < set->artefacts.n; i++) {
			const struct artefact *a = &set->artefacts.v[i];
			OWN_FREE char *key = mem_printf("%s@%s", a->name, a->version);
			json_object_set_new(known, key, json_text(str_of(a->path)));
		}
		json_object_set_new(request, "known", known);
	}
	json_print(request, 0, &text);
	return npm_ask_worker(w, "plan", buf_str(&text), ret, err);
}

/* ---- registries ---- */

static int
read_default(const struct state *st, struct npm_sources *s, struct dd_err *err)
{
	OWN_FREE char *path = state_path(st, DEFAULT_FILE);
	OWN(buf) struct buf url = {0};
	if (!fs_exists(path) || fs_read(path, 4096, &url, NULL) < 0)
		return 0;
	OWN_FREE char *text = str_dup(str_trim(buf_str(&url)));
	return npm_sources_set_default(s, text, err);
}

static int
ask_default(const struct npm_work *w, struct npm_sources *s, struct dd_err *err)
{
	OWN_FREE char *url = NULL;
	OWN_FREE char *path = state_path(w->job->state, DEFAULT_FILE);
	OWN_FREE char *dir = state_path(w->job->state, NPM_KNOWN_DIR);
	int rc = npm_ask_default(w->job->state, w->job->root, &url, err);
	if (rc == 0)
		rc = fs_mkdirs(dir, 0700, err);
	if (rc == 0)
		rc = fs_write_atomic(path, str_of(url), 0600, err);
	return rc < 0 ? rc : npm_sources_set_default(s, url, err);
}

int
npm_sources_of_machine(const struct state *st, struct npm_sources *ret, struct dd_err *err)
{
	struct npm_sources s = {0};
	int rc = npm_sources_read(&s, err);
	if (rc == 0 && !npm_sources_has_default(&s))
		rc = read_default(st, &s, err);
	if (rc < 0) {
		npm_sources_cleanup(&s);
		return rc;
	}
	*ret = s;
	return 0;
}

/* ---- all of it ---- */

static int
freeze(struct npm_work *w, struct npm_run *run, struct dd_err *err)
{
	struct hash_hex key = npm_layer_key(w);
	int rc = layer_lease(w->job->state, w->job->owner, key.s, err);
	if (rc == 0)
		rc = pod_freeze(TAKE(run->pod), POD_WORK, key.s, err);
	if (rc == 0)
		w->r->layer = mem_strdup(key.s);
	return rc;
}

static int
run_once(struct npm_work *w, struct npm_run *run, struct dd_err *err)
{
	static const char *const ci[] = {"ci", "--ignore-scripts", NULL};
	static const char *const install[] = {
		"install", "--ignore-scripts", "--lockfile-version=3", NULL};
	OWN_JSON json_t *plan = NULL;
	int rc = npm_plan(w, true, &plan, err);
	if (rc < 0)
		return rc;
	run->command = w->clean ? ci : install;
	run->files = json_object_get(plan, "files");
	run->options = &w->r->set.options;
	run->known = w->known ? &w->r->set : NULL;
	steplog_note(w->log, "$ npm %s --ignore-scripts", run->command[0]);
	rc = npm_run(run, err);
	run->files = NULL;
	return rc;
}

static int
finish(struct npm_work *w, struct npm_run *run, struct dd_err *err)
{
	int rc = w->known ? npm_check_locked(w, run, err) : npm_settle(w, run, err);
	if (rc == 0)
		rc = freeze(w, run, err);
	if (rc == 0 && !w->job->locked)
		npm_keep_known(w);
	return rc;
}

/* One run of npm; *ret_again when it failed and something else is worth a try. */
static int
try_once(struct npm_work *w, bool *ret_again, struct dd_err *err)
{
	struct npm_run run = {.job = w->job, .sources = &w->sources, .log = w->log};
	OWN_JSON json_t *failure = NULL;
	*ret_again = false;
	int rc = run_once(w, &run, err);
	if (rc == 0 && run.exit_code == 0) {
		rc = finish(w, &run, err);
	} else if (rc == 0) {
		rc = npm_ask_worker(w, "failure", buf_str(&run.tail), &failure, err);
		if (rc == 0)
			*ret_again = npm_change_tactics(w, npm_string(failure, "code"));
		if (rc == 0 && !*ret_again)
			rc = npm_judge_failure(w, &run, failure, err);
	}
	npm_run_cleanup(&run);
	return rc;
}

/* The first of the set's archives that is not in the store; NULL. */
static const struct artefact *
find_missing(const struct npm_work *w)
{
	OWN_FREE char *cas = state_path(w->job->state, "cas");
	const struct artefact_list *l = &w->r->set.artefacts;
	for (size_t i = 0; i < l->n; i++)
		if (!cas_has(cas, l->v[i].sha256))
			return &l->v[i];
	return NULL;
}

/* Offline nothing is asked for that is not in the store. */
static int
check_offline(const struct npm_work *w, struct dd_err *err)
{
	if (!w->job->offline)
		return 0;
	if (!w->known)
		return err_set(err, DD_ENOENT,
			"its npm packages were never resolved here, and --offline forbids to ask a registry");
	const struct artefact *gone = find_missing(w);
	return gone ? err_set(err, DD_ENOENT,
			      "the archive of the npm package %s %s is not in the store, and --offline "
			      "forbids to fetch it",
			      gone->name, gone->version)
		    : 0;
}

/* Offline the broker needs a name to answer under, and nothing behind it. */
static int
complete_sources(struct npm_work *w, struct dd_err *err)
{
	if (npm_sources_has_default(&w->sources))
		return 0;
	return w->job->offline ? npm_sources_set_default(&w->sources, "http://offline.invalid", err)
			       : ask_default(w, &w->sources, err);
}

static int
run_npm(struct npm_work *w, struct dd_err *err)
{
	bool again = true;
	int rc = check_offline(w, err);
	if (rc == 0)
		rc = complete_sources(w, err);
	if (rc == 0)
		rc = steplog_open(w->job->log_path, w->job->answers, &w->log, err);
	if (rc < 0)
		return rc;
	int step = progress_begin("fetching npm packages");
	for (int i = 0; rc == 0 && again && i < MAX_TRIES; i++)
		rc = try_once(w, &again, err);
	progress_end(step, rc < 0 || !w->r->layer ? "failed" : "ok");
	int closed = steplog_close(w->log, rc < 0 ? NULL : err);
	return rc < 0 ? rc : closed;
}

/* A layer whose archives were collected is made anew, so that the recipe holds what it names; offline it has to do. */
static int
find_layer(struct npm_work *w, struct dd_err *err)
{
	struct hash_hex key = npm_layer_key(w);
	int rc = layer_lease(w->job->state, w->job->owner, key.s, err);
	bool usable = w->job->offline || !find_missing(w);
	if (rc == 0 && usable && layer_exists(w->job->state, key.s)) {
		w->r->layer = mem_strdup(key.s);
		w->r->cached = true;
	}
	return rc;
}

/* The archives of a set that is known keep being there from now on, or are fetched. */
static int
lease_known(const struct npm_work *w, struct dd_err *err)
{
	OWN(strlist) struct strlist digests = {0};
	for (size_t i = 0; i < w->r->set.artefacts.n; i++)
		strlist_add(&digests, w->r->set.artefacts.v[i].sha256);
	return object_lease(w->job->state, w->job->owner, &digests, err);
}

static int
install(struct npm_work *w, struct dd_err *err)
{
	bool blocked = false;
	if (w->job->locked)
		npm_take_changes(w, &w->job->locked->changes);
	int rc = npm_sources_of_machine(w->job->state, &w->sources, err);
	if (rc == 0)
		rc = npm_plan(w, false, &w->plan, err);
	if (rc == 0 && json_is_true(json_object_get(w->plan, "broken"))) {
		npm_diagnose(w, OUTCOME_BUILD_FAILED, DIAGNOSIS_BAD_MANIFEST,
			mem_strdup("package.json is no JSON object"), "package.json",
			"mend the file");
		return 0;
	}
	if (rc < 0 || !json_is_true(json_object_get(w->plan, "needed")) ||
		json_is_true(json_object_get(w->plan, "vendored")))
		return rc;
	rc = npm_settle_refused(w, &blocked, err);
	if (rc < 0 || blocked)
		return rc;
	if (w->job->locked)
		npm_take_locked(w);
	else
		npm_read_known(w);
	if (w->known)
		rc = lease_known(w, err);
	if (rc == 0 && w->known)
		rc = find_layer(w, err);
	if (rc < 0 || w->r->layer)
		return rc;
	if (!w->known)
		json_to_strings(json_object_get(w->plan, "options"), &w->r->set.options);
	w->clean = w->known ||
		   (json_is_true(json_object_get(w->plan, "complete")) && !w->r->set.changes.n);
	w->by_convention = !w->known;
	return run_npm(w, err);
}

int
npm_install(const struct npm_job *job, struct npm_result *ret, struct dd_err *err)
{
	struct npm_result r = {0};
	struct npm_work w = {.job = job, .r = &r, .answers = json_object()};
	int rc = install(&w, err);
	npm_sources_cleanup(&w.sources);
	json_decref(w.answers);
	json_decref(w.plan);
	if (rc < 0) {
		npm_result_cleanup(&r);
		return err_wrap(err, "npm packages");
	}
	*ret = r;
	return 0;
}

void
npm_doctor(const struct state *st, struct doctor_list *ret)
{
	struct npm_sources s = {0};
	OWN(dd_err) struct dd_err err = {0};
	if (npm_sources_of_machine(st, &s, &err) < 0) {
		doctor_add(ret, "npm registries", false, false, err_msg(&err),
			"mend the npmrc file or the npm_config_ variable that names the registry");
		return;
	}
	size_t scopes = s.n - (npm_sources_has_default(&s) ? 1 : 0);
	OWN_FREE char *detail = mem_printf("%s, %zu scopes with one of their own",
		npm_sources_has_default(&s) ? "a default registry" : "the default registry of npm",
		scopes);
	doctor_add(ret, "npm registries", true, false, detail, NULL);
	npm_sources_cleanup(&s);
}
