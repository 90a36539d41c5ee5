/*
 * Pushing, as git's own protocol has it (gitprotocol-pack(5), gitprotocol-http(5)): what a server says of its references,
 * what it is told, and what it answers.  Only text is read and made here; who carries it, and with which credentials,
 * is the caller's matter.  The pack comes from gitrepo_pack, in a sandboxed worker.
 *
 * And what is read of a user's repository for it: the URL of a remote from its own configuration file, in which neither
 * includes nor url.*.insteadOf are followed, and the commit a branch is at.
 */
#ifndef BASE_GIT_PUSH_H
#define BASE_GIT_PUSH_H

#include "base/err.h"
#include "base/str.h"

struct git_push_ref {
	char *name;	 /* "refs/heads/main"; ".have": an object that is there */
	char commit[41]; /* hexadecimal */
};
struct git_push_refs {
	struct git_push_ref *v;
	size_t n, cap;
	bool reports; /* it can say what became of a push */
};
void git_push_refs_cleanup(struct git_push_refs *l);

/*
 * Take what git-receive-pack(1) says first, with or without the line that names the service, from *rest.
 * DD_ECORRUPT: it is something else; DD_EUNSUPPORTED: SHA-256; DD_EIO: it says an error, which is in the message.
 */
int git_push_take_refs(struct str *rest, struct git_push_refs *ret, struct dd_err *err) DD_MUST_USE;
/* The commit of a reference; NULL: it is not there. */
const char *git_push_find(const struct git_push_refs *l, const char *name);

/* The command that puts a reference at `to`, where it is at `from` (NULL: not there); the pack comes behind it. */
void git_push_put_command(const char *ref, const char *from, const char *to, struct buf *out);
/* What it made of it.  DD_EBUSY: it refuses, and the message says why; DD_ECORRUPT: it does not say that it did. */
int git_push_take_report(struct str *rest, const char *ref, struct dd_err *err) DD_MUST_USE;

/* Where the repository at dir pushes a remote of that name to; heap.  DD_ENOENT: it has none; as gitrepo_git_dir. */
int gitrepo_remote_url(const char *dir, const char *name, char **ret, struct dd_err *err)
	DD_MUST_USE;

struct gitrepo_object_list;
/* The references of the repository at dir, which is another one of this machine: branches and tags. */
int gitrepo_list_refs(const char *dir, struct git_push_refs *ret, struct dd_err *err) DD_MUST_USE;

struct gitrepo_pack_spec {
	const char *commit;	   /* hexadecimal */
	const char *from;	   /* which `commit` must descend from; NULL */
	const struct strlist *has; /* commits the other side has; unknown ones are no matter */
};
/*
 * What of `commit` the other side lacks, out of the repository at dir, which is thrown away later: as a pack, or (objects not NULL) one by one, the commit
 * last.  Parses objects.  DD_EBUSY: commit does not descend from `from`; DD_ENOENT: it is not there.
 */
int gitrepo_pack(const char *dir, const struct gitrepo_pack_spec *spec, struct buf *pack,
	struct gitrepo_object_list *objects, struct dd_err *err) DD_MUST_USE;

#endif
