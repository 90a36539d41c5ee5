/*
 * Detectors: which build system an application has, the commands it is built and tested with, and
 * what its build files declare to need.  They run in the parser worker "detect".
 */
#ifndef ENVPROBE_DETECT_H
#define ENVPROBE_DETECT_H

#include "envprobe/tree.h"
#include "record/record.h"

struct detector {
	enum build_system system;
	/* The file in dir that decides for it, heap; NULL: not this system. */
	char *(*find)(const struct tree *t, const char *dir);
	/* Fill commands and declared needs of a project in dir. */
	void (*read)(const struct tree *t, const char *dir, struct project *p);
};

extern const struct detector detect_autotools, detect_cmake, detect_meson, detect_python,
	detect_perl, detect_node, detect_go, detect_ruby, detect_phpize, detect_php, detect_rust,
	detect_ant, detect_maven, detect_make, detect_go_sources, detect_php_pages, detect_scons,
	detect_waf, detect_qmake, detect_imake, detect_dune, detect_opam, detect_luarocks,
	detect_c_sources, detect_java_sources, detect_python_sources, detect_perl_sources;

/*
 * Choose and read; a tree without any known build system gives SYSTEM_NONE.  wanted: the name of the one to
 * choose, as in project.choices; NULL, or what is none of them: the first.
 */
void detect_project(const struct tree *t, const char *wanted, struct project *ret);

/* Append a command; run is a printf format. */
void detect_command(struct project *p, enum command_phase phase, const char *why, const char *run,
	...) DD_PRINTF(4, 5);

/* Append a test command of a level and format; results may be NULL. */
void detect_test(struct project *p, enum test_format format, const char *results, const char *why,
	const char *run);

/*
 * The last command does no more than look whether sources compile: those below dir with one of the endings that its find(1)
 * prints.  pruned: patterns of what find leaves out, with all that is below, in letters of any case.  Both end with NULL.
 */
void detect_is_check(struct project *p, const struct tree *t, const char *dir,
	const char *const *endings, const char *const *pruned);

/*
 * Does an option of that name have tests built (ON), or left out (OFF)?  One that says how they run, or what for, is
 * the author's own affair.
 */
enum about_tests { ABOUT_NONE, ABOUT_ON, ABOUT_OFF };
enum about_tests detect_about_tests(const char *name);

/*
 * Does what describes an option begin like "Enable the testsuite" or "Build unit tests", and say no more than its name how they
 * run?  NULL does not.
 */
bool detect_builds_tests(const char *name, const char *description);

/* A word that has "test" or "check" in it and means none, as "latest". */
bool detect_looks_like_tests(struct str word);

/*
 * What somebody looks into a program or its source with, installs its packages with (bundle), or compiles faster with: a build that
 * looks for it does without.
 */
bool detect_is_of_developers(const char *program);

/* Append a need unless one of its kind and name is there, or there are thousands; why is copied. */
struct need *detect_need(struct project *p, enum need_kind kind, const char *name,
	enum need_scope scope, bool optional, const char *why);

/* Take those needs out of which `drop` is true. */
void detect_drop_needs(struct project *p, bool (*drop)(void *ctx, const struct need *n), void *ctx);

/* Nothing but letters, digits and the characters of `also`, and neither an option nor an absolute path. */
bool detect_is_plain(const char *name, const char *also);

/* A program that is looked for under several names, the first that there is; those in words that are plain names. */
void detect_either(struct project *p, const struct strlist *words, bool optional, const char *why);

/* A program that the build cannot do without, of a version as in ">= 1.2, <2"; the first that is told counts. */
void detect_program(struct project *p, const char *name, struct str version, const char *why);

/* Scripts of tests that the documentation names, or their own names tell, into project.scripts. */
void detect_scripts(const struct tree *t, struct project *p);

/* What any C, C++, Fortran or assembler source below dir needs: compilers, by suffix. */
void detect_compilers(const struct tree *t, const char *dir, struct project *p);

/* Below doc/, examples/, contrib/ and the like, which say nothing about what the build needs. */
bool detect_is_aside(const char *path);

/* A library of OCaml by its name for findlib or opam, packaged as "lib" NAME "-ocaml-dev"; none where it comes with the compiler. */
void detect_ocaml_library(struct project *p, struct str library, const char *why, bool test);

/* C, C++ or XS by its suffix, headers included. */
bool detect_is_c(const char *path);

/* Headers in <> that the sources include, or headers of the tree that they include, and the tree does not hold. */
void detect_includes(const struct tree *t, const char *dir, struct project *p);

/* The same of the sources that lie in dir itself. */
void detect_includes_here(const struct tree *t, const char *dir, struct project *p);

/* Does the file lie in dir itself, and not below? */
bool detect_is_here(const char *dir, const char *path);

/* Environment variables the source reads without a default, into project.env_reads. */
void detect_environment(const struct tree *t, const char *dir, struct project *p);

/*
 * A configure.ac of the Tcl Extension Architecture: its needs, and the options for its configure script, appended
 * to options.  False: it is none.
 */
bool detect_tea(const struct tree *t, const char *dir, struct project *p, struct buf *options);

/*
 * The text of a makefile, which is p's evidence: if it is one of a PostgreSQL extension, its needs, and a test command where it
 * has tests for a server.
 */
void detect_pgxs(struct str makefile, struct project *p);

/* Submodules that are empty and pointers of Git LFS, into project.absent. */
void detect_absent(const struct tree *t, struct project *p);

/* Switches that leave a feature out of what the commands configure, into project.switches. */
void detect_switches(const struct tree *t, struct project *p);

/*
 * Variables with plain values that a configuration of continuous integration gives the tests, and that the source names, into
 * project.given.
 */
void detect_given(const struct tree *t, struct project *p);

/* Tools that generate sources, by suffix (.y, .l, ...), and what scripts are written in. */
void detect_generators(const struct tree *t, const char *dir, struct project *p);

#endif
