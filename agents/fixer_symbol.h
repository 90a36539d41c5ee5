/* Inside the room: symbols of objects by the names that source has for them, which headers of the C library change. */
#ifndef AGENTS_FIXER_SYMBOL_H
#define AGENTS_FIXER_SYMBOL_H

#include "base/str.h"

/* "__isoc99_sscanf" is "sscanf"; a part of s or of constant text.  Empty: it is the compiler's own. */
struct str fixer_symbol_name(struct str s);

#endif
