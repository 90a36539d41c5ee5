/* The worker "fix" for an author that is a model: its edits are made, and files are shown to it. */
#include "runner/fix_worker.h"

#include "agents/author.h"
#include "base/fs.h"
#include "base/hash.h"
#include "sandbox/sandbox.h"

#include <fcntl.h>
#include <string.h>

#define EDITS_MAX ((size_t)16 << 20)
#define SHOWN_MAX ((size_t)256 << 10)

static int
open_tree(int *ret, struct dd_err *err)
{
	*ret = open(WORK_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret < 0 ? err_set(err, DD_EIO, "fix: no tree") : 0;
}

int
fix_worker_tell_edits(const struct edit_result *r, const char *why, struct dd_err *err)
{
	OWN(buf) struct buf out = {0};
	json_t *files = json_array();
	for (size_t i = 0; i < r->n; i++)
		json_array_append_new(
			files, json_pack("{s:o, s:b}", "path", json_text(str_of(r->v[i].path)),
				       "created", r->v[i].created));
	OWN_JSON json_t *report =
		json_pack("{s:s, s:o, s:o}", "verdict", edit_verdict_names[r->verdict], "why",
			why ? json_text(str_of(why)) : json_null(), "files", files);
	json_print(report, 0, &out);
	return fs_write_all(STDOUT_FILENO, out.p, out.n, err);
}

int
fix_worker_edit(struct dd_err *err)
{
	OWN(buf) struct buf text = {.max = EDITS_MAX};
	OWN_JSON json_t *edits = NULL;
	OWN(edit_result) struct edit_result r = {0};
	OWN(dd_err) struct dd_err why = {0};
	size_t n = 0;
	OWN_FD int root = -1;
	const struct edit_check check = {fix_worker_is_worse, &root};
	int rc = open_tree(&root, err);
	worker_take_input(&text);
	if (rc == 0)
		rc = json_parse(buf_str(&text), &edits, err);
	if (rc < 0)
		return rc;
	struct edit *v = author_edits(edits, &n);
	rc = edit_apply(root, v, n, &check, &r, &why);
	free(v);
	if (rc < 0 && rc != -DD_EINVAL)
		return err_move(err, &why);
	return fix_worker_tell_edits(&r, rc < 0 ? err_msg(&why) : NULL, err);
}

int
fix_worker_show(const char *path, uint64_t from, uint64_t to, struct dd_err *err)
{
	OWN(buf) struct buf text = {0}, lines = {.max = SHOWN_MAX}, out = {0};
	OWN_FD int root = -1;
	struct str rest, line;
	uint64_t n = 0;
	int rc = open_tree(&root, err);
	if (rc < 0)
		return rc;
	if (!fix_worker_read(root, path, EDIT_MAX_BYTES, &text))
		return fs_write_all(STDOUT_FILENO, "-\n", 2, err);
	for (rest = buf_str(&text); str_next(&rest, '\n', &line);) {
		if (++n < from || n > to)
			continue;
		buf_add_str(&lines, line);
		buf_putc(&lines, '\n');
	}
	buf_printf(&out, "%llu %s\n", (unsigned long long)n, hash_bytes(buf_str(&text)).s);
	buf_add_str(&out, buf_str(&lines));
	return fs_write_all(STDOUT_FILENO, out.p, out.n, err);
}
