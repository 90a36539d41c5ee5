/*
 * How the application is run: commands that might do it, each with what shows it, from the built tree and from what
 * the tests ran.  Hypotheses only: whether one serves is for whoever tries it.  Found by the parser worker "starts".
 */
#ifndef ENVPROBE_STARTS_H
#define ENVPROBE_STARTS_H

#include "envprobe/tree.h"
#include "record/record.h"

#define STARTS_MAX 16
/* For commands that are told where to listen: on loopback, but for whoever runs them elsewhere. */
#define STARTS_PORT "\"${PORT:-8080}\""
#define STARTS_HOST "\"${ADDRESS:-127.0.0.1}\""
#define STARTS_ADDRESS STARTS_HOST ":" STARTS_PORT
/* There once was done what comes before the first start. */
#define STARTS_ONCE ".prepared"

struct start_question {
	enum build_system system;
	char *dir;		   /* of the project; NULL: the root of the tree */
	struct seen_run_list runs; /* by the tests */
	struct strlist built;	   /* files the build made that are no text */
};
void start_question_cleanup(struct start_question *q);
extern const struct json_field start_question_fields[];

/* The best first, none twice; at most STARTS_MAX. */
void starts_in_tree(
	const struct tree *t, const struct start_question *q, struct start_try_list *ret);

/* ---- inside the room ---- */

/* Append one unless it is there, or there are enough.  run is a printf format; dir NULL or "": the root. */
void starts_add(struct start_try_list *l, const char *dir, const char *why, const char *run, ...)
	DD_PRINTF(4, 5);
/* Below tests, examples or documentation. */
bool starts_is_aside(const char *path);
/*
 * starts_seen.c: from what the tests ran; starts_source.c: from sources and programs that were built; starts_python.c: from what
 * packages of Python declare.
 */
void starts_from_runs(
	const struct tree *t, const struct start_question *q, struct start_try_list *ret);
void starts_from_sources(
	const struct tree *t, const struct start_question *q, struct start_try_list *ret);
void starts_from_python(
	const struct tree *t, const struct start_question *q, struct start_try_list *ret);
/* starts_cgi.c: scripts that a web server runs for each request. */
void starts_from_cgi(const struct tree *t, struct start_try_list *ret);
/* starts_said.c.  Append what the documents of dir call the program `name` with: words (.run) and place (.why). */
void starts_said(
	const struct tree *t, const char *dir, const char *name, struct start_try_list *ret);
/* Each start that documents name a preparation for gets one ahead of it that begins with that, once. */
void starts_prepare(const struct tree *t, struct start_try_list *l);

#endif
