/*
 * Theory of operation.  What npm is to install is planned by the worker: first without any address, which
 * gives the key under which an earlier resolution of the same files may be known; then, if npm has to be
 * run, with addresses.  A lock file has none that could be trusted, so that archives are first asked for
 * where registries have them by convention; where that fails npm asks for the metadata.  A resolution (the
 * settled lock file and each archive's digest) is kept in <state>/npm and makes the layer's key.
 */
#include "images/npm_pod.h"

#include "base/cas.h"
#include "base/fs.h"
#include "base/log.h"

#include <string.h>
#include <time.h>

#define MAX_ANSWER ((size_t)256 << 20)
#define MAX_TRIES 5
#define FRESH_S (24 * 60 * 60)
#define KNOWN_DIR "npm"
#define DEFAULT_FILE KNOWN_DIR "/registry"

struct work {
	const struct npm_job *job;
	struct npm_result *r;
	struct npm_sources sources;
	json_t *answers;      /* name -> version or null */
	json_t *plan;	      /* without addresses */
	char *known_path;
	bool known;	      /* r->set is a whole resolution */
	bool clean;	      /* npm ci: the lock is taken as it is */
	bool by_convention;
	struct steplog *log;
};

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

static const char *
string_at(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

/* ---- the worker ----------------------------------------------------------------------------------- */

static int
ask_worker(const struct work *w, const char *mode, struct str input, json_t **ret, struct dd_err *err)
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
registries_inside(const struct work *w)
{
	json_t *inside = json_object();
	for (size_t i = 0; i < w->sources.n; i++) {
		const struct npm_registry *r = &w->sources.v[i];
		OWN_FREE char *url = egress_inside_url(w->sources.upstreams[r->upstream].name);
		json_object_set_new(inside, r->scope, json_string(url));
	}
	return inside;
}

static int
make_plan(struct work *w, bool addresses, json_t **ret, struct dd_err *err)
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
	return ask_worker(w, "plan", buf_str(&text), ret, err);
}

/* ---- what no registry has --------------------------------------------------------------------------- */

static bool
has_question(const struct work *w, const char *id)
{
	for (size_t i = 0; i < w->r->questions.n; i++)
		if (strcmp(w->r->questions.v[i].id, id) == 0)
			return true;
	return false;
}

/* Only what the application itself cannot be without stops it. */
static bool
is_required(const json_t *refused)
{
	const char *section = string_at(refused, "section");
	return strcmp(section, "devDependencies") != 0 && strcmp(section, "optionalDependencies") != 0 &&
	       strcmp(section, "peerDependencies") != 0;
}

static void
ask_question(struct work *w, const json_t *refused, const char *id, bool blocking)
{
	const char *name = string_at(refused, "name"), *spec = string_at(refused, "spec");
	struct question *q = question_list_add(&w->r->questions);
	q->id = mem_strdup(id);
	q->kind = Q_DECISION;
	q->text = mem_printf("%s is wanted from \"%s\", which is not on a package registry: which version of "
			     "it on the registry shall stand for it?",
		name, spec);
	q->where = mem_printf("%s: %s", string_at(refused, "where"), name);
	q->why = mem_strdup("only packages from registries that this machine is configured for are fetched");
	q->default_value = blocking ? NULL : mem_strdup("it is left out");
	q->unlocks = mem_strdup("the installation of the packages");
	q->blocking = blocking;
}

static void
leave_out(struct work *w, const json_t *refused)
{
	struct feature_off *f = feature_off_list_add(&w->r->features_off);
	f->feature = mem_printf("what %s would give", string_at(refused, "name"));
	f->input = mem_printf("%s, which is not on a package registry", string_at(refused, "spec"));
}

/* The answer to what was refused: a version in its place, nothing (declined), or none yet. */
static bool
decide(struct work *w, const json_t *refused)
{
	const char *name = string_at(refused, "name"), *value = NULL;
	OWN_FREE char *slug = question_slug(str_of(name));
	OWN_FREE char *id = mem_printf("decision:npm-%s", slug);
	if (json_object_get(w->answers, name) || has_question(w, id))
		return false;
	enum answer_state state = w->job->answers ? answers_get(w->job->answers, id, &value) : ANSWER_NONE;
	bool blocking = state == ANSWER_NONE && is_required(refused);
	ask_question(w, refused, id, blocking);
	if (state == ANSWER_GIVEN)
		json_object_set_new(w->answers, name, json_text(str_of(value)));
	else if (!blocking)
		json_object_set_new(w->answers, name, json_null());
	if (state != ANSWER_GIVEN && !blocking)
		leave_out(w, refused);
	if (state == ANSWER_GIVEN)
		strlist_addf(&w->r->set.changes, "%s=%s", name, value);
	else if (!blocking)
		strlist_add(&w->r->set.changes, name);
	return !blocking;
}

