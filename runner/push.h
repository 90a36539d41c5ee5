/*
 * The branch of a run goes to another repository: over HTTP with a token, over ssh with whatever the user's own ssh is set up
 * with, or into a repository of this machine.  Nothing is forced, and no other reference is touched: the branch is made,
 * or moved from a commit that the same run put there.  What is sent was packed by a worker that reads the repository; the
 * other side's hooks are its own matter, and in a repository of this machine none runs.
 *
 * A token goes to the host it is for and to no other, over TLS or on this machine, in one header; redirects are refused.
 */
#ifndef RUNNER_PUSH_H
#define RUNNER_PUSH_H

#include "base/git_push.h"
#include "sandbox/sandbox.h"

enum push_how { PUSH_HTTP, PUSH_SSH, PUSH_PATH };
struct push_to {
	enum push_how how;
	char *url;	    /* without credentials, fit for messages; the path of PUSH_PATH */
	char *host, *path;  /* "/owner/name.git"; host NULL for PUSH_PATH */
	char *login, *port; /* of PUSH_SSH: "user@host"; port NULL: its own */
};
void push_to_cleanup(struct push_to *t);

/* A URL, "user@host:path" or a path (relative ones to dir).  DD_EINVAL: it is none that is pushed to. */
int push_parse(const char *remote, const char *dir, struct push_to *ret, struct dd_err *err)
	DD_MUST_USE;

/* May a token be sent to this URL: is it encrypted, or on this machine? */
bool push_is_private(const char *url);

struct push_spec { /* borrowed */
	const struct state *state;
	const char *dir; /* the repository of the source */
	const struct push_to *to;
	const char *login;	       /* "user:token" for PUSH_HTTP; NULL: none */
	const char *branch, *commit;   /* without "refs/heads/" */
	const struct strlist *earlier; /* commits where the same run left the branch before */
	const char *scratch;	       /* a directory that is made for the time */
	int time_ms;		       /* of one request */
};
/* What references are there. */
int push_look(const struct push_spec *s, struct git_push_refs *ret, struct dd_err *err) DD_MUST_USE;
/*
 * Put the branch there; *ret_done: false where it was there already.  DD_EBUSY: it is at a commit that the run did not make,
 * or the other side refuses, as it does when somebody was quicker.
 */
int push_branch(const struct push_spec *s, const struct git_push_refs *there, bool *ret_done,
	struct dd_err *err) DD_MUST_USE;

#endif
