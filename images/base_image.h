/* Inside the room: how the base image is made. */
#ifndef IMAGES_BASE_IMAGE_H
#define IMAGES_BASE_IMAGE_H

#include "images/images.h"

/* Build (or find, when its inputs did not change) the base image and give it its name. */
int base_image_build(const struct state *st, bool refresh, bool offline, struct image *ret,
	struct dd_err *err) DD_MUST_USE;

#endif
