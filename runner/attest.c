#include "runner/attest.h"

#include "base/fs.h"
#include "base/hash.h"
#include "base/log.h"
#include "envprobe/envprobe.h"
#include "runner/attest_walk.h"
#include "runner/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

json_t *
attest_subject(const char *name, const char *sha256)
{
	return json_pack(
		"{s:o, s:{s:s}}", "name", json_text(str_of(name)), "digest", "sha256", sha256);
}

/* ---- what it was made from ---- */

static void
add_dependency(json_t *to, const char *name, const char *sha256)
{
	if (name && sha256)
		json_array_append_new(to, attest_subject(name, sha256));
}

static void
add_artefacts(json_t *to, const struct artefact_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct artefact *a = &l->v[i];
		OWN_FREE char *name = mem_printf("%s@%s", a->name, a->version ? a->version : "");
		add_dependency(to, name, a->sha256);
	}
}

static int
add_packages(json_t *to, const struct run *run, struct dd_err *err)
{
	OWN_FREE char *lock = run_path(run, "recipe/drydock.lock.json");
	struct recipe r = {0};
	int rc = fs_exists(lock) ? recipe_load(lock, &r, err) : 0;
	for (size_t i = 0; rc == 0 && i < r.batches.n; i++)
		add_artefacts(to, &r.batches.v[i].artefacts);
	for (size_t i = 0; rc == 0 && i < r.modules.n; i++)
		add_artefacts(to, &r.modules.v[i].artefacts);
	recipe_cleanup(&r);
	return rc;
}

static int
list_made_from(const struct run *run, json_t **ret, struct dd_err *err)
{
	static const struct {
		const char *step, *name;
	} made_from[] = {{"source", "source tree"}, {"base", "base image"}};
	OWN_JSON json_t *all = json_array();
	for (size_t i = 0; i < sizeof(made_from) / sizeof(*made_from); i++) {
		OWN_JSON json_t *j = journal_result(run->journal, made_from[i].step);
		add_dependency(
			all, made_from[i].name, json_string_value(json_object_get(j, "digest")));
	}
	int rc = add_packages(all, run, err);
	if (rc == 0)
		*ret = json_incref(all);
	return rc;
}

/* Of a repair: those of its source as it was before. */
static int
list_dependencies(const struct run *run, json_t **ret, struct dd_err *err)
{
	OWN_FREE char *dir = run_path(run, "before");
	struct run before = {.lock_fd = -1};
	if (!run->options.fix || !fs_exists(dir))
		return list_made_from(run, ret, err);
	int rc = run_open_part(run, "before", &run->options, &before, err);
	if (rc == 0)
		rc = list_made_from(&before, ret, err);
	run_cleanup(&before);
	return rc;
}

/* ---- its steps ---- */

struct steps {
	json_t *list;
	json_t *repair; /* what it came to; NULL: it is none */
	struct hash_hex chain;
	int64_t ended_ns;
};

static int
add_step(void *ctx, const struct journal_entry *e)
{
	struct steps *s = ctx;
	if (!e->ended_ns)
		return 0;
	struct hash_hex result = hash_bytes(e->result);
	OWN_FREE char *started = clock_rfc3339(e->started_ns), *ended = clock_rfc3339(e->ended_ns);
	s->chain = attest_chain(s->chain.s, e->key, started, ended, result.s);
	if (e->ended_ns > s->ended_ns)
		s->ended_ns = e->ended_ns;
	json_array_append_new(s->list,
		json_pack("{s:o, s:s, s:s, s:s, s:s}", "step", json_text(str_of(e->key)), "started",
			started, "ended", ended, "result", result.s, "chain", s->chain.s));
	return 0;
}

