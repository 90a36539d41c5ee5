#include "images/packed.h"

#include "base/fs.h"
#include "base/log.h"
#include "images/registry.h"

#include <errno.h>
#include <sys/mman.h>

static int
push_layers(struct registry *r, struct packed_image *p, struct dd_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < p->n; i++) {
		struct packed_layer *l = &p->layers[i];
		bool sent = false;
		int step = progress_begin("sending layer %zu of %zu", i + 1, p->n);
		rc = registry_put_blob(r, l->report.blob_digest, l->fd,
			(uint64_t)l->report.blob_bytes, &sent, err);
		progress_end(step, rc < 0 ? "failed" : sent ? "ok" : "there already");
		p->done.bytes += sent ? (uint64_t)l->report.blob_bytes : 0;
		p->done.reused += rc == 0 && !sent;
	}
	return rc;
}

static int
push_config(struct registry *r, struct packed_image *p, struct dd_err *err)
{
	OWN_FD int fd = memfd_create("config", MFD_CLOEXEC);
	bool sent = false;
	int rc = fd < 0 ? err_errno(err, errno, "cannot make a memory file")
			: fs_write_all(fd, p->config.p, p->config.n, err);
	rc = rc ? rc : registry_put_blob(r, p->config_digest.s, fd, p->config.n, &sent, err);
	p->done.bytes += sent ? p->config.n : 0;
	return rc;
}

static int
push(const struct state *st, struct packed_image *p, const struct reference *ref,
	const struct image_registry_opts *opts, struct dd_err *err)
{
	struct registry *r = NULL;
	int rc = registry_open(st, ref, true, opts, &r, err);
	rc = rc ? rc : push_layers(r, p, err);
	rc = rc ? rc : push_config(r, p, err);
	rc = rc ? rc
		: registry_put_manifest(r, ref->tag, p->manifest_type, buf_str(&p->manifest), err);
	registry_close(r);
	return rc;
}

int
image_push(const struct state *st, const char *name, const char *ref_text,
	const struct image_export_opts *opts, const struct image_registry_opts *registry,
	struct image_transfer *ret_done, struct dd_err *err)
{
	OWN(packed_image) struct packed_image p = {.dir.lock = -1};
	OWN(reference) struct reference ref = {0};
	struct image_export_opts o = *opts;
	o.compression = o.compression ? o.compression : "gzip";
	int rc = reference_parse(ref_text, registry->plain_http, &ref, err);
	if (rc == 0 && ref.digest)
		rc = err_set(err, DD_EINVAL, "push to a tag, not to a digest");
	rc = rc ? rc : packed_image_make(st, name, &o, &p, err);
	rc = rc ? rc : push(st, &p, &ref, registry, err);
	if (rc < 0)
		return err_wrap(err, "image %s", name);
	*ret_done = p.done;
	p.done = (struct image_transfer){0};
	return 0;
}
