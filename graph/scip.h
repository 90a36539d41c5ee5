/*
 * SCIP, the index format of compilers and language servers (scip.proto of github.com/sourcegraph/scip): documents, each
 * with occurrences of symbols, which are strings.  Here are the numbers of its fields and the grammar of symbols.
 */
#ifndef GRAPH_SCIP_H
#define GRAPH_SCIP_H

#include "base/str.h"

enum scip_index { SCIP_METADATA = 1, SCIP_DOCUMENTS = 2 };
enum scip_metadata { SCIP_TOOL_INFO = 2, SCIP_PROJECT_ROOT = 3, SCIP_TEXT_ENCODING = 4 };
enum scip_tool { SCIP_TOOL_NAME = 1, SCIP_TOOL_VERSION = 2 };
enum scip_document {
	SCIP_PATH = 1,
	SCIP_OCCURRENCES = 2,
	SCIP_SYMBOLS = 3,
	SCIP_LANGUAGE = 4,
	SCIP_POSITION_ENCODING = 6,
};
enum scip_occurrence {
	SCIP_RANGE = 1,
	SCIP_OF_SYMBOL = 2,
	SCIP_ROLES = 3,
	SCIP_ENCLOSING_RANGE = 7,
};
enum scip_role { SCIP_DEFINITION = 1, SCIP_WRITE = 4, SCIP_FORWARD_DEFINITION = 64 };
enum scip_symbol {
	SCIP_SYMBOL = 1,
	SCIP_RELATIONSHIPS = 4,
	SCIP_KIND = 5,
	SCIP_DISPLAY_NAME = 6,
};
enum scip_relationship { SCIP_RELATED = 1, SCIP_IS_IMPLEMENTATION = 3 };
#define SCIP_UTF8 1 /* of texts; of positions: bytes from the beginning of the line */

/* What the last descriptor of a symbol says. */
struct scip_name {
	struct str name;  /* without the backquotes; a doubled one inside stays doubled */
	struct str owner; /* the symbol that it is in: the same string up to the name */
	char suffix; /* '/', '#', '.', ':', '!', 'm' a method, 'p' a parameter, 't' a type's parameter */
};
/* False: it is none, or one of a document alone ("local 3"). */
bool scip_parse_symbol(struct str symbol, struct scip_name *ret);

#endif
