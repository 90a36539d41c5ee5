/* The text of a pull request on a server: pr.md of the run, made so that a server reads in it nothing but text. */
#ifndef RUNNER_PR_BODY_H
#define RUNNER_PR_BODY_H

#include "base/str.h"

struct pr_place { /* of this machine, and what stands for it */
	const char *path, *name;
};

struct pr_body_spec {
	struct str text; /* Markdown; its first heading is the title, and not repeated */
	const struct pr_place *places; /* the longest first; a path that is NULL or short is none */
	size_t nplaces;
	const char *foot; /* stands below it, as Markdown */
};

/* Bytes of it; GitHub takes 65536 characters. */
#define PR_BODY_MAX ((size_t)60000)
#define PR_TITLE_MAX 200

/* The first heading, "" where there is none; heap. */
char *pr_title(struct str text);

/*
 * Outside of code nobody is named (@), no issue, request or page is linked or closed (#, !, GH-, ://), and no line is a command of
 * GitLab's (/merge); paths of this machine are gone; what is too long is cut, and says so.
 */
void pr_body(const struct pr_body_spec *s, struct buf *out);

#endif
