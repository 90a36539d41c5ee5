/*
 * Theory of operation.  Where the blobs come from is one of two things: a directory (an OCI layout,
 * or the members of an archive that a worker split), or a registry.  From there on it is one way:
 * the documents are handed to a worker as bytes, what it says of them is decoded by tables; each
 * layer is made under its lock, in a scratch directory of which the worker may write `fs` and
 * `manifest` only, and becomes a layer of the store by one rename.  A killed import leaves whole
 * layers, which the next one finds, and a scratch directory, which is swept.
 */
#include "images/fetch.h"

#include "base/cas.h"
#include "base/fs.h"
#include "base/io.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define STEP "oci-layer 1"
#define MAX_INDEX_DEPTH 4
#define DEFAULT_MAX_BYTES ((uint64_t)32 << 30)
#define MAX_ENTRIES 2000000
#define MAX_RELEASE ((size_t)64 << 10)
#define WORKER_MEMORY ((uint64_t)3 << 30)
#define LAYER_TIME_MS (60 * 60 * 1000)

struct import {
	const struct state *st;
	const struct image_import_opts *opts;
	struct fetch *from;
	struct transfer_dir dir;
	char *platform;
	struct oci_document document;
	struct oci_config config;
	struct image img;
	struct hash_hex contents[OCI_MAX_LAYERS];
	char *lowers; /* path of their manifests, one behind the other; NULL: not yet */
	uint64_t bytes_left;
	struct image_transfer done;
};

static void
import_cleanup(struct import *im)
{
	transfer_dir_close(&im->dir);
	free(im->platform);
	free(im->lowers);
	oci_document_cleanup(&im->document);
	oci_config_cleanup(&im->config);
	image_cleanup(&im->img);
	image_transfer_cleanup(&im->done);
}

/* ---- documents ---- */

static int
read_document(struct import *im, struct str text, const char *ref, struct dd_err *err)
{
	const char *args[] = {"document", im->platform, ref, NULL};
	const struct worker_spec spec = {
		.state = im->st, .name = OCI_WORKER, .args = args, .input = text};
	oci_document_cleanup(&im->document);
	int rc = image_worker(&spec, oci_document_fields, &im->document, err);
	size_t n = im->document.layers.n;
	if (rc == 0 && im->document.kind != OCI_INDEX && (n < 1 || n > OCI_MAX_LAYERS))
		rc = err_set(err, DD_ECORRUPT, "the worker speaks of %zu layers", n);
	return rc;
}

/* From the outermost index down to the manifest of the image that is wanted. */
static int
find_manifest(struct import *im, struct dd_err *err)
{
	OWN(buf) struct buf text = {.max = OCI_MAX_DOCUMENT};
	int rc = fetch_first(im->from, &text, err);
	rc = rc ? rc : read_document(im, buf_str(&text), im->opts->ref, err);
	for (int depth = 0; rc == 0 && im->document.kind == OCI_INDEX; depth++) {
		if (depth == MAX_INDEX_DEPTH)
			return err_set(err, DD_ELIMIT, "the image's indices are nested too deeply");
		buf_reset(&text);
		rc = fetch_manifest(im->from, &im->document.chosen, &text, err);
		rc = rc ? rc : read_document(im, buf_str(&text), NULL, err);
	}
	if (rc == 0 && im->document.kind == OCI_MANIFEST) {
		struct hash_hex digest = hash_bytes(buf_str(&text));
		im->done.manifest = mem_strdup(digest.s);
	}
	return rc;
}

static int
check_config(struct import *im, struct dd_err *err)
{
	const struct oci_config *c = &im->config;
	OWN_FREE char *its = mem_printf(
		"%s/%s", c->os ? c->os : "linux", c->architecture ? c->architecture : "unknown");
	if (c->diff_ids.n != im->document.layers.n)
		return err_set(err, DD_ECORRUPT,
			"the manifest has %zu layers and the configuration %zu",
			im->document.layers.n, c->diff_ids.n);
	for (size_t i = 0; i < c->diff_ids.n; i++)
		if (!hash_is_hex(str_of(c->diff_ids.v[i])))
			return err_set(err, DD_ECORRUPT, "the worker gave no digest");
	if (strcmp(its, im->platform) != 0)
		return err_set(err, DD_EINVAL,
			"the image is for %.60s and not for %s (--platform takes it all the same)",
			its, im->platform);
	return 0;
}

