/*
 * Shared libraries that are loaded when they are first used: most commands and workers use none of them, and each start would
 * load, relocate and initialise all.  What uses them does not know; what the linker finds in their place is made by
 * tools/lazy.sh (docs/decisions/0070-lazy-libraries.md).
 */
#ifndef BASE_LAZY_H
#define BASE_LAZY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lazy_library { /* as tools/lazy.sh writes it */
	const char *soname, *names;
	const uint32_t *offsets; /* of names */
	void **slots;		 /* through which functions are called; one each */
	void *handle;		 /* NULL: not loaded yet */
};

/*
 * The address of the library's function of that number, which is in its slot from now on.  Loads the library where it is not;
 * where it cannot be, the process ends with a message, as the loader of programs would have ended it.  Any thread may call.
 */
void *lazy_function(struct lazy_library *l, size_t number);

/*
 * Load the program's library of that number, from 0, without calling it.  False: there is none of it.  *ret_why (owned): why
 * it cannot be loaded; NULL: it can.
 */
bool lazy_try(size_t number, const char **ret_soname, char **ret_why);

#endif
