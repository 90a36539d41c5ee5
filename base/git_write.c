#include "base/git_write.h"

#include "base/fs.h"
#include "base/git_library.h"
#include "base/io.h"
#include "base/map.h"

#include <errno.h>
#include <fcntl.h>
#include <git2.h>
#include <git2/sys/odb_backend.h>
#include <string.h>
#include <sys/stat.h>

#define PACKED_MAX ((size_t)64 << 20) /* bytes of packed-refs */

void
gitrepo_object_list_cleanup(struct gitrepo_object_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		buf_cleanup(&l->v[i].data);
	free(l->v);
	*l = (struct gitrepo_object_list){0};
}

/* ---- making a commit ---- */

struct making {
	const struct gitrepo_commit_spec *spec;
	git_repository *repo;
	git_odb *odb;
	git_commit *parent;
	git_tree *base, *tree;
	struct gitrepo_object_list *objects;
	struct map seen; /* object ids that are in objects */
};

static void
making_cleanup(struct making *m)
{
	git_tree_free(m->tree);
	git_tree_free(m->base);
	git_commit_free(m->parent);
	git_odb_free(m->odb);
	git_repository_free(m->repo);
	map_cleanup(&m->seen);
}

static int
find_base(struct making *m, const char *dir, struct dd_err *err)
{
	git_oid id;
	git_object *head = NULL;
	int rc = git_repository_open_ext(&m->repo, dir, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
	rc = rc ? rc : git_repository_odb(&m->odb, m->repo);
	if (rc)
		return git_library_fail(rc, "opening the repository", err);
	if (m->spec->parent) {
		rc = git_oid_fromstr(&id, m->spec->parent);
		rc = rc ? rc : git_commit_lookup(&m->parent, m->repo, &id);
	} else {
		rc = git_revparse_single(&head, m->repo, "HEAD^{commit}");
		m->parent = (git_commit *)head;
	}
	rc = rc ? rc : git_commit_tree(&m->base, m->parent);
	return rc ? git_library_fail(rc, "reading the commit to build on", err) : 0;
}

/* Is the file there what the change was made from?  *ret_mode: what it is to be. */
static int
check_base(struct making *m, const struct gitrepo_change *c, git_filemode_t *ret_mode,
	struct dd_err *err)
{
	git_tree_entry *entry = NULL;
	git_blob *blob = NULL;
	int rc = git_tree_entry_bypath(&entry, m->base, c->path);
	*ret_mode = GIT_FILEMODE_BLOB;
	if (rc == GIT_ENOTFOUND && c->created)
		return 0;
	rc = rc ? rc : git_blob_lookup(&blob, m->repo, git_tree_entry_id(entry));
	bool same =
		!rc && git_blob_rawsize(blob) == (git_object_size_t)c->before.n &&
		(!c->before.n || memcmp(git_blob_rawcontent(blob), c->before.p, c->before.n) == 0);
	if (!rc)
		*ret_mode = git_tree_entry_filemode(entry);
	git_blob_free(blob);
	git_tree_entry_free(entry);
	if (rc == GIT_ENOTFOUND || (!rc && !same))
		return err_set(err, DD_EBUSY, "%s is not as it was committed", c->path);
	return rc ? git_library_fail(rc, "reading a file of the commit", err) : 0;
}

static int
keep_object(struct making *m, const git_oid *id, struct dd_err *err)
{
	char hex[GIT_OID_HEXSZ + 1];
	git_odb_object *o = NULL;
	(void)git_oid_tostr(hex, sizeof(hex), id);
	if (map_get(&m->seen, hex))
		return 0;
	int rc = git_odb_read(&o, m->odb, id);
	if (rc)
		return git_library_fail(rc, "reading an object that was made", err);
	struct gitrepo_object_list *l = m->objects;
	l->v = mem_grow(l->v, l->n, &l->cap, sizeof(*l->v));
	struct gitrepo_object *to = &l->v[l->n++];
	*to = (struct gitrepo_object){.type = git_odb_object_type(o)};
	buf_add(&to->data, git_odb_object_data(o), git_odb_object_size(o));
	git_odb_object_free(o);
	map_put(&m->seen, hex, m);
	return 0;
}

/* The trees on the way to a path that changed. */
static int
keep_trees(struct making *m, const char *path, struct dd_err *err)
{
	int rc = keep_object(m, git_tree_id(m->tree), err);
	for (const char *slash = path; rc == 0 && (slash = strchr(slash, '/')); slash++) {
		OWN_FREE char *dir = mem_strndup(path, (size_t)(slash - path));
		git_tree_entry *entry = NULL;
		if (git_tree_entry_bypath(&entry, m->tree, dir) == 0)
			rc = keep_object(m, git_tree_entry_id(entry), err);
		git_tree_entry_free(entry);
	}
	return rc;
}

static int
make_tree(struct making *m, struct dd_err *err)
{
	const struct gitrepo_commit_spec *s = m->spec;
	git_tree_update *updates = mem_zalloc(s->nchanges, sizeof(*updates));
	git_oid id;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < s->nchanges; i++) {
		const struct gitrepo_change *c = &s->changes[i];
		updates[i].action = GIT_TREE_UPDATE_UPSERT;
		updates[i].path = c->path;
		rc = check_base(m, c, &updates[i].filemode, err);
		int made = rc ? 0
			      : git_blob_create_from_buffer(
					&updates[i].id, m->repo, c->after.p, c->after.n);
		if (made)
			rc = git_library_fail(made, "making an object", err);
		if (rc == 0)
			rc = keep_object(m, &updates[i].id, err);
	}
	int made = rc ? 0 : git_tree_create_updated(&id, m->repo, m->base, s->nchanges, updates);
	made = rc || made ? made : git_tree_lookup(&m->tree, m->repo, &id);
	free(updates);
	return made ? git_library_fail(made, "making a tree", err) : rc;
}

