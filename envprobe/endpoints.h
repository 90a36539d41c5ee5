/*
 * What a source says about the services it talks to: their addresses, as URLs and as pairs of host and port in code
 * and configuration; the services that its compose and CI files declare, with the variables set there; its files of
 * SQL, and what else makes the tables of its database (data/migrations.tsv).  A search in the parser worker "endpoints", once tests failed or were skipped.
 */
#ifndef ENVPROBE_ENDPOINTS_H
#define ENVPROBE_ENDPOINTS_H

#include "envprobe/tree.h"
#include "record/record.h"
#include "sandbox/sandbox.h"

struct endpoint {
	char *host;
	int64_t port; /* 0: not named */
	char *scheme; /* of a URL, or name of a declared service; NULL */
	char *where;  /* file:line */
	/* Of a URL to this machine; NULL. */
	char *user, *password, *database;
	bool declared; /* by a compose or CI file, as a service of that name */
};
RECORD_LIST(endpoint);

struct setting { /* a variable that a compose or CI file sets */
	char *name, *value, *where;
};
RECORD_LIST(setting);

struct schema { /* a file of SQL */
	char *path;
	bool named;	       /* by something that feeds it to a database */
	bool numbered;	       /* one of several that are fed in order: "003_x.sql", "V2__x.sql" */
	struct strlist tables; /* that it creates */
};
RECORD_LIST(schema);

struct migration { /* a command that makes the tables */
	char *run; /* for sh, in the directory `dir` ("": the root of the tree) */
	char *dir, *where;
};
RECORD_LIST(migration);

struct surroundings {
	struct endpoint_list
		endpoints;	      /* one of each host, port and scheme, in the order of files */
	struct setting_list settings; /* the first of each name */
	struct schema_list schemas;   /* numbered ones in their order */
	struct migration_list migrations;
};
void surroundings_cleanup(struct surroundings *s);
extern const struct json_field surroundings_fields[];

int surroundings_of_source(const struct state *st, const struct stack *source,
	struct surroundings *ret, struct dd_err *err) DD_MUST_USE;

/* The same on an open tree, for the worker and tests. */
int surroundings_in_tree(const struct tree *t, struct surroundings *ret, struct dd_err *err)
	DD_MUST_USE;

#endif
