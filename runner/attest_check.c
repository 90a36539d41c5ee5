#include "runner/attest.h"

#include "base/fs.h"
#include "base/git_push.h"
#include "base/hash.h"
#include "base/map.h"
#include "runner/attest_walk.h"
#include "runner/intake.h"
#include "runner/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_BYTES ((size_t)64 << 20)

const char *const attest_verdict_names[] = {"ok", "changed", "unverified", NULL};

#define F(type, member, what) \
	{ \
		.key = #member, .kind = what, .offset = offsetof(struct type, member) \
	}
const struct json_field attest_problem_fields[] = {F(attest_problem, name, JSON_K_STRING),
	F(attest_problem, what, JSON_K_STRING), {.key = NULL}};
RECORD_IMPLEMENT(attest_problem)

const struct json_field attest_check_fields[] = {
	{.key = "verdict",
		.kind = JSON_K_ENUM,
		.offset = offsetof(struct attest_check, verdict),
		.required = true,
		.names = attest_verdict_names},
	F(attest_check, run, JSON_K_STRING), F(attest_check, key, JSON_K_STRING),
	F(attest_check, files, JSON_K_INT), F(attest_check, steps, JSON_K_INT),
	{.key = "problems",
		.kind = JSON_K_ARRAY,
		.offset = offsetof(struct attest_check, problems),
		.sub = attest_problem_fields,
		.elem_size = sizeof(struct attest_problem)},
	F(attest_check, branches, JSON_K_STRLIST), F(attest_check, unlisted, JSON_K_STRLIST),
	F(attest_check, note, JSON_K_STRING), {.key = NULL}};

void
attest_check_cleanup(struct attest_check *c)
{
	json_release(attest_check_fields, c);
	memset(c, 0, sizeof(*c));
}

static void
find(struct attest_check *c, const char *name, const char *what)
{
	struct attest_problem *p = attest_problem_list_add(&c->problems);
	p->name = mem_strdup(name);
	p->what = mem_strdup(what);
}

/* ---- files ---- */

struct files {
	struct attest_check *check;
	struct map said; /* name -> digest, heap; what was found is taken out */
};

static int
look_at_file(void *ctx, const char *name, const struct hash_hex *digest)
{
	struct files *f = ctx;
	const char *said = map_get(&f->said, name);
	if (!said)
		strlist_add(&f->check->unlisted, name);
	else if (strcmp(said, digest->s) != 0)
		find(f->check, name, *digest->s ? "changed" : "cannot be read");
	(void)map_remove(&f->said, name);
	return 0;
}

static int
check_files(int dir_fd, const json_t *subjects, struct attest_check *c, struct dd_err *err)
{
	struct files f = {.check = c, .said = {.destroy = free}};
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)subjects, i, one) {
		const json_t *digest = json_object_get(one, "digest");
		const char *commit = json_string_value(json_object_get(digest, "gitCommit"));
		if (commit)
			strlist_addf(&c->branches, "%s %s", json_string_in(one, "name"), commit);
		else
			map_put(&f.said, json_string_in(one, "name"),
				mem_strdup(json_string_in(digest, "sha256")));
	}
	int rc = attest_walk(dir_fd, true, look_at_file, &f, err);
	json_array_foreach ((json_t *)subjects, i, one)
		if (map_get(&f.said, json_string_in(one, "name")))
			find(c, json_string_in(one, "name"), "missing");
	c->files = (int64_t)(json_array_size(subjects) - c->branches.n);
	map_cleanup(&f.said);
	return rc;
}

/* ---- steps ---- */

static void
find_step(struct attest_check *c, const json_t *step, const char *what)
{
	OWN_FREE char *name = mem_printf("step %s", json_string_in(step, "step"));
	find(c, name, what);
}

