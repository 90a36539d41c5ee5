/*
 * Package lists.  <state>/index/<digest> holds what one `apt-get update` fetched (lists) and the
 * configuration it was fetched with (config); the file <state>/index/current names the newest and
 * when. Fetched by the machine's own apt on the tools root, through the egress broker.
 */
#include "images/apt.h"
#include "images/aptpod.h"
#include "images/sources.h"

#include "base/fs.h"
#include "base/hash.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_AGE_NS ((int64_t)24 * 3600 * 1000000000)
#define MAX_RELEASE_BYTES ((size_t)16 << 20)

static const char update_script[] =
	"mkdir -p /var/lib/dpkg /var/cache/apt/archives/partial /var/lib/apt/lists/partial\n"
	"touch /var/lib/dpkg/status\n"
	"exec apt-get -q -o APT::Update::Error-Mode=any update\n";

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

static int
list_files(struct apt_index *x, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	int rc = fs_list(x->lists_dir, &names, err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN_FREE char *path = fs_join(x->lists_dir, names.v[i]);
		if (strstr(names.v[i], "_Contents-") || strncmp(names.v[i], "Contents-", 9) == 0)
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

/* "<digest> <fetched, real ns>" */
static bool
read_current(const struct state *st, char **ret_digest, int64_t *ret_fetched_ns)
{
	OWN_FREE char *path = index_path(st, "current");
	OWN(buf) struct buf text = {0};
	struct str rest, digest, when;
	uint64_t ns = 0;
	if (fs_read(path, 256, &text, NULL) < 0)
		return false;
	rest = buf_str(&text);
	if (!str_next_word(&rest, &digest) || !str_next_word(&rest, &when) ||
		!str_parse_u64(when, INT64_MAX, &ns))
		return false;
	OWN_FREE char *name = str_dup(digest);
	OWN_FREE char *dir = index_path(st, name);
	if (!fs_is_dir(dir))
		return false;
	*ret_digest = TAKE(name);
	*ret_fetched_ns = (int64_t)ns;
	return true;
}

static int
write_current(const struct state *st, const char *digest, struct dd_err *err)
{
	OWN_FREE char *path = index_path(st, "current");
	OWN_FREE char *text = mem_printf("%s %lld\n", digest, (long long)clock_real_ns());
	return fs_write_atomic(path, str_of(text), 0600, err);
}

/* ---- fetching
 * ------------------------------------------------------------------------------------ */

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

static int
update_in_pod(const struct state *st, const struct apt_sources *s, const char *config,
	const char *lists, const char *log, struct dd_err *err)
{
	struct pod *pod;
	struct egress *egress;
	const struct aptpod_spec spec = {
		.state = st, .config_dir = config, .lists_dir = lists, .lists_writable = true};
	const struct egress_spec out = {.state = st, .upstreams = s->upstreams, .n = s->nupstreams, .log_path = log};
	int rc = aptpod_open(&spec, &pod, err);
	if (rc < 0)
		return rc;
	rc = egress_open(pod, &out, &egress, err);
	if (rc == 0) {
		rc = aptpod_run(pod, "apt-get update", update_script, NULL, NULL, err);
		int closed = egress_close(egress, rc < 0 ? NULL : err);
		rc = rc < 0 ? rc : closed;
	}
	pod_close(pod);
	return rc;
}

static int
make_lists_dir(const struct state *st, const char *lists, struct dd_err *err)
{
	int rc = fs_mkdirs(lists, 0755, err);
	if (rc == 0 && st->root && chown(lists, st->id_base, st->id_base) < 0)
		rc = err_errno(err, errno, "cannot give away %s", lists);
	return rc;
}

static int
publish(const struct state *st, const char *temp, const char *lists, char **ret_digest,
	struct dd_err *err)
{
	struct hash_hex digest;
	int rc = digest_lists(lists, &digest, err);
	if (rc < 0)
		return rc;
	OWN_FREE char *dir = index_path(st, digest.s);
	if (rename(temp, dir) < 0 && errno != EEXIST && errno != ENOTEMPTY)
		return err_errno(err, errno, "cannot store the package index");
	rc = write_current(st, digest.s, err);
	if (rc == 0)
		*ret_digest = mem_strdup(digest.s);
	return rc;
}

static int
fetch(const struct state *st, const char *log, char **ret_digest, struct dd_err *err)
{
	OWN_FREE char *temp = index_path(st, "tmp");
	OWN_FREE char *config = fs_join(temp, "config");
	OWN_FREE char *lists = fs_join(temp, "lists");
	struct apt_sources s = {0};
	int step = progress_begin("fetching the package lists");
	int rc = apt_sources_read(&s, err);
	if (rc == 0)
		rc = fs_remove_tree(temp, err); /* of a drydock that was killed: we hold the lock */
	if (rc == 0)
		rc = fs_mkdirs(temp, 0700, err);
	if (rc == 0)
		rc = apt_sources_write_inside(&s, config, err);
	if (rc == 0)
		rc = make_lists_dir(st, lists, err);
	if (rc == 0)
		rc = update_in_pod(st, &s, config, lists, log, err);
	if (rc == 0)
		rc = publish(st, temp, lists, ret_digest, err);
	(void)!fs_remove_tree(temp, NULL);
	apt_sources_cleanup(&s);
	progress_end(step, rc < 0 ? "failed" : "ok");
	return rc;
}

int
apt_index_open(const struct state *st, bool refresh, bool offline, const char *log,
	struct apt_index *ret, struct dd_err *err)
{
	OWN_FREE char *dir = state_path(st, "index");
	OWN_FREE char *lock_path = fs_join(dir, "lock");
	OWN_FREE char *digest = NULL;
	OWN_FD int lock = -1;
	int64_t fetched_ns = 0;
	int rc = fs_mkdirs(dir, 0700, err);
	if (rc == 0)
		rc = fs_lock(lock_path, true, &lock, err);
	if (rc < 0)
		return rc;
	bool have = read_current(st, &digest, &fetched_ns);
	bool fresh = have && !refresh && clock_real_ns() - fetched_ns < MAX_AGE_NS;
	if (!have && offline)
		return err_set(err, DD_ENOENT,
			"there is no package index in the store yet, and --offline forbids to fetch one");
	if (!fresh && !offline) {
		free(TAKE(digest));
		rc = fetch(st, log, &digest, err);
	}
	if (rc == 0)
		rc = apt_index_open_digest(st, digest, ret, err);
	if (rc == 0)
		ret->fetched_ns = fetched_ns;
	return rc;
}
