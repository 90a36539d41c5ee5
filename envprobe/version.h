/*
 * Versions, and what requirements accept of them: Cargo's (doc.rust-lang.org/cargo/reference/specifying-dependencies.html)
 * and Python's (peps.python.org/pep-0440).
 */
#ifndef ENVPROBE_VERSION_H
#define ENVPROBE_VERSION_H

#include "base/str.h"

struct version {
	uint64_t part[3];
	int n; /* parts that were written */
};

/* "1.2.3-4+b1" -> 1, 2, 3; what is no number ends it. */
struct version version_parse(struct str s);
/* < 0, 0, > 0; parts that are not written are 0. */
int version_compare(const struct version *a, const struct version *b);

/*
 * Is the version one of "^1.2, <1.5", "1.*", "~1.2", "=1.2.3", ">=1", "*" (Cargo), "~=1.2", "==1.2", "!=1.2" (PEP 440)?
 * NULL accepts any.
 */
bool version_accepts(const char *requirement, const struct version *v);

/*
 * What Composer asks for (getcomposer.org/doc/articles/versions.md), "^1.2 || ~2.0 <2.5 || 3.1 - 3.4", as alternatives for
 * version_accepts with "|" between them; heap.  NULL: a branch or the like, of which no version says anything.
 */
char *version_of_composer(const char *requirement);
/* Does one of the alternatives accept it? */
bool version_accepts_any(const char *requirements, const struct version *v);

#endif
