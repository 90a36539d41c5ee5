#include "images/packed.h"

#include "base/fs.h"
#include "base/io.h"
#include "base/tar_write.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

const char *const image_format_names[] = {"oci", "docker", NULL};

struct archive_out {
	int fd;
	struct strlist names; /* members so far: a blob that is there twice is written once */
	uint64_t bytes;
};

static int
put_text(struct archive_out *a, const char *name, struct str text, struct dd_err *err)
{
	a->bytes += text.n;
	return tar_write_member(a->fd, name, -1, text, 0, err);
}

static int
put_layer(struct archive_out *a, const char *name, const struct packed_layer *l, struct dd_err *err)
{
	if (strlist_has(&a->names, name))
		return 0;
	strlist_add(&a->names, name);
	a->bytes += (uint64_t)l->report.blob_bytes;
	if (lseek(l->fd, 0, SEEK_SET) < 0)
		return err_errno(err, errno, "cannot read a blob");
	return tar_write_member(
		a->fd, name, l->fd, (struct str){"", 0}, (uint64_t)l->report.blob_bytes, err);
}

static int
put_json(struct archive_out *a, const char *name, const json_t *j, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	json_print(j, 0, &text);
	return put_text(a, name, buf_str(&text), err);
}

static int
write_oci(struct archive_out *a, const struct packed_image *p, const char *ref, struct dd_err *err)
{
	OWN_FREE char *manifest = mem_printf("blobs/sha256/%s", p->manifest_digest.s);
	OWN_FREE char *config = mem_printf("blobs/sha256/%s", p->config_digest.s);
	OWN_FREE char *digest = mem_printf("sha256:%s", p->manifest_digest.s);
	OWN_JSON json_t *index = json_pack("{s:i, s:s, s:[{s:s, s:s, s:I, s:{s:s, s:s}, s:{s:s}}]}",
		"schemaVersion", 2, "mediaType", OCI_TYPE_INDEX, "manifests", "mediaType",
		p->manifest_type, "digest", digest, "size", (json_int_t)p->manifest.n, "platform",
		"architecture", p->img.arch, "os", "linux", "annotations",
		"org.opencontainers.image.ref.name", ref ? ref : "latest");
	int rc = put_text(a, "oci-layout", STR("{\"imageLayoutVersion\":\"1.0.0\"}"), err);
	rc = rc ? rc : put_json(a, "index.json", index, err);
	/* Others want to be told of directories, or make them root's and fail. */
	rc = rc ? rc : tar_write_directory(a->fd, "blobs/", err);
	rc = rc ? rc : tar_write_directory(a->fd, "blobs/sha256/", err);
	rc = rc ? rc : put_text(a, manifest, buf_str(&p->manifest), err);
	rc = rc ? rc : put_text(a, config, buf_str(&p->config), err);
	for (size_t i = 0; rc == 0 && i < p->n; i++) {
		OWN_FREE char *name =
			mem_printf("blobs/sha256/%s", p->layers[i].report.blob_digest);
		rc = put_layer(a, name, &p->layers[i], err);
	}
	return rc;
}

static int
write_docker(
	struct archive_out *a, const struct packed_image *p, const char *ref, struct dd_err *err)
{
	OWN_FREE char *config = mem_printf("%s.json", p->config_digest.s);
	OWN_FREE char *tag = ref ? mem_strdup(ref) : mem_printf("%s:latest", p->img.name);
	OWN_JSON json_t *layers = json_array();
	int rc = put_text(a, config, buf_str(&p->config), err);
	for (size_t i = 0; rc == 0 && i < p->n; i++) {
		OWN_FREE char *name = mem_printf("%s.tar", p->layers[i].report.diff_id);
		json_array_append_new(layers, json_string(name));
		rc = put_layer(a, name, &p->layers[i], err);
	}
	OWN_JSON json_t *list = json_pack(
		"[{s:s, s:[s], s:O}]", "Config", config, "RepoTags", tag, "Layers", layers);
	return rc ? rc : put_json(a, "manifest.json", list, err);
}

static int
write_archive(int fd, const struct packed_image *p, const struct image_export_opts *o,
	uint64_t *ret_bytes, struct dd_err *err)
{
	struct archive_out a = {.fd = fd};
	int rc = o->format == IMAGE_DOCKER ? write_docker(&a, p, o->ref, err)
					   : write_oci(&a, p, o->ref, err);
	rc = rc ? rc : tar_write_end(fd, err);
	strlist_cleanup(&a.names);
	*ret_bytes = a.bytes;
	return rc;
}

/* Under another name until it is whole and on the disk. */
static int
write_file(const char *path, const struct packed_image *p, const struct image_export_opts *o,
	uint64_t *ret_bytes, struct dd_err *err)
{
	OWN_FREE char *temp = mem_printf("%s.drydock-%d", path, (int)getpid());
	OWN_FD int fd = io_create(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0)
		return err_errno(err, errno, "cannot write %s", temp);
	int rc = write_archive(fd, p, o, ret_bytes, err);
	if (rc == 0 && (io_fsync(fd) < 0 || io_rename(temp, path) < 0))
		rc = err_errno(err, errno, "cannot write %s", path);
	if (rc < 0)
		(void)!io_unlink(temp);
	return rc;
}

static struct image_export_opts
with_defaults(const struct image_export_opts *o)
{
	struct image_export_opts r = *o;
	if (!r.compression)
		r.compression = r.format == IMAGE_DOCKER ? "none" : "gzip";
	return r;
}

int
image_export(const struct state *st, const char *name, const char *path,
	const struct image_export_opts *opts, struct image_transfer *ret_done, struct dd_err *err)
{
	OWN(packed_image) struct packed_image p = {.dir.lock = -1};
	struct image_export_opts o = with_defaults(opts);
	int rc = packed_image_make(st, name, &o, &p, err);
	if (rc == 0)
		rc = strcmp(path, "-") == 0
			     ? write_archive(STDOUT_FILENO, &p, &o, &p.done.bytes, err)
			     : write_file(path, &p, &o, &p.done.bytes, err);
	if (rc < 0)
		return err_wrap(err, "image %s", name);
	*ret_done = p.done;
	p.done = (struct image_transfer){0};
	return 0;
}
