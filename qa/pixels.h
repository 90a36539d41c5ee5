/*
 * Which pixels of two pictures are not the same to the eye, counted as two known programs count, to the pixel.
 * Private to the room.
 *
 * The measure is the distance of two colours in YIQ: Y. Kotsarenko and F. Ramos, "Measuring perceived color difference
 * using YIQ NTSC transmission color space in mobile applications" (2009).  Two colours differ when it is above
 * 35215 * threshold^2, 35215 being the largest there is.
 *
 *   differing     as odiff without anti-aliasing: sums of integers with 12 bits behind the point, what is transparent
 *                 over white; a pixel that only one picture has counts unless it is fully transparent
 *   differing_aa  as pixelmatch with its defaults: doubles, what is transparent over a pattern that depends on the
 *                 place; less what looks like anti-aliasing in one of the two (V. Vysniauskas, "Anti-aliased Pixel and
 *                 Intensity Slope Detector", 2009)
 */
#ifndef QA_PIXELS_H
#define QA_PIXELS_H

#include "qa/png.h"

#define PIXELS_THRESHOLD 0.1

/* A pixel that differs, at its place in the second picture; smooth: by anti-aliasing only. */
typedef void pixel_fn(void *ctx, uint32_t x, uint32_t y, bool smooth);

struct pixel_counts {
	uint64_t differing, differing_aa;
};

/* Each pixel against the one at its place; fn is told of those that both have and that are `differing`. */
void pixels_count(const struct picture *a, const struct picture *b, double threshold, pixel_fn *fn,
	void *ctx, struct pixel_counts *ret);

/* One row against one of the other picture: how many are `differing`, of those that both have; fn may be NULL. */
uint64_t pixels_compare_row(const struct picture *a, uint32_t ya, const struct picture *b,
	uint32_t yb, double threshold, pixel_fn *fn, void *ctx);

#endif
