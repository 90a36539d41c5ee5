/*
 * What the fixer must know of the text of a C file, without parsing it: where comments, strings and directives are, and
 * the pieces of its outermost level.  Works on whatever text; what it cannot make sense of it does not find.
 */
#ifndef AGENTS_SOURCE_C_H
#define AGENTS_SOURCE_C_H

#include "base/str.h"

#define SOURCE_NOWHERE SIZE_MAX

/*
 * The text with comments, the contents of strings and character constants, and directives made blank, byte for byte
 * in the same places (line ends stay).  Appended.
 */
void source_blank(struct str text, struct buf *out);

/* Offset of a line (from 1) and column (bytes, from 1); SOURCE_NOWHERE. */
size_t source_offset(struct str text, uint64_t line, uint64_t column);
size_t source_line_of(struct str text, size_t at);

/*
 * Start of the piece of the outermost level that holds offset `at`: behind the ; or } that ended the one before.
 * `blank` is source_blank of the text.  SOURCE_NOWHERE: `at` lies outside of it.
 */
size_t source_piece(struct str blank, size_t at);

/* Start of the line behind the last #include of the least nesting that stands before `before`; 0: there is none. */
size_t source_after_includes(struct str text, size_t before);

/* Is the file included already, as "NAME" or <NAME>? */
bool source_includes(struct str text, struct str name);

struct source_head {	/* of the definition of a function */
	size_t start;	/* of its first word */
	size_t name;	/* offset */
	size_t close;	/* of the ) behind its parameters */
	size_t body;	/* of its { */
	bool old_style; /* parameters are declared between ) and { */
};
/* The definition whose name stands at `at`. */
bool source_head(struct str blank, size_t at, struct source_head *ret);

/*
 * A declaration of it: with its parameters, or (`without`, and where they are of the old style) with none named.  NULL: its
 * text is of no plain form.  Heap.
 */
char *source_prototype(struct str text, const struct source_head *h, bool without);

/*
 * The definitions without a type, which no grammar of today takes for any: name( or static name( at the beginning of a
 * line, and a body.
 */
void source_untyped(struct str text,
	void (*each)(void *ctx, struct str name, size_t line, bool is_static), void *ctx);

/* Every word of the text, into a map that owns no values. */
struct map;
void source_words(struct str text, struct map *ret);

#endif
