/*
 * The fixer that needs no model: old C that compilers of today refuse.  Missing headers, `int` that nobody wrote, functions
 * that nobody declared, with declarations taken from the real definitions, and casts that need no judgement.
 *
 * Nothing is believed that the compiler does not confirm: what is put in stays only if the unit has fewer errors then, and
 * the object the same undefined symbols as before.  So a call is never renamed: what the compiler offers as "did you mean"
 * is not even looked at.  A unit is compiled twice each time, for its errors and, with every error permitted and nothing
 * inlined, for its symbols.
 *
 * Runs where the tree may be read and changed (a worker); the compiler runs elsewhere, through the host's function.
 */
#ifndef AGENTS_FIXER_H
#define AGENTS_FIXER_H

#include "agents/edit.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/str.h"

struct fixer_file { /* that changed since the last call; borrowed */
	const char *path;
	struct str text;
};

struct fixer_definition { /* heap strings */
	char *name, *path;
	uint32_t line;
	bool declaration; /* in a header; else the definition */
	bool is_static;
};
struct fixer_definition_list {
	struct fixer_definition *v;
	size_t n, cap;
};
void fixer_definition_list_cleanup(struct fixer_definition_list *l);
struct fixer_definition *fixer_definition_list_add(struct fixer_definition_list *l);

struct fixer_host {
	/* Put the files where the build has its copy of the tree, run the script there with sh, and append what it prints. */
	int (*run)(void *ctx, struct str script, const struct fixer_file *files, size_t n,
		struct buf *ret, struct dd_err *err);
	/* Where functions (and macros like functions) of these names are defined or declared in the tree. */
	int (*find)(void *ctx, const struct strlist *names, struct fixer_definition_list *ret,
		struct dd_err *err);
	void *ctx;
};

struct fixer_unit {	     /* a source file and how it is compiled */
	char *dir;	     /* below the tree, "" for its root */
	char *path;	     /* of the source, below the tree */
	struct strlist argv; /* compiler and options; no output, no libraries, no source */
	char *source;	     /* as the compiler is given it */
};
struct fixer_unit_list {
	struct fixer_unit *v;
	size_t n, cap;
};
void fixer_unit_list_cleanup(struct fixer_unit_list *l);

#define FIXER_DIR \
	"/tmp/drydock-cc" /* where it has the compilers' stand-ins, and what they write down */

/*
 * A script that makes stand-ins for the C compilers, to be first in PATH: each writes down what it was called with, and
 * calls the compiler.  And one that prints what they wrote down, which fixer_units reads: units in the order of
 * their paths, each once; no C++, no files outside of the tree, nothing that configure tried.
 */
extern const char fixer_record_script[];
extern const char fixer_recorded_script[];
void fixer_units(struct str recorded, struct fixer_unit_list *ret);

/* What gcc 14 and clang 16 refuse unasked: -Werror=..., NULL-terminated. */
extern const char *const fixer_strict[];

enum fixer_rule {
	RULE_HEADER,	 /* #include <...> of the C library */
	RULE_OWN_HEADER, /* #include "..." of the tree */
	RULE_INT,	 /* int that was not written */
	RULE_PROTOTYPE,	 /* declaration, from the definition */
	RULE_OLD_STYLE,	 /* declaration without parameters, from the definition */
	RULE_CAST,	 /* that changes nothing but what the compiler says (fixer_cast.h) */
};
extern const char *const fixer_rule_names[]; /* "header", ... */

struct fixer_spec {
	int root_fd;
	const struct fixer_unit_list *units;
	bool strict; /* also what fixer_strict makes an error */
	const struct fixer_host *host;
	const struct edit_check *check;
};

/*
 * *ret, a new reference: {"units": [{"path", "before", "after", "symbols": "same"|"changed"|"unknown"}], "fixes":
 * [{"path", "rule", "text", "errors"}], "left": [{"path", "line", "message"}]}; before and after count errors, each place
 * once; a unit without any in either is not listed.  The tree is changed in place.
 */
int fixer_c_run(const struct fixer_spec *spec, json_t **ret, struct dd_err *err) DD_MUST_USE;

#endif
