/* The databases of patterns that were made with drydock (runner/gen/gen_patterns.c), as base/match.h wants them. */
#include "base/embed.h"

EMBED(match_prepared, "patterns.bin");
