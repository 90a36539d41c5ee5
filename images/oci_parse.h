/* Inside the worker: reading the documents of an image.  Never called outside of it. */
#ifndef IMAGES_OCI_PARSE_H
#define IMAGES_OCI_PARSE_H

#include "images/oci.h"

/*
 * Index, manifest or manifest.json.  Of several images the one of `platform` ("linux/amd64") and,
 * if it is not NULL, of the name `ref`.  DD_ENOENT: there is none, the message says what there is;
 * DD_EINVAL: several; DD_ECORRUPT; DD_EUNSUPPORTED: an artefact that is no image, a kind of layer
 * or digest that is not known.
 */
int oci_parse_document(struct str text, const char *platform, const char *ref,
	struct oci_document *ret, struct dd_err *err) DD_MUST_USE;

int oci_parse_config(struct str text, struct oci_config *ret, struct dd_err *err) DD_MUST_USE;

/*
 * The configuration of an image whose layers have these diff ids: `text` with its list of them
 * replaced, or, when it is empty, a new one for `platform`.
 */
int oci_compose_config(struct str text, const char *platform, char *const *diff_ids,
	struct buf *out, struct dd_err *err) DD_MUST_USE;

/* "token" or "access_token" of the answer of an authorization service; heap. */
int oci_parse_token(struct str text, char **ret, struct dd_err *err) DD_MUST_USE;

/* A word for the suite an os-release(5) names: "bookworm", "alpine-3.19"; heap, never NULL. */
char *oci_parse_release(struct str text);

#endif
