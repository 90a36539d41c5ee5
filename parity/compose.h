/*
 * Cases that are built, for programs that keep something: calls that succeeded before (a story), what is done to it, and calls that
 * show what came of it.  Arguments of one name (of forms of a usage) are often the same, or beside each other, in one case.
 */
#ifndef PARITY_COMPOSE_H
#define PARITY_COMPOSE_H

#include "parity/vary.h"

enum compose_way {
	COMPOSE_FORMS, /* calls of usages, with some of their options each */
	COMPOSE_SWEEP, /* one call with values beside each other */
	COMPOSE_TWIN,  /* one call again, a little different */
	COMPOSE_PILE,  /* one call until something is full */
	COMPOSE_TEXTS, /* files and inputs that are a little different */
	COMPOSE_EACH, /* a call that succeeded, with one thing in it other in the ways that there are, in turn */
	COMPOSE_WAYS,
};

/* ret is empty; false: nothing is known yet that could be composed. */
bool compose_case(struct vary *v, enum compose_way way, struct parity_case *ret);

/* Does it begin with the words that the form begins with? */
bool compose_is_of_form(const struct case_step *s, const struct vary_form *f);
/* The form that has a name for argument `at`, and which of its words that is; NULL: nobody says what it is called. */
struct vary_form *compose_form_of(
	struct vary *v, const struct case_step *s, size_t at, size_t *ret_word);
const char *compose_name_of(struct vary *v, const struct case_step *s, size_t at);

#endif
