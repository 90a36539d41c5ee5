/*
 * The project's own linters and formatters: which of them a tree asks for, by its configuration and the commands it
 * declares, how they are run on files, and which of what they print is new.  A finding is new if it is on a line that the
 * change touches and the file has more of its kind than before; what was there, or only moved, is nobody's fault now.
 * Known tools are the rows of a table.  Runs where the tree may be read; the tools run elsewhere.
 */
#ifndef AGENTS_LINT_H
#define AGENTS_LINT_H

#include "base/json.h"

#define LINT_SPECS 10

struct lint_tool {
	const char *name;
	const char *program; /* that it needs */
	const char *
		package; /* of a distribution, which has it; NULL: only the project's own modules do */
	const char *run; /* command of a shell */
	bool whole;	 /* it takes no paths, and looks at what it was declared for */
	const char *suffixes[LINT_SPECS]; /* of the files it looks at; none: all */
	/* What asks for it: "FILE", "FILE#TEXT" (a line that begins with TEXT), "FILE:TARGET" of a Makefile, "FILE!SCRIPT" of a package.json. */
	const char *asked[LINT_SPECS];
	const char *hooks[LINT_SPECS]; /* ids of pre-commit that mean it */
};
const struct lint_tool *lint_tool_of(const char *name); /* NULL: there is none */

struct lint_host {
	/* The file's content, appended; false: there is none. */
	bool (*read)(void *ctx, const char *path, struct buf *ret);
	void *ctx;
};

/*
 * What the tree asks for and what looks at one of these paths: [{"name", "dir": where it is run, "why": the file that asks,
 * "args": [...], "paths": [...], "not": why it cannot be run, if so}].  One of a name that lint_tool_of does not know cannot be
 * run either.  A new reference.
 */
json_t *lint_asked(const struct lint_host *host, const struct strlist *paths);

/* Does it decide what linters find, or how anything is built? */
bool lint_is_config(const char *path);

/* A shell's way to where it runs in the tree `root`; it ends with 127 where the program is not there. */
void lint_put_ready(
	const struct lint_tool *tool, const char *root, const json_t *asked, struct buf *out);
/* The same, and the command, on these files (whose paths begin at the root). */
void lint_put_command(const struct lint_tool *tool, const char *root, const json_t *asked,
	const struct strlist *paths, struct buf *out);

struct lint_run { /* of a tool, borrowed */
	struct str printed;
	int status;
};

/*
 * Append {"path", "line", "kind": name, "text"} for what is new to findings.  files: of the change (touched.h).  False: it could
 * not be run, or said nothing that can be read: without the change, or with it where it had findings before.  was: NULL, all files
 * are new.
 */
bool lint_compare(const json_t *asked, const char *root, const json_t *files,
	const struct lint_run *was, const struct lint_run *is, json_t *findings);

/*
 * Append {"path", "line", "kind": "suppression", "text"} for each line that a change brings with a mark that tells a linter not to
 * look, where the file has more of the kind than before.  is: spans of the lines (touched.h).
 */
void lint_marks(
	const char *path, struct str before, struct str after, const json_t *is, json_t *findings);

#endif
