/*
 * Versions of crates: what Cargo's requirements accept
 * (doc.rust-lang.org/cargo/reference/specifying-dependencies.html).
 */
#ifndef ENVPROBE_CRATE_VERSION_H
#define ENVPROBE_CRATE_VERSION_H

#include "base/str.h"

struct crate_version {
	uint64_t part[3];
	int n; /* parts that were written */
};

/* "1.2.3-4+b1" -> 1, 2, 3; what is no number ends it. */
struct crate_version crate_version_parse(struct str s);
/* < 0, 0, > 0; parts that are not written are 0. */
int crate_version_compare(const struct crate_version *a, const struct crate_version *b);

/*
 * Is the version one of "^1.2, <1.5", "1.*", "~1.2", "=1.2.3", ">=1", "*" (Cargo), "~=1.2", "==1.2", "!=1.2" (PEP 440)?
 * NULL accepts any.
 */
bool crate_version_accepts(const char *requirement, const struct crate_version *v);

#endif
