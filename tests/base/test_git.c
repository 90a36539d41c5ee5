#include "base/git.h"
#include "base/spawn.h"
#include "tests/base/tmpdir.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>

#include <cmocka.h>

/* ---- repositories to order, made by git(1) ---- */

struct place {
	char *dir, *repo; /* repo: dir/repo */
	int fd;
	int clones;
};

/* Run git in place/repo with `input`; its output without the last newline, heap. */
static char *
git_input(const struct place *p, struct str input, const char *const *args)
{
	OWN(strlist) struct strlist argv = {0}, env = {0};
	static const char *const fixed[] = {"git", "-c", "init.defaultBranch=main", "-c",
		"protocol.file.allow=always", "-c", "core.fsync=none"};
	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		strlist_add(&argv, fixed[i]);
	for (; *args; args++)
		strlist_add(&argv, *args);
	strlist_addf(&env, "PATH=%s", getenv("PATH"));
	strlist_addf(&env, "HOME=%s", p->dir);
	strlist_add(&env, "GIT_CONFIG_NOSYSTEM=1");
	strlist_add(&env, "GIT_AUTHOR_NAME=A");
	strlist_add(&env, "GIT_AUTHOR_EMAIL=a@example.org");
	strlist_add(&env, "GIT_AUTHOR_DATE=1234567890 +0000");
	strlist_add(&env, "GIT_COMMITTER_NAME=A");
	strlist_add(&env, "GIT_COMMITTER_EMAIL=a@example.org");
	strlist_add(&env, "GIT_COMMITTER_DATE=1234567890 +0000");
	OWN(buf) struct buf out = {0};
	OWN(dd_err) struct dd_err err = {0};
	const struct spawn_spec spec = {.argv = (const char *const *)argv.v,
		.env = (const char *const *)env.v,
		.cwd = p->repo};
	if (spawn_capture(&spec, input, &out, NULL, &err))
		fail_msg("git: %s", err_msg(&err));
	return str_dup(str_trim(buf_str(&out)));
}

#define GIT(p, ...) git_input((p), STR(""), (const char *const[]){__VA_ARGS__, NULL})

static void
git(const struct place *p, const char *const *args)
{
	free(git_input(p, STR(""), args));
}
#define git(p, ...) (git)((p), (const char *const[]){__VA_ARGS__, NULL})

static void
put(const struct place *p, const char *path, const char *text)
{
	OWN_FREE char *full = mem_printf("repo/%s", path);
	tmpdir_write(p->fd, full, text);
}

static void
commit(const struct place *p, const char *message)
{
	git(p, "add", "-A");
	git(p, "commit", "-q", "--allow-empty", "-m", message);
}

static struct place
place_create(void)
{
	struct place p = {.dir = tmpdir_create()};
	p.fd = tmpdir_open_fd(p.dir);
	p.repo = mem_printf("%s/repo", p.dir);
	assert_int_equal(mkdir(p.repo, 0755), 0);
	return p;
}

/* Two commits on main, a branch, an annotated and a plain tag. */
static struct place
place_with_history(void)
{
	struct place p = place_create();
	git(&p, "init", "-q");
	put(&p, "a.txt", "one\n");
	put(&p, "run.sh", "#!/bin/sh\n");
	assert_int_equal(fchmodat(p.fd, "repo/run.sh", 0755, 0), 0);
	assert_int_equal(symlinkat("/etc/passwd", p.fd, "repo/link"), 0);
	commit(&p, "first");
	git(&p, "tag", "-a", "-m", "release", "v1.0");
	put(&p, "a.txt", "two\n");
	commit(&p, "second");
	git(&p, "tag", "plain");
	git(&p, "checkout", "-q", "-b", "topic/x", "v1.0");
	put(&p, "topic", "t\n");
	commit(&p, "topic");
	git(&p, "checkout", "-q", "main");
	return p;
}

static void
place_cleanup(struct place *p)
{
	(void)close(p->fd);
	free(p->repo);
	tmpdir_remove(p->dir);
}

struct clone {
	struct gitrepo_clone_result res;
	struct dd_err err;
	int rc, fd;
	char *dir;
};

static void
clone_cleanup(struct clone *c)
{
	gitrepo_clone_result_cleanup(&c->res);
	dd_err_cleanup(&c->err);
	if (c->fd >= 0)
		(void)close(c->fd);
	free(c->dir);
}

