#include "runner/bundle.h"

#include "base/cas.h"
#include "base/fs.h"
#include "base/log.h"
#include "envprobe/envprobe.h"
#include "images/transfer.h"
#include "runner/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_LOCK ((size_t)64 << 20)
#define TAR_MAGIC_AT 257 /* of a ustar header (pax(1)) */

bool
bundle_is(const char *path)
{
	char header[TAR_MAGIC_AT + 5];
	OWN_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return fd >= 0 && pread(fd, header, sizeof(header), 0) == (ssize_t)sizeof(header) &&
	       memcmp(header + TAR_MAGIC_AT, "ustar", 5) == 0;
}

/* ---- reading a recipe that somebody else wrote ---- */

int
bundle_recipe_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf text = {.max = MAX_LOCK}, out = {0};
	OWN_JSON json_t *j = NULL, *plain = NULL;
	struct recipe r = {0};
	(void)argc, (void)argv;
	worker_take_input(&text);
	int rc = text.truncated ? err_set(&err, DD_ELIMIT, "it is too large")
				: json_parse(buf_str(&text), &j, &err);
	if (rc == 0)
		rc = recipe_from_json(j, &r, &err);
	if (rc < 0) {
		fprintf(stderr, "%s\n", err_msg(&err));
		return 1;
	}
	plain = recipe_to_json(&r);
	json_print(plain, 2, &out);
	printf("%s\n", out.p);
	recipe_cleanup(&r);
	return fflush(stdout) == 0 ? 0 : 1;
}

struct take {
	const struct state *st;
	struct run *run;
	const char *log;
	char *owner;
	char *tree; /* host path of what was unpacked */
	int root;
	struct recipe recipe;
	char *recipe_digest; /* of its text in the content store */
	char *image;
};

/* A regular file of the bundle. */
static int
open_member(const struct take *t, const char *name, int *ret_fd, struct dd_err *err)
{
	struct stat st;
	OWN_FD int fd = -1;
	int rc = fs_open_in_root(t->root, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, &fd, err);
	if (rc < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, DD_EINVAL, "it has no file %s", name);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int
take_recipe(struct take *t, struct dd_err *err)
{
	OWN_FREE char *cas = state_path(t->st, "cas"), *path = NULL;
	OWN(buf) struct buf text = {.max = MAX_LOCK};
	OWN_FD int fd = -1;
	struct hash_hex digest;
	int rc = open_member(t, "recipe/drydock.lock.json", &fd, err);
	const struct worker_spec spec = {.state = t->st, .name = "recipe", .input_fd = fd};
	if (rc == 0 && worker_run(&spec, &text, err) < 0)
		rc = err_set(err, DD_EINVAL, "its recipe: %s", err_msg(err));
	if (rc == 0)
		rc = cas_put(cas, buf_str(&text), &digest, err);
	if (rc < 0)
		return rc;
	t->recipe_digest = mem_strdup(digest.s);
	path = cas_path(cas, digest.s);
	return recipe_load(path, &t->recipe, err);
}

static int
take_objects(struct take *t, const struct artefact_list *l, struct dd_err *err)
{
	OWN_FREE char *cas = state_path(t->st, "cas");
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < l->n; i++) {
		const char *digest = l->v[i].sha256;
		OWN_FREE char *name = mem_printf("objects/%s", digest ? digest : "");
		OWN_FD int fd = -1;
		struct hash_hex got;
		if (!digest || !hash_is_hex(str_of(digest)))
			return err_set(
				err, DD_EINVAL, "its recipe has an archive without a digest");
		if (cas_has(cas, digest))
			continue;
		rc = open_member(t, name, &fd, err);
		if (rc == 0 && cas_adopt(cas, fd, digest, &got, err) < 0)
			rc = err_set(err, DD_EINVAL, "%s: %s", name, err_msg(err));
	}
	return rc;
}

static void
add_digests(const struct artefact_list *l, struct strlist *ret)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].sha256)
			strlist_add(ret, l->v[i].sha256);
}

