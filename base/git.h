/*
 * Git repositories (libgit2's only home; the prefix is gitrepo_ because git_ is libgit2's own).
 *
 * Everything in a repository is hostile: its configuration, attributes, names and objects.  libgit2
 * runs no hook, filter driver or helper program; no configuration but that of the repository itself
 * is read, and what is cloned gets a fresh one.  Attributes change nothing: files are checked out
 * byte for byte.  Sizes and counts are bounded before anything is written to the work tree, and
 * trees with names that no honest repository has are refused.
 *
 * This code parses the target's bytes: outside of tests it runs in a sandboxed worker.  libgit2 has
 * no time limit for its connections; the worker has.  Its settings are global to the process (no
 * system or user configuration, no check who owns a repository: the sandbox's users differ).
 *
 * Spoken: http:// (smart; the broker does TLS and credentials), git://, and local paths.  libgit2
 * 1.5 cannot make shallow clones nor clone from one, and knows SHA-1 repositories only.
 */
#ifndef BASE_GIT_H
#define BASE_GIT_H

#include "base/hash.h"

struct gitrepo_clone_opts {
	/*
	 * A branch, a tag, a whole name such as "refs/heads/x", or (at least 7 digits of) a commit
	 * that a branch or tag leads to.  NULL: what HEAD names there.
	 */
	const char *ref;
	bool unnamed; /* messages do not begin with the URL: the caller's user knows another */
	/* Bounds; 0 takes the default. */
	uint64_t max_bytes;   /* received, and again of the files checked out; default 8 GiB */
	uint64_t max_objects; /* received; default 20,000,000 */
	uint64_t max_files;   /* files and directories checked out; default 1,000,000 */
};

struct gitrepo_submodule {
	char *path;   /* in the work tree, where it is an empty directory now */
	char *url;    /* as .gitmodules says, unchecked; NULL when it does not say */
	char *commit; /* hexadecimal */
};

struct gitrepo_clone_result {
	char *commit;			      /* what is checked out, hexadecimal */
	char *branch;			      /* its local branch; NULL: HEAD is detached there */
	struct gitrepo_submodule *submodules; /* not fetched */
	size_t nsubmodules, submodules_cap;
	uint64_t received_bytes; /* 0 from a local path */
	uint64_t files, bytes;	 /* checked out */
};
void gitrepo_clone_result_cleanup(struct gitrepo_clone_result *r);

/*
 * Clone into dest, a directory that is empty or does not exist yet: the history of the ref, the
 * tags that point into it (builds take their version from them), its files.  opts may be NULL; *ret
 * is written on success.  After an error the caller throws dest away. DD_ENOENT: there is no
 * repository, it is empty, or has no such ref; DD_EINVAL: the URL is of no kind we speak, or the
 * tree is refused; DD_ELIMIT: a bound; DD_EUNSUPPORTED: a shallow clone, SHA-256 and other formats;
 * DD_ECORRUPT; DD_EIO: network or disk.
 */
int gitrepo_clone(const char *url, const char *dest, const struct gitrepo_clone_opts *opts,
	struct gitrepo_clone_result *ret, struct dd_err *err) DD_MUST_USE;

struct gitrepo_head {
	char *commit; /* hexadecimal */
	char *branch; /* "main"; NULL when detached */
};
void gitrepo_head_cleanup(struct gitrepo_head *h);

/*
 * HEAD of the repository whose work tree or git directory is exactly dir (parents are not
 * searched).  Nothing but HEAD and configuration is read.  DD_ENOENT: no repository, or no commit
 * yet.
 */
int gitrepo_read_head(const char *dir, struct gitrepo_head *ret, struct dd_err *err) DD_MUST_USE;

/*
 * One digest of the history a build can see there: HEAD, and all branches, tags and other references with what they
 * name.  Objects are not read: their names are digests.  DD_ENOENT: no repository.
 */
int gitrepo_refs_digest(const char *dir, struct hash_hex *ret, struct dd_err *err) DD_MUST_USE;

#endif
