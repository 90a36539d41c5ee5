/*
 * graph: the map of a source tree.  `graph_ingest` makes or refreshes it, the queries below read it.
 *
 * The map is one SQLite file, made beside its place and renamed there when it is whole: a reader has the old one
 * or the new one.  It is a function of the tree: of the facts of each file (what the text alone says, kept with the
 * map for as long as the file does not change) and of the history up to its HEAD, and of nothing else; neither threads nor order nor what was there before
 * change a byte of it but for times of files.  So a refresh gives what making it anew would give.
 *
 * The text of the tree is hostile.  It is parsed by the worker "graph" (graph_worker_main), which is handed bytes and
 * gives facts; how a worker is run is handed in (struct graph_host).  Facts are checked when they are read.
 */
#ifndef GRAPH_GRAPH_H
#define GRAPH_GRAPH_H

#include "base/json.h"
#include "graph/kinds.h"

/* What the room needs of others. */
struct graph_host {
	/*
	 * Run graph_worker_main with THREADS as its argument in the sandbox: standard input is input_fd, what it prints
	 * goes to take; with one thread, the facts of a file before it reads the next.  DD_ECORRUPT, DD_ELIMIT: it died
	 * or met a limit; another error: it cannot be run.
	 */
	int (*parse)(void *ctx, unsigned threads, int input_fd,
		void (*take)(void *take_ctx, struct str data), void *take_ctx, struct dd_err *err);
	/*
	 * Run graph_history_worker_main in the sandbox: with the repository of the root, or, from and to given, to compare
	 * two revisions.  What it prints is appended.  DD_ENOENT: there is no repository that could be read; DD_EINVAL: it
	 * has no such revision.
	 */
	int (*history)(void *ctx, const char *root, const char *from, const char *to,
		struct buf *ret, struct dd_err *err);
	bool (*stopping)(void); /* somebody asked us to stop; may be NULL */
	void *ctx;
};

/* A file of another tool that is taken into the map: graph/imports.h. */
enum graph_format {
	GRAPH_SCIP,
	GRAPH_LCOV,
	GRAPH_PERF,
	GRAPH_ACCESS_LOG,
	GRAPH_OTLP,
	GRAPH_RUNTIME, /* what cases of tests reach: graph/reached.h */
	GRAPH_FORMATS
};
const char *graph_format_name(enum graph_format f);
enum graph_format graph_format_of(const char *name); /* GRAPH_FORMATS: there is none */

struct graph_import {
	enum graph_format format;
	const char *source; /* what it is called */
	const char *digest; /* of the file */
	const char *below;  /* the directory of the tree that its paths begin at; "": the root */
	struct str packed;  /* what graph_import_worker_main gave */
};

struct graph_import_result {
	size_t files;	/* it speaks of them, and the map has them */
	size_t missing; /* paths that the map does not have */
	/* Of an index as struct overlay_counts, of all those of the map; else things that were seen, and of these those that are of the map. */
	size_t said, placed, refuted;
	size_t entities; /* of which something was seen */
};

struct graph_ingest_spec {
	const char *root;  /* absolute */
	const char *db;	   /* where the map is, or will be */
	const char *head;  /* the commit that HEAD is at; NULL: no history is read */
	bool anew;	   /* take nothing from the map that is there */
	unsigned threads;  /* 0: one for each processor */
	size_t keep_bytes; /* of facts, in memory until they are resolved; 0: a default */
	const struct graph_import *import; /* to be taken in; NULL: none */
	struct graph_host host;
};

struct graph_ingest_result {
	size_t files, parsed, reused, unread; /* parsed: now; reused: facts that were there */
	size_t entities, relations, unresolved;
	bool unchanged; /* the map that is there is that of the tree */
	size_t dropped; /* files whose imports were of another text: they are no longer in the map */
	struct graph_import_result import; /* of spec.import */
};

/* Waits while another process makes this map.  DD_ESTOPPED, and the map that was there is still there. */
int graph_ingest(const struct graph_ingest_spec *spec, struct graph_ingest_result *ret,
	struct dd_err *err) DD_MUST_USE;

int graph_worker_main(int argc, char **argv);
int graph_history_worker_main(int argc, char **argv);
#define GRAPH_MAX_HUNKS 20000
/* Reads a file of the format that its argument names (graph_format_name) from standard input. */
int graph_import_worker_main(int argc, char **argv);
#define GRAPH_IMPORT_MAX_BYTES ((size_t)1 << 30)

/* ---- one file, in a worker ---- */

/* Bytes of the text in places that the grammar of the file does not understand; 0 also where there is no grammar for it. */
uint32_t graph_bad_bytes(const char *path, struct str text);