static struct clone
clone_from(struct place *p, const char *url, struct gitrepo_clone_opts opts)
{
	struct clone c = {.dir = mem_printf("%s/clone%d", p->dir, p->clones++)};
	c.rc = gitrepo_clone(url, c.dir, &opts, &c.res, &c.err);
	c.fd = tmpdir_open_fd(c.dir);
	return c;
}

static void
assert_clone(const struct clone *c, const char *commit_id, const char *branch)
{
	if (c->rc)
		fail_msg("%s", err_msg(&c->err));
	assert_string_equal(c->res.commit, commit_id);
	if (branch)
		assert_string_equal(c->res.branch, branch);
	else
		assert_null(c->res.branch);
	OWN(gitrepo_head) struct gitrepo_head head = {0};
	assert_int_equal(gitrepo_read_head(c->dir, &head, NULL), 0);
	assert_string_equal(head.commit, commit_id);
}

static void
assert_text(const struct clone *c, const char *path, const char *want)
{
	OWN_FREE char *text = tmpdir_read(c->fd, path);
	if (!text)
		fail_msg("no file %s", path);
	assert_string_equal(text, want);
}

static void
assert_fails(const struct clone *c, enum dd_code code, const char *words)
{
	if (c->rc != -(int)code)
		fail_msg("%d instead of %d: %s", c->rc, -(int)code, err_msg(&c->err));
	if (!strcasestr(err_msg(&c->err), words))
		fail_msg("'%s' does not say '%s'", err_msg(&c->err), words);
}

/* ---- a server on loopback ---- */

struct served {
	pid_t pid;
	char *http, *git; /* URLs without a slash at the end */
};

static void
served_cleanup(struct served *s)
{
	int status;
	(void)kill(s->pid, SIGKILL);
	(void)!spawn_wait(s->pid, &status, NULL);
	free(s->http);
	free(s->git);
}

static struct served
serve(const struct place *p)
{
	char self[4096] = {0};
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	*strrchr(self, '/') = '\0';
	OWN_FREE char *program = mem_printf("%s/tool_gitd", self);
	const char *const argv[] = {program, p->dir, "120", NULL};
	int out[2];
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	const struct spawn_fd fds[] = {{out[1], 1}, {2, 2}};
	struct served s = {0};
	OWN(dd_err) struct dd_err err = {0};
	if (spawn_start(
		    &(struct spawn_spec){.argv = argv, .fds = fds, .nfds = 2}, &s.pid, NULL, &err))
		fail_msg("%s", err_msg(&err));
	(void)close(out[1]);
	OWN_FILE FILE *f = fdopen(out[0], "r");
	int http, native;
	assert_int_equal(fscanf(f, "http %d git %d", &http, &native), 2);
	s.http = mem_printf("http://127.0.0.1:%d", http);
	s.git = mem_printf("git://127.0.0.1:%d", native);
	return s;
}

/* ---- tests ---- */

static void
a_clone_is_the_same_from_a_path_over_http_and_over_git(void **state)
{
	(void)state;
	OWN(place) struct place p = place_with_history();
	OWN(served) struct served s = serve(&p);
	OWN_FREE char *head = GIT(&p, "rev-parse", "HEAD");
	OWN_FREE char *file = mem_printf("file://%s", p.repo);
	OWN_FREE char *http = mem_printf("%s/repo", s.http), *native = mem_printf("%s/repo", s.git);
	const char *const urls[] = {p.repo, file, http, native};
	for (size_t i = 0; i < 4; i++) {
		OWN(clone) struct clone c = clone_from(&p, urls[i], (struct gitrepo_clone_opts){0});
		assert_clone(&c, head, "main");
		assert_text(&c, "a.txt", "two\n");
		struct stat st;
		assert_int_equal(fstatat(c.fd, "run.sh", &st, 0), 0);
		assert_true(st.st_mode & 0100);
		char link[64] = {0};
		assert_true(readlinkat(c.fd, "link", link, 63) > 0);
		assert_string_equal(link, "/etc/passwd");
		assert_int_equal(c.res.files, 3);
		assert_int_equal(c.res.nsubmodules, 0);
		assert_false(tmpdir_has(c.fd, "topic"));
	}
}

