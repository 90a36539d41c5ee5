/*
 * Package lists.  <state>/index/<digest> holds what one `apt-get update` fetched (lists) and the
 * configuration it was fetched with (config); the file <state>/index/current names the newest and
 * when. Fetched by the machine's own apt on the tools root, through the egress broker.
 *
 * Contents files come later, by a second update that starts from the lists that are there: apt
 * fetches only what it has not, and checks it against the same signed release files.  The file
 * `contents` says that they are complete.
 */
#include "images/apt.h"
#include "images/aptpod.h"
#include "images/sources.h"

#include "base/fs.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_AGE_NS ((int64_t)24 * 3600 * 1000000000)
#define MAX_RELEASE_BYTES ((size_t)16 << 20)

static const char update_script[] =
	"mkdir -p /var/lib/dpkg /var/cache/apt/archives/partial /var/lib/apt/lists/partial\n"
	"touch /var/lib/dpkg/status\n"
	"exec apt-get -q -o APT::Update::Error-Mode=any -o \"$1\" -o Dir::Cache::pkgcache= "
	"-o Dir::Cache::srcpkgcache=" APTPOD_CACHE "/" APTPOD_CACHE_FILE " update\n";

/* Without Contents, and with them: then the cache was made before. */
static const char lists_only[] = "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false";
static const char with_contents[] = "pkgCacheFile::Generate=false";

void
apt_index_cleanup(struct apt_index *x)
{
	free(x->digest);
	free(x->lists_dir);
	free(x->config_dir);
	strlist_cleanup(&x->contents);
	strlist_cleanup(&x->packages);
	*x = (struct apt_index){0};
}

static char *
index_path(const struct state *st, const char *name)
{
	return mem_printf("%s/index/%s", st->dir, name);
}

static bool
is_contents(const char *name)
{
	return strstr(name, "_Contents-") || strncmp(name, "Contents-", 9) == 0;
}

static int
list_files(struct apt_index *x, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	int rc = fs_list(x->lists_dir, &names, err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN_FREE char *path = fs_join(x->lists_dir, names.v[i]);
		if (is_contents(names.v[i]))
			strlist_add(&x->contents, path);
		else if (strstr(names.v[i], "_Packages"))
			strlist_add(&x->packages, path);
	}
	return rc;
}

int
apt_index_open_digest(
	const struct state *st, const char *digest, struct apt_index *ret, struct dd_err *err)
{
	OWN_FREE char *dir = index_path(st, digest);
	if (!hash_is_hex(str_of(digest)) || !fs_is_dir(dir))
		return err_set(err, DD_ENOENT, "package index %.12s is not in the store", digest);
	struct apt_index x = {.digest = mem_strdup(digest),
		.lists_dir = fs_join(dir, "lists"),
		.config_dir = fs_join(dir, "config")};
	int rc = list_files(&x, err);
	if (rc < 0) {
		apt_index_cleanup(&x);
		return rc;
	}
	*ret = x;
	return 0;
}

/* "<digest> <fetched, real ns>"; a missing or damaged one leaves *ret_digest NULL. */
static int
read_current(const struct state *st, char **ret_digest, int64_t *ret_fetched_ns, struct dd_err *err)
{
	OWN_FREE char *path = index_path(st, "current");
	OWN(buf) struct buf text = {0};
	struct str rest, digest, when;
	uint64_t ns = 0;
	if (!fs_exists(path))
		return 0;
	int rc = fs_read(path, 256, &text, err);
	if (rc < 0)
		return rc;
	rest = buf_str(&text);
	if (!str_next_word(&rest, &digest) || !str_next_word(&rest, &when) ||
		!str_parse_u64(when, INT64_MAX, &ns))
		return 0;
	OWN_FREE char *name = str_dup(digest);
	OWN_FREE char *dir = index_path(st, name);
	if (!fs_is_dir(dir))
		return 0;
	*ret_digest = TAKE(name);
	*ret_fetched_ns = (int64_t)ns;
	return 0;
}

static int
write_current(const struct state *st, const char *digest, struct dd_err *err)
{
	OWN_FREE char *path = index_path(st, "current");
	OWN_FREE char *text = mem_printf("%s %lld\n", digest, (long long)clock_real_ns());
	return fs_write_atomic(path, str_of(text), 0600, err);
}

