/*
 * YAML, as far as people write it in files of settings: mappings with text keys, sequences, and scalars, which
 * are text whatever they look like, but for plain ones that are empty, "~" or "null" in small letters: these are null.  Since JSON is a part of YAML, it is read,
 * too.  An alias is a copy of what its anchor was last put at, once that ended; "<<" takes over keys that a mapping has
 * not.  Tags are refused, and so are keys that stand twice; size and depth are bounded, with what aliases stand for.  One
 * document, at most YAML_MAX_BYTES, 200,000 values and 16 MiB of text that aliases stand for, and 32 levels.  Hostile text is an error and never aborts; out of memory does.
 */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include "base/json.h"

#define YAML_MAX_BYTES ((size_t)1 << 20)

/* *ret is a new reference; null for an empty document.  DD_EINVAL names the line; DD_ELIMIT: it is too large. */
int yaml_parse(struct str text, json_t **ret, struct dd_err *err) DD_MUST_USE;

/* Append s as a scalar on one line that yaml_parse gives back: bare where it is plain for any reader, else in double quotes. */
void yaml_put_scalar(struct buf *out, struct str s);

#endif
