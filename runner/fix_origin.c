/* The worker "fix" for who asks whose a line is: the history of a repository, and what commits of ours say of themselves. */
#include "runner/fix_worker.h"

#include "agents/edit.h"
#include "base/fs.h"
#include "base/git_log.h"
#include "sandbox/sandbox.h"

#include <fcntl.h>
#include <string.h>

/* The last line of the message that begins with the name; heap, NULL: none does. */
static char *
trailer(const char *message, const char *name)
{
	struct str rest = str_of(message), line, found = {NULL, 0};
	while (str_next_line(&rest, &line))
		if (str_starts(line, name))
			found = line;
	size_t n = strlen(name);
	return found.p ? str_dup(str_trim((struct str){found.p + n, found.n - n})) : NULL;
}

static json_t *
to_json(const struct gitrepo_line *l)
{
	if (!l->commit)
		return json_object();
	OWN_FREE char *run = trailer(l->message, "Drydock-Run:"),
		      *attempt = trailer(l->message, "Drydock-Attempt:");
	struct str rest = str_of(l->message), subject = {"", 0};
	uint64_t n = 0;
	(void)str_next_line(&rest, &subject);
	json_t *j = json_pack("{s:s, s:o, s:o, s:I, s:o, s:I}", "commit", l->commit, "author",
		json_text(str_of(l->author)), "subject", json_text(subject), "time_s",
		(json_int_t)l->time_s, "path", json_text(str_of(l->path)), "line",
		(json_int_t)l->line);
	if (l->text)
		json_object_set_new(j, "text", json_text(str_of(l->text)));
	if (run && attempt && str_parse_u64(str_of(attempt), INT32_MAX, &n)) {
		json_object_set_new(j, "run", json_text(str_of(run)));
		json_object_set_new(j, "attempt", json_integer((json_int_t)n));
	}
	return j;
}

int
fix_worker_origin(bool of_tree, const char *repository, const char *revision, const char *path,
	int64_t line, struct dd_err *err)
{
	OWN(buf) struct buf text = {0}, out = {0};
	OWN(gitrepo_line) struct gitrepo_line l = {0};
	OWN_FD int root = of_tree ? open(WORK_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (of_tree && (root < 0 || !fix_worker_read(root, path, EDIT_MAX_BYTES, &text)))
		return err_set(err, DD_EINVAL, "there is no file %.200s that could be read", path);
	const struct str now = buf_str(&text);
	int rc = gitrepo_blame(repository, revision, path, of_tree ? &now : NULL, line, &l, err);
	if (rc == -DD_ENOENT &&
		of_tree) { /* the branch is gone; what it was made from need not be */
		dd_err_cleanup(err);
		rc = gitrepo_blame(repository, "HEAD", path, &now, line, &l, err);
	}
	if (rc < 0)
		return rc;
	OWN_JSON json_t *j = to_json(&l);
	json_print(j, 0, &out);
	return fs_write_all(STDOUT_FILENO, out.p, out.n, err);
}
