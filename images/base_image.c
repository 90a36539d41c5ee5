/*
 * Theory of operation.  The base image is Debian minbase (essential and required packages, and apt)
 * made without any code of a package running outside the sandbox:
 *
 *   resolve    the machine's own apt, on the tools root, against an empty system
 *   fetch      through the egress broker into the content store
 *   unpack     on the tools root: dpkg unpacks all packages into an empty tree with merged /usr
 *   configure  in a pod on that tree: dpkg configures them there
 *
 * Its digest is that of the list of packages with their digests and of this recipe's version, so
 * that both privilege modes and every machine with the same sources give the same digest.
 */
#include "images/base_image.h"

#include "base/fs.h"
#include "base/log.h"
#include "images/apt.h"
#include "images/aptpod.h"
#include "images/store.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define OWNER "image-" IMAGE_BASE
#define RECIPE "debian-minbase 4"

/*
 * In the empty tree nothing can run yet: dpkg runs preinst scripts on the tools root and tells them
 * by DPKG_ROOT where the tree is (dpkg(1), --force-script-chrootless).  debconf's database is not
 * there either: every question is answered by its protocol's success without a value. Configuration
 * files are put in place before any package is configured, as where all packages were extracted
 * first.
 */
static const char unpack_script[] =
	"chown 0:0 /work; chmod 755 /work; cd /work\n"
	"for d in bin sbin lib lib32 lib64 libx32; do mkdir -p usr/$d; ln -s usr/$d $d; done\n"
	"mkdir -p var/lib/dpkg/updates var/lib/dpkg/info var/lib/dpkg/alternatives var/lib/dpkg/triggers\n"
	"touch var/lib/dpkg/status var/lib/dpkg/available\n"
	"cd " APTPOD_ARCHIVES "; for d in \"$@\"; do set -- \"$@\" \"$d.deb\"; shift; done\n"
	"yes 0 | DEBIAN_HAS_FRONTEND=1 dpkg --root=/work --force-script-chrootless --force-unsafe-io "
	"--force-depends --no-triggers --unpack \"$@\"\n"
	"cd /work; rmdir usr/lib32 usr/libx32 2>/dev/null && rm -f lib32 libx32 || :\n"
	"find . -name '*.dpkg-new' -exec sh -c "
	"'for f; do cp -a \"$f\" \"${f%.dpkg-new}\"; done' sh {} +\n";

static const char configure_script[] = APTPOD_NO_SERVICES
	"dpkg --force-unsafe-io --configure --pending\n"
	"grep -q '^builder:' /etc/passwd || {\n"
	"  echo 'builder:x:1000:1000:builder:/home/builder:/bin/sh' >>/etc/passwd\n"
	"  echo 'builder:x:1000:' >>/etc/group\n"
	"  echo 'builder:!:1::::::' >>/etc/shadow; }\n"
	"mkdir -p /home/builder /etc/apt/preferences.d\n"
	": >/etc/machine-id; : >/etc/hostname; : >/etc/resolv.conf\n"
	"rm -rf /var/cache/apt/* /var/lib/apt/lists/* /var/log/*.log /var/log/apt "
	"/var/cache/ldconfig/aux-cache /var/cache/debconf/*-old /var/lib/dpkg/*-old "
	"/etc/passwd- /etc/group- /etc/shadow-\n";

static int
resolve(const struct state *st, bool refresh, bool offline, const char *log,
	struct install_batch *ret, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	struct apt_index index = {0};
	strlist_add(&names, "?essential");
	strlist_add(&names, "?priority(required)");
	strlist_add(&names, "apt");
	strlist_add(
		&names, "?exact-name(usr-is-merged)"); /* not usrmerge, which brings all of Perl */
	int rc = apt_index_open(st, refresh, offline, log, &index, err);
	if (rc == 0)
		rc = apt_resolve(st, &index, NULL, &names, ret, err);
	apt_index_cleanup(&index);
	return rc;
}

static int
unpack(const struct state *st, const struct strlist *archives, const struct pod_bind *bind,
	const char *key, struct dd_err *err)
{
	struct stack none = {0};
	struct pod *pod;
	const struct aptpod_spec spec = {.state = st, .binds = bind, .nbinds = 1, .work = &none};
	int rc = aptpod_open(&spec, &pod, err);
	if (rc < 0)
		return rc;
	rc = aptpod_run(pod, "unpacking the base image", unpack_script, archives, NULL, err);
	if (rc == 0)
		return pod_freeze(pod, POD_WORK, key, err);
	pod_close(pod);
	return rc;
}