static void
check_chain(const json_t *steps, const char *end, struct attest_check *c)
{
	struct hash_hex chain = {""};
	bool broken = false;
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)steps, i, one) {
		chain = attest_chain(chain.s, json_string_in(one, "step"),
			json_string_in(one, "started"), json_string_in(one, "ended"),
			json_string_in(one, "result"));
		if (!broken && strcmp(chain.s, json_string_in(one, "chain")) != 0)
			find_step(c, one, "breaks the chain");
		broken = broken || strcmp(chain.s, json_string_in(one, "chain")) != 0;
	}
	if (!broken && strcmp(chain.s, end) != 0)
		find(c, "chain of steps", "does not end as it says");
	c->steps = (int64_t)json_array_size(steps);
}

struct results {
	const json_t *steps;
	struct attest_check *check;
	size_t n; /* steps of the journal that are done */
};

static int
look_at_step(void *ctx, const struct journal_entry *e)
{
	struct results *r = ctx;
	const json_t *step = json_array_get(r->steps, r->n);
	if (!e->ended_ns)
		return 0;
	r->n++;
	struct hash_hex result = hash_bytes(e->result);
	if (step && (strcmp(json_string_in(step, "step"), e->key) != 0 ||
			    strcmp(json_string_in(step, "result"), result.s) != 0))
		find_step(r->check, step, "the journal says something else");
	return 0;
}

static int
check_journal(struct journal *j, const json_t *steps, struct attest_check *c, struct dd_err *err)
{
	struct results r = {.steps = steps, .check = c};
	int rc = journal_each(j, look_at_step, &r, err);
	if (rc == 0 && r.n != json_array_size(steps))
		find(c, "journal", "has another number of steps");
	return rc;
}

/* ---- the whole ---- */

static void
judge(enum sign_state state, struct attest_check *c)
{
	if (state == SIGN_BAD)
		find(c, ATTESTATION, "its key did not sign this");
	if (state == SIGN_NONE)
		c->note = mem_strdup("nobody signed it; drydock key init makes a key");
	if (state == SIGN_UNKNOWN)
		c->note = mem_printf("it is signed with a key that is not known here: --key FILE");
	c->verdict = c->problems.n	  ? ATTEST_CHANGED
		     : state == SIGN_GOOD ? ATTEST_OK
					  : ATTEST_UNVERIFIED;
}

static int
open_statement(const struct buf *text, const struct sign_keys *known, enum sign_state *ret_state,
	char **ret_key, json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *envelope = NULL, *statement = NULL;
	OWN(buf) struct buf payload = {.max = MAX_BYTES};
	int rc = json_parse(buf_str(text), &envelope, err);
	if (rc == 0)
		rc = sign_open_envelope(
			envelope, ATTEST_PAYLOAD, known, ret_state, ret_key, &payload, err);
	if (rc == 0)
		rc = json_parse(buf_str(&payload), &statement, err);
	if (rc == 0 &&
		(strcmp(json_string_in(statement, "_type"), ATTEST_STATEMENT) != 0 ||
			strcmp(json_string_in(statement, "predicateType"), ATTEST_PREDICATE) != 0))
		rc = err_set(err, DD_EINVAL, "it is no statement of provenance");
	if (rc == 0)
		*ret = json_incref(statement);
	return rc;
}

static int
check_statement(int dir_fd, struct journal *journal, const json_t *statement,
	struct attest_check *c, struct dd_err *err)
{
	const json_t *predicate = json_object_get(statement, "predicate");
	const json_t *details = json_object_get(predicate, "runDetails");
	const json_t *definition = json_object_get(predicate, "buildDefinition");
	const json_t *steps =
		json_object_get(json_object_get(definition, "internalParameters"), "steps");
	const json_t *end = json_array_get(json_object_get(details, "byproducts"), 0);
	c->run = mem_strdup(json_string_in(json_object_get(details, "metadata"), "invocationId"));
	check_chain(steps, json_string_in(json_object_get(end, "digest"), "sha256"), c);
	int rc = check_files(dir_fd, json_object_get(statement, "subject"), c, err);
	return rc < 0 || !journal ? rc : check_journal(journal, steps, c, err);
}

