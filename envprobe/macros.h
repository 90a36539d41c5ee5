/*
 * Inside the detectors: which macros of C the build of a tree may set.  A header that only an option includes which nothing
 * can switch on is no need.
 */
#ifndef ENVPROBE_MACROS_H
#define ENVPROBE_MACROS_H

#include "base/map.h"
#include "envprobe/tree.h"

/*
 * The macro of a feature without which a directive's condition does not hold, "HAVE_X" of "#if defined(HAVE_X) && Y", heap;
 * NULL: it has none.  Features are named by convention: HAVE_, WITH_, USE_, ENABLE_.
 */
char *macros_condition(struct str directive, struct str rest);

struct macros {
	bool read, too_much;
	struct map named; /* by something that is no condition of C */
	struct map told;  /* words of what may be a build file, in capitals */
};
void macros_cleanup(struct macros *m);

/*
 * May it be set?  Yes, if any file names it elsewhere than in a condition of C, or if a build file names what such a macro is made
 * of: "openssl/md5.h" gives HAVE_OPENSSL_MD5_H, "ssl" HAVE_LIBSSL.  The tree is read when it is asked first.
 */
bool macros_may_be_set(struct macros *m, const struct tree *t, const char *name);

#endif
