/*
 * Servers that keep repositories and take requests to pull a branch: GitHub (REST, version 2022-11-28, its Enterprise Server
 * too) and GitLab (REST v4).  One is asked with a token that is in one header, goes to the origin of the API's base URL and
 * nowhere else, and is in no message; redirects are not followed, and a list's next page is asked for at the same origin
 * alone.  What a server says is bounded and hostile.
 *
 * A request is looked for by the branch it is for before one is opened, and after one whose opening was not answered.
 * Nothing is merged, closed or reopened.
 */
#ifndef RUNNER_FORGE_H
#define RUNNER_FORGE_H

#include "base/http.h"
#include "base/json.h"
#include "runner/push.h"

enum forge_kind { FORGE_GITHUB, FORGE_GITLAB, FORGE_KINDS };
extern const char *const forge_kind_names[]; /* "github", "gitlab" */

struct forge_at {
	enum forge_kind kind;
	char *api;    /* base URL, without a slash at its end */
	char *host;   /* whose repositories they are, which the token may be sent to */
	char *source; /* repository that has the branch: "owner/name", "group/.../name" */
	char *target; /* where the request is opened; often the same */
};
void forge_at_cleanup(struct forge_at *a);

struct forge_wish {		/* of the user; any may be NULL */
	const char *api, *kind; /* where the remote's host does not say it */
	const char *repo;	/* the target */
};
/*
 * Derive it from a remote.  Only the two public hosts are known by name: which other host may see a token is for the user
 * to say, and not for the configuration of a repository.  DD_EINVAL: more has to be said; the message says what.
 */
int forge_locate(const struct push_to *remote, const struct forge_wish *wish, struct forge_at *ret,
	struct dd_err *err) DD_MUST_USE;

/*
 * The token: from the environment (GITHUB_TOKEN or GH_TOKEN; GITLAB_TOKEN) or what a command prints.  Heap, for key_wipe.
 * DD_EINVAL: there is none.
 */
int forge_token(enum forge_kind kind, const char *command, char **ret, struct dd_err *err)
	DD_MUST_USE;
/* "user:token", as git wants it there; heap, for key_wipe. */
char *forge_login(enum forge_kind kind, const char *token);

enum forge_state { FORGE_NONE, FORGE_OPEN, FORGE_MERGED, FORGE_CLOSED };
extern const char *const forge_state_names[]; /* "none", "open", "merged", "closed" */

struct forge_request {
	enum forge_state state;
	int64_t number;
	char *url, *body;
	char *base; /* the branch it is to be pulled into */
	bool draft;
};
void forge_request_cleanup(struct forge_request *r);

struct forge_draft { /* borrowed */
	const char *branch, *base, *title, *body;
	bool ready; /* no draft */
};

struct forge;
/* at and token are borrowed.  time_ms: of one request. */
int forge_open(const struct forge_at *at, const char *token, int time_ms, struct forge **ret,
	struct dd_err *err) DD_MUST_USE;
void forge_close(struct forge *f); /* NULL is fine */

/* The repositories, which must be there, and the branch that is pulled into by default; borrowed. */
int forge_look(struct forge *f, const char **ret_base, struct dd_err *err) DD_MUST_USE;
/* The request for a branch: the open one, else the newest; FORGE_NONE where there is none. */
int forge_find(struct forge *f, const char *branch, struct forge_request *ret, struct dd_err *err)
	DD_MUST_USE;
/* Open one.  DD_EEXIST: there is one already; DD_EIO: it is not known whether it was opened, or it was refused. */
int forge_create(struct forge *f, const struct forge_draft *d, struct forge_request *ret,
	struct dd_err *err) DD_MUST_USE;
/* Give an open one another text. */
int forge_update(struct forge *f, const struct forge_request *r, const char *body,
	struct dd_err *err) DD_MUST_USE;

/* ---- between forge.c and its kinds ---- */

struct forge_ops {
	int (*look)(struct forge *f, struct dd_err *err);
	/* Path and query of the list; whether one of its entries is for the branch, and which it is. */
	char *(*list_path)(const struct forge *f, const char *branch);
	bool (*take)(const struct forge *f, const json_t *one, const char *branch,
		struct forge_request *ret);
	char *(*create_path)(const struct forge *f);
	json_t *(*create_body)(const struct forge *f, const struct forge_draft *d);
	bool (*exists)(int status, const char *said);
	char *(*update_path)(const struct forge *f, const struct forge_request *r);
	json_t *(*update_body)(const char *body);
	enum http_method update_method;
	const char *const *headers;
	const char *secret; /* name and beginning of the header with the token */
	const char *needs;  /* what a token must be allowed */
};
extern const struct forge_ops forge_github, forge_gitlab;

struct forge {
	const struct forge_at *at;
	const struct forge_ops *ops;
	struct http *http;
	const char *token;
	char *secret_header;
	char *base;		      /* default branch of the target */
	int64_t source_id, target_id; /* of GitLab's projects */
};

/* GET a path below the API's base: the answer must be a JSON value. */
int forge_get(struct forge *f, const char *path, json_t **ret, struct dd_err *err) DD_MUST_USE;

#endif
