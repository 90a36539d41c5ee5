/* Inside the room: what the resolvers of the languages share. */
#ifndef GRAPH_RESOLVER_H
#define GRAPH_RESOLVER_H

#include "graph/resolve.h"

struct python_calls; /* graph/resolve_python.h */

enum thing_kind { THING_UNKNOWN, THING_OUTSIDE, THING_ENTITY, THING_INSTANCE, THING_PACKAGE };

struct thing {
	enum thing_kind kind;
	uint32_t id; /* entity; THING_PACKAGE: the scope of SPACE_PACKAGE */
	bool weak;   /* by its name alone */
};

/* What was asked before: of a name at the top of a file, or of a chain (a string of the file) in a scope; scope 0: nothing. */
struct resolver_known {
	uint32_t scope, what, depth; /* depth: what is asked from farther away ends earlier */
	bool calling;
	struct thing is;
};
#define RESOLVE_KNOWN 256

struct resolver {
	struct model *m;
	const struct facts *f;
	const struct model_file *file;
	uint32_t *names; /* of the model, by string of the file; UINT32_MAX: not asked for yet */
	unsigned steps;	 /* left for one reference */
	uint32_t file_steps, file_edges; /* left for the file */
	uint32_t cond;			 /* under which a macro on the way is defined; 0: always */
	uint32_t line,
		behind; /* of the reference, or of a binding that is followed: the first that comes too late */
	bool calling; /* the name that is looked up is called: in Java that is never a variable */
	bool by_line; /* of several bindings one was chosen by its line: true of this place alone */
	bool told;    /* a compiler says what is meant: what is emitted is known from it */
	struct overlay *overlay;	   /* NULL: there is none for the file */
	const struct python_calls *python; /* NULL: the file has none */
	struct resolver_known tops[RESOLVE_KNOWN], chains[RESOLVE_KNOWN];
};

#define RESOLVE_STEPS 3000
#define RESOLVE_TOLD_CONFIDENCE 99 /* percent */
#define RESOLVE_CANDIDATES 64
/* What a file that means harm may cost: steps and relations of all its references; those beyond stay unresolved. */
#define RESOLVE_FILE_STEPS 20000000u
#define RESOLVE_FILE_EDGES 4000000u

/* ---- where things are ---- */

static inline const struct model_entity *
resolver_entity(const struct resolver *r, uint32_t id)
{
	return &r->m->entities[id];
}

static inline const struct model_file *
resolver_file(const struct resolver *r, uint32_t id)
{
	uint32_t f = resolver_entity(r, id)->file;
	return f ? &r->m->files[f - 1] : NULL;
}

static inline struct thing
resolver_thing(const struct resolver *r, uint32_t id)
{
	(void)r;
	return (struct thing){id ? THING_ENTITY : THING_UNKNOWN, id, false};
}

static inline uint32_t
resolver_child(const struct resolver *r, uint32_t scope, uint32_t name)
{
	uint32_t l = name ? model_first(r->m, SPACE_CHILD, scope, name) : 0;
	return l ? model_value(r->m, l) : 0;
}

/* How many parameters it has. */
static inline unsigned
resolver_parameters(const struct resolver *r, uint32_t id)
{
	unsigned n = 0;
	for (uint32_t i = id + 1; i < r->m->n && r->m->entities[i].parent == id; i++)
		n += r->m->entities[i].kind == KIND_PARAMETER;
	return n;
}

/* ---- */

/* The name's number in the model; 0: no entity has it. */
uint32_t resolver_name(struct resolver *r, uint32_t string);
void resolver_emit(struct resolver *r, const struct fact_ref *ref, enum graph_relation relation,
	uint32_t dst, enum graph_prov prov, unsigned conf);
/*
 * The relation that a reference has to an entity which it is known to mean; a type that is made an object of gets its
 * constructor, too.  False: it cannot be that, and nothing is emitted.
 */
bool resolver_emit_to(struct resolver *r, const struct fact_ref *ref, struct thing t);
/* Calls, imports and the like are kept, too, when nothing is known of what they mean. */
void resolver_unresolved(struct resolver *r, const struct fact_ref *ref);

/* What the scope knows under a chain of names: "a.b". */
struct thing resolver_follow(struct resolver *r, uint32_t scope, struct str chain);
/* The same of a string of the file; what was asked before is not looked for again. */
struct thing resolver_follow_string(struct resolver *r, uint32_t scope, uint32_t string);
/* A reference to something by its name alone, or by a path; true: it was one. */
bool resolve_named(struct resolver *r, const struct fact_ref *ref);

/* What the tests of the file say by their names that they test, among what they call: the edges from `first` on. */
void resolve_tests(struct resolver *r, size_t first);

/* ---- with an index that a compiler made: graph/overlay.h ---- */

/* True: the index says what the reference means, and the relations are there. */
bool overlay_resolve(struct resolver *r, const struct fact_ref *ref);
/* The relations from `before` on were guessed for the reference: confirmed, or taken back, where the index says so. */
void overlay_check(struct resolver *r, const struct fact_ref *ref, size_t before);
/* What the index says of places where nothing was seen. */
void overlay_finish(struct resolver *r);

void resolve_c_ref(struct resolver *r, const struct fact_ref *ref);
/* A method by its name alone, where the receiver says nothing: a few candidates at a low confidence. */
bool resolve_by_method_name(struct resolver *r, const struct fact_ref *ref);

#endif
