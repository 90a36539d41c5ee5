#include "images/oci.h"

#include <string.h>

#define B(member, what) .key = #member, .kind = what, .offset = offsetof(struct oci_blob, member)
const struct json_field oci_blob_fields[] = {
	{B(digest, JSON_K_STRING)},
	{B(path, JSON_K_STRING)},
	{B(media_type, JSON_K_STRING)},
	{B(size, JSON_K_INT)},
	{.key = NULL},
};

static const char *const kind_names[] = {"index", "manifest", "saved", NULL};

#define D(member, what) \
	.key = #member, .kind = what, .offset = offsetof(struct oci_document, member)
const struct json_field oci_document_fields[] = {
	{D(kind, JSON_K_ENUM), .required = true, .names = kind_names},
	{D(chosen, JSON_K_OBJECT), .sub = oci_blob_fields},
	{D(config, JSON_K_OBJECT), .sub = oci_blob_fields},
	{D(layers, JSON_K_ARRAY), .sub = oci_blob_fields, .elem_size = sizeof(struct oci_blob)},
	{.key = NULL},
};

#define C(member, what) .key = #member, .kind = what, .offset = offsetof(struct oci_config, member)
const struct json_field oci_config_fields[] = {
	{C(os, JSON_K_STRING)},
	{C(architecture, JSON_K_STRING)},
	{C(diff_ids, JSON_K_STRLIST)},
	{C(env, JSON_K_STRLIST)},
	{.key = NULL},
};

#define O(member, what) \
	.key = #member, .kind = what, .offset = offsetof(struct oci_layer_order, member)
const struct json_field oci_layer_order_fields[] = {
	{O(blob_digest, JSON_K_STRING)},
	{O(diff_id, JSON_K_STRING)},
	{O(blob_bytes, JSON_K_INT)},
	{O(give_owners, JSON_K_BOOL)},
	{O(skip_special, JSON_K_BOOL)},
	{O(max_bytes, JSON_K_INT)},
	{O(max_entries, JSON_K_INT)},
	{O(lowers, JSON_K_INT)},
	{O(compression, JSON_K_STRING)},
	{O(has_manifest, JSON_K_BOOL)},
	{O(has_owners, JSON_K_BOOL)},
	{.key = NULL},
};

#define R(member, what) \
	.key = #member, .kind = what, .offset = offsetof(struct oci_layer_report, member)
const struct json_field oci_layer_report_fields[] = {
	{R(blob_digest, JSON_K_STRING), .required = true},
	{R(diff_id, JSON_K_STRING), .required = true},
	{R(content_digest, JSON_K_STRING), .required = true},
	{R(blob_bytes, JSON_K_INT)},
	{R(bytes, JSON_K_INT)},
	{R(entries, JSON_K_INT)},
	{R(skipped, JSON_K_INT)},
	{R(aside, JSON_K_INT)},
	{.key = NULL},
};

void
oci_document_cleanup(struct oci_document *d)
{
	json_release(oci_document_fields, d);
	memset(d, 0, sizeof(*d));
}

void
oci_config_cleanup(struct oci_config *c)
{
	json_release(oci_config_fields, c);
	memset(c, 0, sizeof(*c));
}

void
oci_layer_report_cleanup(struct oci_layer_report *r)
{
	json_release(oci_layer_report_fields, r);
	memset(r, 0, sizeof(*r));
}
