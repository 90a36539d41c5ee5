/*
 * What a Cargo.toml declares (doc.rust-lang.org/cargo/reference/manifest.html), as far as it says which crates are
 * needed: read line by line, never trusted to be complete.
 */
#ifndef ENVPROBE_CARGO_MANIFEST_H
#define ENVPROBE_CARGO_MANIFEST_H

#include "base/str.h"

enum crate_use { CRATE_BUILD, CRATE_DEV };

struct crate {
	char *name;    /* on the registry */
	char *version; /* requirement as written; NULL: any */
	char *git; /* URL of the repository that it is to come from, without who logs in; NULL: the registry */
	struct strlist features;
	bool no_default; /* without its default features */
	bool optional;	 /* a feature of the manifest's own switches it on */
	bool foreign;	 /* for another platform */
	bool local;	 /* a directory of the tree, or taken from the workspace's own list */
	enum crate_use use;
	unsigned line;
};

struct cargo_manifest {
	char *package; /* its own name; NULL: only a workspace */
	char *rust;    /* rust-version; NULL */
	struct crate *v;
	size_t n, cap;
};

void cargo_manifest_read(struct str text, struct cargo_manifest *ret);
void cargo_manifest_cleanup(struct cargo_manifest *m);

/* Does "cfg(...)" or a target triple mean this machine? */
bool cargo_target_is_here(struct str target);

#endif