static int
make_commit(struct making *m, char **ret_commit, struct dd_err *err)
{
	const struct gitrepo_commit_spec *s = m->spec;
	git_signature *who = NULL;
	git_oid id;
	const git_commit *parents[] = {m->parent};
	char hex[GIT_OID_HEXSZ + 1];
	git_time_t when = s->time_s == GIT_TIME_OF_PARENT ? git_commit_time(m->parent)
							  : (git_time_t)s->time_s;
	int rc = git_signature_new(&who, s->author, s->email, when, 0);
	rc = rc ? rc
		: git_commit_create(
			  &id, m->repo, NULL, who, who, NULL, s->message, m->tree, 1, parents);
	git_signature_free(who);
	if (rc)
		return git_library_fail(rc, "making a commit", err);
	(void)git_oid_tostr(hex, sizeof(hex), &id);
	*ret_commit = mem_strdup(hex);
	return keep_object(m, &id, err);
}

int
gitrepo_make_commit(const char *dir, const struct gitrepo_commit_spec *spec,
	struct gitrepo_object_list *objects, char **ret_commit, struct dd_err *err)
{
	git_library_start();
	OWN(making) struct making m = {.spec = spec, .objects = objects};
	OWN_FREE char *commit = NULL;
	int rc = find_base(&m, dir, err);
	if (rc == 0)
		rc = make_tree(&m, err);
	for (size_t i = 0; rc == 0 && i < spec->nchanges; i++)
		rc = keep_trees(&m, spec->changes[i].path, err);
	if (rc == 0)
		rc = make_commit(&m, &commit, err);
	if (rc == 0)
		*ret_commit = TAKE(commit);
	return rc;
}

/* ---- putting it into a repository ---- */

