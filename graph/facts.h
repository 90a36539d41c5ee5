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
	FACT_DECORATED = 8,   /* its name stands for what a decorator makes of it */
	FACT_REST = 16,	      /* a parameter that takes all that is left */
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
	/* It is the argument of this number, from 1, of the call `call`; 0: of none.  Of a call, where functions of
	 * one name are told apart by that: one more than the arguments it has. */
	uint8_t arg;
	uint8_t param; /* FACT_PARAM: which */
	uint32_t from, name, receiver, line, cond;
	/* How many references before this one the call is.  Of a call, and of making an object, a string or 0: what is
	 * known of the types of its arguments, with ";" between them: a chain of names, "=Type", "null", "&" of a
	 * function, "?". */
	uint32_t call;
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
	uint32_t end; /* the last line on which it is known; 0: to the end of its scope */
};

/*
 * What expressions and statements of a language say of values, for languages in which a function is a value like any
 * other: trees, a node before its parts, one statement after another in the order of the text.
 */
enum fact_value_op {
	VALUE_UNKNOWN,
	VALUE_NAME,	 /* the name `name` */
	VALUE_NAME_LOOP, /* in a loop, where what is given to it below counts, too */
	VALUE_CONST,	 /* a literal, as a key: `name` */
	VALUE_FUNCTION,	 /* the entity `name` itself: a lambda, or what is decorated */
	VALUE_ATTRIBUTE, /* (object).name */
	VALUE_CALL, /* (callee)(arguments...); `name`: the reference + 1 that is its own, as in all that call */
	VALUE_KEYWORD,	  /* an argument for the parameter `name`: (value) */
	VALUE_SPLAT,	  /* an argument that stands for several: (value) */
	VALUE_INDEX,	  /* (object)[(key)] */
	VALUE_SLICE,	  /* (object)[name:] */
	VALUE_LIST,	  /* a list or the like: (items...) */
	VALUE_EACH,	  /* one whose items are all like (item) */
	VALUE_DICT,	  /* (key)(value)... */
	VALUE_ANY,	  /* one of (values...) */
	VALUE_ELSE,	  /* (value), or, when nothing is known of it, (value) */
	VALUE_ITERATE,	  /* what going through (value) gives; calls */
	VALUE_ENTER,	  /* what "with (value)" gives; calls */
	VALUE_RAISE,	  /* (value) is raised: a class is made an object of; calls */
	VALUE_INSTANCE,	  /* an object of (type) */
	VALUE_PROPERTY,	  /* a function that reading calls: (function) */
	VALUE_STATIC,	  /* a method without an object: (function) */
	VALUE_CLASS,	  /* a method of the class: (function) */
	VALUE_SCOPE,	  /* statement: those that follow are of the entity `name` */
	VALUE_BIND,	  /* statement: `name` is (value) from here on */
	VALUE_BIND_MAYBE, /* statement: on some ways it is */
	VALUE_PUT,	  /* statement: (object).name is (value) */
	VALUE_PUT_ITEM,	  /* statement: (object)[(key)] is (value) */
	VALUE_RETURN,	  /* statement */
	VALUE_YIELD,	  /* statement */
	VALUE_OPS,
};
#define VALUE_MAX_DEPTH 100

struct fact_value {
	uint8_t op;
	uint32_t name, size; /* size: of the tree that begins here, in nodes */
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
	struct fact_value *values;
	size_t nvalues, cap_values;
	uint32_t *index; /* of strings, by hash; facts_string only */
	size_t index_size;
	uint64_t seed, nseeds; /* of the hash, and how many were tried before it */
	struct buf raw;	       /* what was packed last, before it was compressed */
	char *inflated;	       /* what was unpacked last */
	size_t cap_inflated;
	struct libdeflate_compressor *compressor;
	struct libdeflate_decompressor *decompressor;
};

void facts_reset(struct facts *f); /* keeps the memory */
void facts_cleanup(struct facts *f);

/* The number of a string, which is a view that must live as long as f. */
uint32_t facts_string(struct facts *f, struct str s);
uint32_t facts_string_if_any(const struct facts *f, struct str s); /* 0: it has none */
struct fact_entity *facts_add_entity(struct facts *f);
struct fact_ref *facts_add_ref(struct facts *f);
struct fact_bind *facts_add_bind(struct facts *f);
/* Gives its index; the caller sets the size when all its parts are there. */
uint32_t facts_add_value(struct facts *f, enum fact_value_op op, uint32_t name);

/* Appended, compressed (RFC 1951, behind the size that it had).  May end in less when out is full: out->truncated. */
void facts_pack(struct facts *f, struct buf *out);
/*
 * The way back, into f as facts_reset leaves it; its strings are views of f's own memory until its next use.  Every
 * number is checked: none points outside its table.  DD_ECORRUPT.
 */
int facts_unpack(struct facts *f, struct str packed, struct dd_err *err) DD_MUST_USE;
/* What was unpacked last, as far as it is needed to resolve it: strings and references.  f is as new; heap, and facts_cleanup. */
struct facts *facts_keep(struct facts *f, size_t *ret_bytes);

#endif
