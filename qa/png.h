/*
 * Pictures in memory, and PNG (W3C, third edition) to and from them.
 *
 * The reader is for hostile files and runs in a worker: every chunk's length, name, order and CRC is checked, the
 * compressed data is inflated into exactly the bytes that the header asks for (libdeflate, which checks Adler-32), and
 * a header that asks for more than the file can hold, or than PNG_MAX_BYTES, is refused before memory is taken.  All
 * colour types, depths and interlacing are read; samples of 16 bits keep their upper byte, tRNS becomes alpha,
 * gamma and profiles are left alone.  Of an animation only the still picture counts.  Nothing here keeps state
 * between calls, so threads may read different files.
 */
#ifndef QA_PNG_H
#define QA_PNG_H

#include "base/err.h"
#include "base/str.h"

#define PNG_MAX_SIDE (1u << 20)		  /* pixels */
#define PNG_MAX_BYTES ((size_t)512 << 20) /* of one picture in memory */

/*
 * RGB or RGBA, 8 bits a sample, row by row, and behind the last one memory that can be read (PICTURE_PADDING bytes),
 * so that each pixel can be loaded as 4 bytes.  Equal rows of a picture that was read may be one row in memory, and
 * so may rows of two that were read as a pair: pixels are only looked at, and while both pictures live.
 */
#define PICTURE_PADDING 4
struct picture {
	uint32_t w, h;
	unsigned channels; /* 3 or 4 */
	uint8_t **rows;	   /* h of them, w * channels bytes each */
	uint8_t *memory;   /* where they are; mapped */
	size_t memory_bytes;
};

/* Zeroed pixels. DD_ELIMIT: too large; DD_EINVAL: no pixels. */
int picture_make(uint32_t w, uint32_t h, unsigned channels, struct picture *ret, struct dd_err *err)
	DD_MUST_USE;
void picture_cleanup(struct picture *p);

/* All pixels the same? */
bool picture_is_uniform(const struct picture *p);

/*
 * What the first bytes of a file say, no more: false when they are not those of a PNG.  Reading two numbers at fixed
 * places harms nobody, also outside a worker.
 */
bool png_size(struct str file, uint32_t *ret_w, uint32_t *ret_h);

/* DD_ECORRUPT: what is wrong with the file; DD_ELIMIT: it is too large. */
int png_read(struct str file, struct picture *ret, struct dd_err *err) DD_MUST_USE;

/*
 * Two pictures that are likely to have much in common, with two threads.  Rows that are seen to be equal before they
 * are reconstructed are shared, and that costs half.  The message begins with "first" or "second".
 */
int png_read_pair(struct str first, struct str second, struct picture *ret_first,
	struct picture *ret_second, struct dd_err *err) DD_MUST_USE;

/* Append a PNG file: 8 bits, not interlaced; the same pixels give the same bytes. */
void png_write(const struct picture *p, struct buf *out);

/*
 * Append the picture of a file, with every sample of it, as a smaller file.  Nothing is appended when none was found, when
 * the file has samples of 16 bits, says more of how it is to be shown than its pixels do (a profile, an orientation, an
 * animation), or is too large to be worth it.  Errors as of png_read.
 */
int png_pack(struct str file, struct buf *out, struct dd_err *err) DD_MUST_USE;

#endif
