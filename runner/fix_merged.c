/* The worker "fix" for a branch that is put onto another commit: which commits, what they give there, and the files of it. */
#include "runner/fix_worker.h"

#include "agents/edit.h"
#include "base/fs.h"
#include "base/git_merge.h"
#include "runner/fix_wire.h"
#include "sandbox/sandbox.h"

#include <fcntl.h>
#include <string.h>

#define PICKS_MAX 200
#define PUT_MAX ((size_t)1 << 30)

static struct str
subject_of(const char *message)
{
	struct str rest = str_of(message), line = {"", 0};
	(void)str_next_line(&rest, &line);
	return str_trim(line);
}

int
fix_worker_picks(const char *repository, const char *commit, const char *onto, struct dd_err *err)
{
	OWN(gitrepo_pick_list) struct gitrepo_pick_list l = {0};
	OWN(buf) struct buf out = {0};
	json_t *commits = json_array();
	int rc = gitrepo_list_picks(repository, commit, onto, PICKS_MAX, &l, err);
	for (size_t i = 0; i < l.n; i++)
		json_array_append_new(
			commits, json_pack("{s:s, s:o, s:o, s:o}", "commit", l.v[i].commit,
					 "subject", json_text(subject_of(l.v[i].message)),
					 "message", json_text(str_of(l.v[i].message)), "files",
					 json_from_strings(&l.v[i].paths)));
	OWN_JSON json_t *j = json_pack("{s:s?, s:o}", "base", l.base, "commits", commits);
	json_print(j, 0, &out);
	return rc < 0 ? rc : fs_write_all(STDOUT_FILENO, out.p, out.n, err);
}

static bool
read_now(void *ctx, const char *path, struct buf *ret)
{
	return fix_worker_read(*(const int *)ctx, path, EDIT_MAX_BYTES, ret);
}

static json_t *
places_of(const struct gitrepo_merged *m)
{
	json_t *places = json_array();
	for (size_t i = 0; i < m->nplaces; i++) {
		const struct gitrepo_place *p = &m->places[i];
		json_array_append_new(
			places, json_pack("{s:[I, I], s:[I, I], s:s?}", "now", (json_int_t)p->first,
					(json_int_t)p->lines, "change", (json_int_t)p->theirs,
					(json_int_t)p->theirs_lines, "by", p->by));
	}
	return places;
}

int
fix_worker_merge(const char *repository, const char *commit, const char *onto, struct dd_err *err)
{
	OWN(gitrepo_merged_list) struct gitrepo_merged_list l = {0};
	OWN(buf) struct buf out = {0}, text = {0};
	OWN_FD int root = open(WORK_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	OWN_JSON json_t *files = json_array();
	const struct gitrepo_merge_spec spec = {commit, onto, read_now, &root};
	int rc = root < 0 ? err_set(err, DD_EIO, "fix: no tree")
			  : gitrepo_merge(repository, &spec, &l, err);
	for (size_t i = 0; i < l.n; i++)
		json_array_append_new(files,
			json_pack("{s:o, s:b, s:s, s:o}", "path", json_text(str_of(l.v[i].path)),
				"created", l.v[i].created, "clash",
				gitrepo_clash_names[l.v[i].clash], "places", places_of(&l.v[i])));
	json_print(files, 0, &text);
	wire_put(&out, buf_str(&text));
	for (size_t i = 0; i < l.n; i++) {
		if (l.v[i].clash == CLASH_GONE || l.v[i].clash == CLASH_KIND)
			continue;
		wire_put(&out, str_of(l.v[i].path));
		wire_put(&out, buf_str(&l.v[i].text));
	}
	return rc < 0 ? rc : fs_write_all(STDOUT_FILENO, out.p, out.n, err);
}

int
fix_worker_put(bool marked, struct dd_err *err)
{
	OWN(buf) struct buf input = {.max = PUT_MAX};
	OWN(strlist) struct strlist paths = {0};
	OWN(edit_result) struct edit_result r = {0};
	OWN(dd_err) struct dd_err why = {0};
	OWN_FD int root = open(WORK_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct edit_check check = {fix_worker_is_worse, &root};
	struct edit *edits = NULL;
	size_t n = 0, cap = 0;
	struct str rest, path, text;
	worker_take_input(&input);
	for (rest = buf_str(&input); wire_take(&rest, &path) && wire_take(&rest, &text);) {
		edits = mem_grow(edits, n, &cap, sizeof(*edits));
		edits[n++] = (struct edit){.kind = EDIT_BYTES, .text = text};
		strlist_add_str(&paths, path);
	}
	for (size_t i = 0; i < n; i++)
		edits[i].path = paths.v[i];
	int rc = root < 0 ? err_set(&why, DD_EIO, "fix: no tree")
			  : edit_apply(root, edits, n, marked ? NULL : &check, &r, &why);
	free(edits);
	return rc < 0 && rc != -DD_EINVAL
		       ? err_move(err, &why)
		       : fix_worker_tell_edits(&r, rc < 0 ? err_msg(&why) : NULL, err);
}
