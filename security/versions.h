/*
 * Which of two versions is the newer one: Debian's by deb-version(7), all others by the parts they have in common, where words
 * like "alpha" and "rc" come before a release and "post" after it (semver.org, PEP 440, and what registries of other
 * languages hold).
 */
#ifndef SECURITY_VERSIONS_H
#define SECURITY_VERSIONS_H

/* < 0, 0, > 0 */
int security_version_compare(const char *ecosystem, const char *a, const char *b);

#endif
