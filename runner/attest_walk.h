/* What both sides of an attestation agree on: its types, which files it is about, and how steps are chained. */
#ifndef RUNNER_ATTEST_WALK_H
#define RUNNER_ATTEST_WALK_H

#include "base/hash.h"

#define ATTEST_PAYLOAD "application/vnd.in-toto+json"
#define ATTEST_STATEMENT "https://in-toto.io/Statement/v1"
#define ATTEST_PREDICATE "https://slsa.dev/provenance/v1"
#define ATTEST_BUILD_TYPE "urn:drydock:run:1"
#define ATTEST_FIX_TYPE "urn:drydock:fix:1"
#define ATTEST_WORK_TYPE "urn:drydock:work:1"
#define ATTEST_SCREENS_TYPE "urn:drydock:screens:1"
#define ATTEST_BUILDER "urn:drydock:local"

/*
 * Call fn for each regular file below the directory that an attestation is about, in byte order of the names; name is
 * relative to it.  Links are not followed and are no files.  What cannot be read is DD_EIO, or, where findings are asked
 * for, has the digest "".
 */
int attest_walk(int dir_fd, bool find,
	int (*fn)(void *ctx, const char *name, const struct hash_hex *digest), void *ctx,
	struct dd_err *err) DD_MUST_USE;

/* The chain after a step; before the first it is "". */
struct hash_hex attest_chain(const char *before, const char *step, const char *started,
	const char *ended, const char *result);

#endif