static void
a_clone_is_one_that_git_itself_finds_clean(void **state)
{
	(void)state;
	OWN(place) struct place p = place_with_history();
	OWN(clone) struct clone c = clone_from(&p, p.repo, (struct gitrepo_clone_opts){0});
	assert_int_equal(c.rc, 0);
	OWN_FREE char *status = GIT(&p, "-C", c.dir, "status", "--porcelain");
	assert_string_equal(status, "");
	git(&p, "-C", c.dir, "fsck", "--strict");
	/* Versions are made from the tags. */
	OWN_FREE char *describe = GIT(&p, "-C", c.dir, "describe");
	assert_true(str_starts(str_of(describe), "v1.0-1-g"));
	OWN_FREE char *log = GIT(&p, "-C", c.dir, "log", "--format=%s");
	assert_string_equal(log, "second\nfirst");
}

static void
a_ref_is_a_branch_a_tag_or_a_commit(void **state)
{
	(void)state;
	OWN(place) struct place p = place_with_history();
	OWN(served) struct served s = serve(&p);
	OWN_FREE char *http = mem_printf("%s/repo", s.http);
	OWN_FREE char *first = GIT(&p, "rev-parse", "v1.0^{commit}");
	OWN_FREE char *second = GIT(&p, "rev-parse", "main");
	OWN_FREE char *topic = GIT(&p, "rev-parse", "topic/x");
	OWN_FREE char *digits = mem_strndup(topic, 9);
	const struct {
		const char *ref, *commit, *branch;
	} cases[] = {{"topic/x", topic, "topic/x"}, {"refs/heads/topic/x", topic, "topic/x"},
		{"v1.0", first, NULL}, {"plain", second, NULL}, {"refs/tags/plain", second, NULL},
		{first, first, NULL}, {digits, topic, NULL}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (int k = 0; k < 2; k++) {
			OWN(clone)
			struct clone c = clone_from(&p, k ? http : p.repo,
				(struct gitrepo_clone_opts){.ref = cases[i].ref});
			assert_clone(&c, cases[i].commit, cases[i].branch);
			assert_text(&c, "a.txt", cases[i].commit == second ? "two\n" : "one\n");
		}
	static const char *const none[] = {
		"nope", "refs/heads/v1.0", "0123456789abcdef", "--upload-pack=x", ""};
	for (size_t i = 0; i < 5; i++) {
		OWN(clone)
		struct clone c =
			clone_from(&p, p.repo, (struct gitrepo_clone_opts){.ref = none[i]});
		assert_fails(&c, DD_ENOENT, none[i]);
	}
}

static void
a_detached_head_is_cloned_detached(void **state)
{
	(void)state;
	OWN(place) struct place p = place_with_history();
	put(&p, "a.txt", "lost\n");
	git(&p, "checkout", "-q", "--detach");
	commit(&p, "on no branch");
	OWN_FREE char *head = GIT(&p, "rev-parse", "HEAD");
	OWN(served) struct served s = serve(&p);
	OWN_FREE char *native = mem_printf("%s/repo", s.git);
	OWN(clone) struct clone c = clone_from(&p, native, (struct gitrepo_clone_opts){0});
	assert_clone(&c, head, NULL);
	assert_text(&c, "a.txt", "lost\n");
}

static void
what_cannot_be_cloned_is_said_clearly(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create();
	git(&p, "init", "-q");
	OWN(served) struct served s = serve(&p);
	OWN_FREE char *http = mem_printf("%s/repo", s.http), *native = mem_printf("%s/repo", s.git);
	OWN_FREE char *gone = mem_printf("%s/none", s.http),
		      *gone_path = mem_printf("%s/none", p.dir);
	OWN_FREE char *gone_git = mem_printf("%s/none", s.git);
	const char *const empty[] = {p.repo, http, native};
	for (size_t i = 0; i < 3; i++) {
		OWN(clone)
		struct clone c = clone_from(&p, empty[i], (struct gitrepo_clone_opts){0});
		assert_fails(&c, DD_ENOENT, "empty");
	}
	OWN(clone) struct clone c1 = clone_from(&p, gone, (struct gitrepo_clone_opts){0});
	assert_fails(&c1, DD_ENOENT, "404");
	OWN(clone) struct clone c2 = clone_from(&p, gone_path, (struct gitrepo_clone_opts){0});
	assert_fails(&c2, DD_ENOENT, gone_path);
	OWN(clone) struct clone c3 = clone_from(&p, p.dir, (struct gitrepo_clone_opts){0});
	assert_fails(&c3, DD_ENOENT, p.dir);
	OWN(clone) struct clone c4 = clone_from(&p, gone_git, (struct gitrepo_clone_opts){0});
	assert_fails(&c4, DD_EIO, gone_git);
}

static void
sha256_repositories_are_named_as_unsupported(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create();
	git(&p, "init", "-q", "--object-format=sha256");
	put(&p, "a", "x\n");
	commit(&p, "first");
	OWN(served) struct served s = serve(&p);
	OWN_FREE char *http = mem_printf("%s/repo", s.http), *native = mem_printf("%s/repo", s.git);
	const char *const urls[] = {p.repo, http, native};
	for (size_t i = 0; i < 3; i++) {
		OWN(clone) struct clone c = clone_from(&p, urls[i], (struct gitrepo_clone_opts){0});
		assert_fails(&c, DD_EUNSUPPORTED, "SHA-256");
	}
	struct gitrepo_head head;
	assert_int_equal(gitrepo_read_head(p.repo, &head, NULL), -DD_EUNSUPPORTED);
}

static void
shallow_clones_are_named_as_unsupported(void **state)
{
	(void)state;
	OWN(place) struct place p = place_with_history();
	OWN_FREE char *file = mem_printf("file://%s", p.repo),
		      *shallow = mem_printf("%s/shallow", p.dir);
	git(&p, "clone", "-q", "--depth", "1", file, shallow);
	OWN(served) struct served s = serve(&p);
	OWN_FREE char *http = mem_printf("%s/shallow", s.http),
		      *url = mem_printf("file://%s", shallow);
	const char *const urls[] = {shallow, url, http};
	for (size_t i = 0; i < 3; i++) {
		OWN(clone) struct clone c = clone_from(&p, urls[i], (struct gitrepo_clone_opts){0});
		assert_fails(&c, DD_EUNSUPPORTED, "shallow");
	}
	/* Its HEAD can be read all the same. */
	OWN(gitrepo_head) struct gitrepo_head head = {0};
	assert_int_equal(gitrepo_read_head(shallow, &head, NULL), 0);
}

static void
only_http_git_and_paths_are_spoken(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create();
	static const char *const urls[] = {"ssh://git@127.0.0.1/x", "git@127.0.0.1:x",
		"https://u:hunter2@127.0.0.1/x", "ftp://127.0.0.1/x", "ext::sh -c true", ""};
	for (size_t i = 0; i < 6; i++) {
		OWN(clone) struct clone c = clone_from(&p, urls[i], (struct gitrepo_clone_opts){0});
		assert_fails(&c, DD_EINVAL, "neither");
		assert_null(strstr(err_msg(&c.err), "hunter2"));
		assert_int_equal(c.fd, -1);
	}
	OWN(clone)
	struct clone c =
		clone_from(&p, "http://u:hunter2@127.0.0.1:1/x", (struct gitrepo_clone_opts){0});
	assert_fails(&c, DD_EIO, "127.0.0.1");
	assert_null(strstr(err_msg(&c.err), "hunter2"));
}

static void
submodules_are_listed_and_not_fetched(void **state)
{
	(void)state;
	OWN(place) struct place p = place_with_history();
	OWN_FREE char *head = GIT(&p, "rev-parse", "HEAD");
	OWN_FREE char *info = mem_printf("160000,%s,lib/sub", head);
	OWN_FREE char *orphan = mem_printf("160000,%s,orphan", head);
	put(&p, ".gitmodules", "[submodule \"s\"]\n\tpath = lib/sub\n\turl = ../other.git\n");
	git(&p, "add", "-A");
	git(&p, "update-index", "--add", "--cacheinfo", info);
	git(&p, "update-index", "--add", "--cacheinfo", orphan);
	git(&p, "commit", "-q", "-m", "modules");
	OWN(clone) struct clone c = clone_from(&p, p.repo, (struct gitrepo_clone_opts){0});
	assert_int_equal(c.rc, 0);
	assert_int_equal(c.res.nsubmodules, 2);
	assert_string_equal(c.res.submodules[0].path, "lib/sub");
	assert_string_equal(c.res.submodules[0].url, "../other.git");
	assert_string_equal(c.res.submodules[0].commit, head);
	assert_string_equal(c.res.submodules[1].path, "orphan");
	assert_null(c.res.submodules[1].url);
	assert_false(tmpdir_has(c.fd, "lib/sub/a.txt"));
}

static void
hooks_filters_and_configuration_do_nothing(void **state)
{
	(void)state;
	OWN(place) struct place p = place_with_history();
	OWN_FREE char *mark = mem_printf("%s/pwned", p.dir);
	OWN_FREE char *evil = mem_printf("touch %s; cat", mark);
	OWN_FREE char *hook = mem_printf("#!/bin/sh\ntouch %s\n", mark);
	OWN_FREE char *config = mem_printf("[filter \"evil\"]\n\tsmudge = %s\n\trequired = true\n"
					   "[core]\n\tautocrlf = true\n\tfsmonitor = %s\n",
		evil, evil);
	put(&p, ".gitattributes", "*.txt filter=evil text eol=crlf ident\n");
	put(&p, "a.txt", "$Id$\n");
	commit(&p, "attributes");
	static const char *const hooks[] = {
		"post-checkout", "post-index-change", "reference-transaction", "pre-commit"};
	for (size_t i = 0; i < 4; i++) {
		OWN_FREE char *path = mem_printf("repo/.git/hooks/%s", hooks[i]);
		tmpdir_write(p.fd, path, hook);
		assert_int_equal(fchmodat(p.fd, path, 0755, 0), 0);
	}
	OWN_FREE char *own = tmpdir_read(p.fd, "repo/.git/config");
	OWN_FREE char *both =
		mem_printf("%s%s[uploadpack]\n\tpackObjectsHook = %s\n", own, config, evil);
	tmpdir_write(p.fd, "repo/.git/config", both);
	OWN(clone) struct clone c = clone_from(&p, p.repo, (struct gitrepo_clone_opts){0});
	OWN(gitrepo_head) struct gitrepo_head head = {0};
	int rc = gitrepo_read_head(p.repo, &head, NULL);
	assert_int_equal(c.rc, 0);
	assert_int_equal(rc, 0);
	assert_text(&c, "a.txt", "$Id$\n");
	assert_false(tmpdir_has(p.fd, "pwned"));
	OWN_FREE char *fresh = tmpdir_read(c.fd, ".git/config");
	assert_null(strstr(fresh, "evil"));
}

/* ---- bounds and hostile trees ---- */

/* Commit a tree object of any bytes on main. */
static void
commit_raw_tree(const struct place *p, const struct buf *tree)
{
	OWN_FREE char *id = git_input(p, buf_str(tree),
		(const char *const[]){
			"hash-object", "-t", "tree", "-w", "--literally", "--stdin", NULL});
	OWN_FREE char *c = GIT(p, "commit-tree", "-m", "raw", id);
	git(p, "update-ref", "refs/heads/main", c);
}

static void
add_raw_entry(struct buf *tree, const char *mode, const char *name, const char *hex)
{
	buf_printf(tree, "%s %s", mode, name);
	buf_putc(tree, '\0');
	for (size_t i = 0; i < 40; i += 2)
		buf_putc(tree, (char)strtoul((char[]){hex[i], hex[i + 1], 0}, NULL, 16));
}

static void
trees_with_impossible_names_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *mode1, *name1, *mode2, *name2;
	} cases[] = {{"100644", "..", NULL, NULL}, {"40000", "..", NULL, NULL},
		{"40000", ".git", NULL, NULL}, {"40000", ".GIT", NULL, NULL},
		{"100644", "a/../../x", NULL, NULL}, {"120000", "a", "40000", "a"},
		{"100644", ".", NULL, NULL}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		OWN(place) struct place p = place_create();
		git(&p, "init", "-q");
		OWN_FREE char *blob = git_input(&p, STR("../outside"),
			(const char *const[]){"hash-object", "-w", "--stdin", NULL});
		OWN(buf) struct buf inner = {0}, outer = {0};
		add_raw_entry(&inner, "100644", "new", blob);
		OWN_FREE char *sub = git_input(&p, buf_str(&inner),
			(const char *const[]){"hash-object", "-t", "tree", "-w", "--stdin", NULL});
		add_raw_entry(&outer, cases[i].mode1, cases[i].name1,
			cases[i].mode1[0] == '4' ? sub : blob);
		if (cases[i].mode2)
			add_raw_entry(&outer, cases[i].mode2, cases[i].name2, sub);
		commit_raw_tree(&p, &outer);
		assert_int_equal(mkdirat(p.fd, "outside", 0755), 0);
		OWN(served) struct served s = serve(&p);
		OWN_FREE char *http = mem_printf("%s/repo", s.http);
		for (int k = 0; k < 2; k++) {
			OWN(clone)
			struct clone c =
				clone_from(&p, k ? http : p.repo, (struct gitrepo_clone_opts){0});
			assert_fails(&c, DD_EINVAL, "holds the name");
			assert_false(tmpdir_has(p.fd, "outside/new"));
			assert_false(tmpdir_has(p.fd, "new"));
			assert_false(tmpdir_has(p.fd, "x"));
			assert_false(tmpdir_has(c.fd, ".git/new"));
		}
	}
}

