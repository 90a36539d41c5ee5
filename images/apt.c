#include "images/apt.h"

#include "images/aptpod.h"
#include "images/npm.h"
#include "images/plan.h"
#include "images/sources.h"

#include "base/cas.h"
#include "base/fs.h"
#include "base/io.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_TEXT ((size_t)64 << 20)
#define FETCH_SLACK ((uint64_t)64 << 20)
#define FETCH_AT_ONCE 200

/* ---- resolving ---- */

/* On the tools root there is no dpkg state: the system is empty. */
static const char prepare[] = "mkdir -p /var/lib/dpkg /var/cache/apt/archives/partial /etc/apt\n"
			      "[ -e /var/lib/dpkg/status ] || : >/var/lib/dpkg/status\n"
			      "[ ! -e " APTPOD_CACHE "/" APTPOD_CACHE_FILE " ] ||\n"
			      "	ln -sf " APTPOD_CACHE "/" APTPOD_CACHE_FILE
			      " /var/cache/apt/" APTPOD_CACHE_FILE "\n";
/* The first that is asked keeps what it read of the lists and the system for the others. */
#define CACHES \
	" -o Dir::Cache::pkgcache=/var/cache/apt/pkgcache.bin" \
	" -o Dir::Cache::srcpkgcache=/var/cache/apt/" APTPOD_CACHE_FILE
static const char simulate_script[] =
	"exec apt-get -q -q -y --no-install-recommends -o Debug::NoLocking=1 -s" CACHES
	" install -- \"$@\"\n";
static const char uris_script[] =
	"exec apt-get -q -q -o Debug::NoLocking=1 --print-uris" CACHES " download -- \"$@\"\n";
static const char records_script[] = "exec apt-cache show --no-all-versions" CACHES " -- \"$@\"\n";

static int
simulate(struct pod *pod, const struct strlist *names, struct buf *out, struct dd_err *err)
{
	int rc = aptpod_run(pod, "apt-get install", simulate_script, names, out, err);
	/* What apt refuses is the answer to the question, not a failure of ours. */
	if (rc == -DD_EIO && err) {
		const char *reason = strstr(err_msg(err), "E: ");
		if (reason)
			err->code = DD_ENOENT;
		return -(int)err->code;
	}
	return rc;
}

static int
resolve_in(
	struct pod *pod, const struct strlist *names, struct install_batch *ret, struct dd_err *err)
{
	OWN(buf)
	struct buf simulation = {.max = MAX_TEXT}, uris = {.max = MAX_TEXT},
		   records = {.max = MAX_TEXT};
	OWN(strlist) struct strlist wanted = {0};
	int rc = aptpod_run(pod, "preparing apt", prepare, NULL, NULL, err);
	if (rc == 0)
		rc = simulate(pod, names, &simulation, err);
	if (rc < 0)
		return rc;
	plan_wanted(buf_str(&simulation), &wanted);
	if (wanted.n)
		rc = aptpod_run(pod, "apt-get download", uris_script, &wanted, &uris, err);
	if (rc == 0 && wanted.n)
		rc = aptpod_run(pod, "apt-cache show", records_script, &wanted, &records, err);
	if (rc == 0)
		rc = plan_parse(buf_str(&simulation), buf_str(&uris), buf_str(&records), ret, err);
	return rc;
}

/* ---- resolutions are kept beside the lists they were made from ---- */

static char *
plan_path(const struct apt_index *index, const struct stack *root, const struct strlist *names)
{
	OWN(buf) struct buf text = {0};
	buf_puts(&text, "resolve 1");
	for (size_t i = 0; root && i < root->n; i++)
		buf_printf(&text, "\n/%s", root->v[i].s);
	for (size_t i = 0; i < names->n; i++)
		buf_printf(&text, "\n%s", names->v[i]);
	struct hash_hex key = hash_bytes(buf_str(&text));
	return mem_printf("%s/../plans/%s.json", index->lists_dir, key.s);
}

bool
apt_plan_read(const char *path, struct install_batch *ret)
{
	OWN_JSON json_t *j = NULL;
	if (!fs_exists(path) || json_parse_file(path, MAX_TEXT, &j, NULL) < 0)
		return false;
	if (json_decode(j, install_batch_fields, false, ret, "plan", NULL) == 0)
		return true;
	install_batch_cleanup(ret);
	return false;
}

/* A plan that cannot be kept is made again. */
static void
keep_plan(const char *path, const struct install_batch *batch)
{
	OWN(buf) struct buf text = {0};
	OWN_JSON json_t *j = json_encode(install_batch_fields, batch);
	OWN_FREE char *dir = mem_strndup(path, (size_t)(strrchr(path, '/') - path));
	json_print(j, 0, &text);
	if (fs_mkdirs(dir, 0700, NULL) == 0)
		(void)!fs_write_atomic(path, buf_str(&text), 0600, NULL);
}

