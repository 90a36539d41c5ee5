/*
 * drydock docs: what drydock spec tells of a source, as pages in a branch of its repository, each statement with the digests of
 * the lines that it comes from.  Files in the tree:
 *
 *   docs/drydock/NAME.md, AGENTS.md  pages (graph_spec_pages); the first line of each has the digest of what follows it
 *   docs/drydock/statements.jsonl    {"drydock": "docs", "version", "sha256": of what follows, "pages": [{"path", "sha256"}]},
 *                                    then a statement a line: {"section", "text", "figures", "places": [{"file", "line", "sha256"}]}
 *
 * A file of these names that is not as it was written by us is somebody else's, and stays.
 */
#ifndef RUNNER_DOCS_H
#define RUNNER_DOCS_H

#include "runner/graph_map.h"
#include "runner/intake.h"

struct docs { /* what is said of a source */
	struct state st;
	struct source source;
	char *path;  /* of the source as it was named, absolute, or a URL */
	char *owner; /* of the leases */
	char *run;   /* whose recipe is told; NULL: none */
	json_t *spec;
};
void docs_cleanup(struct docs *d); /* releases the layers, too */

/*
 * Take the source in and find out what is to be said of it.  run: name of a run, whose source and recipe are taken; NULL: the
 * newest stand-up of that source that has a recipe, or none.  head: the commit that HEAD of the repository at source is at, and
 * not what lies beside it.  DD_ENOENT: there is no such run.
 */
int docs_find(const struct graph_options *o, const char *source, const char *run, bool head,
	struct docs *ret, struct dd_err *err) DD_MUST_USE;

/* For the worker: {"pages": [{"path", "text"}], "statements": [...]}, as text; appended. */
void docs_put_request(const struct docs *d, struct buf *out);

/*
 * Body of the worker "docs", which reads the request from its standard input in a pod with the source as its work tree:
 *   write   put the files there.  {"files": [{"path", "text", "state": "written" | "same" | "kept"}]}
 *   check   {"stale": [{"section", "text", "why": [texts]}], "unsaid": [texts], "true", "moved", "changed", "drifted",
 *           "unchecked": counts, "edited": [paths]}
 */
int docs_worker_main(int argc, char **argv);

#endif
