/*
 * The map while it is made: the entities of all files with numbers, and tables to find them by scope and name.
 *
 * Files are added in the order of their paths; then the numbers of entities, and all that follows, depend on the
 * facts alone.  Entity 0 is none.  Names are numbered in the order in which they are met, which is for use inside
 * only: what is written has names by their text.
 */
#ifndef GRAPH_MODEL_H
#define GRAPH_MODEL_H

#include "graph/facts.h"
#include "graph/lang.h"

struct model_entity {
	uint32_t name, parent, line, end, cond, type;
	union {
		uint32_t owner; /* name; resolved to `home` by model_settle */
		uint32_t body;	/* of a macro of C: the first of its references; 0: it has none */
	};
	uint32_t
		home; /* the entity whose member it is: its parent, or the type that its owner names */
	uint32_t file; /* number of its file, from 1; 0 for a directory */
	uint8_t kind, flags, lang;
};

struct model_bind {
	uint32_t scope, name, value, member, line,
		end; /* end: the last line on which it is known, or 0 */
	uint8_t kind;
};

/* A reference in the body of a macro, with its names numbered for the whole map. */
struct model_macro_ref {
	uint32_t name, call, line;
	uint8_t relation, flags, arg, param;
	bool last; /* of its macro */
};

struct model_base {
	uint32_t type, name,
		resolved; /* resolved: 0 not yet, UINT32_MAX: to nothing that is here */
};

struct model_stored { /* a function that was put into a field of some name */
	uint32_t function, file, field;
};

struct model_statement { /* that binds a name */
	uint32_t scope, value;
};

struct model_mention { /* of something that is known by its name alone */
	uint32_t name, file, line;
	uint8_t kind;
};

struct model_edge {
	uint32_t src, dst; /* dst 0: not resolved, `name` says what was meant */
	uint32_t name, line, cond, count;
	uint8_t relation, prov, conf; /* conf in percent */
};

struct model_file {
	uint32_t entity, dir, package; /* package: name; 0: none */
	uint32_t end;		       /* one past its last entity */
	uint32_t values, nvalues;      /* the first of its values, and how many there are */
	uint8_t lang;
};

/* What a table of the model is about; `scope` means something else in each. */
enum model_space {
	SPACE_CHILD,	  /* an entity: entities it holds */
	SPACE_BIND,	  /* an entity: bindings in it */
	SPACE_GLOBAL,	  /* a family of languages: what is visible in all its files */
	SPACE_METHOD,	  /* a family: methods */
	SPACE_PACKAGE,	  /* a package's name, or a directory: what is at the top of its files */
	SPACE_PATH,	  /* 0: the file or directory of that path */
	SPACE_FIRST_FILE, /* 0: the first file of the package of that name */
	SPACE_BASE,	  /* a type, name 0: its bases */
	SPACE_STORED,	  /* 0: functions put into a field of that name */
	SPACE_SHARED,	  /* a kind: what is known by that name alone */
	SPACE_WANTED,	  /* a kind: the first mention of such a name */
	SPACE_VALUE,	  /* an entity: statements that bind a name in it; model_bound */
};

#define MODEL_LAST 0x80000000u /* the last of a chain, which names the first */

/* What it is found under stands at what it leads to. */
struct model_link {
	uint32_t value, next;
	uint8_t space;
} __attribute__((packed)); /* there are two for an entity */

struct model {
	/* names */
	char *text;
	size_t text_n, text_cap;
	uint32_t *name_at; /* where each begins; one more than there are */
	size_t nnames, name_cap;
	uint32_t *name_index;
	size_t name_index_n;
	uint64_t seed;

	struct model_entity *entities;
	size_t n, cap; /* n: one past the last */
	struct model_file *files;
	size_t nfiles, files_cap;
	struct model_bind *binds;
	size_t nbinds, binds_cap;
	struct model_macro_ref *macro_refs;
	size_t nmacro_refs, macro_refs_cap;
	struct model_base *bases;
	size_t nbases, bases_cap;
	struct model_stored *stored;
	size_t nstored, stored_cap;
	struct model_mention *mentions;
	size_t nmentions, mentions_cap;

