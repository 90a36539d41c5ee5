/*
 * Where the source refers to files that were looked for and never there, and what it says about them: whether
 * the code gives up without, whether something would make them, whether a sample is there to be copied.
 */
#ifndef ENVPROBE_REFERENCES_H
#define ENVPROBE_REFERENCES_H

#include "envprobe/tree.h"
#include "record/record.h"

enum reference_form {
	REFERENCE_ANY,	   /* any mention */
	REFERENCE_STRING,  /* in quotes, in code */
	REFERENCE_INCLUDE, /* #include "..." */
};

struct file_reference { /* to one file */
	/* in */
	char *path; /* below the tree, or absolute */
	enum reference_form form;
	/* out */
	char *where;	/* file:line; NULL: nothing refers to it */
	bool required;	/* the lines there say what happens without it, and that is the end */
	bool generated; /* something of the tree makes it */
	char *sample;	/* a file of the tree that is made to be copied there; NULL */
};
RECORD_LIST(file_reference);

/* Is it text for people, or made by tools?  What it mentions is not needed. */
bool references_is_silent(const char *path);

/* Fill in what the tree tells. */
int references_find(const struct tree *t, struct file_reference_list *l, struct dd_err *err)
	DD_MUST_USE;

#endif
