/*
 * The facts of one file: what its text alone says.  They are a function of its path and its bytes, so that they can
 * be kept as long as the file stays what it is; the map is a function of the facts of all files.
 *
 * Strings are numbered per file, 0 is the empty one.  Entities are in the order of the text, an enclosing one before
 * what it holds; a number of an entity is its index + 1, and 0 is the file itself.
 */
#ifndef GRAPH_FACTS_H
#define GRAPH_FACTS_H

#include "base/err.h"
#include "graph/kinds.h"

enum file_state {
	FILE_PARSED,
	FILE_PARTIAL, /* parsed, with places that the grammar did not understand, or parts left out: reason */
	FILE_LEXICAL, /* looked at word by word: no grammar for it, or a limit: reason */
	FILE_UNREAD,  /* nothing is known of what it holds: reason */
	FILE_STATES,
};
const char *file_state_name(enum file_state s);

enum fact_entity_flags {
	FACT_DECLARATION = 1, /* says that it exists; the definition is elsewhere */
	FACT_STATIC = 2,      /* not visible outside its file */
	FACT_HAS_PARAMS = 4,  /* a macro that is called like a function */
};

struct fact_entity {
	uint8_t kind, flags;
	uint32_t name, parent, line, end, cond;
	uint32_t
		owner; /* string: what it belongs to where that is not what encloses it: A in A::f */
	uint32_t type; /* string: its type, or that of its result */
};

enum fact_ref_flags {
	FACT_MEMBER =
		1, /* through a receiver: `receiver` is its text, or 0 when that is no chain of names */
	FACT_LOCAL = 2,	  /* the name is that of a parameter or local variable */
	FACT_PARAM = 4,	  /* the name is that of a parameter of the macro: `param` */
	FACT_SYSTEM = 8,  /* #include <...> */
	FACT_LIKELY = 16, /* the shape says so, and something else may have it, too */
};

/* What stands between the parts of a name that a reference writes ("a.b", "a::b"), in any language. */
#define NAME_SEPARATORS ".:\\>"

struct fact_ref {
	uint8_t relation, flags;
	uint8_t arg; /* it is the argument of this number, from 1, of the call `call`; 0: of none */
	uint8_t param; /* FACT_PARAM: which */
	uint32_t from, name, receiver, line, cond;
	uint32_t call; /* how many references before this one the call is */
};

enum fact_bind_kind { /* what a name in a scope stands for */
	BIND_IMPORT,  /* the module `value` */
	BIND_MEMBER,  /* `member` of the module `value`; member "*": every name of it */
	BIND_TYPE,    /* a variable of the type `value` */
	BIND_RESULT,  /* a variable with what calling `value` gives */
	BIND_ALIAS,   /* the same as `value` */
	BIND_PACKAGE, /* the package the file belongs to; no name */
	BIND_KINDS,
};

struct fact_bind {
	uint8_t kind;
	uint32_t scope, name, value, member, line;
};

struct facts {
	enum file_state state;
	uint8_t lang;	   /* enum lang_id */
	struct str reason; /* borrowed; empty for FILE_PARSED */
	uint32_t lines, bad_bytes;
	struct str *strings;
	size_t nstrings, cap_strings;
	struct fact_entity *entities;
	size_t nentities, cap_entities;
	struct fact_ref *refs;
	size_t nrefs, cap_refs;
	struct fact_bind *binds;
	size_t nbinds, cap_binds;
	uint32_t *index; /* of strings, by hash; facts_string only */
	size_t index_size;
};

void facts_reset(struct facts *f); /* keeps the memory */
void facts_cleanup(struct facts *f);

/* The number of a string, which is a view that must live as long as f. */
uint32_t facts_string(struct facts *f, struct str s);
struct fact_entity *facts_add_entity(struct facts *f);
struct fact_ref *facts_add_ref(struct facts *f);
struct fact_bind *facts_add_bind(struct facts *f);

void facts_pack(const struct facts *f, struct buf *out);
/*
 * The way back, into f as facts_reset leaves it; its strings are views of `packed`.  Every number is checked: none
 * points outside its table.  DD_ECORRUPT.
 */
int facts_unpack(struct facts *f, struct str packed, struct dd_err *err) DD_MUST_USE;

#endif