/* ---- fetching ---- */

/* Digest over the release files: signed, they name the digest of everything else. */
static int
digest_lists(const char *lists, struct hash_hex *ret, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	int rc = fs_list(lists, &names, err);
	struct hash *h = hash_create();
	size_t found = 0;
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		if (!str_ends(str_of(names.v[i]), "Release"))
			continue;
		OWN_FREE char *path = fs_join(lists, names.v[i]);
		OWN(buf) struct buf text = {0};
		rc = fs_read(path, MAX_RELEASE_BYTES, &text, err);
		hash_add(h, names.v[i], strlen(names.v[i]) + 1);
		hash_add(h, text.p, text.n);
		found++;
	}
	struct hash_hex digest = hash_finish(h);
	if (rc == 0 && !found)
		rc = err_set(err, DD_EIO, "package sources: apt fetched no release file");
	if (rc == 0)
		*ret = digest;
	return rc;
}

struct update { /* one `apt-get update` in a directory of its own, <state>/index/tmp */
	const struct apt_index *base; /* go on from its lists, and fetch the Contents; NULL: anew */
	const char *log;
	char *dir, *config, *lists, *cache;
};

static void
update_cleanup(struct update *u)
{
	(void)!fs_remove_tree(u->dir, NULL);
	free(u->dir);
	free(u->config);
	free(u->lists);
	free(u->cache);
}

static int
update_in_pod(const struct state *st, const struct apt_sources *s, const struct update *u,
	struct dd_err *err)
{
	struct pod *pod;
	struct egress *egress;
	OWN(strlist) struct strlist option = {0};
	const struct aptpod_spec spec = {.state = st,
		.config_dir = u->config,
		.lists_dir = u->lists,
		.lists_writable = true};
	const struct egress_spec out = {
		.state = st, .upstreams = s->upstreams, .n = s->nupstreams, .log_path = u->log};
	int rc = aptpod_open(&spec, &pod, err);
	if (rc < 0)
		return rc;
	strlist_add(&option, u->base ? with_contents : lists_only);
	rc = egress_open(pod, &out, &egress, err);
	if (rc == 0) {
		rc = aptpod_run(pod, "apt-get update", update_script, &option, NULL, err);
		int closed = egress_close(egress, rc < 0 ? NULL : err);
		rc = rc < 0 ? rc : closed;
	}
	pod_close(pod);
	return rc;
}

/* The lists that are there under another name each: apt replaces files and never changes them. */
static int
start_from(const struct apt_index *base, const char *lists, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	int rc = fs_list(base->lists_dir, &names, err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN_FREE char *from = fs_join(base->lists_dir, names.v[i]);
		OWN_FREE char *to = fs_join(lists, names.v[i]);
		bool list = str_ends(str_of(from), "Release") || strstr(names.v[i], "_Packages");
		if (list && io_link(from, to) < 0)
			rc = err_errno(err, errno, "cannot link to %s", to);
	}
	return rc;
}

/* A directory for apt, which is not who we are. */
static int
make_dir(const struct state *st, const char *dir, struct dd_err *err)
{
	int rc = fs_mkdirs(dir, 0755, err);
	if (rc == 0 && st->root && chown(dir, st->id_base, st->id_base) < 0)
		rc = err_errno(err, errno, "cannot give away %s", dir);
	return rc;
}

static int
make_dirs(const struct state *st, const struct update *u, struct dd_err *err)
{
	int rc = make_dir(st, u->lists, err);
	if (rc == 0)
		rc = make_dir(st, u->cache, err);
	return rc == 0 && u->base ? start_from(u->base, u->lists, err) : rc;
}

static int
mark_contents(const char *dir, struct dd_err *err)
{
	OWN_FREE char *marker = fs_join(dir, "contents");
	return fs_write_atomic(marker, STR("complete\n"), 0600, err);
}

/* The index of these release files is there: what is new are the Contents. */
static int
move_contents(const struct update *u, const char *dir, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	int rc = fs_list(u->lists, &names, err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN_FREE char *from = fs_join(u->lists, names.v[i]);
		OWN_FREE char *to = mem_printf("%s/lists/%s", dir, names.v[i]);
		if (is_contents(names.v[i]) && io_rename(from, to) < 0)
			rc = err_errno(err, errno, "cannot rename to %s", to);
	}
	return rc;
}