static void
a_few_objects_that_make_billions_of_files_are_refused(void **state)
{
	(void)state;
	OWN(place) struct place p = place_create();
	git(&p, "init", "-q");
	char *id = git_input(
		&p, STR("x"), (const char *const[]){"hash-object", "-w", "--stdin", NULL});
	for (int level = 0; level < 10; level++) {
		OWN(buf) struct buf tree = {0};
		for (char name[] = "a"; name[0] <= 'j'; name[0]++)
			add_raw_entry(&tree, level ? "40000" : "100644", name, id);
		free(id);
		if (level == 9) {
			commit_raw_tree(&p, &tree);
			break;
		}
		id = git_input(&p, buf_str(&tree),
			(const char *const[]){"hash-object", "-t", "tree", "-w", "--stdin", NULL});
	}
	OWN(clone)
	struct clone c = clone_from(&p, p.repo, (struct gitrepo_clone_opts){.max_files = 50000});
	assert_fails(&c, DD_ELIMIT, "files");
	assert_false(tmpdir_has(c.fd, "a"));
}

static void
sizes_are_bounded(void **state)
{
	(void)state;
	OWN(place) struct place p = place_with_history();
	OWN(served) struct served s = serve(&p);
	OWN_FREE char *native = mem_printf("%s/repo", s.git);
	OWN(clone)
	struct clone files = clone_from(&p, p.repo, (struct gitrepo_clone_opts){.max_bytes = 20});
	assert_fails(&files, DD_ELIMIT, "bytes");
	assert_false(tmpdir_has(files.fd, "a.txt"));
	OWN(clone)
	struct clone bytes = clone_from(&p, native, (struct gitrepo_clone_opts){.max_bytes = 20});
	assert_fails(&bytes, DD_ELIMIT, "bytes");
	OWN(clone)
	struct clone objects =
		clone_from(&p, native, (struct gitrepo_clone_opts){.max_objects = 3});
	assert_fails(&objects, DD_ELIMIT, "objects");
	OWN(clone)
	struct clone enough = clone_from(&p, native,
		(struct gitrepo_clone_opts){
			.max_objects = 100, .max_bytes = 10000, .max_files = 3});
	assert_int_equal(enough.rc, 0);
}

