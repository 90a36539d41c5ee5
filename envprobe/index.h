/*
 * The package index: which package holds the file that is missing.  Compiled once per set of package lists
 * (images/apt.h) into one sorted text file of "key TAB path TAB package" lines, mapped into memory and
 * searched by halving: a look-up takes microseconds.  Only what builds and tests look for is in it.
 *
 * Keys are a class letter, a colon and a name:
 *   i header by base name      b program            l link library ("z" for libz.so, libz.a)
 *   p pkg-config module        c CMake package, lower case             m Perl module as path
 *   y Python module            d Python distribution, normalised       a aclocal file
 *   j jar                      n Node module        t Tcl package
 *   k package (path: version, package: number of packages that depend on it)
 *   v virtual package          g Go package (path: its directory)
 *   u Ruby gem
 *   h PHP file, or directory with an autoload.php, below /usr/share/php   x PHP extension
 */
#ifndef ENVPROBE_INDEX_H
#define ENVPROBE_INDEX_H

#include "base/map.h"
#include "images/apt.h"

struct pkgindex;

/* The directory, with its slash, that a compiler, or what drives it, looks for headers in by itself and that a path lies below; NULL: none. */
const char *pkgindex_include_root(struct str path);

/* Open, compiled first if that was not done yet (single flight). */
int pkgindex_open(const struct state *st, const struct apt_index *lists, struct pkgindex **ret,
	struct dd_err *err) DD_MUST_USE;
/* Map a compiled index file; for tests and pkgindex_open. */
int pkgindex_map(const char *path, struct pkgindex **ret, struct dd_err *err) DD_MUST_USE;
void pkgindex_close(struct pkgindex *x);

struct pkgindex_row {
	struct str path, package; /* borrowed from the index */
};

/* Every row of a key, in the order of paths; false from fn stops. */
void pkgindex_find(const struct pkgindex *x, char class, const char *name,
	bool (*fn)(void *ctx, const struct pkgindex_row *row), void *ctx);

bool pkgindex_has_package(const struct pkgindex *x, const char *name);
/* Its version as upstream has it: "8.2" of "2:8.2+93"; heap, NULL: there is no such package. */
char *pkgindex_version(const struct pkgindex *x, const char *name);
/* How many packages depend on it; 0 for an unknown one. */
uint64_t pkgindex_popularity(const struct pkgindex *x, struct str package);

/*
 * Packages that hold files the index does not tell about, by a look through the whole lists, which takes
 * seconds.  paths are absolute; ret gets path -> package (heap; the map must free), the most popular of several.
 */
int pkgindex_owners(const struct pkgindex *x, const struct state *st, const struct apt_index *lists,
	const struct strlist *paths, struct map *ret, struct dd_err *err) DD_MUST_USE;

/* One line of a Contents file as index lines, appended to out; pure, for the worker. */
void pkgindex_add_contents(struct str line, struct buf *out);

#endif
