/*
 * What PNG files are made of, and those that are written here.  Private to the room.
 */
#ifndef QA_PNG_PARTS_H
#define QA_PNG_PARTS_H

#include "base/str.h"

enum png_colour { PNG_GREY = 0, PNG_RGB = 2, PNG_PALETTE = 3, PNG_GREY_ALPHA = 4, PNG_RGBA = 6 };

/* Samples of a pixel. */
static inline unsigned
png_samples(unsigned colour)
{
	return colour == PNG_RGB ? 3 : colour == PNG_RGBA ? 4 : colour == PNG_GREY_ALPHA ? 2 : 1;
}

/* The signature and the header of a file that is not interlaced. */
void png_put_head(struct buf *out, uint32_t w, uint32_t h, unsigned depth, enum png_colour colour);
/* name: four letters. */
void png_put_chunk(struct buf *out, const char *name, const void *p, size_t n);
/* n bytes of rows, each behind its filter, as the last chunks of a file; level: as libdeflate has them, 1 to 12. */
void png_put_rows(struct buf *out, const void *rows, size_t n, int level);

#endif