static void
only_an_empty_place_is_cloned_into(void **state)
{
	(void)state;
	OWN(place) struct place p = place_with_history();
	assert_int_equal(mkdirat(p.fd, "full", 0755), 0);
	tmpdir_write(p.fd, "full/precious", "untouched");
	OWN_FREE char *full = mem_printf("%s/full", p.dir);
	struct gitrepo_clone_result r;
	assert_int_equal(gitrepo_clone(p.repo, full, NULL, &r, NULL), -DD_EEXIST);
	OWN_FREE char *text = tmpdir_read(p.fd, "full/precious");
	assert_string_equal(text, "untouched");
	assert_false(tmpdir_has(p.fd, "full/.git"));
}

/* ---- HEAD of a directory ---- */

static void
head_is_read_without_searching_upwards(void **state)
{
	(void)state;
	OWN(place) struct place p = place_with_history();
	OWN_FREE char *id = GIT(&p, "rev-parse", "HEAD");
	OWN(gitrepo_head) struct gitrepo_head on = {0}, off = {0}, bare = {0};
	assert_int_equal(gitrepo_read_head(p.repo, &on, NULL), 0);
	assert_string_equal(on.commit, id);
	assert_string_equal(on.branch, "main");
	git(&p, "checkout", "-q", "--detach", "HEAD");
	assert_int_equal(gitrepo_read_head(p.repo, &off, NULL), 0);
	assert_string_equal(off.commit, id);
	assert_null(off.branch);
	git(&p, "clone", "-q", "--bare", ".", "../bare.git");
	OWN_FREE char *bare_dir = mem_printf("%s/bare.git", p.dir);
	assert_int_equal(gitrepo_read_head(bare_dir, &bare, NULL), 0);
	assert_string_equal(bare.commit, id);

	assert_int_equal(mkdirat(p.fd, "repo/sub", 0755), 0);
	OWN_FREE char *sub = mem_printf("%s/sub", p.repo);
	struct gitrepo_head none;
	assert_int_equal(gitrepo_read_head(sub, &none, NULL), -DD_ENOENT);
	assert_int_equal(gitrepo_read_head(p.dir, &none, NULL), -DD_ENOENT);
	OWN(place) struct place empty = place_create();
	git(&empty, "init", "-q");
	OWN(dd_err) struct dd_err err = {0};
	assert_int_equal(gitrepo_read_head(empty.repo, &none, &err), -DD_ENOENT);
	assert_non_null(strstr(err_msg(&err), "no commit yet"));
}

