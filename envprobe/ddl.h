/*
 * Tables as SQL creates them, in a worker: columns with their types, and the constraints that rows have to keep.  PostgreSQL
 * (also as pg_dump writes it), MariaDB and SQLite; names are kept as they are written, with their quotes.  What is not
 * understood is passed over, but a constraint that is not makes its table one of which that is said.  Hostile text; bounded.
 */
#ifndef ENVPROBE_DDL_H
#define ENVPROBE_DDL_H

#include "base/str.h"

#define DDL_MAX_TABLES 40
#define DDL_MAX_COLUMNS 60

enum ddl_type {
	DDL_UNKNOWN,
	DDL_INTEGER,
	DDL_DECIMAL,
	DDL_BOOLEAN,
	DDL_TEXT,
	DDL_BYTES,
	DDL_DATE,
	DDL_TIME,
	DDL_TIMESTAMP,
	DDL_INTERVAL,
	DDL_YEAR,
	DDL_UUID,
	DDL_JSON,
	DDL_ADDRESS,
	DDL_ENUM,
	DDL_ARRAY,
};

struct ddl_column {
	char *name; /* as written */
	enum ddl_type type;
	int64_t size, scale;   /* of VARCHAR(size), DECIMAL(size, scale); 0: not given */
	char *type_name;       /* of a type that may be created as an enumeration; NULL */
	struct strlist values; /* that it may have, as literals; empty: any */
	bool not_null, unique, automatic; /* automatic: the database gives it, counting from 1 */
	bool omitted, computed;	   /* it has a default; its value is not for anybody to give */
	int64_t least, most;	   /* of a number; INT64_MIN, INT64_MAX */
	int64_t shortest, longest; /* of a text; 0, INT64_MAX */
	char *like;		   /* pattern of a text, without quotes; NULL */
	char *refers_table, *refers_column; /* column NULL: its primary key */
};

struct ddl_table {
	char *name;
	struct ddl_column *columns;
	size_t n, cap;
	char *primary; /* its only column, as written; NULL */
	char *hard;    /* a constraint that is not understood; NULL */
};

struct ddl {
	struct ddl_table *v;
	size_t n, cap;
	struct strlist enums; /* name, value, value, "", name, ... */
	bool has_rows;	      /* it puts some into a table */
};
void ddl_cleanup(struct ddl *d);

/* Add what a file of SQL creates. */
void ddl_read(struct str text, struct ddl *to);

struct ddl_table *ddl_find(const struct ddl *d, struct str name);
struct ddl_column *ddl_find_column(const struct ddl_table *t, struct str name);

#endif
