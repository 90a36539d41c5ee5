/* What the commands of `drydock graph` share: where maps are, the workers, how answers are printed. */
#ifndef RUNNER_GRAPH_MAP_H
#define RUNNER_GRAPH_MAP_H

#include "graph/graph.h"
#include "runner/commands.h"
#include "runner/session.h"

struct graph_options {
	struct common_options common;
	const char *dir, *db, *format;
	uint64_t depth, budget, threads, max;
	const char *diff, *query, *glossary, *docs, *by, *below;
	struct strlist seeds;
	bool anew, no_history, agents;
};

#define GRAPH_O(member) offsetof(struct graph_options, member)
#define GRAPH_DB_OPTION \
	{ \
		"db", 0, OPTION_TEXT, GRAPH_O(db), "FILE", \
			"the file of the map (default: the state directory's map of DIR)" \
	}
#define GRAPH_DIR_OPTION \
	{ \
		"dir", 0, OPTION_TEXT, GRAPH_O(dir), "DIR", \
			"whose map is asked (default: the nearest directory from here upwards that has one)" \
	}

/* The map of the directory at an absolute path; heap. */
char *graph_map_path(const struct common_options *o, const char *dir);
int graph_map_real_path(const char *dir, char **ret, struct dd_err *err) DD_MUST_USE;
/* The file of the map that the options name, which need not be there; heap.  DD_EINVAL: none is named. */
int graph_map_find(const struct graph_options *o, char **ret, struct dd_err *err) DD_MUST_USE;
/* DD_EINVAL: there is none. */
int graph_map_open(const struct graph_options *o, struct graph **ret, struct dd_err *err)
	DD_MUST_USE;

/* Make or refresh the map of a directory; *ret_map: its path, heap. */
int graph_map_make(const struct graph_options *o, const char *dir, char **ret_map,
	struct graph_ingest_result *ret, struct dd_err *err) DD_MUST_USE;

/* The same of a map whose place is known; import: what is taken in, or NULL. */
int graph_map_refresh(const struct graph_options *o, struct state *st, const char *root,
	const char *map, const struct graph_import *import, struct graph_ingest_result *ret,
	struct dd_err *err) DD_MUST_USE;
/* A worker reads the file of that format; name: for messages.  DD_EINVAL: it is no such file. */
int graph_map_read_import(struct state *st, const char *format, const char *name, int fd,
	struct buf *ret, struct dd_err *err) DD_MUST_USE;

/* For struct graph_host; ctx is the state. */
int graph_map_parse(void *ctx, unsigned threads, int input_fd,
	void (*take)(void *take_ctx, struct str data), void *take_ctx, struct dd_err *err);
int graph_map_history(void *ctx, const char *root, const char *from, const char *to,
	struct buf *ret, struct dd_err *err);
/* What changes when HEAD does, from bytes alone; heap, NULL: the directory is not the top of a repository. */
char *graph_map_head(const char *root);

void graph_map_print_text(const char *text); /* of the target, for a terminal */
void graph_map_print(const json_t *answer, bool json);
/* The same of an answer that has a form of its own in words. */
int graph_map_tell(const struct cli_call *call,
	int (*ask)(struct graph *g, json_t **ret, struct dd_err *err),
	void (*print)(const json_t *answer));
/* One question to the map that the options name, its answer printed. */
int graph_map_ask(
	const struct cli_call *call, int (*question)(struct graph *g, const struct cli_call *call,
					     json_t **ret, struct dd_err *err));

#endif
