/*
 * Inside of values.h: the values, the sets that hold them, and what the files values_*.c ask of each other.
 *
 * Everything is of one `struct values`; one thread.  `depth` is how deep in an expression and what it leads to a
 * question is asked: beyond MAX_DEPTH, or without steps left, nothing is added to `out` but that there are more.  Reading a cell makes the
 * statement that is looked at (`unit`) one of its readers: it is looked at again when the cell grows.
 */
#ifndef GRAPH_VALUES_INNER_H
#define GRAPH_VALUES_INNER_H

#include "graph/resolver.h"
#include "graph/values.h"

#define MAX_DEPTH 48 /* of an expression and what it leads to */
#define VALUES_BUILTINS 13
#define CELL_FEW 2
#define NOBODY UINT32_MAX /* no node, no statement */

/* ---- values ---- */

/* A value: what it is in the four highest bits, and of which. */
enum tag {
	TAG_ENTITY = 1, /* a function, a type, a file or directory as a module */
	TAG_INSTANCE,	/* an object of a type */
	TAG_BOUND,	/* a pair: a function and the object before its dot */
	TAG_OBJECT,	/* the list or the like that a node makes */
	TAG_REST,	/* what a parameter takes of the rest */
	TAG_SLICE,	/* a pair: an object and the number of its first item */
	TAG_GENERATOR,	/* of a function */
	TAG_SUPER,	/* a pair: the type around, and the object */
	TAG_KEY,	/* a literal, by its name */
	TAG_PROPERTY,	/* of a function */
	TAG_STATIC,
	TAG_CLASS,
	TAG_OUTSIDE,
};
#define PAYLOAD 0x0fffffffu

struct set {
	uint32_t v[VALUES_MAX];
	uint8_t n;
	bool many;  /* there are more */
	bool given; /* it depends on what callers give */
};

enum cell_kind {
	CELL_BIND = 1,
	CELL_PARAM,
	CELL_FIELD,
	CELL_ITEM,
	CELL_KEYS,
	CELL_RETURN,
	CELL_YIELD,
	CELL_SAME
};
#define ANY_ITEM 0u	      /* names of cells of items: one of them, nobody knows which */
#define EVERY_ITEM UINT32_MAX /* all of them */

/* There are many, most of them empty and with a reader or two. */
struct cell {
	uint32_t scope, name;
	uint8_t kind;
	uint32_t nreaders;
	struct set *set; /* NULL: empty */
	union {
		uint32_t few[CELL_FEW];
		uint32_t *many; /* when there are more */
	} readers;		/* roots */
};

static inline uint32_t *
cell_readers(struct cell *c)
{
	return c->nreaders > CELL_FEW ? c->readers.many : c->readers.few;
}

struct pair {
	uint32_t a, b;
};

struct mro {
	uint32_t first, n; /* in `lines` */
	bool outside, unknown;
};

struct values {
	struct model *m;
	struct resolver r; /* for the modules of imports */
	struct cell *cells;
	size_t ncells, cap_cells;
	uint64_t *index;
	size_t nindex, nindexed;
	uint32_t *bind_of; /* of CELL_BIND, which are found by their node alone: the cell + 1 */
	uint64_t *reads;   /* a set, by hash: cell + 1, root */
	size_t nreads, reads_size;
	struct pair *pairs;
	size_t npairs, cap_pairs;
	uint32_t *pair_index;
	size_t npair_index;
	uint32_t *mro_of; /* by entity: index + 1 of mros; NOBODY: it is being made */
	struct mro *mros;
	size_t nmros, cap_mros;
	uint32_t *lines;
	size_t nlines, cap_lines;
	uint32_t *module_of; /* by bind: NOBODY: not asked for yet; a value */
	uint32_t *
		below_of; /* the same of the module of that name in the one that it is taken from */
	uint8_t *importing;  /* by bind: it is being followed */
	uint32_t *lookup_of; /* by file: the last lookup that came by */
	uint32_t lookup;
	uint32_t *scopes; /* of roots, by node */
	uint32_t *queue;
	size_t head, nqueue, cap_queue;
	uint8_t *queued; /* by node */
	uint32_t unit;	 /* the root that is looked at; NOBODY: nothing is added */
	uint64_t steps;	 /* left for what is done now */
	uint64_t *left;	 /* by file: left for its statements, then for the questions in it */
	bool unfinished; /* a statement was not looked at to its end */
	uint32_t numbers[VALUES_MAX];
	uint32_t builtins[VALUES_BUILTINS]; /* names; 0: nobody has it */
	uint32_t init, call, iter, next, enter, getitem, self, cls;
};

