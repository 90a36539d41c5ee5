/*
 * YAML, as far as people write it in files of settings: mappings with text keys, sequences, and scalars, which
 * are text whatever they look like (an empty plain one and ~ are null).  Since JSON is a part of YAML, it is read,
 * too.  Anchors, aliases and tags are refused, and so are keys that stand twice; size and depth are bounded.  One
 * document.  Never aborts on hostile text.
 */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include "base/json.h"

#define YAML_MAX_BYTES ((size_t)1 << 20)

/* *ret is a new reference; null for an empty document.  DD_EINVAL names the line. */
int yaml_parse(struct str text, json_t **ret, struct dd_err *err) DD_MUST_USE;

/* Append s as a scalar on one line: bare where it stays that text, else in double quotes. */
void yaml_put_scalar(struct buf *out, struct str s);

#endif
