/*
 * The walk over the syntax tree of one file, and what the rules of a language may ask of it.  A hook is called with
 * its node as the one at hand; it calls walk_children when the children are to be visited.
 */
#ifndef GRAPH_WALK_H
#define GRAPH_WALK_H

#include "graph/children.h"
#include "graph/facts.h"
#include "graph/rule.h"

#include <string.h>

/* What is known of each string of the file, by its number; an entity's number, 0 for none. */
struct walk_name {
	uint32_t local_of; /* the function it is a variable of */
	uint32_t outer_in; /* the function that says the name is one of the module's */
	uint32_t read_by;  /* the entity that was last seen to read it */
	uint32_t type_of;  /* the entity that was last seen to use it as a type */
	uint32_t global;   /* the entity of this name at the top of the file */
	uint32_t macro;	   /* of a macro's parameter: the macro; then `param` says which */
	uint8_t param;
	uint8_t use; /* what calling it names; see uses.c */
};

/* A decorator's endpoint, until what it decorates begins. */
struct walk_pending {
	uint32_t ref; /* its index */
	uint32_t
		prefix; /* string: on a type, the path before those of its methods; 0: it is none */
};
#define WALK_MAX_PENDING 8

struct walk_value { /* where a call ends, or a lambda begins, and its node */
	uint32_t at, node;
};

struct walk {
	const struct lang *lang;
	enum lang_id id;
	const char *path;
	struct str text;
	struct facts *f;
	TSNode node; /* at hand */
	struct children children;
	uint32_t scope;	   /* the entity around; 0: the file */
	uint32_t function; /* the innermost function around; 0: none */
	uint32_t cond;	   /* string: under which condition of the preprocessor */
	uint32_t outer,
		negated; /* of the innermost #if: the condition around it, and that it does not hold */
	uint32_t call;	   /* index + 1 of the reference whose arguments are visited */
	uint8_t arg;	   /* which of them; 0: none */
	uint32_t told;	   /* where the name starts that is told of already */
	uint32_t var_type; /* string: the type of the variables that are declared here */
	bool bases;	   /* names are those of base types */
	bool writes;	   /* a name is written, not read */
	bool pieces;	   /* literals are pieces of a longer one */
	bool decorator;	   /* inside of one */
	struct walk_pending pending[WALK_MAX_PENDING];
	unsigned npending;
	unsigned branches, loops;	/* of the statement, in its function */
	uint32_t value_scope;		/* the entity that the statements of values are of */
	struct walk_value *told_values; /* calls and lambdas whose values are there already */
	size_t ntold_values, cap_told_values, told_value;
	uint32_t chain_end; /* where the last "a = b = value" ends, and its value */
	TSNode chain_value;
	uint32_t prefix, prefix_type; /* string: before the paths of the methods of that type */
	unsigned entity_depth;	      /* depth of the innermost entity */
	uint32_t doc_from, doc_to;    /* the last comment of documentation in the text; 0: none */
	uint32_t block_end;	      /* last line of the innermost block in the entity; 0: none */
	unsigned depth;
	bool too_deep;
	struct walk_name *names;
	size_t nnames;
	struct strlist owned; /* strings that are not in the text */
	struct buf chain;     /* one that is put together */
};

#define WALK_MAX_DEPTH 1500
#define WALK_MAX_OWNED 200000 /* conditions and the like of one file; those beyond are left out */

void walk_visit(struct walk *w); /* the node at hand */
void walk_children(struct walk *w);
/* Begin to go through the children of the node at hand: each becomes that when walk_next says so. */
struct walk_level {
	TSNode node;
	size_t opened;
};
struct walk_level walk_down(struct walk *w);
bool walk_next(
	struct walk *w, const struct walk_level *l); /* false: there is no more, and it ended */

struct str walk_text(const struct walk *w, TSNode node);
uint32_t walk_string(struct walk *w, TSNode node); /* 0 also for a null node */
uint32_t walk_own(struct walk *w, const char *s);  /* a string that is not in the text */
struct walk_name *walk_name(struct walk *w, uint32_t string);
static inline uint32_t
walk_line(TSNode node)
{
	return ts_node_start_point(node).row + 1;
}
bool walk_is(TSNode node, const char *type);
/* The node in the field of that name, which lasts as long as the program; a null node has none. */
TSNode walk_child(TSNode n, const char *name);

/* A new entity inside the scope; gives its number. */
uint32_t walk_define(struct walk *w, enum graph_kind kind, uint32_t name, TSNode node);
/* Visit the children of the node at hand inside the entity. */
void walk_inside(struct walk *w, uint32_t entity);
struct fact_ref *walk_refer(struct walk *w, enum graph_relation r, uint32_t name, TSNode at);
void walk_bind(struct walk *w, enum fact_bind_kind kind, uint32_t name, uint32_t value,
	uint32_t member, TSNode at);
/* The name is a variable of the function around. */
void walk_local(struct walk *w, uint32_t name);
bool walk_is_local(struct walk *w, uint32_t name);
/* A variable is declared here: local, field or global as the scope has it.  `type`: string, may be 0. */
void walk_variable(struct walk *w, uint32_t name, uint32_t type, TSNode node);
/* A name of a function is told to be of a type: a string, may be 0. */
void walk_typed_local(struct walk *w, uint32_t name, uint32_t type, TSNode node);
/* A parameter of the function whose head is read; a lambda's is a local variable and no more. */
void walk_parameter(struct walk *w, uint32_t name, uint32_t type, TSNode node);
/* Visit the children of the decorator at hand. */
void walk_decorator(struct walk *w);
/* A reference of a call to what the node says: a name, or a member of something. */
struct fact_ref *walk_call(struct walk *w, TSNode callee, TSNode at);
/* Visit the children of the call at hand, which is what the reference (NULL: none) says. */
void walk_called(struct walk *w, TSNode node, const struct fact_ref *ref);
/* What is known of the arguments of the call at the node, in its reference. */
void walk_tell_arguments(struct walk *w, TSNode call, struct fact_ref *ref);
/* An assignment to a name, fields a and b of the action. */
void walk_assign(struct walk *w, TSNode node, const struct action *a);
/* The text of a receiver as a string when it is a chain of names ("a.b", "f().c"), else 0. */
uint32_t walk_chain(struct walk *w, TSNode node);
/* The name of a type, without pointers, arguments and blanks; 0: it has none. */
uint32_t walk_type_name(struct walk *w, TSNode node);
/* What the variable `name` holds, as far as the node of its value says. */
void walk_bind_value(struct walk *w, uint32_t name, TSNode value);

#endif