/* Leased first, so that none is collected between. */
static int
take_archives(struct take *t, struct dd_err *err)
{
	const struct recipe *r = &t->recipe;
	OWN(strlist) struct strlist digests = {0};
	strlist_add(&digests, t->recipe_digest);
	for (size_t i = 0; i < r->batches.n; i++)
		add_digests(&r->batches.v[i].artefacts, &digests);
	for (size_t i = 0; i < r->modules.n; i++)
		add_digests(&r->modules.v[i].artefacts, &digests);
	int rc = object_lease(t->st, t->owner, &digests, err);
	for (size_t i = 0; rc == 0 && i < r->batches.n; i++)
		rc = take_objects(t, &r->batches.v[i].artefacts, err);
	for (size_t i = 0; rc == 0 && i < r->modules.n; i++)
		rc = take_objects(t, &r->modules.v[i].artefacts, err);
	return rc;
}

/* Is the image that the recipe was made on here already? */
static bool
has_image(const struct take *t)
{
	OWN(image) struct image img = {0};
	const char *name = t->recipe.base.name ? t->recipe.base.name : IMAGE_BASE;
	return image_open(t->st, name, &img, NULL) == 0 &&
	       strcmp(img.digest, t->recipe.base.digest) == 0;
}

static int
take_image(struct take *t, struct dd_err *err)
{
	OWN(image) struct image img = {0};
	OWN_FREE char *path = fs_join(t->tree, "image.tar");
	OWN_FD int fd = -1;
	struct hash_hex digest;
	struct image_transfer done;
	const struct image_import_opts opts = {.digest = t->recipe.base.digest};
	if (has_image(t)) {
		t->image = mem_strdup(t->recipe.base.name ? t->recipe.base.name : IMAGE_BASE);
		return 0;
	}
	int rc = open_member(t, "image.tar", &fd, err);
	if (rc == 0)
		rc = hash_fd(fd, &digest, NULL, err);
	if (rc < 0)
		return rc;
	t->image = mem_printf("bundle-%.32s", digest.s);
	if (image_open(t->st, t->image, &img, NULL) == 0 &&
		strcmp(img.digest, t->recipe.base.digest) == 0)
		return 0;
	rc = image_import(t->st, path, t->image, &opts, &img, &done, err);
	if (rc == -DD_ECORRUPT || rc == -DD_ELIMIT) /* it is the bundle's */
		rc = err_set(err, DD_EINVAL, "%s", err_msg(err));
	else if (rc == 0)
		image_transfer_cleanup(&done);
	return rc;
}

static int
take_all(struct take *t, struct dd_err *err)
{
	struct source unpacked = {0};
	int step = progress_begin("unpacking the bundle");
	int rc = intake_source(
		t->st, t->owner, t->run->options.bundle, true, t->log, &unpacked, err);
	if (rc == 0) {
		t->tree = layer_dir(t->st, unpacked.layer);
		t->root = open(t->tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		rc = t->root < 0 ? err_errno(err, errno, "cannot open %s", t->tree)
				 : take_recipe(t, err);
	}
	source_cleanup(&unpacked);
	if (rc == 0)
		rc = take_archives(t, err);
	if (rc == 0)
		rc = take_image(t, err);
	progress_end(step, rc < 0 ? "failed" : "ok");
	return rc;
}

static int
do_take(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct take *t = ctx;
	t->root = -1;
	int rc = take_all(t, err);
	if (rc == 0)
		*ret_result =
			json_pack("{s:s, s:s}", "recipe", t->recipe_digest, "image", t->image);
	if (t->root >= 0)
		(void)close(t->root);
	recipe_cleanup(&t->recipe);
	free(t->tree);
	free(t->recipe_digest);
	free(t->image);
	return rc < 0 ? err_wrap(err, "bundle") : 0;
}

int
bundle_take(const struct state *st, struct run *run, const char *log, struct dd_err *err)
{
	OWN_FREE char *owner = run_owner(run), *cas = state_path(st, "cas");
	OWN_JSON json_t *j = NULL;
	struct take t = {.st = st, .run = run, .log = log, .owner = owner};
	int rc = journal_step(run->journal, "bundle", do_take, &t, &j, err);
	const char *recipe = json_string_value(json_object_get(j, "recipe"));
	const char *image = json_string_value(json_object_get(j, "image"));
	if (rc == 0 && (!recipe || !image))
		rc = err_set(err, DD_ECORRUPT, "bundle: its step has no result");
	if (rc < 0)
		return rc;
	free(run->options.recipe);
	free(run->options.image);
	run->options.recipe = cas_path(cas, recipe);
	run->options.image = mem_strdup(image);
	return 0;
}
