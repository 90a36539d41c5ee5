/*
 * The five filters of PNG (section 9), undone in place, and done.  Private to the room.  The ways that use what only some
 * processors of this architecture can do are chosen when the program runs.
 */
#ifndef QA_PNG_FILTER_H
#define QA_PNG_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * row: n bytes; above: those of the row before, reconstructed, or zeros; bpp: bytes a pixel, at least 1.  False:
 * there is no such filter.
 */
bool png_unfilter_row(unsigned filter, uint8_t *row, const uint8_t *above, size_t n, unsigned bpp);

/* filter: 0 to 4; to: n bytes, of its own. */
void png_filter_row(unsigned filter, const uint8_t *row, const uint8_t *above, size_t n,
	unsigned bpp, uint8_t *to);

#endif
