/*
 * The bill of materials of a recipe, before it has a format: what the application was built and
 * tested with, and what each part of that needs.  Parts are named by purls
 * (https://github.com/package-url/purl-spec): pkg:deb/debian/NAME@VERSION?arch=ARCH&distro=DISTRO,
 * pkg:npm/NAME@VERSION.
 */
#ifndef ENVPROBE_BOM_H
#define ENVPROBE_BOM_H

#include "envprobe/inventory.h"
#include "record/record.h"

struct bom_part {
	char *purl; /* one of a kind in a bom */
	char *name;
	char *version;
	const char *sha256; /* of its archive, borrowed; NULL: unknown */
	const struct package
		*package; /* why it is there, borrowed; NULL: part of the base image, or npm's */
	bool base;	  /* of the base image */
	struct strlist needs; /* purls of parts, sorted */
};
struct bom {
	struct bom_part *v; /* sorted by purl */
	size_t n, cap;
	struct strlist needs; /* of the application itself: purls of parts, sorted */
	char *serial;	      /* UUID made of the recipe: the same recipe has the same */
};

/* inv may be NULL: then dependencies are not known. */
void bom_make(const struct recipe *r, const struct inventory *inv, struct bom *ret);
void bom_cleanup(struct bom *b);

/* Append a word as purls have it: what is not plain becomes %XX. */
void bom_put_purl_word(struct buf *out, struct str word);

#endif
