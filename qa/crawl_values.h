/* Inside the room: what is typed into a field (crawl.h), by what it says of itself. */
#ifndef QA_CRAWL_VALUES_H
#define QA_CRAWL_VALUES_H

#include "base/json.h"

enum crawl_variant {
	CRAWL_PLAUSIBLE,
	CRAWL_BOUNDARY, /* the longest, the largest, characters that break what is glued together */
	CRAWL_EMPTY,
	CRAWL_VARIANTS
};
extern const char *const crawl_variant_names[];

/* Heap; NULL: leave it as it is (it takes no text, or the variant has nothing for it). */
char *crawl_value(const json_t *field, enum crawl_variant v, uint32_t seed);

#endif
