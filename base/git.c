#include "base/git.h"

#include "base/fs.h"
#include "base/git_library.h"
#include "base/http.h"

#include <git2.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX 128
#define SUBMODULES_MAX 1000
#define GITMODULES_MAX (1 << 20)
#define OBJECT_BYTES_MAX ((size_t)1 << 30)

void
gitrepo_clone_result_cleanup(struct gitrepo_clone_result *r)
{
	for (size_t i = 0; i < r->nsubmodules; i++) {
		free(r->submodules[i].path);
		free(r->submodules[i].url);
		free(r->submodules[i].commit);
	}
	free(r->submodules);
	free(r->commit);
	free(r->branch);
	*r = (struct gitrepo_clone_result){0};
}

void
gitrepo_head_cleanup(struct gitrepo_head *h)
{
	free(h->commit);
	free(h->branch);
	*h = (struct gitrepo_head){0};
}

static void
init_library(void)
{
	static const git_config_level_t levels[] = {GIT_CONFIG_LEVEL_PROGRAMDATA,
		GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL};
	(void)git_libgit2_init();
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		(void)git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "");
	(void)git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	(void)git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECT_SIZE, OBJECT_BYTES_MAX);
	(void)git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1);
}

void
git_library_start(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	(void)pthread_once(&once, init_library);
}

static char *
visible(const char *text)
{
	OWN(buf) struct buf b = {.max = 300};
	buf_put_visible(&b, str_of(text));
	return buf_take(&b);
}

/* libgit2 has few codes and many messages; these are the ones a person can act on. */
static enum dd_code
code_of(int rc, const git_error *e)
{
	static const struct {
		const char *words;
		enum dd_code code;
	} known[] = {
		{"unsupported extension", DD_EUNSUPPORTED},
		{"unsupported repository version", DD_EUNSUPPORTED},
		/* What longer digests, or the mark of a shallow clone, look like to it. */
		{"error parsing REF pkt-line", DD_EUNSUPPORTED},
		{"status code: 404", DD_ENOENT},
		{"could not find repository", DD_ENOENT},
		{"not found", DD_ENOENT},
		{"No such file", DD_ENOENT},
		{"object size", DD_ELIMIT},
	};
	const char *msg = e && e->message ? e->message : "";
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcasestr(msg, known[i].words))
			return known[i].code;
	if (rc == GIT_ENOTFOUND)
		return DD_ENOENT;
	if (rc == GIT_EINVALIDSPEC)
		return DD_EINVAL;
	switch (e ? e->klass : GIT_ERROR_NONE) {
	case GIT_ERROR_ODB:
	case GIT_ERROR_OBJECT:
	case GIT_ERROR_TREE:
	case GIT_ERROR_TAG:
	case GIT_ERROR_ZLIB:
	case GIT_ERROR_INDEXER:
	case GIT_ERROR_CONFIG:
		return DD_ECORRUPT;
	default:
		return DD_EIO;
	}
}

int
git_library_fail(int rc, const char *doing, struct dd_err *err)
{
	const git_error *e = git_error_last();
	OWN_FREE char *msg = visible(e && e->message ? e->message : "no reason given");
	enum dd_code code = code_of(rc, e);
	const char *hint = code == DD_EUNSUPPORTED
				   ? " (SHA-256 repositories and shallow clones are not supported)"
				   : "";
	return err_set(err, code, "%s: %s%s", doing, msg, hint);
}

char *
git_library_hex(const git_oid *id)
{
	char hex[GIT_OID_HEXSZ + 1];
	(void)git_oid_tostr(hex, sizeof(hex), id);
	return mem_strdup(hex);
}

/* ---- reading the remote ---- */