static struct hash_hex
refs_of(const struct place *p)
{
	struct hash_hex h;
	assert_int_equal(gitrepo_refs_digest(p->repo, &h, NULL), 0);
	return h;
}

static void
a_history_is_known_by_what_its_references_name(void **state)
{
	(void)state;
	OWN(place) struct place p = place_with_history();
	struct hash_hex was = refs_of(&p), again;
	git(&p, "pack-refs", "--all");
	again = refs_of(&p);
	assert_string_equal(was.s, again.s);
	git(&p, "tag", "another");
	struct hash_hex tagged = refs_of(&p);
	assert_string_not_equal(was.s, tagged.s);
	git(&p, "checkout", "-q", "--detach", "HEAD");
	struct hash_hex detached = refs_of(&p);
	assert_string_not_equal(tagged.s, detached.s);
	assert_int_equal(gitrepo_refs_digest(p.dir, &again, NULL), -DD_ENOENT);
}

/*
 * A user whose configuration sends every repository elsewhere: with it, no test here could pass. It
 * is in place before libgit2 starts, which looks for it only once.
 */
static int
give_a_home(void **state)
{
	char *home = tmpdir_create();
	OWN_FD int fd = tmpdir_open_fd(home);
	tmpdir_write(fd, ".gitconfig",
		"[url \"/nonexistent/\"]\n\tinsteadOf = /\n\tinsteadOf = http:\n"
		"\tinsteadOf = git:\n\tinsteadOf = file:\n");
	(void)unsetenv("XDG_CONFIG_HOME");
	*state = home;
	return setenv("HOME", home, 1);
}

