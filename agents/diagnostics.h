/* Inside the room: what gcc says in JSON (-fdiagnostics-format=json, the C locale), as far as the fixer needs it. */
#ifndef AGENTS_DIAGNOSTICS_H
#define AGENTS_DIAGNOSTICS_H

#include "base/str.h"

struct diagnostic { /* an error; heap strings */
	char *file; /* as the compiler names it */
	char *message;
	uint64_t line, column; /* bytes, from 1 */
	uint64_t first;	       /* column of the expression, where it is on that line; 0: not told */
	char *note;	       /* that says what was expected; NULL */
	struct strlist headers; /* that the compiler says declare it: "string.h" */
};
struct diagnostic_list {
	struct diagnostic *v;
	size_t n, cap;
};
void diagnostic_list_cleanup(struct diagnostic_list *l);

/* Each place and message once, in the order they were told; hints of what is no error belong to the one before. */
void diagnostics_parse(struct str output, struct diagnostic_list *ret);

/* What stands in the n-th pair of quotes of a message; empty. */
struct str diagnostic_quoted(const struct diagnostic *d, size_t n);

#endif