struct place { /* where an expression stands */
	uint32_t scope, root;
};

/* 0, which no set takes, where the payload is too large. */
static inline uint32_t
value_make(enum tag t, uint32_t payload)
{
	return payload > PAYLOAD ? 0 : (uint32_t)t << 28 | payload;
}

static inline enum tag
value_tag(uint32_t v)
{
	return (enum tag)(v >> 28);
}

static inline const struct model_entity *
values_entity(const struct values *v, uint32_t id)
{
	return &v->m->entities[id];
}

static inline bool
values_is_code(const struct values *v, uint32_t id)
{
	return graph_kind_is_code(values_entity(v, id)->kind);
}

static inline void
values_spend(struct values *v, uint64_t steps)
{
	v->steps -= steps < v->steps ? steps : v->steps;
}

/* One step; false: it is too deep or there is none left, and `out` has more than it says. */
static inline bool
values_step(struct values *v, struct set *out, unsigned depth)
{
	if (depth <= MAX_DEPTH && v->steps) {
		v->steps--;
		return true;
	}
	out->many = true;
	return false;
}

/* ---- the store: values_cells.c ---- */

/* True: the set is more than it was. */
bool set_add(struct set *s, uint32_t value);
bool set_add_all(struct set *to, const struct set *from);

void cells_grow_index(struct values *v); /* also the first one */
/* Lasts until the next one is made; NULL: there is none, and none is to be made. */
struct cell *cell_find(
	struct values *v, enum cell_kind kind, uint32_t scope, uint32_t name, bool make);
void cell_cleanup(struct cell *c);
/* What it holds is added to `out`. */
void cell_read(
	struct values *v, enum cell_kind kind, uint32_t scope, uint32_t name, struct set *out);
/* Its readers are looked at again when it grows; nothing is added where no statement is looked at. */
void cell_add(
	struct values *v, enum cell_kind kind, uint32_t scope, uint32_t name, const struct set *in);
/* key: a name, or ANY_ITEM. */
void cell_add_item(struct values *v, uint32_t object, uint32_t key, const struct set *in);
/* The value of the two; the same for the same two. */
uint32_t value_pair(struct values *v, enum tag t, uint32_t a, uint32_t b);
/* The root is to be looked at. */
void values_enqueue(struct values *v, uint32_t root);

/* ---- names: values_names.c ---- */

bool values_is_parameter(const struct values *v, uint32_t id, uint32_t function);
/* 0: there is none of that name. */
uint32_t values_parameter_named(struct values *v, uint32_t function, uint32_t name);
/* 0: the function is no method. */
uint32_t values_type_of_method(const struct values *v, uint32_t function);
/* What the parameter may be, from all who call; of a method's first, an object of its type or the type. */
void values_read_parameter(struct values *v, uint32_t p, struct set *out);
/* What the scope has under the name, before the statement `before` if that is not NOBODY; false: nothing of that name. */
bool values_read_scope(struct values *v, uint32_t scope, uint32_t name, uint32_t before,
	struct set *out, unsigned depth);
/* The same of a file and of those from which it imports all. */
bool values_read_module(struct values *v, uint32_t file, uint32_t name, uint32_t before,
	struct set *out, unsigned depth);
