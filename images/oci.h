/*
 * Inside the room: what the documents of a container image say, as the worker that read them tells
 * it. Formats: OCI image specification 1.1 (index, manifest, configuration, layout), docker's
 * schema 2 of the same, and the manifest.json of `docker save`.
 *
 * Both sides use these structs and tables: the worker encodes what it found in hostile text,
 * drydock decodes it.  Digests are the 64 hexadecimal digits; only SHA-256 is known.
 */
#ifndef IMAGES_OCI_H
#define IMAGES_OCI_H

#include "base/json.h"

#define OCI_WORKER "image" /* its name: drydock-core worker image WHAT ... */
#define OCI_MAX_DOCUMENT ((size_t)4 << 20)
#define OCI_MAX_LAYERS 48 /* of an image; a pod stacks its own on top */

#define OCI_TYPE_INDEX "application/vnd.oci.image.index.v1+json"
#define OCI_TYPE_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define OCI_TYPE_CONFIG "application/vnd.oci.image.config.v1+json"
#define OCI_TYPE_LAYER "application/vnd.oci.image.layer.v1.tar"
#define DOCKER_TYPE_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define DOCKER_TYPE_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define DOCKER_TYPE_CONFIG "application/vnd.docker.container.image.v1+json"
#define DOCKER_TYPE_LAYER "application/vnd.docker.image.rootfs.diff.tar"

struct oci_blob {
	char *digest; /* NULL in an archive of `docker save` */
	char *path;   /* there: its name in the archive */
	char *media_type;
	int64_t size; /* bytes; 0: unknown */
};
extern const struct json_field oci_blob_fields[];

enum oci_kind {
	OCI_INDEX,    /* `chosen` is to be read next */
	OCI_MANIFEST, /* of an image: `config` and `layers` */
	OCI_SAVED,    /* manifest.json of `docker save`: the same, by path */
};

struct oci_document {
	int kind; /* enum oci_kind */
	struct oci_blob chosen, config;
	struct json_array_of layers; /* struct oci_blob, lowest first */
};
extern const struct json_field oci_document_fields[];
void oci_document_cleanup(struct oci_document *d);

struct oci_config {
	char *os, *architecture;
	struct strlist diff_ids;
	struct strlist env; /* "NAME=VALUE" */
};
extern const struct json_field oci_config_fields[];
void oci_config_cleanup(struct oci_config *c);

/* What the worker is to do with a layer: the argument of `unpack` and `pack`. */
struct oci_layer_order {
	char *blob_digest, *diff_id; /* NULL: not known */
	int64_t blob_bytes;	     /* 0: not known */
	bool give_owners;
	bool skip_special;
	int64_t max_bytes, max_entries;
	int64_t lowers;	   /* how many layers are below */
	char *compression; /* pack: "gzip", "zstd" or "none" */
	bool has_manifest; /* pack */
	bool has_owners;   /* pack */
};
extern const struct json_field oci_layer_order_fields[];

/* What came of it. */
struct oci_layer_report {
	char *blob_digest, *diff_id;
	char *content_digest; /* of its manifest (base/manifest.h) */
	int64_t blob_bytes, bytes;
	int64_t entries;
	int64_t skipped;
	int64_t aside; /* set-id bits and attributes that are in the manifest only */
};
extern const struct json_field oci_layer_report_fields[];
void oci_layer_report_cleanup(struct oci_layer_report *r);

/* Where the worker finds things. */
#define OCI_IN_FS "/layer/fs"
#define OCI_IN_MANIFEST "/layer/manifest"
#define OCI_IN_OWNERS "/layer/owners"		  /* pack: sandbox/owners.h */
#define OCI_IN_LOWER_OWNERS "/lower/owners"	  /* one behind the other, lowest first */
#define OCI_IN_BLOB "/layer/blob"		  /* pack: to be filled */
#define OCI_IN_LOWER_MANIFESTS "/lower/manifests" /* one behind the other, lowest first */
#define OCI_IN_LOWER_FS "/lower/%zu"
#define OCI_IN_PARTS "/parts" /* split: the members of an archive */

#endif
