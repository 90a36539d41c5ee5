/*
 * Where a tree is built and tested by a repair: a pod of the application with the services of its stand-up, and the files that a
 * person supplied where the stand-up had them.
 */
#ifndef RUNNER_FIX_PLACE_H
#define RUNNER_FIX_PLACE_H

#include "runner/fix.h"
#include "runner/live.h"

struct fix_place {
	struct probe_files files;
	struct stack work;
	struct live *live;
};
/* g, with what its tests have beside them, and env are borrowed as long as it is open.  Close it also after an error. */
int fix_place_open(const struct fix_ground *g, const struct strlist *env, struct fix_place *ret,
	struct dd_err *err) DD_MUST_USE;
void fix_place_close(struct fix_place *p);

/* The commands of these phases, each in its directory and ended by `end`. */
void fix_put_phases(const struct command_list *l, enum command_phase from, enum command_phase to,
	const char *end, struct buf *out);

/*
 * A script of any length, which may be too long for a word of a command line: a file for the standard input of a shell whose
 * command is *ret_first (heap).  The script finds the rest of it, the input, there.
 */
int fix_script_file(struct str script, struct str input, int *ret_fd, char **ret_first,
	struct dd_err *err) DD_MUST_USE;

#endif