/* Is it a language with a preprocessor? */
bool graph_has_macros(const char *path, struct str text);
/*
 * The same of such a text with macros in place of their uses: what the text and `headers`, the texts of what it includes one behind
 * another, define.  reading: 0 to GRAPH_READINGS - 1, what no text tells (which of several definitions holds; what nobody defines)
 * is read in another way each time.  *ret_size: bytes of the text then.  False: too much comes of it.
 */
#define GRAPH_READINGS 3
bool graph_bad_expanded(const char *path, struct str headers, struct str text, unsigned reading,
	uint32_t *ret_bad, size_t *ret_size);
/* What a text of C includes, in its order, as it is named there. */
void graph_includes(struct str text, void (*each)(void *ctx, struct str name), void *ctx);

struct graph_function {
	struct str name;
	uint32_t line, end;
	bool declaration; /* says that it exists: a prototype, a macro that is called like a function */
	bool is_static;
	bool is_test;
};
/* Each function of the text, in its order. */
void graph_functions(const char *path, struct str text,
	void (*each)(void *ctx, const struct graph_function *f), void *ctx);

/* ---- asking ---- */

struct graph;

/* DD_ENOENT: there is no map; DD_EUNSUPPORTED: another version made it. */
int graph_open(const char *db, struct graph **ret, struct dd_err *err) DD_MUST_USE;
void graph_close(struct graph *g); /* NULL is fine */
/* The directory that a map is of; heap. */
int graph_root(const char *db, char **ret, struct dd_err *err) DD_MUST_USE;

/*
 * Each gives a new object {"index": ..., "items": [...]}.  A SYMBOL is a name, or the end of a qualified one
 * ("Class.method"), or "FILE:name"; a place is "FILE:LINE".  DD_ENOENT: no entity is called so, or the file is not in
 * the map; DD_EINVAL: it is no place.
 */
int graph_find(struct graph *g, const char *name, json_t **ret, struct dd_err *err) DD_MUST_USE;
int graph_at(struct graph *g, const char *place, json_t **ret, struct dd_err *err) DD_MUST_USE;
int graph_callers(struct graph *g, const char *symbol, unsigned depth, json_t **ret,
	struct dd_err *err) DD_MUST_USE;
int graph_callees(struct graph *g, const char *symbol, unsigned depth, json_t **ret,
	struct dd_err *err) DD_MUST_USE;
/* What a change there may reach, within so many steps back along the relations, nearest first. */
int graph_impact(struct graph *g, const char *place, unsigned depth, json_t **ret,
	struct dd_err *err) DD_MUST_USE;
/*
 * First the cases that were seen to execute the line (provenance "runtime"), then the tests among what graph_impact finds.
 * {"recorded": such cases are known of the file, "cases": [their ids]} is added.
 */
int graph_tests(struct graph *g, const char *place, unsigned depth, json_t **ret,
	struct dd_err *err) DD_MUST_USE;
/*
 * The same for the lines in which two revisions differ, "FROM..TO", as host.history tells them: what TO has of them is
 * looked for in the map.  Entities that were changed have the relation "changed"; {"gone": [files]} is added.
 */
int graph_impact_diff(struct graph *g, const struct graph_host *host, const char *range,
	unsigned depth, json_t **ret, struct dd_err *err) DD_MUST_USE;
/* Functions, methods and types that no relation leads to. */
int graph_unused(struct graph *g, json_t **ret, struct dd_err *err) DD_MUST_USE;
/* Each file of the map, in the order of paths: {"index", "files": [{"file", "digest"}]}. */
int graph_files(struct graph *g, json_t **ret, struct dd_err *err) DD_MUST_USE;
/* Counts, and each file that could not be read in full, with the reason. */
int graph_status(struct graph *g, json_t **ret, struct dd_err *err) DD_MUST_USE;
/*
 * Excerpts of the source around the entity at a place, or of a name, and around what it is related to, never more
 * than `budget` tokens (four bytes are counted as one) in all.
 */
int graph_context(struct graph *g, const char *what, uint64_t budget, json_t **ret,
	struct dd_err *err) DD_MUST_USE;

/* How a text in plain words is looked for. */
enum graph_search {
	GRAPH_BY_BOTH,
	GRAPH_BY_WORDS, /* of names, parameters, paths, commit subjects, the source with its comments */
	GRAPH_BY_RELATIONS, /* around what has the words in its name */
};

/*
 * The entities that a text in plain words means, best first.  {"search": {"words", "agreement", "widened"}} is added: how much
 * the two ways agree, and whether both looked farther because they hardly do.  DD_EINVAL: there is no word in it.
 */
int graph_search(struct graph *g, const char *query, enum graph_search by, size_t max, json_t **ret,
	struct dd_err *err) DD_MUST_USE;