	struct fact_value *values; /* with names and entities numbered for the whole map */
	size_t nvalues, values_cap;
	struct model_statement *statements;
	size_t nstatements, statements_cap;

	uint8_t *held; /* by name, below nheld: model_held */
	size_t nheld;

	/* The last link of each chain, by hash; a place's tag is some bits of the hash, 0 where it is free. */
	uint32_t *places;
	uint8_t *tags;
	size_t nplaces, nchains;
	struct model_link *links;
	size_t nlinks, links_cap;

	struct model_edge *edges; /* of the file at hand: graph/edges.h */
	size_t nedges, edges_cap;
	struct model_edge *late; /* those that do not begin in the file that tells of them */
	size_t nlate, late_cap;
	struct buf kept;
	uint32_t kept_src; /* the last source there */
};

void model_init(struct model *m);
void model_cleanup(struct model *m);

uint32_t model_name(struct model *m, struct str s);		 /* numbers it */
uint32_t model_name_if_any(const struct model *m, struct str s); /* 0: nobody has it */
struct str model_text(const struct model *m, uint32_t name);

/* What a relation of that kind leads to by its name alone; KIND_NONE: it does not. */
enum graph_kind model_named_kind(enum graph_relation r);

/* The families of languages whose global names are one another's. */
unsigned model_family(uint8_t lang);
static inline bool
model_is_family(const struct model *m, uint32_t entity, uint8_t lang)
{
	return model_family(m->entities[entity].lang) == model_family(lang);
}

/* The next file, in the order of paths; facts are copied. */
void model_add_file(struct model *m, const char *path, const struct facts *f);
/* All files are there: members find their types, and what is only mentioned becomes an entity. */
void model_settle(struct model *m);
/* All is resolved: what is left are entities, files, edges, and the names by their numbers. */
void model_drop_tables(struct model *m);

/* The chain of what a table has under scope and name: links from 1, 0 ends. */
uint32_t model_first(const struct model *m, enum model_space space, uint32_t scope, uint32_t name);
static inline uint32_t
model_next(const struct model *m, uint32_t link)
{
	uint32_t next = m->links[link].next;
	return next & MODEL_LAST ? 0 : next;
}
static inline uint32_t
model_value(const struct model *m, uint32_t link)
{
	return m->links[link].value;
}

/* The value of a link of SPACE_VALUE. */
static inline uint32_t
model_bound(const struct model *m, uint32_t link)
{
	return m->statements[m->links[link].value].value;
}

/*
 * Where there may be something of the name: a name is looked for in all that is around it, and most are those of one
 * kind of scope.  Bits of the kinds of scopes that hold or bind it; MODEL_PARAMETER; and those of the scopes of
 * statements that bind it, higher by MODEL_STATEMENT.  0: nothing has it.  The model is settled.
 */
enum { MODEL_PARAMETER = 8, MODEL_STATEMENT = 4 };
static inline unsigned
model_held(const struct model *m, uint32_t name)
{
	return name < m->nheld ? m->held[name] : 0;
}
/* Of functions, of files, of all others. */
static inline unsigned
model_scope_bit(unsigned kind)
{
	return graph_kind_is_code(kind) ? 1 : kind == KIND_FILE ? 2 : 4;
}
static inline bool
model_may_hold(const struct model *m, unsigned kind, uint32_t name)
{
	return model_held(m, name) & model_scope_bit(kind);
}
static inline bool
model_may_state(const struct model *m, unsigned kind, uint32_t name)
{
	return model_held(m, name) >> MODEL_STATEMENT & model_scope_bit(kind);
}

/* The number of the file of that path; 0: it is not in the map. */
uint32_t model_file_of(const struct model *m, struct str path);

void model_add_edge(struct model *m, const struct model_edge *e);
void model_add_late_edge(struct model *m, const struct model_edge *e);

#endif
