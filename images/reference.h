/*
 * Inside the room: the name of an image in a registry,
 * HOST[:PORT]/REPOSITORY[:TAG][@sha256:DIGEST], and who we are there.  No host is assumed: a name
 * without one is refused.
 */
#ifndef IMAGES_REFERENCE_H
#define IMAGES_REFERENCE_H

#include "base/err.h"
#include "base/str.h"

struct reference {
	char *host;	  /* "localhost:5000" */
	char *repository; /* "team/app" */
	char *tag;	  /* NULL when only a digest was given */
	char *digest;	  /* hexadecimal digits, or NULL */
	bool plain;	  /* HTTP without TLS */
};
void reference_cleanup(struct reference *r);

/*
 * "http://" or "https://" may stand before it.  Plain HTTP is for this machine's own loopback and
 * where `plain` allows it.  DD_EINVAL with the reason.
 */
int reference_parse(const char *text, bool plain, struct reference *ret, struct dd_err *err)
	DD_MUST_USE;

struct credentials {
	char *basic;	/* base64 of "user:password"; NULL: none */
	char *identity; /* a refresh token instead; NULL: none */
};
void credentials_cleanup(struct credentials *c);

/*
 * The user's own for this repository, from `file`, or from where docker and podman keep them:
 * $DOCKER_CONFIG/config.json or ~/.docker/config.json, $XDG_RUNTIME_DIR/containers/auth.json,
 * ~/.config/containers/auth.json.  The entry that names most of HOST/REPOSITORY wins; a credential
 * helper (docker-credential-NAME) is asked where one is configured.  None is success.
 */
int credentials_find(const struct reference *ref, const char *file, struct credentials *ret,
	struct dd_err *err) DD_MUST_USE;

/* The proxy the environment names for this host (https_proxy, no_proxy, ...); NULL: none. */
const char *reference_proxy(const struct reference *ref);

#endif
