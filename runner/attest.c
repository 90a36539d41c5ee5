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
list_dependencies(const struct run *run, json_t **ret, struct dd_err *err)
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

/* ---- its steps ---- */

struct steps {
	json_t *list;
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
	json_t *definition = json_pack("{s:s, s:{}, s:{s:O}, s:O}", "buildType", type,
		"externalParameters", "internalParameters", "steps", s->list,
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

int
attest_text(const struct state *st, const struct run *run, json_t *subjects, struct buf *ret,
	struct dd_err *err)
{
	OWN_JSON json_t *list = json_array();
	struct steps steps = {.list = list, .ended_ns = run->options.created_ns};
	int rc = journal_each(run->journal, add_step, &steps, err);
	return rc < 0 ? err_wrap(err, "attestation")
		      : put_text(st, run, ATTEST_BUILD_TYPE, subjects, &steps, ret, err);
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