static void
diagnose(struct work *w, enum run_outcome outcome, const char *class, char *text, const char *where,
	const char *way_out)
{
	w->r->outcome = outcome;
	diagnosis_cleanup(&w->r->diagnosis);
	w->r->diagnosis.class = mem_strdup(class);
	w->r->diagnosis.text = text;
	w->r->diagnosis.where = where ? mem_strdup(where) : NULL;
	w->r->diagnosis.way_out = mem_strdup(way_out);
}

/* Plan again with what was decided; *ret_blocked when something is left that only a person can decide. */
static int
settle_refused(struct work *w, bool *ret_blocked, struct dd_err *err)
{
	const json_t *list = json_object_get(w->plan, "refused");
	json_t *item;
	size_t i;
	bool decided = false;
	json_array_foreach ((json_t *)list, i, item) {
		decided = decide(w, item) || decided;
	}
	for (i = 0; i < w->r->questions.n; i++) {
		const struct question *q = &w->r->questions.v[i];
		if (!q->blocking)
			continue;
		*ret_blocked = true;
		diagnose(w, OUTCOME_BLOCKED, "needs-answer", mem_printf("it needs an answer: %s", q->text),
			q->where,
			"write a version that the registry has, or null to go without it, to an answers file "
			"under the question's id, and resume");
	}
	if (!decided || *ret_blocked)
		return 0;
	json_decref(TAKE(w->plan));
	return make_plan(w, false, &w->plan, err);
}

/* The decisions that a recipe was made with. */
static void
take_changes(struct work *w, const struct strlist *changes)
{
	for (size_t i = 0; i < changes->n; i++) {
		const char *equals = strchr(changes->v[i], '=');
		OWN_FREE char *name =
			mem_strndup(changes->v[i], strcspn(changes->v[i], "="));
		json_object_set_new(
			w->answers, name, equals ? json_text(str_of(equals + 1)) : json_null());
	}
}

/* ---- what is known already -------------------------------------------------------------------------- */

static struct hash_hex
hash_plan(const struct work *w, const char *what, const char *lock)
{
	OWN(buf) struct buf text = {0};
	const char *path;
	json_t *file;
	buf_printf(&text, "%s %s", what, w->job->dir ? w->job->dir : ".");
	json_object_foreach (json_object_get(w->plan, "files"), path, file) {
		if (strcmp(path, "package-lock.json") == 0)
			continue;
		buf_printf(&text, "\n%s ", path);
		json_print(file, 0, &text);
	}
	for (size_t i = 0; i < w->job->root->n; i++)
		buf_printf(&text, "\n/%s", w->job->root->v[i].s);
	buf_printf(&text, "\n%s", lock ? lock : "");
	return hash_bytes(buf_str(&text));
}

static char *
known_path(const struct work *w)
{
	OWN(buf) struct buf what = {0};
	buf_puts(&what, "npm 1");
	for (size_t i = 0; i < w->sources.n; i++)
		buf_printf(&what, " %s=%s", w->sources.v[i].scope,
			w->sources.upstreams[w->sources.v[i].upstream].url);
	struct hash_hex key = hash_plan(w, what.p, string_at(w->plan, "lock"));
	OWN_FREE char *dir = state_path(w->job->state, KNOWN_DIR);
	return mem_printf("%s/%s.json", dir, key.s);
}

static void
strings_from(const json_t *list, struct strlist *ret)
{
	json_t *item;
	size_t i;
	json_array_foreach ((json_t *)list, i, item) {
		strlist_add(ret, json_string_value(item));
	}
}

static json_t *
strings_to(const struct strlist *list)
{
	json_t *a = json_array();
	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(a, json_text(str_of(list->v[i])));
	return a;
}

