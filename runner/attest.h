/*
 * The attestation of a run: attestation.json in its directory says by digest what it left and from what that was made,
 * signed with the key of the state directory where there is one.  It is an in-toto statement v1 with a SLSA provenance v1
 * (slsa.dev/spec/v1.0/provenance) in an envelope (base/sign.h):
 *
 *   subject                      each file of the run but its database and its locks
 *   resolvedDependencies         the source, the base image and the packages
 *   internalParameters.steps     the steps of the journal in order, each with the digest of its result and `chain`, the
 *                                digest of it and of the chain before it
 *   byproducts                   the last of the chain
 *
 * That of a repair, or of a plan's execution, has the commits of its branches as subjects, too ("refs/heads/...", digest gitCommit),
 * the files of its parts with their own attestations, and internalParameters.repair: outcomes, gates of what is kept, cost,
 * models, and the digest of the plan with who approved it.
 *
 * What a browser saw of the run later lies in it, too (ATTEST_SCREENS, ATTEST_CRAWL), each with a statement of its own in
 * its directory: the same without steps, for the run stays what it was attested to be.
 *
 * A bundle has one of its own as its last member: the subjects are its members.
 */
#ifndef RUNNER_ATTEST_H
#define RUNNER_ATTEST_H

#include "base/sign.h"
#include "record/record.h"
#include "runner/run.h"

#define ATTESTATION "attestation.json"
#define ATTEST_SCREENS "screens"     /* of drydock qa shoot and play, below a run */
#define ATTEST_CRAWL "screens/crawl" /* of drydock qa crawl */
#define ATTEST_SCREENS_LOCK "screens.lock"

/* Write that of a run, in the place of an older one. */
int attest_run(const struct state *st, const struct run *run, struct dd_err *err) DD_MUST_USE;

/*
 * Evidence of screens; `place` is one of the two below the run.  begin: what an earlier one left there goes, for the statement
 * is about what one command wrote; *ret_lock keeps others away until it is closed (DD_EBUSY: one is at work).  end: write it.
 */
int attest_begin_evidence(
	const struct run *run, const char *place, int *ret_lock, struct dd_err *err) DD_MUST_USE;
int attest_end_evidence(const struct state *st, const struct run *run, const char *place,
	struct dd_err *err) DD_MUST_USE;

/* Append its text for other subjects: {"name", "digest": {"sha256"}}, borrowed. */
int attest_text(const struct state *st, const struct run *run, json_t *subjects, struct buf *ret,
	struct dd_err *err) DD_MUST_USE;

/* One subject; a new reference. */
json_t *attest_subject(const char *name, const char *sha256);

enum attest_verdict {
	ATTEST_OK,
	ATTEST_CHANGED,
	ATTEST_UNVERIFIED, /* all is as it says, but nobody known signed that, or evidence has no attestation */
};
extern const char *const attest_verdict_names[];

struct attest_problem {
	char *name; /* of a file, or "step KEY" */
	char *what; /* "changed", "missing", ... */
};
RECORD_LIST(attest_problem);

struct attest_check {
	enum attest_verdict verdict;
	char *run; /* id */
	char *key; /* id of the key it names; NULL: it is not signed */
	int64_t files, steps;
	struct attest_problem_list problems; /* what makes it changed */
	struct strlist branches;	     /* "refs/heads/NAME COMMIT" that it is about */
	struct strlist unlisted;	     /* files that are there, of which it says nothing */
	char *note;			     /* what unverified means here; NULL */
};
void attest_check_cleanup(struct attest_check *c);
extern const struct json_field attest_check_fields[];

/*
 * Hold what is in the directory against its attestation; journal: and its steps against the journal (NULL: there is
 * none).  Errors are those of reading; what is not as it should be is a finding.
 */
int attest_verify(int dir_fd, struct journal *journal, const struct sign_keys *known,
	struct attest_check *ret, struct dd_err *err) DD_MUST_USE;

/*
 * Hold the branches that it is about against the repository at dir, which may be gone: one that is at another commit is changed,
 * one that is no longer there is noted.
 */
int attest_verify_branches(const char *dir, struct attest_check *c, struct dd_err *err) DD_MUST_USE;

/* The same of the evidence below a run, added to what is known of the run itself. */
int attest_verify_evidence(int run_fd, const struct sign_keys *known, struct attest_check *c,
	struct dd_err *err) DD_MUST_USE;

/*
 * The same of a bundle, in a worker: nothing of it is believed before.  DD_EINVAL: it is no archive.
 */
int attest_verify_bundle(const struct state *st, const char *path, const struct sign_keys *known,
	struct attest_check *ret, struct dd_err *err) DD_MUST_USE;

/* Body of the worker "verify". */
int attest_worker_main(int argc, char **argv);

#endif
