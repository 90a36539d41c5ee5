/*
 * Dependencies with their exact versions, as lock files of package managers name them: package-lock.json,
 * composer.lock, Pipfile.lock, Cargo.lock, poetry.lock, requirements*.txt ("a==1"), go.mod, Gemfile.lock.
 */
#ifndef SECURITY_LOCKFILES_H
#define SECURITY_LOCKFILES_H

#include "security/security.h"

/* Is the file read here?  By its name. */
bool lockfile_is(const char *path);

/*
 * Append what it names, at most SECURITY_MAX_DEPENDENCIES in all; what is not of the form is passed over.  How many found no
 * place.
 */
#define SECURITY_MAX_DEPENDENCIES 100000
int64_t lockfile_read(const char *path, struct str text, struct security_dependency_list *ret);

#endif
