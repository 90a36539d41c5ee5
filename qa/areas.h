/*
 * Changed pixels, given one by one, as a few rectangles that each fit tightly around what lies together.  Private to
 * the room.
 */
#ifndef QA_AREAS_H
#define QA_AREAS_H

#include "base/own.h"

#include <stdint.h>

#define AREAS_MAX 64

struct area {
	uint32_t x, y, w, h;
};

struct areas; /* being gathered */

struct areas *areas_create(uint32_t w, uint32_t h);
void areas_add(struct areas *a, uint32_t x, uint32_t y); /* inside w, h */
/*
 * Those found, from the top, at most AREAS_MAX; gives how many.  Pixels less than 16 apart lie together; where that
 * gives too many, the distance is doubled until it does not.
 */
size_t areas_find(const struct areas *a, struct area ret[AREAS_MAX]);
void areas_destroy(struct areas *a);

#endif
