/*
 * Maven's pom.xml (maven.apache.org/xsd/maven-4.0.0.xsd) as far as a build without its plugins goes by it: the modules of
 * a tree, what they need of each other, and where their sources are.  Profiles and properties are not followed.
 */
#ifndef ENVPROBE_MAVEN_H
#define ENVPROBE_MAVEN_H

#include "envprobe/tree.h"

struct maven_module {
	char *dir;		      /* in the tree; "" is its root */
	char *sources, *test_sources; /* below dir: "src/main/java" */
	char *encoding;		      /* of the sources, as it is named there */
	char *artifact;		      /* NULL: not named */
	struct strlist needs;	      /* artifacts, of this tree or not */
	bool placed;		      /* inside */
};
struct maven_module_list {
	struct maven_module *v;
	size_t n, cap;
};
void maven_module_list_cleanup(struct maven_module_list *l);

/*
 * The modules of the pom.xml in dir, or of the parent beside it that it is a module of, and of those it names, each behind what it
 * needs.
 */
void maven_read(const struct tree *t, const char *dir, struct maven_module_list *ret);

/* The path of one directory of the tree from another one: "../api/", "" for the same; heap. */
char *maven_path_between(const char *from, const char *to);

#endif