struct cloning {
	struct gitrepo_clone_opts max; /* no zeros */
	git_repository *repo;
	git_remote *remote;
	git_odb *odb;
	char *branch;  /* "refs/heads/x" to be made and checked out; NULL: detached */
	git_oid want;  /* what is to be checked out, unless it is to be looked up */
	bool lookup;   /* max.ref is digits of a commit */
	bool too_much; /* the transfer was ended by us */
	uint64_t entries;
	struct gitrepo_clone_result res;
};

static void
cloning_cleanup(struct cloning *c)
{
	gitrepo_clone_result_cleanup(&c->res);
	git_odb_free(c->odb);
	git_remote_free(c->remote);
	git_repository_free(c->repo);
	free(c->branch);
}

/* A local path, or a URL of a scheme that is spoken. */
static int
check_url(const char *url, struct dd_err *err)
{
	static const char *const schemes[] = {"http://", "git://", "file://"};
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
		if (str_starts(str_of(url), schemes[i]))
			return 0;
	/* "host:path" is ssh to git; libgit2 would try it, too. */
	bool path = url[0] == '/' || (url[0] && !strchr(url, ':'));
	if (path && !fs_exists(url))
		return err_set(err, DD_ENOENT, "there is no repository %s", url);
	if (path)
		return 0;
	OWN_FREE char *shown = strstr(url, "://") ? http_redact_url(url) : visible(url);
	return err_set(err, DD_EINVAL, "%s: neither http://, git:// nor a path", shown);
}

static int
on_transfer(const git_indexer_progress *p, void *arg)
{
	struct cloning *c = arg;
	c->too_much = p->received_bytes > c->max.max_bytes || p->total_objects > c->max.max_objects;
	return c->too_much ? GIT_EUSER : 0;
}

static const git_remote_head *
find_head(const git_remote_head *const *heads, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(heads[i]->name, name) == 0)
			return heads[i];
	return NULL;
}

static bool
is_commit_digits(const char *ref)
{
	size_t n = strlen(ref);
	return n >= 7 && n <= GIT_OID_HEXSZ && strspn(ref, "0123456789abcdef") == n;
}

static void
set_branch(struct cloning *c, const char *name)
{
	free(c->branch);
	c->branch = strncmp(name, "refs/heads/", 11) == 0 ? mem_strdup(name) : NULL;
}

/* What HEAD names there; by its commit where the server does not say the name. */
static int
choose_default(struct cloning *c, const git_remote_head *const *heads, size_t n, char **ret_spec,
	struct dd_err *err)
{
	const git_remote_head *head = find_head(heads, n, "HEAD");
	if (!head)
		return err_set(err, DD_ENOENT, "HEAD names no branch there: name one");
	c->want = head->oid;
	git_buf name = GIT_BUF_INIT;
	const char *branch = head->symref_target;
	if (!branch && git_remote_default_branch(&name, c->remote) == 0)
		branch = name.ptr;
	if (branch && find_head(heads, n, branch))
		set_branch(c, branch);
	*ret_spec = c->branch ? mem_printf("+%s:%s", c->branch, c->branch)
			      : mem_strdup("+HEAD:refs/remotes/origin/HEAD");
	git_buf_dispose(&name);
	return 0;
}

static int
choose_ref(struct cloning *c, const git_remote_head *const *heads, size_t n, char **ret_spec,
	struct dd_err *err)
{
	const char *ref = c->max.ref;
	const git_remote_head *head =
		strncmp(ref, "refs/", 5) == 0 ? find_head(heads, n, ref) : NULL;
	for (size_t i = 0; !head && i < 2; i++) {
		OWN_FREE char *name = mem_printf(i ? "refs/tags/%s" : "refs/heads/%s", ref);
		head = find_head(heads, n, name);
	}
	if (head) {
		c->want = head->oid;
		set_branch(c, head->name);
		*ret_spec = mem_printf("+%s:%s", head->name, head->name);
		return 0;
	}
	OWN_FREE char *shown = visible(ref);
	if (!is_commit_digits(ref))
		return err_set(err, DD_ENOENT, "the repository has no branch or tag '%s'", shown);
	c->lookup = true;
	*ret_spec = mem_strdup("+refs/heads/*:refs/remotes/origin/*");
	return 0;
}