int
apt_resolve(const struct state *st, const struct apt_index *index, const struct stack *root,
	const struct strlist *names, struct install_batch *ret, struct dd_err *err)
{
	struct pod *pod;
	struct install_batch batch = {0};
	const struct aptpod_spec spec = {.state = st,
		.root = root,
		.config_dir = index->config_dir,
		.lists_dir = index->lists_dir};
	OWN_FREE char *path = plan_path(index, root, names);
	if (apt_plan_read(path, ret))
		return 0;
	int rc = aptpod_open(&spec, &pod, err);
	if (rc < 0)
		return rc;
	rc = resolve_in(pod, names, &batch, err);
	pod_close(pod);
	if (rc < 0)
		return rc;
	strlist_copy(&batch.requested, names);
	keep_plan(path, &batch);
	*ret = batch;
	return 0;
}

/* ---- fetching ---- */

/*
 * $1: where to, then triples of URL, file name and digest.  apt has one connection to a host, and
 * the broker asks upstream for one request of a connection after the other: with four at once the
 * way there and back is not waited for in vain.  (The names are ours and without blanks.)
 */
static const char fetch_script[] =
	"to=$1; shift; mkdir -p \"$to\"; set -f\n"
	"a= b= c= d=\n"
	"while [ $# -gt 0 ]; do\n"
	"  f=$a; a=$b; b=$c; c=$d; d=\"$f $1 $to/$2 SHA256:$3\"; shift 3\n"
	"done\n"
	"fetch() {\n"
	"  [ $# = 0 ] || exec /usr/lib/apt/apt-helper -o APT::Sandbox::User=root"
	" -o Acquire::http::Timeout=600 -o Acquire::Retries=2 -o Dir::Etc=/nonexistent download-file \"$@\"\n"
	"}\n"
	"jobs=\n"
	"for l in \"$a\" \"$b\" \"$c\" \"$d\"; do (fetch $l) & jobs=\"$jobs $!\"; done\n"
	"for j in $jobs; do wait $j; done\n";

static bool
is_missing(const char *cas, const struct artefact *a)
{
	return !cas_has(cas, a->sha256);
}

static int
fetch_some(struct pod *pod, const char *cas, const char *upstream,
	const struct install_batch *batch, size_t *next, struct dd_err *err)
{
	OWN(strlist) struct strlist args = {0};
	strlist_add(&args, "/tmp/archives");
	size_t n = 0;
	for (; *next < batch->artefacts.n && n < FETCH_AT_ONCE; (*next)++) {
		const struct artefact *a = &batch->artefacts.v[*next];
		if (!is_missing(cas, a))
			continue;
		OWN_FREE char *origin = egress_inside_url(upstream ? upstream : a->upstream);
		strlist_addf(&args, "%s/%s", origin, a->path);
		strlist_addf(&args, "%s.deb", a->sha256);
		strlist_add(&args, a->sha256);
		n++;
	}
	if (!n)
		return 0;
	progress_note("%zu of %zu archives", *next, batch->artefacts.n);
	return aptpod_run(pod, "fetching archives", fetch_script, &args, NULL, err);
}

/* Nobody gets more than what the batch says there is, once again where a connection broke. */
static uint64_t
budget_of(const struct install_batch *batch)
{
	uint64_t bytes = FETCH_SLACK;
	for (size_t i = 0; i < batch->artefacts.n; i++) {
		int64_t size = batch->artefacts.v[i].size;
		if (size <= 0)
			return EGRESS_BUDGET;
		bytes += 2 * (uint64_t)size;
	}
	return bytes < EGRESS_BUDGET ? bytes : EGRESS_BUDGET;
}

/* Every missing archive from its upstream, or all from one named upstream. */
static int
fetch_from(const struct state *st, const struct apt_sources *s, const char *upstream,
	const struct install_batch *batch, const char *log, struct dd_err *err)
{
	OWN_FREE char *cas = state_path(st, "cas");
	struct pod *pod;
	struct egress *egress;
	const struct aptpod_spec spec = {.state = st};
	const struct egress_spec out = {.state = st,
		.upstreams = s->upstreams,
		.n = s->nupstreams,
		.budget_bytes = budget_of(batch),
		.log_path = log};
	size_t next = 0;
	int rc = aptpod_open(&spec, &pod, err);
	if (rc < 0)
		return rc;
	rc = egress_open(pod, &out, &egress, err);
	if (rc == 0) {
		while (rc == 0 && next < batch->artefacts.n)
			rc = fetch_some(pod, cas, upstream, batch, &next, err);
		int closed = egress_close(egress, rc < 0 ? NULL : err);
		rc = rc < 0 ? rc : closed;
	}
	pod_close(pod);
	return rc;
}