/* A lock file says what it says; ranges are resolved again once a day, like package lists. */
static bool
is_fresh(const struct work *w, const json_t *known)
{
	json_int_t made = json_integer_value(json_object_get(known, "made"));
	return w->job->offline || string_at(w->plan, "lock") || (json_int_t)time(NULL) - made < FRESH_S;
}

static void
read_known(struct work *w)
{
	OWN_JSON json_t *j = NULL;
	struct module_set set = {0};
	if (!fs_exists(w->known_path) || json_parse_file(w->known_path, MAX_ANSWER, &j, NULL) < 0 ||
		!is_fresh(w, j))
		return;
	if (json_decode(json_object_get(j, "set"), module_set_fields, false, &set, "set", NULL) < 0) {
		module_set_cleanup(&set);
		return;
	}
	module_set_cleanup(&w->r->set);
	w->r->set = set;
	strings_from(json_object_get(j, "scripts"), &w->r->scripts);
	strings_from(json_object_get(j, "optional_scripts"), &w->r->optional_scripts);
	w->known = true;
}

/* A resolution that cannot be kept is made again. */
static void
keep_known(const struct work *w)
{
	OWN_FREE char *dir = state_path(w->job->state, KNOWN_DIR);
	OWN_JSON json_t *j = json_pack("{s:I, s:o, s:o, s:o}", "made", (json_int_t)time(NULL), "set",
		json_encode(module_set_fields, &w->r->set), "scripts", strings_to(&w->r->scripts),
		"optional_scripts", strings_to(&w->r->optional_scripts));
	OWN(buf) struct buf text = {0};
	json_print(j, 0, &text);
	if (fs_mkdirs(dir, 0700, NULL) == 0)
		(void)!fs_write_atomic(w->known_path, buf_str(&text), 0600, NULL);
}

static void
take_locked(struct work *w)
{
	OWN_JSON json_t *copy = json_encode(module_set_fields, w->job->locked);
	module_set_cleanup(&w->r->set);
	if (json_decode(copy, module_set_fields, false, &w->r->set, "set", NULL) < 0)
		abort(); /* it was decoded by the same table */
	w->known = true;
}

/* ---- registries -------------------------------------------------------------------------------------- */

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
ask_default(const struct work *w, struct npm_sources *s, struct dd_err *err)
{
	OWN_FREE char *url = NULL;
	OWN_FREE char *path = state_path(w->job->state, DEFAULT_FILE);
	OWN_FREE char *dir = state_path(w->job->state, KNOWN_DIR);
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

/* ---- after npm --------------------------------------------------------------------------------------- */

static const struct egress_request *
find_request(const struct egress_log *log, const char *upstream, const char *path)
{
	const struct egress_request *found = NULL;
	for (size_t i = 0; upstream && path && i < log->n; i++) {
		const struct egress_request *q = &log->v[i];
		if (q->status == 200 && q->sha256 && strcmp(q->upstream, upstream) == 0 &&
			strcmp(q->path, path) == 0)
			found = q;
	}
	return found;
}

static bool
is_listed(const struct artefact_list *l, const char *name, const char *version)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].name, name) == 0 && strcmp(l->v[i].version, version) == 0)
			return true;
	return false;
}

static char *
copy_at(const json_t *j, const char *key)
{
	const char *s = string_at(j, key);
	return s ? mem_strdup(s) : NULL;
}

static int
add_package(struct work *w, const struct npm_run *run, const json_t *package, struct dd_err *err)
{
	const char *name = string_at(package, "name"), *version = string_at(package, "version");
	struct artefact_list *list = &w->r->set.artefacts;
	if (json_is_true(json_object_get(package, "scripts")))
		strlist_add_new(json_is_true(json_object_get(package, "optional"))
					? &w->r->optional_scripts
					: &w->r->scripts,
			string_at(package, "place"));
	if (json_is_true(json_object_get(package, "bundled")) || !name || !version ||
		is_listed(list, name, version))
		return 0;
	const struct egress_request *q = find_request(
		&run->egress, string_at(package, "upstream"), string_at(package, "path"));
	if (!q)
		return err_set(err, DD_EIO, "npm installed %s %s, but no archive of it was fetched", name,
			version);
	struct artefact *a = artefact_list_add(list);
	a->kind = mem_strdup("npm");
	a->name = mem_strdup(name);
	a->version = mem_strdup(version);
	a->sha256 = mem_strdup(q->sha256);
	a->size = (int64_t)q->bytes;
	a->upstream = mem_strdup(q->upstream);
	a->path = mem_strdup(q->path);
	a->integrity = copy_at(package, "integrity");
	return 0;
}

