/*
 * JSON: jansson for parsing and values, tables for decoding messages into structs.
 *
 * Parsing rejects duplicate keys, bounds size and depth (jansson's own) and never aborts on
 * hostile text.  A message is decoded by one table of {key, type, offset, required}; an error names
 * the path: "tests.cases[3].name: expected string, got null".  Decoded strings are heap copies
 * owned by the struct.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/err.h"
#include "base/str.h"
#include <jansson.h>

static inline void
json_cleanup_ptr(json_t **j)
{
	json_decref(*j);
}
/* json_decref at the end of the scope. */
#define OWN_JSON __attribute__((cleanup(json_cleanup_ptr)))

enum json_kind {
	JSON_K_STRING,	/* char * */
	JSON_K_INT,	/* int64_t */
	JSON_K_BOOL,	/* bool */
	JSON_K_REAL,	/* double */
	JSON_K_STRLIST, /* struct strlist: array of strings */
	JSON_K_ANY,	/* json_t *, a new reference */
	JSON_K_ENUM,	/* int, by names in the field's `names`; what is named "" is null */
	JSON_K_OBJECT,	/* struct embedded at offset, by `sub` */
	JSON_K_ARRAY,	/* struct json_array_of at offset, elements by `sub`, `elem_size` */
};

/* A decoded array of structs; the owner's cleanup frees the elements, then v. */
struct json_array_of {
	void *v;
	size_t n;
};

struct json_field {
	const char *key; /* NULL ends the table */
	enum json_kind kind;
	size_t offset;
	bool required;
	const char *const *names;     /* JSON_K_ENUM: NULL-terminated, index is the value */
	const struct json_field *sub; /* JSON_K_OBJECT, JSON_K_ARRAY */
	size_t elem_size;	      /* JSON_K_ARRAY */
};

int json_parse(struct str text, json_t **ret, struct dd_err *err) DD_MUST_USE;

/* Parse the file (at most max bytes); the message starts with the path. */
int json_parse_file(const char *path, size_t max, json_t **ret, struct dd_err *err) DD_MUST_USE;

/*
 * Decode obj into the zeroed struct dst.  `what` starts the path in messages.  Unknown keys are
 * ignored unless `strict`.  On failure what was decoded so far stays in dst for its cleanup.
 */
int json_decode(const json_t *obj, const struct json_field *fields, bool strict, void *dst,
	const char *what, struct dd_err *err) DD_MUST_USE;

/* The other way: an object with every field of the table; NULL strings become null. */
json_t *json_encode(const struct json_field *fields, const void *src);

/* Free what json_decode put there (strings, lists, nested). */
void json_release(const struct json_field *fields, void *dst);

/* "object", "integer", ..., as JSON Schema names them. */
const char *json_type_name(const json_t *j);

/* String from text of any bytes: invalid UTF-8 and NUL become U+FFFD.  Never NULL. */
json_t *json_text(struct str s);

/* A member of an object that is a string, "" where it is none; borrowed. */
static inline const char *
json_string_in(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));
	return s ? s : "";
}

/* The first object of an array whose member of that name is that string; borrowed, NULL: none. */
json_t *json_find(const json_t *array, const char *key, const char *value);

/* An array of texts, and its strings appended to ret; what is no string is left out. */
json_t *json_from_strings(const struct strlist *l);
void json_to_strings(const json_t *array, struct strlist *ret);

/* Append as text; `indent` 0 gives one line.  Keys keep their insertion order. */
void json_print(const json_t *j, int indent, struct buf *out);
/* A worker's answer: one line on standard output. */
int json_give(const json_t *j, struct dd_err *err) DD_MUST_USE;

#endif
