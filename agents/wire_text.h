/*
 * Text on its way to and from a model.  A request is UTF-8 whatever a source file is written in; an
 * answer may hold halves of a UTF-16 pair, which JSON can write and UTF-8 cannot: models emit them when
 * a character is split over two deltas.
 */
#ifndef AGENTS_WIRE_TEXT_H
#define AGENTS_WIRE_TEXT_H

#include "base/str.h"

/*
 * Append s as UTF-8.  What is none is taken for ISO 8859-1 as a whole, every byte one character, so that
 * wire_text_to_latin1 gives the same bytes again; true then, and the prompt has to say so.
 */
bool wire_text_to_utf8(struct str s, struct buf *out);
/* The way back: false, and nothing is added, when s holds a character past U+00FF or is no UTF-8. */
bool wire_text_to_latin1(struct str s, struct buf *out);

/*
 * Append JSON text with every \uD800..\uDFFF that has no partner written as the private character
 * U+10D800..U+10DFFF, which wire_text_join takes for such a half.
 */
void wire_text_mark_halves(struct str json, struct buf *out);
/* Make what mark_halves left whole, in place: two halves become their character, a lone one U+FFFD. */
void wire_text_join(struct buf *text);

/* Without the escape sequences and carriage returns that programs write for a terminal. */
void wire_text_strip_ansi(struct str s, struct buf *out);

#endif
