/* What npm installed becomes a module set: each package with the archive it came from. */
#include "images/npm_work.h"

#include "base/cas.h"
#include "base/map.h"

#include <string.h>

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

/* The last digest of an integrity string, which may have several, by an algorithm of ours; NULL. */
static char *
one_digest(const char *integrity)
{
	static const char *const algorithms[] = {"sha512-", "sha1-"};
	for (size_t i = 0; integrity && i < sizeof(algorithms) / sizeof(*algorithms); i++) {
		struct str rest = str_of(integrity), word;
		while (str_next_word(&rest, &word))
			if (str_starts(word, algorithms[i]))
				return str_dup(word);
	}
	return NULL;
}

static bool
is_from_registry(const struct npm_work *w, const char *upstream)
{
	for (size_t i = 0; i < w->sources.nupstreams; i++)
		if (strcmp(w->sources.upstreams[i].name, upstream) == 0)
			return true;
	return false;
}

/* Every archive of this run by its digest, as lock files write them: integrity -> request. */
static int
index_archives(
	const struct npm_work *w, const struct egress_log *log, struct map *ret, struct dd_err *err)
{
	static const char *const algorithms[] = {"sha512", "sha1"};
	OWN_FREE char *cas = state_path(w->job->state, "cas");
	for (size_t i = 0; i < log->n; i++) {
		OWN_FD int fd = -1;
		if (log->v[i].status != 200 || !log->v[i].sha256 ||
			!is_from_registry(w, log->v[i].upstream) || !cas_has(cas, log->v[i].sha256))
			continue;
		int rc = cas_open(cas, log->v[i].sha256, &fd, err);
		for (size_t k = 0; rc == 0 && k < 2; k++) {
			OWN_FREE char *digest = NULL;
			rc = hash_fd_integrity(fd, algorithms[k], &digest, err);
			if (rc == 0)
				map_put(ret, digest, &log->v[i]);
		}
		if (rc < 0)
			return rc;
	}
	return 0;
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
	const char *s = npm_string(j, key);
	return s ? mem_strdup(s) : NULL;
}

/* npm does not always say where it had an archive from; what it was is told by its digest. */
static const struct egress_request *
archive_of(const struct npm_run *run, const json_t *package, const struct map *by_digest)
{
	const struct egress_request *q = find_request(
		&run->egress, npm_string(package, "upstream"), npm_string(package, "path"));
	OWN_FREE char *digest = one_digest(npm_string(package, "integrity"));
	return q || !digest ? q : map_get(by_digest, digest);
}

static int
add_package(struct npm_work *w, const struct npm_run *run, const json_t *package,
	const struct map *by_digest, struct dd_err *err)
{
	const char *name = npm_string(package, "name"), *version = npm_string(package, "version");
	struct artefact_list *list = &w->r->set.artefacts;
	if (json_is_true(json_object_get(package, "scripts")))
		strlist_add_new(json_is_true(json_object_get(package, "optional"))
					? &w->r->optional_scripts
					: &w->r->scripts,
			npm_string(package, "place"));
	if (json_is_true(json_object_get(package, "bundled")) || !name || !version ||
		is_listed(list, name, version))
		return 0;
	const struct egress_request *q = archive_of(run, package, by_digest);
	if (!q)
		return err_set(err, DD_EIO, "npm installed %s %s, but no archive of it was fetched",
			name, version);
	struct artefact *a = artefact_list_add(list);
	a->kind = ARTEFACT_NPM;
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
list_members(const struct npm_work *w, struct strlist *ret)
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
int
npm_settle(struct npm_work *w, const struct npm_run *run, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	OWN_JSON json_t *answer = NULL;
	OWN_FREE char *origin = egress_inside_url("");
	const char *planned = npm_string(w->plan, "lock");
	OWN_JSON json_t *request = json_pack("{s:s, s:o, s:o}", "origin", origin, "hidden",
		json_text(buf_str(&run->hidden)), "lock",
		w->clean ? json_text(str_of(planned)) : json_text(buf_str(&run->lock)));
	OWN(map) struct map by_digest = {0};
	json_print(request, 0, &text);
	int rc = npm_ask_worker(w, "settle", buf_str(&text), &answer, err);
	if (rc == 0)
		rc = index_archives(w, &run->egress, &by_digest, err);
	json_t *package;
	size_t i;
	json_array_foreach (json_object_get(answer, "packages"), i, package) {
		if (rc == 0)
			rc = add_package(w, run, package, &by_digest, err);
	}
	if (rc < 0)
		return rc;
	struct module_set *set = &w->r->set;
	set->manager = MANAGER_NPM;
	set->dir = w->job->dir ? mem_strdup(w->job->dir) : NULL;
	set->lock = copy_at(answer, "lock");
	list_members(w, &set->members);
	/* The source's own file will do for others if npm took it as it is, or read it for
	 * version 1. */
	bool as_is = w->clean || !json_is_true(json_object_get(w->plan, "complete"));
	if (as_is && !set->changes.n)
		set->lock_file = copy_at(w->plan, "lock_file");
	w->known = true;
	return 0;
}

/* A locked archive that was fetched again is the one that is locked. */
int
npm_check_locked(const struct npm_work *w, const struct npm_run *run, struct dd_err *err)
{
	const struct artefact_list *l = &w->r->set.artefacts;
	for (size_t i = 0; i < l->n; i++) {
		const struct egress_upstream *u = npm_sources_of(&w->sources, l->v[i].name);
		const struct egress_request *q =
			u ? find_request(&run->egress, u->name, l->v[i].path) : NULL;
		if (q && strcmp(q->sha256, l->v[i].sha256) != 0)
			return err_set(err, DD_ECORRUPT,
				"the archive of %s %s is not the one that is locked", l->v[i].name,
				l->v[i].version);
	}
	return 0;
}
