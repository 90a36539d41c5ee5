/*
 * What the counters of a test printed (data/reach.py, data/reach_calls.c, gcov), as facts.  Hostile: outside of tests this runs
 * in the worker "reach".
 */
#ifndef RUNNER_REACH_READ_H
#define RUNNER_REACH_READ_H

#include "base/json.h"

/*
 * {"files": {path below root: {"lines": [from, to, ...], "outside": [from, to, ...], "countable": [from, to, ...]}}, "functions":
 * [[path, line, name], ...], "calls": [[caller, called], ...] as numbers of functions, "lost": bool}.  lines were executed in a
 * function, outside not in one; countable (where asked for) could have been.  A function of line 0 is its file.  lost: not all that ran is there.
 * A new reference.
 */
json_t *reach_read(const char *root, bool countable, struct str printed);

/* Body of the worker "reach": ROOT [countable]. */
int reach_worker_main(int argc, char **argv);

#endif
