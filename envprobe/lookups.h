/*
 * What the tracer saw: names that were looked for and never satisfied under any directory, the
 * files of packages that were opened, connections that were refused.
 */
#ifndef ENVPROBE_LOOKUPS_H
#define ENVPROBE_LOOKUPS_H

#include "base/map.h"
#include "envprobe/index.h"
#include "sandbox/trace.h"

/*
 * Needs of names never found: headers, libraries, pkg-config modules, Perl and Python modules,
 * programs asked for by exec.  Only names that the index resolves; all optional, since nothing says
 * that they were necessary.
 */
void lookups_missing(const struct trace *t, const struct pkgindex *x, struct need_list *ret);

/*
 * A program that CMake, Meson, a configure script, Go or PHP's runner of tests looks for in every project, and that no build
 * needs; or one of developers.
 */
bool lookups_is_usual(const char *program);

/* Absolute paths of files outside the work tree that were opened or executed. */
void lookups_opened(const struct trace *t, struct map *ret);

#endif
