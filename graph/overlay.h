/*
 * What an index that a compiler made says of one file, while its references are resolved.  It is packed: names, each once, and then
 * what is said of a line, in the order of lines.  A place is known by its line and by the name that is written there, and what is meant by its
 * document, its line and its name; what does not fit the text is of no use and does no harm.
 *
 * Where the index knows what is meant, nothing is guessed.  Where it says that it is none of what the index itself
 * has, a guess that led into a file of the index is taken back.  All else stays as it is.
 */
#ifndef GRAPH_OVERLAY_H
#define GRAPH_OVERLAY_H

#include "graph/model.h"

enum overlay_what {
	OVERLAY_REFERS,
	OVERLAY_WRITES,
	OVERLAY_IMPLEMENTS, /* what has that name there implements, overrides or inherits from what is meant */
	OVERLAY_OUTSIDE, /* means something that no document of the index defines */
	OVERLAY_WHATS,
};

struct overlay_said { /* name, target_name: of the list before them */
	enum overlay_what what;
	uint32_t line, name;
	uint32_t document, target_line, target_name; /* not of OVERLAY_OUTSIDE */
};

/* Names first (overlay_put_names), then as many as were counted, lines ascending; *line: of the last one. */
void overlay_put_names(struct buf *b, const struct str *names, size_t n);
void overlay_put(struct buf *b, const struct overlay_said *s, uint32_t *line);

struct overlay_place {
	uint32_t line, name, dst; /* name: of the model; dst 0: outside */
	uint8_t what;
	bool used; /* it is seen in the text */
};

struct overlay_counts {
	size_t said;	/* of references to what the map has */
	size_t placed;	/* of these, seen in the text where the index says */
	size_t refuted; /* guesses that were taken back */
};

struct overlay {
	uint32_t import;	   /* the number of it */
	const uint32_t *import_of; /* by number of file: the import that has it as it is; 0: none */
	const uint32_t
		*file_of; /* by document: number of its file; 0: not in the map, or changed since */
	size_t ndocuments;
	struct overlay_place *v; /* by line */
	size_t n, cap;
	struct overlay_counts counts;
};

/* Fills v; what comes before it is set.  DD_ECORRUPT. */
int overlay_unpack(struct overlay *o, struct model *m, struct str packed, struct dd_err *err)
	DD_MUST_USE;
void overlay_cleanup(struct overlay *o);

/* ---- places ---- */

/* The one of that name that is written on the line, or whose name is there behind what comes before it (decorators); 0: none. */
uint32_t overlay_entity_at(
	const struct model *m, const struct model_file *f, uint32_t line, uint32_t name);
/* The innermost one around a line, parameters aside; 0: it is at the top of the file. */
uint32_t overlay_innermost(const struct model *m, const struct model_file *f, uint32_t line);

#endif
