#include "images/images.h"

#include "base/fs.h"
#include "base/io.h"
#include "images/base_image.h"
#include "images/store.h"

#include <errno.h>
#include <string.h>

#define SUFFIX ".ref"
#define MAX_REF 65536

void
image_cleanup(struct image *img)
{
	free(img->name);
	free(img->digest);
	free(img->suite);
	free(img->arch);
	stack_cleanup(&img->stack);
	free(img->config);
	free(img->source);
	strlist_cleanup(&img->env);
	strlist_cleanup(&img->objects);
	*img = (struct image){0};
}

int
image_check_name(const char *name, struct dd_err *err)
{
	bool ok =
		*name && *name != '.' && strlen(name) < 200 &&
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
			strlen(name);
	return ok ? 0 : err_set(err, DD_EINVAL, "\"%.80s\" is not a name of an image", name);
}

static char *
ref_path(const struct state *st, const char *name)
{
	return mem_printf("%s/images/%s" SUFFIX, st->dir, name);
}

static void
parse_line(struct str line, struct image *img)
{
	struct str key, value;
	if (!str_next_word(&line, &key) || !str_next_word(&line, &value))
		return;
	OWN_FREE char *text = str_unpercent(value);
	if (!text)
		return;
	if (str_eq(key, "layer"))
		stack_push(&img->stack, text);
	else if (str_eq(key, "env"))
		strlist_add(&img->env, text);
	else if (str_eq(key, "object"))
		strlist_add(&img->objects, text);
	else if (str_eq(key, "config"))
		img->config = TAKE(text);
	else if (str_eq(key, "source"))
		img->source = TAKE(text);
	else if (str_eq(key, "digest"))
		img->digest = TAKE(text);
	else if (str_eq(key, "suite"))
		img->suite = TAKE(text);
	else if (str_eq(key, "arch"))
		img->arch = TAKE(text);
}

static int
no_image(const struct state *st, const char *name, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	OWN(buf) struct buf all = {.max = 1000};
	(void)!image_names(st, &names, NULL);
	for (size_t i = 0; i < names.n; i++)
		buf_printf(&all, "%s%s", i ? ", " : "", names.v[i]);
	return err_set(err, DD_ENOENT, "there is no image \"%s\" (there is: %s)", name,
		names.n ? all.p : "none");
}

int
image_open(const struct state *st, const char *name, struct image *ret, struct dd_err *err)
{
	int rc = image_check_name(name, err);
	if (rc < 0)
		return rc;
	OWN_FREE char *path = ref_path(st, name);
	OWN(buf) struct buf text = {0};
	if (!fs_exists(path))
		return no_image(st, name, err);
	rc = fs_read(path, MAX_REF, &text, err);
	if (rc < 0)
		return err_wrap(err, "image %s", name);
	struct image img = {.name = mem_strdup(name)};
	struct str rest = buf_str(&text), line;
	while (str_next_line(&rest, &line))
		parse_line(line, &img);
	if (!img.digest || !img.stack.n)
		rc = err_set(err, DD_ECORRUPT, "image %s: %s is damaged", name, path);
	for (size_t i = 0; rc == 0 && i < img.stack.n; i++)
		if (!layer_exists(st, img.stack.v[i].s))
			rc = err_set(err, DD_ENOENT,
				"image %s: its layer %.12s is not in the store", name,
				img.stack.v[i].s);
	if (rc < 0) {
		image_cleanup(&img);
		return rc;
	}
	*ret = img;
	return 0;
}

static void
put_line(struct buf *text, const char *key, const char *value)
{
	if (!value)
		return;
	buf_printf(text, "%s ", key);
	buf_put_percent(text, str_of(value));
	buf_putc(text, '\n');
}

/* All that it needs of the content store. */
static void
list_objects(const struct image *img, struct strlist *ret)
{
	strlist_copy(ret, &img->objects);
	if (img->config)
		strlist_add(ret, img->config);
}

