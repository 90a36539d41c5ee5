/*
 * An input of a program that keeps something: files, and calls one after another in one directory.  Texts are bytes without NUL.
 */
#ifndef PARITY_CASE_H
#define PARITY_CASE_H

#include "base/json.h"

#define CASE_STEPS_MAX 24
#define CASE_ARGS_MAX 24
#define CASE_TEXT_MAX ((size_t)64 << 10) /* of an input, a file, a word */
#define CASE_FILES_MAX 8

struct case_file {
	char *name; /* of letters, digits and "-_."; not beginning with a dot */
	char *text;
};

struct case_step {
	struct strlist args;
	char *input; /* NULL: there is none */
};

struct parity_case {
	struct case_file files[CASE_FILES_MAX];
	size_t nfiles;
	struct case_step steps[CASE_STEPS_MAX];
	size_t n;
};
void parity_case_cleanup(struct parity_case *c);
void case_copy(struct parity_case *dst, const struct parity_case *src); /* dst is empty */
bool case_equal(const struct parity_case *a, const struct parity_case *b);

/* NULL: it is full. */
struct case_step *case_add_step(struct parity_case *c);
/* A copy of `of`, which may be a step of c; false: it is full. */
bool case_insert_step(struct parity_case *c, size_t at, const struct case_step *of);
void case_drop_step(struct parity_case *c, size_t at);
/* Nothing where it is full, has one of that name, or the name is none. */
void case_add_file(struct parity_case *c, const char *name, const char *text);
void case_drop_file(struct parity_case *c, size_t at);
void step_drop_arg(struct case_step *s, size_t at);
void step_insert_arg(struct case_step *s, size_t at, const char *text);
void step_set_arg(struct case_step *s, size_t at, const char *text);

json_t *case_to_json(const struct parity_case *c);
/* DD_EINVAL: it is none. */
int case_from_json(const json_t *j, struct parity_case *ret, struct dd_err *err) DD_MUST_USE;
/* The text, or {"percent"}; new reference. */
json_t *case_text_json(const char *text);

#endif
