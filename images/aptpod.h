/*
 * Inside the room: a pod in which apt and dpkg are run.  Commands are shell text of ours; what
 * comes from outside (package names) is passed as arguments, never as text.
 */
#ifndef IMAGES_APTPOD_H
#define IMAGES_APTPOD_H

#include "images/apt.h"

/* Where package archives are bound: on a file system that is in no layer, so that no directory stays behind. */
#define APTPOD_ARCHIVES "/run/archives"

/*
 * Where what apt read of the lists is kept with them (srcpkgcache.bin, apt's own format): to read them anew costs each command two
 * seconds.  apt takes it only if it fits the lists and itself, and reads the lists otherwise.
 */
#define APTPOD_CACHE "/run/apt-cache"
#define APTPOD_CACHE_FILE "srcpkgcache.bin"

/* A piece of shell: invoke-rc.d(8) starts nothing, so that an installation leaves no process behind. */
#define APTPOD_NO_SERVICES \
	"[ -e /usr/sbin/policy-rc.d ] || { mkdir -p /usr/sbin\n" \
	"printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d; }\n"

struct aptpod_spec {
	const struct state *state;
	const struct stack *root; /* NULL: the tools root, where the machine's own apt works */
	const char *config_dir;	  /* bound at /etc/apt; NULL: none */
	const char *
		lists_dir; /* bound at /var/lib/apt/lists, and the cache beside it at APTPOD_CACHE; NULL: none */
	bool lists_writable;
	const struct pod_bind *binds; /* more */
	size_t nbinds;
	const struct stack *work; /* as in pod_spec */
};

int aptpod_open(const struct aptpod_spec *spec, struct pod **ret, struct dd_err *err) DD_MUST_USE;

/*
 * Run shell text with positional arguments ($1, ...), standard output to out (may be NULL).  DD_EIO
 * when it does not exit with 0; the message ends with the last line of its standard error that says
 * something.
 */
int aptpod_run(struct pod *p, const char *what, const char *script, const struct strlist *args,
	struct buf *out, struct dd_err *err) DD_MUST_USE;

/*
 * Fill dir, which is made, with a link SHA256.deb into the content store for every archive of the
 * batch, verified; to be bound read-only at /archives.
 */
int apt_link_archives(const struct state *st, const struct install_batch *batch, const char *dir,
	struct dd_err *err) DD_MUST_USE;

/* SHA-256 of each archive, in order, added to ret. */
void apt_batch_digests(const struct install_batch *batch, struct strlist *ret);

/* Of "name=version=sha256" lines, sorted, behind the recipe: what an image made of the batch is known by. */
struct hash_hex apt_batch_digest(const char *recipe, const struct install_batch *batch);

/* A resolution that was kept; false when there is none at path. */
bool apt_plan_read(const char *path, struct install_batch *ret);

/* Suite and architecture of this machine's package sources. */
int apt_machine(char **ret_suite, char **ret_arch, struct dd_err *err) DD_MUST_USE;

#endif
