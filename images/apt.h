/*
 * Distribution packages: lists, resolution, download and installation as layers.
 *
 * The machine's own apt configuration (sources in both syntaxes, keyrings, proxies, credentials) is
 * read at run time and becomes the upstreams of the egress broker; inside, apt sees plain HTTP
 * origins. Lists are fetched by apt in a pod, so that signatures are checked there; packages are
 * resolved by apt in a pod without network; archives are fetched by apt through the broker and land
 * in the content store; installation is dpkg in a pod without network.  A replay starts at the
 * content store.
 */
#ifndef IMAGES_APT_H
#define IMAGES_APT_H

#include "base/map.h"
#include "images/images.h"
#include "record/record.h"
#include "sandbox/egress.h"

struct apt_index {	  /* package lists of one moment */
	char *digest;	  /* of the release files */
	char *lists_dir;  /* host path, bound read-only at /var/lib/apt/lists inside */
	char *config_dir; /* host path: sources, keyrings, apt.conf for the inside */
	struct strlist
		contents; /* host paths of the Contents files (compressed as apt keeps them) */
	struct strlist packages; /* host paths of the Packages files */
	int64_t fetched_ns;
};
void apt_index_cleanup(struct apt_index *x);

/*
 * The current index: refreshed when older than a day (or `refresh`), never when offline.
 * DD_ENOENT offline when there is none.  `log`, here and below: a file to which what is asked of
 * the network is appended (sandbox/egress.h); NULL: none.
 */
int apt_index_open(const struct state *st, bool refresh, bool offline, const char *log,
	struct apt_index *ret, struct dd_err *err) DD_MUST_USE;

/*
 * The Contents files of an index: an image needs none, discovery does, and they are most of what
 * there is to fetch.  *x becomes a newer index when the repositories changed meanwhile.  DD_ENOENT
 * offline when they are not there yet.
 */
int apt_index_add_contents(const struct state *st, bool offline, const char *log,
	struct apt_index *x, struct dd_err *err) DD_MUST_USE;

/* An older index by its digest, for a resumed run. */
int apt_index_open_digest(const struct state *st, const char *digest, struct apt_index *ret,
	struct dd_err *err) DD_MUST_USE;

/*
 * Collection.  Indexes go that are neither the current one nor among `keep` (digests) and at least
 * a day old, so that no run that just opened one loses it; their digests are added to ret_gone.
 * What the resolutions that are kept with the others would install is worth keeping while there is
 * room: object digests, added to ret; forgetting the resolutions gives them up.
 */
int apt_index_collect(const struct state *st, const struct strlist *keep, bool dry_run,
	struct strlist *ret_gone, uint64_t *ret_bytes, struct dd_err *err) DD_MUST_USE;
int apt_index_objects(const struct state *st, const struct strlist *gone, struct strlist *ret,
	struct dd_err *err) DD_MUST_USE;
int apt_index_forget(const struct state *st, struct dd_err *err) DD_MUST_USE;

/*
 * What installing `names` on the root stack would take, in order, without recommended packages.
 * DD_ENOENT (message names it) when a package does not exist or cannot be satisfied.  Packages
 * already there give an empty batch.
 */
int apt_resolve(const struct state *st, const struct apt_index *index, const struct stack *root,
	const struct strlist *names, struct install_batch *ret, struct dd_err *err) DD_MUST_USE;

/*
 * Bring the archives of a batch into the content store: what is not there is fetched from the locked
 * path of its upstream (or of another upstream of this machine), whatever today's index says.  They
 * are leased to owner.  DD_ENOENT offline when one is missing; DD_ECORRUPT when what came has another
 * digest.
 */
int apt_fetch(const struct state *st, const struct install_batch *batch, const char *owner,
	bool offline, const char *log, struct dd_err *err) DD_MUST_USE;

/*
 * Install a fetched batch as a new layer on the root stack (or find it: the key is that of the
 * stack and the batch) and push it on `root`.  The layer is leased to `owner`.
 */
int apt_install(const struct state *st, struct stack *root, const struct install_batch *batch,
	const char *owner, bool *ret_cached, struct dd_err *err) DD_MUST_USE;

/*
 * apt_fetch and apt_install.  An archive that turns out damaged is named in a warning, moved aside
 * and fetched again.
 */
int apt_provide(const struct state *st, struct stack *root, const struct install_batch *batch,
	bool offline, const char *owner, const char *log, bool *ret_cached, struct dd_err *err)
	DD_MUST_USE;

/*
 * Push a layer on `root` in which these packages are purged: what it would be had they not been installed, but
 * for what their scripts left.  Nothing else may depend on them.  Found again by its key, leased to owner.
 * DD_EIO: dpkg could not.
 */
int apt_purge(const struct state *st, struct stack *root, const struct strlist *names,
	const char *owner, struct dd_err *err) DD_MUST_USE;

/*
 * Push a layer on `root` in which the files of the packages `names` are gone, and those of what of `all` only
 * they, and none of `others`, depend on; the package tool still takes them for installed.  Found again by its
 * key, leased to owner.
 */
int apt_hide(const struct state *st, struct stack *root, const struct strlist *names,
	const struct strlist *others, const struct strlist *all, const char *owner,
	struct dd_err *err) DD_MUST_USE;

/*
 * The machine's package sources and npm registries for a pod of the caller's: prepare gives what to
 * bind, connect opens the way out, release closes it and frees.
 */
struct apt_online;

/*
 * Where the upstreams are that artefacts name ("apt0", "npm0"): name -> URL as the machine's configuration has
 * it now, without credentials.  Where it cannot be read, names are left out, with a warning.  Values are heap: ret owns them.
 */
void apt_upstream_urls(const struct state *st, struct map *ret);

int apt_online_prepare(const struct state *st, struct apt_online **ret, struct pod_bind *ret_bind,
	struct dd_err *err) DD_MUST_USE;
/* allow: hosts that the proxy opens ways to (egress_spec); NULL: none. */
int apt_online_connect(struct apt_online *o, struct pod *pod, const struct strlist *allow,
	struct dd_err *err) DD_MUST_USE;
void apt_online_release(struct apt_online *o);

/*
 * Which package each path of the pod's root belongs to: path -> name, owned by ret.  What belongs
 * to none, and everything on an image without dpkg, is not in it.
 */
int apt_packages_of(struct pod *pod, const struct strlist *paths, struct map *ret,
	struct dd_err *err) DD_MUST_USE;

/* Is this machine's package configuration usable? */
void images_doctor(const struct state *st, struct doctor_list *ret);

#endif
