/* Inside the room: a map that is open, and how its answers are put together. */
#ifndef GRAPH_ANSWER_H
#define GRAPH_ANSWER_H

#include "graph/graph.h"
#include "graph/store.h"

struct entity {
	uint32_t id, name, parent, home, file, line, end, type, cond;
	enum graph_kind kind;
	unsigned flags;
};

#define ANSWER_ENTITIES 256
struct graph {
	struct db *db;
	char *path, *root;
	int root_fd;				 /* -1: it cannot be opened */
	struct answer_file_row *rows;		 /* answer_file: those that were read last */
	struct entity entities[ANSWER_ENTITIES]; /* the same of answer_entity, by their numbers */
	int seen; /* is anything known of runs?  0: not looked at, 1: yes, -1: no */
	/* graph/fresh.h */
	char *digest; /* NULL: the three are not read yet */
	size_t files, unread;
	bool changed; /* the tree, when it was looked at last */
	int64_t holds_until_ns;
};

/* The row of a file, good until the map is closed or ANSWER_FILE_ROWS others were asked for.  DD_ENOENT. */
#define ANSWER_FILE_ROWS 64
int answer_file(struct graph *g, uint32_t id, const struct store_file **ret, struct dd_err *err)
	DD_MUST_USE;

/* DD_ECORRUPT: there is no such entity. */
int answer_entity(struct graph *g, uint32_t id, struct entity *ret, struct dd_err *err) DD_MUST_USE;
/* The text of a name; heap. */
int answer_name(struct graph *g, uint32_t name, char **ret, struct dd_err *err) DD_MUST_USE;
/* As its language qualifies it; heap. */
int answer_qualified(struct graph *g, const struct entity *e, char **ret, struct dd_err *err)
	DD_MUST_USE;
/* Path of its file, or of itself for a directory; heap. */
int answer_path(struct graph *g, const struct entity *e, char **ret, struct dd_err *err)
	DD_MUST_USE;

/* The file's text, when it is what the map knows; false: it is not. */
bool answer_source(struct graph *g, const struct store_file *f, struct buf *ret);

/* What a query for one id gives, 0 for null: the last name, the last entity. */
int answer_last_id(struct graph *g, const char *query, uint32_t *ret, struct dd_err *err)
	DD_MUST_USE;

/* Its packed relations, as copies. */
int answer_relations(struct graph *g, uint32_t id, struct buf *ret_out, struct buf *ret_in,
	struct dd_err *err) DD_MUST_USE;

/* Entities that a symbol names; appended. */
struct id_list {
	uint32_t *v;
	size_t n, cap;
};
void id_list_add(struct id_list *l, uint32_t id);
void id_list_cleanup(struct id_list *l);
int answer_symbol(struct graph *g, const char *symbol, struct id_list *ret, struct dd_err *err)
	DD_MUST_USE;
/* The innermost entities of the lines from..to of a file, each once; appended. */
int answer_lines(struct graph *g, const struct store_file *f, uint32_t from, uint32_t to,
	struct id_list *ret, struct dd_err *err) DD_MUST_USE;
/* The innermost entity of a place, and its line. */
int answer_place(struct graph *g, const char *place, uint32_t *ret_entity, uint32_t *ret_line,
	struct dd_err *err) DD_MUST_USE;

/* Put the cases that were seen to execute the line of a place before the items; {"recorded", "cases": [ids]} is added. */
int answer_reached(struct graph *g, const char *place, json_t *answer, struct dd_err *err)
	DD_MUST_USE;

/* Functions and methods that no relation leads to; appended. */
int answer_unused(struct graph *g, struct id_list *ret, struct dd_err *err) DD_MUST_USE;

/* {"index": ..., "items": []}; how far it is held against the tree: graph/fresh.h. */
int answer_begin(struct graph *g, json_t **ret, struct dd_err *err) DD_MUST_USE;
/* The same of an answer about all of the tree. */
int answer_begin_whole(struct graph *g, json_t **ret, struct dd_err *err) DD_MUST_USE;
struct answer_item {
	const char *relation, *reason, *prov;
	unsigned conf;	  /* percent */
	const char *cond; /* NULL: none */
};
int answer_add(struct graph *g, json_t *answer, uint32_t entity, const struct answer_item *item,
	struct dd_err *err) DD_MUST_USE;
/* The one relation of that kind from src to dst, as an item whose strings live in b. */
int answer_relation_item(struct graph *g, uint32_t src, uint32_t dst, enum graph_relation r,
	struct buf *reason, char **ret_cond, struct answer_item *ret, struct dd_err *err)
	DD_MUST_USE;

#endif
