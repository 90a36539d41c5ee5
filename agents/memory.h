/*
 * Memories: what was learnt about one part of a tree and holds there, not elsewhere.  Rules, which hold everywhere, are people's files
 * (rules.md) and are not kept here.
 *
 * A memory belongs to a cluster of the map by the files that it had when the memory was made.  It is used where the cluster of
 * now that has most of these files (at least half of them) is touched, and nowhere else.  Each has a source, what it rests on, a confidence and, but for a
 * person's, an end.  One whose only source is the target's text is kept to be looked at, and never used before a person has said it
 * in their own words (memories_edit).
 *
 * One SQLite database in the state directory (WAL, synchronous=FULL), for any number of processes; every change is written
 * down with who made it, and forgetting takes the text out.  Times are seconds since 1970.
 */
#ifndef AGENTS_MEMORY_H
#define AGENTS_MEMORY_H

#include "base/json.h"

#define MEMORY_MAX_TEXT 2000

enum memory_source {
	MEMORY_OF_PERSON, /* said or corrected by somebody */
	MEMORY_OF_REVIEW,
	MEMORY_OF_RUN,	  /* shown by a run: a path that failed, a change that was kept */
	MEMORY_OF_TARGET, /* read in the target: not trusted */
};
extern const char *const memory_source_names[]; /* NULL-terminated */

struct memories;

/* In the directory, which is there.  now_s: the time that everything is compared with. */
int memories_open(const char *dir, int64_t now_s, struct memories **ret, struct dd_err *err)
	DD_MUST_USE;
void memories_close(struct memories *m); /* NULL is fine */

struct memory_new {		     /* borrowed */
	const char *tree;	     /* absolute path of the source tree */
	const char *cluster;	     /* its name */
	const struct strlist *files; /* of the cluster */
	const char *text;
	enum memory_source source;
	const char *evidence; /* what it rests on: a run, a review, a sentence; NULL */
	const char *author;
	unsigned confidence; /* 1 to 100; 0: that of its source */
	int64_t days;	     /* until it ends; 0: that of its source */
};
/* DD_EINVAL: no text, too much of it, or no files. */
int memories_add(struct memories *m, const struct memory_new *spec, int64_t *ret_id,
	struct dd_err *err) DD_MUST_USE;

/*
 * Those that are to be in the context of work on these files, surest first: [{"id", "text", "cluster", "source", "confidence", "evidence"}].
 * clusters: of the map of now, as graph_clusters gives them.
 */
int memories_for(struct memories *m, const char *tree, const json_t *clusters,
	const struct strlist *files, json_t **ret, struct dd_err *err) DD_MUST_USE;

/* All of a tree, NULL: of every tree; with "tree", "files", "created_s", "ends_s", "used": whether it can be used, and why not. */
int memories_list(struct memories *m, const char *tree, json_t **ret, struct dd_err *err)
	DD_MUST_USE;
/* One of them with {"changes": [{"at_s", "author", "what", "text"}]}.  DD_ENOENT. */
int memories_why(struct memories *m, int64_t id, json_t **ret, struct dd_err *err) DD_MUST_USE;
/* A person says it anew: from now on it is theirs.  DD_ENOENT, DD_EINVAL. */
int memories_edit(struct memories *m, int64_t id, const char *text, const char *author,
	struct dd_err *err) DD_MUST_USE;
/* Its text is gone, here and in what was written down of it.  DD_ENOENT. */
int memories_forget(struct memories *m, int64_t id, const char *author, struct dd_err *err)
	DD_MUST_USE;

#endif
