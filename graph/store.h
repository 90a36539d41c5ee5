/*
 * The file of the map.  Numbers of names are in the order of their bytes and numbers of files in that of their paths,
 * so both are found by bisection.  What an entity is related to is packed behind it: `rout` has the relations that
 * begin there, `rin` the entities whose relations end there.
 */
#ifndef GRAPH_STORE_H
#define GRAPH_STORE_H

#include "base/db.h"
#include "graph/model.h"

#define STORE_APPLICATION_ID 0x64646d70u /* "ddmp" */
#define STORE_VERSION 5

struct store_file {
	uint32_t id;
	struct str path; /* views of the row */
	uint8_t lang;
	enum file_state state;
	struct str reason, digest, package;
	uint64_t size, inode;
	int64_t mtime_ns;
	uint32_t lines, bad_bytes;
	uint32_t first, end; /* its entities: itself, and those up to `end` */
};

/* ---- writing ---- */

int store_create(const char *path, struct db **ret, struct dd_err *err) DD_MUST_USE;
int store_put_file(struct db *db, const struct store_file *f, struct str facts, struct dd_err *err)
	DD_MUST_USE;
/* Names, entities and relations of the model, whose edges are all kept.  How many relations, and how many of them lead nowhere. */
int store_put_model(struct db *db, struct model *m, uint64_t *ret_relations,
	uint64_t *ret_unresolved, struct dd_err *err) DD_MUST_USE;
int store_put_meta(struct db *db, const char *key, const char *value, struct dd_err *err)
	DD_MUST_USE;

/* ---- reading ---- */

struct store_relation {
	enum graph_relation relation;
	uint32_t dst; /* 0: not resolved, `name` says what was meant */
	uint32_t name, line, cond, count;
	enum graph_prov prov;
	unsigned conf;
};

/* Calls each; a result other than 0 ends it and is given back.  DD_ECORRUPT. */
int store_each_out(struct str packed, uint32_t src,
	int (*each)(void *ctx, const struct store_relation *r), void *ctx, struct dd_err *err)
	DD_MUST_USE;
/* The sources of what ends at dst, ascending, with the relation. */
int store_each_in(struct str packed, int (*each)(void *ctx, uint32_t src, enum graph_relation r),
	void *ctx, struct dd_err *err) DD_MUST_USE;

/* A file's row by number, or path; its views are good until the next call.  DD_ENOENT. */
int store_file_by_id(struct db *db, uint32_t id, struct store_file *ret, struct dd_err *err)
	DD_MUST_USE;
int store_file_by_path(struct db *db, const char *path, struct store_file *ret, struct dd_err *err)
	DD_MUST_USE;
int store_facts(struct db *db, uint32_t file, struct str *ret, struct dd_err *err)
	DD_MUST_USE; /* a view, too */
int store_meta(struct db *db, const char *key, char **ret, struct dd_err *err)
	DD_MUST_USE; /* heap; NULL: none */

#endif
