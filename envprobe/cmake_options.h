/*
 * Inside the detectors: what of a CMake project its options leave out as they are.  What only such a part looks for is no need.
 */
#ifndef ENVPROBE_CMAKE_OPTIONS_H
#define ENVPROBE_CMAKE_OPTIONS_H

#include "base/map.h"
#include "envprobe/scan.h"
#include "envprobe/tree.h"

struct cmake_options {
	struct map off; /* by default; those about tests are not among them */
	struct map set; /* by something else than who configures */
	struct map
		added; /* directories, with their slash, that are added whatever the options are */
	struct map spared; /* those that are added under one that is off */
	bool unclear;	   /* one is added whose name stands in a variable: it may be any of them */
	const char *dir;   /* of the project, borrowed */
};

/* Of all CMakeLists.txt below dir. */
void cmake_options_read(const struct tree *t, const char *dir, struct cmake_options *ret);
void cmake_options_cleanup(struct cmake_options *o);

/* Does the file lie in a directory that is left out? */
bool cmake_options_leave_out(const struct cmake_options *o, const char *path);

/* Where the calls of a file are, zeroed at its beginning. */
struct cmake_place {
	int depth;     /* of if() */
	int dead;      /* what is in the branch of that depth is left out; 0: nothing is */
	int sure;      /* the branch of that depth is taken; 0 */
	int functions; /* that the calls are the bodies of */
	bool ended;    /* by return() */
};

/* The next call of the file: is it carried out, as far as the options tell? */
bool cmake_place_is_live(
	struct cmake_place *at, const struct cmake_options *o, const struct scan_call *c);

#endif