static int
connect_and_choose(struct cloning *c, char **ret_spec, struct dd_err *err)
{
	git_remote_connect_options o;
	(void)git_remote_connect_options_init(&o, GIT_REMOTE_CONNECT_OPTIONS_VERSION);
	o.proxy_opts.type = GIT_PROXY_NONE;
	o.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
	int rc = git_remote_connect_ext(c->remote, GIT_DIRECTION_FETCH, &o);
	if (rc)
		return git_library_fail(rc, "reaching the repository", err);
	const git_remote_head **heads;
	size_t n;
	rc = git_remote_ls(&heads, &n, c->remote);
	if (rc)
		return git_library_fail(rc, "listing the repository", err);
	if (!n)
		return err_set(err, DD_ENOENT, "the repository is empty");
	return c->max.ref ? choose_ref(c, heads, n, ret_spec, err)
			  : choose_default(c, heads, n, ret_spec, err);
}

static int
fetch(struct cloning *c, char *spec, struct dd_err *err)
{
	git_fetch_options o;
	(void)git_fetch_options_init(&o, GIT_FETCH_OPTIONS_VERSION);
	o.callbacks.transfer_progress = on_transfer;
	o.callbacks.payload = c;
	o.proxy_opts.type = GIT_PROXY_NONE;
	o.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
	o.update_fetchhead = 0;
	o.download_tags = c->lookup ? GIT_REMOTE_DOWNLOAD_TAGS_ALL : GIT_REMOTE_DOWNLOAD_TAGS_AUTO;
	const git_strarray specs = {&spec, 1};
	int rc = git_remote_fetch(c->remote, &specs, &o, NULL);
	if (c->too_much)
		return err_set(err, DD_ELIMIT,
			"the repository is larger than %llu bytes or %llu objects",
			(unsigned long long)c->max.max_bytes,
			(unsigned long long)c->max.max_objects);
	if (rc)
		return git_library_fail(rc, "fetching", err);
	c->res.received_bytes = git_remote_stats(c->remote)->received_bytes;
	return 0;
}

/* ---- looking before the leap ---- */

/* A name in a tree object: git itself never writes these. */
static bool
is_bad_name(const char *name)
{
	return !name[0] || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	       strcasecmp(name, ".git") == 0 || strchr(name, '/') || strlen(name) > 255;
}

static int
check_names(const git_tree *tree, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	for (size_t i = 0; i < git_tree_entrycount(tree); i++)
		strlist_add(&names, git_tree_entry_name(git_tree_entry_byindex(tree, i)));
	strlist_sort(&names);
	for (size_t i = 0; i < names.n; i++) {
		bool twice = i && strcmp(names.v[i], names.v[i - 1]) == 0;
		if (!twice && !is_bad_name(names.v[i]))
			continue;
		OWN_FREE char *shown = visible(names.v[i]);
		return err_set(err, DD_EINVAL,
			"a directory of the repository holds the name '%s'%s", shown,
			twice ? " twice" : "");
	}
	return 0;
}

static void
add_submodule(struct cloning *c, const char *path, const git_oid *id)
{
	struct gitrepo_clone_result *r = &c->res;
	if (r->nsubmodules == SUBMODULES_MAX)
		return;
	r->submodules =
		mem_grow(r->submodules, r->nsubmodules, &r->submodules_cap, sizeof(*r->submodules));
	r->submodules[r->nsubmodules++] =
		(struct gitrepo_submodule){.path = mem_strdup(path), .commit = git_library_hex(id)};
}

static int measure_tree(
	struct cloning *c, const git_oid *id, const char *dir, int depth, struct dd_err *err);