static int
remove_home(void **state)
{
	tmpdir_remove(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clone_is_the_same_from_a_path_over_http_and_over_git),
		cmocka_unit_test(a_clone_is_one_that_git_itself_finds_clean),
		cmocka_unit_test(a_ref_is_a_branch_a_tag_or_a_commit),
		cmocka_unit_test(a_detached_head_is_cloned_detached),
		cmocka_unit_test(what_cannot_be_cloned_is_said_clearly),
		cmocka_unit_test(sha256_repositories_are_named_as_unsupported),
		cmocka_unit_test(shallow_clones_are_named_as_unsupported),
		cmocka_unit_test(only_http_git_and_paths_are_spoken),
		cmocka_unit_test(submodules_are_listed_and_not_fetched),
		cmocka_unit_test(hooks_filters_and_configuration_do_nothing),
		cmocka_unit_test(trees_with_impossible_names_are_refused),
		cmocka_unit_test(a_few_objects_that_make_billions_of_files_are_refused),
		cmocka_unit_test(sizes_are_bounded),
		cmocka_unit_test(only_an_empty_place_is_cloned_into),
		cmocka_unit_test(head_is_read_without_searching_upwards),
		cmocka_unit_test(a_history_is_known_by_what_its_references_name),
	};
	return cmocka_run_group_tests(tests, give_a_home, remove_home);
}
