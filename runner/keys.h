/*
 * The keys of a state directory, that evidence is signed with:
 *
 *   keys/signing.pem      the private key of now, mode 0600
 *   keys/known/ID.pem     the public half of each that ever signed here
 *   keys/lock             held while they change
 *
 * A key is made only when somebody asks for it: what nobody made is signed by nobody.
 */
#ifndef RUNNER_KEYS_H
#define RUNNER_KEYS_H

#include "base/sign.h"
#include "sandbox/sandbox.h"

/* Make the first key, or with rotate a new one in its place.  DD_EEXIST, DD_ENOENT: there is one, there is none. */
int keys_make(const struct state *st, bool rotate, struct sign_key **ret, struct dd_err *err)
	DD_MUST_USE;

/* *ret: the signing key, NULL when there is none. */
int keys_signing(const struct state *st, struct sign_key **ret, struct dd_err *err) DD_MUST_USE;

/* Append the public half of every key that signs or signed here. */
int keys_known(const struct state *st, struct sign_keys *ret, struct dd_err *err) DD_MUST_USE;

/* Append the key of the file; the message names it. */
int keys_load(const char *path, struct sign_keys *ret, struct dd_err *err) DD_MUST_USE;

#endif