int
attest_verify(int dir_fd, struct journal *journal, const struct sign_keys *known,
	struct attest_check *ret, struct dd_err *err)
{
	struct attest_check c = {0};
	OWN(buf) struct buf text = {.max = MAX_BYTES};
	OWN(dd_err) struct dd_err why = {0};
	OWN_JSON json_t *statement = NULL;
	enum sign_state state = SIGN_BAD;
	int rc = fs_read_at(dir_fd, ATTESTATION, MAX_BYTES, &text, &why);
	if (rc == 0)
		rc = open_statement(&text, known, &state, &c.key, &statement, &why);
	if (rc < 0) {
		find(&c, ATTESTATION, rc == -DD_ENOENT ? "missing" : "is none, or is damaged");
		c.verdict = ATTEST_CHANGED;
		*ret = c;
		return 0;
	}
	rc = check_statement(dir_fd, journal, statement, &c, err);
	if (rc < 0) {
		attest_check_cleanup(&c);
		return err_wrap(err, "verify");
	}
	judge(state, &c);
	*ret = c;
	return 0;
}

/* ---- what was seen later ---- */

static int
note_unlisted(void *ctx, const char *name, const struct hash_hex *digest)
{
	(void)digest;
	strlist_add(ctx, name);
	return 0;
}

