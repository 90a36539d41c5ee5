/*
 * How each grammar's nodes are read: rows of `struct rule`, compiled once into one action a symbol, so that the walk
 * looks nothing up by name.
 */
#ifndef GRAPH_RULE_H
#define GRAPH_RULE_H

#include "graph/lang.h"

#include <tree_sitter/api.h>

struct walk;
struct action;
typedef void (*walk_hook)(struct walk *w, TSNode node, const struct action *a);

enum role {
	ROLE_NONE, /* of no interest itself: its children are visited */
	ROLE_SKIP, /* nor are its children */
	ROLE_DEF,  /* defines an entity of `kind`, named by field a */
	ROLE_VARIABLE, /* declares the variable of field a, with the type of field b: local, field or global */
	ROLE_PARAM, /* declares the parameter of field a (none: itself), with the type of field b */
	ROLE_CALL,  /* calls what is in field a */
	ROLE_METHOD, /* calls the method of field b of the object of field a */
	ROLE_NEW,    /* makes an object of the type of field a (none: its first named child) */
	ROLE_ARGS,   /* the arguments of a call */
	ROLE_IDENT,  /* a name that is read */
	ROLE_TYPE,   /* a name of a type */
	ROLE_BASES,  /* the names in it are those of base types */
	ROLE_ASSIGN, /* field a is written, with the value of field b */
	ROLE_MEMBER, /* field b of the object of field a */
	ROLE_STRING, /* a literal; with a kind, its children are visited */
	ROLE_PIECES, /* literals that make one */
	ROLE_SUBSCRIPT, /* field b (none: the second child) of the object of field a (none: the first) */
	ROLE_ANNOTATION, /* named by field a (none: its first child) */
	ROLE_DECORATOR,	 /* of the definition that follows */
	ROLE_BLOCK,	 /* what is declared in it is not known behind it */
	ROLE_HOOK,	 /* the language's own function reads it */
};

struct rule {
	const char *node; /* NULL ends the table */
	enum role role;
	uint8_t kind; /* ROLE_DEF: enum graph_kind */
	const char *a, *b;
	walk_hook hook;
};

/* What is asked of the nodes of all languages by their names, often: bits. */
enum node_is {
	IS_AROUND_CALLEE = 1, /* its first child is what is called */
	IS_TRANSPARENT = 2,   /* as its first child, with a mark */
	IS_PARENTHESES = 4,
	IS_SAID = 8, /* says of what type its value is */
	IS_ARGUMENT = 16,
	IS_TERNARY = 32,
	IS_BINARY = 64,
	IS_FUNCTION = 128, /* as a value */
};

struct action {
	uint8_t role, kind;
	uint8_t is;	/* enum node_is, whatever the role */
	TSFieldId a, b; /* 0: none */
	walk_hook hook;
};

struct lang {
	const TSLanguage *(*grammar)(void); /* NULL: none */
	const struct rule *rules;	    /* and those of `base`, which they override */
	const struct rule *base;
	/* variables are declared by assigning to them */
	bool implicit_variables;
	/* compiled: */
	const TSLanguage *language;
	struct action *actions;
	uint32_t nactions;
};

extern const struct rule rules_c[], rules_cpp[], rules_python[], rules_java[], rules_javascript[],
	rules_typescript[], rules_go[], rules_rust[], rules_csharp[], rules_php[], rules_ruby[],
	rules_bash[];

/* The table of one language, compiled by the first that asks; safe for threads. */
const struct lang *rule_lang(enum lang_id id);

#endif