int
gitrepo_git_dir(const char *dir, char **ret, struct dd_err *err)
{
	OWN_FREE char *inner = fs_join(dir, ".git"), *head = fs_join(dir, "HEAD"),
		      *objects = fs_join(dir, "objects");
	struct stat st;
	bool there = lstat(inner, &st) == 0;
	bool bare = !there && fs_exists(head) && fs_is_dir(objects);
	if (there && !S_ISDIR(st.st_mode))
		return err_set(err, DD_EUNSUPPORTED,
			"the git directory of %s lies elsewhere (a work tree of its own, or a submodule)",
			dir);
	if (!there && !bare)
		return err_set(err, DD_ENOENT, "%s is no git repository", dir);
	*ret = bare ? mem_strdup(dir) : TAKE(inner);
	return 0;
}

static int
open_git_dir(const char *dir, int *ret_fd, struct dd_err *err)
{
	OWN_FREE char *path = NULL;
	int rc = gitrepo_git_dir(dir, &path, err);
	OWN_FD int fd = rc < 0 ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (rc < 0)
		return rc;
	if (fd < 0)
		return err_errno(err, errno, "cannot open %s", path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int
give(int fd, const struct stat *owner, const char *what, struct dd_err *err)
{
	return geteuid() == 0 && fchown(fd, owner->st_uid, owner->st_gid) < 0
		       ? err_errno(err, errno, "cannot give %s its owner", what)
		       : 0;
}

static int
enter(int dir, const char *name, const struct stat *owner, int *ret_fd, struct dd_err *err)
{
	bool made = io_mkdirat(dir, name, owner->st_mode & 0777) == 0;
	if (!made && errno != EEXIST)
		return err_errno(err, errno, "cannot make the directory %s", name);
	OWN_FD int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "%s is no directory", name);
	int rc = made ? give(fd, owner, name, err) : 0;
	if (rc == 0)
		*ret_fd = TAKE_FD(fd);
	return rc;
}

/* Under a name of its own first; the content is durable before the name is. */
static int
put_file(int dir, const char *name, struct str data, mode_t mode, const struct stat *owner,
	struct dd_err *err)
{
	OWN_FREE char *temp = mem_printf("%s.drydock-tmp", name);
	(void)!io_unlinkat(dir, temp, 0);
	OWN_FD int fd =
		io_createat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, errno, "cannot create %s", temp);
	int rc = fs_write_all(fd, data.p, data.n, err);
	if (rc == 0 && (fchmod(fd, mode) < 0 || io_fsync(fd) < 0))
		rc = err_errno(err, errno, "cannot write %s", temp);
	if (rc == 0)
		rc = give(fd, owner, temp, err);
	if (rc == 0 && io_linkat(dir, temp, dir, name, 0) < 0 && errno != EEXIST)
		rc = err_errno(err, errno, "cannot write %s", name);
	(void)!io_unlinkat(dir, temp, 0);
	if (rc == 0 && io_fsync(dir) < 0)
		rc = err_errno(err, errno, "cannot sync the directory of %s", name);
	return rc;
}

/* The commit that the branch is at, which may be loose, in `dir` (-1: none is), or packed (gitrepository-layout(5)); empty: there is none. */
static int
read_ref(int git_dir, int dir, const char *branch, struct buf *ret, struct dd_err *err)
{
	OWN(buf) struct buf packed = {.max = PACKED_MAX};
	OWN(dd_err) struct dd_err why = {0};
	OWN_FREE char *end = mem_printf(" refs/heads/%s", branch);
	buf_reset(ret);
	int rc =
		dir < 0 ? -DD_ENOENT : fs_read_regular(dir, fs_name(branch), true, 4095, ret, &why);
	if (rc == 0) {
		while (ret->n && ret->p[ret->n - 1] == '\n')
			ret->p[--ret->n] = '\0';
		return 0;
	}
	if (rc != -DD_ENOENT)
		return err_move(err, &why);
	rc = fs_read_regular(git_dir, "packed-refs", false, PACKED_MAX - 1, &packed, &why);
	if (rc < 0)
		return rc == -DD_ENOENT ? 0 : err_move(err, &why);
	struct str rest = buf_str(&packed), line;
	while (str_next_line(&rest, &line))
		if (str_ends(line, end) && line.n == GIT_OID_HEXSZ + strlen(end))
			buf_add(ret, line.p, GIT_OID_HEXSZ);
	return 0;
}