/* Evidence that has no attestation, as that of a crawl which was killed, is vouched for by nobody. */
static int
check_place(int dir_fd, const char *run, const struct sign_keys *known, struct attest_check *ret,
	struct dd_err *err)
{
	struct stat st;
	if (fstatat(dir_fd, ATTESTATION, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT) {
		int rc = attest_walk(dir_fd, true, note_unlisted, &ret->unlisted, err);
		if (ret->unlisted.n) {
			ret->verdict = ATTEST_UNVERIFIED;
			ret->note = mem_printf("%s is missing", ATTESTATION);
		}
		return rc;
	}
	int rc = attest_verify(dir_fd, NULL, known, ret, err);
	if (rc == 0 && ret->run && run && strcmp(ret->run, run) != 0) {
		find(ret, ATTESTATION, "is of another run");
		ret->verdict = ATTEST_CHANGED;
	}
	return rc;
}

static void
add_place(struct attest_check *c, const char *place, const struct attest_check *one)
{
	for (size_t i = 0; i < one->problems.n; i++) {
		OWN_FREE char *name = fs_join(place, one->problems.v[i].name);
		find(c, name, one->problems.v[i].what);
	}
	for (size_t i = 0; i < one->unlisted.n; i++) {
		OWN_FREE char *name = fs_join(place, one->unlisted.v[i]);
		strlist_add(&c->unlisted, name);
	}
	c->files += one->files;
	if (one->verdict == ATTEST_CHANGED || c->verdict == ATTEST_OK)
		c->verdict = one->verdict;
	/* What the signature of one lacks is told once; one that is missing has no run. */
	if (one->note && (!c->note || !one->run)) {
		OWN_FREE char *before = c->note;
		c->note = mem_printf(
			"%s%s%s: %s", before ? before : "", before ? "; " : "", place, one->note);
	}
}

int
attest_verify_evidence(
	int run_fd, const struct sign_keys *known, struct attest_check *c, struct dd_err *err)
{
	static const char *const places[] = {ATTEST_SCREENS, ATTEST_CRAWL, NULL};
	int rc = 0;
	for (size_t i = 0; rc == 0 && places[i]; i++) {
		struct attest_check one = {0};
		OWN_FD int dir =
			openat(run_fd, places[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (dir < 0 && errno == ENOENT)
			continue;
		if (dir < 0) {
			find(c, places[i], "is no directory that can be opened");
			c->verdict = ATTEST_CHANGED;
			break; /* nor is what lies below it */
		}
		rc = check_place(dir, c->run, known, &one, err);
		if (rc == 0)
			add_place(c, places[i], &one);
		attest_check_cleanup(&one);
	}
	return rc < 0 ? err_wrap(err, "verify") : 0;
}

/* ---- branches ---- */

static void
check_branch(const struct git_push_refs *there, const char *said, struct attest_check *c)
{
	struct str commit = str_of(said), name;
	(void)str_next(&commit, ' ', &name);
	OWN_FREE char *ref = str_dup(name);
	const char *at = git_push_find(there, ref);
	if (!at && !c->note) {
		c->note = mem_printf("%s is no longer in the repository", ref);
	} else if (at && !str_eq(commit, at)) {
		OWN_FREE char *what = mem_printf("is at %s", at);
		find(c, ref, what);
		c->verdict = ATTEST_CHANGED;
	}
}

int
attest_verify_branches(const char *dir, struct attest_check *c, struct dd_err *err)
{
	struct git_push_refs there = {0};
	int rc = c->branches.n && fs_is_dir(dir) ? gitrepo_list_refs(dir, &there, err) : 0;
	if (rc == -DD_ENOENT || rc == -DD_EUNSUPPORTED) /* no repository any more */
		rc = 0;
	for (size_t i = 0; rc == 0 && i < c->branches.n; i++)
		check_branch(&there, c->branches.v[i], c);
	git_push_refs_cleanup(&there);
	return rc;
}

/* ---- a bundle ---- */

#define INSIDE "/bundle"

int
attest_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf pem = {.max = 1 << 20}, out = {0};
	OWN_JSON json_t *list = NULL, *answer = NULL;
	struct sign_keys known = {0};
	struct attest_check c = {0};
	size_t i;
	json_t *one;
	(void)argc, (void)argv;
	OWN_FD int dir = open(INSIDE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	worker_take_input(&pem);
	int rc = json_parse(buf_str(&pem), &list, &err);
	json_array_foreach (list, i, one) {
		struct sign_key *k;
		if (rc == 0 && (rc = sign_key_parse(str_of(json_string_value(one)), &k, &err)) == 0)
			sign_keys_add(&known, k);
	}
	if (rc == 0)
		rc = attest_verify(dir, NULL, &known, &c, &err);
	sign_keys_cleanup(&known);
	if (rc < 0) {
		fprintf(stderr, "%s\n", err_msg(&err));
		return 1;
	}
	answer = json_encode(attest_check_fields, &c);
	json_print(answer, 0, &out);
	printf("%s\n", out.p);
	attest_check_cleanup(&c);
	return fflush(stdout) == 0 ? 0 : 1;
}

static int
ask_worker(const struct state *st, const char *layer, const struct sign_keys *known,
	struct attest_check *ret, struct dd_err *err)
{
	OWN_FREE char *tree = layer_dir(st, layer);
	OWN_JSON json_t *pems = json_array(), *answer = NULL;
	OWN(buf) struct buf input = {0}, out = {.max = MAX_BYTES};
	const struct pod_bind bind = {.src = tree, .dst = INSIDE};
	for (size_t i = 0; i < known->n; i++) {
		OWN(buf) struct buf pem = {0};
		sign_key_put_public(known->v[i], &pem);
		json_array_append_new(pems, json_string(pem.p));
	}
	json_print(pems, 0, &input);
	const struct worker_spec spec = {.state = st,
		.name = "verify",
		.binds = &bind,
		.nbinds = 1,
		.input = buf_str(&input)};
	struct attest_check c = {0};
	int rc = worker_run(&spec, &out, err);
	if (rc == 0)
		rc = json_parse(buf_str(&out), &answer, err);
	if (rc == 0 &&
		(rc = json_decode(answer, attest_check_fields, false, &c, "verify", err)) < 0)
		attest_check_cleanup(&c);
	if (rc == 0)
		*ret = c;
	return rc;
}

int
attest_verify_bundle(const struct state *st, const char *path, const struct sign_keys *known,
	struct attest_check *ret, struct dd_err *err)
{
	OWN_FREE char *owner = run_command_owner();
	struct source unpacked = {0};
	int rc = intake_source(st, owner, path, true, NULL, &unpacked, err);
	if (rc == 0)
		rc = ask_worker(st, unpacked.layer, known, ret, err);
	source_cleanup(&unpacked);
	int released = layer_release_all(st, owner, rc < 0 ? NULL : err);
	return rc < 0 ? err_wrap(err, "verify") : released;
}
