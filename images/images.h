/*
 * images: base root filesystems.  `base` is Debian minbase made from the machine's own package
 * sources, with an ordinary user of id POD_UID; kept by digest, rebuilt only when its inputs
 * (suite, architecture, package list with versions and digests, the way it is made) change.
 * `browser` and `display` are made of it and the same sources: a browser and fonts, an X server without a screen and a
 * window manager; for pods of our tools and never for a target's.
 *
 * A name is a file <state>/images/<name>.ref: "digest <hex>", "suite ...", "arch ...", then one
 * "layer <key>" line per layer, lowest first, and an "object <digest>" line for each archive it was
 * made of; the front program reads it without this room.  An image from elsewhere
 * (images/transfer.h) has also "config <hex>" (its configuration, in the content store), "source
 * ..." (where it came from) and "env NAME=VALUE" lines; words are written by buf_put_percent.
 */
#ifndef IMAGES_IMAGES_H
#define IMAGES_IMAGES_H

#include "sandbox/sandbox.h"

#define IMAGE_BASE "base"
#define IMAGE_BROWSER "browser"
#define IMAGE_DISPLAY "display"

struct image {
	char *name;
	char *digest; /* hex sha256: of the inputs of the base image, of the content of others */
	char *suite;  /* "bookworm" */
	char *arch;   /* "amd64" */
	struct stack stack;
	char *config;	    /* hex sha256, NULL: it has none */
	char *source;	    /* "host/repository:tag@sha256:..."; NULL: made here or from a file */
	struct strlist env; /* "NAME=VALUE": what it wants its programs to have */
	struct strlist objects; /* digests of the archives it was made of, in the content store */
};
void image_cleanup(struct image *img);

/* Look up; DD_ENOENT when there is none of that name. */
int image_open(const struct state *st, const char *name, struct image *ret, struct dd_err *err)
	DD_MUST_USE;

/*
 * Open, or build when it is one that is made here (base, browser, display) and absent (or refresh).  Single flight.  What is asked
 * of the network is appended to the file `log` (NULL: none).
 */
int image_ensure(const struct state *st, const char *name, bool refresh, bool offline,
	const char *log, struct image *ret, struct dd_err *err) DD_MUST_USE;

int image_remove(const struct state *st, const char *name, struct dd_err *err) DD_MUST_USE;
int image_names(const struct state *st, struct strlist *ret, struct dd_err *err) DD_MUST_USE;

#endif