/* Every manifest but the first is one of the tree's own packages. */
static void
list_members(const struct work *w, struct strlist *ret)
{
	static const char end[] = "/package.json";
	const char *path;
	json_t *text;
	json_object_foreach (json_object_get(w->plan, "files"), path, text) {
		if (str_ends(str_of(path), end))
			strlist_add_str(ret, (struct str){path, strlen(path) - sizeof(end) + 1});
	}
}

/* What npm installed becomes the set. */
static int
settle(struct work *w, const struct npm_run *run, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	OWN_JSON json_t *answer = NULL;
	OWN_FREE char *origin = egress_inside_url("");
	const char *planned = string_at(w->plan, "lock");
	OWN_JSON json_t *request = json_pack("{s:s, s:o, s:o}", "origin", origin, "hidden",
		json_text(buf_str(&run->hidden)), "lock",
		w->clean ? json_text(str_of(planned)) : json_text(buf_str(&run->lock)));
	json_print(request, 0, &text);
	int rc = ask_worker(w, "settle", buf_str(&text), &answer, err);
	json_t *package;
	size_t i;
	json_array_foreach (json_object_get(answer, "packages"), i, package) {
		if (rc == 0)
			rc = add_package(w, run, package, err);
	}
	if (rc < 0)
		return rc;
	struct module_set *set = &w->r->set;
	set->manager = mem_strdup("npm");
	set->dir = w->job->dir ? mem_strdup(w->job->dir) : NULL;
	set->lock = copy_at(answer, "lock");
	list_members(w, &set->members);
	/* The source's own file will do for others if npm took it as it is, or read it for version 1. */
	bool as_is = w->clean || !json_is_true(json_object_get(w->plan, "complete"));
	if (as_is && !set->changes.n)
		set->lock_file = copy_at(w->plan, "lock_file");
	w->known = true;
	return 0;
}

/* A locked archive that was fetched again is the one that is locked. */
static int
check_locked(const struct work *w, const struct npm_run *run, struct dd_err *err)
{
	const struct artefact_list *l = &w->r->set.artefacts;
	for (size_t i = 0; i < l->n; i++) {
		const struct egress_upstream *u = npm_sources_of(&w->sources, l->v[i].name);
		const struct egress_request *q =
			u ? find_request(&run->egress, u->name, l->v[i].path) : NULL;
		if (q && strcmp(q->sha256, l->v[i].sha256) != 0)
			return err_set(err, DD_ECORRUPT, "the archive of %s %s is not the one that is locked",
				l->v[i].name, l->v[i].version);
	}
	return 0;
}

static struct hash_hex
layer_key(const struct work *w)
{
	OWN(buf) struct buf what = {0};
	buf_puts(&what, "node_modules 1");
	for (size_t i = 0; i < w->r->set.options.n; i++)
		buf_printf(&what, " %s", w->r->set.options.v[i]);
	return hash_plan(w, what.p, w->r->set.lock);
}

static int
freeze(struct work *w, struct npm_run *run, struct dd_err *err)
{
	struct hash_hex key = layer_key(w);
	int rc = layer_lease(w->job->state, w->job->owner, key.s, err);
	if (rc == 0)
		rc = pod_freeze(TAKE(run->pod), POD_WORK, key.s, err);
	if (rc == 0)
		w->r->layer = mem_strdup(key.s);
	return rc;
}

/* ---- when npm fails ------------------------------------------------------------------------------------ */

static bool
is_one_of(const char *code, const char *const *codes)
{
	for (; *codes; codes++)
		if (strcmp(code, *codes) == 0)
			return true;
	return false;
}

