/*
 * Where the source refers to files that were looked for and never there, and what it says about them: whether
 * the code gives up without, whether something would make them, whether a sample is there to be copied.
 */
#ifndef ENVPROBE_REFERENCES_H
#define ENVPROBE_REFERENCES_H

#include "base/json.h"
#include "envprobe/tree.h"

enum reference_form {
	REFERENCE_ANY,	   /* any mention */
	REFERENCE_STRING,  /* in quotes, in code */
	REFERENCE_INCLUDE, /* #include "..." */
};

struct reference { /* to one file */
	/* in */
	char *path; /* below the tree, or absolute */
	enum reference_form form;
	/* out */
	char *where;	/* file:line; NULL: nothing refers to it */
	bool required;	/* the lines there say what happens without it, and that is the end */
	bool generated; /* something of the tree makes it */
	char *sample;	/* a file of the tree that is made to be copied there; NULL */
};
struct reference_list {
	struct reference *v;
	size_t n, cap;
};
void reference_list_cleanup(struct reference_list *l);
struct reference *reference_list_add(
	struct reference_list *l, const char *path, enum reference_form form);

/* Fill in what the tree tells. */
int references_find(const struct tree *t, struct reference_list *l, struct dd_err *err) DD_MUST_USE;

json_t *reference_list_to_json(const struct reference_list *l);
/* Replaces ret. */
int reference_list_from_json(const json_t *array, struct reference_list *ret, struct dd_err *err)
	DD_MUST_USE;

#endif