static int
publish(const struct state *st, const struct update *u, char **ret_digest, struct dd_err *err)
{
	struct hash_hex digest;
	int rc = digest_lists(u->lists, &digest, err);
	if (rc < 0)
		return rc;
	OWN_FREE char *dir = index_path(st, digest.s);
	rc = fs_sync_all(u->dir, err);
	if (rc == 0 && fs_is_dir(dir))
		rc = move_contents(u, dir, err);
	else if (rc == 0 && io_rename(u->dir, dir) < 0)
		rc = err_errno(err, errno, "cannot rename to %s", dir);
	if (rc == 0 && u->base)
		rc = mark_contents(dir, err);
	if (rc == 0)
		rc = write_current(st, digest.s, err);
	if (rc == 0)
		*ret_digest = mem_strdup(digest.s);
	return rc;
}

static int
fetch(const struct state *st, const struct apt_index *base, const char *log, char **ret_digest,
	struct dd_err *err)
{
	struct apt_sources s = {0};
	struct update u = {.base = base, .log = log, .dir = index_path(st, "tmp")};
	u.config = fs_join(u.dir, "config");
	u.lists = fs_join(u.dir, "lists");
	u.cache = fs_join(u.dir, "cache");
	int step =
		progress_begin(base ? "fetching the lists of files" : "fetching the package lists");
	int rc = apt_sources_read(&s, err);
	if (rc == 0)
		rc = fs_remove_tree(
			u.dir, err); /* of a drydock that was killed: we hold the lock */
	if (rc == 0)
		rc = fs_mkdirs(u.dir, 0700, err);
	if (rc == 0)
		rc = apt_sources_write_inside(&s, u.config, err);
	if (rc == 0)
		rc = make_dirs(st, &u, err);
	if (rc == 0)
		rc = update_in_pod(st, &s, &u, err);
	if (rc == 0)
		rc = publish(st, &u, ret_digest, err);
	update_cleanup(&u);
	apt_sources_cleanup(&s);
	progress_end(step, rc < 0 ? "failed" : "ok");
	return rc;
}

/* Held while an index is made or completed. */
static int
lock_index(const struct state *st, int *ret_fd, struct dd_err *err)
{
	OWN_FREE char *dir = state_path(st, "index");
	OWN_FREE char *path = fs_join(dir, "lock");
	int rc = fs_mkdirs(dir, 0700, err);
	return rc < 0 ? rc : fs_lock(path, true, ret_fd, err);
}

int
apt_index_open(const struct state *st, bool refresh, bool offline, const char *log,
	struct apt_index *ret, struct dd_err *err)
{
	OWN_FREE char *digest = NULL;
	OWN_FD int lock = -1;
	int64_t fetched_ns = 0;
	int rc = lock_index(st, &lock, err);
	if (rc == 0)
		rc = read_current(st, &digest, &fetched_ns, err);
	if (rc < 0)
		return err_wrap(err, "package index");
	bool have = digest != NULL;
	bool fresh = have && !refresh && clock_real_ns() - fetched_ns < MAX_AGE_NS;
	if (!have && offline)
		return err_set(err, DD_ENOENT,
			"there is no package index in the store yet, and --offline forbids to fetch one; do it once "
			"without --offline, or replay a bundle (drydock bundle makes it, where the run is)");
	if (!fresh && !offline) {
		free(TAKE(digest));
		rc = fetch(st, NULL, log, &digest, err);
		if (rc < 0)
			return err_wrap(err, "package index");
	}
	if (rc == 0)
		rc = apt_index_open_digest(st, digest, ret, err);
	if (rc == 0)
		ret->fetched_ns = fetched_ns;
	return rc;
}

int
apt_index_add_contents(const struct state *st, bool offline, const char *log, struct apt_index *x,
	struct dd_err *err)
{
	OWN_FREE char *marker = mem_printf("%s/../contents", x->lists_dir);
	OWN_FREE char *digest = NULL;
	struct apt_index whole;
	OWN_FD int lock = -1;
	int rc = lock_index(st, &lock, err);
	if (rc < 0)
		return err_wrap(err, "package index");
	if (!fs_exists(marker)) {
		if (offline)
			return err_set(err, DD_ENOENT,
				"the lists of files of the packages are not in the store yet, and --offline "
				"forbids to fetch them");
		rc = fetch(st, x, log, &digest, err);
		if (rc < 0)
			rc = err_wrap(err, "package index");
	}
	if (rc == 0)
		rc = apt_index_open_digest(st, digest ? digest : x->digest, &whole, err);
	if (rc < 0)
		return rc;
	whole.fetched_ns = digest ? clock_real_ns() : x->fetched_ns;
	apt_index_cleanup(x);
	*x = whole;
	return 0;
}