static int
measure_entry(
	struct cloning *c, const git_tree_entry *e, const char *dir, int depth, struct dd_err *err)
{
	const git_oid *id = git_tree_entry_id(e);
	OWN_FREE char *path = mem_printf("%s%s%s", dir, dir[0] ? "/" : "", git_tree_entry_name(e));
	if (++c->entries > c->max.max_files)
		return err_set(err, DD_ELIMIT, "the repository holds more than %llu files",
			(unsigned long long)c->max.max_files);
	if (git_tree_entry_filemode(e) == GIT_FILEMODE_COMMIT) {
		add_submodule(c, path, id);
		return 0;
	}
	if (git_tree_entry_filemode(e) == GIT_FILEMODE_TREE)
		return measure_tree(c, id, path, depth + 1, err);
	size_t size;
	git_object_t type;
	int rc = git_odb_read_header(&size, &type, c->odb, id);
	if (rc)
		return git_library_fail(rc, "reading an object", err);
	if (size > c->max.max_bytes - c->res.bytes)
		return err_set(err, DD_ELIMIT, "the repository's files have more than %llu bytes",
			(unsigned long long)c->max.max_bytes);
	c->res.bytes += size;
	c->res.files++;
	return 0;
}

/*
 * Count what a checkout would write, and look at every name.  A tree may hold another one many
 * times over, so that a few objects make billions of files: the bound on entries ends that.
 */
static int
measure_tree(struct cloning *c, const git_oid *id, const char *dir, int depth, struct dd_err *err)
{
	if (depth > DEPTH_MAX || strlen(dir) > 3500)
		return err_set(err, DD_ELIMIT, "a directory of the repository lies too deep");
	git_tree *tree;
	int rc = git_tree_lookup(&tree, c->repo, id);
	if (rc)
		return git_library_fail(rc, "reading a directory", err);
	rc = check_names(tree, err);
	for (size_t i = 0; !rc && i < git_tree_entrycount(tree); i++)
		rc = measure_entry(c, git_tree_entry_byindex(tree, i), dir, depth, err);
	git_tree_free(tree);
	return rc;
}

/* ---- the work tree ---- */

static int
find_commit(struct cloning *c, git_commit **ret, struct dd_err *err)
{
	git_object *found = NULL, *commit = NULL;
	int rc;
	if (c->lookup) {
		git_oid prefix;
		rc = git_oid_fromstrn(&prefix, c->max.ref, strlen(c->max.ref));
		rc = rc ? rc
			: git_object_lookup_prefix(
				  &found, c->repo, &prefix, strlen(c->max.ref), GIT_OBJECT_ANY);
	} else {
		rc = git_object_lookup(&found, c->repo, &c->want, GIT_OBJECT_ANY);
	}
	if (rc == GIT_ENOTFOUND && c->lookup)
		return err_set(err, DD_ENOENT, "the repository has no commit %s", c->max.ref);
	rc = rc ? rc : git_object_peel(&commit, found, GIT_OBJECT_COMMIT);
	git_object_free(found);
	if (rc)
		return git_library_fail(rc, "finding the commit", err);
	*ret = (git_commit *)commit;
	return 0;
}

static int
check_out(struct cloning *c, const git_commit *commit, struct dd_err *err)
{
	git_checkout_options o;
	(void)git_checkout_options_init(&o, GIT_CHECKOUT_OPTIONS_VERSION);
	o.checkout_strategy = GIT_CHECKOUT_FORCE;
	o.disable_filters = 1;
	int rc = git_checkout_tree(c->repo, (const git_object *)commit, &o);
	if (rc)
		return git_library_fail(rc, "checking out", err);
	rc = c->branch ? git_repository_set_head(c->repo, c->branch)
		       : git_repository_set_head_detached(c->repo, git_commit_id(commit));
	return rc ? git_library_fail(rc, "setting HEAD", err) : 0;
}

struct gitmodules {
	git_config *config;
	struct gitrepo_clone_result *res;
};

