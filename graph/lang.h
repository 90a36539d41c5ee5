/* The languages of the map, and which one a file is in. */
#ifndef GRAPH_LANG_H
#define GRAPH_LANG_H

#include "base/str.h"

enum lang_id {
	LANG_NONE, /* text without a grammar */
	LANG_C,
	LANG_CPP,
	LANG_PYTHON,
	LANG_JAVA,
	LANG_JAVASCRIPT,
	LANG_TYPESCRIPT,
	LANG_TSX,
	LANG_GO,
	LANG_RUST,
	LANG_CSHARP,
	LANG_PHP,
	LANG_RUBY,
	LANG_BASH,
	LANG_END,
};

const char *lang_name(enum lang_id id);

/* By the name and, where that leaves a choice, the text of the file. */
enum lang_id lang_detect(const char *path, struct str text);

/* Is this a function that a test runner of the language would run? */
bool lang_is_test(enum lang_id id, const char *path, struct str name);

#endif