/* Something else to try: false when there is nothing. */
static bool
change_tactics(struct work *w, const char *code)
{
	static const char *const misplaced[] = {"E404", "ETARGET", "EINTEGRITY", "E400", "E405", NULL};
	if (w->job->locked)
		return false;
	if (w->by_convention && is_one_of(code, misplaced)) {
		w->by_convention = false;
		return true;
	}
	if (w->clean && strcmp(code, "EUSAGE") == 0) {
		w->clean = false; /* the lock file is not in step with package.json */
		return true;
	}
	if (strcmp(code, "ERESOLVE") == 0 && !strlist_has(&w->r->set.options, "--legacy-peer-deps")) {
		strlist_add(&w->r->set.options, "--legacy-peer-deps");
		return true;
	}
	return false;
}

static const struct {
	const char *code;
	enum run_outcome outcome;
	const char *class, *way_out;
} failures[] = {
	{"E404", OUTCOME_UNSATISFIABLE, "no-provider",
		"configure npm on this machine for a registry that has it, or put it under node_modules of the "
		"source"},
	{"ETARGET", OUTCOME_UNSATISFIABLE, "no-provider",
		"ask for a version that the registry has, or configure npm for one that has it"},
	{"E401", OUTCOME_UNSATISFIABLE, "no-login", "log in to the registry with npm on this machine"},
	{"E403", OUTCOME_UNSATISFIABLE, "no-login", "log in to the registry with npm on this machine"},
	{"EINTEGRITY", OUTCOME_UNSATISFIABLE, "changed-upstream",
		"the registry has other bytes than the lock file wants: find out which are right"},
	{"ERESOLVE", OUTCOME_BUILD_FAILED, "conflict", "mend the versions in package.json"},
	{"EBADPLATFORM", OUTCOME_UNSATISFIABLE, "wrong-platform", "stand it up on the platform it wants"},
	{"EBADENGINE", OUTCOME_UNSATISFIABLE, "wrong-engine", "use an image with the engine it wants"},
	/* Only the registries answer: a dependency of a dependency lies elsewhere. */
	{"ECONNREFUSED", OUTCOME_UNSATISFIABLE, "not-on-registry", "publish it to a registry"},
	{"ENOTFOUND", OUTCOME_UNSATISFIABLE, "not-on-registry", "publish it to a registry"},
	{"EAI_AGAIN", OUTCOME_UNSATISFIABLE, "not-on-registry", "publish it to a registry"},
	{"ENETUNREACH", OUTCOME_UNSATISFIABLE, "not-on-registry", "publish it to a registry"},
	{"ENOENT", OUTCOME_UNSATISFIABLE, "not-on-registry", "publish what is fetched with git to a registry"},
	{NULL, OUTCOME_BUILD_FAILED, "npm-failed", "the log shows what npm printed"},
};

