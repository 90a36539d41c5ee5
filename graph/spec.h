/*
 * The specification of what is there, drawn from the map alone.  It is a list of sections with statements; each
 * statement is of one fact of the map, has the places it comes from, and is gone when they are.
 */
#ifndef GRAPH_SPEC_H
#define GRAPH_SPEC_H

#include "graph/answer.h"

struct spec {
	struct graph *g;
	const struct graph_spec_options *o;
	json_t *sections; /* [{"key", "title", "items": [{"text", "places"}]}] */
	json_t *links;	  /* between components: [{"from", "to", "relations"}] */
	struct dd_err *err;
};

/* The section of that key, made when it is asked for first. */
json_t *spec_section(struct spec *s, const char *key, const char *title);
/* A statement; takes places, a list of "FILE:LINE", NULL: none. */
void spec_say(json_t *section, json_t *places, const char *fmt, ...) DD_PRINTF(3, 4);
/* The same of a statement whose numbers change with every change of the source. */
void spec_say_figures(json_t *section, json_t *places, const char *fmt, ...) DD_PRINTF(3, 4);
/* A name of the source between backticks on one line, fit for Markdown; heap. */
char *spec_code(const char *name);

int spec_components(struct spec *s) DD_MUST_USE;
int spec_files(struct spec *s) DD_MUST_USE; /* what each file with code defines */
int spec_surface(struct spec *s)
	DD_MUST_USE; /* entry points, data, configuration, what is outside, build */
int spec_condition(struct spec *s) DD_MUST_USE; /* globals, hot spots, what nothing leads to */
int spec_words(struct spec *s) DD_MUST_USE;	/* glossary and documents */

#endif