static int
load_config(struct import *im, struct dd_err *err)
{
	static const char *const args[] = {"config", NULL};
	OWN_FREE char *cas = state_path(im->st, "cas");
	OWN_FREE char *owner = mem_printf("image-%s", im->img.name);
	OWN(buf) struct buf text = {.max = OCI_MAX_DOCUMENT};
	OWN(strlist) struct strlist objects = {0};
	struct hash_hex digest;
	int rc = fetch_document(im->from, &im->document.config, &text, err);
	const struct worker_spec spec = {
		.state = im->st, .name = OCI_WORKER, .args = args, .input = buf_str(&text)};
	rc = rc ? rc : image_worker(&spec, oci_config_fields, &im->config, err);
	rc = rc ? rc : check_config(im, err);
	strlist_add(&objects, hash_bytes(buf_str(&text)).s);
	rc = rc ? rc : object_lease(im->st, owner, &objects, err);
	rc = rc ? rc : cas_put(cas, buf_str(&text), &digest, err);
	if (rc < 0)
		return rc;
	im->img.config = mem_strdup(digest.s);
	im->img.arch = mem_strdup(im->config.architecture ? im->config.architecture : "unknown");
	strlist_copy(&im->img.env, &im->config.env);
	return 0;
}

/* ---- layers ---- */

/* Add the manifest of a layer to the file of those below the next one: bytes, not looked at. */
static int
append_lower(struct import *im, const char *key, struct dd_err *err)
{
	OWN_FREE char *path = layer_side_file(im->st, key, "manifest");
	int rc = im->lowers ? 0
			    : transfer_give(im->st, &im->dir, "lowers", true, 0, &im->lowers, err);
	return rc ? rc : transfer_append(path, im->lowers, err);
}

/* The worker's work; *ret is what came of it, dir/layer-N then holds `fs` and `manifest`. */
static int
unpack(struct import *im, size_t i, const char *dir, int blob, struct oci_layer_report *ret,
	struct dd_err *err)
{
	const struct oci_blob *b = (const struct oci_blob *)im->document.layers.v + i;
	OWN(transfer_binds) struct transfer_binds binds = {0};
	OWN_FREE char *fs = NULL, *manifest = NULL;
	struct transfer_dir here = {.path = (char *)(uintptr_t)dir};
	/* By root with the owners of the files; else as the parser that any worker is. */
	uid_t uid = im->st->root ? 0 : POD_UID;
	const struct oci_layer_order order = {
		.blob_digest = b->digest,
		.blob_bytes = b->size,
		.diff_id = im->config.diff_ids.v[i],
		.give_owners = im->st->root,
		.skip_special = im->opts->skip_special,
		.max_bytes = (int64_t)im->bytes_left,
		.max_entries = MAX_ENTRIES,
		.lowers = (int64_t)im->img.stack.n,
	};
	OWN_JSON json_t *j = json_encode(oci_layer_order_fields, &order);
	OWN(buf) struct buf text = {0};
	json_print(j, 0, &text);
	const char *args[] = {"unpack", text.p, NULL};
	int rc = transfer_give(im->st, &here, "fs", false, uid, &fs, err);
	rc = rc ? rc : transfer_give(im->st, &here, "manifest", true, uid, &manifest, err);
	if (rc < 0)
		return rc;
	transfer_bind(&binds, fs, OCI_IN_FS, true);
	transfer_bind(&binds, manifest, OCI_IN_MANIFEST, true);
	if (im->lowers)
		transfer_bind(&binds, im->lowers, OCI_IN_LOWER_MANIFESTS, false);
	transfer_bind_lowers(im->st, &im->img.stack, &binds);
	const struct worker_spec spec = {
		.state = im->st,
		.name = OCI_WORKER,
		.args = args,
		.binds = binds.v,
		.nbinds = binds.n,
		.input_fd = blob,
		.as_root = im->st->root,
		.memory_bytes = WORKER_MEMORY,
		.time_limit_ms = LAYER_TIME_MS,
	};
	rc = image_worker(&spec, oci_layer_report_fields, ret, err);
	if (rc == 0 && !hash_is_hex(str_of(ret->content_digest)))
		rc = err_set(err, DD_ECORRUPT, "the worker gave no digest");
	return rc;
}

