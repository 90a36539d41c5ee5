/*
 * The fixer of builds that break outside of the compiler: Makefiles and the scripts that they run.  Each rule follows from what
 * make, the linker or a shell printed, and from facts that can be looked up (which library defines a symbol, how a script
 * begins); where two answers are possible there is none.  A change stays only if the line that it was made for is not printed
 * any more.
 *
 *   tab	  blanks where a recipe wants a tab
 *   library	  the one library that defines what a link lacks, behind all else of the link
 *   prerequisite a header that the Makefile can make, before what includes it
 *   interpreter  a script that may not be executed is given to what its first line names
 *   line-ends	  CR LF in a Makefile or script
 *   bash	  a script, or a recipe, for sh that is written in bash
 *   obsolete-macro of configure.ac, by the one that autoconf names for it
 *   foreign	  automake asks for documents of GNU's own packages
 *   regenerate  a configure that a recipe runs, and nobody generated
 *
 * A makefile that configure makes is mended in what it is made from (Makefile.in; with automake in Makefile.am, and beside it in
 * the Makefile.in that is in the tree).
 *
 * Runs where the tree may be read and changed (a worker); the build runs elsewhere, through the host's function, each time in
 * the tree as it was, with the files that are handed over.
 */
#ifndef AGENTS_FIXER_BUILD_H
#define AGENTS_FIXER_BUILD_H

#include "agents/fixer.h"

struct fixer_build_spec {
	int root_fd;
	const char *
		command; /* for sh, in WORK_DIR: configures and builds, and stops at the first failure */
	const struct fixer_host *host;
	const struct edit_check *check;
};

/* *ret, a new reference: {"units": [], "fixes": [{"path", "rule", "text"}], "left": []}.  The tree is changed in place. */
int fixer_build_run(const struct fixer_build_spec *spec, json_t **ret, struct dd_err *err)
	DD_MUST_USE;

#endif
