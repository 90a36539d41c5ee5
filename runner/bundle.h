/*
 * A bundle: one tar archive with all that a replay needs on another machine without a network.
 *
 *   bundle.json   {"version": 1, "run": ID}
 *   recipe/       the files of the recipe
 *   evidence/     all else that the run left: how each test ended, logs, report
 *   image.tar     the base image, an OCI layout
 *   objects/HEX   each archive of the recipe, by SHA-256
 *   attestation.json   all of that by digest (runner/attest.h)
 *
 * The same run and the same key give the same bytes.  What is not as the run attested it is bundled by nobody.  On the way in all of it is hostile: it is unpacked by the
 * worker that unpacks sources, what is taken from it are regular files at the names above, the
 * recipe is read by a worker, each object is held against its name, and the image is imported like
 * one from anywhere, under a name made of its own digest.
 */
#ifndef RUNNER_BUNDLE_H
#define RUNNER_BUNDLE_H

#include "runner/run.h"
#include "sandbox/sandbox.h"

/* path "-": standard output.  DD_EINVAL: the run has no recipe, or something of it is not here any more. */
int bundle_write(const struct state *st, const struct run *run, const char *path,
	struct dd_err *err) DD_MUST_USE;

/* Does the file begin as a tar archive does? */
bool bundle_is(const char *path);

/*
 * Bring what is in the bundle of run->options into the store, leased to the run, and set recipe and
 * image of run->options: one journalled step.  DD_EINVAL: it is no bundle, or not a whole one.
 */
int bundle_take(const struct state *st, struct run *run, const char *log, struct dd_err *err)
	DD_MUST_USE;

/* Body of the worker "recipe": a lock file on standard input, the same as drydock writes it on standard output. */
int bundle_recipe_worker_main(int argc, char **argv);

#endif