static int
note_digest(const char *dir, const char *hex, struct dd_err *err)
{
	OWN_FREE char *path = fs_join(dir, "digest");
	OWN_FREE char *line = mem_printf("%s\n", hex);
	return fs_write_atomic(path, str_of(line), 0600, err);
}

static int
make_layer(struct import *im, size_t i, const char *key, struct dd_err *err)
{
	const struct oci_blob *b = (const struct oci_blob *)im->document.layers.v + i;
	OWN_FREE char *dir = mem_printf("%s/layer-%zu", im->dir.path, i);
	OWN(oci_layer_report) struct oci_layer_report r = {0};
	OWN_FD int blob = -1;
	if (io_mkdir(dir, 0700) < 0)
		return err_errno(err, errno, "cannot make %s", dir);
	int rc = fetch_blob(im->from, b, &blob, err);
	rc = rc ? rc : unpack(im, i, dir, blob, &r, err);
	rc = rc ? rc : note_digest(dir, r.content_digest, err);
	rc = rc ? rc : layer_publish(im->st, key, dir, err);
	/* Only what another try would use is kept. */
	if (rc != -DD_ESTOPPED && rc != -DD_EIO)
		fetch_forget_blob(im->from, b);
	if (rc < 0)
		return rc;
	uint64_t bytes = r.bytes > 0 ? (uint64_t)r.bytes : 0;
	im->bytes_left -= bytes < im->bytes_left ? bytes : im->bytes_left - 1;
	im->done.bytes += bytes;
	im->done.skipped += (uint64_t)r.skipped;
	im->done.aside += (uint64_t)r.aside;
	return 0;
}

/* Its key is that of the layers below and of its content, so that images share what they have in
 * common. */
static int
take_layer(struct import *im, size_t i, struct dd_err *err)
{
	OWN_FREE char *owner = mem_printf("image-%s", im->img.name);
	OWN_FREE char *step = mem_printf("%s %s%s", STEP, im->config.diff_ids.v[i],
		im->opts->skip_special ? " skip-special" : "");
	struct hash_hex key = stack_next_key(&im->img.stack, str_of(step));
	OWN_FD int lock = -1;
	int rc = layer_lease(im->st, owner, key.s, err);
	rc = rc ? rc : layer_lock(im->st, key.s, &lock, err);
	if (rc < 0)
		return rc;
	bool there = layer_exists(im->st, key.s);
	if (!there)
		rc = make_layer(im, i, key.s, err);
	im->done.reused += there;
	im->done.layers++;
	rc = rc ? rc : layer_content_digest(im->st, key.s, &im->contents[i], err);
	rc = rc ? rc : append_lower(im, key.s, err);
	if (rc == 0)
		stack_push(&im->img.stack, key.s);
	return rc;
}

static int
take_layers(struct import *im, struct dd_err *err)
{
	size_t n = im->document.layers.n;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		int step = progress_begin("layer %zu of %zu", i + 1, n);
		rc = take_layer(im, i, err);
		progress_end(step, rc < 0 ? "failed" : "ok");
		if (rc < 0)
			(void)err_wrap(err, "layer %zu", i + 1);
	}
	return rc;
}

/* ---- the image ---- */

