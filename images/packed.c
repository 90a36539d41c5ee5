#include "images/packed.h"

#include "base/cas.h"
#include "base/fs.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define WORKER_MEMORY ((uint64_t)3 << 30)
#define LAYER_TIME_MS (60 * 60 * 1000)

void
packed_image_cleanup(struct packed_image *p)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->layers[i].fd >= 0)
			(void)close(p->layers[i].fd);
		oci_layer_report_cleanup(&p->layers[i].report);
	}
	free(p->layers);
	image_cleanup(&p->img);
	transfer_dir_close(&p->dir);
	buf_cleanup(&p->config);
	buf_cleanup(&p->manifest);
	image_transfer_cleanup(&p->done);
	*p = (struct packed_image){.dir.lock = -1};
}

/* ---- layers ---- */

/* What the worker says of the blob is true, and the layer is what it was when it was made. */
static int
check_layer(const struct state *st, const char *key, struct packed_layer *l, struct dd_err *err)
{
	struct hash_hex blob, noted;
	uint64_t size;
	int rc = hash_fd(l->fd, &blob, &size, err);
	if (rc < 0)
		return rc;
	if (strcmp(blob.s, l->report.blob_digest) != 0 || size != (uint64_t)l->report.blob_bytes ||
		!hash_is_hex(str_of(l->report.diff_id)) ||
		!hash_is_hex(str_of(l->report.content_digest)))
		return err_set(err, DD_ECORRUPT, "the worker packed something else than it says");
	if (layer_content_digest(st, key, &noted, NULL) == 0 &&
		strcmp(noted.s, l->report.content_digest) != 0)
		return err_set(err, DD_ECORRUPT,
			"layer %.12s is not what it was when it was made: its digest was %s", key,
			noted.s);
	return 0;
}

/*
 * In user mode package tools' changes of owner are noted beside the layer.  One may be of a file
 * that lies in a layer below, so that those are needed, too.
 */
static int
bind_owners(const struct state *st, const struct packed_image *p, size_t i, const char *owners,
	struct transfer_binds *b, struct dd_err *err)
{
	const struct stack below = {.v = p->img.stack.v, .n = i};
	OWN_FREE char *name = mem_printf("owners-%zu", i);
	OWN_FREE char *all = NULL;
	int rc = transfer_give(st, &p->dir, name, true, 0, &all, err);
	for (size_t k = 0; rc == 0 && k < i; k++) {
		OWN_FREE char *one = layer_side_file(st, below.v[k].s, "owners");
		if (fs_exists(one))
			rc = transfer_append(one, all, err);
	}
	transfer_bind(b, owners, OCI_IN_OWNERS, false);
	if (i && rc == 0)
		transfer_bind(b, all, OCI_IN_LOWER_OWNERS, false);
	transfer_bind_lowers(st, &below, b);
	return rc;
}

static int
run_packer(const struct state *st, const struct oci_layer_order *order,
	const struct transfer_binds *b, struct oci_layer_report *ret, struct dd_err *err)
{
	OWN_JSON json_t *j = json_encode(oci_layer_order_fields, order);
	OWN(buf) struct buf text = {0};
	json_print(j, 0, &text);
	const char *args[] = {"pack", text.p, NULL};
	const struct worker_spec spec = {
		.state = st,
		.name = OCI_WORKER,
		.args = args,
		.binds = b->v,
		.nbinds = b->n,
		.as_root = true, /* to read what belongs to whomever */
		.memory_bytes = WORKER_MEMORY,
		.time_limit_ms = LAYER_TIME_MS,
	};
	return image_worker(&spec, oci_layer_report_fields, ret, err);
}

