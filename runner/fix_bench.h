/*
 * What a model that writes a repair may look at and try: the source as it is now, the map of it, commands and tests in a
 * pod.  Every command runs on a copy of its own that is thrown away, so that done twice it does no more than once.
 */
#ifndef RUNNER_FIX_BENCH_H
#define RUNNER_FIX_BENCH_H

#include "agents/agent.h"
#include "agents/author.h"
#include "graph/graph.h"
#include "runner/fix.h"

#define FIX_TOOLS 6

struct fix_bench { /* borrowed but for the schemas */
	const struct fix_ground *g;
	struct author_reach reach; /* what may be written */
	struct pod *desk;   /* on the tools root; in its work tree the answer's edits are made */
	struct graph *map;  /* of the source before all changes; NULL */
	const json_t *gone; /* paths that were changed since */
	json_t *schemas[FIX_TOOLS];
};
void fix_bench_cleanup(struct fix_bench *b);

void fix_bench_tools(struct fix_bench *b, struct agent_tool ret[FIX_TOOLS]);

/*
 * Make edits in the desk.  DD_EINVAL: refused, the desk is as it was and the message says why and where; *ret_files:
 * [{"path", "created"}], new reference.
 */
int fix_bench_edit(struct pod *desk, const json_t *edits, json_t **ret_files, struct dd_err *err)
	DD_MUST_USE;
/*
 * Lines from..to of a file as they are now, appended.  DD_ENOENT: there is no such file.  ret_digest may be NULL.
 */
int fix_bench_show(struct pod *desk, const char *path, uint64_t from, uint64_t to, struct buf *ret,
	uint64_t *ret_lines, char **ret_digest, struct dd_err *err) DD_MUST_USE;

#endif
