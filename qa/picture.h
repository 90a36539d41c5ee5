/*
 * Comparing two pictures of one thing: what `drydock qa diff` and baselines ask; and packing one anew.  A picture comes from a target, so it
 * is decoded and compared by drydock-picture, a small program of ours that runs as a worker in the sandbox; this
 * module hands it the bytes and reads its answer, in which every count is bounded.  Files that are equal to the byte
 * are not decoded.  Linked into the front program, too: libc and base only.
 */
#ifndef QA_PICTURE_H
#define QA_PICTURE_H

#include "base/err.h"
#include "base/str.h"
#include "sandbox/sandbox.h"

#define PICTURE_THRESHOLD 0.1		     /* what odiff and pixelmatch begin with */
#define PICTURE_MAX_FILE ((size_t)256 << 20) /* of a file, bytes */

struct picture_box {
	uint32_t x, y, w, h;
};

struct picture_spec {
	const struct state *state;
	struct str a, b;		 /* PNG files */
	struct str tree_a, tree_b;	 /* of their elements (qa/naming.h); may be empty */
	const struct picture_box *masks; /* places, in either picture, that are not compared */
	size_t nmasks;
	double threshold; /* 0 to 1; smaller tells more colours apart */
	bool look;	  /* decode equal files, too: for is_blank */
	bool wants_picture;
};

/* A changed place of the second picture, and what its elements are called ("" when that is not known); heap. */
struct picture_region {
	struct picture_box box;
	char *text;
};

enum picture_rows_kind { ROWS_INSERTED, ROWS_REMOVED };
extern const char *const picture_rows_names[]; /* "inserted", "removed" */

/* n rows that only one of them has: from y of the second (inserted) or of the first (removed). */
struct picture_rows {
	uint32_t y, n;
	enum picture_rows_kind kind;
};

struct picture_diff {
	bool equal; /* of one size, and no pixel differs */
	bool was_decoded;
	uint32_t wa, ha, wb, hb;
	uint64_t differing, differing_aa; /* pixels (qa/pixels.h) */
	bool is_blank_a,
		is_blank_b; /* all of its pixels that no mask covers are the same; known when it was decoded */
	uint64_t masked; /* pixels of the second picture under masks */
	struct picture_region *regions;
	size_t nregions;
	struct picture_rows *rows;
	size_t nrows;
	struct buf picture; /* a PNG that shows what differs; empty unless it was asked for */
};

/* Equal files, and PNGs by their first bytes: nothing has to be decoded to know. */
bool picture_is_same(struct str a, struct str b);

/*
 * spec->state may be NULL where picture_is_same.  DD_ECORRUPT: one of the files is not a PNG that can be decoded, or a tree not one; the message begins with "first" or
 * "second"; DD_ELIMIT: too large.
 */
int picture_compare(const struct picture_spec *spec, struct picture_diff *ret, struct dd_err *err)
	DD_MUST_USE;
void picture_diff_cleanup(struct picture_diff *d);

/*
 * Append the same picture in fewer bytes (qa/png.h: png_pack), made in the sandbox.  Nothing is appended where there are none:
 * it is as small as it gets, it is no PNG that can be read, or the worker needed more than it may.
 */
int picture_pack(const struct state *state, struct str png, struct buf *ret, struct dd_err *err)
	DD_MUST_USE;

/* {equal, differing, differing_aa, size, regions, rows}, one line: what `qa diff --json` prints. */
void picture_diff_print(const struct picture_diff *d, struct buf *out);

/* Body of drydock-picture. */
int picture_worker_main(void);

#endif