static int
pack_layer(const struct state *st, const struct packed_image *p, size_t i, const char *compression,
	struct packed_layer *l, struct dd_err *err)
{
	const char *key = p->img.stack.v[i].s;
	OWN_FREE char *fs = layer_dir(st, key);
	OWN_FREE char *manifest = layer_side_file(st, key, "manifest");
	OWN_FREE char *owners = layer_side_file(st, key, "owners");
	OWN_FREE char *name = mem_printf("blob-%zu", i);
	OWN_FREE char *blob = NULL;
	OWN(transfer_binds) struct transfer_binds binds = {0};
	bool has_owners = fs_exists(owners);
	const struct oci_layer_order order = {
		.compression = (char *)(uintptr_t)compression,
		.has_manifest = fs_exists(manifest),
		.has_owners = has_owners,
		.lowers = has_owners ? (int64_t)i : 0,
	};
	int rc = transfer_give(st, &p->dir, name, true, 0, &blob, err);
	if (rc < 0)
		return rc;
	transfer_bind(&binds, fs, OCI_IN_FS, false);
	transfer_bind(&binds, blob, OCI_IN_BLOB, true);
	if (order.has_manifest)
		transfer_bind(&binds, manifest, OCI_IN_MANIFEST, false);
	if (has_owners)
		rc = bind_owners(st, p, i, owners, &binds, err);
	rc = rc ? rc : run_packer(st, &order, &binds, &l->report, err);
	if (rc < 0)
		return rc;
	l->fd = open(blob, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (l->fd < 0)
		return err_errno(err, errno, "%s", blob);
	return check_layer(st, key, l, err);
}

static int
pack_layers(
	const struct state *st, struct packed_image *p, const char *compression, struct dd_err *err)
{
	int rc = 0;
	p->layers = mem_zalloc(p->img.stack.n, sizeof(*p->layers));
	for (size_t i = 0; rc == 0 && i < p->img.stack.n; i++) {
		int step = progress_begin("packing layer %zu of %zu", i + 1, p->img.stack.n);
		p->layers[i].fd = -1;
		p->n = i + 1;
		rc = pack_layer(st, p, i, compression, &p->layers[i], err);
		p->done.layers++;
		p->done.skipped += (uint64_t)p->layers[i].report.skipped;
		progress_end(step, rc < 0 ? "failed" : "ok");
	}
	return rc;
}

static void
set_tree(struct packed_image *p)
{
	struct hash_hex *contents = mem_zalloc(p->n, sizeof(*contents));
	for (size_t i = 0; i < p->n; i++)
		memcpy(contents[i].s, p->layers[i].report.content_digest, HASH_HEX);
	struct hash_hex tree = image_tree_digest(contents, p->n);
	p->done.tree = mem_strdup(tree.s);
	free(contents);
}

/* ---- documents ---- */

static int
read_old_config(
	const struct state *st, const struct image *img, struct buf *ret, struct dd_err *err)
{
	OWN_FREE char *cas = state_path(st, "cas");
	OWN_FREE char *path = img->config ? cas_path(cas, img->config) : NULL;
	return path ? fs_read(path, OCI_MAX_DOCUMENT, ret, err) : 0;
}

/* The image's own, with the diff ids of the layers as they are now; else a plain one. */
static int
compose_config(const struct state *st, struct packed_image *p, struct dd_err *err)
{
	OWN_FREE char *platform = mem_printf("linux/%s", p->img.arch ? p->img.arch : "unknown");
	OWN(strlist) struct strlist args = {0};
	OWN(buf) struct buf old = {0};
	strlist_add(&args, "compose");
	strlist_add(&args, platform);
	for (size_t i = 0; i < p->n; i++)
		strlist_add(&args, p->layers[i].report.diff_id);
	int rc = read_old_config(st, &p->img, &old, err);
	const struct worker_spec spec = {.state = st,
		.name = OCI_WORKER,
		.args = (const char *const *)args.v,
		.input = buf_str(&old)};
	p->config.max = OCI_MAX_DOCUMENT;
	rc = rc ? rc : worker_run(&spec, &p->config, err);
	if (rc == 0)
		p->config_digest = hash_bytes(buf_str(&p->config));
	return rc;
}

static json_t *
descriptor(const char *type, const char *suffix, const char *digest, int64_t size)
{
	OWN_FREE char *media_type = mem_printf("%s%s", type, suffix);
	OWN_FREE char *name = mem_printf("sha256:%s", digest);
	return json_pack("{s:s, s:s, s:I}", "mediaType", media_type, "digest", name, "size",
		(json_int_t)size);
}

static void
compose_manifest(struct packed_image *p, const struct image_export_opts *o)
{
	bool docker = o->format == IMAGE_DOCKER;
	const char *how = o->compression ? o->compression : "gzip";
	OWN_FREE char *suffix = strcmp(how, "none") == 0
					? mem_strdup("")
					: mem_printf("%c%s", docker ? '.' : '+', how);
	OWN_JSON json_t *layers = json_array();
	for (size_t i = 0; i < p->n; i++)
		json_array_append_new(layers,
			descriptor(docker ? DOCKER_TYPE_LAYER : OCI_TYPE_LAYER, suffix,
				p->layers[i].report.blob_digest, p->layers[i].report.blob_bytes));
	p->manifest_type = docker ? DOCKER_TYPE_MANIFEST : OCI_TYPE_MANIFEST;
	OWN_JSON json_t *j = json_pack("{s:i, s:s, s:o, s:O}", "schemaVersion", 2, "mediaType",
		p->manifest_type, "config",
		descriptor(docker ? DOCKER_TYPE_CONFIG : OCI_TYPE_CONFIG, "", p->config_digest.s,
			(int64_t)p->config.n),
		"layers", layers);
	json_print(j, 0, &p->manifest);
	p->manifest_digest = hash_bytes(buf_str(&p->manifest));
	p->done.manifest = mem_strdup(p->manifest_digest.s);
}

int
packed_image_make(const struct state *st, const char *name, const struct image_export_opts *opts,
	struct packed_image *ret, struct dd_err *err)
{
	OWN(packed_image) struct packed_image p = {.dir.lock = -1};
	int rc = image_open(st, name, &p.img, err);
	if (rc == 0 && p.img.stack.n > OCI_MAX_LAYERS)
		rc = err_set(err, DD_ELIMIT, "it has more than %d layers", OCI_MAX_LAYERS);
	rc = rc ? rc : transfer_dir_open(st, &p.dir, err);
	rc = rc ? rc : pack_layers(st, &p, opts->compression ? opts->compression : "gzip", err);
	rc = rc ? rc : compose_config(st, &p, err);
	if (rc < 0)
		return rc;
	set_tree(&p);
	compose_manifest(&p, opts);
	*ret = p;
	p = (struct packed_image){.dir.lock = -1};
	return 0;
}
