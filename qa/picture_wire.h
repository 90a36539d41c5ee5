/*
 * What goes between picture_compare and drydock-picture: structs as they are in memory, for both are built together.
 * Request on standard input: the head, masks, the four files.  Answer on standard output: the head, regions each with
 * its text, rows, the picture.  A request to pack has one file, and its answer is a smaller one, or nothing.  Private to
 * the room.
 */
#ifndef QA_PICTURE_WIRE_H
#define QA_PICTURE_WIRE_H

#include "qa/picture.h"

#define PICTURE_MAGIC 0x64647069u
#define PICTURE_PACK 0x64647070u
#define PICTURE_MAX_MASKS 1024
#define PICTURE_MAX_REGIONS 64
#define PICTURE_MAX_ROWS 1024 /* what the smallest runs are is not told beyond that */
#define PICTURE_MAX_TEXT 4096

struct picture_request {
	uint32_t magic, nmasks; /* PICTURE_MAGIC: to be compared */
	uint64_t bytes[4];	/* a, b, tree_a, tree_b */
	double threshold;
	uint64_t wants_picture;
};

struct picture_answer {
	uint32_t magic, wa, ha, wb, hb;
	uint32_t equal, is_blank_a, is_blank_b;
	uint64_t differing, differing_aa, masked;
	uint32_t nregions, nrows;
	uint64_t picture_bytes;
};

struct picture_answer_region {
	struct picture_box box;
	uint32_t text_bytes;
};

struct picture_answer_rows {
	uint32_t y, n, kind;
};

#endif
