/* From a need to the package that satisfies it. */
#ifndef ENVPROBE_RESOLVE_H
#define ENVPROBE_RESOLVE_H

#include "envprobe/index.h"

struct resolution {
	char *package; /* NULL: nothing provides it */
	char *path;    /* the file of it that satisfies the need; NULL: known by name */
	struct strlist
		alternatives; /* packages that have the very same file, where it is not clear which is
					meant; the chosen one first */
	char *nearest;	      /* nothing provides the version; this one is there; NULL */
};
void resolution_cleanup(struct resolution *r);

/*
 * The best candidate: an exact place before a deeper one, the package more others depend on before a rarer
 * one.  A header that is only guessed at (optional, declared) must lie where compilers look by themselves.
 */
struct resolution resolve_need(const struct pkgindex *x, const struct need *n);

/*
 * Names that the package of Composer's "vendor/name" may have, best first: "php-vendor-name", or without a vendor that
 * says no more ("php-parser" of "x/php-parser", "php-name" of "name/name").
 */
void resolve_composer_names(const char *name, struct strlist *ret);

#endif