/* os-release of the topmost layer that has one, as bytes. */
static void
find_release(const struct import *im, struct buf *ret)
{
	static const char *const names[] = {"etc/os-release", "usr/lib/os-release", NULL};
	for (size_t i = im->img.stack.n; i-- > 0 && !ret->n;) {
		OWN_FREE char *fs = layer_dir(im->st, im->img.stack.v[i].s);
		OWN_FD int root = open(fs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		for (size_t k = 0; root >= 0 && names[k] && !ret->n; k++) {
			OWN_FD int fd = -1;
			struct stat st;
			if (fs_open_in_root(root, names[k], O_RDONLY | O_NONBLOCK, &fd, NULL) < 0 ||
				fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
				continue;
			char text[4096];
			ssize_t n;
			while (ret->n < MAX_RELEASE && (n = read(fd, text, sizeof(text))) > 0)
				buf_add(ret, text, (size_t)n);
		}
	}
}

static int
find_suite(struct import *im, struct dd_err *err)
{
	static const char *const args[] = {"release", NULL};
	static const struct json_field fields[] = {
		{.key = "suite", .kind = JSON_K_STRING, .required = true}, {.key = NULL}};
	OWN(buf) struct buf text = {0};
	find_release(im, &text);
	const struct worker_spec spec = {
		.state = im->st, .name = OCI_WORKER, .args = args, .input = buf_str(&text)};
	if (!text.n) {
		im->img.suite = mem_strdup("unknown");
		return 0;
	}
	return image_worker(&spec, fields, &im->img.suite, err);
}

/* Pods on an image of many layers are quicker with it, and work without. */
static void
flatten(const struct import *im)
{
	OWN(dd_err) struct dd_err err = {0};
	if (stack_flatten(im->st, &im->img.stack, &err) < 0)
		log_warn("%s", err_msg(&err));
}

static int
make_image(struct import *im, struct dd_err *err)
{
	int rc = find_manifest(im, err);
	rc = rc ? rc : load_config(im, err);
	rc = rc ? rc : take_layers(im, err);
	rc = rc ? rc : find_suite(im, err);
	if (rc < 0)
		return rc;
	struct hash_hex tree = image_tree_digest(im->contents, im->img.stack.n);
	im->done.tree = mem_strdup(tree.s);
	im->img.digest = mem_strdup(im->opts->digest ? im->opts->digest : tree.s);
	im->img.source = fetch_source(im->from, im->done.manifest);
	rc = image_write(im->st, &im->img, err);
	if (rc == 0)
		flatten(im);
	return rc;
}

static int
run(struct import *im, const char *name, struct image *ret, struct image_transfer *ret_done,
	struct dd_err *err)
{
	im->img.name = mem_strdup(name);
	im->platform = im->opts->platform ? mem_strdup(im->opts->platform) : image_platform();
	im->bytes_left = im->opts->max_bytes ? im->opts->max_bytes : DEFAULT_MAX_BYTES;
	int rc = make_image(im, err);
	if (rc < 0) {
		image_forget_attempt(im->st, name);
		return rc;
	}
	*ret = im->img;
	im->img = (struct image){0};
	*ret_done = im->done;
	im->done = (struct image_transfer){0};
	return 0;
}

static int
check_target(const char *name, struct dd_err *err)
{
	int rc = image_check_name(name, err);
	if (rc == 0 && strcmp(name, IMAGE_BASE) == 0)
		rc = err_set(err, DD_EINVAL,
			"\"" IMAGE_BASE
			"\" is the image drydock builds itself; choose another name");
	return rc;
}

int
image_import(const struct state *st, const char *path, const char *name,
	const struct image_import_opts *opts, struct image *ret, struct image_transfer *ret_done,
	struct dd_err *err)
{
	OWN(import) struct import im = {.st = st, .opts = opts, .dir = {.lock = -1}};
	int rc = check_target(name, err);
	rc = rc ? rc : transfer_dir_open(st, &im.dir, err);
	rc = rc ? rc : fetch_open_file(st, path, &im.dir, &im.from, err);
	rc = rc ? rc : run(&im, name, ret, ret_done, err);
	fetch_close(im.from);
	return rc < 0 ? err_wrap(err, "image %s", name) : 0;
}

int
image_pull(const struct state *st, const char *ref, const char *name,
	const struct image_import_opts *opts, const struct image_registry_opts *registry,
	struct image *ret, struct image_transfer *ret_done, struct dd_err *err)
{
	OWN(import) struct import im = {.st = st, .opts = opts, .dir = {.lock = -1}};
	int rc = check_target(name, err);
	rc = rc ? rc : fetch_open_registry(st, ref, registry, &im.from, err);
	rc = rc ? rc : transfer_dir_open(st, &im.dir, err);
	rc = rc ? rc : run(&im, name, ret, ret_done, err);
	fetch_close(im.from);
	return rc < 0 ? err_wrap(err, "image %s", name) : 0;
}
