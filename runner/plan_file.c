#include "runner/plan_file.h"

#include "base/fs.h"
#include "qa/picture.h"
#include "qa/png.h"

#include <fcntl.h>
#include <string.h>

char *
plan_file_path(const char *plan)
{
	return fs_is_dir(plan) ? fs_join(plan, "plan.md") : mem_strdup(plan);
}

int
plan_file_load(const char *path, struct buf *ret_text, struct plandoc *ret, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	int rc = fs_read(path, PLAN_MAX_BYTES, &text, err);
	if (rc == -DD_ENOENT)
		return err_set(err, DD_EINVAL, "there is no plan %s", path);
	if (rc == 0)
		rc = plandoc_parse(buf_str(&text), ret, err);
	if (rc == 0 && ret_text)
		buf_add_str(ret_text, buf_str(&text));
	return rc < 0 && rc != -DD_EIO ? err_wrap(err, "%s", path) : rc;
}

const char *
plan_file_source(const struct plandoc *p)
{
	const char *source = NULL;
	for (size_t i = 0; !source && i < p->n; i++)
		source = p->v[i].level == 1 ? plandoc_value(&p->v[i], "source") : NULL;
	return source;
}

int
plan_file_picture(
	const char *path, const struct intent_screen *s, struct buf *ret, struct dd_err *err)
{
	OWN_FREE char *file = fs_beside(path, s->picture);
	OWN(dd_err) struct dd_err why = {0};
	uint32_t w, h;
	ret->max = PICTURE_MAX_FILE;
	if (!fs_is_plain_path(str_of(s->picture)) ||
		fs_read_regular(AT_FDCWD, file, false, PICTURE_MAX_FILE, ret, &why) < 0)
		return err_set(err, DD_EINVAL,
			"the picture `%s` is not beside the plan%s%s: put it there, or take its line away",
			s->picture, why.msg ? ": " : "", why.msg ? err_msg(&why) : "");
	if (!png_size(buf_str(ret), &w, &h))
		return err_set(err, DD_EINVAL,
			"`%s` is no picture (PNG): make one of it, or take its line away",
			s->picture);
	const struct hash_hex digest = hash_bytes(buf_str(ret));
	if (s->digest && strcmp(digest.s, s->digest) != 0)
		return err_set(err, DD_EINVAL,
			"the picture `%s` is not the one that the plan was made with: put that one back, or write the digest of this one, %s",
			s->picture, digest.s);
	return 0;
}

int
plan_file_each_screen(const struct plandoc *p, plan_screen_fn fn, void *ctx, struct dd_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < p->n; i++) {
		OWN(intent_screen_list) struct intent_screen_list screens = {0};
		if (plandoc_is_task(&p->v[i]))
			(void)intent_screens(&p->v[i], &screens);
		for (size_t k = 0; rc == 0 && k < screens.n; k++)
			rc = fn(ctx, p->v[i].id, &screens.v[k], err);
	}
	return rc;
}

struct missing {
	const char *path;
	json_t *faults;
};

static int
add_missing_picture(void *ctx, const char *task, const struct intent_screen *s, struct dd_err *err)
{
	const struct missing *m = ctx;
	OWN(buf) struct buf png = {0};
	OWN(dd_err) struct dd_err why = {0};
	(void)err;
	if (plan_file_picture(m->path, s, &png, &why) == 0)
		return 0;
	OWN_FREE char *text = mem_printf("%s: %s", task, err_msg(&why));
	json_array_append_new(m->faults, json_pack("{s:s, s:[s], s:o}", "fault", "no-picture",
						 "ids", task, "text", json_text(str_of(text))));
	return 0;
}

int
plan_file_faults(const char *path, const struct plandoc *p, const char *source, json_t **ret,
	struct dd_err *err)
{
	source = source ? source : plan_file_source(p);
	OWN_FD int root = source ? open(source, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (root < 0)
		return err_set(err, DD_EINVAL,
			"the tree of the plan, %s, is not there: --source DIR tells where it is",
			source ? source : "which it does not name");
	*ret = intent_check(p, root);
	struct missing m = {path, *ret};
	return plan_file_each_screen(p, add_missing_picture, &m, err);
}

int
plan_file_approval(const char *path, struct str text, json_t **ret, struct dd_err *err)
{
	OWN(intent_approval) struct intent_approval a = {0};
	OWN(dd_err) struct dd_err why = {0};
	int rc = intent_last_approval(path, &a, &why);
	if (rc == -DD_ENOENT) {
		*ret = json_pack("{s:b}", "approved", 0);
		return 0;
	}
	if (rc < 0)
		return err_move(err, &why);
	*ret = json_pack("{s:b, s:o, s:s, s:I}", "approved",
		strcmp(hash_bytes(text).s, a.digest) == 0, "by", json_text(str_of(a.author)),
		"digest", a.digest, "time_s", (json_int_t)a.time_s);
	return 0;
}
