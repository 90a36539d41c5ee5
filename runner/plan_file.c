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

static void
add_missing_pictures(const char *path, const struct plandoc *p, json_t *faults)
{
	struct intent_tasks tasks = {0};
	intent_tasks(p, &tasks);
	for (size_t t = 0; t < tasks.n; t++)
		for (size_t i = 0; i < tasks.v[t].screens.n; i++) {
			OWN(buf) struct buf png = {0};
			OWN(dd_err) struct dd_err why = {0};
			if (plan_file_picture(path, &tasks.v[t].screens.v[i], &png, &why) == 0)
				continue;
			OWN_FREE char *text = mem_printf("%s: %s", tasks.v[t].id, err_msg(&why));
			json_array_append_new(
				faults, json_pack("{s:s, s:[s], s:o}", "fault", "no-picture", "ids",
						tasks.v[t].id, "text", json_text(str_of(text))));
		}
	intent_tasks_cleanup(&tasks);
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
	add_missing_pictures(path, p, *ret);
	return 0;
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
