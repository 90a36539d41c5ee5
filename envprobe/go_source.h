/*
 * What the head of a Go source file says: its build constraint, package, imports, and the C of its cgo preamble
 * (go/build: "go help buildconstraint", "go doc cmd/cgo").
 */
#ifndef ENVPROBE_GO_SOURCE_H
#define ENVPROBE_GO_SOURCE_H

#include "base/str.h"

struct go_import {
	char *path;
	unsigned line;
};

struct go_source {
	char *package;	     /* NULL: no Go source */
	char *canonical;     /* the import path that `package x // import "p"` insists on; NULL */
	struct buf build;    /* its constraint as one //go:build expression; empty: none */
	struct go_import *v; /* "C" is not among them */
	size_t n, cap;
	struct buf preamble; /* C and #cgo lines before import "C", without comment marks */
	unsigned preamble_line;
	bool cgo;
	bool one_build_line; /* the constraint is a //go:build line */
};

void go_source_read(struct str text, struct go_source *ret);
void go_source_cleanup(struct go_source *s);

/*
 * Is the file at path part of a build on this machine with the given extra tag (NULL: none)?  By its name
 * (x_linux.go, x_arm64_test.go) and by its constraint.
 */
bool go_source_is_built(const struct go_source *s, const char *path, const char *tag);

/* Names of tags in its constraint, each once. */
void go_source_tags(const struct go_source *s, struct strlist *ret);

/* Does the condition of a #cgo line ("linux,!arm darwin"; empty: always) hold? */
bool go_condition_holds(struct str condition, const char *tag);

#endif
