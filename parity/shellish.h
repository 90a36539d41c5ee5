/* Calls of a program as people write them down: in a shell, in a list of strings of some language. */
#ifndef PARITY_SHELLISH_H
#define PARITY_SHELLISH_H

#include "base/str.h"

struct shellish { /* one command of a line */
	struct strlist words;
	uint64_t quoted; /* bit i: word i was in quotes */
	char *here;	 /* end of the text that follows, of <<WORD; NULL */
	char *to;	 /* of >FILE; NULL */
	char *from;	 /* of <FILE; NULL */
	bool appends;
};
void shellish_cleanup(struct shellish *s);

/* The next command of *rest, a line or what is left of it; false: none is left.  as_list: brackets and commas only part words. */
bool shellish_next(struct str *rest, bool as_list, struct shellish *ret);

#endif
