/*
 * The members of a workspace that run beside another one (run_options.peers), or all of them: each as its own run left it, in
 * a pod of its own, all in one network, where their names lead to this machine.  One is ready before the next is started.
 */
#ifndef RUNNER_BESIDE_H
#define RUNNER_BESIDE_H

#include "qa/qa.h"
#include "runner/revive.h"

struct beside_member {
	char *name;
	struct run run;
	struct revived *it;
};
struct beside {
	struct beside_member **v;
	size_t n, cap;
};

/*
 * part: a member, whose peers are opened (none is no error), or the run of the workspace with the names of all.  The members
 * are stood up already.  answers: a file to use instead of theirs; NULL.  Errors as of revive, with the member's name before
 * them; what was opened is closed.  *ret_theirs (may be NULL) is written with an error: as revive_spec has it.
 */
int beside_open(const struct state *st, const struct run *part, const char *answers,
	struct beside *ret, bool *ret_theirs, struct dd_err *err) DD_MUST_USE;
void beside_close(struct beside *b);

/* Whose network they are in: for pod_spec.network_of.  NULL: there is none of them. */
struct pod *beside_network(const struct beside *b);

/*
 * Run the tests of a part in the network of its peers, which live as long as that: spec->network_of is set.  One that does not
 * run is a case that failed, and no test is run.
 */
int beside_run_tests(const struct run *part, struct qa_spec *spec, struct test_run *ret,
	enum exec_cause *ret_cause, struct dd_err *err) DD_MUST_USE;

#endif
