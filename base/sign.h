/*
 * Signatures: Ed25519 (RFC 8032, through OpenSSL's EVP), and the envelope in which something signed travels, DSSE v1
 * (secure-systems-lab/dsse, protocol.md): what is signed is the type and the bytes of the payload, never a parsed form
 * of it.
 */
#ifndef BASE_SIGN_H
#define BASE_SIGN_H

#include "base/json.h"

struct sign_key; /* with or without its private half */
struct sign_keys {
	struct sign_key **v;
	size_t n, cap;
};
void sign_keys_cleanup(struct sign_keys *l);
void sign_keys_add(struct sign_keys *l, struct sign_key *k); /* takes it */

struct sign_key *sign_key_create(void);	   /* a new pair */
void sign_key_destroy(struct sign_key *k); /* NULL is fine */

/* PEM, PKCS #8 or SubjectPublicKeyInfo.  DD_EINVAL: it is neither, has a passphrase, or is no Ed25519. */
int sign_key_parse(struct str pem, struct sign_key **ret, struct dd_err *err) DD_MUST_USE;

/* SHA-256 of the 32 bytes of the public half, in hexadecimal; borrowed. */
const char *sign_key_id(const struct sign_key *k);

/* Append as PEM.  The private one needs the private half; which the caller wipes, explicit_bzero(3). */
void sign_key_put_public(const struct sign_key *k, struct buf *ret);
void sign_key_put_private(const struct sign_key *k, struct buf *ret);

/* An envelope around the payload; k NULL: without a signature.  A new reference. */
json_t *sign_envelope(struct str payload, const char *type, const struct sign_key *k);

enum sign_state {
	SIGN_NONE,    /* nobody signed */
	SIGN_UNKNOWN, /* signed, with none of the known keys */
	SIGN_GOOD,
	SIGN_BAD, /* it names a known key, which did not sign this */
};

/*
 * Take an envelope apart: the payload is appended, whatever its state is.  *ret_id (heap) is the key it names, NULL when
 * it names none.  DD_EINVAL: it is no envelope around a payload of that type.
 */
int sign_open_envelope(const json_t *envelope, const char *type, const struct sign_keys *known,
	enum sign_state *ret_state, char **ret_id, struct buf *ret_payload, struct dd_err *err)
	DD_MUST_USE;

#endif