static json_t *
make_statement(const struct run *run, const char *type, json_t *subjects, json_t *dependencies,
	const struct steps *s)
{
	OWN_FREE char *started = clock_rfc3339(run->options.created_ns),
		      *ended = clock_rfc3339(s->ended_ns);
	json_t *definition = json_pack("{s:s, s:{}, s:{s:O, s:O*}, s:O}", "buildType", type,
		"externalParameters", "internalParameters", "steps", s->list, "repair", s->repair,
		"resolvedDependencies", dependencies);
	json_t *details = json_pack("{s:{s:s, s:{s:s}}, s:{s:s, s:s, s:s}, s:[o]}", "builder", "id",
		ATTEST_BUILDER, "version", "drydock", DD_VERSION, "metadata", "invocationId",
		run->id, "startedOn", started, "finishedOn", ended, "byproducts",
		attest_subject("chain of steps", s->chain.s));
	return json_pack("{s:s, s:O, s:s, s:{s:o, s:o}}", "_type", ATTEST_STATEMENT, "subject",
		subjects, "predicateType", ATTEST_PREDICATE, "predicate", "buildDefinition",
		definition, "runDetails", details);
}

/* Put it into an envelope. */
static int
put_text(const struct state *st, const struct run *run, const char *type, json_t *subjects,
	const struct steps *steps, struct buf *ret, struct dd_err *err)
{
	OWN_JSON json_t *dependencies = NULL, *statement = NULL, *envelope = NULL;
	struct sign_key *key = NULL;
	OWN(buf) struct buf payload = {0};
	int rc = list_dependencies(run, &dependencies, err);
	if (rc == 0)
		rc = keys_signing(st, &key, err);
	if (rc == 0) {
		statement = make_statement(run, type, subjects, dependencies, steps);
		json_print(statement, 0, &payload);
		envelope = sign_envelope(buf_str(&payload), ATTEST_PAYLOAD, key);
		json_print(envelope, 0, ret);
		buf_putc(ret, '\n');
	}
	sign_key_destroy(key);
	return rc < 0 ? err_wrap(err, "attestation") : 0;
}

/* ---- what a repair came to ---- */

static void
add_branch(json_t *subjects, const json_t *of)
{
	const char *branch = json_string_value(json_object_get(of, "branch")),
		   *commit = json_string_value(json_object_get(of, "commit"));
	if (branch && commit)
		json_array_append_new(subjects,
			json_pack("{s:o, s:{s:s}}", "name", json_sprintf("refs/heads/%s", branch),
				"digest", "gitCommit", commit));
}

/* Who wrote and reviewed what is kept, and the gates it passed. */
static void
add_kept(const json_t *result, json_t *kept, json_t *models)
{
	size_t i;
	json_t *a;
	json_array_foreach (json_object_get(result, "attempts"), i, a) {
		const char *const who[] = {json_string_value(json_object_get(a, "model")),
			json_string_value(json_object_get(json_object_get(a, "review"), "model"))};
		for (size_t k = 0; k < 2; k++)
			if (who[k])
				json_object_set_new(models, who[k], json_null());
		if (strcmp(json_string_in(a, "verdict"), "kept") == 0)
			json_array_append_new(kept, json_pack("{s:O?, s:O?, s:O?, s:O?}", "attempt",
							    json_object_get(a, "attempt"), "author",
							    json_object_get(a, "author"), "model",
							    json_object_get(a, "model"), "gates",
							    json_object_get(a, "gates")));
	}
}

/* From result.json, which is a subject; the branches become subjects. */
static json_t *
repair_of(const struct run *run, json_t *subjects)
{
	OWN_FREE char *path = run_path(run, "result.json");
	OWN_JSON json_t *result = NULL, *models = json_object();
	size_t i;
	json_t *side;
	const char *name;
	if (json_parse_file(path, (size_t)256 << 20, &result, NULL) < 0)
		return json_null();
	add_branch(subjects, result);
	json_array_foreach (json_object_get(json_array_get(json_object_get(result, "conflicts"), 0),
				    "branches"),
		i, side)
		add_branch(subjects, side);
	json_t *kept = json_array(), *names = json_array();
	add_kept(result, kept, models);
	json_object_foreach (models, name, side)
		json_array_append_new(names, json_string(name));
	const json_t *before = json_object_get(result, "before"),
		     *after = json_object_get(result, "after"),
		     *plan = json_object_get(result, "plan");
	return json_pack("{s:O?, s:O?, s:O?, s:O?, s:O?, s:O?, s:o, s:o, s:O*, s:O*, s:O*, s:O*}",
		"outcome", json_object_get(result, "outcome"), "goal",
		json_object_get(result, "goal"), "before", json_object_get(before, "outcome"),
		"after", json_object_get(after, "outcome"), "cost", json_object_get(result, "cost"),
		"review", json_object_get(result, "review"), "kept", kept, "models", names, "plan",
		json_object_get(plan, "digest"), "approvedBy", json_object_get(plan, "by"),
		"refines", json_object_get(result, "refines"), "rebases",
		json_object_get(result, "rebases"));
}

