/*
 * A value against a JSON Schema, as far as tools use it: type (one, or a list), enum, properties, required,
 * additionalProperties (false), items, minimum and maximum, minLength and maxLength, minItems and maxItems.  Other
 * keywords say nothing here.  A member that need not be there may be null:
 * strict modes have no other way to leave it out.  What does not fit is said in words that a model can go by.
 */
#ifndef AGENTS_SCHEMA_H
#define AGENTS_SCHEMA_H

#include "base/json.h"

/* True when it fits; else a line for each thing that does not is appended, at most twenty. */
bool schema_fits(const json_t *schema, const json_t *value, struct buf *why);

#endif