/* "submodule.NAME.path": the submodule there gets the value of "submodule.NAME.url". */
static int
on_submodule_path(const git_config_entry *e, void *arg)
{
	struct gitmodules *g = arg;
	struct str name = str_of(e->name);
	if (!str_starts(name, "submodule.") || !str_ends(name, ".path"))
		return 0;
	OWN_FREE char *key =
		mem_printf("%.*surl", (int)(strlen(e->name) - strlen("path")), e->name);
	git_buf url = GIT_BUF_INIT;
	for (size_t i = 0; i < g->res->nsubmodules; i++) {
		struct gitrepo_submodule *sm = &g->res->submodules[i];
		if (!sm->url && strcmp(sm->path, e->value) == 0 &&
			git_config_get_string_buf(&url, g->config, key) == 0)
			sm->url = mem_strdup(url.ptr);
	}
	git_buf_dispose(&url);
	return 0;
}

/*
 * By hand, since git_submodule_lookup of 1.5 gives no URL where a submodule's name is not its path.
 * What is wrong with .gitmodules only leaves the URLs unknown.
 */
static void
name_submodules(struct cloning *c)
{
	OWN_FREE char *path = fs_join(git_repository_workdir(c->repo), ".gitmodules");
	struct gitmodules g = {.res = &c->res};
	struct stat st;
	if (!c->res.nsubmodules || lstat(path, &st) < 0 || !S_ISREG(st.st_mode) ||
		st.st_size > GITMODULES_MAX || git_config_open_ondisk(&g.config, path) != 0)
		return;
	(void)git_config_foreach(g.config, on_submodule_path, &g);
	git_config_free(g.config);
}

static int
take_commit(struct cloning *c, struct dd_err *err)
{
	git_commit *commit = NULL;
	int rc = find_commit(c, &commit, err);
	if (rc)
		return rc;
	rc = git_repository_odb(&c->odb, c->repo);
	rc = rc ? git_library_fail(rc, "reading objects", err) : 0;
	rc = rc ? rc : measure_tree(c, git_commit_tree_id(commit), "", 0, err);
	rc = rc ? rc : check_out(c, commit, err);
	if (!rc) {
		name_submodules(c);
		c->res.commit = git_library_hex(git_commit_id(commit));
		c->res.branch = c->branch ? mem_strdup(c->branch + strlen("refs/heads/")) : NULL;
	}
	git_commit_free(commit);
	return rc;
}

/*
 * libgit2 would only miss the objects that a shallow clone does not have.  What cannot be opened is
 * left to fail where it is fetched.
 */
static int
check_local_source(const char *url, struct dd_err *err)
{
	const char *path = str_starts(str_of(url), "file://") ? url + strlen("file://") : url;
	git_repository *repo = NULL;
	bool shallow =
		git_repository_open_ext(&repo, path, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL) == 0 &&
		git_repository_is_shallow(repo) == 1;
	git_repository_free(repo);
	if (!shallow)
		return 0;
	return err_set(err, DD_EUNSUPPORTED,
		"it is a shallow clone, which cannot be cloned again: fetch its whole history first "
		"(git fetch --unshallow)");
}