/* ---- collection ---- */

#define DOOMED "doomed-"

/* May nobody have just opened it? */
static bool
is_old(const char *dir)
{
	struct stat st;
	return stat(dir, &st) == 0 &&
	       clock_real_ns() - (int64_t)st.st_mtim.tv_sec * 1000000000 > MAX_AGE_NS;
}

static int
collect_index(const struct state *st, const char *digest, bool dry_run, uint64_t *ret_bytes,
	struct dd_err *err)
{
	OWN_FREE char *dir = index_path(st, digest);
	OWN_FREE char *name = mem_printf(DOOMED "%s", digest);
	OWN_FREE char *doomed = index_path(st, name);
	uint64_t bytes = 0;
	(void)!fs_disk_usage(dir, &bytes, NULL);
	*ret_bytes += bytes;
	if (dry_run)
		return 0;
	if (io_rename(dir, doomed) < 0)
		return err_errno(err, errno, "package index: cannot move %s", dir);
	return fs_remove_tree(doomed, err);
}

int
apt_index_collect(const struct state *st, const struct strlist *keep, bool dry_run,
	struct strlist *ret_gone, uint64_t *ret_bytes, struct dd_err *err)
{
	OWN_FREE char *all = state_path(st, "index");
	OWN_FREE char *current = NULL;
	OWN(strlist) struct strlist names = {0};
	OWN_FD int lock = -1;
	int64_t fetched_ns = 0;
	int rc = lock_index(st, &lock, err);
	if (rc == 0)
		rc = fs_list(all, &names, err);
	if (rc == 0)
		rc = read_current(st, &current, &fetched_ns, err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN_FREE char *dir = fs_join(all, names.v[i]);
		if (str_starts(str_of(names.v[i]), DOOMED) && !dry_run)
			(void)!fs_remove_tree(dir, NULL); /* of a collection that was killed */
		if (!hash_is_hex(str_of(names.v[i])) || strlist_has(keep, names.v[i]) ||
			(current && strcmp(current, names.v[i]) == 0) || !is_old(dir))
			continue;
		strlist_add(ret_gone, names.v[i]);
		rc = collect_index(st, names.v[i], dry_run, ret_bytes, err);
	}
	return rc;
}

/* Call fn for the directory of resolutions of every index that stays. */
static int
each_plans(const struct state *st, const struct strlist *gone,
	int (*fn)(void *ctx, const char *dir, struct dd_err *err), void *ctx, struct dd_err *err)
{
	OWN_FREE char *all = state_path(st, "index");
	OWN(strlist) struct strlist names = {0};
	int rc = fs_exists(all) ? fs_list(all, &names, err) : 0;
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN_FREE char *dir = mem_printf("%s/%s/plans", all, names.v[i]);
		if (hash_is_hex(str_of(names.v[i])) && !(gone && strlist_has(gone, names.v[i])) &&
			fs_exists(dir))
			rc = fn(ctx, dir, err);
	}
	return rc;
}

static int
list_plans(void *ctx, const char *dir, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	int rc = fs_list(dir, &names, err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN_FREE char *path = fs_join(dir, names.v[i]);
		struct install_batch batch = {0};
		if (apt_plan_read(path, &batch))
			apt_batch_digests(&batch, ctx);
		install_batch_cleanup(&batch);
	}
	return rc;
}

int
apt_index_objects(
	const struct state *st, const struct strlist *gone, struct strlist *ret, struct dd_err *err)
{
	return each_plans(st, gone, list_plans, ret, err);
}

static int
forget_plans(void *ctx, const char *dir, struct dd_err *err)
{
	(void)ctx;
	return fs_remove_tree(dir, err);
}

int
apt_index_forget(const struct state *st, struct dd_err *err)
{
	return each_plans(st, NULL, forget_plans, NULL, err);
}