static int
stands_on(int dir, const char *head_file, const char *branch, bool *ret, struct dd_err *err)
{
	OWN_FREE char *head = mem_printf("ref: refs/heads/%s\n", branch);
	OWN(buf) struct buf now = {.max = 4096};
	OWN(dd_err) struct dd_err why = {0};
	int rc = fs_read_regular(dir, head_file, false, 4095, &now, &why);
	*ret = rc == 0 && str_eq(buf_str(&now), head);
	return rc < 0 && rc != -DD_ENOENT ? err_move(err, &why) : 0;
}

/* In the repository's own work tree, or in another one of it. */
static int
refuse_checked_out(int git_dir, const char *branch, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	OWN_FD int others = openat(git_dir, "worktrees", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool stands = false;
	int rc = stands_on(git_dir, "HEAD", branch, &stands, err);
	if (rc == 0 && others >= 0)
		rc = fs_list_fd(others, "worktrees", &names, err);
	for (size_t i = 0; rc == 0 && !stands && i < names.n; i++) {
		OWN_FREE char *head = mem_printf("%s/HEAD", names.v[i]);
		rc = stands_on(others, head, branch, &stands, err);
	}
	return rc == 0 && stands ? err_set(err, DD_EBUSY,
					   "the branch %s is checked out: it is not moved", branch)
				 : rc;
}

/* Only a branch that is where it was put is moved, and none that somebody stands on. */
static int
move_ref(int git_dir, int dir, const char *branch, struct str line, const struct stat *owner,
	struct dd_err *err)
{
	const char *name = fs_name(branch);
	OWN_FREE char *next = mem_printf("%s.drydock-next", name),
		      *lock = mem_printf("%s.lock", name);
	int rc = refuse_checked_out(git_dir, branch, err);
	if (rc == 0 && faccessat(dir, lock, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(err, DD_EBUSY, "the branch %s is being changed", branch);
	(void)!io_unlinkat(dir, next, 0);
	if (rc == 0)
		rc = put_file(dir, next, line, 0644, owner, err);
	if (rc == 0 && io_renameat2(dir, next, dir, name, 0) < 0)
		rc = err_errno(err, errno, "cannot move the branch %s", branch);
	if (rc == 0 && io_fsync(dir) < 0)
		rc = err_errno(err, errno, "cannot sync the directory of %s", branch);
	return rc;
}

/* As git's own loose form (gitrepository-layout(5)): compressed, in a file of its digest's name. */
static int
compress(const struct gitrepo_object *o, const char *scratch, char *ret_hex, struct dd_err *err)
{
	git_odb *odb = NULL;
	git_odb_backend *loose = NULL;
	git_oid id;
	int rc = git_odb_new(&odb);
	rc = rc ? rc : git_odb_backend_loose(&loose, scratch, -1, 0, 0755, 0444);
	rc = rc ? rc : git_odb_add_backend(odb, loose, 1);
	rc = rc ? rc
		: git_odb_write(
			  &id, odb, o->data.p ? o->data.p : "", o->data.n, (git_object_t)o->type);
	git_odb_free(odb);
	if (rc)
		return git_library_fail(rc, "writing an object", err);
	(void)git_oid_tostr(ret_hex, GIT_OID_HEXSZ + 1, &id);
	return 0;
}

static int
put_object(int objects, const char *scratch, const struct gitrepo_object *o,
	const struct stat *owner, char *ret_hex, struct dd_err *err)
{
	OWN_FD int dir = -1;
	OWN(buf) struct buf data = {0};
	char name[3] = "";
	int rc = compress(o, scratch, ret_hex, err);
	if (rc < 0)
		return rc;
	OWN_FREE char *made = mem_printf("%s/%.2s/%s", scratch, ret_hex, ret_hex + 2);
	memcpy(name, ret_hex, 2);
	rc = fs_read(made, (size_t)1 << 30, &data, err);
	if (rc == 0)
		rc = enter(objects, name, owner, &dir, err);
	if (rc == 0 && faccessat(dir, ret_hex + 2, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
		rc = put_file(dir, ret_hex + 2, buf_str(&data), 0444, owner, err);
	return rc;
}

static bool
is_plain_branch(const char *branch)
{
	struct str rest = str_of(branch), part;
	while (str_next(&rest, '/', &part)) {
		if (!part.n || part.p[0] == '.' || part.p[0] == '-' || str_ends(part, ".lock"))
			return false;
		for (size_t i = 0; i < part.n; i++)
			if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.", part.p[i]))
				return false;
	}
	return *branch && !strstr(branch, "..");
}

static int
put_ref(int git_dir, const char *commit, const char *branch, const char *from,
	const struct stat *owner, struct dd_err *err)
{
	OWN_FREE char *path = mem_printf("refs/heads/%s", branch);
	OWN_FREE char *line = mem_printf("%s\n", commit);
	OWN_FD int dir = openat(git_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	OWN(buf) struct buf now = {.max = 4096};
	struct str rest = str_of(path), part;
	int rc = dir < 0 ? err_errno(err, errno, "cannot open the git directory") : 0;
	while (rc == 0 && str_next(&rest, '/', &part) && rest.n) {
		OWN_FREE char *name = str_dup(part);
		int next = -1;
		rc = enter(dir, name, owner, &next, err);
		if (rc == 0) {
			(void)close(dir);
			dir = next;
		}
	}
	if (rc == 0)
		rc = read_ref(git_dir, dir, branch, &now, err);
	if (rc == 0 && !now.n)
		rc = put_file(dir, fs_name(path), str_of(line), 0644, owner, err);
	else if (rc == 0 && from && str_eq(buf_str(&now), from) && strcmp(from, commit) != 0)
		rc = move_ref(git_dir, dir, branch, str_of(line), owner, err);
	if (rc == 0)
		rc = read_ref(git_dir, dir, branch, &now, err);
	if (rc == 0 && !str_eq(buf_str(&now), commit))
		rc = err_set(err, DD_EEXIST,
			"the branch %s is there already, and is another commit", branch);
	return rc;
}

int
gitrepo_put_branch(const char *dir, const struct gitrepo_object_list *objects, const char *commit,
	const char *branch, const char *from, const char *scratch, struct dd_err *err)
{
	OWN_FD int git_dir = -1, store = -1;
	char hex[GIT_OID_HEXSZ + 1] = "";
	struct stat owner;
	git_library_start();
	if (!is_plain_branch(branch))
		return err_set(err, DD_EINVAL, "%s is no name of a branch", branch);
	int rc = open_git_dir(dir, &git_dir, err);
	if (rc < 0)
		return rc;
	if (fstat(git_dir, &owner) < 0)
		return err_errno(err, errno, "cannot look at the git directory");
	store = openat(git_dir, "objects", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (store < 0)
		return err_errno(err, errno, "cannot open the objects of %s", dir);
	rc = fs_remove_tree(scratch, err);
	if (rc == 0)
		rc = fs_mkdirs(scratch, 0700, err);
	for (size_t i = 0; rc == 0 && i < objects->n; i++)
		rc = put_object(store, scratch, &objects->v[i], &owner, hex, err);
	(void)!fs_remove_tree(scratch, NULL);
	if (rc == 0 && strcmp(hex, commit) != 0)
		rc = err_set(err, DD_ECORRUPT, "the objects end with %s, not with %s", hex, commit);
	return rc < 0 ? rc : put_ref(git_dir, commit, branch, from, &owner, err);
}

int
gitrepo_branch_commit(const char *dir, const char *branch, char **ret, struct dd_err *err)
{
	OWN_FREE char *path = mem_printf("refs/heads/%s", branch), *there = mem_strdup(path);
	OWN_FD int git_dir = -1;
	OWN(buf) struct buf now = {.max = 4096};
	there[fs_name(path) - path] = '\0';
	if (!is_plain_branch(branch))
		return err_set(err, DD_EINVAL, "%s is no name of a branch", branch);
	int rc = open_git_dir(dir, &git_dir, err);
	if (rc < 0)
		return rc;
	OWN_FD int loose = openat(git_dir, there, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	rc = read_ref(git_dir, loose, branch, &now, err);
	if (rc == 0)
		*ret = now.n ? str_dup(buf_str(&now)) : NULL;
	return rc;
}

static bool
is_commit(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!memchr("0123456789abcdef", s.p[i], 16))
			return false;
	return s.n == GIT_OID_HEXSZ;
}

/* The commit of refs/heads/BRANCH, whatever characters its name has; empty: there is none. */
static int
read_branch(int git_dir, const char *branch, struct buf *ret, struct dd_err *err)
{
	OWN_FREE char *path = mem_printf("refs/heads/%s", branch), *parent = mem_strdup(path);
	OWN_FD int dir = -1;
	OWN(dd_err) struct dd_err why = {0};
	parent[fs_name(path) - path] = '\0';
	int rc = fs_open_in_root(git_dir, parent, O_RDONLY | O_DIRECTORY, &dir, &why);
	if (rc < 0 && rc != -DD_ENOENT)
		return err_move(err, &why);
	return read_ref(git_dir, dir, branch, ret, err);
}

int
gitrepo_checked_out(const char *dir, char **ret_branch, char **ret_commit, struct dd_err *err)
{
	static const char prefix[] = "ref: refs/heads/";
	OWN_FD int git_dir = -1;
	OWN(buf) struct buf head = {.max = 4096}, now = {.max = 4096};
	OWN_FREE char *branch = NULL;
	int rc = open_git_dir(dir, &git_dir, err);
	if (rc == 0)
		rc = fs_read_regular(git_dir, "HEAD", true, 4095, &head, err);
	if (rc < 0)
		return rc;
	struct str said = str_trim(buf_str(&head));
	if (str_starts(said, prefix)) {
		branch = str_dup(
			(struct str){said.p + sizeof(prefix) - 1, said.n - (sizeof(prefix) - 1)});
		rc = read_branch(git_dir, branch, &now, err);
		said = buf_str(&now);
	}
	if (rc == 0 && said.n && !is_commit(said))
		rc = err_set(err, DD_EUNSUPPORTED, "HEAD of %s is no branch and no commit", dir);
	if (rc < 0)
		return rc;
	*ret_commit = said.n ? str_dup(said) : NULL;
	*ret_branch = TAKE(branch);
	return 0;
}

/* ---- patches ---- */

int
gitrepo_put_diff(const struct gitrepo_change *c, struct buf *out, struct dd_err *err)
{
	git_patch *patch = NULL;
	git_buf text = GIT_BUF_INIT;
	git_library_start();
	git_diff_options o;
	(void)git_diff_options_init(&o, GIT_DIFF_OPTIONS_VERSION);
	o.flags = GIT_DIFF_FORCE_TEXT;
	int rc = git_patch_from_buffers(&patch,
		c->created    ? NULL
		: c->before.p ? c->before.p
			      : "",
		c->created ? 0 : c->before.n, c->path, c->after.p ? c->after.p : "", c->after.n,
		c->path, &o);
	rc = rc ? rc : git_patch_to_buf(&text, patch);
	if (!rc && text.ptr)
		buf_add(out, text.ptr, text.size);
	git_buf_dispose(&text);
	git_patch_free(patch);
	return rc ? git_library_fail(rc, "making a patch", err) : 0;
}