static size_t
count_missing(const struct state *st, const struct install_batch *batch, const char **ret_name)
{
	OWN_FREE char *cas = state_path(st, "cas");
	size_t n = 0;
	for (size_t i = 0; i < batch->artefacts.n; i++)
		if (is_missing(cas, &batch->artefacts.v[i])) {
			*ret_name = batch->artefacts.v[i].name;
			n++;
		}
	return n;
}

void
apt_batch_digests(const struct install_batch *batch, struct strlist *ret)
{
	for (size_t i = 0; i < batch->artefacts.n; i++)
		strlist_add(ret, batch->artefacts.v[i].sha256);
}

struct hash_hex
apt_batch_digest(const char *recipe, const struct install_batch *batch)
{
	OWN(strlist) struct strlist lines = {0};
	OWN(buf) struct buf text = {0};
	for (size_t i = 0; i < batch->artefacts.n; i++)
		strlist_addf(&lines, "%s=%s=%s", batch->artefacts.v[i].name,
			batch->artefacts.v[i].version, batch->artefacts.v[i].sha256);
	strlist_sort(&lines);
	buf_printf(&text, "%s\n", recipe);
	for (size_t i = 0; i < lines.n; i++)
		buf_printf(&text, "%s\n", lines.v[i]);
	return hash_bytes(buf_str(&text));
}

int
apt_fetch(const struct state *st, const struct install_batch *batch, const char *owner,
	bool offline, const char *log, struct dd_err *err)
{
	const char *name = NULL;
	OWN(strlist) struct strlist digests = {0};
	apt_batch_digests(batch, &digests);
	int rc = object_lease(st, owner, &digests, err);
	size_t missing = rc == 0 ? count_missing(st, batch, &name) : 0;
	if (!missing)
		return rc;
	if (offline)
		return err_set(err, DD_ENOENT,
			"%zu package archives (such as %s) are not in the store, and --offline forbids to "
			"fetch them; do it once without --offline, or replay a bundle (drydock bundle makes it, where the run is)",
			missing, name);
	struct apt_sources s = {0};
	int step = progress_begin("fetching %zu packages", missing);
	rc = apt_sources_read(&s, err);
	OWN(dd_err) struct dd_err why = {0};
	if (rc == 0)
		rc = fetch_from(st, &s, NULL, batch, log, &why);
	if (rc == -DD_EIO && why.msg)
		log_warn("%s; asking one upstream after the other", err_msg(&why));
	/* A recipe from another machine may number its upstreams differently. */
	for (size_t i = 0; rc == -DD_EIO && i < s.nupstreams; i++) {
		(void)!fetch_from(st, &s, s.upstreams[i].name, batch, log, NULL);
		if (!count_missing(st, batch, &name))
			rc = 0;
	}
	apt_sources_cleanup(&s);
	if (rc < 0 && why.msg)
		(void)err_move(err, &why);
	if (rc == 0 && count_missing(st, batch, &name))
		rc = err_set(err, DD_EIO, "the archive of %s did not arrive", name);
	progress_end(step, rc < 0 ? "failed" : "ok");
	return rc;
}

/* ---- installing ---- */

#define DPKG \
	"dpkg --force-unsafe-io --force-confdef --force-confold --auto-deconfigure --no-triggers "
static const char unpack_script[] =
	"cd " APTPOD_ARCHIVES "; for d in \"$@\"; do set -- \"$@\" \"$d.deb\"; shift; "
	"done; exec " DPKG "--unpack \"$@\"\n";
static const char configure_script[] = "exec " DPKG "--configure \"$@\"\n";
static const char finish_script[] =
	"dpkg --force-confdef --force-confold --configure --pending\n"
	"rm -rf /var/cache/apt/archives/*.deb /var/log/dpkg.log /var/log/apt/* "
	"/var/log/alternatives.log /var/cache/debconf/*-old /var/lib/dpkg/*-old\n";

int
apt_link_archives(const struct state *st, const struct install_batch *batch, const char *dir,
	struct dd_err *err)
{
	OWN_FREE char *cas = state_path(st, "cas");
	int rc = fs_mkdirs(dir, 0755, err);
	for (size_t i = 0; rc == 0 && i < batch->artefacts.n; i++) {
		const struct artefact *a = &batch->artefacts.v[i];
		OWN_FREE char *from = cas_path(cas, a->sha256);
		OWN_FREE char *to = mem_printf("%s/%s.deb", dir, a->sha256);
		OWN_FD int verified = -1;
		rc = cas_open(cas, a->sha256, &verified, err);
		if (rc == 0 && io_link(from, to) < 0 && errno != EEXIST)
			rc = err_errno(err, errno, "cannot link to %s", to);
	}
	/* Read inside by another id of the sandbox. */
	if (rc == 0 && chmod(dir, 0755) < 0)
		rc = err_errno(err, errno, "cannot set the mode of %s", dir);
	return rc < 0 ? err_wrap(err, "packages") : 0;
}