/* A module of that name in the directory. */
void values_in_directory(struct values *v, uint32_t dir, uint32_t name, struct set *out);
/* What the name is where it stands; loop: all that it may be in its scope.  False: nothing binds it. */
bool values_read_name(struct values *v, const struct place *at, uint32_t name, bool loop,
	struct set *out, unsigned depth);
/* "a.b" */
void values_read_chain(
	struct values *v, uint32_t scope, struct str chain, struct set *out, unsigned depth);

/* ---- objects: values_types.c ---- */

/* What the value has behind its dot under that name. */
void values_attribute(
	struct values *v, uint32_t of, uint32_t name, struct set *out, unsigned depth);
/* The function that objects of the type have under that name, from it or its bases; 0: none. */
uint32_t values_method_of(struct values *v, uint32_t type, uint32_t name);

/* ---- calls: values_calls.c ---- */

/*
 * A call of the function: the parameters get what the node gives, `out` (NULL: nobody asks) the result.  receiver: the
 * object before the dot, 0 for none; node: the call, NOBODY where the language calls.
 */
void values_invoke(struct values *v, const struct place *at, uint32_t function, uint32_t receiver,
	uint32_t node, struct set *out, unsigned depth);
/* The result of a function: what it returns, what was given for a parameter that it returns, or a generator. */
void values_result(struct values *v, const struct place *at, uint32_t function, uint32_t receiver,
	uint32_t node, struct set *out, unsigned depth);
/* A call of any value: a function, a type, a method with its object, an object that can be called. */
void values_call(struct values *v, const struct place *at, uint32_t callee, uint32_t node,
	struct set *out, unsigned depth);
/* What a loop over the object gets. */
void values_iterate(
	struct values *v, const struct place *at, uint32_t object, struct set *out, unsigned depth);
/* The items of a list or the like, or what a generator yields; other values have none. */
void values_items_of(struct values *v, uint32_t object, struct set *out);
/* What the call at the node gives. */
void values_eval_call(
	struct values *v, const struct place *at, uint32_t node, struct set *out, unsigned depth);

/* ---- what the language brings: values_builtins.c ---- */

/* A function of the language that calls the argument of that number, or hands on what it is. */
enum builtin {
	BUILTIN_NONE,
	BUILTIN_SUPER,
	BUILTIN_SAME,
	BUILTIN_NEXT,
	BUILTIN_APPLY,
	BUILTIN_GETATTR
};
void values_find_builtins(struct values *v);
enum builtin values_builtin_of(const struct values *v, uint32_t name);
/* The call at the node, of a name that nothing binds. */
void values_call_builtin(struct values *v, const struct place *at, uint32_t name, uint32_t node,
	struct set *out, unsigned depth);
/* d.get(k), l.append(x) and their kind, with what the first two arguments are; false: not one of these. */
bool values_call_of_object(struct values *v, const struct place *at, uint32_t object,
	struct str name, uint32_t node, const struct set args[2], struct set *out, unsigned depth);

/* ---- expressions: values_eval.c ---- */

/* The node behind it and all its parts. */
static inline uint32_t
values_next_part(const struct values *v, uint32_t node)
{
	return node + v->m->values[node].size;
}

static inline bool
values_is_name(const struct values *v, uint32_t node)
{
	return node != NOBODY &&
	       (v->m->values[node].op == VALUE_NAME || v->m->values[node].op == VALUE_NAME_LOOP);
}

/* The part of that number, from 0; NOBODY: there is none. */
uint32_t values_part(const struct values *v, uint32_t node, unsigned n);
/* What the expression at the node may be is added to `out`. */
void values_eval(
	struct values *v, const struct place *at, uint32_t node, struct set *out, unsigned depth);
/* The same of the node's part of that number, if it is there. */
void values_eval_part(struct values *v, const struct place *at, uint32_t node, unsigned n,
	struct set *out, unsigned depth);
/* The items under those keys of the object; under none that is known: any of its items. */
void values_put_item(
	struct values *v, uint32_t object, const struct set *keys, const struct set *items);

#endif