int
image_write(const struct state *st, const struct image *img, struct dd_err *err)
{
	OWN_FREE char *path = ref_path(st, img->name);
	OWN_FREE char *owner = mem_printf("image-%s", img->name);
	OWN(buf) struct buf text = {.max = MAX_REF};
	OWN(strlist) struct strlist objects = {0};
	list_objects(img, &objects);
	int rc = object_lease(st, owner, &objects, err);
	put_line(&text, "digest", img->digest);
	put_line(&text, "suite", img->suite);
	put_line(&text, "arch", img->arch);
	put_line(&text, "config", img->config);
	put_line(&text, "source", img->source);
	for (size_t i = 0; rc == 0 && i < img->stack.n; i++) {
		put_line(&text, "layer", img->stack.v[i].s);
		rc = layer_lease(st, owner, img->stack.v[i].s, err);
	}
	for (size_t i = 0; i < img->env.n; i++)
		put_line(&text, "env", img->env.v[i]);
	for (size_t i = 0; i < img->objects.n; i++)
		put_line(&text, "object", img->objects.v[i]);
	if (rc == 0 && text.truncated)
		rc = err_set(err, DD_ELIMIT, "image %s has too large an environment", img->name);
	rc = rc ? rc : layer_settle(st, err);
	rc = rc ? rc : fs_write_atomic(path, buf_str(&text), 0600, err);
	return rc ? rc : lease_keep_only(st, owner, &img->stack, &objects, err);
}

void
image_forget_attempt(const struct state *st, const char *name)
{
	OWN_FREE char *owner = mem_printf("image-%s", name);
	OWN(image) struct image img = {0};
	OWN(strlist) struct strlist objects = {0};
	if (image_open(st, name, &img, NULL) < 0) {
		(void)!layer_release_all(st, owner, NULL);
		return;
	}
	list_objects(&img, &objects);
	(void)!lease_keep_only(st, owner, &img.stack, &objects, NULL);
}

typedef int image_build_fn(const struct state *, bool refresh, bool offline, const char *log,
	struct image *ret, struct dd_err *err);

/* How an image of that name is made here; NULL: it comes from elsewhere. */
static image_build_fn *
builder_of(const char *name)
{
	static const struct {
		const char *name;
		image_build_fn *build;
	} made_here[] = {{IMAGE_BASE, base_image_build}, {IMAGE_BROWSER, browser_image_build},
		{IMAGE_DISPLAY, display_image_build}};
	for (size_t i = 0; i < sizeof(made_here) / sizeof(*made_here); i++)
		if (strcmp(name, made_here[i].name) == 0)
			return made_here[i].build;
	return NULL;
}

int
image_ensure(const struct state *st, const char *name, bool refresh, bool offline, const char *log,
	struct image *ret, struct dd_err *err)
{
	image_build_fn *build = builder_of(name);
	OWN(dd_err) struct dd_err why = {0};
	int rc = image_open(st, name, ret, &why);
	if (!build || (rc == 0 && !refresh))
		return rc < 0 ? err_move(err, &why) : 0;
	if (rc < 0 && rc != -DD_ENOENT && rc != -DD_ECORRUPT)
		return err_move(err, &why);
	if (rc == 0)
		image_cleanup(ret);
	return build(st, refresh, offline, log, ret, err);
}

int
image_remove(const struct state *st, const char *name, struct dd_err *err)
{
	int rc = image_check_name(name, err);
	if (rc < 0)
		return rc;
	OWN_FREE char *path = ref_path(st, name);
	OWN_FREE char *owner = mem_printf("image-%s", name);
	if (io_unlink(path) < 0)
		return errno == ENOENT ? no_image(st, name, err)
				       : err_errno(err, errno, "image %s", name);
	return layer_release_all(st, owner, err);
}

int
image_names(const struct state *st, struct strlist *ret, struct dd_err *err)
{
	OWN_FREE char *dir = state_path(st, "images");
	OWN(strlist) struct strlist files = {0};
	int rc = fs_list(dir, &files, err);
	for (size_t i = 0; rc == 0 && i < files.n; i++) {
		size_t n = strlen(files.v[i]);
		if (str_ends(str_of(files.v[i]), SUFFIX)) {
			OWN_FREE char *name = mem_strndup(files.v[i], n - strlen(SUFFIX));
			strlist_add(ret, name);
		}
	}
	return rc;
}