int
apt_machine(char **ret_suite, char **ret_arch, struct dd_err *err)
{
	struct apt_sources s = {0};
	int rc = apt_sources_read(&s, err);
	if (rc == 0) {
		*ret_suite = TAKE(s.suite);
		*ret_arch = TAKE(s.arch);
	}
	apt_sources_cleanup(&s);
	return rc;
}

static int
run_steps(struct pod *pod, const struct install_batch *batch, struct dd_err *err)
{
	int rc = aptpod_run(pod, "preparing the root", APTPOD_NO_SERVICES, NULL, NULL, err);
	for (size_t i = 0; rc == 0 && i < batch->steps.n; i++) {
		const struct install_step *s = &batch->steps.v[i];
		progress_note("step %zu of %zu", i + 1, batch->steps.n);
		rc = aptpod_run(pod, s->configure ? "configuring packages" : "unpacking packages",
			s->configure ? configure_script : unpack_script, &s->items, NULL, err);
	}
	return rc < 0 ? rc : aptpod_run(pod, "finishing packages", finish_script, NULL, NULL, err);
}

static int
install_layer(const struct state *st, const struct stack *root, const struct install_batch *batch,
	const char *key, struct dd_err *err)
{
	OWN_FREE char *name = mem_printf("archives-%.16s-%d", key, (int)getpid());
	OWN_FREE char *dir = NULL;
	struct pod *pod = NULL;
	OWN_FD int lock = -1;
	int rc = scratch_create(st, name, 0755, &dir, &lock, err);
	if (rc < 0)
		return rc;
	const struct pod_bind bind = {dir, APTPOD_ARCHIVES, false};
	const struct aptpod_spec spec = {.state = st, .root = root, .binds = &bind, .nbinds = 1};
	rc = apt_link_archives(st, batch, dir, err);
	if (rc == 0)
		rc = aptpod_open(&spec, &pod, err);
	if (rc == 0)
		rc = run_steps(pod, batch, err);
	if (rc == 0)
		rc = pod_freeze(TAKE(pod), POD_ROOT, key, err);
	pod_close(pod);
	(void)!scratch_discard(dir, NULL);
	return rc;
}

static struct hash_hex
batch_key(const struct stack *root, const struct install_batch *batch)
{
	OWN_JSON json_t *steps = install_step_list_to_json(&batch->steps);
	OWN(buf) struct buf text = {0};
	buf_puts(&text, "install 1 ");
	json_print(steps, 0, &text);
	return stack_next_key(root, buf_str(&text));
}

int
apt_install(const struct state *st, struct stack *root, const struct install_batch *batch,
	const char *owner, bool *ret_cached, struct dd_err *err)
{
	OWN_FD int lock = -1;
	struct hash_hex key = batch_key(root, batch);
	if (ret_cached)
		*ret_cached = true;
	if (!batch->artefacts.n)
		return 0;
	int rc = layer_lock(st, key.s, &lock, err);
	if (rc == 0)
		rc = layer_lease(st, owner, key.s, err);
	if (rc == 0 && !layer_exists(st, key.s)) {
		if (ret_cached)
			*ret_cached = false;
		rc = install_layer(st, root, batch, key.s, err);
	}
	if (rc == 0)
		stack_push(root, key.s);
	return rc;
}

int
apt_provide(const struct state *st, struct stack *root, const struct install_batch *batch,
	bool offline, const char *owner, const char *log, bool *ret_cached, struct dd_err *err)
{
	for (bool again = true;; again = false) {
		OWN(dd_err) struct dd_err why = {0};
		int rc = apt_fetch(st, batch, owner, offline, log, err);
		if (rc < 0)
			return rc;
		rc = apt_install(st, root, batch, owner, ret_cached, &why);
		if (rc != -DD_ECORRUPT || !again)
			return rc < 0 ? err_move(err, &why) : 0;
		log_warn("%s; fetching it again", err_msg(&why));
	}
}

/* ---- doctor ---- */

void
images_doctor(const struct state *st, struct doctor_list *ret)
{
	struct apt_sources s = {0};
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf detail = {0};
	npm_doctor(st, ret);
	if (apt_sources_read(&s, &err) < 0) {
		doctor_add(ret, "package sources", false, true, err_msg(&err),
			"configure apt (sources in /etc/apt) so that `apt-get update` works");
		return;
	}
	buf_printf(&detail, "%zu suites of %zu repositories, %s", s.n, s.nupstreams, s.arch);
	doctor_add(ret, "package sources", true, true, detail.p, NULL);
	apt_sources_cleanup(&s);
}