/* A pack of excerpts, as graph_context gives it, of what a text in plain words means. */
int graph_context_query(struct graph *g, const char *query, uint64_t budget, json_t **ret,
	struct dd_err *err) DD_MUST_USE;

/*
 * Cohesive areas of the files with code: {"index", "clusters": [{"name", "centre", "cohesion": how much of its relations stay
 * inside, "files"}]}; the same for the same tree.
 */
int graph_clusters(struct graph *g, json_t **ret, struct dd_err *err) DD_MUST_USE;

/*
 * The files that a change is likely to touch which is described by a text in plain words and begins at the seeds (paths of the
 * tree; NULL: none), best first: {"index", "files": [{"file", "score", "by_text", "reasons", "line", "name"}]}; by_text is
 * the part of the score that words alone give, line and name are those of what the text found there.  DD_ENOENT: a seed is not in the map.
 */
int graph_likely_files(struct graph *g, const char *text, const struct strlist *seeds, size_t max,
	json_t **ret, struct dd_err *err) DD_MUST_USE;

/*
 * What a change of whole files may affect, as a set that rather has too much: two changes whose sets have nothing in common cannot meet
 * (graph/affected.c).  Loaded once for many questions; the map is borrowed.
 */
struct graph_affected;
int graph_affected_open(struct graph *g, struct graph_affected **ret, struct dd_err *err)
	DD_MUST_USE;
void graph_affected_close(struct graph_affected *a); /* NULL is fine */
/*
 * {"files": [{"file", "steps", "reason", "place", "conf", "code", "unread"}], "shared": [numbers of things known by their name],
 * "truncated"}, nearest first and the files themselves with 0 steps.  depth 0: as far as it goes, for proofs: by names that are
 * not resolved, too, and without documents, which are affected and affect nothing.  Otherwise, for people, so many steps
 * along relations that are known.  A path that the map does not have is left out.
 */
int graph_affected_by(struct graph_affected *a, const struct strlist *files, unsigned depth,
	json_t **ret, struct dd_err *err) DD_MUST_USE;

struct graph_spec_options {
	struct str glossary; /* "term: meaning", one a line; may be empty */
	const char *
		docs; /* a directory of the tree ("": all of it), whose documents are compared with the code; NULL */
	bool files; /* and what each file with code defines */
};

/*
 * What is there: {"index", "name", "sections": [{"key", "title", "items": [{"text", "places"}]}], "links": [{"from", "to",
 * "relations"}]}.  Each item is of facts of the map, and is not there without them; it has "figures": true where
 * its numbers change with every change of the source.  The places of a component are its directory.  A section may have "of", who
 * found it out, where it is not the map.
 */
int graph_spec(struct graph *g, const struct graph_spec_options *o, json_t **ret,
	struct dd_err *err) DD_MUST_USE;
/* The same as Markdown; agents: what somebody who works in the code needs of it. */
void graph_spec_markdown(const json_t *spec, bool agents, struct buf *ret);

/*
 * The same as pages: an index, one a component, and what somebody who works in the code needs.  A page of ours begins with
 * GRAPH_PAGE_MARK and the digest of what follows its first line; the map takes nothing from such a document.
 */
#define GRAPH_PAGE_MARK "<!-- made by drydock docs, sha256 "
#define GRAPH_PAGES "docs/drydock/"
#define GRAPH_PAGE_AGENTS "AGENTS.md"
void graph_spec_pages(
	const json_t *spec, void (*page)(void *ctx, const char *path, struct str text), void *ctx);
/* The component that a path of the tree is of; borrowed from spec, NULL: none. */
const char *graph_spec_component(const json_t *spec, struct str path);

/*
 * Rows of one SELECT over the views `entities`, `files` and `relations`: {"index": ..., "columns": [names], "rows":
 * [[values]]}.  DD_EINVAL: SQLite does not take it, or it is more than reading.  The last question that this graph is asked.
 */
int graph_sql(struct graph *g, const char *query, json_t **ret, struct dd_err *err) DD_MUST_USE;

/* Every relation, one object a line in the order of the map. */
int graph_export_jsonl(struct graph *g, int (*line)(void *ctx, struct str text), void *ctx,
	struct dd_err *err) DD_MUST_USE;
/* The same as a SCIP index: its bytes, piece by piece.  *ret_stale: files that are not what the map knows, and left out. */
int graph_export_scip(struct graph *g, int (*put)(void *ctx, struct str bytes), void *ctx,
	size_t *ret_stale, struct dd_err *err) DD_MUST_USE;
int graph_export_dot(struct graph *g, int (*line)(void *ctx, struct str text), void *ctx,
	struct dd_err *err) DD_MUST_USE;

#endif