static int
configure(const struct state *st, const struct stack *root, const struct strlist *archives,
	const struct pod_bind *bind, const char *key, struct dd_err *err)
{
	struct pod *pod;
	const struct aptpod_spec spec = {.state = st, .root = root, .binds = bind, .nbinds = 1};
	int rc = aptpod_open(&spec, &pod, err);
	if (rc < 0)
		return rc;
	rc = aptpod_run(pod, "configuring the base image", configure_script, archives, NULL, err);
	if (rc == 0)
		return pod_freeze(pod, POD_ROOT, key, err);
	pod_close(pod);
	return rc;
}

static int
make_layers(const struct state *st, const struct install_batch *batch, const char *digest,
	const char *archives_dir, struct stack *ret, struct dd_err *err)
{
	const struct pod_bind bind = {archives_dir, APTPOD_ARCHIVES, false};
	OWN(strlist) struct strlist archives = {0};
	OWN_FREE char *one = mem_printf("unpack %s", digest);
	OWN_FREE char *two = mem_printf("configure %s", digest);
	struct hash_hex key = stack_next_key(ret, str_of(one));
	int rc = 0;
	apt_batch_digests(batch, &archives);
	rc = layer_lease(st, OWNER, key.s, err);
	if (rc == 0 && !layer_exists(st, key.s)) {
		int step = progress_begin("unpacking %zu packages", archives.n);
		rc = unpack(st, &archives, &bind, key.s, err);
		progress_end(step, rc < 0 ? "failed" : "ok");
	}
	if (rc < 0)
		return rc;
	stack_push(ret, key.s);
	key = stack_next_key(ret, str_of(two));
	rc = layer_lease(st, OWNER, key.s, err);
	if (rc == 0 && !layer_exists(st, key.s)) {
		int step = progress_begin("installing them");
		rc = configure(st, ret, &archives, &bind, key.s, err);
		progress_end(step, rc < 0 ? "failed" : "ok");
	}
	if (rc == 0)
		stack_push(ret, key.s);
	return rc;
}

static int
build(const struct state *st, const struct install_batch *batch, const char *digest,
	struct stack *ret, struct dd_err *err)
{
	OWN_FREE char *name = mem_printf("archives-base-%d", (int)getpid());
	OWN_FREE char *dir = NULL;
	OWN_FD int lock = -1;
	int rc = scratch_create(st, name, 0755, &dir, &lock, err);
	if (rc == 0)
		rc = apt_link_archives(st, batch, dir, err);
	if (rc == 0)
		rc = make_layers(st, batch, digest, dir, ret, err);
	if (dir)
		(void)!scratch_discard(dir, NULL);
	return rc;
}

/* An archive that turns out damaged was moved aside and is fetched again. */
static int
fetch_and_build(const struct state *st, const struct install_batch *batch, bool offline,
	const char *log, struct image *img, struct dd_err *err)
{
	for (bool again = true;; again = false) {
		OWN(dd_err) struct dd_err why = {0};
		int rc = apt_fetch(st, batch, OWNER, offline, log, err);
		if (rc < 0)
			return rc;
		rc = build(st, batch, img->digest, &img->stack, &why);
		if (rc != -DD_ECORRUPT || !again)
			return rc < 0 ? err_move(err, &why) : 0;
		log_warn("%s; fetching it again", err_msg(&why));
	}
}

static int
build_locked(const struct state *st, bool refresh, bool offline, const char *log, struct image *ret,
	struct dd_err *err)
{
	struct install_batch batch = {0};
	struct image img = {.name = mem_strdup(IMAGE_BASE)};
	int rc = resolve(st, refresh, offline, log, &batch, err);
	if (rc == 0) {
		struct hash_hex digest = apt_batch_digest(RECIPE, &batch);
		img.digest = mem_strdup(digest.s);
		rc = apt_machine(&img.suite, &img.arch, err);
		if (rc == 0)
			rc = fetch_and_build(st, &batch, offline, log, &img, err);
	}
	apt_batch_digests(&batch, &img.objects);
	if (rc == 0)
		rc = image_write(st, &img, err);
	install_batch_cleanup(&batch);
	if (rc < 0) {
		image_cleanup(&img);
		return err_wrap(err, "base image");
	}
	*ret = img;
	return 0;
}

int
base_image_build(const struct state *st, bool refresh, bool offline, const char *log,
	struct image *ret, struct dd_err *err)
{
	OWN_FREE char *lock_path = state_path(st, "images/base.lock");
	OWN_FD int lock = -1;
	int rc = fs_lock(lock_path, true, &lock, err);
	if (rc < 0)
		return rc;
	if (!refresh && image_open(st, IMAGE_BASE, ret, NULL) == 0)
		return 0; /* another drydock made it meanwhile */
	int step = progress_begin("building the base image");
	rc = build_locked(st, refresh, offline, log, ret, err);
	progress_end(step, rc < 0 ? "failed" : "ok");
	return rc;
}
