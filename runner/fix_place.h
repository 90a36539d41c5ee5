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
 * Run a script of any length by a shell, as `how` says but for its words and its standard input, where the script finds
 * `input`.  DD_ESTOPPED; that it fails, or is ended otherwise, is for who reads *ret.
 */
int fix_run_script(struct pod *pod, const struct exec_spec *how, struct str script,
	struct str input, struct exec_result *ret, struct dd_err *err) DD_MUST_USE;

#endif