static int
make_repository(struct cloning *c, const char *url, const char *dest, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	if (fs_exists(dest)) {
		int rc = fs_list(dest, &names, err);
		if (rc)
			return rc;
		if (names.n)
			return err_set(err, DD_EEXIST, "%s is not empty", dest);
	}
	git_repository_init_options o;
	(void)git_repository_init_options_init(&o, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
	o.flags = GIT_REPOSITORY_INIT_MKPATH | GIT_REPOSITORY_INIT_NO_REINIT;
	int rc = git_repository_init_ext(&c->repo, dest, &o);
	if (rc)
		return git_library_fail(rc, "making the repository", err);
	rc = git_remote_create_anonymous(&c->remote, c->repo, url);
	return rc ? git_library_fail(rc, "reaching the repository", err) : 0;
}

int
gitrepo_clone(const char *url, const char *dest, const struct gitrepo_clone_opts *opts,
	struct gitrepo_clone_result *ret, struct dd_err *err)
{
	git_library_start();
	OWN(cloning) struct cloning c = {0};
	if (opts)
		c.max = *opts;
	c.max.max_bytes = c.max.max_bytes ? c.max.max_bytes : (uint64_t)8 << 30;
	c.max.max_objects = c.max.max_objects ? c.max.max_objects : 20000000;
	c.max.max_files = c.max.max_files ? c.max.max_files : 1000000;
	int rc = check_url(url, err);
	if (rc)
		return rc;
	OWN_FREE char *spec = NULL;
	OWN(dd_err) struct dd_err why = {0};
	rc = check_local_source(url, &why);
	rc = rc ? rc : make_repository(&c, url, dest, &why);
	rc = rc ? rc : connect_and_choose(&c, &spec, &why);
	rc = rc ? rc : fetch(&c, spec, &why);
	rc = rc ? rc : take_commit(&c, &why);
	if (rc) {
		OWN_FREE char *shown = strstr(url, "://") ? http_redact_url(url) : visible(url);
		if (!c.max.unnamed)
			(void)err_wrap(&why, "%s", shown);
		return err_move(err, &why);
	}
	*ret = c.res;
	c.res = (struct gitrepo_clone_result){0};
	return 0;
}

int
gitrepo_read_head(const char *dir, struct gitrepo_head *ret, struct dd_err *err)
{
	git_library_start();
	git_repository *repo = NULL;
	git_reference *head = NULL;
	int rc = git_repository_open_ext(&repo, dir, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
	if (rc) {
		OWN_FREE char *doing = mem_printf("opening the repository %s", dir);
		return git_library_fail(rc, doing, err);
	}
	rc = git_repository_head(&head, repo);
	if (rc == GIT_EUNBORNBRANCH || rc == GIT_ENOTFOUND) {
		rc = err_set(err, DD_ENOENT, "the repository %s has no commit yet", dir);
	} else if (rc) {
		rc = git_library_fail(rc, "reading HEAD", err);
	} else {
		bool branch = git_reference_is_branch(head);
		ret->commit = git_library_hex(git_reference_target(head));
		ret->branch = branch ? mem_strdup(git_reference_shorthand(head)) : NULL;
	}
	git_reference_free(head);
	git_repository_free(repo);
	return rc;
}

static int
add_reference(git_reference *ref, void *lines)
{
	OWN_FREE char *target = git_reference_type(ref) == GIT_REFERENCE_SYMBOLIC
					? mem_strdup(git_reference_symbolic_target(ref))
					: git_library_hex(git_reference_target(ref));
	strlist_addf(lines, "%s %s", git_reference_name(ref), target);
	git_reference_free(ref);
	return 0;
}

int
gitrepo_refs_digest(const char *dir, struct hash_hex *ret, struct dd_err *err)
{
	git_library_start();
	git_repository *repo = NULL;
	git_reference *head = NULL;
	OWN(strlist) struct strlist lines = {0};
	int rc = git_repository_open_ext(&repo, dir, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
	if (rc) {
		OWN_FREE char *doing = mem_printf("opening the repository %s", dir);
		return git_library_fail(rc, doing, err);
	}
	rc = git_reference_lookup(&head, repo, "HEAD");
	if (rc == 0)
		rc = add_reference(head, &lines);
	if (rc == 0)
		rc = git_reference_foreach(repo, add_reference, &lines);
	git_repository_free(repo);
	if (rc)
		return git_library_fail(rc, "reading the references", err);
	strlist_sort(&lines);
	struct hash *h = hash_create();
	for (size_t i = 0; i < lines.n; i++)
		hash_add(h, lines.v[i], strlen(lines.v[i]) + 1);
	*ret = hash_finish(h);
	return 0;
}
