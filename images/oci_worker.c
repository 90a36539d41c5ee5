/*
 * The worker "image": everything that reads a byte of somebody else's image, in the sandbox.
 *
 *   document PLATFORM [REF]   index, manifest or manifest.json on standard input
 *   config                    the configuration
 *   compose PLATFORM ID...    a configuration for these diff ids, made from the one on standard
 * input token                     the answer of an authorization service release an os-release file
 *   split MAX_BYTES           an archive on standard input into files below OCI_IN_PARTS
 *   unpack ORDER              a layer on standard input into OCI_IN_FS, its manifest into
 * OCI_IN_MANIFEST pack ORDER                the way back, into OCI_IN_BLOB
 *
 * Results are JSON on standard output (but of compose, which gives the document itself), why it
 * failed the last line of standard error.
 */
#include "images/transfer.h"

#include "base/fs.h"
#include "base/layer_pack.h"
#include "base/layer_unpack.h"
#include "images/oci_parse.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define MAX_MANIFESTS ((size_t)1 << 30)
#define MAX_OWNERS ((size_t)256 << 20)

static int
read_input(struct buf *ret, struct dd_err *err)
{
	char chunk[65536];
	ssize_t n;
	while ((n = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0) {
		if (ret->n + (size_t)n > OCI_MAX_DOCUMENT)
			return err_set(err, DD_ELIMIT, "a document is larger than %zu bytes",
				OCI_MAX_DOCUMENT);
		buf_add(ret, chunk, (size_t)n);
	}
	return n < 0 ? err_errno(err, errno, "cannot read") : 0;
}

static int
print(json_t *j)
{
	OWN(buf) struct buf out = {0};
	json_print(j, 0, &out);
	json_decref(j);
	printf("%s\n", buf_str(&out).p);
	return 0;
}

/* ---- documents ---- */

static int
document(int argc, char **argv, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	OWN(oci_document) struct oci_document d = {0};
	int rc = argc < 1 ? err_set(err, DD_EINVAL, "document needs a platform")
			  : read_input(&text, err);
	rc = rc ? rc
		: oci_parse_document(buf_str(&text), argv[0], argc > 1 ? argv[1] : NULL, &d, err);
	return rc ? rc : print(json_encode(oci_document_fields, &d));
}

static int
config(int argc, char **argv, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	OWN(oci_config) struct oci_config c = {0};
	(void)argc;
	(void)argv;
	int rc = read_input(&text, err);
	rc = rc ? rc : oci_parse_config(buf_str(&text), &c, err);
	return rc ? rc : print(json_encode(oci_config_fields, &c));
}

static int
compose(int argc, char **argv, struct dd_err *err)
{
	OWN(buf) struct buf text = {0}, out = {0};
	int rc = argc < 1 ? err_set(err, DD_EINVAL, "compose needs a platform")
			  : read_input(&text, err);
	rc = rc ? rc : oci_compose_config(buf_str(&text), argv[0], argv + 1, &out, err);
	if (rc == 0)
		rc = fs_write_all(STDOUT_FILENO, out.p, out.n, err);
	return rc;
}

static int
token(int argc, char **argv, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	OWN_FREE char *value = NULL;
	(void)argc;
	(void)argv;
	int rc = read_input(&text, err);
	rc = rc ? rc : oci_parse_token(buf_str(&text), &value, err);
	return rc ? rc : print(json_pack("{s:s}", "token", value));
}

static int
release(int argc, char **argv, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	(void)argc;
	(void)argv;
	int rc = read_input(&text, err);
	if (rc < 0)
		return rc;
	OWN_FREE char *suite = oci_parse_release(buf_str(&text));
	return print(json_pack("{s:s}", "suite", suite));
}

/* ---- archives ---- */

static int
split(int argc, char **argv, struct dd_err *err)
{
	OWN(unpack_result) struct unpack_result r = {0};
	struct unpack_opts opts = {0};
	if (argc < 1 || !str_parse_u64(str_of(argv[0]), UINT64_MAX, &opts.limits.bytes))
		return err_set(err, DD_EINVAL, "split needs a bound");
	OWN_FD int dest = open(OCI_IN_PARTS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dest < 0)
		return err_errno(err, errno, "cannot open %s", OCI_IN_PARTS);
	int rc = unpack_to(STDIN_FILENO, dest, &opts, &r, err);
	return rc ? rc : print(json_pack("{s:I}", "files", (json_int_t)r.files));
}

static int
read_order(int argc, char **argv, struct oci_layer_order *ret, struct dd_err *err)
{
	OWN_JSON json_t *j = NULL;
	if (argc < 1)
		return err_set(err, DD_EINVAL, "a layer needs an order");
	int rc = json_parse(str_of(argv[0]), &j, err);
	return rc ? rc : json_decode(j, oci_layer_order_fields, true, ret, "order", err);
}

static int
read_manifests(const char *path, struct manifest *v, size_t n, struct dd_err *err)
{
	OWN(buf) struct buf text = {.max = MAX_MANIFESTS};
	int rc = fs_read(path, MAX_MANIFESTS, &text, err);
	struct str rest = buf_str(&text);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = manifest_read(&rest, &v[i], err);
	if (rc == 0 && rest.n)
		rc = err_set(err, DD_ECORRUPT, "there are more manifests than layers");
	return rc;
}

struct lowers {
	struct manifest manifests[OCI_MAX_LAYERS];
	int fds[OCI_MAX_LAYERS];
	size_t n;
};

static void
lowers_cleanup(struct lowers *l)
{
	for (size_t i = 0; i < l->n; i++) {
		manifest_cleanup(&l->manifests[i]);
		if (l->fds[i] >= 0)
			(void)close(l->fds[i]);
	}
}

static int
open_lowers(struct lowers *l, int64_t n, struct dd_err *err)
{
	if (n < 0 || n > OCI_MAX_LAYERS)
		return err_set(err, DD_ELIMIT, "there are too many layers below");
	for (; l->n < (size_t)n; l->n++) {
		OWN_FREE char *path = mem_printf(OCI_IN_LOWER_FS, l->n);
		l->fds[l->n] = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (l->fds[l->n] < 0)
			return err_errno(err, errno, "cannot open %s", path);
	}
	return 0;
}

static int
save_manifest(const struct manifest *m, struct hash_hex *ret, struct dd_err *err)
{
	OWN_FD int fd = open(OCI_IN_MANIFEST, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "cannot write %s", OCI_IN_MANIFEST);
	return manifest_write(m, fd, ret, err);
}

static int
report_unpacked(const struct layer_unpack_result *r, struct dd_err *err)
{
	struct hash_hex digest;
	int rc = save_manifest(&r->manifest, &digest, err);
	if (rc < 0)
		return rc;
	struct oci_layer_report out = {
		.blob_digest = (char *)r->blob.s,
		.diff_id = (char *)r->content.s,
		.content_digest = digest.s,
		.blob_bytes = (int64_t)r->blob_bytes,
		.bytes = (int64_t)r->bytes,
		.entries = (int64_t)map_count(&r->manifest.by_path),
		.skipped = (int64_t)r->nskipped,
		.aside = (int64_t)(r->xattrs_aside + r->setid_aside),
	};
	return print(json_encode(oci_layer_report_fields, &out));
}

static int
unpack_with(const struct oci_layer_order *o, struct dd_err *err)
{
	OWN(lowers) struct lowers lowers = {0};
	OWN(layer_unpack_result) struct layer_unpack_result r = {0};
	OWN_FD int dest = open(OCI_IN_FS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dest < 0)
		return err_errno(err, errno, "cannot open %s", OCI_IN_FS);
	int rc = open_lowers(&lowers, o->lowers, err);
	if (rc == 0 && lowers.n)
		rc = read_manifests(OCI_IN_LOWER_MANIFESTS, lowers.manifests, lowers.n, err);
	const struct layer_unpack_spec spec = {
		.limits = {.bytes = (uint64_t)o->max_bytes, .entries = (uint64_t)o->max_entries},
		.give_owners = o->give_owners,
		.skip_special = o->skip_special,
		.lower = lowers.manifests,
		.lower_fds = lowers.fds,
		.nlower = lowers.n,
		.blob_digest = o->blob_digest,
		.content_digest = o->diff_id,
		.blob_bytes = (uint64_t)o->blob_bytes,
	};
	rc = rc ? rc : layer_unpack(STDIN_FILENO, dest, &spec, &r, err);
	return rc ? rc : report_unpacked(&r, err);
}

static int
unpack(int argc, char **argv, struct dd_err *err)
{
	struct oci_layer_order o = {0};
	int rc = read_order(argc, argv, &o, err);
	rc = rc ? rc : unpack_with(&o, err);
	json_release(oci_layer_order_fields, &o);
	return rc;
}

static int
report_packed(const struct layer_pack_result *r, struct dd_err *err)
{
	struct hash_hex digest;
	int rc = manifest_write(&r->manifest, -1, &digest, err);
	if (rc < 0)
		return rc;
	struct oci_layer_report out = {
		.blob_digest = (char *)r->blob.s,
		.diff_id = (char *)r->content.s,
		.content_digest = digest.s,
		.blob_bytes = (int64_t)r->blob_bytes,
		.bytes = (int64_t)r->content_bytes,
		.entries = (int64_t)r->entries,
		.skipped = (int64_t)r->nskipped,
	};
	return print(json_encode(oci_layer_report_fields, &out));
}

static enum layer_compression
compression_of(const char *name)
{
	if (name && strcmp(name, "none") == 0)
		return LAYER_PLAIN;
	return name && strcmp(name, "zstd") == 0 ? LAYER_ZSTD : LAYER_GZIP;
}

/* "UID GID /PATH", each ended by a NUL. */
static int
read_owners(const char *path, struct map *ret, struct dd_err *err)
{
	OWN(buf) struct buf text = {.max = MAX_OWNERS};
	int rc = fs_read(path, MAX_OWNERS, &text, err);
	struct str rest = buf_str(&text), line, uid, gid;
	ret->destroy = free;
	while (rc == 0 && str_next(&rest, '\0', &line)) {
		uint64_t u, g;
		if (!str_next(&line, ' ', &uid) || !str_next(&line, ' ', &gid) ||
			!str_parse_u64(uid, UINT32_MAX, &u) ||
			!str_parse_u64(gid, UINT32_MAX, &g) || line.n < 2 || line.p[0] != '/')
			return err_set(err, DD_ECORRUPT, "%s is not a list of owners", path);
		struct layer_owner *o = mem_new(struct layer_owner);
		*o = (struct layer_owner){(uint32_t)u, (uint32_t)g};
		map_put_str(ret, (struct str){line.p + 1, line.n - 1}, o);
	}
	return rc;
}

static int
pack_with(const struct oci_layer_order *o, struct dd_err *err)
{
	OWN(manifest) struct manifest intended = {0};
	OWN(map) struct map owners = {0}, lower_owners = {0};
	OWN(lowers) struct lowers lowers = {0};
	OWN(layer_pack_result) struct layer_pack_result r = {0};
	OWN_FD int dir = open(OCI_IN_FS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	OWN_FD int out = open(OCI_IN_BLOB, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (dir < 0 || out < 0)
		return err_errno(err, errno, "cannot open the layer");
	int rc = o->has_manifest ? read_manifests(OCI_IN_MANIFEST, &intended, 1, err) : 0;
	rc = rc ? rc : open_lowers(&lowers, o->lowers, err);
	if (rc == 0 && o->has_owners)
		rc = read_owners(OCI_IN_OWNERS, &owners, err);
	if (rc == 0 && o->has_owners && lowers.n)
		rc = read_owners(OCI_IN_LOWER_OWNERS, &lower_owners, err);
	const struct layer_pack_spec spec = {
		.compression = compression_of(o->compression),
		.intended = &intended,
		.owners = &owners,
		.lower_owners = &lower_owners,
		.lower_fds = lowers.fds,
		.nlower = lowers.n,
	};
	rc = rc ? rc : layer_pack(dir, out, &spec, &r, err);
	return rc ? rc : report_packed(&r, err);
}

static int
pack(int argc, char **argv, struct dd_err *err)
{
	struct oci_layer_order o = {0};
	int rc = read_order(argc, argv, &o, err);
	rc = rc ? rc : pack_with(&o, err);
	json_release(oci_layer_order_fields, &o);
	return rc;
}

/* ---- the worker ---- */

static const struct {
	const char *name;
	int (*run)(int argc, char **argv, struct dd_err *err);
} tasks[] = {
	{"document", document},
	{"config", config},
	{"compose", compose},
	{"token", token},
	{"release", release},
	{"split", split},
	{"unpack", unpack},
	{"pack", pack},
};

int
image_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	int rc = err_set(&err, DD_EINVAL, "image: unknown task");
	for (size_t i = 0; argc > 1 && i < sizeof(tasks) / sizeof(*tasks); i++)
		if (strcmp(argv[1], tasks[i].name) == 0)
			rc = tasks[i].run(argc - 2, argv + 2, &err);
	if (rc < 0) {
		fprintf(stderr, "%s\n", err_msg(&err));
		return 1;
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
