/*
 * Theory of operation.  An image of our tools is the base image with one layer of packages, installed as any
 * others are (apt.h), and, of the browser, one with its fontconfig: which families there are and which stands in for
 * which is part of what a picture looks like, so both are ours and nothing of this machine's.  The packages' own
 * alternatives (a desktop's portal, drivers of graphics cards) are left out as far as their names let us.
 *
 * Its digest is that of the base image, of the list of packages and of its recipe's version.
 */
#include "images/base_image.h"

#include "base/fs.h"
#include "base/log.h"
#include "images/apt.h"
#include "images/aptpod.h"
#include "images/store.h"

#include <string.h>

#define FONTS_CONF "/etc/drydock/fonts.conf"

static const char *const browser_packages[] = {"chromium-headless-shell", "fontconfig",
	"fonts-dejavu-core", "fonts-liberation2", "fonts-droid-fallback", "fonts-noto-color-emoji",
	NULL};
/* docs/decisions/0051-displays.md */
static const char *const display_packages[] = {"xvfb", "evilwm", "xfonts-base", NULL};

/* $1: where the configuration goes; $2: the configuration. */
static const char fonts_script[] = "mkdir -p \"${1%/*}\" /var/cache/drydock-fonts\n"
				   "printf '%s\\n' \"$2\" >\"$1\"\n"
				   "FONTCONFIG_FILE=$1 fc-cache -f\n"
				   "test -x /usr/bin/chromium-headless-shell\n";

#define PREFER(family, first) \
	"<alias binding=\"strong\"><family>" family "</family><prefer><family>" first \
	"</family></prefer></alias>\n"
static const char fonts_conf[] =
	"<?xml version=\"1.0\"?>\n"
	"<!DOCTYPE fontconfig SYSTEM \"fonts.dtd\">\n"
	"<fontconfig>\n"
	"<dir>/usr/share/fonts</dir>\n"
	"<cachedir>/var/cache/drydock-fonts</cachedir>\n" PREFER(
		"sans-serif", "Liberation Sans") PREFER("sans", "Liberation Sans") PREFER("serif",
		"Liberation Serif") PREFER("monospace", "Liberation Mono") PREFER("system-ui",
		"Liberation Sans") PREFER("Arial", "Liberation Sans") PREFER("Helvetica",
		"Liberation Sans") PREFER("Times New Roman",
		"Liberation Serif") PREFER("Courier New", "Liberation Mono") PREFER("emoji",
		"Noto Color Emoji") "<match target=\"font\"><edit name=\"antialias\" mode=\"assign\"><bool>true</bool></edit>\n"
				    "<edit name=\"hinting\" mode=\"assign\"><bool>false</bool></edit>\n"
				    "<edit name=\"rgba\" mode=\"assign\"><const>none</const></edit></match>\n"
				    "</fontconfig>";

struct tools {
	const char *name, *owner, *what, *recipe;
	const char *const *packages;
	const char *fonts; /* configuration of fonts of its own; NULL: none */
};
static const struct tools browser = {.name = IMAGE_BROWSER,
	.owner = "image-" IMAGE_BROWSER,
	.what = "the image of the browser",
	.recipe = "browser 1",
	.packages = browser_packages,
	.fonts = fonts_conf};
static const struct tools display = {.name = IMAGE_DISPLAY,
	.owner = "image-" IMAGE_DISPLAY,
	.what = "the image of the display",
	.recipe = "display 1",
	.packages = display_packages};

static int
resolve(const struct state *st, const struct tools *t, const struct stack *root, bool refresh,
	bool offline, const char *log, struct install_batch *ret, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	struct apt_index index = {0};
	for (size_t i = 0; t->packages[i]; i++)
		strlist_add(&names, t->packages[i]);
	int rc = apt_index_open(st, refresh, offline, log, &index, err);
	if (rc == 0)
		rc = apt_resolve(st, &index, root, &names, ret, err);
	apt_index_cleanup(&index);
	return rc;
}

