/* Inside the room: how the images that are made here are made. */
#ifndef IMAGES_BASE_IMAGE_H
#define IMAGES_BASE_IMAGE_H

#include "images/images.h"

/* Build (or find, when its inputs did not change) the base image and give it its name. */
int base_image_build(const struct state *st, bool refresh, bool offline, const char *log,
	struct image *ret, struct dd_err *err) DD_MUST_USE;

/*
 * The same for the images of the browser and of the display, on the base image (which is built where it is absent, and
 * never refreshed).  DD_ENOENT: the package sources have not what it is made of, or --offline; the message says what to
 * do.
 */
int browser_image_build(const struct state *st, bool refresh, bool offline, const char *log,
	struct image *ret, struct dd_err *err) DD_MUST_USE;
int display_image_build(const struct state *st, bool refresh, bool offline, const char *log,
	struct image *ret, struct dd_err *err) DD_MUST_USE;

#endif
