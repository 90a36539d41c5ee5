/*
 * An agent for one task: a prompt made of the task, its requirements and rules, and of a pack of context cut to the
 * model's effective window; at most eight tools; a loop of calls and results that ends with an answer or says why not.
 *
 * What tools and packs give is the target's text: data, between marks that hold a nonce the target cannot know.
 * Which tools there are is decided before the first call, and nothing that is read changes it.  Arguments are checked
 * against their schema first; an error goes back in words.
 *
 * When the conversation outgrows the effective window, results leave it, oldest first, and their place says so.
 *
 * Calls are keyed by the agent's name (agents/calls.h), results of tools are journalled like calls: a resumed run
 * takes those that are there.  A tool that was begun and not ended runs again only if it is `repeatable`.
 */
#ifndef AGENTS_AGENT_H
#define AGENTS_AGENT_H

#include "agents/calls.h"

#define AGENT_TOOLS_MAX 8

struct agent_tool {
	const char *name, *description;
	json_t *schema; /* of an object; borrowed */
	/*
	 * Run it with arguments that fit; a member that is null is not there.  What is in `out`, of at most its bound, is the result; on a failure the message
	 * of err, and only DD_ESTOPPED ends the agent.
	 */
	int (*run)(void *ctx, const json_t *args, struct buf *out, struct dd_err *err);
	void *ctx;
	bool repeatable; /* done twice it does no more than once */
};

struct agent_task {	  /* borrowed */
	const char *name; /* unique in its run: "fix/3/write" */
	const char *role; /* who it is to be, a sentence; NULL */
	const char *goal;
	const struct strlist *requirements, *rules; /* verbatim in the prompt; may be NULL */
	const struct agent_tool *tools;
	size_t ntools;
	/*
	 * Append what of the source belongs to the task, at most so many bytes, and say what it is of: [{path, sha256, from,
	 * to}].  NULL: nothing.
	 */
	int (*pack)(
		void *ctx, size_t bytes, struct buf *out, json_t **ret_files, struct dd_err *err);
	/* Is this the answer?  What is appended to why goes back to the model, twice at most.  NULL: any is. */
	void (*check)(void *ctx, const char *answer, struct buf *why);
	void *ctx;
	json_t *format; /* JSON Schema of the answer; NULL: text */
	enum chat_effort effort;
	int64_t max_output; /* tokens an answer; 0: the model's */
	int64_t max_turns;  /* 0: 30 */
	const char *parent; /* span */
	const struct provider_watch *watch;
	enum call_failure
		*failure; /* why a call gave no answer, when that is why agent_run fails; NULL */
};

enum agent_end {
	AGENT_ANSWERED,
	AGENT_UNACCEPTED, /* it answered, and check would not have it */
	AGENT_TURNS,	  /* max_turns are over */
	AGENT_CUT,	  /* the answer did not fit into max_output or the window */
	AGENT_REFUSED,
};
extern const char *const agent_end_names[];

struct agent_result {
	enum agent_end end;
	char *text; /* the last answer; may be empty */
	char *why;  /* of an end that is none; NULL */
	int64_t turns, calls, wrong_calls, dropped;
};
void agent_result_cleanup(struct agent_result *r);

/*
 * DD_EINVAL: more than eight tools, or a task that does not fit into the model's window; else what calls_chat gives.
 */
int agent_run(struct calls *c, const struct model *m, const struct agent_task *t,
	struct agent_result *ret, struct dd_err *err) DD_MUST_USE;

#endif