static int
add_fonts(const struct state *st, const struct tools *t, struct stack *root, struct dd_err *err)
{
	struct hash_hex key = stack_next_key(root, str_of(t->recipe));
	struct pod *pod;
	const struct aptpod_spec spec = {.state = st, .root = root};
	OWN(strlist) struct strlist args = {0};
	strlist_add(&args, FONTS_CONF);
	strlist_add(&args, t->fonts);
	int rc = layer_lease(st, t->owner, key.s, err);
	if (rc == 0 && !layer_exists(st, key.s)) {
		rc = aptpod_open(&spec, &pod, err);
		if (rc < 0)
			return rc;
		rc = aptpod_run(pod, "configuring fonts", fonts_script, &args, NULL, err);
		if (rc < 0)
			pod_close(pod);
		else
			rc = pod_freeze(pod, POD_ROOT, key.s, err);
	}
	if (rc == 0)
		stack_push(root, key.s);
	return rc;
}

static struct hash_hex
digest_of(const struct tools *t, const char *base, const struct install_batch *batch)
{
	OWN_FREE char *recipe =
		mem_printf("%s on %s\n%s", t->recipe, base, t->fonts ? t->fonts : "");
	return apt_batch_digest(recipe, batch);
}

static int
build_on(const struct state *st, const struct tools *t, const struct image *base, bool refresh,
	bool offline, const char *log, struct image *img, struct dd_err *err)
{
	struct install_batch batch = {0};
	int rc = resolve(st, t, &base->stack, refresh, offline, log, &batch, err);
	stack_copy(&img->stack, &base->stack);
	for (size_t i = 0; rc == 0 && i < img->stack.n; i++)
		rc = layer_lease(st, t->owner, img->stack.v[i].s, err);
	if (rc == 0)
		rc = apt_provide(st, &img->stack, &batch, offline, t->owner, log, NULL, err);
	if (rc == 0 && t->fonts)
		rc = add_fonts(st, t, &img->stack, err);
	if (rc == 0) {
		struct hash_hex digest = digest_of(t, base->digest, &batch);
		img->digest = mem_strdup(digest.s);
		img->suite = mem_strdup(base->suite);
		img->arch = mem_strdup(base->arch);
		if (t->fonts)
			strlist_add(&img->env, "FONTCONFIG_FILE=" FONTS_CONF);
		apt_batch_digests(&batch, &img->objects);
		rc = image_write(st, img, err);
	}
	install_batch_cleanup(&batch);
	return rc;
}

static int
build_locked(const struct state *st, const struct tools *t, bool refresh, bool offline,
	const char *log, struct image *ret, struct dd_err *err)
{
	OWN(image) struct image base = {0};
	struct image img = {.name = mem_strdup(t->name)};
	int rc = image_ensure(st, IMAGE_BASE, false, offline, log, &base, err);
	if (rc == 0)
		rc = build_on(st, t, &base, refresh, offline, log, &img, err);
	if (rc < 0) {
		image_cleanup(&img);
		image_forget_attempt(st, t->name);
		return err_wrap(err,
			"cannot make %s from this machine's package sources "
			"(once they have %s, `drydock image build %s` makes it)",
			t->what, t->packages[0], t->name);
	}
	*ret = img;
	return 0;
}

static int
build(const struct state *st, const struct tools *t, bool refresh, bool offline, const char *log,
	struct image *ret, struct dd_err *err)
{
	OWN_FREE char *lock_path = mem_printf("%s/images/%s.lock", st->dir, t->name);
	OWN_FD int lock = -1;
	int rc = fs_lock(lock_path, true, &lock, err);
	if (rc < 0)
		return rc;
	if (!refresh && image_open(st, t->name, ret, NULL) == 0)
		return 0; /* another drydock made it meanwhile */
	int step = progress_begin("building %s", t->what);
	rc = build_locked(st, t, refresh, offline, log, ret, err);
	progress_end(step, rc < 0 ? "failed" : "ok");
	return rc;
}

int
browser_image_build(const struct state *st, bool refresh, bool offline, const char *log,
	struct image *ret, struct dd_err *err)
{
	return build(st, &browser, refresh, offline, log, ret, err);
}

int
display_image_build(const struct state *st, bool refresh, bool offline, const char *log,
	struct image *ret, struct dd_err *err)
{
	return build(st, &display, refresh, offline, log, ret, err);
}