/* An upstream that does not answer is no fault of the target's. */
static int
judge_failure(struct work *w, const struct npm_run *run, const json_t *failure, struct dd_err *err)
{
	static const char *const unreachable[] = {"E502", "E503", "E504", NULL};
	const char *code = string_at(failure, "code"), *text = string_at(failure, "text");
	size_t i = 0;
	if (is_one_of(code, unreachable))
		return err_set(err, DD_EIO, "the npm registry does not answer: %s", text);
	if (run->exit_code == 127) {
		diagnose(w, OUTCOME_UNSATISFIABLE, "no-provider",
			mem_strdup("it needs npm, which no package of this machine's sources provides"), NULL,
			"add a package source that has npm");
		return 0;
	}
	while (failures[i].code && strcmp(failures[i].code, code) != 0)
		i++;
	diagnose(w, failures[i].outcome, failures[i].class,
		mem_printf("npm could not install its packages: %s %s", code, text), "package.json",
		failures[i].way_out);
	return 0;
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

static int
run_once(struct work *w, struct npm_run *run, struct dd_err *err)
{
	static const char *const ci[] = {"ci", "--ignore-scripts", NULL};
	static const char *const install[] = {
		"install", "--ignore-scripts", "--lockfile-version=3", NULL};
	OWN_JSON json_t *plan = NULL;
	int rc = make_plan(w, true, &plan, err);
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

static void
move_log(struct egress_log *to, struct egress_log *from)
{
	for (size_t i = 0; to && i < from->n; i++) {
		to->v = mem_grow(to->v, to->n, &to->cap, sizeof(*to->v));
		to->v[to->n++] = from->v[i];
		from->v[i] = (struct egress_request){0};
	}
}

static int
finish(struct work *w, struct npm_run *run, struct dd_err *err)
{
	int rc = w->known ? check_locked(w, run, err) : settle(w, run, err);
	if (rc == 0)
		rc = freeze(w, run, err);
	if (rc == 0 && !w->job->locked)
		keep_known(w);
	return rc;
}

/* One run of npm; *ret_again when it failed and something else is worth a try. */
static int
try_once(struct work *w, bool *ret_again, struct dd_err *err)
{
	struct npm_run run = {.job = w->job, .sources = &w->sources, .log = w->log};
	OWN_JSON json_t *failure = NULL;
	*ret_again = false;
	int rc = run_once(w, &run, err);
	if (rc == 0 && run.exit_code == 0) {
		rc = finish(w, &run, err);
	} else if (rc == 0) {
		rc = ask_worker(w, "failure", buf_str(&run.tail), &failure, err);
		if (rc == 0)
			*ret_again = change_tactics(w, string_at(failure, "code"));
		if (rc == 0 && !*ret_again)
			rc = judge_failure(w, &run, failure, err);
	}
	move_log(w->job->egress, &run.egress);
	npm_run_cleanup(&run);
	return rc;
}

/* Offline nothing is asked for that is not in the store. */
static int
check_offline(const struct work *w, struct dd_err *err)
{
	OWN_FREE char *cas = state_path(w->job->state, "cas");
	const struct artefact_list *l = &w->r->set.artefacts;
	if (!w->job->offline)
		return 0;
	if (!w->known)
		return err_set(err, DD_ENOENT,
			"its npm packages were never resolved here, and --offline forbids to ask a registry");
	for (size_t i = 0; i < l->n; i++)
		if (!cas_has(cas, l->v[i].sha256))
			return err_set(err, DD_ENOENT,
				"the archive of the npm package %s %s is not in the store, and --offline "
				"forbids to fetch it",
				l->v[i].name, l->v[i].version);
	return 0;
}

/* Offline the broker needs a name to answer under, and nothing behind it. */
static int
complete_sources(struct work *w, struct dd_err *err)
{
	if (npm_sources_has_default(&w->sources))
		return 0;
	return w->job->offline ? npm_sources_set_default(&w->sources, "http://offline.invalid", err)
			       : ask_default(w, &w->sources, err);
}

static int
run_npm(struct work *w, struct dd_err *err)
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

static int
find_layer(struct work *w, struct dd_err *err)
{
	struct hash_hex key = layer_key(w);
	int rc = layer_lease(w->job->state, w->job->owner, key.s, err);
	if (rc == 0 && layer_exists(w->job->state, key.s)) {
		w->r->layer = mem_strdup(key.s);
		w->r->cached = true;
	}
	return rc;
}

static int
install(struct work *w, struct dd_err *err)
{
	bool blocked = false;
	if (w->job->locked)
		take_changes(w, &w->job->locked->changes);
	int rc = npm_sources_of_machine(w->job->state, &w->sources, err);
	if (rc == 0)
		rc = make_plan(w, false, &w->plan, err);
	if (rc < 0 || !json_is_true(json_object_get(w->plan, "needed")) ||
		json_is_true(json_object_get(w->plan, "vendored")))
		return rc;
	rc = settle_refused(w, &blocked, err);
	if (rc < 0 || blocked)
		return rc;
	w->known_path = known_path(w);
	if (w->job->locked)
		take_locked(w);
	else
		read_known(w);
	if (w->known)
		rc = find_layer(w, err);
	if (rc < 0 || w->r->layer)
		return rc;
	if (!w->known)
		strings_from(json_object_get(w->plan, "options"), &w->r->set.options);
	w->clean = w->known || (json_is_true(json_object_get(w->plan, "complete")) &&
				       !w->r->set.changes.n);
	w->by_convention = !w->known;
	return run_npm(w, err);
}

int
npm_install(const struct npm_job *job, struct npm_result *ret, struct dd_err *err)
{
	struct npm_result r = {0};
	struct work w = {.job = job, .r = &r, .answers = json_object()};
	int rc = install(&w, err);
	npm_sources_cleanup(&w.sources);
	json_decref(w.answers);
	json_decref(w.plan);
	free(w.known_path);
	if (rc < 0) {
		npm_result_cleanup(&r);
		return err_wrap(err, "npm packages");
	}
	*ret = r;
	return 0;
}
