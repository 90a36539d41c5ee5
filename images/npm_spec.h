/*
 * Inside the room: what npm's files say, read by the parser worker "npm" (npm_worker.c).  Pure
 * functions over JSON; the formats are those of package.json(5) and package-lock.json(5).
 */
#ifndef IMAGES_NPM_SPEC_H
#define IMAGES_NPM_SPEC_H

#include "base/json.h"

enum npm_spec_kind {
	NPM_REGISTRY,  /* a version, range, tag or alias of one: the registry has it */
	NPM_LOCAL,     /* a directory of the tree */
	NPM_ELSEWHERE, /* git, an address, an archive: not on a registry */
};

/* What the value of a dependency asks for. */
enum npm_spec_kind npm_spec_kind(const char *spec);

/* May this be the name of a package?  "left-pad", "@scope/name". */
bool npm_is_name(const char *name);

/* Name of the package at a place of a lock file, behind the last "node_modules/"; borrowed, NULL.
 */
const char *npm_name_at(const char *location);

/*
 * The part of a manifest that says what to install and nothing else: no script, no configuration,
 * no address.  What is not on a registry is left out and listed in `refused` ({name, spec, where,
 * section}); `answers` (name -> version, or null to leave it out) replaces such a dependency.
 * Directories that dependencies name are added to `locals`.  New reference.
 */
json_t *npm_manifest(const json_t *package, const char *where, const json_t *answers,
	json_t *refused, struct strlist *locals);

/*
 * The same for a lock file of any version: without addresses, without the second copy of everything
 * that version 2 carries for old readers, and with the root of `manifest`.  Places that are not
 * below node_modules must be in `members`.  NULL: it is no lock file that can be used.  New
 * reference.
 */
json_t *npm_lock(
	const json_t *lock, const json_t *manifest, const struct strlist *members, json_t *refused);

#endif