int
attest_text(const struct state *st, const struct run *run, json_t *subjects, struct buf *ret,
	struct dd_err *err)
{
	OWN_JSON json_t *list = json_array(),
			*repair = run->options.fix ? repair_of(run, subjects) : NULL;
	struct steps steps = {.list = list, .repair = repair, .ended_ns = run->options.created_ns};
	const char *type = !run->options.fix   ? ATTEST_BUILD_TYPE
			   : run->options.plan ? ATTEST_WORK_TYPE
					       : ATTEST_FIX_TYPE;
	int rc = journal_each(run->journal, add_step, &steps, err);
	return rc < 0 ? err_wrap(err, "attestation")
		      : put_text(st, run, type, subjects, &steps, ret, err);
}

/* ---- of a directory ---- */

static int
add_file(void *ctx, const char *name, const struct hash_hex *digest)
{
	json_array_append_new(ctx, attest_subject(name, digest->s));
	return 0;
}

static int
list_files(const char *path, json_t *ret, struct dd_err *err)
{
	OWN_FD int dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int rc = dir < 0 ? err_errno(err, errno, "cannot open %s", path)
			 : attest_walk(dir, false, add_file, ret, err);
	return rc < 0 ? err_wrap(err, "attestation: %s", path) : 0;
}

int
attest_run(const struct state *st, const struct run *run, struct dd_err *err)
{
	OWN_FREE char *path = run_path(run, ATTESTATION);
	OWN_JSON json_t *subjects = json_array();
	OWN(buf) struct buf text = {0};
	int rc = list_files(run->dir, subjects, err);
	if (rc == 0)
		rc = attest_text(st, run, subjects, &text, err);
	return rc < 0 ? rc : fs_write_atomic(path, buf_str(&text), 0600, err);
}

/* Of one command at a time. */
static int
lock_screens(const struct run *run, int *ret_fd, struct dd_err *err)
{
	OWN_FREE char *path = run_path(run, ATTEST_SCREENS_LOCK);
	OWN(dd_err) struct dd_err why = {0};
	int rc = fs_lock(path, false, ret_fd, &why);
	if (rc == -DD_EBUSY)
		return err_set(err, DD_EBUSY,
			"run %s: another drydock puts there what a browser sees", run->id);
	return rc < 0 ? err_move(err, &why) : 0;
}

int
attest_begin_evidence(const struct run *run, const char *place, int *ret_lock, struct dd_err *err)
{
	OWN_FREE char *dir = run_path(run, place), *other = run_path(run, ATTEST_CRAWL);
	OWN(strlist) struct strlist names = {0};
	OWN_FREE char *attestation = fs_join(dir, ATTESTATION);
	OWN_FD int held = -1;
	int rc = lock_screens(run, &held, err);
	if (rc == 0)
		rc = fs_mkdirs(dir, 0700, err);
	/* It goes first: what is left when this is killed has none, and is not taken for changed. */
	if (rc == 0)
		rc = fs_remove_tree(attestation, err);
	if (rc == 0)
		rc = fs_list(dir, &names, err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN_FREE char *path = fs_join(dir, names.v[i]);
		rc = strcmp(path, other) == 0 ? 0 : fs_remove_tree(path, err);
	}
	if (rc == 0)
		*ret_lock = TAKE_FD(held);
	return rc;
}

int
attest_end_evidence(
	const struct state *st, const struct run *run, const char *place, struct dd_err *err)
{
	OWN_FREE char *dir = run_path(run, place), *path = fs_join(dir, ATTESTATION);
	OWN_JSON json_t *subjects = json_array(), *none = json_array();
	const struct steps steps = {.list = none, .ended_ns = clock_real_ns()};
	OWN(buf) struct buf text = {0};
	int rc = list_files(dir, subjects, err);
	if (rc == 0)
		rc = put_text(st, run, ATTEST_SCREENS_TYPE, subjects, &steps, &text, err);
	return rc < 0 ? rc : fs_write_atomic(path, buf_str(&text), 0600, err);
}
