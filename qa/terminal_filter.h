/*
 * Inside the room: what a program writes to its terminal, on its way to libvterm (ECMA-48, and xterm's control sequences).
 *
 * libvterm 0.1 keeps the numbers of a control sequence without looking how many they are, calculates with them without
 * looking how large, loses its place in a string that comes in two pieces or has a control character in its end, and never
 * ends repeating a character without width.  So each sequence is read here first, held until it has ended, and passed on
 * whole and bounded: whatever comes, libvterm is between two sequences where one begins.  Text passes as it comes.  Also as
 * it comes passes a control character within a sequence, whose effect is at once; one within a string is dropped.
 */
#ifndef QA_TERMINAL_FILTER_H
#define QA_TERMINAL_FILTER_H

#include "base/str.h"

#define FILTER_MAX_NUMBERS \
	14 /* of a control sequence; what more there are is left out, as are their digits */
#define FILTER_MAX_DIGITS 4
#define FILTER_MAX_OTHERS 4    /* other bytes of a sequence: with more it is dropped */
#define FILTER_MAX_STRING 4096 /* bytes of a command to the terminal; the rest is left out */
#define FILTER_MAX_REPEATS 400 /* of a character: no screen is wider */

enum filter_place {
	FILTER_TEXT,
	FILTER_ESCAPE,	/* behind ESC, and intermediate bytes */
	FILTER_LEADERS, /* behind CSI, and <=>? */
	FILTER_NUMBERS,
	FILTER_INTERMEDIATES, /* behind the numbers */
	FILTER_STRING,
	FILTER_STRING_END /* behind ESC in a string */
};

/* All zero at the beginning. */
struct terminal_filter {
	enum filter_place place;
	struct buf held; /* the sequence so far, as it is passed on */
	int numbers, digits, others;
	bool spoilt; /* it is no sequence: it is dropped at its end */
	char last;   /* the character of ASCII before it, that it may repeat; 0: there is none */
};
void terminal_filter_cleanup(struct terminal_filter *f);

/* Append what is passed on of these bytes, which may begin and end anywhere. */
void terminal_filter_add(struct terminal_filter *f, struct str bytes, struct buf *ret);

#endif
